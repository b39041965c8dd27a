#include "tests/unit/unit.h"

#include <string.h>

#include "core/text.h"
#include "tui/doc.h"

static void expect(struct doc *d, int line, const char *want)
{
	assert_string_equal(doc_line_text(d, line), want);
}

static void lays_out_fields_and_text(void **state)
{
	struct doc *d = doc_new();

	(void)state;
	doc_set_columns(d, 33);
	doc_title(d, ROLE_STRONG, "%s", "one");
	doc_field(d, "state", ROLE_TEXT, "firing");
	doc_field(d, "a longer label", ROLE_TEXT, NULL);
	doc_heading(d, "Head");
	doc_text(d, ROLE_TEXT, "these words are wrapped at thirty columns");
	doc_blank(d);
	doc_code(d, ROLE_TEXT, "a\n\tb\n", 5);
	assert_int_equal(doc_lines(d), 10);
	expect(d, 0, "one");
	expect(d, 1, "state firing");
	expect(d, 2, "a longer label -");
	expect(d, 3, "");
	expect(d, 4, "Head");
	expect(d, 5, "these words are wrapped at");
	expect(d, 6, "thirty columns");
	expect(d, 8, "a");
	expect(d, 9, " b");
	expect(d, 10, "");
	expect(d, -1, "");
	doc_free(d);
}

static void tables_align(void **state)
{
	struct grid g;
	struct box b = {.grid = &g, .rows = 2, .cols = 20};
	struct doc_view v = {0, 0};
	struct doc *d = doc_new();
	const char *pane, *argument;

	(void)state;
	text_locale(true);
	grid_init(&g);
	grid_resize(&g, 2, 20);
	doc_set_columns(d, 20);
	doc_columns_begin(d, "lrl");
	doc_cell(d, ROLE_TEXT, "5m");
	doc_cell(d, ROLE_TEXT, "1.5");
	doc_cell(d, ROLE_TEXT, "a text that is cut");
	doc_cell(d, ROLE_TEXT, "30m");
	doc_cellf(d, ROLE_TEXT, "%d", 22222);
	doc_cell(d, ROLE_TEXT, "b");
	doc_row_link(d, "slos", "x/y");
	doc_columns_end(d);
	doc_draw(d, &v, &b, true);
	assert_int_equal(grid_cell(&g, 0, 2)->points[0], '5');
	assert_int_equal(grid_cell(&g, 0, 9)->points[0], '1');
	assert_int_equal(grid_cell(&g, 1, 7)->points[0], '2');
	assert_int_equal(grid_cell(&g, 0, 18)->points[0], '~');
	assert_false(doc_line_link(d, 0, &pane, &argument));
	assert_true(doc_line_link(d, 1, &pane, &argument));
	assert_string_equal(pane, "slos");
	assert_string_equal(argument, "x/y");
	doc_free(d);
	grid_release(&g);
}

static void the_cursor_scrolls(void **state)
{
	struct grid g;
	struct box b = {.grid = &g, .rows = 5, .cols = 20};
	struct doc_view v = {0, 0};
	struct doc *d = doc_new();

	(void)state;
	grid_init(&g);
	grid_resize(&g, 5, 20);
	for (int i = 0; i < 30; i++)
		doc_textf(d, ROLE_TEXT, "line %d", i);
	doc_move(d, &v, 7);
	doc_draw(d, &v, &b, true);
	assert_int_equal(v.top, 3);
	assert_int_equal(g.cursor_y, 4);
	doc_move(d, &v, 1000);
	doc_draw(d, &v, &b, true);
	assert_int_equal(v.top, 25);
	assert_true(doc_find(d, &v, "line 12", 1));
	assert_int_equal(v.cursor, 12);
	assert_true(doc_find(d, &v, "LINE 11", -1));
	assert_false(doc_find(d, &v, "nowhere", 1));
	doc_clear(d);
	doc_draw(d, &v, &b, true);
	assert_int_equal(v.cursor, 0);
	assert_false(doc_find(d, &v, "line", 1));
	doc_free(d);
	grid_release(&g);
}

/* A page of any length is cut off, not refused. */
static void long_text_has_an_end(void **state)
{
	struct doc *d = doc_new();
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 120000; i++)
		strbuf_adds(&text, "x\n");
	doc_code(d, ROLE_TEXT, text.buf, text.len);
	assert_int_equal(doc_lines(d), 100000);
	strbuf_release(&text);
	doc_free(d);
}

UNIT_TESTS(cmocka_unit_test(lays_out_fields_and_text), cmocka_unit_test(tables_align),
	cmocka_unit_test(the_cursor_scrolls), cmocka_unit_test(long_text_has_an_end))
