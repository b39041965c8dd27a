/* connector_try.c - tocsin connector try: what is asked, what comes back, what becomes of it */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/connector.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "core/text.h"
#include "net/action.h"
#include "net/read.h"
#include "net/url.h"

#define SHOWN_BYTES ((size_t)2000) /* of an answer, for people */
#define KEPT_BYTES ((size_t)256 * 1024) /* of an answer, for programs */
#define SHOWN_DEFAULT 10
#define KEPT_MAX 1000

struct trial {
	struct cmd *cmd;
	struct connector connector;
	struct source_conf given, conf;
	struct arena arena;
	struct loop *loop;
	struct http *http;
	struct map *map;
	const struct connector_read *read;
	struct json *doc, *requests, *records,
		*drops; /* owned by doc; NULL: for people */
	size_t limit, n_answers, n_records, n_drops;
	bool done, failed;
	const char *fallback; /* in arena */
};

/* --- requests and their answers --- */

static void request_line(struct strbuf *out, const struct http_request *req)
{
	strbuf_addf(out, "%s ", http_method_name(req->method));
	url_shown_query(out, req->url);
}

static const char *header_shown(const struct http_header *h)
{
	return http_header_is_secret(h->name) ? "****" : h->value;
}

/* The answer's beginning, whole characters only, safe on a terminal. */
static void say_text(const char *s, size_t n)
{
	struct strbuf safe = STRBUF_INIT;
	size_t shown = n < SHOWN_BYTES ? n : SHOWN_BYTES;

	text_safe(&safe, s, shown, true);
	say("  %s\n", safe.buf);
	if (shown < n)
		say(_("  ... and more bytes: %zu\n"), n - shown);
	strbuf_release(&safe);
}

/* Said with its answer: several may be under way at once. */
static void show_request(
	struct strbuf *out, const struct trial *t, const struct http_request *req)
{
	size_t n = req->body_bytes < SHOWN_BYTES ? req->body_bytes : SHOWN_BYTES;

	request_line(out, req);
	strbuf_addf(out, "%s%s\n", t->conf.auth.kind ? _("  with credentials: ") : "",
		t->conf.auth.kind ? t->conf.auth.kind : "");
	for (size_t i = 0; i < req->n_headers; i++)
		strbuf_addf(out, "  %s: %s\n", req->headers[i].name,
			header_shown(&req->headers[i]));
	if (req->body)
		strbuf_addf(out, "  %.*s\n", (int)n, (const char *)req->body);
}

static void say_answer(const struct http_answer *a, const struct err *e)
{
	const char *type = http_answer_header(a, "content-type");
	struct strbuf took = STRBUF_INIT;

	duration_human(&took, a->latency_ns);
	if (a->status)
		say(_("  -> %d %s, bytes: %zu, %s\n"), a->status, type ? type : "",
			a->body.len, took.buf);
	else
		say("  -> %s\n", e ? e->what : "");
	if (a->body.len)
		say_text(a->body.buf, a->body.len);
	strbuf_release(&took);
}

static void request_json(struct json *to, const struct http_request *req)
{
	struct strbuf line = STRBUF_INIT;
	struct json *headers;

	request_line(&line, req);
	json_add_text(to, "request", line.buf);
	headers = json_add_object(to, "headers");
	for (size_t i = 0; i < req->n_headers; i++)
		json_add_text(
			headers, req->headers[i].name, header_shown(&req->headers[i]));
	json_add_text(to, "body", req->body);
	strbuf_release(&line);
}

static void answer_json(struct json *to, const struct http_answer *a, const struct err *e)
{
	size_t n = a->body.len < KEPT_BYTES ? a->body.len : KEPT_BYTES;
	char *text = mem_strndup(a->body.buf, n);

	json_add_int(to, "status", a->status ? a->status : NONE_INT);
	json_add_text(to, "content_type", http_answer_header(a, "content-type"));
	json_add_int(to, "bytes", (int64_t)a->body.len);
	json_add_real(to, "ms", (double)a->latency_ns / NS_PER_MS);
	json_add_text(to, "answer", text);
	json_add_bool(to, "cut", n < a->body.len);
	json_add_text(to, "error", e ? e->what : NULL);
	free(text);
}

/* One request under way: what to show with its answer, and whose it is. */
struct asked {
	http_fn *fn;
	void *ctx;
	struct json *json; /* borrowed: in the document; NULL */
	struct strbuf text; /* owned: the request, for people; empty: not shown */
};

static void answered(void *ctx, struct http_answer *a, const struct err *e)
{
	static struct http_answer none = HTTP_ANSWER_INIT;
	struct asked *asked = ctx;

	if (asked->json)
		answer_json(asked->json, a ? a : &none, e);
	if (asked->text.len) {
		say("%s", asked->text.buf);
		say_answer(a ? a : &none, e);
	}
	asked->fn(asked->ctx, a, e);
	strbuf_release(&asked->text);
	free(asked);
}

static unsigned send(void *io, const struct http_request *req, http_fn *fn, void *ctx)
{
	struct trial *t = io;
	struct asked *asked = mem_new(1, sizeof(*asked));

	*asked = (struct asked){.fn = fn, .ctx = ctx, .text = STRBUF_INIT};
	t->n_answers++;
	if (t->doc && t->n_answers <= KEPT_MAX) {
		asked->json = json_add_object(t->requests, NULL);
		request_json(asked->json, req);
	} else if (!t->doc && t->n_answers <= t->limit) {
		show_request(&asked->text, t, req);
	}
	return http_start(t->http, req, answered, asked);
}

/* What is cancelled here is cancelled at the end of a trial, with all that it holds. */
static void unsend(void *io, unsigned handle)
{
	struct trial *t = io;

	http_cancel(t->http, handle);
}

/* --- what becomes of it --- */

/* What it says: its source is known, and what is unknown goes without saying. */
static void say_record(enum record_kind kind, const struct json *record)
{
	struct json *said = json_object();
	struct strbuf text = STRBUF_INIT;

	json_each (v, record)
		if (json_type(v) != JSON_NULL && strcmp(json_key(v), "source") != 0)
			json_add(said, json_key(v), json_copy(v));
	json_format(&text, said, false);
	say("%s %s\n", record_def(kind)->name, text.buf);
	strbuf_release(&text);
	json_free(said);
}

static void take_record(void *ctx, enum record_kind kind, const void *record)
{
	struct trial *t = ctx;
	struct json *j = record_to_json(record, kind);

	t->n_records++;
	if (t->doc && t->n_records <= KEPT_MAX) {
		json_add(t->records, NULL, j);
		return;
	}
	if (!t->doc && t->n_records <= t->limit)
		say_record(kind, j);
	json_free(j);
}

static void take_drop(void *io, const struct json *output, const struct err *why)
{
	struct trial *t = io;
	struct strbuf text = STRBUF_INIT;

	t->n_drops++;
	if (t->doc && t->n_drops <= KEPT_MAX) {
		struct json *j = json_add_object(t->drops, NULL);

		json_add(j, "output", json_copy(output));
		json_add_text(j, "why", why->what);
	} else if (!t->doc && t->n_drops <= t->limit) {
		json_format(&text, output, false);
		say(_("dropped: %s\n"), why->what);
		say_text(text.buf, text.len);
	}
	strbuf_release(&text);
}

static void say_result(struct trial *t, const struct read_result *r, const struct err *e)
{
	if (t->n_answers > t->limit)
		say(_("... and more requests: %zu\n"), t->n_answers - t->limit);
	if (t->n_records > t->limit)
		say(_("... and more records: %zu\n"), t->n_records - t->limit);
	say(_("%s: records %zu, dropped %zu, requests %zu\n"), t->read->name,
		t->n_records, t->n_drops, t->n_answers);
	if (r->incomplete)
		say(_("not all was read: %s\n"), r->incomplete);
	if (e) {
		char *text = err_text(e);

		say("%s\n", text);
		free(text);
	}
	if (r->fallback)
		say(_("the path is not there; the read '%s' takes its place\n"),
			r->fallback);
}

static void finished(void *ctx, const struct read_result *r, const struct err *e)
{
	struct trial *t = ctx;

	t->done = true;
	t->failed |= e || t->n_drops || r->incomplete;
	t->fallback = arena_strdup(&t->arena, r->fallback);
	if (!t->doc) {
		say_result(t, r, e);
		return;
	}
	json_add_text(t->doc, "fallback", r->fallback);
	json_add_text(t->doc, "incomplete", r->incomplete);
	json_add_text(t->doc, "error", e ? e->what : NULL);
	json_add_text(t->doc, "hint", e ? e->hint : NULL);
}

/* --- one read --- */

static void begin_document(struct trial *t, struct json *list)
{
	if (!list)
		return;
	t->doc = json_add_object(list, NULL);
	json_add_text(t->doc, "read", t->read->name);
	json_add_text(t->doc, "emits", record_def(t->read->emits)->name);
	t->requests = json_add_array(t->doc, "requests");
	t->records = json_add_array(t->doc, "records");
	t->drops = json_add_array(t->doc, "dropped");
}

static int try_read(struct trial *t, const struct connector_read *read, struct json *list,
	struct err *e)
{
	struct read_spec spec = {
		.connector = &t->connector,
		.read = read,
		.conf = &t->conf,
		.loop = t->loop,
		.map = t->map,
		.send = send,
		.unsend = unsend,
		.io = t,
		.dropped = take_drop,
	};
	struct json *values = read_values(&t->connector, read, &t->conf, clock_now(),
		NONE_INT, cmd_value(t->cmd, "object"), e);

	if (!values)
		return -1;
	t->read = read;
	t->done = false;
	t->fallback = NULL;
	t->n_answers = t->n_records = t->n_drops = 0;
	begin_document(t, list);
	spec.values = values;
	(void)read_start(&spec, take_record, finished, t);
	while (!t->done)
		loop_turn(t->loop, INT64_MAX);
	json_free(values);
	return 0;
}

/* With what takes its place where this server does not have it. */
static int try_with_fallbacks(struct trial *t, const struct connector_read *read,
	struct json *list, struct err *e)
{
	for (int turns = 0; read && turns < 8; turns++) {
		if (try_read(t, read, list, e))
			return -1;
		read = t->fallback ? connector_read_find(&t->connector, t->fallback)
				   : NULL;
	}
	return 0;
}

static int try_reads(struct trial *t, struct json *list, struct err *e)
{
	const char *name = cmd_value(t->cmd, "read");
	const struct connector_read *read =
		name ? connector_read_find(&t->connector, name) : NULL;

	if (name && !read)
		return err_set(e, ERR_INPUT, _("the connector '%s' has no read '%s'"),
			t->connector.name, name);
	if (read)
		return try_with_fallbacks(t, read, list, e);
	for (size_t i = 0; i < t->connector.n_reads; i++) {
		read = &t->connector.reads[i];
		if (read->want || read->only_fallback)
			continue;
		if (try_with_fallbacks(t, read, list, e))
			return -1;
	}
	return 0;
}

/* --- an action's plan --- */

/* NAME=VALUE of each option of that name into an object. */
static int read_pairs(
	struct json *out, const struct cmd *c, const char *option, struct err *e)
{
	for (size_t i = 0; i < c->n_given; i++) {
		const char *value = c->given[i].value, *equals;
		char *name;

		if (strcmp(c->given[i].option->name, option))
			continue;
		equals = strchr(value, '=');
		if (!equals)
			return err_set(e, ERR_INPUT, _("--%s wants NAME=VALUE, not '%s'"),
				option, value);
		name = mem_strndup(value, (size_t)(equals - value));
		json_add_text(out, name, equals + 1);
		free(name);
	}
	return 0;
}

static void plan_json(struct json *doc, const struct action_plan *p, const char *name)
{
	struct json *j = json_add_object(doc, "plan");
	struct err ignored = ERR_INIT;

	json_add_text(j, "action", name);
	json_add_text(j, "title", action_title(p));
	json_add_text(j, "request", action_request(p));
	json_add_text(j, "headers", action_headers(p));
	json_add_text(j, "body", action_body(p));
	if (!action_before(p) || json_add_raw(j, "before", action_before(p), &ignored))
		json_add_null(j, "before");
	if (json_add_raw(j, "params", action_params(p), &ignored))
		json_add_null(j, "params");
	json_add_text(j, "effects", action_effects(p));
	err_release(&ignored);
}

static int try_action(struct trial *t, struct json *doc, struct err *e)
{
	struct json *params = json_object();
	const struct action_call call = {.source = t->conf.name,
		.action = cmd_value(t->cmd, "action"),
		.params = params};
	struct action_plan *plan = NULL;
	struct strbuf text = STRBUF_INIT;
	int rc = read_pairs(params, t->cmd, "param", e);

	if (!rc)
		rc = action_plan_on(&plan, &t->connector, &t->conf, &call, e);
	if (!rc && t->cmd->json) {
		plan_json(doc, plan, call.action);
	} else if (!rc) {
		action_show(&text, plan);
		say("%s: %s\n%s%s\n", call.action, action_title(plan), text.buf,
			_("planned, not sent: try never applies"));
	}
	action_plan_free(plan);
	strbuf_release(&text);
	json_free(params);
	return rc;
}

/* --- who is asked --- */

/* The one source of this type, when nobody is named. */
static const struct source_conf *only_source(const struct trial *t)
{
	const struct config *c = &t->cmd->config;
	const struct source_conf *found = NULL;

	for (size_t i = 0; i < c->n_sources; i++) {
		if (strcmp(c->sources[i].type, t->connector.name) != 0)
			continue;
		if (found)
			return NULL;
		found = &c->sources[i];
	}
	return found;
}

static int choose_source(struct trial *t, struct err *e)
{
	const char *name = cmd_value(t->cmd, "source"), *url = cmd_value(t->cmd, "url");
	const struct source_conf *conf =
		name ? config_source(&t->cmd->config, name) : only_source(t);

	if (name && !conf)
		return err_set(e, ERR_NOT_FOUND, _("there is no source '%s'"), name);
	if (conf && (name || !url))
		t->given = *conf;
	else
		t->given = (struct source_conf){.name = "try", .type = t->connector.name};
	if (url)
		t->given.url = url;
	return url ? url_check(url, e) : 0;
}

/* Those of the command line over those of the configuration. */
static int take_options(struct trial *t, struct err *e)
{
	struct json *given = json_object(), *all = json_object(), *own = NULL;
	struct strbuf text = STRBUF_INIT;
	int rc = read_pairs(given, t->cmd, "with", e);

	if (!rc && t->given.with)
		rc = json_parse(&own, t->given.with, strlen(t->given.with), e);
	json_each (v, own)
		if (!json_get(given, json_key(v)))
			json_add(all, json_key(v), json_copy(v));
	json_each (v, given)
		json_add(all, json_key(v), json_copy(v));
	if (!rc && json_count(all)) {
		json_canonical(&text, all);
		t->given.with = arena_strdup(&t->arena, text.buf);
	}
	strbuf_release(&text);
	json_free(given);
	json_free(own);
	json_free(all);
	return rc;
}

static int try_it(struct trial *t, struct json *doc, struct err *e)
{
	struct json *reads = doc ? json_add_array(doc, "reads") : NULL;
	bool plans = cmd_value(t->cmd, "action") != NULL;

	if (doc) {
		json_add_text(doc, "source", t->conf.name);
		json_add_text(doc, "url", t->conf.url);
	}
	if ((!plans || cmd_value(t->cmd, "read")) && try_reads(t, reads, e))
		return -1;
	return plans ? try_action(t, doc, e) : 0;
}

static int prepare(struct trial *t, struct err *e)
{
	if (choose_source(t, e) || take_options(t, e) ||
		connector_source(&t->conf, &t->connector, &t->given, &t->arena, e))
		return -1;
	t->loop = loop_new();
	t->http = http_new(t->loop);
	t->map = map_new(t->loop, NULL);
	return 0;
}

static void trial_release(struct trial *t)
{
	map_free(t->map);
	if (t->http)
		http_free(t->http);
	loop_free(t->loop);
	connector_release(&t->connector);
	arena_release(&t->arena);
}

static bool read_limit(struct trial *t)
{
	const char *text = cmd_value(t->cmd, "limit");
	char *end;
	long n = text ? strtol(text, &end, 10) : SHOWN_DEFAULT;

	if (text && (*end || end == text || n < 1 || n > 1000000))
		return false;
	t->limit = (size_t)n;
	return true;
}

static int run(struct trial *t, struct json *doc)
{
	struct err e = ERR_INIT;

	if (prepare(t, &e) || try_it(t, doc, &e))
		return cmd_fail(&e);
	return t->failed ? EXIT_FINDING : EXIT_FINE;
}

int cmd_connector_try(struct cmd *c)
{
	struct trial t = {.cmd = c};
	struct json *doc = NULL;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, _("one connector is wanted: its name or its file"));
	if (!read_limit(&t))
		return cmd_usage(c, _("--limit takes a number from 1"));
	code = connector_open(&t.connector, c, c->operands[0]);
	if (code)
		return code;
	arena_init(&t.arena);
	if (c->json) {
		doc = json_object();
		json_add_text(doc, "schema", "tocsin.connector-try/1");
		json_add_text(doc, "connector", t.connector.name);
	}
	code = run(&t, doc);
	if (doc && code == EXIT_INTERNAL)
		json_free(doc);
	else if (doc && cmd_print_json(doc))
		code = EXIT_INTERNAL;
	trial_release(&t);
	return code;
}
