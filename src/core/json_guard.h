/* json_guard.h - the pass before cJSON; for json.c alone */
#ifndef TOCSIN_JSON_GUARD_H
#define TOCSIN_JSON_GUARD_H

#include <stddef.h>

#include "core/err.h"
#include "core/strbuf.h"

/* A number that was put in quotes. */
struct json_quoted {
	size_t	ordinal;	/* of the string that it became, keys counted too, from 0 */
	size_t	at;		/* of its opening quote in the output */
};

struct json_guarded {
	struct json_quoted	*items;	/* owned */
	size_t			n, cap;
	size_t			skipped;	/* bytes of a byte order mark */
};

/* json_guard(), and which strings of out are really numbers. */
int json_guard_run(struct strbuf *out, struct json_guarded *g, const char *s, size_t n,
	struct err *e);

/* Set e to "not JSON" at offset at of the document s. */
int json_fail(const char *s, size_t n, size_t at, struct err *e);

#endif
