/*
 * counted.h - the counters of one objective that we scrape ourselves, and what each counts for
 */
#ifndef TOCSIN_POLL_COUNTED_H
#define TOCSIN_POLL_COUNTED_H

#include "model/slo.h"
#include "poll/counter.h"
#include "signal/latency.h"

enum counted_part { COUNTED_GOOD, COUNTED_BAD, COUNTED_TOTAL, COUNTED_PARTS };

struct counted {
	struct counter_expr	parts[COUNTED_PARTS];
	bool			usable;
	/* of a latency: which boundaries its histogram has */
	bool			latency;
	struct counter_expr	buckets;
	double			*bounds;	/* arena */
	size_t			n_bounds, cap_bounds;
	bool			news;		/* a boundary that was not there before */
	bool			learning;	/* none is known: all buckets are taken once */
};

/*
 * Take sli apart; group (canonical JSON, or NULL): only the series with these labels.  latency
 * (or NULL): its boundaries are to be learnt.  ERR_INPUT: it is no ratio of counters.
 */
int counted_init(struct counted *c, struct arena *a, const struct sli *sli, const char *group,
	const struct latency *latency, struct err *e);
void counted_release(struct counted *c);

/* True when it adds the series up. */
bool counted_takes(const struct counted *c, const char *name, const struct metric_label *labels,
	size_t n);

/* How often the series counts for a part: 0, 1, or -1. */
double counted_weight(const struct counted *c, enum counted_part part, const char *name,
	const struct metric_label *labels, size_t n);

/* Learn a boundary, if the series is a bucket of it. */
void counted_look(struct counted *c, struct arena *a, const char *name,
	const struct metric_label *labels, size_t n);

/* The labels of a grouping, as canonical JSON in the arena. */
const char *counted_group(struct arena *a, const char *grouping,
	const struct metric_label *labels, size_t n);

#endif
