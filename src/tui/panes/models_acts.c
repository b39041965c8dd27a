#include "config.h"
#include "tui/panes/models.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "tui/console.h"
#include "tui/offer_open.h"
#include "tui/runbook_open.h"

#define VERSIONS_MAX 60

static const struct name_row *selected(struct pane *p)
{
	const struct row *row = pane_selected(p);

	return row ? row->data : NULL;
}

/* --- rolling back by a runbook --- */

static unsigned act_roll_back(struct console *c, struct pane *p, const struct action *a)
{
	const struct name_row *row = selected(p);

	(void)a;
	if (row && row->served && row->served->service)
		runbook_open_for(
			c, row->served->service->name, record_def(REC_POINTER)->name);
	return ACT_REDRAW;
}

/* A runbook takes its model from a service: what no service is configured with has none. */
static unsigned can_roll_back(struct console *c, struct pane *p, const struct action *a)
{
	const struct name_row *row = selected(p);

	(void)c, (void)a;
	return row && row->served && row->served->service && !row->prompt ? ACT_HANDLED
									  : ACT_IGNORED;
}

/* --- moving it: the connector's own action --- */

/* What a person wants to know of each version while choosing one. */
static const char *version_help(struct pane *p, struct arena *a,
	const struct model_version *v, const char **aliases)
{
	struct strbuf text = STRBUF_INIT;
	const char *help;

	if (v->created != NONE_INT) {
		strbuf_adds(&text, _("created "));
		console_moment(pane_console(p), &text, v->created);
	}
	if (v->author)
		strbuf_addf(&text, text.len ? _(", by %s") : _("by %s"), v->author);
	if (v->status)
		strbuf_addf(&text, "%s%s", text.len ? _(", ") : "", v->status);
	for (; *aliases; aliases++)
		strbuf_addf(&text, "%s%s", text.len ? _(", ") : "", *aliases);
	help = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return help;
}

static void add_hint(
	struct offer_hint *hints, size_t *n, const char *value, const char *help)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(hints[i].value, value))
			return;
	hints[(*n)++] = (struct offer_hint){value, help};
}

/* The version before stands first: at night one goes back. */
static size_t add_hints(struct offer_hint *hints, struct arena *a, struct pane *p,
	const struct name_row *row)
{
	struct console *c = pane_console(p);
	struct version_rows versions = {0};
	struct err ignored = ERR_INIT;
	struct strbuf when = STRBUF_INIT;
	int64_t until;
	const char *before = name_previous(&until, a, p, row);
	size_t n = 0;

	console_time(c, &when, until);
	if (before)
		add_hint(hints, &n, before,
			arena_format(
				a, _("where it pointed before, until %s"), when.buf));
	if (row->version)
		add_hint(hints, &n, row->version, _("where it points now"));
	if (!row->prompt &&
		!version_rows(&versions, a, console_store(c), row->source, row->model,
			console_at(c), VERSIONS_MAX, &ignored))
		for (size_t i = 0; i < versions.n; i++)
			add_hint(hints, &n, versions.items[i]->version,
				version_help(
					p, a, versions.items[i], versions.aliases[i]));
	strbuf_release(&when);
	err_release(&ignored);
	return n;
}

static unsigned act_move(struct console *c, struct pane *p, const struct action *a)
{
	const struct name_row *row = selected(p);
	struct offer_hint hints[VERSIONS_MAX + 2];
	struct offer_about about = {.hints = hints};
	struct arena arena;

	(void)a;
	if (!row)
		return ACT_IGNORED;
	arena_init(&arena);
	about.kind = row->pointer ? REC_POINTER : REC_PROMPT_VERSION;
	about.record = row->pointer ? (const void *)row->pointer : row->label_of;
	about.title = arena_format(&arena, _("%s/%s, now %s"), row->model,
		row->alias ? row->alias : "-", row->version ? row->version : "-");
	about.now = row->version;
	if (console_store(c))
		about.n_hints = add_hints(hints, &arena, p, row);
	offer_open_for(c, &about);
	arena_release(&arena);
	return ACT_REDRAW;
}

static unsigned can_move(struct console *c, struct pane *p, const struct action *a)
{
	const struct name_row *row = selected(p);

	(void)c, (void)a;
	return row && (row->pointer || row->label_of) ? ACT_HANDLED : ACT_IGNORED;
}

/* --- comparing --- */

struct comparing {
	char *source, *model, *chosen; /* owned; chosen NULL: not yet */
	char *points_at, *previous; /* owned; or NULL */
};

static void comparing_free(struct comparing *w)
{
	free(w->source);
	free(w->model);
	free(w->chosen);
	free(w->points_at);
	free(w->previous);
	free(w);
}

static void choose_version(
	struct comparing *w, struct console *c, const char *first, const char *title);

static void version_chosen(void *ctx, struct console *c, const char *value)
{
	struct comparing *w = ctx;
	struct strbuf argument = STRBUF_INIT;
	char *title;

	if (value && !w->chosen) {
		w->chosen = mem_strdup(value);
		title = mem_format(_("Compare %s with which version?"), value);
		choose_version(w, c,
			w->previous && strcmp(w->previous, value) ? w->previous
								  : w->points_at,
			title);
		free(title);
		return;
	}
	if (value) {
		/* "13 with 12" asks what 13 brought. */
		compare_argument(&argument, w->source, w->model, value, w->chosen);
		console_go(c, "compare", argument.buf);
		strbuf_release(&argument);
	}
	comparing_free(w);
}

static void add_item(
	struct choice *items, size_t *n, const char *version, const char *help)
{
	items[*n] = (struct choice){.letter = *n < 9 ? (char)('1' + *n) : 0,
		.title = version,
		.help = help,
		.value = version};
	(*n)++;
}

static void choose_version(
	struct comparing *w, struct console *c, const char *first, const char *title)
{
	struct version_rows versions = {0};
	struct err e = ERR_INIT;
	struct choice items[VERSIONS_MAX + 1];
	size_t n = 0;
	struct arena a;

	arena_init(&a);
	if (version_rows(&versions, &a, console_store(c), w->source, w->model,
		    console_at(c), VERSIONS_MAX, &e)) {
		console_fail(c, &e);
		versions.n = 0;
	}
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < versions.n; i++) {
			const char *version = versions.items[i]->version;
			bool is_first = first && !strcmp(version, first);

			if (is_first != (pass == 0) ||
				(w->chosen && !strcmp(w->chosen, version)))
				continue;
			add_item(items, &n, version,
				w->points_at && !strcmp(version, w->points_at)
					? _("where it points now")
					: w->previous && !strcmp(version, w->previous)
					? _("where it pointed before")
					: versions.items[i]->author);
		}
	if (n) {
		console_choose(c, title, items, n, version_chosen, w);
	} else {
		console_note(
			c, ROLE_NOTE, _("only one version is known: nothing to compare"));
		comparing_free(w);
	}
	err_release(&e);
	arena_release(&a);
}

static unsigned act_compare(struct console *c, struct pane *p, const struct action *a)
{
	const struct name_row *row = selected(p);
	struct comparing *w;
	struct arena arena;
	int64_t until;

	(void)a;
	if (!row || !console_store(c))
		return ACT_IGNORED;
	arena_init(&arena);
	w = mem_new(1, sizeof(*w));
	w->source = mem_strdup(row->source);
	w->model = mem_strdup(row->model);
	w->points_at = mem_strdup(row->version);
	w->previous = mem_strdup(name_previous(&until, &arena, p, row));
	choose_version(w, c, w->points_at, _("Compare which version?"));
	arena_release(&arena);
	return ACT_REDRAW;
}

static unsigned can_compare(struct console *c, struct pane *p, const struct action *a)
{
	const struct name_row *row = selected(p);

	(void)c, (void)a;
	return row ? ACT_HANDLED : ACT_IGNORED;
}

/* Opens a run, whose steps are asked for one by one. */
#define BOOK_ACT (ACTION_MUTATES | ACTION_MENU | ACTION_ROW | ACTION_ASKS)

/* clang-format off */
const struct action models_actions[] = {
	{.name = "compare", .keys = "d", .flags = ACTION_ROW | ACTION_BAR,
		.title = N_("compare"), .help = N_("compare two versions of this model or prompt"),
		.run = act_compare, .possible = can_compare},
	{.name = "move-name", .letter = 'm', .flags = BOOK_ACT,
		.title = N_("move"),
		.help = N_("point it at another version: promote, or go back; asks first"),
		.run = act_move, .possible = can_move},
	{.name = "roll-back", .letter = 'b', .flags = BOOK_ACT,
		.title = N_("roll back"),
		.help = N_("open the runbook that moves this alias to another version"),
		.run = act_roll_back, .possible = can_roll_back},
	{0},
};
/* clang-format on */
