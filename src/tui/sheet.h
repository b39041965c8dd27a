/*
 * sheet.h - menus, dialogs and prompts: a sheet over the lower part of the screen
 *
 * The uppermost sheet takes all keys.  Its rows lie between a title line and the bottom line;
 * a one-line sheet is the bottom line.
 */
#ifndef TOCSIN_SHEET_H
#define TOCSIN_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/console.h"
#include "tui/draw.h"
#include "tui/input.h"

struct sheet;

struct sheet_ops {
	const char	*(*title)(struct sheet *s);		/* NULL: a one-line sheet */
	int		(*rows)(struct sheet *s, int cols, int most);
	void		(*draw)(struct sheet *s, const struct box *b);
	void		(*event)(struct sheet *s, const struct event *ev);
	void		(*cancel)(struct sheet *s);		/* Esc, before it is closed; or NULL */
	void		(*free)(struct sheet *s);
	const char	*hints;		/* N_(): keys, in the bottom line; or NULL */
	bool		holds;		/* rows below do not move while it is open */
	bool		guarded;	/* keys that came before its frame was written are dropped */
};

/* The first member of every sheet. */
struct sheet {
	const struct sheet_ops	*ops;
	struct console		*console;
	struct sheet		*below;
	uint64_t		frame;	/* that showed it first; 0: none yet */
	bool			armed;	/* that frame has been written */
	bool			closed;	/* freed at the next turn */
};

/* On top of what is there; owned from here on. */
void sheet_open(struct console *c, struct sheet *s_take);
void sheet_close(struct sheet *s);

/* --- a prompt: one line, typed --- */

typedef void prompt_fn(void *ctx, struct console *c, const char *text);

/* changed: at each key, may be NULL; done: Enter with the text, Esc with NULL. */
void prompt_open(struct console *c, const char *label, const char *text, prompt_fn *changed,
	prompt_fn *done, void *ctx);

/* --- a list to pick from, with or without an input line --- */

struct pick_item {
	char		letter;		/* picks at once where nothing is typed; 0: none */
	const char	*title, *keys, *help;	/* owned by the picker's arena */
	const void	*data;		/* the caller's */
	int		kind;
};

/* item NULL: left with Esc.  typed: the input line.  Called after the picker is closed. */
typedef void pick_fn(void *ctx, struct console *c, const struct pick_item *item,
	const char *typed);

struct picker;

struct picker *picker_new(struct console *c, const char *title, bool typing, pick_fn *fn, void *ctx);
void picker_add(struct picker *p, const struct pick_item *item);	/* texts are copied */
void picker_open(struct picker *p);

/* --- what is made of these --- */

void palette_open(struct console *c);
void help_open(struct console *c);
void menu_open(struct console *c);		/* `x`: what can be done to the selected object */
void contexts_open(struct console *c);
void sorting_open(struct console *c);

#endif
