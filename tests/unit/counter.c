#include "tests/unit/unit.h"

#include <string.h>

#include "poll/counter.h"

static void finds_the_terms(void **state)
{
	static const struct {
		const char *promql;
		const char *terms; /* "+name -name", in order */
	} cases[] = {
		{"http_requests_total", "+http_requests_total"},
		{" http_requests_total{code=~\"5..\"} ", "+http_requests_total"},
		{"{__name__=\"x\",a=\"b\"}", "+x"},
		{"{\"utf.8\",a!=\"b\"}", "+utf.8"},
		{"sum(rate(x{code=~\"5..\"}[{{.window}}]))", "+x"},
		{"sum by (job) (increase(x[5m]))", "+x"},
		{"sum(rate(x[{{ .window }}])) by (a, b)", "+x"},
		{"sum(rate(a[5m])) + sum(rate(b[5m])) - sum(rate(c[5m]))", "+a +b -c"},
		{"(sum(rate(a[5m])) - (sum(rate(b[5m])) - sum(rate(c[5m]))))",
			"+a -b +c"},
		{"sum(rate(a[5m]) + rate(b[5m]))", "+a +b"},
		{"sum(rate(a[5m])) or vector(0)", "+a"},
		{"(sum(rate(a[5m])) or on() vector(0))", "+a"},
		{"rate(sum_total[5m])", "+sum_total"},
		{"x{a=\"} [\"}", "+x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb = STRBUF_INIT;
		struct counter_expr c;
		struct err e = ERR_INIT;
		struct arena a;

		arena_init(&a);
		if (counter_parse(&c, &a, cases[i].promql, &e) < 0)
			fail_msg("%s: %s", cases[i].promql, e.what);
		for (size_t k = 0; k < c.n; k++)
			strbuf_addf(&sb, "%s%c%s", k ? " " : "",
				c.terms[k].sign > 0 ? '+' : '-', c.terms[k].name);
		assert_string_equal(sb.buf, cases[i].terms);
		strbuf_release(&sb);
		counter_release(&c);
		arena_release(&a);
	}
}

static void says_what_needs_prometheus(void **state)
{
	static const char *const bad[] = {"", "sum(", "sum(x)", "avg(rate(x[5m]))",
		"rate(x[5m]) / rate(y[5m])", "rate(x[5m:1m])", "rate(x)",
		"rate(x[5m]) * 2", "histogram_quantile(0.9, x)", "x{", "x{a}", "x{a=b}",
		"x{a=\"b}", "x{a=\"b\" c=\"d\"}", "x y", "{a=\"b\"}", "x{a=~\"(?i)b\"}",
		"x{a=~\"\\\\bx\"}", "x{a=~\"b*?\"}", "x{a=~\"(\"}",
		"sum(rate(a[5m])) or vector(1)", "rate(x[5m] offset 1h)",
		"((((((((((((((((((rate(x[5m]))))))))))))))))))"};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct counter_expr c;
		struct err e = ERR_INIT;

		if (counter_parse(&c, &a, bad[i], &e) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(c.n, 0);
		err_release(&e);
	}
	arena_release(&a);
}

static bool matches(const char *selector, const char *code, const char *path)
{
	struct metric_label labels[] = {{"code", code}, {"path", path}};
	struct counter_expr c;
	struct err e = ERR_INIT;
	struct arena a;
	bool yes;

	arena_init(&a);
	if (counter_parse(&c, &a, selector, &e) < 0)
		fail_msg("%s: %s", selector, e.what);
	yes = counter_matches(&c.terms[0], "x", labels, path ? 2 : 1);
	counter_release(&c);
	arena_release(&a);
	return yes;
}

static void matches_as_prometheus_does(void **state)
{
	(void)state;
	assert_true(matches("x", "200", "/"));
	assert_false(matches("y", "200", "/"));
	assert_true(matches("x{code=\"200\"}", "200", "/"));
	assert_false(matches("x{code=\"200\"}", "2000", "/"));
	assert_true(matches("x{code!=\"200\"}", "500", "/"));
	assert_true(matches("x{code=~\"5..\"}", "500", "/"));
	assert_false(
		matches("x{code=~\"5..\"}", "5000", "/")); /* anchored at both ends */
	assert_false(matches("x{code=~\"5..|4..\"}", "200", "/"));
	assert_true(matches("x{code=~\"5..|4..\"}", "404", "/"));
	assert_true(matches("x{code=~\"(?:5|4)\\\\d+\"}", "404", "/"));
	assert_true(matches("x{code!~\"2..\"}", "404", "/"));
	assert_true(matches("x{path=~`/[\\w]+`}", "200", "/ab_c"));
	assert_true(matches("x{path=\"\"}", "200", NULL)); /* missing is empty */
	assert_false(matches("x{path!=\"\"}", "200", NULL));
	assert_true(matches("x{path!=\"/health\"}", "200", NULL));
	assert_true(matches(
		"x{job=\"api\",instance=~\"a.*\"}", "200", "/")); /* Prometheus's own */
}

static void bucket_bounds_are_numbers(void **state)
{
	struct metric_label labels[] = {{"le", "1.0"}};
	struct counter_expr c;
	struct err e = ERR_INIT;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(counter_parse(&c, &a, "x_bucket{le=\"1\"}", &e), 0);
	assert_true(counter_matches(&c.terms[0], "x_bucket", labels, 1));
	labels[0].value = "10";
	assert_false(counter_matches(&c.terms[0], "x_bucket", labels, 1));
	counter_release(&c);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(finds_the_terms),
	cmocka_unit_test(says_what_needs_prometheus),
	cmocka_unit_test(matches_as_prometheus_does),
	cmocka_unit_test(bucket_bounds_are_numbers))
