/*
 * reply.h - what the answer to a connector's request means
 *
 * A status is not all: login pages come with 200, GraphQL and many others fail with 200, errors
 * carry words that a person needs.
 */
#ifndef TOCSIN_NET_REPLY_H
#define TOCSIN_NET_REPLY_H

#include "net/request.h"

#define REPLY_WORDS_BYTES 300

/* All borrowed; connector, request and map live until fn was called. */
struct reply_spec {
	const struct connector		*connector;
	const struct connector_request	*request;
	const char			*part;		/* as in request_spec */
	const char			*url;		/* what was asked */
	const struct json		*values;
	struct map			*map;
};

/*
 * a and e are as http_fn gets them; the body of a is taken.  fn gets the programs' input (a JSON
 * document; to keep: strbuf_detach), or, with an error whose words hold what the backend said, the
 * body as it came.  It is called once, before reply_check() returns when no program has to run:
 * NULL is returned then.
 */
struct reply_checking;
typedef void reply_fn(void *ctx, struct strbuf *input, const struct err *e);
struct reply_checking *reply_check(const struct reply_spec *spec, struct http_answer *a,
	const struct err *e, reply_fn *fn, void *ctx);
void reply_cancel(struct reply_checking *c);	/* NULL is fine; fn is not called */

/* Turns the map's loop until it is known; input (initialised) is filled, also on failure. */
int reply_check_now(struct strbuf *input, const struct reply_spec *spec, struct http_answer *a,
	const struct err *e, struct err *out);

/* Append what an error's body says, by the usual names and safe to show; false: nothing. */
bool reply_words(struct strbuf *out, const char *body, size_t n);

/* {"etag": "...", ...} of an answer's headers, the first of each name. */
struct json *reply_headers(const struct http_answer *a);

/* Refuses a 200 that is a login page: neither JSON nor samples.  0, or -1 with words. */
int reply_page_check(const struct http_answer *a, const char *url, struct err *e);

#endif
