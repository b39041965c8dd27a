/* connector_option.c - what a source may set under `with`: the keys, and the values of a source */
#include "config.h"
#include "net/connector_keys.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/text.h"

struct option_keys {
	const char *help, *otherwise;
	bool required, list;
};

/* clang-format off */
const struct yaml_field connector_option_fields[] = {
	KEY(struct option_keys, "help", YAML_TEXT, help,
		.help = N_("what it is, for people")),
	KEY(struct option_keys, "default", YAML_TEXT, otherwise,
		.help = N_("its value when nobody gives one")),
	KEY(struct option_keys, "required", YAML_BOOL, required,
		.help = N_("a source must give it")),
	KEY(struct option_keys, "list", YAML_BOOL, list,
		.help = N_("several texts: an array")),
	{0},
};
/* clang-format on */

static void read_texts(struct yaml_texts *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	bool list = yaml_type(node) == YAML_LIST;
	size_t n = list ? yaml_count(node) : 1;

	out->items = arena_alloc(r->a, n + 1, sizeof(*out->items));
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *item = list ? yaml_item(node, i) : node;

		if (yaml_text(item))
			out->items[out->n++] = arena_strdup(r->a, yaml_text(item));
		else
			yaml_problem(r->p, item, "%s",
				_("the name of a variable is expected"));
	}
}

static struct connector_option *option_named(const struct connector *c, const char *name)
{
	for (size_t i = 0; i < c->n_options; i++)
		if (!strcmp(c->options[i].name, name))
			return &c->options[i];
	return NULL;
}

static void read_env(const struct yaml_node *env, const struct connector_reading *r)
{
	for (size_t i = 0; i < yaml_count(env); i++) {
		struct connector_option *o = option_named(r->out, yaml_key_text(env, i));

		if (o)
			read_texts(&o->env, yaml_value(env, i), r);
		else
			yaml_problem(r->p, yaml_key(env, i), _("there is no option '%s'"),
				yaml_key_text(env, i));
	}
}

void connector_read_options(const struct yaml_node *map, const struct yaml_node *env,
	const struct connector_reading *r)
{
	struct connector *c = r->out;

	if (map && yaml_type(map) != YAML_MAP)
		yaml_problem(r->p, map, "%s", _("options is a map of names"));
	c->options = arena_alloc(r->a, yaml_count(map) + 1, sizeof(*c->options));
	for (size_t i = 0; yaml_type(map) == YAML_MAP && i < yaml_count(map); i++) {
		const char *name = yaml_key_text(map, i);
		struct option_keys k = {0};

		connector_check_variable(name, yaml_key(map, i), r);
		if (yaml_read(
			    &k, yaml_value(map, i), connector_option_fields, r->a, r->p))
			continue;
		c->options[c->n_options++] = (struct connector_option){
			.name = arena_strdup(r->a, name),
			.help = k.help,
			.otherwise = k.otherwise,
			.required = k.required,
			.list = k.list,
			.line = yaml_line(yaml_key(map, i)),
		};
	}
	if (env && yaml_type(env) != YAML_MAP)
		yaml_problem(
			r->p, env, "%s", _("a map of names to values is expected here"));
	read_env(env, r);
}

/* --- of one source --- */

static const char *from_env(const struct connector_option *o)
{
	for (size_t i = 0; i < o->env.n; i++) {
		const char *value = getenv(o->env.items[i]);

		if (value && *value)
			return value;
	}
	return o->otherwise;
}

static int missing(
	const struct connector_option *o, const struct source_conf *conf, struct err *e)
{
	err_set(e, ERR_INPUT, _("the source '%s' needs its option '%s'"), conf->name,
		o->name);
	return err_hint(e, _("set with: {%s: ...}%s%s"), o->name,
		o->env.n ? _(", or the variable ") : "", o->env.n ? o->env.items[0] : "");
}

/* Of a text one, of a list several; numbers and booleans are the texts that they look like. */
static void add_text(struct json *to, const char *key, const struct json *v)
{
	struct strbuf text = STRBUF_INIT;

	if (json_text(v) || json_type(v) <= JSON_NULL) {
		json_add_text(to, key, json_text(v));
		return;
	}
	json_format(&text, v, false);
	json_add_text(to, key, text.buf);
	strbuf_release(&text);
}

static int add_option(struct json *values, const struct connector_option *o,
	const struct json *own, const struct source_conf *conf, struct err *e)
{
	const char *otherwise = from_env(o);
	bool is_list = json_type(own) == JSON_ARRAY;
	struct json *list;

	if (is_list && !o->list)
		return err_set(e, ERR_INPUT,
			_("the option '%s' of the source '%s' is a text, and not a list"),
			o->name, conf->name);
	if (o->required && !(own ? json_count(own) || json_text(own) : otherwise != NULL))
		return missing(o, conf, e);
	if (!o->list) {
		if (own)
			add_text(values, o->name, own);
		else
			json_add_text(values, o->name, otherwise);
		return 0;
	}
	list = json_add_array(values, o->name);
	json_each (item, is_list ? own : NULL)
		add_text(list, NULL, item);
	if (own && !is_list)
		add_text(list, NULL, own);
	if (!own && otherwise && *otherwise)
		json_add_text(list, NULL, otherwise);
	return 0;
}

/* A name that the connector does not know is a slip of the pen, and not to be passed over. */
static int check_names(const struct connector *c, const struct json *with, struct err *e)
{
	const char **names = mem_new(c->n_options + 1, sizeof(*names));
	const char *near;
	int result = 0;

	for (size_t i = 0; i < c->n_options; i++)
		names[i] = c->options[i].name;
	json_each (v, with) {
		if (result || option_named(c, json_key(v)))
			continue;
		result = err_set(e, ERR_INPUT, _("the connector '%s' has no option '%s'"),
			c->name, json_key(v));
		near = text_nearest(json_key(v), names, c->n_options);
		if (near)
			err_hint(e, _("did you mean '%s'?"), near);
	}
	free(names);
	return result;
}

int connector_options(struct json *values, const struct connector *c,
	const struct source_conf *conf, struct err *e)
{
	struct json *with = NULL;
	int result = 0;

	if (conf->with && json_parse(&with, conf->with, strlen(conf->with), e))
		return -1;
	result = check_names(c, with, e);
	for (size_t i = 0; !result && i < c->n_options; i++)
		result = add_option(values, &c->options[i],
			json_get(with, c->options[i].name), conf, e);
	json_free(with);
	return result;
}
