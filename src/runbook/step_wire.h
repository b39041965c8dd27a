/* step_wire.h - what goes over an interactive step's socket; see step_tty.h */
#ifndef TOCSIN_STEP_WIRE_H
#define TOCSIN_STEP_WIRE_H

#include <sys/un.h>

#include "core/err.h"

/* To the step: one byte of type, one of length, the data.  Back come plain bytes. */
enum wire_type { WIRE_NONE, WIRE_DATA, WIRE_SIZE /* rows and columns, 16 bits each */ };

#define WIRE_MAX_DATA 255

int step_wire_address(struct sockaddr_un *out, const char *run, int n, struct err *e);

#endif
