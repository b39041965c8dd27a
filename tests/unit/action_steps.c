/* action_steps.c - all that an action does besides its request, against a small backend */
#include "tests/unit/unit.h"

#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/path.h"
#include "net/action.h"
#include "tests/unit/web.h"

/* Bytes whose digest would change if anybody read and wrote them: spacing, a large integer. */
static const char manifest[] = "{ \"big\":12345678901234567890,\n \"a\" : 1.0 }\n";

static const char file[] =
	"connector: shop\n"
	"actions:\n"
	"  - name: set\n"
	"    params:\n"
	"      to: {type: text, choices: {get: /choices, values: '.items[]'}}\n"
	"    read: [{as: whole, get: /whole, keep: .config}]\n"
	"    before: {get: /value, value: .value}\n"
	"    refuse:\n"
	"      - {when: $before == $to, because: it is there already}\n"
	"      - {when: $whole.locked, because: the shop is closed}\n"
	"    put: /value\n"
	"    headers: {X-Reason: night, X-Api-Token: $to}\n"
	"    json: '$whole + {value: $to}'\n"
	"    dry_run: {query: {dry: All}, json: '{rehearsal: true}'}\n"
	"    verify: {get: /value, until: .value == $to, within: 2s, every: 20ms}\n"
	"    effect: {get: /effect, until: .calls == 0, within: 500ms, every: 20ms, "
	"says: no "
	"call uses the old one}\n"
	"    undo: {action: set, with: {to: $before}}\n"
	"  - name: retag\n"
	"    params: {tag: text}\n"
	"    put: /tags/{tag}\n"
	"    copy: {get: /manifest}\n"
	"    verify: {get: /copied, until: .same, within: 2s, every: 20ms}\n"
	"  - name: train\n"
	"    params: {to: text}\n"
	"    post: /jobs\n"
	"    json: '{id: $once, to: $to}'\n"
	"    follow:\n"
	"      get: /jobs/{once}\n"
	"      as: job\n"
	"      read: [{as: part, get: '/parts/{job.part}', keep: .name}]\n"
	"      until: .state == \"ok\"\n"
	"      fails: .state == \"failed\"\n"
	"      shows: '.state + \" \" + ($part // \"?\")'\n"
	"      reason: {read: [{as: log, get: '/logs/{job.part}', text: true}], "
	"says: '$part + \": \" + ($log // \"no log\")'}\n"
	"      stop: {action: halt, with: {id: $job.id}}\n"
	"      every: 20ms\n"
	"      within: 3s\n"
	"  - name: halt\n"
	"    params: {id: text}\n"
	"    delete: /jobs/{id}\n"
	"    verify: {get: '/jobs/{id}', until: .state == \"failed\", within: 2s, every: "
	"20ms}\n"
	"  - name: blind\n"
	"    post: /nowhere\n"
	"  - name: whole\n"
	"    params: {config: text}\n"
	"    before: {get: /whole, value: .config}\n"
	"    put: /whole\n"
	"    json: '$config | fromjson'\n"
	"    undo: {action: whole, with: {config: $before}}\n";

struct shop {
	char value[16];
	bool locked, moving, same;
	int calls; /* that use the old one; each look takes one away, -1: for ever */
	int moves;
	const char
		*job; /* what becomes of it: "ok", "failed", "running", "gone", "nolog" */
	int looks; /* at it */
};

static void answer_job(struct shop *s, struct strbuf *reply)
{
	struct strbuf body = STRBUF_INIT;
	bool ends = ++s->looks > 3 && strcmp(s->job, "running") != 0;

	if (ends && !strcmp(s->job, "gone")) {
		web_reply(reply, 404, NULL, "", 0);
	} else if (s->looks == 2) {
		web_reply(reply, 503, NULL, "", 0); /* a restart on the way */
	} else {
		strbuf_addf(&body, "{\"id\": \"J-7\", \"part\": %s, \"state\": \"%s\"}",
			s->looks > 1 ? "\"fit\"" : "null",
			!ends                          ? "running"
				: strcmp(s->job, "ok") ? "failed"
						       : "ok");
		web_json(reply, body.buf);
	}
	strbuf_release(&body);
}

static void answer_get(struct shop *s, const char *path, struct strbuf *reply)
{
	struct strbuf body = STRBUF_INIT;

	if (!strncmp(path, "/jobs/", 6)) {
		answer_job(s, reply);
		return;
	}
	if (!strncmp(path, "/logs/fit", 9)) {
		if (strcmp(s->job, "nolog"))
			web_reply(reply, 200, "Content-Type: text/plain\r\n",
				"no \x1b[31mlabels", 14);
		else
			web_reply(reply, 500, NULL, "", 0);
		return;
	}
	if (!strncmp(path, "/parts/fit", 10)) {
		strbuf_adds(&body, "{\"name\": \"fit\"}");
	} else if (!strncmp(path, "/choices", 8)) {
		strbuf_adds(&body, "{\"items\": [\"a\", \"b\", \"c\"]}");
	} else if (!strncmp(path, "/whole", 6)) {
		strbuf_addf(&body, "{\"config\": {\"locked\": %s, \"move\": %d}}",
			s->locked ? "true" : "false", s->moves += s->moving);
	} else if (!strncmp(path, "/effect", 7)) {
		strbuf_addf(
			&body, "{\"calls\": %d}", s->calls > 0 ? s->calls-- : s->calls);
	} else if (!strncmp(path, "/copied", 7)) {
		strbuf_addf(&body, "{\"same\": %s}", s->same ? "true" : "false");
	} else if (!strncmp(path, "/manifest", 9)) {
		web_reply(reply, 200, "Content-Type: application/vnd.shop.v1+json\r\n",
			manifest, strlen(manifest));
		strbuf_release(&body);
		return;
	} else {
		strbuf_addf(&body, "{\"value\": \"%s\"}", s->value);
	}
	web_json(reply, body.buf);
	strbuf_release(&body);
}

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct shop *s = ctx;
	const char *path = strchr(request, ' ') + 1,
		   *body = strstr(request, "\r\n\r\n") + 4;
	const char *at = strstr(body, "\"value\":\"");
	struct strbuf type = STRBUF_INIT;

	if (!strncmp(request, "GET ", 4)) {
		answer_get(s, path, reply);
		return WEB_OK;
	}
	if (strstr(request, "dry=All")) {
		web_json(reply,
			strstr(body, "\"rehearsal\":true") ? "{\"would\": \"do\"}"
							   : "{}");
		return WEB_OK;
	}
	if (!strncmp(request, "DELETE ", 7) && strstr(path, "J-7"))
		s->job = "failed";
	if (!strncmp(path, "/nowhere", 8)) {
		web_reply(reply, 500, NULL, "", 0);
		return WEB_OK;
	}
	if (!strncmp(path, "/tags/", 6))
		s->same = !strcmp(body, manifest) &&
			web_header(&type, request, "Content-Type") &&
			!strcmp(type.buf, "application/vnd.shop.v1+json");
	if (at)
		snprintf(s->value, sizeof(s->value), "%.*s", (int)strcspn(at + 9, "\""),
			at + 9);
	strbuf_release(&type);
	web_json(reply, "{}");
	return WEB_OK;
}

struct rig {
	pid_t pid;
	struct config config;
	struct source_conf source;
	char *dir, *url;
	const char *dirs[1];
	struct action_plan *plan;
	struct err e;
};

static void start(struct rig *r, const struct shop *shop)
{
	int fds[2], port;

	assert_int_equal(pipe(fds), 0);
	r->pid = fork();
	if (!r->pid) {
		struct shop own = *shop;
		struct loop *l = loop_new();

		port = web_port(web_new(l, serve, &own));
		if (write(fds[1], &port, sizeof(port)) < 0)
			_exit(1);
		loop_run(l);
		_exit(0);
	}
	assert_int_equal(read(fds[0], &port, sizeof(port)), sizeof(port));
	close(fds[0]);
	close(fds[1]);
	r->url = mem_format("http://127.0.0.1:%d", port);
}

static void rig_open(struct rig *r, const struct shop *shop)
{
	const char *tmp = getenv("TMPDIR");
	char *name;

	*r = (struct rig){.dir = mem_format("%s/tocsin-act-XXXXXX", tmp ? tmp : "/tmp")};
	assert_non_null(mkdtemp(r->dir));
	name = path_join(r->dir, "shop.yaml");
	assert_int_equal(path_write(name, file, strlen(file), 0600, &r->e), 0);
	free(name);
	start(r, shop);
	r->dirs[0] = r->dir;
	r->source = (struct source_conf){.name = "shop",
		.type = "shop",
		.url = r->url,
		.timeout_ns = 5 * NS_PER_S};
	r->config = (struct config){
		.sources = &r->source, .n_sources = 1, .connectors = {r->dirs, 1}};
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void rig_close(struct rig *r)
{
	action_plan_free(r->plan);
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	nftw(r->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	err_release(&r->e);
	free(r->dir);
	free(r->url);
}

static int plan(struct rig *r, const char *action, const char *params, const char *expect)
{
	struct json *j = NULL;
	struct action_call call = {.source = "shop", .action = action, .expect = expect};
	int rc;

	action_plan_free(r->plan);
	r->plan = NULL;
	err_clear(&r->e);
	assert_int_equal(json_parse(&j, params, strlen(params), &r->e), 0);
	call.params = j;
	rc = action_plan(&r->plan, &r->config, &call, &r->e);
	json_free(j);
	return rc;
}

static void planned(struct rig *r, const char *action, const char *params)
{
	if (plan(r, action, params, NULL))
		fail_msg("%s", r->e.what);
}

static void refused(struct rig *r, int rc, enum err_code code, const char *says)
{
	assert_int_equal(rc, -1);
	if (r->e.code != code || !strstr(r->e.what, says))
		fail_msg("%s: %s", err_code_name(r->e.code), r->e.what);
}

static const struct shop quiet = {.value = "a"};

static void the_plan_shows_all_of_it(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct rig r;

	(void)state;
	rig_open(&r, &quiet);
	planned(&r, "set", "{\"to\": \"b\"}");
	assert_string_equal(action_before(r.plan), "\"a\"");
	assert_string_equal(action_params(r.plan), "{\"to\":\"b\"}");
	assert_string_equal(
		action_body(r.plan), "{\"locked\":false,\"move\":0,\"value\":\"b\"}");
	assert_non_null(strstr(action_headers(r.plan), "X-Reason: night\n"));
	/* A header that is called a token is not shown, whatever it holds. */
	assert_non_null(strstr(action_headers(r.plan), "X-Api-Token: ****\n"));
	action_show(&text, r.plan);
	assert_non_null(strstr(text.buf, "PUT http://127.0.0.1:"));
	assert_non_null(strstr(text.buf, "now: \"a\""));
	assert_non_null(strstr(text.buf, "until .value == $to"));
	assert_non_null(strstr(text.buf, "no call uses the old one"));
	strbuf_release(&text);
	rig_close(&r);
}

static void refuses_in_the_connectors_words(void **state)
{
	struct shop closed = {.value = "a", .locked = true};
	struct rig r;

	(void)state;
	rig_open(&r, &closed);
	refused(&r, plan(&r, "set", "{\"to\": \"a\"}", NULL), ERR_DENIED,
		"it is there already");
	refused(&r, plan(&r, "set", "{\"to\": \"b\"}", NULL), ERR_DENIED,
		"the shop is closed");
	refused(&r, plan(&r, "set", "{\"to\": \"z\"}", NULL), ERR_INPUT,
		"'z' is no choice");
	refused(&r, plan(&r, "set", "{\"to\": \"b\"}", "\"c\""), ERR_CONFLICT,
		"it is now \"a\", and \"c\" was expected");
	refused(&r, plan(&r, "blind", "{}", "1"), ERR_INPUT, "reads none");
	rig_close(&r);
}

static void a_rehearsal_changes_nothing(void **state)
{
	struct rig r;
	char *said = NULL, *after = NULL;

	(void)state;
	rig_open(&r, &quiet);
	planned(&r, "set", "{\"to\": \"b\"}");
	assert_int_equal(action_rehearse(&said, r.plan, &r.e), 0);
	assert_non_null(strstr(said, "would"));
	free(said);
	assert_int_equal(action_after(&after, r.plan, &r.e), 0);
	assert_string_equal(after, "\"a\"");
	free(after);
	planned(&r, "retag", "{\"tag\": \"t\"}");
	assert_int_equal(action_rehearse(&said, r.plan, &r.e), 0);
	assert_null(said);
	rig_close(&r);
}

static void the_effect_is_seen_or_said_to_be_missing(void **state)
{
	struct shop busy = {.value = "a", .calls = 3},
		    stuck = {.value = "a", .calls = -1};
	struct rig r;
	const char *says = NULL;
	bool sent;

	(void)state;
	rig_open(&r, &busy);
	planned(&r, "set", "{\"to\": \"b\"}");
	assert_int_equal(action_apply(r.plan, &sent, &r.e), 0);
	assert_int_equal(action_verify(r.plan, NULL, NULL, &r.e), 0);
	assert_int_equal(action_effect(&says, r.plan, NULL, NULL, &r.e), 0);
	assert_string_equal(says, "no call uses the old one");
	rig_close(&r);

	rig_open(&r, &stuck);
	planned(&r, "set", "{\"to\": \"b\"}");
	assert_int_equal(action_apply(r.plan, &sent, &r.e), 0);
	refused(&r, action_effect(&says, r.plan, NULL, NULL, &r.e), ERR_BACKEND,
		"its effect is not seen");
	rig_close(&r);
}

/* The value stands still, and what the whole document is made from does not. */
static void a_request_that_would_be_another_is_refused(void **state)
{
	struct shop moving = {.value = "a", .moving = true};
	struct rig r;
	bool sent = true;

	(void)state;
	rig_open(&r, &moving);
	planned(&r, "set", "{\"to\": \"b\"}");
	refused(&r, action_apply(r.plan, &sent, &r.e), ERR_CONFLICT, "is made from");
	assert_false(sent);
	rig_close(&r);
}

struct seen {
	char lines[2000];
	int failed;
	bool stop;
};

static void see(void *ctx, const struct action_progress *now)
{
	struct seen *s = ctx;
	size_t n = strlen(s->lines);

	s->failed += now->failed;
	if (now->moved && !now->failed && now->shows)
		snprintf(s->lines + n, sizeof(s->lines) - n, "%s;", now->shows);
}

static bool enough(void *ctx)
{
	const struct seen *s = ctx;

	return s->stop;
}

/* A job with this fate is started and followed. */
static enum follow_end follow(struct rig *r, struct seen *s, const char *fate)
{
	const struct shop shop = {.value = "a", .job = fate};
	const struct action_follower by = {.show = see, .stop = enough, .ctx = s};
	bool sent, stop = s->stop;

	*s = (struct seen){.stop = stop};
	rig_open(r, &shop);
	planned(r, "train", "{\"to\": \"b\"}");
	assert_true(action_follows(r->plan));
	assert_int_equal(action_apply(r->plan, &sent, &r->e), 0);
	return action_follow(r->plan, &by, &r->e);
}

static void what_was_started_is_followed_to_its_end(void **state)
{
	struct seen s = {.stop = false};
	struct rig r;

	(void)state;
	assert_int_equal(follow(&r, &s, "ok"), FOLLOW_OK);
	/* What cannot be read yet is null; a failed look is told and ends nothing. */
	assert_string_equal(s.lines, "running ?;running fit;ok fit;");
	assert_int_equal(s.failed, 1);
	assert_int_equal(r.e.code, 0);
	rig_close(&r);
}

static void its_failure_has_a_reason(void **state)
{
	struct seen s = {.stop = false};
	struct rig r;

	(void)state;
	assert_int_equal(follow(&r, &s, "failed"), FOLLOW_FAILED);
	/* From outside, and safe for a terminal. */
	refused(&r, -1, ERR_BACKEND, "it failed: fit: no ");
	assert_null(strchr(r.e.what, 0x1b));
	rig_close(&r);
	assert_int_equal(follow(&r, &s, "nolog"), FOLLOW_FAILED);
	refused(&r, -1, ERR_BACKEND, "it failed: fit: no log");
	rig_close(&r);
}

static void what_does_not_end_or_is_lost_is_not_said_to_be_done(void **state)
{
	struct seen s = {.stop = false};
	struct rig r;

	(void)state;
	assert_int_equal(follow(&r, &s, "running"), FOLLOW_TOO_LONG);
	refused(&r, -1, ERR_BACKEND, "it has not ended within");
	rig_close(&r);
	assert_int_equal(follow(&r, &s, "gone"), FOLLOW_LOST);
	refused(&r, -1, ERR_NOT_FOUND, "cannot be followed");
	assert_true(s.failed >= 3);
	rig_close(&r);
}

static void who_follows_can_stop_it(void **state)
{
	struct seen s = {.stop = true};
	struct action_plan *stop = NULL;
	bool sent;
	struct rig r;

	(void)state;
	assert_int_equal(follow(&r, &s, "running"), FOLLOW_STOPPED);
	assert_true(action_stops(r.plan));
	err_clear(&r.e);
	assert_int_equal(action_stop_plan(&stop, r.plan, &r.e), 0);
	assert_non_null(strstr(action_request(stop), "DELETE http"));
	assert_non_null(strstr(action_request(stop), "/jobs/J-7"));
	assert_int_equal(action_apply(stop, &sent, &r.e), 0);
	assert_int_equal(action_verify(stop, NULL, NULL, &r.e), 0);
	action_plan_free(stop);
	planned(&r, "blind", "{}");
	assert_false(action_follows(r.plan));
	assert_false(action_stops(r.plan));
	refused(&r, action_stop_plan(&stop, r.plan, &r.e), ERR_NOT_FOUND,
		"no way to stop");
	rig_close(&r);
}

/* A repeated request has the same name; two that nobody named have not. */
static void each_attempt_says_who_it_is(void **state)
{
	struct action_call call = {.source = "shop", .action = "train"};
	struct json *params = NULL;
	char *first;
	struct rig r;

	(void)state;
	rig_open(&r, &quiet);
	assert_int_equal(json_parse(&params, "{\"to\": \"b\"}", 11, &r.e), 0);
	call.params = params;
	assert_int_equal(action_plan(&r.plan, &r.config, &call, &r.e), 0);
	first = mem_strdup(action_body(r.plan));
	assert_non_null(strstr(first, "\"id\":\"tocsin-"));
	action_plan_free(r.plan);
	assert_int_equal(action_plan(&r.plan, &r.config, &call, &r.e), 0);
	assert_string_not_equal(first, action_body(r.plan));
	action_plan_free(r.plan);
	call.once = "tocsin-R-3";
	assert_int_equal(action_plan(&r.plan, &r.config, &call, &r.e), 0);
	assert_string_equal(action_body(r.plan), "{\"id\":\"tocsin-R-3\",\"to\":\"b\"}");
	free(first);
	json_free(params);
	rig_close(&r);
}

static void bytes_are_copied_untouched(void **state)
{
	struct rig r;
	bool sent;

	(void)state;
	rig_open(&r, &quiet);
	planned(&r, "retag", "{\"tag\": \"prod\"}");
	assert_non_null(strstr(action_body(r.plan), "sha256:"));
	assert_non_null(strstr(
		action_headers(r.plan), "Content-Type: application/vnd.shop.v1+json"));
	assert_int_equal(action_apply(r.plan, &sent, &r.e), 0);
	assert_int_equal(action_verify(r.plan, NULL, NULL, &r.e), 0);
	rig_close(&r);
}

static void without_a_read_back_it_says_so(void **state)
{
	struct rig r;
	bool sent = false;

	(void)state;
	rig_open(&r, &quiet);
	planned(&r, "blind", "{}");
	assert_false(action_verifies(r.plan));
	assert_int_equal(action_apply(r.plan, &sent, &r.e), -1);
	assert_true(sent);
	rig_close(&r);
}

static struct json *parsed(const char *text)
{
	struct json *j = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(&j, text, strlen(text), &e), 0);
	return j;
}

static void an_undo_from_the_journal(void **state)
{
	struct json *params = parsed("{\"to\": \"b\"}"),
		    *config = parsed("{\"config\": \"{}\"}");
	const struct action_call set = {.source = "shop",
					 .action = "set",
					 .params = params,
					 .expect = "\"b\""},
				 whole = {.source = "shop",
					 .action = "whole",
					 .params = config},
				 blind = {.source = "shop", .action = "blind"};
	struct action_undo undo;
	struct rig r;

	(void)state;
	rig_open(&r, &quiet);
	assert_int_equal(action_undo_find(&undo, &r.config, &set, "\"a\"", &r.e), 0);
	assert_string_equal(undo.action, "set");
	assert_string_equal(json_text(json_get(undo.params, "to")), "a");
	assert_string_equal(undo.expect, "\"b\"");
	action_undo_release(&undo);
	/* The backend has "a": somebody went on from what the action left. */
	refused(&r, action_undo(&r.plan, &r.config, &set, "\"c\"", &r.e), ERR_CONFLICT,
		"\"b\" was expected");
	err_clear(&r.e);
	/* An object goes into a text parameter whole. */
	assert_int_equal(action_undo_find(&undo, &r.config, &whole,
				 "{\"locked\":true,\"move\":3}", &r.e),
		0);
	assert_string_equal(json_text(json_get(undo.params, "config")),
		"{\"locked\":true,\"move\":3}");
	action_undo_release(&undo);
	refused(&r, action_undo_find(&undo, &r.config, &set, NULL, &r.e), ERR_NOT_FOUND,
		"was not recorded");
	refused(&r, action_undo_find(&undo, &r.config, &blind, NULL, &r.e), ERR_NOT_FOUND,
		"cannot be undone");
	json_free(params);
	json_free(config);
	rig_close(&r);
}

UNIT_TESTS(cmocka_unit_test(the_plan_shows_all_of_it),
	cmocka_unit_test(refuses_in_the_connectors_words),
	cmocka_unit_test(a_rehearsal_changes_nothing),
	cmocka_unit_test(the_effect_is_seen_or_said_to_be_missing),
	cmocka_unit_test(a_request_that_would_be_another_is_refused),
	cmocka_unit_test(bytes_are_copied_untouched),
	cmocka_unit_test(what_was_started_is_followed_to_its_end),
	cmocka_unit_test(its_failure_has_a_reason),
	cmocka_unit_test(what_does_not_end_or_is_lost_is_not_said_to_be_done),
	cmocka_unit_test(who_follows_can_stop_it),
	cmocka_unit_test(each_attempt_says_who_it_is),
	cmocka_unit_test(without_a_read_back_it_says_so),
	cmocka_unit_test(an_undo_from_the_journal))
