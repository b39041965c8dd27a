/* connector_param.c - the parameters of an action: a word, a list of choices, or the long form */
#include "config.h"
#include "net/connector_keys.h"

#include <regex.h>
#include <string.h>

#include "core/i18n.h"

struct choices_keys {
	struct request_keys request;
	const struct yaml_node *values;
};

struct param_keys {
	int type;
	const char *help, *otherwise, *pattern;
	const struct yaml_node *choices, *min, *max;
	bool optional;
};

static const char *const type_words[] = {"text", "number", "bool", NULL};
static const enum param_type types[] = {PARAM_TEXT, PARAM_NUMBER, PARAM_BOOL};

/* clang-format off */
const struct yaml_field connector_choices_fields[] = {
	REQUEST_FIELDS(struct choices_keys, request),
	RPC_FIELD(struct choices_keys, request),
	KEY(struct choices_keys, "values", YAML_NODE, values, .flags = YAML_REQUIRED,
		.help = N_("jq: the answer to the values, one an output")),
	{0},
};

const struct yaml_field connector_param_fields[] = {
	KEY(struct param_keys, "type", YAML_CHOICE, type, .choices = type_words,
		.help = N_("text, number or bool (text)")),
	KEY(struct param_keys, "help", YAML_TEXT, help,
		.help = N_("what it is, for people")),
	KEY(struct param_keys, "choices", YAML_NODE, choices,
		.help = N_("a list, or a request with values: what it may be")),
	KEY(struct param_keys, "min", YAML_NODE, min, .help = N_("of a number")),
	KEY(struct param_keys, "max", YAML_NODE, max, .help = N_("of a number")),
	KEY(struct param_keys, "default", YAML_TEXT, otherwise,
		.help = N_("its value when nobody gives one")),
	KEY(struct param_keys, "optional", YAML_BOOL, optional,
		.help = N_("it may be missing: null then")),
	KEY(struct param_keys, "pattern", YAML_TEXT, pattern,
		.help = N_("a POSIX extended regular expression that a text has to match")),
	{0},
};
/* clang-format on */

static void read_list(struct connector_param *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	out->choices.items = arena_alloc(r->a, yaml_count(node) + 1, sizeof(char *));
	for (size_t i = 0; i < yaml_count(node); i++) {
		const char *text = yaml_text(yaml_item(node, i));

		if (text)
			out->choices.items[out->choices.n++] = arena_strdup(r->a, text);
		else
			yaml_problem(
				r->p, yaml_item(node, i), "%s", _("a choice is a text"));
	}
	if (!out->choices.n)
		yaml_problem(r->p, node, "%s", _("a list of choices is not empty"));
}

static void read_choices(struct connector_param *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct choices_keys k = {0};

	if (!node)
		return;
	if (yaml_type(node) == YAML_LIST) {
		read_list(out, node, r);
		return;
	}
	if (yaml_read(&k, node, connector_choices_fields, r->a, r->p))
		return;
	connector_read_request(&out->choices_from, &k.request, true, r);
	connector_read_jq(&out->choices_values, k.values, r);
}

static double read_bound(
	const struct yaml_node *node, double otherwise, const struct connector_reading *r)
{
	struct json *v = node ? yaml_to_json(node) : NULL;
	double bound = node ? json_real(v) : otherwise;

	if (node && json_type(v) != JSON_NUMBER)
		yaml_problem(r->p, node, "%s", _("a number is expected"));
	json_free(v);
	return bound;
}

static void check_pattern(const char *pattern, const struct yaml_node *at,
	const struct connector_reading *r)
{
	regex_t compiled;

	if (!pattern)
		return;
	if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB))
		yaml_problem(r->p, at, _("'%s' is not a regular expression"), pattern);
	else
		regfree(&compiled);
}

static void read_long(struct connector_param *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct param_keys k = {0};

	if (yaml_read(&k, node, connector_param_fields, r->a, r->p))
		return;
	out->type = types[k.type];
	out->help = k.help;
	out->otherwise = k.otherwise;
	out->optional = k.optional;
	out->pattern = k.pattern;
	check_pattern(k.pattern, yaml_get(node, "pattern"), r);
	read_choices(out, k.choices, r);
	if (!k.min && !k.max)
		return;
	out->min = read_bound(k.min, -1e300, r);
	out->max = read_bound(k.max, 1e300, r);
	if (out->type != PARAM_NUMBER)
		yaml_problem(r->p, node, "%s", _("min and max are of a number"));
	else if (out->min > out->max)
		yaml_problem(r->p, node, "%s", _("min is larger than max"));
}

static void read_word(struct connector_param *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	const char *word = yaml_text(node);
	size_t n = word ? strlen(word) : 0;

	if (n && word[n - 1] == '?') {
		out->optional = true;
		n--;
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (n && n == strlen(type_words[i]) && !strncmp(word, type_words[i], n)) {
			out->type = types[i];
			return;
		}
	yaml_problem(r->p, node, "%s",
		_("a parameter is text, number, bool, a list of choices, or a map with "
		  "its type"));
}

static void read_param(struct connector_param *out, const char *name,
	const struct yaml_node *node, const struct connector_reading *r)
{
	out->name = arena_strdup(r->a, name);
	out->line = yaml_line(node);
	out->min = 1;
	connector_check_variable(name, node, r);
	if (yaml_type(node) == YAML_LIST) {
		out->type = PARAM_CHOICE;
		read_list(out, node, r);
	} else if (yaml_type(node) == YAML_MAP) {
		read_long(out, node, r);
	} else {
		read_word(out, node, r);
	}
}

void connector_read_params(struct connector_action *act, const struct yaml_node *map,
	const struct connector_reading *r)
{
	if (!map)
		return;
	if (yaml_type(map) != YAML_MAP) {
		yaml_problem(r->p, map, "%s", _("params is a map of names to types"));
		return;
	}
	act->params = arena_alloc(r->a, yaml_count(map) + 1, sizeof(*act->params));
	for (size_t i = 0; i < yaml_count(map); i++)
		read_param(&act->params[act->n_params++], yaml_key_text(map, i),
			yaml_value(map, i), r);
}
