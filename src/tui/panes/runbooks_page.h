/* runbooks_page.h - a row of the Runbooks pane, and the page that it opens */
#ifndef TOCSIN_PANES_RUNBOOKS_PAGE_H
#define TOCSIN_PANES_RUNBOOKS_PAGE_H

#include "model/slo.h"
#include "runbook/library.h"
#include "store/journal.h"
#include "tui/pane.h"

enum book_kind { BOOK_NONE, BOOK_RUN, BOOK_SUGGESTED, BOOK_ENTRY, BOOK_OLD_RUN };

struct book_row {
	enum book_kind			kind;
	const struct run_row		*run;		/* of runs; else NULL */
	size_t				done, steps;	/* of runs */
	const struct library_entry	*entry;		/* of the others; else NULL */
	const char			*service, *alert, *reason;	/* of what is suggested */
	enum severity			severity;
};

void runbooks_page(struct pane *p, const struct book_row *row, struct doc *out);

#endif
