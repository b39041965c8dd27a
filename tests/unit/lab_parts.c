/* The lab's parts by themselves: rollouts, pipelines, rings, faults, its files, its pages. */
#include "tests/unit/lab.h"

#include "lab/filter.h"
#include "lab/options.h"
#include "lab/ring.h"
#include "tests/fuzz/fuzz.h"

static const double stages[] = {0.1, 0.5, 1};
static const struct rollout_plan plan = {30, 40, stages, 3};

static double traffic(struct rollout *r, int64_t version)
{
	struct variant *v = rollout_variant(r, version);

	return v ? v->traffic : -1;
}

static void a_rollout_goes_in_stages(void **state)
{
	struct rollout r;

	(void)state;
	rollout_begin(&r, 12, 0);
	rollout_follow(&r, &plan, 13, 100);
	assert_true(rollout_moving(&r));
	rollout_follow(&r, &plan, 13, 129);
	assert_float_equal(traffic(&r, 13), -1, 0);
	rollout_follow(&r, &plan, 13, 130);
	assert_float_equal(traffic(&r, 13), 0.1, 1e-9);
	assert_float_equal(traffic(&r, 12), 0.9, 1e-9);
	rollout_follow(&r, &plan, 13, 169);
	assert_float_equal(traffic(&r, 13), 0.1, 1e-9);
	rollout_follow(&r, &plan, 13, 170);
	assert_float_equal(traffic(&r, 13), 0.5, 1e-9);
	rollout_follow(&r, &plan, 13, 500);
	assert_float_equal(traffic(&r, 13), 1, 1e-9);
	assert_float_equal(traffic(&r, 12), 0, 0);
	assert_int_equal(rollout_variant(&r, 13)->changed, 210); /* when it was due */
	assert_false(rollout_moving(&r));
	assert_int_equal(rollout_main(&r), 13);
	/* No alias: what serves goes on. */
	rollout_follow(&r, &plan, 0, 900);
	assert_int_equal(rollout_main(&r), 13);
}

static void turned_round_in_the_middle(void **state)
{
	struct rollout r;

	(void)state;
	rollout_begin(&r, 12, 0);
	rollout_follow(&r, &plan, 13, 0);
	rollout_follow(&r, &plan, 13, 75); /* half and half */
	rollout_follow(&r, &plan, 12, 80);
	rollout_follow(&r, &plan, 12, 109);
	assert_float_equal(traffic(&r, 13), 0.5, 1e-9);
	/* The way back does not begin below what the old version still has. */
	rollout_follow(&r, &plan, 12, 110);
	assert_float_equal(traffic(&r, 12), 0.5, 1e-9);
	rollout_follow(&r, &plan, 12, 200);
	assert_float_equal(traffic(&r, 12), 1, 1e-9);
}

static void weights_by_hand_hold(void **state)
{
	struct err e = ERR_INIT;
	struct rollout r;

	(void)state;
	rollout_begin(&r, 12, 0);
	assert_int_equal(rollout_set(&r, 12, 0, 1, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT); /* nobody is left */
	err_clear(&e);
	assert_int_equal(rollout_set(&r, 9, 1, 1, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	err_clear(&e);
	assert_int_equal(rollout_set(&r, 12, 1.5, 1, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	err_clear(&e);
	assert_int_equal(rollout_set(&r, 12, NAN, 1, &e), -1);
	err_clear(&e);

	rollout_follow(&r, &plan, 13, 0);
	rollout_follow(&r, &plan, 13, 35);
	assert_int_equal(rollout_set(&r, 13, 0, 40, &e), 0);
	assert_float_equal(traffic(&r, 12), 1, 1e-9);
	/* The controller does not raise what is held. */
	rollout_follow(&r, &plan, 13, 1000);
	assert_float_equal(traffic(&r, 13), 0, 0);
	assert_int_equal(rollout_set(&r, 13, 0.25, 1001, &e), 0);
	assert_float_equal(traffic(&r, 12), 0.75, 1e-9);
	assert_false(rollout_variant(&r, 13)->held);
}

static void only_so_many_variants(void **state)
{
	struct rollout r;
	double sum = 0;

	(void)state;
	rollout_begin(&r, 1, 0);
	for (int64_t v = 2; v < 30; v++)
		rollout_follow(&r, &plan, v, v * 1000),
			rollout_follow(&r, &plan, v, v * 1000 + 900);
	assert_int_equal(r.n, ROLLOUT_VARIANTS);
	assert_int_equal(rollout_main(&r), 29);
	for (size_t i = 0; i < r.n; i++)
		sum += r.variants[i].traffic;
	assert_float_equal(sum, 1, 1e-9);
}

static void rings(void **state)
{
	struct ring r;

	(void)state;
	ring_init(&r, 4);
	assert_true(isnan(ring_ratio(&r, 100, 10)));
	ring_add(&r, 0, 0, 0);
	ring_add(&r, 10, 100, 1);
	assert_float_equal(ring_ratio(&r, 10, 10), 0.01, 1e-12);
	assert_float_equal(ring_ratio(&r, 10, 5), 0.01, 1e-12); /* between two samples */
	ring_add(&r, 20, 200, 51);
	assert_float_equal(ring_ratio(&r, 20, 10), 0.5, 1e-12);
	assert_float_equal(ring_ratio(&r, 20, 1000), 51 / 200.0, 1e-12);
	ring_add(&r, 30, 200, 51);
	assert_true(isnan(ring_ratio(&r, 30, 10))); /* no traffic */
	ring_add(&r, 40, 300, 51); /* the oldest goes */
	assert_float_equal(ring_ratio(&r, 40, 1000), 50 / 200.0, 1e-12);
	ring_release(&r);
}

static void pipelines(void **state)
{
	static const struct dataset_conf conf = {"d", "p", 0, 10};
	struct pipeline p;
	struct err e = ERR_INIT;

	(void)state;
	pipeline_begin(&p, &conf, 1000, 100, 10000);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.loaded, 9350);
	pipeline_step(&p, 10350);
	assert_int_equal(p.loaded, 10350);
	/* Upstream is missing: the next run fails, at once. */
	pipeline_hold(&p, 10400);
	pipeline_step(&p, 10500);
	assert_int_equal(p.runs[p.n - 1].state, RUN_FAILED);
	assert_int_equal(p.failures, 1);
	assert_true(pipeline_is_late(&p));
	pipeline_step(&p, 13000);
	assert_true(p.failures > 2);
	assert_int_equal(p.loaded, 10350);
	/* By hand it loads; not twice at a time. */
	assert_int_equal(pipeline_run(&p, 13050, &e), 0);
	assert_int_equal(pipeline_run(&p, 13051, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	err_release(&e);
	pipeline_step(&p, 13150);
	assert_false(pipeline_is_late(&p));
	assert_int_equal(p.loaded, 13150);
	/* Or it arrives by itself. */
	pipeline_hold(&p, 14000);
	pipeline_step(&p, 14500);
	pipeline_arrive(&p, 14600);
	assert_true(pipeline_is_late(&p));
	pipeline_step(&p, 14700);
	assert_false(pipeline_is_late(&p));
	/* Only the last runs are kept. */
	pipeline_step(&p, 200000);
	assert_int_equal(p.n, PIPELINE_RUNS);
}

static void faults(void **state)
{
	static const char *const bad[] = {"", "slwo", "slow=x", "hang=1", "500@x",
		"reset*0", "reset*x", "huge=0", "huge=5TB", "huge=999999999GB"};
	struct faults f = {0};
	struct err e = ERR_INIT;
	struct fault x;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(faults_add(&f, bad[i], &e), -1);
		err_clear(&e);
	}
	assert_int_equal(f.n, 0);
	assert_int_equal(faults_add(&f, "slow=250ms", &e), 0);
	assert_int_equal(faults_add(&f, "huge=5MB@/mlflow*2", &e), 0);
	x = fault_take(&f, "/metrics");
	assert_int_equal(x.kind, FAULT_SLOW);
	assert_int_equal(x.amount, 250 * NS_PER_MS);
	for (int i = 0; i < 2; i++) {
		x = fault_take(&f, "/mlflow/version");
		assert_int_equal(x.kind, FAULT_HUGE);
		assert_int_equal(x.amount, 5000000);
	}
	assert_int_equal(fault_take(&f, "/mlflow/version").kind, FAULT_SLOW);
	assert_int_equal(fault_take(&f, "/lab/fault").kind, FAULT_NONE);
	faults_clear(&f, "/nothing");
	assert_int_equal(f.n, 1);
	faults_clear(&f, NULL);
	assert_int_equal(fault_take(&f, "/metrics").kind, FAULT_NONE);
	faults_release(&f);
	err_release(&e);
}

static void the_exposition(void **state)
{
	struct test_lab t;
	const char *body;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	test_lab_advance(&t, 40);
	assert_get(&t, "/metrics");
	assert_string_equal(t.last.type, "text/plain; version=0.0.4; charset=utf-8");
	body = t.last.body.buf;
	assert_non_null(strstr(body,
		"\nrequests_total{service=\"checkout-assistant\","
		"code=\"500\",model_version=\"13\"} "));
	assert_non_null(strstr(body,
		"\nrequest_duration_seconds_bucket{service="
		"\"fraud-scorer\",le=\"0.05\"} "));
	assert_non_null(strstr(body, "le=\"+Inf\"} "));
	assert_non_null(strstr(body,
		"\nvllm:prompt_tokens_total{model_name=\"qwen3-32b\","
		"engine=\"0\"} "));
	assert_non_null(strstr(body,
		"\nserving_traffic_ratio{service=\"checkout-assistant\","
		"model=\"checkout-ranker\",model_version=\"13\"} 1\n"));
	assert_non_null(strstr(body,
		"\nagent_sessions_total{service=\"support-summarizer\","
		"outcome=\"ok\"} "));
	assert_non_null(strstr(body, "\nprocess_start_time_seconds "));
	assert_int_equal(body[t.last.body.len - 1], '\n');
	test_lab_release(&t);
}

static void odd_paths(void **state)
{
	static const struct {
		const char *method, *path, *body;
		int status;
	} cases[] = {
		{"GET", "/", NULL, 200},
		{"GET", "/nope", NULL, 404},
		{"GET", "/metricsx", NULL, 404},
		{"GET", "/mlflowx", NULL, 404},
		{"POST", "/metrics", "{}", 405},
		{"GET", "/serving/v1/services", NULL, 200},
		{"GET", "/serving/v1/services/fraud-scorer", NULL, 200},
		{"GET", "/serving/v1/services/nope", NULL, 404},
		{"GET", "/serving/v1/services/", NULL, 404},
		{"GET", "/serving/v1/version", NULL, 200},
		{"POST", "/serving/v1/services/nope/traffic", "{}", 404},
		{"POST", "/serving/v1/services/fraud-scorer/traffic", "{}", 400},
		{"POST", "/serving/v1/services/fraud-scorer/traffic", "x", 400},
		{"POST", "/serving/v1/services/fraud-scorer/traffic",
			"{\"version\":\"4\",\"traffic\":2}", 400},
		{"POST", "/serving/v1/services/fraud-scorer/traffic",
			"{\"version\":\"4\",\"traffic\":0}", 409},
		{"POST", "/serving/v1/services/fraud-scorer/traffic",
			"{\"version\":\"3\",\"traffic\":1}", 404},
		{"GET", "/pipelines/v1/datasets", NULL, 200},
		{"GET", "/pipelines/v1/runs", NULL, 200},
		{"POST", "/pipelines/v1/jobs/nope/run", NULL, 404},
		{"POST", "/pipelines/v1/jobs/load-product-catalogue/run", NULL, 200},
		{"POST", "/pipelines/v1/jobs/load-product-catalogue/run", NULL, 409},
		{"GET", "/lab/state", NULL, 200},
		{"POST", "/lab/advance", "{\"seconds\":1}", 200},
		{"POST", "/lab/advance", "{\"seconds\":-1}", 400},
		{"POST", "/lab/advance", "{}", 400},
		{"POST", "/lab/fault", "{\"fault\":\"500@/x\"}", 200},
		{"POST", "/lab/fault", "{\"fault\":\"501\"}", 400},
		{"DELETE", "/lab/fault", NULL, 200},
	};
	struct test_lab t;

	(void)state;
	test_lab_init(&t, "late-data", NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (test_lab_call(&t, cases[i].method, cases[i].path, cases[i].body) !=
			cases[i].status)
			fail_msg("%s %s: %d", cases[i].method, cases[i].path,
				t.last.status);
	t.lab.manual = false;
	assert_int_equal(
		test_lab_call(&t, "POST", "/lab/advance", "{\"seconds\":1}"), 409);
	test_lab_release(&t);
}

static size_t problems_of(const char *text, const char *wanted)
{
	struct scenario sc;
	struct problems p;
	size_t n;
	bool found = false;

	problems_init(&p, "test.yaml");
	(void)scenario_parse(&sc, text, strlen(text), &p);
	for (size_t i = 0; i < p.n; i++)
		found = found || strstr(p.items[i].message, wanted);
	if (!found)
		fail_msg("no problem says '%s', the first is '%s'", wanted,
			p.n ? p.items[0].message : "none");
	n = p.n;
	problems_release(&p);
	scenario_release(&sc);
	return n;
}

#define SERVICE                                                          \
	"services:\n- {name: a, rate: 1, objective: 0.9, latency: 1s,\n" \
	"   model: {name: m, current: 1, versions: 2}}\n"

static void scenarios_are_checked(void **state)
{
	(void)state;
	problems_of("", "empty");
	problems_of("scenario: x\nservises: []\n", "servises");
	problems_of(
		"scenario: x\n" SERVICE "causes: []\n", "needs a service and a cause");
	problems_of("scenario: x\n" SERVICE
		    "causes: [{cause: bad-version, service: b, after: 1m}]\n",
		"no service 'b'");
	problems_of(
		"scenario: x\n" SERVICE
		"causes: [{cause: bad-version, service: a, after: 1m, from: 1, to: 3}]\n",
		"no version 1 or 3");
	problems_of(
		"scenario: x\n" SERVICE
		"causes: [{cause: bad-prompt, service: a, after: 1m, from: 1, to: 2}]\n",
		"no prompt");
	problems_of("scenario: x\n" SERVICE
		    "causes: [{cause: late-data, service: a, after: 1m}]\n",
		"no dataset");
	problems_of("scenario: x\n" SERVICE "timing: {stages: [0.5, 0.2]}\n"
		    "causes: [{cause: nothing-wrong, service: a, after: 1m}]\n",
		"shares that rise to 1");
	problems_of("scenario: x\n" SERVICE
		    "alerting: [{severity: page, short: 1h, long: 5m, factor: 2}]\n"
		    "causes: [{cause: nothing-wrong, service: a, after: 1m}]\n",
		"long window");
	problems_of("scenario: x\n" SERVICE
		    "causes: [{cause: nothing, service: a, after: 1m}]\n",
		"nothing");
}

static void stories_are_checked(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "empty"},
		{"story: x\nendings: []\n", "'fine'"},
		{"story: x\nendings:\n- plot: fine\n  beats: []\n", "from 1 to"},
		{"story: x\nendings:\n- plot: fine\n  beats:\n"
		 "  - {depth: 0, type: A, name: a, ms: 5}\n",
			"two numbers"},
		{"story: x\nendings:\n- plot: fine\n  beats:\n"
		 "  - {depth: 0, type: A, name: a, ms: [1, 2]}\n"
		 "  - {depth: 2, type: A, name: b, ms: [1, 2]}\n",
			"stands at depth 2 below 0"},
		{"story: x\nendings:\n- plot: fine\n  beats:\n"
		 "  - {depth: 0, type: A, name: a, ms: [1, 2]}\n"
		 "  - {depth: 0, type: A, name: b, ms: [1, 2]}\n",
			"stands at depth 0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct storybook b;
		struct problems p;
		bool found = false;

		problems_init(&p, "test.yaml");
		assert_int_equal(
			storybook_parse(&b, cases[i].text, strlen(cases[i].text), &p),
			-1);
		for (size_t k = 0; k < p.n; k++)
			found = found || strstr(p.items[k].message, cases[i].says);
		assert_true(found);
		problems_release(&p);
		storybook_release(&b);
	}
}

static void options(void **state)
{
	static const char *const good[] = {"lab", "--seed", "9", "--cause=bad-prompt",
		"--speed", "2.5", "--port", "0", "--fault", "500", "--fault=reset@/x",
		"--manual-time", "--now", "2026-11-21T09:00:00Z", "--history", "1d",
		"--langfuse", "1"};
	static const char *const bad[][3] = {{"lab", "--sped", "2"},
		{"lab", "--speed", "0"}, {"lab", "--speed", "x"},
		{"lab", "--port", "70000"}, {"lab", "--seed", "-1"}, {"lab", "x", "y"},
		{"lab", "--until-eof=1", "--help"}, {"lab", "--help", "--now"},
		{"lab", "--now", "2026-11-21T09:00:00Z"}, {"lab", "--langfuse", "4"}};
	struct options o;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(options_parse(&o, ARRAY_LEN(good), good, &e), 0);
	assert_int_equal(o.seed, 9);
	assert_string_equal(o.cause, "bad-prompt");
	assert_float_equal(o.speed, 2.5, 0);
	assert_int_equal(o.n_faults, 2);
	assert_int_equal(o.langfuse, 1);
	assert_int_equal(o.history_ns, NS_PER_DAY);
	options_release(&o);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(options_parse(&o, 3, bad[i], &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		err_clear(&e);
		options_release(&o);
	}
}

static void percent_codes(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_string_equal(request_decode(&a, "a%2Fb%20c", 9), "a/b c");
	assert_string_equal(request_decode(&a, "100%", 4), "100%");
	assert_string_equal(request_decode(&a, "%4", 2), "%4");
	assert_string_equal(
		request_decode(&a, "%zz%00", 6), "%zz%00"); /* no NUL inside */
	arena_release(&a);
}

static void seeds_of_the_fuzzer(void **state)
{
	static const char *const seeds[] = {"", "a", "a=\"b", "a=~\"(\"", "tags.`a`='b'",
		"tags.a = 'b' AND name LIKE '%_%'", "slow=1s@/x*3", "huge=1GB", "%25%2",
		"\x1b[", "scenario: {",
		"story: x\nendings: [{plot: fine, beats: [{}]}]\n", "- - - -"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		assert_int_equal(LLVMFuzzerTestOneInput(
					 (const uint8_t *)seeds[i], strlen(seeds[i])),
			0);
}

UNIT_TESTS(cmocka_unit_test(seeds_of_the_fuzzer),
	cmocka_unit_test(a_rollout_goes_in_stages),
	cmocka_unit_test(turned_round_in_the_middle),
	cmocka_unit_test(weights_by_hand_hold), cmocka_unit_test(only_so_many_variants),
	cmocka_unit_test(rings), cmocka_unit_test(pipelines), cmocka_unit_test(faults),
	cmocka_unit_test(the_exposition), cmocka_unit_test(odd_paths),
	cmocka_unit_test(scenarios_are_checked), cmocka_unit_test(stories_are_checked),
	cmocka_unit_test(options), cmocka_unit_test(percent_codes))
