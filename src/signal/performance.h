/*
 * performance.h - how well predictions met the truth, before and now
 *
 * Pure.  Counted pairs give accuracy, balanced accuracy (the mean of the recalls of the classes
 * that were labelled), and precision, recall and f1 (the means of those of every class that was
 * predicted or labelled, 0 where nothing was: as scikit-learn's "macro"), whose change is reference
 * less current; numbers give the mean absolute and the root mean square error, whose change is
 * current over reference, less 1.  Only getting worse counts.  The noise is one-sided, 95 %, from
 * the binomial or the error's own spread; that of f1 is that of the recalls.
 */
#ifndef TOCSIN_PERFORMANCE_H
#define TOCSIN_PERFORMANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "signal/method.h"

struct performance {
	const char	*name;
	const char	*title;		/* N_() */
	bool		numeric;	/* of numbers, not of classes */
	double		threshold;	/* of the change */
};

extern const struct performance performances[];	/* ends with name NULL */
const struct performance *performance_find(const char *name);	/* NULL: none is called so */

struct performance_cell {
	const char	*prediction, *label;
	double		count;
};

struct performance_cells {
	const struct performance_cell	*items;
	size_t				n;
};

/* The measure itself, before and now, beside the change of it (value). */
struct performance_result {
	double			before, now;
	double			value, threshold, noise;
	double			n_reference, n_current;
	enum drift_verdict	verdict;
};

/* threshold NAN: the measure's own; least: pairs a side, below: too few. */
struct performance_result performance_of_cells(struct arena *a, const struct performance *m,
	const struct performance_cells *reference, const struct performance_cells *current,
	double threshold, double least);

/* Pairs of numbers; those with one that is not finite are left out. */
struct performance_pairs {
	const double	*prediction, *label;
	size_t		n;
};

struct performance_result performance_of_pairs(const struct performance *m,
	const struct performance_pairs *reference, const struct performance_pairs *current,
	double threshold, double least);

#endif
