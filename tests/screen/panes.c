#include "tests/screen/harness.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "tui/panes/panes.h"

/*
 * What holds for every pane of the table: at 80 x 24 a picture in golden/, elsewhere what must be
 * true of any screen.
 */

static struct screen *open_at(const struct screen_conf *conf, const struct pane_ops *pane)
{
	struct screen *s = screen_open(conf);

	assert_non_null(s);
	console_go(screen_console(s), pane->name, NULL);
	screen_run(s);
	return s;
}

static void each_pane(const struct screen_conf *conf,
	void (*check)(struct screen *, const struct pane_ops *))
{
	for (int i = 0; pane_table[i]; i++) {
		struct screen *s;

		if (pane_table[i]->hidden)
			continue;
		s = open_at(conf, pane_table[i]);
		check(s, pane_table[i]);
		screen_close(s);
	}
}

/* --- the pictures --- */

static void is_golden(struct screen *s, const struct pane_ops *pane)
{
	screen_golden(s, pane->name);
}

static void every_pane_looks_as_it_should(void **state)
{
	(void)state;
	each_pane(&(struct screen_conf){0}, is_golden);
}

/* --- properties --- */

/* The selected row is reverse (on a page: marked), and the cursor stands on it. */
static void check_cursor(struct screen *s)
{
	struct strbuf row = STRBUF_INIT;
	bool marked;
	int y, x;

	screen_cursor(s, &y, &x);
	screen_row(s, y, &row);
	marked = row.buf[0] == '>';
	strbuf_release(&row);
	if (screen_rows(s) < 4 || marked)
		return;
	if (!screen_reverse_at(s, y, x)) {
		struct strbuf text = STRBUF_INIT;

		screen_text(s, &text);
		fail_msg("the cursor is at %d,%d and not on a selected row:\n%s", y, x,
			text.buf);
	}
}

static void check_context(struct screen *s)
{
	struct strbuf row = STRBUF_INIT;
	int n = screen_cols(s) < 7 ? 1 : 7;

	screen_row(s, 0, &row);
	if (strncmp(row.buf, &" prod-eu"[screen_cols(s) < 12 ? 1 : 0], (size_t)n))
		fail_msg("no context: '%s'", row.buf);
	strbuf_release(&row);
}

/* Nothing that a terminal acts on may be in a cell. */
static void check_cells(struct screen *s)
{
	struct strbuf text = STRBUF_INIT;

	screen_text(s, &text);
	for (size_t i = 0, used; i < text.len; i += used) {
		uint32_t point = text_decode(text.buf + i, text.len - i, &used);

		if (point != '\n' && text_cp_is_unsafe(point))
			fail_msg("U+%04X is on the screen", (unsigned)point);
	}
	strbuf_release(&text);
}

static void check_rows(struct screen *s, const struct pane_ops *pane)
{
	const struct row **rows;
	size_t n = pane_visible(console_front_pane(screen_console(s)), &rows);

	(void)pane;
	check_context(s);
	check_cells(s);
	if (n)
		check_cursor(s);
}

static void holds_at_every_size(void **state)
{
	static const int sizes[][2] = {
		{24, 80},
		{16, 60},
		{10, 40},
		{5, 20},
		{1, 1},
		{2, 2},
		{3, 7},
		{45, 160},
		{60, 200},
		{200, 500},
		{1, 200},
		{60, 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		each_pane(&(struct screen_conf){.rows = sizes[i][0], .cols = sizes[i][1]},
			check_rows);
}

static void hostile_text_stays_text(void **state)
{
	static const int sizes[][2] = {{24, 80}, {10, 40}, {60, 200}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		each_pane(&(struct screen_conf){.rows = sizes[i][0],
				  .cols = sizes[i][1],
				  .hostile = true},
			check_rows);
}

static void check_detail(struct screen *s, const struct pane_ops *pane)
{
	screen_keys(s, "<Enter>");
	check_rows(s, pane);
	screen_keys(s, "jjjjGgx<Esc>");
	check_cells(s);
	check_context(s);
}

static void check_detail_cells(struct screen *s, const struct pane_ops *pane)
{
	(void)pane;
	screen_keys(s, "<Enter>");
	check_cells(s);
	screen_keys(s, "jjjjG");
	check_cells(s);
	check_context(s);
	screen_keys(s, "<Esc>x<Esc>?<Esc>:<Esc>");
	check_cells(s);
}

static void hostile_text_stays_text_in_details(void **state)
{
	(void)state;
	each_pane(&(struct screen_conf){.hostile = true}, check_detail_cells);
	each_pane(&(struct screen_conf){.rows = 10, .cols = 40, .hostile = true},
		check_detail_cells);
}

/* Our own bytes: escape sequences that we know, and nothing that came from a record. */
static void check_sent(struct screen *s, const struct pane_ops *pane)
{
	const struct strbuf *sent = screen_sent(s);

	(void)pane;
	screen_keys(s, "<Enter>G<Esc>");
	for (size_t i = 0; i < sent->len; i++) {
		unsigned char c = (unsigned char)sent->buf[i];

		if (c == 0x07 || c == 0x7f || c == 0x9b ||
			(c < 0x20 && !strchr("\033\r\n\b\t", c)))
			fail_msg("byte %02x was sent", c);
	}
	assert_null(memmem(sent->buf, sent->len, "\033]52", 4));
	assert_null(memmem(sent->buf, sent->len, "\xe2\x80\xae", 3));
}

static void hostile_bytes_are_not_sent(void **state)
{
	struct screen_conf conf = {.hostile = true};

	(void)state;
	/* The bell is rung for the page: it is let out before. */
	conf.quiet = true;
	each_pane(&conf, check_sent);
}

static void check_ascii(struct screen *s, const struct pane_ops *pane)
{
	screen_keys(s, "<Enter>G<Esc>?<Esc>");
	for (size_t i = 0; i < screen_sent(s)->len; i++)
		if ((unsigned char)screen_sent(s)->buf[i] >= 0x80)
			fail_msg("%s: byte %02x in the C locale", pane->name,
				(unsigned char)screen_sent(s)->buf[i]);
}

static void c_locale_gets_ascii(void **state)
{
	(void)state;
	each_pane(&(struct screen_conf){.ascii = true}, check_ascii);
	each_pane(&(struct screen_conf){.ascii = true, .hostile = true}, check_ascii);
	each_pane(&(struct screen_conf){.ascii = true, .rows = 60, .cols = 200},
		check_ascii);
}

/* SGR 3x, 4x, 9x and 10x set colours; 39 and 49 too. */
static void check_no_colour(struct screen *s, const struct pane_ops *pane)
{
	const char *at = screen_sent(s)->buf;

	while ((at = strstr(at, "\033["))) {
		size_t n = strspn(at + 2, "0123456789;");

		if (at[2 + n] == 'm')
			for (const char *p = at + 2; p < at + 2 + n;
				p += strcspn(p, ";m") + 1) {
				int code = atoi(p);

				if ((code >= 30 && code < 50) || code >= 90)
					fail_msg("%s: SGR %d with NO_COLOR", pane->name,
						code);
			}
		at += 2;
	}
	check_rows(s, pane);
}

static void no_color_sends_no_colour(void **state)
{
	(void)state;
	each_pane(&(struct screen_conf){.no_color = true}, check_no_colour);
}

static void check_plain(struct screen *s, const struct pane_ops *pane)
{
	struct strbuf text = STRBUF_INIT;

	screen_text(s, &text);
	screen_keys(s, "<Enter>");
	screen_text(s, &text);
	for (size_t i = 0, used; i < text.len; i += used) {
		uint32_t point = text_decode(text.buf + i, text.len - i, &used);

		/* Box drawing, blocks and geometry, braille. */
		if ((point >= 0x2500 && point < 0x2600) ||
			(point >= 0x2800 && point < 0x2900))
			fail_msg("%s: U+%04X in plain", pane->name, (unsigned)point);
	}
	strbuf_release(&text);
}

static void plain_has_no_pictures(void **state)
{
	(void)state;
	each_pane(&(struct screen_conf){.plain = true}, check_plain);
	each_pane(&(struct screen_conf){.plain = true, .rows = 60, .cols = 200},
		check_plain);
}

/* A store without rows: every pane says what to do, and none crashes. */
static void check_empty(struct screen *s, const struct pane_ops *pane)
{
	struct strbuf text = STRBUF_INIT;

	screen_keys(s, "<Enter>jkGgxRyo/a<Enter><Esc>s<Esc>?<Esc>");
	screen_text(s, &text);
	if (text.len < 100)
		fail_msg("%s says nothing:\n%s", pane->name, text.buf);
	strbuf_release(&text);
}

static void empty_store_is_explained(void **state)
{
	(void)state;
	each_pane(&(struct screen_conf){.empty = true}, check_empty);
}

static void check_resize(struct screen *s, const struct pane_ops *pane)
{
	static const int sizes[][2] = {
		{60, 200}, {1, 1}, {10, 40}, {24, 80}, {5, 20}, {24, 80}};

	screen_keys(s, "<Enter>");
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		screen_resize(s, sizes[i][0], sizes[i][1]);
		check_cells(s);
	}
	screen_keys(s, "<Esc>");
	(void)pane;
}

static void resizing_is_survived(void **state)
{
	(void)state;
	each_pane(&(struct screen_conf){0}, check_resize);
}

static void in_the_past_too(void **state)
{
	(void)state;
	for (int i = 0; pane_table[i]; i++) {
		struct screen *s;

		if (pane_table[i]->hidden)
			continue;
		s = open_at(&(struct screen_conf){0}, pane_table[i]);
		screen_keys(s, "T12m<Enter>");
		assert_true(screen_has(s, "AS IT WAS"));
		check_detail(s, pane_table[i]);
		screen_keys(s, "<Esc><Esc><Esc>");
		assert_false(screen_has(s, "AS IT WAS"));
		screen_close(s);
	}
}

UNIT_TESTS(cmocka_unit_test(every_pane_looks_as_it_should),
	cmocka_unit_test(holds_at_every_size), cmocka_unit_test(hostile_text_stays_text),
	cmocka_unit_test(hostile_text_stays_text_in_details),
	cmocka_unit_test(hostile_bytes_are_not_sent),
	cmocka_unit_test(c_locale_gets_ascii), cmocka_unit_test(no_color_sends_no_colour),
	cmocka_unit_test(plain_has_no_pictures),
	cmocka_unit_test(empty_store_is_explained),
	cmocka_unit_test(resizing_is_survived), cmocka_unit_test(in_the_past_too))
