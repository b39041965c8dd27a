#include "config.h"

#include "signal/latency.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/strbuf.h"
#include "signal/selector.h"

double latency_bound(const char *le)
{
	char *end;
	double bound;

	if (!le || !*le)
		return NAN;
	bound = strtod(le, &end);
	return *end ? NAN : bound;
}

static bool same(double x, double y)
{
	return fabs(x - y) <= 1e-12 * fmax(fabs(x), fabs(y));
}

/* What le has to be: le="0.3", or both spellings of a whole number, le=~"5(\\.0)?". */
static double match_bound(const struct selector_match *m)
{
	size_t n = strlen(m->value);
	double bound = NAN;
	char *text;

	if (strcmp(m->label, "le") || n < 3)
		return NAN;
	text = mem_strndup(m->value + 1, n - 2);
	if (!strcmp(m->op, "=~"))
		text[strcspn(text, "(")] = '\0';
	if (!strcmp(m->op, "=") || !strcmp(m->op, "=~"))
		bound = latency_bound(text);
	free(text);
	return isfinite(bound) ? bound : NAN;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == ':';
}

/* Behind the string literal at s. */
static const char *behind_string(const char *s)
{
	char quote = *s++;

	while (*s && *s != quote)
		s += *s == '\\' && quote != '`' && s[1] ? 2 : 1;
	return *s ? s + 1 : s;
}

/* The next selector with braces from *s on: [begin, end).  False: no more. */
static bool next_selector(const char *query, const char **s, const char **begin)
{
	const char *at = *s;

	while (*at && *at != '{')
		at = strchr("\"'`", *at) ? behind_string(at) : at + 1;
	if (!*at)
		return false;
	*begin = at;
	while (*begin > query && is_name((*begin)[-1]))
		--*begin;
	while (*at && *at != '}')
		at = strchr("\"'`", *at) ? behind_string(at) : at + 1;
	*s = *at ? at + 1 : at;
	return *at != '\0';
}

/* The selector's bound, with the selector itself; NAN: it names no bucket. */
static double selector_bound(
	struct selector *out, struct arena *a, const char *begin, const char *end)
{
	const char *text = arena_strndup(a, begin, (size_t)(end - begin));

	if (!selector_parse(out, a, text))
		return NAN;
	for (size_t i = 0; i < out->n; i++) {
		double bound = match_bound(&out->items[i]);

		if (!isnan(bound))
			return bound;
	}
	return NAN;
}

static const char *without_le(struct arena *a, const struct selector *s)
{
	struct selector bare = {.metric = s->metric};
	struct strbuf text = STRBUF_INIT;
	const char *result;

	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->items[i].label, "le"))
			*arena_push(a, bare.items, bare.n, bare.cap) = s->items[i];
	}
	selector_add(&text, &bare);
	result = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return result;
}

bool latency_of(struct latency *out, struct arena *a, const struct sli *sli)
{
	const char *query = sli->good ? sli->good : sli->bad;
	const char *s = query, *begin;
	bool found = false;

	if (sli->kind != SLI_RATIO || !query)
		return false;
	while (next_selector(query, &s, &begin)) {
		struct selector selector;
		double bound = selector_bound(&selector, a, begin, s);

		if (isnan(bound))
			continue;
		/* Between two boundaries: which one is meant cannot be told. */
		if (found && !same(bound, out->limit))
			return false;
		found = true;
		out->limit = bound;
		out->metric = selector.metric;
		out->buckets = without_le(a, &selector);
	}
	return found;
}

struct latency_choice latency_choose(double limit, const double *bounds, size_t n)
{
	struct latency_choice c = {false, NAN, NAN};

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(bounds[i]))
			continue;
		if (same(bounds[i], limit))
			return (struct latency_choice){true, bounds[i], bounds[i]};
		if (bounds[i] < limit && !(bounds[i] <= c.lower))
			c.lower = bounds[i];
		if (bounds[i] > limit && !(bounds[i] >= c.higher))
			c.higher = bounds[i];
	}
	return c;
}

/* le="0.25", or le=~"1|1\\.0". */
static void add_matcher(struct strbuf *out, const char *const *spellings, size_t n)
{
	if (n == 1) {
		strbuf_addf(out, "le=\"%s\"", spellings[0]);
		return;
	}
	strbuf_adds(out, "le=~\"");
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(out, i ? "|" : "");
		for (const char *s = spellings[i]; *s; s++) {
			strbuf_adds(out, strchr(".+", *s) ? "\\\\" : "");
			strbuf_addc(out, *s);
		}
	}
	strbuf_addc(out, '"');
}

static void add_selector(struct strbuf *out, const struct selector *s, double limit,
	const char *const *spellings, size_t n)
{
	strbuf_addf(out, "%s{", s->metric);
	for (size_t i = 0; i < s->n; i++) {
		const struct selector_match *m = &s->items[i];

		strbuf_adds(out, i ? "," : "");
		if (same(match_bound(m), limit))
			add_matcher(out, spellings, n);
		else
			strbuf_addf(out, "%s%s%s", m->label, m->op, m->value);
	}
	strbuf_addc(out, '}');
}

static const char *query_with(struct arena *a, const char *query, double limit,
	const char *const *spellings, size_t n)
{
	struct strbuf text = STRBUF_INIT;
	const char *s = query, *begin, *written = query;

	while (query && next_selector(query, &s, &begin)) {
		struct selector selector;

		if (isnan(selector_bound(&selector, a, begin, s)))
			continue;
		strbuf_add(&text, written, (size_t)(begin - written));
		add_selector(&text, &selector, limit, spellings, n);
		written = s;
	}
	if (query)
		strbuf_adds(&text, written);
	query = query ? arena_strdup(a, text.buf) : NULL;
	strbuf_release(&text);
	return query;
}

struct sli latency_with(struct arena *a, const struct sli *sli, double limit,
	const char *const *spellings, size_t n)
{
	struct sli out = *sli;

	out.good = query_with(a, sli->good, limit, spellings, n);
	out.bad = query_with(a, sli->bad, limit, spellings, n);
	return out;
}
