#include "tests/unit/readers.h"

static const char config[] = "contexts:\n- {name: c, sources: [m]}\n"
			     "sources:\n- {name: m, type: metrics, every: 15s, targets: "
			     "['http://127.0.0.1:%/one']}\n"
			     "services:\n- {name: shop, slos: [slo.yaml]}\n";

static const char slo[] =
	"version: prometheus/v1\n"
	"service: shop\n"
	"slos:\n"
	"- name: availability\n"
	"  objective: 99.9\n"
	"  sli:\n"
	"    events:\n"
	"      error_query: "
	"sum(rate(http_total{code=~\"5..\",job=\"shop\"}[{{.window}}]))\n"
	"      total_query: sum(rate(http_total{job=\"shop\"}[{{.window}}]))\n"
	"  alerting: {name: A}\n"
	"- name: latency\n"
	"  objective: 99\n"
	"  sli:\n"
	"    events:\n"
	"      error_query: sum(rate(lat_count[{{.window}}])) - "
	"sum(rate(lat_bucket{le=\"1\"}[{{.window}}]))\n"
	"      total_query: sum(rate(lat_count[{{.window}}]))\n"
	"  alerting: {name: B}\n"
	"- name: clever\n"
	"  objective: 99\n"
	"  sli: {raw: {error_ratio_query: 'avg(x[{{.window}}])'}}\n"
	"  alerting: {name: C}\n";

/* What a target says at one moment. */
static char *says(int ok, int bad, int fast, int slow)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "# TYPE http_total counter\nhttp_total{code=\"200\"} %d\n", ok);
	if (bad >= 0)
		strbuf_addf(&sb, "http_total{code=\"500\"} %d\n", bad);
	strbuf_addf(&sb,
		"# TYPE lat histogram\nlat_bucket{le=\"1.0\"} "
		"%d\nlat_bucket{le=\"+Inf\"} %d\n"
		"lat_sum 1\nlat_count %d\nother{x=\"y\"} 5\n",
		fast, fast + slow, fast + slow);
	return strbuf_detach(&sb, NULL);
}

struct moment {
	int ok, bad, fast, slow;
};

/* A round for each moment, 30 s apart. */
static void scrape(
	struct bench *b, struct script *script, const struct moment *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *text = says(m[i].ok, m[i].bad, m[i].fast, m[i].slow);
		int64_t before = clock_now();

		script->body = text;
		bench_round(b, b->succeeded == NONE_INT ? ROUND_FULL : ROUND_INCREMENTAL);
		bench_went_well(b);
		free(text);
		clock_advance(30 * NS_PER_S - (clock_now() - before));
	}
	script->body = NULL;
}

static void begin(struct bench *b, const char *conf, struct script *script)
{
	bench_init(b, conf, slo);
	bench_source(b, "m");
	b->script = script;
}

static void ratios_come_from_counters(void **state)
{
	static const struct moment moments[] = {{1000, 10, 900, 100},
		{1090, 20, 990, 110}, {1180, 30, 1080, 120}, {1270, 40, 1170, 130}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct bench b;

	(void)state;
	begin(&b, config, script);
	scrape(&b, script, moments, 4);
	/* 30 of 300 failed at 99.9 %; 30 of 300 were slow at 99 %. */
	near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 100, 0.2);
	near(bench_burn(&b, "latency", 5 * NS_PER_MIN), 10, 0.02);
	assert_int_equal(bench_slo(&b, "availability").state.severity, SEV_PAGE);
	assert_non_null(strstr(bench_slo(&b, "availability").state.note, "partial"));
	assert_non_null(strstr(b.partial, "shop/clever"));
	/*
	 * Only what an objective adds up is kept: two codes, the bucket and the count; and the
	 * other bucket once, when the histogram's boundaries were learnt.
	 */
	assert_int_equal(number(&b.f, "SELECT count(*) FROM series"), 5);
	assert_int_equal(number(&b.f,
				 "SELECT count(*) FROM sample, series WHERE id = series "
				 "AND labels "
				 "LIKE '%Inf%'"),
		1);
	assert_int_equal(
		number(&b.f, "SELECT min(keep_ns) FROM series"), 31 * NS_PER_DAY);
	bench_release(&b);
}

static void a_restart_is_no_negative_traffic(void **state)
{
	static const struct moment moments[] = {
		{1000, 10, 0, 0}, {1090, 20, 0, 0}, {90, 10, 0, 0}, {180, 20, 0, 0}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct bench b;

	(void)state;
	begin(&b, config, script);
	scrape(&b, script, moments, 4);
	near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 100, 0.2);
	bench_release(&b);
}

static void the_first_errors_of_a_new_counter_count(void **state)
{
	static const struct moment moments[] = {
		{1000, -1, 0, 0}, {1100, -1, 0, 0}, {1190, 10, 0, 0}, {1290, 10, 0, 0}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct bench b;

	(void)state;
	begin(&b, config, script);
	scrape(&b, script, moments, 2);
	near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 0, 0);
	scrape(&b, script, moments + 2, 2);
	/* 10 of 300: the counter was not there, so it stood at 0. */
	near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 33.3, 0.2);
	bench_release(&b);
}

static void history_outlives_the_collector(void **state)
{
	static const struct moment moments[] = {
		{1000, 10, 0, 0}, {1090, 20, 0, 0}, {1180, 30, 0, 0}, {1270, 40, 0, 0}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct bench b;

	(void)state;
	begin(&b, config, script);
	scrape(&b, script, moments, 2);
	bench_leave(&b);
	bench_source(&b, "m");
	scrape(&b, script, moments + 2, 2);
	near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 100, 0.2);
	bench_release(&b);
}

static void no_traffic_is_no_data(void **state)
{
	static const struct moment moments[] = {{1000, 10, 0, 0}, {1000, 10, 0, 0}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct bench b;

	(void)state;
	begin(&b, config, script);
	scrape(&b, script, moments, 2);
	assert_true(isnan(bench_burn(&b, "availability", 5 * NS_PER_MIN)));
	assert_int_equal(bench_slo(&b, "availability").state.severity, SEV_NO_DATA);
	bench_release(&b);
}

static void a_damaged_scrape_is_not_used(void **state)
{
	struct script script[] = {
		{.of = "/one", .type = "application/openmetrics-text; version=1.0.0"},
		{0}};
	struct bench b;

	(void)state;
	begin(&b, config, script);
	script->body = "http_total{code=\"200\"} 5\n"; /* no end mark */
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_BACKEND);
	script->body = "http_total{code=\"200\"} 5\n# EOF\nx";
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_BACKEND);
	assert_int_equal(number(&b.f, "SELECT count(*) FROM sample"), 0);
	script->body = "http_total{code=\"200\"} 5\n# EOF\n";
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_int_equal(number(&b.f, "SELECT count(*) FROM sample"), 1);
	bench_release(&b);
}

static const char two_config[] =
	"contexts:\n- {name: c, sources: [m]}\n"
	"sources:\n- {name: m, type: metrics, every: 15s,"
	" targets: ['http://127.0.0.1:%/one', 'http://127.0.0.1:1/two']}\n"
	"services:\n- {name: shop, slos: [slo.yaml]}\n";

static void one_target_of_two_is_partial(void **state)
{
	static const struct moment moments[] = {{1000, 10, 0, 0}, {1090, 20, 0, 0}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct bench b;

	(void)state;
	begin(&b, two_config, script);
	scrape(&b, script, moments, 2);
	assert_non_null(strstr(b.partial, "1 of 2 targets: 127.0.0.1:1: cannot connect"));
	near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 100, 0.2);
	script->body = "}";
	bench_round(&b, ROUND_INCREMENTAL);
	assert_true(b.e.code != ERR_NONE); /* both */
	bench_release(&b);
}

/* --- when Prometheus itself is down --- */

static const char both_config[] =
	"contexts:\n- {name: c, sources: [prom, m]}\n"
	"sources:\n- {name: m, type: metrics, every: 15s, url: 'http://127.0.0.1:%'}\n"
	"- {name: prom, type: prometheus, every: 15s, url: 'http://127.0.0.1:1'}\n"
	"services:\n- {name: shop, slos: [slo.yaml]}\n";

static void prometheus_is_stood_in_for(void **state)
{
	static const struct moment moments[] = {
		{1000, 10, 0, 0}, {1090, 20, 0, 0}, {1180, 30, 0, 0}, {1270, 40, 0, 0}};
	struct script script[] = {{.of = "/metrics", .type = "text/plain"}, {0}};
	struct poll_outcome outcome = {.state = SRC_OK};
	struct slo_rows rows;
	struct bench b;

	(void)state;
	bench_init(&b, both_config, slo);
	bench_source(&b, "prom");
	bench_round(&b, ROUND_FULL); /* nobody there: no definitions yet */
	outcome.source_id = b.source_id;
	outcome.generation = b.generation;
	outcome.at = clock_now();
	ok(&b.f, source_outcomes(b.f.st, &outcome, 1, &b.f.e));
	bench_leave(&b);
	bench_source(&b, "m");
	b.script = script;
	scrape(&b, script, moments, 2);
	ok(&b.f, slo_rows(&rows, &b.f.a, b.f.st, AT_NOW, &b.f.e));
	assert_int_equal(rows.n, 0); /* it is Prometheus's to evaluate while it answers */
	outcome.state = SRC_FAILING;
	outcome.at = clock_now() - 2 * NS_PER_MIN;
	outcome.error = "cannot connect";
	ok(&b.f, source_outcomes(b.f.st, &outcome, 1, &b.f.e));
	scrape(&b, script, moments + 2, 2);
	assert_int_equal(
		number(&b.f, "SELECT count(*) FROM slo_state WHERE note LIKE '%prom%'") >
			0,
		1);
	bench_release(&b);
}

/* The budget of 30 days goes on from what the process counted before we looked; burn does not. */
static void the_budget_begins_with_the_process(void **state)
{
	static const struct {
		int days;
		double left;
	} cases[] = {
		/* 10 days: 200 + 200 of 1,000,400 failed, at 99.9 %; there are 20 more. */
		{10, 1 - 400 / 1000.4 / 3},
		/* 60 days: half of what was before lies in the last 30. */
		{60, 1 - 300 / 500.4},
	};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t started;
		struct bench b;

		begin(&b, config, script);
		started = clock_now() - cases[i].days * NS_PER_DAY;
		for (int k = 0; k < 3; k++) {
			char *text = mem_format("http_total{code=\"200\"} %d\n"
						"http_total{code=\"500\"} %d\n"
						"process_start_time_seconds %.3f\n",
				999800 + 100 * k, 200 + 100 * k,
				(double)started / NS_PER_S);

			script->body = text;
			bench_round(&b, k ? ROUND_INCREMENTAL : ROUND_FULL);
			bench_went_well(&b);
			free(text);
			clock_advance(30 * NS_PER_S);
		}
		near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 500, 0.5);
		near(bench_slo(&b, "availability").state.budget_left, cases[i].left,
			0.001);
		bench_release(&b);
	}
}

UNIT_TESTS(cmocka_unit_test(the_budget_begins_with_the_process),
	cmocka_unit_test(ratios_come_from_counters),
	cmocka_unit_test(a_restart_is_no_negative_traffic),
	cmocka_unit_test(the_first_errors_of_a_new_counter_count),
	cmocka_unit_test(history_outlives_the_collector),
	cmocka_unit_test(no_traffic_is_no_data),
	cmocka_unit_test(a_damaged_scrape_is_not_used),
	cmocka_unit_test(one_target_of_two_is_partial),
	cmocka_unit_test(prometheus_is_stood_in_for))
