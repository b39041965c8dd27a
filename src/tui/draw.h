/*
 * draw.h - drawing into a box of the grid
 *
 * Coordinates are the box's own, from 0,0; what does not fit is cut.  Text may come from
 * anywhere: the grid makes it safe.
 */
#ifndef TOCSIN_DRAW_H
#define TOCSIN_DRAW_H

#include "core/mem.h"
#include "core/strbuf.h"
#include "tui/grid.h"

struct hits;

struct box {
	struct grid	*grid;	/* borrowed */
	struct hits	*hits;	/* borrowed; where clicks go; may be NULL */
	int		y, x, rows, cols;	/* in the grid */
	bool		plain;	/* no charts, no rules, no columns side by side */
};

/* A part of b, clipped to it. */
struct box box_sub(const struct box *b, int y, int x, int rows, int cols);

/* Cut to cols columns with "~" at the end; the columns used. */
int box_text(const struct box *b, int y, int x, int cols, enum role role, const char *s);
int box_textf(const struct box *b, int y, int x, int cols, enum role role, const char *fmt, ...)
	PRINTF(6, 7);

/* The same, ending at column x + cols. */
void box_right(const struct box *b, int y, int x, int cols, enum role role, const char *s);
void box_fill(const struct box *b, int y, int x, int rows, int cols, enum role role);
void box_clear(const struct box *b);
void box_select(const struct box *b, int y, int x, int cols);

/* Where the terminal's cursor rests: on the selected row's first cell, or in a prompt. */
void box_cursor(const struct box *b, int y, int x, bool visible);

/*
 * A share 0..1 as a horizontal bar of cols columns, in eighths in braille, "#" and "-" in ASCII,
 * nothing in plain (say the number beside it).  NAN draws nothing.
 */
void box_bar(const struct box *b, int y, int x, int cols, enum role role, double share);

/* Cut in the middle, for names; else as box_text(). */
int box_name(const struct box *b, int y, int x, int cols, enum role role, const char *s);

/* A bar with a tick on it: what is beyond the tick is over the threshold. */
struct gauge {
	double		value;		/* NAN: nothing is drawn */
	double		full;		/* the value at the right edge */
	double		tick;		/* where the threshold stands; NAN: none */
	char		over;		/* drawn as the tick when value is not below it: '!' */
	enum role	role;		/* of the bar; beyond the tick and of the tick: over_role */
	enum role	over_role;
};

/* In cols columns, "##:-|-" and "####!##" in ASCII; nothing in plain. */
void box_gauge(const struct box *b, int y, int x, int cols, const struct gauge *g);

/* The bar of box_bar() as text without its track, padded to cols; in plain say the number. */
void bar_text(struct strbuf *out, int cols, double share);

/* Columns that s takes on the screen once made safe. */
int draw_width(const char *s);

/* --- what a click means --- */

enum hit_kind { HIT_NONE, HIT_ROW, HIT_TAB, HIT_ACTION, HIT_COLUMN, HIT_ITEM };

struct hit {
	enum hit_kind	kind;
	int		y, x, rows, cols;	/* in the grid */
	size_t		index;			/* of the row, pane, column, item */
	const void	*what;			/* the action */
};

struct hits {
	struct hit	*items;	/* owned */
	size_t		n, cap;
};

void hits_release(struct hits *h);
void box_hit(const struct box *b, int y, int x, int rows, int cols, enum hit_kind kind,
	size_t index, const void *what);
const struct hit *hits_at(const struct hits *h, int y, int x);	/* the last one drawn there */

#endif
