/*
 * exposition.h - what /metrics endpoints say: text format 0.0.4 and OpenMetrics 1.0
 *
 * Pure.  A scrape is atomic: when parsing fails, nothing of it may be used.
 */
#ifndef TOCSIN_POLL_EXPOSITION_H
#define TOCSIN_POLL_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/strbuf.h"

#define EXPOSITION_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define EXPOSITION_MAX_LABELS 128
#define EXPOSITION_MAX_TEXT ((size_t)16 * 1024)	/* of one name or value */

/* What a scraper asks for. */
#define EXPOSITION_ACCEPT                                                                \
	"application/openmetrics-text;version=1.0.0;q=0.75,"                             \
	"text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

enum metric_type {
	METRIC_UNTYPED, METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_SUMMARY,
	METRIC_INFO, METRIC_STATESET, METRIC_GAUGEHISTOGRAM,
	METRIC_TYPES,
};

struct metric_label {
	const char *name, *value;	/* unescaped */
};

/* Valid during the callback only. */
struct metric_sample {
	const char		*name;
	struct metric_label	*labels;	/* sorted by name; empty values left out */
	size_t			n_labels;
	double			value;
	int64_t			at;		/* NONE_INT: none given */
	enum metric_type	type;		/* of its family */
};

typedef void metric_fn(void *ctx, const struct metric_sample *s);

/*
 * Call fn for each sample.  openmetrics: by Content-Type; then "# EOF" must come last (without it
 * the answer was cut) and times are seconds.  ERR_BACKEND names the line.
 */
int exposition_parse(const char *s, size_t n, bool openmetrics, metric_fn *fn, void *ctx,
	struct err *e);

/* The labels as a canonical JSON object, for series_id(). */
void metric_labels_json(struct strbuf *out, const struct metric_label *labels, size_t n);


#endif
