#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <math.h>

#include "model/alert.h"
#include "model/registry.h"
#include "model/session.h"
#include "store/observe.h"
#include "store/sessions.h"
#include "store/source.h"

#define SRC "reg"

static struct pointer pointing(const char *name, const char *version)
{
	return (struct pointer){.source = SRC,
		.model = "ranker",
		.name = name,
		.version = version,
		.observed = NONE_INT};
}

static struct observe *begin(
	struct fixture *f, enum record_kind kind, int64_t at, bool first)
{
	struct observe *ob;

	ok(f, observe_begin(&ob, f->st, SRC, 1, kind, at, first, &f->e));
	return ob;
}

/* A round in which the registry says: NAME=VERSION …, ended by NULL. */
static void pointers(struct fixture *f, int64_t at, int complete, ...)
{
	struct observe *ob = begin(f, REC_POINTER, at, false);
	const char *name;
	va_list ap;

	va_start(ap, complete);
	while ((name = va_arg(ap, const char *))) {
		struct pointer p = pointing(name, va_arg(ap, const char *));

		ok(f, observe_put(ob, &p, &f->e));
	}
	va_end(ap);
	ok(f, observe_end(ob, complete, &f->e));
}

/* "a=1 b=2" of what held at that time. */
static const char *held(struct fixture *f, int64_t at)
{
	struct observed_list list;
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	ok(f, observed_at(&list, &f->a, f->st, REC_POINTER, SRC, NULL, at, 100, &f->e));
	for (size_t i = 0; i < list.n; i++) {
		const struct pointer *p = list.items[i].record;

		strbuf_addf(&sb, "%s%s=%s", i ? " " : "", p->name, p->version);
	}
	out = arena_strdup(&f->a, sb.buf);
	strbuf_release(&sb);
	return out;
}

static int64_t touched(struct fixture *f, enum touch what)
{
	int64_t n[TOUCHES];

	ok(f, store_touched(f->st, n, &f->e));
	return n[what];
}

/* "field:before>after" of each change, newest first. */
static const char *changes(struct fixture *f)
{
	struct change_query q = {.to = AT_NOW, .seen_until = AT_NOW, .limit = 100};
	struct change_list list;
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	for (size_t i = 0; i < list.n; i++) {
		const struct change *c = &list.items[i];

		strbuf_addf(&sb, "%s%s@%lld %s:%s>%s%s", i ? "; " : "", c->object,
			(long long)((c->at - T0) / NS_PER_S), c->field ? c->field : "-",
			c->before ? c->before : "", c->after ? c->after : "",
			c->from_history ? " h" : "");
	}
	out = arena_strdup(&f->a, sb.buf);
	strbuf_release(&sb);
	return out;
}

/*
 * Worked by hand: prod is 1 from 10, 2 from 30 until it goes at 50, and 2 again from 70; canary is 9
 * from 10 on.
 */
FIXTURE_TEST(intervals_and_time_travel)
{
	struct observed_list list;

	add_source(f, SRC);
	pointers(f, T0 + S(10), true, "canary", "9", "prod", "1", NULL);
	pointers(f, T0 + S(20), true, "canary", "9", "prod", "1", NULL);
	pointers(f, T0 + S(30), true, "canary", "9", "prod", "2", NULL);
	pointers(f, T0 + S(40), true, "canary", "9", "prod", "2", NULL);
	pointers(f, T0 + S(50), true, "canary", "9", NULL);
	pointers(f, T0 + S(60), true, "canary", "9", NULL);
	pointers(f, T0 + S(70), true, "canary", "9", "prod", "2", NULL);

	assert_string_equal(held(f, T0 + S(9)), "");
	assert_string_equal(held(f, T0 + S(10)), "canary=9 prod=1");
	assert_string_equal(held(f, T0 + S(30) - 1), "canary=9 prod=1");
	assert_string_equal(held(f, T0 + S(30)), "canary=9 prod=2");
	assert_string_equal(held(f, T0 + S(50) - 1), "canary=9 prod=2");
	assert_string_equal(held(f, T0 + S(50)), "canary=9");
	assert_string_equal(held(f, T0 + S(69)), "canary=9");
	assert_string_equal(held(f, T0 + S(70)), "canary=9 prod=2");
	assert_string_equal(held(f, AT_NOW), "canary=9 prod=2");

	ok(f,
		observed_history(
			&list, &f->a, f->st, REC_POINTER, SRC, "ranker/prod", 10, &f->e));
	assert_int_equal(list.n, 3);
	assert_true(list.items[0].since == T0 + S(70) && list.items[0].until == NONE_INT);
	assert_true(
		list.items[1].since == T0 + S(30) && list.items[1].until == T0 + S(50));
	assert_true(
		list.items[2].since == T0 + S(10) && list.items[2].until == T0 + S(30));
	assert_int_equal(number(f, "SELECT count(*) FROM pointer"), 4);
	assert_string_equal(changes(f),
		"ranker/prod@70 -:>2; ranker/prod@50 -:2>; ranker/prod@30 version:1>2; "
		"ranker/prod@10 -:>1; ranker/canary@10 -:>9");
	fixture_again(f);
	assert_string_equal(held(f, T0 + S(30)), "canary=9 prod=2");
}

FIXTURE_TEST(an_unchanged_round_writes_nothing)
{
	int64_t records, moved, version;
	struct store *other;

	add_source(f, SRC);
	pointers(f, T0 + S(10), true, "prod", "1", NULL);
	ok(f, store_open(&other, f->dir, STORE_WRITE, &f->e));
	records = touched(f, TOUCH_RECORD);
	moved = touched(f, TOUCH_CHANGE);
	assert_int_equal(records, 1);
	assert_int_equal(moved, 1);
	version = store_version(other);
	pointers(f, T0 + S(20), true, "prod", "1", NULL);
	assert_true(store_version(other) == version);
	assert_int_equal(touched(f, TOUCH_RECORD), records);
	pointers(f, T0 + S(30), true, "prod", "2", NULL);
	assert_int_equal(touched(f, TOUCH_RECORD), records + 1);
	assert_int_equal(touched(f, TOUCH_CHANGE), moved + 1);
	assert_int_equal(touched(f, TOUCH_ALERT), 0);
	assert_true(store_version(other) != version);
	store_free(other);
}

FIXTURE_TEST(what_an_incomplete_round_did_not_see_stays)
{
	add_source(f, SRC);
	pointers(f, T0 + S(10), true, "a", "1", "b", "1", NULL);
	pointers(f, T0 + S(20), false, "a", "2", NULL);
	assert_string_equal(held(f, AT_NOW), "a=2 b=1");
	pointers(f, T0 + S(30), true, "a", "2", NULL);
	assert_string_equal(held(f, AT_NOW), "a=2");
}

FIXTURE_TEST(what_is_given_up_leaves_nothing)
{
	struct pointer p = pointing("a", "1");
	struct observe *ob;

	add_source(f, SRC);
	ob = begin(f, REC_POINTER, T0, false);
	ok(f, observe_put(ob, &p, &f->e));
	assert_int_equal(observe_count(ob), 1);
	observe_abort(ob);
	assert_string_equal(held(f, AT_NOW), "");
	assert_string_equal(changes(f), "");
}

/* A page that shifts shows one object twice; a clock may stand still or go back. */
FIXTURE_TEST(twice_at_one_time)
{
	add_source(f, SRC);
	pointers(f, T0 + S(10), true, "a", "1", "a", "1", NULL);
	assert_int_equal(number(f, "SELECT count(*) FROM pointer"), 1);
	pointers(f, T0 + S(10), true, "a", "2", NULL);
	assert_int_equal(number(f, "SELECT count(*) FROM pointer"), 1);
	assert_string_equal(held(f, T0 + S(10)), "a=2");
	pointers(f, T0 + S(5), true, "a", "3", NULL);
	assert_int_equal(
		number(f, "SELECT count(*) FROM pointer WHERE seen_to <= seen_from"), 0);
	assert_string_equal(held(f, T0 + S(10)), "a=3");
	pointers(f, T0 + S(4), true, NULL);
	assert_string_equal(held(f, AT_NOW), "");
	assert_string_equal(held(f, T0 + S(10)), "");
}

FIXTURE_TEST(quiet_fields_move_in_place)
{
	struct serving s = {.source = SRC,
		.service = "checkout",
		.variant = "main",
		.version = "12",
		.traffic = 1,
		.ready = 1,
		.replicas = 3,
		.changed = NONE_INT};
	struct observed_list list;
	const struct serving *got;
	struct observe *ob;

	add_source(f, SRC);
	ob = begin(f, REC_SERVING, T0, false);
	ok(f, observe_put(ob, &s, &f->e));
	ok(f, observe_end(ob, true, &f->e));
	s.replicas = 5;
	ob = begin(f, REC_SERVING, T0 + S(10), false);
	ok(f, observe_put(ob, &s, &f->e));
	ok(f, observe_end(ob, true, &f->e));
	/* Neither state nor quiet: a new interval, and no change to tell of. */
	s.ready = 0;
	ob = begin(f, REC_SERVING, T0 + S(20), false);
	ok(f, observe_put(ob, &s, &f->e));
	ok(f, observe_end(ob, true, &f->e));
	ok(f,
		observed_history(&list, &f->a, f->st, REC_SERVING, SRC, "checkout/main",
			9, &f->e));
	assert_int_equal(list.n, 2);
	assert_true(list.items[0].since == T0 + S(20));
	got = list.items[1].record;
	assert_int_equal(got->replicas, 5);
	assert_int_equal(got->ready, 1);
	assert_null(got->model);
	assert_true(got->changed == NONE_INT);
	assert_string_equal(changes(f), "checkout/main@0 -:>12");
}

FIXTURE_TEST(unknown_is_not_zero_nor_empty)
{
	struct serving s = {.source = SRC,
		.service = "s",
		.variant = "v",
		.traffic = NAN,
		.ready = NONE_INT,
		.replicas = NONE_INT,
		.changed = NONE_INT};
	struct observed_list list;
	const struct serving *got;
	struct observe *ob;

	add_source(f, SRC);
	ob = begin(f, REC_SERVING, T0, false);
	ok(f, observe_put(ob, &s, &f->e));
	ok(f, observe_end(ob, true, &f->e));
	ok(f,
		observed_at(
			&list, &f->a, f->st, REC_SERVING, NULL, NULL, AT_NOW, 9, &f->e));
	got = list.items[0].record;
	assert_true(isnan(got->traffic));
	assert_true(got->ready == NONE_INT && got->replicas == NONE_INT);
	assert_null(got->version);
	s.traffic = 0;
	s.replicas = 0;
	s.version = "";
	ob = begin(f, REC_SERVING, T0 + 1, false);
	ok(f, observe_put(ob, &s, &f->e));
	ok(f, observe_end(ob, true, &f->e));
	ok(f,
		observed_at(
			&list, &f->a, f->st, REC_SERVING, NULL, NULL, AT_NOW, 9, &f->e));
	got = list.items[0].record;
	assert_true(got->traffic == 0);
	assert_int_equal(got->replicas, 0);
	assert_string_equal(got->version, "");
}

FIXTURE_TEST(lists_by_source_and_prefix)
{
	static const char *const models[] = {"a", "ab", "b", "a\xc3\xa9", "\xff"};
	struct observed_list list;
	struct observe *ob;

	add_source(f, SRC);
	add_source(f, "other");
	ob = begin(f, REC_POINTER, T0, false);
	for (size_t i = 0; i < ARRAY_LEN(models); i++) {
		struct pointer p = pointing("prod", "1");

		p.model = models[i];
		ok(f, observe_put(ob, &p, &f->e));
	}
	ok(f, observe_end(ob, true, &f->e));
	ok(f, observe_begin(&ob, f->st, "other", 1, REC_POINTER, T0, false, &f->e));
	{
		struct pointer p = pointing("prod", "7");

		p.source = "other";
		p.model = "ab";
		ok(f, observe_put(ob, &p, &f->e));
	}
	ok(f, observe_end(ob, true, &f->e));
	for (int past = 0; past < 2; past++) {
		int64_t at = past ? T0 : AT_NOW;

		ok(f,
			observed_at(&list, &f->a, f->st, REC_POINTER, NULL, NULL, at, 99,
				&f->e));
		assert_int_equal(list.n, 6);
		ok(f,
			observed_at(&list, &f->a, f->st, REC_POINTER, NULL, "a", at, 99,
				&f->e));
		assert_int_equal(list.n, 4);
		ok(f,
			observed_at(&list, &f->a, f->st, REC_POINTER, SRC, "a", at, 99,
				&f->e));
		assert_int_equal(list.n, 3);
		ok(f,
			observed_at(&list, &f->a, f->st, REC_POINTER, SRC, "ab/", at, 99,
				&f->e));
		assert_int_equal(list.n, 1);
		ok(f,
			observed_at(&list, &f->a, f->st, REC_POINTER, SRC, "\xff", at, 99,
				&f->e));
		ok(f,
			observed_at(&list, &f->a, f->st, REC_POINTER, SRC, NULL, at, 3,
				&f->e));
		assert_int_equal(list.n, 3);
		assert_true(list.more);
		ok(f,
			observed_at(&list, &f->a, f->st, REC_POINTER, SRC, NULL, at, 5,
				&f->e));
		assert_int_equal(list.n, 5);
		assert_false(list.more);
	}
}

FIXTURE_TEST(another_generation_ends_it)
{
	struct pointer p = pointing("a", "1");
	struct observe *ob;

	add_source(f, SRC);
	ob = begin(f, REC_POINTER, T0, false);
	ok(f, observe_put(ob, &p, &f->e));
	sql(f, "UPDATE source SET generation = 2");
	fails(f, observe_end(ob, true, &f->e), ERR_CONFLICT,
		"another collector has taken over", NULL);
	assert_string_equal(held(f, AT_NOW), "");
	fails(f, observe_begin(&ob, f->st, SRC, 1, REC_POINTER, T0, false, &f->e),
		ERR_CONFLICT, "another collector", NULL);
	fails(f, observe_begin(&ob, f->st, "nobody", 1, REC_POINTER, T0, false, &f->e),
		ERR_NOT_FOUND, "no source 'nobody'", NULL);
}

FIXTURE_TEST(keys_must_be_there_and_sources_right)
{
	struct pointer p = pointing(NULL, "1"), q = pointing("a", "1");
	struct observe *ob;

	add_source(f, SRC);
	ob = begin(f, REC_POINTER, T0, false);
	fails(f, observe_put(ob, &p, &f->e), ERR_INPUT, "pointer without its name", NULL);
	q.source = "elsewhere";
	fails(f, observe_put(ob, &q, &f->e), ERR_INPUT,
		"of the source 'elsewhere' was put into a round of 'reg'", NULL);
	assert_int_equal(observe_count(ob), 0);
	observe_abort(ob);
}

FIXTURE_TEST(rounds_in_one_transaction)
{
	add_source(f, SRC);
	ok(f, store_begin(f->st, &f->e));
	pointers(f, T0, true, "a", "1", NULL);
	pointers(f, T0 + S(1), true, "a", "2", NULL);
	store_rollback(f->st);
	assert_string_equal(held(f, AT_NOW), "");
	ok(f, store_begin(f->st, &f->e));
	pointers(f, T0, true, "a", "1", NULL);
	pointers(f, T0 + S(1), true, "a", "2", NULL);
	ok(f, store_commit(f->st, &f->e));
	assert_string_equal(held(f, T0), "a=1");
	assert_string_equal(held(f, AT_NOW), "a=2");
}

/* With the clock running a large round commits in several transactions: nobody waits for long. */
FIXTURE_TEST(a_large_round_comes_in_slices)
{
	enum { N = 30000 };
	struct observe *ob;
	struct arena a;

	clock_real();
	arena_init(&a);
	add_source(f, SRC);
	for (int round = 0; round < 2; round++) {
		ob = begin(f, REC_POINTER, T0 + S(round), false);
		for (int i = round; i < N + round; i++) {
			struct pointer p = pointing(arena_format(&a, "p%06d", i), "1");

			ok(f, observe_put(ob, &p, &f->e));
		}
		ok(f, observe_end(ob, true, &f->e));
		arena_reset(&a);
	}
	assert_int_equal(
		number(f, "SELECT count(*) FROM pointer WHERE seen_to IS NULL"), N);
	assert_int_equal(number(f, "SELECT count(*) FROM pointer"), N + 1);
	assert_true(touched(f, TOUCH_RECORD) > 3);
	arena_release(&a);
}

FIXTURE_TEST(sessions_and_spans_come_this_way_too)
{
	struct session s = {.source = SRC,
		.id = "s1",
		.started = T0,
		.ended = NONE_INT,
		.traces = NONE_INT,
		.spans = NONE_INT,
		.errors = NONE_INT,
		.input_tokens = NONE_INT,
		.output_tokens = NONE_INT,
		.cost_usd = NAN};
	struct observe *ob;
	struct session got;
	struct observed_list list;

	add_source(f, SRC);
	ob = begin(f, REC_SESSION, T0, false);
	ok(f, observe_put(ob, &s, &f->e));
	ok(f, observe_end(ob, true, &f->e));
	ob = begin(f, REC_SESSION, T0 + S(1), false);
	ok(f, observe_end(ob, true, &f->e));
	ok(f, session_find(&got, &f->a, f->st, "s1", &f->e));
	assert_true(got.started == T0 && got.spans == NONE_INT && isnan(got.cost_usd));
	fails(f,
		observed_at(
			&list, &f->a, f->st, REC_SESSION, NULL, NULL, AT_NOW, 9, &f->e),
		ERR_INPUT, "not kept over time", NULL);
}

FIXTURE_TEST(a_read_that_takes_too_long_ends)
{
	struct observed_list list;
	struct observe *ob;
	struct arena a;

	arena_init(&a);
	add_source(f, SRC);
	ob = begin(f, REC_POINTER, T0, false);
	for (int i = 0; i < 20000; i++) {
		struct pointer p = pointing(arena_format(&a, "p%06d", i), "1");

		ok(f, observe_put(ob, &p, &f->e));
	}
	ok(f, observe_end(ob, true, &f->e));
	store_read_limit(f->st, 1);
	/* The clock stands still: no limit is reached. */
	ok(f,
		observed_at(
			&list, &a, f->st, REC_POINTER, SRC, NULL, AT_NOW, 20000, &f->e));
	assert_int_equal(list.n, 20000);
	clock_real();
	if (observed_at(&list, &a, f->st, REC_POINTER, SRC, NULL, T0, 20000, &f->e) < 0) {
		assert_int_equal(f->e.code, ERR_LIMIT);
		assert_int_equal(f->e.retry, RETRY_NOW);
	} else {
		assert_true(list.n == 20000 || list.more);
	}
	arena_release(&a);
}

/* clang-format off */
/* More than is kept in memory is written as it comes; a round that breaks off does no harm. */
FIXTURE_TEST(writes_early_what_is_much)
{
	struct observed_list list;
	char *note = mem_new(4001, 1);

	memset(note, 'x', 4000);
	add_source(f, SRC);
	for (int round = 0; round < 2; round++) {
		struct observe *ob = begin(f, REC_MODEL_VERSION, T0 + round, true);

		for (int i = 0; i < 2500; i++) {
			char version[16];
			struct model_version *v = record_new(&f->a, REC_MODEL_VERSION);

			(void)snprintf(version, sizeof(version), "%04d", i);
			v->source = SRC;
			v->model = "ranker";
			v->version = version;
			v->note = note;
			ok(f, observe_put(ob, v, &f->e));
		}
		ok(f,
			observed_at(&list, &f->a, f->st, REC_MODEL_VERSION, SRC, NULL,
				AT_NOW, 5000, &f->e));
		if (round == 0) {
			assert_in_range(list.n, 1000, 2499);
			observe_abort(ob);
		} else {
			ok(f, observe_end(ob, true, &f->e));
		}
	}
	ok(f,
		observed_at(&list, &f->a, f->st, REC_MODEL_VERSION, SRC, NULL, AT_NOW, 5000,
			&f->e));
	assert_int_equal(list.n, 2500);
	free(note);
}

UNIT_TESTS(
	cmocka_unit_test(intervals_and_time_travel),
	cmocka_unit_test(an_unchanged_round_writes_nothing),
	cmocka_unit_test(what_an_incomplete_round_did_not_see_stays),
	cmocka_unit_test(what_is_given_up_leaves_nothing),
	cmocka_unit_test(twice_at_one_time),
	cmocka_unit_test(quiet_fields_move_in_place),
	cmocka_unit_test(unknown_is_not_zero_nor_empty),
	cmocka_unit_test(lists_by_source_and_prefix),
	cmocka_unit_test(another_generation_ends_it),
	cmocka_unit_test(keys_must_be_there_and_sources_right),
	cmocka_unit_test(rounds_in_one_transaction),
	cmocka_unit_test(a_large_round_comes_in_slices),
	cmocka_unit_test(sessions_and_spans_come_this_way_too),
	cmocka_unit_test(a_read_that_takes_too_long_ends),
	cmocka_unit_test(writes_early_what_is_much))
