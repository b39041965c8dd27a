/* action_inside.h - what struct action_plan is: for action*.c only */
#ifndef TOCSIN_ACTION_INSIDE_H
#define TOCSIN_ACTION_INSIDE_H

#include "net/action.h"
#include "net/exchange.h"

/* What was read at one time, and the request that follows from it. */
struct action_view {
	struct json	*values;	/* owned: all that programs may name */
	char		*before;	/* owned: JSON; NULL: the action reads none */
	struct request	request;	/* owned */
	char		*line, *body;	/* owned: as they are shown; body NULL: none */
};

struct action_plan {
	struct arena			arena;
	struct connector		own;		/* owned, when the plan loaded it */
	struct source_conf		own_conf;
	const struct connector		*connector;
	const struct connector_action	*action;	/* borrowed: from connector */
	struct loop			*loop;		/* owned */
	struct exchange			ask;		/* map and http owned, part in arena */
	struct json			*params;	/* owned */
	struct action_view		view;
	char				*params_text, *headers;	/* owned; headers NULL: none */
	bool				unread;		/* the last reading failed */
};

/* The current value as canonical JSON, "null" when there is none; the caller frees. */
int action_read_before(char **out, struct action_plan *p, const struct json *values, struct err *e);

/* The parameters of `to`: what `with` says of values, else the value of their name; the caller's. */
struct json *action_bind(const struct pairs *with, const struct json *values,
	const struct connector_action *to);

/* How a request is shown: method, address and query, which holds parameters, never secrets. */
char *action_line(const struct request *r);

#endif
