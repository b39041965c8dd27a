#include "config.h"
#include "core/zone.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "core/path.h"
#include "core/strbuf.h"
#include "core/zone_rule.h"

enum {
	DAY = 86400,
	HEADER = 44,
	MAX_TRANSITIONS = 20000,
	MAX_TYPES = 256,
	MAX_NAME = 64,
};

struct zone {
	int64_t *at; /* owned: when each transition happened, ascending */
	unsigned char *type; /* owned: what it led to */
	size_t n;
	int32_t offsets[MAX_TYPES];
	size_t n_types;
	struct zone_rule rule; /* after the last one; standard false: none is given */
	bool ruled;
};

/* --- the calendar --- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t civil_days(int64_t year, int64_t month, int64_t day)
{
	int64_t era, of_era, of_year;

	year += floor_div(month - 1, 12);
	month = month - 1 - 12 * floor_div(month - 1, 12);
	/* Years that begin in March have the leap day at their end. */
	year -= month < 2;
	month = (month + 10) % 12;
	era = floor_div(year, 400);
	of_year = (153 * month + 2) / 5;
	of_era = (year - era * 400) * 365 + (year - era * 400) / 4 -
		(year - era * 400) / 100 + of_year;
	return era * 146097 + of_era - 719468 + day - 1;
}

int civil_month_days(int64_t year, int64_t month)
{
	return (int)(civil_days(year, month + 1, 1) - civil_days(year, month, 1));
}

static void civil_of_days(struct civil *out, int64_t days)
{
	int64_t year = 1970 + floor_div(days, days < 0 ? 365 : 366);
	int month = 1;

	while (civil_days(year + 1, 1, 1) <= days)
		year++;
	while (month < 12 && civil_days(year, month + 1, 1) <= days)
		month++;
	out->year = year;
	out->month = month;
	out->day = (int)(days - civil_days(year, month, 1)) + 1;
}

/* --- reading a file --- */

struct reader {
	const unsigned char *p, *end;
	bool failed;
};

static const unsigned char *take(struct reader *r, size_t n)
{
	const unsigned char *p = r->p;

	if (r->failed || (size_t)(r->end - r->p) < n) {
		r->failed = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static int64_t big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = n && (p[0] & 0x80) ? ~UINT64_C(0) : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

struct header {
	int version;
	size_t is_ut, is_std, leap, time, type, chars;
};

static bool header_read(struct header *h, struct reader *r)
{
	const unsigned char *p = take(r, HEADER);
	size_t *const counts[] = {
		&h->is_ut, &h->is_std, &h->leap, &h->time, &h->type, &h->chars};

	if (!p || memcmp(p, "TZif", 4))
		return false;
	h->version = p[4] ? p[4] - '0' : 1;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		int64_t count = big_endian(p + 20 + 4 * i, 4);

		if (count < 0 || count > MAX_TRANSITIONS)
			return false;
		*counts[i] = (size_t)count;
	}
	return h->type > 0 && h->type <= MAX_TYPES;
}

/* What one block holds; width: of its times. */
static bool block_read(
	struct zone *z, struct reader *r, const struct header *h, size_t width)
{
	const unsigned char *times = take(r, h->time * width);
	const unsigned char *kinds = take(r, h->time);
	const unsigned char *types = take(r, h->type * 6);

	take(r, h->chars + h->leap * (width + 4) + h->is_std + h->is_ut);
	if (r->failed)
		return false;
	z->at = mem_new(h->time + 1, sizeof(*z->at));
	z->type = mem_new(h->time + 1, 1);
	z->n = h->time;
	z->n_types = h->type;
	for (size_t i = 0; i < h->time; i++) {
		z->at[i] = big_endian(times + width * i, width);
		z->type[i] = kinds[i];
		if (kinds[i] >= h->type || (i && z->at[i] <= z->at[i - 1]))
			return false;
	}
	for (size_t i = 0; i < h->type; i++)
		z->offsets[i] = (int32_t)big_endian(types + 6 * i, 4);
	return true;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; nothing between: no rule. */
static bool footer_read(struct zone *z, struct reader *r)
{
	const unsigned char *p = take(r, 1);
	const char *text, *line_end;
	char rule[ZONE_RULE_MAX];
	size_t n;

	if (!p || *p != '\n')
		return false;
	text = (const char *)r->p;
	line_end = memchr(text, '\n', (size_t)(r->end - r->p));
	if (!line_end)
		return false;
	n = (size_t)(line_end - text);
	if (n == 0)
		return true;
	if (n >= sizeof(rule) || memchr(text, '\0', n))
		return false;
	memcpy(rule, text, n);
	rule[n] = '\0';
	z->ruled = zone_rule_parse(&z->rule, rule);
	return z->ruled;
}

static bool file_read(struct zone *z, struct reader *r)
{
	struct header h = {0};

	if (!header_read(&h, r))
		return false;
	if (h.version < 2)
		return block_read(z, r, &h, 4);
	/* The first block is for those who cannot read the second. */
	take(r, h.time * 5 + h.type * 6 + h.chars + h.leap * 8 + h.is_std + h.is_ut);
	return header_read(&h, r) && block_read(z, r, &h, 8) && footer_read(z, r);
}

int zone_parse(struct zone **out, const void *file, size_t n, struct err *e)
{
	struct reader r = {file, (const unsigned char *)file + n, false};
	struct zone *z;

	*out = NULL;
	if (n > ZONE_MAX_BYTES)
		return err_set(e, ERR_LIMIT, _("a time zone's file over %d bytes"),
			ZONE_MAX_BYTES);
	z = mem_new(1, sizeof(*z));
	if (!file_read(z, &r)) {
		zone_free(z);
		return err_set(
			e, ERR_INPUT, _("this is no time zone's file, or a damaged one"));
	}
	*out = z;
	return 0;
}

void zone_free(struct zone *z)
{
	if (!z)
		return;
	free(z->at);
	free(z->type);
	free(z);
}

/* "Europe/Berlin": nothing that leads out of the folder. */
static bool is_name(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

	return *name && *name != '/' && strlen(name) <= MAX_NAME &&
		name[strspn(name, allowed)] == '\0' && !strstr(name, "//");
}

int zone_load(struct zone **out, const char *name, struct err *e)
{
	const char *folder = getenv("TZDIR");
	struct strbuf text = STRBUF_INIT;
	char *path;
	int rc;

	*out = NULL;
	if (!name || !strcmp(name, "UTC") || !strcmp(name, "Etc/UTC"))
		return 0;
	if (!is_name(name))
		return err_set(e, ERR_INPUT, _("'%s' is no time zone"), name);
	path = mem_format(
		"%s/%s", folder && *folder ? folder : "/usr/share/zoneinfo", name);
	rc = path_read(&text, path, ZONE_MAX_BYTES, e);
	if (rc < 0) {
		err_clear(e);
		err_set(e, ERR_NOT_FOUND, _("the time zone '%s' is not known here"),
			name);
		err_hint(e,
			_("names are like Europe/Berlin; they come with the package "
			  "tzdata"));
	} else {
		rc = zone_parse(out, text.buf, text.len, e);
	}
	strbuf_release(&text);
	free(path);
	return rc;
}

/* --- using it --- */

int64_t zone_offset(const struct zone *z, int64_t at)
{
	size_t low = 0, high;

	if (!z)
		return 0;
	high = z->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (z->at[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == z->n && z->ruled)
		return zone_rule_offset(&z->rule, at);
	return z->offsets[low ? z->type[low - 1] : 0];
}

void zone_civil(struct civil *out, const struct zone *z, int64_t at)
{
	int64_t local = at + zone_offset(z, at);
	int64_t days = floor_div(local, DAY);
	int of_day = (int)(local - days * DAY);

	civil_of_days(out, days);
	out->hour = of_day / 3600;
	out->minute = of_day / 60 % 60;
	out->second = of_day % 60;
}

int64_t zone_moment(const struct zone *z, const struct civil *c)
{
	int64_t local = civil_days(c->year, c->month, c->day) * DAY +
		(int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
	int64_t before = zone_offset(z, local - DAY);
	int64_t after = zone_offset(z, local + DAY);

	if (zone_offset(z, local - before) == before)
		return local - before;
	if (zone_offset(z, local - after) == after)
		return local - after;
	return local - before;
}
