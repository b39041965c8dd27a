#include "config.h"

#include "signal/slo_state.h"

#include <math.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "model/record.h"
#include "signal/budget.h"

/* Less of a window than this is covered: say so. */
#define PARTIAL 0.95

static const struct burn_window *find_window(
	const struct slo_measure *m, int64_t window_ns)
{
	if (m->period.window_ns == window_ns)
		return &m->period;
	for (size_t i = 0; i < m->n_windows; i++) {
		if (m->windows[i].window_ns == window_ns)
			return &m->windows[i];
	}
	return NULL;
}

static void fill_windows(
	struct slo_state *out, const struct slo *slo, const struct slo_measure *m)
{
	out->n_windows = burn_windows(out->windows_ns, slo);
	out->events = NAN;
	for (size_t i = 0; i < out->n_windows; i++) {
		const struct burn_window *w = find_window(m, out->windows_ns[i]);

		out->burn[i] = w ? burn_rate(w->ratio, slo->objective) : NAN;
		if (w && !isnan(w->total))
			out->events = w->total;
	}
}

/* Burn of the window nearest to a length that is not shorter than half of it. */
static double burn_near(const struct slo_state *out, int64_t window_ns)
{
	double nearest = NAN;
	int64_t distance = INT64_MAX;

	for (size_t i = 0; i < out->n_windows; i++) {
		int64_t off = out->windows_ns[i] - window_ns;

		if (off < 0)
			off = -off;
		if (off > window_ns / 2 || off >= distance || isnan(out->burn[i]))
			continue;
		nearest = out->burn[i];
		distance = off;
	}
	return nearest;
}

/* fmax() gives the other one when one is NAN. */
static double present_burn(const struct slo_state *out)
{
	double burn = fmax(burn_near(out, NS_PER_HOUR), burn_near(out, 6 * NS_PER_HOUR));

	for (size_t i = 0; isnan(burn) && i < out->n_windows; i++)
		burn = out->burn[i];
	return burn;
}

static int64_t onset_of(
	const struct burn_alert *row, const struct slo_measure *m, int64_t now)
{
	for (size_t i = 0; row && i < m->n_history; i++) {
		if (m->history_ns[i] == row->short_ns)
			return budget_onset(
				&m->history[i], row->factor, row->short_ns, now);
	}
	return NONE_INT;
}

/* A single failed event would page: the ratio says little. */
static const char *low_traffic(
	struct arena *a, const struct slo *slo, const struct slo_measure *m)
{
	for (size_t i = 0; i < slo->n_alerting; i++) {
		const struct burn_alert *row = &slo->alerting[i];
		const struct burn_window *w = find_window(m, row->long_ns);
		struct strbuf window = STRBUF_INIT;
		const char *note;

		if (!w || isnan(w->total) || w->total <= 0 || row->severity != SEV_PAGE)
			continue;
		if (w->total * row->factor * (1 - slo->objective) >= 1)
			return NULL;
		duration_format(&window, row->long_ns);
		note = arena_format(a,
			_("only %.0f events in %s: one failure alone burns at %.3g "
			  "times"),
			w->total, window.buf, burn_rate(1 / w->total, slo->objective));
		strbuf_release(&window);
		return note;
	}
	return NULL;
}

static const char *partial_data(
	struct arena *a, const struct slo_state *out, const struct slo_measure *m)
{
	struct strbuf list = STRBUF_INIT;
	const char *note = NULL;

	for (size_t i = 0; i < out->n_windows; i++) {
		const struct burn_window *w = find_window(m, out->windows_ns[i]);

		if (!w || isnan(w->coverage) || w->coverage >= PARTIAL || isnan(w->ratio))
			continue;
		strbuf_adds(&list, list.len ? " " : "");
		duration_format(&list, w->window_ns);
	}
	if (list.len)
		note = arena_format(
			a, _("partial data: not yet covered whole: %s"), list.buf);
	strbuf_release(&list);
	return note;
}

static bool all_unreachable(const struct slo *slo)
{
	for (size_t i = 0; i < slo->n_alerting; i++) {
		if (!burn_unreachable(&slo->alerting[i], slo->objective))
			return false;
	}
	return slo->n_alerting > 0;
}

/*
 * What was not seen counts as fine: a minute of trouble right after we began to watch is a
 * minute of the month, not a month.  The note says what is not covered.
 */
static double period_ratio(const struct burn_window *period)
{
	if (isnan(period->coverage) || period->coverage >= 1)
		return period->ratio;
	return period->ratio * period->coverage;
}

void slo_evaluate(struct slo_state *out, struct arena *a, const struct slo *slo,
	const struct slo_measure *m, int64_t now)
{
	const struct burn_alert *fired = NULL;

	*out = (struct slo_state){
		.service = slo->service,
		.name = slo->name,
		.source = slo->source,
		.at = now,
		.objective = slo->objective,
		.window_ns = slo->window_ns,
		.bad = m->period.bad,
		.rate = NAN,
		.bad_rate = NAN,
		.projected = NAN,
		.period_from = now - slo->window_ns,
		.period_to = now,
		.coverage = m->period.coverage,
	};
	fill_windows(out, slo, m);
	out->severity = burn_severity(&fired, slo->alerting, slo->n_alerting,
		slo->objective, m->windows, m->n_windows, SLO_MIN_BAD);
	out->budget_left = budget_left(period_ratio(&m->period), slo->objective);
	out->exhausted_in_s = budget_exhausted_in_s(
		out->budget_left, present_burn(out), slo->window_ns);
	out->onset = onset_of(fired, m, now);
	out->note = low_traffic(a, slo, m);
	if (!out->note && all_unreachable(slo))
		out->note = _("no alert can fire: even if everything failed, the "
			      "objective is too "
			      "low for its burn factors");
	if (!out->note)
		out->note = partial_data(a, out, m);
}
