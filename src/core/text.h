/*
 * text.h - UTF-8, widths, and making text from outside safe for a terminal
 *
 * The only place that knows UTF-8, East Asian width and control characters.
 */
#ifndef TOCSIN_TEXT_H
#define TOCSIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/strbuf.h"

/* Decode one code point of s[0..n-1], n > 0; *used is 1..4.  Malformed: U+FFFD and *used 1. */
uint32_t text_decode(const char *s, size_t n, size_t *used);

/* Append one code point as UTF-8; what is no scalar value becomes U+FFFD. */
void text_encode(struct strbuf *out, uint32_t code_point);

/* Columns of one code point in a terminal: 0 (combining, U+FE0F), 1 or 2; -1 for a control. */
int text_cp_width(uint32_t code_point);

/* Controls, bidi and invisible format characters, noncharacters: what text_safe() shows by name. */
bool text_cp_is_unsafe(uint32_t code_point);

/*
 * Append s with everything a terminal could act on made visible: C0, DEL and C1 as <1b>, <9b>;
 * bidi and zero-width format controls as <U+202E>; malformed bytes as <xx>; U+FE0E, U+FE0F and
 * the joiners inside emoji dropped.
 * Tab becomes one space; newline is kept when keep_newlines, else shown as a space.
 * The result is valid UTF-8 and running it through again changes nothing.
 */
void text_safe(struct strbuf *out, const char *s, size_t n, bool keep_newlines);

/* Columns of safe text. */
int text_width(const char *s);

/* Bytes of the longest prefix of safe text of at most columns; never splits a cluster. */
size_t text_fit(const char *s, int columns, int *used);

/* Append s cut to columns; what is cut ends in ellipsis ("…" or "..." or "~"). */
void text_cut(struct strbuf *out, const char *s, int columns, const char *ellipsis);

/* The same for names, of which both ends tell: "checkout-r~/production". */
void text_cut_middle(struct strbuf *out, const char *s, int columns, const char *ellipsis);

/*
 * Append s with each digest in it as people compare them, by its first twelve digits:
 * "sha256:0123456789ab".  For tables and sentences; pages and documents have it whole.
 */
void text_short(struct strbuf *out, const char *s);

/*
 * Break safe text at newlines, spaces and beside wide characters (inside words only when a word
 * is too long) into lines of columns.  Nothing for "".
 */
typedef void text_line_fn(void *ctx, const char *line, size_t bytes);
void text_wrap(const char *s, int columns, text_line_fn *fn, void *ctx);

/* True when the locale's charset is UTF-8; asked once after setlocale(), see text_locale(). */
bool text_is_utf8(void);
void text_locale(bool utf8);	/* overrides (tests) */

/* In a locale without UTF-8: code points over 0x7e as ? (wide ones as ??), so that widths hold. */
void text_ascii(struct strbuf *out, const char *s);

/* Edit distance for "did you mean"; NULL when nothing of names[0..n-1] is near. */
const char *text_nearest(const char *word, const char *const *names, size_t n);

/* Subsequence match for the palette: -1 no match, else higher is better. */
int text_fuzzy(const char *needle, const char *hay);

/* Case-insensitive substring (ASCII folding; other bytes exact). */
bool text_has(const char *hay, const char *needle);

#endif
