#include "config.h"

#include "signal/burn.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "signal/drift/proportion.h"

/* The workbook's recommended rows: which share of the budget each long window may spend. */
static const struct {
	enum severity severity;
	int64_t short_ns, long_ns;
	double share;
} workbook[] = {
	{SEV_PAGE, 5 * NS_PER_MIN, NS_PER_HOUR, 0.02},
	{SEV_PAGE, 30 * NS_PER_MIN, 6 * NS_PER_HOUR, 0.05},
	{SEV_TICKET, 2 * NS_PER_HOUR, NS_PER_DAY, 0.10},
	{SEV_TICKET, 6 * NS_PER_HOUR, 3 * NS_PER_DAY, 0.10},
};

/* Index of the first sample later than at; s->n when there is none. */
static size_t first_after(const struct samples *s, int64_t at)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->items[middle].at > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* What was counted between two neighbours; a smaller value means that it began at 0 again. */
static double step_between(const struct sample *before, const struct sample *after)
{
	return after->value < before->value ? after->value : after->value - before->value;
}

double counter_increase(const struct samples *s, int64_t to, int64_t window_ns)
{
	size_t first = first_after(s, to - window_ns), end = first_after(s, to);
	double increase = 0, span, average, left, right;

	if (end - first < 2)
		return NAN;
	for (size_t i = first + 1; i < end; i++)
		increase += step_between(&s->items[i - 1], &s->items[i]);
	span = (double)(s->items[end - 1].at - s->items[first].at);
	if (span <= 0)
		return NAN;
	average = span / (double)(end - first - 1);
	left = (double)(s->items[first].at - (to - window_ns));
	right = (double)(to - s->items[end - 1].at);
	if (left >= 1.1 * average)
		left = average / 2;
	if (increase > 0 && s->items[first].value >= 0)
		left = fmin(left, span * s->items[first].value / increase);
	if (right >= 1.1 * average)
		right = average / 2;
	return increase * (span + left + right) / span;
}

/* The share of the step from before to after that lies later than edge. */
static double step_after(
	const struct sample *before, const struct sample *after, int64_t edge)
{
	double whole = step_between(before, after);

	if (before->at >= edge)
		return whole;
	return whole * (double)(after->at - edge) / (double)(after->at - before->at);
}

/*
 * What of (edge, to] the samples from first to before end cover.  Of a steady scraper the first
 * and the last one lie up to one of its steps inside the window, which is whole all the same.
 */
static double covered(
	const struct samples *s, size_t first, size_t end, int64_t edge, int64_t to)
{
	int64_t begin = s->items[first].at > edge ? s->items[first].at : edge;
	int64_t end_at = end < s->n ? to : s->items[end - 1].at, window_ns = to - edge;
	double step = end - first < 2
		? 0
		: (double)(s->items[end - 1].at - s->items[first].at) /
			(double)(end - first - 1);

	if (end_at <= begin)
		return 0;
	/* A tenth more: polls have jitter. */
	if ((double)(begin - edge) <= 1.1 * step)
		begin = edge;
	if ((double)(to - end_at) <= 1.1 * step)
		end_at = to;
	return (double)(end_at - begin) / (double)window_ns;
}

double counter_growth(
	const struct samples *s, int64_t to, int64_t window_ns, double *coverage)
{
	int64_t edge = to - window_ns;
	size_t first = first_after(s, edge), end = first_after(s, to);
	double growth = 0;

	if (coverage)
		*coverage = 0;
	if (first > 0)
		first--;
	/* Two samples that touch the window: the second may lie behind it. */
	if (end == first || (end == first + 1 && end == s->n))
		return NAN;
	for (size_t i = first + 1; i < end; i++)
		growth += step_after(&s->items[i - 1], &s->items[i], edge);
	if (end < s->n) {
		/* The sample after the window tells what was counted up to its end. */
		const struct sample *before = &s->items[end - 1], *after = &s->items[end];

		growth +=
			step_after(before, after, edge > before->at ? edge : before->at) -
			step_after(before, after, to);
	}
	if (coverage)
		*coverage = covered(s, first, end, edge, to);
	return growth;
}

/* The first value of a series that appeared on a target which was there before. */
static double born_in_window(
	const struct burn_counter *c, size_t i, int64_t to, int64_t window_ns)
{
	const struct samples *s = &c->series[i];

	if (!c->target_since || c->target_since[i] == NONE_INT || s->n == 0)
		return 0;
	if (s->items[0].at <= to - window_ns || s->items[0].at > to)
		return 0;
	return c->target_since[i] < s->items[0].at ? s->items[0].value : 0;
}

static double growth_of(
	const struct burn_counter *c, int64_t to, int64_t window_ns, double *coverage)
{
	double sum = NAN;

	for (size_t i = 0; i < c->n; i++) {
		double seen = 0, born = born_in_window(c, i, to, window_ns);
		double growth = counter_growth(&c->series[i], to, window_ns, &seen);

		if (seen > *coverage)
			*coverage = seen;
		if (isnan(growth) && born > 0)
			growth = 0;
		if (!isnan(growth))
			sum = (isnan(sum) ? 0 : sum) + growth + born;
	}
	return sum;
}

/* fmin() would turn an unknown count into 1. */
static double ratio_of(double bad, double total)
{
	if (isnan(bad) || !(total > 0))
		return NAN;
	return fmin(1, bad / total);
}

struct burn_window burn_measure(
	const struct burn_counters *c, int64_t to, int64_t window_ns)
{
	struct burn_window w = {.window_ns = window_ns, .coverage = 0};
	double other = 0, good = growth_of(&c->good, to, window_ns, &w.coverage);

	w.bad = growth_of(&c->bad, to, window_ns, c->total.n ? &other : &w.coverage);
	if (c->total.n) {
		w.coverage = 0;
		w.total = growth_of(&c->total, to, window_ns, &w.coverage);
	} else {
		w.total = isnan(w.bad) ? good : isnan(good) ? w.bad : good + w.bad;
	}
	if (c->by_good)
		w.bad = isnan(good) ? NAN : fmax(0, w.total - good);
	else if (isnan(w.bad) && !isnan(w.total))
		w.bad = 0;
	w.ratio = ratio_of(w.bad, w.total);
	return w;
}

struct burn_window burn_given(int64_t window_ns, double ratio)
{
	return (struct burn_window){
		.window_ns = window_ns,
		.ratio = ratio,
		.total = NAN,
		.bad = NAN,
		.coverage = NAN,
		.sampled = false,
	};
}

double burn_rate(double ratio, double objective)
{
	double budget = 1 - objective;

	if (isnan(ratio))
		return NAN;
	if (budget <= 0)
		return ratio > 0 ? INFINITY : 0;
	return ratio / budget;
}

double burn_factor(double share, int64_t period_ns, int64_t long_ns)
{
	return share * (double)period_ns / (double)long_ns;
}

struct burn_alert *burn_default_alerts(struct arena *a, int64_t period_ns, size_t *n)
{
	struct burn_alert *rows = arena_alloc(a, ARRAY_LEN(workbook), sizeof(*rows));

	*n = 0;
	for (size_t i = 0; i < ARRAY_LEN(workbook); i++) {
		if (workbook[i].long_ns > period_ns)
			continue;
		rows[(*n)++] = (struct burn_alert){
			.severity = workbook[i].severity,
			.short_ns = workbook[i].short_ns,
			.long_ns = workbook[i].long_ns,
			.factor = burn_factor(
				workbook[i].share, period_ns, workbook[i].long_ns),
		};
	}
	return rows;
}

const struct burn_alert *burn_alerts(const struct slo *slo, struct arena *a, size_t *n)
{
	*n = slo->n_alerting;
	return slo->alerting ? slo->alerting : burn_default_alerts(a, slo->window_ns, n);
}

static size_t add_window(int64_t *out, size_t n, int64_t window_ns)
{
	size_t at = n;

	for (size_t i = 0; i < n; i++) {
		if (out[i] == window_ns)
			return n;
	}
	if (n == SLO_WINDOWS)
		return n;
	while (at > 0 && out[at - 1] > window_ns)
		at--;
	memmove(out + at + 1, out + at, (n - at) * sizeof(*out));
	out[at] = window_ns;
	return n + 1;
}

size_t burn_windows(int64_t out[SLO_WINDOWS], const struct slo *slo)
{
	size_t n = 0;

	for (size_t i = 0; i < slo->n_alerting; i++) {
		n = add_window(out, n, slo->alerting[i].short_ns);
		n = add_window(out, n, slo->alerting[i].long_ns);
	}
	for (size_t i = 0; slo->n_alerting == 0 && i < ARRAY_LEN(workbook); i++) {
		if (workbook[i].long_ns > slo->window_ns)
			continue;
		n = add_window(out, n, workbook[i].short_ns);
		n = add_window(out, n, workbook[i].long_ns);
	}
	return add_window(out, n, slo->window_ns);
}

static const struct burn_window *window_of(
	const struct burn_window *w, size_t n, int64_t window_ns)
{
	for (size_t i = 0; i < n; i++) {
		if (w[i].window_ns == window_ns)
			return &w[i];
	}
	return NULL;
}

/* What a window burns at least. */
static double sure_ratio(const struct burn_window *w)
{
	double low, high;

	if (!w->sampled)
		return w->ratio;
	proportion_wilson(&low, &high, (struct proportion){w->bad, w->total});
	return low;
}

bool burn_fires(const struct burn_alert *row, double objective,
	const struct burn_window *w, size_t n)
{
	const struct burn_window *brief = window_of(w, n, row->short_ns);
	const struct burn_window *lasting = window_of(w, n, row->long_ns);

	if (!brief || !lasting)
		return false;
	/* Against the ratio, as the recording rules do: a quotient would round otherwise. */
	return sure_ratio(brief) > row->factor * (1 - objective) &&
		sure_ratio(lasting) > row->factor * (1 - objective);
}

bool burn_unreachable(const struct burn_alert *row, double objective)
{
	return row->factor * (1 - objective) >= 1;
}

/*
 * Both windows have data.  That nothing happened in the short one is known when it counted
 * nothing, though nothing has no ratio.
 */
static bool is_seen(const struct burn_alert *row, const struct burn_window *w, size_t n)
{
	const struct burn_window *brief = window_of(w, n, row->short_ns);
	const struct burn_window *lasting = window_of(w, n, row->long_ns);

	return brief && lasting && !isnan(lasting->ratio) &&
		(!isnan(brief->ratio) || (brief->total >= 0 && brief->total <= 0));
}

/* Whether it is well is for the rows that matter most to say. */
static enum severity most_urgent(const struct burn_alert *rows, size_t n)
{
	enum severity most = SEV_NONE;

	for (size_t i = 0; i < n; i++)
		most = rows[i].severity > most ? rows[i].severity : most;
	return most;
}

enum severity burn_severity(const struct burn_alert **fired,
	const struct burn_alert *rows, size_t n_rows, double objective,
	const struct burn_window *w, size_t n, double min_bad)
{
	const struct burn_alert *worst = NULL;
	enum severity urgent = most_urgent(rows, n_rows);
	bool seen = false;

	for (size_t i = 0; i < n_rows; i++) {
		const struct burn_window *lasting = window_of(w, n, rows[i].long_ns);

		if (rows[i].severity == urgent && is_seen(&rows[i], w, n))
			seen = true;
		if (!burn_fires(&rows[i], objective, w, n))
			continue;
		if (rows[i].severity == SEV_PAGE && lasting->bad < min_bad)
			continue;
		if (!worst || rows[i].severity > worst->severity)
			worst = &rows[i];
	}
	for (size_t i = 0; n_rows == 0 && i < n; i++)
		seen = seen || !isnan(w[i].ratio);
	if (fired)
		*fired = worst;
	if (worst)
		return worst->severity;
	return seen ? SEV_OK : SEV_NO_DATA;
}

/*
 * A counter without its resets, so that any window of it is a difference of two values.  A series
 * that began at 0 on a known target gets that beginning as a sample of its own.
 */
static struct samples unreset(struct arena *a, const struct burn_counter *c, size_t which)
{
	const struct samples *s = &c->series[which];
	struct samples out = {arena_alloc(a, s->n + 1, sizeof(*out.items)), 0};
	double sum = 0;

	if (s->n > 0 && c->target_since && c->target_since[which] != NONE_INT &&
		c->target_since[which] < s->items[0].at) {
		sum = s->items[0].value;
		out.items[out.n++] = (struct sample){s->items[0].at - 1, 0};
	}
	for (size_t i = 0; i < s->n; i++) {
		if (i > 0)
			sum += step_between(&s->items[i - 1], &s->items[i]);
		out.items[out.n++] = (struct sample){s->items[i].at, sum};
	}
	return out;
}

static struct burn_counter unreset_all(struct arena *a, const struct burn_counter *c)
{
	struct samples *series = arena_alloc(a, c->n ? c->n : 1, sizeof(*series));

	for (size_t i = 0; i < c->n; i++)
		series[i] = unreset(a, c, i);
	return (struct burn_counter){.series = series, .n = c->n};
}

/* The value of an unreset counter at a moment, between its first and its last sample. */
static double value_at(const struct samples *s, int64_t at)
{
	size_t after = first_after(s, at);
	const struct sample *before;

	if (after == 0)
		return s->items[0].value;
	before = &s->items[after - 1];
	if (after == s->n)
		return before->value;
	return before->value +
		(s->items[after].value - before->value) * (double)(at - before->at) /
		(double)(s->items[after].at - before->at);
}

static double growth_between(const struct burn_counter *c, int64_t from, int64_t to)
{
	double sum = NAN;

	for (size_t i = 0; i < c->n; i++) {
		const struct samples *s = &c->series[i];

		if (s->n < 2 || s->items[0].at >= to || s->items[s->n - 1].at <= from)
			continue;
		sum = (isnan(sum) ? 0 : sum) + value_at(s, to) - value_at(s, from);
	}
	return sum;
}

static double ratio_between(const struct burn_counters *c, int64_t from, int64_t to)
{
	double good = growth_between(&c->good, from, to);
	double bad = growth_between(&c->bad, from, to);
	double total = c->total.n ? growth_between(&c->total, from, to)
		: isnan(good)     ? bad
		: isnan(bad)      ? good
				  : good + bad;

	if (c->by_good)
		bad = isnan(good) ? NAN : fmax(0, total - good);
	else if (isnan(bad))
		bad = 0;
	return ratio_of(bad, total);
}

/* The series whose samples are the moments of the history: the longest there is. */
static const struct samples *moments_of(const struct burn_counters *c)
{
	const struct burn_counter *from[] = {&c->total, &c->good, &c->bad};
	const struct samples *longest = NULL;

	for (size_t i = 0; i < ARRAY_LEN(from) && !longest; i++) {
		for (size_t k = 0; k < from[i]->n; k++) {
			if (!longest || from[i]->series[k].n > longest->n)
				longest = &from[i]->series[k];
		}
	}
	return longest;
}

void burn_history(struct samples *out, struct arena *a, const struct burn_counters *c,
	double objective, int64_t window_ns, int64_t from, int64_t to)
{
	const struct samples *moments = moments_of(c);
	struct burn_counters flat = {
		.good = unreset_all(a, &c->good),
		.bad = unreset_all(a, &c->bad),
		.total = unreset_all(a, &c->total),
		.by_good = c->by_good,
	};

	*out = (struct samples){0};
	if (!moments)
		return;
	out->items = arena_alloc(a, moments->n ? moments->n : 1, sizeof(*out->items));
	for (size_t i = first_after(moments, from - 1); i < moments->n; i++) {
		int64_t at = moments->items[i].at;

		if (at > to)
			break;
		out->items[out->n++] = (struct sample){
			at,
			burn_rate(ratio_between(&flat, at - window_ns, at), objective),
		};
	}
}
