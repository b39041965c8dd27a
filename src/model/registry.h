/* registry.h - what registries and serving say: versions, pointers, prompts, traffic, flags */
#ifndef TOCSIN_REGISTRY_H
#define TOCSIN_REGISTRY_H

#include <stdint.h>

struct model_version {
	const char	*source, *model, *version;	/* key */
	const char	*aliases;	/* JSON array of names */
	const char	*stage, *status, *digest, *run, *author;
	int64_t		created, updated;
	const char	*tags;		/* JSON object */
	const char	*note;
};

struct prompt_version {
	const char	*source, *prompt, *version;	/* key */
	const char	*labels;	/* JSON array */
	const char	*author;
	int64_t		created;
	const char	*digest;
};

/* One variant of a service that takes traffic. */
struct serving {
	const char	*source, *service, *variant;	/* key */
	const char	*model, *version;
	double		traffic;	/* share, 0 to 1 */
	int64_t		ready;		/* bool */
	int64_t		replicas;
	const char	*endpoint;
	int64_t		changed;
};

/* A movable name: alias, tag, label or stage. */
struct pointer {
	const char	*source, *model, *name;	/* key */
	const char	*version, *digest, *previous;
	int64_t		observed;
};

struct flag {
	const char	*source, *name;		/* key */
	const char	*value;
	int64_t		changed;
};

/* Version drift: the registry's pointer against what serving runs (registries.md, part A). */
enum sync_state {
	SYNC_NONE,
	SYNC_IN_SYNC,		/* the only green one */
	SYNC_CANARY,
	SYNC_ROLLING_OUT,
	SYNC_DRIFT,
	SYNC_POINTER_MISSING,
	SYNC_DANGLING,
	SYNC_SERVING_UNKNOWN,
	SYNC_REGISTRY_UNREACHABLE,
	SYNC_STATES,
};

const char *sync_state_name(enum sync_state s);		/* "in-sync": for JSON and the store */
const char *sync_state_title(enum sync_state s);	/* N_("in sync") */

#endif
