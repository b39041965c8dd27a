#include "config.h"
#include "core/duration.h"

#include <string.h>

#include "core/i18n.h"

struct unit {
	const char *name;
	int64_t ns;
	bool whole; /* written only when nothing is left over */
};

/* Prometheus's, largest first. */
static const struct unit units[] = {
	{"y", 365 * NS_PER_DAY, true},
	{"w", 7 * NS_PER_DAY, true},
	{"d", NS_PER_DAY, false},
	{"h", NS_PER_HOUR, false},
	{"m", NS_PER_MIN, false},
	{"s", NS_PER_S, false},
	{"ms", NS_PER_MS, false},
};

/* Digits at *s as a number; false without digits or over int64. */
static bool take_number(const char **s, int64_t *out)
{
	const char *start = *s;
	int64_t v = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++) {
		int digit = **s - '0';

		if (v > (INT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return *s > start;
}

/* The unit named at *s, from index from on. */
static const struct unit *take_unit(const char **s, size_t from)
{
	size_t n = strspn(*s, "ywdhms");

	for (size_t i = from; i < ARRAY_LEN(units); i++)
		if (strlen(units[i].name) == n && !strncmp(units[i].name, *s, n)) {
			*s += n;
			return &units[i];
		}
	return NULL;
}

static int bad_duration(const char *s, struct err *e)
{
	err_set(e, ERR_INPUT, _("'%s' is not a duration"), s);
	return err_hint(e, _("write it as 30s, 5m, 1h30m or 2d"));
}

int duration_parse(int64_t *out, const char *s, struct err *e)
{
	const char *at = s;
	int64_t total = 0, v;
	size_t from = 0;

	if (!strcmp(s, "0")) {
		*out = 0;
		return 0;
	}
	if (!*s)
		return bad_duration(s, e);
	while (*at) {
		const struct unit *u = NULL;

		if (take_number(&at, &v))
			u = take_unit(&at, from);
		if (!u || v > (INT64_MAX - total) / u->ns)
			return bad_duration(s, e);
		total += v * u->ns;
		from = (size_t)(u - units) + 1;
	}
	*out = total;
	return 0;
}

/* Without overflow for INT64_MIN, which loses a nanosecond that nobody sees. */
static int64_t magnitude(struct strbuf *out, int64_t ns)
{
	if (ns >= 0)
		return ns;
	strbuf_addc(out, '-');
	return ns == INT64_MIN ? INT64_MAX : -ns;
}

void duration_format(struct strbuf *out, int64_t ns)
{
	int64_t left;

	if (ns > -NS_PER_MS && ns < NS_PER_MS) {
		strbuf_adds(out, "0s");
		return;
	}
	left = magnitude(out, ns);
	left -= left % NS_PER_MS;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		const struct unit *u = &units[i];

		if (left < u->ns || (u->whole && left % u->ns))
			continue;
		strbuf_addf(out, "%lld%s", (long long)(left / u->ns), u->name);
		left %= u->ns;
	}
}

void duration_human(struct strbuf *out, int64_t ns)
{
	bool minus = ns < 0;
	int64_t left;
	int days, hours;

	if (ns == INT64_MIN || !ns) {
		strbuf_adds(out, ns ? "-" : "0 s");
		return;
	}
	left = magnitude(out, ns);
	days = (int)(left / NS_PER_DAY);
	hours = (int)(left / NS_PER_HOUR);
	if (left < NS_PER_MS)
		strbuf_adds(out, "<1 ms");
	else if (left < NS_PER_S)
		strbuf_addf(out, "%d ms", (int)(left / NS_PER_MS));
	else if (left < NS_PER_MIN)
		strbuf_addf(out, "%d s", (int)(left / NS_PER_S));
	else if (left < NS_PER_HOUR)
		strbuf_addf(out, "%d min", (int)(left / NS_PER_MIN));
	else if (left < NS_PER_DAY)
		strbuf_addf(out, "%d h %02d", hours, (int)(left / NS_PER_MIN % 60));
	else if (days < 10 && hours % 24 && !(minus && hours % 24 >= 10))
		strbuf_addf(out, "%d d %d h", days, hours % 24);
	else if (days < 10000)
		strbuf_addf(out, "%d d", days);
	else
		strbuf_addf(out, "%d y", days / 365);
}

/* A minus sign takes the column of the second unit when that has two digits. */
void duration_short(struct strbuf *out, int64_t ns)
{
	bool minus = ns < 0;
	int64_t left;
	int days, hours;

	if (ns == INT64_MIN) {
		strbuf_adds(out, "-");
		return;
	}
	if (ns > -NS_PER_S && ns < (minus ? NS_PER_S : NS_PER_MS)) {
		strbuf_adds(out, "0s");
		return;
	}
	left = magnitude(out, ns);
	days = (int)(left / NS_PER_DAY);
	hours = (int)(left / NS_PER_HOUR);
	if (left < NS_PER_S)
		strbuf_addf(out, "%dms", (int)(left / NS_PER_MS));
	else if (left < NS_PER_MIN)
		strbuf_addf(out, "%ds", (int)(left / NS_PER_S));
	else if (left < NS_PER_HOUR)
		strbuf_addf(out, "%dm", (int)(left / NS_PER_MIN));
	else if (left < NS_PER_DAY && minus && hours >= 10)
		strbuf_addf(out, "%dh", hours);
	else if (left < NS_PER_DAY)
		strbuf_addf(out, "%dh%02d", hours, (int)(left / NS_PER_MIN % 60));
	else if (days >= 1000)
		strbuf_addf(out, "%dy", days / 365);
	else if (days >= (minus ? 10 : 100))
		strbuf_addf(out, "%dd", days);
	else
		strbuf_addf(out, "%dd%02d", days, hours % 24);
}
