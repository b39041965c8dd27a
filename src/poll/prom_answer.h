/*
 * prom_answer.h - what Prometheus's query API answers, and everything that speaks it
 *
 * Pure.
 */
#ifndef TOCSIN_POLL_PROM_ANSWER_H
#define TOCSIN_POLL_PROM_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "model/sample.h"

/* More than this is not asked of a server; its own limit is 11,000. */
#define PROM_MAX_POINTS 10000

/* Which ends of its interval a bucket of a native histogram holds. */
enum prom_bounds {
	PROM_UPPER,		/* (lower, upper] */
	PROM_LOWER,		/* [lower, upper): negative values */
	PROM_NEITHER,
	PROM_BOTH,		/* [lower, upper]: the bucket around zero */
};

struct prom_bucket {
	double			lower, upper, count;	/* of this bucket alone; may be a fraction */
	enum prom_bounds	bounds;
};

/* One moment of a native histogram.  What was NaN is in count, and in no bucket. */
struct prom_histogram {
	int64_t			at;
	double			count, sum;
	const struct prom_bucket *buckets;	/* ascending, the empty ones left out */
	size_t			n;
};

struct prom_series {
	const struct json	*labels;	/* borrowed: from document; NULL for a scalar */
	struct samples		samples;	/* floats */
	struct prom_histogram	*histograms;	/* by time; at a moment a float or one of these */
	size_t			n_histograms;
};

struct prom_answer {
	struct json		*document;	/* owned */
	struct prom_series	*items;		/* arena; n 0: no data */
	size_t			n;
	const char		*partial;	/* why data is missing (arena); NULL: none is */
};

/*
 * A whole body.  ERR_BACKEND when it is not the promised JSON; when it says "error", as
 * prom_error() puts it.
 */
int prom_parse(struct prom_answer *out, struct arena *a, const char *s, size_t n, struct err *e);
void prom_release(struct prom_answer *p);

/*
 * If the body is an error of the API: its words and when to try again, into e, and -1.  0: it is
 * none (a proxy's page), and e is untouched.
 */
int prom_error(const char *s, size_t n, struct err *e);

/* Of all series' last values: their sum, and the largest; NAN without data. */
double prom_sum(const struct prom_answer *p);
double prom_worst(const struct prom_answer *p);

/*
 * How many observations were at most limit.  Within a bucket they are spread as Prometheus takes
 * them to be (by their logarithm where buckets are exponential), so that this agrees with its
 * histogram_fraction().
 */
double prom_histogram_below(const struct prom_histogram *h, double limit);

/*
 * The same histogram with classic bounds: n upper bounds, ascending, the last +Inf, and how many
 * were at most each.  In the arena.
 */
struct prom_classic {
	double	*le, *cumulative;
	size_t	n;
};
void prom_classic(struct prom_classic *out, struct arena *a, const struct prom_histogram *h);

/* Forget samples and histograms later than `latest`; how many there were. */
size_t prom_drop_later(struct prom_answer *p, int64_t latest);

struct prom_range {
	int64_t	from, to, step_ns;	/* from and to are multiples of the step */
};

/* The finest grid of at least step_ns (and a second) that keeps within PROM_MAX_POINTS. */
struct prom_range prom_range(int64_t from, int64_t to, int64_t step_ns);

/* "1795217390.680": seconds, for the parameters of a query. */
void prom_time(struct strbuf *out, int64_t at);

#endif
