#include "config.h"
#include "lab/registry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "lab/rng.h"

const char *tags_get(const struct tags *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->items[i].key, key))
			return t->items[i].value;
	return NULL;
}

void tags_set(struct tags *t, const char *key, const char *value)
{
	struct tag *tag;

	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->items[i].key, key)) {
			free(t->items[i].value);
			t->items[i].value = mem_strdup(value);
			return;
		}
	tag = mem_push(t->items, t->n, t->cap);
	tag->key = mem_strdup(key);
	tag->value = mem_strdup(value);
}

void tags_delete(struct tags *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->items[i].key, key))
			continue;
		free(t->items[i].key);
		free(t->items[i].value);
		memmove(&t->items[i], &t->items[i + 1],
			(t->n - i - 1) * sizeof(*t->items));
		t->n--;
		return;
	}
}

void tags_release(struct tags *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->items[i].key);
		free(t->items[i].value);
	}
	free(t->items);
	*t = (struct tags){0};
}

static void model_release(struct reg_model *m)
{
	for (size_t i = 0; i < m->n_versions; i++) {
		free(m->versions[i].run_id);
		free(m->versions[i].source);
		free(m->versions[i].user);
		free(m->versions[i].note);
		tags_release(&m->versions[i].tags);
	}
	for (size_t i = 0; i < m->n_aliases; i++)
		free(m->aliases[i].name);
	free(m->versions);
	free(m->aliases);
	free(m->name);
	free(m->note);
	tags_release(&m->tags);
}

void registry_release(struct registry *r)
{
	for (size_t i = 0; i < r->n; i++)
		model_release(&r->models[i]);
	free(r->models);
	*r = (struct registry){0};
}

struct reg_model *registry_find(const struct registry *r, const char *name)
{
	for (size_t i = 0; name && i < r->n; i++)
		if (!strcmp(r->models[i].name, name))
			return &r->models[i];
	return NULL;
}

struct reg_model *registry_add(struct registry *r, const char *name, int64_t created)
{
	size_t at = 0;

	while (at < r->n && strcmp(r->models[at].name, name) < 0)
		at++;
	(void)mem_push(r->models, r->n, r->cap);
	memmove(&r->models[at + 1], &r->models[at], (r->n - 1 - at) * sizeof(*r->models));
	r->models[at] = (struct reg_model){
		.name = mem_strdup(name), .created = created, .updated = created};
	return &r->models[at];
}

static uint64_t name_hash(const char *name)
{
	uint64_t h = 0;

	for (; *name; name++)
		h = rng_mix(h ^ (unsigned char)*name);
	return h;
}

struct reg_version *model_add_version(
	struct reg_model *m, int64_t created, const char *user)
{
	struct reg_version *v = mem_push(m->versions, m->n_versions, m->cap_versions);
	uint64_t h = rng_mix(name_hash(m->name) + m->n_versions);

	v->version = (int64_t)m->n_versions;
	v->created = v->updated = created;
	v->run_id = mem_format("%016" PRIx64 "%016" PRIx64, h, rng_mix(h));
	v->source = mem_format("models:/m-%020" PRIu64, rng_mix(h + 1));
	v->user = mem_strdup(user);
	m->updated = created;
	return v;
}

struct reg_version *model_version_find(const struct reg_model *m, int64_t version)
{
	if (version < 1 || (uint64_t)version > m->n_versions)
		return NULL;
	return &m->versions[version - 1];
}

/* Alias names are case-sensitive in MLflow's store and its API compares them exactly. */
struct reg_alias *model_alias(const struct reg_model *m, const char *name)
{
	for (size_t i = 0; name && i < m->n_aliases; i++)
		if (!strcmp(m->aliases[i].name, name))
			return &m->aliases[i];
	return NULL;
}

void model_set_alias(struct reg_model *m, const char *name, int64_t version, int64_t at)
{
	struct reg_alias *a = model_alias(m, name);

	if (!a) {
		a = mem_push(m->aliases, m->n_aliases, m->cap_aliases);
		a->name = mem_strdup(name);
	} else if (a->version == version) {
		return;
	}
	a->version = version;
	a->moved = at;
}

void model_delete_alias(struct reg_model *m, const char *name)
{
	struct reg_alias *a = model_alias(m, name);
	size_t i;

	if (!a)
		return;
	i = (size_t)(a - m->aliases);
	free(a->name);
	memmove(a, a + 1, (m->n_aliases - i - 1) * sizeof(*a));
	m->n_aliases--;
}
