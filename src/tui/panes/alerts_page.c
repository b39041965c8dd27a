/* alerts_page.c - one alert with everything: why nobody is told, since when, what to do */
#include "config.h"
#include "tui/panes/alerts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "tui/console.h"

#define ALERTS_MAX 2000
#define SAME_MAX 16

static struct json *stored(const char *text)
{
	struct err ignored = ERR_INIT;
	struct json *out = NULL;

	if (text)
		(void)json_parse(&out, text, strlen(text), &ignored);
	err_release(&ignored);
	return out;
}

/* --- why nobody is told --- */

static void add_silence(struct strbuf *out, struct pane *p, const struct json *s)
{
	const char *by = json_text(json_get(s, "by")),
		   *until = json_text(json_get(s, "until"));
	const char *comment = json_text(json_get(s, "comment"));
	struct err ignored = ERR_INIT;
	int64_t at;

	if (out->len)
		strbuf_adds(out, "; ");
	strbuf_addf(out, _("silenced by %s"), by ? by : json_text(json_get(s, "id")));
	if (until && !time_parse(&at, until, &ignored)) {
		strbuf_adds(out, _(" until "));
		console_time(pane_console(p), out, at);
	}
	if (comment)
		strbuf_addf(out, ": %s", comment);
	err_release(&ignored);
}

static void add_names(struct strbuf *out, const char *what, const struct json *list)
{
	if (!json_count(list))
		return;
	strbuf_addf(out, "%s%s", out->len ? "; " : "", what);
	json_each (name, list)
		if (json_text(name))
			strbuf_addf(out, " %s", json_text(name));
}

/* An inhibiting alert by its name, which says more than a fingerprint. */
static struct json *names_of(struct pane *p, struct json *fingerprints)
{
	struct console *c = pane_console(p);
	struct json *out = json_array();

	json_each (f, fingerprints) {
		struct observed_list list = {0};
		struct err ignored = ERR_INIT;
		const char *name = NULL;
		struct arena a;

		arena_init(&a);
		if (json_text(f) && console_store(c) &&
			!observed_at(&list, &a, console_store(c), REC_ALERT, NULL,
				json_text(f), console_at(c), 1, &ignored) &&
			list.n)
			name = ((const struct alert *)list.items[0].record)->name;
		json_add_text(out, NULL, name ? name : json_text(f));
		err_release(&ignored);
		arena_release(&a);
	}
	return out;
}

void alert_row_why(struct strbuf *out, struct pane *p, const struct alert *a)
{
	struct json *silences = stored(a->silenced_by), *by = stored(a->inhibited_by);
	struct json *muted = stored(a->muted_by), *names = by ? names_of(p, by) : NULL;

	json_each (s, silences)
		add_silence(out, p, s);
	add_names(out, _("inhibited by"), names);
	add_names(out, _("muted by the time interval"), muted);
	json_free(silences);
	json_free(by);
	json_free(names);
	json_free(muted);
}

/* --- the page for it --- */

const struct page *alert_row_page(
	const struct observed_list *pages, const struct alert *a)
{
	for (size_t i = 0; a->groups && i < pages->n; i++) {
		const struct page *page = pages->items[i].record;

		/* A key is 64 hexadecimal digits: it stands nowhere else. */
		if (page->dedup_key && strlen(page->dedup_key) >= 8 &&
			strstr(a->groups, page->dedup_key))
			return page;
	}
	return NULL;
}

static void add_page(struct pane *p, const struct page *page, struct doc *out)
{
	struct strbuf since = STRBUF_INIT, key = STRBUF_INIT;

	if (!page)
		return;
	doc_heading(out, _("Page"));
	record_key(&key, page, REC_PAGE);
	console_moment(pane_console(p), &since, page->since);
	{
		char *id = mem_format("%s/%s", page->source, key.buf);

		doc_link(out, _("page"), page->title ? page->title : page->id, "pages",
			id);
		free(id);
	}
	doc_field(
		out, _("state"), ROLE_TEXT, page->state ? value_word(page->state) : NULL);
	if (page->acknowledged_by)
		doc_field(out, _("acknowledged by"), ROLE_STRONG, page->acknowledged_by);
	doc_field(out, _("assigned to"), ROLE_TEXT, page->assignee);
	doc_field(out, _("since"), ROLE_TEXT, since.buf);
	if (page->url)
		doc_field(out, _("link"), ROLE_LINK, page->url);
	strbuf_release(&since);
	strbuf_release(&key);
}

/* --- objectives --- */

static const char *label_of(const struct json *labels, const char *one, const char *other)
{
	const char *text = json_text(json_get(labels, one));

	return text ? text : json_text(json_get(labels, other));
}

/* Sloth's and Pyrra's labels name the objective that the alert is of. */
static bool is_of(
	const struct slo_row *row, const struct alert *a, const struct json *labels)
{
	const char *name = label_of(labels, "sloth_slo", "slo");
	const char *service = label_of(labels, "sloth_service", "service");

	if (name)
		return !strcmp(name, row->slo.name) &&
			(!service || !strcmp(service, row->slo.service));
	return row->slo.alert_name && a->name && !strcmp(row->slo.alert_name, a->name) &&
		a->service && !strcmp(a->service, row->slo.service);
}

static void add_objective(
	const struct slo_row *row, struct arena *a, bool its, struct doc *out)
{
	struct strbuf burn = STRBUF_INIT;

	burn_text(&burn, slo_burn_now(&row->state));
	strbuf_addf(&burn, "  %s", value_word(severity_name(row->state.severity)));
	if (its)
		strbuf_adds(&burn, _("  (the alert is this one's)"));
	doc_link(out, row->slo.name, burn.buf, "slos",
		arena_format(a, "%s/%s", row->slo.service, row->slo.name));
	strbuf_release(&burn);
}

/* The objective that it is of, and the others of the service: it says that, they say how much. */
static void add_objectives(struct pane *p, const struct alert *alert, struct doc *out)
{
	struct json *labels = stored(alert->labels);
	struct slo_rows rows = {0};
	struct err ignored = ERR_INIT;
	struct console *c = pane_console(p);
	struct arena a;
	bool any = false;

	arena_init(&a);
	if (console_store(c) &&
		slo_rows(&rows, &a, console_store(c), console_at(c), &ignored) == 0) {
		for (int rest = 0; rest < 2; rest++)
			for (size_t i = 0; i < rows.n; i++) {
				const struct slo_row *row = &rows.items[i];
				bool its = is_of(row, alert, labels);
				bool near = alert->service &&
					!strcmp(row->slo.service, alert->service);

				if (its == (rest == 1) || (!its && !near))
					continue;
				if (!any)
					doc_heading(out, _("Objectives"));
				any = true;
				add_objective(row, &a, its, out);
			}
	}
	json_free(labels);
	err_release(&ignored);
	arena_release(&a);
}

/* --- runbooks --- */

static const struct library *library_of(struct pane *p)
{
	struct alerts_pane *mine = pane_data(p);
	struct err ignored = ERR_INIT;

	if (!mine->library && console_config(pane_console(p)))
		(void)library_load(
			&mine->library, console_config(pane_console(p)), &ignored);
	err_release(&ignored);
	return mine->library;
}

/* Those of this machine that fit, the one that the annotation names first; R opens them. */
static void add_runbooks(struct pane *p, const struct alert *alert, struct doc *out)
{
	const struct library *library = library_of(p);
	const struct library_query q = {.service = alert->service,
		.alerts = &alert->name,
		.n_alerts = alert->name != NULL,
		.runbook_url = alert->runbook_url};
	struct library_match *matches = NULL;
	struct arena a;
	size_t n = 0;

	arena_init(&a);
	if (library)
		n = library_matching(
			&matches, &a, library, console_config(pane_console(p)), &q);
	if (n || alert->runbook_url)
		doc_heading(out, _("Runbooks"));
	for (size_t i = 0; i < n && i < 5; i++)
		doc_link(out, matches[i].entry->name,
			arena_format(&a, "%s (%s)", matches[i].entry->title,
				matches[i].reason),
			"runbooks", matches[i].entry->name);
	if (alert->runbook_url)
		doc_field(out, _("annotation"), ROLE_LINK, alert->runbook_url);
	arena_release(&a);
}

/* --- the rest --- */

static void add_object(struct doc *out, const char *heading, const char *json)
{
	struct json *doc = stored(json);

	if (json_count(doc))
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

static void add_groups(struct pane *p, const struct alert_row *row, struct doc *out)
{
	struct json *groups = stored(row->alert->groups);
	struct alert_group count;

	if (json_count(groups)) {
		alert_group_count(&count, p, row->group);
		doc_heading(out, _("Told together"));
		doc_fieldf(out, _("group"), ROLE_TEXT, _("%s (alerts: %zu, firing: %zu)"),
			row->group, count.alerts, count.firing);
	}
	for (size_t i = 1; i < json_count(groups); i++) {
		struct strbuf text = STRBUF_INIT;
		char *at = mem_format("%zu", i);

		json_format(&text, json_get(json_at(groups, at), "labels"), false);
		doc_fieldf(out, _("and"), ROLE_TEXT, "%s: %s",
			json_text(json_get(json_at(groups, at), "receiver")), text.buf);
		strbuf_release(&text);
		free(at);
	}
	json_free(groups);
}

/* Who tells of it: an alert is shown once, and may be known to several. */
static void add_sources(struct pane *p, const struct alert *alert, struct doc *out)
{
	struct console *c = pane_console(p);
	struct observed_list list = {0};
	struct err ignored = ERR_INIT;
	struct strbuf age = STRBUF_INIT;
	struct arena a;
	enum role role;

	arena_init(&a);
	doc_link(out, _("source"), alert->source, "sources", alert->source);
	if (console_store(c))
		(void)observed_at(&list, &a, console_store(c), REC_ALERT, NULL,
			alert->fingerprint, console_at(c), SAME_MAX, &ignored);
	for (size_t i = 0; i < list.n; i++) {
		const struct alert *same = list.items[i].record;

		if (!strcmp(same->fingerprint, alert->fingerprint) &&
			strcmp(same->source, alert->source) != 0 &&
			console_has_source(c, same->source))
			doc_link(out, _("also told by"),
				arena_format(&a, "%s: %s", same->source,
					value_word(same->state)),
				"sources", same->source);
	}
	role = console_source_age(c, &age, alert->source);
	doc_field(out, _("read"), role, age.buf);
	err_release(&ignored);
	strbuf_release(&age);
	arena_release(&a);
}

static void add_times(struct pane *p, const struct alert *a, struct doc *out)
{
	struct console *c = pane_console(p);
	struct strbuf onset = STRBUF_INIT, since = STRBUF_INIT;

	console_moment(c, &since, a->since);
	if (a->onset != NONE_INT && a->onset != a->since) {
		console_moment(c, &onset, a->onset);
		doc_field(out, _("true since"), ROLE_TEXT, onset.buf);
		doc_field(out, _("fires since"), ROLE_TEXT, since.buf);
	} else {
		doc_field(out, _("since"), ROLE_TEXT, since.buf);
	}
	if (!isnan(a->value))
		doc_fieldf(out, _("value"), ROLE_TEXT, "%.4g", a->value);
	strbuf_release(&onset);
	strbuf_release(&since);
}

void alerts_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct alert_row *row = data;
	const struct alert *a = row->alert;

	doc_title(out, severity_role(row->severity), "%c %s  %s",
		console_theme(pane_console(p))->marks[row->severity],
		a->state ? value_word(a->state) : _("unknown"), a->name ? a->name : "-");
	if (row->summary)
		doc_text(out, ROLE_TEXT, row->summary);
	if (row->why)
		doc_textf(out, ROLE_STRONG, _("Nobody is told: %s"), row->why);
	doc_blank(out);
	doc_field(out, _("severity"), ROLE_TEXT,
		a->severity ? value_word(a->severity) : NULL);
	doc_field(out, _("service"), ROLE_TEXT, a->service);
	add_times(p, a, out);
	add_sources(p, a, out);
	if (a->url)
		doc_field(out, _("rule"), ROLE_LINK, a->url);
	add_runbooks(p, a, out);
	add_objectives(p, a, out);
	add_page(p, row->page, out);
	add_groups(p, row, out);
	add_object(out, _("Labels"), a->labels);
	add_object(out, _("Annotations"), a->annotations);
}
