/* walk_inside.h - what struct walk is: for walk*.c only */
#ifndef TOCSIN_WALK_INSIDE_H
#define TOCSIN_WALK_INSIDE_H

#include "runbook/walk.h"

struct walk {
	struct arena		arena;		/* owned: texts of plan and row */
	struct arena		rows_arena;	/* owned: of rows; reset at each refresh */
	struct store		*st;		/* borrowed */
	const struct config	*config;	/* borrowed */
	const struct context_conf *context;	/* NULL: none */
	const char		*config_file;
	struct runbook		rb;
	struct vars		vars;
	struct vars_scope	scope;
	struct run		run;
	struct run_row		row;		/* id NULL: not begun */
	struct step_list	rows;
	int			*merged;	/* owned: attempt whose outputs are in vars, by step */
	struct starting		starting;
	bool			pending;	/* starting has not answered */
	struct who		who;
};

/* One entry about step n (NONE_INT: the run); takes data. */
int walk_audit(struct walk *w, const char *kind, int64_t n, struct json *data, struct err *e);

/* ERR_DENIED for a run of somebody else, ERR_CONFLICT for one that is over or not begun. */
int walk_check_ours(const struct walk *w, struct err *e);

/* Write the row of step n with this state, keeping what the row says otherwise. */
int walk_put(struct walk *w, int n, enum step_state state, const char *how, const char *note,
	struct err *e);

#endif
