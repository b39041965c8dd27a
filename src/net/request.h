/*
 * request.h - one request of a connector, made from its file and from values
 *
 * Whatever the values hold stays where the file puts it: in a segment of the path, a parameter,
 * a header, a field, or a document that jq makes.  Nothing is spliced.
 */
#ifndef TOCSIN_NET_REQUEST_H
#define TOCSIN_NET_REQUEST_H

#include "net/connector.h"
#include "net/map.h"

/* All borrowed; connector, request and map live until it is made. */
struct request_spec {
	const struct connector		*connector;
	const struct connector_request	*request;
	const char			*base;		/* the source's URL */
	const char			*part;		/* "read versions", "action promote": for messages */
	const struct json		*values;	/* an object: its names are jq's variables */
	struct map			*map;		/* used only for programs */

	/* Instead of path and query: a whole URL at the same origin (paging). */
	const char			*url;
	/* Added to what the file says; NULL: nothing. */
	const struct pairs		*more_query, *more_headers;
	const struct json		*more_json;	/* an object: merged into a json body */
	const char			*variable;	/* GraphQL variable that takes $cursor; NULL */
};

/* Append the URL alone: the base, the path and the query. */
int request_url(struct strbuf *out, const struct connector_request *req, const char *base,
	const struct json *values, struct err *e);

/* Ready to be sent.  All owned. */
struct request {
	enum http_method	method;
	char			*url;
	struct http_header	*headers;	/* connector's and request's; not the source's */
	size_t			n_headers;
	char			*body;		/* NULL: none */
	size_t			body_bytes;
	char			*content_type;
	const char		*accept;	/* static */
};

void request_release(struct request *r);

/* As http_start() wants it; borrows from r. */
struct http_request request_http(const struct request *r, const struct source_conf *conf);

/*
 * fn gets the request (to keep: *r = {0} then) or an error; it is called once, before
 * request_make() returns when no program has to run: NULL is returned then.
 */
struct request_making;
typedef void request_fn(void *ctx, struct request *r, const struct err *e);
struct request_making *request_make(const struct request_spec *spec, request_fn *fn, void *ctx);
void request_cancel(struct request_making *m);	/* NULL is fine; fn is not called */

/* Turns the map's loop until it is made.  The caller releases out. */
int request_make_now(struct request *out, const struct request_spec *spec, struct err *e);

/* The label of a program in messages: "connector mlflow, read versions, map, line 17". */
char *request_label(const struct connector *c, const char *part, const char *key, int line);

#endif
