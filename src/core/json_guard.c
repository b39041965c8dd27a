#include "config.h"
#include "core/json_guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "core/text.h"

/* A double holds every integer of 15 digits. */
#define EXACT_DIGITS 15

/* cJSON reads at most this much of a number. */
#define NUMBER_BYTES 63

struct scan {
	const char *s;
	size_t n, at;
	size_t copied; /* s[0..copied-1] is in out */
	struct strbuf *out;
	struct json_guarded *g;
	size_t strings;
	int depth;
	struct err *e;
};

static size_t bom_bytes(const char *s, size_t n)
{
	return n >= 3 && !memcmp(s, "\xef\xbb\xbf", 3) ? 3 : 0;
}

static void position(const char *s, size_t n, size_t at, int *line, int *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = bom_bytes(s, n); i < at && i < n; i++) {
		*column = s[i] == '\n' ? 1 : *column + 1;
		*line += s[i] == '\n';
	}
}

int json_fail(const char *s, size_t n, size_t at, struct err *e)
{
	size_t first = bom_bytes(s, n);
	int line, column;

	while (first < n && strchr(" \t\r\n", s[first]) && s[first])
		first++;
	if (first == n)
		return err_set(e, ERR_INPUT, _("an empty document is not JSON"));
	position(s, n, at, &line, &column);
	err_set(e, ERR_INPUT, _("not JSON at line %d, column %d"), line, column);
	if (s[first] == '<')
		err_hint(e, _("it looks like a web page, perhaps of a proxy or a login"));
	return -1;
}

static int peek(const struct scan *sc, size_t ahead)
{
	return ahead < sc->n - sc->at ? (unsigned char)sc->s[sc->at + ahead] : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void flush(struct scan *sc)
{
	strbuf_add(sc->out, sc->s + sc->copied, sc->at - sc->copied);
	sc->copied = sc->at;
}

/* The four hex digits at offset ahead, or -1. */
static int hex4(const struct scan *sc, size_t ahead)
{
	int v = 0;

	for (size_t i = 0; i < 4; i++) {
		int c = peek(sc, ahead + i);

		if (is_digit(c))
			v = v * 16 + c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return v;
}

/*
 * A \u escape.  Text that was cut inside a surrogate pair is common in model output, and cJSON
 * refuses it; a NUL would end the string for every reader.  Both become U+FFFD.  Of digits that
 * are none cJSON makes a NUL, so they end here.
 */
static int scan_unicode(struct scan *sc)
{
	int v = hex4(sc, 2), low;

	if (v < 0)
		return json_fail(sc->s, sc->n, sc->at, sc->e);
	if (v >= 0xd800 && v < 0xdc00 && peek(sc, 6) == '\\' && peek(sc, 7) == 'u') {
		low = hex4(sc, 8);
		if (low >= 0xdc00 && low < 0xe000) {
			sc->at += 12;
			return 0;
		}
	}
	if (!v || (v >= 0xd800 && v < 0xe000)) {
		flush(sc);
		strbuf_adds(sc->out, "\\ufffd");
		sc->copied += 6;
	}
	sc->at += 6;
	return 0;
}

/* Malformed bytes become U+FFFD each: what is read from JSON is UTF-8. */
static void scan_utf8(struct scan *sc)
{
	size_t used;
	uint32_t c = text_decode(sc->s + sc->at, sc->n - sc->at, &used);

	if (c == 0xfffd && used == 1) {
		flush(sc);
		text_encode(sc->out, c);
		sc->copied++;
	}
	sc->at += used;
}

static int scan_string(struct scan *sc)
{
	sc->strings++;
	sc->at++;
	while (sc->at < sc->n) {
		int c = peek(sc, 0);

		if (c == '\\' && peek(sc, 1) == 'u') {
			if (scan_unicode(sc))
				return -1;
		} else if (c == '\\' && sc->n - sc->at > 1 && peek(sc, 1)) {
			sc->at += 2;
		} else if (!c) {
			return json_fail(sc->s, sc->n, sc->at, sc->e);
		} else if (c >= 0x80) {
			scan_utf8(sc);
		} else {
			sc->at++;
			if (c == '"')
				break;
		}
	}
	return 0;
}

static size_t digits(const struct scan *sc, size_t ahead)
{
	size_t n = 0;

	while (is_digit(peek(sc, ahead + n)))
		n++;
	return n;
}

/* Bytes of the number at sc->at by JSON's grammar, 0 when it is none; its integer digits. */
static size_t number_bytes(const struct scan *sc, size_t *integer, bool *real)
{
	size_t n = peek(sc, 0) == '-', more;

	*integer = digits(sc, n);
	*real = false;
	if (!*integer || (*integer > 1 && peek(sc, n) == '0'))
		return 0;
	n += *integer;
	if (peek(sc, n) == '.') {
		*real = true;
		more = digits(sc, n + 1);
		if (!more)
			return 0;
		n += 1 + more;
	}
	if ((peek(sc, n) | 0x20) == 'e' && peek(sc, n) > 0) {
		*real = true;
		n += 1 + (peek(sc, n + 1) == '+' || peek(sc, n + 1) == '-');
		more = digits(sc, n);
		if (!more)
			return 0;
		n += more;
	}
	return n;
}

/* In quotes a number would pass as a key. */
static bool is_key(const struct scan *sc, size_t ahead)
{
	int c = peek(sc, ahead);

	while (c == ' ' || c == '\t' || c == '\r' || c == '\n')
		c = peek(sc, ++ahead);
	return c == ':';
}

static int scan_number(struct scan *sc)
{
	size_t integer, n;
	bool real;

	n = number_bytes(sc, &integer, &real);
	if (!n)
		return json_fail(sc->s, sc->n, sc->at, sc->e);
	if ((real || integer <= EXACT_DIGITS) && n <= NUMBER_BYTES) {
		sc->at += n;
		return 0;
	}
	if (is_key(sc, n))
		return json_fail(sc->s, sc->n, sc->at, sc->e);
	flush(sc);
	*mem_push(sc->g->items, sc->g->n, sc->g->cap) = sc->strings++;
	strbuf_addc(sc->out, '"');
	sc->at += n;
	flush(sc);
	strbuf_addc(sc->out, '"');
	return 0;
}

static int scan_open(struct scan *sc)
{
	int line, column;

	if (++sc->depth <= JSON_MAX_DEPTH) {
		sc->at++;
		return 0;
	}
	position(sc->s, sc->n, sc->at, &line, &column);
	return err_set(sc->e, ERR_LIMIT,
		_("JSON nested deeper than %d levels at line %d, column %d"),
		JSON_MAX_DEPTH, line, column);
}

static int scan_token(struct scan *sc)
{
	int c = peek(sc, 0);

	if (c == '"')
		return scan_string(sc);
	if (c == '-' || is_digit(c))
		return scan_number(sc);
	if (c == '{' || c == '[')
		return scan_open(sc);
	if (!c)
		return json_fail(sc->s, sc->n, sc->at, sc->e);
	sc->depth -= c == '}' || c == ']';
	sc->at++;
	return 0;
}

int json_guard_run(struct strbuf *out, struct json_guarded *g, const char *s, size_t n,
	struct err *e)
{
	struct scan sc = {.s = s, .n = n, .out = out, .g = g, .e = e};

	if (n > JSON_MAX_BYTES)
		return err_set(e, ERR_LIMIT, _("a JSON document of more than %d MiB"),
			(int)(JSON_MAX_BYTES >> 20));
	strbuf_room(out, n);
	sc.at = sc.copied = bom_bytes(s, n);
	while (sc.at < sc.n)
		if (scan_token(&sc))
			return -1;
	flush(&sc);
	return 0;
}

size_t json_guard_source(const char *s, size_t n, size_t offset)
{
	struct strbuf out = STRBUF_INIT;
	struct json_guarded g = {0};
	struct err e = ERR_INIT;
	struct scan sc = {.s = s, .n = n, .out = &out, .g = &g, .e = &e};

	sc.at = sc.copied = bom_bytes(s, n);
	while (sc.at < sc.n && out.len + sc.at - sc.copied < offset)
		if (scan_token(&sc))
			break;
	err_release(&e);
	free(g.items);
	strbuf_release(&out);
	return sc.at;
}

int json_guard(struct strbuf *out, const char *s, size_t n, struct err *e)
{
	struct json_guarded g = {0};
	int result = json_guard_run(out, &g, s, n, e);

	free(g.items);
	return result;
}
