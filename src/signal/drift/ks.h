/*
 * ks.h - how probable a Kolmogorov-Smirnov statistic is when nothing drifted
 *
 * All are P(D >= d) for two samples of n and m values without ties (with ties the true value is
 * smaller).
 */
#ifndef TOCSIN_KS_H
#define TOCSIN_KS_H

#include <stddef.h>

#define KS_EXACT_MAX 10000	/* values a side up to which SciPy, and so Evidently, is exact */

/* What SciPy's "auto" gives: exact up to KS_EXACT_MAX, then ks_p_one_sample() of the mean size. */
double ks_p(double d, double n, double m);

/* Counting lattice paths; n * m * d steps.  Keeps its digits for the smallest p. */
double ks_p_exact(double d, size_t n, size_t m);

/* The two-sided law of one sample of n values, as SciPy computes it (Simard and L'Ecuyer). */
double ks_p_one_sample(double d, double n);

/* The number of values of one sample that two are worth: n m / (n + m). */
double ks_size(double n, double m);

/* Kolmogorov's limit, and with the correction of Stephens. */
double ks_p_limit(double d, double n, double m);
double ks_p_stephens(double d, double n, double m);
double kolmogorov_upper(double lambda);

#endif
