#include "config.h"
#include "cmd/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/pipeline.h"
#include "report/suspects.h"

#define CHANGES_SHOWN 8
#define ALERTS_SHOWN 12

static char *age(const struct status *s, int64_t at)
{
	struct strbuf text = STRBUF_INIT;

	if (at == NONE_INT)
		strbuf_adds(&text, "-");
	else
		duration_human(&text, s->now - at);
	return strbuf_detach(&text, NULL);
}

static char *moment(const struct status *s, int64_t at)
{
	struct strbuf text = STRBUF_INIT;

	if (at == NONE_INT)
		strbuf_adds(&text, "-");
	else
		time_human(&text, at, s->now, false);
	return strbuf_detach(&text, NULL);
}

static void cell_take(struct cmd_table *t, char *text)
{
	cmd_table_cell(t, text);
	free(text);
}

/* --- the headline: is it bad, since when, what changed --- */

static void say_suspect(const struct status *s, const struct slo_state *state)
{
	struct suspects found;
	struct err ignored = ERR_INIT;
	struct arena a;

	arena_init(&a);
	if (!suspects_of(&found, &a, s->store, s->config, state->service, state->onset,
		    AT_NOW, 1, &ignored) &&
		found.n)
		say(_("      likely cause: %s\n"), found.items[0].reason);
	err_release(&ignored);
	arena_release(&a);
}

static void say_burning(const struct status *s, const struct slo_row *row)
{
	const struct slo_state *state = &row->state;
	char *since = moment(s, state->onset), *ago = age(s, state->onset);
	double worst = NAN;

	for (size_t i = 0; i < state->n_windows; i++)
		if (isnan(worst) || state->burn[i] > worst)
			worst = state->burn[i];
	say(state->severity == SEV_PAGE
			? _("PAGE  %s/%s burns its error budget %.1f times too fast")
			: _("TICKET %s/%s burns its error budget %.1f times too fast"),
		row->slo.service, row->slo.name, worst);
	if (state->onset != NONE_INT)
		say(_(", since %s (%s)"), since, ago);
	say("\n");
	say_suspect(s, state);
	free(since);
	free(ago);
}

static void headline(const struct status *s)
{
	size_t burning = 0, blind = 0;

	for (size_t i = 0; i < s->slos.n; i++) {
		enum severity severity = s->slos.items[i].state.severity;

		if (severity >= SEV_TICKET && ++burning <= 3)
			say_burning(s, &s->slos.items[i]);
		blind += severity == SEV_NO_DATA || severity == SEV_NONE;
	}
	if (!burning)
		say("%s\n",
			s->slos.n ? _("No objective burns.")
				  : _("No objective is configured."));
	if (burning > 3)
		say(ngettext("      and %zu more\n", "      and %zu more\n", burning - 3),
			burning - 3);
	if (blind)
		say(ngettext("%zu objective has no data.\n",
			    "%zu objectives have no data.\n", blind),
			blind);
}

/* --- the sections --- */

/* Four digits at most, with a unit behind. */
static void cell_number(struct cmd_table *t, double v, const char *unit)
{
	char text[40] = "-";

	if (!isnan(v) && fabs(v) >= 1000)
		snprintf(text, sizeof(text), "%.0f%s", v, unit);
	else if (!isnan(v))
		snprintf(text, sizeof(text), "%.4g%s", v, unit);
	cmd_table_cell(t, text);
}

/* Burn in the two shortest windows and in the longest: what a person needs at a glance. */
static void cell_burn(struct cmd_table *t, const struct slo_state *state)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < state->n_windows && i < 4; i++) {
		strbuf_adds(&text, i ? "  " : "");
		duration_format(&text, state->windows_ns[i]);
		if (isnan(state->burn[i]))
			strbuf_adds(&text, " -");
		else
			strbuf_addf(&text, " %.1f", state->burn[i]);
	}
	cell_take(t, strbuf_detach(&text, NULL));
}

static void print_slos(const struct status *s)
{
	const char *const headings[] = {
		"",
		_("OBJECTIVE"),
		_("GOAL"),
		_("LEFT"),
		_("BURN"),
		_("AGE"),
		NULL
	};
	struct cmd_table *t;

	if (!s->slos.n)
		return;
	t = cmd_table_new("llrrlr", headings);
	for (size_t i = 0; i < s->slos.n; i++) {
		const struct slo_row *row = &s->slos.items[i];
		enum severity severity = row->state.severity;

		cmd_table_cell(
			t, severity_mark(severity == SEV_NONE ? SEV_NO_DATA : severity));
		cell_take(t, mem_format("%s/%s", row->slo.service, row->slo.name));
		cell_number(t, row->slo.objective * 100, "%");
		cell_number(t, round(row->state.budget_left * 100), "%");
		cell_burn(t, &row->state);
		cell_take(t, age(s, row->state.at));
	}
	cmd_table_print(t);
	say("\n");
}

static void print_alerts(const struct status *s)
{
	const char *const headings[] = {
		_("ALERT"),
		_("SERVICE"),
		_("SEVERITY"),
		_("STATE"),
		_("SINCE"),
		NULL
	};
	struct cmd_table *t;

	if (!s->alerts.n)
		return;
	t = cmd_table_new("lllll", headings);
	for (size_t i = 0; i < s->alerts.n && i < ALERTS_SHOWN; i++) {
		const struct alert *a = s->alerts.items[i].record;

		cmd_table_cell(t, a->name);
		cmd_table_cell(t, a->service);
		cmd_table_cell(t, a->severity);
		cmd_table_cell(t, a->state);
		cell_take(t, moment(s, a->since));
	}
	cmd_table_print(t);
	say("\n");
}

static void print_changes(const struct status *s)
{
	const char *const headings[] = {
		_("CHANGED"),
		_("WHAT"),
		_("FROM"),
		_("TO"),
		_("AGO"),
		NULL
	};
	struct cmd_table *t;

	if (!s->changes.n)
		return;
	t = cmd_table_new("llllr", headings);
	for (size_t i = 0; i < s->changes.n && i < CHANGES_SHOWN; i++) {
		const struct change *c = &s->changes.items[i];

		cell_take(t, moment(s, c->at));
		cell_take(t,
			mem_format("%s %s%s%s", _(record_def(c->kind)->title), c->object,
				c->field ? " " : "", c->field ? c->field : ""));
		cmd_table_cell(t, c->before);
		cmd_table_cell(t, c->after);
		cell_take(t, age(s, c->at));
	}
	cmd_table_print(t);
	say("\n");
}

static char *traffic(const struct model_row *m)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < m->n_variants; i++) {
		const struct serving *v = &m->variants[i];

		if (isnan(v->traffic) || v->traffic <= 0)
			continue;
		strbuf_addf(&text, "%s%s %.0f%%", text.len ? ", " : "",
			v->version ? v->version : "?", v->traffic * 100);
	}
	if (!text.len)
		strbuf_adds(&text, "-");
	return strbuf_detach(&text, NULL);
}

static void print_models(const struct status *s)
{
	const char *const headings[] = {
		_("MODEL"),
		_("ALIAS"),
		_("VERSION"),
		_("SERVED"),
		_("STATE"),
		NULL
	};
	struct cmd_table *t;

	if (!s->models.n)
		return;
	t = cmd_table_new("lllll", headings);
	for (size_t i = 0; i < s->models.n; i++) {
		const struct model_row *m = &s->models.items[i];

		cmd_table_cell(t, m->model);
		cmd_table_cell(t, m->alias);
		cmd_table_cell(t, m->pointer ? m->pointer->version : NULL);
		cell_take(t, traffic(m));
		cmd_table_cell(t,
			m->sync.state == SYNC_NONE ? NULL
						   : _(sync_state_title(m->sync.state)));
	}
	cmd_table_print(t);
	say("\n");
}

static void print_sources(const struct status *s)
{
	const char *const headings[] = {
		_("SOURCE"),
		_("TYPE"),
		_("STATE"),
		_("AGE"),
		_("TOOK"),
		_("BYTES"),
		_("RECORDS"),
		"",
		NULL
	};
	struct cmd_table *t = cmd_table_new("lllrrrrl", headings);

	for (size_t i = 0; i < s->sources.n; i++) {
		const struct source_row *r = &s->sources.items[i];
		struct strbuf took = STRBUF_INIT;

		if (r->latency_ns == NONE_INT)
			strbuf_adds(&took, "-");
		else
			strbuf_addf(&took, "%.0f ms", (double)r->latency_ns / NS_PER_MS);
		cmd_table_cell(t, r->name);
		cmd_table_cell(t, r->type);
		cell_take(t,
			mem_format("%s%s", source_state_name(r->state),
				source_is_stale(r, s->now) && r->state != SRC_NEVER
					? _(", stale")
					: ""));
		cell_take(t, age(s, r->succeeded));
		cell_take(t, strbuf_detach(&took, NULL));
		cell_number(t, r->bytes == NONE_INT ? NAN : (double)r->bytes, "");
		cell_number(t, r->records == NONE_INT ? NAN : (double)r->records, "");
		cmd_table_cell(t, r->error ? r->error : "");
	}
	cmd_table_print(t);
}

/* Only what has drifted: how far, against what is allowed, since when. */
static void print_drift(const struct status *s)
{
	const char *const headings[] = {
		_("DRIFTED"),
		_("KIND"),
		_("VALUE"),
		_("LIMIT"),
		_("SINCE"),
		_("NOTE"),
		NULL
	};
	struct cmd_table *t = NULL;

	for (size_t i = 0; i < s->drift.n; i++) {
		const struct drift_report *d = s->drift.items[i].record;

		if (d->drifted != 1)
			continue;
		if (!t)
			t = cmd_table_new("llrrll", headings);
		cell_take(t, mem_format("%s/%s/%s", d->service, d->dataset, d->feature));
		cmd_table_cell(t, d->kind);
		cell_number(t, d->value, "");
		cell_number(t, d->threshold, "");
		cell_take(t, moment(s, d->since));
		cmd_table_cell(t, d->note ? d->note : "");
	}
	if (!t)
		return;
	cmd_table_print(t);
	say("\n");
}

void status_print(const struct status *s)
{
	struct strbuf at = STRBUF_INIT;

	time_format(&at, s->now / NS_PER_S * NS_PER_S);
	say(_("Tocsin  %s  %s\n\n"), s->context ? s->context->name : "-", at.buf);
	strbuf_release(&at);
	headline(s);
	say("\n");
	print_slos(s);
	print_alerts(s);
	print_drift(s);
	print_changes(s);
	print_models(s);
	if (s->sessions.count) {
		say(ngettext("%lld agent session in the last hour",
			    "%lld agent sessions in the last hour",
			    (unsigned long)s->sessions.count),
			(long long)s->sessions.count);
		say(_(", %lld failed"), (long long)s->sessions.failed);
		if (!isnan(s->sessions.cost_usd))
			say(_(", %.2f USD"), s->sessions.cost_usd);
		say("\n\n");
	}
	print_sources(s);
}
