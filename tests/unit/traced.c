#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <math.h>

#include "store/sessions.h"
#include "store/traced.h"

static void put_session(struct fixture *f, const char *id, int64_t at, int64_t errors,
	double cost, int64_t took)
{
	struct session s = {.source = "lf",
		.id = id,
		.agent = "shop",
		.started = at,
		.ended = took < 0 ? NONE_INT : at + took,
		.traces = 1,
		.spans = 1,
		.errors = errors,
		.input_tokens = NONE_INT,
		.output_tokens = NONE_INT,
		.cost_usd = cost};

	ok(f, session_put(f->st, &s, &f->e));
}

static struct span span_of(
	const char *trace, const char *id, const char *kind, int64_t at)
{
	return (struct span){.source = "lf",
		.trace = trace,
		.id = id,
		.kind = kind,
		.status = "ok",
		.started = at,
		.ended = at,
		.input_tokens = NONE_INT,
		.output_tokens = NONE_INT,
		.cached_tokens = NONE_INT,
		.reasoning_tokens = NONE_INT,
		.first_token_ns = NONE_INT,
		.cost_usd = NAN,
		.score = NAN};
}

/* total and bad over one window of an hour that ends at T0 + 1 h. */
static void counts(struct fixture *f, const struct trace_sli *sli, const char *agent,
	double total, double bad)
{
	double all = 0, failed = 0;
	struct traced_counts c = {&all, &failed, 1, T0, NS_PER_HOUR};

	ok(f, traced_count(&c, f->st, "lf", agent, sli, &f->e));
	if (all != total || failed != bad)
		fail_msg("%s: %g of %g, not %g of %g", sli->measure, failed, all, bad,
			total);
}

FIXTURE_TEST(sessions_are_counted)
{
	put_session(f, "before", T0, 1, 9, S(1)); /* not in (T0, T0 + 1 h] */
	put_session(f, "a", T0 + 1, 0, 0.10, S(4));
	put_session(f, "b", T0 + S(60), 2, 0.30, S(20));
	put_session(f, "c", T0 + NS_PER_HOUR, 0, NAN, -1);
	put_session(f, "after", T0 + NS_PER_HOUR + 1, 1, 9, S(1));
	counts(f, &(struct trace_sli){"session-failed", NULL, NULL, NULL, NAN}, NULL, 3,
		1);
	/* What has no cost, and what has not ended, is not counted. */
	counts(f, &(struct trace_sli){"cost", NULL, NULL, "lte", 0.25}, NULL, 2, 1);
	counts(f, &(struct trace_sli){"cost", NULL, NULL, "lt", 0.10}, NULL, 2, 2);
	counts(f, &(struct trace_sli){"duration", NULL, NULL, "lte", 20}, NULL, 2, 0);
	counts(f, &(struct trace_sli){"duration", NULL, NULL, "lt", 20}, NULL, 2, 1);
	counts(f, &(struct trace_sli){"session-failed", NULL, NULL, NULL, NAN}, "other",
		0, 0);
	/* The indicator's own agent goes before the service's. */
	counts(f, &(struct trace_sli){"session-failed", NULL, "shop", NULL, NAN}, "other",
		3, 1);
}

FIXTURE_TEST(spans_are_counted)
{
	struct span s = span_of("t1", "tool1", "tool", T0 + S(1));

	s.agent = "shop";
	s.tool = "search";
	ok(f, span_put(f->st, &s, &f->e));
	s.id = "tool2";
	s.status = "error";
	ok(f, span_put(f->st, &s, &f->e));
	s.id = "tool3";
	s.tool = "pay";
	ok(f, span_put(f->st, &s, &f->e));
	counts(f, &(struct trace_sli){"tool-error", NULL, NULL, NULL, NAN}, "shop", 3, 2);
	counts(f, &(struct trace_sli){"tool-error", "search", NULL, NULL, NAN}, "shop", 2,
		1);
	counts(f, &(struct trace_sli){"tool-error", NULL, NULL, NULL, NAN}, "other", 0,
		0);
	s = span_of("t1", "g", "guardrail", T0 + S(2));
	s.status = "error";
	ok(f, span_put(f->st, &s, &f->e));
	/* It does not say whose it is: its trace does. */
	counts(f, &(struct trace_sli){"guardrail-block", NULL, NULL, NULL, NAN}, "shop",
		1, 1);
	s = span_of("t1", "l1", "llm", T0 + S(3));
	s.first_token_ns = 800 * NS_PER_MS;
	s.finish = "[\"stop\"]";
	ok(f, span_put(f->st, &s, &f->e));
	s.id = "l2";
	s.first_token_ns = NONE_INT;
	s.finish = "[\"content_filter\"]";
	ok(f, span_put(f->st, &s, &f->e));
	counts(f, &(struct trace_sli){"refusal", NULL, NULL, NULL, NAN}, NULL, 2, 1);
	counts(f, &(struct trace_sli){"first-token", NULL, NULL, "lt", 0.8}, NULL, 1, 1);
	counts(f, &(struct trace_sli){"first-token", NULL, NULL, "lte", 0.8}, NULL, 1, 0);
}

FIXTURE_TEST(scores_are_compared_with_their_limit)
{
	static const double values[] = {0, 0.5, 0.69, 0.7, 0.71, 1, NAN};
	struct span s;

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "s%zu", i);
		s = span_of("t1", id, "evaluator", T0 + S(1));
		s.name = i == 5 ? "tone" : "groundedness";
		s.score = values[i];
		ok(f, span_put(f->st, &s, &f->e));
	}
	counts(f, &(struct trace_sli){"score", NULL, NULL, "gte", 0.7}, NULL, 6, 3);
	counts(f, &(struct trace_sli){"score", "groundedness", NULL, "gte", 0.7}, NULL, 5,
		3);
	counts(f, &(struct trace_sli){"score", "groundedness", NULL, "gt", 0.7}, NULL, 5,
		4);
	counts(f, &(struct trace_sli){"score", "tone", NULL, "lte", 0.5}, NULL, 1, 1);
}

FIXTURE_TEST(slices_and_what_is_not_known)
{
	double total[4] = {0}, bad[4] = {0};
	struct traced_counts c = {total, bad, 4, T0, S(60)};
	struct trace_sli sli = {"session-failed", NULL, NULL, NULL, NAN};

	put_session(f, "a", T0 + S(60), 1, NAN, -1); /* the end belongs to its slice */
	put_session(f, "b", T0 + S(61), 0, NAN, -1);
	put_session(f, "c", T0 + S(240), 1, NAN, -1);
	ok(f, traced_count(&c, f->st, "lf", NULL, &sli, &f->e));
	assert_true(total[0] == 1 && bad[0] == 1);
	assert_true(total[1] == 1 && bad[1] == 0);
	assert_true(total[2] == 0 && total[3] == 1 && bad[3] == 1);
	sli.measure = "mood";
	fails(f, traced_count(&c, f->st, "lf", NULL, &sli, &f->e), ERR_INPUT,
		"'mood' is no measure", NULL);
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(sessions_are_counted),
	cmocka_unit_test(spans_are_counted),
	cmocka_unit_test(scores_are_compared_with_their_limit),
	cmocka_unit_test(slices_and_what_is_not_known))
