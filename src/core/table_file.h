/*
 * table_file.h - columns of a CSV or JSON-lines file, also gzipped, in bounded memory
 *
 * Opening reads the file once: which columns there are and what they hold.  Every further pass
 * reads it again, so that nothing but a row is ever kept.  CSV: the first line names the columns
 * (where it holds nothing but numbers, columns are named 1, 2 ...); comma, semicolon or tab.  JSON
 * lines: one object a line; what is inside another is named outer.inner; a list of numbers is a
 * vector.  Empty, null, NA, NaN and their like in any spelling are missing.
 */
#ifndef TOCSIN_TABLE_FILE_H
#define TOCSIN_TABLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define TABLE_COLUMNS_MAX 20000
#define TABLE_LINE_MAX ((size_t)16 << 20)	/* bytes of a line of JSON */
#define TABLE_CATEGORIES_MAX 10000

enum table_cell_kind { CELL_MISSING, CELL_NUMBER, CELL_TEXT, CELL_VECTOR, CELL_OTHER };

/* Borrowed until the row function returns. */
struct table_cell {
	enum table_cell_kind	kind;
	double			number;		/* may be infinite */
	bool			whole;		/* written as an integer */
	const char		*text;		/* as written; NUL behind it */
	size_t			n;		/* bytes of text, or numbers of vector */
	const double		*vector;	/* NAN: not a number */
};

enum table_kind {
	TABLE_EMPTY,		/* nothing but missing values */
	TABLE_NUMBERS,
	TABLE_TEXTS,
	TABLE_VECTORS,
	TABLE_ODD,		/* numbers, and now and then something else: see odd_line */
	TABLE_OTHER,		/* lists of other things */
};

struct table_column {
	const char	*name;		/* owned by the table */
	enum table_kind	kind;
	bool		whole;		/* all its numbers are integers */
	size_t		numbers, texts, vectors, others, missing;	/* cells */
	size_t		width;		/* of the vectors; 0: they differ */
	int64_t		odd_line;	/* where the first text (or list) stands */
	char		*odd;		/* owned: that text, cut; or NULL */
};

struct table_file {
	char			*file;		/* owned */
	struct table_column	*columns;	/* owned */
	size_t			n_columns, cap_columns;
	size_t			rows;
	bool			json, headless;
	char			delimiter;
	void			*names;		/* owned: the index of columns by name */
};

/* Read it once.  Errors say file and line. */
int table_open(struct table_file **out, const char *file, struct err *e);
void table_free(struct table_file *t);

/* Its place in columns, or -1. */
ptrdiff_t table_column_find(const struct table_file *t, const char *name);

/* One row: n_columns cells; those not wanted are CELL_MISSING.  -1 ends the reading. */
typedef int table_row_fn(void *data, int64_t line, const struct table_cell *cells, struct err *e);

/* Every row again.  wanted: by column, NULL: all.  Fails too when the file has changed since. */
int table_each(struct table_file *t, const bool *wanted, table_row_fn *row, void *data,
	struct err *e);

/* Whole columns.  Numbers with NAN for what is none; the caller frees. */
int table_numbers(double **out, size_t *n, struct table_file *t, size_t column, struct err *e);

/* Vectors row after row, those of another width left out and counted as missing. */
struct table_vectors {
	double	*values;	/* owned */
	size_t	n, cap, width, missing;
};

int table_vectors(
	struct table_vectors *out, struct table_file *t, size_t column, struct err *e);

/* How often each text (a number as it is written) comes; sorted by name. */
struct table_categories {
	struct table_category {
		char	*label;		/* owned */
		size_t	count;
	}	*items;			/* owned */
	size_t	n, values, missing;
	bool	too_many;		/* over TABLE_CATEGORIES_MAX: the rest was not counted */
};

int table_categories(
	struct table_categories *out, struct table_file *t, size_t column, struct err *e);
void table_categories_release(struct table_categories *c);

/* Several columns in one pass, each as it is asked for; on failure nothing is owned. */
struct table_taken {
	size_t			column;
	enum { TAKE_NUMBERS, TAKE_CATEGORIES, TAKE_VECTORS } as;
	double			*numbers;	/* owned; n of them */
	size_t			n;
	struct table_categories	categories;
	struct table_vectors	vectors;
	void			*labels;	/* while it is read */
};

int table_take(struct table_taken *items, size_t n, struct table_file *t, struct err *e);
void table_taken_release(struct table_taken *t);

#endif
