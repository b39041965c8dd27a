/*
 * table.h - rows of records: queries and values from model/record's field tables
 *
 * Private to store/.  The tables' names and columns are the records'; their own columns stand
 * before them: see schema_seen.c.
 */
#ifndef TOCSIN_STORE_TABLE_H
#define TOCSIN_STORE_TABLE_H

#include "model/record.h"
#include "store/inside.h"

enum table_query {
	TABLE_FIND,		/* the open row: the key fields */
	TABLE_ROW,		/* a row: rid */
	TABLE_INSERT,		/* seen_from, key, then all fields */
	TABLE_UPDATE,		/* rid, then all fields but source */
	TABLE_CLOSE,		/* rid, seen_to */
	TABLE_LAST,		/* source, key: the latest seen_to */
	TABLE_OPEN_RIDS,	/* source */
	TABLE_HISTORY,		/* source or NULL, key, limit */
	TABLE_TRIM,		/* the horizon, how many rows at most */
	TABLE_UPSERT,		/* sessions: at, then all; what is unknown keeps what is stored */
	TABLE_LIST,		/* and the seven after it: a set of the filters below */
	TABLE_OF = TABLE_LIST + 8,	/* and the three after it: TABLE_BY_SOURCE, TABLE_OF_PAST */
	TABLE_QUERIES_USED = TABLE_OF + 4,
};

/*
 * Added to TABLE_LIST.  Values: 1 at, 2 source, 3 and 4 the prefix and its end, 5 the limit.
 * Without TABLE_PAST what holds now.
 */
enum { TABLE_BY_SOURCE = 1, TABLE_BY_PREFIX = 2, TABLE_PAST = 4 };

/*
 * Added to TABLE_OF, beside TABLE_BY_SOURCE.  Values: 1 at, 2 source, 3 the first key field, 4 the
 * second or NULL for any, 5 the limit.
 */
enum { TABLE_OF_PAST = 2 };

/* What a SELECT of interval rows begins with; the fields follow. */
enum { COL_RID, COL_FROM, COL_TO, COL_FIELDS };

/* The generated text, whose address stays the same while st lives. */
const char *table_sql(struct store *st, enum record_kind kind, int query);

/* False for what is kept elsewhere: a span's payload. */
bool table_has(enum record_kind kind, const struct field *f);

/* Bind the fields that are columns and have all of flags, from index on; returns the next one. */
int table_bind(sqlite3_stmt *s, int index, const void *record, const struct record_def *def,
	unsigned flags, bool with_source);

/* Read all fields from column on; text is copied into a, or with NULL borrowed until the step. */
void table_read(void *record, sqlite3_stmt *s, int column, const struct record_def *def,
	struct arena *a);

#endif
