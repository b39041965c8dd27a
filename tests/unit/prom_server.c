#include "tests/unit/unit.h"

#include <string.h>

#include "core/clock.h"
#include "poll/prom_server.h"

static struct source_conf source(const char *url, const char *with)
{
	return (struct source_conf){
		.name = "prom", .type = "prometheus", .url = url, .with = with};
}

static void options_are_checked(void **state)
{
	static const struct {
		const char *with, *hint; /* NULL: it is fine */
	} cases[] = {
		{NULL, NULL},
		{"{}", NULL},
		{"{\"speaks\":\"cortex\",\"tenant\":\"a|b\"}", NULL},
		{"{\"dedup\":true,\"replica_labels\":[\"replica\",\"rule_replica\"]}",
			NULL},
		{"{\"dedup\":\"false\",\"max_source_resolution\":\"5m\"}", NULL},
		{"{\"extra_labels\":[\"env=prod\"],\"latency_offset\":\"5s\"}", NULL},
		{"{\"model_info\":\"x\"}", NULL}, /* somebody else's */
		{"{\"speaks\":\"influx\"}", "prometheus, thanos"},
		{"{\"speaks\":7}", "prometheus, thanos"},
		{"{\"tenant\":\"\"}", "a text"},
		{"{\"tenant\":\"a\\nb\"}", "header"},
		{"{\"dedup\":\"perhaps\"}", "true or false"},
		{"{\"dedup\":[\"true\"]}", "a text"},
		{"{\"max_source_resolution\":\"7m\"}", "auto"},
		{"{\"extra_labels\":[\"env\"]}", "NAME=VALUE"},
		{"{\"extra_labels\":[\"=x\"]}", "NAME=VALUE"},
		{"{\"latency_offset\":\"soon\"}", "30s"},
		{"{\"speaks\":\"thanos\",\"latency_offset\":\"5s\"}", "victoria-metrics"},
		{"{\"speaks\":\"prometheus\",\"dedup\":true}", "thanos"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct source_conf conf = source("http://h", cases[i].with);
		struct err e = ERR_INIT;
		int rc = prom_options_check(&conf, &e);

		if ((rc < 0) != (cases[i].hint != NULL))
			fail_msg("%s: %s", cases[i].with, rc ? e.what : "accepted");
		if (rc < 0 && (!e.hint || !strstr(e.hint, cases[i].hint)))
			fail_msg("%s: %s", cases[i].with, e.hint ? e.hint : "no hint");
		err_release(&e);
	}
}

static enum prom_kind kind(const char *header, const char *body)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	struct json *document = NULL;
	struct err e = ERR_INIT;
	enum prom_kind k;

	if (header)
		http_answer_add(&a, header, strlen(header));
	if (body)
		assert_int_equal(json_parse(&document, body, strlen(body), &e), 0);
	k = prom_kind_of(&a, document);
	json_free(document);
	http_answer_release(&a);
	return k;
}

static void servers_say_who_they_are(void **state)
{
	struct source_conf conf;

	(void)state;
	assert_int_equal(
		kind(NULL, "{\"data\":{\"version\":\"3.4.0\"}}"), PROM_PROMETHEUS);
	assert_int_equal(kind(NULL, NULL), PROM_PROMETHEUS);
	assert_int_equal(kind(NULL, "{\"data\":{\"version\":\"0.39.1\"}}"), PROM_THANOS);
	assert_int_equal(kind(NULL,
				 "{\"data\":{\"application\":\"Grafana Mimir\","
				 "\"version\":\"2.15.0\"}}"),
		PROM_MIMIR);
	assert_int_equal(
		kind("X-Server-Hostname: vm\r\n", "{\"data\":{}}"), PROM_VICTORIA);
	conf = source(
		"https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1", NULL);
	assert_int_equal(prom_kind_configured(&conf), PROM_AMAZON);
	conf = source("https://monitoring.googleapis.com/v1/projects/p/location/global/"
		      "prometheus",
		NULL);
	assert_int_equal(prom_kind_configured(&conf), PROM_GOOGLE);
	conf = source("http://h", "{\"speaks\":\"thanos\"}");
	assert_int_equal(prom_kind_configured(&conf), PROM_THANOS);
	conf = source("http://h", "{\"tenant\":\"a\"}");
	assert_int_equal(prom_kind_configured(&conf), PROM_UNKNOWN);
}

static void forms_carry_what_each_wants(void **state)
{
	struct source_conf conf = source("http://h",
		"{\"dedup\":false,\"replica_labels\":[\"a\",\"b\"],"
		"\"partial_response\":true,\"store_match\":\"{x='y'}\"}");
	struct prom_server s = {.kind = PROM_THANOS};
	struct strbuf form = STRBUF_INIT;

	(void)state;
	prom_form(&form, &s, &conf, "rate(x[5m])");
	assert_string_equal(form.buf,
		"dedup=false&replicaLabels%5B%5D=a&replicaLabels%5B%5D=b&"
		"partial_response=true&storeMatch%5B%5D=%7Bx%3D%27y%27%7D&"
		"max_source_resolution=0s");
	/* Downsampled data is what long windows are for. */
	strbuf_reset(&form);
	conf.with = NULL;
	prom_form(&form, &s, &conf, "increase(x[3d])");
	assert_string_equal(form.buf, "");
	prom_form(&form, &s, &conf, "increase(x[2d])");
	assert_string_equal(form.buf, "max_source_resolution=0s");
	strbuf_reset(&form);
	conf.with = "{\"max_source_resolution\":\"auto\"}";
	prom_form(&form, &s, &conf, "x");
	assert_string_equal(form.buf, "max_source_resolution=auto");
	strbuf_reset(&form);
	s.kind = PROM_VICTORIA;
	conf.with = "{\"extra_labels\":[\"env=prod\",\"team=ml\"],\"extra_filters\":"
		    "[\"{a=\\\"b\\\"}\"],\"latency_offset\":\"5s\"}";
	prom_form(&form, &s, &conf, "x");
	assert_string_equal(form.buf,
		"extra_label=env%3Dprod&extra_label=team%3Dml&"
		"extra_filters%5B%5D=%7Ba%3D%22b%22%7D&latency_offset=5s");
	strbuf_release(&form);
}

static void requests_name_the_tenant(void **state)
{
	struct source_conf conf = source("http://h/prometheus", "{\"tenant\":\"42\"}");
	struct prom_server s = {.kind = PROM_MIMIR};
	struct http_request req;
	struct arena a;

	(void)state;
	arena_init(&a);
	prom_request(&req, &a, &s, &conf, "/api/v1/query", "query=x");
	assert_string_equal(req.url, "http://h/prometheus/api/v1/query");
	assert_int_equal(req.method, HTTP_POST);
	assert_int_equal(req.n_headers, 1);
	assert_string_equal(req.headers[0].name, "X-Scope-OrgID");
	assert_string_equal(req.headers[0].value, "42");
	s = (struct prom_server){.kind = PROM_THANOS, .get_only = true};
	prom_request(&req, &a, &s, &conf, "/api/v1/query", "query=x");
	assert_string_equal(req.url, "http://h/prometheus/api/v1/query?query=x");
	assert_int_equal(req.method, HTTP_GET);
	assert_string_equal(req.headers[0].name, "THANOS-TENANT");
	/* Not known yet: either takes its own. */
	s = (struct prom_server){0};
	prom_request(&req, &a, &s, &conf, "/api/v1/alerts", NULL);
	assert_int_equal(req.n_headers, 2);
	/* In a cluster of VictoriaMetrics it is a part of the path. */
	s = (struct prom_server){.kind = PROM_VICTORIA};
	conf = source("http://vmselect:8481", "{\"tenant\":\"42:7\"}");
	prom_request(&req, &a, &s, &conf, "/api/v1/query", "query=x");
	assert_string_equal(
		req.url, "http://vmselect:8481/select/42:7/prometheus/api/v1/query");
	assert_int_equal(req.n_headers, 0);
	conf.url = "http://vmselect:8481/select/1/prometheus";
	prom_request(&req, &a, &s, &conf, "/api/v1/query", "query=x");
	assert_string_equal(
		req.url, "http://vmselect:8481/select/1/prometheus/api/v1/query");
	conf = source("http://h", "{\"tenant\":\"../../admin?\"}");
	prom_request(&req, &a, &s, &conf, "/x", NULL);
	assert_string_equal(req.url, "http://h/select/______admin_/prometheus/x");
	arena_release(&a);
}

static void reaches_are_found(void **state)
{
	(void)state;
	assert_int_equal(prom_reach("up"), 0);
	assert_int_equal(prom_reach("rate(x[5m])"), 5 * NS_PER_MIN);
	assert_int_equal(prom_reach("max_over_time(rate(x[5m])[1d:1h])"), NS_PER_DAY);
	assert_int_equal(prom_reach("x{a=\"[30d]\"} + rate(y[ 1h ])"), NS_PER_HOUR);
	assert_int_equal(prom_reach("x{a='\\'[30d]'}[1w]"), 7 * NS_PER_DAY);
	assert_int_equal(prom_reach("x[nonsense] [5m"), 5 * NS_PER_MIN);
	assert_int_equal(prom_reach("x{a=\"["), 0);
	assert_int_equal(prom_reach(""), 0);
}

static void clocks_are_compared(void **state)
{
	int64_t now = INT64_C(1795217390) * NS_PER_S; /* 2026-11-20 23:29:50 */
	struct http_answer a = HTTP_ANSWER_INIT;
	struct prom_server s = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	prom_clock(&s, &a, now);
	assert_false(s.clock_known);
	assert_null(prom_clock_words(&s, &arena));
	http_answer_add(&a, "Date: Fri, 20 Nov 2026 23:29:51 GMT\r\n", 37);
	prom_clock(&s, &a, now);
	assert_true(s.clock_known);
	assert_int_equal(s.ahead_ns, 0);
	prom_clock(&s, &a, now + 4 * NS_PER_MIN);
	assert_int_equal(s.ahead_ns, -238 * NS_PER_S);
	assert_string_equal(
		prom_clock_words(&s, &arena), "its clock is 3 min behind ours");
	prom_clock(&s, &a, now - NS_PER_HOUR);
	assert_string_equal(
		prom_clock_words(&s, &arena), "its clock is 1 h 00 ahead of ours");
	/* An answer that took a minute says nothing about half of one. */
	a.latency_ns = NS_PER_MIN;
	prom_clock(&s, &a, now + 80 * NS_PER_S);
	assert_int_equal(s.ahead_ns, 0);
	/* From a cache: as old as that. */
	s.ahead_ns = 0;
	http_answer_add(&a, "Age: 500\r\n", 10);
	prom_clock(&s, &a, now + NS_PER_HOUR);
	assert_int_equal(s.ahead_ns, 0);
	http_answer_release(&a);
	arena_release(&arena);
}

static void refusals_are_recognised(void **state)
{
	(void)state;
	assert_int_equal(prom_refusal_of("exceeded maximum resolution of 11,000 points "
					 "per timeseries. Try decreasing the query "
					 "resolution (?step=XX)"),
		PROM_TOO_FINE);
	assert_int_equal(prom_refusal_of("the query time range exceeds the limit (query "
					 "length: 720h0m0s, limit: 168h0m0s)"),
		PROM_TOO_LONG);
	assert_int_equal(
		prom_refusal_of("the query exceeded the maximum number of chunks "
				"(err-mimir-max-estimated-chunks-per-query)"),
		PROM_TOO_MUCH);
	assert_int_equal(prom_refusal_of("1:3: parse error"), PROM_REFUSAL_OTHER);
	assert_int_equal(prom_limit_of("(query length: 720h0m0s, limit: 168h0m0s)"),
		7 * NS_PER_DAY);
	assert_int_equal(prom_limit_of("limit: 32d"), 32 * NS_PER_DAY);
	assert_int_equal(prom_limit_of("limit: many"), 0);
	assert_int_equal(prom_limit_of("nothing"), 0);
}

static void retention_is_read_from_flags(void **state)
{
	(void)state;
	assert_int_equal(
		prom_flags_retention("-retentionPeriod=\"3\"\n"), 93 * NS_PER_DAY);
	assert_int_equal(prom_flags_retention("-a=\"b\"\n-retentionPeriod=\"30d\"\n"),
		30 * NS_PER_DAY);
	assert_int_equal(
		prom_flags_retention("-retentionPeriod=\"1y\""), 365 * NS_PER_DAY);
	assert_int_equal(
		prom_flags_retention("-storageDataPath=\"/x\"\n"), 31 * NS_PER_DAY);
	assert_int_equal(prom_flags_retention("-storageNode=\"x\"\n"), NONE_INT);
	assert_int_equal(prom_flags_retention("-retentionPeriod=\"long\""), NONE_INT);
	assert_int_equal(prom_flags_retention("-retentionPeriod=\"-1\""), NONE_INT);
	assert_int_equal(prom_flags_retention("<html>"), NONE_INT);
}

UNIT_TESTS(cmocka_unit_test(options_are_checked),
	cmocka_unit_test(servers_say_who_they_are),
	cmocka_unit_test(forms_carry_what_each_wants),
	cmocka_unit_test(requests_name_the_tenant), cmocka_unit_test(reaches_are_found),
	cmocka_unit_test(clocks_are_compared), cmocka_unit_test(refusals_are_recognised),
	cmocka_unit_test(retention_is_read_from_flags))
