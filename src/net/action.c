#include "config.h"
#include "net/action.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "net/map.h"
#include "net/read.h"
#include "net/request.h"
#include "net/url.h"

struct action_plan {
	struct arena arena;
	struct connector connector;
	const struct connector_action *action; /* borrowed: from connector */
	struct source_conf conf;
	struct loop *loop;
	struct map *map;
	struct json *params; /* owned: the parameters and, once read, before */
	char *request, *body, *before, *params_text;
};

void action_plan_free(struct action_plan *p)
{
	if (!p)
		return;
	map_free(p->map);
	loop_free(p->loop);
	json_free(p->params);
	free(p->request);
	free(p->body);
	free(p->before);
	free(p->params_text);
	connector_release(&p->connector);
	arena_release(&p->arena);
	free(p);
}

const char *action_request(const struct action_plan *p)
{
	return p->request;
}

const char *action_body(const struct action_plan *p)
{
	return p->body;
}

const char *action_before(const struct action_plan *p)
{
	return p->before;
}

const char *action_effects(const struct action_plan *p)
{
	return p->action->effects;
}

const char *action_title(const struct action_plan *p)
{
	return p->action->title;
}

const char *action_params(const struct action_plan *p)
{
	return p->params_text;
}

/* --- parameters --- */

static const struct connector_param *param_find(
	const struct connector_action *act, const char *name)
{
	for (size_t i = 0; i < act->n_params; i++)
		if (!strcmp(act->params[i].name, name))
			return &act->params[i];
	return NULL;
}

static int check_choice(const struct connector_param *c, const char *text, struct err *e)
{
	for (size_t i = 0; i < c->choices.n; i++)
		if (text && !strcmp(c->choices.items[i], text))
			return 0;
	return err_set(e, ERR_INPUT, _("'%s' is no choice for the parameter '%s'"),
		text ? text : "", c->name);
}

static int check_param(
	const struct connector_param *c, const struct json *v, struct err *e)
{
	enum json_type type = json_type(v);
	const char *text = json_text(v);

	if (type == JSON_NONE || type == JSON_NULL || (text && !*text)) {
		if (c->optional)
			return 0;
		return err_set(e, ERR_INPUT, _("the parameter '%s' is missing"), c->name);
	}
	if (c->type == PARAM_NUMBER && !isfinite(json_real(v)))
		return err_set(
			e, ERR_INPUT, _("the parameter '%s' is not a number"), c->name);
	if (c->type == PARAM_TEXT && !text)
		return err_set(
			e, ERR_INPUT, _("the parameter '%s' is not text"), c->name);
	return c->type == PARAM_CHOICE ? check_choice(c, text, e) : 0;
}

/* Copies params into the plan: numbers that came as text become numbers. */
static int take_params(struct action_plan *p, const struct json *params, struct err *e)
{
	const struct connector_action *act = p->action;
	struct strbuf text = STRBUF_INIT;

	json_each (v, params) {
		if (param_find(act, json_key(v)))
			continue;
		err_set(e, ERR_INPUT, _("the action '%s' has no parameter '%s'"),
			act->name, json_key(v));
		return -1;
	}
	p->params = json_object();
	for (size_t i = 0; i < act->n_params; i++) {
		const struct connector_param *c = &act->params[i];
		const struct json *v = json_get(params, c->name);

		if (check_param(c, v, e))
			return -1;
		if (c->type == PARAM_NUMBER && v)
			json_add_real(p->params, c->name, json_real(v));
		else if (json_text(v))
			json_add_text(p->params, c->name, json_text(v));
		else
			json_add_null(p->params, c->name);
	}
	json_canonical(&text, p->params);
	p->params_text = strbuf_detach(&text, NULL);
	return 0;
}

/* --- requests --- */

static const char **names_of(
	const struct connector_action *act, size_t *n, struct arena *a)
{
	const char **names = arena_alloc(a, act->n_params + 1, sizeof(*names));

	for (*n = 0; *n < act->n_params; (*n)++)
		names[*n] = act->params[*n].name;
	names[(*n)++] = "before";
	return names;
}

static int run_jq(struct json **first, struct action_plan *p, const char *program,
	const char *what, const char *body, size_t n, struct err *e)
{
	struct map_program mp = {.text = program};
	struct json *results = NULL;
	char *label = mem_format(_("connector %s, action %s, %s"), p->connector.name,
		p->action->name, what);
	int result;

	mp.label = label;
	mp.names = names_of(p->action, &mp.n_names, &p->arena);
	result = map_run_now(&results, p->map, &mp, body, n, p->params, e);
	free(label);
	if (result)
		return -1;
	*first = json_first(results) ? json_copy(json_first(results)) : NULL;
	json_free(results);
	return 0;
}

/* 0 or -1; out as http_run() leaves it. */
static int send(struct http_answer *out, struct action_plan *p,
	const struct connector_request *req, const char *body, struct err *e)
{
	struct strbuf url = STRBUF_INIT;
	struct http_header headers[16];
	struct http_request http = {
		.source = &p->conf,
		.method = req->method,
		.body = body,
		.body_bytes = body ? strlen(body) : 0,
		.content_type = body ? "application/json" : NULL,
		.headers = headers,
	};
	int result = request_url(&url, req, p->conf.url, p->params, e);

	for (size_t i = 0; i < req->headers.n && i < ARRAY_LEN(headers); i++)
		headers[http.n_headers++] = (struct http_header){
			req->headers.items[i].name, req->headers.items[i].value};
	http.url = url.buf;
	if (!result)
		result = http_run(out, &http, e);
	if (!result)
		result = read_answer_check(out, url.buf, e);
	strbuf_release(&url);
	return result;
}

/* The current value as canonical JSON; "null" when there is none. */
static int read_current(char **out, struct action_plan *p, struct err *e)
{
	const struct connector_action *act = p->action;
	struct http_answer a = HTTP_ANSWER_INIT;
	struct strbuf text = STRBUF_INIT;
	struct json *value = NULL;
	struct err seen = ERR_INIT, ignored = ERR_INIT;
	int result = send(&a, p, &act->before, NULL, &seen);

	if (!result) {
		result = run_jq(&value, p, act->before_value.text, "before.value", a.body.buf,
			a.body.len, e);
	} else if (a.status >= 400 && act->before_missing.text &&
		!run_jq(&value, p, act->before_missing.text, "before.missing", a.body.buf,
			a.body.len, &ignored) &&
		json_bool(value, false)) {
		json_free(value);
		value = NULL;
		result = 0;
	} else {
		err_move(e, &seen);
		err_prefix(e, "%s", _("cannot read the current value: "));
	}
	if (!result && value)
		json_canonical(&text, value);
	else if (!result)
		strbuf_adds(&text, "null");
	if (!result)
		*out = strbuf_detach(&text, NULL);
	json_free(value);
	http_answer_release(&a);
	strbuf_release(&text);
	err_release(&seen);
	err_release(&ignored);
	return result;
}

int action_after(char **json, struct action_plan *p, struct err *e)
{
	if (!p->action->before.path)
		return err_set(e, ERR_NOT_FOUND, _("the action '%s' reads no value"),
			p->action->name);
	return read_current(json, p, e);
}

/* --- plan --- */

static int make_request(struct action_plan *p, struct err *e)
{
	const struct connector_request *req = &p->action->request;
	struct strbuf url = STRBUF_INIT, body = STRBUF_INIT;
	struct json *document = NULL;
	int result = request_url(&url, req, p->conf.url, p->params, e);

	if (!result && req->body == BODY_JSON) {
		result = run_jq(&document, p, req->program.text, "json", "null", 4, e);
		if (!result) {
			json_format(&body, document, false);
			p->body = strbuf_detach(&body, NULL);
		}
		json_free(document);
	}
	if (!result) {
		struct strbuf shown = STRBUF_INIT;

		/* The query stays: it holds parameters, never secrets. */
		url_shown(&shown, url.buf);
		p->request = mem_format("%s %s%s", http_method_name(req->method),
			shown.buf, strchr(url.buf, '?') ? strchr(url.buf, '?') : "");
		strbuf_release(&shown);
	}
	strbuf_release(&url);
	strbuf_release(&body);
	return result;
}

/* Everything but the current value. */
static int prepare(struct action_plan *p, const struct config *config, const char *source,
	const char *action, struct err *e)
{
	const struct source_conf *conf = config_source(config, source);

	if (!conf)
		return err_set(e, ERR_NOT_FOUND, _("there is no source '%s'"), source);
	if (connector_load(&p->connector, config, conf->type, e) ||
		connector_source(&p->conf, &p->connector, conf, &p->arena, e))
		return -1;
	p->action = connector_action_find(&p->connector, action);
	if (!p->action)
		return err_set(e, ERR_NOT_FOUND,
			_("the connector '%s' has no action '%s'"), p->connector.name,
			action);
	p->loop = loop_new();
	p->map = map_new(p->loop, NULL);
	return 0;
}

static struct action_plan *plan_new(void)
{
	struct action_plan *p = mem_new(1, sizeof(*p));

	arena_init(&p->arena);
	arena_init(&p->connector.arena);
	return p;
}

int action_plan(struct action_plan **out, const struct config *config, const char *source,
	const char *action, const struct json *params, struct err *e)
{
	struct action_plan *p = plan_new();

	if (prepare(p, config, source, action, e) || take_params(p, params, e) ||
		(p->action->before.path && read_current(&p->before, p, e)))
		goto fail;
	if (p->before && json_add_raw(p->params, "before", p->before, e))
		goto fail;
	if (make_request(p, e))
		goto fail;
	*out = p;
	return 0;
fail:
	action_plan_free(p);
	return -1;
}

/* --- apply and verify --- */

int action_apply(struct action_plan *p, bool *sent, struct err *e)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	char *current = NULL;
	int result;

	*sent = false;
	if (p->before) {
		if (read_current(&current, p, e))
			return -1;
		if (strcmp(current, p->before)) {
			err_set(e, ERR_CONFLICT,
				_("it is now %s, and was %s when this was planned"),
				current, p->before);
			err_hint(e, "%s", _("look at what changed it, then plan again"));
			free(current);
			return -1;
		}
		free(current);
	}
	*sent = true;
	result = send(&a, p, &p->action->request, p->body, e);
	/* A refusal in words means that nothing happened; silence means that nobody knows. */
	if (result && a.status >= 400 && a.status < 500)
		*sent = false;
	http_answer_release(&a);
	return result;
}

static int verify_once(struct action_plan *p, bool *agrees, struct err *e)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	struct json *value = NULL;
	int result = send(&a, p, &p->action->verify.request, NULL, e);

	if (!result)
		result = run_jq(&value, p, p->action->verify.until.text, "verify.until",
			a.body.buf, a.body.len, e);
	*agrees = !result && json_bool(value, false);
	json_free(value);
	http_answer_release(&a);
	return result;
}

int action_verify(struct action_plan *p, action_stop_fn *stop, void *ctx, struct err *e)
{
	int64_t until = clock_mono() + p->action->verify.within_ns;
	struct err last = ERR_INIT;
	bool agrees = false;

	if (!p->action->verify.request.path)
		return 0;
	for (;;) {
		err_clear(&last);
		verify_once(p, &agrees, &last);
		if (agrees || clock_mono() >= until || (stop && stop(ctx)))
			break;
		loop_turn(p->loop, 0);
		for (int64_t next = clock_mono() + p->action->verify.every_ns;
			clock_mono() < next && !(stop && stop(ctx));)
			loop_turn(p->loop, next - clock_mono());
	}
	if (!agrees) {
		err_set(e, ERR_BACKEND, _("the read-back does not show the change%s%s"),
			last.what ? ": " : "", last.what ? last.what : "");
		err_hint(e, "%s",
			_("the request was accepted; look at the backend before you go "
			  "on"));
	}
	err_release(&last);
	return agrees ? 0 : -1;
}

/* --- undo --- */

/* The bound parameters: literals, "$before", and the action's own. */
static struct json *bind(const struct pairs *with, const struct json *params,
	const struct json *before, const struct connector_action *undo)
{
	struct json *out = json_object();

	for (size_t i = 0; i < undo->n_params; i++) {
		const char *name = undo->params[i].name;
		const struct json *own = json_get(params, name);

		for (size_t j = 0; j < with->n; j++) {
			const char *value = with->items[j].value;

			if (strcmp(with->items[j].name, name))
				continue;
			own = NULL;
			if (!strcmp(value, "$before"))
				json_add(out, name, json_copy(before));
			else if (*value == '$')
				own = json_get(params, value + 1);
			else
				json_add_text(out, name, value);
		}
		if (own)
			json_add(out, name, json_copy(own));
	}
	return out;
}

int action_undo(struct action_plan **out, const struct config *config, const char *source,
	const char *action, const struct json *params, const char *before, struct err *e)
{
	struct action_plan *p = plan_new();
	const struct connector_binding *binding;
	const struct connector_action *undo = NULL;
	struct json *was = NULL, *bound;
	int result = -1;

	if (prepare(p, config, source, action, e))
		goto out;
	if (before && json_parse(&was, before, strlen(before), e))
		goto out;
	binding = json_type(was) == JSON_NONE || json_type(was) == JSON_NULL
		? &p->action->undo_missing
		: &p->action->undo;
	if (binding->action)
		undo = connector_action_find(&p->connector, binding->action);
	if (!undo) {
		err_set(e, ERR_NOT_FOUND, _("the action '%s' cannot be undone"), action);
		goto out;
	}
	bound = bind(&binding->with, params, was, undo);
	result = action_plan(out, config, source, undo->name, bound, e);
	json_free(bound);
out:
	json_free(was);
	action_plan_free(p);
	return result;
}
