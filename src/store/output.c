#include "config.h"
#include "store/journal.h"

#include "store/inside.h"

#define KEEP_BYTES (1 << 20) /* at each end */
#define CHUNK_BYTES (64 << 10) /* of one row: what is dropped is dropped in these */

static const char output_put[] =
	"INSERT INTO step_output (run, n, at, data) VALUES (?1, ?2, ?3, ?4)"
	" ON CONFLICT (run, n, at) DO UPDATE SET data = excluded.data";
static const char output_drop_middle[] =
	"DELETE FROM step_output WHERE run = ?1 AND n = ?2 AND at >= ?3 AND at < ?4"
	" AND at + length(data) <= ?4";
static const char output_note_bytes[] =
	"UPDATE step SET output_bytes = max(output_bytes, ?3) WHERE run = ?1 AND n = ?2";
static const char output_total[] =
	"SELECT max(at + length(data)) FROM (SELECT at, data FROM step_output"
	" WHERE run = ?1 AND n = ?2 ORDER BY at DESC LIMIT 1)";
static const char output_from[] =
	"SELECT at, data FROM step_output WHERE run = ?1 AND n = ?2 AND at > ?3 - ?4"
	" AND at + length(data) > ?3 ORDER BY at";
static const char output_drop[] = "DELETE FROM step_output WHERE run = ?1 AND n = ?2";

struct addition {
	const char *run;
	int64_t n, at;
	const char *data;
	size_t bytes;
};

/* The next chunk ends where the head ends, so that all of the head stays. */
static size_t chunk_bytes(int64_t at, size_t left)
{
	size_t n = left < CHUNK_BYTES ? left : CHUNK_BYTES;

	if (at < KEEP_BYTES && at + (int64_t)n > KEEP_BYTES)
		n = (size_t)(KEEP_BYTES - at);
	return n;
}

static int add(struct store *st, void *ctx, struct err *e)
{
	const struct addition *d = ctx;
	struct db *db = &st->record;
	int64_t end = d->at + (int64_t)d->bytes, total;

	for (size_t done = 0, n; done < d->bytes; done += n) {
		n = chunk_bytes(d->at + (int64_t)done, d->bytes - done);
		if (db_run(db, output_put, e, "tiib", d->run, d->n, d->at + (int64_t)done,
			    d->data + done, n) < 0)
			return -1;
	}
	if (db_int(&total, db, 0, output_total, e, "ti", d->run, d->n) < 0)
		return -1;
	if (total < end)
		total = end;
	if (total > 2 * KEEP_BYTES &&
		db_run(db, output_drop_middle, e, "tiii", d->run, d->n,
			(int64_t)KEEP_BYTES, total - KEEP_BYTES) < 0)
		return -1;
	return db_run(db, output_note_bytes, e, "tii", d->run, d->n, total);
}

int step_output_add(struct store *st, const char *run, int64_t n, int64_t at_byte,
	const void *data, size_t bytes, struct err *e)
{
	struct addition d = {
		.run = run, .n = n, .at = at_byte, .data = data, .bytes = bytes};

	return record_write(st, TOUCH_RUN, add, &d, e);
}

int step_output(struct strbuf *out, int64_t *at, struct store *st, const char *run,
	int64_t n, int64_t from_byte, size_t max_bytes, struct err *e)
{
	struct db *db = &st->record;
	sqlite3_stmt *s = db_query(
		db, output_from, e, "tiii", run, n, from_byte, (int64_t)CHUNK_BYTES);
	int64_t next = from_byte;
	size_t got = 0;
	int r = s ? 1 : -1;

	while (r > 0 && got < max_bytes && (r = db_step(db, s, e)) > 0) {
		int64_t chunk = db_col(s, 0);
		const char *data = sqlite3_column_blob(s, 1);
		size_t skip, take;

		if (!got && chunk > next)
			next = chunk;
		if (chunk > next)
			break;
		skip = (size_t)(next - chunk);
		take = (size_t)sqlite3_column_bytes(s, 1) - skip;
		if (take > max_bytes - got)
			take = max_bytes - got;
		strbuf_add(out, data + skip, take);
		got += take;
		next += (int64_t)take;
	}
	if (at)
		*at = next - (int64_t)got;
	if (s)
		db_done(s);
	return r < 0 ? -1 : 0;
}

static int clear(struct store *st, void *ctx, struct err *e)
{
	static const char forget[] =
		"UPDATE step SET output_bytes = 0 WHERE run = ?1 AND n = ?2";
	const struct addition *d = ctx;

	if (db_run(&st->record, output_drop, e, "ti", d->run, d->n) < 0)
		return -1;
	return db_run(&st->record, forget, e, "ti", d->run, d->n);
}

int step_output_clear(struct store *st, const char *run, int64_t n, struct err *e)
{
	struct addition d = {.run = run, .n = n};

	return record_write(st, TOUCH_RUN, clear, &d, e);
}
