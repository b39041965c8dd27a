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

struct prom_series {
	const struct json	*labels;	/* borrowed: from document; NULL for a scalar */
	struct samples		samples;	/* floats only: a native histogram's points are left out */
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

struct prom_range {
	int64_t	from, to, step_ns;	/* from and to are multiples of the step */
};

/* The finest grid of at least step_ns (and a second) that keeps within PROM_MAX_POINTS. */
struct prom_range prom_range(int64_t from, int64_t to, int64_t step_ns);

/* "1795217390.680": seconds, for the parameters of a query. */
void prom_time(struct strbuf *out, int64_t at);

#endif
