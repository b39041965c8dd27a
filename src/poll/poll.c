#include "config.h"

#include "poll/poll.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/log.h"
#include "net/map.h"
#include "poll/backoff.h"
#include "poll/round.h"
#include "store/source.h"

/* The collector looks around this often: for wants, for outcomes to write, for its own delays. */
#define TICK_NS (250 * NS_PER_MS)
#define OUTCOMES_EVERY_NS NS_PER_S
#define QUIET_MAX_NS (5 * NS_PER_S) /* an outcome that is no news may wait that long */
#define LOCK_EVERY_NS (5 * NS_PER_S)
#define PRESENT_EVERY_NS (5 * NS_PER_S)
#define TRIM_EVERY_NS (60 * NS_PER_S)
#define TRIM_LATE_NS (5 * NS_PER_S)
#define TRIM_PAUSE_NS (200 * NS_PER_MS)
#define FULL_EVERY_NS (10 * NS_PER_MIN)
#define ROUND_MAX_NS (2 * NS_PER_MIN)
#define START_SPREAD_NS (10 * NS_PER_MS) /* for each source */

/* Nothing of ours runs this long: we were stopped, or the machine slept. */
#define STALL_NS (5 * NS_PER_S)

enum {
	ROUND_TIMEOUTS =
		5, /* a round may take this many times the timeout of one request */
	PRESENT_MISSES = 2,
	LOCK_TRIES = 3,
	MAX_DESCRIPTORS = 65536,
};

struct wanted {
	struct wanted *next;
	struct want want; /* texts owned */
};

struct source {
	struct poll *poll;
	const struct source_conf *conf;
	const struct reader *reader;
	void *state; /* owned: the reader's */
	int64_t id, generation;
	bool held, done; /* done: its one round is over (POLL_ONCE) */
	int64_t succeeded, full_mono;
	struct backoff backoff;
	unsigned timer;
	int64_t due_mono;
	struct round *round, *want_round;
	struct wanted *wanted; /* open wants, oldest first; the first may be under way */
	bool refresh; /* the first want is a refresh, served by `round` */
	unsigned lock_tries;
	enum source_state told; /* of the outcome before */
	int64_t asked; /* POLL_ONCE: our want, when another collector reads this source; 0 */
};

struct poll {
	const struct config *config;
	const struct context_conf *context;
	struct store *store;
	struct loop *loop;
	struct http *http;
	struct map *map;
	enum poll_mode mode;
	struct poll_result *result;
	struct source *sources;
	size_t n;
	struct arena texts; /* of the outcomes that wait */
	struct poll_outcome *outcomes;
	size_t n_outcomes, cap_outcomes;
	int64_t outcomes_due_mono; /* INT64_MAX: none wait */
	int64_t present_mono, trim_mono;
	int64_t seen_mono, stalled_mono;
	int64_t store_version;
	unsigned absent;
	bool wants_unread;
	struct err failed; /* of the store: the collector cannot go on */
};

static void source_begin(struct source *s, enum round_reason reason);
static void source_plan(struct source *s, int64_t delay_ns);

static uint32_t random_now(void)
{
	uint32_t r;

	random_bytes(&r, sizeof(r));
	return r;
}

/* Called wherever the loop calls us: a hole in our own time is noticed before it is acted on. */
static void time_look(struct poll *p)
{
	int64_t now = clock_mono();

	if (now - p->seen_mono > STALL_NS) {
		log_info("%s: nothing ran for %lld s", __func__,
			(long long)((now - p->seen_mono) / NS_PER_S));
		p->stalled_mono = now;
	}
	p->seen_mono = now;
}

/* So many at once as to spread over this time. */
static int64_t spread(const struct poll *p, const struct source *s)
{
	int64_t ns = (int64_t)p->n * START_SPREAD_NS;

	return ns < s->backoff.every_ns ? ns : s->backoff.every_ns;
}

/* --- outcomes: one batch a second --- */

static void outcomes_write(struct poll *p)
{
	struct err e = ERR_INIT;

	p->outcomes_due_mono = INT64_MAX;
	if (!p->n_outcomes)
		return;
	if (source_outcomes(p->store, p->outcomes, p->n_outcomes, &e) < 0) {
		log_warn("%s: %s", __func__, e.what);
		if (e.retry == RETRY_NEVER && !p->failed.code) {
			err_copy(&p->failed, &e);
			loop_stop(p->loop);
		}
		err_release(&e);
		if (p->n_outcomes < p->n * 4) {
			p->outcomes_due_mono = clock_mono() + OUTCOMES_EVERY_NS;
			return; /* with the next batch */
		}
	}
	p->n_outcomes = 0;
	arena_reset(&p->texts);
}

static enum source_state state_of(const struct round *r, const struct err *e)
{
	if (!e)
		return r->partial ? SRC_PARTIAL : SRC_OK;
	return e->code == ERR_AUTH || e->code == ERR_DENIED ? SRC_AUTH : SRC_FAILING;
}

/*
 * News is told within a second.  That all is well as before may wait a third of the interval:
 * a thousand sources write the same pages again with each batch.
 */
static int64_t outcome_hold(const struct source *s, enum source_state state)
{
	int64_t hold = s->conf->every_ns / 3;

	if (state != SRC_OK || s->told != SRC_OK || s->refresh ||
		hold < OUTCOMES_EVERY_NS)
		return OUTCOMES_EVERY_NS;
	return hold < QUIET_MAX_NS ? hold : QUIET_MAX_NS;
}

static void outcome_add(struct source *s, const struct round_outcome *ro, int64_t next_ns)
{
	struct poll *p = s->poll;
	struct poll_outcome *o = mem_push(p->outcomes, p->n_outcomes, p->cap_outcomes);
	const struct err *e = ro->e;
	int64_t due = clock_mono() + outcome_hold(s, state_of(ro->round, e));

	if (due < p->outcomes_due_mono)
		p->outcomes_due_mono = due;
	s->told = state_of(ro->round, e);
	o->source_id = s->id;
	o->generation = s->generation;
	o->at = ro->round->now;
	o->latency_ns = ro->latency_ns;
	o->bytes = ro->bytes;
	o->records = ro->round->records;
	o->next_poll = ro->round->now + next_ns;
	o->state = state_of(ro->round, e);
	o->error = arena_strdup(&p->texts, e ? e->what : ro->round->partial);
	o->hint = arena_strdup(&p->texts, e ? e->hint : NULL);
	o->version = arena_strdup(&p->texts, ro->round->version);
}

/* --- wants --- */

static void wanted_free(struct wanted *w)
{
	free((char *)w->want.source);
	free((char *)w->want.what);
	free((char *)w->want.object);
	free(w);
}

static void want_end(struct source *s, const struct err *e)
{
	struct wanted *w = s->wanted;
	struct err failed = ERR_INIT;

	s->wanted = w->next;
	if (want_answer(s->poll->store, w->want.id, e ? WANT_FAILED : WANT_DONE,
		    e ? e->what : NULL, clock_now(), &failed) < 0)
		log_warn("%s: %s", __func__, failed.what);
	err_release(&failed);
	wanted_free(w);
}

static void want_refuse(struct source *s)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_INPUT, _("the source '%s' does not answer '%s'"), s->conf->name,
		s->wanted->want.what);
	want_end(s, &e);
	err_release(&e);
}

/* Begin what is wanted first, when nothing stands in its way. */
static void want_next(struct source *s)
{
	struct err e = ERR_INIT;

	while (s->wanted && !s->want_round && !s->refresh) {
		const struct want *w = &s->wanted->want;
		bool refresh = !strcmp(w->what, "refresh");

		if (!refresh && (!s->reader->serves || !s->reader->serves(w))) {
			want_refuse(s);
			continue;
		}
		if (refresh && s->round)
			return; /* it may have read before it was asked: wait for its end */
		if (want_answer(s->poll->store, w->id, WANT_WORKING, NULL, clock_now(),
			    &e) < 0)
			log_warn("%s: %s", __func__, e.what);
		err_release(&e);
		err_init(&e);
		if (refresh)
			s->refresh = true;
		source_begin(s, refresh ? ROUND_FULL : ROUND_WANT);
		if (refresh || s->want_round)
			return;
	}
}

static struct source *source_named(struct poll *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!strcmp(p->sources[i].conf->name, name))
			return &p->sources[i];
	}
	return NULL;
}

static void want_add(struct poll *p, const struct want *want)
{
	struct source *s = source_named(p, want->source);
	struct wanted **at, *w;

	if (!s || !s->held)
		return; /* another collector's */
	for (at = &s->wanted; *at; at = &(*at)->next) {
		if ((*at)->want.id == want->id)
			return;
	}
	w = mem_new(1, sizeof(*w));
	w->want = *want;
	w->want.source = mem_strdup(want->source);
	w->want.what = mem_strdup(want->what);
	w->want.object = mem_strdup(want->object);
	w->want.who = w->want.error = NULL;
	*at = w;
	want_next(s);
}

static void wants_look(struct poll *p)
{
	int64_t version = store_version(p->store);
	struct arena a;
	struct err e = ERR_INIT;
	struct want *wants = NULL;
	size_t n = 0;

	if (version == p->store_version && !p->wants_unread)
		return;
	p->store_version = version;
	arena_init(&a);
	p->wants_unread = want_open(&wants, &n, &a, p->store, clock_now(), &e) < 0;
	if (p->wants_unread)
		log_warn("%s: %s", __func__, e.what);
	for (size_t i = 0; i < n; i++)
		want_add(p, &wants[i]);
	err_release(&e);
	arena_release(&a);
}

/* --- rounds --- */

static void once_look(struct poll *p)
{
	if (p->mode != POLL_ONCE)
		return;
	for (size_t i = 0; i < p->n; i++) {
		if (!p->sources[i].done)
			return;
	}
	loop_stop(p->loop);
}

static void want_done(void *ctx, const struct round_outcome *o)
{
	struct source *s = ctx;

	time_look(s->poll);
	s->want_round = NULL;
	want_end(s, o->e);
	want_next(s);
}

static void result_count(struct source *s, const struct round_outcome *o)
{
	s->done = true;
	s->poll->result->failed += o->e != NULL;
	s->poll->result->partial += !o->e && o->round->partial;
}

/* Another collector took the source over: it is not ours to write any more. */
static void source_lose(struct source *s)
{
	source_unlock(s->poll->store, s->id);
	s->held = false;
	s->lock_tries = 0;
}

static void round_done(void *ctx, const struct round_outcome *o)
{
	struct source *s = ctx;
	struct poll *p = s->poll;
	int64_t delay;

	time_look(p);
	s->round = NULL;
	if (o->e && o->began_mono < p->stalled_mono) {
		/* We stood still, not the source: no verdict, and not all at once. */
		source_plan(s, backoff_spread(spread(p, s), random_now()));
		s->refresh = false;
		want_next(s);
		return;
	}
	s->backoff.failures = o->e ? s->backoff.failures + 1 : 0;
	s->backoff.retry = o->e ? o->e->retry : RETRY_NEVER;
	s->backoff.retry_after_ns = o->retry_after_ns;
	if (!o->e) {
		s->succeeded = o->round->now;
		if (o->round->reason == ROUND_FULL)
			s->full_mono = o->began_mono;
	}
	delay = backoff_delay(&s->backoff, random_now());
	outcome_add(s, o, delay);
	result_count(s, o);
	if (o->e && o->e->code == ERR_CONFLICT)
		source_lose(s);
	if (s->refresh) {
		s->refresh = false;
		want_end(s, o->e);
	}
	if (p->mode != POLL_ONCE) {
		delay -= clock_mono() - o->began_mono;
		source_plan(s,
			delay > s->backoff.every_ns / 4 ? delay
							: s->backoff.every_ns / 4);
	}
	want_next(s);
	once_look(p);
}

static void source_begin(struct source *s, enum round_reason reason)
{
	struct poll *p = s->poll;
	int64_t timeout = s->conf->timeout_ns > 0 ? s->conf->timeout_ns : HTTP_TIMEOUT_NS;
	int64_t most = timeout * ROUND_TIMEOUTS;
	struct round given = {
		.conf = s->conf,
		.config = p->config,
		.context = p->context,
		.store = p->store,
		.loop = p->loop,
		.http = p->http,
		.map = p->map,
		.state = s->state,
		.reason = reason,
		.want = s->wanted ? &s->wanted->want : NULL,
		.now = clock_now(),
		.succeeded = s->succeeded,
		.source_id = s->id,
		.generation = s->generation,
		.once = p->mode == POLL_ONCE,
	};
	struct round *r;

	if (most > ROUND_MAX_NS && timeout < ROUND_MAX_NS)
		most = ROUND_MAX_NS;
	given.deadline_mono = clock_mono() + most;
	if (reason == ROUND_WANT) {
		r = s->want_round = round_start(&given, s->reader, want_done, s);
	} else {
		given.want = s->refresh ? given.want : NULL;
		loop_cancel(p->loop, s->timer);
		s->timer = 0;
		r = s->round = round_start(&given, s->reader, round_done, s);
	}
	s->reader->begin(r); /* r may be gone when this returns */
}

/* --- the schedule --- */

/* True when the source is ours to read. */
static bool source_hold(struct source *s)
{
	struct poll *p = s->poll;
	struct err e = ERR_INIT;
	int got;

	if (s->held)
		return true;
	got = source_lock(p->store, s->id, &s->generation, &e);
	if (got < 0)
		log_warn("%s: %s: %s", __func__, s->conf->name, e.what);
	err_release(&e);
	s->held = got > 0;
	if (s->held)
		p->wants_unread = true;
	else
		s->lock_tries++;
	return s->held;
}

static bool is_full_due(const struct source *s)
{
	return s->succeeded == NONE_INT || s->poll->mode == POLL_ONCE || !s->full_mono ||
		clock_mono() - s->full_mono >= FULL_EVERY_NS;
}

/* A collector that a console started is of no use when another one reads everything. */
static void follow_look(struct poll *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->sources[i].held || p->sources[i].lock_tries < LOCK_TRIES)
			return;
	}
	log_info("%s: another collector reads all sources", __func__);
	loop_stop(p->loop);
}

/* POLL_ONCE while another collector reads the source: that one is asked, and waited for. */
static void holder_ask(struct source *s)
{
	struct poll *p = s->poll;
	int64_t now = clock_now();
	struct err e = ERR_INIT;

	p->result->held++;
	if (want_ask(p->store, s->conf->name, "refresh", NULL, "poll", now,
		    now + ROUND_MAX_NS, &s->asked, &e) < 0) {
		log_warn("%s: %s", __func__, e.what);
		s->done = true;
		p->result->failed++;
	}
	err_release(&e);
}

static void holder_look(struct source *s, struct arena *a)
{
	struct poll *p = s->poll;
	struct err e = ERR_INIT;
	struct want w;

	if (want_find(&w, a, p->store, s->asked, &e) < 0)
		w.state = WANT_FAILED;
	err_release(&e);
	if (w.state != WANT_DONE && w.state != WANT_FAILED && clock_now() < w.deadline)
		return;
	s->done = true;
	p->result->failed += w.state != WANT_DONE;
}

static void holders_look(struct poll *p)
{
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < p->n; i++) {
		if (p->sources[i].asked && !p->sources[i].done)
			holder_look(&p->sources[i], &a);
	}
	arena_release(&a);
	once_look(p);
}

static void held_elsewhere(struct source *s)
{
	struct poll *p = s->poll;

	if (p->mode == POLL_ONCE) {
		holder_ask(s);
		return;
	}
	source_plan(s, LOCK_EVERY_NS + backoff_spread(NS_PER_S, random_now()));
	if (p->mode == POLL_FOLLOW)
		follow_look(p);
}

static void on_due(void *ctx)
{
	struct source *s = ctx;
	struct poll *p = s->poll;

	s->timer = 0;
	time_look(p);
	if (clock_mono() - s->due_mono > STALL_NS) {
		/* Everything is due after a stop: in turn, not in a burst. */
		source_plan(s, backoff_spread(spread(p, s), random_now()));
		return;
	}
	if (!source_hold(s))
		held_elsewhere(s);
	else if (!s->round)
		source_begin(s, is_full_due(s) ? ROUND_FULL : ROUND_INCREMENTAL);
}

static void source_plan(struct source *s, int64_t delay_ns)
{
	loop_cancel(s->poll->loop, s->timer);
	s->due_mono = clock_mono() + delay_ns;
	s->timer = loop_after(s->poll->loop, delay_ns, on_due, s);
}

/* --- what has to be done now and then --- */

static void presence_look(struct poll *p)
{
	int64_t now = clock_mono();

	if (p->mode != POLL_FOLLOW || now - p->present_mono < PRESENT_EVERY_NS)
		return;
	p->present_mono = now;
	p->absent = store_has_present(p->store) ? 0 : p->absent + 1;
	if (p->absent >= PRESENT_MISSES) {
		log_info("%s: nobody is left", __func__);
		loop_stop(p->loop);
	}
}

/* One slice, while nothing is under way; in a busy collector when it is overdue. */
static void trim_look(struct poll *p)
{
	int64_t now = clock_mono();
	struct err e = ERR_INIT;
	bool more = false;

	if (p->mode == POLL_ONCE || now < p->trim_mono)
		return;
	if (http_in_flight(p->http) && now < p->trim_mono + TRIM_LATE_NS)
		return;
	if (store_trim(p->store, p->config->store_keep_ns, p->config->store_max_bytes,
		    clock_now(), &more, &e) < 0)
		log_warn("%s: %s", __func__, e.what);
	err_release(&e);
	p->trim_mono = now + (more ? TRIM_PAUSE_NS : TRIM_EVERY_NS);
}

static void on_tick(void *ctx)
{
	struct poll *p = ctx;

	time_look(p);
	loop_after(p->loop, TICK_NS, on_tick, p);
	if (clock_mono() >= p->outcomes_due_mono)
		outcomes_write(p);
	if (p->mode == POLL_ONCE)
		holders_look(p);
	wants_look(p);
	presence_look(p);
	trim_look(p);
	if (store_is_moved(p->store)) {
		err_set(&p->failed, ERR_STORE,
			_("the store was moved away under the collector"));
		err_hint(&p->failed, _("start it again"));
		loop_stop(p->loop);
	}
}

static void on_stop(void *ctx, int signal_number)
{
	struct poll *p = ctx;

	log_info("%s: signal %d", __func__, signal_number);
	loop_stop(p->loop);
}

/* --- setting up and ending --- */

static int source_init(struct source *s, struct poll *p, const struct source_conf *conf,
	struct arena *a, struct err *e)
{
	struct source_row row;

	if (source_find(&row, a, p->store, conf->name, e) < 0)
		return -1;
	s->poll = p;
	s->conf = conf;
	s->reader = reader_for(conf->type);
	s->state = mem_new(1, s->reader->size ? s->reader->size : 1);
	s->id = row.id;
	s->succeeded = row.succeeded;
	s->backoff.every_ns = conf->every_ns > 0 ? conf->every_ns : 15 * NS_PER_S;
	s->backoff.retry_after_ns = NONE_INT;
	return 0;
}

static int sources_sync(struct poll *p, struct err *e)
{
	int rc = 0;

	if (p->context)
		return source_sync(p->store, p->config, p->context->name, e);
	for (size_t i = 0; i < p->config->n_contexts && rc == 0; i++)
		rc = source_sync(p->store, p->config, p->config->contexts[i].name, e);
	return rc;
}

/* Of the context; without one, of any. */
static bool is_ours(const struct poll *p, const char *name)
{
	if (p->context)
		return context_has_source(p->context, name);
	for (size_t i = 0; i < p->config->n_contexts; i++) {
		if (context_has_source(&p->config->contexts[i], name))
			return true;
	}
	return false;
}

static int sources_init(struct poll *p, struct err *e)
{
	struct arena a;
	int rc = 0;

	p->sources = mem_new(p->config->n_sources + 1, sizeof(*p->sources));
	if (sources_sync(p, e) < 0)
		return -1;
	arena_init(&a);
	for (size_t i = 0, rest = p->config->n_sources; i < rest; i++) {
		const struct source_conf *conf = &p->config->sources[i];

		rc = is_ours(p, conf->name)
			? source_init(&p->sources[p->n], p, conf, &a, e)
			: 1;
		if (rc < 0)
			break;
		p->n += rc == 0;
	}
	arena_release(&a);
	return rc < 0 ? -1 : 0;
}

static void source_end(struct source *s)
{
	if (s->round)
		round_abort(s->round);
	if (s->want_round)
		round_abort(s->want_round);
	while (s->wanted) {
		struct wanted *w = s->wanted;

		s->wanted = w->next;
		wanted_free(w);
	}
	if (s->reader->forget)
		s->reader->forget(s->state);
	free(s->state);
	if (s->held)
		source_unlock(s->poll->store, s->id);
}

/* A thousand sources want a thousand connections. */
static void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur =
		limit.rlim_max < MAX_DESCRIPTORS ? limit.rlim_max : MAX_DESCRIPTORS;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* what we have may do */
}

static void poll_start(struct poll *p)
{
	int64_t now = clock_mono();

	descriptors_raise();
	p->http = http_new(p->loop);
	p->map = map_new(p->loop, NULL);
	p->seen_mono = p->present_mono = now;
	p->outcomes_due_mono = INT64_MAX;
	p->trim_mono = now + NS_PER_S;
	p->wants_unread = true;
	loop_signal(p->loop, SIGTERM, on_stop, p);
	loop_signal(p->loop, SIGINT, on_stop, p);
	loop_after(p->loop, TICK_NS, on_tick, p);
	for (size_t i = 0; i < p->n; i++) {
		struct source *s = &p->sources[i];

		source_plan(s, backoff_spread(spread(p, s), random_now()));
	}
}

static void poll_end(struct poll *p)
{
	if (p->loop)
		outcomes_write(p);
	for (size_t i = 0; i < p->n; i++)
		source_end(&p->sources[i]);
	map_free(p->map);
	http_free(p->http);
	if (p->loop)
		loop_free(p->loop);
	free(p->sources);
	free(p->outcomes);
	arena_release(&p->texts);
}

/* The moment this store began to know anything: the console's top line says so. */
static void note_beginning(struct store *st)
{
	char *since = store_get(st, "watching_since");
	struct strbuf now = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	if (!since) {
		time_format(&now, clock_now());
		if (store_set(st, "watching_since", now.buf, &ignored))
			log_warn("%s: %s", __func__, ignored.what);
	}
	err_release(&ignored);
	strbuf_release(&now);
	free(since);
}

int poll_run(struct poll_result *out, const struct config *config,
	const struct context_conf *context, struct store *st, enum poll_mode mode,
	struct err *e)
{
	struct poll p = {
		.config = config,
		.context = context,
		.store = st,
		.mode = mode,
		.result = out,
	};
	int rc;

	*out = (struct poll_result){0};
	arena_init(&p.texts);
	rc = sources_init(&p, e);
	out->sources = p.n;
	if (rc == 0 && p.n) {
		p.loop = loop_new();
		note_beginning(st);
		poll_start(&p);
		loop_run(p.loop);
	}
	poll_end(&p);
	if (p.failed.code) {
		rc = -1;
		err_move(e, &p.failed);
	}
	return rc;
}

int poll_probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	*out = (struct probe){0};
	return reader_for(conf->type)->probe(out, conf, a, e);
}
