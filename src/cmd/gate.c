#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "cmd/say.h"
#include "cmd/status.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/pipeline.h"
#include "runbook/retrain.h"
#include "signal/drift_check.h"

#define VERSIONS_MAX 1000
#define ROUNDS_MISSED 3 /* of a drift check, until what it found is old */

/* How one thing that was looked at stands. */
enum standing { GATE_FINE, GATE_FINDING, GATE_NO_DATA, GATE_STALE };

struct reason {
	char *check, *detail; /* owned */
	enum standing standing;
	bool allowed; /* no data, or stale, and that was said to do */
	int64_t as_of;
};

/* What is asked, what was found. */
struct gate {
	const struct cmd *c;
	const struct status *s;
	struct arena *arena;
	const char *checked; /* the dataset whose check was looked for last */
	struct drift_check check; /* when it is known */
	bool check_known;
	const struct service_conf *conf;
	const char *service;
	int64_t max_age_ns; /* 0: what its source's rhythm says */
	bool allow_no_data, allow_stale, selected;
	struct reason *reasons; /* owned */
	size_t n, cap;
};

/* --- one reason --- */

static void add(struct gate *g, enum standing standing, int64_t as_of, char *check_take,
	char *detail_take)
{
	struct reason *r = mem_push(g->reasons, g->n, g->cap);

	*r = (struct reason){check_take, detail_take, standing, false, as_of};
	r->allowed = (standing == GATE_NO_DATA && g->allow_no_data) ||
		(standing == GATE_STALE && g->allow_stale);
}

static bool is_ok(const struct reason *r)
{
	return r->standing == GATE_FINE || r->allowed;
}

/* Older than wanted, or from a source that is stale. */
static bool is_old(const struct gate *g, const char *source, int64_t as_of)
{
	if (source && status_stale(g->s, source))
		return true;
	return g->max_age_ns && as_of != NONE_INT && g->s->now - as_of > g->max_age_ns;
}

/* What would be fine is stale instead when it is old; what is bad stays bad. */
static enum standing aged(
	const struct gate *g, enum standing standing, const char *source, int64_t as_of)
{
	return standing != GATE_FINDING && is_old(g, source, as_of) ? GATE_STALE
								    : standing;
}

static char *say_age(const struct gate *g, int64_t as_of)
{
	struct strbuf text = STRBUF_INIT;
	char *out;

	if (as_of == NONE_INT)
		return mem_strdup(_("never seen"));
	duration_format(&text, g->s->now - as_of);
	out = mem_format(_("stale: %s old"), text.buf);
	strbuf_release(&text);
	return out;
}

/* Whether this name is asked for by an option that repeats: "all" is all. */
static bool is_wanted(const struct gate *g, const char *option, const char *name)
{
	bool given = false;

	for (size_t i = 0; i < g->c->n_given; i++) {
		const struct cmd_given *one = &g->c->given[i];

		if (strcmp(one->option->name, option))
			continue;
		if (!strcmp(one->value, name) || !strcmp(one->value, "all"))
			return true;
		given = true;
	}
	return !given && !g->selected;
}

/* Names that were asked for and are not there. */
static void add_unknown(struct gate *g, const char *option, const char *what,
	bool found_any, bool (*exists)(const struct gate *g, const char *name))
{
	for (size_t i = 0; i < g->c->n_given; i++) {
		const struct cmd_given *one = &g->c->given[i];

		if (strcmp(one->option->name, option))
			continue;
		if (!strcmp(one->value, "all") ? found_any : exists(g, one->value))
			continue;
		add(g, GATE_NO_DATA, NONE_INT, mem_format("%s %s", option, one->value),
			mem_strdup(what));
	}
}

/* --- objectives --- */

static bool has_slo(const struct gate *g, const char *name)
{
	for (size_t i = 0; i < g->s->slos.n; i++)
		if (!strcmp(g->s->slos.items[i].slo.service, g->service) &&
			!strcmp(g->s->slos.items[i].slo.name, name))
			return true;
	return false;
}

static char *say_slo(
	const struct gate *g, const struct slo_row *row, enum standing standing)
{
	const char *left = _("does not burn");

	if (standing == GATE_STALE)
		return say_age(g, row->state.at);
	if (standing == GATE_NO_DATA)
		return mem_strdup(row->state.note ? row->state.note : _("no data"));
	if (standing == GATE_FINDING)
		return isnan(row->state.budget_left)
			? mem_format(
				  _("it burns: %s"), severity_name(row->state.severity))
			: mem_format(_("it burns: %s, %.3g%% of its budget left"),
				  severity_name(row->state.severity),
				  row->state.budget_left * 100);
	return mem_strdup(left);
}

static void look_at_slos(struct gate *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->s->slos.n; i++) {
		const struct slo_row *row = &g->s->slos.items[i];
		enum severity severity = row->state.severity;
		enum standing standing = severity >= SEV_TICKET ? GATE_FINDING
			: severity == SEV_OK                    ? GATE_FINE
								: GATE_NO_DATA;

		if (strcmp(row->slo.service, g->service))
			continue;
		n++;
		if (!is_wanted(g, "slo", row->slo.name))
			continue;
		standing = aged(g, standing, row->slo.source, row->state.at);
		add(g, standing, row->state.at, mem_format("slo %s", row->slo.name),
			say_slo(g, row, standing));
	}
	if (!n && !g->selected)
		add(g, GATE_NO_DATA, NONE_INT, mem_strdup("slo"),
			mem_strdup(_("the service has no objective")));
	add_unknown(g, "slo", _("the service has no such objective"), n > 0, has_slo);
}

/* --- alerts --- */

static bool tells_alerts(const struct source_row *r)
{
	static const char *const types[] = {
		"alertmanager", "prometheus", "grafana", "pagerduty"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (r->type && !strcmp(r->type, types[i]))
			return true;
	return false;
}

static void look_at_alert_sources(struct gate *g, size_t firing)
{
	size_t n = 0, stale = 0;

	for (size_t i = 0; i < g->s->sources.n; i++) {
		const struct source_row *r = &g->s->sources.items[i];

		if (!tells_alerts(r))
			continue;
		n++;
		if (!is_old(g, r->name, NONE_INT))
			continue;
		stale++;
		if (g->selected)
			add(g, GATE_STALE, NONE_INT, mem_format("alerts %s", r->name),
				mem_strdup(r->error ? r->error : _("it is stale")));
	}
	if (!n && cmd_has(g->c, "alerts"))
		add(g, GATE_NO_DATA, NONE_INT, mem_strdup("alerts"),
			mem_strdup(_("no source of this context tells alerts")));
	else if (n && !firing && !stale)
		add(g, GATE_FINE, g->s->now, mem_strdup("alerts"),
			mem_strdup(_("none fires")));
}

static void look_at_alerts(struct gate *g)
{
	size_t firing = 0;

	for (size_t i = 0; i < g->s->alerts.n; i++) {
		const struct alert *a = g->s->alerts.items[i].record;

		if (!a->service || strcmp(a->service, g->service) || !alert_is_finding(a))
			continue;
		firing++;
		add(g, GATE_FINDING, g->s->now, mem_format("alert %s", a->name),
			mem_strdup(_("it is firing")));
	}
	look_at_alert_sources(g, firing);
}

/* --- drift --- */

static bool is_dataset(const struct drift_report *r)
{
	return !strcmp(r->feature, "*");
}

static bool has_dataset(const struct gate *g, const char *name)
{
	for (size_t i = 0; i < g->s->drift.n; i++) {
		const struct drift_report *r = g->s->drift.items[i].record;

		if (r->service && !strcmp(r->service, g->service) && r->dataset &&
			!strcmp(r->dataset, name))
			return true;
	}
	return false;
}

/* Without --drift: predictions and performance alone, because data drift is context. */
static bool counts_by_itself(const struct drift_report *r)
{
	return r->kind &&
		(!strcmp(r->kind, "prediction") || !strcmp(r->kind, "performance"));
}

/* What was not compared, for whatever reason, is not known to be fine. */
static enum standing drift_standing(const struct drift_report *r)
{
	static const char *const calm[] = {"ok", "noise", "watch"};

	if (r->drifted == 1)
		return GATE_FINDING;
	for (size_t i = 0; r->verdict && i < ARRAY_LEN(calm); i++)
		if (!strcmp(r->verdict, calm[i]))
			return GATE_FINE;
	return GATE_NO_DATA;
}

/* The features of a dataset that could not be compared: how many, and the first of them. */
static char *say_uncompared(const struct gate *g, const struct drift_report *all)
{
	const char *first = NULL;
	size_t n = 0, of = 0;

	for (size_t i = 0; i < g->s->drift.n; i++) {
		const struct drift_report *r = g->s->drift.items[i].record;

		if (is_dataset(r) || !r->service || strcmp(r->service, g->service) ||
			!r->dataset || strcmp(r->dataset, all->dataset) ||
			(r->source && all->source && strcmp(r->source, all->source)))
			continue;
		of++;
		if (drift_standing(r) != GATE_NO_DATA)
			continue;
		first = first ? first : r->feature;
		n++;
	}
	return n ? mem_format(_("%zu of %zu features could not be compared, as '%s'"), n,
			   of, first)
		 : NULL;
}

/* A source may answer, and its check not have been made anew in three of its rounds. */
static bool drift_is_old(struct gate *g, const struct drift_report *r)
{
	const struct drift_check *check = &g->check;
	int64_t limit = NS_PER_HOUR;

	if (!g->checked || strcmp(g->checked, r->dataset) != 0)
		g->check_known = drift_check_find(
			&g->check, g->arena, g->s->config, r->service, r->dataset);
	g->checked = r->dataset;
	if (g->check_known) {
		/* Files and reports come when they come: --max-age says what is too old. */
		if (drift_check_is_files(check) || check->project)
			return false;
		limit = ROUNDS_MISSED * check->every_ns;
	}
	return r->computed != NONE_INT && g->s->now - r->computed > limit;
}

static char *say_drift(
	const struct gate *g, const struct drift_report *r, enum standing standing)
{
	if (standing == GATE_STALE)
		return say_age(g, r->computed);
	if (r->note && (standing == GATE_NO_DATA || is_dataset(r)))
		return mem_strdup(r->note);
	if (standing == GATE_NO_DATA)
		return mem_strdup(r->verdict ? r->verdict : _("no data"));
	if (is_dataset(r))
		return mem_format(_("%.3g of its features drifted"),
			isnan(r->value) ? 0 : r->value);
	return mem_format(_("%s %.3g, limit %.3g"), r->method ? r->method : "", r->value,
		r->threshold);
}

static void add_drift(struct gate *g, const struct drift_report *r)
{
	enum standing standing = aged(g, drift_standing(r), r->source, r->computed);
	char *missed = NULL;

	if (standing == GATE_FINE && drift_is_old(g, r))
		standing = GATE_STALE;
	if (standing == GATE_FINE && is_dataset(r))
		missed = say_uncompared(g, r);
	add(g, missed ? GATE_NO_DATA : standing, r->computed,
		is_dataset(r) ? mem_format("drift %s", r->dataset)
			      : mem_format("drift %s/%s", r->dataset, r->feature),
		missed ? missed : say_drift(g, r, standing));
}

static void look_at_drift(struct gate *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->s->drift.n; i++) {
		const struct drift_report *r = g->s->drift.items[i].record;

		if (!r->service || strcmp(r->service, g->service) || !r->dataset)
			continue;
		n++;
		/* Of a dataset the whole counts; its note names the features that drifted most. */
		if (g->selected ? !is_wanted(g, "drift", r->dataset)
				: !counts_by_itself(r))
			continue;
		if (g->selected && !is_dataset(r) && !counts_by_itself(r))
			continue;
		add_drift(g, r);
	}
	add_unknown(g, "drift", _("nothing was measured of it"), n > 0, has_dataset);
}

/* --- versions --- */

static void look_at_models(struct gate *g)
{
	for (size_t i = 0; i < g->s->models.n; i++) {
		const struct model_row *m = &g->s->models.items[i];
		bool unknown = m->sync.state == SYNC_REGISTRY_UNREACHABLE ||
			m->sync.state == SYNC_SERVING_UNKNOWN;

		if (!m->service || strcmp(m->service->name, g->service) ||
			m->sync.state == SYNC_NONE)
			continue;
		add(g,
			m->sync.state == SYNC_IN_SYNC ? GATE_FINE
				: unknown             ? GATE_STALE
						      : GATE_FINDING,
			g->s->now, mem_format("model %s/%s", m->model, m->alias),
			mem_strdup(m->sync.note ? m->sync.note
						: _(sync_state_title(m->sync.state))));
	}
}

/* The traffic that this version takes; total: of all. */
static double traffic_of(const struct model_row *m, const char *version, double *total)
{
	double share = 0;

	*total = 0;
	for (size_t i = 0; i < m->n_variants; i++) {
		double traffic =
			isnan(m->variants[i].traffic) ? 1 : m->variants[i].traffic;

		*total += traffic;
		if (m->variants[i].version && !strcmp(m->variants[i].version, version))
			share += traffic;
	}
	return share;
}

static void look_at_serving(
	struct gate *g, const struct model_row *m, const char *version, bool registered)
{
	char *check = mem_format("version %s", version);
	double total, share = traffic_of(m, version, &total);

	if (m->stale)
		add(g, GATE_STALE, m->serving_since, check,
			mem_strdup(_("registry or serving is stale")));
	else if (share > 0 && share >= total)
		add(g, GATE_FINE, g->s->now, check,
			mem_strdup(_("it is what serving runs")));
	else if (share > 0)
		add(g, GATE_FINE, g->s->now, check,
			mem_format(_("the candidate: %.3g%% of the traffic"),
				share / total * 100));
	else if (registered)
		add(g, GATE_FINE, g->s->now, check,
			mem_strdup(_("the candidate: registered, not served yet")));
	else
		add(g, GATE_FINDING, g->s->now, check,
			mem_strdup(_("neither the registry nor serving has it")));
}

/* To where a rollback would go: another version that the registry has. */
static void look_at_rollback(struct gate *g, const struct model_row *m,
	const struct version_rows *versions, const char *version)
{
	const char *to =
		m->pointer && m->pointer->version && strcmp(m->pointer->version, version)
		? m->pointer->version
		: m->pointer ? m->pointer->previous
			     : NULL;

	for (size_t i = 0; !to && i < versions->n; i++)
		if (strcmp(versions->items[i]->version, version))
			to = versions->items[i]->version;
	add(g, to ? GATE_FINE : GATE_FINDING, g->s->now, mem_strdup("rollback"),
		to ? mem_format(_("to version %s"), to)
		   : mem_strdup(_("there is no version to go back to")));
	if (g->conf->agents.source)
		add(g, g->conf->n_levers ? GATE_FINE : GATE_FINDING, g->s->now,
			mem_strdup("lever"),
			g->conf->n_levers
				? mem_format(_("%s stops it"), g->conf->levers[0].name)
				: mem_strdup(_("nothing is prepared to stop its agent")));
}

static int look_at_version(
	struct gate *g, struct arena *a, const char *version, struct err *e)
{
	bool found = false;

	for (size_t i = 0; i < g->s->models.n; i++) {
		const struct model_row *m = &g->s->models.items[i];
		struct version_rows versions;
		bool registered = false;

		if (!m->service || strcmp(m->service->name, g->service))
			continue;
		if (version_rows(&versions, a, g->s->store, m->source, m->model, AT_NOW,
			    VERSIONS_MAX, e))
			return -1;
		for (size_t k = 0; k < versions.n; k++)
			registered |= !strcmp(versions.items[k]->version, version);
		found = true;
		look_at_serving(g, m, version, registered);
		look_at_rollback(g, m, &versions, version);
	}
	if (!found)
		add(g, GATE_NO_DATA, NONE_INT, mem_format("version %s", version),
			mem_strdup(_("the service has no model")));
	return 0;
}

/* --- the rest --- */

static void look_at_runs(struct gate *g)
{
	for (size_t i = 0; i < g->s->runs.n; i++) {
		const struct run_row *r = &g->s->runs.items[i];

		if (r->changing && r->service && !strcmp(r->service, g->service))
			add(g, GATE_FINDING, r->started, mem_format("run %s", r->id),
				mem_format(_("%s changes the service now"),
					r->user ? r->user : "?"));
	}
}

static void look_at_sources(struct gate *g)
{
	for (size_t i = 0; i < g->s->sources.n; i++) {
		const struct source_row *r = &g->s->sources.items[i];

		if (!source_is_stale(r, g->s->now))
			continue;
		add(g, GATE_STALE, NONE_INT, mem_format("source %s", r->name),
			mem_strdup(r->error ? r->error : _("it is stale")));
	}
}

static int look(struct gate *g, struct arena *a, struct err *e)
{
	const char *version = cmd_value(g->c, "version");

	if (!g->selected || cmd_has(g->c, "slo"))
		look_at_slos(g);
	if (!g->selected || cmd_has(g->c, "alerts"))
		look_at_alerts(g);
	if (!g->selected || cmd_has(g->c, "drift"))
		look_at_drift(g);
	if (version && look_at_version(g, a, version, e))
		return -1;
	if (g->selected)
		return 0;
	look_at_models(g);
	look_at_runs(g);
	look_at_sources(g);
	return 0;
}

/* --- telling --- */

static bool is_go(const struct gate *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!is_ok(&g->reasons[i]))
			return false;
	return true;
}

/* A finding wins over what is not known. */
static int exit_of(const struct gate *g)
{
	int code = EXIT_FINE;

	for (size_t i = 0; i < g->n; i++) {
		if (is_ok(&g->reasons[i]))
			continue;
		if (g->reasons[i].standing == GATE_FINDING)
			return EXIT_FINDING;
		code = EXIT_STALE;
	}
	return code;
}

static struct json *gate_json(const struct gate *g)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.gate/1");
	json_add_text(doc, "service", g->service);
	json_add_time(doc, "at", g->s->now);
	json_add_bool(doc, "go", is_go(g));
	list = json_add_array(doc, "reasons");
	for (size_t i = 0; i < g->n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "check", g->reasons[i].check);
		json_add_bool(one, "ok", is_ok(&g->reasons[i]));
		json_add_text(one, "detail", g->reasons[i].detail);
		json_add_bool(one, "allowed", g->reasons[i].allowed);
		json_add_time(one, "as_of", g->reasons[i].as_of);
		json_add_bool(one, "stale", g->reasons[i].standing == GATE_STALE);
	}
	return doc;
}

static void gate_print(const struct gate *g)
{
	say("%s: %s\n", g->service, is_go(g) ? _("go") : _("no go"));
	for (size_t i = 0; i < g->n; i++) {
		const struct reason *r = &g->reasons[i];

		say("  %-4s %s: %s%s\n", is_ok(r) ? _("ok") : _("no"), r->check,
			r->detail, r->allowed ? _(" (allowed)") : "");
	}
}

/* --- what is asked --- */

static int read_allowed(struct gate *g, struct err *e)
{
	const char *allow = cmd_value(g->c, "allow");

	while (allow && *allow) {
		size_t n = strcspn(allow, ",");

		if (n == 7 && !strncmp(allow, "no-data", n))
			g->allow_no_data = true;
		else if (n == 5 && !strncmp(allow, "stale", n))
			g->allow_stale = true;
		else
			return err_set(e, ERR_INPUT,
				_("--allow knows no-data and stale, not '%.*s'"), (int)n,
				allow);
		allow += n + (allow[n] == ',');
	}
	return 0;
}

static int read_gate(struct gate *g, const struct cmd *c, struct err *e)
{
	const char *age = cmd_value(c, "max-age");

	g->c = c;
	g->service = c->operands[0];
	g->conf = config_service(&c->config, g->service);
	g->selected = cmd_has(c, "slo") || cmd_has(c, "drift") || cmd_has(c, "alerts") ||
		cmd_has(c, "version");
	if (!g->conf)
		return err_set(e, ERR_NOT_FOUND,
			_("there is no service '%s' in the configuration"), g->service);
	if (age && duration_parse(&g->max_age_ns, age, e))
		return -1;
	return read_allowed(g, e);
}

int cmd_gate(struct cmd *c)
{
	struct gate g = {0};
	struct status s;
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("name one service"));
	if (read_gate(&g, c, &e) ||
		status_gather(&s, &c->config, c->context, c->store, clock_now(), &e))
		return cmd_fail(&e);
	g.s = &s;
	g.arena = &s.arena;
	if (look(&g, &s.arena, &e)) {
		code = cmd_fail(&e);
	} else {
		code = exit_of(&g);
		if (!c->json)
			gate_print(&g);
		else if (cmd_print_json(gate_json(&g)))
			code = EXIT_INTERNAL;
	}
	for (size_t i = 0; i < g.n; i++) {
		free(g.reasons[i].check);
		free(g.reasons[i].detail);
	}
	free(g.reasons);
	status_release(&s);
	return code;
}
