#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/path.h"
#include "net/auth_aws.h"
#include "net/auth_sigv4.h"
#include "net/auth_source.h"
#include "net/http.h"
#include "tests/unit/web.h"

#define NOW (INT64_C(1440938160) * NS_PER_S) /* 2015-08-30T12:36:00Z */

static void keys_put(struct credential *c, const char *service, const char *session)
{
	static const char id[] = "AKIDEXAMPLE";
	static const char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

	credential_init(c);
	credential_set(c, CREDENTIAL_REGION, "us-east-1", 9);
	credential_set(c, CREDENTIAL_SERVICE, service, strlen(service));
	credential_set(c, CREDENTIAL_ACCESS_KEY, id, strlen(id));
	credential_set(c, CREDENTIAL_SECRET_KEY, secret, strlen(secret));
	if (session)
		credential_set(c, CREDENTIAL_SESSION, session, strlen(session));
}

/* The last 64 characters are the signature. */
static char *sign(const char *method, const char *from, const char *service,
	const char *headers, size_t headers_n, const char *body)
{
	struct credential c;
	struct strbuf url = STRBUF_INIT, out = STRBUF_INIT;
	struct sigv4_request r = {.method = method,
		.headers = STRBUF_INIT,
		.body = body,
		.body_bytes = strlen(body),
		.credential = &c,
		.now = NOW};
	char *signature;

	keys_put(&c, service, NULL);
	strbuf_adds(&url, from);
	sigv4_url(&url);
	r.url = url.buf;
	strbuf_add(&r.headers, headers, headers_n);
	sigv4_sign(&out, &r);
	assert_true(out.len > 65);
	signature = mem_strdup(out.buf + out.len - 65);
	strbuf_release(&r.headers);
	strbuf_release(&url);
	strbuf_release(&out);
	credential_release(&c);
	return signature;
}

/*
 * Of the test suite that AWS published for Signature Version 4 (service "service").  Its paths are
 * not encoded on the wire, so those that need it are not of use here.
 */
static void published_signatures_come_out(void **state)
{
	static const struct {
		const char *name, *method, *url, *signature;
	} cases[] = {
		{"get-vanilla", "GET", "https://example.amazonaws.com/",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf3"
			"1"},
		{"get-vanilla-query-order-key-case", "GET",
			"https://example.amazonaws.com/?Param2=value2&Param1=value1",
			"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf250"
			"0"},
		{"post-vanilla", "POST", "https://example.amazonaws.com/",
			"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6"
			"b"},
		{"get-slashes", "GET", "https://example.amazonaws.com//example//",
			"9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e8"
			"4"},
		{"get-unreserved", "GET",
			"https://example.amazonaws.com/"
			"-._~"
			"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
			"07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24"
			"f"},
		{"get-vanilla-empty-query-key", "GET",
			"https://example.amazonaws.com/?Param1=value1",
			"a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9ae"
			"b"},
	};
	static const char type[] = "Content-Type: application/x-www-form-urlencoded";
	struct err e = ERR_INIT;
	char *got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		got = sign(cases[i].method, cases[i].url, "service", "", 0, "");
		if (strcmp(got, cases[i].signature))
			print_error("%s\n", cases[i].name);
		assert_string_equal(got, cases[i].signature);
		free(got);
	}
	got = sign("POST", "https://example.amazonaws.com/", "service", type,
		sizeof(type), "Param1=value1");
	assert_string_equal(
		got, "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
	free(got);
	assert_int_equal(sigv4_check(&e), 0);
}

static void urls_get_the_form_that_is_signed(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"https://H.example", "https://h.example/"},
		{"https://h/?b=2&a=1", "https://h/?a=1&b=2"},
		{"https://h/?a=2&a=1&a", "https://h/?a=&a=1&a=2"},
		{"https://h/?a-b=1&a=1", "https://h/?a=1&a-b=1"},
		{"https://h/x*y(z)", "https://h/x%2Ay%28z%29"},
		{"https://h/a%2Fb/%c3%a9", "https://h/a%2Fb/%C3%A9"},
		{"https://h/?q=a b+c&x=%7e", "https://h/?q=a%20b%2Bc&x=~"},
		{"https://h/p?&&a=1&#f", "https://h/p?a=1"},
		{"https://h/%00", "https://h/%00"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf url = STRBUF_INIT;

		strbuf_adds(&url, cases[i].from);
		sigv4_url(&url);
		assert_string_equal(url.buf, cases[i].to);
		sigv4_url(&url);
		assert_string_equal(url.buf, cases[i].to);
		strbuf_release(&url);
	}
}

/* RFC 4231. */
static void hmac(void **state)
{
	static const struct {
		const char *key, *data, *hex;
	} cases[] = {
		{"Jefe", "what do ya want for nothing?",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384"
			"3"},
		{"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		 "\x0b\x0b\x0b",
			"Hi There",
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff"
			"7"},
	};
	char long_key[131];
	struct strbuf hex = STRBUF_INIT;
	struct digest d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		d = digest_hmac(cases[i].key, strlen(cases[i].key), cases[i].data,
			strlen(cases[i].data));
		strbuf_reset(&hex);
		digest_hex(&hex, &d);
		assert_string_equal(hex.buf, cases[i].hex);
	}
	memset(long_key, 0xaa, sizeof(long_key));
	d = digest_hmac(long_key, sizeof(long_key),
		"Test Using Larger Than Block-Size Key - Hash Key First", 54);
	strbuf_reset(&hex);
	digest_hex(&hex, &d);
	assert_string_equal(hex.buf,
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	strbuf_release(&hex);
}

/* --- on the wire --- */

struct fixture {
	char dir[40];
	struct loop *loop;
	struct web *web;
	struct http *http;
	struct source_conf source;
	struct strbuf request;
	int done;
	struct err e;
};

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct fixture *f = ctx;

	strbuf_reset(&f->request);
	strbuf_adds(&f->request, request);
	web_json(reply, "{}");
	return WEB_OK;
}

static const char *const variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
	"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER", "AWS_SHARED_CREDENTIALS_FILE",
	"AWS_CONFIG_FILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"};

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));
	char *credentials, *config;

	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	snprintf(f->dir, sizeof(f->dir), "/tmp/tocsin-sigv4-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	credentials = mem_format("%s/credentials", f->dir);
	config = mem_format("%s/config", f->dir);
	setenv("AWS_SHARED_CREDENTIALS_FILE", credentials, 1);
	setenv("AWS_CONFIG_FILE", config, 1);
	free(credentials);
	free(config);
	f->loop = loop_new();
	f->web = web_new(f->loop, serve, f);
	f->http = http_new(f->loop);
	strbuf_init(&f->request);
	f->source = (struct source_conf){.name = "sm",
		.auth = {.kind = "sigv4", .sigv4 = {.service = "sagemaker"}}};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"credentials", "config", "count"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *file = mem_format("%s/%s", f->dir, names[i]);

		unlink(file);
		free(file);
	}
	rmdir(f->dir);
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	http_free(f->http);
	web_free(f->web);
	loop_free(f->loop);
	strbuf_release(&f->request);
	err_release(&f->e);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *name, const char *text)
{
	char *file = mem_format("%s/%s", f->dir, name);

	assert_int_equal(path_write(file, text, strlen(text), 0600, &f->e), 0);
	free(file);
}

static int on_error;

static void on_answer(void *ctx, struct http_answer *a, const struct err *e)
{
	struct fixture *f = ctx;

	(void)a;
	f->done++;
	err_clear(&f->e);
	on_error = e != NULL;
	if (e) {
		err_copy(&f->e, e);
		assert_null(strstr(e->what, "SECRET"));
	}
}

static bool ask(
	struct fixture *f, enum http_method method, const char *path, const char *body)
{
	char *url = mem_format("http://127.0.0.1:%d%s", web_port(f->web), path);
	static const struct http_header target = {
		"X-Amz-Target", "SageMaker.ListEndpoints"};
	struct http_request req = {.source = &f->source,
		.method = method,
		.url = url,
		.headers = &target,
		.n_headers = 1,
		.body = body,
		.body_bytes = strlen(body),
		.content_type = "application/x-amz-json-1.1"};
	int until = f->done + 1;

	http_start(f->http, &req, on_answer, f);
	for (int i = 0; i < 1000 && f->done < until; i++)
		loop_turn(f->loop, 50 * NS_PER_MS);
	free(url);
	return !on_error;
}

static char *header(const struct fixture *f, const char *name)
{
	struct strbuf out = STRBUF_INIT;

	if (!web_header(&out, f->request.buf, name))
		return NULL;
	return strbuf_detach(&out, NULL);
}

static struct digest step(struct digest key, const char *text)
{
	return digest_hmac(key.bytes, sizeof(key.bytes), text, strlen(text));
}

/* The signature computed anew from what came over the wire, as a server does it. */
static void check_signature(const struct fixture *f, const char *method, const char *path,
	const char *query, const char *body, const char *session)
{
	struct strbuf request = STRBUF_INIT, text = STRBUF_INIT, hex = STRBUF_INIT;
	struct digest d = digest_of(body, strlen(body));
	char *date = header(f, "X-Amz-Date"), *auth = header(f, "Authorization");
	char day[9];

	assert_non_null(date);
	assert_non_null(auth);
	snprintf(day, sizeof(day), "%.8s", date);
	strbuf_addf(&request,
		"%s\n%s\n%s\ncontent-type:application/x-amz-json-1.1\n"
		"host:127.0.0.1:%d\nx-amz-date:%s\n",
		method, path, query, web_port(f->web), date);
	if (session)
		strbuf_addf(&request, "x-amz-security-token:%s\n", session);
	strbuf_addf(&request,
		"x-amz-target:SageMaker.ListEndpoints\n\ncontent-type;host;x-amz-date;%s"
		"x-amz-target\n",
		session ? "x-amz-security-token;" : "");
	digest_hex(&request, &d);
	strbuf_addf(&text, "AWS4-HMAC-SHA256\n%s\n%s/eu-west-1/sagemaker/aws4_request\n",
		date, day);
	d = digest_of(request.buf, request.len);
	digest_hex(&text, &d);
	d = digest_hmac("AWS4SECRET/+x", 13, day, 8);
	d = step(d, "eu-west-1");
	d = step(d, "sagemaker");
	d = step(d, "aws4_request");
	d = digest_hmac(d.bytes, sizeof(d.bytes), text.buf, text.len);
	digest_hex(&hex, &d);
	assert_non_null(strstr(auth, hex.buf));
	assert_non_null(strstr(auth, "Credential=AKID/"));
	strbuf_release(&request);
	strbuf_release(&text);
	strbuf_release(&hex);
	free(date);
	free(auth);
}

static void env_put(void)
{
	setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "SECRET/+x", 1);
	setenv("AWS_REGION", "eu-west-1", 1);
}

static void what_is_sent_is_what_is_signed(void **state)
{
	struct fixture *f = *state;

	env_put();
	assert_true(ask(f, HTTP_POST, "/", "{\"a\":1}"));
	check_signature(f, "POST", "/", "", "{\"a\":1}", NULL);
	setenv("AWS_SESSION_TOKEN", "SESS==", 1);
	assert_true(ask(f, HTTP_POST, "", "{}"));
	check_signature(f, "POST", "/", "", "{}", "SESS==");
	assert_true(ask(f, HTTP_PUT, "/a%2Fb/c%20d?z=1&a=%3A", "x"));
	assert_non_null(strstr(f->request.buf, "PUT /a%2Fb/c%20d?a=%3A&z=1 HTTP/1.1"));
	check_signature(f, "PUT", "/a%252Fb/c%2520d", "a=%3A&z=1", "x", "SESS==");
	setenv("AWS_SESSION_TOKEN", "SESS\r\nX-Other: y", 1);
	assert_false(ask(f, HTTP_POST, "", "{}"));
	assert_int_equal(f->e.code, ERR_AUTH);
}

static void keys_come_from_where_the_aws_tools_look(void **state)
{
	struct fixture *f = *state;
	char *auth;

	assert_false(ask(f, HTTP_POST, "/", ""));
	assert_non_null(strstr(f->e.what, "default"));
	put(f, "credentials",
		"# keys\n[default]\naws_access_key_id = AKID\n"
		"aws_secret_access_key=SECRET/+x\n"
		"[other]\naws_access_key_id = OTHER\naws_secret_access_key=SECRET2\n"
		"aws_session_token = S2 ; a comment\n");
	assert_false(ask(f, HTTP_POST, "/", ""));
	assert_non_null(strstr(f->e.what, "region"));
	put(f, "config",
		"[default]\nregion = eu-west-1\ns3 =\n  region = no-where\n"
		"[profile other]\nregion=eu-north-1\n"
		"[profile proc]\nregion = r\ncredential_process = sh -c 'echo x >> "
		"$COUNT; echo \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"PROC\\\","
		"\\\"SecretAccessKey\\\":\\\"SECRET3\\\"}\"'\n"
		"[profile sso]\nregion = r\nsso_session = corp\n");
	assert_true(ask(f, HTTP_POST, "/", "{}"));
	check_signature(f, "POST", "/", "", "{}", NULL);
	setenv("AWS_PROFILE", "other", 1);
	assert_true(ask(f, HTTP_POST, "/", "{}"));
	auth = header(f, "Authorization");
	assert_non_null(strstr(auth, "Credential=OTHER/"));
	assert_non_null(strstr(auth, "/eu-north-1/"));
	free(auth);
	auth = header(f, "X-Amz-Security-Token");
	assert_string_equal(auth, "S2");
	free(auth);
	/* The environment's keys win, a profile of the configuration over them. */
	env_put();
	assert_true(ask(f, HTTP_POST, "/", "{}"));
	check_signature(f, "POST", "/", "", "{}", NULL);
	f->source.auth.sigv4.profile = "sso";
	assert_false(ask(f, HTTP_POST, "/", ""));
	assert_non_null(strstr(f->e.hint, "credential_process"));
}

static void a_credential_process_runs_once(void **state)
{
	struct fixture *f = *state;
	struct strbuf runs = STRBUF_INIT;
	char *count = mem_format("%s/count", f->dir), *auth;

	setenv("COUNT", count, 1);
	put(f, "config",
		"[profile proc]\nregion = r\ncredential_process = echo x >> $COUNT; echo "
		"'{\"Version\":1,\"AccessKeyId\":\"PROC\",\"SecretAccessKey\":"
		"\"SECRET3\"}"
		"'\n");
	f->source.auth.sigv4.profile = "proc";
	assert_true(ask(f, HTTP_POST, "/", "{}"));
	assert_true(ask(f, HTTP_POST, "/", "{}"));
	auth = header(f, "Authorization");
	assert_non_null(strstr(auth, "Credential=PROC/"));
	assert_int_equal(path_read(&runs, count, 100, &f->e), 0);
	assert_string_equal(runs.buf, "x\n");
	put(f, "config", "[profile proc]\nregion=r\ncredential_process = echo no\n");
	f->source.auth.sigv4.profile = "proc";
	assert_false(ask(f, HTTP_POST, "/", "{}"));
	strbuf_release(&runs);
	unsetenv("COUNT");
	free(auth);
	free(count);
}

static void keys_of_the_configuration_win(void **state)
{
	struct fixture *f = *state;

	setenv("AWS_ACCESS_KEY_ID", "NOT", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "NOT", 1);
	setenv("TOCSIN_TEST_SECRET", "SECRET/+x", 1);
	f->source.auth.secret.env = "TOCSIN_TEST_SECRET";
	f->source.auth.sigv4.access_key = "AKID";
	f->source.auth.sigv4.region = "eu-west-1";
	assert_true(ask(f, HTTP_POST, "/", "{}"));
	check_signature(f, "POST", "/", "", "{}", NULL);
	f->source.auth.sigv4.access_key = "A\nB";
	assert_false(ask(f, HTTP_POST, "/", "{}"));
	unsetenv("TOCSIN_TEST_SECRET");
}

static void endpoints_are_overridden(void **state)
{
	struct fixture *f = *state;
	struct arena a = {0};
	struct auth_conf by_default = {
		.kind = "sigv4", .sigv4 = {.service = "sagemaker", .region = "$region"}};
	struct source_conf s = {.name = "sm"};
	struct json *options = json_object();

	json_add_text(options, "region", "eu-central-1");
	setenv("AWS_ENDPOINT_URL", "http://all", 1);
	assert_int_equal(auth_source(&s, &by_default, options, &a, &f->e), 0);
	assert_string_equal(s.url, "http://all");
	assert_string_equal(s.auth.sigv4.region, "eu-central-1");
	setenv("AWS_ENDPOINT_URL_SAGEMAKER", "http://one", 1);
	assert_string_equal(aws_endpoint("sagemaker"), "http://one");
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	assert_null(aws_endpoint("sagemaker"));
	s = (struct source_conf){.name = "sm", .url = "http://mine"};
	assert_int_equal(auth_source(&s, &by_default, options, &a, &f->e), 0);
	assert_string_equal(s.url, "http://mine");
	json_free(options);
	arena_release(&a);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

UNIT_TESTS(cmocka_unit_test(published_signatures_come_out),
	cmocka_unit_test(urls_get_the_form_that_is_signed), cmocka_unit_test(hmac),
	WITH(what_is_sent_is_what_is_signed),
	WITH(keys_come_from_where_the_aws_tools_look),
	WITH(a_credential_process_runs_once), WITH(keys_of_the_configuration_win),
	WITH(endpoints_are_overridden))
