/*
 * log.h - notes for whoever debugs, never for the person on call
 *
 * Off until opened; to a file or to stderr, never to a terminal that a console owns.  No secrets.
 */
#ifndef TOCSIN_LOG_H
#define TOCSIN_LOG_H

#include "core/err.h"
#include "core/mem.h"

enum log_level { LOG_OFF, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* file NULL: stderr.  The file is created with mode 0600 and appended to. */
int log_open(const char *file, enum log_level level, struct err *e);
void log_close(void);

void log_at(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

#endif
