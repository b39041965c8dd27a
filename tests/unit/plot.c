#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/plot.h"
#include "cmd/query_json.h"
#include "core/clock.h"
#include "core/text.h"

#define T0 INT64_C(1795250400000000000) /* 08:40:00Z */

static void line_is(const char *text, int number, const char *want)
{
	char *line;

	while (number-- > 0)
		text = strchr(text, '\n') + 1;
	line = mem_strndup(text, strcspn(text, "\n"));
	assert_string_equal(line, want);
	free(line);
}

static struct plot plot_of(struct plot_series *series, size_t n)
{
	return (struct plot){
		.series = series,
		.n = n,
		.from = T0,
		.to = T0 + 10 * NS_PER_MIN,
		.step_ns = NS_PER_MIN,
		.unit = "s",
		.columns = 40,
		.rows = 7,
	};
}

/* Up, a hole of five minutes, then flat at the top; and what is infinite at the edge. */
static struct sample rising[] = {
	{T0, 0},
	{T0 + 1 * NS_PER_MIN, 2},
	{T0 + 2 * NS_PER_MIN, 4},
	{T0 + 8 * NS_PER_MIN, 4},
	{T0 + 9 * NS_PER_MIN, NAN},
	{T0 + 10 * NS_PER_MIN, INFINITY},
};
static struct sample level[] = {
	{T0, 2}, {T0 + 2 * NS_PER_MIN, 2}, {T0 + 4 * NS_PER_MIN, 2}};

static void draws_one_series_in_stars(void **state)
{
	struct plot_series series = {{rising, ARRAY_LEN(rising)}, ""};
	struct plot p = plot_of(&series, 1);
	struct strbuf out = STRBUF_INIT;

	(void)state;
	text_locale(false);
	p.title = "up\x1b[2J";
	plot_draw(&out, &p);
	line_is(out.buf, 0, "up<1b>[2J");
	line_is(out.buf, 1, "     4s +     **                 *     *");
	line_is(out.buf, 3, "        |  **");
	line_is(out.buf, 5, "     0s +**");
	line_is(out.buf, 6, "         +--------------+--------------+");
	line_is(out.buf, 7, "         08:40:00   08:45:00    08:50:00");
	line_is(out.buf, 8, "   last +Inf, lowest 0s, highest +Inf");
	for (size_t i = 0; i < out.len; i++)
		assert_true((unsigned char)out.buf[i] < 0x80);
	strbuf_release(&out);
}

static void several_are_letters_with_a_legend(void **state)
{
	struct plot_series series[] = {{{rising, 3}, "a=\"1\""},
		{{level, ARRAY_LEN(level)}, "a label that is much too long for the line"},
		{{NULL, 0}, "empty"}};
	struct plot p = plot_of(series, 3);
	struct strbuf out = STRBUF_INIT;

	(void)state;
	text_locale(true);
	plot_draw(&out, &p);
	line_is(out.buf, 0, "     4s +     aa");
	line_is(out.buf, 2, "        |bb**bbbbbbbbb");
	line_is(out.buf, 4, "     0s +aa");
	line_is(out.buf, 7, "a  last 4s, lowest 0s, highest 4s  a=\"1\"");
	line_is(out.buf, 8, "b  last 2s, lowest 2s, highest 2s  a label t~");
	line_is(out.buf, 9, "c  no data  empty");
	strbuf_release(&out);
	text_locale(false);
}

static void scales_hold_any_numbers(void **state)
{
	static const struct {
		double low, high;
		const char *top, *bottom;
	} cases[] = {
		{0, 0, "1", "0"},
		{5, 5, "6", "0"},
		{-3, -3, "-2", "-3"},
		{-10, 10, "10", "-10"},
		{1000, 1001, "1001", "1000"},
		{0.0001, 0.00025, "0.0003", "0"},
		{3e9, 7e9, "8G", "0"},
		{-7e9, -3e9, "0", "-8G"},
		{1e300, 1e308, "1", "0"},
	};

	(void)state;
	text_locale(false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample points[] = {
			{T0, cases[i].low}, {T0 + NS_PER_MIN, cases[i].high}};
		struct plot_series series = {{points, 2}, "x"};
		struct plot p = plot_of(&series, 1);
		struct strbuf out = STRBUF_INIT;
		char *want = mem_format("%7s +", cases[i].top);

		p.unit = NULL;
		plot_draw(&out, &p);
		if (strncmp(out.buf, want, strlen(want)) != 0)
			fail_msg("%g..%g: %s", cases[i].low, cases[i].high, out.buf);
		free(want);
		want = mem_format("\n%7s +", cases[i].bottom);
		if (!strstr(out.buf, want))
			fail_msg("%g..%g: %s", cases[i].low, cases[i].high, out.buf);
		free(want);
		strbuf_release(&out);
	}
}

static void tiny_and_empty_plots_are_drawn(void **state)
{
	struct plot_series series = {{rising, 3}, ""};
	struct plot p = plot_of(&series, 1);
	struct strbuf out = STRBUF_INIT;

	(void)state;
	p.columns = p.rows = 1;
	p.to = p.from;
	plot_draw(&out, &p);
	assert_true(out.len > 0);
	p.n = 0;
	plot_draw(&out, &p);
	strbuf_release(&out);
}

static void units_are_said_when_they_are_sure(void **state)
{
	static const struct {
		const char *expression, *unit;
	} cases[] = {
		{"process_resident_memory_bytes", "B"},
		{"max(vllm:time_to_first_token_seconds_sum)", "s"},
		{"histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[5m])))",
			"s"},
		{"x_seconds{a=~\".*/b\"}", "s"},
		{"rate(x_seconds_sum[5m])", NULL},
		{"rate(x_sum[5m]) / rate(x_count[5m])", NULL},
		{"x_seconds_sum / x_seconds_count", NULL},
		{"x_seconds_count", NULL},
		{"x_seconds_bucket", NULL},
		{"count(x_bytes)", NULL},
		{"up", NULL},
		{"", NULL},
		{"{", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *unit = query_unit(cases[i].expression);

		if (!cases[i].unit && unit)
			fail_msg("%s: %s", cases[i].expression, unit);
		if (cases[i].unit && (!unit || strcmp(unit, cases[i].unit) != 0))
			fail_msg("%s: %s", cases[i].expression, unit ? unit : "none");
	}
}

static void names_of_series_are_sorted_and_quoted(void **state)
{
	static const char text[] = "[{\"b\":\"x\\\"y\",\"__name__\":\"m\",\"a\":\"1\"},"
				   "{\"b\":\"z\",\"__name__\":\"m\",\"a\":\"1\"}]";
	struct prom_series items[2] = {0};
	struct prom_answer p = {.items = items, .n = 2};
	struct json *document = NULL;
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(json_parse(&document, text, strlen(text), &e), 0);
	items[0].labels = json_first(document);
	items[1].labels = json_next(items[0].labels);
	query_series_name(&sb, items[0].labels, NULL, false);
	assert_string_equal(sb.buf, "m{a=\"1\", b=\"x\\\"y\"}");
	strbuf_reset(&sb);
	query_series_name(&sb, items[0].labels, &p, true);
	assert_string_equal(sb.buf, "m{a=\"1\"}");
	strbuf_reset(&sb);
	query_series_name(&sb, items[1].labels, &p, false);
	assert_string_equal(sb.buf, "{b=\"z\"}");
	strbuf_release(&sb);
	json_free(document);
}

static void numbers_read_back(void **state)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {{1, "1"}, {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"},
		{1e-7, "1e-07"}, {NAN, "NaN"}, {INFINITY, "+Inf"}, {-INFINITY, "-Inf"},
		{123456789, "123456789"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb = STRBUF_INIT;

		query_number(&sb, cases[i].v);
		assert_string_equal(sb.buf, cases[i].text);
		strbuf_release(&sb);
	}
}

UNIT_TESTS(cmocka_unit_test(draws_one_series_in_stars),
	cmocka_unit_test(several_are_letters_with_a_legend),
	cmocka_unit_test(scales_hold_any_numbers),
	cmocka_unit_test(tiny_and_empty_plots_are_drawn),
	cmocka_unit_test(units_are_said_when_they_are_sure),
	cmocka_unit_test(names_of_series_are_sorted_and_quoted),
	cmocka_unit_test(numbers_read_back))
