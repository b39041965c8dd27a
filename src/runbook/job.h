/*
 * job.h - one step in the hands of its supervisor
 *
 * For the supervisor's own files: supervisor.c makes a job from an order, journals around it,
 * and a runner for the step's kind does it.
 */
#ifndef TOCSIN_JOB_H
#define TOCSIN_JOB_H

#include "model/config.h"
#include "net/action.h"
#include "record/who.h"
#include "runbook/mask.h"
#include "runbook/stream.h"
#include "runbook/supervisor.h"
#include "runbook/vars.h"

#define JOB_TICK_NS (NS_PER_S / 4)	/* output is written and requests are read this often */

struct job {
	struct arena		arena;		/* owned: texts below */
	struct order		order;		/* texts are the document's */
	struct json		*document;	/* owned */
	struct config		config;
	const struct context_conf *context;	/* NULL: none */
	struct store		*st;		/* owned */
	struct runbook		rb;
	const struct step	*step;
	struct vars		vars;
	struct mask		mask;
	struct who		who;
	char			*program;	/* owned: our own file, for steps that ask us */
	struct step_row		row;		/* as it was last written */
	struct stream		out;
	struct action_plan	*plan;		/* owned; KIND_ACTION */
	bool			terminated;	/* we were asked by a signal to end */

	/* What came of it. */
	enum step_state		state;
	int64_t			exit_code;	/* NONE_INT: none */
	const char		*error;		/* in the arena; NULL */
	const char		*note;		/* in the arena; NULL */
	struct json		*outputs;	/* owned: what it put out; NULL */
};

/* Set state and error; for the runners. */
void job_end(struct job *j, enum step_state state, const char *fmt, ...) PRINTF(3, 4);
void job_fail(struct job *j, const struct err *e);

/* "cancel" or "kill" when somebody asked for it, else NULL.  Reads the store. */
const char *job_request(struct job *j);

struct runner {
	enum step_kind	kind;
	/* Before anything is journalled as started: may read, must not change.  May be NULL. */
	int		(*prepare)(struct job *j, struct err *e);
	void		(*run)(struct job *j);
};

extern const struct runner runner_sh, runner_action, runner_gate, runner_postmortem;

#endif
