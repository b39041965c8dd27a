#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "tests/unit/shared.h"
#include "trace/attrs.h"
#include "trace/attrs_flat.h"
#include "trace/attrs_table.h"

/* One attribute set: an object of plain values, by name and scope. */
struct read {
	struct arena arena;
	struct span span;
	const char *user, *tags;
};

static void read_json(
	struct read *out, const struct json *object, const char *name, const char *scope)
{
	struct attrs attrs = {0};

	arena_init(&out->arena);
	out->user = out->tags = NULL;
	out->span = (struct span){
		.name = name,
		.scope = scope,
		.status = "unset",
		.input_tokens = NONE_INT,
		.output_tokens = NONE_INT,
		.cached_tokens = NONE_INT,
		.reasoning_tokens = NONE_INT,
		.first_token_ns = NONE_INT,
		.cost_usd = NAN,
	};
	attrs_add_object(&attrs, &out->arena, object);
	attrs_read(&out->span, &out->user, &out->tags, &out->arena,
		attr_index_new(&out->arena), &attrs);
}

static void read_text(
	struct read *out, const char *text, const char *name, const char *scope)
{
	struct json *object;
	struct err e = ERR_INIT;

	if (json_parse(&object, text, strlen(text), &e) < 0)
		fail_msg("%s", e.what);
	read_json(out, object, name, scope);
	json_free(object);
}

static void assert_kind(
	const char *attributes, const char *name, const char *scope, const char *kind)
{
	struct read r;

	read_text(&r, attributes, name, scope);
	if (strcmp(r.span.kind, kind) != 0)
		fail_msg("%s (%s) is %s, not %s", attributes, name, r.span.kind, kind);
	arena_release(&r.arena);
}

static void kinds_of_every_convention(void **state)
{
	(void)state;
	assert_kind("{\"gen_ai.operation.name\":\"chat\"}", "x", "", "llm");
	assert_kind("{\"gen_ai.operation.name\":\"execute_tool\"}", "x", "", "tool");
	assert_kind("{\"gen_ai.operation.name\":\"invoke_agent\"}", "x", "", "agent");
	assert_kind("{\"gen_ai.operation.name\":\"create_agent\"}", "x", "", "other");
	assert_kind("{\"gen_ai.operation.name\":\"embeddings\"}", "x", "", "embedding");
	assert_kind(
		"{\"gen_ai.operation.name\":\"search_memory\"}", "x", "", "retrieval");
	assert_kind("{\"gen_ai.operation.name\":\"agent_step\"}", "x", "", "other");
	assert_kind("{\"openinference.span.kind\":\"LLM\"}", "x", "", "llm");
	assert_kind("{\"openinference.span.kind\":\"RERANKER\"}", "x", "", "retrieval");
	assert_kind("{\"openinference.span.kind\":\"EVALUATOR\"}", "x", "", "evaluator");
	assert_kind("{\"openinference.span.kind\":\"GUARDRAIL\"}", "x", "", "guardrail");
	/* Unknown words let the next key speak. */
	assert_kind("{\"openinference.span.kind\":\"UNKNOWN\",\"gen_ai.operation.name\":"
		    "\"chat\"}",
		"x", "", "llm");
	assert_kind("{\"langfuse.observation.type\":\"span\",\"gen_ai.operation.name\":"
		    "\"chat\"}",
		"x", "", "other");
	assert_kind("{\"mlflow.spanType\":\"CHAT_MODEL\"}", "x", "", "llm");
	assert_kind("{\"traceloop.span.kind\":\"workflow\"}", "x", "", "other");
	assert_kind("{\"langsmith.span.kind\":\"retriever\"}", "x", "", "retrieval");
	assert_kind(
		"{\"ai.operationId\":\"ai.generateText.doGenerate\"}", "x", "", "llm");
	assert_kind("{\"ai.operationId\":\"ai.embed.doEmbed\"}", "x", "", "embedding");
	assert_kind("{\"ai.operationId\":\"ai.toolCall\"}", "x", "", "tool");
	assert_kind("{\"ai.operationId\":\"ai.generateText\"}", "x", "", "other");
	assert_kind("{\"mcp.method.name\":\"tools/call\"}", "x", "", "tool");
	assert_kind("{\"mcp.method.name\":\"initialize\"}", "x", "", "other");
	assert_kind("{}", "call_llm", "gcp.vertex.agent", "llm");
	assert_kind("{}", "invoke_agent root", "gcp.vertex.agent", "agent");
	assert_kind("{\"gen_ai.tool.name\":\"t\"}", "x", "", "tool");
	assert_kind("{\"llm.request.type\":\"chat\"}", "x", "", "llm");
	assert_kind("{\"gen_ai.response.model\":\"m\",\"gen_ai.usage.input_tokens\":1}",
		"x", "", "llm");
	assert_kind("{\"gen_ai.response.model\":\"m\"}", "x", "", "other");
	assert_kind("{}", "x", "", "other");
}

static void kinds_that_need_correction(void **state)
{
	static const char agent[] = "{\"openinference.span.kind\":\"AGENT\"}";
	static const char tool[] = "{\"openinference.span.kind\":\"TOOL\"}";

	(void)state;
	assert_kind(agent, "RunnableParallel<agent_scratchpad>",
		"openinference.instrumentation.langchain", "other");
	assert_kind(agent, "OpenAIToolsAgentOutputParser",
		"openinference.instrumentation.langchain", "other");
	assert_kind(agent, "AgentExecutor", "openinference.instrumentation.langchain",
		"agent");
	assert_kind(agent, "RunnableX", "something else", "agent");
	assert_kind(tool, "handoff to weather", "", "handoff");
	assert_kind(
		"{\"openinference.span.kind\":\"TOOL\",\"tool.name\":\"transfer_to_x\"}",
		"x", "", "handoff");
	assert_kind("{\"gen_ai.operation.name\":\"execute_tool\","
		    "\"gen_ai.transfer.mode\":\"pass_control\"}",
		"x", "", "handoff");
	assert_kind("{\"gen_ai.operation.name\":\"execute_tool\","
		    "\"gen_ai.transfer.mode\":\"return_to_caller\"}",
		"x", "", "tool");
}

static void names_out_of_span_names(void **state)
{
	struct read r;

	(void)state;
	read_text(&r, "{\"gen_ai.operation.name\":\"invoke_agent\"}",
		"invoke_agent helper", "");
	assert_string_equal(r.span.agent, "helper");
	arena_release(&r.arena);
	read_text(&r, "{\"traceloop.span.kind\":\"agent\"}", "planner.agent", "");
	assert_string_equal(r.span.agent, "planner");
	arena_release(&r.arena);
	read_text(&r, "{\"gen_ai.operation.name\":\"execute_tool\"}", "execute_tool find",
		"");
	assert_string_equal(r.span.tool, "find");
	arena_release(&r.arena);
	read_text(&r, "{\"openinference.span.kind\":\"TOOL\"}", "tavily_search", "");
	assert_string_equal(r.span.tool, "tavily_search");
	arena_release(&r.arena);
	read_text(&r,
		"{\"gen_ai.operation.name\":\"handoff\",\"gen_ai.handoff.to_agent\":"
		"\"b\"}",
		"a -> b.handoff", "");
	assert_string_equal(r.span.kind, "handoff");
	assert_string_equal(r.span.tool, "b");
	arena_release(&r.arena);
}

static void precedence_and_emptiness(void **state)
{
	struct read r;

	(void)state;
	read_text(&r,
		"{\"model\":\"last\",\"gen_ai.request.model\":\"asked\",\"gen_ai."
		"response.model\":\"\","
		"\"llm.model_name\":\"said\",\"session.id\":\"s\",\"gen_ai.conversation."
		"id\":\"c\","
		"\"metadata\":\"{\\\"thread_id\\\":\\\"t\\\",\\\"user_id\\\":\\\"u\\\"}"
		"\","
		"\"llm.token_count.prompt\":\"12\",\"gen_ai.usage.input_tokens\":null,"
		"\"langfuse.observation.cost_details\":\"{\\\"total\\\":0.5}\",\"llm."
		"cost.total\":9,"
		"\"langfuse.trace.tags\":[\"a\",\"b\"]}",
		"x", "");
	assert_string_equal(r.span.model, "said");
	assert_string_equal(r.span.session, "s");
	assert_string_equal(r.user, "u");
	assert_string_equal(r.tags, "[\"a\",\"b\"]");
	assert_int_equal(r.span.input_tokens, 12);
	assert_true(r.span.cost_usd == 0.5);
	arena_release(&r.arena);
	read_text(&r, "{\"metadata\":\"{\\\"conversation_id\\\":7}\"}", "x", "");
	assert_string_equal(r.span.session, "7");
	arena_release(&r.arena);
	/* A text cut by a size limit is no JSON: it is kept, and says nothing. */
	read_text(&r, "{\"metadata\":\"{\\\"session_id\\\":\\\"x\"}", "x", "");
	assert_null(r.span.session);
	assert_non_null(strstr(r.span.attributes, "session_id"));
	arena_release(&r.arena);
	/* A prompt's name is not a prompt. */
	read_text(&r, "{\"gen_ai.prompt.name\":\"greeting\"}", "x", "");
	assert_null(r.span.input);
	arena_release(&r.arena);
}

static void numbers_of_every_convention(void **state)
{
	struct read r;

	(void)state;
	read_text(&r,
		"{\"gen_ai.operation.name\":\"chat\",\"gen_ai.usage.input_tokens\":100,"
		"\"gen_ai.usage.output_tokens\":\"20\","
		"\"gen_ai.usage.cache_read.input_tokens\":300,"
		"\"gen_ai.usage.reasoning_tokens\":5,\"gen_ai.usage.prompt_cost\":0.25,"
		"\"gen_ai.usage.completion_cost\":0.5,\"gen_ai.response.time_to_first_"
		"chunk\":0.25}",
		"x", "");
	/* More from the cache than there is input: it was counted apart. */
	assert_int_equal(r.span.input_tokens, 400);
	assert_int_equal(r.span.output_tokens, 20);
	assert_int_equal(r.span.cached_tokens, 300);
	assert_int_equal(r.span.reasoning_tokens, 5);
	assert_true(r.span.cost_usd == 0.75);
	assert_int_equal(r.span.first_token_ns, NS_PER_S / 4);
	arena_release(&r.arena);
	read_text(&r,
		"{\"ai.response.msToFirstChunk\":12.5,\"ai.usage.promptTokens\":1e300,"
		"\"ai.usage.completionTokens\":-1,\"cost_usd\":-3}",
		"x", "");
	assert_int_equal(r.span.first_token_ns, 12500 * NS_PER_US);
	assert_int_equal(r.span.input_tokens, NONE_INT);
	assert_int_equal(r.span.output_tokens, NONE_INT);
	assert_true(isnan(r.span.cost_usd));
	arena_release(&r.arena);
}

static void tools_have_arguments_and_results(void **state)
{
	struct read r;

	(void)state;
	read_text(&r,
		"{\"gen_ai.operation.name\":\"execute_tool\",\"gen_ai.tool.call.id\":"
		"\"c1\","
		"\"gen_ai.tool.call.arguments\":{\"a\":1},\"gen_ai.tool.call.result\":"
		"\"ok\","
		"\"input.value\":\"no\",\"gen_ai.response.id\":\"resp\"}",
		"x", "");
	assert_string_equal(r.span.call, "c1");
	assert_string_equal(r.span.input, "{\"a\":1}");
	assert_string_equal(r.span.output, "ok");
	arena_release(&r.arena);
	read_text(&r,
		"{\"gen_ai.operation.name\":\"chat\",\"gen_ai.response.id\":\"resp\"}",
		"x", "");
	assert_string_equal(r.span.call, "resp");
	assert_null(r.span.output);
	arena_release(&r.arena);
}

static void system_instructions_come_first(void **state)
{
	struct read r;

	(void)state;
	read_text(&r,
		"{\"gen_ai.operation.name\":\"chat\","
		"\"gen_ai.system_instructions\":\"[{\\\"type\\\":\\\"text\\\"}]\","
		"\"gen_ai.input.messages\":\"[{\\\"role\\\":\\\"user\\\"}]\"}",
		"x", "");
	assert_string_equal(r.span.input,
		"[{\"role\":\"system\",\"parts\":[{\"type\":\"text\"}]},"
		"{\"role\":\"user\"}]");
	arena_release(&r.arena);
	/* Where messages are no list they stay as they are. */
	read_text(&r,
		"{\"gen_ai.operation.name\":\"chat\",\"gen_ai.system_instructions\":\"be "
		"kind\","
		"\"gen_ai.input.messages\":\"hello\"}",
		"x", "");
	assert_string_equal(r.span.input, "hello");
	arena_release(&r.arena);
	read_text(&r,
		"{\"gen_ai.operation.name\":\"chat\",\"gen_ai.system_instructions\":\"be "
		"kind\"}",
		"x", "");
	assert_string_equal(
		r.span.input, "[{\"role\":\"system\",\"content\":\"be kind\"}]");
	arena_release(&r.arena);
}

static void flattened_keys_are_lists_again(void **state)
{
	struct read r;

	(void)state;
	read_text(&r,
		"{\"llm.input_messages.10.message.role\":\"user\","
		"\"llm.input_messages.2.message.role\":\"assistant\","
		"\"llm.input_messages.2.message.tool_calls.0.tool_call.function.name\":"
		"\"f\","
		"\"llm.input_messages.2.message.tool_calls.1.tool_call.function.name\":"
		"\"g\","
		"\"llm.input_messages.2.message.contents.0.message_content.text\":\"hi\","
		"\"llm.input_messages.10.message.content\":\"x\",\"llm.input_messages."
		"other\":1}",
		"x", "");
	assert_string_equal(r.span.input,
		"[{\"contents\":[{\"text\":\"hi\"}],\"role\":\"assistant\",\"tool_"
		"calls\":"
		"[{\"function\":{\"name\":\"f\"}},{\"function\":{\"name\":\"g\"}}]},"
		"{\"content\":\"x\",\"role\":\"user\"}]");
	arena_release(&r.arena);
	/* A value where others have members, parts without a name, depth without end. */
	read_text(&r,
		"{\"gen_ai.prompt.0\":1,\"gen_ai.prompt.0.role\":2,\"gen_ai.prompt.0..\":"
		"3,"
		"\"gen_ai.prompt.0.a.b.c.d.e.f.g.h.i.j.k.l.m.n\":4,\"gen_ai.prompt.1."
		"message\":5,"
		"\"gen_ai.prompt.1.message.role\":6,\"gen_ai.prompt."
		"99999999999999999999\":7}",
		"x", "");
	assert_non_null(strstr(r.span.input, "\"k.l.m.n\":4"));
	arena_release(&r.arena);
}

static void otlp_values(void **state)
{
	static const char text[] =
		"[{\"stringValue\":\"a\"},{\"intValue\":\"9223372036854775807\"},{"
		"\"intValue\":5},"
		"{\"boolValue\":true},{\"doubleValue\":0.5},{\"bytesValue\":\"AAE=\"},{},"
		"7,"
		"{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{\"kvlistValue\":{"
		"\"values\":"
		"[{\"key\":\"k\",\"value\":{\"stringValue\":\"v\"}},{\"value\":{}}]}}]}},"
		"{\"arrayValue\":{}}]";
	static const char *const wanted[] = {"a", "9223372036854775807", "5", "true",
		"0.5", "AAE=", NULL, "7", "[1,{\"k\":\"v\"}]", "[]"};
	struct json *list;
	struct err e = ERR_INIT;
	struct arena a;
	size_t i = 0;

	(void)state;
	arena_init(&a);
	assert_int_equal(json_parse(&list, text, strlen(text), &e), 0);
	json_each (any, list) {
		const char *got = any_text(any, &a);

		if (wanted[i])
			assert_string_equal(got, wanted[i]);
		else
			assert_null(got);
		i++;
	}
	assert_int_equal(i, ARRAY_LEN(wanted));
	json_free(list);
	arena_release(&a);
}

static void the_table_is_sound(void **state)
{
	struct arena a;
	const struct attr_index *index;

	(void)state;
	arena_init(&a);
	index = attr_index_new(&a);
	for (size_t i = 0; i < attr_rows_n; i++) {
		const size_t *rows;
		bool found = false;
		size_t n;

		assert_true(attr_rows[i].tells > TELLS_NOTHING);
		assert_true((attr_rows[i].form == FORM_MEMBER) ==
			(attr_rows[i].member != NULL));
		rows = attr_index_find(index, attr_rows[i].key, &n);
		for (size_t k = 0; k < n; k++)
			found = found || rows[k] == i;
		assert_true(found);
		for (size_t k = 0; k < i; k++)
			assert_false(strcmp(attr_rows[i].key, attr_rows[k].key) == 0 &&
				attr_rows[i].tells == attr_rows[k].tells &&
				attr_rows[i].form != FORM_MEMBER);
	}
	arena_release(&a);
}

/* One call, as four emitters write it: the fields are the same. */
static void one_call_in_every_convention(void **state)
{
	static const char *const files[] = {
		"traces/openinference/otel_genai_client_span_tool_calls.json",
		"traces/openinference/otel_genai_deprecated_client_span_tool_calls.json",
		"traces/openinference/openinference_client_span_tool_calls.json",
		"traces/openinference/openinference_client_span_input_output_only.json",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct json *object = shared_json(files[i]);
		struct read r;

		read_json(&r, object, "chat", "");
		assert_string_equal(r.span.kind, "llm");
		assert_string_equal(r.span.model, "gpt-4-0613");
		assert_int_equal(r.span.input_tokens, 97);
		assert_int_equal(r.span.output_tokens, 52);
		assert_non_null(strstr(r.span.input, "Weather in Paris?"));
		assert_non_null(strstr(r.span.output, "currently rainy"));
		arena_release(&r.arena);
		json_free(object);
	}
}

UNIT_TESTS(cmocka_unit_test(kinds_of_every_convention),
	cmocka_unit_test(kinds_that_need_correction),
	cmocka_unit_test(names_out_of_span_names),
	cmocka_unit_test(precedence_and_emptiness),
	cmocka_unit_test(numbers_of_every_convention),
	cmocka_unit_test(tools_have_arguments_and_results),
	cmocka_unit_test(system_instructions_come_first),
	cmocka_unit_test(flattened_keys_are_lists_again), cmocka_unit_test(otlp_values),
	cmocka_unit_test(the_table_is_sound),
	cmocka_unit_test(one_call_in_every_convention))
