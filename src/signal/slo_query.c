#include "config.h"

#include "signal/slo_query.h"

#include <ctype.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"

static const char *skip_spaces(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* Behind {{ .window }} when that starts at s, else NULL. */
static const char *behind_placeholder(const char *s)
{
	static const char word[] = ".window";

	if (s[0] != '{' || s[1] != '{')
		return NULL;
	s = skip_spaces(s + 2);
	if (strncmp(s, word, sizeof(word) - 1) != 0)
		return NULL;
	s = skip_spaces(s + sizeof(word) - 1);
	return s[0] == '}' && s[1] == '}' ? s + 2 : NULL;
}

size_t slo_template(struct strbuf *out, const char *template, int64_t window_ns)
{
	size_t n = 0;

	for (const char *s = template; *s;) {
		const char *behind = behind_placeholder(s);

		if (behind) {
			duration_format(out, window_ns);
			s = behind;
			n++;
		} else {
			strbuf_addc(out, *s++);
		}
	}
	return n;
}

/* Behind the string literal that starts at s; at the end of the text when it is not closed. */
static const char *behind_string(const char *s)
{
	char quote = *s++;

	while (*s && *s != quote) {
		if (*s == '\\' && quote != '`' && s[1])
			s++;
		s++;
	}
	return *s ? s + 1 : s;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

/* Behind the selector that starts at s, or NULL. */
static const char *behind_selector(const char *s)
{
	const char *start = s;

	if (isalpha((unsigned char)*s) || *s == '_' || *s == ':') {
		while (isalnum((unsigned char)*s) || *s == '_' || *s == ':')
			s++;
	}
	if (*s == '{') {
		for (s++; *s && *s != '}';)
			s = is_quote(*s) ? behind_string(s) : s + 1;
		if (*s != '}')
			return NULL;
		s++;
	}
	return s > start ? s : NULL;
}

bool promql_is_selector(const char *query)
{
	const char *behind = behind_selector(skip_spaces(query));

	return behind && *skip_spaces(behind) == '\0';
}

/* The selector inside "sum(selector)", in the arena; NULL: it is no such thing. */
static const char *selector_in_sum(struct arena *a, const char *query)
{
	const char *s = skip_spaces(query), *behind;

	if (strncmp(s, "sum", 3) != 0)
		return NULL;
	s = skip_spaces(s + 3);
	if (*s != '(')
		return NULL;
	s = skip_spaces(s + 1);
	behind = behind_selector(s);
	if (!behind || *skip_spaces(behind) != ')' ||
		*skip_spaces(skip_spaces(behind) + 1))
		return NULL;
	return arena_strndup(a, s, (size_t)(behind - s));
}

/* Behind a fixed range "[5m]" that starts at s; NULL for anything else, also for subqueries. */
static const char *behind_range(const char *s)
{
	if (*s++ != '[')
		return NULL;
	s = skip_spaces(s);
	if (!isdigit((unsigned char)*s))
		return NULL;
	while (isalnum((unsigned char)*s))
		s++;
	s = skip_spaces(s);
	return *s == ']' ? s + 1 : NULL;
}

/* Append query with every fixed range replaced by the placeholder; returns how many. */
static size_t open_ranges(struct strbuf *out, const char *query)
{
	size_t n = 0;

	for (const char *s = query; *s;) {
		const char *behind = is_quote(*s) ? behind_string(s) : behind_range(s);

		if (behind && *s == '[') {
			strbuf_adds(out, "[{{.window}}]");
			n++;
		} else {
			behind = behind ? behind : s + 1;
			strbuf_add(out, s, (size_t)(behind - s));
		}
		s = behind;
	}
	return n;
}

const char *promql_windowed(
	struct arena *a, const char *query, bool counter, bool *selector)
{
	struct strbuf text = STRBUF_INIT;
	const char *plain = NULL, *result = NULL;

	*selector = false;
	if (slo_template(&text, query, 0) > 0) {
		strbuf_release(&text);
		return arena_strdup(a, query);
	}
	strbuf_reset(&text);
	if (promql_is_selector(query)) {
		const char *s = skip_spaces(query);

		plain = arena_strndup(a, s, (size_t)(behind_selector(s) - s));
	} else {
		plain = selector_in_sum(a, query);
	}
	if (plain && counter) {
		*selector = true;
		result = plain;
	} else if (plain) {
		result = arena_format(a, "sum(sum_over_time(%s[{{.window}}]))", plain);
	} else if (open_ranges(&text, query) > 0) {
		result = arena_strdup(a, text.buf);
	}
	strbuf_release(&text);
	return result;
}

/* Of all series, or of those of each group. */
static void add_sum(struct strbuf *out, const struct sli *sli)
{
	strbuf_adds(out, "sum");
	if (sli->grouping)
		strbuf_addf(out, " by (%s) ", sli->grouping);
}

/* One part of a ratio over the window, as a rate. */
static void add_part(
	struct strbuf *out, const struct sli *sli, const char *part, int64_t window_ns)
{
	if (!sli->selector) {
		strbuf_addc(out, '(');
		slo_template(out, part, window_ns);
		strbuf_addc(out, ')');
		return;
	}
	add_sum(out, sli);
	strbuf_addf(out, "(rate(%s[", part);
	duration_format(out, window_ns);
	strbuf_adds(out, "]))");
}

static bool add_ratio(struct strbuf *out, const struct sli *sli, int64_t window_ns)
{
	if (sli->bad && (sli->total || sli->good)) {
		add_part(out, sli, sli->bad, window_ns);
		strbuf_adds(out, sli->total ? " / " : " / (");
		if (!sli->total) {
			add_part(out, sli, sli->good, window_ns);
			strbuf_adds(out, " + ");
			add_part(out, sli, sli->bad, window_ns);
			strbuf_addc(out, ')');
			return true;
		}
		add_part(out, sli, sli->total, window_ns);
		return true;
	}
	if (!sli->good || !sli->total)
		return false;
	strbuf_adds(out, "1 - ");
	add_part(out, sli, sli->good, window_ns);
	strbuf_adds(out, " / ");
	add_part(out, sli, sli->total, window_ns);
	return true;
}

bool slo_query(struct strbuf *out, const struct slo *slo, int64_t window_ns)
{
	const struct sli *sli = &slo->sli;

	if (sli->foreign)
		return false;
	switch (sli->kind) {
	case SLI_RATIO: return add_ratio(out, sli, window_ns);
	case SLI_RAW:
	case SLI_THRESHOLD:
		if (!sli->raw)
			return false;
		slo_template(out, sli->raw, window_ns);
		return true;
	case SLI_RECORDED:
		if (!sli->recorded)
			return false;
		strbuf_adds(out, "slo:sli_error:ratio_rate");
		duration_format(out, window_ns);
		strbuf_adds(out, sli->recorded);
		return true;
	case SLI_TRACES:
	case SLI_NONE: break;
	}
	return false;
}

/* True when the expression gives events per second, false when it counts them; -1: neither. */
static int is_rate(const char *part)
{
	if (strstr(part, "increase(") || strstr(part, "_over_time("))
		return strstr(part, "rate(") ? -1 : 0;
	return strstr(part, "rate(") ? 1 : -1;
}

static bool add_count(
	struct strbuf *out, const struct slo *slo, const char *part, int64_t window_ns)
{
	int rate;

	if (!part || slo->sli.foreign || slo->sli.kind != SLI_RATIO)
		return false;
	if (slo->sli.selector) {
		add_sum(out, &slo->sli);
		strbuf_addf(out, "(increase(%s[", part);
		duration_format(out, window_ns);
		strbuf_adds(out, "]))");
		return true;
	}
	rate = is_rate(part);
	if (rate < 0)
		return false;
	add_part(out, &slo->sli, part, window_ns);
	if (rate)
		strbuf_addf(out, " * %lld", (long long)(window_ns / NS_PER_S));
	return true;
}

bool slo_total_query(struct strbuf *out, const struct slo *slo, int64_t window_ns)
{
	return add_count(out, slo, slo->sli.total, window_ns);
}

bool slo_bad_query(struct strbuf *out, const struct slo *slo, int64_t window_ns)
{
	size_t before = out->len;

	if (slo->sli.bad)
		return add_count(out, slo, slo->sli.bad, window_ns);
	if (!slo->sli.good || !add_count(out, slo, slo->sli.total, window_ns))
		return false;
	strbuf_adds(out, " - ");
	if (add_count(out, slo, slo->sli.good, window_ns))
		return true;
	strbuf_truncate(out, before);
	return false;
}
