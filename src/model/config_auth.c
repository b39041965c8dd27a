#include "config.h"
#include "model/config_keys.h"

#include <strings.h>

#include "core/i18n.h"
#include "core/text.h"

void config_read_auth(struct auth_conf *out, const struct yaml_node *node,
	const struct config_reading *r)
{
	(void)auth_conf_read(out, node, r->dir, r->a, r->p);
}

void config_read_with(struct source_conf *out, const struct yaml_node *node,
	const struct config_reading *r)
{
	struct strbuf text = STRBUF_INIT;
	struct json *options;

	if (!node)
		return;
	if (yaml_type(node) != YAML_MAP) {
		yaml_problem(
			r->p, node, "%s", _("a map of names to values is expected here"));
		return;
	}
	for (size_t i = 0; i < yaml_count(node); i++) {
		const struct yaml_node *value = yaml_value(node, i);
		bool list = yaml_type(value) == YAML_LIST;

		for (size_t j = 0; list && j < yaml_count(value); j++)
			if (!yaml_text(yaml_item(value, j)))
				list = false;
		if (!list && !yaml_text(value))
			yaml_problem(r->p, value, _("'%s' is a text or a list of texts"),
				yaml_key_text(node, i));
	}
	options = yaml_to_json(node);
	json_format(&text, options, false);
	out->with = arena_strdup(r->a, text.buf);
	json_free(options);
	strbuf_release(&text);
}

/* Headers that carry credentials wherever they are used. */
static bool is_secret_header(const char *name)
{
	static const char *const names[] = {
		"authorization", "proxy-authorization", "cookie"};
	static const char *const parts[] = {
		"token", "secret", "password", "api-key", "apikey"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcasecmp(name, names[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (text_has(name, parts[i]))
			return true;
	return false;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

void config_read_headers(struct source_conf *out, const struct yaml_node *node,
	const struct config_reading *r)
{
	out->n_headers =
		config_read_map(&out->header_names, &out->header_values, node, r);
	for (size_t i = 0; i < out->n_headers; i++) {
		const char *name = out->header_names[i];
		const struct yaml_node *at = config_place(node, name);

		if (!auth_is_token(name))
			yaml_problem(r->p, at, _("'%s' cannot be a header's name"), name);
		if (has_control(out->header_values[i]))
			yaml_problem(r->p, at,
				_("the header '%s' has a control character in it"), name);
		if (!is_secret_header(name))
			continue;
		yaml_problem(r->p, at,
			_("the header '%s' carries a secret, and a secret does "
			  "not stand in this file"),
			name);
		problems_hint(r->p,
			_("use auth: {header: {name: %s, value: {env: NAME}}}"), name);
	}
}

size_t config_read_map(const char ***names, const char ***values,
	const struct yaml_node *map, const struct config_reading *r)
{
	size_t n = 0, count = yaml_count(map);

	if (!map)
		return 0;
	if (yaml_type(map) != YAML_MAP) {
		yaml_problem(
			r->p, map, "%s", _("a map of names to values is expected here"));
		return 0;
	}
	*names = arena_alloc(r->a, count + 1, sizeof(**names));
	*values = arena_alloc(r->a, count + 1, sizeof(**values));
	for (size_t i = 0; i < count; i++) {
		const char *value = yaml_text(yaml_value(map, i));

		if (!value) {
			yaml_problem(r->p, yaml_value(map, i), _("'%s' is a text"),
				yaml_key_text(map, i));
			continue;
		}
		(*names)[n] = arena_strdup(r->a, yaml_key_text(map, i));
		(*values)[n++] = arena_strdup(r->a, value);
	}
	return n;
}
