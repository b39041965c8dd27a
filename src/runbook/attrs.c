#include "config.h"
#include "runbook/attrs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"

#define MAX_ATTRS 64

const char *info_split(const char *info, const char **attrs, struct arena *a)
{
	size_t n;
	char *lang;

	*attrs = NULL;
	if (!info)
		return "";
	info += strspn(info, " \t");
	n = strcspn(info, " \t{,");
	lang = arena_strndup(a, info, n);
	for (char *c = lang; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	for (const char *brace = strchr(info, '{'); brace; brace = strchr(brace + 1, '{'))
		if (brace[1] != '}') {
			*attrs = brace;
			break;
		}
	return lang;
}

/* --- the two spellings --- */

static void attr_add(struct step *s, const char *name, const char *value, struct arena *a)
{
	struct attr *items = (struct attr *)s->attrs;

	if (s->n_attrs >= MAX_ATTRS)
		return;
	if (!items)
		s->attrs = items = arena_alloc(a, MAX_ATTRS, sizeof(*items));
	items[s->n_attrs].name = name;
	items[s->n_attrs++].value = value;
}

/* Bytes of the JSON object that s begins with, by counting braces outside of strings; 0: open. */
static size_t json_extent(const char *s)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; s[i]; i++) {
		if (quoted && s[i] == '\\' && s[i + 1])
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && s[i] == '{')
			depth++;
		else if (!quoted && s[i] == '}' && --depth == 0)
			return i + 1;
	}
	return 0;
}

static bool parse_json(struct step *out, const char *text, size_t *used, struct arena *a)
{
	struct err e = ERR_INIT;
	struct json *doc = NULL;
	size_t n = json_extent(text);

	if (!n || text[1 + strspn(text + 1, " \t")] != '"' ||
		json_parse(&doc, text, n, &e)) {
		err_release(&e);
		return false;
	}
	json_each (item, doc) {
		struct strbuf value = STRBUF_INIT;

		if (json_type(item) == JSON_STRING)
			strbuf_adds(&value, json_text(item));
		else
			json_format(&value, item, false);
		attr_add(out, arena_strdup(a, json_key(item)), arena_strdup(a, value.buf),
			a);
		strbuf_release(&value);
	}
	json_free(doc);
	*used = n;
	return true;
}

/* One value behind "=": quoted or up to a space or "}". */
static const char *parse_value(const char **value, const char *s, struct arena *a)
{
	size_t n;

	if ((*s == '"' || *s == '\'') && strchr(s + 1, *s)) {
		n = (size_t)(strchr(s + 1, *s) - s) - 1;
		*value = arena_strndup(a, s + 1, n);
		return s + n + 2;
	}
	n = strcspn(s, " \t}");
	*value = arena_strndup(a, s, n);
	return s + n;
}

static size_t parse_words(
	struct step *out, const char *text, int line, struct arena *a, struct problems *p)
{
	const char *s = text + 1;

	for (;;) {
		const char *name, *value = "";
		size_t n;

		s += strspn(s, " \t,");
		if (*s == '}')
			return (size_t)(s + 1 - text);
		n = strcspn(s, " \t=}");
		if (!*s || *s == '=') {
			problems_add(
				p, line, 0, _("the attributes are not closed by '}'"));
			return (size_t)(s - text) + strlen(s);
		}
		name = arena_strndup(a, s, n);
		s += n;
		if (*s == '=')
			s = parse_value(&value, s + 1, a);
		attr_add(out, name, value, a);
	}
}

void attrs_parse(struct step *out, const char *text, size_t *used, int line,
	struct arena *a, struct problems *p)
{
	size_t n = 0;

	if (!parse_json(out, text, &n, a))
		n = parse_words(out, text, line, a, p);
	if (used)
		*used = n;
}

/* --- what they mean --- */

enum attr_type {
	ATTR_KEPT,
	ATTR_TEXT,
	ATTR_BOOL,
	ATTR_INT,
	ATTR_SPAN,
	ATTR_RISK,
	ATTR_CONFIRM,
	ATTR_PHASE,
	ATTR_OK
};

/* clang-format off */
static const struct attr_def {
	const char	*name;
	enum attr_type	type;
	size_t		offset;
	int		max;	/* ATTR_INT: 0 to this */
} attr_defs[] = {
	{"name",	ATTR_TEXT,	offsetof(struct step, name), 0},
	{"phase",	ATTR_PHASE,	0, 0},
	{"confirm",	ATTR_CONFIRM,	0, 0},
	{"risk",	ATTR_RISK,	0, 0},
	{"timeout",	ATTR_SPAN,	offsetof(struct step, timeout_ns), 0},
	{"retries",	ATTR_INT,	offsetof(struct step, retries), 10},
	{"undo",	ATTR_TEXT,	offsetof(struct step, undo), 0},
	{"before",	ATTR_TEXT,	offsetof(struct step, before), 0},
	{"when",	ATTR_TEXT,	offsetof(struct step, when), 0},
	{"approve",	ATTR_INT,	offsetof(struct step, approve), 20},
	{"idempotent",	ATTR_BOOL,	offsetof(struct step, idempotent), 0},
	{"interactive",	ATTR_BOOL,	offsetof(struct step, interactive), 0},
	{"background",	ATTR_BOOL,	offsetof(struct step, background), 0},
	{"secret",	ATTR_BOOL,	offsetof(struct step, secret), 0},
	{"cwd",		ATTR_TEXT,	offsetof(struct step, cwd), 0},
	{"needs",	ATTR_TEXT,	offsetof(struct step, needs), 0},
	{"interpreter",	ATTR_TEXT,	offsetof(struct step, interpreter), 0},
	{"ok",		ATTR_OK,	0, 0},
	{"manual",	ATTR_KEPT,	0, 0},
	/* runme's own: kept as they are */
	{"id",		ATTR_KEPT,	0, 0},
	{"tag",		ATTR_KEPT,	0, 0},
	{"category",	ATTR_KEPT,	0, 0},
	{"excludeFromRunAll", ATTR_KEPT, 0, 0},
	{"promptEnv",	ATTR_KEPT,	0, 0},
	{"skipPrompts",	ATTR_KEPT,	0, 0},
	{"ignore",	ATTR_KEPT,	0, 0},
	{"transform",	ATTR_KEPT,	0, 0},
	{"mimeType",	ATTR_KEPT,	0, 0},
	{"terminalRows", ATTR_KEPT,	0, 0},
	{"closeTerminalOnSuccess", ATTR_KEPT, 0, 0},
};
/* clang-format on */

static const struct attr_def *def_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(attr_defs); i++)
		if (!strcmp(attr_defs[i].name, name))
			return &attr_defs[i];
	return NULL;
}

static bool apply_bool(bool *out, const char *value)
{
	static const char *const yes[] = {"", "true", "yes", "1"};
	static const char *const no[] = {"false", "no", "0"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!strcmp(value, yes[i])) {
			*out = true;
			return true;
		}
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (!strcmp(value, no[i])) {
			*out = false;
			return true;
		}
	return false;
}

static bool parse_number(int *out, const char **s, int max)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(*s, &end, 10);
	if (end == *s || errno || v < 0 || v > max)
		return false;
	*out = (int)v;
	*s = end;
	return true;
}

static bool apply_int(int *out, const char *value, int max)
{
	return parse_number(out, &value, max) && !*value;
}

static bool apply_ok(struct step *s, const char *value)
{
	s->n_ok = 0;
	do {
		if (s->n_ok == STEP_MAX_OK || !parse_number(&s->ok[s->n_ok], &value, 255))
			return false;
		s->n_ok++;
	} while (*value++ == ',');
	return !value[-1];
}

static bool apply_span(int64_t *out, const char *value)
{
	struct err e = ERR_INIT;
	bool ok = !duration_parse(out, value, &e) && *out > 0;

	err_release(&e);
	return ok;
}

/* The index of value among names from 1 on, or 0. */
static unsigned choice(const char *value, const char *(*name)(unsigned), unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (!strcmp(value, name(i)))
			return i;
	return 0;
}

static const char *risk_at(unsigned i)
{
	return risk_name((enum risk)i);
}

static const char *confirm_at(unsigned i)
{
	return confirm_name((enum confirm)i);
}

static bool apply(struct step *s, const struct attr_def *d, const char *value)
{
	void *field = (char *)s + d->offset;

	switch (d->type) {
	case ATTR_KEPT: return true;
	case ATTR_TEXT: *(const char **)field = value; return *value != 0;
	case ATTR_BOOL: return apply_bool(field, value);
	case ATTR_INT: return apply_int(field, value, d->max);
	case ATTR_SPAN: return apply_span(field, value);
	case ATTR_OK: return apply_ok(s, value);
	case ATTR_PHASE: s->phase = phase_of_name(value); return s->phase != PHASE_NONE;
	case ATTR_RISK:
		s->risk = (enum risk)choice(value, risk_at, RISKS);
		s->risk_given = s->risk != RISK_NONE;
		return s->risk_given;
	case ATTR_CONFIRM:
		s->confirm = (enum confirm)choice(value, confirm_at, CONFIRMS);
		return s->confirm != CONFIRM_NONE;
	}
	return false;
}

/* A wrong value must not make a step start more easily than its author wanted. */
static void refuse(struct step *s, const struct attr_def *d, const char *value,
	struct arena *a, struct problems *p)
{
	s->broken = arena_format(
		a, _("'%s' is no value for the attribute '%s'"), value, d->name);
	problems_add(p, s->line, 0, "%s", s->broken);
}

static void unknown(const struct step *s, const char *name, struct problems *p)
{
	const char *names[ARRAY_LEN(attr_defs)], *near;

	for (size_t i = 0; i < ARRAY_LEN(attr_defs); i++)
		names[i] = attr_defs[i].name;
	near = text_nearest(name, names, ARRAY_LEN(names));
	if (!near)
		return; /* someone else's attribute */
	problems_add(p, s->line, 0, _("there is no attribute '%s'"), name);
	problems_hint(p, _("did you mean '%s'?"), near);
}

void attrs_apply(struct step *s, struct arena *a, struct problems *p)
{
	for (size_t i = 0; i < s->n_attrs; i++) {
		const struct attr *at = &s->attrs[i];
		const struct attr_def *d = def_find(at->name);

		if (!d)
			unknown(s, at->name, p);
		else if (!apply(s, d, at->value))
			refuse(s, d, at->value, a, p);
	}
	if (s->when && !strcmp(s->when, "undo")) {
		s->undo_only = true;
		s->when = NULL;
	}
	if (!s->n_ok) {
		s->ok[0] = 0;
		s->n_ok = 1;
	}
}
