#include "tests/unit/unit.h"

#include <string.h>

#include "core/arena.h"
#include "core/digest.h"
#include "poll/alert_answer.h"
#include "poll/alert_route.h"
#include "poll/alert_rules.h"
#include "tests/unit/shared.h"

static struct json *parse(const char *text)
{
	struct json *out = NULL;
	struct err e = ERR_INIT;

	if (json_parse(&out, text, strlen(text), &e))
		fail_msg("%s", e.what);
	return out;
}

static struct digest digest_of_text(const char *text)
{
	return digest_of(text, strlen(text));
}

static const char routes[] =
	"global: {resolve_timeout: 5m}\n"
	"route:\n"
	"  receiver: default\n"
	"  group_by: [alertname]\n"
	"  routes:\n"
	"  - {receiver: page, matchers: ['severity=\"page\"']}\n"
	"  - receiver: ml\n"
	"    group_by: [alertname, service]\n"
	"    matchers: ['team=~\"ml|llm\"', 'a!=\"x,\\\"y\"']\n"
	"    routes:\n"
	"    - {receiver: deep, match: {env: prod}, match_re: {zone: 'eu.*'}}\n"
	"  - {receiver: twice, matchers: [x=1]}\n"
	"  - {receiver: twice, matchers: [x=2]}\n"
	"  - {receiver: all, group_by: ['...'], matchers: ['{b=\"2\", a=\"1\"}']}\n";

static void groups_have_alertmanagers_own_keys(void **state)
{
	static const struct {
		const char *receiver, *labels, *key; /* key NULL: not known */
	} cases[] = {
		{"page", "{\"alertname\":\"X\"}",
			"{}/{severity=\"page\"}:{alertname=\"X\"}"},
		{"default", "{\"alertname\":\"a\\\"b\"}", "{}:{alertname=\"a\\\"b\"}"},
		{"ml", "{\"service\":\"s\",\"alertname\":\"X\"}",
			"{}/{a!=\"x,\\\"y\",team=~\"ml|llm\"}:{alertname=\"X\", "
			"service=\"s\"}"},
		{"deep", "{\"alertname\":\"X\"}",
			"{}/{a!=\"x,\\\"y\",team=~\"ml|llm\"}/"
			"{env=\"prod\",zone=~\"eu.*\"}:"
			"{alertname=\"X\"}"},
		{"all", "{\"q\":\"r\"}", "{}/{a=\"1\",b=\"2\"}:{q=\"r\"}"},
		{"default", "{}", "{}:{}"},
		{"twice", "{\"alertname\":\"X\"}", NULL},
		{"nobody", "{}", NULL},
		{"page", "{\"other\":\"X\"}", NULL},
		{NULL, "{}", NULL},
	};
	struct route_tree *t = route_tree_parse(routes);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json *labels = parse(cases[i].labels);
		struct strbuf key = STRBUF_INIT;
		bool known = route_group_key(&key, t, cases[i].receiver, labels);

		assert_int_equal(known, cases[i].key != NULL);
		if (known)
			assert_string_equal(key.buf, cases[i].key);
		strbuf_release(&key);
		json_free(labels);
	}
	route_tree_free(t);
}

static void routes_that_cannot_be_read_are_none(void **state)
{
	static const char *const bad[] = {NULL, "", "route: [", "route: x", "x: y",
		"route: {receiver: r, matchers: ['nonsense']}",
		"route: {receiver: r, matchers: {a: b}}"};
	struct json *labels = parse("{}");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct route_tree *t = route_tree_parse(bad[i]);
		struct strbuf key = STRBUF_INIT;

		/* Only the last, whose matchers are no list, has a route: with none. */
		assert_int_equal(
			route_dedup_key(&key, t, "r", labels), i == ARRAY_LEN(bad) - 1);
		strbuf_release(&key);
		route_tree_free(t);
	}
	json_free(labels);
}

static void alerts_know_their_groups(void **state)
{
	struct json *alerts =
		parse("[{\"labels\":{\"alertname\":\"X\"},\"fingerprint\":\"f1\"},"
		      "{\"labels\":{\"alertname\":\"Y\"},\"fingerprint\":\"f2\"}]");
	struct json *groups = parse(
		"[{\"labels\":{\"alertname\":\"X\"},\"receiver\":{\"name\":\"page\"},"
		"\"alerts\":[{\"fingerprint\":\"f1\"}]},"
		"{\"labels\":{},\"receiver\":{\"name\":\"nobody\"},"
		"\"alerts\":[{\"fingerprint\":\"f1\"},{\"fingerprint\":\"f9\"},7]},{},"
		"3]");
	struct digest d = digest_of_text("{}/{severity=\"page\"}:{alertname=\"X\"}");
	struct strbuf wanted = STRBUF_INIT;
	struct alert_list list;
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	assert_int_equal(alerts_parse(&list, &a, "am", alerts, NULL, &e), 0);
	alerts_parse_groups(&list, &a, groups, routes);
	strbuf_adds(&wanted, "\"key\":\"");
	digest_hex(&wanted, &d);
	assert_non_null(strstr(list.items[0].groups, wanted.buf));
	assert_non_null(
		strstr(list.items[0].groups, "{\"labels\":{},\"receiver\":\"nobody\"}"));
	assert_null(list.items[1].groups);
	alerts_parse_groups(&list, &a, NULL, NULL);
	strbuf_release(&wanted);
	arena_release(&a);
	json_free(alerts);
	json_free(groups);
}

static void groups_of_a_real_one(void **state)
{
	struct json *alerts = shared_json("slo/captured/alertmanager-0.25/alerts.json");
	struct json *groups = shared_json("slo/captured/alertmanager-0.25/groups.json");
	struct json *status = shared_json("slo/captured/alertmanager-0.25/status.json");
	struct digest d =
		digest_of_text("{}/{severity=\"page\"}:{alertname=\"DemoAlwaysFiring\"}");
	struct strbuf wanted = STRBUF_INIT;
	struct alert_list list;
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	assert_int_equal(alerts_parse(&list, &a, "am", alerts, NULL, &e), 0);
	alerts_parse_groups(&list, &a, groups, json_text_at(status, "config.original"));
	digest_hex(&wanted, &d);
	assert_non_null(strstr(list.items[0].groups, wanted.buf));
	assert_string_equal(list.items[0].receivers, "[\"page\"]");
	strbuf_release(&wanted);
	arena_release(&a);
	json_free(alerts);
	json_free(groups);
	json_free(status);
}

static void silences_that_hold_or_will(void **state)
{
	struct json *silences = parse(
		"[{\"id\":\"s1\",\"status\":{\"state\":\"active\"},\"comment\":\"c\","
		"\"createdBy\":"
		"\"me\",\"endsAt\":\"2026-11-21T02:30:50.000Z\",\"startsAt\":"
		"\"2026-11-21T01:30:50.000Z\",\"matchers\":[{\"name\":\"a\",\"value\":"
		"\"b\\\"c\"},"
		"{\"name\":\"d\",\"value\":\"e.*\",\"isRegex\":true,\"isEqual\":false}]},"
		"{\"id\":\"s2\",\"status\":{\"state\":\"pending\"},\"matchers\":[{"
		"\"name\":\"x\","
		"\"value\":\"y\",\"isRegex\":true,\"isEqual\":true},{\"name\":\"z\","
		"\"value\":\"\","
		"\"isEqual\":false}]},{\"id\":\"s3\",\"status\":{\"state\":\"expired\"}},"
		"{},7]");
	struct json *alerts = parse("[{\"status\":{\"silencedBy\":[\"s1\"]}},"
				    "{\"status\":{\"silencedBy\":[\"s1\",\"s9\"]}},{}]");
	struct silence_list list;
	struct arena a;

	(void)state;
	arena_init(&a);
	silences_parse(&list, &a, "am", "http://am", silences, alerts);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[0].matchers, "a=\"b\\\"c\",d!~\"e.*\"");
	assert_string_equal(list.items[0].url, "http://am/#/silences/s1");
	assert_int_equal(list.items[0].alerts, 2);
	assert_int_equal(
		list.items[0].ends - list.items[0].starts, INT64_C(3600) * 1000000000);
	assert_string_equal(list.items[1].matchers, "x=~\"y\",z!=\"\"");
	assert_int_equal(list.items[1].alerts, 0);
	silences_parse(&list, &a, "am", "http://am", NULL, NULL);
	assert_int_equal(list.n, 0);
	arena_release(&a);
	json_free(silences);
	json_free(alerts);
}

static void rules_that_do_not_work(void **state)
{
	struct json *rules = parse("{\"status\":\"success\",\"data\":{\"groups\":[{"
				   "\"name\":\"g\",\"file\":\"r.yml\","
				   "\"rules\":[{\"name\":\"Good\",\"health\":\"ok\"},{"
				   "\"name\":\"New\",\"health\":"
				   "\"unknown\"},{\"name\":\"Bad\",\"health\":\"err\","
				   "\"lastError\":\"many-to-many "
				   "matching\",\"type\":\"recording\"},{\"health\":"
				   "\"err\"},7]},{\"name\":\"h\",\"rules\":"
				   "[{\"name\":\"Bad\",\"health\":\"err\"}]},{}]}}");
	struct json *other = parse("{\"data\":{}}");
	struct alert_list list = {0};
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	assert_int_equal(alert_rules_parse(&list, &a, "prom", rules, &e), 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.items[0].name, "Bad");
	assert_string_equal(list.items[0].state, "error");
	assert_true(alert_is_on(&list.items[0]));
	assert_non_null(strstr(list.items[0].annotations, "many-to-many"));
	assert_non_null(strstr(list.items[0].labels, "\"rule_group\":\"g\""));
	assert_string_not_equal(list.items[0].fingerprint, list.items[1].fingerprint);
	assert_int_equal(alert_rules_parse(&list, &a, "prom", other, &e), -1);
	err_release(&e);
	arena_release(&a);
	json_free(rules);
	json_free(other);
}

UNIT_TESTS(cmocka_unit_test(groups_have_alertmanagers_own_keys),
	cmocka_unit_test(routes_that_cannot_be_read_are_none),
	cmocka_unit_test(alerts_know_their_groups),
	cmocka_unit_test(groups_of_a_real_one),
	cmocka_unit_test(silences_that_hold_or_will),
	cmocka_unit_test(rules_that_do_not_work))
