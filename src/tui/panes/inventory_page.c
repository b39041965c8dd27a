#include "config.h"
#include "tui/panes/inventory.h"

#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/suspect.h"

#define HISTORY_MAX 12
#define CHANGES_MAX 12

/* --- its fields --- */

static void add_object(
	struct pane *p, const struct field *f, const void *record, struct doc *out)
{
	struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;

	field_text(&text, p, f, record, true);
	if (!text.len || json_parse(&doc, text.buf, text.len, &ignored) ||
		!json_count(doc)) {
		doc_field(out, _(field_title(f)), ROLE_TEXT, text.buf);
	} else {
		struct strbuf lines = STRBUF_INIT;

		json_format(&lines, doc, true);
		doc_text(out, ROLE_LABEL, _(field_title(f)));
		doc_code(out, ROLE_TEXT, lines.buf, lines.len);
		strbuf_release(&lines);
	}
	json_free(doc);
	err_release(&ignored);
	strbuf_release(&text);
}

static void add_fields(struct pane *p, const struct inventory_row *row, struct doc *out)
{
	const struct inventory *mine = pane_data(p);

	for (size_t i = 1; i < mine->def->n_fields; i++) {
		const struct field *f = &mine->def->fields[i];
		struct strbuf text = STRBUF_INIT;

		if (f->type != FIELD_JSON) {
			field_text(&text, p, f, row->record, true);
			doc_field(out, _(field_title(f)),
				f->flags & FIELD_KEY ? ROLE_STRONG : ROLE_TEXT, text.buf);
		}
		strbuf_release(&text);
	}
	for (size_t i = 1; i < mine->def->n_fields; i++)
		if (mine->def->fields[i].type == FIELD_JSON)
			add_object(p, &mine->def->fields[i], row->record, out);
}

static void add_ages(struct pane *p, const struct inventory_row *row, struct doc *out)
{
	struct strbuf since = STRBUF_INIT, age = STRBUF_INIT;
	enum role role = console_source_age(pane_console(p), &age, row->source);

	console_moment(pane_console(p), &since, row->since);
	doc_blank(out);
	doc_field(out, _("so since"), ROLE_TEXT, since.buf);
	doc_link(out, _("source"), row->source, "sources", row->source);
	doc_field(out, _("read"), role, age.buf);
	strbuf_release(&since);
	strbuf_release(&age);
}

/* --- how it was before --- */

/* What is not as it was in the interval before; of the oldest what it began with. */
static void moved_text(
	struct strbuf *out, struct pane *p, const void *now, const void *before)
{
	const struct inventory *mine = pane_data(p);

	for (size_t i = 1; i < mine->def->n_fields; i++) {
		const struct field *f = &mine->def->fields[i];
		struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;

		if (!(f->flags & (FIELD_KEY | FIELD_QUIET)) && f->type != FIELD_TIME) {
			field_text(&b, p, f, now, true);
			if (before)
				field_text(&a, p, f, before, true);
			if (before ? strcmp(a.buf, b.buf) != 0
				   : b.len && (f->flags & FIELD_STATE))
				strbuf_addf(out, "%s%s %s", out->len ? _(", ") : "",
					f->name, b.len ? b.buf : "-");
		}
		strbuf_release(&a);
		strbuf_release(&b);
	}
}

static void add_interval(
	struct pane *p, const struct observed *o, const void *before, struct doc *out)
{
	struct strbuf from = STRBUF_INIT, to = STRBUF_INIT, what = STRBUF_INIT;

	console_time(pane_console(p), &from, o->since);
	if (o->until == NONE_INT)
		strbuf_adds(&to, _("now"));
	else
		console_time(pane_console(p), &to, o->until);
	moved_text(&what, p, o->record, before);
	doc_cell(out, ROLE_DIM, from.buf);
	doc_cell(out, ROLE_DIM, to.buf);
	doc_cell(out, ROLE_TEXT, what.len ? what.buf : _("as before"));
	strbuf_release(&from);
	strbuf_release(&to);
	strbuf_release(&what);
}

static void add_history(
	struct pane *p, const struct inventory_row *row, struct arena *a, struct doc *out)
{
	struct console *c = pane_console(p);
	const struct inventory *mine = pane_data(p);
	struct observed_list list;
	struct err ignored = ERR_INIT;

	if (observed_history(&list, a, console_store(c), mine->what->kind, row->source,
		    row->key, HISTORY_MAX, &ignored))
		list.n = 0;
	if (list.n) {
		doc_heading(out, _("How it was, newest first"));
		doc_columns_begin(out, "lll");
		for (size_t i = 0; i < list.n; i++)
			if (list.items[i].since <= console_now(c))
				add_interval(p, &list.items[i],
					i + 1 < list.n ? list.items[i + 1].record : NULL,
					out);
		doc_columns_end(out);
	}
	err_release(&ignored);
}

static void add_changes(
	struct pane *p, const struct inventory_row *row, struct arena *a, struct doc *out)
{
	struct console *c = pane_console(p);
	const struct inventory *mine = pane_data(p);
	const struct change_query q = {.to = AT_NOW,
		.seen_until = console_at(c),
		.source = row->source,
		.object = row->key,
		.kinds = KIND_BIT(mine->what->kind),
		.limit = CHANGES_MAX};
	struct change_list list;
	struct err ignored = ERR_INIT;

	if (change_list(&list, a, console_store(c), &q, &ignored))
		list.n = 0;
	if (list.n)
		doc_heading(out, _("Changes"));
	doc_columns_begin(out, "lll");
	for (size_t i = 0; i < list.n; i++) {
		const struct change *ch = &list.items[i];
		struct strbuf at = STRBUF_INIT, what = STRBUF_INIT, address = STRBUF_INIT;

		if (!strcmp(ch->object, row->key)) {
			console_time(c, &at, ch->at);
			change_moved(&what, ch);
			change_address(&address, ch);
			doc_cell(out, ROLE_DIM, at.buf);
			doc_cell(out, ROLE_TEXT, what.buf);
			doc_cell(out, ROLE_DIM, ch->actor ? ch->actor : "");
			doc_row_link(out, "changes", address.buf);
		}
		strbuf_release(&at);
		strbuf_release(&what);
		strbuf_release(&address);
	}
	doc_columns_end(out);
	err_release(&ignored);
}

void inventory_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct inventory *mine = pane_data(p);
	const struct inventory_row *row = data;
	const struct theme *theme = console_theme(pane_console(p));
	struct arena a;

	arena_init(&a);
	if (row->word)
		doc_title(out, severity_role(row->severity), "%c %s %s  %s",
			theme->marks[row->severity], _(mine->def->title), row->key,
			row->word);
	else
		doc_title(out, ROLE_STRONG, "%s %s", _(mine->def->title), row->key);
	doc_blank(out);
	add_fields(p, row, out);
	add_ages(p, row, out);
	if (console_store(pane_console(p))) {
		add_changes(p, row, &a, out);
		add_history(p, row, &a, out);
	}
	arena_release(&a);
}
