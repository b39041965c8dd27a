/*
 * page_marks.h - changes as letters on the time axes of a page, and what the letters are
 *
 * The suspects of an onset come first, the likeliest as 'a'; behind them what else moved.
 */
#ifndef TOCSIN_PANES_PAGE_MARKS_H
#define TOCSIN_PANES_PAGE_MARKS_H

#include "signal/correlate.h"
#include "tui/pane.h"

#define PAGE_MARKS (CHART_MARKS - 1)

struct page_marks {
	struct suspects		suspects;
	const struct change	*changes[PAGE_MARKS];	/* the suspects', then others, newest first */
	size_t			n;
	int64_t			onset;		/* NONE_INT: nothing began */
	bool			utc;		/* how the axes tell the time */
	const char		*error;		/* why they could not be read; or NULL */
};

/* Changes of a service since `from`; onset NONE_INT: none is suspected. */
void page_marks_load(struct page_marks *out, struct arena *a, struct console *c,
	const char *service, int64_t onset, int64_t from);

/* Those on the chart's axis, and '^' at the onset. */
void page_marks_put(const struct page_marks *m, struct chart *ch, int64_t onset);

/* Which change each letter is: suspects with their reasons, then the others. */
void page_marks_legend(const struct page_marks *m, struct pane *p, struct doc *out);

#endif
