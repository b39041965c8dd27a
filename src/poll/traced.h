/*
 * traced.h - objectives over what the store holds of a service's agents
 *
 * Evaluated by the source of a service's agents at the end of its round: sessions that failed,
 * tools' errors, refusals, scores and costs, which no counter counts.
 */
#ifndef TOCSIN_POLL_TRACED_H
#define TOCSIN_POLL_TRACED_H

#include "poll/reader.h"

struct traced;

struct traced *traced_new(void);
void traced_free(struct traced *t);

/* Evaluate what is due and write it; nothing for a source that no service's agents are of. */
int traced_run(struct traced *t, struct round *r, struct err *e);

#endif
