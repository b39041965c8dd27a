/*
 * drift.h - values of drift over time, and the references that they are measured against
 *
 * What stands now is a record like any other (REC_DRIFT_REPORT, observe.h).  Its member `shares`
 * is a JSON object:
 *
 *   {"labels": ["stop", "length"], "reference": [0.9, 0.1], "current": [0.6, 0.4],
 *    "new": [], "lost": []}                  categories; new, lost: names on one side only
 *   {"edges": [1, 10, 100], "reference": [..4..], "current": [..4..]}
 *                                            bins: up to and with 1, to 10, to 100, above 100
 *
 * A reference is pinned as counts in record.db: what is asked of a backend once survives its
 * retention, and what a person accepted survives seen.db.
 */
#ifndef TOCSIN_STORE_DRIFT_H
#define TOCSIN_STORE_DRIFT_H

#include "model/pipeline.h"
#include "model/sample.h"
#include "store/store.h"

#define DRIFT_DATASET "*"	/* the feature that stands for them all */

/* One evaluation.  value NAN: it could not be compared; above: its threshold and the noise. */
struct drift_value {
	int64_t		at;
	double		value;
	bool		above;
};

/* Add the evaluation of one feature, as the report says it; of one time the last counts. */
int drift_record(struct store *st, const struct drift_report *report, bool above, struct err *e);

/* The newest `limit` evaluations up to `to`, oldest first. */
int drift_recent(struct drift_value **out, size_t *n, struct arena *a, struct store *st,
	const struct drift_report *key, int64_t to, size_t limit, struct err *e);

/*
 * Values over time for heat maps and charts: at most `points` samples, each the largest of its
 * part of the range.  source NULL: any that has it.
 */
int drift_history(struct samples *out, struct arena *a, struct store *st, const char *source,
	const char *service, const char *dataset, const char *feature, int64_t from, int64_t to,
	size_t points, struct err *e);

/* When the first value of the longest known features was; NONE_INT: there is none. */
int drift_oldest(int64_t *out, struct store *st, struct err *e);

/* --- pinned references --- */

struct drift_pin {
	const char	*source, *service, *dataset, *feature;	/* key */
	const char	*digest;	/* of what was asked; another one: it is no longer that */
	const char	*counts;	/* JSON: {"edges" | "labels": [..], "counts": [..]} */
	int64_t		from, to;	/* when they were counted; from NONE_INT unknown */
	int64_t		pinned;
	const char	*by, *reason;	/* who accepted it and why; NULL: pinned by itself */
};

struct drift_pins {
	struct drift_pin	*items;
	size_t			n;
};

/* All or none; a feature's last pin counts. */
int drift_pins_put(struct store *st, const struct drift_pin *pins, size_t n, struct err *e);

/* Those of one dataset; source, service and dataset NULL: any. */
int drift_pins(struct drift_pins *out, struct arena *a, struct store *st, const char *source,
	const char *service, const char *dataset, struct err *e);

#endif
