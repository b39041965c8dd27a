#include "tests/unit/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/path.h"
#include "net/action.h"
#include "tests/unit/web.h"

/*
 * A registry in a process of its own, because actions block: it holds one alias and behaves as
 * `mood` says.
 */
enum mood {
	GOOD,
	NO_ALIAS, /* there is no such alias yet */
	MOVES, /* somebody else moves the alias after each read */
	DEAF, /* says 200 and does nothing */
	REFUSES, /* 403 on the write */
	BREAKS, /* 500 on the write */
	LOGIN_PAGE, /* a web page with status 200 */
	GOES_DARK, /* takes the write, and answers nothing after that */
	ONE_LOGIN, /* gives one token, and locks who wants another */
};

struct registry {
	enum mood mood;
	char version[16]; /* empty: no alias */
	int moves, logins;
	bool dark;
};

static void answer_read(struct registry *r, const char *request, struct strbuf *reply)
{
	struct strbuf body = STRBUF_INIT;
	bool of_model = strstr(request, "registered-models/get?") != NULL;

	if (r->dark) {
		web_reply(reply, 503, NULL, "{}", 2);
		return;
	}
	if (r->mood == LOGIN_PAGE) {
		web_reply(reply, 200, "Content-Type: text/html\r\n", "<html>", 6);
		return;
	}
	if (strstr(request, "model-versions/get?")) {
		web_json(reply, "{\"model_version\":{\"status\":\"READY\"}}");
		return;
	}
	if (of_model && *r->version)
		strbuf_addf(&body,
			"{\"registered_model\":{\"aliases\":[{\"alias\":"
			"\"production\",\"version\":\"%s\"}]}}",
			r->version);
	else if (of_model)
		strbuf_adds(&body, "{\"registered_model\":{\"name\":\"m\"}}");
	else
		strbuf_addf(&body,
			"{\"model_version\":{\"name\":\"m\",\"version\":\"%s\"}}",
			r->version);
	web_json(reply, body.buf);
	strbuf_release(&body);
	if (r->mood == MOVES)
		snprintf(r->version, sizeof(r->version), "%d", 100 + ++r->moves);
}

static void answer_write(struct registry *r, const char *request, struct strbuf *reply)
{
	const char *body = strstr(request, "\r\n\r\n"),
		   *at = strstr(body, "\"version\":\"");

	if (r->mood == REFUSES) {
		web_reply(reply, 403, NULL, "Permission denied", 17);
		return;
	}
	if (r->mood == BREAKS) {
		web_reply(reply, 500, NULL, "{}", 2);
		return;
	}
	r->dark = r->mood == GOES_DARK;
	if (at && r->mood != DEAF)
		snprintf(r->version, sizeof(r->version), "%.*s",
			(int)strcspn(at + 11, "\""), at + 11);
	web_json(reply, "{}");
}

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct registry *r = ctx;

	if (!strncmp(request, "POST /token ", 12))
		web_reply(reply, r->logins++ ? 403 : 200,
			"Content-Type: application/json\r\n", "{\"access_token\":\"T1\"}",
			21);
	else if (r->mood == ONE_LOGIN && !strstr(request, "\r\nAuthorization: Bearer T1"))
		web_reply(reply, 401, NULL, "{}", 2);
	else if (!strncmp(request, "GET ", 4))
		answer_read(ctx, request, reply);
	else
		answer_write(ctx, request, reply);
	return WEB_OK;
}

struct rig {
	pid_t pid;
	struct config config;
	struct source_conf source;
	char *url;
};

static void rig_open(struct rig *r, enum mood mood, const char *version)
{
	int pipe_fds[2], port;

	assert_int_equal(pipe(pipe_fds), 0);
	r->pid = fork();
	if (!r->pid) {
		struct registry reg = {.mood = mood};
		struct loop *l = loop_new();
		struct web *web = web_new(l, serve, &reg);

		snprintf(reg.version, sizeof(reg.version), "%s", version);
		port = web_port(web);
		if (write(pipe_fds[1], &port, sizeof(port)) < 0)
			_exit(1);
		loop_run(l);
		_exit(0);
	}
	assert_int_equal(read(pipe_fds[0], &port, sizeof(port)), sizeof(port));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	r->url = mem_format("http://127.0.0.1:%d", port);
	r->source = (struct source_conf){.name = "reg",
		.type = "mlflow",
		.url = r->url,
		.timeout_ns = 5 * NS_PER_S};
	r->config = (struct config){.sources = &r->source, .n_sources = 1};
	setenv("TOCSIN_DATADIR", getenv("TOCSIN_TOP") ? getenv("TOCSIN_TOP") : ".", 1);
}

static void rig_close(struct rig *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	free(r->url);
}

static struct json *params(const char *text)
{
	struct json *j = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(&j, text, strlen(text), &e), 0);
	return j;
}

static int plan_of(
	struct action_plan **out, struct rig *r, const char *text, struct err *e)
{
	struct json *with = params(text);
	const struct action_call call = {
		.source = "reg", .action = "set-alias", .params = with};
	int result = action_plan(out, &r->config, &call, e);

	json_free(with);
	return result;
}

static const char to_12[] =
	"{\"model\":\"m\",\"alias\":\"production\",\"version\":\"12\"}";

static void plans_applies_verifies_undoes(void **state)
{
	struct rig r;
	struct action_plan *p, *undo;
	struct err e = ERR_INIT;
	struct json *with = params(to_12);
	const struct action_call done = {
		.source = "reg", .action = "set-alias", .params = with};
	char *after;
	bool sent;

	(void)state;
	rig_open(&r, GOOD, "13");
	if (plan_of(&p, &r, to_12, &e))
		fail_msg("%s", e.what);
	assert_string_equal(action_before(p), "\"13\"");
	assert_string_equal(action_body(p),
		"{\"name\":\"m\",\"alias\":\"production\",\"version\":\"12\"}");
	assert_non_null(strstr(action_request(p), "POST http://127.0.0.1"));
	assert_non_null(strstr(action_effects(p), "redeploys nothing"));
	assert_int_equal(action_apply(p, &sent, &e), 0);
	assert_true(sent);
	assert_int_equal(action_verify(p, NULL, NULL, &e), 0);
	assert_int_equal(action_after(&after, p, &e), 0);
	assert_string_equal(after, "\"12\"");
	free(after);

	assert_int_equal(action_undo(&undo, &r.config, &done, action_before(p), &e), 0);
	assert_string_equal(action_before(undo), "\"12\"");
	assert_non_null(strstr(action_body(undo), "\"version\":\"13\""));
	assert_int_equal(action_apply(undo, &sent, &e), 0);
	assert_int_equal(action_verify(undo, NULL, NULL, &e), 0);
	action_plan_free(undo);
	action_plan_free(p);
	json_free(with);
	rig_close(&r);
}

static void refuses_when_it_moved(void **state)
{
	struct rig r;
	struct action_plan *p;
	struct err e = ERR_INIT;
	bool sent = true;

	(void)state;
	rig_open(&r, MOVES, "13");
	assert_int_equal(plan_of(&p, &r, to_12, &e), 0);
	assert_int_equal(action_apply(p, &sent, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_false(sent);
	assert_non_null(strstr(e.what, "\"13\""));
	action_plan_free(p);
	err_release(&e);
	rig_close(&r);
}

static bool soon(void *ctx)
{
	int64_t *until = ctx;

	return clock_mono() > *until;
}

static void is_not_done_because_the_answer_was_200(void **state)
{
	struct rig r;
	struct action_plan *p;
	struct err e = ERR_INIT;
	int64_t until = clock_mono() + NS_PER_S / 2;
	bool sent;

	(void)state;
	rig_open(&r, DEAF, "13");
	assert_int_equal(plan_of(&p, &r, to_12, &e), 0);
	assert_int_equal(action_apply(p, &sent, &e), 0);
	assert_int_equal(action_verify(p, soon, &until, &e), -1);
	assert_int_equal(e.code, ERR_BACKEND);
	action_plan_free(p);
	err_release(&e);
	rig_close(&r);
}

/* "It did not happen" and "nobody can tell" are not the same. */
static void says_whether_it_was_read_back(void **state)
{
	static const enum mood moods[] = {DEAF, GOES_DARK};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moods); i++) {
		struct rig r;
		struct action_plan *p;
		struct err e = ERR_INIT;
		int64_t until = clock_mono() + NS_PER_S / 5;
		bool sent;

		rig_open(&r, moods[i], "13");
		assert_int_equal(plan_of(&p, &r, to_12, &e), 0);
		assert_int_equal(action_apply(p, &sent, &e), 0);
		assert_int_equal(action_verify(p, soon, &until, &e), -1);
		assert_int_equal(action_unread(p), moods[i] == GOES_DARK);
		action_plan_free(p);
		err_release(&e);
		rig_close(&r);
	}
}

/* Accounts are locked by many logins, and some systems allow one session alone. */
static void logs_in_once(void **state)
{
	struct rig r;
	struct action_plan *p;
	struct err e = ERR_INIT;
	char *token_url;
	bool sent;

	(void)state;
	rig_open(&r, ONE_LOGIN, "13");
	token_url = mem_format("%s/token", r.url);
	setenv("TOCSIN_TEST_SECRET", "hunter2", 1);
	r.source.auth.kind = "oauth2";
	r.source.auth.secret.env = "TOCSIN_TEST_SECRET";
	r.source.auth.oauth2.token_url = token_url;
	r.source.auth.oauth2.client_id = "me";
	if (plan_of(&p, &r, to_12, &e))
		fail_msg("%s", e.what);
	if (action_apply(p, &sent, &e) || action_verify(p, NULL, NULL, &e))
		fail_msg("%s", e.what);
	action_plan_free(p);
	free(token_url);
	rig_close(&r);
}

static void says_whether_it_was_sent(void **state)
{
	static const struct {
		enum mood mood;
		bool sent;
	} cases[] = {{REFUSES, false}, {BREAKS, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig r;
		struct action_plan *p;
		struct err e = ERR_INIT;
		bool sent;

		rig_open(&r, cases[i].mood, "13");
		assert_int_equal(plan_of(&p, &r, to_12, &e), 0);
		assert_int_equal(action_apply(p, &sent, &e), -1);
		assert_int_equal(sent, cases[i].sent);
		action_plan_free(p);
		err_release(&e);
		rig_close(&r);
	}
}

static void an_alias_that_is_not_there_yet(void **state)
{
	struct rig r;
	struct action_plan *p, *undo = NULL;
	struct err e = ERR_INIT;
	struct json *with = params(to_12);
	const struct action_call done = {
		.source = "reg", .action = "set-alias", .params = with};
	bool sent;

	(void)state;
	rig_open(&r, NO_ALIAS, "");
	if (plan_of(&p, &r, to_12, &e))
		fail_msg("%s", e.what);
	assert_string_equal(action_before(p), "null");
	assert_int_equal(action_apply(p, &sent, &e), 0);
	/* The undo of what was not there is to remove it. */
	assert_int_equal(action_undo(&undo, &r.config, &done, action_before(p), &e), 0);
	assert_non_null(strstr(action_request(undo), "DELETE "));
	action_plan_free(undo);
	action_plan_free(p);
	json_free(with);
	err_release(&e);
	rig_close(&r);
}

static void a_login_page_is_no_answer(void **state)
{
	struct rig r;
	struct action_plan *p;
	struct err e = ERR_INIT;

	(void)state;
	rig_open(&r, LOGIN_PAGE, "13");
	assert_int_equal(plan_of(&p, &r, to_12, &e), -1);
	assert_int_equal(e.code, ERR_AUTH);
	err_release(&e);
	rig_close(&r);
}

static void checks_parameters_before_anything_is_asked(void **state)
{
	static const char *const wrong[] = {
		"{\"model\":\"m\",\"alias\":\"production\"}",
		"{\"model\":\"m\",\"alias\":\"production\",\"version\":12}",
		"{\"model\":\"m\",\"alias\":\"p\",\"version\":\"12\",\"force\":\"yes\"}",
		"{\"model\":\"\",\"alias\":\"production\",\"version\":\"12\"}",
	};
	struct source_conf source = {
		.name = "reg", .type = "mlflow", .url = "http://127.0.0.1:1"};
	struct rig r = {.config = {.sources = &source, .n_sources = 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct action_plan *p;
		struct err e = ERR_INIT;

		assert_int_equal(plan_of(&p, &r, wrong[i], &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		err_release(&e);
	}
}

UNIT_TESTS(cmocka_unit_test(plans_applies_verifies_undoes),
	cmocka_unit_test(refuses_when_it_moved),
	cmocka_unit_test(is_not_done_because_the_answer_was_200),
	cmocka_unit_test(says_whether_it_was_sent),
	cmocka_unit_test(says_whether_it_was_read_back), cmocka_unit_test(logs_in_once),
	cmocka_unit_test(an_alias_that_is_not_there_yet),
	cmocka_unit_test(a_login_page_is_no_answer),
	cmocka_unit_test(checks_parameters_before_anything_is_asked))
