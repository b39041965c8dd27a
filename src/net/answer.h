/* answer.h - what came back from a server, and what its status means */
#ifndef TOCSIN_NET_ANSWER_H
#define TOCSIN_NET_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/strbuf.h"
#include "model/record.h"

#define HTTP_HEADERS_MAX_BYTES ((size_t)64 * 1024)

struct http_answer {
	int		status;		/* 0: there was no answer */
	struct strbuf	body;		/* owned; unpacked */
	struct strbuf	headers;	/* owned; "name\0value\0" pairs, names in lower case */
	int64_t		latency_ns;
	int64_t		bytes;		/* of the body, as it came over the wire */
	int64_t		retry_after_ns;	/* NONE_INT: the server does not say */
};

#define HTTP_ANSWER_INIT {0, STRBUF_INIT, STRBUF_INIT, 0, 0, NONE_INT}

void http_answer_release(struct http_answer *a);

/* Forget a first answer when a second one follows (redirects). */
void http_answer_clear(struct http_answer *a);

/* Add one line "Name: value\r\n" as it came; a status line begins anew. */
void http_answer_add(struct http_answer *a, const char *line, size_t n);

const char *http_answer_header(const struct http_answer *a, const char *name); /* first; NULL */

/* By Content-Type, without its parameters: "application/json". */
bool http_answer_is(const struct http_answer *a, const char *media_type);

/* The error that a status stands for, where and retry set; 0 for 2xx and 304. */
int http_status_err(const struct http_answer *a, const char *url, struct err *e);

/* Where a body says that another status is meant (AWS: 400 for all): e becomes what that one is. */
void http_status_meant(struct err *e, int meant, int status);

/* Values of these headers are never shown or logged. */
bool http_header_is_secret(const char *name);

#endif
