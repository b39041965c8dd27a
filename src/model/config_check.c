#include "config.h"
#include "model/config_keys.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/text.h"

const struct yaml_node *config_place(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *at = yaml_get(map, key);

	return at ? at : map;
}

/* Names go into rows, file names and prompts. */
void config_check_name(
	const struct config_reading *r, const struct yaml_node *map, const char *name)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (*name && *name != '-' && *name != '.' && strlen(name) <= 64 &&
		strspn(name, good) == strlen(name))
		return;
	yaml_problem(r->p, config_place(map, "name"), _("'%s' cannot be a name"), name);
	problems_hint(r->p, "%s", _("use letters, digits, '.', '_' and '-', at most 64"));
}

/* --- URLs --- */

struct url_parts {
	const char *authority, *rest; /* rest begins at '/', '?', '#' or the end */
};

/* 0, or -1 when it is nothing that could be asked. */
static int split_url(struct url_parts *out, const char *url)
{
	static const char *const schemes[] = {"http://", "https://", "http+unix://"};

	for (const char *s = url; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (strncmp(url, schemes[i], n) != 0)
			continue;
		out->authority = url + n;
		out->rest = out->authority + strcspn(out->authority, "/?#");
		return out->rest == out->authority ? -1 : 0;
	}
	return -1;
}

static bool is_loopback(const char *url)
{
	struct url_parts u;
	size_t n;

	if (split_url(&u, url))
		return false;
	if (!strncmp(url, "http+unix:", 10) || !strncmp(u.authority, "[::1]", 5))
		return true;
	n = strcspn(u.authority, ":/?#");
	if (n == strlen("localhost") && !strncmp(u.authority, "localhost", n))
		return true;
	return !strncmp(u.authority, "127.", 4) &&
		strspn(u.authority, "0123456789.") == n;
}

static void check_url(const struct config_reading *r, const struct yaml_node *at,
	const char *url, bool base)
{
	struct url_parts u;

	if (split_url(&u, url)) {
		yaml_problem(r->p, at, "%s", _("this is no http or https URL"));
		problems_hint(r->p, "%s", _("write it as https://HOST[:PORT][/PATH]"));
	} else if (memchr(u.authority, '@', (size_t)(u.rest - u.authority))) {
		yaml_problem(
			r->p, at, "%s", _("a URL here holds no user and no password"));
		problems_hint(r->p, "%s",
			_("use auth: {basic: {user: NAME, password: {env: NAME}}}"));
	} else if (base && strpbrk(u.rest, "?#")) {
		yaml_problem(
			r->p, at, "%s", _("a source's URL ends before the '?' or '#'"));
	}
}

/* --- one source --- */

static void check_between(const struct config_reading *r, const struct yaml_node *map,
	const char *key, int64_t v, int64_t min, int64_t max, const char *words)
{
	if (yaml_get(map, key) && (v < min || v > max))
		yaml_problem(r->p, config_place(map, key), _("'%s' lies between %s"), key,
			words);
}

static bool is_local(const struct source_keys *k)
{
	for (size_t i = 0; i < k->targets.n; i++)
		if (!is_loopback(k->targets.items[i]))
			return false;
	return k->url ? is_loopback(k->url) : k->targets.n > 0;
}

void config_check_source(const struct config_reading *r, const struct source_keys *k)
{
	const struct yaml_node *targets = yaml_get(k->self, "targets");

	config_check_name(r, k->self, k->name);
	if (k->url)
		check_url(r, config_place(k->self, "url"), k->url, true);
	for (size_t i = 0; i < k->targets.n; i++)
		check_url(r,
			yaml_type(targets) == YAML_LIST ? yaml_item(targets, i) : targets,
			k->targets.items[i], false);
	if (k->targets.n && strcmp(k->type, "metrics") != 0)
		yaml_problem(r->p, targets, "%s",
			_("only sources of type metrics have targets"));
	check_between(
		r, k->self, "every", k->every_ns, NS_PER_S, NS_PER_DAY, _("1s and 1d"));
	check_between(r, k->self, "timeout", k->timeout_ns, 100 * NS_PER_MS,
		10 * NS_PER_MIN, _("100ms and 10m"));
	check_between(r, k->self, "max_bytes", k->max_bytes, 1000, INT64_C(1) << 30,
		_("1KB and 1GiB"));
	if (k->tls.insecure && !is_local(k)) {
		yaml_problem(r->p, config_place(yaml_get(k->self, "tls"), "insecure"),
			"%s", _("tls.insecure is for this machine only"));
		problems_hint(r->p, "%s",
			_("name the certificate's authority with tls: {ca: FILE}"));
	}
	if (!k->tls.cert != !k->tls.key)
		yaml_problem(r->p, config_place(k->self, "tls"), "%s",
			_("tls.cert and tls.key come together"));
}

void config_check_store(const struct config_reading *r, const struct store_keys *k)
{
	check_between(r, k->self, "keep", k->keep_ns, NS_PER_HOUR, 3650 * NS_PER_DAY,
		_("1h and 3650d"));
	check_between(r, k->self, "max", k->max_bytes, 16000000,
		INT64_C(1000000000000000), _("16MB and 1000TB"));
}

/* --- what names something else --- */

static const char *nearest_source(const struct config *c, const char *word)
{
	const char **names = mem_new(c->n_sources + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < c->n_sources; i++)
		names[i] = c->sources[i].name;
	near = text_nearest(word, names, c->n_sources);
	free(names);
	return near;
}

static void need_source(
	const struct config_reading *r, const struct yaml_node *at, const char *source)
{
	const char *near;

	if (!source || config_source(r->out, source))
		return;
	yaml_problem(r->p, at, _("there is no source '%s'"), source);
	near = nearest_source(r->out, source);
	if (near)
		problems_hint(r->p, _("did you mean '%s'?"), near);
	else
		problems_hint(r->p, "%s", _("give it under sources"));
}

static void check_context(const struct config_reading *r, const struct context_keys *k)
{
	const struct yaml_node *list = yaml_get(k->self, "sources");

	for (size_t i = 0; i < k->sources.n; i++)
		need_source(r, yaml_type(list) == YAML_LIST ? yaml_item(list, i) : list,
			k->sources.items[i]);
}

static void check_service(const struct config_reading *r, const struct service_keys *k)
{
	const struct lever_keys *levers = k->levers.items;
	const struct yaml_node *self = k->self;

	need_source(r, yaml_get(yaml_get(self, "model"), "source"), k->model.source);
	need_source(r, yaml_get(yaml_get(self, "serving"), "source"), k->serving.source);
	need_source(r, yaml_get(yaml_get(self, "agents"), "source"), k->agents.source);
	need_source(r, yaml_get(yaml_get(self, "retrain"), "source"), k->retrain.source);
	for (size_t i = 0; i < k->levers.n; i++) {
		need_source(r, yaml_get(levers[i].self, "source"), levers[i].source);
		for (size_t j = 0; j < i && levers[i].name; j++)
			if (levers[j].name && !strcmp(levers[i].name, levers[j].name))
				yaml_problem(r->p, levers[i].self,
					_("there are two levers named '%s'"),
					levers[i].name);
	}
}

void config_check_references(const struct config_reading *r, const struct config_keys *k)
{
	const struct context_keys *contexts = k->contexts.items;
	const struct service_keys *services = k->services.items;

	for (size_t i = 0; i < k->contexts.n; i++)
		check_context(r, &contexts[i]);
	for (size_t i = 0; i < k->services.n; i++)
		check_service(r, &services[i]);
	if (k->context && !config_context(r->out, k->context) &&
		(r->out->n_contexts || strcmp(k->context, "default") != 0))
		yaml_problem(r->p, yaml_get(k->self, "context"),
			_("there is no context '%s' to start in"), k->context);
}
