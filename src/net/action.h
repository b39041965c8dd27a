/*
 * action.h - changing one thing in a backend: plan, apply, verify, undo
 *
 * No backend here offers compare-and-swap or remembers the previous target.  So the plan reads
 * the current value, the caller journals it, apply reads it again and refuses when it moved, and
 * only a read-back says that it is done.  All of this blocks: for supervisors and commands.
 */
#ifndef TOCSIN_ACTION_H
#define TOCSIN_ACTION_H

#include "net/connector.h"

struct action_plan;

/*
 * params: an object with the action's parameters; checked against their types.  Reads the current
 * value (before).  Nothing is changed.
 */
int action_plan(struct action_plan **out, const struct config *config, const char *source,
	const char *action, const struct json *params, struct err *e);
void action_plan_free(struct action_plan *p);

/* What it would do, for preview, journal and audit.  Borrowed. */
const char *action_request(const struct action_plan *p);	/* "POST https://.../alias" */
const char *action_body(const struct action_plan *p);		/* JSON, or NULL */
const char *action_before(const struct action_plan *p);		/* JSON; NULL: no such read */
const char *action_effects(const struct action_plan *p);	/* NULL: the connector says nothing */
const char *action_title(const struct action_plan *p);
const char *action_params(const struct action_plan *p);		/* canonical JSON */

/*
 * Read again; ERR_CONFLICT when it is not what the plan saw; then send.  *sent says whether the
 * request may have reached the backend: after a failure with *sent the state is unknown until
 * action_verify() has looked.
 */
int action_apply(struct action_plan *p, bool *sent, struct err *e);

/*
 * Until the read-back agrees: 0; -1 with ERR_BACKEND when the time is up.  without a verify
 * request: 0 at once.  stop, when not NULL, is asked between attempts.
 */
typedef bool action_stop_fn(void *ctx);
int action_verify(struct action_plan *p, action_stop_fn *stop, void *ctx, struct err *e);

/* The current value after apply, as action_before() is; for the journal.  The caller frees. */
int action_after(char **json, struct action_plan *p, struct err *e);

/*
 * The action that undoes this one, from what was journalled: before is action_before()'s text.
 * ERR_NOT_FOUND when the connector knows none.
 */
int action_undo(struct action_plan **out, const struct config *config, const char *source,
	const char *action, const struct json *params, const char *before, struct err *e);

#endif
