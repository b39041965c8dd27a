#include "config.h"

#include "poll/prom_client.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "poll/prom_query.h"

#define TRANSFER_MORE_NS (2 * NS_PER_S)

struct prom_client {
	const struct source_conf *conf; /* borrowed */
	struct loop *loop;
	struct http *http;
	struct prom_server server;
	int64_t timeout_ns, deadline_mono;
	int64_t latency_ns; /* of the last answer */
	const char *version; /* arena */
	struct arena arena; /* of the requests, and the version */
};

struct prom_client *prom_client_new(const struct source_conf *conf, struct err *e)
{
	struct prom_client *c;

	if (prom_options_check(conf, e) < 0)
		return NULL;
	c = mem_new(1, sizeof(*c));
	c->conf = conf;
	c->loop = loop_new();
	c->http = http_new(c->loop);
	c->server.kind = prom_kind_configured(conf);
	c->timeout_ns = conf->timeout_ns > 0 ? conf->timeout_ns : HTTP_TIMEOUT_NS;
	arena_init(&c->arena);
	return c;
}

void prom_client_free(struct prom_client *c)
{
	http_free(c->http);
	loop_free(c->loop);
	arena_release(&c->arena);
	free(c);
}

const struct prom_server *prom_client_server(const struct prom_client *c)
{
	return &c->server;
}

static void on_time(void *ctx)
{
	bool *done = ctx;

	*done = true;
}

static void client_sleep(struct prom_client *c, int64_t ns)
{
	bool done = false;

	loop_after(c->loop, ns, on_time, &done);
	while (!done)
		loop_turn(c->loop, ns);
}

/* Once more, after a while or by GET: true when that may help. */
static bool ask_again(struct prom_client *c, const struct http_answer *a,
	const struct http_request *req, unsigned *tries)
{
	int64_t wait;

	if (req->method == HTTP_POST && (a->status == 405 || a->status == 501)) {
		c->server.get_only = true;
		return true;
	}
	wait = prom_again_in(a, *tries);
	if (wait == NONE_INT || clock_mono() + wait > c->deadline_mono)
		return false;
	++*tries;
	client_sleep(c, wait);
	return true;
}

/* form NULL: a GET. */
static int ask(struct http_answer *out, struct prom_client *c, const char *path,
	const char *form, struct err *e)
{
	unsigned tries = 0;

	for (;;) {
		struct http_request req;
		struct err failed = ERR_INIT;

		prom_request(&req, &c->arena, &c->server, c->conf, path, form);
		req.timeout_ns = c->timeout_ns + TRANSFER_MORE_NS;
		http_answer_clear(out);
		if (http_wait(out, c->http, &req, &failed) == 0) {
			prom_clock(&c->server, out, clock_now());
			c->latency_ns = out->latency_ns;
			return 0;
		}
		if (out->status)
			prom_clock(&c->server, out, clock_now());
		if (!ask_again(c, out, &req, &tries)) {
			prom_refine(e, out, &failed);
			err_release(&failed);
			return -1;
		}
		err_release(&failed);
	}
}

/* Who it is, and what time it is there. */
static int learn(struct prom_client *c, struct err *e)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	struct json *document = NULL;
	struct err failed = ERR_INIT;
	int rc = 0;

	if (ask(&a, c, "/api/v1/status/buildinfo", NULL, &failed) &&
		(!a.status || failed.code == ERR_AUTH))
		rc = err_copy(e, &failed);
	err_clear(&failed);
	if (!rc) {
		(void)json_parse(&document, a.body.buf, a.body.len, &failed);
		if (!c->server.kind)
			c->server.kind = prom_kind_of(&a, document);
		c->version = prom_version(&c->arena, c->server.kind, document);
	}
	json_free(document);
	http_answer_release(&a);
	err_release(&failed);
	return rc;
}

static void answer_shift(struct prom_answer *p, int64_t ahead_ns)
{
	for (size_t i = 0; i < p->n; i++) {
		struct prom_series *s = &p->items[i];

		for (size_t k = 0; k < s->samples.n; k++)
			s->samples.items[k].at -= ahead_ns;
		for (size_t k = 0; k < s->n_histograms; k++)
			s->histograms[k].at -= ahead_ns;
	}
}

/* A whole question with its own deadline: the form's end says until when the server computes. */
static int question(struct prom_answer *out, struct arena *a, struct prom_client *c,
	const char *path, struct strbuf *form, const char *query, struct err *e)
{
	struct http_answer answer = HTTP_ANSWER_INIT;
	int64_t ahead_ns = c->server.ahead_ns;
	int rc;

	strbuf_addf(form, "&timeout=%" PRId64 "ms", c->timeout_ns / NS_PER_MS);
	prom_form(form, &c->server, c->conf, query);
	rc = ask(&answer, c, path, form->buf, e);
	if (!rc)
		rc = prom_parse(out, a, answer.body.buf, answer.body.len, e);
	if (!rc)
		answer_shift(out, ahead_ns);
	http_answer_release(&answer);
	return rc;
}

static int begin(struct prom_client *c, struct err *e)
{
	c->deadline_mono = clock_mono() + c->timeout_ns;
	return c->server.clock_known ? 0 : learn(c, e);
}

int prom_client_instant(struct prom_answer *out, struct arena *a, struct prom_client *c,
	const char *query, int64_t at, struct err *e)
{
	struct strbuf form = STRBUF_INIT;
	int rc = begin(c, e);

	if (!rc) {
		prom_form_instant(&form, query, at + c->server.ahead_ns);
		rc = question(out, a, c, "/api/v1/query", &form, query, e);
	}
	strbuf_release(&form);
	return rc;
}

int prom_client_range(struct prom_answer *out, struct arena *a, struct prom_client *c,
	const char *query, struct prom_range *range, struct err *e)
{
	int rc = begin(c, e);

	for (int tries = 0; !rc; tries++) {
		struct prom_range theirs = *range;
		struct strbuf form = STRBUF_INIT;

		theirs.from += c->server.ahead_ns;
		theirs.to += c->server.ahead_ns;
		prom_form_range(&form, query, &theirs);
		rc = question(out, a, c, "/api/v1/query_range", &form, query, e);
		strbuf_release(&form);
		if (!rc || tries > 4 || prom_refusal_of(e->what) != PROM_TOO_FINE)
			break;
		err_clear(e);
		rc = 0;
		*range = prom_range(range->from, range->to, range->step_ns * 2);
	}
	return rc;
}

/* --- about --- */

static const char *runtime_keeps(struct arena *a, const char *body, size_t n)
{
	struct json *document = NULL;
	struct err ignored = ERR_INIT;
	const char *keeps;

	(void)json_parse(&document, body, n, &ignored);
	keeps = arena_strdup(a, json_text_at(document, "data.storageRetention"));
	json_free(document);
	err_release(&ignored);
	return keeps && *keeps ? keeps : NULL;
}

static const char *flags_keep(struct arena *a, const char *flags)
{
	int64_t ns = prom_flags_retention(flags);
	struct strbuf text = STRBUF_INIT;
	const char *keeps;

	if (ns == NONE_INT)
		return NULL;
	duration_format(&text, ns);
	keeps = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return keeps;
}

static const char *keeps_ask(struct arena *a, struct prom_client *c)
{
	bool victoria = c->server.kind == PROM_VICTORIA;
	struct http_answer answer = HTTP_ANSWER_INIT;
	struct err ignored = ERR_INIT;
	const char *keeps = NULL;

	if (ask(&answer, c, victoria ? "/flags" : "/api/v1/status/runtimeinfo", NULL,
		    &ignored) == 0)
		keeps = victoria ? flags_keep(a, answer.body.buf)
				 : runtime_keeps(a, answer.body.buf, answer.body.len);
	http_answer_release(&answer);
	err_release(&ignored);
	return keeps;
}

int prom_client_about(
	struct prom_about *out, struct arena *a, struct prom_client *c, struct err *e)
{
	struct prom_answer p = {0};

	*out = (struct prom_about){0};
	if (prom_client_instant(&p, a, c, "vector(1)", clock_now(), e))
		return -1;
	prom_release(&p);
	out->latency_ns = c->latency_ns;
	out->version = arena_strdup(a, c->version);
	out->keeps = keeps_ask(a, c);
	return 0;
}
