#include "tests/unit/unit.h"

#include <string.h>

#include "net/url.h"

static void encodes_all_but_unreserved(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	url_encode(&sb, "a-b_c.d~e/f?g&h=i j%\"\xc3\xa9");
	assert_string_equal(sb.buf, "a-b_c.d~e%2Ff%3Fg%26h%3Di%20j%25%22%C3%A9");
	strbuf_release(&sb);
}

static void decodes_and_keeps_what_is_malformed(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"%2Frun%2Fx.sock", "/run/x.sock"},
		{"%2f", "/"},
		{"100%", "100%"},
		{"%4", "%4"},
		{"%zz", "%zz"},
		{"%4z", "%4z"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb = STRBUF_INIT;

		url_decode(&sb, cases[i].in, strlen(cases[i].in));
		assert_string_equal(sb.buf, cases[i].out);
		strbuf_release(&sb);
	}
}

static void joins_and_keeps_the_prefix(void **state)
{
	static const struct {
		const char *base, *path, *out;
	} cases[] = {
		{"http://h:9090", "/api/v1/query", "http://h:9090/api/v1/query"},
		{"http://h:9090/", "/api/v1/query", "http://h:9090/api/v1/query"},
		{"http://h/prometheus/", "api/v1", "http://h/prometheus/api/v1"},
		{"http://h/p?x=1#f", "/q", "http://h/p/q"},
		{"http://h", "", "http://h"},
		{"http+unix://%2Frun%2Fx.sock/a/", "/b",
			"http+unix://%2Frun%2Fx.sock/a/b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf sb = STRBUF_INIT;

		url_join(&sb, cases[i].base, cases[i].path);
		assert_string_equal(sb.buf, cases[i].out);
		strbuf_release(&sb);
	}
}

static void segments_and_queries_are_data(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	strbuf_adds(&sb, "http://h");
	assert_int_equal(url_segment(&sb, "a/../b", &e), 0);
	url_query(&sb, "q", "x&y=z");
	url_query(&sb, "nothing", NULL);
	url_query(&sb, "r", "");
	assert_string_equal(sb.buf, "http://h/a%2F..%2Fb?q=x%26y%3Dz&r=");
	assert_int_equal(url_segment(&sb, "..", &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(url_segment(&sb, ".", &e), -1);
	assert_int_equal(url_segment(&sb, "", &e), -1);
	assert_string_equal(sb.buf, "http://h/a%2F..%2Fb?q=x%26y%3Dz&r=");
	strbuf_reset(&sb);
	url_form(&sb, "query", "sum(rate(x[5m])) + 1");
	url_form(&sb, "time", "1");
	assert_string_equal(
		sb.buf, "query=sum%28rate%28x%5B5m%5D%29%29%20%2B%201&time=1");
	strbuf_release(&sb);
	err_release(&e);
}

static void refuses_what_is_no_url_of_ours(void **state)
{
	static const char *const bad[] = {"", "prom:9090", "ftp://h", "http://",
		"http:///x", "http://:80", "file:///etc/passwd", "http://h/a b",
		"http://h/\r\nX: y", "https:/h", "http+unix://"};
	static const char *const good[] = {"http://h", "HTTPS://h:1/x", "http://u:p@h/",
		"http://[::1]:9090", "http+unix://%2Frun%2Fx.sock"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(url_check(bad[i], &e), -1);
	err_clear(&e);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(url_check(good[i], &e), 0);
	err_release(&e);
}

static void shows_no_secret(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	url_shown(&sb, "https://me:hunter2@h:8443/api?key=hunter2#x");
	assert_string_equal(sb.buf, "https://h:8443/api");
	strbuf_reset(&sb);
	url_shown(&sb, "https://me:hun@ter2@h/api");
	assert_string_equal(sb.buf, "https://h/api");
	strbuf_reset(&sb);
	url_shown_query(&sb,
		"https://me:hunter2@h/"
		"p?page_token=n&API_KEY=hunter2&x&X-Amz-Signature=hun&"
		"password=");
	assert_string_equal(sb.buf,
		"https://h/p?page_token=n&API_KEY=****&x&X-Amz-Signature=****&"
		"password=****");
	strbuf_reset(&sb);
	url_shown_query(&sb, "http://h/p?&&sig");
	assert_string_equal(sb.buf, "http://h/p?&&sig");
	strbuf_reset(&sb);
	url_shown(&sb, "http://h/a@b");
	assert_string_equal(sb.buf, "http://h/a@b");
	strbuf_release(&sb);
}

static void tells_the_host(void **state)
{
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	url_host(&sb, "http://me:secret@h:9090/metrics?x=y@z");
	assert_string_equal(sb.buf, "h:9090");
	strbuf_reset(&sb);
	url_host(&sb, "http+unix://%2Frun%2Fx.sock/metrics");
	assert_string_equal(sb.buf, "/run/x.sock");
	strbuf_release(&sb);
}

static void knows_the_loopback(void **state)
{
	(void)state;
	assert_true(url_is_loopback("http://localhost:9090/x"));
	assert_true(url_is_loopback("http://LOCALHOST"));
	assert_true(url_is_loopback("https://127.0.0.1:1"));
	assert_true(url_is_loopback("http://127.8.8.8/"));
	assert_true(url_is_loopback("http://[::1]:9090"));
	assert_true(url_is_loopback("http+unix://%2Frun%2Fx"));
	assert_false(url_is_loopback("http://127.evil.example"));
	assert_false(url_is_loopback("http://localhost.evil.example"));
	assert_false(url_is_loopback("http://localhost@evil.example"));
	assert_false(url_is_loopback("http://10.0.0.1"));
	assert_false(url_is_loopback("http://[::1].evil.example"));
}

UNIT_TESTS(cmocka_unit_test(encodes_all_but_unreserved),
	cmocka_unit_test(decodes_and_keeps_what_is_malformed),
	cmocka_unit_test(joins_and_keeps_the_prefix),
	cmocka_unit_test(segments_and_queries_are_data),
	cmocka_unit_test(refuses_what_is_no_url_of_ours),
	cmocka_unit_test(shows_no_secret), cmocka_unit_test(tells_the_host),
	cmocka_unit_test(knows_the_loopback))
