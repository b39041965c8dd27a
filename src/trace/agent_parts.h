/*
 * agent_parts.h - what the spans of agents tell of their making: the tools that they offer to
 * their models, and who calls whom
 *
 * Pure.  Names are cut to AGENT_NAME_MAX bytes; what is beyond the bounds is left out.
 */
#ifndef TOCSIN_TRACE_AGENT_PARTS_H
#define TOCSIN_TRACE_AGENT_PARTS_H

#include "core/arena.h"
#include "model/session.h"
#include "trace/tree.h"

#define AGENT_TOOLS_MAX 128
#define AGENT_EDGES_MAX 200
#define AGENT_NAME_MAX 120

struct agent_tool {
	const char	*name;
	const char	*digest;	/* "sha256:...", of the definition's canonical JSON */
};

struct agent_tools {
	struct agent_tool	*items;
	size_t			n;
};

/*
 * The tools that a model's span names, by its attributes (gen_ai.tool.definitions, llm.tools,
 * ai.prompt.tools, invocation parameters) or its input's member "tools".  In the arena; none for
 * spans of other kinds and for texts that are no JSON.
 */
void agent_tools_of(struct agent_tools *out, struct arena *a, const struct span *s);

/* "triage -> tool refund", "triage -> agent billing", "triage -> handoff billing". */
struct agent_edge {
	const char	*text;
	int64_t		at;	/* when it was first taken; NONE_INT: not known */
};

struct agent_edges {
	struct agent_edge	*items;
	size_t			n;
};

/* Each edge of a session once, in the order in which they were first taken. */
void agent_edges_of(struct agent_edges *out, struct arena *a, const struct tree *t);

/*
 * The graph of an agent as it is kept: {"edges": [...]} and, while it is being learnt,
 * {"learning": {"sessions": n, "newest": ns}}.
 */
struct agent_graph {
	struct agent_edges	edges;
	int64_t			sessions;	/* that it was learnt from; NONE_INT: it is known */
	int64_t			newest;		/* start of the last of them */
};

/* From that text; NULL or anything else: a graph that nothing is known of. */
void agent_graph_read(struct agent_graph *out, struct arena *a, const char *text);
const char *agent_graph_text(const struct agent_graph *g, struct arena *a);

/*
 * Add a session's edges.  Returns what is news: the last edge that a graph which is known got, and
 * *n how many; NULL when there is none.  A graph is known when AGENT_LEARN_SESSIONS sessions, each
 * begun later than the one before, went into it: until then rare ways are only learnt.  An edge
 * that is not taken any more stays.
 */
#define AGENT_LEARN_SESSIONS 20
const struct agent_edge *agent_graph_add(struct agent_graph *g, struct arena *a,
	const struct agent_edges *edges, int64_t started, size_t *n);

#endif
