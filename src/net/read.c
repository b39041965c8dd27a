#include "config.h"
#include "net/read.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "net/request.h"
#include "net/url.h"

struct read {
	struct read_spec spec;
	struct json *values; /* owned: spec's, then with the cursor */
	read_record_fn *fn;
	read_done_fn *done;
	void *ctx;
	char *map_label, *cursor_label; /* owned */
	char *url; /* owned: of the page under way */
	char *cursor; /* owned: of the page under way; NULL: the first */
	struct strbuf body;
	struct read_result result;
	char *dropped_why; /* owned */
	unsigned ticket; /* of the jq program that runs */
	bool waiting; /* a request is out: its callback comes back even when cancelled */
	bool cancelled;
};

static bool next_page(struct read *r);

static void read_free(struct read *r)
{
	json_free(r->values);
	free(r->map_label);
	free(r->cursor_label);
	free(r->url);
	free(r->cursor);
	free(r->dropped_why);
	strbuf_release(&r->body);
	free(r);
}

static void finish(struct read *r, const struct err *e)
{
	r->result.dropped_why = r->dropped_why;
	r->done(r->ctx, &r->result, e);
	read_free(r);
}

void read_cancel(struct read *r)
{
	if (!r)
		return;
	if (r->ticket)
		map_cancel(r->spec.map, r->ticket);
	if (r->waiting)
		r->cancelled = true;
	else
		read_free(r);
}

int read_answer_check(const struct http_answer *a, const char *url, struct err *e)
{
	const char *type = http_answer_header(a, "content-type");
	struct strbuf shown = STRBUF_INIT;

	/* Some servers call plain text HTML: MLflow's /version does. */
	if (!type || !strstr(type, "html") ||
		a->body.buf[strspn(a->body.buf, " \t\r\n")] != '<')
		return 0;
	url_shown(&shown, url);
	err_set(e, ERR_AUTH, _("a web page came where JSON was expected"));
	err_where(e, "%s", shown.buf);
	strbuf_release(&shown);
	return err_hint(e, "%s",
		_("a login page in front of the API? Check the url and the credentials"));
}

/* One output of the map program becomes a record, or is counted as dropped. */
static void take_record(struct read *r, const struct json *output, struct arena *a)
{
	const struct connector_read *read = r->spec.read;
	struct json *with_source = json_copy(output);
	void *record = record_new(a, read->emits);
	struct err e = ERR_INIT;
	int failed;

	if (json_type(output) == JSON_OBJECT)
		json_add_text(with_source, "source", r->spec.conf->name);
	failed = record_from_json(record, read->emits, with_source, a, NULL, &e);
	if (!failed) {
		r->result.records++;
		r->fn(r->ctx, read->emits, record);
	} else {
		r->result.dropped++;
		if (!r->dropped_why)
			r->dropped_why = err_text(&e);
	}
	err_release(&e);
	json_free(with_source);
}

static void have_cursor(void *ctx, const struct json *results, const struct err *e)
{
	struct read *r = ctx;
	const struct json *first = json_first(results);
	struct strbuf text = STRBUF_INIT;
	bool more = json_type(first) == JSON_STRING ? *json_text(first)
						    : json_type(first) == JSON_NUMBER;

	r->ticket = 0;
	if (e || !more) {
		finish(r, e);
		return;
	}
	if (json_type(first) == JSON_STRING)
		strbuf_adds(&text, json_text(first));
	else
		json_format(&text, first, false);
	if (r->cursor && !strcmp(r->cursor, text.buf)) {
		/* A server that repeats its cursor would be asked for ever. */
		r->result.cut = true;
		strbuf_release(&text);
		finish(r, NULL);
		return;
	}
	free(r->cursor);
	r->cursor = strbuf_detach(&text, NULL);
	next_page(r);
}

static void run_program(
	struct read *r, const char *text, const char *label, map_done_fn *fn)
{
	struct map_program program = {.text = text, .label = label};

	r->ticket = map_run(
		r->spec.map, &program, r->body.buf, r->body.len, r->values, fn, r);
}

static void mapped(void *ctx, const struct json *results, const struct err *e)
{
	struct read *r = ctx;
	struct arena a;

	r->ticket = 0;
	if (e) {
		finish(r, e);
		return;
	}
	arena_init(&a);
	json_each (output, results)
		take_record(r, output, &a);
	arena_release(&a);
	r->result.pages++;
	if (r->spec.read->page.value.text && (int64_t)r->result.pages >= r->spec.read->page.max)
		r->result.cut = true;
	if (r->spec.read->page.value.text && !r->result.cut)
		run_program(r, r->spec.read->page.value.text, r->cursor_label, have_cursor);
	else
		finish(r, NULL);
}

/* The path is not there in this version of the backend. */
static bool is_absent(int status)
{
	return status == 404 || status == 405 || status == 410 || status == 501;
}

static void answered(void *ctx, struct http_answer *a, const struct err *e)
{
	struct read *r = ctx;
	struct err wrong = ERR_INIT;

	r->waiting = false;
	if (r->cancelled) {
		read_free(r);
		return;
	}
	if (e && a && is_absent(a->status) && r->spec.read->fallback) {
		r->result.fallback = r->spec.read->fallback;
		finish(r, NULL);
		return;
	}
	if (e) {
		finish(r, e);
		return;
	}
	if (read_answer_check(a, r->url, &wrong)) {
		finish(r, &wrong);
		err_release(&wrong);
		return;
	}
	strbuf_release(&r->body);
	r->body = a->body;
	strbuf_init(&a->body);
	run_program(r, r->spec.read->map.text, r->map_label, mapped);
}

/* The source's own headers are http's affair; these are the connector's literals. */
static struct http_header *headers_of(const struct connector_request *req)
{
	struct http_header *h = mem_new(req->headers.n + 1, sizeof(*h));

	for (size_t i = 0; i < req->headers.n; i++)
		h[i] = (struct http_header){
			req->headers.items[i].name, req->headers.items[i].value};
	return h;
}

/* False: it could not even be asked; done was called and r is gone. */
static bool next_page(struct read *r)
{
	const struct connector_request *req = &r->spec.read->request;
	struct strbuf url = STRBUF_INIT;
	struct http_header *headers;
	struct err e = ERR_INIT;
	struct http_request http = {.source = r->spec.conf,
		.method = req->method,
		.n_headers = req->headers.n};

	if (request_url(&url, req, r->spec.conf->url, r->values, &e)) {
		strbuf_release(&url);
		finish(r, &e);
		err_release(&e);
		return false;
	}
	if (r->cursor)
		url_query(&url, r->spec.read->page.query, r->cursor);
	free(r->url);
	r->url = strbuf_detach(&url, NULL);
	headers = headers_of(req);
	http.url = r->url;
	http.headers = headers;
	r->waiting = true;
	r->spec.send(r->spec.io, &http, answered, r);
	free(headers);
	return true;
}

struct read *read_start(
	const struct read_spec *spec, read_record_fn *fn, read_done_fn *done, void *ctx)
{
	struct read *r = mem_new(1, sizeof(*r));

	r->spec = *spec;
	r->values = json_copy(spec->values);
	r->fn = fn;
	r->done = done;
	r->ctx = ctx;
	r->map_label = mem_format(
		_("connector %s, read %s, map"), spec->connector->name, spec->read->name);
	r->cursor_label = mem_format(_("connector %s, read %s, page.cursor"),
		spec->connector->name, spec->read->name);
	strbuf_init(&r->body);
	return next_page(r) ? r : NULL;
}

struct json *read_values(const struct connector_read *read, const char *source,
	int64_t now, int64_t succeeded, const char *object)
{
	struct json *values = json_object();
	int64_t since = succeeded == NONE_INT ? now - read->history_ns
					      : succeeded - read->overlap_ns;

	json_add_text(values, "source", source);
	json_add_time(values, "now", now);
	json_add_time(values, "since", since);
	json_add_text(values, "object", object);
	return values;
}
