/* Both sides of a check from what backends count; what a dataset is said to be. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/strbuf.h"
#include "signal/drift_state.h"
#include "signal/performance.h"

#define near(a, b) near_at((a), (b), __LINE__)
static void near_at(double a, double b, int line)
{
	if (!(fabs(a - b) <= 1e-9 * fmax(1, fabs(b))))
		fail_msg("line %d: %.15g and not %.15g", line, a, b);
}

static struct drift_feature feature(const char *method)
{
	return (struct drift_feature){.name = "f",
		.kind = DRIFT_DATA,
		.from = DRIFT_FROM_HISTOGRAM,
		.method = method,
		.threshold = NAN};
}

static void classic(struct drift_side *out, struct arena *a, const double *le,
	const double *cumulative, size_t n)
{
	struct drift_bucket b[32];

	for (size_t i = 0; i < n; i++)
		b[i] = (struct drift_bucket){le[i], cumulative[i]};
	drift_side_classic(out, a, b, n);
}

static const double coarse_le[] = {0.1, 0.5, 1, 2.5, INFINITY};
static const double coarse_ref[] = {40, 220, 410, 490, 500};
static const double coarse_cur[] = {20, 150, 360, 480, 500};

/* The worked example: 0.1, 0.5, 1, 2.5 and +Inf. */
static void histograms(void **state)
{
	struct drift_side x, y;
	struct drift_comparison c;
	struct drift_feature f = feature("psi");
	struct arena a;

	(void)state;
	arena_init(&a);
	classic(&x, &a, coarse_le, coarse_ref, 5);
	classic(&y, &a, coarse_le, coarse_cur, 5);
	near(x.total, 500);
	near(x.counts[1], 180);
	near(x.edges[3], 2.5);
	drift_side_compare(&c, &a, &f, &x, &y, 50);
	near(c.result.value, 0.108772711465); /* half a value more in every cell */
	assert_int_equal(c.result.verdict, DRIFT_DRIFTED);
	assert_non_null(strstr(c.shares, "\"edges\":[0.1,0.5,1,2.5]"));
	assert_non_null(strstr(c.shares, "\"reference\":[0.08,0.36,0.38,0.16,0.02]"));
	f = feature("ks");
	drift_side_compare(&c, &a, &f, &x, &y, 50);
	near(c.result.lower, 0.14);
	near(c.result.upper, 0.52);
	f = feature(NULL);
	drift_side_compare(&c, &a, &f, &x, &y, 50);
	assert_string_equal(c.result.method, "jensenshannon");
	near(c.result.value, 0.140455373073 * sqrt(log(2)));
	arena_release(&a);
}

/* In any order, several series, a bucket that falls, none that has data. */
static void buckets_are_repaired(void **state)
{
	const struct drift_bucket odd[] = {{INFINITY, 50}, {1, 30}, {0.5, 31}, {2, 40},
		{1, NAN}, {INFINITY, 50}, {2, 40}, {NAN, 5}};
	const struct drift_bucket open[] = {{1, 30}, {2, 40}};
	struct drift_side s, whole;
	struct drift_comparison c;
	struct drift_feature f = feature("psi");
	struct arena a;

	(void)state;
	arena_init(&a);
	drift_side_classic(&s, &a, odd, ARRAY_LEN(odd));
	assert_int_equal(s.n, 4);
	near(s.counts[0], 31);
	near(s.counts[1], 0); /* 30 after 31 */
	near(s.counts[2], 49);
	near(s.counts[3], 20);
	near(s.total, 100);
	drift_side_classic(&whole, &a, odd, 0);
	assert_true(whole.total == 0 && !whole.note);
	drift_side_compare(&c, &a, &f, &s, &whole, 50);
	assert_int_equal(c.result.verdict, DRIFT_NO_DATA);
	assert_true(isnan(c.result.value));
	drift_side_classic(&whole, &a, open, 2);
	assert_non_null(strstr(whole.note, "+Inf"));
	drift_side_compare(&c, &a, &f, &s, &whole, 50);
	assert_int_equal(c.result.verdict, DRIFT_NOT_COMPARABLE);
	assert_non_null(strstr(c.result.note, "+Inf"));
	arena_release(&a);
}

/* Other bounds since the last version: what both have, or nothing when that is too little. */
static void bounds_differ(void **state)
{
	const double le[] = {0.1, 0.25, 0.5, 0.75, 1, 2.5, INFINITY};
	const double cur[] = {20, 80, 150, 280, 360, 480, 500};
	const double other[] = {3, 30, 300, INFINITY}, few[] = {100, 300, 480, 500};
	struct drift_side x, y;
	struct drift_comparison c;
	struct drift_feature f = feature("psi");
	struct arena a;

	(void)state;
	arena_init(&a);
	classic(&x, &a, coarse_le, coarse_ref, 5);
	classic(&y, &a, le, cur, 7);
	drift_side_compare(&c, &a, &f, &x, &y, 50);
	near(c.result.value, 0.108772711465);
	classic(&y, &a, other, few, 4);
	drift_side_compare(&c, &a, &f, &x, &y, 50);
	assert_int_equal(c.result.verdict, DRIFT_NOT_COMPARABLE);
	assert_true(isnan(c.result.value));
	arena_release(&a);
}

/* Empty buckets are left out of native histograms: what they span is known all the same. */
static void native(void **state)
{
	const struct drift_interval x[] = {{0.5, 1, 100}, {1, 2, 300}, {4, 8, 100},
		{8, 16, 100}},
				    y[] = {{0.5, 1, 50}, {1, 2, 300}, {2, 4, 150},
					    {4, 8, 100}, {8, 16, 200}};
	struct drift_side r, s;
	struct drift_comparison c;
	struct drift_feature f = feature("tvd");
	struct arena a;

	(void)state;
	arena_init(&a);
	drift_side_native(&r, &a, x, 4);
	drift_side_native(&s, &a, y, 5);
	near(r.total, 600);
	drift_side_compare(&c, &a, &f, &r, &s, 50);
	/* Shares 1/6 3/6 0 1/6 1/6 and 1/16 6/16 3/16 2/16 4/16. */
	near(c.result.value,
		0.5 * (5.0 / 48 + 6.0 / 48 + 9.0 / 48 + 2.0 / 48 + 4.0 / 48));
	arena_release(&a);
}

static void categories(void **state)
{
	const struct drift_category x[] = {{"200", 9000}, {"500", 12}, {"429", 40}},
				    y[] = {{"429", 200}, {"503", 45}, {"200", 8000},
					    {"500", 10}, {"429", 100}, {"x", NAN},
					    {"y", -3}};
	struct drift_side r, s, again;
	struct drift_comparison c;
	struct drift_feature f = feature("psi");
	struct strbuf text = STRBUF_INIT;
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	drift_side_categories(&r, &a, x, ARRAY_LEN(x));
	drift_side_categories(&s, &a, y, ARRAY_LEN(y));
	assert_int_equal(s.n, 4);
	drift_side_compare(&c, &a, &f, &r, &s, 50);
	near(c.result.value, 0.0917603057963);
	assert_non_null(strstr(c.shares, "\"new\":[\"503\"]"));
	assert_non_null(strstr(c.shares, "\"lost\":[]"));
	f.method = "linf";
	drift_side_compare(&c, &a, &f, &r, &s, 50);
	near(c.result.value, 0.0367449403976);
	/* As pinned and back, and back from what a report shows. */
	drift_side_write(&text, &r);
	assert_string_equal(text.buf,
		"{\"counts\":[9000,40,12],\"labels\":[\"200\",\"429\",\"500\"]}");
	assert_int_equal(drift_side_read(&again, &a, text.buf, &e), 0);
	drift_side_compare(&c, &a, &f, &again, &s, 50);
	near(c.result.value, 0.0367449403976);
	assert_int_equal(
		drift_side_of_shares(&again, &a, c.shares, "current", 8355, &e), 0);
	near(again.total, 8355);
	near(again.counts[0], 8000);
	strbuf_release(&text);
	arena_release(&a);
}

static void damaged_pins(void **state)
{
	static const char *const bad[] = {"", "[]", "{}",
		"{\"edges\":[1],\"counts\":[1]}", "{\"edges\":[2,1],\"counts\":[1,2,3]}",
		"{\"labels\":[\"a\"],\"counts\":[-1]}", "{\"labels\":[1],\"counts\":[1]}",
		"{\"counts\":[1]}", "{\"edges\":[\"x\"],\"counts\":[1,2]}",
		"{\"labels\":{},\"counts\":5}"};
	struct drift_side s;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;

		if (drift_side_read(&s, &a, bad[i], &e) == 0)
			fail_msg("'%s' was read", bad[i]);
		assert_non_null(e.what);
		err_release(&e);
	}
	arena_release(&a);
}

static void too_few(void **state)
{
	const struct drift_category x[] = {{"a", 30}, {"b", 10}}, y[] = {{"a", 1}};
	struct drift_side r, s;
	struct drift_comparison c;
	struct drift_feature f = feature("psi");
	struct arena a;

	(void)state;
	arena_init(&a);
	drift_side_categories(&r, &a, x, 2);
	drift_side_categories(&s, &a, y, 1);
	drift_side_compare(&c, &a, &f, &r, &s, 50);
	assert_int_equal(c.result.verdict, DRIFT_TOO_FEW);
	assert_true(isnan(c.result.value));
	arena_release(&a);
}

/* --- performance --- */

static void accuracy(void **state)
{
	const struct performance_cell x[] = {{"y", "y", 450}, {"n", "n", 450},
		{"y", "n", 60}, {"n", "y", 40}},
				      z[] = {{"y", "y", 400}, {"n", "n", 400},
					      {"y", "n", 100}, {"n", "y", 100}};
	const struct performance_cells before = {x, 4}, now = {z, 4};
	struct performance_result r;
	struct arena a;

	(void)state;
	arena_init(&a);
	r = performance_of_cells(
		&a, performance_find("accuracy"), &before, &now, NAN, 50);
	near(r.before, 0.9);
	near(r.now, 0.8);
	near(r.value, 0.1);
	near(r.noise, 1.6448536269514722 * sqrt(0.85 * 0.15 * (1.0 / 1000 + 1.0 / 1000)));
	assert_int_equal(r.verdict, DRIFT_DRIFTED);
	/* The other way round it got better. */
	r = performance_of_cells(
		&a, performance_find("accuracy"), &now, &before, NAN, 50);
	near(r.value, -0.1);
	assert_int_equal(r.verdict, DRIFT_OK);
	r = performance_of_cells(
		&a, performance_find("balanced_accuracy"), &before, &now, NAN, 50);
	near(r.before, (450.0 / 490 + 450.0 / 510) / 2);
	near(r.now, 0.8);
	r = performance_of_cells(&a, performance_find("f1"), &before, &now, NAN, 50);
	near(r.before, (900.0 / 1000 + 900.0 / 1000) / 2);
	r = performance_of_cells(
		&a, performance_find("accuracy"), &before, &now, NAN, 5000);
	assert_int_equal(r.verdict, DRIFT_TOO_FEW);
	arena_release(&a);
}

/* The macro averages as scikit-learn defines them; one class is predicted and never the truth. */
static void figures_of_classes(void **state)
{
	const struct performance_cell x[] = {
		{"a", "a", 50}, {"b", "a", 10}, {"b", "b", 30}, {"a", "b", 10}};
	const struct performance_cell y[] = {
		{"a", "a", 40}, {"b", "a", 20}, {"b", "b", 35}, {"c", "b", 5}};
	const struct performance_cells before = {x, 4}, now = {y, 4};
	struct performance_result r;
	struct arena a;

	(void)state;
	arena_init(&a);
	r = performance_of_cells(
		&a, performance_find("precision"), &before, &now, NAN, 50);
	near(r.before, (50.0 / 60 + 30.0 / 40) / 2);
	near(r.now, (1 + 35.0 / 55 + 0) / 3);
	assert_int_equal(r.verdict, DRIFT_DRIFTED);
	r = performance_of_cells(&a, performance_find("recall"), &before, &now, NAN, 50);
	near(r.now, (40.0 / 60 + 35.0 / 40 + 0) / 3);
	r = performance_of_cells(
		&a, performance_find("balanced_accuracy"), &before, &now, NAN, 50);
	near(r.now, (40.0 / 60 + 35.0 / 40) / 2);
	r = performance_of_cells(&a, performance_find("f1"), &before, &now, NAN, 50);
	near(r.now, (80.0 / 100 + 70.0 / 95 + 0) / 3);
	arena_release(&a);
}

static void errors_of_numbers(void **state)
{
	const double p[] = {1, 2, 3, 4, NAN}, y[] = {2, 2, 5, 4, 1};
	const double q[] = {1, 2, 3, 4, 5}, z[] = {3, 3, 6, 4, 5};
	const struct performance_pairs before = {p, y, 5}, now = {q, z, 5};
	struct performance_result r =
		performance_of_pairs(performance_find("mae"), &before, &now, 0.5, 1);

	(void)state;
	near(r.before, 0.75);
	near(r.now, 6.0 / 5);
	near(r.value, 0.6);
	near(r.n_reference, 4);
	assert_int_equal(r.verdict, DRIFT_NOISE);
	r = performance_of_pairs(performance_find("rmse"), &before, &now, NAN, 1);
	near(r.before, sqrt(5.0 / 4));
	near(r.now, sqrt(14.0 / 5));
}

/* --- persistence, the dataset --- */

struct scene {
	struct drift_check check;
	struct drift_feature features[4];
	struct drift_past past[5];
	struct drift_report reports[5];
	struct drift_comparison comparisons[4];
	bool above[5];
	struct arena a;
};

static void scene_init(struct scene *s)
{
	static const char *const names[] = {"a", "b", "c", "d"};

	*s = (struct scene){.check = {.dataset = "set",
				    .features = s->features,
				    .n = 4,
				    .persist = 3,
				    .persist_of = 4,
				    .share = 0.5,
				    .every_ns = NS_PER_MIN}};
	arena_init(&s->a);
	for (int i = 0; i < 4; i++) {
		s->features[i] = feature("psi");
		s->features[i].name = names[i];
	}
	for (int i = 0; i < 5; i++)
		s->past[i].since = INT64_MIN;
}

static void scene_step(struct scene *s, int64_t minute, const char *verdicts)
{
	struct drift_moment when = {
		.source = "prom", .service = "shop", .at = minute * NS_PER_MIN};

	for (int i = 0; i < 4; i++)
		s->comparisons[i] = (struct drift_comparison){
			.result = {.method = "psi",
				.value = verdicts[i] == 'D'  ? 0.5
					: verdicts[i] == 'n' ? NAN
							     : 0.01,
				.p_value = NAN,
				.threshold = 0.1,
				.lower = NAN,
				.upper = NAN,
				.verdict = verdicts[i] == 'D' ? DRIFT_DRIFTED
					: verdicts[i] == 'n'  ? DRIFT_NO_DATA
							      : DRIFT_OK}};
	drift_state(
		s->reports, s->above, s->past, &s->a, &s->check, &when, s->comparisons);
}

static void persistence(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	scene_step(&s, 1, "DD..");
	assert_string_equal(s.reports[0].verdict, "watch");
	assert_string_equal(s.reports[0].persisted, "1 of 4");
	assert_string_equal(s.reports[2].verdict, "ok");
	scene_step(&s, 2, "D...");
	scene_step(&s, 3, "DD..");
	assert_string_equal(s.reports[0].verdict, "drifted");
	assert_true(s.reports[0].drifted == 1 && s.reports[0].since == NS_PER_MIN);
	assert_string_equal(s.reports[1].persisted, "2 of 4");
	/* One of four, and half would be needed. */
	assert_string_equal(s.reports[4].feature, "*");
	assert_true(s.reports[4].drifted == 0);
	near(s.reports[4].value, 0.25);
	/* Two of four: the dataset drifts since the second did. */
	scene_step(&s, 4, ".D.n");
	assert_true(s.reports[0].drifted == 1 && s.reports[1].drifted == 1);
	assert_true(s.reports[4].drifted == 1);
	near(s.reports[4].value, 2.0 / 4);
	assert_true(s.reports[4].since == NS_PER_MIN);
	assert_non_null(strstr(s.reports[4].note, "2 of 4 features: "));
	assert_non_null(strstr(s.reports[4].note, "1 could not be compared"));
	/* Without data nothing is forgotten, and nothing added. */
	scene_step(&s, 5, "n.nn");
	assert_true(s.reports[0].drifted == 1 && s.reports[0].since == NS_PER_MIN);
	assert_string_equal(s.reports[0].persisted, "3 of 4");
	scene_step(&s, 6, "....");
	assert_true(s.reports[0].drifted == 0 && s.reports[0].since == INT64_MIN);
	assert_true(s.reports[4].drifted == 0);
	/* What was measured against another reference is no evidence. */
	drift_past_forget(&s.past[1], 6 * NS_PER_MIN);
	assert_int_equal(s.past[1].n, 1);
	arena_release(&s.a);
}

/* A moment without data makes the one feature that has drifted no dataset that has. */
static void a_gap(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	for (int minute = 1; minute <= 3; minute++)
		scene_step(&s, minute, "D...");
	assert_true(s.reports[0].drifted == 1 && s.reports[4].drifted == 0);
	scene_step(&s, 4, "nnnn");
	assert_true(s.reports[0].drifted == 1 && s.reports[4].drifted == 0);
	near(s.reports[4].value, 0.25);
	assert_non_null(strstr(s.reports[4].note, "1 of 4 features: a"));
	assert_non_null(strstr(s.reports[4].note, "3 could not be compared"));
	/* What never had data, or none for long, is no part of it. */
	scene_step(&s, 1440, "nnn.");
	near(s.reports[4].value, 0);
	assert_non_null(strstr(s.reports[4].note, "0 of 1 features"));
	scene_step(&s, 2880, "nnnn");
	assert_string_equal(s.reports[4].verdict, "no-data");
	arena_release(&s.a);
}

/* After a day without evaluations the old ones say nothing. */
static void old_evaluations(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	scene_step(&s, 1, "D...");
	scene_step(&s, 2, "D...");
	scene_step(&s, 1440, "D...");
	assert_string_equal(s.reports[0].verdict, "watch");
	assert_string_equal(s.reports[0].persisted, "1 of 4");
	arena_release(&s.a);
}

/* Four tests: p 0.01 is 0.04 among them, 0.03 is 0.06 and no drift. */
static void corrected(void **state)
{
	static const double p[] = {0.01, 0.03, 0.5, 0.9};
	struct drift_moment when = {.source = "s", .service = "x", .at = NS_PER_MIN};
	struct scene s;

	(void)state;
	scene_init(&s);
	s.check.correct = true;
	s.check.persist = s.check.persist_of = 1;
	for (int i = 0; i < 4; i++)
		s.comparisons[i] = (struct drift_comparison){
			.result = {.method = "chisquare",
				.by_p = true,
				.value = 10,
				.p_value = p[i],
				.threshold = 0.05,
				.lower = NAN,
				.upper = NAN,
				.verdict = i < 2 ? DRIFT_DRIFTED : DRIFT_OK}};
	drift_state(s.reports, s.above, s.past, &s.a, &s.check, &when, s.comparisons);
	assert_true(s.reports[0].drifted == 1);
	assert_true(s.reports[1].drifted == 0);
	assert_non_null(strstr(s.reports[1].note, "Benjamini-Hochberg"));
	arena_release(&s.a);
}

UNIT_TESTS(cmocka_unit_test(histograms), cmocka_unit_test(buckets_are_repaired),
	cmocka_unit_test(bounds_differ), cmocka_unit_test(native),
	cmocka_unit_test(categories), cmocka_unit_test(damaged_pins),
	cmocka_unit_test(too_few), cmocka_unit_test(accuracy),
	cmocka_unit_test(figures_of_classes), cmocka_unit_test(errors_of_numbers),
	cmocka_unit_test(persistence), cmocka_unit_test(a_gap),
	cmocka_unit_test(old_evaluations), cmocka_unit_test(corrected))
