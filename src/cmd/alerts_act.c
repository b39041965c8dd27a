/* alerts_act.c - tocsin alerts silence, extend, expire: runs of one step for each Alertmanager */
#include "config.h"
#include "cmd/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/run_session.h"
#include "cmd/say.h"
#include "core/i18n.h"
#include "net/action.h"
#include "record/who.h"
#include "runbook/offer.h"
#include "runbook/onestep.h"
#include "runbook/silence.h"

/* What is gathered before it runs. */
struct acting {
	struct cmd *cmd;
	struct arena *arena;
	struct strbuf book;
	size_t n; /* steps in it */
	const char *service;
};

static const char *own_name(struct arena *a)
{
	struct who who;

	who_am_i(&who, a);
	return who.login ? who.login : who.user;
}

/* --- one step --- */

/*
 * What it would cover is read before anybody is asked, and what runs is refused when it is that no
 * more.  A dry run is planned by its supervisor; in a read-only context nothing will be done.
 */
static int plan(struct acting *act, struct offer *o, struct err *e)
{
	struct cmd *c = act->cmd;
	struct json *params = offer_params(o);
	const struct action_call call = {
		.source = o->source, .action = o->action, .params = params};
	struct action_plan *p = NULL;
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (!cmd_has(c, "dry-run") && !(c->context && c->context->read_only))
		rc = action_plan(&p, &c->config, &call, e);
	if (!rc && p) {
		o->expect = arena_strdup(act->arena, action_before(p));
		action_show(&text, p);
		if (!c->json && !cmd_has(c, "yes"))
			say("%s: %s\n%s\n", o->source, action_title(p), text.buf);
	}
	action_plan_free(p);
	strbuf_release(&text);
	json_free(params);
	return rc;
}

static int add_step(struct acting *act, struct offer *o, struct err *e)
{
	struct json *params;
	struct onestep step;
	int rc;

	if (plan(act, o, e))
		return -1;
	if (!act->n)
		onestep_title(&act->book, o->title);
	params = offer_params(o);
	step = (struct onestep){.source = o->source,
		.action = o->action,
		.params = params,
		.expect = o->expect,
		.risk = o->risk};
	rc = onestep_action(&act->book, &step, ++act->n, e);
	json_free(params);
	return rc;
}

static int set(struct acting *act, struct offer *o, const char *param, const char *value,
	struct err *e)
{
	return value ? offer_set(o, act->arena, param, value, e) : 0;
}

static int set_end(struct acting *act, struct offer *o, struct err *e)
{
	const char *duration = cmd_value(act->cmd, "for"),
		   *until = cmd_value(act->cmd, "until");

	if (duration && until)
		return err_set(e, ERR_INPUT, _("either --for or --until is wanted"));
	return set(act, o, "duration", duration, e) || set(act, o, "until", until, e) ? -1
										      : 0;
}

/* --- silence --- */

/* The alert whose fingerprint the one operand is, or the words as matchers. */
static int read_matchers(struct strbuf *out, const struct alert **alert,
	const struct alerts_seen *seen, const struct cmd *c)
{
	const struct observed *found =
		c->n_operands == 1 ? alerts_find(seen, c->operands[0]) : NULL;

	*alert = found ? found->record : NULL;
	if (found && !strcmp((*alert)->fingerprint, c->operands[0])) {
		silence_matchers(out, *alert);
		return 0;
	}
	for (size_t i = 0; i < c->n_operands; i++) {
		if (i)
			strbuf_addc(out, ',');
		silence_matcher(out, c->operands[i]);
	}
	return 0;
}

static int places_of(struct silence_places *out, struct acting *act,
	const struct alert *alert, struct err *e)
{
	struct cmd *c = act->cmd;
	const char *source = cmd_value(c, "source");

	if (source) {
		out->sources = arena_alloc(act->arena, 1, sizeof(*out->sources));
		out->sources[0] = source;
		out->n = 1;
		return 0;
	}
	if (silence_places(out, act->arena, &c->config, c->context, c->store, alert, e))
		return -1;
	if (out->n)
		return 0;
	return err_set(e, ERR_NOT_FOUND, _("no source of this context keeps silences"));
}

static int silence(struct acting *act, const struct alerts_seen *seen, struct err *e)
{
	struct cmd *c = act->cmd;
	const char *by = cmd_value(c, "by");
	struct strbuf matchers = STRBUF_INIT;
	struct silence_places places = {0};
	const struct alert *alert;
	int rc;

	(void)read_matchers(&matchers, &alert, seen, c);
	rc = places_of(&places, act, alert, e);
	act->service = alert ? alert->service : NULL;
	for (size_t i = 0; i < places.n && !rc; i++) {
		struct offer o;

		rc = offer_open(&o, act->arena, &c->config, places.sources[i], "silence",
			     e) ||
				set(act, &o, "matchers", matchers.buf, e) ||
				set(act, &o, "reason", cmd_value(c, "reason"), e) ||
				set(act, &o, "by", by ? by : own_name(act->arena), e) ||
				set_end(act, &o, e) || add_step(act, &o, e)
			? -1
			: 0;
	}
	strbuf_release(&matchers);
	return rc;
}

/* --- extend, expire --- */

/* The source that holds it, from what was seen; one that was made just now may be any's. */
static const char *holder_of(struct acting *act, const char *id, struct err *e)
{
	struct cmd *c = act->cmd;
	struct silence_places places = {0};
	struct observed_list list;
	const char *given = cmd_value(c, "source");

	if (given)
		return given;
	if (observed_at(
		    &list, act->arena, c->store, REC_SILENCE, NULL, id, AT_NOW, 10, e))
		return NULL;
	for (size_t i = 0; i < list.n; i++) {
		const struct silence *s = list.items[i].record;

		if (!c->context || context_has_source(c->context, s->source))
			return s->source;
	}
	if (silence_places(
		    &places, act->arena, &c->config, c->context, c->store, NULL, e))
		return NULL;
	if (places.n == 1)
		return places.sources[0];
	err_set(e, ERR_NOT_FOUND, _("no silence '%s' is known"), id);
	err_hint(e, "%s",
		_("tocsin alerts silences names them; --source says where it is"));
	return NULL;
}

static int change(struct acting *act, const char *action, const char *id, struct err *e)
{
	const char *source = holder_of(act, id, e);
	struct offer o;

	if (!source || offer_open(&o, act->arena, &act->cmd->config, source, action, e) ||
		set(act, &o, "silence", id, e))
		return -1;
	if (!strcmp(action, "extend") && set_end(act, &o, e))
		return -1;
	return add_step(act, &o, e);
}

/* --- the run --- */

static int run(struct acting *act)
{
	return run_book(act->cmd, &act->book, act->service,
		cmd_has(act->cmd, "yes") ? RISK_CHANGE : RISK_NONE);
}

int cmd_alerts_silence(struct cmd *c)
{
	struct acting act = {.cmd = c, .book = STRBUF_INIT};
	struct alerts_seen seen;
	struct err e = ERR_INIT;
	int code;

	if (!c->n_operands)
		return cmd_usage(c, _("an alert or matchers are wanted"));
	if (!cmd_value(c, "reason"))
		return cmd_usage(c, _("--%s is wanted, with a value"), "reason");
	if (alerts_see(&seen, c, &e))
		return cmd_fail(&e);
	act.arena = &seen.arena;
	code = silence(&act, &seen, &e) ? cmd_fail(&e) : run(&act);
	strbuf_release(&act.book);
	alerts_unsee(&seen);
	return code;
}

static int change_all(struct cmd *c, const char *action)
{
	struct acting act = {.cmd = c, .book = STRBUF_INIT};
	struct err e = ERR_INIT;
	struct arena a;
	int rc = 0, code;

	if (!c->n_operands)
		return cmd_usage(c, _("a silence's id is wanted"));
	arena_init(&a);
	act.arena = &a;
	for (size_t i = 0; i < c->n_operands && !rc; i++)
		rc = change(&act, action, c->operands[i], &e);
	code = rc ? cmd_fail(&e) : run(&act);
	strbuf_release(&act.book);
	arena_release(&a);
	return code;
}

int cmd_alerts_extend(struct cmd *c)
{
	return change_all(c, "extend");
}

int cmd_alerts_expire(struct cmd *c)
{
	return change_all(c, "expire");
}
