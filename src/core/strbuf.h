/*
 * strbuf.h - a growing string
 *
 * buf always points at a NUL-terminated string of len bytes, also right after STRBUF_INIT;
 * bytes inside may be NUL.  Nothing here fails.
 */
#ifndef TOCSIN_STRBUF_H
#define TOCSIN_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "core/mem.h"

struct strbuf {
	char	*buf;
	size_t	len;
	size_t	cap;	/* 0: buf is borrowed from strbuf_empty */
};

extern char strbuf_empty[1];
#define STRBUF_INIT {strbuf_empty, 0, 0}

void strbuf_init(struct strbuf *sb);
void strbuf_release(struct strbuf *sb);	/* frees and leaves it as after strbuf_init */
void strbuf_reset(struct strbuf *sb);	/* empties and keeps the memory */

/* Hand the string over; sb is as after strbuf_init.  The caller frees. */
char *strbuf_detach(struct strbuf *sb, size_t *len);

void strbuf_room(struct strbuf *sb, size_t extra);	/* make room for extra bytes and a NUL */
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_adds(struct strbuf *sb, const char *s);	/* NULL adds nothing */
void strbuf_addc(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) PRINTF(2, 3);
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap) PRINTF(2, 0);
void strbuf_truncate(struct strbuf *sb, size_t len);
void strbuf_remove(struct strbuf *sb, size_t at, size_t len);
void strbuf_insert(struct strbuf *sb, size_t at, const void *data, size_t len);

#endif
