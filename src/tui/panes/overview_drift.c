#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "tui/console.h"
#include "tui/panes/drift.h"
#include "tui/panes/overview_gather.h"

/* Distributions that moved, among what else is the matter: context, seldom an alarm. */

int overview_drift_load(struct gather *g, struct err *e)
{
	g->drift = (struct rows){.arena = g->a};
	if (console_store(g->c) && drift_rows_load(&g->drift, g->c, e))
		return -1;
	for (size_t i = 0; i < g->drift.n; i++) {
		const struct drift_row *row = g->drift.items[i].data;

		if (row->dataset)
			continue;
		g->drifted += drift_is_drifted(row);
		g->watched += row->verdict == DRIFT_WATCH;
		g->drifting_predictions +=
			drift_is_drifted(row) && !drift_is_context(row->r);
	}
	return 0;
}

static bool is_worth_a_row(const struct drift_row *row)
{
	return !row->dataset && (drift_is_drifted(row) || row->verdict == DRIFT_WATCH);
}

/* The service says more than the name of its data, which others may have too. */
static const char *whose(const struct drift_report *r)
{
	return r->service ? r->service : r->dataset;
}

static void add_drift(struct gather *g, const struct row *from)
{
	const struct drift_row *row = from->data;
	const struct drift_report *r = row->r;
	struct item *item = gather_row(g, SECTION_DRIFT, from->id);
	struct strbuf word = STRBUF_INIT, value = STRBUF_INIT, since = STRBUF_INIT;

	drift_word(&word, g->c, row);
	item->mark = word.buf[0];
	item->mark_role = drift_role(row);
	item->word = arena_strdup(g->a, word.buf + 2);
	item->name = arena_format(g->a, _("%s of %s"), r->feature, whose(r));
	drift_value_text(&value, row);
	item->note = isnan(r->threshold)
		? arena_strdup(g->a, value.buf)
		: arena_format(g->a, "%s %s %c %.3g", r->method ? r->method : "",
			  value.buf, row->method && row->method->by_p ? '<' : '>',
			  r->threshold);
	item->note_role = ROLE_TEXT;
	if (r->since != NONE_INT)
		duration_short(&since, console_now(g->c) - r->since);
	item->figure = gather_keep(g, &since);
	item->pane = "drift";
	item->argument = from->id;
	item->service = r->service;
	item->source = r->source;
	gather_age(g, item, r->computed, console_stale(g->c, r->source));
	strbuf_release(&word);
	strbuf_release(&value);
}

/* What moved in the data; nothing at all where nobody looks for it. */
void overview_drift_rows(struct gather *g)
{
	struct strbuf sum = STRBUF_INIT;
	size_t shown = 0, n = 0;

	free(g->o->summary[SECTION_DRIFT]);
	g->o->summary[SECTION_DRIFT] = NULL;
	for (size_t i = 0; i < g->drift.n; i++) {
		const struct drift_row *row = g->drift.items[i].data;

		n += !row->dataset;
		if (is_worth_a_row(row) && shown < (gather_is_small(g) ? 1 : g->limit)) {
			add_drift(g, &g->drift.items[i]);
			shown++;
		}
	}
	if (!n)
		return;
	if (g->drifted || g->watched)
		strbuf_addf(&sum, _("%zu of %zu features drifted, %zu to watch"),
			g->drifted, n, g->watched);
	else
		strbuf_addf(&sum,
			ngettext("%zu feature is as before", "%zu features are as before",
				n),
			n);
	gather_line(&g->o->summary[SECTION_DRIFT], &sum);
}

/* The feature that is furthest off, of predictions where those moved. */
static const struct drift_row *worst_drift(const struct gather *g)
{
	const struct drift_row *worst = NULL;

	for (size_t i = 0; i < g->drift.n; i++) {
		const struct drift_row *row = g->drift.items[i].data;

		if (row->dataset || !drift_is_drifted(row))
			continue;
		if (!worst || (drift_is_context(worst->r) && !drift_is_context(row->r)))
			worst = row;
	}
	return worst;
}

/* Data that moved alone is told and alarms nobody; predictions that did are for today. */
void overview_drift_say(struct gather *g)
{
	const struct drift_row *row = worst_drift(g);
	struct strbuf line = STRBUF_INIT, since = STRBUF_INIT;

	if (!row)
		return;
	console_time(g->c, &since, row->r->since);
	strbuf_addf(&line,
		drift_is_context(row->r)
			? _("data drifted: %s of %s since %s; 7 shows it")
			: _("predictions drifted: %s of %s since %s; 7 shows it"),
		row->r->feature, whose(row->r), since.buf);
	if (!drift_is_context(row->r)) {
		gather_alarm(g->o, _("Look today"));
		g->o->severity = SEV_TICKET;
	}
	gather_headline(g->o, &line);
	strbuf_release(&since);
}
