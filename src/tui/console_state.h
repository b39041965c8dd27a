/* console_state.h - what is behind struct console: for the console's own modules, not for panes */
#ifndef TOCSIN_CONSOLE_STATE_H
#define TOCSIN_CONSOLE_STATE_H

#include "tui/console.h"
#include "tui/input.h"
#include "tui/pane_state.h"
#include "tui/sheet.h"
#include "tui/situation.h"
#include "tui/term.h"

#define PANES_MAX 40
#define STACK_MAX 16

struct console {
	struct loop		*loop;
	struct store		*store;
	const struct config	*config;
	const char		*config_file;	/* NULL: none was named */
	const struct context_conf *context;	/* NULL: none */
	struct term		*term;
	struct input		*input;		/* owned */
	void			(*drain)(void *ctx);
	void			(*suspend)(void *ctx);
	void			(*switched)(void *ctx, const struct context_conf *to);
	void			*host;
	struct theme		theme;
	bool			plain, low_bandwidth, utc, mouse;

	struct pane		*roots[PANES_MAX];	/* owned; by pane_table; opened when needed */
	struct pane		*stack[STACK_MAX];	/* [0]: a root; above it owned ones */
	size_t			depth;
	struct sheet		*sheet;		/* owned; the uppermost */

	int64_t			at;		/* AT_NOW, or the moment looked at */
	int64_t			version;
	int64_t			counters[TOUCHES];
	bool			counters_known;
	struct situation	situation;
	struct arena		situation_arena, situation_spare;
	bool			situation_dirty;
	size_t			pages_seen;	/* page-worthy things, for the bell */
	int64_t			rang_mono;
	bool			noticed;	/* the first one is seen at once: it needs no note */
	char			*title;		/* owned: the window's, as last set */
	uint64_t		freshness;	/* moves when something turns stale, or a minute passes */

	char			*note;		/* owned, or NULL */
	enum role		note_role;
	int64_t			note_until_mono;

	struct grid		grid;
	struct hits		hits;
	struct strbuf		last_click;	/* id of the row; a second click opens it */
	int64_t			last_click_mono;
	bool			dirty;
	bool			quit, gone;
	int64_t			second;		/* shown by the clock */
	unsigned		tick_timer, esc_timer;
};

void console_set_at(struct console *c, int64_t at);
void console_set_context(struct console *c, const struct context_conf *context);
void console_close_front(struct console *c);
void console_quit(struct console *c);
void console_apply(struct console *c, struct pane *p, unsigned result);	/* act_result */
bool console_say_result(struct console *c);

/* chrome.c: the lines around the pane; returns the pane's box. */
struct box chrome_draw(struct console *c, const struct box *screen);
int pane_of_key(uint32_t key);		/* index into pane_table; -1: none */

/* sheet.c */
struct sheet *sheet_front(struct console *c);
void sheets_sweep(struct console *c);
void sheet_event(struct sheet *s, const struct event *ev);
void sheet_draw(struct sheet *s, const struct box *screen);

/* mouse.c */
void mouse_event(struct console *c, const struct event *ev);

/* notice.c: bell and title. */
void notice_update(struct console *c);

#endif
