#include "config.h"

#include "signal/slo_file.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "signal/burn.h"
#include "signal/slo_read.h"

/* What an object is, by the key that says so. */
struct slo_format {
	const char *key, *value; /* value NULL: any */
	const char *kind; /* NULL: any */
	void (*read)(struct slo_reader *r, const struct yaml_node *root);
	const char *why_not, *hint; /* N_(): for what is known and not read */
};

/* Alert windows hold for the whole file: read before all others. */
static void skip(struct slo_reader *r, const struct yaml_node *root)
{
	(void)r;
	(void)root;
}

static bool is_windows(const struct yaml_node *root)
{
	const char *kind = yaml_text(yaml_get(root, "kind"));
	const char *version = yaml_text(yaml_get(root, "apiVersion"));

	return kind && version && strcmp(kind, "AlertWindows") == 0 &&
		strcmp(version, "sloth.slok.dev/v1") == 0;
}

/* clang-format off */
static const struct slo_format formats[] = {
	{"version", "prometheus/v1", NULL, sloth_read, NULL, NULL},
	{"apiVersion", "sloth.slok.dev/v1", "PrometheusServiceLevel", sloth_k8s_read, NULL, NULL},
	{"apiVersion", "sloth.slok.dev/v1", "AlertWindows", skip, NULL, NULL},
	{"apiVersion", "openslo/v1", "SLO", openslo_read, NULL, NULL},
	{"apiVersion", "openslo/v1", "SLI", openslo_sli_check, NULL, NULL},
	{"apiVersion", "openslo/v1", "DataSource", openslo_source_check, NULL, NULL},
	{"apiVersion", "openslo/v1", "Service", openslo_service_check, NULL, NULL},
	{"apiVersion", "openslo/v1", "AlertPolicy", openslo_policy_check, NULL, NULL},
	{"apiVersion", "openslo/v1", "AlertCondition", openslo_condition_check, NULL, NULL},
	{"apiVersion", "openslo/v1", "AlertNotificationTarget", openslo_target_check, NULL, NULL},
	{"apiVersion", "openslo/v1alpha", "SLO", openslo_alpha_read, NULL, NULL},
	{"apiVersion", "openslo/v1alpha", "Service", openslo_service_check, NULL, NULL},
	{"apiVersion", "openslo.com/v2alpha", "SLO", openslo_v2_read, NULL, NULL},
	{"apiVersion", "openslo.com/v2alpha", "SLI", openslo_sli_check, NULL, NULL},
	{"apiVersion", "openslo.com/v2alpha", "DataSource", openslo_source_check, NULL, NULL},
	{"apiVersion", "openslo.com/v2alpha", "Service", openslo_service_check, NULL, NULL},
	{"apiVersion", "openslo.com/v2alpha", "AlertPolicy", openslo_policy_check, NULL, NULL},
	{"apiVersion", "openslo.com/v2alpha", "AlertCondition", openslo_condition_check, NULL, NULL},
	{"apiVersion", "openslo.com/v2alpha", "AlertNotificationTarget", openslo_target_check, NULL, NULL},
	{"apiVersion", "pyrra.dev/v1alpha1", "ServiceLevelObjective", pyrra_read, NULL, NULL},
	{"apiVersion", "n9/v1alpha", NULL, NULL, N_("Nobl9's files are not supported"),
		N_("write its queries as OpenSLO, apiVersion: openslo/v1")},
	{"apiVersion", "sre.google.com/v2", NULL, NULL,
		N_("slo-generator's files are not supported"),
		N_("write its queries as OpenSLO, apiVersion: openslo/v1")},
	{"apiVersion", "monitoring.coreos.com/v1", "PrometheusRule", NULL,
		N_("these are rules, made of an SLO, and not the SLO"),
		N_("rules of Sloth and Pyrra are found in the Prometheus that evaluates them")},
	{"backends", NULL, NULL, NULL,
		N_("slo-generator's configuration holds no objective"),
		N_("write objectives as OpenSLO, apiVersion: openslo/v1")},
	{"groups", NULL, NULL, NULL,
		N_("these are rules, made of an SLO, and not the SLO"),
		N_("rules of Sloth and Pyrra are found in the Prometheus that evaluates them")},
	{"serviceLevelIndicator", NULL, NULL, NULL,
		N_("objectives of Google Cloud's monitoring are not supported"),
		N_("write its queries as OpenSLO, apiVersion: openslo/v1")},
};
/* clang-format on */

static bool text_is(const struct yaml_node *map, const char *key, const char *value)
{
	const char *text = yaml_text(yaml_get(map, key));

	return text && strcmp(text, value) == 0;
}

static bool is_of_format(const struct slo_format *f, const struct yaml_node *root)
{
	return f->value ? text_is(root, f->key, f->value)
			: yaml_get(root, f->key) != NULL;
}

/* The nearest kind of those that the version has. */
static void hint_kind(
	struct slo_reader *r, const struct yaml_node *root, const char *kind)
{
	const char *kinds[ARRAY_LEN(formats)], *near;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (formats[i].kind && is_of_format(&formats[i], root))
			kinds[n++] = formats[i].kind;
	}
	near = n && kind ? text_nearest(kind, kinds, n) : NULL;
	if (near)
		problems_hint(r->problems, _("did you mean '%s'?"), near);
	else
		problems_hint(r->problems,
			_("OpenSLO (apiVersion: openslo/v1), Sloth (version: "
			  "prometheus/v1, or its Kubernetes form) and Pyrra are read"));
}

/* What is known and not read, by its name when it has one. */
static void refuse(
	struct slo_reader *r, const struct yaml_node *root, const struct slo_format *f)
{
	const char *kind = yaml_text(yaml_get(root, "kind"));
	const char *name = yaml_text(yaml_get(yaml_get(root, "metadata"), "name"));

	if (kind && name)
		yaml_problem(
			r->problems, root, "%s (%s '%s')", _(f->why_not), kind, name);
	else
		yaml_problem(r->problems, root, "%s", _(f->why_not));
	problems_hint(r->problems, "%s", _(f->hint));
}

static void read_object(struct slo_reader *r, const struct yaml_node *root)
{
	const char *kind = yaml_text(yaml_get(root, "kind"));
	const char *version = yaml_text(yaml_get(root, "apiVersion"));

	if (yaml_type(root) == YAML_NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct slo_format *f = &formats[i];

		if (!is_of_format(f, root) ||
			(f->kind && (!kind || strcmp(kind, f->kind) != 0)))
			continue;
		if (f->read) {
			f->read(r, root);
		} else {
			refuse(r, root, f);
		}
		return;
	}
	if (version || kind)
		yaml_problem(r->problems, root,
			_("'%s' of '%s' is not an SLO definition"), kind ? kind : "?",
			version ? version : "?");
	else
		yaml_problem(r->problems, root, _("this is not an SLO definition"));
	hint_kind(r, root, kind);
}

static void gather(struct slo_reader *r, const struct yaml_doc *doc)
{
	size_t cap = 0;

	for (size_t i = 0; i < yaml_documents(doc); i++) {
		const struct yaml_node *root = yaml_root(doc, i);
		size_t n = yaml_type(root) == YAML_LIST ? yaml_count(root) : 1;

		for (size_t k = 0; k < n; k++)
			*arena_push(r->arena, r->objects, r->n_objects, cap) =
				yaml_type(root) == YAML_LIST ? yaml_item(root, k) : root;
	}
}

/* Grafana's SLOs are written for Terraform, which is no YAML. */
static bool is_terraform(const char *s, size_t n, struct problems *p)
{
	static const char word[] = "resource \"grafana_slo\"";
	const char *found = memmem(s, n, word, sizeof(word) - 1);
	int line = 1;

	if (!found || (found > s && found[-1] != '\n'))
		return false;
	for (const char *c = s; c < found; c++)
		line += *c == '\n';
	(void)problems_add(
		p, line, 1, _("SLOs of Grafana for Terraform are not supported"));
	problems_hint(p,
		_("write its query as OpenSLO, apiVersion: openslo/v1; its "
		  "$__rate_interval "
		  "becomes {{.window}}"));
	return true;
}

int slo_file_parse(struct slo_list *out, struct arena *a, const char *s, size_t n,
	const char *file, struct problems *p)
{
	struct slo_reader r = {
		.out = out,
		.arena = a,
		.problems = p,
		.file = arena_strdup(a, file),
	};
	size_t before = p->n;
	struct yaml_doc *doc;

	if (n > SLO_FILE_MAX_BYTES)
		return problems_add(p, 0, 0, _("an SLO file may have %d MiB at most"),
			SLO_FILE_MAX_BYTES / 1024 / 1024);
	if (is_terraform(s, n, p) || yaml_parse(&doc, s, n, p) < 0)
		return -1;
	gather(&r, doc);
	for (size_t i = 0; i < r.n_objects; i++) {
		if (is_windows(r.objects[i]))
			sloth_windows_read(&r, r.objects[i]);
	}
	for (size_t i = 0; i < r.n_objects; i++)
		read_object(&r, r.objects[i]);
	yaml_free(doc);
	return p->n > before ? -1 : 0;
}

struct slo *slo_reader_add(struct slo_reader *r, const struct yaml_node *at,
	const char *format, const char *service, const char *name, int64_t window_ns)
{
	struct slo *slo;

	for (size_t i = 0; i < r->out->n; i++) {
		if (strcmp(r->out->items[i].service, service) == 0 &&
			strcmp(r->out->items[i].name, name) == 0) {
			yaml_problem(r->problems, at,
				_("service '%s' has an SLO named '%s' already"), service,
				name);
			problems_hint(r->problems,
				_("the first one is read; give this one another name"));
			return NULL;
		}
	}
	slo = arena_push(r->arena, r->out->items, r->out->n, r->out->cap);
	slo->service = arena_strdup(r->arena, service);
	slo->name = arena_strdup(r->arena, name);
	slo->format = format;
	slo->file = r->file;
	slo->line = yaml_line(at);
	slo->column = yaml_column(at);
	slo->window_ns = window_ns;
	slo->min_bad = NAN;
	slo->alerting = burn_default_alerts(r->arena, window_ns, &slo->n_alerting);
	return slo;
}

double slo_reader_percent(
	struct slo_reader *r, double percent, const struct yaml_node *at)
{
	if (isnan(percent))
		return NAN;
	if (!(percent > 0) || percent > 100) {
		yaml_problem(r->problems, at,
			_("the objective %g is not a percentage over 0 and under 100"),
			percent);
		problems_hint(r->problems, _("write it as 99.9"));
	} else if (percent == 100) {
		yaml_problem(r->problems, at,
			_("an objective of 100 %% leaves no error budget to measure"));
		problems_hint(r->problems, _("write what may fail too, as in 99.9"));
	} else if (percent < 1) {
		yaml_problem(r->problems, at,
			_("the objective %g means %g %%: it is a percentage here"),
			percent, percent);
		problems_hint(r->problems, _("write %.10g"), percent * 100);
	} else {
		return round(percent * 1e10) / 1e12;
	}
	return NAN;
}

enum severity slo_reader_severity(const char *word)
{
	static const struct {
		const char *word;
		enum severity severity;
	} words[] = {
		{"page", SEV_PAGE},
		{"critical", SEV_PAGE},
		{"high", SEV_PAGE},
		{"error", SEV_PAGE},
		{"emergency", SEV_PAGE},
		{"ticket", SEV_TICKET},
		{"warning", SEV_TICKET},
		{"warn", SEV_TICKET},
		{"medium", SEV_TICKET},
		{"low", SEV_TICKET},
		{"minor", SEV_TICKET},
		{"info", SEV_TICKET},
	};

	for (size_t i = 0; word && i < ARRAY_LEN(words); i++) {
		if (strcasecmp(word, words[i].word) == 0)
			return words[i].severity;
	}
	return SEV_NONE;
}

struct slo_reader slo_reader_quiet(const struct slo_reader *r, struct problems *seen)
{
	struct slo_reader quiet = *r;

	problems_init(seen, NULL);
	quiet.problems = seen;
	return quiet;
}

static void merge_labels(struct json *to, const struct yaml_node *map)
{
	for (size_t i = 0; yaml_type(map) == YAML_MAP && i < yaml_count(map); i++) {
		const char *key = yaml_text(yaml_key(map, i));

		if (key)
			json_add(to, key, yaml_to_json(yaml_value(map, i)));
	}
}

const char *slo_reader_labels(
	struct slo_reader *r, const struct yaml_node *common, const struct yaml_node *own)
{
	struct json *labels = json_object();
	struct strbuf text = STRBUF_INIT;
	const char *result;

	for (size_t i = 0; yaml_type(common) == YAML_MAP && i < yaml_count(common); i++) {
		const char *key = yaml_text(yaml_key(common, i));

		if (key && !yaml_get(own, key))
			json_add(labels, key, yaml_to_json(yaml_value(common, i)));
	}
	merge_labels(labels, own);
	json_canonical(&text, labels);
	result = arena_strdup(r->arena, text.buf);
	strbuf_release(&text);
	json_free(labels);
	return result;
}

bool slo_reader_has(struct slo_reader *r, const char *value, const struct yaml_node *at,
	const char *what)
{
	if (value && *value)
		return true;
	yaml_problem(r->problems, at, _("'%s' is missing or empty"), what);
	return false;
}

/* {a="1",b="2"} with the values quoted as PromQL wants them. */
static const char *selector_of(
	struct arena *a, const char *const *names, const char *const *values, size_t n)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	strbuf_addc(&text, '{');
	for (size_t i = 0; i < n; i++) {
		if (!values[i])
			continue;
		strbuf_addf(&text, "%s%s=", text.len > 1 ? "," : "", names[i]);
		json_quote(&text, values[i]);
	}
	strbuf_addc(&text, '}');
	result = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return result;
}

bool slo_from_recorded(struct slo *out, struct arena *a, const struct json *labels,
	double objective, double period_days)
{
	static const char *const names[] = {"sloth_id", "sloth_service", "sloth_slo"};
	const char *values[ARRAY_LEN(names)];
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		values[i] = arena_strdup(a, json_text(json_get(labels, names[i])));
	if (!values[1] || !values[2] || !(objective > 0) || objective >= 1)
		return false;
	/* Not one that a budget can have: whoever records it is wrong, or something else. */
	if (!isnan(period_days) && !(period_days >= 1.0 / 24 && period_days <= 3650))
		return false;
	*out = (struct slo){
		.service = values[1],
		.name = values[2],
		.format = "recorded",
		.objective = round(objective * 1e12) / 1e12,
		.window_ns = (int64_t)((isnan(period_days) ? 30 : period_days) *
			(double)NS_PER_DAY),
		.min_bad = NAN,
		.sli = {.kind = SLI_RECORDED,
			.recorded = selector_of(a, names, values, ARRAY_LEN(names))},
	};
	out->alerting = burn_default_alerts(a, out->window_ns, &out->n_alerting);
	json_canonical(&text, labels);
	out->labels = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return true;
}
