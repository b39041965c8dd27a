#include "tests/unit/unit.h"

#include <string.h>

#include "core/markdown.h"

static void finds_steps(void **state)
{
	static const char text[] =
		"---\ntitle: x\n---\n# One `two`\n\n- [x] done\n\n"
		"  ```sh {a=\"b &amp; c\"}\n  echo 1\n  ```\n\n~~~\nopen\n";
	struct md_doc d;
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	assert_int_equal(markdown_parse(&d, text, strlen(text), &a, &e), 0);
	assert_int_equal(d.n, 4);
	assert_string_equal(d.front, "title: x\n");
	assert_string_equal(d.blocks[0].text, "One two");
	assert_int_equal(d.blocks[0].line, 4);
	assert_int_equal(d.blocks[1].kind, MD_TASK);
	assert_true(d.blocks[1].checked);
	assert_int_equal(d.blocks[2].line, 8);
	assert_int_equal(d.blocks[2].end_line, 10);
	assert_string_equal(d.blocks[2].title, "done");
	assert_string_equal(d.blocks[2].info, "sh {a=\"b &amp; c\"}");
	assert_string_equal(d.blocks[2].text, "echo 1\n");
	assert_false(d.blocks[2].unclosed);
	assert_true(d.blocks[3].unclosed);
	assert_int_equal(d.blocks[3].line, 12);
	assert_int_equal(d.blocks[3].end_line, 13);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(finds_steps))
