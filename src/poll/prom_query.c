#include "config.h"

#include "poll/prom_query.h"

#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "net/url.h"

struct asked {
	struct prom_server *server;
	const char *path, *form; /* arena */
	prom_fn *fn;
	prom_get_fn *get;
	void *ctx;
	bool by_get;
};

/* The server's own words are better than the status. */
static void refine(struct err *to, const struct http_answer *a, const struct err *e)
{
	struct err said = ERR_INIT;

	err_copy(to, e);
	if (prom_error(a->body.buf, a->body.len, &said) < 0) {
		said.code = e->code == ERR_AUTH ? ERR_AUTH : said.code;
		if (e->where)
			err_where(&said, "%s", e->where);
		err_move(to, &said);
	}
	err_release(&said);
}

static void query_send(struct round *r, struct asked *q);

static void on_query(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct asked *q = ctx;
	struct prom_answer p = {0};
	struct err own = ERR_INIT;

	if (e && !q->by_get && (a->status == 405 || a->status == 501)) {
		q->server->get_only = true;
		query_send(r, q);
		return;
	}
	if (e)
		refine(&own, a, e);
	else
		(void)prom_parse(&p, r->arena, a->body.buf, a->body.len, &own);
	if (own.code) {
		q->fn(r, q->ctx, NULL, &own);
	} else {
		if (p.partial)
			round_partial(r, "%s", p.partial);
		q->fn(r, q->ctx, &p, NULL);
	}
	prom_release(&p);
	err_release(&own);
}

static void query_send(struct round *r, struct asked *q)
{
	struct strbuf url = STRBUF_INIT;
	struct http_request req = {.method = HTTP_POST, .source = r->conf};

	url_join(&url, r->conf->url, q->path);
	q->by_get = q->server->get_only;
	if (q->by_get) {
		req.method = HTTP_GET;
		strbuf_addf(&url, "?%s", q->form);
	} else {
		req.content_type = "application/x-www-form-urlencoded";
		req.body = q->form;
		req.body_bytes = strlen(q->form);
	}
	req.url = url.buf;
	round_request(r, &req, on_query, q);
	strbuf_release(&url);
}

/* The server gives up when we would: what nobody waits for is not computed. */
static void form_timeout(struct strbuf *form, const struct round *r)
{
	int64_t ns = r->conf->timeout_ns > 0 ? r->conf->timeout_ns : HTTP_TIMEOUT_NS;

	strbuf_addf(form, "&timeout=%" PRId64 "ms", ns / NS_PER_MS);
}

static void form_time(struct strbuf *form, const char *name, int64_t at)
{
	strbuf_addf(form, "&%s=", name);
	prom_time(form, at);
}

static void query_start(struct round *r, struct prom_server *server, const char *path,
	struct strbuf *form, prom_fn *fn, void *ctx)
{
	struct asked *q = arena_alloc(r->arena, 1, sizeof(*q));

	form_timeout(form, r);
	q->server = server;
	q->path = path;
	q->form = arena_strdup(r->arena, form->buf);
	q->fn = fn;
	q->ctx = ctx;
	strbuf_release(form);
	query_send(r, q);
}

void prom_query(struct round *r, struct prom_server *server, const char *query,
	int64_t at, prom_fn *fn, void *ctx)
{
	struct strbuf form = STRBUF_INIT;

	url_form(&form, "query", query);
	form_time(&form, "time", at);
	query_start(r, server, "/api/v1/query", &form, fn, ctx);
}

void prom_query_range(struct round *r, struct prom_server *server, const char *query,
	const struct prom_range *range, prom_fn *fn, void *ctx)
{
	struct strbuf form = STRBUF_INIT;

	url_form(&form, "query", query);
	form_time(&form, "start", range->from);
	form_time(&form, "end", range->to);
	form_time(&form, "step", range->step_ns);
	query_start(r, server, "/api/v1/query_range", &form, fn, ctx);
}

static void on_get(struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct asked *q = ctx;
	struct json *document = NULL;
	struct err own = ERR_INIT;

	if (e)
		refine(&own, a, e);
	else if (json_parse(&document, a->body.buf, a->body.len, &own) < 0) {
		err_prefix(&own, _("this is not what Prometheus's API answers: "));
		own.code = ERR_BACKEND;
		own.retry = RETRY_LATER;
	}
	q->get(r, q->ctx, document, own.code ? &own : NULL);
	json_free(document);
	err_release(&own);
}

void prom_get(struct round *r, const char *path, prom_get_fn *fn, void *ctx)
{
	struct asked *q = arena_alloc(r->arena, 1, sizeof(*q));
	struct strbuf url = STRBUF_INIT;
	struct http_request req = {.source = r->conf};

	q->get = fn;
	q->ctx = ctx;
	url_join(&url, r->conf->url, path);
	req.url = url.buf;
	round_request(r, &req, on_get, q);
	strbuf_release(&url);
}
