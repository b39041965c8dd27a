/*
 * fine.h - what is looked at closely: when a burn began, and when an overspent budget recovers
 *
 * By range queries, once for each burn and each half an hour for a budget: the stored history is
 * as coarse as the rounds.
 */
#ifndef TOCSIN_POLL_FINE_H
#define TOCSIN_POLL_FINE_H

#include "poll/prom_query.h"
#include "poll/slos.h"

/* Then done once, perhaps before this returns; changed: entries that know more than before. */
typedef void fine_done_fn(struct round *r, void *ctx, size_t changed);
void fine_run(struct round *r, struct prom_server *server, struct slo_set *slos,
	fine_done_fn *done, void *ctx);

#endif
