#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "store/series.h"
#include "tui/console.h"
#include "tui/panes/panes.h"
#include "tui/panes/slo_page.h"
#include "tui/situation.h"

/* --- query --- */

static int slos_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct slo_rows list = {0};

	if (!console_store(c))
		return 0;
	if (slo_rows(&list, out->arena, console_store(c), console_at(c), e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct slo *slo = &list.items[i].slo;

		if (!slo->source || console_has_source(c, slo->source))
			rows_add(out, &list.items[i], "%s/%s", slo->service, slo->name);
	}
	return 0;
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
		by[severity_of_row(rows->items[i].data)]++;
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
	enum severity s = severity_of_row(data);

	value_severity(out, p, s, _(words[s]));
}

static void cell_service(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct slo_row *)data)->slo.service);
}

static void cell_name(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct slo_row *)data)->slo.name);
	out->role = ROLE_STRONG;
}

static void cell_objective(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	objective_text(&out->text, ((const struct slo_row *)data)->slo.objective);
}

static void cell_budget(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &((const struct slo_row *)data)->state;

	(void)p;
	value_percent(out, s->at == NONE_INT ? NAN : s->budget_left, 0);
	if (s->at != NONE_INT && s->budget_left <= 0)
		out->role = ROLE_ERROR;
}

static void cell_burn_5m(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &((const struct slo_row *)data)->state;

	(void)p;
	burn_text(&out->text, s->at != NONE_INT && s->n_windows ? s->burn[0] : NAN);
}

static void cell_burn(struct value *out, struct pane *p, const void *data)
{
	const struct slo_row *row = data;
	enum severity s = severity_of_row(row);

	(void)p;
	burn_text(
		&out->text, row->state.at == NONE_INT ? NAN : slo_burn_now(&row->state));
	if (s == SEV_PAGE || s == SEV_TICKET)
		out->role = ROLE_STRONG;
}

static void cell_left(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &((const struct slo_row *)data)->state;

	(void)p;
	exhausted_text(&out->text, s->at == NONE_INT ? NAN : s->exhausted_in_s);
}

static void cell_onset(struct value *out, struct pane *p, const void *data)
{
	const struct slo_state *s = &((const struct slo_row *)data)->state;

	value_since(out, p, s->at == NONE_INT ? NONE_INT : s->onset);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	const struct slo_row *row = data;
	struct console *c = pane_console(p);

	out->role = console_age(c, &out->text, row->state.at, slo_is_stale(c, row));
}

#define COMPARE(name, member)                                             \
	static int name(const void *a, const void *b)                     \
	{                                                                 \
		const struct slo_row *x = a, *y = b;                      \
                                                                          \
		return (x->member > y->member) - (x->member < y->member); \
	}

COMPARE(compare_objective, slo.objective)
COMPARE(compare_budget, state.budget_left)
COMPARE(compare_left, state.exhausted_in_s)
COMPARE(compare_state, state.severity)

static int compare_burn(const void *a, const void *b)
{
	const struct slo_row *rows[2] = {a, b};
	double burn[2];

	for (int i = 0; i < 2; i++) {
		burn[i] = slo_burn_now(&rows[i]->state);
		burn[i] = isnan(burn[i]) ? -1 : burn[i];
	}
	return (burn[0] > burn[1]) - (burn[0] < burn[1]);
}

/* clang-format off */
static const struct column slos_columns[] = {
	{.name = "state", .title = N_("State"), .min = 6, .max = 9, .align = 'l', .priority = 1,
		.cell = cell_state, .compare = compare_state, .downwards = true},
	{.name = "service", .title = N_("Service"), .min = 10, .max = 32, .align = 'l',
		.priority = 3, .cell = cell_service},
	{.name = "objective", .title = N_("Objective"), .min = 10, .max = 40, .align = 'l',
		.priority = 1, .cell = cell_name},
	{.name = "target", .title = N_("Target"), .min = 6, .max = 9, .align = 'r', .priority = 6,
		.cell = cell_objective, .compare = compare_objective, .downwards = true},
	{.name = "budget", .title = N_("Budget"), .min = 6, .max = 8, .align = 'r', .priority = 3,
		.cell = cell_budget, .compare = compare_budget},
	{.name = "burn-5m", .title = N_("5m"), .min = 5, .max = 7, .align = 'r', .priority = 7,
		.cell = cell_burn_5m},
	{.name = "burn", .title = N_("Burn"), .min = 6, .max = 7, .align = 'r', .priority = 2,
		.cell = cell_burn, .compare = compare_burn, .downwards = true},
	{.name = "gone-in", .title = N_("Gone in"), .min = 7, .max = 7, .align = 'r', .priority = 4,
		.cell = cell_left, .compare = compare_left},
	{.name = "for", .title = N_("For"), .min = 5, .max = 5, .align = 'r', .priority = 8,
		.cell = cell_onset},
	{.name = "age", .title = N_("Age"), .min = 4, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age},
	{0},
};
/* clang-format on */

static void slos_detail(struct pane *p, const void *data, struct doc *out)
{
	slo_page(p, data, out);
}

static void slos_subject(struct pane *p, const void *data, struct subject *out)
{
	(void)p;
	out->service = ((const struct slo_row *)data)->slo.service;
	out->source = ((const struct slo_row *)data)->slo.source;
}

static bool slos_stale(struct pane *p, const void *data)
{
	return slo_is_stale(pane_console(p), data);
}

const struct pane_ops pane_slos = {
	.name = "slos",
	.title = N_("SLOs"),
	.help = N_("service level objectives: burn, budget, how long it lasts"),
	.key = '2',
	.touches = 1u << TOUCH_SLO | 1u << TOUCH_SOURCE,
	.empty = N_("no objective is known: services name theirs under slos: in the "
		    "configuration"),
	.columns = slos_columns,
	.query = slos_query,
	.summary = slos_summary,
	.stale = slos_stale,
	.detail = slos_detail,
	.subject = slos_subject,
};
