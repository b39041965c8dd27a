/*
 * binning.h - which cells two sets of numbers are counted in
 */
#ifndef TOCSIN_BINNING_H
#define TOCSIN_BINNING_H

#include "signal/drift/bins.h"

/*
 * The cells by o's rule from what one pass over each side told.  rule: in words, in the arena.
 * False: the rule needs the values themselves (binning_of_values()): quantiles, each value, and
 * Evidently's for hellinger.
 */
bool binning_of_ranges(struct bins *out, const char **rule, struct arena *a,
	const struct drift_method *m, const struct drift_options *o,
	const struct bins_range *reference, const struct bins_range *current);

/* Both sides sorted, without NaN. */
void binning_of_values(struct bins *out, const char **rule, struct arena *a,
	const struct drift_method *m, const struct drift_options *o,
	struct drift_sample reference, struct drift_sample current);

/* Whether m counts each distinct number by itself, whatever the rule: tests of counts. */
bool binning_by_value(const struct drift_method *m);

#endif
