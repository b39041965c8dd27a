/*
 * grid.h - the cells of one frame; the only place that writes them
 *
 * Text from anywhere is made safe here (core/text), so that no pane can forget it.  In a locale
 * without UTF-8 every cell is ASCII.  Nothing is ever written outside the grid.
 */
#ifndef TOCSIN_GRID_H
#define TOCSIN_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/theme.h"

#define CELL_POINTS 4

struct cell {
	uint32_t	points[CELL_POINTS];	/* base and combining marks, 0-filled */
	uint8_t		width;	/* 1 or 2; 0: the right half of the wide one before it */
	uint8_t		role;
	uint8_t		selected;	/* drawn as ROLE_SELECTED */
};

struct grid {
	int		rows, cols;
	struct cell	*cells;		/* owned: rows * cols */
	int		cursor_y, cursor_x;	/* -1: none; then 0,0 */
	bool		cursor_visible;
};

void grid_init(struct grid *g);
void grid_release(struct grid *g);
void grid_resize(struct grid *g, int rows, int cols);	/* and clears */
void grid_clear(struct grid *g);
const struct cell *grid_cell(const struct grid *g, int y, int x);

/*
 * Write n bytes of any text at y, x, never beyond column end; a wide character that would be
 * split is left out.  Returns the columns used.  Newlines show as spaces.
 */
int grid_put(struct grid *g, int y, int x, int end, enum role role, const char *s, size_t n);

/* Blanks in role. */
void grid_fill(struct grid *g, int y, int x, int cols, enum role role);

/* Copy cols cells of a row of another grid to y, x. */
void grid_copy(struct grid *g, int y, int x, const struct grid *from, int from_y, int cols);

/* Lay the selection over cells that are already drawn. */
void grid_select(struct grid *g, int y, int x, int cols);

#endif
