#include "tests/unit/readers.h"

static const char config[] = "connectors: [.]\n"
			     "sources:\n- {name: s, type: demo, url: "
			     "'http://127.0.0.1:%', every: 15s, with: {who: me}}\n";

#define HEAD "connector: demo\noptions: {who: {}}\nreads:\n"
#define POINTERS                                   \
	"  - name: pointers\n    emits: pointer\n" \
	"    get: /pointers\n    map: '.[] | {model: \"m\", name: ., version: $who}'\n"
#define FLAGS                                                                        \
	"  - name: flags\n    emits: flag\n    get: /flags\n    map: '.[] | {name: " \
	".}'\n"

static void open_with(struct bench *b, const char *connector, struct script *script)
{
	char *file;

	bench_init(b, config, NULL);
	file = path_join(b->f.top, "demo.yaml");
	ok(&b->f, path_write(file, connector, strlen(connector), 0600, &b->f.e));
	free(file);
	bench_source(b, "s");
	b->script = script;
}

static size_t count(struct bench *b, enum record_kind kind)
{
	struct observed_list list;

	ok(&b->f,
		observed_at(
			&list, &b->f.a, b->f.st, kind, "s", NULL, AT_NOW, 100, &b->f.e));
	return list.n;
}

static void later_reads_go_on_after_one_that_fails(void **state)
{
	struct script script[] = {{.of = "/pointers", .body = "7"},
		{.of = "/flags", .body = "[\"f\",\"g\"]"}, {0}};
	struct bench b;

	(void)state;
	open_with(&b, HEAD POINTERS FLAGS, script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_non_null(strstr(b.partial,
		"'pointers' failed: connector demo, read pointers, map, line 7: the jq "
		"program failed"));
	assert_int_equal(count(&b, REC_FLAG), 2);
	/* What could not be read has not gone away, and what was read tells what has. */
	script[0].body = "[\"p\",\"q\"]";
	bench_round(&b, ROUND_INCREMENTAL);
	assert_null(b.partial);
	assert_int_equal(count(&b, REC_POINTER), 2);
	script[0].body = "[7";
	script[1].body = "[\"g\"]";
	bench_round(&b, ROUND_INCREMENTAL);
	assert_non_null(b.partial);
	assert_int_equal(count(&b, REC_POINTER), 2);
	assert_int_equal(count(&b, REC_FLAG), 1);
	bench_release(&b);
}

static void all_that_fails_is_a_failure(void **state)
{
	struct script script[] = {{.of = "/pointers", .status = 500, .body = "{}"},
		{.of = "/flags", .status = 403, .body = "{\"message\":\"no right\"}"},
		{0}};
	struct bench b;

	(void)state;
	open_with(&b, HEAD POINTERS FLAGS, script);
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_BACKEND);
	assert_int_equal(script[1].asked, 1);
	/* Who does not know us would refuse all the rest. */
	script[0].status = 401;
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_AUTH);
	assert_int_equal(script[1].asked, 1);
	bench_release(&b);
}

static void the_same_answer_is_not_written_again(void **state)
{
	struct script script[] = {{.of = "/flags", .body = "[\"f\",\"g\"]"}, {0}};
	struct bench b;
	int64_t before;

	(void)state;
	open_with(&b, HEAD FLAGS, script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	before = store_version(b.f.st);
	for (int i = 0; i < 3; i++) {
		bench_round(&b, ROUND_INCREMENTAL);
		bench_went_well(&b);
		assert_int_equal(b.records, 2);
	}
	assert_int_equal(store_version(b.f.st), before);
	/* A full round looks at everything again, and the next news is seen. */
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	script[0].body = "[\"f\"]";
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(count(&b, REC_FLAG), 1);
	bench_release(&b);
}

static void two_reads_of_a_kind_hide_nothing(void **state)
{
	static const char connector[] =
		HEAD FLAGS "  - name: more\n    emits: flag\n    get: /more\n    map: "
			   "'.[] | {name: .}'\n";
	struct script script[] = {{.of = "/flags", .body = "[\"f\"]"},
		{.of = "/more", .body = "[\"g\",\"h\"]"}, {0}};
	struct bench b;

	(void)state;
	open_with(&b, connector, script);
	bench_round(&b, ROUND_FULL);
	assert_int_equal(count(&b, REC_FLAG), 3);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(count(&b, REC_FLAG), 3);
	script[1].body = "[\"h\"]";
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(count(&b, REC_FLAG), 2);
	bench_release(&b);
}

static void items_that_fail_have_not_gone_away(void **state)
{
	static const char connector[] =
		"connector: demo\noptions: {who: {}}\nreads:\n"
		"  - name: flags\n    emits: flag\n    get: /names\n"
		"    each: {items: '.[]', as: n, get: '/flag/{n}'}\n"
		"    map: '{name: $n, value: .v}'\n";
	struct script script[] = {{.of = "/names", .body = "[\"f\",\"g\"]"},
		{.of = "/flag/f", .body = "{\"v\":\"on\"}"},
		{.of = "/flag/g", .body = "{\"v\":\"on\"}"}, {0}};
	struct bench b;

	(void)state;
	open_with(&b, connector, script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_null(b.partial);
	assert_int_equal(count(&b, REC_FLAG), 2);
	script[2].status = 502;
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	assert_non_null(strstr(b.partial, "(502)"));
	assert_int_equal(count(&b, REC_FLAG), 2);
	script[0].body = "[\"f\"]";
	bench_round(&b, ROUND_INCREMENTAL);
	assert_null(b.partial);
	assert_int_equal(count(&b, REC_FLAG), 1);
	bench_release(&b);
}

/* Of three generations of paths the oldest alone is there. */
static void fallbacks_have_fallbacks(void **state)
{
	static const char connector[] = HEAD
		"  - name: new\n    emits: flag\n    get: /new\n    fallback: old\n"
		"    map: '.[] | {name: .}'\n"
		"  - name: old\n    emits: flag\n    get: /old\n    fallback: oldest\n"
		"    only_fallback: true\n    map: '.[] | {name: .}'\n"
		"  - name: oldest\n    emits: flag\n    get: /first\n"
		"    only_fallback: true\n    map: '.[] | {name: .}'\n";
	struct script script[] = {{.of = "/new", .status = 404, .body = "{}"},
		{.of = "/old", .status = 404, .body = "{}"},
		{.of = "/first", .body = "[\"f\"]"}, {0}};
	struct bench b;

	(void)state;
	open_with(&b, connector, script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_int_equal(count(&b, REC_FLAG), 1);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(script[0].asked + script[1].asked, 2);
	assert_int_equal(script[2].asked, 2);
	bench_release(&b);
}

static void ends_by_its_deadline_in_the_middle(void **state)
{
	struct script script[] = {{.of = "/flags", .body = "[", .fault = WEB_SLOW}, {0}};
	struct bench b;

	(void)state;
	open_with(&b, HEAD FLAGS, script);
	bench_begin(&b, ROUND_FULL, 50 * NS_PER_MS);
	for (int i = 0; i < 5000 && !b.done; i++) {
		loop_turn(b.loop, NS_PER_MS);
		clock_advance(NS_PER_MS);
	}
	assert_true(b.done);
	assert_int_equal(b.e.code, ERR_NET);
	bench_release(&b);
}

static void a_wrong_option_is_named(void **state)
{
	static const char connector[] =
		"connector: demo\noptions: {whom: {}}\nreads:\n" FLAGS;
	struct script script[] = {{0}};
	struct bench b;

	(void)state;
	open_with(&b, connector, script);
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_INPUT);
	assert_non_null(strstr(b.e.what, "no option 'who'"));
	bench_release(&b);
}

UNIT_TESTS(cmocka_unit_test(later_reads_go_on_after_one_that_fails),
	cmocka_unit_test(all_that_fails_is_a_failure),
	cmocka_unit_test(the_same_answer_is_not_written_again),
	cmocka_unit_test(two_reads_of_a_kind_hide_nothing),
	cmocka_unit_test(items_that_fail_have_not_gone_away),
	cmocka_unit_test(fallbacks_have_fallbacks),
	cmocka_unit_test(ends_by_its_deadline_in_the_middle),
	cmocka_unit_test(a_wrong_option_is_named))
