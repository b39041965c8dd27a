#include "config.h"
#include "poll/served.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "model/registry.h"
#include "poll/prom_server.h"
#include "store/observe.h"

enum {
	SERVED_MAX = 2000, /* of one source: more is a mistake in the query */
};

struct rule {
	const char *series, *version_label, *model_label, *service_label, *service,
		*model;
};

/* One version on one instance. */
struct entry {
	const char *service, *instance, *model,
		*version; /* arena; model, version or NULL */
	bool ready, dropped;
};

struct served {
	const char *source; /* owned */
	struct rule rule;
	struct arena rule_arena, arena; /* of the rule; of this round */
	struct entry *entries;
	size_t n, cap;
	bool more;
};

/* clang-format off */
static const struct { const char *key; size_t offset; const char *otherwise; } keys[] = {
	{"model_info", offsetof(struct rule, series), NULL},
	{"version_label", offsetof(struct rule, version_label), "version"},
	{"model_label", offsetof(struct rule, model_label), "model"},
	{"service_label", offsetof(struct rule, service_label), "service"},
	{"service", offsetof(struct rule, service), NULL},
	{"model", offsetof(struct rule, model), NULL},
};
/* clang-format on */

static const char **place(struct rule *rule, size_t i)
{
	return (const char **)((char *)rule + keys[i].offset);
}

static int rule_set(struct served *s, const struct json *option, struct err *e)
{
	const char *text = json_text(option);

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(keys[i].key, json_key(option)))
			continue;
		if (!text || !*text)
			return err_set(e, ERR_INPUT,
				_("the option '%s' of the source '%s' is a text"),
				keys[i].key, s->source);
		*place(&s->rule, i) = arena_strdup(&s->rule_arena, text);
		return 0;
	}
	err_set(e, ERR_INPUT, _("the source '%s' has no option '%s'"), s->source,
		json_key(option));
	return err_hint(e, "%s",
		_("model_info, version_label, model_label, service_label, service or "
		  "model"));
}

static int rule_read(struct served *s, const struct json *with, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		*place(&s->rule, i) = keys[i].otherwise;
	json_each (option, with)
		if (rule_set(s, option, e))
			return -1;
	if (s->rule.series)
		return 0;
	err_set(e, ERR_INPUT, _("the source '%s' needs its option '%s'"), s->source,
		"model_info");
	return err_hint(e, "%s", _("with: {model_info: NAME OF A SERIES}"));
}

/* The keys that are about how a Prometheus is asked, not about this. */
static bool is_for_others(const struct json *option, const struct source_conf *conf)
{
	return !strcmp(conf->type, "prometheus") && prom_option_is(json_key(option));
}

static struct json *own_options(const struct json *with, const struct source_conf *conf)
{
	struct json *own = json_object();

	json_each (option, with)
		if (!is_for_others(option, conf))
			json_add(own, json_key(option), json_copy(option));
	return own;
}

int served_new(struct served **out, const struct source_conf *conf, struct err *e)
{
	struct json *with = NULL, *own;
	struct served *s;
	int rc;

	*out = NULL;
	if (!conf->with)
		return 0;
	if (json_parse(&with, conf->with, strlen(conf->with), e))
		return -1;
	own = own_options(with, conf);
	if (json_count(with) && !json_count(own)) {
		json_free(own);
		json_free(with);
		return 0;
	}
	s = mem_new(1, sizeof(*s));
	s->source = mem_strdup(conf->name);
	arena_init(&s->rule_arena);
	arena_init(&s->arena);
	rc = rule_read(s, own, e);
	json_free(own);
	json_free(with);
	if (!rc)
		*out = s;
	else
		served_free(s);
	return rc;
}

void served_free(struct served *s)
{
	if (!s)
		return;
	free((char *)s->source);
	arena_release(&s->rule_arena);
	arena_release(&s->arena);
	free(s);
}

const char *served_series(const struct served *s)
{
	return s->rule.series;
}

/* --- one round --- */

void served_begin(struct served *s)
{
	if (!s)
		return;
	s->entries = NULL;
	s->n = s->cap = 0;
	s->more = false;
	arena_reset(&s->arena);
}

static const char *label(const struct metric_label *labels, size_t n, const char *name,
	const char *otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(labels[i].name, name) && *labels[i].value)
			return labels[i].value;
	return otherwise;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static struct entry *entry_of(struct served *s, const struct entry *like)
{
	for (size_t i = 0; i < s->n; i++) {
		struct entry *e = &s->entries[i];

		if (!e->dropped && same(e->service, like->service) &&
			same(e->instance, like->instance) &&
			same(e->model, like->model) && same(e->version, like->version))
			return e;
	}
	return NULL;
}

void served_take(struct served *s, const char *instance,
	const struct metric_label *labels, size_t n, double value, bool counter)
{
	const struct rule *rule = &s->rule;
	struct entry seen = {
		.service = rule->service,
		.instance = instance,
		.model = rule->model,
		.version = label(labels, n, rule->version_label, NULL),
		.ready = counter || value != 0,
	};
	struct entry *e;

	if (!seen.service)
		seen.service = label(labels, n, rule->service_label,
			label(labels, n, "job", s->source));
	if (!seen.model)
		seen.model = label(labels, n, rule->model_label, NULL);
	e = entry_of(s, &seen);
	if (e) {
		e->ready = e->ready || seen.ready;
		return;
	}
	if (s->n == SERVED_MAX) {
		s->more = true;
		return;
	}
	e = arena_push(&s->arena, s->entries, s->n, s->cap);
	*e = (struct entry){
		.service = arena_strdup(&s->arena, seen.service),
		.instance = arena_strdup(&s->arena, instance),
		.model = arena_strdup(&s->arena, seen.model),
		.version = arena_strdup(&s->arena, seen.version),
		.ready = seen.ready,
	};
}

void served_drop(struct served *s, const char *instance)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->entries[i].instance, instance))
			s->entries[i].dropped = true;
}

/* How many of the service there are; of its instance, when that is not NULL. */
static size_t count(const struct served *s, const char *service, const char *instance)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct entry *e = &s->entries[i];

		n += !e->dropped && !strcmp(e->service, service) &&
			(!instance || !strcmp(e->instance, instance));
	}
	return n;
}

static int entry_put(
	struct served *s, const struct entry *e, struct observe *ob, struct err *err)
{
	bool alone = count(s, e->service, NULL) == 1;
	struct serving v = {
		.source = s->source,
		.service = e->service,
		.variant = e->instance,
		.model = e->model,
		.version = e->version,
		.traffic = alone ? 1 : NAN,
		.ready = e->ready,
		.replicas = NONE_INT,
		.endpoint = e->instance,
		.changed = NONE_INT,
	};

	/* Several in one process: each is a variant of its own. */
	if (count(s, e->service, e->instance) > 1)
		v.variant = arena_format(&s->arena, "%s %s%s%s", e->instance,
			e->model ? e->model : "", e->model ? " " : "",
			e->version ? e->version : "?");
	return observe_put(ob, &v, err);
}

int served_write(struct served *s, struct round *r, bool complete, struct err *e)
{
	struct observe *ob = NULL;
	int rc = observe_begin(&ob, r->store, r->conf->name, r->generation, REC_SERVING,
		r->now, r->succeeded == NONE_INT, e);

	for (size_t i = 0; i < s->n && rc == 0; i++) {
		if (s->entries[i].dropped)
			continue;
		rc = entry_put(s, &s->entries[i], ob, e);
		r->records++;
	}
	if (s->more)
		round_partial(r, _("%s: more than %d versions; the rest is left out"),
			s->rule.series, SERVED_MAX);
	if (rc == 0)
		rc = observe_end(ob, complete && !s->more, e);
	else if (ob)
		observe_abort(ob);
	return rc;
}
