#include "tests/unit/lab.h"

#define API "/mlflow/api/2.0/mlflow"

static const char *text(struct test_lab *t, const char *path)
{
	const char *s = json_text_at(t->json, path);

	return s ? s : "(none)";
}

static void every_model_with_its_aliases(void **state)
{
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	assert_get(&t, API "/registered-models/search?max_results=100");
	assert_int_equal(json_count(json_at(t.json, "registered_models")), 4);
	assert_string_equal(text(&t, "registered_models.0.name"), "checkout-ranker");
	assert_string_equal(
		text(&t, "registered_models.0.aliases.0.alias"), "production");
	assert_string_equal(text(&t, "registered_models.0.aliases.0.version"), "12");
	assert_string_equal(
		text(&t, "registered_models.0.latest_versions.0.version"), "13");
	/* Milliseconds, as numbers. */
	assert_true(json_int(json_at(t.json, "registered_models.0.creation_timestamp")) /
			1000 <
		t.lab.platform->now / NS_PER_S);
	assert_int_equal(json_type(json_get(t.json, "next_page_token")), JSON_NONE);
	test_lab_release(&t);
}

static void pages_until_the_token_is_absent(void **state)
{
	struct test_lab t;
	char *token = NULL;
	size_t seen = 0, pages = 0;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	do {
		struct strbuf url = STRBUF_INIT;

		strbuf_addf(&url,
			API "/model-versions/search?max_results=7&page_token=%s",
			token ? token : "");
		free(token);
		assert_get(&t, url.buf);
		strbuf_release(&url);
		seen += json_count(json_get(t.json, "model_versions"));
		token = mem_strdup(json_text(json_get(t.json, "next_page_token")));
		pages++;
	} while (token);
	assert_int_equal(seen, 13 + 5 + 22 + 6);
	assert_int_equal(pages, 7);
	test_lab_release(&t);
}

static void filters(void **state)
{
	static const struct {
		const char *filter;
		size_t n;
	} cases[] = {
		{"name%20=%20'checkout-ranker'", 13},
		{"name='checkout-ranker'%20AND%20version_number%20>=%2012", 2},
		{"name='checkout-ranker'%20and%20version_number<3", 2},
		{"name%20LIKE%20'%25-ranker'", 13 + 22},
		{"name%20ILIKE%20'CHECKOUT%25'", 13},
		{"name!='search-ranker'", 13 + 5 + 6},
		{"tags.%60eval.gate%60='failed'", 1 + 1 + 1},
		{"tags.nothing='x'", 0},
		{"tag.%60mlflow.prompt.is_prompt%60%20!=%20'true'", 46},
		{"", 46},
	};
	static const char *const bad[] = {"name", "name%20=", "name='x",
		"name='x'%20OR%20a='b'", "'x'=name", "name='x'%20AND", "tags=1",
		"name%20~%20'x'"};
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *url = mem_format(
			API "/model-versions/search?filter=%s", cases[i].filter);

		assert_get(&t, url);
		assert_int_equal(
			json_count(json_get(t.json, "model_versions")), cases[i].n);
		free(url);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *url = mem_format(API "/model-versions/search?filter=%s", bad[i]);

		assert_int_equal(test_lab_call(&t, "GET", url, NULL), 400);
		assert_string_equal(text(&t, "error_code"), "INVALID_PARAMETER_VALUE");
		free(url);
	}
	test_lab_release(&t);
}

static void aliases_move_and_go(void **state)
{
	const char *get =
		API "/registered-models/alias?name=fraud-detector&alias=production";
	const char *url = API "/registered-models/alias";
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	assert_get(&t, get);
	assert_string_equal(text(&t, "model_version.version"), "4");
	assert_string_equal(text(&t, "model_version.aliases.0"), "production");
	assert_int_equal(test_lab_call(&t, "POST", url,
				 "{\"name\":\"fraud-detector\",\"alias\":\"production\","
				 "\"version\":\"3\"}"),
		200);
	assert_string_equal(t.last.body.buf, "{}");
	assert_get(&t, get);
	assert_string_equal(text(&t, "model_version.version"), "3");
	/* Deleting takes a body, and deleting again is fine. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			test_lab_call(&t, "DELETE", url,
				"{\"name\":\"fraud-detector\",\"alias\":\"production\"}"),
			200);
	assert_int_equal(test_lab_call(&t, "GET", get, NULL), 400);
	assert_string_equal(
		text(&t, "message"), "Registered model alias production not found.");
	/* Serving keeps what it has when there is no alias to follow. */
	test_lab_advance(&t, 30);
	assert_int_equal(
		rollout_main(&platform_service(t.lab.platform, "fraud-scorer")->rollout),
		4);
	test_lab_release(&t);
}

static void refuses_as_mlflow_does(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *code;
	} cases[] = {
		{"{\"name\":\"nope\",\"alias\":\"a\",\"version\":\"1\"}", 404,
			"RESOURCE_DOES_NOT_EXIST"},
		{"{\"name\":\"fraud-detector\",\"alias\":\"a\",\"version\":\"99\"}", 404,
			"RESOURCE_DOES_NOT_EXIST"},
		{"{\"name\":\"fraud-detector\",\"alias\":\"a\",\"version\":3}", 400,
			"INVALID_PARAMETER_VALUE"},
		{"{\"name\":\"fraud-detector\",\"alias\":\"a\",\"version\":\"x\"}", 400,
			"INVALID_PARAMETER_VALUE"},
		{"{\"name\":\"fraud-detector\",\"alias\":\"latest\",\"version\":\"3\"}",
			400, "INVALID_PARAMETER_VALUE"},
		{"{\"name\":\"fraud-detector\",\"alias\":\"V12\",\"version\":\"3\"}", 400,
			"INVALID_PARAMETER_VALUE"},
		{"{\"name\":\"fraud-detector\",\"alias\":\"a b\",\"version\":\"3\"}", 400,
			"INVALID_PARAMETER_VALUE"},
		{"{\"name\":\"fraud-detector\",\"version\":\"3\"}", 400,
			"INVALID_PARAMETER_VALUE"},
		{"[]", 400, "BAD_REQUEST"},
		{"{", 400, "BAD_REQUEST"},
	};
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(test_lab_call(&t, "POST", API "/registered-models/alias",
					 cases[i].body),
			cases[i].status);
		assert_string_equal(text(&t, "error_code"), cases[i].code);
	}
	/* No content type at all. */
	assert_int_equal(
		test_lab_call(&t, "POST", API "/registered-models/alias", NULL), 400);
	assert_string_equal(text(&t, "error_code"), "BAD_REQUEST");
	assert_int_equal(
		test_lab_call(&t, "GET", API "/registered-models/get?name=nope", NULL),
		404);
	assert_int_equal(
		test_lab_call(&t, "GET", API "/registered-models/get", NULL), 400);
	assert_int_equal(test_lab_call(&t, "GET",
				 API "/registered-models/search?page_token=%25%25", NULL),
		400);
	assert_int_equal(test_lab_call(&t, "GET",
				 API "/registered-models/search?max_results=5000", NULL),
		400);
	assert_int_equal(
		test_lab_call(&t, "GET", API "/registered-models/nope", NULL), 404);
	assert_string_equal(t.last.type, "text/html; charset=utf-8");
	assert_int_equal(
		test_lab_call(&t, "PUT", API "/registered-models/alias", "{}"), 405);
	test_lab_release(&t);
}

static void health_is_open_and_the_rest_wants_the_token(void **state)
{
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	t.lab.token = "s3cret";
	assert_get(&t, "/mlflow/health");
	assert_string_equal(t.last.body.buf, "OK");
	assert_get(&t, "/mlflow/version");
	assert_int_equal(
		test_lab_call(&t, "GET", API "/registered-models/search", NULL), 401);
	assert_string_equal(t.last.challenge, "Basic realm=\"mlflow\"");
	assert_int_not_equal(t.last.type[0], 'a'); /* text, not JSON */
	test_lab_release(&t);
}

static void tags_are_kept(void **state)
{
	struct test_lab t;
	const char *get = API "/model-versions/get?name=fraud-detector&version=5";

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	assert_int_equal(test_lab_call(&t, "POST", API "/model-versions/set-tag",
				 "{\"name\":\"fraud-detector\",\"version\":\"5\",\"key\":"
				 "\"blocked\","
				 "\"value\":\"yes\"}"),
		200);
	assert_get(&t, get);
	assert_string_equal(text(&t, "model_version.tags.2.key"), "blocked");
	assert_int_equal(test_lab_call(&t, "DELETE", API "/model-versions/delete-tag",
				 "{\"name\":\"fraud-detector\",\"version\":\"5\","
				 "\"key\":\"blocked\"}"),
		200);
	assert_get(&t, get);
	assert_int_equal(json_count(json_at(t.json, "model_version.tags")), 2);
	test_lab_release(&t);
}

/* The moment a release pipeline leaves behind. */
static void a_promotion_leaves_its_tag(void **state)
{
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	test_lab_advance(&t, 20);
	assert_get(&t, API "/model-versions/get?name=checkout-ranker&version=13");
	assert_string_equal(text(&t, "model_version.tags.3.value"), "ci-release");
	assert_string_equal(
		text(&t, "model_version.tags.2.value"), "2026-11-21T09:00:12Z");
	test_lab_release(&t);
}

UNIT_TESTS(cmocka_unit_test(every_model_with_its_aliases),
	cmocka_unit_test(pages_until_the_token_is_absent), cmocka_unit_test(filters),
	cmocka_unit_test(aliases_move_and_go), cmocka_unit_test(refuses_as_mlflow_does),
	cmocka_unit_test(health_is_open_and_the_rest_wants_the_token),
	cmocka_unit_test(tags_are_kept), cmocka_unit_test(a_promotion_leaves_its_tag))
