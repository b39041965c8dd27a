#include "tests/unit/unit.h"

#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "signal/budget.h"
#include "signal/burn.h"
#include "signal/slo_state.h"
#include "tests/unit/shared.h"

#define S NS_PER_S

static const struct json *group(const struct json *doc, const char *name)
{
	return json_get(json_get(doc, "groups"), name);
}

static double at(const struct json *vector, const char *path)
{
	return json_real(json_at(vector, path));
}

static void factors_and_budgets(void **state)
{
	struct json *doc = shared_json("slo/burnrate_vectors.json");

	(void)state;
	json_each (v, group(doc, "factor")) {
		int64_t period = (int64_t)at(v, "in.period_s") * S;
		int64_t lasting = (int64_t)at(v, "in.long_s") * S;

		assert_near(burn_factor(at(v, "in.budget_fraction"), period, lasting),
			at(v, "out.factor"));
	}
	json_each (v, group(doc, "budget"))
		assert_near(
			burn_rate(1, at(v, "in.objective")), at(v, "out.max_burn_rate"));
	json_each (v, group(doc, "remaining")) {
		double objective = at(v, "in.objective"), total = at(v, "in.total");
		double ratio = at(v, "in.bad") / total;

		assert_near(burn_rate(ratio, objective), at(v, "out.burn_rate"));
		assert_near(budget_left(ratio, objective),
			at(v, "out.budget_remaining_rolling"));
		assert_near(budget_events_left(total, at(v, "in.bad"), objective),
			at(v, "out.bad_events_left"));
	}
	json_each (v, group(doc, "exhaustion")) {
		double burn = burn_rate(at(v, "in.error_ratio"), at(v, "in.objective"));

		assert_near(burn, at(v, "out.burn_rate"));
		assert_near(budget_exhausted_in_s(at(v, "in.budget_remaining"), burn,
				    (int64_t)at(v, "in.period_s") * S),
			at(v, "out.seconds_to_exhaustion"));
	}
	json_free(doc);
}

static void increase_is_prometheus(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, group(doc, "prometheus_increase")) {
		const struct json *list = json_at(v, "in.samples");
		struct samples s = {
			arena_alloc(&a, json_count(list) + 1, sizeof(*s.items)), 0};

		json_each (pair, list)
			s.items[s.n++] = (struct sample){
				(int64_t)llround(json_real(json_first(pair)) * 1e9),
				json_real(json_next(json_first(pair))),
			};
		assert_near(counter_increase(&s, (int64_t)at(v, "in.eval_time") * S,
				    (int64_t)at(v, "in.range_seconds") * S),
			at(v, "out.increase"));
	}
	arena_release(&a);
	json_free(doc);
}

/* --- the minute streams: counters in, firing intervals out --- */

struct stream {
	struct samples total, bad;
};

static double draw(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*x >> 11) / (double)(UINT64_C(1) << 53);
}

static double field(const struct json *segment, size_t which)
{
	const struct json *item = json_first(segment);

	while (which-- > 0)
		item = json_next(item);
	return json_real(item);
}

/* Counters that begin at 0 one minute before the first events. */
static void make_stream(struct stream *out, struct arena *a, const struct json *in)
{
	uint64_t x = (uint64_t)json_int(json_get(in, "seed"));
	const struct json *segments = json_get(in, "segments_minutes_lo_hi_ratio");
	size_t n = 1;
	double total = 0, bad = 0;

	json_each (segment, segments)
		n += (size_t)field(segment, 0);
	out->total = (struct samples){arena_alloc(a, n, sizeof(struct sample)), 1};
	out->bad = (struct samples){arena_alloc(a, n, sizeof(struct sample)), 1};
	json_each (segment, segments) {
		double low = field(segment, 1), high = field(segment, 2);

		for (int i = 0; i < (int)field(segment, 0); i++) {
			double t = floor(low + (high - low) * draw(&x));
			double b = fmin(t, floor(t * field(segment, 3) * 2 * draw(&x)));
			int64_t when = (int64_t)out->total.n * NS_PER_MIN;

			out->total.items[out->total.n++] =
				(struct sample){when, total += t};
			out->bad.items[out->bad.n++] = (struct sample){when, bad += b};
		}
	}
}

static bool in_intervals(const struct json *intervals, size_t minute)
{
	json_each (interval, intervals) {
		if ((double)minute >= field(interval, 0) &&
			(double)minute <= field(interval, 1))
			return true;
	}
	return false;
}

static void check_stream(const struct json *v, struct arena *a)
{
	static const char *const names[] = {
		"page_fast", "page_slow", "ticket_fast", "ticket_slow"};
	const struct json *firing =
		json_at(v, "out.firing_intervals_minute_index_inclusive");
	double objective = at(v, "in.objective");
	struct burn_counters c = {0};
	struct burn_alert *rows;
	struct stream st;
	size_t n_rows;

	make_stream(&st, a, json_get(v, "in"));
	c.total = (struct burn_counter){.series = &st.total, .n = 1};
	c.bad = (struct burn_counter){.series = &st.bad, .n = 1};
	rows = burn_default_alerts(a, 30 * NS_PER_DAY, &n_rows);
	assert_int_equal(n_rows, 4);
	assert_near(st.total.items[st.total.n - 1].value, at(v, "out.total"));
	assert_near(st.bad.items[st.bad.n - 1].value, at(v, "out.bad"));
	for (size_t i = 1; i < st.total.n; i += i % 7 ? 1 : 5) {
		for (size_t k = 0; k < n_rows; k++) {
			struct burn_window w[2] = {
				burn_measure(&c, st.total.items[i].at, rows[k].short_ns),
				burn_measure(&c, st.total.items[i].at, rows[k].long_ns),
			};

			if (burn_fires(&rows[k], objective, w, 2) !=
				in_intervals(json_get(firing, names[k]), i - 1))
				fail_msg("%s %s minute %zu", json_text_at(v, "in.name"),
					names[k], i - 1);
		}
	}
}

static void streams_fire_when_they_should(void **state)
{
	struct json *doc = shared_json("slo/burnrate_vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, group(doc, "minute_stream")) {
		check_stream(v, &a);
		arena_reset(&a);
	}
	arena_release(&a);
	json_free(doc);
}

static void history_agrees_with_windows(void **state)
{
	struct json *doc = shared_json("slo/burnrate_vectors.json");
	const struct json *v = json_first(group(doc, "minute_stream"));
	struct burn_counters c = {0};
	struct samples history;
	struct stream st;
	struct arena a;

	(void)state;
	arena_init(&a);
	make_stream(&st, &a, json_get(v, "in"));
	c.total = (struct burn_counter){.series = &st.total, .n = 1};
	c.bad = (struct burn_counter){.series = &st.bad, .n = 1};
	burn_history(&history, &a, &c, 0.999, NS_PER_HOUR, 100 * NS_PER_MIN,
		4000 * NS_PER_MIN);
	assert_int_equal(history.n, 3901);
	for (size_t i = 0; i < history.n; i += 13) {
		struct burn_window w = burn_measure(&c, history.items[i].at, NS_PER_HOUR);

		assert_near(history.items[i].value, burn_rate(w.ratio, 0.999));
	}
	/* page_fast fires from minute index 2881 on: its 5 m window crosses there. */
	burn_history(&history, &a, &c, 0.999, 5 * NS_PER_MIN, 0, 2890 * NS_PER_MIN);
	assert_int_equal(budget_onset(&history, 14.4, 5 * NS_PER_MIN, 2890 * NS_PER_MIN) /
			NS_PER_MIN,
		2881);
	arena_release(&a);
	json_free(doc);
}

/* --- single cases --- */

static struct samples series(struct sample *items, size_t n)
{
	return (struct samples){items, n};
}

/* Asked between two scrapes, a window is as whole as right after one. */
static void a_steady_scraper_covers_windows_whole(void **state)
{
	struct sample items[21];
	struct samples s = series(items, ARRAY_LEN(items));
	double coverage;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		items[i] = (struct sample){(int64_t)i * 6 * S, (double)i};
	for (int64_t late = 0; late <= 6; late++) {
		(void)counter_growth(&s, (120 + late) * S, 60 * S, &coverage);
		assert_near(coverage, 1);
	}
	/* The next one did not come; nor had the first one come in time. */
	(void)counter_growth(&s, 129 * S, 60 * S, &coverage);
	assert_near(coverage, 51.0 / 60);
	(void)counter_growth(&s, 120 * S, 126 * S, &coverage);
	assert_near(coverage, 1);
	(void)counter_growth(&s, 120 * S, 160 * S, &coverage);
	assert_near(coverage, 0.75);
	/* One sample that touches the window tells of no step. */
	s.n = 2;
	(void)counter_growth(&s, 66 * S, 60 * S, &coverage);
	assert_near(coverage, 0);
}

static void growth_interpolates_and_adds_up(void **state)
{
	struct sample items[] = {{0, 0}, {10 * S, 100}, {20 * S, 40}, {100 * S, 200}};
	struct samples s = series(items, 4);
	double coverage;

	(void)state;
	/* Half of the step before, the reset counts 40, then the gap's share. */
	assert_near(counter_growth(&s, 20 * S, 15 * S, &coverage), 50 + 40);
	assert_near(coverage, 1);
	assert_near(counter_growth(&s, 60 * S, 40 * S, &coverage), 80);
	assert_near(counter_growth(&s, 100 * S, 40 * S, &coverage), 80);
	assert_near(counter_growth(&s, 100 * S, 80 * S, NULL), 160);
	assert_near(counter_growth(&s, 100 * S, 200 * S, &coverage), 100 + 40 + 160);
	assert_near(coverage, 0.5);
	/* Nothing new since: no data, not zero. */
	assert_true(isnan(counter_growth(&s, 200 * S, 50 * S, &coverage)));
	assert_near(coverage, 0);
	assert_true(
		isnan(counter_growth(&(struct samples){items, 1}, 10 * S, 60 * S, NULL)));
	assert_true(
		isnan(counter_growth(&(struct samples){NULL, 0}, 10 * S, 60 * S, NULL)));
	assert_true(isnan(counter_increase(&(struct samples){NULL, 0}, 10 * S, 60 * S)));
}

static void no_traffic_is_no_data(void **state)
{
	struct sample flat[] = {{0, 7}, {60 * S, 7}, {120 * S, 7}};
	struct samples total = series(flat, 3);
	struct burn_counters c = {.total = {.series = &total, .n = 1}};
	struct burn_window w = burn_measure(&c, 120 * S, 60 * S);

	(void)state;
	assert_near(w.total, 0);
	assert_true(isnan(w.ratio));
	assert_true(isnan(burn_rate(w.ratio, 0.999)));
	assert_int_equal(burn_severity(NULL, NULL, 0, 0.999, &w, 1, 2), SEV_NO_DATA);
}

static void ratios_of_good_bad_and_total(void **state)
{
	struct sample good_items[] = {{0, 0}, {60 * S, 90}},
		      bad_items[] = {{0, 0}, {60 * S, 10}};
	struct sample all_items[] = {{0, 0}, {60 * S, 100}};
	struct samples good = series(good_items, 2), bad = series(bad_items, 2);
	struct samples all = series(all_items, 2);
	struct burn_counters c = {0};

	(void)state;
	c.total = (struct burn_counter){.series = &all, .n = 1};
	c.good = (struct burn_counter){.series = &good, .n = 1};
	c.by_good = true;
	assert_near(burn_measure(&c, 60 * S, 60 * S).ratio, 0.1);
	/* No good series at all: nothing says that the name is right. */
	c.good.n = 0;
	assert_true(isnan(burn_measure(&c, 60 * S, 60 * S).ratio));
	c.by_good = false;
	assert_near(burn_measure(&c, 60 * S, 60 * S).ratio, 0);
	c.bad = (struct burn_counter){.series = &bad, .n = 1};
	assert_near(burn_measure(&c, 60 * S, 60 * S).ratio, 0.1);
	c.good = (struct burn_counter){.series = &good, .n = 1};
	c.total.n = 0;
	assert_near(burn_measure(&c, 60 * S, 60 * S).total, 100);
	assert_near(burn_measure(&c, 60 * S, 60 * S).ratio, 0.1);
}

static void a_new_series_on_an_old_target_began_at_zero(void **state)
{
	struct sample errors[] = {{30 * S, 5}, {60 * S, 6}},
		      requests[] = {{0, 0}, {60 * S, 60}};
	struct samples bad = series(errors, 2), total = series(requests, 2), history;
	int64_t since[] = {0};
	struct burn_counters c = {
		.bad = {.series = &bad, .n = 1},
		.total = {.series = &total, .n = 1},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_near(burn_measure(&c, 60 * S, 60 * S).bad, 1);
	c.bad.target_since = since;
	assert_near(burn_measure(&c, 60 * S, 60 * S).bad, 6);
	burn_history(&history, &a, &c, 0.9, 60 * S, 60 * S, 60 * S);
	assert_int_equal(history.n, 1);
	assert_near(history.items[0].value, 1);
	since[0] = NONE_INT;
	assert_near(burn_measure(&c, 60 * S, 60 * S).bad, 1);
	/* One sample is enough when the beginning is known. */
	since[0] = 0;
	bad.n = 1;
	assert_near(burn_measure(&c, 60 * S, 60 * S).bad, 5);
	arena_release(&a);
}

static void windows_of_an_slo(void **state)
{
	static const int64_t defaults[] = {5, 30, 60, 120, 360, 1440, 4320, 43200};
	struct slo slo = {.window_ns = 30 * NS_PER_DAY, .objective = 0.999};
	int64_t windows[SLO_WINDOWS];
	struct burn_alert *rows;
	struct arena a;
	size_t n;

	(void)state;
	arena_init(&a);
	assert_int_equal(burn_windows(windows, &slo), 8);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(windows[i] / NS_PER_MIN, defaults[i]);
	slo.alerting = burn_default_alerts(&a, slo.window_ns, &slo.n_alerting);
	assert_int_equal(burn_windows(windows, &slo), 8);
	rows = burn_default_alerts(&a, 28 * NS_PER_DAY, &n);
	assert_near(rows[0].factor, 13.44);
	assert_near(rows[1].factor, 5.6);
	assert_near(rows[2].factor, 2.8);
	(void)burn_default_alerts(&a, NS_PER_DAY, &n);
	assert_int_equal(n, 3);
	assert_true(burn_unreachable(&rows[0], 0.9));
	assert_false(burn_unreachable(&rows[0], 0.99));
	arena_release(&a);
}

static void severity_and_guards(void **state)
{
	struct slo slo = {.objective = 0.999, .window_ns = 30 * NS_PER_DAY};
	const struct burn_alert *fired;
	struct burn_window w[7];
	struct arena a;
	static const int64_t minutes[] = {5, 30, 60, 120, 360, 1440, 4320};

	(void)state;
	arena_init(&a);
	slo.alerting = burn_default_alerts(&a, slo.window_ns, &slo.n_alerting);
	for (size_t i = 0; i < 7; i++)
		w[i] = burn_given(minutes[i] * NS_PER_MIN, 0.0144);
	/* Not over 14.4 times, but over 6. */
	assert_int_equal(
		burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_PAGE);
	assert_ptr_equal(fired, &slo.alerting[1]);
	w[0].ratio = w[2].ratio = 0.015;
	assert_int_equal(
		burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_PAGE);
	assert_ptr_equal(fired, &slo.alerting[0]);
	/* One bad event is no page. */
	for (size_t i = 0; i < 7; i++)
		w[i].bad = 1;
	assert_int_equal(
		burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_TICKET);
	/* The short window is over: the alert stops. */
	w[0].ratio = w[1].ratio = w[3].ratio = w[4].ratio = 0;
	assert_int_equal(burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_OK);
	assert_null(fired);
	/* Nothing for half an hour: that the day was good says nothing of now. */
	w[0].ratio = w[1].ratio = NAN;
	assert_int_equal(
		burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_NO_DATA);
	w[1].total = w[1].bad = 0; /* that nobody asked is something */
	assert_int_equal(burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_OK);
	w[4].ratio = NAN; /* for so long that it is not */
	assert_int_equal(
		burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_NO_DATA);
	w[3].ratio = w[5].ratio = 0.02; /* what burns does so all the same */
	assert_int_equal(
		burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_TICKET);
	for (size_t i = 0; i < 7; i++)
		w[i].ratio = NAN;
	assert_int_equal(
		burn_severity(&fired, slo.alerting, 4, 0.999, w, 7, 2), SEV_NO_DATA);
	arena_release(&a);
}

static void objective_of_one(void **state)
{
	(void)state;
	assert_true(isinf(burn_rate(0.1, 1)));
	assert_near(burn_rate(0, 1), 0);
	assert_true(isnan(burn_rate(NAN, 1)));
}

static void a_whole_state(void **state)
{
	struct sample burns[] = {{0, 0.2}, {60 * S, 20}, {120 * S, 90}, {180 * S, 100}};
	struct samples history = {burns, 4};
	int64_t history_ns = 5 * NS_PER_MIN, now = 200 * S;
	struct slo slo = {.service = "checkout",
		.name = "availability",
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY};
	struct slo_measure m = {
		.history = &history, .history_ns = &history_ns, .n_history = 1};
	struct burn_window w[7];
	struct slo_state st;
	struct arena a;
	static const int64_t minutes[] = {5, 30, 60, 120, 360, 1440, 4320};

	(void)state;
	arena_init(&a);
	slo.alerting = burn_default_alerts(&a, slo.window_ns, &slo.n_alerting);
	for (size_t i = 0; i < 7; i++)
		w[i] = burn_given(minutes[i] * NS_PER_MIN, 0.02);
	w[2].ratio = 0.03;
	m.windows = w;
	m.n_windows = 7;
	m.period = burn_given(slo.window_ns, 0.0004);
	slo_evaluate(&st, &a, &slo, &m, now);
	assert_int_equal(st.n_windows, 8);
	assert_near(st.burn[0], 20);
	assert_near(st.burn[7], 0.4);
	assert_near(st.budget_left, 0.6);
	assert_near(st.exhausted_in_s, 0.6 * 30 * 86400 / 30);
	assert_int_equal(st.severity, SEV_PAGE);
	assert_int_equal(st.onset, 60 * S);
	assert_true(isnan(st.events));
	assert_null(st.note);
	/* Events known and few. */
	w[2].total = 20;
	w[2].bad = 5;
	slo_evaluate(&st, &a, &slo, &m, now);
	assert_non_null(strstr(st.note, "20 events in 1h"));
	assert_near(st.events, 20);
	w[2].total = NAN;
	w[6].coverage = 0.5;
	slo_evaluate(&st, &a, &slo, &m, now);
	assert_non_null(strstr(st.note, "3d"));
	slo.objective = 0.5;
	slo_evaluate(&st, &a, &slo, &m, now);
	assert_int_equal(st.severity, SEV_OK);
	assert_int_equal(st.onset, NONE_INT);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(factors_and_budgets),
	cmocka_unit_test(increase_is_prometheus),
	cmocka_unit_test(streams_fire_when_they_should),
	cmocka_unit_test(history_agrees_with_windows),
	cmocka_unit_test(growth_interpolates_and_adds_up),
	cmocka_unit_test(a_steady_scraper_covers_windows_whole),
	cmocka_unit_test(no_traffic_is_no_data),
	cmocka_unit_test(ratios_of_good_bad_and_total),
	cmocka_unit_test(a_new_series_on_an_old_target_began_at_zero),
	cmocka_unit_test(windows_of_an_slo), cmocka_unit_test(severity_and_guards),
	cmocka_unit_test(objective_of_one), cmocka_unit_test(a_whole_state))
