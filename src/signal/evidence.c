#include "config.h"

#include "signal/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "model/service.h"

/* Within this before the onset a change is as suspect as can be: the windows lag that much. */
#define CLOSE_NS (5 * NS_PER_MIN)
#define HALF_LIFE_NS NS_PER_HOUR
#define HALF_LIFE_DATA_NS (4 * NS_PER_HOUR)

/* Clocks and scrapes lag: what seems to come just after may have come before. */
#define LAG_NS (2 * NS_PER_MIN)
#define LAG_DATA_NS (10 * NS_PER_MIN)

/* A time that is known this well is known. */
#define SHARP_NS NS_PER_MIN
#define SLICES 8

#define FROM_HISTORY 0.9
#define ENOUGH_TRAFFIC 0.25
#define LEAST_TRAFFIC 0.03
#define UNKNOWN_TRAFFIC 0.8

#define ANY "*"

/*
 * What moved: a field; NULL: it appeared or went away.  `to`: only to this value.  The first that
 * fits counts.
 */
static const struct {
	enum record_kind kind;
	const char *field, *to;
	double weight;
} kinds[] = {
	{REC_POINTER, ANY, NULL, 1.0},
	{REC_POINTER, NULL, NULL, 0.9},
	{REC_SERVING, ANY, NULL, 0.95},
	{REC_SERVING, NULL, NULL, 0.95},
	{REC_PROMPT_VERSION, "labels", NULL, 0.95},
	{REC_PROMPT_VERSION, "digest", NULL, 0.9},
	{REC_PROMPT_VERSION, NULL, NULL, 0.2},
	{REC_FLAG, ANY, NULL, 0.9},
	{REC_FLAG, NULL, NULL, 0.4},
	{REC_DEFINITION, ANY, NULL, 0.9},
	{REC_DEFINITION, NULL, NULL, 0.3},
	/* A fault in itself, where the others are somebody's daily work. */
	{REC_FRESHNESS, "state", "late", 1.0},
	{REC_FRESHNESS, "state", "failed", 1.0},
	{REC_FRESHNESS, "state", "missing", 1.0},
	{REC_FRESHNESS, "state", "stale", 1.0},
	{REC_FRESHNESS, "schema", NULL, 0.8},
	{REC_JOB_RUN, "state", "failed", 0.5},
	{REC_JOB_RUN, NULL, "failed", 0.5},
	{REC_JOB_RUN, ANY, NULL, 0.15},
	{REC_JOB_RUN, NULL, NULL, 0.1},
	{REC_MODEL_VERSION, "aliases", NULL, 0.9},
	{REC_MODEL_VERSION, "digest", NULL, 0.7},
	{REC_MODEL_VERSION, "stage", NULL, 0.5},
	{REC_MODEL_VERSION, "status", NULL, 0.2},
	{REC_MODEL_VERSION, NULL, NULL, 0.15},
	{REC_BUDGET, "state", NULL, 0.9},
	{REC_BUDGET, "limit_usd", NULL, 0.5},
	{REC_BUDGET, "models", NULL, 0.6},
	{REC_DRIFT_REPORT, "drifted", "true", 0.2},
};

static const double relation_weights[RELATIONS] = {
	[REL_OWN] = 1.0,
	[REL_NAMED] = 0.8,
	[REL_BLANK] = 0.45,
	[REL_OPEN] = 0.24,
	[REL_SIBLING] = 0.15,
	[REL_NOBODY] = 0.1,
	[REL_OTHER] = 0.05,
};

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool field_fits(const char *row, const char *field)
{
	if (!row || !field)
		return !row && !field;
	return !strcmp(row, ANY) || !strcmp(row, field);
}

/* Is only the label or alias "latest" another one, which every new version takes by itself? */
static bool only_latest(const struct change *c)
{
	const char *texts[] = {c->before ? c->before : "", c->after ? c->after : ""};

	if (!same(c->field, "labels") && !same(c->field, "aliases"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *t = texts[i];

		if (*t && strcmp(t, "[]") != 0 && strcmp(t, "[\"latest\"]") != 0)
			return false;
	}
	return true;
}

static double kind_weight(const struct change *c)
{
	if (only_latest(c))
		return 0.05;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].kind == c->kind && field_fits(kinds[i].field, c->field) &&
			(!kinds[i].to || same(kinds[i].to, c->after)))
			return kinds[i].weight;
	return 0.05;
}

static bool is_data(const struct change *c)
{
	return c->kind == REC_FRESHNESS || c->kind == REC_JOB_RUN;
}

static double time_at(const struct change *c, int64_t before_ns)
{
	bool data = is_data(c);
	double half_life = (double)(data ? HALF_LIFE_DATA_NS : HALF_LIFE_NS);

	if (before_ns < -(data ? LAG_DATA_NS : LAG_NS))
		return 0.02;
	if (before_ns < 0)
		return data ? 0.8 : 0.5;
	if (before_ns <= CLOSE_NS)
		return 1;
	return exp2(-(double)(before_ns - CLOSE_NS) / half_life);
}

/* The mean of it between the two bounds. */
static double time_weight(const struct change *c, int64_t from_ns, int64_t to_ns)
{
	double sum = 0;

	if (from_ns - to_ns <= SHARP_NS)
		return time_at(c, to_ns);
	for (int i = 0; i < SLICES; i++)
		sum += time_at(c,
			to_ns + (from_ns - to_ns) / SLICES * i +
				(from_ns - to_ns) / SLICES / 2);
	return sum / SLICES;
}

double evidence_traffic(double share)
{
	if (isnan(share))
		return UNKNOWN_TRAFFIC;
	if (share >= ENOUGH_TRAFFIC)
		return 1;
	return share / ENOUGH_TRAFFIC > LEAST_TRAFFIC ? share / ENOUGH_TRAFFIC
						      : LEAST_TRAFFIC;
}

/* --- relation --- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* "checkout-assistant" stands in "checkout-assistant-new-prompt", as words of it. */
static bool names(const char *object, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (!object || n < 3)
		return false;
	for (const char *at = object; (at = strstr(at, name)) != NULL; at++)
		if ((at == object || !is_word(at[-1])) && !is_word(at[n]))
			return true;
	return false;
}

size_t evidence_path(const char *object)
{
	const char *cut = object ? strrchr(object, '/') : NULL;

	if (!object)
		return 0;
	return cut ? (size_t)(cut - object) : strlen(object);
}

static bool has_path(const struct change *c, const char *name)
{
	size_t n = evidence_path(c->object);

	return name && *name && strlen(name) == n && !memcmp(c->object, name, n);
}

/* Of the service's own model: is it the alias that the service follows? */
static bool is_sibling(const struct change *c, const struct service_conf *s)
{
	bool was, is;
	char *quoted;

	if (!same(c->source, s->model.source) || !has_path(c, s->model.name) ||
		!s->model.alias)
		return false;
	if (c->kind == REC_POINTER)
		return !same(c->object + evidence_path(c->object) + 1, s->model.alias);
	if (c->kind != REC_MODEL_VERSION || !same(c->field, "aliases"))
		return false;
	quoted = mem_format("\"%s\"", s->model.alias);
	was = c->before && strstr(c->before, quoted);
	is = c->after && strstr(c->after, quoted);
	free(quoted);
	return was == is;
}

/* Does the configuration say which of these the service has? */
static bool says_which(const struct change *c, const struct service_conf *s)
{
	switch (c->kind) {
	case REC_POINTER:
	case REC_MODEL_VERSION: return s->model.name != NULL;
	case REC_SERVING: return s->serving.name != NULL;
	case REC_PROMPT_VERSION:
		return s->uses.n > 0 || !same(c->source, s->agents.source);
	default: return s->uses.n > 0;
	}
}

static enum relation relation_of(const struct change *c, const struct correlate_target *t)
{
	const struct service_conf *s = t->conf, *whose;
	const char *service = c->service;

	if (s && is_sibling(c, s))
		return REL_SIBLING;
	if (same(service, t->service) ||
		(s && service_has(s, c->kind, c->source, c->object)))
		return REL_OWN;
	whose = service ? NULL
			: service_of_object(t->config, c->kind, c->source, c->object);
	if (service || whose)
		return REL_OTHER;
	if (s &&
		(c->kind == REC_POINTER || c->kind == REC_MODEL_VERSION ||
			c->kind == REC_SERVING) &&
		says_which(c, s))
		return REL_NOBODY;
	if (names(c->object, t->service) || (s && names(c->object, s->model.name)) ||
		(s && names(c->object, s->serving.name)) ||
		(s && names(c->object, s->agents.match_name)))
		return REL_NAMED;
	for (size_t i = 0; t->config && i < t->config->n_services; i++)
		if (names(c->object, t->config->services[i].name))
			return REL_OTHER;
	if (!s)
		return REL_BLANK;
	return says_which(c, s) ? REL_NOBODY : REL_OPEN;
}

double evidence_score(const struct evidence *ev, const struct change *c)
{
	return ev->kind * ev->time * ev->traffic * relation_weights[ev->relation] *
		(c->from_history ? FROM_HISTORY : 1);
}

/* Each new version takes the name "latest" by itself; where a service follows it, that is a move. */
static bool is_idle_latest(const struct change *c, const struct service_conf *s)
{
	return c->kind == REC_POINTER && c->object &&
		same(c->object + evidence_path(c->object), "/latest") &&
		!(s && same(s->model.alias, "latest"));
}

struct evidence evidence_of(const struct change *c, const struct correlate_target *t)
{
	struct evidence ev = {
		.kind = kind_weight(c),
		.traffic = c->kind == REC_SERVING ? evidence_traffic(c->weight) : 1,
		.relation = relation_of(c, t),
		.before_ns = t->onset - c->at,
	};

	if (is_idle_latest(c, t->conf))
		ev.kind = 0.15;
	ev.earliest_ns = ev.before_ns;
	/* The source said nothing of when it was: some time since we last looked. */
	if (c->not_before != NONE_INT && c->at == c->seen && c->not_before < c->at &&
		c->not_before > 0)
		ev.earliest_ns = t->onset - c->not_before;
	ev.time = time_weight(c, ev.earliest_ns, ev.before_ns);
	ev.score = evidence_score(&ev, c);
	return ev;
}
