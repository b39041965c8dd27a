/* attrs.h - what stands behind a fence's language: both of runme's spellings */
#ifndef TOCSIN_RUNBOOK_ATTRS_H
#define TOCSIN_RUNBOOK_ATTRS_H

#include "runbook/runbook.h"

/* The language word in lower case (in a), and the attributes' text: from "{", or NULL. */
const char *info_split(const char *info, const char **attrs, struct arena *a);

/*
 * {"name": "x"} or { name=x flag other="a b" }; text begins with "{".  Never fails: what cannot be
 * read goes to p.  *used (may be NULL) is the number of bytes up to and with the closing brace.
 */
void attrs_parse(struct step *out, const char *text, size_t *used, int line, struct arena *a,
	struct problems *p);

/* Fill the step's fields from its attributes; wrong values and near misses go to p. */
void attrs_apply(struct step *s, struct arena *a, struct problems *p);

#endif
