#include "tests/unit/unit.h"

#include <string.h>

#include "net/connector_request.h"

static struct json *values_of(const char *text)
{
	struct json *values = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(&values, text, strlen(text), &e), 0);
	return values;
}

struct made {
	const char *pattern, *values, *path; /* NULL: refused */
};

static void makes_paths(void **state)
{
	static const struct made all[] = {
		{"/v2/", "{}", "/v2/"},
		{"/v2/{m...}/tags/list", "{\"m\":\"a/b c/d\"}",
			"/v2/a/b%20c/d/tags/list"},
		{"/x/{m}/y", "{\"m\":\"a/b\"}", "/x/a%2Fb/y"},
		{"/x/{m|twice}", "{\"m\":\"a/b\"}", "/x/a%252Fb"},
		{"/x/{m.n}:go", "{\"m\":{\"n\":7}}", "/x/7:go"},
		{"/x[/ns/{n}]/y", "{\"n\":null}", "/x/y"},
		{"/x[/ns/{n}]/y", "{\"n\":\"a\"}", "/x/ns/a/y"},
		{"[/v2/{n}]", "{\"n\":\"a\"}", "/v2/a"},
		{"[/v2/{n}]", "{\"n\":null}", NULL},
		{"[/v2/{n}]", "{}", NULL},
		{"/v2/{m...}/x", "{\"m\":\"a/../b\"}", NULL},
		{"/v2/{m...}/x", "{\"m\":\"a//b\"}", NULL},
		{"/v2/{m}/x", "{\"m\":\"..\"}", NULL},
		{"/v2/{m}/x", "{\"m\":\"\"}", NULL},
		{"/v2/{m}/x", "{\"m\":{}}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct json *values = values_of(all[i].values);
		struct strbuf out = STRBUF_INIT;
		struct err e = ERR_INIT;
		int rc = path_pattern_make(&out, all[i].pattern, values, &e);

		assert_int_equal(rc, all[i].path ? 0 : -1);
		if (all[i].path)
			assert_string_equal(out.buf, all[i].path);
		strbuf_release(&out);
		err_release(&e);
		json_free(values);
	}
}

static void knows_what_is_left_out(void **state)
{
	struct json *none = values_of("{\"n\":null,\"e\":\"\",\"a\":\"x\"}");

	(void)state;
	assert_true(path_pattern_is_left_out("[/v2/{n}]", none));
	assert_true(path_pattern_is_left_out("[/v2/{e}]", none));
	assert_true(path_pattern_is_left_out("[/v2/{a}/{missing}]", none));
	assert_false(path_pattern_is_left_out("[/v2/{a}]", none));
	assert_false(path_pattern_is_left_out("/v2[/{n}]", none));
	assert_false(path_pattern_is_left_out("/v2/{a}", none));
	json_free(none);
}

static void refuses_patterns(void **state)
{
	static const char *const bad[] = {"x", "", "[x/{n}]", "[/x/{n}", "[/x]",
		"[/x/{n}]/y]", "[/x/{n}]/y", "/x?y", "/x/{", "/x/{}", "/x/{a b}", "/x y",
		"/x/]", "[[/x/{n}]]"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(path_pattern_check(bad[i], &e), -1);
		assert_non_null(e.what);
		err_release(&e);
	}
}

UNIT_TESTS(cmocka_unit_test(makes_paths), cmocka_unit_test(knows_what_is_left_out),
	cmocka_unit_test(refuses_patterns))
