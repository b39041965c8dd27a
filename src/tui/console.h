/*
 * console.h - the console: panes on a stack, one loop, one store, one terminal
 *
 * Callbacks change state and mark; drawing happens once, before sleeping.  Nothing here touches
 * the network, and nothing waits but for the terminal and a bounded read.
 */
#ifndef TOCSIN_CONSOLE_H
#define TOCSIN_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/loop.h"
#include "core/mem.h"
#include "core/strbuf.h"
#include "model/config.h"
#include "store/source.h"
#include "store/store.h"
#include "tui/pane.h"
#include "tui/theme.h"

struct console;
struct term;

/* --- for whoever runs one: cmd/watch by way of screen.h, and the screen tests --- */

struct console_conf {
	struct loop		*loop;		/* all borrowed, for as long as the console lives */
	struct store		*store;		/* may be NULL: nothing is known yet */
	const struct config	*config;
	const char		*config_file;	/* --config's, for what is started; NULL */
	const char		*context;	/* NULL: the configuration's */
	struct term		*term;
	const struct theme	*theme;		/* copied */
	int			rows, cols;
	bool			plain, low_bandwidth, mouse;
	void			(*drain)(void *host);	/* throw away what was typed; or NULL */
	void			(*suspend)(void *host);	/* back to the shell; or NULL */
	void			(*switched)(void *host, const struct context_conf *to);	/* or NULL */
	void			*host;
};

struct console *console_new(const struct console_conf *conf);
void console_free(struct console *c);	/* its loop must not turn again */
void console_input(struct console *c, const void *bytes, size_t n);
void console_resize(struct console *c, int rows, int cols);
void console_writable(struct console *c);	/* the terminal takes bytes again */
bool console_done(const struct console *c);	/* quit, or the terminal is gone */
struct pane *console_front_pane(struct console *c);	/* what is seen */
bool console_idle(const struct console *c);	/* nothing to query, to draw or to send */

/* --- for panes: where and when --- */

struct store *console_store(struct console *c);
struct loop *console_loop(struct console *c);
const struct config *console_config(const struct console *c);
const char *console_config_file(const struct console *c);	/* --config's; NULL */
const struct context_conf *console_context(const struct console *c);	/* NULL: none */
bool console_has_source(const struct console *c, const char *source);	/* of the context */

/* AT_NOW, or the moment looked at; and that moment as a time, which ages are counted from. */
int64_t console_at(const struct console *c);
int64_t console_now(const struct console *c);
bool console_read_only(const struct console *c);	/* by the context, or in the past */
bool console_plain(const struct console *c);
bool console_utc(const struct console *c);	/* how moments are written */
int console_rows(const struct console *c);	/* of the whole screen */
int console_cols(const struct console *c);
const struct theme *console_theme(const struct console *c);

/* --- ages: every figure has one --- */

/* The source as it stood at console_at(); NULL: not known. */
const struct source_row *console_source(struct console *c, const char *name);

/* Append how old at is ("<1m", "4m", "2h05"; with "stale" when stale); the role to draw it in. */
enum role console_age(struct console *c, struct strbuf *out, int64_t at, bool stale);

/* The age of what a source said last: its last success. */
enum role console_source_age(struct console *c, struct strbuf *out, const char *source);
bool console_stale(struct console *c, const char *source);

/* A moment and how long ago it was: "08:33:00, 7m ago". */
void console_moment(struct console *c, struct strbuf *out, int64_t at);

/* Its day, "today"; a number that tells days apart. */
int console_day(struct console *c, struct strbuf *out, int64_t at);

/* A moment for people, in the configured zone. */
void console_time(struct console *c, struct strbuf *out, int64_t at);

/* --- for panes: what to do --- */

void console_redraw(struct console *c);
void console_reload(struct console *c, struct pane *p);

/* One line at the bottom, for some seconds. */
void console_note(struct console *c, enum role role, const char *fmt, ...) PRINTF(3, 4);
void console_fail(struct console *c, const struct err *e);

/* To a pane by name, with what it shall show ("service/slo", an id; NULL: as it was left). */
bool console_go(struct console *c, const char *pane, const char *argument);

/* On top of this one; Esc comes back. */
struct pane *console_push(struct console *c, const struct pane_ops *ops, const char *argument);

void console_copy(struct console *c, const char *text);
void console_page(struct console *c, const char *title, struct doc *doc_take);	/* a sheet to read */

/* Ask the collector; the answer comes as rows.  Notes "asked". -1: said why. */
int console_want(struct console *c, const char *source, const char *what, const char *object,
	int64_t *id);

/* --- dialogs: sheets over the lower part of the screen --- */

enum question_kind { QUESTION_LETTER, QUESTION_NAME };	/* a letter shown; a name typed in full */

struct question {
	enum question_kind kind;
	struct strbuf	title;		/* "Roll back checkout-ranker" */
	struct strbuf	body;		/* what, on what, from which value to which; lines */
	struct strbuf	name;		/* QUESTION_NAME: what must be typed */
};

typedef void confirm_fn(void *ctx, struct console *c, bool yes);

/*
 * Keys that came before the dialog was on the screen are thrown away, pasted ones always.  fn is
 * called once, with ctx; it frees ctx.
 */
void console_confirm(struct console *c, const struct question *ask, confirm_fn *fn, void *ctx);

struct choice {
	char		letter;	/* 0: none; chosen by cursor */
	const char	*title, *help;	/* help may be NULL */
	const char	*value;		/* given back */
};

typedef void choice_fn(void *ctx, struct console *c, const char *value);	/* NULL: none */

/* Everything is copied. */
void console_choose(struct console *c, const char *title, const struct choice *items, size_t n,
	choice_fn *fn, void *ctx);

struct form_field {
	const char	*name;		/* key in the answer */
	const char	*label, *help;
	const char	*value;		/* to begin with; or NULL */
	bool		required, secret;
	bool		fixed;		/* shown, not asked */
	const char	*note;		/* behind a fixed value: where it is from; or NULL */
	const struct choice *choices;	/* picked from; or NULL: typed */
	size_t		n_choices;
};

/* values[i] belongs to fields[i]; NULL when it was left with Esc. */
typedef void form_fn(void *ctx, struct console *c, const char *const *values, size_t n);

/* Everything is copied. */
void console_form(struct console *c, const char *title, const struct form_field *fields, size_t n,
	form_fn *fn, void *ctx);

#endif
