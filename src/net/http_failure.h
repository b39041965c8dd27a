/* http_failure.h - why curl could not get an answer, in our words (for http.c) */
#ifndef TOCSIN_NET_HTTP_FAILURE_H
#define TOCSIN_NET_HTTP_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "core/err.h"

struct http_failure {
	CURLcode	code;
	CURL		*easy;
	const char	*url, *tls_words;
	int64_t		timeout_ns, max_bytes;
	bool		too_large;	/* our own limit ended it */
	bool		too_many;	/* our own limit of all answers together did */
};

/* Returns -1, with where and retry set. */
int http_failure_err(const struct http_failure *f, struct err *e);

#endif
