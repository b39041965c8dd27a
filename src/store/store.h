/*
 * store.h - the two SQLite files that are the bus between console, collector and supervisor
 *
 * seen.db holds what sources said (trimmed, may be deleted); record.db holds audit, runs,
 * incidents and deliveries (never trimmed).  No transaction spans both.  All SQL is in store/.
 * Reads are bounded: each list takes a limit and allocates from the caller's arena.
 */
#ifndef TOCSIN_STORE_H
#define TOCSIN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "model/record.h"

#define AT_NOW INT64_MAX	/* for `at` arguments: the present, not a moment in the past */

struct store;

enum store_mode {
	STORE_READ,	/* fails when there is none */
	STORE_WRITE,	/* creates what is missing */
};

/*
 * dir NULL: $XDG_STATE_HOME/tocsin.  Refused, each with its own words and a way out: a network
 * file system, a damaged or newer file, a directory that others can write.
 */
int store_open(struct store **out, const char *dir, enum store_mode mode, struct err *e);
void store_free(struct store *st);
const char *store_dir(const struct store *st);
bool store_is_shared(const struct store *st);	/* a setgid directory of a group */

/* Group several writes to seen.db; nests by counting.  Roll back undoes all levels. */
int store_begin(struct store *st, struct err *e);
int store_commit(struct store *st, struct err *e);
void store_rollback(struct store *st);

/* The cheap first look: moves when any other connection committed to either file. */
int64_t store_version(struct store *st);

/* Which kinds of data moved: a counter for each, bumped in the writing transaction. */
enum touch {
	TOUCH_NONE,
	TOUCH_SOURCE, TOUCH_RECORD, TOUCH_ALERT, TOUCH_CHANGE, TOUCH_SLO, TOUCH_SAMPLE,
	TOUCH_SESSION, TOUCH_WANT, TOUCH_AUDIT, TOUCH_RUN, TOUCH_INCIDENT,
	TOUCHES,
};

int store_touched(struct store *st, int64_t counters[TOUCHES], struct err *e);

/*
 * End reads that run longer than this (ms); 0: never.  The console sets 5.  A list with `more`
 * says so and holds what it got; what got nothing fails with ERR_LIMIT, RETRY_NOW.
 */
void store_read_limit(struct store *st, int ms);

/*
 * One slice (at most 50 ms) of trimming by age and size; *more says whether to come back.  What was
 * valid at the horizon stays.  Over max_bytes the oldest goes first: numbers over time, then
 * sessions, then records; nothing of the last hour and nothing pinned.  Settings tell of it:
 * TRIM_SINCE since when all is there that keep_ns promises more of, TRIM_OVER when nothing more
 * may go and the store is still too large; neither is set while all is well.
 */
#define TRIM_SINCE "trim.since"	/* ns */
#define TRIM_OVER  "trim.over"	/* bytes */
int store_trim(struct store *st, int64_t keep_ns, int64_t max_bytes, int64_t now, bool *more,
	struct err *e);
int64_t store_bytes(struct store *st);	/* of seen.db with its WAL */

/* True when seen.db was moved aside under us: whoever polls into it should end. */
bool store_is_moved(struct store *st);

/*
 * Evidence of an incident is not trimmed: the object's intervals, changes, or session with its
 * spans.  key as record_key() gives it.
 */
int store_pin(struct store *st, enum record_kind kind, const char *source, const char *key,
	const char *incident, struct err *e);
int store_unpin(struct store *st, const char *incident, struct err *e);	/* all of the incident */

/* A small persistent table of settings: since when we watch, and so on. */
int store_set(struct store *st, const char *key, const char *value, struct err *e);
char *store_get(struct store *st, const char *key);	/* NULL: not set.  The caller frees. */

#endif
