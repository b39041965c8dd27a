#include "config.h"

#include "net/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "net/http_failure.h"
#include "net/http_hush.h"
#include "net/http_redirect.h"
#include "net/http_transfer.h"
#include "net/rate.h"
#include "net/url.h"

enum {
	MAX_REDIRECTS = 5,
	MAX_CONNECTIONS_KEPT = 2048,
};

const char *http_method_name(enum http_method m)
{
	static const char *const names[HTTP_METHODS] = {
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

	return m < HTTP_METHODS ? names[m] : "";
}

/* --- ending one --- */

static void transfer_unlink(struct transfer *t)
{
	for (struct transfer **p = &t->http->transfers; *p; p = &(*p)->next) {
		if (*p == t) {
			*p = t->next;
			t->http->n--;
			t->http->held -= t->held;
			t->held = 0;
			return;
		}
	}
}

static void transfer_free(struct transfer *t)
{
	loop_cancel(t->http->loop, t->soon);
	if (t->resolving)
		auth_cancel(t->http->auth, t);
	if (t->running)
		curl_multi_remove_handle(t->http->multi, t->easy);
	curl_easy_cleanup(t->easy);
	http_headers_wipe(t->headers);
	curl_slist_free_all(t->connect_to);
	credential_release(&t->credential);
	strbuf_release(&t->url);
	secret_release(&t->body); /* of a login */
	strbuf_release(&t->own_headers);
	free(t->content_type);
	free(t->accept);
	http_answer_release(&t->answer);
	err_release(&t->early);
	free(t);
}

static void transfer_end(struct transfer *t, const struct err *e)
{
	t->answer.latency_ns = clock_mono() - t->began_mono;
	log_debug("%s: request %u: status %d, %zu bytes%s%s", __func__, t->handle,
		t->answer.status, t->answer.body.len, e ? ", " : "", e ? e->what : "");
	transfer_unlink(t);
	t->fn(t->ctx, &t->answer, e);
	transfer_free(t);
}

static void on_soon(void *ctx)
{
	struct transfer *t = ctx;

	t->soon = 0;
	transfer_end(t, &t->early);
}

/* http_start() never calls back: what fails at once is told on the next turn. */
static void transfer_fail_soon(struct transfer *t)
{
	struct strbuf shown = STRBUF_INIT;

	if (!t->early.where) {
		url_shown(&shown, t->url.buf);
		err_where(&t->early, "%s", shown.buf);
		strbuf_release(&shown);
	}
	t->soon = loop_after(t->http->loop, 0, on_soon, t);
}

/* --- redirects --- */

static int redirect_refuse(struct transfer *t, const char *to, struct err *e)
{
	struct strbuf shown = STRBUF_INIT;

	url_shown(&shown, to);
	err_set(e, ERR_BACKEND, _("the server redirects to '%s', which is not followed"),
		shown.buf);
	strbuf_reset(&shown);
	url_shown(&shown, t->url.buf);
	err_where(e, "%s", shown.buf);
	strbuf_release(&shown);
	err_hint(e,
		_("credentials go to the configured host only: "
		  "put the right URL into the configuration"));
	return err_retry(e, RETRY_LATER);
}

static int transfer_begin(struct transfer *t, struct err *e);

/* 1: goes on with another request; 0: this is the answer; -1: refused. */
static int redirect_follow(struct transfer *t, struct err *e)
{
	char *to = NULL;
	int status = t->answer.status;
	bool safe = t->method == HTTP_GET || t->method == HTTP_HEAD;

	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
	if (!to || status < 301 || status > 308 || (status > 303 && status < 307))
		return 0;
	/* Sending a body again is what 307 and 308 mean; 301 and 302 would change the method. */
	if (t->redirects >= MAX_REDIRECTS || !http_may_follow(t->url.buf, to) ||
		(!safe && status < 303))
		return redirect_refuse(t, to, e);
	t->redirects++;
	if (status == 303 && !safe) {
		t->method = HTTP_GET;
		strbuf_reset(&t->body);
		free(t->content_type);
		t->content_type = NULL;
	}
	strbuf_reset(&t->url);
	strbuf_adds(&t->url, to);
	return transfer_begin(t, e) < 0 ? -1 : 1;
}

/* --- the multi handle on our loop --- */

static int transfer_err(struct transfer *t, CURLcode code, struct err *e)
{
	struct http_failure f = {
		.code = code,
		.easy = t->easy,
		.url = t->url.buf,
		.tls_words = t->tls_words,
		.timeout_ns = t->timeout_ns,
		.max_bytes = t->max_bytes,
		.too_large = t->too_large,
		.too_many = t->too_many,
	};

	return http_failure_err(&f, e);
}

static void on_credential(void *ctx, const struct credential *c, const struct err *e);

static void transfer_resolve(struct transfer *t)
{
	t->resolving = true;
	t->ask.url = t->url.buf;
	auth_get(t->http->auth, &t->ask, on_credential, t);
}

static void transfer_done(struct transfer *t, CURLcode code)
{
	struct err e = ERR_INIT;
	curl_off_t number = 0;
	long status = 0;
	int rc = 0;

	curl_multi_remove_handle(t->http->multi, t->easy);
	t->running = false;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	t->answer.status = (int)status;
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &number);
	t->answer.bytes += number;
	number = 0;
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &number);
	t->answer.retry_after_ns = number > 0 && number < 7 * 86400
		? number * NS_PER_S
		: rate_told_ns(&t->answer, clock_now());
	if (code == CURLE_OK)
		rc = redirect_follow(t, &e);
	else
		rc = transfer_err(t, code, &e);
	if (rc == 0)
		rc = http_status_err(&t->answer, t->url.buf, &e);
	if (t->answer.status == 401 && t->ask.source &&
		auth_again(t->http->auth, &t->ask, &t->credential, &t->answer)) {
		log_debug("%s: request %u: refused, once more", __func__, t->handle);
		transfer_resolve(t);
		rc = 1;
	}
	if (rc < 0)
		http_hush(t);
	if (rc <= 0)
		transfer_end(t, rc < 0 ? &e : NULL);
	err_release(&e);
}

static void http_reap(struct http *h)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(h->multi, &left))) {
		struct transfer *t = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		transfer_done(t, msg->data.result);
	}
}

static void on_fd(void *ctx, int fd, unsigned events)
{
	struct http *h = ctx;
	int bits = 0;
	int running;

	if (events & (LOOP_READ | LOOP_HANGUP))
		bits |= CURL_CSELECT_IN;
	if (events & LOOP_WRITE)
		bits |= CURL_CSELECT_OUT;
	if (events & LOOP_HANGUP)
		bits |= CURL_CSELECT_ERR;
	curl_multi_socket_action(h->multi, fd, bits, &running);
	http_reap(h);
}

static void on_timer(void *ctx)
{
	struct http *h = ctx;
	int running;

	h->timer = 0;
	curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	http_reap(h);
}

static int want_socket(
	CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct http *h = ctx;
	unsigned events = 0;

	(void)easy;
	(void)socket_ctx;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITE;
	loop_watch(h->loop, fd, events, on_fd, h);
	return 0;
}

static int want_timer(CURLM *multi, long ms, void *ctx)
{
	struct http *h = ctx;

	(void)multi;
	loop_cancel(h->loop, h->timer);
	h->timer = ms < 0 ? 0 : loop_after(h->loop, ms * NS_PER_MS, on_timer, h);
	return 0;
}

struct http *http_new(struct loop *l)
{
	struct http *h = mem_new(1, sizeof(*h));

	/* Counts; a second call costs nothing. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		bug("curl_global_init");
	h->loop = l;
	h->max_held = HTTP_TOTAL_BYTES;
	h->auth = auth_new(l, h);
	h->multi = curl_multi_init();
	if (!h->multi)
		bug("curl_multi_init");
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)MAX_CONNECTIONS_KEPT);
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	while (h->transfers) {
		struct transfer *t = h->transfers;

		transfer_unlink(t);
		transfer_free(t);
	}
	auth_free(h->auth);
	curl_multi_cleanup(h->multi);
	loop_cancel(h->loop, h->timer);
	free(h);
	curl_global_cleanup();
}

void http_limit(struct http *h, int64_t total_bytes)
{
	h->max_held = total_bytes;
}

struct auth *http_auth(const struct http *h)
{
	return h->auth;
}

size_t http_in_flight(const struct http *h)
{
	return h->n;
}

/* --- starting one --- */

static int transfer_begin(struct transfer *t, struct err *e)
{
	struct strbuf shown = STRBUF_INIT;

	curl_easy_reset(t->easy);
	http_headers_wipe(t->headers);
	t->headers = NULL;
	curl_slist_free_all(t->connect_to);
	t->connect_to = NULL;
	http_answer_clear(&t->answer);
	t->http->held -= t->held;
	t->held = 0;
	if (url_check(t->url.buf, e) < 0 || http_setup(t, e) < 0)
		return -1;
	url_shown(&shown, t->url.buf);
	log_debug("%s: request %u: %s %s", __func__, t->handle,
		http_method_name(t->method), shown.buf);
	strbuf_release(&shown);
	if (curl_multi_add_handle(t->http->multi, t->easy))
		bug("curl_multi_add_handle");
	t->running = true;
	return 0;
}

static void on_credential(void *ctx, const struct credential *c, const struct err *e)
{
	struct transfer *t = ctx;

	t->resolving = false;
	if (e) {
		err_copy(&t->early, e);
		transfer_fail_soon(t);
		return;
	}
	credential_copy(&t->credential, c);
	if (transfer_begin(t, &t->early) < 0)
		transfer_fail_soon(t);
}

static bool is_header_text(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' && *s != '\t')
			return false;
	}
	return true;
}

static int headers_take(struct transfer *t, const struct http_request *req, struct err *e)
{
	for (size_t i = 0; i < req->n_headers; i++) {
		const struct http_header *h = &req->headers[i];

		if (!*h->name || strpbrk(h->name, ": \t") || !is_header_text(h->name) ||
			!is_header_text(h->value))
			return err_set(
				e, ERR_INPUT, _("the header '%s' is malformed"), h->name);
		strbuf_add(&t->own_headers, h->name, strlen(h->name) + 1);
		strbuf_add(&t->own_headers, h->value, strlen(h->value) + 1);
	}
	return 0;
}

static int64_t first_set(int64_t a, int64_t b, int64_t c)
{
	return a > 0 ? a : b > 0 ? b : c;
}

unsigned http_start(
	struct http *h, const struct http_request *req, http_fn *fn, void *ctx)
{
	struct transfer *t = mem_new(1, sizeof(*t));
	const struct source_conf *s = req->source;

	t->http = h;
	t->handle = ++h->last_handle ? h->last_handle : ++h->last_handle;
	t->source = s;
	t->method = req->method;
	t->answer = (struct http_answer)HTTP_ANSWER_INIT;
	credential_init(&t->credential);
	strbuf_init(&t->url);
	strbuf_init(&t->body);
	strbuf_init(&t->own_headers);
	strbuf_adds(&t->url, req->url);
	strbuf_add(&t->body, req->body, req->body_bytes);
	t->content_type = mem_strdup(req->content_type);
	t->accept = mem_strdup(req->accept);
	t->timeout_ns =
		first_set(req->timeout_ns, s ? s->timeout_ns : 0, HTTP_TIMEOUT_NS);
	t->max_bytes = first_set(req->max_bytes, s ? s->max_bytes : 0, HTTP_MAX_BYTES);
	t->began_mono = clock_mono();
	t->fn = fn;
	t->ctx = ctx;
	t->easy = curl_easy_init();
	if (!t->easy)
		bug("curl_easy_init");
	t->next = h->transfers;
	h->transfers = t;
	h->n++;
	if (headers_take(t, req, &t->early) < 0) {
		transfer_fail_soon(t);
	} else if (s && !req->credential) {
		t->ask.source = s;
		t->ask.write = req->method != HTTP_GET && req->method != HTTP_HEAD;
		transfer_resolve(t);
	} else {
		on_credential(
			t, req->credential ? req->credential : &t->credential, NULL);
	}
	return t->handle;
}

void http_cancel(struct http *h, unsigned handle)
{
	for (struct transfer *t = handle ? h->transfers : NULL; t; t = t->next) {
		if (t->handle == handle) {
			transfer_unlink(t);
			transfer_free(t);
			return;
		}
	}
}

/* --- one request to its end --- */

struct http_single {
	struct http_answer *out;
	struct err *e;
	int rc;
	bool done;
};

static void on_single(void *ctx, struct http_answer *a, const struct err *e)
{
	struct http_single *s = ctx;

	http_answer_release(s->out);
	*s->out = *a;
	strbuf_init(&a->body);
	strbuf_init(&a->headers);
	if (e)
		s->rc = err_copy(s->e, e);
	s->done = true;
}

int http_wait(struct http_answer *out, struct http *h, const struct http_request *req,
	struct err *e)
{
	struct http_single s = {out, e, 0, false};

	http_start(h, req, on_single, &s);
	while (!s.done)
		loop_turn(h->loop, 60 * NS_PER_S);
	return s.rc;
}

int http_run(struct http_answer *out, const struct http_request *req, struct err *e)
{
	struct loop *l = loop_new();
	struct http *h = http_new(l);
	int rc = http_wait(out, h, req, e);

	http_free(h);
	loop_free(l);
	return rc;
}
