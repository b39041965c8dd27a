/*
 * walk.h - a run as a person walks it: on the store, from the console or a command
 *
 * The steps themselves run in supervisors; this starts them, follows their rows, and writes what
 * people decide.  Nothing here blocks on a step.  After a lost connection walk_resume() takes up
 * the run where its rows say it is.
 */
#ifndef TOCSIN_WALK_H
#define TOCSIN_WALK_H

#include "model/config.h"
#include "record/who.h"
#include "runbook/run.h"
#include "runbook/supervisor.h"

struct walk;

struct walk_plan {
	const char		*file;		/* of the runbook, see library_find() */
	const char		*service;	/* NULL: none in particular */
	const char		*context;
	const char		*incident;
	const char		*config_file;	/* what --config gave, for supervisors; NULL */
	const struct alert	*alert;		/* that led here, for its labels; NULL */
	bool			dry_run;
};

/* Parse and fill variables.  Writes nothing yet.  config and store must outlive the walk. */
int walk_open(struct walk **out, struct store *st, const struct config *c,
	const struct walk_plan *plan, struct err *e);

/* A live or ended run from its rows; steps can be started only by whom it belongs to. */
int walk_resume(struct walk **out, struct store *st, const struct config *c, const char *run_id,
	const char *config_file, struct err *e);
void walk_free(struct walk *w);		/* running steps go on */

const struct run *walk_run(const struct walk *w);
const struct runbook *walk_runbook(const struct walk *w);
struct vars *walk_vars(struct walk *w);		/* set before walk_begin() or between steps */
const struct vars_scope *walk_scope(const struct walk *w);
const struct run_row *walk_row(const struct walk *w);	/* id NULL before walk_begin() */
const struct step_row *walk_step_row(const struct walk *w, int n);	/* NULL: not begun */

/* The run becomes a row and an audit entry.  ERR_CONFLICT names who holds the service. */
int walk_begin(struct walk *w, struct err *e);

/*
 * Look at the rows again; steps whose supervisor died become unknown, runs with nothing left
 * end.  *moved says whether anything is not what it was.
 */
int walk_refresh(struct walk *w, bool *moved, struct err *e);

/*
 * The next step to do, 0: none now.  Steps whose condition does not hold are skipped on the way,
 * with a row that says so.
 */
int walk_next(struct walk *w, int *n, struct err *e);

/* What a person must do before step n starts. */
struct walk_ask {
	enum confirm	confirm;	/* CONFIRM_NO: nothing; CONFIRM_KEY: the letter */
	char		*word;		/* owned; CONFIRM_TYPE: what to type */
	char		letter;		/* CONFIRM_KEY */
	char		*preview;	/* owned: what will run, with values, made safe */
};

/* undo: for walk_undo().  Says also why the step cannot start now. */
int walk_ask(struct walk_ask *out, struct walk *w, int n, bool undo, struct err *e);
void walk_ask_release(struct walk_ask *a);

/* The preview alone, also of a step that cannot start now.  Made safe; the caller frees. */
char *walk_preview(struct walk *w, int n);

/*
 * Start step n, which was confirmed as `how` says; a manual step is ticked by walk_tick().
 * The answer comes through walk_starting(); -1 from here is final.
 */
int walk_start(struct walk *w, int n, const char *how, struct err *e);
/* 1: no start is pending; 0: wait on walk_starting_fd(); -1: it was refused. */
int walk_starting(struct walk *w, struct err *e);
int walk_starting_fd(const struct walk *w);	/* -1: none */

int walk_tick(struct walk *w, int n, const char *note, struct err *e);
int walk_skip(struct walk *w, int n, const char *reason, struct err *e);
int walk_retry(struct walk *w, int n, struct err *e);	/* back to todo, with a new attempt */
int walk_decide(struct walk *w, int n, bool ok, const char *note, struct err *e);	/* unknown */
int walk_cancel(struct walk *w, int n, bool kill, struct err *e);

/* Start the undo step of n; n is undone when that ends ok. */
int walk_undo(struct walk *w, int n, const char *how, struct err *e);

/* End the run: done when all is done, else abandoned, with a reason. */
int walk_end(struct walk *w, const char *reason, struct err *e);

/* The same for a run of ours whose runbook cannot be opened any more; none of its steps may run. */
int walk_abandon(struct store *st, const char *run_id, const char *reason, struct err *e);

#endif
