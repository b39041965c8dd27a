/*
 * onestep.h - a runbook made up for one run: an action on its own, or a script from stdin
 *
 * Acting always is a run: the same preview, confirmation, journal and audit as any runbook's
 * step.  The text stays in a file of the user's state, because the run names it by its hash.
 */
#ifndef TOCSIN_ONESTEP_H
#define TOCSIN_ONESTEP_H

#include "core/json.h"
#include "runbook/runbook.h"

struct onestep {
	const char		*source, *action;
	const struct json	*params;	/* an object of text, numbers and booleans */
	const char		*expect;	/* JSON: refused unless that is the value now; NULL */
	enum risk		risk;		/* RISK_NONE: change */
};

/* Append the head of a runbook. */
void onestep_title(struct strbuf *book, const char *title);

/*
 * Append a step, called by its action; the n-th of a book, from 1.  ERR_INPUT: a value that a
 * runbook would take for a variable.
 */
int onestep_action(struct strbuf *book, const struct onestep *o, size_t n, struct err *e);
void onestep_script(struct strbuf *book, const char *script);

/* Write it where runs find it again.  *file is the caller's, for walk_open(). */
int onestep_keep(char **file, const struct strbuf *book, struct err *e);

#endif
