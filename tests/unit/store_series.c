#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <math.h>

#include "store/series.h"

FIXTURE_TEST(samples_in_and_out)
{
	struct samples got;
	struct series_row *rows;
	int64_t id, again, other;
	size_t n;

	ok(f,
		series_id(&id, f->st, "app", "requests_total", "{\"code\":\"200\"}",
			&f->e));
	ok(f,
		series_id(&again, f->st, "app", "requests_total", "{\"code\":\"200\"}",
			&f->e));
	ok(f,
		series_id(&other, f->st, "app", "requests_total", "{\"code\":\"500\"}",
			&f->e));
	assert_int_equal(id, again);
	assert_int_not_equal(id, other);
	for (int i = 0; i < 10; i++)
		ok(f,
			series_add(f->st, id, T0 + S(15 * i), i == 4 ? NAN : 100.0 * i,
				&f->e));
	ok(f, series_add(f->st, id, T0, 1.5, &f->e));
	ok(f, series_add(f->st, other, T0 + S(15), INFINITY, &f->e));
	ok(f,
		series_read(&got, &f->a, f->st, id, T0 + S(31), T0 + S(75), false, 99,
			&f->e));
	assert_int_equal(got.n, 3);
	assert_true(got.items[0].at == T0 + S(45) && got.items[0].value == 300);
	assert_true(isnan(got.items[1].value));
	ok(f,
		series_read(
			&got, &f->a, f->st, id, T0 + S(31), T0 + S(75), true, 99, &f->e));
	assert_int_equal(got.n, 4);
	assert_true(got.items[0].at == T0 + S(30));
	/* One that stands at the very start is inside, and the one before it comes too. */
	ok(f,
		series_read(
			&got, &f->a, f->st, id, T0 + S(30), T0 + S(30), true, 99, &f->e));
	assert_int_equal(got.n, 2);
	assert_true(got.items[0].at == T0 + S(15) && got.items[1].at == T0 + S(30));
	ok(f, series_read(&got, &f->a, f->st, id, T0 - S(9), T0, true, 99, &f->e));
	assert_int_equal(got.n, 1);
	assert_true(got.items[0].value == 1.5);
	ok(f, series_read(&got, &f->a, f->st, other, 0, AT_NOW, true, 99, &f->e));
	assert_true(got.n == 1 && isinf(got.items[0].value));
	ok(f, series_read(&got, &f->a, f->st, id, 0, AT_NOW, false, 10, &f->e));
	assert_int_equal(got.n, 10);
	fails(f, series_read(&got, &f->a, f->st, id, 0, AT_NOW, false, 9, &f->e),
		ERR_LIMIT, "more than 9 samples", NULL);
	ok(f, series_read(&got, &f->a, f->st, id, T0 + 1, AT_NOW, true, 9, &f->e));
	assert_int_equal(got.n, 10);
	ok(f, series_find(&rows, &n, &f->a, f->st, NULL, "requests_total", 9, &f->e));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].labels, "{\"code\":\"200\"}");
	ok(f, series_find(&rows, &n, &f->a, f->st, "nobody", "requests_total", 9, &f->e));
	assert_int_equal(n, 0);
}

/* --- definitions --- */

static struct burn_alert alerts[] = {
	{SEV_PAGE, 5 * NS_PER_MIN, NS_PER_HOUR, 14.4},
	{SEV_TICKET, 30 * NS_PER_MIN, 6 * NS_PER_HOUR, 6},
};

static struct slo definition(const char *name)
{
	return (struct slo){.service = "checkout",
		.name = name,
		.title = "t",
		.format = "openslo",
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY,
		.sli = {.kind = SLI_RATIO, .selector = true, .good = "g", .total = "t"},
		.alerting = alerts,
		.n_alerting = 2,
		.labels = "{}",
		.source = "prom"};
}

static struct slo_state standing(
	const char *name, int64_t at, enum severity severity, double budget)
{
	return (struct slo_state){.service = "checkout",
		.name = name,
		.at = at,
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY,
		.n_windows = 2,
		.windows_ns = {5 * NS_PER_MIN, NS_PER_HOUR},
		.burn = {2.5, NAN},
		.window_events = {100, NAN},
		.events = 100,
		.budget_left = budget,
		.severity = severity,
		.onset = NONE_INT,
		.exhausted_in_s = INFINITY,
		.bad = 3,
		.rate = 1.5,
		.bad_rate = 0.25,
		.projected = -0.5,
		.period_from = at - 30 * NS_PER_DAY,
		.period_to = at,
		.coverage = NAN,
		.recovers = at + NS_PER_DAY,
		.note = "12 events only"};
}

FIXTURE_TEST(definitions_have_intervals)
{
	struct slo d = definition("availability");
	struct slo_rows rows;
	const struct slo *got;

	ok(f, slo_define(f->st, &d, T0, &f->e));
	ok(f, slo_define(f->st, &d, T0 + S(60), &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM slo"), 1);
	d.objective = 0.99;
	d.n_alerting = 1;
	ok(f, slo_define(f->st, &d, T0 + S(120), &f->e));
	ok(f, slo_rows(&rows, &f->a, f->st, T0 + S(119), &f->e));
	assert_int_equal(rows.n, 1);
	got = &rows.items[0].slo;
	assert_true(got->objective == 0.999 && got->window_ns == 30 * NS_PER_DAY);
	assert_int_equal(got->n_alerting, 2);
	assert_int_equal(got->alerting[0].severity, SEV_PAGE);
	assert_true(got->alerting[1].factor == 6 &&
		got->alerting[1].long_ns == 6 * NS_PER_HOUR);
	assert_int_equal(got->sli.kind, SLI_RATIO);
	assert_true(got->sli.selector && !got->calendar);
	assert_string_equal(got->sli.good, "g");
	assert_null(got->sli.bad);
	assert_string_equal(got->source, "prom");
	assert_true(rows.items[0].state.at == NONE_INT);
	assert_int_equal(rows.items[0].state.severity, SEV_NONE);
	assert_string_equal(rows.items[0].state.name, "availability");
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 1);
	assert_true(rows.items[0].slo.objective == 0.99);
	assert_int_equal(rows.items[0].slo.n_alerting, 1);
	ok(f, slo_rows(&rows, &f->a, f->st, T0 - 1, &f->e));
	assert_int_equal(rows.n, 0);
}

FIXTURE_TEST(definitions_keep_how_budgets_are_counted)
{
	struct slo d = definition("scores");
	struct slo_rows rows;
	const struct slo *got;

	d.calendar = true;
	d.calendar_unit = CALENDAR_WEEK;
	d.calendar_count = 2;
	d.calendar_start = "2026-01-05 00:00:00";
	d.time_zone = "Europe/Berlin";
	d.budgeting = BUDGET_TIMESLICES;
	d.slice_target = 0.95;
	d.slice_ns = 5 * NS_PER_MIN;
	d.min_bad = 25;
	d.annotations = "{\"title\":\"x\"}";
	d.alert_name = "ScoresBurn";
	d.sli = (struct sli){.kind = SLI_TRACES,
		.recorded_as = "m:burnrate{{.window}}",
		.grouping = "handler,code",
		.traces = {"score", "groundedness", "shop", "gte", 0.7}};
	ok(f, slo_define(f->st, &d, T0, &f->e));
	ok(f, slo_define(f->st, &d, T0 + S(60), &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM slo"), 1);
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	got = &rows.items[0].slo;
	assert_int_equal(got->calendar_unit, CALENDAR_WEEK);
	assert_int_equal(got->calendar_count, 2);
	assert_string_equal(got->calendar_start, "2026-01-05 00:00:00");
	assert_string_equal(got->time_zone, "Europe/Berlin");
	assert_int_equal(got->budgeting, BUDGET_TIMESLICES);
	assert_true(got->slice_target == 0.95 && got->slice_ns == 5 * NS_PER_MIN);
	assert_true(got->min_bad == 25);
	assert_string_equal(got->annotations, "{\"title\":\"x\"}");
	assert_string_equal(got->alert_name, "ScoresBurn");
	assert_int_equal(got->sli.kind, SLI_TRACES);
	assert_string_equal(got->sli.recorded_as, "m:burnrate{{.window}}");
	assert_string_equal(got->sli.grouping, "handler,code");
	assert_string_equal(got->sli.traces.measure, "score");
	assert_string_equal(got->sli.traces.name, "groundedness");
	assert_string_equal(got->sli.traces.agent, "shop");
	assert_string_equal(got->sli.traces.op, "gte");
	assert_true(got->sli.traces.limit == 0.7);
	/* A change of any of them is a new definition. */
	d.sli.traces.limit = 0.8;
	ok(f, slo_define(f->st, &d, T0 + S(90), &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM slo"), 2);
}

FIXTURE_TEST(what_a_round_did_not_confirm_ends)
{
	struct slo a = definition("a"), b = definition("b"), c = definition("c"),
		   d = definition("d");
	struct slo_rows rows;

	c.source = "other";
	d.source = NULL;
	ok(f, slo_define(f->st, &a, T0, &f->e));
	ok(f, slo_define(f->st, &b, T0, &f->e));
	ok(f, slo_define(f->st, &c, T0, &f->e));
	ok(f, slo_define(f->st, &d, T0, &f->e));
	ok(f, slo_define(f->st, &a, T0 + S(60), &f->e));
	ok(f, slo_undefine_others(f->st, "prom", T0 + S(60), T0 + S(61), &f->e));
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 3);
	ok(f, slo_rows(&rows, &f->a, f->st, T0 + S(60), &f->e));
	assert_int_equal(rows.n, 4);
	ok(f, slo_undefine_others(f->st, NULL, T0 + S(60), T0 + S(62), &f->e));
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 2);
	ok(f, slo_define(f->st, &b, T0 + S(90), &f->e));
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 3);
	ok(f, slo_rows(&rows, &f->a, f->st, T0 + S(70), &f->e));
	assert_int_equal(rows.n, 2);
}

FIXTURE_TEST(the_worst_stands_first)
{
	static const struct {
		const char *name;
		enum severity severity;
		double budget;
	} all[] = {{"d-ok", SEV_OK, 0.9}, {"a-page", SEV_PAGE, -0.2},
		{"e-none", SEV_NONE, NAN}, {"b-ticket", SEV_TICKET, 0.1},
		{"c-ticket", SEV_TICKET, 0.4}};
	struct slo_rows rows;
	const struct slo_state *s;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct slo d = definition(all[i].name);
		struct slo_state st =
			standing(all[i].name, T0, all[i].severity, all[i].budget);

		ok(f, slo_define(f->st, &d, T0, &f->e));
		if (all[i].severity != SEV_NONE)
			ok(f, slo_record(f->st, &st, &f->e));
	}
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_string_equal(rows.items[0].slo.name, "a-page");
	assert_string_equal(rows.items[1].slo.name, "b-ticket");
	assert_string_equal(rows.items[2].slo.name, "c-ticket");
	assert_string_equal(rows.items[3].slo.name, "d-ok");
	assert_string_equal(rows.items[4].slo.name, "e-none");
	s = &rows.items[0].state;
	assert_int_equal(s->n_windows, 2);
	assert_true(s->windows_ns[1] == NS_PER_HOUR && s->burn[0] == 2.5 &&
		isnan(s->burn[1]));
	assert_true(s->window_events[0] == 100 && isnan(s->window_events[1]));
	assert_true(isinf(s->exhausted_in_s) && s->onset == NONE_INT);
	assert_true(s->bad == 3 && s->rate == 1.5 && s->bad_rate == 0.25 &&
		s->projected == -0.5 && isnan(s->coverage));
	assert_true(s->period_from == T0 - 30 * NS_PER_DAY && s->period_to == T0);
	assert_true(s->recovers == T0 + NS_PER_DAY);
	assert_string_equal(s->note, "12 events only");
	assert_string_equal(s->service, "checkout");
}

/* As it stood, not as it stands; also what is filled in later for the past. */
FIXTURE_TEST(states_of_the_past)
{
	struct slo d = definition("a");
	struct slo_state s;
	struct slo_rows rows;

	ok(f, slo_define(f->st, &d, T0, &f->e));
	for (int i = 0; i < 5; i++) {
		s = standing(
			"a", T0 + S(60 * i), i == 2 ? SEV_PAGE : SEV_OK, 1 - 0.1 * i);
		ok(f, slo_record(f->st, &s, &f->e));
	}
	ok(f, slo_rows(&rows, &f->a, f->st, T0 + S(150), &f->e));
	assert_int_equal(rows.items[0].state.severity, SEV_PAGE);
	assert_true(rows.items[0].state.at == T0 + S(120));
	s = standing("a", T0 + S(130), SEV_TICKET, 0.5);
	ok(f, slo_record(f->st, &s, &f->e));
	ok(f, slo_rows(&rows, &f->a, f->st, T0 + S(150), &f->e));
	assert_int_equal(rows.items[0].state.severity, SEV_TICKET);
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_true(rows.items[0].state.at == T0 + S(240));
	/* The same moment again replaces it. */
	s = standing("a", T0 + S(240), SEV_PAGE, 0);
	ok(f, slo_record(f->st, &s, &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM slo_state"), 6);
}

/* 100 states, a spike at 37 and no data at 80 … 89; in ten points the spike is not lost. */
FIXTURE_TEST(history_keeps_the_worst)
{
	struct samples got;

	for (int i = 0; i < 100; i++) {
		struct slo_state s = standing("a", T0 + S(10 * i), SEV_OK, 1 - 0.001 * i);

		s.burn[0] = i == 37 ? 99 : i >= 80 && i < 90 ? NAN : 1;
		ok(f, slo_record(f->st, &s, &f->e));
	}
	ok(f,
		slo_burn_history(&got, &f->a, f->st, "checkout", "a", NULL,
			5 * NS_PER_MIN, T0, T0 + S(1000) - 1, 10, &f->e));
	assert_int_equal(got.n, 10);
	for (size_t i = 0; i < got.n; i++) {
		if (i == 3)
			assert_true(got.items[i].value == 99 &&
				got.items[i].at == T0 + S(370));
		else if (i == 8)
			assert_true(isnan(got.items[i].value));
		else
			assert_true(got.items[i].value == 1 &&
				got.items[i].at == T0 + S(100 * (int)i));
	}
	ok(f,
		slo_budget_history(&got, &f->a, f->st, "checkout", "a", NULL, T0,
			T0 + S(1000) - 1, 10, &f->e));
	assert_int_equal(got.n, 10);
	assert_true(got.items[0].value == 1 - 0.001 * 9);
	ok(f,
		slo_burn_history(&got, &f->a, f->st, "checkout", "a", NULL,
			5 * NS_PER_MIN, T0, T0 + S(50), 1000, &f->e));
	assert_int_equal(got.n, 6);
	/* Of a month of which we saw the last quarter of an hour, that is not one point. */
	ok(f,
		slo_burn_history(&got, &f->a, f->st, "checkout", "a", NULL,
			5 * NS_PER_MIN, T0 - 30 * NS_PER_DAY, T0 + S(1000) - 1, 10,
			&f->e));
	assert_int_equal(got.n, 10);
	ok(f,
		slo_burn_history(&got, &f->a, f->st, "checkout", "a", NULL, 7, T0,
			T0 + S(50), 1000, &f->e));
	assert_true(isnan(got.items[0].value));
	ok(f,
		slo_burn_history(&got, &f->a, f->st, "nobody", "a", NULL, 7, T0,
			T0 + S(50), 9, &f->e));
	assert_int_equal(got.n, 0);
}

/* The same service and name at two sources: neither takes the other's place. */
FIXTURE_TEST(two_sources_have_one_objective_each)
{
	struct slo slo = {
		.service = "checkout", .name = "a", .objective = 0.9, .source = "eu"};
	struct slo_state s = {.service = "checkout",
		.name = "a",
		.source = "eu",
		.at = T0,
		.objective = 0.9,
		.budget_left = 0.5,
		.onset = NONE_INT};
	struct slo_rows rows;

	ok(f, slo_define(f->st, &slo, T0, &f->e));
	ok(f, slo_record(f->st, &s, &f->e));
	slo.source = s.source = "us";
	slo.objective = 0.99;
	s.budget_left = -1;
	ok(f, slo_define(f->st, &slo, T0, &f->e));
	ok(f, slo_record(f->st, &s, &f->e));
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 2);
	for (size_t i = 0; i < rows.n; i++)
		assert_true(!strcmp(rows.items[i].slo.source, "us") ==
				(rows.items[i].slo.objective > 0.95) &&
			!strcmp(rows.items[i].state.source, "us") ==
				(rows.items[i].state.budget_left < 0));
	/* One that is not read any more does not close the other's. */
	ok(f, slo_undefine_others(f->st, "us", T0 + S(1), T0 + S(2), &f->e));
	ok(f, slo_rows(&rows, &f->a, f->st, AT_NOW, &f->e));
	assert_int_equal(rows.n, 1);
	assert_string_equal(rows.items[0].slo.source, "eu");
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(samples_in_and_out),
	cmocka_unit_test(definitions_have_intervals),
	cmocka_unit_test(definitions_keep_how_budgets_are_counted),
	cmocka_unit_test(what_a_round_did_not_confirm_ends),
	cmocka_unit_test(the_worst_stands_first),
	cmocka_unit_test(states_of_the_past),
	cmocka_unit_test(two_sources_have_one_objective_each),
	cmocka_unit_test(history_keeps_the_worst))
