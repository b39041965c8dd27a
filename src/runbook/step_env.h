/*
 * step_env.h - the environment of a step: built from a list of what may pass, never inherited
 *
 * Programs read LD_PRELOAD, BASH_ENV, PYTHONPATH and their like before a script says a word; a
 * bastion's login sets others.  A step gets what is on the list, its variables, and TOCSIN_*.
 */
#ifndef TOCSIN_STEP_ENV_H
#define TOCSIN_STEP_ENV_H

#include "core/arena.h"
#include "runbook/vars.h"

struct step_env {
	const char	**items;	/* NULL-terminated "NAME=value", in the arena */
	size_t		n, cap;
	struct arena	*a;
};

void step_env_init(struct step_env *env, struct arena *a);

/* The last one of a name wins. */
void step_env_set(struct step_env *env, const char *name, const char *value);

/* From ours: what passes.  terminal: for a pty, with its TERM; else everything quiet. */
void step_env_inherit(struct step_env *env, bool terminal, bool agent);
void step_env_vars(struct step_env *env, const struct vars *v);

#endif
