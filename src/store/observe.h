/*
 * observe.h - canonical records in and out, as validity intervals
 *
 * since and until say when we saw it.  A state field that moves closes the old interval, opens a
 * new one, and writes a change; an unchanged record writes nothing.
 */
#ifndef TOCSIN_STORE_OBSERVE_H
#define TOCSIN_STORE_OBSERVE_H

#include "model/change.h"
#include "model/record.h"
#include "store/store.h"

struct observe;

/*
 * Begin one round of one kind from one source at `now`.  first_contact marks what is found as
 * from history: no change rows for mere existence, except those with a time of their own.
 */
int observe_begin(struct observe **out, struct store *st, const char *source, int64_t generation,
	enum record_kind kind, int64_t now, bool first_contact, struct err *e);
int observe_put(struct observe *ob, const void *record, struct err *e);

/* complete: the round saw everything, so what was not put again has gone away. */
int observe_end(struct observe *ob, bool complete, struct err *e);	/* commits; frees ob */
void observe_abort(struct observe *ob);					/* rolls back; frees ob */
size_t observe_count(const struct observe *ob);

struct observed {
	const void	*record;	/* of the kind's struct type */
	int64_t		since, until;	/* until NONE_INT: still so */
};

struct observed_list {
	struct observed	*items;
	size_t		n;
	bool		more;	/* the limit cut the list */
};

/* What held at `at`, by key; source NULL: of all.  key_prefix NULL or "model" fields' prefix. */
int observed_at(struct observed_list *out, struct arena *a, struct store *st,
	enum record_kind kind, const char *source, const char *key_prefix, int64_t at,
	size_t limit, struct err *e);

/* All intervals of one object, newest first. */
int observed_history(struct observed_list *out, struct arena *a, struct store *st,
	enum record_kind kind, const char *source, const char *key, size_t limit, struct err *e);

/* --- changes --- */

struct change_list {
	struct change	*items;
	size_t		n;
	bool		more;
};

struct change_query {
	int64_t		from, to;	/* by `at`; to AT_NOW: open */
	int64_t		seen_until;	/* time travel: not seen later than this; AT_NOW */
	const char	*source, *object;	/* NULL: any; object by prefix */
	enum record_kind kind;		/* REC_NONE: any */
	size_t		limit;
};

int change_list(struct change_list *out, struct arena *a, struct store *st,
	const struct change_query *q, struct err *e);	/* newest first */
int change_add(struct store *st, const struct change *c, struct err *e);

#endif
