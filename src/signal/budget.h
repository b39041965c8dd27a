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

/* Budget left at each moment of the history, from counters. */
void budget_history(struct samples *out, struct arena *a, const struct burn_counters *c,
	double objective, int64_t window_ns, int64_t from, int64_t to);

#endif
