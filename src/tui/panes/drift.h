/* drift.h - what the files of the Drift pane share */
#ifndef TOCSIN_PANES_DRIFT_H
#define TOCSIN_PANES_DRIFT_H

#include "model/pipeline.h"
#include "signal/method.h"
#include "tui/pane.h"
#include "tui/panes/fitting.h"

/* What one feature's heat is drawn from: read when its row is first shown. */
struct drift_heat {
	double	*levels;	/* in the rows' arena: one a column, of the limit; NAN: none */
	int	cols;		/* for so many columns; 0: not read yet */
};

struct drift_row {
	const struct drift_report *r;
	const struct drift_method *method;	/* NULL: not one of ours */
	enum drift_verdict	verdict;
	bool			dataset;	/* the row that stands for all features of one */
	bool			shares_name;	/* a dataset that another service's is called like */
	const char		*group;		/* of which dataset: "source/service/dataset" */
	size_t			n, n_drifted;	/* of a dataset: features that are reported */
	int64_t			seen;		/* so since when, as we saw it */
	struct drift_heat	*heat;
};

struct drift_pane {
	size_t		span;		/* which of the spans the heat map shows */
	bool		span_chosen;	/* by hand; else it follows what there is */
	char		heat_title[24];
	struct column	columns[24];
	struct fitting	fitting;
};

/* drift.c */
bool drift_is_drifted(const struct drift_row *row);

/* Prediction and performance reach users: a ticket at most; data, skew and vectors are context. */
bool drift_is_context(const struct drift_report *r);
enum role drift_role(const struct drift_row *row);
/* "checkout/traffic": a dataset with the service that it is of. */
void drift_dataset_text(struct strbuf *out, const struct drift_report *r);
/* "~ drifted", with the mark. */
void drift_word(struct strbuf *out, struct console *c, const struct drift_row *row);

/* How far it is, 1 at its threshold: of p-values by their logarithms.  NAN: not known. */
double drift_strength(const struct drift_report *r, const struct drift_method *m);

/* "0.31", "p 0.004", of a dataset "3 of 12". */
void drift_value_text(struct strbuf *out, const struct drift_row *row);

/* Rows of reports, datasets with their features behind them, the worst first; in the arena. */
int drift_rows_load(struct rows *out, struct console *c, struct err *e);

/* drift_heat.c */
void drift_heat_title(struct drift_pane *mine);
/* Until one is chosen: the shortest span, of up to hours, that all there is fits into. */
void drift_fit_span(struct console *c, struct drift_pane *mine);
void drift_heat_draw(struct pane *p, const void *data, const struct box *cell);
void drift_heat_cell(struct value *out, struct pane *p, const void *data);
unsigned drift_next_span(struct console *c, struct pane *p, const struct action *a);

/* drift_acts.c */
unsigned drift_retrain(struct console *c, struct pane *p, const struct action *a);
unsigned drift_accept_as_reference(struct console *c, struct pane *p, const struct action *a);
unsigned drift_has_service(struct console *c, struct pane *p, const struct action *a);

/* drift_page.c, drift_shares.c */
void drift_page(struct pane *p, const void *data, struct doc *out);
void drift_page_shares(struct pane *p, const struct drift_row *row, struct doc *out);

#endif
