/* act_request.c - what an action would send, for those who confirm it */
#include "config.h"
#include "runbook/act.h"

#include <string.h>

#include "core/arena.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/registry.h"
#include "net/exchange.h"
#include "net/url.h"
#include "store/observe.h"

static void add_value(struct strbuf *out, const struct json *value)
{
	if (json_text(value))
		strbuf_adds(out, json_text(value));
	else
		json_format(out, value, false);
}

static void add_body(
	struct strbuf *out, const struct connector_action *act, const struct json *params)
{
	if (act->request.program.text)
		strbuf_addf(out, "%s\n", act->request.program.text);
	json_each (param, params) {
		strbuf_addf(out, "  $%s = ", json_key(param));
		add_value(out, param);
		strbuf_addc(out, '\n');
	}
	if (act->effects)
		strbuf_addf(out, "%s\n", act->effects);
}

/* The address with what is known; what is only read before the plan stays as the file says it. */
static void add_line(struct strbuf *out, const struct act *act, const struct connector *c,
	const struct connector_action *action, const struct source_conf *source)
{
	struct json *values = NULL;
	struct strbuf url = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	bool known = !exchange_values(&values, c, source, &ignored);

	json_each (v, act->params)
		if (known)
			json_add(values, json_key(v), json_copy(v));
	known = known &&
		!request_url(&url, &action->request, source->url, values, &ignored);
	strbuf_addf(out, "%s ", http_method_name(action->request.method));
	url_shown_query(out, known ? url.buf : source->url);
	strbuf_adds(out, known ? "" : action->request.path);
	strbuf_addc(out, '\n');
	strbuf_release(&url);
	err_release(&ignored);
	json_free(values);
}

static void add_wait(struct strbuf *out, const char *word, const struct connector_wait *w)
{
	if (w->request.path)
		strbuf_addf(out, "%s: %s\n", word, w->says ? w->says : w->until.text);
}

static void add_follow(struct strbuf *out, const struct connector_follow *f)
{
	struct strbuf within = STRBUF_INIT;

	if (!f->request.path)
		return;
	duration_human(&within, f->within_ns);
	strbuf_addf(out, _("followed to its end, for %s at the most\n"), within.buf);
	strbuf_release(&within);
}

static int add_request(struct strbuf *out, const struct act *act,
	const struct config *config, const struct source_conf *conf, struct arena *a,
	struct err *e)
{
	struct connector c;
	struct source_conf source;
	const struct connector_action *action;
	int rc = 0;

	if (connector_load(&c, config, conf->type, e))
		return -1;
	action = connector_action_find(&c, act->action);
	if (!action) {
		rc = err_set(e, ERR_NOT_FOUND, _("the connector '%s' has no action '%s'"),
			c.name, act->action);
	} else if (connector_source(&source, &c, conf, a, e)) {
		rc = -1;
	} else {
		add_line(out, act, &c, action, &source);
		add_body(out, action, act->params);
		if (act->expect)
			strbuf_addf(out, _("only if it is now %s\n"), act->expect);
		add_wait(out, _("read back until"), &action->verify);
		add_follow(out, &action->follow);
		add_wait(out, _("effect"), &action->effect);
	}
	connector_release(&c);
	return rc;
}

int act_request(struct strbuf *out, const struct act *act, const struct config *config,
	struct err *e)
{
	const struct source_conf *conf = config_source(config, act->source);
	struct arena a;
	int rc;

	if (!conf)
		return err_set(e, ERR_NOT_FOUND,
			_("there is no source '%s' in the configuration"), act->source);
	arena_init(&a);
	rc = add_request(out, act, config, conf, &a, e);
	arena_release(&a);
	return rc;
}

/* What moves a pointer names it by these parameters. */
bool act_current(struct strbuf *out, const struct act *act, struct store *st)
{
	struct pointer wanted = {
		.source = act->source,
		.model = json_text(json_get(act->params, "model")),
		.name = json_text(json_get(act->params, "alias")),
	};
	struct observed_list list = {0};
	struct err ignored = ERR_INIT;
	struct strbuf key = STRBUF_INIT;
	struct arena a;
	bool found = false;

	if (!wanted.model || !wanted.name || !st)
		return false;
	arena_init(&a);
	record_key(&key, &wanted, REC_POINTER);
	if (!observed_at(&list, &a, st, REC_POINTER, act->source, key.buf, AT_NOW, 20,
		    &ignored))
		for (size_t i = 0; i < list.n && !found; i++) {
			const struct pointer *p = list.items[i].record;

			found = p->version && !strcmp(p->model, wanted.model) &&
				!strcmp(p->name, wanted.name);
			if (found)
				strbuf_addf(out, _("now %s/%s is %s, as last seen"),
					p->model, p->name, p->version);
		}
	strbuf_release(&key);
	err_release(&ignored);
	arena_release(&a);
	return found;
}
