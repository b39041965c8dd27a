/* term_info.h - what the terminfo database says; term.c's half that needs <term.h> */
#ifndef TOCSIN_TERM_INFO_H
#define TOCSIN_TERM_INFO_H

#include <stdbool.h>

/* *direct: its palette numbers mean RGB values. */
bool term_info_known(const char *name, bool *direct);

/* Known, and cannot place its cursor. */
bool term_info_dumb(const char *name);

#endif
