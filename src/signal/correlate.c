#include "config.h"

#include "signal/correlate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/strbuf.h"

/* Within this before the onset a change is as suspect as can be: the windows lag that much. */
#define CLOSE_NS (5 * NS_PER_MIN)
#define HALF_LIFE_NS NS_PER_HOUR

/* Clocks and scrapes lag: what seems to come just after may have come before. */
#define LAG_NS (2 * NS_PER_MIN)
#define LATEST_NS NS_PER_HOUR

#define FROM_HISTORY 0.8

/* How often a change of this kind is what broke a service; symptoms stand last. */
static const struct {
	enum record_kind kind;
	double prior;
} priors[] = {
	{REC_POINTER, 1.0},
	{REC_SERVING, 0.95},
	{REC_FLAG, 0.85},
	{REC_PROMPT_VERSION, 0.8},
	{REC_MODEL_VERSION, 0.5},
	{REC_FRESHNESS, 0.5},
	{REC_JOB_RUN, 0.4},
	{REC_DRIFT_REPORT, 0.3},
	{REC_ALERT, 0.1},
	{REC_PAGE, 0.05},
	{REC_SESSION, 0.05},
};

/* Fields that change what answers requests; all others count half. */
static const char *const causal_fields[] = {
	"version",
	"digest",
	"value",
	"traffic",
	"labels",
	"state",
	"model",
	"schema",
};

enum relation { NOT_RELATED, SAME_SOURCE, SAME_OBJECT };

static const double relation_weights[] = {
	[NOT_RELATED] = 0.15,
	[SAME_SOURCE] = 0.5,
	[SAME_OBJECT] = 1.0,
};

static double prior_of(const struct change *c)
{
	double prior = 0.05;

	for (size_t i = 0; i < ARRAY_LEN(priors); i++) {
		if (priors[i].kind == c->kind)
			prior = priors[i].prior;
	}
	for (size_t i = 0; c->field && i < ARRAY_LEN(causal_fields); i++) {
		if (strcmp(c->field, causal_fields[i]) == 0)
			return prior;
	}
	/* Something that appeared (field NULL) may well be a new variant or version. */
	return c->field ? prior / 2 : prior;
}

static double time_weight(int64_t before_ns)
{
	if (before_ns < -LAG_NS)
		return 0.02;
	if (before_ns < 0)
		return 0.3;
	if (before_ns <= CLOSE_NS)
		return 1;
	return exp2(-(double)(before_ns - CLOSE_NS) / (double)HALF_LIFE_NS);
}

/* True when one of the parts of key ("model/alias") is name. */
static bool key_names(const char *key, const char *name)
{
	size_t n;

	if (!key || !name || !*name)
		return false;
	n = strlen(name);
	for (const char *at = key; (at = strstr(at, name)) != NULL; at++) {
		if ((at == key || at[-1] == '/') && (at[n] == '\0' || at[n] == '/'))
			return true;
	}
	return false;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static enum relation relation_of(const struct change *c, const struct correlate_target *t)
{
	const struct service_conf *conf = t->conf;

	if (key_names(c->object, t->service))
		return SAME_OBJECT;
	if (!conf)
		return NOT_RELATED;
	if (key_names(c->object, conf->name) || key_names(c->object, conf->model.name) ||
		key_names(c->object, conf->serving.name) ||
		key_names(c->object, conf->agents.match_name))
		return SAME_OBJECT;
	if (same(c->source, conf->model.source) ||
		same(c->source, conf->serving.source) ||
		same(c->source, conf->agents.source))
		return SAME_SOURCE;
	return NOT_RELATED;
}

static const char *relation_text(enum relation r)
{
	switch (r) {
	case SAME_OBJECT: return _("it belongs to the service");
	case SAME_SOURCE: return _("it comes from a source of the service");
	case NOT_RELATED: return _("nothing ties it to the service");
	}
	return "";
}

static const char *what_text(struct arena *a, const struct change *c)
{
	const struct record_def *def = record_def(c->kind);
	const char *title = def ? _(def->title) : "";
	const char *object = c->object ? c->object : "";

	if (c->field && c->before && c->after)
		return arena_format(a, _("%s of %s %s went from %s to %s"), c->field,
			title, object, c->before, c->after);
	if (c->field && c->after)
		return arena_format(
			a, _("%s of %s %s became %s"), c->field, title, object, c->after);
	if (c->field)
		return arena_format(a, _("%s of %s %s changed"), c->field, title, object);
	if (c->before && !c->after)
		return arena_format(a, _("%s %s went away"), title, object);
	return arena_format(a, _("%s %s appeared"), title, object);
}

static const char *reason_of(
	struct arena *a, const struct change *c, int64_t before_ns, enum relation r)
{
	struct strbuf distance = STRBUF_INIT;
	const char *what = what_text(a, c), *reason;

	duration_human(&distance, before_ns < 0 ? -before_ns : before_ns);
	if (before_ns >= 0)
		/* TRANSLATORS: what changed; how long before; how it is related */
		reason = arena_format(a, _("%s, %s before the burn began; %s"), what,
			distance.buf, relation_text(r));
	else
		reason = arena_format(a, _("%s, %s after the burn began; %s"), what,
			distance.buf, relation_text(r));
	strbuf_release(&distance);
	return reason;
}

static int by_score(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;
	int64_t x_off = x->before_ns < 0 ? -x->before_ns : x->before_ns;
	int64_t y_off = y->before_ns < 0 ? -y->before_ns : y->before_ns;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	if (x_off != y_off)
		return x_off < y_off ? -1 : 1;
	return x->change < y->change ? -1 : x->change > y->change;
}

void correlate_rank(struct suspects *out, struct arena *a, const struct change *changes,
	size_t n, const struct correlate_target *target, size_t limit)
{
	out->items = arena_alloc(a, n ? n : 1, sizeof(*out->items));
	out->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct change *c = &changes[i];
		int64_t before_ns = target->onset - c->at;
		double score;

		if (before_ns < -LATEST_NS)
			continue;
		score = prior_of(c) * time_weight(before_ns) *
			relation_weights[relation_of(c, target)];
		if (c->from_history)
			score *= FROM_HISTORY;
		out->items[out->n++] = (struct suspect){c, score, before_ns, NULL};
	}
	qsort(out->items, out->n, sizeof(*out->items), by_score);
	if (out->n > limit)
		out->n = limit;
	for (size_t i = 0; i < out->n; i++) {
		struct suspect *s = &out->items[i];

		s->reason = reason_of(
			a, s->change, s->before_ns, relation_of(s->change, target));
	}
}
