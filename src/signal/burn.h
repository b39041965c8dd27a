/*
 * burn.h - burn rates and the multi-window, multi-burn-rate rule (SRE workbook, chapter 5)
 *
 * Burn rate of a window = error ratio / (1 - objective).  Counts are summed before they are
 * divided, never ratios averaged.  No data is NAN, never 0.
 */
#ifndef TOCSIN_BURN_H
#define TOCSIN_BURN_H

#include <stdbool.h>

#include "core/arena.h"
#include "model/sample.h"
#include "model/slo.h"

/* What one window says. */
struct burn_window {
	int64_t	window_ns;
	double	ratio;		/* bad / total; NAN: no data, no traffic */
	double	total, bad;	/* events; NAN: unknown (only a ratio was given) */
	double	coverage;	/* share of the window that samples cover; NAN: unknown */
	bool	sampled;	/* some of the events were judged: the ratio has an error of its own */
};

/* The series of one counter, one for each replica, path ...: summed after their increase. */
struct burn_counter {
	const struct samples	*series;
	/*
	 * When each series' target was first scraped; NULL, or NONE_INT in one: unknown.  A series
	 * that appears on a target which was there before began at 0: its first value counts.
	 */
	const int64_t		*target_since;
	size_t			n;
};

/*
 * bad = total - good when by_good, else the bad series, of which none means no failure.  Without
 * total series total = good + bad.
 */
struct burn_counters {
	struct burn_counter	good, bad, total;
	bool			by_good;
};

/*
 * The increase over (to - window_ns, to].  A value below the one before is a reset: the counter
 * began at 0 again.  counter_increase() extrapolates to the window's edges exactly as
 * Prometheus's increase() does.  counter_growth() extrapolates nothing: where a window's edge
 * falls between two samples (also across a gap) it takes the share of their difference by time,
 * so that adjacent windows add up and no event is lost or counted twice between them.  That is
 * what we use for what we scraped ourselves.
 * NAN: fewer than two samples.  coverage (may be NULL): the share of the window seen, where up to
 * one step of the scraper at either edge counts as seen.
 */
double counter_increase(const struct samples *s, int64_t to, int64_t window_ns);
double counter_growth(const struct samples *s, int64_t to, int64_t window_ns, double *coverage);

/* One window as of `to`, from counters by counter_growth(). */
struct burn_window burn_measure(const struct burn_counters *c, int64_t to, int64_t window_ns);

/* A window of which only the error ratio is known. */
struct burn_window burn_given(int64_t window_ns, double ratio);

/* Error ratio → burn rate; NAN stays NAN; INFINITY when the objective is 1 and anything failed. */
double burn_rate(double ratio, double objective);

/* The rate that spends `share` of the period's budget within long_ns. */
double burn_factor(double share, int64_t period_ns, int64_t long_ns);

/*
 * The workbook's table with the factors for this period: 14.4, 6, 3 and 1 for 30 days.  Rows of
 * which the long window is longer than the period are left out.
 */
struct burn_alert *burn_default_alerts(struct arena *a, int64_t period_ns, size_t *n);

/* slo's own rows; the defaults when its alerting is NULL (n 0 and not NULL: turned off). */
const struct burn_alert *burn_alerts(const struct slo *slo, struct arena *a, size_t *n);

/*
 * The distinct windows that slo's alerting needs (the default table's when it has no rows),
 * ascending, and the period last when there is room: 5m 30m 1h 2h 6h 1d 3d 30d for the defaults.
 * Returns how many.
 */
size_t burn_windows(int64_t out[SLO_WINDOWS], const struct slo *slo);

/*
 * True when both windows burn faster than the factor; false too when either has no data.  A
 * sampled window burns when even the lower end of its interval does.
 */
bool burn_fires(const struct burn_alert *row, double objective, const struct burn_window *w,
	size_t n);

/* A row that can never fire: everything failing burns at 1 / (1 - objective) at most. */
bool burn_unreachable(const struct burn_alert *row, double objective);

/*
 * SEV_PAGE or SEV_TICKET when a row fires; SEV_NO_DATA when of no row of the highest severity
 * there is both windows have data: what the slow rows still remember does not say that all is
 * well now; else SEV_OK.  No events in the short window are data.  A page needs min_bad bad
 * events in its long window where events are known.
 * fired (may be NULL): the row that decided, or NULL.
 */
enum severity burn_severity(const struct burn_alert **fired, const struct burn_alert *rows,
	size_t n_rows, double objective, const struct burn_window *w, size_t n, double min_bad);

/* Burn at each sample of the total between from and to: for charts and the onset. */
void burn_history(struct samples *out, struct arena *a, const struct burn_counters *c,
	double objective, int64_t window_ns, int64_t from, int64_t to);

#endif
