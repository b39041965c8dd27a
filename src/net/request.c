#include "config.h"
#include "net/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "net/url.h"

struct request_making {
	struct request_spec spec;
	struct request made;
	request_fn *fn;
	void *ctx;
	char *label; /* owned: of the program */
	char *variable; /* owned; and its value */
	struct json *more_json; /* owned; see request_spec */
	struct json *cursor; /* owned */
	unsigned ticket;
};

void request_release(struct request *r)
{
	free(r->url);
	for (size_t i = 0; i < r->n_headers; i++) {
		free((char *)r->headers[i].name);
		free((char *)r->headers[i].value);
	}
	free(r->headers);
	free(r->body);
	free(r->content_type);
	*r = (struct request){0};
}

struct http_request request_http(const struct request *r, const struct source_conf *conf)
{
	return (struct http_request){
		.source = conf,
		.method = r->method,
		.url = r->url,
		.headers = r->headers,
		.n_headers = r->n_headers,
		.body = r->body,
		.body_bytes = r->body_bytes,
		.content_type = r->content_type,
		.accept = r->accept,
	};
}

char *request_label(
	const struct connector *c, const char *part, const char *key, int line)
{
	return mem_format(_("connector %s, %s, %s, line %d"), c->name, part, key, line);
}

/* --- URL and headers --- */

/* A list is given as the parameter repeated. */
static void add_pair(struct strbuf *url, const struct pair *pair,
	const struct json *values, struct strbuf *scratch)
{
	const struct json *list =
		*pair->value == '$' ? json_at(values, pair->value + 1) : NULL;

	if (json_type(list) != JSON_ARRAY) {
		url_query(url, pair->name, pair_value(pair, values, scratch));
		return;
	}
	json_each (item, list)
		url_query(url, pair->name, json_text(item));
}

static void add_query(
	struct strbuf *url, const struct pairs *pairs, const struct json *values)
{
	struct strbuf scratch = STRBUF_INIT;

	for (size_t i = 0; pairs && i < pairs->n; i++)
		add_pair(url, &pairs->items[i], values, &scratch);
	strbuf_release(&scratch);
}

int request_url(struct strbuf *out, const struct connector_request *req, const char *base,
	const struct json *values, struct err *e)
{
	url_join(out, base, "");
	if (path_pattern_make(out, req->path, values, e))
		return -1;
	add_query(out, &req->query, values);
	return 0;
}

static int make_url(struct request *out, const struct request_spec *spec, struct err *e)
{
	struct strbuf url = STRBUF_INIT;
	int result = 0;

	if (spec->url)
		strbuf_adds(&url, spec->url);
	else
		result = request_url(&url, spec->request, spec->base, spec->values, e);
	if (!spec->url && !result)
		add_query(&url, spec->more_query, spec->values);
	out->url = strbuf_detach(&url, NULL);
	return result;
}

static struct http_header *header_place(struct request *out, const char *name)
{
	for (size_t i = 0; i < out->n_headers; i++)
		if (!strcasecmp(out->headers[i].name, name))
			return &out->headers[i];
	out->headers[out->n_headers] = (struct http_header){mem_strdup(name), NULL};
	return &out->headers[out->n_headers++];
}

/* A later header of the same name takes the place of an earlier one. */
static void add_headers(
	struct request *out, const struct pairs *pairs, const struct json *values)
{
	struct strbuf scratch = STRBUF_INIT;

	for (size_t i = 0; pairs && i < pairs->n; i++) {
		const char *value = pair_value(&pairs->items[i], values, &scratch);
		struct http_header *h;

		if (!value)
			continue;
		h = header_place(out, pairs->items[i].name);
		free((char *)h->value);
		h->value = mem_strdup(value);
	}
	strbuf_release(&scratch);
}

static void make_headers(struct request *out, const struct request_spec *spec)
{
	const struct pairs *const all[] = {
		&spec->connector->headers, &spec->request->headers, spec->more_headers};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		n += all[i] ? all[i]->n : 0;
	out->headers = mem_new(n + 1, sizeof(*out->headers));
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		add_headers(out, all[i], spec->values);
}

/* --- bodies --- */

static void set_body(struct request *out, struct strbuf *text, const char *type)
{
	out->body = strbuf_detach(text, &out->body_bytes);
	if (!out->content_type)
		out->content_type = mem_strdup(type);
}

static void make_form(
	struct request *out, const struct pairs *form, const struct json *values)
{
	struct strbuf text = STRBUF_INIT, scratch = STRBUF_INIT;

	for (size_t i = 0; i < form->n; i++) {
		const char *value = pair_value(&form->items[i], values, &scratch);

		if (value)
			url_form(&text, form->items[i].name, value);
	}
	strbuf_release(&scratch);
	set_body(out, &text, "application/x-www-form-urlencoded");
}

/* RFC 7386, one level at a time: what is added wins, objects are merged. */
static struct json *merged(const struct json *base, const struct json *more)
{
	struct json *out;

	if (json_type(base) != JSON_OBJECT || json_type(more) != JSON_OBJECT)
		return json_copy(more);
	out = json_object();
	json_each (v, base)
		if (!json_get(more, json_key(v)))
			json_add(out, json_key(v), json_copy(v));
	json_each (v, more)
		json_add(out, json_key(v), merged(json_get(base, json_key(v)), v));
	return out;
}

static struct json *with_cursor(const struct request_making *m, const struct json *from)
{
	struct json *more, *out;

	if (!m->variable || json_type(m->cursor) <= JSON_NULL)
		return from ? json_copy(from) : json_object();
	more = json_object();
	json_add(more, m->variable, json_copy(m->cursor));
	out = merged(from, more);
	json_free(more);
	return out;
}

/* result: what the program said; NULL when there is none. */
static void make_document(struct request_making *m, const struct json *result)
{
	const struct connector_request *req = m->spec.request;
	struct strbuf text = STRBUF_INIT;
	struct json *document;

	if (req->body == BODY_JSON) {
		document =
			m->more_json ? merged(result, m->more_json) : json_copy(result);
	} else {
		document = json_object();
		if (req->body == BODY_RPC) {
			json_add_text(document, "jsonrpc", "2.0");
			json_add_int(document, "id", 1);
		}
		json_add_text(
			document, req->body == BODY_RPC ? "method" : "query", req->text);
		if (req->body == BODY_GRAPHQL)
			json_add(document, "variables", with_cursor(m, result));
		else if (result)
			json_add(document, "params", json_copy(result));
	}
	json_format(&text, document, false);
	set_body(&m->made, &text, "application/json");
	json_free(document);
}

/* --- making --- */

static void making_free(struct request_making *m)
{
	request_release(&m->made);
	json_free(m->more_json);
	json_free(m->cursor);
	free(m->variable);
	free(m->label);
	free(m);
}

static void finish(struct request_making *m, const struct err *e)
{
	m->fn(m->ctx, e ? NULL : &m->made, e);
	making_free(m);
}

static void have_document(void *ctx, const struct json *results, const struct err *e)
{
	struct request_making *m = ctx;
	struct err none = ERR_INIT;

	m->ticket = 0;
	if (!e && !json_first(results)) {
		err_set(&none, ERR_INPUT, _("%s: the program puts out no body"),
			m->label);
		e = &none;
	}
	if (!e)
		make_document(m, json_first(results));
	finish(m, e);
	err_release(&none);
}

static const char *program_key(enum request_body body)
{
	return body == BODY_JSON ? "json" : body == BODY_RPC ? "params" : "variables";
}

static void run_program(struct request_making *m)
{
	const struct connector_request *req = m->spec.request;
	const struct map_program program = {.text = req->program.text, .label = m->label};

	m->ticket = map_run(
		m->spec.map, &program, "null", 4, m->spec.values, have_document, m);
}

struct request_making *request_make(
	const struct request_spec *spec, request_fn *fn, void *ctx)
{
	const struct connector_request *req = spec->request;
	struct request_making *m = mem_new(1, sizeof(*m));
	struct err e = ERR_INIT;

	m->spec = *spec;
	m->fn = fn;
	m->ctx = ctx;
	m->made.method = req->method;
	m->made.accept = req->plain ? "*/*" : NULL;
	m->made.content_type = mem_strdup(req->content_type);
	if (make_url(&m->made, spec, &e)) {
		finish(m, &e);
		err_release(&e);
		return NULL;
	}
	make_headers(&m->made, spec);
	if (req->body == BODY_FORM)
		make_form(&m->made, &req->form, spec->values);
	m->more_json = spec->more_json ? json_copy(spec->more_json) : NULL;
	m->variable = mem_strdup(spec->variable);
	if (m->variable)
		m->cursor = json_copy(json_get(spec->values, "cursor"));
	if (req->program.text) {
		m->label = request_label(spec->connector, spec->part,
			program_key(req->body), req->program.line);
		run_program(m);
		return m;
	}
	if (req->body == BODY_GRAPHQL || req->body == BODY_RPC)
		make_document(m, NULL);
	finish(m, NULL);
	return NULL;
}

void request_cancel(struct request_making *m)
{
	if (!m)
		return;
	if (m->ticket)
		map_cancel(m->spec.map, m->ticket);
	making_free(m);
}

struct made_now {
	struct request *out;
	struct err *e;
	int result;
	bool done;
};

static void made_now(void *ctx, struct request *r, const struct err *e)
{
	struct made_now *now = ctx;

	now->done = true;
	if (e) {
		now->result = err_copy(now->e, e);
		return;
	}
	*now->out = *r;
	*r = (struct request){0};
}

int request_make_now(struct request *out, const struct request_spec *spec, struct err *e)
{
	struct made_now now = {.out = out, .e = e};

	if (request_make(spec, made_now, &now))
		map_wait(spec->map, &now.done);
	return now.result;
}
