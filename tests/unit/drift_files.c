/* Drift checks of files, and Evidently's reports and service. */
#include "tests/unit/readers.h"

#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "signal/evidently.h"
#include "signal/method.h"
#include "store/drift.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char config[] = "contexts:\n- {name: c, sources: [f]}\n"
			     "sources:\n- {name: f, type: files, every: 10s}\n"
			     "services:\n- {name: shop, drift: [drift.yaml]}\n";

/* Written as if so many seconds later, so that it is seen to have changed. */
static void write_at(struct bench *b, const char *name, const char *text, int seconds)
{
	char *file = mem_format("%s/%s", b->f.top, name);
	struct timespec times[2] = {
		{.tv_sec = 1794999000 + seconds}, {.tv_sec = 1794999000 + seconds}};

	ok(&b->f, path_write(file, text, strlen(text), 0600, &b->f.e));
	assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
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

/* 100 rows: colours by their counts, numbers from `from` on, `right` predictions of 100. */
static void rows(struct strbuf *out, const int counts[4], int from, int right)
{
	static const char *const colours[] = {"red", "green", "blue", "grey"};
	int colour = 0, left = counts[0];

	strbuf_adds(out, "colour,n,said,is,guess,truth\n");
	for (int i = 0; i < 100; i++) {
		while (left == 0)
			left = counts[++colour];
		left--;
		strbuf_addf(out, "%s,%d,%s,%s,%d,%d\n", colours[colour], from + i,
			i % 2 ? "y" : "n", (i < right) == (i % 2 == 1) ? "y" : "n", i,
			i + (i < right ? 1 : 2));
	}
}

static const char check[] =
	"drift: rows\nreference: {file: ref.csv}\ncurrent: {file: cur.csv}\nevery: 1s\n"
	"persist: 2 of 2\n"
	"features:\n"
	"  - {name: colour, method: jensenshannon}\n"
	"  - {name: n}\n"
	"  - {name: gone}\n"
	"performance:\n"
	"  - {name: acc, metric: accuracy, prediction: said, label: is}\n"
	"  - {name: err, metric: mae, prediction: guess, label: truth}\n";

static void columns(void **state)
{
	static const int before[] = {40, 30, 20, 10}, now[] = {50, 35, 15, 0};
	struct strbuf text = STRBUF_INIT;
	const struct drift_report *d;
	struct bench b;

	(void)state;
	bench_init(&b, config, NULL);
	write_at(&b, "drift.yaml", check, 0);
	rows(&text, before, 1, 95);
	write_at(&b, "ref.csv", text.buf, 0);
	strbuf_reset(&text);
	rows(&text, now, 51, 60);
	write_at(&b, "cur.csv", text.buf, 1);
	bench_source(&b, "f");
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	d = report(&b, "colour");
	near(d->value, 0.200487426195, 1e-9);
	assert_string_equal(d->method, "jensenshannon");
	assert_string_equal(d->verdict, "watch");
	assert_non_null(strstr(d->shares, "\"lost\":[\"grey\"]"));
	d = report(&b, "n");
	assert_string_equal(d->method, "ks");
	near(d->value, 0.5, 1e-12);
	near(d->n_current, 100, 0);
	assert_non_null(strstr(d->shares, "edges"));
	d = report(&b, "gone");
	assert_string_equal(d->verdict, "not-comparable");
	assert_true(isnan(d->value));
	assert_non_null(strstr(d->note, "no column 'gone'"));
	d = report(&b, "acc");
	assert_string_equal(d->kind, "performance");
	near(d->value, 0.35, 1e-12);
	d = report(&b, "err");
	near(d->value, 1.4 / 1.05 - 1, 1e-12);
	/* The same files again say nothing new: one evaluation, not two. */
	clock_advance(20 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_string_equal(report(&b, "colour")->persisted, "1 of 2");
	write_at(&b, "cur.csv", text.buf, 100);
	clock_advance(20 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_string_equal(report(&b, "colour")->verdict, "drifted");
	assert_true(report(&b, "colour")->since == (INT64_C(1794999000) + 1) * NS_PER_S);
	strbuf_release(&text);
	bench_release(&b);
}

/* Numbers are classes too: of JSON, which has no text of them, and written 1 here, 1.0 there. */
static void classes_that_are_numbers(void **state)
{
	static const char text[] =
		"drift: rows\nreference: {file: ref.jsonl}\ncurrent: {file: cur.csv}\n"
		"every: 1s\nperformance:\n"
		"  - {name: acc, metric: accuracy, prediction: said, label: is}\n"
		"  - {name: score, metric: f1, prediction: p, label: is}\n";
	struct strbuf before = STRBUF_INIT, now = STRBUF_INIT;
	struct bench b;

	(void)state;
	strbuf_adds(&now, "said,is,p\n");
	for (int i = 0; i < 10100; i++) {
		strbuf_addf(&before, "{\"said\": %d, \"is\": %d.0, \"p\": 1}\n", i % 2,
			i % 2);
		strbuf_addf(&now, "%d.0,%d ,0.%05d1\n", i % 2, i % 4 ? i % 2 : 1, i);
	}
	bench_init(&b, config, NULL);
	write_at(&b, "drift.yaml", text, 0);
	write_at(&b, "ref.jsonl", before.buf, 0);
	write_at(&b, "cur.csv", now.buf, 1);
	bench_source(&b, "f");
	bench_round(&b, ROUND_FULL);
	near(report(&b, "acc")->value, 0.25, 1e-12);
	near(report(&b, "acc")->n_reference, 10100, 0);
	assert_string_equal(report(&b, "score")->verdict, "not-comparable");
	assert_non_null(strstr(report(&b, "score")->note, "more than 10000 pairs"));
	strbuf_release(&before);
	strbuf_release(&now);
	bench_release(&b);
}

/* No file, an empty one, one row: words, and no numbers. */
static void too_little(void **state)
{
	static const struct {
		const char *current, *verdict;
	} cases[] = {
		{NULL, "not-comparable"},
		{"", "not-comparable"},
		{"colour,n,said,is,guess,truth\n", "no-data"},
		{"colour,n,said,is,guess,truth\nred,1,y,y,1,1\n", "too-few"},
	};
	static const int before[] = {40, 30, 20, 10};
	struct strbuf text = STRBUF_INIT;
	struct bench b;

	(void)state;
	rows(&text, before, 1, 95);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bench_init(&b, config, NULL);
		write_at(&b, "drift.yaml", check, 0);
		write_at(&b, "ref.csv", text.buf, 0);
		if (cases[i].current)
			write_at(&b, "cur.csv", cases[i].current, 1);
		bench_source(&b, "f");
		bench_round(&b, ROUND_FULL);
		if (strcmp(report(&b, "colour")->verdict, cases[i].verdict) != 0)
			fail_msg("%zu: %s: %s", i, report(&b, "colour")->verdict,
				report(&b, "colour")->note);
		assert_true(isnan(report(&b, "colour")->value));
		assert_true(isnan(report(&b, "acc")->value));
		assert_int_equal(report(&b, "n")->drifted, 0);
		bench_release(&b);
	}
	strbuf_release(&text);
}

/* Lists of numbers are embeddings: the mean moved from (0, 0) to (3, 4). */
static void embeddings(void **state)
{
	struct strbuf before = STRBUF_INIT, now = STRBUF_INIT;
	struct bench b;

	(void)state;
	for (int i = 0; i < 100; i++) {
		int x = i % 2 ? 1 : -1, y = i % 4 < 2 ? 1 : -1;

		strbuf_addf(&before, "{\"v\":[%d,%d],\"w\":[1]}\n", x, y);
		strbuf_addf(&now, "{\"v\":[%d,%d],\"w\":[1,2]}\n", x + 3, y + 4);
	}
	bench_init(&b, config, NULL);
	write_at(&b, "drift.yaml",
		"drift: e\nreference: {file: ref.jsonl}\ncurrent: {file: cur.jsonl}\n"
		"persist: 1 of 1\nfeatures: [{name: v, method: centroid_euclid}, {name: "
		"w}]\n",
		0);
	write_at(&b, "ref.jsonl", before.buf, 0);
	write_at(&b, "cur.jsonl", now.buf, 1);
	bench_source(&b, "f");
	bench_round(&b, ROUND_FULL);
	bench_went_well(&b);
	near(report(&b, "v")->value, 5, 1e-12);
	assert_string_equal(report(&b, "v")->kind, "embedding");
	assert_string_equal(report(&b, "v")->verdict, "drifted");
	assert_string_equal(report(&b, "w")->verdict, "not-comparable");
	strbuf_release(&before);
	strbuf_release(&now);
	bench_release(&b);
}

/* --- training against serving --- */

static void skew(void **state)
{
	static const char text[] =
		"# TYPE asked_total counter\nasked_total{language=\"en\"} %d\n"
		"asked_total{language=\"de\"} %d\n# TYPE len histogram\n"
		"len_bucket{le=\"10\"} %d\nlen_bucket{le=\"+Inf\"} %d\n";
	static const char scraped[] =
		"contexts:\n- {name: c, sources: [m]}\n"
		"sources:\n- {name: m, type: metrics, every: 10s, targets: "
		"['http://127.0.0.1:%/one']}\n"
		"services:\n- {name: shop, drift: [drift.yaml]}\n";
	struct script script[] = {{.of = "/one", .type = "text/plain"}, {0}};
	struct strbuf train = STRBUF_INIT;
	struct bench b;

	(void)state;
	bench_init(&b, scraped, NULL);
	write_at(&b, "drift.yaml",
		"drift: skew\ncurrent: {window: 30s}\nevery: 10s\npersist: 1 of 1\n"
		"skew:\n  file: train.csv\n  features:\n"
		"  - {name: language, column: lang, counter: asked_total, by: language, "
		"method: tvd}\n"
		"  - {name: length, column: len, histogram: len_bucket, method: tvd}\n",
		0);
	strbuf_adds(&train, "lang,len\n");
	for (int i = 0; i < 100; i++)
		strbuf_addf(&train, "%s,%d\n", i < 80 ? "en" : "de", i < 50 ? 10 : 11);
	write_at(&b, "train.csv", train.buf, 0);
	bench_source(&b, "m");
	b.script = script;
	for (int i = 0; i < 5; i++) {
		char *body = mem_format(
			text, 1000 + 20 * i, 500 + 20 * i, 700 + 10 * i, 1500 + 40 * i);
		int64_t before = clock_now();

		script->body = body;
		bench_round(&b, i ? ROUND_INCREMENTAL : ROUND_FULL);
		bench_went_well(&b);
		script->body = NULL;
		free(body);
		clock_advance(10 * NS_PER_S - (clock_now() - before));
	}
	/* 80:20 in training, 50:50 in serving; half of the lengths, and a quarter. */
	near(report(&b, "language")->value, 0.3, 1e-12);
	near(report(&b, "length")->value, 0.25, 1e-12);
	assert_string_equal(report(&b, "length")->kind, "skew");
	assert_non_null(strstr(report(&b, "length")->reference, "train.csv"));
	assert_true(report(&b, "length")->drifted == 1);
	strbuf_release(&train);
	bench_release(&b);
}

/* --- Evidently --- */

#define VALUE(column, method, threshold, value)                              \
	"{\"id\":\"1\",\"metric_name\":\"ValueDrift\",\"config\":{\"type\":" \
	"\"evidently:metric_v2:ValueDrift\",\"column\":\"" column            \
	"\",\"method\":\"" method "\",\"threshold\":" threshold "},\"value\":" value "}"

static const char today[] =
	"{\"metrics\":[{\"id\":\"0\",\"metric_name\":\"DriftedColumnsCount\",\"config\":{"
	"\"type\":\"evidently:metric_v2:DriftedColumnsCount\",\"drift_share\":0.5},"
	"\"value\":{\"count\":2.0,\"share\":0.5}}," VALUE(
		"length", "Wasserstein distance (normed)", "0.1", "1.5") "," VALUE("lang",
		"Jensen-Shannon distance", "0.1",
		"0.05") "," VALUE("age", "K-S p_value", "0.05", "0.05") "," VALUE("odd",
		"my own test", "0.1", "0.2") "],\"tests\":[]}";

static const char older[] =
	"{\"version\":\"0.4.40\",\"timestamp\":\"2026-11-21 08:00:00.5\",\"metrics\":["
	"{\"metric\":\"DatasetDriftMetric\",\"result\":{\"drift_share\":0.5,"
	"\"number_of_columns\":2,\"number_of_drifted_columns\":1,"
	"\"share_of_drifted_columns\":0.5,\"dataset_drift\":true}},"
	"{\"metric\":\"DataDriftTable\",\"result\":{\"drift_by_columns\":{\"lang\":{"
	"\"column_name\":\"lang\",\"column_type\":\"cat\",\"stattest_name\":"
	"\"chi-square p_value\",\"stattest_threshold\":0.05,\"drift_score\":0.001,"
	"\"drift_detected\":true,\"current\":{\"small_distribution\":{\"x\":[\"de\","
	"\"fr\"],\"y\":[60,40]}},\"reference\":{\"small_distribution\":{\"x\":[\"de\","
	"\"fr\"],\"y\":[90,10]}}},\"n\":{\"column_name\":\"n\",\"column_type\":\"num\","
	"\"stattest_name\":\"K-S p_value\",\"stattest_threshold\":0.05,\"drift_score\":"
	"0.7,\"drift_detected\":false}}}}]}";

static const struct drift_report *found(
	const struct evidently_report *r, const char *feature)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->items[i].feature, feature))
			return &r->items[i];
	fail_msg("no '%s'", feature);
	return NULL;
}

static void reports_in_both_forms(void **state)
{
	static const char *const bad[] = {"", "{}", "[]", "{\"metrics\":5}", "<html>",
		"{\"metrics\":[{\"config\":{\"type\":5}},{\"metric\":[]},null,7]}"};
	struct evidently_report r;
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	assert_int_equal(evidently_parse(&r, &a, today, strlen(today), &e), 0);
	assert_int_equal(r.n, 5);
	assert_true(found(&r, "*")->drifted == 1 && found(&r, "*")->value == 0.5);
	assert_string_equal(found(&r, "length")->method, "wasserstein");
	assert_string_equal(found(&r, "length")->verdict, "drifted");
	assert_string_equal(found(&r, "lang")->verdict, "ok");
	assert_true(found(&r, "age")->drifted == 1); /* p <= 0.05 */
	assert_true(found(&r, "age")->p_value == 0.05);
	assert_true(found(&r, "odd")->drifted == 0);
	assert_non_null(strstr(found(&r, "odd")->note, "'my own test'"));
	assert_int_equal(evidently_parse(&r, &a, older, strlen(older), &e), 0);
	assert_int_equal(r.n, 3);
	assert_true(r.at == INT64_C(1795248000) * NS_PER_S + NS_PER_S / 2);
	assert_string_equal(found(&r, "lang")->method, "chisquare");
	assert_non_null(strstr(found(&r, "lang")->shares, "\"current\":[0.6,0.4]"));
	near(found(&r, "lang")->n_reference, 100, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(evidently_parse(&r, &a, bad[i], strlen(bad[i]), &e), -1);
		assert_int_equal(r.n, 0);
		err_clear(&e);
	}
	for (size_t n = 0; n < strlen(older); n += 7)
		(void)LLVMFuzzerTestOneInput((const uint8_t *)older, n);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)today, strlen(today));
	arena_release(&a);
}

static void reports_as_files(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, config, NULL);
	write_at(&b, "drift.yaml",
		"drift: batches\nevery: 1s\npersist: 2 of 3\n"
		"evidently: {reports: ['report-*.json']}\n",
		0);
	bench_source(&b, "f");
	bench_round(&b, ROUND_FULL);
	assert_non_null(strstr(b.partial, "there is no report"));
	write_at(&b, "report-1.json", older, 1);
	write_at(&b, "report-2.json", today, 5);
	clock_advance(20 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	bench_went_well(&b);
	assert_string_equal(report(&b, "length")->verdict, "watch");
	assert_string_equal(report(&b, "lang")->verdict, "ok");
	assert_string_equal(report(&b, "length")->dataset, "batches");
	write_at(&b, "report-3.json", today, 9);
	clock_advance(20 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_string_equal(report(&b, "length")->verdict, "drifted");
	assert_true(report(&b, "length")->since == (INT64_C(1794999000) + 5) * NS_PER_S);
	write_at(&b, "report-4.json", "{", 12);
	clock_advance(20 * NS_PER_S);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_non_null(strstr(b.partial, "report-4.json"));
	bench_release(&b);
}

static void reports_of_the_service(void **state)
{
	static const char service[] =
		"contexts:\n- {name: c, sources: [e]}\n"
		"sources:\n- {name: e, type: evidently, url: 'http://127.0.0.1:%'}\n"
		"services:\n- {name: shop, drift: [drift.yaml, other.yaml]}\n";
	struct script script[] = {
		{.of = "/api/version", .body = "{\"version\":\"0.7.23\"}"},
		{.of = "/download", .body = today},
		{.of = "/reports",
			.body = "[{\"id\":\"a1\",\"timestamp\":\"2026-11-17T08:00:00\"},"
				"{\"id\":\"b2\",\"timestamp\":\"2026-11-18T09:00:00\"}]"},
		{.of = "/api/projects",
			.body = "[{\"id\":\"c3\",\"name\":\"checkout\"},{\"id\":\"../x\","
				"\"name\":\"evil\"}]"},
		{0}};
	struct bench b;

	(void)state;
	bench_init(&b, service, NULL);
	write_at(&b, "drift.yaml",
		"drift: batches\npersist: 1 of 1\nevidently: {project: checkout}\n", 0);
	write_at(&b, "other.yaml", "drift: gone\nevidently: {project: evil}\n", 0);
	bench_source(&b, "e");
	b.script = script;
	bench_round(&b, ROUND_FULL);
	assert_int_equal(b.e.code, 0);
	assert_non_null(strstr(b.partial, "gone: there is no such project"));
	assert_string_equal(b.version, "0.7.23");
	assert_string_equal(report(&b, "length")->verdict, "drifted");
	assert_non_null(strstr(report(&b, "length")->url, "/projects/c3/reports/b2"));
	assert_int_equal(script[1].asked, 1);
	/* The same report is not asked for again. */
	clock_advance(10 * NS_PER_MIN);
	bench_round(&b, ROUND_INCREMENTAL);
	assert_int_equal(script[1].asked, 1);
	assert_string_equal(report(&b, "length")->verdict, "drifted");
	bench_release(&b);
}

UNIT_TESTS(cmocka_unit_test(columns), cmocka_unit_test(classes_that_are_numbers),
	cmocka_unit_test(too_little), cmocka_unit_test(skew),
	cmocka_unit_test(embeddings), cmocka_unit_test(reports_in_both_forms),
	cmocka_unit_test(reports_as_files), cmocka_unit_test(reports_of_the_service))
