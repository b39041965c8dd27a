/*
 * evidently.h - drift in Evidently's reports, as JSON: of today's form and of the one before 0.7
 *
 * Pure.  What it computed is taken as it is: its score, its threshold, its verdict (by the test's
 * own < or >=).  Where a score is a p-value, value and p_value are both that.  Noise and the numbers
 * of values it does not say.
 */
#ifndef TOCSIN_EVIDENTLY_H
#define TOCSIN_EVIDENTLY_H

#include "core/arena.h"
#include "core/err.h"
#include "model/pipeline.h"

#define EVIDENTLY_MAX_BYTES ((size_t)64 << 20)
#define EVIDENTLY_MAX_COLUMNS 5000

struct evidently_report {
	struct drift_report	*items;	/* arena; source, service, dataset NULL; "*" is the dataset */
	size_t			n, cap;
	int64_t			at;	/* as it says; INT64_MIN: it does not */
};

/* ERR_INPUT when the n bytes are no report, or one without drift; then out has n 0. */
int evidently_parse(struct evidently_report *out, struct arena *a, const char *s, size_t n,
	struct err *e);

#endif
