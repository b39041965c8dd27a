#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/strbuf.h"
#include "signal/drift_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct parsed {
	struct drift_check check;
	struct problems problems;
	struct arena arena;
	int rc;
};

static void parse(struct parsed *p, const char *text)
{
	arena_init(&p->arena);
	problems_init(&p->problems, NULL);
	p->rc = drift_check_parse(&p->check, &p->arena, text, strlen(text),
		"/etc/tocsin/drift/a.yaml", &p->problems);
}

static void release(struct parsed *p)
{
	problems_release(&p->problems);
	arena_release(&p->arena);
}

#define METRICS                                                                       \
	"drift: checkout-inputs\n"                                                    \
	"reference: {offset: 7d}\n"                                                   \
	"current: {window: 1h}\n"                                                     \
	"every: 10m\n"                                                                \
	"persist: 2 of 3\n"                                                           \
	"share: 0.3\n"                                                                \
	"correct: none\n"                                                             \
	"features:\n"                                                                 \
	"  - {name: prompt_length, histogram: "                                       \
	"'vllm:request_prompt_tokens_bucket{model_name=\"m\"}',"                      \
	" method: psi, threshold: 0.2}\n"                                             \
	"  - {name: native, histogram: 'latency{a=\"b\"}'}\n"                         \
	"  - {name: finish, counter: 'vllm:request_success_total', by: "              \
	"finished_reason}\n"                                                          \
	"  - {name: mix, counter: requests_total}\n"                                  \
	"predictions:\n"                                                              \
	"  - {name: score, query: 'sum by (le) (increase(s_bucket[{{.window}}]))', "  \
	"method: ks}\n"                                                               \
	"performance:\n"                                                              \
	"  - {name: acc, metric: accuracy, counter: judged_total, prediction: said, " \
	"label: is}\n"                                                                \
	"skew:\n"                                                                     \
	"  file: train.csv\n"                                                         \
	"  features:\n"                                                               \
	"    - {name: skewed, column: tokens, histogram: t_bucket}\n"                 \
	"retrain: {source: airflow, do: trigger-dag, with: {dag: train_ranker}}\n"    \
	"runbooks: [drift]\n"

static void whole(void **state)
{
	struct parsed p;
	const struct drift_check *c = &p.check;

	(void)state;
	parse(&p, METRICS);
	if (p.rc)
		fail_msg("%d: %s", p.problems.items[0].line, p.problems.items[0].message);
	assert_string_equal(c->dataset, "checkout-inputs");
	assert_true(c->reference == DRIFT_REF_OFFSET && c->offset_ns == 7 * NS_PER_DAY);
	assert_true(c->window_ns == NS_PER_HOUR && c->reference_ns == NS_PER_HOUR);
	assert_true(c->every_ns == 10 * NS_PER_MIN);
	assert_true(c->persist == 2 && c->persist_of == 3);
	assert_true(c->share == 0.3 && !c->correct && c->min == 50);
	assert_int_equal(c->n, 7);
	assert_string_equal(c->features[0].method, "psi");
	assert_true(c->features[0].threshold == 0.2 && isnan(c->features[1].threshold));
	assert_true(c->features[4].kind == DRIFT_PREDICTION);
	assert_true(c->features[5].kind == DRIFT_PERFORMANCE);
	assert_string_equal(c->features[5].metric, "accuracy");
	assert_true(c->features[6].kind == DRIFT_SKEW);
	assert_string_equal(c->features[6].file, "/etc/tocsin/drift/train.csv");
	assert_string_equal(c->features[6].column, "tokens");
	assert_string_equal(c->retrain.source, "airflow");
	assert_string_equal(c->retrain.with_values[0], "train_ranker");
	assert_string_equal(c->runbooks.items[0], "drift");
	assert_false(drift_check_is_files(c));
	release(&p);
}

static void asks(const struct parsed *p, size_t feature, const char *wanted)
{
	struct strbuf text = STRBUF_INIT;

	assert_true(
		drift_feature_query(&text, &p->check.features[feature], 5 * NS_PER_MIN));
	assert_string_equal(text.buf, wanted);
	strbuf_release(&text);
}

static void queries(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, METRICS);
	asks(&p, 0,
		"sum by (le) "
		"(increase(vllm:request_prompt_tokens_bucket{model_name=\"m\"}["
		"5m]))");
	asks(&p, 1,
		"sum(increase(latency{a=\"b\"}[5m])) or "
		"sum by (le) (increase(latency_bucket{a=\"b\"}[5m]))");
	asks(&p, 2,
		"sum by (finished_reason) (increase(vllm:request_success_total[5m]))");
	asks(&p, 3,
		"sum without (instance, pod, pod_name, container, container_id, host, "
		"hostname, node, endpoint, job, namespace, ip, api_key, user, user_id, "
		"session, session_id, request_id, trace_id) "
		"(increase(requests_total[5m]))");
	asks(&p, 4, "sum by (le) (increase(s_bucket[5m]))");
	asks(&p, 5, "sum by (said, is) (increase(judged_total[5m]))");
	release(&p);
}

/* Another thing counted, or another reference: another digest. */
static void digests(void **state)
{
	struct parsed p, q;

	(void)state;
	parse(&p, METRICS);
	parse(&q,
		"drift: a\nreference: {pinned: true}\nfeatures: [{name: mix, counter: "
		"requests_total}]\n");
	assert_int_equal(q.rc, 0);
	assert_string_not_equal(
		drift_feature_digest(&p.arena, &p.check, &p.check.features[3]),
		drift_feature_digest(&q.arena, &q.check, &q.check.features[0]));
	assert_string_equal(
		drift_feature_digest(&p.arena, &p.check, &p.check.features[3]),
		drift_feature_digest(&p.arena, &p.check, &p.check.features[3]));
	release(&p);
	release(&q);
}

static void files(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p,
		"drift: rows\nreference: {file: ref.csv}\ncurrent: {file: /srv/cur.csv}\n"
		"features: [{name: a}, {name: b, column: 'the b', categorical: true, "
		"binning: quantiles, bins: 20}]\n"
		"performance: [{name: err, metric: mae, prediction: p, label: y}]\n");
	assert_int_equal(p.rc, 0);
	assert_true(drift_check_is_files(&p.check));
	assert_string_equal(p.check.reference_file, "/etc/tocsin/drift/ref.csv");
	assert_string_equal(p.check.features[0].expr, "a");
	assert_string_equal(p.check.features[1].expr, "the b");
	assert_true(p.check.features[1].categorical && p.check.features[1].bins == 20);
	release(&p);
	parse(&p, "drift: reports\nevidently: {reports: [reports/*.json]}\n");
	assert_int_equal(p.rc, 0);
	assert_true(drift_check_is_files(&p.check));
	assert_string_equal(p.check.reports.items[0], "/etc/tocsin/drift/reports/*.json");
	release(&p);
}

static void problems(void **state)
{
	static const struct {
		const char *text, *message, *hint;
		int line, column;
	} rows[] = {
		{"", "one document, not 0", NULL, 1, 1},
		{"- a\n", "this is not a drift check", NULL, 1, 1},
		{"features: []\n", "'drift' is missing", NULL, 1, 1},
		{"drift: a\n", "it has no features", NULL, 1, 1},
		{"drift: a\nfeatures: []\n", "what is the reference", "offset: 7d", 1, 1},
		{"drift: a/b\n", "cannot be a dataset's name", NULL, 1, 8},
		{"drift: a\nthreshhold: 1\n", "'threshhold'", NULL, 2, 1},
		{"drift: a\nreference: {offset: 1h, pinned: true}\nfeatures: "
		 "[{name: x, counter: c}]\n",
			"one of 'at'", NULL, 2, 12},
		{"drift: a\nreference: {at: yesterday}\nfeatures: [{name: x, counter: "
		 "c}]\n",
			"yesterday", NULL, 2, 17},
		{"drift: a\nreference: {offset: 30m}\ncurrent: {window: 1h}\nfeatures: "
		 "[{name: x, counter: c}]\n",
			"overlap", "as long as", 2, 12},
		{"drift: a\nreference: {file: r.csv}\nfeatures: [{name: x, counter: "
		 "c}]\n",
			"a reference file needs a current file", "skew", 2, 12},
		{"drift: a\npersist: often\n", "so many of so many", "3 of 4", 2, 10},
		{"drift: a\npersist: 4 of 3\n", "so many of so many", "3 of 4", 2, 10},
		{"drift: a\npersist: 0 of 3\n", "so many of so many", "3 of 4", 2, 10},
		{"drift: a\nevery: -5m\n", "'every'", NULL, 2, 8},
		{"drift: a\nshare: 2\n", "'share' is between", NULL, 2, 8},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x, counter: "
		 "c, method: pssi}\n",
			"there is no method 'pssi'", "'psi'", 4, 35},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x, counter: "
		 "c, method: ks}\n",
			"only counts", "chisquare", 4, 35},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x, "
		 "histogram: c_bucket, method: anderson}\n",
			"only counts", "wasserstein", 4, 44},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x, counter: "
		 "c, by: pod}\n",
			"'pod' tells instances apart", "asked or answered", 4, 31},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x, counter: "
		 "c, histogram: d_bucket}\n",
			"has to have one of", NULL, 4, 5},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x}\n",
			"has to have one of", NULL, 4, 5},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x, query: "
		 "'rate(c[5m])'}\n",
			"no {{.window}}", NULL, 4, 22},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x, counter: "
		 "'sum(c)'}\n",
			"a metric's name", "'query'", 4, 24},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: x, counter: "
		 "c}\n  - {name: x, counter: d}\n",
			"two features named 'x'", NULL, 5, 12},
		{"drift: a\nreference: {pinned: true}\nfeatures:\n  - {name: '*', "
		 "counter: c}\n",
			"cannot be a feature's name", NULL, 4, 12},
		{"drift: a\nreference: {pinned: true}\nperformance:\n  - {name: x, "
		 "metric: acuracy, counter: c, prediction: p, label: l}\n",
			"there is no measure 'acuracy'", "accuracy", 4, 23},
		{"drift: a\nreference: {pinned: true}\nperformance:\n  - {name: x, "
		 "metric: mae, counter: c, prediction: p, label: l}\n",
			"only counts", NULL, 4, 23},
		{"drift: a\nretrain: {source: s}\n", "'do' is missing", NULL, 2, 10},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct parsed p;
		const struct problem *found = NULL;

		parse(&p, rows[i].text);
		assert_int_equal(p.rc, -1);
		for (size_t k = 0; k < p.problems.n && !found; k++)
			if (strstr(p.problems.items[k].message, rows[i].message))
				found = &p.problems.items[k];
		if (!found)
			fail_msg("row %zu: '%s' instead of '%s'", i,
				p.problems.items[0].message, rows[i].message);
		if (found->line != rows[i].line || found->column != rows[i].column)
			fail_msg("row %zu: at %d:%d, not %d:%d", i, found->line,
				found->column, rows[i].line, rows[i].column);
		if (rows[i].hint && (!found->hint || !strstr(found->hint, rows[i].hint)))
			fail_msg("row %zu: hint '%s'", i, found->hint);
		release(&p);
	}
}

/* A thousand features are read; what is far more is refused. */
static void many(void **state)
{
	static const size_t counts[] = {1000, DRIFT_CHECK_MAX_FEATURES + 5};
	struct parsed p;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(counts); k++) {
		struct strbuf text = STRBUF_INIT;

		strbuf_adds(&text, "drift: a\nreference: {pinned: true}\nfeatures:\n");
		for (size_t i = 0; i < counts[k]; i++)
			strbuf_addf(
				&text, "  - {name: f%zu, counter: c%zu_total}\n", i, i);
		parse(&p, text.buf);
		assert_int_equal(p.rc, k ? -1 : 0);
		assert_int_equal(p.check.n, k ? DRIFT_CHECK_MAX_FEATURES : counts[k]);
		release(&p);
		strbuf_release(&text);
	}
}

static void hostile(void **state)
{
	static const char *const seeds[] = {METRICS, "drift: [a]\n",
		"drift: a\nfeatures: 5\n",
		"drift: a\nfeatures: [5, {name: [x]}]\nskew: [x]\nretrain: x\n",
		"drift: \"a\\x1b[31m\"\n",
		"drift: a\npersist: 99999999999999999999 of 3\n", "---\n---\n",
		"drift: a\nreference: {offset: 99999999999w}\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		size_t n = strlen(seeds[i]);

		for (size_t cut = 0; cut <= n; cut += 1 + n / 60)
			(void)LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], n - cut);
	}
}

UNIT_TESTS(cmocka_unit_test(whole), cmocka_unit_test(queries), cmocka_unit_test(digests),
	cmocka_unit_test(files), cmocka_unit_test(problems), cmocka_unit_test(many),
	cmocka_unit_test(hostile))
