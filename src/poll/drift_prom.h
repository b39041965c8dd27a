/*
 * drift_prom.h - both sides of drift checks, asked of Prometheus
 *
 * The features of a check are asked together, some twenty in a query; a query that fails is put
 * again feature by feature, so that one wrong name fails alone.  A fixed reference is asked once
 * and pinned.  At first contact the evaluations before now are made up for, from what the
 * server remembers.
 */
#ifndef TOCSIN_POLL_DRIFT_PROM_H
#define TOCSIN_POLL_DRIFT_PROM_H

#include "poll/drifts.h"
#include "poll/prom_query.h"

/* Evaluate what is due and write it, then done once (perhaps before this returns). */
typedef void drift_done_fn(struct round *r, const struct err *e);
void drift_prom_run(struct drift_set *s, struct round *r, struct prom_server *server,
	drift_done_fn *done);

/*
 * One query for the features [from, to) of which which[] (NULL: all) are wanted: each series of
 * the answer bears its feature's number as the label tocsin_feature.  False: none is of metrics.
 */
bool drift_prom_query(struct strbuf *out, const struct drift_check *c, size_t from, size_t to,
	const bool *which, int64_t window_ns);

/*
 * The sides as of at from an answer to such a query.  instant: what it holds is that, whatever
 * moment it bears, for not every server answers with the one that was asked for.
 */
void drift_prom_sides(struct drift_side *sides, struct arena *a, const struct drift_check *c,
	const struct prom_answer *p, int64_t at, int64_t window_ns, bool instant);

#endif
