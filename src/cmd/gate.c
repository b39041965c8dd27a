#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "cmd/say.h"
#include "cmd/status.h"
#include "core/clock.h"
#include "core/i18n.h"

#define REASONS_MAX 64

/* One thing that was looked at. */
struct reason {
	char *check, *detail; /* owned */
	bool ok;
};

struct verdict {
	struct reason reasons[REASONS_MAX];
	size_t n;
	bool finding, stale;
};

static void add(struct verdict *v, bool ok, char *check_take, char *detail_take)
{
	if (v->n < REASONS_MAX) {
		v->reasons[v->n++] = (struct reason){check_take, detail_take, ok};
		return;
	}
	free(check_take);
	free(detail_take);
}

static void look_at_slos(struct verdict *v, const struct status *s, const char *service)
{
	size_t n = 0;

	for (size_t i = 0; i < s->slos.n; i++) {
		const struct slo_row *row = &s->slos.items[i];
		enum severity severity = row->state.severity;
		bool ok = severity == SEV_OK;

		if (strcmp(row->slo.service, service))
			continue;
		n++;
		v->finding |= severity >= SEV_TICKET;
		v->stale |= severity == SEV_NONE || severity == SEV_NO_DATA;
		add(v, ok, mem_format("slo %s", row->slo.name),
			mem_format(ok ? _("does not burn") : _("it says %s"),
				severity_name(
					severity == SEV_NONE ? SEV_NO_DATA : severity)));
	}
	if (!n) {
		v->stale = true;
		add(v, false, mem_strdup("slo"),
			mem_strdup(_("the service has no objective")));
	}
}

static void look_at_alerts(struct verdict *v, const struct status *s, const char *service)
{
	for (size_t i = 0; i < s->alerts.n; i++) {
		const struct alert *a = s->alerts.items[i].record;

		if (!a->service || strcmp(a->service, service) || !alert_is_finding(a))
			continue;
		v->finding = true;
		add(v, false, mem_format("alert %s", a->name),
			mem_strdup(_("it is firing")));
	}
}

static void look_at_models(struct verdict *v, const struct status *s, const char *service)
{
	for (size_t i = 0; i < s->models.n; i++) {
		const struct model_row *m = &s->models.items[i];
		bool ok = m->sync.state == SYNC_IN_SYNC;

		if (!m->service || strcmp(m->service->name, service) ||
			m->sync.state == SYNC_NONE)
			continue;
		if (m->sync.state == SYNC_REGISTRY_UNREACHABLE ||
			m->sync.state == SYNC_SERVING_UNKNOWN)
			v->stale = true;
		else
			v->finding |= !ok;
		add(v, ok, mem_format("model %s/%s", m->model, m->alias),
			mem_strdup(m->sync.note ? m->sync.note
						: _(sync_state_title(m->sync.state))));
	}
}

static void look_at_sources(struct verdict *v, const struct status *s)
{
	for (size_t i = 0; i < s->sources.n; i++) {
		const struct source_row *r = &s->sources.items[i];

		if (!source_is_stale(r, s->now))
			continue;
		v->stale = true;
		add(v, false, mem_format("source %s", r->name),
			mem_strdup(r->error ? r->error : _("it is stale")));
	}
}

static struct json *verdict_json(
	const struct verdict *v, const char *service, const struct status *s)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.gate/1");
	json_add_text(doc, "service", service);
	json_add_time(doc, "at", s->now);
	json_add_bool(doc, "go", !v->finding && !v->stale);
	list = json_add_array(doc, "reasons");
	for (size_t i = 0; i < v->n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "check", v->reasons[i].check);
		json_add_bool(one, "ok", v->reasons[i].ok);
		json_add_text(one, "detail", v->reasons[i].detail);
		json_add_time(one, "as_of", s->now);
		json_add_bool(one, "stale", false);
	}
	return doc;
}

static void verdict_print(const struct verdict *v, const char *service)
{
	say("%s: %s\n", service, v->finding || v->stale ? _("no go") : _("go"));
	for (size_t i = 0; i < v->n; i++)
		say("  %-4s %s: %s\n", v->reasons[i].ok ? _("ok") : _("no"),
			v->reasons[i].check, v->reasons[i].detail);
}

int cmd_gate(struct cmd *c)
{
	struct verdict v = {0};
	struct status s;
	struct err e = ERR_INIT;
	const char *service = c->n_operands ? c->operands[0] : "";
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("name one service"));
	if (!config_service(&c->config, service)) {
		err_set(&e, ERR_NOT_FOUND,
			_("there is no service '%s' in the configuration"), service);
		return cmd_fail(&e);
	}
	if (status_gather(&s, &c->config, c->context, c->store, clock_now(), &e))
		return cmd_fail(&e);
	look_at_slos(&v, &s, service);
	look_at_alerts(&v, &s, service);
	look_at_models(&v, &s, service);
	look_at_sources(&v, &s);
	code = v.finding ? EXIT_FINDING : v.stale ? EXIT_STALE : EXIT_FINE;
	if (!c->json)
		verdict_print(&v, service);
	else if (cmd_print_json(verdict_json(&v, service, &s)))
		code = EXIT_INTERNAL;
	for (size_t i = 0; i < v.n; i++) {
		free(v.reasons[i].check);
		free(v.reasons[i].detail);
	}
	status_release(&s);
	return code;
}
