/* prom_histogram.h - native histograms in an answer, for prom_answer.c */
#ifndef TOCSIN_POLL_PROM_HISTOGRAM_H
#define TOCSIN_POLL_PROM_HISTOGRAM_H

#include "poll/prom_answer.h"

/*
 * "histogram" [t, H] (many false) or "histograms" [[t, H], ...] into s.  False: it is not what the
 * API promises.  Buckets that are out of order, or counts that are no numbers, are not read.
 */
bool prom_histograms_read(
	struct prom_series *s, struct arena *a, const struct json *from, bool many);

#endif
