/* action_param.h - an action's parameters, checked against what its connector says; pure */
#ifndef TOCSIN_ACTION_PARAM_H
#define TOCSIN_ACTION_PARAM_H

#include "net/connector.h"

const struct connector_param *action_param_find(const struct connector_action *act,
	const char *name);

/*
 * ERR_INPUT in words unless v fits c: its type, choices, bounds, pattern.  Absent and "" are fine
 * when it is optional or has a default.
 */
int action_param_check(const struct connector_param *c, const struct json *v, struct err *e);

/*
 * All of an action's, checked, each in its type, with defaults, null where nothing is said: *out
 * is the caller's.  Names that the action does not have are ERR_INPUT with the nearest.
 */
int action_params_take(struct json **out, const struct connector_action *act,
	const struct json *params, struct err *e);

#endif
