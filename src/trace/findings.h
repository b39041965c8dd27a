/*
 * findings.h - what is worth a look in a session
 */
#ifndef TOCSIN_FINDINGS_H
#define TOCSIN_FINDINGS_H

#include "trace/tree.h"

struct finding {
	const char	*kind;		/* error, orphan, cycle, repeat, collision, open, ... */
	const char	*severity;	/* info, warning, error */
	const char	*span;		/* its id; NULL: the session */
	uint32_t	node;		/* NODE_NONE: the session */
	const char	*detail;	/* a sentence, translated */
};

struct findings {
	struct finding	*items;	/* in the arena; worst first, then as they happened */
	size_t		n, cap;
};

/* At most `limit`. */
void findings_of(struct findings *out, struct arena *a, const struct tree *t, size_t limit);

#endif
