#include "config.h"
#include "core/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

static void free_from(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_release(struct arena *a)
{
	free_from(a->head);
	arena_init(a);
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->head; b; b = b->next)
		mem_wipe(b->data, b->used);
	arena_release(a);
}

void arena_reset(struct arena *a)
{
	if (!a->head)
		return;
	free_from(a->head->next);
	a->head->next = NULL;
	a->head->used = 0;
	a->bytes = 0;
}

static struct arena_block *block_for(struct arena *a, size_t bytes)
{
	size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct arena_block *b = a->head;

	if (b && b->size - b->used >= bytes)
		return b;
	if (b && size < b->size)
		size = b->size;
	if (size > SIZE_MAX - sizeof(*b))
		bug("arena block of %zu bytes", size);
	b = mem_resize(NULL, sizeof(*b) + size, 1);
	*b = (struct arena_block){.next = a->head, .size = size};
	a->head = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *b;
	size_t bytes;
	void *out;

	if (size && n > (SIZE_MAX - align) / size)
		bug("arena allocation of %zu objects of %zu bytes overflows", n, size);
	bytes = (n * size + align - 1) / align * align;
	b = block_for(a, bytes);
	out = (char *)b->data + b->used;
	b->used += bytes;
	a->bytes += bytes;
	memset(out, 0, bytes);
	return out;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *out;

	if (!s)
		return NULL;
	n = strnlen(s, n);
	out = arena_alloc(a, n + 1, 1);
	memcpy(out, s, n);
	return out;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_format(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *out;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		bug("bad format '%s'", fmt);
	out = arena_alloc(a, (size_t)n + 1, 1);
	vsnprintf(out, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return out;
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t size)
{
	void *out = items;

	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 8;
	out = arena_alloc(a, *cap, size);
	if (n)
		memcpy(out, items, n * size);
	return out;
}
