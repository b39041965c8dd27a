/*
 * mask.h - takes secret values out of a stream of bytes
 *
 * A value is also found in its base64 and URL forms.  A secret that two chunks share is found
 * too: what could be the beginning of one is held back until more comes, or mask_end().
 */
#ifndef TOCSIN_MASK_H
#define TOCSIN_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/strbuf.h"

#define MASK_MIN_BYTES 4	/* shorter values would hide everything */
#define MASK_TEXT "****"

struct mask {
	char		**values;	/* owned, wiped at release */
	size_t		*lengths;	/* owned */
	size_t		n, cap, cap_lengths;
	bool		first[256];	/* some value begins with this byte */
	struct strbuf	held;
};

#define MASK_INIT {.held = STRBUF_INIT}

void mask_release(struct mask *m);

/* False: too short to be masked. */
bool mask_add(struct mask *m, const char *secret);

/* Append what is safe of data to out. */
void mask_feed(struct mask *m, struct strbuf *out, const char *data, size_t n);
void mask_end(struct mask *m, struct strbuf *out);

/* A whole text at once; m may be NULL. */
void mask_text(const struct mask *m, struct strbuf *out, const char *s, size_t n);

#endif
