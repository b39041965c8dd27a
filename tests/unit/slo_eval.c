/* Objectives as a round evaluates them: by Prometheus, and by what we scrape ourselves. */
#include "tests/unit/readers.h"

#include "core/duration.h"

#define VECTOR(result)                                                            \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":" \
	"[" result "]}}"
#define OF(labels, v) "{\"metric\":{" labels "},\"value\":[1794999600,\"" v "\"]}"
#define VALUE(v) VECTOR(OF("", v))
#define EMPTY VECTOR("")
#define MATRIX(values)                                                             \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" \
	"{\"metric\":{},\"values\":[" values "]}]}}"
#define SERVER                                                                         \
	{.of = "buildinfo",                                                            \
		.body = "{\"status\":\"success\",\"data\":{\"version\":\"2.42.0\"}}"}, \
		{.of = "runtimeinfo",                                                  \
			.body = "{\"status\":\"success\",\"data\":{"                   \
				"\"storageRetention\":\"90d\"}}"},                     \
		{.of = "api/v1/alerts",                                                \
			.body = "{\"status\":\"success\",\"data\":{\"alerts\":[]}}"},  \
	{                                                                              \
		.of = "api/v1/rules",                                                  \
		.body = "{\"status\":\"success\",\"data\":{\"groups\":[]}}"            \
	}

static const char prom_config[] = "contexts:\n- {name: c, sources: [prom]}\n"
				  "sources:\n- {name: prom, type: prometheus, url: "
				  "'http://127.0.0.1:%', every: 15s}\n"
				  "services:\n- {name: shop, slos: [slo.yaml]}\n";

static void begin(struct bench *b, const char *config, const char *source,
	const char *slo, struct script *script)
{
	bench_init(b, config, slo);
	bench_source(b, source);
	b->script = script;
}

#define LATENCY(le)                                                               \
	"version: prometheus/v1\nservice: shop\nslos:\n- name: latency\n"         \
	"  objective: 99\n  sli: {events: {error_query: "                         \
	"'sum(rate(x_count[{{.window}}])) - sum(rate(x_bucket{le=\"" le           \
	"\"}[{{.window}}]))', total_query: 'sum(rate(x_count[{{.window}}]))'}}\n" \
	"  alerting: {name: A}\n"

/* 300 ms is no boundary: 250 ms is counted, which pages, and 500 ms is told beside it. */
static void limits_between_boundaries(void **state)
{
	struct script script[] = {SERVER,
		{.of = "count by (le)",
			.body = VECTOR(OF("\"le\":\"0.25\"", "1") "," OF(
				"\"le\":\"0.5\"", "1") "," OF("\"le\":\"+Inf\"", "1"))},
		{.of = "query_range", .body = EMPTY}, {.of = "slo:", .body = EMPTY},
		{.of = "count_over_time", .body = VALUE("240")},
		{.of = "le=\"0.25\"", .body = VALUE("20")},
		{.of = "le=\"0.5\"", .body = VALUE("0.5")},
		{.of = "x_count", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct slo_row row;
	struct bench b;

	(void)state;
	begin(&b, prom_config, "prom", LATENCY("0.3"), script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	row = bench_slo(&b, "latency");
	assert_int_equal(row.state.severity, SEV_PAGE);
	near(bench_burn(&b, "latency", NS_PER_HOUR), 20, 1e-9);
	assert_non_null(strstr(row.state.note, "0.3 is no boundary of x_bucket"));
	assert_non_null(strstr(row.state.note, "counted at 0.25, the next one is 0.5"));
	assert_non_null(
		strstr(row.state.note, "higher boundary the period burns at 0.5"));
	near(row.state.coverage, 1, 0);
	/* What was defined stands as it was written. */
	assert_non_null(strstr(row.slo.sli.bad, "le=\"0.3\""));
	bench_release(&b);
}

static void whole_numbers_have_two_spellings(void **state)
{
	struct script script[] = {SERVER,
		{.of = "count by (le)", .body = VECTOR(OF("\"le\":\"1.0\"", "1"))},
		{.of = "query_range", .body = EMPTY}, {.of = "slo:", .body = EMPTY},
		{.of = "le=~\"1|1\\\\.0\"", .body = VALUE("2")},
		{.of = "le=\"1\"", .body = EMPTY},
		{.of = "x_count", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct bench b;

	(void)state;
	begin(&b, prom_config, "prom", LATENCY("1"), script);
	bench_round(&b, ROUND_FULL);
	near(bench_burn(&b, "latency", NS_PER_HOUR), 2, 1e-9);
	assert_null(strstr(bench_slo(&b, "latency").state.note
			? bench_slo(&b, "latency").state.note
			: "",
		"boundary"));
	bench_release(&b);
}

/* No bucket at all, though requests are counted: nobody knows, which is not "all were slow". */
static void histograms_without_buckets(void **state)
{
	struct script script[] = {SERVER, {.of = "x_bucket", .body = EMPTY},
		{.of = "query_range", .body = EMPTY}, {.of = "slo:", .body = EMPTY},
		{.of = "x_count", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct bench b;

	(void)state;
	begin(&b, prom_config, "prom", LATENCY("0.3"), script);
	bench_round(&b, ROUND_FULL);
	assert_int_equal(bench_slo(&b, "latency").state.severity, SEV_NO_DATA);
	assert_non_null(
		strstr(bench_slo(&b, "latency").state.note, "x_bucket has no buckets"));
	bench_release(&b);
}

#define RATIO(more)                                                            \
	"version: prometheus/v1\nservice: shop\nslos:\n- name: availability\n" \
	"  objective: 99.9\n  sli: {events: {error_query: "                    \
	"'sum(rate(http_bad[{{.window}}]))', total_query: "                    \
	"'sum(rate(http_all[{{.window}}]))'}}\n  alerting: {name: A}\n" more

static double burn_when(const char *all, const char *bad, enum severity *severity)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY}, {.of = "http_bad", .body = bad},
		{.of = "http_all", .body = all}, {0}};
	struct bench b;
	double burn;

	begin(&b, prom_config, "prom", RATIO(""), script);
	bench_round(&b, ROUND_FULL);
	*severity = bench_slo(&b, "availability").state.severity;
	burn = bench_burn(&b, "availability", NS_PER_HOUR);
	bench_release(&b);
	return burn;
}

static void what_is_absent(void **state)
{
	enum severity severity;

	(void)state;
	/* The first error makes the counter of errors. */
	near(burn_when(VALUE("1000"), EMPTY, &severity), 0, 0);
	assert_int_equal(severity, SEV_OK);
	/* All else is no data, and never 100 %. */
	assert_true(isnan(burn_when(EMPTY, VALUE("5"), &severity)));
	assert_int_equal(severity, SEV_NO_DATA);
	assert_true(isnan(burn_when(VALUE("0"), VALUE("0"), &severity)));
	assert_int_equal(severity, SEV_NO_DATA);
	assert_true(isnan(burn_when(VALUE("NaN"), VALUE("NaN"), &severity)));
	assert_int_equal(severity, SEV_NO_DATA);
	/* NaN is a missing sample, and no absent counter. */
	assert_true(isnan(burn_when(VALUE("1000"), VALUE("NaN"), &severity)));
	assert_int_equal(severity, SEV_NO_DATA);
	/* Counts of several clusters are summed, their ratios are not averaged. */
	near(burn_when(VECTOR(OF("\"c\":\"a\"", "900") "," OF("\"c\":\"b\"", "100")),
		     VECTOR(OF("\"c\":\"b\"", "50")), &severity),
		50, 1e-9);
}

/* Between the rounds the burn began: a range query tells when, to the sample. */
static void onset_is_told(const char *before, bool open)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY}, {.of = "http_bad", .body = VALUE("50")},
		{.of = "http_all", .body = VALUE("1000")}, {0}};
	struct slo_row row;
	struct bench b;
	char *text;
	int64_t now;

	begin(&b, prom_config, "prom", RATIO(""), script);
	now = clock_now() / NS_PER_S;
	text = mem_format(MATRIX("[%lld,\"%s\"],[%lld,\"0.02\"],[%lld,\"0.05\"]"),
		(long long)now - 30, before, (long long)now - 20, (long long)now - 10);
	script[4].body = text;
	bench_round(&b, ROUND_FULL);
	row = bench_slo(&b, "availability");
	assert_int_equal(row.state.severity, SEV_PAGE);
	assert_int_equal(row.state.onset, (now - 20) * NS_PER_S);
	assert_true(open ==
		(row.state.note && strstr(row.state.note, "first data that there is")));
	bench_release(&b);
	free(text);
}

static void onsets_to_the_sample(void **state)
{
	(void)state;
	onset_is_told("0.01", false);
	/* Of what was before the first sample nobody knows. */
	onset_is_told("NaN", true);
}

/* The indicator stands in another file of the service, which is named before or behind. */
static void files_that_refer_to_each_other(void **state)
{
	static const char sli[] =
		"apiVersion: openslo/v1\nkind: SLI\nmetadata: {name: r}\n"
		"spec: {ratioMetric: {counter: true,\n"
		"  bad: {metricSource: {type: Prometheus, spec: {query: http_bad}}},\n"
		"  total: {metricSource: {type: Prometheus, spec: {query: "
		"http_all}}}}}\n";
	static const char slo[] =
		"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: availability}\n"
		"spec:\n  service: shop\n  budgetingMethod: Occurrences\n"
		"  indicatorRef: r\n  objectives: [{target: 0.99}]\n"
		"  timeWindow: [{duration: 30d, isRolling: true}]\n";
	static const char config[] =
		"contexts:\n- {name: c, sources: [prom]}\n"
		"sources:\n- {name: prom, type: prometheus, url: "
		"'http://127.0.0.1:%', every: 15s}\n"
		"services:\n- {name: shop, slos: [gone.yaml, slo.yaml, sli.yaml]}\n";
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY}, {.of = "http_bad", .body = VALUE("50")},
		{.of = "http_all", .body = VALUE("1000")}, {0}};
	struct bench b;
	char *file;

	(void)state;
	begin(&b, config, "prom", slo, script);
	file = mem_format("%s/sli.yaml", b.f.top);
	ok(&b.f, path_write(file, sli, strlen(sli), 0600, &b.f.e));
	free(file);
	bench_round(&b, ROUND_FULL);
	near(bench_burn(&b, "availability", NS_PER_HOUR), 5, 1e-9);
	bench_release(&b);
}

static const char grouped[] =
	"apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n"
	"metadata: {name: api, labels: {pyrra.dev/team: shop}}\n"
	"spec:\n  target: '99'\n  window: 4w\n"
	"  indicator: {ratio: {errors: {metric: 'http_bad{job=\"shop\"}'}, total: "
	"{metric: "
	"'http_all{job=\"shop\"}'}, grouping: [handler]}}\n";

static struct slo_rows rows_of(struct bench *b)
{
	struct slo_rows rows;

	ok(&b->f, slo_rows(&rows, &b->f.a, b->f.st, AT_NOW, &b->f.e));
	return rows;
}

static void groups_are_objectives_of_their_own(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY},
		{.of = "http_bad", .body = VECTOR(OF("\"handler\":\"/pay\"", "500"))},
		{.of = "http_all",
			.body = VECTOR(OF("\"handler\":\"/pay\"", "1000") "," OF(
				"\"handler\":\"/list\"", "1000"))},
		{.of = "", .body = EMPTY}, {0}};
	struct slo_rows rows;
	struct bench b;
	unsigned asked;

	(void)state;
	begin(&b, prom_config, "prom", grouped, script);
	bench_round(&b, ROUND_FULL);
	rows = rows_of(&b);
	assert_int_equal(rows.n, 2);
	/* Half of /pay fails; of /list no error was ever counted. */
	assert_string_equal(rows.items[0].slo.name, "api{handler=\"/pay\"}");
	assert_int_equal(rows.items[0].state.severity, SEV_PAGE);
	near(rows.items[0].state.burn[0], 50, 1e-9);
	assert_string_equal(rows.items[1].slo.name, "api{handler=\"/list\"}");
	assert_int_equal(rows.items[1].state.severity, SEV_OK);
	assert_non_null(strstr(rows.items[1].slo.labels, "\"handler\":\"/list\""));
	/* One question answers for all groups; a group that is told of no more goes. */
	asked = script[7].asked;
	script[7].body = VECTOR(OF("\"handler\":\"/pay\"", "1000"));
	clock_advance(12 * NS_PER_HOUR);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_true(script[7].asked < 2 * asked + 2);
	clock_advance(15 * NS_PER_S);
	bench_round(&b, ROUND_FULL);
	assert_int_equal(rows_of(&b).n, 1);
	bench_release(&b);
}

#define MONTHLY(zone)                                                                  \
	"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: monthly}\n"               \
	"spec:\n  service: shop\n  budgetingMethod: Occurrences\n"                     \
	"  timeWindow: [{duration: 1M, isRolling: false, calendar: {startTime: "       \
	"'2026-01-01 00:00:00', timeZone: " zone "}}]\n"                               \
	"  indicator: {metadata: {name: i}, spec: {ratioMetric: {counter: true, bad: " \
	"{metricSource: {type: Prometheus, spec: {query: http_bad}}}, total: "         \
	"{metricSource: "                                                              \
	"{type: Prometheus, spec: {query: http_all}}}}}}\n"                            \
	"  objectives: [{displayName: a, target: 0.999}]\n"

static void months_are_asked_as_far_as_they_are(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY}, {.of = "http_bad", .body = VALUE("1")},
		{.of = "http_all", .body = VALUE("1000")}, {.of = "", .body = EMPTY},
		{0}};
	struct slo_state s;
	struct bench b;
	double elapsed;

	(void)state;
	begin(&b, prom_config, "prom", MONTHLY("Europe/Berlin"), script);
	bench_round(&b, ROUND_FULL);
	s = bench_slo(&b, "monthly").state;
	assert_true(s.period_from <= s.at && s.at < s.period_to);
	assert_true(s.period_to - s.period_from >= 28 * NS_PER_DAY - NS_PER_HOUR);
	elapsed = (double)(s.at - s.period_from) / (double)(s.period_to - s.period_from);
	near(s.budget_left, 1 - elapsed, 1e-9); /* burns at 1 all the time */
	near(s.projected, 0, 1e-9);
	bench_release(&b);
	/* In a zone that nobody knows, no number is right. */
	begin(&b, prom_config, "prom", MONTHLY("Mars/Olympus"), script);
	bench_round(&b, ROUND_FULL);
	s = bench_slo(&b, "monthly").state;
	assert_true(isnan(s.budget_left));
	assert_non_null(strstr(s.note, "Mars/Olympus"));
	assert_int_equal(s.severity, SEV_OK); /* its windows roll all the same */
	bench_release(&b);
}

/* --- what we scrape ourselves --- */

static const char metrics_config[] =
	"contexts:\n- {name: c, sources: [m]}\n"
	"sources:\n- {name: m, type: metrics, every: 15s, targets: "
	"['http://127.0.0.1:%/one']}\n"
	"services:\n- {name: shop, slos: [slo.yaml]}\n";

/* A round each 15 s; text is the exposition with four numbers. */
static void scrape(struct bench *b, struct script *script, const char *const names[4],
	const int (*numbers)[4], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t before = clock_now();
		struct strbuf text = STRBUF_INIT;

		for (size_t k = 0; k < 4; k++)
			strbuf_addf(&text, "%s %d\n", names[k], numbers[i][k]);
		script->body = text.buf;
		bench_round(b, b->succeeded == NONE_INT ? ROUND_FULL : ROUND_INCREMENTAL);
		bench_went_well(b);
		strbuf_release(&text);
		clock_advance(15 * NS_PER_S - (clock_now() - before));
	}
	script->body = NULL;
}

static void scraped_limits_between_boundaries(void **state)
{
	static const int numbers[][4] = {{0, 0, 0, 0}, {80, 99, 100, 100},
		{160, 198, 200, 200}, {240, 297, 300, 300}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct slo_row row;
	struct bench b;

	(void)state;
	begin(&b, metrics_config, "m", LATENCY("0.3"), script);
	scrape(&b, script,
		(const char *const[4]){"# TYPE x histogram\nx_bucket{le=\"0.25\"}",
			"x_bucket{le=\"0.5\"}", "x_bucket{le=\"+Inf\"}", "x_count"},
		numbers, ARRAY_LEN(numbers));
	row = bench_slo(&b, "latency");
	near(bench_burn(&b, "latency", 5 * NS_PER_MIN), 20, 0.1);
	assert_non_null(strstr(row.state.note, "counted at 0.25, the next one is 0.5"));
	assert_non_null(strstr(row.state.note, "higher boundary the period burns at 1"));
	bench_release(&b);
}

static void scraped_groups(void **state)
{
	static const int numbers[][4] = {{0, 0, 0, 0}, {100, 50, 100, 0},
		{200, 100, 200, 0}, {300, 150, 300, 0}, {400, 200, 400, 0}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct slo_rows rows;
	struct bench b;

	(void)state;
	begin(&b, metrics_config, "m", grouped, script);
	scrape(&b, script,
		(const char *const[4]){
			"# TYPE http_all counter\nhttp_all{handler=\"/pay\"}",
			"http_bad{handler=\"/pay\"}", "http_all{handler=\"/list\"}",
			"http_bad{handler=\"/list\"}"},
		numbers, ARRAY_LEN(numbers));
	rows = rows_of(&b);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.items[0].slo.name, "api{handler=\"/pay\"}");
	near(rows.items[0].state.burn[0], 50, 0.5);
	assert_int_equal(rows.items[0].state.severity, SEV_PAGE);
	near(rows.items[1].state.burn[0], 0, 0);
	bench_release(&b);
}

static void without_good_events_all_failed(void **state)
{
	static const char by_good[] =
		"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: good}\n"
		"spec:\n  service: shop\n  budgetingMethod: Occurrences\n"
		"  timeWindow: [{duration: 30d, isRolling: true}]\n"
		"  indicator: {metadata: {name: i}, spec: {ratioMetric: {counter: true, "
		"good: "
		"{metricSource: {type: Prometheus, spec: {query: http_good}}}, total: "
		"{metricSource: {type: Prometheus, spec: {query: http_all}}}}}}\n"
		"  objectives: [{displayName: a, target: 0.99}]\n";
	static const int numbers[][4] = {{0, 0, 0, 0}, {100, 0, 0, 0}, {200, 0, 0, 0}};
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct bench b;

	(void)state;
	begin(&b, metrics_config, "m", by_good, script);
	scrape(&b, script,
		(const char *const[4]){
			"# TYPE http_all counter\nhttp_all", "x", "y", "z"},
		numbers, ARRAY_LEN(numbers));
	near(bench_burn(&b, "good", 5 * NS_PER_MIN), 100, 0.5);
	bench_release(&b);
}

UNIT_TESTS(cmocka_unit_test(limits_between_boundaries),
	cmocka_unit_test(whole_numbers_have_two_spellings),
	cmocka_unit_test(histograms_without_buckets), cmocka_unit_test(what_is_absent),
	cmocka_unit_test(onsets_to_the_sample),
	cmocka_unit_test(files_that_refer_to_each_other),
	cmocka_unit_test(groups_are_objectives_of_their_own),
	cmocka_unit_test(months_are_asked_as_far_as_they_are),
	cmocka_unit_test(scraped_limits_between_boundaries),
	cmocka_unit_test(scraped_groups),
	cmocka_unit_test(without_good_events_all_failed))
