/* run_session.h - one run, walked on a terminal or without one */
#ifndef TOCSIN_RUN_SESSION_H
#define TOCSIN_RUN_SESSION_H

#include "cmd/cmd.h"
#include "cmd/run_ask.h"
#include "runbook/walk.h"

struct run_session {
	struct cmd	*cmd;		/* borrowed */
	struct walk	*walk;		/* owned by who made the session */
	struct terminal	*terminal;	/* NULL: nobody to ask */
	enum risk	yes_to;		/* confirmed beforehand, up to this */
	bool		dry_run;
	bool		left;		/* the person left, the run goes on */
	size_t		n_left_over;	/* manual steps that nobody was there for */
};

/* To its end, or to where it cannot go on.  An exit code, or -1. */
int run_session_walk(struct run_session *s, struct err *e);

/* What became of it, as JSON or as words; an exit code. */
int run_session_report(struct run_session *s);

/*
 * A runbook made up for this one run, walked as `runbook run` does; --dry-run of c counts.
 * service may be NULL.  An exit code.
 */
int run_book(struct cmd *c, const struct strbuf *book, const char *service, enum risk yes_to);

/* Stop what runs of it, and wait until that has ended. */
int run_session_stop(struct run_session *s, bool kill, struct err *e);

/* End a run that nobody walks any more, also one whose runbook is not what it was. */
int run_session_abandon(struct run_session *s, const char *id, const char *reason, struct err *e);

#endif
