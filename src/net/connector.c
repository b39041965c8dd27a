#include "config.h"
#include "net/connector.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "core/path.h"
#include "net/map.h"
#include "net/url.h"

/* What every read may use as $name. */
static const char *const read_vars[] = {"source", "now", "since", "object"};

const char *const *connector_read_vars(size_t *n)
{
	*n = ARRAY_LEN(read_vars);
	return read_vars;
}

const char **action_vars(const struct connector_action *act, size_t *n, struct arena *a)
{
	const char **names = arena_alloc(a, act->n_params + 1, sizeof(*names));

	for (*n = 0; *n < act->n_params; (*n)++)
		names[*n] = act->params[*n].name;
	names[(*n)++] = "before";
	return names;
}

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
		out->auth = (struct auth_conf){.kind = "basic",
			.user_secret = {.env = basic->items[0]},
			.secret = {.env = basic->items[1]}};
	} else if (c->env_bearer && getenv(c->env_bearer)) {
		out->auth = (struct auth_conf){
			.kind = "bearer", .secret = {.env = c->env_bearer}};
	}
}

int connector_source(struct source_conf *out, const struct connector *c,
	const struct source_conf *conf, struct arena *a, struct err *e)
{
	*out = *conf;
	if (!out->url) {
		out->url = arena_strdup(a, from_env(&c->env_url));
		if (!out->url) {
			err_set(e, ERR_INPUT, _("the source '%s' has no url"),
				conf->name);
			return err_hint(e, _("give it a url: in the configuration%s%s"),
				c->env_url.n ? _(", or set ") : "",
				c->env_url.n ? c->env_url.items[0] : "");
		}
		if (url_check(out->url, e))
			return err_prefix(e, _("the source '%s': "), conf->name);
	}
	if (!out->auth.kind)
		auth_from_env(out, c);
	return 0;
}

/* A value as text for a URL: text as it is, numbers in JSON's form; NULL for null and missing. */
static const char *value_text(
	const struct json *values, const char *name, struct strbuf *scratch)
{
	const struct json *v = json_get(values, name);
	enum json_type type = json_type(v);

	if (type == JSON_STRING)
		return json_text(v);
	if (type != JSON_NUMBER && type != JSON_BOOL)
		return NULL;
	strbuf_reset(scratch);
	json_format(scratch, v, false);
	return scratch->buf;
}

/* One segment of the path's pattern: literal text with at most one "{name}" standing alone. */
static int add_segment(struct strbuf *out, const char *s, size_t n,
	const struct json *values, struct err *e)
{
	struct strbuf scratch = STRBUF_INIT, name = STRBUF_INIT;
	const char *value;
	int result = 0;

	if (n < 3 || s[0] != '{' || s[n - 1] != '}') {
		strbuf_addc(out, '/');
		strbuf_add(out, s, n);
		return 0;
	}
	strbuf_add(&name, s + 1, n - 2);
	value = value_text(values, name.buf, &scratch);
	if (!value)
		result = err_set(
			e, ERR_INPUT, _("the request needs a value for '%s'"), name.buf);
	else
		result = url_segment(out, value, e);
	strbuf_release(&scratch);
	strbuf_release(&name);
	return result;
}

static void add_pair(struct strbuf *out, const struct pair *p, const struct json *values)
{
	struct strbuf scratch = STRBUF_INIT;

	url_query(out, p->name,
		*p->value == '$' ? value_text(values, p->value + 1, &scratch) : p->value);
	strbuf_release(&scratch);
}

int connector_url(struct strbuf *out, const struct connector_request *req,
	const char *base, const struct json *values, struct err *e)
{
	const char *s = req->path;

	url_join(out, base, "");
	while (out->len && out->buf[out->len - 1] == '/')
		strbuf_truncate(out, out->len - 1);
	while (*s == '/') {
		size_t n = strcspn(++s, "/");

		if (add_segment(out, s, n, values, e))
			return -1;
		s += n;
	}
	for (size_t i = 0; i < req->query.n; i++)
		add_pair(out, &req->query.items[i], values);
	return 0;
}
