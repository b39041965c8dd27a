/* json_guard.h - the pass before cJSON; for json.c alone */
#ifndef TOCSIN_JSON_GUARD_H
#define TOCSIN_JSON_GUARD_H

#include <stddef.h>

#include "core/err.h"
#include "core/strbuf.h"

/* The numbers that were put in quotes. */
struct json_guarded {
	size_t	*items;	/* owned; which strings they became, keys counted too, from 0 */
	size_t	n, cap;
};

/* json_guard(), and which strings of out are really numbers. */
int json_guard_run(struct strbuf *out, struct json_guarded *g, const char *s, size_t n,
	struct err *e);

/* Where the token at offset of the guarded text stands in the document s. */
size_t json_guard_source(const char *s, size_t n, size_t offset);

/* Set e to "not JSON" at offset at of the document s. */
int json_fail(const char *s, size_t n, size_t at, struct err *e);

#endif
