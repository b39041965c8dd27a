/*
 * asks.h - the questions that a source's objectives put to Prometheus
 *
 * Equal questions are asked once, whoever wants the answer; one question answers for all recorded
 * objectives; and long windows are asked less often than short ones.  A window that is longer
 * than the server allows is asked in parts.
 */
#ifndef TOCSIN_POLL_ASKS_H
#define TOCSIN_POLL_ASKS_H

#include "poll/prom_query.h"
#include "poll/slo_promql.h"
#include "poll/slos.h"

struct asks;

struct asks *asks_new(void);
void asks_free(struct asks *a);

/* Ask anew what could not be answered, and forget what no objective asks any more. */
void asks_renew(struct asks *a, struct slo_set *slos, int64_t now);

/*
 * Ask what is due as of r->now, then done once (perhaps before this returns).  refresh: someone
 * waits for it, so that more is due.
 * failed: how many of asked questions got no answer, and the last reason.
 */
struct asks_result {
	size_t		asked, failed;
	const struct err *last;		/* borrowed: from asks; NULL: none failed */
};
typedef void asks_done_fn(struct round *r, void *ctx, const struct asks_result *res);
void asks_run(struct asks *a, struct round *r, struct prom_server *server,
	struct slo_set *slos, bool refresh, asks_done_fn *done, void *ctx);

/*
 * What is known of one window of one objective.  why (may be NULL): the server's words when it
 * cannot answer (borrowed), else NULL.
 */
struct burn_window asks_window(const struct asks *a, const struct slo_entry *entry,
	int64_t window_ns, const char **why);

/* The period at the next higher boundary of a latency whose limit is none; NAN: it is one. */
struct burn_window asks_window_higher(const struct asks *a, const struct slo_entry *entry);

/* The share of the period at which the indicator had data; NAN: not known. */
double asks_coverage(const struct asks *a, const struct slo_entry *entry);

/*
 * An objective for each group that was told of; entries move.  Returns the name of one that has
 * too many, or NULL.
 */
const char *asks_groups(struct asks *a, struct slo_set *slos, int64_t now);

#endif
