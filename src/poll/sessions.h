/* sessions.h - sessions worked out from the spans that a round brought */
#ifndef TOCSIN_POLL_SESSIONS_H
#define TOCSIN_POLL_SESSIONS_H

#include "model/session.h"
#include "poll/agents.h"
#include "store/store.h"

/* Which sessions got spans; each is worked out again from all its spans. */
struct touched_sessions;

struct touched_sessions *touched_new(void);
void touched_free(struct touched_sessions *t);
void touched_add(struct touched_sessions *t, const struct span *s);	/* copies what it needs */

/*
 * Read the spans of each session from the store and write its row: counts, tokens, cost, errors;
 * agents are told of each.
 */
int touched_write(struct touched_sessions *t, struct store *st, const char *source,
	struct agents *agents, struct err *e);

#endif
