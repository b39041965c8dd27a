#include "config.h"
#include "model/config_keys.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/path.h"
#include "model/slo_path.h"

#define EVERY_NS (15 * NS_PER_S)
#define TIMEOUT_NS (10 * NS_PER_S)

const char *config_path(const struct config_reading *r, const char *path)
{
	char *full = path ? path_expand(path, r->dir) : NULL;
	const char *out = arena_strdup(r->a, full);

	free(full);
	return out;
}

static void expand_all(const struct config_reading *r, struct yaml_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->items[i] = config_path(r, t->items[i]);
}

/* Files of objectives have names, too: those that ship, and yours beside the configuration. */
static void expand_slos(const struct config_reading *r, struct yaml_texts *t)
{
	for (size_t i = 0; i < t->n; i++) {
		char *file = slo_path(t->items[i], r->dir);

		t->items[i] = arena_strdup(r->a, file);
		free(file);
	}
}

static void *room_for(
	struct arena *a, const void *items, size_t n, size_t more, size_t size)
{
	void *out = arena_alloc(a, n + more + 1, size);

	if (n)
		memcpy(out, items, n * size);
	return out;
}

void config_append(struct arena *a, struct yaml_texts *to, const struct yaml_texts *more)
{
	to->items = room_for(a, to->items, to->n, more->n, sizeof(*to->items));
	for (size_t i = 0; i < more->n; i++)
		to->items[to->n++] = more->items[i];
}

/* --- sources --- */

static void add_source(const struct config_reading *r, const struct source_keys *k)
{
	struct config *c = r->out;
	struct source_conf *s = &c->sources[c->n_sources];

	if (!k->name || !k->type)
		return; /* said already */
	config_check_source(r, k);
	if (config_source(c, k->name)) {
		yaml_problem(r->p, config_place(k->self, "name"),
			_("there are two sources named '%s'"), k->name);
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
		.line = yaml_line(k->self),
		.tls = {config_path(r, k->tls.ca), config_path(r, k->tls.cert),
			config_path(r, k->tls.key), k->tls.insecure},
	};
	config_read_auth(&s->auth, k->auth, r);
	config_read_with(s, k->with, r);
	config_read_headers(s, k->headers, r);
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

/* A file of yours may make a context of the system's read-only, and nothing else of it. */
static void add_to_system(const struct config_reading *r, struct context_conf *ctx,
	const struct context_keys *k)
{
	if (ctx->read_only && yaml_get(k->self, "read_only") && !k->read_only)
		yaml_problem(r->p, yaml_get(k->self, "read_only"),
			_("the system's configuration makes '%s' read-only"), k->name);
	if (k->sources.n || k->region)
		yaml_problem(r->p,
			config_place(k->self, k->sources.n ? "sources" : "region"),
			_("the context '%s' is the system configuration's"), k->name);
	ctx->read_only |= k->read_only;
}

static void add_context(const struct config_reading *r, const struct context_keys *k)
{
	struct config *c = r->out;
	struct context_conf *ctx;

	if (!k->name)
		return;
	config_check_name(r, k->self, k->name);
	ctx = context_named(c, k->name);
	if (ctx && ctx->system && !r->system) {
		add_to_system(r, ctx, k);
		return;
	}
	if (ctx) {
		yaml_problem(r->p, config_place(k->self, "name"),
			_("there are two contexts named '%s'"), k->name);
		return;
	}
	c->contexts[c->n_contexts++] = (struct context_conf){
		.name = k->name,
		.region = k->region,
		.read_only = k->read_only,
		.system = r->system,
		.sources = k->sources,
	};
}

/* --- services --- */

static void add_lever(const struct config_reading *r, struct service_conf *s,
	const struct lever_keys *k)
{
	struct lever_conf *l = &s->levers[s->n_levers++];

	*l = (struct lever_conf){
		.name = k->name,
		.source = k->source,
		.action = k->action,
		.within_ns = k->within_ns,
		.owner = k->owner,
	};
	l->n_with = config_read_map(&l->with_names, &l->with_values, k->with, r);
}

static void add_service(const struct config_reading *r, struct service_keys *k)
{
	struct config *c = r->out;
	struct service_conf *s = &c->services[c->n_services];
	const struct lever_keys *levers = k->levers.items;

	if (!k->name)
		return;
	config_check_name(r, k->self, k->name);
	if (config_service(c, k->name)) {
		yaml_problem(r->p, config_place(k->self, "name"),
			_("there are two services named '%s'"), k->name);
		return;
	}
	expand_slos(r, &k->slos);
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
		.uses = k->uses,
	};
	s->retrain.source = k->retrain.source;
	s->retrain.action = k->retrain.action;
	s->retrain.n_with = config_read_map(
		&s->retrain.with_names, &s->retrain.with_values, k->retrain.with, r);
	s->levers = arena_alloc(r->a, k->levers.n + 1, sizeof(*s->levers));
	for (size_t j = 0; j < k->levers.n; j++)
		add_lever(r, s, &levers[j]);
	c->n_services++;
}

/* --- one file --- */

/* On a shared store, what is watched is the administrator's to say. */
static void refuse_on_shared(const struct config_reading *r, const struct config_keys *k)
{
	static const char *const keys[] = {"sources", "services", "contexts"};

	if (r->system || !r->shared || k->store.path)
		return;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct yaml_node *at = yaml_get(k->self, keys[i]);

		if (!at)
			continue;
		yaml_problem(r->p, at,
			_("the store is shared: its %s are the system configuration's"),
			keys[i]);
		problems_hint(r->p, "%s",
			_("set store: {path: auto} to watch your own in a store of your "
			  "own"));
	}
}

static void take_lists(const struct config_reading *r, struct config_keys *k)
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
		add_source(r, &sources[i]);
	for (size_t i = 0; i < k->contexts.n; i++)
		add_context(r, &contexts[i]);
	for (size_t i = 0; i < k->services.n; i++)
		add_service(r, &services[i]);
	expand_all(r, &k->runbooks);
	expand_all(r, &k->connectors);
	config_append(r->a, &c->runbooks, &k->runbooks);
	config_append(r->a, &c->connectors, &k->connectors);
}

static void take_settings(const struct config_reading *r, const struct config_keys *k)
{
	struct config *c = r->out;

	config_check_store(r, &k->store);
	c->context = k->context ? k->context : c->context;
	if (k->store.path)
		c->store_path = strcmp(k->store.path, "auto")
			? config_path(r, k->store.path)
			: NULL;
	c->store_keep_ns = k->store.keep_ns;
	c->store_max_bytes = k->store.max_bytes;
	c->audit_sign = config_sign_words[k->audit.sign];
	config_append(r->a, &c->audit_ship, &k->audit.ship);
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

static int index_of(const char *const *words, const char *word)
{
	int i = 0;

	while (words[i] && strcmp(words[i], word) != 0)
		i++;
	return words[i] ? i : 0;
}

/* What an earlier file set stays where this one is silent. */
struct config_keys config_keys_from(const struct config *c)
{
	return (struct config_keys){
		.store = {.keep_ns = c->store_keep_ns, .max_bytes = c->store_max_bytes},
		.audit = {.sign = index_of(config_sign_words, c->audit_sign)},
		.notify = {.desktop = c->notify.desktop,
			.terminal = index_of(config_auto_words, c->notify.terminal),
			.bell = index_of(config_bell_words, c->notify.bell),
			.command = c->notify.command},
		.ui = {.theme = c->ui.theme,
			.clock = index_of(config_clock_words, c->ui.clock),
			.mouse = c->ui.mouse,
			.plain = c->ui.plain,
			.low_bandwidth = c->ui.low_bandwidth < 0 ? 0
				: c->ui.low_bandwidth            ? 1
								 : 2},
	};
}

void config_take(const struct config_reading *r, struct config_keys *k)
{
	refuse_on_shared(r, k);
	take_lists(r, k);
	take_settings(r, k);
}
