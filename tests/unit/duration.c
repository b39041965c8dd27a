#include "tests/unit/unit.h"

#include <string.h>

#include "core/duration.h"

static void parses(void **state)
{
	struct err e = ERR_INIT;
	int64_t v = 0;

	(void)state;
	assert_int_equal(duration_parse(&v, "1h30m", &e), 0);
	assert_true(v == 90 * NS_PER_MIN);
	assert_int_equal(time_parse(&v, "1970-01-01T00:00:01.5+00:00", &e), 0);
	assert_true(v == 1500 * NS_PER_MS);
	assert_int_equal(duration_parse(&v, "30m1h", &e), -1);
	err_release(&e);
}

UNIT_TESTS(cmocka_unit_test(parses))
