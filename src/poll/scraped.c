#include "config.h"

#include "poll/scraped.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "poll/scraped_inside.h"
#include "store/series.h"

enum {
	MAX_SERIES = 20000, /* of one source: more is a mistake in a selector */
	WRITES_A_BATCH = 500,
	SAMPLES_A_WINDOW = 10, /* of the shortest window: no finer grid is kept */
	SAMPLES_A_SLICE = 4, /* and at least so many of a slice */
};

#define KEEP_MORE_NS NS_PER_DAY

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
	chosen.learning = false;
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

bool scraped_is_of(const struct series *series, const char *instance)
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
		if (scraped_is_of(series, instance))
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
