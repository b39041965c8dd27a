/* slo_pyrra.h - objectives out of the rules that Pyrra records in a running Prometheus */
#ifndef TOCSIN_SLO_PYRRA_H
#define TOCSIN_SLO_PYRRA_H

#include "core/json.h"
#include "signal/slo_file.h"

/*
 * Append an SLO for each one of which the document, an answer of /api/v1/rules, holds Pyrra's
 * burn rate alerts; objective, factors and windows are read out of their expressions.  Their
 * indicator is SLI_RECORDED with recorded_as; when the document has the recording rules too,
 * sli.raw is the recorded expression with {{.window}}, for windows that nobody records (the
 * period).  Returns how many were added.
 */
size_t slo_from_pyrra(struct slo_list *out, struct arena *a, const struct json *rules);

#endif
