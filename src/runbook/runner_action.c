/* runner_action.c - a connector's action: planned, applied, read back; rehearsed; or undone */
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
	struct action_call call = {.source = act->source,
		.action = act->action,
		.params = act->params,
		.expect = act->expect};

	if (!j->order.undo_of)
		return action_plan(&j->plan, &j->config, &call, e);
	/* What is there now must be what the step left: else somebody went on from there. */
	call.expect = j->row.after_value;
	return action_undo(&j->plan, &j->config, &call, j->row.before_value, e);
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
	struct strbuf text = STRBUF_INIT;

	action_show(&text, j->plan);
	while (text.len && text.buf[text.len - 1] == '\n')
		strbuf_truncate(&text, text.len - 1);
	stream_say(&j->out, "%s", text.buf);
	strbuf_release(&text);
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

/* The setting is there; now what it does in the world, where that can be asked. */
static void see_effect(struct job *j)
{
	struct err e = ERR_INIT;
	const char *says;

	if (action_effect(&says, j->plan, stopped, j, &e)) {
		job_fail(j, &e);
	} else {
		job_end(j, STEP_OK, NULL);
		if (says)
			stream_say(&j->out, _("seen: %s"), says);
	}
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
	if (failed && !action_verifies(j->plan)) {
		job_fail(j, e);
		j->state = STEP_UNKNOWN;
	} else if (action_verify(j->plan, stopped, j, &looked)) {
		if (failed)
			stream_say(&j->out, "%s", e->what);
		job_fail(j, &looked);
		if (action_unread(j->plan) || j->terminated)
			j->state = STEP_UNKNOWN;
	} else {
		see_effect(j);
	}
	if (!action_verifies(j->plan) && !failed)
		stream_say(&j->out, "%s",
			_("the backend said yes; this action reads nothing back"));
	note_after(j);
	err_release(&looked);
}

/* All but the change: the plan, and what the backend says to it where it can rehearse. */
static void rehearse(struct job *j)
{
	struct err e = ERR_INIT;
	char *said = NULL;

	if (j->context && j->context->read_only) {
		stream_say(&j->out, "%s",
			_("planned, not sent: this is a dry run in a read-only "
			  "context"));
	} else if (action_rehearse(&said, j->plan, &e)) {
		job_fail(j, &e);
		err_release(&e);
		return;
	} else if (said) {
		stream_say(&j->out, _("the backend's own rehearsal: %s"), said);
	} else {
		stream_say(&j->out, "%s",
			_("planned, not sent: this is a dry run, and the backend has no "
			  "rehearsal of its own"));
	}
	free(said);
	job_end(j, STEP_OK, NULL);
}

static void apply(struct job *j)
{
	struct sigaction sa = {.sa_handler = on_term}, before;
	struct err e = ERR_INIT, ignored = ERR_INIT;
	bool sent = false, failed;

	sigaction(SIGTERM, &sa, &before);
	if (stream_flush(&j->out, false, &ignored))
		err_release(&ignored);
	failed = action_apply(j->plan, &sent, &e) != 0;
	settle(j, failed, sent, &e);
	sigaction(SIGTERM, &before, NULL);
	err_release(&e);
}

static void run(struct job *j)
{
	say_plan(j);
	if (j->order.dry_run)
		rehearse(j);
	else
		apply(j);
}

const struct runner runner_action = {.kind = KIND_ACTION, .prepare = prepare, .run = run};
