/*
 * json.h - JSON, on cJSON, which is seen nowhere else
 *
 * Integer literals of more than 15 digits are kept as text (json_text() gives the digits), so
 * that none is rounded, and stay numbers when written; depth over 256 is refused by name.
 * Malformed UTF-8, lone surrogates and \u0000 are read as U+FFFD.  Of equal keys the last counts.
 * A struct json is a node of a tree; the root owns it all.
 */
#ifndef TOCSIN_JSON_H
#define TOCSIN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/strbuf.h"

struct json;	/* never defined: a cJSON under another name */

enum json_type {
	JSON_NONE,	/* for a missing node (NULL) */
	JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT,
};

#define JSON_MAX_DEPTH 256
#define JSON_MAX_BYTES ((size_t)256 << 20)

/* Parse one document of n bytes; errors say line and column.  Trailing text is an error. */
int json_parse(struct json **out, const char *s, size_t n, struct err *e);
void json_free(struct json *root);
void json_wipe(struct json *root);	/* overwrites its texts, then frees */

/*
 * Append s with every integer literal of more than 15 digits put in quotes; refuses depth over
 * JSON_MAX_DEPTH and documents over JSON_MAX_BYTES.  What json_parse() and the jq worker do first.
 */
int json_guard(struct strbuf *out, const char *s, size_t n, struct err *e);

/* Reading: NULL and wrong types give the "nothing" value, so that chains need no tests. */
enum json_type json_type(const struct json *j);
const struct json *json_get(const struct json *object, const char *key);	/* exact key */
const struct json *json_at(const struct json *j, const char *path);	/* "a.b.0.c" */
const struct json *json_first(const struct json *j);	/* child of an array or object */
const struct json *json_next(const struct json *j);
const char *json_key(const struct json *j);	/* of an object's member; else NULL */
size_t json_count(const struct json *j);
const char *json_text(const struct json *j);	/* string; digits of a long integer; else NULL */
const char *json_text_at(const struct json *j, const char *path);
double json_real(const struct json *j);	/* number, or a string that is one, also +Inf; else NAN */
int64_t json_int(const struct json *j);		/* exact, also from digits; else INT64_MIN */
bool json_bool(const struct json *j, bool otherwise);

#define json_each(item, parent)                                                          \
	for (const struct json *item = json_first(parent); item; item = json_next(item))

/* Building.  Each json_add_* appends to an object (key) or an array (key NULL). */
struct json *json_object(void);
struct json *json_array(void);
struct json *json_new_text(const char *s);	/* NULL: null */
struct json *json_new_int(int64_t v);		/* as json_add_int() */
struct json *json_copy(const struct json *j);
void json_add(struct json *to, const char *key, struct json *item);	/* takes item; NULL: null */
void json_set(struct json *object, const char *key, struct json *item);	/* takes; replaces */
struct json *json_add_object(struct json *to, const char *key);	/* borrowed: from to */
struct json *json_add_array(struct json *to, const char *key);
void json_add_text(struct json *to, const char *key, const char *s);	/* NULL: null */
void json_add_int(struct json *to, const char *key, int64_t v);	/* INT64_MIN: null; exact */
void json_add_real(struct json *to, const char *key, double v);	/* not finite: null */
void json_add_bool(struct json *to, const char *key, bool v);
void json_add_null(struct json *to, const char *key);
void json_add_time(struct json *to, const char *key, int64_t at);	/* RFC 3339, or null */
int json_add_raw(struct json *to, const char *key, const char *document, struct err *e);

/* Append as text; indent: two spaces, with a newline at the end. */
void json_format(struct strbuf *out, const struct json *j, bool indent);

/* Append s as a quoted JSON string; what text_safe() would change is escaped. */
void json_quote(struct strbuf *out, const char *s);

/* Keys sorted bytewise, no spaces: the form that hashes are taken of. */
void json_canonical(struct strbuf *out, const struct json *j);

#endif
