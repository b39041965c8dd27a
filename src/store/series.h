/* series.h - numbers over time: scraped counters, burn rates, latencies; and SLO states */
#ifndef TOCSIN_STORE_SERIES_H
#define TOCSIN_STORE_SERIES_H

#include "model/sample.h"
#include "model/slo.h"
#include "store/store.h"

/* labels: canonical JSON object.  Creates the series at first sight. */
int series_id(int64_t *out, struct store *st, const char *source, const char *name,
	const char *labels, struct err *e);

/* Samples are trimmed at this age, not at the store's: as long as the longest window needs. */
int series_keep(struct store *st, int64_t series, int64_t keep_ns, struct err *e);
int series_add(struct store *st, int64_t series, int64_t at, double value, struct err *e);

/* Sorted by time, from <= at <= to, plus the one sample before from when with_previous. */
int series_read(struct samples *out, struct arena *a, struct store *st, int64_t series,
	int64_t from, int64_t to, bool with_previous, size_t limit, struct err *e);

struct series_row {
	int64_t		id;
	const char	*source, *name, *labels;
};

/* By source (NULL any) and exact name; sorted by labels. */
int series_find(struct series_row **out, size_t *n, struct arena *a, struct store *st,
	const char *source, const char *name, size_t limit, struct err *e);

/* --- SLOs: definitions with intervals, states as evaluated by the collector --- */

struct slo_row {
	struct slo		slo;
	struct slo_state	state;	/* at NONE_INT: never evaluated */
};

struct slo_rows {
	struct slo_row	*items;
	size_t		n;
};

/*
 * A definition holds until it is defined otherwise, or, of those with this slo.source, not
 * confirmed since round_began.
 */
int slo_define(struct store *st, const struct slo *slo, int64_t now, struct err *e);
int slo_undefine_others(struct store *st, const char *source, int64_t round_began, int64_t now,
	struct err *e);

/* state->at may lie in the past (backfill): the newest by `at` is how the SLO stands. */
int slo_record(struct store *st, const struct slo_state *state, struct err *e);

/* As of `at`, worst first. */
int slo_rows(struct slo_rows *out, struct arena *a, struct store *st, int64_t at, struct err *e);

/*
 * Burn in one window over time, for charts: at most `points` samples, evenly thinned; each stands
 * for its part of the range with the worst that was in it.  source NULL: any that has it.
 */
int slo_burn_history(struct samples *out, struct arena *a, struct store *st, const char *service,
	const char *name, const char *source, int64_t window_ns, int64_t from, int64_t to,
	size_t points, struct err *e);
int slo_budget_history(struct samples *out, struct arena *a, struct store *st,
	const char *service, const char *name, const char *source, int64_t from, int64_t to,
	size_t points, struct err *e);

#endif
