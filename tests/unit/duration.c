#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/duration.h"

/* 2026-11-21T08:53:09Z */
#define AT (INT64_C(1795251189) * NS_PER_S)

typedef void formats_fn(struct strbuf *out, int64_t ns);

static void assert_text(formats_fn *fn, int64_t ns, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	fn(&sb, ns);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

static void parses_durations(void **state)
{
	static const struct {
		const char *s;
		int64_t ns;
	} good[] = {
		{"0", 0},
		{"0s", 0},
		{"90s", 90 * NS_PER_S},
		{"5m", 5 * NS_PER_MIN},
		{"1h30m", 90 * NS_PER_MIN},
		{"2d", 2 * NS_PER_DAY},
		{"1w", 7 * NS_PER_DAY},
		{"250ms", 250 * NS_PER_MS},
		{"1y", 365 * NS_PER_DAY},
		{"007s", 7 * NS_PER_S},
		{"1m500ms", NS_PER_MIN + 500 * NS_PER_MS},
		{"1y1w1d1h1m1s1ms",
			373 * NS_PER_DAY + NS_PER_HOUR + NS_PER_MIN + NS_PER_S +
				NS_PER_MS},
		{"292y", 292 * 365 * NS_PER_DAY},
		{"9223372036854ms", INT64_C(9223372036854) * NS_PER_MS},
	};
	struct err e = ERR_INIT;
	int64_t v = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (duration_parse(&v, good[i].s, &e))
			fail_msg("%s: %s", good[i].s, e.what);
		assert_true(v == good[i].ns);
	}
}

static void refuses_durations(void **state)
{
	static const char *const bad[] = {"", "5", "m", "5 m", " 5m", "5m ", "30m1h",
		"1h1h", "1.5h", "-5m", "+5m", "5M", "5min", "1ns", "5us", "1hm",
		"9223372036855ms", "300y", "99999999999999999999s", "292y365d", "0m0",
		"00"};
	struct err e = ERR_INIT;
	int64_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (!duration_parse(&v, bad[i], &e))
			fail_msg("accepted '%s'", bad[i]);
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(e.hint);
		assert_true(v == 7);
	}
	err_release(&e);
}

static void formats_as_prometheus(void **state)
{
	(void)state;
	assert_text(duration_format, 0, "0s");
	assert_text(duration_format, 5 * NS_PER_MIN, "5m");
	assert_text(duration_format, 90 * NS_PER_MIN, "1h30m");
	assert_text(duration_format, 250 * NS_PER_MS, "250ms");
	assert_text(duration_format, 7 * NS_PER_DAY, "1w");
	assert_text(duration_format, 8 * NS_PER_DAY, "8d");
	assert_text(duration_format, 365 * NS_PER_DAY, "1y");
	assert_text(duration_format, 30 * NS_PER_DAY, "30d");
	assert_text(duration_format, 28 * NS_PER_DAY, "4w");
	assert_text(duration_format, 36 * NS_PER_HOUR, "1d12h");
	assert_text(duration_format, -NS_PER_S, "-1s");
	assert_text(duration_format, 999999, "0s");
	assert_text(duration_format, NS_PER_S + 1, "1s");
	assert_text(duration_format, INT64_MIN, "-106751d23h47m16s854ms");
}

static void what_is_written_is_read(void **state)
{
	int64_t v = NS_PER_MS;

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct strbuf sb = STRBUF_INIT;
		struct err e = ERR_INIT;
		int64_t back = 0;

		duration_format(&sb, v);
		assert_int_equal(duration_parse(&back, sb.buf, &e), 0);
		assert_true(back == v);
		strbuf_release(&sb);
		v = v * 2 + (i % 3) * NS_PER_MS;
	}
}

static void for_people(void **state)
{
	(void)state;
	assert_text(duration_human, 0, "0 s");
	assert_text(duration_human, 999, "<1 ms");
	assert_text(duration_human, 250 * NS_PER_MS, "250 ms");
	assert_text(duration_human, 14 * NS_PER_S, "14 s");
	assert_text(duration_human, 3 * NS_PER_MIN + 59 * NS_PER_S, "3 min");
	assert_text(duration_human, 125 * NS_PER_MIN, "2 h 05");
	assert_text(duration_human, 99 * NS_PER_HOUR, "4 d 3 h");
	assert_text(duration_human, 4 * NS_PER_DAY, "4 d");
	assert_text(duration_human, 30 * NS_PER_DAY + 5 * NS_PER_HOUR, "30 d");
	assert_text(duration_human, -99 * NS_PER_HOUR, "-4 d 3 h");
	assert_text(duration_human, -NS_PER_MIN, "-1 min");
	assert_text(duration_human, INT64_MAX, "292 y");
	assert_text(duration_human, INT64_MIN, "-");
	assert_text(duration_short, 14 * NS_PER_S, "14s");
	assert_text(duration_short, 3 * NS_PER_MIN, "3m");
	assert_text(duration_short, 125 * NS_PER_MIN, "2h05");
	assert_text(duration_short, 99 * NS_PER_HOUR, "4d03");
	assert_text(duration_short, 250 * NS_PER_MS, "250ms");
	assert_text(duration_short, 0, "0s");
	assert_text(duration_short, -250 * NS_PER_MS, "0s");
	assert_text(duration_short, -125 * NS_PER_MIN, "-2h05");
	assert_text(duration_short, INT64_MIN, "-");
}

/* Whatever the span, the columns hold. */
static void never_too_wide(void **state)
{
	(void)state;
	for (int64_t v = 1; v < INT64_MAX / 3 * 2; v += v / 7 + 1) {
		for (int sign = -1; sign <= 1; sign += 2) {
			struct strbuf sb = STRBUF_INIT;

			duration_human(&sb, sign * v);
			assert_in_range(sb.len, 1, 8);
			strbuf_reset(&sb);
			duration_short(&sb, sign * v);
			assert_in_range(sb.len, 1, 5);
			strbuf_release(&sb);
		}
	}
}

static void parses_times(void **state)
{
	static const struct {
		const char *s;
		int64_t at;
	} good[] = {
		{"2026-11-21T08:53:09Z", AT},
		{"2026-11-21t08:53:09z", AT},
		{"2026-11-21 08:53:09", AT},
		{"2026-11-21T10:53:09+02:00", AT},
		{"2026-11-21T10:53:09+0200", AT},
		{"2026-11-21T10:53:09+02", AT},
		{"2026-11-21T03:23:09-05:30", AT},
		{"2026-11-21T08:53:09-00:00", AT},
		{"2026-11-21T08:53:09.5Z", AT + NS_PER_S / 2},
		{"2026-11-21T08:53:09,25Z", AT + NS_PER_S / 4},
		{"2026-11-21T08:53:09.123456789Z", AT + 123456789},
		{"2026-11-21T08:53:09.1234567899999Z", AT + 123456789},
		{"2026-11-21 08:53:09.123456+00:00", AT + 123456000},
		{"2026-11-21T08:53Z", AT - 9 * NS_PER_S},
		{"2026-11-21 08:53:09 UTC", AT},
		{"2026-11-21 10:53:09.5 +0200", AT + NS_PER_S / 2},
		{"Sat, 21 Nov 2026 08:53:09 GMT", AT},
		{"Sat, 21 Nov 2026 10:53:09 +0200", AT},
		{"Sat, 21-Nov-2026 08:53:09 GMT", AT},
		{"Thu, 1 Jan 1970 00:00:00 GMT", 0},
		{"1970-01-01", 0},
		{"1969-12-31T23:59:59.999999999Z", -1},
		{"2000-02-29T00:00:00Z", INT64_C(951782400) * NS_PER_S},
		{"2016-12-31T23:59:60Z", INT64_C(1483228800) * NS_PER_S},
		{"1900-03-01T00:00:00Z", INT64_C(-2203891200) * NS_PER_S},
		{"2262-04-11T23:47:15.999999999Z", INT64_C(9223372035999999999)},
		{"0001-01-01T00:00:00Z", INT64_MIN},
	};
	struct err e = ERR_INIT;
	int64_t v = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (time_parse(&v, good[i].s, &e))
			fail_msg("%s: %s", good[i].s, e.what);
		if (v != good[i].at)
			fail_msg("%s: %lld", good[i].s, (long long)v);
	}
}

static void refuses_times(void **state)
{
	static const char *const bad[] = {"", "now", "2026", "2026-11", "2026-11-21T",
		"2026-13-01", "2026-00-01", "2026-11-31", "2026-02-29", "1900-02-29",
		"2026-11-21T24:00:00Z", "2026-11-21T08:60:00Z", "2026-11-21T08:53:61Z",
		"2026-11-21T08:53:09.Z", "2026-11-21T08:53:09ZZ", "2026-11-21T08:53:09 Z",
		"2026-11-21T08:53:09+2", "2026-11-21T08:53:09+24:00",
		"2026-11-21T08:53:09+02:60", "2026-11-21T08:53:09+02:", "2026-11-21T08Z",
		"2026-1-21T08:53:09Z", "+2026-11-21T08:53:09Z", " 2026-11-21",
		"2026-11-21 ", "2026/11/21", "1600-01-01T00:00:00Z",
		"2300-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
		"2026-11-21T08:53:09+02:00:00", "Sat, 21 Nox 2026 08:53:09 GMT",
		"Sat, 31 Nov 2026 08:53:09 GMT", "Sat, 21 Nov 26 08:53:09 GMT",
		"Sat, 21 Nov 2026", "Sat,", "2026-11-21 08:53:09 CET"};
	struct err e = ERR_INIT;
	int64_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (!time_parse(&v, bad[i], &e))
			fail_msg("accepted '%s'", bad[i]);
		assert_int_equal(e.code, ERR_INPUT);
		assert_true(v == 7);
	}
	err_release(&e);
}

static void times_as_numbers(void **state)
{
	static const struct {
		const char *digits;
		double value;
		int64_t at;
	} good[] = {
		{"1795251189", 0, AT},
		{"1795251189000", 0, AT},
		{"1795251189000000", 0, AT},
		{"1795251189000000000", 0, AT},
		{"1795251189.5", 0, AT + NS_PER_S / 2},
		{"1795251189.123456789", 0, AT + 123456789},
		{"1795251189000.25", 0, AT + 250000},
		{"1795251189123456.7", 0, AT + 123456700},
		{"1795251189123456789", 0, AT + 123456789},
		{"1000000000", 0, NS_PER_S * NS_PER_S},
		{"9223372035", 0, INT64_C(9223372035) * NS_PER_S},
		{NULL, 1795251189, AT},
		{NULL, 1795251189.123, AT + 123 * NS_PER_MS},
		{NULL, 1795251189.123456, AT + 123456000},
		{NULL, 1795251189000.0, AT},
		{"1.795251189e9", 1795251189, AT},
		{"1.7e+18", 1.7e18, INT64_C(1700000000) * NS_PER_S},
	};
	static const char *const bad[] = {"0", "5", "999999999", "99999999999",
		"-1795251189", "0179525118", "9999999999", "9999999999999999999",
		"1795251189x", "1795251189.", ""};
	struct err e = ERR_INIT;
	int64_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (!time_parse_number(&v, 0, bad[i], &e))
			fail_msg("accepted '%s'", bad[i]);
		assert_true(v == 7);
	}
	assert_int_equal(time_parse_number(&v, 1e300, NULL, &e), -1);
	assert_int_equal(time_parse_number(&v, -1e9, NULL, &e), -1);
	assert_int_equal(time_parse_number(&v, NAN, NULL, &e), -1);
	err_release(&e);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (time_parse_number(&v, good[i].value, good[i].digits, &e))
			fail_msg("row %zu: %s", i, e.what);
		if (v != good[i].at)
			fail_msg("row %zu: %lld", i, (long long)v);
	}
}

static void formats_times(void **state)
{
	(void)state;
	assert_text(time_format, AT, "2026-11-21T08:53:09Z");
	assert_text(time_format, AT + 5 * NS_PER_MS + 1, "2026-11-21T08:53:09.005Z");
	assert_text(time_format, AT + 999999, "2026-11-21T08:53:09Z");
	assert_text(time_format, -1, "1969-12-31T23:59:59.999Z");
	assert_text(time_format, INT64_MAX, "2262-04-11T23:47:16.854Z");
	assert_text(time_format, INT64_MIN, "-");
}

static void assert_human(int64_t at, bool utc, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	time_human(&sb, at, AT, utc);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

static void times_for_people(void **state)
{
	(void)state;
	setenv("TZ", "XXX-2", 1);
	tzset();
	assert_human(AT, true, "08:53:09");
	assert_human(AT, false, "10:53:09");
	assert_human(AT - NS_PER_DAY, true, "Nov 20 08:53");
	assert_human(AT - 10 * NS_PER_HOUR, true, "Nov 20 22:53");
	assert_human(AT - 10 * NS_PER_HOUR, false, "00:53:09");
	assert_human(AT - 365 * NS_PER_DAY, true, "2025-11-21");
	assert_human(AT + NS_PER_DAY, true, "Nov 22 08:53");
	assert_human(INT64_MIN, true, "-");
	setenv("TZ", "UTC", 1);
	tzset();
}

UNIT_TESTS(cmocka_unit_test(parses_durations), cmocka_unit_test(refuses_durations),
	cmocka_unit_test(formats_as_prometheus),
	cmocka_unit_test(what_is_written_is_read), cmocka_unit_test(for_people),
	cmocka_unit_test(never_too_wide), cmocka_unit_test(parses_times),
	cmocka_unit_test(refuses_times), cmocka_unit_test(times_as_numbers),
	cmocka_unit_test(formats_times), cmocka_unit_test(times_for_people))
