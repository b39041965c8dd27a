/* traced.h - events of agents, counted from the sessions and spans that are stored */
#ifndef TOCSIN_STORE_TRACED_H
#define TOCSIN_STORE_TRACED_H

#include "model/slo.h"
#include "store/store.h"

/*
 * Slices of slice_ns from `from` on: events that began in (from + i * slice_ns,
 * from + (i + 1) * slice_ns], how many there were, and how many were bad.  Only what says what
 * is asked counts: a session that has not ended has no duration, a span without a cost none.
 */
struct traced_counts {
	double	*total, *bad;	/* n of each, zeroed by the caller */
	size_t	n;
	int64_t	from, slice_ns;
};

/* agent NULL: of any.  ERR_INPUT: the measure is not known. */
int traced_count(struct traced_counts *out, struct store *st, const char *source,
	const char *agent, const struct trace_sli *sli, struct err *e);

#endif
