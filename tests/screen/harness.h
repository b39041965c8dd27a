/*
 * harness.h - the console in the test process: keys in, frames into a virtual terminal
 *
 * No pty, no sleep: clocks are frozen at SCREEN_NOW, screen_run() turns the loop until it is
 * idle.  The store lies in a new directory under $TMPDIR.
 */
#ifndef TOCSIN_HARNESS_H
#define TOCSIN_HARNESS_H

#include "tests/unit/unit.h"

#include <stdbool.h>

#include "core/strbuf.h"
#include "tui/console.h"

#define SCREEN_NOW INT64_C(1795250400000000000)	/* 2026-11-21T08:40:00Z */

struct screen_conf {
	int		rows, cols;	/* 0: 24, 80 */
	bool		ascii;		/* the C locale */
	bool		no_color, plain, empty, hostile, read_only;
	bool		quiet;		/* notify: {bell: off} */
	const char	*theme;		/* NULL: built-in */
	const char	*term;		/* NULL: xterm-256color */
	const char	*locale;	/* NULL: C.UTF-8 */
};

struct screen;

/* Fills the store from fixture.c (empty: not; hostile: with hostile text), opens, draws. */
/* NULL: this system has no such locale. */
struct screen *screen_open(const struct screen_conf *conf);
void screen_close(struct screen *s);
struct console *screen_console(struct screen *s);
struct store *screen_store(struct screen *s);

/* "3", "j", "<Enter>", "/abc<Enter>": pushed in as a terminal would send them, then run. */
void screen_keys(struct screen *s, const char *keys);
void screen_bytes(struct screen *s, const void *bytes, size_t n);
void screen_run(struct screen *s);			/* until idle */
void screen_advance(struct screen *s, int64_t ns);	/* both clocks, timers in order */
void screen_stall(struct screen *s, bool stalled);	/* the writer takes nothing */
void screen_resize(struct screen *s, int rows, int cols);

/* The screen as text: one line a row, blanks at the ends cut. */
void screen_text(struct screen *s, struct strbuf *out);
bool screen_has(struct screen *s, const char *text);
int screen_rows(struct screen *s);
int screen_cols(struct screen *s);
int screen_row_of(struct screen *s, const char *text);	/* -1: nowhere */
void screen_cursor(struct screen *s, int *y, int *x);
void screen_row(struct screen *s, int y, struct strbuf *out);
bool screen_reverse_at(struct screen *s, int y, int x);
bool screen_blank_at(struct screen *s, int y, int x);	/* neither half of a character */
bool screen_bold_at(struct screen *s, int y, int x);

/* All bytes sent since the last call of screen_sent_clear(). */
const struct strbuf *screen_sent(struct screen *s);
void screen_sent_clear(struct screen *s);
int screen_frames(struct screen *s);	/* writer calls since then */

/* Compare with tests/screen/golden/NAME.txt; UPDATE=1 writes it. */
void screen_golden(struct screen *s, const char *name);

/* Escape sequences, C1, bidi, wide, combined and joined characters: what a name may hold. */
#define HOSTILE                                      \
	"\033[31mred\033]52;c;aGk=\a\xc2\x9b"        \
	"1m\xe2\x80\xaetxet\xe6\xbc\xa2\xe5\xad\x97" \
	"e\xcc\x81\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\r\n\x08\x7f\xff\xfe"

/* Distributions that moved since 08:05, and others that did not: fixture_drift.c. */
void fixture_drift(struct store *st, bool hostile, int64_t now);

/* The data that every screen test sees: an incident, one minute old; see fixture.c. */
void fixture_fill(struct store *st, const struct config *config, bool hostile);
void fixture_fill_at(struct store *st, const struct config *config, bool hostile, int64_t now);

#endif
