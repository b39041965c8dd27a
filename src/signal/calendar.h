/*
 * calendar.h - the budget's period when it follows the calendar
 *
 * Periods follow one another without a gap from the objective's start, or from where its unit
 * begins: midnight, Monday, the first of the month, of January, April, July and October, of the
 * year.  They are counted on the clock of the objective's zone: a month with the change to summer
 * time is an hour shorter.  A start on the 31st is the last day of shorter months.
 */
#ifndef TOCSIN_CALENDAR_H
#define TOCSIN_CALENDAR_H

#include <stdbool.h>

#include "core/zone.h"
#include "model/slo.h"

/* The period that holds now: from <= now < to, in ns; zone NULL: UTC.  False: it rolls. */
bool calendar_period(int64_t *from, int64_t *to, const struct slo *slo,
	const struct zone *zone, int64_t now);

/* "2026-01-01 12:30:00", with a T too, or the day alone; no offset: the zone says that. */
bool calendar_start_parse(struct civil *out, const char *text);

#endif
