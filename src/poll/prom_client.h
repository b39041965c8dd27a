/* prom_client.h - one question to a Prometheus, to its end: for commands.  All of this blocks. */
#ifndef TOCSIN_POLL_PROM_CLIENT_H
#define TOCSIN_POLL_PROM_CLIENT_H

#include "poll/prom_answer.h"
#include "poll/prom_server.h"

struct prom_client;

/* conf is borrowed.  NULL and e: its options make no sense. */
struct prom_client *prom_client_new(const struct source_conf *conf, struct err *e);
void prom_client_free(struct prom_client *c);

/*
 * As of `at`, or at each step of the range, by our clock, as prom_query() does it; range->step_ns
 * grows where the server wants fewer points.  At most the source's timeout long.
 */
int prom_client_instant(struct prom_answer *out, struct arena *a, struct prom_client *c,
	const char *query, int64_t at, struct err *e);
int prom_client_range(struct prom_answer *out, struct arena *a, struct prom_client *c,
	const char *query, struct prom_range *range, struct err *e);

/* Who it is, and what it can tell of itself; texts in the arena. */
struct prom_about {
	const char	*version;	/* "2.42.0", "VictoriaMetrics"; NULL: it does not say */
	const char	*keeps;		/* "15d"; NULL: it does not say */
	int64_t		latency_ns;	/* of a query that costs nothing */
};
int prom_client_about(struct prom_about *out, struct arena *a, struct prom_client *c, struct err *e);

/* What is known of the server by now. */
const struct prom_server *prom_client_server(const struct prom_client *c);

#endif
