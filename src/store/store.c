#include "config.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "store/inside.h"
#include "store/payload.h"
#include "store/reserve.h"

static int open_files(struct store *st, struct err *e)
{
	if (place_check(&st->place, e) < 0)
		return -1;
	if (place_open_db(&st->record, &st->place, DB_RECORD, &record_migrations, e) < 0)
		return -1;
	if (place_open_db(&st->seen, &st->place, DB_SEEN, &seen_migrations, e) < 0)
		return -1;
	if (!st->place.write)
		return 0;
	st->lock_fd = place_open_file(&st->place, "lock", e);
	if (st->lock_fd < 0)
		return -1;
	st->reserve_fd = place_open_file(&st->place, "reserve", e);
	if (st->reserve_fd < 0)
		return -1;
	reserve_fill(st->reserve_fd);
	return 0;
}

int store_open(struct store **out, const char *dir, enum store_mode mode, struct err *e)
{
	struct store *st = mem_new(1, sizeof(*st));

	st->lock_fd = st->reserve_fd = -1;
	if (place_open(&st->place, dir, mode == STORE_WRITE, e) < 0 ||
		open_files(st, e) < 0) {
		store_free(st);
		return -1;
	}
	*out = st;
	return 0;
}

void store_free(struct store *st)
{
	if (!st)
		return;
	db_close(&st->seen);
	db_close(&st->record);
	if (st->lock_fd >= 0)
		close(st->lock_fd);
	if (st->reserve_fd >= 0)
		close(st->reserve_fd);
	for (int kind = 0; kind < REC_KINDS; kind++)
		for (int i = 0; i < TABLE_QUERIES; i++)
			free(st->sql[kind][i]);
	payload_free(st->payload);
	place_release(&st->place);
	free(st);
}

const char *store_dir(const struct store *st)
{
	return st->place.dir;
}

bool store_is_shared(const struct store *st)
{
	return st->place.shared;
}

int store_begin(struct store *st, struct err *e)
{
	return db_begin(&st->seen, e);
}

int store_commit(struct store *st, struct err *e)
{
	return db_end(&st->seen, true, e);
}

void store_rollback(struct store *st)
{
	struct err ignored = ERR_INIT;

	db_end(&st->seen, false, &ignored);
	err_release(&ignored);
}

static int64_t data_version(struct db *db)
{
	static const char query[] = "PRAGMA data_version";
	struct err e = ERR_INIT;
	int64_t out = 0;

	if (db_int(&out, db, 0, query, &e, "") < 0) {
		log_warn("%s: %s", __func__, e.what);
		err_release(&e);
	}
	return out;
}

int64_t store_version(struct store *st)
{
	/* Each counts up for itself and wraps at 32 bits: side by side no two moves cancel out. */
	return (int64_t)((uint64_t)data_version(&st->seen) << 32 |
		((uint64_t)data_version(&st->record) & UINT32_MAX));
}

static int read_touched(struct db *db, int64_t counters[TOUCHES], struct err *e)
{
	static const char query[] = "SELECT kind, n FROM touched";
	sqlite3_stmt *s = db_query(db, query, e, "");
	int r = s ? 1 : -1;

	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		int64_t kind = db_col(s, 0);

		if (kind > TOUCH_NONE && kind < TOUCHES)
			counters[kind] = db_col(s, 1);
	}
	return r;
}

int store_touched(struct store *st, int64_t counters[TOUCHES], struct err *e)
{
	memset(counters, 0, TOUCHES * sizeof(*counters));
	return read_touched(&st->seen, counters, e) < 0 ||
			read_touched(&st->record, counters, e) < 0
		? -1
		: 0;
}

void store_read_limit(struct store *st, int ms)
{
	st->seen.read_limit_ms = ms;
	st->record.read_limit_ms = ms;
}

int64_t store_bytes(struct store *st)
{
	char *wal = mem_format("%s-wal", st->seen.path);
	struct stat s;
	int64_t bytes = 0;

	if (stat(st->seen.path, &s) == 0)
		bytes += s.st_size;
	if (stat(wal, &s) == 0)
		bytes += s.st_size;
	free(wal);
	return bytes;
}

bool store_is_moved(struct store *st)
{
	int moved = 0;

	return sqlite3_file_control(st->seen.handle, "main", SQLITE_FCNTL_HAS_MOVED,
		       &moved) == SQLITE_OK &&
		moved;
}

int store_set(struct store *st, const char *key, const char *value, struct err *e)
{
	static const char put[] =
		"INSERT INTO setting (key, value) VALUES (?1, ?2)"
		" ON CONFLICT (key) DO UPDATE SET value = excluded.value"
		" WHERE value IS NOT excluded.value";
	static const char drop[] = "DELETE FROM setting WHERE key = ?1";

	if (!value)
		return seen_run(st, TOUCH_NONE, drop, e, "t", key);
	return seen_run(st, TOUCH_NONE, put, e, "tt", key, value);
}

char *store_get(struct store *st, const char *key)
{
	static const char query[] = "SELECT value FROM setting WHERE key = ?1";
	struct err e = ERR_INIT;
	sqlite3_stmt *s = db_query(&st->seen, query, &e, "t", key);
	char *out = NULL;

	if (s && db_step(&st->seen, s, &e) > 0) {
		out = mem_strdup(db_text(NULL, s, 0));
		db_done(s);
	}
	if (e.code)
		log_warn("%s: %s: %s", __func__, key, e.what);
	err_release(&e);
	return out;
}
