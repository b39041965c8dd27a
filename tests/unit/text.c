#include "tests/unit/unit.h"

#include <string.h>

#include "core/text.h"

static void assert_safe(const char *s, size_t n, const char *expected)
{
	struct strbuf sb = STRBUF_INIT, again = STRBUF_INIT;

	text_safe(&sb, s, n, false);
	assert_string_equal(sb.buf, expected);
	text_safe(&again, sb.buf, sb.len, false);
	assert_string_equal(again.buf, expected);
	strbuf_release(&sb);
	strbuf_release(&again);
}

static void shows_controls(void **state)
{
	(void)state;
	assert_safe("a\x1b[31mb\n\t\x7f", 10, "a<1b>[31mb  <7f>");
	assert_safe("\xc2\x9b"
		    "2J\x9b",
		5, "<9b>2J<9b>");
	assert_safe("\xe2\x80\xae"
		    "x",
		4, "<U+202E>x");
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("\xe4\xb8\xad\xe6\x96\x87"), 4);
	assert_int_equal(text_width("e\xcc\x81"), 1);
}

UNIT_TESTS(cmocka_unit_test(shows_controls), cmocka_unit_test(widths))
