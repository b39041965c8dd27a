#include "config.h"

#include "trace/agent_parts.h"

#include <ctype.h>
#include <string.h>

#include "core/digest.h"
#include "core/json.h"
#include "model/record.h"

#define ATTRIBUTE_MAX ((size_t)1 << 20) /* longer ones are not looked into */

static const char *cut(struct arena *a, const char *name)
{
	size_t n = strlen(name);

	if (n <= AGENT_NAME_MAX)
		return arena_strdup(a, name);
	/* Not inside a character. */
	for (n = AGENT_NAME_MAX; n && ((unsigned char)name[n] & 0xc0) == 0x80; n--)
		;
	return arena_strndup(a, name, n);
}

/* NULL: no JSON, or longer than one looks into. */
static struct json *parsed(const char *text)
{
	struct json *out = NULL;
	struct err ignored = ERR_INIT;
	size_t n = text ? strlen(text) : 0;

	if (n && n <= ATTRIBUTE_MAX && (*text == '{' || *text == '['))
		json_parse(&out, text, n, &ignored);
	err_release(&ignored);
	return out;
}

/* --- tools --- */

struct tools {
	struct agent_tools *out;
	struct arena *arena;
	size_t cap;
};

static const char *tool_name(const struct json *tool)
{
	static const char *const places[] = {
		"name", "function.name", "toolSpec.name", "json_schema.function.name"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *name = json_text_at(tool, places[i]);

		if (name && *name)
			return name;
	}
	return NULL;
}

static const char *digest_text(struct arena *a, const struct json *j)
{
	struct strbuf sb = STRBUF_INIT;
	struct digest d;
	const char *out;

	json_canonical(&sb, j);
	d = digest_of(sb.buf, sb.len);
	strbuf_reset(&sb);
	strbuf_adds(&sb, "sha256:");
	digest_hex(&sb, &d);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

static void add_tool(struct tools *t, const struct json *tool)
{
	const char *name = tool_name(tool);

	if (!name || t->out->n >= AGENT_TOOLS_MAX)
		return;
	name = cut(t->arena, name);
	for (size_t i = 0; i < t->out->n; i++)
		if (!strcmp(t->out->items[i].name, name))
			return;
	*arena_push(t->arena, t->out->items, t->out->n, t->cap) =
		(struct agent_tool){name, digest_text(t->arena, tool)};
}

/* A definition, or the JSON text of one. */
static void add_one(struct tools *t, const struct json *tool)
{
	struct json *inside = parsed(json_text(tool));

	add_tool(t, inside ? inside : tool);
	json_free(inside);
}

/* A list of them, or the JSON text of one. */
static void add_list(struct tools *t, const struct json *list)
{
	struct json *inside = parsed(json_text(list));

	json_each (tool, inside ? inside : list)
		add_one(t, tool);
	json_free(inside);
}

/* "llm.tools.3.tool.json_schema" */
static bool is_numbered(const char *key)
{
	static const char head[] = "llm.tools.";
	const char *at = key + sizeof(head) - 1;

	if (strncmp(key, head, sizeof(head) - 1) != 0 || !isdigit((unsigned char)*at))
		return false;
	while (isdigit((unsigned char)*at))
		at++;
	return !strcmp(at, ".tool.json_schema");
}

static void add_attributes(struct tools *t, const struct json *attributes)
{
	static const char *const lists[] = {
		"gen_ai.tool.definitions", "llm.tools", "ai.prompt.tools"};
	static const char *const parameters[] = {
		"llm.invocation_parameters", "model_request_parameters"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		add_list(t, json_get(attributes, lists[i]));
	json_each (item, attributes)
		if (is_numbered(json_key(item)))
			add_one(t, item);
	for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
		const struct json *value = json_get(attributes, parameters[i]);
		struct json *inside = parsed(json_text(value));

		value = inside ? inside : value;
		add_list(t, json_get(value, "tools"));
		add_list(t, json_get(value, "function_tools"));
		json_free(inside);
	}
}

void agent_tools_of(struct agent_tools *out, struct arena *a, const struct span *s)
{
	struct tools t = {.out = out, .arena = a};
	struct json *doc;

	*out = (struct agent_tools){0};
	if (!s->kind || span_kind_of(s->kind) != SPAN_LLM)
		return;
	/* Most spans name none: they are not parsed. */
	if (s->attributes && strstr(s->attributes, "tool")) {
		doc = parsed(s->attributes);
		add_attributes(&t, doc);
		json_free(doc);
	}
	if (s->input && *s->input == '{' && strstr(s->input, "\"tools\"")) {
		doc = parsed(s->input);
		add_list(&t, json_get(doc, "tools"));
		json_free(doc);
	}
}

/* --- edges --- */

static bool has(const struct agent_edges *edges, const char *edge)
{
	for (size_t i = 0; i < edges->n; i++)
		if (!strcmp(edges->items[i].text, edge))
			return true;
	return false;
}

/* What the node is called by, when it is one of a graph. */
static const char *called(const struct tree *t, size_t node, const char **what)
{
	const struct span *s = tree_span(t, node);

	switch ((enum span_kind)t->nodes[node].kind) {
	case SPAN_AGENT: *what = "agent"; return s->agent ? s->agent : s->name;
	case SPAN_TOOL: *what = "tool"; return s->tool ? s->tool : s->name;
	case SPAN_HANDOFF: *what = "handoff"; return s->tool ? s->tool : s->name;
	default: return NULL;
	}
}

void agent_edges_of(struct agent_edges *out, struct arena *a, const struct tree *t)
{
	size_t cap = 0;

	*out = (struct agent_edges){0};
	for (size_t i = 0; i < t->n && out->n < AGENT_EDGES_MAX; i++) {
		const struct node *node = &t->nodes[t->order[i]];
		const char *what = "", *to = called(t, t->order[i], &what), *from, *edge;

		if (!to || !*to || node->parent == NODE_NONE || node->flags & NODE_REPEAT)
			continue;
		from = tree_agent(t, node->parent);
		/* Steps of one agent are marked as the agent too. */
		if (!from || !*from ||
			(node->kind == SPAN_AGENT && strcmp(from, to) == 0))
			continue;
		edge = arena_format(a, "%s -> %s %s", cut(a, from), what, cut(a, to));
		if (!has(out, edge))
			*arena_push(a, out->items, out->n, cap) = (struct agent_edge){
				edge, tree_span(t, t->order[i])->started};
	}
}

/* --- the graph --- */

void agent_graph_read(struct agent_graph *out, struct arena *a, const char *text)
{
	struct json *doc = parsed(text);
	const struct json *learning = json_get(doc, "learning");
	size_t cap = 0;

	*out = (struct agent_graph){.newest = NONE_INT};
	json_each (edge, json_get(doc, "edges"))
		if (json_text(edge) && out->edges.n < AGENT_EDGES_MAX)
			*arena_push(a, out->edges.items, out->edges.n, cap) =
				(struct agent_edge){
					arena_strdup(a, json_text(edge)), NONE_INT};
	if (json_type(json_get(doc, "edges")) == JSON_ARRAY && !learning)
		out->sessions = NONE_INT;
	if (json_int(json_get(learning, "sessions")) > 0)
		out->sessions = json_int(json_get(learning, "sessions"));
	if (learning)
		out->newest = json_int(json_get(learning, "newest"));
	json_free(doc);
}

const char *agent_graph_text(const struct agent_graph *g, struct arena *a)
{
	struct json *doc = json_object(), *list = json_add_array(doc, "edges");
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	for (size_t i = 0; i < g->edges.n; i++)
		json_add_text(list, NULL, g->edges.items[i].text);
	if (g->sessions != NONE_INT) {
		struct json *learning = json_add_object(doc, "learning");

		json_add_int(learning, "sessions", g->sessions);
		json_add_int(learning, "newest", g->newest);
	}
	json_canonical(&sb, doc);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	json_free(doc);
	return out;
}

const struct agent_edge *agent_graph_add(struct agent_graph *g, struct arena *a,
	const struct agent_edges *edges, int64_t started, size_t *n)
{
	struct agent_edge *all = arena_alloc(a, AGENT_EDGES_MAX, sizeof(*all));
	const struct agent_edge *news = NULL;

	*n = 0;
	if (g->edges.n)
		memcpy(all, g->edges.items, g->edges.n * sizeof(*all));
	g->edges.items = all;
	for (size_t i = 0; i < edges->n && g->edges.n < AGENT_EDGES_MAX; i++) {
		if (has(&g->edges, edges->items[i].text))
			continue;
		all[g->edges.n++] = edges->items[i];
		if (g->sessions == NONE_INT) {
			news = &edges->items[i];
			++*n;
		}
	}
	/* A session that goes on comes again and again: it teaches once. */
	if (g->sessions == NONE_INT || started == NONE_INT ||
		(g->newest != NONE_INT && started <= g->newest))
		return news;
	g->newest = started;
	if (++g->sessions >= AGENT_LEARN_SESSIONS)
		g->sessions = NONE_INT;
	return news;
}
