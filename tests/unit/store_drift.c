#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <math.h>

#include "store/drift.h"

static struct drift_report report(const char *feature, int64_t at, double value)
{
	return (struct drift_report){.source = "prom",
		.service = "checkout",
		.dataset = "inputs",
		.feature = feature,
		.value = value,
		.computed = at};
}

FIXTURE_TEST(values_over_time)
{
	struct samples got;
	struct drift_value *recent;
	int64_t first;
	size_t n;

	ok(f, drift_oldest(&first, f->st, &f->e));
	assert_true(first == NONE_INT);
	for (int i = 0; i < 10; i++) {
		struct drift_report r =
			report("len", T0 + S(60 * i), i == 4 ? NAN : 0.1 * i);

		ok(f, drift_record(f->st, &r, i > 6, &f->e));
	}
	struct drift_report key = report("len", 0, 0);

	ok(f, drift_oldest(&first, f->st, &f->e));
	assert_true(first == T0);
	ok(f, drift_recent(&recent, &n, &f->a, f->st, &key, T0 + S(480), 4, &f->e));
	assert_int_equal(n, 4);
	assert_true(recent[0].at == T0 + S(300) && !recent[0].above);
	assert_true(recent[3].at == T0 + S(480) && recent[3].above && recent[2].above);
	ok(f,
		drift_history(&got, &f->a, f->st, "prom", "checkout", "inputs", "len", T0,
			T0 + S(600), 100, &f->e));
	assert_int_equal(got.n, 10);
	assert_true(isnan(got.items[4].value));
	/* Two parts: of each the largest. */
	ok(f,
		drift_history(&got, &f->a, f->st, NULL, "checkout", "inputs", "len", T0,
			T0 + S(599), 2, &f->e));
	assert_int_equal(got.n, 2);
	assert_true(got.items[0].at == T0 + S(180) && got.items[1].at == T0 + S(540));
	/* Of a day of which we saw ten minutes, those are not one point. */
	ok(f,
		drift_history(&got, &f->a, f->st, "prom", "checkout", "inputs", "len",
			T0 - NS_PER_DAY, T0 + S(600), 100, &f->e));
	assert_int_equal(got.n, 10);
	ok(f,
		drift_history(&got, &f->a, f->st, "other", "checkout", "inputs", "len",
			T0, T0 + S(600), 100, &f->e));
	assert_int_equal(got.n, 0);
	ok(f,
		drift_recent(&recent, &n, &f->a, f->st,
			&(struct drift_report){.source = "prom",
				.service = "checkout",
				.dataset = "inputs",
				.feature = "*"},
			AT_NOW, 4, &f->e));
	assert_int_equal(n, 0);
}

FIXTURE_TEST(pins_survive)
{
	struct drift_pin pins[] = {
		{"prom", "checkout", "inputs", "len", "d1",
			"{\"edges\":[1,2],\"counts\":[3,4,5]}", T0, T0 + S(60),
			T0 + S(61), NULL, NULL},
		{"prom", "checkout", "inputs", "finish", "d2",
			"{\"labels\":[\"stop\"],\"counts\":[7.5]}", NONE_INT, T0 + S(60),
			T0 + S(61), "alice", "new prompt, as wanted"},
	};
	struct drift_pins got;

	ok(f, drift_pins_put(f->st, pins, 2, &f->e));
	ok(f, drift_pins_put(f->st, pins, 0, &f->e));
	pins[0].digest = "d3";
	ok(f, drift_pins_put(f->st, pins, 1, &f->e));
	fixture_again(f);
	ok(f, drift_pins(&got, &f->a, f->st, "prom", "checkout", "inputs", &f->e));
	assert_int_equal(got.n, 2);
	assert_string_equal(got.items[0].feature, "finish");
	assert_string_equal(got.items[0].by, "alice");
	assert_true(got.items[0].from == NONE_INT);
	assert_string_equal(got.items[1].digest, "d3");
	assert_null(got.items[1].by);
	ok(f, drift_pins(&got, &f->a, f->st, "prom", "checkout", "outputs", &f->e));
	assert_int_equal(got.n, 0);
	ok(f, drift_pins(&got, &f->a, f->st, NULL, NULL, NULL, &f->e));
	assert_int_equal(got.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_over_time),
		cmocka_unit_test(pins_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
