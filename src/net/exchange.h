/*
 * exchange.h - a connector's request, sent and judged, to its end: for actions and commands
 *
 * reply.h says what an answer means.  All of this blocks.
 */
#ifndef TOCSIN_NET_EXCHANGE_H
#define TOCSIN_NET_EXCHANGE_H

#include "net/http.h"
#include "net/request.h"

/* All borrowed. */
struct exchange {
	const struct connector		*connector;
	const struct source_conf	*conf;	/* as connector_source() made it */
	struct map			*map;
	struct http			*http;	/* logs in once for all requests; NULL: for each */
	const char			*part;	/* "action set-alias": for messages */
};

/* What a request says about itself and its answer besides what request_spec holds. */
int exchange_make(struct request *out, const struct exchange *x,
	const struct connector_request *req, const struct json *values, struct err *e);

/*
 * 0 for a success; else -1, with out as far as there was an answer (out->status 0: none).  The
 * body is then the document that programs see.
 */
int exchange_send(struct http_answer *out, const struct exchange *x, const struct request *r,
	const struct connector_request *req, const struct json *values, struct err *e);

/* The same with the body as it came, byte for byte. */
int exchange_fetch(struct http_answer *out, const struct exchange *x, const struct request *r,
	const struct connector_request *req, const struct json *values, struct err *e);

/* Made and sent.  out is initialised by the caller, who releases it. */
int exchange_ask(struct http_answer *out, const struct exchange *x,
	const struct connector_request *req, const struct json *values, struct err *e);

/*
 * The first thing that the program puts out on the answer (NULL: on null), which it sees with
 * $headers and $status; NULL when it puts out nothing.  key: "before.value", for messages.
 */
int exchange_jq(struct json **first, const struct exchange *x, const struct jq *program,
	const char *key, const struct http_answer *a, const struct json *values, struct err *e);

/* All that it puts out, as an array. */
int exchange_jq_all(struct json **all, const struct exchange *x, const struct jq *program,
	const char *key, const struct http_answer *a, const struct json *values, struct err *e);

/* What every program and pattern may name: $source, $now, the options; the rest null. */
int exchange_values(struct json **out, const struct connector *c, const struct source_conf *conf,
	struct err *e);

#endif
