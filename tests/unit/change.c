#include "tests/unit/unit.h"

#include "core/strbuf.h"
#include "model/change.h"

static void expect_entries(const char *before, const char *after, const char *wanted)
{
	struct change ch = {.before = before, .after = after};
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(change_entries(&out, &ch), wanted != NULL);
	assert_string_equal(out.buf, wanted ? wanted : "");
	strbuf_release(&out);
}

static void entries_that_differ_are_named(void **state)
{
	(void)state;
	expect_entries("{\"auc\":\"0.9\"}", "{\"auc\":\"0.9\",\"by\":\"ci\"}", "+by");
	expect_entries("{\"a\":1,\"b\":[1]}", "{\"b\":[2],\"c\":null}", "*b +c -a");
	expect_entries("{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"y\":2,\"x\":1}}", NULL);
	expect_entries("{}", "{}", NULL);
}

static void other_values_are_left_alone(void **state)
{
	(void)state;
	expect_entries("12", "13", NULL);
	expect_entries("[1]", "[2]", NULL);
	expect_entries("{\"a\":", "{\"a\":1}", NULL);
	expect_entries(NULL, "{\"a\":1}", NULL);
	expect_entries("", "", NULL);
}

UNIT_TESTS(cmocka_unit_test(entries_that_differ_are_named),
	cmocka_unit_test(other_values_are_left_alone))
