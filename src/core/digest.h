/* digest.h - SHA-256, random bytes, hex and base64, on libcrypto */
#ifndef TOCSIN_DIGEST_H
#define TOCSIN_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/strbuf.h"

#define DIGEST_BYTES 32

struct digest {
	uint8_t	bytes[DIGEST_BYTES];
};

struct digest digest_of(const void *data, size_t n);

/* Of a, then b: no copy. */
struct digest digest_of2(const void *a, size_t n_a, const void *b, size_t n_b);

/* HMAC-SHA-256 (RFC 2104). */
struct digest digest_hmac(const void *key, size_t n_key, const void *data, size_t n);
void digest_hex(struct strbuf *out, const struct digest *d);	/* 64 lower-case digits */
int digest_parse(struct digest *out, const char *hex, struct err *e);

void hex_encode(struct strbuf *out, const void *data, size_t n);
int hex_decode(struct strbuf *out, const char *hex, size_t n, struct err *e);
void base64_encode(struct strbuf *out, const void *data, size_t n);	/* with padding */
void base64url_encode(struct strbuf *out, const void *data, size_t n);	/* without */
int base64_decode(struct strbuf *out, const char *s, size_t n, struct err *e);	/* either */

/* From the kernel; cannot fail. */
void random_bytes(void *out, size_t n);

/* 26 characters, sorts by time: for runs, incidents, deliveries.  The caller frees. */
char *id_new(int64_t at);

#endif
