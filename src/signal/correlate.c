#include "config.h"

#include "signal/correlate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "signal/evidence.h"

#define LATEST_NS NS_PER_HOUR

/* How long serving may take to follow a pointer, and a rollout from stage to stage. */
#define FOLLOW_NS (45 * NS_PER_MIN)
#define STAGES_NS (30 * NS_PER_MIN)
#define TOGETHER_NS (2 * NS_PER_MIN)
#define LABELS_NS (5 * NS_PER_MIN)

/* Serving is seen, and did not take up what the pointer names. */
#define NOT_TAKEN_UP 0.5

/* A variant with no more of the traffic than this waits for its turn. */
#define WARM 0.02

struct candidate {
	const struct change *c;
	struct evidence ev;
	struct candidate *leader; /* it follows from that one; NULL */
	const struct change *taken_up;
	double share; /* of the traffic that took it up; NAN */
	size_t followers;
};

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool same_path(const struct change *a, const struct change *b)
{
	size_t n = evidence_path(a->object);

	return n == evidence_path(b->object) && !memcmp(a->object, b->object, n);
}

static bool within(const struct change *first, const struct change *then, int64_t span_ns)
{
	int64_t bound = first->not_before != NONE_INT && first->not_before > 0 &&
			first->not_before < first->at
		? first->not_before
		: first->at - TOGETHER_NS;

	return then->at >= bound && then->at - first->at <= span_ns;
}

/* "13" of "ranker/13". */
static const char *last_part(const char *object)
{
	size_t n = evidence_path(object);

	return object[n] ? object + n + 1 : object;
}

/* Serving takes up what the pointer of its service names now. */
static bool is_taken_up(const struct change *p, const struct change *s)
{
	return p->kind == REC_POINTER && s->kind == REC_SERVING &&
		same(p->after, s->after) && within(p, s, FOLLOW_NS);
}

/* A version's list of names, which moved because the name did. */
static bool is_named(const struct change *p, const struct change *v)
{
	return p->kind == REC_POINTER &&
		(v->kind == REC_MODEL_VERSION || v->kind == REC_PROMPT_VERSION) &&
		(same(v->field, "aliases") || same(v->field, "labels") ||
			same(v->field, "stage")) &&
		same(p->source, v->source) && same_path(p, v) &&
		(same(p->after, last_part(v->object)) ||
			same(p->before, last_part(v->object))) &&
		within(p, v, LABELS_NS);
}

static bool gains(const struct change *c)
{
	size_t before = c->before ? strlen(c->before) : 0;

	return c->after && strlen(c->after) > before;
}

/* One version lost the name, this other one has it. */
static bool is_handed_on(const struct change *to, const struct change *from)
{
	return to->kind == from->kind &&
		(same(to->field, "aliases") || same(to->field, "labels")) &&
		same(to->field, from->field) && same(to->source, from->source) &&
		same_path(to, from) && gains(to) && !gains(from) &&
		llabs(to->at - from->at) <= TOGETHER_NS;
}

static bool is_version(const struct change *c)
{
	return !c->field || strcmp(c->field, "traffic") != 0;
}

/* What one variant takes, the others lose: but no canary explains that all of it moved. */
static bool is_mirrored(const struct change *first, const struct change *then)
{
	return !is_version(then) && !same(first->object, then->object) &&
		llabs(first->at - then->at) <= TOGETHER_NS &&
		(isnan(first->weight) || isnan(then->weight) ||
			then->weight <= 1.5 * first->weight);
}

/* Stages of one rollout: the same variant, the same version, or the traffic that it took. */
static bool is_stage(const struct change *first, const struct change *then)
{
	if (first->kind != REC_SERVING || then->kind != REC_SERVING ||
		!same(first->source, then->source) || !same_path(first, then))
		return false;
	if (is_version(first) != is_version(then) && !is_version(first))
		return false;
	if (first->at > then->at && is_version(first) == is_version(then))
		return false;
	if (is_mirrored(first, then))
		return true;
	return (same(first->object, then->object) ||
		       (is_version(then) && same(first->after, then->after))) &&
		within(first, then, STAGES_NS);
}

static bool leads(const struct candidate *x, const struct candidate *y)
{
	if (x == y || y->leader)
		return false;
	if (is_stage(x->c, y->c))
		return x->c->at != y->c->at || is_version(x->c) != is_version(y->c) ||
			x < y;
	if (is_taken_up(x->c, y->c))
		return x->ev.relation == REL_OWN && y->ev.relation == REL_OWN;
	return is_named(x->c, y->c) || is_handed_on(x->c, y->c);
}

static struct candidate *root_of(struct candidate *x)
{
	while (x->leader)
		x = x->leader;
	return x;
}

/* Most are nobody's or another's, and are looked at once. */
static void group(struct candidate *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct candidate *x = &items[i];

		if (x->ev.relation > REL_OPEN)
			continue;
		for (size_t j = 0; j < n; j++)
			if (items[j].ev.relation <= REL_OPEN && leads(x, &items[j]) &&
				root_of(x) != &items[j])
				items[j].leader = x;
	}
}

static double larger(double a, double b)
{
	return isnan(a) || b > a ? b : a;
}

/* What followed speaks for what it followed from. */
static void sum_up(struct candidate *items, size_t n, const struct correlate_target *t)
{
	for (size_t i = 0; i < n; i++) {
		struct candidate *y = &items[i], *x = root_of(y);

		if (x == y)
			continue;
		x->followers++;
		if (y->c->kind != REC_SERVING)
			continue;
		x->share = larger(x->share, y->c->weight);
		if (x->c->kind == REC_POINTER &&
			(!x->taken_up || y->c->at < x->taken_up->at))
			x->taken_up = y->c;
	}
	for (size_t i = 0; i < n; i++) {
		struct candidate *x = &items[i];

		if (x->leader)
			continue;
		if (x->c->kind == REC_SERVING && !isnan(x->c->weight))
			x->share = larger(x->share, x->c->weight);
		if (!isnan(x->share))
			x->ev.traffic = evidence_traffic(x->share);
		else if (x->c->kind == REC_POINTER && t->serving_seen && t->conf &&
			same(x->c->source, t->conf->model.source))
			x->ev.traffic = NOT_TAKEN_UP;
		x->ev.score = evidence_score(&x->ev, x->c);
	}
	for (size_t i = 0; i < n; i++) {
		struct candidate *x = root_of(&items[i]);

		if (items[i].ev.score <= x->ev.score)
			continue;
		/* Warmed up first: what took the traffic is what one wants to see. */
		if (x->c->kind == REC_SERVING && x->c->weight < WARM &&
			is_version(items[i].c)) {
			x->c = items[i].c;
			x->ev = items[i].ev;
		}
		x->ev.score = items[i].ev.score;
	}
}

static int by_score(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int64_t x_off = llabs(x->ev.before_ns), y_off = llabs(y->ev.before_ns);

	if (!x->leader != !y->leader)
		return x->leader ? 1 : -1;
	if (x->ev.score > y->ev.score || x->ev.score < y->ev.score)
		return x->ev.score < y->ev.score ? 1 : -1;
	if (x_off != y_off)
		return x_off < y_off ? -1 : 1;
	return x->c < y->c ? -1 : x->c > y->c;
}

static size_t collect(struct candidate *items, const struct change *changes, size_t n,
	const struct correlate_target *t)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		struct evidence ev = evidence_of(&changes[i], t);

		/* By its earlier bound: it may have been before. */
		if (ev.earliest_ns >= -LATEST_NS)
			items[found++] = (struct candidate){
				.c = &changes[i], .ev = ev, .share = NAN};
	}
	return found;
}

void correlate_rank(struct suspects *out, struct arena *a, const struct change *changes,
	size_t n, const struct correlate_target *target, size_t limit)
{
	struct candidate *items = arena_alloc(a, n ? n : 1, sizeof(*items));
	struct evidence *evidence = arena_alloc(a, n ? n : 1, sizeof(*evidence));
	size_t found = collect(items, changes, n, target);

	group(items, found);
	sum_up(items, found, target);
	if (found)
		qsort(items, found, sizeof(*items), by_score);
	*out = (struct suspects){.items = arena_alloc(a, n ? n : 1, sizeof(*out->items))};
	for (; out->n < found && !items[out->n].leader; out->n++) {
		const struct candidate *x = &items[out->n];

		evidence[out->n] = x->ev;
		out->items[out->n] = (struct suspect){.change = x->c,
			.score = x->ev.score,
			.before_ns = x->ev.before_ns,
			.taken_up = x->taken_up,
			.n_followed = x->followers};
		out->n_fits += x->ev.score >= CORRELATE_FITS;
	}
	if (!out->n_fits)
		out->none = evidence_none(
			a, evidence, out->n, target->service ? target->service : "");
	if (out->n > limit)
		out->n = limit;
	if (out->n_fits > out->n)
		out->n_fits = out->n;
	for (size_t i = 0; i < out->n; i++)
		out->items[i].reason = evidence_words(a, &out->items[i], &evidence[i]);
}
