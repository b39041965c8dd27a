/*
 * pane.h - a pane, declared: columns, query, actions, detail
 *
 * To add one:
 *  1. src/tui/panes/NAME.c: row struct, query, columns, detail, actions, and at the end of the
 *     file `const struct pane_ops pane_NAME`.  src/tui/panes/alerts.c is the one to read first.
 *  2. Declare it in src/tui/panes/panes.h and give it its row in src/tui/panes/panes.c.
 *  3. src/local.mk and po/POTFILES.in.
 *  4. Give tests/screen/fixture.c some fixed data for it, run
 *     `UPDATE=1 make check TESTS=tests/screen/panes`, and READ the new file in
 *     tests/screen/golden/.  That test then runs for the pane at every size, in every locale,
 *     with and without colour, and with hostile text.  What is special (its actions, stepping
 *     in) gets a test of its own in tests/screen/NAME.c.
 *
 * What a pane gets for nothing: cursor bound to the object, filter, sort, column widths, detail
 * on Enter, `?`, palette, bottom bar, `x` menu, mouse, copy, time travel, plain mode, stale marks.
 * What it must keep: no figure without age, no wait, no write to the store but wants and runs.
 */
#ifndef TOCSIN_PANE_H
#define TOCSIN_PANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/strbuf.h"
#include "store/store.h"
#include "tui/action.h"
#include "tui/doc.h"
#include "tui/draw.h"

struct console;
struct input;
struct pane;

/* --- rows: what a query gives --- */

struct row {
	const char	*id;	/* names the object over reloads; in the arena */
	const void	*data;	/* in the arena */
};

struct rows {
	struct arena	*arena;	/* borrowed; reset before the next query */
	struct row	*items;
	size_t		n, cap;
	bool		more;	/* the limit cut the list; said below it */
	const char	*start;	/* id of the row where the cursor begins; NULL: the first */
};

/* data must live in rows->arena; id is formatted. */
void rows_add(struct rows *rows, const void *data, const char *id_fmt, ...) PRINTF(3, 4);

/* --- columns --- */

struct column;

/* What cell() fills in; text is empty and role ROLE_TEXT before. */
struct value {
	const struct column *column;	/* that is asked for */
	struct strbuf	text;	/* made safe when drawn; empty shows nothing */
	enum role	role;
	struct gauge	gauge;	/* of columns with a figure; value NAN before: none */
};

typedef void column_fn(struct value *out, struct pane *p, const void *data);

struct column {
	const char	*name;		/* "burn-1h", for `:sort` */
	const char	*title;		/* N_() */
	int		min, max;	/* columns; as wide as its text in between; max 0: min */
	int		grow;		/* share of what is left over; 0: none */
	char		align;		/* 'l', 'r' */
	/* 1 stays longest, the highest goes first; from 5 on it goes before others are cut. */
	int		priority;
	column_fn	*cell;
	int		(*compare)(const void *a, const void *b);	/* NULL: by text */
	bool		downwards;	/* the first sort by it shows the greatest first */
	bool		if_any;		/* left out while no row has anything in it */
	bool		both_ends;	/* what is too long is cut in the middle: both ends tell */
	int		figure;		/* the text takes so many, a gauge what is left; 0: no gauge */
	int		from_cols, below_cols;	/* only in windows of that width; 0: in any */
	/* Draws the cell itself where a row is shown: heat maps.  The text serves the rest. */
	void		(*draw)(struct pane *p, const void *data, const struct box *cell);
	const void	*about;		/* the pane's own, for cells that serve several columns */
};

/* What most columns hold; each fills out->text and out->role. */
void value_severity(struct value *out, struct pane *p, enum severity s, const char *word);
/* A state as a source or the store has it, for people; one that is not ours stays as it is. */
const char *value_word(const char *word);
void value_text(struct value *out, const char *text);	/* NULL: "-", dim */
void value_time(struct value *out, struct pane *p, int64_t at);
void value_since(struct value *out, struct pane *p, int64_t at);	/* how long ago */
void value_percent(struct value *out, double share, int digits);	/* NAN: "-" */
void value_count(struct value *out, double n);	/* "37", "18.2k", "1.2M"; NAN: "-" */
void value_count_text(struct strbuf *out, double n);
void value_age(struct value *out, struct pane *p, const char *source);	/* its last success */

/* --- panes --- */

/* What a row is about, for R (runbooks), o (link), y (copy) and jumps; all borrowed, or NULL. */
struct subject {
	const char	*service, *alert, *model, *source, *session;
	const char	*url;
	const char	*copy;		/* NULL: the row's id */
	const char	*name;		/* what menus call it; NULL: its id */
};

struct pane_ops {
	const char		*name;		/* "sessions": palette, tocsin open */
	const char		*title;		/* N_() */
	const char		*help;		/* N_(): one line */
	char			key;		/* '5'; 0: by the palette only */
	bool			hidden;		/* opened by other panes only (a replay, a run) */
	unsigned		touches;	/* 1u << TOUCH_SESSION | …: what makes it query again */
	const char		*empty;		/* N_(): said when there is no row */
	bool			id_is_mute;	/* ids say nothing to people: filters pass them over */
	const struct column	*columns;	/* ends with name NULL; NULL: draw() draws everything */
	const struct action	*actions;	/* ends with name NULL; or NULL */
	size_t			size;		/* of pane_data(), zeroed at open */

	/* All may be NULL but one of columns, columns_of and draw. */

	/* Columns that are known only when it opens, before open(); as above, for p's life. */
	const struct column *(*columns_of)(struct pane *p);
	void	(*open)(struct pane *p, const char *argument);	/* argument NULL: none */
	void	(*close)(struct pane *p);	/* release what pane_data() owns */

	/*
	 * Bounded, for the moment console_at(); done in 5 ms.  The rows come in the order that is
	 * the pane's own ("worst first"); a person's sort comes on top.  On failure the old rows
	 * stay and the error is shown.
	 */
	int	(*query)(struct pane *p, struct rows *out, struct err *e);

	/* One line over the table: "12 objectives, 2 burning". */
	void	(*summary)(struct pane *p, struct strbuf *out);

	/* What stands between summary and table; returns the rows used. */
	int	(*head)(struct pane *p, const struct box *b);

	/*
	 * The i-th line (from 0) between two neighbours, above NULL for the first row of all;
	 * false: there is none.  Only in the query's own order.
	 */
	bool	(*divide)(struct pane *p, const void *above, const void *below, int i,
			struct value *out);

	/* Too old to be trusted: the whole row is drawn so. */
	bool	(*stale)(struct pane *p, const void *data);

	/* What Enter shows; may read the store within the same bounds. */
	void	(*detail)(struct pane *p, const void *data, struct doc *out);
	void	(*subject)(struct pane *p, const void *data, struct subject *out);

	/* Enter, instead of the detail: push another pane, usually. */
	unsigned (*enter)(struct pane *p, const void *data);

	/* Panes that are no table. A cursor must be set: box_cursor(). */
	void	(*draw)(struct pane *p, const struct box *b, bool focus);

	/* First refusal of events (a replay's keys, clicks into what draw() drew). */
	unsigned (*event)(struct pane *p, const struct event *ev);

	/* Jump to one object: `tocsin open`, links.  -1: not found, said why. */
	int	(*show)(struct pane *p, const char *argument);
};

/* --- what a pane can ask about itself --- */

void *pane_data(struct pane *p);		/* the private struct of ops->size bytes */
struct console *pane_console(struct pane *p);
const struct pane_ops *pane_ops(const struct pane *p);
const struct rows *pane_rows(const struct pane *p);	/* of the last query, unsorted */
const struct row *pane_selected(struct pane *p);	/* NULL: no row */
const char *pane_selected_id(struct pane *p);		/* NULL: no row */
bool pane_select(struct pane *p, const char *id);	/* moves the cursor; false: no such row */
bool pane_in_detail(const struct pane *p);
void pane_open_detail(struct pane *p);
void pane_filter(struct pane *p, const char *text);	/* NULL: none */
struct arena *pane_arena(struct pane *p);		/* the rows' own */

/*
 * The cursor of panes with a draw() of their own: rows are those of query(), and movement keys,
 * filter and detail work as in a table.
 */
size_t pane_cursor(struct pane *p);		/* index into pane_visible() */
size_t pane_visible(struct pane *p, const struct row ***out);	/* after filter and sort */

#endif
