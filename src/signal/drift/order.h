/*
 * order.h - sorted numbers, and what follows from the order of two samples
 *
 * The functions of two samples take both sorted, without NaN.
 */
#ifndef TOCSIN_ORDER_H
#define TOCSIN_ORDER_H

#include "signal/method.h"

/* Sort n numbers, none of them NaN, by their bits, eleven at a time; -0 becomes 0. */
void order_sort(double *values, size_t n);

/* A sorted copy of the finite values; *dropped counts the others.  The caller frees. */
double *order_copy(size_t *n, size_t *dropped, struct drift_sample s);

/* Next of both: what stands at the least value that is left. */
struct order_tie {
	double	value;
	size_t	reference, current;	/* how many of each side */
};

struct order_walk {
	const double	*x, *y;
	size_t		n, m, i, j;
};

bool order_next(struct order_tie *out, struct order_walk *w);

/* One test. */
struct order_test {
	double	statistic, p;
};

/* k-sample Anderson-Darling for two, midranks; p is between 0.001 and 0.25. */
#define ANDERSON_LEVELS 7
struct order_test anderson_darling(struct order_walk w, double critical[ANDERSON_LEVELS]);
/* p exact when neither side has over 20 values (as SciPy's "auto"), else the limit's. */
struct order_test cramer_von_mises(struct order_walk w);
struct order_test cramer_von_mises_limit(struct order_walk w);
/* U of the reference; two-sided p of the normal limit with continuity and ties. */
struct order_test mann_whitney(struct order_walk w);
/* sqrt(2 integral (F-G)^2), and the limit that 95 % of no drift keep to (an upper bound). */
double energy_distance(double *noise, struct order_walk w);

/* Student's with pooled variance, Welch's without; any order. */
struct order_test t_test(struct drift_sample x, struct drift_sample y, bool pooled);

/* First Wasserstein distance of weighted values; the weights need not sum to 1. */
double wasserstein_weighted(const double *x, const double *x_weights, size_t n,
	const double *y, const double *y_weights, size_t m);

#endif
