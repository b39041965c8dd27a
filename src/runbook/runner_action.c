/* runner_action.c - a connector's action: planned, applied, read back; or undone */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "runbook/act.h"
#include "runbook/job.h"

static volatile sig_atomic_t terminated;

static void on_term(int number)
{
	(void)number;
	terminated = 1;
}

static bool stopped(void *ctx)
{
	struct job *j = ctx;

	j->terminated |= terminated != 0;
	return job_request(j) != NULL;
}

static int plan(struct job *j, const struct act *act, struct err *e)
{
	if (!j->order.undo_of)
		return action_plan(
			&j->plan, &j->config, act->source, act->action, act->params, e);
	if (!j->row.before_value)
		return err_set(e, ERR_NOT_FOUND,
			_("what step '%s' found before was not recorded, so it cannot be "
			  "undone"),
			j->step->name);
	return action_undo(&j->plan, &j->config, act->source, act->action, act->params,
		j->row.before_value, e);
}

/* Reads the value that is there now, so that it stands in the journal before it is changed. */
static int prepare(struct job *j, struct err *e)
{
	struct act act;
	struct problems p;
	int rc;

	problems_init(&p, j->rb.file);
	rc = act_parse(&act, j->step->source, &j->vars, j->step->line, &j->arena, &p);
	if (rc) {
		problems_err(&p, e);
	} else if (j->context && !context_has_source(j->context, act.source)) {
		rc = err_set(e, ERR_DENIED,
			_("the source '%s' is not one of the context '%s'"), act.source,
			j->context->name);
	} else {
		rc = plan(j, &act, e);
	}
	act_release(&act);
	problems_release(&p);
	return rc;
}

static void say_plan(struct job *j)
{
	const struct action_plan *p = j->plan;

	stream_say(&j->out, "%s", action_request(p));
	if (action_body(p))
		stream_say(&j->out, "%s", action_body(p));
	if (action_before(p))
		stream_say(&j->out, _("before: %s"), action_before(p));
	if (action_effects(p))
		stream_say(&j->out, "%s", action_effects(p));
}

static void note_after(struct job *j)
{
	struct err e = ERR_INIT;
	char *after = NULL;

	if (!action_after(&after, j->plan, &e) && after) {
		j->row.after_value = arena_strdup(&j->arena, after);
		stream_say(&j->out, _("after: %s"), after);
	}
	free(after);
	err_release(&e);
}

/*
 * A request that may have arrived is not taken for failed before a look: what the backend shows
 * decides, and if it cannot be asked, nobody knows.
 */
static void settle(struct job *j, bool failed, bool sent, struct err *e)
{
	struct err looked = ERR_INIT;

	if (failed && !sent) {
		job_fail(j, e);
		return;
	}
	if (action_verify(j->plan, stopped, j, &looked)) {
		if (failed)
			stream_say(&j->out, "%s", e->what);
		job_fail(j, &looked);
		if (looked.code == ERR_NET || j->terminated)
			j->state = STEP_UNKNOWN;
	} else {
		job_end(j, STEP_OK, NULL);
	}
	note_after(j);
	err_release(&looked);
}

static void run(struct job *j)
{
	struct sigaction sa = {.sa_handler = on_term}, before;
	struct err e = ERR_INIT, ignored = ERR_INIT;
	bool sent = false, failed;

	sigaction(SIGTERM, &sa, &before);
	say_plan(j);
	if (stream_flush(&j->out, false, &ignored))
		err_release(&ignored);
	failed = action_apply(j->plan, &sent, &e) != 0;
	settle(j, failed, sent, &e);
	sigaction(SIGTERM, &before, NULL);
	err_release(&e);
}

const struct runner runner_action = {.kind = KIND_ACTION, .prepare = prepare, .run = run};
