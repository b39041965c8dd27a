/*
 * slo_rules.h - Prometheus recording and alerting rules out of objectives
 *
 * The series have the names and labels that Sloth gives them (slo:sli_error:ratio_rate<window>
 * {sloth_id, sloth_service, sloth_slo, sloth_window}, slo:objective:ratio ...), so that its
 * dashboards show them and Tocsin finds them again.  Two things differ.  The ratio over the whole
 * period is bad events over all events, as it is evaluated here, and not the mean of the ratios
 * of five minutes that Sloth records, in which a quiet night weighs as much as the rush hour.
 * And a counter of errors that is absent while there is traffic counts as no error, not as no data.
 *
 * Alerts fire when Tocsin's own evaluation does; a period of the calendar is recorded as one that
 * rolls, which rules cannot say otherwise.
 */
#ifndef TOCSIN_SLO_RULES_H
#define TOCSIN_SLO_RULES_H

#include "core/err.h"
#include "core/strbuf.h"
#include "model/slo.h"

/*
 * Append one YAML document with the groups of all that can be written.  What cannot (no PromQL,
 * recorded by others already) is a problem that names it.  Returns how many were written.
 */
size_t slo_rules_write(struct strbuf *out, const struct slo *slos, size_t n, struct problems *p);

#endif
