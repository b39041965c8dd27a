/* chart.h - numbers over time, in braille with a plain fallback */
#ifndef TOCSIN_CHART_H
#define TOCSIN_CHART_H

#include <math.h>

#include "core/strbuf.h"
#include "tui/draw.h"

#define CHART_MARKS 12

struct chart_point {
	int64_t	at;
	double	value;		/* NAN: a gap */
};

struct chart {
	const char	*title;		/* NULL: none */
	const char	*unit;		/* behind numbers: "x", " $"; NULL: none */
	const struct chart_point *points;	/* by time */
	size_t		n;
	int64_t		from, to;	/* the time axis */
	double		threshold;	/* NAN: none */
	const char	*threshold_name;
	bool		calm;		/* being over the line is no alarm: it is not drawn as one */
	double		second;		/* another line, of less weight: a ticket, noise; NAN: none */
	double		top;		/* the axis reaches at least here; NAN: by the data */
	double		bottom;		/* where it begins; data below draw it down */
	int64_t		marks[CHART_MARKS];	/* moments to mark on the axis: onset, changes */
	char		mark_names[CHART_MARKS];	/* one ASCII letter each */
	size_t		n_marks;
	/* A straight line of dots where nothing else is: where it goes on like this. */
	bool		guide;
	struct chart_point guide_from, guide_to;
	enum role	role;
	bool		utc;		/* times below in UTC, else in the zone of TZ */
};

/* As an initial value: no lines, no bounds. */
#define CHART_INIT \
	{.threshold = NAN, .second = NAN, .top = NAN, .unit = "", .role = ROLE_CHART}

/* rows >= 3: axis on the left, times below.  Fewer rows: a line of braille alone. */
void chart_draw(const struct chart *ch, const struct box *b);

/* "now 14.2x, highest 15.1x at 08:41, lowest 0.2x at 07:59", for plain and screen readers. */
void chart_words(struct strbuf *out, const struct chart *ch);

/* One line of cols columns without axes; top as in struct chart. */
void chart_spark(const struct box *b, int y, int x, int cols, enum role role,
	const struct chart_point *points, size_t n, int64_t from, int64_t to, double top);

#endif
