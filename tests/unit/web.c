#include "config.h"

#include "tests/unit/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "net/url.h"

struct web_client {
	struct web_client *next;
	struct web *web;
	int fd;
	struct strbuf in, out;
	size_t sent;
	enum web_fault fault;
	unsigned timer;
};

struct web {
	struct loop *loop;
	int fd, port;
	web_fn *fn;
	void *ctx;
	struct web_client *clients;
	unsigned connections, requests;
};

static void client_free(struct web_client *c)
{
	struct web_client **p = &c->web->clients;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	loop_cancel(c->web->loop, c->timer);
	loop_watch(c->web->loop, c->fd, 0, NULL, NULL);
	close(c->fd);
	strbuf_release(&c->in);
	strbuf_release(&c->out);
	free(c);
}

static void client_events(void *ctx, int fd, unsigned events);

/* Bytes of the first whole request in what came in; 0: it is not whole. */
static size_t request_bytes(const struct strbuf *in)
{
	const char *end = strstr(in->buf, "\r\n\r\n");
	const char *length = strcasestr(in->buf, "\r\ncontent-length:");
	size_t n;

	if (!end)
		return 0;
	n = (size_t)(end - in->buf) + 4;
	if (length && length < end)
		n += strtoul(length + 17, NULL, 10);
	return in->len >= n ? n : 0;
}

static void client_reset(struct web_client *c)
{
	struct linger hard = {1, 0};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	client_free(c);
}

static void client_slowly(void *ctx)
{
	struct web_client *c = ctx;

	c->timer = 0;
	if (c->sent < c->out.len && write(c->fd, c->out.buf + c->sent, 1) == 1)
		c->sent++;
	if (c->sent < c->out.len)
		c->timer = loop_after(c->web->loop, 20 * NS_PER_MS, client_slowly, c);
}

/* False: the client is gone. */
static bool client_send(struct web_client *c)
{
	while (c->sent < c->out.len) {
		ssize_t n = write(c->fd, c->out.buf + c->sent, c->out.len - c->sent);

		if (n < 0 && errno == EAGAIN) {
			loop_watch(c->web->loop, c->fd, LOOP_WRITE, client_events, c);
			return true;
		}
		if (n < 0) {
			client_free(c);
			return false;
		}
		c->sent += (size_t)n;
	}
	strbuf_reset(&c->out);
	c->sent = 0;
	if (c->fault == WEB_OK) {
		loop_watch(c->web->loop, c->fd, LOOP_READ, client_events, c);
		return true;
	}
	if (c->fault == WEB_RESET)
		client_reset(c);
	else
		client_free(c);
	return false;
}

/* Answer the request in c->in; false: the client is gone, or says no more. */
static bool client_answer(struct web_client *c, size_t n)
{
	char *request = mem_strndup(c->in.buf, n);
	enum web_fault fault;

	strbuf_remove(&c->in, 0, n);
	c->web->requests++;
	fault = c->fault = c->web->fn(c->web->ctx, request, &c->out);
	free(request);
	if (fault == WEB_HANG) {
		(void)!write(c->fd, c->out.buf, c->out.len);
		loop_watch(c->web->loop, c->fd, 0, NULL, NULL);
		return false;
	}
	if (fault == WEB_SLOW) {
		loop_watch(c->web->loop, c->fd, 0, NULL, NULL);
		client_slowly(c);
		return false;
	}
	return client_send(c) && !c->out.len;
}

static void client_events(void *ctx, int fd, unsigned events)
{
	struct web_client *c = ctx;
	char buf[16384];
	ssize_t n;

	if (events & LOOP_WRITE) {
		client_send(c);
		return;
	}
	n = read(fd, buf, sizeof(buf));
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	strbuf_add(&c->in, buf, (size_t)n);
	while (request_bytes(&c->in)) {
		if (!client_answer(c, request_bytes(&c->in)))
			return;
	}
}

static void web_accept(void *ctx, int fd, unsigned events)
{
	struct web *w = ctx;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct web_client *c;

	(void)events;
	if (client < 0)
		return;
	c = mem_new(1, sizeof(*c));
	c->web = w;
	c->fd = client;
	strbuf_init(&c->in);
	strbuf_init(&c->out);
	c->next = w->clients;
	w->clients = c;
	w->connections++;
	loop_watch(w->loop, client, LOOP_READ, client_events, c);
}

static struct web *web_on(struct loop *l, int fd, web_fn *fn, void *ctx)
{
	struct web *w = mem_new(1, sizeof(*w));

	if (listen(fd, 64) < 0)
		abort();
	w->loop = l;
	w->fd = fd;
	w->fn = fn;
	w->ctx = ctx;
	loop_watch(l, fd, LOOP_READ, web_accept, w);
	return w;
}

struct web *web_new(struct loop *l, web_fn *fn, void *ctx)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t n = sizeof(at);
	struct web *w;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) < 0)
		abort();
	w = web_on(l, fd, fn, ctx);
	getsockname(fd, (struct sockaddr *)&at, &n);
	w->port = ntohs(at.sin_port);
	return w;
}

struct web *web_new_unix(struct loop *l, const char *path, web_fn *fn, void *ctx)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		abort();
	return web_on(l, fd, fn, ctx);
}

void web_free(struct web *w)
{
	while (w->clients)
		client_free(w->clients);
	loop_watch(w->loop, w->fd, 0, NULL, NULL);
	close(w->fd);
	free(w);
}

int web_port(const struct web *w)
{
	return w->port;
}

unsigned web_connections(const struct web *w)
{
	return w->connections;
}

unsigned web_requests(const struct web *w)
{
	return w->requests;
}

void web_reply(
	struct strbuf *reply, int status, const char *headers, const void *body, size_t n)
{
	strbuf_addf(reply, "HTTP/1.1 %d Words\r\nContent-Length: %zu\r\n%s\r\n", status,
		n, headers ? headers : "");
	strbuf_add(reply, body, n);
}

void web_json(struct strbuf *reply, const char *json)
{
	web_reply(reply, 200, "Content-Type: application/json\r\n", json, strlen(json));
}

bool web_header(struct strbuf *out, const char *request, const char *name)
{
	char *key = mem_format("\r\n%s:", name);
	const char *at = strcasestr(request, key);

	if (at) {
		at += strlen(key);
		at += strspn(at, " ");
		strbuf_add(out, at, strcspn(at, "\r\n"));
	}
	free(key);
	return at != NULL;
}

static bool param_in(
	struct strbuf *out, const char *text, const char *end, const char *name)
{
	size_t n = strlen(name);

	while (text < end) {
		const char *next = text;

		while (next < end && *next != '&')
			next++;
		if ((size_t)(next - text) > n && !strncmp(text, name, n) &&
			text[n] == '=') {
			url_decode(out, text + n + 1, (size_t)(next - text) - n - 1);
			return true;
		}
		text = next + 1;
	}
	return false;
}

bool web_param(struct strbuf *out, const char *request, const char *name)
{
	const char *line_end = strchr(request, '\r');
	const char *query = memchr(request, '?', (size_t)(line_end - request));
	const char *body = strstr(request, "\r\n\r\n") + 4;

	if (query && param_in(out, query + 1, strchr(query, ' '), name))
		return true;
	return param_in(out, body, body + strlen(body), name);
}
