#include "config.h"
#include "core/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/json_guard.h"

/* The largest integer of 15 digits: what cJSON prints and reads without loss. */
#define EXACT_MAX INT64_C(999999999999999)

/* 2^63, the first double over int64. */
#define INT_LIMIT 9223372036854775808.0

static const cJSON *in(const struct json *j)
{
	return (const cJSON *)j;
}

static const struct json *view(const cJSON *c)
{
	return (const struct json *)c;
}

static cJSON *must(cJSON *c)
{
	if (!c)
		bug("out of memory for JSON");
	return c;
}

static int kind(const struct json *j)
{
	return j ? in(j)->type & 0xff : cJSON_Invalid;
}

/* --- parsing --- */

struct restore {
	const size_t *next, *end;
	size_t strings;
};

/* Long numbers came through cJSON in quotes; make them numbers again, in document order. */
static void restore_numbers(struct restore *r, cJSON *item)
{
	if (item->string)
		r->strings++;
	if ((item->type & 0xff) == cJSON_String) {
		if (r->next < r->end && *r->next == r->strings) {
			item->type = (item->type & ~0xff) | cJSON_Raw;
			r->next++;
		}
		r->strings++;
	}
	for (cJSON *child = item->child; child; child = child->next)
		restore_numbers(r, child);
}

int json_parse(struct json **out, const char *s, size_t n, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	struct json_guarded g = {0};
	const char *end = NULL;
	cJSON *root = NULL;
	int result = json_guard_run(&text, &g, s, n, e);

	if (!result) {
		root = cJSON_ParseWithOpts(text.buf, &end, 1);
		if (!root)
			result = json_fail(s, n,
				json_guard_source(s, n, (size_t)(end - text.buf)), e);
	}
	if (root && g.n)
		restore_numbers(
			&(struct restore){.next = g.items, .end = g.items + g.n}, root);
	if (root)
		*out = (struct json *)root;
	free(g.items);
	strbuf_release(&text);
	return result;
}

void json_free(struct json *root)
{
	cJSON_Delete((cJSON *)root);
}

static void texts_wipe(cJSON *j)
{
	for (; j; j = j->next) {
		if (j->valuestring)
			mem_wipe(j->valuestring, strlen(j->valuestring));
		texts_wipe(j->child);
	}
}

void json_wipe(struct json *root)
{
	texts_wipe((cJSON *)root);
	json_free(root);
}

/* --- reading --- */

enum json_type json_type(const struct json *j)
{
	switch (kind(j)) {
	case cJSON_NULL: return JSON_NULL;
	case cJSON_False:
	case cJSON_True: return JSON_BOOL;
	case cJSON_Number:
	case cJSON_Raw: return JSON_NUMBER;
	case cJSON_String: return JSON_STRING;
	case cJSON_Array: return JSON_ARRAY;
	case cJSON_Object: return JSON_OBJECT;
	default: return JSON_NONE;
	}
}

/* Of equal keys the last one counts, as for jq. */
const struct json *json_get(const struct json *object, const char *key)
{
	const cJSON *found = NULL;

	if (kind(object) != cJSON_Object)
		return NULL;
	for (const cJSON *c = in(object)->child; c; c = c->next)
		if (!strcmp(c->string, key))
			found = c;
	return view(found);
}

/* The member or element that the n bytes at name say. */
static const struct json *step(const struct json *j, const char *name, size_t n)
{
	const cJSON *found = NULL;
	size_t index = 0;

	if (kind(j) == cJSON_Object) {
		for (const cJSON *c = in(j)->child; c; c = c->next)
			if (!strncmp(c->string, name, n) && !c->string[n])
				found = c;
		return view(found);
	}
	if (kind(j) != cJSON_Array || !n || n > 9)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (name[i] < '0' || name[i] > '9')
			return NULL;
		index = index * 10 + (size_t)(name[i] - '0');
	}
	found = in(j)->child;
	while (found && index--)
		found = found->next;
	return view(found);
}

const struct json *json_at(const struct json *j, const char *path)
{
	while (j && *path) {
		size_t n = strcspn(path, ".");

		j = step(j, path, n);
		path += n;
		path += *path == '.';
	}
	return j;
}

const struct json *json_first(const struct json *j)
{
	return j ? view(in(j)->child) : NULL;
}

const struct json *json_next(const struct json *j)
{
	return j ? view(in(j)->next) : NULL;
}

const char *json_key(const struct json *j)
{
	return j ? in(j)->string : NULL;
}

size_t json_count(const struct json *j)
{
	size_t n = 0;

	json_each (item, j)
		n++;
	return n;
}

const char *json_text(const struct json *j)
{
	int k = kind(j);

	return k == cJSON_String || k == cJSON_Raw ? in(j)->valuestring : NULL;
}

const char *json_text_at(const struct json *j, const char *path)
{
	return json_text(json_at(j, path));
}

/* Prometheus writes +Inf, -Inf and NaN; of what else strtod() takes nothing is wanted. */
static double real_from(const char *s)
{
	const char *digits = s + (*s == '-' || *s == '+');
	char *end;
	double v;

	if (strcmp(digits, "Inf") && strcmp(s, "NaN") &&
		(!*digits || strspn(s, "+-0123456789.eE") != strlen(s)))
		return NAN;
	v = strtod(s, &end);
	return *end || end == s ? NAN : v;
}

static int64_t int_from(const char *s)
{
	const char *digits = s + (*s == '-');
	long long v;

	if (!*digits || strspn(digits, "0123456789") != strlen(digits))
		return INT64_MIN;
	errno = 0;
	v = strtoll(s, NULL, 10);
	return errno ? INT64_MIN : v;
}

double json_real(const struct json *j)
{
	if (kind(j) == cJSON_Number)
		return in(j)->valuedouble;
	return json_text(j) ? real_from(json_text(j)) : NAN;
}

/* jq writes 1.7e+18 for a round moment in ns, so that form has to do too. */
int64_t json_int(const struct json *j)
{
	double v;

	if (json_text(j))
		return int_from(json_text(j));
	if (kind(j) != cJSON_Number)
		return INT64_MIN;
	v = in(j)->valuedouble;
	if (!(v > -INT_LIMIT && v < INT_LIMIT) || v != floor(v))
		return INT64_MIN;
	return (int64_t)v;
}

bool json_bool(const struct json *j, bool otherwise)
{
	if (kind(j) == cJSON_True)
		return true;
	return kind(j) == cJSON_False ? false : otherwise;
}

/* --- building --- */

struct json *json_object(void)
{
	return (struct json *)must(cJSON_CreateObject());
}

struct json *json_array(void)
{
	return (struct json *)must(cJSON_CreateArray());
}

struct json *json_copy(const struct json *j)
{
	return j ? (struct json *)must(cJSON_Duplicate(in(j), 1)) : NULL;
}

static void add(struct json *to, const char *key, cJSON *item)
{
	cJSON *parent = (cJSON *)to;
	cJSON_bool added;

	must(item);
	if (kind(to) != (key ? cJSON_Object : cJSON_Array))
		bug("JSON member '%s' added to what cannot hold it", key ? key : "");
	added = key ? cJSON_AddItemToObject(parent, key, item)
		    : cJSON_AddItemToArray(parent, item);
	if (!added)
		bug("out of memory for JSON");
}

void json_add(struct json *to, const char *key, struct json *item)
{
	add(to, key, item ? (cJSON *)item : cJSON_CreateNull());
}

void json_set(struct json *object, const char *key, struct json *item)
{
	cJSON *taken = item ? (cJSON *)item : must(cJSON_CreateNull());

	if (!cJSON_ReplaceItemInObjectCaseSensitive((cJSON *)object, key, taken))
		add(object, key, taken);
}

struct json *json_add_object(struct json *to, const char *key)
{
	struct json *item = json_object();

	json_add(to, key, item);
	return item;
}

struct json *json_add_array(struct json *to, const char *key)
{
	struct json *item = json_array();

	json_add(to, key, item);
	return item;
}

struct json *json_new_text(const char *s)
{
	return (struct json *)must(s ? cJSON_CreateString(s) : cJSON_CreateNull());
}

struct json *json_new_int(int64_t v)
{
	cJSON *item;
	char *digits;

	if (v == INT64_MIN)
		return json_new_text(NULL);
	if (v >= -EXACT_MAX && v <= EXACT_MAX)
		return (struct json *)must(cJSON_CreateNumber((double)v));
	digits = mem_format("%lld", (long long)v);
	item = must(cJSON_CreateRaw(digits));
	free(digits);
	return (struct json *)item;
}

void json_add_text(struct json *to, const char *key, const char *s)
{
	json_add(to, key, json_new_text(s));
}

void json_add_int(struct json *to, const char *key, int64_t v)
{
	json_add(to, key, json_new_int(v));
}

void json_add_real(struct json *to, const char *key, double v)
{
	add(to, key, isfinite(v) ? cJSON_CreateNumber(v) : cJSON_CreateNull());
}

void json_add_bool(struct json *to, const char *key, bool v)
{
	add(to, key, cJSON_CreateBool(v));
}

void json_add_null(struct json *to, const char *key)
{
	add(to, key, cJSON_CreateNull());
}

void json_add_time(struct json *to, const char *key, int64_t at)
{
	struct strbuf text = STRBUF_INIT;

	if (at == INT64_MIN) {
		json_add_null(to, key);
		return;
	}
	time_format(&text, at);
	json_add_text(to, key, text.buf);
	strbuf_release(&text);
}

int json_add_raw(struct json *to, const char *key, const char *document, struct err *e)
{
	struct json *item;

	if (json_parse(&item, document, strlen(document), e))
		return -1;
	json_add(to, key, item);
	return 0;
}
