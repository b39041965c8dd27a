#include "config.h"
#include "model/record.h"

#include <math.h>
#include <string.h>

#include "core/digest.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/record_table.h"

const struct record_def *record_def(enum record_kind kind)
{
	return kind > REC_NONE && kind < REC_KINDS ? &record_defs[kind] : NULL;
}

enum record_kind record_kind_of(const char *name)
{
	for (int kind = REC_NONE + 1; name && kind < REC_KINDS; kind++)
		if (!strcmp(record_defs[kind].name, name))
			return (enum record_kind)kind;
	return REC_NONE;
}

static const struct record_def *def_of(enum record_kind kind)
{
	const struct record_def *def = record_def(kind);

	if (!def)
		bug("there is no record of kind %d", (int)kind);
	return def;
}

/* --- members by their offset --- */

static const char **text_in(void *record, const struct field *f)
{
	return (const char **)((char *)record + f->offset);
}

static int64_t *int_in(void *record, const struct field *f)
{
	return (int64_t *)((char *)record + f->offset);
}

static double *real_in(void *record, const struct field *f)
{
	return (double *)(void *)((char *)record + f->offset);
}

static const char *text_of(const void *record, const struct field *f)
{
	return *(const char *const *)((const char *)record + f->offset);
}

static int64_t int_of(const void *record, const struct field *f)
{
	return *(const int64_t *)((const char *)record + f->offset);
}

static double real_of(const void *record, const struct field *f)
{
	return *(const double *)(const void *)((const char *)record + f->offset);
}

static bool is_text(const struct field *f)
{
	return f->type == FIELD_TEXT || f->type == FIELD_JSON;
}

static void set_unknown(void *record, const struct field *f)
{
	if (is_text(f))
		*text_in(record, f) = NULL;
	else if (f->type == FIELD_REAL)
		*real_in(record, f) = NAN;
	else
		*int_in(record, f) = NONE_INT;
}

void *record_new(struct arena *a, enum record_kind kind)
{
	const struct record_def *def = def_of(kind);
	void *record = arena_alloc(a, 1, def->size);

	for (size_t i = 0; i < def->n_fields; i++)
		set_unknown(record, &def->fields[i]);
	return record;
}

/* --- from JSON: 0, or -1 when the value does not fit the field --- */

static const char *keep(struct arena *a, struct strbuf *sb)
{
	const char *text = arena_strndup(a, sb->buf, sb->len);

	strbuf_release(sb);
	return text;
}

static int put_text(
	void *record, const struct field *f, const struct json *v, struct arena *a)
{
	struct strbuf sb = STRBUF_INIT;
	const char *text = json_text(v);

	if (text) {
		if (*text || f->flags & FIELD_FREE)
			*text_in(record, f) = arena_strdup(a, text);
		return 0;
	}
	if (!(f->flags & FIELD_FREE) && json_type(v) != JSON_NUMBER &&
		json_type(v) != JSON_BOOL)
		return -1;
	json_canonical(&sb, v);
	*text_in(record, f) = keep(a, &sb);
	return 0;
}

static int put_int(void *record, const struct field *f, const struct json *v)
{
	const char *text = json_text(v);

	if (text && !*text)
		return 0;
	*int_in(record, f) = json_int(v);
	return *int_in(record, f) == NONE_INT ? -1 : 0;
}

static int put_real(void *record, const struct field *f, const struct json *v)
{
	const char *text = json_text(v);

	if (text && (!*text || !strcmp(text, "NaN")))
		return 0;
	*real_in(record, f) = json_real(v);
	return isnan(*real_in(record, f)) ? -1 : 0;
}

static int put_time(void *record, const struct field *f, const struct json *v)
{
	struct err ignored = ERR_INIT;
	const char *text = json_text(v);
	double real = json_real(v);
	int failed = 0;

	if ((text && !*text) || real == 0)
		return 0;
	if (!isnan(real))
		failed = time_parse_number(int_in(record, f), real, text, &ignored);
	else if (text)
		failed = time_parse(int_in(record, f), text, &ignored);
	else
		failed = -1;
	err_release(&ignored);
	return failed;
}

static int put_bool(void *record, const struct field *f, const struct json *v)
{
	static const struct {
		const char *text;
		int64_t value;
	} words[] = {{"true", 1}, {"false", 0}, {"1", 1}, {"0", 0}, {"", NONE_INT}};
	const char *text = json_text(v);
	int64_t n = json_int(v);

	if (json_type(v) == JSON_BOOL)
		n = json_bool(v, false);
	for (size_t i = 0; text && i < ARRAY_LEN(words); i++)
		if (!strcmp(text, words[i].text)) {
			*int_in(record, f) = words[i].value;
			return 0;
		}
	if (n != 0 && n != 1)
		return -1;
	*int_in(record, f) = n;
	return 0;
}

static bool is_list(const struct json *v)
{
	return json_type(v) == JSON_ARRAY || json_type(v) == JSON_OBJECT;
}

static int put_json(
	void *record, const struct field *f, const struct json *v, struct arena *a)
{
	struct err ignored = ERR_INIT;
	struct strbuf sb = STRBUF_INIT;
	struct json *parsed = NULL;
	const char *text = json_text(v);

	if (text && !*text)
		return 0;
	if (text && !json_parse(&parsed, text, strlen(text), &ignored))
		v = parsed;
	err_release(&ignored);
	if (!is_list(v)) {
		json_free(parsed);
		return -1;
	}
	json_canonical(&sb, v);
	json_free(parsed);
	*text_in(record, f) = keep(a, &sb);
	return 0;
}

/* Given the thing itself: its order of keys and its spaces say nothing. */
static int put_digest(
	void *record, const struct field *f, const struct json *v, struct arena *a)
{
	struct strbuf sb = STRBUF_INIT;
	struct digest d;

	json_canonical(&sb, v);
	d = digest_of(sb.buf, sb.len);
	strbuf_reset(&sb);
	strbuf_adds(&sb, "sha256:");
	digest_hex(&sb, &d);
	*text_in(record, f) = keep(a, &sb);
	return 0;
}

static int put(void *record, const struct field *f, const struct json *v, struct arena *a)
{
	switch (f->type) {
	case FIELD_TEXT:
		if (!strcmp(f->name, "digest") && is_list(v))
			return put_digest(record, f, v, a);
		return put_text(record, f, v, a);
	case FIELD_INT: return put_int(record, f, v);
	case FIELD_REAL: return put_real(record, f, v);
	case FIELD_TIME: return put_time(record, f, v);
	case FIELD_BOOL: return put_bool(record, f, v);
	case FIELD_JSON: return put_json(record, f, v, a);
	case FIELD_NONE: break;
	}
	bug("field '%s' has no type", f->name);
}

static const struct field *field_named(const struct record_def *def, const char *name)
{
	for (size_t i = 0; i < def->n_fields; i++)
		if (!strcmp(def->fields[i].name, name))
			return &def->fields[i];
	return NULL;
}

static const char *wanted(enum field_type type)
{
	static const char *const words[] = {
		[FIELD_NONE] = "",
		[FIELD_TEXT] = N_("a text"),
		[FIELD_INT] = N_("a whole number"),
		[FIELD_REAL] = N_("a number"),
		[FIELD_TIME] = N_("a time"),
		[FIELD_BOOL] = N_("true or false"),
		[FIELD_JSON] = N_("an object or an array"),
	};

	return _(words[type]);
}

int record_from_json(void *out, enum record_kind kind, const struct json *j,
	struct arena *a, const char **unknown, struct err *e)
{
	const struct record_def *def = def_of(kind);

	if (unknown)
		*unknown = NULL;
	if (json_type(j) != JSON_OBJECT)
		return err_set(
			e, ERR_BACKEND, _("the record '%s' is not an object"), def->name);
	for (size_t i = 0; i < def->n_fields; i++)
		set_unknown(out, &def->fields[i]);
	json_each (v, j) {
		const struct field *f = field_named(def, json_key(v));

		if (!f && unknown && !*unknown)
			*unknown = json_key(v);
		if (!f || json_type(v) == JSON_NULL)
			continue;
		if (put(out, f, v, a))
			return err_set(e, ERR_BACKEND,
				_("'%s' of a record '%s' is not %s"), f->name, def->name,
				wanted(f->type));
	}
	for (size_t i = 0; i < def->n_fields; i++) {
		const struct field *f = &def->fields[i];

		if (f->flags & FIELD_KEY && !text_of(out, f))
			return err_set(e, ERR_BACKEND,
				_("a record '%s' is without its '%s'"), def->name,
				f->name);
	}
	return 0;
}

/* --- to JSON --- */

static void add_json(struct json *to, const struct field *f, const char *text)
{
	struct err ignored = ERR_INIT;

	/* What is no JSON after all is shown as the text that it is. */
	if (!text || json_add_raw(to, f->name, text, &ignored))
		json_add_text(to, f->name, text);
	err_release(&ignored);
}

static void add_bool(struct json *to, const struct field *f, int64_t v)
{
	if (v == NONE_INT)
		json_add_null(to, f->name);
	else
		json_add_bool(to, f->name, v != 0);
}

struct json *record_to_json(const void *record, enum record_kind kind)
{
	const struct record_def *def = def_of(kind);
	struct json *out = json_object();

	for (size_t i = 0; i < def->n_fields; i++) {
		const struct field *f = &def->fields[i];

		switch (f->type) {
		case FIELD_TEXT: json_add_text(out, f->name, text_of(record, f)); break;
		case FIELD_INT: json_add_int(out, f->name, int_of(record, f)); break;
		case FIELD_REAL: json_add_real(out, f->name, real_of(record, f)); break;
		case FIELD_TIME: json_add_time(out, f->name, int_of(record, f)); break;
		case FIELD_BOOL: add_bool(out, f, int_of(record, f)); break;
		case FIELD_JSON: add_json(out, f, text_of(record, f)); break;
		case FIELD_NONE: break;
		}
	}
	return out;
}

/* --- key, comparison, copy --- */

static void add_key(struct strbuf *out, const char *text, bool is_path)
{
	if (is_path)
		strbuf_adds(out, text);
	for (; !is_path && *text; text++) {
		if (*text == '/' || *text == '%')
			strbuf_adds(out, *text == '/' ? "%2F" : "%25");
		else
			strbuf_addc(out, *text);
	}
}

void record_key(struct strbuf *out, const void *record, enum record_kind kind)
{
	const struct record_def *def = def_of(kind);
	bool any = false;

	for (size_t i = 1; i < def->n_fields; i++) {
		const struct field *f = &def->fields[i];

		if (!(f->flags & FIELD_KEY))
			continue;
		if (any)
			strbuf_addc(out, '/');
		add_key(out, text_of(record, f), f->flags & FIELD_PATH);
		any = true;
	}
}

static bool field_equal(const void *a, const void *b, const struct field *f)
{
	if (is_text(f)) {
		const char *s = text_of(a, f), *t = text_of(b, f);

		return s == t || (s && t && !strcmp(s, t));
	}
	if (f->type == FIELD_REAL) {
		double s = real_of(a, f), t = real_of(b, f);

		return s == t || (isnan(s) && isnan(t));
	}
	return int_of(a, f) == int_of(b, f);
}

bool record_equal(const void *a, const void *b, enum record_kind kind, unsigned flags)
{
	const struct record_def *def = def_of(kind);

	for (size_t i = 0; i < def->n_fields; i++) {
		const struct field *f = &def->fields[i];

		if ((!flags || f->flags & flags) && !field_equal(a, b, f))
			return false;
	}
	return true;
}

void *record_copy(struct arena *a, const void *record, enum record_kind kind)
{
	const struct record_def *def = def_of(kind);
	void *copy = arena_alloc(a, 1, def->size);

	memcpy(copy, record, def->size);
	for (size_t i = 0; i < def->n_fields; i++)
		if (is_text(&def->fields[i]))
			*text_in(copy, &def->fields[i]) =
				arena_strdup(a, text_of(record, &def->fields[i]));
	return copy;
}
