/*
 * outage.c - a source that was well, fails in every way for a while, and is well again: what was
 * known stays, and says how old it is; what changed meanwhile is told once, with its bounds
 */
#include "tests/unit/readers.h"

#define EVERY S(15)
#define ROUNDS 12

static const char config[] =
	"connectors: [.]\n"
	"sources:\n- {name: s, type: demo, url: "
	"'http://127.0.0.1:%', every: 15s, timeout: 5s, max_bytes: 64KB}\n";

static const char connector[] =
	"connector: demo\nreads:\n"
	"  - name: pointers\n    emits: pointer\n    get: /pointers\n"
	"    map: '.[] | {model: .m, name: \"production\", version: .v}'\n"
	"  - name: flags\n    emits: flag\n    get: /flags\n"
	"    map: '.[] | {name: .n, value: .v}'\n";

static const char before[] = "[{\"m\":\"a\",\"v\":\"1\"},{\"m\":\"b\",\"v\":\"1\"},"
			     "{\"m\":\"c\",\"v\":\"1\"}]";
/* a moved, b stayed, c went, d came. */
static const char after[] = "[{\"m\":\"a\",\"v\":\"2\"},{\"m\":\"b\",\"v\":\"1\"},"
			    "{\"m\":\"d\",\"v\":\"1\"}]";
static const char flags[] = "[{\"n\":\"f\",\"v\":\"on\"}]";

static const struct script faults[] = {
	{.of = "500", .status = 500, .body = "{\"message\":\"no\"}"},
	{.of = "503", .status = 503, .body = ""},
	{.of = "429", .status = 429, .body = "{}"},
	{.of = "401", .status = 401, .body = "{}"},
	{.of = "403", .status = 403, .body = "{}"},
	{.of = "404", .status = 404, .body = "{}"},
	{.of = "409", .status = 409, .body = "{}"},
	{.of = "302", .status = 302, .body = ""},
	{.of = "a login page",
		.body = "<!doctype html><title>Sign in</title>",
		.type = "text/html"},
	{.of = "no JSON", .body = "[{\"m\":"},
	{.of = "other JSON", .body = "{\"error\":\"maintenance\"}"},
	{.of = "a number", .body = "7"},
	{.of = "null", .body = "null"},
	{.of = "nothing", .body = ""},
	{.of = "half of it, then silence", .body = "[", .fault = WEB_HANG},
	{.of = "a reset", .body = "[", .fault = WEB_RESET},
};

struct outage {
	struct bench b;
	struct script script[3];
	int64_t well; /* the last round that went well */
};

static void outage_open(struct outage *o)
{
	char *file;

	memset(o, 0, sizeof(*o));
	bench_init(&o->b, config, NULL);
	file = path_join(o->b.f.top, "demo.yaml");
	ok(&o->b.f, path_write(file, connector, strlen(connector), 0600, &o->b.f.e));
	free(file);
	bench_source(&o->b, "s");
	o->script[0] = (struct script){.of = "/pointers", .body = before};
	o->script[1] = (struct script){.of = "/flags", .body = flags};
	o->b.script = o->script;
}

/* A round, and what the collector then writes of the source. */
static void a_round(struct outage *o)
{
	struct bench *b = &o->b;
	struct poll_outcome out = {
		.source_id = b->source_id, .generation = b->generation};

	clock_advance(EVERY);
	out.at = clock_now();
	out.next_poll = out.at + EVERY;
	bench_round(b, ROUND_INCREMENTAL);
	out.state = b->e.code == ERR_AUTH ? SRC_AUTH
		: b->e.code               ? SRC_FAILING
		: b->partial              ? SRC_PARTIAL
					  : SRC_OK;
	out.error = b->e.code ? b->e.what : b->partial;
	ok(&b->f, source_outcomes(b->f.st, &out, 1, &b->f.e));
	if (out.state == SRC_OK)
		o->well = out.at;
}

static struct source_row row_of(struct outage *o)
{
	struct source_row row;

	ok(&o->b.f, source_find(&row, &o->b.f.a, o->b.f.st, "s", &o->b.f.e));
	return row;
}

static struct change_list changes(struct outage *o)
{
	struct change_list list;
	const struct change_query all = {
		.from = 0, .to = AT_NOW, .seen_until = AT_NOW, .limit = 100};

	ok(&o->b.f, change_list(&list, &o->b.f.a, o->b.f.st, &all, &o->b.f.e));
	return list;
}

static size_t pointers(struct outage *o)
{
	struct observed_list list;

	ok(&o->b.f,
		observed_at(&list, &o->b.f.a, o->b.f.st, REC_POINTER, "s", NULL, AT_NOW,
			100, &o->b.f.e));
	return list.n;
}

/* The one change of an object, or NULL. */
static const struct change *change_of(struct change_list list, const char *object)
{
	const struct change *found = NULL;

	for (size_t i = 0; i < list.n; i++) {
		if (strcmp(list.items[i].object, object) != 0)
			continue;
		assert_null(found);
		found = &list.items[i];
	}
	return found;
}

/* What was there before the fault is as it was, and known to be old. */
static void holds_on(struct outage *o, const char *fault)
{
	struct source_row row = row_of(o);

	if (row.state == SRC_OK || row.state == SRC_NEVER || !row.error)
		fail_msg("%s: the source is %s", fault, source_state_name(row.state));
	assert_true(row.succeeded == o->well);
	assert_true(source_is_stale(&row, clock_now()));
	assert_int_equal(pointers(o), 3);
	if (changes(o).n)
		fail_msg("%s: %s changed", fault, changes(o).items[0].object);
}

/* All of what moved, with the last time it was seen unmoved; nothing else. */
static void tells_the_gap(struct outage *o, const char *fault)
{
	struct change_list list = changes(o);

	if (list.n != 3)
		fail_msg("%s: %zu changes", fault, list.n);
	for (size_t i = 0; i < list.n; i++) {
		const struct change *ch = &list.items[i];

		if (!ch->gap)
			fail_msg("%s: %s: somebody watched", fault, ch->object);
		assert_true(ch->not_before == o->well);
		assert_true(ch->seen > o->well + ROUNDS * EVERY);
		assert_false(ch->from_history);
	}
	assert_string_equal(change_of(list, "a/production")->before, "1");
	assert_string_equal(change_of(list, "a/production")->after, "2");
	assert_null(change_of(list, "c/production")->after);
	assert_null(change_of(list, "d/production")->before);
}

static void one_outage(const struct script *fault)
{
	struct script both[] = {*fault, *fault};
	struct outage o;
	int64_t well;

	outage_open(&o);
	a_round(&o);
	a_round(&o);
	assert_int_equal(row_of(&o).state, SRC_OK);
	assert_int_equal(changes(&o).n, 0);
	well = o.well;
	for (int i = 0; i < ROUNDS; i++) {
		both[0].of = "/pointers";
		both[1].of = "/flags";
		memcpy(o.script, both, sizeof(both));
		if (!both[0].body[0] && !both[0].status)
			o.script[0].body = o.script[1].body = " ";
		a_round(&o);
	}
	holds_on(&o, fault->of);
	o.script[0] = (struct script){.of = "/pointers", .body = after};
	o.script[1] = (struct script){.of = "/flags", .body = flags};
	a_round(&o);
	assert_int_equal(row_of(&o).state, SRC_OK);
	assert_int_equal(pointers(&o), 3);
	o.well = well;
	tells_the_gap(&o, fault->of);
	/* And from then on it is watched again. */
	a_round(&o);
	assert_int_equal(changes(&o).n, 3);
	bench_release(&o.b);
}

static void nothing_is_lost_and_nothing_invented(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		one_outage(&faults[i]);
}

/* One of two reads fails: the source answers, but this kind nobody watches. */
static void one_read_fails_for_a_while(void **state)
{
	struct outage o;
	int64_t well;

	(void)state;
	outage_open(&o);
	a_round(&o);
	a_round(&o);
	well = o.well;
	o.script[0].status = 500;
	for (int i = 0; i < ROUNDS; i++)
		a_round(&o);
	assert_int_equal(row_of(&o).state, SRC_PARTIAL);
	assert_int_equal(pointers(&o), 3);
	assert_int_equal(changes(&o).n, 0);
	o.script[0] = (struct script){.of = "/pointers", .body = after};
	a_round(&o);
	assert_int_equal(row_of(&o).state, SRC_OK);
	o.well = well;
	tells_the_gap(&o, "one read of two");
	bench_release(&o.b);
}

/* A single round that fails is no gap: what changed lies between two looks. */
static void a_hiccup_is_no_gap(void **state)
{
	struct change_list list;
	struct outage o;
	int64_t well;

	(void)state;
	outage_open(&o);
	a_round(&o);
	a_round(&o);
	well = o.well;
	o.script[0].status = o.script[1].status = 500;
	a_round(&o);
	o.script[0] = (struct script){.of = "/pointers", .body = after};
	o.script[1].status = 0;
	a_round(&o);
	list = changes(&o);
	assert_int_equal(list.n, 3);
	for (size_t i = 0; i < list.n; i++) {
		assert_false(list.items[i].gap);
		assert_true(list.items[i].not_before == well);
	}
	bench_release(&o.b);
}

UNIT_TESTS(cmocka_unit_test(nothing_is_lost_and_nothing_invented),
	cmocka_unit_test(one_read_fails_for_a_while),
	cmocka_unit_test(a_hiccup_is_no_gap))
