/*
 * slo_file.h - SLO definitions from files: OpenSLO, Sloth, Sloth for Kubernetes, Pyrra
 *
 * The format is told apart by the documents' own apiVersion or version; one file may hold several
 * documents.  What a file asks for and we do not do is a problem that names it; the other SLOs
 * of the file are read all the same.
 *
 * How indicators are read: a query with {{.window}} is used as it is; in OpenSLO, where queries
 * usually hold a fixed range, that range stands for the window.  Threshold indicators become the
 * share of minutes that miss the threshold.  An objective's op and value mean nothing for a
 * ratio and are ignored.  An SLO with several objectives becomes as many, named NAME-0, NAME-1.
 * slo->source is the data source that the file names, of which the configuration may know
 * nothing.
 */
#ifndef TOCSIN_SLO_FILE_H
#define TOCSIN_SLO_FILE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "model/slo.h"
#include "signal/slo_objects.h"
#include "signal/slo_query.h"

#define SLO_FILE_MAX_BYTES (4 * 1024 * 1024)

/* Sloth's AlertWindows: for its SLOs of the same file, and of those read behind it. */
struct sloth_windows {
	int64_t			period_ns;
	struct burn_alert	rows[4];
	size_t			n;
};

struct slo_list {
	struct slo			*items;	/* in the arena, with all their texts */
	size_t				n, cap;
	const struct sloth_windows	*windows;	/* arena; NULL: those for 30 days */
	const struct slo_objects	*others;	/* of the service; NULL: own ones only */
};

/*
 * Append the SLOs of the n bytes at s to out, which may hold those of other files already: two of
 * one service and name are a problem.  file (may be NULL) is what slo->file shall say.  Returns
 * -1 when anything was added to p; what could be read is in out all the same.
 */
int slo_file_parse(struct slo_list *out, struct arena *a, const char *s, size_t n,
	const char *file, struct problems *p);

/*
 * From one series of Sloth's slo:objective:ratio: labels as a JSON object, the value, and the
 * period in days of slo:time_period:days (NAN: 30).  False: not Sloth's labels, or a period that
 * no budget has.
 * Its windows are read from slo:sli_error:ratio_rate<window>, see slo_query().
 */
bool slo_from_recorded(struct slo *out, struct arena *a, const struct json *labels,
	double objective, double period_days);

#endif
