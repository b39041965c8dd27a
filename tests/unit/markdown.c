#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/markdown.h"
#include "tests/fuzz/fuzz.h"

struct fixture {
	struct arena a;
	struct md_doc d;
};

static int enter(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	arena_init(&f->a);
	*state = f;
	return 0;
}

static int leave(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->a);
	free(f);
	return 0;
}

static const struct md_doc *parsed_n(void **state, const char *s, size_t n)
{
	struct fixture *f = *state;
	struct err e = ERR_INIT;

	if (markdown_parse(&f->d, s, n, &f->a, &e))
		fail_msg("%s", e.what);
	return &f->d;
}

static const struct md_doc *parsed(void **state, const char *s)
{
	return parsed_n(state, s, strlen(s));
}

static const struct md_block *block(
	const struct md_doc *d, size_t i, enum md_kind kind, int line, int end_line)
{
	const struct md_block *b = &d->blocks[i];

	if (i >= d->n)
		fail_msg("only %zu blocks", d->n);
	if ((int)b->kind != (int)kind || b->line != line || b->end_line != end_line)
		fail_msg("block %zu: kind %d, lines %d to %d", i, (int)b->kind, b->line,
			b->end_line);
	return b;
}

static void every_kind(void **state)
{
	const struct md_doc *d = parsed(state,
		"# A `b` *c* [d](e) ![f](g)\n"
		"\n"
		"two\nlines\\\nbroken\n"
		"\n"
		"Second\n---\n"
		"***\n"
		"| a | b |\n|---|---|\n| 1 | `2` |\n"
		"\n"
		"<div>\nx\n</div>\n"
		"\n"
		"    indented\n"
		"\n"
		"> quoted\n"
		"\n"
		"3. third\n");

	assert_int_equal(d->n, 10);
	assert_string_equal(block(d, 0, MD_HEADING, 1, 1)->text, "A b c d f");
	assert_int_equal(d->blocks[0].level, 1);
	assert_string_equal(block(d, 1, MD_PARAGRAPH, 3, 5)->text, "two lines broken");
	assert_string_equal(block(d, 2, MD_HEADING, 7, 8)->text, "Second");
	assert_int_equal(d->blocks[2].level, 2);
	assert_string_equal(block(d, 3, MD_RULE, 9, 9)->text, "");
	assert_string_equal(block(d, 4, MD_TABLE, 10, 12)->text, "a | b\n1 | 2\n");
	assert_string_equal(block(d, 5, MD_HTML, 14, 16)->text, "<div>\nx\n</div>\n");
	assert_string_equal(block(d, 6, MD_INDENTED, 18, 18)->text, "indented\n");
	assert_null(d->blocks[6].info);
	assert_false(block(d, 7, MD_QUOTE, 20, 20)->in_quote);
	assert_true(block(d, 8, MD_PARAGRAPH, 20, 20)->in_quote);
	assert_string_equal(block(d, 9, MD_ITEM, 22, 22)->text, "third");
	assert_int_equal(d->front_kind, 0);
	assert_null(d->front);
}

/* As written, not as CommonMark decodes it: attributes may be JSON. */
static void info_is_raw(void **state)
{
	const struct md_doc *d = parsed(state,
		"```sh {\"c\":\"say \\\"hi\\\" &amp; go\"}  \nx\n```\n"
		"~~~~  py `tick` \\*\n~~~\n~~~~\n"
		"```\n```\n"
		"  ```  console\t\n  $ a\n   b\n  ```\n");

	assert_int_equal(d->n, 4);
	assert_string_equal(block(d, 0, MD_FENCE, 1, 3)->info,
		"sh {\"c\":\"say \\\"hi\\\" &amp; go\"}");
	assert_string_equal(block(d, 1, MD_FENCE, 4, 6)->info, "py `tick` \\*");
	assert_string_equal(d->blocks[1].text, "~~~\n");
	assert_string_equal(block(d, 2, MD_FENCE, 7, 8)->info, "");
	assert_string_equal(d->blocks[2].text, "");
	assert_string_equal(block(d, 3, MD_FENCE, 9, 12)->info, "console");
	assert_string_equal(d->blocks[3].text, "$ a\n b\n");
	for (size_t i = 0; i < d->n; i++)
		assert_false(d->blocks[i].unclosed);
}

static void unclosed_at_the_end(void **state)
{
	static const char *const texts[] = {"a\n\n```sh\nrm x\n\nEOF",
		"a\n\n```sh\nrm x\n\nEOF\n", "a\n\n````sh\nrm x\n```\n~~~~\n",
		"a\n\n```sh\nrm x\n    ```\n``` y\n", "a\n\n~~~sh\nrm x\n```\n~~ ~\n"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct md_doc *d = parsed(state, texts[i]);

		assert_int_equal(d->n, 2);
		assert_true(block(d, 1, MD_FENCE, 3, 6)->unclosed);
		assert_string_equal(d->blocks[1].info, "sh");
	}
	assert_true(block(parsed(state, "```"), 0, MD_FENCE, 1, 1)->unclosed);
	assert_true(block(parsed(state, "```\n"), 0, MD_FENCE, 1, 1)->unclosed);
	assert_false(block(parsed(state, "```\n```"), 0, MD_FENCE, 1, 2)->unclosed);
	assert_false(block(parsed(state, "```\nx\n  ```````  \n"), 0, MD_FENCE, 1, 3)
			     ->unclosed);
}

/* The list or the quote ends, and the fence with it: what follows is another block. */
static void unclosed_in_a_container(void **state)
{
	const struct md_doc *d = parsed(state, "- item\n  ```sh\n  a\nprose\n");

	assert_int_equal(d->n, 3);
	assert_true(block(d, 1, MD_FENCE, 2, 3)->unclosed);
	assert_string_equal(d->blocks[1].text, "a\n");
	block(d, 2, MD_PARAGRAPH, 4, 4);

	/* The line that looks like the closing fence opens another one. */
	d = parsed(state, "> ```sh\n> a\n```\nb\n");
	assert_int_equal(d->n, 3);
	assert_true(block(d, 1, MD_FENCE, 1, 2)->unclosed);
	assert_true(block(d, 2, MD_FENCE, 3, 4)->unclosed);
	assert_string_equal(d->blocks[2].text, "b\n");
}

static void fences_in_lists_and_quotes(void **state)
{
	const struct md_doc *d = parsed(state,
		"1. Drain **the** node\n"
		"   ```sh\n"
		"   drain\n"
		"   ```\n"
		"2. Wait\n"
		"   - inner\n"
		"\n"
		"     > ~~~ {a}\n"
		"     > wait\n"
		"     > ~~~\n"
		"\n"
		"   after\n"
		"-\n"
		"  ```\n"
		"  bare\n"
		"  ```\n"
		"1. ```x\n"
		"   y\n"
		"   ```\n");

	assert_string_equal(block(d, 0, MD_ITEM, 1, 4)->text, "Drain the node");
	assert_string_equal(block(d, 1, MD_FENCE, 2, 4)->title, "Drain the node");
	assert_true(d->blocks[1].in_list);
	assert_false(d->blocks[1].in_quote);
	assert_string_equal(d->blocks[1].text, "drain\n");
	assert_int_equal(block(d, 2, MD_ITEM, 5, 12)->level, 1);
	assert_int_equal(block(d, 3, MD_ITEM, 6, 10)->level, 2);
	assert_true(block(d, 4, MD_QUOTE, 8, 10)->in_list);
	assert_string_equal(block(d, 5, MD_FENCE, 8, 10)->title, "inner");
	assert_true(d->blocks[5].in_quote);
	assert_string_equal(d->blocks[5].info, "{a}");
	assert_string_equal(d->blocks[5].text, "wait\n");
	assert_string_equal(block(d, 6, MD_PARAGRAPH, 12, 12)->text, "after");
	assert_true(d->blocks[6].in_list);
	assert_string_equal(block(d, 7, MD_ITEM, 13, 16)->text, "");
	assert_null(block(d, 8, MD_FENCE, 14, 16)->title);
	block(d, 9, MD_ITEM, 17, 19);
	assert_string_equal(block(d, 10, MD_FENCE, 17, 19)->info, "x");
	assert_int_equal(d->n, 11);
}

static void task_lists(void **state)
{
	const struct md_doc *d = parsed(state,
		"- [ ] open\n"
		"- [x] done `it`\n"
		"- plain [x]\n"
		"- [X] upper\n"
		"  - [ ] below\n"
		"\n"
		"1. [x] numbered\n");

	assert_int_equal(d->n, 6);
	assert_string_equal(block(d, 0, MD_TASK, 1, 1)->text, "open");
	assert_false(d->blocks[0].checked);
	assert_string_equal(block(d, 1, MD_TASK, 2, 2)->text, "done it");
	assert_true(d->blocks[1].checked);
	block(d, 2, MD_ITEM, 3, 3);
	assert_true(block(d, 3, MD_TASK, 4, 5)->checked);
	assert_int_equal(block(d, 4, MD_TASK, 5, 5)->level, 2);
	assert_true(block(d, 5, MD_TASK, 7, 7)->checked);
}

static void underlined_headings(void **state)
{
	const struct md_doc *d = parsed(
		state, "A\n===\n---\nB\nb\n---\n\nC\n--\ntext\n\n> D\n> -\n\nE\n=");

	block(d, 0, MD_HEADING, 1, 2);
	block(d, 1, MD_RULE, 3, 3);
	assert_string_equal(block(d, 2, MD_HEADING, 4, 6)->text, "B b");
	block(d, 3, MD_HEADING, 8, 9);
	block(d, 4, MD_PARAGRAPH, 10, 10);
	block(d, 6, MD_HEADING, 12, 13);
	block(d, 7, MD_HEADING, 15, 16);
}

/* A table takes its head from the paragraph before it. */
static void tables_behind_prose(void **state)
{
	const struct md_doc *d = parsed(state,
		"one\ntwo\n| a |\n|---|\n| 1 |\n| 2 |\n\n- x\n\n  y\n  |b|\n  |-|\n");

	assert_string_equal(block(d, 0, MD_PARAGRAPH, 1, 2)->text, "one two");
	assert_string_equal(block(d, 1, MD_TABLE, 3, 6)->text, "a\n1\n2\n");
	block(d, 3, MD_PARAGRAPH, 10, 10);
	block(d, 4, MD_TABLE, 11, 12);
}

/* The content offset of "2. " is three columns: four spaces continue the item. */
static void indentation_in_items(void **state)
{
	const struct md_doc *d =
		parsed(state, "2. text\n\n    still text\n\n       code\n");

	assert_int_equal(d->n, 3);
	block(d, 1, MD_PARAGRAPH, 3, 3);
	assert_string_equal(block(d, 2, MD_INDENTED, 5, 5)->text, "code\n");
}

static void placeholders_and_comments(void **state)
{
	const struct md_doc *d = parsed(
		state, "Drain <node> now<br>and <!-- secret --> wait ~5 min, ~6 min\n");

	assert_string_equal(block(d, 0, MD_PARAGRAPH, 1, 1)->text,
		"Drain <node> now and  wait ~5 min, ~6 min");
}

static void front_matter(void **state)
{
	const struct md_doc *d =
		parsed(state, "---  \ntitle: x\nvars:\n  A: b\n---\n# H\n");

	assert_int_equal(d->front_kind, 'y');
	assert_int_equal(d->front_line, 2);
	assert_string_equal(d->front, "title: x\nvars:\n  A: b\n");
	assert_int_equal(d->n, 1);
	block(d, 0, MD_HEADING, 6, 6);

	d = parsed(state, "---\ntitle: x\n...\ntext");
	assert_int_equal(d->front_kind, 'y');
	block(d, 0, MD_PARAGRAPH, 4, 4);

	d = parsed(state, "+++\ntitle = \"x\"\n+++\n\n# H\n");
	assert_int_equal(d->front_kind, 't');
	assert_string_equal(d->front, "title = \"x\"\n");
	block(d, 0, MD_HEADING, 5, 5);

	d = parsed(state, "{\n \"title\": \"a } b\",\n \"runme\": {\"v\": 1}\n}\n# H\n");
	assert_int_equal(d->front_kind, 'j');
	assert_int_equal(d->front_line, 1);
	assert_string_equal(
		d->front, "{\n \"title\": \"a } b\",\n \"runme\": {\"v\": 1}\n}");
	block(d, 0, MD_HEADING, 5, 5);
}

static void no_front_matter(void **state)
{
	static const char *const texts[] = {"---\ntitle: x\n", "---\njust prose\n---\n",
		"---\n---\n", " ---\ntitle: x\n---\n", "\n---\ntitle: x\n---\n",
		"----\ntitle: x\n----\n", "---\ntitle: x\n+++\n", "+++\ntitle: x\n+++\n",
		"{{< include >}}\n", "{not json}\n", "{\"a\":1} text\n", "{}\n",
		"{\"a\":1\n", "---\n# title: x\n---\n", "---", "{", ""};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct md_doc *d = parsed(state, texts[i]);

		if (d->front_kind || d->front)
			fail_msg("front matter in '%s'", texts[i]);
	}
}

static void bom_and_line_ends(void **state)
{
	const struct md_doc *d = parsed(state,
		"\xef\xbb\xbf---\r\ntitle: x\r\n---\r\n# H\r\n\r\n"
		"```sh  \r\na\r\nb\r\n```\r\n");

	assert_string_equal(d->front, "title: x\n");
	block(d, 0, MD_HEADING, 4, 4);
	assert_string_equal(block(d, 1, MD_FENCE, 6, 9)->text, "a\nb\n");
	assert_string_equal(d->blocks[1].info, "sh");
	assert_false(d->blocks[1].unclosed);

	d = parsed(state, "\xef\xbb\xbf```sh {x}\rold mac\r```\rtext");
	assert_int_equal(d->n, 2);
	assert_string_equal(block(d, 0, MD_FENCE, 1, 3)->info, "sh {x}");
	assert_string_equal(d->blocks[0].text, "old mac\n");
	block(d, 1, MD_PARAGRAPH, 4, 4);
}

static void hostile_bytes(void **state)
{
	const struct md_doc *d =
		parsed_n(state, "# a\0b\xff\xc2\x9b\x1b[m\n\n``` \xff\n\0\n```\n", 26);

	/* Malformed bytes and NUL are replaced; making safe is for whoever shows it. */
	assert_string_equal(block(d, 0, MD_HEADING, 1, 1)->text,
		"a\xef\xbf\xbd"
		"b\xef\xbf\xbd\xc2\x9b\x1b[m");
	assert_string_equal(block(d, 1, MD_FENCE, 3, 5)->text, "\xef\xbf\xbd\n");
	assert_string_equal(d->blocks[1].info, "\xff");
	assert_int_equal(parsed(state, "")->n, 0);
	assert_int_equal(parsed(state, "\n\n \n")->n, 0);
}

static void too_large(void **state)
{
	struct fixture *f = *state;
	struct strbuf html = STRBUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(
		markdown_parse(&f->d, "", MARKDOWN_MAX_BYTES + 1, &f->a, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(markdown_html(&html, "", MARKDOWN_MAX_BYTES + 1, &e), -1);
	assert_int_equal(html.len, 0);
	err_release(&e);
}

/* Ten thousand levels would take minutes if each block looked up through all of them. */
static void deep_nesting(void **state)
{
	static const char *const marks[] = {">", "- ", "1. ", "> - "};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		struct strbuf sb = STRBUF_INIT;
		const struct md_doc *d;

		for (int k = 0; k < 10000; k++)
			strbuf_adds(&sb, marks[i]);
		strbuf_adds(&sb, "```\n");
		d = parsed_n(state, sb.buf, sb.len);
		assert_true(d->n > 10000);
		assert_true(d->blocks[d->n - 1].unclosed);
		strbuf_release(&sb);
	}
}

/* A short row has as many cells as the head: this would be a hundred million of them. */
static void wide_tables_stay_text(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb, "before\n\n");
	for (int k = 0; k < 20000; k++)
		strbuf_adds(&sb, "|a");
	for (int k = 0; k < 20000; k++)
		strbuf_adds(&sb, k ? "|-" : "\n|-");
	for (int k = 0; k < 5000; k++)
		strbuf_adds(&sb, "\n|");
	assert_int_equal(parsed_n(state, sb.buf, sb.len)->n, 2);
	block(parsed_n(state, sb.buf, sb.len), 1, MD_PARAGRAPH, 3, 5004);
	strbuf_release(&sb);
}

static void as_html(void **state)
{
	static const char text[] =
		"---\ntitle: x\n---\n# A\n\n<script>x</script>\n\n[l](javascript:x) "
		"<b onclick=x>b</b> [m](https://e.org)\n\n| a |\n|---|\n| 1 |\n\n- [x] "
		"t\n";
	struct strbuf html = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	strbuf_adds(&html, "before ");
	assert_int_equal(markdown_html(&html, text, strlen(text), &e), 0);
	assert_memory_equal(html.buf, "before <h1>A</h1>", 17);
	assert_null(strstr(html.buf, "script"));
	assert_null(strstr(html.buf, "onclick"));
	assert_null(strstr(html.buf, "title"));
	assert_non_null(strstr(html.buf, "<a href=\"https://e.org\">m</a>"));
	assert_non_null(strstr(html.buf, "<td>1</td>"));
	assert_non_null(strstr(html.buf, "checkbox"));
	strbuf_release(&html);
}

static void fuzz_seeds(void **state)
{
	static const char *const seeds[] = {"",
		"\xef\xbb\xbf---\na: b\n---\n- ```\n  x\n```\n", "> ~~~\r> a\r~~~",
		"|a|\n|-|\n|", "- [ ] \n\n\n\n-\t```\n\t\tx\n", "\t\t```\n",
		"[a]: b\n\n# \n```", "***\n> 1) ```\n\n  ```"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
}

#define DOC(test) cmocka_unit_test_setup_teardown(test, enter, leave)

UNIT_TESTS(DOC(every_kind), DOC(info_is_raw), DOC(unclosed_at_the_end),
	DOC(unclosed_in_a_container), DOC(fences_in_lists_and_quotes), DOC(task_lists),
	DOC(underlined_headings), DOC(tables_behind_prose), DOC(indentation_in_items),
	DOC(placeholders_and_comments), DOC(front_matter), DOC(no_front_matter),
	DOC(bom_and_line_ends), DOC(hostile_bytes), DOC(too_large), DOC(deep_nesting),
	DOC(wide_tables_stay_text), DOC(as_html), DOC(fuzz_seeds))
