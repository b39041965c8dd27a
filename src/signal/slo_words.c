#include "config.h"

#include "signal/slo_words.h"

#include <math.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "model/record.h"
#include "signal/slo_query.h"
#include "signal/slo_state.h"

static const char *const titles[SLO_WORDS_PARTS] = {
	[SLO_WORDS_NONE] = "",
	[SLO_WORDS_GOAL] = N_("Goal"),
	[SLO_WORDS_BUDGET] = N_("Budget"),
	[SLO_WORDS_MEASURE] = N_("What is measured"),
	[SLO_WORDS_QUERIES] = N_("Queries"),
	[SLO_WORDS_ALERTS] = N_("What fires when"),
	[SLO_WORDS_STATE] = N_("How it stands"),
};

const char *slo_words_title(enum slo_words_part part)
{
	const char *title = titles[part < SLO_WORDS_PARTS ? part : SLO_WORDS_NONE];

	return *title ? _(title) : title;
}

/* --- the figures --- */

int64_t budget_outage_ns(double objective, int64_t window_ns)
{
	return (int64_t)llround((1 - objective) * (double)window_ns);
}

/* The share of a window that must have failed for the row; NAN: no failure is enough. */
static double share_needed(const struct burn_alert *row, double objective, double ratio)
{
	double limit = row->factor * (1 - objective);

	return ratio > limit ? limit / ratio : NAN;
}

int64_t burn_detection_ns(const struct burn_alert *row, double objective, double ratio)
{
	double share = share_needed(row, objective, ratio);

	return isnan(share) ? NONE_INT : (int64_t)llround(share * (double)row->long_ns);
}

int64_t burn_reset_ns(const struct burn_alert *row, double objective, double ratio)
{
	double share = share_needed(row, objective, ratio);

	return isnan(share) ? NONE_INT
			    : (int64_t)llround((1 - share) * (double)row->short_ns);
}

/* --- the words --- */

struct telling {
	struct slo_words *out;
	struct arena *a;
	const struct slo *slo;
	const struct slo_state *state; /* NULL: not evaluated */
	int64_t now;
	bool utc;
	enum slo_words_part part;
};

static struct slo_words_line *say(struct telling *t, const char *text)
{
	struct slo_words_line *line =
		arena_push(t->a, t->out->items, t->out->n, t->out->cap);

	*line = (struct slo_words_line){.part = t->part, .text = text};
	return line;
}

static void say_query(struct telling *t, const char *label, const char *query)
{
	struct slo_words_line *line;

	if (!query)
		return;
	line = say(t, NULL);
	line->label = label;
	line->query = query;
}

/* "51.84 s", "43.2 min": unlike duration_human() nothing is cut off. */
static const char *span(struct telling *t, double ns)
{
	double s = ns / (double)NS_PER_S;

	if (fabs(s) < 60)
		return arena_format(t->a, _("%.4g s"), s);
	if (fabs(s) < 7200)
		return arena_format(t->a, _("%.4g min"), s / 60);
	if (fabs(s) < 48 * 3600.0)
		return arena_format(t->a, _("%.4g h"), s / 3600);
	return arena_format(t->a, _("%.4g d"), s / 86400);
}

/* "30d": as in the queries. */
static const char *window(struct telling *t, int64_t ns)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	duration_format(&text, ns);
	result = arena_strdup(t->a, text.buf);
	strbuf_release(&text);
	return result;
}

static const char *moment(struct telling *t, int64_t at)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	time_human(&text, at, t->now, t->utc);
	result = arena_strdup(t->a, text.buf);
	strbuf_release(&text);
	return result;
}

/* A share as per cent, without the noise of binary fractions. */
static double percent(double share)
{
	return round(share * 1e12) / 1e10;
}

static const char *calendar_words(struct telling *t)
{
	static const char *const units[] = {
		[CALENDAR_NONE] = N_("windows"),
		[CALENDAR_DAY] = N_("calendar days"),
		[CALENDAR_WEEK] = N_("calendar weeks"),
		[CALENDAR_MONTH] = N_("calendar months"),
		[CALENDAR_QUARTER] = N_("calendar quarters"),
		[CALENDAR_YEAR] = N_("calendar years"),
	};
	static const char *const one[] = {
		[CALENDAR_NONE] = N_("in each window"),
		[CALENDAR_DAY] = N_("in each calendar day"),
		[CALENDAR_WEEK] = N_("in each calendar week"),
		[CALENDAR_MONTH] = N_("in each calendar month"),
		[CALENDAR_QUARTER] = N_("in each calendar quarter"),
		[CALENDAR_YEAR] = N_("in each calendar year"),
	};
	const struct slo *slo = t->slo;

	if (!slo->calendar || slo->calendar_unit > CALENDAR_YEAR)
		return arena_format(
			t->a, _("over the last %s"), window(t, slo->window_ns));
	if (slo->calendar_count <= 1)
		return _(one[slo->calendar_unit]);
	/* TRANSLATORS: "in each period of 2 calendar weeks" */
	return arena_format(t->a, _("in each period of %lld %s"),
		(long long)slo->calendar_count, _(units[slo->calendar_unit]));
}

static void tell_slices(struct telling *t)
{
	const struct slo *slo = t->slo;
	const char *slice = window(t, slo->slice_ns);

	if (slo->budgeting == BUDGET_RATIO_TIMESLICES) {
		say(t,
			arena_format(t->a,
				_("Each slice of %s weighs the same: its ratio counts, "
				  "however many events it had."),
				slice));
		return;
	}
	say(t,
		arena_format(t->a,
			_("Slices of %s are counted, not events: a slice is good when at "
			  "least %.6g%% of its events are."),
			slice, percent(slo->slice_target)));
}

static void tell_goal(struct telling *t)
{
	const struct slo *slo = t->slo;
	const char *when = calendar_words(t);

	t->part = SLO_WORDS_GOAL;
	say(t,
		slo->budgeting == BUDGET_TIMESLICES
			? arena_format(t->a, _("%.10g%% of the time has to be good, %s."),
				  percent(slo->objective), when)
			: arena_format(t->a,
				  _("%.10g%% of the events have to be good, %s."),
				  percent(slo->objective), when));
	if (slo->budgeting != BUDGET_EVENTS && slo->slice_ns > 0)
		tell_slices(t);
	if (slo->calendar)
		say(t,
			arena_format(t->a,
				_("The window begins anew with the calendar of the time "
				  "zone %s."),
				slo->time_zone ? slo->time_zone : "UTC"));
	if (slo->sli.grouping)
		say(t,
			arena_format(t->a, _("Each value of %s has a budget of its own."),
				slo->sli.grouping));
	if (slo->description && *slo->description)
		say(t, slo->description);
	if (slo->file)
		say(t,
			arena_format(t->a, _("Defined in '%s', as %s."), slo->file,
				slo->format));
}

static void tell_events(struct telling *t, double budget)
{
	const struct slo_state *state = t->state;

	if (!state || isnan(state->events) || isnan(state->bad)) {
		say(t,
			arena_format(t->a, _("Of 100000 events %.10g may fail."),
				round(budget * 1e12) / 1e7));
		return;
	}
	say(t,
		arena_format(t->a,
			_("Of the period's %.0f events so far %.1f may fail, and %.0f "
			  "have."),
			state->events, budget * state->events, state->bad));
}

static void tell_budget(struct telling *t)
{
	const struct slo *slo = t->slo;
	double budget = 1 - slo->objective;
	const char *outage =
		span(t, (double)budget_outage_ns(slo->objective, slo->window_ns));

	t->part = SLO_WORDS_BUDGET;
	say(t,
		arena_format(t->a,
			_("%.10g%% may fail: as time with even traffic, %s of total "
			  "failure in %s."),
			percent(budget), outage, window(t, slo->window_ns)));
	tell_events(t, budget);
	say(t,
		arena_format(t->a,
			_("A burn rate of 1 spends the budget in exactly %s; when "
			  "everything fails "
			  "it burns at %.4g and is spent in %s."),
			window(t, slo->window_ns), 1 / budget, outage));
}

static void tell_traces(struct telling *t)
{
	const struct trace_sli *s = &t->slo->sli.traces;
	const char *of = s->agent ? s->agent : _("the service's agents");

	if (!s->op) {
		say(t,
			arena_format(t->a,
				_("From the traces of %s: bad are those with '%s'."), of,
				s->measure));
		return;
	}
	say(t,
		arena_format(t->a, _("From the traces of %s: good is '%s' %s %s %.6g."),
			of, s->measure, s->name ? s->name : "", s->op, s->limit));
}

static void tell_measure(struct telling *t)
{
	const struct sli *sli = &t->slo->sli;

	t->part = SLO_WORDS_MEASURE;
	switch (sli->kind) {
	case SLI_RATIO:
		say(t,
			_("The error ratio is bad events over all events, summed over "
			  "all series before it is divided."));
		break;
	case SLI_RAW: say(t, _("One query gives the error ratio.")); break;
	case SLI_THRESHOLD:
		say(t,
			_("The value is compared with its limit once a minute; minutes "
			  "that miss it are bad."));
		break;
	case SLI_RECORDED:
		say(t,
			_("Rules in Prometheus record the error ratio; Tocsin reads "
			  "what they record."));
		break;
	case SLI_TRACES: tell_traces(t); break;
	case SLI_NONE: break;
	}
	say_query(t, _("good"), sli->good);
	say_query(t, _("bad"), sli->bad);
	say_query(t, _("all"), sli->total);
	if (sli->foreign)
		say(t,
			_("These are no queries of Prometheus: they are shown and never "
			  "asked."))
			->warns = true;
}

static void tell_queries(struct telling *t)
{
	int64_t windows[SLO_WINDOWS];
	size_t n = burn_windows(windows, t->slo);

	t->part = SLO_WORDS_QUERIES;
	for (size_t i = 0; i < n; i++) {
		struct strbuf query = STRBUF_INIT;

		if (slo_query(&query, t->slo, windows[i]))
			say_query(
				t, window(t, windows[i]), arena_strdup(t->a, query.buf));
		strbuf_release(&query);
	}
}

/* --- what fires when --- */

static const char *fires_when(struct telling *t, const struct burn_alert *row)
{
	double limit = row->factor * (1 - t->slo->objective);

	if (row->short_ns == row->long_ns)
		return arena_format(t->a,
			_("%s: the last %s burns over %.4g times, an error ratio over "
			  "%.6g%%."),
			severity_name(row->severity), window(t, row->long_ns),
			row->factor, percent(limit));
	return arena_format(t->a,
		_("%s: the last %s and the last %s both burn over %.4g times, an error "
		  "ratio over %.6g%%."),
		severity_name(row->severity), window(t, row->short_ns),
		window(t, row->long_ns), row->factor, percent(limit));
}

static void tell_pace(struct telling *t, const struct burn_alert *row)
{
	const struct slo *slo = t->slo;
	double half = 0.5, part = 2 * row->factor * (1 - slo->objective);
	double shown = part < half ? part : half;
	int64_t slow = burn_detection_ns(row, slo->objective, shown);

	say(t,
		arena_format(t->a,
			_("When everything fails it fires after %s, with %.3g%% of the "
			  "budget spent, and is over %s after the end."),
			span(t, (double)burn_detection_ns(row, slo->objective, 1)),
			100 * row->factor * (double)row->long_ns / (double)slo->window_ns,
			span(t, (double)burn_reset_ns(row, slo->objective, 1))));
	if (slow != NONE_INT)
		say(t,
			arena_format(t->a, _("When %.4g%% fail it fires after %s."),
				percent(shown), span(t, (double)slow)));
}

static void tell_few_events(struct telling *t, const struct burn_alert *row)
{
	double n = 1 / (row->factor * (1 - t->slo->objective));
	double min_bad = t->slo->min_bad;

	if (!(n > 1) || t->slo->sli.kind != SLI_RATIO)
		return;
	if (!(min_bad > 0))
		min_bad = SLO_MIN_BAD;
	say(t,
		row->severity == SEV_PAGE
			? arena_format(t->a,
				  _("With fewer than %.0f events in %s one bad event is "
				    "over this; a page waits for %.4g bad ones."),
				  ceil(n), window(t, row->long_ns), min_bad)
			: arena_format(t->a,
				  _("With fewer than %.0f events in %s one bad event is "
				    "over this."),
				  ceil(n), window(t, row->long_ns)));
}

static void tell_row(struct telling *t, const struct burn_alert *row)
{
	say(t, fires_when(t, row))->severity = row->severity;
	if (burn_unreachable(row, t->slo->objective)) {
		say(t,
			arena_format(t->a,
				_("This can never fire: even when everything fails it "
				  "burns at %.4g times only."),
				1 / (1 - t->slo->objective)))
			->warns = true;
		return;
	}
	tell_pace(t, row);
	tell_few_events(t, row);
}

static void tell_alerts(struct telling *t)
{
	size_t n;
	const struct burn_alert *rows = burn_alerts(t->slo, t->a, &n);

	t->part = SLO_WORDS_ALERTS;
	for (size_t i = 0; i < n; i++)
		tell_row(t, &rows[i]);
	if (n == 0)
		say(t, _("Nothing: its alerts are turned off."));
	else
		say(t,
			_("The times hold for a clean past and even traffic; scraping "
			  "and evaluating come on top."));
}

/* --- how it stands --- */

static void tell_burn(struct telling *t)
{
	const struct slo_state *state = t->state;
	struct strbuf list = STRBUF_INIT;

	for (size_t i = 0; i < state->n_windows && i < SLO_WINDOWS; i++) {
		strbuf_adds(&list, list.len ? ", " : "");
		strbuf_addf(&list, "%s ", window(t, state->windows_ns[i]));
		if (isnan(state->burn[i]))
			strbuf_adds(&list, _("no data"));
		else
			strbuf_addf(&list, "%.3g", state->burn[i]);
	}
	if (list.len)
		say(t, arena_format(t->a, _("Burn rates: %s."), list.buf));
	strbuf_release(&list);
}

/* A percentage in the thousands says nothing: how many budgets does. */
static const char *budgets_text(struct arena *a, double budgets)
{
	return arena_format(a, "%.*f", budgets < 10 ? 1 : 0, budgets);
}

void slo_words_projected(struct strbuf *out, double projected)
{
	struct arena a;

	arena_init(&a);
	if (projected > 0)
		strbuf_addf(out, _("%.0f %% left, at this rate"), projected * 100);
	else if (projected > -1)
		strbuf_addf(out, _("overspent by %.0f %%, at this rate"),
			fabs(projected) * 100);
	else
		strbuf_addf(out, _("%s budgets spent, at this rate"),
			budgets_text(&a, 1 - projected));
	arena_release(&a);
}

static void tell_projected(struct telling *t)
{
	const struct slo_state *state = t->state;
	const char *end;

	if (isnan(state->projected) || state->period_to <= state->at)
		return;
	end = moment(t, state->period_to);
	if (state->projected >= 0)
		say(t,
			arena_format(t->a,
				_("At the present rate %.4g%% will be left when the "
				  "window ends, %s."),
				100 * state->projected, end));
	else
		say(t,
			arena_format(t->a,
				_("At the present rate %s budgets will be spent when the "
				  "window ends, %s."),
				budgets_text(t->a, 1 - state->projected), end))
			->warns = true;
}

static void tell_left(struct telling *t)
{
	const struct slo_state *state = t->state;
	double outage = (double)budget_outage_ns(t->slo->objective, t->slo->window_ns);

	if (isnan(state->budget_left)) {
		say(t, _("How much of the budget is left is not known."));
		return;
	}
	if (state->budget_left < 0)
		say(t,
			arena_format(t->a,
				_("The budget is overspent by %.4g%%: %s too much."),
				-100 * state->budget_left,
				span(t, -state->budget_left * outage)))
			->warns = true;
	else
		say(t,
			arena_format(t->a,
				_("%.4g%% of the budget is left: %s of total failure."),
				100 * state->budget_left,
				span(t, state->budget_left * outage)));
	if (state->budget_left > 0 && isfinite(state->exhausted_in_s))
		say(t,
			arena_format(t->a, _("At the present rate it is spent in %s."),
				span(t, state->exhausted_in_s * (double)NS_PER_S)));
	tell_projected(t);
}

static void tell_state(struct telling *t)
{
	const struct slo_state *state = t->state;

	t->part = SLO_WORDS_STATE;
	if (!state || state->at == NONE_INT)
		return;
	say(t,
		arena_format(t->a, _("Evaluated %s: %s."), moment(t, state->at),
			severity_name(state->severity)))
		->severity = state->severity;
	tell_burn(t);
	tell_left(t);
	if (state->onset != NONE_INT)
		say(t,
			arena_format(t->a, _("It has been burning since %s."),
				moment(t, state->onset)));
	if (state->note)
		say(t, state->note)->warns = true;
}

void slo_words(struct slo_words *out, struct arena *a, const struct slo *slo,
	const struct slo_state *state, int64_t now, bool utc)
{
	struct telling t = {out, a, slo, state, now, utc, SLO_WORDS_NONE};

	tell_goal(&t);
	tell_budget(&t);
	tell_measure(&t);
	tell_queries(&t);
	tell_alerts(&t);
	tell_state(&t);
}
