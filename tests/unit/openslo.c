#include "tests/unit/unit.h"

#include <stdlib.h>

#include "core/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/slo_text.h"

static const char good[] =
	"apiVersion: openslo/v1\n"
	"kind: SLO\n"
	"metadata: {name: web, displayName: Web answers, labels: {team: [a, b]}}\n"
	"spec:\n"
	"  description: Searches work\n"
	"  service: search\n"
	"  indicatorRef: requests\n"
	"  timeWindow: [{duration: 4w, isRolling: true}]\n"
	"  budgetingMethod: Occurrences\n"
	"  objectives:\n"
	"    - {displayName: Good, target: 0.995}\n"
	"    - {displayName: Fine, targetPercent: 99, op: gt}\n"
	"  alertPolicies:\n"
	"    - alertPolicyRef: fast\n"
	"    - kind: AlertPolicy\n"
	"      metadata: {name: slow}\n"
	"      spec:\n"
	"        alertWhenBreaching: true\n"
	"        conditions:\n"
	"          - kind: AlertCondition\n"
	"            metadata: {name: c}\n"
	"            spec: {severity: warning, condition: {kind: burnrate, op: gt,\n"
	"              threshold: 2, lookbackWindow: 1d}}\n"
	"---\n"
	"apiVersion: openslo/v1\n"
	"kind: SLI\n"
	"metadata: {name: requests}\n"
	"spec:\n"
	"  ratioMetric:\n"
	"    counter: true\n"
	"    good: {metricSource: {type: Prometheus, spec: {query: "
	"'http_total{code!~\"5..\"}'}}}\n"
	"    total: {metricSource: {metricSourceRef: prom, spec: {promql: http_total}}}\n"
	"---\n"
	"apiVersion: openslo/v1\n"
	"kind: DataSource\n"
	"metadata: {name: prom}\n"
	"spec: {type: Prometheus, connectionDetails: [{url: 'http://x'}]}\n"
	"---\n"
	"apiVersion: openslo/v1\n"
	"kind: AlertPolicy\n"
	"metadata: {name: fast}\n"
	"spec: {alertWhenBreaching: true, conditions: [{conditionRef: quick}], "
	"notificationTargets: []}\n"
	"---\n"
	"apiVersion: openslo/v1\n"
	"kind: AlertCondition\n"
	"metadata: {name: quick}\n"
	"spec: {severity: page, condition: {kind: burnrate, op: gte, threshold: 14,\n"
	"  lookbackWindow: 1h, alertAfter: 5m}}\n";

/* An alert at once has one window; what is no time is a mistake still. */
static void an_alert_after_no_time_fires_at_once(void **state)
{
	static const struct {
		const char *after;
		bool fine;
	} cases[] = {{"0m", true}, {"0h", true}, {"\"0\"", true}, {"00d", true},
		{"0x", false}, {"0mm", false}, {"m", false}, {"-0m", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p;
		char *text = mem_format(
			"apiVersion: openslo/v1\n"
			"kind: SLO\n"
			"metadata: {name: web}\n"
			"spec:\n"
			"  service: shop\n"
			"  indicator: {metadata: {name: i}, spec: {ratioMetric: {\n"
			"    good: {metricSource: {type: Prometheus, spec: {query: "
			"g}}},\n"
			"    total: {metricSource: {type: Prometheus, spec: {query: "
			"t}}}}}}\n"
			"  timeWindow: [{duration: 28d, isRolling: true}]\n"
			"  budgetingMethod: Occurrences\n"
			"  objectives: [{target: 0.99}]\n"
			"  alertPolicies:\n"
			"    - kind: AlertPolicy\n"
			"      metadata: {name: p}\n"
			"      spec:\n"
			"        alertWhenBreaching: true\n"
			"        conditions:\n"
			"          - kind: AlertCondition\n"
			"            metadata: {name: c}\n"
			"            spec: {severity: page, condition: {kind: burnrate,\n"
			"              threshold: 14, lookbackWindow: 5m, alertAfter: "
			"%s}}\n",
			cases[i].after);

		parse_text(&p, text);
		if ((p.problems.n == 0) != cases[i].fine)
			fail_msg("alertAfter: %s", cases[i].after);
		assert_int_equal(p.slos.n, 1);
		assert_int_equal(p.slos.items[0].n_alerting, 1);
		assert_int_equal(p.slos.items[0].alerting[0].short_ns, 5 * NS_PER_MIN);
		assert_int_equal(p.slos.items[0].alerting[0].long_ns, 5 * NS_PER_MIN);
		release(&p);
		free(text);
	}
}

static void references_and_several_objectives(void **state)
{
	const struct slo *slo;
	struct strbuf query = STRBUF_INIT;
	struct parsed p;

	(void)state;
	parse_text(&p, good);
	assert_int_equal(p.problems.n, 0);
	assert_int_equal(p.slos.n, 2);
	slo = &p.slos.items[0];
	assert_string_equal(slo->name, "web-0");
	assert_string_equal(slo->title, "Web answers: Good");
	assert_string_equal(slo->service, "search");
	assert_string_equal(slo->format, "openslo");
	assert_string_equal(slo->labels, "{\"team\":[\"a\",\"b\"]}");
	assert_true(slo->objective == 0.995);
	assert_int_equal(slo->window_ns, 28 * NS_PER_DAY);
	assert_false(slo->calendar);
	assert_true(slo->sli.selector);
	assert_query(slo, 5 * NS_PER_MIN,
		"1 - sum(rate(http_total{code!~\"5..\"}[5m])) / "
		"sum(rate(http_total[5m]))");
	assert_true(slo_total_query(&query, slo, NS_PER_HOUR));
	assert_string_equal(query.buf, "sum(increase(http_total[1h]))");
	strbuf_reset(&query);
	assert_true(slo_bad_query(&query, slo, NS_PER_HOUR));
	assert_string_equal(query.buf,
		"sum(increase(http_total[1h])) - "
		"(sum(increase(http_total{code!~\"5..\"}[1h])) or "
		"sum(increase(http_total[1h])) * 0)");
	strbuf_release(&query);
	/* Severest first. */
	assert_int_equal(slo->n_alerting, 2);
	assert_int_equal(slo->alerting[0].severity, SEV_PAGE);
	assert_true(slo->alerting[0].factor == 14);
	assert_int_equal(slo->alerting[0].long_ns, NS_PER_HOUR);
	/* alertAfter stands for the short window; without it there is one only. */
	assert_int_equal(slo->alerting[0].short_ns, 5 * NS_PER_MIN);
	assert_int_equal(slo->alerting[1].short_ns, NS_PER_DAY);
	assert_int_equal(slo->alerting[1].severity, SEV_TICKET);
	assert_int_equal(slo->alerting[1].long_ns, NS_PER_DAY);
	assert_string_equal(p.slos.items[1].name, "web-1");
	assert_true(p.slos.items[1].objective == 0.99);
	release(&p);
}

/* --- windows, slices, sources --- */

#define WHOLE(budgeting, window, metric, objective)                                     \
	"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a, annotations: {x: y}}\n" \
	"spec:\n  service: s\n  budgetingMethod: " budgeting "\n  timeWindow: [" window \
	"]\n  indicator:\n    spec:\n" metric "  objectives: [" objective "]\n"

#define GOOD_RATIO                                                                   \
	"      ratioMetric:\n"                                                       \
	"        good: {metricSource: {metricSourceRef: mimir, spec: {query: g}}}\n" \
	"        total: {metricSource: {metricSourceRef: mimir, spec: {query: t}}}\n"
#define ROLLING "{duration: 30d, isRolling: true}"

static void windows_of_the_calendar(void **state)
{
	static const struct {
		const char *duration;
		enum calendar_unit unit;
		int64_t count, days;
	} cases[] = {
		{"1d", CALENDAR_DAY, 1, 1},
		{"2w", CALENDAR_WEEK, 2, 14},
		{"1M", CALENDAR_MONTH, 1, 30},
		{"1Q", CALENDAR_QUARTER, 1, 90},
		{"1Y", CALENDAR_YEAR, 1, 365},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text =
			mem_format(WHOLE("Occurrences",
					   "{duration: %s, isRolling: false, calendar: "
					   "{startTime: 2026-01-05 00:00:00, timeZone: "
					   "Europe/Berlin}}",
					   GOOD_RATIO, "{target: 0.9}"),
				cases[i].duration);
		const struct slo *slo;
		struct parsed p;

		parse_text(&p, text);
		free(text);
		assert_true(p.problems.n == 0 || !complains(&p, -1, ""));
		slo = &p.slos.items[0];
		assert_true(slo->calendar);
		assert_int_equal(slo->calendar_unit, cases[i].unit);
		assert_int_equal(slo->calendar_count, cases[i].count);
		assert_int_equal(slo->window_ns, cases[i].days * NS_PER_DAY);
		assert_string_equal(slo->calendar_start, "2026-01-05 00:00:00");
		assert_string_equal(slo->time_zone, "Europe/Berlin");
		/* The data source's name; what the configuration makes of it is its own. */
		assert_string_equal(slo->source, "mimir");
		assert_string_equal(slo->annotations, "{\"x\":\"y\"}");
		assert_int_equal(slo->line, 13);
		release(&p);
	}
}

static void slices_of_time(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p,
		WHOLE("Timeslices", ROLLING, GOOD_RATIO,
			"{target: 0.9, timeSliceTarget: 0.95, timeSliceWindow: 5m}"));
	assert_int_equal(p.problems.n, 0);
	assert_int_equal(p.slos.items[0].budgeting, BUDGET_TIMESLICES);
	assert_int_equal(p.slos.items[0].slice_ns, 5 * NS_PER_MIN);
	assert_true(p.slos.items[0].slice_target == 0.95);
	release(&p);
	parse_text(&p,
		WHOLE("RatioTimeslices", ROLLING, GOOD_RATIO,
			"{target: 0.9, timeSliceWindow: 2}"));
	assert_int_equal(p.problems.n, 0);
	assert_int_equal(p.slos.items[0].budgeting, BUDGET_RATIO_TIMESLICES);
	assert_int_equal(p.slos.items[0].slice_ns, 2 * NS_PER_MIN);
	release(&p);
}

static void indicators_over_traces(void **state)
{
#define TRACES(spec) "{metricSource: {type: tocsin, spec: {" spec "}}}\n"
	static const struct {
		const char *metric, *measure, *op;
		double limit;
	} cases[] = {
		{"      thresholdMetric: " TRACES("measure: score, name: groundedness"),
			"score", "gte", 0.7},
		{"      thresholdMetric: " TRACES("measure: cost, op: lte, limit: 0.05"),
			"cost", "lte", 0.05},
		{"      ratioMetric: {bad: " TRACES(
			 "measure: tool-error, name: search") "        }\n",
			"tool-error", NULL, NAN},
		{"      ratioMetric: {rawType: failure, raw: " TRACES(
			 "measure: refusal, agent: shop") "        }\n",
			"refusal", NULL, NAN},
	};
	static const struct {
		const char *metric, *word;
	} wrong[] = {
		{"      thresholdMetric: " TRACES("measure: scores"), "'scores'"},
		{"      thresholdMetric: " TRACES("measure: refusal"), "bad"},
		{"      ratioMetric: {bad: " TRACES(
			 "measure: refusal, limit: 1") "        }\n",
			"no 'op'"},
		{"      ratioMetric: {bad: " TRACES(
			 "measure: cost, op: lt, limit: 1") "        }\n",
			"'bad'"},
		{"      ratioMetric: {good: " TRACES(
			 "measure: cost, op: less, limit: 1") "        }\n",
			"'op'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = mem_format("%s%s%s",
			"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n"
			"  service: s\n  budgetingMethod: Occurrences\n"
			"  timeWindow: [{duration: 30d, isRolling: true}]\n"
			"  indicator:\n    spec:\n",
			cases[i].metric,
			"  objectives: [{target: 0.9, op: gte, value: 0.7}]\n");
		const struct trace_sli *sli;
		struct parsed p;

		parse_text(&p, text);
		free(text);
		assert_true(p.problems.n == 0 || !complains(&p, -1, ""));
		assert_int_equal(p.slos.n, 1);
		assert_int_equal(p.slos.items[0].sli.kind, SLI_TRACES);
		sli = &p.slos.items[0].sli.traces;
		assert_string_equal(sli->measure, cases[i].measure);
		if (cases[i].op)
			assert_string_equal(sli->op, cases[i].op);
		else
			assert_null(sli->op);
		assert_near(sli->limit, cases[i].limit);
		release(&p);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char *text = mem_format("%s%s%s",
			"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n"
			"  service: s\n  budgetingMethod: Occurrences\n"
			"  timeWindow: [{duration: 30d, isRolling: true}]\n"
			"  indicator:\n    spec:\n",
			wrong[i].metric, "  objectives: [{target: 0.9}]\n");
		struct parsed p;

		parse_text(&p, text);
		free(text);
		if (!complains(&p, 10, wrong[i].word) || p.slos.n)
			fail_msg("case %zu", i);
		release(&p);
	}
}

static void the_next_version(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p,
		"- apiVersion: openslo.com/v2alpha\n  kind: SLO\n  metadata: {name: a}\n"
		"  spec:\n    serviceRef: web\n    sliRef: i\n    budgetingMethod: "
		"Occurrences\n    timeWindow: [{duration: 4w, isRolling: true}]\n"
		"    objectives: [{targetPercent: 99.5}]\n"
		"- apiVersion: openslo.com/v2alpha\n  kind: SLI\n  metadata: {name: i}\n"
		"  spec:\n    ratioMetric:\n"
		"      bad: {dataSourceRef: prom, spec: {query: b}}\n"
		"      total: {dataSourceSpec: {type: Prometheus, connectionDetails: "
		"{}}, "
		"spec: {query: t}}\n");
	assert_true(p.problems.n == 0 || !complains(&p, -1, ""));
	assert_int_equal(p.slos.n, 1);
	assert_string_equal(p.slos.items[0].service, "web");
	assert_string_equal(p.slos.items[0].source, "prom");
	assert_true(p.slos.items[0].objective == 0.995);
	assert_query(
		&p.slos.items[0], NS_PER_HOUR, "sum(rate(b[1h])) / sum(rate(t[1h]))");
	release(&p);
}

/* What is wrong with windows, slices, targets and objects; the second SLO is read all the same. */
static void wrong_and_not_lost(void **state)
{
#define SECOND                                                                         \
	"---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {name: second}\nspec: "     \
	"{service: s, "                                                                \
	"budgetingMethod: Occurrences,\n  timeWindow: [{duration: 30d, isRolling: "    \
	"true}],\n"                                                                    \
	"  indicator: {spec: {ratioMetric: {bad: {metricSource: {spec: {query: g}}}, " \
	"total: "                                                                      \
	"{metricSource: {spec: {query: t}}}}}},\n  objectives: [{target: 0.9}]}\n"
#define BAD(budgeting, window, objective) \
	WHOLE(budgeting, window, GOOD_RATIO, objective) SECOND
	static const struct {
		const char *text, *word;
		int line, column;
		size_t n;
	} cases[] = {
		{BAD("Occurrences", "{duration: -30d, isRolling: true}", "{target: 0.9}"),
			"'-30d'", 7, 27, 1},
		{BAD("Occurrences", "{duration: 0d, isRolling: true}", "{target: 0.9}"),
			"'0d'", 7, 27, 1},
		{BAD("Occurrences", ROLLING, "{target: 0}"), "over 0", 13, 25, 1},
		{BAD("Occurrences", ROLLING, "{target: 1}"), "no error budget", 13, 25,
			1},
		{BAD("Occurrences", ROLLING, "{target: 99.9}"), "99.9", 13, 25, 1},
		{BAD("Occurrences", ROLLING, "{targetPercent: 100}"), "no error budget",
			13, 32, 1},
		{BAD("Occurrences", ROLLING, "{targetPercent: 0.999}"), "percentage", 13,
			32, 1},
		{BAD("Timeslices", ROLLING, "{target: 0.9, timeSliceWindow: 1m}"),
			"'timeSliceTarget'", 13, 16, 1},
		{BAD("Timeslices", ROLLING, "{target: 0.9, timeSliceTarget: 0.9}"),
			"'timeSliceWindow'", 13, 16, 1},
		{BAD("Timeslices", ROLLING,
			 "{target: 0.9, timeSliceTarget: 1.5, timeSliceWindow: 1m}"),
			"1.5", 13, 47, 1},
		{BAD("Ratio", ROLLING, "{target: 0.9}"), "'Ratio'", 6, 20, 2},
		{BAD("Occurrences", "{duration: 1w, isRolling: false}", "{target: 0.9}"),
			"'calendar'", 7, 16, 2},
		{BAD("Occurrences",
			 "{duration: 1w, calendar: {startTime: soon, timeZone: UTC}}",
			 "{target: 0.9}"),
			"'soon'", 7, 53, 2},
		{BAD("Occurrences",
			 "{duration: 1w, calendar: {startTime: 2026-01-01 00:00:00, "
			 "timeZone: "
			 "'mid earth'}}",
			 "{target: 0.9}"),
			"'mid earth'", 7, 84, 2},
		{BAD("Occurrences",
			 "{duration: 12h, isRolling: false, calendar: {startTime: "
			 "2026-01-01 00:00:00, timeZone: UTC}}",
			 "{target: 0.9}"),
			"rolling", 7, 16, 2},
		{SECOND "---\napiVersion: openslo/v1\nkind: Servise\nmetadata: {name: "
			"a}\n",
			"'Servise'", 10, 1, 1},
		{SECOND SECOND, "already", 16, 16, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p;
		bool there = false;

		parse_text(&p, cases[i].text);
		for (size_t k = 0; k < p.problems.n; k++) {
			const struct problem *one = &p.problems.items[k];

			there = there ||
				(one->line == cases[i].line &&
					one->column == cases[i].column &&
					strstr(one->message, cases[i].word));
		}
		if (!there || p.slos.n != cases[i].n) {
			(void)complains(&p, -1, "");
			fail_msg("case %zu: %zu SLOs, %d:%d '%s'", i, p.slos.n,
				cases[i].line, cases[i].column, cases[i].word);
		}
		release(&p);
	}
}

/* An SLO around an indicator. */
#define SLO(indicator, objective)                                                       \
	"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n  service: s\n" \
	"  budgetingMethod: Occurrences\n  timeWindow: [{duration: 30d, isRolling: "    \
	"true}]\n"                                                                      \
	"  indicator:\n    spec:\n" indicator "  objectives: [" objective "]\n"

static void indicators_of_every_kind(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p,
		SLO("      ratioMetric:\n"
		    "        bad: {metricSource: {spec: {query: 'sum(rate(e[5m]))'}}}\n"
		    "        total: {metricSource: {spec: {query: 'sum(all_total)'}}}\n",
			"{target: 0.9}"));
	assert_int_equal(p.problems.n, 0);
	assert_false(p.slos.items[0].sli.selector);
	assert_query(&p.slos.items[0], NS_PER_HOUR,
		"(sum(rate(e[1h]))) / (sum(rate(all_total[1h])))");
	assert_int_equal(p.slos.items[0].n_alerting, 4);
	release(&p);
	parse_text(&p,
		SLO("      ratioMetric:\n"
		    "        counter: false\n"
		    "        good: {metricSource: {spec: {query: g}}}\n"
		    "        total: {metricSource: {spec: {query: t}}}\n",
			"{target: 0.9}"));
	assert_query(&p.slos.items[0], NS_PER_HOUR,
		"1 - (sum(sum_over_time(g[1h]))) / (sum(sum_over_time(t[1h])))");
	release(&p);
	parse_text(&p,
		SLO("      ratioMetric:\n"
		    "        rawType: success\n"
		    "        raw: {metricSource: {spec: {query: 'ok[{{.window}}]'}}}\n",
			"{target: 0.9}"));
	assert_int_equal(p.slos.items[0].sli.kind, SLI_RAW);
	assert_query(&p.slos.items[0], NS_PER_HOUR, "1 - (ok[1h])");
	release(&p);
	parse_text(&p,
		SLO("      thresholdMetric: {metricSource: {spec: {query: "
		    "'q(x[2m])'}}}\n",
			"{op: lte, value: 0.5, target: 0.9}"));
	assert_int_equal(p.problems.n, 0);
	assert_int_equal(p.slos.items[0].sli.kind, SLI_THRESHOLD);
	assert_query(&p.slos.items[0], NS_PER_HOUR,
		"1 - avg_over_time((((q(x[2m])) > -Inf) <= bool 0.5)[1h:1m])");
	release(&p);
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *word;
		int line;
		size_t n;
	} cases[] = {
		{SLO("      ratioMetric: {good: {metricSource: {spec: {query: g}}}}\n",
			 "{target: 0.9}"),
			"total", 10, 0},
		{SLO("      ratioMetric:\n        good: {metricSource: {spec: {query: "
		     "g}}}\n"
		     "        bad: {metricSource: {spec: {query: g}}}\n",
			 "{target: 0.9}"),
			"not both", 11, 0},
		{SLO("      ratioMetric: {raw: {metricSource: {spec: {query: g}}}}\n",
			 "{target: 0.9}"),
			"rawType", 10, 0},
		{SLO("      thresholdMetric: {metricSource: {spec: {query: g}}}\n",
			 "{target: 0.9, value: 5}"),
			"'op'", 11, 0},
		{SLO("      thresholdMetric: {metricSource: {spec: {query: g}}}\n",
			 "{target: 0.9, op: lt}"),
			"'value'", 11, 0},
		{SLO("      {}\n", "{target: 0.9}"), "either", 10, 0},
		{SLO("      thresholdMetric: {metricSource: {spec: {query: g}}}\n",
			 "{target: 99.5, op: lt, value: 1}"),
			"99.5", 11, 0},
		{SLO("      thresholdMetric: {metricSource: {spec: {query: g}}}\n",
			 "{target: 1, op: lt, value: 1}"),
			"100", 11, 0},
		{SLO("      thresholdMetric: {metricSource: {spec: {query: g}}}\n",
			 "{op: lt, value: 1}"),
			"target", 11, 0},
		{SLO("      thresholdMetric: {metricSource: {spec: {query: g}}}\n",
			 "{target: 0.9, op: lt, value: 1, tarjet: 1}"),
			"tarjet", 11, 1},
		{SLO("      thresholdMetric: {metricSource: {spec: {query: g}}}\n",
			 "{target: 0.9, op: lt, value: 1, compositeWeight: 2}"),
			"composite", 11, 1},
		{SLO("      thresholdMetric: {metricSource: {spec: {metric: g}}}\n",
			 "{target: 0.9, op: lt, value: 1}"),
			"query", 10, 0},
		{SLO("      ratioMetric: {good: {metricSource: {spec: {query: g + h}}}, "
		     "total: {metricSource: {spec: {query: g}}}}\n",
			 "{target: 0.9}"),
			"range", 10, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p;

		parse_text(&p, cases[i].text);
		if (!complains(&p, cases[i].line, cases[i].word) ||
			p.slos.n != cases[i].n)
			fail_msg("case %zu: %zu SLOs, no '%s'", i, p.slos.n,
				cases[i].word);
		release(&p);
	}
}

/* --- several files --- */

static const char slos_file[] =
	"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: web}\n"
	"spec:\n  service: s\n  budgetingMethod: Occurrences\n  indicatorRef: requests\n"
	"  timeWindow: [{duration: 30d, isRolling: true}]\n  objectives: [{target: "
	"0.9}]\n"
	"  alertPolicies: [{alertPolicyRef: fast}, slow]\n";
static const char slis_file[] =
	"- apiVersion: openslo/v1\n  kind: SLI\n  metadata: {name: requests}\n"
	"  spec: {ratioMetric: {counter: true,\n"
	"    bad: {metricSource: {metricSourceRef: store, spec: {query: 'b'}}},\n"
	"    total: {metricSource: {metricSourceRef: store, spec: {query: 't'}}}}}\n";
#define DATA_SOURCE(type)                                                          \
	"---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: store}\n" \
	"spec: {type: " type ", connectionDetails: {url: x}}\n"
static const char policies_file[] =
	"apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: fast}\n"
	"spec: {alertWhenBreaching: true, conditions: [{conditionRef: quick}]}\n"
	"---\napiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: slow}\n"
	"spec: {alertWhenBreaching: true, conditions: [{conditionRef: %s}]}\n";
static const char conditions_file[] =
	"apiVersion: openslo/v1\nkind: AlertCondition\nmetadata: {name: quick}\n"
	"spec: {severity: page, condition: {kind: burnrate, threshold: 7,\n"
	"  lookbackWindow: 1h, alertAfter: 5m}}\n";

/* The files of one service, beginning with the first-th, each read knowing all of them. */
static void parse_files(
	struct parsed *out, const char *const *files, size_t n, size_t first)
{
	struct slo_objects *objects = slo_objects_new();

	arena_init(&out->arena);
	problems_init(&out->problems, NULL);
	out->slos = (struct slo_list){.others = objects};
	for (size_t i = 0; i < n; i++)
		slo_objects_add(objects, files[i], strlen(files[i]), "a file");
	for (size_t i = 0; i < n; i++) {
		const char *text = files[(first + i) % n];

		(void)slo_file_parse(&out->slos, &out->arena, text, strlen(text),
			"another", &out->problems);
	}
	slo_objects_free(objects);
}

static void references_across_files(void **state)
{
	char *policies = mem_format(policies_file, "quick");
	const char *const files[] = {
		slos_file, slis_file, policies, conditions_file, DATA_SOURCE("Thanos")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const struct slo *slo;
		struct parsed p;

		parse_files(&p, files, ARRAY_LEN(files), i);
		assert_true(p.problems.n == 0 || !complains(&p, -1, ""));
		assert_int_equal(p.slos.n, 1);
		slo = &p.slos.items[0];
		assert_query(slo, NS_PER_HOUR, "sum(rate(b[1h])) / sum(rate(t[1h]))");
		assert_string_equal(slo->source, "store");
		assert_int_equal(slo->n_alerting, 2);
		assert_true(slo->alerting[0].factor == 7 && slo->alerting[1].factor == 7);
		assert_int_equal(slo->alerting[0].short_ns, 5 * NS_PER_MIN);
		release(&p);
	}
	free(policies);
}

static void what_is_wrong_across_files(void **state)
{
	char *policies = mem_format(policies_file, "gone");
	const char *const foreign[] = {
		slos_file, policies, DATA_SOURCE("Datadog"), slis_file, "{", ""};
	const char *const missing[] = {slos_file, conditions_file};
	struct parsed p;

	(void)state;
	parse_files(&p, foreign, ARRAY_LEN(foreign), 0);
	assert_true(complains(&p, 5,
		"with the SLI of 'a file': a metric source of type "
		"'Datadog'"));
	/* Where it stands: in the policy's own file. */
	assert_true(complains(&p, 4,
		"no file of the service has an object of kind "
		"AlertCondition named 'quick'"));
	assert_true(complains(&p, 9, "AlertCondition named 'gone'"));
	assert_int_equal(p.slos.n, 1);
	release(&p);
	parse_files(&p, missing, ARRAY_LEN(missing), 1);
	assert_true(complains(&p, 5, "kind SLI named 'requests'"));
	assert_int_equal(p.slos.n, 0);
	release(&p);
	/* By itself a file is told where the others would be found. */
	parse_text(&p, slos_file);
	assert_true(complains(&p, 5, "this file has no SLI named 'requests'"));
	assert_non_null(strstr(p.problems.items[0].hint, "'slos' of one service"));
	release(&p);
	free(policies);
}

static void references_that_lead_nowhere(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p,
		"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\n"
		"spec: {service: s, budgetingMethod: Occurences, indicatorRef: gone,\n"
		"  timeWindow: [{duration: 30x, isRolling: true}], objectives: []}\n");
	assert_true(complains(&p, 4, "Occurences"));
	assert_true(complains(&p, 5, "30x"));
	assert_true(complains(&p, 5, "objectives"));
	assert_int_equal(p.slos.n, 0);
	release(&p);
	parse_text(&p,
		"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\n"
		"spec: {service: s, budgetingMethod: Occurrences, indicatorRef: gone,\n"
		"  timeWindow: [{duration: 30d, isRolling: true}],\n"
		"  objectives: [{target: 0.9}, {target: 0.8}]}\n");
	assert_true(complains(&p, 0, "gone"));
	/* Said once, although two objectives share it. */
	assert_int_equal(p.problems.n, 1);
	release(&p);
	parse_text(&p, "apiVersion: openslo/v1\nkind: SLO\nmetadata: {}\nspec: 5\n");
	assert_int_equal(p.slos.n, 0);
	assert_true(p.problems.n > 0);
	release(&p);
}

static void a_sample_in_full(void **state)
{
	const struct slo *slo;
	struct strbuf query = STRBUF_INIT;
	struct parsed p;

	(void)state;
	parse_sample(&p, "openslo/v1/slos.yaml");
	slo = &p.slos.items[0];
	assert_string_equal(slo->name, "web-availability");
	assert_int_equal(slo->window_ns, 7 * NS_PER_DAY);
	assert_true(slo->calendar);
	assert_true(slo->sli.selector);
	assert_near(slo->alerting[0].factor, 3.36);
	/* Slices of a minute: the share of those under 95 %. */
	assert_true(slo_query(&query, slo, 5 * NS_PER_MIN));
	assert_non_null(strstr(query.buf,
		"sum(rate(http_requests{k8s_cluster=\"prod\",component=\"web\","
		"code=~\"2xx|4xx\"}[1m]))"));
	assert_non_null(strstr(query.buf, "< bool 0.95)[5m:1m]"));
	strbuf_reset(&query);
	release(&p);
	/* What cannot be asked is shown and never asked. */
	parse_sample(&p, "openslo/budgeting-method--ratio-timeslices.yaml");
	assert_true(p.slos.items[0].sli.foreign);
	assert_string_equal(p.slos.items[0].sli.good, "Any");
	assert_string_equal(p.slos.items[0].sli.total, "Any");
	assert_false(slo_query(&query, &p.slos.items[0], NS_PER_HOUR));
	assert_int_equal(query.len, 0);
	strbuf_release(&query);
	release(&p);
}

static void queries_made_fit_for_windows(void **state)
{
	static const struct {
		const char *query;
		bool counter, selector;
		const char *result;
	} cases[] = {
		{"x[{{ .window }}]", true, false, "x[{{ .window }}]"},
		{"rate(x[5m]) / rate(y{a=\"[5m]\"}[ 5m ])", true, false,
			"rate(x[{{.window}}]) / rate(y{a=\"[5m]\"}[{{.window}}])"},
		{"max_over_time(x[1h:5m])", true, false, NULL},
		{" a:b_c{d=\"}\"} ", true, true, "a:b_c{d=\"}\"}"},
		{"{__name__=\"x\"}", true, true, "{__name__=\"x\"}"},
		{"sum( x )", true, true, "x"},
		{"sum by (a) (x)", true, false, NULL},
		{"sum(x) + 1", true, false, NULL},
		{"x", false, false, "sum(sum_over_time(x[{{.window}}]))"},
		{"x{a=\"b\"", true, false, NULL},
		{"", true, false, NULL},
		{"x{a='\\'[5m]'}", true, true, "x{a='\\'[5m]'}"},
		{"x[5m", true, false, NULL},
		{"\"unclosed [5m]", true, false, NULL},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool selector;
		const char *got =
			promql_windowed(&a, cases[i].query, cases[i].counter, &selector);

		if (selector != cases[i].selector || !got != !cases[i].result ||
			(got && strcmp(got, cases[i].result) != 0))
			fail_msg(
				"'%s' gives '%s'", cases[i].query, got ? got : "nothing");
	}
	arena_release(&a);
}

static void fuzz_seeds(void **state)
{
	static const char *const seeds[] = {
		good,
		"",
		"- - -",
		"apiVersion: openslo/v1\nkind: SLO\n",
		"version: prometheus/v1\nservice: x\nslos: [{name: a, objective: 1, sli: "
		"5}, 7]\n",
		"apiVersion: openslo/v1alpha\nkind: SLO\nmetadata: {name: a}\n"
		"spec: {service: s, timeWindows: [{unit: Day, count: 9999999999999}],\n"
		"  budgetingMethod: x, objectives: [{target: .9, ratioMetrics: {good: "
		"1}}]}\n",
		"&a [*a, *a]",
		"apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n"
		"metadata: {name: n}\nspec: {target: '99', window: 1h, indicator: "
		"{ratio: {errors: {metric: 'a{b=\"c\\\\\"}'}, total: {metric: 'x{'}}}}\n",
		"apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\nspec: {sloPeriod: "
		"1h,\n"
		"  page: {quick: {errorBudgetPercent: 1, shortWindow: 1h, longWindow: "
		"1h}}}\n",
		"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec: {service: "
		"s,\n"
		"  budgetingMethod: Timeslices, timeWindow: [{duration: 1Q, calendar: "
		"{startTime: x, timeZone: y}}],\n"
		"  indicator: {spec: {thresholdMetric: {metricSource: {type: tocsin, "
		"spec: "
		"{measure: score, op: gt, limit: 1}}}}},\n"
		"  objectives: [{target: 0.5, timeSliceTarget: 1, timeSliceWindow: "
		"5}]}\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
}

/* Five policies of two windows each: the least severe would never fire. */
static void more_windows_than_are_measured(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct parsed p;

	(void)state;
	strbuf_adds(&text,
		"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: many}\nspec:\n"
		"  service: shop\n  budgetingMethod: Occurrences\n"
		"  indicator: {metadata: {name: i}, spec: {ratioMetric: {counter: true,\n"
		"    bad: {metricSource: {type: Prometheus, spec: {query: bad_total}}},\n"
		"    total: {metricSource: {type: Prometheus, spec: {query: "
		"all_total}}}}}}\n"
		"  timeWindow: [{duration: 30d, isRolling: true}]\n"
		"  objectives: [{target: 0.999}]\n"
		"  alertPolicies:\n");
	for (int i = 1; i <= 5; i++)
		strbuf_addf(&text,
			"  - {kind: AlertPolicy, metadata: {name: p%d}, spec: "
			"{alertWhenBreaching: true, notificationTargets: [{targetRef: "
			"t}], "
			"conditions: [{kind: AlertCondition, metadata: {name: c%d}, "
			"spec: "
			"{severity: %s, condition: {kind: burnrate, op: gte, threshold: "
			"%d, lookbackWindow: %dh, alertAfter: %dm}}}]}}\n",
			i, i, i == 1 ? "ticket" : "page", i, i, i);
	parse(&p, text.buf, text.len);
	assert_int_equal(p.slos.n, 1);
	assert_true(complains(&p, 13, "1 of their 5 conditions"));
	assert_int_equal(p.slos.items[0].n_alerting, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(p.slos.items[0].alerting[i].severity, SEV_PAGE);
	release(&p);
	strbuf_release(&text);
}

UNIT_TESTS(cmocka_unit_test(references_and_several_objectives),
	cmocka_unit_test(an_alert_after_no_time_fires_at_once),
	cmocka_unit_test(indicators_of_every_kind),
	cmocka_unit_test(what_is_wrong_is_said),
	cmocka_unit_test(references_across_files),
	cmocka_unit_test(what_is_wrong_across_files),
	cmocka_unit_test(references_that_lead_nowhere),
	cmocka_unit_test(a_sample_in_full),
	cmocka_unit_test(more_windows_than_are_measured),
	cmocka_unit_test(windows_of_the_calendar), cmocka_unit_test(slices_of_time),
	cmocka_unit_test(indicators_over_traces), cmocka_unit_test(the_next_version),
	cmocka_unit_test(wrong_and_not_lost),
	cmocka_unit_test(queries_made_fit_for_windows), cmocka_unit_test(fuzz_seeds))
