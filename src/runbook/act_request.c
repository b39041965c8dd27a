/* act_request.c - what an action would send, for those who confirm it */
#include "config.h"
#include "runbook/act.h"

#include <string.h>

#include "core/arena.h"
#include "core/i18n.h"
#include "model/registry.h"
#include "net/request.h"
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
		strbuf_addf(out, "%s ", http_method_name(action->request.method));
		rc = request_url(out, &action->request, source.url, act->params, e);
		strbuf_addc(out, '\n');
		add_body(out, action, act->params);
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
