#include "config.h"
#include "model/config_keys.h"

#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "core/text.h"

/* clang-format off */
#define KEY(type, name, kind, member, ...) \
	{.key = name, .want = kind, .offset = offsetof(type, member), __VA_ARGS__}

struct secret_keys {
	const char *env, *file;
	struct yaml_texts cmd;
};

static const struct yaml_field secret_fields[] = {
	KEY(struct secret_keys, "env", YAML_TEXT, env),
	KEY(struct secret_keys, "file", YAML_TEXT, file),
	KEY(struct secret_keys, "cmd", YAML_TEXTS, cmd),
	{0},
};

struct basic_keys {
	const struct yaml_node *user, *password;
};

static const struct yaml_field basic_fields[] = {
	KEY(struct basic_keys, "user", YAML_NODE, user, .flags = YAML_REQUIRED),
	KEY(struct basic_keys, "password", YAML_NODE, password, .flags = YAML_REQUIRED),
	{0},
};

struct named_keys {
	const char *name;
	const struct yaml_node *value;
};

static const struct yaml_field named_fields[] = {
	KEY(struct named_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED),
	KEY(struct named_keys, "value", YAML_NODE, value, .flags = YAML_REQUIRED),
	{0},
};

struct auth_keys {
	const struct yaml_node *bearer, *basic, *header, *query;
};

static const struct yaml_field auth_fields[] = {
	KEY(struct auth_keys, "bearer", YAML_NODE, bearer),
	KEY(struct auth_keys, "basic", YAML_NODE, basic),
	KEY(struct auth_keys, "header", YAML_NODE, header),
	KEY(struct auth_keys, "query", YAML_NODE, query),
	{0},
};
/* clang-format on */

static bool is_given(const char *text)
{
	return text && *text;
}

/* A secret is a reference; what stands in the file itself is refused, and not repeated. */
static void read_secret(struct secret_ref *out, const struct yaml_node *node,
	const struct config_reading *r)
{
	struct secret_keys k = {0};

	if (yaml_type(node) != YAML_MAP) {
		yaml_problem(r->p, node, "%s", _("a secret does not stand in this file"));
		problems_hint(r->p, "%s",
			_("refer to it: {env: NAME}, {file: PATH} or {cmd: [PROGRAM, "
			  "...]}"));
		return;
	}
	if (yaml_read(&k, node, secret_fields, r->a, r->p))
		return;
	if (is_given(k.env) + is_given(k.file) + (k.cmd.n && *k.cmd.items[0]) != 1 ||
		!!k.env + !!k.file + !!k.cmd.n != 1) {
		yaml_problem(r->p, node, "%s",
			_("a secret is exactly one of env, file and cmd"));
		return;
	}
	*out = (struct secret_ref){k.env, config_path(r, k.file), k.cmd};
}

static void read_basic(struct auth_conf *out, const struct yaml_node *node,
	const struct config_reading *r)
{
	struct basic_keys k = {0};

	if (yaml_read(&k, node, basic_fields, r->a, r->p))
		return;
	out->kind = "basic";
	if (yaml_text(k.user))
		out->user = arena_strdup(r->a, yaml_text(k.user));
	else
		read_secret(&out->user_secret, k.user, r);
	read_secret(&out->secret, k.password, r);
}

/* A header's name as RFC 9110 has it. */
static bool is_token(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789!#$%&'*+-.^_`|~";

	return *name && strspn(name, letters) == strlen(name);
}

static void read_named(struct auth_conf *out, const char *kind,
	const struct yaml_node *node, const struct config_reading *r)
{
	struct named_keys k = {0};

	if (yaml_read(&k, node, named_fields, r->a, r->p))
		return;
	if (!is_token(k.name))
		yaml_problem(r->p, config_place(node, "name"),
			_("'%s' cannot be a name here"), k.name);
	out->kind = kind;
	out->name = k.name;
	read_secret(&out->secret, k.value, r);
}

void config_read_auth(struct auth_conf *out, const struct yaml_node *node,
	const struct config_reading *r)
{
	struct auth_keys k = {0};

	if (!node)
		return;
	if (yaml_text(node)) {
		yaml_problem(r->p, node, "%s", _("a secret does not stand in this file"));
		problems_hint(r->p, "%s", _("refer to it: auth: {bearer: {env: NAME}}"));
		return;
	}
	if (yaml_read(&k, node, auth_fields, r->a, r->p))
		return;
	if (!!k.bearer + !!k.basic + !!k.header + !!k.query != 1) {
		yaml_problem(r->p, node, "%s",
			_("auth is exactly one of bearer, basic, header and query"));
		return;
	}
	if (k.bearer) {
		out->kind = "bearer";
		read_secret(&out->secret, k.bearer, r);
	} else if (k.basic) {
		read_basic(out, k.basic, r);
	} else {
		read_named(out, k.header ? "header" : "query",
			k.header ? k.header : k.query, r);
	}
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

		if (!is_token(name))
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
