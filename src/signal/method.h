/*
 * method.h - the ways to tell whether a distribution moved: one table, one result
 *
 * Names are Evidently's where it has one, and so are thresholds and strictness (< or <=).  All
 * logarithms are natural.  Pure: no I/O, no clock.  NaN and infinite values are dropped and
 * counted.  Too little data is a verdict, never a number.  The parts stand in signal/drift/.
 */
#ifndef TOCSIN_METHOD_H
#define TOCSIN_METHOD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

#define DRIFT_LEAST 50		/* values a side, below which nothing is judged */
#define DRIFT_SHARE 0.5		/* the dataset drifts from this share of drifted features on */
#define DRIFT_ADDED 0.0001	/* the least share that Evidently puts in the place of none */

/* What a method can compare; bits. */
enum drift_input {
	DRIFT_RAW = 1,		/* numbers, each by itself */
	DRIFT_COUNTS = 2,	/* categories, or numbers in bins */
	DRIFT_VECTORS = 4,	/* embeddings */
};

struct drift_method {
	const char	*name;
	const char	*alias;		/* another name that is understood, or NULL */
	const char	*title;		/* N_(): "Population stability index" */
	const char	*measures;	/* N_(): what value is, with its range and unit */
	unsigned	inputs;		/* drift_input */
	bool		by_p;		/* the threshold is for the p-value, else for the value */
	bool		strict;		/* drift when < (p) or > (value); else <= or >= */
	double		threshold;
	double		least_effect;	/* by_p: a smaller effect is irrelevant however sure */
	const char	*effect;	/* by_p: what the effect is: "D", "V", "difference" */
};

/* The table; ends with a NULL name. */
extern const struct drift_method drift_methods[];

/* By name or alias, in any case; NULL: none is called so. */
const struct drift_method *drift_method(const char *name);

enum drift_verdict {
	DRIFT_NONE,
	DRIFT_OK,
	DRIFT_NOISE,		/* above the threshold, and within what chance gives */
	DRIFT_WATCH,		/* above both, not long enough yet: only over several windows */
	DRIFT_DRIFTED,
	DRIFT_TOO_FEW,
	DRIFT_NO_DATA,
	DRIFT_NOT_COMPARABLE,
	DRIFT_VERDICTS,
};

const char *drift_verdict_name(enum drift_verdict v);	/* "too-few": drift_report.verdict */
enum drift_verdict drift_verdict_find(const char *name);

/* Everything that one comparison says.  value, p_value, noise, effect: NAN where there is none. */
struct drift_result {
	const char		*method;	/* the table's name */
	double			value;		/* the distance, or the test's statistic */
	double			p_value;
	double			threshold;	/* what was used: of p_value when by_p, else of value */
	bool			by_p;		/* not for binned ks: its p is a hint */
	double			noise;		/* 95 % of no drift at all keep value under this */
	double			effect;		/* by_p: see drift_method.effect */
	double			lower, upper;	/* where bins leave value open; NAN: exact */
	double			n_reference, n_current;	/* values used; fractional from counters */
	size_t			dropped_reference, dropped_current;	/* missing, NaN, infinite */
	const char		*binning;	/* the rule in words; NULL: no bins.  In the arena */
	enum drift_verdict	verdict;
	const char		*note;		/* in words, or NULL.  In the arena */
};

struct drift_sample {
	const double	*values;
	size_t		n;
};

/* n rows of the same width. */
struct drift_vectors {
	const double	*values;	/* row after row */
	size_t		n, width;
};

/*
 * Counts of the same n cells on both sides, fractional where they come from counters.  Either
 * labels (sorted, categories) or edges (n + 1, ascending; ends may be infinite), or neither.
 */
struct drift_counts {
	const char *const	*labels;
	const double		*edges;
	const double		*reference, *current;
	size_t			n;
};

/* A classic histogram: cumulative[i] values <= le[i]; any order; native ones: native.h. */
struct drift_histogram {
	const double	*le, *cumulative;
	size_t		n;
};

/* What stands in the place of a share of 0 in PSI and KL. */
enum drift_zeros {
	DRIFT_ZEROS_HALF,	/* half a value more in every cell: the least biased, our default */
	DRIFT_ZEROS_EVIDENTLY,	/* 1e-4, or a millionth of a smaller smallest share; no renormalising */
	DRIFT_ZEROS_FLOOR,	/* shares of at least 1e-4, renormalised */
	DRIFT_ZEROS_PLAIN,	/* nothing: infinite */
	DRIFT_ZERO_RULES,
};

const char *drift_zeros_name(enum drift_zeros z);	/* "half", "evidently", "floor", "plain" */
bool drift_zeros_find(enum drift_zeros *out, const char *name);

/* How numbers get into bins. */
enum drift_bins {
	DRIFT_BINS_REFERENCE,	/* Doane over the reference, one cell for what is new: our default */
	DRIFT_BINS_EVIDENTLY,	/* over 20 distinct: Sturges over both; else each value a cell */
	DRIFT_BINS_DOANE,	/* NannyML's: as the default */
	DRIFT_BINS_STURGES,	/* over the reference, outside in the first and last cell */
	DRIFT_BINS_QUANTILES,	/* equal shares of the reference: deciles unless bins says else */
	DRIFT_BINS_EQUAL,	/* equal widths over both */
	DRIFT_BINS_VALUES,	/* each distinct value is a cell */
	DRIFT_BIN_RULES,
};

const char *drift_bins_name(enum drift_bins b);		/* "reference", "evidently" ... */
bool drift_bins_find(enum drift_bins *out, const char *name);	/* false: none is called so */

/* {0} is all defaults. */
struct drift_options {
	double			threshold;	/* 0: the method's */
	size_t			least;		/* 0: DRIFT_LEAST; 1: judge anything */
	enum drift_zeros	zeros;
	enum drift_bins		bins;
	size_t			n_bins;		/* QUANTILES, EQUAL; 0: 10 */
	bool			whole;		/* integers: no bin is narrower than 1, as NumPy 2 */
	bool			base2;		/* Jensen-Shannon to base 2, as NannyML */
	bool			judged_alone;	/* no noise, no least effect: Evidently's verdict */
};

/*
 * Compare.  A method that takes counts gets raw numbers in bins (chisquare, z, g_test: each value
 * a cell); the cells are then left in *cells (may be NULL; in the arena).  A method that cannot
 * take the input gives DRIFT_NOT_COMPARABLE with a note.  o NULL: all defaults.
 */
struct drift_result drift_raw(struct arena *a, const struct drift_method *m,
	struct drift_sample reference, struct drift_sample current,
	const struct drift_options *o, struct drift_counts *cells);
struct drift_result drift_counted(struct arena *a, const struct drift_method *m,
	const struct drift_counts *c, const struct drift_options *o);
struct drift_result drift_vectors_compare(struct arena *a, const struct drift_method *m,
	const struct drift_vectors *reference, const struct drift_vectors *current,
	const struct drift_options *o);

/*
 * Two histograms of Prometheus: brought to their common edges, repaired as Prometheus does, cells
 * empty on both sides left out.  psi, kl_div, jensenshannon, hellinger, tvd, linf are lower bounds of
 * the true value; ks (its p is a hint only) and wasserstein say [lower, upper].
 */
struct drift_result drift_histograms(struct arena *a, const struct drift_method *m,
	const struct drift_histogram *reference, const struct drift_histogram *current,
	const struct drift_options *o, struct drift_counts *cells);

/*
 * Put two lists of counts by category side by side, sorted by label; 0 where one lacks a label.
 * A label that comes twice is summed.
 */
struct drift_category {
	const char	*label;
	double		count;
};

void drift_categories(struct drift_counts *out, struct arena *a,
	const struct drift_category *reference, size_t n_reference,
	const struct drift_category *current, size_t n_current);

/*
 * Evidently's choice when none is named: n_reference rows, distinct values of both sides
 * together.  Never NULL.
 */
const struct drift_method *drift_choose(bool numeric, size_t n_reference, size_t distinct);

/* Whether value (or p) is beyond the threshold, by the method's own <, <=, > or >=. */
bool drift_beyond(const struct drift_method *m, double value, double p_value, double threshold);

/* Fill r's verdict (and note) from its numbers: beyond the threshold, and beyond noise. */
void drift_judge(struct drift_result *r, struct arena *a, const struct drift_method *m,
	const struct drift_options *o);

/* The limit that PSI keeps to with probability `level` when nothing drifted. */
double drift_psi_limit(double cells, double n_reference, double n_current, double level);
double drift_psi_mean(double cells, double n_reference, double n_current);

/* The dataset: share drifted of n features, and whether that is drift (share >= at_least). */
bool drift_dataset(double *share, size_t drifted, size_t n, double at_least);

/*
 * Benjamini-Hochberg: which of n p-values stay below level (strictly) when their number is
 * considered.  adjusted (may be NULL) gets the corrected p-values; drifted (may be NULL) which
 * are.  NAN p-values do not count.  Returns how many.
 */
size_t multiple_bh(bool *drifted, double *adjusted, const double *p, size_t n, double level);
size_t multiple_bonferroni(bool *drifted, const double *p, size_t n, double level);

#endif
