/* sessions.h - agent sessions and their spans; payloads are compressed */
#ifndef TOCSIN_STORE_SESSIONS_H
#define TOCSIN_STORE_SESSIONS_H

#include "model/session.h"
#include "store/store.h"

struct session_list {
	struct session	*items;
	size_t		n;
	bool		more;
};

struct session_query {
	const char	*agent, *source, *text;	/* NULL: any; text: in id, agent, user or tags */
	bool		failed_only;
	int64_t		from, to;	/* by start; to AT_NOW */
	size_t		limit;
	int64_t		before_started;	/* paging: started earlier than this; AT_NOW: from the top */
};

int session_put(struct store *st, const struct session *s, struct err *e);	/* upsert */
int session_list(struct session_list *out, struct arena *a, struct store *st,
	const struct session_query *q, struct err *e);		/* newest first */

/* id may be a unique prefix; ERR_NOT_FOUND; ERR_CONFLICT when several match. */
int session_find(struct session *out, struct arena *a, struct store *st, const char *id,
	struct err *e);

/* Spans of a batch, in one transaction of at most 50 ms. */
int span_put(struct store *st, const struct span *s, struct err *e);		/* upsert */

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

struct session_stats {
	int64_t	count, failed;
	double	cost_usd;
};

int session_stats(struct session_stats *out, struct store *st, int64_t from, int64_t to,
	struct err *e);

#endif
