#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/path.h"
#include "poll/prom_answer.h"
#include "tests/fuzz/fuzz.h"

struct fixture {
	struct prom_answer p;
	struct arena a;
	struct err e;
	int rc;
};

static void parse(struct fixture *f, const char *s)
{
	*f = (struct fixture){.e = ERR_INIT};
	arena_init(&f->a);
	f->rc = prom_parse(&f->p, &f->a, s, strlen(s), &f->e);
	assert_int_equal(f->rc < 0, f->e.code != ERR_NONE);
}

static void drop(struct fixture *f)
{
	prom_release(&f->p);
	arena_release(&f->a);
	err_release(&f->e);
}

/* A body that a real server sent; skips the test where there are none. */
static void captured(struct fixture *f, const char *name)
{
	const char *shared = getenv("TOCSIN_SHARED");
	char *file = mem_format("%s/data/slo/%s", shared ? shared : "", name);
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;
	int rc = path_read(&sb, file, 1 << 24, &e);

	free(file);
	err_release(&e);
	if (rc < 0)
		skip();
	parse(f, sb.buf);
	strbuf_release(&sb);
}

#define VECTOR(result)                                                            \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":" \
	"[" result "]}}"

static void reads_a_vector(void **state)
{
	struct fixture f;

	(void)state;
	parse(&f,
		VECTOR("{\"metric\":{\"a\":\"1\"},\"value\":[1795217390.680,\"442\"]},"
		       "{\"metric\":{},\"value\":[1795217390.680,\"8\"]}"));
	assert_int_equal(f.rc, 0);
	assert_int_equal(f.p.n, 2);
	assert_int_equal(
		f.p.items[0].samples.items[0].at, INT64_C(1795217390680) * NS_PER_MS);
	assert_string_equal(json_text_at(f.p.items[0].labels, "a"), "1");
	assert_true(prom_worst(&f.p) == 442);
	assert_true(prom_sum(&f.p) == 450);
	drop(&f);
}

static void no_data_is_not_zero(void **state)
{
	struct fixture f;

	(void)state;
	parse(&f, VECTOR(""));
	assert_int_equal(f.rc, 0);
	assert_true(isnan(prom_worst(&f.p)));
	assert_true(isnan(prom_sum(&f.p)));
	drop(&f);
	parse(&f,
		VECTOR("{\"metric\":{},\"value\":[1,\"NaN\"]},{\"metric\":{},\"value\":["
		       "1,\"3\"]}"));
	assert_true(prom_sum(&f.p) == 3);
	assert_true(prom_worst(&f.p) == 3);
	drop(&f);
}

static void reads_every_form_of_number(void **state)
{
	static const struct {
		const char *text;
		double value;
	} cases[] = {{"1e+21", 1e21}, {"1e-07", 1e-7},
		{"123456789012345680", 123456789012345680.0}, {"+Inf", INFINITY},
		{"-Inf", -INFINITY}, {"Inf", INFINITY}, {"0", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *s = mem_format(
			VECTOR("{\"metric\":{},\"value\":[1,\"%s\"]}"), cases[i].text);
		struct fixture f;

		parse(&f, s);
		assert_true(prom_worst(&f.p) == cases[i].value);
		drop(&f);
		free(s);
	}
}

static void reads_a_matrix_with_holes(void **state)
{
	struct fixture f;

	(void)state;
	parse(&f,
		"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
		"{\"metric\":{},"
		"\"values\":[[10,\"1\"],[20,\"NaN\"],[50,\"2\"],[50,\"3\"],[40,\"4\"]]}]}"
		"}");
	assert_int_equal(f.rc, 0);
	assert_int_equal(
		f.p.items[0].samples.n, 3); /* repeated and earlier ones are left out */
	assert_int_equal(f.p.items[0].samples.items[2].at, 50 * NS_PER_S);
	assert_true(prom_worst(&f.p) == 2);
	drop(&f);
}

static void warnings_mean_missing_data(void **state)
{
	struct fixture f;

	(void)state;
	parse(&f,
		"{\"status\":\"success\",\"warnings\":[\"PromQL warning: x\",\"store "
		"gone\"],"
		"\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
	assert_string_equal(f.p.partial, "store gone");
	drop(&f);
	parse(&f,
		"{\"status\":\"success\",\"warnings\":[\"PromQL info: metric might not "
		"be a counter\"],"
		"\"infos\":[\"x\"],\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
	assert_null(f.p.partial);
	drop(&f);
	parse(&f,
		"{\"status\":\"success\",\"isPartial\":true,"
		"\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
	assert_non_null(f.p.partial);
	drop(&f);
}

static void errors_keep_their_words_and_class(void **state)
{
	static const struct {
		const char *type;
		enum err_retry retry;
	} cases[] = {{"bad_data", RETRY_NEVER}, {"execution", RETRY_NEVER},
		{"timeout", RETRY_LATER}, {"internal", RETRY_LATER},
		{"unavailable", RETRY_LATER}, {"new_one", RETRY_LATER}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *s = mem_format("{\"status\":\"error\",\"errorType\":\"%s\","
				     "\"error\":\"no\\u001b[1m\"}",
			cases[i].type);
		struct err e = ERR_INIT;
		struct fixture f;

		parse(&f, s);
		assert_int_equal(f.rc, -1);
		assert_int_equal(f.e.retry, cases[i].retry);
		assert_string_equal(f.e.what, "Prometheus answers: no<1b>[1m");
		assert_int_equal(prom_error(s, strlen(s), &e), -1);
		assert_string_equal(e.what, f.e.what);
		err_release(&e);
		drop(&f);
		free(s);
	}
}

static void what_is_no_answer_is_refused(void **state)
{
	static const char *const bad[] = {"", "404 page not found", "<html>", "[]", "{}",
		"null", "{\"status\":\"success\"}",
		"{\"status\":\"success\",\"data\":{}}", "{\"status\":1}",
		"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\"}}",
		"{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":["
		"1,\"x\"]}}",
		"{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":"
		"[]}}",
		VECTOR("{}"), VECTOR("1"), VECTOR("{\"metric\":{},\"value\":[1]}"),
		VECTOR("{\"metric\":{},\"value\":[1,2]}"),
		VECTOR("{\"metric\":{},\"value\":[1,\"x\"]}"),
		VECTOR("{\"metric\":{},\"value\":[1e300,\"1\"]}"),
		VECTOR("{\"metric\":[]}"),
		"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
		"{\"metric\":{}"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct fixture f;

		parse(&f, bad[i]);
		if (f.rc == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(f.e.code, ERR_BACKEND);
		assert_int_equal(f.e.retry, RETRY_LATER);
		drop(&f);
		assert_int_equal(prom_error(bad[i], strlen(bad[i]), &e), 0);
	}
	assert_int_equal(e.code, ERR_NONE);
}

static void reads_what_servers_sent(void **state)
{
	static const struct {
		const char *file;
		size_t n;
		bool fails;
	} cases[] = {
		{"captured/prometheus-2.42/query_vector.json", 2, false},
		{"captured/prometheus-2.42/query_nan.json", 2, false},
		{"captured/prometheus-2.42/query_neginf.json", 1, false},
		{"captured/prometheus-2.42/query_scalar.json", 1, false},
		{"captured/prometheus-2.42/query_matrix.json", 1, false},
		{"captured/prometheus-2.42/query_empty.json", 0, false},
		{"captured/prometheus-2.42/query_big.json", 3, false},
		{"captured/prometheus-2.42/range.json", 2, false},
		{"prometheus-api/query--200--histogramResult.json", 1, false},
		{"prometheus-api/query_range--200--histogramResult.json", 1, false},
		{"captured/prometheus-2.42/query_string.json", 0, true},
		{"captured/prometheus-2.42/err_parse.json", 0, true},
		{"captured/prometheus-2.42/err_dup.json", 0, true},
		{"captured/prometheus-2.42/err_points.json", 0, true},
		{"captured/prometheus-2.42/err_samples.json", 0, true},
		{"captured/prometheus-2.42/admin.json", 0, true},
		{"captured/prometheus-2.42/notfound.txt", 0, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture f;

		captured(&f, cases[i].file);
		if ((f.rc < 0) != cases[i].fails)
			fail_msg("%s: %s", cases[i].file,
				f.rc < 0 ? f.e.what : "accepted");
		assert_int_equal(f.p.n, cases[i].n);
		drop(&f);
	}
}

/* Three observations below zero, twelve around it, two and five above. */
#define NATIVE                                                     \
	"{\"count\":\"23\",\"sum\":\"20.5\",\"buckets\":["         \
	"[1,\"-2\",\"-1\",\"3\"],[3,\"-0.001\",\"0.001\",\"12\"]," \
	"[0,\"1\",\"2\",\"2\"],[0,\"2\",\"4\",\"5\"]]}"

static void reads_native_histograms(void **state)
{
	struct fixture f;
	const struct prom_histogram *h;
	struct prom_classic c;

	(void)state;
	parse(&f,
		VECTOR("{\"metric\":{\"a\":\"b\"},\"histogram\":[1795217384," NATIVE
		       "]}"));
	assert_int_equal(f.rc, 0);
	assert_int_equal(f.p.items[0].samples.n, 0);
	assert_int_equal(f.p.items[0].n_histograms, 1);
	assert_true(isnan(prom_sum(&f.p))); /* it is no number */
	h = f.p.items[0].histograms;
	assert_int_equal(h->at, INT64_C(1795217384) * NS_PER_S);
	assert_true(h->count == 23 && h->sum == 20.5);
	assert_int_equal(h->n, 4);
	assert_int_equal(h->buckets[0].bounds, PROM_LOWER);
	assert_int_equal(h->buckets[1].bounds, PROM_BOTH);
	/* What was NaN is in no bucket. */
	assert_true(prom_histogram_below(h, INFINITY) == 22);
	assert_true(prom_histogram_below(h, -3) == 0);
	assert_true(prom_histogram_below(h, 0) == 9);
	assert_true(prom_histogram_below(h, 1) == 15);
	assert_true(fabs(prom_histogram_below(h, sqrt(2)) - 16) < 1e-12);
	assert_true(fabs(prom_histogram_below(h, -sqrt(2)) - 1.5) < 1e-12);
	assert_true(isnan(prom_histogram_below(h, NAN)));
	prom_classic(&c, &f.a, h);
	assert_int_equal(c.n, 8);
	assert_true(c.le[0] == -2 && c.cumulative[0] == 0);
	assert_true(c.le[3] == 0.001 && c.cumulative[3] == 15);
	assert_true(c.le[6] == 4 && c.cumulative[6] == 22);
	assert_true(isinf(c.le[7]) && c.cumulative[7] == 23);
	drop(&f);
}

/* Bounds that somebody chose: between them it is linear, and the first bucket begins at zero. */
static void custom_bounds_are_linear(void **state)
{
	struct fixture f;
	const struct prom_histogram *h;

	(void)state;
	parse(&f,
		VECTOR("{\"metric\":{},\"histogram\":[1,{\"count\":\"10\",\"sum\":\"2\","
		       "\"buckets\":[[0,\"-Inf\",\"0.1\",\"4\"],[0,\"0.1\",\"0.5\",\"4\"]"
		       ","
		       "[0,\"0.5\",\"+Inf\",\"2\"]]}]}"));
	assert_int_equal(f.rc, 0);
	h = f.p.items[0].histograms;
	assert_true(fabs(prom_histogram_below(h, 0.05) - 2) < 1e-12);
	assert_true(fabs(prom_histogram_below(h, 0.3) - 6) < 1e-12);
	assert_true(prom_histogram_below(h, 100) == 8);
	assert_true(prom_histogram_below(h, INFINITY) == 10);
	drop(&f);
}

static void native_histograms_over_time(void **state)
{
	struct fixture f;

	(void)state;
	parse(&f,
		"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
		"{\"metric\":{},\"values\":[[10,\"1\"]],\"histograms\":[[20," NATIVE "],"
		"[20," NATIVE "],[30,{\"count\":\"0\",\"sum\":\"0\"}]]}]}}");
	assert_int_equal(f.rc, 0);
	assert_int_equal(f.p.items[0].samples.n, 1);
	assert_int_equal(f.p.items[0].n_histograms, 2);
	assert_int_equal(f.p.items[0].histograms[1].n, 0);
	assert_true(prom_histogram_below(&f.p.items[0].histograms[1], 1) == 0);
	assert_int_equal(prom_drop_later(&f.p, 20 * NS_PER_S), 1);
	assert_int_equal(f.p.items[0].n_histograms, 1);
	assert_int_equal(prom_drop_later(&f.p, 0), 2);
	drop(&f);
}

static void refuses_malformed_histograms(void **state)
{
	static const char *const bad[] = {
		"7",
		"{\"sum\":\"1\"}",
		"{\"count\":1,\"sum\":\"1\"}",
		"{\"count\":\"1\",\"sum\":\"1\",\"buckets\":[[0,\"1\",\"2\"]]}",
		"{\"count\":\"1\",\"sum\":\"1\",\"buckets\":[[4,\"1\",\"2\",\"1\"]]}",
		"{\"count\":\"1\",\"sum\":\"1\",\"buckets\":[[0,\"2\",\"1\",\"1\"]]}",
		"{\"count\":\"1\",\"sum\":\"1\",\"buckets\":[[0,\"1\",\"2\",\"-1\"]]}",
		"{\"count\":\"1\",\"sum\":\"1\",\"buckets\":[[0,\"1\",\"2\",\"NaN\"]]}",
		("{\"count\":\"2\",\"sum\":\"1\",\"buckets\":[[0,\"2\",\"4\",\"1\"],"
		 "[0,\"1\",\"2\",\"1\"]]}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *s = mem_format(
			VECTOR("{\"metric\":{},\"histogram\":[1,%s]}"), bad[i]);
		struct fixture f;

		parse(&f, s);
		if (!f.rc)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(f.e.code, ERR_BACKEND);
		free(s);
		drop(&f);
	}
}

static void ranges_keep_within_the_limit(void **state)
{
	int64_t now = INT64_C(1795217390680) * NS_PER_MS;
	struct prom_range r = prom_range(now - NS_PER_DAY, now, NS_PER_MIN);
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	assert_int_equal(r.step_ns, NS_PER_MIN);
	assert_int_equal(r.from % r.step_ns, 0);
	assert_int_equal(r.to % r.step_ns, 0);
	assert_in_range(now - r.to, 0, NS_PER_MIN - 1);
	r = prom_range(now - 30 * NS_PER_DAY, now, NS_PER_S);
	assert_int_equal(r.step_ns, 260 * NS_PER_S);
	assert_true((r.to - r.from) / r.step_ns <= PROM_MAX_POINTS);
	r = prom_range(now - NS_PER_HOUR, now, 1);
	assert_int_equal(r.step_ns, NS_PER_S);
	r = prom_range(now, now, NS_PER_S);
	assert_int_equal(r.from, r.to);
	prom_time(&sb, now);
	assert_string_equal(sb.buf, "1795217390.680");
	strbuf_release(&sb);
}

static void survives_damage(void **state)
{
	static const char seed[] = "{\"status\":\"success\",\"warnings\":[\"w\"],"
				   "\"data\":{\"resultType\":\"matrix\","
				   "\"result\":[{\"metric\":{\"a\":\"b\"},\"values\":[[1."
				   "5,\"1e-07\"],[2,\"NaN\"]]}]}}";
	static const char native[] =
		VECTOR("{\"metric\":{},\"histogram\":[1," NATIVE "]}");
	uint8_t copy[sizeof(seed)];

	(void)state;
	for (size_t cut = 0; cut < sizeof(native); cut++)
		LLVMFuzzerTestOneInput((const uint8_t *)native, cut);
	for (size_t cut = 0; cut < sizeof(seed); cut++) {
		memcpy(copy, seed, sizeof(seed));
		LLVMFuzzerTestOneInput(copy, cut);
		copy[cut] = (uint8_t) "\"{[\0:,9"[cut % 7];
		LLVMFuzzerTestOneInput(copy, sizeof(seed) - 1);
	}
}

UNIT_TESTS(cmocka_unit_test(reads_native_histograms),
	cmocka_unit_test(custom_bounds_are_linear),
	cmocka_unit_test(native_histograms_over_time),
	cmocka_unit_test(refuses_malformed_histograms), cmocka_unit_test(reads_a_vector),
	cmocka_unit_test(no_data_is_not_zero),
	cmocka_unit_test(reads_every_form_of_number),
	cmocka_unit_test(reads_a_matrix_with_holes),
	cmocka_unit_test(warnings_mean_missing_data),
	cmocka_unit_test(errors_keep_their_words_and_class),
	cmocka_unit_test(what_is_no_answer_is_refused),
	cmocka_unit_test(reads_what_servers_sent),
	cmocka_unit_test(ranges_keep_within_the_limit), cmocka_unit_test(survives_damage))
