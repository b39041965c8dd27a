#include "tests/unit/lab.h"

#define API "/langfuse/api/public"

static const char *text(struct test_lab *t, const char *path)
{
	const char *s = json_text_at(t->json, path);

	return s ? s : "(none)";
}

static int64_t number(struct test_lab *t, const char *path)
{
	return json_int(json_at(t->json, path));
}

/* Everything of the last minutes, page by page: as many rows, each once, newest first. */
static void pages_by_cursor(void **state)
{
	struct test_lab t;
	struct json *all;
	char *cursor = mem_strdup("");
	size_t at = 0;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	test_lab_advance(&t, 120);
	assert_get(
		&t, API "/v2/observations?fromStartTime=2026-11-21T08:30:00Z&limit=1000");
	all = json_copy(json_get(t.json, "data"));
	assert_true(json_count(all) > 100);
	while (cursor) {
		struct strbuf url = STRBUF_INIT;
		const struct json *row = json_first(all);

		strbuf_addf(&url,
			API "/v2/observations?fromStartTime=2026-11-21T08:30:00Z&limit=37"
			    "&cursor=%s",
			cursor);
		free(cursor);
		assert_get(&t, url.buf);
		strbuf_release(&url);
		for (size_t i = 0; i < at; i++)
			row = json_next(row);
		json_each (got, json_get(t.json, "data")) {
			assert_string_equal(json_text(json_get(got, "id")),
				json_text(json_get(row, "id")));
			row = json_next(row);
			at++;
		}
		cursor = mem_strdup(json_text_at(t.json, "meta.cursor"));
	}
	assert_int_equal(at, json_count(all));
	json_free(all);
	test_lab_release(&t);
}

static void groups_of_fields(void **state)
{
	static const struct {
		const char *fields, *has, *has_not;
	} cases[] = {
		{"core", "traceId", "name"},
		{"core,basic", "sessionId", "input"},
		{"core,io", "input", "usageDetails"},
		{"core,usage", "totalCost", "latency"},
		{"core,metrics", "timeToFirstToken", "tags"},
		{"core,trace_context", "traceName", "promptName"},
		{"core,prompt", "promptVersion", "name"},
		{"core,model", "providedModelName", "name"},
		{"core,time", "createdAt", "name"},
		{"core,metadata", "metadata", "name"},
	};
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *url = mem_format(
			API "/v2/observations?limit=1&fields=%s", cases[i].fields);
		const struct json *row;

		assert_get(&t, url);
		row = json_at(t.json, "data.0");
		assert_int_not_equal(json_type(json_get(row, cases[i].has)), JSON_NONE);
		assert_int_equal(json_type(json_get(row, cases[i].has_not)), JSON_NONE);
		free(url);
	}
	test_lab_release(&t);
}

static void one_session_as_a_tree(void **state)
{
	struct test_lab t;
	size_t roots = 0;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	assert_get(&t,
		API "/v2/observations?sessionId=chat-000005&limit=1000"
		    "&fields=core,basic,io,usage");
	assert_true(json_count(json_get(t.json, "data")) >= 4);
	json_each (row, json_get(t.json, "data")) {
		const char *parent = json_text(json_get(row, "parentObservationId"));
		bool found = !parent;

		assert_string_equal(json_text(json_get(row, "sessionId")), "chat-000005");
		roots += !parent;
		assert_int_equal(
			json_bool(json_get(row, "isRootObservation"), false), !parent);
		json_each (other, json_get(t.json, "data")) {
			if (!parent ||
				strcmp(parent, json_text(json_get(other, "id"))) != 0)
				continue;
			found = true;
			/* What is inside begins and ends inside. */
			assert_true(strcmp(json_text(json_get(other, "startTime")),
					    json_text(json_get(row, "startTime"))) <= 0);
			assert_true(strcmp(json_text(json_get(other, "endTime")),
					    json_text(json_get(row, "endTime"))) >= 0);
		}
		assert_true(found);
	}
	assert_true(roots >= 1 && roots <= 3);
	test_lab_release(&t);
}

static void what_has_not_ended_is_not_sent(void **state)
{
	struct test_lab t;
	struct strbuf now = STRBUF_INIT;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	test_lab_advance(&t, 61.5);
	time_format(&now, t.lab.platform->now);
	assert_get(
		&t, API "/v2/observations?limit=1000&fromStartTime=2026-11-21T09:00:00Z");
	assert_true(json_count(json_get(t.json, "data")) > 0);
	json_each (row, json_get(t.json, "data")) {
		int64_t end = 0;
		struct err e = ERR_INIT;

		assert_int_equal(
			time_parse(&end, json_text(json_get(row, "endTime")), &e), 0);
		assert_true(end <= t.lab.platform->now);
	}
	strbuf_release(&now);
	test_lab_release(&t);
}

static size_t failed(struct test_lab *t, const char *from, const char *to)
{
	char *url = mem_format(API "/v2/observations?isRootObservation=true&level=ERROR"
				   "&limit=1000&fromStartTime=%s&toStartTime=%s",
		from, to);

	assert_get(t, url);
	free(url);
	return json_count(json_get(t->json, "data"));
}

static void sessions_fail_during_the_incident(void **state)
{
	struct test_lab t;
	bool says_version = false;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	test_lab_advance(&t, 240);
	assert_true(failed(&t, "2026-11-21T03:00:00Z", "2026-11-21T09:00:00Z") < 20);
	assert_true(failed(&t, "2026-11-21T09:00:30Z", "2026-11-21T09:04:00Z") > 8);
	json_each (row, json_get(t.json, "data")) {
		const char *why = json_text(json_get(row, "statusMessage"));

		says_version = says_version || (why && strstr(why, "version 13"));
	}
	assert_true(says_version);
	test_lab_release(&t);
}

/* Hostile text is there, as data: the console has to make it safe, not the lab. */
static void some_tool_result_is_hostile(void **state)
{
	struct test_lab t;
	bool found = false;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	assert_get(&t,
		API
		"/v2/observations?type=TOOL&name=read_page&limit=1000&fields=core,io");
	json_each (row, json_get(t.json, "data")) {
		const char *out = json_text(json_get(row, "output"));

		found = found ||
			(strstr(out, "\x1b]0;") && strstr(out, "\xe2\x80\xae") &&
				strstr(out, "\xc2\x9b") && strchr(out, 0x7f));
	}
	assert_true(found);
	test_lab_release(&t);
}

static void the_first_generation(void **state)
{
	struct test_lab t;
	char *id, *url;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	assert_get(&t, API "/traces?page=2&limit=20&fromTimestamp=2026-11-21T03:00:00Z");
	assert_int_equal(json_count(json_get(t.json, "data")), 20);
	assert_int_equal(number(&t, "meta.page"), 2);
	assert_int_equal(
		number(&t, "meta.totalPages"), (number(&t, "meta.totalItems") + 19) / 20);
	assert_int_equal(json_type(json_get(t.json, "_deprecation")), JSON_OBJECT);
	id = mem_strdup(text(&t, "data.0.id"));
	assert_int_equal(strlen(id), 32);

	url = mem_format(API "/traces/%s", id);
	assert_get(&t, url);
	assert_int_equal(json_type(json_at(t.json, "observations.0")), JSON_OBJECT);
	assert_true(json_real(json_get(t.json, "totalCost")) > 0);
	free(url);

	/* Left-out groups show as -1 and as an empty list. */
	assert_get(&t, API "/traces?limit=1&fields=core");
	assert_float_equal(json_real(json_at(t.json, "data.0.totalCost")), -1, 0);
	assert_int_equal(json_count(json_at(t.json, "data.0.observations")), 0);

	url = mem_format(API "/observations?traceId=%s&type=GENERATION", id);
	assert_get(&t, url);
	assert_true(json_count(json_get(t.json, "data")) >= 1);
	/* This generation gives parsed JSON. */
	assert_int_equal(json_type(json_at(t.json, "data.0.input")), JSON_ARRAY);
	free(url);
	url = mem_format(API "/observations/%s", text(&t, "data.0.id"));
	assert_get(&t, url);
	free(url);

	assert_get(&t, API "/sessions?limit=3");
	url = mem_format(API "/sessions/%s", text(&t, "data.2.id"));
	assert_get(&t, url);
	assert_true(json_count(json_get(t.json, "traces")) >= 1);
	free(url);
	free(id);
	test_lab_release(&t);
}

static void a_server_of_one_generation(void **state)
{
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	t.lab.langfuse = 1;
	assert_int_equal(
		test_lab_call(&t, "GET", API "/v2/observations?limit=1", NULL), 404);
	assert_get(&t, API "/traces?limit=1");
	assert_int_equal(json_type(json_get(t.json, "_deprecation")), JSON_NONE);
	t.lab.langfuse = 2;
	assert_int_equal(test_lab_call(&t, "GET", API "/traces?limit=1", NULL), 404);
	assert_get(&t, API "/v2/observations?limit=1");
	assert_get(&t, API "/v2/prompts");
	test_lab_release(&t);
}

static void prompts_move_by_label(void **state)
{
	const char *one = API "/v2/prompts/checkout-assistant";
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	assert_get(&t, API "/v2/prompts?limit=1");
	assert_int_equal(number(&t, "meta.totalPages"), 2);
	assert_get(&t, one);
	assert_int_equal(number(&t, "version"), 7);
	assert_string_equal(text(&t, "labels.0"), "production");
	assert_int_equal(test_lab_call(&t, "PATCH",
				 API "/v2/prompts/checkout-assistant/versions/5",
				 "{\"newLabels\":[\"production\",\"blue\"]}"),
		200);
	assert_get(&t, one);
	assert_int_equal(number(&t, "version"), 5);
	assert_get(&t, API "/v2/prompts/checkout-assistant?version=7");
	assert_int_equal(json_count(json_get(t.json, "labels")), 0);
	assert_get(&t, API "/v2/prompts/checkout-assistant?label=latest");
	assert_int_equal(number(&t, "version"), 8);
	test_lab_release(&t);
}

static void refuses(void **state)
{
	static const struct {
		const char *method, *url, *body;
		int status;
	} cases[] = {
		{"GET", API "/v2/observations?limit=1001", NULL, 400},
		{"GET", API "/v2/observations?limit=0", NULL, 400},
		{"GET", API "/v2/observations?fields=core,nope", NULL, 400},
		{"GET", API "/v2/observations?cursor=%7B%7D", NULL, 400},
		{"GET", API "/v2/observations?fromStartTime=yesterday", NULL, 400},
		{"GET", API "/v2/observations?parseIoAsJson=true", NULL, 400},
		{"GET", API "/traces/nope", NULL, 404},
		{"GET", API "/sessions/nope", NULL, 404},
		{"GET", API "/sessions/chat-999999", NULL, 404},
		{"GET", API "/observations/nope", NULL, 404},
		{"GET", API "/nope", NULL, 404},
		{"PUT", API "/traces", "{}", 405},
		{"GET", API "/v2/prompts/nope", NULL, 404},
		{"GET", API "/v2/prompts/checkout-assistant?version=99", NULL, 404},
		{"GET", API "/v2/prompts/checkout-assistant?label=none", NULL, 404},
		{"PATCH", API "/v2/prompts/checkout-assistant/versions/99",
			"{\"newLabels\":[\"a\"]}", 404},
		{"PATCH", API "/v2/prompts/checkout-assistant/versions/5",
			"{\"newLabels\":[\"latest\"]}", 400},
		{"PATCH", API "/v2/prompts/checkout-assistant/versions/5", "{}", 400},
		{"PATCH", API "/v2/prompts/checkout-assistant/versions/5", "x", 400},
	};
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			test_lab_call(&t, cases[i].method, cases[i].url, cases[i].body),
			cases[i].status);
		assert_int_equal(json_type(json_get(t.json, "message")), JSON_STRING);
	}
	t.lab.secret_key = "another";
	assert_int_equal(test_lab_call(&t, "GET", API "/traces", NULL), 401);
	assert_get(&t, API "/health");
	test_lab_release(&t);
}

UNIT_TESTS(cmocka_unit_test(pages_by_cursor), cmocka_unit_test(groups_of_fields),
	cmocka_unit_test(one_session_as_a_tree),
	cmocka_unit_test(what_has_not_ended_is_not_sent),
	cmocka_unit_test(sessions_fail_during_the_incident),
	cmocka_unit_test(some_tool_result_is_hostile),
	cmocka_unit_test(the_first_generation),
	cmocka_unit_test(a_server_of_one_generation),
	cmocka_unit_test(prompts_move_by_label), cmocka_unit_test(refuses))
