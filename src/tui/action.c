#include "config.h"
#include "tui/action.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "tui/console_state.h"

static bool in_scope(const struct pane *p, const struct action *a)
{
	unsigned scope = p->in_detail ? SCOPE_DETAIL : SCOPE_LIST;

	return !a->where || (a->where & scope);
}

static bool is_open(struct console *c, struct pane *p, const struct action *a)
{
	if (!in_scope(p, a) || ((a->flags & ACTION_MUTATES) && console_read_only(c)))
		return false;
	if ((a->flags & ACTION_ROW) && !pane_selected(p))
		return false;
	return !a->possible || a->possible(c, p, a) != ACT_IGNORED;
}

const struct action *action_each(
	struct console *c, struct pane *p, bool all, action_each_fn *fn, void *ctx)
{
	const struct action *tables[2] = {p->ops->actions, action_global};

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct action *a = tables[t]; a && a->name; a++)
			if ((all || is_open(c, p, a)) && fn(ctx, a))
				return a;
	return NULL;
}

static bool key_matches(const char *keys, const struct event *ev)
{
	while (keys && *keys) {
		size_t n = strcspn(keys, " ");
		unsigned mods;
		uint32_t key = key_parse(keys, n, &mods);

		if (key == ev->key && mods == (ev->mods & MOD_ALT))
			return true;
		keys += n;
		keys += strspn(keys, " ");
	}
	return false;
}

static bool has_key(void *ctx, const struct action *a)
{
	return key_matches(a->keys, ctx);
}

static bool has_name(void *ctx, const struct action *a)
{
	return !strcmp(a->name, ctx);
}

const struct action *action_of_key(
	struct console *c, struct pane *p, const struct event *ev)
{
	return action_each(c, p, false, has_key, (void *)ev);
}

const struct action *action_of_name(struct console *c, struct pane *p, const char *name)
{
	return action_each(c, p, false, has_name, (void *)name);
}

void action_keys(struct strbuf *out, const struct action *a)
{
	const char *keys = a->keys;
	bool any = false;

	for (; keys && *keys; keys += strspn(keys, " ")) {
		size_t n = strcspn(keys, " ");
		unsigned mods;
		uint32_t key = key_parse(keys, n, &mods);

		if (any)
			strbuf_addc(out, ' ');
		any = true;
		key_text(out, key, mods);
		keys += n;
	}
	if (a->letter && (a->flags & (ACTION_MENU | ACTION_MUTATES)))
		strbuf_addf(out, "%sx %c", any ? " " : "", a->letter);
}

/* --- confirmation --- */

struct pending {
	const struct action *action;
	struct pane *pane;
	char *id; /* owned: the object it was asked for */
};

static void confirmed(void *ctx, struct console *c, bool yes)
{
	struct pending *w = ctx;
	const char *id =
		console_front_pane(c) == w->pane ? pane_selected_id(w->pane) : NULL;

	if (!yes)
		console_note(c, ROLE_NOTE, _("nothing was done"));
	else if (w->id && (!id || strcmp(id, w->id)))
		console_note(c, ROLE_ERROR,
			_("nothing was done: the object is no longer there"));
	else if ((w->action->flags & ACTION_MUTATES) && console_read_only(c))
		console_note(
			c, ROLE_ERROR, _("nothing was done: this context is read-only"));
	else
		console_apply(c, w->pane, w->action->run(c, w->pane, w->action));
	free(w->id);
	free(w);
}

static unsigned ask(struct console *c, struct pane *p, const struct action *a)
{
	struct question what = {.kind = QUESTION_LETTER};
	struct pending *w;

	strbuf_init(&what.title);
	strbuf_init(&what.body);
	strbuf_init(&what.name);
	if (!a->confirm || a->confirm(c, p, a, &what)) {
		w = mem_new(1, sizeof(*w));
		w->action = a;
		w->pane = p;
		w->id = mem_strdup(pane_selected_id(p));
		if (!what.title.len)
			strbuf_adds(&what.title, _(a->help));
		console_confirm(c, &what, confirmed, w);
	}
	strbuf_release(&what.title);
	strbuf_release(&what.body);
	strbuf_release(&what.name);
	return ACT_REDRAW;
}

unsigned action_run(struct console *c, struct pane *p, const struct action *a)
{
	if ((a->flags & ACTION_MUTATES) && console_read_only(c)) {
		console_note(c, ROLE_ERROR,
			console_at(c) == AT_NOW
				? _("this context is read-only: nothing can be started "
				    "here")
				: _("this is the past: go back to now to act"));
		return ACT_REDRAW;
	}
	if ((a->flags & ACTION_ROW) && !pane_selected(p))
		return ACT_IGNORED;
	if (a->flags & ACTION_CONFIRMS)
		return ask(c, p, a);
	return a->run(c, p, a);
}
