/* action_follow.c - what an action started, asked for until it ends; its reason; stopping it */
#include "config.h"
#include "net/action.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "core/text.h"
#include "net/action_inside.h"

#define TICK_NS (NS_PER_S / 2) /* whoever waits is asked this often whether to go on */
#define SHOWN_BYTES ((size_t)300) /* of a line that a program makes */
#define GONE_LOOKS 3 /* "there is no such run", so often in a row */

struct following {
	struct action_plan *p;
	const struct connector_follow *f;
	const struct action_follower *by;
	struct json *values; /* owned: what programs see, with what was read */
	struct http_answer answer; /* the last one */
	int64_t began;
	char *shown; /* owned: the last line */
	size_t gone; /* looks in a row that found nothing */
	struct err last; /* of the last look; code 0: it succeeded */
};

bool action_follows(const struct action_plan *p)
{
	return p->action->follow.request.path != NULL;
}

/* --- one look --- */

static void put(struct following *w, const char *name, struct json *value)
{
	struct json *out = json_object();

	json_each (v, w->values)
		if (strcmp(json_key(v), name))
			json_add(out, json_key(v), json_copy(v));
	if (value)
		json_add(out, name, value);
	else
		json_add_null(out, name);
	json_free(w->values);
	w->values = out;
}

/* What was answered, for what else is read. */
static void keep_answer(struct following *w, struct err *e)
{
	static const struct jq whole = {.text = "."};
	struct json *value = NULL;

	if (w->f->as &&
		!exchange_jq(&value, &w->p->ask, &whole, "follow.as", &w->answer,
			w->values, e))
		put(w, w->f->as, value);
}

/* What only helps to understand: null where it cannot be read. */
static void read_helper(struct following *w, const struct connector_lookup *l)
{
	static const struct jq whole = {.text = "."};
	struct http_answer a = HTTP_ANSWER_INIT;
	struct json *value = NULL;
	struct err ignored = ERR_INIT;

	put(w, l->as, NULL);
	if (!exchange_ask(&a, &w->p->ask, &l->request, w->values, &ignored) &&
		!exchange_jq(&value, &w->p->ask, l->keep.text ? &l->keep : &whole,
			"follow.read.keep", &a, w->values, &ignored))
		put(w, l->as, value);
	http_answer_release(&a);
	err_release(&ignored);
}

static bool says_yes(
	struct following *w, const struct jq *program, const char *key, struct err *e)
{
	struct json *value = NULL;
	bool yes = !exchange_jq(
			   &value, &w->p->ask, program, key, &w->answer, w->values, e) &&
		json_bool(value, false);

	json_free(value);
	return yes;
}

/* The text that a program makes of the last answer, in one short safe line; NULL: none. */
static char *line_of(struct following *w, const struct jq *program, const char *key)
{
	struct json *value = NULL;
	struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	const char *said;
	char *out = NULL;

	if (program->text &&
		!exchange_jq(&value, &w->p->ask, program, key, &w->answer, w->values,
			&ignored)) {
		said = json_text(value);
		if (said && *said) {
			text_safe(&text, said, strnlen(said, SHOWN_BYTES), false);
			out = strbuf_detach(&text, NULL);
		}
	}
	json_free(value);
	strbuf_release(&text);
	err_release(&ignored);
	return out;
}

static enum follow_end look(struct following *w)
{
	struct action_plan *p = w->p;
	enum follow_end end = FOLLOW_GOES_ON;

	err_clear(&w->last);
	http_answer_release(&w->answer);
	w->answer = (struct http_answer)HTTP_ANSWER_INIT;
	if (exchange_ask(&w->answer, &p->ask, &w->f->request, w->values, &w->last)) {
		w->gone = w->last.code == ERR_NOT_FOUND ? w->gone + 1 : 0;
		return w->gone >= GONE_LOOKS ? FOLLOW_LOST : FOLLOW_GOES_ON;
	}
	w->gone = 0;
	keep_answer(w, &w->last);
	for (size_t i = 0; i < w->f->n_lookups; i++)
		read_helper(w, &w->f->lookups[i]);
	if (!w->last.code && says_yes(w, &w->f->fails, "follow.fails", &w->last))
		end = FOLLOW_FAILED;
	else if (!w->last.code && says_yes(w, &w->f->until, "follow.until", &w->last))
		end = FOLLOW_OK;
	return end;
}

/* --- telling --- */

static void show(struct following *w)
{
	struct action_progress now = {.elapsed_ns = clock_mono() - w->began};
	char *line = w->last.code ? mem_strdup(w->last.what)
				  : line_of(w, &w->f->shows, "follow.shows");

	now.failed = w->last.code != 0;
	now.shows = line;
	now.moved = !w->shown != !line || (line && strcmp(line, w->shown));
	if (w->by->show)
		w->by->show(w->by->ctx, &now);
	free(w->shown);
	w->shown = line;
}

static bool stopped(const struct following *w)
{
	return w->by->stop && w->by->stop(w->by->ctx);
}

/* True: somebody wants it to end. */
static bool pause_until(struct following *w, int64_t next)
{
	int64_t left;

	while ((left = next - clock_mono()) > 0) {
		if (stopped(w))
			return true;
		loop_turn(w->p->loop, left < TICK_NS ? left : TICK_NS);
	}
	return stopped(w);
}

static enum follow_end wait_for_end(struct following *w, int64_t within_ns)
{
	int64_t every_ns = w->by->every_ns > 0 ? w->by->every_ns : w->f->every_ns;

	for (;;) {
		enum follow_end end = look(w);

		show(w);
		if (end != FOLLOW_GOES_ON)
			return end;
		if (clock_mono() - w->began >= within_ns)
			return w->last.code ? FOLLOW_LOST : FOLLOW_TOO_LONG;
		if (pause_until(w, clock_mono() + every_ns))
			return FOLLOW_STOPPED;
	}
}

static void explain(struct following *w, struct err *e)
{
	char *reason;

	for (size_t i = 0; i < w->f->n_causes; i++)
		read_helper(w, &w->f->causes[i]);
	reason = line_of(w, &w->f->reason, "follow.reason.says");
	if (reason)
		err_set(e, ERR_BACKEND, _("it failed: %s"), reason);
	else
		err_set(e, ERR_BACKEND, _("it failed, and its reason cannot be read"));
	free(reason);
}

static void say_end(
	struct following *w, enum follow_end end, int64_t within_ns, struct err *e)
{
	struct strbuf span = STRBUF_INIT;

	duration_human(&span, within_ns);
	switch (end) {
	case FOLLOW_FAILED: explain(w, e); break;
	case FOLLOW_TOO_LONG:
		err_set(e, ERR_BACKEND, _("it has not ended within %s, and goes on"),
			span.buf);
		err_hint(e, "%s", _("look at it in the backend; it was not stopped"));
		break;
	case FOLLOW_LOST:
		err_move(e, &w->last);
		err_prefix(e, "%s", _("what was started cannot be followed: "));
		break;
	case FOLLOW_STOPPED: err_set(e, ERR_DENIED, "%s", _("it was stopped")); break;
	case FOLLOW_OK:
	case FOLLOW_GOES_ON: break;
	}
	strbuf_release(&span);
}

enum follow_end action_follow(
	struct action_plan *p, const struct action_follower *by, struct err *e)
{
	struct following w = {
		.p = p,
		.f = &p->action->follow,
		.by = by,
		.values = json_copy(p->view.values),
		.answer = HTTP_ANSWER_INIT,
		.began = clock_mono(),
		.last = ERR_INIT,
	};
	int64_t within_ns = by->within_ns > 0 ? by->within_ns : w.f->within_ns;
	enum follow_end end = FOLLOW_OK;

	if (action_follows(p)) {
		end = wait_for_end(&w, within_ns);
		say_end(&w, end, within_ns, e);
	}
	/* What stops it may name what was read. */
	json_free(p->view.values);
	p->view.values = w.values;
	http_answer_release(&w.answer);
	free(w.shown);
	err_release(&w.last);
	return end;
}

/* --- stopping it --- */

bool action_stops(const struct action_plan *p)
{
	return action_follows(p) && p->action->follow.stop.action;
}

int action_stop_plan(struct action_plan **out, const struct action_plan *p, struct err *e)
{
	const struct connector_binding *b = &p->action->follow.stop;
	const struct connector_action *stop =
		b->action ? connector_action_find(p->connector, b->action) : NULL;
	struct action_call call = {.source = p->ask.conf->name};
	struct json *params;
	int rc;

	if (!stop)
		return err_set(e, ERR_NOT_FOUND,
			_("the connector '%s' knows no way to stop this"),
			p->connector->name);
	params = action_bind(&b->with, p->view.values, stop);
	call.action = stop->name;
	call.params = params;
	rc = action_plan_on(out, p->connector, p->ask.conf, &call, e);
	json_free(params);
	return rc;
}
