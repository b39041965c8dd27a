#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"
#include "tui/chart.h"

#define T0 INT64_C(1795250400000000000) /* 08:40:00Z */

static void row_text(const struct grid *g, int y, struct strbuf *out)
{
	strbuf_reset(out);
	for (int x = 0; x < g->cols; x++)
		text_encode(out, grid_cell(g, y, x)->points[0]);
}

static void expect_row(const struct grid *g, int y, const char *want)
{
	struct strbuf have = STRBUF_INIT;

	row_text(g, y, &have);
	assert_string_equal(have.buf, want);
	strbuf_release(&have);
}

/* Four minutes: 0, 2, 4 and nothing at the end. */
static const struct chart_point points[] = {
	{T0 + 1 * NS_PER_MIN, 0},
	{T0 + 2 * NS_PER_MIN, 2},
	{T0 + 3 * NS_PER_MIN, 4},
	{T0 + 4 * NS_PER_MIN, NAN},
};

static struct chart chart_of(void)
{
	return (struct chart){
		.unit = "x",
		.points = points,
		.n = ARRAY_LEN(points),
		.from = T0,
		.to = T0 + 4 * NS_PER_MIN,
		.threshold = NAN,
		.top = 4,
		.role = ROLE_CHART,
		.utc = true,
	};
}

static struct box box_of(struct grid *g, int rows, int cols)
{
	text_locale(false);
	grid_init(g);
	grid_resize(g, rows, cols);
	return (struct box){.grid = g, .rows = rows, .cols = cols};
}

static void draws_axes_and_values(void **state)
{
	struct grid g;
	struct box b = box_of(&g, 5, 31);
	struct chart ch = chart_of();

	(void)state;
	ch.threshold = 3;
	ch.threshold_name = "page";
	ch.n_marks = 1;
	ch.marks[0] = T0 + 2 * NS_PER_MIN;
	ch.mark_names[0] = '^';
	chart_draw(&ch, &b);
	/* 24 columns, six a minute, each in two halves: a value holds until the next one. */
	expect_row(&g, 0, "    4x                  :#####:");
	expect_row(&g, 1, "    3x -----------------:#####:");
	expect_row(&g, 2, "                  :###########:");
	expect_row(&g, 3, "    0x            :###########:");
	expect_row(&g, 4, "       08:40:00    ^   08:44:00");
	grid_release(&g);
}

static void says_it_in_words(void **state)
{
	struct chart ch = chart_of();
	struct strbuf out = STRBUF_INIT;

	(void)state;
	chart_words(&out, &ch);
	assert_string_equal(
		out.buf, "now 4x, highest 4x at 08:43:00, lowest 0x at 08:41:00");
	strbuf_reset(&out);
	ch.n = 0;
	chart_words(&out, &ch);
	assert_string_equal(out.buf, "no data");
	strbuf_release(&out);
}

static void survives_odd_values(void **state)
{
	static const struct chart_point odd[] = {{T0, INFINITY}, {T0 + 1, -5},
		{T0 + 2, 1e300}, {T0 + 3, -INFINITY}, {T0 + 4, NAN}, {T0 + 5, 1e-300}};
	struct chart ch = chart_of();
	struct grid g;
	struct box b = box_of(&g, 8, 40);

	(void)state;
	ch.points = odd;
	ch.n = ARRAY_LEN(odd);
	ch.top = NAN;
	chart_draw(&ch, &b);
	ch.from = ch.to;
	chart_draw(&ch, &b);
	ch.from = ch.to + 5;
	chart_draw(&ch, &b);
	for (int rows = 0; rows < 5; rows++)
		for (int cols = 0; cols < 14; cols++) {
			struct box small = box_sub(&b, 0, 0, rows, cols);

			chart_draw(&ch, &small);
			chart_spark(&small, 0, 0, cols, ROLE_CHART, odd, ch.n, T0, T0 + 9,
				NAN);
		}
	grid_release(&g);
}

static void sparks_in_braille(void **state)
{
	struct grid g;
	struct box b = box_of(&g, 1, 2);
	struct strbuf row = STRBUF_INIT;

	(void)state;
	text_locale(true);
	chart_spark(&b, 0, 0, 2, ROLE_CHART, points, 4, T0, T0 + 4 * NS_PER_MIN, 4);
	row_text(&g, 0, &row);
	/* Nothing, half; whole, a gap. */
	assert_string_equal(row.buf, "\xe2\xa2\xa0\xe2\xa1\x87");
	strbuf_release(&row);
	grid_release(&g);
}

UNIT_TESTS(cmocka_unit_test(draws_axes_and_values), cmocka_unit_test(says_it_in_words),
	cmocka_unit_test(survives_odd_values), cmocka_unit_test(sparks_in_braille))
