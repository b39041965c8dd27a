#include "config.h"
#include "core/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* What a plain scalar is in the core schema. */
enum resolved { AS_TEXT, AS_NULL, AS_BOOL, AS_INT, AS_REAL };

static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* [0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+ with a sign before the first form. */
static bool is_int(const char *s)
{
	if (!strncmp(s, "0x", 2) && s[2])
		return !s[2 + strspn(s + 2, "0123456789abcdefABCDEF")];
	if (!strncmp(s, "0o", 2) && s[2])
		return !s[2 + strspn(s + 2, "01234567")];
	s += *s == '-' || *s == '+';
	return *s && !s[digits(s)];
}

/* A point or an exponent, digits around it, or an infinity or NaN by name. */
static bool is_real(const char *s)
{
	static const char *const names[] = {
		".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};
	const char *t = s + (*s == '-' || *s == '+');
	size_t before = digits(t), after = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(i < 3 ? t : s, names[i]))
			return true;
	t += before;
	if (*t == '.') {
		after = digits(t + 1);
		t += 1 + after;
	}
	if (!before && !after)
		return false;
	if (*t == 'e' || *t == 'E') {
		t++;
		t += *t == '-' || *t == '+';
		if (!digits(t))
			return false;
		t += digits(t);
	}
	return !*t;
}

static enum resolved resolve(const char *s)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	static const char *const bools[] = {
		"true", "True", "TRUE", "false", "False", "FALSE"};

	for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
		if (!strcmp(s, nulls[i]))
			return AS_NULL;
	for (size_t i = 0; i < ARRAY_LEN(bools); i++)
		if (!strcmp(s, bools[i]))
			return AS_BOOL;
	if (is_int(s))
		return AS_INT;
	return is_real(s) ? AS_REAL : AS_TEXT;
}

/* --- to JSON --- */

static void add_int(struct json *to, const char *key, const char *s)
{
	struct err ignored = ERR_INIT;
	int base = s[0] == '0' && s[1] == 'x' ? 16 : s[0] == '0' && s[1] == 'o' ? 8 : 10;
	long long v;

	errno = 0;
	v = strtoll(base == 8 ? s + 2 : s, NULL, base);
	if (!errno)
		json_add_int(to, key, v);
	else if (base != 10 || *s == '+' || json_add_raw(to, key, s, &ignored))
		json_add_text(to, key, s); /* too long for a number */
	err_release(&ignored);
}

static void add_real(struct json *to, const char *key, const char *s)
{
	/* JSON has no infinity and no NaN: their names stay. */
	if (strpbrk(s, "iInN"))
		json_add_text(to, key, s);
	else
		json_add_real(to, key, strtod(s, NULL));
}

static void add_scalar(struct json *to, const char *key, const struct yaml_node *n)
{
	const char *s = yaml_text(n);

	switch (s && yaml_is_plain(n) ? resolve(s) : AS_TEXT) {
	case AS_TEXT: json_add_text(to, key, s); break;
	case AS_NULL: json_add_null(to, key); break;
	case AS_BOOL: json_add_bool(to, key, *s == 't' || *s == 'T'); break;
	case AS_INT: add_int(to, key, s); break;
	case AS_REAL: add_real(to, key, s); break;
	}
}

/* Recursion ends at YAML_MAX_DEPTH. */
static void add_node(struct json *to, const char *key, const struct yaml_node *n)
{
	enum yaml_type type = yaml_type(n);
	struct json *into;

	if (type != YAML_LIST && type != YAML_MAP) {
		add_scalar(to, key, n);
		return;
	}
	into = type == YAML_LIST ? json_add_array(to, key) : json_add_object(to, key);
	for (size_t i = 0; i < yaml_count(n); i++)
		if (type == YAML_LIST)
			add_node(into, NULL, yaml_item(n, i));
		else
			add_node(into, yaml_key_text(n, i), yaml_value(n, i));
}

struct json *yaml_to_json(const struct yaml_node *n)
{
	struct json *holder = json_array();
	struct json *out;

	add_node(holder, NULL, n);
	out = json_copy(json_first(holder));
	json_free(holder);
	return out;
}

/* --- quoting --- */

/* YAML 1.1's further words for true and false: other readers take them so. */
static bool is_old_bool(const char *s)
{
	static const char *const words[] = {"y", "n", "yes", "no", "on", "off"};
	char lower[4] = {0};

	if (strlen(s) >= sizeof(lower))
		return false;
	for (size_t i = 0; s[i]; i++)
		lower[i] = (char)(s[i] | 0x20);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(lower, words[i]))
			return true;
	return false;
}

static bool is_plain_safe(const char *s)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = strlen(s);

	if (!n || (!strchr(letters, *s) && !strchr("/0123456789.", *s)) ||
		s[n - 1] == ' ' || s[n - 1] == ':' || resolve(s) != AS_TEXT ||
		is_old_bool(s))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strchr(letters, s[i]) || strchr("0123456789./_-+@%=~?&", s[i]))
			continue;
		if ((s[i] == ':' || s[i] == ' ') && s[i + 1] != ' ' && s[i + 1] != '#')
			continue;
		return false;
	}
	/* 1:30 and 2026-11-21 are numbers or dates to some. */
	return *s > '9' || *s < '0' || strpbrk(s, "abcdefghijklmnopqrstuvwxyz");
}

static void add_escaped(struct strbuf *out, uint32_t c)
{
	switch (c) {
	case '"': strbuf_adds(out, "\\\""); return;
	case '\\': strbuf_adds(out, "\\\\"); return;
	case '\n': strbuf_adds(out, "\\n"); return;
	case '\t': strbuf_adds(out, "\\t"); return;
	default: break;
	}
	if (c >= 0x20 && c != 0xfeff && !text_cp_is_unsafe(c))
		text_encode(out, c);
	else if (c <= 0xff)
		strbuf_addf(out, "\\x%02x", (unsigned)c);
	else if (c <= 0xffff)
		strbuf_addf(out, "\\u%04x", (unsigned)c);
	else
		strbuf_addf(out, "\\U%08x", (unsigned)c);
}

void yaml_quote(struct strbuf *out, const char *s)
{
	size_t n = strlen(s), used;

	if (is_plain_safe(s)) {
		strbuf_add(out, s, n);
		return;
	}
	strbuf_addc(out, '"');
	for (; n; s += used, n -= used)
		add_escaped(out, text_decode(s, n, &used));
	strbuf_addc(out, '"');
}
