#include "config.h"

#include "poll/drifts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/path.h"
#include "poll/drift_files.h"
#include "store/observe.h"

enum { OBSERVED_MOST = 20000, WRITES_A_BATCH = 200 };

void drift_set_init(struct drift_set *s)
{
	*s = (struct drift_set){0};
	arena_init(&s->arena);
}

static void entry_release(struct drift_entry *entry)
{
	free(entry->past);
	arena_release(&entry->arena);
	drift_training_free(entry->training);
	free(entry->seen);
}

void drift_set_release(struct drift_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		entry_release(&s->items[i]);
	free(s->items);
	arena_release(&s->arena);
	*s = (struct drift_set){0};
}

/* --- whose check it is --- */

static const char *first_of_type(
	const struct config *c, const struct context_conf *context, const char *type)
{
	for (size_t i = 0; i < c->n_sources; i++) {
		const struct source_conf *s = &c->sources[i];

		if (!strcmp(s->type, type) &&
			(!context || context_has_source(context, s->name)))
			return s->name;
	}
	return NULL;
}

const char *drift_source(const struct config *c, const struct context_conf *context,
	const struct drift_check *check)
{
	const char *name = check->source;

	if (name)
		return name;
	if (drift_check_is_files(check))
		return first_of_type(c, context, "files");
	if (check->project)
		return first_of_type(c, context, "evidently");
	name = first_of_type(c, context, "prometheus");
	return name ? name : first_of_type(c, context, "metrics");
}

/* --- reading --- */

static struct drift_entry *entry_find(
	const struct drift_set *s, const char *service, const char *dataset)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->items[i].service, service) &&
			!strcmp(s->items[i].check.dataset, dataset))
			return &s->items[i];
	return NULL;
}

static bool same_features(const struct drift_check *a, const struct drift_check *b)
{
	if (a->n != b->n || a->every_ns != b->every_ns || a->window_ns != b->window_ns)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->features[i].name, b->features[i].name) != 0)
			return false;
	return true;
}

/* What was found out goes over to the entry that stays. */
static void entry_inherit(struct drift_entry *entry, struct drift_entry *old)
{
	struct drift_check check = entry->check;
	const char *service = entry->service;

	if (!same_features(&entry->check, &old->check))
		return;
	free(entry->past);
	*entry = *old;
	entry->check = check;
	entry->service = service;
	old->past = NULL;
	arena_init(&old->arena);
	old->training = NULL;
	old->seen = NULL;
	/* The report's texts are those of the old files. */
	for (size_t i = 0; entry->told && i <= check.n; i++) {
		entry->reports[i].service = service;
		entry->reports[i].dataset = check.dataset;
		entry->reports[i].feature =
			i < check.n ? check.features[i].name : DRIFT_DATASET;
	}
}

static void entry_add(struct drift_set *s, struct drift_set *old, const char *service,
	const struct drift_check *check)
{
	struct drift_entry *before = entry_find(old, service, check->dataset), *entry;

	if (entry_find(s, service, check->dataset)) {
		if (!s->problem)
			s->problem = arena_format(&s->arena,
				_("the service '%s' has two drift checks named '%s'"),
				service, check->dataset);
		return;
	}
	entry = mem_push(s->items, s->n, s->cap);
	entry->check = *check;
	entry->service = arena_strdup(&s->arena, service);
	entry->past = mem_new(check->n + 1, sizeof(*entry->past));
	for (size_t i = 0; i <= check->n; i++)
		entry->past[i].since = NONE_INT;
	arena_init(&entry->arena);
	if (before)
		entry_inherit(entry, before);
}

static void file_load(struct drift_set *s, struct drift_set *old, const struct round *r,
	const char *service, const char *file)
{
	struct drift_check check;
	struct problems p;
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	const char *source;

	problems_init(&p, file);
	if (path_read(&text, file, DRIFT_CHECK_MAX_BYTES, &e) < 0 ||
		drift_check_parse(&check, &s->arena, text.buf, text.len, file, &p) < 0) {
		const char *what = p.n ? p.items[0].message : e.what;

		log_info("%s: %s: %s", __func__, file, what);
		if (!s->problem)
			s->problem = arena_format(
				&s->arena, _("the drift check '%s': %s"), file, what);
	} else {
		source = drift_source(r->config, r->context, &check);
		if (source && !strcmp(source, r->conf->name))
			entry_add(s, old, service, &check);
	}
	problems_release(&p);
	strbuf_release(&text);
	err_release(&e);
}

void drift_set_load(struct drift_set *s, const struct round *r)
{
	struct drift_set old = *s;

	drift_set_init(s);
	s->written = old.written;
	for (size_t i = 0; i < r->config->n_services; i++) {
		const struct service_conf *service = &r->config->services[i];

		for (size_t k = 0; k < service->drift.n; k++)
			file_load(s, &old, r, service->name, service->drift.items[k]);
	}
	drift_set_release(&old);
}

struct drift_entry *drift_set_next(struct drift_set *s, const struct round *r)
{
	int64_t now = clock_mono();

	for (size_t i = 0; i < s->n; i++) {
		struct drift_entry *entry = &s->items[i];

		/* Once a round; and rounds have jitter: a little early is in time. */
		if (entry->looked == r->now || (entry->told && now < entry->due_mono))
			continue;
		entry->looked = r->now;
		entry->due_mono = now + entry->check.every_ns - r->conf->every_ns / 4;
		return entry;
	}
	return NULL;
}

/* --- what the store knows --- */

static int past_load(
	struct drift_entry *entry, const struct round *r, size_t i, struct err *e)
{
	struct drift_past *past = &entry->past[i];
	const struct drift_report key = {
		.source = r->conf->name,
		.service = entry->service,
		.dataset = entry->check.dataset,
		.feature = i < entry->check.n ? entry->check.features[i].name
					      : DRIFT_DATASET,
	};
	struct drift_value *items;
	size_t n;

	past->n = 0;
	if (drift_recent(
		    &items, &n, r->arena, r->store, &key, r->now - 1, DRIFT_PAST, e) < 0)
		return -1;
	for (size_t k = 0; k < n; k++)
		drift_past_add(past, items[k].at, items[k].above, !isnan(items[k].value));
	entry->backfilled = entry->backfilled || n > 0;
	return 0;
}

/* Since when what is drifted is: the record says it. */
static int since_load(struct drift_entry *entry, const struct round *r, struct err *e)
{
	struct observed_list list;

	if (observed_at(&list, r->arena, r->store, REC_DRIFT_REPORT, r->conf->name, NULL,
		    AT_NOW, OBSERVED_MOST, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct drift_report *d = list.items[i].record;

		if (strcmp(d->service, entry->service) != 0 ||
			strcmp(d->dataset, entry->check.dataset) != 0 || d->drifted != 1)
			continue;
		for (size_t k = 0; k <= entry->check.n; k++)
			if (!strcmp(d->feature,
				    k < entry->check.n ? entry->check.features[k].name
						       : DRIFT_DATASET))
				entry->past[k].since = d->since;
	}
	return 0;
}

int drift_entry_load(struct drift_entry *entry, const struct round *r, struct err *e)
{
	if (entry->loaded)
		return 0;
	for (size_t i = 0; i <= entry->check.n; i++)
		if (past_load(entry, r, i, e) < 0)
			return -1;
	entry->loaded = true;
	return since_load(entry, r, e);
}

/* --- evaluation --- */

static int values_batch(const struct round *r, const struct drift_report *reports,
	const bool *above, size_t n, struct err *e)
{
	int rc;

	if (store_begin(r->store, e) < 0)
		return -1;
	rc = source_check(r->store, r->source_id, r->generation, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = drift_record(r->store, &reports[i], above[i], e);
	if (rc == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

/* Others write too: no transaction takes long. */
static int values_write(const struct round *r, const struct drift_report *reports,
	const bool *above, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i += WRITES_A_BATCH)
		if (values_batch(r, reports + i, above + i,
			    n - i < WRITES_A_BATCH ? n - i : WRITES_A_BATCH, e) < 0)
			return -1;
	return 0;
}

static void keep_reports(
	struct drift_entry *entry, const struct drift_report *reports, size_t n)
{
	arena_reset(&entry->arena);
	entry->reports = arena_alloc(&entry->arena, n, sizeof(*entry->reports));
	for (size_t i = 0; i < n; i++) {
		const struct drift_report *copy =
			record_copy(&entry->arena, &reports[i], REC_DRIFT_REPORT);

		entry->reports[i] = *copy;
	}
	entry->n_reports = n;
	entry->told = true;
}

static const char *first_words(
	struct arena *a, const struct drift_side *sides, size_t n, const char *otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (sides[i].to != NONE_INT && sides[i].to)
			return drift_window_words(a, sides[i].from, sides[i].to);
	return otherwise;
}

static void compare(struct drift_comparison *out, struct drift_entry *entry,
	const struct round *r, size_t i, const struct drift_side *reference,
	const struct drift_side *current)
{
	const struct drift_check *c = &entry->check;
	const struct drift_feature *f = &c->features[i];
	struct drift_side trained;

	if (reference->accepted)
		drift_past_forget(&entry->past[i], reference->accepted);
	if (f->file && !reference->accepted) {
		drift_training_side(&trained, &entry->training, r->arena, f, current);
		reference = &trained;
	}
	if (f->kind == DRIFT_PERFORMANCE)
		drift_side_performance(out, r->arena, f, reference, current, c->min);
	else
		drift_side_compare(out, r->arena, f, reference, current, c->min);
}

static int state_write(struct drift_entry *entry, const struct round *r,
	const struct drift_moment *when, struct drift_comparison *all,
	struct drift_report *reports, bool *above, struct err *e)
{
	const struct drift_check *c = &entry->check;

	drift_state(reports, above, entry->past, r->arena, c, when, all);
	return values_write(r, reports, above, c->n + 1, e);
}

int drift_entry_evaluate(struct drift_entry *entry, const struct round *r, int64_t at,
	const struct drift_side *reference, const struct drift_side *current,
	bool history, struct err *e)
{
	const struct drift_check *c = &entry->check;
	struct drift_comparison *all = arena_alloc(r->arena, c->n + 1, sizeof(*all));
	struct drift_report *reports = arena_alloc(r->arena, c->n + 1, sizeof(*reports));
	bool *above = arena_alloc(r->arena, c->n + 1, sizeof(*above));
	struct drift_moment when = {
		.source = r->conf->name,
		.service = entry->service,
		.at = at,
		.reference = first_words(r->arena, reference, c->n, c->reference_file),
		.window = first_words(r->arena, current, c->n, c->current_file),
	};
	int rc;

	if (drift_entry_load(entry, r, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		compare(&all[i], entry, r, i, &reference[i], &current[i]);
	rc = state_write(entry, r, &when, all, reports, above, e);
	for (size_t i = 0; i < c->n; i++) {
		reports[i].reference = c->features[i].file
			? c->features[i].file
			: first_words(r->arena, &reference[i], 1, c->reference_file);
		reports[i].window =
			first_words(r->arena, &current[i], 1, c->current_file);
	}
	if (!history)
		keep_reports(entry, reports, c->n + 1);
	return rc;
}

int drift_entry_compared(struct drift_entry *entry, const struct round *r, int64_t at,
	struct drift_comparison *all, const char *reference, const char *current,
	struct err *e)
{
	const struct drift_check *c = &entry->check;
	struct drift_report *reports = arena_alloc(r->arena, c->n + 1, sizeof(*reports));
	bool *above = arena_alloc(r->arena, c->n + 1, sizeof(*above));
	struct drift_moment when = {
		r->conf->name, entry->service, at, reference, current};
	int rc;

	if (drift_entry_load(entry, r, e) < 0)
		return -1;
	rc = state_write(entry, r, &when, all, reports, above, e);
	keep_reports(entry, reports, c->n + 1);
	return rc;
}

/* The past of a feature that only a report names. */
static int past_of(struct drift_past *past, const struct round *r,
	const struct drift_report *d, struct err *e)
{
	struct drift_value *items;
	size_t n;

	*past = (struct drift_past){.since = NONE_INT};
	if (drift_recent(&items, &n, r->arena, r->store, d, d->computed - 1, DRIFT_PAST,
		    e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		drift_past_add(past, items[i].at, items[i].above, !isnan(items[i].value));
	return 0;
}

int drift_entry_take(struct drift_entry *entry, const struct round *r,
	const struct drift_report *reports, size_t n, struct err *e)
{
	struct drift_report *own = arena_alloc(r->arena, n + 1, sizeof(*own));
	bool *above = arena_alloc(r->arena, n + 1, sizeof(*above));

	for (size_t i = 0; i < n; i++) {
		struct drift_past past;

		own[i] = reports[i];
		own[i].source = r->conf->name;
		own[i].service = entry->service;
		own[i].dataset = entry->check.dataset;
		above[i] = reports[i].drifted == 1;
		if (past_of(&past, r, &own[i], e) < 0)
			return -1;
		drift_persist(&own[i], &past, r->arena, &entry->check, above[i]);
	}
	keep_reports(entry, own, n);
	return values_write(r, own, above, n, e);
}

int drift_entry_fail(
	struct drift_entry *entry, const struct round *r, const char *why, struct err *e)
{
	const struct drift_check *c = &entry->check;
	struct drift_side *none = arena_alloc(r->arena, c->n + 1, sizeof(*none));

	for (size_t i = 0; i < c->n; i++)
		none[i] = (struct drift_side){
			.from = NONE_INT, .to = NONE_INT, .note = why};
	return drift_entry_evaluate(entry, r, r->now, none, none, false, e);
}

/* --- writing --- */

static int reports_put(
	struct drift_set *s, struct round *r, struct observe *ob, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct drift_entry *entry = &s->items[i];

		for (size_t k = 0; k < entry->n_reports; k++)
			if (observe_put(ob, &entry->reports[k], e) < 0)
				return -1;
		r->records += (int64_t)entry->n_reports;
	}
	return 0;
}

int drift_set_write(struct drift_set *s, struct round *r, struct err *e)
{
	struct observe *ob;

	for (size_t i = 0; i < s->n; i++)
		if (!s->items[i].told)
			return 0;
	if (s->problem)
		round_partial(r, "%s", s->problem);
	if (!s->n && s->written)
		return 0;
	if (observe_begin(&ob, r->store, r->conf->name, r->generation, REC_DRIFT_REPORT,
		    r->now, r->succeeded == NONE_INT, e) < 0)
		return -1;
	observe_config(ob, r->config);
	if (reports_put(s, r, ob, e) < 0) {
		observe_abort(ob);
		return -1;
	}
	s->written = true;
	return observe_end(ob, true, e);
}
