#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/panes/panes.h"
#include "tui/situation.h"

#define ALERTS_MAX 2000

struct alert_row {
	const struct alert *alert;
	enum severity severity; /* SEV_NONE: not firing */
	int64_t seen; /* since when we saw it in this state */
	const char *summary; /* of its annotations; or NULL */
};

/* --- query --- */

static const char *summary_of(const struct alert *a, struct arena *arena)
{
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;
	const char *text = NULL;

	if (a->annotations &&
		!json_parse(&doc, a->annotations, strlen(a->annotations), &ignored)) {
		text = json_text(json_get(doc, "summary"));
		if (!text)
			text = json_text(json_get(doc, "description"));
		text = arena_strdup(arena, text);
	}
	json_free(doc);
	err_release(&ignored);
	return text;
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

static int alerts_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct observed_list list = {0};

	if (!console_store(c))
		return 0;
	if (observed_at(&list, out->arena, console_store(c), REC_ALERT, NULL, NULL,
		    console_at(c), ALERTS_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct alert *a = list.items[i].record;
		struct alert_row *row;

		if (!console_has_source(c, a->source) ||
			(a->state && !strcmp(a->state, "resolved")))
			continue;
		row = arena_alloc(out->arena, 1, sizeof(*row));
		row->alert = a;
		row->severity = alert_severity(a);
		row->seen = list.items[i].since;
		row->summary = summary_of(a, out->arena);
		rows_add(out, row, "%s/%s", a->source, a->fingerprint);
	}
	out->more = list.more;
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_urgency);
	return 0;
}

static void alerts_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t firing = 0, pages = 0, silenced = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct alert_row *row = rows->items[i].data;

		firing += row->severity != SEV_NONE;
		pages += row->severity == SEV_PAGE;
		silenced += row->alert->state && !strcmp(row->alert->state, "silenced");
	}
	strbuf_addf(out, _("%zu firing, %zu of them page"), firing, pages);
	if (silenced)
		strbuf_addf(out, _(", %zu silenced"), silenced);
}

/* --- columns --- */

static const char *severity_word(const struct alert_row *row)
{
	if (row->severity == SEV_NONE)
		return row->alert->state ? value_word(row->alert->state) : _("unknown");
	return row->alert->severity ? value_word(row->alert->severity) : _("firing");
}

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct alert_row *row = data;

	value_severity(out, p, row->severity, severity_word(row));
}

static void cell_name(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct alert_row *)data)->alert->name);
	out->role = ROLE_STRONG;
}

static void cell_service(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct alert_row *)data)->alert->service);
}

static void cell_summary(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct alert_row *)data)->summary);
	out->role = ROLE_DIM;
}

static void cell_since(struct value *out, struct pane *p, const void *data)
{
	value_since(out, p, ((const struct alert_row *)data)->alert->since);
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
	const struct alert_row *x = a, *y = b;

	return (x->alert->since > y->alert->since) - (x->alert->since < y->alert->since);
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
	{.name = "age", .title = N_("Age"), .min = 4, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age},
	{.name = "summary", .title = N_("Summary"), .min = 12, .max = 100, .grow = 1, .align = 'l',
		.priority = 4, .cell = cell_summary},
	{0},
};
/* clang-format on */

/* --- detail --- */

static void add_object(struct doc *out, const char *heading, const char *json)
{
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;

	if (!json || json_parse(&doc, json, strlen(json), &ignored) || !json_count(doc)) {
		json_free(doc);
		err_release(&ignored);
		return;
	}
	doc_heading(out, heading);
	json_each (item, doc) {
		struct strbuf text = STRBUF_INIT;

		if (json_text(item))
			strbuf_adds(&text, json_text(item));
		else
			json_format(&text, item, false);
		doc_field(out, json_key(item), ROLE_TEXT, text.buf);
		strbuf_release(&text);
	}
	json_free(doc);
}

/* The objectives of its service: an alert says that, they say how much. */
static void add_objectives(struct pane *p, const char *service, struct doc *out)
{
	struct slo_rows rows = {0};
	struct err ignored = ERR_INIT;
	struct console *c = pane_console(p);
	struct arena a;
	bool any = false;

	arena_init(&a);
	if (service && console_store(c) &&
		slo_rows(&rows, &a, console_store(c), console_at(c), &ignored) == 0) {
		for (size_t i = 0; i < rows.n; i++) {
			const struct slo_row *row = &rows.items[i];
			struct strbuf burn = STRBUF_INIT;
			char *id;

			if (strcmp(row->slo.service, service))
				continue;
			if (!any)
				doc_heading(out, _("Objectives of the service"));
			any = true;
			burn_text(&burn, slo_burn_now(&row->state));
			strbuf_addf(&burn, "  %s",
				value_word(severity_name(row->state.severity)));
			id = arena_format(&a, "%s/%s", row->slo.service, row->slo.name);
			doc_link(out, row->slo.name, burn.buf, "slos", id);
			strbuf_release(&burn);
		}
	}
	err_release(&ignored);
	arena_release(&a);
}

static void alerts_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct alert_row *row = data;
	const struct alert *a = row->alert;
	struct console *c = pane_console(p);
	struct strbuf since = STRBUF_INIT, age = STRBUF_INIT;
	enum role role;

	doc_title(out, severity_role(row->severity), "%c %s  %s",
		console_theme(c)->marks[row->severity], severity_word(row),
		a->name ? a->name : "-");
	if (row->summary)
		doc_text(out, ROLE_TEXT, row->summary);
	doc_blank(out);
	console_moment(c, &since, a->since);
	role = console_source_age(c, &age, a->source);
	doc_field(out, _("state"), ROLE_TEXT, value_word(a->state));
	doc_field(out, _("service"), ROLE_TEXT, a->service);
	doc_field(out, _("since"), ROLE_TEXT, since.buf);
	doc_link(out, _("source"), a->source, "sources", a->source);
	doc_field(out, _("read"), role, age.buf);
	if (a->silenced_by && strcmp(a->silenced_by, "[]"))
		doc_field(out, _("silenced by"), ROLE_TEXT, a->silenced_by);
	if (a->runbook_url)
		doc_field(out, _("runbook"), ROLE_LINK, a->runbook_url);
	add_objectives(p, a->service, out);
	add_object(out, _("Labels"), a->labels);
	add_object(out, _("Annotations"), a->annotations);
	strbuf_release(&since);
	strbuf_release(&age);
}

static void alerts_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct alert *a = ((const struct alert_row *)data)->alert;

	(void)p;
	out->alert = a->name;
	out->service = a->service;
	out->source = a->source;
	out->url = a->runbook_url;
	out->copy = a->name;
}

static bool alerts_stale(struct pane *p, const void *data)
{
	return console_stale(
		pane_console(p), ((const struct alert_row *)data)->alert->source);
}

const struct pane_ops pane_alerts = {
	.name = "alerts",
	.title = N_("Alerts"),
	.help = N_("alerts that fire, are pending or silenced"),
	.key = '6',
	.touches = 1u << TOUCH_ALERT | 1u << TOUCH_SOURCE | 1u << TOUCH_RECORD,
	.empty = N_("no alert fires, none is pending, none silenced"),
	.columns = alerts_columns,
	.query = alerts_query,
	.summary = alerts_summary,
	.stale = alerts_stale,
	.detail = alerts_detail,
	.subject = alerts_subject,
};
