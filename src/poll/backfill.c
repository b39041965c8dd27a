#include "config.h"

#include "poll/backfill.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "poll/asks.h"
#include "store/series.h"

enum {
	LOOK_POINTS = 1440, /* of the stored history, to find its end */
	ROWS_A_BATCH = 200, /* written in one transaction */
	POINTS_A_WINDOW = 5, /* the finest step is a fifth of the shortest window */
};

#define LEAST_HOLE_NS NS_PER_MIN

/* One window of one objective: what was asked, what came. */
struct piece {
	struct filling *of;
	int64_t window_ns;
	struct samples total, bad, ratio;
};

/* One objective that is being filled. */
struct filling {
	struct slo_entry *entry;
	struct backfill *all;
	struct prom_range range;
	struct piece pieces[SLO_WINDOWS];
	size_t n;
};

struct cursor {
	size_t total, bad, ratio;
};

struct backfill {
	struct round *round;
	struct filling *items;
	size_t n, cap;
	size_t left; /* questions without an answer yet */
	backfill_done_fn *done;
	void *ctx;
	/* where the writing stands: a batch each turn of the loop */
	unsigned timer;
	size_t item;
	int64_t at, onset;
	struct cursor cursors[SLO_WINDOWS];
};

/* A recorded series answers for all: the first who asks shares it. */
struct shared {
	struct backfill *all;
	int64_t window_ns;
};

/* --- where the hole is --- */

static int64_t stored_to(const struct slo_entry *entry, const struct round *r)
{
	const struct slo *slo = &entry->slo;
	struct samples history = {0};
	struct err e = ERR_INIT;

	if (entry->n_windows &&
		slo_burn_history(&history, r->arena, r->store, slo->service, slo->name,
			slo->source, entry->windows_ns[0], r->now - BACKFILL_NS,
			r->now - 1, LOOK_POINTS, &e) < 0)
		log_info("%s: %s", __func__, e.what);
	err_release(&e);
	return history.n ? history.items[history.n - 1].at : r->now - BACKFILL_NS;
}

/* False: there is no hole worth asking for. */
static bool hole_find(
	struct prom_range *out, struct slo_entry *entry, const struct round *r)
{
	int64_t hole = 3 * r->conf->every_ns;
	int64_t from = stored_to(entry, r);
	int64_t shortest = entry->n_windows ? entry->windows_ns[0] : NS_PER_HOUR;

	*out = prom_range(from + 1, r->now, shortest / POINTS_A_WINDOW);
	if (out->from <= from)
		out->from += out->step_ns;
	if (r->now - from >= (hole < LEAST_HOLE_NS ? LEAST_HOLE_NS : hole) &&
		out->from < out->to)
		return true;
	entry->history_to = r->now;
	return false;
}

void backfill_again(struct slo_set *slos)
{
	for (size_t i = 0; i < slos->n; i++)
		slos->items[i].history_to = NONE_INT;
}

/* --- writing --- */

/* The value at exactly `at`; *next goes along with the grid. */
static double value_at(const struct samples *s, size_t *next, int64_t at)
{
	while (*next < s->n && s->items[*next].at < at)
		(*next)++;
	return *next < s->n && s->items[*next].at == at ? s->items[*next].value : NAN;
}

static struct burn_window window_at(const struct piece *p, struct cursor *c, int64_t at)
{
	struct burn_window w =
		burn_given(p->window_ns, value_at(&p->ratio, &c->ratio, at));
	double bad;

	if (!p->total.n)
		return w;
	w.total = value_at(&p->total, &c->total, at);
	bad = value_at(&p->bad, &c->bad, at);
	w.bad = isnan(bad) && w.total > 0 ? 0 : bad;
	if (w.total > 0)
		w.ratio = w.bad / w.total;
	return w;
}

/* The beginning of the burn is known as we go along. */
static void onset_follow(struct slo_state *state, int64_t *onset)
{
	if (state->severity != SEV_PAGE && state->severity != SEV_TICKET)
		*onset = NONE_INT;
	else if (*onset == NONE_INT)
		*onset = state->at;
	state->onset = *onset;
}

static int rows_write(struct backfill *b, const struct filling *f, struct err *e)
{
	struct round *r = b->round;
	struct burn_window windows[SLO_WINDOWS];
	struct slo_measure m = {
		.windows = windows,
		.n_windows = f->n,
		.period = burn_given(f->entry->slo.window_ns, NAN),
	};
	int rc = source_check(r->store, r->source_id, r->generation, e);

	for (int row = 0; row < ROWS_A_BATCH && rc == 0 && b->at <= f->range.to; row++) {
		struct slo_state state;
		bool known = false;

		for (size_t i = 0; i < f->n; i++) {
			windows[i] = window_at(&f->pieces[i], &b->cursors[i], b->at);
			known = known || !isnan(windows[i].ratio);
		}
		if (known) {
			slo_evaluate(&state, r->arena, &f->entry->slo, &m, b->at);
			onset_follow(&state, &b->onset);
			rc = slo_record(r->store, &state, e);
		} else {
			b->onset = NONE_INT;
		}
		b->at += f->range.step_ns;
	}
	return rc;
}

static int batch_write(struct backfill *b, const struct filling *f, struct err *e)
{
	struct store *st = b->round->store;

	if (store_begin(st, e) < 0)
		return -1;
	if (rows_write(b, f, e) == 0)
		return store_commit(st, e);
	store_rollback(st);
	return -1;
}

static void backfill_end(struct backfill *b, const struct err *e)
{
	b->done(b->round, b->ctx, b->n, e);
}

static void item_begin(struct backfill *b)
{
	if (b->item < b->n)
		b->at = b->items[b->item].range.from;
	b->onset = NONE_INT;
	memset(b->cursors, 0, sizeof(b->cursors));
}

static void on_turn(void *ctx)
{
	struct backfill *b = ctx;
	struct err e = ERR_INIT;

	b->timer = 0;
	if (b->item >= b->n) {
		backfill_end(b, NULL);
		return;
	}
	if (batch_write(b, &b->items[b->item], &e) < 0) {
		backfill_end(b, &e);
		err_release(&e);
		return;
	}
	if (b->at > b->items[b->item].range.to) {
		b->items[b->item].entry->history_to = b->round->now;
		b->item++;
		item_begin(b);
	}
	b->timer = loop_after(b->round->loop, 0, on_turn, b);
}

void backfill_cancel(struct backfill *b)
{
	if (b)
		loop_cancel(b->round->loop, b->timer);
}

/* --- asking --- */

static struct samples samples_copy(struct arena *a, const struct samples *s)
{
	struct samples copy = {arena_alloc(a, s->n + 1, sizeof(*copy.items)), s->n};

	if (s->n)
		memcpy(copy.items, s->items, s->n * sizeof(*copy.items));
	return copy;
}

static void answered(struct backfill *b, const struct err *e)
{
	/* A hole stays where a server cannot tell; the present is not the worse for it. */
	if (e)
		log_info("%s: %s", __func__, e->what);
	if (--b->left)
		return;
	item_begin(b);
	b->timer = loop_after(b->round->loop, 0, on_turn, b);
}

static void first_series(struct samples *to, struct round *r, const struct prom_answer *p)
{
	if (p && p->n)
		*to = samples_copy(r->arena, &p->items[0].samples);
}

static void on_total(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct piece *piece = ctx;

	first_series(&piece->total, r, p);
	answered(piece->of->all, e);
}

static void on_bad(struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct piece *piece = ctx;

	first_series(&piece->bad, r, p);
	answered(piece->of->all, e);
}

static void on_ratio(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct piece *piece = ctx;

	first_series(&piece->ratio, r, p);
	answered(piece->of->all, e);
}

static void recorded_take(struct filling *f, struct round *r, int64_t window_ns,
	const struct prom_answer *p)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->pieces[i].window_ns != window_ns ||
			f->entry->slo.sli.kind != SLI_RECORDED)
			continue;
		for (size_t k = 0; k < p->n; k++) {
			if (slo_is_recorded_as(&f->entry->slo, p->items[k].labels))
				f->pieces[i].ratio =
					samples_copy(r->arena, &p->items[k].samples);
		}
	}
}

static void on_recorded(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct shared *shared = ctx;

	for (size_t i = 0; p && i < shared->all->n; i++)
		recorded_take(&shared->all->items[i], r, shared->window_ns, p);
	answered(shared->all, e);
}

static bool recorded_asked(
	const struct backfill *b, const struct filling *by, int64_t window_ns)
{
	for (const struct filling *f = b->items; f < by; f++) {
		if (f->entry->slo.sli.kind != SLI_RECORDED)
			continue;
		for (size_t i = 0; i < f->n; i++) {
			if (f->pieces[i].window_ns == window_ns)
				return true;
		}
	}
	return false;
}

static void recorded_ask(
	struct round *r, struct prom_server *server, struct piece *p, const char *query)
{
	struct backfill *b = p->of->all;
	struct shared *shared;

	if (recorded_asked(b, p->of, p->window_ns))
		return;
	shared = arena_alloc(r->arena, 1, sizeof(*shared));
	shared->all = b;
	shared->window_ns = p->window_ns;
	b->left++;
	prom_query_range(r, server, query, &p->of->range, on_recorded, shared);
}

static void piece_ask(struct round *r, struct prom_server *server, struct piece *p)
{
	const struct prom_range *range = &p->of->range;
	struct slo_promql q;

	slo_promql(&q, &p->of->entry->asked, p->window_ns);
	if (q.total && q.bad) {
		p->of->all->left += 2;
		prom_query_range(r, server, q.total, range, on_total, p);
		prom_query_range(r, server, q.bad, range, on_bad, p);
	} else if (q.ratio && q.recorded) {
		recorded_ask(r, server, p, q.ratio);
	} else if (q.ratio) {
		p->of->all->left++;
		prom_query_range(r, server, q.ratio, range, on_ratio, p);
	}
	slo_promql_release(&q);
}

static void filling_add(struct backfill *b, const struct round *r,
	struct slo_entry *entry, const struct prom_range *range)
{
	struct filling *f = arena_push(r->arena, b->items, b->n, b->cap);

	f->entry = entry;
	f->range = *range;
	for (size_t i = 0; i < entry->n_windows; i++) {
		if (entry->windows_ns[i] <= BACKFILL_MAX_WINDOW_NS)
			f->pieces[f->n++].window_ns = entry->windows_ns[i];
	}
}

/* All recorded objectives share the widest range: one query answers for all. */
static void ranges_share(struct backfill *b)
{
	struct prom_range widest = {0};

	for (size_t i = 0; i < b->n; i++) {
		const struct filling *f = &b->items[i];

		if (f->entry->slo.sli.kind == SLI_RECORDED &&
			(!widest.to || f->range.from < widest.from))
			widest = f->range;
	}
	for (size_t i = 0; i < b->n; i++) {
		if (b->items[i].entry->slo.sli.kind == SLI_RECORDED)
			b->items[i].range = widest;
	}
}

struct backfill *backfill_run(struct round *r, struct prom_server *server,
	struct slo_set *slos, size_t most, backfill_done_fn *done, void *ctx)
{
	struct backfill *b = arena_alloc(r->arena, 1, sizeof(*b));
	struct prom_range range;

	b->round = r;
	b->done = done;
	b->ctx = ctx;
	for (size_t i = 0; i < slos->n && b->n < most; i++) {
		struct slo_entry *entry = &slos->items[i];

		if (entry->ours && !entry->grouped && !entry->group &&
			entry->history_to == NONE_INT && hole_find(&range, entry, r))
			filling_add(b, r, entry, &range);
	}
	ranges_share(b);
	for (size_t i = 0; i < b->n; i++) { /* the array stands still from here on */
		b->items[i].all = b;
		for (size_t k = 0; k < b->items[i].n; k++)
			b->items[i].pieces[k].of = &b->items[i];
	}
	b->left++; /* ours: nothing ends before all is asked */
	for (size_t i = 0; i < b->n; i++) {
		for (size_t k = 0; k < b->items[i].n; k++)
			piece_ask(r, server, &b->items[i].pieces[k]);
	}
	answered(b, NULL);
	return b;
}
