#include "tests/unit/unit.h"

#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "signal/pyrra.h"
#include "signal/slo_pyrra.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/slo_text.h"

/* An objective around an indicator. */
#define OBJECTIVE(target, window, indicator)                                      \
	"apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n"           \
	"metadata: {name: n, labels: {pyrra.dev/team: ops, other: x}}\nspec:\n  " \
	"target: " target "\n  window: " window "\n  indicator:\n" indicator

#define RATIO                                                            \
	"    ratio:\n      errors: {metric: 'x_total{code=~\"5..\"}'}\n" \
	"      total: {metric: 'x_total{job=\"shop\"}'}\n"

static void all_four_indicators(void **state)
{
	static const struct {
		const char *indicator, *query, *total, *service;
	} cases[] = {
		{RATIO,
			"sum(rate(x_total{code=~\"5..\"}[1h])) / "
			"sum(rate(x_total{job=\"shop\"}[1h]))",
			"sum(increase(x_total{job=\"shop\"}[1h]))", "shop"},
		{"    ratio:\n      errors: {metric: 'e{service=\"a\"}'}\n"
		 "      total: {metric: 't{service=\"a\",job=\"b\"}'}\n"
		 "      grouping: [handler, method]\n",
			"sum by (handler,method) (rate(e{service=\"a\"}[1h])) / "
			"sum by (handler,method) (rate(t{service=\"a\",job=\"b\"}[1h]))",
			"sum by (handler,method) "
			"(increase(t{service=\"a\",job=\"b\"}[1h]))",
			"a"},
		{"    latency:\n      success: {metric: 'd_bucket{le=\"5.0\"}'}\n"
		 "      total: {metric: d_count}\n",
			"1 - sum(rate(d_bucket{le=~\"5(\\\\.0)?\"}[1h])) / "
			"sum(rate(d_count[1h]))",
			"sum(increase(d_count[1h]))", "n"},
		{"    latency:\n      success: {metric: 'd_bucket{le=\"0.05\"}'}\n"
		 "      total: {metric: d_count}\n",
			"1 - sum(rate(d_bucket{le=\"0.05\"}[1h])) / "
			"sum(rate(d_count[1h]))",
			"sum(increase(d_count[1h]))", "n"},
		{"    latencyNative: {latency: 250ms, total: {metric: 'd{a=\"b\"}'}}\n",
			"1 - (histogram_fraction(0, 0.25, sum(rate(d{a=\"b\"}[1h]))) * "
			"histogram_count(sum(rate(d{a=\"b\"}[1h])))) / "
			"(histogram_count(sum(rate(d{a=\"b\"}[1h]))))",
			"(histogram_count(sum(rate(d{a=\"b\"}[1h])))) * 3600", "n"},
		{"    bool_gauge: {metric: up, grouping: [instance]}\n",
			"1 - (sum by (instance) (sum_over_time(up[1h]))) / "
			"(sum by (instance) (count_over_time(up[1h])))",
			"(sum by (instance) (count_over_time(up[1h])))", "n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = mem_format(
			"%s%s", OBJECTIVE("\"99\"", "4w", ""), cases[i].indicator);
		struct strbuf total = STRBUF_INIT;
		struct parsed p;

		parse_text(&p, text);
		free(text);
		assert_true(p.problems.n == 0 || !complains(&p, -1, ""));
		assert_int_equal(p.slos.n, 1);
		assert_query(&p.slos.items[0], NS_PER_HOUR, cases[i].query);
		assert_true(slo_total_query(&total, &p.slos.items[0], NS_PER_HOUR));
		assert_string_equal(total.buf, cases[i].total);
		strbuf_release(&total);
		assert_string_equal(p.slos.items[0].service, cases[i].service);
		assert_string_equal(p.slos.items[0].format, "pyrra");
		assert_string_equal(p.slos.items[0].labels, "{\"team\":\"ops\"}");
		assert_true(p.slos.items[0].objective == 0.99);
		release(&p);
	}
}

static void rows_scale_with_the_window(void **state)
{
	static const struct {
		int64_t days;
		const char *rows;
	} cases[] = {
		{28, "5m 1h 14, 30m 6h 7, 2h 1d 2, 6h 4d 1, "},
		{14, "3m 30m 14, 15m 3h 7, 1h 12h 2, 3h 2d 1, "},
		{7, "1m 15m 14, 8m 1h30m 7, 30m 6h 2, 1h30m 1d 1, "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf text = STRBUF_INIT;
		struct arena a;
		size_t n;
		struct burn_alert *rows;

		arena_init(&a);
		rows = pyrra_alerts(&a, cases[i].days * NS_PER_DAY, &n);
		for (size_t k = 0; k < n; k++) {
			duration_format(&text, rows[k].short_ns);
			strbuf_addc(&text, ' ');
			duration_format(&text, rows[k].long_ns);
			strbuf_addf(&text, " %g, ", rows[k].factor);
			assert_int_equal(rows[k].severity, k < 2 ? SEV_PAGE : SEV_TICKET);
		}
		assert_string_equal(text.buf, cases[i].rows);
		strbuf_release(&text);
		arena_release(&a);
	}
}

static void alerts_named_silenced_and_graded(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p,
		OBJECTIVE("\"99\"", "4w",
			RATIO "  alerting: {name: Burns, severities: {fastBurn: sev1, "
			      "mediumBurn: warning, slowBurn: critical}}\n"
			      "  performanceOverAccuracy: true\n"));
	assert_int_equal(p.problems.n, 0);
	assert_string_equal(p.slos.items[0].alert_name, "Burns");
	assert_int_equal(p.slos.items[0].alerting[0].severity, SEV_PAGE);
	assert_int_equal(p.slos.items[0].alerting[1].severity, SEV_TICKET);
	assert_int_equal(p.slos.items[0].alerting[2].severity, SEV_PAGE);
	release(&p);
	parse_text(&p, OBJECTIVE("\"99\"", "4w", RATIO "  alerting: {disabled: true}\n"));
	assert_int_equal(p.slos.items[0].n_alerting, 0);
	assert_non_null(p.slos.items[0].alerting);
	release(&p);
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *word;
		int line;
	} cases[] = {
		{OBJECTIVE("\"0.999\"", "4w", RATIO), "percentage", 5},
		{OBJECTIVE("\"100\"", "4w", RATIO), "no error budget", 5},
		{OBJECTIVE("\"0\"", "4w", RATIO), "over 0", 5},
		{OBJECTIVE("nine", "4w", RATIO), "not a number", 5},
		{OBJECTIVE("\"99\"", "-4w", RATIO), "'-4w'", 6},
		{OBJECTIVE("\"99\"", "5m", RATIO), "an hour", 6},
		{OBJECTIVE("\"99\"", "4w", "    {}\n"), "one of", 8},
		{OBJECTIVE("\"99\"", "4w", RATIO "    bool_gauge: {metric: up}\n"),
			"one of", 8},
		{OBJECTIVE("\"99\"", "4w", "    bool_gauge: {metric: 'rate(up[5m])'}\n"),
			"plain metric", 8},
		{OBJECTIVE("\"99\"", "4w",
			 "    latency:\n      success: {metric: b}\n"
			 "      total: {metric: t}\n"),
			"no bucket", 9},
		{OBJECTIVE("\"99\"", "4w",
			 "    latencyNative: {latency: 0, total: {metric: t}}\n"),
			"positive", 8},
		{"apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n"
		 "metadata: {}\nspec: {}\n",
			"name", 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p;

		parse_text(&p, cases[i].text);
		if (!complains(&p, cases[i].line, cases[i].word) || p.slos.n)
			fail_msg("case %zu", i);
		release(&p);
	}
}

static void selectors_taken_apart(void **state)
{
	static const struct {
		const char *text, *again; /* NULL: no selector */
	} cases[] = {
		{"x", "x"},
		{" a:b { c = 'd', e!~\"f\\\"}\" , } ", "a:b{c='d',e!~\"f\\\"}\"}"},
		{"{__name__=\"x\"}", "{__name__=\"x\"}"},
		{"x{}", "x"},
		{"", NULL},
		{"{}", NULL},
		{"x[5m]", NULL},
		{"rate(x)", NULL},
		{"x{a}", NULL},
		{"x{a=b}", NULL},
		{"x{a=\"b}", NULL},
		{"x{a=\"b\" c=\"d\"}", NULL},
		{"9x", NULL},
		{"x offset 5m", NULL},
	};
	struct selector s;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf text = STRBUF_INIT;

		if (!selector_parse(&s, &a, cases[i].text)) {
			assert_null(cases[i].again);
			continue;
		}
		selector_add(&text, &s);
		assert_non_null(cases[i].again);
		assert_string_equal(text.buf, cases[i].again);
		strbuf_release(&text);
	}
	assert_true(selector_parse(&s, &a, "x{a=\"b\\\"c\",d!=\"e\"}"));
	assert_string_equal(selector_equal(&s, &a, "a"), "b\"c");
	assert_null(selector_equal(&s, &a, "d"));
	assert_false(selector_le_both(&s, &a));
	assert_true(selector_parse(&s, &a, "x{le=\"+Inf\"}"));
	assert_true(selector_le_both(&s, &a));
	assert_string_equal(s.items[0].op, "=");
	arena_release(&a);
}

/* --- out of the rules that it records --- */

/* As /api/v1/rules has them: the sample's rules, with the type that the API adds. */
static struct json *rules_of(const struct json *sample, const char *key)
{
	struct json *doc = json_object(), *data = json_add_object(doc, "data");
	struct json *groups = json_add_array(data, "groups");

	json_each (from, json_get(sample, key)) {
		struct json *group = json_add_object(groups, NULL);
		struct json *rules = json_add_array(group, "rules");

		json_each (rule, json_get(from, "rules")) {
			struct json *one = json_add_object(rules, NULL);
			const char *alert = json_text(json_get(rule, "alert"));

			json_add_text(one, "type", alert ? "alerting" : "recording");
			json_add_text(one, "name",
				alert ? alert : json_text(json_get(rule, "record")));
			json_add_text(one, "query", json_text(json_get(rule, "expr")));
			json_add(one, "labels", json_copy(json_get(rule, "labels")));
		}
	}
	return doc;
}

static void objectives_out_of_recorded_rules(void **state)
{
	struct json *sample =
		shared_json("slo/pyrra/expected-rules-http-ratio-and-latency.json");
	struct json *rules = rules_of(sample, "groups");
	struct slo_list found = {0};
	const struct slo *slo;
	struct burn_alert *rows;
	struct strbuf query = STRBUF_INIT;
	struct arena a;
	size_t n;

	(void)state;
	arena_init(&a);
	assert_int_equal(slo_from_pyrra(&found, &a, rules), 1);
	json_free(rules);
	slo = &found.items[0];
	assert_string_equal(slo->name, "monitoring-http-errors");
	assert_string_equal(slo->service, "thanos-receive-default");
	assert_string_equal(slo->format, "recorded");
	assert_string_equal(slo->alert_name, "ErrorBudgetBurn");
	assert_true(slo->objective == 0.99);
	assert_int_equal(slo->window_ns, 28 * NS_PER_DAY);
	rows = pyrra_alerts(&a, slo->window_ns, &n);
	assert_int_equal(slo->n_alerting, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(slo->alerting[i].severity, rows[i].severity);
		assert_int_equal(slo->alerting[i].short_ns, rows[i].short_ns);
		assert_int_equal(slo->alerting[i].long_ns, rows[i].long_ns);
		assert_true(slo->alerting[i].factor == rows[i].factor);
	}
	assert_query(slo, NS_PER_HOUR,
		"http_requests:burnrate1h{job=\"thanos-receive-default\","
		"slo=\"monitoring-http-errors\"}");
	/* Nobody records the whole period: the expression itself is asked. */
	assert_query(slo, slo->window_ns,
		"sum(rate(http_requests_total{code=~\"5..\","
		"job=\"thanos-receive-default\"}[4w])) / "
		"sum(rate(http_requests_total{job=\"thanos-receive-default\"}[4w]))");
	rules = rules_of(sample, "latency_groups");
	found.n = 0;
	assert_int_equal(slo_from_pyrra(&found, &a, rules), 1);
	assert_true(slo_query(&query, &found.items[0], NS_PER_HOUR));
	assert_non_null(strstr(query.buf, ":burnrate1h{"));
	strbuf_release(&query);
	json_free(rules);
	json_free(sample);
	arena_release(&a);
}

#define RULE(type, name, query, labels)                                   \
	"{\"type\":\"" type "\",\"name\":\"" name "\",\"query\":\"" query \
	"\",\"labels\":{" labels "}}"
#define RULES(rules) "{\"data\":{\"groups\":[{\"rules\":[" rules "]}]}}"

static struct json *parse_rules(const char *text)
{
	struct json *doc = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(&doc, text, strlen(text), &e), 0);
	return doc;
}

/* As Prometheus prints expressions, with groups, and without alerts but generic rules. */
static void rules_of_other_makes(void **state)
{
	struct json *doc = parse_rules(RULES(RULE("recording", "x:burnrate5m",
		"sum by (handler, method) (rate(x_total{code=~\\\"5..\\\"}[5m])) / "
		"sum by (handler, method) (rate(x_total[5m]))",
		"\"slo\":\"n\"") "," RULE("recording", "pyrra_objective", "0.995",
		"\"slo\":\"n\"") "," RULE("recording", "pyrra_window", "604800",
		"\"slo\":\"n\"") "," RULE("alerting", "Burn",
		"y:burnrate3m{slo=\\\"m\\\"} > (14 * (1 - 0.9)) and "
		"y:burnrate30m{slo=\\\"m\\\"} > (14 * (1 - 0.9))",
		"\"slo\":\"m\",\"service\":\"shop\",\"severity\":\"sev1\","
		"\"exhaustion\":\"1d\"")));
	struct slo_list found = {0};
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(slo_from_pyrra(&found, &a, doc), 2);
	json_free(doc);
	assert_string_equal(found.items[0].name, "n");
	assert_string_equal(found.items[0].service, "n");
	assert_string_equal(found.items[0].sli.grouping, "handler,method");
	assert_true(found.items[0].objective == 0.995);
	assert_int_equal(found.items[0].window_ns, 7 * NS_PER_DAY);
	assert_int_equal(found.items[0].n_alerting, 0);
	assert_string_equal(found.items[1].service, "shop");
	assert_int_equal(found.items[1].window_ns, 14 * NS_PER_DAY);
	assert_int_equal(found.items[1].alerting[0].severity, SEV_PAGE);
	arena_release(&a);
}

static void rules_that_are_none_of_it(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"data\":{\"groups\":5}}",
		RULES(RULE("alerting", "A", "up == 0", "\"slo\":\"n\"")),
		RULES(RULE("alerting", "A", "x:burnrate5m > 1", "\"slo\":\"n\"")),
		RULES(RULE("alerting", "A",
			"x:burnrate5m > (14 * (1-0.9)) and y:burnrate1h > (14 * (1-0.9))",
			"\"slo\":\"n\",\"exhaustion\":\"2d\"")),
		RULES(RULE("alerting", "A", "x:burnrate5m{a=\\\"b > (14 * (1-0.9)) and",
			"\"slo\":\"n\"")),
		RULES(RULE("alerting", "A",
			"x:burnrate5m > (14 * (1-1)) and x:burnrate1h > (14 * (1-1))",
			"\"slo\":\"n\",\"exhaustion\":\"2d\"")),
		RULES(RULE("alerting", "A",
			"x:burnrate5m > (14 * (1-0.9)) and x:burnrate1h > (14 * (1-0.9))",
			"\"slo\":\"n\",\"exhaustion\":\"soon\"")),
		RULES(RULE("alerting", "A",
			"x:burnrate5m > (14 * (1-0.9)) and x:burnrate1h > (14 * (1-0.9))",
			"\"exhaustion\":\"2d\"")),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct json *doc = parse_rules(texts[i]);
		struct slo_list found = {0};
		struct arena a;

		arena_init(&a);
		(void)LLVMFuzzerTestOneInput((const uint8_t *)texts[i], strlen(texts[i]));
		if (slo_from_pyrra(&found, &a, doc))
			fail_msg("case %zu", i);
		json_free(doc);
		arena_release(&a);
	}
}

UNIT_TESTS(cmocka_unit_test(all_four_indicators),
	cmocka_unit_test(objectives_out_of_recorded_rules),
	cmocka_unit_test(rules_of_other_makes),
	cmocka_unit_test(rules_that_are_none_of_it),
	cmocka_unit_test(rows_scale_with_the_window),
	cmocka_unit_test(alerts_named_silenced_and_graded),
	cmocka_unit_test(what_is_wrong_is_said), cmocka_unit_test(selectors_taken_apart))
