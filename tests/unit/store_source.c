#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <signal.h>

#include "store/source.h"

#define EVERY S(15)

static struct poll_outcome outcome(
	const struct source_row *row, int64_t at, enum source_state state)
{
	bool good = state == SRC_OK || state == SRC_PARTIAL;

	return (struct poll_outcome){.source_id = row->id,
		.generation = row->generation,
		.at = at,
		.latency_ns = 5 * NS_PER_MS,
		.bytes = 100,
		.records = good ? 3 : 0,
		.next_poll = at + EVERY,
		.state = state,
		.error = good ? NULL : "cannot reach it",
		.version = good ? "2.45" : NULL};
}

static struct source_row row_of(struct fixture *f, const char *name)
{
	struct source_row row;

	ok(f, source_find(&row, &f->a, f->st, name, &f->e));
	return row;
}

static struct source_row row_at(struct fixture *f, int64_t at)
{
	struct source_rows rows;

	ok(f, source_list(&rows, &f->a, f->st, at, &f->e));
	assert_int_equal(rows.n, 1);
	return rows.items[0];
}

FIXTURE_TEST(outcomes_go_into_the_row)
{
	struct source_row row;
	struct poll_outcome o;

	add_source(f, "prom");
	row = row_of(f, "prom");
	assert_int_equal(row.state, SRC_NEVER);
	assert_true(row.polled == NONE_INT && row.succeeded == NONE_INT);
	assert_true(source_is_stale(&row, T0));
	o = outcome(&row, T0, SRC_OK);
	ok(f, source_outcomes(f->st, &o, 1, &f->e));
	o = outcome(&row, T0 + S(15), SRC_FAILING);
	ok(f, source_outcomes(f->st, &o, 1, &f->e));
	o = outcome(&row, T0 + S(30), SRC_AUTH);
	ok(f, source_outcomes(f->st, &o, 1, &f->e));
	row = row_of(f, "prom");
	assert_int_equal(row.state, SRC_AUTH);
	assert_true(row.polled == T0 + S(30) && row.succeeded == T0);
	assert_true(row.failing_since == T0 + S(15));
	assert_int_equal(row.polls, 3);
	assert_int_equal(row.failures, 2);
	assert_string_equal(row.error, "cannot reach it");
	assert_string_equal(row.version, "2.45");
	assert_true(row.heartbeat == T0 + S(30) && row.next_poll == T0 + S(45));
	assert_false(source_is_stale(&row, T0 + S(45)));
	assert_true(source_is_stale(&row, T0 + S(45) + 1));
	o = outcome(&row, T0 + S(45), SRC_PARTIAL);
	ok(f, source_outcomes(f->st, &o, 1, &f->e));
	row = row_of(f, "prom");
	assert_true(row.failing_since == NONE_INT && row.succeeded == T0 + S(45));
	assert_null(row.error);
	fails(f, source_find(&row, &f->a, f->st, "nobody", &f->e), ERR_NOT_FOUND,
		"'nobody'", NULL);
}

FIXTURE_TEST(an_old_generation_is_left_out)
{
	struct poll_outcome o[2];
	struct source_row a, b;

	add_source(f, "a");
	add_source(f, "b");
	a = row_of(f, "a");
	b = row_of(f, "b");
	o[0] = outcome(&a, T0, SRC_OK);
	o[1] = outcome(&b, T0, SRC_OK);
	sql(f, "UPDATE source SET generation = 5 WHERE name = 'a'");
	ok(f, source_outcomes(f->st, o, 2, &f->e));
	assert_int_equal(row_of(f, "a").polls, 0);
	assert_int_equal(row_of(f, "b").polls, 1);
	fails(f, source_check(f->st, a.id, a.generation, &f->e), ERR_CONFLICT,
		"taken over", NULL);
	ok(f, source_check(f->st, b.id, b.generation, &f->e));
}

/*
 * Good at 0, 15, … 300; failing at 315 … 360; good at 375 and then silence.  Then one looks at
 * moments of it.
 */
FIXTURE_TEST(the_past_shows_the_ages_it_showed_then)
{
	struct source_row row, then;

	add_source(f, "prom");
	row = row_of(f, "prom");
	for (int t = 0; t <= 375; t += 15) {
		struct poll_outcome o = outcome(
			&row, T0 + S(t), t > 300 && t < 375 ? SRC_FAILING : SRC_OK);

		ok(f, source_outcomes(f->st, &o, 1, &f->e));
	}
	assert_int_equal(number(f, "SELECT count(*) FROM source_health"), 3);
	then = row_at(f, T0 + S(100));
	assert_int_equal(then.state, SRC_OK);
	assert_true(then.polled == T0 + S(90) && then.succeeded == T0 + S(90));
	assert_null(then.error);
	then = row_at(f, T0 + S(300));
	assert_true(then.succeeded == T0 + S(300));
	then = row_at(f, T0 + S(340));
	assert_int_equal(then.state, SRC_FAILING);
	assert_true(then.polled == T0 + S(330) && then.succeeded == T0 + S(300));
	assert_true(then.failing_since == T0 + S(315));
	assert_string_equal(then.error, "cannot reach it");
	assert_false(source_is_stale(&then, T0 + S(345)));
	assert_true(source_is_stale(&then, T0 + S(346)));
	then = row_at(f, T0 + S(1000));
	assert_int_equal(then.state, SRC_OK);
	assert_true(then.polled == T0 + S(375));
	assert_true(source_is_stale(&then, T0 + S(1000)));
	then = row_at(f, T0);
	assert_true(then.polled == T0);
	sql(f, "UPDATE source SET added = added - 100");
	then = row_at(f, T0 - 1);
	assert_int_equal(then.state, SRC_NEVER);
	assert_true(then.polled == NONE_INT);
}

FIXTURE_TEST(a_gap_begins_a_new_stretch)
{
	struct source_row row;
	struct poll_outcome o;

	add_source(f, "prom");
	row = row_of(f, "prom");
	o = outcome(&row, T0, SRC_OK);
	ok(f, source_outcomes(f->st, &o, 1, &f->e));
	o = outcome(&row, T0 + S(45), SRC_OK);
	ok(f, source_outcomes(f->st, &o, 1, &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM source_health"), 1);
	o = outcome(&row, T0 + S(91), SRC_OK);
	ok(f, source_outcomes(f->st, &o, 1, &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM source_health"), 2);
	/* In the gap the age grows. */
	assert_true(row_at(f, T0 + S(90)).succeeded == T0 + S(45));
}

/* --- from the configuration --- */

static int sync_as(struct fixture *f, const char *url, const char **names, size_t n)
{
	struct source_conf sources[] = {
		{.name = "prom", .type = "prometheus", .url = url, .every_ns = EVERY},
		{.name = "am",
			.type = "alertmanager",
			.url = "http://am",
			.every_ns = EVERY},
		{.name = "other",
			.type = "mlflow",
			.url = "http://ml",
			.every_ns = EVERY},
	};
	struct context_conf contexts[] = {
		{.name = "prod", .sources = {.items = names, .n = n}},
	};
	struct config c = {.contexts = contexts,
		.n_contexts = 1,
		.sources = sources,
		.n_sources = ARRAY_LEN(sources)};

	return source_sync(f->st, &c, "prod", &f->e);
}

FIXTURE_TEST(rows_follow_the_configuration)
{
	const char *names[] = {"prom", "am"};
	int64_t before[TOUCHES], after[TOUCHES];
	struct source_rows rows;

	ok(f,
		sync_as(f, "https://ann:secret@prom.internal:9090/x?token=abc#y", names,
			2));
	ok(f, source_list(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.items[0].name, "am");
	assert_string_equal(rows.items[1].name, "prom");
	assert_string_equal(rows.items[1].url, "https://prom.internal:9090/x");
	assert_string_equal(rows.items[1].context, "prod");
	ok(f, store_touched(f->st, before, &f->e));
	ok(f, sync_as(f, "https://ann:other@prom.internal:9090/x", names, 2));
	ok(f, store_touched(f->st, after, &f->e));
	assert_true(before[TOUCH_SOURCE] == after[TOUCH_SOURCE]);
	clock_advance(S(100));
	ok(f, sync_as(f, "https://prom.internal", names, 1));
	ok(f, source_list(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 1);
	ok(f, source_list(&rows, &f->a, f->st, T0 + S(50), &f->e));
	assert_int_equal(rows.n, 2);
	ok(f, sync_as(f, "https://prom.internal", names, 2));
	ok(f, source_list(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 2);
}

FIXTURE_TEST(urls_are_for_people)
{
	static const struct {
		const char *url, *shown;
	} urls[] = {
		{"http://h", "http://h"},
		{"http://u:p@h/a@b", "http://h/a@b"},
		{"http://u@d:p@h:1", "http://h:1"},
		{"http://h/a?x=@", "http://h/a"},
		{"http://u:p@h?k=v", "http://h"},
		{"h:9090/p", "h:9090/p"},
		{"", ""},
	};
	const char *names[] = {"prom"};

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		ok(f, sync_as(f, urls[i].url, names, 1));
		assert_string_equal(row_of(f, "prom").url, urls[i].shown);
	}
}

/* --- locks --- */

FIXTURE_TEST(one_collector_for_each_source)
{
	struct store *other;
	struct source_row a, b;
	int64_t generation;

	add_source(f, "a");
	add_source(f, "b");
	a = row_of(f, "a");
	b = row_of(f, "b");
	ok(f, store_open(&other, f->dir, STORE_WRITE, &f->e));
	assert_int_equal(source_lock(f->st, a.id, &generation, &f->e), 1);
	assert_int_equal(generation, 2);
	assert_int_equal(source_lock(other, a.id, &generation, &f->e), 0);
	assert_int_equal(source_lock(other, b.id, &generation, &f->e), 1);
	a = row_of(f, "a");
	assert_int_equal(a.generation, 2);
	assert_int_equal(a.holder_pid, getpid());
	assert_non_null(a.holder_user);
	ok(f, source_check(f->st, a.id, 2, &f->e));
	source_unlock(f->st, a.id);
	assert_int_equal(source_lock(other, a.id, &generation, &f->e), 1);
	assert_int_equal(generation, 3);
	fails(f, source_check(f->st, a.id, 2, &f->e), ERR_CONFLICT, "taken over", NULL);
	store_free(other);
	assert_int_equal(source_lock(f->st, a.id, &generation, &f->e), 1);
	assert_int_equal(generation, 4);
	fails(f, source_lock(f->st, 4711, &generation, &f->e), ERR_NOT_FOUND,
		"no source 4711", NULL);
}

/* The kernel frees it at death, whatever the clock says. */
FIXTURE_TEST(death_frees_the_lock)
{
	struct source_row a;
	int64_t generation;
	int ready[2];
	pid_t pid;
	char c;

	add_source(f, "a");
	a = row_of(f, "a");
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct err e = ERR_INIT;
		struct store *st;

		if (store_open(&st, f->dir, STORE_WRITE, &e) < 0 ||
			source_lock(st, a.id, &generation, &e) != 1 ||
			store_present(st, &e) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(source_lock(f->st, a.id, &generation, &f->e), 0);
	assert_true(store_has_present(f->st));
	assert_int_equal(kill(pid, SIGKILL), 0);
	wait_for(pid);
	assert_int_equal(source_lock(f->st, a.id, &generation, &f->e), 1);
	assert_int_equal(generation, 3);
	assert_false(store_has_present(f->st));
	close(ready[0]);
	close(ready[1]);
}

FIXTURE_TEST(presence_is_shared)
{
	struct store *a, *b;

	ok(f, store_open(&a, f->dir, STORE_WRITE, &f->e));
	ok(f, store_open(&b, f->dir, STORE_WRITE, &f->e));
	assert_false(store_has_present(f->st));
	ok(f, store_present(a, &f->e));
	ok(f, store_present(b, &f->e));
	assert_true(store_has_present(f->st));
	store_free(a);
	assert_true(store_has_present(f->st));
	store_free(b);
	assert_false(store_has_present(f->st));
}

/* --- wants --- */

FIXTURE_TEST(wants_are_asked_once_and_answered)
{
	int64_t a, b, c;
	struct want *open, w;
	size_t n;

	ok(f, want_ask(f->st, "lf", "session", "s1", "ann", T0, T0 + S(10), &a, &f->e));
	ok(f,
		want_ask(f->st, "lf", "session", "s1", "bob", T0 + S(1), T0 + S(20), &b,
			&f->e));
	assert_int_equal(a, b);
	ok(f,
		want_ask(f->st, "lf", "refresh", NULL, "bob", T0 + S(2), T0 + S(12), &c,
			&f->e));
	assert_int_not_equal(a, c);
	ok(f,
		want_ask(f->st, "lf", "refresh", NULL, "bob", T0 + S(2), T0 + S(12), &b,
			&f->e));
	assert_int_equal(b, c);
	ok(f, want_open(&open, &n, &f->a, f->st, T0 + S(3), &f->e));
	assert_int_equal(n, 2);
	assert_string_equal(open[0].object, "s1");
	assert_string_equal(open[0].who, "ann");
	assert_true(open[0].deadline == T0 + S(20));
	assert_null(open[1].object);
	ok(f, want_answer(f->st, a, WANT_WORKING, NULL, T0 + S(4), &f->e));
	ok(f, want_find(&w, &f->a, f->st, a, &f->e));
	assert_true(w.state == WANT_WORKING && w.answered == NONE_INT);
	ok(f, want_answer(f->st, a, WANT_FAILED, "it is gone", T0 + S(5), &f->e));
	ok(f, want_answer(f->st, a, WANT_DONE, NULL, T0 + S(6), &f->e));
	ok(f, want_find(&w, &f->a, f->st, a, &f->e));
	assert_true(w.state == WANT_FAILED && w.answered == T0 + S(5));
	assert_string_equal(w.error, "it is gone");
	ok(f,
		want_ask(f->st, "lf", "session", "s1", "ann", T0 + S(7), T0 + S(30), &b,
			&f->e));
	assert_int_not_equal(a, b);
	fails(f, want_find(&w, &f->a, f->st, 999, &f->e), ERR_NOT_FOUND, "999", NULL);
}

FIXTURE_TEST(nobody_answers)
{
	int64_t a, b;
	struct want *open, w;
	size_t n;

	ok(f, want_ask(f->st, "lf", "refresh", NULL, "ann", T0, T0 + S(10), &a, &f->e));
	ok(f, want_open(&open, &n, &f->a, f->st, T0 + S(10), &f->e));
	assert_int_equal(n, 0);
	ok(f,
		want_ask(f->st, "lf", "refresh", NULL, "ann", T0 + S(11), T0 + S(20), &b,
			&f->e));
	assert_int_not_equal(a, b);
	ok(f, want_find(&w, &f->a, f->st, a, &f->e));
	assert_int_equal(w.state, WANT_FAILED);
	assert_string_equal(w.error, "no collector answered in time");
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(outcomes_go_into_the_row),
	cmocka_unit_test(an_old_generation_is_left_out),
	cmocka_unit_test(the_past_shows_the_ages_it_showed_then),
	cmocka_unit_test(a_gap_begins_a_new_stretch),
	cmocka_unit_test(rows_follow_the_configuration),
	cmocka_unit_test(urls_are_for_people),
	cmocka_unit_test(one_collector_for_each_source),
	cmocka_unit_test(death_frees_the_lock),
	cmocka_unit_test(presence_is_shared),
	cmocka_unit_test(wants_are_asked_once_and_answered),
	cmocka_unit_test(nobody_answers))
