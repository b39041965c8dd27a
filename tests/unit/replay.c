#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "model/record.h"
#include "trace/findings.h"
#include "trace/replay.h"
#include "trace/story.h"

#define T0 (INT64_C(1700000000) * NS_PER_S)

static const struct price rows[] = {{"gpt-5", 1, 10, NAN, NAN}};
static const struct price_table prices = {rows, 1};

/* Times in s after T0. */
static struct span make(
	const char *id, const char *parent, const char *kind, int64_t from, int64_t to)
{
	return (struct span){
		.trace = "t1",
		.id = id,
		.parent = parent,
		.kind = kind,
		.name = id,
		.started = T0 + from * NS_PER_S,
		.ended = T0 + to * NS_PER_S,
		.input_tokens = NONE_INT,
		.output_tokens = NONE_INT,
		.cached_tokens = NONE_INT,
		.reasoning_tokens = NONE_INT,
		.cost_usd = NAN,
	};
}

/* An agent that asks, uses a tool that fails, waits a minute, asks again, hands over. */
static size_t session(struct span s[6])
{
	s[0] = make("root", NULL, "agent", 0, 100);
	s[0].agent = "planner";
	s[0].input_tokens = 300;
	s[0].output_tokens = 30;
	s[1] = make("ask1", "root", "llm", 1, 3);
	s[1].model = "gpt-5";
	s[1].input_tokens = 100;
	s[1].output_tokens = 10;
	s[2] = make("use", "root", "tool", 3, 4);
	s[2].tool = "get_weather";
	s[2].status = "error";
	s[2].error = "no such city\nTraceback";
	s[3] = make("ask2", "root", "llm", 64, 66);
	s[3].model = "gpt-5";
	s[3].input_tokens = 200;
	s[3].output_tokens = 20;
	s[4] = make("transfer_to_weather", "root", "handoff", 66, 67);
	s[4].output = "{\"to\": \"Weather Agent\"}";
	s[5] = make("guard", "root", "guardrail", 66, 67);
	return 6;
}

static void steps_and_totals(void **state)
{
	struct span s[6];
	struct tree t;
	struct replay r;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, s, session(s), &prices);
	replay_init(&r, &t, &prices);
	assert_int_equal(r.step, 0);
	assert_int_equal(r.so_far.input, 0);
	assert_true(replay_step(&r, 1));
	assert_int_equal(r.so_far.input, 100);
	assert_int_equal(r.so_far.output, 10);
	/* 100 at 1 and 10 at 10 dollars a million. */
	assert_int_equal(r.so_far.cost_pusd, 200 * INT64_C(1000000));
	assert_int_equal(replay_elapsed(&r), 1 * NS_PER_S);
	assert_true(replay_to(&r, 99));
	assert_int_equal(r.step, 5);
	assert_int_equal(r.so_far.input, t.total.input);
	assert_int_equal(r.so_far.cost_pusd, t.total.cost_pusd);
	assert_int_equal(r.errors, 1);
	assert_false(replay_step(&r, 1));
	assert_true(replay_step(&r, -4));
	assert_int_equal(r.step, 1);
	assert_int_equal(r.so_far.input, 100);
	assert_int_equal(r.so_far.cost_pusd, 200 * INT64_C(1000000));
	assert_int_equal(r.errors, 0);
	assert_true(replay_step(&r, -10));
	assert_false(replay_step(&r, -1));
	assert_int_equal(r.so_far.cost_pusd, 0);
	assert_string_equal(tree_span(&t, replay_node(&r))->id, "root");
	arena_release(&a);
}

static void jumps_and_search(void **state)
{
	struct span s[6];
	struct tree t;
	struct replay r;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, s, session(s), NULL);
	replay_init(&r, &t, NULL);
	assert_true(replay_jump(&r, SEEK_ERROR, 1));
	assert_int_equal(r.step, 2);
	assert_false(replay_jump(&r, SEEK_ERROR, 1));
	assert_true(replay_jump(&r, SEEK_LLM, 1));
	assert_int_equal(r.step, 3);
	assert_true(replay_jump(&r, SEEK_LLM, -1));
	assert_int_equal(r.step, 1);
	assert_true(replay_jump(&r, SEEK_HANDOFF, 1));
	assert_true(replay_jump(&r, SEEK_TOOL, -1));
	assert_int_equal(r.step, 2);
	assert_true(replay_jump(&r, SEEK_AGENT, -1));
	assert_int_equal(r.step, 0);
	assert_false(replay_jump(&r, SEEK_NONE, 1));
	assert_true(replay_find(&r, "weather agent", 1));
	assert_string_equal(tree_span(&t, replay_node(&r))->id, "transfer_to_weather");
	assert_true(replay_find(&r, "GET_WEATHER", -1));
	assert_false(replay_find(&r, "nothing of the kind", 1));
	assert_int_equal(r.step, 2);
	arena_release(&a);
}

static void playing_cuts_the_waits(void **state)
{
	struct span s[6];
	struct tree t;
	struct replay r;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, s, session(s), NULL);
	replay_init(&r, &t, NULL);
	assert_false(replay_tick(&r, NS_PER_S));
	assert_int_equal(replay_due(&r), INT64_MAX);
	replay_play(&r, true);
	assert_int_equal(replay_due(&r), NS_PER_S);
	assert_false(replay_tick(&r, NS_PER_S / 2));
	assert_int_equal(replay_elapsed(&r), NS_PER_S / 2);
	assert_int_equal(replay_due(&r), NS_PER_S / 2);
	assert_true(replay_tick(&r, NS_PER_S / 2));
	assert_int_equal(r.step, 1);
	replay_speed(&r, 4);
	assert_int_equal(replay_due(&r), NS_PER_S / 2);
	assert_true(replay_tick(&r, NS_PER_S / 2));
	/* A minute of silence lasts two seconds, at 4x half of one. */
	assert_int_equal(r.step, 2);
	assert_int_equal(replay_due(&r), NS_PER_S / 2);
	/* Two steps start together at the end: both are passed, and it stops. */
	replay_speed(&r, 1000);
	assert_true(r.speed == 50);
	assert_true(replay_tick(&r, 100 * NS_PER_S));
	assert_int_equal(r.step, 5);
	assert_false(r.playing);
	replay_play(&r, true);
	assert_false(r.playing);
	replay_speed(&r, NAN);
	assert_true(r.speed == 1);
	/* A jump forgets what was waited. */
	replay_to(&r, 0);
	replay_play(&r, true);
	replay_tick(&r, NS_PER_S / 2);
	replay_to(&r, 1);
	assert_int_equal(replay_elapsed(&r), NS_PER_S);
	assert_true(replay_tick(&r, INT64_MAX));
	assert_int_equal(r.step, 5);
	arena_release(&a);
}

static void an_empty_session(void **state)
{
	struct tree t;
	struct replay r;
	struct arena a;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, NULL, 0, NULL);
	replay_init(&r, &t, NULL);
	assert_false(replay_step(&r, 1));
	assert_false(replay_step(&r, -1));
	assert_false(replay_jump(&r, SEEK_LLM, -1));
	assert_false(replay_find(&r, "x", 1));
	replay_play(&r, true);
	assert_false(replay_tick(&r, 1));
	assert_int_equal(replay_elapsed(&r), 0);
	assert_int_equal(replay_node(&r), 0);
	arena_release(&a);
}

static void one_line_for_each_step(void **state)
{
	static const char *const wanted[] = {
		"the session called agent planner",
		"planner asked gpt-5: 100 tokens in, 10 out",
		"planner used get_weather, which failed: no such city",
		"planner asked gpt-5: 200 tokens in, 20 out",
		"planner handed over to weather",
		"planner was checked by guard",
	};
	struct span s[6];
	struct tree t;
	struct arena a;
	struct strbuf line = STRBUF_INIT;

	(void)state;
	arena_init(&a);
	tree_build(&t, &a, s, session(s), NULL);
	for (size_t i = 0; i < t.n; i++) {
		strbuf_reset(&line);
		story_line(&line, &t, t.order[i]);
		assert_string_equal(line.buf, wanted[i]);
	}
	/* Without agents the root acts. */
	s[0].agent = NULL;
	s[0].kind = "other";
	s[0].name = "POST /chat";
	s[1].output_tokens = NONE_INT;
	tree_build(&t, &a, s, 2, NULL);
	strbuf_reset(&line);
	story_line(&line, &t, 1);
	assert_string_equal(line.buf, "POST /chat asked gpt-5: 100 tokens in");
	strbuf_release(&line);
	arena_release(&a);
}

static void findings_worst_first(void **state)
{
	struct span s[6];
	struct tree t;
	struct findings f;
	struct arena a;

	(void)state;
	arena_init(&a);
	session(s);
	s[1].parent = "lost";
	s[4].ended = NONE_INT;
	s[0].input_tokens = 5000;
	tree_build(&t, &a, s, 6, NULL);
	findings_of(&f, &a, &t, 100);
	assert_int_equal(f.n, 5);
	assert_string_equal(f.items[0].kind, "error");
	assert_string_equal(f.items[0].span, "use");
	assert_non_null(strstr(f.items[0].detail, "no such city"));
	assert_string_equal(f.items[1].kind, "more-tokens");
	assert_null(f.items[1].span);
	assert_string_equal(f.items[2].kind, "orphan");
	assert_string_equal(f.items[3].kind, "open");
	assert_string_equal(f.items[4].kind, "unpriced");
	assert_non_null(strstr(f.items[4].detail, "2 calls"));
	findings_of(&f, &a, &t, 1);
	assert_int_equal(f.n, 1);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(steps_and_totals), cmocka_unit_test(jumps_and_search),
	cmocka_unit_test(playing_cuts_the_waits), cmocka_unit_test(an_empty_session),
	cmocka_unit_test(one_line_for_each_step), cmocka_unit_test(findings_worst_first))
