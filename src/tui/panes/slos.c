#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "store/series.h"
#include "tui/console.h"
#include "tui/panes/panes.h"
#include "signal/burn.h"
#include "tui/panes/slo_page.h"
#include "tui/panes/slos.h"
#include "tui/situation.h"

#define LEGEND_FROM_ROWS 12

/* --- query --- */

static int slos_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct slos *mine = pane_data(p);
	struct slo_rows list = {0};

	if (!console_store(c))
		return 0;
	if (slo_rows(&list, out->arena, console_store(c), console_at(c), e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct slo *slo = &list.items[i].slo;
		struct slos_row *row;

		if (slo->source && !console_has_source(c, slo->source))
			continue;
		row = arena_alloc(out->arena, 1, sizeof(*row));
		row->row = &list.items[i];
		row->rules = burn_alerts(slo, out->arena, &row->n_rules);
		rows_add(out, row, "%s/%s", slo->service, slo->name);
	}
	slos_choose_windows(mine, out);
	slos_name_windows(mine);
	for (size_t i = 0; i < out->n; i++)
		slos_fill_windows(mine, (struct slos_row *)out->items[i].data);
	return 0;
}

static const struct slo_row *row_of(const void *data)
{
	return ((const struct slos_row *)data)->row;
}

static enum severity severity_of_row(const struct slo_row *row)
{
	return row->state.at == NONE_INT ? SEV_NO_DATA : row->state.severity;
}

static void slos_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t by[SEVERITIES] = {0};

	for (size_t i = 0; i < rows->n; i++)
		by[severity_of_row(row_of(rows->items[i].data))]++;
	strbuf_addf(out, ngettext("%zu objective", "%zu objectives", rows->n), rows->n);
	strbuf_addf(out, _(": %zu page, %zu ticket, %zu fine"), by[SEV_PAGE],
		by[SEV_TICKET], by[SEV_OK]);
	if (by[SEV_NO_DATA])
		strbuf_addf(out, _(", %zu without data"), by[SEV_NO_DATA]);
}

/* --- columns --- */

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	static const char *const words[SEVERITIES] = {
		[SEV_NONE] = N_("unknown"),
		[SEV_OK] = N_("ok"),
		[SEV_NO_DATA] = N_("no data"),
		/* TRANSLATORS: a severity: to be looked at today */
		[SEV_TICKET] = N_("ticket"),
		/* TRANSLATORS: a severity: wakes who is on call */
		[SEV_PAGE] = N_("page"),
	};
	enum severity s = severity_of_row(row_of(data));

	value_severity(out, p, s, _(words[s]));
}

static void cell_service(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, row_of(data)->slo.service);
}

static void cell_name(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, row_of(data)->slo.name);
	out->role = ROLE_STRONG;
}

static void cell_objective(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	objective_text(&out->text, row_of(data)->slo.objective);
}

/* How much is left; gone is gone, however far below. */
static void cell_budget(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &row_of(data)->state;

	(void)p;
	value_percent(out, s->at == NONE_INT ? NAN : s->budget_left, 0);
	if (s->at == NONE_INT || isnan(s->budget_left))
		return;
	if (s->budget_left <= 0)
		out->role = ROLE_ERROR;
	out->gauge.value = s->budget_left;
	out->gauge.role =
		severity_of_row(row_of(data)) >= SEV_TICKET ? ROLE_THRESHOLD : ROLE_CHART;
}

/* The rate that decides, where the windows have no columns of their own. */
static void cell_burn(struct value *out, struct pane *p, const void *data)
{
	const struct slo_row *row = row_of(data);
	enum severity s = severity_of_row(row);

	(void)p;
	burn_text(
		&out->text, row->state.at == NONE_INT ? NAN : slo_burn_now(&row->state));
	if (s == SEV_PAGE || s == SEV_TICKET)
		out->role = ROLE_STRONG;
}

/* --- the rest of a row --- */

static void cell_left(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &row_of(data)->state;

	(void)p;
	exhausted_text(&out->text, s->at == NONE_INT ? NAN : s->exhausted_in_s);
}

static void cell_onset(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &row_of(data)->state;

	if (s->at != NONE_INT && s->onset != NONE_INT)
		value_time(out, p, s->onset);
}

static void cell_for(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &row_of(data)->state;

	value_since(out, p, s->at == NONE_INT ? NONE_INT : s->onset);
}

static void cell_events(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &row_of(data)->state;

	(void)p;
	value_count(out, s->at == NONE_INT ? NAN : s->events);
}

/* Where it is defined, or that it was found; what it is measured by where that is unusual. */
static void cell_from(struct value *out, struct pane *p, const void *data)
{
	const struct slo *slo = &row_of(data)->slo;

	(void)p;
	if (slo->sli.kind == SLI_TRACES)
		value_text(out, _("traces"));
	else if (slo->format && !strcmp(slo->format, "recorded"))
		value_text(out, _("found"));
	else
		value_text(out, slo->format);
	out->role = ROLE_DIM;
}

static void cell_note(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	strbuf_adds(&out->text, row_of(data)->state.note);
	out->role = ROLE_NO_DATA;
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	const struct slo_row *row = row_of(data);
	struct console *c = pane_console(p);

	out->role = console_age(c, &out->text, row->state.at, slo_is_stale(c, row));
}

#define COMPARE(name, member)                                             \
	static int name(const void *a, const void *b)                     \
	{                                                                 \
		const struct slo_row *x = row_of(a), *y = row_of(b);      \
                                                                          \
		return (x->member > y->member) - (x->member < y->member); \
	}

COMPARE(compare_objective, slo.objective)
COMPARE(compare_budget, state.budget_left)
COMPARE(compare_left, state.exhausted_in_s)
COMPARE(compare_state, state.severity)
COMPARE(compare_events, state.events)
COMPARE(compare_onset, state.onset)

/* What has no data stands below what burns least. */
static int compare_rates(double a, double b)
{
	a = isnan(a) ? -1 : a;
	b = isnan(b) ? -1 : b;
	return (a > b) - (a < b);
}

static int compare_burn(const void *a, const void *b)
{
	return compare_rates(
		slo_burn_now(&row_of(a)->state), slo_burn_now(&row_of(b)->state));
}

#define COMPARE_SLOT(i)                                                           \
	static int compare_slot_##i(const void *a, const void *b)                 \
	{                                                                         \
		return compare_rates(((const struct slos_row *)a)->slots[i].burn, \
			((const struct slos_row *)b)->slots[i].burn);             \
	}

COMPARE_SLOT(0)
COMPARE_SLOT(1)
COMPARE_SLOT(2)
COMPARE_SLOT(3)
COMPARE_SLOT(4)
COMPARE_SLOT(5)

static const int slot_numbers[SLOTS] = {0, 1, 2, 3, 4, 5};

/* clang-format off */
#define WINDOW(i)                                                                          \
	{.name = "window-" #i, .min = 5, .max = 12, .figure = 5, .align = 'r',             \
		.priority = 4, .cell = slos_cell_window, .compare = compare_slot_##i,           \
		.downwards = true, .if_any = true, .from_cols = SLOS_WIDE,                 \
		.about = &slot_numbers[i]}

static const struct column slos_columns[] = {
	{.name = "state", .title = N_("State"), .min = 6, .max = 9, .align = 'l', .priority = 1,
		.cell = cell_state, .compare = compare_state, .downwards = true},
	{.name = "service", .title = N_("Service"), .min = 10, .max = 32, .align = 'l',
		.priority = 3, .both_ends = true, .cell = cell_service},
	{.name = "objective", .title = N_("Objective"), .min = 10, .max = 40, .align = 'l',
		.priority = 1, .both_ends = true, .cell = cell_name},
	{.name = "windows", .min = 5, .max = SLOTS, .align = 'l', .priority = 1,
		.cell = slos_cell_strip, .draw = slos_draw_strip, .below_cols = SLOS_WIDE},
	{.name = "burn", .title = N_("Burn"), .min = 5, .max = 7, .align = 'r', .priority = 2,
		.cell = cell_burn, .compare = compare_burn, .downwards = true,
		.below_cols = SLOS_WIDE},
	WINDOW(0),
	WINDOW(1),
	WINDOW(2),
	WINDOW(3),
	WINDOW(4),
	WINDOW(5),
	{.name = "budget", .title = N_("Budget"), .min = 6, .max = 16, .figure = 6,
		.align = 'r', .priority = 4, .cell = cell_budget, .compare = compare_budget},
	/* TRANSLATORS: over times: when the error budget will be used up, at this rate */
	{.name = "gone-in", .title = N_("Gone in"), .min = 7, .max = 7, .align = 'r', .priority = 4,
		.cell = cell_left, .compare = compare_left},
	{.name = "onset", .title = N_("Onset"), .min = 8, .max = 12, .align = 'r', .priority = 7,
		.cell = cell_onset, .compare = compare_onset, .downwards = true, .if_any = true},
	{.name = "for", .title = N_("For"), .min = 5, .max = 5, .align = 'r', .priority = 5,
		.cell = cell_for, .compare = compare_onset},
	{.name = "target", .title = N_("Target"), .min = 6, .max = 9, .align = 'r', .priority = 8,
		.cell = cell_objective, .compare = compare_objective, .downwards = true},
	{.name = "events", .title = N_("Events"), .min = 6, .max = 6, .align = 'r', .priority = 6,
		.cell = cell_events, .compare = compare_events, .downwards = true},
	{.name = "age", .title = N_("Age"), .min = 3, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age},
	{.name = "from", .title = N_("From"), .min = 5, .max = 9, .align = 'l', .priority = 8,
		.cell = cell_from},
	{.name = "note", .title = N_("Note"), .min = 8, .max = 60, .grow = 1, .align = 'l',
		.priority = 9, .if_any = true, .cell = cell_note},
	{0},
};
/* clang-format on */

/* The windows have the names of the day: those that the objectives are held against. */
static const struct column *slos_columns_of(struct pane *p)
{
	struct slos *mine = pane_data(p);

	memcpy(mine->columns, slos_columns, sizeof(slos_columns));
	slos_name_windows(mine);
	for (size_t i = 0; mine->columns[i].name; i++) {
		struct column *col = &mine->columns[i];

		if (col->about)
			col->title = mine->titles[*(const int *)col->about];
		else if (!col->title)
			col->title = mine->strip;
	}
	snprintf(mine->strip, sizeof(mine->strip), "-");
	return mine->columns;
}

/* --- what stands over the rows --- */

/* What the marks and bars mean, in words, where there is room. */
static int slos_head(struct pane *p, const struct box *b)
{
	const struct theme *theme = console_theme(pane_console(p));

	if (b->rows < LEGEND_FROM_ROWS || b->plain || !pane_rows(p)->n)
		return 0;
	if (b->cols >= SLOS_WIDE)
		box_textf(b, 0, 1, b->cols - 2, ROLE_DIM,
			_("burn in each window; beyond | it is over the threshold: "
			  "%c of a page, %c of a ticket"),
			theme->marks[SEV_PAGE], theme->marks[SEV_TICKET]);
	else
		box_textf(b, 0, 1, b->cols - 2, ROLE_DIM,
			_("windows: . : = thirds of the threshold, %c over a page's, %c "
			  "over a ticket's"),
			theme->marks[SEV_PAGE], theme->marks[SEV_TICKET]);
	return 1;
}

static void slos_close(struct pane *p)
{
	struct slos *mine = pane_data(p);

	fitting_release(&mine->fitting);
}

static void slos_detail(struct pane *p, const void *data, struct doc *out)
{
	slo_page(p, data, out);
}

static void slos_subject(struct pane *p, const void *data, struct subject *out)
{
	(void)p;
	out->service = row_of(data)->slo.service;
	out->source = row_of(data)->slo.source;
}

static bool slos_stale(struct pane *p, const void *data)
{
	return slo_is_stale(pane_console(p), row_of(data));
}

const struct pane_ops pane_slos = {
	.name = "slos",
	.title = N_("SLOs"),
	.help = N_("service level objectives: burn, budget, how long it lasts"),
	.key = '2',
	.touches = 1u << TOUCH_SLO | 1u << TOUCH_SOURCE | 1u << TOUCH_ALERT |
		1u << TOUCH_CHANGE,
	.empty = N_(
		"no objective is known: services name files of OpenSLO, Sloth or Pyrra "
		"under slos: in the configuration"),
	.size = sizeof(struct slos),
	.columns_of = slos_columns_of,
	.close = slos_close,
	.query = slos_query,
	.summary = slos_summary,
	.head = slos_head,
	.stale = slos_stale,
	.detail = slos_detail,
	.subject = slos_subject,
};
