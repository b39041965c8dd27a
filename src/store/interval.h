/* interval.h - the rows of one observed object (private to store/) */
#ifndef TOCSIN_STORE_INTERVAL_H
#define TOCSIN_STORE_INTERVAL_H

#include "store/table.h"

struct interval {
	int64_t		rid, from;
	sqlite3_stmt	*stmt;	/* what the texts that were read are borrowed from; db_done() it */
};

/* 1 when the object's state is known: its open row, with the values in *held; 0: it is not. */
int interval_find(struct interval *out, void *held, struct store *st,
	const struct record_def *def, const void *record, struct err *e);

/* The same for the row with this rid. */
int interval_row(struct interval *out, void *held, struct store *st,
	const struct record_def *def, int64_t rid, struct err *e);

/* Open a new one; its rid. */
int interval_insert(int64_t *rid, struct store *st, const struct record_def *def,
	const void *record, int64_t since, struct err *e);

/* Change one in place. */
int interval_update(struct store *st, const struct record_def *def, int64_t rid,
	const void *record, struct err *e);

/* End one. */
int interval_close(struct store *st, const struct record_def *def, int64_t rid, int64_t seen_to,
	struct err *e);

/* When the object was last seen to end; NONE_INT: never. */
int interval_last(int64_t *out, struct store *st, const struct record_def *def,
	const void *record, struct err *e);

/* Equal but for FIELD_QUIET. */
bool interval_is_quiet(const struct record_def *def, const void *a, const void *b);

#endif
