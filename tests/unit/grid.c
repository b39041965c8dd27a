#include "tests/unit/unit.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "core/strbuf.h"
#include "core/text.h"
#include "core/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tui/draw.h"

static void row_text(const struct grid *g, int y, struct strbuf *out)
{
	strbuf_reset(out);
	for (int x = 0; x < g->cols; x++)
		for (int i = 0; i < CELL_POINTS && grid_cell(g, y, x)->points[i]; i++)
			text_encode(out, grid_cell(g, y, x)->points[i]);
}

static void expect_row(const struct grid *g, int y, const char *want)
{
	struct strbuf have = STRBUF_INIT;

	row_text(g, y, &have);
	assert_string_equal(have.buf, want);
	strbuf_release(&have);
}

static struct box box_of(struct grid *g, int rows, int cols)
{
	grid_init(g);
	grid_resize(g, rows, cols);
	return (struct box){.grid = g, .rows = rows, .cols = cols};
}

static void cuts_and_aligns(void **state)
{
	struct grid g;
	struct box b = box_of(&g, 3, 10);

	(void)state;
	assert_int_equal(box_text(&b, 0, 2, 20, ROLE_TEXT, "0123456789"), 8);
	expect_row(&g, 0, "  0123456~");
	box_right(&b, 1, 0, 10, ROLE_TEXT, "abc");
	expect_row(&g, 1, "       abc");
	box_right(&b, 2, 0, 3, ROLE_TEXT, "abcdef");
	expect_row(&g, 2, "ab~       ");
	assert_int_equal(box_text(&b, 7, 0, 5, ROLE_TEXT, "x"), 0);
	assert_int_equal(box_text(&b, 0, 10, 5, ROLE_TEXT, "x"), 0);
	assert_int_equal(box_text(&b, 0, 0, 5, ROLE_TEXT, NULL), 0);
	grid_release(&g);
}

static void wide_characters_stay_whole(void **state)
{
	struct grid g;
	struct box b = box_of(&g, 2, 6);

	(void)state;
	box_text(&b, 0, 0, 6, ROLE_TEXT,
		"\xe6\xbc\xa2\xe5\xad\x97"
		"e\xcc\x81");
	expect_row(&g, 0,
		"\xe6\xbc\xa2\xe5\xad\x97"
		"e\xcc\x81 ");
	assert_int_equal(grid_cell(&g, 0, 0)->width, 2);
	assert_int_equal(grid_cell(&g, 0, 1)->width, 0);
	/* What loses its other half becomes blank. */
	box_text(&b, 0, 1, 1, ROLE_TEXT, "x");
	expect_row(&g, 0,
		" x\xe5\xad\x97"
		"e\xcc\x81 ");
	box_text(&b, 0, 2, 1, ROLE_TEXT, "y");
	expect_row(&g, 0, " xy e\xcc\x81 ");
	/* One that would stick out is left out. */
	assert_int_equal(grid_put(&g, 1, 5, 6, ROLE_TEXT, "\xe6\xbc\xa2", 3), 0);
	expect_row(&g, 1, "      ");
	grid_release(&g);
}

static void nothing_dangerous_gets_in(void **state)
{
	static const char bad[] = "\033[2J\x9b"
				  "1m\xc2\x9b\xe2\x80\xae\a\r\n\x7f\xff";
	struct grid g;
	struct box b = box_of(&g, 1, 120);

	(void)state;
	box_text(&b, 0, 0, 120, ROLE_TEXT, bad);
	for (int x = 0; x < g.cols; x++) {
		uint32_t point = grid_cell(&g, 0, x)->points[0];

		assert_true(point >= 0x20 && point < 0x7f);
	}
	grid_release(&g);
}

static void ascii_locale_gets_ascii(void **state)
{
	struct grid g;
	struct box b = box_of(&g, 2, 10);

	(void)state;
	text_locale(false);
	box_text(&b, 0, 0, 10, ROLE_TEXT, "\xc3\xa9 \xe6\xbc\xa2!");
	expect_row(&g, 0,
		"? ?"
		"?!     ");
	box_bar(&b, 1, 0, 10, ROLE_CHART, 0.45);
	expect_row(&g, 1, "#####-----");
	text_locale(true);
	grid_release(&g);
}

static void bars_show_shares(void **state)
{
	struct grid g;
	struct box b = box_of(&g, 5, 4);

	(void)state;
	box_bar(&b, 0, 0, 4, ROLE_CHART, 0.625);
	expect_row(&g, 0, "\xe2\xa3\xbf\xe2\xa3\xbf\xe2\xa1\x87\xe2\xa0\x84");
	box_bar(&b, 1, 0, 4, ROLE_CHART, 0.0001);
	expect_row(&g, 1, "\xe2\xa1\x87\xe2\xa0\x84\xe2\xa0\x84\xe2\xa0\x84");
	box_bar(&b, 2, 0, 4, ROLE_CHART, 7);
	expect_row(&g, 2, "\xe2\xa3\xbf\xe2\xa3\xbf\xe2\xa3\xbf\xe2\xa3\xbf");
	box_bar(&b, 3, 0, 4, ROLE_CHART, NAN);
	expect_row(&g, 3, "    ");
	b.plain = true;
	box_bar(&b, 4, 0, 4, ROLE_CHART, 1);
	expect_row(&g, 4, "    ");
	grid_release(&g);
}

static void boxes_clip(void **state)
{
	struct grid g;
	struct box b = box_of(&g, 4, 8), sub = box_sub(&b, 1, 2, 10, 10), in;

	(void)state;
	assert_int_equal(sub.rows, 3);
	assert_int_equal(sub.cols, 6);
	in = box_sub(&sub, 1, 1, 1, 2);
	box_text(&in, 0, 0, 100, ROLE_TEXT, "abcdef");
	expect_row(&g, 2, "   a~   ");
	sub = box_sub(&b, 9, 9, 1, 1);
	assert_int_equal(sub.rows, 0);
	assert_int_equal(sub.cols, 0);
	box_fill(&sub, 0, 0, 5, 5, ROLE_PAGE);
	box_cursor(&sub, 0, 0, true);
	assert_int_equal(g.cursor_y, -1);
	grid_release(&g);
}

static void clicks_hit_the_uppermost(void **state)
{
	struct grid g;
	struct hits hits = {0};
	struct box b = box_of(&g, 4, 8);

	(void)state;
	b.hits = &hits;
	box_hit(&b, 0, 0, 4, 8, HIT_ROW, 1, NULL);
	box_hit(&b, 1, 2, 1, 3, HIT_TAB, 2, NULL);
	assert_int_equal(hits_at(&hits, 1, 3)->index, 2);
	assert_int_equal(hits_at(&hits, 1, 5)->index, 1);
	assert_null(hits_at(&hits, 4, 0));
	hits_release(&hits);
	grid_release(&g);
}

static void fuzz_seeds_pass(void **state)
{
	static const char *const seeds[] = {
		"\001\002\003\004\033[31mred\xe6\xbc\xa2\xe5\xad\x97"
		"e\xcc\x81\xe2\x80\xae",
		"\047\377\001\020\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xef\xb8\x8f"
		"\n"
		"\t\x9b",
		"\001\001\001\001\xe6\xbc\xa2\xe6\xbc\xa2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		for (size_t n = 0; n <= strlen(seeds[i]) + 1; n++)
			assert_int_equal(
				LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], n), 0);
}

static int group_setup(void **state)
{
	(void)state;
	setlocale(LC_ALL, "C.UTF-8");
	text_locale(true);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_and_aligns),
		cmocka_unit_test(wide_characters_stay_whole),
		cmocka_unit_test(nothing_dangerous_gets_in),
		cmocka_unit_test(ascii_locale_gets_ascii),
		cmocka_unit_test(bars_show_shares),
		cmocka_unit_test(boxes_clip),
		cmocka_unit_test(clicks_hit_the_uppermost),
		cmocka_unit_test(fuzz_seeds_pass),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
