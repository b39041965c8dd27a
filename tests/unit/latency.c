#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "signal/latency.h"

static struct sli ratio(const char *good, const char *bad)
{
	return (struct sli){
		.kind = SLI_RATIO, .good = good, .bad = bad, .total = "x_count"};
}

static void buckets_are_found(void **state)
{
	static const struct {
		const char *good, *bad;
		double limit; /* NAN: none */
		const char *buckets;
	} cases[] = {
		{"x_bucket{le=\"0.3\"}", NULL, 0.3, "x_bucket"},
		{"sum(rate(x_bucket{job=\"a\",le=\"1\",code!~\"5..\"}[{{.window}}]))",
			NULL, 1, "x_bucket{job=\"a\",code!~\"5..\"}"},
		{"x_bucket{le=~\"5(\\\\.0)?\"}", NULL, 5, "x_bucket"},
		{NULL, "sum(rate(x_count[5m])) - sum(rate(x_bucket{le=\"2\"}[5m]))", 2,
			"x_bucket"},
		/* A string with a brace in it is no selector. */
		{"label_replace(x{a=\"}le=\"}, \"b\", \"{le=\\\"1\\\"}\", \"c\", \".\")",
			NULL, NAN, NULL},
		{"x_bucket{le=\"+Inf\"}", NULL, NAN, NULL},
		{"x_total{code=\"200\"}", NULL, NAN, NULL},
		/* Two limits: neither is the one. */
		{"x_bucket{le=\"2\"} - x_bucket{le=\"1\"}", NULL, NAN, NULL},
		{"x_bucket{le=\"0.3\"", NULL, NAN, NULL},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sli sli = ratio(cases[i].good, cases[i].bad);
		struct latency l;

		assert_int_equal(latency_of(&l, &a, &sli), !isnan(cases[i].limit));
		if (isnan(cases[i].limit))
			continue;
		assert_true(l.limit == cases[i].limit);
		assert_string_equal(l.buckets, cases[i].buckets);
		assert_string_equal(l.metric, "x_bucket");
	}
	arena_release(&a);
}

/* vLLM's boundaries: 300 ms is none of them. */
static void boundaries_are_chosen(void **state)
{
	static const double bounds[] = {INFINITY, 0.25, 0.5, 0.1, 1, NAN, 0.02};
	struct latency_choice c = latency_choose(0.3, bounds, 7);

	(void)state;
	assert_true(!c.exact && c.lower == 0.25 && c.higher == 0.5);
	c = latency_choose(0.5, bounds, 7);
	assert_true(c.exact && c.lower == 0.5 && c.higher == 0.5);
	c = latency_choose(0.01, bounds, 7);
	assert_true(isnan(c.lower) && c.higher == 0.02);
	c = latency_choose(30, bounds, 7);
	assert_true(c.lower == 1 && isnan(c.higher));
	c = latency_choose(1, NULL, 0);
	assert_true(isnan(c.lower) && isnan(c.higher) && !c.exact);
}

static void another_boundary_is_put_in(void **state)
{
	struct sli sli =
		ratio("sum(rate(x_bucket{job=\"a\",le=\"0.3\"}[{{.window}}]))", NULL);
	const char *const one[] = {"0.25"}, *const two[] = {"1", "1.0"};
	struct arena a;
	struct sli out;

	(void)state;
	arena_init(&a);
	out = latency_with(&a, &sli, 0.3, one, 1);
	assert_string_equal(
		out.good, "sum(rate(x_bucket{job=\"a\",le=\"0.25\"}[{{.window}}]))");
	assert_null(out.bad);
	assert_string_equal(out.total, "x_count");
	out = latency_with(&a, &sli, 0.3, two, 2);
	assert_string_equal(out.good,
		"sum(rate(x_bucket{job=\"a\",le=~\"1|1\\\\.0\"}[{{.window}}]))");
	arena_release(&a);
}

static void numbers_in_labels(void **state)
{
	(void)state;
	assert_true(latency_bound("1") == latency_bound("1.0"));
	assert_true(latency_bound("5e-3") == 0.005);
	assert_true(isinf(latency_bound("+Inf")));
	assert_true(isnan(latency_bound("")) && isnan(latency_bound("1s")) &&
		isnan(latency_bound(NULL)));
}

UNIT_TESTS(cmocka_unit_test(buckets_are_found), cmocka_unit_test(boundaries_are_chosen),
	cmocka_unit_test(another_boundary_is_put_in), cmocka_unit_test(numbers_in_labels))
