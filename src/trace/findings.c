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

static struct finding *push(
	struct findings *f, struct arena *a, const char *kind, const char *severity)
{
	struct finding *one = arena_push(a, f->items, f->n, f->cap);

	one->kind = kind;
	one->severity = severity;
	one->node = NODE_NONE;
	return one;
}

static void of_node(
	struct findings *f, struct arena *a, const struct tree *t, uint32_t node)
{
	unsigned flags = t->nodes[node].flags;
	struct strbuf line = STRBUF_INIT;
	struct finding *one;

	if ((flags & NODE_ERROR) && !(flags & NODE_REPEAT)) {
		story_line(&line, t, node);
		one = push(f, a, "error", "error");
		one->node = node;
		one->span = tree_span(t, node)->id;
		one->detail = arena_strdup(a, line.buf);
		strbuf_release(&line);
	}
	for (size_t i = 0; i < ARRAY_LEN(flag_findings); i++) {
		if (!(flags & flag_findings[i].flag))
			continue;
		one = push(f, a, flag_findings[i].kind, flag_findings[i].severity);
		one->node = node;
		one->span = tree_span(t, node)->id;
		one->detail = _(flag_findings[i].text);
	}
}

static int64_t known(int64_t v)
{
	return v == NONE_INT ? 0 : v;
}

static void of_usage(struct findings *f, struct arena *a, const struct tree *t)
{
	double low = (double)known(t->total.input) + (double)known(t->total.output);
	double high = (double)known(t->high.input) + (double)known(t->high.output);

	/* Small differences are roundings and system prompts. */
	if (high > low * 1.05 && high > low + 100)
		push(f, a, "more-tokens", "warning")->detail = arena_format(a,
			_("parents report %.0f tokens, their recorded children %.0f: "
			  "some calls "
			  "were not recorded, or a counter is cumulative"),
			high, low);
	if (t->unpriced > 0)
		push(f, a, "unpriced", "info")->detail = arena_format(a,
			ngettext("%zu call has tokens and no cost or price",
				"%zu calls have tokens and no cost or price",
				t->unpriced),
			t->unpriced);
}

void findings_of(
	struct findings *out, struct arena *a, const struct tree *t, size_t limit)
{
	struct findings all = {0};

	of_usage(&all, a, t);
	for (size_t i = 0; i < t->n; i++)
		of_node(&all, a, t, t->order[i]);
	*out = (struct findings){.items = arena_alloc(a, all.n + 1, sizeof(*all.items))};
	out->cap = all.n + 1;
	for (size_t k = 0; k < ARRAY_LEN(severities); k++) {
		for (size_t i = 0; i < all.n && out->n < limit; i++) {
			if (strcmp(all.items[i].severity, severities[k]) == 0)
				out->items[out->n++] = all.items[i];
		}
	}
}
