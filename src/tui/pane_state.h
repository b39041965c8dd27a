/* pane_state.h - what is behind struct pane: for the console's own modules, not for panes */
#ifndef TOCSIN_PANE_STATE_H
#define TOCSIN_PANE_STATE_H

#include "tui/pane.h"

#define COLUMNS_MAX 24

struct pane {
	const struct pane_ops	*ops;
	const struct column	*columns;	/* the table's, or NULL */
	struct console		*console;
	void			*data;		/* owned */

	struct arena		arena, spare;	/* rows of the last query, room for the next */
	struct rows		rows;
	bool			dirty;		/* query before the next frame */
	char			*error;		/* owned: why the last query failed, or NULL */

	const struct row	**visible;	/* owned: after filter and sort */
	size_t			n_visible, cap_visible;
	char			*filter;	/* owned, or NULL */
	int			sort;		/* index of a column; -1: the query's order */
	bool			downwards;
	int			widths[COLUMNS_MAX];	/* natural ones, of all visible rows */

	size_t			cursor;		/* index into visible */
	char			*cursor_id;	/* owned: the object, not the row */
	size_t			top;
	int			page;		/* rows of the table at the last drawing */

	bool			in_detail;
	bool			direct;		/* came here by a link: back from the page leaves */
	struct doc		*doc;		/* of doc_id */
	char			*doc_id;	/* owned */
	int			doc_cols;
	bool			doc_gone;	/* its row is no longer there: the last page is kept */
	struct doc_view		doc_view;
};

struct pane *pane_new(struct console *c, const struct pane_ops *ops, const char *argument);
void pane_free(struct pane *p);

/* Query again; the cursor stays on its object. */
void pane_query(struct pane *p);
void pane_arrange(struct pane *p);		/* filter and sort anew */
void pane_move(struct pane *p, long by);	/* the cursor, or the detail's */
void pane_move_to(struct pane *p, size_t index);
void pane_sort(struct pane *p, int column);	/* again: the other way round; -1: as queried */
void pane_close_detail(struct pane *p);

/* The page of the selected row for a box of cols columns; NULL: no row, or no detail. */
struct doc *pane_page(struct pane *p, int cols);
void pane_page_stale(struct pane *p);		/* made again at the next drawing */

void pane_draw(struct pane *p, const struct box *b);

/* table.c: the rows as a table; returns rows used. */
int table_draw(struct pane *p, const struct box *b, bool focus);
void table_measure(struct pane *p);

/* Text of a cell; the caller releases out->text. */
void table_value(struct value *out, struct pane *p, const struct column *col, const void *data);

#endif
