#include "config.h"

#include "signal/selector.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_spaces(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static bool is_name(char c, bool metric)
{
	return isalnum((unsigned char)c) || c == '_' || (metric && c == ':');
}

/* The name at *s, or NULL. */
static const char *take_name(const char **s, struct arena *a, bool metric)
{
	const char *start = *s;

	if (isdigit((unsigned char)*start))
		return NULL;
	while (is_name(**s, metric))
		(*s)++;
	return *s > start ? arena_strndup(a, start, (size_t)(*s - start)) : NULL;
}

static const char *take_op(const char **s)
{
	static const char *const ops[] = {"=~", "!~", "!=", "="};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		size_t n = strlen(ops[i]);

		if (strncmp(*s, ops[i], n) == 0) {
			*s += n;
			return ops[i];
		}
	}
	return NULL;
}

/* The string literal at *s with its quotes, or NULL. */
static const char *take_string(const char **s, struct arena *a)
{
	const char *start = *s, *at = start;
	char quote = *at;

	if (quote != '"' && quote != '\'' && quote != '`')
		return NULL;
	for (at++; *at && *at != quote; at++) {
		if (*at == '\\' && quote != '`' && at[1])
			at++;
	}
	if (!*at)
		return NULL;
	*s = at + 1;
	return arena_strndup(a, start, (size_t)(*s - start));
}

static bool take_match(struct selector *out, struct arena *a, const char **s)
{
	struct selector_match m;

	m.label = take_name(s, a, false);
	*s = skip_spaces(*s);
	m.op = m.label ? take_op(s) : NULL;
	*s = skip_spaces(*s);
	m.value = m.op ? take_string(s, a) : NULL;
	*s = skip_spaces(*s);
	if (!m.value)
		return false;
	*arena_push(a, out->items, out->n, out->cap) = m;
	return true;
}

static bool take_braces(struct selector *out, struct arena *a, const char **s)
{
	*s = skip_spaces(*s + 1);
	while (**s != '}') {
		if (!take_match(out, a, s))
			return false;
		if (**s == ',')
			*s = skip_spaces(*s + 1);
		else if (**s != '}')
			return false;
	}
	(*s)++;
	return true;
}

bool selector_parse(struct selector *out, struct arena *a, const char *text)
{
	const char *s = skip_spaces(text);

	*out = (struct selector){.metric = take_name(&s, a, true)};
	if (!out->metric)
		out->metric = "";
	s = skip_spaces(s);
	if (*s == '{' && !take_braces(out, a, &s))
		return false;
	return *skip_spaces(s) == '\0' && (*out->metric || out->n > 0);
}

void selector_add(struct strbuf *out, const struct selector *s)
{
	strbuf_adds(out, s->metric);
	if (s->n == 0)
		return;
	strbuf_addc(out, '{');
	for (size_t i = 0; i < s->n; i++)
		strbuf_addf(out, "%s%s%s%s", i ? "," : "", s->items[i].label,
			s->items[i].op, s->items[i].value);
	strbuf_addc(out, '}');
}

/* What stands between the quotes; escapes of other than quote and backslash stay. */
static const char *unquoted(struct arena *a, const char *literal)
{
	struct strbuf text = STRBUF_INIT;
	size_t n = strlen(literal) - 1;
	const char *result;

	for (size_t i = 1; i < n; i++) {
		if (*literal != '`' && literal[i] == '\\' && i + 1 < n &&
			strchr("\\\"'", literal[i + 1]))
			i++;
		strbuf_addc(&text, literal[i]);
	}
	result = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return result;
}

const char *selector_equal(const struct selector *s, struct arena *a, const char *label)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->items[i].label, label) == 0 &&
			strcmp(s->items[i].op, "=") == 0)
			return unquoted(a, s->items[i].value);
	}
	return NULL;
}

bool selector_le_both(struct selector *s, struct arena *a)
{
	const char *le = selector_equal(s, a, "le");
	char *end;
	double bound;

	if (!le)
		return false;
	bound = strtod(le, &end);
	if (end == le || *end || !isfinite(bound) || bound != floor(bound) ||
		fabs(bound) > 1e15)
		return true;
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->items[i].label, "le") != 0 ||
			strcmp(s->items[i].op, "=") != 0)
			continue;
		s->items[i].op = "=~";
		s->items[i].value = arena_format(a, "\"%.0f(\\\\.0)?\"", bound);
	}
	return true;
}
