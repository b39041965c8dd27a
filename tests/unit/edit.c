#include "tests/unit/unit.h"

#include <string.h>

#include "core/text.h"
#include "tui/edit.h"

static void type(struct edit *ed, uint32_t key)
{
	struct event ev = {.kind = EVENT_KEY, .key = key};

	edit_event(ed, &ev);
}

static void types(struct edit *ed, const char *s)
{
	for (; *s; s++)
		type(ed, (unsigned char)*s);
}

static void inserts_moves_and_erases(void **state)
{
	struct edit ed;

	(void)state;
	edit_init(&ed, "ad");
	type(&ed, K_LEFT);
	types(&ed, "bc");
	assert_string_equal(ed.text.buf, "abcd");
	type(&ed, K_HOME);
	type(&ed, K_DELETE);
	assert_string_equal(ed.text.buf, "bcd");
	type(&ed, K_END);
	type(&ed, K_BACKSPACE);
	assert_string_equal(ed.text.buf, "bc");
	types(&ed, " two words");
	type(&ed, K_CTRL('w'));
	assert_string_equal(ed.text.buf, "bc two ");
	type(&ed, K_CTRL('u'));
	assert_string_equal(ed.text.buf, "");
	type(&ed, K_BACKSPACE);
	type(&ed, K_LEFT);
	type(&ed, K_RIGHT);
	assert_string_equal(ed.text.buf, "");
	edit_release(&ed);
}

static void keeps_characters_whole(void **state)
{
	struct edit ed;

	(void)state;
	edit_init(&ed, NULL);
	type(&ed, 0x6f22);
	type(&ed, 0xe9);
	assert_int_equal(ed.text.len, 5);
	type(&ed, K_LEFT);
	assert_int_equal(ed.at, 3);
	type(&ed, K_BACKSPACE);
	assert_string_equal(ed.text.buf, "\xc3\xa9");
	type(&ed, K_DELETE);
	assert_string_equal(ed.text.buf, "");
	edit_release(&ed);
}

static void pastes_are_text(void **state)
{
	static const char paste[] = "a\033[2Jb\nc\r\n";
	struct event ev = {.kind = EVENT_PASTE, .text = paste, .n = sizeof(paste) - 1};
	struct edit ed;

	(void)state;
	edit_init(&ed, NULL);
	assert_true(edit_event(&ed, &ev));
	assert_string_equal(ed.text.buf, "a<1b>[2Jb c");
	assert_false(edit_event(&ed, &(struct event){.kind = EVENT_KEY, .key = K_UP}));
	assert_false(edit_event(&ed, &(struct event){.kind = EVENT_KEY, .key = 0x202e}));
	edit_release(&ed);
}

static void scrolls_and_hides(void **state)
{
	struct grid g;
	struct box b = {.grid = &g, .rows = 1, .cols = 6};
	struct edit ed;

	(void)state;
	text_locale(true);
	grid_init(&g);
	grid_resize(&g, 1, 6);
	edit_init(&ed, "0123456789");
	edit_draw(&ed, &b, 0, 0, 6, true);
	assert_int_equal(grid_cell(&g, 0, 0)->points[0], '5');
	assert_int_equal(g.cursor_x, 5);
	ed.secret = true;
	edit_draw(&ed, &b, 0, 0, 6, true);
	assert_int_equal(grid_cell(&g, 0, 0)->points[0], '*');
	edit_release(&ed);
	grid_release(&g);
}

UNIT_TESTS(cmocka_unit_test(inserts_moves_and_erases),
	cmocka_unit_test(keeps_characters_whole), cmocka_unit_test(pastes_are_text),
	cmocka_unit_test(scrolls_and_hides))
