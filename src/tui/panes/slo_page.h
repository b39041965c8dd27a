/* slo_page.h - one objective in full: chart, windows, the sum in words, likely causes */
#ifndef TOCSIN_SLO_PAGE_H
#define TOCSIN_SLO_PAGE_H

#include "store/series.h"
#include "tui/pane.h"

void slo_page(struct pane *p, const struct slo_row *row, struct doc *out);

/* Burn in the shortest window over the last hour or since before the onset; n 0: no data. */
int slo_chart(struct chart *out, struct arena *a, struct console *c, const struct slo_row *row,
	struct err *e);

/* "99.9 %", with as many digits as it needs. */
void objective_text(struct strbuf *out, double objective);

/* "3h20", "never" for INFINITY, "-" for NAN. */
void exhausted_text(struct strbuf *out, double seconds);

#endif
