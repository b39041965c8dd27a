/*
 * slo_query.h - PromQL out of an SLO's indicator
 */
#ifndef TOCSIN_SLO_QUERY_H
#define TOCSIN_SLO_QUERY_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/strbuf.h"
#include "model/slo.h"

/*
 * Append the PromQL that gives the error ratio over window_ns: templates are filled in,
 * selectors become sum(rate(...)), of each group when the indicator has groups.  False: it cannot
 * be asked in PromQL.
 *
 * Where slices of time are counted, it is the share of bad slices of those that had data (or the
 * mean of their ratios), by a subquery; a window shorter than a slice is one slice.  A slice in
 * which the counter of errors is absent and traffic is there had no errors.
 */
bool slo_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);

/*
 * As slo_query(), for a rule that records it: what is absent while there is traffic has counted
 * nothing.
 */
bool slo_record_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);

/*
 * Append the PromQL that counts all (or only bad) events, or slices, over window_ns; false: cannot
 * be told.  An absent answer for the bad ones, where all is there, is none.  A threshold counts
 * minutes, and of a native histogram only all events can be asked: the bad ones are their share.
 */
bool slo_total_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);
bool slo_bad_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);

/*
 * Both parts of a ratio of which nobody knows whether they count events or rate them: their
 * quotient is right all the same.  Asked apart, so that an absent part is told from no data.
 */
bool slo_parts_query(struct strbuf *total, struct strbuf *bad, const struct slo *slo,
	int64_t window_ns);

/*
 * At how many moments, *step_ns apart, of the period the indicator had data.  False: cannot be
 * told.
 */
bool slo_coverage_query(struct strbuf *out, int64_t *step_ns, const struct slo *slo,
	int64_t period_ns);

/* Append template with {{.window}} (any spaces inside) replaced; returns how many there were. */
size_t slo_template(struct strbuf *out, const char *template, int64_t window_ns);

/* True when the text is a plain selector: a name, braces with matchers, or both. */
bool promql_is_selector(const char *query);

/*
 * Make a query fit for any window.  One that has {{.window}} is left alone; fixed ranges
 * ("[5m]") become {{.window}}; "sum(selector)" becomes the selector; a selector stays one and
 * sets *selector when counter, else it becomes a sum over the window.  NULL: it has no range
 * that could be filled in.  In the arena.
 */
const char *promql_windowed(struct arena *a, const char *query, bool counter, bool *selector);

#endif
