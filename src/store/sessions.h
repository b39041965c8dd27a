/* sessions.h - agent sessions and their spans; payloads are compressed */
#ifndef TOCSIN_STORE_SESSIONS_H
#define TOCSIN_STORE_SESSIONS_H

#include "model/session.h"
#include "store/store.h"

/* A place in the list: where the next page begins. */
struct session_place {
	int64_t		at;	/* AT_NOW: from the top */
	const char	*source, *id;
};

struct session_list {
	struct session	*items;
	size_t		n;
	bool		more;		/* ask again with after = next */
	struct session_place next;
};

struct session_query {
	const char	*agent, *source, *text;	/* NULL: any; text: in id, agent, user or tags */
	bool		failed_only;
	int64_t		from, to;	/* by start; to AT_NOW */
	size_t		limit;
	struct session_place after;	/* {.at = AT_NOW}: the first page */
};

/* Upsert: what is unknown in s keeps what is stored. */
int session_put(struct store *st, const struct session *s, struct err *e);

/*
 * Newest first.  A page may be short, even empty, with more set: the time of store_read_limit()
 * was over while it looked for what the query wants.
 */
int session_list(struct session_list *out, struct arena *a, struct store *st,
	const struct session_query *q, struct err *e);

/* id may be a unique prefix; ERR_NOT_FOUND; ERR_CONFLICT when several match. */
int session_find(struct session *out, struct arena *a, struct store *st, const char *id,
	struct err *e);

/*
 * Upsert as session_put().  Put many between store_begin() and store_commit(), a few thousand at
 * a time (a write transaction lasts 50 ms at most), and the session last: it makes them visible.
 */
int span_put(struct store *st, const struct span *s, struct err *e);

struct span_list {
	struct span	*items;
	size_t		n;
	bool		more;
};

/* All spans of a session without input, output and attributes, by start. */
int span_list(struct span_list *out, struct arena *a, struct store *st, const char *source,
	const char *session, size_t limit, struct err *e);

/* One span whole. */
int span_find(struct span *out, struct arena *a, struct store *st, const char *source,
	const char *trace, const char *id, struct err *e);

/* Where a trace belongs; looks through all of them; ERR_NOT_FOUND. */
int session_of_trace(const char **source, const char **session, struct arena *a,
	struct store *st, const char *trace, struct err *e);

struct session_stats {
	int64_t	count, failed;	/* failed: with errors */
	double	cost_usd;
};

int session_stats(struct session_stats *out, struct store *st, int64_t from, int64_t to,
	struct err *e);

#endif
