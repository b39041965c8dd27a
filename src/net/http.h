/*
 * http.h - HTTP on the event loop, with curl, which is seen nowhere else
 *
 * No threads of ours; connections are kept and used again; answers are unpacked (gzip, deflate,
 * br, zstd) and limited in size after unpacking.  Redirects are followed at the same origin only
 * (and from http to https on the same host).  Servers' certificates are verified.  The proxy
 * variables http_proxy, https_proxy, all_proxy and no_proxy are honoured.  A unix socket is
 * addressed as http+unix://%2Frun%2Fx.sock/path.  What runs on the loopback is not proxied.
 */
#ifndef TOCSIN_NET_HTTP_H
#define TOCSIN_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/err.h"
#include "core/loop.h"
#include "model/config.h"
#include "net/answer.h"
#include "net/auth.h"

#define HTTP_TIMEOUT_NS (30 * NS_PER_S)
#define HTTP_MAX_BYTES (INT64_C(32) * 1024 * 1024)
#define HTTP_TOTAL_BYTES (INT64_C(256) * 1024 * 1024)

enum http_method {
	HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE,
	HTTP_METHODS,
};

const char *http_method_name(enum http_method m);	/* "GET" */

struct http_header {
	const char *name, *value;
};

/* All borrowed until http_start() returns, but source, which must live as long as the request. */
struct http_request {
	const struct source_conf	*source;	/* auth, TLS, headers, limits; NULL: none */
	enum http_method		method;
	const char			*url;		/* whole and encoded: see url.h */
	const struct http_header	*headers;	/* besides the source's, which they override */
	size_t				n_headers;
	const void			*body;
	size_t				body_bytes;
	const char			*content_type;	/* of the body */
	const char			*accept;	/* NULL: application/json */
	int64_t				timeout_ns;	/* 0: the source's, else HTTP_TIMEOUT_NS */
	int64_t				max_bytes;	/* 0: the source's, else HTTP_MAX_BYTES */
	const struct credential		*credential;	/* instead of resolving source->auth; copied */
};

/* The connections of one role. */
struct http;

struct http *http_new(struct loop *l);

/* Together the answers under way hold at most this; who goes over fails with ERR_LIMIT. */
void http_limit(struct http *h, int64_t total_bytes);	/* instead of HTTP_TOTAL_BYTES */

/* Ends what is under way without calling back; does not wait for a resolver that hangs. */
void http_free(struct http *h);

struct auth *http_auth(const struct http *h);	/* borrowed */

/*
 * A request that is refused with 401 although it carried what was kept (a token, a command's
 * output), or whose 401 says what is wanted (a registry's challenge), is sent once more with what
 * is got anew.
 *
 * fn is called once, from the loop, never from http_start().  e is NULL for status 2xx and 304;
 * else a sentence without secrets, with err.retry set; a->body then holds what the server said.
 * fn may take the body (strbuf_detach) and may start and cancel requests.
 */
typedef void http_fn(void *ctx, struct http_answer *a, const struct err *e);
unsigned http_start(struct http *h, const struct http_request *req, http_fn *fn, void *ctx);
void http_cancel(struct http *h, unsigned handle);	/* 0 and an ended request are fine */
size_t http_in_flight(const struct http *h);

/*
 * One request to its end, turning h's loop: for supervisors and commands, which log in once for
 * all their requests with one h.  Fills out (initialised); 0 for status 2xx and 304, else -1 with
 * out as in http_fn.
 */
int http_wait(struct http_answer *out, struct http *h, const struct http_request *req,
	struct err *e);

/* The same on a loop of its own. */
int http_run(struct http_answer *out, const struct http_request *req, struct err *e);

#endif
