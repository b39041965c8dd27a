/*
 * kept.h - answers of one source that need not be sent again: bounded, the oldest used go first
 *
 * An answer with an ETag or a date is asked for conditionally, and 304 means the kept one; what a
 * connector calls unchanging is not asked for at all.
 */
#ifndef TOCSIN_NET_KEPT_H
#define TOCSIN_NET_KEPT_H

#include <stddef.h>

#include "core/digest.h"
#include "net/answer.h"
#include "net/request.h"

#define KEPT_MAX_BYTES ((size_t)2 << 20)	/* of one source */
#define KEPT_ANSWER_BYTES ((size_t)512 << 10)	/* larger ones are not kept */

struct kept;

/* Borrowed until the next kept_put() or kept_free(). */
struct kept_answer {
	const char	*etag, *modified;	/* NULL: none */
	const char	*body, *headers;	/* headers as in struct http_answer */
	size_t		n_body, n_headers;
};

struct kept *kept_new(size_t max_bytes);
void kept_free(struct kept *k);		/* NULL is fine */
size_t kept_bytes(const struct kept *k);

/* What the answer depends on: method, URL, headers, body.  Not the credentials: one source's. */
struct digest kept_key(const struct request *r);

const struct kept_answer *kept_find(struct kept *k, const struct digest *key);	/* NULL: none */
void kept_drop(struct kept *k, const struct digest *key);	/* it was of no use */
void kept_put(struct kept *k, const struct digest *key, const struct http_answer *a);

#endif
