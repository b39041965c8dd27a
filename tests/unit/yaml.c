#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/yaml.h"
#include "tests/fuzz/fuzz.h"

/* The problems of a text, a line each: "line:column message (hint)". */
static char *problems_of(const char *s, size_t n)
{
	struct problems p;
	struct strbuf sb = STRBUF_INIT;
	struct yaml_doc *doc;
	int failed;

	problems_init(&p, NULL);
	failed = yaml_parse(&doc, s, n, &p);
	assert_int_equal(failed, p.n ? -1 : 0);
	assert_int_equal(doc == NULL, failed != 0);
	for (size_t i = 0; i < p.n; i++)
		strbuf_addf(&sb, "%d:%d %s%s%s%s\n", p.items[i].line, p.items[i].column,
			p.items[i].message, p.items[i].hint ? " (" : "",
			p.items[i].hint ? p.items[i].hint : "",
			p.items[i].hint ? ")" : "");
	problems_release(&p);
	yaml_free(doc);
	return strbuf_detach(&sb, NULL);
}

static void refuse(const char *s, const char *expected)
{
	char *found = problems_of(s, strlen(s));

	assert_string_equal(found, expected);
	free(found);
}

static struct yaml_doc *parse(const char *s)
{
	struct problems p;
	struct yaml_doc *doc = NULL;

	problems_init(&p, NULL);
	if (yaml_parse(&doc, s, strlen(s), &p))
		fail_msg("%d:%d %s", p.items[0].line, p.items[0].column,
			p.items[0].message);
	problems_release(&p);
	return doc;
}

static void nodes_know_their_place(void **state)
{
	struct yaml_doc *doc =
		parse("a: 1\nb:\n  - x\n  - \"y\"\n  -\nc: {d: ~}\n'null': k\n");
	const struct yaml_node *root = yaml_root(doc, 0), *b = yaml_get(root, "b");

	(void)state;
	assert_int_equal(yaml_documents(doc), 1);
	assert_int_equal(yaml_type(root), YAML_MAP);
	assert_int_equal(yaml_count(root), 4);
	assert_string_equal(yaml_text(yaml_get(root, "a")), "1");
	assert_int_equal(yaml_type(b), YAML_LIST);
	assert_int_equal(yaml_line(yaml_item(b, 1)), 4);
	assert_int_equal(yaml_column(yaml_item(b, 1)), 5);
	assert_true(yaml_is_plain(yaml_item(b, 0)));
	assert_false(yaml_is_plain(yaml_item(b, 1)));
	assert_int_equal(yaml_type(yaml_item(b, 2)), YAML_NULL);
	assert_null(yaml_text(yaml_item(b, 2)));
	assert_null(yaml_item(b, 3));
	assert_int_equal(yaml_type(yaml_get(yaml_get(root, "c"), "d")), YAML_NULL);
	assert_string_equal(yaml_key_text(root, 3), "null");
	assert_null(yaml_get(root, "z"));
	assert_null(yaml_get(NULL, "z"));
	assert_int_equal(yaml_type(NULL), YAML_NONE);
	assert_int_equal(yaml_count(yaml_get(root, "a")), 0);
	assert_null(yaml_root(doc, 1));
	yaml_free(doc);
}

static void streams_hold_documents(void **state)
{
	struct yaml_doc *doc = parse("---\na: 1\n---\n- b\n...\n");

	(void)state;
	assert_int_equal(yaml_documents(doc), 2);
	assert_int_equal(yaml_type(yaml_root(doc, 1)), YAML_LIST);
	assert_int_equal(yaml_line(yaml_root(doc, 1)), 4);
	yaml_free(doc);
	doc = parse("# nothing\n");
	assert_int_equal(yaml_documents(doc), 0);
	assert_null(yaml_root(doc, 0));
	yaml_free(doc);
	doc = parse("");
	assert_int_equal(yaml_documents(doc), 0);
	yaml_free(doc);
	doc = parse("\xef\xbb\xbf"
		    "a: \xc3\xa9\n");
	assert_string_equal(yaml_text(yaml_get(yaml_root(doc, 0), "a")), "\xc3\xa9");
	yaml_free(doc);
}

static void aliases_are_followed(void **state)
{
	struct yaml_doc *doc = parse("one: &x {k: v}\ntwo: *x\nthree: [*x, *x]\n");
	const struct yaml_node *root = yaml_root(doc, 0);

	(void)state;
	assert_string_equal(yaml_text(yaml_get(yaml_get(root, "two"), "k")), "v");
	assert_int_equal(yaml_line(yaml_item(yaml_get(root, "three"), 1)), 1);
	yaml_free(doc);
}

static void syntax_is_explained(void **state)
{
	(void)state;
	refuse("a:\n\tb: 1\n",
		"2:1 a tab stands where only spaces may (indent with spaces)\n");
	refuse("a: b: c\n",
		"1:5 a ': ' stands where no key can be (put a text that holds ': ' in "
		"quotes, or correct the indentation)\n");
	refuse("a: \"b\n", "2:1 the file ends inside quotes (close the quotes)\n");
	refuse("a: [1, 2\nb: 3\n",
		"2:2 a list in [ ] is not closed (add a ',' or the ']')\n");
	refuse("a: *b\n", "1:4 an alias (*) names no anchor (&) above it\n");
	refuse("a: 1\n b: 2\n",
		"2:3 a ': ' stands where no key can be (put a text that holds ': ' "
		"in quotes, or correct the indentation)\n");
	refuse("a: @b\n",
		"1:4 this is not YAML: found character that cannot start any token "
		"(while scanning for the next token that begins in line 1)\n");
}

static void keys_are_texts_and_unique(void **state)
{
	(void)state;
	refuse("a: 1\nb:\n  c: 1\n  'c': 2\na: 2\n",
		"5:1 the key 'a' stands here a second time (the first is in line 1)\n"
		"4:3 the key 'c' stands here a second time (the first is in line 3)\n");
	refuse("[a]: 1\n", "1:1 a key has to be a text\n");
	refuse("? {a: b}\n: 1\n", "1:3 a key has to be a text\n");
}

static void only_clean_utf8(void **state)
{
	static const char nul[] = "a: b\0c\n",
			  utf16[] = "\xff\xfe"
				    "a\0:\0";
	char *found;

	(void)state;
	refuse("a: 1\nb: \xff\n", "2:4 this is not UTF-8 (save the file as UTF-8)\n");
	refuse("b: \xc3(\n", "1:5 this is not UTF-8 (save the file as UTF-8)\n");
	refuse("b: \xed\xa0\x80\n", "1:4 this is not UTF-8 (save the file as UTF-8)\n");
	refuse("b: \x1b[2J\n",
		"1:4 a control character (remove it; in double quotes it can be "
		"written as \\x..)\n");
	refuse("b: \"a\\0b\"\n", "1:4 a text with a NUL in it\n");
	found = problems_of(nul, sizeof(nul) - 1);
	assert_non_null(strstr(found, "1:5 a control character"));
	free(found);
	found = problems_of(utf16, sizeof(utf16) - 1);
	assert_non_null(strstr(found, "not UTF-8"));
	free(found);
}

/* times copies of s, then tail. */
static char *repeat(const char *s, size_t times, const char *tail)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < times; i++)
		strbuf_adds(&sb, s);
	strbuf_adds(&sb, tail);
	return strbuf_detach(&sb, NULL);
}

static void refuse_made(char *s, const char *part)
{
	char *found = problems_of(s, strlen(s));

	assert_non_null(strstr(found, part));
	free(found);
	free(s);
}

static void hostile_documents_are_refused(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	refuse_made(repeat("[", 100000, ""), "nested too deep");
	refuse_made(repeat("- ", 100000, "x"), "nested too deep");
	refuse_made(repeat("? ", 100000, "x"), "nested too deep");
	refuse_made(repeat("{a: ", 65, ""), "nested too deep");
	refuse_made(repeat("- \n", 300000, ""), "too many lists, maps and texts");
	refuse_made(repeat("x", YAML_MAX_BYTES + 1, ""), "larger than 4 MiB");
	refuse("a: &a [1, *a]\n", "1:11 an alias (*) stands inside what it names\n");
	refuse("&a {b: {c: *a}}\n", "1:12 an alias (*) stands inside what it names\n");
	strbuf_adds(&sb, "- &a 1\n");
	for (int i = 0; i <= YAML_MAX_ALIASES; i++)
		strbuf_adds(&sb, "- *a\n");
	refuse_made(strbuf_detach(&sb, NULL), "10002:3 too many aliases");
	/* A billion laughs. */
	strbuf_adds(&sb, "a0: &a0 [lol]\n");
	for (int i = 1; i < 10; i++) {
		strbuf_addf(&sb, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			strbuf_addf(&sb, "%s*a%d", k ? "," : "", i - 1);
		strbuf_adds(&sb, "]\n");
	}
	refuse_made(strbuf_detach(&sb, NULL), "the aliases (*) make this too large");
	/* Depth through aliases only. */
	strbuf_adds(&sb, "- &a0 [x]\n");
	for (int i = 1; i < 80; i++)
		strbuf_addf(&sb, "- &a%d [*a%d]\n", i, i - 1);
	refuse_made(strbuf_detach(&sb, NULL), "nested too deep");
	/* One long text, often. */
	strbuf_adds(&sb, "- &a ");
	for (int i = 0; i < 100000; i++)
		strbuf_addc(&sb, 'x');
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&sb, "\n- *a");
	refuse_made(strbuf_detach(&sb, NULL), "the aliases (*) make this too large");
}

static void limits_are_reached(void **state)
{
	char *deep = repeat("[", 64, ""), *many = repeat("- x\n", 200000, "");
	struct strbuf sb = STRBUF_INIT;
	char *closed;

	(void)state;
	strbuf_adds(&sb, deep);
	for (int i = 0; i < 64; i++)
		strbuf_addc(&sb, ']');
	closed = strbuf_detach(&sb, NULL);
	yaml_free(parse(closed));
	yaml_free(parse(many));
	free(closed);
	free(deep);
	free(many);
}

static void becomes_json(void **state)
{
	struct yaml_doc *doc = parse(
		"a: [1, -2, +3, 0x1f, 0o17, 1.5, .5, 1e3, 1., -.inf, .nan, e1]\n"
		"b: [true, False, yes, null, ~, '1', \"true\", 0123, 1_000]\n"
		"c:\n  k: |\n    text\n"
		"n: [9223372036854775807, 123456789012345678901234567890, 2026-11-21]\n"
		"e: [{}, []]\n");
	struct json *j = yaml_to_json(yaml_root(doc, 0));
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	json_format(&sb, j, false);
	assert_string_equal(sb.buf,
		"{\"a\":[1,-2,3,31,15,1.5,0.5,1000,1,\"-.inf\",\".nan\",\"e1\"],"
		"\"b\":[true,false,\"yes\",null,null,\"1\",\"true\",123,\"1_000\"],"
		"\"c\":{\"k\":\"text\\n\"},"
		"\"n\":[9223372036854775807,123456789012345678901234567890,\"2026-11-"
		"21\"],"
		"\"e\":[{},[]]}");
	strbuf_release(&sb);
	json_free(j);
	yaml_free(doc);
	j = yaml_to_json(NULL);
	assert_int_equal(json_type(j), JSON_NULL);
	json_free(j);
}

/* --- the key table --- */

struct inner {
	const char *name;
	int64_t port;
	const struct yaml_node *self;
};

struct outer {
	const char *title;
	bool on;
	int64_t count, wait_ns, bytes;
	double share;
	int colour;
	struct yaml_texts words;
	const struct yaml_node *any;
	struct inner one;
	struct yaml_subs many;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

/* clang-format off */
static const struct yaml_field inner_fields[] = {
	{.key = "", .want = YAML_SELF, .offset = offsetof(struct inner, self)},
	{.key = "name", .want = YAML_TEXT, .offset = offsetof(struct inner, name),
		.flags = YAML_REQUIRED},
	{.key = "port", .want = YAML_INT, .offset = offsetof(struct inner, port),
		.min = 1, .max = 65535},
	{0},
};

static const struct yaml_field outer_fields[] = {
	{.key = "title", .want = YAML_TEXT, .offset = offsetof(struct outer, title)},
	{.key = "on", .want = YAML_BOOL, .offset = offsetof(struct outer, on)},
	{.key = "count", .want = YAML_INT, .offset = offsetof(struct outer, count)},
	{.key = "wait", .want = YAML_DURATION, .offset = offsetof(struct outer, wait_ns)},
	{.key = "bytes", .want = YAML_SIZE, .offset = offsetof(struct outer, bytes)},
	{.key = "share", .want = YAML_REAL, .offset = offsetof(struct outer, share),
		.min = 0, .max = 1},
	{.key = "colour", .want = YAML_CHOICE, .offset = offsetof(struct outer, colour),
		.choices = colours},
	{.key = "words", .want = YAML_TEXTS, .offset = offsetof(struct outer, words)},
	{.key = "any", .want = YAML_NODE, .offset = offsetof(struct outer, any)},
	{.key = "one", .want = YAML_SUB, .offset = offsetof(struct outer, one),
		.sub = inner_fields},
	{.key = "many", .want = YAML_SUBS, .offset = offsetof(struct outer, many),
		.sub = inner_fields, .sub_size = sizeof(struct inner)},
	{0},
};
/* clang-format on */

static void table_reads_every_kind(void **state)
{
	struct arena a = {0};
	struct problems p;
	struct outer o = {.title = "default", .count = 7};
	const struct inner *items;
	struct yaml_doc *doc =
		parse("on: true\ncount: -12\nwait: 1h30m\nbytes: 1.5MB\n"
		      "share: 0.25\ncolour: green\nwords: [a, b]\nany: {x: 1}\n"
		      "one: {name: n, port: 80}\ntitle:\n"
		      "many:\n  - name: m\n  - {name: k, port: 1}\n");

	(void)state;
	problems_init(&p, NULL);
	assert_int_equal(yaml_read(&o, yaml_root(doc, 0), outer_fields, &a, &p), 0);
	assert_string_equal(o.title, "default");
	assert_true(o.on);
	assert_int_equal(o.count, -12);
	assert_true(o.wait_ns == 90 * NS_PER_MIN);
	assert_int_equal(o.bytes, 1500000);
	assert_true(o.share == 0.25);
	assert_int_equal(o.colour, 1);
	assert_int_equal(o.words.n, 2);
	assert_string_equal(o.words.items[1], "b");
	assert_int_equal(yaml_type(o.any), YAML_MAP);
	assert_string_equal(o.one.name, "n");
	assert_int_equal(o.one.port, 80);
	assert_int_equal(o.many.n, 2);
	items = o.many.items;
	assert_string_equal(items[1].name, "k");
	assert_int_equal(items[0].port, 0);
	assert_int_equal(yaml_line(items[1].self), 13);
	yaml_free(doc);
	assert_string_equal(items[1].name, "k"); /* in the arena, not in the document */
	arena_release(&a);
}

/* What reading the text by the table complains about. */
static void complain(const char *text, const char *expected)
{
	struct arena a = {0};
	struct problems p;
	struct outer o = {0};
	struct strbuf sb = STRBUF_INIT;
	struct yaml_doc *doc = parse(text);
	int failed;

	problems_init(&p, NULL);
	failed = yaml_read(&o, yaml_root(doc, 0), outer_fields, &a, &p);
	assert_int_equal(failed, p.n ? -1 : 0);
	for (size_t i = 0; i < p.n; i++)
		strbuf_addf(&sb, "%d:%d %s%s%s\n", p.items[i].line, p.items[i].column,
			p.items[i].message, p.items[i].hint ? " | " : "",
			p.items[i].hint ? p.items[i].hint : "");
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
	problems_release(&p);
	yaml_free(doc);
	arena_release(&a);
}

static void table_reports_everything(void **state)
{
	(void)state;
	complain("", "");
	complain("null", "");
	complain("- a\n", "1:1 a map of keys is expected here, and not a list\n");
	complain("text\n", "1:1 a map of keys is expected here, and not a text\n");
	complain("titel: x\n",
		"1:1 there is no key 'titel' here | did you mean 'title'?\n");
	complain("zzz: x\n",
		"1:1 there is no key 'zzz' here | there are: title, on, count, wait, "
		"bytes, share, colour, words, any, one, many\n");
	complain("<<: {title: x}\n",
		"1:1 there is no key '<<' here | merge keys are not read: "
		"write the keys out\n");
	complain("on: yes\n", "1:5 'on' is true or false, and not 'yes'\n");
	complain("count: 1.5\nshare: lots\n",
		"1:8 'count' is a whole number, and not '1.5'\n"
		"2:8 'share' is a number, and not 'lots'\n");
	complain("count: 99999999999999999999\n",
		"1:8 'count' is a whole number, and not '99999999999999999999'\n");
	complain("share: 1.5\n", "1:8 'share' is between 0 and 1, and not '1.5'\n");
	complain("share: 1e999\n", "1:8 'share' is a number, and not '1e999'\n");
	complain("wait: soon\n",
		"1:7 'wait' is a duration, and not 'soon' | write it as 30s, 5m, "
		"1h30m or 14d\n");
	complain("bytes: 5XB\n",
		"1:8 'bytes' is a size, and not '5XB' | write it as 512, 10KB, "
		"200MB or 2GiB\n");
	complain("bytes: 1.2.3\n",
		"1:8 'bytes' is a size, and not '1.2.3' | write it as 512, "
		"10KB, 200MB or 2GiB\n");
	complain("colour: gren\n",
		"1:9 'colour' cannot be 'gren' | did you mean 'green'?\n");
	complain("colour: [red]\n", "1:9 'colour' is a text, and not a list\n");
	complain("words: [a, {b: c}]\n",
		"1:12 'words' is a list of texts, and not a map\n");
	complain("one: x\n", "1:6 'one' is a map of keys, and not 'x'\n");
	complain("one: {port: 0}\n",
		"1:13 'port' is between 1 and 65535, and not '0'\n"
		"1:6 the key 'name' is missing\n");
	complain("many: {name: x}\n", "1:7 'many' is a list, and not a map\n");
	complain("many:\n- {name: }\n- 5\n- {nam: x}\n",
		"2:3 the key 'name' is missing\n3:3 'many' is a map of keys, and not "
		"'5'\n"
		"4:4 there is no key 'nam' here | did you mean 'name'?\n"
		"4:3 the key 'name' is missing\n");
}

static void quoting_comes_back(void **state)
{
	static const char *const plain[] = {"abc", "http://localhost:9090/x?a=b",
		"/usr/bin/x y", "v1.2.3-rc+5", "/x"};
	static const char *const quoted[] = {"", "true", "No", "on", "12", "1e3", "0x1f",
		"1:30", "2026-11-21", "a: b", "a #b", " a", "a ", "a:", "- a", "[a]",
		"{a}", "*a", "&a", "!a", "'a'", "\"a\"", "a\nb", "a\tb", "%a", "@a",
		"`a`", "~", "null", "\x1b[31m", "\xc3\xa9\xe2\x80\xae",
		"\xf3\xa0\x80\x81", "a\\b", "?", "<<", "=", ",", "y"};
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		strbuf_reset(&sb);
		yaml_quote(&sb, plain[i]);
		assert_string_equal(sb.buf, plain[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(quoted); i++) {
		struct yaml_doc *doc;
		struct json *j;

		strbuf_reset(&sb);
		strbuf_adds(&sb, "- ");
		yaml_quote(&sb, quoted[i]);
		assert_int_equal(sb.buf[2], '"');
		doc = parse(sb.buf);
		j = yaml_to_json(yaml_root(doc, 0));
		assert_string_equal(json_text_at(j, "0"), quoted[i]);
		json_free(j);
		yaml_free(doc);
	}
	strbuf_release(&sb);
}

static void fuzz_seeds(void **state)
{
	static const char *const seeds[] = {"", "a", "- &a [*a]",
		"{a: {b: [c, \"\\x1b\\u202e\"]}}",
		"sources: [{name: a, type: b, auth: {basic: {user: x, password: {env: "
		"Y}}}}]",
		"contexts: [{name: a, sources: a}, {}]\nservices: [{name: s, levers: "
		"[{}, 5]}]",
		"sources:\n- {headers: {a: b, c: [d]}, name: n, type: t, url: "
		"'http://@', tls: {}}",
		"context: [x]\nstore: {path: auto, keep: 1s}\nui: {theme: "
		"1}\n---\n...\n--- |\n x",
		"? - a\n: b", "\xff\xfe", "- '\xf4\x8f\xbf\xbf\xc2\x85'", "<<: {a: b}",
		"a: !!x y"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		assert_int_equal(LLVMFuzzerTestOneInput(
					 (const uint8_t *)seeds[i], strlen(seeds[i])),
			0);
}

UNIT_TESTS(cmocka_unit_test(nodes_know_their_place),
	cmocka_unit_test(streams_hold_documents), cmocka_unit_test(aliases_are_followed),
	cmocka_unit_test(syntax_is_explained),
	cmocka_unit_test(keys_are_texts_and_unique), cmocka_unit_test(only_clean_utf8),
	cmocka_unit_test(hostile_documents_are_refused),
	cmocka_unit_test(limits_are_reached), cmocka_unit_test(becomes_json),
	cmocka_unit_test(table_reads_every_kind),
	cmocka_unit_test(table_reports_everything), cmocka_unit_test(quoting_comes_back),
	cmocka_unit_test(fuzz_seeds))
