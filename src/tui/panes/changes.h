/* changes.h - what the files of the Changes pane share */
#ifndef TOCSIN_PANES_CHANGES_H
#define TOCSIN_PANES_CHANGES_H

#include "model/change.h"
#include "model/slo.h"
#include "signal/correlate.h"
#include "tui/pane.h"

#define ONSETS_MAX 6
#define SUSPECTS_MAX 5

struct change_row {
	const struct change *change;
	char		letter;		/* among the suspects: 'a' the likeliest; 0: none of them */
};

/* An objective that burns, and since when. */
struct onset {
	int64_t		at;
	const char	*slo, *service;	/* in the rows' arena */
	double		burn;
	enum severity	severity;
};

/* What the list is narrowed to; texts owned, NULL: by nothing. */
struct narrow {
	char		*kind, *service;	/* a record's name, or "all" */
	char		*span;			/* "6h" */
};

struct changes {
	struct narrow	narrow;
	char		*shown;		/* owned: the address of one that is looked for; NULL */
	struct onset	onsets[ONSETS_MAX];	/* the worst first */
	size_t		n_onsets;
	struct suspects	suspects;	/* of the worst; in the rows' arena */
};

/* changes_head.c */
int changes_head(struct pane *p, const struct box *b);
bool changes_divide(struct pane *p, const void *above, const void *below, int i,
	struct value *out);

/* changes_page.c */
void changes_detail(struct pane *p, const void *data, struct doc *out);

/* Nobody watched when it happened: "between 02:10:00 and 03:40:00". */
void change_between(struct strbuf *out, struct pane *p, const struct change *ch);

/* changes_narrow.c: the kinds that are asked for, 0: any; and the form. */
uint32_t narrow_kinds(const struct narrow *n);
int64_t narrow_span(const struct narrow *n);	/* NONE_INT: no bound */
void narrow_release(struct narrow *n);
unsigned act_narrow(struct console *c, struct pane *p, const struct action *a);

#endif
