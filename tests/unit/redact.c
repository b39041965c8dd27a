#include "tests/unit/unit.h"

#include <string.h>

#include "trace/redact.h"

static void expect(const char *text, const char *wanted)
{
	struct strbuf out = STRBUF_INIT;

	redact_text(&out, text, strlen(text));
	if (strcmp(out.buf, wanted))
		fail_msg("'%s' became '%s', wanted '%s'", text, out.buf, wanted);
	strbuf_reset(&out);
	/* Once more changes nothing. */
	redact_text(&out, wanted, strlen(wanted));
	assert_string_equal(out.buf, wanted);
	strbuf_release(&out);
}

static void keys_are_known_by_their_form(void **state)
{
	(void)state;
	expect("use sk-ant-REDACTEDabc now", "use [redacted:key] now");
	expect("AKIAIOSFODNN7EXAMPLE", "[redacted:key]");
	expect("Authorization: Bearer abcdef0123456789",
		"Authorization: [redacted:token]");
	expect("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w",
		"[redacted:token]");
	expect("-----BEGIN RSA PRIVATE KEY-----\nMII=\n-----END RSA PRIVATE KEY----- end",
		"[redacted:private-key] end");
	expect("pay with 4111 1111 1111 1111 please", "pay with [redacted:card] please");
	expect("https://bob:hunter2@host/x", "https://[redacted:password]@host/x");
	expect("GET /a?b=1&api_key=xyz&c=2",
		"GET /a?b=1&api_key=[redacted:parameter]&c=2");
}

static void what_is_no_secret_stays(void **state)
{
	static const char *const plain[] = {"", "task-1", "risk-assessment is sk-",
		"Basic rules", "4111 1111 1111 1112", "order 1234567890123456",
		"http://host:80/path",
		"{\"max_tokens\":12,\"next_page_token\":\"abc\",\"tokens\":[1]}",
		"call_9f2c61d07be0a4c1", "Bearer of news", "\xe6\xbc\xa2 \xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		expect(plain[i], plain[i]);
}

static void members_with_telling_names(void **state)
{
	(void)state;
	expect("{\"user\":\"a\",\"db_password\":\"p\",\"n\":1}",
		"{\"user\":\"a\",\"db_password\":\"[redacted:member]\",\"n\":1}");
	expect("[{\"headers\":{\"Authorization\":\"x\"}}]",
		"[{\"headers\":{\"Authorization\":\"[redacted:member]\"}}]");
	/* JSON inside a string. */
	expect("{\"body\":\"{\\\"token\\\":\\\"t\\\"}\"}",
		"{\"body\":\"{\\\"token\\\":\\\"[redacted:member]\\\"}\"}");
}

static void long_values_end(void **state)
{
	struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < REDACT_MAX_BYTES + 7; i++)
		strbuf_addc(&in, 'x');
	redact_text(&out, in.buf, in.len);
	assert_non_null(strstr(out.buf + REDACT_MAX_BYTES, "[cut: 7 bytes]"));
	strbuf_release(&in);
	strbuf_release(&out);
}

static void spans_keep_what_they_may(void **state)
{
	struct span s = {.input = "sk-ant-REDACTEDabc", .output = "fine", .error = "no"};
	struct arena a;

	(void)state;
	arena_init(&a);
	redact_span(&s, &a, KEEP_FULL);
	assert_string_equal(s.input, "sk-ant-REDACTEDabc");
	redact_span(&s, &a, keep_of(NULL));
	assert_string_equal(s.input, "[redacted:key]");
	redact_span(&s, &a, keep_of("none"));
	assert_null(s.input);
	assert_null(s.output);
	assert_string_equal(s.error, "no");
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(keys_are_known_by_their_form),
	cmocka_unit_test(what_is_no_secret_stays),
	cmocka_unit_test(members_with_telling_names), cmocka_unit_test(long_values_end),
	cmocka_unit_test(spans_keep_what_they_may))
