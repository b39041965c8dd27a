#include "config.h"

#include "poll/slos.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/path.h"
#include "signal/slo_file.h"
#include "store/series.h"

/* How far back the beginning of a burn is looked for, and how finely. */
#define ONSET_BACK_NS NS_PER_DAY
enum { ONSET_POINTS = 5760 };

void slo_set_init(struct slo_set *s)
{
	*s = (struct slo_set){0};
	arena_init(&s->arena);
}

void slo_set_release(struct slo_set *s)
{
	arena_release(&s->arena);
	*s = (struct slo_set){0};
}

/* --- whose objective it is --- */

static const char *first_of_type(const struct round *r, const char *type)
{
	for (size_t i = 0; i < r->config->n_sources; i++) {
		const struct source_conf *s = &r->config->sources[i];

		if (r->context && !context_has_source(r->context, s->name))
			continue;
		if (!strcmp(s->type, type))
			return s->name;
	}
	return NULL;
}

const char *slo_source(const struct round *r, const struct slo *slo)
{
	const char *name = slo->source;

	/* A file may name its data source as nobody else does. */
	if (name && !config_source(r->config, name))
		name = NULL;
	if (!name)
		name = first_of_type(r, "prometheus");
	return name ? name : first_of_type(r, "metrics");
}

static struct slo_entry *entry_find(const struct slo_set *s, const struct slo *slo)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!strcmp(s->items[i].slo.service, slo->service) &&
			!strcmp(s->items[i].slo.name, slo->name))
			return &s->items[i];
	}
	return NULL;
}

/* --- reading --- */

static void entry_add(struct slo_set *s, const struct slo_set *old, const struct round *r,
	const struct slo *slo, bool all)
{
	const char *source = slo_source(r, slo);
	bool ours = source && !strcmp(source, r->conf->name);
	const struct slo_entry *before = entry_find(old, slo);
	struct slo_entry *entry;

	if ((!ours && !all) || slo->sli.foreign || entry_find(s, slo))
		return;
	entry = arena_push(&s->arena, s->items, s->n, s->cap);
	entry->slo = *slo;
	entry->slo.source = source;
	entry->ours = ours;
	entry->n_windows = burn_windows(entry->windows_ns, slo);
	entry->onset = entry->history_to = NONE_INT;
	if (before) {
		entry->severity = before->severity;
		entry->onset = before->onset;
		entry->history_to = before->history_to;
	}
}

static void file_problem(struct slo_set *s, const struct problems *p, const struct err *e)
{
	const char *what = p->n ? p->items[0].message : e->what;

	log_info("%s: %s: %s", __func__, p->file, what);
	if (!s->problem)
		s->problem = arena_format(
			&s->arena, _("the SLO file '%s': %s"), p->file, what);
}

/* list: all files of the service, so that alert windows of one hold for the next. */
static void file_load(struct slo_set *s, const struct slo_set *old, const struct round *r,
	struct slo_list *list, const char *file, bool all)
{
	size_t before = list->n;
	struct problems p;
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;

	problems_init(&p, file);
	if (path_read(&text, file, SLO_FILE_MAX_BYTES, &e) < 0 ||
		slo_file_parse(list, &s->arena, text.buf, text.len,
			arena_strdup(&s->arena, file), &p) < 0)
		file_problem(s, &p, &e);
	for (size_t i = before; i < list->n; i++)
		entry_add(s, old, r, &list->items[i], all);
	problems_release(&p);
	strbuf_release(&text);
	err_release(&e);
}

/* Texts of what was discovered live as long as the round only. */
static void recorded_copy(struct slo *slo, struct arena *a)
{
	struct burn_alert *rows = arena_alloc(a, slo->n_alerting + 1, sizeof(*rows));

	slo->service = arena_strdup(a, slo->service);
	slo->name = arena_strdup(a, slo->name);
	slo->labels = arena_strdup(a, slo->labels);
	slo->alert_name = arena_strdup(a, slo->alert_name);
	slo->sli.recorded = arena_strdup(a, slo->sli.recorded);
	slo->sli.recorded_as = arena_strdup(a, slo->sli.recorded_as);
	slo->sli.raw = arena_strdup(a, slo->sli.raw);
	slo->sli.grouping = arena_strdup(a, slo->sli.grouping);
	if (slo->n_alerting)
		memcpy(rows, slo->alerting, slo->n_alerting * sizeof(*rows));
	slo->alerting = rows;
}

void slo_set_load(struct slo_set *s, const struct round *r, const struct slo *recorded,
	size_t n_recorded, bool all)
{
	struct slo_set old = *s;

	slo_set_init(s);
	for (size_t i = 0; i < r->config->n_services; i++) {
		const struct service_conf *service = &r->config->services[i];
		struct slo_list list = {0};

		for (size_t k = 0; k < service->slos.n; k++)
			file_load(s, &old, r, &list, service->slos.items[k], all);
	}
	for (size_t i = 0; i < n_recorded; i++) {
		struct slo slo = recorded[i];

		recorded_copy(&slo, &s->arena);
		slo.source = r->conf->name;
		entry_add(s, &old, r, &slo, all);
	}
	slo_set_release(&old);
}

int slo_set_define(const struct slo_set *s, const struct round *r, struct err *e)
{
	int rc;

	if (store_begin(r->store, e) < 0)
		return -1;
	rc = source_check(r->store, r->source_id, r->generation, e);
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		if (s->items[i].ours)
			rc = slo_define(r->store, &s->items[i].slo, r->now, e);
	}
	if (rc == 0)
		rc = slo_undefine_others(r->store, r->conf->name, r->now, r->now, e);
	if (rc == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

/* --- writing how one stands --- */

/* The short windows' burn as the store has it: where the burn began. */
static size_t history_read(struct samples *out, int64_t *windows_ns,
	const struct slo_entry *entry, const struct round *r)
{
	const struct slo *slo = &entry->slo;
	struct err e = ERR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < slo->n_alerting && n < SLO_WINDOWS; i++) {
		int64_t window_ns = slo->alerting[i].short_ns;

		if (slo_burn_history(&out[n], r->arena, r->store, slo->service, slo->name,
			    slo->source, window_ns, r->now - ONSET_BACK_NS, r->now,
			    ONSET_POINTS, &e) < 0)
			log_info("%s: %s", __func__, e.what);
		else
			windows_ns[n++] = window_ns;
		err_clear(&e);
	}
	return n;
}

/* The present burn belongs to the history, before it is written. */
static void history_add_now(struct samples *history, const struct round *r, double burn)
{
	struct sample *items = arena_alloc(r->arena, history->n + 1, sizeof(*items));

	if (history->n)
		memcpy(items, history->items, history->n * sizeof(*items));
	while (history->n && items[history->n - 1].at >= r->now)
		history->n--;
	items[history->n++] = (struct sample){r->now, burn};
	history->items = items;
}

static void onset_find(struct slo_state *state, struct slo_entry *entry,
	const struct round *r, struct slo_measure *m)
{
	struct samples history[SLO_WINDOWS] = {0};
	int64_t windows_ns[SLO_WINDOWS];

	if (state->severity != SEV_PAGE && state->severity != SEV_TICKET) {
		entry->onset = NONE_INT;
	} else if (entry->severity != state->severity || entry->onset == NONE_INT) {
		m->n_history = history_read(history, windows_ns, entry, r);
		for (size_t i = 0; i < m->n_history; i++) {
			for (size_t k = 0; k < state->n_windows; k++) {
				if (state->windows_ns[k] == windows_ns[i])
					history_add_now(&history[i], r, state->burn[k]);
			}
		}
		m->history = history;
		m->history_ns = windows_ns;
		slo_evaluate(state, r->arena, &entry->slo, m, r->now);
		entry->onset = state->onset;
	}
	state->onset = entry->onset;
	entry->severity = state->severity;
}

int slo_entry_record(struct slo_entry *entry, const struct round *r,
	const struct burn_window *windows, size_t n, const struct burn_window *period,
	const char *note, struct err *e)
{
	struct slo_measure m = {.windows = windows, .n_windows = n, .period = *period};
	struct slo_state state;

	slo_evaluate(&state, r->arena, &entry->slo, &m, r->now);
	onset_find(&state, entry, r, &m);
	if (note)
		state.note = note;
	return slo_record(r->store, &state, e);
}
