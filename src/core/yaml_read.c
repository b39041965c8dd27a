#include "config.h"
#include "core/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"

#define HINT_BYTES 160

struct reader {
	struct arena *a;
	struct problems *p;
};

static const char *type_words(const struct yaml_node *n)
{
	static const char *const words[] = {
		[YAML_NONE] = N_("nothing"),
		[YAML_NULL] = N_("nothing"),
		[YAML_SCALAR] = N_("a text"),
		[YAML_LIST] = N_("a list"),
		[YAML_MAP] = N_("a map"),
	};

	return _(words[yaml_type(n)]);
}

static int expected(struct reader *r, const struct yaml_field *f,
	const struct yaml_node *n, const char *what)
{
	if (yaml_text(n))
		return yaml_problem(r->p, n, _("'%s' is %s, and not '%s'"), f->key, what,
			yaml_text(n));
	return yaml_problem(
		r->p, n, _("'%s' is %s, and not %s"), f->key, what, type_words(n));
}

/* --- values: each 0, or -1 with the problem added --- */

static int read_text(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	if (!yaml_text(n))
		return expected(r, f, n, _("a text"));
	*(const char **)to = arena_strdup(r->a, yaml_text(n));
	return 0;
}

static int read_bool(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = {{"true", true}, {"True", true}, {"TRUE", true}, {"false", false},
		{"False", false}, {"FALSE", false}};
	const char *text = yaml_text(n);

	for (size_t i = 0; text && i < ARRAY_LEN(words); i++)
		if (!strcmp(words[i].text, text)) {
			*(bool *)to = words[i].value;
			return 0;
		}
	return expected(r, f, n, _("true or false"));
}

/* A message with the limits, for a number that is outside. */
static int check_range(
	struct reader *r, const struct yaml_field *f, const struct yaml_node *n, double v)
{
	if (f->max <= f->min || (v >= f->min && v <= f->max))
		return 0;
	return yaml_problem(r->p, n, _("'%s' is between %g and %g, and not '%s'"), f->key,
		f->min, f->max, yaml_text(n));
}

static int read_int(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	const char *text = yaml_text(n);
	const char *digits = text ? text + (*text == '-' || *text == '+') : "";
	long long v;

	errno = 0;
	v = *digits && !digits[strspn(digits, "0123456789")] ? strtoll(text, NULL, 10)
							     : 0;
	if (!*digits || digits[strspn(digits, "0123456789")] || errno)
		return expected(r, f, n, _("a whole number"));
	if (check_range(r, f, n, (double)v))
		return -1;
	*(int64_t *)to = v;
	return 0;
}

static int read_real(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	const char *text = yaml_text(n);
	char *end = NULL;
	double v = 0;

	if (text && *text && !text[strspn(text, "+-0123456789.eE")])
		v = strtod(text, &end);
	if (!end || *end || !isfinite(v))
		return expected(r, f, n, _("a number"));
	if (check_range(r, f, n, v))
		return -1;
	*(double *)to = v;
	return 0;
}

static int read_duration(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	struct err e = ERR_INIT;
	int failed;

	if (!yaml_text(n))
		return expected(r, f, n, _("a duration"));
	failed = duration_parse(to, yaml_text(n), &e);
	if (failed) {
		expected(r, f, n, _("a duration"));
		problems_hint(r->p, "%s", _("write it as 30s, 5m, 1h30m or 14d"));
	}
	err_release(&e);
	return failed;
}

/* Bytes of one unit; 0: no such unit. */
static int64_t unit_bytes(const char *unit)
{
	static const struct {
		const char *name;
		int64_t bytes;
	} units[] = {{"", 1}, {"B", 1}, {"KB", 1000}, {"kB", 1000}, {"MB", 1000000},
		{"GB", 1000000000}, {"TB", 1000000000000}, {"KiB", 1024},
		{"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", INT64_C(1) << 40}};

	unit += strspn(unit, " ");
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (!strcmp(units[i].name, unit))
			return units[i].bytes;
	return 0;
}

static int read_size(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	const char *text = yaml_text(n);
	size_t digits = text ? strspn(text, "0123456789.") : 0;
	int64_t unit = digits ? unit_bytes(text + digits) : 0;
	char *end = NULL;
	double v = unit ? strtod(text, &end) * (double)unit : -1;

	if (!unit || end != text + digits || v > 9e15) {
		expected(r, f, n, _("a size"));
		return problems_hint(
			r->p, "%s", _("write it as 512, 10KB, 200MB or 2GiB"));
	}
	*(int64_t *)to = (int64_t)v;
	return 0;
}

/* "a, b, c", as far as a line holds. */
static void join(struct strbuf *out, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (out->len > HINT_BYTES) {
			strbuf_adds(out, " ...");
			return;
		}
		strbuf_addf(out, "%s%s", i ? ", " : "", names[i]);
	}
}

/* The nearest name as a hint, else all that there are. */
static void hint_names(
	struct reader *r, const char *word, const char *const *names, size_t n)
{
	const char *near = text_nearest(word, names, n);
	struct strbuf all = STRBUF_INIT;

	join(&all, names, n);
	if (near)
		problems_hint(r->p, _("did you mean '%s'?"), near);
	else if (n)
		problems_hint(r->p, _("there are: %s"), all.buf);
	strbuf_release(&all);
}

static int read_choice(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	const char *text = yaml_text(n);
	size_t count = 0;

	for (; f->choices[count]; count++)
		if (text && !strcmp(f->choices[count], text)) {
			*(int *)to = (int)count;
			return 0;
		}
	if (!text)
		return expected(r, f, n, _("a text"));
	yaml_problem(r->p, n, _("'%s' cannot be '%s'"), f->key, text);
	hint_names(r, text, f->choices, count);
	return -1;
}

static int read_texts(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	struct yaml_texts *texts = to;
	size_t count = yaml_type(n) == YAML_LIST ? yaml_count(n) : 1;
	int failed = 0;

	texts->items = arena_alloc(r->a, count + 1, sizeof(*texts->items));
	texts->n = 0;
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *item =
			yaml_type(n) == YAML_LIST ? yaml_item(n, i) : n;

		if (yaml_text(item))
			texts->items[texts->n++] = arena_strdup(r->a, yaml_text(item));
		else
			failed = expected(r, f, item, _("a list of texts"));
	}
	return failed;
}

static int read_sub(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	if (yaml_type(n) != YAML_MAP)
		return expected(r, f, n, _("a map of keys"));
	return yaml_read(to, n, f->sub, r->a, r->p);
}

static int read_subs(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	struct yaml_subs *subs = to;
	int failed = 0;

	if (yaml_type(n) != YAML_LIST)
		return expected(r, f, n, _("a list"));
	subs->n = yaml_count(n);
	subs->items = arena_alloc(r->a, subs->n + 1, f->sub_size);
	for (size_t i = 0; i < subs->n; i++)
		if (read_sub(
			    r, (char *)subs->items + i * f->sub_size, f, yaml_item(n, i)))
			failed = -1;
	return failed;
}

static int read_node(
	struct reader *r, void *to, const struct yaml_field *f, const struct yaml_node *n)
{
	(void)r;
	(void)f;
	*(const struct yaml_node **)to = n;
	return 0;
}

typedef int read_fn(struct reader *r, void *to, const struct yaml_field *f,
	const struct yaml_node *n);

static read_fn *const readers[] = {
	[YAML_TEXT] = read_text,
	[YAML_BOOL] = read_bool,
	[YAML_INT] = read_int,
	[YAML_REAL] = read_real,
	[YAML_DURATION] = read_duration,
	[YAML_SIZE] = read_size,
	[YAML_CHOICE] = read_choice,
	[YAML_TEXTS] = read_texts,
	[YAML_NODE] = read_node,
	[YAML_SUB] = read_sub,
	[YAML_SUBS] = read_subs,
	[YAML_SELF] = read_node,
};

/* --- the table --- */

static const struct yaml_field *field_named(
	const struct yaml_field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (*fields->key && !strcmp(fields->key, key))
			return fields;
	return NULL;
}

static int unknown_key(struct reader *r, const struct yaml_node *key, const char *word,
	const struct yaml_field *fields)
{
	const char **names;
	size_t n = 0;

	yaml_problem(r->p, key, _("there is no key '%s' here"), word);
	if (!strcmp(word, "<<"))
		return problems_hint(
			r->p, "%s", _("merge keys are not read: write the keys out"));
	for (const struct yaml_field *f = fields; f->key; f++)
		n++;
	names = mem_new(n + 1, sizeof(*names));
	n = 0;
	for (const struct yaml_field *f = fields; f->key; f++)
		if (*f->key)
			names[n++] = f->key;
	hint_names(r, word, names, n);
	free(names);
	return -1;
}

static int check_required(
	struct reader *r, const struct yaml_node *map, const struct yaml_field *fields)
{
	int failed = 0;

	for (const struct yaml_field *f = fields; f->key; f++)
		if (f->flags & YAML_REQUIRED &&
			yaml_type(yaml_get(map, f->key)) <= YAML_NULL)
			failed = yaml_problem(
				r->p, map, _("the key '%s' is missing"), f->key);
	return failed;
}

int yaml_read(void *out, const struct yaml_node *map, const struct yaml_field *fields,
	struct arena *a, struct problems *p)
{
	struct reader r = {a, p};
	int failed = 0;

	if (yaml_type(map) != YAML_MAP && yaml_type(map) > YAML_NULL)
		return yaml_problem(p, map,
			_("a map of keys is expected here, and not %s"), type_words(map));
	for (const struct yaml_field *f = fields; f->key; f++)
		if (f->want == YAML_SELF)
			*(const struct yaml_node **)((char *)out + f->offset) = map;
	for (size_t i = 0; i < yaml_count(map); i++) {
		const char *key = yaml_key_text(map, i);
		const struct yaml_node *value = yaml_value(map, i);
		const struct yaml_field *f = field_named(fields, key);

		if (!f)
			failed = unknown_key(&r, yaml_key(map, i), key, fields);
		else if (yaml_type(value) != YAML_NULL &&
			readers[f->want](&r, (char *)out + f->offset, f, value))
			failed = -1;
	}
	return check_required(&r, map, fields) ? -1 : failed;
}
