#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/json.h"
#include "core/loop.h"
#include "net/map.h"

struct rig {
	struct loop *loop;
	struct map *map;
};

static void rig_open(struct rig *r)
{
	char *exe = mem_format(
		"%s/tocsin", getenv("TOCSIN_BUILD") ? getenv("TOCSIN_BUILD") : ".");

	r->loop = loop_new();
	r->map = map_new(r->loop, exe);
	free(exe);
}

static void rig_close(struct rig *r)
{
	map_free(r->map);
	loop_free(r->loop);
}

/* The results as text; NULL with e set when it failed. */
static char *run(struct rig *r, const char *text, const char *body, const char *values,
	struct err *e)
{
	static const char *const names[] = {"model", "alias"};
	const struct map_program program = {
		.text = text, .names = names, .n_names = 2, .label = "test.yaml, read x"};
	struct json *results = NULL, *v = NULL;
	struct strbuf out = STRBUF_INIT;

	if (values)
		assert_int_equal(json_parse(&v, values, strlen(values), e), 0);
	if (!map_run_now(&results, r->map, &program, body, strlen(body), v, e))
		json_format(&out, results, false);
	json_free(v);
	if (!results)
		return NULL;
	json_free(results);
	return strbuf_detach(&out, NULL);
}

static void expect(struct rig *r, const char *text, const char *body, const char *values,
	const char *wanted)
{
	struct err e = ERR_INIT;
	char *got = run(r, text, body, values, &e);

	if (!got)
		fail_msg("%s", e.what);
	assert_string_equal(got, wanted);
	free(got);
	err_release(&e);
}

static void expect_error(
	struct rig *r, const char *text, const char *body, const char *part)
{
	struct err e = ERR_INIT;
	char *got = run(r, text, body, NULL, &e);

	assert_null(got);
	assert_non_null(strstr(e.what, part));
	assert_non_null(strstr(e.what, "test.yaml, read x"));
	err_release(&e);
}

static void note_limit(void *ctx, const struct json *results, const struct err *e)
{
	int *ended = ctx;

	ended[results ? 0 : 1]++;
	if (e)
		assert_int_equal(e->code, ERR_LIMIT);
}

static void bounds_what_waits(void **state)
{
	static const struct map_program program = {.text = ".", .label = "x"};
	int ended[2] = {0};
	struct rig r;

	(void)state;
	rig_open(&r);
	map_limit(r.map, 20);
	for (int round = 1; round <= 2; round++) {
		for (int i = 0; i < 5; i++)
			map_run(r.map, &program, "[1234567]", 9, NULL, note_limit, ended);
		while (ended[0] + ended[1] < 5 * round)
			loop_turn(r.loop, NS_PER_S);
		/* What has ended makes room again. */
		assert_int_equal(ended[0], 2 * round);
	}
	rig_close(&r);
}

static void maps_and_binds_values(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	expect(&r, ".a[] | {v: .}", "{\"a\":[1,\"x\"]}", NULL,
		"[{\"v\":1},{\"v\":\"x\"}]");
	expect(&r, "$model + \"/\" + $alias", "null",
		"{\"model\":\"a\\\") | error(\\\"\",\"alias\":\"p\"}",
		"[\"a\\\") | error(\\\"/p\"]");
	/* What is not given is null; nothing put out is an empty list. */
	expect(&r, "$alias", "null", "{\"model\":\"m\"}", "[null]");
	expect(&r, "empty", "{}", NULL, "[]");
	/* A comment at the end does not swallow the closing parenthesis. */
	expect(&r, ". # all", "1", NULL, "[1]");
	rig_close(&r);
}

static void keeps_long_integers(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	expect(&r, ".t", "{\"t\":1763715600123456789}", NULL,
		"[\"1763715600123456789\"]");
	rig_close(&r);
}

static void names_what_fails(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	expect_error(&r, ".a |", "{}", "syntax error");
	expect_error(&r, "$nobody", "{}", "nobody");
	expect_error(&r, ".a.b", "{\"a\":1}", "Cannot index number");
	expect_error(&r, "error(\"own words\")", "{}", "own words");
	expect_error(&r, ".", "{\"a\":", "JSON");
	expect(&r, ".", "2", NULL, "[2]");
	rig_close(&r);
}

static void kills_what_does_not_end(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r);
	expect_error(&r, "def f: f; f", "{}", "more than a second");
	expect(&r, ".", "3", NULL, "[3]");
	expect_error(&r, "[range(1e12)] | length", "{}", "");
	expect(&r, ".", "4", NULL, "[4]");
	rig_close(&r);
}

static void survives_what_eats_memory(void **state)
{
	struct rig r;
	struct err e = ERR_INIT;
	char *got;

	(void)state;
	rig_open(&r);
	got = run(&r, "def f: [., .] | f; f", "\"x\"", NULL, &e);
	assert_null(got);
	err_clear(&e);
	got = run(&r, "reduce range(1000000) as $i (null; [.])", "null", NULL, &e);
	free(got);
	err_clear(&e);
	got = run(&r, "\"x\" * 1000000000 | length", "null", NULL, &e);
	free(got);
	err_release(&e);
	expect(&r, ".", "5", NULL, "[5]");
	rig_close(&r);
}

static void sees_nothing_of_the_world(void **state)
{
	struct rig r;
	struct err e = ERR_INIT;
	char *got;

	(void)state;
	setenv("TOCSIN_SECRET_FOR_TEST", "hunter2", 1);
	rig_open(&r);
	expect(&r, "env | length", "null", NULL, "[0]");
	expect(&r, "$ENV | length", "null", NULL, "[0]");
	got = run(&r, "import \"/etc/passwd\" as $x; $x", "null", NULL, &e);
	assert_null(got);
	err_clear(&e);
	got = run(&r, "input", "null", NULL, &e);
	assert_null(got);
	err_release(&e);
	rig_close(&r);
	unsetenv("TOCSIN_SECRET_FOR_TEST");
}

struct seen {
	int n, failed;
	char order[16];
};

static void note(void *ctx, const struct json *results, const struct err *e)
{
	struct seen *s = ctx;

	s->order[s->n++] = e ? '!' : (char)('0' + (int)json_real(json_first(results)));
	s->failed += e != NULL;
}

static void runs_in_order_and_cancels(void **state)
{
	static const struct map_program plain = {.text = ".", .label = "x"};
	struct rig r;
	struct seen s = {0};
	unsigned third;

	(void)state;
	rig_open(&r);
	map_run(r.map, &plain, "1", 1, NULL, note, &s);
	map_run(r.map, &plain, "2", 1, NULL, note, &s);
	third = map_run(r.map, &plain, "3", 1, NULL, note, &s);
	map_run(r.map, &plain, "4", 1, NULL, note, &s);
	assert_int_equal(s.n, 0);
	map_cancel(r.map, third);
	while (s.n < 3)
		loop_turn(r.loop, NS_PER_S);
	assert_string_equal(s.order, "124");
	rig_close(&r);
}

static void checks_names(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(map_name_check("page_token", &e), 0);
	assert_int_equal(map_name_check("_x9", &e), 0);
	assert_int_equal(map_name_check("9x", &e), -1);
	assert_int_equal(map_name_check("a b", &e), -1);
	assert_int_equal(map_name_check("", &e), -1);
	assert_int_equal(map_name_check("if", &e), -1);
	err_release(&e);
}

UNIT_TESTS(cmocka_unit_test(bounds_what_waits), cmocka_unit_test(maps_and_binds_values),
	cmocka_unit_test(keeps_long_integers), cmocka_unit_test(names_what_fails),
	cmocka_unit_test(kills_what_does_not_end),
	cmocka_unit_test(survives_what_eats_memory),
	cmocka_unit_test(sees_nothing_of_the_world),
	cmocka_unit_test(runs_in_order_and_cancels), cmocka_unit_test(checks_names))
