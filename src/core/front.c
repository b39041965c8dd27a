#include "config.h"
#include "core/front.h"

#include <stdbool.h>
#include <string.h>

#include "core/json.h"

struct line {
	const char *s;
	size_t n; /* without newline and trailing spaces */
	size_t next; /* offset of the next line */
};

static struct line line_at(const char *s, size_t n, size_t at)
{
	const char *end = memchr(s + at, '\n', n - at);
	size_t length = end ? (size_t)(end - s) - at : n - at;
	struct line l = {.s = s + at, .n = length, .next = at + length + (end != NULL)};

	while (l.n && (l.s[l.n - 1] == ' ' || l.s[l.n - 1] == '\t'))
		l.n--;
	return l;
}

static bool is(const struct line *l, const char *text)
{
	return l->n == strlen(text) && !memcmp(l->s, text, l->n);
}

/* "key:" followed by space or nothing, or "key =": enough to tell a key from prose. */
static bool has_key(const struct line *l, char mark)
{
	size_t i = 0;

	while (i < l->n && l->s[i] != mark)
		i++;
	if (i == 0 || i >= l->n || *l->s == '#')
		return false;
	return mark == '=' || i + 1 == l->n || l->s[i + 1] == ' ' || l->s[i + 1] == '\t';
}

static bool find_fenced(struct front *f, const char *s, size_t n, size_t at, char kind)
{
	const char *fence = kind == 'y' ? "---" : "+++";
	struct line l = line_at(s, n, at);
	bool key = false;

	if (!is(&l, fence))
		return false;
	f->start = l.next;
	while (l.next < n) {
		size_t start = l.next;

		l = line_at(s, n, start);
		if (is(&l, fence) || (kind == 'y' && is(&l, "..."))) {
			f->n = start - f->start;
			f->end = l.next;
			f->line = 2;
			return key;
		}
		key = key || has_key(&l, kind == 'y' ? ':' : '=');
	}
	return false;
}

/* Offset behind the brace that closes the one at at, or n. */
static size_t balanced(const char *s, size_t n, size_t at)
{
	bool quoted = false;
	int depth = 0;

	for (; at < n; at++) {
		if (quoted && s[at] == '\\')
			at++;
		else if (s[at] == '"')
			quoted = !quoted;
		else if (!quoted && s[at] == '{')
			depth++;
		else if (!quoted && s[at] == '}' && --depth == 0)
			return at + 1;
	}
	return n;
}

static bool find_json(struct front *f, const char *s, size_t n, size_t at)
{
	struct err e = ERR_INIT;
	struct json *j = NULL;
	struct line rest;
	size_t end;

	if (at >= n || s[at] != '{')
		return false;
	end = balanced(s, n, at);
	rest = line_at(s, n, end);
	if (rest.n || json_parse(&j, s + at, end - at, &e)) {
		err_release(&e);
		return false;
	}
	*f = (struct front){.line = 1, .start = at, .n = end - at, .end = rest.next};
	end = json_count(j);
	json_free(j);
	return end;
}

void front_find(struct front *out, const char *s, size_t n)
{
	static const char kinds[] = {'y', 't', 'j'};
	size_t at = n >= 3 && !memcmp(s, "\xef\xbb\xbf", 3) ? 3 : 0;

	for (size_t i = 0; i < sizeof(kinds); i++) {
		*out = (struct front){0};
		if (kinds[i] == 'j' ? find_json(out, s, n, at)
				    : find_fenced(out, s, n, at, kinds[i])) {
			out->kind = kinds[i];
			return;
		}
	}
	*out = (struct front){0};
}

void front_blank(const struct front *f, char *s)
{
	for (size_t i = 0; i < f->end; i++)
		if (s[i] != '\n')
			s[i] = ' ';
}
