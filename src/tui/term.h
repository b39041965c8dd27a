/*
 * term.h - frames become bytes; the only place that knows curses
 *
 * Curses draws onto a file in memory; each frame leaves as one block handed to a writer: the
 * terminal in life, a virtual one in tests.  What the writer does not take at once is kept, and
 * until it is gone no frame is made: frames are skipped, never queued.
 */
#ifndef TOCSIN_TERM_H
#define TOCSIN_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "tui/grid.h"
#include "tui/input.h"
#include "tui/theme.h"

struct term;

/* How many bytes were taken: n, fewer, 0 when it would have to wait; -1: the terminal is gone. */
typedef ssize_t term_write_fn(void *ctx, const void *data, size_t n);

struct term_conf {
	const char	*name;		/* TERM; unknown: as xterm-256color, and term_note() says so */
	int		rows, cols;
	bool		no_color, mouse;
	bool		title;		/* may set the window's title */
	term_write_fn	*write;
	void		*ctx;
};

int term_open(struct term **out, const struct term_conf *conf, struct err *e);
void term_close(struct term *t);	/* turns every mode off, frees; NULL is fine */

/* True when nothing can be drawn on a terminal of this name: "dumb", "", or no cursor movement. */
bool term_is_dumb(const char *name);

const char *term_note(const struct term *t);	/* translated; NULL: nothing to say */
int term_colours(const struct term *t);		/* 0: attributes only */

/* 1: sent (or nothing to send); 0: skipped, the last one is still on its way; -1: gone. */
int term_frame(struct term *t, const struct grid *g, const struct theme *theme);

/* Hand on what is left: 0 all is gone out, 1 something is left, -1 the terminal is gone. */
int term_flush(struct term *t);
bool term_is_pending(const struct term *t);

/* Number of the last frame made, and of the last one wholly handed over. */
uint64_t term_frames_made(const struct term *t);
uint64_t term_frames_written(const struct term *t);

void term_resize(struct term *t, int rows, int cols);
void term_repaint(struct term *t);		/* the next frame draws everything */
void term_suspend(struct term *t);		/* modes off, now */
void term_resume(struct term *t);		/* modes on with the next frame */

/* Go out with the next frame. */
void term_bell(struct term *t);
void term_notify(struct term *t, const char *text);	/* a desktop notice, where the terminal can */
void term_set_title(struct term *t, const char *title);
void term_copy(struct term *t, const char *text);	/* OSC 52; wrapped for screen */
void term_set_mouse(struct term *t, bool on);

/* The sequences that this terminal's keys send. */
void term_define_keys(const struct term *t, struct input *in);

/* What puts the terminal back, for a handler of fatal signals; lives as long as t. */
const char *term_restore(const struct term *t, size_t *n);

#endif
