/*
 * runner_action.c - a connector's action: planned, applied, read back, and what it started followed
 * to its end; rehearsed; or undone
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "runbook/act.h"
#include "runbook/job.h"
#include "store/source.h"

#define SAY_EVERY_NS (60 * NS_PER_S) /* how it stands, when it stands as it stood */

#define NEWS_NS (30 * NS_PER_S)

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
		.expect = act->expect,
		.once = arena_format(
			&j->arena, "tocsin-%s-%d", j->order.run, j->order.n)};

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

/* --- following --- */

struct watch {
	struct job *job;
	int64_t said_ns; /* how long it was followed then; -1: nothing was said */
};

static void say_progress(void *ctx, const struct action_progress *now)
{
	struct watch *w = ctx;
	struct strbuf span = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	bool due = w->said_ns < 0 || now->moved ||
		now->elapsed_ns - w->said_ns >= SAY_EVERY_NS;

	if (due && now->shows) {
		duration_human(&span, now->elapsed_ns / NS_PER_S * NS_PER_S);
		stream_say(&w->job->out,
			now->failed ? _("[%s] it cannot be asked now: %s") : "[%s] %s",
			span.buf, now->shows);
		w->said_ns = now->elapsed_ns;
	}
	if (stream_flush(&w->job->out, false, &ignored))
		err_release(&ignored);
	strbuf_release(&span);
}

static bool watch_stopped(void *ctx)
{
	const struct watch *w = ctx;

	return stopped(w->job);
}

/* 0 when the backend shows that it has stopped. */
static int stop_started(struct job *j, struct err *e)
{
	struct action_plan *stop = NULL;
	bool sent = false;
	int rc = action_stop_plan(&stop, j->plan, e);

	if (!rc) {
		stream_say(&j->out, _("stopping it: %s"), action_request(stop));
		rc = action_apply(stop, &sent, e);
	}
	if (!rc || sent) {
		err_clear(e);
		rc = action_verify(stop, NULL, NULL, e);
	}
	action_plan_free(stop);
	return rc;
}

/* Who stops the step wants what it started stopped; a machine that goes down wants nothing. */
static void stop_following(struct job *j)
{
	const char *request = job_request(j);
	struct err e = ERR_INIT;

	if (j->terminated || !request || strcmp(request, "cancel") != 0 ||
		!action_stops(j->plan)) {
		job_end(j, STEP_UNKNOWN,
			_("it is not followed any more, and was not stopped: it goes "
			  "on"));
	} else if (stop_started(j, &e)) {
		err_prefix(&e, "%s", _("it could not be stopped: "));
		job_fail(j, &e);
		j->state = STEP_UNKNOWN;
	} else {
		job_end(j, STEP_CANCELLED, _("it was stopped, in the backend too"));
	}
	err_release(&e);
}

static void follow(struct job *j)
{
	struct watch w = {j, -1};
	const struct action_follower by = {.show = say_progress,
		.stop = watch_stopped,
		.ctx = &w,
		.within_ns = j->step->timeout_ns};
	struct err e = ERR_INIT;

	switch (action_follow(j->plan, &by, &e)) {
	case FOLLOW_OK:
	case FOLLOW_GOES_ON: see_effect(j); break;
	case FOLLOW_STOPPED: stop_following(j); break;
	case FOLLOW_FAILED: job_fail(j, &e); break;
	case FOLLOW_TOO_LONG:
		job_fail(j, &e);
		j->state = STEP_TIMED_OUT;
		break;
	case FOLLOW_LOST:
		job_fail(j, &e);
		j->state = STEP_UNKNOWN;
		break;
	}
	err_release(&e);
}

/* --- the change --- */

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
		follow(j);
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

/* Whoever collects may as well look now at what was changed. */
static void ask_for_news(struct job *j)
{
	struct err ignored = ERR_INIT;
	struct act act;
	struct problems p;
	int64_t id, now = clock_now();

	problems_init(&p, j->rb.file);
	if (!act_parse(&act, j->step->source, &j->vars, j->step->line, &j->arena, &p))
		(void)want_ask(j->st, act.source, "refresh", NULL, j->who.user, now,
			now + NEWS_NS, &id, &ignored);
	act_release(&act);
	problems_release(&p);
	err_release(&ignored);
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
	if (sent)
		ask_for_news(j);
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
