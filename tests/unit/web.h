/*
 * web.h - a tiny HTTP server in the test's own process and loop, with faults
 *
 * Listens on 127.0.0.1; speaks HTTP/1.1 with keep-alive, one request after another.
 */
#ifndef TOCSIN_UNIT_WEB_H
#define TOCSIN_UNIT_WEB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/loop.h"
#include "core/strbuf.h"

enum web_fault {
	WEB_OK,		/* send the reply, keep the connection */
	WEB_CLOSE,	/* send the reply, close */
	WEB_HANG,	/* send the reply, then nothing, and keep the connection */
	WEB_RESET,	/* send the reply, then reset */
	WEB_SLOW,	/* a byte each 20 ms */
};

/*
 * request is the whole text, NUL-terminated.  Fill reply with a whole answer; see web_reply().
 */
typedef enum web_fault web_fn(void *ctx, const char *request, struct strbuf *reply);

struct web;

struct web *web_new(struct loop *l, web_fn *fn, void *ctx);

/* The same on a unix socket. */
struct web *web_new_unix(struct loop *l, const char *path, web_fn *fn, void *ctx);
void web_free(struct web *w);
int web_port(const struct web *w);
unsigned web_connections(const struct web *w);	/* accepted so far */
unsigned web_requests(const struct web *w);

/* Append a whole answer; headers NULL or "Name: value\r\n"...; bytes of body as they are. */
void web_reply(struct strbuf *reply, int status, const char *headers, const void *body, size_t n);
void web_json(struct strbuf *reply, const char *json);	/* 200, application/json */

/* The value of a header in a request; false: it is not there. */
bool web_header(struct strbuf *out, const char *request, const char *name);

/* The value of a form or query parameter in a request, decoded; false: it is not there. */
bool web_param(struct strbuf *out, const char *request, const char *name);

#endif
