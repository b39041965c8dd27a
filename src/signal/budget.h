/*
 * budget.h - the error budget: what is left, how long it lasts, when the burn began
 */
#ifndef TOCSIN_BUDGET_H
#define TOCSIN_BUDGET_H

#include "core/arena.h"
#include "model/sample.h"
#include "signal/burn.h"

/* 1 - ratio / (1 - objective) over the whole rolling window; NAN stays NAN; < 0 overspent. */
double budget_left(double ratio, double objective);

/* Events that may still fail: (1 - objective) * total - bad. */
double budget_events_left(double total, double bad, double objective);

/*
 * left * window / burn, in seconds: old errors that leave the window are not counted on.
 * 0: exhausted already; INFINITY: burn 0; NAN: unknown.
 */
double budget_exhausted_in_s(double left, double burn, int64_t window_ns);

/*
 * What is left of the budget of a calendar's period of which `elapsed` (of its whole length) is
 * over, where the rest will have as many events by the hour: 1 - ratio * elapsed / budget.
 */
double budget_left_calendar(double ratio, double objective, double elapsed);

/* What will be left when `ahead` periods' lengths more have burnt at this rate. */
double budget_projected(double left, double burn, double ahead);

/*
 * When an overspent rolling budget is back at 0, if nothing fails any more: bad holds the bad
 * events of each step, at the step's end; allowed is how many the window may have.  NONE_INT: not
 * overspent, or the steps do not tell.
 */
int64_t budget_recovers(const struct samples *bad, double allowed, int64_t window_ns, int64_t now);

/*
 * The error ratio over (to - window_ns, to] from recorded ratios of short windows.  weights: the
 * totals at the same moments, or NULL: an unweighted mean, as Sloth records it.  NAN samples are
 * missing, not zero.  coverage (may be NULL): share of the window between first and last sample.
 */
double budget_ratio(const struct samples *ratios, const struct samples *weights, int64_t to,
	int64_t window_ns, double *coverage);

/*
 * When the present burn began: the first sample over factor of the run that reaches the end of
 * the history, where the run is not broken by a gap (below factor, or no data) longer than
 * short_ns.  NONE_INT: it does not burn now.
 */
int64_t budget_onset(const struct samples *burn, double factor, int64_t short_ns, int64_t now);

/*
 * True when nothing within short_ns before the onset says that it did not burn yet: it began then,
 * or earlier.
 */
bool budget_onset_open(const struct samples *burn, int64_t onset, int64_t short_ns);

/* Budget left at each moment of the history, from counters. */
void budget_history(struct samples *out, struct arena *a, const struct burn_counters *c,
	double objective, int64_t window_ns, int64_t from, int64_t to);

#endif
