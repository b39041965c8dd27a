/*
 * drift_tables.h - two files compared column by column
 *
 * Training against serving, last week against this: a reference and a current file.  Columns are
 * read in batches of bounded size; a column too large for that is counted in passes when the
 * method allows (psi and its like over bins, ks, wasserstein), else held in memory.
 */
#ifndef TOCSIN_DRIFT_TABLES_H
#define TOCSIN_DRIFT_TABLES_H

#include "core/table_file.h"
#include "signal/method.h"

struct drift_tables_job {
	struct table_file		*reference, *current;
	const struct drift_method	*method;	/* NULL: Evidently's choice for each column */
	struct drift_options		options;
	const char			**columns;	/* n 0: all */
	size_t				n_columns;
	const char			**categorical;	/* numbers that are names */
	size_t				n_categorical;
	double				share;		/* of drifted columns: the dataset's threshold */
	bool				uncorrected;	/* p-values as they are */
	size_t				batch;		/* values in memory; 0: 16 million */
};

struct drift_table_column {
	const char		*name;
	const char		*kind;		/* numbers, categories, vectors; NULL: unknown */
	struct drift_result	r;
	double			p_corrected;	/* NAN: no p, or not corrected */
	struct drift_counts	cells;		/* n 0: none */
};

struct drift_tables {
	struct drift_table_column	*items;
	size_t				n;
	size_t				judged, drifted, tests;	/* tests: p-values corrected together */
	double				share;			/* drifted of judged; NAN */
	bool				dataset;		/* share >= the job's */
};

/* Everything is in the arena.  A column that neither file has is an error. */
int drift_tables_compare(struct drift_tables *out, struct arena *a,
	const struct drift_tables_job *job, struct err *e);

/* One column of numbers in passes; false: the method needs all values at once. */
bool drift_table_streams(const struct drift_method *m, const struct drift_options *o);
int drift_table_stream(struct drift_table_column *out, struct arena *a,
	const struct drift_tables_job *job, size_t of_reference, size_t of_current, struct err *e);

#endif
