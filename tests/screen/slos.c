/*
 * slos.c - is it bad, and since when: objectives and drift, from the first screen to what to do
 */
#include "tests/screen/harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/path.h"
#include "model/pipeline.h"
#include "store/drift.h"
#include "store/observe.h"
#include "store/series.h"
#include "store/source.h"
#include "tui/panes/panes.h"

static void fail_screen(struct screen *s, const char *what)
{
	struct strbuf have = STRBUF_INIT;

	screen_text(s, &have);
	fail_msg("%s:\n%s", what, have.buf);
}

static void expect(struct screen *s, const char *text)
{
	if (!screen_has(s, text))
		fail_screen(s, text);
}

static void expect_not(struct screen *s, const char *text)
{
	if (screen_has(s, text))
		fail_screen(s, text);
}

static struct screen *open_screen(int rows, int cols)
{
	struct screen *s = screen_open(&(struct screen_conf){.rows = rows, .cols = cols});

	assert_non_null(s);
	return s;
}

/* --- the pictures, where the table's test does not take them --- */

static void picture(const struct screen_conf *conf, const char *keys, const char *name)
{
	struct screen *s = screen_open(conf);

	assert_non_null(s);
	screen_keys(s, keys);
	screen_golden(s, name);
	screen_close(s);
}

static void both_panes_look_as_they_should(void **state)
{
	const struct screen_conf narrow = {.rows = 24, .cols = 80};
	const struct screen_conf wide = {.rows = 45, .cols = 160};
	const struct screen_conf ascii = {.rows = 24, .cols = 80, .ascii = true};
	const struct screen_conf wide_ascii = {.rows = 45, .cols = 160, .ascii = true};

	(void)state;
	picture(&wide, "2", "slos-wide");
	picture(&wide_ascii, "2", "slos-wide-ascii");
	picture(&ascii, "2", "slos-ascii");
	picture(&narrow, "2<Enter>", "slo-page");
	picture(&narrow, "2<Enter><PgDn><PgDn>", "slo-page-2");
	picture(&wide, "2j<Enter>", "slo-page-wide");
	picture(&ascii, "2<Enter>", "slo-page-ascii");
	picture(&wide, "7", "drift-wide");
	picture(&wide_ascii, "7", "drift-wide-ascii");
	picture(&ascii, "7", "drift-ascii");
	picture(&narrow, "7jjjj<Enter>", "drift-page");
	picture(&narrow, "7jjjj<Enter><PgDn><PgDn>", "drift-page-2");
	picture(&wide, "7jjjj<Enter>", "drift-page-wide");
	picture(&wide, "1", "overview-wide");
}

/* The same picture with NO_COLOR: nothing is said by colour alone. */
static void without_colour_they_look_the_same(void **state)
{
	const struct screen_conf narrow = {.rows = 24, .cols = 80, .no_color = true};
	const struct screen_conf wide = {.rows = 45, .cols = 160, .no_color = true};

	(void)state;
	picture(&narrow, "2", "slos");
	picture(&wide, "2", "slos-wide");
	picture(&narrow, "7", "drift");
	picture(&wide, "7", "drift-wide");
	picture(&narrow, "2<Enter>", "slo-page");
	picture(&narrow, "7jjjj<Enter>", "drift-page");
}

/* --- from the first screen to what to do --- */

static void a_burn_leads_to_chart_suspects_and_runbook_in_two_keys(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	expect(s, "checkout-assistant/availability burns 14.6x");
	screen_keys(s, "<Enter>");
	expect(s, "Burn in 5m; page over 14.4x");
	expect(s, "14.4x \xe2\xa0\xa4"); /* the chart, with its line */
	expect(s, "Changes near the onset");
	expect(s, "checkout-ranker/production: 11 -> 12  1m before, likely");
	screen_keys(s, "R");
	expect(s, "bad-model-version");
	expect(s, ", for checkout-assistant");
	screen_close(s);
}

static void a_drift_leads_to_chart_suspects_and_runbook_in_three_keys(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	expect(s, "3 of 7 features drifted");
	screen_keys(s, "7");
	expect(s, "+ drifted");
	screen_keys(s, "<Enter>");
	expect(s, "First drifted 08:28:00");
	expect(s, "where the dataset does");
	expect(s, "\xe2\xa3\xbf"); /* the chart */
	expect(s, "Changes near the onset");
	screen_keys(s, "R");
	expect(s, ", for fraud-scorer");
	screen_close(s);
}

/* --- within one poll --- */

static void put_burn(struct screen *s, const char *service, const char *name, double burn)
{
	struct slo_state state = {
		.service = service,
		.name = name,
		.at = clock_now(),
		.objective = 0.95,
		.window_ns = 30 * NS_PER_DAY,
		.n_windows = 3,
		.windows_ns = {5 * NS_PER_MIN, NS_PER_HOUR, 6 * NS_PER_HOUR},
		.burn = {burn, burn, burn / 3},
		.window_events = {NAN, NAN, NAN},
		.events = 5000,
		.budget_left = -0.31,
		.severity = SEV_PAGE,
		.onset = clock_now() - NS_PER_MIN,
		.exhausted_in_s = 0,
		.bad = 327,
		.rate = 2,
		.bad_rate = 1,
		.projected = NAN,
		.period_from = NONE_INT,
		.period_to = NONE_INT,
		.coverage = 0.5,
	};
	struct err e = ERR_INIT;

	assert_int_equal(slo_record(screen_store(s), &state, &e), 0);
	err_release(&e);
}

static void a_burn_is_seen_within_one_poll(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	put_burn(s, "support-agent", "success", 30);
	screen_advance(s, NS_PER_S);
	expect(s, "support-agent/success burns 30.0x");
	screen_keys(s, "2");
	expect(s, "-31 %");
	expect(s, "gone");
	screen_keys(s, "<Enter>");
	expect(s, "-31.0 %");
	expect(s, "50 % covered");
	expect(s, "1 bad of 2 events/s");
	expect(s, "327 bad of 5.0k");
	screen_close(s);
}

static void put_drift(struct screen *s, const struct drift_report *reports, size_t n)
{
	struct observe *ob = NULL;
	struct source_row row;
	struct arena a;
	struct err e = ERR_INIT;

	arena_init(&a);
	assert_int_equal(source_find(&row, &a, screen_store(s), "prom", &e), 0);
	assert_int_equal(observe_begin(&ob, screen_store(s), "prom", row.generation,
				 REC_DRIFT_REPORT, clock_now(), false, &e),
		0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(observe_put(ob, &reports[i], &e), 0);
	assert_int_equal(observe_end(ob, true, &e), 0);
	err_release(&e);
	arena_release(&a);
}

static struct drift_report moved(const char *feature, const char *verdict)
{
	return (struct drift_report){
		.source = "prom",
		.service = "search-embed",
		.dataset = "queries",
		.feature = feature,
		.kind = "prediction",
		.method = "psi",
		.value = strcmp(verdict, "drifted") ? 0.01 : 0.7,
		.threshold = 0.2,
		.p_value = NAN,
		.noise = 0.02,
		.n_reference = 4000,
		.n_current = 900,
		.drifted = !strcmp(verdict, "drifted"),
		.verdict = verdict,
		.persisted = "3 of 4",
		.since = strcmp(verdict, "drifted") ? NONE_INT : clock_now() - NS_PER_MIN,
		.computed = clock_now(),
	};
}

static void a_drift_is_seen_within_one_poll(void **state)
{
	struct screen *s = open_screen(24, 80);
	const struct drift_report report = moved("words", "drifted");

	(void)state;
	put_drift(s, &report, 1);
	screen_advance(s, NS_PER_S);
	expect(s, "1 of 1 features drifted");
	expect(s, "words of search-embed");
	expect(s, "psi 0.7 > 0.2");
	screen_close(s);
}

static void calm(struct screen *s, const char *service, const char *name)
{
	struct slo_state state = {
		.service = service,
		.name = name,
		.at = clock_now(),
		.objective = 0.99,
		.window_ns = 30 * NS_PER_DAY,
		.events = 5000,
		.budget_left = 0.9,
		.severity = SEV_OK,
		.onset = NONE_INT,
		.exhausted_in_s = INFINITY,
		.bad = NAN,
		.rate = NAN,
		.bad_rate = NAN,
		.projected = NAN,
		.period_from = NONE_INT,
		.period_to = NONE_INT,
		.coverage = NAN,
	};
	struct err e = ERR_INIT;

	assert_int_equal(slo_record(screen_store(s), &state, &e), 0);
	err_release(&e);
}

static void quiet_alerts(struct screen *s)
{
	struct observe *ob = NULL;
	struct source_row row;
	struct arena a;
	struct err e = ERR_INIT;

	arena_init(&a);
	assert_int_equal(source_find(&row, &a, screen_store(s), "am", &e), 0);
	assert_int_equal(observe_begin(&ob, screen_store(s), "am", row.generation,
				 REC_ALERT, clock_now(), false, &e),
		0);
	assert_int_equal(observe_end(ob, true, &e), 0);
	err_release(&e);
	arena_release(&a);
}

/* Data that moved is told beside "all is well"; predictions that did are for today. */
static void drift_alone_is_told_and_pages_nobody(void **state)
{
	struct screen *s = open_screen(24, 80);
	struct drift_report data = moved("words", "drifted");

	(void)state;
	calm(s, "checkout-assistant", "availability");
	calm(s, "fraud-scorer", "latency");
	quiet_alerts(s);
	screen_advance(s, NS_PER_S);
	expect(s, "+ Look today");
	expect(s, "predictions drifted: score of fraud-scorer since 08:28:00");
	data.kind = "data";
	put_drift(s, &data, 1);
	screen_advance(s, NS_PER_S);
	expect(s, ". All is well");
	expect(s, "data drifted: words of search-embed");
	screen_close(s);
}

/* --- what is odd --- */

/* A thousand features: only what is seen is read, and the cursor goes to both ends. */
static void a_thousand_features_are_listed(void **state)
{
	struct screen *s = open_screen(24, 80);
	struct drift_report *reports = mem_new(1000, sizeof(*reports));
	struct arena a;

	(void)state;
	arena_init(&a);
	for (int i = 0; i < 1000; i++)
		reports[i] = moved(
			arena_format(&a, "feature_%04d", i), i == 700 ? "drifted" : "ok");
	put_drift(s, reports, 1000);
	screen_advance(s, NS_PER_S);
	screen_keys(s, "7");
	expect(s, "1000 features: 1 drifted");
	expect(s, "feature_0700");
	screen_keys(s, "G");
	expect(s, "feature_0999");
	screen_keys(s, "/0512<Enter>");
	expect(s, "feature_0512");
	expect_not(s, "feature_0700");
	free(reports);
	arena_release(&a);
	screen_close(s);
}

static void a_broken_objective_is_one_row(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	screen_keys(s, "2");
	expect(s, "? no data");
	expect(s, "fraud-scorer");
	screen_keys(s, "jj<Enter>");
	expect(s, "no series match the total");
	screen_close(s);
}

static void the_heat_map_shows_more_time(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	screen_keys(s, "7");
	expect(s, "last 6h");
	screen_keys(s, "z");
	expect(s, "last 1d");
	screen_keys(s, "zzz");
	expect(s, "last 15m");
	screen_keys(s, "zz");
	expect(s, "last 6h");
	screen_close(s);
}

/* New and lost categories are named, and what is drift is said in words. */
static void both_distributions_are_shown(void **state)
{
	struct screen *s = open_screen(60, 120);

	(void)state;
	screen_keys(s, "7/language<Enter><Enter>");
	expect(s, "is over its threshold, 0.1");
	expect(s, "Chance alone stays below 0.02");
	expect(s, "4 of 4 windows");
	expect(s, "First drifted 08:09:00");
	expect(s, "new   pl");
	expect(s, "lost  jp");
	screen_keys(s, "G");
	expect(s, "it pages nobody");
	screen_close(s);
}

static void its_alerts_are_found_by_their_labels(void **state)
{
	struct screen *s = open_screen(60, 120);

	(void)state;
	screen_keys(s, "2<Enter>G");
	screen_keys(s, "/Its alerts<Enter>");
	expect(s, "ModelErrorBudgetBurn");
	screen_close(s);
}

static void the_past_is_shown_as_it_was(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	screen_keys(s, "2T12m<Enter>");
	expect(s, "AS IT WAS");
	expect_not(s, "! page");
	screen_keys(s, "<Esc>7T12m<Enter>");
	expect(s, "nothing of this was known at that time");
	screen_close(s);
}

/* --- what can be done about it --- */

static const char connector[] =
	"connector: mlflow\n"
	"title: A registry\n"
	"speaks: REST\n"
	"reads: []\n"
	"actions:\n"
	"  - name: point\n"
	"    title: Point an alias at a version\n"
	"    params: {model: text, alias: text, version: text}\n"
	"    post: /alias\n"
	"    json: '{model: $model, alias: $alias, version: $version}'\n";

static void put_connector(void)
{
	char *top = path_join(getenv("XDG_CONFIG_HOME"), "tocsin"),
	     *dir = path_join(top, "connectors"), *file = path_join(dir, "mlflow.yaml");
	struct err e = ERR_INIT;

	assert_int_equal(path_make_dir(dir, 0700, &e), 0);
	assert_int_equal(path_write(file, connector, strlen(connector), 0600, &e), 0);
	free(top);
	free(dir);
	free(file);
}

/* The check names the pipeline and all that it needs: nothing is asked but whether. */
static void the_pipeline_of_the_check_is_started(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	put_connector();
	screen_keys(s, "7/prompt<Enter>x");
	expect(s, "train again");
	screen_keys(s, "t");
	expect(s, "Start step 1, point");
	expect(s, "POST ");
	expect(s, "13");
	screen_close(s);
}

static void a_check_without_pipeline_says_what_to_write(void **state)
{
	struct screen *s = open_screen(24, 100);

	(void)state;
	screen_keys(s, "7xt");
	expect(s, "no pipeline is named for scores: write retrain:");
	screen_close(s);
}

static void drift_is_accepted_with_a_reason(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	screen_keys(s, "7/prompt<Enter>xa");
	expect(s, "Accept what is measured now as the new reference");
	expect(s, "prompt_length");
	screen_keys(s, "longer prompts since the relaunch<Enter>");
	expect(s, "tocsin drift accept 'checkout-assistant/checkout-inputs'");
	expect(s, "longer prompts since the relaunch");
	screen_close(s);
}

static void in_a_read_only_context_nothing_is_offered(void **state)
{
	struct screen *s = screen_open(&(struct screen_conf){.read_only = true});

	(void)state;
	screen_keys(s, "7x");
	expect_not(s, "train again");
	screen_close(s);
}

UNIT_TESTS(cmocka_unit_test(both_panes_look_as_they_should),
	cmocka_unit_test(without_colour_they_look_the_same),
	cmocka_unit_test(a_burn_leads_to_chart_suspects_and_runbook_in_two_keys),
	cmocka_unit_test(a_drift_leads_to_chart_suspects_and_runbook_in_three_keys),
	cmocka_unit_test(a_burn_is_seen_within_one_poll),
	cmocka_unit_test(a_drift_is_seen_within_one_poll),
	cmocka_unit_test(drift_alone_is_told_and_pages_nobody),
	cmocka_unit_test(a_thousand_features_are_listed),
	cmocka_unit_test(a_broken_objective_is_one_row),
	cmocka_unit_test(the_heat_map_shows_more_time),
	cmocka_unit_test(both_distributions_are_shown),
	cmocka_unit_test(its_alerts_are_found_by_their_labels),
	cmocka_unit_test(the_past_is_shown_as_it_was),
	cmocka_unit_test(the_pipeline_of_the_check_is_started),
	cmocka_unit_test(a_check_without_pipeline_says_what_to_write),
	cmocka_unit_test(drift_is_accepted_with_a_reason),
	cmocka_unit_test(in_a_read_only_context_nothing_is_offered))
