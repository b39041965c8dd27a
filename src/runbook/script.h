/*
 * script.h - which fences run, with what, and what of their text is the command
 *
 * Runbooks in the wild hold prompts, transcripts and <placeholders> (reference, section 2.4).
 * Prompts come off, sample output is kept for display, and a placeholder becomes an expansion of
 * an environment variable: a value is never put into the text.
 */
#ifndef TOCSIN_SCRIPT_H
#define TOCSIN_SCRIPT_H

#include "runbook/runbook.h"

#define SCRIPT_MAX_BYTES ((size_t)100 * 1024)	/* it travels as one argument */
#define SCRIPT_MAX_ARGV 8

bool script_runs(const char *lang);
bool script_is_shell(const char *lang);

/* Fill script, expected, inputs, outputs and perhaps broken of s from its source and lang. */
void script_prepare(struct step *s, struct arena *a);

/* The inputs of a step whose source is YAML: an action, a gate. */
void script_find_inputs(struct step *s, struct arena *a);

/*
 * The command line that runs the step's script: argv ends with NULL and borrows from s and a.
 * With second, the next best interpreter; false: there is none.
 */
bool script_argv(const char *argv[SCRIPT_MAX_ARGV], const struct step *s, bool second,
	struct arena *a);

/* A variable that steps may be given: a name of letters, digits and "_", and none that programs
 * act on before they look at a script (PATH, LD_PRELOAD, BASH_ENV ...). */
bool script_var_allowed(const char *name);

#endif
