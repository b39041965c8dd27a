#include "tests/unit/unit.h"

#include "core/clock.h"
#include "model/record.h"
#include "poll/backoff.h"

static const uint32_t middle = UINT32_C(1) << 31; /* no jitter at all */

static int64_t delay(unsigned failures, enum err_retry retry, int64_t retry_after)
{
	struct backoff b = {15 * NS_PER_S, failures, retry, retry_after};

	return backoff_delay(&b, middle);
}

static void doubles_up_to_a_cap(void **state)
{
	static const int64_t seconds[] = {15, 15, 30, 60, 120, 150, 150, 150};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(seconds); i++)
		assert_int_equal(delay(i, RETRY_LATER, NONE_INT), seconds[i] * NS_PER_S);
	assert_int_equal(delay(4000000000U, RETRY_LATER, NONE_INT), 150 * NS_PER_S);
}

static void useless_ones_wait_longest(void **state)
{
	(void)state;
	assert_int_equal(delay(1, RETRY_NEVER, NONE_INT), 150 * NS_PER_S);
	assert_int_equal(delay(1, RETRY_NOW, NONE_INT), NS_PER_S);
	assert_int_equal(delay(2, RETRY_NOW, NONE_INT), 30 * NS_PER_S);
}

static void an_hourly_source_is_not_put_off_for_half_a_day(void **state)
{
	struct backoff b = {NS_PER_HOUR, 9, RETRY_LATER, NONE_INT};

	(void)state;
	assert_int_equal(backoff_delay(&b, middle), 65 * NS_PER_MIN);
}

static void the_server_may_ask_for_more(void **state)
{
	(void)state;
	assert_in_range(
		delay(1, RETRY_LATER, 40 * NS_PER_S), 40 * NS_PER_S, 41 * NS_PER_S);
	assert_int_equal(delay(1, RETRY_LATER, 2 * NS_PER_S), 15 * NS_PER_S);
	/* What was asked for before it went well again does not count. */
	assert_int_equal(delay(0, RETRY_LATER, 40 * NS_PER_S), 15 * NS_PER_S);
}

static void jitter_is_small(void **state)
{
	struct backoff b = {20 * NS_PER_S, 0, RETRY_LATER, NONE_INT};

	(void)state;
	assert_int_equal(backoff_delay(&b, 0), 19 * NS_PER_S);
	assert_in_range(backoff_delay(&b, UINT32_MAX), 20 * NS_PER_S, 21 * NS_PER_S);
	assert_int_equal(backoff_spread(NS_PER_S, 0), 0);
	assert_in_range(backoff_spread(NS_PER_S, UINT32_MAX), 0, NS_PER_S - 1);
}

UNIT_TESTS(cmocka_unit_test(doubles_up_to_a_cap),
	cmocka_unit_test(useless_ones_wait_longest),
	cmocka_unit_test(an_hourly_source_is_not_put_off_for_half_a_day),
	cmocka_unit_test(the_server_may_ask_for_more), cmocka_unit_test(jitter_is_small))
