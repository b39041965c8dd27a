#include "config.h"

#include "poll/scraped.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "poll/asks.h"
#include "poll/scraped_inside.h"
#include "signal/budget.h"
#include "signal/slice.h"
#include "store/series.h"

enum {
	READ_LIMIT = 1000000,
	RECOVERY_STEPS = 720,
};

#define SLICE_NS (10 * NS_PER_MS)
#define GIVEN_UP_NS NS_PER_MIN /* a Prometheus that failed this long is stood in for */
#define BURNING_MOST_NS (10 * NS_PER_MIN)
#define REFRESH_MOST_NS NS_PER_MIN /* what a person asks for is at most this old */
#define NO_DATA_AGAIN_NS (15 * NS_PER_S)
#define RECOVERY_EVERY_NS (30 * NS_PER_MIN)

/* --- evaluation --- */

static int64_t started_of(const struct scraped *s, const struct series *series)
{
	for (const struct target *t = s->targets; t; t = t->next) {
		if (scraped_is_of(series, t->instance))
			return t->started;
	}
	return NONE_INT;
}

/*
 * What was counted before our first look, of the part of it inside the window: a process begins
 * to count at 0.  Good for the budget's period only: it is spread evenly, so that a shorter
 * window would show an average of long ago as if it were now.  *since: how far back we know.
 */
static double before_first(const struct scraped *s, const struct series *series,
	const struct samples *samples, int64_t edge, int64_t *since)
{
	const struct sample *first = samples->n ? &samples->items[0] : NULL;
	int64_t started = started_of(s, series);

	if (!first || first->at <= edge || started == NONE_INT || started >= first->at)
		return NAN;
	*since = started > edge ? started : edge;
	return first->value * (double)(first->at - *since) /
		(double)(first->at - started);
}

static void slices_take(struct scraped *s, const struct job *job,
	const struct samples *samples, const double *weights)
{
	for (int part = 0; part < COUNTED_PARTS; part++) {
		if (weights[part] != 0)
			slice_add(s->slices[part], job->n_slices, samples, job->from,
				job->slice_ns, weights[part]);
	}
}

static void growth_take(struct scraped *s, const struct job *job,
	const struct series *series, const struct samples *samples, const double *weights)
{
	int64_t to = s->round->now, window_ns = job->window_ns, since = to;
	double before = NAN, coverage = 0;
	double growth = counter_growth(samples, to, window_ns, &coverage);

	if (job->of->windows_ns[job->window] == job->of->entry->slo.window_ns)
		before = before_first(s, series, samples, to - window_ns, &since);
	if (!isnan(before)) {
		growth = before + (isnan(growth) ? 0 : growth);
		coverage = (double)(to - since) / (double)window_ns;
	}
	for (int part = 0; part < COUNTED_PARTS; part++) {
		if (weights[part] == 0 || isnan(growth))
			continue;
		s->sums[part] = (isnan(s->sums[part]) ? 0 : s->sums[part]) +
			weights[part] * growth;
		s->coverage[part] = fmax(s->coverage[part], coverage);
	}
}

static int series_grow(struct scraped *s, const struct job *job,
	const struct series *series, struct err *e)
{
	int64_t to = s->round->now;
	struct samples samples = {0};
	double weights[COUNTED_PARTS];
	bool any = false;

	for (int part = 0; part < COUNTED_PARTS; part++) {
		weights[part] = counted_weight(&job->of->counted, (enum counted_part)part,
			series->name, series->labels, series->n_labels);
		any = any || weights[part] != 0;
	}
	if (!any || !series->id)
		return 0;
	arena_reset(&s->samples);
	if (series_read(&samples, &s->samples, s->round->store, series->id,
		    job->n_slices ? job->from : to - job->window_ns, to, true, READ_LIMIT,
		    e) < 0)
		return -1;
	if (job->n_slices)
		slices_take(s, job, &samples, weights);
	else
		growth_take(s, job, series, &samples, weights);
	return 0;
}

static void slices_free(struct scraped *s)
{
	for (int part = 0; part < COUNTED_PARTS; part++) {
		free(s->slices[part]);
		s->slices[part] = NULL;
	}
}

static void job_begin(struct scraped *s)
{
	const struct job *job = s->job < s->n_jobs ? &s->jobs[s->job] : NULL;

	s->at = s->by_key;
	slices_free(s);
	for (int part = 0; part < COUNTED_PARTS; part++) {
		s->sums[part] = NAN;
		s->coverage[part] = 0;
		if (!job || !job->n_slices)
			continue;
		s->slices[part] = mem_new(job->n_slices, sizeof(double));
		for (size_t i = 0; i < job->n_slices; i++)
			s->slices[part][i] = NAN;
	}
}

/* Of good and bad events, one of which may be missing; all of them when that is not counted. */
static double total_of(const struct sli *sli, double good, double bad, double total)
{
	if (sli->total)
		return total;
	return isnan(bad) ? good : isnan(good) ? bad : good + bad;
}

/* A counter of errors that is not there yet has counted none; without good events all failed. */
static double bad_of(const struct sli *sli, double good, double bad, double total)
{
	if (isnan(total))
		return NAN;
	if (sli->bad)
		return isnan(bad) ? 0 : bad;
	return fmax(0, total - (isnan(good) ? 0 : good));
}

/* What slices need: good and bad events as bad and all. */
static void slices_settle(struct scraped *s, const struct sli *sli, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double good = s->slices[COUNTED_GOOD][i], bad = s->slices[COUNTED_BAD][i];
		double total = total_of(sli, good, bad, s->slices[COUNTED_TOTAL][i]);

		s->slices[COUNTED_TOTAL][i] = total;
		s->slices[COUNTED_BAD][i] = bad_of(sli, good, bad, total);
	}
}

static void recovery_finish(struct scraped *s, const struct job *job)
{
	struct slo_entry *entry = job->of->entry;
	struct samples bad = {
		arena_alloc(s->round->arena, job->n_slices, sizeof(*bad.items)), 0};

	for (size_t i = 0; i < job->n_slices; i++) {
		if (!isnan(s->slices[COUNTED_BAD][i]))
			bad.items[bad.n++] = (struct sample){
				job->from + (int64_t)(i + 1) * job->slice_ns,
				s->slices[COUNTED_BAD][i]};
	}
	entry->recovers = budget_recovers(
		&bad, entry->allowed, entry->slo.window_ns, s->round->now);
}

/* No total is no data. */
static void events_finish(struct scraped *s, const struct job *job, struct burn_window *w)
{
	const struct sli *sli = &job->of->entry->slo.sli;
	double good = s->sums[COUNTED_GOOD], bad = s->sums[COUNTED_BAD];

	*w = burn_given(job->window_ns, NAN);
	w->total = total_of(sli, good, bad, s->sums[COUNTED_TOTAL]);
	w->bad = bad_of(sli, good, bad, w->total);
	w->coverage = s->coverage[sli->total ? COUNTED_TOTAL : COUNTED_GOOD];
	if (w->total > 0)
		w->ratio = fmin(1, w->bad / w->total);
}

static void job_finish(struct scraped *s, const struct job *job)
{
	struct burn_window *w = &job->of->windows[job->window];
	const struct slo *slo = &job->of->entry->slo;

	if (job->n_slices)
		slices_settle(s, &slo->sli, job->n_slices);
	if (job->recovery) {
		recovery_finish(s, job);
		return;
	}
	if (job->n_slices)
		*w = slice_measure(slo, s->slices[COUNTED_BAD], s->slices[COUNTED_TOTAL],
			job->n_slices, job->window_ns);
	else
		events_finish(s, job, w);
	if (isnan(w->ratio)) /* the first samples are in: look again soon */
		job->of->due_mono[job->window] = clock_mono() + NO_DATA_AGAIN_NS;
}

static const char *notes_of(struct round *r, const struct objective *o)
{
	const struct slo_entry *entry = o->entry;
	double higher = o->higher ? o->higher->windows[0].ratio : NAN;

	if (!entry->ours)
		return arena_format(r->arena,
			_("from '%s', because '%s' does not answer"), r->conf->name,
			entry->slo.source);
	if (isnan(higher))
		return NULL;
	return arena_format(r->arena,
		_("at the higher boundary the period burns at %.3g"),
		burn_rate(higher, entry->slo.objective));
}

static int objective_record(struct round *r, struct objective *o, struct err *e)
{
	struct burn_window period = o->windows[o->n - 1];

	if (!o->entry->overspent)
		o->entry->recovers = NONE_INT;
	return slo_entry_record(
		o->entry, r, o->windows, o->entry->n_windows, &period, notes_of(r, o), e);
}

static bool is_stood_in_for(struct round *r, const char *source)
{
	struct source_row row;
	struct err ignored = ERR_INIT;
	bool yes;

	yes = source && source_find(&row, r->arena, r->store, source, &ignored) == 0 &&
		row.failing_since != NONE_INT &&
		r->now - row.failing_since >= GIVEN_UP_NS;
	err_release(&ignored);
	return yes;
}

static bool is_evaluated(struct round *r, const struct objective *o)
{
	return o->counted.usable && !o->entry->grouped && !o->entry->unmeasurable &&
		(o->entry->ours || is_stood_in_for(r, o->entry->slo.source));
}

static int objectives_record(struct scraped *s, struct err *e)
{
	struct round *r = s->round;
	int rc;

	if (store_begin(r->store, e) < 0)
		return -1;
	rc = source_check(r->store, r->source_id, r->generation, e);
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		if (is_evaluated(r, &s->objectives[i]))
			rc = objective_record(r, &s->objectives[i], e);
	}
	if (rc == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

static void evaluation_end(struct scraped *s, struct err *e)
{
	struct round *r = s->round;

	s->round = NULL;
	arena_release(&s->samples);
	slices_free(s);
	s->done(r, e->code ? e : NULL);
	err_release(e);
}

/* Series after series until the slice is over; the rest waits for the next turn of the loop. */
static void on_turn(void *ctx)
{
	struct scraped *s = ctx;
	int64_t until = clock_mono() + SLICE_NS;
	struct err e = ERR_INIT;

	s->timer = 0;
	while (s->job < s->n_jobs && clock_mono() < until) {
		struct job *job = &s->jobs[s->job];

		if (!s->at) {
			job_finish(s, job);
			s->job++;
			job_begin(s);
			continue;
		}
		if (series_grow(s, job, s->at, &e) < 0) {
			evaluation_end(s, &e);
			return;
		}
		s->at = s->at->hh.next;
	}
	if (s->job < s->n_jobs) {
		s->timer = loop_after(s->round->loop, 0, on_turn, s);
		return;
	}
	(void)objectives_record(s, &e);
	evaluation_end(s, &e);
}

static void job_add(struct scraped *s, struct round *r, const struct job *what)
{
	*arena_push(r->arena, s->jobs, s->n_jobs, s->cap_jobs) = *what;
}

/* Slices that are over, laid at multiples of their length; at least one. */
static void job_slices(struct job *job, const struct slo *slo, int64_t now)
{
	int64_t end = now / slo->slice_ns * slo->slice_ns;

	job->slice_ns = slo->slice_ns;
	job->from = slice_begin(end - job->window_ns, slo->slice_ns);
	if (job->from >= end)
		job->from = end - slo->slice_ns;
	job->n_slices = (size_t)((end - job->from) / slo->slice_ns);
	if (job->n_slices > SLICE_MOST)
		job->n_slices = SLICE_MOST;
}

static struct job job_for(struct objective *o, size_t window, int64_t now)
{
	const struct slo_entry *entry = o->entry;
	struct job job = {.of = o, .window = window, .window_ns = o->windows_ns[window]};

	if (job.window_ns == entry->slo.window_ns && entry->period_to)
		job.window_ns = now - entry->period_from;
	if (entry->slo.budgeting != BUDGET_EVENTS && entry->slo.slice_ns > 0)
		job_slices(&job, &entry->slo, now);
	return job;
}

static void recovery_add(struct scraped *s, struct round *r, struct objective *o)
{
	struct slo *slo = &o->entry->slo;
	struct job job = {.of = o, .window_ns = slo->window_ns, .recovery = true};

	if (!o->entry->overspent || clock_mono() < o->recovery_due_mono ||
		slo->budgeting != BUDGET_EVENTS)
		return;
	o->recovery_due_mono = clock_mono() + RECOVERY_EVERY_NS;
	job.slice_ns = slo->window_ns / RECOVERY_STEPS;
	job.from = r->now - slo->window_ns;
	job.n_slices = RECOVERY_STEPS;
	job_add(s, r, &job);
}

static void jobs_add(struct scraped *s, struct round *r, struct objective *o)
{
	bool burning = o->entry->severity == SEV_PAGE || o->entry->severity == SEV_TICKET;

	for (size_t i = 0; i < o->n; i++) {
		struct job job = job_for(o, i, r->now);
		int64_t holds = asks_interval(job.window_ns, r->conf->every_ns, false);

		/* The samples are our own: a burn is followed more closely. */
		if (burning && holds > BURNING_MOST_NS)
			holds = BURNING_MOST_NS;
		if (r->want && holds > REFRESH_MOST_NS)
			holds = REFRESH_MOST_NS;

		/* When it begins to burn, what was put off for long is due now. */
		if (clock_mono() < o->due_mono[i] &&
			o->due_mono[i] - clock_mono() <= holds)
			continue;
		o->due_mono[i] = clock_mono() + holds;
		job_add(s, r, &job);
	}
	recovery_add(s, r, o);
}

void scraped_evaluate(struct scraped *s, struct round *r, scraped_done_fn *done)
{
	s->round = r;
	s->done = done;
	s->jobs = NULL;
	s->n_jobs = s->cap_jobs = s->job = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct objective *o = &s->objectives[i];

		slo_entry_period(o->entry, r->now);
		if (!is_evaluated(r, o))
			continue;
		jobs_add(s, r, o);
		if (o->higher)
			jobs_add(s, r, o->higher);
	}
	job_begin(s);
	s->timer = loop_after(r->loop, 0, on_turn, s);
}

void scraped_cancel(struct scraped *s)
{
	if (s->round)
		loop_cancel(s->round->loop, s->timer);
	s->round = NULL;
	slices_free(s);
	for (struct series *series = s->by_key; series; series = series->hh.next)
		series->taken = false;
}
