/*
 * drift_side.h - one side of a comparison as counts: of bins, or of categories
 *
 * Pure.  Bins are right-closed: cell i holds what is above edge i-1 and up to edge i; the last
 * cell holds what is above all edges, and may be empty.  What cannot be used says why in note.
 */
#ifndef TOCSIN_DRIFT_SIDE_H
#define TOCSIN_DRIFT_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "signal/drift_check.h"
#include "signal/method.h"

struct drift_side {
	const char	**labels;	/* n, sorted; NULL: bins */
	double		*edges;		/* n - 1, ascending, finite; NULL: categories */
	double		*counts;	/* n; fractional where they come from counters */
	size_t		n;
	double		total;		/* 0: no data */
	int64_t		from, to;	/* when; INT64_MIN unknown */
	bool		partial;	/* less than half of its window was watched */
	int64_t		accepted;	/* when a person made it the reference; 0: nobody did */
	const char	*note;		/* why it cannot be compared; NULL */
};

/*
 * From the series of a classic histogram, in any order, one for each le; equal ones are added.
 * NaN is a series without data.  Counts that fall are repaired as Prometheus does; without +Inf it
 * cannot be used.
 */
struct drift_bucket {
	double	le, cumulative;
};

void drift_side_classic(struct drift_side *out, struct arena *a,
	const struct drift_bucket *buckets, size_t n);

/* From the buckets of a native one, ascending, the empty ones left out. */
struct drift_interval {
	double	lower, upper, count;
};

void drift_side_native(struct drift_side *out, struct arena *a,
	const struct drift_interval *buckets, size_t n);

/* Equal labels are added; negative and not finite counts are left out. */
void drift_side_categories(struct drift_side *out, struct arena *a,
	const struct drift_category *items, size_t n);

/* Values put into the bins that edges (n_edges, ascending) give; not finite ones are left out. */
void drift_side_values(struct drift_side *out, struct arena *a, const double *edges,
	size_t n_edges, const double *values, size_t n);

/* The name of the category that the labels `by` (none: all of them) of a series make. */
const char *drift_side_label(struct arena *a, const struct json *labels,
	const struct drift_feature *f);

/* {"edges" | "labels": [..], "counts": [..]}, and back.  ERR_INPUT: it is no such thing. */
void drift_side_write(struct strbuf *out, const struct drift_side *s);
int drift_side_read(struct drift_side *out, struct arena *a, const char *json, struct err *e);

/* What stands in drift_report.shares of one side, times n: the current window, to be pinned. */
int drift_side_of_shares(struct drift_side *out, struct arena *a, const char *shares,
	const char *side, double n, struct err *e);

/* A comparison, with the shares of both sides as drift_report has them. */
struct drift_comparison {
	struct drift_result	result;
	const char		*shares;	/* JSON, in the arena; NULL: nothing to show */
};

/*
 * f NULL: a plain one.  min: values a side, below: too few.  What is above in a partial window is
 * DRIFT_WATCH, and counts for nothing yet.
 */
void drift_side_compare(struct drift_comparison *out, struct arena *a,
	const struct drift_feature *f, const struct drift_side *reference,
	const struct drift_side *current, int64_t min);

/* The same for a measure of performance, whose categories are pairs. */
void drift_side_performance(struct drift_comparison *out, struct arena *a,
	const struct drift_feature *f, const struct drift_side *reference,
	const struct drift_side *current, int64_t min);

/* What compare does at its end, for comparisons that are made elsewhere. */
void drift_hold_back(struct drift_comparison *out, struct arena *a,
	const struct drift_side *current);

/* Shares as JSON of cells that are already side by side. */
const char *drift_shares(struct arena *a, const struct drift_counts *cells);

#endif
