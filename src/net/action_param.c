#include "config.h"
#include "net/action_param.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/text.h"

const struct connector_param *action_param_find(
	const struct connector_action *act, const char *name)
{
	for (size_t i = 0; i < act->n_params; i++)
		if (!strcmp(act->params[i].name, name))
			return &act->params[i];
	return NULL;
}

/* --- one --- */

static bool is_nothing(const struct json *v)
{
	const char *text = json_text(v);

	return json_type(v) <= JSON_NULL || (text && !*text);
}

/* true, false, and the same as text, as variables and options give it; -1: neither. */
static int truth(const struct json *v)
{
	const char *text = json_text(v);

	if (json_type(v) == JSON_BOOL)
		return json_bool(v, false);
	if (text && !strcmp(text, "true"))
		return 1;
	return text && !strcmp(text, "false") ? 0 : -1;
}

static int check_number(
	const struct connector_param *c, const struct json *v, struct err *e)
{
	double x = json_real(v);

	if (!isfinite(x))
		return err_set(
			e, ERR_INPUT, _("the parameter '%s' is not a number"), c->name);
	if (c->min <= c->max && (x < c->min || x > c->max))
		return err_set(e, ERR_INPUT,
			_("the parameter '%s' is between %g and %g, and not %g"), c->name,
			c->min, c->max, x);
	return 0;
}

static int check_choice(const struct connector_param *c, const char *text, struct err *e)
{
	const char *near;

	for (size_t i = 0; i < c->choices.n; i++)
		if (!strcmp(c->choices.items[i], text))
			return 0;
	err_set(e, ERR_INPUT, _("'%s' is no choice for the parameter '%s'"), text,
		c->name);
	near = text_nearest(text, c->choices.items, c->choices.n);
	return near ? err_hint(e, _("did you mean '%s'?"), near) : -1;
}

/* The whole of text, on one line. */
static bool matches(const char *pattern, const char *text)
{
	char *whole = mem_format("^(%s)$", pattern);
	regex_t regex;
	bool ok = false;

	if (!regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB)) {
		ok = !strchr(text, '\n') && !regexec(&regex, text, 0, NULL, 0);
		regfree(&regex);
	}
	free(whole);
	return ok;
}

static int check_text(
	const struct connector_param *c, const struct json *v, struct err *e)
{
	const char *text = json_text(v);

	if (!text) {
		err_set(e, ERR_INPUT, _("the parameter '%s' is not text"), c->name);
		return json_type(v) == JSON_NUMBER || json_type(v) == JSON_BOOL
			? err_hint(e, _("put the value in quotes"))
			: -1;
	}
	if (c->pattern && !matches(c->pattern, text))
		return err_set(e, ERR_INPUT,
			_("the parameter '%s' is of the form %s, and not '%s'"), c->name,
			c->pattern, text);
	return c->choices.n ? check_choice(c, text, e) : 0;
}

int action_param_check(
	const struct connector_param *c, const struct json *v, struct err *e)
{
	if (is_nothing(v)) {
		if (c->optional || c->otherwise)
			return 0;
		return err_set(e, ERR_INPUT, _("the parameter '%s' is missing"), c->name);
	}
	if (c->type == PARAM_NUMBER)
		return check_number(c, v, e);
	if (c->type != PARAM_BOOL)
		return check_text(c, v, e);
	if (truth(v) < 0)
		return err_set(
			e, ERR_INPUT, _("the parameter '%s' is true or false"), c->name);
	return 0;
}

/* --- all --- */

static void add_value(
	struct json *to, const struct connector_param *c, const struct json *v)
{
	if (is_nothing(v))
		json_add_null(to, c->name);
	else if (c->type == PARAM_NUMBER)
		json_add_real(to, c->name, json_real(v));
	else if (c->type == PARAM_BOOL)
		json_add_bool(to, c->name, truth(v) > 0);
	else
		json_add_text(to, c->name, json_text(v));
}

static int take_one(struct json *to, const struct connector_param *c,
	const struct json *params, struct err *e)
{
	const struct json *v = json_get(params, c->name);
	struct json *otherwise = NULL;
	int rc;

	if (is_nothing(v) && c->otherwise) {
		otherwise = json_object();
		json_add_text(otherwise, c->name, c->otherwise);
		v = json_first(otherwise);
	}
	rc = action_param_check(c, v, e);
	if (!rc)
		add_value(to, c, v);
	json_free(otherwise);
	return rc;
}

static int no_such(const struct connector_action *act, const char *name, struct err *e)
{
	const char **names = mem_new(act->n_params + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < act->n_params; i++)
		names[i] = act->params[i].name;
	near = text_nearest(name, names, act->n_params);
	err_set(e, ERR_INPUT, _("the action '%s' has no parameter '%s'"), act->name,
		name);
	if (near)
		err_hint(e, _("did you mean '%s'?"), near);
	free(names);
	return -1;
}

int action_params_take(struct json **out, const struct connector_action *act,
	const struct json *params, struct err *e)
{
	struct json *taken = json_object();
	int rc = 0;

	json_each (v, params)
		if (!action_param_find(act, json_key(v))) {
			json_free(taken);
			return no_such(act, json_key(v), e);
		}
	for (size_t i = 0; !rc && i < act->n_params; i++)
		rc = take_one(taken, &act->params[i], params, e);
	if (rc)
		json_free(taken);
	else
		*out = taken;
	return rc;
}
