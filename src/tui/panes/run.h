/* run.h - the pane of one run: its state, and what its three files share */
#ifndef TOCSIN_PANES_RUN_H
#define TOCSIN_PANES_RUN_H

#include "runbook/walk.h"
#include "tui/console.h"
#include "tui/pane.h"

struct run_pane {
	struct walk	*walk;		/* owned; NULL: could not be opened */
	char		*id;		/* owned: of a run to take up again; NULL: a new one */
	unsigned	timer;		/* while steps run */
	int		fd;		/* watched: of a start without answer yet; -1 */
	int		follow;		/* step that the cursor shall go to; 0: none */
	int		next;		/* the next step to do when last looked; 0: none */
	int64_t		key_mono, key_before;	/* when the last two keys came */
	char		*trouble;	/* owned: why it cannot be looked at; NULL */
	bool		warned;		/* supervisor_warning() has been shown */
};

struct run_line { int n; };	/* a row: the step's number */

/* On top of what is there; takes the walk. */
struct pane *run_push(struct console *c, struct walk *w_take);

const struct run_step *run_selected(struct pane *p);	/* NULL: none */
bool run_begun(const struct run_pane *r);
bool run_live(const struct run_pane *r);	/* begun and not over */

/* Reads and writes of a person's acts may take longer than those of a frame. */
void run_patience(struct pane *p, bool on);

/* run_acts.c */
void run_ask_first(struct pane *p);	/* the first step at once, as Enter on it would */
extern const struct action run_actions[];
unsigned run_enter(struct pane *p, const void *data);
void run_unwatch(struct pane *p);

/* run_draw.c */
void run_draw(struct pane *p, const struct box *b, bool focus);
void run_detail(struct pane *p, const void *data, struct doc *out);

#endif
