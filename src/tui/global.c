#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "tui/action.h"
#include "tui/console_state.h"
#include "tui/panes/panes.h"
#include "tui/runbook_open.h"

/* --- moving --- */

static unsigned act_down(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_move(p, 1);
	return ACT_HANDLED;
}

static unsigned act_up(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_move(p, -1);
	return ACT_HANDLED;
}

static unsigned act_page_down(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_move(p, p->page);
	return ACT_HANDLED;
}

static unsigned act_page_up(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_move(p, -p->page);
	return ACT_HANDLED;
}

static unsigned act_half_down(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_move(p, (p->page + 1) / 2);
	return ACT_HANDLED;
}

static unsigned act_half_up(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_move(p, -((p->page + 1) / 2));
	return ACT_HANDLED;
}

static unsigned act_first(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_move(p, -1000000);
	return ACT_HANDLED;
}

static unsigned act_last(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_move(p, 1000000);
	return ACT_HANDLED;
}

/* --- in and out --- */

static unsigned act_enter(struct console *c, struct pane *p, const struct action *a)
{
	const struct row *row = pane_selected(p);
	const char *pane, *argument;

	(void)a;
	if (p->in_detail) {
		if (p->doc && doc_line_link(p->doc, p->doc_view.cursor, &pane, &argument))
			console_go(c, pane, argument);
		return ACT_REDRAW;
	}
	if (row && p->ops->enter)
		return p->ops->enter(p, row->data);
	if (row)
		pane_open_detail(p);
	return ACT_REDRAW;
}

static unsigned act_back(struct console *c, struct pane *p, const struct action *a)
{
	(void)a;
	if (p->in_detail && p->direct && c->depth > 1)
		console_close_front(c);
	else if (p->in_detail)
		pane_close_detail(p);
	else if (p->filter)
		pane_filter(p, NULL);
	else if (c->depth > 1)
		console_close_front(c);
	else if (c->at != AT_NOW)
		console_set_at(c, AT_NOW);
	return ACT_REDRAW;
}

static unsigned act_quit(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	console_quit(c);
	return ACT_HANDLED;
}

/* --- lists --- */

static void filter_changed(void *ctx, struct console *c, const char *text)
{
	(void)ctx;
	pane_filter(console_front_pane(c), text);
}

static void filter_done(void *ctx, struct console *c, const char *text)
{
	struct pane *p = console_front_pane(c);

	(void)ctx;
	if (!p->in_detail) {
		pane_filter(p, text);
		return;
	}
	if (text && *text && p->doc && !doc_find(p->doc, &p->doc_view, text, 1))
		console_note(c, ROLE_NOTE, _("'%s' is not on this page"), text);
}

static unsigned act_filter(struct console *c, struct pane *p, const struct action *a)
{
	(void)a;
	prompt_open(c, "/", p->in_detail ? NULL : p->filter,
		p->in_detail ? NULL : filter_changed, filter_done, NULL);
	return ACT_REDRAW;
}

static unsigned can_filter(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return p->ops->query || p->in_detail ? ACT_HANDLED : ACT_IGNORED;
}

static unsigned act_sort(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	sorting_open(c);
	return ACT_REDRAW;
}

static unsigned can_sort(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return p->columns ? ACT_HANDLED : ACT_IGNORED;
}

/* --- about the selected object --- */

static void subject_of(struct pane *p, struct subject *out)
{
	const struct row *row = pane_selected(p);

	*out = (struct subject){0};
	if (row && p->ops->subject)
		p->ops->subject(p, row->data, out);
	if (row && !out->copy)
		out->copy = row->id;
}

static unsigned act_copy(struct console *c, struct pane *p, const struct action *a)
{
	struct subject s;

	(void)a;
	subject_of(p, &s);
	if (p->in_detail && p->doc)
		console_copy(c, doc_line_text(p->doc, p->doc_view.cursor));
	else if (s.copy)
		console_copy(c, s.copy);
	return ACT_REDRAW;
}

static unsigned act_link(struct console *c, struct pane *p, const struct action *a)
{
	struct doc *doc = doc_new();
	struct subject s;

	(void)a;
	subject_of(p, &s);
	doc_text(doc, ROLE_LINK, s.url);
	console_page(c, _("Link"), doc);
	return ACT_REDRAW;
}

static unsigned has_link(struct console *c, struct pane *p, const struct action *a)
{
	struct subject s;

	(void)c, (void)a;
	subject_of(p, &s);
	return s.url ? ACT_HANDLED : ACT_IGNORED;
}

static unsigned act_runbooks(struct console *c, struct pane *p, const struct action *a)
{
	struct subject s;
	struct strbuf argument = STRBUF_INIT;

	(void)a;
	subject_of(p, &s);
	subject_format(&argument, &s);
	console_go(c, "runbooks", argument.len ? argument.buf : NULL);
	strbuf_release(&argument);
	return ACT_REDRAW;
}

static unsigned has_runbooks(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return pane_of_name("runbooks") && strcmp(p->ops->name, "runbooks") ? ACT_HANDLED
									    : ACT_IGNORED;
}

static unsigned has_menu(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	for (const struct action *mine = p->ops->actions; mine && mine->name; mine++)
		if (mine->flags & (ACTION_MENU | ACTION_MUTATES))
			return ACT_HANDLED;
	return ACT_IGNORED;
}

static unsigned act_menu(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	menu_open(c);
	return ACT_REDRAW;
}

/* --- the console --- */

static unsigned act_palette(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	palette_open(c);
	return ACT_REDRAW;
}

static unsigned act_help(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	help_open(c);
	return ACT_REDRAW;
}

static unsigned act_contexts(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	contexts_open(c);
	return ACT_REDRAW;
}

static unsigned act_repaint(struct console *c, struct pane *p, const struct action *a)
{
	(void)a;
	term_repaint(c->term);
	c->situation_dirty = true;
	p->dirty = true;
	return ACT_REDRAW;
}

static unsigned act_mouse(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	c->mouse = !c->mouse;
	term_set_mouse(c->term, c->mouse);
	console_note(c, ROLE_NOTE,
		c->mouse ? _("the mouse clicks here; hold Shift to select text")
			 : _("the mouse selects text"));
	return ACT_REDRAW;
}

static unsigned act_suspend(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	if (c->suspend)
		c->suspend(c->host);
	return ACT_REDRAW;
}

/* --- time --- */

static void travel(struct console *c, int64_t to)
{
	int64_t now = clock_now();

	console_set_at(c, to >= now ? AT_NOW : to);
}

/* "10m", "10m ago", "08:40", "2026-11-21T08:40:00Z", "now". */
static int parse_moment(int64_t *out, const char *text, struct err *e)
{
	struct err ignored = ERR_INIT;
	char *word = mem_strndup(text, strcspn(text, " "));
	int64_t span;
	struct strbuf full = STRBUF_INIT;
	int rc = 0;

	if (!*word || !strcmp(word, "now")) {
		*out = AT_NOW;
	} else if (duration_parse(&span, word, &ignored) == 0) {
		*out = clock_now() - span;
	} else {
		err_clear(&ignored);
		if (strlen(word) == 5 && word[2] == ':') {
			time_format(&full, clock_now());
			strbuf_truncate(&full, strlen("2026-11-21T"));
			strbuf_addf(&full, "%s:00Z", word);
		} else {
			strbuf_adds(&full, word);
		}
		rc = time_parse(out, full.buf, e);
	}
	err_release(&ignored);
	strbuf_release(&full);
	free(word);
	return rc;
}

static void travel_done(void *ctx, struct console *c, const char *text)
{
	struct err e = ERR_INIT;
	int64_t at;

	(void)ctx;
	if (!text)
		return;
	if (parse_moment(&at, text, &e))
		console_fail(c, &e);
	else
		travel(c, at);
	err_release(&e);
}

static unsigned act_travel(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	prompt_open(c, _("show the past (10m, 08:40 UTC, now):"), NULL, NULL, travel_done,
		NULL);
	return ACT_REDRAW;
}

static unsigned act_earlier(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	travel(c, console_now(c) - NS_PER_MIN);
	return ACT_REDRAW;
}

static unsigned act_later(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	if (c->at != AT_NOW)
		travel(c, console_now(c) + NS_PER_MIN);
	return ACT_REDRAW;
}

/* clang-format off */
const struct action action_global[] = {
	{.name = "down", .keys = "j <Down> <C-n>", .flags = ACTION_QUIET,
		.title = N_("down"), .help = N_("one row down"), .run = act_down},
	{.name = "up", .keys = "k <Up> <C-p>", .flags = ACTION_QUIET,
		.title = N_("up"), .help = N_("one row up"), .run = act_up},
	{.name = "page-down", .keys = "<PgDn> <Space> <C-f>", .flags = ACTION_QUIET,
		.title = N_("page down"), .help = N_("one page down"), .run = act_page_down},
	{.name = "page-up", .keys = "<PgUp>", .flags = ACTION_QUIET,
		.title = N_("page up"), .help = N_("one page up"), .run = act_page_up},
	{.name = "half-down", .keys = "<C-d>", .flags = ACTION_QUIET,
		.title = N_("half down"), .help = N_("half a page down"), .run = act_half_down},
	{.name = "half-up", .keys = "<C-u>", .flags = ACTION_QUIET,
		.title = N_("half up"), .help = N_("half a page up"), .run = act_half_up},
	{.name = "first", .keys = "g <Home>", .flags = ACTION_QUIET,
		.title = N_("first"), .help = N_("to the first row"), .run = act_first},
	{.name = "last", .keys = "G <End>", .flags = ACTION_QUIET,
		.title = N_("last"), .help = N_("to the last row"), .run = act_last},
	{.name = "enter", .keys = "<Enter> l <Right>", .flags = ACTION_QUIET | ACTION_BAR,
		.title = N_("look"), .help = N_("look at the selected row"), .run = act_enter},
	{.name = "back", .keys = "<Esc> h <Left> <C-c>", .flags = ACTION_QUIET,
		.title = N_("back"), .help = N_("back; out of a page, a filter, the past"),
		.run = act_back},
	{.name = "act", .keys = "x", .flags = ACTION_ROW | ACTION_BAR,
		.title = N_("act"), .help = N_("act on the selected row: a menu"),
		.run = act_menu, .possible = has_menu},
	{.name = "runbooks-for-this", .keys = "R", .flags = ACTION_BAR,
		.title = N_("runbooks"), .help = N_("runbooks for the selected row"),
		.run = act_runbooks, .possible = has_runbooks},
	{.name = "filter", .keys = "/", .flags = ACTION_BAR,
		.title = N_("filter"),
		.help = N_("only rows with these words, without !word; find on a page"),
		.run = act_filter, .possible = can_filter},
	{.name = "sort", .keys = "s", .where = SCOPE_LIST,
		.title = N_("sort"), .help = N_("sort by a column; the same again turns it round"),
		.run = act_sort, .possible = can_sort},
	{.name = "copy", .keys = "y", .flags = ACTION_ROW,
		.title = N_("copy"),
		.help = N_("copy the selected row's name, or the line of a page"),
		.run = act_copy},
	{.name = "link", .keys = "o", .flags = ACTION_ROW,
		.title = N_("link"), .help = N_("show the link of the selected row"),
		.run = act_link, .possible = has_link},
	{.name = "travel", .keys = "T", .flags = ACTION_BAR,
		.title = N_("time"),
		.help = N_("show everything as it was at a moment in the past"),
		.run = act_travel},
	{.name = "earlier", .keys = "[",
		.title = N_("earlier"), .help = N_("one minute back in time"), .run = act_earlier},
	{.name = "later", .keys = "]",
		.title = N_("later"), .help = N_("one minute forward in time"), .run = act_later},
	{.name = "context", .keys = "c",
		.title = N_("context"), .help = N_("change to another context"),
		.run = act_contexts},
	{.name = "palette", .keys = ":", .flags = ACTION_QUIET | ACTION_BAR,
		.title = N_("go to"), .help = N_("every pane and action by name"),
		.run = act_palette},
	{.name = "help", .keys = "? <F1>", .flags = ACTION_BAR | ACTION_ALWAYS,
		.title = N_("keys"), .help = N_("the keys that work here"), .run = act_help},
	{.name = "mouse", .keys = "M",
		.title = N_("mouse"), .help = N_("mouse on or off; off, it selects text"),
		.run = act_mouse},
	{.name = "repaint", .keys = "<C-l>",
		.title = N_("repaint"), .help = N_("read anew and paint the whole screen"),
		.run = act_repaint},
	{.name = "suspend", .keys = "<C-z>",
		.title = N_("suspend"), .help = N_("back to the shell; fg comes back here"),
		.run = act_suspend},
	{.name = "quit", .keys = "q", .flags = ACTION_BAR | ACTION_ALWAYS,
		.title = N_("quit"), .help = N_("leave the console; steps that run go on"),
		.run = act_quit},
	{0},
};
/* clang-format on */
