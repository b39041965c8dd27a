/*
 * plot.h - series over time as a chart in plain text
 *
 * For commands: nothing but characters, so that it can be piped, mailed and pasted.  One series is
 * a line (in braille where the locale is UTF-8, of stars where it is not), several are a letter
 * each, so that no colour is needed to tell them apart.
 */
#ifndef TOCSIN_PLOT_H
#define TOCSIN_PLOT_H

#include "core/strbuf.h"
#include "model/sample.h"

#define PLOT_SERIES_MAX 26

struct plot_series {
	struct samples	samples;	/* by time; NAN is a gap */
	const char	*name;		/* as it shall stand in the legend: any text */
};

struct plot {
	const struct plot_series *series;
	size_t		n;		/* at most PLOT_SERIES_MAX */
	int64_t		from, to, step_ns;	/* wider gaps than three steps are left open */
	const char	*title;		/* any text; NULL: none */
	const char	*unit;		/* behind numbers; NULL: none */
	int		columns, rows;	/* of the whole, axes with it, legend apart */
};

/* Append the chart, each line with its newline, and the legend with last, lowest and highest. */
void plot_draw(struct strbuf *out, const struct plot *p);

/* Append a number for people: "1234.5", "12.3M", "0.00012", "NaN". */
void plot_number(struct strbuf *out, double v, const char *unit);

#endif
