#include "config.h"
#include "store/store.h"

#include <stdlib.h>

#include "core/clock.h"
#include "store/reserve.h"
#include "store/table.h"
#include "store/thin.h"

#define SLICE_NS \
	(20 * NS_PER_MS) /* then the transaction commits, well before its 50 ms */
#define BITES_A_SLICE 50
#define ROWS_A_BITE 500
#define FREE_PAGES 256 /* kept for what comes; more goes back to the disk */
#define LEAST_NS NS_PER_HOUR /* never trimmed, whatever the size */

/* What goes first when the store is too large, and what follows. */
enum { BY_AGE, SERIES, SESSIONS, RECORDS, PHASES };

/* One bite: rows that went; 0: the stage is done; -1 error. */
typedef int bite_fn(struct store *st, int64_t horizon, int64_t now, struct err *e);

static int gone(struct store *st, int r)
{
	return r < 0 ? -1 : (int)db_changes(&st->seen);
}

/* --- numbers over time: series after series, the cursor says which --- */

static const char series_next[] = "SELECT min(id) FROM series WHERE id > ?1";
/* By age each series has its own; by size nothing counts but the horizon. */
static const char series_horizon[] =
	"SELECT CASE WHEN ?2 THEN ?3 ELSE ?4 - coalesce(keep_ns, ?4 - ?3) END FROM "
	"series WHERE id = ?1";
static const char samples_trim[] =
	"DELETE FROM sample WHERE series = ?1 AND at IN (SELECT at FROM sample WHERE "
	"series = ?1"
	" AND at < (SELECT max(at) FROM sample WHERE series = ?1 AND at <= ?2)"
	" ORDER BY at LIMIT ?3)";
/* Nothing since the horizon: it is no longer written, and goes whole. */
static const char series_drop_last[] =
	"DELETE FROM sample WHERE series = ?1 AND at < ?2"
	" AND at = (SELECT max(at) FROM sample WHERE series = ?1)";
static const char series_drop[] = "DELETE FROM series WHERE id = ?1 AND NOT EXISTS "
				  "(SELECT 1 FROM sample WHERE series = ?1)";

static int next_in(struct store *st, const char *query, struct err *e)
{
	int64_t id;

	if (db_int(&id, &st->seen, NONE_INT, query, e, "i", st->trim.cursor) < 0)
		return -1;
	st->trim.cursor = id;
	return id == NONE_INT ? 0 : 1;
}

static int bite_series(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	struct db *db = &st->seen;
	int64_t id = st->trim.cursor, own;
	int n;

	if (id > 0) {
		if (db_int(&own, db, horizon, series_horizon, e, "iiii", id,
			    (int64_t)(st->trim.phase != BY_AGE), horizon, now) < 0)
			return -1;
		n = gone(st,
			db_run(db, samples_trim, e, "iii", id, own,
				(int64_t)ROWS_A_BITE));
		if (n)
			return n;
		if (db_run(db, series_drop_last, e, "ii", id, own) < 0 ||
			db_run(db, series_drop, e, "i", id) < 0)
			return -1;
	}
	return next_in(st, series_next, e);
}

/* --- how SLOs stood --- */

static const char objective_next[] = "SELECT min(id) FROM objective WHERE id > ?1";
static const char states_trim[] =
	"DELETE FROM slo_state WHERE objective = ?1 AND at IN (SELECT at FROM slo_state"
	" WHERE objective = ?1 AND at <"
	" (SELECT max(at) FROM slo_state WHERE objective = ?1 AND at <= ?2) ORDER BY at "
	"LIMIT ?3)";
static const char slo_trim[] =
	"DELETE FROM slo WHERE rid IN (SELECT rid FROM slo WHERE seen_to <= ?1 LIMIT ?2)";

static int bite_states(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	int64_t id = st->trim.cursor;
	int n = 0;

	if (id > 0) {
		n = gone(st,
			db_run(&st->seen, states_trim, e, "iii", id, horizon,
				(int64_t)ROWS_A_BITE));
		if (n == 0)
			n = thin_states(st, id, now, e);
	}
	return n ? n : next_in(st, objective_next, e);
}

static int bite_slos(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	(void)now;
	return gone(
		st, db_run(&st->seen, slo_trim, e, "ii", horizon, (int64_t)ROWS_A_BITE));
}

/* --- sessions: their spans first, so that no bite is large --- */

#define UNPINNED(source, id)                                                        \
	" NOT EXISTS (SELECT 1 FROM pin WHERE pin.kind = 'session' AND pin.source " \
	"= " source " AND pin.key = " id ")"

static const char session_oldest[] =
	"SELECT rid FROM session WHERE at < ?1 AND coalesce(ended, at) < ?1 AND" UNPINNED(
		"session.source", "session.id") " ORDER BY at LIMIT 1";
/* The + takes the affinity away, or the index on the expression would not do. */
static const char spans_trim[] = "DELETE FROM span WHERE rid IN (SELECT span.rid FROM "
				 "span, session WHERE session.rid = ?1"
				 " AND span.source = session.source AND "
				 "coalesce(span.session, span.trace) = +session.id"
				 " LIMIT ?2)";
static const char session_drop[] = "DELETE FROM session WHERE rid = ?1";
static const char orphans_trim[] =
	"DELETE FROM span WHERE rid IN (SELECT rid FROM span WHERE started < ?1 AND NOT "
	"EXISTS"
	" (SELECT 1 FROM session WHERE session.source = span.source"
	" AND session.id = coalesce(span.session, span.trace)) AND" UNPINNED(
		"span.source", "coalesce(span.session, span.trace)") " LIMIT ?2)";

static int bite_sessions(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	struct db *db = &st->seen;
	int64_t rid;
	int n;

	(void)now;
	if (db_int(&rid, db, NONE_INT, session_oldest, e, "i", horizon) < 0)
		return -1;
	if (rid == NONE_INT)
		return 0;
	n = gone(st, db_run(db, spans_trim, e, "ii", rid, (int64_t)ROWS_A_BITE));
	if (n)
		return n;
	return gone(st, db_run(db, session_drop, e, "i", rid));
}

static int bite_orphans(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	(void)now;
	return gone(st,
		db_run(&st->seen, orphans_trim, e, "ii", horizon, (int64_t)ROWS_A_BITE));
}

/* --- records, changes, health, requests --- */

static const char changes_trim[] =
	"DELETE FROM change WHERE id IN (SELECT id FROM change WHERE seen < ?1 AND NOT "
	"EXISTS"
	" (SELECT 1 FROM pin WHERE pin.kind = change.kind AND pin.source = change.source"
	" AND pin.key = change.object) LIMIT ?2)";
static const char health_trim[] =
	"DELETE FROM source_health WHERE last < ?1 AND since <"
	" (SELECT max(since) FROM source_health h WHERE h.source = source_health.source"
	" AND h.since <= ?1)";
static const char wants_trim[] =
	"DELETE FROM want WHERE id IN (SELECT id FROM want WHERE deadline < ?1 LIMIT ?2)";

static int bite_records(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	(void)now;
	for (int kind = REC_NONE + 1; kind < REC_KINDS; kind++) {
		int n;

		if (!record_def(kind)->interval)
			continue;
		n = gone(st,
			db_run(&st->seen, table_sql(st, kind, TABLE_TRIM), e, "ii",
				horizon, (int64_t)ROWS_A_BITE));
		if (n)
			return n;
	}
	return 0;
}

static int bite_changes(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	(void)now;
	return gone(st,
		db_run(&st->seen, changes_trim, e, "ii", horizon, (int64_t)ROWS_A_BITE));
}

static int bite_health(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	(void)now;
	return gone(st, db_run(&st->seen, health_trim, e, "i", horizon));
}

static int bite_wants(struct store *st, int64_t horizon, int64_t now, struct err *e)
{
	(void)horizon;
	return gone(st,
		db_run(&st->seen, wants_trim, e, "ii", now - NS_PER_DAY,
			(int64_t)ROWS_A_BITE));
}

static const struct stage {
	int phase; /* in which it also runs, beside BY_AGE */
	bite_fn *bite;
} stages[] = {
	{SERIES, bite_series},
	{SERIES, bite_states},
	{SESSIONS, bite_sessions},
	{SESSIONS, bite_orphans},
	{RECORDS, bite_records},
	{RECORDS, bite_changes},
	{RECORDS, bite_slos},
	{RECORDS, bite_health},
	{BY_AGE, bite_wants},
};

/* --- the walk over them --- */

static int pragma(int64_t *out, struct store *st, const char *query, struct err *e)
{
	return db_int(out, &st->seen, 0, query, e, "");
}

/* What the file holds, without what is free in it. */
static int used_bytes(int64_t *used, int64_t *free_pages, struct store *st, struct err *e)
{
	static const char pages[] = "PRAGMA page_count";
	static const char size[] = "PRAGMA page_size";
	static const char spare[] = "PRAGMA freelist_count";
	int64_t n, bytes;

	if (pragma(&n, st, pages, e) < 0 || pragma(&bytes, st, size, e) < 0 ||
		pragma(free_pages, st, spare, e) < 0)
		return -1;
	*used = (n - *free_pages) * bytes;
	return 0;
}

static int note(struct store *st, const char *key, int64_t value, struct err *e)
{
	char *text = value == NONE_INT ? NULL : mem_format("%lld", (long long)value);
	int r = store_set(st, key, text, e);

	free(text);
	return r;
}

static void start_phase(struct store *st, int phase, int64_t keep_ns)
{
	st->trim = (struct trim){.phase = phase, .keep_ns = keep_ns};
}

/* What the size once took is forgotten when it would have gone by age too. */
static int all_is_well(struct store *st, int64_t horizon, struct err *e)
{
	char *since = store_get(st, TRIM_SINCE);
	bool old = since && strtoll(since, NULL, 10) <= horizon;

	free(since);
	if (old && note(st, TRIM_SINCE, NONE_INT, e) < 0)
		return -1;
	return note(st, TRIM_OVER, NONE_INT, e);
}

/*
 * After the last stage of a round: a lower age, the next class of data, or the end (0).  A class is
 * left when its last hour is all that remains.
 */
static int next_round(
	struct store *st, int64_t keep_ns, int64_t max_bytes, int64_t now, struct err *e)
{
	struct trim *t = &st->trim;
	int64_t used, free_pages;

	if (used_bytes(&used, &free_pages, st, e) < 0)
		return -1;
	if (max_bytes <= 0 || used <= max_bytes) {
		start_phase(st, BY_AGE, 0);
		return all_is_well(st, now - keep_ns, e);
	}
	if (t->phase == BY_AGE)
		start_phase(st, SERIES, keep_ns);
	else if (t->keep_ns <= LEAST_NS)
		start_phase(st, t->phase + 1, keep_ns);
	else
		start_phase(st, t->phase, t->keep_ns / 4 * 3);
	if (t->phase == PHASES) {
		start_phase(st, BY_AGE, 0);
		return note(st, TRIM_OVER, used, e);
	}
	if (t->keep_ns < LEAST_NS)
		t->keep_ns = LEAST_NS;
	return note(st, TRIM_SINCE, now - t->keep_ns, e) < 0 ? -1 : 1;
}

/* 1: there is more to do; 0: the walk is over. */
static int bite(
	struct store *st, int64_t keep_ns, int64_t max_bytes, int64_t now, struct err *e)
{
	struct trim *t = &st->trim;
	const struct stage *s;
	int n;

	if (t->stage == ARRAY_LEN(stages))
		return next_round(st, keep_ns, max_bytes, now, e);
	s = &stages[t->stage];
	n = 0;
	if (t->phase == BY_AGE || t->phase == s->phase)
		n = s->bite(
			st, now - (t->phase == BY_AGE ? keep_ns : t->keep_ns), now, e);
	if (n == 0) {
		t->stage++;
		t->cursor = 0;
	}
	return n < 0 ? -1 : 1;
}

/*
 * Give free pages back, some at a time.  The file itself becomes smaller when the WAL is written
 * back to it, which needs no lock that anyone waits for.
 */
static int shrink(struct store *st, int64_t began, bool *more, struct err *e)
{
	int64_t used, free_pages;
	int r = 0;

	if (used_bytes(&used, &free_pages, st, e) < 0)
		return -1;
	if (free_pages > FREE_PAGES) {
		st->trim_shrank = true;
		*more = true;
		for (int i = 0; r == 0 && i < FREE_PAGES / 32; i++) {
			r = db_exec(&st->seen, "PRAGMA incremental_vacuum(32)", e);
			if (clock_mono() - began > SLICE_NS)
				break;
		}
		return r;
	}
	if (st->trim_shrank)
		sqlite3_wal_checkpoint_v2(
			st->seen.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	st->trim_shrank = false;
	return 0;
}

int store_trim(struct store *st, int64_t keep_ns, int64_t max_bytes, int64_t now,
	bool *more, struct err *e)
{
	int64_t began = clock_mono();
	int r = 1;

	*more = false;
	if (store_begin(st, e) < 0)
		return -1;
	for (int i = 0; r > 0 && i < BITES_A_SLICE && clock_mono() - began < SLICE_NS;
		i++)
		r = bite(st, keep_ns, max_bytes, now, e);
	if (db_end(&st->seen, r >= 0, e) < 0)
		return -1;
	reserve_fill(st->reserve_fd);
	if (r > 0) {
		*more = true;
		return 0;
	}
	return shrink(st, began, more, e);
}
