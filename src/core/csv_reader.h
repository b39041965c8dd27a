/*
 * csv_reader.h - rows of comma-separated values (RFC 4180), on libcsv, which is seen nowhere else
 */
#ifndef TOCSIN_CSV_READER_H
#define TOCSIN_CSV_READER_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define CSV_FIELD_MAX ((size_t)4 << 20)	/* bytes of one field, else a quote was left open */
#define CSV_FIELDS_MAX 20000

struct csv_field {
	const char	*text;	/* NUL behind it; may hold others */
	size_t		n;
};

/* One row that begins on this line; blank lines are none.  -1 ends the reading. */
typedef int csv_row_fn(void *data, int64_t line, const struct csv_field *fields, size_t n,
	struct err *e);

struct csv_reader;

struct csv_reader *csv_reader_new(char delimiter, csv_row_fn *row, void *data);
void csv_reader_free(struct csv_reader *r);

/* The next n bytes, cut anywhere; then the end.  Errors say the line. */
int csv_reader_add(struct csv_reader *r, const char *bytes, size_t n, struct err *e);
int csv_reader_end(struct csv_reader *r, struct err *e);

#endif
