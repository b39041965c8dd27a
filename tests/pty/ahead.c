#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/path.h"
#include "store/journal.h"
#include "tests/pty/stage.h"

/*
 * Keys typed into a line that is behind must not confirm what was not read yet: on a slow line,
 * and on one whose answers come half a second late.
 */

struct scene {
	struct stage at;
	char *marker; /* owned: what the step would make */
	int64_t entries;
};

static void write_file(const char *file, const char *text)
{
	struct err e = ERR_INIT;

	assert_int_equal(path_write(file, text, strlen(text), 0600, &e), 0);
}

static void open_scene(struct scene *s)
{
	char *books, *file, *text;
	struct err e = ERR_INIT;

	stage_open(&s->at, false);
	s->marker = path_join(s->at.dir, "changed");
	books = path_join(s->at.dir, "books");
	file = path_join(books, "change-it.md");
	text = mem_format("---\ntitle: Change it\n---\n## Contain\n"
			  "```sh {name=change-it risk=change}\ntouch '%s'\n```\n",
		s->marker);
	assert_int_equal(path_make_dir(books, 0700, &e), 0);
	write_file(file, text);
	s->entries = audit_count(s->at.st);
	free(text);
	free(file);
	free(books);
}

static void close_scene(struct scene *s)
{
	stage_close(&s->at);
	free(s->marker);
}

static void expect(struct pty *p, const char *text)
{
	struct strbuf have = STRBUF_INIT;

	if (pty_wait(p, text))
		return;
	pty_text(p, &have);
	fail_msg("no '%s':\n%s", text, have.buf);
}

static void expect_untouched(const struct scene *s)
{
	assert_int_not_equal(access(s->marker, F_OK), 0);
	assert_int_equal(audit_count(s->at.st), s->entries);
}

/* To the page of the run, which has not begun. */
static struct pty *open_run(const struct scene *s, struct pty_conf conf)
{
	struct pty *p = stage_watch(&s->at, &conf, NULL);

	expect(p, "checkout-assistant");
	pty_send(p, "8");
	expect(p, "change-it");
	pty_send(p, "/change-it\r");
	assert_true(pty_settle(p, 300));
	pty_send(p, "\r");
	expect(p, "not begun");
	return p;
}

static void press_in_haste(struct pty *p, int pause_ms)
{
	static const char *const keys[] = {"x", "\r", "\r", "y"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		pty_send(p, keys[i]);
		if (pause_ms)
			pty_read(p, pause_ms);
	}
}

static void haste(struct pty_conf conf)
{
	static const int pauses_ms[] = {0, 30, 200};
	struct scene s;

	open_scene(&s);
	for (size_t i = 0; i < ARRAY_LEN(pauses_ms); i++) {
		struct pty *p = open_run(&s, conf);

		press_in_haste(p, pauses_ms[i]);
		/* A dialog that asks is fine; that it was answered is not. */
		pty_read(p, 1500);
		expect_untouched(&s);
		pty_free(p);
	}
	close_scene(&s);
}

static void on_a_slow_line(void **state)
{
	(void)state;
	haste((struct pty_conf){.bytes_per_s = 2400});
}

static void on_a_line_far_away(void **state)
{
	(void)state;
	haste((struct pty_conf){.delay_ns = 250 * NS_PER_MS});
}

/* The same keys with a look at what is asked do change it: the above is no accident. */
static void somebody_who_reads_can(void **state)
{
	struct scene s;
	struct pty *p;
	struct strbuf text = STRBUF_INIT;
	const char *at;
	int64_t deadline = clock_mono() + PTY_PATIENCE_MS * NS_PER_MS;

	(void)state;
	open_scene(&s);
	p = open_run(&s, (struct pty_conf){0});
	pty_send(p, "\r");
	expect(p, "Press ");
	pty_read(p, 500);
	pty_text(p, &text);
	at = strstr(text.buf, "Press ");
	assert_non_null(at);
	pty_send(p, (char[]){at[6], '\0'});
	while (access(s.marker, F_OK) && clock_mono() < deadline)
		pty_read(p, 20);
	assert_int_equal(access(s.marker, F_OK), 0);
	strbuf_release(&text);
	pty_free(p);
	close_scene(&s);
}

UNIT_TESTS(cmocka_unit_test(on_a_slow_line), cmocka_unit_test(on_a_line_far_away),
	cmocka_unit_test(somebody_who_reads_can))
