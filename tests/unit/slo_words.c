#include "tests/unit/unit.h"

#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "signal/slo_words.h"
#include "tests/unit/shared.h"

#define T0 (1795217390 * NS_PER_S)

static struct slo workbook(struct arena *a, double objective)
{
	struct slo slo = {
		.service = "checkout",
		.name = "availability",
		.format = "sloth",
		.file = "slo.yaml",
		.objective = objective,
		.window_ns = 30 * NS_PER_DAY,
		.min_bad = NAN,
		.sli = {.kind = SLI_RATIO,
			.bad = "sum(rate(bad[{{.window}}]))",
			.total = "sum(rate(all[{{.window}}]))"},
	};

	slo.alerting = burn_default_alerts(a, slo.window_ns, &slo.n_alerting);
	return slo;
}

static void detection_times_of_the_vectors(void **state)
{
	static const char *const rows[] = {
		"page_fast", "page_slow", "ticket_fast", "ticket_slow"};
	struct json *doc = shared_json("slo/burnrate_vectors.json");
	struct arena a;
	size_t n;
	struct burn_alert *table;

	(void)state;
	arena_init(&a);
	table = burn_default_alerts(&a, 30 * NS_PER_DAY, &n);
	assert_int_equal(n, ARRAY_LEN(rows));
	json_each (v, json_at(doc, "groups.detection_30d")) {
		double objective = json_real(json_at(v, "in.objective"));
		double ratio = json_real(json_at(v, "in.error_ratio"));

		for (size_t i = 0; i < n; i++) {
			const struct json *out = json_get(json_get(v, "out"), rows[i]);
			double detect = json_real(json_get(out, "detect_s"));
			int64_t ns = burn_detection_ns(&table[i], objective, ratio);
			int64_t reset = burn_reset_ns(&table[i], objective, ratio);

			if (isnan(detect)) {
				assert_int_equal(ns, NONE_INT);
				assert_int_equal(reset, NONE_INT);
				continue;
			}
			assert_true(fabs((double)ns / 1e9 - detect) < 1e-6);
			detect = json_real(json_get(out, "reset_after_recovery_s"));
			assert_true(fabs((double)reset / 1e9 - detect) < 1e-6);
		}
	}
	json_free(doc);
	arena_release(&a);
}

static void budgets_as_time(void **state)
{
	(void)state;
	assert_int_equal(budget_outage_ns(0.999, 30 * NS_PER_DAY), 2592 * NS_PER_S);
	assert_int_equal(budget_outage_ns(0.99, 30 * NS_PER_DAY), 432 * NS_PER_MIN);
	assert_int_equal(budget_outage_ns(0.9, NS_PER_DAY), 144 * NS_PER_MIN);
}

static bool says(const struct slo_words *w, enum slo_words_part part, const char *words)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->items[i].part == part && w->items[i].text &&
			strstr(w->items[i].text, words))
			return true;
	}
	for (size_t i = 0; i < w->n; i++)
		print_message("%d %s\n", (int)w->items[i].part,
			w->items[i].text ? w->items[i].text : w->items[i].query);
	return false;
}

static void the_math_in_words(void **state)
{
	struct slo_words w = {0};
	struct arena a;
	struct slo slo;
	size_t queries = 0;

	(void)state;
	arena_init(&a);
	slo = workbook(&a, 0.999);
	slo_words(&w, &a, &slo, NULL, T0, true);
	assert_true(says(&w, SLO_WORDS_GOAL, "99.9%"));
	assert_true(says(&w, SLO_WORDS_GOAL, "over the last 30d"));
	assert_true(says(&w, SLO_WORDS_GOAL, "'slo.yaml'"));
	assert_true(says(&w, SLO_WORDS_BUDGET, "0.1% may fail"));
	assert_true(says(&w, SLO_WORDS_BUDGET, "43.2 min of total failure"));
	assert_true(says(&w, SLO_WORDS_BUDGET, "Of 100000 events 100 may fail"));
	assert_true(says(&w, SLO_WORDS_BUDGET, "burns at 1000"));
	assert_true(says(
		&w, SLO_WORDS_ALERTS, "the last 5m and the last 1h both burn over 14.4"));
	assert_true(says(&w, SLO_WORDS_ALERTS, "error ratio over 1.44%"));
	assert_true(says(&w, SLO_WORDS_ALERTS, "51.84 s, with 2% of the budget"));
	assert_true(says(&w, SLO_WORDS_ALERTS, "295.7 s") ||
		says(&w, SLO_WORDS_ALERTS, "4.928 min after the end"));
	assert_true(says(&w, SLO_WORDS_ALERTS, "fewer than 70 events in 1h"));
	for (size_t i = 0; i < w.n; i++) {
		if (w.items[i].part == SLO_WORDS_QUERIES)
			assert_non_null(w.items[i].query);
		queries += w.items[i].part == SLO_WORDS_QUERIES;
		assert_int_not_equal(w.items[i].part, SLO_WORDS_STATE);
	}
	assert_int_equal(queries, 8);
	arena_release(&a);
}

static void what_can_never_fire(void **state)
{
	struct slo_words w = {0};
	struct arena a;
	struct slo slo;
	size_t warnings = 0;

	(void)state;
	arena_init(&a);
	slo = workbook(&a, 0.9);
	slo_words(&w, &a, &slo, NULL, T0, true);
	assert_true(says(&w, SLO_WORDS_ALERTS, "can never fire"));
	assert_true(says(&w, SLO_WORDS_ALERTS, "burns at 10 times only"));
	for (size_t i = 0; i < w.n; i++)
		warnings += w.items[i].warns;
	assert_int_equal(warnings, 1);
	slo.n_alerting = 0;
	w = (struct slo_words){0};
	slo_words(&w, &a, &slo, NULL, T0, true);
	assert_true(says(&w, SLO_WORDS_ALERTS, "turned off"));
	arena_release(&a);
}

static void how_it_stands(void **state)
{
	struct slo_words w = {0};
	struct slo_state st = {
		.at = T0 - 5 * NS_PER_S,
		.severity = SEV_PAGE,
		.n_windows = 2,
		.windows_ns = {5 * NS_PER_MIN, NS_PER_HOUR},
		.burn = {20, NAN},
		.events = 1000000,
		.bad = 250,
		.budget_left = 0.75,
		.exhausted_in_s = 7200,
		.projected = NAN,
		.onset = T0 - NS_PER_HOUR,
		.note = "partial data",
	};
	struct arena a;
	struct slo slo;

	(void)state;
	arena_init(&a);
	slo = workbook(&a, 0.999);
	slo_words(&w, &a, &slo, &st, T0, true);
	assert_true(says(&w, SLO_WORDS_BUDGET, "1000.0 may fail, and 250 have"));
	assert_true(says(&w, SLO_WORDS_STATE, "5m 20, 1h no data"));
	assert_true(says(&w, SLO_WORDS_STATE, "75% of the budget is left: 32.4 min"));
	assert_true(says(&w, SLO_WORDS_STATE, "spent in 2 h"));
	assert_true(says(&w, SLO_WORDS_STATE, "burning since"));
	assert_true(says(&w, SLO_WORDS_STATE, "partial data"));
	st.budget_left = -0.5;
	w = (struct slo_words){0};
	slo_words(&w, &a, &slo, &st, T0, true);
	assert_true(says(&w, SLO_WORDS_STATE, "overspent by 50%: 21.6 min"));
	arena_release(&a);
}

static void what_will_be_left(void **state)
{
	static const struct {
		double projected;
		const char *text;
	} cases[] = {
		{0.08, "8 % left, at this rate"},
		{0, "overspent by 0 %, at this rate"},
		{-0.5, "overspent by 50 %, at this rate"},
		{-1, "2.0 budgets spent, at this rate"},
		{-1.44, "2.4 budgets spent, at this rate"},
		{-299.1, "300 budgets spent, at this rate"},
	};
	struct slo_state st = {
		.at = T0,
		.budget_left = -3,
		.exhausted_in_s = 0,
		.projected = -7.5,
		.period_from = T0 - NS_PER_DAY,
		.period_to = T0 + NS_PER_DAY,
		.onset = NONE_INT,
		.recovers = NONE_INT,
	};
	struct slo_words w = {0};
	struct arena a;
	struct slo slo;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf text = STRBUF_INIT;

		slo_words_projected(&text, cases[i].projected);
		assert_string_equal(text.buf, cases[i].text);
		strbuf_release(&text);
	}
	arena_init(&a);
	slo = workbook(&a, 0.999);
	slo_words(&w, &a, &slo, &st, T0, true);
	assert_true(says(&w, SLO_WORDS_STATE, "8.5 budgets will be spent when"));
	arena_release(&a);
}

static void slices_and_calendars(void **state)
{
	struct slo_words w = {0};
	struct arena a;
	struct slo slo;

	(void)state;
	arena_init(&a);
	slo = workbook(&a, 0.99);
	slo.budgeting = BUDGET_TIMESLICES;
	slo.slice_target = 0.95;
	slo.slice_ns = NS_PER_MIN;
	slo.calendar = true;
	slo.calendar_unit = CALENDAR_WEEK;
	slo.calendar_count = 2;
	slo.time_zone = "Europe/Berlin";
	slo.sli.grouping = "handler";
	slo_words(&w, &a, &slo, NULL, T0, true);
	assert_true(says(&w, SLO_WORDS_GOAL, "of the time"));
	assert_true(says(&w, SLO_WORDS_GOAL, "in each period of 2 calendar weeks"));
	assert_true(says(&w, SLO_WORDS_GOAL, "Slices of 1m"));
	assert_true(says(&w, SLO_WORDS_GOAL, "95%"));
	assert_true(says(&w, SLO_WORDS_GOAL, "Europe/Berlin"));
	assert_true(says(&w, SLO_WORDS_GOAL, "handler"));
	slo.calendar_count = 1;
	slo.calendar_unit = CALENDAR_MONTH;
	w = (struct slo_words){0};
	slo_words(&w, &a, &slo, NULL, T0, true);
	assert_true(says(&w, SLO_WORDS_GOAL, "in each calendar month"));
	arena_release(&a);
}

static void every_part_has_a_title(void **state)
{
	(void)state;
	for (int i = SLO_WORDS_GOAL; i < SLO_WORDS_PARTS; i++)
		assert_true(strlen(slo_words_title((enum slo_words_part)i)) > 0);
	assert_string_equal(slo_words_title(SLO_WORDS_NONE), "");
}

UNIT_TESTS(cmocka_unit_test(detection_times_of_the_vectors),
	cmocka_unit_test(budgets_as_time), cmocka_unit_test(the_math_in_words),
	cmocka_unit_test(what_can_never_fire), cmocka_unit_test(how_it_stands),
	cmocka_unit_test(what_will_be_left), cmocka_unit_test(slices_and_calendars),
	cmocka_unit_test(every_part_has_a_title))
