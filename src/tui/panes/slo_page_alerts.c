#include "config.h"
#include "tui/panes/slos.h"

#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "store/alerts.h"
#include "tui/console.h"
#include "tui/situation.h"

/* The alerts that belong to an objective, by the labels that Sloth, Pyrra and people set. */

#define ALERTS_MAX 2000
#define SHOWN 8

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static const char *label(const struct json *labels, const char *name)
{
	const struct json *value = labels ? json_get(labels, name) : NULL;

	return value ? json_text(value) : NULL;
}

static bool labels_match(const struct slo *slo, const struct alert *al)
{
	struct err ignored = ERR_INIT;
	struct json *labels = NULL;
	const char *name, *service;
	bool match = false;

	/* Most alerts are told apart without reading them. */
	if (!al->labels || !strstr(al->labels, slo->name))
		return false;
	if (json_parse(&labels, al->labels, strlen(al->labels), &ignored) == 0) {
		name = label(labels, "sloth_slo");
		service = label(labels, "sloth_service");
		if (!name) {
			name = label(labels, "slo");
			service = label(labels, "service");
		}
		match = same(name, slo->name) &&
			(!service || same(service, slo->service));
	}
	json_free(labels);
	err_release(&ignored);
	return match;
}

static bool belongs(const struct slo *slo, const struct alert *al)
{
	if (slo->alert_name && same(al->name, slo->alert_name))
		return !al->service || same(al->service, slo->service);
	return labels_match(slo, al);
}

static void add_alert(
	struct pane *p, const struct alert *al, struct arena *a, struct doc *out)
{
	enum severity s = alert_severity(al);
	struct strbuf since = STRBUF_INIT;

	console_moment(pane_console(p), &since, al->since);
	doc_cellf(out, severity_role(s), "%c %s",
		console_theme(pane_console(p))->marks[s], value_word(al->state));
	doc_cell(out, ROLE_STRONG, al->name);
	doc_cell(out, ROLE_TEXT, since.buf);
	doc_cell(out, ROLE_DIM, al->source);
	doc_row_link(
		out, "alerts", arena_format(a, "%s/%s", al->source, al->fingerprint));
	strbuf_release(&since);
}

static const char **names_of(struct arena *a, const char *name)
{
	const char **names = arena_alloc(a, 1, sizeof(*names));

	names[0] = name;
	return names;
}

void slo_page_alerts(struct pane *p, const struct slos_row *row, struct arena *a,
	struct library_query *q, struct doc *out)
{
	struct console *c = pane_console(p);
	struct observed_list list = {0};
	struct err e = ERR_INIT;
	size_t n = 0;

	if (console_store(c) &&
		alerts_at(&list, a, console_store(c), console_context(c), console_at(c),
			ALERTS_MAX, &e)) {
		doc_text(out, ROLE_ERROR, e.what);
		list.n = 0;
	}
	err_release(&e);
	for (size_t i = 0; i < list.n && n < SHOWN; i++) {
		const struct alert *al = list.items[i].record;

		if (!belongs(&row->row->slo, al))
			continue;
		if (!n++) {
			doc_heading(out, _("Its alerts"));
			doc_columns_begin(out, "llll");
			q->alerts = names_of(a, al->name);
			q->n_alerts = 1;
		}
		if (!q->runbook_url)
			q->runbook_url = al->runbook_url;
		add_alert(p, al, a, out);
	}
	if (n)
		doc_columns_end(out);
}
