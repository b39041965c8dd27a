#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/digest.h"
#include "net/auth_token.h"
#include "net/http.h"
#include "tests/unit/web.h"

/* A backend that wants a token, and the server that gives them: the same one. */
struct fixture {
	struct loop *loop;
	struct web *web;
	struct http *http;
	struct source_conf source;
	char *url, *token_url;
	int logins, calls, refusals; /* refusals: 401 for the next requests */
	const char *refused; /* a token that is no good */
	int expires_in;
	bool jwt;
	const char *answer; /* instead of a token */
	const char *answer_headers;
	int answer_status;
	struct strbuf seen; /* the last login, the last header */
	int done, ok;
	struct err e;
};

static void jwt_make(struct strbuf *out, int64_t expires)
{
	struct strbuf claims = STRBUF_INIT;

	strbuf_addf(&claims, "{\"sub\":\"me\",\"exp\":%lld}",
		(long long)(expires / NS_PER_S));
	strbuf_adds(out, "e30.");
	base64url_encode(out, claims.buf, claims.len);
	strbuf_adds(out, ".c2ln");
	strbuf_release(&claims);
}

static void login_answer(struct fixture *f, struct strbuf *reply)
{
	struct strbuf body = STRBUF_INIT;

	f->logins++;
	if (f->answer) {
		web_reply(reply, f->answer_status ? f->answer_status : 200,
			f->answer_headers, f->answer, strlen(f->answer));
		return;
	}
	strbuf_adds(&body, "{\"data\":{\"access_token\":\"");
	if (f->jwt)
		jwt_make(&body, clock_now() + f->expires_in * NS_PER_S);
	else
		strbuf_addf(&body, "T%d", f->logins);
	strbuf_addf(&body, "\"},\"access_token\":\"O%d\",\"expires_in\":%d}", f->logins,
		f->expires_in);
	web_reply(reply, 201, "Content-Type: application/json\r\n", body.buf, body.len);
	strbuf_release(&body);
}

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct fixture *f = ctx;

	if (strstr(request, "/auth/token")) {
		strbuf_reset(&f->seen);
		strbuf_adds(&f->seen, request);
		login_answer(f, reply);
	} else if (f->refused && strstr(request, f->refused)) {
		web_reply(reply, 401, NULL, "no", 2);
	} else if (f->refusals > 0) {
		f->refusals--;
		web_reply(reply, 401, NULL, "no", 2);
	} else {
		f->calls++;
		strbuf_reset(&f->seen);
		if (!web_header(&f->seen, request, "X-Session"))
			web_header(&f->seen, request, "Authorization");
		web_json(reply, "{}");
	}
	return WEB_OK;
}

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	f->loop = loop_new();
	f->web = web_new(f->loop, serve, f);
	f->http = http_new(f->loop);
	f->url = mem_format("http://127.0.0.1:%d/base", web_port(f->web));
	f->token_url = mem_format("http://127.0.0.1:%d/auth/token", web_port(f->web));
	f->expires_in = 3600;
	strbuf_init(&f->seen);
	f->source = (struct source_conf){.name = "air", .type = "airflow", .url = f->url};
	f->source.auth = (struct auth_conf){
		.kind = "login",
		.user = "me",
		.secret = {.env = "TOCSIN_TEST_SECRET"},
		.login = {.method = "POST",
			.path = "/auth/token",
			.json = "{\"username\":\"$user\",\"password\":\"$password\","
				"\"n\":[1]}",
			.token = ".data.access_token",
			.expires = ".expires_in",
			.header = "Authorization",
			.prefix = "Bearer "},
	};
	setenv("TOCSIN_TEST_SECRET", "hun\"ter2", 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	clock_real();
	http_free(f->http);
	web_free(f->web);
	loop_free(f->loop);
	strbuf_release(&f->seen);
	err_release(&f->e);
	free(f->url);
	free(f->token_url);
	free(f);
	unsetenv("TOCSIN_TEST_SECRET");
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
		assert_null(strstr(e->what, "hun\"ter2"));
	} else {
		f->ok++;
	}
}

static void ask(struct fixture *f)
{
	struct http_request req = {
		.source = &f->source, .method = HTTP_GET, .url = f->url};

	http_start(f->http, &req, on_answer, f);
}

static void turn(struct fixture *f, int done)
{
	for (int i = 0; i < 2000 && f->done < done; i++)
		loop_turn(f->loop, 50 * NS_PER_MS);
	assert_int_equal(f->done, done);
}

static void one(struct fixture *f, bool ok)
{
	int before = f->ok;

	ask(f);
	turn(f, f->done + 1);
	assert_int_equal(f->ok, before + ok);
}

static void a_login_yields_a_token(void **state)
{
	struct fixture *f = *state;

	one(f, true);
	assert_string_equal(f->seen.buf, "Bearer T1");
	one(f, true);
	assert_int_equal(f->logins, 1); /* kept */
	assert_int_equal(f->calls, 2);
}

static void the_login_carries_the_secret_as_data(void **state)
{
	struct fixture *f = *state;

	f->answer = "{}";
	one(f, false);
	assert_non_null(strstr(f->seen.buf,
		"{\"username\":\"me\",\"password\":\"hun\\\"ter2\",\"n\":[1]}"));
	assert_non_null(strstr(f->seen.buf, "POST /base/auth/token"));
}

static void forms_headers_and_prefixes(void **state)
{
	static const char *names[] = {"u", "p", "grant"};
	static const char *values[] = {"$user", "$password", "x y"};
	struct fixture *f = *state;
	struct login_conf *l = &f->source.auth.login;

	l->json = NULL;
	l->form_names = names;
	l->form_values = values;
	l->n_form = 3;
	l->header = "X-Session";
	l->prefix = "";
	one(f, true);
	assert_string_equal(f->seen.buf, "T1");
	f->answer = "nothing";
	l->path = "/auth/token?again";
	f->source.name = "other";
	one(f, false);
	assert_non_null(strstr(f->seen.buf, "u=me&p=hun%22ter2&grant=x%20y"));
}

static void many_requests_log_in_once(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++)
		ask(f);
	turn(f, 20);
	assert_int_equal(f->ok, 20);
	assert_int_equal(f->logins, 1);
}

static void tokens_are_renewed_before_they_end(void **state)
{
	struct fixture *f = *state;

	f->expires_in = 100;
	clock_freeze(clock_now(), clock_mono());
	one(f, true);
	clock_advance(70 * NS_PER_S);
	one(f, true);
	assert_int_equal(f->logins, 1);
	clock_advance(15 * NS_PER_S); /* 85 of 100 s: the last fifth */
	one(f, true);
	assert_string_equal(f->seen.buf, "Bearer T2");
	/* The login server is down: the token that is still good is used. */
	f->answer = "{}";
	clock_advance(85 * NS_PER_S);
	one(f, true);
	assert_int_equal(f->logins, 3);
	clock_advance(20 * NS_PER_S);
	one(f, false);
}

static void the_life_of_a_jwt_is_in_it(void **state)
{
	struct fixture *f = *state;

	f->jwt = true;
	f->expires_in = 200;
	f->source.auth.login.expires = "jwt";
	clock_freeze(INT64_C(1790000000) * NS_PER_S, clock_mono());
	one(f, true);
	clock_advance(150 * NS_PER_S);
	one(f, true);
	assert_int_equal(f->logins, 1);
	clock_advance(20 * NS_PER_S);
	one(f, true);
	assert_int_equal(f->logins, 2);
}

static void a_refused_token_is_dropped_once(void **state)
{
	struct fixture *f = *state;

	one(f, true);
	f->refusals = 1;
	one(f, true);
	assert_string_equal(f->seen.buf, "Bearer T2");
	assert_int_equal(f->logins, 2);
	/* Refused again at once: this is denied, and no storm of logins. */
	f->refusals = 100;
	one(f, false);
	one(f, false);
	assert_int_equal(f->e.code, ERR_AUTH);
	assert_int_equal(f->logins, 2);
	assert_int_equal(f->refusals, 98);
}

static void those_refused_together_share_the_new_token(void **state)
{
	struct fixture *f = *state;

	one(f, true);
	f->refused = "Bearer T1";
	for (int i = 0; i < 5; i++)
		ask(f);
	turn(f, 6);
	assert_int_equal(f->ok, 6);
	assert_int_equal(f->logins, 2);
}

static void denials_say_what_the_server_says(void **state)
{
	struct fixture *f = *state;

	f->answer_status = 403;
	f->answer = "{\"detail\":\"account locked\"}";
	one(f, false);
	assert_int_equal(f->e.code, ERR_AUTH);
	assert_non_null(strstr(f->e.what, "account locked"));
	assert_non_null(strstr(f->e.what, "127.0.0.1"));
	/* Wrong attempts lock accounts: not tried again at once. */
	one(f, false);
	assert_int_equal(f->logins, 1);
	assert_int_equal(f->calls, 0);
}

static void an_echo_of_the_secret_is_not_shown(void **state)
{
	struct fixture *f = *state;

	f->answer_status = 400;
	f->answer = "{\"message\":\"bad password hun\\\"ter2\"}";
	one(f, false);
	assert_non_null(strstr(f->e.what, "status 400"));
	assert_null(strstr(f->e.what, "bad password"));
}

static void hostile_answers_are_refused(void **state)
{
	static const char *const bodies[] = {"", "<html>log in</html>", "{}", "[]",
		"null", "{\"data\":{\"access_token\":\"\"}}",
		"{\"data\":{\"access_token\":7}}",
		"{\"data\":{\"access_token\":\"a\\r\\nX-Evil: 1\"}}",
		"{\"data\":{\"access_token\":\"a b\"}}",
		"{\"data\":{\"access_token\":\"\\u00e9\"}}",
		"{\"data\":\"access_token\"}", "{\"data\":{\"access_token\":\"x\""};
	struct fixture *f = *state;
	struct strbuf giant = STRBUF_INIT;

	clock_freeze(clock_now(), clock_mono());
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		f->answer = bodies[i];
		one(f, false);
		assert_int_equal(f->e.code, ERR_AUTH);
		clock_advance(60 * NS_PER_S);
	}
	strbuf_adds(&giant, "{\"data\":{\"access_token\":\"");
	for (size_t i = 0; i < 40000; i++)
		strbuf_addc(&giant, 'x');
	strbuf_adds(&giant, "\"}}");
	f->answer = giant.buf;
	one(f, false);
	assert_non_null(strstr(f->e.what, "too long"));
	clock_advance(60 * NS_PER_S);
	for (size_t i = 0; i < 300000; i++)
		strbuf_addc(&giant, ' ');
	f->answer = giant.buf;
	one(f, false);
	assert_int_equal(f->calls, 0);
	strbuf_release(&giant);
}

static void a_plain_answer_may_be_the_token(void **state)
{
	struct fixture *f = *state;

	f->source.auth.login.token = ".";
	f->source.auth.login.expires = NULL;
	f->answer = "abc.def\n";
	one(f, true);
	assert_string_equal(f->seen.buf, "Bearer abc.def");
}

static void a_source_without_a_rule_is_told(void **state)
{
	struct fixture *f = *state;

	f->source.auth.login = (struct login_conf){.method = "POST"};
	one(f, false);
	assert_non_null(strstr(f->e.what, "airflow"));
}

static void who_leaves_ends_the_login(void **state)
{
	struct fixture *f = *state;
	struct http_request req = {
		.source = &f->source, .method = HTTP_GET, .url = f->url};
	unsigned handle = http_start(f->http, &req, on_answer, f);

	assert_int_equal(http_in_flight(f->http), 2);
	http_cancel(f->http, handle);
	assert_int_equal(http_in_flight(f->http), 0);
	one(f, true);
}

/* --- OAuth2 --- */

static void oauth2(struct fixture *f, bool in_body)
{
	f->source.auth = (struct auth_conf){
		.kind = "oauth2",
		.secret = {.env = "TOCSIN_TEST_SECRET"},
		.oauth2 = {.token_url = f->token_url,
			.client_id = "id:1",
			.scope = "a b",
			.audience = "api",
			.in_body = in_body},
	};
}

static void client_credentials_by_basic(void **state)
{
	struct fixture *f = *state;
	struct strbuf got = STRBUF_INIT, pair = STRBUF_INIT, sent = STRBUF_INIT;

	oauth2(f, false);
	one(f, true);
	assert_string_equal(f->seen.buf, "Bearer O1");
	f->source.name = "other";
	f->answer = "{\"error\":\"invalid_client\",\"error_description\":"
		    "\"who?\\u001b[2J\"}";
	f->answer_status = 401;
	one(f, false);
	assert_non_null(strstr(f->e.what, "who?<1b>[2J"));
	assert_true(web_header(&got, f->seen.buf, "Authorization"));
	assert_int_equal(base64_decode(&pair, got.buf + 6, got.len - 6, &f->e), 0);
	assert_string_equal(pair.buf, "id%3A1:hun%22ter2");
	assert_true(web_param(&sent, f->seen.buf, "grant_type"));
	assert_string_equal(sent.buf, "client_credentials");
	assert_false(web_param(&sent, f->seen.buf, "client_secret"));
	strbuf_reset(&sent);
	assert_true(web_param(&sent, f->seen.buf, "scope"));
	assert_string_equal(sent.buf, "a b");
	strbuf_release(&got);
	strbuf_release(&pair);
	strbuf_release(&sent);
}

static void client_credentials_in_the_body(void **state)
{
	struct fixture *f = *state;
	struct strbuf sent = STRBUF_INIT;

	oauth2(f, true);
	f->answer = "{\"access_token\":\"x\",\"token_type\":\"mac\"}";
	one(f, false);
	assert_non_null(strstr(f->e.what, "bearer"));
	assert_false(web_header(&sent, f->seen.buf, "Authorization"));
	assert_true(web_param(&sent, f->seen.buf, "client_secret"));
	assert_string_equal(sent.buf, "hun\"ter2");
	strbuf_release(&sent);
}

static void secrets_that_change_are_read_again(void **state)
{
	struct fixture *f = *state;

	oauth2(f, true);
	one(f, true);
	f->refusals = 1;
	setenv("TOCSIN_TEST_SECRET", "rotated", 1);
	one(f, true);
	assert_int_equal(f->logins, 2);
}

/* --- lives --- */

static void lives_are_read(void **state)
{
	static const struct {
		const char *json;
		int64_t seconds;
	} cases[] = {{"300", 300}, {"\"300\"", 300}, {"0", 0}, {"0.5", 0}, {"null", -1},
		{"\"soon\"", -1}, {"-1", -1}, {"\"2027-01-15T08:01:00Z\"", 60},
		{"\"2027-01-15T09:01:00+01:00\"", 60}, {"\"2020-01-15T08:00:00Z\"", 0}};
	int64_t now = INT64_C(1800000000) * NS_PER_S;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json *j = NULL;
		struct err e = ERR_INIT;
		int64_t life;

		assert_int_equal(
			json_parse(&j, cases[i].json, strlen(cases[i].json), &e), 0);
		life = token_life(j, now);
		assert_int_equal(
			life == NONE_INT ? -1 : life / NS_PER_S, cases[i].seconds);
		json_free(j);
	}
	assert_int_equal(token_jwt_life("abc", now), NONE_INT);
	assert_int_equal(token_jwt_life("a.b", now), NONE_INT);
	assert_int_equal(token_jwt_life("..", now), NONE_INT);
	assert_int_equal(token_jwt_life("a.!!!.c", now), NONE_INT);
	assert_int_equal(token_jwt_life("a.e30.c", now), NONE_INT);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

UNIT_TESTS(WITH(a_login_yields_a_token), WITH(the_login_carries_the_secret_as_data),
	WITH(forms_headers_and_prefixes), WITH(many_requests_log_in_once),
	WITH(tokens_are_renewed_before_they_end), WITH(the_life_of_a_jwt_is_in_it),
	WITH(a_refused_token_is_dropped_once),
	WITH(those_refused_together_share_the_new_token),
	WITH(denials_say_what_the_server_says), WITH(an_echo_of_the_secret_is_not_shown),
	WITH(hostile_answers_are_refused), WITH(a_plain_answer_may_be_the_token),
	WITH(a_source_without_a_rule_is_told), WITH(who_leaves_ends_the_login),
	WITH(client_credentials_by_basic), WITH(client_credentials_in_the_body),
	WITH(secrets_that_change_are_read_again), cmocka_unit_test(lives_are_read))
