/* prom_query.h - asking Prometheus's API within a round */
#ifndef TOCSIN_POLL_PROM_QUERY_H
#define TOCSIN_POLL_PROM_QUERY_H

#include "poll/prom_answer.h"
#include "poll/reader.h"

/* What was learnt of one server. */
struct prom_server {
	bool	get_only;	/* it refuses POST */
};

/* p (borrowed for the call, its arena is the round's) or e is NULL. */
typedef void prom_fn(struct round *r, void *ctx, struct prom_answer *p, const struct err *e);

/* As of `at`.  query is copied; server must live as long as the round. */
void prom_query(struct round *r, struct prom_server *server, const char *query, int64_t at,
	prom_fn *fn, void *ctx);
void prom_query_range(struct round *r, struct prom_server *server, const char *query,
	const struct prom_range *range, prom_fn *fn, void *ctx);

/* GET /api/v1/PATH; document is borrowed for the call. */
typedef void prom_get_fn(struct round *r, void *ctx, const struct json *document,
	const struct err *e);
void prom_get(struct round *r, const char *path, prom_get_fn *fn, void *ctx);

#endif
