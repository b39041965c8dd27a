#include "config.h"
#include "tui/panes/models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "core/mem.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/suspect.h"

#define VERSIONS_MAX 12
#define CHANGES_MAX 12
#define METRICS_SHOWN 3

/* --- what serves it --- */

static void add_variant(
	const struct name_row *row, const struct serving *v, struct doc *out)
{
	bool expected = row->version && v->version && !strcmp(v->version, row->version);

	doc_cell(out, ROLE_TEXT, v->variant);
	doc_cellf(out,
		expected                 ? ROLE_OK
			: v->traffic > 0 ? ROLE_TICKET
					 : ROLE_DIM,
		_("version %s"), v->version ? v->version : "?");
	if (isnan(v->traffic))
		doc_cell(out, ROLE_DIM, "-");
	else
		doc_cellf(out, ROLE_TEXT, "%.0f %%", v->traffic * 100);
	if (v->replicas == NONE_INT)
		doc_cell(out, ROLE_DIM, "");
	else
		doc_cellf(out, ROLE_DIM,
			ngettext("%lld replica", "%lld replicas",
				(unsigned long)v->replicas),
			(long long)v->replicas);
	doc_cell(out, v->ready == 0 ? ROLE_TICKET : ROLE_DIM,
		v->ready == NONE_INT ? ""
			: v->ready   ? _("ready")
				     : _("not ready"));
	doc_cell(out, v->message ? ROLE_TEXT : ROLE_DIM, v->message ? v->message : "");
}

static void add_serving(struct pane *p, const struct name_row *row, struct doc *out)
{
	const struct model_row *m = row->served;
	struct strbuf age = STRBUF_INIT;
	enum role role;

	if (!m || !m->n_variants)
		return;
	doc_heading(out, _("Served"));
	doc_columns_begin(out, "llrrll");
	for (size_t i = 0; i < m->n_variants; i++)
		add_variant(row, &m->variants[i], out);
	doc_columns_end(out);
	role = console_source_age(pane_console(p), &age, m->variants[0].source);
	doc_textf(out, role, _("as %s said, %s ago"), m->variants[0].source, age.buf);
	strbuf_release(&age);
}

/* --- the version that it points at --- */

static void add_object(struct doc *out, const char *label, const char *json)
{
	struct err ignored = ERR_INIT;
	struct strbuf text = STRBUF_INIT;
	struct json *doc = NULL;

	if (json && !json_parse(&doc, json, strlen(json), &ignored))
		json_each (item, doc) {
			if (text.len)
				strbuf_adds(&text, _(", "));
			if (json_key(item))
				strbuf_addf(&text, "%s ", json_key(item));
			if (json_text(item))
				strbuf_adds(&text, json_text(item));
			else
				json_format(&text, item, false);
		}
	if (text.len)
		doc_field(out, label, ROLE_TEXT, text.buf);
	json_free(doc);
	err_release(&ignored);
	strbuf_release(&text);
}

static void add_text(struct doc *out, const char *label, const char *value)
{
	if (value && *value)
		doc_field(out, label, ROLE_TEXT, value);
}

static void bytes_text(struct strbuf *out, int64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double value = (double)bytes;
	size_t i = 0;

	for (; value >= 999.5 && i + 1 < ARRAY_LEN(units); i++)
		value /= 1000;
	strbuf_addf(out, i && value < 99.5 ? "%.1f %s" : "%.0f %s", value, units[i]);
}

static void add_created(struct pane *p, int64_t at, const char *author, struct doc *out)
{
	struct strbuf text = STRBUF_INIT;

	if (at != NONE_INT)
		console_moment(pane_console(p), &text, at);
	if (author)
		strbuf_addf(&text, text.len ? _(", by %s") : _("by %s"), author);
	if (text.len)
		doc_field(out, _("created"), ROLE_TEXT, text.buf);
	strbuf_release(&text);
}

static void add_version(struct pane *p, const struct model_version *v, struct doc *out)
{
	struct strbuf text = STRBUF_INIT;

	doc_heading(out, _("The version it points at"));
	add_created(p, v->created, v->author, out);
	add_text(out, _("status"), v->status);
	add_text(out, _("stage"), v->stage);
	add_text(out, _("digest"), v->digest);
	add_text(out, _("lineage"), v->lineage ? v->lineage : v->run);
	if (v->size != NONE_INT) {
		bytes_text(&text, v->size);
		doc_field(out, _("size"), ROLE_TEXT, text.buf);
	}
	add_object(out, _("metrics"), v->metrics);
	add_object(out, _("parameters"), v->params);
	add_object(out, _("tags"), v->tags);
	add_text(out, _("note"), v->note);
	strbuf_release(&text);
}

/* --- all its versions; Enter on one compares it --- */

/* The first few of a version's metrics: what tells versions apart at a glance. */
static void metrics_text(struct strbuf *out, const char *json)
{
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;
	size_t n = 0;

	if (json && !json_parse(&doc, json, strlen(json), &ignored))
		json_each (item, doc)
			if (n++ < METRICS_SHOWN)
				strbuf_addf(out, "%s%s %.4g", out->len ? "  " : "",
					json_key(item), json_real(item));
	json_free(doc);
	err_release(&ignored);
}

static void add_version_line(struct pane *p, const struct name_row *row,
	const struct model_version *v, const char **aliases, const char *other,
	struct doc *out)
{
	struct strbuf at = STRBUF_INIT, names = STRBUF_INIT, rest = STRBUF_INIT;
	struct strbuf argument = STRBUF_INIT;
	bool here = row->version && !strcmp(v->version, row->version);

	for (const char **name = aliases; *name; name++)
		strbuf_addf(&names, "%s%s", names.len ? ", " : "", *name);
	if (v->created != NONE_INT)
		console_time(pane_console(p), &at, v->created);
	metrics_text(&rest, v->metrics);
	if (!rest.len)
		strbuf_adds(&rest, v->note ? v->note : v->status ? v->status : "");
	doc_cell(out, ROLE_STRONG, v->version);
	doc_cell(out, here ? ROLE_STRONG : ROLE_TEXT, names.buf);
	doc_cell(out, ROLE_DIM, at.buf);
	doc_cell(out, ROLE_DIM, v->author ? v->author : "");
	doc_cell(out, ROLE_DIM, rest.buf);
	if (other && strcmp(other, v->version)) {
		compare_argument(&argument, row->source, row->model, other, v->version);
		doc_row_link(out, "compare", argument.buf);
	}
	strbuf_release(&at);
	strbuf_release(&names);
	strbuf_release(&rest);
	strbuf_release(&argument);
}

static void add_versions(
	struct pane *p, const struct name_row *row, struct arena *a, struct doc *out)
{
	struct console *c = pane_console(p);
	struct version_rows versions;
	struct err ignored = ERR_INIT;
	int64_t until;
	const char *previous = name_previous(&until, a, p, row);

	if (version_rows(&versions, a, console_store(c), row->source, row->model,
		    console_at(c), VERSIONS_MAX, &ignored))
		versions.n = 0;
	for (size_t i = 0; i < versions.n; i++)
		if (row->version && !strcmp(versions.items[i]->version, row->version))
			add_version(p, versions.items[i], out);
	if (versions.n) {
		doc_heading(
			out, _("Versions; Enter compares one with what it points at"));
		doc_columns_begin(out, "rllll");
		for (size_t i = 0; i < versions.n; i++) {
			const struct model_version *v = versions.items[i];
			bool here = row->version && !strcmp(v->version, row->version);

			add_version_line(p, row, v, versions.aliases[i],
				here ? previous : row->version, out);
		}
		doc_columns_end(out);
	}
	err_release(&ignored);
}

/* --- what moved --- */

static void add_changes(
	struct pane *p, const struct name_row *row, struct arena *a, struct doc *out)
{
	struct console *c = pane_console(p);
	struct change_list changes;
	struct err ignored = ERR_INIT;
	const struct change_query q = {.to = AT_NOW,
		.seen_until = console_at(c),
		.source = row->source,
		.object = arena_format(a, "%s/", row->model),
		.limit = CHANGES_MAX};

	if (!change_list(&changes, a, console_store(c), &q, &ignored) && changes.n) {
		doc_heading(out, _("Changes"));
		doc_columns_begin(out, "lll");
		for (size_t i = 0; i < changes.n; i++) {
			const struct change *ch = &changes.items[i];
			struct strbuf at = STRBUF_INIT, what = STRBUF_INIT;
			struct strbuf address = STRBUF_INIT;

			console_time(c, &at, ch->at);
			change_text(&what, ch);
			change_address(&address, ch);
			doc_cell(out, ROLE_DIM, at.buf);
			doc_cell(out, ROLE_TEXT, what.buf);
			doc_cell(out, ROLE_DIM, ch->actor ? ch->actor : "");
			doc_row_link(out, "changes", address.buf);
			strbuf_release(&at);
			strbuf_release(&what);
			strbuf_release(&address);
		}
		doc_columns_end(out);
	}
	err_release(&ignored);
}

/* --- the whole page --- */

static void add_before(
	struct pane *p, const struct name_row *row, struct arena *a, struct doc *out)
{
	struct strbuf when = STRBUF_INIT;
	int64_t until;
	const char *before = name_previous(&until, a, p, row);

	if (!before)
		return;
	console_time(pane_console(p), &when, until);
	doc_fieldf(out, _("before that"), ROLE_TEXT, _("%s, until %s"), before, when.buf);
	strbuf_release(&when);
}

static void add_facts(
	struct pane *p, const struct name_row *row, struct arena *a, struct doc *out)
{
	struct console *c = pane_console(p);
	struct strbuf since = STRBUF_INIT, age = STRBUF_INIT;
	enum role role = console_source_age(c, &age, row->source);

	if (row->since != NONE_INT)
		console_moment(c, &since, row->since);
	if (row->since != NONE_INT && !row->moved)
		strbuf_adds(&since, _(", or earlier: nobody saw it move"));
	doc_field(out, _("points at"), ROLE_STRONG, row->version);
	doc_field(out, _("since"), ROLE_TEXT, since.buf);
	if (row->pointer && row->pointer->author)
		doc_field(out, _("moved by"), ROLE_TEXT, row->pointer->author);
	add_before(p, row, a, out);
	if (!row->prompt)
		doc_field(out, _("service"), ROLE_TEXT,
			row->served && row->served->service ? row->served->service->name
							    : NULL);
	doc_link(out, _("source"), row->source, "sources", row->source);
	doc_field(out, _("read"), role, age.buf);
	strbuf_release(&since);
	strbuf_release(&age);
}

void models_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct name_row *row = data;
	const struct model_row *m = row->served;
	enum sync_state state = m ? m->sync.state : SYNC_NONE;
	enum severity severity = sync_severity(state);
	struct arena a;

	arena_init(&a);
	if (state == SYNC_NONE)
		doc_title(out, ROLE_STRONG, "%s/%s", row->model,
			row->alias ? row->alias : "-");
	else
		doc_title(out, severity_role(severity), "%c %s/%s  %s",
			console_theme(pane_console(p))->marks[severity], row->model,
			row->alias ? row->alias : "-", _(sync_state_title(state)));
	if (m && m->sync.note)
		doc_text(out, ROLE_TEXT, m->sync.note);
	doc_blank(out);
	add_facts(p, row, &a, out);
	if (!row->prompt)
		add_serving(p, row, out);
	if (console_store(pane_console(p))) {
		add_versions(p, row, &a, out);
		add_changes(p, row, &a, out);
	}
	arena_release(&a);
}
