#include "config.h"
#include "model/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/path.h"
#include "model/config_keys.h"

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

/* --- one file --- */

/* Where a key was wrong the rest is looked at all the same: all problems, not the first. */
static void read_document(struct config_reading *r, const char *s, size_t n)
{
	struct yaml_doc *doc = NULL;
	struct config_keys k = config_keys_from(r->out);

	if (yaml_parse(&doc, s, n, r->p))
		return;
	if (yaml_documents(doc) > 1)
		yaml_problem(r->p, yaml_root(doc, 1), "%s",
			_("a second document; one is read"));
	(void)yaml_read(&k, yaml_root(doc, 0), config_key_table, r->a, r->p);
	config_take(r, &k);
	config_check_references(r, &k);
	yaml_free(doc);
}

/* 0, also when there is no such file and it need not be there; -1 it cannot be read. */
static int read_file(
	struct config_reading *r, const char *file, bool needed, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	struct err failed = ERR_INIT;
	const char *name = arena_strdup(r->a, file);
	const struct yaml_texts one = {.items = &name, .n = 1};
	char *dir = path_dir(file);
	int result = 0;

	if (path_read(&text, file, YAML_MAX_BYTES, &failed)) {
		if (failed.code != ERR_NOT_FOUND || needed) {
			err_move(e, &failed);
			result = -1;
		}
	} else {
		r->dir = arena_strdup(r->a, dir);
		problems_in(r->p, file);
		config_append(r->a, &r->out->files, &one);
		read_document(r, text.buf, text.len);
	}
	err_release(&failed);
	free(dir);
	strbuf_release(&text);
	return result;
}

/* --- the whole --- */

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
			if (c->sources[j].system || !c->contexts[i].system)
				t->items[t->n++] = c->sources[j].name;
	}
}

/* Only read-only contexts of the system's hold it: no context of yours makes it writable. */
static bool is_locked(const struct config *c, const char *source)
{
	bool locked = false;

	for (size_t i = 0; i < c->n_contexts; i++) {
		const struct context_conf *ctx = &c->contexts[i];

		if (!ctx->system || !context_has_source(ctx, source))
			continue;
		if (!ctx->read_only)
			return false;
		locked = true;
	}
	return locked;
}

static void tighten_contexts(struct config *c)
{
	for (size_t i = 0; i < c->n_contexts; i++) {
		struct context_conf *ctx = &c->contexts[i];

		for (size_t j = 0; !ctx->system && j < ctx->sources.n; j++)
			ctx->read_only |= is_locked(c, ctx->sources.items[j]);
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

static int finish(struct config *out, const struct problems *p, int result, struct err *e)
{
	if (!result && p->n)
		result = err_set(e, ERR_INPUT,
			ngettext("the configuration has %zu problem",
				"the configuration has %zu problems", p->n),
			p->n);
	if (result) {
		config_release(out);
		return -1;
	}
	complete_contexts(out);
	tighten_contexts(out);
	return 0;
}

int config_load_files(struct config *out, const char *system, const char *own,
	struct problems *p, struct err *e)
{
	struct config_reading r = {.out = out, .a = &out->arena, .p = p, .system = true};
	int result;

	set_defaults(out);
	result = read_file(&r, system, false, e);
	r.shared = out->store_path != NULL;
	r.system = false;
	if (!result)
		result = read_file(&r, own, false, e);
	return finish(out, p, result, e);
}

int config_load(struct config *out, const char *file, struct problems *p, struct err *e)
{
	struct config_reading r = {.out = out, .a = &out->arena, .p = p, .system = true};
	char *system, *own;
	int result;

	if (file) {
		set_defaults(out);
		return finish(out, p, read_file(&r, file, true, e), e);
	}
	system = path_system("config.yaml");
	own = path_config("config.yaml");
	result = config_load_files(out, system, own, p, e);
	free(system);
	free(own);
	return result;
}
