/*
 * latency.h - objectives of latency on classic histograms: which bucket can be counted
 *
 * Good events are those of one bucket, le="0.3".  Only what is a boundary of the metric can be
 * told; le is text ("1" or "1.0"), compared as a number here.
 */
#ifndef TOCSIN_LATENCY_H
#define TOCSIN_LATENCY_H

#include <stdbool.h>

#include "core/arena.h"
#include "model/slo.h"

struct latency {
	double		limit;		/* what le has to be */
	const char	*metric;	/* x_seconds_bucket */
	const char	*buckets;	/* selector of all its buckets: without le */
};

/* The bucket that the indicator's good or bad events name, texts in the arena; false: none. */
bool latency_of(struct latency *out, struct arena *a, const struct sli *sli);

/* The number that a label le holds; NAN: none. */
double latency_bound(const char *le);

/*
 * Of the boundaries that there are, which to count: exact, else the next lower and the next
 * higher one (NAN: there is none; +Inf is no boundary).  Lower takes some good events for bad
 * ones, higher the reverse.
 */
struct latency_choice {
	bool	exact;
	double	lower, higher;	/* exact: both are it */
};
struct latency_choice latency_choose(double limit, const double *bounds, size_t n);

/*
 * sli with this boundary in the limit's place; spellings: how labels write it, at least one.
 * Texts in the arena.
 */
struct sli latency_with(struct arena *a, const struct sli *sli, double limit,
	const char *const *spellings, size_t n);

#endif
