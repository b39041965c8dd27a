/* path_pattern.c - the path of a connector's request: literal text and values */
#include "config.h"
#include "net/connector_request.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "net/url.h"

enum hole_kind { HOLE_ONCE, HOLE_SLASHES, HOLE_TWICE };

/* "{name}" at s: where it ends, its name and kind; NULL: it does not end, or is malformed. */
static const char *take_hole(const char *s, struct strbuf *name, enum hole_kind *kind)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.";
	size_t n = strspn(++s, letters);

	*kind = HOLE_ONCE;
	strbuf_reset(name);
	strbuf_add(name, s, n);
	s += n;
	if (n > 3 && !strcmp(name->buf + n - 3, "...")) {
		*kind = HOLE_SLASHES;
		strbuf_truncate(name, n - 3);
	} else if (!strncmp(s, "|twice", 6)) {
		*kind = HOLE_TWICE;
		s += 6;
	}
	if (*s != '}' || !name->len || *name->buf == '.' || strstr(name->buf, "..") ||
		name->buf[name->len - 1] == '.')
		return NULL;
	return s + 1;
}

/* "[/...]": one bracket around all of it. */
static bool is_whole(const char *pattern)
{
	return !strncmp(pattern, "[/", 2) &&
		strchr(pattern, ']') == pattern + strlen(pattern) - 1;
}

int path_pattern_check(const char *pattern, struct err *e)
{
	struct strbuf name = STRBUF_INIT;
	enum hole_kind kind;
	bool open = false, filled = false;
	int result = 0;

	if (*pattern != '/' && !is_whole(pattern))
		result =
			err_set(e, ERR_INPUT, _("a path begins with '/': '%s'"), pattern);
	if (strpbrk(pattern, "?#"))
		result = err_set(e, ERR_INPUT,
			_("a path holds no query; use the key query: '%s'"), pattern);
	for (const char *s = pattern; !result && *s;) {
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			result = err_set(
				e, ERR_INPUT, _("a path holds no spaces: '%s'"), pattern);
		if (*s == '{') {
			s = take_hole(s, &name, &kind);
			filled = true;
			if (s)
				continue;
			result = err_set(e, ERR_INPUT,
				_("'{' in a path begins {name}, {name.field}, {name...} "
				  "or {name|twice}: '%s'"),
				pattern);
			break;
		}
		if (*s == '}' || (*s == '[' && open) || (*s == ']' && (!open || !filled)))
			result = err_set(e, ERR_INPUT,
				_("'%c' has no place here in the path '%s'"), *s,
				pattern);
		if (*s == '[' || *s == ']') {
			open = *s == '[';
			filled = false;
		}
		s++;
	}
	if (!result && open)
		result = err_set(
			e, ERR_INPUT, _("'[' is not closed in the path '%s'"), pattern);
	strbuf_release(&name);
	return result;
}

static const char *value_text(
	const struct json *values, const char *path, struct strbuf *scratch)
{
	const struct json *v = json_at(values, path);
	enum json_type type = json_type(v);

	if (json_text(v))
		return json_text(v);
	if (type != JSON_NUMBER && type != JSON_BOOL)
		return NULL;
	strbuf_reset(scratch);
	json_format(scratch, v, false);
	return scratch->buf;
}

const char *pair_value(
	const struct pair *p, const struct json *values, struct strbuf *scratch)
{
	return *p->value == '$' ? value_text(values, p->value + 1, scratch) : p->value;
}

/* The path while it is made: the segment under way, encoded and as it is meant. */
struct making {
	struct strbuf *out;
	struct strbuf encoded, meant;
	bool from_value; /* the segment has a value in it */
	const struct json *values;
	const char *pattern;
	struct err *e;
};

static int end_segment(struct making *m)
{
	const char *s = m->meant.buf;

	if (m->from_value && (!*s || !strcmp(s, ".") || !strcmp(s, "..")))
		return err_set(m->e, ERR_INPUT,
			_("'%s' cannot be a part of the path '%s'"), s, m->pattern);
	strbuf_add(m->out, m->encoded.buf, m->encoded.len);
	strbuf_reset(&m->encoded);
	strbuf_reset(&m->meant);
	m->from_value = false;
	return 0;
}

static void add_value(struct making *m, const char *text, bool twice)
{
	struct strbuf once = STRBUF_INIT;

	m->from_value = true;
	strbuf_adds(&m->meant, text);
	url_encode(&once, text);
	if (twice)
		url_encode(&m->encoded, once.buf);
	else
		strbuf_add(&m->encoded, once.buf, once.len);
	strbuf_release(&once);
}

static int add_hole(struct making *m, const char *name, enum hole_kind kind)
{
	struct strbuf scratch = STRBUF_INIT;
	const char *text = value_text(m->values, name, &scratch);
	char *copy = mem_strdup(text), *at = copy;
	int result = 0;

	if (!text)
		result = err_set(
			m->e, ERR_INPUT, _("the request needs a value for '%s'"), name);
	while (!result && kind == HOLE_SLASHES && strchr(at, '/')) {
		char *slash = strchr(at, '/');

		*slash = '\0';
		add_value(m, at, false);
		result = end_segment(m);
		strbuf_addc(m->out, '/');
		m->from_value = true;
		at = slash + 1;
	}
	if (!result)
		add_value(m, at, kind == HOLE_TWICE);
	free(copy);
	strbuf_release(&scratch);
	return result;
}

/* True when a value between '[' and ']' is null or "". */
static bool is_left_out(const char *s, const struct json *values)
{
	struct strbuf name = STRBUF_INIT, scratch = STRBUF_INIT;
	enum hole_kind kind;
	bool missing = false;

	while (*s && *s != ']') {
		const char *text;

		if (*s != '{') {
			s++;
			continue;
		}
		s = take_hole(s, &name, &kind);
		if (!s)
			break;
		text = value_text(values, name.buf, &scratch);
		missing |= !text || !*text;
	}
	strbuf_release(&name);
	strbuf_release(&scratch);
	return missing;
}

bool path_pattern_is_left_out(const char *pattern, const struct json *values)
{
	return is_whole(pattern) && is_left_out(pattern + 1, values);
}

/* One step of the pattern at s; where the next begins, or NULL. */
static const char *make_step(struct making *m, const char *s, struct strbuf *name)
{
	enum hole_kind kind;

	if (*s == '{') {
		s = take_hole(s, name, &kind);
		return s && !add_hole(m, name->buf, kind) ? s : NULL;
	}
	if (*s == '[')
		return is_left_out(s, m->values) ? strchr(s, ']') + 1 : s + 1;
	if (*s == ']')
		return s + 1;
	if (*s == '/') {
		if (end_segment(m))
			return NULL;
		strbuf_addc(m->out, '/');
	} else {
		strbuf_addc(&m->encoded, *s);
		strbuf_addc(&m->meant, *s);
	}
	return s + 1;
}

int path_pattern_make(
	struct strbuf *out, const char *pattern, const struct json *values, struct err *e)
{
	struct making m = {.out = out,
		.encoded = STRBUF_INIT,
		.meant = STRBUF_INIT,
		.values = values,
		.pattern = pattern,
		.e = e};
	struct strbuf name = STRBUF_INIT;
	const char *s = pattern;
	int result = path_pattern_check(pattern, e);

	if (!result && path_pattern_is_left_out(pattern, values))
		result = err_set(e, ERR_INPUT,
			_("the path '%s' has no value, so that nothing can be asked"),
			pattern);
	while (!result && *s) {
		s = make_step(&m, s, &name);
		if (!s)
			result = -1;
	}
	if (!result)
		result = end_segment(&m);
	strbuf_release(&name);
	strbuf_release(&m.encoded);
	strbuf_release(&m.meant);
	return result;
}
