/* alerts_silences.c - what nobody is told of: by whom, why, until when, how many alerts */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/mem.h"
#include "model/alert.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/offer_open.h"
#include "tui/panes/panes.h"

#define SILENCES_MAX 2000
#define ALERTS_MAX 2000

/* --- query --- */

/* Those that end soonest first: that is when somebody is woken. */
static int by_end(const void *a, const void *b)
{
	const struct silence *x = ((const struct row *)a)->data;
	const struct silence *y = ((const struct row *)b)->data;

	if (x->ends != y->ends)
		return x->ends < y->ends ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* Peers of one cluster hold the same ones. */
static bool is_there(const struct rows *rows, const char *id)
{
	for (size_t i = 0; i < rows->n; i++)
		if (!strcmp(((const struct silence *)rows->items[i].data)->id, id))
			return true;
	return false;
}

static int silences_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct observed_list list = {0};

	if (!console_store(c))
		return 0;
	if (observed_at(&list, out->arena, console_store(c), REC_SILENCE, NULL, NULL,
		    console_at(c), SILENCES_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct silence *s = list.items[i].record;

		if (console_has_source(c, s->source) && !is_there(out, s->id))
			rows_add(out, s, "%s/%s", s->source, s->id);
	}
	out->more = list.more;
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_end);
	return 0;
}

static void silences_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t idle = 0;

	for (size_t i = 0; i < rows->n; i++)
		idle += ((const struct silence *)rows->items[i].data)->alerts == 0;
	strbuf_addf(out, _("silences: %zu"), rows->n);
	if (idle)
		strbuf_addf(out, _(", matching no alert: %zu"), idle);
}

/* --- columns --- */

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct silence *s = data;

	(void)p;
	value_text(out, s->state ? value_word(s->state) : NULL);
}

static void cell_ends(struct value *out, struct pane *p, const void *data)
{
	const struct silence *s = data;
	int64_t left = s->ends - console_now(pane_console(p));

	if (s->ends == NONE_INT)
		value_text(out, NULL);
	else if (left > 0)
		duration_short(&out->text, left);
	else
		strbuf_adds(&out->text, _("over"));
}

static void cell_alerts(struct value *out, struct pane *p, const void *data)
{
	const struct silence *s = data;

	(void)p;
	if (s->alerts == NONE_INT)
		value_text(out, NULL);
	else
		strbuf_addf(&out->text, "%lld", (long long)s->alerts);
	out->role = s->alerts == 0 ? ROLE_NO_DATA : ROLE_TEXT;
}

static void cell_matchers(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct silence *)data)->matchers);
	out->role = ROLE_STRONG;
}

static void cell_by(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct silence *)data)->created_by);
}

static void cell_comment(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct silence *)data)->comment);
	out->role = ROLE_DIM;
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	value_age(out, p, ((const struct silence *)data)->source);
}

static int compare_ends(const void *a, const void *b)
{
	const struct silence *x = a, *y = b;

	return (x->ends > y->ends) - (x->ends < y->ends);
}

static int compare_alerts(const void *a, const void *b)
{
	const struct silence *x = a, *y = b;

	return (x->alerts > y->alerts) - (x->alerts < y->alerts);
}

/* clang-format off */
static const struct column silences_columns[] = {
	{.name = "state", .title = N_("State"), .min = 6, .max = 9, .align = 'l', .priority = 3,
		.cell = cell_state},
	{.name = "ends", .title = N_("Ends in"), .min = 7, .align = 'r', .priority = 1,
		.cell = cell_ends, .compare = compare_ends},
	{.name = "alerts", .title = N_("Alerts"), .min = 6, .align = 'r', .priority = 1,
		.cell = cell_alerts, .compare = compare_alerts},
	{.name = "matchers", .title = N_("Matchers"), .min = 16, .max = 70, .grow = 2, .align = 'l',
		.priority = 1, .cell = cell_matchers},
	{.name = "by", .title = N_("By"), .min = 4, .max = 16, .align = 'l', .priority = 2,
		.cell = cell_by},
	{.name = "reason", .title = N_("Reason"), .min = 10, .max = 60, .grow = 1, .align = 'l',
		.priority = 4, .cell = cell_comment},
	{.name = "age", .title = N_("Age"), .min = 4, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age},
	{0},
};
/* clang-format on */

/* --- detail --- */

static bool is_silenced_by(const struct alert *a, const char *id)
{
	return a->silenced_by && strstr(a->silenced_by, id);
}

static void add_alerts(struct pane *p, const struct silence *s, struct doc *out)
{
	struct console *c = pane_console(p);
	struct observed_list list = {0};
	struct err ignored = ERR_INIT;
	struct arena a;
	size_t n = 0;

	arena_init(&a);
	if (console_store(c))
		(void)observed_at(&list, &a, console_store(c), REC_ALERT, s->source, NULL,
			console_at(c), ALERTS_MAX, &ignored);
	doc_heading(out, _("Alerts that it holds back now"));
	for (size_t i = 0; i < list.n; i++) {
		const struct alert *alert = list.items[i].record;

		if (!is_silenced_by(alert, s->id))
			continue;
		n++;
		doc_link(out, alert->name ? alert->name : "-",
			alert->service ? alert->service : alert->fingerprint, "alerts",
			arena_format(&a, "%s/%s", alert->source, alert->fingerprint));
	}
	if (!n)
		doc_text(out, ROLE_DIM, _("it matches no alert now"));
	err_release(&ignored);
	arena_release(&a);
}

static void silences_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct silence *s = data;
	struct console *c = pane_console(p);
	struct strbuf starts = STRBUF_INIT, ends = STRBUF_INIT, age = STRBUF_INIT;
	enum role role;

	doc_title(out, ROLE_STRONG, "%s", s->matchers ? s->matchers : s->id);
	if (s->comment)
		doc_text(out, ROLE_TEXT, s->comment);
	doc_blank(out);
	console_moment(c, &starts, s->starts);
	if (s->ends != NONE_INT)
		console_time(c, &ends, s->ends);
	role = console_source_age(c, &age, s->source);
	doc_field(out, _("state"), ROLE_TEXT, s->state ? value_word(s->state) : NULL);
	doc_field(out, _("by"), ROLE_TEXT, s->created_by);
	doc_field(out, _("since"), ROLE_TEXT, starts.buf);
	doc_field(out, _("until"), ROLE_STRONG, ends.buf);
	doc_field(out, _("id"), ROLE_TEXT, s->id);
	doc_link(out, _("source"), s->source, "sources", s->source);
	doc_field(out, _("read"), role, age.buf);
	if (s->url)
		doc_field(out, _("link"), ROLE_LINK, s->url);
	add_alerts(p, s, out);
	strbuf_release(&starts);
	strbuf_release(&ends);
	strbuf_release(&age);
}

static void silences_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct silence *s = data;

	(void)p;
	out->source = s->source;
	out->url = s->url;
	out->copy = s->id;
	out->name = s->comment;
}

static bool silences_stale(struct pane *p, const void *data)
{
	return console_stale(pane_console(p), ((const struct silence *)data)->source);
}

/* --- acting --- */

static unsigned act_on(struct console *c, struct pane *p, const char *action)
{
	const struct row *row = pane_selected(p);
	const struct silence *s = row ? row->data : NULL;
	struct offer_about about = {.kind = REC_SILENCE, .record = s, .action = action};

	if (!s)
		return ACT_IGNORED;
	about.title = s->matchers ? s->matchers : s->id;
	offer_open_for(c, &about);
	return ACT_REDRAW;
}

static unsigned act_extend(struct console *c, struct pane *p, const struct action *a)
{
	(void)a;
	return act_on(c, p, "extend");
}

static unsigned act_expire(struct console *c, struct pane *p, const struct action *a)
{
	(void)a;
	return act_on(c, p, "expire");
}

#define BOOK_ACT (ACTION_MUTATES | ACTION_MENU | ACTION_ROW | ACTION_ASKS)

/* clang-format off */
static const struct action silences_actions[] = {
	{.name = "extend", .letter = 'l', .flags = BOOK_ACT, .title = N_("prolong"),
		.help = N_("move its end, counted from now; asks first"), .run = act_extend},
	{.name = "expire", .letter = 'e', .flags = BOOK_ACT, .title = N_("end"),
		.help = N_("end it now; asks first"), .run = act_expire},
	{0},
};
/* clang-format on */

const struct pane_ops pane_silences = {
	.name = "silences",
	.title = N_("Silences"),
	.help = N_("what tells nobody now, by whom, why and until when"),
	.touches = 1u << TOUCH_ALERT | 1u << TOUCH_SOURCE,
	.empty = N_("no source that was read has a silence"),
	.columns = silences_columns,
	.actions = silences_actions,
	.query = silences_query,
	.summary = silences_summary,
	.stale = silences_stale,
	.detail = silences_detail,
	.subject = silences_subject,
};
