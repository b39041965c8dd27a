#include "config.h"
#include "lab/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/i18n.h"
#include "core/log.h"

#define MAX_BODY ((size_t)1024 * 1024)
#define MAX_WAITING 256

struct exchange {
	struct server *server;
	struct MHD_Connection *connection;
	struct arena arena; /* owned */
	struct request q;
	struct strbuf body; /* owned */
	struct fault fault;
	bool read, befallen, too_large, suspended;
	unsigned timer;
};

struct server {
	struct loop *loop; /* borrowed */
	struct lab *lab; /* borrowed */
	struct MHD_Daemon *daemon; /* owned */
	uint16_t port;
	char *url; /* owned */
	unsigned tick;
	struct exchange *waiting[MAX_WAITING]; /* suspended by a fault */
	size_t n_waiting;
};

/* --- one request --- */

static size_t keep_escapes(void *ctx, struct MHD_Connection *c, char *s)
{
	(void)ctx;
	(void)c;
	return strlen(s);
}

static enum MHD_Result add_argument(
	void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct exchange *x = ctx;
	struct params *p = &x->q.query;
	struct param *param;

	(void)kind;
	if (p->n >= 256)
		return MHD_NO;
	param = arena_push(&x->arena, p->items, p->n, p->cap);
	param->name = request_decode(&x->arena, name, strlen(name));
	param->value = value ? request_decode(&x->arena, value, strlen(value)) : "";
	return MHD_YES;
}

static const char *header(struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

static struct exchange *exchange_new(
	struct server *s, struct MHD_Connection *c, const char *method, const char *url)
{
	struct exchange *x = mem_new(1, sizeof(*x));

	x->server = s;
	x->connection = c;
	arena_init(&x->arena);
	strbuf_init(&x->body);
	x->q.arena = &x->arena;
	x->q.method = arena_strdup(&x->arena, strcmp(method, "HEAD") ? method : "GET");
	x->q.path = arena_strdup(&x->arena, url);
	x->q.authorization = header(x, "Authorization");
	x->q.content_type = header(x, "Content-Type");
	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_argument, x);
	return x;
}

static void stop_waiting(struct exchange *x)
{
	struct server *s = x->server;

	for (size_t i = 0; i < s->n_waiting; i++)
		if (s->waiting[i] == x) {
			s->waiting[i] = s->waiting[--s->n_waiting];
			break;
		}
	loop_cancel(s->loop, x->timer);
	x->timer = 0;
}

static void completed(void *ctx, struct MHD_Connection *c, void **state,
	enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *state;

	(void)ctx;
	(void)c;
	(void)why;
	if (!x)
		return;
	stop_waiting(x);
	arena_release(&x->arena);
	strbuf_release(&x->body);
	free(x);
	*state = NULL;
}

/* --- faults --- */

static void resume(void *ctx)
{
	struct exchange *x = ctx;

	x->timer = 0;
	x->suspended = false;
	stop_waiting(x);
	MHD_resume_connection(x->connection);
}

/* A hang ends when its fault is taken away, so that a test can go on. */
static void resume_freed(struct server *s)
{
	for (size_t i = s->n_waiting; i-- > 0;) {
		bool still = false;

		for (size_t k = 0; k < s->lab->faults.n && !still; k++)
			still = s->lab->faults.items[k].kind == FAULT_HANG;
		if (s->waiting[i]->fault.kind == FAULT_HANG && !still)
			resume(s->waiting[i]);
	}
}

static void suspend(struct exchange *x)
{
	struct server *s = x->server;

	if (s->n_waiting == MAX_WAITING)
		return;
	s->waiting[s->n_waiting++] = x;
	x->suspended = true;
	if (x->fault.kind == FAULT_SLOW)
		x->timer = loop_after(s->loop, x->fault.amount, resume, x);
	MHD_suspend_connection(x->connection);
}

/* Disconnecting a TCP socket sends RST at once, whatever the library does afterwards. */
static enum MHD_Result reset(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	if (info && connect(info->connect_fd, &none, sizeof(none)))
		log_debug("%s: %s", __func__, strerror(errno));
	return MHD_NO;
}

struct stream {
	struct strbuf begins; /* owned */
	uint64_t stops; /* in the middle, with an error */
	bool huge;
	bool lines; /* what fills it: lines or one long string */
};

static ssize_t stream_read(void *ctx, uint64_t at, char *buf, size_t max)
{
	struct stream *st = ctx;
	uint64_t left = st->stops > at ? st->stops - at : 0;
	size_t n = max < left ? max : (size_t)left;

	if (!left)
		return st->huge ? MHD_CONTENT_READER_END_OF_STREAM
				: MHD_CONTENT_READER_END_WITH_ERROR;
	if (at < st->begins.len) {
		size_t have = st->begins.len - (size_t)at;

		n = n < have ? n : have;
		memcpy(buf, st->begins.buf + at, n);
	} else {
		for (size_t i = 0; i < n; i++) {
			uint64_t k = (at + i - st->begins.len) % 64;

			/* Comments of 64 bytes, or one string without end. */
			buf[i] = st->lines && k < 2    ? "# "[k]
				: st->lines && k == 63 ? '\n'
						       : 'x';
		}
	}
	return (ssize_t)n;
}

static void stream_free(void *ctx)
{
	struct stream *st = ctx;

	strbuf_release(&st->begins);
	free(st);
}

static bool is_json(const struct answer *a)
{
	return !strncmp(a->type, "application/json", 16);
}

static struct MHD_Response *truncated(struct answer *a)
{
	struct stream *st = mem_new(1, sizeof(*st));

	st->begins = a->body;
	strbuf_init(&a->body);
	st->stops = st->begins.len / 2;
	return MHD_create_response_from_callback(
		st->begins.len, 32768, stream_read, st, stream_free);
}

static struct MHD_Response *huge(const struct exchange *x, const struct answer *a)
{
	struct stream *st = mem_new(1, sizeof(*st));

	strbuf_init(&st->begins);
	strbuf_adds(&st->begins,
		is_json(a) ? "{\"data\": [], \"padding\": \"" : "# the whole platform\n");
	st->stops = (uint64_t)x->fault.amount;
	st->huge = true;
	st->lines = !is_json(a);
	return MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 65536, stream_read, st, stream_free);
}

static void spoil(const struct exchange *x, struct answer *a)
{
	if (x->fault.kind == FAULT_500) {
		answer_text(a, 500, "Internal Server Error");
	} else if (x->fault.kind == FAULT_WRONG_JSON) {
		bool json = is_json(a);

		strbuf_reset(&a->body);
		strbuf_adds(&a->body,
			json ? "{\"data\": [{\"id\": 12, \"name\": }, 7"
			     : "requests_total{service=\"a} 12\n{{{ 1 x\n");
	}
}

/* --- answering --- */

/* A page of the web must not talk to the lab through a name of its own. */
static bool host_is_loopback(const char *host)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

	for (size_t i = 0; host && i < ARRAY_LEN(names); i++) {
		size_t n = strlen(names[i]);

		if (!strncasecmp(host, names[i], n) && (!host[n] || host[n] == ':'))
			return true;
	}
	return false;
}

static enum MHD_Result send_answer(struct exchange *x, struct answer *a)
{
	struct MHD_Response *r;
	enum MHD_Result result;

	if (x->fault.kind == FAULT_TRUNCATE && a->body.len > 1)
		r = truncated(a);
	else if (x->fault.kind == FAULT_HUGE)
		r = huge(x, a);
	else
		r = MHD_create_response_from_buffer(
			a->body.len, a->body.buf, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(r, "Content-Type", a->type);
	if (a->challenge)
		MHD_add_response_header(r, "WWW-Authenticate", a->challenge);
	result = MHD_queue_response(x->connection, (unsigned)a->status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result answer(struct exchange *x)
{
	struct server *s = x->server;
	struct answer a = {.status = 200, .type = "application/json"};
	enum MHD_Result result;

	strbuf_init(&a.body);
	x->q.body = x->body.buf;
	x->q.body_n = x->body.len;
	if (!s->lab->manual)
		platform_run(s->lab->platform, clock_now());
	s->lab->now = s->lab->manual ? s->lab->platform->now : clock_now();
	if (x->too_large)
		answer_text(&a, 413, "the body is too large");
	else if (!host_is_loopback(header(x, "Host")))
		answer_text(&a, 403,
			"Invalid Host header - possible DNS rebinding attack detected");
	else
		lab_answer(&a, s->lab, &x->q);
	spoil(x, &a);
	result = send_answer(x, &a);
	strbuf_release(&a.body);
	resume_freed(s);
	return result;
}

static void take_upload(struct exchange *x, const char *data, size_t *n)
{
	if (x->body.len + *n > MAX_BODY)
		x->too_large = true;
	else
		strbuf_add(&x->body, data, *n);
	*n = 0;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_n,
	void **state)
{
	struct exchange *x = *state;

	(void)version;
	if (!x) {
		*state = exchange_new(ctx, c, method, url);
		return MHD_YES;
	}
	if (*upload_n) {
		take_upload(x, upload, upload_n);
		return MHD_YES;
	}
	if (!x->befallen) {
		x->befallen = true;
		x->fault = fault_take(&x->server->lab->faults, x->q.path);
		if (x->fault.kind == FAULT_RESET)
			return reset(x);
		if (x->fault.kind == FAULT_SLOW || x->fault.kind == FAULT_HANG) {
			suspend(x);
			if (x->suspended)
				return MHD_YES;
		}
	}
	return answer(x);
}

/* --- on the loop --- */

static void pump(void *ctx)
{
	struct server *s = ctx;

	for (int i = 0; i < 64; i++) {
		MHD_UNSIGNED_LONG_LONG ms = 1;

		MHD_run(s->daemon);
		if (MHD_get_timeout(s->daemon, &ms) != MHD_YES || ms)
			return;
	}
	loop_after(s->loop, 0, pump, s);
}

static void readable(void *ctx, int fd, unsigned events)
{
	(void)fd;
	(void)events;
	pump(ctx);
}

static void tick(void *ctx)
{
	struct server *s = ctx;

	if (!s->lab->manual)
		platform_run(s->lab->platform, clock_now());
	s->tick = loop_after(s->loop, STEP_NS, tick, s);
	pump(s);
}

static int listen_on(uint16_t *port, struct err *e)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(*port), .sin_addr = {0}};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return err_errno(e, errno, _("cannot make a socket"));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 128) ||
		getsockname(fd, (struct sockaddr *)&at, &n)) {
		err_errno(e, errno, _("cannot listen on port %d of 127.0.0.1"), *port);
		err_hint(e, _("choose another with --port, or 0 for any"));
		close(fd);
		return -1;
	}
	*port = ntohs(at.sin_port);
	return fd;
}

int server_new(struct server **out, struct loop *loop, struct lab *lab, uint16_t port,
	struct err *e)
{
	struct server *s = mem_new(1, sizeof(*s));
	const union MHD_DaemonInfo *info;
	int fd = listen_on(&port, e);

	*out = s;
	s->loop = loop;
	s->lab = lab;
	s->port = port;
	if (fd < 0)
		return -1;
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
		NULL, handle, s, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_CONNECTION_TIMEOUT, 120u, MHD_OPTION_END);
	if (!s->daemon) {
		close(fd);
		return err_set(e, ERR_SYSTEM,
			_("the HTTP server does not start: libmicrohttpd needs epoll"));
	}
	s->url = mem_format("http://127.0.0.1:%d", port);
	lab->url = s->url;
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	loop_watch(loop, info->epoll_fd, LOOP_READ, readable, s);
	tick(s);
	return 0;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	loop_cancel(s->loop, s->tick);
	/* The library refuses to stop while anything is suspended. */
	while (s->n_waiting)
		resume(s->waiting[0]);
	if (s->daemon) {
		const union MHD_DaemonInfo *info =
			MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

		loop_watch(s->loop, info->epoll_fd, 0, NULL, NULL);
		MHD_stop_daemon(s->daemon);
	}
	free(s->url);
	free(s);
}

uint16_t server_port(const struct server *s)
{
	return s->port;
}
