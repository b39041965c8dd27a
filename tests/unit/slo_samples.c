/* Every sample of an SLO file, read whole: what is in it, and what is said about it, and where. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "tests/unit/slo_text.h"

struct said {
	int line, column;
	const char *word;
};

struct expected {
	const char *file;
	size_t slos, problems;
	struct said said[4];
};

#define NOBL9 "Nobl9"
#define RULES "these are rules"
#define GENERATOR "slo-generator"

/* clang-format off */
static const struct expected samples[] = {
	{"grafana/slo-resource.tf", 0, 1, {{1, 1, "Grafana"}}},
	{"nobl9/agent--prometheus.yaml", 0, 1, {{1, 1, NOBL9}}},
	{"nobl9/alertpolicy--budget-almost-exhausted.yaml", 0, 1, {{1, 1, NOBL9}}},
	{"nobl9/alertpolicy--budget-drop.yaml", 0, 2, {{2, 3, NOBL9}, {40, 3, "slow-budget-drop"}}},
	{"nobl9/alertpolicy--fast-burn.yaml", 0, 1, {{1, 1, NOBL9}}},
	{"nobl9/alertpolicy--slow-burn.yaml", 0, 2, {{2, 3, NOBL9}, {44, 3, NOBL9}}},
	{"nobl9/slo--prometheus.yaml", 0, 8, {{4, 3, NOBL9}, {472, 3, "api-server-slo"}}},
	{"openslo/budgeting-method--occurences-slo.yaml", 1, 1, {{17, 11, "'Any'"}}},
	{"openslo/budgeting-method--ratio-timeslices.yaml", 1, 1, {{18, 13, "'Any'"}}},
	{"openslo/budgeting-method--timeslices-slo.yaml", 2, 2,
		{{27, 7, "calendar window"}, {18, 13, "'Any'"}}},
	{"openslo/treat-low-traffic-as-equally-important--timeslices-slo.yaml", 1, 1,
		{{16, 13, "'Any'"}}},
	{"openslo/v1/alert_conditions.yaml", 0, 1, {{17, 11, "'lte'"}}},
	{"openslo/v1/alert_notification_targets.yaml", 0, 0, {{0}}},
	{"openslo/v1/alert_policies.yaml", 0, 2,
		{{16, 23, "cpu-usage-breach"}, {66, 23, "cpu-usage-breach"}}},
	{"openslo/v1/data_sources.yaml", 0, 0, {{0}}},
	{"openslo/v1/services.yaml", 0, 1, {{24, 11, "example-service"}}},
	{"openslo/v1/slis.yaml", 0, 0, {{0}}},
	{"openslo/v1/slos.yaml", 1, 0, {{0}}},
	{"openslo/v1alpha/services.yaml", 0, 0, {{0}}},
	{"openslo/v1alpha/slos.yaml", 2, 1, {{51, 13, "'datadog'"}}},
	{"pyrra/caddy-response-latency.yaml", 1, 0, {{0}}},
	{"pyrra/expected-rules-http-ratio-and-latency.json", 0, 1, {{1, 1, RULES}}},
	{"pyrra/k8s/slo-apiserver-read-cluster-latency.yaml", 1, 0, {{0}}},
	{"pyrra/k8s/slo-apiserver-read-response-errors.yaml", 1, 0, {{0}}},
	{"pyrra/k8s/slo-coredns-response-errors.yaml", 1, 0, {{0}}},
	{"pyrra/k8s/slo-kubelet-request-errors.yaml", 1, 0, {{0}}},
	{"pyrra/k8s/slo-prometheus-rule-evaluation-failures.yaml", 1, 0, {{0}}},
	{"pyrra/mimir-example-slo.yaml", 1, 0, {{0}}},
	{"pyrra/nginx.yaml", 2, 0, {{0}}},
	{"pyrra/parca-grpc-queryrange-errors.yaml", 1, 0, {{0}}},
	{"pyrra/prometheus-http.yaml", 1, 0, {{0}}},
	{"pyrra/prometheus-probe-success.yaml", 1, 0, {{0}}},
	{"pyrra/pyrra-connect-errors.yaml", 1, 0, {{0}}},
	{"pyrra/pyrra-filesystem-errors.yaml", 1, 0, {{0}}},
	{"pyrra/servicelevelobjective-crd.yaml", 0, 1, {{1, 1, "CustomResourceDefinition"}}},
	{"pyrra/thanos-grpc.yaml", 1, 0, {{0}}},
	{"slo-generator/config.yaml", 0, 1, {{2, 1, GENERATOR}}},
	{"slo-generator/slo_gae_app_latency.yaml", 0, 1, {{1, 1, GENERATOR}}},
	{"slo-generator/slo_lb_request_availability.yaml", 0, 1, {{1, 1, GENERATOR}}},
	{"slo-generator/slo_prom_metrics_availability_query_sli.yaml", 0, 1, {{1, 1, GENERATOR}}},
	{"slo-generator/slo_prom_metrics_availability_ratio.yaml", 0, 1, {{1, 1, GENERATOR}}},
	{"sloth/in/getting-started.yml", 1, 0, {{0}}},
	{"sloth/in/home-wifi.yml", 2, 0, {{0}}},
	{"sloth/in/k8s-getting-started.yml", 1, 0, {{0}}},
	{"sloth/in/multifile.yml", 2, 0, {{0}}},
	{"sloth/in/no-alerts.yml", 1, 0, {{0}}},
	{"sloth/in/openslo-getting-started.yml", 1, 0, {{0}}},
	{"sloth/invalid/bad-aa.yaml", 1, 3,
		{{21, 7, "pageAlert"}, {24, 7, "ticketAlert"}, {28, 16, "101"}}},
	{"sloth/invalid/bad-ab.yaml", 1, 3,
		{{21, 7, "pageAlert"}, {24, 7, "ticketAlert"}, {28, 16, "101"}}},
	{"sloth/invalid/bad-k8s.yaml", 0, 1, {{7, 12, "'service'"}}},
	{"sloth/invalid/bad-multi.yaml", 3, 1, {{77, 10, "'events'"}}},
	{"sloth/out/getting-started.yml", 0, 1, {{6, 1, RULES}}},
	{"sloth/out/home-wifi.yml", 0, 1, {{6, 1, RULES}}},
	{"sloth/out/k8s-getting-started.yml", 0, 1, {{6, 1, RULES}}},
	{"sloth/out/multifile.yml", 0, 2, {{6, 1, RULES}, {255, 1, RULES}}},
	{"sloth/out/no-alerts.yml", 0, 1, {{6, 1, RULES}}},
	{"sloth/out/openslo-getting-started.yml", 0, 1, {{6, 1, RULES}}},
	{"sloth/windows/7d.yaml", 0, 0, {{0}}},
	{"sloth/windows/custom-30d.yaml", 0, 0, {{0}}},
	{"sloth/windows/google-28d.yaml", 0, 0, {{0}}},
	{"sloth/windows/google-30d.yaml", 0, 0, {{0}}},
};
/* clang-format on */

static const struct expected *find(const char *file)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		if (strcmp(samples[i].file, file) == 0)
			return &samples[i];
	}
	return NULL;
}

static bool says(const struct parsed *p, const struct said *said)
{
	for (size_t i = 0; i < p->problems.n; i++) {
		const struct problem *one = &p->problems.items[i];

		if (one->line == said->line && one->column == said->column &&
			strstr(one->message, said->word))
			return true;
	}
	return false;
}

static void look(const char *file)
{
	const struct expected *want = find(file);
	struct parsed p;
	bool fits;

	if (!want) {
		fail_msg("no expectation for %s", file);
		return;
	}
	parse_sample(&p, file);
	fits = p.slos.n == want->slos && p.problems.n == want->problems;
	for (size_t i = 0; i < ARRAY_LEN(want->said) && want->said[i].word; i++)
		fits = fits && says(&p, &want->said[i]);
	if (!fits) {
		(void)complains(&p, -1, "");
		fail_msg("%s: %zu SLOs, %zu problems", file, p.slos.n, p.problems.n);
	}
	release(&p);
}

/* Everything in the folder, and in folders in it; how many files that were. */
static size_t walk(const char *top, const char *folder)
{
	char *path = mem_format("%s/%s", top, folder);
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t n = 0;

	free(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		char *name = mem_format("%s/%s", folder, entry->d_name);
		struct stat st;

		path = mem_format("%s/%s", top, name);
		if (*entry->d_name != '.' && stat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode)) {
				n += walk(top, name);
			} else {
				look(name);
				n++;
			}
		}
		free(path);
		free(name);
	}
	(void)closedir(dir);
	return n;
}

static void every_sample(void **state)
{
	static const char *const folders[] = {
		"grafana", "nobl9", "openslo", "pyrra", "slo-generator", "sloth"};
	const char *shared = getenv("TOCSIN_SHARED");
	char *top = mem_format("%s/data/slo", shared ? shared : "");
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		n += walk(top, folders[i]);
	free(top);
	if (n == 0) {
		print_message("SKIP: no samples\n");
		skip();
	}
	assert_int_equal(n, ARRAY_LEN(samples));
}

static void calendars_and_slices_of_a_sample(void **state)
{
	const struct slo *slo;
	struct parsed p;

	(void)state;
	parse_sample(&p, "openslo/v1/slos.yaml");
	slo = &p.slos.items[0];
	assert_true(slo->calendar);
	assert_int_equal(slo->calendar_unit, CALENDAR_WEEK);
	assert_int_equal(slo->calendar_count, 1);
	assert_string_equal(slo->calendar_start, "2022-01-01 12:00:00");
	assert_string_equal(slo->time_zone, "America/New_York");
	assert_int_equal(slo->budgeting, BUDGET_TIMESLICES);
	assert_int_equal(slo->slice_ns, NS_PER_MIN);
	assert_true(slo->slice_target == 0.95);
	release(&p);
	parse_sample(&p, "openslo/budgeting-method--ratio-timeslices.yaml");
	assert_int_equal(p.slos.items[0].budgeting, BUDGET_RATIO_TIMESLICES);
	assert_false(p.slos.items[0].calendar);
	release(&p);
}

/* Factors of windows that the samples bring along, before or behind the SLOs. */
static void alert_windows_of_samples(void **state)
{
	static const struct {
		const char *file;
		int64_t period_ns;
		double factors[4];
	} cases[] = {
		{"sloth/windows/google-30d.yaml", 30 * NS_PER_DAY, {14.4, 6, 3, 1}},
		{"sloth/windows/google-28d.yaml", 28 * NS_PER_DAY,
			{13.44, 5.6, 2.8, 2.8 / 3}},
		{"sloth/windows/7d.yaml", 7 * NS_PER_DAY, {13.44, 3.5, 1.4, 0.98}},
		{"sloth/windows/custom-30d.yaml", 30 * NS_PER_DAY, {14.4, 4.8, 3, 1}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *path = mem_format("slo/%s", cases[i].file);
		struct strbuf text, slo;
		struct parsed p;

		shared_read(&text, path);
		free(path);
		shared_read(&slo, "slo/sloth/in/getting-started.yml");
		strbuf_adds(&slo, "\n---\n");
		strbuf_adds(&slo, text.buf);
		parse(&p, slo.buf, slo.len);
		assert_int_equal(p.problems.n, 0);
		assert_int_equal(p.slos.n, 1);
		assert_int_equal(p.slos.items[0].window_ns, cases[i].period_ns);
		assert_int_equal(p.slos.items[0].n_alerting, 4);
		for (size_t k = 0; k < 4; k++)
			assert_near(
				p.slos.items[0].alerting[k].factor, cases[i].factors[k]);
		release(&p);
		strbuf_release(&text);
		strbuf_release(&slo);
	}
}

UNIT_TESTS(cmocka_unit_test(every_sample),
	cmocka_unit_test(calendars_and_slices_of_a_sample),
	cmocka_unit_test(alert_windows_of_samples))
