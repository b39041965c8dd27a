#include "tests/unit/readers.h"

static const char config[] = "contexts:\n- {name: c, sources: [am]}\n"
			     "sources:\n- {name: am, type: alertmanager, url: "
			     "'http://127.0.0.1:%/prefix', every: 15s}\n";

#define ALERT(name, state)                                                              \
	"{\"labels\":{\"alertname\":\"" name "\"},\"annotations\":{\"summary\":\"s\"}," \
	"\"startsAt\":\"2026-11-18T08:00:00.5Z\",\"endsAt\":\"2026-11-18T12:00:00Z\","  \
	"\"fingerprint\":\"f" name "\",\"status\":{" state "}}"
#define ACTIVE "\"state\":\"active\",\"silencedBy\":[],\"inhibitedBy\":[]"
#define SILENCED "\"state\":\"suppressed\",\"silencedBy\":[\"s1\"],\"inhibitedBy\":[]"
#define SILENCES                                                       \
	"[{\"id\":\"s1\",\"createdBy\":\"ann\",\"comment\":\"known\"," \
	"\"endsAt\":\"2026-11-18T13:00:00Z\",\"status\":{\"state\":\"active\"}}]"
#define STATUS "{\"versionInfo\":{\"version\":\"0.25.0\"}}"

static void alerts_come_change_and_go(void **state)
{
	struct script script[] = {
		{.of = "/prefix/api/v2/alerts",
			.body = "[" ALERT("A", ACTIVE) "," ALERT("B", ACTIVE) "]"},
		{.of = "/prefix/api/v2/silences", .body = SILENCES},
		{.of = "/prefix/api/v2/status", .body = STATUS}, {0}};
	struct observed_list list;
	const struct alert *alert;
	struct bench b;

	(void)state;
	bench_init(&b, config, NULL);
	bench_source(&b, "am");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_string_equal(b.version, "0.25.0");
	assert_int_equal(b.records, 3); /* and a silence */
	list = bench_alerts(&b, "am");
	assert_int_equal(list.n, 2);
	alert = list.items[0].record;
	assert_int_equal(alert->since, INT64_C(1794988800500) * NS_PER_MS);
	script[0].body = "[" ALERT("A", SILENCED) "]";
	clock_advance(15 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	assert_int_equal(script[2].asked, 1); /* the version is not asked each time */
	list = bench_alerts(&b, "am");
	assert_int_equal(list.n, 1);
	alert = list.items[0].record;
	assert_string_equal(alert->state, "silenced");
	assert_non_null(strstr(alert->silenced_by, "\"by\":\"ann\""));
	bench_release(&b);
}

static void silences_that_cannot_be_read_are_no_failure(void **state)
{
	struct script script[] = {{.of = "alerts", .body = "[" ALERT("A", SILENCED) "]"},
		{.of = "silences", .status = 500, .body = "\"store is broken\""}, {0}};
	const struct alert *alert;
	struct bench b;

	(void)state;
	bench_init(&b, config, NULL);
	bench_source(&b, "am");
	b.script = script;
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	assert_string_equal(b.partial, "Alertmanager answers: store is broken");
	alert = bench_alerts(&b, "am").items[0].record;
	assert_string_equal(alert->silenced_by, "[{\"id\":\"s1\"}]");
	bench_release(&b);
}

static void faults_have_words_and_take_nothing_away(void **state)
{
	static const struct {
		struct script script;
		enum err_code code;
		const char *words;
	} cases[] = {
		{{.of = "alerts", .status = 400, .body = "\"bad matcher format: {foo\""},
			ERR_BACKEND, "bad matcher format"},
		{{.of = "alerts", .status = 401, .body = ""}, ERR_AUTH, "credentials"},
		{{.of = "alerts", .status = 401, .body = "{\"message\":\"who are you\"}"},
			ERR_AUTH, "who are you"},
		{{.of = "alerts", .body = "{}"}, ERR_BACKEND, "not what Alertmanager"},
		{{.of = "alerts", .body = "<html>"}, ERR_BACKEND,
			"not what Alertmanager"},
		{{.of = "alerts", .body = "<html>Sign in</html>", .type = "text/html"},
			ERR_AUTH, "web page"},
		{{.of = "alerts", .body = "[", .fault = WEB_CLOSE}, ERR_BACKEND,
			"not what"},
		{{.of = "alerts", .status = 404, .body = "404 page not found"},
			ERR_NOT_FOUND, "404"},
		{{.of = "alerts", .status = 429, .body = "slow down"}, ERR_BACKEND,
			"slow down"},
	};
	struct script good[] = {{.of = "alerts", .body = "[" ALERT("A", ACTIVE) "]"},
		{.of = "silences", .body = "[]"}, {.of = "status", .body = STATUS}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, config, NULL);
	bench_source(&b, "am");
	b.script = good;
	bench_round(&b, ROUND_FULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct script script[] = {cases[i].script,
			{.of = "silences", .body = "[]"},
			{.of = "status", .body = STATUS}, {0}};

		b.script = script;
		bench_round(&b, ROUND_FULL);
		assert_int_equal(b.e.code, cases[i].code);
		if (!strstr(b.e.what, cases[i].words))
			fail_msg("'%s' instead of '%s'", b.e.what, cases[i].words);
		assert_int_equal(bench_alerts(&b, "am").n, 1);
	}
	bench_release(&b);
}

static void another_generation_writes_nothing(void **state)
{
	struct script script[] = {{.of = "alerts", .body = "[" ALERT("A", ACTIVE) "]"},
		{.of = "silences", .body = "[]"}, {.of = "status", .body = STATUS}, {0}};
	struct bench b;

	(void)state;
	bench_init(&b, config, NULL);
	bench_source(&b, "am");
	b.script = script;
	b.generation--;
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_CONFLICT);
	assert_int_equal(bench_alerts(&b, "am").n, 0);
	bench_release(&b);
}

static const char two_peers[] =
	"contexts:\n- {name: c, sources: [am]}\n"
	"sources:\n- {name: am, type: alertmanager, url: 'http://127.0.0.1:%/a', every: "
	"15s, with: {peers: ['http://127.0.0.1:%/b']}}\n";

static struct observed_list records(struct bench *b, enum record_kind kind)
{
	struct observed_list list;

	ok(&b->f,
		observed_at(
			&list, &b->f.a, b->f.st, kind, "am", NULL, AT_NOW, 100, &b->f.e));
	return list;
}

/* Peers tell each other about silences, not about alerts. */
static void peers_are_merged_and_a_dead_one_is_named(void **state)
{
	struct script script[] = {{.of = "/a/api/v2/alerts/groups", .body = "[]"},
		{.of = "/b/api/v2/alerts/groups", .body = "[]"},
		{.of = "/a/api/v2/alerts",
			.body = "[" ALERT("A", SILENCED) "," ALERT("B", ACTIVE) "]"},
		{.of = "/b/api/v2/alerts",
			.body = "[" ALERT("A", SILENCED) "," ALERT("C", ACTIVE) "]"},
		{.of = "silences", .body = SILENCES},
		{.of = "status",
			.body = "{\"versionInfo\":{\"version\":\"0.25.0\"},"
				"\"cluster\":{\"status\":\"ready\",\"peers\":"
				"[{\"name\":\"x\"},{\"name\":\"y\"}]}}"},
		{0}};
	const struct silence *s;
	struct bench b;

	(void)state;
	bench_init(&b, two_peers, NULL);
	bench_source(&b, "am");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	assert_null(b.partial);
	assert_string_equal(b.version, "0.25.0, peers: 2");
	assert_int_equal(bench_alerts(&b, "am").n, 3);
	assert_int_equal(records(&b, REC_SILENCE).n, 1);
	s = records(&b, REC_SILENCE).items[0].record;
	assert_string_equal(s->id, "s1");
	assert_int_equal(s->alerts, 1);
	script[3] =
		(struct script){.of = "/b/api/v2/alerts", .status = 503, .body = "no"};
	clock_advance(15 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	assert_non_null(strstr(b.partial, "/b does not answer"));
	assert_int_equal(bench_alerts(&b, "am").n, 2);
	script[2].status = 503;
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(b.e.code, ERR_BACKEND);
	assert_int_equal(bench_alerts(&b, "am").n, 2);
	bench_release(&b);
}

#define WATCHDOG ALERT("Watchdog", ACTIVE)

/* What should always fire alarms by its absence, once it was seen, until it is there again. */
static void a_watchdog_that_is_silent_is_the_alarm(void **state)
{
	struct script script[] = {{.of = "groups", .body = "[]"},
		{.of = "alerts", .body = "[" WATCHDOG "]"},
		{.of = "silences", .body = "[]"}, {0}};
	const struct alert *alert;
	struct bench b;
	int64_t since;

	(void)state;
	bench_init(&b, config, NULL);
	bench_source(&b, "am");
	b.script = script;
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	script[1].body = "[]";
	clock_advance(15 * NS_PER_S);
	for (int i = 0; i < 2; i++) {
		bench_round(&b, ROUND_INCREMENTAL);
		assert_int_equal(bench_alerts(&b, "am").n, 1);
		alert = bench_alerts(&b, "am").items[0].record;
		assert_string_equal(alert->state, "absent");
		assert_string_equal(alert->severity, "page");
		assert_true(i == 0 || alert->since == since);
		since = alert->since;
		clock_advance(15 * NS_PER_S);
	}
	script[1].body = "[" WATCHDOG "]";
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(bench_alerts(&b, "am").n, 1);
	alert = bench_alerts(&b, "am").items[0].record;
	assert_string_equal(alert->state, "firing");
	bench_release(&b);
}

/* One that the configuration names is missed from the first. */
static void a_watchdog_that_is_named_is_expected(void **state)
{
	static const char named[] = "contexts:\n- {name: c, sources: [am]}\n"
				    "sources:\n- {name: am, type: alertmanager, url: "
				    "'http://127.0.0.1:%', with: {heartbeat: [Pulse]}}\n";
	struct script script[] = {{.of = "groups", .body = "[]"},
		{.of = "alerts", .body = "[" WATCHDOG "]"},
		{.of = "silences", .body = "[]"}, {0}};
	struct observed_list list;
	struct bench b;

	(void)state;
	bench_init(&b, named, NULL);
	bench_source(&b, "am");
	b.script = script;
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	assert_int_equal(bench_alerts(&b, "am").n, 2);
	script[1].body = "[]";
	clock_advance(15 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	list = bench_alerts(&b, "am");
	assert_int_equal(list.n, 1);
	assert_string_equal(((const struct alert *)list.items[0].record)->name, "Pulse");
	bench_release(&b);
}

UNIT_TESTS(cmocka_unit_test(alerts_come_change_and_go),
	cmocka_unit_test(silences_that_cannot_be_read_are_no_failure),
	cmocka_unit_test(faults_have_words_and_take_nothing_away),
	cmocka_unit_test(another_generation_writes_nothing),
	cmocka_unit_test(peers_are_merged_and_a_dead_one_is_named),
	cmocka_unit_test(a_watchdog_that_is_silent_is_the_alarm),
	cmocka_unit_test(a_watchdog_that_is_named_is_expected))
