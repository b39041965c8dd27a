/*
 * shares.h - how far two lists of counts over the same cells lie apart
 *
 * Counts may be fractional; each side is divided by its own total.  A side without any count
 * gives NAN.  Logarithms are natural.
 */
#ifndef TOCSIN_SHARES_H
#define TOCSIN_SHARES_H

#include <stdbool.h>

#include "signal/method.h"

double shares_total(const double *counts, size_t n);

/* out[i] = counts[i] / total, with what `zeros` puts in the place of none.  False: no counts. */
bool shares_of(double *out, const double *counts, size_t n, enum drift_zeros zeros);

/* sum (p - q) ln(p / q); with no zeros filled it may be infinite. */
double shares_psi(const struct drift_counts *c, enum drift_zeros zeros);
/* sum p ln(p / q), both renormalised; the first is divided by the second. */
double shares_kl(const struct drift_counts *c, enum drift_zeros zeros);
/* Divergence in nats; the distance is its root, and / sqrt(ln 2) to base 2. */
double shares_js(const struct drift_counts *c);
double shares_hellinger(const struct drift_counts *c);
double shares_tv(const struct drift_counts *c);
double shares_linf(const struct drift_counts *c);

/* One test of counts. */
struct shares_test {
	double	statistic, dof, p;
	double	v;		/* Cramer's V of the table, without Yates */
	double	least_expected;	/* under 5 the p-value is a rough one */
};

/* Cells empty on both sides do not count.  One-sample: the reference is taken as exact. */
struct shares_test shares_chi2_one_sample(const struct drift_counts *c);
/* yates: only when there are two cells. */
struct shares_test shares_chi2(const struct drift_counts *c, bool yates);
struct shares_test shares_g(const struct drift_counts *c);

/* The 95 % limits of no drift at all; cells empty on both sides do not count. */
double shares_noise_psi(const struct drift_counts *c);
double shares_noise_tv(const struct drift_counts *c);
double shares_noise_linf(const struct drift_counts *c);

#endif
