/* prom_query.h - asking Prometheus's API within a round */
#ifndef TOCSIN_POLL_PROM_QUERY_H
#define TOCSIN_POLL_PROM_QUERY_H

#include "poll/prom_answer.h"
#include "poll/prom_server.h"
#include "poll/reader.h"

/* p (borrowed for the call, its arena is the round's) or e is NULL. */
typedef void prom_fn(struct round *r, void *ctx, struct prom_answer *p, const struct err *e);

/*
 * As of `at`, by our clock: where the server's differs by minutes it is asked by its own, and what
 * comes has our time again.  query is copied; server must live as long as the round.
 *
 * POST, or GET where that is refused; asked again after 429 and 503 as long as the round has time.
 * Data that the server misses makes the round partial.
 */
void prom_query(struct round *r, struct prom_server *server, const char *query, int64_t at,
	prom_fn *fn, void *ctx);
void prom_query_range(struct round *r, struct prom_server *server, const char *query,
	const struct prom_range *range, prom_fn *fn, void *ctx);

/* Ask who the server is, once: then server->kind is known.  version: arena, or NULL. */
typedef void prom_learn_fn(struct round *r, void *ctx, const char *version, const struct err *e);
void prom_learn(struct round *r, struct prom_server *server, prom_learn_fn *fn, void *ctx);

/* What the buildinfo says: "2.42.0", "Thanos 0.34.1" (arena); NULL: nothing. */
const char *prom_version(struct arena *a, enum prom_kind kind, const struct json *document);

/* What one form says of time: `time`, or start, end and step; and the query. */
void prom_form_instant(struct strbuf *form, const char *query, int64_t at);
void prom_form_range(struct strbuf *form, const char *query, const struct prom_range *range);

/* e becomes what the server's body says; it keeps its place. */
void prom_refine(struct err *to, const struct http_answer *answer, const struct err *e);

/* How long to wait before the same is asked again; NONE_INT: do not.  tries: how many failed. */
int64_t prom_again_in(const struct http_answer *answer, unsigned tries);

/* GET /api/v1/PATH; document is borrowed for the call. */
typedef void prom_get_fn(struct round *r, void *ctx, const struct json *document,
	const struct err *e);
void prom_get(struct round *r, struct prom_server *server, const char *path, prom_get_fn *fn,
	void *ctx);

#endif
