/*
 * slo_words.h - an objective in words and numbers: what it measures, what it allows, what fires when
 *
 * Pure.  Formulas: SRE workbook, chapter 5.
 */
#ifndef TOCSIN_SLO_WORDS_H
#define TOCSIN_SLO_WORDS_H

#include "core/arena.h"
#include "core/strbuf.h"
#include "signal/burn.h"

/* The parts, in the order in which they are told. */
enum slo_words_part {
	SLO_WORDS_NONE,
	SLO_WORDS_GOAL,		/* objective, window, where it is from */
	SLO_WORDS_BUDGET,	/* what may fail, in minutes and events */
	SLO_WORDS_MEASURE,	/* what is good, bad, counted */
	SLO_WORDS_QUERIES,	/* what is asked, for each window */
	SLO_WORDS_ALERTS,	/* each row: when it fires, how soon, how soon it ends */
	SLO_WORDS_STATE,	/* how it stands; only with a state */
	SLO_WORDS_PARTS,
};

const char *slo_words_title(enum slo_words_part part);	/* translated: "Budget" */

/* A statement.  Texts are whole sentences, translated, of any length, for the caller to wrap. */
struct slo_words_line {
	enum slo_words_part	part;
	const char		*text;		/* NULL: only a query */
	const char		*label;		/* before a query: "5m", "good"; or NULL */
	const char		*query;		/* PromQL, or NULL */
	enum severity		severity;	/* of a row that alerts; else SEV_NONE */
	bool			warns;		/* something is wrong: a row that can never fire ... */
};

struct slo_words {
	struct slo_words_line	*items;	/* arena, with all their texts */
	size_t			n, cap;
};

/* state: NULL when it was not evaluated.  utc: how moments are written. */
void slo_words(struct slo_words *out, struct arena *a, const struct slo *slo,
	const struct slo_state *state, int64_t now, bool utc);

/* --- the figures that it is made of --- */

/*
 * How long a total failure may last: the budget as time, ns.  With traffic that is even.
 */
int64_t budget_outage_ns(double objective, int64_t window_ns);

/*
 * How long a constant error ratio must last, after a clean past and with even traffic, until the
 * row fires; and how long after its end the row is over.  INT64_MIN: it never fires.  Scraping
 * and rules' intervals come on top.
 */
int64_t burn_detection_ns(const struct burn_alert *row, double objective, double ratio);
int64_t burn_reset_ns(const struct burn_alert *row, double objective, double ratio);

/*
 * What a window will have left at its end (slo_state.projected), for a figure on a page: "8 % left,
 * at this rate"; where it is more than one budget too few, how many will be spent.
 */
void slo_words_projected(struct strbuf *out, double projected);

#endif
