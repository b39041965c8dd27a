#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "cmd/slo_find.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/record.h"
#include "signal/burn.h"
#include "store/source.h"

static bool is_stale(const struct source_rows *sources, const char *name, int64_t now)
{
	for (size_t i = 0; name && i < sources->n; i++)
		if (!strcmp(sources->items[i].name, name))
			return source_is_stale(&sources->items[i], now);
	return false;
}

/* A row that can never fire is said here, where nobody waits for it at night. */
static const char *unreachable_note(struct arena *a, const struct slo *slo)
{
	size_t n, dead = 0;
	const struct burn_alert *rows = burn_alerts(slo, a, &n), *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!burn_unreachable(&rows[i], slo->objective))
			continue;
		first = first ? first : &rows[i];
		dead++;
	}
	if (!dead)
		return NULL;
	return arena_format(a,
		ngettext("%zu alert can never fire: %.4g times is over the %.4g of a "
			 "total failure",
			"%zu alerts can never fire: %.4g times is over the %.4g of a "
			"total failure",
			dead),
		dead, first->factor, 1 / (1 - slo->objective));
}

static void note(struct slo_row *row, struct arena *a)
{
	if (row->slo.sli.foreign)
		row->state.note = _("not evaluated: its source is not one that is read");
	else if (!row->state.note && row->state.at == NONE_INT)
		row->state.note = _("not evaluated yet");
	else if (!row->state.note)
		row->state.note = unreachable_note(a, &row->slo);
}

/* True for the row itself, and for one of the objective's groups. */
static bool is_row_of(const struct slo_row *row, const struct slo *slo)
{
	size_t n = strlen(slo->name);

	return !strcmp(row->slo.service, slo->service) &&
		!strncmp(row->slo.name, slo->name, n) &&
		(row->slo.name[n] == '\0' || row->slo.name[n] == '{');
}

static struct slo_row never_evaluated(const struct slo *slo)
{
	struct slo_row row = {.slo = *slo};

	row.state = (struct slo_state){
		.service = slo->service,
		.name = slo->name,
		.at = NONE_INT,
		.severity = SEV_NO_DATA,
		.budget_left = NAN,
		.onset = NONE_INT,
		.exhausted_in_s = NAN,
		.events = NAN,
		.bad = NAN,
		.rate = NAN,
		.bad_rate = NAN,
		.projected = NAN,
		.coverage = NAN,
		.period_from = NONE_INT,
		.period_to = NONE_INT,
		.recovers = NONE_INT,
	};
	return row;
}

/* What files define and the collector has not evaluated. */
static void add_configured(struct slo_rows *rows, struct arena *a, const struct cmd *c)
{
	struct slo_list list = {0};
	struct problems p;
	size_t stored = rows->n, cap = rows->n;

	problems_init(&p, NULL);
	slo_configured(&list, a, &c->config, &p);
	for (size_t i = 0; i < list.n; i++) {
		bool known = false;

		for (size_t k = 0; k < stored && !known; k++)
			known = is_row_of(&rows->items[k], &list.items[i]);
		if (!known)
			*arena_push(a, rows->items, rows->n, cap) =
				never_evaluated(&list.items[i]);
	}
	cmd_problems(&p);
	problems_release(&p);
}

static struct json *list_json(
	const struct slo_rows *rows, const struct source_rows *sources, int64_t now)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.slos/1");
	json_add_time(doc, "at", now);
	list = json_add_array(doc, "slos");
	for (size_t i = 0; i < rows->n; i++) {
		struct json *one = json_add_object(list, NULL);

		element_slo(one, &rows->items[i],
			is_stale(sources, rows->items[i].slo.source, now), now);
		json_add_text(one, "source", rows->items[i].slo.source);
		json_add_text(one, "format", rows->items[i].slo.format);
		json_add_text(one, "file", rows->items[i].slo.file);
	}
	return doc;
}

static char *percent(double share)
{
	return isnan(share) ? mem_strdup("-") : mem_format("%.4g%%", share * 100);
}

/* In the window nearest to an hour: shorter ones flicker, longer ones lag. */
static char *present_burn(const struct slo_state *state)
{
	int64_t nearest = INT64_MAX;
	double burn = NAN;

	for (size_t i = 0; i < state->n_windows && i < SLO_WINDOWS; i++) {
		int64_t off = llabs(state->windows_ns[i] - NS_PER_HOUR);

		if (off < nearest && !isnan(state->burn[i])) {
			nearest = off;
			burn = state->burn[i];
		}
	}
	return isnan(burn) ? mem_strdup("-") : mem_format("%.3g", burn);
}

static void list_print(const struct slo_rows *rows)
{
	const char *const headings[] = {
		"",
		_("SERVICE"),
		_("OBJECTIVE"),
		_("GOAL"),
		_("LEFT"),
		_("BURN"),
		_("WINDOW"),
		_("FORMAT"),
		_("SOURCE"),
		_("NOTE"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("lllrrrrlll", headings);

	for (size_t i = 0; i < rows->n; i++) {
		const struct slo *slo = &rows->items[i].slo;
		const struct slo_state *state = &rows->items[i].state;
		char *goal = percent(slo->objective), *left = percent(state->budget_left);
		char *burn = present_burn(state);
		struct strbuf window = STRBUF_INIT;

		duration_format(&window, slo->window_ns);
		cmd_table_cell(t,
			severity_mark(state->severity == SEV_NONE ? SEV_NO_DATA
								  : state->severity));
		cmd_table_cell(t, slo->service);
		cmd_table_cell(t, slo->name);
		cmd_table_cell(t, goal);
		cmd_table_cell(t, left);
		cmd_table_cell(t, burn);
		cmd_table_cell(t, window.buf);
		cmd_table_cell(t, slo->format);
		cmd_table_cell(t, slo->source);
		cmd_table_cell(t, state->note ? state->note : "");
		strbuf_release(&window);
		free(goal);
		free(left);
		free(burn);
	}
	cmd_table_print(t);
}

static void keep_context(struct slo_rows *rows, const struct context_conf *context)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const char *source = rows->items[i].slo.source;

		/* What nobody evaluated names its source as its file does. */
		if (!context || !source || rows->items[i].state.at == NONE_INT ||
			context_has_source(context, source))
			rows->items[n++] = rows->items[i];
	}
	rows->n = n;
}

int cmd_slo_list(struct cmd *c)
{
	struct source_rows sources;
	struct slo_rows rows;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	arena_init(&a);
	if (slo_rows(&rows, &a, c->store, AT_NOW, &e) ||
		source_list(&sources, &a, c->store, AT_NOW, &e)) {
		code = cmd_fail(&e);
		goto out;
	}
	add_configured(&rows, &a, c);
	keep_context(&rows, c->context);
	for (size_t i = 0; i < rows.n; i++)
		note(&rows.items[i], &a);
	for (size_t i = 0; i < rows.n; i++)
		if (rows.items[i].state.severity >= SEV_TICKET)
			code = EXIT_FINDING;
	if (!c->json)
		list_print(&rows);
	else if (cmd_print_json(list_json(&rows, &sources, clock_now())))
		code = EXIT_INTERNAL;
out:
	arena_release(&a);
	return code;
}
