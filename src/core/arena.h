/* arena.h - memory for one document, frame or result set, freed at once */
#ifndef TOCSIN_ARENA_H
#define TOCSIN_ARENA_H

#include <stddef.h>

#include "core/mem.h"

struct arena_block;

struct arena {
	struct arena_block	*head;	/* owned */
	size_t			bytes;	/* handed out since the last reset */
};

void arena_init(struct arena *a);	/* allocates nothing */
void arena_release(struct arena *a);	/* frees everything */
void arena_wipe(struct arena *a);	/* overwrites, then frees everything */
void arena_reset(struct arena *a);	/* forgets everything and keeps one block */

/* Zeroed, aligned for any object; lives until reset or release. */
void *arena_alloc(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);	/* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_format(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

/* Room for one more behind n items; copies to a doubled array when n reaches *cap. */
void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap, size_t size);

/* Append a zeroed element to an array T *items; size_t n, cap in the arena; yields its address. */
#define arena_push(a, items, n, cap)                                                     \
	((items) = arena_grow((a), (items), (n), &(cap), sizeof(*(items))), &(items)[(n)++])

#endif
