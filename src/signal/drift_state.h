/*
 * drift_state.h - from the comparisons of one moment to what is said of a dataset
 *
 * Pure.  A feature is above when its effect is beyond its threshold and beyond the noise (tests:
 * corrected by Benjamini-Hochberg over the dataset's features, where the check says so).  It has
 * drifted when it was above in so many of its last so many evaluations, and since the first of
 * those.  The dataset has drifted when the share of its features that have reaches the check's; of
 * all that were compared lately, so that a moment without data changes nothing.
 */
#ifndef TOCSIN_DRIFT_STATE_H
#define TOCSIN_DRIFT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/pipeline.h"
#include "signal/drift_side.h"

#define DRIFT_PAST 100	/* evaluations that persistence can look back on */

/* The last evaluations of one feature, oldest first. */
struct drift_past {
	int64_t		at[DRIFT_PAST];
	bool		above[DRIFT_PAST], known[DRIFT_PAST];	/* known: there was a value */
	size_t		n;
	int64_t		since;		/* while it is drifted; INT64_MIN: it is not */
};

void drift_past_add(struct drift_past *p, int64_t at, bool above, bool known);

/* Evaluations against another reference: what was before `at` counts no more. */
void drift_past_forget(struct drift_past *p, int64_t at);

/* What is common to all reports of one evaluation. */
struct drift_moment {
	const char	*source, *service;
	int64_t		at;
	const char	*reference, *window;	/* in words */
};

/*
 * Fill reports[0 .. c->n], the last of them the dataset's, and above[] (as many) and add to
 * past[] (as many).  comparisons: one for each feature; texts are borrowed.
 */
void drift_state(struct drift_report *reports, bool *above, struct drift_past *past,
	struct arena *a, const struct drift_check *c, const struct drift_moment *when,
	struct drift_comparison *comparisons);

/*
 * A report that was judged elsewhere, of the moment d->computed: past gets it, and drifted, since,
 * verdict and persisted become what so many evaluations in a row make of it.  What drifted since
 * before the check's own evaluations keeps its beginning.
 */
void drift_persist(struct drift_report *d, struct drift_past *past, struct arena *a,
	const struct drift_check *c, bool above);

/* "2026-11-21T08:00:00Z to 09:00", "1h before 2026-...": a window in words, in the arena. */
const char *drift_window_words(struct arena *a, int64_t from, int64_t to);

#endif
