#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/path.h"
#include "model/record.h"
#include "poll/exposition.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	char *text[64]; /* "name{labels}" */
	double value[64];
	int64_t at[64];
	enum metric_type type[64];
	size_t n;
};

static void keep(void *ctx, const struct metric_sample *m)
{
	struct seen *s = ctx;
	struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb, m->name);
	metric_labels_json(&sb, m->labels, m->n_labels);
	if (s->n < 64) {
		s->text[s->n] = strbuf_detach(&sb, NULL);
		s->value[s->n] = m->value;
		s->at[s->n] = m->at;
		s->type[s->n++] = m->type;
	}
	strbuf_release(&sb);
}

static int parse(struct seen *s, const char *text, bool openmetrics)
{
	struct err e = ERR_INIT;
	int rc;

	memset(s, 0, sizeof(*s));
	rc = exposition_parse(text, strlen(text), openmetrics, keep, s, &e);
	assert_int_equal(rc < 0, e.code != ERR_NONE);
	err_release(&e);
	return rc;
}

static void drop(struct seen *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->text[i]);
	s->n = 0;
}

static const char text_format[] =
	"# HELP http_requests_total The total.\n"
	"# TYPE http_requests_total counter\n"
	"http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
	"http_requests_total{method=\"post\",code=\"400\",} 3\n"
	"# a comment of no meaning\n"
	"\n"
	"msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\F.TXT\",error=\"no:"
	"\\n\\\"F\\\"\"} "
	"1.458255915e9\n"
	"metric_without_timestamp_and_labels 12.47\n"
	"something_weird{problem=\"division by zero\"} +Inf -3982045\n"
	"# TYPE lat histogram\n"
	"lat_bucket{le=\"0.05\"} 24054\r\n"
	"lat_bucket{le=\"+Inf\"} 144320\n"
	"lat_sum 53423\n"
	"lat_count 144320\n"
	"nan_metric NaN\n"
	"vllm:num_requests_running{model_name=\"m\",empty=\"\"} 2e0";

static void reads_the_text_format(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(&s, text_format, false), 0);
	assert_int_equal(s.n, 11);
	assert_string_equal(
		s.text[0], "http_requests_total{\"code\":\"200\",\"method\":\"post\"}");
	assert_true(s.value[0] == 1027);
	assert_int_equal(s.at[0], INT64_C(1395066363000) * NS_PER_MS);
	assert_int_equal(s.type[0], METRIC_COUNTER);
	assert_int_equal(s.at[1], NONE_INT);
	assert_string_equal(s.text[2],
		"msdos_file_access_time_seconds{\"error\":\"no:\\n\\\"F\\\"\","
		"\"path\":\"C:\\\\DIR\\\\F.TXT\"}");
	assert_int_equal(s.type[2], METRIC_UNTYPED);
	assert_true(s.value[3] == 12.47);
	assert_true(isinf(s.value[4]) && s.value[4] > 0);
	assert_int_equal(s.at[4], INT64_C(-3982045) * NS_PER_MS);
	assert_string_equal(s.text[5], "lat_bucket{\"le\":\"0.05\"}");
	assert_int_equal(s.type[5], METRIC_HISTOGRAM);
	assert_int_equal(s.type[8], METRIC_HISTOGRAM);
	assert_true(isnan(s.value[9]));
	assert_int_equal(s.type[9], METRIC_UNTYPED);
	assert_string_equal(
		s.text[10], "vllm:num_requests_running{\"model_name\":\"m\"}");
	drop(&s);
}

static const char open_format[] =
	"# TYPE foo counter\n"
	"# UNIT foo seconds\n"
	"foo_total{a=\"b\"} 17.0 1520879607.789 # {trace_id=\"KOO5S4vxi0o\"} 0.67\n"
	"foo_created{a=\"b\"} 1520872607.123\n"
	"# TYPE bar histogram\n"
	"bar_bucket{le=\"0.1\"} 8 # {} 0.054\n"
	"bar_bucket{le=\"+Inf\"} 17 # {trace_id=\"x\"} 9.8 1520879607.789\n"
	"{\"utf.8 name\",lab=\"v\"} 3\n"
	"# EOF\n";

static void reads_openmetrics(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(&s, open_format, true), 0);
	assert_int_equal(s.n, 5);
	assert_true(s.value[0] == 17);
	/* Seconds as a double: exact to a microsecond today. */
	assert_in_range(
		s.at[0], INT64_C(1520879607788999000), INT64_C(1520879607789001000));
	assert_int_equal(s.type[0], METRIC_COUNTER);
	assert_int_equal(s.type[1], METRIC_COUNTER);
	assert_int_equal(s.type[3], METRIC_HISTOGRAM);
	assert_true(s.value[3] == 17);
	assert_string_equal(s.text[4], "utf.8 name{\"lab\":\"v\"}");
	drop(&s);
}

static void a_cut_answer_is_refused(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(parse(&s, "a 1\nb 2\n", true), -1);
	drop(&s);
	assert_int_equal(parse(&s, "a 1\n# EOF\nb 2\n", true), -1);
	drop(&s);
	assert_int_equal(parse(&s, "# EOF", true), 0);
	assert_int_equal(parse(&s, "", false), 0);
	/* In the text format "# EOF" is a comment like any other. */
	assert_int_equal(parse(&s, "# EOF\nb 2\n", false), 0);
	drop(&s);
}

static void malformed_lines_are_named(void **state)
{
	static const char *const bad[] = {
		"a",
		"a ",
		"a x",
		"a{",
		"a{b",
		"a{b=",
		"a{b=c} 1",
		"a{b=\"c} 1",
		"a{b=\"c\" 1",
		"a{b=\"c\"",
		"a{b=\"c\"}",
		"a{b=\"c\" d=\"e\"} 1",
		"{} 1",
		"{b=\"c\"} 1",
		"1a 2",
		"a 1 x",
		"a 1 2 3",
		"a 1 1e40",
		"a{1b=\"c\"} 1",
		"a{b=\"c\",b=\"d\"} 1",
		"a{b=\"c\\\"} 1",
		"a 1 # {x=\"y\"} 2",
		"-",
		"a\xff 1",
		"a{,} 1",
	};
	struct err e = ERR_INIT;
	struct seen s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct strbuf sb = STRBUF_INIT;

		strbuf_addf(&sb, "ok 1\n%s\n", bad[i]);
		if (exposition_parse(sb.buf, sb.len, false, keep, &s, &e) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(strstr(e.what, "line 2"));
		assert_int_equal(e.code, ERR_BACKEND);
		strbuf_release(&sb);
		drop(&s);
	}
	err_release(&e);
}

static void limits_hold(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct seen s;

	(void)state;
	strbuf_adds(&sb, "a{");
	for (int i = 0; i <= EXPOSITION_MAX_LABELS; i++)
		strbuf_addf(&sb, "l%d=\"x\",", i);
	strbuf_adds(&sb, "} 1\n");
	assert_int_equal(parse(&s, sb.buf, false), -1);
	strbuf_reset(&sb);
	for (size_t i = 0; i <= EXPOSITION_MAX_TEXT; i++)
		strbuf_addc(&sb, 'a');
	strbuf_adds(&sb, " 1\n");
	assert_int_equal(parse(&s, sb.buf, false), -1);
	strbuf_release(&sb);
}

static void reads_a_real_federation(void **state)
{
	const char *shared = getenv("TOCSIN_SHARED");
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct seen s = {0};
	char *file;

	(void)state;
	file = mem_format("%s/data/slo/captured/prometheus-2.42/federate.txt",
		shared ? shared : "");
	if (path_read(&sb, file, 1 << 20, &e) < 0) {
		free(file);
		err_release(&e);
		skip();
	}
	free(file);
	assert_int_equal(exposition_parse(sb.buf, sb.len, false, keep, &s, &e), 0);
	assert_true(s.n > 3);
	drop(&s);
	strbuf_release(&sb);
}

/* Every prefix of good input, and every byte of it damaged. */
static void survives_damage(void **state)
{
	static const char *const seeds[] = {text_format, open_format};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		size_t n = strlen(seeds[i]);
		uint8_t *copy = mem_new(n + 2, 1);

		for (size_t cut = 0; cut <= n; cut++) {
			copy[0] = (uint8_t)i;
			memcpy(copy + 1, seeds[i], n);
			LLVMFuzzerTestOneInput(copy, cut + 1);
			copy[1 + cut % n] = (uint8_t) "\"{\n\\#\0}="[cut % 8];
			LLVMFuzzerTestOneInput(copy, n + 1);
		}
		free(copy);
	}
}

UNIT_TESTS(cmocka_unit_test(reads_the_text_format), cmocka_unit_test(reads_openmetrics),
	cmocka_unit_test(a_cut_answer_is_refused),
	cmocka_unit_test(malformed_lines_are_named), cmocka_unit_test(limits_hold),
	cmocka_unit_test(reads_a_real_federation), cmocka_unit_test(survives_damage))
