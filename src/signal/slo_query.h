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
 * selectors become sum(rate(...)).  False: it cannot be asked in PromQL.
 */
bool slo_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);

/* Append the PromQL that counts all (or only bad) events over window_ns; false: cannot be told. */
bool slo_total_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);
bool slo_bad_query(struct strbuf *out, const struct slo *slo, int64_t window_ns);

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
