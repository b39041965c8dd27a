/* The features of a drift check, from its file; and what is asked for them. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "core/digest.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "signal/drift_read.h"
#include "signal/method.h"
#include "signal/performance.h"
#include "signal/slo_query.h"

#define KEY(member, text, what)                                 \
	{                                                       \
		.key = (text), .want = (what),                  \
		.offset = offsetof(struct feature_keys, member) \
	}

struct feature_keys {
	const struct yaml_node *self;
	const char *name, *histogram, *counter, *query, *column, *method, *binning;
	const char *metric, *prediction, *label;
	struct yaml_texts by;
	double threshold;
	int64_t bins;
	bool categorical;
};

/* clang-format off */
static const struct yaml_field feature_fields[] = {
	KEY(self, "", YAML_SELF),
	{.key = "name", .want = YAML_TEXT, .offset = offsetof(struct feature_keys, name),
		.flags = YAML_REQUIRED},
	KEY(histogram, "histogram", YAML_TEXT),
	KEY(counter, "counter", YAML_TEXT),
	KEY(query, "query", YAML_TEXT),
	KEY(column, "column", YAML_TEXT),
	KEY(by, "by", YAML_TEXTS),
	KEY(method, "method", YAML_TEXT),
	{.key = "threshold", .want = YAML_REAL,
		.offset = offsetof(struct feature_keys, threshold), .min = 0, .max = 1e12},
	KEY(binning, "binning", YAML_TEXT),
	{.key = "bins", .want = YAML_INT, .offset = offsetof(struct feature_keys, bins),
		.min = 2, .max = 1000},
	KEY(categorical, "categorical", YAML_BOOL),
	{0},
};

static const struct yaml_field performance_fields[] = {
	KEY(self, "", YAML_SELF),
	{.key = "name", .want = YAML_TEXT, .offset = offsetof(struct feature_keys, name),
		.flags = YAML_REQUIRED},
	{.key = "metric", .want = YAML_TEXT, .offset = offsetof(struct feature_keys, metric),
		.flags = YAML_REQUIRED},
	{.key = "prediction", .want = YAML_TEXT,
		.offset = offsetof(struct feature_keys, prediction), .flags = YAML_REQUIRED},
	{.key = "label", .want = YAML_TEXT, .offset = offsetof(struct feature_keys, label),
		.flags = YAML_REQUIRED},
	KEY(counter, "counter", YAML_TEXT),
	{.key = "threshold", .want = YAML_REAL,
		.offset = offsetof(struct feature_keys, threshold), .min = 0, .max = 1e12},
	{0},
};
/* clang-format on */

static struct drift_feature *feature_add(
	struct drift_reader *r, const struct feature_keys *k, enum drift_kind kind)
{
	struct drift_check *c = r->out;
	struct drift_feature *f;

	if (!*k->name || strlen(k->name) > 200 || !strcmp(k->name, "*")) {
		yaml_problem(r->problems, yaml_get(k->self, "name"),
			_("'%s' cannot be a feature's name"), k->name);
		return NULL;
	}
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->features[i].name, k->name)) {
			yaml_problem(r->problems, yaml_get(k->self, "name"),
				_("there are two features named '%s'"), k->name);
			return NULL;
		}
	if (c->n >= DRIFT_CHECK_MAX_FEATURES) {
		if (c->n == DRIFT_CHECK_MAX_FEATURES)
			yaml_problem(r->problems, k->self,
				_("a drift check has %d features at most"),
				DRIFT_CHECK_MAX_FEATURES);
		return NULL;
	}
	f = arena_push(r->arena, c->features, c->n, c->cap);
	f->name = k->name;
	f->kind = kind;
	f->threshold = k->threshold;
	f->line = yaml_line(k->self);
	f->column_at = yaml_column(k->self);
	return f;
}

/* --- methods --- */

static const struct yaml_node *method_place(const struct feature_keys *k)
{
	const struct yaml_node *at = yaml_get(k->self, "method");

	return at ? at : k->self;
}

static void method_unknown(struct drift_reader *r, const struct feature_keys *k)
{
	const char *names[64];
	const char *nearest;
	size_t n = 0;

	for (; n < ARRAY_LEN(names) && drift_methods[n].name; n++)
		names[n] = drift_methods[n].name;
	yaml_problem(
		r->problems, method_place(k), _("there is no method '%s'"), k->method);
	nearest = text_nearest(k->method, names, n);
	if (nearest)
		problems_hint(r->problems, _("did you mean '%s'?"), nearest);
	else
		problems_hint(r->problems, "%s",
			_("psi, jensenshannon, hellinger, ks, wasserstein, chisquare and "
			  "others: see tocsin-drift(5)"));
}

/* What can be told of counts alone. */
static bool method_fits(const struct drift_method *m, enum drift_from from)
{
	bool ordered = !strcmp(m->name, "ks") || !strcmp(m->name, "wasserstein");

	if (from == DRIFT_FROM_COLUMN)
		return true;
	return (m->inputs & DRIFT_COUNTS) && !(ordered && from == DRIFT_FROM_COUNTER);
}

static void method_check(
	struct drift_reader *r, const struct feature_keys *k, struct drift_feature *f)
{
	const struct drift_method *m = k->method ? drift_method(k->method) : NULL;

	if (!k->method)
		return;
	if (!m) {
		method_unknown(r, k);
		return;
	}
	if (!method_fits(m, f->from)) {
		yaml_problem(r->problems, method_place(k),
			_("'%s' needs the values themselves, and there are only counts"),
			m->name);
		problems_hint(r->problems, "%s",
			f->from == DRIFT_FROM_COUNTER
				? _("psi, jensenshannon, tvd, linf, chisquare compare "
				    "counts")
				: _("psi, jensenshannon, ks, wasserstein compare "
				    "histograms"));
		return;
	}
	f->method = m->name;
}

static const char *const binnings[] = {
	"reference", "evidently", "doane", "sturges", "quantiles", "equal", "values"};

static void binning_check(
	struct drift_reader *r, const struct feature_keys *k, struct drift_feature *f)
{
	const char *nearest;

	f->bins = k->bins;
	if (!k->binning && !k->bins)
		return;
	if (f->from != DRIFT_FROM_COLUMN) {
		yaml_problem(r->problems, k->self,
			_("bins are for columns: a metric has its own"));
		return;
	}
	for (size_t i = 0; k->binning && i < ARRAY_LEN(binnings); i++)
		if (!strcmp(k->binning, binnings[i]))
			f->binning = binnings[i];
	if (!k->binning || f->binning)
		return;
	yaml_problem(r->problems, yaml_get(k->self, "binning"),
		_("there is no binning '%s'"), k->binning);
	nearest = text_nearest(k->binning, binnings, ARRAY_LEN(binnings));
	if (nearest)
		problems_hint(r->problems, _("did you mean '%s'?"), nearest);
}

/* --- where the numbers come from --- */

static bool is_identity(const char *label)
{
	for (size_t i = 0; drift_identities[i]; i++)
		if (!strcmp(drift_identities[i], label))
			return true;
	return false;
}

static void by_check(struct drift_reader *r, const struct feature_keys *k)
{
	for (size_t i = 0; i < k->by.n; i++) {
		const char *label = k->by.items[i];

		if (is_identity(label)) {
			yaml_problem(r->problems, yaml_get(k->self, "by"),
				_("'%s' tells instances apart, and no distribution"),
				label);
			problems_hint(r->problems, "%s",
				_("name a label that says what was asked or answered"));
		} else if (!*label ||
			strspn(label,
				"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789_") != strlen(label)) {
			yaml_problem(r->problems, yaml_get(k->self, "by"),
				_("'%s' is no label's name"), label);
		}
	}
}

static void expr_check(struct drift_reader *r, const struct feature_keys *k,
	const char *key, const struct drift_feature *f)
{
	struct strbuf filled = STRBUF_INIT;
	const struct yaml_node *at = yaml_get(k->self, key);

	if (f->from == DRIFT_FROM_QUERY) {
		if (slo_template(&filled, f->expr, 1) == 0) {
			yaml_problem(r->problems, at,
				_("'%s' has no {{.window}}, so that every window would "
				  "be the same"),
				key);
		}
	} else if (f->from != DRIFT_FROM_COLUMN &&
		(!promql_is_selector(f->expr) || !drift_selector_name(f->expr))) {
		yaml_problem(r->problems, at, _("'%s' is a metric's name, with matchers"),
			key);
		problems_hint(r->problems, "%s",
			_("any other expression is a 'query', with {{.window}}"));
	}
	strbuf_release(&filled);
}

/* False, with a problem: none, or several. */
static bool from_take(
	struct drift_reader *r, const struct feature_keys *k, struct drift_feature *f)
{
	const struct {
		const char *key, *value;
		enum drift_from from;
	} ways[] = {
		{"histogram", k->histogram, DRIFT_FROM_HISTOGRAM},
		{"counter", k->counter, DRIFT_FROM_COUNTER},
		{"query", k->query, DRIFT_FROM_QUERY},
		{"column", f->kind == DRIFT_SKEW ? NULL : k->column, DRIFT_FROM_COLUMN},
	};
	const char *key = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (!ways[i].value)
			continue;
		f->from = ways[i].from;
		f->expr = ways[i].value;
		key = ways[i].key;
		n++;
	}
	if (n == 0 && r->out->current_file) {
		f->from = DRIFT_FROM_COLUMN;
		f->expr = f->name;
		return true;
	}
	if (n != 1) {
		yaml_problem(r->problems, k->self,
			_("'%s' has to have one of 'histogram', 'counter', 'query' and "
			  "'column'"),
			f->name);
		return false;
	}
	if (f->from == DRIFT_FROM_COLUMN && !r->out->current_file) {
		yaml_problem(r->problems, yaml_get(k->self, key),
			_("a column is of a file, and there is no current file"));
		return false;
	}
	expr_check(r, k, key, f);
	return true;
}

static void feature_read(
	struct drift_reader *r, const struct yaml_node *node, enum drift_kind kind)
{
	struct feature_keys k = {.threshold = NAN};
	struct drift_feature *f;

	if (yaml_read(&k, node, feature_fields, r->arena, r->problems) < 0 || !k.name)
		return;
	f = feature_add(r, &k, kind);
	if (!f)
		return;
	if (!from_take(r, &k, f)) {
		r->out->n--;
		return;
	}
	f->by = k.by;
	f->categorical = k.categorical;
	if (kind == DRIFT_SKEW) {
		f->file = r->training;
		f->column = k.column ? k.column : k.name;
	}
	by_check(r, &k);
	if (k.by.n && f->from == DRIFT_FROM_HISTOGRAM)
		yaml_problem(r->problems, yaml_get(k.self, "by"),
			_("a histogram is counted by its bounds, not by labels"));
	method_check(r, &k, f);
	binning_check(r, &k, f);
}

static bool is_list(struct drift_reader *r, const struct yaml_node *list)
{
	if (list && yaml_type(list) != YAML_LIST)
		yaml_problem(r->problems, list, _("this is a list"));
	return yaml_type(list) == YAML_LIST;
}

void drift_features_read(
	struct drift_reader *r, const struct yaml_node *list, enum drift_kind kind)
{
	if (!is_list(r, list))
		return;
	for (size_t i = 0; i < yaml_count(list); i++)
		feature_read(r, yaml_item(list, i), kind);
}

/* --- performance, skew --- */

static void metric_check(
	struct drift_reader *r, const struct feature_keys *k, struct drift_feature *f)
{
	const struct performance *m = performance_find(k->metric);
	const char *names[16];
	const char *nearest;
	size_t n = 0;

	f->metric = m ? m->name : NULL;
	if (m && m->numeric && f->from != DRIFT_FROM_COLUMN)
		yaml_problem(r->problems, yaml_get(k->self, "metric"),
			_("'%s' needs the values themselves, and there are only counts"),
			m->name);
	if (m)
		return;
	for (; n < ARRAY_LEN(names) && performances[n].name; n++)
		names[n] = performances[n].name;
	yaml_problem(r->problems, yaml_get(k->self, "metric"),
		_("there is no measure '%s'"), k->metric);
	nearest = text_nearest(k->metric, names, n);
	if (nearest)
		problems_hint(r->problems, _("did you mean '%s'?"), nearest);
}

static void performance_read(struct drift_reader *r, const struct yaml_node *node)
{
	struct feature_keys k = {.threshold = NAN};
	struct drift_feature *f;

	if (yaml_read(&k, node, performance_fields, r->arena, r->problems) < 0 || !k.name)
		return;
	f = feature_add(r, &k, DRIFT_PERFORMANCE);
	if (!f)
		return;
	f->label = k.label;
	f->column = k.prediction;
	f->from = k.counter ? DRIFT_FROM_COUNTER : DRIFT_FROM_COLUMN;
	f->expr = k.counter ? k.counter : k.prediction;
	f->by.items = arena_alloc(r->arena, 2, sizeof(*f->by.items));
	f->by.items[f->by.n++] = k.prediction;
	f->by.items[f->by.n++] = k.label;
	metric_check(r, &k, f);
	if (k.counter)
		expr_check(r, &k, "counter", f);
	else if (!r->out->current_file)
		yaml_problem(r->problems, k.self,
			_("'%s' has neither a counter nor a current file"), k.name);
}

void drift_performance_read(struct drift_reader *r, const struct yaml_node *list)
{
	if (!is_list(r, list))
		return;
	for (size_t i = 0; i < yaml_count(list); i++)
		performance_read(r, yaml_item(list, i));
}

struct skew_keys {
	const char *file;
	const struct yaml_node *features;
};

void drift_skew_read(struct drift_reader *r, const struct yaml_node *node)
{
	static const struct yaml_field fields[] = {
		{.key = "file",
			.want = YAML_TEXT,
			.offset = offsetof(struct skew_keys, file),
			.flags = YAML_REQUIRED},
		{.key = "features",
			.want = YAML_NODE,
			.offset = offsetof(struct skew_keys, features),
			.flags = YAML_REQUIRED},
		{0},
	};
	struct skew_keys k = {0};

	if (!node || yaml_read(&k, node, fields, r->arena, r->problems) < 0)
		return;
	r->training = drift_reader_path(r, k.file);
	drift_features_read(r, k.features, DRIFT_SKEW);
}

/* --- what is asked --- */

static void grouped(struct strbuf *out, const struct drift_feature *f, const char *window)
{
	strbuf_adds(out, f->by.n ? "sum by (" : "sum without (");
	for (size_t i = 0; i < f->by.n; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", f->by.items[i]);
	for (size_t i = 0; !f->by.n && drift_identities[i]; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", drift_identities[i]);
	strbuf_addf(out, ") (increase(%s[%s]))", f->expr, window);
}

/* Native where the metric is; else the classic series of that name. */
static void of_histogram(
	struct strbuf *out, const struct drift_feature *f, const char *window)
{
	size_t n = drift_selector_name(f->expr);
	const char *suffix = "_bucket";
	size_t k = strlen(suffix);

	if (n > k && !strncmp(f->expr + n - k, suffix, k)) {
		strbuf_addf(out, "sum by (le) (increase(%s[%s]))", f->expr, window);
		return;
	}
	strbuf_addf(out,
		"sum(increase(%s[%s])) or sum by (le) (increase(%.*s_bucket%s[%s]))",
		f->expr, window, (int)n, f->expr, f->expr + n, window);
}

bool drift_feature_query(
	struct strbuf *out, const struct drift_feature *f, int64_t window_ns)
{
	struct strbuf window = STRBUF_INIT;

	duration_format(&window, window_ns);
	switch (f->from) {
	case DRIFT_FROM_HISTOGRAM: of_histogram(out, f, window.buf); break;
	case DRIFT_FROM_COUNTER: grouped(out, f, window.buf); break;
	case DRIFT_FROM_QUERY: (void)slo_template(out, f->expr, window_ns); break;
	default: break;
	}
	strbuf_release(&window);
	return f->from != DRIFT_FROM_COLUMN && f->from != DRIFT_FROM_NONE;
}

const char *drift_feature_digest(
	struct arena *a, const struct drift_check *c, const struct drift_feature *f)
{
	struct strbuf text = STRBUF_INIT, hex = STRBUF_INIT;
	const char *out;
	struct digest d;

	strbuf_addf(&text, "%d %s %s %s\n", (int)f->from, f->expr,
		f->column ? f->column : "", f->label ? f->label : "");
	for (size_t i = 0; i < f->by.n; i++)
		strbuf_addf(&text, "by %s\n", f->by.items[i]);
	strbuf_addf(&text, "%d %lld %lld %lld %s\n", (int)c->reference,
		(long long)c->offset_ns, (long long)c->at, (long long)c->reference_ns,
		c->reference_file ? c->reference_file : "");
	d = digest_of(text.buf, text.len);
	digest_hex(&hex, &d);
	out = arena_strndup(a, hex.buf, 16);
	strbuf_release(&hex);
	strbuf_release(&text);
	return out;
}
