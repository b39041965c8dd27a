/*
 * db.h - one SQLite connection: statements by name, values in and out, errors in words
 *
 * Private to store/.  A named query is a static string; its address is its name, under which the
 * prepared statement is kept.  One statement is not used twice at a time.
 */
#ifndef TOCSIN_STORE_DB_H
#define TOCSIN_STORE_DB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "core/arena.h"
#include "core/err.h"

enum db_file { DB_NONE, DB_SEEN, DB_RECORD, DB_FILES };
const char *db_file_name(enum db_file f);	/* "seen.db", "record.db" */

struct db_stmt;

struct db {
	sqlite3		*handle;	/* owned; NULL: not open */
	enum db_file	which;
	char		*path;		/* owned */
	struct db_stmt	*stmts;		/* owned: uthash by the text's address */
	unsigned	depth;		/* of nested transactions */
	bool		failed;		/* one of the nested ones: the outermost rolls back */
	bool		full;		/* the disk was, at the last error */
	uint32_t	touched;	/* bits 1 << enum touch: bumped at commit */
	int		read_limit_ms;	/* 0: none */
	int64_t		deadline;	/* of the read that runs, by clock_mono(); 0: none */
};

/* Open an existing file that is ours, with its pragmas; nothing is created. */
int db_open(struct db *db, enum db_file which, const char *path, bool write, struct err *e);
void db_close(struct db *db);

/* Statements without values or results, as they stand (schema, pragmas). */
int db_exec(struct db *db, const char *sql, struct err *e);

/*
 * A named query with its values: types holds a letter for each, t const char *, i int64_t,
 * r double, b const void * and size_t, 0 nothing (NULL).  NULL, NONE_INT and NAN become NULL.
 * What is bound must live until db_done().  NULL on error.
 */
sqlite3_stmt *db_query(struct db *db, const char *sql, struct err *e, const char *types, ...);

/* 1 a row, 0 no more, -1 error; after the last two the statement is done. */
int db_step(struct db *db, sqlite3_stmt *s, struct err *e);
void db_done(sqlite3_stmt *s);

/*
 * After the loop of a list of n items: steps[-1] was r.  A bounded read that got something says
 * *more and is no error.
 */
int db_list_end(sqlite3_stmt *s, int r, size_t n, bool *more, struct err *e);

/* One that returns no rows.  db_changes() says how many rows it changed. */
int db_run(struct db *db, const char *sql, struct err *e, const char *types, ...);
int db_vrun(struct db *db, const char *sql, struct err *e, const char *types, va_list ap);
int64_t db_changes(const struct db *db);

/* One whose first column is a number; *out is otherwise when there is no row or it is NULL. */
int db_int(int64_t *out, struct db *db, int64_t otherwise, const char *sql, struct err *e,
	const char *types, ...);

/* Columns: NULL, NONE_INT and NAN for NULL.  Text is copied into a; a NULL borrows it. */
const char *db_text(struct arena *a, sqlite3_stmt *s, int column);
int64_t db_col(sqlite3_stmt *s, int column);
double db_real(sqlite3_stmt *s, int column);

/* Bind one by hand, index from 1. */
void db_bind_text(sqlite3_stmt *s, int index, const char *text);
void db_bind_int(sqlite3_stmt *s, int index, int64_t v);
void db_bind_real(sqlite3_stmt *s, int index, double v);

/*
 * Write transactions, nested by counting: db_end(ok) of the outermost commits when all were ok,
 * else rolls back.  Returns 0 only when what was written stands (outermost) or may yet (nested).
 */
int db_begin(struct db *db, struct err *e);
int db_end(struct db *db, bool ok, struct err *e);
void db_rollback(struct db *db);

/* Set e from the connection's last error. */
int db_error(struct db *db, struct err *e);

/* The smallest text greater than all with this prefix, for "x >= prefix AND x < end". */
const char *db_prefix_end(struct arena *a, const char *prefix);

#endif
