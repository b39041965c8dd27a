#include "config.h"

#include "trace/tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "trace/tree_link.h"
#include "trace/tree_usage.h"

const struct span *tree_span(const struct tree *t, size_t node)
{
	return &t->spans[t->nodes[node].span];
}

/* Emitters round to milliseconds: less than that is no difference of clocks. */
#define ROUNDING NS_PER_MS

/* --- pre-order --- */

struct layout {
	const struct links *links;
	uint32_t *first; /* of each span's children in `children` */
	uint32_t *children; /* grouped by parent, each group by start */
	uint32_t *at; /* the next child to place, while walking */
};

/* Spans come in order of start, so that each group is in order too. */
static void group_children(struct layout *l, const struct links *links, size_t n)
{
	uint32_t *fill;

	l->links = links;
	l->first = mem_new(n + 1, sizeof(*l->first));
	l->children = mem_new(n + 1, sizeof(*l->children));
	for (size_t i = 0; i < n; i++) {
		if (links->parent[i] != NODE_NONE)
			l->first[links->parent[i] + 1]++;
	}
	for (size_t i = 0; i < n; i++)
		l->first[i + 1] += l->first[i];
	fill = mem_new(n + 1, sizeof(*fill));
	memcpy(fill, l->first, n * sizeof(*fill));
	for (size_t i = 0; i < n; i++) {
		uint32_t span = links->by_start[i];

		if (links->parent[span] != NODE_NONE)
			l->children[fill[links->parent[span]]++] = span;
	}
	memcpy(fill, l->first, n * sizeof(*fill));
	l->at = fill;
}

static uint32_t place(
	struct tree *t, const struct links *links, uint32_t span, uint32_t parent)
{
	uint32_t i = (uint32_t)t->n++;
	struct node *node = &t->nodes[i];

	*node = (struct node){
		.span = span,
		.parent = parent,
		.size = 1,
		.depth = parent == NODE_NONE ? 1 : t->nodes[parent].depth + 1,
		.flags = links->flags[span],
		.kind = (uint8_t)span_kind_of(t->spans[span].kind),
	};
	if (node->kind == SPAN_NONE)
		node->kind = SPAN_OTHER;
	if (node->depth > t->max_depth)
		t->max_depth = node->depth;
	return i;
}

/* Walk down from one root; the way back up is the nodes' own parents. */
static void place_subtree(struct tree *t, struct layout *l, uint32_t root)
{
	uint32_t node = place(t, l->links, root, NODE_NONE);

	while (node != NODE_NONE) {
		uint32_t span = t->nodes[node].span;

		if (l->at[span] < l->first[span + 1])
			node = place(t, l->links, l->children[l->at[span]++], node);
		else
			node = t->nodes[node].parent;
	}
}

static void place_all(struct tree *t, const struct links *links, size_t n)
{
	struct layout l;

	group_children(&l, links, n);
	for (size_t i = 0; i < n; i++) {
		uint32_t span = links->by_start[i];

		if (links->parent[span] == NODE_NONE)
			place_subtree(t, &l, span);
	}
	for (size_t i = n; i-- > 0;) {
		if (t->nodes[i].parent != NODE_NONE)
			t->nodes[t->nodes[i].parent].size += t->nodes[i].size;
	}
	free(l.first);
	free(l.children);
	free(l.at);
}

/* --- time --- */

static int by_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* By start; what starts together in tree order, so that nothing stands before its parent. */
static void order_nodes(struct tree *t, const struct links *links)
{
	uint32_t *node_of = mem_new(t->n + 1, sizeof(*node_of));

	for (size_t i = 0; i < t->n; i++)
		node_of[t->nodes[i].span] = (uint32_t)i;
	for (size_t i = 0, run = 0; i < t->n; i++) {
		t->order[i] = node_of[links->by_start[i]];
		if (i + 1 < t->n &&
			t->spans[links->by_start[i + 1]].started ==
				t->spans[links->by_start[i]].started)
			continue;
		if (i > run)
			qsort(t->order + run, i + 1 - run, sizeof(*t->order), by_index);
		run = i + 1;
	}
	for (size_t i = 0; i < t->n; i++)
		t->step[t->order[i]] = (uint32_t)i;
	free(node_of);
}

static bool is_open(const struct span *s)
{
	return s->ended == NONE_INT || s->ended <= 0;
}

static void flag_times(struct tree *t)
{
	t->started = t->ended = NONE_INT;
	for (size_t i = 0; i < t->n; i++) {
		struct node *node = &t->nodes[i];
		const struct span *s = tree_span(t, i);
		int64_t last = is_open(s) ? s->started : s->ended;

		if (is_open(s))
			node->flags |= NODE_OPEN;
		else if (s->ended < s->started)
			node->flags |= NODE_BACKWARDS;
		if (node->parent != NODE_NONE && s->started != NONE_INT &&
			s->started < INT64_MAX - ROUNDING &&
			s->started + ROUNDING < tree_span(t, node->parent)->started)
			node->flags |= NODE_SKEWED;
		if (s->started != NONE_INT &&
			(t->started == NONE_INT || s->started < t->started))
			t->started = s->started;
		if (last != NONE_INT && last > t->ended)
			t->ended = last;
	}
}

/* --- counting --- */

static void count_nodes(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct node *node = &t->nodes[i];
		const struct span *s = tree_span(t, i);

		if (s->status && strcmp(s->status, "error") == 0)
			node->flags |= NODE_ERROR;
		t->roots += node->parent == NODE_NONE;
		t->orphans += (node->flags & NODE_ORPHAN) != 0;
		t->cycles += (node->flags & NODE_CYCLE) != 0;
		t->repeats += (node->flags & NODE_REPEAT) != 0;
		if (node->flags & NODE_REPEAT)
			continue;
		t->kinds[node->kind]++;
		t->errors += (node->flags & NODE_ERROR) != 0;
		t->open += (node->flags & NODE_OPEN) != 0;
	}
}

void tree_build(struct tree *out, struct arena *a, const struct span *spans, size_t n,
	const struct price_table *prices)
{
	struct links links;

	if (n >= NODE_NONE)
		bug("a tree of %zu spans", n);
	*out = (struct tree){
		.spans = spans,
		.nodes = arena_alloc(a, n + 1, sizeof(*out->nodes)),
		.usage = arena_alloc(a, n + 1, sizeof(*out->usage)),
		.order = arena_alloc(a, n + 1, sizeof(*out->order)),
		.step = arena_alloc(a, n + 1, sizeof(*out->step)),
	};
	links_make(&links, spans, n);
	out->traces = links.traces;
	place_all(out, &links, n);
	order_nodes(out, &links);
	links_release(&links);
	flag_times(out);
	count_nodes(out);
	tree_same_calls(out);
	tree_roll_up(out, prices);
}

int64_t tree_end(const struct tree *t, size_t node)
{
	int64_t last = NONE_INT;

	if (!(t->nodes[node].flags & NODE_OPEN))
		return tree_span(t, node)->ended;
	for (size_t i = node + 1; i < node + t->nodes[node].size; i++) {
		if (!(t->nodes[i].flags & NODE_OPEN) && tree_span(t, i)->ended > last)
			last = tree_span(t, i)->ended;
	}
	return last != NONE_INT ? last : t->ended;
}

uint32_t tree_first_child(const struct tree *t, uint32_t node)
{
	return t->nodes[node].size > 1 ? node + 1 : NODE_NONE;
}

uint32_t tree_next_sibling(const struct tree *t, uint32_t node)
{
	uint32_t next = node + t->nodes[node].size;

	return next < t->n && t->nodes[next].parent == t->nodes[node].parent ? next
									     : NODE_NONE;
}

const char *tree_agent(const struct tree *t, size_t node)
{
	for (uint32_t i = (uint32_t)node; i != NODE_NONE; i = t->nodes[i].parent) {
		const struct span *s = tree_span(t, i);

		if (s->agent && *s->agent)
			return s->agent;
	}
	return NULL;
}
