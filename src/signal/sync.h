/*
 * sync.h - version drift: what the registry's pointer says against what serving runs
 */
#ifndef TOCSIN_SYNC_H
#define TOCSIN_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "model/registry.h"

/* What is known; counts of variants and versions are those of this model and service only. */
struct sync_input {
	bool				registry_ok;	/* answered in its last round, not stale */
	bool				serving_ok;
	const struct pointer		*pointer;	/* NULL: the registry has none of that name */
	const struct model_version	*versions;	/* the model's; n 0: not listed */
	size_t				n_versions;
	const struct serving		*variants;
	size_t				n_variants;
};

struct sync_result {
	enum sync_state	state;
	const char	*expected;	/* version behind the pointer; NULL: none */
	const char	*running;	/* version with the most traffic; NULL: unknown */
	const char	*other_model;	/* that running is a version of; NULL: of the pointer's */
	double		share;		/* of traffic on the expected version; NAN unknown */
	const char	*note;		/* a sentence, translated; in the arena */
};

/*
 * In order: registry unreachable; pointer missing; dangling (its version is not in the registry);
 * serving unknown (no variant, or one with traffic that does not say what it is, while nothing
 * else is known to be another); in sync when every variant with traffic is the expected one (by
 * digest where both have one of the same kind, which then decides, else by version and model);
 * canary when traffic is split and one side is; rolling out when only a variant that is not ready or has no
 * traffic yet is; else drift.
 */
void sync_check(struct sync_result *out, struct arena *a, const struct sync_input *in);

#endif
