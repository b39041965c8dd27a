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

double slo_min_bad(const struct slo *slo)
{
	return slo->min_bad > 0 ? slo->min_bad : SLO_MIN_BAD;
}

/* The period's own window, of a calendar too, of which less may have passed. */
static const struct burn_window *find_window(
	const struct slo_measure *m, int64_t window_ns, int64_t period_ns)
{
	if (window_ns == period_ns || m->period.window_ns == window_ns)
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
		int64_t window_ns = out->windows_ns[i];
		const struct burn_window *w = find_window(m, window_ns, slo->window_ns);

		out->burn[i] = w ? burn_rate(w->ratio, slo->objective) : NAN;
		out->window_events[i] = w ? w->total : NAN;
		if (!w || isnan(w->total))
			continue;
		out->events = w->total;
		out->bad = w->bad;
		if (isnan(out->rate)) {
			out->rate = w->total / ((double)w->window_ns / NS_PER_S);
			out->bad_rate = w->bad / ((double)w->window_ns / NS_PER_S);
		}
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
		const struct samples *burn = &m->history[i];
		int64_t onset;

		if (m->history_ns[i] != row->short_ns)
			continue;
		onset = budget_onset(burn, row->factor, row->short_ns, now);
		if (m->onset_open)
			*m->onset_open = budget_onset_open(burn, onset, row->short_ns);
		return onset;
	}
	return NONE_INT;
}

/* --- what a person has to know --- */

struct notes {
	struct strbuf text;
};

static void note_add(struct notes *n, const char *text)
{
	if (text)
		strbuf_addf(&n->text, "%s%s", n->text.len ? "; " : "", text);
}

/* A single failed event would page: the ratio says little. */
static const char *low_traffic(
	struct arena *a, const struct slo *slo, const struct slo_measure *m)
{
	for (size_t i = 0; i < slo->n_alerting; i++) {
		const struct burn_alert *row = &slo->alerting[i];
		const struct burn_window *w =
			find_window(m, row->long_ns, slo->window_ns);
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

/* Windows for which is() holds, by name; NULL: none. */
static const char *windows_that(struct arena *a, const struct slo_state *out,
	const struct slo_measure *m, bool (*is)(const struct burn_window *),
	const char *form)
{
	struct strbuf list = STRBUF_INIT, text = STRBUF_INIT;
	const char *note = NULL;

	for (size_t i = 0; i < out->n_windows; i++) {
		const struct burn_window *w =
			find_window(m, out->windows_ns[i], out->window_ns);

		if (!w || !is(w))
			continue;
		strbuf_adds(&list, list.len ? " " : "");
		duration_format(&list, out->windows_ns[i]);
	}
	if (list.len) {
		strbuf_addf(&text, "%s %s", form, list.buf);
		note = arena_strdup(a, text.buf);
	}
	strbuf_release(&list);
	strbuf_release(&text);
	return note;
}

static bool is_partial(const struct burn_window *w)
{
	return w->coverage < PARTIAL && !isnan(w->ratio);
}

static bool is_unknown(const struct burn_window *w)
{
	return isnan(w->ratio);
}

static const char *unknown_windows(
	struct arena *a, const struct slo_state *out, const struct slo_measure *m)
{
	if (out->severity == SEV_NO_DATA || out->severity == SEV_NONE)
		return NULL;
	return windows_that(a, out, m, is_unknown, _("no data for:"));
}

/* The server has forgotten the beginning of the window. */
static const char *forgotten(
	struct arena *a, const struct slo_state *out, const struct slo_measure *m)
{
	struct strbuf keeps = STRBUF_INIT, window = STRBUF_INIT;
	const char *note;

	if (m->keeps_ns <= 0 || m->keeps_ns >= m->period.window_ns)
		return NULL;
	duration_format(&keeps, m->keeps_ns);
	duration_format(&window, out->window_ns);
	note = arena_format(a,
		_("the server keeps %s only: the budget of %s is that of what it keeps"),
		keeps.buf, window.buf);
	strbuf_release(&keeps);
	strbuf_release(&window);
	return note;
}

/* Of what the server keeps, part is missing besides. */
static bool misses_kept(const struct slo_measure *m)
{
	double kept = (double)m->keeps_ns / (double)m->period.window_ns;

	return m->period.coverage < PARTIAL * kept;
}

static bool all_unreachable(const struct slo *slo)
{
	for (size_t i = 0; i < slo->n_alerting; i++) {
		if (!burn_unreachable(&slo->alerting[i], slo->objective))
			return false;
	}
	return slo->n_alerting > 0;
}

static const char *notes_of(struct arena *a, const struct slo *slo,
	const struct slo_state *out, const struct slo_measure *m)
{
	struct notes n = {STRBUF_INIT};
	const char *note;

	note_add(&n, m->said);
	note_add(&n, low_traffic(a, slo, m));
	if (all_unreachable(slo))
		note_add(&n,
			_("no alert can fire: even if everything failed, the objective "
			  "is "
			  "too low for its burn factors"));
	note = forgotten(a, out, m);
	note_add(&n, note);
	if (!note || misses_kept(m))
		note_add(&n,
			windows_that(a, out, m, is_partial,
				_("partial data: not yet covered whole:")));
	note_add(&n, unknown_windows(a, out, m));
	note = n.text.len ? arena_strdup(a, n.text.buf) : NULL;
	strbuf_release(&n.text);
	return note;
}

/* --- the budget --- */

/*
 * A minute of trouble right after we began to watch is a minute of the month, not a month: what
 * we had not begun to count burns nothing.  The note says what is not covered.
 */
static double period_ratio(const struct slo_measure *m)
{
	const struct burn_window *period = &m->period;

	if (m->unseen_alike || isnan(period->coverage) || period->coverage >= 1)
		return period->ratio;
	return period->ratio * period->coverage;
}

static void fill_calendar(struct slo_state *out, const struct slo_measure *m, int64_t now)
{
	double whole = (double)(m->period_to - m->period_from);
	double burn = present_burn(out);

	out->period_from = m->period_from;
	out->period_to = m->period_to;
	out->budget_left = budget_left_calendar(
		period_ratio(m), out->objective, (double)(now - m->period_from) / whole);
	out->projected = budget_projected(
		out->budget_left, burn, (double)(m->period_to - now) / whole);
	out->exhausted_in_s = budget_exhausted_in_s(
		out->budget_left, burn, m->period_to - m->period_from);
	/* What lasts until the period ends is not exhausted: then the next one begins. */
	if (out->exhausted_in_s > (double)(m->period_to - now) / NS_PER_S)
		out->exhausted_in_s = INFINITY;
}

static void fill_rolling(struct slo_state *out, const struct slo_measure *m, int64_t now)
{
	double burn = present_burn(out);

	out->period_from = now - out->window_ns;
	out->period_to = now;
	out->budget_left = budget_left(period_ratio(m), out->objective);
	out->projected = budget_projected(1, burn, 1);
	out->exhausted_in_s =
		budget_exhausted_in_s(out->budget_left, burn, out->window_ns);
	if (out->budget_left < 0 && m->bad_steps)
		out->recovers = budget_recovers(m->bad_steps,
			m->period.total * (1 - out->objective), out->window_ns, now);
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
		.bad = NAN,
		.rate = NAN,
		.bad_rate = NAN,
		.coverage = m->period.coverage,
		.recovers = NONE_INT,
	};
	fill_windows(out, slo, m);
	out->severity = burn_severity(&fired, slo->alerting, slo->n_alerting,
		slo->objective, m->windows, m->n_windows, slo_min_bad(slo));
	if (m->period_to > m->period_from)
		fill_calendar(out, m, now);
	else
		fill_rolling(out, m, now);
	out->onset = onset_of(fired, m, now);
	if (m->fired)
		*m->fired = fired;
	out->note = notes_of(a, slo, out, m);
}
