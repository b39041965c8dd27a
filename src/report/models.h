/*
 * models.h - each movable name of a model beside what serves it
 *
 * Joins what the store holds about registry and serving; the console, status, models and gate say
 * the same because they ask here.
 */
#ifndef TOCSIN_REPORT_MODELS_H
#define TOCSIN_REPORT_MODELS_H

#include "core/arena.h"
#include "model/config.h"
#include "model/registry.h"
#include "signal/sync.h"
#include "store/observe.h"
#include "store/source.h"
#include "store/store.h"

struct model_row {
	const char		*source, *model, *alias;
	const struct service_conf *service;	/* that is configured with it; NULL: none */
	const struct pointer	*pointer;	/* NULL: the registry has none of that name */
	int64_t			since;		/* the pointer stands so since; NONE_INT unknown */
	const struct serving	*variants;	/* what takes or may take its traffic */
	int64_t			serving_since;	/* of the newest of them; NONE_INT unknown */
	size_t			n_variants;
	struct sync_result	sync;		/* SYNC_NONE: nothing is configured to serve it */
	bool			stale;		/* registry or serving is stale */
};

struct model_rows {
	struct model_row	*items;
	size_t			n;
	bool			more;
};

/*
 * Configured services first, then the other pointers by name.  now is what ages are counted from
 * (for a past `at`, that moment).
 */
int model_rows(struct model_rows *out, struct arena *a, struct store *st, const struct config *c,
	const struct context_conf *context, int64_t at, int64_t now, size_t limit, struct err *e);

struct version_rows {
	const struct model_version	**items;	/* newest first */
	const char			***aliases;	/* of items[i], ends with NULL */
	size_t				n;
};

/*
 * Versions of a model, or else of a prompt of that name, as observed_of() finds them; a prompt's
 * are struct model_version too, with what both have: labels as aliases, author, times, digest.
 * source, version NULL: any.
 */
int versions_observed(struct observed_list *out, struct arena *a, struct store *st,
	const char *source, const char *model, const char *version, int64_t at, size_t limit,
	struct err *e);

/* The versions of one model or prompt with the aliases that point at each, at `at`. */
int version_rows(struct version_rows *out, struct arena *a, struct store *st, const char *source,
	const char *model, int64_t at, size_t limit, struct err *e);

#endif
