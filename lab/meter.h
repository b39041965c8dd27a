/*
 * meter.h - what one service counts: requests, latencies, tokens, sessions
 *
 * Everything is kept as a sum of shares, so that the same seed and the same steps give the same
 * counters, and what is shown is rounded down: it never falls.
 */
#ifndef LAB_METER_H
#define LAB_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METER_BUCKETS 14	/* without +Inf */

/* Upper bounds in seconds: fit for models of milliseconds and assistants of many seconds. */
extern const double meter_bounds[METER_BUCKETS];

struct histogram {
	double	in[METER_BUCKETS + 1];	/* not cumulative; the last is over all bounds */
	double	sum_s;
};

struct meter_cell {
	int64_t	version;
	int	code;
	double	count;
};

struct meter {
	struct meter_cell	*cells;	/* owned */
	size_t			n, cap;
	struct histogram	latency, first_token;
	double			input_tokens, output_tokens, cost_usd;
	double			sessions_ok, sessions_failed;
	double			in_flight;	/* a gauge: by Little's law */
	double			total, bad;	/* over all cells; bad is 5xx */
};

void meter_release(struct meter *m);
void meter_requests(struct meter *m, int64_t version, int code, double n);

/* n observations that spread around a median as latencies do (log-normal, sigma 0.5). */
void histogram_add(struct histogram *h, double n, double median_s);

/* As exposed: at or below bound i (i == METER_BUCKETS: all), rounded down. */
double histogram_below(const struct histogram *h, size_t i);

#endif
