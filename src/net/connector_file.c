#include "config.h"
#include "net/connector.h"

#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "net/map.h"

/* --- what the key tables fill, before it is checked --- */

struct page_keys {
	const char *cursor, *query;
	int64_t max;
};

struct request_keys {
	const char *path[HTTP_METHODS];
	const struct yaml_node *query, *headers;
	const char *json;
};

struct read_keys {
	const char *name, *emits, *want, *fallback, *map;
	bool only_fallback, partial;
	struct request_keys request;
	struct page_keys page;
	int64_t overlap_ns, history_ns;
};

struct before_keys {
	struct request_keys request;
	const char *value, *missing;
};

struct verify_keys {
	struct request_keys request;
	const char *until;
	int64_t within_ns, every_ns;
};

struct binding_keys {
	const char *action;
	const struct yaml_node *with;
};

struct action_keys {
	const char *name, *title, *effects;
	int risk;
	const struct yaml_node *params;
	struct request_keys request;
	struct before_keys before;
	struct verify_keys verify;
	struct binding_keys undo, undo_missing;
};

struct verified_keys {
	const char *on, *version, *by;
};

struct env_keys {
	struct yaml_texts url, basic;
	const char *bearer;
};

struct probe_keys {
	struct request_keys request;
	const char *version;
};

struct file_keys {
	const char *connector, *title, *speaks;
	const struct yaml_node *verified;
	struct env_keys env;
	struct probe_keys probe;
	const struct yaml_node *reads, *actions;
};

/* clang-format off */
#define REQUEST_FIELDS(type, member)                                                              \
	{.key = "get", .want = YAML_TEXT, .offset = offsetof(type, member.path[HTTP_GET])},        \
	{.key = "post", .want = YAML_TEXT, .offset = offsetof(type, member.path[HTTP_POST])},      \
	{.key = "put", .want = YAML_TEXT, .offset = offsetof(type, member.path[HTTP_PUT])},        \
	{.key = "patch", .want = YAML_TEXT, .offset = offsetof(type, member.path[HTTP_PATCH])},    \
	{.key = "delete", .want = YAML_TEXT, .offset = offsetof(type, member.path[HTTP_DELETE])},  \
	{.key = "query", .want = YAML_NODE, .offset = offsetof(type, member.query)},               \
	{.key = "headers", .want = YAML_NODE, .offset = offsetof(type, member.headers)},           \
	{.key = "json", .want = YAML_TEXT, .offset = offsetof(type, member.json)}

#define KEY(type, name, kind, member, ...)                                                        \
	{.key = name, .want = kind, .offset = offsetof(type, member), __VA_ARGS__}

static const struct yaml_field page_fields[] = {
	KEY(struct page_keys, "cursor", YAML_TEXT, cursor, .flags = YAML_REQUIRED,
		.help = N_("jq: the answer to the next page's cursor, null at the end")),
	KEY(struct page_keys, "query", YAML_TEXT, query, .flags = YAML_REQUIRED,
		.help = N_("the query parameter that takes the cursor")),
	KEY(struct page_keys, "max", YAML_INT, max, .min = 1, .max = 10000,
		.help = N_("pages at the most")),
	{0},
};

static const struct yaml_field read_fields[] = {
	KEY(struct read_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED),
	KEY(struct read_keys, "emits", YAML_TEXT, emits, .flags = YAML_REQUIRED,
		.help = N_("the kind of record")),
	REQUEST_FIELDS(struct read_keys, request),
	KEY(struct read_keys, "page", YAML_SUB, page, .sub = page_fields),
	KEY(struct read_keys, "map", YAML_TEXT, map, .flags = YAML_REQUIRED,
		.help = N_("jq: the answer to records, one an output")),
	KEY(struct read_keys, "want", YAML_TEXT, want,
		.help = N_("read only when a console asks for this: session, trace")),
	KEY(struct read_keys, "fallback", YAML_TEXT, fallback,
		.help = N_("the read to use when this path is not there")),
	KEY(struct read_keys, "only_fallback", YAML_BOOL, only_fallback),
	KEY(struct read_keys, "partial", YAML_BOOL, partial,
		.help = N_("sees only what moved: what is missing has not gone away")),
	KEY(struct read_keys, "overlap", YAML_DURATION, overlap_ns,
		.help = N_("how far $since lies before the last success")),
	KEY(struct read_keys, "history", YAML_DURATION, history_ns,
		.help = N_("how far $since lies back at first contact")),
	{0},
};

static const struct yaml_field before_fields[] = {
	REQUEST_FIELDS(struct before_keys, request),
	KEY(struct before_keys, "value", YAML_TEXT, value, .flags = YAML_REQUIRED,
		.help = N_("jq: the answer to the current value")),
	KEY(struct before_keys, "missing", YAML_TEXT, missing,
		.help = N_("jq on an error's body: true when there is no value yet")),
	{0},
};

static const struct yaml_field verify_fields[] = {
	REQUEST_FIELDS(struct verify_keys, request),
	KEY(struct verify_keys, "until", YAML_TEXT, until, .flags = YAML_REQUIRED,
		.help = N_("jq: true when the change is there")),
	KEY(struct verify_keys, "within", YAML_DURATION, within_ns),
	KEY(struct verify_keys, "every", YAML_DURATION, every_ns),
	{0},
};

static const struct yaml_field binding_fields[] = {
	KEY(struct binding_keys, "action", YAML_TEXT, action, .flags = YAML_REQUIRED),
	KEY(struct binding_keys, "with", YAML_NODE, with),
	{0},
};

static const char *const risks[] = {"change", "destroy", NULL};

static const struct yaml_field action_fields[] = {
	KEY(struct action_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED),
	KEY(struct action_keys, "title", YAML_TEXT, title),
	KEY(struct action_keys, "effects", YAML_TEXT, effects,
		.help = N_("what a person should know before")),
	KEY(struct action_keys, "risk", YAML_CHOICE, risk, .choices = risks),
	KEY(struct action_keys, "params", YAML_NODE, params),
	REQUEST_FIELDS(struct action_keys, request),
	KEY(struct action_keys, "before", YAML_SUB, before, .sub = before_fields),
	KEY(struct action_keys, "verify", YAML_SUB, verify, .sub = verify_fields),
	KEY(struct action_keys, "undo", YAML_SUB, undo, .sub = binding_fields),
	KEY(struct action_keys, "undo_missing", YAML_SUB, undo_missing, .sub = binding_fields,
		.help = N_("instead of undo when there was no value before")),
	{0},
};

static const struct yaml_field verified_fields[] = {
	KEY(struct verified_keys, "on", YAML_TEXT, on, .flags = YAML_REQUIRED),
	KEY(struct verified_keys, "version", YAML_TEXT, version, .flags = YAML_REQUIRED),
	KEY(struct verified_keys, "by", YAML_TEXT, by, .flags = YAML_REQUIRED),
	{0},
};

static const struct yaml_field env_fields[] = {
	KEY(struct env_keys, "url", YAML_TEXTS, url),
	KEY(struct env_keys, "bearer", YAML_TEXT, bearer),
	KEY(struct env_keys, "basic", YAML_TEXTS, basic),
	{0},
};

static const struct yaml_field probe_fields[] = {
	REQUEST_FIELDS(struct probe_keys, request),
	KEY(struct probe_keys, "version", YAML_TEXT, version,
		.help = N_("jq: the answer to the version; without it, the answer's text")),
	{0},
};

static const struct yaml_field file_fields[] = {
	KEY(struct file_keys, "connector", YAML_TEXT, connector, .flags = YAML_REQUIRED),
	KEY(struct file_keys, "title", YAML_TEXT, title),
	KEY(struct file_keys, "speaks", YAML_TEXT, speaks),
	KEY(struct file_keys, "verified", YAML_NODE, verified),
	KEY(struct file_keys, "env", YAML_SUB, env, .sub = env_fields),
	KEY(struct file_keys, "probe", YAML_SUB, probe, .sub = probe_fields),
	KEY(struct file_keys, "reads", YAML_NODE, reads),
	KEY(struct file_keys, "actions", YAML_NODE, actions),
	{0},
};
/* clang-format on */

/* --- from keys to the connector --- */

static void read_pairs(struct pairs *out, const struct yaml_node *map, struct arena *a,
	struct problems *p)
{
	if (!map)
		return;
	if (yaml_type(map) != YAML_MAP) {
		yaml_problem(p, map, _("expected a map of names to values"));
		return;
	}
	out->items = arena_alloc(a, yaml_count(map), sizeof(*out->items));
	for (size_t i = 0; i < yaml_count(map); i++) {
		const struct yaml_node *value = yaml_value(map, i);
		struct pair *pair = &out->items[out->n];

		pair->name = arena_strdup(a, yaml_text(yaml_key(map, i)));
		pair->value = arena_strdup(a, yaml_text(value));
		pair->line = yaml_line(value);
		if (pair->name && pair->value)
			out->n++;
		else
			yaml_problem(
				p, value, _("expected text, or a variable as $name"));
	}
}

static void check_path(const char *path, const struct yaml_node *at, struct problems *p)
{
	if (*path != '/')
		yaml_problem(p, at, _("a path begins with '/': '%s'"), path);
	if (strpbrk(path, "?#"))
		yaml_problem(
			p, at, _("a path holds no query; use the key query: '%s'"), path);
	for (const char *s = path; (s = strpbrk(s, "{}")); s++)
		if (*s == '{' ? (s == path || s[-1] != '/') : (s[1] && s[1] != '/'))
			yaml_problem(p, at,
				_("'{name}' is a whole segment of a path: '%s'"), path);
}

static void read_request(struct connector_request *out, const struct request_keys *keys,
	const struct yaml_node *at, bool required, struct arena *a, struct problems *p)
{
	out->line = yaml_line(at);
	for (int m = 0; m < HTTP_METHODS; m++) {
		if (!keys->path[m])
			continue;
		if (out->path)
			yaml_problem(p, at,
				_("more than one of get, post, put, patch, delete"));
		out->method = (enum http_method)m;
		out->path = keys->path[m];
		check_path(out->path, at, p);
	}
	if (!out->path && required)
		yaml_problem(p, at, _("one of get, post, put, patch, delete is needed"));
	read_pairs(&out->query, keys->query, a, p);
	read_pairs(&out->headers, keys->headers, a, p);
	out->json = keys->json;
}

static void read_one_read(
	struct connector *c, const struct yaml_node *node, struct problems *p)
{
	struct connector_read *r = &c->reads[c->n_reads];
	struct read_keys k = {.page = {.max = 200},
		.overlap_ns = 2 * NS_PER_MIN,
		.history_ns = 6 * NS_PER_HOUR};

	if (yaml_read(&k, node, read_fields, &c->arena, p))
		return;
	if (connector_read_find(c, k.name))
		yaml_problem(p, node, _("there are two reads named '%s'"), k.name);
	r->emits = record_kind_of(k.emits);
	if (r->emits == REC_NONE)
		yaml_problem(p, yaml_get(node, "emits"),
			_("there is no kind of record '%s'"), k.emits);
	read_request(&r->request, &k.request, node, true, &c->arena, p);
	r->name = k.name;
	r->want = k.want;
	r->fallback = k.fallback;
	r->only_fallback = k.only_fallback;
	r->partial = k.partial;
	r->map = k.map;
	r->cursor = k.page.cursor;
	r->cursor_query = k.page.query;
	r->max_pages = k.page.max;
	r->overlap_ns = k.overlap_ns;
	r->history_ns = k.history_ns;
	c->n_reads++;
}

static void read_param(struct connector_param *out, const char *name,
	const struct yaml_node *node, struct arena *a, struct problems *p)
{
	struct err e = ERR_INIT;
	const char *word = yaml_text(node);

	out->name = arena_strdup(a, name);
	out->min = 1;
	if (map_name_check(name, &e) || !strcmp(name, "before"))
		yaml_problem(p, node, _("'%s' cannot be a parameter's name"), name);
	err_release(&e);
	if (yaml_type(node) == YAML_LIST) {
		out->type = PARAM_CHOICE;
		out->choices.items = arena_alloc(a, yaml_count(node), sizeof(char *));
		for (size_t i = 0; i < yaml_count(node); i++) {
			const char *text = yaml_text(yaml_item(node, i));

			if (text)
				out->choices.items[out->choices.n++] =
					arena_strdup(a, text);
		}
		return;
	}
	if (word && word[0] && word[strlen(word) - 1] == '?')
		out->optional = true;
	if (word && !strncmp(word, "text", 4))
		out->type = PARAM_TEXT;
	else if (word && !strncmp(word, "number", 6))
		out->type = PARAM_NUMBER;
	else
		yaml_problem(
			p, node, _("a parameter is text, number, or a list of choices"));
}

static void read_params(struct connector_action *act, const struct yaml_node *map,
	struct arena *a, struct problems *p)
{
	if (!map)
		return;
	if (yaml_type(map) != YAML_MAP) {
		yaml_problem(p, map, _("params is a map of names to types"));
		return;
	}
	act->params = arena_alloc(a, yaml_count(map), sizeof(*act->params));
	for (size_t i = 0; i < yaml_count(map); i++)
		read_param(&act->params[act->n_params++], yaml_text(yaml_key(map, i)),
			yaml_value(map, i), a, p);
}

static void read_one_action(
	struct connector *c, const struct yaml_node *node, struct problems *p)
{
	struct connector_action *act = &c->actions[c->n_actions];
	struct action_keys k = {
		.verify = {.within_ns = 30 * NS_PER_S, .every_ns = NS_PER_S}};
	struct arena *a = &c->arena;

	if (yaml_read(&k, node, action_fields, a, p))
		return;
	if (connector_action_find(c, k.name))
		yaml_problem(p, node, _("there are two actions named '%s'"), k.name);
	act->name = k.name;
	act->title = k.title ? k.title : k.name;
	act->effects = k.effects;
	act->risk = risks[k.risk];
	read_params(act, k.params, a, p);
	read_request(&act->request, &k.request, node, true, a, p);
	read_request(&act->before, &k.before.request, node, k.before.value != NULL, a, p);
	act->before_value = k.before.value;
	act->before_missing = k.before.missing;
	read_request(&act->verify, &k.verify.request, node, k.verify.until != NULL, a, p);
	act->verify_until = k.verify.until;
	act->verify_within_ns = k.verify.within_ns;
	act->verify_every_ns = k.verify.every_ns;
	act->undo.action = k.undo.action;
	read_pairs(&act->undo.with, k.undo.with, a, p);
	act->undo_missing.action = k.undo_missing.action;
	read_pairs(&act->undo_missing.with, k.undo_missing.with, a, p);
	c->n_actions++;
}

/* Names that point at each other have to exist. */
static void check_names(const struct connector *c, struct problems *p)
{
	for (size_t i = 0; i < c->n_reads; i++) {
		const struct connector_read *r = &c->reads[i];

		if (r->fallback && !connector_read_find(c, r->fallback))
			problems_add(p, r->request.line, 1,
				_("there is no read named '%s'"), r->fallback);
	}
	for (size_t i = 0; i < c->n_actions; i++) {
		const struct connector_action *act = &c->actions[i];
		const char *const names[] = {act->undo.action, act->undo_missing.action};

		for (size_t j = 0; j < ARRAY_LEN(names); j++)
			if (names[j] && !connector_action_find(c, names[j]))
				problems_add(p, act->request.line, 1,
					_("there is no action named '%s'"), names[j]);
	}
}

typedef void item_fn(
	struct connector *c, const struct yaml_node *node, struct problems *p);

static void read_list(struct connector *c, const struct yaml_node *list, item_fn *fn,
	struct problems *p)
{
	if (list && yaml_type(list) != YAML_LIST)
		yaml_problem(p, list, _("expected a list"));
	for (size_t i = 0; i < yaml_count(list); i++)
		fn(c, yaml_item(list, i), p);
}

static void read_verified(
	struct connector *c, const struct yaml_node *node, struct problems *p)
{
	struct verified_keys v = {0};
	const char *word = yaml_text(node);

	if (!node || (word && !strcmp(word, "documented")))
		return;
	if (yaml_type(node) != YAML_MAP) {
		yaml_problem(p, node, _("verified is {on, version, by}, or documented"));
		return;
	}
	yaml_read(&v, node, verified_fields, &c->arena, p);
	c->verified_on = v.on;
	c->verified_version = v.version;
	c->verified_by = v.by;
}

int connector_parse(struct connector *out, const char *file, const char *s, size_t n,
	struct problems *p)
{
	struct yaml_doc *doc = NULL;
	struct file_keys k = {0};
	const struct yaml_node *root;

	*out = (struct connector){0};
	arena_init(&out->arena);
	out->file = arena_strdup(&out->arena, file);
	if (yaml_parse(&doc, s, n, p)) {
		yaml_free(doc);
		return -1;
	}
	root = yaml_root(doc, 0);
	if (!yaml_read(&k, root, file_fields, &out->arena, p)) {
		out->name = k.connector;
		out->title = k.title ? k.title : k.connector;
		out->speaks = k.speaks;
		out->env_url = k.env.url;
		out->env_basic = k.env.basic;
		out->env_bearer = k.env.bearer;
		out->probe_version = k.probe.version;
		out->reads = arena_alloc(
			&out->arena, yaml_count(k.reads) + 1, sizeof(*out->reads));
		out->actions = arena_alloc(
			&out->arena, yaml_count(k.actions) + 1, sizeof(*out->actions));
		read_verified(out, k.verified, p);
		read_request(&out->probe, &k.probe.request, root, false, &out->arena, p);
		read_list(out, k.reads, read_one_read, p);
		read_list(out, k.actions, read_one_action, p);
		check_names(out, p);
	}
	yaml_free(doc);
	return p->n ? -1 : 0;
}
