/*
 * observe.h - canonical records in and out, as validity intervals
 *
 * since and until say when we saw it.  A field that moves closes the old interval and opens a new
 * one (FIELD_QUIET: it is updated in place); a FIELD_STATE that moves also writes a change; an
 * unchanged record writes nothing.  A change's `at` is the backend's own time where the record
 * carries one that fits (created, changed, started, ...), else the time we saw it.
 */
#ifndef TOCSIN_STORE_OBSERVE_H
#define TOCSIN_STORE_OBSERVE_H

#include "model/change.h"
#include "model/config.h"
#include "model/record.h"
#include "store/store.h"

struct observe;

/*
 * Begin one round of one kind from one source at `now`.  A kind that was never read of this
 * source, or not since it has its URL, type and options, is at first contact, whatever the caller
 * says.  first_contact: what is found did not happen while we watched.  It is valid since its own
 * time where it has one, and only what has one leaves changes, marked from_history: a version's
 * `created`, its aliases and stage at `updated`, serving's `changed`, a pointer's, a flag's, a
 * definition's, a run's start and end, an alert's and a page's since.
 *
 * A change that was watched says when we last saw the old state, and, where that is more than
 * three intervals ago, that there was a gap.
 *
 * Nothing is locked while a round is open, pages may take their time: what differs is kept in
 * memory, up to a few MiB, and written by observe_end() in transactions of at most 50 ms, each of
 * which checks the generation.
 */
int observe_begin(struct observe **out, struct store *st, const char *source, int64_t generation,
	enum record_kind kind, int64_t now, bool first_contact, struct err *e);

/* Whose services the changes belong to; borrowed until the end.  Without: they say none. */
void observe_config(struct observe *ob, const struct config *c);
int observe_put(struct observe *ob, const void *record, struct err *e);

/* Something that should have come did not: pages were left out, records did not fit. */
void observe_missed(struct observe *ob);

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

/* What held at `at`, by source and key; source NULL: of all; key_prefix: of record_key(), or NULL. */
int observed_at(struct observed_list *out, struct arena *a, struct store *st,
	enum record_kind kind, const char *source, const char *key_prefix, int64_t at,
	size_t limit, struct err *e);

/*
 * By the first key field behind the source and (NULL: any) the second: the versions of a model,
 * one alias.  For kinds with two of them, the first of which is a FIELD_PATH.
 */
int observed_of(struct observed_list *out, struct arena *a, struct store *st,
	enum record_kind kind, const char *source, const char *first, const char *second,
	int64_t at, size_t limit, struct err *e);

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
	const char	*service;	/* NULL: any */
	uint32_t	kinds;		/* KIND_BIT()s; 0: any */
	size_t		limit;
};

#define KIND_BIT(kind) (UINT32_C(1) << (kind))

/* What can be the cause of trouble; alerts, silences, pages and who is on call only tell of it. */
#define KINDS_CAUSE                                                                               \
	(~(KIND_BIT(REC_ALERT) | KIND_BIT(REC_SILENCE) | KIND_BIT(REC_PAGE) |                     \
		KIND_BIT(REC_ONCALL)))

int change_list(struct change_list *out, struct arena *a, struct store *st,
	const struct change_query *q, struct err *e);	/* newest first */
int change_add(struct store *st, const struct change *c, struct err *e);

#endif
