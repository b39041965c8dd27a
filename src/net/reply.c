#include "config.h"
#include "net/reply.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/text.h"
#include "net/url.h"

enum asking { ASKING_OK, ASKING_WORDS };

struct reply_checking {
	struct reply_spec spec;
	struct json *values; /* owned */
	char *url; /* owned */
	struct strbuf input; /* the document that programs see */
	struct err failed; /* why it failed, without the backend's words */
	struct err refused; /* what the status of one of ok_status means */
	int status;
	enum asking asking;
	bool done, waits;
	char *label; /* owned */
	unsigned ticket;
	reply_fn *fn;
	void *ctx;
};

/* --- words of an error --- */

static void add_words(struct strbuf *out, const char *text, size_t n)
{
	struct strbuf safe = STRBUF_INIT;
	size_t bytes;

	text_safe(&safe, text, n < 4096 ? n : 4096, false);
	bytes = text_fit(safe.buf, REPLY_WORDS_BYTES, NULL);
	while (bytes && strchr(" .\t", safe.buf[bytes - 1]))
		bytes--;
	strbuf_add(out, safe.buf, bytes);
	if (bytes < safe.len && safe.len > REPLY_WORDS_BYTES)
		strbuf_adds(out, "...");
	strbuf_release(&safe);
}

static const char *found_text(const struct json *v)
{
	const char *text = json_type(v) == JSON_STRING ? json_text(v) : NULL;

	return text && *text ? text : NULL;
}

/* The usual places, the most telling first. */
static const char *words_in(const struct json *body)
{
	static const char *const paths[] = {"error.message", "error", "message",
		"Message", "detail", "detail.0.msg", "detail.message", "errors.0.message",
		"errors.0.detail", "errors.0", "title", "error_description", "msg",
		"reason"};
	const char *text = found_text(body);

	for (size_t i = 0; i < ARRAY_LEN(paths) && !text; i++)
		text = found_text(json_at(body, paths[i]));
	return text;
}

bool reply_words(struct strbuf *out, const char *body, size_t n)
{
	size_t blank = strspn(body, " \t\r\n"), before = out->len;
	struct json *parsed = NULL;
	struct err ignored = ERR_INIT;

	if (blank >= n || body[blank] == '<')
		return false;
	if (!json_parse(&parsed, body, n, &ignored)) {
		const char *text = words_in(parsed);

		if (text)
			add_words(out, text, strlen(text));
	} else if (n <= 2000) {
		add_words(out, body + blank, strcspn(body + blank, "\r\n"));
	}
	json_free(parsed);
	err_release(&ignored);
	return out->len > before;
}

struct json *reply_headers(const struct http_answer *a)
{
	struct json *out = json_object();
	const char *p = a->headers.buf, *end = p + a->headers.len;

	while (p < end) {
		const char *value = p + strlen(p) + 1;

		if (!json_get(out, p) && !http_header_is_secret(p))
			json_add_text(out, p, value);
		p = value + strlen(value) + 1;
	}
	return out;
}

int reply_page_check(const struct http_answer *a, const char *url, struct err *e)
{
	const char *type = http_answer_header(a, "content-type");
	struct strbuf shown = STRBUF_INIT;

	/* Some servers call plain text HTML: MLflow's /version does. */
	if (!type || !strstr(type, "html") ||
		a->body.buf[strspn(a->body.buf, " \t\r\n")] != '<')
		return 0;
	url_shown(&shown, url);
	err_set(e, ERR_AUTH, _("a web page came where data was expected"));
	err_where(e, "%s", shown.buf);
	strbuf_release(&shown);
	return err_hint(e, "%s",
		_("a login page in front of the API? Check the url and the credentials"));
}

/* --- the end --- */

static void checking_free(struct reply_checking *c)
{
	json_free(c->values);
	free(c->url);
	free(c->label);
	strbuf_release(&c->input);
	err_release(&c->failed);
	err_release(&c->refused);
	free(c);
}

static void finish(struct reply_checking *c)
{
	c->done = true;
	c->fn(c->ctx, &c->input, c->failed.code ? &c->failed : NULL);
	if (c->waits)
		checking_free(c);
}

static void add_to_error(struct reply_checking *c, const char *words)
{
	struct err with = ERR_INIT;

	err_set(&with, c->failed.code, _("%s: %s"), c->failed.what, words);
	if (c->failed.where)
		err_where(&with, "%s", c->failed.where);
	if (c->failed.hint)
		err_hint(&with, "%s", c->failed.hint);
	err_retry(&with, c->failed.retry);
	err_clear(&c->failed);
	err_move(&c->failed, &with);
}

static void usual_words(struct reply_checking *c)
{
	struct strbuf words = STRBUF_INIT;

	if (reply_words(&words, c->input.buf, c->input.len))
		add_to_error(c, words.buf);
	strbuf_release(&words);
	finish(c);
}

static void have_answer(void *ctx, const struct json *results, const struct err *e);

static void run_program(struct reply_checking *c, const struct jq *jq, const char *key,
	enum asking asking)
{
	struct map_program program = {.text = jq->text};

	free(c->label);
	c->label = request_label(c->spec.connector, c->spec.part, key, jq->line);
	program.label = c->label;
	c->asking = asking;
	c->ticket = map_run(c->spec.map, &program, c->input.buf, c->input.len, c->values,
		have_answer, c);
}

/* It failed: what does the backend say? */
static void find_words(struct reply_checking *c)
{
	size_t blank = strspn(c->input.buf, " \t\r\n");

	if (c->spec.connector->error.text && strchr("{[\"", c->input.buf[blank]) &&
		c->input.buf[blank])
		run_program(c, &c->spec.connector->error, "error", ASKING_WORDS);
	else
		usual_words(c);
}

static void says_failure(struct reply_checking *c)
{
	struct strbuf shown = STRBUF_INIT;

	if (c->refused.code) {
		err_move(&c->failed, &c->refused);
		find_words(c);
		return;
	}
	url_shown(&shown, c->url);
	err_set(&c->failed, ERR_BACKEND, _("the server says that it failed"));
	err_where(&c->failed, "%s", shown.buf);
	err_retry(&c->failed, RETRY_LATER);
	strbuf_release(&shown);
	find_words(c);
}

/* These speak of the object; what other statuses mean in general is about the server. */
static bool is_about_object(const struct reply_checking *c)
{
	return c->status >= 400 && c->status < 500 && c->status != 429 &&
		c->failed.code != ERR_AUTH;
}

/* The connector's own words: they know what was asked. */
static void set_words(struct reply_checking *c, const char *words)
{
	struct err own = ERR_INIT;

	if (!is_about_object(c)) {
		add_to_error(c, words);
		return;
	}
	err_set(&own, c->failed.code, _("%s (%d)"), words, c->status);
	if (c->failed.where)
		err_where(&own, "%s", c->failed.where);
	err_retry(&own, c->failed.retry);
	err_clear(&c->failed);
	err_move(&c->failed, &own);
}

/* A program that finds no words, or fails, leaves it to the usual places. */
static void own_words(struct reply_checking *c, const char *text)
{
	struct strbuf words = STRBUF_INIT;

	if (!text) {
		usual_words(c);
		return;
	}
	add_words(&words, text, strlen(text));
	set_words(c, words.buf);
	strbuf_release(&words);
	finish(c);
}

static void have_answer(void *ctx, const struct json *results, const struct err *e)
{
	struct reply_checking *c = ctx;
	const struct json *first = json_first(results);

	c->ticket = 0;
	if (c->asking == ASKING_WORDS) {
		int64_t meant = json_int(json_get(first, "status"));

		if (json_type(first) == JSON_OBJECT) {
			http_status_meant(&c->failed,
				meant > 0 && meant < 1000 ? (int)meant : 0, c->status);
			first = json_get(first, "says");
		}
		own_words(c, found_text(first));
	} else if (e) {
		err_copy(&c->failed, e);
		finish(c);
	} else if (json_type(first) <= JSON_NULL ||
		(json_type(first) == JSON_BOOL && !json_bool(first, true))) {
		says_failure(c);
	} else {
		finish(c);
	}
}

/* GraphQL and JSON-RPC say in the body whether it worked. */
static bool body_says_failure(const struct reply_checking *c)
{
	enum request_body kind = c->spec.request->body;
	struct json *body = NULL;
	struct err ignored = ERR_INIT;
	bool failed = false;

	if (kind != BODY_GRAPHQL && kind != BODY_RPC)
		return false;
	if (!json_parse(&body, c->input.buf, c->input.len, &ignored))
		failed = kind == BODY_GRAPHQL
			? json_count(json_get(body, "errors")) > 0
			: json_type(json_get(body, "error")) > JSON_NULL;
	json_free(body);
	err_release(&ignored);
	return failed;
}

/* What programs see: text as a string, nothing as null. */
static void take_input(struct reply_checking *c, struct http_answer *a)
{
	if (c->spec.request->plain) {
		json_quote(&c->input, a->body.buf);
	} else if (c->spec.request->method == HTTP_HEAD ||
		a->body.buf[strspn(a->body.buf, " \t\r\n")] == '\0') {
		strbuf_adds(&c->input, "null");
	} else {
		c->input = a->body;
		strbuf_init(&a->body);
	}
}

/* With a status that is taken besides 2xx there may come a text: then the status says it. */
static bool is_document(const struct reply_checking *c)
{
	struct json *body = NULL;
	struct err ignored = ERR_INIT;
	bool is = !json_parse(&body, c->input.buf, c->input.len, &ignored);

	json_free(body);
	err_release(&ignored);
	return is;
}

/* "As you know it", of something that is not known: no answer at all, and not an empty one. */
static void says_unchanged(struct reply_checking *c)
{
	struct strbuf shown = STRBUF_INIT;

	url_shown(&shown, c->url);
	err_set(&c->failed, ERR_BACKEND, "%s (%d)",
		_("the server answered with a status that means nothing"), c->status);
	err_where(&c->failed, "%s", shown.buf);
	err_retry(&c->failed, RETRY_LATER);
	strbuf_release(&shown);
	finish(c);
}

static void check(struct reply_checking *c, struct http_answer *a, const struct err *e)
{
	const struct connector_request *req = c->spec.request;
	const struct jq *ok = req->ok.text ? &req->ok : &c->spec.connector->ok;

	if (e && !statuses_have(&req->ok_status, a->status)) {
		err_copy(&c->failed, e);
		c->input = a->body;
		strbuf_init(&a->body);
		if (a->status)
			find_words(c);
		else
			finish(c);
		return;
	}
	if (!e && a->status == 304) {
		says_unchanged(c);
		return;
	}
	if (!req->plain && reply_page_check(a, c->url, &c->failed)) {
		finish(c);
		return;
	}
	take_input(c, a);
	if (e)
		err_copy(&c->refused, e);
	if (body_says_failure(c) || (e && !is_document(c)))
		says_failure(c);
	else if (req->ok.text || (ok->text && !e))
		run_program(c, ok, "ok", ASKING_OK);
	else
		finish(c);
}

struct reply_checking *reply_check(const struct reply_spec *spec, struct http_answer *a,
	const struct err *e, reply_fn *fn, void *ctx)
{
	struct reply_checking *c = mem_new(1, sizeof(*c));

	c->spec = *spec;
	c->url = mem_strdup(spec->url);
	c->values = spec->values ? json_copy(spec->values) : json_object();
	json_set(c->values, "status", json_new_int(a->status));
	json_set(c->values, "headers", reply_headers(a));
	c->status = a->status;
	c->fn = fn;
	c->ctx = ctx;
	strbuf_init(&c->input);
	check(c, a, e);
	if (c->done) {
		checking_free(c);
		return NULL;
	}
	c->waits = true;
	return c;
}

void reply_cancel(struct reply_checking *c)
{
	if (!c)
		return;
	if (c->ticket)
		map_cancel(c->spec.map, c->ticket);
	checking_free(c);
}

struct known_now {
	struct strbuf *input;
	struct err *e;
	int result;
	bool done;
};

static void known_now(void *ctx, struct strbuf *input, const struct err *e)
{
	struct known_now *now = ctx;

	now->done = true;
	strbuf_release(now->input);
	*now->input = *input;
	strbuf_init(input);
	if (e)
		now->result = err_copy(now->e, e);
}

int reply_check_now(struct strbuf *input, const struct reply_spec *spec,
	struct http_answer *a, const struct err *e, struct err *out)
{
	struct known_now now = {.input = input, .e = out};

	if (reply_check(spec, a, e, known_now, &now))
		map_wait(spec->map, &now.done);
	return now.result;
}
