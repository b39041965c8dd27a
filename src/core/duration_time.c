/* The part of duration.h that is about moments. */
#include "config.h"
#include "core/duration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/i18n.h"

struct moment {
	int year, month, day, hour, minute, second;
	int64_t fraction_ns;
	int64_t offset_s; /* east of UTC */
};

/* Exactly n digits at *s. */
static bool take(const char **s, int n, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		char c = (*s)[i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + c - '0';
	}
	*s += n;
	*out = v;
	return true;
}

static bool take_char(const char **s, const char *any)
{
	if (!**s || !strchr(any, **s))
		return false;
	(*s)++;
	return true;
}

/* Digits after the point as ns; those after the ninth are cut. */
static bool take_fraction(const char **s, int64_t *ns)
{
	int64_t unit = NS_PER_S / 10;
	const char *start = *s;

	*ns = 0;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		*ns += (**s - '0') * unit;
		unit /= 10;
	}
	return *s > start;
}

/* "Z", "+02:00", "+0200", "+02" or nothing; behind a space also "UTC" and "GMT". */
static bool take_offset(const char **s, int64_t *seconds)
{
	int hours, minutes = 0;
	bool east;

	*seconds = 0;
	if (!strcmp(*s, " UTC") || !strcmp(*s, " GMT")) {
		*s += 4;
		return true;
	}
	if (!**s || take_char(s, "Zz"))
		return true;
	if (**s == ' ' && ((*s)[1] == '+' || (*s)[1] == '-'))
		(*s)++;
	east = **s == '+';
	if (!take_char(s, "+-") || !take(s, 2, &hours))
		return false;
	if (**s && (take_char(s, ":"), !take(s, 2, &minutes)))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*seconds = (hours * 3600 + minutes * 60) * (east ? 1 : -1);
	return true;
}

static bool take_clock(const char **s, struct moment *m)
{
	if (!take(s, 2, &m->hour) || !take_char(s, ":") || !take(s, 2, &m->minute))
		return false;
	if (take_char(s, ":")) {
		if (!take(s, 2, &m->second))
			return false;
		if (take_char(s, ".,") && !take_fraction(s, &m->fraction_ns))
			return false;
	}
	return take_offset(s, &m->offset_s);
}

static const char *const months[] = {N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"),
	N_("May"), N_("Jun"), N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"),
	N_("Dec")};

/* "Sat, 21 Nov 2026 08:53:09 GMT", as HTTP and mail write it; the day of the week is not read. */
static bool take_date(const char *s, struct moment *m)
{
	*m = (struct moment){0};
	if (strlen(s) < 5 || s[3] != ',' || s[4] != ' ')
		return false;
	s += 5;
	if (s[0] && s[1] == ' ' ? !take(&s, 1, &m->day) : !take(&s, 2, &m->day))
		return false;
	if (!take_char(&s, " -"))
		return false;
	for (int i = 0; i < 12 && !m->month; i++)
		if (!strncmp(s, months[i], 3))
			m->month = i + 1;
	if (!m->month)
		return false;
	s += 3;
	return take_char(&s, " -") && take(&s, 4, &m->year) && take_char(&s, " ") &&
		take_clock(&s, m) && !*s;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool take_moment(const char *s, struct moment *m)
{
	*m = (struct moment){0};
	if (!take(&s, 4, &m->year) || !take_char(&s, "-") || !take(&s, 2, &m->month) ||
		!take_char(&s, "-") || !take(&s, 2, &m->day))
		return false;
	if (*s && (!take_char(&s, "Tt ") || !take_clock(&s, m)))
		return false;
	return !*s;
}

static bool is_possible(const struct moment *m)
{
	return m->month >= 1 && m->month <= 12 && m->day >= 1 &&
		m->day <= days_in(m->year, m->month) && m->hour <= 23 &&
		m->minute <= 59 && m->second <= 60;
}

/* Days from 1970-01-01: years run from March, so that the leap day is their last. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

int time_parse(int64_t *out, const char *s, struct err *e)
{
	struct moment m;
	int64_t seconds;

	if ((!take_moment(s, &m) && !take_date(s, &m)) || !is_possible(&m)) {
		err_set(e, ERR_INPUT, _("'%s' is not a time"), s);
		return err_hint(e, _("write it as 2026-11-21T08:53:09Z"));
	}
	seconds = days_of(m.year, m.month, m.day) * 86400 + m.hour * 3600 +
		m.minute * 60 + m.second - m.offset_s;
	if (m.year == 1 && seconds == days_of(1, 1, 1) * 86400) {
		*out = INT64_MIN;
		return 0;
	}
	if (seconds <= INT64_MIN / NS_PER_S || seconds >= INT64_MAX / NS_PER_S)
		return err_set(
			e, ERR_INPUT, _("the time '%s' is not between 1678 and 2262"), s);
	*out = seconds * NS_PER_S + m.fraction_ns;
	return 0;
}

/* The unit that integer digits have when the moment lies between 2001 and 2286, or 0. */
static int64_t unit_for(size_t digits)
{
	switch (digits) {
	case 10: return NS_PER_S;
	case 13: return NS_PER_MS;
	case 16: return NS_PER_US;
	case 19: return 1;
	default: return 0;
	}
}

/* "1700000000.25": exact, digits that are less than a nanosecond are cut. */
static bool from_digits(int64_t *out, const char *digits)
{
	size_t n = strspn(digits, "0123456789");
	int64_t unit = unit_for(n), v = 0, fraction = 0;
	const char *at = digits + n;

	if (!unit || *digits == '0')
		return false;
	if (take_char(&at, ".") && !take_fraction(&at, &fraction))
		return false;
	if (*at)
		return false;
	for (size_t i = 0; i < n; i++) {
		int digit = digits[i] - '0';

		if (v > (INT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v > (INT64_MAX - unit) / unit)
		return false;
	*out = v * unit + fraction / (NS_PER_S / unit);
	return true;
}

/* What a double holds of a moment in seconds is no more than a few hundred ns: the short form. */
static bool from_double(int64_t *out, double value)
{
	char text[40];

	if (!(value >= 1e9 && value < 9.2e18))
		return false;
	for (int places = 0; places <= 7; places++) {
		snprintf(text, sizeof(text), "%.*f", places, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return from_digits(out, text);
}

int time_parse_number(int64_t *out, double value, const char *digits, struct err *e)
{
	if (digits && from_digits(out, digits))
		return 0;
	if (from_double(out, value))
		return 0;
	err_set(e, ERR_INPUT, _("'%s' is not a time as a number"), digits ? digits : "");
	if (!digits)
		err_set(e, ERR_INPUT, _("%g is not a time as a number"), value);
	return err_hint(e,
		_("seconds, milliseconds, microseconds or nanoseconds since 1970 will "
		  "do"));
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static struct tm broken_down(int64_t at, bool utc)
{
	time_t seconds = (time_t)floor_div(at, NS_PER_S);
	struct tm tm = {0};

	if (utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	return tm;
}

void time_format(struct strbuf *out, int64_t at)
{
	int ms = (int)(floor_div(at, NS_PER_MS) - floor_div(at, NS_PER_S) * 1000);
	struct tm tm;

	if (at == INT64_MIN) {
		strbuf_adds(out, "-");
		return;
	}
	tm = broken_down(at, true);
	strbuf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (ms)
		strbuf_addf(out, ".%03d", ms);
	strbuf_addc(out, 'Z');
}

void time_human(struct strbuf *out, int64_t at, int64_t now, bool utc)
{
	struct tm tm, today;

	if (at == INT64_MIN) {
		strbuf_adds(out, "-");
		return;
	}
	tm = broken_down(at, utc);
	today = broken_down(now, utc);
	if (tm.tm_year != today.tm_year)
		strbuf_addf(out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
			tm.tm_mday);
	else if (tm.tm_yday != today.tm_yday)
		/* TRANSLATORS: month, day, hour, minute */
		strbuf_addf(out, _("%s %d %02d:%02d"), _(months[tm.tm_mon]), tm.tm_mday,
			tm.tm_hour, tm.tm_min);
	else
		strbuf_addf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

int time_day(struct strbuf *out, int64_t at, int64_t now, bool utc)
{
	struct tm tm = broken_down(at, utc), today = broken_down(now, utc);
	struct tm before = broken_down(now - 24 * 3600 * INT64_C(1000000000), utc);

	if (tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday)
		strbuf_adds(out, _("today"));
	else if (tm.tm_year == before.tm_year && tm.tm_yday == before.tm_yday)
		strbuf_adds(out, _("yesterday"));
	else if (tm.tm_year == today.tm_year)
		/* TRANSLATORS: month, day */
		strbuf_addf(out, _("%s %d"), _(months[tm.tm_mon]), tm.tm_mday);
	else
		strbuf_addf(out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
			tm.tm_mday);
	return (tm.tm_year + 1900) * 366 + tm.tm_yday;
}
