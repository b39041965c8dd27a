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
#include "poll/counted.h"
#include "poll/slos.h"
#include "signal/budget.h"
#include "signal/slice.h"
#include "store/series.h"

enum {
	MAX_SERIES = 20000, /* of one source: more is a mistake in a selector */
	WRITES_A_BATCH = 500,
	READ_LIMIT = 1000000,
	SAMPLES_A_WINDOW = 10, /* of the shortest window: no finer grid is kept */
	SAMPLES_A_SLICE = 4, /* and at least so many of a slice */
	RECOVERY_STEPS = 720,
};

#define SLICE_NS (10 * NS_PER_MS)
#define GIVEN_UP_NS NS_PER_MIN /* a Prometheus that failed this long is stood in for */
#define BURNING_MOST_NS (10 * NS_PER_MIN)
#define REFRESH_MOST_NS NS_PER_MIN /* what a person asks for is at most this old */
#define NO_DATA_AGAIN_NS (15 * NS_PER_S)
#define KEEP_MORE_NS NS_PER_DAY
#define RECOVERY_EVERY_NS (30 * NS_PER_MIN)

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

struct objective {
	struct slo_entry *entry;
	struct counted counted;
	struct objective
		*higher; /* at the next higher boundary: its period alone; NULL */
	struct burn_window windows[SLO_WINDOWS + 1];
	int64_t windows_ns[SLO_WINDOWS + 1];
	int64_t due_mono[SLO_WINDOWS + 1];
	size_t n;
	int64_t recovery_due_mono;
};

/* One window of one objective, series after series; RECOVERY: when the budget does. */
struct job {
	struct objective *of;
	size_t window;
	int64_t window_ns; /* what has passed of a calendar's period */
	/* slices of time, when they are counted: the first begins at from */
	int64_t from, slice_ns;
	size_t n_slices; /* 0: events are counted */
	bool recovery;
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
	double sums[COUNTED_PARTS], coverage[COUNTED_PARTS];
	double *slices[COUNTED_PARTS]; /* of a job that counts them: owned */
	struct arena samples;
	bool again; /* the files are to be read anew: a group that was not there */
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
		if (s->objectives[i].higher)
			counted_release(&s->objectives[i].higher->counted);
		counted_release(&s->objectives[i].counted);
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

static void windows_init(struct objective *o, struct slo_entry *entry)
{
	o->entry = entry;
	o->n = entry->n_windows;
	memcpy(o->windows_ns, entry->windows_ns, o->n * sizeof(*o->windows_ns));
	if (!o->n || o->windows_ns[o->n - 1] != entry->slo.window_ns)
		o->windows_ns[o->n++] = entry->slo.window_ns;
	for (size_t i = 0; i < o->n; i++)
		o->windows[i] = burn_given(o->windows_ns[i], NAN);
}

/* What the shortest window needs, and how long the longest needs it. */
static void samples_wanted(struct scraped *s, const struct objective *o)
{
	const struct slo *slo = &o->entry->slo;
	int64_t finest = o->windows_ns[0];

	for (size_t i = 0; i < o->n; i++) {
		int64_t keep_ns = o->windows_ns[i] + KEEP_MORE_NS;

		/* The longest month there is, with a day for the change to winter time. */
		if (slo->calendar)
			keep_ns += o->windows_ns[i] / 8 + NS_PER_DAY;
		if (o->windows_ns[i] < finest)
			finest = o->windows_ns[i];
		if (keep_ns > s->keep_ns)
			s->keep_ns = keep_ns;
	}
	if (slo->budgeting != BUDGET_EVENTS && slo->slice_ns > 0 &&
		slo->slice_ns / SAMPLES_A_SLICE * SAMPLES_A_WINDOW < finest)
		finest = slo->slice_ns / SAMPLES_A_SLICE * SAMPLES_A_WINDOW;
	if (finest / SAMPLES_A_WINDOW < s->gap_ns)
		s->gap_ns = finest / SAMPLES_A_WINDOW;
}

static void objective_add(struct scraped *s, struct slo_entry *entry)
{
	struct objective *o = &s->objectives[s->n++];
	struct err e = ERR_INIT;

	windows_init(o, entry);
	if (counted_init(&o->counted, &s->arena, &entry->asked.sli, entry->group,
		    entry->has_latency ? &entry->latency : NULL, &e) < 0 &&
		entry->ours && entry->slo.sli.kind != SLI_TRACES && !s->problem)
		s->problem = arena_format(&s->arena, "%s/%s: %s", entry->slo.service,
			entry->slo.name, e.what);
	err_release(&e);
	if (o->counted.usable)
		samples_wanted(s, o);
}

/* --- boundaries of latencies --- */

static void higher_add(struct scraped *s, struct objective *o)
{
	struct objective *higher = arena_alloc(&s->arena, 1, sizeof(*higher));
	struct err e = ERR_INIT;

	windows_init(higher, o->entry);
	higher->windows_ns[0] = o->entry->slo.window_ns;
	higher->n = 1;
	if (counted_init(&higher->counted, &s->arena, &o->entry->higher.sli,
		    o->entry->group, NULL, &e) == 0)
		o->higher = higher;
	err_release(&e);
}

/* What was learnt of a histogram's boundaries decides which are added up. */
static void boundaries_use(struct scraped *s, struct objective *o)
{
	struct counted learnt = o->counted, chosen;
	struct err e = ERR_INIT;

	if (!learnt.news)
		return;
	slo_entry_boundaries(o->entry, &s->arena, learnt.bounds, learnt.n_bounds);
	if (counted_init(&chosen, &s->arena, &o->entry->asked.sli, o->entry->group,
		    &o->entry->latency, &e) < 0) {
		err_release(&e);
		return;
	}
	chosen.bounds = learnt.bounds;
	chosen.n_bounds = learnt.n_bounds;
	chosen.cap_bounds = learnt.cap_bounds;
	counted_release(&o->counted);
	o->counted = chosen;
	if (o->higher)
		counted_release(&o->higher->counted);
	o->higher = NULL;
	if (o->entry->has_higher)
		higher_add(s, o);
}

/* --- groups --- */

/* An objective for each group of which a series is known. */
static void groups_find(struct scraped *s, size_t grouped)
{
	struct slo_entry base = s->slos.items[grouped];
	struct counted all;
	struct err e = ERR_INIT;

	if (counted_init(&all, &s->arena, &base.slo.sli, NULL, NULL, &e) < 0) {
		err_release(&e);
		return;
	}
	for (struct series *series = s->by_key; series; series = series->hh.next) {
		const char *key;

		if (!counted_takes(&all, series->name, series->labels, series->n_labels))
			continue;
		key = counted_group(&s->arena, base.slo.sli.grouping, series->labels,
			series->n_labels);
		if (!slo_set_group(&s->slos, grouped, key) && !s->problem)
			s->problem = arena_format(&s->arena,
				_("%s: only the first %d groups are evaluated"),
				base.slo.name, SLO_MOST_GROUPS);
	}
	counted_release(&all);
}

static bool is_grouped(const struct scraped *s, const struct series *series)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->objectives[i].entry->grouped &&
			counted_takes(&s->objectives[i].counted, series->name,
				series->labels, series->n_labels))
			return true;
	}
	return false;
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

/* The series that the store has already, of one objective. */
static int parts_load(
	struct scraped *s, const struct round *r, const struct counted *c, struct err *e)
{
	int rc = 0;

	for (int part = 0; part < COUNTED_PARTS; part++) {
		for (size_t k = 0; k < c->parts[part].n && rc == 0; k++)
			rc = stored_load(s, r, &c->parts[part].terms[k], e);
	}
	return rc;
}

/* What is known of the series tells the groups; they are objectives like others from then on. */
static int groups_load(struct scraped *s, const struct round *r, struct err *e)
{
	size_t n = s->slos.n;

	for (size_t i = 0; i < n; i++) {
		struct counted all;
		int rc = 0;

		if (!s->slos.items[i].grouped ||
			counted_init(&all, &s->arena, &s->slos.items[i].slo.sli, NULL,
				NULL, e) < 0) {
			err_clear(e);
			continue;
		}
		rc = parts_load(s, r, &all, e);
		counted_release(&all);
		if (rc < 0)
			return -1;
		groups_find(s, i);
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
	s->again = false;
	if (groups_load(s, r, e) < 0)
		return -1;
	s->objectives = arena_alloc(&s->arena, s->slos.n + 1, sizeof(*s->objectives));
	for (size_t i = 0; i < s->slos.n; i++)
		objective_add(s, &s->slos.items[i]);
	rc = slo_set_define(&s->slos, r, e);
	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = parts_load(s, r, &s->objectives[i].counted, e);
	return rc;
}

bool scraped_again(const struct scraped *s)
{
	return s->again;
}

const char *scraped_problem(const struct scraped *s)
{
	return s->problem;
}

/* --- one scrape --- */

static bool is_wanted(
	struct scraped *s, const char *name, const struct metric_label *labels, size_t n)
{
	bool wanted = false;

	for (size_t i = 0; i < s->n; i++) {
		struct objective *o = &s->objectives[i];

		counted_look(&o->counted, &s->arena, name, labels, n);
		wanted = wanted || counted_takes(&o->counted, name, labels, n) ||
			(o->higher &&
				counted_takes(&o->higher->counted, name, labels, n));
	}
	return wanted;
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
	if (series->id)
		return;
	series->born = t->scraped;
	s->again = s->again || is_grouped(s, series);
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
	for (size_t i = 0; i < s->n; i++)
		boundaries_use(s, &s->objectives[i]);
	for (struct target *t = s->targets; t; t = t->next) {
		/* After a hole nobody knows when a new series began to count. */
		t->scraped = t->taken ? r->now : NONE_INT;
		t->taken = false;
	}
	return 0;
}

/* --- evaluation --- */

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

static void slices_take(struct scraped *s, const struct job *job,
	const struct samples *samples, const double *weights)
{
	for (int part = 0; part < COUNTED_PARTS; part++) {
		if (weights[part] != 0)
			slice_add(s->slices[part], job->n_slices, samples, job->from,
				job->slice_ns, weights[part]);
	}
}

static void growth_take(struct scraped *s, const struct job *job,
	const struct series *series, const struct samples *samples, const double *weights)
{
	int64_t to = s->round->now, window_ns = job->window_ns, since = to;
	double before = NAN, coverage = 0;
	double growth = counter_growth(samples, to, window_ns, &coverage);

	if (job->of->windows_ns[job->window] == job->of->entry->slo.window_ns)
		before = before_first(s, series, samples, to - window_ns, &since);
	if (!isnan(before)) {
		growth = before + (isnan(growth) ? 0 : growth);
		coverage = (double)(to - since) / (double)window_ns;
	}
	for (int part = 0; part < COUNTED_PARTS; part++) {
		if (weights[part] == 0 || isnan(growth))
			continue;
		s->sums[part] = (isnan(s->sums[part]) ? 0 : s->sums[part]) +
			weights[part] * growth;
		s->coverage[part] = fmax(s->coverage[part], coverage);
	}
}

static int series_grow(struct scraped *s, const struct job *job,
	const struct series *series, struct err *e)
{
	int64_t to = s->round->now;
	struct samples samples = {0};
	double weights[COUNTED_PARTS];
	bool any = false;

	for (int part = 0; part < COUNTED_PARTS; part++) {
		weights[part] = counted_weight(&job->of->counted, (enum counted_part)part,
			series->name, series->labels, series->n_labels);
		any = any || weights[part] != 0;
	}
	if (!any || !series->id)
		return 0;
	arena_reset(&s->samples);
	if (series_read(&samples, &s->samples, s->round->store, series->id,
		    job->n_slices ? job->from : to - job->window_ns, to, true, READ_LIMIT,
		    e) < 0)
		return -1;
	if (job->n_slices)
		slices_take(s, job, &samples, weights);
	else
		growth_take(s, job, series, &samples, weights);
	return 0;
}

static void slices_free(struct scraped *s)
{
	for (int part = 0; part < COUNTED_PARTS; part++) {
		free(s->slices[part]);
		s->slices[part] = NULL;
	}
}

static void job_begin(struct scraped *s)
{
	const struct job *job = s->job < s->n_jobs ? &s->jobs[s->job] : NULL;

	s->at = s->by_key;
	slices_free(s);
	for (int part = 0; part < COUNTED_PARTS; part++) {
		s->sums[part] = NAN;
		s->coverage[part] = 0;
		if (!job || !job->n_slices)
			continue;
		s->slices[part] = mem_new(job->n_slices, sizeof(double));
		for (size_t i = 0; i < job->n_slices; i++)
			s->slices[part][i] = NAN;
	}
}

/* Of good and bad events, one of which may be missing; all of them when that is not counted. */
static double total_of(const struct sli *sli, double good, double bad, double total)
{
	if (sli->total)
		return total;
	return isnan(bad) ? good : isnan(good) ? bad : good + bad;
}

/* A counter of errors that is not there yet has counted none; without good events all failed. */
static double bad_of(const struct sli *sli, double good, double bad, double total)
{
	if (isnan(total))
		return NAN;
	if (sli->bad)
		return isnan(bad) ? 0 : bad;
	return fmax(0, total - (isnan(good) ? 0 : good));
}

/* What slices need: good and bad events as bad and all. */
static void slices_settle(struct scraped *s, const struct sli *sli, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double good = s->slices[COUNTED_GOOD][i], bad = s->slices[COUNTED_BAD][i];
		double total = total_of(sli, good, bad, s->slices[COUNTED_TOTAL][i]);

		s->slices[COUNTED_TOTAL][i] = total;
		s->slices[COUNTED_BAD][i] = bad_of(sli, good, bad, total);
	}
}

static void recovery_finish(struct scraped *s, const struct job *job)
{
	struct slo_entry *entry = job->of->entry;
	struct samples bad = {
		arena_alloc(s->round->arena, job->n_slices, sizeof(*bad.items)), 0};

	for (size_t i = 0; i < job->n_slices; i++) {
		if (!isnan(s->slices[COUNTED_BAD][i]))
			bad.items[bad.n++] = (struct sample){
				job->from + (int64_t)(i + 1) * job->slice_ns,
				s->slices[COUNTED_BAD][i]};
	}
	entry->recovers = budget_recovers(
		&bad, entry->allowed, entry->slo.window_ns, s->round->now);
}

/* No total is no data. */
static void events_finish(struct scraped *s, const struct job *job, struct burn_window *w)
{
	const struct sli *sli = &job->of->entry->slo.sli;
	double good = s->sums[COUNTED_GOOD], bad = s->sums[COUNTED_BAD];

	*w = burn_given(job->window_ns, NAN);
	w->total = total_of(sli, good, bad, s->sums[COUNTED_TOTAL]);
	w->bad = bad_of(sli, good, bad, w->total);
	w->coverage = s->coverage[sli->total ? COUNTED_TOTAL : COUNTED_GOOD];
	if (w->total > 0)
		w->ratio = fmin(1, w->bad / w->total);
}

static void job_finish(struct scraped *s, const struct job *job)
{
	struct burn_window *w = &job->of->windows[job->window];
	const struct slo *slo = &job->of->entry->slo;

	if (job->n_slices)
		slices_settle(s, &slo->sli, job->n_slices);
	if (job->recovery) {
		recovery_finish(s, job);
		return;
	}
	if (job->n_slices)
		*w = slice_measure(slo, s->slices[COUNTED_BAD], s->slices[COUNTED_TOTAL],
			job->n_slices, job->window_ns);
	else
		events_finish(s, job, w);
	if (isnan(w->ratio)) /* the first samples are in: look again soon */
		job->of->due_mono[job->window] = clock_mono() + NO_DATA_AGAIN_NS;
}

static const char *notes_of(struct round *r, const struct objective *o)
{
	const struct slo_entry *entry = o->entry;
	double higher = o->higher ? o->higher->windows[0].ratio : NAN;

	if (!entry->ours)
		return arena_format(r->arena,
			_("from '%s', because '%s' does not answer"), r->conf->name,
			entry->slo.source);
	if (isnan(higher))
		return NULL;
	return arena_format(r->arena,
		_("at the higher boundary the period burns at %.3g"),
		burn_rate(higher, entry->slo.objective));
}

static int objective_record(struct round *r, struct objective *o, struct err *e)
{
	struct burn_window period = o->windows[o->n - 1];

	if (!o->entry->overspent)
		o->entry->recovers = NONE_INT;
	return slo_entry_record(
		o->entry, r, o->windows, o->entry->n_windows, &period, notes_of(r, o), e);
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
	return o->counted.usable && !o->entry->grouped && !o->entry->unmeasurable &&
		(o->entry->ours || is_stood_in_for(r, o->entry->slo.source));
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
	slices_free(s);
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
		if (series_grow(s, job, s->at, &e) < 0) {
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

static void job_add(struct scraped *s, struct round *r, const struct job *what)
{
	*arena_push(r->arena, s->jobs, s->n_jobs, s->cap_jobs) = *what;
}

/* Slices that are over, laid at multiples of their length; at least one. */
static void job_slices(struct job *job, const struct slo *slo, int64_t now)
{
	int64_t end = now / slo->slice_ns * slo->slice_ns;

	job->slice_ns = slo->slice_ns;
	job->from = slice_begin(end - job->window_ns, slo->slice_ns);
	if (job->from >= end)
		job->from = end - slo->slice_ns;
	job->n_slices = (size_t)((end - job->from) / slo->slice_ns);
	if (job->n_slices > SLICE_MOST)
		job->n_slices = SLICE_MOST;
}

static struct job job_for(struct objective *o, size_t window, int64_t now)
{
	const struct slo_entry *entry = o->entry;
	struct job job = {.of = o, .window = window, .window_ns = o->windows_ns[window]};

	if (job.window_ns == entry->slo.window_ns && entry->period_to)
		job.window_ns = now - entry->period_from;
	if (entry->slo.budgeting != BUDGET_EVENTS && entry->slo.slice_ns > 0)
		job_slices(&job, &entry->slo, now);
	return job;
}

static void recovery_add(struct scraped *s, struct round *r, struct objective *o)
{
	struct slo *slo = &o->entry->slo;
	struct job job = {.of = o, .window_ns = slo->window_ns, .recovery = true};

	if (!o->entry->overspent || clock_mono() < o->recovery_due_mono ||
		slo->budgeting != BUDGET_EVENTS)
		return;
	o->recovery_due_mono = clock_mono() + RECOVERY_EVERY_NS;
	job.slice_ns = slo->window_ns / RECOVERY_STEPS;
	job.from = r->now - slo->window_ns;
	job.n_slices = RECOVERY_STEPS;
	job_add(s, r, &job);
}

static void jobs_add(struct scraped *s, struct round *r, struct objective *o)
{
	bool burning = o->entry->severity == SEV_PAGE || o->entry->severity == SEV_TICKET;

	for (size_t i = 0; i < o->n; i++) {
		struct job job = job_for(o, i, r->now);
		int64_t holds = asks_interval(job.window_ns, r->conf->every_ns, false);

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
		job_add(s, r, &job);
	}
	recovery_add(s, r, o);
}

void scraped_evaluate(struct scraped *s, struct round *r, scraped_done_fn *done)
{
	s->round = r;
	s->done = done;
	s->jobs = NULL;
	s->n_jobs = s->cap_jobs = s->job = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct objective *o = &s->objectives[i];

		slo_entry_period(o->entry, r->now);
		if (!is_evaluated(r, o))
			continue;
		jobs_add(s, r, o);
		if (o->higher)
			jobs_add(s, r, o->higher);
	}
	job_begin(s);
	s->timer = loop_after(r->loop, 0, on_turn, s);
}

void scraped_cancel(struct scraped *s)
{
	if (s->round)
		loop_cancel(s->round->loop, s->timer);
	s->round = NULL;
	slices_free(s);
	for (struct series *series = s->by_key; series; series = series->hh.next)
		series->taken = false;
}
