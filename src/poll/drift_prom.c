#include "config.h"

#include "poll/drift_prom.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/number.h"

enum {
	BATCH = 20, /* features in a query */
	BATCH_BYTES = 6000, /* and what it may be long: some servers take it in the URL */
	BACK = 24, /* evaluations made up for at first contact */
	BACK_SIDES = 4000, /* and no more than so many sides */
};

#define AGAIN_NS (10 * NS_PER_MIN) /* for a reference that had no data */
#define FEATURE "tocsin_feature"

enum part { PART_CURRENT, PART_REFERENCE, PARTS };

/* One check under evaluation, at one or more moments. */
struct asking {
	struct round *round;
	struct drift_set *set;
	struct prom_server *server;
	drift_done_fn *done;
	struct drift_entry *entry;
	int64_t *times; /* ascending */
	size_t n_times;
	struct drift_side *sides[PARTS]; /* of each time, of each feature */
	bool *wanted; /* references that have to be asked for */
	bool *asked; /* of those, the ones that were */
	size_t left;
	const char *failed; /* the server cannot be reached (arena); NULL */
};

/* One query on the way. */
struct question {
	struct asking *asking;
	enum part part;
	size_t from, to;
	bool ranged;
};

static void entry_next(struct asking *k);

/* --- what is asked --- */

bool drift_prom_query(struct strbuf *out, const struct drift_check *c, size_t from,
	size_t to, const bool *which, int64_t window_ns)
{
	bool any = false;

	for (size_t i = from; i < to; i++) {
		struct strbuf one = STRBUF_INIT;

		if ((!which || which[i]) &&
			drift_feature_query(&one, &c->features[i], window_ns)) {
			strbuf_addf(out,
				"%slabel_replace(%s, \"" FEATURE
				"\", \"%zu\", \"\", \"\")",
				any ? " or " : "", one.buf, i);
			any = true;
		}
		strbuf_release(&one);
	}
	return any;
}

/* The end of the batch that begins with `from`. */
static size_t batch_end(const struct drift_check *c, size_t from, int64_t window_ns)
{
	struct strbuf text = STRBUF_INIT;
	size_t to = from;

	while (to < c->n && to - from < BATCH) {
		(void)drift_feature_query(&text, &c->features[to], window_ns);
		if (to > from && text.len > BATCH_BYTES)
			break;
		to++;
	}
	strbuf_release(&text);
	return to;
}

/* --- what is answered --- */

struct gathered {
	struct drift_bucket *buckets;
	struct drift_interval *intervals;
	struct drift_category *categories;
	size_t n_buckets, cap_buckets, n_intervals, cap_intervals, n_categories,
		cap_categories;
};

/* Range queries answer on their grid, which is ours. */
static bool is_at(int64_t found, int64_t at)
{
	return found > at - 2 * NS_PER_MS && found < at + 2 * NS_PER_MS;
}

/* at NONE_INT: the last there is. */
static const struct sample *sample_at(const struct prom_series *s, int64_t at)
{
	for (size_t i = s->samples.n; i-- > 0;)
		if (at == NONE_INT || is_at(s->samples.items[i].at, at))
			return &s->samples.items[i];
	return NULL;
}

static const struct prom_histogram *histogram_at(const struct prom_series *s, int64_t at)
{
	for (size_t i = s->n_histograms; i-- > 0;)
		if (at == NONE_INT || is_at(s->histograms[i].at, at))
			return &s->histograms[i];
	return NULL;
}

static double bound_of(const char *le)
{
	double v;

	if (!le)
		return NAN;
	if (!strcmp(le, "+Inf") || !strcmp(le, "Inf"))
		return INFINITY;
	return number_parse(&v, le, strlen(le)) ? v : NAN;
}

static void series_gather(struct gathered *g, struct arena *a,
	const struct drift_feature *f, const struct prom_series *s, int64_t at)
{
	const struct prom_histogram *h = histogram_at(s, at);
	const struct sample *sample = sample_at(s, at);
	const char *le = json_text(json_get(s->labels, "le"));

	for (size_t i = 0; h && i < h->n; i++)
		*arena_push(a, g->intervals, g->n_intervals, g->cap_intervals) =
			(struct drift_interval){h->buckets[i].lower, h->buckets[i].upper,
				h->buckets[i].count};
	if (!sample)
		return;
	if (f->from == DRIFT_FROM_HISTOGRAM || (f->from == DRIFT_FROM_QUERY && le))
		*arena_push(a, g->buckets, g->n_buckets, g->cap_buckets) =
			(struct drift_bucket){bound_of(le), sample->value};
	else
		*arena_push(a, g->categories, g->n_categories, g->cap_categories) =
			(struct drift_category){
				drift_side_label(a, s->labels, f), sample->value};
}

static void side_make(struct drift_side *out, struct arena *a, const struct gathered *g,
	const struct drift_feature *f, int64_t at, int64_t window_ns)
{
	if (g->n_intervals)
		drift_side_native(out, a, g->intervals, g->n_intervals);
	else if (g->n_buckets || f->from == DRIFT_FROM_HISTOGRAM)
		drift_side_classic(out, a, g->buckets, g->n_buckets);
	else
		drift_side_categories(out, a, g->categories, g->n_categories);
	out->from = at - window_ns;
	out->to = at;
}

void drift_prom_sides(struct drift_side *sides, struct arena *a,
	const struct drift_check *c, const struct prom_answer *p, int64_t at,
	int64_t window_ns, bool instant)
{
	struct gathered *all = arena_alloc(a, c->n + 1, sizeof(*all));
	bool *seen = arena_alloc(a, c->n + 1, sizeof(*seen));

	for (size_t i = 0; i < p->n; i++) {
		int64_t feature = json_int(json_get(p->items[i].labels, FEATURE));

		if (feature >= 0 && (size_t)feature < c->n) {
			seen[feature] = true;
			series_gather(&all[feature], a, &c->features[feature],
				&p->items[i], instant ? NONE_INT : at);
		}
	}
	for (size_t i = 0; i < c->n; i++)
		if (seen[i])
			side_make(&sides[i], a, &all[i], &c->features[i], at, window_ns);
}

/* --- one check --- */

static void asking_end(struct asking *k, const struct err *e)
{
	struct round *r = k->round;
	drift_done_fn *done = k->done;
	struct err own = ERR_INIT;

	if (e)
		err_copy(&own, e);
	if (!own.code)
		(void)drift_set_write(k->set, r, &own);
	done(r, own.code ? &own : NULL);
	err_release(&own);
}

static struct drift_side *side_of(struct asking *k, enum part part, size_t time)
{
	return k->sides[part] + time * (k->entry->check.n + 1);
}

static int evaluate(struct asking *k, struct err *e)
{
	struct drift_entry *entry = k->entry;
	struct round *r = k->round;
	const struct drift_check *c = &entry->check;

	if (c->reference == DRIFT_REF_AT && k->n_times &&
		drift_pin_sides(entry, r, side_of(k, PART_REFERENCE, 0), k->asked, e) < 0)
		return -1;
	/* The first window is pinned, and compared from the next one on. */
	if (c->reference == DRIFT_REF_PINNED &&
		drift_pin_sides(entry, r, side_of(k, PART_CURRENT, k->n_times - 1),
			k->wanted, e) < 0)
		return -1;
	for (size_t t = 0; t < k->n_times; t++)
		if (drift_entry_evaluate(entry, r, k->times[t],
			    side_of(k, PART_REFERENCE, t), side_of(k, PART_CURRENT, t),
			    t + 1 < k->n_times, e) < 0)
			return -1;
	entry->backfilled = true;
	return 0;
}

static void entry_done(struct asking *k)
{
	struct err e = ERR_INIT;
	int rc;

	if (k->failed) {
		round_partial(k->round, "%s: %s", k->entry->check.dataset, k->failed);
		rc = drift_entry_fail(k->entry, k->round, k->failed, &e);
		k->failed = NULL;
	} else {
		rc = evaluate(k, &e);
	}
	if (rc < 0)
		asking_end(k, &e);
	else
		entry_next(k);
	err_release(&e);
}

static void question_ask(struct asking *k, enum part part, size_t from, size_t to);

static void sides_note(struct asking *k, const struct question *q, const char *why)
{
	for (size_t t = 0; t < k->n_times; t++)
		for (size_t i = q->from; i < q->to; i++)
			side_of(k, q->part, t)[i].note = why;
}

static void answer_fails(struct asking *k, const struct question *q, const struct err *e)
{
	bool away = e->code == ERR_NET || e->code == ERR_AUTH || e->code == ERR_DENIED;
	const char *why = arena_strdup(k->round->arena, e->what);

	if (away) {
		k->failed = k->failed ? k->failed : why;
		return;
	}
	if (q->to - q->from == 1) {
		sides_note(k, q, why);
		return;
	}
	for (size_t i = q->from; i < q->to; i++)
		question_ask(k, q->part, i, i + 1);
}

static int64_t time_of(const struct asking *k, enum part part, size_t t)
{
	const struct drift_check *c = &k->entry->check;

	if (part == PART_CURRENT)
		return k->times[t];
	return c->reference == DRIFT_REF_AT ? c->at : k->times[t] - c->offset_ns;
}

static void answer_take(struct asking *k, const struct question *q, struct prom_answer *p)
{
	const struct drift_check *c = &k->entry->check;
	int64_t window_ns = q->part == PART_CURRENT ? c->window_ns : c->reference_ns;

	for (size_t t = 0; t < k->n_times; t++)
		drift_prom_sides(side_of(k, q->part, t), k->round->arena, c, p,
			time_of(k, q->part, t), window_ns, !q->ranged);
	if (p->partial)
		round_partial(k->round, "%s", p->partial);
}

static void on_answer(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct question *q = ctx;
	struct asking *k = q->asking;

	(void)r;
	if (e)
		answer_fails(k, q, e);
	else
		answer_take(k, q, p);
	if (--k->left == 0)
		entry_done(k);
}

static void question_ask(struct asking *k, enum part part, size_t from, size_t to)
{
	const struct drift_check *c = &k->entry->check;
	struct strbuf query = STRBUF_INIT;
	struct question *q;
	int64_t window_ns = part == PART_CURRENT ? c->window_ns : c->reference_ns;
	bool ranged = k->n_times > 1 && time_of(k, part, 0) != time_of(k, part, 1);

	if (drift_prom_query(&query, c, from, to,
		    part == PART_REFERENCE ? k->wanted : NULL, window_ns)) {
		struct prom_range range = {.from = time_of(k, part, 0),
			.to = time_of(k, part, k->n_times - 1),
			.step_ns = ranged ? k->times[1] - k->times[0] : NS_PER_S};

		q = arena_alloc(k->round->arena, 1, sizeof(*q));
		*q = (struct question){k, part, from, to, ranged};
		k->left++;
		for (size_t i = from; part == PART_REFERENCE && i < to; i++)
			k->asked[i] = k->wanted[i];
		if (ranged)
			prom_query_range(
				k->round, k->server, query.buf, &range, on_answer, q);
		else
			prom_query(
				k->round, k->server, query.buf, range.from, on_answer, q);
	}
	strbuf_release(&query);
}

/* The moments: now; at first contact those before it too, on one grid. */
static void times_choose(struct asking *k)
{
	const struct drift_entry *entry = k->entry;
	const struct drift_check *c = &entry->check;
	int64_t step_ns = c->every_ns / NS_PER_S * NS_PER_S;
	int64_t to = k->round->now / NS_PER_S * NS_PER_S;
	size_t n = 1;

	if (!entry->backfilled && !entry->told && c->reference != DRIFT_REF_PINNED &&
		k->round->reason == ROUND_FULL) {
		n = BACK_SIDES / (c->n + 1);
		n = n > BACK                        ? BACK
			: n < (size_t)c->persist_of ? (size_t)c->persist_of
						    : n;
	}
	k->n_times = n;
	k->times = arena_alloc(k->round->arena, n, sizeof(*k->times));
	for (size_t i = 0; i < n; i++)
		k->times[i] = to - (int64_t)(n - 1 - i) * step_ns;
	k->times[n - 1] = n == 1 ? k->round->now : to;
}

/* What is pinned stands for every moment; what is not is asked for, where it can be. */
static int references_find(struct asking *k, struct err *e)
{
	const struct drift_check *c = &k->entry->check;
	struct drift_references refs;

	if (drift_references(&refs, k->entry, k->round, k->round->now, e) < 0)
		return -1;
	k->wanted = arena_alloc(k->round->arena, c->n + 1, sizeof(*k->wanted));
	k->asked = arena_alloc(k->round->arena, c->n + 1, sizeof(*k->asked));
	for (size_t i = 0; i < c->n; i++) {
		k->wanted[i] = !refs.known[i] && !c->features[i].file;
		for (size_t t = 0; t < k->n_times; t++)
			side_of(k, PART_REFERENCE, t)[i] = refs.sides[i];
	}
	return 0;
}

static void entry_ask(struct asking *k)
{
	struct drift_entry *entry = k->entry;
	const struct drift_check *c = &entry->check;
	bool ask = c->reference == DRIFT_REF_OFFSET || c->reference == DRIFT_REF_AT;

	/* A fixed window that had nothing will not soon have something. */
	if (c->reference == DRIFT_REF_AT && clock_mono() < entry->again_mono)
		ask = false;
	if (ask && c->reference == DRIFT_REF_AT)
		entry->again_mono = clock_mono() + AGAIN_NS;
	k->left = 1;
	for (size_t i = 0, to; i < c->n; i = to) {
		to = batch_end(c, i, c->window_ns);
		question_ask(k, PART_CURRENT, i, to);
		if (ask)
			question_ask(k, PART_REFERENCE, i, to);
	}
	if (--k->left == 0)
		entry_done(k);
}

static void entry_next(struct asking *k)
{
	struct err e = ERR_INIT;
	size_t n;

	k->entry = drift_set_next(k->set, k->round);
	if (!k->entry) {
		asking_end(k, NULL);
		return;
	}
	if (drift_entry_load(k->entry, k->round, &e) < 0) {
		asking_end(k, &e);
		err_release(&e);
		return;
	}
	times_choose(k);
	n = k->n_times * (k->entry->check.n + 1);
	for (int part = 0; part < PARTS; part++) {
		k->sides[part] = arena_alloc(k->round->arena, n, sizeof(**k->sides));
		for (size_t i = 0; i < n; i++)
			k->sides[part][i].from = k->sides[part][i].to = NONE_INT;
	}
	if (references_find(k, &e) < 0)
		asking_end(k, &e);
	else
		entry_ask(k);
	err_release(&e);
}

void drift_prom_run(struct drift_set *s, struct round *r, struct prom_server *server,
	drift_done_fn *done)
{
	struct asking *k = arena_alloc(r->arena, 1, sizeof(*k));

	*k = (struct asking){.round = r, .set = s, .server = server, .done = done};
	entry_next(k);
}
