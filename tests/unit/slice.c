#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/strbuf.h"
#include "model/record.h"
#include "signal/budget.h"
#include "signal/drift/proportion.h"
#include "signal/slice.h"
#include "signal/slo_query.h"
#include "signal/slo_state.h"
#include "tests/unit/shared.h"

#define MIN NS_PER_MIN
#define NOW (INT64_C(1790000000) * NS_PER_S)

static double draw(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*x >> 11) / (double)(UINT64_C(1) << 53);
}

/* --- counters --- */

static void steps_are_spread_over_slices(void **state)
{
	/* 60 at minute 0.5, 120 at 2.5: half a minute in each end, one in the middle unseen. */
	struct sample items[] = {
		{0, 0}, {MIN / 2, 60}, {5 * MIN / 2, 180}, {3 * MIN, 30}};
	struct samples s = {items, 4};
	double sums[4] = {NAN, NAN, NAN, NAN};

	(void)state;
	slice_add(sums, 4, &s, 0, MIN, 1);
	assert_near(sums[0], 60 + 30);
	assert_true(isnan(sums[1])); /* no sample in it: not known */
	assert_near(sums[2], 30 + 30); /* and after a restart it counts from 0 */
	assert_true(isnan(sums[3]));
}

/* Of a stream without gaps the slices add up to the whole, whatever the phase. */
static void slices_add_up(void **state)
{
	uint64_t x = 7;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct sample items[400];
		struct samples s = {items, 0};
		double sums[64], sum = 0, value = 0, whole = 0;
		int64_t at = 0;

		for (size_t i = 0; i < 64; i++)
			sums[i] = NAN;
		while (s.n < 400 && at <= 30 * MIN) {
			double step = floor(draw(&x) * 20);

			value = draw(&x) < 0.02 ? step : value + step;
			items[s.n++] = (struct sample){at, value};
			at += (int64_t)((0.05 + draw(&x) * 0.4) * (double)MIN);
		}
		slice_add(sums, 64, &s, -MIN, MIN, 1);
		for (size_t i = 0; i < 64; i++)
			sum += isnan(sums[i]) ? 0 : sums[i];
		for (size_t i = 1; i < s.n; i++)
			whole += items[i].value < items[i - 1].value
				? items[i].value
				: items[i].value - items[i - 1].value;
		assert_true(fabs(sum - whole) < 1e-6 * fmax(1, whole));
	}
}

static void hostile_samples(void **state)
{
	struct sample items[] = {{5 * MIN, NAN}, {MIN, 10}, {MIN, 20}, {0, 5},
		{2 * MIN, INFINITY}, {2 * MIN, 40}, {3 * MIN, -INFINITY}};
	struct samples s = {items, 7}, none = {NULL, 0};
	double sums[3] = {NAN, NAN, NAN};

	(void)state;
	/* Out of order, twice at one moment, no number: passed over. */
	slice_add(sums, 3, &s, 0, MIN, 1);
	assert_near(sums[1], 30);
	assert_true(!(sums[0] > 0) && isnan(sums[2]));
	slice_add(sums, 3, &none, 0, MIN, 1);
	assert_near(sums[1], 30);
}

static void good_slices_and_bad_ones(void **state)
{
	/* Good ratio 1, 0.95, 0.9, no traffic, not known, errors absent. */
	static const double bad[] = {0, 5, 10, 0, NAN, NAN};
	static const double total[] = {100, 100, 100, 0, NAN, 40};
	struct slo slo = {.budgeting = BUDGET_TIMESLICES, .slice_target = 0.95};
	struct burn_window w;

	(void)state;
	w = slice_measure(&slo, bad, total, 6, 6 * MIN);
	assert_near(w.total, 4);
	assert_near(w.bad, 1); /* 0.95 is good, 0.9 is not */
	assert_near(w.ratio, 0.25);
	assert_near(w.coverage, 4.0 / 6);
	slo.budgeting = BUDGET_RATIO_TIMESLICES;
	w = slice_measure(&slo, bad, total, 6, 6 * MIN);
	assert_near(w.ratio, 0.15 / 4);
	/* Nothing at all is no data, and never 100 %. */
	w = slice_measure(&slo, bad + 3, total + 3, 2, 2 * MIN);
	assert_true(isnan(w.ratio) && isnan(w.total));
	assert_int_equal(slice_begin(61 * NS_PER_S, MIN), 2 * MIN);
	assert_int_equal(slice_begin(2 * MIN, MIN), 2 * MIN);
}

/* --- queries --- */

static void is_query(bool (*make)(struct strbuf *, const struct slo *, int64_t),
	const struct slo *slo, int64_t window_ns, const char *want)
{
	struct strbuf query = STRBUF_INIT;

	assert_int_equal(make(&query, slo, window_ns), want != NULL);
	assert_string_equal(query.buf, want ? want : "");
	strbuf_release(&query);
}

static void slices_in_promql(void **state)
{
	struct slo slo = {.budgeting = BUDGET_TIMESLICES,
		.slice_target = 0.95,
		.slice_ns = 5 * MIN,
		.sli = {.kind = SLI_RATIO, .selector = true, .bad = "b", .total = "t"}};

	(void)state;
	is_query(slo_query, &slo, NS_PER_HOUR,
		"avg_over_time((1 - (((sum(rate(b[5m])) or sum(rate(t[5m])) * 0) / "
		"sum(rate(t[5m]))) > -Inf) < bool 0.95)[1h:5m])");
	is_query(slo_total_query, &slo, NS_PER_HOUR,
		"count_over_time((((sum(rate(b[5m])) or sum(rate(t[5m])) * 0) / "
		"sum(rate(t[5m]))) > -Inf)[1h:5m])");
	/* A window shorter than a slice is one slice. */
	is_query(slo_bad_query, &slo, MIN,
		"sum_over_time((1 - (((sum(rate(b[5m])) or sum(rate(t[5m])) * 0) / "
		"sum(rate(t[5m]))) > -Inf) < bool 0.95)[5m:5m])");
	slo.budgeting = BUDGET_RATIO_TIMESLICES;
	is_query(slo_bad_query, &slo, NS_PER_HOUR,
		"sum_over_time((((sum(rate(b[5m])) or sum(rate(t[5m])) * 0) / "
		"sum(rate(t[5m]))) > -Inf)[1h:5m])");
	slo.slice_ns = 0;
	is_query(slo_query, &slo, NS_PER_HOUR, NULL);
}

static void groups_and_histograms_in_promql(void **state)
{
	struct slo slo = {.sli = {.kind = SLI_RATIO,
				  .grouping = "handler,code",
				  .bad = "sum(rate(b{x=\"sum(1)\"}[{{.window}}]))",
				  .total = "sum(rate(t[{{.window}}]))"}};
	struct strbuf total = STRBUF_INIT, bad = STRBUF_INIT;
	int64_t step_ns;

	(void)state;
	is_query(slo_bad_query, &slo, NS_PER_HOUR,
		"(sum by (handler,code) (rate(b{x=\"sum(1)\"}[1h]))) * 3600");
	slo.sli = (struct sli){.kind = SLI_RAW,
		.raw = "1 - histogram_fraction(0, 0.3, "
		       "sum(rate(h{a=\"(,\"}[{{.window}}])))"};
	is_query(slo_query, &slo, NS_PER_HOUR,
		"1 - histogram_fraction(0, 0.3, sum(rate(h{a=\"(,\"}[1h])))");
	is_query(slo_total_query, &slo, NS_PER_HOUR,
		"(histogram_count(sum(rate(h{a=\"(,\"}[1h])))) * 3600");
	is_query(slo_bad_query, &slo, NS_PER_HOUR, NULL);
	slo.sli = (struct sli){
		.kind = SLI_RATIO, .selector = true, .good = "g", .total = "t"};
	is_query(slo_bad_query, &slo, NS_PER_HOUR,
		"sum(increase(t[1h])) - (sum(increase(g[1h])) or sum(increase(t[1h])) * "
		"0)");
	/* Neither a rate nor a count: only the quotient means anything. */
	slo.sli = (struct sli){.kind = SLI_RATIO, .bad = "b:ratio", .total = "t:ratio"};
	is_query(slo_total_query, &slo, NS_PER_HOUR, NULL);
	assert_true(slo_parts_query(&total, &bad, &slo, NS_PER_HOUR));
	assert_string_equal(total.buf, "(t:ratio)");
	assert_string_equal(bad.buf, "(b:ratio)");
	strbuf_reset(&total);
	assert_true(slo_coverage_query(&total, &step_ns, &slo, 30 * NS_PER_DAY));
	assert_string_equal(total.buf, "count_over_time(((t:ratio) > -Inf)[30d:3h])");
	assert_int_equal(step_ns, 3 * NS_PER_HOUR);
	strbuf_release(&total);
	strbuf_release(&bad);
}

/* --- budgets --- */

/* Half of November is over and 0.2 % failed at 99.9 %: all of the budget is gone. */
static void budgets_of_the_calendar(void **state)
{
	struct burn_window w[2];
	struct burn_alert row = {SEV_PAGE, 5 * MIN, NS_PER_HOUR, 14.4};
	struct slo slo = {.service = "s",
		.name = "n",
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY,
		.calendar = true,
		.alerting = &row,
		.n_alerting = 1};
	struct slo_measure m = {.windows = w,
		.n_windows = 2,
		.period_from = NOW - 15 * NS_PER_DAY,
		.period_to = NOW + 15 * NS_PER_DAY};
	struct slo_state out;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (int i = 0; i < 2; i++)
		w[i] = (struct burn_window){
			i ? NS_PER_HOUR : 5 * MIN, 0.0005, 10000, 5, 1, false};
	m.period = (struct burn_window){15 * NS_PER_DAY, 0.001, 1e6, 1e3, 1, false};
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_near(out.budget_left, 0.5); /* 1 - 1 * 15 / 30 */
	assert_near(out.projected, 0.25); /* burning at 0.5 for the other half */
	assert_true(isinf(out.exhausted_in_s)); /* would last 30 days: 15 are left */
	assert_true(out.period_from == m.period_from && out.period_to == m.period_to);
	assert_near(out.rate, 10000 / 300.0);
	assert_near(out.bad_rate, 5 / 300.0);
	assert_true(out.bad == 1000 && out.events == 1e6);
	w[1].ratio = 0.004;
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_near(out.exhausted_in_s, 0.5 * 30 * 86400 / 4);
	assert_near(out.projected, 0.5 - 4 * 0.5);
	/* Rolling: what the present rate leaves when it has filled the window. */
	m.period_from = m.period_to = 0;
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_near(out.budget_left, 0);
	assert_near(out.projected, 1 - 4);
	arena_release(&a);
}

static void overspent_budgets_recover(void **state)
{
	struct sample items[] = {{NOW - 29 * NS_PER_DAY, 40}, {NOW - 20 * NS_PER_DAY, 70},
		{NOW - NS_PER_DAY, 30}, {NOW + NS_PER_DAY, 1e9}};
	struct samples bad = {items, 4};

	(void)state;
	/* 140 of 100 allowed: when the 40 have left, 100 are there. */
	assert_int_equal(
		budget_recovers(&bad, 100, 30 * NS_PER_DAY, NOW), NOW + NS_PER_DAY);
	assert_int_equal(
		budget_recovers(&bad, 99, 30 * NS_PER_DAY, NOW), NOW + 10 * NS_PER_DAY);
	assert_int_equal(
		budget_recovers(&bad, 0, 30 * NS_PER_DAY, NOW), NOW + 29 * NS_PER_DAY);
	assert_int_equal(budget_recovers(&bad, 140, 30 * NS_PER_DAY, NOW), NONE_INT);
	assert_int_equal(budget_recovers(&bad, NAN, 30 * NS_PER_DAY, NOW), NONE_INT);
}

static void scores_burn_by_the_lower_end(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct burn_alert row = {SEV_PAGE, 5 * MIN, NS_PER_HOUR, 6};
	struct burn_window w[2];
	double low, high;
	size_t n = 0;

	(void)state;
	json_each (v, json_get(json_get(doc, "groups"), "z_test_proportions")) {
		const struct json *want = json_at(v, "out.wilson95_ref");

		proportion_wilson(&low, &high,
			(struct proportion){json_real(json_at(v, "in.ref_successes")),
				json_real(json_at(v, "in.ref_n"))});
		assert_near(low, json_real(json_first(want)));
		assert_near(high, json_real(json_next(json_first(want))));
		n++;
	}
	assert_true(n > 3);
	json_free(doc);
	/* 3 of 20: 15 %, surely over 5.2 %; at 90 % that burns at 1.5, surely at 0.52. */
	proportion_wilson(&low, &high, (struct proportion){3, 20});
	assert_true(fabs(low - 0.0523686) < 1e-6 && fabs(high - 0.3604198) < 1e-6);
	proportion_wilson(&low, &high, (struct proportion){0, 10});
	assert_true(low == 0 && high > 0.2 && high < 0.3);
	proportion_wilson(&low, &high, (struct proportion){0, 0});
	assert_true(isnan(low) && isnan(high));
	for (int i = 0; i < 2; i++)
		w[i] = (struct burn_window){
			i ? NS_PER_HOUR : 5 * MIN, 0.65, 20, 13, 1, false};
	assert_true(burn_fires(&row, 0.9, w, 2));
	w[0].sampled = w[1].sampled = true;
	assert_false(burn_fires(&row, 0.9, w, 2));
}

/* --- what must never be read as good --- */

static void rows_without_both_windows(void **state)
{
	struct burn_alert rows[] = {{SEV_PAGE, 5 * MIN, NS_PER_HOUR, 14.4},
		{SEV_TICKET, 30 * MIN, 6 * NS_PER_HOUR, 6}};
	struct burn_window w[] = {{5 * MIN, 0, 10, 0, 1, false},
		{NS_PER_HOUR, NAN, NAN, NAN, NAN, false},
		{30 * MIN, NAN, NAN, NAN, NAN, false},
		{6 * NS_PER_HOUR, 0, 10, 0, 1, false}};

	(void)state;
	assert_int_equal(burn_severity(NULL, rows, 2, 0.999, w, 4, 2), SEV_NO_DATA);
	w[1].ratio = 0;
	assert_int_equal(burn_severity(NULL, rows, 2, 0.999, w, 4, 2), SEV_OK);
}

static void notes_say_what_numbers_rest_on(void **state)
{
	struct burn_alert row = {SEV_PAGE, 5 * MIN, NS_PER_HOUR, 14.4};
	struct burn_window w[] = {
		{5 * MIN, 0.5, 2, 1, 1, false}, {NS_PER_HOUR, 0.1, 10, 1, 1, false}};
	struct slo slo = {.service = "s",
		.name = "n",
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY,
		.alerting = &row,
		.n_alerting = 1};
	struct slo_measure m = {.windows = w,
		.n_windows = 2,
		.period = {30 * NS_PER_DAY, 0.01, 100, 1, 0.5, false},
		.unseen_alike = true,
		.keeps_ns = 15 * NS_PER_DAY,
		.said = "first"};
	struct slo_state out;
	struct arena a;

	(void)state;
	arena_init(&a);
	slo_evaluate(&out, &a, &slo, &m, NOW);
	/* One bad event pages nobody. */
	assert_int_equal(out.severity, SEV_OK);
	assert_string_equal(out.note,
		"first; only 10 events in 1h: one failure alone burns at 100 times; the "
		"server "
		"keeps 15d only: the budget of 30d is that of what it keeps");
	assert_near(out.budget_left, 1 - 10);
	assert_near(out.coverage, 0.5);
	assert_true(out.window_events[0] == 2 && out.window_events[1] == 10);
	slo.min_bad = 1;
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_int_equal(out.severity, SEV_PAGE);
	slo.min_bad = NAN;
	assert_true(slo_min_bad(&slo) == SLO_MIN_BAD);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(steps_are_spread_over_slices),
	cmocka_unit_test(slices_add_up), cmocka_unit_test(hostile_samples),
	cmocka_unit_test(good_slices_and_bad_ones), cmocka_unit_test(slices_in_promql),
	cmocka_unit_test(groups_and_histograms_in_promql),
	cmocka_unit_test(budgets_of_the_calendar),
	cmocka_unit_test(overspent_budgets_recover),
	cmocka_unit_test(scores_burn_by_the_lower_end),
	cmocka_unit_test(rows_without_both_windows),
	cmocka_unit_test(notes_say_what_numbers_rest_on))
