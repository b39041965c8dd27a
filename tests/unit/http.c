#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/path.h"
#include "net/http.h"
#include "tests/unit/web.h"

/* A name service that hangs: libcurl's call comes here before the C library's. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **out)
{
	static int (*real)(
		const char *, const char *, const struct addrinfo *, struct addrinfo **);

	while (node && !strcmp(node, "hangs.example"))
		pause();
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, out);
}

struct fixture {
	struct loop *loop;
	struct web *web, *other;
	struct http *http;
	const char *script; /* what the server does */
	struct strbuf seen; /* the last request */
	struct source_conf source;
	/* what came back */
	int answers, status;
	struct strbuf body;
	struct strbuf header;
	struct err e;
	int64_t bytes, retry_after_ns;
};

static const char packed[] =
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\xca\x48\xcd\xc9\xc9\x57\xb2\x52"
	"\x2a\xcf"
	"\x2f\xca\x49\x51\xaa\x05\x00\xd1\x41\x09\xd8\x11\x00\x00\x00";
/* 100,000 times "a" */
static const char bomb[] =
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xed\xc1\x31\x01\x00\x00\x00\xc2\xa0"
	"\xac\xeb\x5f\xc2\x1a\x1e\x40\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\xaf\x06\x87\xfa\xe2\x1b\xa0\x86\x01\x00";

static enum web_fault redirect(
	struct fixture *f, const char *request, struct strbuf *reply)
{
	const char *script = f->script;
	char *headers;
	int status = 302;
	bool back = strncmp(request + strcspn(request, " "), " /then", 6) == 0;

	if (back && strcmp(script, "loop")) {
		web_json(reply, "{}");
		return WEB_OK;
	}
	if (!strcmp(script, "elsewhere"))
		headers = mem_format(
			"Location: http://127.0.0.1:%d/then\r\n", web_port(f->other));
	else if (!strcmp(script, "user"))
		headers = mem_format(
			"Location: http://u:p@127.0.0.1:%d/then\r\n", web_port(f->web));
	else
		headers = mem_strdup("Location: /then\r\n");
	if (!strcmp(script, "303"))
		status = 303;
	if (!strcmp(script, "307"))
		status = 307;
	web_reply(reply, status, headers, "", 0);
	free(headers);
	return WEB_OK;
}

static enum web_fault status_of(struct strbuf *reply, const char *script)
{
	const char *headers = strstr(script, " ");

	web_reply(reply, atoi(script), headers ? headers + 1 : NULL, "no", 2);
	return WEB_OK;
}

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct fixture *f = ctx;
	const char *s = f->script;

	strbuf_reset(&f->seen);
	strbuf_adds(&f->seen, request);
	if (*s >= '1' && *s <= '9' && strcmp(s, "303") && strcmp(s, "307"))
		return status_of(reply, s);
	if (!strcmp(s, "hang"))
		return WEB_HANG;
	if (!strcmp(s, "hangup"))
		return WEB_CLOSE;
	if (!strcmp(s, "reset")) {
		strbuf_adds(reply, "HTTP/1.1 200 OK\r\nContent-Le");
		return WEB_RESET;
	}
	if (!strcmp(s, "slow")) {
		web_json(reply, "{\"slow\":true}");
		return WEB_SLOW;
	}
	if (!strcmp(s, "truncated")) {
		strbuf_adds(reply, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
		return WEB_CLOSE;
	}
	if (!strcmp(s, "not http")) {
		strbuf_adds(reply, "SSH-2.0-OpenSSH\r\n");
		return WEB_CLOSE;
	}
	if (!strcmp(s, "huge")) {
		strbuf_adds(reply, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
		return WEB_HANG;
	}
	if (!strcmp(s, "endless")) {
		strbuf_adds(reply,
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n");
		for (int i = 0; i < 1024; i++)
			strbuf_addc(reply, 'x');
		strbuf_adds(reply, "\r\n");
		return WEB_OK;
	}
	if (!strcmp(s, "packed") || !strcmp(s, "bomb") || !strcmp(s, "badly packed")) {
		bool big = *s == 'b' && s[1] == 'o';

		web_reply(reply, 200, "Content-Encoding: gzip\r\n", big ? bomb : packed,
			big ? sizeof(bomb) - 1 : sizeof(packed) - 1);
		if (!strcmp(s, "badly packed"))
			reply->buf[reply->len - 20] ^= 0x55;
		return WEB_OK;
	}
	if (!strcmp(s, "echo")) {
		web_reply(reply, 403, NULL, request, strlen(request));
		return WEB_OK;
	}
	if (!strcmp(s, "ok")) {
		web_json(reply, "{}");
		return WEB_OK;
	}
	return redirect(f, request, reply);
}

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	f->loop = loop_new();
	f->web = web_new(f->loop, serve, f);
	f->other = web_new(f->loop, serve, f);
	f->http = http_new(f->loop);
	f->script = "ok";
	strbuf_init(&f->seen);
	strbuf_init(&f->body);
	strbuf_init(&f->header);
	f->source.name = "s";
	f->source.timeout_ns = 5 * NS_PER_S;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_free(f->http);
	web_free(f->web);
	web_free(f->other);
	loop_free(f->loop);
	strbuf_release(&f->seen);
	strbuf_release(&f->body);
	strbuf_release(&f->header);
	err_release(&f->e);
	free(f);
	return 0;
}

static void done(void *ctx, struct http_answer *a, const struct err *e)
{
	struct fixture *f = ctx;

	f->answers++;
	f->status = a->status;
	f->bytes = a->bytes;
	f->retry_after_ns = a->retry_after_ns;
	strbuf_reset(&f->body);
	strbuf_add(&f->body, a->body.buf, a->body.len);
	strbuf_reset(&f->header);
	strbuf_adds(&f->header, http_answer_header(a, "CONTENT-TYPE"));
	err_clear(&f->e);
	if (e)
		err_copy(&f->e, e);
	loop_stop(f->loop);
}

static void count(void *ctx, struct http_answer *a, const struct err *e)
{
	struct fixture *f = ctx;

	assert_true(a->body.len <= 100000 && (!e || e->code == ERR_LIMIT));
	f->answers++;
}

static void turn(struct fixture *f)
{
	int before = f->answers;

	while (f->answers == before)
		loop_turn(f->loop, 10 * NS_PER_S);
}

static void ask(struct fixture *f, const char *script, const struct http_request *given)
{
	struct http_request req = *given;
	char *url = mem_format("http://127.0.0.1:%d/first?x=%%20y", web_port(f->web));

	f->script = script;
	if (!req.url)
		req.url = url;
	req.source = &f->source;
	assert_true(http_start(f->http, &req, done, f) > 0);
	free(url);
	turn(f);
}

static const struct http_request plain = {0};

static void gets_and_reuses_the_connection(void **state)
{
	struct fixture *f = *state;
	struct strbuf v = STRBUF_INIT;

	for (int i = 0; i < 3; i++)
		ask(f, "ok", &plain);
	assert_int_equal(f->status, 200);
	assert_int_equal(f->e.code, ERR_NONE);
	assert_string_equal(f->body.buf, "{}");
	assert_string_equal(f->header.buf, "application/json");
	assert_int_equal(web_connections(f->web), 1);
	assert_int_equal(web_requests(f->web), 3);
	assert_ptr_equal(
		strstr(f->seen.buf, "GET /first?x=%20y HTTP/1.1\r\n"), f->seen.buf);
	assert_true(web_header(&v, f->seen.buf, "User-Agent"));
	assert_string_equal(v.buf, "tocsin/" PACKAGE_VERSION);
	strbuf_reset(&v);
	assert_true(web_header(&v, f->seen.buf, "Accept-Encoding"));
	assert_non_null(strstr(v.buf, "gzip"));
	assert_false(web_header(&v, f->seen.buf, "Authorization"));
	strbuf_release(&v);
}

static void sends_every_kind_of_request(void **state)
{
	static const struct {
		enum http_method method;
		const char *body, *line;
	} cases[] = {
		{HTTP_POST, "query=up", "POST /"},
		{HTTP_POST, "", "POST /"},
		{HTTP_PUT, "{}", "PUT /"},
		{HTTP_PATCH, "{}", "PATCH /"},
		{HTTP_DELETE, "", "DELETE /"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_header own[] = {{"X-Own", "mine"}, {"Accept", "text/plain"}};
		struct http_request req = {.method = cases[i].method,
			.body = cases[i].body,
			.body_bytes = strlen(cases[i].body),
			.content_type = "text/x",
			.headers = own,
			.n_headers = 2};

		ask(f, "ok", &req);
		assert_int_equal(f->status, 200);
		assert_ptr_equal(strstr(f->seen.buf, cases[i].line), f->seen.buf);
		assert_string_equal(strstr(f->seen.buf, "\r\n\r\n") + 4, cases[i].body);
		assert_non_null(strstr(f->seen.buf, "\r\nX-Own: mine\r\n"));
		assert_non_null(strstr(f->seen.buf, "\r\nContent-Type: text/x\r\n"));
		assert_non_null(strstr(f->seen.buf, "\r\nAccept: text/plain\r\n"));
		assert_null(strstr(f->seen.buf, "application/json"));
		assert_null(strstr(f->seen.buf, "Expect"));
	}
	ask(f, "ok", &(struct http_request){.method = HTTP_HEAD});
	assert_int_equal(f->status, 200);
	assert_int_equal(f->body.len, 0);
}

static void unpacks_and_limits(void **state)
{
	struct fixture *f = *state;

	ask(f, "packed", &plain);
	assert_string_equal(f->body.buf, "{\"hello\":\"world\"}");
	assert_int_equal(f->bytes, sizeof(packed) - 1);
	ask(f, "bomb", &plain);
	assert_int_equal(f->body.len, 100000);
	f->source.max_bytes = 99999;
	ask(f, "bomb", &plain);
	assert_int_equal(f->e.code, ERR_LIMIT);
	assert_non_null(strstr(f->e.what, "99999"));
	ask(f, "badly packed", &plain);
	assert_int_equal(f->e.code, ERR_BACKEND);
	f->source.max_bytes = 1000;
	ask(f, "huge", &plain);
	assert_int_equal(f->e.code, ERR_LIMIT);
	ask(f, "endless", &plain);
	assert_int_equal(f->e.code, ERR_LIMIT);
}

/* Each of them would do; together they are too much for one process. */
static void answers_are_limited_together(void **state)
{
	struct fixture *f = *state;
	char *url = mem_format("http://127.0.0.1:%d/", web_port(f->web));
	struct http_request req = {.url = url, .source = &f->source};

	http_limit(f->http, 150000);
	f->script = "bomb";
	for (int i = 0; i < 3; i++)
		http_start(f->http, &req, count, f);
	while (http_in_flight(f->http))
		loop_turn(f->loop, NS_PER_S);
	/* What one that has ended held is free again. */
	assert_int_equal(f->answers, 3);
	http_limit(f->http, 99999);
	ask(f, "bomb", &plain);
	assert_int_equal(f->e.code, ERR_LIMIT);
	assert_int_equal(f->e.retry, RETRY_LATER);
	http_limit(f->http, 100000);
	for (int i = 0; i < 3; i++) {
		ask(f, "bomb", &plain);
		assert_int_equal(f->e.code, ERR_NONE);
		assert_int_equal(f->body.len, 100000);
	}
	free(url);
}

static void faults_have_words_and_a_class(void **state)
{
	static const struct {
		const char *script;
		enum err_code code;
	} cases[] = {{"hangup", ERR_NET}, {"reset", ERR_NET}, {"truncated", ERR_NET},
		{"hang", ERR_NET}, {"slow", ERR_NET}, {"not http", ERR_BACKEND}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->source.timeout_ns = 150 * NS_PER_MS;
		ask(f, cases[i].script, &plain);
		if (f->e.code != cases[i].code)
			fail_msg("%s: %s", cases[i].script,
				f->e.what ? f->e.what : "no error");
		assert_int_equal(f->e.retry, RETRY_LATER);
		assert_non_null(strstr(f->e.where, "/first"));
		assert_null(strstr(f->e.where, "x="));
	}
	/* Nobody listens there. */
	ask(f, "ok", &(struct http_request){.url = "http://127.0.0.1:1/"});
	assert_int_equal(f->e.code, ERR_NET);
	assert_string_equal(f->e.what, "cannot connect: Connection refused");
}

static void statuses_have_a_class(void **state)
{
	static const struct {
		const char *script;
		enum err_code code;
		enum err_retry retry;
		int64_t after;
	} cases[] = {
		{"204", ERR_NONE, 0, NONE_INT},
		{"304", ERR_NONE, 0, NONE_INT},
		{"400", ERR_BACKEND, RETRY_NEVER, NONE_INT},
		{"401", ERR_AUTH, RETRY_LATER, NONE_INT},
		{"403", ERR_AUTH, RETRY_LATER, NONE_INT},
		{"404", ERR_NOT_FOUND, RETRY_LATER, NONE_INT},
		{"409", ERR_CONFLICT, RETRY_NEVER, NONE_INT},
		{"422", ERR_BACKEND, RETRY_NEVER, NONE_INT},
		{"429 Retry-After: 7\r\n", ERR_BACKEND, RETRY_LATER, 7},
		{"500", ERR_BACKEND, RETRY_LATER, NONE_INT},
		{"501", ERR_BACKEND, RETRY_NEVER, NONE_INT},
		{"503 Retry-After: 120\r\n", ERR_BACKEND, RETRY_LATER, 120},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t after = cases[i].after;

		ask(f, cases[i].script, &plain);
		assert_int_equal(f->status, atoi(cases[i].script));
		assert_int_equal(f->e.code, cases[i].code);
		assert_int_equal(f->e.retry, cases[i].retry);
		assert_int_equal(f->retry_after_ns,
			after == NONE_INT ? NONE_INT : after * NS_PER_S);
	}
	assert_string_equal(f->body.buf, "no");
}

static void redirects_stay_at_home(void **state)
{
	struct fixture *f = *state;
	struct http_request post = {.method = HTTP_POST, .body = "b", .body_bytes = 1};

	setenv("TOCSIN_TEST_TOKEN", "hunter2", 1);
	f->source.auth.kind = "bearer";
	f->source.auth.secret.env = "TOCSIN_TEST_TOKEN";
	ask(f, "here", &plain);
	assert_int_equal(f->status, 200);
	assert_non_null(strstr(f->seen.buf, "GET /then"));
	assert_non_null(strstr(f->seen.buf, "Bearer hunter2"));
	ask(f, "elsewhere", &plain);
	assert_int_equal(f->e.code, ERR_BACKEND);
	assert_non_null(strstr(f->e.what, "redirects"));
	assert_int_equal(web_connections(f->other), 0);
	ask(f, "user", &plain);
	assert_int_equal(f->e.code, ERR_BACKEND);
	assert_null(strstr(f->e.what, "u:p"));
	ask(f, "loop", &plain);
	assert_int_equal(f->e.code, ERR_BACKEND);
	ask(f, "here", &post); /* 302 would make a GET of it */
	assert_int_equal(f->e.code, ERR_BACKEND);
	ask(f, "307", &post);
	assert_int_equal(f->status, 200);
	assert_non_null(strstr(f->seen.buf, "POST /then"));
	assert_string_equal(strstr(f->seen.buf, "\r\n\r\n") + 4, "b");
	ask(f, "303", &post);
	assert_int_equal(f->status, 200);
	assert_non_null(strstr(f->seen.buf, "GET /then"));
	unsetenv("TOCSIN_TEST_TOKEN");
}

static void credentials_are_sent_and_never_shown(void **state)
{
	static const struct {
		const char *kind, *name, *user, *expect;
	} cases[] = {
		{"bearer", NULL, NULL, "\r\nAuthorization: Bearer hunter2\r\n"},
		{"basic", NULL, "me", "\r\nAuthorization: Basic bWU6aHVudGVyMg==\r\n"},
		{"header", "X-API-Key", NULL, "\r\nX-API-Key: hunter2\r\n"},
		{"query", "api key", NULL, "?x=%20y&api%20key=hunter2 HTTP/1.1\r\n"},
	};
	struct fixture *f = *state;
	char file[] = "/tmp/tocsin-http-XXXXXX";
	const char *shown[] = {"x-scope-orgid", "x-api-token"};
	const char *values[] = {"ml", "hunter2"};
	struct strbuf log = STRBUF_INIT;
	struct err e = ERR_INIT;

	close(mkstemp(file));
	assert_int_equal(log_open(file, LOG_DEBUG, &e), 0);
	setenv("TOCSIN_TEST_TOKEN", "hunter2", 1);
	f->source.header_names = shown;
	f->source.header_values = values;
	f->source.n_headers = 2;
	f->source.auth.secret.env = "TOCSIN_TEST_TOKEN";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->source.auth.kind = cases[i].kind;
		f->source.auth.name = cases[i].name;
		f->source.auth.user = cases[i].user;
		ask(f, "500", &plain);
		assert_non_null(strstr(f->seen.buf, cases[i].expect));
		assert_non_null(strstr(f->seen.buf, "\r\nx-scope-orgid: ml\r\n"));
		assert_null(strstr(f->e.what, "hunter2"));
		assert_null(strstr(f->e.where, "hunter2"));
		/* Nor does the backend say it. */
		ask(f, "echo", &plain);
		assert_int_equal(f->status, 403);
		assert_non_null(strstr(f->seen.buf, cases[i].expect));
		assert_non_null(strstr(f->body.buf, "x-api-token: *******\r\n"));
		assert_non_null(strstr(f->body.buf, "x-scope-orgid: ml\r\n"));
		assert_null(strstr(f->body.buf, "hunter2"));
		assert_null(strstr(f->body.buf, "aHVudGVyMg"));
	}
	unsetenv("TOCSIN_TEST_TOKEN");
	ask(f, "ok", &plain);
	assert_int_equal(f->e.code, ERR_AUTH);
	assert_non_null(strstr(f->e.what, "TOCSIN_TEST_TOKEN"));
	log_close();
	assert_int_equal(path_read(&log, file, 1 << 20, &e), 0);
	assert_non_null(strstr(log.buf, "x-scope-orgid: ml"));
	assert_null(strstr(log.buf, "hunter2"));
	assert_null(strstr(log.buf, "bWU6"));
	strbuf_release(&log);
	unlink(file);
}

static void commands_secrets_are_waited_for(void **state)
{
	static const char *good[] = {"sh", "-c", "echo hunter2"};
	static const char *bad[] = {"sh", "-c", "exit 3"};
	static const char *none[] = {"/nowhere/at/all"};
	struct fixture *f = *state;

	f->source.auth.kind = "bearer";
	f->source.auth.secret.cmd = (struct yaml_texts){good, 3};
	for (int i = 0; i < 2; i++) {
		ask(f, "ok", &plain);
		assert_int_equal(f->status, 200);
		assert_non_null(
			strstr(f->seen.buf, "\r\nAuthorization: Bearer hunter2\r\n"));
	}
	f->source.auth.secret.cmd = (struct yaml_texts){bad, 3};
	ask(f, "ok", &plain);
	assert_int_equal(f->e.code, ERR_AUTH);
	assert_non_null(strstr(f->e.what, "code 3"));
	f->source.auth.secret.cmd = (struct yaml_texts){none, 1};
	ask(f, "ok", &plain);
	assert_true(f->e.code != ERR_NONE);
	assert_int_equal(f->e.retry, RETRY_LATER);
}

static void what_is_malformed_is_not_sent(void **state)
{
	static const struct http_header bad[] = {
		{"X", "a\r\nY: b"}, {"X Y", "a"}, {"", "a"}, {"X:", "a"}, {"X", "a\nb"}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ask(f, "ok", &(struct http_request){.headers = &bad[i], .n_headers = 1});
		assert_int_equal(f->e.code, ERR_INPUT);
	}
	ask(f, "ok", &(struct http_request){.url = "file:///etc/passwd"});
	assert_int_equal(f->e.code, ERR_INPUT);
	ask(f, "ok", &(struct http_request){.url = "http://h/\r\n"});
	assert_int_equal(f->e.code, ERR_INPUT);
	assert_int_equal(web_requests(f->web), 0);
}

static void certificates_are_verified(void **state)
{
	struct fixture *f = *state;
	char *url = mem_format("https://127.0.0.1:%d/", web_port(f->web));

	f->source.timeout_ns = 2 * NS_PER_S;
	ask(f, "ok", &(struct http_request){.url = url}); /* it speaks no TLS */
	assert_int_equal(f->e.code, ERR_NET);
	f->source.tls.insecure = true;
	ask(f, "ok", &(struct http_request){.url = "https://192.0.2.1/"});
	assert_int_equal(f->e.code, ERR_DENIED);
	f->source.tls.insecure = false;
	f->source.tls.ca = "/nowhere/ca.pem";
	ask(f, "ok", &(struct http_request){.url = url});
	assert_int_equal(f->e.code, ERR_INPUT);
	free(url);
}

static void proxies_are_for_others(void **state)
{
	struct fixture *f = *state;
	char *proxy = mem_format("http://127.0.0.1:%d", web_port(f->other));

	setenv("http_proxy", proxy, 1);
	ask(f, "ok", &(struct http_request){.url = "http://far.example/x"});
	assert_int_equal(f->status, 200);
	assert_non_null(strstr(f->seen.buf, "GET http://far.example/x HTTP/1.1\r\n"));
	assert_int_equal(web_requests(f->other), 1);
	ask(f, "ok", &plain);
	assert_int_equal(f->status, 200);
	assert_int_equal(web_requests(f->other), 1);
	unsetenv("http_proxy");
	free(proxy);
}

static void sockets_have_urls(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/tocsin-http-XXXXXX";
	char *path, *url;
	struct web *web;

	assert_non_null(mkdtemp(dir));
	path = mem_format("%s/s", dir);
	url = mem_format("http+unix://%%2Ftmp%%2F%s%%2Fs/path", dir + 5);
	web = web_new_unix(f->loop, path, serve, f);
	ask(f, "ok", &(struct http_request){.url = url});
	assert_int_equal(f->status, 200);
	assert_non_null(strstr(f->seen.buf, "GET /path HTTP/1.1\r\n"));
	web_free(web);
	unlink(path);
	rmdir(dir);
	free(path);
	free(url);
}

static void cancelled_ones_say_nothing(void **state)
{
	struct fixture *f = *state;
	char *url = mem_format("http://127.0.0.1:%d/", web_port(f->web));
	struct http_request req = {.url = url, .source = &f->source};
	unsigned handle;

	f->script = "hang";
	handle = http_start(f->http, &req, done, f);
	loop_turn(f->loop, NS_PER_S);
	assert_int_equal(http_in_flight(f->http), 1);
	http_cancel(f->http, handle);
	http_cancel(f->http, handle);
	http_cancel(f->http, 0);
	assert_int_equal(http_in_flight(f->http), 0);
	http_start(f->http, &req, done, f);
	req.url = "nonsense";
	http_start(f->http, &req, done, f);
	loop_turn(f->loop, 0);
	http_free(f->http);
	f->http = http_new(f->loop);
	for (int i = 0; i < 5; i++)
		loop_turn(f->loop, NS_PER_MS);
	assert_true(f->answers <= 1); /* the nonsense, when its turn came */
	free(url);
}

/* Children that run `fn` must end with 0 within 10 seconds. */
static void in_a_child(void (*fn)(struct fixture *f), struct fixture *f)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(10);
		fn(f);
		exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void resolve_until_timeout(struct fixture *f)
{
	f->source.timeout_ns = 100 * NS_PER_MS;
	ask(f, "ok", &(struct http_request){.url = "http://hangs.example/"});
	if (f->e.code != ERR_NET || !strstr(f->e.what, "within 100ms"))
		_exit(1);
	http_free(f->http);
}

static void resolve_and_leave(struct fixture *f)
{
	struct http_request req = {.url = "http://hangs.example/", .source = &f->source};

	http_start(f->http, &req, done, f);
	for (int i = 0; i < 3; i++)
		loop_turn(f->loop, NS_PER_MS);
	http_free(f->http);
}

static void a_hanging_resolver_holds_nobody(void **state)
{
	struct fixture *f = *state;

	in_a_child(resolve_until_timeout, f);
	in_a_child(resolve_and_leave, f);
}

static void runs_one_to_its_end(void **state)
{
	struct fixture *f = *state;
	char *url = mem_format("http://127.0.0.1:%d/", web_port(f->web));
	struct http_request req = {.url = url};
	struct http_answer a = HTTP_ANSWER_INIT;
	struct err e = ERR_INIT;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(20);
		f->script = "404";
		loop_run(f->loop);
	}
	assert_int_equal(http_run(&a, &req, &e), -1);
	assert_int_equal(a.status, 404);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(a.body.buf, "no");
	http_answer_release(&a);
	err_release(&e);
	free(url);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void knows_which_headers_hide(void **state)
{
	static const char *const secret[] = {"Authorization", "proxy-authorization",
		"Cookie", "X-API-Key", "X-Auth-Token", "X-Vault-Token", "PRIVATE-TOKEN",
		"x-amz-security-token", "api-key"};
	static const char *const open[] = {
		"Accept", "X-Scope-OrgID", "Content-Type", "User-Agent"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secret); i++)
		assert_true(http_header_is_secret(secret[i]));
	for (size_t i = 0; i < ARRAY_LEN(open); i++)
		assert_false(http_header_is_secret(open[i]));
}

static void reads_headers(void **state)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	static const char *const lines[] = {"HTTP/1.1 100 Continue\r\n", "X: early\r\n",
		"\r\n", "HTTP/2 200\r\n",
		"Content-Type:application/json; charset=utf-8 \r\n", "Empty:\r\n",
		"no colon\r\n", "Twice: 1\r\n", "TWICE: 2\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		http_answer_add(&a, lines[i], strlen(lines[i]));
	assert_null(http_answer_header(&a, "x"));
	assert_string_equal(http_answer_header(&a, "content-type"),
		"application/json; charset=utf-8");
	assert_true(http_answer_is(&a, "application/json"));
	assert_false(http_answer_is(&a, "application/js"));
	assert_string_equal(http_answer_header(&a, "empty"), "");
	assert_string_equal(http_answer_header(&a, "twice"), "1");
	http_answer_release(&a);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

UNIT_TESTS(WITH(gets_and_reuses_the_connection), WITH(sends_every_kind_of_request),
	WITH(unpacks_and_limits), WITH(answers_are_limited_together),
	WITH(faults_have_words_and_a_class), WITH(statuses_have_a_class),
	WITH(redirects_stay_at_home), WITH(credentials_are_sent_and_never_shown),
	WITH(commands_secrets_are_waited_for), WITH(what_is_malformed_is_not_sent),
	WITH(certificates_are_verified), WITH(proxies_are_for_others),
	WITH(sockets_have_urls), WITH(cancelled_ones_say_nothing),
	WITH(a_hanging_resolver_holds_nobody), WITH(runs_one_to_its_end),
	cmocka_unit_test(knows_which_headers_hide), cmocka_unit_test(reads_headers))
