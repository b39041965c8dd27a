#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <math.h>

#include "model/registry.h"
#include "store/observe.h"
#include "store/series.h"
#include "store/sessions.h"
#include "store/source.h"

#define SRC "s"
#define DAY NS_PER_DAY
#define KEEP (14 * DAY)
#define NOW (T0 + 30 * DAY)
#define HORIZON (NOW - KEEP)

static int trim_all(struct fixture *f, int64_t max_bytes)
{
	bool more = true;
	int slices = 0;

	while (more) {
		ok(f, store_trim(f->st, KEEP, max_bytes, NOW, &more, &f->e));
		assert_true(++slices < 20000);
	}
	return slices;
}

static void point(struct fixture *f, const char *name, const char *version, int64_t at)
{
	struct pointer p = {.source = SRC,
		.model = "m",
		.name = name,
		.version = version,
		.observed = NONE_INT};
	struct observe *ob;

	ok(f, observe_begin(&ob, f->st, SRC, 1, REC_POINTER, at, false, &f->e));
	ok(f, observe_put(ob, &p, &f->e));
	ok(f, observe_end(ob, false, &f->e));
}

/* Versions 1 … 5 from days 0, 10, 15, 17, 25: the horizon is day 16, so 1 and 2 go and 3 stays. */
FIXTURE_TEST(what_was_valid_at_the_horizon_stays)
{
	static const int days[] = {0, 10, 15, 17, 25};
	struct observed_list list;

	add_source(f, SRC);
	for (size_t i = 0; i < ARRAY_LEN(days); i++)
		point(f, "prod", arena_format(&f->a, "%zu", i + 1), T0 + days[i] * DAY);
	trim_all(f, 0);
	ok(f,
		observed_history(
			&list, &f->a, f->st, REC_POINTER, SRC, "m/prod", 99, &f->e));
	assert_int_equal(list.n, 3);
	assert_true(list.items[2].since == T0 + 15 * DAY);
	ok(f,
		observed_at(
			&list, &f->a, f->st, REC_POINTER, SRC, NULL, HORIZON, 9, &f->e));
	assert_int_equal(list.n, 1);
	assert_string_equal(((const struct pointer *)list.items[0].record)->version, "3");
	assert_int_equal(number(f, "SELECT count(*) FROM change"), 2);
	/* What still is so stays however old it is. */
	point(f, "old", "9", T0);
	trim_all(f, 0);
	ok(f, observed_at(&list, &f->a, f->st, REC_POINTER, SRC, NULL, AT_NOW, 9, &f->e));
	assert_int_equal(list.n, 2);
}

FIXTURE_TEST(samples_by_their_own_age)
{
	struct samples got;
	int64_t a, b, dead;

	ok(f, series_id(&a, f->st, SRC, "a", "{}", &f->e));
	ok(f, series_id(&b, f->st, SRC, "b", "{}", &f->e));
	ok(f, series_id(&dead, f->st, SRC, "dead", "{}", &f->e));
	ok(f, series_keep(f->st, b, 28 * DAY, &f->e));
	for (int d = 0; d <= 30; d++) {
		/* Not at the horizon itself: then the one before it is what held. */
		int64_t at = T0 + d * DAY - NS_PER_HOUR;

		ok(f, series_add(f->st, a, at, d, &f->e));
		ok(f, series_add(f->st, b, at, d, &f->e));
		if (d < 10)
			ok(f, series_add(f->st, dead, at, d, &f->e));
	}
	trim_all(f, 0);
	ok(f, series_read(&got, &f->a, f->st, a, 0, AT_NOW, false, 99, &f->e));
	assert_int_equal(got.n, 15);
	assert_true(got.items[0].value == 16);
	ok(f, series_read(&got, &f->a, f->st, b, 0, AT_NOW, false, 99, &f->e));
	assert_int_equal(got.n, 29);
	assert_true(got.items[0].value == 2);
	assert_int_equal(number(f, "SELECT count(*) FROM series"), 2);
}

static void put_session(
	struct fixture *f, const char *id, int64_t at, int spans, size_t bytes)
{
	struct session *s = record_new(&f->a, REC_SESSION);
	char *input = mem_new(bytes + 1, 1);

	/* Not compressible. */
	for (size_t i = 0; i < bytes; i++)
		input[i] = (char)(33 + (i * 2654435761u ^ (i * i * 40503u >> 3)) % 90);
	for (int i = 0; i < spans; i++) {
		struct span *p = record_new(&f->a, REC_SPAN);

		p->source = SRC;
		p->trace = id;
		p->id = arena_format(&f->a, "%d", i);
		p->started = at + i;
		p->input = bytes ? input : NULL;
		ok(f, span_put(f->st, p, &f->e));
	}
	free(input);
	s->source = SRC;
	s->id = id;
	s->started = at;
	ok(f, session_put(f->st, s, &f->e));
}

FIXTURE_TEST(sessions_go_with_all_they_have)
{
	struct span *orphan = record_new(&f->a, REC_SPAN);
	struct session got;

	put_session(f, "old", T0, 1200, 50);
	put_session(f, "pinned", T0, 3, 50);
	put_session(f, "new", NOW - DAY, 2, 50);
	orphan->source = SRC;
	orphan->trace = "nobody";
	orphan->id = "x";
	orphan->started = T0;
	orphan->output = "y";
	ok(f, span_put(f->st, orphan, &f->e));
	ok(f, store_pin(f->st, REC_SESSION, SRC, "pinned", "inc1", &f->e));
	trim_all(f, 0);
	fails(f, session_find(&got, &f->a, f->st, "old", &f->e), ERR_NOT_FOUND, "old",
		NULL);
	ok(f, session_find(&got, &f->a, f->st, "pinned", &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM span"), 5);
	assert_int_equal(number(f, "SELECT count(*) FROM span_payload"), 5);
	ok(f, store_unpin(f->st, "inc1", &f->e));
	trim_all(f, 0);
	assert_int_equal(number(f, "SELECT count(*) FROM span"), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM session"), 1);
}

FIXTURE_TEST(pinned_records_stay)
{
	add_source(f, SRC);
	for (int i = 0; i < 5; i++) {
		point(f, "a", arena_format(&f->a, "%d", i), T0 + S(i));
		point(f, "b", arena_format(&f->a, "%d", i), T0 + S(i));
	}
	ok(f, store_pin(f->st, REC_POINTER, SRC, "m/a", "inc1", &f->e));
	ok(f, store_pin(f->st, REC_POINTER, SRC, "m/a", "inc1", &f->e));
	ok(f, store_pin(f->st, REC_POINTER, SRC, "m/a", "inc2", &f->e));
	trim_all(f, 0);
	assert_int_equal(number(f, "SELECT count(*) FROM pointer WHERE key = 'm/a'"), 5);
	assert_int_equal(number(f, "SELECT count(*) FROM pointer WHERE key = 'm/b'"), 1);
	assert_int_equal(
		number(f, "SELECT count(*) FROM change WHERE object = 'm/a'"), 5);
	assert_int_equal(
		number(f, "SELECT count(*) FROM change WHERE object = 'm/b'"), 0);
	ok(f, store_unpin(f->st, "inc1", &f->e));
	trim_all(f, 0);
	assert_int_equal(number(f, "SELECT count(*) FROM pointer WHERE key = 'm/a'"), 5);
	ok(f, store_unpin(f->st, "inc2", &f->e));
	trim_all(f, 0);
	assert_int_equal(number(f, "SELECT count(*) FROM pointer"), 2);
}

FIXTURE_TEST(health_and_wants_go)
{
	struct source_row row;
	struct source_rows rows;
	struct want *open;
	int64_t id;
	size_t n;

	add_source(f, SRC);
	ok(f, source_find(&row, &f->a, f->st, SRC, &f->e));
	for (int d = 0; d <= 20; d += 4) {
		struct poll_outcome o = {.source_id = row.id,
			.generation = 1,
			.at = T0 + d * DAY,
			.state = SRC_OK};

		ok(f, source_outcomes(f->st, &o, 1, &f->e));
	}
	ok(f, want_ask(f->st, SRC, "refresh", NULL, "ann", T0, T0 + S(9), &id, &f->e));
	trim_all(f, 0);
	/* The horizon is day 16: that and day 20 are left. */
	assert_int_equal(number(f, "SELECT count(*) FROM source_health"), 2);
	ok(f, source_list(&rows, &f->a, f->st, HORIZON + S(5), &f->e));
	assert_true(rows.items[0].polled == T0 + 16 * DAY);
	ok(f, want_open(&open, &n, &f->a, f->st, T0, &f->e));
	assert_int_equal(n, 0);
	assert_int_equal(number(f, "SELECT count(*) FROM want"), 0);
}

/* --- states of SLOs --- */

static void record_state(struct fixture *f, int64_t at, enum severity severity)
{
	struct slo_state s = {.service = "c",
		.name = "a",
		.at = at,
		.objective = 0.99,
		.window_ns = DAY,
		.n_windows = 1,
		.windows_ns = {NS_PER_HOUR},
		.burn = {1},
		.window_events = {NAN},
		.events = NAN,
		.budget_left = 1,
		.severity = severity,
		.onset = NONE_INT,
		.exhausted_in_s = NAN};

	ok(f, slo_record(f->st, &s, &f->e));
}

/*
 * Four states a minute in the last 3 days: one in ten minutes is left of the third day (144), one a
 * minute of what is over 6 hours (42 h: 2520), all of the rest (6 h: 1440).  A page of one minute in
 * the third day keeps its edges.
 */
FIXTURE_TEST(older_states_are_thinned)
{
	const int64_t begin = NOW - 3 * DAY, page = begin + 603 * NS_PER_MIN;
	int64_t n;
	bool more;

	ok(f, store_begin(f->st, &f->e));
	for (int64_t at = begin; at < NOW; at += S(15))
		record_state(f, at, at >= page && at < page + S(60) ? SEV_PAGE : SEV_OK);
	ok(f, store_commit(f->st, &f->e));
	trim_all(f, 0);
	n = number(f, "SELECT count(*) FROM slo_state");
	/* The edges: the last before, the first and last of the page, the first after. */
	assert_int_equal(n, 144 + 2520 + 1440 + 4);
	assert_int_equal(
		number(f, "SELECT count(*) FROM slo_state WHERE severity = 'page'"), 2);
	/* Once more changes nothing; often does not keep more. */
	trim_all(f, 0);
	assert_int_equal(number(f, "SELECT count(*) FROM slo_state"), n);
	for (int64_t later = NOW; later < NOW + NS_PER_HOUR; later += S(15)) {
		more = true;
		while (more)
			ok(f, store_trim(f->st, KEEP, 0, later, &more, &f->e));
	}
	n = number(f,
		"SELECT count(*) FROM slo_state WHERE at < (SELECT max(at) FROM "
		"slo_state)"
		" - 6 * 3600000000000 + 3600000000000");
	assert_in_range(n, 6 + 144 + 2520 - 2, 6 + 144 + 2520 + 60 + 4 + 2);
}

FIXTURE_TEST(states_and_definitions_go_by_age)
{
	struct slo a = {.service = "c", .name = "a", .objective = 0.9, .window_ns = DAY};
	struct slo_rows rows;

	ok(f, slo_define(f->st, &a, T0, &f->e));
	a.objective = 0.99;
	ok(f, slo_define(f->st, &a, T0 + DAY, &f->e));
	for (int d = 0; d < 30; d += 3)
		record_state(f, T0 + d * DAY, SEV_OK);
	trim_all(f, 0);
	/* Day 16: 15 was valid then, and 18 … 27 follow. */
	assert_int_equal(number(f, "SELECT count(*) FROM slo_state"), 5);
	assert_int_equal(number(f, "SELECT count(*) FROM slo"), 1);
	ok(f, slo_rows(&rows, &f->a, f->st, HORIZON, &f->e));
	assert_int_equal(rows.n, 1);
	assert_true(rows.items[0].state.at == T0 + 15 * DAY);
}

/* --- the size --- */

static int64_t setting(struct fixture *f, const char *key)
{
	char *value = store_get(f->st, key);
	int64_t out = value ? strtoll(value, NULL, 10) : NONE_INT;

	free(value);
	return out;
}

static int64_t used(struct fixture *f)
{
	return (number(f, "PRAGMA page_count") - number(f, "PRAGMA freelist_count")) *
		4096;
}

/* 10 days, within their age: first the samples go from the far end on, then the sessions. */
FIXTURE_TEST(over_the_size_the_oldest_goes_first)
{
	const int64_t begin = NOW - 10 * DAY;
	int64_t id, before, samples;
	struct session got;

	ok(f, store_begin(f->st, &f->e));
	ok(f, series_id(&id, f->st, SRC, "a", "{}", &f->e));
	ok(f, series_keep(f->st, id, 30 * DAY, &f->e));
	for (int i = 0; i < 40000; i++)
		ok(f, series_add(f->st, id, begin + i * (10 * DAY / 40000), i, &f->e));
	for (int i = 0; i < 40; i++)
		put_session(f, arena_format(&f->a, "s%02d", i),
			begin + i * (10 * DAY / 40), 10, 4000);
	ok(f, store_pin(f->st, REC_SESSION, SRC, "s00", "inc", &f->e));
	ok(f, store_commit(f->st, &f->e));
	before = used(f);
	trim_all(f, before + 1);
	assert_int_equal(number(f, "SELECT count(*) FROM sample"), 40000);
	assert_true(setting(f, TRIM_SINCE) == NONE_INT);

	trim_all(f, before - 300000);
	samples = number(f, "SELECT count(*) FROM sample");
	assert_true(samples < 40000 && samples > 1000);
	assert_int_equal(number(f, "SELECT count(*) FROM session"), 40);
	assert_true(setting(f, TRIM_SINCE) > begin && setting(f, TRIM_SINCE) < NOW);
	assert_true(used(f) <= before - 300000);

	trim_all(f, 1000000);
	assert_true(used(f) <= 1000000);
	assert_true(setting(f, TRIM_OVER) == NONE_INT);
	/* The pinned one is the oldest and is there; the newest too. */
	ok(f, session_find(&got, &f->a, f->st, "s00", &f->e));
	ok(f, session_find(&got, &f->a, f->st, "s39", &f->e));
	fails(f, session_find(&got, &f->a, f->st, "s01", &f->e), ERR_NOT_FOUND, "s01",
		NULL);
	assert_int_equal(number(f, "SELECT count(*) FROM span WHERE trace = 's00'"), 10);

	/* Less than what may not go: it says so, ends, and takes the rest of what may. */
	trim_all(f, 1000);
	assert_true(setting(f, TRIM_OVER) > 1000);
	ok(f, session_find(&got, &f->a, f->st, "s00", &f->e));
	trim_all(f, 1 << 30);
	assert_true(setting(f, TRIM_OVER) == NONE_INT);
	assert_true(setting(f, TRIM_SINCE) != NONE_INT);
	/* Three weeks later nothing of that is missing any more. */
	{
		bool more = true;

		while (more)
			ok(f,
				store_trim(f->st, KEEP, 1 << 30, NOW + 21 * DAY, &more,
					&f->e));
	}
	assert_true(setting(f, TRIM_SINCE) == NONE_INT);
}

FIXTURE_TEST(the_file_becomes_smaller)
{
	int64_t before, after;

	for (int i = 0; i < 60; i++)
		put_session(f, arena_format(&f->a, "s%02d", i), T0 + S(i), 5, 20000);
	fixture_again(f);
	before = store_bytes(f->st);
	assert_true(trim_all(f, 0) > 1);
	assert_true(store_bytes(f->st) < before / 2 + (5 << 20));
	fixture_again(f);
	after = store_bytes(f->st);
	assert_true(before > 4 << 20);
	assert_true(after < before / 2);
	assert_int_equal(number(f, "SELECT count(*) FROM span_payload"), 0);
}

/* A reader in the middle of its list sees it through, whatever is trimmed meanwhile. */
FIXTURE_TEST(readers_are_not_disturbed)
{
	struct session_query q = {.to = AT_NOW, .limit = 1000, .after = {.at = AT_NOW}};
	struct store *reader;
	struct session_list list;
	struct err e = ERR_INIT;

	for (int i = 0; i < 50; i++)
		put_session(f, arena_format(&f->a, "s%02d", i), T0 + S(i), 2, 100);
	ok(f, store_open(&reader, f->dir, STORE_READ, &f->e));
	assert_int_equal(db_exec(&reader->seen, "BEGIN", &e), 0);
	ok(f, session_list(&list, &f->a, reader, &q, &f->e));
	assert_int_equal(list.n, 50);
	trim_all(f, 0);
	assert_int_equal(number(f, "SELECT count(*) FROM session"), 0);
	ok(f, session_list(&list, &f->a, reader, &q, &f->e));
	assert_int_equal(list.n, 50);
	assert_int_equal(db_exec(&reader->seen, "COMMIT", &e), 0);
	ok(f, session_list(&list, &f->a, reader, &q, &f->e));
	assert_int_equal(list.n, 0);
	store_free(reader);
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(what_was_valid_at_the_horizon_stays),
	cmocka_unit_test(samples_by_their_own_age),
	cmocka_unit_test(sessions_go_with_all_they_have),
	cmocka_unit_test(pinned_records_stay),
	cmocka_unit_test(health_and_wants_go),
	cmocka_unit_test(older_states_are_thinned),
	cmocka_unit_test(states_and_definitions_go_by_age),
	cmocka_unit_test(over_the_size_the_oldest_goes_first),
	cmocka_unit_test(the_file_becomes_smaller),
	cmocka_unit_test(readers_are_not_disturbed))
