/*
 * origin.h - where variables' values are taken from, by name: "service.model.version"
 *
 * The names are a table, so that a runbook with a wrong one is told the right ones.
 */
#ifndef TOCSIN_ORIGIN_H
#define TOCSIN_ORIGIN_H

#include <stdbool.h>

#include "runbook/vars.h"

bool origin_known(const char *from);
bool origin_choices_known(const char *name);
const char *origin_nearest(const char *from);		/* NULL: none is near */
const char *origin_choices_nearest(const char *name);

/* *out NULL: not known there; -1 only when the store cannot be read.  Texts are in a. */
int origin_value(const char **out, struct arena *a, const char *from,
	const struct vars_scope *scope, struct err *e);

/* What may be chosen, likeliest first. */
int origin_choices(struct yaml_texts *out, struct arena *a, const char *name,
	const struct vars_scope *scope, struct err *e);

#endif
