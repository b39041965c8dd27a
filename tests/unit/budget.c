#include "tests/unit/unit.h"

#include "core/clock.h"
#include "model/record.h"
#include "signal/budget.h"
#include "tests/unit/shared.h"

#define MIN NS_PER_MIN

static void left_and_lasting(void **state)
{
	(void)state;
	assert_near(budget_left(0.0004, 0.999), 1 - 0.0004 / (1 - 0.999));
	assert_near(budget_left(0.002, 0.999), 1 - 0.002 / (1 - 0.999));
	assert_true(isnan(budget_left(NAN, 0.999)));
	assert_near(budget_exhausted_in_s(-0.1, 5, 30 * NS_PER_DAY), 0);
	assert_true(isinf(budget_exhausted_in_s(0.5, 0, 30 * NS_PER_DAY)));
	assert_true(isnan(budget_exhausted_in_s(NAN, 5, 30 * NS_PER_DAY)));
	assert_true(isnan(budget_exhausted_in_s(0.5, NAN, 30 * NS_PER_DAY)));
	/* A full outage at 99.9 % over 30 days: 43.2 minutes. */
	assert_near(budget_exhausted_in_s(1, burn_rate(1, 0.999), 30 * NS_PER_DAY) / 60,
		43.2);
}

static void onset_to_the_sample(void **state)
{
	struct sample items[] = {{0, 20}, {1 * MIN, 0}, {20 * MIN, 15}, {21 * MIN, 16},
		{22 * MIN, 3}, {24 * MIN, 17}, {25 * MIN, NAN}, {26 * MIN, 18}};
	struct samples burn = {items, 8};

	(void)state;
	/* The burst at 0 is another one; the dip at 22 and the hole at 25 are short. */
	assert_int_equal(budget_onset(&burn, 14.4, 5 * MIN, 27 * MIN), 20 * MIN);
	/* Equal to the factor is not over it. */
	assert_int_equal(budget_onset(&burn, 15, 5 * MIN, 27 * MIN), 21 * MIN);
	assert_int_equal(budget_onset(&burn, 14.4, 1 * MIN, 27 * MIN), 26 * MIN);
	/* It stopped longer ago than the short window. */
	assert_int_equal(budget_onset(&burn, 14.4, 5 * MIN, 40 * MIN), NONE_INT);
	/* As of an earlier moment. */
	assert_int_equal(budget_onset(&burn, 14.4, 5 * MIN, 21 * MIN), 20 * MIN);
	assert_int_equal(budget_onset(&burn, 14.4, 5 * MIN, 1 * MIN), 0);
	assert_int_equal(budget_onset(&(struct samples){0}, 14.4, 5 * MIN, 0), NONE_INT);
}

/* What burns in the first sample, or in the first one after a hole, may have begun before. */
static void onsets_that_may_lie_earlier(void **state)
{
	struct sample items[] = {{0, NAN}, {1 * MIN, 20}, {2 * MIN, 20}, {10 * MIN, 3},
		{11 * MIN, 20}, {30 * MIN, 20}};
	struct samples burn = {items, ARRAY_LEN(items)};

	(void)state;
	assert_int_equal(budget_onset(&burn, 14.4, 5 * MIN, 2 * MIN), 1 * MIN);
	assert_true(budget_onset_open(&burn, 1 * MIN, 5 * MIN));
	assert_false(budget_onset_open(&burn, 11 * MIN, 5 * MIN));
	assert_int_equal(budget_onset(&burn, 14.4, 5 * MIN, 31 * MIN), 30 * MIN);
	assert_true(budget_onset_open(&burn, 30 * MIN, 5 * MIN));
	assert_false(budget_onset_open(&burn, NONE_INT, 5 * MIN));
	assert_false(budget_onset_open(&(struct samples){0}, NONE_INT, 5 * MIN));
}

static void ratio_from_recorded(void **state)
{
	struct sample ratios[] = {
		{1 * MIN, 0.5}, {2 * MIN, NAN}, {3 * MIN, 0.1}, {4 * MIN, 0.3}};
	struct sample totals[] = {
		{1 * MIN, 10}, {2 * MIN, 0}, {3 * MIN, 900}, {4 * MIN, 90}};
	struct samples r = {ratios, 4}, w = {totals, 4};
	double coverage;

	(void)state;
	assert_near(budget_ratio(&r, NULL, 4 * MIN, 10 * MIN, &coverage), 0.3);
	assert_near(coverage, 0.3);
	/* Counts, not ratios: 5 + 90 + 27 of 1000. */
	assert_near(budget_ratio(&r, &w, 4 * MIN, 10 * MIN, NULL), 0.122);
	assert_near(budget_ratio(&r, NULL, 4 * MIN, 2 * MIN, NULL), 0.2);
	assert_true(isnan(budget_ratio(&r, NULL, 2 * MIN, 1 * MIN, &coverage)));
	assert_near(coverage, 0);
	assert_true(isnan(budget_ratio(&(struct samples){0}, NULL, 0, MIN, NULL)));
	assert_true(
		isnan(budget_ratio(&r, &(struct samples){0}, 4 * MIN, 9 * MIN, NULL)));
}

static void history_of_the_budget(void **state)
{
	struct sample all[] = {{0, 0}, {1 * MIN, 1000}, {2 * MIN, 2000}};
	struct sample failed[] = {{0, 0}, {1 * MIN, 1}, {2 * MIN, 4}};
	struct samples total = {all, 3}, bad = {failed, 3}, history;
	struct burn_counters c = {
		.bad = {.series = &bad, .n = 1},
		.total = {.series = &total, .n = 1},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	budget_history(&history, &a, &c, 0.99, 30 * NS_PER_DAY, 1 * MIN, 2 * MIN);
	assert_int_equal(history.n, 2);
	assert_near(history.items[0].value, 0.9);
	assert_near(history.items[1].value, 0.8);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(left_and_lasting), cmocka_unit_test(onset_to_the_sample),
	cmocka_unit_test(onsets_that_may_lie_earlier),
	cmocka_unit_test(ratio_from_recorded), cmocka_unit_test(history_of_the_budget))
