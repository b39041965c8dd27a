/* say.h - text for people on stdout, safe for a terminal whatever it holds */
#ifndef TOCSIN_SAY_H
#define TOCSIN_SAY_H

#include "core/mem.h"

/* As printf; control characters and the like of the whole line are made visible. */
void say(const char *fmt, ...) PRINTF(1, 2);

#endif
