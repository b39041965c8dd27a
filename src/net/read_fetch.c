/* read_fetch.c - from the file's request to a checked answer */
#include "config.h"
#include "net/read_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/log.h"

#define WAIT_MAX_NS (10 * NS_PER_S) /* longer waits are the poller's affair */
#define TRIES_MAX 2
#define PROGRAMS_FAILED_MAX 3

static void ask(struct fetch *f);
static void go(void *ctx);

const struct connector_request *fetch_request(const struct fetch *f)
{
	const struct connector_read *read = f->read->spec.read;

	return f->level ? &read->stages[f->level - 1].request : &read->request;
}

const struct connector_page *fetch_page(const struct fetch *f)
{
	const struct connector_read *read = f->read->spec.read;

	return f->level ? &read->stages[f->level - 1].page : &read->page;
}

struct fetch *fetch_new(struct read *r, struct fetch *parent, struct json *values)
{
	struct fetch *f = mem_new(1, sizeof(*f));

	f->read = r;
	f->parent = parent;
	f->level = parent ? parent->level + 1 : 0;
	f->values = values;
	f->answer = (struct http_answer)HTTP_ANSWER_INIT;
	strbuf_init(&f->input);
	paging_init(&f->paging, fetch_page(f));
	f->next = r->fetches;
	f->link = &r->fetches;
	if (f->next)
		f->next->link = &f->next;
	r->fetches = f;
	return f;
}

void fetch_free(struct fetch *f)
{
	*f->link = f->next;
	if (f->next)
		f->next->link = f->link;
	if (f->sent)
		f->read->spec.unsend(f->read->spec.io, f->sent);
	if (f->ticket)
		map_cancel(f->read->spec.map, f->ticket);
	if (f->timer)
		loop_cancel(f->read->spec.loop, f->timer);
	request_cancel(f->making);
	reply_cancel(f->checking);
	request_release(&f->request);
	http_answer_release(&f->answer);
	strbuf_release(&f->input);
	paging_release(&f->paging);
	for (size_t i = f->next_item; i < f->n_items; i++)
		json_free(f->items[i]);
	free(f->items);
	json_free(f->values);
	err_release(&f->failed);
	free(f);
}

/* --- when it fails --- */

/* The path is not there in this version of the backend. */
static bool is_absent(int status)
{
	return status == 404 || status == 405 || status == 410 || status == 501;
}

/* Nothing else will be answered either. */
static bool is_for_all(const struct fetch *f, const struct err *e)
{
	return f->answer.status == 401 || f->answer.status == 407 ||
		(e->code == ERR_AUTH && f->answer.status != 403);
}

static bool is_first(const struct fetch *f)
{
	return !f->level && !f->paging.pages && !f->paging.restarted;
}

/* It was a page or an item among others. */
static void go_without(struct fetch *f)
{
	struct read *r = f->read;
	char *why = err_text(&f->failed);

	read_incomplete(r, why);
	free(why);
	if (!r->first.code)
		err_copy(&r->first, &f->failed);
	/* Who is asked to slow down, or hears nothing, does not go on with the other items. */
	if (f->answer.status == 429 || f->answer.status == 503 ||
		f->failed.code == ERR_NET || r->programs_failed >= PROGRAMS_FAILED_MAX)
		r->stopped = true;
	fetch_over(f);
}

static void failed(void *ctx)
{
	struct fetch *f = ctx;
	struct read *r = f->read;
	struct err own = ERR_INIT;
	int status = f->answer.status;

	f->timer = 0;
	if (f->level && statuses_have(&r->spec.read->stages[f->level - 1].skip, status)) {
		fetch_over(f);
		return;
	}
	r->result.status = status;
	if (is_first(f) && is_absent(status) && r->spec.read->fallback) {
		r->result.fallback = r->spec.read->fallback;
		read_finish(r, NULL);
	} else if (is_first(f) || is_for_all(f, &f->failed)) {
		err_move(&own, &f->failed);
		read_finish(r, &own);
		err_release(&own);
	} else {
		go_without(f);
	}
}

void fetch_fail(struct fetch *f, const struct err *e)
{
	err_copy(&f->failed, e);
	if (f->read->spec.kept)
		kept_drop(f->read->spec.kept, &f->key);
	f->timer = loop_after(f->read->spec.loop, 0, failed, f);
}

/* --- the answer --- */

static void checked(void *ctx, struct strbuf *input, const struct err *e)
{
	struct fetch *f = ctx;

	f->checking = NULL;
	if (e) {
		fetch_fail(f, e);
		return;
	}
	f->input = *input;
	strbuf_init(input);
	f->read->result.answers++;
	if (f->read->spec.watch) {
		const struct http_request req =
			request_http(&f->request, f->read->spec.conf);

		f->read->spec.watch(f->read->spec.io, &req, f->input.buf, f->input.len);
	}
	fetch_use(f);
}

static bool is_kept_for_good(const struct fetch *f)
{
	return f->level && f->read->spec.read->stages[f->level - 1].keep;
}

static void look(struct fetch *f, const struct err *e)
{
	const struct reply_spec spec = {.connector = f->read->spec.connector,
		.request = fetch_request(f),
		.part = f->read->part,
		.url = f->request.url,
		.values = f->values,
		.map = f->read->spec.map};

	struct reply_checking *checking = reply_check(&spec, &f->answer, e, checked, f);

	if (checking) /* else checked() ran, and f may be gone */
		f->checking = checking;
}

/* The answer that is kept stands for the one that did not come. */
static bool take_kept(struct fetch *f)
{
	const struct kept_answer *kept = kept_find(f->read->spec.kept, &f->key);

	if (!kept)
		return false;
	http_answer_clear(&f->answer);
	strbuf_add(&f->answer.body, kept->body, kept->n_body);
	strbuf_add(&f->answer.headers, kept->headers, kept->n_headers);
	f->answer.status = 200;
	f->from_kept = true;
	return true;
}

static bool is_worth_keeping(const struct fetch *f)
{
	const struct http_answer *a = &f->answer;

	return f->read->spec.kept && a->status == 200 &&
		(is_kept_for_good(f) ||
			(f->request.method == HTTP_GET &&
				(http_answer_header(a, "etag") ||
					http_answer_header(a, "last-modified"))));
}

static void again(void *ctx)
{
	struct fetch *f = ctx;

	f->timer = 0;
	ask(f);
}

/* The server says when: a short while is waited here, and the same is asked again. */
static bool waits(struct fetch *f)
{
	int64_t wait = f->answer.retry_after_ns;

	if ((f->answer.status != 429 && f->answer.status != 503) || wait == NONE_INT ||
		wait > WAIT_MAX_NS || f->tries >= TRIES_MAX)
		return false;
	f->tries++;
	f->timer = loop_after(f->read->spec.loop, wait, again, f);
	return true;
}

static bool restarts(struct fetch *f)
{
	const struct connector_page *page = fetch_page(f);

	if (page->kind != PAGE_CONTINUE || f->answer.status != page->restart ||
		!f->paging.cursor || f->paging.restarted)
		return false;
	paging_restart(&f->paging);
	ask(f);
	return true;
}

static void answered(void *ctx, struct http_answer *a, const struct err *e)
{
	struct fetch *f = ctx;

	f->sent = 0;
	http_answer_release(&f->answer);
	f->answer = *a;
	strbuf_init(&a->body);
	strbuf_init(&a->headers);
	if (f->read->spec.rate)
		rate_seen(f->read->spec.rate, &f->answer, clock_now(), clock_mono());
	if (e && (waits(f) || restarts(f)))
		return;
	/* What it stands for made room for others meanwhile: asked without a condition. */
	if (!e && f->answer.status == 304) {
		if (!(f->read->spec.kept && take_kept(f)) && f->tries++ < TRIES_MAX) {
			go(f);
			return;
		}
	} else if (!e && !f->from_kept && is_worth_keeping(f)) {
		kept_put(f->read->spec.kept, &f->key, &f->answer);
	}
	look(f, e);
}

/* --- the request --- */

static void refuse_to_wait(struct fetch *f, int64_t wait)
{
	struct strbuf time = STRBUF_INIT;
	struct err e = ERR_INIT;

	duration_human(&time, wait);
	err_set(&e, ERR_BACKEND, _("the server allows no more requests for %s"),
		time.buf);
	err_hint(&e, "%s", _("ask it less often: raise 'every' of this source"));
	err_retry(&e, RETRY_LATER);
	strbuf_release(&time);
	f->read->stopped = true; /* of no use to go on with the others */
	fetch_fail(f, &e);
	err_release(&e);
}

static void send(struct fetch *f, const struct kept_answer *kept)
{
	struct http_request req = request_http(&f->request, f->read->spec.conf);
	struct http_header *headers = mem_new(req.n_headers + 2, sizeof(*headers));

	if (req.n_headers)
		memcpy(headers, req.headers, req.n_headers * sizeof(*headers));
	if (kept && kept->etag)
		headers[req.n_headers++] =
			(struct http_header){"If-None-Match", kept->etag};
	if (kept && kept->modified)
		headers[req.n_headers++] =
			(struct http_header){"If-Modified-Since", kept->modified};
	req.headers = headers;
	f->sent = f->read->spec.send(f->read->spec.io, &req, answered, f);
	free(headers);
}

static void go(void *ctx)
{
	struct fetch *f = ctx;
	struct rate *rate = f->read->spec.rate;
	int64_t wait = rate ? rate_take(rate, clock_mono()) : 0;
	bool may_be_kept = f->read->spec.kept && f->request.method == HTTP_GET;

	f->timer = 0;
	if (wait > WAIT_MAX_NS)
		refuse_to_wait(f, wait);
	else if (wait > 0)
		f->timer = loop_after(f->read->spec.loop, wait, go, f);
	else
		send(f, may_be_kept ? kept_find(f->read->spec.kept, &f->key) : NULL);
}

static void made(void *ctx, struct request *request, const struct err *e)
{
	struct fetch *f = ctx;

	f->making = NULL;
	http_answer_clear(&f->answer);
	if (e) {
		fetch_fail(f, e);
		return;
	}
	request_release(&f->request);
	f->request = *request;
	*request = (struct request){0};
	f->from_kept = false;
	if (f->read->spec.kept)
		f->key = kept_key(&f->request);
	if (f->read->spec.kept && is_kept_for_good(f) && take_kept(f))
		look(f, NULL);
	else
		go(f);
}

static void ask(struct fetch *f)
{
	struct pair pairs[2];
	char digits[24];
	const struct pairs more = {pairs, paging_query(&f->paging, pairs, digits)};
	struct request_spec spec = {.connector = f->read->spec.connector,
		.request = fetch_request(f),
		.base = f->read->spec.conf->url,
		.part = f->read->part,
		.map = f->read->spec.map,
		.url = f->paging.url,
		.more_query = &more,
		.variable = fetch_page(f)->variable};
	struct request_making *making;

	json_set(f->values, "cursor", paging_cursor(&f->paging));
	spec.values = f->values;
	making = request_make(&spec, made, f);
	if (making)
		f->making = making;
}

/* A stage may ask for some of its items, and take the others as they are. */
static bool has_request(const struct fetch *f)
{
	const char *path = fetch_request(f)->path;

	return path && !path_pattern_is_left_out(path, f->values);
}

void fetch_start(struct fetch *f)
{
	if (has_request(f)) {
		f->tries = 0;
		ask(f);
		return;
	}
	strbuf_reset(&f->input);
	strbuf_adds(&f->input, "null");
	fetch_use(f);
}
