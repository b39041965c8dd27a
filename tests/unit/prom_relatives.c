#include "tests/unit/readers.h"

#include "core/duration.h"

/* What the relatives of Prometheus do differently, by a server that answers as they do. */

#define VECTOR(result)                                                            \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":" \
	"[" result "]}}"
#define VALUE(v) VECTOR("{\"metric\":{},\"value\":[1794999600,\"" v "\"]}")
#define EMPTY VECTOR("")
#define NO_ALERTS "{\"status\":\"success\",\"data\":{\"alerts\":[]}}"
#define ERROR(type, words) \
	"{\"status\":\"error\",\"errorType\":\"" type "\",\"error\":\"" words "\"}"
#define BUILD(members) "{\"status\":\"success\",\"data\":{" members "}}"

static const char slo_file[] = "version: prometheus/v1\n"
			       "service: shop\n"
			       "slos:\n"
			       "- name: availability\n"
			       "  objective: 99.9\n"
			       "  sli:\n"
			       "    events:\n"
			       "      error_query: sum(rate(http_bad[{{.window}}]))\n"
			       "      total_query: sum(rate(http_all[{{.window}}]))\n"
			       "  alerting: {name: A}\n";

#define CONFIG(with)                                                             \
	"contexts:\n- {name: c, sources: [prom]}\n"                              \
	"sources:\n- {name: prom, type: prometheus, url: 'http://127.0.0.1:%', " \
	"every: 15s" with "}\n"                                                  \
	"services:\n- {name: shop, slos: [slo.yaml]}\n"

/* What the requests carried. */
struct seen {
	unsigned tenant, raw, downsampled, timeout, extra, plain_path;
	int64_t earliest, latest; /* the `time` of http_all[...] */
	unsigned parts;
};

static void look(const char *request, void *ctx)
{
	struct seen *s = ctx;
	struct strbuf value = STRBUF_INIT;

	s->tenant +=
		web_header(&value, request, "X-Scope-OrgID") && !strcmp(value.buf, "ml");
	strbuf_reset(&value);
	s->plain_path += !strncmp(request, "POST /api/v1/", 13);
	s->extra += strstr(request, "extra_label=env") != NULL;
	if (web_param(&value, request, "timeout"))
		s->timeout += !strcmp(value.buf, "5000ms");
	strbuf_reset(&value);
	if (web_param(&value, request, "max_source_resolution"))
		s->raw += !strcmp(value.buf, "0s");
	else if (strstr(request, "http_all"))
		s->downsampled++;
	strbuf_reset(&value);
	if (strstr(request, "http_all") && web_param(&value, request, "time")) {
		int64_t at = (int64_t)strtoll(value.buf, NULL, 10);

		s->parts += strstr(request, "5d") != NULL;
		if (!s->earliest || at < s->earliest)
			s->earliest = at;
		if (at > s->latest)
			s->latest = at;
	}
	strbuf_release(&value);
}

/* "Date: Fri, 20 Nov 2026 23:29:50 GMT" */
static void http_date(struct strbuf *out, int64_t at)
{
	static const char *const days[] = {
		"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct strbuf iso = STRBUF_INIT;

	time_format(&iso, at / NS_PER_S * NS_PER_S);
	strbuf_addf(out, "Date: %s, %.2s %s %.4s %.8s GMT\r\n", days[at / NS_PER_DAY % 7],
		iso.buf + 8, months[strtol(iso.buf + 5, NULL, 10) - 1], iso.buf,
		iso.buf + 11);
	strbuf_release(&iso);
}

static void begin(
	struct bench *b, struct seen *s, const char *config, struct script *script)
{
	memset(s, 0, sizeof(*s));
	bench_init(b, config, slo_file);
	bench_source(b, "prom");
	b->script = script;
	b->look = look;
	b->look_ctx = s;
}

static void thanos_is_asked_for_raw_data(void **state)
{
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS},
		{.of = "buildinfo", .body = BUILD("\"version\":\"0.39.1\"")},
		{.of = "runtimeinfo", .body = BUILD("")},
		{.of = "http_", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct bench b;
	struct seen s;

	(void)state;
	begin(&b, &s, CONFIG(", timeout: 5s, with: {dedup: true}"), script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_string_equal(b.version, "Thanos 0.39.1");
	assert_true(s.raw > 0);
	/* 3 d and the period of 30 d, all events, and how much of the period has data. */
	assert_int_equal(s.downsampled, 3);
	assert_true(s.timeout > 0);
	bench_release(&b);
}

static void tenants_go_along_everywhere(void **state)
{
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS},
		{.of = "buildinfo",
			.body = BUILD("\"application\":\"Grafana "
				      "Mimir\",\"version\":\"2.15.0\"")},
		{.of = "runtimeinfo", .status = 404, .body = "404 page not found"},
		{.of = "http_", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct bench b;
	struct seen s;

	(void)state;
	begin(&b, &s, CONFIG(", with: {tenant: ml}"), script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_null(b.partial);
	assert_string_equal(b.version, "Mimir 2.15.0");
	assert_int_equal(s.tenant, b.requests);
	bench_release(&b);
}

static void without_a_tenant_it_is_said(void **state)
{
	struct script script[] = {
		{.of = "", .status = 401, .body = "no org id", .type = "text/plain"},
		{0}};
	struct bench b;
	struct seen s;

	(void)state;
	begin(&b, &s, CONFIG(""), script);
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_AUTH);
	assert_non_null(strstr(b.e.hint, "tenant"));
	bench_release(&b);
}

/* A window that is longer than allowed is asked in parts, and its events are put together. */
static void long_windows_are_asked_in_parts(void **state)
{
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS},
		{.of = "buildinfo", .body = BUILD("\"application\":\"Grafana Mimir\"")},
		{.of = "[30d]",
			.status = 422,
			.body = ERROR("execution",
				"the query time range exceeds the limit (query length: "
				"720h5m0s, limit: 168h0m0s) "
				"(err-mimir-max-query-length)")},
		{.of = "query_range", .body = EMPTY},
		{.of = "http_bad[6d]", .body = VALUE("2")},
		{.of = "http_all[6d]", .body = VALUE("1000")},
		{.of = "http_bad", .body = VALUE("1")},
		{.of = "http_all", .body = VALUE("1000")}, {.of = "", .body = EMPTY},
		{0}};
	struct bench b;
	struct seen s;
	struct slo_row row;

	(void)state;
	begin(&b, &s, CONFIG(""), script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	if (b.partial)
		fail_msg("%s", b.partial);
	assert_int_equal(script[2].asked, 2);
	assert_int_equal(script[4].asked, 5);
	assert_int_equal(script[5].asked, 5);
	assert_int_equal(s.latest - s.earliest, 24 * 86400); /* 5 parts, 6 days apart */
	/* 10 of 5000 at 99.9 %: twice the budget. */
	row = bench_slo(&b, "availability");
	near(row.state.budget_left, -1, 1e-9);
	/* What was learnt holds: the whole is not tried again. */
	clock_advance(13 * NS_PER_HOUR);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(script[2].asked, 2);
	assert_int_equal(script[4].asked, 10);
	bench_release(&b);
}

static void a_ratio_has_no_parts(void **state)
{
	static const char raw[] =
		"version: prometheus/v1\nservice: shop\nslos:\n- name: raw\n"
		"  objective: 99\n  sli: {raw: {error_ratio_query: "
		"'job:ratio[{{.window}}]'}}\n"
		"  alerting: {name: B}\n";
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS},
		{.of = "buildinfo", .body = BUILD("\"application\":\"Grafana Mimir\"")},
		{.of = "[30d]",
			.status = 422,
			.body = ERROR("execution",
				"the query time range exceeds the limit "
				"(limit: 168h0m0s)")},
		{.of = "query_range", .body = EMPTY},
		{.of = "job:ratio", .body = VALUE("0.001")}, {.of = "", .body = EMPTY},
		{0}};
	struct bench b;

	(void)state;
	bench_init(&b, CONFIG(""), raw);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_non_null(strstr(b.partial, "exceeds the limit"));
	assert_true(isnan(bench_slo(&b, "raw").state.budget_left));
	near(bench_burn(&b, "raw", NS_PER_HOUR), 0.1, 1e-9);
	bench_release(&b);
}

static void victoria_metrics_is_known_and_its_gaps_are(void **state)
{
#define HOST .headers = "X-Server-Hostname: vm-1\r\n"
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS, HOST},
		{.of = "buildinfo", .body = BUILD("\"version\":\"2.24.0\""), HOST},
		{.of = "flags",
			.body = "-retentionPeriod=\"7d\"\n",
			.type = "text/plain"},
		{.of = "query_range", .body = EMPTY, HOST},
		{.of = "http_all[5m]",
			.body = "{\"status\":\"success\",\"isPartial\":true,\"data\":{"
				"\"resultType\":\"vector\",\"result\":[{\"metric\":{},"
				"\"value\":[1794999600,\"1000\"]}]}}",
			HOST},
		{.of = "http_", .body = VALUE("100"), HOST},
		{.of = "", .body = EMPTY, HOST}, {0}};
	struct bench b;
	struct seen s;

	(void)state;
	begin(&b, &s, CONFIG(", with: {extra_labels: [env=prod]}"), script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_string_equal(b.version, "VictoriaMetrics");
	assert_non_null(strstr(b.partial, "storage node"));
	assert_int_equal(s.extra, b.posts);
	/* It keeps a week, the objective is about 30 days. */
	assert_non_null(strstr(bench_slo(&b, "availability").state.note, "30d"));
	bench_release(&b);
}

#define KNOWN                                                                      \
	{.of = "buildinfo", .body = BUILD("\"version\":\"2.42.0\"")},              \
	{                                                                          \
		.of = "runtimeinfo", .body = BUILD("\"storageRetention\":\"90d\"") \
	}

static void waits_as_long_as_it_is_told(void **state)
{
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS}, KNOWN,
		{.of = "http_all[5m]",
			.status = 429,
			.body = "slow down",
			.headers = "Retry-After: 3\r\n",
			.until = 2},
		{.of = "http_", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct bench b;
	int64_t began;

	(void)state;
	bench_init(&b, CONFIG(""), slo_file);
	bench_source(&b, "prom");
	b.script = script;
	began = clock_mono();
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_null(b.partial);
	assert_int_equal(script[3].asked, 2);
	assert_true(clock_mono() - began >= 6 * NS_PER_S);
	near(bench_burn(&b, "availability", 5 * NS_PER_MIN), 1000, 1e-6);
	bench_release(&b);
}

static void does_not_wait_beyond_the_round(void **state)
{
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS}, KNOWN,
		{.of = "query_range", .body = EMPTY},
		{.of = "http_all[5m]",
			.status = 503,
			.body = "<html>overloaded</html>",
			.headers = "Retry-After: 600\r\n"},
		{.of = "http_bad[1h]",
			.status = 503,
			.body = ERROR(
				"timeout", "query timed out in expression evaluation")},
		{.of = "http_", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, CONFIG(""), slo_file);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_non_null(b.partial);
	assert_int_equal(script[4].asked, 1);
	assert_int_equal(script[5].asked, 1); /* what took too long is not begun again */
	bench_release(&b);
}

/* A window that costs the server too much is not asked each minute. */
static void failures_are_asked_again_ever_later(void **state)
{
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS}, KNOWN,
		{.of = "http_all[30d]",
			.status = 503,
			.body = ERROR(
				"timeout", "query timed out in expression evaluation")},
		{.of = "query_range", .body = EMPTY},
		{.of = "http_", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, CONFIG(""), slo_file);
	bench_source(&b, "prom");
	b.script = script;
	for (int i = 0; i < 240; i++) {
		bench_round(&b, i ? ROUND_INCREMENTAL : ROUND_FULL);
		clock_advance(15 * NS_PER_S);
	}
	/* An hour: after 0, 1, 3, 7, 15, 31 minutes. */
	assert_int_equal(script[3].asked, 6);
	bench_release(&b);
}

static void a_log_being_read_is_said(void **state)
{
	struct script script[] = {{.of = "",
					  .status = 503,
					  .body = "Service Unavailable",
					  .type = "text/plain; charset=utf-8"},
		{0}};
	struct bench b;

	(void)state;
	bench_init(&b, CONFIG(""), slo_file);
	bench_source(&b, "prom");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	assert_non_null(strstr(b.e.what, "reads its log"));
	assert_int_equal(b.e.retry, RETRY_LATER);
	bench_release(&b);
}

/* Its clock is four minutes behind: asked by that clock, and said. */
static void clocks_that_differ_are_shown(void **state)
{
	struct script script[] = {{.of = "alerts", .body = NO_ALERTS},
		{.of = "buildinfo", .body = BUILD("\"version\":\"2.42.0\"")},
		{.of = "http_", .body = VALUE("100")}, {.of = "", .body = EMPTY}, {0}};
	struct strbuf date = STRBUF_INIT;
	struct bench b;
	struct seen s;
	int64_t now;

	(void)state;
	begin(&b, &s, CONFIG(""), script);
	now = clock_now();
	http_date(&date, now - 4 * NS_PER_MIN);
	script[1].headers = date.buf;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_non_null(strstr(b.partial, "behind ours"));
	assert_in_range(now / NS_PER_S - s.latest, 235, 245);
	bench_release(&b);
	strbuf_release(&date);
}

UNIT_TESTS(cmocka_unit_test(thanos_is_asked_for_raw_data),
	cmocka_unit_test(tenants_go_along_everywhere),
	cmocka_unit_test(without_a_tenant_it_is_said),
	cmocka_unit_test(long_windows_are_asked_in_parts),
	cmocka_unit_test(a_ratio_has_no_parts),
	cmocka_unit_test(victoria_metrics_is_known_and_its_gaps_are),
	cmocka_unit_test(waits_as_long_as_it_is_told),
	cmocka_unit_test(does_not_wait_beyond_the_round),
	cmocka_unit_test(failures_are_asked_again_ever_later),
	cmocka_unit_test(a_log_being_read_is_said),
	cmocka_unit_test(clocks_that_differ_are_shown))
