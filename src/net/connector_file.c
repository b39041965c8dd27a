/* connector_file.c - a connector's file: its own keys, and what has to fit together */
#include "config.h"
#include "net/connector_keys.h"

#include <string.h>

#include "core/i18n.h"
#include "core/text.h"
#include "net/map.h"

struct verified_keys {
	const char *on, *version, *by;
};

struct env_keys {
	struct yaml_texts url, basic;
	const char *bearer;
	const struct yaml_node *options;
};

struct probe_keys {
	struct request_keys request;
	const struct yaml_node *version;
};

struct rate_keys {
	int64_t requests, per_ns;
};

struct file_keys {
	const char *connector, *title, *speaks, *url;
	const struct yaml_node *verified, *options, *auth, *headers, *error, *ok, *probe,
		*reads, *actions;
	struct env_keys env;
	struct rate_keys rate;
};

/* clang-format off */
const struct yaml_field connector_verified_fields[] = {
	KEY(struct verified_keys, "on", YAML_TEXT, on, .flags = YAML_REQUIRED,
		.help = N_("the day, 2026-11-21; after 180 days it shows as aged")),
	KEY(struct verified_keys, "version", YAML_TEXT, version, .flags = YAML_REQUIRED,
		.help = N_("of the system that it was tried on")),
	KEY(struct verified_keys, "by", YAML_TEXT, by, .flags = YAML_REQUIRED,
		.help = N_("the test that does it again")),
	{0},
};

const struct yaml_field connector_env_fields[] = {
	KEY(struct env_keys, "url", YAML_TEXTS, url,
		.help = N_("variables of the environment, the first that is set counts")),
	KEY(struct env_keys, "bearer", YAML_TEXT, bearer,
		.help = N_("the variable that holds a token")),
	KEY(struct env_keys, "basic", YAML_TEXTS, basic,
		.help = N_("the variables that hold user and password")),
	KEY(struct env_keys, "options", YAML_NODE, options,
		.help = N_("options to the variables that give them")),
	{0},
};

const struct yaml_field connector_probe_fields[] = {
	REQUEST_FIELDS(struct probe_keys, request),
	RPC_FIELD(struct probe_keys, request),
	KEY(struct probe_keys, "version", YAML_NODE, version,
		.help = N_("jq: the answer to the version; without it, the answer's text")),
	{0},
};

const struct yaml_field connector_rate_fields[] = {
	KEY(struct rate_keys, "requests", YAML_INT, requests, .min = 1, .max = 100000,
		.flags = YAML_REQUIRED, .help = N_("so many")),
	KEY(struct rate_keys, "per", YAML_DURATION, per_ns, .flags = YAML_REQUIRED,
		.help = N_("in this time")),
	{0},
};

const struct yaml_field connector_file_fields[] = {
	KEY(struct file_keys, "connector", YAML_TEXT, connector, .flags = YAML_REQUIRED,
		.help = N_("its name, which is the file's and the type of its sources")),
	KEY(struct file_keys, "title", YAML_TEXT, title,
		.help = N_("the system, for people")),
	KEY(struct file_keys, "speaks", YAML_TEXT, speaks,
		.help = N_("which API, of which versions")),
	KEY(struct file_keys, "verified", YAML_NODE, verified,
		.help = N_("documented, or on, version and by")),
	KEY(struct file_keys, "url", YAML_TEXT, url,
		.help = N_("where it is when nobody says; {option} is replaced")),
	KEY(struct file_keys, "env", YAML_SUB, env, .sub = connector_env_fields,
		.help = N_("what the system's own client reads from the environment")),
	KEY(struct file_keys, "options", YAML_NODE, options,
		.help = N_("what a source may set under with")),
	KEY(struct file_keys, "auth", YAML_NODE, auth,
		.help = N_("when the source says none: kube, sigv4, oci, gcp or login")),
	KEY(struct file_keys, "headers", YAML_NODE, headers,
		.help = N_("of every request")),
	KEY(struct file_keys, "error", YAML_NODE, error,
		.help = N_("jq: an error's body to its message, or {says, status: the one meant}")),
	KEY(struct file_keys, "ok", YAML_NODE, ok,
		.help = N_("jq: the body of a 2xx to false or null when it failed all the same")),
	KEY(struct file_keys, "rate", YAML_SUB, rate, .sub = connector_rate_fields,
		.help = N_("no more requests than this")),
	KEY(struct file_keys, "probe", YAML_NODE, probe,
		.help = N_("the request that asks who answers")),
	KEY(struct file_keys, "reads", YAML_NODE, reads,
		.help = N_("a list: what is read")),
	KEY(struct file_keys, "actions", YAML_NODE, actions,
		.help = N_("a list: what can be done")),
	{0},
};
/* clang-format on */

void connector_no_such(const struct connector_reading *r, int line, const char *fmt,
	const char *word, const char *const *names, size_t n)
{
	const char *near = text_nearest(word, names, n);
	struct strbuf all = STRBUF_INIT;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	problems_add(r->p, line, 1, fmt, word);
#pragma GCC diagnostic pop
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&all, "%s%s", i ? ", " : "", names[i]);
	if (near)
		problems_hint(r->p, _("did you mean '%s'?"), near);
	else if (n)
		problems_hint(r->p, _("there are: %s"), all.buf);
	strbuf_release(&all);
}

/* What the engine binds itself. */
static const char *const own_variables[] = {"source", "now", "since", "object", "cursor",
	"headers", "status", "before", "once", "user", "password"};

void connector_check_variable(
	const char *name, const struct yaml_node *at, const struct connector_reading *r)
{
	struct err e = ERR_INIT;
	bool taken = map_name_check(name, &e) != 0;

	for (size_t i = 0; i < ARRAY_LEN(own_variables); i++)
		taken |= !strcmp(own_variables[i], name);
	for (size_t i = 0; i < r->out->n_options; i++)
		if (!strcmp(r->out->options[i].name, name)) {
			yaml_problem(r->p, at, _("'%s' is an option already"), name);
			err_release(&e);
			return;
		}
	if (taken)
		yaml_problem(r->p, at, _("'%s' cannot be a variable's name"), name);
	if (e.hint)
		problems_hint(r->p, "%s", e.hint);
	err_release(&e);
}

void connector_read_list(const struct yaml_node *list, connector_item_fn *fn,
	const struct connector_reading *r)
{
	if (list && yaml_type(list) != YAML_LIST) {
		yaml_problem(r->p, list, "%s", _("expected a list"));
		return;
	}
	for (size_t i = 0; i < yaml_count(list); i++)
		fn(yaml_item(list, i), r);
}

/* --- names that point at each other have to exist --- */

/* Reads that stand in for each other would be asked for ever where none of them is there. */
static bool leads_back(const struct connector *c, const struct connector_read *read)
{
	const struct connector_read *next = read;

	for (size_t i = 0; i < c->n_reads && next && next->fallback; i++) {
		next = connector_read_find(c, next->fallback);
		if (next == read)
			return true;
	}
	return false;
}

static void check_fallbacks(const struct connector_reading *r)
{
	const struct connector *c = r->out;
	const char **names = arena_alloc(r->a, c->n_reads + 1, sizeof(*names));

	for (size_t i = 0; i < c->n_reads; i++)
		names[i] = c->reads[i].name;
	for (size_t i = 0; i < c->n_reads; i++) {
		const struct connector_read *read = &c->reads[i];

		if (read->fallback && !connector_read_find(c, read->fallback))
			connector_no_such(r, read->request.line,
				_("there is no read named '%s'"), read->fallback, names,
				c->n_reads);
		if (leads_back(c, read))
			problems_add(r->p, read->request.line, 0,
				_("the fallbacks of '%s' lead back to it"), read->name);
	}
}

static void check_undo(const struct connector_reading *r,
	const struct connector_action *act, const struct connector_binding *undo)
{
	const struct connector *c = r->out;
	const char **names = arena_alloc(r->a, c->n_actions + 1, sizeof(*names));

	for (size_t i = 0; i < c->n_actions; i++)
		names[i] = c->actions[i].name;
	if (undo->action && !connector_action_find(c, undo->action))
		connector_no_such(r, act->line, _("there is no action named '%s'"),
			undo->action, names, c->n_actions);
}

static void check_names(const struct connector_reading *r)
{
	check_fallbacks(r);
	for (size_t i = 0; i < r->out->n_actions; i++) {
		check_undo(r, &r->out->actions[i], &r->out->actions[i].undo);
		check_undo(r, &r->out->actions[i], &r->out->actions[i].undo_missing);
		check_undo(r, &r->out->actions[i], &r->out->actions[i].follow.stop);
	}
}

/* --- the file's own keys --- */

static void read_verified(const struct yaml_node *node, const struct connector_reading *r)
{
	struct verified_keys v = {0};
	const char *word = yaml_text(node);

	if (!node || (word && !strcmp(word, "documented")))
		return;
	if (yaml_type(node) != YAML_MAP) {
		yaml_problem(r->p, node, "%s",
			_("verified is {on, version, by}, or documented"));
		return;
	}
	yaml_read(&v, node, connector_verified_fields, r->a, r->p);
	r->out->verified_on = v.on;
	r->out->verified_version = v.version;
	r->out->verified_by = v.by;
}

static void read_probe(const struct yaml_node *node, const struct connector_reading *r)
{
	struct probe_keys k = {0};

	if (!node || yaml_read(&k, node, connector_probe_fields, r->a, r->p))
		return;
	connector_read_request(&r->out->probe, &k.request, true, r);
	connector_read_jq(&r->out->probe_version, k.version, r);
}

static void read_texts(struct connector *c, const struct file_keys *k)
{
	c->name = k->connector;
	c->title = k->title ? k->title : k->connector;
	c->speaks = k->speaks;
	c->url = k->url;
	c->env_url = k->env.url;
	c->env_basic = k->env.basic;
	c->env_bearer = k->env.bearer;
	c->rate_requests = k->rate.requests;
	c->rate_per_ns = k->rate.per_ns;
}

static void read_file(const struct yaml_node *root, const struct connector_reading *r)
{
	struct connector *c = r->out;
	struct file_keys k = {0};

	if (yaml_read(&k, root, connector_file_fields, r->a, r->p))
		return;
	read_texts(c, &k);
	if (c->rate_requests && c->rate_per_ns <= 0)
		yaml_problem(r->p, yaml_get(root, "rate"), "%s",
			_("the time of a rate is longer than 0"));
	read_verified(k.verified, r);
	connector_read_options(k.options, k.env.options, r);
	connector_read_headers(&c->headers, k.headers, r);
	connector_read_jq(&c->error, k.error, r);
	connector_read_jq(&c->ok, k.ok, r);
	(void)auth_conf_read_default(&c->auth, k.auth, r->a, r->p);
	read_probe(k.probe, r);
	c->reads = arena_alloc(r->a, yaml_count(k.reads) + 1, sizeof(*c->reads));
	c->actions = arena_alloc(r->a, yaml_count(k.actions) + 1, sizeof(*c->actions));
	connector_read_list(k.reads, connector_read_read, r);
	connector_read_list(k.actions, connector_read_action, r);
	check_names(r);
}

int connector_parse(struct connector *out, const char *file, const char *s, size_t n,
	struct problems *p)
{
	struct yaml_doc *doc = NULL;
	const struct connector_reading r = {out, &out->arena, p};

	*out = (struct connector){0};
	arena_init(&out->arena);
	out->file = arena_strdup(&out->arena, file);
	if (!yaml_parse(&doc, s, n, p))
		read_file(yaml_root(doc, 0), &r);
	yaml_free(doc);
	return p->n ? -1 : 0;
}
