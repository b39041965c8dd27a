/* action_undo.c - the action that takes another one back, from what was journalled */
#include "config.h"
#include "net/action.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "net/action_inside.h"
#include "net/action_param.h"

/* What an undo may be made from. */
struct left {
	const struct json *params, *before, *after; /* after NULL: not recorded */
};

/* "name" or "name.field.sub" of the parameters, $before and $after; NULL: nothing of that name. */
static const struct json *value_at(const char *name, const struct left *l)
{
	size_t n = strcspn(name, ".");
	const struct json *v;
	char *head = mem_strndup(name, n);

	v = !strcmp(head, "before")      ? l->before
		: !strcmp(head, "after") ? l->after
					 : json_get(l->params, head);
	free(head);
	return name[n] ? json_at(v, name + n + 1) : v;
}

/* A whole object goes into a text parameter as its JSON: the action's program reads it. */
static void add_value(
	struct json *to, const struct connector_param *c, const struct json *v)
{
	enum json_type type = json_type(v);
	struct strbuf text = STRBUF_INIT;

	if (type == JSON_NONE)
		return;
	if (type <= JSON_NULL || type == JSON_STRING || c->type == PARAM_NUMBER ||
		c->type == PARAM_BOOL) {
		json_add(to, c->name, json_copy(v));
	} else {
		json_canonical(&text, v);
		json_add_text(to, c->name, text.buf);
	}
	strbuf_release(&text);
}

static const struct pair *pair_of(const struct pairs *with, const char *name)
{
	for (size_t i = 0; i < with->n; i++)
		if (!strcmp(with->items[i].name, name))
			return &with->items[i];
	return NULL;
}

/* What `with` says, else the parameter of the same name. */
static struct json *bind(const struct pairs *with, const struct left *l,
	const struct connector_action *undo)
{
	struct json *out = json_object();

	for (size_t i = 0; i < undo->n_params; i++) {
		const struct connector_param *c = &undo->params[i];
		const struct pair *pair = pair_of(with, c->name);

		if (!pair)
			add_value(out, c, json_get(l->params, c->name));
		else if (*pair->value == '$')
			add_value(out, c, value_at(pair->value + 1, l));
		else
			json_add_text(out, c->name, pair->value);
	}
	return out;
}

struct json *action_bind(const struct pairs *with, const struct json *values,
	const struct connector_action *to)
{
	const struct left l = {.params = values};

	return bind(with, &l, to);
}

/* Without the journal's word nothing can be put back that was there. */
static bool needs(const struct connector_binding *b, const char *name)
{
	for (size_t i = 0; i < b->with.n; i++)
		if (!strncmp(b->with.items[i].value, name, strlen(name)))
			return true;
	return false;
}

/* Both read the same value, so that what one left can be compared with what the other finds. */
static bool same_value(const struct connector_action *a, const struct connector_action *b)
{
	return a->before.path && b->before.path &&
		!strcmp(a->before.path, b->before.path) &&
		!strcmp(a->before_value.text, b->before_value.text);
}

static const struct connector_action *undo_of(const struct connector *c,
	const struct connector_action *act, const struct left *l,
	const struct connector_binding **b, struct err *e)
{
	const struct connector_action *undo;

	*b = json_type(l->before) == JSON_NULL ? &act->undo_missing : &act->undo;
	undo = (*b)->action ? connector_action_find(c, (*b)->action) : NULL;
	if (!undo) {
		err_set(e, ERR_NOT_FOUND, _("the action '%s' cannot be undone"),
			act->name);
	} else if (!l->before && needs(*b, "$before")) {
		undo = NULL;
		err_set(e, ERR_NOT_FOUND,
			_("what '%s' found before was not recorded, so it cannot be "
			  "undone"),
			act->name);
	} else if (!l->after && needs(*b, "$after")) {
		undo = NULL;
		err_set(e, ERR_NOT_FOUND,
			_("what '%s' left was not recorded, so it cannot be undone"),
			act->name);
	}
	return undo;
}

static int parse(struct json **out, const char *text, struct err *e)
{
	return text ? json_parse(out, text, strlen(text), e) : 0;
}

static int find(struct action_undo *out, const struct connector *c,
	const struct action_call *done, const char *before, struct err *e)
{
	const struct connector_action *act = connector_action_find(c, done->action),
				      *undo = NULL;
	const struct connector_binding *b;
	struct json *was = NULL, *after = NULL, *taken = NULL;
	struct left left;

	if (!act)
		return err_set(e, ERR_NOT_FOUND,
			_("the connector '%s' has no action '%s'"), c->name,
			done->action);
	if (!parse(&was, before, e) && !parse(&after, done->expect, e)) {
		left = (struct left){.before = was, .after = after};
		undo = undo_of(c, act, &left, &b, e);
	}
	if (undo && action_params_take(&taken, act, done->params, e))
		undo = NULL;
	if (undo) {
		left.params = taken;
		out->action = mem_strdup(undo->name);
		out->params = bind(&b->with, &left, undo);
		out->expect = mem_strdup(same_value(act, undo) ? done->expect : NULL);
	}
	json_free(taken);
	json_free(after);
	json_free(was);
	return undo ? 0 : -1;
}

int action_undo_find(struct action_undo *out, const struct config *config,
	const struct action_call *done, const char *before, struct err *e)
{
	const struct source_conf *conf = config_source(config, done->source);
	struct connector c;
	int rc;

	*out = (struct action_undo){0};
	if (!conf)
		return err_set(
			e, ERR_NOT_FOUND, _("there is no source '%s'"), done->source);
	if (connector_load(&c, config, conf->type, e))
		return -1;
	rc = find(out, &c, done, before, e);
	connector_release(&c);
	return rc;
}

void action_undo_release(struct action_undo *u)
{
	free(u->action);
	json_free(u->params);
	free(u->expect);
	*u = (struct action_undo){0};
}

int action_undo(struct action_plan **out, const struct config *config,
	const struct action_call *done, const char *before, struct err *e)
{
	struct action_undo undo;
	int rc = action_undo_find(&undo, config, done, before, e);

	if (!rc) {
		const struct action_call call = {.source = done->source,
			.action = undo.action,
			.params = undo.params,
			.expect = undo.expect};

		rc = action_plan(out, config, &call, e);
	}
	action_undo_release(&undo);
	return rc;
}
