/* overview.h - the items of the first pane, between its query and its drawing */
#ifndef TOCSIN_OVERVIEW_H
#define TOCSIN_OVERVIEW_H

#include "model/slo.h"
#include "tui/pane.h"

/* In the order of the screen, and of the night: is it bad, what changed, what else. */
enum section {
	SECTION_NONE, SECTION_OBJECTIVES, SECTION_ALERTS, SECTION_CHANGES, SECTION_DRIFT,
	SECTION_SESSIONS,
	SECTION_SOURCES, SECTIONS,
};

/* One row.  What a section does not have is NULL, NAN or "". */
struct item {
	enum section	section;
	enum severity	severity;	/* SEV_NONE: no mark */
	char		mark;		/* 0: the severity's */
	enum role	mark_role;	/* with a mark of its own */
	const char	*word;		/* behind the mark */
	const char	*name;		/* what is looked for */
	const char	*brief;		/* the part that counts, for narrow windows; or NULL */
	const char	*note;		/* the rest */
	enum role	note_role;
	const char	*figure;	/* "14.2x" */
	double		budget;		/* NAN: no bar */
	const char	*left;		/* "3h20" */
	const char	*age;
	enum role	age_role;
	const char	*pane, *argument;	/* where Enter goes */
	const char	*service, *source;	/* for R */
};

#define OVERVIEW_CHARTS 3

struct overview {
	char		*headline[5];		/* owned; the first in the severity's role */
	size_t		n_headline;
	enum severity	severity;
	char		*summary[SECTIONS];	/* owned; behind each section's title; NULL: none */
	/* Burn of the worst objectives, for screens with room; all in the rows' arena. */
	struct chart	charts[OVERVIEW_CHARTS];
	size_t		n_charts;
	char		*alarm;			/* owned: before the headline, "Act now:" */
	int		top;			/* first line shown of the first column */
	size_t		section_at[SECTIONS];	/* its first row */
};

/* overview_draw.c */
void overview_draw(struct pane *p, const struct box *b, bool focus);

#endif
