#include "config.h"

#include "poll/scraped.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "poll/asks.h"
#include "poll/counter.h"
#include "poll/slos.h"
#include "store/series.h"

enum {
	MAX_SERIES = 20000, /* of one source: more is a mistake in a selector */
	WRITES_A_BATCH = 500,
	READ_LIMIT = 1000000,
	SAMPLES_A_WINDOW = 10, /* of the shortest window: no finer grid is kept */
};

#define SLICE_NS (10 * NS_PER_MS)
#define GIVEN_UP_NS NS_PER_MIN /* a Prometheus that failed this long is stood in for */
#define BURNING_MOST_NS (10 * NS_PER_MIN)
#define REFRESH_MOST_NS NS_PER_MIN /* what a person asks for is at most this old */
#define NO_DATA_AGAIN_NS (15 * NS_PER_S)
#define KEEP_MORE_NS NS_PER_DAY

struct series {
	UT_hash_handle hh;
	char *key; /* owned: name and labels, with a NUL between */
	const char *name, *json; /* borrowed: from key */
	struct arena arena; /* of the labels */
	struct metric_label *labels;
	size_t n_labels;
	int64_t id; /* 0: not in the store yet */
	int64_t written; /* the last sample's time; NONE_INT */
	int64_t born; /* when it counted 0 still; NONE_INT */
	double value;
	bool taken;
};

struct target {
	struct target *next;
	char *instance; /* owned */
	int64_t scraped; /* the last time it was written; NONE_INT */
	int64_t started; /* its process, as it says; NONE_INT */
	bool taken;
};

enum part { PART_GOOD, PART_BAD, PART_TOTAL, PARTS };

struct objective {
	struct slo_entry *entry;
	struct counter_expr parts[PARTS];
	bool usable;
	struct burn_window windows[SLO_WINDOWS + 1];
	int64_t windows_ns[SLO_WINDOWS + 1];
	int64_t due_mono[SLO_WINDOWS + 1];
	size_t n;
};

/* One window of one objective, series after series. */
struct job {
	struct objective *of;
	size_t window;
};

struct scraped {
	struct slo_set slos;
	struct arena arena; /* of the expressions and objectives */
	struct objective *objectives;
	size_t n;
	const char *problem;
	struct series *by_key;
	struct target *targets;
	int64_t gap_ns, keep_ns;
	/* the evaluation under way */
	struct round *round;
	scraped_done_fn *done;
	unsigned timer;
	struct job *jobs; /* in the round's arena */
	size_t n_jobs, cap_jobs, job;
	struct series *at; /* the next one of the job */
	double sums[PARTS], coverage[PARTS];
	struct arena samples;
};

/* --- series and targets --- */

static void series_free(struct scraped *s, struct series *series)
{
	HASH_DEL(s->by_key, series);
	arena_release(&series->arena);
	free(series->key);
	free(series);
}

static struct series *series_find_key(
	struct scraped *s, const char *name, const char *json, struct strbuf *key)
{
	struct series *series = NULL;

	strbuf_reset(key);
	strbuf_add(key, name, strlen(name) + 1);
	strbuf_adds(key, json);
	HASH_FIND(hh, s->by_key, key->buf, key->len, series);
	return series;
}

/* Labels are read back from their JSON, so that scraped and stored series are alike. */
static bool labels_read(struct series *series)
{
	struct json *document = NULL;
	struct err e = ERR_INIT;
	size_t cap = 0;

	if (json_parse(&document, series->json, strlen(series->json), &e) < 0)
		log_warn("%s: %s", __func__, e.what);
	json_each (item, document) {
		struct metric_label *label =
			arena_push(&series->arena, series->labels, series->n_labels, cap);
		const char *value = json_text(item);

		label->name = arena_strdup(&series->arena, json_key(item));
		label->value = arena_strdup(&series->arena, value ? value : "");
	}
	json_free(document);
	err_release(&e);
	return true;
}

static struct series *series_for(struct scraped *s, const char *name, const char *json)
{
	struct strbuf key = STRBUF_INIT;
	struct series *series = series_find_key(s, name, json, &key);

	if (!series && HASH_COUNT(s->by_key) < MAX_SERIES) {
		series = mem_new(1, sizeof(*series));
		series->key = mem_new(key.len + 1, 1);
		memcpy(series->key, key.buf, key.len);
		series->name = series->key;
		series->json = series->key + strlen(name) + 1;
		series->written = series->born = NONE_INT;
		arena_init(&series->arena);
		labels_read(series);
		HASH_ADD_KEYPTR(hh, s->by_key, series->key, key.len, series);
	}
	strbuf_release(&key);
	return series;
}

static struct target *target_for(struct scraped *s, const char *instance)
{
	struct target *t = s->targets;

	while (t && strcmp(t->instance, instance))
		t = t->next;
	if (t)
		return t;
	t = mem_new(1, sizeof(*t));
	t->instance = mem_strdup(instance);
	t->scraped = t->started = NONE_INT;
	t->next = s->targets;
	s->targets = t;
	return t;
}

struct scraped *scraped_new(void)
{
	struct scraped *s = mem_new(1, sizeof(*s));

	slo_set_init(&s->slos);
	arena_init(&s->arena);
	arena_init(&s->samples);
	return s;
}

static void objectives_clear(struct scraped *s)
{
	for (size_t i = 0; i < s->n; i++) {
		for (int part = 0; part < PARTS; part++)
			counter_release(&s->objectives[i].parts[part]);
	}
	s->objectives = NULL;
	s->n = 0;
	s->problem = NULL;
	arena_reset(&s->arena);
}

void scraped_free(struct scraped *s)
{
	struct series *series, *next_series;
	struct target *next;

	if (!s)
		return;
	objectives_clear(s);
	HASH_ITER (hh, s->by_key, series, next_series)
		series_free(s, series);
	for (struct target *t = s->targets; t; t = next) {
		next = t->next;
		free(t->instance);
		free(t);
	}
	slo_set_release(&s->slos);
	arena_release(&s->arena);
	arena_release(&s->samples);
	free(s);
}

/* --- objectives --- */

static int part_parse(
	struct scraped *s, struct counter_expr *out, const char *promql, struct err *e)
{
	return promql ? counter_parse(out, &s->arena, promql, e) : 0;
}

static void objective_add(struct scraped *s, struct slo_entry *entry)
{
	struct objective *o = &s->objectives[s->n++];
	const struct sli *sli = &entry->slo.sli;
	struct err e = ERR_INIT;

	o->entry = entry;
	o->n = entry->n_windows;
	memcpy(o->windows_ns, entry->windows_ns, o->n * sizeof(*o->windows_ns));
	if (!o->n || o->windows_ns[o->n - 1] != entry->slo.window_ns)
		o->windows_ns[o->n++] = entry->slo.window_ns;
	for (size_t i = 0; i < o->n; i++)
		o->windows[i] = burn_given(o->windows_ns[i], NAN);
	o->usable = sli->kind == SLI_RATIO && (sli->total || (sli->good && sli->bad)) &&
		part_parse(s, &o->parts[PART_GOOD], sli->good, &e) == 0 &&
		part_parse(s, &o->parts[PART_BAD], sli->bad, &e) == 0 &&
		part_parse(s, &o->parts[PART_TOTAL], sli->total, &e) == 0;
	if (!o->usable && entry->ours && !s->problem)
		s->problem = arena_format(&s->arena, "%s/%s: %s", entry->slo.service,
			entry->slo.name,
			e.code ? e.what : _("it is no ratio of counters"));
	err_release(&e);
	for (size_t i = 0; o->usable && i < o->n; i++) {
		if (o->windows_ns[i] / SAMPLES_A_WINDOW < s->gap_ns)
			s->gap_ns = o->windows_ns[i] / SAMPLES_A_WINDOW;
		if (o->windows_ns[i] + KEEP_MORE_NS > s->keep_ns)
			s->keep_ns = o->windows_ns[i] + KEEP_MORE_NS;
	}
}

static int stored_load(struct scraped *s, const struct round *r,
	const struct counter_term *t, struct err *e)
{
	struct series_row *rows = NULL;
	size_t n = 0;

	if (series_find(&rows, &n, r->arena, r->store, r->conf->name, t->name, MAX_SERIES,
		    e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct series *series = series_for(s, rows[i].name, rows[i].labels);

		if (series)
			series->id = rows[i].id;
	}
	return 0;
}

int scraped_load(struct scraped *s, const struct round *r, struct err *e)
{
	int rc;

	objectives_clear(s);
	slo_set_load(&s->slos, r, NULL, 0, true);
	s->problem = s->slos.problem;
	s->gap_ns = NS_PER_MIN;
	s->keep_ns = 0;
	s->objectives = arena_alloc(&s->arena, s->slos.n + 1, sizeof(*s->objectives));
	for (size_t i = 0; i < s->slos.n; i++)
		objective_add(s, &s->slos.items[i]);
	rc = slo_set_define(&s->slos, r, e);
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		for (int part = 0; part < PARTS; part++) {
			const struct counter_expr *c = &s->objectives[i].parts[part];

			for (size_t k = 0; k < c->n && rc == 0; k++)
				rc = stored_load(s, r, &c->terms[k], e);
		}
	}
	return rc;
}

const char *scraped_problem(const struct scraped *s)
{
	return s->problem;
}

/* --- one scrape --- */

static bool is_wanted(const struct scraped *s, const char *name,
	const struct metric_label *labels, size_t n)
{
	for (size_t i = 0; i < s->n; i++) {
		for (int part = 0; part < PARTS; part++) {
			const struct counter_expr *c = &s->objectives[i].parts[part];

			for (size_t k = 0; k < c->n; k++) {
				if (counter_matches(&c->terms[k], name, labels, n))
					return true;
			}
		}
	}
	return false;
}

/* The sample's labels and the target's, which wins, in order. */
static void labels_with_instance(
	struct strbuf *json, const struct metric_sample *m, const char *instance)
{
	struct metric_label labels[EXPOSITION_MAX_LABELS + 1];
	size_t n = 0;
	bool placed = false;

	for (size_t i = 0; i < m->n_labels; i++) {
		int order = strcmp(m->labels[i].name, "instance");

		if (order >= 0 && !placed) {
			labels[n++] = (struct metric_label){"instance", instance};
			placed = true;
		}
		if (order)
			labels[n++] = m->labels[i];
	}
	if (!placed)
		labels[n++] = (struct metric_label){"instance", instance};
	metric_labels_json(json, labels, n);
}

void scraped_take(struct scraped *s, const char *instance, const struct metric_sample *m)
{
	struct target *t;
	struct strbuf json = STRBUF_INIT;
	struct series *series;

	if (!strcmp(m->name, "process_start_time_seconds") && m->value > 0 &&
		m->value < 1e10)
		target_for(s, instance)->started = (int64_t)(m->value * NS_PER_S);
	if (!isfinite(m->value) || !is_wanted(s, m->name, m->labels, m->n_labels))
		return;
	t = target_for(s, instance);
	t->taken = true;
	labels_with_instance(&json, m, instance);
	series = series_for(s, m->name, json.buf);
	strbuf_release(&json);
	if (!series)
		return;
	series->taken = true;
	series->value = m->value;
	if (!series->id)
		series->born = t->scraped;
}

static bool is_of(const struct series *series, const char *instance)
{
	for (size_t i = 0; i < series->n_labels; i++) {
		if (!strcmp(series->labels[i].name, "instance"))
			return !strcmp(series->labels[i].value, instance);
	}
	return false;
}

void scraped_drop(struct scraped *s, const char *instance)
{
	target_for(s, instance)->taken = false;
	for (struct series *series = s->by_key; series; series = series->hh.next) {
		if (is_of(series, instance))
			series->taken = false;
	}
}

static int series_write(
	struct scraped *s, struct round *r, struct series *series, struct err *e)
{
	if (!series->id) {
		if (series_id(&series->id, r->store, r->conf->name, series->name,
			    series->json, e) < 0 ||
			series_keep(r->store, series->id, s->keep_ns, e) < 0)
			return -1;
		if (series->born != NONE_INT &&
			series_add(r->store, series->id, series->born, 0, e) < 0)
			return -1;
	}
	/* A little early is on the grid too: polls have jitter. */
	if (series->written != NONE_INT &&
		r->now - series->written < s->gap_ns - r->conf->every_ns / 4)
		return 0;
	if (series_add(r->store, series->id, r->now, series->value, e) < 0)
		return -1;
	series->written = r->now;
	return 0;
}

/* A batch, beginning with *at; its end is left there. */
static int batch_write(
	struct scraped *s, struct round *r, struct series **at, struct err *e)
{
	int rc;

	if (store_begin(r->store, e) < 0)
		return -1;
	rc = source_check(r->store, r->source_id, r->generation, e);
	for (int n = 0; n < WRITES_A_BATCH && *at && rc == 0; *at = (*at)->hh.next, n++) {
		if (!(*at)->taken)
			continue;
		(*at)->taken = false;
		rc = series_write(s, r, *at, e);
		r->records++;
	}
	if (rc == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

int scraped_write(struct scraped *s, struct round *r, struct err *e)
{
	struct series *at = s->by_key;

	while (at) {
		if (batch_write(s, r, &at, e) < 0)
			return -1;
	}
	for (struct target *t = s->targets; t; t = t->next) {
		/* After a hole nobody knows when a new series began to count. */
		t->scraped = t->taken ? r->now : NONE_INT;
		t->taken = false;
	}
	return 0;
}

/* --- evaluation --- */

static double part_weight(
	const struct objective *o, enum part part, const struct series *series)
{
	const struct counter_expr *c = &o->parts[part];
	double weight = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (counter_matches(
			    &c->terms[i], series->name, series->labels, series->n_labels))
			weight += c->terms[i].sign;
	}
	return weight;
}

static int64_t started_of(const struct scraped *s, const struct series *series)
{
	for (const struct target *t = s->targets; t; t = t->next) {
		if (is_of(series, t->instance))
			return t->started;
	}
	return NONE_INT;
}

/*
 * What was counted before our first look, of the part of it inside the window: a process begins
 * to count at 0.  Good for the budget's period only: it is spread evenly, so that a shorter
 * window would show an average of long ago as if it were now.  *since: how far back we know.
 */
static double before_first(const struct scraped *s, const struct series *series,
	const struct samples *samples, int64_t edge, int64_t *since)
{
	const struct sample *first = samples->n ? &samples->items[0] : NULL;
	int64_t started = started_of(s, series);

	if (!first || first->at <= edge || started == NONE_INT || started >= first->at)
		return NAN;
	*since = started > edge ? started : edge;
	return first->value * (double)(first->at - *since) /
		(double)(first->at - started);
}

static int series_grow(struct scraped *s, const struct objective *o,
	const struct series *series, int64_t window_ns, struct err *e)
{
	int64_t to = s->round->now;
	struct samples samples = {0};
	double weights[PARTS], growth, before = NAN, coverage = 0;
	int64_t since = to;
	bool any = false;

	for (int part = 0; part < PARTS; part++) {
		weights[part] = part_weight(o, part, series);
		any = any || weights[part] != 0;
	}
	if (!any || !series->id)
		return 0;
	arena_reset(&s->samples);
	if (series_read(&samples, &s->samples, s->round->store, series->id,
		    to - window_ns, to, true, READ_LIMIT, e) < 0)
		return -1;
	growth = counter_growth(&samples, to, window_ns, &coverage);
	if (window_ns == o->entry->slo.window_ns)
		before = before_first(s, series, &samples, to - window_ns, &since);
	if (!isnan(before)) {
		growth = before + (isnan(growth) ? 0 : growth);
		coverage = (double)(to - since) / (double)window_ns;
	}
	for (int part = 0; part < PARTS; part++) {
		if (weights[part] == 0 || isnan(growth))
			continue;
		s->sums[part] = (isnan(s->sums[part]) ? 0 : s->sums[part]) +
			weights[part] * growth;
		s->coverage[part] = fmax(s->coverage[part], coverage);
	}
	return 0;
}

static void job_begin(struct scraped *s)
{
	s->at = s->by_key;
	for (int part = 0; part < PARTS; part++) {
		s->sums[part] = NAN;
		s->coverage[part] = 0;
	}
}

/* No total is no data; a counter of errors that is not there yet has counted none. */
static void job_finish(struct scraped *s, const struct job *job)
{
	const struct sli *sli = &job->of->entry->slo.sli;
	struct burn_window *w = &job->of->windows[job->window];
	double good = s->sums[PART_GOOD], bad = s->sums[PART_BAD];

	*w = burn_given(job->of->windows_ns[job->window], NAN);
	w->total = sli->total ? s->sums[PART_TOTAL]
		: isnan(bad)  ? good
		: isnan(good) ? bad
			      : good + bad;
	w->coverage = s->coverage[sli->total ? PART_TOTAL : PART_GOOD];
	if (!sli->bad)
		w->bad = isnan(good) ? NAN : fmax(0, w->total - good);
	else
		w->bad = isnan(bad) && !isnan(w->total) ? 0 : bad;
	if (w->total > 0 && !isnan(w->bad))
		w->ratio = fmin(1, w->bad / w->total);
	else /* the first samples are in: look again soon */
		job->of->due_mono[job->window] = clock_mono() + NO_DATA_AGAIN_NS;
}

static int objective_record(struct round *r, struct objective *o, struct err *e)
{
	struct slo_entry *entry = o->entry;
	struct burn_window period = o->windows[o->n - 1];
	const char *note = NULL;

	if (!entry->ours)
		note = arena_format(r->arena,
			_("from '%s', because '%s' does not answer"), r->conf->name,
			entry->slo.source);
	return slo_entry_record(entry, r, o->windows, entry->n_windows, &period, note, e);
}

static bool is_stood_in_for(struct round *r, const char *source)
{
	struct source_row row;
	struct err ignored = ERR_INIT;
	bool yes;

	yes = source && source_find(&row, r->arena, r->store, source, &ignored) == 0 &&
		row.failing_since != NONE_INT &&
		r->now - row.failing_since >= GIVEN_UP_NS;
	err_release(&ignored);
	return yes;
}

static bool is_evaluated(struct round *r, const struct objective *o)
{
	return o->usable && (o->entry->ours || is_stood_in_for(r, o->entry->slo.source));
}

static int objectives_record(struct scraped *s, struct err *e)
{
	struct round *r = s->round;
	int rc;

	if (store_begin(r->store, e) < 0)
		return -1;
	rc = source_check(r->store, r->source_id, r->generation, e);
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		if (is_evaluated(r, &s->objectives[i]))
			rc = objective_record(r, &s->objectives[i], e);
	}
	if (rc == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

static void evaluation_end(struct scraped *s, struct err *e)
{
	struct round *r = s->round;

	s->round = NULL;
	arena_release(&s->samples);
	s->done(r, e->code ? e : NULL);
	err_release(e);
}

/* Series after series until the slice is over; the rest waits for the next turn of the loop. */
static void on_turn(void *ctx)
{
	struct scraped *s = ctx;
	int64_t until = clock_mono() + SLICE_NS;
	struct err e = ERR_INIT;

	s->timer = 0;
	while (s->job < s->n_jobs && clock_mono() < until) {
		struct job *job = &s->jobs[s->job];

		if (!s->at) {
			job_finish(s, job);
			s->job++;
			job_begin(s);
			continue;
		}
		if (series_grow(s, job->of, s->at, job->of->windows_ns[job->window], &e) <
			0) {
			evaluation_end(s, &e);
			return;
		}
		s->at = s->at->hh.next;
	}
	if (s->job < s->n_jobs) {
		s->timer = loop_after(s->round->loop, 0, on_turn, s);
		return;
	}
	(void)objectives_record(s, &e);
	evaluation_end(s, &e);
}

static void jobs_add(struct scraped *s, struct round *r, struct objective *o)
{
	bool burning = o->entry->severity == SEV_PAGE || o->entry->severity == SEV_TICKET;

	for (size_t i = 0; i < o->n; i++) {
		struct job *job;
		int64_t holds = asks_interval(o->windows_ns[i], r->conf->every_ns, false);

		/* The samples are our own: a burn is followed more closely. */
		if (burning && holds > BURNING_MOST_NS)
			holds = BURNING_MOST_NS;
		if (r->want && holds > REFRESH_MOST_NS)
			holds = REFRESH_MOST_NS;

		/* When it begins to burn, what was put off for long is due now. */
		if (clock_mono() < o->due_mono[i] &&
			o->due_mono[i] - clock_mono() <= holds)
			continue;
		o->due_mono[i] = clock_mono() + holds;
		job = arena_push(r->arena, s->jobs, s->n_jobs, s->cap_jobs);
		*job = (struct job){o, i};
	}
}

void scraped_evaluate(struct scraped *s, struct round *r, scraped_done_fn *done)
{
	s->round = r;
	s->done = done;
	s->jobs = NULL;
	s->n_jobs = s->cap_jobs = s->job = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (is_evaluated(r, &s->objectives[i]))
			jobs_add(s, r, &s->objectives[i]);
	}
	job_begin(s);
	s->timer = loop_after(r->loop, 0, on_turn, s);
}

void scraped_cancel(struct scraped *s)
{
	if (s->round)
		loop_cancel(s->round->loop, s->timer);
	s->round = NULL;
	for (struct series *series = s->by_key; series; series = series->hh.next)
		series->taken = false;
}
