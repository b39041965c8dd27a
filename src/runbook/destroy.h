/*
 * destroy.h - which commands destroy: patterns from files, never a list in code
 *
 * One extended regular expression a line, matched against each line of a script; "#" begins a
 * comment.  What ships is runbooks/destroy.patterns; the system's and your own are added.
 */
#ifndef TOCSIN_DESTROY_H
#define TOCSIN_DESTROY_H

#include <stddef.h>

#include "core/err.h"

struct destroy;

/* From what ships and the configuration directories; a bad pattern goes to p and is left out. */
int destroy_load(struct destroy **out, struct problems *p, struct err *e);
struct destroy *destroy_parse(const char *s, size_t n, struct problems *p);
void destroy_add(struct destroy *d, const char *s, size_t n, struct problems *p);
void destroy_free(struct destroy *d);

/* The first line of the script that matches: its pattern's text (borrowed), or NULL. */
const char *destroy_match(const struct destroy *d, const char *script);

#endif
