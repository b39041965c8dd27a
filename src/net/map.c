#include "config.h"
#include "net/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "core/child.h"
#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/path.h"
#include "core/strbuf.h"
#include "net/map_wire.h"

#define PROGRAM_LIMIT NS_PER_S
#define START_LIMIT (10 * NS_PER_S)
/* A sanitizer reserves more address space than any limit would leave it. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_BYTES 0
#else
#define MEMORY_BYTES (INT64_C(1) << 30)
#endif

/* A program as the worker knows it: by number, sent once. */
struct known {
	char *text; /* owned: with its prefix; the key */
	uint32_t id;
	unsigned worker; /* which worker has it: m->worker_number when it was sent */
	UT_hash_handle hh;
};

struct job {
	struct job *next;
	unsigned ticket;
	struct known *program; /* borrowed */
	char *label; /* owned */
	char *values, *body; /* owned */
	size_t n_values, n_body;
	map_done_fn *fn;
	void *ctx;
	struct err refused; /* what came out before it could be sent */
};

struct map {
	struct loop *loop; /* borrowed */
	char *exe; /* owned */
	struct child child;
	bool alive, fresh; /* fresh: has answered nothing yet */
	unsigned worker_number, next_ticket;
	uint32_t next_id;
	struct known *programs;
	struct job *jobs, **tail; /* the first one is in flight when busy */
	bool busy, cancelled;
	struct strbuf out, in;
	size_t sent;
	size_t queued, max_queued; /* bytes of the jobs' bodies */
	unsigned timer, kick;
};

static void advance(void *ctx);

struct map *map_new(struct loop *l, const char *exe)
{
	struct map *m = mem_new(1, sizeof(*m));

	m->loop = l;
	m->exe = exe ? mem_strdup(exe) : path_program();
	m->tail = &m->jobs;
	m->max_queued = MAP_QUEUE_BYTES;
	m->child = (struct child){.in = -1, .out = -1, .err = -1};
	strbuf_init(&m->out);
	strbuf_init(&m->in);
	return m;
}

void map_limit(struct map *m, size_t bytes)
{
	m->max_queued = bytes;
}

static void job_free(struct map *m, struct job *j)
{
	m->queued -= j->n_body;
	free(j->label);
	free(j->values);
	free(j->body);
	err_release(&j->refused);
	free(j);
}

static void worker_gone(void *ctx, pid_t pid, int status)
{
	(void)ctx;
	log_debug("%s: %d ended with %d", __func__, (int)pid, status);
}

static void worker_drop(struct map *m)
{
	if (!m->alive)
		return;
	loop_watch(m->loop, m->child.in, 0, NULL, NULL);
	loop_watch(m->loop, m->child.out, 0, NULL, NULL);
	child_signal(&m->child, 9);
	child_close(&m->child);
	m->alive = false;
	strbuf_reset(&m->in);
	strbuf_reset(&m->out);
	m->sent = 0;
}

void map_free(struct map *m)
{
	struct known *k, *next;

	if (!m)
		return;
	worker_drop(m);
	loop_cancel(m->loop, m->timer);
	loop_cancel(m->loop, m->kick);
	while (m->jobs) {
		struct job *j = m->jobs;

		m->jobs = j->next;
		job_free(m, j);
	}
	HASH_ITER (hh, m->programs, k, next) {
		HASH_DEL(m->programs, k);
		free(k->text);
		free(k);
	}
	strbuf_release(&m->in);
	strbuf_release(&m->out);
	free(m->exe);
	free(m);
}

static int worker_start(struct map *m, struct err *e)
{
	const char *const argv[] = {m->exe, "map", NULL};
	const char *const env[] = {NULL};
	const struct child_spec spec = {
		.argv = argv,
		.env = env,
		.cwd = "/",
		.in = CHILD_PIPE,
		.out = CHILD_PIPE,
		.err = CHILD_NULL,
		.memory_bytes = MEMORY_BYTES,
	};

	if (child_start(&m->child, &spec, e))
		return err_prefix(e, "%s", _("cannot start the jq worker: "));
	loop_child(m->loop, m->child.pid, worker_gone, m);
	m->alive = m->fresh = true;
	m->worker_number++;
	return 0;
}

/* Hand the first job's result over.  The callback may add jobs or cancel others. */
static void finish(struct map *m, const struct json *results, const struct err *e)
{
	struct job *j = m->jobs;

	loop_cancel(m->loop, m->timer);
	m->timer = 0;
	m->jobs = j->next;
	if (!m->jobs)
		m->tail = &m->jobs;
	m->busy = false;
	if (!m->cancelled)
		j->fn(j->ctx, results, e);
	m->cancelled = false;
	job_free(m, j);
	if (m->jobs && !m->kick)
		m->kick = loop_after(m->loop, 0, advance, m);
}

static void fail(struct map *m, const char *fmt, const char *detail)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_BACKEND, _("%s: %s"), m->jobs->label, _(fmt));
	if (detail) {
		err_clear(&e);
		err_set(&e, ERR_BACKEND, _("%s: %s: %s"), m->jobs->label, _(fmt), detail);
	}
	finish(m, NULL, &e);
	err_release(&e);
}

static void too_slow(void *ctx)
{
	struct map *m = ctx;

	m->timer = 0;
	worker_drop(m);
	fail(m, N_("the jq program ran for more than a second and was stopped"), NULL);
}

static void worker_died(struct map *m)
{
	worker_drop(m);
	fail(m, N_("the jq program crashed or ran out of memory"), NULL);
}

static void take_answer(struct map *m, const struct map_answer *head)
{
	const char *text = m->in.buf + sizeof(*head);
	struct json *results = NULL;
	struct err e = ERR_INIT;

	m->fresh = false;
	if (head->failed) {
		char *detail = mem_strndup(text, head->n);

		strbuf_reset(&m->in);
		fail(m, N_("the jq program failed"), detail);
		free(detail);
		return;
	}
	if (json_parse(&results, text, head->n, &e))
		err_prefix(&e, _("%s: the jq worker's answer cannot be read: "),
			m->jobs->label);
	strbuf_reset(&m->in);
	finish(m, results, results ? NULL : &e);
	json_free(results);
	err_release(&e);
}

static void readable(void *ctx, int fd, unsigned events)
{
	struct map *m = ctx;
	struct map_answer head;
	ssize_t got;

	(void)events;
	strbuf_room(&m->in, 65536);
	got = read(fd, m->in.buf + m->in.len, 65536);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0 || !m->busy) {
		if (m->busy)
			worker_died(m);
		else
			worker_drop(m);
		return;
	}
	m->in.len += (size_t)got;
	m->in.buf[m->in.len] = '\0';
	if (m->in.len < sizeof(head))
		return;
	memcpy(&head, m->in.buf, sizeof(head));
	if (head.n > MAP_ANSWER_MAX + (1u << 20))
		worker_died(m);
	else if (m->in.len >= sizeof(head) + head.n)
		take_answer(m, &head);
}

static void writable(void *ctx, int fd, unsigned events)
{
	struct map *m = ctx;
	ssize_t put = write(fd, m->out.buf + m->sent, m->out.len - m->sent);

	(void)events;
	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put < 0) {
		worker_died(m);
		return;
	}
	m->sent += (size_t)put;
	if (m->sent < m->out.len)
		return;
	strbuf_reset(&m->out);
	m->sent = 0;
	loop_watch(m->loop, fd, 0, NULL, NULL);
	/* The second begins when the worker has it all; a new one has to be loaded first. */
	loop_cancel(m->loop, m->timer);
	m->timer = loop_after(m->loop,
		m->fresh ? PROGRAM_LIMIT + NS_PER_S / 2 : PROGRAM_LIMIT, too_slow, m);
}

static void send_job(struct map *m)
{
	struct job *j = m->jobs;
	bool first = j->program->worker != m->worker_number;
	const struct map_request head = {
		.id = j->program->id,
		.n_program = first ? (uint32_t)strlen(j->program->text) : 0,
		.n_values = (uint32_t)j->n_values,
		.n_body = (uint32_t)j->n_body,
	};

	j->program->worker = m->worker_number;
	strbuf_add(&m->out, &head, sizeof(head));
	strbuf_add(&m->out, j->program->text, head.n_program);
	strbuf_add(&m->out, j->values, j->n_values);
	strbuf_add(&m->out, j->body, j->n_body);
	m->busy = true;
	m->timer = loop_after(m->loop, START_LIMIT, too_slow, m);
	loop_watch(m->loop, m->child.out, LOOP_READ, readable, m);
	loop_watch(m->loop, m->child.in, LOOP_WRITE, writable, m);
}

static void advance(void *ctx)
{
	struct map *m = ctx;
	struct err e = ERR_INIT;

	m->kick = 0;
	if (m->busy || !m->jobs)
		return;
	if (m->jobs->refused.code)
		err_move(&e, &m->jobs->refused);
	else if (m->alive || !worker_start(m, &e))
		send_job(m);
	if (e.code)
		finish(m, NULL, &e);
	err_release(&e);
}

static void declare(struct strbuf *text, const char *name)
{
	strbuf_addf(text, "%s%s: $%s", text->len ? ", " : ".[1] as {", name, name);
}

static struct known *program_known(
	struct map *m, const struct map_program *p, const struct json *values)
{
	struct strbuf text = STRBUF_INIT;
	struct known *k;

	for (size_t i = 0; p->names && i < p->n_names; i++)
		declare(&text, p->names[i]);
	if (!p->names)
		json_each (v, values)
			declare(&text, json_key(v));
	strbuf_addf(&text, "%s.[0] | (%s\n)", text.len ? "} | " : "", p->text);
	HASH_FIND_STR(m->programs, text.buf, k);
	if (!k) {
		k = mem_new(1, sizeof(*k));
		k->id = ++m->next_id;
		k->text = strbuf_detach(&text, NULL);
		HASH_ADD_KEYPTR(hh, m->programs, k->text, strlen(k->text), k);
	}
	strbuf_release(&text);
	return k;
}

unsigned map_run(struct map *m, const struct map_program *program, const char *body,
	size_t n_body, const struct json *values, map_done_fn *fn, void *ctx)
{
	struct job *j = mem_new(1, sizeof(*j));
	struct strbuf text = STRBUF_INIT, raw = STRBUF_INIT;

	j->ticket = ++m->next_ticket ? m->next_ticket : ++m->next_ticket;
	j->program = program_known(m, program, values);
	j->label = mem_strdup(program->label);
	j->fn = fn;
	j->ctx = ctx;
	if (m->queued > m->max_queued || n_body > m->max_queued - m->queued) {
		err_set(&j->refused, ERR_LIMIT, _("%s: %s"), program->label,
			_("too many large answers arrive at once"));
		err_hint(&j->refused, "%s",
			_("lower max_bytes of the sources, or ask for less"));
		err_retry(&j->refused, RETRY_LATER);
	} else if (json_guard(&text, body, n_body, &j->refused)) {
		err_prefix(&j->refused, "%s: ", program->label);
	}
	j->body = strbuf_detach(&text, &j->n_body);
	m->queued += j->n_body;
	if (values)
		json_format(&raw, values, false);
	else
		strbuf_adds(&raw, "{}");
	if (!j->refused.code)
		json_guard(&text, raw.buf, raw.len, &j->refused);
	j->values = strbuf_detach(&text, &j->n_values);
	strbuf_release(&raw);
	*m->tail = j;
	m->tail = &j->next;
	if (!m->busy && !m->kick)
		m->kick = loop_after(m->loop, 0, advance, m);
	return j->ticket;
}

void map_cancel(struct map *m, unsigned ticket)
{
	for (struct job **at = &m->jobs; *at; at = &(*at)->next) {
		struct job *j = *at;

		if (j->ticket != ticket)
			continue;
		if (m->busy && j == m->jobs) {
			m->cancelled = true;
			return;
		}
		*at = j->next;
		if (!*at)
			m->tail = at;
		job_free(m, j);
		return;
	}
}

struct now {
	struct json *results;
	struct err *e;
	bool done;
};

static void now_done(void *ctx, const struct json *results, const struct err *e)
{
	struct now *now = ctx;

	now->done = true;
	now->results = results ? json_copy(results) : NULL;
	if (e) {
		err_set(now->e, e->code, "%s", e->what);
		err_retry(now->e, e->retry);
	}
}

void map_wait(struct map *m, const bool *done)
{
	while (!*done)
		loop_turn(m->loop, NS_PER_S);
}

int map_run_now(struct json **results, struct map *m, const struct map_program *program,
	const char *body, size_t n_body, const struct json *values, struct err *e)
{
	struct now now = {.e = e};

	map_run(m, program, body, n_body, values, now_done, &now);
	map_wait(m, &now.done);
	*results = now.results;
	return now.results ? 0 : -1;
}

/* Words that jq takes for itself, so that $word does not compile. */
static const char *const jq_words[] = {"def", "if", "then", "else", "elif", "end", "and",
	"or", "as", "reduce", "foreach", "try", "catch", "label", "import", "include",
	"__loc__"};

int map_name_check(const char *name, struct err *e)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char others[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	bool word = false;

	for (size_t i = 0; i < ARRAY_LEN(jq_words); i++)
		word |= !strcmp(jq_words[i], name);
	if (*name && strchr(letters, *name) && strspn(name, others) == strlen(name) &&
		!word)
		return 0;
	err_set(e, ERR_INPUT, _("'%s' cannot be a variable's name"), name);
	return err_hint(
		e, "%s", _("use letters, digits and underscores, no word of jq's own"));
}
