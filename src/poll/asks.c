#include "config.h"

#include "poll/asks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "core/clock.h"
#include "core/log.h"
#include "signal/slo_query.h"

/* An answer is good for this many of its intervals when no newer one comes. */
enum { ANSWER_HOLDS = 3 };

/* A window that the server does not answer in one go is asked in parts, at most so many. */
enum { PARTS_MOST = 64, PARTS_MORE = 4 };

#define RECORDED_MOST_NS (5 * NS_PER_MIN)
#define REFRESH_MOST_NS NS_PER_MIN /* what a person asks for is at most this old */
#define NO_DATA_MOST_NS (2 * NS_PER_MIN) /* a young server's long windows fill one day */

struct recorded {
	const char *service, *name; /* in the ask's arena */
	double value;
};

struct ask {
	UT_hash_handle hh;
	char *text; /* owned: the key */
	int64_t every_ns;
	bool recorded, wanted, asking, known;
	int64_t answered_mono, retry_mono, retry_ns;
	size_t parts; /* 0: whole; else its window is asked in so many */
	double sum, worst; /* of all series */
	struct arena arena; /* of the list */
	struct recorded *list;
	size_t n_list;
	struct err failed;
};

struct asks {
	struct ask *by_text;
};

struct run {
	struct asks *asks;
	struct prom_server *server;
	size_t left;
	struct asks_result result;
	asks_done_fn *done;
	void *ctx;
};

enum ask_what { ASK_TOTAL, ASK_BAD, ASK_RATIO };

struct run_ask {
	struct run *run;
	struct ask *ask;
	/* how the same is asked in parts: counts of events only can be put together */
	const struct slo *slo;
	enum ask_what what;
	int64_t window_ns;
	size_t parts_left;
	double sum;
	bool cut; /* a part got no answer */
};

int64_t asks_interval(int64_t window_ns, int64_t every_ns, bool recorded)
{
	int64_t interval = window_ns / 60;

	/* What a rule has computed costs the server nothing. */
	if (recorded && interval > RECORDED_MOST_NS)
		interval = RECORDED_MOST_NS;
	return interval < every_ns ? every_ns : interval;
}

/* --- what to ask --- */

static char *text_or_null(struct strbuf *sb, bool there)
{
	if (!there) {
		strbuf_release(sb);
		return NULL;
	}
	return strbuf_detach(sb, NULL);
}

void slo_promql(struct slo_promql *out, const struct slo *slo, int64_t window_ns)
{
	struct strbuf total = STRBUF_INIT, bad = STRBUF_INIT, ratio = STRBUF_INIT;
	/* One query for all: only where all have the same names, as Sloth's have. */
	bool recorded = slo->sli.kind == SLI_RECORDED && !slo->sli.recorded_as;

	*out = (struct slo_promql){.recorded = recorded};
	out->total = text_or_null(&total, slo_total_query(&total, slo, window_ns));
	out->bad = text_or_null(&bad, slo_bad_query(&bad, slo, window_ns));
	if (out->total && out->bad)
		return;
	slo_promql_release(out);
	out->ratio = text_or_null(&ratio, slo_query(&ratio, slo, window_ns));
	out->recorded = recorded;
	if (out->ratio && out->recorded)
		out->ratio[strcspn(out->ratio, "{")] = '\0'; /* of all of them */
}

void slo_promql_release(struct slo_promql *q)
{
	free(q->total);
	free(q->bad);
	free(q->ratio);
	*q = (struct slo_promql){0};
}

static bool label_is(const struct json *labels, const char *name, const char *value)
{
	const char *text = json_text(json_get(labels, name));

	return text && !strcmp(text, value);
}

bool slo_is_recorded_as(const struct slo *slo, const struct json *labels)
{
	return label_is(labels, "sloth_service", slo->service) &&
		label_is(labels, "sloth_slo", slo->name);
}

/* --- the table --- */

struct asks *asks_new(void)
{
	return mem_new(1, sizeof(struct asks));
}

static void ask_free(struct asks *a, struct ask *ask)
{
	HASH_DEL(a->by_text, ask);
	arena_release(&ask->arena);
	err_release(&ask->failed);
	free(ask->text);
	free(ask);
}

void asks_free(struct asks *a)
{
	struct ask *ask, *next;

	if (!a)
		return;
	HASH_ITER (hh, a->by_text, ask, next)
		ask_free(a, ask);
	free(a);
}

static struct ask *ask_find(const struct asks *a, const char *text)
{
	struct ask *ask = NULL;

	if (text)
		HASH_FIND_STR(a->by_text, text, ask);
	return ask;
}

static struct ask *ask_for(struct asks *a, const char *text, bool recorded)
{
	struct ask *ask = ask_find(a, text);

	if (ask)
		return ask;
	ask = mem_new(1, sizeof(*ask));
	ask->text = mem_strdup(text);
	ask->recorded = recorded;
	ask->sum = ask->worst = NAN;
	arena_init(&ask->arena);
	HASH_ADD_KEYPTR(hh, a->by_text, ask->text, strlen(ask->text), ask);
	return ask;
}

/* The windows of an objective, with its period when that is not one of them. */
static size_t windows_of(const struct slo_entry *entry, int64_t out[SLO_WINDOWS + 1])
{
	size_t n = entry->n_windows;

	memcpy(out, entry->windows_ns, n * sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		if (out[i] == entry->slo.window_ns)
			return n;
	}
	out[n++] = entry->slo.window_ns;
	return n;
}

static void mark(struct asks *a, const char *text)
{
	struct ask *ask = ask_find(a, text);

	if (ask)
		ask->wanted = true;
}

void asks_renew(struct asks *a, const struct slo_set *slos)
{
	int64_t windows_ns[SLO_WINDOWS + 1];
	struct ask *ask, *next;

	HASH_ITER (hh, a->by_text, ask, next)
		ask->wanted = false;
	for (size_t i = 0; i < slos->n; i++) {
		size_t n = windows_of(&slos->items[i], windows_ns);

		for (size_t k = 0; k < n; k++) {
			struct slo_promql q;

			slo_promql(&q, &slos->items[i].slo, windows_ns[k]);
			mark(a, q.total);
			mark(a, q.bad);
			mark(a, q.ratio);
			slo_promql_release(&q);
		}
	}
	HASH_ITER (hh, a->by_text, ask, next) {
		if (!ask->wanted)
			ask_free(a, ask);
		else if (ask->failed.code)
			ask->retry_mono = 0;
	}
}

/* --- asking --- */

static void answer_keep(struct ask *ask, const struct prom_answer *p)
{
	ask->known = true;
	ask->answered_mono = clock_mono();
	ask->sum = prom_sum(p);
	ask->worst = prom_worst(p);
	ask->retry_ns = 0;
	err_clear(&ask->failed);
	arena_reset(&ask->arena);
	ask->n_list = 0;
	if (!ask->recorded)
		return;
	ask->list = arena_alloc(&ask->arena, p->n + 1, sizeof(*ask->list));
	for (size_t i = 0; i < p->n; i++) {
		const struct prom_series *s = &p->items[i];
		struct recorded *to = &ask->list[ask->n_list];

		to->service = arena_strdup(
			&ask->arena, json_text(json_get(s->labels, "sloth_service")));
		to->name = arena_strdup(
			&ask->arena, json_text(json_get(s->labels, "sloth_slo")));
		to->value = s->samples.n ? s->samples.items[0].value : NAN;
		ask->n_list += to->service && to->name;
	}
}

static void answer_fails(struct run *run, struct ask *ask, const struct err *e)
{
	log_info("%s: %.200s: %s", __func__, ask->text, e->what);
	err_copy(&ask->failed, e);
	run->result.last = &ask->failed;
	run->result.failed++;
	/* What was too much for the server would be so again: twice as late each time. */
	ask->retry_ns = ask->retry_ns ? 2 * ask->retry_ns : REFRESH_MOST_NS;
	if (ask->retry_ns > ask->every_ns)
		ask->retry_ns = ask->every_ns;
	/* What is wrong stays wrong until someone changes it: asks_renew() tries again. */
	ask->retry_mono =
		e->retry == RETRY_NEVER ? INT64_MAX : clock_mono() + ask->retry_ns;
	if (e->retry == RETRY_NEVER)
		ask->known = false;
}

static void ask_done(struct run *run, struct round *r, struct ask *ask)
{
	ask->asking = false;
	if (--run->left == 0)
		run->done(r, run->ctx,
			&run->result); /* may end the round, and run with it */
}

/* --- in parts --- */

/* The question for a shorter window; NULL: it has none that could be put together. */
static char *part_text(const struct run_ask *ra, int64_t window_ns)
{
	struct slo_promql q;
	char *text;

	slo_promql(&q, ra->slo, window_ns);
	text = ra->what == ASK_TOTAL ? q.total : ra->what == ASK_BAD ? q.bad : NULL;
	text = mem_strdup(text);
	slo_promql_release(&q);
	return text;
}

static void on_part(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct run_ask *ra = ctx;
	struct ask *ask = ra->ask;
	double sum = p ? prom_sum(p) : NAN;

	if (e && !ra->cut)
		answer_fails(ra->run, ask, e);
	ra->cut = ra->cut || e;
	if (!isnan(sum))
		ra->sum = isnan(ra->sum) ? sum : ra->sum + sum;
	if (--ra->parts_left)
		return;
	if (!ra->cut) {
		ask->known = true;
		ask->answered_mono = clock_mono();
		ask->sum = ask->worst = ra->sum;
		ask->retry_ns = 0;
		err_clear(&ask->failed);
	}
	ask_done(ra->run, r, ask);
}

/* The window as `parts` shorter ones, one behind the other. */
static bool parts_ask(struct run_ask *ra, struct round *r, size_t parts)
{
	int64_t window_ns = ra->window_ns / (int64_t)parts / NS_PER_S * NS_PER_S;
	char *text = parts > 1 && parts <= PARTS_MOST && window_ns > 0
		? part_text(ra, window_ns)
		: NULL;

	if (!text)
		return false;
	ra->ask->parts = parts;
	ra->parts_left = parts;
	ra->sum = NAN;
	ra->cut = false;
	for (size_t i = 0; i < parts; i++)
		prom_query(r, ra->run->server, text, r->now - (int64_t)i * window_ns,
			on_part, ra);
	free(text);
	return true;
}

/* In how many parts the server may take it; 1: in one. */
static size_t parts_within(int64_t window_ns, int64_t longest_ns)
{
	/* It counts the lookback in. */
	int64_t room = longest_ns - 10 * NS_PER_MIN;

	if (longest_ns <= 0 || window_ns <= room)
		return 1;
	return room > 0 ? (size_t)((window_ns + room - 1) / room) : PARTS_MOST + 1;
}

/* The server refuses the whole: true when its parts are asked instead. */
static bool asked_in_parts(struct run_ask *ra, struct round *r, const struct err *e)
{
	struct prom_server *server = ra->run->server;
	enum prom_refusal why = prom_refusal_of(e->what);
	size_t parts = PARTS_MORE;

	if (why == PROM_TOO_LONG) {
		int64_t limit = prom_limit_of(e->what);

		if (limit > 0 && (!server->longest_ns || limit < server->longest_ns))
			server->longest_ns = limit;
		if (limit > 0)
			parts = parts_within(ra->window_ns, limit);
	} else if (why != PROM_TOO_MUCH) {
		return false;
	}
	return parts_ask(ra, r, parts);
}

/* --- in one --- */

static void on_answer(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct run_ask *ra = ctx;
	struct run *run = ra->run;

	if (e && asked_in_parts(ra, r, e))
		return;
	if (e)
		answer_fails(run, ra->ask, e);
	else
		answer_keep(ra->ask, p);
	ask_done(run, r, ra->ask);
}

static void ask_now(struct run_ask *ra, struct round *r)
{
	struct run *run = ra->run;
	struct ask *ask = ra->ask;
	size_t parts = ask->parts ? ask->parts
				  : parts_within(ra->window_ns, run->server->longest_ns);

	ask->asking = true;
	run->left++;
	run->result.asked++;
	if (!parts_ask(ra, r, parts))
		prom_query(r, run->server, ask->text, r->now, on_answer, ra);
}

static bool is_due(const struct ask *ask, int64_t every_ns)
{
	int64_t now = clock_mono();

	if (ask->failed.code)
		return now >= ask->retry_mono;
	if (isnan(ask->sum) && every_ns > NO_DATA_MOST_NS)
		every_ns = NO_DATA_MOST_NS;
	return !ask->known || now - ask->answered_mono >= every_ns;
}

static void ask_if_due(const struct run_ask *what, struct round *r, const char *text,
	bool recorded, int64_t every_ns)
{
	struct run_ask *ra;
	struct ask *ask;

	if (!text)
		return;
	ask = ask_for(what->run->asks, text, recorded);
	ask->every_ns = every_ns;
	if (ask->asking || !is_due(ask, every_ns))
		return;
	ra = arena_alloc(r->arena, 1, sizeof(*ra));
	*ra = *what;
	ra->ask = ask;
	ask_now(ra, r);
}

static void entry_run(
	struct run *run, struct round *r, const struct slo_entry *entry, bool refresh)
{
	struct run_ask what = {.run = run, .slo = &entry->slo};
	int64_t windows_ns[SLO_WINDOWS + 1];
	size_t n = windows_of(entry, windows_ns);

	for (size_t i = 0; i < n; i++) {
		struct slo_promql q;
		int64_t every_ns;

		slo_promql(&q, &entry->slo, windows_ns[i]);
		every_ns = asks_interval(windows_ns[i],
			refresh ? NS_PER_S : r->conf->every_ns, q.recorded);
		if (refresh && every_ns > REFRESH_MOST_NS)
			every_ns = REFRESH_MOST_NS;
		what.window_ns = windows_ns[i];
		what.what = ASK_TOTAL;
		ask_if_due(&what, r, q.total, false, every_ns);
		what.what = ASK_BAD;
		ask_if_due(&what, r, q.bad, false, every_ns);
		what.what = ASK_RATIO;
		ask_if_due(&what, r, q.ratio, q.recorded, every_ns);
		slo_promql_release(&q);
	}
}

/* A round that was cut off leaves questions without answers. */
static void asking_clear(struct asks *a)
{
	struct ask *ask, *next;

	HASH_ITER (hh, a->by_text, ask, next)
		ask->asking = false;
}

void asks_run(struct asks *a, struct round *r, struct prom_server *server,
	const struct slo_set *slos, bool refresh, asks_done_fn *done, void *ctx)
{
	struct run *run = arena_alloc(r->arena, 1, sizeof(*run));

	run->asks = a;
	run->server = server;
	run->done = done;
	run->ctx = ctx;
	asking_clear(a);
	for (size_t i = 0; i < slos->n; i++) {
		if (slos->items[i].ours)
			entry_run(run, r, &slos->items[i], refresh);
	}
	if (!run->left)
		done(r, ctx, &run->result);
}

/* --- what came of it --- */

static bool is_good(const struct ask *ask)
{
	return ask && ask->known &&
		clock_mono() - ask->answered_mono <= ANSWER_HOLDS * ask->every_ns;
}

static double recorded_value(const struct ask *ask, const struct slo *slo)
{
	for (size_t i = 0; i < ask->n_list; i++) {
		if (!strcmp(ask->list[i].service, slo->service) &&
			!strcmp(ask->list[i].name, slo->name))
			return ask->list[i].value;
	}
	return NAN;
}

static void window_of_counts(
	struct burn_window *w, const struct ask *total, const struct ask *bad)
{
	if (!is_good(total) || !is_good(bad))
		return;
	w->total = total->sum;
	/* An error counter that is not there yet has counted nothing. */
	w->bad = isnan(bad->sum) && total->sum > 0 ? 0 : bad->sum;
	if (w->total > 0)
		w->ratio = w->bad / w->total;
}

struct burn_window asks_window(const struct asks *a, const struct slo_entry *entry,
	int64_t window_ns, const char **why)
{
	struct burn_window w = burn_given(window_ns, NAN);
	const struct ask *total, *bad, *ratio;
	struct slo_promql q;

	slo_promql(&q, &entry->slo, window_ns);
	total = ask_find(a, q.total);
	bad = ask_find(a, q.bad);
	ratio = ask_find(a, q.ratio);
	slo_promql_release(&q);
	if (total && bad)
		window_of_counts(&w, total, bad);
	else if (is_good(ratio))
		w.ratio = ratio->recorded ? recorded_value(ratio, &entry->slo)
					  : ratio->worst;
	if (why) {
		const struct ask *failed = total && total->failed.code ? total
			: bad && bad->failed.code                      ? bad
								       : ratio;

		*why = failed && failed->failed.code ? failed->failed.what : NULL;
	}
	return w;
}
