#include "config.h"

#include "poll/prom_query.h"

#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/text.h"
#include "net/url.h"

enum {
	TRIES = 4, /* of one question, when the server asks to wait */
	WIDENED = 3, /* times that a step is doubled */
};

/* The server gives up first: its words say more than our own time-out. */
#define TRANSFER_MORE_NS (2 * NS_PER_S)
#define ANSWER_TAKES_NS \
	NS_PER_S /* at least: later than this before the end is too late */

struct asked {
	struct prom_server *server;
	const char *path, *query; /* arena; query NULL: a plain GET */
	int64_t at;
	struct prom_range range; /* step 0: as of `at` */
	prom_fn *fn; /* one of these */
	prom_get_fn *get;
	prom_learn_fn *learn;
	void *ctx;
	int64_t shift_ns; /* how much its clock was ahead when it was asked */
	unsigned tries, widened;
	bool by_get;
};

/* --- what a server says --- */

/* The handler of a server that replays its log says two words and nothing else. */
static bool is_replaying(const struct http_answer *a)
{
	static const char words[] = "Service Unavailable";

	return a->status == 503 && http_answer_is(a, "text/plain") &&
		!strncmp(a->body.buf, words, sizeof(words) - 1) &&
		a->body.len <= sizeof(words);
}

void prom_refine(struct err *to, const struct http_answer *a, const struct err *e)
{
	struct err said = ERR_INIT;

	err_copy(to, e);
	if (prom_error(a->body.buf, a->body.len, &said) < 0) {
		said.code = e->code == ERR_AUTH ? ERR_AUTH : said.code;
	} else if (is_replaying(a)) {
		err_set(&said, ERR_NET,
			_("the server has just started and still reads its log"));
		err_hint(&said, _("it answers as soon as it has; nothing is lost"));
		err_retry(&said, RETRY_LATER);
	} else if (strstr(a->body.buf, "no org id")) {
		err_set(&said, ERR_AUTH, _("the server wants to know the tenant"));
		err_hint(&said, _("set with: {tenant: NAME} for this source"));
		err_retry(&said, RETRY_LATER);
	}
	if (said.code && e->where)
		err_where(&said, "%s", e->where);
	if (said.code)
		err_move(to, &said);
	err_release(&said);
}

static bool is_timed_out(const struct http_answer *a)
{
	struct err said = ERR_INIT;
	bool api = prom_error(a->body.buf, a->body.len, &said) < 0;

	err_release(&said);
	return api;
}

int64_t prom_again_in(const struct http_answer *a, unsigned tries)
{
	if ((a->status != 429 && a->status != 503) || tries >= TRIES)
		return NONE_INT;
	if (a->retry_after_ns != NONE_INT)
		return a->retry_after_ns;
	/* What took too long once would do so again, and a log is read for minutes. */
	if (a->status == 503 && (is_replaying(a) || is_timed_out(a)))
		return NONE_INT;
	return NS_PER_S << tries;
}

const char *prom_version(
	struct arena *a, enum prom_kind kind, const struct json *document)
{
	const char *version = json_text_at(document, "data.version");
	const char *title = prom_kind_title(kind);

	if (!title)
		return arena_strdup(a, version);
	/* Which version it claims to be for the sake of others says nothing. */
	if (!version || kind == PROM_VICTORIA)
		return title;
	return arena_format(a, "%s %s", title, version);
}

/* --- one question --- */

static void asked_send(struct round *r, struct asked *q);

/* Later, or by other means: true when it was asked again. */
static bool asked_again(struct round *r, struct asked *q, const struct http_answer *a)
{
	int64_t wait, now = clock_mono();

	if (q->query && !q->by_get && (a->status == 405 || a->status == 501)) {
		q->server->get_only = true;
		asked_send(r, q);
		return true;
	}
	wait = prom_again_in(a, q->tries);
	if (wait == NONE_INT || now + wait + ANSWER_TAKES_NS > r->deadline_mono)
		return false;
	q->tries++;
	if (q->server->hold_mono < now + wait)
		q->server->hold_mono = now + wait;
	asked_send(r, q);
	return true;
}

/* A server that allows fewer points than ours get a wider step. */
static bool asked_wider(struct round *r, struct asked *q, const struct err *e)
{
	if (!q->range.step_ns || q->widened >= WIDENED ||
		prom_refusal_of(e->what) != PROM_TOO_FINE)
		return false;
	q->widened++;
	q->range = prom_range(q->range.from, q->range.to, q->range.step_ns * 2);
	asked_send(r, q);
	return true;
}

static void answer_shift(struct prom_answer *p, int64_t shift_ns)
{
	for (size_t i = 0; shift_ns && i < p->n; i++) {
		struct prom_series *s = &p->items[i];

		for (size_t k = 0; k < s->samples.n; k++)
			s->samples.items[k].at -= shift_ns;
		for (size_t k = 0; k < s->n_histograms; k++)
			s->histograms[k].at -= shift_ns;
	}
}

static void answer_take(struct round *r, struct asked *q, struct prom_answer *p)
{
	int64_t latest = clock_now() + PROM_AHEAD_NS;
	size_t dropped;

	answer_shift(p, q->shift_ns);
	dropped = prom_drop_later(p, latest);
	if (p->partial)
		round_partial(r, "%s", p->partial);
	if (dropped)
		round_partial(r, "%s", _("samples of the future are left out"));
	q->fn(r, q->ctx, p, NULL);
}

static void on_query(struct round *r, struct asked *q, const struct http_answer *a,
	const struct err *e)
{
	struct prom_answer p = {0};
	struct err own = ERR_INIT;

	if (e)
		prom_refine(&own, a, e);
	else
		(void)prom_parse(&p, r->arena, a->body.buf, a->body.len, &own);
	if (!own.code)
		answer_take(r, q, &p);
	else if (!asked_wider(r, q, &own))
		q->fn(r, q->ctx, NULL, &own);
	prom_release(&p);
	err_release(&own);
}

static void on_get(struct round *r, struct asked *q, const struct http_answer *a,
	const struct err *e)
{
	struct json *document = NULL;
	struct err own = ERR_INIT;
	bool page = e && a->status == 200 && e->code == ERR_AUTH;

	if (e)
		prom_refine(&own, a, e);
	else if (json_parse(&document, a->body.buf, a->body.len, &own) < 0) {
		err_prefix(&own, _("this is not what Prometheus's API answers: "));
		own.code = ERR_BACKEND;
		own.retry = RETRY_LATER;
	}
	/* One that we know may have a page there; whether it is a login's, a query tells. */
	if (page && q->server->kind)
		own.code = ERR_BACKEND;
	if (q->learn) {
		/* A server that refuses has said who it is; one behind a page or away has not. */
		if (a->status && !page)
			q->server->kind = prom_kind_of(a, document);
		q->learn(r, q->ctx, prom_version(r->arena, q->server->kind, document),
			own.code ? &own : NULL);
	} else {
		q->get(r, q->ctx, document, own.code ? &own : NULL);
	}
	json_free(document);
	err_release(&own);
}

static void on_answer(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct asked *q = ctx;

	if (a->status)
		prom_clock(q->server, a, clock_now());
	if (e && asked_again(r, q, a))
		return;
	if (q->query)
		on_query(r, q, a, e);
	else
		on_get(r, q, a, e);
}

/* --- asking --- */

static void form_time(struct strbuf *form, const char *name, int64_t at)
{
	strbuf_addf(form, "&%s=", name);
	prom_time(form, at);
}

void prom_form_instant(struct strbuf *form, const char *query, int64_t at)
{
	url_form(form, "query", query);
	form_time(form, "time", at);
}

void prom_form_range(
	struct strbuf *form, const char *query, const struct prom_range *range)
{
	url_form(form, "query", query);
	form_time(form, "start", range->from);
	form_time(form, "end", range->to);
	form_time(form, "step", range->step_ns);
}

static int64_t timeout_of(const struct round *r)
{
	int64_t ns = r->conf->timeout_ns > 0 ? r->conf->timeout_ns : HTTP_TIMEOUT_NS;
	int64_t left = r->deadline_mono - clock_mono();

	return left > 0 && left < ns ? left : ns;
}

static void form_make(struct strbuf *form, const struct round *r, struct asked *q)
{
	struct prom_range range = q->range;

	q->shift_ns = q->server->ahead_ns;
	range.from += q->shift_ns;
	range.to += q->shift_ns;
	if (range.step_ns)
		prom_form_range(form, q->query, &range);
	else
		prom_form_instant(form, q->query, q->at + q->shift_ns);
	/* The server gives up when we would: what nobody waits for is not computed. */
	strbuf_addf(form, "&timeout=%" PRId64 "ms", timeout_of(r) / NS_PER_MS);
	prom_form(form, q->server, r->conf, q->query);
}

static void asked_send(struct round *r, struct asked *q)
{
	struct http_request req;
	struct strbuf form = STRBUF_INIT;

	if (q->query)
		form_make(&form, r, q);
	q->by_get = q->server->get_only;
	prom_request(
		&req, r->arena, q->server, r->conf, q->path, q->query ? form.buf : NULL);
	if (q->query)
		req.timeout_ns = timeout_of(r) + TRANSFER_MORE_NS;
	round_request_later(r, &req, q->server->hold_mono - clock_mono(), on_answer, q);
	strbuf_release(&form);
}

static struct asked *asked_new(
	struct round *r, struct prom_server *server, const char *path, void *ctx)
{
	struct asked *q = arena_alloc(r->arena, 1, sizeof(*q));

	if (!server->kind)
		server->kind = prom_kind_configured(r->conf);
	q->server = server;
	q->path = arena_strdup(r->arena, path);
	q->ctx = ctx;
	return q;
}

void prom_query(struct round *r, struct prom_server *server, const char *query,
	int64_t at, prom_fn *fn, void *ctx)
{
	struct asked *q = asked_new(r, server, "/api/v1/query", ctx);

	q->query = arena_strdup(r->arena, query);
	q->at = at;
	q->fn = fn;
	asked_send(r, q);
}

void prom_query_range(struct round *r, struct prom_server *server, const char *query,
	const struct prom_range *range, prom_fn *fn, void *ctx)
{
	struct asked *q = asked_new(r, server, "/api/v1/query_range", ctx);

	q->query = arena_strdup(r->arena, query);
	q->range = *range;
	q->fn = fn;
	asked_send(r, q);
}

void prom_get(struct round *r, struct prom_server *server, const char *path,
	prom_get_fn *fn, void *ctx)
{
	struct asked *q = asked_new(r, server, path, ctx);

	q->get = fn;
	asked_send(r, q);
}

void prom_learn(struct round *r, struct prom_server *server, prom_learn_fn *fn, void *ctx)
{
	struct asked *q = asked_new(r, server, "/api/v1/status/buildinfo", ctx);

	q->learn = fn;
	asked_send(r, q);
}
