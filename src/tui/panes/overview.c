#include "config.h"
#include "tui/panes/overview_gather.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "store/observe.h"
#include "store/sessions.h"
#include "tui/console.h"
#include "tui/panes/panes.h"
#include "tui/panes/slo_page.h"
#include "tui/situation.h"
#include "tui/suspect.h"

#define CHART_FROM_ROWS 34
#define SMALL_ROWS 28 /* below them a section gives way to the others */
#define CHARTS_FROM_ROWS 50

bool gather_is_small(const struct gather *g)
{
	return console_rows(g->c) < SMALL_ROWS;
}

void gather_line(char **to, struct strbuf *sb)
{
	free(*to);
	*to = strbuf_detach(sb, NULL);
}

void gather_alarm(struct overview *o, const char *text)
{
	free(o->alarm);
	o->alarm = mem_strdup(text);
}

void gather_headline(struct overview *o, struct strbuf *sb)
{
	if (o->n_headline < ARRAY_LEN(o->headline))
		gather_line(&o->headline[o->n_headline++], sb);
	else
		strbuf_release(sb);
}

struct item *gather_row(struct gather *g, enum section section, const char *id)
{
	struct item *item = arena_alloc(g->a, 1, sizeof(*item));
	bool first = true;

	item->section = section;
	item->budget = NAN;
	for (size_t i = 0; i < g->out->n; i++)
		if (((const struct item *)g->out->items[i].data)->section == section)
			first = false;
	if (first)
		g->o->section_at[section] = g->out->n;
	rows_add(g->out, item, "%d/%s", (int)section, id);
	return item;
}

const char *gather_keep(struct gather *g, struct strbuf *sb)
{
	const char *text = arena_strndup(g->a, sb->buf, sb->len);

	strbuf_release(sb);
	return text;
}

void gather_age(struct gather *g, struct item *item, int64_t at, bool stale)
{
	struct strbuf age = STRBUF_INIT;

	item->age_role = console_age(g->c, &age, at, stale);
	item->age = gather_keep(g, &age);
}

/* --- objectives --- */

static const char *slo_word(enum severity s)
{
	switch (s) {
	case SEV_PAGE: return _("page");
	case SEV_TICKET: return _("ticket");
	case SEV_OK: return _("ok");
	default: return _("no data");
	}
}

static void add_objective(struct gather *g, const struct slo_row *row)
{
	const struct slo_state *s = &row->state;
	const char *id = arena_format(g->a, "%s/%s", row->slo.service, row->slo.name);
	struct item *item = gather_row(g, SECTION_OBJECTIVES, id);
	struct strbuf burn = STRBUF_INIT, left = STRBUF_INIT;
	bool known = s->at != NONE_INT;

	item->severity = known ? s->severity : SEV_NO_DATA;
	item->word = slo_word(item->severity);
	item->name = id;
	item->brief = row->slo.name;
	burn_text(&burn, known ? slo_burn_now(s) : NAN);
	item->figure = gather_keep(g, &burn);
	item->budget = known ? s->budget_left : NAN;
	exhausted_text(&left, known ? s->exhausted_in_s : NAN);
	item->left = gather_keep(g, &left);
	item->pane = "slos";
	item->argument = id;
	item->service = row->slo.service;
	item->source = row->slo.source;
	gather_age(g, item, s->at, slo_is_stale(g->c, row));
}

static void add_objectives(struct gather *g)
{
	const struct situation *s = &g->s;
	struct strbuf sum = STRBUF_INIT;
	size_t most = s->slos_by[SEV_PAGE] + s->slos_by[SEV_TICKET];

	/* What burns may take twice its share of the screen. */
	most = most > 2 * g->limit ? 2 * g->limit : most < g->limit ? g->limit : most;
	for (size_t i = 0; i < s->n_slos && i < most; i++)
		add_objective(g, s->slos[i]);
	if (!s->n_slos)
		strbuf_adds(&sum, _("none known"));
	else
		strbuf_addf(&sum, _("%zu page, %zu ticket, %zu fine"),
			s->slos_by[SEV_PAGE], s->slos_by[SEV_TICKET], s->slos_by[SEV_OK]);
	if (s->slos_by[SEV_NO_DATA])
		strbuf_addf(&sum, _(", %zu no data"), s->slos_by[SEV_NO_DATA]);
	gather_line(&g->o->summary[SECTION_OBJECTIVES], &sum);
}

/* --- alerts --- */

static void add_alerts(struct gather *g)
{
	const struct situation *s = &g->s;
	struct strbuf sum = STRBUF_INIT;

	for (size_t i = 0; i < s->n_alerts && i < g->limit; i++) {
		const struct alert *a = s->alerts[i].alert;
		const char *id = arena_format(g->a, "%s/%s", a->source, a->fingerprint);
		struct item *item;
		struct strbuf since = STRBUF_INIT;

		/* What always fires, to show that it can, is no trouble. */
		if (s->alerts[i].severity < SEV_TICKET)
			break;
		item = gather_row(g, SECTION_ALERTS, id);
		item->severity = s->alerts[i].severity;
		item->word = a->severity ? value_word(a->severity) : _("firing");
		item->name = a->name;
		item->note = a->service;
		if (a->since != NONE_INT)
			duration_short(&since, console_now(g->c) - a->since);
		item->figure = gather_keep(g, &since);
		item->pane = "alerts";
		item->argument = id;
		item->service = a->service;
		item->source = a->source;
		item->age_role = console_source_age(g->c, &since, a->source);
		item->age = gather_keep(g, &since);
	}
	strbuf_addf(&sum, _("%zu firing"), s->firing);
	if (s->n_alerts > s->firing + s->informing)
		strbuf_addf(&sum, _(", %zu pending or silenced"),
			s->n_alerts - s->firing - s->informing);
	gather_line(&g->o->summary[SECTION_ALERTS], &sum);
}

/* --- changes --- */

static void add_change(
	struct gather *g, const struct change *ch, const char *note, bool likely)
{
	struct strbuf text = STRBUF_INIT;
	const char *id;
	struct item *item;

	change_address(&text, ch);
	id = gather_keep(g, &text);
	item = gather_row(g, SECTION_CHANGES, id);
	item->pane = "changes";
	item->argument = id;
	item->service = ch->service;

	item->word = "";
	item->note = note;
	change_text(&text, ch);
	item->name = gather_keep(g, &text);
	console_time(g->c, &text, ch->at);
	item->figure = gather_keep(g, &text);
	item->severity = likely ? SEV_TICKET : SEV_NONE;
	item->note_role = likely ? ROLE_TICKET : ROLE_TEXT;
	item->source = ch->source;
	item->age = arena_strdup(g->a, ch->source);
	item->age_role = ROLE_DIM;
}

/* Drift needs two lines where there are few. */
static size_t changes_limit(const struct gather *g)
{
	return gather_is_small(g) && (g->drifted || g->watched) ? 2 : g->limit;
}

static int add_recent_changes(struct gather *g, struct err *e)
{
	size_t limit = changes_limit(g);
	struct change_query query = {
		.from = console_now(g->c) - 6 * NS_PER_HOUR,
		.to = AT_NOW,
		.seen_until = console_at(g->c),
		.kinds = KINDS_CAUSE,
		.limit = limit,
	};
	struct change_list list;
	struct strbuf sum = STRBUF_INIT;

	if (change_list(&list, g->a, console_store(g->c), &query, e))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		add_change(g, &list.items[i], "", false);
	strbuf_adds(&sum,
		list.n ? _("newest of the last 6 hours") : _("none in the last 6 hours"));
	gather_line(&g->o->summary[SECTION_CHANGES], &sum);
	return 0;
}

/* Where something burns, the changes that stand near its onset; else the newest. */
static int add_changes(struct gather *g, const struct slo_row *worst, struct err *e)
{
	struct suspects suspects;
	struct strbuf sum = STRBUF_INIT, onset = STRBUF_INIT;

	if (!worst || worst->state.onset == NONE_INT)
		return add_recent_changes(g, e);
	if (suspects_load(&suspects, g->a, g->c, worst->slo.service, worst->state.onset,
		    changes_limit(g), e))
		return -1;
	for (size_t i = 0; i < suspects.n; i++) {
		struct strbuf before = STRBUF_INIT;
		bool likely = i == 0 && suspects_fit(&suspects);
		const char *note;

		before_text(&before, suspects.items[i].before_ns);
		note = gather_keep(g, &before);
		if (likely)
			note = arena_format(g->a, _("%s, likely"), note);
		add_change(g, suspects.items[i].change, note, likely);
	}
	console_time(g->c, &onset, worst->state.onset);
	strbuf_addf(&sum,
		suspects.n ? _("around the onset at %s")
			   : _("none seen around the onset at %s"),
		onset.buf);
	strbuf_release(&onset);
	gather_line(&g->o->summary[SECTION_CHANGES], &sum);
	return 0;
}

/* --- sessions --- */

static int add_sessions(struct gather *g, struct err *e)
{
	int64_t now = console_now(g->c);
	struct session_stats stats = {0};
	struct session_query query = {
		.failed_only = true,
		.from = now - NS_PER_HOUR,
		.to = now,
		.limit = g->limit > 3 ? g->limit - 2 : 1,
		.after = {.at = AT_NOW},
	};
	struct session_list list = {0};
	struct strbuf sum = STRBUF_INIT;

	if (session_stats(&stats, console_store(g->c), now - NS_PER_HOUR, now, e) ||
		(stats.failed &&
			session_list(&list, g->a, console_store(g->c), &query, e)))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct session *s = &list.items[i];
		struct item *item = gather_row(g, SECTION_SESSIONS, s->id);

		item->severity = SEV_TICKET;
		item->word = _("failed");
		item->name = s->agent ? s->agent : s->id;
		item->note = arena_format(g->a, _("%lld errors, %.2f $"),
			(long long)s->errors, isnan(s->cost_usd) ? 0 : s->cost_usd);
		item->figure = "";
		item->pane = "sessions";
		item->argument = s->id;
		item->source = s->source;
		gather_age(g, item, s->started, console_stale(g->c, s->source));
	}
	if (!stats.count)
		strbuf_adds(&sum, _("none in the last hour"));
	else
		strbuf_addf(&sum, _("%lld in the last hour, %lld failed, %.2f $"),
			(long long)stats.count, (long long)stats.failed, stats.cost_usd);
	gather_line(&g->o->summary[SECTION_SESSIONS], &sum);
	return 0;
}

/* --- sources --- */

static void add_sources(struct gather *g)
{
	struct strbuf sum = STRBUF_INIT;
	const struct situation *s = &g->s;
	size_t shown = 0;

	for (size_t i = 0; i < s->n_sources && shown < g->limit; i++) {
		const struct source_row *row = s->sources[i];
		bool stale = source_is_stale(row, console_now(g->c));
		struct item *item;

		if (!stale && row->state == SRC_OK)
			continue;
		shown++;
		item = gather_row(g, SECTION_SOURCES, row->name);
		item->severity = stale ? SEV_NO_DATA : SEV_TICKET;
		item->word = stale && row->state == SRC_OK ? _("silent")
			     : row->state == SRC_NEVER      ? _("not yet")
			     : row->state == SRC_AUTH	    ? _("refused")
			     : row->state == SRC_PARTIAL    ? _("partial")
							    : _("failing");
							    item->name = row->name;
							    item->note = row->error;
							    item->figure = "";
							    item->pane = "sources";
							    item->argument = row->name;
							    item->source = row->name;
							    gather_age(g, item,
								    row->succeeded,
								    stale);
	}
	if (!s->n_sources)
		strbuf_adds(&sum, _("none configured"));
	else
		strbuf_addf(&sum, _("%zu read, %zu stale"),
			s->n_sources - s->stale_sources, s->stale_sources);
	gather_line(&g->o->summary[SECTION_SOURCES], &sum);
}

/* --- the headline: what is the case, what it comes from, what to do next --- */

/* Since when it burns and how long the budget lasts, as far as that is known. */
static void say_figures(struct gather *g, const struct slo_state *s)
{
	struct strbuf line = STRBUF_INIT, since = STRBUF_INIT, span = STRBUF_INIT;
	struct strbuf gone = STRBUF_INIT;
	bool onset = s->onset != NONE_INT, budget = !isnan(s->budget_left);

	console_time(g->c, &since, s->onset);
	duration_short(&span, onset ? console_now(g->c) - s->onset : 0);
	exhausted_text(&gone, s->exhausted_in_s);
	if (onset && budget)
		strbuf_addf(&line,
			_("since %s, for %s; %.0f %% of the budget left, gone in %s"),
			since.buf, span.buf, s->budget_left * 100, gone.buf);
	else if (onset)
		strbuf_addf(&line, _("since %s, for %s"), since.buf, span.buf);
	else if (budget)
		strbuf_addf(&line, _("%.0f %% of the budget left, gone in %s"),
			s->budget_left * 100, gone.buf);
	strbuf_release(&since);
	strbuf_release(&span);
	strbuf_release(&gone);
	gather_headline(g->o, &line);
}

static void say_burning(struct gather *g, const struct slo_row *row)
{
	const struct slo_state *s = &row->state;
	struct strbuf line = STRBUF_INIT, text = STRBUF_INIT;

	gather_alarm(g->o, s->severity == SEV_PAGE ? _("Act now") : _("Look today"));
	burn_text(&text, slo_burn_now(s));
	strbuf_addf(
		&line, _("%s/%s burns %s"), row->slo.service, row->slo.name, text.buf);
	gather_headline(g->o, &line);
	if (slo_is_stale(g->c, row)) {
		strbuf_reset(&text);
		duration_short(&text, console_now(g->c) - s->at);
		strbuf_addf(&line, _("this is %s old: nothing newer was read"), text.buf);
		gather_headline(g->o, &line);
	}
	strbuf_release(&text);
	say_figures(g, s);
}

static const struct item *first_of(const struct gather *g, enum section section)
{
	for (size_t i = 0; i < g->out->n; i++) {
		const struct item *item = g->out->items[i].data;

		if (item->section == section)
			return item;
	}
	return NULL;
}

static void say_cause(struct gather *g)
{
	const struct item *change = first_of(g, SECTION_CHANGES);
	struct strbuf line = STRBUF_INIT;

	if (change && change->severity == SEV_TICKET)
		strbuf_addf(&line, _("after %s, at %s"), change->name, change->figure);
	else
		strbuf_adds(&line, _("no change was seen near the onset"));
	gather_headline(g->o, &line);
}

static void say_nothing_known(struct gather *g)
{
	struct strbuf line = STRBUF_INIT;

	gather_alarm(g->o, _("Nothing is known yet"));
	strbuf_adds(&line,
		g->s.n_sources ? _("the sources are being read for the first time")
			       : _("no source is configured"));
	gather_headline(g->o, &line);
	strbuf_adds(&line,
		g->s.n_sources ? _("next: type :sources and Enter to see how they answer")
			       : _("next: 'tocsin init' finds your systems, 'tocsin "
				   "demo' lets you practise"));
	gather_headline(g->o, &line);
}

static void say_fine(struct gather *g)
{
	struct strbuf line = STRBUF_INIT;

	gather_alarm(g->o, _("All is well"));
	if (g->drifting_predictions)
		overview_drift_say(g);
	strbuf_addf(&line,
		ngettext("%zu objective holds, no alert fires",
			"%zu objectives hold, no alert fires", g->s.slos_by[SEV_OK]),
		g->s.slos_by[SEV_OK]);
	gather_headline(g->o, &line);
	if (g->s.stale_sources) {
		strbuf_addf(&line,
			ngettext("but %zu source is stale: it may know better",
				"but %zu sources are stale: they may know better",
				g->s.stale_sources),
			g->s.stale_sources);
		gather_headline(g->o, &line);
	}
	if (!g->drifting_predictions)
		overview_drift_say(g);
}

static void say_alerts(struct gather *g)
{
	struct strbuf line = STRBUF_INIT;

	gather_alarm(g->o, g->s.firing_pages ? _("Act now") : _("Look today"));
	strbuf_addf(&line,
		ngettext("%zu alert fires, and no objective burns",
			"%zu alerts fire, and no objective burns", g->s.firing),
		g->s.firing);
	gather_headline(g->o, &line);
	strbuf_adds(&line, _("next: Enter looks at it, R shows its runbooks"));
	gather_headline(g->o, &line);
}

static void say(struct gather *g, const struct slo_row *worst)
{
	struct strbuf line = STRBUF_INIT;

	g->o->severity = situation_worst(&g->s);
	if (worst) {
		say_burning(g, worst);
		say_cause(g);
		/* Where it is narrow the last line says the same. */
		if (!gather_is_small(g)) {
			strbuf_adds(&line,
				_("next: Enter looks at it, R shows its runbooks"));
			gather_headline(g->o, &line);
		}
	} else if (g->o->severity >= SEV_TICKET) {
		say_alerts(g);
	} else if (g->o->severity == SEV_OK) {
		say_fine(g);
	} else {
		say_nothing_known(g);
	}
}

/* --- the chart, for screens that have room --- */

static int add_chart(struct gather *g, const struct slo_row *row, struct err *e)
{
	struct chart *ch = &g->o->charts[g->o->n_charts];

	if (slo_chart(ch, g->a, g->c, row, e))
		return -1;
	if (!ch->n)
		return 0;
	g->o->n_charts++;
	ch->title = arena_format(g->a, _("%s/%s: burn in the shortest window"),
		row->slo.service, row->slo.name);
	ch->threshold = 1;
	if (row->state.onset != NONE_INT) {
		ch->mark_names[0] = '^';
		ch->marks[ch->n_marks++] = row->state.onset;
	}
	return 0;
}

static int add_charts(struct gather *g, struct err *e)
{
	int rows = console_rows(g->c);
	size_t most = rows < CHART_FROM_ROWS ? 0
		: rows < CHARTS_FROM_ROWS    ? 1
					     : OVERVIEW_CHARTS;

	g->o->n_charts = 0;
	for (size_t i = 0; i < g->s.n_slos && g->o->n_charts < most; i++)
		if (add_chart(g, g->s.slos[i], e))
			return -1;
	return 0;
}

/* --- the pane --- */

static int overview_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct overview *o = pane_data(p);
	int rows = console_rows(c);
	struct gather g = {
		.c = c,
		.o = o,
		.a = out->arena,
		.out = out,
		.limit = rows > 28 ? (size_t)(rows - 16) / 4 : 3,
	};
	const struct slo_row *worst;
	int rc = -1;

	o->n_headline = 0;
	if (situation_load(&g.s, g.a, c, e) == 0) {
		worst = g.s.n_slos && g.s.slos[0]->state.at != NONE_INT &&
				g.s.slos[0]->state.severity >= SEV_TICKET
			? g.s.slos[0]
			: NULL;
		add_objectives(&g);
		add_alerts(&g);
		rc = overview_drift_load(&g, e);
		if (!rc && console_store(c))
			rc = add_changes(&g, worst, e);
		overview_drift_rows(&g);
		if (!rc && console_store(c))
			rc = add_sessions(&g, e) ? -1 : add_charts(&g, e);
		add_sources(&g);
		say(&g, worst);
	}
	return rc;
}

static unsigned overview_enter(struct pane *p, const void *data)
{
	const struct item *item = data;

	if (item->pane)
		console_go(pane_console(p), item->pane, item->argument);
	return ACT_REDRAW;
}

static void overview_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct item *item = data;

	(void)p;
	out->service = item->service;
	out->source = item->source;
	out->copy = item->name;
}

static void overview_close(struct pane *p)
{
	struct overview *o = pane_data(p);

	for (size_t i = 0; i < ARRAY_LEN(o->headline); i++)
		free(o->headline[i]);
	for (size_t i = 0; i < SECTIONS; i++)
		free(o->summary[i]);
	free(o->alarm);
}

/* --- Tab: from section to section --- */

static unsigned to_section(struct pane *p, int direction)
{
	const struct row **rows;
	size_t n = pane_visible(p, &rows), at = pane_cursor(p);
	enum section here;

	if (!n)
		return ACT_HANDLED;
	here = ((const struct item *)rows[at]->data)->section;
	for (size_t i = 1; i <= n; i++) {
		size_t k = (at + (direction > 0 ? i : n - i % n)) % n;
		enum section there = ((const struct item *)rows[k]->data)->section;

		if (there != here) {
			while (k > 0 &&
				((const struct item *)rows[k - 1]->data)->section ==
					there)
				k--;
			pane_select(p, rows[k]->id);
			break;
		}
	}
	return ACT_REDRAW;
}

static unsigned act_next_section(
	struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return to_section(p, 1);
}

static unsigned act_previous_section(
	struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return to_section(p, -1);
}

static const struct action overview_actions[] = {
	{
		.name = "next-section",
		.keys = "<Tab>",
		.flags = ACTION_QUIET,
		.title = N_("next section"),
		.help = N_("to the next section"),
		.run = act_next_section,
	},
	{
		.name = "previous-section",
		.keys = "<S-Tab>",
		.flags = ACTION_QUIET,
		.title = N_("previous section"),
		.help = N_("to the section before"),
		.run = act_previous_section,
	},
	{0},
};

const struct pane_ops pane_overview = {
	.name = "overview",
	.title = N_("Overview"),
	.help = N_("is it bad, what changed, what to do next"),
	.key = '1',
	.touches = 1u << TOUCH_SLO | 1u << TOUCH_ALERT | 1u << TOUCH_CHANGE |
		1u << TOUCH_SESSION | 1u << TOUCH_SOURCE | 1u << TOUCH_RECORD,
	.actions = overview_actions,
	.size = sizeof(struct overview),
	.close = overview_close,
	.query = overview_query,
	.enter = overview_enter,
	.subject = overview_subject,
	.draw = overview_draw,
};
