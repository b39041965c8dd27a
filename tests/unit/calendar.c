#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/mem.h"
#include "core/path.h"
#include "core/zone.h"
#include "signal/calendar.h"
#include "tests/fuzz/fuzz.h"

static int64_t moment(const char *text)
{
	struct err e = ERR_INIT;
	int64_t at = 0;

	assert_int_equal(time_parse(&at, text, &e), 0);
	return at;
}

static struct zone *zone(const char *name)
{
	struct zone *z = NULL;
	struct err e = ERR_INIT;

	if (zone_load(&z, name, &e) < 0) {
		print_message("SKIP: %s\n", e.what);
		err_release(&e);
		skip();
	}
	return z;
}

static void days_count_as_the_calendar_does(void **state)
{
	struct civil c;

	(void)state;
	assert_int_equal(civil_days(1970, 1, 1), 0);
	assert_int_equal(civil_days(2000, 3, 1), 11017);
	assert_int_equal(civil_days(1969, 12, 31), -1);
	assert_int_equal(civil_days(1970, 13, 1), 365);
	assert_int_equal(civil_days(1970, 0, 31), -1);
	assert_int_equal(civil_month_days(2028, 2), 29);
	assert_int_equal(civil_month_days(2100, 2), 28);
	for (int64_t day = -200000; day < 200000; day += 37) {
		zone_civil(&c, NULL, day * 86400 + 3723);
		assert_int_equal(civil_days(c.year, c.month, c.day), day);
		assert_true(c.hour == 1 && c.minute == 2 && c.second == 3);
		assert_int_equal(zone_moment(NULL, &c), day * 86400 + 3723);
	}
}

/* The C library, with TZ set, is the reference: 1900 to 2150, each zone at every 11 hours. */
static void offsets_are_the_c_librarys(void **state)
{
	static const char *const names[] = {"Europe/Berlin", "America/New_York",
		"Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo",
		"Africa/Casablanca", "Europe/Dublin", "Pacific/Apia", "Asia/Tehran",
		"America/Santiago", "Antarctica/Troll", "Pacific/Chatham"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct zone *z = zone(names[i]);

		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t at = -2208988800; at < 5680281600; at += 39601) {
			time_t t = (time_t)at;
			struct tm tm;

			assert_non_null(localtime_r(&t, &tm));
			if (zone_offset(z, at) != tm.tm_gmtoff)
				fail_msg("%s at %lld: %lld is not %ld", names[i],
					(long long)at, (long long)zone_offset(z, at),
					tm.tm_gmtoff);
		}
		zone_free(z);
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

static void hours_that_come_twice_or_never(void **state)
{
	struct zone *z = zone("Europe/Berlin");
	struct civil twice = {2026, 10, 25, 2, 30, 0}, never = {2026, 3, 29, 2, 30, 0};
	struct civil shown;

	(void)state;
	/* 02:30 summer time is 00:30 UTC; the second one would be 01:30. */
	assert_int_equal(
		zone_moment(z, &twice) * NS_PER_S, moment("2026-10-25T00:30:00Z"));
	assert_int_equal(
		zone_moment(z, &never) * NS_PER_S, moment("2026-03-29T01:30:00Z"));
	zone_civil(&shown, z, zone_moment(z, &never));
	assert_true(shown.hour == 3 && shown.minute == 30);
	zone_free(z);
}

static void names_and_files_are_checked(void **state)
{
	static const char *const bad[] = {
		"", "/etc/passwd", "../../etc/passwd", "a b", "Europe//Berlin"};
	struct zone *z = NULL;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(zone_load(&z, bad[i], &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		err_clear(&e);
	}
	assert_int_equal(zone_load(&z, "Mars/Olympus", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.what, "Mars/Olympus"));
	err_clear(&e);
	assert_int_equal(zone_load(&z, NULL, &e), 0);
	assert_null(z);
	assert_int_equal(zone_load(&z, "UTC", &e), 0);
	assert_null(z);
	assert_int_equal(zone_parse(&z, "TZif2", 5, &e), -1);
	err_release(&e);
}

/* A file that ends early, or in which a bit is wrong, is refused or read; nothing else. */
static void damaged_files(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct zone *z;

	(void)state;
	if (path_read(&text, "/usr/share/zoneinfo/Europe/Berlin", ZONE_MAX_BYTES, &e) <
		0) {
		err_release(&e);
		strbuf_release(&text);
		skip();
	}
	for (size_t n = 0; n < text.len; n += n < 200 ? 1 : 13) {
		assert_int_equal(zone_parse(&z, text.buf, n, &e), -1);
		err_clear(&e);
	}
	for (size_t i = 0; i < text.len; i += i < 200 ? 1 : 7) {
		text.buf[i] = (char)(text.buf[i] ^ 0x55);
		LLVMFuzzerTestOneInput((const uint8_t *)text.buf, text.len);
		text.buf[i] = (char)(text.buf[i] ^ 0x55);
	}
	strbuf_release(&text);
}

/* --- periods --- */

static void is_period(const struct slo *slo, const struct zone *z, const char *now,
	const char *from, const char *to)
{
	struct strbuf text = STRBUF_INIT;
	int64_t got_from, got_to;

	assert_true(calendar_period(&got_from, &got_to, slo, z, moment(now)));
	time_format(&text, got_from);
	assert_string_equal(text.buf, from);
	strbuf_reset(&text);
	time_format(&text, got_to);
	assert_string_equal(text.buf, to);
	strbuf_release(&text);
}

static void units_begin_where_they_do(void **state)
{
	struct slo slo = {.calendar = true, .calendar_unit = CALENDAR_MONTH};
	const char *now = "2026-11-21T08:53:09Z";

	(void)state;
	is_period(&slo, NULL, now, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
	slo.calendar_unit = CALENDAR_DAY;
	is_period(&slo, NULL, now, "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z");
	slo.calendar_unit = CALENDAR_WEEK; /* that day is a Saturday */
	is_period(&slo, NULL, now, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z");
	slo.calendar_unit = CALENDAR_QUARTER;
	is_period(&slo, NULL, now, "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z");
	slo.calendar_unit = CALENDAR_YEAR;
	is_period(&slo, NULL, now, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
	/* The first moment belongs to what begins with it. */
	is_period(&slo, NULL, "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
		"2028-01-01T00:00:00Z");
}

static void starts_of_their_own(void **state)
{
	struct slo slo = {.calendar = true,
		.calendar_unit = CALENDAR_MONTH,
		.calendar_start = "2026-01-31 12:30:00"};

	(void)state;
	is_period(&slo, NULL, "2026-02-28T12:29:59Z", "2026-01-31T12:30:00Z",
		"2026-02-28T12:30:00Z");
	is_period(&slo, NULL, "2026-03-01T00:00:00Z", "2026-02-28T12:30:00Z",
		"2026-03-31T12:30:00Z");
	/* Before the start, too. */
	is_period(&slo, NULL, "2025-11-21T00:00:00Z", "2025-10-31T12:30:00Z",
		"2025-11-30T12:30:00Z");
	slo.calendar_unit = CALENDAR_WEEK;
	slo.calendar_count = 2;
	slo.calendar_start = "2026-01-05";
	is_period(&slo, NULL, "2026-01-20T00:00:00Z", "2026-01-19T00:00:00Z",
		"2026-02-02T00:00:00Z");
	is_period(&slo, NULL, "2026-01-04T23:59:59Z", "2025-12-22T00:00:00Z",
		"2026-01-05T00:00:00Z");
}

/* March has 743 hours in Berlin, October 745; a zone half a day off has another day. */
static void periods_follow_the_zone(void **state)
{
	struct slo slo = {.calendar = true, .calendar_unit = CALENDAR_MONTH};
	struct zone *berlin = zone("Europe/Berlin"), *auckland = zone("Pacific/Auckland");
	int64_t from, to;

	(void)state;
	is_period(&slo, berlin, "2026-03-15T00:00:00Z", "2026-02-28T23:00:00Z",
		"2026-03-31T22:00:00Z");
	assert_true(calendar_period(
		&from, &to, &slo, berlin, moment("2026-10-15T00:00:00Z")));
	assert_int_equal((to - from) / NS_PER_HOUR, 745);
	slo.calendar_unit = CALENDAR_DAY;
	is_period(&slo, auckland, "2026-11-21T11:30:00Z", "2026-11-21T11:00:00Z",
		"2026-11-22T11:00:00Z");
	zone_free(berlin);
	zone_free(auckland);
}

static void what_is_no_period(void **state)
{
	static const char *const bad[] = {"2026-02-29", "2026-13-01",
		"2026-01-01 24:00:00", "2026-1-1", "yesterday", "",
		"2026-01-01 00:00:00Z", "2026-01-01T00:00"};
	struct slo rolling = {.calendar = false, .calendar_unit = CALENDAR_MONTH};
	struct slo bare = {.calendar = true};
	struct civil c;
	int64_t from, to;

	(void)state;
	assert_false(calendar_period(&from, &to, &rolling, NULL, 0));
	assert_false(calendar_period(&from, &to, &bare, NULL, 0));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(calendar_start_parse(&c, bad[i]));
	rolling.calendar = true;
	rolling.calendar_start = "yesterday";
	assert_false(calendar_period(&from, &to, &rolling, NULL, 0));
}

/* Periods follow one another, whatever the unit, the start and the moment. */
static void periods_have_no_holes(void **state)
{
	struct zone *z = zone("America/Santiago");
	uint64_t x = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct slo slo = {.calendar = true,
			.calendar_start = i % 3 ? NULL : "2024-02-29 23:45:00"};
		int64_t now, from, to, next_from, next_to;

		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		slo.calendar_unit = (enum calendar_unit)(1 + (x >> 33) % 5);
		slo.calendar_count = 1 + (int64_t)((x >> 40) % 3);
		now = (int64_t)(x >> 20) % 2000000000 * NS_PER_S;
		assert_true(calendar_period(&from, &to, &slo, z, now));
		assert_true(from <= now && now < to);
		assert_true(calendar_period(&next_from, &next_to, &slo, z, to));
		assert_int_equal(next_from, to);
	}
	zone_free(z);
}

UNIT_TESTS(cmocka_unit_test(days_count_as_the_calendar_does),
	cmocka_unit_test(offsets_are_the_c_librarys),
	cmocka_unit_test(hours_that_come_twice_or_never),
	cmocka_unit_test(names_and_files_are_checked), cmocka_unit_test(damaged_files),
	cmocka_unit_test(units_begin_where_they_do),
	cmocka_unit_test(starts_of_their_own), cmocka_unit_test(periods_follow_the_zone),
	cmocka_unit_test(what_is_no_period), cmocka_unit_test(periods_have_no_holes))
