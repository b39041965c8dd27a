/*
 * runbook_open.h - from a runbook and what it is for to a run in front
 *
 * Nothing runs and nothing is written by opening: the run becomes a row with its first step.
 */
#ifndef TOCSIN_RUNBOOK_OPEN_H
#define TOCSIN_RUNBOOK_OPEN_H

#include "model/config.h"
#include "runbook/library.h"
#include "runbook/walk.h"
#include "tui/console.h"
#include "tui/pane.h"

/*
 * Asks for the service where the runbook is about one and none is given, then for the variables
 * that must be asked, then shows the run.  service and alert (its name) may be NULL.
 */
void runbook_open(struct console *c, const char *file, const char *service, const char *alert,
	bool dry_run);

/* Ask for what step n of w still lacks; fn as for a form: values are set already when not NULL. */
bool runbook_ask(struct console *c, struct walk *w, const struct step *s, form_fn *fn, void *ctx);

/* The runbook for a change of this kind ("pointer") to a service, opened; or why there is none. */
void runbook_open_for(struct console *c, const char *service, const char *change);

/*
 * What R hands over, as text for console_go(): lines of "key value".  subject_parse() gives texts
 * in the arena.
 */
void subject_format(struct strbuf *out, const struct subject *s);
void subject_parse(struct subject *out, const char *text, struct arena *a);

#endif
