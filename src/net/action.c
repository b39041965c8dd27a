#include "config.h"
#include "net/action.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "net/action_inside.h"
#include "net/action_param.h"
#include "net/url.h"

static void view_release(struct action_view *v)
{
	json_free(v->values);
	free(v->before);
	request_release(&v->request);
	free(v->line);
	free(v->body);
	*v = (struct action_view){0};
}

void action_plan_free(struct action_plan *p)
{
	if (!p)
		return;
	map_free(p->ask.map);
	http_free(p->ask.http);
	loop_free(p->loop);
	view_release(&p->view);
	json_free(p->params);
	free(p->params_text);
	free(p->headers);
	connector_release(&p->own);
	arena_release(&p->arena);
	free(p);
}

const char *action_request(const struct action_plan *p)
{
	return p->view.line;
}

const char *action_headers(const struct action_plan *p)
{
	return p->headers;
}

const char *action_body(const struct action_plan *p)
{
	return p->view.body;
}

const char *action_before(const struct action_plan *p)
{
	return p->view.before;
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

/* --- reading --- */

/* True when an error's body says that there is no value yet. */
static bool is_missing(
	struct action_plan *p, const struct http_answer *a, const struct json *values)
{
	const struct connector_action *act = p->action;
	struct err ignored = ERR_INIT;
	struct json *said = NULL;
	bool missing = false;

	if (a->status >= 400 && act->before_missing.text &&
		!exchange_jq(&said, &p->ask, &act->before_missing, "before.missing", a,
			values, &ignored))
		missing = json_bool(said, false);
	json_free(said);
	err_release(&ignored);
	return missing;
}

int action_read_before(
	char **out, struct action_plan *p, const struct json *values, struct err *e)
{
	const struct connector_action *act = p->action;
	struct http_answer a = HTTP_ANSWER_INIT;
	struct strbuf text = STRBUF_INIT;
	struct json *value = NULL;
	struct err seen = ERR_INIT;
	int rc = exchange_ask(&a, &p->ask, &act->before, values, &seen);

	if (!rc) {
		rc = exchange_jq(&value, &p->ask, &act->before_value, "before.value", &a,
			values, e);
	} else if (is_missing(p, &a, values)) {
		rc = 0;
	} else {
		err_move(e, &seen);
		err_prefix(e, "%s", _("cannot read the current value: "));
	}
	if (value)
		json_canonical(&text, value);
	else
		strbuf_adds(&text, "null");
	if (!rc)
		*out = strbuf_detach(&text, NULL);
	json_free(value);
	http_answer_release(&a);
	strbuf_release(&text);
	err_release(&seen);
	return rc;
}

/* values without a key that is about to get another value. */
static void put(struct json **values, const char *key, struct json *value)
{
	struct json *out = json_object();

	json_each (v, *values)
		if (strcmp(json_key(v), key))
			json_add(out, json_key(v), json_copy(v));
	json_add(out, key, value);
	json_free(*values);
	*values = out;
}

static int read_lookup(struct action_view *v, struct action_plan *p,
	const struct connector_lookup *l, struct err *e)
{
	static const struct jq whole = {.text = "."};
	struct http_answer a = HTTP_ANSWER_INIT;
	struct json *value = NULL;
	int rc = exchange_ask(&a, &p->ask, &l->request, v->values, e);

	if (!rc)
		rc = exchange_jq(&value, &p->ask, l->keep.text ? &l->keep : &whole,
			"read.keep", &a, v->values, e);
	else
		err_prefix(e, _("cannot read '%s': "), l->as);
	if (!rc)
		put(&v->values, l->as, value);
	http_answer_release(&a);
	return rc;
}

static int check_refusals(struct action_view *v, struct action_plan *p, struct err *e)
{
	const struct connector_action *act = p->action;

	for (size_t i = 0; i < act->n_refusals; i++) {
		struct json *said = NULL;
		bool refused;

		if (exchange_jq(&said, &p->ask, &act->refusals[i].when, "refuse.when",
			    NULL, v->values, e))
			return -1;
		refused = json_bool(said, false);
		json_free(said);
		if (refused)
			return err_set(e, ERR_DENIED, "%s", act->refusals[i].because);
	}
	return 0;
}

static int look(struct action_view *v, struct action_plan *p, struct err *e)
{
	const struct connector_action *act = p->action;

	for (size_t i = 0; i < act->n_lookups; i++)
		if (read_lookup(v, p, &act->lookups[i], e))
			return -1;
	if (act->before.path) {
		struct json *value = NULL;

		if (action_read_before(&v->before, p, v->values, e) ||
			json_parse(&value, v->before, strlen(v->before), e))
			return -1;
		put(&v->values, "before", value);
	}
	return 0;
}

/* --- the request --- */

char *action_line(const struct request *r)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%s ", http_method_name(r->method));
	url_shown_query(&text, r->url);
	return strbuf_detach(&text, NULL);
}

static char *copy_shown(const struct request *from, const struct request *to)
{
	struct digest d = digest_of(to->body, to->body_bytes);
	struct strbuf text = STRBUF_INIT;
	char *line = action_line(from);

	strbuf_addf(&text, _("the %zu bytes of %s, %s, sha256:"), to->body_bytes, line,
		to->content_type);
	digest_hex(&text, &d);
	free(line);
	return strbuf_detach(&text, NULL);
}

/* The bytes of another answer, untouched, under its own type: a digest is taken of them. */
static int copy_body(struct action_view *v, struct action_plan *p, struct err *e)
{
	const struct connector_request *copy = &p->action->copy;
	struct request from = {0};
	struct http_answer a = HTTP_ANSWER_INIT;
	const char *type;
	int rc = exchange_make(&from, &p->ask, copy, v->values, e);

	if (!rc)
		rc = exchange_fetch(&a, &p->ask, &from, copy, v->values, e);
	if (!rc) {
		type = http_answer_header(&a, "content-type");
		if (!v->request.content_type)
			v->request.content_type =
				mem_strdup(type ? type : "application/octet-stream");
		free(v->request.body);
		v->request.body = strbuf_detach(&a.body, &v->request.body_bytes);
		v->body = copy_shown(&from, &v->request);
	} else {
		err_prefix(e, "%s", _("cannot read what is copied: "));
	}
	http_answer_release(&a);
	request_release(&from);
	return rc;
}

static int make_request(struct action_view *v, struct action_plan *p, struct err *e)
{
	if (exchange_make(&v->request, &p->ask, &p->action->request, v->values, e))
		return -1;
	v->line = action_line(&v->request);
	if (p->action->copy.path)
		return copy_body(v, p, e);
	v->body = v->request.body ? mem_strdup(v->request.body) : NULL;
	return 0;
}

static void list_headers(struct action_plan *p)
{
	const struct request *r = &p->view.request;
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < r->n_headers; i++)
		strbuf_addf(&text, "%s: %s\n", r->headers[i].name,
			http_header_is_secret(r->headers[i].name) ? "****"
								  : r->headers[i].value);
	if (r->body && r->content_type)
		strbuf_addf(&text, "Content-Type: %s\n", r->content_type);
	if (text.len)
		p->headers = strbuf_detach(&text, NULL);
	strbuf_release(&text);
}

/* --- plan --- */

static struct action_plan *plan_new(void)
{
	struct action_plan *p = mem_new(1, sizeof(*p));

	arena_init(&p->arena);
	arena_init(&p->own.arena);
	return p;
}

/* Values that must be one of what the backend has. */
static int check_asked_choice(struct action_plan *p, const struct connector_param *c,
	const struct json *values, struct err *e)
{
	const char *text = json_text(json_get(p->params, c->name));
	struct http_answer a = HTTP_ANSWER_INIT;
	struct json *all = NULL;
	bool found = !text;
	int rc = 0;

	if (!found)
		rc = exchange_ask(&a, &p->ask, &c->choices_from, values, e) ||
				exchange_jq_all(&all, &p->ask, &c->choices_values,
					"choices.values", &a, values, e)
			? -1
			: 0;
	json_each (v, all)
		found |= text && json_text(v) && !strcmp(json_text(v), text);
	if (!rc && !found)
		rc = err_set(e, ERR_INPUT, _("'%s' is no choice for the parameter '%s'"),
			text, c->name);
	json_free(all);
	http_answer_release(&a);
	return rc;
}

/* What a backend recognises a repeated request by. */
static void put_once(struct action_plan *p, const char *once)
{
	char *id = id_new(clock_now());
	struct json *holder = json_object();
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "tocsin-%s", id);
	json_add_text(holder, "once", once ? once : text.buf);
	put(&p->view.values, "once", json_copy(json_get(holder, "once")));
	json_free(holder);
	strbuf_release(&text);
	free(id);
}

static int take_params(
	struct action_plan *p, const struct action_call *call, struct err *e)
{
	const struct connector_action *act = p->action;
	struct strbuf text = STRBUF_INIT;
	struct json *base = NULL;

	if (action_params_take(&p->params, act, call->params, e) ||
		exchange_values(&base, p->connector, p->ask.conf, e))
		return -1;
	p->view.values = base;
	json_each (v, p->params)
		put(&p->view.values, json_key(v), json_copy(v));
	put_once(p, call->once);
	for (size_t i = 0; i < act->n_lookups; i++)
		put(&p->view.values, act->lookups[i].as, NULL);
	json_canonical(&text, p->params);
	p->params_text = strbuf_detach(&text, NULL);
	for (size_t i = 0; i < act->n_params; i++)
		if (act->params[i].choices_from.path &&
			check_asked_choice(p, &act->params[i], p->view.values, e))
			return -1;
	return 0;
}

static int check_expected(const char *before, const char *expect, struct err *e)
{
	struct strbuf canonical = STRBUF_INIT;
	struct json *wanted = NULL;
	int rc = 0;

	if (!expect)
		return 0;
	if (!before)
		return err_set(e, ERR_INPUT,
			_("a value is expected, and the action reads none"));
	if (json_parse(&wanted, expect, strlen(expect), e))
		return -1;
	json_canonical(&canonical, wanted);
	if (strcmp(canonical.buf, before)) {
		err_set(e, ERR_CONFLICT, _("it is now %s, and %s was expected"), before,
			canonical.buf);
		rc = err_hint(e, "%s", _("look at what changed it, then plan again"));
	}
	json_free(wanted);
	strbuf_release(&canonical);
	return rc;
}

/* connector, ask.conf are set. */
static int plan(struct action_plan *p, const struct action_call *call, struct err *e)
{
	p->action = connector_action_find(p->connector, call->action);
	if (!p->action)
		return err_set(e, ERR_NOT_FOUND,
			_("the connector '%s' has no action '%s'"), p->connector->name,
			call->action);
	p->loop = loop_new();
	p->ask.connector = p->connector;
	p->ask.map = map_new(p->loop, NULL);
	p->ask.http = http_new(p->loop);
	p->ask.part = arena_format(&p->arena, "action %s", call->action);
	if (take_params(p, call, e) || look(&p->view, p, e) ||
		check_expected(p->view.before, call->expect, e) ||
		check_refusals(&p->view, p, e) || make_request(&p->view, p, e))
		return -1;
	list_headers(p);
	return 0;
}

int action_plan_on(struct action_plan **out, const struct connector *c,
	const struct source_conf *conf, const struct action_call *call, struct err *e)
{
	struct action_plan *p = plan_new();

	p->connector = c;
	p->ask.conf = conf;
	if (plan(p, call, e)) {
		action_plan_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

/* The i-th of the other addresses of the same system, the option `peers`; NULL: no more. */
static char *peer_of(const struct source_conf *conf, size_t i)
{
	struct err ignored = ERR_INIT;
	struct json *with = NULL;
	char *peer = NULL;

	if (conf->with && !json_parse(&with, conf->with, strlen(conf->with), &ignored))
		json_each (item, json_get(with, "peers"))
			if (json_text(item) && i-- == 0)
				peer = mem_strdup(json_text(item));
	json_free(with);
	err_release(&ignored);
	return peer;
}

/* url NULL: the source's own. */
static int plan_at(struct action_plan **out, const struct config *config,
	const struct source_conf *conf, const char *url, const struct action_call *call,
	struct err *e)
{
	struct action_plan *p = plan_new();
	int rc;

	p->connector = &p->own;
	p->ask.conf = &p->own_conf;
	rc = connector_load(&p->own, config, conf->type, e) ||
			connector_source(&p->own_conf, &p->own, conf, &p->arena, e)
		? -1
		: 0;
	if (url)
		p->own_conf.url = arena_strdup(&p->arena, url);
	if (!rc)
		rc = plan(p, call, e);
	if (rc)
		action_plan_free(p);
	else
		*out = p;
	return rc;
}

int action_plan(struct action_plan **out, const struct config *config,
	const struct action_call *call, struct err *e)
{
	const struct source_conf *conf = config_source(config, call->source);

	int rc;

	if (!conf)
		return err_set(
			e, ERR_NOT_FOUND, _("there is no source '%s'"), call->source);
	rc = plan_at(out, config, conf, NULL, call, e);
	for (size_t i = 0; rc && e->code == ERR_NET; i++) {
		char *peer = peer_of(conf, i);
		struct err other = ERR_INIT;

		if (!peer)
			break;
		rc = plan_at(out, config, conf, peer, call, &other);
		if (!rc)
			err_clear(e);
		else if (other.code != ERR_NET)
			err_move(e, &other);
		err_release(&other);
		free(peer);
	}
	return rc;
}

/* --- apply --- */

static bool same_bytes(const struct request *a, const struct request *b)
{
	return a->body_bytes == b->body_bytes &&
		(!a->body_bytes || !memcmp(a->body, b->body, a->body_bytes));
}

static int moved(const char *now, const char *was, struct err *e)
{
	if (now)
		err_set(e, ERR_CONFLICT,
			_("it is now %s, and was %s when this was planned"), now, was);
	else
		err_set(e, ERR_CONFLICT, "%s",
			_("what the request is made from is not what it was when this "
			  "was planned"));
	return err_hint(e, "%s", _("look at what changed it, then plan again"));
}

/* Everything once more: what was read, and the request that follows from it. */
static int look_again(struct action_plan *p, struct err *e)
{
	struct action_view now = {.values = json_copy(p->view.values)};
	int rc = look(&now, p, e);

	if (!rc && p->view.before && strcmp(now.before, p->view.before))
		rc = moved(now.before, p->view.before, e);
	if (!rc)
		rc = check_refusals(&now, p, e);
	/* What is copied was read already, by its digest; it is sent as it was shown. */
	if (!rc && !p->action->copy.path) {
		rc = make_request(&now, p, e);
		if (!rc &&
			(strcmp(now.request.url, p->view.request.url) ||
				!same_bytes(&now.request, &p->view.request)))
			rc = moved(NULL, NULL, e);
	}
	view_release(&now);
	return rc;
}

/* A refusal in words means that nothing happened; silence means that nobody knows. */
static bool is_refusal(int status)
{
	return status >= 400 && status < 500 && status != 408;
}

int action_apply(struct action_plan *p, bool *sent, struct err *e)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	int rc;

	*sent = false;
	if (look_again(p, e))
		return -1;
	*sent = true;
	rc = exchange_send(
		&a, &p->ask, &p->view.request, &p->action->request, p->view.values, e);
	if (rc && is_refusal(a.status))
		*sent = false;
	http_answer_release(&a);
	return rc;
}
