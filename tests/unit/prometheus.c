#include "tests/unit/readers.h"

#define VECTOR(result)                                                            \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":" \
	"[" result "]}}"
#define VALUE(v) VECTOR("{\"metric\":{},\"value\":[1794999600,\"" v "\"]}")
#define SLOTH(name, v)                                        \
	"{\"metric\":{\"sloth_id\":\"shop-" name              \
	"\",\"sloth_service\":\"shop\",\"sloth_slo\":\"" name \
	"\"},\"value\":[1794999600,\"" v "\"]}"
#define EMPTY VECTOR("")
#define BUILD "{\"status\":\"success\",\"data\":{\"version\":\"2.42.0\"}}"
#define RUNTIME "{\"status\":\"success\",\"data\":{\"storageRetention\":\"15d\"}}"
#define NO_ALERTS "{\"status\":\"success\",\"data\":{\"alerts\":[]}}"
#define ERROR(type, words) \
	"{\"status\":\"error\",\"errorType\":\"" type "\",\"error\":\"" words "\"}"

static const char plain_config[] = "contexts:\n- {name: c, sources: [prom]}\n"
				   "sources:\n- {name: prom, type: prometheus, url: "
				   "'http://127.0.0.1:%', every: 15s}\n"
				   "services:\n- {name: shop, slos: [slo.yaml]}\n";

static const char sloth_file[] =
	"version: prometheus/v1\n"
	"service: shop\n"
	"slos:\n"
	"- name: availability\n"
	"  objective: 99.9\n"
	"  sli:\n"
	"    events:\n"
	"      error_query: sum(rate(http_bad[{{.window}}]))\n"
	"      total_query: sum(rate(http_all[{{.window}}]))\n"
	"  alerting: {name: A}\n"
	"- name: raw\n"
	"  objective: 99\n"
	"  sli: {raw: {error_ratio_query: 'job:ratio{w=\"{{.window}}\"}'}}\n"
	"  alerting: {name: B}\n";

static const char one_objective[] =
	"version: prometheus/v1\n"
	"service: shop\n"
	"slos:\n"
	"- name: availability\n"
	"  objective: 99.9\n"
	"  sli:\n"
	"    events:\n"
	"      error_query: sum(rate(http_bad[{{.window}}]))\n"
	"      total_query: sum(rate(http_all[{{.window}}]))\n"
	"  alerting: {name: A}\n";

#define SERVER                                                                           \
	{.of = "/api/v1/alerts", .body = NO_ALERTS}, {.of = "buildinfo", .body = BUILD}, \
	{                                                                                \
		.of = "runtimeinfo", .body = RUNTIME                                     \
	}

static void computes_burn_from_counts(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY},
		{.of = "http_bad[5m]", .body = VALUE("20")},
		{.of = "http_all[5m]", .body = VALUE("1000")},
		{.of = "http_bad", .body = VALUE("30")},
		{.of = "http_all", .body = VALUE("3000")},
		{.of = "job:ratio", .body = VALUE("0.05")}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, sloth_file);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_null(b.partial);
	assert_string_equal(b.version, "2.42.0");
	assert_int_equal(b.records, 2);
	/* 20 of 1000 bad at 99.9 %: 20 times; 30 of 3000: 10 times. */
	near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 20, 1e-9);
	near(bench_burn(&b, "availability", NS_PER_HOUR), 10, 1e-9);
	near(bench_burn(&b, "raw", NS_PER_HOUR), 5, 1e-9);
	/* 1 h at 10 is under 14.4, but 6 h and 30 min over 6 page. */
	assert_int_equal(bench_slo(&b, "availability").state.severity, SEV_PAGE);
	assert_string_equal(bench_slo(&b, "availability").slo.source, "prom");
	/* The store keeps 15 days of 30. */
	assert_non_null(strstr(bench_slo(&b, "availability").state.note, "30d"));
	bench_release(&b);
}

/* A server that was begun a minute ago has no moment of the grid that the period is looked at on. */
static void a_young_server_covers_nothing_yet(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY}, {.of = "count_over_time", .body = EMPTY},
		{.of = "http_bad", .body = VALUE("0")},
		{.of = "http_all", .body = VALUE("1000")}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	near(bench_slo(&b, "availability").state.coverage, 0, 0);
	assert_non_null(strstr(bench_slo(&b, "availability").state.note,
		"partial data: not yet covered whole: 30d"));
	bench_release(&b);
}

/* A selector that takes every bucket counts each event often: that is not perfect. */
static void more_good_than_all_is_no_data(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY}, {.of = "http_bad", .body = VALUE("-500")},
		{.of = "http_all", .body = VALUE("1000")}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	assert_int_equal(bench_slo(&b, "availability").state.severity, SEV_NO_DATA);
	assert_true(isnan(bench_burn(&b, "availability", NS_PER_HOUR)));
	assert_non_null(strstr(b.partial, "more good events"));
	/* What rounding makes is none of it. */
	script[5].body = VALUE("-0.5");
	bench_leave(&b);
	bench_source(&b, "prom");
	clock_advance(15 * NS_PER_S);
	bench_round(&b, ROUND_FULL);
	assert_int_equal(bench_slo(&b, "availability").state.severity, SEV_OK);
	near(bench_burn(&b, "availability", NS_PER_HOUR), 0, 0);
	bench_release(&b);
}

static void asks_long_windows_less_often(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY},
		{.of = "http_all[5m]", .body = VALUE("1000")},
		{.of = "http_all[1h]", .body = VALUE("1000")},
		{.of = "http_all[3d]", .body = VALUE("1000")},
		{.of = "http_bad", .body = VALUE("0")},
		{.of = "http_all", .body = VALUE("1000")}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	b.script = script;
	for (int i = 0; i < 9; i++) {
		bench_round(&b, i ? ROUND_INCREMENTAL : ROUND_FULL);
		clock_advance(15 * NS_PER_S);
	}
	assert_int_equal(script[5].asked, 9); /* 5 min: each round, 15 s apart */
	assert_int_equal(script[6].asked, 3); /* 1 h: each minute */
	assert_int_equal(script[7].asked, 1); /* 3 d: each 72 minutes */
	near(bench_burn(&b, "availability", 72 * NS_PER_HOUR), 0, 0);
	assert_int_equal(bench_slo(&b, "availability").state.severity, SEV_OK);
	bench_release(&b);
}

/* Two objectives that share a question, of which one burns: still no oftener than that one needs. */
static void shared_questions_are_asked_once(void **state)
{
	static const char two[] = "version: prometheus/v1\nservice: shop\nslos:\n"
				  "- name: strict\n  objective: 99.9\n  sli: {events: {"
				  "error_query: 'sum(rate(http_bad[{{.window}}]))', "
				  "total_query: 'sum(rate(http_all[{{.window}}]))'}}\n  "
				  "alerting: {name: A}\n"
				  "- name: lax\n  objective: 50\n  sli: {events: {"
				  "error_query: 'sum(rate(http_bad[{{.window}}]))', "
				  "total_query: 'sum(rate(http_all[{{.window}}]))'}}\n  "
				  "alerting: {name: B}\n";
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY},
		{.of = "http_all[3d]", .body = VALUE("1000")},
		{.of = "http_bad", .body = VALUE("100")},
		{.of = "http_all", .body = VALUE("1000")}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, two);
	bench_source(&b, "prom");
	b.script = script;
	for (int i = 0; i < 60; i++) {
		bench_round(&b, i ? ROUND_INCREMENTAL : ROUND_FULL);
		clock_advance(15 * NS_PER_S);
	}
	assert_int_equal(bench_slo(&b, "strict").state.severity, SEV_PAGE);
	assert_int_equal(bench_slo(&b, "lax").state.severity, SEV_OK);
	/* 15 minutes: burning or not, three days are asked each 72 minutes. */
	assert_int_equal(script[5].asked, 1);
	bench_release(&b);
}

static void absent_errors_are_none_and_absent_traffic_is_no_data(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY}, {.of = "http_bad", .body = EMPTY},
		{.of = "http_all", .body = VALUE("1000")}, {.of = "", .body = EMPTY},
		{0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, sloth_file);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	near(bench_burn(&b, "availability", NS_PER_HOUR), 0, 0);
	assert_int_equal(bench_slo(&b, "availability").state.severity, SEV_OK);
	assert_true(isnan(bench_burn(&b, "raw", NS_PER_HOUR)));
	assert_int_equal(bench_slo(&b, "raw").state.severity, SEV_NO_DATA);
	script[6].body =
		VALUE("0"); /* nothing was asked of it: 0 of 0 is no data either */
	bench_leave(&b);
	bench_source(&b, "prom");
	clock_advance(15 * NS_PER_S);
	bench_round(&b, ROUND_FULL);
	assert_true(isnan(bench_burn(&b, "availability", NS_PER_HOUR)));
	bench_release(&b);
}

static void recorded_rules_need_one_query_a_window(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:time_period:days",
			.body = VECTOR(SLOTH("a", "30") "," SLOTH("b", "28"))},
		{.of = "slo:objective:ratio",
			.body = VECTOR(SLOTH("a", "0.999") "," SLOTH("b", "0.99"))},
		{.of = "slo:sli_error:ratio_rate5m",
			.body = VECTOR(SLOTH("b", "0.02") "," SLOTH("a", "NaN"))},
		{.of = "slo:sli_error:ratio_rate",
			.body = VECTOR(SLOTH("a", "0.001") "," SLOTH("b", "0.02"))},
		{0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, NULL);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_NONE);
	assert_int_equal(script[6].asked, 1);
	near(bench_burn(&b, "b", 5 * NS_PER_MIN), 2, 1e-9);
	assert_true(isnan(bench_burn(&b, "a", 5 * NS_PER_MIN)));
	near(bench_burn(&b, "a", NS_PER_HOUR), 1, 1e-9);
	assert_int_equal(bench_slo(&b, "b").slo.window_ns, 28 * NS_PER_DAY);
	assert_string_equal(bench_slo(&b, "a").slo.format, "recorded");
	/* A rule that is gone takes its objective with it. */
	script[5].body = VECTOR(SLOTH("a", "0.999"));
	clock_advance(600 * NS_PER_S);
	bench_round(&b, ROUND_FULL);
	{
		struct slo_rows rows;

		ok(&b.f, slo_rows(&rows, &b.f.a, b.f.st, AT_NOW, &b.f.e));
		assert_int_equal(rows.n, 1);
	}
	bench_release(&b);
}

static char *many_recorded(size_t n, const char *value)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb,
		"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\","
		"\"result\":[");
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&sb,
			"%s{\"metric\":{\"sloth_id\":\"shop-s%zu\",\"sloth_service\":"
			"\"shop\",\"sloth_slo\":\"s%zu\"},\"value\":[1794999600,\"%s\"]}",
			i ? "," : "", i, i, value);
	strbuf_adds(&sb, "]}}");
	return strbuf_detach(&sb, NULL);
}

/* A thousand objectives that rules record: as many questions as one would need. */
static void a_thousand_recorded_need_no_more_queries(void **state)
{
	char *periods = many_recorded(1000, "30"),
	     *objectives = many_recorded(1000, "0.99");
	char *ratios = many_recorded(1000, "0.02");
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:time_period:days", .body = periods},
		{.of = "slo:objective:ratio", .body = objectives},
		{.of = "slo:sli_error:ratio_rate", .body = ratios}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, NULL);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_int_equal(b.records, 1000);
	/* 5m 30m 1h 2h 6h 1d 3d 30d */
	assert_int_equal(script[6].asked, 8);
	near(bench_burn(&b, "s999", NS_PER_HOUR), 2, 1e-9);
	clock_advance(15 * NS_PER_S);
	script[6].asked = 0;
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(script[6].asked, 1); /* 5m; 30m is 30 s old at most */
	bench_release(&b);
	free(periods);
	free(objectives);
	free(ratios);
}

#define PYRRA_ALERT(metric, slo, factor, short_, long_)                                  \
	"{\"type\":\"alerting\",\"name\":\"ErrorBudgetBurn\",\"query\":\"" metric        \
	":burnrate" short_ "{slo=\\\"" slo "\\\"} > (" factor " * (1-0.99)) and " metric \
	":burnrate" long_ "{slo=\\\"" slo "\\\"} > (" factor                             \
	" * (1-0.99))\",\"labels\":{"                                                    \
	"\"slo\":\"" slo "\",\"severity\":\"critical\",\"exhaustion\":\"2d\"}}"
#define PYRRA(metric, slo)                         \
	PYRRA_ALERT(metric, slo, "14", "5m", "1h") \
	"," PYRRA_ALERT(metric, slo, "7", "30m", "6h")
#define BURNRATE(metric, w, slo, v)                                                    \
	"{\"metric\":{\"__name__\":\"" metric ":burnrate" w "\",\"slo\":\"" slo "\"}," \
	"\"value\":[1794999600,\"" v "\"]}"

/* What Pyrra records has a name for each metric: still one question a window for all. */
static void pyrra_needs_one_query_a_window_too(void **state)
{
	struct script script[] = {
		{.of = "/api/v1/rules",
			.body = "{\"status\":\"success\",\"data\":{\"groups\":[{"
				"\"rules\":[" PYRRA("http_requests", "web") "," PYRRA(
					"grpc_handled", "rpc") "]}]}}"},
		SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "{__name__=~\".+:burnrate5m\",slo!=\"\"}",
			.body = VECTOR(BURNRATE("http_requests", "5m", "web",
				"0.2") "," BURNRATE("grpc_handled", "5m", "rpc",
				"0.01"))},
		{.of = "{__name__=~\".+:burnrate1h\",slo!=\"\"}",
			.body = VECTOR(BURNRATE("http_requests", "1h", "web", "0.3"))},
		{.of = "{__name__=~\".+:burnrate", .body = EMPTY},
		{.of = "", .body = EMPTY}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, NULL);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_int_equal(script[5].asked, 1);
	assert_int_equal(script[6].asked, 1);
	near(bench_burn(&b, "web", 5 * NS_PER_MIN), 20, 1e-9);
	near(bench_burn(&b, "rpc", 5 * NS_PER_MIN), 1, 1e-9);
	near(bench_burn(&b, "web", NS_PER_HOUR), 30, 1e-9);
	assert_true(isnan(bench_burn(&b, "rpc", NS_PER_HOUR)));
	assert_int_equal(bench_slo(&b, "web").state.severity, SEV_PAGE);
	bench_release(&b);
}

/* What is no number is no figure either, and never good. */
static void what_is_no_number_is_no_data(void **state)
{
	static const struct {
		const char *bad, *all;
	} cases[] = {
		{VALUE("NaN"), VALUE("1000")},
		{VALUE("0"), VALUE("NaN")},
		{VALUE("NaN"), VALUE("NaN")},
		{VALUE("0"), VALUE("+Inf")},
		{VALUE("+Inf"), VALUE("+Inf")},
		{VALUE("-Inf"), VALUE("1000")},
		{VALUE("0"), VALUE("-5")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
			{.of = "slo:", .body = EMPTY},
			{.of = "http_bad", .body = cases[i].bad},
			{.of = "http_all", .body = cases[i].all},
			{.of = "", .body = EMPTY}, {0}};
		struct bench b;
		struct slo_row row;

		bench_init(&b, plain_config, one_objective);
		bench_source(&b, "prom");
		b.script = script;
		bench_round(&b, ROUND_FULL);
		bench_went_well(&b);
		row = bench_slo(&b, "availability");
		if (row.state.severity != SEV_NO_DATA)
			fail_msg("case %zu is %s", i, severity_name(row.state.severity));
		if (!isnan(bench_burn(&b, "availability", NS_PER_HOUR)))
			fail_msg("case %zu burns", i);
		bench_release(&b);
	}
}

static char *ramp(
	int64_t from, int64_t to, int64_t step, double before, double after, int64_t turn)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb,
		"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
		"{\"metric\":{},\"values\":[");
	for (int64_t at = from; at <= to; at += step)
		strbuf_addf(&sb, "%s[%lld,\"%g\"]", at == from ? "" : ",",
			(long long)(at / NS_PER_S), at < turn ? before : after);
	strbuf_adds(&sb, "]}]}}");
	return strbuf_detach(&sb, NULL);
}

static void the_past_is_filled_at_first_contact(void **state)
{
	int64_t step = 60 * NS_PER_S;
	int64_t to = T0 / step * step, from = to - 1440 * step;
	int64_t turn = to - 90 * step;
	char *all = ramp(from, to, step, 1000, 1000, turn);
	char *bad = ramp(from, to, step, 0, 20, turn);
	struct script script[] = {SERVER,
		{.of = "query_range (sum(rate(http_bad", .body = bad},
		{.of = "query_range (sum(rate(http_all", .body = all},
		{.of = "slo:", .body = EMPTY}, {.of = "http_bad", .body = VALUE("20")},
		{.of = "http_all", .body = VALUE("1000")}, {0}};
	struct samples history;
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_true(script[3].asked > 0);
	ok(&b.f,
		slo_burn_history(&history, &b.f.a, b.f.st, "shop", "availability", NULL,
			5 * NS_PER_MIN, T0 - NS_PER_DAY, T0, 100000, &b.f.e));
	assert_in_range(history.n, 1400, 1442);
	near(history.items[0].value, 0, 0);
	near(history.items[history.n - 2].value, 20, 1e-9);
	/* The beginning of the burn is where it first was over the factor. */
	assert_int_equal(bench_slo(&b, "availability").state.severity, SEV_PAGE);
	assert_in_range(
		bench_slo(&b, "availability").state.onset, turn - step, turn + step);
	/* It is filled once. */
	script[3].asked = 0;
	clock_advance(15 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(script[3].asked, 0);
	bench_release(&b);
	free(all);
	free(bad);
}

static void wrong_queries_are_told_once(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY},
		{.of = "job:ratio",
			.status = 400,
			.body = ERROR("bad_data", "1:3: parse error")},
		{.of = "http_", .body = VALUE("1")}, {0}};
	struct bench b;
	unsigned asked;

	(void)state;
	bench_init(&b, plain_config, sloth_file);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_string_equal(b.partial, "shop/raw: Prometheus answers: 1:3: parse error");
	assert_int_equal(strncmp(bench_slo(&b, "raw").state.note,
				 "Prometheus answers: 1:3: parse error; ", 38),
		0);
	asked = script[5].asked;
	for (int i = 0; i < 3; i++) {
		clock_advance(15 * NS_PER_S);
		bench_round(&b, ROUND_INCREMENTAL);
	}
	assert_int_equal(script[5].asked, asked);
	clock_advance(600 * NS_PER_S);
	bench_round(&b, ROUND_FULL); /* someone may have mended it */
	assert_true(script[5].asked > asked);
	bench_release(&b);
}

static void servers_that_refuse_post_get_get(void **state)
{
	struct script script[] = {SERVER,
		{.of = "POST", .status = 405, .body = "Method Not Allowed"},
		{.of = "slo:", .body = EMPTY}, {.of = "http_", .body = VALUE("1")}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	near(bench_burn(&b, "availability", NS_PER_HOUR), 1000, 1e-6);
	b.posts = 0;
	clock_advance(15 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(b.posts, 0);
	bench_release(&b);
}

static void warnings_make_it_partial(void **state)
{
	struct script script[] = {SERVER, {.of = "query_range", .body = EMPTY},
		{.of = "slo:", .body = EMPTY},
		{.of = "http_",
			.body = "{\"status\":\"success\",\"warnings\":[\"store a is "
				"gone\"],"
				"\"data\":{\"resultType\":\"vector\",\"result\":[]}}"},
		{0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_string_equal(b.partial, "store a is gone");
	bench_release(&b);
}

static void faults_end_the_round_with_words(void **state)
{
	static const struct {
		struct script first;
		enum err_code code;
	} cases[] = {
		{{.of = "alerts", .status = 401, .body = "no"}, ERR_AUTH},
		{{.of = "alerts", .body = "{\"status\":\"success\"", .fault = WEB_CLOSE},
			ERR_NONE},
		{{.of = "alerts", .body = "", .fault = WEB_RESET}, ERR_NONE},
		{{.of = "alerts", .body = "<html>log in</html>", .type = "text/html"},
			ERR_NONE},
		{{.of = "alerts", .status = 404, .body = "404 page not found"}, ERR_NONE},
		{{.of = "alerts", .status = 503, .body = "Service Unavailable"},
			ERR_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct script script[] = {cases[i].first,
			{.of = "buildinfo", .body = BUILD},
			{.of = "runtimeinfo", .body = RUNTIME}, {.of = "", .body = EMPTY},
			{0}};
		struct bench b;

		bench_init(&b, plain_config, one_objective);
		bench_source(&b, "prom");
		b.script = script;
		bench_round(&b, ROUND_FULL);
		assert_int_equal(b.e.code, cases[i].code);
		/* Endpoints that are not there are no fault; others are told. */
		if (!b.e.code && script[0].status != 404)
			assert_non_null(b.partial);
		bench_release(&b);
	}
}

/* A page for every question is a login's; it says nothing of who is behind it. */
static void a_login_page_is_one_of_credentials(void **state)
{
	struct script page[] = {
		{.of = "", .body = "<html>log in</html>", .type = "text/html"}, {0}};
	struct script mimir[] = {
		{.of = "buildinfo",
			.body = "{\"status\":\"success\",\"data\":{\"application\":"
				"\"Grafana Mimir\",\"version\":\"2.15.0\"}}"},
		{.of = "runtimeinfo", .status = 404, .body = "404 page not found"},
		{.of = "/api/v1/alerts",
			.body = "{\"status\":\"success\",\"data\":{\"alerts\":[]}}"},
		{.of = "", .body = EMPTY}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	b.script = page;
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_AUTH);
	assert_non_null(strstr(b.e.what, "a web page came"));
	assert_non_null(strstr(b.e.hint, "login"));
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(b.e.code, ERR_AUTH);
	b.script = mimir;
	clock_advance(5 * NS_PER_MIN);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_string_equal(b.version, "Mimir 2.15.0");
	bench_release(&b);
}

static void nobody_there_is_a_failure(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	web_free(b.web);
	bench_round(&b, ROUND_FULL);
	b.web = web_new(b.loop, bench_serve, &b);
	assert_int_equal(b.e.code, ERR_NET);
	assert_int_equal(b.e.retry, RETRY_LATER);
	bench_release(&b);
}

static void a_round_that_hangs_is_cut_off(void **state)
{
	struct script script[] = {{.of = "", .body = "", .fault = WEB_HANG}, {0}};
	struct bench b;
	struct round *r;

	(void)state;
	bench_init(&b, plain_config, one_objective);
	bench_source(&b, "prom");
	b.script = script;
	bench_begin(&b, ROUND_FULL, 3 * NS_PER_S);
	for (int i = 0; i < 10; i++)
		loop_turn(b.loop, NS_PER_MS);
	assert_false(b.done);
	clock_advance(3 * NS_PER_S);
	for (int i = 0; i < 10; i++)
		loop_turn(b.loop, NS_PER_MS);
	assert_true(b.done);
	assert_int_equal(b.e.code, ERR_NET);
	assert_non_null(strstr(b.e.what, "3s"));
	r = bench_begin(&b, ROUND_FULL, 100 * NS_PER_S);
	loop_turn(b.loop, NS_PER_MS);
	round_abort(r);
	assert_false(b.done);
	bench_release(&b);
}

/* --- alerts --- */

static const char both_config[] =
	"contexts:\n- {name: c, sources: [prom, am]}\n"
	"sources:\n- {name: prom, type: prometheus, url: 'http://127.0.0.1:%', every: "
	"15s}\n"
	"- {name: am, type: alertmanager, url: 'http://127.0.0.1:%', every: 15s}\n";

#define PROM_ALERTS                                                                   \
	"{\"status\":\"success\",\"data\":{\"alerts\":["                              \
	"{\"labels\":{\"alertname\":\"Known\",\"job\":\"j\"},\"annotations\":{},"     \
	"\"state\":\"firing\",\"activeAt\":\"2026-11-18T08:00:00Z\",\"value\":\"1e+"  \
	"00\"},"                                                                      \
	"{\"labels\":{\"alertname\":\"Lost\"},\"annotations\":{},"                    \
	"\"state\":\"firing\",\"activeAt\":\"2026-11-18T08:00:00Z\",\"value\":\"1e+"  \
	"00\"},"                                                                      \
	"{\"labels\":{\"alertname\":\"Soon\"},\"annotations\":{},"                    \
	"\"state\":\"pending\",\"activeAt\":\"2026-11-18T08:00:00Z\",\"value\":\"1e+" \
	"00\"}]}}"

#define AM_ALERTS                                                                        \
	"[{\"labels\":{\"alertname\":\"Known\",\"job\":\"j\",\"cluster\":\"external\"}," \
	"\"annotations\":{},\"startsAt\":\"2026-11-18T08:01:00Z\",\"fingerprint\":"      \
	"\"f1\","                                                                        \
	"\"status\":{\"state\":\"suppressed\",\"silencedBy\":[\"s1\"],\"inhibitedBy\":[" \
	"]}}]"

static void firing_alerts_that_reached_no_alertmanager_are_shown(void **state)
{
	struct script script[] = {{.of = "/api/v1/alerts", .body = PROM_ALERTS},
		{.of = "/api/v2/alerts", .body = AM_ALERTS},
		{.of = "/api/v2/silences", .body = "[]"}, {.of = "", .body = EMPTY}, {0}};
	const struct alert *known;
	struct observed_list list;
	struct bench b;

	(void)state;
	bench_init(&b, both_config, NULL);
	b.script = script;
	bench_source(&b, "am");
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_int_equal(bench_alerts(&b, "am").n, 1);
	bench_leave(&b);
	bench_source(&b, "prom");
	bench_round(&b, ROUND_FULL);
	list = bench_alerts(&b, "prom");
	assert_int_equal(list.n, 1); /* pending ones no Alertmanager ever knows */
	assert_string_equal(((const struct alert *)list.items[0].record)->name, "Soon");
	/* Alertmanager's own is told since when its condition is true. */
	known = bench_alerts(&b, "am").items[0].record;
	assert_int_equal(known->since - known->onset, 60 * NS_PER_S);
	assert_true(known->value == 1);
	clock_advance(60 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	list = bench_alerts(&b, "prom");
	assert_int_equal(list.n, 2); /* it should have arrived by now */
	bench_leave(&b);
	bench_source(&b, "am");
	bench_round(&b, ROUND_INCREMENTAL);
	known = bench_alerts(&b, "am").items[0].record;
	assert_int_equal(known->since - known->onset, 60 * NS_PER_S);
	bench_release(&b);
}

static void without_an_alertmanager_all_are_shown(void **state)
{
	struct script script[] = {{.of = "/api/v1/alerts", .body = PROM_ALERTS},
		{.of = "", .body = EMPTY}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, plain_config, NULL);
	b.script = script;
	bench_source(&b, "prom");
	bench_round(&b, ROUND_FULL);
	assert_int_equal(bench_alerts(&b, "prom").n, 3);
	assert_int_equal(b.records, 3);
	bench_release(&b);
}

UNIT_TESTS(cmocka_unit_test(a_thousand_recorded_need_no_more_queries),
	cmocka_unit_test(pyrra_needs_one_query_a_window_too),
	cmocka_unit_test(what_is_no_number_is_no_data),
	cmocka_unit_test(computes_burn_from_counts),
	cmocka_unit_test(a_young_server_covers_nothing_yet),
	cmocka_unit_test(more_good_than_all_is_no_data),
	cmocka_unit_test(asks_long_windows_less_often),
	cmocka_unit_test(shared_questions_are_asked_once),
	cmocka_unit_test(absent_errors_are_none_and_absent_traffic_is_no_data),
	cmocka_unit_test(recorded_rules_need_one_query_a_window),
	cmocka_unit_test(the_past_is_filled_at_first_contact),
	cmocka_unit_test(wrong_queries_are_told_once),
	cmocka_unit_test(servers_that_refuse_post_get_get),
	cmocka_unit_test(warnings_make_it_partial),
	cmocka_unit_test(faults_end_the_round_with_words),
	cmocka_unit_test(a_login_page_is_one_of_credentials),
	cmocka_unit_test(nobody_there_is_a_failure),
	cmocka_unit_test(a_round_that_hangs_is_cut_off),
	cmocka_unit_test(firing_alerts_that_reached_no_alertmanager_are_shown),
	cmocka_unit_test(without_an_alertmanager_all_are_shown))
