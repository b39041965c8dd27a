/* act.h - what an `action` fence asks a connector to do: source, do, with, expect */
#ifndef TOCSIN_ACT_H
#define TOCSIN_ACT_H

#include "core/json.h"
#include "runbook/vars.h"

struct act {
	const char	*source, *action;	/* in the arena */
	struct json	*params;		/* owned: an object */
	const char	*expect;		/* JSON: what it must be now, in the arena; NULL */
};

/*
 * "$NAME" stands for a whole value, never for a part of one, and as `with` for all parameters, a
 * JSON object; it is resolved when vars is not NULL.  What is wrong goes to p, with lines counted
 * from the fence's.
 */
int act_parse(struct act *out, const char *s, const struct vars *vars, int line, struct arena *a,
	struct problems *p);
void act_release(struct act *act);

/*
 * Append what would be sent, as far as it is known without asking anybody: method and address,
 * the body's program and its values, and what the connector says about the effects.
 */
int act_request(struct strbuf *out, const struct act *act, const struct config *config,
	struct err *e);

/* Append what it would change as the store last saw it; false: not known. */
bool act_current(struct strbuf *out, const struct act *act, struct store *st);

#endif
