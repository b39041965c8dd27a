#include "tests/unit/lab.h"

#define API "/alertmanager/api/v2"

static const char *text(struct test_lab *t, const char *path)
{
	const char *s = json_text_at(t->json, path);

	return s ? s : "(none)";
}

/* The watchdog, and the same burn twice: as a page and as a ticket. */
static void paged(struct test_lab *t)
{
	test_lab_init(t, "bad-version", NULL);
	test_lab_advance(t, 60);
}

static void alerts_fire_by_the_burn(void **state)
{
	struct test_lab t;
	struct json *first;

	(void)state;
	paged(&t);
	assert_get(&t,
		API "/alerts?filter=alertname%3D%22ModelErrorBudgetBurn%22"
		    "&filter=severity%3Dpage");
	assert_int_equal(json_count(t.json), 1);
	assert_string_equal(text(&t, "0.labels.service"), "checkout-assistant");
	assert_string_equal(text(&t, "0.status.state"), "active");
	assert_string_equal(text(&t, "0.receivers.0.name"), "on-call");
	assert_int_equal(strlen(text(&t, "0.fingerprint")), 16);
	first = json_copy(t.json);
	/* The start stays, the end moves on, the fingerprint is the same. */
	test_lab_advance(&t, 10);
	assert_get(&t, API "/alerts?filter=severity%3Dpage");
	assert_string_equal(text(&t, "0.startsAt"), json_text_at(first, "0.startsAt"));
	assert_string_equal(
		text(&t, "0.fingerprint"), json_text_at(first, "0.fingerprint"));
	assert_string_not_equal(text(&t, "0.endsAt"), json_text_at(first, "0.endsAt"));
	json_free(first);
	test_lab_release(&t);
}

/* The worked examples of Alertmanager itself. */
static void fingerprints(void **state)
{
	struct labels l = {0};
	char hex[17];

	(void)state;
	labels_set(&l, "svc", "a");
	labels_set(&l, "alertname", "Tgt");
	labels_fingerprint(hex, &l);
	assert_string_equal(hex, "99723536456f2784");
	labels_set(&l, "alertname", "Src");
	labels_set(&l, "severity", "page");
	labels_set(&l, "empty", "");
	labels_fingerprint(hex, &l);
	assert_string_equal(hex, "723d5fdad13055af");
	labels_release(&l);
}

static void selects_by_matchers(void **state)
{
	static const struct {
		const char *query;
		size_t n;
	} cases[] = {
		{"", 3},
		{"?filter=alertname%3DWatchdog", 1},
		{"?filter=alertname!%3DWatchdog", 2},
		{"?filter=alertname%3D~%22Watch.*%22", 1},
		{"?filter=alertname%3D~%22Watch%22", 0}, /* anchored */
		{"?filter=service!~%22check.*%22", 1},
		{"?filter=severity%3Dpage&filter=service%3Dother", 0},
		{"?receiver=on-call", 1},
		{"?receiver=team-.*", 2},
		{"?receiver=team", 0},
		{"?active=false", 0},
	};
	struct test_lab t;

	(void)state;
	paged(&t);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *url = mem_format(API "/alerts%s", cases[i].query);

		assert_get(&t, url);
		assert_int_equal(json_count(t.json), cases[i].n);
		free(url);
	}
	assert_int_equal(
		test_lab_call(&t, "GET", API "/alerts?filter=%7Bfoo", NULL), 400);
	assert_string_equal(json_text(t.json), "bad matcher format: {foo");
	assert_int_equal(test_lab_call(&t, "GET", API "/alerts?receiver=(", NULL), 400);
	assert_int_equal(
		test_lab_call(&t, "GET", API "/alerts?filter=a%3D~%22(%22", NULL), 400);
	test_lab_release(&t);
}

static void groups_by_name(void **state)
{
	struct test_lab t;

	(void)state;
	paged(&t);
	assert_get(&t, API "/alerts/groups");
	assert_int_equal(json_count(t.json), 3);
	assert_get(&t, API "/alerts/groups?filter=severity%3Dpage");
	assert_int_equal(json_count(t.json), 1);
	assert_string_equal(text(&t, "0.labels.alertname"), "ModelErrorBudgetBurn");
	assert_string_equal(text(&t, "0.receiver.name"), "on-call");
	assert_int_equal(json_count(json_at(t.json, "0.alerts")), 1);
	test_lab_release(&t);
}

static char *silence(
	const char *id, const char *service, const char *starts, const char *ends)
{
	return mem_format("{%s%s%s\"matchers\":[{\"name\":\"service\",\"value\":\"%s\","
			  "\"isRegex\":false}],\"startsAt\":\"%s\",\"endsAt\":\"%s\","
			  "\"createdBy\":\"me\",\"comment\":\"c\"}",
		id ? "\"id\":\"" : "", id ? id : "", id ? "\"," : "", service, starts,
		ends);
}

static int post(struct test_lab *t, char *body_take)
{
	int status = test_lab_call(t, "POST", API "/silences", body_take);

	free(body_take);
	return status;
}

static void silences_live(void **state)
{
	const char *start = "2026-11-21T09:01:00Z", *end = "2026-11-21T10:01:00Z";
	struct test_lab t;
	char *id, *other, *url;

	(void)state;
	paged(&t);
	assert_int_equal(post(&t, silence(NULL, "checkout-assistant", start, end)), 200);
	id = mem_strdup(json_text(json_get(t.json, "silenceID")));
	assert_int_equal(strlen(id), 36);
	assert_get(&t, API "/alerts?filter=severity%3Dpage");
	assert_string_equal(text(&t, "0.status.state"), "suppressed");
	assert_string_equal(text(&t, "0.status.silencedBy.0"), id);
	assert_get(&t, API "/alerts?filter=severity%3Dpage&silenced=false");
	assert_int_equal(json_count(t.json), 0);

	/* A later end keeps the id; other matchers make a new one and end the old. */
	assert_int_equal(
		post(&t,
			silence(id, "checkout-assistant", start, "2026-11-21T11:01:00Z")),
		200);
	assert_string_equal(text(&t, "silenceID"), id);
	assert_int_equal(post(&t, silence(id, "search-ranker", start, end)), 200);
	other = mem_strdup(json_text(json_get(t.json, "silenceID")));
	assert_string_not_equal(id, other);
	assert_get(&t, API "/silences");
	assert_int_equal(json_count(t.json), 2);
	assert_string_equal(text(&t, "0.id"), other);
	assert_string_equal(text(&t, "0.status.state"), "active");
	assert_string_equal(text(&t, "1.status.state"), "expired");
	assert_get(&t, API "/silences?filter=service%3Dsearch-ranker");
	assert_int_equal(json_count(t.json), 1);

	/* Deleting ends it, and again is fine. */
	url = mem_format(API "/silence/%s", other);
	for (int i = 0; i < 2; i++)
		assert_int_equal(test_lab_call(&t, "DELETE", url, NULL), 200);
	assert_get(&t, url);
	assert_string_equal(text(&t, "status.state"), "expired");
	free(url);
	free(id);
	free(other);
	test_lab_release(&t);
}

static void silences_run_out(void **state)
{
	struct test_lab t;

	(void)state;
	paged(&t);
	assert_int_equal(post(&t,
				 silence(NULL, "checkout-assistant",
					 "2026-11-21T09:02:00Z", "2026-11-21T09:03:00Z")),
		200);
	assert_get(&t, API "/silences");
	assert_string_equal(text(&t, "0.status.state"), "pending");
	test_lab_advance(&t, 61);
	assert_get(&t, API "/silences");
	assert_string_equal(text(&t, "0.status.state"), "active");
	test_lab_advance(&t, 61);
	assert_get(&t, API "/silences");
	assert_string_equal(text(&t, "0.status.state"), "expired");
	test_lab_release(&t);
}

static void refuses_as_alertmanager_does(void **state)
{
	const char *now = "2026-11-21T09:01:00Z", *later = "2026-11-21T10:01:00Z";
	const char *unknown = "53c691b8-dfda-45f3-9234-4fa8ed6509b0";
	struct test_lab t;

	(void)state;
	paged(&t);
	assert_int_equal(post(&t, silence(NULL, "x", later, now)), 400);
	assert_string_equal(json_text(t.json),
		"Failed to create silence: start time must be before end time");
	assert_int_equal(post(&t,
				 silence(NULL, "x", "2026-11-21T08:00:00Z",
					 "2026-11-21T08:30:00Z")),
		400);
	assert_string_equal(json_text(t.json),
		"Failed to create silence: end time can't be in the past");
	assert_int_equal(post(&t, silence(NULL, "", now, later)), 400);
	assert_string_equal(json_text(t.json),
		"silence invalid: at least one matcher must not match the empty string");
	assert_int_equal(post(&t, silence(unknown, "x", now, later)), 404);
	assert_string_equal(json_text(t.json), "silence not found");
	assert_int_equal(
		test_lab_call(&t, "POST", API "/silences", "{\"createdBy\":\"x\"}"), 422);
	assert_string_equal(text(&t, "message"), "comment in body is required");
	assert_int_equal(test_lab_call(&t, "POST", API "/silences", NULL), 415);
	assert_int_equal(test_lab_call(&t, "GET", API "/silence/xyz", NULL), 422);
	assert_int_equal(json_int(json_get(t.json, "code")), 601);
	assert_int_equal(test_lab_call(&t, "GET", API "/nope", NULL), 404);
	assert_string_equal(text(&t, "message"), "path /api/v2/nope was not found");
	assert_int_equal(
		test_lab_call(&t, "GET",
			API "/silence/53c691b8-dfda-45f3-9234-4fa8ed6509b0", NULL),
		404);
	assert_int_equal(t.last.body.len, 0);
	test_lab_release(&t);
}

static void says_who_it_is(void **state)
{
	struct test_lab t;

	(void)state;
	paged(&t);
	assert_get(&t, API "/status");
	assert_string_equal(text(&t, "versionInfo.version"), "0.27.0");
	assert_string_equal(text(&t, "cluster.status"), "disabled");
	assert_get(&t, API "/receivers");
	assert_int_equal(json_count(t.json), 2);
	assert_get(&t, "/alertmanager/-/ready");
	test_lab_release(&t);
}

static void matchers_parse(void **state)
{
	static const struct {
		const char *in, *name, *value;
		bool regex, equal;
	} cases[] = {
		{"a=\"b\"", "a", "b", false, true},
		{" a != b ", "a", "b", false, false},
		{"a=~\"x|y\"", "a", "x|y", true, true},
		{"a!~'", "a", "'", true, false},
		{"a=\"q\\\"\\\\\\n\"", "a", "q\"\\\n", false, true},
		{"a=", "a", "", false, true},
	};
	static const char *const bad[] = {
		"", "=x", "a", "a~b", "1a=b", "a=\"b", "a=\"b\"c", "{a=b", "a b=c"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct matcher m;
		struct err e = ERR_INIT;

		assert_int_equal(
			matcher_parse(&m, cases[i].in, strlen(cases[i].in), &e), 0);
		assert_string_equal(m.name, cases[i].name);
		assert_string_equal(m.value, cases[i].value);
		assert_int_equal(m.regex, cases[i].regex);
		assert_int_equal(m.equal, cases[i].equal);
		matcher_release(&m);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct matcher m;
		struct err e = ERR_INIT;

		assert_int_equal(matcher_parse(&m, bad[i], strlen(bad[i]), &e), -1);
		err_release(&e);
	}
}

UNIT_TESTS(cmocka_unit_test(alerts_fire_by_the_burn), cmocka_unit_test(fingerprints),
	cmocka_unit_test(selects_by_matchers), cmocka_unit_test(groups_by_name),
	cmocka_unit_test(silences_live), cmocka_unit_test(silences_run_out),
	cmocka_unit_test(refuses_as_alertmanager_does), cmocka_unit_test(says_who_it_is),
	cmocka_unit_test(matchers_parse))
