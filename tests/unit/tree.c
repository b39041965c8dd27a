#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "model/record.h"
#include "trace/tree.h"

#define T0 (INT64_C(1700000000) * NS_PER_S)

/* One span in ms after T0; to 0: never ended. */
static struct span make(
	const char *id, const char *parent, const char *kind, int64_t from, int64_t to)
{
	return (struct span){
		.source = "test",
		.trace = "t1",
		.id = id,
		.parent = parent,
		.kind = kind,
		.name = id,
		.started = T0 + from * NS_PER_MS,
		.ended = to ? T0 + to * NS_PER_MS : NONE_INT,
		.input_tokens = NONE_INT,
		.output_tokens = NONE_INT,
		.cached_tokens = NONE_INT,
		.reasoning_tokens = NONE_INT,
		.cost_usd = NAN,
		.first_token_ns = NONE_INT,
	};
}

/* "a(b(c)d)e": the ids in pre-order with their children in brackets. */
static void shape(char *out, size_t room, const struct tree *t)
{
	uint32_t depth = 1;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		for (; depth < t->nodes[i].depth && n + 2 < room; depth++)
			out[n++] = '(';
		for (; depth > t->nodes[i].depth && n + 2 < room; depth--)
			out[n++] = ')';
		n += (size_t)snprintf(out + n, room - n, "%s", tree_span(t, i)->id);
	}
	for (; depth > 1 && n + 2 < room; depth--)
		out[n++] = ')';
	out[n] = '\0';
}

static void assert_shape(const struct tree *t, const char *wanted)
{
	char got[256];

	shape(got, sizeof(got), t);
	assert_string_equal(got, wanted);
}

static unsigned flags_of(const struct tree *t, const char *id)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(tree_span(t, i)->id, id) == 0)
			return t->nodes[i].flags;
	}
	fail_msg("no %s", id);
	return 0;
}

static void unordered_spans_find_their_place(void **state)
{
	struct span spans[] = {
		make("d", "a", "tool", 30, 40),
		make("c", "b", "llm", 5, 9),
		make("b", "a", "other", 5, 20),
		make("a", NULL, "agent", 0, 50),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, spans, 4, NULL);
	assert_shape(&t, "a(b(c)d)");
	assert_int_equal(t.roots, 1);
	assert_int_equal(t.max_depth, 3);
	assert_int_equal(t.traces, 1);
	assert_int_equal(t.kinds[SPAN_LLM], 1);
	assert_int_equal(t.kinds[SPAN_OTHER], 1);
	assert_int_equal(t.started, T0);
	assert_int_equal(t.ended, T0 + 50 * NS_PER_MS);
	/* b and c start together: the tree decides. */
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(t.order[i], i);
		assert_int_equal(t.step[i], i);
	}
	assert_int_equal(tree_first_child(&t, 0), 1);
	assert_int_equal(tree_next_sibling(&t, 1), 3);
	assert_int_equal(tree_next_sibling(&t, 3), NODE_NONE);
	assert_int_equal(tree_first_child(&t, 3), NODE_NONE);
	arena_release(&a);
}

static void order_is_by_time(void **state)
{
	struct span spans[] = {
		make("a", NULL, "agent", 0, 90),
		make("b", "a", "agent", 10, 80),
		make("c", "b", "llm", 50, 60),
		make("d", "a", "tool", 20, 30),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, spans, 4, NULL);
	assert_shape(&t, "a(b(c)d)");
	assert_string_equal(tree_span(&t, t.order[2])->id, "d");
	assert_string_equal(tree_span(&t, t.order[3])->id, "c");
	assert_int_equal(t.step[2], 3);
	arena_release(&a);
}

static void lost_parents_and_words_for_none(void **state)
{
	struct span spans[] = {
		make("a", "", "agent", 0, 10),
		make("b", "gone", "llm", 3, 4),
		make("c", "gone", "llm", 1, 2),
		make("d", "0000000000000000", "llm", 5, 6),
		make("e", "e", "llm", 7, 8),
		make("f", "undefined", "llm", 9, 10),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, spans, 6, NULL);
	assert_shape(&t, "acbdef");
	assert_int_equal(t.roots, 6);
	assert_int_equal(t.orphans, 2);
	assert_int_equal(flags_of(&t, "b"), NODE_ORPHAN);
	assert_int_equal(flags_of(&t, "e"), 0);
	arena_release(&a);
}

static void parents_are_of_the_same_trace(void **state)
{
	struct span spans[] = {
		make("a", NULL, "agent", 0, 10), make("b", "a", "llm", 1, 2)};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	spans[1].trace = "t2";
	tree_build(&t, &a, spans, 2, NULL);
	assert_int_equal(t.traces, 2);
	assert_int_equal(t.orphans, 1);
	arena_release(&a);
}

static void cycles_are_cut_at_their_earliest(void **state)
{
	struct span spans[] = {
		make("a", NULL, "agent", 0, 90),
		make("x", "z", "llm", 20, 30),
		make("y", "x", "llm", 10, 30),
		make("z", "y", "llm", 30, 40),
		make("w", "y", "tool", 5, 6),
		make("p", "q", "llm", 50, 60),
		make("q", "p", "llm", 50, 60),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, spans, 7, NULL);
	assert_shape(&t, "ay(wz(x))p(q)");
	assert_int_equal(t.cycles, 2);
	assert_int_equal(flags_of(&t, "y"), NODE_CYCLE);
	assert_int_equal(flags_of(&t, "p"), NODE_CYCLE);
	assert_int_equal(flags_of(&t, "w"), NODE_SKEWED);
	arena_release(&a);
}

/* Every start into every cycle length: nothing is lost and nothing hangs. */
static void cycles_of_any_length(void **state)
{
	struct span spans[12];
	char ids[12][4];
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t length = 2; length <= 10; length++) {
		for (size_t shift = 0; shift < length; shift++) {
			struct tree t;

			for (size_t i = 0; i < 12; i++)
				snprintf(ids[i], sizeof(ids[i]), "s%zx", i);
			for (size_t i = 0; i < 12; i++) {
				size_t up =
					i < length ? (i + 1) % length : (i * 7) % length;

				spans[i] = make(ids[i], ids[up], "other",
					(int64_t)((i + shift) % length) + 1, 90);
			}
			tree_build(&t, &a, spans, 12, NULL);
			assert_int_equal(t.n, 12);
			assert_int_equal(t.roots, 1);
			assert_int_equal(t.cycles, 1);
			assert_int_equal(t.nodes[0].size, 12);
			arena_reset(&a);
		}
	}
	arena_release(&a);
}

static void repeats_and_collisions_stay(void **state)
{
	struct span spans[] = {
		make("a", NULL, "agent", 0, 0),
		make("a", NULL, "agent", 0, 50),
		make("b", "a", "llm", 10, 20),
		make("b", "a", "llm", 10, 20),
		make("b", "a", "tool", 5000, 5001),
		make("c", "b", "other", 11, 12),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	spans[2].input_tokens = spans[3].input_tokens = 7;
	spans[4].name = "something else";
	tree_build(&t, &a, spans, 6, NULL);
	assert_int_equal(t.n, 6);
	assert_int_equal(t.repeats, 2);
	assert_int_equal(t.kinds[SPAN_AGENT], 1);
	assert_int_equal(t.kinds[SPAN_LLM], 1);
	assert_int_equal(t.kinds[SPAN_TOOL], 1);
	/* The record that ended is the one the children hang on. */
	assert_int_equal(t.total.input, 7);
	assert_int_equal(t.open, 0);
	for (size_t i = 0; i < t.n; i++) {
		if (t.nodes[i].span == 0)
			assert_int_equal(t.nodes[i].flags, NODE_REPEAT | NODE_OPEN);
		if (t.nodes[i].span == 4)
			assert_int_equal(t.nodes[i].flags, NODE_COLLISION);
		if (t.nodes[i].span == 1)
			assert_int_equal(t.nodes[i].size, 5);
	}
	arena_release(&a);
}

static void spans_without_ids_are_kept(void **state)
{
	struct span spans[] = {make("a", NULL, "agent", 0, 9),
		make(NULL, "a", NULL, 1, 2), make("", "a", "llm", 3, 4)};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	spans[1].trace = NULL;
	tree_build(&t, &a, spans, 3, NULL);
	assert_int_equal(t.n, 3);
	assert_int_equal(t.repeats, 0);
	assert_int_equal(t.kinds[SPAN_OTHER], 1);
	tree_build(&t, &a, NULL, 0, NULL);
	assert_int_equal(t.n, 0);
	assert_int_equal(t.started, NONE_INT);
	assert_int_equal(t.total.input, NONE_INT);
	arena_release(&a);
}

static void odd_times_are_marked(void **state)
{
	struct span spans[] = {
		make("a", NULL, "agent", 10, 60),
		make("b", "a", "llm", 5, 20),
		make("c", "a", "llm", 30, 25),
		make("d", "a", "tool", 40, 0),
		make("e", "d", "other", 41, 55),
		make("f", NULL, "other", 0, 0),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	spans[5].started = NONE_INT;
	tree_build(&t, &a, spans, 6, NULL);
	assert_int_equal(flags_of(&t, "b"), NODE_SKEWED);
	assert_int_equal(flags_of(&t, "c"), NODE_BACKWARDS);
	assert_int_equal(flags_of(&t, "d"), NODE_OPEN);
	assert_int_equal(t.open, 2);
	assert_int_equal(t.started, T0 + 5 * NS_PER_MS);
	assert_int_equal(t.ended, T0 + 60 * NS_PER_MS);
	for (size_t i = 0; i < t.n; i++) {
		if (strcmp(tree_span(&t, i)->id, "d") == 0)
			assert_int_equal(tree_end(&t, i), T0 + 55 * NS_PER_MS);
		if (strcmp(tree_span(&t, i)->id, "f") == 0)
			assert_int_equal(tree_end(&t, i), t.ended);
	}
	arena_release(&a);
}

/* Tokens given to a span. */
static struct span with(struct span s, int64_t in, int64_t out, double cost)
{
	s.input_tokens = in;
	s.output_tokens = out;
	s.cost_usd = cost;
	return s;
}

static void parents_do_not_count_their_children_again(void **state)
{
	struct span spans[] = {
		with(make("a", NULL, "agent", 0, 90), 300, 30, 0.5),
		with(make("b", "a", "llm", 10, 20), 100, 10, NAN),
		with(make("c", "a", "llm", 30, 40), 110, 12, NAN),
		with(make("d", "c", "llm", 31, 39), 90, 9, NAN),
		make("e", "a", "tool", 50, 60),
	};
	struct tree t;
	struct usage sum = {0, 0, 0};
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, spans, 5, NULL);
	assert_int_equal(t.total.input, 190);
	assert_int_equal(t.total.output, 19);
	assert_int_equal(t.high.input, 300);
	/* Only the agent has the money. */
	assert_int_equal(t.total.cost_pusd, PUSD_PER_USD / 2);
	assert_int_equal(flags_of(&t, "a"), NODE_AGGREGATE);
	assert_int_equal(flags_of(&t, "c"), NODE_AGGREGATE);
	assert_int_equal(flags_of(&t, "b"), NODE_UNPRICED);
	assert_int_equal(t.usage[4].input, NONE_INT);
	assert_int_equal(t.unpriced, 2);
	for (size_t i = 0; i < t.n; i++) {
		struct usage own = tree_own(&t, i, NULL);

		sum.input += own.input == NONE_INT ? 0 : own.input;
		sum.cost_pusd += own.cost_pusd == NONE_INT ? 0 : own.cost_pusd;
	}
	assert_int_equal(sum.input, 190);
	assert_int_equal(sum.cost_pusd, PUSD_PER_USD / 2);
	arena_release(&a);
}

static void an_aggregate_alone_is_what_there_is(void **state)
{
	struct span spans[] = {
		with(make("a", NULL, "agent", 0, 90), 300, 30, 0.25),
		make("b", "a", "tool", 10, 20),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, spans, 2, NULL);
	assert_int_equal(t.total.input, 300);
	assert_int_equal(t.total.cost_pusd, PUSD_PER_USD / 4);
	assert_int_equal(flags_of(&t, "a"), 0);
	arena_release(&a);
}

static void two_reports_of_one_call(void **state)
{
	struct span spans[] = {
		make("a", NULL, "agent", 0, 900),
		with(make("b", "a", "llm", 10, 200), NONE_INT, NONE_INT, NAN),
		with(make("c", "a", "llm", 12, 190), 100, 10, NAN),
		with(make("d", "a", "llm", 300, 400), 100, 10, NAN),
		with(make("e", "a", "llm", 300, 400), 100, 10, NAN),
		with(make("f", "a", "llm", 500, 600), 50, 5, NAN),
		with(make("g", "a", "llm", 700, 800), 50, 5, NAN),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 1; i < ARRAY_LEN(spans); i++) {
		spans[i].model = i % 2 ? "openai/gpt-5-mini" : "gpt-5-mini-2025-08-07";
		spans[i].scope = i % 2 ? "langchain" : "openai";
	}
	/* d and e ran side by side under one library: two calls. */
	spans[3].scope = spans[4].scope = "openai";
	/* f and g have the same response id, whatever their times. */
	spans[5].call = spans[6].call = "resp_1";
	spans[6].started = spans[5].started;
	tree_build(&t, &a, spans, ARRAY_LEN(spans), NULL);
	assert_int_equal(t.same_calls, 2);
	assert_int_equal(flags_of(&t, "b"), NODE_SAME_CALL);
	assert_int_equal(t.kinds[SPAN_LLM], 6);
	assert_int_equal(t.total.input, 350);
	arena_release(&a);
}

static void a_wrapper_is_no_second_report(void **state)
{
	struct span spans[] = {
		with(make("a", NULL, "llm", 0, 100), 100, 10, NAN),
		with(make("b", "a", "llm", 1, 99), 90, 9, NAN),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	spans[0].model = spans[1].model = "m";
	spans[0].scope = "x";
	spans[1].scope = "y";
	tree_build(&t, &a, spans, 2, NULL);
	assert_int_equal(t.same_calls, 0);
	assert_int_equal(t.total.input, 90);
	assert_int_equal(t.high.input, 100);
	arena_release(&a);
}

static void depth_has_no_limit(void **state)
{
	size_t n = 100000;
	struct span *spans = mem_new(n, sizeof(*spans));
	char(*ids)[12] = mem_new(n, sizeof(*ids));
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < n; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%zx", i + 1);
		spans[i] =
			make(ids[i], i ? ids[i - 1] : NULL, "other", (int64_t)i, 200000);
	}
	tree_build(&t, &a, spans, n, NULL);
	assert_int_equal(t.max_depth, n);
	assert_int_equal(t.nodes[0].size, n);
	assert_null(tree_agent(&t, n - 1));
	spans[0].agent = "planner";
	assert_string_equal(tree_agent(&t, n - 1), "planner");
	/* 20 a node, 24 its usage, 8 its place in time. */
	assert_true(a.bytes <= 64 * (n + 1));
	arena_release(&a);
	free(spans);
	free(ids);
}

static void extreme_times_and_counts_overflow_nothing(void **state)
{
	struct span spans[] = {
		with(make("a", NULL, "llm", 0, 0), INT64_MAX, INT64_MAX, 1e300),
		with(make("b", NULL, "llm", 0, 0), INT64_MAX, 1, NAN),
		with(make("b", NULL, "llm", 0, 0), -5, 1, NAN),
		with(make("c", "b", "llm", 0, 0), 1, 1, NAN),
	};
	struct tree t;
	struct arena a;

	(void)state;
	arena_init(&a);
	spans[0].started = INT64_MIN;
	spans[0].ended = INT64_MAX;
	spans[1].started = INT64_MAX;
	spans[1].ended = INT64_MAX;
	spans[2].started = INT64_MIN + 1;
	spans[2].ended = 5;
	tree_build(&t, &a, spans, 4, NULL);
	assert_int_equal(t.n, 4);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(unordered_spans_find_their_place),
	cmocka_unit_test(order_is_by_time),
	cmocka_unit_test(lost_parents_and_words_for_none),
	cmocka_unit_test(parents_are_of_the_same_trace),
	cmocka_unit_test(cycles_are_cut_at_their_earliest),
	cmocka_unit_test(cycles_of_any_length),
	cmocka_unit_test(repeats_and_collisions_stay),
	cmocka_unit_test(spans_without_ids_are_kept),
	cmocka_unit_test(odd_times_are_marked),
	cmocka_unit_test(parents_do_not_count_their_children_again),
	cmocka_unit_test(an_aggregate_alone_is_what_there_is),
	cmocka_unit_test(two_reports_of_one_call),
	cmocka_unit_test(a_wrapper_is_no_second_report),
	cmocka_unit_test(depth_has_no_limit),
	cmocka_unit_test(extreme_times_and_counts_overflow_nothing))
