#include "config.h"

#include "signal/drift_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/path.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "signal/drift_read.h"
#include "signal/slo_query.h"

#define WINDOW_NS NS_PER_HOUR
#define EVERY_NS (5 * NS_PER_MIN)
#define PERSIST_MOST 100

#define KEY(type, member, text, what, how)                                              \
	{                                                                               \
		.key = (text), .want = (what), .offset = offsetof(struct type, member), \
		.flags = (how)                                                          \
	}

const char *const drift_identities[] = {"instance", "pod", "pod_name", "container",
	"container_id", "host", "hostname", "node", "endpoint", "job", "namespace", "ip",
	"api_key", "user", "user_id", "session", "session_id", "request_id", "trace_id",
	NULL};

static const char *const kind_names[DRIFT_KINDS] = {
	[DRIFT_DATA] = "data",
	[DRIFT_PREDICTION] = "prediction",
	[DRIFT_PERFORMANCE] = "performance",
	[DRIFT_SKEW] = "skew",
	[DRIFT_EMBEDDING] = "embedding",
};

const char *drift_kind_name(enum drift_kind k)
{
	return kind_names[k];
}

/* --- the file's own keys --- */

struct check_keys {
	const char *drift, *title, *source, *persist;
	const struct yaml_node *self, *reference, *current, *features, *predictions;
	const struct yaml_node *performance, *skew, *evidently, *retrain;
	int64_t every_ns, min;
	double share;
	int correct;
	struct yaml_texts runbooks;
};

static const char *const corrections[] = {"benjamini-hochberg", "none", NULL};

/* clang-format off */
static const struct yaml_field check_fields[] = {
	KEY(check_keys, self, "", YAML_SELF, 0),
	KEY(check_keys, drift, "drift", YAML_TEXT, YAML_REQUIRED),
	KEY(check_keys, title, "title", YAML_TEXT, 0),
	KEY(check_keys, source, "source", YAML_TEXT, 0),
	KEY(check_keys, reference, "reference", YAML_NODE, 0),
	KEY(check_keys, current, "current", YAML_NODE, 0),
	KEY(check_keys, every_ns, "every", YAML_DURATION, 0),
	KEY(check_keys, persist, "persist", YAML_TEXT, 0),
	{.key = "share", .want = YAML_REAL, .offset = offsetof(struct check_keys, share),
		.min = 0.001, .max = 1},
	{.key = "correct", .want = YAML_CHOICE, .offset = offsetof(struct check_keys, correct),
		.choices = corrections},
	{.key = "min", .want = YAML_INT, .offset = offsetof(struct check_keys, min),
		.min = 1, .max = 1e9},
	KEY(check_keys, features, "features", YAML_NODE, 0),
	KEY(check_keys, predictions, "predictions", YAML_NODE, 0),
	KEY(check_keys, performance, "performance", YAML_NODE, 0),
	KEY(check_keys, skew, "skew", YAML_NODE, 0),
	KEY(check_keys, evidently, "evidently", YAML_NODE, 0),
	KEY(check_keys, retrain, "retrain", YAML_NODE, 0),
	KEY(check_keys, runbooks, "runbooks", YAML_TEXTS, 0),
	{0},
};
/* clang-format on */

struct reference_keys {
	const char *at, *file;
	int64_t offset_ns, window_ns;
	bool pinned;
};

static const struct yaml_field reference_fields[] = {
	KEY(reference_keys, at, "at", YAML_TEXT, 0),
	KEY(reference_keys, file, "file", YAML_TEXT, 0),
	KEY(reference_keys, offset_ns, "offset", YAML_DURATION, 0),
	KEY(reference_keys, window_ns, "window", YAML_DURATION, 0),
	KEY(reference_keys, pinned, "pinned", YAML_BOOL, 0),
	{0},
};

struct current_keys {
	const char *file;
	int64_t window_ns;
};

static const struct yaml_field current_fields[] = {
	KEY(current_keys, file, "file", YAML_TEXT, 0),
	KEY(current_keys, window_ns, "window", YAML_DURATION, 0),
	{0},
};

struct reports_keys {
	struct yaml_texts reports;
	const char *project;
};

static const struct yaml_field reports_fields[] = {
	KEY(reports_keys, reports, "reports", YAML_TEXTS, 0),
	KEY(reports_keys, project, "project", YAML_TEXT, 0),
	{0},
};

struct retrain_keys {
	const char *source, *action;
	const struct yaml_node *with;
};

static const struct yaml_field retrain_fields[] = {
	KEY(retrain_keys, source, "source", YAML_TEXT, YAML_REQUIRED),
	KEY(retrain_keys, action, "do", YAML_TEXT, YAML_REQUIRED),
	KEY(retrain_keys, with, "with", YAML_NODE, 0),
	{0},
};

/* A path of the file's, made absolute. */
static const char *path_of(struct drift_reader *r, const char *path)
{
	char *dir, *full;
	const char *out;

	if (!path)
		return NULL;
	if (!r->file)
		return path;
	dir = path_dir(r->file);
	full = path_expand(path, dir);
	out = arena_strdup(r->arena, full);
	free(full);
	free(dir);
	return out;
}

const char *drift_reader_path(struct drift_reader *r, const char *path)
{
	return path_of(r, path);
}

/* --- what is compared with what --- */

static void reference_take(struct drift_reader *r, const struct reference_keys *k,
	const struct yaml_node *at)
{
	struct drift_check *c = r->out;
	struct err e = ERR_INIT;
	int ways = !!k->at + !!k->file + (k->offset_ns > 0) + k->pinned;

	if (ways != 1) {
		yaml_problem(r->problems, at,
			_("a reference is one of 'at', 'offset', 'file' and 'pinned'"));
		return;
	}
	c->reference_ns = k->window_ns;
	c->offset_ns = k->offset_ns;
	c->reference_file = path_of(r, k->file);
	c->reference = k->at       ? DRIFT_REF_AT
		: k->file          ? DRIFT_REF_FILE
		: k->offset_ns > 0 ? DRIFT_REF_OFFSET
				   : DRIFT_REF_PINNED;
	if (k->at && time_parse(&c->at, k->at, &e) < 0)
		yaml_problem(r->problems, yaml_get(at, "at"), "%s", e.what);
	err_release(&e);
}

static void reference_read(struct drift_reader *r, const struct check_keys *k)
{
	struct reference_keys ref = {0};

	if (!k->reference) {
		if (k->features || k->predictions || k->performance) {
			yaml_problem(r->problems, k->self,
				_("it does not say what is the reference"));
			problems_hint(r->problems, "%s",
				_("reference: {offset: 7d}, {at: TIME, window: 1d}, "
				  "{file: FILE} or {pinned: true}"));
		}
		return;
	}
	if (yaml_read(&ref, k->reference, reference_fields, r->arena, r->problems) == 0)
		reference_take(r, &ref, k->reference);
}

static void current_read(struct drift_reader *r, const struct check_keys *k)
{
	struct current_keys now = {0};
	struct drift_check *c = r->out;

	(void)yaml_read(&now, k->current, current_fields, r->arena, r->problems);
	c->current_file = path_of(r, now.file);
	c->window_ns = now.window_ns > 0 ? now.window_ns : WINDOW_NS;
	if (!c->reference_ns)
		c->reference_ns = c->window_ns;
	if (now.file && now.window_ns)
		yaml_problem(r->problems, k->current,
			_("a current file has no window: it is what the file holds"));
	if (c->window_ns < NS_PER_S || c->reference_ns < NS_PER_S)
		yaml_problem(r->problems, k->current ? k->current : k->self,
			_("a window under a second holds nothing"));
	if (c->reference == DRIFT_REF_OFFSET && c->offset_ns < c->window_ns) {
		yaml_problem(r->problems, k->reference,
			_("the reference and the current window overlap"));
		problems_hint(r->problems, "%s",
			_("the offset has to be as long as the current window at least"));
	}
	if ((c->reference == DRIFT_REF_FILE) != (c->current_file != NULL) &&
		k->reference && c->reference != DRIFT_REF_PINNED) {
		yaml_problem(r->problems, k->reference,
			_("a reference file needs a current file, and the other way "
			  "round"));
		problems_hint(r->problems, "%s",
			_("a file against metrics is 'skew: {file: FILE, features: "
			  "[...]}'"));
	}
}

/* "3 of 4". */
static void persist_read(struct drift_reader *r, const struct check_keys *k)
{
	struct drift_check *c = r->out;
	char *end = NULL;
	long long n, of = 0;

	c->persist = 3;
	c->persist_of = 4;
	if (!k->persist)
		return;
	n = strtoll(k->persist, &end, 10);
	if (end != k->persist && !strncmp(end, " of ", 4) && end[4]) {
		const char *rest = end + 4;

		of = strtoll(rest, &end, 10);
		if (*end || end == rest)
			of = 0;
	}
	if (n < 1 || of < n || of > PERSIST_MOST) {
		yaml_problem(r->problems, yaml_get(k->self, "persist"),
			_("'%s' is not so many of so many evaluations"), k->persist);
		problems_hint(r->problems, "%s", _("write 'persist: 3 of 4'"));
		return;
	}
	c->persist = n;
	c->persist_of = of;
}

/* --- what then --- */

static void retrain_read(struct drift_reader *r, const struct yaml_node *node)
{
	struct retrain_keys k = {0};
	struct drift_retrain *to = &r->out->retrain;
	size_t n = yaml_type(node) == YAML_MAP ? yaml_count(yaml_get(node, "with")) : 0;

	if (!node || yaml_read(&k, node, retrain_fields, r->arena, r->problems) < 0)
		return;
	if (k.with && yaml_type(k.with) != YAML_MAP) {
		yaml_problem(r->problems, k.with, _("'with' is a map of the parameters"));
		return;
	}
	to->source = k.source;
	to->action = k.action;
	to->with_names = arena_alloc(r->arena, n + 1, sizeof(*to->with_names));
	to->with_values = arena_alloc(r->arena, n + 1, sizeof(*to->with_values));
	for (size_t i = 0; i < n; i++) {
		const char *value = yaml_text(yaml_value(k.with, i));

		if (!value) {
			yaml_problem(r->problems, yaml_value(k.with, i),
				_("a parameter's value is a text or a number"));
			continue;
		}
		to->with_names[to->n_with] =
			arena_strdup(r->arena, yaml_key_text(k.with, i));
		to->with_values[to->n_with++] = arena_strdup(r->arena, value);
	}
}

static void reports_read(struct drift_reader *r, const struct yaml_node *node)
{
	struct reports_keys k = {0};
	struct yaml_texts *to = &r->out->reports;

	if (!node || yaml_read(&k, node, reports_fields, r->arena, r->problems) < 0)
		return;
	to->items = arena_alloc(r->arena, k.reports.n + 1, sizeof(*to->items));
	for (size_t i = 0; i < k.reports.n; i++)
		to->items[to->n++] = path_of(r, k.reports.items[i]);
	r->out->project = k.project;
	if (!k.project == !k.reports.n)
		yaml_problem(r->problems, node,
			_("Evidently has 'reports', which are files, or a 'project' of "
			  "its "
			  "service"));
	else if (r->out->n)
		yaml_problem(r->problems, node,
			_("what Evidently measures has no features of its own here"));
}

/* --- the whole --- */

static void sections_read(struct drift_reader *r, const struct check_keys *k)
{
	struct drift_check *c = r->out;

	drift_features_read(r, k->features, DRIFT_DATA);
	drift_features_read(r, k->predictions, DRIFT_PREDICTION);
	drift_performance_read(r, k->performance);
	drift_skew_read(r, k->skew);
	reports_read(r, k->evidently);
	retrain_read(r, k->retrain);
	if (!c->n && !c->reports.n && !c->project && !r->problems->n)
		yaml_problem(r->problems, k->self,
			_("it has no features, and no reports of Evidently"));
	if (drift_check_is_files(c)) {
		for (size_t i = 0; i < c->n; i++)
			if (c->features[i].from != DRIFT_FROM_COLUMN) {
				problems_add(r->problems, c->features[i].line,
					c->features[i].column_at,
					_("'%s' is of metrics, and the check is of "
					  "files"),
					c->features[i].name);
				problems_hint(
					r->problems, "%s", _("make two checks of it"));
				return;
			}
	}
}

static bool name_is_plain(const char *name)
{
	return *name && strlen(name) <= 120 && !strpbrk(name, "/\n\t*$");
}

static void check_read(struct drift_reader *r, const struct yaml_node *root)
{
	struct drift_check *c = r->out;
	struct check_keys k = {.every_ns = EVERY_NS, .share = 0.5, .min = 50};

	(void)yaml_read(&k, root, check_fields, r->arena, r->problems);
	if (!k.drift)
		return;
	if (!name_is_plain(k.drift)) {
		yaml_problem(r->problems, yaml_get(root, "drift"),
			_("'%s' cannot be a dataset's name"), k.drift);
		return;
	}
	c->dataset = k.drift;
	c->title = k.title;
	c->source = k.source;
	c->every_ns = k.every_ns;
	c->share = k.share;
	c->correct = k.correct == 0;
	c->min = k.min;
	c->runbooks = k.runbooks;
	c->line = yaml_line(root);
	if (k.every_ns < NS_PER_S)
		yaml_problem(r->problems, yaml_get(root, "every"),
			_("a check is made every second at most"));
	reference_read(r, &k);
	current_read(r, &k);
	persist_read(r, &k);
	sections_read(r, &k);
}

int drift_check_parse(struct drift_check *out, struct arena *a, const char *s, size_t n,
	const char *file, struct problems *p)
{
	struct drift_reader r = {
		.out = out,
		.arena = a,
		.problems = p,
		.file = arena_strdup(a, file),
	};
	size_t before = p->n;
	struct yaml_doc *doc;

	*out = (struct drift_check){.path = r.file, .at = INT64_MIN};
	if (n > DRIFT_CHECK_MAX_BYTES)
		return problems_add(p, 0, 0, _("a drift check may have %d MiB at most"),
			DRIFT_CHECK_MAX_BYTES / 1024 / 1024);
	if (yaml_parse(&doc, s, n, p) < 0)
		return -1;
	if (yaml_documents(doc) != 1)
		problems_add(p, 1, 1, _("a drift check is one document, not %zu"),
			yaml_documents(doc));
	else if (yaml_type(yaml_root(doc, 0)) != YAML_MAP)
		yaml_problem(p, yaml_root(doc, 0), _("this is not a drift check"));
	else
		check_read(&r, yaml_root(doc, 0));
	yaml_free(doc);
	return p->n > before ? -1 : 0;
}

bool drift_check_is_files(const struct drift_check *c)
{
	return c->current_file || (c->reports.n && !c->n);
}

size_t drift_selector_name(const char *selector)
{
	return strcspn(selector, "{ \t\r\n");
}
