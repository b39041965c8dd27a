/* run_ask.h - questions on the terminal itself, whatever stdin and stdout are */
#ifndef TOCSIN_RUN_ASK_H
#define TOCSIN_RUN_ASK_H

#include <stdbool.h>

#include "core/mem.h"

struct terminal;

/* NULL: there is nobody to ask.  stdin_is_text: stdin holds a script, not a person. */
struct terminal *terminal_open(bool stdin_is_text);
void terminal_close(struct terminal *t);

/* Text to the terminal, made safe. */
void terminal_say(struct terminal *t, const char *fmt, ...) PRINTF(2, 3);

/*
 * One line without its newline; what was typed before the question was shown is thrown away.
 * hidden: not echoed.  NULL: the end, or a signal.  The caller frees, and wipes what is secret.
 */
char *terminal_ask(struct terminal *t, bool hidden, const char *fmt, ...) PRINTF(3, 4);

#endif
