#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/unit/slo_text.h"

static const char good[] =
	"version: prometheus/v1\n"
	"service: checkout\n"
	"labels: {owner: team, tier: \"2\"}\n"
	"slos:\n"
	"  - name: availability\n"
	"    objective: 99.9\n"
	"    description: Orders go through\n"
	"    labels: {category: availability, owner: shop}\n"
	"    sli:\n"
	"      events:\n"
	"        error_query: sum(rate(http_total{code=~\"5..\"}[{{.window}}]))\n"
	"        total_query: sum(rate(http_total[{{ .window }}]))\n"
	"    alerting:\n"
	"      name: CheckoutErrors\n"
	"      page_alert: {labels: {severity: page}}\n"
	"      ticket_alert: {disable: true}\n"
	"  - name: latency\n"
	"    objective: 95\n"
	"    sli: {raw: {error_ratio_query: 'slow[{{.window}}] / all[{{.window}}]'}}\n"
	"    alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}\n";

static void both_kinds_of_indicator(void **state)
{
	struct strbuf query = STRBUF_INIT;
	const struct slo *slo;
	struct parsed p;

	(void)state;
	parse_text(&p, good);
	assert_int_equal(p.problems.n, 0);
	assert_int_equal(p.slos.n, 2);
	slo = &p.slos.items[0];
	assert_string_equal(slo->service, "checkout");
	assert_string_equal(slo->name, "availability");
	assert_string_equal(slo->format, "sloth");
	assert_string_equal(slo->file, "slo.yaml");
	assert_string_equal(slo->description, "Orders go through");
	assert_true(slo->objective == 0.999);
	assert_int_equal(slo->window_ns, 30 * NS_PER_DAY);
	assert_false(slo->calendar);
	assert_int_equal(slo->sli.kind, SLI_RATIO);
	assert_string_equal(slo->labels,
		"{\"category\":\"availability\",\"owner\":\"shop\",\"tier\":\"2\"}");
	/* The tickets are turned off. */
	assert_int_equal(slo->n_alerting, 2);
	assert_int_equal(slo->alerting[1].severity, SEV_PAGE);
	assert_near(slo->alerting[0].factor, 14.4);
	assert_query(slo, 5 * NS_PER_MIN,
		"(sum(rate(http_total{code=~\"5..\"}[5m]))) / "
		"(sum(rate(http_total[5m])))");
	assert_true(slo_total_query(&query, slo, NS_PER_HOUR));
	assert_string_equal(query.buf, "(sum(rate(http_total[1h]))) * 3600");
	strbuf_reset(&query);
	assert_true(slo_bad_query(&query, slo, NS_PER_HOUR));
	assert_string_equal(
		query.buf, "(sum(rate(http_total{code=~\"5..\"}[1h]))) * 3600");
	slo = &p.slos.items[1];
	assert_int_equal(slo->sli.kind, SLI_RAW);
	assert_int_equal(slo->n_alerting, 0);
	assert_non_null(slo->alerting);
	assert_query(slo, 3 * NS_PER_DAY, "slow[3d] / all[3d]");
	strbuf_reset(&query);
	assert_false(slo_total_query(&query, slo, NS_PER_HOUR));
	strbuf_release(&query);
	release(&p);
}

static void the_kubernetes_form(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p,
		"apiVersion: sloth.slok.dev/v1\n"
		"kind: PrometheusServiceLevel\n"
		"metadata: {name: x, namespace: m}\n"
		"spec:\n"
		"  service: svc\n"
		"  slos:\n"
		"    - name: a\n"
		"      objective: 99\n"
		"      sli: {raw: {errorRatioQuery: 'x[{{.window}}]'}}\n"
		"      alerting: {name: N, pageAlert: {disable: true}}\n");
	assert_int_equal(p.problems.n, 0);
	assert_int_equal(p.slos.n, 1);
	assert_string_equal(p.slos.items[0].format, "sloth-k8s");
	assert_int_equal(p.slos.items[0].n_alerting, 2);
	assert_int_equal(p.slos.items[0].alerting[0].severity, SEV_TICKET);
	release(&p);
}

static void what_is_wrong_is_said_where(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p,
		"version: prometheus/v1\n"
		"service: svc\n"
		"slos:\n"
		"  - name: a\n"
		"    objective: 101\n"
		"    sli: {raw: {error_ratio_query: 'x[{{.window}}]'}}\n"
		"    alerting: {name: N}\n"
		"  - name: b\n"
		"    objective: 100\n"
		"    sli: {raw: {error_ratio_query: 'x[{{.window}}]'}}\n"
		"    alerting: {name: N}\n"
		"  - name: c\n"
		"    objective: 99\n"
		"    sli: {}\n"
		"    alerting: {name: N}\n"
		"  - name: d\n"
		"    objective: 99\n"
		"    sli: {plugin: {id: x}}\n"
		"    alerting: {name: N}\n"
		"  - name: e\n"
		"    objective: 99\n"
		"    sli: {raw: {error_ratio_query: 'x[5m]'}}\n"
		"    alerting: {pageAlert: {}}\n"
		"  - name: e\n"
		"    objective: 99\n"
		"    sli: {events: {error_query: '[{{.window}}]', total_query: "
		"'[{{.window}}]'},\n"
		"      raw: {error_ratio_query: 'x[{{.window}}]'}}\n"
		"    alerting: {name: N}\n"
		"  - name: e\n"
		"    objective: 99\n"
		"    sli: {raw: {error_ratio_query: 'x[{{.window}}]'}}\n"
		"    alerting: {name: N}\n");
	assert_true(complains(&p, 5, "101"));
	assert_true(complains(&p, 9, "100"));
	assert_true(complains(&p, 14, "events"));
	assert_true(complains(&p, 18, "plugin"));
	assert_true(complains(&p, 22, "{{.window}}"));
	assert_true(complains(&p, 23, "pageAlert"));
	assert_true(complains(&p, 23, "name"));
	assert_true(complains(&p, 26, "either"));
	assert_true(complains(&p, 29, "already"));
	assert_int_equal(p.slos.n, 1);
	assert_string_equal(p.slos.items[0].name, "e");
	release(&p);
}

/* What its alerts carry, and windows, plug-ins and percentages that are not what was meant. */
static void alerts_in_full(void **state)
{
	const struct slo *slo;
	struct parsed p;

	(void)state;
	parse_text(&p,
		"version: prometheus/v1\nservice: s\nslo_plugins: {chain: [{id: a/b}, "
		"{id: "
		"c}]}\nslos:\n"
		"  - name: a\n    objective: 99.9\n"
		"    sli: {raw: {error_ratio_query: 'x[{{.window}}]'}}\n"
		"    alerting:\n      name: Burns\n      labels: {team: a}\n"
		"      annotations: {summary: S}\n"
		"      page_alert: {labels: {severity: wake, team: b}, annotations: {p: "
		"q}}\n"
		"      ticket_alert: {labels: {channel: c}}\n"
		"  - name: b\n    objective: 0.999\n"
		"    sli: {plugin: {id: sloth-common/http/availability}}\n"
		"    alerting: {name: B}\n");
	assert_int_equal(p.slos.n, 1);
	slo = &p.slos.items[0];
	assert_string_equal(slo->alert_name, "Burns");
	assert_string_equal(slo->annotations, "{\"summary\":\"S\"}");
	assert_string_equal(slo->page.labels, "{\"severity\":\"wake\",\"team\":\"b\"}");
	assert_string_equal(slo->page.annotations, "{\"p\":\"q\",\"summary\":\"S\"}");
	assert_string_equal(slo->ticket.labels, "{\"channel\":\"c\",\"team\":\"a\"}");
	assert_true(complains(&p, 3, "'a/b'"));
	assert_true(complains(&p, 3, "'c'"));
	assert_true(complains(&p, 15, "percentage"));
	assert_true(complains(&p, 16, "'sloth-common/http/availability'"));
	release(&p);
}

static void alert_windows_that_cannot_be(void **state)
{
	static const struct {
		const char *spec, *word;
	} cases[] = {
		{"sloPeriod: -30d", "'-30d'"},
		{"sloPeriod: 30d, page: {quick: {errorBudgetPercent: 200, shortWindow: "
		 "5m, "
		 "longWindow: 1h}}",
			"200"},
		{"sloPeriod: 30d, page: {quick: {errorBudgetPercent: 2, shortWindow: 2h, "
		 "longWindow: 1h}}",
			"no longer"},
		{"sloPeriod: 1d, page: {slow: {errorBudgetPercent: 2, shortWindow: 5m, "
		 "longWindow: 2d}}",
			"no longer"},
		{"sloPeriod: 1d, page: {slow: {errorBudgetPercent: 2, shortWindow: 5m, "
		 "longwindow: 2h}}",
			"longwindow"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text =
			mem_format("apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\n"
				   "spec: {%s}\n",
				cases[i].spec);
		struct parsed p;

		parse_text(&p, text);
		free(text);
		if (!complains(&p, 3, cases[i].word) || p.slos.windows)
			fail_msg("case %zu", i);
		release(&p);
	}
}

static void what_is_no_slo(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
		{"apiVersion: v1\nkind: ConfigMap\n", "ConfigMap"},
		{"groups: []\n", "these are rules"},
		{"apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\n", "'spec'"},
		{"apiVersion: openslo.com/v2alpha\nkind: SLO\n", "'metadata'"},
		{"apiVersion: openslo/v1\nkind: Slo\n", "'Slo'"},
		{"just a text\n", "not an SLO"},
		{"[1, 2]\n", "not an SLO"},
		{"version: prometheus/v1\n", ""},
		{"version: prometheus/v1\nservice: x\nslos: 5\n", "list"},
		{"version: prometheus/v1\nservice: x\nslos: []\n", "empty"},
		{"a: [\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p;

		parse_text(&p, cases[i].text);
		assert_int_equal(p.slos.n, 0);
		assert_true(p.problems.n > 0);
		assert_non_null(strstr(p.problems.items[0].message, cases[i].word));
		release(&p);
	}
}

/* --- the samples --- */

static void good_samples_have_no_problem(void **state)
{
	static const struct {
		const char *file, *format, *service, *name;
		size_t n;
		double objective;
	} samples[] = {
		{"sloth/in/getting-started.yml", "sloth", "myservice",
			"requests-availability", 1, 0.999},
		{"sloth/in/home-wifi.yml", "sloth", "home-wifi",
			"good-wifi-client-satisfaction", 2, 0.95},
		{"sloth/in/k8s-getting-started.yml", "sloth-k8s", "myservice",
			"requests-availability", 1, 0.999},
		{"sloth/in/multifile.yml", "sloth", "myservice", "requests-availability",
			2, 0.999},
		{"sloth/in/no-alerts.yml", "sloth", "myapp", "http-availability", 1,
			0.9999},
		{"sloth/in/openslo-getting-started.yml", "openslo", "my-service",
			"sloth-slo-my-service", 1, 0.999},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct parsed p;

		parse_sample(&p, samples[i].file);
		if (p.problems.n > 0)
			fail_msg("%s: %d: %s", samples[i].file, p.problems.items[0].line,
				p.problems.items[0].message);
		assert_int_equal(p.slos.n, samples[i].n);
		assert_string_equal(p.slos.items[0].format, samples[i].format);
		assert_string_equal(p.slos.items[0].service, samples[i].service);
		assert_string_equal(p.slos.items[0].name, samples[i].name);
		assert_true(p.slos.items[0].objective == samples[i].objective);
		release(&p);
	}
}

/* The rules that Sloth itself makes of its sample hold the queries that we ask. */
static void queries_are_those_of_the_generator(void **state)
{
	struct strbuf rules, query = STRBUF_INIT;
	struct parsed p;

	(void)state;
	parse_sample(&p, "sloth/in/getting-started.yml");
	shared_read(&rules, "slo/sloth/out/getting-started.yml");
	slo_template(&query, p.slos.items[0].sli.bad, 30 * NS_PER_MIN);
	assert_non_null(strstr(rules.buf, query.buf));
	strbuf_reset(&query);
	slo_template(&query, p.slos.items[0].sli.total, 3 * NS_PER_DAY);
	assert_non_null(strstr(rules.buf, query.buf));
	strbuf_release(&query);
	strbuf_release(&rules);
	release(&p);
}

static void recorded_series_are_slos_too(void **state)
{
	struct json *labels = json_object();
	struct slo slo;
	struct arena a;

	(void)state;
	arena_init(&a);
	json_add_text(labels, "sloth_service", "checkout");
	assert_false(slo_from_recorded(&slo, &a, labels, 0.999, 30));
	json_add_text(labels, "sloth_slo", "avail\"ability");
	json_add_text(labels, "sloth_id", "checkout-availability");
	json_add_text(labels, "owner", "team");
	assert_false(slo_from_recorded(&slo, &a, labels, 1, 30));
	assert_false(slo_from_recorded(&slo, &a, labels, NAN, 30));
	assert_false(slo_from_recorded(&slo, &a, labels, 0.999, 1e300));
	assert_false(slo_from_recorded(&slo, &a, labels, 0.999, INFINITY));
	assert_false(slo_from_recorded(&slo, &a, labels, 0.999, 0));
	assert_false(slo_from_recorded(&slo, &a, labels, 0.999, -30));
	/* As Go prints 99.9 / 100. */
	assert_true(slo_from_recorded(&slo, &a, labels, 0.9990000000000001, 28));
	assert_true(slo.objective == 0.999);
	assert_int_equal(slo.window_ns, 28 * NS_PER_DAY);
	assert_near(slo.alerting[0].factor, 13.44);
	assert_string_equal(slo.format, "recorded");
	assert_query(&slo, 5 * NS_PER_MIN,
		"slo:sli_error:ratio_rate5m{sloth_id=\"checkout-availability\","
		"sloth_service=\"checkout\",sloth_slo=\"avail\\\"ability\"}");
	assert_query(&slo, 28 * NS_PER_DAY,
		"slo:sli_error:ratio_rate4w{sloth_id=\"checkout-availability\","
		"sloth_service=\"checkout\",sloth_slo=\"avail\\\"ability\"}");
	assert_true(slo_from_recorded(&slo, &a, labels, 0.99, NAN));
	assert_int_equal(slo.window_ns, 30 * NS_PER_DAY);
	json_free(labels);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(both_kinds_of_indicator),
	cmocka_unit_test(the_kubernetes_form),
	cmocka_unit_test(what_is_wrong_is_said_where), cmocka_unit_test(what_is_no_slo),
	cmocka_unit_test(alerts_in_full), cmocka_unit_test(alert_windows_that_cannot_be),
	cmocka_unit_test(good_samples_have_no_problem),
	cmocka_unit_test(queries_are_those_of_the_generator),
	cmocka_unit_test(recorded_series_are_slos_too))
