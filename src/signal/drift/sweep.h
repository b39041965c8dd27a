/*
 * sweep.h - Kolmogorov-Smirnov's D and the Wasserstein distance without sorting everything
 *
 * Values are counted in many fine cells.  Within one the two distribution functions may cross or
 * reach D only where their difference at its edges is small against what the cell holds: only
 * the values of such cells are sorted.  Three passes over both sides, in parts of any size, so
 * that files need not fit into memory; the result is that of a full sort.
 */
#ifndef TOCSIN_SWEEP_H
#define TOCSIN_SWEEP_H

#include "signal/method.h"

struct sweep;

enum sweep_side { SWEEP_REFERENCE, SWEEP_CURRENT, SWEEP_SIDES };

struct sweep_result {
	double	d;		/* max |F - G| */
	double	w1;		/* integral |F - G| dx */
	double	std;		/* population standard deviation of the reference */
	double	w1_noise;	/* 95 % of no drift at all keep w1 under this */
	double	mean[SWEEP_SIDES];
	size_t	n[SWEEP_SIDES], dropped[SWEEP_SIDES];
	double	least[SWEEP_SIDES], most[SWEEP_SIDES];
};

/* want_d, want_w1: what finish() must know. */
struct sweep *sweep_new(bool want_d, bool want_w1);
void sweep_free(struct sweep *s);

/* Give every value of a side, in parts, in each of the three passes; then sweep_next(). */
void sweep_add(struct sweep *s, enum sweep_side side, const double *values, size_t n);
/* False: all passes are done. */
bool sweep_next(struct sweep *s);

/* NAN in what cannot be said of an empty side. */
struct sweep_result sweep_finish(struct sweep *s);

/* All at once. */
struct sweep_result sweep_samples(struct drift_sample reference, struct drift_sample current,
	bool want_d, bool want_w1);

#endif
