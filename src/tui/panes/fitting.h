/* fitting.h - the runbooks that fit what a page is about; the library is kept between pages */
#ifndef TOCSIN_PANES_FITTING_H
#define TOCSIN_PANES_FITTING_H

#include "runbook/library.h"
#include "tui/pane.h"

/* In a pane's own data; zero: nothing is read yet. */
struct fitting {
	struct library	*library;	/* owned; NULL: could not be read */
	int64_t		read_mono;	/* when; read anew after a minute */
};

void fitting_release(struct fitting *f);

/* A heading and a line for each, best first; what to do where none fits. */
void fitting_add(struct fitting *f, struct pane *p, const struct library_query *q,
	struct doc *out);

#endif
