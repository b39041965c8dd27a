#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tui/input.h"

struct fixture {
	struct input *in;
	struct event ev;
};

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	f->in = input_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	input_free(f->in);
	free(f);
	return 0;
}

static void push(struct fixture *f, const char *s)
{
	input_push(f->in, s, strlen(s));
}

static void expect_key(struct fixture *f, uint32_t key, unsigned mods)
{
	assert_true(input_take(f->in, &f->ev));
	assert_int_equal(f->ev.kind, EVENT_KEY);
	assert_int_equal(f->ev.key, key);
	assert_int_equal(f->ev.mods, mods);
}

static void expect_none(struct fixture *f)
{
	assert_false(input_take(f->in, &f->ev));
}

static void reads_characters(void **state)
{
	struct fixture *f = *state;

	push(f, "a\r\t\x7f\x04\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80");
	expect_key(f, 'a', 0);
	expect_key(f, K_ENTER, 0);
	expect_key(f, K_TAB, 0);
	expect_key(f, K_BACKSPACE, 0);
	expect_key(f, K_CTRL('d'), 0);
	expect_key(f, 0xe9, 0);
	expect_key(f, 0x6f22, 0);
	expect_key(f, 0x1f600, 0);
	expect_none(f);
}

static void reads_sequences_in_pieces(void **state)
{
	static const char all[] =
		"\033[A\033OB\033[5~\033[1;5C\033[Z\033[15~\xe6\xbc\xa2";
	struct fixture *f = *state;

	for (size_t i = 0; i < strlen(all); i++)
		input_push(f->in, all + i, 1);
	expect_key(f, K_UP, 0);
	expect_key(f, K_DOWN, 0);
	expect_key(f, K_PAGE_UP, 0);
	expect_key(f, K_RIGHT, MOD_CTRL);
	expect_key(f, K_BACKTAB, 0);
	expect_key(f, K_F5, 0);
	expect_key(f, 0x6f22, 0);
	expect_none(f);
}

static void escape_needs_patience(void **state)
{
	struct fixture *f = *state;

	push(f, "\033");
	expect_none(f);
	assert_true(input_waiting(f->in));
	input_timeout(f->in);
	expect_key(f, K_ESC, 0);
	assert_false(input_waiting(f->in));
	push(f, "\033x");
	expect_key(f, 'x', MOD_ALT);
	push(f, "\033\033");
	expect_key(f, K_ESC, 0);
	input_timeout(f->in);
	expect_key(f, K_ESC, 0);
	push(f, "\033[");
	input_timeout(f->in);
	expect_key(f, '[', MOD_ALT);
	expect_none(f);
}

static void answers_are_no_keys(void **state)
{
	struct fixture *f = *state;

	push(f,
		"\033]11;rgb:0000/0000/"
		"0000\033\\\033[?2026;2$y\033[?1;2c\033P1$r0m\033\\\033[24;80R");
	push(f, "j");
	expect_key(f, 'j', 0);
	expect_none(f);
}

static void reads_pastes_whole(void **state)
{
	struct fixture *f = *state;

	push(f, "\033[200~rm -rf\r\033[A");
	push(f, "y\033[20");
	expect_none(f);
	push(f, "1~q");
	assert_true(input_take(f->in, &f->ev));
	assert_int_equal(f->ev.kind, EVENT_PASTE);
	assert_int_equal(f->ev.n, strlen("rm -rf\r\033[Ay"));
	assert_memory_equal(f->ev.text, "rm -rf\r\033[Ay", f->ev.n);
	expect_key(f, 'q', 0);
}

static void reads_the_mouse(void **state)
{
	struct fixture *f = *state;

	push(f, "\033[<0;10;5M\033[<0;10;5m\033[<64;1;1M\033[<65;200;60M\033[<35;1;1M");
	assert_true(input_take(f->in, &f->ev));
	assert_int_equal(f->ev.mouse, MOUSE_PRESS);
	assert_int_equal(f->ev.y, 4);
	assert_int_equal(f->ev.x, 9);
	assert_true(input_take(f->in, &f->ev));
	assert_int_equal(f->ev.mouse, MOUSE_RELEASE);
	assert_true(input_take(f->in, &f->ev));
	assert_int_equal(f->ev.mouse, MOUSE_WHEEL_UP);
	assert_true(input_take(f->in, &f->ev));
	assert_int_equal(f->ev.mouse, MOUSE_WHEEL_DOWN);
	assert_int_equal(f->ev.x, 199);
	expect_none(f);
}

static void knows_what_came_alone(void **state)
{
	struct fixture *f = *state;

	push(f, "d");
	expect_key(f, 'd', 0);
	assert_true(f->ev.alone);
	push(f, "dd");
	expect_key(f, 'd', 0);
	assert_false(f->ev.alone);
	expect_key(f, 'd', 0);
	assert_false(f->ev.alone);
	push(f, "a");
	push(f, "d");
	expect_key(f, 'a', 0);
	expect_key(f, 'd', 0);
	assert_false(f->ev.alone);
}

static void defined_sequences_win(void **state)
{
	struct fixture *f = *state;

	input_define(f->in, "\033[[A", K_F1);
	push(f, "\033[[A\033[A");
	expect_key(f, K_F1, 0);
	expect_key(f, K_UP, 0);
	expect_none(f);
}

static void discards(void **state)
{
	struct fixture *f = *state;

	push(f, "yyy\033[200~paste");
	input_discard(f->in);
	expect_none(f);
	push(f, "n");
	expect_key(f, 'n', 0);
	expect_none(f);
}

/* Any bytes at all: no crash, and always an end. */
static void survives_noise(void **state)
{
	struct fixture *f = *state;
	uint32_t seed = 7;

	for (int i = 0; i < 20000; i++) {
		static const char likely[] = "\033[]O<;0123~MmAP\\\a\xe6\xff\x80";
		char c;

		seed = seed * 1103515245 + 12345;
		c = (seed >> 16) & 1 ? likely[(seed >> 17) % (sizeof(likely) - 1)]
				     : (char)(seed >> 20);
		input_push(f->in, &c, 1);
		if (i % 50 == 0)
			input_timeout(f->in);
		while (input_take(f->in, &f->ev))
			assert_int_not_equal(f->ev.kind, EVENT_NONE);
	}
}

static void names_keys(void **state)
{
	static const struct {
		const char *written, *shown;
		uint32_t key;
		unsigned mods;
	} rows[] = {
		{"j", "j", 'j', 0},
		{"<Enter>", "Enter", K_ENTER, 0},
		{"<C-d>", "^d", K_CTRL('d'), 0},
		{"<M-x>", "M-x", 'x', MOD_ALT},
		{"<S-Tab>", "S-Tab", K_BACKTAB, 0},
		{"<Space>", "Space", ' ', 0},
		{"<", "<", '<', 0},
		{"<nonsense>", NULL, 0, 0},
		{"ab", NULL, 0, 0},
		{"", NULL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strbuf sb = STRBUF_INIT;
		unsigned mods;
		uint32_t key = key_parse(rows[i].written, strlen(rows[i].written), &mods);

		assert_int_equal(key, rows[i].key);
		assert_int_equal(mods, rows[i].mods);
		if (key) {
			key_text(&sb, key, mods);
			assert_string_equal(sb.buf, rows[i].shown);
		}
		strbuf_release(&sb);
	}
}

static void fuzz_seeds_pass(void **state)
{
	static const char *const seeds[] = {
		"\003\033[A\033[[A\033[200~a\033[2Jb\033[201~\033[<0;1;1M\xc3\xa9\xff",
		"\001\033[200~\033[20\033", "\002\033P\033\033\\\033]x\a\033O\033[1;5C"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		for (size_t n = 0; n <= strlen(seeds[i]) + 1; n++)
			assert_int_equal(
				LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], n), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
UNIT_TESTS(TEST(reads_characters), TEST(reads_sequences_in_pieces),
	TEST(escape_needs_patience), TEST(answers_are_no_keys), TEST(reads_pastes_whole),
	TEST(reads_the_mouse), TEST(knows_what_came_alone), TEST(defined_sequences_win),
	TEST(discards), TEST(survives_noise), TEST(names_keys),
	cmocka_unit_test(fuzz_seeds_pass))
