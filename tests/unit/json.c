#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

static struct json *parsed(const char *s)
{
	struct err e = ERR_INIT;
	struct json *j = NULL;

	if (json_parse(&j, s, strlen(s), &e))
		fail_msg("%s: %s", s, e.what);
	return j;
}

static void reads(void **state)
{
	struct json *j =
		parsed("{\"a\":{\"b\":[10,\"x\",true]},\"n\":null,\"r\":-1.5e2}");

	(void)state;
	assert_int_equal(json_int(json_at(j, "a.b.0")), 10);
	assert_string_equal(json_text_at(j, "a.b.1"), "x");
	assert_true(json_bool(json_at(j, "a.b.2"), false));
	assert_int_equal(json_type(json_get(j, "n")), JSON_NULL);
	assert_int_equal(json_type(json_get(j, "A")), JSON_NONE);
	assert_true(json_real(json_get(j, "r")) == -150);
	assert_true(isnan(json_real(json_at(j, "a.b.7.x"))));
	assert_int_equal(json_int(json_at(j, "no.such")), INT64_MIN);
	json_free(j);
}

static void says_where(void **state)
{
	static const char text[] =
		"{\"a\": 1,\n \"b\": 12345678901234567890,\n \"c\": x}";
	struct err e = ERR_INIT;
	struct json *j = NULL;

	(void)state;
	assert_int_equal(json_parse(&j, text, strlen(text), &e), -1);
	assert_non_null(strstr(e.what, "line 3, column 7"));
	err_release(&e);
}

static void writes(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct json *j = json_object();

	(void)state;
	json_add_int(j, "z", INT64_MAX);
	json_add_text(j, "a", "\x1b[31m\"\n");
	json_add_real(j, "r", 0.1);
	json_add_time(j, "t", 0);
	json_canonical(&sb, j);
	assert_string_equal(sb.buf,
		"{\"a\":\"\\u001b[31m\\\"\\n\",\"r\":0.1,"
		"\"t\":\"1970-01-01T00:00:00Z\",\"z\":9223372036854775807}");
	strbuf_release(&sb);
	json_free(j);
}

UNIT_TESTS(
	cmocka_unit_test(reads), cmocka_unit_test(says_where), cmocka_unit_test(writes))
