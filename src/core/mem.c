#include "config.h"
#include "core/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p, size_t size)
{
	if (!p && size) {
		fputs("tocsin: out of memory\n", stderr);
		abort();
	}
	return p;
}

static size_t product(size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		bug("allocation of %zu objects of %zu bytes overflows", n, size);
	return n * size;
}

void *mem_new(size_t n, size_t size)
{
	size_t bytes = product(n, size);

	return checked(calloc(1, bytes ? bytes : 1), 1);
}

void *mem_resize(void *p, size_t n, size_t size)
{
	size_t bytes = product(n, size);

	return checked(realloc(p, bytes ? bytes : 1), 1);
}

char *mem_strdup(const char *s)
{
	return s ? checked(strdup(s), 1) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
	return s ? checked(strndup(s, n), 1) : NULL;
}

char *mem_format(const char *fmt, ...)
{
	va_list ap;
	char *out = NULL;

	va_start(ap, fmt);
	if (vasprintf(&out, fmt, ap) < 0)
		out = NULL;
	va_end(ap);
	return checked(out, 1);
}

void mem_grow(void **items, size_t n, size_t *cap, size_t size)
{
	if (n >= *cap) {
		*cap = *cap ? *cap * 2 : 8;
		*items = mem_resize(*items, *cap, size);
	}
	memset((char *)*items + n * size, 0, size);
}

void mem_wipe(void *p, size_t n)
{
#ifdef HAVE_EXPLICIT_BZERO
	if (p)
		explicit_bzero(p, n);
#else
	volatile char *v = p;

	while (v && n--)
		*v++ = 0;
#endif
}

_Noreturn void bug_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "tocsin: a mistake of ours at %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
