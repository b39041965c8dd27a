#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/strbuf.h"

static void grows_and_keeps_nul(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&sb, "%d,", i);
	assert_int_equal(sb.len, strlen(sb.buf));
	assert_memory_equal(sb.buf + sb.len - 4, "999,", 5);
	strbuf_release(&sb);
	assert_string_equal(sb.buf, "");
}

static void grows_by_doubling(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	size_t moves = 0, cap = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		strbuf_addc(&sb, 'x');
		moves += sb.cap != cap;
		cap = sb.cap;
	}
	assert_true(moves < 20);
	strbuf_release(&sb);
}

static void inserts_and_removes(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_adds(&sb, "held");
	strbuf_insert(&sb, 2, "llo wor", 7);
	assert_string_equal(sb.buf, "hello world");
	strbuf_remove(&sb, 0, 6);
	assert_string_equal(sb.buf, "world");
	strbuf_insert(&sb, sb.len, "!", 1);
	assert_string_equal(sb.buf, "world!");
	strbuf_release(&sb);
}

static void detach_hands_over(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	size_t len = 7;
	char *s = strbuf_detach(&sb, &len);

	(void)state;
	assert_string_equal(s, "");
	assert_int_equal(len, 0);
	free(s);
	strbuf_add(&sb, "a\0b", 3);
	s = strbuf_detach(&sb, &len);
	assert_int_equal(len, 3);
	assert_memory_equal(s, "a\0b", 4);
	assert_int_equal(sb.len, 0);
	free(s);
}

UNIT_TESTS(cmocka_unit_test(grows_and_keeps_nul), cmocka_unit_test(grows_by_doubling),
	cmocka_unit_test(inserts_and_removes), cmocka_unit_test(detach_hands_over))
