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
	const char	*metrics, *params;	/* JSON objects */
	const char	*lineage;	/* what it was made from: a run's or an artifact's URI */
	int64_t		size;		/* bytes */
};

struct prompt_version {
	const char	*source, *prompt, *version;	/* key */
	const char	*labels;	/* JSON array */
	const char	*author;
	int64_t		created;
	const char	*digest;
	const char	*note;
	int64_t		updated;
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
	const char	*digest;	/* of what runs: "sha256:...", kinds as the registry's */
	const char	*message;	/* what the platform says of its state */
	const char	*managed_by;	/* who else sets it: an operator, a delivery tool */
};

/* A movable name: alias, tag, label or stage. */
struct pointer {
	const char	*source, *model, *name;	/* key */
	const char	*version, *digest, *previous;
	int64_t		observed;
	const char	*author;	/* of the last move */
	int64_t		changed;	/* when it was, as the source says */
};

struct flag {
	const char	*source, *name;		/* key */
	const char	*value;
	int64_t		changed;
	const char	*author;
};

/*
 * What a service is made of besides models and prompts: an agent's graph, a tool's schema, a
 * feature's definition, a snapshot of data, a configuration, a deployment.
 */
struct definition {
	const char	*source, *type, *name;	/* key; type: "agent-graph", "tool-schema", ... */
	const char	*version, *digest, *author;
	const char	*summary;	/* in words */
	const char	*service;	/* that it belongs to, as its source calls it */
	int64_t		changed;
};

/* What a gateway lets a key or a team spend. */
struct budget {
	const char	*source, *name;		/* key */
	const char	*state;		/* active, blocked */
	double		spent_usd, limit_usd;
	int64_t		resets;
	const char	*models;	/* JSON array: what it may use */
	const char	*owner;
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
