#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "report/version_diff.h"
#include "tui/console.h"
#include "tui/panes/models.h"
#include "tui/panes/panes.h"

/*
 * Two versions of a model: side by side where there is room, one below the other where there is
 * not.  Opened from the Models pane, with "SOURCE\nMODEL\nFROM\nTO".
 */

#define BESIDE_FROM_COLS 100

struct compare {
	char *argument; /* owned */
};

struct compared {
	const char *source, *model, *from, *to;
	struct version_diff diff;
};

void compare_argument(struct strbuf *out, const char *source, const char *model,
	const char *from, const char *to)
{
	strbuf_addf(out, "%s\n%s\n%s\n%s", source, model, from, to);
}

static void compare_open(struct pane *p, const char *argument)
{
	((struct compare *)pane_data(p))->argument = mem_strdup(argument);
}

static void compare_close(struct pane *p)
{
	free(((struct compare *)pane_data(p))->argument);
}

static const char *part(struct arena *a, const char **at)
{
	size_t n = strcspn(*at, "\n");
	const char *text = arena_strndup(a, *at, n);

	*at += n + ((*at)[n] == '\n');
	return text;
}

static int find(const struct model_version **out, struct arena *a, struct console *c,
	const struct compared *row, const char *version, struct err *e)
{
	return version_find(out, a, console_store(c), row->source,
		arena_format(a, "%s@%s", row->model, version), console_at(c), e);
}

static int compare_query(struct pane *p, struct rows *out, struct err *e)
{
	const char *argument = ((struct compare *)pane_data(p))->argument, *at = argument;
	struct compared *row = arena_alloc(out->arena, 1, sizeof(*row));
	const struct model_version *from, *to;
	struct console *c = pane_console(p);

	if (!argument || !console_store(c))
		return 0;
	row->source = part(out->arena, &at);
	row->model = part(out->arena, &at);
	row->from = part(out->arena, &at);
	row->to = part(out->arena, &at);
	if (find(&from, out->arena, c, row, row->from, e) ||
		find(&to, out->arena, c, row, row->to, e))
		return -1;
	version_diff(&row->diff, out->arena, from, to);
	rows_add(out, row, "%s", argument);
	return 0;
}

/* --- the page --- */

static const char *name_of(const struct diff_row *r)
{
	return r->name ? r->name : _(diff_part_title(r->part));
}

static void delta_text(struct strbuf *out, const struct diff_row *r)
{
	if (r->state == DIFF_MOVED && !isnan(r->delta)) {
		strbuf_addf(out, "%+.4g", r->delta);
		if (!isnan(r->percent))
			strbuf_addf(out, " (%+.1f %%)", r->percent);
	} else {
		strbuf_adds(out, _(diff_state_title(r->state)));
	}
}

static enum role delta_role(const struct diff_row *r)
{
	return r->state == DIFF_UNKNOWN ? ROLE_NO_DATA
		: r->state == DIFF_SAME ? ROLE_DIM
					: ROLE_STRONG;
}

static const char *side(const struct diff_row *r, const char *value)
{
	if (value)
		return value;
	return r->state == DIFF_UNKNOWN ? _("not said") : "-";
}

static void add_beside(struct doc *out, const struct diff_row *r)
{
	struct strbuf delta = STRBUF_INIT;
	bool same = r->state == DIFF_SAME;

	delta_text(&delta, r);
	doc_cell(out, ROLE_LABEL, _(diff_part_title(r->part)));
	doc_cell(out, same ? ROLE_DIM : ROLE_TEXT, name_of(r));
	doc_cell(out,
		same           ? ROLE_DIM
			: r->a ? ROLE_REMOVED
			       : ROLE_NO_DATA,
		side(r, r->a));
	doc_cell(out, same ? ROLE_DIM : r->b ? ROLE_ADDED : ROLE_NO_DATA, side(r, r->b));
	doc_cell(out, delta_role(r), delta.buf);
	strbuf_release(&delta);
}

/* Numbers stand on one line even in a narrow window; long texts below each other. */
static void add_below(
	struct doc *out, const struct compared *row, const struct diff_row *r)
{
	struct strbuf delta = STRBUF_INIT;

	delta_text(&delta, r);
	if (r->state == DIFF_SAME) {
		doc_fieldf(out, name_of(r), ROLE_DIM, "%s", side(r, r->a));
	} else {
		doc_textf(out, delta_role(r), "%s  %s", name_of(r), delta.buf);
		doc_fieldf(out, row->from, r->a ? ROLE_REMOVED : ROLE_NO_DATA, "%s",
			side(r, r->a));
		doc_fieldf(out, row->to, r->b ? ROLE_ADDED : ROLE_NO_DATA, "%s",
			side(r, r->b));
	}
	strbuf_release(&delta);
}

static bool in_group(const struct diff_row *r, int group)
{
	int mine = r->state == DIFF_UNKNOWN ? 1 : r->state == DIFF_SAME ? 2 : 0;

	return mine == group;
}

static void add_group(
	struct doc *out, const struct compared *row, int group, const char *heading)
{
	bool beside = doc_columns(out) >= BESIDE_FROM_COLS, any = false;

	for (size_t i = 0; i < row->diff.n; i++)
		any |= in_group(&row->diff.items[i], group);
	if (!any)
		return;
	doc_heading(out, heading);
	if (beside) {
		doc_columns_begin(out, "lllll");
		doc_cell(out, ROLE_LABEL, "");
		doc_cell(out, ROLE_LABEL, "");
		doc_cell(out, ROLE_STRONG, row->from);
		doc_cell(out, ROLE_STRONG, row->to);
		doc_cell(out, ROLE_LABEL, "");
	}
	for (size_t i = 0; i < row->diff.n; i++) {
		if (!in_group(&row->diff.items[i], group))
			continue;
		if (beside)
			add_beside(out, &row->diff.items[i]);
		else
			add_below(out, row, &row->diff.items[i]);
	}
	if (beside)
		doc_columns_end(out);
}

static void compare_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct compared *row = data;
	struct console *c = pane_console(p);
	struct strbuf age = STRBUF_INIT;
	enum role role = console_source_age(c, &age, row->source);

	doc_title(out, ROLE_STRONG, _("%s: %s and %s"), row->model, row->from, row->to);
	doc_textf(out, ROLE_TEXT,
		ngettext("%zu difference", "%zu differences", row->diff.n_different),
		row->diff.n_different);
	if (row->diff.n_unknown)
		doc_textf(out, ROLE_NO_DATA,
			ngettext("%zu thing is said of one of them only, or of none",
				"%zu things are said of one of them only, or of none",
				row->diff.n_unknown),
			row->diff.n_unknown);
	doc_textf(out, role, _("as %s said, %s ago"), row->source, age.buf);
	add_group(out, row, 0, _("Different"));
	add_group(out, row, 1, _("Not known"));
	add_group(out, row, 2, _("The same"));
	strbuf_release(&age);
}

static void cell_model(struct value *out, struct pane *p, const void *data)
{
	const struct compared *row = data;

	(void)p;
	strbuf_addf(&out->text, _("%s: %s and %s"), row->model, row->from, row->to);
	out->role = ROLE_STRONG;
}

static void compare_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct compared *row = data;

	(void)p;
	out->model = row->model;
	out->source = row->source;
	out->copy = row->model;
}

/* clang-format off */
static const struct column compare_columns[] = {
	{.name = "model", .title = N_("Compared"), .min = 20, .max = 80, .align = 'l',
		.priority = 1, .cell = cell_model},
	{0},
};
/* clang-format on */

const struct pane_ops pane_compare = {
	.name = "compare",
	.title = N_("Compare"),
	.help = N_("two versions of a model beside each other"),
	.hidden = true,
	.touches = 1u << TOUCH_RECORD,
	.id_is_mute = true,
	.columns = compare_columns,
	.size = sizeof(struct compare),
	.open = compare_open,
	.close = compare_close,
	.query = compare_query,
	.detail = compare_detail,
	.subject = compare_subject,
};
