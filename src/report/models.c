#include "config.h"
#include "report/models.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"

#define SERVING_MAX 2000
#define VERSIONS_MAX 2000
#define OWN_ALIASES_MAX 50

struct gather {
	struct arena *a;
	struct store *st;
	const struct config *config;
	const struct context_conf *context;
	int64_t at, now;
	struct source_rows sources;
	struct observed_list pointers, serving;
};

static const struct source_row *source_of(const struct gather *g, const char *name)
{
	for (size_t i = 0; name && i < g->sources.n; i++)
		if (!strcmp(g->sources.items[i].name, name))
			return &g->sources.items[i];
	return NULL;
}

/* Answered in its last round and not long ago. */
static bool source_good(const struct gather *g, const char *name)
{
	const struct source_row *s = source_of(g, name);

	return s && (s->state == SRC_OK || s->state == SRC_PARTIAL) &&
		!source_is_stale(s, g->now);
}

static bool is_partial(const struct gather *g, const char *name)
{
	const struct source_row *s = source_of(g, name);

	return s && s->state == SRC_PARTIAL;
}

static const struct observed *pointer_of(
	const struct gather *g, const char *source, const char *model, const char *alias)
{
	for (size_t i = 0; i < g->pointers.n; i++) {
		const struct pointer *p = g->pointers.items[i].record;

		if (!strcmp(p->source, source) && !strcmp(p->model, model) &&
			!strcmp(p->name, alias))
			return &g->pointers.items[i];
	}
	return NULL;
}

/* The variants of a service's serving, as one array. */
static void take_variants(struct model_row *row, const struct gather *g)
{
	const struct serving_conf *want = &row->service->serving;
	struct serving *out = arena_alloc(g->a, g->serving.n + 1, sizeof(*out));

	row->variants = out;
	for (size_t i = 0; i < g->serving.n; i++) {
		const struct serving *s = g->serving.items[i].record;

		if (strcmp(s->source, want->source) || strcmp(s->service, want->name))
			continue;
		out[row->n_variants++] = *s;
		if (row->serving_since == NONE_INT ||
			g->serving.items[i].since > row->serving_since)
			row->serving_since = g->serving.items[i].since;
	}
}

static int check(struct model_row *row, const struct gather *g, struct err *e)
{
	struct sync_input in = {
		.registry_ok = source_good(g, row->source),
		.serving_ok = source_good(g, row->service->serving.source),
		.pointer = row->pointer,
	};
	struct observed_list versions;
	struct model_version *all;
	const char *wanted = row->pointer ? row->pointer->version : NULL;

	/* The version itself; where there is none, whether versions are listed at all. */
	if (observed_of(&versions, g->a, g->st, REC_MODEL_VERSION, row->source,
		    row->model, wanted, g->at, 1, e) ||
		(!versions.n &&
			observed_of(&versions, g->a, g->st, REC_MODEL_VERSION,
				row->source, row->model, NULL, g->at, 1, e)))
		return -1;
	all = arena_alloc(g->a, versions.n + 1, sizeof(*all));
	for (size_t i = 0; i < versions.n; i++)
		all[in.n_versions++] =
			*(const struct model_version *)versions.items[i].record;
	in.versions = all;
	take_variants(row, g);
	in.variants = row->variants;
	in.n_variants = row->n_variants;
	row->stale = !in.registry_ok || !in.serving_ok;
	sync_check(&row->sync, g->a, &in);
	/* A registry that was not read whole may have what is missing here. */
	if (is_partial(g, row->source) &&
		(row->sync.state == SYNC_POINTER_MISSING ||
			row->sync.state == SYNC_DANGLING)) {
		in.registry_ok = false;
		sync_check(&row->sync, g->a, &in);
	}
	return 0;
}

static bool in_context(const struct gather *g, const char *source)
{
	return source && (!g->context || context_has_source(g->context, source));
}

static void add_pointer(struct model_row *row, const struct observed *o)
{
	row->pointer = o ? o->record : NULL;
	row->since = o ? o->since : NONE_INT;
	row->serving_since = NONE_INT;
}

static int add_services(struct model_rows *out, const struct gather *g, struct err *e)
{
	for (size_t i = 0; i < g->config->n_services; i++) {
		const struct service_conf *s = &g->config->services[i];
		struct model_row *row = &out->items[out->n];

		if (!s->model.name || !in_context(g, s->model.source))
			continue;
		row->source = s->model.source;
		row->model = s->model.name;
		row->alias = s->model.alias;
		row->service = s;
		add_pointer(row,
			row->alias ? pointer_of(g, row->source, row->model, row->alias)
				   : NULL);
		row->stale = !source_good(g, row->source);
		if (s->serving.name && row->alias && check(row, g, e))
			return -1;
		out->n++;
	}
	return 0;
}

static bool has_row(const struct model_rows *rows, const struct pointer *p)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->items[i].pointer == p)
			return true;
	return false;
}

static void add_others(struct model_rows *out, const struct gather *g, size_t limit)
{
	for (size_t i = 0; i < g->pointers.n; i++) {
		const struct pointer *p = g->pointers.items[i].record;
		struct model_row *row = &out->items[out->n];

		if (!in_context(g, p->source) || has_row(out, p))
			continue;
		if (out->n >= limit) {
			out->more = true;
			return;
		}
		row->source = p->source;
		row->model = p->model;
		row->alias = p->name;
		add_pointer(row, &g->pointers.items[i]);
		row->stale = !source_good(g, p->source);
		out->n++;
	}
}

int model_rows(struct model_rows *out, struct arena *a, struct store *st,
	const struct config *c, const struct context_conf *context, int64_t at,
	int64_t now, size_t limit, struct err *e)
{
	struct gather g = {
		.a = a, .st = st, .config = c, .context = context, .at = at, .now = now};

	*out = (struct model_rows){0};
	if (source_list(&g.sources, a, st, at, e) ||
		observed_at(&g.pointers, a, st, REC_POINTER, NULL, NULL, at, limit, e) ||
		observed_at(
			&g.serving, a, st, REC_SERVING, NULL, NULL, at, SERVING_MAX, e))
		return -1;
	out->items =
		arena_alloc(a, c->n_services + g.pointers.n + 1, sizeof(*out->items));
	out->more = g.pointers.more;
	if (add_services(out, &g, e))
		return -1;
	add_others(out, &g, limit);
	return 0;
}

/* Numbers as numbers, newest first: 10 before 9. */
static int by_version(const void *a, const void *b)
{
	const struct model_version *x = *(const struct model_version *const *)a;
	const struct model_version *y = *(const struct model_version *const *)b;

	return strverscmp(y->version, x->version);
}

/* What a prompt's version has in common with a model's. */
static const struct model_version *as_version(
	struct arena *a, const struct prompt_version *p)
{
	struct model_version *v = record_new(a, REC_MODEL_VERSION);

	v->source = p->source;
	v->model = p->prompt;
	v->version = p->version;
	v->aliases = p->labels;
	v->author = p->author;
	v->created = p->created;
	v->updated = p->updated;
	v->digest = p->digest;
	v->note = p->note;
	return v;
}

int versions_observed(struct observed_list *out, struct arena *a, struct store *st,
	const char *source, const char *model, const char *version, int64_t at,
	size_t limit, struct err *e)
{
	if (observed_of(
		    out, a, st, REC_MODEL_VERSION, source, model, version, at, limit, e))
		return -1;
	if (out->n)
		return 0;
	if (observed_of(
		    out, a, st, REC_PROMPT_VERSION, source, model, version, at, limit, e))
		return -1;
	for (size_t i = 0; i < out->n; i++)
		out->items[i].record = as_version(a, out->items[i].record);
	return 0;
}

/* Names that stand with the version itself, besides those that point at it. */
static void own_aliases(const char **names, size_t n, struct arena *a, const char *json)
{
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;
	size_t pointing = n;

	if (json && !json_parse(&doc, json, strlen(json), &ignored))
		json_each (item, doc) {
			bool known = !json_text(item);

			for (size_t i = 0; !known && i < pointing; i++)
				known = !strcmp(names[i], json_text(item));
			if (!known && n < OWN_ALIASES_MAX + pointing)
				names[n++] = arena_strdup(a, json_text(item));
		}
	json_free(doc);
	err_release(&ignored);
}

static const char **aliases_of(struct arena *a, const struct observed_list *pointers,
	const struct model_version *v)
{
	const char **names =
		arena_alloc(a, pointers->n + OWN_ALIASES_MAX + 1, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < pointers->n; i++) {
		const struct pointer *p = pointers->items[i].record;

		if (p->version && !strcmp(p->version, v->version) &&
			!strcmp(p->model, v->model))
			names[n++] = p->name;
	}
	own_aliases(names, n, a, v->aliases);
	return names;
}

int version_rows(struct version_rows *out, struct arena *a, struct store *st,
	const char *source, const char *model, int64_t at, size_t limit, struct err *e)
{
	struct observed_list versions, pointers;

	*out = (struct version_rows){0};
	if (versions_observed(
		    &versions, a, st, source, model, NULL, at, VERSIONS_MAX, e) ||
		observed_of(
			&pointers, a, st, REC_POINTER, source, model, NULL, at, limit, e))
		return -1;
	out->items = arena_alloc(a, versions.n + 1, sizeof(*out->items));
	out->aliases = arena_alloc(a, versions.n + 1, sizeof(*out->aliases));
	for (size_t i = 0; i < versions.n; i++)
		out->items[out->n++] = versions.items[i].record;
	qsort(out->items, out->n, sizeof(*out->items), by_version);
	/* The newest are wanted, and the store sorts by text. */
	if (out->n > limit)
		out->n = limit;
	for (size_t i = 0; i < out->n; i++)
		out->aliases[i] = aliases_of(a, &pointers, out->items[i]);
	return 0;
}
