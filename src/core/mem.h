/* mem.h - allocators that do not fail: they end the program when memory is exhausted */
#ifndef TOCSIN_MEM_H
#define TOCSIN_MEM_H

#include <stddef.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Zeroed memory for n objects of size bytes; overflow of n * size is fatal too. */
void *mem_new(size_t n, size_t size);

/* Resize to n objects of size bytes; new bytes are not zeroed. */
void *mem_resize(void *p, size_t n, size_t size);

/* Copies; NULL stays NULL.  The caller frees. */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);

/* A formatted string.  The caller frees. */
char *mem_format(const char *fmt, ...) PRINTF(1, 2);

/* Make room for one more at *items, which holds n of *cap; doubles. */
void mem_grow(void **items, size_t n, size_t *cap, size_t size);

/* Append a zeroed element to an array declared as T *items; size_t n, cap; yields its address. */
#define mem_push(items, n, cap)                                                          \
	(mem_grow((void **)&(items), (n), &(cap), sizeof(*(items))), &(items)[(n)++])

/* Overwrite secrets before they are freed; never optimised away. */
void mem_wipe(void *p, size_t n);

/* Our own mistake: says where and aborts. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...) PRINTF(3, 4);

#endif
