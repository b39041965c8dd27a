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

/* What is asked for. */
struct action_call {
	const char		*source, *action;
	const struct json	*params;	/* an object; checked against their types */
	const char		*expect;	/* JSON: refused unless that is the value now; NULL */
	const char		*once;		/* $once: the same whenever this is tried; NULL: made up */
};

/*
 * Reads what the action reads: the choices of parameters, its `read`, the current value (before).
 * Refuses in the connector's own words, and with ERR_CONFLICT when it is not what was expected.
 * Nothing is changed.  Where the source's address cannot be reached, its option `peers` is tried.
 */
int action_plan(struct action_plan **out, const struct config *config,
	const struct action_call *call, struct err *e);

/* The same with a connector and a source at hand (connector_source()), which outlive the plan. */
int action_plan_on(struct action_plan **out, const struct connector *c,
	const struct source_conf *conf, const struct action_call *call, struct err *e);
void action_plan_free(struct action_plan *p);

/* What it would do, for preview, journal and audit.  Borrowed. */
const char *action_request(const struct action_plan *p);	/* "POST https://.../alias" */
const char *action_headers(const struct action_plan *p);	/* lines, secrets masked; NULL: none */
const char *action_body(const struct action_plan *p);		/* as it is shown; NULL: none */
const char *action_before(const struct action_plan *p);		/* JSON; NULL: no such read */
const char *action_effects(const struct action_plan *p);	/* NULL: the connector says nothing */
const char *action_title(const struct action_plan *p);
const char *action_params(const struct action_plan *p);		/* canonical JSON */

/* All of it in lines: request, headers, body, before, effects, what is read back.  Appended. */
void action_show(struct strbuf *out, const struct action_plan *p);

/*
 * Read again; ERR_CONFLICT when it is not what the plan saw; then send.  *sent says whether the
 * request may have reached the backend: after a failure with *sent the state is unknown until
 * action_verify() has looked.
 */
int action_apply(struct action_plan *p, bool *sent, struct err *e);

/*
 * The backend's own rehearsal of the request: nothing is changed.  *said is what it answers, made
 * short, the caller's; NULL when the connector knows no rehearsal, and nothing was sent.
 */
int action_rehearse(char **said, struct action_plan *p, struct err *e);

/*
 * Until the read-back agrees: 0; -1 with ERR_BACKEND when the time is up, or with the error of
 * the last reading when none succeeded.  0 at once without a verify request: action_verifies()
 * is false then.  stop, when not NULL, is asked between attempts.
 */
typedef bool action_stop_fn(void *ctx);
int action_verify(struct action_plan *p, action_stop_fn *stop, void *ctx, struct err *e);
bool action_verifies(const struct action_plan *p);

/* The last reading of action_verify() failed: whether it is done is not known. */
bool action_unread(const struct action_plan *p);

/* The same for what the change does in the world.  *says: the connector's words; NULL: none. */
int action_effect(const char **says, struct action_plan *p, action_stop_fn *stop, void *ctx,
	struct err *e);
bool action_has_effect(const struct action_plan *p);

/* --- what was started, followed to its end --- */

struct action_progress {
	const char	*shows;		/* how it stands, safe for a terminal; NULL: nothing is said */
	bool		moved;		/* it is not what it was at the last look */
	bool		failed;		/* it could not be asked: shows says why */
	int64_t		elapsed_ns;	/* since it is followed */
};

struct action_follower {
	void		(*show)(void *ctx, const struct action_progress *now);	/* or NULL */
	action_stop_fn	*stop;		/* asked twice a second; or NULL */
	void		*ctx;
	int64_t		within_ns, every_ns;	/* instead of the connector's; 0 */
};

enum follow_end {
	FOLLOW_GOES_ON,
	FOLLOW_OK,		/* it ended well; at once where there is nothing to follow */
	FOLLOW_FAILED,		/* e says why, as far as the backend tells */
	FOLLOW_TOO_LONG,	/* it goes on, unwatched */
	FOLLOW_LOST,		/* it is not known what became of it */
	FOLLOW_STOPPED,		/* the follower wants no more; nothing was done to it */
};

/* After action_verify().  e is set for every end but FOLLOW_OK. */
enum follow_end action_follow(struct action_plan *p, const struct action_follower *by,
	struct err *e);
bool action_follows(const struct action_plan *p);

/* The plan of what stops it, on p's connector and source, which it borrows: free it first. */
int action_stop_plan(struct action_plan **out, const struct action_plan *p, struct err *e);
bool action_stops(const struct action_plan *p);

/* The current value after apply, as action_before() is; for the journal.  The caller frees. */
int action_after(char **json, struct action_plan *p, struct err *e);

/* What takes an action back.  Texts and params owned. */
struct action_undo {
	char		*action;
	struct json	*params;
	char		*expect;	/* JSON: what the value must be for it; NULL: unknown */
};

/*
 * From what was journalled: before is action_before()'s text, done->expect what the action left
 * (action_after()), for `$before` and `$after`; NULL where the journal holds none.  Asks nobody.
 * ERR_NOT_FOUND when the connector knows no undo, or nothing was journalled that it needs.
 */
int action_undo_find(struct action_undo *out, const struct config *config,
	const struct action_call *done, const char *before, struct err *e);
void action_undo_release(struct action_undo *u);

/* Its plan: ERR_CONFLICT when somebody went on from what the action left. */
int action_undo(struct action_plan **out, const struct config *config,
	const struct action_call *done, const char *before, struct err *e);

#endif
