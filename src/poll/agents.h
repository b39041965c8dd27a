/*
 * agents.h - definitions that the spans of a round tell of: agents' graphs, their tools' schemas
 *
 * What is known of an agent stands in the store, as its definition's summary.
 */
#ifndef TOCSIN_POLL_AGENTS_H
#define TOCSIN_POLL_AGENTS_H

#include <stdbool.h>

#include "poll/round.h"
#include "trace/trace_file.h"

struct agents;

struct agents *agents_new(void);
void agents_free(struct agents *ag);

/* Before it is made unreadable.  names_only: not what the tools' definitions say. */
void agents_add_span(struct agents *ag, const struct span *s, bool names_only);

/* A session with all its spans, gathered by trace_sessions(). */
void agents_add_session(struct agents *ag, const struct trace_file *f, const struct session *s);

/* Write what is news; nothing that is not here is taken for gone. */
int agents_write(struct agents *ag, struct round *r, struct err *e);

#endif
