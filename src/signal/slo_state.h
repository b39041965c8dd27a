/*
 * slo_state.h - how an objective stands, from what its windows say
 */
#ifndef TOCSIN_SLO_STATE_H
#define TOCSIN_SLO_STATE_H

#include "core/arena.h"
#include "model/sample.h"
#include "signal/burn.h"

/* A page needs this many bad events in its long window, where events are known. */
#define SLO_MIN_BAD 2

struct slo_measure {
	const struct burn_window	*windows;	/* those of burn_windows(), any order */
	size_t				n_windows;
	/*
	 * Over slo->window_ns, or over what has passed of the calendar's period; ratio NAN
	 * unknown.
	 */
	struct burn_window		period;
	int64_t				period_from, period_to;	/* of the calendar; 0: it rolls */
	/*
	 * What the period's coverage leaves out was probably like the rest (a server that keeps
	 * less than the window).  False: we had not begun to count, and it burns nothing.
	 */
	bool				unseen_alike;
	int64_t				keeps_ns;	/* how far back the server remembers; <= 0 unknown */
	const struct samples		*bad_steps;	/* bad events of each step of the window; NULL */
	const char			*said;		/* what a person has to know besides, or NULL */
	/*
	 * Burn over time in the short windows, for the onset: history[i] belongs to
	 * history_ns[i].  n_history 0: the onset stays unknown.
	 */
	const struct samples		*history;
	const int64_t			*history_ns;
	size_t				n_history;
	bool				*onset_open;	/* is told whether it began earlier, maybe; NULL */
	const struct burn_alert		**fired;	/* is told the row that decides; NULL */
};

/* slo's own, or the default. */
double slo_min_bad(const struct slo *slo);

/*
 * Fill out; texts are slo's or from the arena.  The onset is that of the row that decides the
 * severity.  The rate for exhausted_in_s is the larger of the 1 h and 6 h burn (of the long
 * windows nearest to them), because shorter windows flicker.
 */
void slo_evaluate(struct slo_state *out, struct arena *a, const struct slo *slo,
	const struct slo_measure *m, int64_t now);

#endif
