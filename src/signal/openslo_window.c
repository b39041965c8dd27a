/* OpenSLO time windows, rolling and of the calendar, and durations. */
#include "config.h"

#include "signal/openslo.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "signal/calendar.h"

struct window_spec {
	bool rolling;
	const char *unit;
	int64_t count;
	const struct yaml_node *duration, *calendar;
};

static const struct yaml_field window_fields[] = {
	KEY(window_spec, duration, "duration", YAML_NODE, YAML_REQUIRED),
	KEY(window_spec, rolling, "isRolling", YAML_BOOL, 0),
	KEY(window_spec, calendar, "calendar", YAML_NODE, 0),
	{0},
};

static const struct yaml_field alpha_window_fields[] = {
	KEY(window_spec, unit, "unit", YAML_TEXT, YAML_REQUIRED),
	KEY(window_spec, count, "count", YAML_INT, YAML_REQUIRED),
	KEY(window_spec, rolling, "isRolling", YAML_BOOL, 0),
	KEY(window_spec, calendar, "calendar", YAML_NODE, 0),
	{0},
};

struct calendar_spec {
	const char *start, *zone;
};

static const struct yaml_field calendar_fields[] = {
	KEY(calendar_spec, start, "startTime", YAML_TEXT, YAML_REQUIRED),
	KEY(calendar_spec, zone, "timeZone", YAML_TEXT, YAML_REQUIRED),
	{0},
};

/* The durations of the specification; a month has 30 days in a rolling window. */
static const struct unit {
	char letter;
	const char *name;
	int64_t ns;
	enum calendar_unit calendar;
} units[] = {
	{'m', "Minute", NS_PER_MIN, CALENDAR_NONE},
	{'h', "Hour", NS_PER_HOUR, CALENDAR_NONE},
	{'d', "Day", NS_PER_DAY, CALENDAR_DAY},
	{'w', "Week", 7 * NS_PER_DAY, CALENDAR_WEEK},
	{'M', "Month", 30 * NS_PER_DAY, CALENDAR_MONTH},
	{'Q', "Quarter", 90 * NS_PER_DAY, CALENDAR_QUARTER},
	{'Y', "Year", 365 * NS_PER_DAY, CALENDAR_YEAR},
};

static int64_t times(int64_t count, int64_t ns)
{
	return count > 0 && count < 100000 && count <= INT64_MAX / ns ? count * ns : 0;
}

/* The unit and how many; NULL when the text is no duration. */
static const struct unit *shorthand(int64_t *count, const char *text)
{
	char *end = NULL;

	if (!text || !isdigit((unsigned char)*text))
		return NULL;
	*count = strtoll(text, &end, 10);
	for (size_t i = 0; *end && end[1] == '\0' && i < ARRAY_LEN(units); i++) {
		if (*end == units[i].letter && times(*count, units[i].ns) > 0)
			return &units[i];
	}
	return NULL;
}

static const struct unit *read_shorthand(
	struct slo_reader *r, int64_t *count, const struct yaml_node *at)
{
	const char *text = yaml_text(at);
	const struct unit *unit = shorthand(count, text);

	if (!unit) {
		yaml_problem(r->problems, at,
			_("'%s' is no duration: a number and one of m, h, d, w, M, Q, Y"),
			text ? text : "");
		problems_hint(r->problems, _("write it as 5m, 28d or 1M"));
	}
	return unit;
}

int64_t openslo_duration(struct slo_reader *r, const struct yaml_node *at)
{
	int64_t count = 0;
	const struct unit *unit = read_shorthand(r, &count, at);

	return unit ? times(count, unit->ns) : 0;
}

bool openslo_is_zero(const struct yaml_node *at)
{
	const char *text = yaml_text(at);
	size_t n = text ? strspn(text, "0") : 0;

	if (n == 0 || text[n] == '\0')
		return n > 0;
	for (size_t i = 0; text[n + 1] == '\0' && i < ARRAY_LEN(units); i++) {
		if (text[n] == units[i].letter)
			return true;
	}
	return false;
}

static const struct unit *alpha_unit(
	struct slo_reader *r, const struct window_spec *w, const struct yaml_node *node)
{
	for (size_t i = 0; w->unit && i < ARRAY_LEN(units); i++) {
		if (strcmp(w->unit, units[i].name) == 0 &&
			times(w->count, units[i].ns) > 0)
			return &units[i];
	}
	if (w->unit)
		yaml_problem(r->problems, node,
			_("a time window is a positive count of Minute, Hour, Day, Week, "
			  "Month, Quarter or Year"));
	return NULL;
}

/* A zone's name cannot be looked up here: what it looks like can. */
static bool is_zone(const char *zone)
{
	for (const char *s = zone; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("_/+-", *s))
			return false;
	}
	return *zone != '\0';
}

static void read_calendar(
	struct slo_reader *r, struct openslo_window *out, const struct yaml_node *node)
{
	struct calendar_spec c = {0};
	struct civil start;

	(void)yaml_read(&c, node, calendar_fields, r->arena, r->problems);
	if (c.start && !calendar_start_parse(&start, c.start)) {
		yaml_problem(r->problems, yaml_get(node, "startTime"),
			_("'%s' is no time: it is written as 2026-01-01 00:00:00"),
			c.start);
		c.start = NULL;
	}
	if (c.zone && !is_zone(c.zone)) {
		yaml_problem(r->problems, yaml_get(node, "timeZone"),
			_("'%s' is no time zone, as Europe/Berlin is one"), c.zone);
		c.zone = NULL;
	}
	out->start = c.start;
	out->zone = c.zone;
}

static void read_kind(struct slo_reader *r, struct openslo_window *out,
	const struct window_spec *w, const struct unit *unit,
	const struct yaml_node *node)
{
	out->calendar = !w->rolling;
	if (w->rolling && w->calendar)
		yaml_problem(r->problems, w->calendar,
			_("a rolling window has no 'calendar': it is read as rolling"));
	if (w->rolling)
		return;
	if (w->calendar) {
		read_calendar(r, out, w->calendar);
	} else {
		yaml_problem(r->problems, node,
			_("a window that does not roll needs a 'calendar' with "
			  "'startTime' and 'timeZone'"));
		problems_hint(r->problems,
			_("until then it begins where its unit does, in UTC"));
	}
	out->unit = unit->calendar;
	out->count = out->ns / unit->ns;
	if (unit->calendar != CALENDAR_NONE)
		return;
	yaml_problem(r->problems, node,
		_("a calendar window has days, weeks, months, quarters or years: it is "
		  "read as a rolling one"));
	problems_hint(r->problems, _("'m' is minutes, 'M' is months"));
	out->calendar = false;
}

bool openslo_window(struct slo_reader *r, struct openslo_window *out,
	const struct yaml_node *list, enum openslo_version version)
{
	const struct yaml_node *node = yaml_item(list, 0);
	struct window_spec w = {.rolling = true, .count = 0};
	const struct unit *unit = NULL;
	bool alpha = version == OPENSLO_ALPHA;

	*out = (struct openslo_window){0};
	if (yaml_type(list) != YAML_LIST || yaml_count(list) != 1)
		return yaml_problem(r->problems, list,
			       _("there has to be exactly one time window")) == 0;
	w.rolling = !yaml_get(node, "calendar");
	(void)yaml_read(&w, node, alpha ? alpha_window_fields : window_fields, r->arena,
		r->problems);
	if (alpha)
		unit = alpha_unit(r, &w, node);
	else if (w.duration)
		unit = read_shorthand(r, &w.count, w.duration);
	if (!unit)
		return false;
	out->ns = times(w.count, unit->ns);
	read_kind(r, out, &w, unit, node);
	if (out->ns < NS_PER_HOUR && w.rolling) {
		yaml_problem(r->problems, node,
			_("a time window under an hour is too short for an error "
			  "budget"));
		problems_hint(r->problems, _("'m' is minutes, 'M' is months"));
	}
	return true;
}
