/* runner_gate.c - gates: wait until a condition holds, and goes on holding */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "runbook/gate.h"
#include "runbook/job.h"
#include "store/source.h"

#define SAY_EVERY_NS (30 * NS_PER_S) /* the same reading is repeated this often */
#define SAY_FIGURE_NS (5 * NS_PER_S) /* another figure with the same verdict, at most */
#define ASK_EVERY_NS (10 * NS_PER_S) /* a collector is asked to look now */

struct gate_run {
	struct job *job;
	struct loop *loop;
	struct gate gate;
	struct gate_hold hold;
	struct gate_reading last;
	int64_t said_at, asked_at;
	bool said;
};

static int prepare(struct job *j, struct err *e)
{
	struct gate g;
	struct problems p;
	int rc;

	problems_init(&p, j->rb.file);
	rc = gate_parse(&g, j->step->source, &j->vars, j->step->line, &j->arena, &p);
	if (rc)
		problems_err(&p, e);
	problems_release(&p);
	return rc;
}

static bool same_reading(const struct gate_reading *a, const struct gate_reading *b)
{
	return a->verdict == b->verdict && !strcmp(a->text, b->text);
}

static void say(struct gate_run *r, const struct gate_reading *now, int64_t at)
{
	int64_t quiet_ns = same_reading(&r->last, now) ? SAY_EVERY_NS
		: r->last.verdict == now->verdict      ? SAY_FIGURE_NS
						       : 0;

	if (r->said && at - r->said_at < quiet_ns)
		return;
	if (now->verdict == VERDICT_HOLDS && r->gate.hold_ns)
		stream_say(&r->job->out, _("%s: %s; held for %lld s of %lld s"),
			gate_verdict_name(now->verdict), now->text,
			(long long)((at - r->hold.holds_since) / NS_PER_S),
			(long long)(r->gate.hold_ns / NS_PER_S));
	else
		stream_say(&r->job->out, "%s: %s", gate_verdict_name(now->verdict),
			now->text);
	r->said = true;
	r->said_at = at;
}

/* Whoever collects may as well look now: the sources of the context that a gate can depend on. */
static void ask_for_news(struct gate_run *r, int64_t now)
{
	const struct context_conf *ctx = r->job->context;
	struct err e = ERR_INIT;
	int64_t id;

	if (now - r->asked_at < ASK_EVERY_NS)
		return;
	r->asked_at = now;
	for (size_t i = 0; ctx && i < ctx->sources.n; i++)
		if (want_ask(r->job->st, ctx->sources.items[i], "refresh", NULL,
			    r->job->who.user, now, now + ASK_EVERY_NS, &id, &e))
			err_clear(&e);
	err_release(&e);
}

/* A dry run changes nothing that could be waited for: it says how things stand. */
static enum gate_end only_look(struct gate_run *r, const struct gate_reading *now)
{
	r->gate.hold_ns = 0;
	r->job->note = arena_format(
		&r->job->arena, _("dry run: looked once, did not wait: %s"), now->text);
	return GATE_PASSED;
}

static void finish(struct gate_run *r, enum gate_end end)
{
	if (r->job->order.dry_run) {
		job_end(r->job, STEP_SKIPPED, NULL);
		loop_stop(r->loop);
		return;
	}
	if (end == GATE_PASSED)
		job_end(r->job, STEP_OK, NULL);
	else
		job_end(r->job, STEP_FAILED, _("the gate did not pass in time: %s"),
			r->last.text);
	loop_stop(r->loop);
}

static void on_tick(void *ctx)
{
	struct gate_run *r = ctx;
	struct gate_reading now;
	struct err e = ERR_INIT;
	int64_t at = clock_now();
	enum gate_end end;

	if (job_request(r->job)) {
		job_end(r->job, STEP_CANCELLED, _("it was stopped"));
		loop_stop(r->loop);
		err_release(&e);
		return;
	}
	ask_for_news(r, at);
	if (gate_look(&now, &r->gate, &r->job->config, r->job->order.service, r->job->st,
		    at, &e)) {
		now = (struct gate_reading){.verdict = VERDICT_NO_DATA};
		snprintf(now.text, sizeof(now.text), "%s", e.what);
		err_clear(&e);
	}
	end = gate_hold(&r->hold, &r->gate, now.verdict, at);
	if (r->job->order.dry_run)
		end = only_look(r, &now);
	say(r, &now, at);
	r->last = now;
	if (stream_flush(&r->job->out, false, &e))
		err_clear(&e);
	if (end == GATE_WAITS)
		loop_after(r->loop, JOB_TICK_NS, on_tick, r);
	else
		finish(r, end);
	err_release(&e);
}

static void on_terminate(void *ctx, int signal_number)
{
	struct gate_run *r = ctx;

	(void)signal_number;
	r->job->terminated = true;
}

static void run(struct job *j)
{
	struct gate_run r = {.job = j, .loop = loop_new()};
	struct problems p;

	problems_init(&p, NULL);
	if (gate_parse(
		    &r.gate, j->step->source, &j->vars, j->step->line, &j->arena, &p)) {
		job_end(j, STEP_FAILED, "%s", p.n ? p.items[0].message : "?");
	} else {
		gate_hold_init(&r.hold, clock_now());
		loop_signal(r.loop, SIGTERM, on_terminate, &r);
		loop_after(r.loop, 0, on_tick, &r);
		loop_run(r.loop);
	}
	problems_release(&p);
	loop_free(r.loop);
}

const struct runner runner_gate = {.kind = KIND_GATE, .prepare = prepare, .run = run};
