#include "config.h"

#include "signal/budget.h"

#include <math.h>

#include "core/clock.h"
#include "model/record.h"

double budget_left(double ratio, double objective)
{
	return 1 - burn_rate(ratio, objective);
}

double budget_left_calendar(double ratio, double objective, double elapsed)
{
	return 1 - burn_rate(ratio, objective) * elapsed;
}

double budget_projected(double left, double burn, double ahead)
{
	return left - burn * ahead;
}

/* Steps leave the window from its old end; the one with which the rest fits decides. */
int64_t budget_recovers(
	const struct samples *bad, double allowed, int64_t window_ns, int64_t now)
{
	double left = 0;

	for (size_t i = 0; i < bad->n; i++) {
		const struct sample *s = &bad->items[i];

		if (s->at > now - window_ns && s->at <= now && s->value > 0)
			left += s->value;
	}
	if (!(left > allowed))
		return NONE_INT;
	for (size_t i = 0; i < bad->n; i++) {
		const struct sample *s = &bad->items[i];

		if (s->at <= now - window_ns || s->at > now || !(s->value > 0))
			continue;
		left -= s->value;
		if (left <= allowed)
			return s->at + window_ns;
	}
	return NONE_INT;
}

double budget_events_left(double total, double bad, double objective)
{
	return (1 - objective) * total - bad;
}

double budget_exhausted_in_s(double left, double burn, int64_t window_ns)
{
	if (isnan(left) || isnan(burn))
		return NAN;
	if (left <= 0)
		return 0;
	if (burn <= 0)
		return INFINITY;
	return left * ((double)window_ns / (double)NS_PER_S) / burn;
}

/* The weight at a moment: the sample's there, else the last one before it. */
static double weight_at(const struct samples *weights, int64_t at, size_t *hint)
{
	while (*hint + 1 < weights->n && weights->items[*hint + 1].at <= at)
		(*hint)++;
	if (weights->n == 0 || weights->items[*hint].at > at)
		return NAN;
	return weights->items[*hint].value;
}

double budget_ratio(const struct samples *ratios, const struct samples *weights,
	int64_t to, int64_t window_ns, double *coverage)
{
	double sum = 0, weight_sum = 0;
	int64_t first = NONE_INT, last = NONE_INT;
	size_t hint = 0;

	for (size_t i = 0; i < ratios->n; i++) {
		const struct sample *r = &ratios->items[i];
		double weight;

		if (r->at <= to - window_ns || r->at > to)
			continue;
		weight = weights ? weight_at(weights, r->at, &hint) : 1;
		if (isnan(r->value) || isnan(weight))
			continue;
		sum += r->value * weight;
		weight_sum += weight;
		if (first == NONE_INT)
			first = r->at;
		last = r->at;
	}
	if (coverage)
		*coverage = first == NONE_INT
			? 0
			: (double)(last - first) / (double)window_ns;
	return weight_sum > 0 ? sum / weight_sum : NAN;
}

int64_t budget_onset(
	const struct samples *burn, double factor, int64_t short_ns, int64_t now)
{
	int64_t onset = NONE_INT, later = now;

	for (size_t i = burn->n; i-- > 0;) {
		const struct sample *s = &burn->items[i];

		if (s->at > now || !(s->value > factor))
			continue;
		if (later - s->at > short_ns)
			break;
		onset = later = s->at;
	}
	return onset;
}

bool budget_onset_open(const struct samples *burn, int64_t onset, int64_t short_ns)
{
	for (size_t i = 0; i < burn->n && burn->items[i].at < onset; i++) {
		if (!isnan(burn->items[i].value) && onset - burn->items[i].at <= short_ns)
			return false;
	}
	return onset != NONE_INT;
}

void budget_history(struct samples *out, struct arena *a, const struct burn_counters *c,
	double objective, int64_t window_ns, int64_t from, int64_t to)
{
	burn_history(out, a, c, objective, window_ns, from, to);
	for (size_t i = 0; i < out->n; i++)
		out->items[i].value = 1 - out->items[i].value;
}
