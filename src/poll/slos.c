#include "config.h"

#include "poll/slos.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/json.h"
#include "core/path.h"
#include "model/record.h"
#include "model/slo_path.h"
#include "signal/calendar.h"
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
	for (struct slo_zone *z = s->zones; z; z = z->next)
		zone_free(z->zone);
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
	if (slo->sli.kind == SLI_TRACES) {
		const struct service_conf *service =
			config_service(r->config, slo->service);

		return name || !service ? name : service->agents.source;
	}
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

/* --- the calendar --- */

/* Each zone is read once. */
static const struct slo_zone *zone_of(struct slo_set *s, const char *name)
{
	struct err e = ERR_INIT;
	struct slo_zone *z = s->zones;

	while (z && strcmp(z->name, name))
		z = z->next;
	if (z)
		return z;
	z = arena_alloc(&s->arena, 1, sizeof(*z));
	z->name = arena_strdup(&s->arena, name);
	if (zone_load(&z->zone, name, &e) < 0)
		z->problem = arena_strdup(&s->arena, e.what);
	err_release(&e);
	z->next = s->zones;
	s->zones = z;
	return z;
}

static void zone_find(struct slo_set *s, struct slo_entry *entry)
{
	const struct slo_zone *z;

	if (!entry->slo.calendar || !entry->slo.time_zone)
		return;
	z = zone_of(s, entry->slo.time_zone);
	entry->zone = z->zone;
	entry->zone_problem = z->problem;
}

void slo_entry_period(struct slo_entry *entry, int64_t now)
{
	int64_t step_ns = NS_PER_MIN, elapsed_ns;

	entry->period_ask_ns = entry->slo.window_ns;
	entry->period_at = now;
	entry->period_from = entry->period_to = 0;
	if (entry->zone_problem ||
		!calendar_period(&entry->period_from, &entry->period_to, &entry->slo,
			entry->zone, now))
		return;
	/* In steps, so that a question is the same for a while, and its answer held. */
	elapsed_ns = now - entry->period_from;
	while (2 * step_ns <= elapsed_ns / 60)
		step_ns *= 2;
	entry->period_ask_ns = elapsed_ns / step_ns * step_ns;
	entry->period_at = entry->period_from + entry->period_ask_ns;
}

/* --- reading --- */

/* What is known of an objective from one reading of the files to the next. */
static void entry_carry(struct slo_entry *entry, const struct slo_entry *before)
{
	entry->onset = entry->history_to = entry->recovers = entry->recovers_mono =
		NONE_INT;
	if (!before)
		return;
	entry->severity = before->severity;
	entry->onset = before->onset;
	entry->onset_fine = before->onset_fine;
	entry->onset_open = before->onset_open;
	entry->history_to = before->history_to;
	entry->recovers = before->recovers;
	entry->recovers_mono = before->recovers_mono;
}

static struct slo_entry *entry_push(
	struct slo_set *s, const struct slo *slo, const struct slo_entry *before)
{
	struct slo_entry *entry = arena_push(&s->arena, s->items, s->n, s->cap);

	entry->slo = entry->asked = *slo;
	entry->n_windows = burn_windows(entry->windows_ns, slo);
	entry->period_ask_ns = slo->window_ns;
	entry->has_latency = latency_of(&entry->latency, &s->arena, &slo->sli);
	zone_find(s, entry);
	entry_carry(entry, before);
	return entry;
}

static void entry_add(struct slo_set *s, const struct slo_set *old, const struct round *r,
	const struct slo *slo, bool all)
{
	const char *source = slo_source(r, slo);
	bool ours = source && !strcmp(source, r->conf->name);
	struct slo_entry *entry;

	if ((!ours && !all) || slo->sli.foreign || entry_find(s, slo))
		return;
	entry = entry_push(s, slo, entry_find(old, slo));
	entry->slo.source = entry->asked.source = source;
	entry->ours = ours;
	entry->grouped = slo->sli.grouping != NULL;
}

/* --- groups --- */

static void add_group_name(
	struct strbuf *out, const char *name, const struct json *labels)
{
	const char *comma = "";

	strbuf_addf(out, "%s{", name);
	json_each (item, labels) {
		strbuf_addf(out, "%s%s=", comma, json_key(item));
		json_quote(out, json_text(item) ? json_text(item) : "");
		comma = ",";
	}
	strbuf_addc(out, '}');
}

/* The objective's labels, and the group's. */
static void add_group_labels(
	struct strbuf *out, const char *own, const struct json *labels)
{
	struct json *all = NULL;
	struct err e = ERR_INIT;

	if (!own || json_parse(&all, own, strlen(own), &e) < 0)
		all = json_object();
	json_each (item, labels)
		json_set(all, json_key(item), json_copy(item));
	json_canonical(out, all);
	json_free(all);
	err_release(&e);
}

static struct slo group_slo(
	struct arena *a, const struct slo *of, const struct json *labels)
{
	struct strbuf name = STRBUF_INIT, all = STRBUF_INIT;
	struct slo slo = *of;

	add_group_name(&name, of->name, labels);
	add_group_labels(&all, of->labels, labels);
	slo.name = arena_strdup(a, name.buf);
	slo.labels = arena_strdup(a, all.buf);
	strbuf_release(&name);
	strbuf_release(&all);
	return slo;
}

const char *slo_group_key(
	struct arena *a, const struct json *labels, const char *grouping)
{
	struct json *kept = json_object();
	struct strbuf text = STRBUF_INIT;
	const char *key;

	json_each (item, labels) {
		const char *name = json_key(item), *at = grouping;
		size_t n = strlen(name);

		while (at && *at) {
			size_t length;

			at += strspn(at, ", ");
			length = strcspn(at, ", ");
			if (length == n && !strncmp(at, name, n))
				json_set(kept, name, json_copy(item));
			at += length;
		}
	}
	json_canonical(&text, kept);
	key = arena_strdup(a, text.buf);
	strbuf_release(&text);
	json_free(kept);
	return key;
}

bool slo_entry_is_group_of(const struct slo_entry *entry, const struct slo_entry *grouped)
{
	size_t length = strlen(grouped->slo.name);

	return entry->group && !strcmp(entry->slo.service, grouped->slo.service) &&
		!strncmp(entry->slo.name, grouped->slo.name, length) &&
		entry->slo.name[length] == '{';
}

/* How many groups of an objective there are. */
static size_t groups_of(const struct slo_set *s, size_t grouped)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += slo_entry_is_group_of(&s->items[i], &s->items[grouped]);
	return n;
}

struct slo_entry *slo_set_group(struct slo_set *s, size_t grouped, const char *labels)
{
	struct slo of = s->items[grouped].slo, slo;
	bool ours = s->items[grouped].ours;
	struct json *document = NULL;
	struct err e = ERR_INIT;
	struct slo_entry *entry;

	if (json_parse(&document, labels, strlen(labels), &e) < 0) {
		err_release(&e);
		return NULL;
	}
	slo = group_slo(&s->arena, &of, document);
	json_free(document);
	entry = entry_find(s, &slo);
	if (entry || groups_of(s, grouped) >= SLO_MOST_GROUPS)
		return entry;
	entry = entry_push(s, &slo, NULL);
	entry->ours = ours;
	entry->group = arena_strdup(&s->arena, labels);
	return entry;
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
	struct slo_list *list, const char *service, const char *file, bool all)
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
	for (size_t i = before; i < list->n; i++) {
		if (slo_path_ships(file))
			list->items[i].service = service;
		entry_add(s, old, r, &list->items[i], all);
	}
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
	slo->title = arena_strdup(a, slo->title);
	slo->description = arena_strdup(a, slo->description);
	slo->annotations = arena_strdup(a, slo->annotations);
	slo->alert_name = arena_strdup(a, slo->alert_name);
	if (slo->n_alerting)
		memcpy(rows, slo->alerting, slo->n_alerting * sizeof(*rows));
	slo->alerting = rows;
}

/* Groups that the server still tells of stay, when their objective does. */
static void groups_keep(struct slo_set *s, const struct slo_set *old)
{
	for (size_t i = 0; i < old->n; i++) {
		const struct slo_entry *group = &old->items[i];
		struct slo_entry *kept = NULL;
		size_t n =
			group->group && !group->gone ? strcspn(group->slo.name, "{") : 0;

		for (size_t k = 0; n && k < s->n && !kept; k++) {
			const struct slo *slo = &s->items[k].slo;

			if (s->items[k].grouped && strlen(slo->name) == n &&
				!strncmp(slo->name, group->slo.name, n) &&
				!strcmp(slo->service, group->slo.service))
				kept = slo_set_group(s, k, group->group);
		}
		if (kept)
			entry_carry(kept, group);
	}
}

void slo_set_load(struct slo_set *s, const struct round *r, const struct slo *recorded,
	size_t n_recorded, bool all)
{
	struct slo_set old = *s;

	slo_set_init(s);
	for (size_t i = 0; i < r->config->n_services; i++) {
		const struct service_conf *service = &r->config->services[i];
		struct slo_objects *objects = slo_objects_read(&service->slos);
		struct slo_list list = {.others = objects};

		for (size_t k = 0; k < service->slos.n; k++)
			file_load(s, &old, r, &list, service->name,
				service->slos.items[k], all);
		slo_objects_free(objects);
	}
	for (size_t i = 0; i < n_recorded; i++) {
		struct slo slo = recorded[i];

		recorded_copy(&slo, &s->arena);
		slo.source = r->conf->name;
		entry_add(s, &old, r, &slo, all);
	}
	groups_keep(s, &old);
	slo_set_release(&old);
}

static int define_all(
	const struct slo_set *s, size_t from, const struct round *r, struct err *e)
{
	int rc = source_check(r->store, r->source_id, r->generation, e);

	for (size_t i = from; i < s->n && rc == 0; i++) {
		if (s->items[i].ours && !s->items[i].grouped)
			rc = slo_define(r->store, &s->items[i].slo, r->now, e);
	}
	return rc;
}

int slo_set_define(const struct slo_set *s, const struct round *r, struct err *e)
{
	if (store_begin(r->store, e) < 0)
		return -1;
	if (define_all(s, 0, r, e) == 0 &&
		slo_undefine_others(r->store, r->conf->name, r->now, r->now, e) == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

int slo_set_define_from(
	const struct slo_set *s, size_t from, const struct round *r, struct err *e)
{
	if (store_begin(r->store, e) < 0)
		return -1;
	if (define_all(s, from, r, e) == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

/* --- boundaries of latencies --- */

/* With the boundary in the limit's place, however labels write it. */
static void boundary_use(
	struct slo *out, const struct slo_entry *entry, struct arena *a, double bound)
{
	const char *spellings[3], *brief = arena_format(a, "%g", bound);
	size_t n = 0;

	*out = entry->slo;
	spellings[n++] = arena_format(a, "%.15g", bound);
	if (!strpbrk(spellings[0], ".e"))
		spellings[n++] = arena_format(a, "%s.0", spellings[0]);
	if (strcmp(brief, spellings[0]) && latency_bound(brief) >= bound &&
		latency_bound(brief) <= bound)
		spellings[n++] = brief;
	out->sli = latency_with(a, &entry->slo.sli, entry->latency.limit, spellings, n);
}

static const char *boundary_words(const struct slo_entry *entry, struct arena *a,
	size_t n, const struct latency_choice *c)
{
	const char *metric = entry->latency.metric;
	double limit = entry->latency.limit;

	if (c->exact)
		return NULL;
	if (!n || (isnan(c->lower) && isnan(c->higher)))
		return arena_format(a, _("%s has no buckets here"), metric);
	if (isnan(c->lower))
		return arena_format(a,
			_("%.6g is no boundary of %s, and none is lower: counted at "
			  "%.6g"),
			limit, metric, c->higher);
	if (isnan(c->higher))
		return arena_format(a,
			_("%.6g is no boundary of %s, and none is higher: counted at "
			  "%.6g"),
			limit, metric, c->lower);
	return arena_format(a,
		_("%.6g is no boundary of %s: counted at %.6g, the next one is %.6g"),
		limit, metric, c->lower, c->higher);
}

void slo_entry_boundaries(
	struct slo_entry *entry, struct arena *a, const double *bounds, size_t n)
{
	struct latency_choice c = latency_choose(entry->latency.limit, bounds, n);

	entry->said = boundary_words(entry, a, n, &c);
	entry->unmeasurable = isnan(c.lower) && isnan(c.higher);
	entry->has_higher = !c.exact && !isnan(c.lower) && !isnan(c.higher);
	if (entry->unmeasurable)
		return;
	boundary_use(&entry->asked, entry, a, isnan(c.lower) ? c.higher : c.lower);
	if (entry->has_higher)
		boundary_use(&entry->higher, entry, a, c.higher);
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
		entry->onset_open = false;
		m->onset_open = &entry->onset_open;
		m->history = history;
		m->history_ns = windows_ns;
		slo_evaluate(state, r->arena, &entry->slo, m, r->now);
		entry->onset = state->onset;
		entry->onset_fine = false;
	}
	state->onset = entry->onset;
	entry->severity = state->severity;
}

/* All that a person has to know besides, as one sentence after the other. */
static const char *said_of(
	const struct slo_entry *entry, struct arena *a, const char *note)
{
	const char *const all[] = {note, entry->zone_problem, entry->said};
	struct strbuf text = STRBUF_INIT;
	const char *said;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i])
			strbuf_addf(&text, "%s%s", text.len ? "; " : "", all[i]);
	}
	said = text.len ? arena_strdup(a, text.buf) : NULL;
	strbuf_release(&text);
	return said;
}

/* Who began to look while it burnt does not know since when it does. */
static const char *note_onset(
	const struct slo_entry *entry, struct arena *a, const char *note)
{
	const char *open = _("it burns since the first data that there is, or earlier");

	if (entry->onset == NONE_INT || !entry->onset_open)
		return note;
	return note ? arena_format(a, "%s; %s", note, open) : open;
}

int slo_entry_record(struct slo_entry *entry, const struct round *r,
	const struct burn_window *windows, size_t n, const struct burn_window *period,
	const char *note, struct err *e)
{
	struct slo_measure m = {
		.windows = windows,
		.n_windows = n,
		.period = *period,
		.period_from = entry->period_from,
		.period_to = entry->period_to,
		.unseen_alike = entry->keeps_ns != 0,
		.keeps_ns = entry->keeps_ns,
		.said = said_of(entry, r->arena, note),
	};
	const struct burn_alert *fired = NULL;
	struct slo_state state;

	m.fired = &fired;
	/* Nobody knows when its period began: no number is better than a wrong one. */
	if (entry->zone_problem)
		m.period = burn_given(entry->slo.window_ns, NAN);
	slo_evaluate(&state, r->arena, &entry->slo, &m, r->now);
	onset_find(&state, entry, r, &m);
	state.note = note_onset(entry, r->arena, state.note);
	entry->fired_short_ns = fired ? fired->short_ns : 0;
	entry->fired_factor = fired ? fired->factor : 0;
	entry->overspent = state.budget_left < 0 && m.period_to <= m.period_from;
	entry->allowed = m.period.total * (1 - entry->slo.objective);
	if (entry->overspent && state.recovers == NONE_INT)
		state.recovers = entry->recovers;
	return slo_record(r->store, &state, e);
}
