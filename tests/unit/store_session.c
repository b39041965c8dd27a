#include "tests/unit/unit.h"
#include "tests/unit/store.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>

#include "model/record.h"
#include "store/payload.h"
#include "store/sessions.h"

static struct session *session(struct fixture *f, const char *id, int64_t started)
{
	struct session *s = record_new(&f->a, REC_SESSION);

	s->source = "lf";
	s->id = id;
	s->started = started;
	return s;
}

static struct span *span(
	struct fixture *f, const char *trace, const char *id, int64_t started)
{
	struct span *s = record_new(&f->a, REC_SPAN);

	s->source = "lf";
	s->trace = trace;
	s->id = id;
	s->started = started;
	return s;
}

static int64_t touched(struct fixture *f)
{
	int64_t n[TOUCHES];

	ok(f, store_touched(f->st, n, &f->e));
	return n[TOUCH_SESSION];
}

static struct session_query everything(size_t limit)
{
	return (struct session_query){
		.to = AT_NOW, .limit = limit, .after = {.at = AT_NOW}};
}

FIXTURE_TEST(unknown_keeps_what_is_known)
{
	struct session *s = session(f, "s1", T0), got;

	s->agent = "checkout-agent";
	s->errors = 2;
	s->cost_usd = 0.5;
	ok(f, session_put(f->st, s, &f->e));
	s = session(f, "s1", NONE_INT);
	s->errors = 0;
	s->user = "u7";
	ok(f, session_put(f->st, s, &f->e));
	ok(f, session_find(&got, &f->a, f->st, "s1", &f->e));
	assert_string_equal(got.agent, "checkout-agent");
	assert_string_equal(got.user, "u7");
	assert_int_equal(got.errors, 0);
	assert_true(got.started == T0 && got.ended == NONE_INT);
	assert_true(got.cost_usd == 0.5 && got.spans == NONE_INT);
	assert_int_equal(touched(f), 2);
	ok(f, session_put(f->st, s, &f->e));
	assert_int_equal(touched(f), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM session"), 1);
}

FIXTURE_TEST(a_start_unknown_sorts_by_when_we_heard)
{
	struct session_list list;
	struct session_query q = everything(9);

	ok(f, session_put(f->st, session(f, "known", T0 - S(10)), &f->e));
	ok(f, session_put(f->st, session(f, "unknown", NONE_INT), &f->e));
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_string_equal(list.items[0].id, "unknown");
	ok(f, session_put(f->st, session(f, "unknown", T0 - S(20)), &f->e));
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[1].id, "unknown");
}

/* 100 sessions, ten of each second: no page skips or repeats one. */
FIXTURE_TEST(pages_follow_each_other_through_ties)
{
	struct session_query q = everything(7);
	struct session_list list;
	bool seen[100] = {false};
	int n = 0;

	for (int i = 0; i < 100; i++)
		ok(f,
			session_put(f->st,
				session(f, arena_format(&f->a, "s%02d", i),
					T0 + S(i / 10)),
				&f->e));
	do {
		ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
		for (size_t i = 0; i < list.n; i++, n++) {
			int id = atoi(list.items[i].id + 1);

			assert_false(seen[id]);
			seen[id] = true;
			assert_true(list.items[i].started == T0 + S((99 - n) / 10));
		}
		q.after = list.next;
	} while (list.more);
	assert_int_equal(n, 100);
}

FIXTURE_TEST(lists_are_filtered)
{
	struct session_query q = everything(50);
	struct session_list list;

	for (int i = 0; i < 20; i++) {
		struct session *s =
			session(f, arena_format(&f->a, "s%02d", i), T0 + S(i));

		s->agent = i % 2 ? "odd" : "even";
		s->errors = i % 5 == 0;
		s->tags = i == 7 ? "[\"Canary\"]" : "[]";
		s->source = i == 19 ? "other" : "lf";
		s->user = i == 3 ? "ann@example.org" : NULL;
		ok(f, session_put(f->st, s, &f->e));
	}
	q.agent = "odd";
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 10);
	q.failed_only = true;
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[0].id, "s15");
	assert_string_equal(list.items[1].id, "s05");
	q.agent = NULL;
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 4);
	q = everything(50);
	q.source = "other";
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 1);
	q = everything(50);
	q.text = "canary";
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 1);
	q.text = "ANN@";
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 1);
	q.text = "s1";
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 10);
	q = everything(50);
	q.from = T0 + S(5);
	q.to = T0 + S(7);
	ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 3);
	assert_false(list.more);
}

/* Nothing passes the filter: a page ends when its time is over, and the next goes on from there. */
FIXTURE_TEST(a_search_goes_on_where_time_ended_it)
{
	struct session_query q = everything(5);
	struct session_list list;
	int pages = 0;

	ok(f, store_begin(f->st, &f->e));
	for (int i = 0; i < 3000; i++)
		ok(f,
			session_put(f->st,
				session(f, arena_format(&f->a, "s%04d", i), T0 + S(i)),
				&f->e));
	ok(f, store_commit(f->st, &f->e));
	q.text = "s0002";
	clock_real();
	f->st->seen.read_limit_ms = 1;
	do {
		ok(f, session_list(&list, &f->a, f->st, &q, &f->e));
		q.after = list.next;
		assert_true(++pages < 3000);
	} while (list.more && !list.n);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.items[0].id, "s0002");
}

FIXTURE_TEST(ids_may_be_prefixes)
{
	struct session got;

	ok(f, session_put(f->st, session(f, "abc", T0), &f->e));
	ok(f, session_put(f->st, session(f, "abcd", T0), &f->e));
	ok(f, session_put(f->st, session(f, "xyz", T0), &f->e));
	ok(f, session_find(&got, &f->a, f->st, "abc", &f->e));
	assert_string_equal(got.id, "abc");
	ok(f, session_find(&got, &f->a, f->st, "x", &f->e));
	assert_string_equal(got.id, "xyz");
	fails(f, session_find(&got, &f->a, f->st, "ab", &f->e), ERR_CONFLICT,
		"more than one", "more of its id");
	fails(f, session_find(&got, &f->a, f->st, "q", &f->e), ERR_NOT_FOUND,
		"no session 'q'", NULL);
	fails(f, session_find(&got, &f->a, f->st, "", &f->e), ERR_NOT_FOUND,
		"no session ''", NULL);
}

FIXTURE_TEST(sums_over_a_window)
{
	struct session_stats got;

	for (int i = 0; i < 10; i++) {
		struct session *s = session(f, arena_format(&f->a, "s%d", i), T0 + S(i));

		s->errors = i % 3 == 0 ? 1 : NONE_INT;
		s->cost_usd = i == 5 ? NAN : 0.25;
		ok(f, session_put(f->st, s, &f->e));
	}
	ok(f, session_stats(&got, f->st, T0 + S(1), T0 + S(8), &f->e));
	assert_int_equal(got.count, 8);
	assert_int_equal(got.failed, 2);
	assert_true(got.cost_usd == 7 * 0.25);
	ok(f, session_stats(&got, f->st, T0 + S(100), AT_NOW, &f->e));
	assert_int_equal(got.count, 0);
	assert_true(got.cost_usd == 0);
}

/* --- spans --- */

FIXTURE_TEST(payloads_come_back_as_they_were)
{
	struct span *s = span(f, "t1", "a", T0), got;
	struct span_list list;
	char *large = mem_format("%0*d\xe4\xbd\xa0", 300000, 7);

	s->input = large;
	s->output = "";
	s->input_tokens = 12;
	s->model = "m";
	s->scope = "lib";
	ok(f, span_put(f->st, s, &f->e));
	ok(f, span_find(&got, &f->a, f->st, "lf", "t1", "a", &f->e));
	assert_string_equal(got.input, large);
	assert_string_equal(got.output, "");
	assert_null(got.attributes);
	assert_int_equal(got.input_tokens, 12);
	assert_true(got.output_tokens == NONE_INT && isnan(got.cost_usd));
	assert_string_equal(got.scope, "lib");
	assert_true(number(f, "SELECT length(body) FROM span_payload") < 3000);
	/* The list goes without. */
	ok(f, span_list(&list, &f->a, f->st, "lf", "t1", 9, &f->e));
	assert_int_equal(list.n, 1);
	assert_null(list.items[0].input);
	assert_string_equal(list.items[0].model, "m");
	fails(f, span_find(&got, &f->a, f->st, "lf", "t1", "b", &f->e), ERR_NOT_FOUND,
		"no span 'b'", NULL);
	free(large);
}

FIXTURE_TEST(spans_are_completed_bit_by_bit)
{
	struct span *s = span(f, "t1", "a", T0), got;

	s->input = "question";
	ok(f, span_put(f->st, s, &f->e));
	s = span(f, "t1", "a", NONE_INT);
	s->output = "answer";
	s->attributes = "{\"k\":1}";
	s->ended = T0 + S(1);
	ok(f, span_put(f->st, s, &f->e));
	assert_int_equal(touched(f), 2);
	ok(f, span_put(f->st, s, &f->e));
	assert_int_equal(touched(f), 2);
	ok(f, span_put(f->st, span(f, "t1", "a", T0), &f->e));
	assert_int_equal(touched(f), 2);
	ok(f, span_find(&got, &f->a, f->st, "lf", "t1", "a", &f->e));
	assert_string_equal(got.input, "question");
	assert_string_equal(got.output, "answer");
	assert_string_equal(got.attributes, "{\"k\":1}");
	assert_true(got.started == T0 && got.ended == T0 + S(1));
	assert_int_equal(number(f, "SELECT count(*) FROM span"), 1);
}

FIXTURE_TEST(a_span_without_payload_has_no_row_for_it)
{
	struct span got;

	ok(f, span_put(f->st, span(f, "t", "a", T0), &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM span_payload"), 0);
	ok(f, span_find(&got, &f->a, f->st, "lf", "t", "a", &f->e));
	assert_null(got.input);
	assert_null(got.output);
	assert_null(got.attributes);
}

FIXTURE_TEST(spans_of_a_session_over_its_traces)
{
	struct span_list list;

	for (int i = 0; i < 10; i++) {
		struct span *s = span(f, i % 2 ? "t1" : "t2",
			arena_format(&f->a, "i%d", i), T0 + S(10 - i));

		s->session = i == 9 ? NULL : "s1";
		ok(f, span_put(f->st, s, &f->e));
	}
	ok(f, span_list(&list, &f->a, f->st, "lf", "s1", 99, &f->e));
	assert_int_equal(list.n, 9);
	for (size_t i = 1; i < list.n; i++)
		assert_true(list.items[i - 1].started <= list.items[i].started);
	/* Without a session the trace is one of its own. */
	ok(f, span_list(&list, &f->a, f->st, "lf", "t1", 99, &f->e));
	assert_int_equal(list.n, 1);
	ok(f, span_list(&list, &f->a, f->st, "other", "s1", 99, &f->e));
	assert_int_equal(list.n, 0);
	ok(f, span_list(&list, &f->a, f->st, "lf", "s1", 4, &f->e));
	assert_int_equal(list.n, 4);
	assert_true(list.more);
	fails(f, span_put(f->st, span(f, NULL, "x", T0), &f->e), ERR_INPUT,
		"without source, trace", NULL);
}

/* --- the packing itself --- */

static void packing(void **state)
{
	static const char *const cases[][PAYLOAD_TEXTS] = {{NULL, NULL, NULL},
		{"", "", ""}, {"a", NULL, "{}"}, {NULL, "long long ago", NULL}};
	struct payload *p = payload_new();
	struct strbuf packed = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got[PAYLOAD_TEXTS];

		strbuf_reset(&packed);
		assert_int_equal(payload_pack(&packed, p, cases[i], &e), 0);
		assert_int_equal(
			payload_unpack(got, &a, p, packed.buf, packed.len, &e), 0);
		for (int k = 0; k < PAYLOAD_TEXTS; k++) {
			assert_int_equal(!got[k], !cases[i][k]);
			if (got[k])
				assert_string_equal(got[k], cases[i][k]);
		}
	}
	strbuf_release(&packed);
	arena_release(&a);
	payload_free(p);
}

/* Every way of cutting it short or turning a bit is refused or gives texts, and never more. */
static void damaged_packing(void **state)
{
	const char *const texts[PAYLOAD_TEXTS] = {"input input input", "output", NULL};
	const char *got[PAYLOAD_TEXTS];
	struct payload *p = payload_new();
	struct strbuf packed = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(payload_pack(&packed, p, texts, &e), 0);
	for (size_t n = 0; n < packed.len; n++) {
		assert_int_equal(payload_unpack(got, &a, p, packed.buf, n, &e), -1);
		assert_int_equal(e.code, ERR_STORE);
	}
	for (size_t bit = 0; bit < 8 * packed.len; bit++) {
		packed.buf[bit / 8] ^= (char)(1 << bit % 8);
		(void)LLVMFuzzerTestOneInput((const uint8_t *)packed.buf, packed.len);
		packed.buf[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_int_equal(payload_unpack(got, &a, p, packed.buf, packed.len, &e), 0);
	err_release(&e);
	strbuf_release(&packed);
	arena_release(&a);
	payload_free(p);
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(unknown_keeps_what_is_known),
	cmocka_unit_test(a_start_unknown_sorts_by_when_we_heard),
	cmocka_unit_test(pages_follow_each_other_through_ties),
	cmocka_unit_test(lists_are_filtered),
	cmocka_unit_test(a_search_goes_on_where_time_ended_it),
	cmocka_unit_test(ids_may_be_prefixes),
	cmocka_unit_test(sums_over_a_window),
	cmocka_unit_test(payloads_come_back_as_they_were),
	cmocka_unit_test(spans_are_completed_bit_by_bit),
	cmocka_unit_test(a_span_without_payload_has_no_row_for_it),
	cmocka_unit_test(spans_of_a_session_over_its_traces),
	cmocka_unit_test(packing),
	cmocka_unit_test(damaged_packing))
