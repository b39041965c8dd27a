#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "trace/trace_file.h"

static void parse(struct trace_file *f, struct arena *a, const char *text)
{
	struct problems p;
	struct err e = ERR_INIT;

	problems_init(&p, NULL);
	if (trace_file_parse(f, a, text, strlen(text), "file", &p, &e) < 0)
		fail_msg("%s", e.what);
	problems_release(&p);
}

static void jaeger(void **state)
{
	static const char doc[] =
		"{\"data\":[{\"traceID\":\"5b8aa5a2d2c872e8321cf37308d69df2\",\"spans\":["
		"{\"traceID\":\"5b8aa5a2d2c872e8321cf37308d69df2\",\"spanID\":"
		"\"051581bf3cb55c13\","
		"\"operationName\":\"POST "
		"/chat\",\"references\":[],\"startTime\":1793610843512000,"
		"\"duration\":2359000,\"tags\":[],\"processID\":\"p1\"},"
		"{\"traceID\":\"5b8aa5a2d2c872e8321cf37308d69df2\",\"spanID\":"
		"\"151581bf3cb55c13\","
		"\"operationName\":\"chat m\",\"references\":["
		"{\"refType\":\"FOLLOWS_FROM\",\"traceID\":\"ff\",\"spanID\":\"99\"},"
		"{\"refType\":\"CHILD_OF\",\"traceID\":"
		"\"5b8aa5a2d2c872e8321cf37308d69df2\","
		"\"spanID\":\"051581bf3cb55c13\"}],\"startTime\":1793610843600000,"
		"\"duration\":\"1000\",\"tags\":[{\"key\":\"gen_ai.operation.name\","
		"\"value\":\"chat\"},"
		"{\"key\":\"gen_ai.usage.input_tokens\",\"type\":\"int64\",\"value\":540}"
		","
		"{\"key\":\"error\",\"type\":\"bool\",\"value\":true},"
		"{\"key\":\"otel.status_description\",\"value\":\"429\"}],\"logs\":[{"
		"\"fields\":["
		"{\"key\":\"event\",\"value\":\"exception\"},"
		"{\"key\":\"exception.message\",\"value\":\"slow "
		"down\"}]}],\"processID\":\"p1\"}],"
		"\"processes\":{\"p1\":{\"serviceName\":\"shop\"}}}]}";
	const struct span *s;
	struct trace_file f;
	struct arena a;

	(void)state;
	arena_init(&a);
	parse(&f, &a, doc);
	assert_string_equal(f.format, "jaeger");
	assert_int_equal(f.n, 2);
	s = &f.spans[1];
	assert_string_equal(s->parent, "051581bf3cb55c13");
	assert_string_equal(s->kind, "llm");
	assert_string_equal(s->scope, "shop");
	assert_string_equal(s->status, "error");
	assert_string_equal(s->error, "slow down");
	assert_int_equal(s->started, INT64_C(1793610843600000000));
	assert_int_equal(s->ended, INT64_C(1793610843601000000));
	assert_int_equal(s->input_tokens, 540);
	assert_string_equal(f.spans[0].status, "unset");
	assert_null(f.spans[0].parent);
	arena_release(&a);
}

static void langfuse(void **state)
{
	static const char doc[] =
		"{\"trace\":{\"id\":\"t1\",\"sessionId\":\"chat-7\",\"userId\":\"u-77\","
		"\"tags\":[\"oncall\"]},\"observations\":["
		"{\"id\":\"o1\",\"traceId\":\"t1\",\"type\":\"AGENT\",\"name\":"
		"\"helper\","
		"\"startTime\":\"2026-11-02T09:14:03.512Z\",\"endTime\":\"2026-11-02T09:"
		"14:05.871Z\","
		"\"parentObservationId\":\"gone\",\"isRootObservation\":true,\"level\":"
		"\"DEFAULT\","
		"\"usageDetails\":{},\"totalCost\":0,\"metadata\":null},"
		"{\"id\":\"o2\",\"traceId\":\"t1\",\"type\":\"GENERATION\",\"name\":"
		"\"chat\","
		"\"parentObservationId\":\"o1\",\"startTime\":\"2026-11-02T09:14:03."
		"600Z\","
		"\"completionStartTime\":\"2026-11-02T09:14:04.100Z\","
		"\"endTime\":\"2026-11-02T09:14:05Z\",\"level\":\"ERROR\","
		"\"statusMessage\":\"429\","
		"\"providedModelName\":\"gpt-5-mini\",\"model\":\"x\",\"input\":[{"
		"\"role\":\"user\"}],"
		"\"output\":\"fine\",\"usageDetails\":{\"input\":412,\"input_cached_"
		"tokens\":128,"
		"\"output\":37,\"output_reasoning_tokens\":12,\"total\":589},"
		"\"costDetails\":{\"total\":0.0001802},"
		"\"metadata\":\"{\\\"attributes\\\":\\\"{\\\\\\\"gen_ai.response."
		"id\\\\\\\":"
		"\\\\\\\"r1\\\\\\\"}\\\",\\\"scope\\\":{\\\"name\\\":\\\"lib\\\"},"
		"\\\"x\\\":1}\"},"
		"{\"id\":\"o3\",\"traceId\":\"t1\",\"type\":\"EVENT\",\"name\":\"note\","
		"\"startTime\":\"2026-11-02T09:14:03.700Z\",\"parentObservationId\":"
		"\"o1\","
		"\"usageDetails\":{\"input\":10,\"input_details\":4,\"output\":5,"
		"\"total\":15}}]}";
	const struct span *s;
	struct trace_file f;
	struct arena a;

	(void)state;
	arena_init(&a);
	parse(&f, &a, doc);
	assert_string_equal(f.format, "langfuse");
	assert_int_equal(f.n, 3);
	assert_null(f.spans[0].parent);
	assert_string_equal(f.spans[0].agent, "helper");
	assert_int_equal(f.spans[0].input_tokens, NONE_INT);
	assert_true(isnan(f.spans[0].cost_usd));
	s = &f.spans[1];
	assert_string_equal(s->session, "chat-7");
	assert_string_equal(s->kind, "llm");
	assert_string_equal(s->model, "gpt-5-mini");
	assert_string_equal(s->call, "r1");
	assert_string_equal(s->scope, "lib");
	assert_string_equal(s->input, "[{\"role\":\"user\"}]");
	assert_string_equal(s->output, "fine");
	assert_string_equal(s->attributes, "{\"x\":1}");
	assert_string_equal(s->error, "429");
	/* Every share counts: 412 + 128, 37 + 12. */
	assert_int_equal(s->input_tokens, 540);
	assert_int_equal(s->output_tokens, 49);
	assert_int_equal(s->cached_tokens, 128);
	assert_int_equal(s->reasoning_tokens, 12);
	assert_true(s->cost_usd == 0.0001802);
	assert_int_equal(s->first_token_ns, 500 * NS_PER_MS);
	/* The total says that the details are part of the rest. */
	assert_int_equal(f.spans[2].input_tokens, 10);
	assert_int_equal(f.spans[2].ended, f.spans[2].started);
	assert_string_equal(f.sessions[0].id, "chat-7");
	assert_string_equal(f.sessions[0].user, "u-77");
	assert_string_equal(f.sessions[0].tags, "[\"oncall\"]");
	assert_string_equal(f.sessions[0].agent, "helper");
	assert_int_equal(f.sessions[0].errors, 1);
	arena_release(&a);
}

static void phoenix(void **state)
{
	static const char doc[] =
		"[{\"name\":\"ChatCompletion\",\"context\":{\"trace_id\":\"t\",\"span_"
		"id\":\"s2\"},"
		"\"span_kind\":\"LLM\",\"parent_id\":\"s1\",\"start_time\":\"2026-07-"
		"09T00:00:01+02:00\","
		"\"end_time\":\"2026-07-09T00:00:02.5+02:00\",\"status_code\":\"ERROR\","
		"\"status_message\":\"\",\"attributes\":{\"llm.token_count.prompt\":12,"
		"\"llm.input_messages.0.message.role\":\"user\",\"session.id\":\"s\"},"
		"\"events\":[{\"name\":\"exception\",\"attributes\":{\"exception."
		"message\":\"no\"}}]},"
		"{\"name\":\"prompt\",\"context\":{\"trace_id\":\"t\",\"span_id\":\"s1\"}"
		","
		"\"span_kind\":\"UNKNOWN\",\"parent_id\":null,\"start_time\":\"2026-07-"
		"09T00:00:00\","
		"\"attributes\":{\"gen_ai.operation.name\":\"invoke_agent\"}}]";
	struct trace_file f;
	struct arena a;

	(void)state;
	arena_init(&a);
	parse(&f, &a, doc);
	assert_string_equal(f.format, "phoenix");
	assert_string_equal(f.spans[0].kind, "llm");
	assert_string_equal(f.spans[0].error, "no");
	assert_string_equal(f.spans[0].input, "[{\"role\":\"user\"}]");
	assert_int_equal(f.spans[0].ended - f.spans[0].started, 1500 * NS_PER_MS);
	/* A kind that is none lets the attributes speak. */
	assert_string_equal(f.spans[1].kind, "agent");
	assert_int_equal(f.spans[1].ended, NONE_INT);
	assert_string_equal(f.spans[1].session, "s");
	arena_release(&a);
}

static void sessions_by_trace_and_by_name(void **state)
{
	static const char rows[] = "[{\"id\":\"a\",\"traceId\":\"t1\",\"type\":\"SPAN\","
				   "\"sessionId\":\"one\","
				   "\"startTime\":\"2026-11-02T09:00:03Z\",\"endTime\":"
				   "\"2026-11-02T09:00:04Z\"},"
				   "{\"id\":\"b\",\"traceId\":\"t2\",\"type\":\"SPAN\","
				   "\"sessionId\":\"one\","
				   "\"startTime\":\"2026-11-02T09:00:01Z\",\"endTime\":"
				   "\"2026-11-02T09:00:09Z\"},"
				   "{\"id\":\"c\",\"traceId\":\"t3\",\"type\":\"SPAN\","
				   "\"startTime\":\"2026-11-02T09:00:00Z\",\"endTime\":"
				   "\"2026-11-02T09:00:01Z\"},"
				   "{\"id\":\"d\",\"traceId\":\"t1\",\"type\":\"SPAN\","
				   "\"parentObservationId\":\"a\","
				   "\"startTime\":\"2026-11-02T09:00:03Z\"}]";
	struct trace_file f;
	struct arena a;
	size_t n;

	(void)state;
	arena_init(&a);
	parse(&f, &a, rows);
	assert_int_equal(f.n_sessions, 2);
	assert_string_equal(f.sessions[0].id, "t3");
	assert_string_equal(f.sessions[1].id, "one");
	assert_int_equal(f.sessions[1].traces, 2);
	assert_int_equal(f.sessions[1].spans, 3);
	assert_int_equal(f.sessions[1].ended - f.sessions[1].started, 8 * NS_PER_S);
	assert_true(isnan(f.sessions[1].cost_usd));
	(void)trace_session_spans(&f, &a, "one", &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; trace_file_reader(i); i++)
		assert_non_null(trace_file_reader(i)->title);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(jaeger), cmocka_unit_test(langfuse),
	cmocka_unit_test(phoenix), cmocka_unit_test(sessions_by_trace_and_by_name))
