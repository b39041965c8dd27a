#include "tests/unit/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "tests/pty/stage.h"

/* Every kind of terminal, of any size, however slow. */

static void fail_showing(struct pty *p, const char *why)
{
	struct strbuf text = STRBUF_INIT;

	pty_text(p, &text);
	fail_msg("%s:\n%s", why, text.buf);
}

static void expect(struct pty *p, const char *text)
{
	if (!pty_wait(p, text))
		fail_showing(p, text);
}

static void leave(struct pty *p)
{
	int status;

	pty_send(p, "q");
	assert_true(pty_wait_end(p, PTY_PATIENCE_MS, &status));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(pty_is_cooked(p));
	pty_free(p);
}

/* --- sizes --- */

static void every_size_says_what_it_can(void **state)
{
	static const struct {
		int rows, cols;
		const char *says[3];
	} sizes[] = {
		{24, 80, {"prod-eu", "checkout-assistant/avail", "Changes"}},
		{16, 60, {"prod-eu", "checkout-assistant", NULL}},
		{10, 40, {"prod-eu", "checkout-assistant", NULL}},
		{5, 20, {"prod-eu", NULL, NULL}},
		{1, 1, {NULL, NULL, NULL}},
		{200, 500, {"prod-eu", "checkout-assistant", "fraud-scorer"}},
	};
	struct stage at;

	(void)state;
	stage_open(&at, false);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct pty *p = stage_watch(&at,
			&(struct pty_conf){.rows = sizes[i].rows, .cols = sizes[i].cols},
			NULL);

		for (int k = 0; k < 3 && sizes[i].says[k]; k++)
			expect(p, sizes[i].says[k]);
		assert_true(pty_settle(p, 200));
		if (pty_has(p, "too small"))
			fail_showing(p, "it says that the window is too small");
		pty_send(p, "2jjk1");
		assert_true(pty_settle(p, 100));
		leave(p);
	}
	stage_close(&at);
}

/* Twenty in 0.4 s, over all sizes: one frame or two when it is over, and the right one. */
static void a_storm_of_sizes(void **state)
{
	struct stage at;
	struct pty *p;
	size_t full;

	(void)state;
	stage_open(&at, false);
	p = stage_watch(&at, &(struct pty_conf){0}, NULL);
	expect(p, "checkout-assistant");
	assert_true(pty_settle(p, 100));
	pty_clear(p);
	pty_send(p, "\f");
	assert_true(pty_settle(p, 100));
	full = pty_sent(p)->len;
	for (int i = 0; i < 20; i++) {
		static const int sizes[][2] = {
			{1, 1}, {200, 500}, {24, 81}, {5, 20}, {60, 200}};

		pty_resize(p, sizes[i % 5][0], sizes[i % 5][1]);
		pty_read(p, 20);
	}
	pty_clear(p);
	pty_resize(p, 24, 80);
	expect(p, "checkout-assistant");
	assert_true(pty_settle(p, 300));
	printf("%zu bytes after the last of 20 sizes; a full frame is %zu\n",
		pty_sent(p)->len, full);
	assert_in_range(pty_sent(p)->len, 1, 3 * full);
	leave(p);
	stage_close(&at);
}

/* --- kinds --- */

static void every_kind_of_terminal_paints(void **state)
{
	static const char *const names[] = {"vt100", "ansi", "linux", "xterm",
		"xterm-256color", "screen", "screen-256color", "tmux-256color",
		"xterm-direct", "xterm-nobody-knows"};
	struct stage at;

	(void)state;
	stage_open(&at, false);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *term = mem_format("TERM=%s", names[i]);
		const char *const env[] = {term, NULL};
		struct pty *p = stage_watch(&at, &(struct pty_conf){.env = env}, NULL);

		expect(p, "checkout-assistant");
		if (strstr(names[i], "nobody"))
			expect(p, "does not know the terminal");
		pty_send(p, "2");
		expect(p, "fraud-scorer");
		leave(p);
		free(term);
	}
	stage_close(&at);
}

/* Nothing that can be drawn on: the situation as text, as `tocsin status` says it. */
static void a_dumb_terminal_gets_text(void **state)
{
	static const char *const terms[] = {"TERM=dumb", "TERM="};
	struct stage at;

	(void)state;
	stage_open(&at, false);
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		const char *const env[] = {terms[i], NULL};
		struct pty *p = stage_watch(&at, &(struct pty_conf){.env = env}, NULL);
		int status;

		assert_true(pty_wait_end(p, PTY_PATIENCE_MS, &status));
		assert_true(WIFEXITED(status));
		assert_non_null(strstr(pty_sent(p)->buf, "checkout-assistant"));
		assert_null(memchr(pty_sent(p)->buf, '\033', pty_sent(p)->len));
		assert_int_equal(WEXITSTATUS(status), 1);
		pty_free(p);
	}
	stage_close(&at);
}

/* A screen reader follows nothing else: the cursor is on the selected row, last thing of all. */
static void the_cursor_is_on_the_selected_row(void **state)
{
	struct stage at;
	struct pty *p;

	(void)state;
	stage_open(&at, false);
	p = stage_watch(&at, &(struct pty_conf){0}, NULL);
	expect(p, "checkout-assistant");
	for (const char *pane = "12456"; *pane; pane++) {
		int y, x;

		pty_send(p, (char[]){*pane, '\0'});
		assert_true(pty_settle(p, 100));
		pty_send(p, "j");
		assert_true(pty_settle(p, 100));
		pty_cursor(p, &y, &x);
		if (!pty_reverse_at(p, y, x))
			fail_showing(p, "the cursor is not on the selected row");
	}
	leave(p);
	stage_close(&at);
}

/* --- what a locale and a person's wishes forbid --- */

/* clang-format off */
static const char *const panes[] = {"1", "2", "3", "4", "5", "6", "7", "?", "\033", ":", "\033"};
/* clang-format on */

static void go_everywhere(struct pty *p)
{
	expect(p, "checkout-assistant");
	for (size_t i = 0; i < ARRAY_LEN(panes); i++) {
		pty_send(p, panes[i]);
		assert_true(pty_settle(p, 100));
	}
}

static void the_c_locale_gets_ascii(void **state)
{
	static const char *const locales[] = {"LC_ALL=C", "LC_ALL=POSIX"};
	struct stage at;

	(void)state;
	stage_open(&at, false);
	for (size_t i = 0; i < ARRAY_LEN(locales); i++) {
		const char *const env[] = {locales[i], NULL};
		struct pty *p = stage_watch(&at, &(struct pty_conf){.env = env}, NULL);

		go_everywhere(p);
		for (size_t n = 0; n < pty_sent(p)->len; n++)
			assert_true((unsigned char)pty_sent(p)->buf[n] < 0x80);
		leave(p);
	}
	stage_close(&at);
}

/* The first sequence that sets a colour, or NULL. */
static const char *colour_in(const char *s)
{
	while ((s = strstr(s, "\033["))) {
		const char *begin = s;
		bool colour = false;

		for (s += 2; (*s >= '0' && *s <= '9') || *s == ';' || *s == ':'; s++) {
			char *end;
			long n = strtol(s, &end, 10);

			colour = colour || (n >= 30 && n < 50) || (n >= 90 && n < 108);
			s = end;
			if (*s != ';' && *s != ':')
				break;
		}
		if (*s == 'm' && colour)
			return begin;
	}
	return NULL;
}

static void no_color_is_obeyed(void **state)
{
	static const char *const wishes[] = {"NO_COLOR=1", "NO_COLOR="};
	struct stage at;

	(void)state;
	stage_open(&at, false);
	for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
		const char *const env[] = {wishes[i], NULL};
		struct pty *p = stage_watch(&at, &(struct pty_conf){.env = env}, NULL);

		go_everywhere(p);
		if (i == 0)
			assert_null(colour_in(pty_sent(p)->buf));
		else
			assert_non_null(colour_in(pty_sent(p)->buf));
		leave(p);
	}
	stage_close(&at);
}

/* --- a slow line --- */

static void a_slow_reader_stays_in_command(void **state)
{
	struct stage at;
	struct pty *p;
	double worst = 0;

	(void)state;
	stage_open(&at, false);
	p = stage_watch(&at, &(struct pty_conf){.bytes_per_s = 2400}, NULL);
	expect(p, "checkout-assistant");
	for (int round = 0; round < 4; round++) {
		int64_t began;

		/* What is shown changes all the time, faster than the line takes it. */
		for (int i = 0; i < 8; i++) {
			stage_burn(&at, i, 1 + round * 8 + i);
			pty_read(p, 100);
		}
		began = clock_mono();
		pty_send(p, round % 2 ? "1" : "2");
		expect(p, round % 2 ? "Act now" : "Gone in");
		worst = (double)(clock_mono() - began) / NS_PER_MS > worst
			? (double)(clock_mono() - began) / NS_PER_MS
			: worst;
	}
	printf("2,400 bytes/s: a key shows its effect after %.0f ms at worst\n", worst);
	assert_true(worst < 10000);
	leave(p);
	stage_close(&at);
}

UNIT_TESTS(cmocka_unit_test(every_size_says_what_it_can),
	cmocka_unit_test(a_storm_of_sizes),
	cmocka_unit_test(every_kind_of_terminal_paints),
	cmocka_unit_test(the_cursor_is_on_the_selected_row),
	cmocka_unit_test(a_dumb_terminal_gets_text),
	cmocka_unit_test(the_c_locale_gets_ascii), cmocka_unit_test(no_color_is_obeyed),
	cmocka_unit_test(a_slow_reader_stays_in_command))
