#include "config.h"
#include "net/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/text.h"
#include "net/reply.h"

#define MESSAGE_BYTES ((size_t)300) /* of what a server says, in an error */

int exchange_values(struct json **out, const struct connector *c,
	const struct source_conf *conf, struct err *e)
{
	/* A program that names one of these where it has no value sees null. */
	static const char *const absent[] = {
		"since", "object", "cursor", "headers", "status", "before"};
	struct json *values = json_object();

	json_add_text(values, "source", conf->name);
	json_add_time(values, "now", clock_now());
	if (connector_options(values, c, conf, e)) {
		json_free(values);
		return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(absent); i++)
		json_add_null(values, absent[i]);
	*out = values;
	return 0;
}

/* --- programs --- */

/* What a program sees of an answer: JSON as it is, text as a string, nothing as null. */
static void add_input(struct strbuf *out, const struct http_answer *a, bool plain)
{
	if (!a || a->body.buf[strspn(a->body.buf, " \t\r\n")] == '\0')
		strbuf_adds(out, "null");
	else if (plain)
		json_quote(out, a->body.buf);
	else
		strbuf_add(out, a->body.buf, a->body.len);
}

static bool is_answers(const char *name)
{
	return !strcmp(name, "headers") || !strcmp(name, "status");
}

/* values with $headers and $status of the answer. */
static struct json *with_answer(const struct json *values, const struct http_answer *a)
{
	struct json *out = json_object(), *headers;
	const char *p = a->headers.buf, *end = p + a->headers.len;

	json_each (v, values)
		if (!is_answers(json_key(v)))
			json_add(out, json_key(v), json_copy(v));
	json_add_int(out, "status", a->status);
	headers = json_add_object(out, "headers");
	while (p < end) {
		const char *value = p + strlen(p) + 1;

		if (!json_get(headers, p))
			json_add_text(headers, p, value);
		p = value + strlen(value) + 1;
	}
	return out;
}

int exchange_jq_all(struct json **all, const struct exchange *x, const struct jq *program,
	const char *key, const struct http_answer *a, bool plain,
	const struct json *values, struct err *e)
{
	struct map_program mp = {.text = program->text};
	struct json *seen = a ? with_answer(values, a) : NULL;
	struct strbuf input = STRBUF_INIT;
	char *label = request_label(x->connector, x->part, key, program->line);
	int rc;

	mp.label = label;
	add_input(&input, a, plain);
	rc = map_run_now(all, x->map, &mp, input.buf, input.len, seen ? seen : values, e);
	free(label);
	strbuf_release(&input);
	json_free(seen);
	return rc;
}

int exchange_jq(struct json **first, const struct exchange *x, const struct jq *program,
	const char *key, const struct http_answer *a, bool plain,
	const struct json *values, struct err *e)
{
	struct json *all = NULL;

	*first = NULL;
	if (exchange_jq_all(&all, x, program, key, a, plain, values, e))
		return -1;
	*first = json_first(all) ? json_copy(json_first(all)) : NULL;
	json_free(all);
	return 0;
}

/* --- what an answer means --- */

/* The words in an error's body, by the names that most servers use. */
static const char *usual_message(const struct json *body)
{
	static const char *const paths[] = {"error.message", "error", "message", "detail",
		"title", "errors.0.message"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const char *text = json_text_at(body, paths[i]);

		if (text && *text)
			return text;
	}
	return json_text(body);
}

/* Bounded, made safe, on one line. */
static char *shown(const char *text)
{
	struct strbuf safe = STRBUF_INIT;
	size_t n = strnlen(text, MESSAGE_BYTES);

	text_safe(&safe, text, n, false);
	return strbuf_detach(&safe, NULL);
}

/* What the server says about its refusal; NULL: nothing that can be read.  The caller frees. */
static char *message_of(const struct exchange *x, const struct http_answer *a, bool plain,
	const struct json *values)
{
	struct err ignored = ERR_INIT;
	struct json *said = NULL, *body = NULL;
	const char *text = NULL;
	char *out = NULL;

	if (!plain && json_parse(&body, a->body.buf, a->body.len, &ignored))
		body = NULL;
	if (body && x->connector->error.text &&
		!exchange_jq(&said, x, &x->connector->error, "error", a, plain, values,
			&ignored))
		text = json_text(said);
	if (!text)
		text = usual_message(body);
	if (!text && !body && a->body.len && !strchr(a->body.buf, '<'))
		text = a->body.buf;
	if (text && *text)
		out = shown(text);
	err_release(&ignored);
	json_free(said);
	json_free(body);
	return out;
}

static int add_message(const struct exchange *x, const struct http_answer *a, bool plain,
	const struct json *values, struct err *e)
{
	char *message = a->status ? message_of(x, a, plain, values) : NULL;

	if (message && !strstr(e->what, message)) {
		char *what = mem_format("%s: %s", e->what, message);

		free(e->what);
		e->what = what;
	}
	free(message);
	return -1;
}

static int failed_by_rule(const struct exchange *x, const struct http_answer *a,
	bool plain, const struct json *values, const char *url, struct err *e)
{
	err_set(e, ERR_BACKEND, _("the server answers %d and says that it failed"),
		a->status);
	err_where(e, "%s", url);
	return add_message(x, a, plain, values, e);
}

/* The body's own word: GraphQL and JSON-RPC say their errors with a status of 200. */
static bool body_fails(const struct http_answer *a, enum request_body kind)
{
	const char *key = kind == BODY_GRAPHQL ? "errors" : "error";
	struct err ignored = ERR_INIT;
	struct json *body = NULL;
	bool fails = false;

	if (kind != BODY_GRAPHQL && kind != BODY_RPC)
		return false;
	if (!json_parse(&body, a->body.buf, a->body.len, &ignored)) {
		const struct json *said = json_get(body, key);

		fails = json_type(said) == JSON_ARRAY ? json_count(said) > 0
						      : json_type(said) > JSON_NULL;
	}
	json_free(body);
	err_release(&ignored);
	return fails;
}

static int judge(const struct exchange *x, const struct http_answer *a,
	const struct connector_request *req, const struct json *values, const char *url,
	struct err *e)
{
	const struct jq *rule = req->ok.text ? &req->ok : &x->connector->ok;
	struct json *verdict = NULL;
	bool fails = body_fails(a, req->body);

	if (!req->plain && reply_page_check(a, url, e))
		return -1;
	if (!fails && rule->text) {
		if (exchange_jq(&verdict, x, rule, "ok", a, req->plain, values, e))
			return -1;
		fails = json_type(verdict) <= JSON_NULL ||
			(json_type(verdict) == JSON_BOOL && !json_bool(verdict, false));
		json_free(verdict);
	}
	return fails ? failed_by_rule(x, a, req->plain, values, url, e) : 0;
}

/* --- asking --- */

int exchange_make(struct request *out, const struct exchange *x,
	const struct connector_request *req, const struct json *values, struct err *e)
{
	const struct request_spec spec = {
		.connector = x->connector,
		.request = req,
		.base = x->conf->url,
		.part = x->part,
		.values = values,
		.map = x->map,
	};

	return request_make_now(out, &spec, e);
}

int exchange_send(struct http_answer *out, const struct exchange *x,
	const struct request *r, const struct connector_request *req,
	const struct json *values, struct err *e)
{
	const struct http_request http = request_http(r, x->conf);
	struct err seen = ERR_INIT;
	int rc = x->http ? http_wait(out, x->http, &http, &seen)
			 : http_run(out, &http, &seen);

	if (rc && !statuses_have(&req->ok_status, out->status)) {
		err_move(e, &seen);
		return add_message(x, out, req->plain, values, e);
	}
	err_release(&seen);
	return judge(x, out, req, values, r->url, e);
}

int exchange_ask(struct http_answer *out, const struct exchange *x,
	const struct connector_request *req, const struct json *values, struct err *e)
{
	struct request r = {0};
	int rc = exchange_make(&r, x, req, values, e);

	if (!rc)
		rc = exchange_send(out, x, &r, req, values, e);
	request_release(&r);
	return rc;
}
