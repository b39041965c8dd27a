#include "config.h"
#include "cmd/status.h"

#include <math.h>
#include <string.h>

#include "cmd/elements.h"
#include "core/clock.h"
#include "core/duration.h"
#include "model/pipeline.h"

/* What is known of a source, on each element that came from it. */
static void add_age(
	struct json *to, const struct status *s, const char *source, int64_t otherwise)
{
	int64_t as_of = otherwise;

	for (size_t i = 0; source && i < s->sources.n; i++)
		if (!strcmp(s->sources.items[i].name, source))
			as_of = s->sources.items[i].succeeded;
	json_add_time(to, "as_of", as_of);
	json_add_bool(to, "stale", status_stale(s, source));
}

static void add_sources(struct json *doc, const struct status *s)
{
	struct json *list = json_add_array(doc, "sources");

	for (size_t i = 0; i < s->sources.n; i++) {
		const struct source_row *r = &s->sources.items[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "name", r->name);
		json_add_text(one, "type", r->type);
		json_add_text(one, "state", source_state_name(r->state));
		if (r->succeeded == NONE_INT)
			json_add_null(one, "age_s");
		else
			json_add_real(
				one, "age_s", (double)(s->now - r->succeeded) / NS_PER_S);
		json_add_text(one, "error", r->error);
		json_add_text(one, "hint", r->hint);
		json_add_text(one, "version", r->version);
		json_add_real(one, "latency_ms",
			r->latency_ns == NONE_INT ? NAN
						  : (double)r->latency_ns / NS_PER_MS);
		json_add_int(one, "bytes", r->bytes);
		json_add_int(one, "records", r->records);
		json_add_time(one, "as_of", r->succeeded);
		json_add_bool(one, "stale", source_is_stale(r, s->now));
	}
}

static void add_alerts(struct json *doc, const struct status *s)
{
	struct json *list = json_add_array(doc, "alerts");

	for (size_t i = 0; i < s->alerts.n; i++) {
		const struct alert *a = s->alerts.items[i].record;
		struct json *one = json_add_object(list, NULL);

		element_alert(one, a);
		add_age(one, s, a->source, s->alerts.items[i].since);
	}
}

static void add_slos(struct json *doc, const struct status *s)
{
	struct json *list = json_add_array(doc, "slos");

	for (size_t i = 0; i < s->slos.n; i++)
		element_slo(json_add_object(list, NULL), &s->slos.items[i],
			status_stale(s, s->slos.items[i].slo.source), s->now);
}

static void add_models(struct json *doc, const struct status *s)
{
	struct json *list = json_add_array(doc, "models");

	for (size_t i = 0; i < s->models.n; i++) {
		const struct model_row *m = &s->models.items[i];
		struct json *one = json_add_object(list, NULL);

		element_model(one, m);
		add_age(one, s, m->source, m->since);
	}
}

static void add_drift(struct json *doc, const struct status *s)
{
	struct json *list = json_add_array(doc, "drift");

	for (size_t i = 0; i < s->drift.n; i++) {
		struct json *one =
			record_to_json(s->drift.items[i].record, REC_DRIFT_REPORT);

		json_add_time(one, "as_of",
			((const struct drift_report *)s->drift.items[i].record)
				->computed);
		json_add_bool(one, "stale", status_stale(s, json_text_at(one, "source")));
		json_add(list, NULL, one);
	}
}

static void add_sessions(struct json *doc, const struct status *s)
{
	struct json *one = json_add_object(doc, "sessions");

	json_add_int(one, "window_s", STATUS_SESSIONS_NS / NS_PER_S);
	json_add_int(one, "count", s->sessions.count);
	json_add_int(one, "failed", s->sessions.failed);
	json_add_real(one, "cost_usd", s->sessions.cost_usd);
	json_add_time(one, "as_of", s->now);
	json_add_bool(one, "stale", false);
}

static void add_runs(struct json *doc, const struct status *s)
{
	struct json *list = json_add_array(doc, "runs");

	for (size_t i = 0; i < s->runs.n; i++) {
		const struct run_row *r = &s->runs.items[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "id", r->id);
		json_add_text(one, "runbook", r->runbook);
		json_add_text(one, "service", r->service);
		json_add_text(one, "user", r->user);
		json_add_text(one, "state", r->state);
		json_add_time(one, "started", r->started);
		json_add_time(one, "as_of", s->now);
		json_add_bool(one, "stale", false);
	}
}

struct json *status_json(const struct status *s)
{
	struct json *doc = json_object(), *changes;

	json_add_text(doc, "schema", "tocsin.status/1");
	json_add_time(doc, "at", s->now);
	json_add_text(doc, "context", s->context ? s->context->name : NULL);
	add_sources(doc, s);
	add_alerts(doc, s);
	add_slos(doc, s);
	add_models(doc, s);
	add_drift(doc, s);
	add_sessions(doc, s);
	changes = json_add_array(doc, "changes");
	for (size_t i = 0; i < s->changes.n; i++) {
		struct json *one = json_add_object(changes, NULL);

		element_change(one, &s->changes.items[i]);
		add_age(one, s, s->changes.items[i].source, s->changes.items[i].seen);
	}
	json_add_array(doc, "incidents");
	add_runs(doc, s);
	return doc;
}
