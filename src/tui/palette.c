#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "core/path.h"
#include "tui/console_state.h"
#include "tui/panes/panes.h"

enum { PICK_NONE, PICK_PANE, PICK_ACTION, PICK_CONTEXT, PICK_THEME, PICK_COLUMN };

/* --- what is listed --- */

static bool add_action(void *ctx, const struct action *a)
{
	struct strbuf keys = STRBUF_INIT;
	struct pick_item item = {
		.title = _(a->title),
		.help = _(a->help),
		.data = a,
		.kind = PICK_ACTION,
	};

	action_keys(&keys, a);
	item.keys = keys.buf;
	picker_add(ctx, &item);
	strbuf_release(&keys);
	return false;
}

static bool add_named_action(void *ctx, const struct action *a)
{
	return !(a->flags & ACTION_QUIET) && add_action(ctx, a);
}

static bool add_movement(void *ctx, const struct action *a)
{
	return (a->flags & ACTION_QUIET) && add_action(ctx, a);
}

static void add_panes(struct picker *pk)
{
	for (int i = 0; pane_table[i]; i++) {
		char key[2] = {pane_table[i]->key, 0};
		struct pick_item item = {
			.title = _(pane_table[i]->title),
			.keys = key,
			.help = _(pane_table[i]->help),
			.data = pane_table[i],
			.kind = PICK_PANE,
		};

		if (!pane_table[i]->hidden)
			picker_add(pk, &item);
	}
}

static void add_contexts(struct console *c, struct picker *pk, const char *prefix)
{
	for (size_t i = 0; i < c->config->n_contexts; i++) {
		const struct context_conf *context = &c->config->contexts[i];
		char *title = mem_format("%s%s", prefix, context->name);
		char *help = mem_format("%s%s%s", context->region ? context->region : "",
			context->region && context->read_only ? _(", ") : "",
			context->read_only ? _("read-only") : "");
		struct pick_item item = {
			.title = title,
			.help = help,
			.data = context,
			.kind = PICK_CONTEXT,
		};

		picker_add(pk, &item);
		free(title);
		free(help);
	}
}

static void add_themes(struct picker *pk)
{
	struct err ignored = ERR_INIT;
	char **names = NULL;
	size_t n = 0;

	if (theme_names(&names, &n, &ignored) == 0)
		for (size_t i = 0; i < n; i++) {
			char *title = mem_format(_("theme %s"), names[i]);
			struct pick_item item = {
				.title = title,
				.help = _("change the colours"),
				.kind = PICK_THEME,
			};

			picker_add(pk, &item);
			free(title);
		}
	path_list_free(names, n);
	err_release(&ignored);
}

/* --- what is done --- */

static void change_theme(struct console *c, const char *title)
{
	const char *name = strrchr(title, ' ');
	struct problems problems;
	struct err e = ERR_INIT;
	struct theme theme;

	problems_init(&problems, NULL);
	if (theme_load(&theme, name ? name + 1 : title, &problems, &e)) {
		console_fail(c, &e);
	} else {
		c->theme = theme;
		term_repaint(c->term);
	}
	problems_release(&problems);
	err_release(&e);
}

/* "slos checkout": a pane and what it shall show.  True when it was one. */
static bool go_typed(struct console *c, const char *typed)
{
	size_t n = strcspn(typed, " ");
	char *name = mem_strndup(typed, n);
	const struct pane_ops *ops = typed[n] ? pane_of_name(name) : NULL;
	const char *rest = typed + n + strspn(typed + n, " ");

	free(name);
	if (!ops || !*rest)
		return false;
	console_go(c, ops->name, NULL);
	if (!pane_select(console_front_pane(c), rest))
		pane_filter(console_front_pane(c), rest);
	return true;
}

static void picked(
	void *ctx, struct console *c, const struct pick_item *item, const char *typed)
{
	struct pane *p = console_front_pane(c);

	(void)ctx;
	if (*typed && go_typed(c, typed))
		return;
	if (!item) {
		if (*typed)
			console_note(c, ROLE_ERROR, _("nothing is called '%s'"), typed);
		return;
	}
	switch (item->kind) {
	case PICK_PANE:
		console_go(c, ((const struct pane_ops *)item->data)->name, NULL);
		break;
	case PICK_ACTION: console_apply(c, p, action_run(c, p, item->data)); break;
	case PICK_CONTEXT: console_set_context(c, item->data); break;
	case PICK_THEME: change_theme(c, item->title); break;
	default: break;
	}
}

void palette_open(struct console *c)
{
	struct picker *pk =
		picker_new(c, _("Go to a pane, or do something"), true, picked, NULL);
	struct pane *p = console_front_pane(c);

	add_panes(pk);
	action_each(c, p, false, add_named_action, pk);
	add_contexts(c, pk, _("context "));
	add_themes(pk);
	picker_open(pk);
}

void help_open(struct console *c)
{
	struct picker *pk = picker_new(c,
		_("Keys that work here; type to find, Enter runs"), true, picked, NULL);
	struct pane *p = console_front_pane(c);

	action_each(c, p, false, add_named_action, pk);
	add_panes(pk);
	action_each(c, p, false, add_movement, pk);
	picker_open(pk);
}

/* --- `x` --- */

struct menu {
	struct picker *pk;
	size_t n;
};

static bool add_menu_action(void *ctx, const struct action *a)
{
	struct menu *menu = ctx;
	struct pick_item item = {
		.letter = a->letter,
		.title = _(a->title),
		.help = _(a->help),
		.data = a,
		.kind = PICK_ACTION,
	};

	if (a->flags & (ACTION_MENU | ACTION_MUTATES)) {
		picker_add(menu->pk, &item);
		menu->n++;
	}
	return false;
}

static bool count_menu_action(void *ctx, const struct action *a)
{
	size_t *n = ctx;

	*n += (a->flags & (ACTION_MENU | ACTION_MUTATES)) != 0;
	return false;
}

/* What the selected row is called; an id that says nothing is not shown. */
static const char *menu_object(struct pane *p)
{
	const struct row *row = pane_selected(p);
	struct subject s = {0};

	if (row && p->ops->subject)
		p->ops->subject(p, row->data, &s);
	if (s.name)
		return s.name;
	return s.copy && p->ops->id_is_mute ? s.copy : row ? row->id : "";
}

void menu_open(struct console *c)
{
	struct pane *p = console_front_pane(c);
	struct menu menu = {NULL, 0};
	size_t n = 0;
	char *title;

	action_each(c, p, false, count_menu_action, &n);
	if (!n) {
		const char *why = _("nothing can be done to this row");

		if (console_at(c) != AT_NOW)
			why = _("nothing can be started in the past: Esc goes back");
		else if (console_read_only(c))
			why = _("nothing can be started here: read-only");
		console_note(c, ROLE_NOTE, "%s", why);
		return;
	}
	title = mem_format(_("Act on %s"), menu_object(p));
	menu.pk = picker_new(c, title, false, picked, NULL);
	action_each(c, p, false, add_menu_action, &menu);
	picker_open(menu.pk);
	free(title);
}

void contexts_open(struct console *c)
{
	struct picker *pk;

	if (c->config->n_contexts < 2) {
		console_note(c, ROLE_NOTE,
			_("there is no other context in the configuration"));
		return;
	}
	pk = picker_new(c, _("Change to another context"), false, picked, NULL);
	add_contexts(c, pk, "");
	picker_open(pk);
}

/* --- sorting --- */

static void sorted(
	void *ctx, struct console *c, const struct pick_item *item, const char *typed)
{
	struct pane *p = console_front_pane(c);

	(void)ctx, (void)typed;
	if (item)
		pane_sort(p,
			item->data ? (int)((const struct column *)item->data - p->columns)
				   : -1);
}

void sorting_open(struct console *c)
{
	struct picker *pk = picker_new(c, _("Sort by"), false, sorted, NULL);
	struct pane *p = console_front_pane(c);
	struct pick_item own = {
		.letter = '0',
		.title = _("as the pane has it"),
		.help = _("what matters most comes first"),
	};
	char letter = '1';

	picker_add(pk, &own);
	for (const struct column *col = p->columns; col && col->name; col++, letter++) {
		struct pick_item item = {
			.letter = letter <= '9' ? letter : 0,
			.title = _(col->title),
			.data = col,
			.kind = PICK_COLUMN,
		};

		picker_add(pk, &item);
	}
	picker_open(pk);
}
