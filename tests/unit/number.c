#include "tests/unit/unit.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "core/number.h"

static void reads_what_servers_write(void **state)
{
	static const struct {
		const char *text;
		double value;
	} cases[] = {
		{"0", 0},
		{"0.3333333333333333", 0.3333333333333333},
		{"123456789012345680", 123456789012345680.0},
		{"1e+21", 1e21},
		{"1e-07", 1e-07},
		{"-1.5", -1.5},
		{".5", .5},
		{"+Inf", INFINITY},
		{"Inf", INFINITY},
		{"-Inf", -INFINITY},
		{"4.9406564584124654e-324", 4.9406564584124654e-324},
		{"1.7976931348623157e+308", 1.7976931348623157e+308},
	};
	double v;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(number_parse(&v, cases[i].text, strlen(cases[i].text)));
		assert_true(v == cases[i].value);
	}
	assert_true(number_parse(&v, "NaN", 3));
	assert_true(isnan(v));
}

static void refuses_what_is_no_number(void **state)
{
	static const char *const bad[] = {"", " 1", "1 ", "1,5", "abc", "1.2.3", "--1",
		"1e", "\t1", "0x", "1_000", "+"};
	double v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(number_parse(&v, bad[i], strlen(bad[i])));
	assert_false(number_parse(&v,
		"1\0"
		"2",
		3));
	assert_true(v == 7);
	assert_true(number_parse(&v, "12345", 2));
	assert_true(v == 12);
}

static void any_locale_will_do(void **state)
{
	double v;

	(void)state;
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
		skip();
	assert_true(number_parse(&v, "1.5", 3));
	assert_true(v == 1.5);
	assert_false(number_parse(&v, "1,5", 3));
	setlocale(LC_NUMERIC, "C");
}

UNIT_TESTS(cmocka_unit_test(reads_what_servers_write),
	cmocka_unit_test(refuses_what_is_no_number), cmocka_unit_test(any_locale_will_do))
