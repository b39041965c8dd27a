#include "config.h"
#include "model/session.h"

#include <stddef.h>
#include <string.h>

static const char *const kinds[SPAN_KINDS] = {
	[SPAN_NONE] = "none",
	[SPAN_AGENT] = "agent",
	[SPAN_LLM] = "llm",
	[SPAN_TOOL] = "tool",
	[SPAN_RETRIEVAL] = "retrieval",
	[SPAN_EMBEDDING] = "embedding",
	[SPAN_GUARDRAIL] = "guardrail",
	[SPAN_HANDOFF] = "handoff",
	[SPAN_EVALUATOR] = "evaluator",
	[SPAN_OTHER] = "other",
};

const char *span_kind_name(enum span_kind k)
{
	return kinds[k < SPAN_KINDS ? k : SPAN_NONE];
}

enum span_kind span_kind_of(const char *name)
{
	for (int k = SPAN_NONE + 1; name && k < SPAN_KINDS; k++)
		if (!strcmp(kinds[k], name))
			return (enum span_kind)k;
	return SPAN_NONE;
}
