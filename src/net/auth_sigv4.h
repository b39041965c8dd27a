/*
 * auth_sigv4.h - AWS Signature Version 4
 *
 * Written here and not left to curl: 7.88 signs path and query as they are sent, later versions
 * encode them on their own, and every service but S3 wants the path encoded twice.
 * Format: AWS IAM User Guide, "Create a signed AWS API request".
 */
#ifndef TOCSIN_NET_AUTH_SIGV4_H
#define TOCSIN_NET_AUTH_SIGV4_H

#include "core/strbuf.h"
#include "net/auth.h"

struct sigv4_request {
	const char		*method, *url;	/* as sigv4_url() left it */
	struct strbuf		headers;	/* "Name: value\0" each; content-type and x-amz-* are signed */
	const void		*body;
	size_t			body_bytes;
	const struct credential	*credential;	/* region, service, keys */
	int64_t			now;
};

/* Give a URL the form that is signed: strictly encoded, the query's pairs sorted. */
void sigv4_url(struct strbuf *url);

/* Append the headers to send, "Name: value\0" each: date, session token, Authorization. */
void sigv4_sign(struct strbuf *out, const struct sigv4_request *r);

/* A published example comes out as published; else ERR_SYSTEM, and nothing is signed. */
int sigv4_check(struct err *e);

#endif
