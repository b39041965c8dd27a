#include "config.h"
#include "tui/panes/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "store/alerts.h"
#include "tui/console.h"
#include "tui/panes/panes.h"

#define ALERTS_MAX 2000
#define PAGES_MAX 500

/* --- query --- */

static const char *summary_of(const struct alert *a, struct arena *arena)
{
	static const char *const names[] = {"summary", "title", "description", "message"};
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;
	const char *text = NULL;

	if (a->annotations &&
		!json_parse(&doc, a->annotations, strlen(a->annotations), &ignored)) {
		for (size_t i = 0; i < ARRAY_LEN(names) && !text; i++)
			text = json_text(json_get(doc, names[i]));
		text = arena_strdup(arena, text);
	}
	json_free(doc);
	err_release(&ignored);
	return text;
}

/* The first of its groups: "night: alertname=X, cluster=eu". */
static const char *group_of(const struct alert *a, struct arena *arena)
{
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;
	struct strbuf text = STRBUF_INIT;
	const char *out = NULL, *receiver, *separator = " ";

	if (a->groups && !json_parse(&doc, a->groups, strlen(a->groups), &ignored) &&
		json_first(doc)) {
		receiver = json_text(json_get(json_first(doc), "receiver"));
		strbuf_addf(&text, "%s:", receiver ? receiver : "-");
		json_each (label, json_get(json_first(doc), "labels")) {
			strbuf_addf(&text, "%s%s=%s", separator, json_key(label),
				json_text(label) ? json_text(label) : "");
			separator = ", ";
		}
		out = arena_strdup(arena, text.buf);
	}
	strbuf_release(&text);
	json_free(doc);
	err_release(&ignored);
	return out;
}

/* Firing before the rest, the severest first, then the newest. */
static int by_urgency(const void *a, const void *b)
{
	const struct alert_row *x = ((const struct row *)a)->data;
	const struct alert_row *y = ((const struct row *)b)->data;
	int order;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->alert->since != y->alert->since)
		return x->alert->since > y->alert->since ? -1 : 1;
	order = strcmp(x->alert->source, y->alert->source);
	return order ? order : strcmp(x->alert->fingerprint, y->alert->fingerprint);
}

static bool same_group(const struct alert_row *x, const struct alert_row *y)
{
	if (!x->group || !y->group)
		return x->group == y->group;
	return !strcmp(x->group, y->group);
}

/* In this order already: what belongs to a group is drawn up to its first. */
static void draw_together(struct rows *rows)
{
	struct row *out = arena_alloc(rows->arena, rows->n + 1, sizeof(*out));
	bool *taken = arena_alloc(rows->arena, rows->n + 1, sizeof(*taken));
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		for (size_t k = i; k < rows->n && !taken[i]; k++) {
			if (taken[k] ||
				!same_group(rows->items[i].data, rows->items[k].data))
				continue;
			/* The one at i comes first, and is marked last. */
			out[n++] = rows->items[k];
			taken[k] = k != i;
		}
		taken[i] = true;
	}
	memcpy(rows->items, out, n * sizeof(*out));
}

static const char *why_of(struct pane *p, const struct alert *a, struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;
	const char *out;

	alert_row_why(&text, p, a);
	out = text.len ? arena_strdup(arena, text.buf) : NULL;
	strbuf_release(&text);
	return out;
}

static void add_row(struct pane *p, struct rows *out, const struct observed *one,
	const struct observed_list *pages)
{
	const struct alert *a = one->record;
	struct alert_row *row = arena_alloc(out->arena, 1, sizeof(*row));

	row->alert = a;
	row->severity = alert_severity(a);
	row->seen = one->since;
	row->summary = summary_of(a, out->arena);
	row->why = why_of(p, a, out->arena);
	row->group = group_of(a, out->arena);
	row->page = alert_row_page(pages, a);
	rows_add(out, row, "%s/%s", a->source, a->fingerprint);
}

/* Of this context, each once. */
static void keep(struct observed_list *list, struct console *c)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct alert *a = list->items[i].record;

		if (console_has_source(c, a->source) &&
			!(a->state && !strcmp(a->state, "resolved")))
			list->items[n++] = list->items[i];
	}
	list->n = n;
	alerts_merge(list);
}

static int alerts_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct alerts_pane *mine = pane_data(p);
	struct observed_list list = {0}, pages = {0};

	if (!console_store(c))
		return 0;
	if (observed_at(&list, out->arena, console_store(c), REC_ALERT, NULL, NULL,
		    console_at(c), ALERTS_MAX, e) ||
		observed_at(&pages, out->arena, console_store(c), REC_PAGE, NULL, NULL,
			console_at(c), PAGES_MAX, e))
		return -1;
	keep(&list, c);
	for (size_t i = 0; i < list.n; i++)
		add_row(p, out, &list.items[i], &pages);
	out->more = list.more;
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_urgency);
	if (mine->grouped)
		draw_together(out);
	return 0;
}

static bool is_in(const struct alert_row *row, const char *state)
{
	return row->alert->state && !strcmp(row->alert->state, state);
}

static void alerts_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t firing = 0, pages = 0, silenced = 0, inhibited = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct alert_row *row = rows->items[i].data;

		firing += row->severity != SEV_NONE;
		pages += row->severity == SEV_PAGE;
		silenced += is_in(row, "silenced");
		inhibited += is_in(row, "inhibited") || is_in(row, "muted");
	}
	strbuf_addf(out, _("%zu firing, %zu of them page"), firing, pages);
	if (silenced)
		strbuf_addf(out, _(", %zu silenced"), silenced);
	if (inhibited)
		strbuf_addf(out, _(", %zu inhibited or muted"), inhibited);
}

/* --- groups --- */

void alert_group_count(struct alert_group *out, struct pane *p, const char *group)
{
	const struct rows *rows = pane_rows(p);

	*out = (struct alert_group){0};
	for (size_t i = 0; group && i < rows->n; i++) {
		const struct alert_row *row = rows->items[i].data;

		if (!row->group || strcmp(row->group, group) != 0)
			continue;
		out->alerts++;
		out->firing += row->severity != SEV_NONE;
	}
}

static bool alerts_divide(
	struct pane *p, const void *above, const void *below, int i, struct value *out)
{
	const struct alerts_pane *mine = pane_data(p);
	const struct alert_row *row = below;
	struct alert_group count;

	if (!mine->grouped || i || (above && same_group(above, below)))
		return false;
	out->role = ROLE_LABEL;
	alert_group_count(&count, p, row->group);
	if (row->group)
		/* TRANSLATORS: who is told of the group, and its labels; how many alerts it has */
		strbuf_addf(&out->text, _("%s (alerts: %zu, firing: %zu)"), row->group,
			count.alerts, count.firing);
	else
		strbuf_adds(&out->text, _("in no group: no Alertmanager has them"));
	return true;
}

/* --- columns --- */

static const char *severity_word(const struct alert_row *row)
{
	if (row->severity == SEV_NONE)
		return row->alert->state ? value_word(row->alert->state) : _("unknown");
	if (!is_in(row, "firing"))
		return value_word(row->alert->state);
	return row->alert->severity ? value_word(row->alert->severity) : _("firing");
}

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct alert_row *row = data;

	value_severity(out, p, row->severity, severity_word(row));
}

static void cell_name(struct value *out, struct pane *p, const void *data)
{
	const struct alert_row *row = data;

	(void)p;
	value_text(out, row->alert->name);
	out->role = row->why ? ROLE_DIM : ROLE_STRONG;
}

static void cell_service(struct value *out, struct pane *p, const void *data)
{
	const struct alert_row *row = data;

	(void)p;
	value_text(out, row->alert->service);
	if (row->why)
		out->role = ROLE_DIM;
}

static void cell_summary(struct value *out, struct pane *p, const void *data)
{
	const struct alert_row *row = data;

	(void)p;
	value_text(out, row->why ? row->why : row->summary);
	out->role = ROLE_DIM;
}

/* Since its condition is true, where that is known. */
static int64_t begun(const struct alert *a)
{
	return a->onset != NONE_INT ? a->onset : a->since;
}

static void cell_since(struct value *out, struct pane *p, const void *data)
{
	value_since(out, p, begun(((const struct alert_row *)data)->alert));
}

static void cell_page(struct value *out, struct pane *p, const void *data)
{
	const struct page *page = ((const struct alert_row *)data)->page;

	(void)p;
	if (!page)
		return;
	if (page->acknowledged_by)
		strbuf_addf(&out->text, _("has it: %s"), page->acknowledged_by);
	else if (page->state)
		strbuf_adds(&out->text, value_word(page->state));
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	value_age(out, p, ((const struct alert_row *)data)->alert->source);
}

static int compare_state(const void *a, const void *b)
{
	const struct alert_row *x = a, *y = b;

	return (x->severity > y->severity) - (x->severity < y->severity);
}

static int compare_since(const void *a, const void *b)
{
	int64_t x = begun(((const struct alert_row *)a)->alert);
	int64_t y = begun(((const struct alert_row *)b)->alert);

	return (x > y) - (x < y);
}

/* clang-format off */
static const struct column alerts_columns[] = {
	{.name = "state", .title = N_("State"), .min = 6, .max = 11, .align = 'l', .priority = 1,
		.cell = cell_state, .compare = compare_state, .downwards = true},
	{.name = "alert", .title = N_("Alert"), .min = 12, .max = 40, .align = 'l', .priority = 1,
		.cell = cell_name},
	{.name = "service", .title = N_("Service"), .min = 8, .max = 28, .align = 'l',
		.priority = 3, .cell = cell_service},
	{.name = "since", .title = N_("For"), .min = 5, .align = 'r', .priority = 2,
		.cell = cell_since, .compare = compare_since, .downwards = true},
	{.name = "page", .title = N_("Page"), .min = 8, .max = 20, .align = 'l', .priority = 5,
		.cell = cell_page, .if_any = true},
	{.name = "age", .title = N_("Age"), .min = 4, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age},
	{.name = "summary", .title = N_("Summary"), .min = 12, .max = 100, .grow = 1, .align = 'l',
		.priority = 4, .cell = cell_summary},
	{0},
};
/* clang-format on */

static void alerts_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct alert *a = ((const struct alert_row *)data)->alert;

	(void)p;
	out->alert = a->name;
	out->service = a->service;
	out->source = a->source;
	out->url = a->runbook_url ? a->runbook_url : a->url;
	out->copy = a->name;
	out->name = a->name;
}

static bool alerts_stale(struct pane *p, const void *data)
{
	return console_stale(
		pane_console(p), ((const struct alert_row *)data)->alert->source);
}

static void alerts_close(struct pane *p)
{
	library_free(((struct alerts_pane *)pane_data(p))->library);
}

const struct pane_ops pane_alerts = {
	.name = "alerts",
	.title = N_("Alerts"),
	.help = N_("alerts that fire, are pending or silenced"),
	.key = '6',
	.touches = 1u << TOUCH_ALERT | 1u << TOUCH_SOURCE | 1u << TOUCH_RECORD,
	.empty = N_("no alert fires, none is pending, none silenced"),
	.columns = alerts_columns,
	.actions = alerts_actions,
	.size = sizeof(struct alerts_pane),
	.close = alerts_close,
	.query = alerts_query,
	.summary = alerts_summary,
	.divide = alerts_divide,
	.stale = alerts_stale,
	.detail = alerts_detail,
	.subject = alerts_subject,
};
