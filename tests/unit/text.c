#include "tests/unit/unit.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "tests/fuzz/fuzz.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define FAMILY "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9" /* man, joiner, woman */

static void assert_safe_n(const char *s, size_t n, bool newlines, const char *expected)
{
	struct strbuf sb = STRBUF_INIT, again = STRBUF_INIT;

	text_safe(&sb, s, n, newlines);
	assert_string_equal(sb.buf, expected);
	text_safe(&again, sb.buf, sb.len, newlines);
	assert_string_equal(again.buf, expected);
	strbuf_release(&sb);
	strbuf_release(&again);
}

static void assert_safe(const char *s, const char *expected)
{
	assert_safe_n(s, strlen(s), false, expected);
}

static void shows_escape_sequences(void **state)
{
	(void)state;
	assert_safe("a\x1b[31mb\x7f", "a<1b>[31mb<7f>");
	assert_safe("\x1b]0;title\a\x1b]52;c;QQ==\x1b\\",
		"<1b>]0;title<07><1b>]52;c;QQ==<1b>\\");
	assert_safe("\x1bP$q\x1b\\\x1b_x\x9c", "<1b>P$q<1b>\\<1b>_x<9c>");
	assert_safe("\x0e\x0f\b\r\v\f", "<0e><0f><08><0d><0b><0c>");
	assert_safe_n("a\0b", 3, false, "a<00>b");
}

/* C1 as two bytes of UTF-8, and as the one byte that a terminal in Latin-1 obeys. */
static void shows_c1(void **state)
{
	(void)state;
	assert_safe("\xc2\x9b"
		    "2J\x9b"
		    "2J",
		"<9b>2J<9b>2J");
	assert_safe("\xc2\x80\xc2\x9f\xc2\xa0", "<80><9f>\xc2\xa0");
}

static void spaces_and_newlines(void **state)
{
	(void)state;
	assert_safe("a\tb\nc", "a b c");
	assert_safe_n("a\tb\nc\r\n", 7, true, "a b\nc<0d>\n");
}

static void shows_bidi_and_invisible(void **state)
{
	(void)state;
	assert_safe("\xe2\x80\xae"
		    "exe.txt\xe2\x80\xac",
		"<U+202E>exe.txt<U+202C>");
	assert_safe("\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c",
		"<U+2066><U+2069><U+200F><U+061C>");
	assert_safe("pa\xe2\x80\x8bss\xef\xbb\xbf\xc2\xad\xcd\x8f",
		"pa<U+200B>ss<U+FEFF><U+00AD><U+034F>");
	assert_safe("\xe2\x80\xa8\xe2\x80\xa9", "<U+2028><U+2029>");
	/* Tags and variation selectors can carry a hidden message. */
	assert_safe("\xf3\xa0\x81\x81\xf3\xa0\x84\x80\xef\xb8\x80",
		"<U+E0041><U+E0100><U+FE00>");
	assert_safe(
		"\xef\xbf\xbe\xf4\x8f\xbf\xbf\xef\xb7\x90", "<U+FFFE><U+10FFFF><U+FDD0>");
	/* Text from right to left stays what it is. */
	assert_safe("\xd7\x90\xd7\x91", "\xd7\x90\xd7\x91");
}

static void emoji_lose_what_terminals_disagree_on(void **state)
{
	(void)state;
	assert_safe("\xe2\x9a\xa0\xef\xb8\x8f!", "\xe2\x9a\xa0!");
	assert_safe(FAMILY, "\xf0\x9f\x91\xa8\xf0\x9f\x91\xa9");
	assert_safe("a\xe2\x80\x8d\xf0\x9f\x91\xa9", "a<U+200D>\xf0\x9f\x91\xa9");
	assert_safe("\xf0\x9f\x91\xa9\xe2\x80\x8d", "\xf0\x9f\x91\xa9<U+200D>");
}

static void shows_malformed_bytes(void **state)
{
	(void)state;
	assert_safe("\xff\xfe\x80", "<ff><fe><80>");
	assert_safe("\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf",
		"<c0><af><e0><80><af><f0><80><80><af>");
	assert_safe("\xc1\x9b\xe0\x82\x9b", "<c1><9b><e0><82><9b>");
	assert_safe("\xed\xa0\x80\xed\xbf\xbf", "<ed><a0><80><ed><bf><bf>");
	assert_safe(
		"\xf4\x90\x80\x80\xf5\x80\x80\x80", "<f4><90><80><80><f5><80><80><80>");
	assert_safe("\xe4\xb8", "<e4><b8>");
	assert_safe("\xe4\x1b[m", "<e4><1b>[m");
	assert_safe_n("\xf0\x9f\x98\x80", 3, false, "<f0><9f><98>");
	/* The replacement character itself is no malformed byte. */
	assert_safe("\xef\xbf\xbd", "\xef\xbf\xbd");
}

static void decodes_and_encodes(void **state)
{
	static const uint32_t points[] = {0, 'a', 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff,
		0xe000, 0xffff, 0x10000, 0x10ffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		struct strbuf sb = STRBUF_INIT;
		size_t used;

		text_encode(&sb, points[i]);
		assert_int_equal(text_decode(sb.buf, sb.len, &used), points[i]);
		assert_int_equal(used, sb.len);
		if (sb.len > 1) {
			assert_int_equal(text_decode(sb.buf, sb.len - 1, &used), 0xfffd);
			assert_int_equal(used, 1);
		}
		strbuf_reset(&sb);
		text_encode(
			&sb, i % 2 ? 0xd800 + points[i] % 0x800 : 0x110000 + points[i]);
		assert_string_equal(sb.buf, "\xef\xbf\xbd");
		strbuf_release(&sb);
	}
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(text_cp_width('a'), 1);
	assert_int_equal(text_cp_width(0x1b), -1);
	assert_int_equal(text_cp_width(0), -1);
	assert_int_equal(text_cp_width(0x9b), -1);
	assert_int_equal(text_cp_width(0x7f), -1);
	assert_int_equal(text_cp_width(0xa0), 1);
	assert_int_equal(text_cp_width(0x301), 0);
	assert_int_equal(text_cp_width(0x200d), 0);
	assert_int_equal(text_cp_width(0xfe0f), 0);
	assert_int_equal(text_cp_width(0x4e2d), 2);
	assert_int_equal(text_cp_width(0xff21), 2);
	assert_int_equal(text_cp_width(0xac00), 2);
	assert_int_equal(text_cp_width(0x1100), 2);
	assert_int_equal(text_cp_width(0x1160), 0);
	assert_int_equal(text_cp_width(0x1f600), 2);
	assert_int_equal(text_cp_width(0x2588), 1);
	assert_int_equal(text_cp_width(0x2800), 1);
	assert_int_equal(text_cp_width(0x2026), 1);
	assert_int_equal(text_cp_width(0x20000), 2);
	assert_int_equal(text_cp_width(0x3fffd), 2);
	assert_int_equal(text_cp_width(0xe000), 1);
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("\xe4\xb8\xad\xe6\x96\x87 e\xcc\x81x"), 7);
	assert_int_equal(text_width(FAMILY), 4);
}

/* The widths must not depend on what the process's locale knows. */
static void widths_in_the_c_locale(void **state)
{
	char *before = mem_strdup(setlocale(LC_ALL, NULL));

	(void)state;
	setlocale(LC_ALL, "C");
	assert_int_equal(text_width("\xe4\xb8\xad\xe6\x96\x87"), 4);
	assert_int_equal(text_cp_width(0x301), 0);
	setlocale(LC_ALL, before);
	free(before);
}

static void assert_fit(const char *s, int columns, size_t bytes, int used)
{
	int got;

	assert_int_equal(text_fit(s, columns, &got), bytes);
	assert_int_equal(got, used);
}

static void fits_whole_clusters(void **state)
{
	(void)state;
	assert_fit("abc", 2, 2, 2);
	assert_fit("abc", 3, 3, 3);
	assert_fit("abc", 9, 3, 3);
	assert_fit("abc", 0, 0, 0);
	assert_fit("abc", -1, 0, 0);
	assert_fit("\xe4\xb8\xad\xe6\x96\x87", 3, 3, 2);
	assert_fit("\xe4\xb8\xad\xe6\x96\x87", 1, 0, 0);
	/* A mark stays with its letter, also at the edge. */
	assert_fit("ae\xcc\x81\xcc\xa3x", 2, 6, 2);
	assert_fit("ae\xcc\x81\xcc\xa3x", 1, 1, 1);
	assert_int_equal(text_fit("abc", 2, NULL), 2);
}

static void assert_cut(
	const char *s, int columns, const char *ellipsis, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	text_cut(&sb, s, columns, ellipsis);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

static void cuts(void **state)
{
	(void)state;
	assert_cut("hello", 5, ELLIPSIS, "hello");
	assert_cut("hello", 4, ELLIPSIS, "hel" ELLIPSIS);
	assert_cut("hello", 4, "...", "h...");
	assert_cut("hello", 1, "~", "~");
	assert_cut("hello", 2, "...", "..");
	assert_cut("hello", 0, "...", "");
	assert_cut("hello", -3, "...", "");
	assert_cut("", 0, "...", "");
	/* Half a wide character leaves its column empty. */
	assert_cut("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 4, ELLIPSIS,
		"\xe4\xb8\xad" ELLIPSIS);
}

static void join_lines(void *ctx, const char *line, size_t bytes)
{
	strbuf_add(ctx, line, bytes);
	strbuf_addc(ctx, '|');
}

static void assert_wrap(const char *s, int columns, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	text_wrap(s, columns, join_lines, &sb);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

static void wraps(void **state)
{
	(void)state;
	assert_wrap("", 10, "");
	assert_wrap("one two three", 7, "one two|three|");
	assert_wrap("one two three", 8, "one two|three|");
	assert_wrap("one   two", 4, "one|two|");
	assert_wrap("one ", 3, "one|");
	assert_wrap("  indented text", 10, "  indented|text|");
	assert_wrap("a\n\nb", 5, "a||b|");
	assert_wrap("a\n", 5, "a|");
	assert_wrap("abcdefghij k", 4, "abcd|efgh|ij k|");
	assert_wrap("ab", 0, "a|b|");
	assert_wrap("\xe4\xb8\xad", 1, "\xe4\xb8\xad|");
	/* Between wide characters, but never before a full stop. */
	assert_wrap("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 5,
		"\xe4\xb8\xad\xe6\x96\x87|\xe5\xad\x97|");
	assert_wrap("\xe4\xb8\xad\xe6\x96\x87\xe3\x80\x82", 4,
		"\xe4\xb8\xad|\xe6\x96\x87\xe3\x80\x82|");
	assert_wrap("e\xcc\x81\x65\xcc\x81", 1, "e\xcc\x81|e\xcc\x81|");
}

static void long_lines(void **state)
{
	struct strbuf sb = STRBUF_INIT, out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 10240; i++)
		strbuf_adds(&sb, i % 2 ? "\xe4\xb8\xad" : "\x1b");
	text_safe(&out, sb.buf, sb.len, false);
	assert_int_equal(text_width(out.buf), 5120 * 6);
	assert_int_equal(text_fit(out.buf, 30, NULL), 35);
	strbuf_reset(&sb);
	text_wrap(out.buf, 80, join_lines, &sb);
	assert_true(sb.len > out.len);
	strbuf_release(&sb);
	strbuf_release(&out);
}

static void ascii(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	text_ascii(&sb, "a\xc3\xa9\xe4\xb8\xad\x65\xcc\x81\x7e" ELLIPSIS);
	assert_string_equal(sb.buf, "a???e~?");
	strbuf_release(&sb);
}

static void locale_can_be_set(void **state)
{
	(void)state;
	text_locale(false);
	assert_false(text_is_utf8());
	text_locale(true);
	assert_true(text_is_utf8());
}

static void nearest(void **state)
{
	static const char *const names[] = {
		"sessions", "slo", "status", "sources", "models", "audit"};
	char longer[200];

	(void)state;
	memset(longer, 's', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_string_equal(text_nearest("sesions", names, 6), "sessions");
	assert_string_equal(text_nearest("stauts", names, 6), "status");
	assert_string_equal(text_nearest("SOURCE", names, 6), "sources");
	assert_string_equal(text_nearest("mod", names, 6), "models");
	assert_string_equal(text_nearest("sol", names, 6), "slo");
	assert_string_equal(text_nearest("audit", names, 6), "audit");
	assert_null(text_nearest("kubernetes", names, 6));
	assert_null(text_nearest("x", names, 6));
	assert_null(text_nearest("", names, 6));
	assert_null(text_nearest(longer, names, 6));
	assert_null(text_nearest("slo", names, 0));
}

static void fuzzy(void **state)
{
	char hay[2000];

	(void)state;
	assert_int_equal(text_fuzzy("", "anything"), 0);
	assert_int_equal(text_fuzzy("x", ""), -1);
	assert_int_equal(text_fuzzy("abc", "acb"), -1);
	assert_true(text_fuzzy("ABC", "a-b-c") >= 0);
	/* Word starts before middles, neighbours before the scattered, the short before the long. */
	assert_true(text_fuzzy("rb", "run back") > text_fuzzy("rb", "harbour"));
	assert_true(text_fuzzy("roll", "roll back") > text_fuzzy("roll", "r o l l"));
	assert_true(text_fuzzy("slo", "slo") > text_fuzzy("slo", "slo list"));
	assert_true(text_fuzzy("slo", "go to slo") > text_fuzzy("slo", "sessions log"));
	assert_true(text_fuzzy("ga", "goAlerts") > text_fuzzy("ga", "gobars"));
	/* The best alignment, not the first: the second "ab" is whole. */
	assert_true(text_fuzzy("ab", "a x ab") > text_fuzzy("ab", "a x xb"));
	memset(hay, 'a', sizeof(hay) - 1);
	hay[sizeof(hay) - 1] = '\0';
	assert_true(text_fuzzy("aaaa", hay) >= 0);
	assert_int_equal(text_fuzzy(hay, hay), -1);
}

static void has(void **state)
{
	(void)state;
	assert_true(text_has("Checkout-Assistant", "out-ass"));
	assert_true(text_has("aab", "AB"));
	assert_true(text_has("x", ""));
	assert_true(text_has("", ""));
	assert_false(text_has("", "a"));
	assert_false(text_has("abc", "abcd"));
	assert_true(text_has("\xc3\x89t\xc3\xa9", "T\xc3\xa9"));
	/* Only ASCII is folded. */
	assert_false(text_has("\xc3\x89", "\xc3\xa9"));
}

static void fuzz_seeds(void **state)
{
	static const char *const seeds[] = {"", "\x1b[31m",
		"P\xe4\xb8\xad\xe6\x96\x87 \xcc\x81\n x", FAMILY "\xe2\x80\x8d",
		"\x01\xff\xc2\x9b\xe2\x80\xae", "\xf0\x9f", "\tabc  def\n\nghi "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
}

static void assert_cut_middle(const char *s, int columns, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	text_cut_middle(&sb, s, columns, "~");
	assert_string_equal(sb.buf, expected);
	assert_true(text_width(sb.buf) <= columns || columns < 0);
	strbuf_release(&sb);
}

static void names_are_cut_in_the_middle(void **state)
{
	(void)state;
	assert_cut_middle("checkout-ranker/production", 26, "checkout-ranker/production");
	assert_cut_middle("checkout-ranker/production", 25, "checkout-ran~r/production");
	assert_cut_middle("checkout-ranker/production", 11, "check~ction");
	assert_cut_middle("abcdefgh", 5, "ab~gh");
	assert_cut_middle("abcdefgh", 4, "abc~");
	assert_cut_middle("abcdefgh", 1, "~");
	assert_cut_middle("abcdefgh", 0, "");
	/* Wide characters are never split. */
	assert_cut_middle("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97", 7,
		"\xe6\xbc\xa2~\xe5\xad\x97");
}

static void digests_are_shown_short(void **state)
{
	static const char digest[] =
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	text_short(&sb, digest);
	assert_string_equal(sb.buf, "sha256:0123456789ab");
	strbuf_reset(&sb);
	strbuf_adds(&sb, "from ");
	text_short(&sb, digest);
	text_short(&sb, " to sha256:0123, v7");
	assert_string_equal(sb.buf, "from sha256:0123456789ab to sha256:0123, v7");
	strbuf_release(&sb);
}

UNIT_TESTS(cmocka_unit_test(shows_escape_sequences), cmocka_unit_test(shows_c1),
	cmocka_unit_test(spaces_and_newlines), cmocka_unit_test(shows_bidi_and_invisible),
	cmocka_unit_test(emoji_lose_what_terminals_disagree_on),
	cmocka_unit_test(shows_malformed_bytes), cmocka_unit_test(decodes_and_encodes),
	cmocka_unit_test(widths), cmocka_unit_test(widths_in_the_c_locale),
	cmocka_unit_test(fits_whole_clusters), cmocka_unit_test(cuts),
	cmocka_unit_test(names_are_cut_in_the_middle),
	cmocka_unit_test(digests_are_shown_short), cmocka_unit_test(wraps),
	cmocka_unit_test(long_lines), cmocka_unit_test(ascii),
	cmocka_unit_test(locale_can_be_set), cmocka_unit_test(nearest),
	cmocka_unit_test(fuzzy), cmocka_unit_test(has), cmocka_unit_test(fuzz_seeds))
