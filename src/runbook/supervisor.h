/*
 * supervisor.h - one process for each running step: `tocsin exec`
 *
 * It is given its order on a pipe by the console or command that the same person runs; rows
 * never tell it what to do, except to stop.  It holds a byte lock (OFD) while it lives, journals
 * before the step starts and after it ends, and outlives the terminal.
 */
#ifndef TOCSIN_SUPERVISOR_H
#define TOCSIN_SUPERVISOR_H

#include "core/child.h"
#include "core/err.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "store/store.h"

struct order {
	const char	*run;
	int		n, attempt;
	const char	*file, *sha256;		/* the runbook, as it was confirmed */
	const char	*store_dir, *config_file, *context;
	const char	*service, *incident;
	const char	*how;			/* how it was confirmed */
	const char	*who;			/* login that confirmed */
	const char	*undo_of;		/* step's name when it runs as an undo; NULL */
	bool		dry_run;
	const struct json *vars;		/* {"NAME": "value"}: secrets too */
	const struct json *secrets;		/* names of the secret ones */
};

/* A supervisor that was started and has not yet said that it has the step. */
struct starting {
	struct child	child;
	char		*run;	/* owned */
	int		n;
	struct strbuf	heard;	/* of its answer */
};

/* Never blocks longer than it takes to write the order into a pipe. */
int supervisor_start(struct starting *out, const struct order *o, struct err *e);

/* 1: it has the step; 0: no answer yet (watch child.out); -1: refused, with its reason. */
int supervisor_answer(struct starting *s, struct err *e);
void supervisor_forget(struct starting *s);

/* The process itself: read the order from stdin, detach, run, journal.  An exit code. */
int supervisor_main(void);

/* True while a supervisor lives for the step.  No pids, no clocks: the kernel's lock. */
bool supervisor_lives(struct store *st, const char *run, int n);

/*
 * Whether logging out would kill running steps here, in words, or NULL when they survive.
 * The caller frees.
 */
char *supervisor_warning(void);

#endif
