/* Drift checks in rounds: what a Prometheus answers, and what we scrape ourselves. */
#include "tests/unit/readers.h"

#include <string.h>

#include "poll/drift_prom.h"
#include "runbook/drift_accept.h"
#include "signal/method.h"
#include "store/drift.h"
#include "store/journal.h"

static void check_write(struct bench *b, const char *text)
{
	char *file = mem_format("%s/drift.yaml", b->f.top);

	ok(&b->f, path_write(file, text, strlen(text), 0600, &b->f.e));
	free(file);
}

static const struct drift_report *report(struct bench *b, const char *feature)
{
	struct observed_list list;

	ok(&b->f,
		observed_at(&list, &b->f.a, b->f.st, REC_DRIFT_REPORT, NULL, NULL, AT_NOW,
			5000, &b->f.e));
	for (size_t i = 0; i < list.n; i++) {
		const struct drift_report *d = list.items[i].record;

		if (!strcmp(d->feature, feature))
			return d;
	}
	fail_msg("nothing is told of '%s' among %zu", feature, list.n);
	return NULL;
}

/* --- scraped --- */

static const char scraped_config[] =
	"contexts:\n- {name: c, sources: [m]}\n"
	"sources:\n- {name: m, type: metrics, every: 10s, targets: "
	"['http://127.0.0.1:%/one']}\n"
	"services:\n- {name: shop, drift: [drift.yaml]}\n";

static const char scraped_check[] =
	"drift: inputs\nreference: {pinned: true}\ncurrent: {window: 1m}\nevery: 10s\n"
	"features:\n"
	"  - {name: length, histogram: 'len_bucket{model=\"a\"}', method: psi}\n"
	"  - {name: language, counter: asked_total, by: language, method: psi}\n";

/* What the target has counted: requests so far, of those in English and short ones. */
static void scrape(struct bench *b, struct script *script, double n, double english,
	double brief, enum round_reason reason)
{
	char *text = mem_format("# TYPE asked_total counter\n"
				"asked_total{language=\"en\",pod=\"p1\"} %.0f\n"
				"asked_total{language=\"de\",pod=\"p1\"} %.0f\n"
				"# TYPE len histogram\n"
				"len_bucket{model=\"a\",le=\"10\"} %.0f\n"
				"len_bucket{model=\"a\",le=\"100\"} %.0f\n"
				"len_bucket{model=\"a\",le=\"+Inf\"} %.0f\n"
				"len_bucket{model=\"b\",le=\"10\"} 5\n",
		english, n - english, brief, brief + (n - brief) / 2, n);
	int64_t before = clock_now();

	script->body = text;
	bench_round(b, reason);
	bench_went_well(b);
	script->body = NULL;
	free(text);
	clock_advance(10 * NS_PER_S - (clock_now() - before));
}

static void what_we_scrape(void **state)
{
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	const struct drift_report *d;
	double n = 10000, english = 8000, brief = 5000;
	struct drift_pins pins;
	struct bench b;

	(void)state;
	bench_init(&b, scraped_config, NULL);
	check_write(&b, scraped_check);
	bench_source(&b, "m");
	b.script = script;
	/* What was counted before we looked is the first reference. */
	scrape(&b, script, n, english, brief, ROUND_FULL);
	assert_string_equal(report(&b, "language")->verdict, "no-data");
	ok(&b.f, drift_pins(&pins, &b.f.a, b.f.st, "m", "shop", "inputs", &b.f.e));
	assert_int_equal(pins.n, 2);
	assert_string_equal(pins.items[0].counts,
		"{\"counts\":[2000,8000],\"labels\":[\"de\",\"en\"]}");
	assert_null(pins.items[0].by);
	for (int i = 0; i < 8; i++)
		scrape(&b, script, n += 100, english += 80, brief += 50,
			ROUND_INCREMENTAL);
	d = report(&b, "language");
	assert_string_equal(d->verdict, "ok");
	near(d->n_current, 600, 101);
	near(d->value, 0, 0.001);
	assert_string_equal(d->kind, "data");
	/* Half of what is asked is German now, and lengths are as they were. */
	for (int i = 0; i < 3; i++)
		scrape(&b, script, n += 100, english += 10, brief += 50,
			ROUND_INCREMENTAL);
	d = report(&b, "language");
	assert_string_equal(d->verdict, "watch");
	assert_true(d->drifted == 0);
	scrape(&b, script, n += 100, english += 10, brief += 50, ROUND_INCREMENTAL);
	d = report(&b, "language");
	assert_string_equal(d->verdict, "drifted");
	assert_true(d->drifted == 1 && d->since < clock_now() - 20 * NS_PER_S);
	assert_string_equal(report(&b, "length")->verdict, "ok");
	/* One of two features: half of the dataset. */
	assert_true(report(&b, "*")->drifted == 1);
	near(report(&b, "*")->value, 0.5, 0);
	/* It is told as a change, once for the feature and once for the dataset. */
	assert_int_equal(number(&b.f,
				 "SELECT count(*) FROM change WHERE kind = "
				 "'drift_report' AND field = 'drifted'"),
		2);
	bench_release(&b);
}

/* A restart begins at 0, and the collector's begins with what the store has. */
static void restarts(void **state)
{
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	double n = 10000, english = 8000, brief = 5000;
	struct bench b;

	(void)state;
	bench_init(&b, scraped_config, NULL);
	check_write(&b, scraped_check);
	bench_source(&b, "m");
	b.script = script;
	scrape(&b, script, n, english, brief, ROUND_FULL);
	for (int i = 0; i < 3; i++)
		scrape(&b, script, n += 100, english += 80, brief += 50,
			ROUND_INCREMENTAL);
	n = english = brief = 0;
	for (int i = 0; i < 3; i++)
		scrape(&b, script, n += 100, english += 80, brief += 50,
			ROUND_INCREMENTAL);
	near(report(&b, "language")->n_current, 600, 1);
	near(report(&b, "language")->value, 0, 0.001);
	bench_leave(&b);
	bench_source(&b, "m");
	for (int i = 0; i < 2; i++)
		scrape(&b, script, n += 100, english += 80, brief += 50,
			i ? ROUND_INCREMENTAL : ROUND_FULL);
	/* The one interval between the two collectors was counted, too. */
	near(report(&b, "language")->n_current, 600, 1);
	assert_string_equal(report(&b, "language")->verdict, "ok");
	bench_release(&b);
}

static void what_is_accepted_is_the_reference(void **state)
{
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	double n = 10000, english = 8000, brief = 5000;
	struct drift_acceptance what = {"shop", "inputs", NULL, "a new market"};
	struct context_conf locked = {.name = "prod", .read_only = true};
	struct drift_pins pins;
	struct strbuf book = STRBUF_INIT;
	struct bench b;
	size_t pinned = 0;

	(void)state;
	bench_init(&b, scraped_config, NULL);
	check_write(&b, scraped_check);
	bench_source(&b, "m");
	b.script = script;
	scrape(&b, script, n, english, brief, ROUND_FULL);
	for (int i = 0; i < 10; i++)
		scrape(&b, script, n += 100, english += 10, brief += 50,
			ROUND_INCREMENTAL);
	assert_true(report(&b, "language")->drifted == 1);
	locked.sources = b.config.contexts[0].sources;
	fails(&b.f, drift_accept(&pinned, b.f.st, &b.config, &locked, &what, &b.f.e),
		ERR_DENIED, "read-only", NULL);
	what.dataset = "outputs";
	fails(&b.f, drift_accept(&pinned, b.f.st, &b.config, NULL, &what, &b.f.e),
		ERR_NOT_FOUND, "no drift check 'outputs'", "drift list");
	what.dataset = "inputs";
	what.feature = "colour";
	fails(&b.f, drift_accept(&pinned, b.f.st, &b.config, NULL, &what, &b.f.e),
		ERR_NOT_FOUND, "nothing of 'shop/inputs'", NULL);
	what.feature = NULL;
	assert_int_equal(
		number(&b.f, "SELECT count(*) FROM change WHERE after = 'false'"), 0);
	ok(&b.f, drift_accept(&pinned, b.f.st, &b.config, NULL, &what, &b.f.e));
	assert_int_equal(pinned, 2);
	ok(&b.f, drift_pins(&pins, &b.f.a, b.f.st, "m", "shop", "inputs", &b.f.e));
	assert_non_null(pins.items[0].by);
	assert_string_equal(pins.items[0].reason, "a new market");
	assert_int_equal(audit_count(b.f.st), 1);
	scrape(&b, script, n += 100, english += 10, brief += 50, ROUND_INCREMENTAL);
	assert_true(report(&b, "language")->drifted == 0);
	assert_string_equal(report(&b, "language")->verdict, "ok");
	assert_true(report(&b, "*")->drifted == 0);
	what.feature = "it's";
	drift_accept_book(&book, &what);
	assert_non_null(strstr(book.buf,
		"tocsin drift accept 'shop/inputs' --feature "
		"'it'\\''s' --reason 'a new market'"));
	strbuf_release(&book);
	bench_release(&b);
}

/* --- Prometheus --- */

static const char prom_config[] =
	"contexts:\n- {name: c, sources: [p]}\n"
	"sources:\n- {name: p, type: prometheus, every: 15s, url: "
	"'http://127.0.0.1:%'}\n"
	"services:\n- {name: shop, drift: [drift.yaml]}\n";

#define ANSWER(rows)                                                                    \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" rows \
	"]}}"
#define CELL(feature, label, value, count)                                       \
	"{\"metric\":{\"tocsin_feature\":\"" feature "\",\"" label "\":\"" value \
	"\"},\"value\":[1794999600,\"" count "\"]}"

static const char prom_check[] =
	"drift: inputs\nreference: {at: 2026-11-01T00:00:00Z, window: 1d}\n"
	"current: {window: 1h}\nevery: 5m\npersist: 1 of 1\n"
	"features:\n"
	"  - {name: length, histogram: 'len_bucket{model=\"a\"}', method: psi}\n"
	"  - {name: finish, counter: done_total, by: reason, method: psi}\n";

/* The worked examples: coarse buckets, and ok against error. */
#define CURRENT                                                                          \
	ANSWER(CELL("0", "le", "0.1", "20") "," CELL("0", "le", "+Inf", "500") "," CELL( \
		"0", "le", "0.5", "150") "," CELL("0", "le", "1", "360") "," CELL("0",   \
		"le", "2.5", "480") "," CELL("1", "reason", "ok", "955") "," CELL("1",   \
		"reason", "error", "45"))
#define REFERENCE                                                                       \
	ANSWER(CELL("0", "le", "0.1", "40") "," CELL("0", "le", "0.5", "220") "," CELL( \
		"0", "le", "1", "410") "," CELL("0", "le", "2.5", "490") "," CELL("0",  \
		"le", "+Inf", "500") "," CELL("1", "reason", "ok", "990") "," CELL("1", \
		"reason", "error", "10"))

static void what_prometheus_counts(void **state)
{
	struct script script[] = {{.of = "no such", .body = REFERENCE},
		{.of = "[1h]", .body = CURRENT}, {.of = "[1d]", .body = REFERENCE},
		{.of = "/api/v1/query", .body = ANSWER("")},
		{.of = "/", .status = 404, .body = "{}"}, {0}};
	const struct drift_report *d;
	struct drift_pins pins;
	struct bench b;

	(void)state;
	bench_init(&b, prom_config, NULL);
	check_write(&b, prom_check);
	bench_source(&b, "p");
	b.script = script;
	/* It is known already: one evaluation, as of now. */
	ok(&b.f,
		drift_record(b.f.st,
			&(struct drift_report){.source = "p",
				.service = "shop",
				.dataset = "inputs",
				.feature = "length",
				.value = 0.01,
				.computed = clock_now() - NS_PER_HOUR},
			false, &b.f.e));
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	d = report(&b, "length");
	near(d->value, 0.108772711465, 1e-9);
	near(d->n_reference, 500, 0);
	near(d->n_current, 500, 0);
	near(d->threshold, 0.1, 0);
	assert_string_equal(d->reference, "2026-10-31T00:00:00Z to 2026-11-01T00:00:00Z");
	d = report(&b, "finish");
	assert_true(d->value > 0.04 && d->value < 0.06);
	assert_string_equal(d->verdict, "ok");
	ok(&b.f, drift_pins(&pins, &b.f.a, b.f.st, "p", "shop", "inputs", &b.f.e));
	assert_int_equal(pins.n, 2);
	assert_int_equal(script[2].asked, 1);
	/* The reference was asked once, and outlives what the backend keeps. */
	clock_advance(6 * NS_PER_MIN);
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	assert_int_equal(script[2].asked, 1);
	bench_leave(&b);
	bench_source(&b, "p");
	bench_round(&b, ROUND_FULL);
	assert_int_equal(script[2].asked, 1);
	near(report(&b, "length")->n_reference, 500, 0);
	bench_release(&b);
}

/* A native histogram is its buckets; NaN, a name without a feature and stale rows are nothing. */
static void native_and_odd_answers(void **state)
{
	static const char body[] =
		"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
		"{\"metric\":{\"tocsin_feature\":\"0\"},\"histogram\":[1794999600,{"
		"\"count\":\"60\",\"sum\":\"90\",\"buckets\":[[0,\"0.5\",\"1\",\"20\"],["
		"0,\"1\","
		"\"2\",\"30\"],[0,\"4\",\"8\",\"10\"]]}]},"
		"{\"metric\":{\"tocsin_feature\":\"1\",\"reason\":\"a\"},\"value\":["
		"1794999600,"
		"\"NaN\"]},"
		"{\"metric\":{\"tocsin_feature\":\"1\",\"reason\":\"b\"},\"value\":["
		"1794999600,"
		"\"7.5\"]},"
		"{\"metric\":{\"tocsin_feature\":\"99\"},\"value\":[1794999600,\"1\"]},"
		"{\"metric\":{\"tocsin_feature\":\"x\"},\"value\":[1794999600,\"1\"]},"
		"{\"metric\":{},\"value\":[1794999600,\"1\"]}]}}";
	struct drift_feature features[] = {
		{.name = "h", .from = DRIFT_FROM_HISTOGRAM, .expr = "h"},
		{.name = "c", .from = DRIFT_FROM_COUNTER, .expr = "c"},
	};
	const struct drift_check check = {.features = features, .n = 2};
	struct drift_side sides[3] = {{0}};
	struct prom_answer p;
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	assert_int_equal(prom_parse(&p, &a, body, strlen(body), &e), 0);
	drift_prom_sides(sides, &a, &check, &p, T0, NS_PER_HOUR, true);
	near(sides[0].total, 60, 0);
	assert_int_equal(sides[0].n, 6); /* up to 0.5, 1, 2, 4, 8, and above */
	near(sides[0].counts[2], 30, 0);
	near(sides[0].counts[3], 0, 0);
	assert_true(sides[0].from == T0 - NS_PER_HOUR && sides[0].to == T0);
	near(sides[1].total, 7.5, 0);
	assert_string_equal(sides[1].labels[0], "reason=b");
	prom_release(&p);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(native_and_odd_answers), cmocka_unit_test(what_we_scrape),
	cmocka_unit_test(restarts), cmocka_unit_test(what_is_accepted_is_the_reference),
	cmocka_unit_test(what_prometheus_counts))
