/*
 * vars.h - a run's variables: where each value comes from, whether it is allowed
 *
 * Values reach a step as environment, never as text of a script; an action's `with:` and a gate
 * take "$NAME" as a whole value.  Secret values stay in memory and are never rows.
 */
#ifndef TOCSIN_VARS_H
#define TOCSIN_VARS_H

#include "model/config.h"
#include "runbook/runbook.h"
#include "store/store.h"

struct var {
	const char	*name;
	const char	*value;		/* NULL: not known yet */
	const char	*origin;	/* "service.model.name", "asked", "default", "step weights" */
	bool		secret;
	const struct var_decl *decl;	/* borrowed: from the runbook; NULL: not declared */
};

struct vars {
	struct arena	arena;	/* owned */
	struct var	*items;
	size_t		n, cap;
};

/* What values may be taken from; each may be NULL. */
struct vars_scope {
	const struct config	*config;
	const char		*service, *context, *incident, *run;
	const struct alert	*alert;
	struct store		*store;
	int64_t			at;
};

void vars_init(struct vars *v);
void vars_release(struct vars *v);

/*
 * One entry for each declared variable and each step's input, filled from the scope, then the
 * environment, then the default.  A value that its pattern refuses is left out and reported.
 */
int vars_resolve(struct vars *v, const struct runbook *rb, const struct vars_scope *scope,
	struct problems *p, struct err *e);

/* Checked against pattern and choices.  An undeclared name is ERR_INPUT with the nearest. */
int vars_set(struct vars *v, const char *name, const char *value, const char *origin,
	struct err *e);
/* As vars_set() without declaration: what a step put out. */
int vars_put(struct vars *v, const char *name, const char *value, const char *origin,
	struct err *e);
const struct var *vars_find(const struct vars *v, const char *name);	/* NULL: none */
const char *vars_value(const struct vars *v, const char *name);		/* NULL: not known */

/* The next variable that has no value and must have one before step s (NULL: any step). */
const struct var *vars_missing(const struct vars *v, const struct step *s);

/* What may be chosen; n 0: free entry. */
int vars_choices(struct yaml_texts *out, struct arena *a, const struct vars *v,
	const struct var_decl *d, const struct vars_scope *scope, struct err *e);

/* "$NAME" or "${NAME}" as a whole, else text as it is.  ERR_INPUT: no value. */
int vars_expand(const char **out, const struct vars *v, const char *text, struct err *e);

/* {"NAME": {"value": …, "from": …}}; secrets as {"secret": true, "from": …}. */
struct json *vars_to_json(const struct vars *v);
int vars_from_json(struct vars *v, const struct json *j, struct err *e);

#endif
