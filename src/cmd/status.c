#include "config.h"
#include "cmd/status.h"

#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "core/clock.h"
#include "core/i18n.h"
#include "model/pipeline.h"
#include "store/alerts.h"

#define LIST_MAX 500
#define STANDING_MAX 20000 /* of what a gate must not overlook: alerts, drift, models */

static bool wanted(const struct status *s, const char *source)
{
	return !s->context || !source || context_has_source(s->context, source);
}

static bool is_listed(const struct source_rows *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows->items[i].name, name))
			return true;
	return false;
}

static struct source_row never_read(const struct source_conf *conf)
{
	return (struct source_row){.name = conf->name,
		.type = conf->type,
		.url = conf->url,
		.every_ns = conf->every_ns,
		.state = SRC_NEVER,
		.polled = NONE_INT,
		.succeeded = NONE_INT,
		.failing_since = NONE_INT,
		.next_poll = NONE_INT,
		.latency_ns = NONE_INT,
		.bytes = NONE_INT,
		.records = NONE_INT,
		.heartbeat = NONE_INT};
}

/* Those that the store knows, and those that nobody ever polled. */
static int gather_sources(struct status *s, struct err *e)
{
	struct source_rows known, *out = &s->sources;

	if (source_list(&known, &s->arena, s->store, AT_NOW, e))
		return -1;
	out->items = arena_alloc(
		&s->arena, known.n + s->config->n_sources + 1, sizeof(*out->items));
	for (size_t i = 0; i < known.n; i++)
		if (wanted(s, known.items[i].name))
			out->items[out->n++] = known.items[i];
	for (size_t i = 0; i < s->config->n_sources; i++) {
		const struct source_conf *conf = &s->config->sources[i];

		if (wanted(s, conf->name) && !is_listed(&known, known.n, conf->name))
			out->items[out->n++] = never_read(conf);
	}
	return 0;
}

static void keep_slos(struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->slos.n; i++)
		if (wanted(s, s->slos.items[i].slo.source))
			s->slos.items[n++] = s->slos.items[i];
	s->slos.n = n;
}

static void keep_drift(struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->drift.n; i++) {
		const struct drift_report *d = s->drift.items[i].record;

		if (wanted(s, d->source))
			s->drift.items[n++] = s->drift.items[i];
	}
	s->drift.n = n;
}

/* Sources outside the context are left out, and alerts that are over. */
static void keep_alerts(struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->alerts.n; i++) {
		const struct alert *a = s->alerts.items[i].record;

		if (wanted(s, a->source) && a->state && strcmp(a->state, "resolved"))
			s->alerts.items[n++] = s->alerts.items[i];
	}
	s->alerts.n = n;
}

static void keep_changes(struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->changes.n; i++)
		if (wanted(s, s->changes.items[i].source))
			s->changes.items[n++] = s->changes.items[i];
	s->changes.n = n;
}

int status_gather(struct status *out, const struct config *config,
	const struct context_conf *context, struct store *st, int64_t now, struct err *e)
{
	struct status *s = out;
	const struct change_query changes = {
		.from = now - STATUS_CHANGES_NS,
		.to = AT_NOW,
		.seen_until = AT_NOW,
		.kinds = (uint32_t)KINDS_CAUSE,
		.limit = LIST_MAX,
	};

	*s = (struct status){
		.config = config, .context = context, .store = st, .now = now};
	arena_init(&s->arena);
	if (gather_sources(s, e) || slo_rows(&s->slos, &s->arena, st, AT_NOW, e) ||
		alerts_at(&s->alerts, &s->arena, st, context, AT_NOW, STANDING_MAX, e) ||
		observed_at(&s->drift, &s->arena, st, REC_DRIFT_REPORT, NULL, NULL,
			AT_NOW, STANDING_MAX, e) ||
		model_rows(&s->models, &s->arena, st, config, context, AT_NOW, now,
			STANDING_MAX, e) ||
		change_list(&s->changes, &s->arena, st, &changes, e) ||
		session_stats(&s->sessions, st, now - STATUS_SESSIONS_NS, AT_NOW, e) ||
		run_list(&s->runs, &s->arena, st, true, AT_NOW, LIST_MAX, e)) {
		status_release(s);
		return -1;
	}
	keep_slos(s);
	keep_alerts(s);
	keep_drift(s);
	keep_changes(s);
	return 0;
}

void status_release(struct status *s)
{
	arena_release(&s->arena);
}

bool status_stale(const struct status *s, const char *source)
{
	for (size_t i = 0; source && i < s->sources.n; i++)
		if (!strcmp(s->sources.items[i].name, source))
			return source_is_stale(&s->sources.items[i], s->now);
	return false;
}

/* Of what is asked, drift is context; of what is answered, or how well, it is a finding. */
static bool drift_is_finding(const struct drift_report *d)
{
	return d->drifted == 1 && d->kind &&
		(!strcmp(d->kind, "prediction") || !strcmp(d->kind, "performance"));
}

static bool has_finding(const struct status *s)
{
	for (size_t i = 0; i < s->slos.n; i++)
		if (s->slos.items[i].state.severity >= SEV_TICKET)
			return true;
	for (size_t i = 0; i < s->alerts.n; i++)
		if (alert_is_finding(s->alerts.items[i].record))
			return true;
	for (size_t i = 0; i < s->drift.n; i++)
		if (drift_is_finding(s->drift.items[i].record))
			return true;
	for (size_t i = 0; i < s->models.n; i++) {
		enum sync_state state = s->models.items[i].sync.state;

		if (state == SYNC_DRIFT || state == SYNC_DANGLING ||
			state == SYNC_POINTER_MISSING)
			return true;
	}
	return false;
}

int status_code(const struct status *s)
{
	if (has_finding(s))
		return EXIT_FINDING;
	for (size_t i = 0; i < s->sources.n; i++)
		if (source_is_stale(&s->sources.items[i], s->now) ||
			s->sources.items[i].state == SRC_FAILING ||
			s->sources.items[i].state == SRC_AUTH)
			return EXIT_STALE;
	return s->sources.n ? EXIT_FINE : EXIT_STALE;
}

int cmd_status(struct cmd *c)
{
	struct status s;
	struct err e = ERR_INIT;
	int code;

	if (status_gather(&s, &c->config, c->context, c->store, clock_now(), &e))
		return cmd_fail(&e);
	code = status_code(&s);
	if (!c->json)
		status_print(&s);
	else if (cmd_print_json(status_json(&s)))
		code = EXIT_INTERNAL;
	status_release(&s);
	return code;
}
