#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/json.h"
#include "tests/fuzz/fuzz.h"

static struct json *parsed_n(const char *s, size_t n)
{
	struct err e = ERR_INIT;
	struct json *j = NULL;

	if (json_parse(&j, s, n, &e))
		fail_msg("%s: %s", s, e.what);
	return j;
}

static struct json *parsed(const char *s)
{
	return parsed_n(s, strlen(s));
}

static void assert_refused(const char *s, size_t n, enum err_code code, const char *words)
{
	struct err e = ERR_INIT;
	struct json *j = NULL;

	if (!json_parse(&j, s, n, &e))
		fail_msg("accepted: %s", s);
	assert_null(j);
	assert_int_equal(e.code, code);
	if (!strstr(e.what, words))
		fail_msg("%s: says '%s', not '%s'", s, e.what, words);
	err_release(&e);
}

static void assert_plain(const char *s, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;
	struct json *j = parsed(s);

	json_format(&sb, j, false);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
	json_free(j);
}

static void reads(void **state)
{
	struct json *j = parsed(
		"{\"a\":{\"b\":[10,\"x\",true]},\"n\":null,\"r\":-1.5e2,\"d.d\":1}");

	(void)state;
	assert_int_equal(json_int(json_at(j, "a.b.0")), 10);
	assert_string_equal(json_text_at(j, "a.b.1"), "x");
	assert_true(json_bool(json_at(j, "a.b.2"), false));
	assert_int_equal(json_count(json_at(j, "a.b")), 3);
	assert_int_equal(json_type(json_get(j, "n")), JSON_NULL);
	assert_int_equal(json_type(json_get(j, "A")), JSON_NONE);
	assert_true(json_real(json_get(j, "r")) == -150);
	assert_ptr_equal(json_at(j, ""), j);
	assert_string_equal(json_key(json_next(json_first(j))), "n");
	assert_null(json_key(json_first(json_at(j, "a.b"))));
	json_free(j);
}

static void nothing_needs_no_test(void **state)
{
	struct json *j = parsed("{\"a\":[1],\"s\":\"x\"}");

	(void)state;
	assert_null(json_at(j, "a.1"));
	assert_null(json_at(j, "a.-1"));
	assert_null(json_at(j, "a.0x"));
	assert_null(json_at(j, "a..0"));
	assert_null(json_at(j, "a.99999999999999999999"));
	assert_null(json_at(j, "s.x.y"));
	assert_null(json_get(json_get(j, "a"), "0"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_int_equal(json_count(NULL), 0);
	assert_null(json_text(json_get(j, "a")));
	assert_true(isnan(json_real(json_at(j, "s"))));
	assert_true(isnan(json_real(NULL)));
	assert_true(json_int(json_get(j, "s")) == INT64_MIN);
	assert_true(json_bool(json_get(j, "s"), true));
	assert_null(json_copy(NULL));
	json_free(NULL);
	json_free(j);
}

/* Digits in, exact digits out, from 15 to 40 of them. */
static void long_integers_are_exact(void **state)
{
	static const char digits[] = "9876543210987654321098765432109876543210";
	char text[96];

	(void)state;
	for (int n = 1; n <= 40; n++) {
		struct strbuf sb = STRBUF_INIT;
		struct json *j;

		snprintf(text, sizeof(text), "[%.*s,-%.*s]", n, digits, n, digits);
		j = parsed(text);
		assert_int_equal(json_type(json_first(j)), JSON_NUMBER);
		if (n > 15)
			assert_memory_equal(json_text(json_first(j)), digits, n);
		json_format(&sb, j, false);
		assert_string_equal(sb.buf, text);
		strbuf_release(&sb);
		json_free(j);
	}
}

static void integers_to_int64(void **state)
{
	struct json *j =
		parsed("[9007199254740993,9223372036854775807,-9223372036854775807,"
		       "9223372036854775808,1.7e+18,1.5,1e400,\"1700000000123456789\","
		       "\"12x\",\"\",\"+1\",-0]");

	(void)state;
	assert_true(json_int(json_at(j, "0")) == INT64_C(9007199254740993));
	assert_true(json_int(json_at(j, "1")) == INT64_MAX);
	assert_true(json_int(json_at(j, "2")) == -INT64_MAX);
	assert_true(json_int(json_at(j, "3")) == INT64_MIN);
	assert_true(json_int(json_at(j, "4")) == INT64_C(1700000000000000000));
	assert_true(json_int(json_at(j, "5")) == INT64_MIN);
	assert_true(json_int(json_at(j, "6")) == INT64_MIN);
	assert_true(json_int(json_at(j, "7")) == INT64_C(1700000000123456789));
	for (const char *at = "89"; *at; at++)
		assert_true(json_int(json_at(j, (char[]){*at, 0})) == INT64_MIN);
	assert_true(json_int(json_at(j, "10")) == INT64_MIN);
	assert_true(json_int(json_at(j, "11")) == 0);
	json_free(j);
}

static void reals(void **state)
{
	struct json *j = parsed(
		"[\"0.25\",\"+Inf\",\"-Inf\",\"NaN\",\"nan\",\"inf\",\"0x10\",\" 1\","
		"\"1e3\",12345678901234567890,-0.0]");

	(void)state;
	assert_true(json_real(json_at(j, "0")) == 0.25);
	assert_true(json_real(json_at(j, "1")) == INFINITY);
	assert_true(json_real(json_at(j, "2")) == -INFINITY);
	for (const char *at = "34567"; *at; at++)
		assert_true(isnan(json_real(json_at(j, (char[]){*at, 0}))));
	assert_true(json_real(json_at(j, "8")) == 1000);
	assert_true(json_real(json_at(j, "9")) == 12345678901234567890.0);
	assert_true(signbit(json_real(json_at(j, "10"))));
	json_free(j);
}

static void writes_numbers(void **state)
{
	(void)state;
	assert_plain("[-0,-0.0,1e2,1E-7,0.1,100000000000000000000.0,3.0]",
		"[0,0,100,1e-07,0.1,1e+20,3]");
	assert_plain("[0.30000000000000004,1e999,-1e999,5e-324]",
		"[0.30000000000000004,null,null,4.94065645841247e-324]");
	/* Longer than cJSON reads at once. */
	assert_plain(
		"[0."
		"1234567890123456789012345678901234567890123456789012345678901234567890]",
		"[0."
		"1234567890123456789012345678901234567890123456789012345678901234567890"
		"]");
}

static void guards_for_jq(void **state)
{
	static const char in[] =
		"{\"t\": 1700000000123456789, \"n\": [-1234567890123456,1,"
		"123456789012345], \"s\": \"1234567890123456\\\"9876543210987654\","
		" \"r\": 1234567890123456.5}";
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(json_guard(&sb, in, strlen(in), &e), 0);
	assert_string_equal(sb.buf,
		"{\"t\": \"1700000000123456789\", \"n\": [\"-1234567890123456\",1,"
		"123456789012345], \"s\": \"1234567890123456\\\"9876543210987654\","
		" \"r\": 1234567890123456.5}");
	strbuf_release(&sb);
}

/* Only what was a number becomes one again, whatever strings and keys stand around it. */
static void strings_of_digits_stay_strings(void **state)
{
	static const char text[] =
		"{\"1234567890123456\":\"1234567890123456\",\"a\":1234567890123456,"
		"\"b\":[\"x\",{\"c\":6543210987654321},\"6543210987654321\"]}";

	(void)state;
	assert_plain(text, text);
}

static void refuses(void **state)
{
	static const char *const bad[] = {"{\"a\":1,}", "[1 2]", "[01]", "[-]", "[1.]",
		"[.5]", "[1e]", "[1e+]", "[+1]", "{\"a\" 1}", "{a:1}", "[NaN]",
		"[Infinity]", "tru", "\"open", "\"\\x\"", "\"\\u12g4\"", "[1]]", "{}{}",
		"]", "[1234567890123456 1]", "{1234567890123456:1}",
		"{1234567890123456 \n:1}", "[1234567890123456x]", "\"a\"1234567890123456",
		"// c\n1", "'a'", "\"\\"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(bad[i], strlen(bad[i]), ERR_INPUT, "not JSON at line ");
	assert_refused("[1\0]", 4, ERR_INPUT, "line 1, column 3");
	assert_refused("\"a\0b\"", 5, ERR_INPUT, "line 1, column 3");
	assert_refused("", 0, ERR_INPUT, "empty document");
	assert_refused(" \r\n\t", 4, ERR_INPUT, "empty document");
}

static void says_where(void **state)
{
	static const char text[] =
		"{\"a\": 1,\n \"b\": 12345678901234567890,\n \"c\": x}";
	static const char bom[] = "\xef\xbb\xbf{\"a\": 1234567890123456, \"b\": x}";
	struct err e = ERR_INIT;
	struct json *j = NULL;

	(void)state;
	assert_refused(text, strlen(text), ERR_INPUT, "line 3, column 7");
	assert_refused(bom, strlen(bom), ERR_INPUT, "line 1, column 30");
	assert_int_equal(json_parse(&j, "<html>", 6, &e), -1);
	assert_non_null(strstr(e.hint, "web page"));
	err_release(&e);
}

static void depth(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct json *j;

	(void)state;
	for (int n = 256; n <= 257; n++) {
		strbuf_reset(&sb);
		for (int i = 0; i < n; i++)
			strbuf_adds(&sb, i % 2 ? "{\"[\":" : "[");
		strbuf_adds(&sb, "1");
		for (int i = n; i-- > 0;)
			strbuf_adds(&sb, i % 2 ? "}" : "]");
		if (n == 256) {
			j = parsed_n(sb.buf, sb.len);
			json_free(j);
		} else {
			assert_refused(
				sb.buf, sb.len, ERR_LIMIT, "deeper than 256 levels");
		}
	}
	strbuf_reset(&sb);
	for (int i = 0; i < 1000000; i++)
		strbuf_addc(&sb, '[');
	assert_refused(sb.buf, sb.len, ERR_LIMIT, "line 1, column 257");
	strbuf_release(&sb);
}

static void too_large(void **state)
{
	(void)state;
	/* The limit is looked at before the bytes. */
	assert_refused("1", JSON_MAX_BYTES + 1, ERR_LIMIT, "256 MiB");
}

static void escapes_and_surrogates(void **state)
{
	struct json *j = parsed(
		"[\"\\ud83d\\ude00\",\"\\ud83d\",\"\\ude00x\",\"\\ud83d\\ud83d\\ude00\","
		"\"a\\u0000b\",\"\\u00e9\\/\\b\",\"\\\\ud83d\",\"\\ud83dx\"]");

	(void)state;
	assert_string_equal(json_text_at(j, "0"), "\xf0\x9f\x98\x80");
	assert_string_equal(json_text_at(j, "1"), "\xef\xbf\xbd");
	assert_string_equal(json_text_at(j, "2"), "\xef\xbf\xbdx");
	assert_string_equal(json_text_at(j, "3"), "\xef\xbf\xbd\xf0\x9f\x98\x80");
	assert_string_equal(json_text_at(j, "4"),
		"a\xef\xbf\xbd"
		"b");
	assert_string_equal(json_text_at(j, "5"), "\xc3\xa9/\b");
	assert_string_equal(json_text_at(j, "6"), "\\ud83d");
	assert_string_equal(json_text_at(j, "7"), "\xef\xbf\xbdx");
	json_free(j);
}

static void malformed_utf8(void **state)
{
	static const char text[] = "{\"a\xff\xc0\xaf\":\"\xe4\xb8\xad\xed\xa0\x80\"}";
	static const char late[] = "{\"\xff\xff\": 1234567890123456, \"b\": x}";
	struct json *j = parsed(text);

	(void)state;
	assert_string_equal(
		json_key(json_first(j)), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(json_text(json_first(j)),
		"\xe4\xb8\xad\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	json_free(j);
	/* What the guard makes longer does not move the place that is named. */
	assert_refused(late, strlen(late), ERR_INPUT, "line 1, column 31");
}

static void last_of_equal_keys(void **state)
{
	struct json *j = parsed("{\"a\":1,\"b\":2,\"a\":3}");
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	assert_int_equal(json_int(json_get(j, "a")), 3);
	assert_int_equal(json_int(json_at(j, "a")), 3);
	json_canonical(&sb, j);
	assert_string_equal(sb.buf, "{\"a\":1,\"a\":3,\"b\":2}");
	strbuf_release(&sb);
	json_free(j);
}

static void quotes_for_terminals(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	json_quote(&sb,
		"a\"\\\n\x1b[2J\x7f\xc2\x9b"
		"31m\xe2\x80\xae\xf3\xa0\x81\x81\xff\xc3\xa9\xe4\xb8\xad/"
		"\xf0\x9f\x98\x80");
	assert_string_equal(sb.buf,
		"\"a\\\"\\\\\\n\\u001b[2J\\u007f\\u009b31m\\u202e\\udb40\\udc41"
		"\xef\xbf\xbd\xc3\xa9\xe4\xb8\xad/\xf0\x9f\x98\x80\"");
	strbuf_release(&sb);
}

static void builds(void **state)
{
	struct json *j = json_object(), *list = json_add_array(j, "list");
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	json_add_int(list, NULL, INT64_MAX);
	json_add_int(list, NULL, -INT64_MAX);
	json_add_int(list, NULL, INT64_C(999999999999999));
	json_add_int(list, NULL, INT64_C(1000000000000000));
	json_add_int(list, NULL, INT64_MIN);
	json_add_text(j, "z", NULL);
	json_add_text(j, "e", "");
	json_add_real(j, "nan", NAN);
	json_add_real(j, "r", 0.1);
	json_add_bool(json_add_object(j, "o"), "t", true);
	json_add_time(j, "at", NS_PER_S + 5 * NS_PER_MS);
	json_add_time(j, "never", INT64_MIN);
	assert_int_equal(json_add_raw(j, "raw", "{\"id\":12345678901234567890}", &e), 0);
	assert_int_equal(json_add_raw(j, "bad", "{", &e), -1);
	json_add(j, "copy", json_copy(json_get(j, "raw")));
	json_add(j, "none", NULL);
	json_format(&sb, j, false);
	assert_string_equal(sb.buf,
		"{\"list\":[9223372036854775807,-9223372036854775807,999999999999999,"
		"1000000000000000,null],\"z\":null,\"e\":\"\",\"nan\":null,\"r\":0.1,"
		"\"o\":{\"t\":true},\"at\":\"1970-01-01T00:00:01.005Z\",\"never\":null,"
		"\"raw\":{\"id\":12345678901234567890},\"copy\":{\"id\":"
		"12345678901234567890},"
		"\"none\":null}");
	assert_true(json_int(json_first(json_get(j, "list"))) == INT64_MAX);
	strbuf_release(&sb);
	err_release(&e);
	json_free(j);
}

static void indents(void **state)
{
	struct json *j = parsed("{\"a\":[],\"b\":{},\"c\":[1,{\"d\":\"x\"}]}");
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	json_format(&sb, j, true);
	assert_string_equal(sb.buf,
		"{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n"
		"      \"d\": \"x\"\n    }\n  ]\n}\n");
	strbuf_release(&sb);
	json_free(j);
}

static void canonical_ignores_order(void **state)
{
	struct json *a =
		parsed("{\"b\": 1, \"a\": {\"y\": 1, \"x\": [3, 1]}, \"\": 0, \"B\": 2}");
	struct json *b = parsed("{\"B\":2,\"\":0,\"a\":{\"x\":[3,1],\"y\":1},\"b\":1.0}");
	struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;

	(void)state;
	json_canonical(&one, a);
	json_canonical(&two, b);
	assert_string_equal(
		one.buf, "{\"\":0,\"B\":2,\"a\":{\"x\":[3,1],\"y\":1},\"b\":1}");
	assert_string_equal(one.buf, two.buf);
	strbuf_release(&one);
	strbuf_release(&two);
	json_free(a);
	json_free(b);
}

static void fuzz_seeds(void **state)
{
	static const char *const seeds[] = {"", "{\"a\":[{\"b\":1}]}",
		"[1234567890123456,\"\\ud800\"]", "\xef\xbb\xbf[-0.0e-1]", "[[[[[[",
		"{\"\\u0000\":\"\xff\xc2\"}", "\"\\", "-",
		"[1e308,1e309,12345678901234567890123456789012345678901234567890]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
}

UNIT_TESTS(cmocka_unit_test(reads), cmocka_unit_test(nothing_needs_no_test),
	cmocka_unit_test(long_integers_are_exact), cmocka_unit_test(integers_to_int64),
	cmocka_unit_test(reals), cmocka_unit_test(writes_numbers),
	cmocka_unit_test(guards_for_jq), cmocka_unit_test(strings_of_digits_stay_strings),
	cmocka_unit_test(refuses), cmocka_unit_test(says_where), cmocka_unit_test(depth),
	cmocka_unit_test(too_large), cmocka_unit_test(escapes_and_surrogates),
	cmocka_unit_test(malformed_utf8), cmocka_unit_test(last_of_equal_keys),
	cmocka_unit_test(quotes_for_terminals), cmocka_unit_test(builds),
	cmocka_unit_test(indents), cmocka_unit_test(canonical_ignores_order),
	cmocka_unit_test(fuzz_seeds))
