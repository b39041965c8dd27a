/*
 * embedding.h - how far two clouds of vectors lie apart
 *
 * Both sides have the same width and at least one row, all numbers finite.
 */
#ifndef TOCSIN_EMBEDDING_H
#define TOCSIN_EMBEDDING_H

#include "signal/method.h"

#define MMD_ROWS 500	/* a side at most: it costs rows^2 */

/* Distances of the two mean vectors. */
struct centroids {
	double	euclid, cosine, cityblock, chebyshev;
	double	noise;	/* 95 % of no drift keep euclid under this */
};

struct centroids embedding_centroids(
	const struct drift_vectors *reference, const struct drift_vectors *current);

/* 1 / median(distance across)^2: Evidently's.  And alibi-detect's, of the pooled distances. */
double mmd_gamma_across(const struct drift_vectors *x, const struct drift_vectors *y);
double mmd_gamma_pooled(const struct drift_vectors *x, const struct drift_vectors *y);

/* With the kernel exp(-gamma |a - b|^2); unbiased may be below 0. */
void mmd(double *unbiased, double *biased, const struct drift_vectors *x,
	const struct drift_vectors *y, double gamma);

/* The share of `shuffles` random splits of both together whose unbiased MMD^2 is as large. */
double mmd_p(const struct drift_vectors *x, const struct drift_vectors *y, double gamma,
	size_t shuffles, double *noise);

/* Area under the ROC curve; ties count one half.  labels: 1 or 0. */
double roc_auc(const double *scores, const unsigned char *labels, size_t n);

/*
 * AUC on the second half of a linear classifier (logistic, standardised) taught on the first, in
 * the same random order every time.  noise: 95 % of no drift keep under this.
 */
double domain_auc(double *noise, const struct drift_vectors *x, const struct drift_vectors *y);

#endif
