/* action_wait.c - reading back: until the setting is there, until the world shows it */
#include "config.h"
#include "net/action.h"

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "net/action_inside.h"

bool action_verifies(const struct action_plan *p)
{
	return p->action->verify.request.path != NULL;
}

bool action_unread(const struct action_plan *p)
{
	return p->unread;
}

bool action_has_effect(const struct action_plan *p)
{
	return p->action->effect.request.path != NULL;
}

/* $now is the moment of each look: "nothing since" is asked again and again. */
static void set_now(struct json *values)
{
	struct json *moment = json_object();

	json_add_time(moment, "now", clock_now());
	json_set(values, "now", json_copy(json_get(moment, "now")));
	json_free(moment);
}

static int look_once(struct action_plan *p, const struct connector_wait *w,
	const char *key, bool *agrees, struct err *e)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	struct json *value = NULL;
	int rc;

	set_now(p->view.values);
	rc = exchange_ask(&a, &p->ask, &w->request, p->view.values, e);
	if (!rc)
		rc = exchange_jq(&value, &p->ask, &w->until, key, &a, p->view.values, e);
	*agrees = !rc && json_bool(value, false);
	json_free(value);
	http_answer_release(&a);
	return rc;
}

static void pause_for(struct action_plan *p, int64_t ns, action_stop_fn *stop, void *ctx)
{
	int64_t next = clock_mono() + ns;

	loop_turn(p->loop, 0);
	while (clock_mono() < next && !(stop && stop(ctx)))
		loop_turn(p->loop, next - clock_mono());
}

/* 0 when it agreed; else last holds the last reading's error, if that failed, and -1. */
static int wait_for(struct action_plan *p, const struct connector_wait *w,
	const char *key, action_stop_fn *stop, void *ctx, struct err *last)
{
	int64_t until = clock_mono() + w->within_ns;
	bool agrees;

	for (;;) {
		err_clear(last);
		(void)look_once(p, w, key, &agrees, last);
		p->unread = last->code != 0;
		if (agrees)
			return 0;
		if (clock_mono() >= until || (stop && stop(ctx)))
			return -1;
		pause_for(p, w->every_ns, stop, ctx);
	}
}

int action_verify(struct action_plan *p, action_stop_fn *stop, void *ctx, struct err *e)
{
	struct err last = ERR_INIT;
	int rc = 0;

	if (!action_verifies(p))
		return 0;
	if (wait_for(p, &p->action->verify, "verify.until", stop, ctx, &last)) {
		if (last.code) {
			err_move(e, &last);
			err_prefix(e, "%s", _("the change cannot be read back: "));
		} else {
			err_set(e, ERR_BACKEND,
				_("the read-back does not show the change"));
			err_hint(e, "%s",
				_("the request was accepted; look at the backend before "
				  "you go on"));
		}
		rc = -1;
	}
	err_release(&last);
	return rc;
}

int action_effect(const char **says, struct action_plan *p, action_stop_fn *stop,
	void *ctx, struct err *e)
{
	const struct connector_wait *w = &p->action->effect;
	struct err last = ERR_INIT;
	struct strbuf within = STRBUF_INIT;
	int rc = 0;

	*says = w->says;
	if (!action_has_effect(p))
		return 0;
	if (wait_for(p, w, "effect.until", stop, ctx, &last)) {
		duration_human(&within, w->within_ns);
		err_set(e, last.code ? last.code : ERR_BACKEND,
			_("the setting is changed, and its effect is not seen within "
			  "%s%s%s%s%s"),
			within.buf, w->says ? ": " : "", w->says ? w->says : "",
			last.what ? ": " : "", last.what ? last.what : "");
		err_hint(e, "%s", _("look at what uses the setting before you go on"));
		rc = -1;
	}
	strbuf_release(&within);
	err_release(&last);
	return rc;
}

int action_after(char **json, struct action_plan *p, struct err *e)
{
	if (!p->action->before.path)
		return err_set(e, ERR_NOT_FOUND, _("the action '%s' reads no value"),
			p->action->name);
	return action_read_before(json, p, p->view.values, e);
}
