#include "config.h"

#include "trace/attrs_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "trace/attrs.h"

/*
 * OpenTelemetry GenAI keys first, then OpenInference, then the others; except where a platform's
 * own key is an explicit statement of the user (langfuse.*).
 */
/* clang-format off */
const struct attr_row attr_rows[] = {
	{"langfuse.observation.type", TELLS_KIND, FORM_PLAIN, NULL},
	{"openinference.span.kind", TELLS_KIND, FORM_PLAIN, NULL},
	{"gen_ai.operation.name", TELLS_KIND, FORM_PLAIN, NULL},
	{"mlflow.spanType", TELLS_KIND, FORM_PLAIN, NULL},
	{"traceloop.span.kind", TELLS_KIND, FORM_PLAIN, NULL},
	{"agentops.span.kind", TELLS_KIND, FORM_PLAIN, NULL},
	{"langsmith.span.kind", TELLS_KIND, FORM_PLAIN, NULL},
	{"ai.operationId", TELLS_OPERATION, FORM_PLAIN, NULL},
	{"mcp.method.name", TELLS_MCP, FORM_PLAIN, NULL},
	{"gen_ai.tool.name", TELLS_IS_TOOL, FORM_PLAIN, NULL},
	{"gen_ai.tool.call.id", TELLS_IS_TOOL, FORM_PLAIN, NULL},
	{"llm.request.type", TELLS_IS_LLM, FORM_PLAIN, NULL},
	{"gen_ai.response.model", TELLS_IS_LLM, FORM_PLAIN, NULL},
	{"llm.response.model_name", TELLS_IS_LLM, FORM_PLAIN, NULL},

	{"langfuse.session.id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"session.id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"gen_ai.conversation.id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"traceloop.association.properties.session_id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"traceloop.association.properties.thread_id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"traceloop.association.properties.conversation_id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"mlflow.trace.session", TELLS_SESSION, FORM_PLAIN, NULL},
	{"langsmith.metadata.thread_id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"langsmith.metadata.session_id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"langsmith.metadata.conversation_id", TELLS_SESSION, FORM_PLAIN, NULL},
	{"metadata", TELLS_SESSION, FORM_MEMBER, "session_id"},
	{"metadata", TELLS_SESSION, FORM_MEMBER, "conversation_id"},
	{"metadata", TELLS_SESSION, FORM_MEMBER, "thread_id"},
	{"metadata", TELLS_SESSION, FORM_MEMBER, "langfuse_session_id"},
	{"ai.telemetry.metadata.sessionId", TELLS_SESSION, FORM_PLAIN, NULL},
	{"gcp.vertex.agent.session_id", TELLS_SESSION, FORM_PLAIN, NULL},

	{"langfuse.user.id", TELLS_USER, FORM_PLAIN, NULL},
	{"user.id", TELLS_USER, FORM_PLAIN, NULL},
	{"enduser.id", TELLS_USER, FORM_PLAIN, NULL},
	{"traceloop.association.properties.user_id", TELLS_USER, FORM_PLAIN, NULL},
	{"mlflow.trace.user", TELLS_USER, FORM_PLAIN, NULL},
	{"ai.telemetry.metadata.userId", TELLS_USER, FORM_PLAIN, NULL},
	{"metadata", TELLS_USER, FORM_MEMBER, "user_id"},

	{"langfuse.trace.tags", TELLS_TAGS, FORM_PLAIN, NULL},
	{"tag.tags", TELLS_TAGS, FORM_PLAIN, NULL},

	{"gen_ai.agent.name", TELLS_AGENT, FORM_PLAIN, NULL},
	{"agent.name", TELLS_AGENT, FORM_PLAIN, NULL},
	{"graph.node.id", TELLS_AGENT, FORM_PLAIN, NULL},
	{"agent_name", TELLS_AGENT, FORM_PLAIN, NULL},
	{"crewai.agent.role", TELLS_AGENT, FORM_PLAIN, NULL},
	{"ai.telemetry.functionId", TELLS_AGENT, FORM_PLAIN, NULL},

	{"gen_ai.tool.name", TELLS_TOOL, FORM_PLAIN, NULL},
	{"tool.name", TELLS_TOOL, FORM_PLAIN, NULL},
	{"ai.toolCall.name", TELLS_TOOL, FORM_PLAIN, NULL},
	{"mcp.tool.name", TELLS_TOOL, FORM_PLAIN, NULL},

	{"gen_ai.handoff.to_agent", TELLS_TARGET, FORM_PLAIN, NULL},
	{"to_agent", TELLS_TARGET, FORM_PLAIN, NULL},
	{"gen_ai.transfer.target.name", TELLS_TARGET, FORM_PLAIN, NULL},
	{"gen_ai.transfer.mode", TELLS_TRANSFER, FORM_PLAIN, NULL},

	{"gen_ai.response.finish_reasons", TELLS_FINISH, FORM_PLAIN, NULL},
	{"gen_ai.response.finish_reason", TELLS_FINISH, FORM_PLAIN, NULL},
	{"llm.response.finish_reason", TELLS_FINISH, FORM_PLAIN, NULL},
	{"ai.response.finishReason", TELLS_FINISH, FORM_PLAIN, NULL},

	{"gen_ai.response.id", TELLS_RESPONSE_ID, FORM_PLAIN, NULL},
	{"ai.response.id", TELLS_RESPONSE_ID, FORM_PLAIN, NULL},

	{"gen_ai.tool.call.id", TELLS_TOOL_CALL, FORM_PLAIN, NULL},
	{"tool.id", TELLS_TOOL_CALL, FORM_PLAIN, NULL},
	{"ai.toolCall.id", TELLS_TOOL_CALL, FORM_PLAIN, NULL},
	{"tool_call.id", TELLS_TOOL_CALL, FORM_PLAIN, NULL},

	{"gen_ai.response.model", TELLS_MODEL, FORM_PLAIN, NULL},
	{"llm.response.model_name", TELLS_MODEL, FORM_PLAIN, NULL},
	{"ai.response.model", TELLS_MODEL, FORM_PLAIN, NULL},
	{"llm.model_name", TELLS_MODEL, FORM_PLAIN, NULL},
	{"mlflow.llm.model", TELLS_MODEL, FORM_PLAIN, NULL},
	{"embedding.model_name", TELLS_MODEL, FORM_PLAIN, NULL},
	{"langfuse.observation.model.name", TELLS_MODEL_ASKED, FORM_PLAIN, NULL},
	{"gen_ai.request.model", TELLS_MODEL_ASKED, FORM_PLAIN, NULL},
	{"llm.request.model_name", TELLS_MODEL_ASKED, FORM_PLAIN, NULL},
	{"ai.model.id", TELLS_MODEL_ASKED, FORM_PLAIN, NULL},
	{"llm.request.model", TELLS_MODEL_ASKED, FORM_PLAIN, NULL},
	{"model", TELLS_MODEL_ASKED, FORM_PLAIN, NULL},

	{"gen_ai.usage.input_tokens", TELLS_INPUT_TOKENS, FORM_PLAIN, NULL},
	{"llm.token_count.prompt", TELLS_INPUT_TOKENS, FORM_PLAIN, NULL},
	{"gen_ai.usage.prompt_tokens", TELLS_INPUT_TOKENS, FORM_PLAIN, NULL},
	{"ai.usage.inputTokens", TELLS_INPUT_TOKENS, FORM_PLAIN, NULL},
	{"ai.usage.promptTokens", TELLS_INPUT_TOKENS, FORM_PLAIN, NULL},
	{"llm.usage.prompt_tokens", TELLS_INPUT_TOKENS, FORM_PLAIN, NULL},
	{"mlflow.chat.tokenUsage", TELLS_INPUT_TOKENS, FORM_MEMBER, "input_tokens"},
	{"langfuse.observation.usage_details", TELLS_INPUT_TOKENS, FORM_MEMBER, "input"},

	{"gen_ai.usage.output_tokens", TELLS_OUTPUT_TOKENS, FORM_PLAIN, NULL},
	{"llm.token_count.completion", TELLS_OUTPUT_TOKENS, FORM_PLAIN, NULL},
	{"gen_ai.usage.completion_tokens", TELLS_OUTPUT_TOKENS, FORM_PLAIN, NULL},
	{"ai.usage.outputTokens", TELLS_OUTPUT_TOKENS, FORM_PLAIN, NULL},
	{"ai.usage.completionTokens", TELLS_OUTPUT_TOKENS, FORM_PLAIN, NULL},
	{"llm.usage.completion_tokens", TELLS_OUTPUT_TOKENS, FORM_PLAIN, NULL},
	{"mlflow.chat.tokenUsage", TELLS_OUTPUT_TOKENS, FORM_MEMBER, "output_tokens"},
	{"langfuse.observation.usage_details", TELLS_OUTPUT_TOKENS, FORM_MEMBER, "output"},

	{"gen_ai.usage.cache_read.input_tokens", TELLS_CACHED_TOKENS, FORM_PLAIN, NULL},
	{"gen_ai.usage.cache_read_input_tokens", TELLS_CACHED_TOKENS, FORM_PLAIN, NULL},
	{"llm.token_count.prompt_details.cache_read", TELLS_CACHED_TOKENS, FORM_PLAIN, NULL},
	{"ai.usage.inputTokenDetails.cacheReadTokens", TELLS_CACHED_TOKENS, FORM_PLAIN, NULL},
	{"ai.usage.cachedInputTokens", TELLS_CACHED_TOKENS, FORM_PLAIN, NULL},
	{"gen_ai.usage.details.cache_read_tokens", TELLS_CACHED_TOKENS, FORM_PLAIN, NULL},
	{"mlflow.chat.tokenUsage", TELLS_CACHED_TOKENS, FORM_MEMBER, "cache_read_input_tokens"},

	{"gen_ai.usage.reasoning.output_tokens", TELLS_REASONING_TOKENS, FORM_PLAIN, NULL},
	{"gen_ai.usage.reasoning_tokens", TELLS_REASONING_TOKENS, FORM_PLAIN, NULL},
	{"llm.token_count.completion_details.reasoning", TELLS_REASONING_TOKENS, FORM_PLAIN, NULL},
	{"ai.usage.outputTokenDetails.reasoningTokens", TELLS_REASONING_TOKENS, FORM_PLAIN, NULL},
	{"ai.usage.reasoningTokens", TELLS_REASONING_TOKENS, FORM_PLAIN, NULL},
	{"gen_ai.usage.details.reasoning_tokens", TELLS_REASONING_TOKENS, FORM_PLAIN, NULL},

	{"langfuse.observation.cost_details", TELLS_COST, FORM_MEMBER, "total"},
	{"gen_ai.usage.cost", TELLS_COST, FORM_PLAIN, NULL},
	{"gen_ai.usage.total_cost", TELLS_COST, FORM_PLAIN, NULL},
	{"llm.cost.total", TELLS_COST, FORM_PLAIN, NULL},
	{"mlflow.llm.cost", TELLS_COST, FORM_MEMBER, "total_cost"},
	{"cost_usd", TELLS_COST, FORM_PLAIN, NULL},
	{"operation.cost", TELLS_COST, FORM_PLAIN, NULL},
	{"gen_ai.usage.prompt_cost", TELLS_COST_IN, FORM_PLAIN, NULL},
	{"gen_ai.usage.completion_cost", TELLS_COST_OUT, FORM_PLAIN, NULL},

	{"gen_ai.response.time_to_first_chunk", TELLS_FIRST_TOKEN, FORM_SECONDS, NULL},
	{"ai.response.msToFirstChunk", TELLS_FIRST_TOKEN, FORM_MS, NULL},
	{"gen_ai.server.time_to_first_token", TELLS_FIRST_TOKEN, FORM_SECONDS, NULL},

	{"gen_ai.system_instructions", TELLS_SYSTEM, FORM_PLAIN, NULL},

	{"gen_ai.input.messages", TELLS_INPUT, FORM_PLAIN, NULL},
	{"gen_ai.prompt", TELLS_INPUT, FORM_PLAIN, NULL},
	{"llm.input_messages.", TELLS_INPUT, FORM_GROUP, NULL},
	{"gen_ai.prompt.", TELLS_INPUT, FORM_GROUP, NULL},
	{"ai.prompt.messages", TELLS_INPUT, FORM_PLAIN, NULL},
	{"gcp.vertex.agent.llm_request", TELLS_INPUT, FORM_PLAIN, NULL},
	{"pydantic_ai.all_messages", TELLS_INPUT, FORM_PLAIN, NULL},
	{"all_messages_events", TELLS_INPUT, FORM_PLAIN, NULL},
	{"langfuse.observation.input", TELLS_INPUT, FORM_PLAIN, NULL},
	{"input.value", TELLS_INPUT, FORM_PLAIN, NULL},
	{"mlflow.spanInputs", TELLS_INPUT, FORM_PLAIN, NULL},
	{"traceloop.entity.input", TELLS_INPUT, FORM_PLAIN, NULL},
	{"ai.prompt", TELLS_INPUT, FORM_PLAIN, NULL},
	{"gen_ai.retrieval.query.text", TELLS_INPUT, FORM_PLAIN, NULL},
	{"reranker.query", TELLS_INPUT, FORM_PLAIN, NULL},

	{"gen_ai.output.messages", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"gen_ai.completion", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"llm.output_messages.", TELLS_OUTPUT, FORM_GROUP, NULL},
	{"gen_ai.completion.", TELLS_OUTPUT, FORM_GROUP, NULL},
	{"ai.response.text", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"ai.response.toolCalls", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"gcp.vertex.agent.llm_response", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"langfuse.observation.output", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"gen_ai.retrieval.documents", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"retrieval.documents.", TELLS_OUTPUT, FORM_GROUP, NULL},
	{"reranker.output_documents.", TELLS_OUTPUT, FORM_GROUP, NULL},
	{"output.value", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"mlflow.spanOutputs", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"traceloop.entity.output", TELLS_OUTPUT, FORM_PLAIN, NULL},
	{"final_result", TELLS_OUTPUT, FORM_PLAIN, NULL},

	{"gen_ai.tool.call.arguments", TELLS_ARGUMENTS, FORM_PLAIN, NULL},
	{"ai.toolCall.args", TELLS_ARGUMENTS, FORM_PLAIN, NULL},
	{"ai.toolCall.input", TELLS_ARGUMENTS, FORM_PLAIN, NULL},
	{"tool_arguments", TELLS_ARGUMENTS, FORM_PLAIN, NULL},
	{"gcp.vertex.agent.tool_call_args", TELLS_ARGUMENTS, FORM_PLAIN, NULL},

	{"gen_ai.tool.call.result", TELLS_RESULT, FORM_PLAIN, NULL},
	{"ai.toolCall.result", TELLS_RESULT, FORM_PLAIN, NULL},
	{"ai.toolCall.output", TELLS_RESULT, FORM_PLAIN, NULL},
	{"tool_response", TELLS_RESULT, FORM_PLAIN, NULL},
	{"gcp.vertex.agent.tool_response", TELLS_RESULT, FORM_PLAIN, NULL},

	{"exception.message", TELLS_ERROR, FORM_PLAIN, NULL},
	{"error.message", TELLS_ERROR, FORM_PLAIN, NULL},
	{"error.type", TELLS_ERROR_TYPE, FORM_PLAIN, NULL},
	{"exception.type", TELLS_ERROR_TYPE, FORM_PLAIN, NULL},
};
/* clang-format on */

const size_t attr_rows_n = ARRAY_LEN(attr_rows);

struct attr_index {
	size_t rows[ARRAY_LEN(attr_rows)]; /* sorted by key, then rank */
};

static int by_key(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = strcmp(attr_rows[x].key, attr_rows[y].key);

	if (order)
		return order;
	return x < y ? -1 : x > y;
}

const struct attr_index *attr_index_new(struct arena *a)
{
	struct attr_index *index = arena_alloc(a, 1, sizeof(*index));

	for (size_t i = 0; i < attr_rows_n; i++)
		index->rows[i] = i;
	qsort(index->rows, attr_rows_n, sizeof(index->rows[0]), by_key);
	return index;
}

/* The first place whose key is not below the n bytes of key. */
static size_t lower_bound(const struct attr_index *index, const char *key)
{
	size_t low = 0, high = attr_rows_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(attr_rows[index->rows[middle]].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A flattened key comes right behind its group's row in the order. */
static size_t group_of(const struct attr_index *index, const char *key, size_t at)
{
	while (at-- > 0) {
		const struct attr_row *row = &attr_rows[index->rows[at]];
		size_t n = strlen(row->key);

		if (row->form == FORM_GROUP && strncmp(row->key, key, n) == 0 &&
			isdigit((unsigned char)key[n]))
			return at;
		if (strncmp(row->key, key, 3) != 0)
			break;
	}
	return attr_rows_n;
}

const size_t *attr_index_find(const struct attr_index *index, const char *key, size_t *n)
{
	size_t at = lower_bound(index, key), end = at;

	while (end < attr_rows_n && strcmp(attr_rows[index->rows[end]].key, key) == 0)
		end++;
	*n = end - at;
	if (*n == 0) {
		at = group_of(index, key, at);
		*n = at < attr_rows_n;
	}
	return *n ? &index->rows[at] : NULL;
}
