#include "config.h"
#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum style { STYLE_PLAIN, STYLE_INDENT, STYLE_CANONICAL };

struct writer {
	struct strbuf *out;
	enum style style;
	int depth;
};

static void quote_code_point(struct strbuf *out, uint32_t c)
{
	static const char names[] = {['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r',
		['"'] = '"',
		['\\'] = '\\'};

	if (c < sizeof(names) && names[c])
		strbuf_addf(out, "\\%c", names[c]);
	else if (c > 0xffff)
		strbuf_addf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + (c & 0x3ff));
	else
		strbuf_addf(out, "\\u%04x", c);
}

/* What a terminal could act on, or not show, is escaped: it is the same JSON, and safe to print. */
void json_quote(struct strbuf *out, const char *s)
{
	size_t n = strlen(s), used;

	strbuf_addc(out, '"');
	for (size_t i = 0; i < n; i += used) {
		uint32_t c = text_decode(s + i, n - i, &used);

		if (c == '"' || c == '\\' || text_cp_is_unsafe(c))
			quote_code_point(out, c);
		else
			text_encode(out, c);
	}
	strbuf_addc(out, '"');
}

/* The fewest digits that read back as the same double. */
static void write_real(struct strbuf *out, double v)
{
	char text[40];

	if (!isfinite(v)) {
		strbuf_adds(out, "null");
		return;
	}
	if (v == 0)
		v = 0;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	strbuf_adds(out, text);
}

static void break_line(const struct writer *w)
{
	if (w->style != STYLE_INDENT)
		return;
	strbuf_addf(w->out, "\n%*s", w->depth * 2, "");
}

static void write_value(struct writer *w, const struct json *j);

static void write_member(struct writer *w, const struct json *j, bool first)
{
	if (!first)
		strbuf_addc(w->out, ',');
	break_line(w);
	if (json_key(j)) {
		json_quote(w->out, json_key(j));
		strbuf_adds(w->out, w->style == STYLE_INDENT ? ": " : ":");
	}
	write_value(w, j);
}

struct member {
	const struct json *item;
	size_t index; /* keeps the order of equal keys */
};

static int by_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(json_key(x->item), json_key(y->item));

	if (order)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void write_sorted(struct writer *w, const struct json *j)
{
	size_t n = json_count(j), i = 0;
	struct member *members = mem_new(n, sizeof(*members));

	json_each (item, j) {
		members[i] = (struct member){.item = item, .index = i};
		i++;
	}
	qsort(members, n, sizeof(*members), by_key);
	for (i = 0; i < n; i++)
		write_member(w, members[i].item, i == 0);
	free(members);
}

static void write_container(struct writer *w, const struct json *j, const char *brackets)
{
	bool first = true;

	strbuf_addc(w->out, brackets[0]);
	w->depth++;
	if (w->style == STYLE_CANONICAL && json_type(j) == JSON_OBJECT) {
		write_sorted(w, j);
	} else {
		json_each (item, j) {
			write_member(w, item, first);
			first = false;
		}
	}
	w->depth--;
	if (!first)
		break_line(w);
	strbuf_addc(w->out, brackets[1]);
}

static void write_value(struct writer *w, const struct json *j)
{
	switch (json_type(j)) {
	case JSON_NONE:
	case JSON_NULL: strbuf_adds(w->out, "null"); break;
	case JSON_BOOL:
		strbuf_adds(w->out, json_bool(j, false) ? "true" : "false");
		break;
	case JSON_STRING: json_quote(w->out, json_text(j)); break;
	case JSON_ARRAY: write_container(w, j, "[]"); break;
	case JSON_OBJECT: write_container(w, j, "{}"); break;
	case JSON_NUMBER:
		if (json_text(j))
			strbuf_adds(w->out, json_text(j));
		else
			write_real(w->out, json_real(j));
		break;
	}
}

void json_format(struct strbuf *out, const struct json *j, bool indent)
{
	struct writer w = {.out = out, .style = indent ? STYLE_INDENT : STYLE_PLAIN};

	write_value(&w, j);
	if (indent)
		strbuf_addc(out, '\n');
}

void json_canonical(struct strbuf *out, const struct json *j)
{
	struct writer w = {.out = out, .style = STYLE_CANONICAL};

	write_value(&w, j);
}
