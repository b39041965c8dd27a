#include "config.h"

#include "poll/asks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "signal/slo_query.h"

/* An answer is good for this many of its intervals when no newer one comes. */
enum { ANSWER_HOLDS = 3 };

/* A window that the server does not answer in one go is asked in parts, at most so many. */
enum { PARTS_MOST = 64, PARTS_MORE = 4 };

#define REFRESH_MOST_NS NS_PER_MIN /* what a person asks for is at most this old */
#define NO_DATA_MOST_NS (2 * NS_PER_MIN) /* a young server's long windows fill one day */

#define BUCKETS_EVERY_NS (10 * NS_PER_MIN) /* which boundaries a histogram has */

/* What the series of an answer are told apart by; LIST_NONE: only their sum counts. */
enum list_kind { LIST_NONE, LIST_RECORDED, LIST_GROUPS, LIST_BUCKETS };

/* One series: slo_recorded_key_of(), the group's labels as canonical JSON, or le. */
struct listed {
	const char *key; /* in the ask's arena */
	double value;
};

struct ask {
	UT_hash_handle hh;
	char *text; /* owned: the key */
	int64_t every_ns;
	bool wanted, asking, known, absent; /* absent: the answer has no series */
	enum list_kind list_kind;
	char *grouping; /* owned: of LIST_GROUPS */
	int64_t answered_mono, retry_mono, retry_ns;
	size_t parts; /* 0: whole; else its window is asked in so many */
	double sum, worst; /* of all series */
	struct arena arena; /* of the list */
	struct listed *list;
	size_t n_list;
	struct err failed;
};

struct asks {
	struct ask *by_text;
};

struct run {
	struct asks *asks;
	struct prom_server *server;
	struct slo_set *slos;
	bool refresh, windows; /* windows: boundaries are known, the rest is asked */
	size_t left;
	struct asks_result result;
	asks_done_fn *done;
	void *ctx;
};

enum ask_what { ASK_TOTAL, ASK_BAD, ASK_RATIO, ASK_OTHER };

struct run_ask {
	struct run *run;
	struct ask *ask;
	/* how the same is asked in parts: counts of events only can be put together */
	const struct slo *slo;
	enum ask_what what;
	enum list_kind list_kind;
	int64_t window_ns, at;
	size_t parts_left;
	double sum;
	bool cut; /* a part got no answer */
};

/* --- the table --- */

struct asks *asks_new(void)
{
	return mem_new(1, sizeof(struct asks));
}

static void ask_free(struct asks *a, struct ask *ask)
{
	HASH_DEL(a->by_text, ask);
	arena_release(&ask->arena);
	err_release(&ask->failed);
	free(ask->grouping);
	free(ask->text);
	free(ask);
}

void asks_free(struct asks *a)
{
	struct ask *ask, *next;

	if (!a)
		return;
	HASH_ITER (hh, a->by_text, ask, next)
		ask_free(a, ask);
	free(a);
}

static struct ask *ask_find(const struct asks *a, const char *text)
{
	struct ask *ask = NULL;

	if (text)
		HASH_FIND_STR(a->by_text, text, ask);
	return ask;
}

static struct ask *ask_for(struct asks *a, const char *text)
{
	struct ask *ask = ask_find(a, text);

	if (ask)
		return ask;
	ask = mem_new(1, sizeof(*ask));
	ask->text = mem_strdup(text);
	ask->sum = ask->worst = NAN;
	arena_init(&ask->arena);
	HASH_ADD_KEYPTR(hh, a->by_text, ask->text, strlen(ask->text), ask);
	return ask;
}

/* The windows of an objective, with its period when that is not one of them. */
static size_t windows_of(const struct slo_entry *entry, int64_t out[SLO_WINDOWS + 1])
{
	size_t n = entry->n_windows;

	memcpy(out, entry->windows_ns, n * sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		if (out[i] == entry->slo.window_ns)
			return n;
	}
	out[n++] = entry->slo.window_ns;
	return n;
}

/* What of a window is asked: of the calendar's period what of it has passed. */
static int64_t asked_ns(const struct slo_entry *entry, int64_t window_ns)
{
	return window_ns == entry->slo.window_ns ? entry->period_ask_ns : window_ns;
}

static void entry_promql(struct slo_promql *out, const struct slo_entry *entry,
	const struct slo *slo, int64_t window_ns)
{
	slo_promql(out, slo, asked_ns(entry, window_ns));
}

/* Which boundaries the histogram of a latency has; NULL: it is none. */
static char *buckets_text(const struct slo_entry *entry)
{
	return entry->has_latency
		? mem_format("count by (le) (%s)", entry->latency.buckets)
		: NULL;
}

/* At how many moments the period has data. */
static char *coverage_text(const struct slo_entry *entry, int64_t *step_ns)
{
	struct strbuf text = STRBUF_INIT;

	if (entry->period_ask_ns >= NS_PER_HOUR &&
		slo_coverage_query(&text, step_ns, &entry->asked, entry->period_ask_ns))
		return strbuf_detach(&text, NULL);
	strbuf_release(&text);
	return NULL;
}

/* What the server tells of a histogram's boundaries decides what is asked. */
static void entry_boundaries(
	const struct asks *a, struct slo_entry *entry, struct arena *arena)
{
	char *text = buckets_text(entry);
	const struct ask *ask = ask_find(a, text);
	double *bounds;

	free(text);
	if (!ask || !ask->known || entry->boundaries_mono == ask->answered_mono)
		return;
	entry->boundaries_mono = ask->answered_mono;
	bounds = arena_alloc(arena, ask->n_list + 1, sizeof(*bounds));
	for (size_t i = 0; i < ask->n_list; i++)
		bounds[i] = latency_bound(ask->list[i].key);
	slo_entry_boundaries(entry, arena, bounds, ask->n_list);
}

static void mark(struct asks *a, char *text)
{
	struct ask *ask = ask_find(a, text);

	if (ask)
		ask->wanted = true;
	free(text);
}

static void mark_window(struct asks *a, const struct slo_entry *entry,
	const struct slo *slo, int64_t window_ns)
{
	struct slo_promql q;

	entry_promql(&q, entry, slo, window_ns);
	mark(a, q.total);
	mark(a, q.bad);
	mark(a, q.ratio);
}

void asks_renew(struct asks *a, struct slo_set *slos, int64_t now)
{
	int64_t windows_ns[SLO_WINDOWS + 1], step_ns;
	struct ask *ask, *next;

	HASH_ITER (hh, a->by_text, ask, next)
		ask->wanted = false;
	for (size_t i = 0; i < slos->n; i++) {
		struct slo_entry *entry = &slos->items[i];
		size_t n = windows_of(entry, windows_ns);

		slo_entry_period(entry, now);
		entry_boundaries(a, entry, &slos->arena);
		mark(a, buckets_text(entry));
		mark(a, coverage_text(entry, &step_ns));
		for (size_t k = 0; k < n; k++)
			mark_window(a, entry, &entry->asked, windows_ns[k]);
		if (entry->has_higher)
			mark_window(a, entry, &entry->higher, entry->slo.window_ns);
	}
	HASH_ITER (hh, a->by_text, ask, next) {
		if (!ask->wanted)
			ask_free(a, ask);
		else if (ask->failed.code)
			ask->retry_mono = 0;
	}
}

/* --- asking --- */

static const char *series_key(struct ask *ask, const struct json *labels)
{
	const char *key;
	char *recorded;

	switch (ask->list_kind) {
	case LIST_RECORDED:
		recorded = slo_recorded_key_of(labels);
		key = arena_strdup(&ask->arena, recorded);
		free(recorded);
		return key;
	case LIST_GROUPS: return slo_group_key(&ask->arena, labels, ask->grouping);
	case LIST_BUCKETS:
		return arena_strdup(&ask->arena, json_text(json_get(labels, "le")));
	case LIST_NONE: break;
	}
	return NULL;
}

static void answer_keep(struct ask *ask, const struct prom_answer *p)
{
	ask->known = true;
	ask->absent = p->n == 0;
	ask->answered_mono = clock_mono();
	ask->sum = prom_sum(p);
	ask->worst = prom_worst(p);
	ask->retry_ns = 0;
	err_clear(&ask->failed);
	arena_reset(&ask->arena);
	ask->n_list = 0;
	if (!ask->list_kind)
		return;
	ask->list = arena_alloc(&ask->arena, p->n + 1, sizeof(*ask->list));
	for (size_t i = 0; i < p->n; i++) {
		const struct prom_series *s = &p->items[i];
		const char *key = series_key(ask, s->labels);

		if (key)
			ask->list[ask->n_list++] = (struct listed){
				key, s->samples.n ? s->samples.items[0].value : NAN};
	}
}

static void answer_fails(struct run *run, struct ask *ask, const struct err *e)
{
	log_info("%s: %.200s: %s", __func__, ask->text, e->what);
	err_copy(&ask->failed, e);
	run->result.last = &ask->failed;
	run->result.failed++;
	/* What was too much for the server would be so again: twice as late each time. */
	ask->retry_ns = ask->retry_ns ? 2 * ask->retry_ns : REFRESH_MOST_NS;
	if (ask->retry_ns > ask->every_ns)
		ask->retry_ns = ask->every_ns;
	/* What is wrong stays wrong until someone changes it: asks_renew() tries again. */
	ask->retry_mono =
		e->retry == RETRY_NEVER ? INT64_MAX : clock_mono() + ask->retry_ns;
	if (e->retry == RETRY_NEVER)
		ask->known = false;
}

static void windows_ask(struct run *run, struct round *r);

static void ask_done(struct run *run, struct round *r, struct ask *ask)
{
	ask->asking = false;
	if (--run->left)
		return;
	if (run->windows)
		run->done(r, run->ctx,
			&run->result); /* may end the round, and run with it */
	else
		windows_ask(run, r);
}

/* --- in parts --- */

/* The question for a shorter window; NULL: it has none that could be put together. */
static char *part_text(const struct run_ask *ra, int64_t window_ns)
{
	struct slo_promql q;
	char *text;

	slo_promql(&q, ra->slo, window_ns);
	text = ra->what == ASK_TOTAL ? q.total : ra->what == ASK_BAD ? q.bad : NULL;
	text = mem_strdup(text);
	slo_promql_release(&q);
	return text;
}

static void on_part(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct run_ask *ra = ctx;
	struct ask *ask = ra->ask;
	double sum = p ? prom_sum(p) : NAN;

	if (e && !ra->cut)
		answer_fails(ra->run, ask, e);
	ra->cut = ra->cut || e;
	if (!isnan(sum))
		ra->sum = isnan(ra->sum) ? sum : ra->sum + sum;
	if (--ra->parts_left)
		return;
	if (!ra->cut) {
		ask->known = true;
		ask->absent = isnan(ra->sum);
		ask->answered_mono = clock_mono();
		ask->sum = ask->worst = ra->sum;
		ask->retry_ns = 0;
		err_clear(&ask->failed);
	}
	ask_done(ra->run, r, ask);
}

/* The window as `parts` shorter ones, one behind the other. */
static bool parts_ask(struct run_ask *ra, struct round *r, size_t parts)
{
	int64_t window_ns = ra->window_ns / (int64_t)parts / NS_PER_S * NS_PER_S;
	/* The groups of parts would have to be put together one by one. */
	char *text =
		parts > 1 && parts <= PARTS_MOST && window_ns > 0 && !ra->ask->list_kind
		? part_text(ra, window_ns)
		: NULL;

	if (!text)
		return false;
	ra->ask->parts = parts;
	ra->parts_left = parts;
	ra->sum = NAN;
	ra->cut = false;
	for (size_t i = 0; i < parts; i++)
		prom_query(r, ra->run->server, text, ra->at - (int64_t)i * window_ns,
			on_part, ra);
	free(text);
	return true;
}

/* In how many parts the server may take it; 1: in one. */
static size_t parts_within(int64_t window_ns, int64_t longest_ns)
{
	/* It counts the lookback in. */
	int64_t room = longest_ns - 10 * NS_PER_MIN;

	if (longest_ns <= 0 || window_ns <= room)
		return 1;
	return room > 0 ? (size_t)((window_ns + room - 1) / room) : PARTS_MOST + 1;
}

/* The server refuses the whole: true when its parts are asked instead. */
static bool asked_in_parts(struct run_ask *ra, struct round *r, const struct err *e)
{
	struct prom_server *server = ra->run->server;
	enum prom_refusal why = prom_refusal_of(e->what);
	size_t parts = PARTS_MORE;

	if (why == PROM_TOO_LONG) {
		int64_t limit = prom_limit_of(e->what);

		if (limit > 0 && (!server->longest_ns || limit < server->longest_ns))
			server->longest_ns = limit;
		if (limit > 0)
			parts = parts_within(ra->window_ns, limit);
	} else if (why != PROM_TOO_MUCH) {
		return false;
	}
	return parts_ask(ra, r, parts);
}

/* --- in one --- */

static void on_answer(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct run_ask *ra = ctx;
	struct run *run = ra->run;

	if (e && asked_in_parts(ra, r, e))
		return;
	if (e)
		answer_fails(run, ra->ask, e);
	else
		answer_keep(ra->ask, p);
	ask_done(run, r, ra->ask);
}

static void ask_now(struct run_ask *ra, struct round *r)
{
	struct run *run = ra->run;
	struct ask *ask = ra->ask;
	size_t parts = ask->parts ? ask->parts
				  : parts_within(ra->window_ns, run->server->longest_ns);

	ask->asking = true;
	run->left++;
	run->result.asked++;
	if (!parts_ask(ra, r, parts))
		prom_query(r, run->server, ask->text, ra->at, on_answer, ra);
}

static bool is_due(const struct ask *ask, int64_t every_ns)
{
	int64_t now = clock_mono();

	if (ask->failed.code)
		return now >= ask->retry_mono;
	if (isnan(ask->sum) && every_ns > NO_DATA_MOST_NS)
		every_ns = NO_DATA_MOST_NS;
	return !ask->known || now - ask->answered_mono >= every_ns;
}

static void ask_if_due(
	const struct run_ask *what, struct round *r, const char *text, int64_t every_ns)
{
	const struct slo *slo = what->slo;
	struct run_ask *ra;
	struct ask *ask;

	if (!text)
		return;
	ask = ask_for(what->run->asks, text);
	ask->every_ns = every_ns;
	ask->list_kind = what->list_kind;
	if (ask->list_kind == LIST_GROUPS && !ask->grouping)
		ask->grouping = mem_strdup(slo->sli.grouping);
	if (ask->asking || !is_due(ask, every_ns))
		return;
	ra = arena_alloc(r->arena, 1, sizeof(*ra));
	*ra = *what;
	ra->ask = ask;
	ask_now(ra, r);
}

static void window_ask(struct run *run, struct round *r, const struct slo_entry *entry,
	const struct slo *slo, int64_t window_ns)
{
	struct run_ask what = {.run = run, .slo = slo, .at = r->now};
	struct slo_promql q;
	int64_t every_ns;

	entry_promql(&q, entry, slo, window_ns);
	what.window_ns = asked_ns(entry, window_ns);
	if (window_ns == entry->slo.window_ns)
		what.at = entry->period_at;
	what.list_kind = q.recorded ? LIST_RECORDED
		: slo->sli.grouping ? LIST_GROUPS
				    : LIST_NONE;
	every_ns = asks_interval(
		what.window_ns, run->refresh ? NS_PER_S : r->conf->every_ns, q.recorded);
	if (run->refresh && every_ns > REFRESH_MOST_NS)
		every_ns = REFRESH_MOST_NS;
	what.what = ASK_TOTAL;
	ask_if_due(&what, r, q.total, every_ns);
	what.what = q.bad ? ASK_BAD : ASK_RATIO;
	ask_if_due(&what, r, q.bad ? q.bad : q.ratio, every_ns);
	slo_promql_release(&q);
}

static void coverage_ask(struct run *run, struct round *r, const struct slo_entry *entry)
{
	struct run_ask what = {.run = run,
		.slo = &entry->asked,
		.what = ASK_OTHER,
		.window_ns = entry->period_ask_ns,
		.at = entry->period_at,
		.list_kind = entry->asked.sli.grouping ? LIST_GROUPS : LIST_NONE};
	int64_t step_ns;
	char *text = coverage_text(entry, &step_ns);

	ask_if_due(&what, r, text,
		asks_interval(entry->period_ask_ns, r->conf->every_ns, false));
	free(text);
}

static void entry_run(struct run *run, struct round *r, const struct slo_entry *entry)
{
	int64_t windows_ns[SLO_WINDOWS + 1];
	size_t n = windows_of(entry, windows_ns);

	if (entry->unmeasurable)
		return;
	for (size_t i = 0; i < n; i++)
		window_ask(run, r, entry, &entry->asked, windows_ns[i]);
	if (entry->has_higher)
		window_ask(run, r, entry, &entry->higher, entry->slo.window_ns);
	coverage_ask(run, r, entry);
}

static void buckets_ask(struct run *run, struct round *r, const struct slo_entry *entry)
{
	struct run_ask what = {.run = run,
		.slo = &entry->slo,
		.what = ASK_OTHER,
		.window_ns = NS_PER_MIN,
		.at = r->now,
		.list_kind = LIST_BUCKETS};
	char *text = buckets_text(entry);

	ask_if_due(&what, r, text, BUCKETS_EVERY_NS);
	free(text);
}

/* A round that was cut off leaves questions without answers. */
static void asking_clear(struct asks *a)
{
	struct ask *ask, *next;

	HASH_ITER (hh, a->by_text, ask, next)
		ask->asking = false;
}

/* A group is answered by the question of its whole objective. */
static bool is_asked(const struct slo_entry *entry)
{
	return entry->ours && !entry->group;
}

static void windows_ask(struct run *run, struct round *r)
{
	struct slo_set *slos = run->slos;

	run->windows = true;
	run->left++; /* ours: nothing ends before all is asked */
	for (size_t i = 0; i < slos->n; i++)
		entry_boundaries(run->asks, &slos->items[i], &slos->arena);
	for (size_t i = 0; i < slos->n; i++) {
		if (is_asked(&slos->items[i]))
			entry_run(run, r, &slos->items[i]);
	}
	if (--run->left == 0)
		run->done(r, run->ctx, &run->result);
}

void asks_run(struct asks *a, struct round *r, struct prom_server *server,
	struct slo_set *slos, bool refresh, asks_done_fn *done, void *ctx)
{
	struct run *run = arena_alloc(r->arena, 1, sizeof(*run));

	run->asks = a;
	run->server = server;
	run->slos = slos;
	run->refresh = refresh;
	run->done = done;
	run->ctx = ctx;
	asking_clear(a);
	run->left++;
	for (size_t i = 0; i < slos->n; i++) {
		slo_entry_period(&slos->items[i], r->now);
		if (is_asked(&slos->items[i]))
			buckets_ask(run, r, &slos->items[i]);
	}
	if (--run->left == 0)
		windows_ask(run, r);
}

/* --- what came of it --- */

static bool is_good(const struct ask *ask)
{
	return ask && ask->known &&
		clock_mono() - ask->answered_mono <= ANSWER_HOLDS * ask->every_ns;
}

/* What an answer says of one objective: a series of its own, or the sum of all. */
static double answer_value(
	const struct ask *ask, const struct slo_entry *entry, double all, bool *absent)
{
	const char *key = entry->group;
	char *recorded = NULL;
	double value = NAN;

	*absent = ask->absent;
	if (!ask->list_kind)
		return all;
	if (ask->list_kind == LIST_RECORDED)
		key = recorded = slo_recorded_key(&entry->slo);
	*absent = true;
	for (size_t i = 0; key && i < ask->n_list && *absent; i++) {
		if (!strcmp(ask->list[i].key, key)) {
			value = ask->list[i].value;
			*absent = false;
		}
	}
	free(recorded);
	return value;
}

/*
 * More good events than there are events: the parts do not belong together, and their difference
 * says nothing.  At the edges of ranges they may differ by an event, or a little.
 */
static bool is_absurd(double failed, double all, bool counted)
{
	return failed < -0.05 * all - (counted ? 1 : 0);
}

/*
 * An error counter that is not there yet has counted nothing; one that is NaN says nothing.  False
 * for what cannot be.
 */
static bool window_of_counts(struct burn_window *w, const struct slo_entry *entry,
	const struct ask *total, const struct ask *bad, bool counted)
{
	bool no_total, no_bad;
	double all, failed;

	if (!is_good(total) || !is_good(bad))
		return true;
	all = answer_value(total, entry, total->sum, &no_total);
	failed = answer_value(bad, entry, bad->sum, &no_bad);
	if (no_bad && all > 0)
		failed = 0;
	/* What is infinite was divided by nothing, or overflowed: it counts nothing. */
	all = isfinite(all) ? all : NAN;
	failed = isfinite(failed) ? failed : NAN;
	if (is_absurd(failed, all, counted))
		return false;
	if (all > 0 && !isnan(failed))
		w->ratio = fmin(1, fmax(0, failed / all));
	w->total = counted ? all : NAN;
	w->bad = counted ? fmax(0, failed) : NAN;
	if (isnan(failed))
		w->bad = NAN;
	return true;
}

/* A ratio alone, and perhaps how many events it is of. */
static void window_of_ratio(struct burn_window *w, const struct slo_entry *entry,
	const struct ask *ratio, const struct ask *total)
{
	bool absent;

	if (!is_good(ratio))
		return;
	w->ratio = answer_value(ratio, entry, ratio->worst, &absent);
	if (!isfinite(w->ratio))
		w->ratio = NAN;
	if (!is_good(total))
		return;
	w->total = answer_value(total, entry, total->sum, &absent);
	w->bad = w->ratio * w->total;
}

/* Why one of them has no answer; NULL: none failed. */
static const char *why_of(const struct ask *const *asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (asks[i] && asks[i]->failed.code)
			return asks[i]->failed.what;
	}
	return NULL;
}

static struct burn_window window_answered(const struct asks *a,
	const struct slo_entry *entry, const struct slo *slo, int64_t window_ns,
	const char **why)
{
	struct burn_window w = burn_given(asked_ns(entry, window_ns), NAN);
	const struct ask *asks[3];
	struct slo_promql q;
	bool sane = true;

	entry_promql(&q, entry, slo, window_ns);
	asks[0] = ask_find(a, q.total);
	asks[1] = ask_find(a, q.bad);
	asks[2] = ask_find(a, q.ratio);
	if (q.total && q.bad)
		sane = window_of_counts(&w, entry, asks[0], asks[1], q.counted);
	else
		window_of_ratio(&w, entry, asks[2], asks[0]);
	slo_promql_release(&q);
	if (why)
		*why = sane ? why_of(asks, ARRAY_LEN(asks))
			    : _("more good events are counted than events at all");
	return w;
}

struct burn_window asks_window(const struct asks *a, const struct slo_entry *entry,
	int64_t window_ns, const char **why)
{
	return window_answered(a, entry, &entry->asked, window_ns, why);
}

struct burn_window asks_window_higher(const struct asks *a, const struct slo_entry *entry)
{
	if (!entry->has_higher)
		return burn_given(entry->slo.window_ns, NAN);
	return window_answered(a, entry, &entry->higher, entry->slo.window_ns, NULL);
}

double asks_coverage(const struct asks *a, const struct slo_entry *entry)
{
	int64_t step_ns = 0;
	char *text = coverage_text(entry, &step_ns);
	const struct ask *ask = ask_find(a, text);
	bool absent;
	double moments;

	free(text);
	if (!ask || !ask->known)
		return NAN;
	moments = answer_value(ask, entry, ask->worst, &absent);
	/* No moment had any; fmin() would call that the whole. */
	if (isnan(moments))
		return 0;
	return fmin(1, moments * (double)step_ns / (double)entry->period_ask_ns);
}

/* --- groups --- */

/* The groups that a server tells of, by the longest window: those that failed only, too. */
static void groups_take(
	struct asks *a, struct slo_set *slos, size_t grouped, const char **problem)
{
	struct slo_promql q;
	const struct ask *ask;

	entry_promql(&q, &slos->items[grouped], &slos->items[grouped].asked,
		slos->items[grouped].slo.window_ns);
	ask = ask_find(a, q.total ? q.total : q.ratio);
	slo_promql_release(&q);
	if (!ask || !ask->known || ask->list_kind != LIST_GROUPS)
		return;
	for (size_t i = 0; i < slos->n; i++) {
		if (slo_entry_is_group_of(&slos->items[i], &slos->items[grouped]))
			slos->items[i].gone = true;
	}
	for (size_t i = 0; i < ask->n_list; i++) {
		struct slo_entry *group = slo_set_group(slos, grouped, ask->list[i].key);

		if (group)
			group->gone = false;
		else
			*problem = slos->items[grouped].slo.name;
	}
}

const char *asks_groups(struct asks *a, struct slo_set *slos, int64_t now)
{
	const char *problem = NULL;
	size_t n = slos->n;

	for (size_t i = 0; i < n; i++) {
		if (slos->items[i].ours && slos->items[i].grouped)
			groups_take(a, slos, i, &problem);
	}
	for (size_t i = n; i < slos->n; i++)
		slo_entry_period(&slos->items[i], now);
	return problem;
}
