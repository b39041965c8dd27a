#include "config.h"

#include "poll/drift_scraped.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/number.h"
#include "poll/counter.h"
#include "store/series.h"

enum {
	MAX_TALLIES = 200000, /* series of all targets that are added up */
	MAX_CELLS = 40000, /* buckets and categories */
	SAMPLES_A_WINDOW = 12,
	WRITES_A_BATCH = 300,
};

#define COUNTS "tocsin:drift_count"
#define TOTALS "tocsin:drift_total"
#define KEEP_MORE_NS NS_PER_DAY

/* A bucket or a category of a feature: how much it grew since we watch. */
struct cell {
	UT_hash_handle hh;
	char *key; /* owned: "SERVICE\nDATASET\nFEATURE\nLABEL" */
	size_t entry, feature;
	const char *label; /* borrowed: from key */
	double grown; /* since the beginning */
	double before; /* what was there when its targets were first seen */
	double total; /* what its counters hold now, added up */
	double left; /* and held when the collector before us last wrote; NAN unknown */
	double written;
	int64_t series, totals; /* 0: not in the store yet */
	int64_t first; /* when it was first known, at 0 growth */
};

/* One series of one target, for one feature. */
struct tally {
	UT_hash_handle hh;
	struct tally *next; /* of the target's */
	char *key; /* owned: INSTANCE, number of the wanted, labels */
	struct cell *cell;
	double last, taken;
	bool has_last, has_taken;
};

struct target {
	struct target *next;
	char *instance; /* owned */
	struct tally *tallies;
	bool known; /* a scrape of it was whole once, and the last one was */
};

struct wanted {
	size_t entry, feature;
	struct counter_expr expr;
};

struct drift_scraped {
	struct drift_set set;
	struct arena arena; /* of the expressions */
	struct wanted *wanted;
	size_t n, cap;
	struct cell *cells;
	struct tally *tallies;
	struct target *targets;
	int64_t written_at; /* the last grid point; NONE_INT */
	int64_t watching; /* since when; NONE_INT: nothing was scraped yet */
	const char *problem;
	char *fingerprint; /* owned: of what is wanted */
};

/* --- beginning and end --- */

struct drift_scraped *drift_scraped_new(void)
{
	struct drift_scraped *s = mem_new(1, sizeof(*s));

	drift_set_init(&s->set);
	arena_init(&s->arena);
	s->written_at = s->watching = NONE_INT;
	return s;
}

static void wanted_clear(struct drift_scraped *s)
{
	for (size_t i = 0; i < s->n; i++)
		counter_release(&s->wanted[i].expr);
	s->wanted = NULL;
	s->n = s->cap = 0;
	s->problem = NULL;
	arena_reset(&s->arena);
}

static void tallies_clear(struct drift_scraped *s)
{
	struct tally *t, *next_tally;
	struct cell *c, *next_cell;

	HASH_ITER (hh, s->tallies, t, next_tally) {
		HASH_DEL(s->tallies, t);
		free(t->key);
		free(t);
	}
	for (struct target *target = s->targets; target; target = target->next) {
		target->tallies = NULL;
		target->known = false;
	}
	HASH_ITER (hh, s->cells, c, next_cell) {
		HASH_DEL(s->cells, c);
		free(c->key);
		free(c);
	}
}

void drift_scraped_free(struct drift_scraped *s)
{
	struct target *next;

	if (!s)
		return;
	tallies_clear(s);
	wanted_clear(s);
	for (struct target *t = s->targets; t; t = next) {
		next = t->next;
		free(t->instance);
		free(t);
	}
	drift_set_release(&s->set);
	arena_release(&s->arena);
	free(s->fingerprint);
	free(s);
}

/* --- what is wanted --- */

static void feature_want(struct drift_scraped *s, size_t entry, size_t feature)
{
	const struct drift_check *c = &s->set.items[entry].check;
	const struct drift_feature *f = &c->features[feature];
	struct counter_expr expr;
	struct err e = ERR_INIT;
	struct wanted *w;

	if (f->from != DRIFT_FROM_HISTOGRAM && f->from != DRIFT_FROM_COUNTER) {
		if (!s->problem)
			s->problem = arena_format(&s->arena,
				_("%s/%s: a query needs a Prometheus"), c->dataset,
				f->name);
		return;
	}
	if (counter_parse(&expr, &s->arena, f->expr, &e) < 0) {
		if (!s->problem)
			s->problem = arena_format(
				&s->arena, "%s/%s: %s", c->dataset, f->name, e.what);
		err_release(&e);
		return;
	}
	w = arena_push(&s->arena, s->wanted, s->n, s->cap);
	*w = (struct wanted){entry, feature, expr};
}

/* The cells that the store has of a check, whose growth goes on where it was. */
static int cells_load(struct drift_scraped *s, const struct round *r, struct err *e);

static char *fingerprint_of(const struct drift_scraped *s)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < s->n; i++) {
		const struct drift_entry *d = &s->set.items[s->wanted[i].entry];
		const struct drift_feature *f = &d->check.features[s->wanted[i].feature];

		strbuf_addf(&text, "%s\n%s\n%s\n%s\n", d->service, d->check.dataset,
			f->name, f->expr);
		for (size_t k = 0; k < f->by.n; k++)
			strbuf_addf(&text, "by %s\n", f->by.items[k]);
	}
	return strbuf_detach(&text, NULL);
}

int drift_scraped_load(struct drift_scraped *s, const struct round *r, struct err *e)
{
	char *fingerprint;

	wanted_clear(s);
	drift_set_load(&s->set, r);
	for (size_t i = 0; i < s->set.n; i++)
		for (size_t k = 0; k < s->set.items[i].check.n; k++)
			feature_want(s, i, k);
	fingerprint = fingerprint_of(s);
	if (s->fingerprint && !strcmp(s->fingerprint, fingerprint)) {
		free(fingerprint);
		return 0;
	}
	free(s->fingerprint);
	s->fingerprint = fingerprint;
	return cells_load(s, r, e);
}

/* --- cells --- */

static struct cell *cell_for(struct drift_scraped *s, size_t entry, size_t feature,
	const char *label, int64_t now)
{
	const struct drift_entry *d = &s->set.items[entry];
	char *key = mem_format("%s\n%s\n%s\n%s", d->service, d->check.dataset,
		d->check.features[feature].name, label);
	struct cell *c = NULL;

	HASH_FIND_STR(s->cells, key, c);
	if (c || HASH_COUNT(s->cells) >= MAX_CELLS) {
		free(key);
		if (c) {
			c->entry = entry; /* files move in the list */
			c->feature = feature;
		}
		return c;
	}
	c = mem_new(1, sizeof(*c));
	c->key = key;
	c->label = key + strlen(key) - strlen(label);
	c->entry = entry;
	c->feature = feature;
	c->first = now;
	c->written = c->left = NAN;
	HASH_ADD_KEYPTR(hh, s->cells, c->key, strlen(c->key), c);
	return c;
}

static void cell_labels(
	struct strbuf *out, const struct drift_scraped *s, const struct cell *c)
{
	const struct drift_entry *d = &s->set.items[c->entry];
	struct json *labels = json_object();

	json_add_text(labels, "category", c->label);
	json_add_text(labels, "dataset", d->check.dataset);
	json_add_text(labels, "feature", d->check.features[c->feature].name);
	json_add_text(labels, "service", d->service);
	json_canonical(out, labels);
	json_free(labels);
}

static bool label_is(const struct json *labels, const char *name, const char *value)
{
	const char *text = json_text(json_get(labels, name));

	return text && !strcmp(text, value);
}

/* What was counted while no collector ran is no news when that was longer than a window. */
static int total_load(struct cell *c, const struct drift_scraped *s,
	const struct round *r, const char *labels, struct err *e)
{
	const struct drift_check *check = &s->set.items[c->entry].check;
	struct samples last;

	if (series_id(&c->totals, r->store, r->conf->name, TOTALS, labels, e) < 0 ||
		series_read(&last, r->arena, r->store, c->totals,
			r->now - check->window_ns, r->now, false, 10000, e) < 0)
		return -1;
	if (last.n)
		c->left = last.items[last.n - 1].value;
	return 0;
}

/* The first scrape after a pause: the counters went on, unless they began anew. */
static void pause_bridge(struct drift_scraped *s)
{
	for (struct cell *c = s->cells; c; c = c->hh.next) {
		if (!isnan(c->left) && c->total > c->left)
			c->grown += c->total - c->left;
		c->left = NAN;
	}
}

static int row_load(struct drift_scraped *s, const struct round *r,
	const struct series_row *row, struct err *e)
{
	struct json *labels = NULL;
	struct samples last;
	int rc = json_parse(&labels, row->labels, strlen(row->labels), e);
	const char *category = json_text(json_get(labels, "category"));

	for (size_t i = 0; i < s->n && rc == 0 && category; i++) {
		const struct drift_entry *d = &s->set.items[s->wanted[i].entry];
		const char *feature = d->check.features[s->wanted[i].feature].name;
		struct cell *c;

		if (!label_is(labels, "service", d->service) ||
			!label_is(labels, "dataset", d->check.dataset) ||
			!label_is(labels, "feature", feature))
			continue;
		c = cell_for(
			s, s->wanted[i].entry, s->wanted[i].feature, category, r->now);
		if (!c || c->series)
			break;
		rc = series_read(
			&last, r->arena, r->store, row->id, r->now, r->now, true, 10, e);
		c->series = row->id;
		c->grown = rc == 0 && last.n ? last.items[0].value : 0;
		c->written = c->grown;
		if (rc == 0)
			rc = total_load(c, s, r, row->labels, e);
		break;
	}
	json_free(labels);
	return rc;
}

static int cells_load(struct drift_scraped *s, const struct round *r, struct err *e)
{
	struct series_row *rows;
	size_t n;

	tallies_clear(s);
	s->watching = s->written_at = NONE_INT;
	if (series_find(&rows, &n, r->arena, r->store, r->conf->name, COUNTS, MAX_CELLS,
		    e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (row_load(s, r, &rows[i], e) < 0)
			return -1;
	return 0;
}

/* --- one scrape --- */

static struct target *target_for(struct drift_scraped *s, const char *instance)
{
	struct target *t = s->targets;

	while (t && strcmp(t->instance, instance))
		t = t->next;
	if (t)
		return t;
	t = mem_new(1, sizeof(*t));
	t->instance = mem_strdup(instance);
	t->next = s->targets;
	s->targets = t;
	return t;
}

static bool is_identity(const char *label)
{
	for (size_t i = 0; drift_identities[i]; i++)
		if (!strcmp(drift_identities[i], label))
			return true;
	return false;
}

/* The bucket's bound in one form, or the category's name.  The caller frees; NULL: none. */
static char *label_of(const struct drift_feature *f, const struct metric_sample *m)
{
	struct json *labels = json_object();
	struct arena a;
	char *out = NULL;
	double le = NAN;

	arena_init(&a);
	for (size_t i = 0; i < m->n_labels; i++) {
		const char *name = m->labels[i].name, *value = m->labels[i].value;

		if (!strcmp(name, "le") && !number_parse(&le, value, strlen(value)))
			le = NAN;
		if (f->by.n || !is_identity(name))
			json_add_text(labels, name, value);
	}
	if (f->from == DRIFT_FROM_COUNTER)
		out = mem_strdup(drift_side_label(&a, labels, f));
	else if (!isnan(le))
		out = isinf(le) ? mem_strdup("+Inf") : mem_format("%.17g", le);
	arena_release(&a);
	json_free(labels);
	return out;
}

static struct tally *tally_for(struct drift_scraped *s, struct target *target,
	size_t wanted, const struct metric_sample *m, int64_t now)
{
	struct strbuf key = STRBUF_INIT;
	struct tally *t = NULL;
	char *label;

	strbuf_addf(&key, "%s\n%zu\n", target->instance, wanted);
	metric_labels_json(&key, m->labels, m->n_labels);
	HASH_FIND(hh, s->tallies, key.buf, key.len, t);
	if (!t && HASH_COUNT(s->tallies) < MAX_TALLIES) {
		const struct wanted *w = &s->wanted[wanted];
		struct cell *cell;

		label = label_of(&s->set.items[w->entry].check.features[w->feature], m);
		cell = label ? cell_for(s, w->entry, w->feature, label, now) : NULL;
		free(label);
		if (cell) {
			t = mem_new(1, sizeof(*t));
			t->key = strbuf_detach(&key, NULL);
			t->cell = cell;
			t->next = target->tallies;
			target->tallies = t;
			HASH_ADD_KEYPTR(hh, s->tallies, t->key, strlen(t->key), t);
		}
	}
	strbuf_release(&key);
	return t;
}

void drift_scraped_take(
	struct drift_scraped *s, const char *instance, const struct metric_sample *m)
{
	if (!isfinite(m->value) || m->value < 0)
		return;
	for (size_t i = 0; i < s->n; i++) {
		const struct counter_expr *c = &s->wanted[i].expr;
		struct tally *t;

		for (size_t k = 0; k < c->n; k++) {
			if (!counter_matches(
				    &c->terms[k], m->name, m->labels, m->n_labels))
				continue;
			t = tally_for(s, target_for(s, instance), i, m, clock_now());
			if (t) {
				t->taken = m->value;
				t->has_taken = true;
			}
		}
	}
}

void drift_scraped_target(struct drift_scraped *s, const char *instance, bool ok)
{
	struct target *target = target_for(s, instance);

	for (struct tally *t = target->tallies; t; t = t->next) {
		if (ok && t->has_taken) {
			t->cell->total += t->taken - (t->has_last ? t->last : 0);
			if (t->has_last)
				t->cell->grown += t->taken < t->last ? t->taken
								     : t->taken - t->last;
			else if (target->known)
				t->cell->grown += t->taken;
			else
				t->cell->before += t->taken;
			t->last = t->taken;
			t->has_last = true;
		}
		t->has_taken = false;
	}
	/* After a hole nobody knows when a new series began to count. */
	target->known = ok;
}

/* --- writing the counters --- */

static int64_t grid_ns(const struct drift_scraped *s, const struct round *r)
{
	int64_t ns = INT64_MAX;

	for (size_t i = 0; i < s->set.n; i++) {
		const struct drift_check *c = &s->set.items[i].check;

		if (c->window_ns / SAMPLES_A_WINDOW < ns)
			ns = c->window_ns / SAMPLES_A_WINDOW;
		if (c->reference_ns / SAMPLES_A_WINDOW < ns)
			ns = c->reference_ns / SAMPLES_A_WINDOW;
	}
	return ns < r->conf->every_ns ? r->conf->every_ns : ns;
}

/* The cell's two series, at its first writing. */
static int cell_open(
	struct drift_scraped *s, const struct round *r, struct cell *c, struct err *e)
{
	const struct drift_check *check = &s->set.items[c->entry].check;
	int64_t keep_ns = check->offset_ns + check->reference_ns + check->window_ns;
	const char *source = r->conf->name;
	struct strbuf labels = STRBUF_INIT;
	int rc;

	cell_labels(&labels, s, c);
	rc = series_id(&c->series, r->store, source, COUNTS, labels.buf, e);
	if (rc == 0)
		rc = series_id(&c->totals, r->store, source, TOTALS, labels.buf, e);
	strbuf_release(&labels);
	if (rc == 0)
		rc = series_keep(r->store, c->series, keep_ns + KEEP_MORE_NS, e);
	if (rc == 0 && c->first < r->now)
		rc = series_add(r->store, c->series, c->first, 0, e);
	return rc;
}

static int cell_write(
	struct drift_scraped *s, const struct round *r, struct cell *c, struct err *e)
{
	if (!c->series && cell_open(s, r, c, e) < 0)
		return -1;
	if (series_add(r->store, c->totals, r->now, c->total, e) < 0)
		return -1;
	if (c->written == c->grown)
		return 0;
	c->written = c->grown;
	return series_add(r->store, c->series, r->now, c->grown, e);
}

/* A batch, beginning with *at; its end is left there. */
static int batch_write(
	struct drift_scraped *s, const struct round *r, struct cell **at, struct err *e)
{
	int rc;

	if (store_begin(r->store, e) < 0)
		return -1;
	rc = source_check(r->store, r->source_id, r->generation, e);
	for (int n = 0; n < WRITES_A_BATCH && *at && rc == 0; *at = (*at)->hh.next, n++)
		rc = cell_write(s, r, *at, e);
	if (rc == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

static int cells_write(struct drift_scraped *s, const struct round *r, struct err *e)
{
	struct cell *at = s->cells;

	/* A little early is on the grid too: polls have jitter. */
	if (s->written_at != NONE_INT &&
		r->now - s->written_at < grid_ns(s, r) - r->conf->every_ns / 4)
		return 0;
	while (at)
		if (batch_write(s, r, &at, e) < 0)
			return -1;
	s->written_at = r->now;
	return 0;
}

/* --- windows --- */

enum span { SPAN_WINDOW, SPAN_BEFORE };

/* What the cell had grown by then; 0 where it was not known yet. */
static int grown_at(double *out, const struct cell *c, const struct round *r, int64_t at,
	struct err *e)
{
	struct samples got;

	*out = 0;
	if (at >= r->now) {
		*out = c->grown;
		return 0;
	}
	if (!c->series)
		return 0;
	if (series_read(&got, r->arena, r->store, c->series, at, at, true, 10, e) < 0)
		return -1;
	if (got.n && !isnan(got.items[got.n - 1].value))
		*out = got.items[got.n - 1].value;
	return 0;
}

struct filling {
	struct drift_bucket *buckets;
	struct drift_category *categories;
	size_t n_buckets, cap_buckets, n_categories, cap_categories;
};

static void filling_add(struct filling *g, struct arena *a, const struct drift_feature *f,
	const char *label, double count)
{
	double le = INFINITY;

	if (f->from == DRIFT_FROM_COUNTER) {
		*arena_push(a, g->categories, g->n_categories, g->cap_categories) =
			(struct drift_category){label, count};
		return;
	}
	if (strcmp(label, "+Inf") != 0 && !number_parse(&le, label, strlen(label)))
		return;
	*arena_push(a, g->buckets, g->n_buckets, g->cap_buckets) =
		(struct drift_bucket){le, count};
}

/* The sides of all features of a check: the growth in (to - window_ns, to], or what was before. */
static int sides_fill(struct drift_side *sides, struct drift_scraped *s, size_t entry,
	const struct round *r, enum span span, int64_t to, int64_t window_ns,
	struct err *e)
{
	const struct drift_check *check = &s->set.items[entry].check;
	struct filling *all = arena_alloc(r->arena, check->n + 1, sizeof(*all));

	for (struct cell *c = s->cells; c; c = c->hh.next) {
		double begin = 0, end = c->before;

		if (c->entry != entry)
			continue;
		if (span == SPAN_WINDOW &&
			(grown_at(&begin, c, r, to - window_ns, e) < 0 ||
				grown_at(&end, c, r, to, e) < 0))
			return -1;
		filling_add(&all[c->feature], r->arena, &check->features[c->feature],
			c->label, fmax(end - begin, 0));
	}
	for (size_t i = 0; i < check->n; i++) {
		if (check->features[i].from == DRIFT_FROM_COUNTER)
			drift_side_categories(&sides[i], r->arena, all[i].categories,
				all[i].n_categories);
		else
			drift_side_classic(
				&sides[i], r->arena, all[i].buckets, all[i].n_buckets);
		sides[i].from = span == SPAN_WINDOW ? to - window_ns : NONE_INT;
		sides[i].to = to;
	}
	return 0;
}

/* --- references --- */

static void take_unknown(struct drift_references *refs, const struct drift_side *sides,
	const bool *unknown, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (unknown[i])
			refs->sides[i] = sides[i];
}

/* A first reference: what was counted before we watched, else the first whole window. */
static int first_reference(struct drift_references *refs, struct drift_scraped *s,
	size_t entry, const struct round *r, const struct drift_side *current,
	const bool *unknown, struct err *e)
{
	struct drift_entry *d = &s->set.items[entry];
	struct drift_side *before =
		arena_alloc(r->arena, d->check.n + 1, sizeof(*before));
	bool *enough = arena_alloc(r->arena, d->check.n + 1, sizeof(*enough));
	bool whole = r->now - s->watching >= d->check.window_ns;

	if (sides_fill(before, s, entry, r, SPAN_BEFORE, s->watching, 0, e) < 0)
		return -1;
	for (size_t i = 0; i < d->check.n; i++)
		enough[i] = unknown[i] && before[i].total >= (double)d->check.min;
	take_unknown(refs, before, enough, d->check.n);
	if (drift_pin_sides(d, r, before, enough, e) < 0)
		return -1;
	for (size_t i = 0; i < d->check.n; i++)
		enough[i] = unknown[i] && !enough[i] && whole;
	return drift_pin_sides(d, r, current, enough, e);
}

static int references_fill(struct drift_references *refs, struct drift_scraped *s,
	size_t entry, const struct round *r, const struct drift_side *current,
	struct err *e)
{
	struct drift_entry *d = &s->set.items[entry];
	const struct drift_check *c = &d->check;
	struct drift_side *asked = arena_alloc(r->arena, c->n + 1, sizeof(*asked));
	bool *unknown = arena_alloc(r->arena, c->n + 1, sizeof(*unknown));
	int64_t to = c->reference == DRIFT_REF_AT ? c->at : r->now - c->offset_ns;

	if (drift_references(refs, d, r, r->now, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		unknown[i] = !refs->known[i] && !c->features[i].file;
	if (c->reference == DRIFT_REF_PINNED)
		return first_reference(refs, s, entry, r, current, unknown, e);
	if (sides_fill(asked, s, entry, r, SPAN_WINDOW, to, c->reference_ns, e) < 0)
		return -1;
	take_unknown(refs, asked, unknown, c->n);
	if (c->reference == DRIFT_REF_AT && c->at <= r->now)
		return drift_pin_sides(d, r, asked, unknown, e);
	return 0;
}

static int entry_run(struct drift_scraped *s, struct drift_entry *d,
	const struct round *r, struct err *e)
{
	size_t entry = (size_t)(d - s->set.items);
	struct drift_side *current =
		arena_alloc(r->arena, d->check.n + 1, sizeof(*current));
	struct drift_references refs;
	int64_t since = r->now - d->check.window_ns;

	if (sides_fill(current, s, entry, r, SPAN_WINDOW, r->now, d->check.window_ns, e) <
			0 ||
		references_fill(&refs, s, entry, r, current, e) < 0)
		return -1;
	for (size_t i = 0; i < d->check.n && s->watching > since; i++)
		current[i].from = s->watching;
	for (size_t i = 0; i < d->check.n; i++)
		current[i].partial = s->watching > r->now - d->check.window_ns / 2;
	return drift_entry_evaluate(d, r, r->now, refs.sides, current, false, e);
}

/* A collector before us watched too, where the pause was shorter than a window. */
static int64_t watched_since(const struct drift_scraped *s, int64_t now)
{
	int64_t since = now;

	for (const struct cell *c = s->cells; c; c = c->hh.next)
		if (!isnan(c->left) &&
			now - s->set.items[c->entry].check.window_ns < since)
			since = now - s->set.items[c->entry].check.window_ns;
	return since;
}

int drift_scraped_run(struct drift_scraped *s, struct round *r, struct err *e)
{
	struct drift_entry *d;

	if (s->watching == NONE_INT) {
		s->watching = watched_since(s, r->now);
		pause_bridge(s);
	}
	if (s->problem)
		round_partial(r, "%s", s->problem);
	if (s->set.n && cells_write(s, r, e) < 0)
		return -1;
	while ((d = drift_set_next(&s->set, r)))
		if (entry_run(s, d, r, e) < 0)
			return -1;
	return drift_set_write(&s->set, r, e);
}
