/*
 * bins.h - numbers into cells: edges as NumPy's, in two bounded passes
 *
 * Pass one: bins_look() at everything of a side.  Then bins_edges().  Pass two: bins_count().  Each
 * may be called with as many parts as the data comes in.  Cell i holds edges[i] <= v < edges[i+1],
 * the last one also its right edge.  NaN and infinite values count as dropped.
 */
#ifndef TOCSIN_BINS_H
#define TOCSIN_BINS_H

#include <stdint.h>

#include "signal/method.h"

#define BINS_VALUES 20		/* so many distinct values are still each a cell of their own */
#define BINS_MAX 100000

/* What one pass over a side tells; all zero before. */
struct bins_range {
	double	least, most, mean;
	double	m2, m3;			/* sums of powers of the distance from the mean */
	size_t	n, dropped;		/* finite values; the others */
	double	distinct[BINS_VALUES + 1];	/* the first ones seen, sorted */
	size_t	n_distinct;		/* BINS_VALUES + 1: more */
};

void bins_look(struct bins_range *r, const double *values, size_t n);
/* Without the moments (which Doane needs): twice as fast. */
void bins_look_quickly(struct bins_range *r, const double *values, size_t n);

struct bins {
	double	*edges;		/* n + 1; owned */
	size_t	n;
	bool	equal;		/* all of the same width: the cell is computed, not searched */
	bool	each_value;	/* cell i holds edges[i] alone; there are n edges */
	bool	rest;		/* one cell more, behind the last, for what is outside */
	bool	clamp;		/* what is outside goes to the first and the last cell */
};

void bins_release(struct bins *b);

/* n equal cells over [least, most]; all one value: [v - 0.5, v + 0.5]. */
void bins_equal(struct bins *out, double least, double most, size_t n);
/* By rule; the number of cells exactly as NumPy computes it.  whole: no cell narrower than 1. */
void bins_sturges(
	struct bins *out, double least, double most, size_t n_values, bool whole);
void bins_doane(struct bins *out, const struct bins_range *r);
/* Equal shares of the sorted values; repeated edges are merged; ends at infinity. */
void bins_quantiles(struct bins *out, const double *sorted, size_t n_values, size_t n);
/* Each of the sorted distinct values a cell. */
void bins_each_value(struct bins *out, const double *sorted, size_t n);

size_t bins_cells(const struct bins *b);	/* n, and 1 for the rest */

/* Add to counts (bins_cells() of them). */
void bins_count(double *counts, const struct bins *b, const double *values, size_t n);

double bins_std(const struct bins_range *r);	/* population; after bins_look() */

#endif
