/*
 * tty.h - the engineer's own terminal: raw, not blocking, put back whatever happens
 *
 * Opened anew by its name, so that the shell's descriptors keep their flags.
 */
#ifndef TOCSIN_TTY_H
#define TOCSIN_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

struct tty;

/* True when both standard input and standard output are terminals. */
bool tty_present(void);

int tty_open(struct tty **out, struct err *e);	/* raw from here on */
void tty_close(struct tty *t);			/* as it was; NULL is fine */
int tty_fd(const struct tty *t);

void tty_size(const struct tty *t, int *rows, int *cols);	/* 24 x 80 when it does not say */
bool tty_is_slow(const struct tty *t);		/* a serial line of 9600 baud or less */
void tty_cooked(struct tty *t);			/* as it was, while we are stopped */
void tty_raw(struct tty *t);

ssize_t tty_write(void *tty, const void *data, size_t n);	/* a term_write_fn */

/* Bytes read; 0: none now; -1: the terminal is gone. */
ssize_t tty_read(struct tty *t, void *buf, size_t n);
void tty_drain(struct tty *t);			/* throw away what was typed so far */

/*
 * Put the terminal back, with these bytes, when a signal kills us (SEGV, ABRT, BUS, FPE, ILL).
 * The bytes must live until tty_close().
 */
void tty_guard(struct tty *t, const char *restore, size_t n);

#endif
