/*
 * step_tty.h - typing into an interactive step: one socket for each, 0600, peer checked
 *
 * What is typed goes to the step's pty and nowhere else: it is never journalled.  The socket
 * stands in the state directory, which outlives a login session.  Messages to the step are
 * {type, length} and that many bytes; from the step come plain bytes.
 */
#ifndef TOCSIN_STEP_TTY_H
#define TOCSIN_STEP_TTY_H

#include <stdbool.h>

#include "core/err.h"
#include "core/loop.h"

struct step_tty;

/* In the supervisor: the socket is there when this returns. */
struct step_tty *step_tty_new(const char *run, int n, struct err *e);
void step_tty_serve(struct step_tty *t, struct loop *l, int pty);	/* pty is borrowed */
void step_tty_show(struct step_tty *t, const void *data, size_t n);	/* to who is attached */
void step_tty_free(struct step_tty *t);

/*
 * In the command: connect our terminal (0 and 1) to the step until it ends (0) or the person
 * leaves with Ctrl-\ (1); the step goes on then.  Restores the terminal.
 */
int step_tty_attach(const char *run, int n, struct err *e);

#endif
