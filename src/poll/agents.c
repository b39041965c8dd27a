#include "config.h"
#include "poll/agents.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/strbuf.h"
#include "model/record.h"
#include "model/registry.h"
#include "store/observe.h"
#include "trace/agent_parts.h"

/* Of one round; what is beyond comes with a later one. */
#define TOOLS_MAX 4096
#define SESSIONS_MAX 2000
#define FOUND_MAX 1000 /* definitions whose names begin alike */

struct offered {
	const char *session, *agent; /* agent NULL: the session's, until it is known */
	struct agent_tool tool;
	int64_t started;
	bool known; /* the agent's graph was, before this round */
};

struct walked {
	const char *session, *agent;
	int64_t started;
	struct agent_edges edges;
	bool done;
};

struct agents {
	struct arena arena; /* owned: all below */
	struct offered *offered;
	size_t n_offered, cap_offered;
	struct walked *walked;
	size_t n_walked, cap_walked;
	struct definition *learnt, *news;
	size_t n_learnt, cap_learnt, n_news, cap_news;
};

struct agents *agents_new(void)
{
	struct agents *ag = mem_new(1, sizeof(*ag));

	arena_init(&ag->arena);
	return ag;
}

void agents_free(struct agents *ag)
{
	if (!ag)
		return;
	arena_release(&ag->arena);
	free(ag);
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The newest definition that its agent offers is what counts. */
static void offer(struct agents *ag, const struct offered *o)
{
	for (size_t i = 0; i < ag->n_offered; i++) {
		struct offered *held = &ag->offered[i];

		if (!same(held->tool.name, o->tool.name) ||
			!same(held->agent, o->agent) ||
			(!o->agent && !same(held->session, o->session)))
			continue;
		if (o->started >= held->started)
			*held = *o;
		return;
	}
	if (ag->n_offered < TOOLS_MAX)
		*arena_push(&ag->arena, ag->offered, ag->n_offered, ag->cap_offered) = *o;
}

void agents_add_span(struct agents *ag, const struct span *s, bool names_only)
{
	const char *agent = s->agent && *s->agent ? s->agent : NULL;
	struct agent_tools tools;
	struct arena a;

	arena_init(&a);
	agent_tools_of(&tools, &a, s);
	for (size_t i = 0; i < tools.n; i++) {
		const struct offered o = {
			.session = arena_strdup(
				&ag->arena, s->session ? s->session : s->trace),
			.agent = agent ? arena_strdup(&ag->arena, agent) : NULL,
			.tool = {arena_strdup(&ag->arena, tools.items[i].name),
				names_only ? NULL
					   : arena_strdup(
						     &ag->arena, tools.items[i].digest)},
			.started = s->started,
		};

		offer(ag, &o);
	}
	arena_release(&a);
}

void agents_add_session(
	struct agents *ag, const struct trace_file *f, const struct session *s)
{
	struct walked *w;
	struct tree tree;
	struct arena a;
	const struct span *spans;
	size_t n;

	if (!s->agent || !*s->agent || ag->n_walked >= SESSIONS_MAX)
		return;
	arena_init(&a);
	spans = trace_session_spans(f, &a, s->id, &n);
	tree_build(&tree, &a, spans, n, NULL);
	w = arena_push(&ag->arena, ag->walked, ag->n_walked, ag->cap_walked);
	*w = (struct walked){.session = arena_strdup(&ag->arena, s->id),
		.agent = arena_strdup(&ag->arena, s->agent),
		.started = s->started};
	agent_edges_of(&w->edges, &ag->arena, &tree);
	arena_release(&a);
}

/* --- against what is stored --- */

/* The definition of this name that holds, and since when; NULL: none; in the agents' arena. */
static int held_one(const struct definition **out, int64_t *since, struct agents *ag,
	const struct round *r, const char *type, const char *name, struct err *e)
{
	struct observed_list list;
	const char *key = arena_format(&ag->arena, "%s/%s", type, name);

	*out = NULL;
	*since = NONE_INT;
	if (observed_at(&list, &ag->arena, r->store, REC_DEFINITION, r->conf->name, key,
		    AT_NOW, FOUND_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct definition *d = list.items[i].record;

		if (same(d->type, type) && same(d->name, name)) {
			*out = d;
			*since = list.items[i].since;
		}
	}
	return 0;
}

static void put(struct agents *ag, const struct definition *d, bool known)
{
	if (known)
		*arena_push(&ag->arena, ag->news, ag->n_news, ag->cap_news) = *d;
	else
		*arena_push(&ag->arena, ag->learnt, ag->n_learnt, ag->cap_learnt) = *d;
}

static void mark_known(struct agents *ag, const char *agent)
{
	for (size_t i = 0; i < ag->n_offered; i++)
		if (same(ag->offered[i].agent, agent))
			ag->offered[i].known = true;
}

/* The graph of the agent of the walk at `first`, with all its walks of this round. */
static int write_graph(
	struct agents *ag, const struct round *r, size_t first, struct err *e)
{
	const char *agent = ag->walked[first].agent;
	const struct definition *held;
	struct definition d;
	struct agent_graph graph;
	int64_t since;
	bool known;

	if (held_one(&held, &since, ag, r, "agent-graph", agent, e))
		return -1;
	agent_graph_read(&graph, &ag->arena, held ? held->summary : NULL);
	known = graph.sessions == NONE_INT;
	if (known)
		mark_known(ag, agent);
	d = (struct definition){.source = r->conf->name,
		.type = "agent-graph",
		.name = agent,
		.service = agent,
		.version = held ? held->version : NULL,
		.changed = held ? held->changed : NONE_INT};
	for (size_t i = first; i < ag->n_walked; i++) {
		struct walked *w = &ag->walked[i];
		const struct agent_edge *edge;
		size_t n;

		if (w->done || !same(w->agent, agent))
			continue;
		w->done = true;
		edge = agent_graph_add(&graph, &ag->arena, &w->edges, w->started, &n);
		/* Of the round that ends the learning all is baseline. */
		if (!edge || !known)
			continue;
		d.version = arena_format(
			&ag->arena, "%zu edges, + %s", graph.edges.n, edge->text);
		d.changed = edge->at;
	}
	d.summary = agent_graph_text(&graph, &ag->arena);
	if (!held || !same(held->summary, d.summary))
		put(ag, &d, known);
	return 0;
}

static const char *agent_of(const struct agents *ag, const struct offered *o)
{
	for (size_t i = 0; !o->agent && i < ag->n_walked; i++)
		if (same(ag->walked[i].session, o->session))
			return ag->walked[i].agent;
	return o->agent;
}

static int by_start(const void *a, const void *b)
{
	const struct walked *x = a, *y = b;

	return (x->started > y->started) - (x->started < y->started);
}

/* Sessions come in any order, and an agent's name may be its session's alone. */
static void settle(struct agents *ag)
{
	size_t n = ag->n_offered;

	if (ag->n_walked)
		qsort(ag->walked, ag->n_walked, sizeof(*ag->walked), by_start);
	ag->n_offered = 0;
	for (size_t i = 0; i < n; i++) {
		struct offered o = ag->offered[i];

		o.agent = agent_of(ag, &o);
		if (o.agent)
			offer(ag, &o);
	}
}

/* An agent's slash is not the one before the tool: "a/b" with "c" is not "a" with "b/c". */
static const char *tool_path(struct arena *a, const char *agent, const char *tool)
{
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	for (; *agent; agent++) {
		if (*agent == '/' || *agent == '%')
			strbuf_adds(&sb, *agent == '/' ? "%2F" : "%25");
		else
			strbuf_addc(&sb, *agent);
	}
	strbuf_addf(&sb, "/%s", tool);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

static int write_tool(
	struct agents *ag, const struct round *r, const struct offered *o, struct err *e)
{
	struct definition d = {.source = r->conf->name,
		.type = "tool-schema",
		.name = tool_path(&ag->arena, o->agent, o->tool.name),
		.digest = o->tool.digest,
		.service = o->agent,
		.changed = o->started};
	const struct definition *held;
	int64_t since;

	if (held_one(&held, &since, ag, r, d.type, d.name, e))
		return -1;
	if (held && held->changed != NONE_INT)
		since = held->changed;
	/* Spans come late: an older one says nothing of what is now. */
	if (held && (!d.digest || same(held->digest, d.digest) || o->started <= since))
		return 0;
	/* Since when it is so, nobody said. */
	if (!held && !o->known)
		d.changed = NONE_INT;
	put(ag, &d, held || o->known);
	return 0;
}

static int observe_all(struct round *r, const struct definition *items, size_t n,
	bool learnt, struct err *e)
{
	struct observe *ob;

	if (!n)
		return 0;
	if (observe_begin(&ob, r->store, r->conf->name, r->generation, REC_DEFINITION,
		    r->now, learnt, e))
		return -1;
	observe_config(ob, r->config);
	for (size_t i = 0; i < n; i++)
		if (observe_put(ob, &items[i], e)) {
			observe_abort(ob);
			return -1;
		}
	return observe_end(ob, false, e);
}

int agents_write(struct agents *ag, struct round *r, struct err *e)
{
	settle(ag);
	for (size_t i = 0; i < ag->n_walked; i++)
		if (!ag->walked[i].done && write_graph(ag, r, i, e))
			return -1;
	for (size_t i = 0; i < ag->n_offered; i++)
		if (write_tool(ag, r, &ag->offered[i], e))
			return -1;
	/* What is learnt of an agent that is not known yet is its baseline, and no change. */
	if (observe_all(r, ag->learnt, ag->n_learnt, true, e))
		return -1;
	return observe_all(r, ag->news, ag->n_news, false, e);
}
