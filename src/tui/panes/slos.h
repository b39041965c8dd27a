/* slos.h - what the files of the SLO pane share */
#ifndef TOCSIN_PANES_SLOS_H
#define TOCSIN_PANES_SLOS_H

#include "model/slo.h"
#include "store/series.h"
#include "tui/pane.h"
#include "tui/panes/fitting.h"

#define SLOTS 6			/* windows that have a column */
#define SLOS_WIDE 140		/* columns from which each of them has its own */
#define SLOS_COLUMNS 24

/* A window, and what its burn is held against. */
struct slot {
	int64_t		window_ns;
	double		burn;		/* NAN: no data, or no such window */
	double		factor;		/* of the row that looks at it; NAN: none does */
	enum severity	severity;	/* of that row */
};

struct slos_row {
	const struct slo_row	*row;
	const struct burn_alert *rules;	/* in the rows' arena */
	size_t			n_rules;
	struct slot		slots[SLOTS];	/* by struct slos */
};

struct slos {
	int64_t		windows[SLOTS];
	size_t		n;
	char		titles[SLOTS][8], strip[16];
	struct column	columns[SLOS_COLUMNS];
	struct fitting	fitting;
};

/* The row of an alert that looks at this window: as its long one if any, the severest. */
const struct burn_alert *slo_rule_of(const struct burn_alert *rules, size_t n, int64_t window_ns);

/* A burn against its threshold: two thirds of the bar are below it. */
struct gauge slot_gauge(struct pane *p, const struct slot *s);

bool slot_is_over(const struct slot *s);

/* slos_windows.c: the windows that the rows have in common, their names, each row's share. */
void slos_choose_windows(struct slos *mine, const struct rows *rows);
void slos_name_windows(struct slos *mine);
void slos_fill_windows(const struct slos *mine, struct slos_row *row);
void slos_cell_window(struct value *out, struct pane *p, const void *data);
void slos_cell_strip(struct value *out, struct pane *p, const void *data);
void slos_draw_strip(struct pane *p, const void *data, const struct box *cell);

/* slo_page.c, slo_page_windows.c, slo_page_alerts.c */
void slo_page(struct pane *p, const struct slos_row *row, struct doc *out);
void slo_page_windows(struct pane *p, const struct slos_row *row, struct arena *a,
	struct doc *out);
void slo_page_alerts(struct pane *p, const struct slos_row *row, struct arena *a,
	struct library_query *q, struct doc *out);

#endif
