/*
 * run.c - a runbook walked from the console: form, confirmation, output, gate, undo
 *
 * Steps run in real supervisors: this program, started as "exec", is what `tocsin exec` is.
 */
#include "tests/screen/harness.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "runbook/supervisor.h"
#include "store/journal.h"
#include "tui/panes/panes.h"

#define WAITS 1000
#define WAIT_MS 20

static struct screen *open_book(bool read_only)
{
	struct screen *s = screen_open(&(struct screen_conf){.read_only = read_only});

	assert_non_null(s);
	screen_keys(s, "8");
	assert_true(pane_select(console_front_pane(screen_console(s)), "drain-and-wait"));
	screen_run(s);
	return s;
}

static void fail_screen(struct screen *s, const char *what)
{
	struct strbuf have = STRBUF_INIT;

	screen_text(s, &have);
	fail_msg("%s:\n%s", what, have.buf);
}

static void expect(struct screen *s, const char *text)
{
	if (!screen_has(s, text))
		fail_screen(s, text);
}

/* Another process writes rows: the console is turned until they are seen. */
static void wait_for(struct screen *s, const char *text)
{
	for (int i = 0; i < WAITS && !screen_has(s, text); i++) {
		struct pollfd none;

		(void)poll(&none, 0, WAIT_MS);
		screen_advance(s, 300 * NS_PER_MS);
	}
	expect(s, text);
}

/* Press the letter that the dialog shows. */
static void confirm(struct screen *s)
{
	int y = screen_row_of(s, "Press ");
	struct strbuf row = STRBUF_INIT;
	char key[2] = {0};

	if (y < 0)
		fail_screen(s, "no dialog asks for a letter");
	screen_row(s, y, &row);
	key[0] = strstr(row.buf, "Press ")[6];
	strbuf_release(&row);
	screen_keys(s, key);
}

/* From the list to the run, through the form. */
static void open_run(struct screen *s)
{
	screen_keys(s, "<Enter>");
	expect(s, "Which version?");
	screen_keys(s, "<Right><Enter>");
	expect(s, "not begun");
	expect(s, "TO=12");
}

static void a_run_is_walked(void **state)
{
	struct screen *s = open_book(false);
	int64_t before = audit_count(screen_store(s));

	(void)state;
	open_run(s);
	screen_golden(s, "run");
	assert_int_equal(audit_count(screen_store(s)), before);
	screen_keys(s, "<Enter>");
	expect(s, "Start step 1, drain");
	expect(s, "TO = 12");
	confirm(s);
	wait_for(s, "[x] 1 drain");
	assert_true(audit_count(screen_store(s)) > before);
	screen_keys(s, "k");
	expect(s, "weight of 12 is 0");
	screen_keys(s, "j");
	screen_advance(s, NS_PER_S);
	/* Begun, and it only waits: Enter starts it. */
	screen_keys(s, "<Enter>");
	wait_for(s, "[~] 2 burn-ok");
	screen_keys(s, "xc");
	confirm(s);
	wait_for(s, "[!] 2 burn-ok");
	screen_keys(s, "gxu");
	expect(s, "Undo step 1, drain");
	expect(s, "given back");
	confirm(s);
	wait_for(s, "[<] 1 drain");
	screen_close(s);
}

static void a_run_is_taken_up_again(void **state)
{
	struct screen *s = open_book(false);

	(void)state;
	open_run(s);
	screen_keys(s, "<Enter>");
	confirm(s);
	wait_for(s, "[x] 1 drain");
	screen_keys(s, "<Esc>8g");
	expect(s, "2 runs under way");
	screen_keys(s, "<Enter>");
	expect(s, "under way");
	expect(s, "[x] 1 drain");
	expect(s, "TO=12");
	/* It is left for good, with a reason that the log keeps. */
	screen_keys(s, "xethe wrong one<Enter>");
	wait_for(s, "abandoned");
	screen_keys(s, "0");
	expect(s, "run.ended");
	expect(s, "chain verified");
	screen_close(s);
}

static void type_ahead(struct screen *s, int64_t pause)
{
	static const char *const keys[] = {"x", "\r", "\r", "y"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		screen_bytes(s, keys[i], 1);
		screen_advance(s, pause);
	}
}

static void typed_ahead_keys_start_nothing(void **state)
{
	static const int64_t pauses[] = {0, 500 * NS_PER_MS};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(pauses); i++) {
		struct screen *s = open_book(false);
		int64_t before = audit_count(screen_store(s));

		if (i % 2)
			open_run(s);
		type_ahead(s, pauses[i / 2]);
		if (i % 2)
			expect(s, "Start step 1, drain");
		screen_advance(s, NS_PER_S);
		assert_int_equal(audit_count(screen_store(s)), before);
		screen_close(s);
	}
	{
		struct screen *s = open_book(false);
		int64_t before = audit_count(screen_store(s));

		open_run(s);
		screen_bytes(s, "x\r\ry", 4);
		screen_bytes(s, "bdfmprtvw", 9); /* every letter there is, in one piece */
		screen_advance(s, NS_PER_S);
		assert_int_equal(audit_count(screen_store(s)), before);
		screen_close(s);
	}
}

static void read_only_shows_and_starts_nothing(void **state)
{
	struct screen *s = open_book(true);

	(void)state;
	screen_keys(s, "x");
	expect(s, "nothing can be started here: read-only");
	screen_keys(s, "<Enter>");
	expect(s, "Variables");
	expect(s, "Which version?");
	screen_close(s);
}

static void runbooks_for_what_is_selected(void **state)
{
	struct screen *s = screen_open(&(struct screen_conf){0});

	(void)state;
	assert_non_null(s);
	screen_keys(s, "4R");
	expect(s, ", for checkout-assistant");
	expect(s, "fits now");
	screen_keys(s, "<Esc>xb");
	expect(s, "MODEL=checkout-ranker");
	expect(s, "not begun");
	screen_close(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_walked),
		cmocka_unit_test(a_run_is_taken_up_again),
		cmocka_unit_test(typed_ahead_keys_start_nothing),
		cmocka_unit_test(read_only_shows_and_starts_nothing),
		cmocka_unit_test(runbooks_for_what_is_selected),
	};

	if (argc == 2 && !strcmp(argv[1], "exec"))
		return supervisor_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
