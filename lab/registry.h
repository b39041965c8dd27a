/* registry.h - the model registry's content: models, versions, aliases */
#ifndef LAB_REGISTRY_H
#define LAB_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct tag {
	char	*key, *value;	/* owned */
};

struct tags {
	struct tag	*items;	/* owned */
	size_t		n, cap;
};

struct reg_version {
	int64_t		version;
	int64_t		created, updated;
	char		*run_id, *source, *user, *note;	/* owned */
	struct tags	tags;
};

struct reg_alias {
	char	*name;		/* owned */
	int64_t	version;
	int64_t	moved;		/* the lab's own memory: the API does not tell */
};

struct reg_model {
	char			*name, *note;	/* owned */
	int64_t			created, updated;
	struct reg_version	*versions;	/* owned, ascending */
	size_t			n_versions, cap_versions;
	struct reg_alias	*aliases;	/* owned, in the order they were made */
	size_t			n_aliases, cap_aliases;
	struct tags		tags;
};

struct registry {
	struct reg_model	*models;	/* owned, sorted by name */
	size_t			n, cap;
};

void registry_release(struct registry *r);

/* Insert keeps the order by name; pointers to models do not survive it. */
struct reg_model *registry_add(struct registry *r, const char *name, int64_t created);
struct reg_model *registry_find(const struct registry *r, const char *name);

/* The next version, registered at `created`; run and source follow from model and number. */
struct reg_version *model_add_version(struct reg_model *m, int64_t created, const char *user);
struct reg_version *model_version_find(const struct reg_model *m, int64_t version);

/* NULL: no such alias. */
struct reg_alias *model_alias(const struct reg_model *m, const char *name);
void model_set_alias(struct reg_model *m, const char *name, int64_t version, int64_t at);
void model_delete_alias(struct reg_model *m, const char *name);

void tags_set(struct tags *t, const char *key, const char *value);
const char *tags_get(const struct tags *t, const char *key);	/* NULL: none */
void tags_delete(struct tags *t, const char *key);
void tags_release(struct tags *t);

#endif
