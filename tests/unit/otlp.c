#include "tests/unit/unit.h"

#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/shared.h"
#include "trace/otlp.h"
#include "trace/tree.h"

/* --- the samples, against their golden numbers --- */

struct golden {
	const char *file, *format;
	size_t spans, roots, orphans, depth;
	size_t llm, tool, agent, retrieval, other;
	size_t same_calls, errors;
	int64_t input, output; /* NONE_INT: no tokens */
	int64_t high_input, high_output;
	int64_t duration_ns; /* of the root; 0: not checked */
};

static const struct golden goldens[] = {
	{"otlp-agents/quo_tav_agent.json", "otlp", 29, 1, 0, 6, 6, 2, 1, 0, 20, 3, 0,
		NONE_INT, NONE_INT, NONE_INT, NONE_INT, INT64_C(37223763000)},
	{"otlp-agents/rag_earnings_agent.json", "otlp", 18, 1, 0, 8, 1, 0, 0, 1, 16, 0, 0,
		629, 19, 629, 19, INT64_C(50588775000)},
	{"otlp-agents/smol_deep_research_agent.json", "otlp", 8, 1, 0, 2, 6, 0, 0, 0, 2,
		0, 0, 17952, 7122, 17952, 7122, INT64_C(94682711000)},
	{"generated/vercel-ai-7.0.173-otel-genai.otlp.json", "otlp", 12, 1, 0, 3, 4, 3, 1,
		0, 4, 0, 1, 1130, 76, 1130, 76, INT64_C(255772219)},
	{"generated/vercel-ai-7.0.173-otel-legacy.otlp.json", "otlp", 8, 1, 0, 3, 4, 3, 0,
		0, 1, 0, 1, 1130, 76, 1130, 76, INT64_C(256966865)},
	{"tempo/trace-with-expired-edges.json", "otlp", 5, 2, 1, 3, 0, 0, 0, 0, 5, 0, 0,
		NONE_INT, NONE_INT, NONE_INT, NONE_INT, INT64_C(45834496)},
	{"tempo/trace-with-failed-requests.json", "otlp", 15, 1, 0, 4, 0, 0, 0, 0, 15, 0,
		3, NONE_INT, NONE_INT, NONE_INT, NONE_INT, INT64_C(15317504)},
	{"phoenix/pxi_turn_trace.json", "phoenix", 18, 1, 0, 2, 9, 8, 1, 0, 0, 0, 1,
		310222, 1895, 310222, 1895, 35 * NS_PER_S},
	{"phoenix/pxi_turn_subagent_trace.json", "phoenix", 38, 1, 0, 4, 18, 18, 2, 0, 0,
		0, 0, 18, 18, 18, 18, NS_PER_S},
	{"jaeger/genaiTestTrace.json", "jaeger", 57, 1, 0, 8, 5, 7, 2, 3, 40, 0, 1, 8280,
		1180, 8280, 1180, 44 * NS_PER_S},
	{"langfuse/agno-2025-06-11.trace.json", "langfuse", 6, 1, 0, 3, 4, 0, 0, 0, 2, 0,
		0, 826, 245, 2110, 658, INT64_C(6991000000)},
	{"langfuse/microsoft-agent-2025-12-17.trace.json", "langfuse", 4, 1, 0, 2, 2, 1,
		1, 0, 0, 0, 0, 293, 106, 293, 106, INT64_C(4364000000)},
	{"langfuse/vercel-aisdk-2025-11-17.trace.json", "langfuse", 3, 1, 0, 2, 2, 1, 0,
		0, 0, 0, 0, 62, 85, 62, 85, INT64_C(3045000000)},
	{"langfuse/csharp-agent-with-gemini-2026-03-09.trace.json", "langfuse", 8, 1, 1,
		3, 3, 2, 0, 0, 3, 0, 0, 8047, 414, 8047, 414, 0},
	/* 64 of the output tokens are reasoning, a share of its own: the row's total says so. */
	{"langfuse/langgraph-js-2025-10-30.trace.json", "langfuse", 20, 1, 0, 4, 2, 0, 0,
		0, 18, 0, 0, 321, 123, 321, 123, INT64_C(5290000000)},
};

static void parse(struct trace_file *f, struct arena *a, const char *s, size_t n)
{
	struct problems p;
	struct err e = ERR_INIT;

	problems_init(&p, NULL);
	if (trace_file_parse(f, a, s, n, "file", &p, &e) < 0)
		fail_msg("%s", e.what);
	problems_release(&p);
}

static void check_golden(const struct golden *g, const struct tree *t)
{
#define SAME(got, want)                                                     \
	do {                                                                \
		if ((int64_t)(got) != (int64_t)(want))                      \
			fail_msg("%s: %s is %lld, not %lld", g->file, #got, \
				(long long)(got), (long long)(want));       \
	} while (0)
	int64_t root = 0;

	SAME(t->n, g->spans);
	SAME(t->roots, g->roots);
	SAME(t->orphans, g->orphans);
	SAME(t->max_depth, g->depth);
	SAME(t->kinds[SPAN_LLM], g->llm);
	SAME(t->kinds[SPAN_TOOL], g->tool);
	SAME(t->kinds[SPAN_AGENT], g->agent);
	SAME(t->kinds[SPAN_RETRIEVAL], g->retrieval);
	SAME(t->kinds[SPAN_OTHER], g->other);
	SAME(t->same_calls, g->same_calls);
	SAME(t->errors, g->errors);
	SAME(t->total.input, g->input);
	SAME(t->total.output, g->output);
	SAME(t->high.input, g->high_input);
	SAME(t->high.output, g->high_output);
	for (size_t i = 0; i < t->n; i++) {
		const struct span *s = tree_span(t, i);

		if (t->nodes[i].parent == NODE_NONE && !(t->nodes[i].flags & NODE_ORPHAN))
			root = s->ended - s->started;
	}
	/* The sources round to microseconds. */
	if (g->duration_ns && llabs(root - g->duration_ns) > 1000)
		fail_msg("%s: root lasts %lld", g->file, (long long)root);
}

static void samples_give_their_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(goldens); i++) {
		struct strbuf text;
		struct trace_file f;
		struct tree t;
		struct arena a;
		char name[128];

		arena_init(&a);
		(void)snprintf(name, sizeof(name), "traces/%s", goldens[i].file);
		shared_read(&text, name);
		parse(&f, &a, text.buf, text.len);
		assert_string_equal(f.format, goldens[i].format);
		assert_int_equal(f.n_sessions, 1);
		tree_build(&t, &a, f.spans, f.n, NULL);
		check_golden(&goldens[i], &t);
		strbuf_release(&text);
		arena_release(&a);
	}
}

/* Every sample of the formats that we read is read; nothing of them is lost. */
static void all_samples_are_read(void **state)
{
	static const struct {
		const char *file, *format;
		size_t spans, sessions;
	} samples[] = {
		{"otlp/proto-examples-trace.json", "otlp", 1, 1},
		{"jaeger/apiv1-ui_01.json", "jaeger", 5, 1},
		{"jaeger/apiv3-GetTrace.json", "otlp", 1, 1},
		{"jaeger/oltp2jaeger-multi-out.json", "jaeger", 4, 1},
		{"jaeger/otlp-storage-example_trace.json", "otlp", 5, 1},
		{"jaeger/shapes/testTrace.json", "jaeger", 11, 1},
		{"tempo/vulture-trace.json", "otlp", 6, 1},
		{"langfuse/beeai-2025-08-01.trace.json", "langfuse", 29, 1},
		{"langfuse/openai-agents-2025-09-30.trace.json", "langfuse", 5, 1},
		{"generated/openai-agents-js-0.20.0-native-export.json", "openai-agents",
			11, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		char *name = mem_format("traces/%s", samples[i].file);
		struct strbuf text;
		struct trace_file f;
		struct arena a;

		arena_init(&a);
		shared_read(&text, name);
		parse(&f, &a, text.buf, text.len);
		if (f.n != samples[i].spans || f.n_sessions != samples[i].sessions)
			fail_msg("%s: %zu spans, %zu sessions", name, f.n, f.n_sessions);
		assert_string_equal(f.format, samples[i].format);
		strbuf_release(&text);
		arena_release(&a);
		free(name);
	}
}

/* --- our own --- */

#define SPAN(trace, id, parent, name, from, to, attributes)                           \
	"{\"traceId\":\"" trace "\",\"spanId\":\"" id "\",\"parentSpanId\":\"" parent \
	"\",\"name\":\"" name "\",\"startTimeUnixNano\":\"" from                      \
	"\",\"endTimeUnixNano\":" to ",\"attributes\":[" attributes "],\"status\":{}}"
#define DOCUMENT(spans)                                                                 \
	"{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\"," \
	"\"value\":{\"stringValue\":\"shop\"}},{\"key\":\"session.id\",\"value\":{"     \
	"\"stringValue\":\"s-1\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"lib\"},"    \
	"\"spans\":[" spans "]}]}]}"
#define T1 "5b8aa5a2d2c872e8321cf37308d69df2"
#define TEXT(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define INT(key, value) "{\"key\":\"" key "\",\"value\":{\"intValue\":" value "}}"

static const char chat[] = DOCUMENT(SPAN(T1, "051581bf3cb55c13", "",
	"invoke_agent helper", "1793610843512000001", "1793610845871000003",
	TEXT("gen_ai.operation.name", "invoke_agent") "," TEXT(
		"user.id", "u-7")) "," SPAN(T1, "151581BF3CB55C13", "051581bf3cb55c13",
	"chat gpt-5-mini", "1793610843512000009", "\"1793610844000000000\"",
	TEXT("gen_ai.operation.name", "chat") "," TEXT(
		"gen_ai.request.model", "gpt-5-mini") "," INT("gen_ai.usage.input_tokens",
		"\"540\"") "," INT("gen_ai.usage.output_tokens",
		"49") "," TEXT("gen_ai.response.id",
		"resp_1") "," TEXT("gen_ai.input.messages", "[]") "," TEXT("custom.key",
		"kept")));

static void every_field_of_a_span(void **state)
{
	struct trace_file f;
	const struct span *s;
	struct arena a;

	(void)state;
	arena_init(&a);
	parse(&f, &a, chat, strlen(chat));
	assert_int_equal(f.n, 2);
	s = &f.spans[0];
	/* Exact to the nanosecond, from a string and from a number alike. */
	assert_int_equal(s->started, INT64_C(1793610843512000001));
	assert_int_equal(s->ended, INT64_C(1793610845871000003));
	assert_null(s->parent);
	assert_string_equal(s->kind, "agent");
	assert_string_equal(s->agent, "helper");
	assert_string_equal(s->source, "file");
	assert_string_equal(s->status, "unset");
	assert_null(s->input);
	assert_int_equal(s->input_tokens, NONE_INT);
	s = &f.spans[1];
	assert_string_equal(s->id, "151581bf3cb55c13");
	assert_string_equal(s->parent, "051581bf3cb55c13");
	assert_string_equal(s->kind, "llm");
	assert_string_equal(s->model, "gpt-5-mini");
	assert_string_equal(s->scope, "lib");
	assert_string_equal(s->call, "resp_1");
	assert_string_equal(s->input, "[]");
	assert_null(s->output);
	assert_int_equal(s->input_tokens, 540);
	assert_int_equal(s->output_tokens, 49);
	assert_non_null(strstr(s->attributes, "\"custom.key\":\"kept\""));
	assert_null(strstr(s->attributes, "usage"));
	assert_int_equal(f.n_sessions, 1);
	assert_string_equal(f.sessions[0].id, "s-1");
	assert_string_equal(f.sessions[0].user, "u-7");
	assert_string_equal(f.sessions[0].agent, "helper");
	assert_int_equal(f.sessions[0].spans, 2);
	assert_int_equal(f.sessions[0].traces, 1);
	assert_int_equal(f.sessions[0].input_tokens, 540);
	arena_release(&a);
}

static void ids_in_every_spelling(void **state)
{
	static const struct {
		const char *id;
		size_t bytes;
		const char *hex;
	} ids[] = {
		{"5B8AA5A2D2C872E8321CF37308D69DF2", 16,
			"5b8aa5a2d2c872e8321cf37308d69df2"},
		{"PHL1gt1FhyAgcA3641rvnQ==", 16, "3c72f582dd45872020700dfae35aef9d"},
		{"PHL1gt1FhyAgcA3641rvnQ", 16, "3c72f582dd45872020700dfae35aef9d"},
		{"TWf61QGIn9I=", 8, "4d67fad501889fd2"},
		{"TWf61QGIn9I", 8, "4d67fad501889fd2"},
		{"5b8aa5a2-d2c8-72e8-321c-f37308d69df2", 16,
			"5b8aa5a2d2c872e8321cf37308d69df2"},
		{"8aa5a2d2c872e8321cf37308d69df2", 16,
			"008aa5a2d2c872e8321cf37308d69df2"},
		{"span_c1d7", 8, "span_c1d7"},
		{"0000000000000000", 8, NULL},
		{"AAAAAAAAAAA=", 8, NULL},
		{"", 8, NULL},
		{NULL, 8, NULL},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const char *got = otlp_id(ids[i].id, ids[i].bytes, &a);

		if (ids[i].hex)
			assert_string_equal(got, ids[i].hex);
		else
			assert_null(got);
	}
	arena_release(&a);
}

static void lines_lists_and_wrappers(void **state)
{
	struct trace_file f;
	struct strbuf text = STRBUF_INIT;
	struct problems p;
	struct err e = ERR_INIT;
	struct arena a;

	(void)state;
	arena_init(&a);
	strbuf_addf(&text, "%s\n\n{\"cut\": \n%s\r\n{\"resourceLogs\":[]}\n{\"x\":1}",
		chat, chat);
	problems_init(&p, "t.jsonl");
	assert_int_equal(trace_file_parse(&f, &a, text.buf, text.len, "file", &p, &e), 0);
	assert_int_equal(f.n, 4);
	assert_int_equal(f.skipped, 3);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.items[0].line, 3);
	assert_int_equal(p.items[2].line, 6);
	/* The same spans twice are counted once. */
	assert_int_equal(f.sessions[0].spans, 2);
	assert_int_equal(f.sessions[0].input_tokens, 540);
	problems_release(&p);
	strbuf_reset(&text);
	strbuf_addf(&text, "[%s,%s]", chat, chat);
	parse(&f, &a, text.buf, text.len);
	assert_int_equal(f.n, 4);
	strbuf_reset(&text);
	strbuf_addf(&text, "{\"result\":%s}", chat);
	parse(&f, &a, text.buf, text.len);
	assert_int_equal(f.n, 2);
	strbuf_release(&text);
	arena_release(&a);
}

static void events_and_failures(void **state)
{
	static const char doc[] =
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{"
		"\"traceId\":\"a\",\"spanId\":\"b\",\"name\":\"chat "
		"m\",\"startTimeUnixNano\":1000,"
		"\"endTimeUnixNano\":9000,\"status\":{\"code\":\"STATUS_CODE_ERROR\","
		"\"message\":\"429\"},\"attributes\":[" TEXT("gen_ai.operation.name",
			"chat") "],"
				"\"events\":[{\"name\":\"exception\",\"attributes\":"
				"[" TEXT("exception.type", "RateLimitError") "," TEXT(
					"exception.message",
					"slow down") "]},"
						     "{\"name\":\"gen_ai.user.message\","
						     "\"attributes\":[" TEXT("content",
							     "hi") "]},"
								   "{\"name\":\"gen_ai."
								   "choice\","
								   "\"attributes\":"
								   "[" TEXT("message",
									   "hello") "]},"
										    "{\"n"
										    "ame"
										    "\":"
										    "\"fi"
										    "rst_"
										    "toke"
										    "n\","
										    "\"ti"
										    "meUn"
										    "ixNa"
										    "no\""
										    ":\"4"
										    "000"
										    "\"}]"
										    "},"
										    "{\"t"
										    "race"
										    "Id\""
										    ":\"a"
										    "\","
										    "\"sp"
										    "anId"
										    "\":"
										    "\"c"
										    "\","
										    "\"na"
										    "me\""
										    ":\"t"
										    "\","
										    "\"st"
										    "atus"
										    "\":{"
										    "\"co"
										    "de\""
										    ":2}}"
										    ","
										    "7,"
										    "null"
										    "]}]}"
										    "]}";
	struct trace_file f;
	struct arena a;

	(void)state;
	arena_init(&a);
	parse(&f, &a, doc, strlen(doc));
	assert_int_equal(f.n, 2);
	assert_string_equal(f.spans[0].status, "error");
	assert_string_equal(f.spans[0].error, "slow down");
	assert_string_equal(f.spans[0].input, "[{\"role\":\"user\",\"content\":\"hi\"}]");
	assert_string_equal(
		f.spans[0].output, "[{\"role\":\"assistant\",\"message\":\"hello\"}]");
	assert_int_equal(f.spans[0].first_token_ns, 3000);
	assert_int_equal(f.spans[1].started, NONE_INT);
	assert_int_equal(f.sessions[0].errors, 2);
	assert_string_equal(f.sessions[0].id, "a");
	arena_release(&a);
}

static void what_cannot_be_read_says_why(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{"", "empty"},
		{" \n ", "empty"},
		{"{\"resourceSpans\":[", ""},
		{"{\"a\":1}", "format"},
		{"[1,2]", "format"},
		{"{\"x\"\n{\"y\"", ""},
		{"\"text\"", "format"},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct trace_file f;
		struct problems p;
		struct err e = ERR_INIT;

		problems_init(&p, NULL);
		assert_int_equal(trace_file_parse(&f, &a, bad[i].text,
					 strlen(bad[i].text), "s", &p, &e),
			-1);
		assert_non_null(strstr(e.what, bad[i].word));
		err_release(&e);
		problems_release(&p);
	}
	arena_release(&a);
}

static void nothing_of_the_shape_is_trusted(void **state)
{
	static const char *const docs[] = {
		"{\"resourceSpans\":[]}",
		"{\"resourceSpans\":[null,1,\"x\",{}]}",
		"{\"resourceSpans\":[{\"scopeSpans\":{\"spans\":[]}}]}",
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{}]}]}]}",
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":7,"
		"\"spanId\":[],"
		"\"attributes\":{\"a\":1},\"events\":\"x\",\"status\":3,"
		"\"startTimeUnixNano\":\"-5\",\"endTimeUnixNano\":1e300}]}]}]}",
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"attributes\":[{"
		"\"key\":\"a\"},"
		"{\"value\":1},{\"key\":\"k\",\"value\":{}},{\"key\":\"gen_ai.usage."
		"input_tokens\","
		"\"value\":{\"intValue\":\"-3\"}},{\"key\":\"gen_ai.usage.output_"
		"tokens\","
		"\"value\":{\"stringValue\":\"many\"}}]}]}]}]}",
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		struct trace_file f;

		parse(&f, &a, docs[i], strlen(docs[i]));
		for (size_t k = 0; k < f.n; k++) {
			assert_int_equal(f.spans[k].started, NONE_INT);
			assert_int_equal(f.spans[k].input_tokens, NONE_INT);
			assert_int_equal(f.spans[k].output_tokens, NONE_INT);
		}
	}
	arena_release(&a);
}

/* A server's span of the same tool's call is a station of it; a trace's record names the session. */
static void stations_and_records(void **state)
{
	static const char doc[] = DOCUMENT(SPAN(T1, "051581bf3cb55c13", "",
		"execute_tool find", "1000", "\"9000\"",
		TEXT("gen_ai.operation.name", "execute_tool") "," TEXT("gen_ai.tool.name",
			"find")) "," SPAN(T1, "151581bf3cb55c13", "051581bf3cb55c13",
		"POST", "2000", "\"8000\"", "") "," SPAN(T1, "251581bf3cb55c13",
		"151581bf3cb55c13", "tools/call find", "3000", "\"7000\"",
		TEXT("mcp.method.name", "tools/call") "," TEXT(
			"gen_ai.tool.name", "find")));
	static const char agents[] =
		"{\"data\":[{\"object\":\"trace.span\",\"id\":\"s\",\"trace_id\":\"t\","
		"\"started_at\":\"2026-11-20T23:14:05.938Z\",\"span_data\":{\"type\":"
		"\"handoff\",\"from_agent\":\"A\",\"to_agent\":\"B\"}},"
		"{\"object\":\"trace\",\"id\":\"t\",\"group_id\":\"thread\"}]}";
	struct trace_file f;
	struct span *spans;
	struct arena a;
	size_t n;

	(void)state;
	arena_init(&a);
	parse(&f, &a, doc, strlen(doc));
	assert_string_equal(f.spans[0].kind, "tool");
	assert_string_equal(f.spans[2].kind, "other");
	spans = trace_session_spans(&f, &a, "s-1", &n);
	assert_int_equal(n, 3);
	assert_string_equal(spans[1].name, "POST");
	(void)trace_session_spans(&f, &a, "other", &n);
	assert_int_equal(n, 0);
	parse(&f, &a, agents, strlen(agents));
	assert_string_equal(f.format, "openai-agents");
	assert_string_equal(f.sessions[0].id, "thread");
	assert_string_equal(f.spans[0].kind, "handoff");
	assert_string_equal(f.spans[0].agent, "A");
	assert_string_equal(f.spans[0].tool, "B");
	arena_release(&a);
}

static void fuzz_seeds(void **state)
{
	static const char *const seeds[] = {
		chat,
		"",
		"{",
		"[]",
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{},{}]}]}]}",
		"{\"traceID\":\"t\",\"spans\":[{\"spanID\":\"a\",\"startTime\":1e300,"
		"\"duration\":9223372036854775807,\"references\":[{\"spanID\":\"a\"}]}]}",
		"{\"trace\":{},\"observations\":[{\"id\":\"a\",\"parentObservationId\":"
		"\"a\","
		"\"metadata\":\"{\",\"usageDetails\":{\"input\":9e18,\"input_x\":9e18}},"
		"3]}",
		"[{\"context\":{\"trace_id\":\"t\",\"span_id\":\"s\"},\"parent_id\":"
		"\"s\"}]",
		"{\"data\":[{\"object\":\"trace\",\"id\":\"t\",\"group_id\":\"g\"},"
		"{\"object\":\"trace.span\",\"trace_id\":\"t\",\"span_data\":7}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
}

UNIT_TESTS(cmocka_unit_test(samples_give_their_numbers),
	cmocka_unit_test(all_samples_are_read), cmocka_unit_test(every_field_of_a_span),
	cmocka_unit_test(ids_in_every_spelling),
	cmocka_unit_test(lines_lists_and_wrappers), cmocka_unit_test(events_and_failures),
	cmocka_unit_test(what_cannot_be_read_says_why),
	cmocka_unit_test(nothing_of_the_shape_is_trusted),
	cmocka_unit_test(stations_and_records), cmocka_unit_test(fuzz_seeds))
