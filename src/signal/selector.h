/* selector.h - a PromQL selector taken apart: name{label="value", ...} */
#ifndef TOCSIN_SELECTOR_H
#define TOCSIN_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/strbuf.h"

struct selector_match {
	const char	*label, *op;	/* "=", "!=", "=~", "!~" */
	const char	*value;		/* as written, with its quotes */
};

struct selector {
	const char		*metric;	/* "" when there are only matchers */
	struct selector_match	*items;
	size_t			n, cap;
};

/* False: text is no plain selector (a function, a range, an offset ...). */
bool selector_parse(struct selector *out, struct arena *a, const char *text);
void selector_add(struct strbuf *out, const struct selector *s);

/* The value that label must equal, without quotes; NULL: no such matcher.  In the arena. */
const char *selector_equal(const struct selector *s, struct arena *a, const char *label);

/*
 * Make le="5", which Prometheus 3 writes le="5.0", match both spellings.  True when there is an
 * equality of le at all.
 */
bool selector_le_both(struct selector *s, struct arena *a);

#endif
