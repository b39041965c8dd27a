/*
 * compare.h - results from what was counted and swept in parts (drift_raw() does it at once)
 */
#ifndef TOCSIN_COMPARE_H
#define TOCSIN_COMPARE_H

#include "signal/drift/sweep.h"
#include "signal/method.h"

/* ks and wasserstein from a sweep. */
struct drift_result drift_swept(struct arena *a, const struct drift_method *m,
	const struct sweep_result *s, const struct drift_options *o);

/* NAN in every number, the method's threshold or o's. */
struct drift_result drift_result_new(
	const struct drift_method *m, const struct drift_options *o);

/* True when either side has too few values: verdict and note are set then. */
bool drift_too_few(struct drift_result *r, struct arena *a, const struct drift_options *o);

/* The verdict DRIFT_NOT_COMPARABLE with these words, translated. */
struct drift_result drift_refuse(struct drift_result r, const char *note);

#endif
