/*
 * doc.h - a page of lines: what a detail view shows
 *
 * A pane fills it from top to bottom; the view wraps, scrolls, holds a cursor on a line, follows
 * links and copies.  Text may come from anywhere.
 */
#ifndef TOCSIN_DOC_H
#define TOCSIN_DOC_H

#include "core/arena.h"
#include "core/mem.h"
#include "tui/chart.h"
#include "tui/draw.h"

struct doc;

struct doc *doc_new(void);
void doc_free(struct doc *d);
void doc_clear(struct doc *d);

/* Of the column this will be drawn in, for those who lay out by hand; set before filling. */
int doc_columns(const struct doc *d);
void doc_set_columns(struct doc *d, int columns);

void doc_title(struct doc *d, enum role role, const char *fmt, ...) PRINTF(3, 4);
void doc_heading(struct doc *d, const char *text);	/* with a blank line above */
void doc_blank(struct doc *d);
void doc_text(struct doc *d, enum role role, const char *text);	/* wrapped; keeps newlines */
void doc_textf(struct doc *d, enum role role, const char *fmt, ...) PRINTF(3, 4);

/* Kept line by line, indented, long lines wrapped: JSON, queries, output, prompts. */
void doc_code(struct doc *d, enum role role, const char *text, size_t n);

/* "label     value", labels aligned within a run of fields; NULL or "" value shows "-". */
void doc_field(struct doc *d, const char *label, enum role role, const char *value);
void doc_fieldf(struct doc *d, const char *label, enum role role, const char *fmt, ...)
	PRINTF(4, 5);

/* Enter on it goes to argument in pane (see console_go); label may be NULL. */
void doc_link(struct doc *d, const char *label, const char *text, const char *pane,
	const char *argument);

/*
 * A small table: first doc_columns_begin() with one letter for each column ('l' or 'r'), then
 * rows of cells, then doc_columns_end(), which aligns.  The last column takes what is left.
 */
void doc_columns_begin(struct doc *d, const char *align);
void doc_cell(struct doc *d, enum role role, const char *text);
void doc_cellf(struct doc *d, enum role role, const char *fmt, ...) PRINTF(3, 4);
void doc_row_link(struct doc *d, const char *pane, const char *argument);	/* the row begun */
void doc_columns_end(struct doc *d);

/* Copied; rows high; in plain or low bandwidth its figures in words. */
void doc_chart(struct doc *d, const struct chart *chart, int rows);

/* Several, side by side where each has room, else below each other; all of the same rows. */
#define DOC_CHART_COLUMNS 48
void doc_charts(struct doc *d, const struct chart *charts, size_t n, int rows);

/* --- the view of a document --- */

struct doc_view {
	int	top, cursor;	/* lines */
};

int doc_lines(const struct doc *d);
void doc_draw(struct doc *d, struct doc_view *v, const struct box *b, bool focus);
void doc_move(struct doc *d, struct doc_view *v, int by);
const char *doc_line_text(const struct doc *d, int line);	/* borrowed; for copying */
bool doc_line_link(const struct doc *d, int line, const char **pane, const char **argument);
bool doc_find(const struct doc *d, struct doc_view *v, const char *text, int direction);

#endif
