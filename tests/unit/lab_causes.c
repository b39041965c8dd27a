/* Four causes: the right way back ends the burn, and no other does. */
#include "tests/unit/lab.h"

#define ALIAS "/mlflow/api/2.0/mlflow/registered-models/alias"

static void set_alias(struct test_lab *t, const char *model, const char *version)
{
	char *body = mem_format(
		"{\"name\":\"%s\",\"alias\":\"production\",\"version\":\"%s\"}", model,
		version);

	assert_int_equal(test_lab_call(t, "POST", ALIAS, body), 200);
	free(body);
}

static void set_label(struct test_lab *t, const char *prompt, const char *version)
{
	char *path = mem_format(
		"/langfuse/api/public/v2/prompts/%s/versions/%s", prompt, version);

	assert_int_equal(
		test_lab_call(t, "PATCH", path, "{\"newLabels\":[\"production\"]}"), 200);
	free(path);
}

static void load_again(struct test_lab *t, const char *pipeline)
{
	char *path = mem_format("/pipelines/v1/jobs/%s/run", pipeline);

	assert_int_equal(test_lab_call(t, "POST", path, NULL), 200);
	free(path);
}

static bool pages(struct test_lab *t, const char *service)
{
	const struct pager *p = &t->lab.platform->pager;

	for (size_t i = 0; i < p->n; i++) {
		const struct labels *l = &p->alerts[i].labels;

		if (labels_get(l, "slo") && !strcmp(labels_get(l, "severity"), "page") &&
			!strcmp(labels_get(l, "service"), service))
			return true;
	}
	return false;
}

/* A lab in which the incident has lasted for a minute and a half of wall clock. */
static void burning(struct test_lab *t, const char *cause, const char *service)
{
	test_lab_init(t, cause, NULL);
	test_lab_advance(t, 5);
	assert_true(test_lab_burn(t, service) < 1);
	assert_false(pages(t, service));
	test_lab_advance(t, 90);
	assert_true(test_lab_burn(t, service) > 14.4);
	assert_true(pages(t, service));
}

static void still_burns(struct test_lab *t, const char *service)
{
	test_lab_advance(t, 60);
	assert_true(test_lab_burn(t, service) > 14.4);
	assert_true(pages(t, service));
}

/* Half a minute of window, and what the way back itself takes. */
static void burns_no_more(struct test_lab *t, const char *service)
{
	test_lab_advance(t, 60);
	assert_true(test_lab_burn(t, service) < 1);
	assert_false(pages(t, service));
}

static void bad_version(void **state)
{
	const char *service = "checkout-assistant";
	struct test_lab t;

	(void)state;
	burning(&t, "bad-version", service);
	set_label(&t, "checkout-assistant", "6");
	load_again(&t, "load-product-catalogue");
	set_alias(&t, "search-ranker", "20");
	still_burns(&t, service);
	set_alias(&t, "checkout-ranker", "9"); /* was bad once, and is */
	still_burns(&t, service);
	set_alias(&t, "checkout-ranker", "12");
	burns_no_more(&t, service);
	test_lab_release(&t);
}

static void bad_prompt(void **state)
{
	const char *service = "checkout-assistant";
	struct test_lab t;

	(void)state;
	burning(&t, "bad-prompt", service);
	set_alias(&t, "checkout-ranker", "11");
	load_again(&t, "load-product-catalogue");
	still_burns(&t, service);
	set_label(&t, "checkout-assistant", "7");
	burns_no_more(&t, service);
	test_lab_release(&t);
}

static void late_data(void **state)
{
	const char *service = "search-ranker";
	struct test_lab t;

	(void)state;
	burning(&t, "late-data", service);
	assert_non_null(pager_find(&t.lab.platform->pager, "DatasetLate", NULL));
	set_alias(&t, "search-ranker", "20");
	load_again(&t, "materialize-card-features"); /* another one */
	still_burns(&t, service);
	load_again(&t, "load-product-catalogue");
	burns_no_more(&t, service);
	assert_null(pager_find(&t.lab.platform->pager, "DatasetLate", NULL));
	test_lab_release(&t);
}

static void late_data_arrives_by_itself(void **state)
{
	struct test_lab t;

	(void)state;
	burning(&t, "late-data", "search-ranker");
	test_lab_advance(&t, 40 * 60 / 10); /* as long as it lasts */
	burns_no_more(&t, "search-ranker");
	test_lab_release(&t);
}

static void nothing_wrong(void **state)
{
	const char *service = "checkout-assistant";
	struct test_lab t;
	double before;

	(void)state;
	test_lab_init(&t, "nothing-wrong", NULL);
	test_lab_advance(&t, 10);
	before = platform_service(t.lab.platform, service)->meter.total;
	test_lab_advance(&t, 30);
	/* A rush, and no burn. */
	assert_true(platform_service(t.lab.platform, service)->meter.total - before >
		2 * 12 * 10 * 30);
	assert_true(test_lab_burn(&t, service) < 1);
	assert_false(pages(&t, service));
	assert_non_null(pager_find(&t.lab.platform->pager, "TrafficUnusual", service));
	/* Going back to a good version does no harm and no good ... */
	set_alias(&t, "checkout-ranker", "11");
	burns_no_more(&t, service);
	/* ... and to a bad one makes an incident of it. */
	set_alias(&t, "checkout-ranker", "13");
	test_lab_advance(&t, 60);
	still_burns(&t, service);
	set_alias(&t, "checkout-ranker", "11");
	test_lab_advance(&t, 60);
	burns_no_more(&t, service);
	test_lab_release(&t);
}

/* Taking traffic away contains, whatever the alias says; giving it back undoes that. */
static void draining_contains(void **state)
{
	const char *service = "checkout-assistant";
	const char *traffic = "/serving/v1/services/checkout-assistant/traffic";
	struct test_lab t;

	(void)state;
	burning(&t, "bad-version", service);
	assert_int_equal(
		test_lab_call(&t, "POST", traffic, "{\"version\":\"13\",\"traffic\":0}"),
		200);
	assert_float_equal(json_real(json_at(t.json, "variants.0.traffic")), 1, 1e-9);
	burns_no_more(&t, service);
	assert_int_equal(
		test_lab_call(&t, "POST", traffic, "{\"version\":\"13\",\"traffic\":1}"),
		200);
	still_burns(&t, service);
	test_lab_release(&t);
}

/* The same seed tells the same story, in whatever steps it is driven. */
static void same_seed_same_numbers(void **state)
{
	struct test_lab a, b;
	struct strbuf first = STRBUF_INIT;

	(void)state;
	test_lab_init(&a, "bad-version", NULL);
	test_lab_init(&b, "bad-version", NULL);
	for (int i = 0; i < 60; i++)
		test_lab_advance(&a, 1);
	test_lab_advance(&b, 60);
	assert_get(&a, "/metrics");
	strbuf_add(&first, a.last.body.buf, a.last.body.len);
	assert_get(&b, "/metrics");
	assert_string_equal(first.buf, b.last.body.buf);
	strbuf_release(&first);
	test_lab_release(&a);
	test_lab_release(&b);
}

/* Begun in the middle, the moments lie in the past, and everything has followed. */
static void elapsed_time_has_happened(void **state)
{
	struct test_lab t;
	const struct variant *v;

	(void)state;
	test_lab_init(&t, "bad-version", "5m12s");
	v = rollout_variant(
		&platform_service(t.lab.platform, "checkout-assistant")->rollout, 13);
	assert_non_null(v);
	assert_float_equal(v->traffic, 1, 1e-9);
	/* Promoted 12 s after the beginning, all of it 11 s later. */
	assert_true(v->changed <= t.lab.platform->now - 285 * NS_PER_S);
	assert_true(v->changed >= t.lab.platform->now - 305 * NS_PER_S);
	assert_true(pages(&t, "checkout-assistant"));
	test_lab_release(&t);
}

static void counters_never_fall(void **state)
{
	struct test_lab t;
	double before = 0;

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	for (int i = 0; i < 200; i++) {
		const struct meter *m =
			&platform_service(t.lab.platform, "checkout-assistant")->meter;
		double now = histogram_below(&m->latency, METER_BUCKETS);

		assert_true(now >= before);
		for (size_t k = 1; k <= METER_BUCKETS; k++)
			assert_true(histogram_below(&m->latency, k) >=
				histogram_below(&m->latency, k - 1));
		before = now;
		test_lab_advance(&t, 0.5);
	}
	test_lab_release(&t);
}

static void the_seed_chooses(void **state)
{
	struct test_lab t;
	bool seen[CAUSES] = {false};

	(void)state;
	test_lab_init(&t, "bad-version", NULL);
	for (uint64_t seed = 1; seed <= 40; seed++)
		seen[scenario_cause(&t.sc, NULL, seed)->cause] = true;
	/* What is asked for drifts where somebody wants to practise just that. */
	for (int i = 0; i < CAUSES; i++)
		assert_true(seen[i] == (i != CAUSE_INPUT_DRIFT));
	assert_null(scenario_cause(&t.sc, "no-such", 1));
	test_lab_release(&t);
}

/* Every cause of every scenario that ships burns where it says, and nothing burns before. */
static void what_ships_burns(void **state)
{
	static const char *const scenarios[] = {"retail", "payments"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		for (int cause = 0; cause < CAUSES; cause++) {
			struct test_lab t;
			const char *service;
			bool burns = cause != CAUSE_NOTHING;

			test_lab_scenario(
				&t, scenarios[i], cause_name((enum cause)cause), NULL);
			service = t.lab.platform->cause->service;
			test_lab_advance(&t, 10);
			assert_true(test_lab_burn(&t, service) < 1);
			test_lab_advance(&t, 80);
			assert_int_equal(test_lab_burn(&t, service) > 14.4, burns);
			assert_int_equal(pages(&t, service), burns);
			test_lab_release(&t);
		}
}

UNIT_TESTS(cmocka_unit_test(what_ships_burns), cmocka_unit_test(bad_version),
	cmocka_unit_test(bad_prompt), cmocka_unit_test(late_data),
	cmocka_unit_test(late_data_arrives_by_itself), cmocka_unit_test(nothing_wrong),
	cmocka_unit_test(draining_contains), cmocka_unit_test(same_seed_same_numbers),
	cmocka_unit_test(elapsed_time_has_happened),
	cmocka_unit_test(counters_never_fall), cmocka_unit_test(the_seed_chooses))
