#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/path.h"
#include "net/auth_challenge.h"
#include "net/auth_docker.h"
#include "net/http.h"
#include "tests/unit/web.h"

/* A registry and its token server. */
struct fixture {
	char dir[40];
	struct loop *loop;
	struct web *web;
	struct http *http;
	struct source_conf source;
	int port, tokens, calls;
	bool basic; /* the registry wants Basic */
	const char *realm; /* instead of our own */
	const char *refuse; /* the error of a challenge to every token */
	const char *refused; /* ... or to this one */
	const char *expires; /* the JSON of expires_in; NULL: none */
	int token_status;
	struct strbuf token_request, request;
	int done, ok;
	struct err e;
};

static void challenge(
	struct fixture *f, const char *request, struct strbuf *reply, const char *error)
{
	char *own = mem_format("http://127.0.0.1:%d/token", f->port), *headers;
	bool write = !strncmp(request, "PUT", 3);
	const char *scope = strstr(request, "/manifests/")
		? write ? "repository:ml/fraud:push,pull" : "repository:ml/fraud:pull"
		: "";

	if (f->basic)
		headers = mem_strdup("WWW-Authenticate: Basic realm=\"r\"\r\n");
	else
		headers = mem_format(
			"WWW-Authenticate: Bearer scope=\"%s\",service=\"a \\\"s\\\"\","
			"realm=\"%s\"%s%s%s\r\n",
			scope, f->realm ? f->realm : own, error ? ",error=\"" : "",
			error ? error : "", error ? "\"" : "");
	web_reply(reply, 401, headers, "{}", 2);
	free(headers);
	free(own);
}

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct fixture *f = ctx;
	struct strbuf auth = STRBUF_INIT, body = STRBUF_INIT;

	web_header(&auth, request, "Authorization");
	if (strstr(request, " /token")) {
		f->tokens++;
		strbuf_reset(&f->token_request);
		strbuf_adds(&f->token_request, request);
		strbuf_addf(&body, "{\"%s\":\"T%d\"%s%s}",
			f->tokens % 2 ? "token" : "access_token", f->tokens,
			f->expires ? ",\"expires_in\":" : "",
			f->expires ? f->expires : "");
		web_reply(reply, f->token_status ? f->token_status : 200, NULL, body.buf,
			body.len);
	} else if (!auth.len) {
		challenge(f, request, reply, NULL);
	} else if (f->refuse) {
		challenge(f, request, reply, f->refuse);
	} else if (f->refused && strstr(auth.buf, f->refused)) {
		challenge(f, request, reply, "invalid_token");
	} else {
		f->calls++;
		web_json(reply, "{}");
	}
	if (auth.len && !strstr(request, " /token")) {
		strbuf_reset(&f->request);
		strbuf_adds(&f->request, auth.buf);
	}
	strbuf_release(&auth);
	strbuf_release(&body);
	return WEB_OK;
}

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/tocsin-oci-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	unsetenv("REGISTRY_AUTH_FILE");
	unsetenv("XDG_RUNTIME_DIR");
	setenv("DOCKER_CONFIG", f->dir, 1);
	setenv("HOME", f->dir, 1);
	setenv("TOCSIN_TEST_SECRET", "hunter2", 1);
	f->loop = loop_new();
	f->web = web_new(f->loop, serve, f);
	f->port = web_port(f->web);
	f->http = http_new(f->loop);
	strbuf_init(&f->token_request);
	strbuf_init(&f->request);
	f->source = (struct source_conf){.name = "reg", .auth = {.kind = "oci"}};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"config.json", "docker-credential-test", "count"};
	struct fixture *f = *state;

	clock_real();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *file = mem_format("%s/%s", f->dir, names[i]);

		unlink(file);
		free(file);
	}
	rmdir(f->dir);
	http_free(f->http);
	web_free(f->web);
	loop_free(f->loop);
	strbuf_release(&f->token_request);
	strbuf_release(&f->request);
	err_release(&f->e);
	free(f);
	return 0;
}

static void on_answer(void *ctx, struct http_answer *a, const struct err *e)
{
	struct fixture *f = ctx;

	(void)a;
	f->done++;
	if (e) {
		err_clear(&f->e);
		err_copy(&f->e, e);
		assert_null(strstr(e->what, "hunter2"));
	} else {
		f->ok++;
	}
}

static void start(struct fixture *f, enum http_method method, const char *path)
{
	char *url = mem_format("http://127.0.0.1:%d%s", f->port, path);
	struct http_request req = {.source = &f->source,
		.method = method,
		.url = url,
		.body = "{}",
		.body_bytes = method == HTTP_PUT ? 2 : 0};

	http_start(f->http, &req, on_answer, f);
	free(url);
}

static void turn(struct fixture *f, int done)
{
	for (int i = 0; i < 2000 && f->done < done; i++)
		loop_turn(f->loop, 50 * NS_PER_MS);
	assert_int_equal(f->done, done);
}

static bool ask(struct fixture *f, enum http_method method, const char *path)
{
	int before = f->ok;

	start(f, method, path);
	turn(f, f->done + 1);
	return f->ok > before;
}

static void sent(struct fixture *f, const char *name, const char *value)
{
	struct strbuf got = STRBUF_INIT;

	assert_int_equal(web_param(&got, f->token_request.buf, name), value != NULL);
	if (value)
		assert_string_equal(got.buf, value);
	strbuf_release(&got);
}

static void put(struct fixture *f, const char *name, const char *text, mode_t mode)
{
	char *file = mem_format("%s/%s", f->dir, name);

	assert_int_equal(path_write(file, text, strlen(text), mode, &f->e), 0);
	assert_int_equal(chmod(file, mode), 0);
	free(file);
}

static void anonymous_tokens_by_scope(void **state)
{
	struct fixture *f = *state;

	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_string_equal(f->request.buf, "Bearer T1");
	sent(f, "service", "a \"s\"");
	sent(f, "scope", "repository:ml/fraud:pull");
	sent(f, "account", NULL);
	assert_false(web_header(&f->request, f->token_request.buf, "Authorization"));
	/* The same repository needs no other token; no challenge either. */
	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v8"));
	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/tags/list?n=100"));
	assert_int_equal(f->tokens, 1);
	/* A write needs more, in the registry's own words. */
	assert_true(ask(f, HTTP_PUT, "/v2/ml/fraud/manifests/production"));
	sent(f, "scope", "repository:ml/fraud:pull,push");
	assert_int_equal(f->tokens, 2);
	assert_true(ask(f, HTTP_GET, "/v2/_catalog?n=5"));
	sent(f, "scope", "registry:catalog:*");
	assert_true(ask(f, HTTP_GET, "/v2/"));
	sent(f, "scope", NULL);
	assert_int_equal(f->tokens, 4);
}

static void many_requests_ask_for_one_token(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 10; i++)
		start(f, HTTP_GET, "/v2/ml/fraud/manifests/v7");
	turn(f, 10);
	assert_int_equal(f->ok, 10);
	assert_int_equal(f->tokens, 1);
}

static void a_life_that_is_not_stated_is_a_minute(void **state)
{
	struct fixture *f = *state;

	clock_freeze(clock_now(), clock_mono());
	assert_true(ask(f, HTTP_GET, "/v2/a/manifests/x"));
	clock_advance(40 * NS_PER_S);
	assert_true(ask(f, HTTP_GET, "/v2/a/manifests/x"));
	assert_int_equal(f->tokens, 1);
	clock_advance(15 * NS_PER_S);
	f->expires = "300,\"issued_at\":\"2000-01-01T00:00:00Z\"";
	assert_true(ask(f, HTTP_GET, "/v2/a/manifests/x"));
	assert_int_equal(f->tokens, 2);
	clock_advance(200 * NS_PER_S);
	assert_true(ask(f, HTTP_GET, "/v2/a/manifests/x"));
	assert_int_equal(f->tokens, 2);
}

static void who_is_denied_is_not_asked_again(void **state)
{
	struct fixture *f = *state;

	f->refuse = "insufficient_scope";
	assert_false(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_int_equal(f->e.code, ERR_AUTH);
	assert_int_equal(f->tokens, 1);
	assert_int_equal(web_requests(f->web), 3);
}

static void a_token_that_ended_is_asked_for_once_more(void **state)
{
	struct fixture *f = *state;

	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	f->refused = "T1";
	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_int_equal(f->tokens, 2);
	f->refuse = "invalid_token";
	assert_false(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_int_equal(f->tokens, 2);
}

static void credentials_of_the_configuration(void **state)
{
	struct fixture *f = *state;
	struct strbuf got = STRBUF_INIT;

	f->source.auth.user = "robot$x";
	f->source.auth.secret.env = "TOCSIN_TEST_SECRET";
	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	sent(f, "account", "robot$x");
	assert_true(web_header(&got, f->token_request.buf, "Authorization"));
	assert_string_equal(got.buf, "Basic cm9ib3QkeDpodW50ZXIy");
	f->source.name = "other";
	f->token_status = 401;
	assert_false(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_non_null(strstr(f->e.what, "status 401"));
	f->source.name = "third";
	f->basic = true;
	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_string_equal(f->request.buf, "Basic cm9ib3QkeDpodW50ZXIy");
	f->source.name = "fourth";
	f->source.auth.secret.env = NULL;
	f->source.auth.user = NULL;
	assert_false(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_non_null(strstr(f->e.hint, "docker login"));
	strbuf_release(&got);
}

static void credentials_of_docker(void **state)
{
	struct fixture *f = *state;
	struct strbuf got = STRBUF_INIT;
	char *text = mem_format("{\"auths\":{\"https://127.0.0.1:%d/v1/\":{\"auth\":"
				"\"bWU6aHVudGVyMg==\"},\"ghcr.io\":{}}}",
		f->port);

	put(f, "config.json", text, 0600);
	free(text);
	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_true(web_header(&got, f->token_request.buf, "Authorization"));
	assert_string_equal(got.buf, "Basic bWU6aHVudGVyMg==");
	/* A refresh token is sent as a form. */
	text = mem_format(
		"{\"auths\":{\"127.0.0.1:%d\":{\"identitytoken\":\"hunter2+\"}}}",
		f->port);
	put(f, "config.json", text, 0600);
	free(text);
	f->source.name = "other";
	assert_true(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	sent(f, "grant_type", "refresh_token");
	sent(f, "refresh_token", "hunter2+");
	put(f, "config.json", "{\"auths\":", 0600);
	f->source.name = "third";
	assert_false(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	strbuf_release(&got);
}

static void credential_helpers(void **state)
{
	struct fixture *f = *state;
	struct strbuf got = STRBUF_INIT, runs = STRBUF_INIT;
	char *old = mem_strdup(getenv("PATH"));
	char *path = mem_format("%s:%s", f->dir, old);
	char *count = mem_format("%s/count", f->dir);

	setenv("PATH", path, 1);
	setenv("COUNT", count, 1);
	put(f, "config.json", "{\"credsStore\":\"test\"}", 0600);
	put(f, "docker-credential-test",
		"#!/bin/sh\nread -r host\necho \"$1 $host\" >> \"$COUNT\"\n"
		"echo "
		"'{\"ServerURL\":\"x\",\"Username\":\"me\",\"Secret\":\"hunter2\"}'\n",
		0700);
	for (int i = 0; i < 3; i++)
		start(f, HTTP_GET, "/v2/ml/fraud/manifests/v7");
	turn(f, 3);
	assert_int_equal(f->ok, 3);
	assert_true(web_header(&got, f->token_request.buf, "Authorization"));
	assert_string_equal(got.buf, "Basic bWU6aHVudGVyMg==");
	free(path);
	path = mem_format("get 127.0.0.1:%d\n", f->port);
	assert_int_equal(path_read(&runs, count, 1000, &f->e), 0);
	assert_string_equal(runs.buf, path);
	put(f, "docker-credential-test", "#!/bin/sh\necho hunter2\n", 0700);
	f->source.name = "other";
	clock_freeze(clock_now(), clock_mono());
	clock_advance(100 * NS_PER_S);
	assert_false(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
	assert_non_null(strstr(f->e.hint, "docker-credential-test get"));
	setenv("PATH", old, 1);
	unsetenv("COUNT");
	strbuf_release(&got);
	strbuf_release(&runs);
	free(count);
	free(path);
	free(old);
}

static void realms_that_are_not_to_be_followed(void **state)
{
	static const char *const realms[] = {
		"", "file:///etc/passwd", "ftp://h/", "/token"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(realms); i++) {
		char *name = mem_format("reg%zu", i);

		f->realm = realms[i];
		f->source.name = name;
		assert_false(ask(f, HTTP_GET, "/v2/ml/fraud/manifests/v7"));
		free(name);
	}
	assert_int_equal(f->tokens, 0);
}

/* --- parsers --- */

static void challenges_are_read(void **state)
{
	static const struct {
		const char *text;
		enum challenge_scheme scheme;
		const char *realm, *service, *scope, *error;
	} cases[] = {
		{"Bearer realm=\"https://a/t\",service=\"s\",scope=\"x\"",
			CHALLENGE_BEARER, "https://a/t", "s", "x", ""},
		{"bearer scope=\"a b\" , realm=https://a/t?x=1", CHALLENGE_BEARER,
			"https://a/t?x=1", "", "a b", ""},
		{"Basic realm=\"r\", Bearer realm=\"t\"", CHALLENGE_BEARER, "t", "", "",
			""},
		{"Bearer realm=\"t\", Basic realm=\"r\"", CHALLENGE_BEARER, "t", "", "",
			""},
		{"Negotiate, Basic realm=\"a\\\"b\"", CHALLENGE_BASIC, "a\"b", "", "",
			""},
		{"Negotiate YII=, Bearer realm=t", CHALLENGE_BEARER, "t", "", "", ""},
		{"Bearer error=\"invalid_token\",realm=t", CHALLENGE_BEARER, "t", "", "",
			"invalid_token"},
		{"BASIC", CHALLENGE_BASIC, "", "", "", ""},
		{"Bearer realm=\"open", CHALLENGE_BEARER, "open", "", "", ""},
		{"Bearer realm=\"a\",realm=\"b\"", CHALLENGE_BEARER, "a", "", "", ""},
		{"Digest realm=\"x\"", CHALLENGE_NONE, "", "", "", ""},
		{"", CHALLENGE_NONE, "", "", "", ""},
		{",,= \"\\", CHALLENGE_NONE, "", "", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct challenge c = CHALLENGE_INIT;

		challenge_parse(&c, cases[i].text, strlen(cases[i].text));
		assert_int_equal(c.scheme, cases[i].scheme);
		assert_string_equal(c.realm.buf, cases[i].realm);
		assert_string_equal(c.service.buf, cases[i].service);
		assert_string_equal(c.scope.buf, cases[i].scope);
		assert_string_equal(c.error.buf, cases[i].error);
		challenge_release(&c);
	}
}

static void dockers_files_are_read(void **state)
{
	static const struct {
		const char *json, *host, *user, *secret, *helper;
	} cases[] = {
		{"{\"auths\":{\"h:5000\":{\"auth\":\"YTpiOmM=\"}}}", "h:5000", "a", "b:c",
			""},
		{"{\"auths\":{\"h\":{\"auth\":\"YTpiOmM=\"}}}", "h:5000", "", "", ""},
		{"{\"auths\":{\"h/ml\":{\"username\":\"a\",\"password\":\"b\"}}}", "h",
			"a", "b", ""},
		{"{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"YTpi\"}}}",
			"registry-1.docker.io", "a", "b", ""},
		{"{\"credHelpers\":{\"h\":\"ecr-login\"},\"credsStore\":\"x\"}", "h", "",
			"", "docker-credential-ecr-login"},
		{"{\"credHelpers\":{\"h\":\"../evil\"}}", "h", "", "", ""},
		{"{\"credsStore\":\"x\",\"auths\":{\"h\":{}}}", "h", "", "",
			"docker-credential-x"},
		{"[]", "h", "", "", ""},
		{"{\"auths\":[1,2]}", "h", "", "", ""},
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct docker_login l = DOCKER_LOGIN_INIT;

		assert_int_equal(docker_login_parse(&l, cases[i].json,
					 strlen(cases[i].json), cases[i].host, &e),
			0);
		assert_string_equal(l.user.buf, cases[i].user);
		assert_string_equal(l.secret.buf, cases[i].secret);
		assert_string_equal(l.helper.buf, cases[i].helper);
		docker_login_release(&l);
	}
	{
		static const char *const bad[] = {"{\"auths\":{\"h\":{\"auth\":\"!\"}}}",
			"{\"auths\":{\"h\":{\"auth\":\"YQ==\"}}}",
			"{\"auths\":{\"h\":{\"auth\":\"YTpiCg==\"}}}", "{", ""};

		for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
			struct docker_login l = DOCKER_LOGIN_INIT;

			assert_int_equal(
				docker_login_parse(&l, bad[i], strlen(bad[i]), "h", &e),
				-1);
			docker_login_release(&l);
		}
	}
	err_release(&e);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

UNIT_TESTS(WITH(anonymous_tokens_by_scope), WITH(many_requests_ask_for_one_token),
	WITH(a_life_that_is_not_stated_is_a_minute),
	WITH(who_is_denied_is_not_asked_again),
	WITH(a_token_that_ended_is_asked_for_once_more),
	WITH(credentials_of_the_configuration), WITH(credentials_of_docker),
	WITH(credential_helpers), WITH(realms_that_are_not_to_be_followed),
	cmocka_unit_test(challenges_are_read), cmocka_unit_test(dockers_files_are_read))
