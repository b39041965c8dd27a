#include "config.h"
#include "lab/matcher.h"

#include <ctype.h>
#include <inttypes.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/strbuf.h"

#define MAX_BYTES 4096

const char *labels_get(const struct labels *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i].name, name))
			return l->items[i].value;
	return NULL;
}

void labels_set(struct labels *l, const char *name, const char *value)
{
	size_t at = 0;

	while (at < l->n && strcmp(l->items[at].name, name) < 0)
		at++;
	if (at < l->n && !strcmp(l->items[at].name, name)) {
		free(l->items[at].value);
		l->items[at].value = mem_strdup(value);
		return;
	}
	(void)mem_push(l->items, l->n, l->cap);
	memmove(&l->items[at + 1], &l->items[at], (l->n - 1 - at) * sizeof(*l->items));
	l->items[at] = (struct label){mem_strdup(name), mem_strdup(value)};
}

void labels_release(struct labels *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].name);
		free(l->items[i].value);
	}
	free(l->items);
	*l = (struct labels){0};
}

void labels_fingerprint(char out[17], const struct labels *l)
{
	const uint64_t prime = UINT64_C(0x100000001b3);
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < l->n; i++) {
		const char *parts[] = {l->items[i].name, l->items[i].value};

		if (!*l->items[i].value)
			continue;
		for (size_t k = 0; k < 2; k++) {
			for (const char *s = parts[k]; *s; s++)
				h = (h ^ (unsigned char)*s) * prime;
			h = (h ^ 0xff) * prime;
		}
	}
	snprintf(out, 17, "%016" PRIx64, h);
}

static void skip_spaces(const char **s, const char *end)
{
	while (*s < end && isspace((unsigned char)**s))
		(*s)++;
}

static bool read_operator(struct matcher *out, const char **s, const char *end)
{
	static const struct {
		const char *text;
		bool equal, regex;
	} operators[] = {{"=~", true, true}, {"!~", false, true}, {"!=", false, false},
		{"=", true, false}};

	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		size_t n = strlen(operators[i].text);

		if ((size_t)(end - *s) < n || memcmp(*s, operators[i].text, n) != 0)
			continue;
		out->equal = operators[i].equal;
		out->regex = operators[i].regex;
		*s += n;
		return true;
	}
	return false;
}

/* The rest: quoted with \" \\ \n, or bare.  False: an open quote, or text behind it. */
static bool read_value(struct strbuf *out, const char *s, const char *end)
{
	if (s == end || *s != '"') {
		while (end > s && isspace((unsigned char)end[-1]))
			end--;
		strbuf_add(out, s, (size_t)(end - s));
		return !memchr(s, '"', (size_t)(end - s));
	}
	for (s++; s < end && *s != '"'; s++) {
		if (*s == '\\' && s + 1 < end)
			strbuf_addc(out, *++s == 'n' ? '\n' : *s);
		else
			strbuf_addc(out, *s);
	}
	if (s == end)
		return false;
	s++;
	skip_spaces(&s, end);
	return s == end;
}

int matcher_parse(struct matcher *out, const char *text, size_t n, struct err *e)
{
	const char *s = text, *end = text + n, *name;
	struct strbuf value = STRBUF_INIT;

	*out = (struct matcher){0};
	if (n > MAX_BYTES || memchr(text, 0, n))
		return err_set(e, ERR_INPUT, "bad matcher format");
	skip_spaces(&s, end);
	name = s;
	while (s < end && (isalnum((unsigned char)*s) || *s == '_' || *s == ':'))
		s++;
	out->name = mem_strndup(name, (size_t)(s - name));
	skip_spaces(&s, end);
	if (*out->name && !isdigit((unsigned char)*out->name) &&
		read_operator(out, &s, end)) {
		skip_spaces(&s, end);
		if (read_value(&value, s, end)) {
			out->value = strbuf_detach(&value, NULL);
			return 0;
		}
	}
	strbuf_release(&value);
	matcher_release(out);
	return err_set(e, ERR_INPUT, "bad matcher format: %.*s", (int)n, text);
}

void matcher_release(struct matcher *m)
{
	free(m->name);
	free(m->value);
	*m = (struct matcher){0};
}

/* Anchored at both ends, as Alertmanager does; POSIX instead of RE2 is enough here. */
static int compile(regex_t *out, const char *pattern)
{
	char *anchored = mem_format("^(%s)$", pattern);
	int r = regcomp(out, anchored, REG_EXTENDED | REG_NOSUB);

	free(anchored);
	return r;
}

int matcher_check(const struct matcher *m, struct err *e)
{
	regex_t re;

	if (!m->regex)
		return 0;
	if (compile(&re, m->value))
		return err_set(
			e, ERR_INPUT, "invalid regular expression \"%s\"", m->value);
	regfree(&re);
	return 0;
}

bool matcher_matches_text(const struct matcher *m, const char *text)
{
	regex_t re;
	bool hit;

	if (!m->regex)
		return !strcmp(m->value, text) == m->equal;
	if (compile(&re, m->value))
		return false;
	hit = !regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return hit == m->equal;
}

bool matcher_matches(const struct matcher *m, const struct labels *l)
{
	const char *value = labels_get(l, m->name);

	return matcher_matches_text(m, value ? value : "");
}

bool matcher_equal(const struct matcher *a, const struct matcher *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->value, b->value) &&
		a->regex == b->regex && a->equal == b->equal;
}
