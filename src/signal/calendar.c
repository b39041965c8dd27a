#include "config.h"

#include "signal/calendar.h"

#include <ctype.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"

/* Digits that must be there, and what follows them. */
static bool read_field(int *out, const char **s, int digits, int most)
{
	int n = 0;

	for (int i = 0; i < digits; i++, ++*s) {
		if (!isdigit((unsigned char)**s))
			return false;
		n = n * 10 + (**s - '0');
	}
	*out = n;
	return n <= most;
}

static bool read_char(const char **s, const char *any)
{
	if (!**s || !strchr(any, **s))
		return false;
	++*s;
	return true;
}

bool calendar_start_parse(struct civil *out, const char *text)
{
	const char *s = text;
	int year;

	*out = (struct civil){0};
	if (!read_field(&year, &s, 4, 9999) || !read_char(&s, "-") ||
		!read_field(&out->month, &s, 2, 12) || !read_char(&s, "-") ||
		!read_field(&out->day, &s, 2, 31))
		return false;
	out->year = year;
	if (!out->month || !out->day || out->day > civil_month_days(year, out->month))
		return false;
	if (*s == '\0')
		return true;
	return read_char(&s, " T") && read_field(&out->hour, &s, 2, 23) &&
		read_char(&s, ":") && read_field(&out->minute, &s, 2, 59) &&
		read_char(&s, ":") && read_field(&out->second, &s, 2, 59) && !*s;
}

/* How long one period is: days or months, of which one is 0. */
struct step {
	int64_t days, months;
};

static struct step step_of(const struct slo *slo)
{
	static const struct step steps[] = {
		[CALENDAR_DAY] = {1, 0},
		[CALENDAR_WEEK] = {7, 0},
		[CALENDAR_MONTH] = {0, 1},
		[CALENDAR_QUARTER] = {0, 3},
		[CALENDAR_YEAR] = {0, 12},
	};
	int64_t count = slo->calendar_count > 0 ? slo->calendar_count : 1;
	struct step s = {0, 0};

	if (slo->calendar && slo->calendar_unit < ARRAY_LEN(steps))
		s = steps[slo->calendar_unit];
	if (count > 10000)
		count = 10000;
	return (struct step){s.days * count, s.months * count};
}

/* The beginning of the period with this number, counted from the start. */
static int64_t begin_of(const struct civil *start, const struct step *step,
	const struct zone *zone, int64_t number)
{
	struct civil c = *start;

	if (step->months) {
		int64_t month = c.year * 12 + c.month - 1 + number * step->months;

		c.year = month / 12;
		c.month = (int)(month % 12) + 1;
		if (c.day > civil_month_days(c.year, c.month))
			c.day = civil_month_days(c.year, c.month);
	} else {
		c.day += (int)(number * step->days);
	}
	return zone_moment(zone, &c);
}

bool calendar_period(int64_t *from, int64_t *to, const struct slo *slo,
	const struct zone *zone, int64_t now)
{
	struct step step = step_of(slo);
	/* A Monday, for weeks; the rest begins on the first. */
	struct civil start = {.year = 1970, .month = 1, .day = step.days ? 5 : 1}, local;
	int64_t at = now / NS_PER_S - (now % NS_PER_S < 0), number;

	if (!step.days && !step.months)
		return false;
	if (slo->calendar_start && !calendar_start_parse(&start, slo->calendar_start))
		return false;
	zone_civil(&local, zone, at);
	if (step.months)
		number = ((local.year - start.year) * 12 + local.month - start.month) /
			step.months;
	else
		number = (civil_days(local.year, local.month, local.day) -
				 civil_days(start.year, start.month, start.day)) /
			step.days;
	while (begin_of(&start, &step, zone, number) > at)
		number--;
	while (begin_of(&start, &step, zone, number + 1) <= at)
		number++;
	*from = begin_of(&start, &step, zone, number) * NS_PER_S;
	*to = begin_of(&start, &step, zone, number + 1) * NS_PER_S;
	return true;
}
