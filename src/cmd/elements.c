#include "config.h"
#include "cmd/elements.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"

#define SLO_STALE_NS (5 * NS_PER_MIN)

/* Stored JSON text as JSON; what does not parse is left out as null. */
static void add_stored(struct json *to, const char *key, const char *text)
{
	struct err ignored = ERR_INIT;

	if (!text || json_add_raw(to, key, text, &ignored))
		json_add_null(to, key);
	err_release(&ignored);
}

void element_alert(struct json *to, const struct alert *a)
{
	json_add_text(to, "source", a->source);
	json_add_text(to, "name", a->name);
	json_add_text(to, "service", a->service);
	json_add_text(to, "severity", a->severity);
	json_add_text(to, "state", a->state);
	json_add_time(to, "since", a->since);
	add_stored(to, "labels", a->labels);
	add_stored(to, "annotations", a->annotations);
	json_add_text(to, "runbook_url", a->runbook_url);
	json_add_text(to, "fingerprint", a->fingerprint);
	json_add_time(to, "onset", a->onset);
	json_add_real(to, "value", a->value);
	json_add_text(to, "url", a->url);
	add_stored(to, "silenced_by", a->silenced_by);
	add_stored(to, "inhibited_by", a->inhibited_by);
	add_stored(to, "muted_by", a->muted_by);
	add_stored(to, "receivers", a->receivers);
	add_stored(to, "groups", a->groups);
}

void element_change(struct json *to, const struct change *c)
{
	json_add_time(to, "at", c->at);
	json_add_time(to, "seen", c->seen);
	json_add_text(to, "source", c->source);
	json_add_text(to, "kind", record_def(c->kind) ? record_def(c->kind)->name : NULL);
	json_add_text(to, "object", c->object);
	json_add_text(to, "field", c->field);
	json_add_text(to, "before", c->before);
	json_add_text(to, "after", c->after);
	json_add_text(to, "actor", c->actor);
	json_add_bool(to, "from_history", c->from_history);
	json_add_text(to, "service", c->service);
	json_add_time(to, "not_before", c->not_before);
	json_add_bool(to, "gap", c->gap);
	json_add_real(to, "weight", c->weight);
}

void element_model(struct json *to, const struct model_row *m)
{
	struct json *serving;

	json_add_text(to, "source", m->source);
	json_add_text(to, "model", m->model);
	json_add_text(to, "alias", m->alias);
	json_add_text(to, "version", m->pointer ? m->pointer->version : NULL);
	json_add_time(to, "since", m->since);
	json_add_text(to, "service", m->service ? m->service->name : NULL);
	serving = json_add_array(to, "serving");
	for (size_t i = 0; i < m->n_variants; i++) {
		struct json *v = json_add_object(serving, NULL);

		json_add_text(v, "service", m->variants[i].service);
		json_add_text(v, "variant", m->variants[i].variant);
		json_add_text(v, "version", m->variants[i].version);
		json_add_real(v, "traffic", m->variants[i].traffic);
	}
	json_add_text(to, "state",
		m->sync.state == SYNC_NONE ? NULL : sync_state_name(m->sync.state));
	json_add_text(to, "note", m->sync.note);
}

void element_slo(struct json *to, const struct slo_row *row, bool stale, int64_t now)
{
	const struct slo_state *s = &row->state;
	struct json *burn;

	json_add_text(to, "service", row->slo.service);
	json_add_text(to, "name", row->slo.name);
	json_add_real(to, "objective", row->slo.objective);
	json_add_real(to, "window_s", (double)row->slo.window_ns / NS_PER_S);
	json_add_real(to, "budget_left", s->budget_left);
	burn = json_add_object(to, "burn");
	for (size_t i = 0; i < s->n_windows; i++) {
		struct strbuf name = STRBUF_INIT;

		duration_format(&name, s->windows_ns[i]);
		json_add_real(burn, name.buf, s->burn[i]);
		strbuf_release(&name);
	}
	json_add_real(to, "events", s->events);
	json_add_real(to, "bad", s->bad);
	json_add_real(to, "rate", s->rate);
	json_add_real(to, "bad_rate", s->bad_rate);
	json_add_real(to, "projected", s->projected);
	json_add_time(to, "period_from", s->period_from);
	json_add_time(to, "period_to", s->period_to);
	json_add_real(to, "coverage", s->coverage);
	json_add_time(to, "recovers", s->recovers);
	json_add_text(to, "severity",
		severity_name(s->severity == SEV_NONE ? SEV_NO_DATA : s->severity));
	json_add_time(to, "onset", s->onset);
	json_add_real(to, "exhausted_in_s", s->exhausted_in_s);
	json_add_text(to, "note", s->note);
	json_add_time(to, "as_of", s->at);
	json_add_bool(
		to, "stale", stale || s->at == NONE_INT || now - s->at > SLO_STALE_NS);
}

bool alert_is_finding(const struct alert *a)
{
	return alert_is_on(a) && !(a->severity && !strcmp(a->severity, "info"));
}
