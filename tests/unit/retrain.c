/* retrain.c - what trains a service's model anew: found, offered, and taken by a runbook */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "model/pipeline.h"
#include "runbook/act.h"
#include "runbook/offer.h"
#include "runbook/origin.h"
#include "runbook/retrain.h"

static const char config_text[] =
	"sources:\n"
	"  - {name: prom, type: prometheus, url: \"http://127.0.0.1:1\"}\n"
	"  - {name: flow, type: pipes, url: \"http://127.0.0.1:1\"}\n"
	"connectors: [connectors]\n"
	"services:\n"
	"  - name: shop\n"
	"    drift: [inputs.yaml, outputs.yaml, gone.yaml]\n"
	"    retrain: {source: flow, do: start, with: {job: nightly}}\n"
	"  - {name: search, drift: [outputs.yaml, inputs.yaml]}\n"
	"  - {name: bare}\n"
	"  - {name: wrong, retrain: {source: flow, do: start, with: {job: x, rows: "
	"many}}}\n";

static const char connector_text[] =
	"connector: pipes\n"
	"actions:\n"
	"  - name: start\n"
	"    title: Start a pipeline\n"
	"    params: {job: text, rows: number?, why: text?}\n"
	"    post: /jobs/{job}\n";

static const char inputs_text[] =
	"drift: inputs\n"
	"reference: {offset: 7d}\n"
	"current: {window: 1h}\n"
	"features: [{name: length, histogram: x_bucket}]\n"
	"retrain: {source: flow, do: start, with: {job: ranker, rows: \"5000\"}}\n";

static const char outputs_text[] = "drift: outputs\n"
				   "reference: {offset: 7d}\n"
				   "current: {window: 1h}\n"
				   "features: [{name: score, histogram: y_bucket}]\n";

struct place {
	char dir[64];
	struct config config;
	struct arena a;
	struct err e;
};

static void put(struct place *p, const char *name, const char *text)
{
	char *file = path_join(p->dir, name);

	assert_int_equal(path_write(file, text, strlen(text), 0600, &p->e), 0);
	free(file);
}

static int set_up(void **state)
{
	struct place *p = mem_new(1, sizeof(*p));
	struct problems problems;
	const char *tmp = getenv("TMPDIR");
	char *command, *file;

	snprintf(p->dir, sizeof(p->dir), "%.40s/tocsin-train-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->dir));
	command = mem_format("mkdir '%s/connectors'", p->dir);
	assert_int_equal(system(command), 0);
	free(command);
	arena_init(&p->a);
	problems_init(&problems, NULL);
	put(p, "config.yaml", config_text);
	put(p, "connectors/pipes.yaml", connector_text);
	put(p, "inputs.yaml", inputs_text);
	put(p, "outputs.yaml", outputs_text);
	file = path_join(p->dir, "config.yaml");
	if (config_load(&p->config, file, &problems, &p->e) || problems.n)
		fail_msg("%s", p->e.what ? p->e.what : problems.items[0].message);
	free(file);
	problems_release(&problems);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char *command = mem_format("rm -rf '%s'", p->dir);

	assert_int_equal(system(command), 0);
	free(command);
	config_release(&p->config);
	arena_release(&p->a);
	err_release(&p->e);
	free(p);
	return 0;
}

static const char *job_of(struct place *p, const char *service, const char *dataset)
{
	struct retrain_conf r;

	return retrain_find(&r, &p->a, &p->config, service, dataset) ? r.with_values[0]
								     : NULL;
}

static void the_check_says_it_else_the_service(void **state)
{
	struct place *p = *state;

	assert_string_equal(job_of(p, "shop", "inputs"), "ranker");
	assert_string_equal(job_of(p, "shop", "outputs"), "nightly");
	assert_string_equal(job_of(p, "shop", NULL), "nightly");
	assert_string_equal(job_of(p, "search", NULL), "ranker");
	assert_null(job_of(p, "search", "outputs"));
	assert_null(job_of(p, "search", "none"));
	assert_null(job_of(p, "bare", NULL));
	assert_null(job_of(p, "nobody", "inputs"));
	assert_null(job_of(p, NULL, NULL));
}

static void a_drift_offers_it(void **state)
{
	struct drift_report r = {.source = "prom",
		.service = "shop",
		.dataset = "inputs",
		.feature = "length"};
	struct strbuf book = STRBUF_INIT;
	struct place *p = *state;
	struct offers offers;

	assert_int_equal(offers_find(&offers, &p->a, &p->config, REC_DRIFT_REPORT, &r,
				 NULL, &p->e),
		0);
	assert_int_equal(offers.n, 1);
	assert_string_equal(offers.items[0].source, "flow");
	assert_string_equal(offers.items[0].title, "Start a pipeline");
	assert_true(offers.items[0].params[0].given);
	assert_false(offers.items[0].params[2].given);
	assert_null(offer_missing(&offers.items[0]));
	assert_int_equal(offer_write(&book, &offers.items[0], &p->e), 0);
	assert_non_null(strstr(book.buf, "source: \"flow\""));
	assert_non_null(strstr(book.buf, "\"job\": \"ranker\""));
	assert_non_null(strstr(book.buf, "\"rows\": 5000"));
	strbuf_release(&book);

	r.service = "bare";
	assert_int_equal(offers_find(&offers, &p->a, &p->config, REC_DRIFT_REPORT, &r,
				 NULL, &p->e),
		0);
	assert_int_equal(offers.n, 0);
	r.service = "wrong";
	assert_int_equal(offers_find(&offers, &p->a, &p->config, REC_DRIFT_REPORT, &r,
				 NULL, &p->e),
		-1);
	assert_non_null(strstr(p->e.what, "what retrains it: "));
}

static const char *origin(struct place *p, const char *name, const char *service)
{
	const struct vars_scope scope = {.config = &p->config, .service = service};
	const char *value = NULL;

	assert_true(origin_known(name));
	assert_int_equal(origin_value(&value, &p->a, name, &scope, &p->e), 0);
	return value;
}

static int parse(struct place *p, struct act *act, const char *with)
{
	static const char text[] = "source: $SOURCE\ndo: $DO\nwith: $WITH\n";
	struct problems problems;
	struct vars v;
	int rc;

	vars_init(&v);
	problems_init(&problems, NULL);
	assert_int_equal(vars_put(&v, "SOURCE", "flow", "x", &p->e), 0);
	assert_int_equal(vars_put(&v, "DO", "start", "x", &p->e), 0);
	assert_int_equal(vars_put(&v, "WITH", with, "x", &p->e), 0);
	rc = act_parse(act, text, &v, 0, &p->a, &problems);
	vars_release(&v);
	problems_release(&problems);
	return rc;
}

static void a_runbook_takes_it_from_variables(void **state)
{
	struct place *p = *state;
	struct act act;

	assert_string_equal(origin(p, "service.retrain.source", "search"), "flow");
	assert_string_equal(origin(p, "service.retrain.do", "search"), "start");
	assert_string_equal(origin(p, "service.retrain.with", "search"),
		"{\"job\":\"ranker\",\"rows\":\"5000\"}");
	assert_null(origin(p, "service.retrain.with", "bare"));
	assert_null(origin(p, "service.drift", "bare"));

	assert_int_equal(parse(p, &act, "{\"job\": \"a: b\\n$C\", \"rows\": 3}"), 0);
	assert_string_equal(act.action, "start");
	assert_string_equal(json_text_at(act.params, "job"), "a: b\n$C");
	act_release(&act);
	assert_int_equal(parse(p, &act, "[1]"), -1);
	assert_int_equal(parse(p, &act, "{\"job\": {\"a\": 1}}"), -1);
	assert_int_equal(parse(p, &act, "no JSON"), -1);
}

#define PLACED(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

UNIT_TESTS(PLACED(the_check_says_it_else_the_service), PLACED(a_drift_offers_it),
	PLACED(a_runbook_takes_it_from_variables))
