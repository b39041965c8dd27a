/* duration.h - spans of time and moments, to and from text */
#ifndef TOCSIN_DURATION_H
#define TOCSIN_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/err.h"
#include "core/strbuf.h"

/* "90s", "5m", "1h30m", "2d", "1w", "250ms"; "0".  Prometheus's grammar.  ns. */
int duration_parse(int64_t *out, const char *s, struct err *e);

/* The form that Prometheus writes: "5m", "1h30m", "1w", "250ms", "0s"; below 1 ms is cut. */
void duration_format(struct strbuf *out, int64_t ns);

/* For people, two units at most: "14 s", "3 min", "2 h 05", "4 d 3 h"; never wider than 8; unknown: "-". */
void duration_human(struct strbuf *out, int64_t ns);

/* For a column: "14s", "3m", "2h05", "4d03"; at most 5 columns; unknown (INT64_MIN): "-". */
void duration_short(struct strbuf *out, int64_t ns);

/*
 * RFC 3339 / ISO 8601 with any fraction and offset ("Z", "+02:00", "+0200", " UTC"; none: UTC), a
 * date alone, or HTTP's form, "Sat, 21 Nov 2026 08:53:09 GMT".  ns.  Go's zero time,
 * 0001-01-01T00:00:00Z, is unknown: INT64_MIN.
 */
int time_parse(int64_t *out, const char *s, struct err *e);

/*
 * A bare number by its size as seconds, ms, us or ns since the epoch (2001..2262).  digits is its
 * text, which is read exactly, or NULL.
 */
int time_parse_number(int64_t *out, double value, const char *digits, struct err *e);

/* RFC 3339 in UTC with ms when there are any: "2026-11-21T08:53:09Z". */
void time_format(struct strbuf *out, int64_t at);

/* "08:53:09" today, "Nov 21 08:53" this year, else "2025-11-21"; in the zone of TZ, or UTC. */
void time_human(struct strbuf *out, int64_t at, int64_t now, bool utc);

/* The day alone: "today", "yesterday", "Nov 19", "2025-11-19"; a number that tells days apart. */
int time_day(struct strbuf *out, int64_t at, int64_t now, bool utc);

#endif
