/*
 * Rules that are written, evaluated by Prometheus's own promtool on made-up series, against our
 * evaluation of the same series: ratios of every window, and which alert fires at which minute.
 * The same with the rules that Sloth makes of its sample.  $TOCSIN_SLOTH_RULES: others of its.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/path.h"
#include "core/yaml.h"
#include "signal/budget.h"
#include "signal/slo_rules.h"
#include "tests/unit/slo_text.h"

enum { MINUTES = 900, RATIO_EVERY = 61, LOOK_EVERY = 13 };

#define SELECTOR "http_request_duration_seconds_count{job=\"myservice\",code=\""

struct traffic {
	struct samples good, bad;
	struct sample good_items[MINUTES], bad_items[MINUTES];
};

/* Day and night, and twelve minutes in which most fails; then a slow burn. */
static void make_traffic(struct traffic *t, bool low)
{
	uint64_t x = 4711;
	double good = 0, bad = 0;

	for (int i = 0; i < MINUTES; i++) {
		bool night = i % 1440 < 420;
		double ratio = i >= 500 && i < 512 ? 0.45 : i > 700 ? 0.008 : 0.0003;
		double all, failed;

		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		all = low ? (double)(i % 2) : (night ? 20 : 900) + (double)(x >> 58);
		failed = low ? i == 701 : floor(all * ratio * (double)(x >> 48 & 1) * 2);
		good += all - failed;
		bad += failed;
		t->good_items[i] = (struct sample){i * NS_PER_MIN, good};
		t->bad_items[i] = (struct sample){i * NS_PER_MIN, bad};
	}
	t->good = (struct samples){t->good_items, MINUTES};
	t->bad = (struct samples){t->bad_items, MINUTES};
}

/* Until Prometheus 3 a range held a sample that lies exactly at its beginning. */
static int64_t closed_ns;

static void ask_version(void)
{
	char line[200] = "";
	FILE *f = popen("promtool --version 2>&1", "r");

	if (!f || !fgets(line, sizeof(line), f) || !strstr(line, "version")) {
		if (f)
			(void)pclose(f);
		print_message("SKIP: no promtool\n");
		skip();
		return;
	}
	(void)pclose(f);
	closed_ns = strstr(line, "version 2.") ? 1 : 0;
}

static struct burn_window measure(const struct traffic *t, int minute, int64_t window_ns)
{
	int64_t at = minute * NS_PER_MIN;
	double good = counter_increase(&t->good, at, window_ns + closed_ns);
	double bad = counter_increase(&t->bad, at, window_ns + closed_ns);

	return (struct burn_window){
		.window_ns = window_ns,
		.bad = bad,
		.total = good + bad,
		.ratio = good + bad > 0 ? bad / (good + bad) : NAN,
	};
}

/* --- what promtool is told --- */

static void add_series(struct strbuf *out, const char *code, const struct samples *s)
{
	strbuf_addf(out, "      - series: '" SELECTOR "%s\"}'\n        values: '", code);
	for (size_t i = 0; i < s->n; i++)
		strbuf_addf(out, "%s%.0f", i ? " " : "", s->items[i].value);
	strbuf_adds(out, "'\n");
}

static void expect(struct strbuf *out, int minute, double value, const char *expression)
{
	strbuf_adds(out, "      - expr: ");
	yaml_quote(out, expression);
	strbuf_addf(out,
		"\n        eval_time: %dm\n        exp_samples: [{labels: '{}', value: "
		"%.17g}]\n",
		minute, value);
}

static void expect_near(struct strbuf *out, int minute, const char *series, double value)
{
	char *text = mem_format("sum(abs(%s - %.17g) < bool 1e-9)", series, value);

	if (!isnan(value))
		expect(out, minute, 1, text);
	free(text);
}

static void expect_alerts(
	struct strbuf *out, int minute, enum severity severity, bool fires)
{
	char *text =
		mem_format("count(ALERTS{alertstate=\"firing\",sloth_severity=\"%s\"})"
			   " or vector(0)",
			severity_name(severity));

	expect(out, minute, fires, text);
	free(text);
}

static bool fires(const struct slo *slo, enum severity severity,
	const struct burn_window *w, size_t n, double min_bad)
{
	struct burn_alert rows[4];
	size_t n_rows = 0;

	for (size_t i = 0; i < slo->n_alerting; i++) {
		if (slo->alerting[i].severity == severity)
			rows[n_rows++] = slo->alerting[i];
	}
	return burn_severity(NULL, rows, n_rows, slo->objective, w, n, min_bad) ==
		severity;
}

struct alarms {
	bool page, ticket;
};

struct counted {
	int pages, tickets;
};

/* Everything that is to be seen, minute by minute. */
static void expect_all(struct strbuf *out, struct counted *counted, const struct slo *slo,
	const struct traffic *t, double min_bad)
{
	int64_t windows[SLO_WINDOWS];
	size_t n = burn_windows(windows, slo);
	struct alarms before = {false, false};
	bool looked = false;

	for (int minute = 10; minute < MINUTES; minute++) {
		struct burn_window w[SLO_WINDOWS];
		bool page, ticket, look;

		for (size_t i = 0; i < n; i++)
			w[i] = measure(t, minute, windows[i]);
		for (size_t i = 0; minute % RATIO_EVERY == 0 && i + 1 < n; i++) {
			struct strbuf series = STRBUF_INIT;

			strbuf_adds(&series, "slo:sli_error:ratio_rate");
			duration_format(&series, windows[i]);
			expect_near(out, minute, series.buf, w[i].ratio);
			strbuf_release(&series);
		}
		if (minute % RATIO_EVERY == 0)
			expect_near(out, minute, "slo:current_burn_rate:ratio",
				burn_rate(w[0].ratio, slo->objective));
		page = fires(slo, SEV_PAGE, w, n, min_bad);
		ticket = fires(slo, SEV_TICKET, w, n, min_bad);
		/* Each change to the minute, and now and then whether it lasts. */
		look = page != before.page || ticket != before.ticket ||
			minute % LOOK_EVERY == 0;
		if (look || looked) {
			expect_alerts(out, minute, SEV_PAGE, page);
			expect_alerts(out, minute, SEV_TICKET, ticket);
		}
		if (look && !looked && minute > 10) {
			expect_alerts(out, minute - 1, SEV_PAGE, before.page);
			expect_alerts(out, minute - 1, SEV_TICKET, before.ticket);
		}
		looked = look;
		before = (struct alarms){page, ticket};
		counted->pages += page;
		counted->tickets += ticket;
	}
}

/* Without an order promtool takes groups as they come: what they read is a minute old then. */
static void begin(struct strbuf *out, const char *order, const struct traffic *t)
{
	strbuf_addf(out,
		"rule_files: [rules.yaml]\nevaluation_interval: 1m\n%stests:\n"
		"  - interval: 1m\n    input_series:\n",
		order);
	add_series(out, "200", &t->good);
	add_series(out, "500", &t->bad);
	strbuf_adds(out, "    promql_expr_test:\n");
}

struct place {
	char dir[64];
};

static void place_make(struct place *p)
{
	const char *top = getenv("TMPDIR");

	(void)snprintf(p->dir, sizeof(p->dir), "%.40s/rules.XXXXXX", top ? top : "/tmp");
	if (!mkdtemp(p->dir))
		fail_msg("mkdtemp: %s", strerror(errno));
}

static void place_write(
	const struct place *p, const char *name, const struct strbuf *text)
{
	char *file = path_join(p->dir, name);
	struct err e = ERR_INIT;

	assert_int_equal(path_write(file, text->buf, text->len, 0600, &e), 0);
	free(file);
}

static void place_remove(const struct place *p)
{
	static const char *const names[] = {"rules.yaml", "test.yaml", "out"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *file = path_join(p->dir, names[i]);

		(void)unlink(file);
		free(file);
	}
	(void)rmdir(p->dir);
}

static void promtool(const struct place *p, const char *arguments)
{
	/* What it only warns of, as of rules that are there twice, is wrong too. */
	char *command =
		mem_format("cd '%s' && promtool %s >out 2>&1 && ! grep -q FAILED out",
			p->dir, arguments);
	char *show = mem_format("head -c 3000 '%s/out' >&2", p->dir);
	int status = system(command);

	if (status != 0) {
		(void)!system(show);
		fail_msg("promtool %s: %d", arguments, status);
	}
	free(command);
	free(show);
}

static void evaluate(const struct strbuf *rules, const char *order,
	const struct traffic *t, const struct strbuf *tests)
{
	struct place p;
	struct strbuf text = STRBUF_INIT;

	place_make(&p);
	place_write(&p, "rules.yaml", rules);
	begin(&text, order, t);
	strbuf_adds(&text, tests->buf);
	place_write(&p, "test.yaml", &text);
	promtool(&p, "check rules rules.yaml");
	promtool(&p, "test rules test.yaml");
	place_remove(&p);
	strbuf_release(&text);
}

#define PERIOD_LAST                                        \
	"group_eval_order:\n"                              \
	"  - tocsin-slo-myservice-requests-availability\n" \
	"  - tocsin-slo-myservice-requests-availability-period\n"

static const char sample[] =
	"version: prometheus/v1\nservice: myservice\n"
	"labels: {owner: 'a team', '2-tier': \"2\"}\n"
	"slos:\n"
	"  - name: requests-availability\n"
	"    objective: 99.9\n"
	"    sli:\n"
	"      events:\n"
	"        error_query: sum(rate(http_request_duration_seconds_count{"
	"job=\"myservice\",code=~\"(5..|429)\"}[{{.window}}]))\n"
	"        total_query: sum(rate(http_request_duration_seconds_count{"
	"job=\"myservice\"}[{{.window}}]))\n"
	"    alerting:\n"
	"      name: High\n"
	"      labels: {category: \"it's: #1\"}\n"
	"      annotations: {summary: \"High {{ $labels.sloth_slo "
	"}}\\n\\\"quoted\\\"\"}\n"
	"      page_alert: {labels: {severity: critical}}\n"
	"      ticket_alert: {labels: {severity: slack}}\n";

static void rules_agree_with_our_evaluation(void **state)
{
	struct traffic *t = mem_new(1, sizeof(*t));
	struct strbuf rules = STRBUF_INIT, tests = STRBUF_INIT;
	struct counted counted = {0};
	struct parsed p;
	const struct slo *slo;
	double ratio;

	(void)state;
	ask_version();
	make_traffic(t, false);
	parse_text(&p, sample);
	slo = &p.slos.items[0];
	assert_int_equal(slo_rules_write(&rules, slo, 1, &p.problems), 1);
	expect_all(&tests, &counted, slo, t, 2);
	/* Both kinds began and ended. */
	assert_in_range(counted.pages, 20, MINUTES / 2);
	assert_in_range(counted.tickets, 100, MINUTES - 100);
	ratio = measure(t, MINUTES - 1, slo->window_ns).ratio;
	expect_near(&tests, MINUTES - 1, "slo:sli_error:ratio_rate30d", ratio);
	expect_near(&tests, MINUTES - 1, "slo:period_error_budget_remaining:ratio",
		budget_left(ratio, slo->objective));
	expect_near(&tests, MINUTES - 1, "slo:objective:ratio", 0.999);
	expect_near(&tests, MINUTES - 1, "slo:time_period:days", 30);
	evaluate(&rules, PERIOD_LAST, t, &tests);
	strbuf_release(&rules);
	strbuf_release(&tests);
	release(&p);
	free(t);
}

/* One failure among few events is over every threshold, and pages nobody. */
static void one_event_pages_nobody(void **state)
{
	struct traffic *t = mem_new(1, sizeof(*t));
	struct strbuf rules = STRBUF_INIT, tests = STRBUF_INIT;
	struct counted counted = {0}, without = {0};
	struct parsed p;

	(void)state;
	ask_version();
	make_traffic(t, true);
	parse_text(&p, sample);
	(void)slo_rules_write(&rules, &p.slos.items[0], 1, &p.problems);
	expect_all(&tests, &counted, &p.slos.items[0], t, 2);
	assert_int_equal(counted.pages, 0);
	assert_true(counted.tickets > 0);
	evaluate(&rules, PERIOD_LAST, t, &tests);
	/* Without the least count it would. */
	p.slos.items[0].min_bad = 0;
	strbuf_reset(&rules);
	strbuf_reset(&tests);
	(void)slo_rules_write(&rules, &p.slos.items[0], 1, &p.problems);
	expect_all(&tests, &without, &p.slos.items[0], t, 0);
	assert_true(without.pages > 0);
	assert_null(strstr(rules.buf, ">= 2"));
	strbuf_release(&rules);
	strbuf_release(&tests);
	release(&p);
	free(t);
}

/* Sloth's period is the mean of its 5m ratios, each minute's the same weight. */
static double mean_of_ratios(const struct traffic *t, int to)
{
	struct sample items[MINUTES];
	struct samples ratios = {items, 0};

	for (int minute = 0; minute <= to; minute++) {
		double ratio = measure(t, minute, 5 * NS_PER_MIN).ratio;

		if (!isnan(ratio))
			items[ratios.n++] = (struct sample){minute * NS_PER_MIN, ratio};
	}
	return budget_ratio(&ratios, NULL, to * NS_PER_MIN, 30 * NS_PER_DAY, NULL);
}

static void rules_of_sloth_agree_too(void **state)
{
	const char *other = getenv("TOCSIN_SLOTH_RULES");
	struct traffic *t = mem_new(1, sizeof(*t));
	struct strbuf rules = STRBUF_INIT, tests = STRBUF_INIT;
	struct counted counted = {0};
	struct err e = ERR_INIT;
	struct parsed p;
	double mean, true_ratio;

	(void)state;
	ask_version();
	make_traffic(t, false);
	if (other && *other)
		assert_int_equal(path_read(&rules, other, 1 << 20, &e), 0);
	else
		shared_read(&rules, "slo/sloth/out/getting-started.yml");
	parse_text(&p, sample);
	expect_all(&tests, &counted, &p.slos.items[0], t, 0);
	mean = mean_of_ratios(t, MINUTES - 2);
	true_ratio = measure(t, MINUTES - 2, 30 * NS_PER_DAY).ratio;
	/* A quiet night weighs as much as the day: its period is another number. */
	assert_true(fabs(mean / true_ratio - 1) > 0.05);
	print_message(
		"the period's error ratio: %g, by Sloth's mean %g\n", true_ratio, mean);
	expect_near(&tests, MINUTES - 2, "slo:sli_error:ratio_rate30d", mean);
	evaluate(&rules,
		"group_eval_order:\n"
		"  - sloth-slo-sli-recordings-myservice-requests-availability\n"
		"  - sloth-slo-meta-recordings-myservice-requests-availability\n"
		"  - sloth-slo-alerts-myservice-requests-availability\n",
		t, &tests);
	strbuf_release(&rules);
	strbuf_release(&tests);
	release(&p);
	free(t);
}

/* --- the text --- */

static void what_cannot_be_written_is_said(void **state)
{
	struct slo slos[3] = {
		{.service = "s",
			.name = "a",
			.objective = 0.9,
			.line = 3,
			.column = 5,
			.window_ns = NS_PER_DAY,
			.sli = {.kind = SLI_TRACES, .traces = {.measure = "refusal"}}},
		{.service = "s",
			.name = "b",
			.objective = 0.9,
			.window_ns = NS_PER_DAY,
			.sli = {.kind = SLI_RECORDED, .recorded = "{}"}},
		{.service = "s",
			.name = "c",
			.objective = 0.9,
			.window_ns = NS_PER_DAY,
			.sli = {.kind = SLI_RATIO, .foreign = true, .total = "Any"}},
	};
	struct strbuf rules = STRBUF_INIT;
	struct problems p;

	(void)state;
	problems_init(&p, "slo.yaml");
	assert_int_equal(slo_rules_write(&rules, slos, 3, &p), 0);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.items[0].line, 3);
	assert_non_null(strstr(p.items[0].message, "'s/a': it is measured in traces"));
	assert_non_null(strstr(p.items[1].message, "already"));
	assert_non_null(strstr(p.items[2].message, "PromQL"));
	assert_non_null(strstr(rules.buf, "groups: []"));
	problems_release(&p);
	strbuf_release(&rules);
}

static void check_written(struct parsed *p)
{
	struct strbuf rules = STRBUF_INIT;
	struct place place;

	assert_true(slo_rules_write(&rules, p->slos.items, p->slos.n, &p->problems) > 0);
	place_make(&place);
	place_write(&place, "rules.yaml", &rules);
	promtool(&place, "check rules rules.yaml");
	place_remove(&place);
	strbuf_release(&rules);
}

/* Whatever the sample files hold, promtool takes what is written of it. */
static void samples_make_rules_that_promtool_takes(void **state)
{
	static const char *const files[] = {
		"sloth/in/home-wifi.yml",
		"sloth/in/k8s-getting-started.yml",
		"sloth/in/multifile.yml",
		"sloth/in/no-alerts.yml",
		"sloth/in/openslo-getting-started.yml",
		"openslo/v1/slos.yaml",
		"openslo/v1alpha/slos.yaml",
		"pyrra/caddy-response-latency.yaml",
		"pyrra/k8s/slo-apiserver-read-cluster-latency.yaml",
		"pyrra/nginx.yaml",
		"pyrra/prometheus-http.yaml",
		"pyrra/prometheus-probe-success.yaml",
		"pyrra/pyrra-connect-errors.yaml",
		"pyrra/thanos-grpc.yaml",
	};

	(void)state;
	ask_version();
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct parsed p;

		parse_sample(&p, files[i]);
		print_message("%s\n", files[i]);
		check_written(&p);
		release(&p);
	}
}

/* The files that ship have no problem, and make rules unless they are over traces. */
static void files_that_ship_make_rules_too(void **state)
{
	const char *top = getenv("TOCSIN_TOP");
	char *dir = path_join(top ? top : ".", "slos"), **names;
	struct err e = ERR_INIT;
	size_t n;

	(void)state;
	ask_version();
	assert_int_equal(path_list(&names, &n, dir, ".yaml", &e), 0);
	for (size_t i = 0; i < n; i++) {
		char *file = path_join(dir, names[i]);
		struct strbuf text = STRBUF_INIT;
		struct parsed p;

		assert_int_equal(path_read(&text, file, SLO_FILE_MAX_BYTES, &e), 0);
		print_message("%s\n", names[i]);
		parse(&p, text.buf, text.len);
		assert_int_equal(p.problems.n, 0);
		if (p.slos.items[0].sli.kind != SLI_TRACES)
			check_written(&p);
		release(&p);
		strbuf_release(&text);
		free(file);
	}
	path_list_free(names, n);
	free(dir);
}

/* A month is no range of PromQL: thirty days instead would be another budget, and not say so. */
static void months_have_no_recorded_budget(void **state)
{
	static const char text[] =
		"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: monthly}\nspec:\n"
		"  service: shop\n  budgetingMethod: Occurrences\n"
		"  indicator: {metadata: {name: i}, spec: {ratioMetric: {counter: true,\n"
		"    bad: {metricSource: {type: Prometheus, spec: {query: bad_total}}},\n"
		"    total: {metricSource: {type: Prometheus, spec: {query: "
		"all_total}}}}}}\n"
		"  timeWindow: [{duration: 1M, isRolling: false, calendar: {startTime: "
		"'2026-01-01 00:00:00', timeZone: Europe/Berlin}}]\n"
		"  objectives: [{target: 0.99}]\n";
	struct strbuf rules = STRBUF_INIT;
	struct parsed p;
	struct place place;

	(void)state;
	parse_text(&p, text);
	assert_int_equal(p.problems.n, 0);
	assert_int_equal(slo_rules_write(&rules, p.slos.items, 1, &p.problems), 1);
	assert_non_null(strstr(rules.buf, "slo:sli_error:ratio_rate3d"));
	assert_null(strstr(rules.buf, "slo:sli_error:ratio_rate30d"));
	assert_null(strstr(rules.buf, "slo:period_error_budget_remaining:ratio"));
	assert_non_null(strstr(rules.buf, "# No budget is recorded here"));
	place_make(&place);
	place_write(&place, "rules.yaml", &rules);
	promtool(&place, "check rules rules.yaml");
	place_remove(&place);
	strbuf_release(&rules);
	release(&p);
}

UNIT_TESTS(cmocka_unit_test(what_cannot_be_written_is_said),
	cmocka_unit_test(rules_agree_with_our_evaluation),
	cmocka_unit_test(one_event_pages_nobody),
	cmocka_unit_test(months_have_no_recorded_budget),
	cmocka_unit_test(rules_of_sloth_agree_too),
	cmocka_unit_test(samples_make_rules_that_promtool_takes),
	cmocka_unit_test(files_that_ship_make_rules_too))
