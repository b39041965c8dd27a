/*
 * scraped.h - counters that we scrape ourselves, and the objectives that are computed from them
 *
 * Only the series that an objective adds up are kept, as far back as its longest window needs.
 */
#ifndef TOCSIN_POLL_SCRAPED_H
#define TOCSIN_POLL_SCRAPED_H

#include "poll/exposition.h"
#include "poll/reader.h"

struct scraped;

struct scraped *scraped_new(void);
void scraped_free(struct scraped *s);

/* Read the SLO files anew, and which of their series the store has. */
int scraped_load(struct scraped *s, const struct round *r, struct err *e);

/* A group that no objective stands for yet was seen: load again before the next round. */
bool scraped_again(const struct scraped *s);

/* Why some objectives cannot be computed here; NULL. */
const char *scraped_problem(const struct scraped *s);

/*
 * Take one sample of a scrape, if an objective adds it up.  instance: the target.  Nothing is
 * written before scraped_write(); scraped_drop() forgets what the target gave in this round.
 */
void scraped_take(struct scraped *s, const char *instance, const struct metric_sample *m);
void scraped_drop(struct scraped *s, const char *instance);

/*
 * Write what was taken as of r->now.  A series that appears on a target that was scraped before
 * counted from 0 since then.
 */
int scraped_write(struct scraped *s, struct round *r, struct err *e);

/*
 * Evaluate what is due, a slice each turn of the loop, write it, and call done once (from the
 * loop).  Objectives of a Prometheus that does not answer are evaluated too.
 */
typedef void scraped_done_fn(struct round *r, const struct err *e);
void scraped_evaluate(struct scraped *s, struct round *r, scraped_done_fn *done);
void scraped_cancel(struct scraped *s);	/* the round is cut off */

#endif
