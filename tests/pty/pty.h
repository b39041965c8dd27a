/*
 * pty.h - a program on a terminal of its own: keys in, what it sends into a virtual terminal
 *
 * For what the screen tests cannot see: the real process, its signals, its modes, its bytes on
 * the way.  Nothing sleeps: each wait reads until what is wanted is there or the deadline is
 * over.  The line can be slow, and its answers late.
 */
#ifndef TOCSIN_PTY_H
#define TOCSIN_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#include "core/strbuf.h"

#define PTY_PATIENCE_MS 20000	/* for what ought to come at once, on a machine with other work */

struct pty_conf {
	const char *const	*argv;		/* NULL-terminated */
	const char *const	*env;		/* "NAME=value", on top of a small set; NULL-terminated */
	int			rows, cols;	/* 0: 24, 80 */
	bool			foreign;	/* not its controlling terminal: no SIGHUP, only EIO */
	long			bytes_per_s;	/* at most so many are read; 0: at once */
	int64_t			delay_ns;	/* what is sent arrives so late, both ways */
};

struct pty;

/* Exits with a message when the system gives no terminal. */
struct pty *pty_start(const struct pty_conf *conf);
void pty_free(struct pty *p);			/* kills what still runs; NULL is fine */

void pty_send(struct pty *p, const char *bytes);
void pty_resize(struct pty *p, int rows, int cols);
void pty_signal(struct pty *p, int signal_number);
void pty_hang_up(struct pty *p);		/* the terminal goes away: the program sees EIO */

/* Take over what arrives within so many milliseconds: bytes taken, -1 the other end is gone. */
long pty_read(struct pty *p, int timeout_ms);
/* Read until nothing comes for quiet_ms; false: it never stops. */
bool pty_settle(struct pty *p, int quiet_ms);

/* True once the text is on the screen; false after PTY_PATIENCE_MS, or when it has ended. */
bool pty_wait(struct pty *p, const char *text);
/* True once it has ended, with waitpid's status; false after the deadline. */
bool pty_wait_end(struct pty *p, int timeout_ms, int *status);
bool pty_wait_stopped(struct pty *p);

/* The screen: lines with blanks at their ends cut. */
void pty_text(struct pty *p, struct strbuf *out);
bool pty_has(struct pty *p, const char *text);
void pty_cursor(struct pty *p, int *y, int *x);
bool pty_reverse_at(struct pty *p, int y, int x);
size_t pty_printed(struct pty *p);		/* cells that are not blank */

/* The terminal's line discipline as it is now. */
void pty_termios(struct pty *p, struct termios *out);
bool pty_is_cooked(struct pty *p);		/* as it was before the program began */
/* DEC private modes that are on and were not: "1049 2004", and "25" for a hidden cursor. */
void pty_modes(const struct pty *p, struct strbuf *out);

/* Everything that it sent since the last pty_clear(). */
const struct strbuf *pty_sent(const struct pty *p);
int pty_pieces(const struct pty *p);		/* reads that it came in */
int64_t pty_first_ns(const struct pty *p);	/* clock_mono() of its first byte; 0: none yet */
int64_t pty_last_ns(const struct pty *p);
void pty_clear(struct pty *p);

/* A number behind a name in /proc/PID/FILE, as "voluntary_ctxt_switches:"; -1: not there. */
int64_t pty_proc(const struct pty *p, const char *file, const char *name);

#endif
