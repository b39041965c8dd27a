#include "config.h"
#include "net/connector.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "core/path.h"
#include "net/auth_source.h"
#include "net/url.h"

void connector_release(struct connector *c)
{
	arena_release(&c->arena);
	*c = (struct connector){0};
}

const struct connector_read *connector_read_find(
	const struct connector *c, const char *name)
{
	for (size_t i = 0; i < c->n_reads; i++)
		if (!strcmp(c->reads[i].name, name))
			return &c->reads[i];
	return NULL;
}

const struct connector_action *connector_action_find(
	const struct connector *c, const char *name)
{
	for (size_t i = 0; i < c->n_actions; i++)
		if (!strcmp(c->actions[i].name, name))
			return &c->actions[i];
	return NULL;
}

/* 0 read, 1 not there, -1 unreadable or wrong. */
static int load_file(struct connector *out, const char *file, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	struct problems p;
	struct err missing = ERR_INIT;
	int result = 1;

	if (path_read(&text, file, CONNECTOR_MAX_BYTES, &missing)) {
		if (missing.code != ERR_NOT_FOUND) {
			err_move(e, &missing);
			result = -1;
		}
		err_release(&missing);
		strbuf_release(&text);
		return result;
	}
	problems_init(&p, file);
	result = 0;
	if (connector_parse(out, file, text.buf, text.len, &p)) {
		problems_err(&p, e);
		result = -1;
	}
	problems_release(&p);
	strbuf_release(&text);
	return result;
}

int connector_load(struct connector *out, const struct config *config, const char *type,
	struct err *e)
{
	char *name = mem_format("%s.yaml", type), *file = NULL;
	size_t n = config ? config->connectors.n : 0;
	int result = 1;

	if (strchr(type, '/') || *type == '.')
		result = err_set(e, ERR_INPUT, _("'%s' cannot be a source's type"), type);
	for (size_t i = 0; result == 1 && i < n + 2; i++) {
		free(file);
		if (i == 0) {
			char *dir = path_config("connectors");

			file = path_join(dir, name);
			free(dir);
		} else if (i <= n) {
			file = path_join(config->connectors.items[i - 1], name);
		} else {
			file = path_data("connectors", name);
		}
		result = load_file(out, file, e);
	}
	if (result == 1) {
		err_set(e, ERR_NOT_FOUND, _("there is no connector for the type '%s'"),
			type);
		result = err_hint(e, _("write %s, or see doc/connectors.md"), name);
	}
	free(file);
	free(name);
	return result;
}

/* The environment's value when the connector names a variable and the configuration is silent. */
static const char *from_env(const struct yaml_texts *names)
{
	for (size_t i = 0; i < names->n; i++) {
		const char *value = getenv(names->items[i]);

		if (value && *value)
			return value;
	}
	return NULL;
}

static void auth_from_env(struct source_conf *out, const struct connector *c)
{
	const struct yaml_texts *basic = &c->env_basic;

	if (basic->n == 2 && getenv(basic->items[0]) && getenv(basic->items[1])) {
		const char *kind = c->auth.kind;
		bool by_name = kind && (!strcmp(kind, "login") || !strcmp(kind, "oci"));

		out->auth = (struct auth_conf){.kind = by_name ? kind : "basic",
			.user_secret = {.env = basic->items[0]},
			.secret = {.env = basic->items[1]}};
	} else if (c->env_bearer && getenv(c->env_bearer)) {
		out->auth = (struct auth_conf){
			.kind = "bearer", .secret = {.env = c->env_bearer}};
	}
}

/* A host's name is all that an option may fill in. */
static int check_option_text(const char *name, const char *text, struct err *e)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	if (!text || !*text) {
		err_set(e, ERR_INPUT, _("its URL needs the option '%s'"), name);
		return err_hint(e, _("set with: {%s: ...}, or a url"), name);
	}
	if (strspn(text, good) != strlen(text))
		return err_set(e, ERR_INPUT, _("'%s' cannot stand in a URL"), text);
	return 0;
}

/* The connector's own URL with its {option}s. */
static int default_url(struct strbuf *out, const struct connector *c,
	const struct json *options, struct err *e)
{
	for (const char *s = c->url; *s;) {
		size_t n = strcspn(s, "{"), name_n;
		const char *text;
		char *name;
		int failed;

		strbuf_add(out, s, n);
		s += n;
		if (!*s)
			break;
		name_n = strcspn(s + 1, "}");
		name = mem_strndup(s + 1, name_n);
		text = json_text(json_get(options, name));
		failed = check_option_text(name, text, e);
		strbuf_adds(out, failed ? "" : text);
		free(name);
		if (failed)
			return -1;
		s += 1 + name_n + (s[1 + name_n] == '}');
	}
	return 0;
}

static int no_url(
	const struct connector *c, const struct source_conf *conf, struct err *e)
{
	err_set(e, ERR_INPUT, _("the source '%s' has no url"), conf->name);
	return err_hint(e, _("give it a url: in the configuration%s%s"),
		c->env_url.n ? _(", or set ") : "",
		c->env_url.n ? c->env_url.items[0] : "");
}

static int default_base(struct source_conf *out, const struct connector *c,
	const struct json *options, struct arena *a, struct err *e)
{
	struct strbuf url = STRBUF_INIT;
	int result = default_url(&url, c, options, e);

	out->url = arena_strdup(a, url.buf);
	strbuf_release(&url);
	return result;
}

static int complete(struct source_conf *out, const struct connector *c,
	const struct json *options, struct arena *a, struct err *e)
{
	if (!out->url)
		out->url = arena_strdup(a, from_env(&c->env_url));
	if (!out->auth.kind)
		auth_from_env(out, c);
	if (auth_source(out, &c->auth, options, a, e))
		return -1;
	if (!out->url && c->url && default_base(out, c, options, a, e))
		return -1;
	return out->url ? url_check(out->url, e) : 0;
}

int connector_source(struct source_conf *out, const struct connector *c,
	const struct source_conf *conf, struct arena *a, struct err *e)
{
	struct json *options = json_object();
	int result;

	*out = *conf;
	result = connector_options(options, c, conf, e) || complete(out, c, options, a, e)
		? err_prefix(e, _("the source '%s': "), conf->name)
		: 0;
	json_free(options);
	if (!result && !out->url)
		return no_url(c, conf, e);
	return result;
}
