/*
 * zone.h - local time in any time zone of the system's database, whatever TZ says
 *
 * The C library knows one zone, that of the whole process; this reads the database's files
 * (TZif, RFC 9636) itself.  Times are seconds since the epoch, UTC.
 */
#ifndef TOCSIN_ZONE_H
#define TOCSIN_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define ZONE_MAX_BYTES (1024 * 1024)

struct zone;

/*
 * By IANA name, from $TZDIR or /usr/share/zoneinfo.  NULL and "UTC" give *out NULL, which all
 * others take for UTC.  ERR_INPUT: no name of a zone; ERR_NOT_FOUND: not known here.
 */
int zone_load(struct zone **out, const char *name, struct err *e);
int zone_parse(struct zone **out, const void *file, size_t n, struct err *e);
void zone_free(struct zone *z);

/* Seconds east of UTC at a moment. */
int64_t zone_offset(const struct zone *z, int64_t at);

/* What a clock on the wall shows. */
struct civil {
	int64_t	year;
	int	month, day;	/* from 1 */
	int	hour, minute, second;
};

void zone_civil(struct civil *out, const struct zone *z, int64_t at);

/*
 * When the clock shows that.  Shown twice: the first time; never (the hour that spring leaves
 * out): as much later as the clock was put forward.  A day beyond its month runs into the next.
 */
int64_t zone_moment(const struct zone *z, const struct civil *c);

/* Days since 1970-01-01 of the proleptic Gregorian calendar; month may be any number. */
int64_t civil_days(int64_t year, int64_t month, int64_t day);
int civil_month_days(int64_t year, int64_t month);

#endif
