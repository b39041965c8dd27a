/*
 * attrs_flat.h - flattened attributes ("llm.input_messages.0.message.role") as JSON again
 */
#ifndef TOCSIN_ATTRS_FLAT_H
#define TOCSIN_ATTRS_FLAT_H

#include "trace/attrs.h"

/*
 * The attributes whose key begins with prefix, as one JSON text in the arena: numbers in the rest
 * of the key make lists, names make objects.  An element that has one member "message" or
 * "document" is that member.  NULL: there is none.
 */
const char *attrs_unflatten(const struct attrs *at, const char *prefix, struct arena *a);

#endif
