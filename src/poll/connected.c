#include "config.h"
#include "poll/reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/log.h"
#include "net/connector.h"
#include "net/read.h"
#include "net/request.h"
#include "net/url.h"
#include "poll/sessions.h"
#include "store/observe.h"
#include "store/sessions.h"
#include "trace/redact.h"

#define SPAN_BATCH 500

/* Kept for one source as long as the collector lives. */
struct connected {
	struct connector connector;
	bool loaded;
	uint64_t
		absent; /* bit i: the path of read i is not there; its fallback is used */
};

/* One round: the reads one after another. */
struct reading {
	struct connected *kept;
	struct source_conf conf;
	struct json *values; /* owned: of the read under way */
	struct read *read; /* under way, or NULL */
	const struct connector_read *what;
	/*
	 * By kind, open from its first read to the end of the round: several reads may bring
	 * records of one kind, and what one of them does not bring has not gone away.
	 */
	struct observe *observes[REC_KINDS];
	bool partial[REC_KINDS]; /* a read of the kind did not see everything */
	struct touched_sessions *touched;
	size_t next; /* index of the next read */
	struct arena batch; /* of the spans below */
	const struct span *spans[SPAN_BATCH];
	size_t n_spans;
	struct err failed; /* of a record that the store refused */
};

static void next_read(struct round *r);

static void reading_free(struct round *r)
{
	struct reading *g = r->scratch;

	if (!g)
		return;
	read_cancel(g->read);
	for (int kind = 0; kind < REC_KINDS; kind++)
		if (g->observes[kind])
			observe_abort(g->observes[kind]);
	arena_release(&g->batch);
	touched_free(g->touched);
	json_free(g->values);
	err_release(&g->failed);
	free(g);
	r->scratch = NULL;
}

static void end(struct round *r, const struct err *e)
{
	struct err copy = ERR_INIT;

	if (e) {
		err_set(&copy, e->code, "%s", e->what);
		err_retry(&copy, e->retry);
		if (e->where)
			err_where(&copy, "%s", e->where);
		if (e->hint)
			err_hint(&copy, "%s", e->hint);
	}
	reading_free(r);
	round_end(r, e ? &copy : NULL);
	err_release(&copy);
}

/* --- requests: the round counts and cancels them --- */

struct sent {
	http_fn *fn;
	void *ctx;
};

static void answered(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct sent sent = *(struct sent *)ctx;

	(void)r;
	sent.fn(sent.ctx, a, e);
}

static void send(void *io, const struct http_request *req, http_fn *fn, void *ctx)
{
	struct round *r = io;
	struct sent *sent = arena_alloc(r->arena, 1, sizeof(*sent));

	*sent = (struct sent){fn, ctx};
	round_request(r, req, answered, sent);
}

/* --- records --- */

/* What has gathered, in one short transaction: none is open while a page is waited for. */
static int write_spans(struct round *r)
{
	struct reading *g = r->scratch;
	int result = 0;

	if (!g->n_spans)
		return 0;
	result = store_begin(r->store, &g->failed);
	for (size_t i = 0; !result && i < g->n_spans; i++) {
		result = span_put(r->store, g->spans[i], &g->failed);
		touched_add(g->touched, g->spans[i]);
	}
	if (!result)
		result = store_commit(r->store, &g->failed);
	else
		store_rollback(r->store);
	g->n_spans = 0;
	arena_reset(&g->batch);
	return result;
}

static void put_span(struct round *r, const struct span *s)
{
	struct reading *g = r->scratch;

	struct span *copy = record_copy(&g->batch, s, REC_SPAN);

	redact_span(copy, &g->batch, keep_of(r->conf->keep_content));
	g->spans[g->n_spans++] = copy;
	if (g->n_spans == SPAN_BATCH)
		write_spans(r);
}

static void take(void *ctx, enum record_kind kind, const void *record)
{
	struct round *r = ctx;
	struct reading *g = r->scratch;

	if (g->failed.code)
		return;
	if (kind == REC_SPAN)
		put_span(r, record);
	else if (kind == REC_SESSION)
		session_put(r->store, record, &g->failed);
	else
		observe_put(g->observes[kind], record, &g->failed);
}

/* What one read brought, but what waits for the others of its kind; -1 with g->failed. */
static int keep(struct round *r, const struct read_result *res)
{
	struct reading *g = r->scratch;

	/* A wish asks one read alone: what the others would have brought is still there. */
	if (g->what->partial || g->what->want || res->cut || res->dropped)
		g->partial[g->what->emits] = true;
	if ((res->cut || res->dropped) && g->observes[g->what->emits])
		observe_missed(g->observes[g->what->emits]);
	return g->failed.code ? -1 : write_spans(r);
}

/* What the round found is written, kind by kind. */
static int write_observed(struct round *r)
{
	struct reading *g = r->scratch;

	for (int kind = 0; kind < REC_KINDS; kind++) {
		struct observe *ob = g->observes[kind];

		g->observes[kind] = NULL;
		if (ob && observe_end(ob, !g->partial[kind], &g->failed))
			return -1;
	}
	return 0;
}

static void read_done(void *ctx, const struct read_result *res, const struct err *e)
{
	struct round *r = ctx;
	struct reading *g = r->scratch;
	struct connected *kept = g->kept;

	g->read = NULL;
	if (e) {
		end(r, e);
		return;
	}
	if (keep(r, res)) {
		end(r, &g->failed);
		return;
	}
	r->records += (int64_t)res->records;
	if (res->dropped)
		round_partial(r, _("%zu records of '%s' do not fit: %s"), res->dropped,
			g->what->name, res->dropped_why);
	if (res->cut)
		round_partial(r, _("'%s' has more pages than are read"), g->what->name);
	if (res->fallback) {
		size_t at = (size_t)(g->what - kept->connector.reads);

		if (at < 64)
			kept->absent |= UINT64_C(1) << at;
		g->next--; /* the same again, by its fallback now */
	}
	next_read(r);
}

/* --- one read after another --- */

static bool is_due(const struct round *r, const struct connector_read *read)
{
	if (read->only_fallback)
		return false;
	if (r->reason == ROUND_WANT && r->want && strcmp(r->want->what, "refresh"))
		return read->want && !strcmp(read->want, r->want->what);
	return !read->want;
}

static const struct connector_read *by_fallback(
	const struct connected *kept, const struct connector_read *read)
{
	size_t at = (size_t)(read - kept->connector.reads);

	if (at < 64 && (kept->absent >> at & 1) && read->fallback)
		return connector_read_find(&kept->connector, read->fallback);
	return read;
}

static bool is_interval(enum record_kind kind)
{
	return record_def(kind)->interval;
}

static void start(struct round *r, const struct connector_read *read)
{
	struct reading *g = r->scratch;
	struct read_spec spec = {
		.connector = &g->kept->connector,
		.read = read,
		.conf = &g->conf,
		.map = r->map,
		.send = send,
		.io = r,
	};

	g->what = read;
	json_free(g->values);
	g->values = read_values(read, r->conf->name, r->now, r->succeeded,
		r->want ? r->want->object : NULL);
	spec.values = g->values;
	if (is_interval(read->emits) && !g->observes[read->emits] &&
		observe_begin(&g->observes[read->emits], r->store, r->conf->name,
			r->generation, read->emits, r->now, r->succeeded == NONE_INT,
			&g->failed)) {
		end(r, &g->failed);
		return;
	}
	if (g->observes[read->emits])
		observe_config(g->observes[read->emits], r->config);
	g->read = read_start(&spec, take, read_done, r);
}

static void next_read(struct round *r)
{
	struct reading *g = r->scratch;
	const struct connector *c = &g->kept->connector;

	while (g->next < c->n_reads && !is_due(r, &c->reads[g->next]))
		g->next++;
	if (g->next < c->n_reads) {
		start(r, by_fallback(g->kept, &c->reads[g->next++]));
		return;
	}
	if (write_observed(r) ||
		touched_write(g->touched, r->store, r->conf->name, &g->failed))
		end(r, &g->failed);
	else
		end(r, NULL);
}

/* --- the reader --- */

static int load(struct connected *kept, const struct round *r, struct err *e)
{
	if (!kept->loaded &&
		connector_load(&kept->connector, r->config, r->conf->type, e)) {
		connector_release(&kept->connector);
		return -1;
	}
	kept->loaded = true;
	/* A server that was upgraded has the newer paths: look again at each full round. */
	if (r->reason == ROUND_FULL)
		kept->absent = 0;
	return 0;
}

static void begin(struct round *r)
{
	struct reading *g = mem_new(1, sizeof(*g));
	struct err e = ERR_INIT;

	g->kept = r->state;
	g->touched = touched_new();
	arena_init(&g->batch);
	r->scratch = g;
	if (load(g->kept, r, &e) ||
		connector_source(&g->conf, &g->kept->connector, r->conf, r->arena, &e))
		end(r, &e);
	else
		next_read(r);
	err_release(&e);
}

static void cancel(struct round *r)
{
	reading_free(r);
}

static void forget(void *state)
{
	struct connected *kept = state;

	if (kept->loaded)
		connector_release(&kept->connector);
}

static bool serves(const struct want *w)
{
	return !strcmp(w->what, "session") || !strcmp(w->what, "trace");
}

/* The version as the probe's program says it, else the answer's first words. */
static int probe_answer(struct probe *out, const struct connector *c,
	const struct http_answer *answer, struct arena *a, struct err *e)
{
	struct map_program program = {.text = c->probe_version.text, .label = c->name};
	struct json *results = NULL;
	struct loop *l;
	struct map *m;
	int result;

	if (!c->probe_version.text) {
		size_t n = strcspn(answer->body.buf, "\r\n");

		if (n && n < 40 && *answer->body.buf != '<')
			out->version = arena_strndup(a, answer->body.buf, n);
		return 0;
	}
	l = loop_new();
	m = map_new(l, NULL);
	result = map_run_now(
		&results, m, &program, answer->body.buf, answer->body.len, NULL, e);
	if (!result)
		out->version = arena_strdup(a, json_text(json_first(results)));
	json_free(results);
	map_free(m);
	loop_free(l);
	return result;
}

static int probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	struct connector c = {0};
	struct source_conf full;
	struct strbuf url = STRBUF_INIT;
	struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request req = {.source = &full, .accept = "*/*"};
	int result = -1;

	*out = (struct probe){0};
	if (connector_load(&c, NULL, conf->type, e) ||
		connector_source(&full, &c, conf, a, e))
		goto out;
	if (!c.probe.path) {
		result = err_set(
			e, ERR_INPUT, _("the connector '%s' has no probe"), c.name);
		goto out;
	}
	result = request_url(&url, &c.probe, full.url, NULL, e);
	req.method = c.probe.method;
	req.url = url.buf;
	if (!result)
		result = http_run(&answer, &req, e);
	if (!result)
		result = read_answer_check(&answer, url.buf, e);
	if (!result)
		result = probe_answer(out, &c, &answer, a, e);
	out->latency_ns = answer.latency_ns;
	out->detail = arena_strdup(a, c.speaks);
out:
	http_answer_release(&answer);
	strbuf_release(&url);
	connector_release(&c);
	return result;
}

const struct reader reader_connector = {
	.type = NULL,
	.size = sizeof(struct connected),
	.begin = begin,
	.cancel = cancel,
	.forget = forget,
	.serves = serves,
	.probe = probe,
	.reads = N_("what its connector says"),
};
