#include "config.h"
#include "store/derive.h"

#include <math.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "model/alert.h"
#include "model/pipeline.h"
#include "model/registry.h"
#include "model/service.h"

#define TIMES 2

/*
 * The times of its own that each kind carries, as offsets (0: none).  appeared: since when it
 * exists.  moved: when its state last changed; of several the first that is news.  main names the
 * state that a person means by "it is now": the first that is known.
 */
struct own_times {
	size_t appeared, moved[TIMES], actor;
	const char *main[2];
};

/* clang-format off */
#define AT(type, field) offsetof(struct type, field)
static const struct own_times own[REC_KINDS] = {
	[REC_MODEL_VERSION] = {AT(model_version, created), {AT(model_version, updated)},
		AT(model_version, author), {"aliases", "stage"}},
	[REC_PROMPT_VERSION] = {AT(prompt_version, created), {AT(prompt_version, updated)},
		AT(prompt_version, author), {"labels"}},
	[REC_SERVING] = {0, {AT(serving, changed)}, 0, {"version"}},
	[REC_JOB_RUN] = {AT(job_run, started), {AT(job_run, ended), AT(job_run, started)},
		0, {"state"}},
	[REC_FRESHNESS] = {0, {AT(freshness, loaded)}, 0, {"state"}},
	[REC_POINTER] = {0, {AT(pointer, changed)}, AT(pointer, author),
		{"version", "digest"}},
	[REC_DRIFT_REPORT] = {0, {0}, 0, {"drifted"}},
	[REC_ALERT] = {AT(alert, since), {AT(alert, until), AT(alert, since)}, 0, {"state"}},
	[REC_SILENCE] = {AT(silence, starts), {AT(silence, updated)},
		AT(silence, created_by), {"state"}},
	[REC_PAGE] = {AT(page, since), {0}, 0, {"state"}},
	[REC_ONCALL] = {0, {AT(oncall, since)}, 0, {"user"}},
	[REC_FLAG] = {0, {AT(flag, changed)}, AT(flag, author), {"value"}},
	[REC_DEFINITION] = {0, {AT(definition, changed)}, AT(definition, author),
		{"version", "digest"}},
	[REC_BUDGET] = {0, {0}, 0, {"state"}},
};
#undef AT
/* clang-format on */

/* The time at offset, where it is known and not of the future. */
static int64_t time_at(const void *record, size_t offset, int64_t seen)
{
	int64_t t = offset ? *(const int64_t *)((const char *)record + offset) : NONE_INT;

	return t > 0 && t <= seen ? t : NONE_INT;
}

/* When the state moved: the first of its times that is not what it was. */
static int64_t moved_at(
	const struct own_times *o, const void *before, const void *after, int64_t seen)
{
	for (int i = 0; i < TIMES; i++) {
		int64_t t = time_at(after, o->moved[i], seen);

		if (t != NONE_INT && (!before || time_at(before, o->moved[i], seen) != t))
			return t;
	}
	return NONE_INT;
}

static const char *value_text(struct arena *a, const struct field *f, const void *record)
{
	const void *at = (const char *)record + f->offset;
	struct strbuf sb = STRBUF_INIT;
	const char *out;
	int64_t v;

	if (f->type == FIELD_TEXT || f->type == FIELD_JSON)
		return arena_strdup(a, *(const char *const *)at);
	if (f->type == FIELD_REAL) {
		double r = *(const double *)at;

		return isnan(r) ? NULL : arena_format(a, "%.15g", r);
	}
	v = *(const int64_t *)at;
	if (v == NONE_INT)
		return NULL;
	if (f->type == FIELD_BOOL)
		return v ? "true" : "false";
	if (f->type != FIELD_TIME)
		return arena_format(a, "%lld", (long long)v);
	time_format(&sb, v);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

/* Registries say "None" and [] where there is nothing. */
static bool says_something(const char *value)
{
	return value && *value && strcmp(value, "[]") != 0 && strcmp(value, "{}") != 0 &&
		strcmp(value, "None") != 0;
}

/* The state by which one names it, and which field that is (NULL: none is known). */
static const char *main_state(const struct field **field, struct arena *a,
	const struct record_def *def, const void *record)
{
	*field = NULL;
	for (size_t k = 0; k < ARRAY_LEN(own[0].main) && own[def->kind].main[k]; k++) {
		for (size_t i = 0; i < def->n_fields; i++) {
			const char *value;

			if (strcmp(def->fields[i].name, own[def->kind].main[k]) != 0)
				continue;
			value = value_text(a, &def->fields[i], record);
			if (says_something(value)) {
				*field = &def->fields[i];
				return value;
			}
		}
	}
	return NULL;
}

static const char *key_text(
	struct arena *a, const struct record_def *def, const void *record)
{
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	record_key(&sb, record, def->kind);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

/*
 * The share of the traffic that moved with it: what the variant takes, or how much more or less
 * it takes than before.
 */
static double weight_of(const struct record_def *def, const void *before,
	const void *after, const char *field)
{
	const struct serving *x = before, *y = after;

	if (def->kind != REC_SERVING)
		return NAN;
	if (x && y && field && !strcmp(field, "traffic") && !isnan(x->traffic))
		return fabs(y->traffic - x->traffic);
	return y ? y->traffic : x->traffic;
}

static const char *actor_of(const struct own_times *o, const void *record)
{
	return o->actor ? *(const char *const *)((const char *)record + o->actor) : NULL;
}

/*
 * Data was loaded long before it was late: that it is so now came some time between the two.  True
 * when this is such a record, whose bounds are then in c.
 */
static bool late_bounds(struct change *c, const struct record_def *def, const void *now)
{
	const struct freshness *f = now;
	int64_t due;

	if (def->kind != REC_FRESHNESS || !f->state || !strcmp(f->state, "ok"))
		return false;
	if (f->loaded == NONE_INT || f->loaded >= c->seen)
		return false;
	due = f->expected_every_ns > 0 ? f->loaded + f->expected_every_ns : c->seen;
	c->at = due < c->seen ? due : c->seen;
	if (c->at == c->seen)
		c->not_before = f->loaded;
	return true;
}

static int at_first_contact(derive_fn *fn, void *ctx, struct arena *a,
	const struct record_def *def, const void *now, struct change c, struct err *e)
{
	const struct own_times *o = &own[def->kind];
	int64_t appeared = time_at(now, o->appeared, c.seen);
	int64_t moved = moved_at(o, NULL, now, c.seen);
	const struct field *field;
	const char *state = main_state(&field, a, def, now);

	c.from_history = true;
	c.weight = weight_of(def, NULL, now, NULL);
	if (appeared != NONE_INT) {
		c.at = appeared;
		c.after = state ? state : c.object;
		c.actor = actor_of(o, now);
		if (fn(ctx, &c, e) < 0)
			return -1;
	}
	/* It was touched later than made, and what we find is what that left. */
	if (moved == NONE_INT || !field || (appeared != NONE_INT && moved <= appeared))
		return 0;
	if (!late_bounds(&c, def, now))
		c.at = moved;
	c.actor = NULL;
	c.field = field->name;
	c.after = state;
	return fn(ctx, &c, e);
}

static int existence(derive_fn *fn, void *ctx, struct arena *a,
	const struct record_def *def, const void *before, const void *after,
	struct change c, struct err *e)
{
	const struct own_times *o = &own[def->kind];
	const struct field *field;
	const char *state = main_state(&field, a, def, after ? after : before);
	int64_t t = after ? time_at(after, o->appeared, c.seen) : NONE_INT;

	if (after && t == NONE_INT)
		t = moved_at(o, NULL, after, c.seen);
	c.at = t == NONE_INT ? c.seen : t;
	c.actor = after ? actor_of(o, after) : NULL;
	c.weight = weight_of(def, before, after, NULL);
	if (!state)
		state = c.object;
	if (after)
		c.after = state;
	else
		c.before = state;
	return fn(ctx, &c, e);
}

/* Who moved it: an author of what can be moved; a version's author made it, no more. */
static const char *mover_of(enum record_kind kind, const void *after)
{
	if (kind == REC_MODEL_VERSION || kind == REC_PROMPT_VERSION)
		return NULL;
	return actor_of(&own[kind], after);
}

static bool texts_differ(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static int moves(derive_fn *fn, void *ctx, struct arena *a, const struct record_def *def,
	const void *before, const void *after, struct change c, struct err *e)
{
	int64_t t = moved_at(&own[def->kind], before, after, c.seen);

	c.at = t == NONE_INT ? c.seen : t;
	c.actor = mover_of(def->kind, after);
	for (size_t i = 1; i < def->n_fields; i++) {
		const struct field *f = &def->fields[i];

		if (!(f->flags & FIELD_STATE))
			continue;
		c.field = f->name;
		c.before = value_text(a, f, before);
		c.after = value_text(a, f, after);
		c.weight = weight_of(def, before, after, f->name);
		if (texts_differ(c.before, c.after) && fn(ctx, &c, e) < 0)
			return -1;
	}
	return 0;
}

int derive_changes(derive_fn *fn, void *ctx, struct arena *a,
	const struct record_def *def, const void *before, const void *after,
	const struct derive_how *how, struct err *e)
{
	struct change c = {.at = how->seen,
		.seen = how->seen,
		.kind = def->kind,
		.not_before = NONE_INT,
		.weight = NAN};
	const struct service_conf *service;
	const void *any = after;

	if (!any)
		any = before;
	if (!any)
		return 0;
	c.source = *(const char *const *)any;
	c.object = key_text(a, def, any);
	service = service_of_record(how->config, def->kind, any, c.object);
	c.service = service ? service->name : NULL;
	if (how->first_contact && after && !before)
		return at_first_contact(fn, ctx, a, def, after, c, e);
	if (how->baseline)
		return 0;
	c.not_before = how->last;
	c.gap = how->gap;
	if (before && after)
		return moves(fn, ctx, a, def, before, after, c, e);
	return existence(fn, ctx, a, def, before, after, c, e);
}

int64_t derive_since(enum record_kind kind, const void *record, int64_t seen)
{
	int64_t t = time_at(record, own[kind].appeared, seen);

	if (t == NONE_INT)
		t = moved_at(&own[kind], NULL, record, seen);
	return t == NONE_INT ? seen : t;
}
