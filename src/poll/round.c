#include "config.h"

#include "poll/round.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "net/reply.h"

/* A request of the round: waiting for its turn (handle 0) or in flight. */
struct pending {
	struct pending *next;
	struct active *active;
	unsigned id, handle, timer; /* timer: not before it ends */
	struct arena arena; /* of what req says */
	struct http_request req;
	round_fn *fn; /* one of these */
	http_fn *plain;
	void *ctx;
};

struct active {
	struct round r; /* first: readers see this */
	const struct reader *reader;
	struct arena arena;
	struct pending *pending, **last;
	size_t in_flight;
	unsigned deadline, last_id;
	int64_t began_mono, bytes, retry_after_ns;
	round_done_fn *done;
	void *ctx;
};

static struct active *active_of(struct round *r)
{
	return (struct active *)r;
}

static void pending_unlink(struct pending *gone)
{
	struct active *a = gone->active;
	struct pending **p = &a->pending;

	while (*p != gone)
		p = &(*p)->next;
	*p = gone->next;
	if (a->last == &gone->next)
		a->last = p;
	if (gone->handle)
		a->in_flight--;
}

static void pending_free(struct pending *p)
{
	pending_unlink(p);
	loop_cancel(p->active->r.loop, p->timer);
	arena_release(&p->arena);
	free(p);
}

static void pending_cancel_all(struct active *a)
{
	while (a->pending) {
		struct pending *p = a->pending;

		http_cancel(a->r.http, p->handle);
		pending_free(p);
	}
}

static void active_free(struct active *a)
{
	pending_cancel_all(a);
	loop_cancel(a->r.loop, a->deadline);
	arena_release(&a->arena);
	free(a);
}

static void pending_pump(struct active *a);

static void on_answer(void *ctx, struct http_answer *answer, const struct err *e)
{
	struct pending *p = ctx;
	struct active *a = p->active;
	round_fn *fn = p->fn;
	http_fn *plain = p->plain;
	void *fn_ctx = p->ctx;
	struct err page = ERR_INIT;

	/* What asks by plain means knows itself when a page is right. */
	if (fn && !e && reply_page_check(answer, p->req.url, &page) < 0)
		e = &page;
	pending_free(p);
	a->bytes += answer->bytes;
	if (e && answer->retry_after_ns > a->retry_after_ns)
		a->retry_after_ns = answer->retry_after_ns;
	pending_pump(a);
	/* Either may end the round. */
	if (plain)
		plain(fn_ctx, answer, e);
	else
		fn(&a->r, fn_ctx, answer, e);
	err_release(&page);
}

/* Start what waits, oldest first, while there is room. */
static void pending_pump(struct active *a)
{
	size_t most = a->reader->parallel ? a->reader->parallel : 1;

	for (struct pending *p = a->pending; p && a->in_flight < most; p = p->next) {
		if (p->handle || p->timer)
			continue;
		p->handle = http_start(a->r.http, &p->req, on_answer, p);
		a->in_flight++;
	}
}

static void *bytes_copy(struct arena *arena, const void *data, size_t n)
{
	void *copy = data && n ? arena_alloc(arena, n, 1) : NULL;

	if (copy)
		memcpy(copy, data, n);
	return copy;
}

static void request_copy(struct pending *p, const struct http_request *req)
{
	struct http_header *headers = NULL;
	struct arena *a = &p->arena;

	p->req = *req;
	p->req.url = arena_strdup(a, req->url);
	p->req.content_type = arena_strdup(a, req->content_type);
	p->req.accept = arena_strdup(a, req->accept);
	p->req.body = bytes_copy(a, req->body, req->body_bytes);
	if (req->n_headers)
		headers = arena_alloc(a, req->n_headers, sizeof(*headers));
	for (size_t i = 0; i < req->n_headers; i++) {
		headers[i].name = arena_strdup(a, req->headers[i].name);
		headers[i].value = arena_strdup(a, req->headers[i].value);
	}
	p->req.headers = headers;
}

static struct pending *pending_new(
	struct active *a, const struct http_request *req, void *ctx)
{
	struct pending *p = mem_new(1, sizeof(*p));

	p->active = a;
	p->ctx = ctx;
	p->id = ++a->last_id ? a->last_id : ++a->last_id;
	arena_init(&p->arena);
	request_copy(p, req);
	if (!p->req.source)
		p->req.source = a->r.conf;
	*a->last = p;
	a->last = &p->next;
	return p;
}

void round_request(
	struct round *r, const struct http_request *req, round_fn *fn, void *ctx)
{
	struct active *a = active_of(r);

	pending_new(a, req, ctx)->fn = fn;
	pending_pump(a);
}

static void on_its_time(void *ctx)
{
	struct pending *p = ctx;

	p->timer = 0;
	pending_pump(p->active);
}

void round_request_later(struct round *r, const struct http_request *req,
	int64_t delay_ns, round_fn *fn, void *ctx)
{
	struct active *a = active_of(r);
	struct pending *p = pending_new(a, req, ctx);

	p->fn = fn;
	if (delay_ns > 0)
		p->timer = loop_after(a->r.loop, delay_ns, on_its_time, p);
	pending_pump(a);
}

unsigned round_send(
	struct round *r, const struct http_request *req, http_fn *fn, void *ctx)
{
	struct active *a = active_of(r);
	struct pending *p = pending_new(a, req, ctx);
	unsigned id = p->id;

	p->plain = fn;
	pending_pump(a);
	return id;
}

void round_unsend(struct round *r, unsigned id)
{
	struct active *a = active_of(r);

	for (struct pending *p = a->pending; p; p = p->next) {
		if (p->id != id)
			continue;
		http_cancel(a->r.http, p->handle);
		pending_free(p);
		pending_pump(a);
		return;
	}
}

void round_end(struct round *r, const struct err *e)
{
	struct active *a = active_of(r);
	struct round_outcome o = {
		.round = r,
		.e = e,
		.began_mono = a->began_mono,
		.latency_ns = clock_mono() - a->began_mono,
		.bytes = a->bytes,
		.retry_after_ns = a->retry_after_ns,
	};

	pending_cancel_all(a);
	a->done(a->ctx, &o);
	active_free(a);
}

void round_partial(struct round *r, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	if (r->partial)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	r->partial = arena_strdup(r->arena, sb.buf);
	strbuf_release(&sb);
}

static void on_deadline(void *ctx)
{
	struct active *a = ctx;
	struct strbuf time = STRBUF_INIT;
	struct err e = ERR_INIT;

	a->deadline = 0;
	pending_cancel_all(a);
	if (a->reader->cancel)
		a->reader->cancel(&a->r);
	duration_format(&time, a->r.deadline_mono - a->began_mono);
	err_set(&e, ERR_NET, _("reading took more than %s altogether"), time.buf);
	err_hint(&e, _("raise 'timeout' of this source"));
	err_retry(&e, RETRY_LATER);
	round_end(&a->r, &e);
	err_release(&e);
	strbuf_release(&time);
}

struct round *round_start(const struct round *given, const struct reader *reader,
	round_done_fn *done, void *ctx)
{
	struct active *a = mem_new(1, sizeof(*a));

	a->r = *given;
	arena_init(&a->arena);
	a->r.arena = &a->arena;
	a->reader = reader;
	a->last = &a->pending;
	a->began_mono = clock_mono();
	a->retry_after_ns = NONE_INT;
	a->done = done;
	a->ctx = ctx;
	a->deadline =
		loop_after(a->r.loop, a->r.deadline_mono - a->began_mono, on_deadline, a);
	return &a->r;
}

void round_abort(struct round *r)
{
	struct active *a = active_of(r);

	pending_cancel_all(a);
	if (a->reader->cancel)
		a->reader->cancel(r);
	active_free(a);
}
