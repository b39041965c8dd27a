#include "config.h"

#include "trace/story.h"

#include <string.h>

#include "core/i18n.h"
#include "model/record.h"

/* Who acts: the nearest agent, of an agent's own step the one above; else the root above. */
static const char *actor(const struct tree *t, size_t node)
{
	uint32_t above = t->nodes[node].parent;
	const char *name = NULL;

	if (t->nodes[node].kind != SPAN_AGENT)
		name = tree_agent(t, node);
	else if (above != NODE_NONE)
		name = tree_agent(t, above);
	for (; !name && above != NODE_NONE; above = t->nodes[above].parent) {
		if (t->nodes[above].parent == NODE_NONE)
			name = tree_span(t, above)->name;
	}
	return name && *name ? name : _("the session");
}

/* Behind the prefix, or the whole. */
static const char *without(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 && s[n] ? s + n : s;
}

static const char *first_of(const char *a, const char *b)
{
	if (a && *a)
		return a;
	return b && *b ? b : "?";
}

/* Where a handoff goes, as the frameworks name it. */
static const char *receiver(const struct span *s)
{
	static const char *const prefixes[] = {
		"execute_tool ",
		"handoff to ",
		"transfer_back_to_",
		"transfer_to_",
		"handoff_to_",
	};
	const char *name = first_of(s->tool, s->name);

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		name = without(name, prefixes[i]);
	return name;
}

static void add_action(struct strbuf *out, const struct tree *t, size_t node)
{
	const struct span *s = tree_span(t, node);
	const char *who = actor(t, node), *name = first_of(s->name, s->id);

	switch ((enum span_kind)t->nodes[node].kind) {
	case SPAN_AGENT:
		strbuf_addf(out, _("%s called agent %s"), who, first_of(s->agent, name));
		break;
	case SPAN_LLM:
		strbuf_addf(out, _("%s asked %s"), who, first_of(s->model, name));
		break;
	case SPAN_TOOL:
		strbuf_addf(out, _("%s used %s"), who, first_of(s->tool, name));
		break;
	case SPAN_RETRIEVAL: strbuf_addf(out, _("%s searched with %s"), who, name); break;
	case SPAN_EMBEDDING:
		strbuf_addf(out, _("%s embedded text with %s"), who,
			first_of(s->model, name));
		break;
	case SPAN_GUARDRAIL:
		strbuf_addf(out, _("%s was checked by %s"), who, name);
		break;
	case SPAN_HANDOFF:
		strbuf_addf(out, _("%s handed over to %s"), who, receiver(s));
		break;
	case SPAN_EVALUATOR: strbuf_addf(out, _("%s was judged by %s"), who, name); break;
	case SPAN_NONE:
	case SPAN_OTHER:
	case SPAN_KINDS: strbuf_adds(out, name); break;
	}
}

/* The first line of a message is enough. */
static void add_failure(struct strbuf *out, const char *action, const struct span *s)
{
	if (s->error && *s->error)
		strbuf_addf(out, _("%s, which failed: %.*s"), action,
			(int)strcspn(s->error, "\r\n"), s->error);
	else
		strbuf_addf(out, _("%s, which failed"), action);
}

static void add_tokens(struct strbuf *out, const char *action, const struct span *s)
{
	if (s->input_tokens == NONE_INT)
		strbuf_addf(out, _("%s: %lld tokens out"), action,
			(long long)s->output_tokens);
	else if (s->output_tokens == NONE_INT)
		strbuf_addf(
			out, _("%s: %lld tokens in"), action, (long long)s->input_tokens);
	else
		strbuf_addf(out, _("%s: %lld tokens in, %lld out"), action,
			(long long)s->input_tokens, (long long)s->output_tokens);
}

void story_line(struct strbuf *out, const struct tree *t, size_t node)
{
	const struct span *s = tree_span(t, node);
	struct strbuf action = STRBUF_INIT;

	add_action(&action, t, node);
	if (t->nodes[node].flags & NODE_ERROR)
		add_failure(out, action.buf, s);
	else if (t->nodes[node].kind == SPAN_LLM &&
		(s->input_tokens != NONE_INT || s->output_tokens != NONE_INT))
		add_tokens(out, action.buf, s);
	else
		strbuf_adds(out, action.buf);
	strbuf_release(&action);
}
