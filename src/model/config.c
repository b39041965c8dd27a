#include "config.h"
#include "model/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/path.h"
#include "core/text.h"
#include "model/config_keys.h"

#define FILE_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define EVERY_NS (15 * NS_PER_S)
#define TIMEOUT_NS (10 * NS_PER_S)

/* One file while it is read. */
struct reading {
	struct config *out;
	struct arena *a;
	struct problems *p;
	const char *dir; /* what relative paths are relative to */
	bool system, shared; /* shared: the system's file names the store */
	const struct yaml_node *root; /* of this file, for problems by line */
};

const struct yaml_field *config_fields(void)
{
	return config_key_table;
}

const struct context_conf *config_context(const struct config *c, const char *name)
{
	if (!name || !*name)
		name = c->context;
	for (size_t i = 0; name && i < c->n_contexts; i++)
		if (!strcmp(c->contexts[i].name, name))
			return &c->contexts[i];
	return name || !c->n_contexts ? NULL : &c->contexts[0];
}

const struct source_conf *config_source(const struct config *c, const char *name)
{
	for (size_t i = 0; name && i < c->n_sources; i++)
		if (!strcmp(c->sources[i].name, name))
			return &c->sources[i];
	return NULL;
}

const struct service_conf *config_service(const struct config *c, const char *name)
{
	for (size_t i = 0; name && i < c->n_services; i++)
		if (!strcmp(c->services[i].name, name))
			return &c->services[i];
	return NULL;
}

bool context_has_source(const struct context_conf *ctx, const char *source)
{
	for (size_t i = 0; source && i < ctx->sources.n; i++)
		if (!strcmp(ctx->sources.items[i], source))
			return true;
	return false;
}

void config_release(struct config *c)
{
	arena_release(&c->arena);
	*c = (struct config){0};
}

/* --- pieces --- */

static const char *expanded(const struct reading *r, const char *path)
{
	char *full = path ? path_expand(path, r->dir) : NULL;
	const char *out = arena_strdup(r->a, full);

	free(full);
	return out;
}

static void expand_all(const struct reading *r, struct yaml_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->items[i] = expanded(r, t->items[i]);
}

static const struct yaml_node *item(const struct reading *r, const char *key, size_t i)
{
	return yaml_item(yaml_get(r->root, key), i);
}

/* Names go into rows, file names and prompts. */
static void check_name(
	const struct reading *r, const struct yaml_node *at, const char *name)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (!*name || strlen(name) > 64 || strspn(name, good) != strlen(name)) {
		yaml_problem(r->p, at, _("'%s' cannot be a name"), name);
		problems_hint(r->p, "%s",
			_("use letters, digits, '.', '_' and '-', at most 64"));
	}
}

static bool is_loopback(const char *url)
{
	static const char *const hosts[] = {
		"://127.", "://localhost", "://[::1]", "http+unix://"};

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (url && strstr(url, hosts[i]))
			return true;
	return false;
}

static void check_url(
	const struct reading *r, const struct yaml_node *at, const char *url)
{
	if (!url)
		return;
	if (strncmp(url, "http://", 7) && strncmp(url, "https://", 8) &&
		strncmp(url, "http+unix://", 12)) {
		yaml_problem(r->p, at, _("'%s' is no http or https URL"), url);
	} else if (strchr(strstr(url, "://") + 3, '@')) {
		yaml_problem(r->p, at, _("a URL here holds no user and no password"));
		problems_hint(r->p, "%s",
			_("use auth: {basic: {user: ..., password: {env: NAME}}}"));
	}
}

/* --- sources --- */

static void add_source(const struct reading *r, const struct source_keys *k, size_t i)
{
	struct config *c = r->out;
	const struct yaml_node *at = item(r, "sources", i);
	struct source_conf *s = &c->sources[c->n_sources];

	check_name(r, at, k->name);
	check_url(r, at, k->url);
	for (size_t j = 0; j < k->targets.n; j++)
		check_url(r, at, k->targets.items[j]);
	if (config_source(c, k->name)) {
		yaml_problem(r->p, at, _("there are two sources named '%s'"), k->name);
		return;
	}
	*s = (struct source_conf){
		.name = k->name,
		.type = k->type,
		.url = k->url,
		.every_ns = k->every_ns ? k->every_ns : EVERY_NS,
		.timeout_ns = k->timeout_ns ? k->timeout_ns : TIMEOUT_NS,
		.max_bytes = k->max_bytes,
		.targets = k->targets,
		.keep_content = config_keep_words[k->keep_content],
		.system = r->system,
		.line = yaml_line(at),
		.tls = {.ca = expanded(r, k->tls.ca),
			.cert = expanded(r, k->tls.cert),
			.key = expanded(r, k->tls.key),
			.insecure = k->tls.insecure},
	};
	if (s->every_ns < NS_PER_S || s->every_ns > NS_PER_DAY)
		yaml_problem(r->p, at, _("every lies between 1s and 1d"));
	if (s->tls.insecure && !is_loopback(s->url))
		yaml_problem(r->p, at, _("tls.insecure is for this machine only"));
	config_read_auth(&s->auth, k->auth, r->dir, r->a, r->p);
	s->n_headers = config_read_map(
		&s->header_names, &s->header_values, k->headers, r->a, r->p);
	c->n_sources++;
}

/* --- contexts --- */

static struct context_conf *context_named(struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_contexts; i++)
		if (!strcmp(c->contexts[i].name, name))
			return &c->contexts[i];
	return NULL;
}

/* A file of yours may tighten a context of the system's, never loosen it. */
static void add_context(const struct reading *r, const struct context_keys *k, size_t i)
{
	struct config *c = r->out;
	const struct yaml_node *at = item(r, "contexts", i);
	struct context_conf *ctx = context_named(c, k->name);

	check_name(r, at, k->name);
	if (ctx) {
		if (ctx->read_only && yaml_get(at, "read_only") && !k->read_only)
			yaml_problem(r->p, at,
				_("the system's configuration makes '%s' read-only"),
				k->name);
		ctx->read_only |= k->read_only;
		return;
	}
	ctx = &c->contexts[c->n_contexts++];
	*ctx = (struct context_conf){.name = k->name,
		.region = k->region,
		.read_only = k->read_only,
		.sources = k->sources};
}

/* --- services --- */

static void add_lever(
	const struct reading *r, struct service_conf *s, const struct lever_keys *k)
{
	struct lever_conf *l = &s->levers[s->n_levers++];

	*l = (struct lever_conf){.name = k->name,
		.source = k->source,
		.action = k->action,
		.within_ns = k->within_ns,
		.owner = k->owner};
	l->n_with = config_read_map(&l->with_names, &l->with_values, k->with, r->a, r->p);
}

static void add_service(const struct reading *r, struct service_keys *k, size_t i)
{
	struct config *c = r->out;
	const struct yaml_node *at = item(r, "services", i);
	struct service_conf *s = &c->services[c->n_services];
	const struct lever_keys *levers = k->levers.items;

	if (config_service(c, k->name)) {
		yaml_problem(r->p, at, _("there are two services named '%s'"), k->name);
		return;
	}
	expand_all(r, &k->slos);
	expand_all(r, &k->drift);
	*s = (struct service_conf){
		.name = k->name,
		.owner = k->owner,
		.guessed = k->guessed,
		.model = k->model,
		.serving = k->serving,
		.agents = {k->agents.source, k->agents.match.name},
		.slos = k->slos,
		.drift = k->drift,
		.runbooks = k->runbooks,
	};
	s->levers = arena_alloc(r->a, k->levers.n + 1, sizeof(*s->levers));
	for (size_t j = 0; j < k->levers.n; j++)
		add_lever(r, s, &levers[j]);
	c->n_services++;
}

/* --- one file --- */

/* On a shared store, what is watched is the administrator's to say. */
static void refuse_on_shared(const struct reading *r, const struct config_keys *k)
{
	static const char *const keys[] = {"sources", "services", "contexts"};

	if (r->system || !r->shared || k->store.path)
		return;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct yaml_node *at = yaml_get(r->root, keys[i]);

		if (!at)
			continue;
		yaml_problem(r->p, at,
			_("the store is shared: %s are the system configuration's"),
			keys[i]);
		problems_hint(r->p, "%s",
			_("set store: {path: auto} to watch your own in a store of your "
			  "own"));
	}
}

static void *room_for(struct arena *a, void *items, size_t n, size_t more, size_t size)
{
	void *out = arena_alloc(a, n + more + 1, size);

	if (n)
		memcpy(out, items, n * size);
	return out;
}

static void append(struct arena *a, struct yaml_texts *to, const struct yaml_texts *more)
{
	to->items = room_for(a, to->items, to->n, more->n, sizeof(*to->items));
	for (size_t i = 0; i < more->n; i++)
		to->items[to->n++] = more->items[i];
}

static void take_lists(const struct reading *r, struct config_keys *k)
{
	struct config *c = r->out;
	const struct source_keys *sources = k->sources.items;
	const struct context_keys *contexts = k->contexts.items;
	struct service_keys *services = k->services.items;

	c->sources = room_for(
		r->a, c->sources, c->n_sources, k->sources.n, sizeof(*c->sources));
	c->contexts = room_for(
		r->a, c->contexts, c->n_contexts, k->contexts.n, sizeof(*c->contexts));
	c->services = room_for(
		r->a, c->services, c->n_services, k->services.n, sizeof(*c->services));
	for (size_t i = 0; i < k->sources.n; i++)
		add_source(r, &sources[i], i);
	for (size_t i = 0; i < k->contexts.n; i++)
		add_context(r, &contexts[i], i);
	for (size_t i = 0; i < k->services.n; i++)
		add_service(r, &services[i], i);
	expand_all(r, &k->runbooks);
	expand_all(r, &k->connectors);
	append(r->a, &c->runbooks, &k->runbooks);
	append(r->a, &c->connectors, &k->connectors);
}

static void take_settings(const struct reading *r, const struct config_keys *k)
{
	struct config *c = r->out;

	c->context = k->context ? k->context : c->context;
	if (k->store.path)
		c->store_path =
			strcmp(k->store.path, "auto") ? expanded(r, k->store.path) : NULL;
	c->store_keep_ns = k->store.keep_ns;
	c->store_max_bytes = k->store.max_bytes;
	c->audit_sign = config_sign_words[k->audit.sign];
	append(r->a, &c->audit_ship, &k->audit.ship);
	c->notify = (struct notify_conf){.desktop = k->notify.desktop,
		.terminal = config_auto_words[k->notify.terminal],
		.bell = config_bell_words[k->notify.bell],
		.command = k->notify.command};
	c->ui = (struct ui_conf){.theme = k->ui.theme,
		.clock = config_clock_words[k->ui.clock],
		.mouse = k->ui.mouse,
		.low_bandwidth = k->ui.low_bandwidth == 0 ? -1 : k->ui.low_bandwidth == 1,
		.plain = k->ui.plain};
}

/* What an earlier file set stays where this one is silent. */
static struct config_keys keys_from(const struct config *c)
{
	struct config_keys k = {
		.store = {.keep_ns = c->store_keep_ns, .max_bytes = c->store_max_bytes},
		.notify = {.desktop = c->notify.desktop, .command = c->notify.command},
		.ui = {.theme = c->ui.theme,
			.mouse = c->ui.mouse,
			.plain = c->ui.plain,
			.low_bandwidth = c->ui.low_bandwidth < 0 ? 0
				: c->ui.low_bandwidth            ? 1
								 : 2},
	};
	const struct {
		int *index;
		const char *const *words;
		const char *word;
	} choices[] = {
		{&k.audit.sign, config_sign_words, c->audit_sign},
		{&k.notify.terminal, config_auto_words, c->notify.terminal},
		{&k.notify.bell, config_bell_words, c->notify.bell},
		{&k.ui.clock, config_clock_words, c->ui.clock},
	};

	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		for (int j = 0; choices[i].words[j]; j++)
			if (!strcmp(choices[i].words[j], choices[i].word))
				*choices[i].index = j;
	return k;
}

static void read_document(struct reading *r, const char *s, size_t n)
{
	struct yaml_doc *doc = NULL;
	struct config_keys k = keys_from(r->out);

	if (!yaml_parse(&doc, s, n, r->p)) {
		r->root = yaml_root(doc, 0);
		if (yaml_type(r->root) != YAML_NONE && yaml_type(r->root) != YAML_NULL &&
			!yaml_read(&k, r->root, config_key_table, r->a, r->p)) {
			refuse_on_shared(r, &k);
			take_lists(r, &k);
			take_settings(r, &k);
		}
	}
	yaml_free(doc);
}

/* 0, also when there is no such file and it need not be there; -1 it cannot be read. */
static int read_file(struct reading *r, const char *file, bool needed, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	struct err failed = ERR_INIT;
	const char *name = arena_strdup(r->a, file);
	const struct yaml_texts one = {.items = &name, .n = 1};
	char *dir = path_dir(file);
	int result = 0;

	if (path_read(&text, file, FILE_MAX_BYTES, &failed)) {
		if (failed.code != ERR_NOT_FOUND || needed) {
			err_move(e, &failed);
			result = -1;
		}
	} else {
		r->dir = arena_strdup(r->a, dir);
		free(r->p->file);
		r->p->file = mem_strdup(file);
		append(r->a, &r->out->files, &one);
		read_document(r, text.buf, text.len);
	}
	err_release(&failed);
	free(dir);
	strbuf_release(&text);
	return result;
}

/* --- the whole --- */

static void need_source(
	const struct config *c, struct problems *p, const char *source, const char *whose)
{
	const char **names;
	const char *near;

	if (!source || config_source(c, source))
		return;
	names = mem_new(c->n_sources + 1, sizeof(*names));
	for (size_t i = 0; i < c->n_sources; i++)
		names[i] = c->sources[i].name;
	problems_add(p, 0, 0, _("%s names the source '%s', which there is not"), whose,
		source);
	near = text_nearest(source, names, c->n_sources);
	if (near)
		problems_hint(p, _("did you mean '%s'?"), near);
	free(names);
}

static void check_references(const struct config *c, struct problems *p)
{
	for (size_t i = 0; i < c->n_contexts; i++)
		for (size_t j = 0; j < c->contexts[i].sources.n; j++)
			need_source(c, p, c->contexts[i].sources.items[j],
				c->contexts[i].name);
	for (size_t i = 0; i < c->n_services; i++) {
		const struct service_conf *s = &c->services[i];

		need_source(c, p, s->model.source, s->name);
		need_source(c, p, s->serving.source, s->name);
		need_source(c, p, s->agents.source, s->name);
		for (size_t j = 0; j < s->n_levers; j++)
			need_source(c, p, s->levers[j].source, s->name);
	}
	if (c->context && !config_context(c, c->context))
		problems_add(
			p, 0, 0, _("there is no context '%s' to start in"), c->context);
}

/* Without contexts there is one, with every source; a context without a list has them all. */
static void complete_contexts(struct config *c)
{
	if (!c->n_contexts) {
		c->contexts = arena_alloc(&c->arena, 1, sizeof(*c->contexts));
		c->contexts[c->n_contexts++].name = "default";
	}
	for (size_t i = 0; i < c->n_contexts; i++) {
		struct yaml_texts *t = &c->contexts[i].sources;

		if (t->n)
			continue;
		t->items = arena_alloc(&c->arena, c->n_sources + 1, sizeof(*t->items));
		for (size_t j = 0; j < c->n_sources; j++)
			t->items[t->n++] = c->sources[j].name;
	}
}

static void set_defaults(struct config *c)
{
	*c = (struct config){
		.store_keep_ns = 14 * NS_PER_DAY,
		.store_max_bytes = INT64_C(2000000000),
		.audit_sign = "off",
		.notify = {.desktop = true, .terminal = "auto", .bell = "page"},
		.ui = {.clock = "local", .mouse = true, .low_bandwidth = -1},
	};
	arena_init(&c->arena);
}

int config_load(struct config *out, const char *file, struct problems *p, struct err *e)
{
	struct reading r = {.out = out, .a = &out->arena, .p = p};
	char *system = path_system("config.yaml"), *own = path_config("config.yaml");
	int result;

	set_defaults(out);
	if (file) {
		r.system = true;
		result = read_file(&r, file, true, e);
	} else {
		r.system = true;
		result = read_file(&r, system, false, e);
		r.shared = out->store_path != NULL;
		r.system = false;
		if (!result)
			result = read_file(&r, own, false, e);
	}
	if (!result && !p->n)
		check_references(out, p);
	if (!result)
		complete_contexts(out);
	free(system);
	free(own);
	if (!result && !p->n)
		return 0;
	config_release(out);
	return -1;
}
