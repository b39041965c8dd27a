#include "config.h"
#include "core/zone_rule.h"

#include <ctype.h>

#include "core/zone.h"

enum { DAY = 86400, HOUR = 3600 };

/* --- reading --- */

/* "CET", "<+0330>": what it is called is of no use here. */
static bool skip_name(const char **s)
{
	const char *p = *s;

	if (*p == '<') {
		while (*p && *p != '>')
			p++;
		if (*p != '>')
			return false;
		*s = p + 1;
		return true;
	}
	while (isalpha((unsigned char)*p))
		p++;
	if (p - *s < 3)
		return false;
	*s = p;
	return true;
}

static bool read_number(int *out, const char **s, int most)
{
	const char *p = *s;
	int n = 0;

	while (isdigit((unsigned char)*p) && n <= most)
		n = n * 10 + (*p++ - '0');
	if (p == *s || n > most)
		return false;
	*out = n;
	*s = p;
	return true;
}

/* "[+-]hh[:mm[:ss]]" as seconds. */
static bool read_time(int64_t *out, const char **s)
{
	int sign = 1, hour, minute = 0, second = 0;

	if (**s == '-' || **s == '+')
		sign = *(*s)++ == '-' ? -1 : 1;
	if (!read_number(&hour, s, 167))
		return false;
	if (**s == ':') {
		++*s;
		if (!read_number(&minute, s, 59))
			return false;
		if (**s == ':') {
			++*s;
			if (!read_number(&second, s, 59))
				return false;
		}
	}
	*out = (int64_t)sign * (hour * HOUR + minute * 60 + second);
	return true;
}

static bool read_dot(const char **s)
{
	return *(*s)++ == '.';
}

/* ",M3.5.0/2", ",J60", ",59". */
static bool read_day(struct zone_day *d, const char **s)
{
	if (*(*s)++ != ',')
		return false;
	d->time = 2 * HOUR;
	if (**s == 'M') {
		++*s;
		d->kind = ZONE_DAY_WEEK;
		if (!read_number(&d->month, s, 12) || !read_dot(s) ||
			!read_number(&d->week, s, 5) || !read_dot(s) ||
			!read_number(&d->day, s, 6) || !d->month || !d->week)
			return false;
	} else if (**s == 'J') {
		++*s;
		d->kind = ZONE_DAY_JULIAN;
		if (!read_number(&d->day, s, 365) || !d->day)
			return false;
	} else {
		d->kind = ZONE_DAY_ZERO;
		if (!read_number(&d->day, s, 365))
			return false;
	}
	if (**s != '/')
		return true;
	++*s;
	return read_time(&d->time, s);
}

bool zone_rule_parse(struct zone_rule *out, const char *text)
{
	const char *s = text;

	*out = (struct zone_rule){0};
	if (!skip_name(&s) || !read_time(&out->standard, &s))
		return false;
	out->standard = -out->standard; /* written as hours west */
	if (*s == '\0')
		return true;
	if (!skip_name(&s))
		return false;
	out->summer = out->standard + HOUR;
	if (*s != ',') {
		if (!read_time(&out->summer, &s))
			return false;
		out->summer = -out->summer;
	}
	out->has_summer = true;
	return read_day(&out->from, &s) && read_day(&out->to, &s) && *s == '\0';
}

/* --- using --- */

static bool is_leap(int64_t year)
{
	return civil_days(year + 1, 1, 1) - civil_days(year, 1, 1) == 366;
}

/* The local second at which that day's change comes, in this year. */
static int64_t day_moment(const struct zone_day *d, int64_t year)
{
	int64_t days = civil_days(year, 1, 1), first, weekday;

	switch (d->kind) {
	case ZONE_DAY_JULIAN: /* February 29 is never counted */
		days += d->day - 1 + (is_leap(year) && d->day >= 60);
		break;
	case ZONE_DAY_WEEK:
		first = civil_days(year, d->month, 1);
		weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
		days = first + (d->day - weekday + 7) % 7 + 7 * (d->week - 1);
		if (days >= civil_days(year, d->month + 1, 1))
			days -= 7; /* 5 is the last one, which may be the fourth */
		break;
	case ZONE_DAY_ZERO: days += d->day; break;
	case ZONE_DAY_NONE: break;
	}
	return days * DAY + d->time;
}

int64_t zone_rule_offset(const struct zone_rule *r, int64_t at)
{
	struct civil c;
	int64_t from, to;

	if (!r->has_summer)
		return r->standard;
	zone_civil(&c, NULL, at + r->standard);
	from = day_moment(&r->from, c.year) - r->standard;
	to = day_moment(&r->to, c.year) - r->summer;
	if (from <= to)
		return at >= from && at < to ? r->summer : r->standard;
	return at >= to && at < from ? r->standard : r->summer;
}
