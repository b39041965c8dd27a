#include "config.h"
#include "core/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char strbuf_empty[1];

void strbuf_init(struct strbuf *sb)
{
	*sb = (struct strbuf)STRBUF_INIT;
}

void strbuf_release(struct strbuf *sb)
{
	if (sb->cap)
		free(sb->buf);
	strbuf_init(sb);
}

void strbuf_reset(struct strbuf *sb)
{
	strbuf_truncate(sb, 0);
}

char *strbuf_detach(struct strbuf *sb, size_t *len)
{
	char *out = sb->cap ? sb->buf : mem_strdup("");

	if (len)
		*len = sb->len;
	strbuf_init(sb);
	return out;
}

void strbuf_room(struct strbuf *sb, size_t extra)
{
	size_t need = sb->len + extra + 1, cap = sb->cap ? sb->cap : 32;

	if (need <= extra)
		bug("a string of more than SIZE_MAX bytes");
	if (sb->cap >= need)
		return;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	sb->buf = mem_resize(sb->cap ? sb->buf : NULL, cap, 1);
	sb->cap = cap;
	sb->buf[sb->len] = '\0';
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (!len)
		return;
	strbuf_room(sb, len);
	memcpy(sb->buf + sb->len, data, len);
	sb->len += len;
	sb->buf[sb->len] = '\0';
}

void strbuf_adds(struct strbuf *sb, const char *s)
{
	if (s)
		strbuf_add(sb, s, strlen(s));
}

void strbuf_addc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		bug("bad format '%s'", fmt);
	strbuf_room(sb, (size_t)n);
	vsnprintf(sb->buf + sb->len, (size_t)n + 1, fmt, again);
	va_end(again);
	sb->len += (size_t)n;
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
	if (len > sb->len)
		bug("truncate to %zu of %zu bytes", len, sb->len);
	sb->len = len;
	if (sb->cap)
		sb->buf[len] = '\0';
}

void strbuf_remove(struct strbuf *sb, size_t at, size_t len)
{
	if (at > sb->len || len > sb->len - at)
		bug("remove %zu bytes at %zu of %zu", len, at, sb->len);
	if (!len)
		return;
	memmove(sb->buf + at, sb->buf + at + len, sb->len - at - len + 1);
	sb->len -= len;
}

void strbuf_insert(struct strbuf *sb, size_t at, const void *data, size_t len)
{
	if (at > sb->len)
		bug("insert at %zu of %zu", at, sb->len);
	if (!len)
		return;
	strbuf_room(sb, len);
	memmove(sb->buf + at + len, sb->buf + at, sb->len - at + 1);
	memcpy(sb->buf + at, data, len);
	sb->len += len;
}
