/*
 * backfill.h - the hours before we watched, from what Prometheus remembers
 *
 * Each objective's burn in its windows of up to 6 h over the last 24 h, by range queries; the same
 * for a hole that a stopped collector or a source that did not answer has left.
 */
#ifndef TOCSIN_POLL_BACKFILL_H
#define TOCSIN_POLL_BACKFILL_H

#include "poll/prom_query.h"
#include "poll/slos.h"

#define BACKFILL_NS NS_PER_DAY
#define BACKFILL_MAX_WINDOW_NS (6 * NS_PER_HOUR)

/*
 * Fill the holes of those that have one, at most `most` objectives at once, then done once, from
 * the loop; filled: how many were.  e: the store failed.  Lives in the round's arena.
 */
struct backfill;
typedef void backfill_done_fn(struct round *r, void *ctx, size_t filled, const struct err *e);
struct backfill *backfill_run(struct round *r, struct prom_server *server, struct slo_set *slos, size_t most,
	backfill_done_fn *done, void *ctx);

/* The round is cut off; NULL is fine.  Not after done. */
void backfill_cancel(struct backfill *b);

/* Look for holes anew: the source was not read for a while. */
void backfill_again(struct slo_set *slos);

#endif
