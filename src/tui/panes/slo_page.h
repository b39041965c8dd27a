/* slo_page.h - what the page of an objective shares with other panes */
#ifndef TOCSIN_SLO_PAGE_H
#define TOCSIN_SLO_PAGE_H

#include "store/series.h"
#include "tui/pane.h"

/* Burn in the shortest window over the last hour or since before the onset; n 0: no data. */
int slo_chart(struct chart *out, struct arena *a, struct console *c, const struct slo_row *row,
	struct err *e);

/* A chart of these, without an axis yet; in the arena. */
struct chart chart_of_samples(struct arena *a, const struct samples *samples);

/* "99.9 %", with as many digits as it needs. */
void objective_text(struct strbuf *out, double objective);

/* "3h20", "never" for INFINITY, "-" for NAN. */
void exhausted_text(struct strbuf *out, double seconds);

#endif
