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

/* --- parts --- */

/* "sum", or "sum by (handler)". */
static void add_sum(struct strbuf *out, const struct sli *sli)
{
	strbuf_adds(out, "sum");
	if (sli->grouping)
		strbuf_addf(out, " by (%s) ", sli->grouping);
}

/* Behind "sum (" when that starts at s, else NULL. */
static const char *behind_sum(const char *query, const char *s)
{
	if (strncmp(s, "sum", 3) != 0 ||
		(s > query && (isalnum((unsigned char)s[-1]) || s[-1] == '_')))
		return NULL;
	s = skip_spaces(s + 3);
	return *s == '(' ? s + 1 : NULL;
}

/* A template with its range, where every bare sum() is one of each group. */
static void add_template(struct strbuf *out, const struct sli *sli, const char *template,
	int64_t window_ns)
{
	struct strbuf text = STRBUF_INIT;
	const char *behind;

	if (!sli->grouping) {
		slo_template(out, template, window_ns);
		return;
	}
	slo_template(&text, template, window_ns);
	for (const char *s = text.buf; *s; s = behind) {
		behind = is_quote(*s) ? behind_string(s) : behind_sum(text.buf, s);
		if (behind && !is_quote(*s)) {
			add_sum(out, sli);
			strbuf_addc(out, '(');
			continue;
		}
		behind = behind ? behind : s + 1;
		strbuf_add(out, s, (size_t)(behind - s));
	}
	strbuf_release(&text);
}

/* One part of a ratio over the window, as a rate. */
static void add_part(
	struct strbuf *out, const struct sli *sli, const char *part, int64_t window_ns)
{
	if (!sli->selector) {
		strbuf_addc(out, '(');
		add_template(out, sli, part, window_ns);
		strbuf_addc(out, ')');
		return;
	}
	add_sum(out, sli);
	strbuf_addf(out, "(rate(%s[", part);
	duration_format(out, window_ns);
	strbuf_adds(out, "]))");
}

/*
 * What is absent although there is traffic has counted nothing: the first error makes the counter
 * of errors.  Of the traffic itself nobody knows anything when it is absent.
 */
static void add_part_or_none(struct strbuf *out, const struct sli *sli, const char *part,
	const char *traffic, int64_t window_ns)
{
	strbuf_addc(out, '(');
	add_part(out, sli, part, window_ns);
	strbuf_adds(out, " or ");
	add_part(out, sli, traffic, window_ns);
	strbuf_adds(out, " * 0)");
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

static bool add_recorded(struct strbuf *out, const struct sli *sli, int64_t window_ns)
{
	if (!sli->recorded)
		return false;
	slo_template(out,
		sli->recorded_as ? sli->recorded_as
				 : "slo:sli_error:ratio_rate{{.window}}",
		window_ns);
	strbuf_adds(out, sli->recorded);
	return true;
}

/* The error ratio of the events of a window. */
static bool add_events_ratio(struct strbuf *out, const struct sli *sli, int64_t window_ns)
{
	switch (sli->kind) {
	case SLI_RATIO: return add_ratio(out, sli, window_ns);
	case SLI_RAW:
	case SLI_THRESHOLD:
		if (!sli->raw)
			return false;
		add_template(out, sli, sli->raw, window_ns);
		return true;
	case SLI_RECORDED: return add_recorded(out, sli, window_ns);
	case SLI_TRACES:
	case SLI_NONE: break;
	}
	return false;
}

/* --- slices of time --- */

/* As add_events_ratio(), where an absent part has counted nothing. */
static bool add_slice_ratio(struct strbuf *out, const struct sli *sli, int64_t slice_ns)
{
	if (sli->kind != SLI_RATIO || !sli->total || !(sli->bad || sli->good))
		return add_events_ratio(out, sli, slice_ns);
	if (!sli->bad)
		strbuf_adds(out, "1 - ");
	add_part_or_none(out, sli, sli->bad ? sli->bad : sli->good, sli->total, slice_ns);
	strbuf_adds(out, " / ");
	add_part(out, sli, sli->total, slice_ns);
	return true;
}

static void add_subquery(struct strbuf *out, const struct slo *slo, int64_t window_ns)
{
	strbuf_addc(out, '[');
	duration_format(out, window_ns > slo->slice_ns ? window_ns : slo->slice_ns);
	strbuf_addc(out, ':');
	duration_format(out, slo->slice_ns);
	strbuf_addc(out, ']');
}

/*
 * function over the window's slices: of their badness, or of their presence.  A slice without
 * traffic has the ratio NaN, is filtered out, and is neither good nor bad.
 */
static bool add_slices(struct strbuf *out, const struct slo *slo, const char *function,
	bool presence, int64_t window_ns)
{
	size_t before = out->len;
	bool counts = slo->budgeting == BUDGET_TIMESLICES && !presence;

	if (slo->slice_ns <= 0)
		return false;
	strbuf_addf(out, "%s((%s(", function, counts ? "1 - (" : "");
	if (!add_slice_ratio(out, &slo->sli, slo->slice_ns)) {
		strbuf_truncate(out, before);
		return false;
	}
	strbuf_adds(out, ") > -Inf");
	if (counts)
		strbuf_addf(out, ") < bool %.15g", slo->slice_target);
	strbuf_addc(out, ')');
	add_subquery(out, slo, window_ns);
	strbuf_addc(out, ')');
	return true;
}

static bool has_slices(const struct slo *slo)
{
	return slo->budgeting != BUDGET_EVENTS && slo->sli.kind != SLI_RECORDED;
}

/* --- what is asked --- */

/* Sloth records the period too; others the windows that they alert on. */
static bool is_recorded(const struct slo *slo, int64_t window_ns)
{
	if (!slo->sli.recorded_as)
		return true;
	for (size_t i = 0; i < slo->n_alerting; i++) {
		if (slo->alerting[i].short_ns == window_ns ||
			slo->alerting[i].long_ns == window_ns)
			return true;
	}
	return false;
}

bool slo_query(struct strbuf *out, const struct slo *slo, int64_t window_ns)
{
	if (slo->sli.foreign)
		return false;
	if (has_slices(slo))
		return add_slices(out, slo, "avg_over_time", false, window_ns);
	/* The period is often one that nobody records. */
	if (slo->sli.kind == SLI_RECORDED && slo->sli.raw &&
		(window_ns == slo->window_ns || !is_recorded(slo, window_ns))) {
		add_template(out, &slo->sli, slo->sli.raw, window_ns);
		return true;
	}
	return add_events_ratio(out, &slo->sli, window_ns);
}

bool slo_record_query(struct strbuf *out, const struct slo *slo, int64_t window_ns)
{
	if (slo->sli.foreign || has_slices(slo) || slo->sli.kind == SLI_RECORDED)
		return slo_query(out, slo, window_ns);
	return add_slice_ratio(out, &slo->sli, window_ns);
}

/* True when the expression gives events per second, false when it counts them; -1: neither. */
static int is_rate(const char *part)
{
	if (strstr(part, "increase(") || strstr(part, "_over_time("))
		return strstr(part, "rate(") ? -1 : 0;
	return strstr(part, "rate(") ? 1 : -1;
}

/* A part as a count of events; false: nobody knows what it is the number of. */
static bool add_count(
	struct strbuf *out, const struct sli *sli, const char *part, int64_t window_ns)
{
	int rate;

	if (sli->selector) {
		add_sum(out, sli);
		strbuf_addf(out, "(increase(%s[", part);
		duration_format(out, window_ns);
		strbuf_adds(out, "]))");
		return true;
	}
	rate = is_rate(part);
	if (rate < 0)
		return false;
	add_part(out, sli, part, window_ns);
	if (rate)
		strbuf_addf(out, " * %lld", (long long)(window_ns / NS_PER_S));
	return true;
}

/* The histogram that a raw ratio takes its fraction of; NULL: it takes none. */
static const char *fraction_of(struct arena *a, const char *raw)
{
	const char *s = strstr(raw, "histogram_fraction"), *start = NULL;
	int depth = 0, commas = 0;

	s = s ? strchr(s, '(') : NULL;
	while (s && *s) {
		if (is_quote(*s)) {
			s = behind_string(s);
			continue;
		}
		depth += strchr("([{", *s) != NULL;
		depth -= strchr(")]}", *s) != NULL;
		if (depth == 0)
			return start ? arena_strndup(a, start, (size_t)(s - start))
				     : NULL;
		if (*s == ',' && depth == 1 && ++commas == 2)
			start = skip_spaces(s + 1);
		s++;
	}
	return NULL;
}

/* Observations of a native histogram; minutes of a threshold. */
static bool add_raw_total(struct strbuf *out, const struct sli *sli, int64_t window_ns)
{
	const char *histogram;
	struct arena a;
	bool counted = false;

	if (sli->kind == SLI_THRESHOLD && sli->total) {
		strbuf_adds(out, "count_over_time(((");
		add_template(out, sli, sli->total, window_ns);
		strbuf_adds(out, ") > -Inf)[");
		duration_format(out, window_ns);
		strbuf_adds(out, ":1m])");
		return true;
	}
	if (sli->kind != SLI_RAW || !sli->raw)
		return false;
	arena_init(&a);
	histogram = fraction_of(&a, sli->raw);
	if (histogram) {
		histogram = arena_format(&a, "histogram_count(%s)", histogram);
		counted = add_count(out, sli, histogram, window_ns);
	}
	arena_release(&a);
	return counted;
}

bool slo_total_query(struct strbuf *out, const struct slo *slo, int64_t window_ns)
{
	const struct sli *sli = &slo->sli;

	if (sli->foreign)
		return false;
	if (has_slices(slo))
		return add_slices(out, slo, "count_over_time", true, window_ns);
	if (sli->kind != SLI_RATIO)
		return add_raw_total(out, sli, window_ns);
	return sli->total && add_count(out, sli, sli->total, window_ns);
}

bool slo_bad_query(struct strbuf *out, const struct slo *slo, int64_t window_ns)
{
	const struct sli *sli = &slo->sli;
	size_t before = out->len;

	if (sli->foreign)
		return false;
	if (has_slices(slo))
		return add_slices(out, slo, "sum_over_time", false, window_ns);
	if (sli->kind != SLI_RATIO)
		return false;
	if (sli->bad)
		return add_count(out, sli, sli->bad, window_ns);
	if (!sli->good || !sli->total || !add_count(out, sli, sli->total, window_ns))
		return false;
	strbuf_adds(out, " - (");
	if (!add_count(out, sli, sli->good, window_ns)) {
		strbuf_truncate(out, before);
		return false;
	}
	strbuf_adds(out, " or ");
	add_count(out, sli, sli->total, window_ns);
	strbuf_adds(out, " * 0)");
	return true;
}

bool slo_parts_query(struct strbuf *total, struct strbuf *bad, const struct slo *slo,
	int64_t window_ns)
{
	const struct sli *sli = &slo->sli;

	if (sli->foreign || has_slices(slo) || sli->kind != SLI_RATIO || !sli->total ||
		!(sli->good || sli->bad))
		return false;
	add_part(total, sli, sli->total, window_ns);
	if (sli->bad) {
		add_part(bad, sli, sli->bad, window_ns);
		return true;
	}
	add_part(bad, sli, sli->total, window_ns);
	strbuf_adds(bad, " - ");
	add_part_or_none(bad, sli, sli->good, sli->total, window_ns);
	return true;
}

/* How many moments of the period are looked at, and over what range each. */
enum { COVERAGE_MOMENTS = 240 };
#define COVERAGE_RANGE_NS (10 * NS_PER_MIN)

bool slo_coverage_query(
	struct strbuf *out, int64_t *step_ns, const struct slo *slo, int64_t period_ns)
{
	size_t before = out->len;
	int64_t step = period_ns / COVERAGE_MOMENTS / NS_PER_MIN * NS_PER_MIN;

	*step_ns = step < NS_PER_MIN ? NS_PER_MIN : step;
	if (slo->sli.foreign || slo->sli.kind == SLI_RECORDED)
		return false;
	strbuf_adds(out, "count_over_time((");
	if (slo->sli.kind == SLI_RATIO && slo->sli.total) {
		add_part(out, &slo->sli, slo->sli.total, COVERAGE_RANGE_NS);
	} else if (!add_events_ratio(out, &slo->sli, COVERAGE_RANGE_NS)) {
		strbuf_truncate(out, before);
		return false;
	}
	strbuf_adds(out, " > -Inf)[");
	duration_format(out, period_ns);
	strbuf_addc(out, ':');
	duration_format(out, *step_ns);
	strbuf_adds(out, "])");
	return true;
}
