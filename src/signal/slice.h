/*
 * slice.h - slices of time: how many of a window's were good
 *
 * Slices are laid end to end from a beginning, a multiple of their length for what is shown.  A
 * slice in which no sample of a counter lies is not known, neither good nor bad, also where a
 * counter that is seen again later tells how much was counted over the gap.
 */
#ifndef TOCSIN_SLICE_H
#define TOCSIN_SLICE_H

#include <stddef.h>
#include <stdint.h>

#include "model/sample.h"
#include "model/slo.h"
#include "signal/burn.h"

#define SLICE_MOST 100000

/* The first whole slice after edge: the least multiple of slice_ns that is not before it. */
int64_t slice_begin(int64_t edge, int64_t slice_ns);

/*
 * Add weight times what one counter counted in each of n slices from `from` on to sums, of which
 * NAN stands for "not known yet".  A step between two samples is spread evenly; one that falls
 * began at 0 again.
 */
void slice_add(double *sums, size_t n, const struct samples *s, int64_t from, int64_t slice_ns,
	double weight);

/*
 * What the slices say, as a window of slices: total those with traffic, bad those of which the
 * good ratio is below slo->slice_target; for BUDGET_RATIO_TIMESLICES the sum of their ratios.
 * bad[i] NAN where total[i] is known: nothing failed.
 */
struct burn_window slice_measure(const struct slo *slo, const double *bad, const double *total,
	size_t n, int64_t window_ns);

#endif
