/*
 * drift_scraped.h - both sides of drift checks from what we scrape ourselves
 *
 * Of each feature's series the growth is added up, over all targets and restarts, into one
 * counter for each bucket or category, which the store keeps: a window is the difference of two
 * of its samples.  What a target's counters held when it was first seen was counted before we
 * watched: it is no growth, and the first reference of a check that pins one, where it is enough.
 */
#ifndef TOCSIN_POLL_DRIFT_SCRAPED_H
#define TOCSIN_POLL_DRIFT_SCRAPED_H

#include "poll/drifts.h"
#include "poll/exposition.h"

struct drift_scraped;

struct drift_scraped *drift_scraped_new(void);
void drift_scraped_free(struct drift_scraped *s);

/* Read the check files anew. */
int drift_scraped_load(struct drift_scraped *s, const struct round *r, struct err *e);

/* Take a sample of a scrape; nothing of a target counts before drift_scraped_target(). */
void drift_scraped_take(struct drift_scraped *s, const char *instance,
	const struct metric_sample *m);

/* The target's scrape was whole (ok), or nothing of it may be used. */
void drift_scraped_target(struct drift_scraped *s, const char *instance, bool ok);

/* Write the counters, evaluate what is due, write that.  ERR_* as the store says. */
int drift_scraped_run(struct drift_scraped *s, struct round *r, struct err *e);

#endif
