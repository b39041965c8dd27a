/*
 * table_inside.h - what the parts of table_file share
 */
#ifndef TOCSIN_TABLE_INSIDE_H
#define TOCSIN_TABLE_INSIDE_H

#include "core/json.h"
#include "core/table_file.h"

/* One pass over the file. */
struct table_pass {
	struct table_file	*t;
	const bool		*wanted;	/* NULL: all */
	table_row_fn		*row;
	void			*data;
	struct table_cell	*cells;		/* owned */
	size_t			cap_cells;
	bool			opening;	/* columns are found on the way */
	bool			began;		/* the header was seen */
	size_t			rows;
	double			*vector;	/* owned: room for the vectors of a row */
	size_t			n_vector, cap_vector;
	struct strbuf		scratch;	/* a line of JSON, put right */
	struct strbuf		name;
};

/* What the text of a CSV field is. */
void table_cell_read(struct table_cell *out, const char *text, size_t n);

/* The column of this name, added while opening; -1: there is none, or too many. */
ptrdiff_t table_column_add(struct table_pass *p, const char *name, struct err *e);

/* The cells are read: note what they are, or give them away. */
int table_row_give(struct table_pass *p, int64_t line, struct err *e);

/* Cells for every column there is so far, all missing. */
void table_row_begin(struct table_pass *p);

/* A list: of numbers a vector, told by where it begins until the row is given. */
void table_list_read(struct table_pass *p, struct table_cell *cell, const struct json *list);

/* One line of JSON. */
int table_json_line(
	struct table_pass *p, int64_t line, const char *text, size_t n, struct err *e);

#endif
