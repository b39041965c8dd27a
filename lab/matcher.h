/* matcher.h - Alertmanager's matchers: name="value", !=, =~, !~ */
#ifndef LAB_MATCHER_H
#define LAB_MATCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct label {
	char	*name, *value;	/* owned by whoever made the set */
};

struct labels {
	struct label	*items;	/* sorted by name */
	size_t		n, cap;
};

void labels_set(struct labels *l, const char *name, const char *value);	/* copies both */
const char *labels_get(const struct labels *l, const char *name);	/* NULL: none */
void labels_release(struct labels *l);

struct matcher {
	char	*name, *value;	/* owned */
	bool	regex, equal;
};

/* One matcher of n bytes; quotes around the value may be left out. */
int matcher_parse(struct matcher *out, const char *s, size_t n, struct err *e);
void matcher_release(struct matcher *m);

/* ERR_INPUT with the reason when a regular expression does not compile. */
int matcher_check(const struct matcher *m, struct err *e);

/* An absent label is an empty one. */
bool matcher_matches(const struct matcher *m, const struct labels *l);
bool matcher_matches_text(const struct matcher *m, const char *text);
bool matcher_equal(const struct matcher *a, const struct matcher *b);

/* 64-bit FNV-1a over sorted names and values, each followed by 0xff: 16 hex digits and a NUL. */
void labels_fingerprint(char out[17], const struct labels *l);

#endif
