#include "config.h"
#include "runbook/act.h"

#include <string.h>

#include "core/i18n.h"
#include "core/yaml.h"

struct act_yaml {
	const char *source, *action;
	const struct yaml_node *with, *expect;
};

static const struct yaml_field act_fields[] = {
	{.key = "source",
		.want = YAML_TEXT,
		.offset = offsetof(struct act_yaml, source),
		.flags = YAML_REQUIRED,
		.help = N_("the source that is acted on")},
	{.key = "do",
		.want = YAML_TEXT,
		.offset = offsetof(struct act_yaml, action),
		.flags = YAML_REQUIRED,
		.help = N_("the connector's action")},
	{.key = "with",
		.want = YAML_NODE,
		.offset = offsetof(struct act_yaml, with),
		.help = N_("the action's parameters")},
	{.key = "expect",
		.want = YAML_NODE,
		.offset = offsetof(struct act_yaml, expect),
		.help = N_("refused unless this is the value now")},
	{0},
};

static const char *expand(const char *text, const struct vars *vars,
	const struct yaml_node *n, struct arena *a, struct problems *p)
{
	struct err e = ERR_INIT;
	const char *value = text;

	if (text && vars && vars_expand(&value, vars, text, &e))
		yaml_problem(p, n, "%s", e.what);
	err_release(&e);
	return arena_strdup(a, value);
}

static void read_params(struct act *out, const struct yaml_node *with,
	const struct vars *vars, struct arena *a, struct problems *p)
{
	for (size_t i = 0; i < yaml_count(with); i++) {
		const struct yaml_node *value = yaml_value(with, i);
		const char *key = yaml_text(yaml_key(with, i)), *text = yaml_text(value);

		if (!key || yaml_type(value) == YAML_MAP || yaml_type(value) == YAML_LIST)
			yaml_problem(p, value,
				_("each parameter in 'with' must be one value"));
		else if (text && *text == '$')
			json_add_text(out->params, key, expand(text, vars, value, a, p));
		else
			json_add(out->params, key, yaml_to_json(value));
	}
}

/* All of them from one variable: a JSON object of single values. */
static void read_with(struct act *out, const struct yaml_node *with,
	const struct vars *vars, struct arena *a, struct problems *p)
{
	const char *text = expand(yaml_text(with), vars, with, a, p);
	struct json *all = NULL;
	struct err e = ERR_INIT;
	bool fits;

	if (!vars)
		return;
	fits = !json_parse(&all, text, strlen(text), &e) && json_type(all) == JSON_OBJECT;
	if (!fits)
		yaml_problem(p, with, _("'with' must map parameters to values"));
	json_each (value, fits ? all : NULL) {
		bool single =
			json_type(value) != JSON_OBJECT && json_type(value) != JSON_ARRAY;

		if (single)
			json_add(out->params, json_key(value), json_copy(value));
		else
			yaml_problem(
				p, with, _("each parameter in 'with' must be one value"));
	}
	json_free(all);
	err_release(&e);
}

/* A text is the value itself; "$NAME" a variable's. */
static void read_expect(struct act *out, const struct yaml_node *n,
	const struct vars *vars, struct arena *a, struct problems *p)
{
	const char *text = yaml_text(n);
	struct strbuf canonical = STRBUF_INIT;
	struct json *value;

	if (!n)
		return;
	if (text && *text == '$')
		json_quote(&canonical, expand(text, vars, n, a, p));
	else {
		value = yaml_to_json(n);
		json_canonical(&canonical, value);
		json_free(value);
	}
	out->expect = arena_strdup(a, canonical.buf);
	strbuf_release(&canonical);
}

static void read_doc(struct act *out, const struct yaml_node *root,
	const struct vars *vars, struct arena *a, struct problems *p)
{
	struct act_yaml y = {0};

	if (yaml_type(root) != YAML_MAP) {
		problems_add(p, 1, 0, _("an action says 'source', 'do' and 'with'"));
		return;
	}
	if (yaml_read(&y, root, act_fields, a, p))
		return;
	out->source = expand(y.source, vars, yaml_get(root, "source"), a, p);
	out->action = expand(y.action, vars, yaml_get(root, "do"), a, p);
	read_expect(out, y.expect, vars, a, p);
	if (yaml_text(y.with) && *yaml_text(y.with) == '$')
		read_with(out, y.with, vars, a, p);
	else if (y.with && yaml_type(y.with) != YAML_MAP)
		yaml_problem(p, y.with, _("'with' must map parameters to values"));
	else
		read_params(out, y.with, vars, a, p);
}

int act_parse(struct act *out, const char *s, const struct vars *vars, int line,
	struct arena *a, struct problems *p)
{
	struct yaml_doc *doc = NULL;
	size_t before = p->n;

	*out = (struct act){.params = json_object()};
	if (!yaml_parse(&doc, s, strlen(s), p))
		read_doc(out, yaml_root(doc, 0), vars, a, p);
	yaml_free(doc);
	for (size_t i = before; i < p->n; i++)
		p->items[i].line += line;
	if (p->n == before)
		return 0;
	act_release(out);
	return -1;
}

void act_release(struct act *act)
{
	json_free(act->params);
	act->params = NULL;
}
