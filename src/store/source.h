/* source.h - sources as rows: health, locks, generations, and what is wanted of them */
#ifndef TOCSIN_STORE_SOURCE_H
#define TOCSIN_STORE_SOURCE_H

#include "model/config.h"
#include "store/store.h"

enum source_state { SRC_NONE, SRC_NEVER, SRC_OK, SRC_PARTIAL, SRC_FAILING, SRC_AUTH, SRC_STATES };
const char *source_state_name(enum source_state s);	/* "never", "ok", … */

struct source_row {
	int64_t			id;
	const char		*name, *type, *url;	/* url without user and password */
	const char		*context;
	int64_t			every_ns;
	enum source_state	state;
	int64_t			polled;		/* last attempt began; NONE_INT never */
	int64_t			succeeded;	/* last success; NONE_INT never */
	int64_t			failing_since;	/* NONE_INT: not failing */
	int64_t			next_poll;
	int64_t			latency_ns, bytes, records;	/* of the last poll */
	int64_t			polls, failures;
	const char		*error, *hint;	/* of the last failure, or NULL */
	const char		*version;	/* what the backend says it is, or NULL */
	int64_t			generation;
	int64_t			holder_pid;	/* information only: the lock decides */
	const char		*holder_user;
	int64_t			heartbeat;
};

struct source_rows {
	struct source_row	*items;
	size_t			n;
};

/* Make a row for each source of the context, update what changed, mark gone ones. */
int source_sync(struct store *st, const struct config *c, const char *context, struct err *e);

/*
 * By name, without gone ones.  For a past `at` what it was then; times to within one interval of
 * polling.
 */
int source_list(struct source_rows *out, struct arena *a, struct store *st, int64_t at,
	struct err *e);
int source_find(struct source_row *out, struct arena *a, struct store *st, const char *name,
	struct err *e);		/* ERR_NOT_FOUND */

/* Older than three polling intervals at now, or never read. */
bool source_is_stale(const struct source_row *s, int64_t now);

/*
 * The byte lock in the file `lock`: 1 got it (generation raised and put in *generation), 0 held
 * by another, -1 error.  Freed by source_unlock(), by store_free(), or by death.
 */
int source_lock(struct store *st, int64_t source_id, int64_t *generation, struct err *e);
void source_unlock(struct store *st, int64_t source_id);

/* Fails with ERR_CONFLICT when another generation took over: ingest transactions call it. */
int source_check(struct store *st, int64_t source_id, int64_t generation, struct err *e);

struct poll_outcome {
	int64_t		source_id, generation;
	int64_t		at, latency_ns, bytes, records, next_poll;
	enum source_state state;
	const char	*error, *hint, *version;
};

/* A batch, one transaction; those of a generation that is over are left out. */
int source_outcomes(struct store *st, const struct poll_outcome *items, size_t n, struct err *e);

/* Consoles and runs hold a shared lock while they live; a collector asks whether any is left. */
int store_present(struct store *st, struct err *e);
bool store_has_present(struct store *st);

/* --- wants: what a console asks the collector for --- */

enum want_state { WANT_NONE, WANT_ASKED, WANT_WORKING, WANT_DONE, WANT_FAILED };

struct want {
	int64_t		id;
	const char	*source;
	const char	*what;		/* refresh, session, trace, range */
	const char	*object;	/* the session's id …; NULL */
	const char	*who;
	int64_t		asked, deadline, answered;
	enum want_state	state;
	const char	*error;
};

/* The same open want is not written twice; *id is its row. */
int want_ask(struct store *st, const char *source, const char *what, const char *object,
	const char *who, int64_t now, int64_t deadline, int64_t *id, struct err *e);
int want_open(struct want **out, size_t *n, struct arena *a, struct store *st, int64_t now,
	struct err *e);
int want_find(struct want *out, struct arena *a, struct store *st, int64_t id, struct err *e);
int want_answer(struct store *st, int64_t id, enum want_state state, const char *error,
	int64_t now, struct err *e);

#endif
