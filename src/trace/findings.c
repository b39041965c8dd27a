#include "config.h"

#include "trace/findings.h"

#include <string.h>

#include "core/i18n.h"
#include "core/strbuf.h"
#include "model/record.h"
#include "trace/story.h"

/* What a node's flag says; a node may have several. */
static const struct {
	unsigned flag;
	const char *kind, *severity, *text;
} flag_findings[] = {
	{NODE_CYCLE, "cycle", "warning",
		N_("the span was its own ancestor; it is shown as a root")},
	{NODE_COLLISION, "collision", "warning",
		N_("another, different span has the same id")},
	{NODE_ORPHAN, "orphan", "warning",
		N_("its parent was not recorded; it is shown as a root")},
	{NODE_OPEN, "open", "warning", N_("the span never ended")},
	{NODE_BACKWARDS, "backwards", "warning", N_("the span ends before it starts")},
	{NODE_SKEWED, "skewed", "info",
		N_("the span starts before its parent: clocks differ")},
	{NODE_REPEAT, "repeat", "info",
		N_("the span was recorded twice and is counted once")},
	{NODE_SAME_CALL, "same-call", "info",
		N_("another library recorded the same model call; it is counted once")},
};

static const char *const severities[] = {"error", "warning", "info"};

/* The list while it grows: one severity at a time, so that the worst are there when it is full. */
struct search {
	struct findings *out;
	struct arena *arena;
	const struct tree *tree;
	const char *severity;
	size_t limit;
};

static void add(struct search *s, const char *kind, const char *severity, uint32_t node,
	const char *detail)
{
	if (strcmp(severity, s->severity) != 0 || s->out->n >= s->limit)
		return;
	*arena_push(s->arena, s->out->items, s->out->n, s->out->cap) = (struct finding){
		.kind = kind,
		.severity = severity,
		.node = node,
		.span = node == NODE_NONE ? NULL : tree_span(s->tree, node)->id,
		.detail = detail,
	};
}

static void of_failure(struct search *s, uint32_t node)
{
	struct strbuf line = STRBUF_INIT;

	if (strcmp(s->severity, "error") != 0)
		return;
	story_line(&line, s->tree, node);
	add(s, "error", "error", node, arena_strdup(s->arena, line.buf));
	strbuf_release(&line);
}

static void of_node(struct search *s, uint32_t node)
{
	unsigned flags = s->tree->nodes[node].flags;

	if ((flags & (NODE_ERROR | NODE_REPEAT)) == NODE_ERROR)
		of_failure(s, node);
	for (size_t i = 0; i < ARRAY_LEN(flag_findings); i++) {
		if (flags & flag_findings[i].flag)
			add(s, flag_findings[i].kind, flag_findings[i].severity, node,
				_(flag_findings[i].text));
	}
}

static int64_t known(int64_t v)
{
	return v == NONE_INT ? 0 : v;
}

static void of_usage(struct search *s)
{
	const struct tree *t = s->tree;
	double low = (double)known(t->total.input) + (double)known(t->total.output);
	double high = (double)known(t->high.input) + (double)known(t->high.output);

	/* Small differences are roundings and system prompts. */
	if (high > low * 1.05 && high > low + 100)
		add(s, "more-tokens", "warning", NODE_NONE,
			arena_format(s->arena,
				_("parents report %.0f tokens, their recorded children "
				  "%.0f: some calls were not recorded, or a counter is "
				  "cumulative"),
				high, low));
	if (t->unpriced > 0)
		add(s, "unpriced", "info", NODE_NONE,
			arena_format(s->arena,
				ngettext("%zu call has tokens and no cost or price",
					"%zu calls have tokens and no cost or price",
					t->unpriced),
				t->unpriced));
}

void findings_of(
	struct findings *out, struct arena *a, const struct tree *t, size_t limit)
{
	struct search s = {.out = out, .arena = a, .tree = t, .limit = limit};

	*out = (struct findings){0};
	for (size_t k = 0; k < ARRAY_LEN(severities); k++) {
		s.severity = severities[k];
		of_usage(&s);
		for (size_t i = 0; i < t->n && out->n < limit; i++)
			of_node(&s, t->order[i]);
	}
}
