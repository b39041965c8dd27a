#include "config.h"
#include "store/db.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "model/record.h"
#include "store/dberror.h"

#define BUSY_MS 5000
#define OPS_BETWEEN_LOOKS 2000 /* of the virtual machine: some 50 us */

static const char *const file_names[DB_FILES] = {
	[DB_NONE] = "",
	[DB_SEEN] = "seen.db",
	[DB_RECORD] = "record.db",
};

struct db_stmt {
	const char *sql; /* the key: an address, borrowed */
	sqlite3_stmt *stmt; /* owned */
	UT_hash_handle hh;
};

static const char *const pragmas[DB_FILES] = {
	[DB_SEEN] = "PRAGMA synchronous=NORMAL; PRAGMA trusted_schema=OFF; PRAGMA "
		    "temp_store=MEMORY;",
	[DB_RECORD] = "PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF; PRAGMA "
		      "temp_store=MEMORY;"
		      "PRAGMA cache_size=-512;",
};

const char *db_file_name(enum db_file f)
{
	return file_names[f];
}

static int time_is_up(void *ctx)
{
	const struct db *db = ctx;

	return db->deadline && clock_mono() > db->deadline;
}

int db_open(
	struct db *db, enum db_file which, const char *path, bool write, struct err *e)
{
	int flags = (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
		SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

	*db = (struct db){.which = which, .path = mem_strdup(path)};
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK)
		goto fail;
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_progress_handler(db->handle, OPS_BETWEEN_LOOKS, time_is_up, db);
	if (sqlite3_exec(db->handle, pragmas[which], NULL, NULL, NULL) != SQLITE_OK)
		goto fail;
	if (write && sqlite3_db_readonly(db->handle, "main") == 1) {
		dberror_read_only(e, which, path);
		goto out;
	}
	if (write &&
		sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL) !=
			SQLITE_OK)
		goto fail;
	return 0;
fail:
	db_error(db, e);
out:
	db_close(db);
	return -1;
}

void db_close(struct db *db)
{
	struct db_stmt *item, *next;

	HASH_ITER (hh, db->stmts, item, next) {
		HASH_DEL(db->stmts, item);
		sqlite3_finalize(item->stmt);
		free(item);
	}
	sqlite3_close(db->handle);
	free(db->path);
	*db = (struct db){0};
}

int db_error(struct db *db, struct err *e)
{
	dberror_set(e, db->which, db->path, db->handle);
	db->full = dberror_is_full(db->handle);
	return -1;
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, e);
	return 0;
}

static sqlite3_stmt *prepared(struct db *db, const char *sql, struct err *e)
{
	struct db_stmt *item;

	HASH_FIND_PTR(db->stmts, &sql, item);
	if (item) {
		if (sqlite3_stmt_busy(item->stmt))
			bug("a query is used twice at a time: %s", sql);
		return item->stmt;
	}
	item = mem_new(1, sizeof(*item));
	item->sql = sql;
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
		    &item->stmt, NULL) != SQLITE_OK) {
		free(item);
		db_error(db, e);
		return NULL;
	}
	HASH_ADD_PTR(db->stmts, sql, item);
	return item->stmt;
}

static void bind_all(sqlite3_stmt *s, const char *types, va_list ap)
{
	const void *blob;

	for (int i = 0; types[i]; i++) {
		switch (types[i]) {
		case 't': db_bind_text(s, i + 1, va_arg(ap, const char *)); break;
		case 'i': db_bind_int(s, i + 1, va_arg(ap, int64_t)); break;
		case 'r': db_bind_real(s, i + 1, va_arg(ap, double)); break;
		case 'b':
			blob = va_arg(ap, const void *);
			sqlite3_bind_blob64(
				s, i + 1, blob, va_arg(ap, size_t), SQLITE_STATIC);
			break;
		case '0': sqlite3_bind_null(s, i + 1); break;
		default: bug("bad type of a bound value: %c", types[i]);
		}
	}
}

static sqlite3_stmt *vquery(
	struct db *db, const char *sql, struct err *e, const char *types, va_list ap)
{
	sqlite3_stmt *s = prepared(db, sql, e);

	if (!s)
		return NULL;
	bind_all(s, types, ap);
	db->deadline = 0;
	if (db->read_limit_ms && !db->depth && sqlite3_stmt_readonly(s))
		db->deadline = clock_mono() + db->read_limit_ms * NS_PER_MS;
	return s;
}

sqlite3_stmt *db_query(
	struct db *db, const char *sql, struct err *e, const char *types, ...)
{
	sqlite3_stmt *s;
	va_list ap;

	va_start(ap, types);
	s = vquery(db, sql, e, types, ap);
	va_end(ap);
	return s;
}

int db_step(struct db *db, sqlite3_stmt *s, struct err *e)
{
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		db_error(db, e);
	db_done(s);
	return rc == SQLITE_DONE ? 0 : -1;
}

void db_done(sqlite3_stmt *s)
{
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

int db_list_end(sqlite3_stmt *s, int r, size_t n, bool *more, struct err *e)
{
	if (s)
		db_done(s);
	if (r >= 0)
		return 0;
	if (!n || e->code != ERR_LIMIT)
		return -1;
	err_clear(e);
	*more = true;
	return 0;
}

static int finish(struct db *db, sqlite3_stmt *s, struct err *e)
{
	int r;

	if (!s)
		return -1;
	r = db_step(db, s, e);
	if (r > 0)
		db_done(s);
	return r < 0 ? -1 : 0;
}

int db_vrun(struct db *db, const char *sql, struct err *e, const char *types, va_list ap)
{
	return finish(db, vquery(db, sql, e, types, ap), e);
}

int db_run(struct db *db, const char *sql, struct err *e, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = db_vrun(db, sql, e, types, ap);
	va_end(ap);
	return r;
}

int64_t db_changes(const struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int db_int(int64_t *out, struct db *db, int64_t otherwise, const char *sql, struct err *e,
	const char *types, ...)
{
	sqlite3_stmt *s;
	va_list ap;
	int r;

	va_start(ap, types);
	s = vquery(db, sql, e, types, ap);
	va_end(ap);
	if (!s)
		return -1;
	r = db_step(db, s, e);
	if (r < 0)
		return -1;
	*out = otherwise;
	if (!r)
		return 0;
	if (sqlite3_column_type(s, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(s, 0);
	db_done(s);
	return 0;
}

const char *db_text(struct arena *a, sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	if (!text || !a)
		return text;
	return arena_strndup(a, text, (size_t)sqlite3_column_bytes(s, column));
}

int64_t db_col(sqlite3_stmt *s, int column)
{
	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return NONE_INT;
	return sqlite3_column_int64(s, column);
}

double db_real(sqlite3_stmt *s, int column)
{
	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(s, column);
}

void db_bind_text(sqlite3_stmt *s, int index, const char *text)
{
	if (text)
		sqlite3_bind_text(s, index, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, index);
}

void db_bind_int(sqlite3_stmt *s, int index, int64_t v)
{
	if (v == NONE_INT)
		sqlite3_bind_null(s, index);
	else
		sqlite3_bind_int64(s, index, v);
}

void db_bind_real(sqlite3_stmt *s, int index, double v)
{
	if (isnan(v))
		sqlite3_bind_null(s, index);
	else
		sqlite3_bind_double(s, index, v);
}

int db_begin(struct db *db, struct err *e)
{
	static const char begin[] = "BEGIN IMMEDIATE";

	if (!db->depth) {
		db->failed = false;
		db->touched = 0;
		if (db_run(db, begin, e, "") < 0)
			return -1;
	}
	db->depth++;
	return 0;
}

static int bump_touched(struct db *db, struct err *e)
{
	static const char bump[] = "INSERT INTO touched (kind, n) VALUES (?1, 1)"
				   " ON CONFLICT (kind) DO UPDATE SET n = n + 1";

	for (int kind = 0; kind < 32; kind++)
		if (db->touched & UINT32_C(1) << kind &&
			db_run(db, bump, e, "i", (int64_t)kind) < 0)
			return -1;
	return 0;
}

int db_end(struct db *db, bool ok, struct err *e)
{
	static const char commit[] = "COMMIT";

	if (!db->depth)
		bug("the end of a transaction that was not begun");
	db->failed |= !ok;
	if (--db->depth)
		return ok ? 0 : -1;
	if (!db->failed && bump_touched(db, e) == 0 && db_run(db, commit, e, "") == 0)
		return 0;
	db_rollback(db);
	if (ok && !e->code)
		err_set(e, ERR_STORE,
			_("nothing was written, because an earlier part of it failed"));
	return -1;
}

void db_rollback(struct db *db)
{
	db->depth = 0;
	db->failed = false;
	db->touched = 0;
	if (db->handle && !sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

const char *db_prefix_end(struct arena *a, const char *prefix)
{
	char *end = arena_strdup(a, prefix);
	size_t n = strlen(end);

	while (n && (unsigned char)end[n - 1] == 0xff)
		n--;
	if (n)
		end[n - 1]++;
	end[n] = '\0';
	return n ? end : NULL;
}
