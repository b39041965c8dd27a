#include "config.h"

#include "poll/counter.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/number.h"

enum { MAX_DEPTH = 16, MAX_TERMS = 64, MAX_PROMQL = 32 * 1024 };

struct promql {
	const char *p;
	struct arena *arena;
	struct counter_expr *out;
	struct err *e;
	int depth;
};

static int promql_err(struct promql *q)
{
	err_set(q->e, ERR_INPUT, _("this cannot be computed without Prometheus: '%.60s'"),
		*q->p ? q->p : "?");
	return err_hint(
		q->e, _("sums of rate(COUNTER[window]) can: see tocsin-config(5)"));
}

static void spaces_skip(struct promql *q)
{
	while (isspace((unsigned char)*q->p))
		q->p++;
}

static bool take(struct promql *q, const char *text)
{
	size_t n = strlen(text);

	spaces_skip(q);
	if (strncmp(q->p, text, n))
		return false;
	/* A word ends where the word ends. */
	if (isalpha((unsigned char)*text) &&
		(isalnum((unsigned char)q->p[n]) || q->p[n] == '_' || q->p[n] == ':'))
		return false;
	q->p += n;
	return true;
}

static const char *word(struct promql *q)
{
	const char *from;

	spaces_skip(q);
	from = q->p;
	if (isdigit((unsigned char)*from))
		return NULL;
	while (isalnum((unsigned char)*q->p) || *q->p == '_' || *q->p == ':')
		q->p++;
	return q->p == from ? NULL : arena_strndup(q->arena, from, (size_t)(q->p - from));
}

/* "…" and '…' with escapes, `…` without. */
static const char *text_in_quotes(struct promql *q)
{
	char quote;
	char *text, *to;

	spaces_skip(q);
	quote = *q->p;
	if (!quote || !strchr("\"'`", quote))
		return NULL;
	text = to = arena_alloc(q->arena, strlen(q->p), 1);
	for (q->p++; *q->p && *q->p != quote; q->p++) {
		if (*q->p != '\\' || quote == '`') {
			*to++ = *q->p;
			continue;
		}
		q->p++;
		if (!*q->p || !strchr("\\\"'n", *q->p))
			return NULL;
		*to++ = *q->p == 'n' ? '\n' : *q->p;
	}
	if (*q->p != quote)
		return NULL;
	q->p++;
	return text;
}

/* --- RE2, as far as POSIX can say the same --- */

static const char *class_of(char c)
{
	return c == 'd'    ? "0-9"
		: c == 'w' ? "0-9A-Za-z_"
		: c == 's' ? " \t\n\r\f\v"
			   : NULL;
}

static bool regex_escape(struct strbuf *out, char c, bool in_brackets)
{
	const char *class = class_of(c);

	if (class && in_brackets) {
		strbuf_adds(out, class);
	} else if (class) {
		strbuf_addf(out, "[%s]", class);
	} else if (isalnum((unsigned char)c) || !c ||
		(in_brackets && strchr("]^-\\", c))) {
		return false; /* \b, \pL … and what brackets cannot hold in POSIX */
	} else {
		if (!in_brackets)
			strbuf_addc(out, '\\');
		strbuf_addc(out, c);
	}
	return true;
}

static bool regex_translate(struct strbuf *out, const char *s)
{
	bool in_brackets = false;

	for (; *s; s++) {
		if (*s == '\\') {
			if (!regex_escape(out, *++s, in_brackets))
				return false;
			continue;
		}
		if (!in_brackets && s[0] == '(' && s[1] == '?') {
			if (s[2] != ':')
				return false;
			strbuf_addc(out, '(');
			s += 2;
			continue;
		}
		if (!in_brackets && strchr("*+?}", *s) && s[1] == '?')
			return false; /* lazy: anchored at both ends it means the same, POSIX not */
		if (*s == '[')
			in_brackets = true;
		else if (*s == ']')
			in_brackets = false;
		strbuf_addc(out, *s);
	}
	return true;
}

static int regex_compile(struct promql *q, struct counter_matcher *m)
{
	struct strbuf sb = STRBUF_INIT;
	regex_t *regex = mem_new(1, sizeof(*regex));
	bool fits;

	strbuf_adds(&sb, "^(");
	fits = regex_translate(&sb, m->value);
	strbuf_adds(&sb, ")$");
	fits = fits && regcomp(regex, sb.buf, REG_EXTENDED | REG_NOSUB) == 0;
	strbuf_release(&sb);
	if (!fits) {
		free(regex);
		err_set(q->e, ERR_INPUT,
			_("the expression '%s' cannot be matched without Prometheus"),
			m->value);
		return -1;
	}
	m->regex = regex;
	return 0;
}

/* --- the expression --- */

static bool op_read(struct promql *q, enum matcher_op *op)
{
	static const struct {
		const char *text;
		enum matcher_op op;
	} ops[] = {
		{"=~", MATCH_REGEX},
		{"!~", MATCH_NOT_REGEX},
		{"!=", MATCH_NOT_EQUAL},
		{"=", MATCH_EQUAL},
	};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (take(q, ops[i].text)) {
			*op = ops[i].op;
			return true;
		}
	}
	return false;
}

static int matcher_read(struct promql *q, struct counter_term *t)
{
	struct counter_matcher *m;
	struct counter_matcher got = {0};

	spaces_skip(q);
	got.name = *q->p == '"' ? text_in_quotes(q) : word(q);
	if (!got.name)
		return promql_err(q);
	if (!op_read(q, &got.op)) {
		if (t->name)
			return promql_err(q);
		t->name = got.name; /* {"metric name", …} */
		return 0;
	}
	got.value = text_in_quotes(q);
	if (!got.value)
		return promql_err(q);
	if (!strcmp(got.name, "__name__") && got.op == MATCH_EQUAL && !t->name) {
		t->name = got.value;
		return 0;
	}
	m = arena_push(q->arena, t->matchers, t->n, t->cap);
	*m = got;
	return m->op == MATCH_REGEX || m->op == MATCH_NOT_REGEX ? regex_compile(q, m) : 0;
}

static int selector_read(struct promql *q, int sign)
{
	struct counter_term *t;

	if (q->out->n >= MAX_TERMS)
		return promql_err(q);
	t = arena_push(q->arena, q->out->terms, q->out->n, q->out->cap);
	t->sign = sign;
	t->name = word(q);
	if (take(q, "{")) {
		while (!take(q, "}")) {
			if (matcher_read(q, t) < 0)
				return -1;
			if (!take(q, ",")) {
				if (take(q, "}"))
					break;
				return promql_err(q);
			}
		}
	}
	return t->name ? 0 : promql_err(q);
}

/* [{{.window}}], [5m]: the range is ours to choose; a subquery's step is not. */
static int range_read(struct promql *q)
{
	const char *end;

	if (!take(q, "["))
		return promql_err(q);
	end = strchr(q->p, ']');
	if (!end || memchr(q->p, ':', (size_t)(end - q->p)))
		return promql_err(q);
	q->p = end + 1;
	return take(q, ")") ? 0 : promql_err(q);
}

static int grouping_skip(struct promql *q)
{
	if (!take(q, "by") && !take(q, "without"))
		return 0;
	if (!take(q, "("))
		return promql_err(q);
	while (*q->p && *q->p != ')')
		q->p++;
	return take(q, ")") ? 0 : promql_err(q);
}

static int expr_read(struct promql *q, int sign);

static int parens_read(struct promql *q, int sign)
{
	if (!take(q, "(") || expr_read(q, sign) < 0)
		return -1;
	return take(q, ")") ? 0 : promql_err(q);
}

static int sum_read(struct promql *q, int sign)
{
	if (grouping_skip(q) < 0)
		return -1;
	spaces_skip(q);
	if (*q->p != '(')
		return promql_err(q);
	return parens_read(q, sign) < 0 ? -1 : grouping_skip(q);
}

static int term_read(struct promql *q, int sign)
{
	spaces_skip(q);
	if (*q->p == '(')
		return parens_read(q, sign);
	if (take(q, "sum"))
		return sum_read(q, sign);
	if (take(q, "rate") || take(q, "increase")) {
		if (!take(q, "("))
			return promql_err(q);
		return selector_read(q, sign) < 0 ? -1 : range_read(q);
	}
	return promql_err(q);
}

/* "or vector(0)", "or on() vector(0)": no counter is 0 to us anyway when the total is there. */
static int default_skip(struct promql *q)
{
	if (!take(q, "or"))
		return 0;
	if (take(q, "on") && !(take(q, "(") && take(q, ")")))
		return promql_err(q);
	return take(q, "vector") && take(q, "(") && take(q, "0") && take(q, ")")
		? 0
		: promql_err(q);
}

static int expr_read(struct promql *q, int sign)
{
	int rc;

	if (++q->depth > MAX_DEPTH)
		return promql_err(q);
	rc = term_read(q, sign);
	while (rc == 0) {
		if (take(q, "+"))
			rc = term_read(q, sign);
		else if (take(q, "-"))
			rc = term_read(q, -sign);
		else
			break;
	}
	q->depth--;
	return rc < 0 ? -1 : default_skip(q);
}

static bool is_plain_selector(const char *s)
{
	while (isspace((unsigned char)*s) || isalnum((unsigned char)*s) || *s == '_' ||
		*s == ':')
		s++;
	if (*s == '{') {
		char quote = '\0';

		for (; *s && (quote || *s != '}'); s++) {
			if (quote && *s == '\\' && s[1])
				s++;
			else if (quote && *s == quote)
				quote = '\0';
			else if (!quote && strchr("\"'`", *s))
				quote = *s;
		}
		s += *s == '}';
	}
	while (isspace((unsigned char)*s))
		s++;
	return !*s;
}

int counter_parse(
	struct counter_expr *out, struct arena *a, const char *promql, struct err *e)
{
	struct promql q = {.p = promql, .arena = a, .out = out, .e = e};
	int rc;

	*out = (struct counter_expr){0};
	if (strlen(promql) > MAX_PROMQL)
		return err_set(e, ERR_LIMIT, _("the expression is too long"));
	rc = is_plain_selector(promql) ? selector_read(&q, 1) : expr_read(&q, 1);
	spaces_skip(&q);
	if (rc == 0 && *q.p)
		rc = promql_err(&q);
	if (rc < 0)
		counter_release(out);
	return rc;
}

void counter_release(struct counter_expr *c)
{
	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; k < c->terms[i].n; k++) {
			regex_t *regex = c->terms[i].matchers[k].regex;

			if (regex)
				regfree(regex);
			free(regex);
		}
	}
	*c = (struct counter_expr){0};
}

static const char *label_value(
	const struct metric_label *labels, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(labels[i].name, name))
			return labels[i].value;
	}
	return "";
}

static bool numbers_equal(const char *a, const char *b)
{
	double x, y;

	return number_parse(&x, a, strlen(a)) && number_parse(&y, b, strlen(b)) && x == y;
}

static bool matcher_matches(const struct counter_matcher *m, const char *value)
{
	bool equal;

	if (m->regex)
		equal = regexec(m->regex, value, 0, NULL, 0) == 0;
	else if (!strcmp(m->name, "le"))
		equal = !strcmp(m->value, value) || numbers_equal(m->value, value);
	else
		equal = !strcmp(m->value, value);
	return equal == (m->op == MATCH_EQUAL || m->op == MATCH_REGEX);
}

bool counter_matches(const struct counter_term *t, const char *name,
	const struct metric_label *labels, size_t n)
{
	if (strcmp(t->name, name))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		const struct counter_matcher *m = &t->matchers[i];

		if (!strcmp(m->name, "job") || !strcmp(m->name, "instance"))
			continue;
		if (!matcher_matches(m, label_value(labels, n, m->name)))
			return false;
	}
	return true;
}
