#include "config.h"

#include "net/auth_challenge.h"

#include <string.h>
#include <strings.h>

void challenge_release(struct challenge *c)
{
	strbuf_release(&c->realm);
	strbuf_release(&c->service);
	strbuf_release(&c->scope);
	strbuf_release(&c->error);
	c->scheme = CHALLENGE_NONE;
}

/* A place in the header's value. */
struct cursor {
	const char *at, *end;
};

static bool is_token_char(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static void skip(struct cursor *c, const char *what)
{
	while (c->at < c->end && *c->at && strchr(what, *c->at))
		c->at++;
}

static size_t token_bytes(const struct cursor *c)
{
	size_t n = 0;

	while (c->at + n < c->end && is_token_char(c->at[n]))
		n++;
	return n;
}

static void take_quoted(struct cursor *c, struct strbuf *out)
{
	c->at++;
	while (c->at < c->end && *c->at != '"') {
		if (*c->at == '\\' && c->at + 1 < c->end)
			c->at++;
		strbuf_addc(out, *c->at++);
	}
	if (c->at < c->end)
		c->at++;
}

/* Registries put URLs into values without quotes, too. */
static void take_bare(struct cursor *c, struct strbuf *out)
{
	while (c->at<c->end && * c->at> ' ' && *c->at != ',')
		strbuf_addc(out, *c->at++);
}

static struct strbuf *part_of(struct challenge *c, const char *name, size_t n)
{
	static const struct {
		const char *name;
		size_t offset;
	} parts[] = {
		{"realm", offsetof(struct challenge, realm)},
		{"service", offsetof(struct challenge, service)},
		{"scope", offsetof(struct challenge, scope)},
		{"error", offsetof(struct challenge, error)},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (strlen(parts[i].name) == n && !strncasecmp(parts[i].name, name, n))
			return (struct strbuf *)((char *)c + parts[i].offset);
	}
	return NULL;
}

static enum challenge_scheme scheme_of(const char *s, size_t n)
{
	if (n == 6 && !strncasecmp(s, "bearer", n))
		return CHALLENGE_BEARER;
	if (n == 5 && !strncasecmp(s, "basic", n))
		return CHALLENGE_BASIC;
	return CHALLENGE_NONE;
}

/* "name=value" of the challenge; false: it is the next challenge's scheme. */
static bool take_pair(struct cursor *c, struct challenge *into)
{
	size_t n = token_bytes(c);
	struct cursor value = {c->at + n, c->end};
	struct strbuf text = STRBUF_INIT, *part;
	const char *name = c->at;

	skip(&value, " \t");
	if (!n || value.at >= value.end || *value.at != '=')
		return false;
	value.at++;
	skip(&value, " \t");
	if (value.at < value.end && *value.at == '"')
		take_quoted(&value, &text);
	else
		take_bare(&value, &text);
	part = into ? part_of(into, name, n) : NULL;
	/* A NUL would end the text early. */
	if (part && !part->len && !memchr(text.buf, '\0', text.len))
		strbuf_add(part, text.buf, text.len);
	strbuf_release(&text);
	*c = value;
	return true;
}

bool challenge_parse(struct challenge *c, const char *s, size_t n)
{
	struct cursor at = {s, s + (n < CHALLENGE_MAX_BYTES ? n : CHALLENGE_MAX_BYTES)};

	while (at.at < at.end) {
		enum challenge_scheme scheme;
		struct challenge *into = NULL;
		size_t name;

		skip(&at, " \t,");
		name = token_bytes(&at);
		if (!name) {
			at.at++;
			continue;
		}
		scheme = scheme_of(at.at, name);
		at.at += name;
		if (scheme > c->scheme) {
			challenge_release(c);
			c->scheme = scheme;
			into = c;
		}
		do
			skip(&at, " \t,");
		while (take_pair(&at, into));
	}
	return c->scheme != CHALLENGE_NONE;
}
