#include "config.h"
#include "lab/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"

#define MAX_BYTES 4096

void filter_release(struct filter *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].name);
		free(f->items[i].tag);
		free(f->items[i].value);
	}
	free(f->items);
	*f = (struct filter){0};
}

static void skip_spaces(const char **s)
{
	while (isspace((unsigned char)**s))
		(*s)++;
}

/* Text up to a closing quote; NULL: there is none. */
static char *quoted(const char **s, char quote)
{
	const char *begin = *s + 1, *end = strchr(begin, quote);

	if (!end)
		return NULL;
	*s = end + 1;
	return mem_strndup(begin, (size_t)(end - begin));
}

static bool read_name(struct clause *c, const char **s)
{
	size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyz_");

	c->name = mem_strndup(*s, n);
	*s += n;
	/* The real client says "tag". */
	if (strcmp(c->name, "tags") != 0 && strcmp(c->name, "tag") != 0)
		return n > 0;
	if (**s != '.')
		return false;
	(*s)++;
	if (**s == '`' || **s == '"') {
		c->tag = quoted(s, **s);
	} else {
		n = strcspn(*s, " \t=!<>");
		c->tag = mem_strndup(*s, n);
		*s += n;
	}
	return c->tag && *c->tag;
}

static bool read_op(struct clause *c, const char **s)
{
	static const struct {
		const char *text;
		enum filter_op op;
	} ops[] = {{"!=", FILTER_NE}, {"<=", FILTER_LE}, {">=", FILTER_GE},
		{"=", FILTER_EQ}, {"<", FILTER_LT}, {">", FILTER_GT},
		{"ILIKE", FILTER_ILIKE}, {"LIKE", FILTER_LIKE}};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		size_t n = strlen(ops[i].text);

		if (strncasecmp(*s, ops[i].text, n) != 0)
			continue;
		c->op = ops[i].op;
		*s += n;
		return true;
	}
	return false;
}

static bool read_value(struct clause *c, const char **s)
{
	size_t n;

	if (**s == '\'' || **s == '"') {
		c->value = quoted(s, **s);
		return c->value != NULL;
	}
	n = strspn(*s, "0123456789");
	c->value = mem_strndup(*s, n);
	*s += n;
	return n > 0;
}

static bool read_clause(struct clause *c, const char **s)
{
	skip_spaces(s);
	if (!read_name(c, s))
		return false;
	skip_spaces(s);
	if (!read_op(c, s))
		return false;
	skip_spaces(s);
	if (!read_value(c, s))
		return false;
	skip_spaces(s);
	return true;
}

int filter_parse(struct filter *out, const char *s, struct err *e)
{
	const char *all = s;

	*out = (struct filter){0};
	if (!s)
		return 0;
	skip_spaces(&s);
	if (strlen(s) > MAX_BYTES)
		return err_set(e, ERR_INPUT, "The filter is too long");
	while (*s) {
		if (out->n) {
			if (strncasecmp(s, "AND", 3) != 0 ||
				!isspace((unsigned char)s[3]))
				goto bad;
			s += 3;
		}
		if (!read_clause(mem_push(out->items, out->n, out->cap), &s))
			goto bad;
	}
	return 0;
bad:
	filter_release(out);
	return err_set(e, ERR_INPUT, "Invalid clause(s) in filter string: '%s'", all);
}

/* SQL's LIKE: % is any text, _ any character. */
static bool like(const char *pattern, const char *text, bool fold)
{
	const char *star = NULL, *mark = NULL;

	while (*text) {
		int p = (unsigned char)*pattern, t = (unsigned char)*text;

		if (fold) {
			p = tolower(p);
			t = tolower(t);
		}
		if (*pattern == '%') {
			star = ++pattern;
			mark = text;
		} else if (*pattern == '_' || (*pattern && p == t)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '%')
		pattern++;
	return !*pattern;
}

static bool clause_holds(const struct clause *c, const char *value)
{
	long long a, b;

	if (!value)
		return c->op == FILTER_NE;
	switch (c->op) {
	case FILTER_EQ: return !strcmp(value, c->value);
	case FILTER_NE: return strcmp(value, c->value) != 0;
	case FILTER_LIKE: return like(c->value, value, false);
	case FILTER_ILIKE: return like(c->value, value, true);
	default: break;
	}
	a = strtoll(value, NULL, 10);
	b = strtoll(c->value, NULL, 10);
	return c->op == FILTER_LT    ? a < b
		: c->op == FILTER_LE ? a <= b
		: c->op == FILTER_GT ? a > b
				     : a >= b;
}

bool filter_holds(const struct filter *f, filter_value_fn *fn, const void *object)
{
	for (size_t i = 0; i < f->n; i++)
		if (!clause_holds(&f->items[i], fn(object, &f->items[i])))
			return false;
	return true;
}
