/*
 * action.h - everything that a person can do, one row each
 *
 * Keymap, `?`, palette, `x` menu, bottom bar and the manual are read from these rows.  What
 * changes the world (ACTION_MUTATES) has no key of its own, only a letter in the `x` menu, is
 * absent where the context is read-only, and is confirmed.
 */
#ifndef TOCSIN_ACTION_H
#define TOCSIN_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/strbuf.h"

struct console;
struct pane;
struct event;

enum action_flags {
	ACTION_MUTATES = 1,	/* changes something outside: never in read-only, never in the past */
	ACTION_CONFIRMS = 2,	/* asks first: `confirm` of the row fills in what the dialog says */
	ACTION_ROW = 4,		/* needs a selected row */
	ACTION_MENU = 8,	/* stands in the `x` menu, by letter */
	ACTION_BAR = 16,	/* stands in the bottom bar */
	ACTION_ASKS = 64,	/* run() itself asks before anything is changed */
	ACTION_ALWAYS = 128,	/* in the bottom bar however narrow it is */
	ACTION_QUIET = 32,	/* a movement: in `?`, not in the palette */
};

/* Where it works: a pane's own actions name LIST or DETAIL or both; 0 is both. */
enum action_scope { SCOPE_LIST = 1, SCOPE_DETAIL = 2, SCOPE_EVERYWHERE = 3 };

enum act_result {
	ACT_IGNORED = 0,
	ACT_HANDLED = 1,
	ACT_REDRAW = 2 | 1,	/* the screen is no longer what it should be */
	ACT_RELOAD = 4 | 1,	/* query again */
	ACT_CLOSE = 8 | 1,	/* this pane is done: back to the one below */
};

struct action;
struct question;

/* p is the pane in front; returns act_result. */
typedef unsigned action_fn(struct console *c, struct pane *p, const struct action *a);

/* Fill in what the dialog says; false: cannot be done, and said why by console_note(). */
typedef bool action_confirm_fn(struct console *c, struct pane *p, const struct action *a,
	struct question *out);

struct action {
	const char	*name;		/* "next-page": palette, configuration; unique */
	const char	*keys;		/* "j <Down>": alternatives; NULL: none */
	char		letter;		/* in the `x` menu */
	unsigned	where, flags;
	const char	*title;		/* N_(): a word or two, for bar and menu */
	const char	*help;		/* N_(): a line for `?` and palette */
	action_fn	*run;
	action_confirm_fn *confirm;
	action_fn	*possible;	/* NULL: always; ACT_IGNORED: not now, so not shown */
};

/* Movements and what works in every pane; ends with name NULL. */
extern const struct action action_global[];

typedef bool action_each_fn(void *ctx, const struct action *a);	/* true: stop */

/*
 * Every action that works for p as it stands, its own first; returns where the callback stopped.
 * all: also those that the context forbids or that are not possible now (for the manual).
 */
const struct action *action_each(struct console *c, struct pane *p, bool all, action_each_fn *fn,
	void *ctx);
const struct action *action_of_key(struct console *c, struct pane *p, const struct event *ev);
const struct action *action_of_name(struct console *c, struct pane *p, const char *name);

/* The keys of an action for people: "j Down", "x r" for a letter of the menu; nothing: none. */
void action_keys(struct strbuf *out, const struct action *a);

/* The one door: read-only test, confirmation, then run. */
unsigned action_run(struct console *c, struct pane *p, const struct action *a);

#endif
