/*
 * histogram.h - what two histograms of Prometheus say about their distributions, with bounds
 *
 * Classic ones: cumulative counts up to and including le.  Native ones become classic first
 * (histogram_native()).  Counts may be fractional (increase() extrapolates) and are never rounded.
 */
#ifndef TOCSIN_HISTOGRAM_H
#define TOCSIN_HISTOGRAM_H

#include "signal/method.h"

#define HISTOGRAM_EDGES 4	/* finite edges that both sides must share at least */

/*
 * Sorted, equal le summed, +Inf required, decreasing counts levelled as Prometheus does (forced:
 * a real decrease was).  In the arena.  False: no +Inf, NaN, or no buckets.
 */
bool histogram_clean(struct drift_histogram *out, bool *forced, struct arena *a,
	const struct drift_histogram *h);

/* histogram_quantile() of Prometheus; h as from histogram_clean(). */
double histogram_quantile(double q, const struct drift_histogram *h);

/*
 * Both sides, clean, on the edges at which both are known; what falls away only makes it coarser.
 * An edge inside an empty bucket of the other side is known there too.
 */
struct histogram_pair {
	const double	*le;		/* the last is +Inf */
	const double	*reference, *current;	/* cumulative */
	size_t		n;
};

/* False: fewer than HISTOGRAM_EDGES finite edges in common where the sides differ. */
bool histogram_align(struct histogram_pair *out, struct arena *a,
	const struct drift_histogram *reference, const struct drift_histogram *current);

/* Counts by bucket: n cells, edges from 0 (or the first le, or -inf, where it is negative). */
void histogram_counts(struct drift_counts *out, struct arena *a, const struct histogram_pair *p);

/* Without the cells that are empty on both sides (and without edges). */
void histogram_occupied(struct drift_counts *out, struct arena *a, const struct drift_counts *c);

struct histogram_distance {
	double	ks_lower, ks_upper;
	double	w1, w1_error;		/* over the finite buckets; true within +- error */
	double	tail_reference, tail_current;	/* shares in the +Inf bucket: no part of w1 */
	double	std;			/* of the reference, from the middles of its buckets */
};

struct histogram_distance histogram_distance(const struct histogram_pair *p);

/* --- native histograms --- */

/* Bucket i of a schema holds (base^(i-1), base^i], base = 2^(2^-schema). */
double native_base(int schema);
int native_index(double value, int schema);		/* of a positive value */
double native_upper(int index, int schema);
int native_coarser(int index);				/* its index one schema lower */
double native_error(int schema);			/* of a quantile, relative, at most */

/* A bucket as the API gives it: bounds and its own count. */
struct native_bucket {
	double	lower, upper, count;
};

/* Into a classic form: cumulative up to each upper bound.  In the arena. */
void histogram_native(struct drift_histogram *out, struct arena *a,
	const struct native_bucket *buckets, size_t n);

#endif
