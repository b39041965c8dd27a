/*
 * tree_link.h - who is whose parent, before there is a tree; for trace/ alone
 */
#ifndef TOCSIN_TREE_LINK_H
#define TOCSIN_TREE_LINK_H

#include "trace/tree.h"

/* All owned; indices are the spans'. */
struct links {
	uint32_t	*parent;	/* NODE_NONE: a root; without cycles */
	uint16_t	*flags;		/* ORPHAN, CYCLE, REPEAT, COLLISION */
	uint32_t	*by_start;	/* spans by start, longer first, then as they came */
	size_t		traces;
};

void links_make(struct links *out, const struct span *spans, size_t n);
void links_release(struct links *l);

#endif
