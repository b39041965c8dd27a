#include "tests/unit/unit.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "tests/pty/stage.h"

/* The terminal is as it was, whatever ends the console; gone means gone at once. */

#define GONE_MS 200 /* what is promised */
#define GONE_PATIENCE_MS 5000 /* what a loaded machine is given */

static struct pty *shown(const struct stage *at, struct pty_conf conf)
{
	struct pty *p = stage_watch(at, &conf, NULL);

	if (!pty_wait(p, "checkout-assistant")) {
		struct strbuf text = STRBUF_INIT;

		pty_text(p, &text);
		fail_msg("the console does not show:\n%s", text.buf);
	}
	return p;
}

static void expect_modes(const struct pty *p, const char *wanted)
{
	struct strbuf modes = STRBUF_INIT;

	pty_modes(p, &modes);
	assert_string_equal(modes.buf, wanted);
	strbuf_release(&modes);
}

static void expect_restored(struct pty *p)
{
	expect_modes(p, "");
	assert_true(pty_is_cooked(p));
}

static void the_terminal_is_left_as_it_was(void **state)
{
	static const int numbers[] = {
		0, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT};
	struct stage at;

	(void)state;
	stage_open(&at, false);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct pty *p = shown(&at, (struct pty_conf){0});
		struct strbuf modes = STRBUF_INIT;
		int status;

		assert_false(pty_is_cooked(p));
		pty_modes(p, &modes);
		assert_non_null(strstr(modes.buf, "1049"));
		strbuf_release(&modes);
		if (numbers[i])
			pty_signal(p, numbers[i]);
		else
			pty_send(p, "q");
		assert_true(pty_wait_end(p, PTY_PATIENCE_MS, &status));
		if (numbers[i])
			assert_true(
				WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
		else
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		expect_restored(p);
		pty_free(p);
	}
	stage_close(&at);
}

static void stopped_and_continued(void **state)
{
	struct stage at;
	struct pty *p;

	(void)state;
	stage_open(&at, false);
	p = shown(&at, (struct pty_conf){0});
	for (int round = 0; round < 2; round++) {
		assert_true(pty_settle(p, 100));
		if (round)
			pty_send(p, "\032");
		else
			pty_signal(p, SIGTSTP);
		assert_true(pty_wait_stopped(p));
		expect_restored(p);
		assert_false(pty_has(p, "checkout-assistant"));
		pty_clear(p);
		pty_signal(p, SIGCONT);
		assert_true(pty_wait(p, "checkout-assistant"));
		assert_false(pty_is_cooked(p));
		assert_true(pty_settle(p, 200));
		/* One frame, and perhaps a tick of the clock. */
		assert_in_range(pty_sent(p)->len, 200, 8000);
		pty_send(p, "2");
		assert_true(pty_wait(p, "fraud-scorer"));
	}
	pty_free(p);
	stage_close(&at);
}

/* Stopped by SIGSTOP it could not say goodbye; a shell will have put the terminal in order. */
static void stopped_without_warning(void **state)
{
	struct stage at;
	struct pty *p;

	(void)state;
	stage_open(&at, false);
	p = shown(&at, (struct pty_conf){0});
	pty_signal(p, SIGSTOP);
	assert_true(pty_wait_stopped(p));
	pty_clear(p);
	pty_signal(p, SIGCONT);
	assert_true(pty_settle(p, 200));
	assert_true(pty_sent(p)->len > 200);
	assert_true(pty_wait(p, "checkout-assistant"));
	assert_false(pty_is_cooked(p));
	pty_free(p);
	stage_close(&at);
}

/* The window is closed: with SIGHUP, and where nobody sends one, by what reading says. */
static void gone_with_its_terminal(void **state)
{
	struct stage at;

	(void)state;
	stage_open(&at, false);
	for (int foreign = 0; foreign < 2; foreign++) {
		struct pty *p = shown(&at, (struct pty_conf){.foreign = foreign});
		int64_t began = clock_mono();
		int status;

		pty_hang_up(p);
		assert_true(pty_wait_end(p, GONE_PATIENCE_MS, &status));
		printf("gone %d ms after its terminal (%d promised)\n",
			(int)((clock_mono() - began) / NS_PER_MS), GONE_MS);
		if (!foreign)
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
		else
			assert_true(WIFEXITED(status));
		pty_free(p);
	}
	stage_close(&at);
}

UNIT_TESTS(cmocka_unit_test(the_terminal_is_left_as_it_was),
	cmocka_unit_test(stopped_and_continued),
	cmocka_unit_test(stopped_without_warning),
	cmocka_unit_test(gone_with_its_terminal))
