#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/path.h"
#include "model/record.h"
#include "poll/alert_answer.h"

struct fixture {
	struct json *alerts, *silences;
	struct alert_list list;
	struct arena a;
	struct err e;
};

static struct json *parse(const char *s)
{
	struct json *j = NULL;
	struct err e = ERR_INIT;

	if (json_parse(&j, s, strlen(s), &e) < 0)
		fail_msg("%s", e.what);
	return j;
}

static struct json *captured(const char *name)
{
	const char *shared = getenv("TOCSIN_SHARED");
	char *file = mem_format("%s/data/slo/captured/%s", shared ? shared : "", name);
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;
	int rc = path_read(&sb, file, 1 << 24, &e);
	struct json *j = NULL;

	free(file);
	err_release(&e);
	if (rc < 0)
		skip();
	j = parse(sb.buf);
	strbuf_release(&sb);
	return j;
}

static void drop(struct fixture *f)
{
	json_free(f->alerts);
	json_free(f->silences);
	arena_release(&f->a);
	err_release(&f->e);
}

static void fingerprints_are_alertmanagers(void **state)
{
	static const struct {
		const char *labels, *fingerprint;
	} cases[] = {
		{"{\"svc\":\"a\",\"alertname\":\"Tgt\"}", "99723536456f2784"},
		{"{\"alertname\":\"Src\",\"severity\":\"page\",\"svc\":\"a\"}",
			"723d5fdad13055af"},
		{"{\"alertname\":\"Tgt\",\"svc\":\"a\",\"empty\":\"\"}",
			"99723536456f2784"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json *labels = parse(cases[i].labels);
		struct arena a;

		arena_init(&a);
		assert_string_equal(alert_fingerprint(&a, labels), cases[i].fingerprint);
		json_free(labels);
		arena_release(&a);
	}
}

static void severities_are_mapped(void **state)
{
	(void)state;
	assert_string_equal(alert_severity_word("page"), "page");
	assert_string_equal(alert_severity_word("CRITICAL"), "page");
	assert_string_equal(alert_severity_word("warning"), "ticket");
	assert_string_equal(alert_severity_word("info"), "info");
	assert_string_equal(alert_severity_word("whatever"), "ticket");
	assert_null(alert_severity_word(""));
	assert_null(alert_severity_word(NULL));
}

static const char one_of_each[] =
	"[{\"labels\":{\"alertname\":\"A\",\"job\":\"j\",\"severity\":\"critical\"},"
	"\"annotations\":{\"runbook\":\"https://r/"
	"1\"},\"startsAt\":\"2026-11-20T23:29:06.568Z\","
	"\"endsAt\":\"0001-01-01T00:00:00Z\",\"fingerprint\":\"f1\","
	"\"status\":{\"state\":\"active\",\"silencedBy\":[],\"inhibitedBy\":[]}},"
	"{\"labels\":{\"alertname\":\"B\",\"service\":\"s\",\"job\":\"j\"},"
	"\"fingerprint\":\"f2\","
	"\"startsAt\":\"2026-11-20T23:29:06+01:00\","
	"\"status\":{\"state\":\"suppressed\",\"silencedBy\":[\"s1\",\"s9\"],"
	"\"inhibitedBy\":[\"f1\"]}},"
	"{\"labels\":{\"alertname\":\"C\"},\"status\":{\"state\":\"suppressed\","
	"\"silencedBy\":[],"
	"\"inhibitedBy\":[\"f1\"]}},"
	"{\"labels\":{\"alertname\":\"D\"},\"status\":{\"state\":\"suppressed\","
	"\"mutedBy\":[\"night\"]}},"
	"{\"labels\":{\"alertname\":\"E\"},\"status\":{\"state\":\"unprocessed\"}},"
	"{\"labels\":{}},{\"labels\":[]},7]";

static void states_tell_silenced_from_inhibited(void **state)
{
	struct fixture f = {.e = ERR_INIT};

	(void)state;
	arena_init(&f.a);
	f.alerts = parse(one_of_each);
	f.silences = parse("[{\"id\":\"s1\",\"createdBy\":\"me\",\"comment\":\"known\","
			   "\"endsAt\":\"2026-11-21T02:30:50.000Z\",\"matchers\":[]}]");
	assert_int_equal(
		alerts_parse(&f.list, &f.a, "am", f.alerts, f.silences, &f.e), 0);
	assert_int_equal(f.list.n, 5);
	assert_int_equal(f.list.dropped, 3);
	assert_string_equal(f.list.items[0].state, "firing");
	assert_string_equal(f.list.items[0].severity, "page");
	assert_string_equal(f.list.items[0].service, "j");
	assert_string_equal(f.list.items[0].runbook_url, "https://r/1");
	assert_int_equal(f.list.items[0].until, NONE_INT);
	assert_int_equal(f.list.items[0].since, INT64_C(1795217346568) * NS_PER_MS);
	assert_null(f.list.items[0].silenced_by);
	assert_string_equal(f.list.items[1].state, "silenced");
	assert_string_equal(f.list.items[1].service, "s");
	assert_null(f.list.items[1].severity);
	assert_string_equal(f.list.items[1].silenced_by,
		"[{\"by\":\"me\",\"comment\":\"known\",\"id\":\"s1\","
		"\"until\":\"2026-11-21T02:30:50Z\"},{\"id\":\"s9\"}]");
	assert_string_equal(f.list.items[2].state, "inhibited");
	assert_int_equal(f.list.items[2].since, NONE_INT);
	assert_int_equal(strlen(f.list.items[2].fingerprint), 16);
	assert_string_equal(f.list.items[2].inhibited_by, "[\"f1\"]");
	assert_string_equal(f.list.items[3].state, "muted");
	assert_string_equal(f.list.items[3].muted_by, "[\"night\"]");
	assert_null(f.list.items[3].silenced_by);
	assert_string_equal(f.list.items[3].receivers, "[]");
	assert_string_equal(f.list.items[4].state, "firing");
	drop(&f);
}

static void reads_what_a_real_one_sent(void **state)
{
	struct fixture f = {.e = ERR_INIT};

	(void)state;
	f.alerts = captured("alertmanager-0.25/alerts_silenced.json");
	f.silences = captured("alertmanager-0.25/sils.json");
	arena_init(&f.a);
	assert_int_equal(
		alerts_parse(&f.list, &f.a, "am", f.alerts, f.silences, &f.e), 0);
	assert_int_equal(f.list.n, 1);
	assert_string_equal(f.list.items[0].state, "silenced");
	assert_string_equal(f.list.items[0].fingerprint, "f9581b95ba561adb");
	assert_string_equal(f.list.items[0].fingerprint,
		alert_fingerprint(&f.a, json_at(f.alerts, "0.labels")));
	assert_non_null(strstr(f.list.items[0].silenced_by, "\"comment\":\"changed\""));
	drop(&f);
}

static void prometheus_knows_pending_ones(void **state)
{
	struct fixture f = {.e = ERR_INIT};

	(void)state;
	f.alerts = captured("prometheus-2.42/alerts.json");
	arena_init(&f.a);
	assert_int_equal(
		alerts_parse_prometheus(&f.list, &f.a, "prom", f.alerts, &f.e), 0);
	assert_int_equal(f.list.n, 2);
	assert_string_equal(f.list.items[0].state, "firing");
	assert_string_equal(f.list.items[0].service, "demo");
	assert_string_equal(f.list.items[1].state, "pending");
	assert_string_equal(f.list.items[1].severity, "ticket");
	assert_string_equal(f.list.items[1].name, "DemoPending");
	/* Since when the condition is true, and its value, which is text in %e form. */
	assert_int_equal(f.list.items[0].onset, INT64_C(1795217346568674523));
	assert_float_equal(f.list.items[0].value, 0.0144, 1e-12);
	drop(&f);
}

static void other_documents_are_refused(void **state)
{
	static const char *const bad[] = {
		"{}", "null", "\"x\"", "{\"data\":{\"alerts\":{}}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct fixture f = {.alerts = parse(bad[i]), .e = ERR_INIT};

		arena_init(&f.a);
		assert_int_equal(
			alerts_parse(&f.list, &f.a, "am", f.alerts, NULL, &f.e), -1);
		assert_int_equal(f.e.code, ERR_BACKEND);
		assert_int_equal(
			alerts_parse_prometheus(&f.list, &f.a, "p", f.alerts, &f.e), -1);
		drop(&f);
	}
}

static void errors_come_in_two_shapes(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(alertmanager_error("\"silence not found\"", 19, &e), -1);
	assert_string_equal(e.what, "Alertmanager answers: silence not found");
	assert_int_equal(
		alertmanager_error("{\"code\":602,\"message\":\"gone\"}", 29, &e), -1);
	assert_string_equal(e.what, "Alertmanager answers: gone");
	err_clear(&e);
	assert_int_equal(alertmanager_error("<html>", 6, &e), 0);
	assert_int_equal(alertmanager_error("", 0, &e), 0);
	assert_int_equal(e.code, ERR_NONE);
	err_release(&e);
}

UNIT_TESTS(cmocka_unit_test(fingerprints_are_alertmanagers),
	cmocka_unit_test(severities_are_mapped),
	cmocka_unit_test(states_tell_silenced_from_inhibited),
	cmocka_unit_test(reads_what_a_real_one_sent),
	cmocka_unit_test(prometheus_knows_pending_ones),
	cmocka_unit_test(other_documents_are_refused),
	cmocka_unit_test(errors_come_in_two_shapes))
