#include "tests/unit/readers.h"

#include <math.h>
#include <string.h>

#include "model/registry.h"
#include "store/observe.h"

#define HEAD "contexts:\n- {name: c, sources: [m]}\nsources:\n"

static const char slo[] = "version: prometheus/v1\nservice: shop\nslos: []\n";

static const char metrics[] = HEAD
	"- {name: m, type: metrics, every: 15s, targets: ['http://127.0.0.1:%/one', "
	"'http://localhost:%/two'], with: {model_info: model_info, version_label: v}}\n";

static const char prometheus[] =
	HEAD "- {name: m, type: prometheus, every: 15s, url: 'http://127.0.0.1:%', "
	     "with: {model_info: 'max by (job, version) (model_info)'}}\n";

/* The serving records of now, "SERVICE VARIANT MODEL VERSION TRAFFIC READY" each, in order. */
static char *seen(struct bench *b)
{
	struct strbuf out = STRBUF_INIT;
	struct observed_list list;
	struct err e = ERR_INIT;
	struct arena a;

	arena_init(&a);
	assert_int_equal(
		observed_at(&list, &a, b->f.st, REC_SERVING, "m", NULL, AT_NOW, 100, &e),
		0);
	for (size_t i = 0; i < list.n; i++) {
		const struct serving *v = list.items[i].record;
		const char *port = strchr(v->variant, ':');
		size_t digits = port ? strspn(port + 1, "0123456789") : 0;

		strbuf_addf(&out, "%s %.*s%s %s %s ", v->service,
			(int)(port ? port - v->variant : (long)strlen(v->variant)),
			v->variant, port ? port + 1 + digits : "",
			v->model ? v->model : "-", v->version ? v->version : "-");
		if (isnan(v->traffic))
			strbuf_adds(&out, "?");
		else
			strbuf_addf(&out, "%g", v->traffic);
		strbuf_adds(&out, v->ready ? " ready\n" : " not\n");
	}
	arena_release(&a);
	return strbuf_detach(&out, NULL);
}

static void sees(struct bench *b, const char *wanted)
{
	char *found = seen(b);

	assert_string_equal(found, wanted);
	free(found);
}

static void begin(struct bench *b, const char *config, struct script *script)
{
	bench_init(b, config, slo);
	bench_source(b, "m");
	b->script = script;
}

static void an_instance_is_a_variant(void **state)
{
	struct script script[] = {
		{.of = "/one",
			.type = "text/plain",
			.body = "model_info{v=\"7\",model=\"fraud\",service=\"shop\"} 1\n"
				"other{v=\"8\"} 1\n"},
		{.of = "/two",
			.type = "text/plain",
			.body = "model_info{v=\"8\",model=\"fraud\",service=\"shop\"} "
				"1\n"},
		{0}};
	struct bench b;

	(void)state;
	begin(&b, metrics, script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	sees(&b, "shop 127.0.0.1 fraud 7 ? ready\nshop localhost fraud 8 ? ready\n");

	/* Gone from one: the other has all the traffic. */
	script[1].body = "up 1\n";
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	sees(&b, "shop 127.0.0.1 fraud 7 1 ready\n");

	/* Who does not answer has not gone away. */
	script[0].body = "model_info{v=\"9\",service=\"shop\"} 0\n";
	script[1].body = "model_info{ nonsense\n";
	bench_round(&b, ROUND_INCREMENTAL);
	assert_non_null(b.partial);
	sees(&b, "shop 127.0.0.1 - 9 1 not\n");
	bench_release(&b);
}

static void several_versions_in_one_process(void **state)
{
	struct script script[] = {
		{.of = "/one",
			.type = "text/plain",
			.body = "# TYPE model_info gauge\nmodel_info{v=\"7\"} 0\n"
				"model_info{v=\"8\"} 1\nmodel_info 1\n"},
		{.of = "/two",
			.type = "text/plain",
			.body = "# TYPE model_info counter\nmodel_info{v=\"7\",a=\"1\"} "
				"0\n"
				"model_info{v=\"7\",a=\"2\"} 5\n"},
		{0}};
	struct bench b;

	(void)state;
	begin(&b, metrics, script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	sees(&b,
		"m 127.0.0.1 7 - 7 ? not\nm 127.0.0.1 8 - 8 ? ready\n"
		"m 127.0.0.1 ? - - ? ready\nm localhost - 7 ? ready\n");
	bench_release(&b);
}

static void prometheus_is_asked_the_same(void **state)
{
	struct script script[] = {
		{.of = "/api/v1/alerts",
			.body = "{\"status\":\"success\",\"data\":{\"alerts\":[]}}"},
		{.of = "model_info",
			.body = "{\"status\":\"success\",\"data\":{\"resultType\":"
				"\"vector\",\"result\":[{\"metric\":{\"job\":\"shop\","
				"\"version\":\"7\"},\"value\":[1794999600,\"1\"]}]}}"},
		{.of = "query",
			.body = "{\"status\":\"success\",\"data\":{"
				"\"resultType\":\"vector\",\"result\":[]}}"},
		{.of = "", .body = "{\"status\":\"success\",\"data\":{}}"}, {0}};
	struct bench b;

	(void)state;
	begin(&b, prometheus, script);
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	sees(&b, "shop all - 7 1 ready\n");
	bench_release(&b);
}

/* An error of the options: which, and what there is. */
static void refused(const char *with, const char *words)
{
	struct strbuf config = STRBUF_INIT;
	struct script script[] = {
		{.of = "/one", .type = "text/plain", .body = "up 1\n"}, {0}};
	struct bench b;

	strbuf_addf(&config,
		HEAD "- {name: m, type: metrics, every: 15s, targets: "
		     "['http://127.0.0.1:%%/one'], with: %s}\n",
		with);
	begin(&b, config.buf, script);
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, ERR_INPUT);
	assert_non_null(strstr(b.e.what, words));
	bench_release(&b);
	strbuf_release(&config);
}

static void wrong_options_are_told(void **state)
{
	(void)state;
	refused("{version_label: v}", "needs its option 'model_info'");
	refused("{model_info: a, lable: b}", "no option 'lable'");
	refused("{model_info: [a]}", "'model_info' of the source 'm' is a text");
}

UNIT_TESTS(cmocka_unit_test(an_instance_is_a_variant),
	cmocka_unit_test(several_versions_in_one_process),
	cmocka_unit_test(prometheus_is_asked_the_same),
	cmocka_unit_test(wrong_options_are_told))
