/*
 * run.h - the state machine of one run; pure: no store, no clock, no processes
 *
 * todo -> asking -> running -> ok | failed | timed-out | cancelled | unknown | skipped -> undone
 */
#ifndef TOCSIN_RUN_H
#define TOCSIN_RUN_H

#include "runbook/runbook.h"
#include "runbook/vars.h"
#include "store/journal.h"

enum run_event {
	EV_NONE,
	EV_ASK,		/* shown for confirmation */
	EV_TAKE_BACK,	/* not confirmed */
	EV_START,	/* a supervisor has it; a person ticks it */
	EV_START_UNDO,	/* likewise, as an undo: also from an end */
	EV_OK, EV_FAIL, EV_TIME_OUT, EV_CANCEL,
	EV_LOSE,	/* its supervisor died before it wrote the end */
	EV_SKIP,
	EV_RETRY,	/* once more, from an end that was not ok */
	EV_UNDO,	/* its undo step ended ok */
	EV_DECIDE_OK, EV_DECIDE_FAILED,	/* a person says what an unknown step did */
	RUN_EVENTS,
};

struct run_step {
	const struct step	*step;
	enum step_state		state;
	int			attempt;
};

struct run {
	const struct runbook	*rb;	/* borrowed */
	const struct vars	*vars;	/* borrowed */
	struct run_step		*steps;	/* owned; as many as rb->n_steps */
	size_t			n;
	bool			dry_run;
	bool			read_only;	/* the context allows no changes */
};

void run_init(struct run *r, const struct runbook *rb, const struct vars *vars);
void run_release(struct run *r);

/* The state after the event; STEP_NONE: it cannot happen in this state. */
enum step_state run_after(enum step_state s, enum run_event ev);
/* Apply it to step n (from 1); ERR_CONFLICT when it cannot happen. */
int run_apply(struct run *r, int n, enum run_event ev, struct err *e);

/*
 * Whether step n could start now, with the first reason why not: read-only, dry run, a variable
 * without value, its `before` step not done, approvals, a problem in its text.
 */
int run_can_start(const struct run *r, int n, struct err *e);

/* The next step to do, its `before` step first; 0: none left.  Stops at the first that failed. */
int run_next(const struct run *r);
bool run_is_over(const struct run *r);	/* nothing is left to do and nothing runs */
bool run_failed(const struct run *r);
bool run_changes(const struct runbook *rb);	/* has any step over read */

/* What a dry run does with it: reads and gates run, actions are planned, the rest is shown. */
bool run_dry_runs(const struct step *s);

/* Changing steps that are done and have an undo, newest first; number put in out. */
size_t run_undoable(const struct run *r, int *out, size_t max);

/*
 * `when` of a step: true without one.  NAME, !NAME, NAME == value, NAME != value, where NAME is a
 * variable or "step.OTHER" for another step's state.
 */
int run_when(bool *out, const struct run *r, int n, struct err *e);
bool run_when_valid(const char *when);

#endif
