/* outputs.h - what a step put into the file that $TOCSIN_OUTPUT names */
#ifndef TOCSIN_OUTPUTS_H
#define TOCSIN_OUTPUTS_H

#include "core/err.h"
#include "core/json.h"

#define OUTPUTS_MAX_BYTES ((size_t)256 * 1024)

/*
 * NAME=value lines, and NAME<<END ... END for values of several lines; blank lines and "#"
 * comments are left out.  Adds texts to the object.  Names that a step may not set, and lines
 * of neither kind, are ERR_INPUT with the line's number: then nothing may be used.
 */
int outputs_parse(struct json *out, const char *s, size_t n, struct err *e);

#endif
