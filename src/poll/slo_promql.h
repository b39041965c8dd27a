/* slo_promql.h - the questions that one objective puts to Prometheus, and how often */
#ifndef TOCSIN_POLL_SLO_PROMQL_H
#define TOCSIN_POLL_SLO_PROMQL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/json.h"
#include "model/slo.h"

/*
 * The PromQL for one window: either total and bad events, or the error ratio alone, or nothing:
 * it cannot be asked.  recorded: ratio answers for all recorded objectives at once.
 */
struct slo_promql {
	char	*total, *bad, *ratio;	/* owned; total and ratio: the ratio of so many events */
	bool	recorded;
	bool	counted;		/* total and bad are numbers of events, and no rates of them */
};
void slo_promql(struct slo_promql *out, const struct slo *slo, int64_t window_ns);
void slo_promql_release(struct slo_promql *q);

/* What a recorded series and its objective have in common; NULL: nobody's.  The caller frees. */
char *slo_recorded_key(const struct slo *slo);
char *slo_recorded_key_of(const struct json *labels);

/* True when a recorded series is this objective's. */
bool slo_is_recorded_as(const struct slo *slo, const struct json *labels);

/* How long an answer holds: a sixtieth of its window, but what is recorded five minutes at most. */
int64_t asks_interval(int64_t window_ns, int64_t every_ns, bool recorded);

#endif
