#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "model/record.h"
#include "trace/cost.h"

static const struct price rows[] = {
	{"gpt-5-mini", 0.25, 2, 0.025, NAN},
	{"gpt-5", 1.25, 10, 0.125, NAN},
	{"claude-sonnet-4-5", 3, 15, 0.3, NAN},
	{"o3-deep-research", 10, 40, NAN, 20},
};

static const struct price_table table = {rows, ARRAY_LEN(rows)};

static void models_by_any_of_their_names(void **state)
{
	static const struct {
		const char *model, *row;
	} cases[] = {
		{"gpt-5-mini", "gpt-5-mini"},
		{"gpt-5-mini-2025-08-07", "gpt-5-mini"},
		{"openai/gpt-5-2025-08-07", "gpt-5"},
		{"models/gpt-5", "gpt-5"},
		{"us.anthropic.claude-sonnet-4-5-20250929", "claude-sonnet-4-5"},
		{"anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"},
		{"claude-sonnet-4-5@20250929", "claude-sonnet-4-5"},
		{"gpt-5-mini-preview", "gpt-5-mini"},
		{"gpt-5x", "gpt-5"},
		{"llama-3", NULL},
		{"", NULL},
		{NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct price *p = price_find(&table, cases[i].model);

		if (cases[i].row)
			assert_string_equal(p->model, cases[i].row);
		else
			assert_null(p);
	}
	assert_null(price_find(NULL, "gpt-5"));
	assert_true(model_same("openai/gpt-5", "gpt-5-2025-08-07"));
	assert_false(model_same("gpt-5", "gpt-5-mini"));
	assert_false(model_same(NULL, NULL));
}

static struct span call(
	const char *model, int64_t in, int64_t out, int64_t cached, int64_t reasoning)
{
	return (struct span){.model = model,
		.input_tokens = in,
		.output_tokens = out,
		.cached_tokens = cached,
		.reasoning_tokens = reasoning,
		.cost_usd = NAN};
}

static void tokens_to_money(void **state)
{
	struct span s = call("gpt-5-mini", 540, 49, NONE_INT, NONE_INT);
	bool computed;

	(void)state;
	/* 540 * 0.25 + 49 * 2 = 233 dollars for a million of them. */
	assert_int_equal(cost_of(&s, &table, &computed), 233 * INT64_C(1000000));
	assert_true(computed);
	assert_true(fabs(pusd_to_usd(cost_of(&s, &table, NULL)) - 0.000233) < 1e-15);
	/* Inclusive: 400 of the 540 came from the cache. */
	s.cached_tokens = 400;
	assert_int_equal(
		cost_of(&s, &table, NULL), (140 * 250000 + 400 * 25000 + 49 * 2000000));
	/* Exclusive: more from the cache than there is input. */
	s.cached_tokens = 1000;
	assert_int_equal(
		cost_of(&s, &table, NULL), (540 * 250000 + 1000 * 25000 + 49 * 2000000));
	s = call("o3-deep-research", 10, 100, NONE_INT, 60);
	assert_int_equal(cost_of(&s, &table, NULL),
		INT64_C(10) * 10000000 + INT64_C(40) * 40000000 + INT64_C(60) * 20000000);
}

static void unknown_is_not_nothing(void **state)
{
	struct span s = call("llama-3", 540, 49, NONE_INT, NONE_INT);
	bool computed = true;

	(void)state;
	assert_int_equal(cost_of(&s, &table, &computed), NONE_INT);
	assert_false(computed);
	assert_int_equal(cost_of(&s, NULL, NULL), NONE_INT);
	s = call("gpt-5", NONE_INT, NONE_INT, NONE_INT, NONE_INT);
	assert_int_equal(cost_of(&s, &table, NULL), NONE_INT);
	s.cost_usd = 0.25;
	assert_int_equal(cost_of(&s, &table, &computed), PUSD_PER_USD / 4);
	assert_false(computed);
	s = call("gpt-5", INT64_MAX / 2, 1, NONE_INT, NONE_INT);
	assert_int_equal(cost_of(&s, &table, NULL), NONE_INT);
	assert_int_equal(pusd_of(NAN), NONE_INT);
	assert_int_equal(pusd_of(1e12), NONE_INT);
	assert_true(isnan(pusd_to_usd(NONE_INT)));
}

UNIT_TESTS(cmocka_unit_test(models_by_any_of_their_names),
	cmocka_unit_test(tokens_to_money), cmocka_unit_test(unknown_is_not_nothing))
