/*
 * tree.h - the spans of a session as a tree, and the order in which things happened
 *
 * Every span of the input has exactly one node, whatever is wrong with it; what is wrong stands in
 * the node's flags.  Nodes are in pre-order: a node's subtree is nodes[i .. i + size - 1], its
 * first child (when size > 1) is i + 1.  Children are by start, longer first.
 * Memory: 20 bytes a node, 24 for its usage, 8 for its place in time.
 */
#ifndef TOCSIN_TREE_H
#define TOCSIN_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "model/session.h"
#include "trace/cost.h"

#define NODE_NONE UINT32_MAX

enum node_flags {
	NODE_ORPHAN = 1,	/* names a parent that is not here: stands as a root */
	NODE_CYCLE = 2,		/* was its own ancestor: the edge to its parent was cut */
	NODE_REPEAT = 4,	/* another record of the same span: counts nothing */
	NODE_COLLISION = 8,	/* same id as another, quite different, span */
	NODE_OPEN = 16,		/* never ended */
	NODE_BACKWARDS = 32,	/* ends before it starts */
	NODE_SKEWED = 64,	/* starts before its parent */
	NODE_SAME_CALL = 128,	/* another span reports the same model call: counts nothing */
	NODE_AGGREGATE = 256,	/* its own tokens repeat its children's: not added */
	NODE_ERROR = 512,
	NODE_COMPUTED = 1024,	/* its cost is from the price table */
	NODE_UNPRICED = 2048,	/* tokens, and no cost or price */
};

struct node {
	uint32_t	span;	/* index into tree->spans */
	uint32_t	parent;	/* index into tree->nodes; NODE_NONE: a root */
	uint32_t	size;	/* of the subtree, itself included */
	uint32_t	depth;	/* 1: a root */
	uint16_t	flags;
	uint8_t		kind;	/* enum span_kind */
};

/* NONE_INT: unknown. */
struct usage {
	int64_t	input, output;	/* tokens */
	int64_t	cost_pusd;
};

struct tree {
	const struct span	*spans;	/* borrowed */
	struct node		*nodes;	/* all below in the arena */
	struct usage		*usage;	/* of the subtree, nothing counted twice */
	uint32_t		*order;	/* nodes as they started: order[0] was first */
	uint32_t		*step;	/* the other way: order[step[i]] == i */
	size_t			n;
	size_t			roots, orphans, cycles, repeats, same_calls, errors, traces, open;
	size_t			max_depth;
	size_t			kinds[SPAN_KINDS];	/* without repeats */
	int64_t			started, ended;	/* NONE_INT: no span */
	struct usage		total;	/* the roots' */
	struct usage		high;	/* where parents claim more than their children: the most */
	size_t			unpriced;
};

/*
 * Build from n spans in any order, of one or more traces.  prices may be NULL.  Nothing is
 * recursive: depth is limited by n alone.
 */
void tree_build(struct tree *out, struct arena *a, const struct span *spans, size_t n,
	const struct price_table *prices);

const struct span *tree_span(const struct tree *t, size_t node);

/* What the node itself adds to the totals: its own usage unless another node carries it. */
struct usage tree_own(const struct tree *t, size_t node, const struct price_table *prices);

/* End for drawing: its own, else its descendants' last, else the session's. */
int64_t tree_end(const struct tree *t, size_t node);

/* Walking: NODE_NONE at the end. */
uint32_t tree_first_child(const struct tree *t, uint32_t node);
uint32_t tree_next_sibling(const struct tree *t, uint32_t node);

/* Name of the nearest agent at or above node, or NULL; borrowed. */
const char *tree_agent(const struct tree *t, size_t node);

#endif
