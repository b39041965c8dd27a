/*
 * payload.h - a span's input, output and attributes as one compressed value (private to store/)
 *
 * Before compression: three lengths as 32-bit little-endian numbers (all ones: not recorded), then
 * the three texts.  zstd is seen nowhere else.
 */
#ifndef TOCSIN_STORE_PAYLOAD_H
#define TOCSIN_STORE_PAYLOAD_H

#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/strbuf.h"

#define PAYLOAD_MAX_BYTES (64 << 20) /* of one span, before compression */

enum { PAYLOAD_INPUT, PAYLOAD_OUTPUT, PAYLOAD_ATTRIBUTES, PAYLOAD_TEXTS };

struct payload;

/* The contexts that compression reuses. */
struct payload *payload_new(void);
void payload_free(struct payload *p);

/* Append the compressed texts (NULL: not recorded).  ERR_LIMIT when they are too large. */
int payload_pack(struct strbuf *out, struct payload *p, const char *const texts[PAYLOAD_TEXTS],
	struct err *e);

/* Into a.  ERR_STORE when the bytes are not what payload_pack() makes. */
int payload_unpack(const char *texts[PAYLOAD_TEXTS], struct arena *a, struct payload *p,
	const void *packed, size_t n, struct err *e);

#endif
