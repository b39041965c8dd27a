#include "config.h"
#include "poll/reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/log.h"
#include "net/connector.h"
#include "net/read.h"
#include "net/reply.h"
#include "net/request.h"
#include "poll/agents.h"
#include "poll/sessions.h"
#include "poll/traced.h"
#include "store/observe.h"
#include "store/sessions.h"
#include "trace/redact.h"

#define SPAN_BATCH 500

/* Requests of one source in flight, whatever its stages allow. */
#define PARALLEL 8

/* What is kept of one read from round to round. */
struct read_state {
	struct read_seen seen;
	bool absent; /* its path is not there: its fallback is used */
	bool failed; /* last time; then succeeded is when it went well, or NONE_INT */
	int64_t succeeded;
};

/* Kept for one source as long as the collector lives. */
struct connected {
	struct connector connector;
	bool loaded;
	struct read_state *reads; /* owned: by the connector's order */
	struct kept *kept; /* owned */
	struct traced *traced; /* owned: objectives over what it tells of agents */
	struct rate rate;
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
	struct agents *agents; /* owned */
	size_t next; /* index of the next read */
	size_t went_well; /* reads of this round */
	struct arena batch; /* of the spans below */
	const struct span *spans[SPAN_BATCH];
	size_t n_spans;
	struct err failed; /* of a record that the store refused */
	struct err first; /* of the reads that failed */
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
	agents_free(g->agents);
	json_free(g->values);
	err_release(&g->failed);
	err_release(&g->first);
	free(g);
	r->scratch = NULL;
}

static void end(struct round *r, const struct err *e)
{
	struct err copy = ERR_INIT;

	if (e)
		err_copy(&copy, e); /* it may live in what is freed now */
	reading_free(r);
	round_end(r, e ? &copy : NULL);
	err_release(&copy);
}

/* --- requests: the round counts and cancels them --- */

static unsigned send(void *io, const struct http_request *req, http_fn *fn, void *ctx)
{
	return round_send(io, req, fn, ctx);
}

static void unsend(void *io, unsigned handle)
{
	round_unsend(io, handle);
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

	agents_add_span(g->agents, s, keep_of(r->conf->keep_content) == KEEP_NONE);
	redact_span(copy, &g->batch, keep_of(r->conf->keep_content));
	g->spans[g->n_spans++] = copy;
	if (g->n_spans == SPAN_BATCH)
		write_spans(r);
}

/* Begun at the first record: an answer that is as before costs the store nothing. */
static struct observe *observing(struct round *r, enum record_kind kind)
{
	struct reading *g = r->scratch;

	if (!record_def(kind)->interval || g->observes[kind])
		return g->observes[kind];
	if (!observe_begin(&g->observes[kind], r->store, r->conf->name, r->generation,
		    kind, r->now, r->succeeded == NONE_INT, &g->failed))
		observe_config(g->observes[kind], r->config);
	return g->observes[kind];
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
	else if (observing(r, kind))
		observe_put(g->observes[kind], record, &g->failed);
}

/* Not all of this kind was seen: what did not come has not gone away. */
static void miss(struct round *r, enum record_kind kind)
{
	struct reading *g = r->scratch;

	g->partial[kind] = true;
	if (observing(r, kind))
		observe_missed(g->observes[kind]);
}

/* What one read brought, but what waits for the others of its kind; -1 with g->failed. */
static int keep(struct round *r, const struct read_result *res)
{
	struct reading *g = r->scratch;
	enum record_kind kind = g->what->emits;

	/* Spans tell of their agents' definitions, and never of all. */
	if (kind == REC_SPAN)
		g->partial[REC_DEFINITION] = true;
	/* A wish asks one read alone: what the others would have brought is still there. */
	if (g->what->partial || g->what->want)
		g->partial[kind] = true;
	if (res->incomplete || res->dropped)
		miss(r, kind);
	else if (!res->unchanged && !res->fallback)
		observing(r,
			kind); /* of nothing at all, too, something may have gone away */
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

static struct read_state *state_of(
	const struct connected *kept, const struct connector_read *read)
{
	return &kept->reads[read - kept->connector.reads];
}

/* What was not read now has to be asked for again, back to when it last went well. */
static void mark_failed(struct round *r, const struct connector_read *what)
{
	struct reading *g = r->scratch;
	struct read_state *state = state_of(g->kept, what);

	if (r->reason == ROUND_WANT)
		return;
	if (!state->failed)
		state->succeeded = r->succeeded;
	state->failed = true;
}

static void tell_missing(struct round *r, const struct read_result *res)
{
	const struct reading *g = r->scratch;

	if (res->dropped)
		round_partial(r, _("%zu records of '%s' do not fit: %s"), res->dropped,
			g->what->name, res->dropped_why);
	if (res->incomplete)
		round_partial(
			r, _("'%s' is incomplete: %s"), g->what->name, res->incomplete);
}

/* Whether the other reads are worth a try after this one failed. */
static bool goes_on(
	const struct round *r, const struct read_result *res, const struct err *e)
{
	const struct reading *g = r->scratch;

	if (res->status == 401 || res->status == 407 || res->status == 429)
		return false;
	return (e->code != ERR_NET && res->status != 503) || g->went_well > 0;
}

static bool is_due(const struct round *r, const struct connector_read *read)
{
	if (read->only_fallback)
		return false;
	if (r->reason == ROUND_WANT && r->want && strcmp(r->want->what, "refresh"))
		return read->want && !strcmp(read->want, r->want->what);
	return !read->want;
}

/* All that could be read has been. */
static void end_well(struct round *r)
{
	struct reading *g = r->scratch;

	if (g->failed.code || write_spans(r) || write_observed(r) ||
		touched_write(
			g->touched, r->store, r->conf->name, g->agents, &g->failed) ||
		agents_write(g->agents, r, &g->failed) ||
		traced_run(g->kept->traced, r, &g->failed))
		end(r, &g->failed);
	else
		end(r, NULL);
}

static void read_failed(
	struct round *r, const struct read_result *res, const struct err *e)
{
	struct reading *g = r->scratch;
	const struct connector *c = &g->kept->connector;

	mark_failed(r, g->what);
	if (!g->first.code) {
		err_copy(&g->first, e);
		round_partial(r, _("'%s' failed: %s"), g->what->name, e->what);
	}
	miss(r, g->what->emits);
	if (goes_on(r, res, e)) {
		next_read(r);
		return;
	}
	for (; g->next < c->n_reads; g->next++)
		if (is_due(r, &c->reads[g->next])) {
			mark_failed(r, &c->reads[g->next]);
			miss(r, c->reads[g->next].emits);
		}
	next_read(r);
}

/* Others that bring the same kind would have to be put again with it. */
static bool is_alone(const struct round *r, const struct connector_read *read)
{
	const struct reading *g = r->scratch;
	const struct connector *c = &g->kept->connector;
	size_t n = 0;

	for (size_t i = 0; i < c->n_reads; i++)
		n += is_due(r, &c->reads[i]) && c->reads[i].emits == read->emits;
	return n <= 1 && r->reason != ROUND_WANT;
}

static void read_done(void *ctx, const struct read_result *res, const struct err *e)
{
	struct round *r = ctx;
	struct reading *g = r->scratch;
	struct read_state *state = state_of(g->kept, g->what);

	g->read = NULL;
	if (g->failed.code || (!e && keep(r, res))) {
		state->seen = (struct read_seen){0};
		end(r, &g->failed);
		return;
	}
	if (e) {
		read_failed(r, res, e);
		return;
	}
	if (res->fallback) {
		state->absent = true;
		g->next--; /* the same again, by its fallback now */
		next_read(r);
		return;
	}
	if (res->incomplete || res->dropped)
		mark_failed(r, g->what);
	else if (r->reason != ROUND_WANT)
		state->failed = false;
	if (is_alone(r, g->what))
		read_seen_keep(&state->seen, res->records);
	/* One that had nothing to ask for says nothing of the backend. */
	g->went_well += res->answers > 0 || res->records > 0;
	r->records += (int64_t)res->records;
	tell_missing(r, res);
	next_read(r);
}

/* --- one read after another --- */

static const struct connector_read *by_fallback(
	const struct connected *kept, const struct connector_read *read)
{
	while (read->fallback && state_of(kept, read)->absent)
		read = connector_read_find(&kept->connector, read->fallback);
	return read;
}

static int64_t last_success(const struct round *r, const struct read_state *state)
{
	return state->failed ? state->succeeded : r->succeeded;
}

static int start(struct round *r, const struct connector_read *read, struct err *e)
{
	struct reading *g = r->scratch;
	struct read_state *state = state_of(g->kept, read);
	struct read_spec spec = {
		.connector = &g->kept->connector,
		.read = read,
		.conf = &g->conf,
		.loop = r->loop,
		.map = r->map,
		.send = send,
		.unsend = unsend,
		.io = r,
		.kept = g->kept->kept,
		.rate = &g->kept->rate,
		.seen = is_alone(r, read) ? &state->seen : NULL,
	};

	g->what = read;
	json_free(g->values);
	g->values = read_values(spec.connector, read, &g->conf, r->now,
		last_success(r, state), r->want ? r->want->object : NULL, e);
	if (!g->values)
		return -1;
	spec.values = g->values;
	if (r->reason == ROUND_FULL)
		state->seen = (struct read_seen){0};
	g->read = read_start(&spec, take, read_done, r);
	return 0;
}

static void next_read(struct round *r)
{
	struct reading *g = r->scratch;
	const struct connector *c = &g->kept->connector;
	struct err e = ERR_INIT;

	while (g->next < c->n_reads && !is_due(r, &c->reads[g->next]))
		g->next++;
	if (g->next < c->n_reads) {
		if (start(r, by_fallback(g->kept, &c->reads[g->next++]), &e))
			end(r, &e);
	} else if (g->first.code && !g->went_well) {
		end(r, &g->first);
	} else {
		end_well(r);
	}
	err_release(&e);
}

/* --- the reader --- */

static int load(struct connected *kept, const struct round *r, struct err *e)
{
	struct connector *c = &kept->connector;

	if (!kept->loaded && connector_load(c, r->config, r->conf->type, e)) {
		connector_release(c);
		return -1;
	}
	if (!kept->loaded) {
		kept->reads = mem_new(c->n_reads + 1, sizeof(*kept->reads));
		kept->kept = kept_new(KEPT_MAX_BYTES);
		kept->rate = (struct rate){
			.requests = c->rate_requests, .per_ns = c->rate_per_ns};
	}
	kept->loaded = true;
	/* A server that was upgraded has the newer paths: look again at each full round. */
	for (size_t i = 0; r->reason == ROUND_FULL && i < c->n_reads; i++)
		kept->reads[i].absent = false;
	return 0;
}

static void begin(struct round *r)
{
	struct reading *g = mem_new(1, sizeof(*g));
	struct err e = ERR_INIT;

	g->kept = r->state;
	if (!g->kept->traced)
		g->kept->traced = traced_new();
	g->touched = touched_new();
	g->agents = agents_new();
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

	traced_free(kept->traced);
	if (!kept->loaded)
		return;
	connector_release(&kept->connector);
	kept_free(kept->kept);
	free(kept->reads);
}

static bool serves(const struct want *w)
{
	return !strcmp(w->what, "session") || !strcmp(w->what, "trace");
}

/* The version as the probe's program says it, else the answer's first words. */
static int probe_version(struct probe *out, const struct connector *c,
	const struct strbuf *input, const struct json *values, struct map *m,
	struct arena *a, struct err *e)
{
	struct map_program program = {.text = c->probe_version.text};
	struct json *results = NULL, *text = NULL;
	struct err ignored = ERR_INIT;
	int result = 0;

	if (program.text) {
		char *label = request_label(c, "probe", "version", c->probe_version.line);

		program.label = label;
		result = map_run_now(
			&results, m, &program, input->buf, input->len, values, e);
		free(label);
		out->version = arena_strdup(a, json_text(json_first(results)));
	} else if (!json_parse(&text, input->buf, input->len, &ignored) &&
		json_type(text) == JSON_STRING) {
		size_t n = strcspn(json_text(text), "\r\n");

		if (n && n < 40 && *json_text(text) != '<')
			out->version = arena_strndup(a, json_text(text), n);
	}
	json_free(results);
	json_free(text);
	err_release(&ignored);
	return result;
}

/* Without a program the answer may be any text. */
static int probe_ask(struct probe *out, const struct connector *c,
	const struct source_conf *conf, struct json *values, struct map *m,
	struct arena *a, struct err *e)
{
	struct connector_request asked = c->probe;
	const struct request_spec spec = {.connector = c,
		.request = &asked,
		.base = conf->url,
		.part = "probe",
		.values = values,
		.map = m};
	struct reply_spec reply = {.connector = c,
		.request = &asked,
		.part = "probe",
		.values = values,
		.map = m};
	struct request request = {0};
	struct http_request req;
	struct http_answer answer = HTTP_ANSWER_INIT;
	struct strbuf input = STRBUF_INIT;
	struct err failed = ERR_INIT;
	int result;

	asked.plain |= !c->probe_version.text;
	result = request_make_now(&request, &spec, e);
	if (!result) {
		int sent;

		req = request_http(&request, conf);
		reply.url = request.url;
		sent = http_run(&answer, &req, &failed);
		out->latency_ns = answer.latency_ns;
		result = sent ? 0 : reply_page_check(&answer, request.url, e);
		if (!result)
			result = reply_check_now(
				&input, &reply, &answer, sent ? &failed : NULL, e);
	}
	if (!result) {
		json_set(values, "status", json_new_int(answer.status));
		json_set(values, "headers", reply_headers(&answer));
		result = probe_version(out, c, &input, values, m, a, e);
	}
	strbuf_release(&input);
	http_answer_release(&answer);
	request_release(&request);
	err_release(&failed);
	return result;
}

static int probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	struct connector c = {0};
	struct source_conf full;
	struct json *values = json_object();
	struct loop *l = loop_new();
	struct map *m = map_new(l, NULL);
	int result = -1;

	*out = (struct probe){0};
	if (connector_load(&c, NULL, conf->type, e) ||
		connector_source(&full, &c, conf, a, e) ||
		connector_options(values, &c, conf, e))
		goto out;
	if (c.probe.path)
		result = probe_ask(out, &c, &full, values, m, a, e);
	else
		result = err_set(
			e, ERR_INPUT, _("the connector '%s' has no probe"), c.name);
	out->detail = arena_strdup(a, c.speaks);
out:
	map_free(m);
	loop_free(l);
	json_free(values);
	connector_release(&c);
	return result;
}

const struct reader reader_connector = {
	.type = NULL,
	.size = sizeof(struct connected),
	.parallel = PARALLEL,
	.begin = begin,
	.cancel = cancel,
	.forget = forget,
	.serves = serves,
	.probe = probe,
	.reads = N_("what its connector says"),
};
