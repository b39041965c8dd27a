/*
 * config_keys.h - the configuration's files while they are read: their key tables, and what is
 * checked in them; for config*.c alone
 */
#ifndef TOCSIN_CONFIG_KEYS_H
#define TOCSIN_CONFIG_KEYS_H

#include "model/config.h"

/* One file while it is read. */
struct config_reading {
	struct config	*out;
	struct arena	*a;
	struct problems	*p;
	const char	*dir;		/* what its relative paths are relative to */
	bool		system;		/* the system's file, or --config's */
	bool		shared;		/* the system's file names a store for all */
};

/* What the key tables fill.  self is the map itself, for problems. */

struct source_keys {
	const struct yaml_node	*self, *auth, *with, *headers;
	const char		*name, *type, *url;
	int64_t			every_ns, timeout_ns, max_bytes;
	struct tls_conf		tls;
	struct yaml_texts	targets;
	int			keep_content;	/* index into config_keep_words */
};

struct match_keys { const char *name; };

struct agents_keys {
	const char		*source;
	struct match_keys	match;
};

struct lever_keys {
	const struct yaml_node	*self, *with, *effect;
	const char		*name, *source, *action, *owner;
	int64_t			within_ns;
};

struct retrain_keys {
	const struct yaml_node	*with;
	const char		*source, *action;
};

struct service_keys {
	const struct yaml_node	*self;
	const char		*name, *owner;
	bool			guessed;
	struct model_conf	model;
	struct serving_conf	serving;
	struct agents_keys	agents;
	struct yaml_texts	slos, drift, runbooks, uses;
	struct retrain_keys	retrain;
	struct yaml_subs	levers;		/* struct lever_keys */
};

struct context_keys {
	const struct yaml_node	*self;
	const char		*name, *region;
	bool			read_only;
	struct yaml_texts	sources;
};

struct ui_keys {
	const char	*theme;
	int		clock, low_bandwidth;
	bool		mouse, plain;
};

struct notify_keys {
	bool			desktop;
	int			terminal, bell;
	struct yaml_texts	command;
};

struct store_keys {
	const struct yaml_node	*self;
	const char		*path;
	int64_t			keep_ns, max_bytes;
};

struct audit_keys {
	int			sign;
	struct yaml_texts	ship;
};

struct config_keys {
	const struct yaml_node	*self;
	const char		*context;
	struct yaml_subs	contexts, sources, services;
	struct yaml_texts	runbooks, connectors;
	struct store_keys	store;
	struct audit_keys	audit;
	struct notify_keys	notify;
	struct ui_keys		ui;
};

extern const struct yaml_field config_key_table[];
extern const char *const config_keep_words[], *const config_clock_words[],
	*const config_auto_words[], *const config_bell_words[], *const config_sign_words[];

/* What earlier files set, as this file's keys find it. */
struct config_keys config_keys_from(const struct config *c);

/* Check what one file's keys say and take it over into r->out. */
void config_take(const struct config_reading *r, struct config_keys *k);

void config_append(struct arena *a, struct yaml_texts *to, const struct yaml_texts *more);

/* auth, with and headers of a source from their nodes, which may be NULL. */
void config_read_auth(struct auth_conf *out, const struct yaml_node *node,
	const struct config_reading *r);
void config_read_with(struct source_conf *out, const struct yaml_node *node,
	const struct config_reading *r);
void config_read_headers(struct source_conf *out, const struct yaml_node *node,
	const struct config_reading *r);

/* A map of names to scalars as two arrays; how many. */
size_t config_read_map(const char ***names, const char ***values, const struct yaml_node *map,
	const struct config_reading *r);

/* An absolute path in the arena; NULL stays NULL. */
const char *config_path(const struct config_reading *r, const char *path);

/* The node of key in map, else map: where a problem with it is shown. */
const struct yaml_node *config_place(const struct yaml_node *map, const char *key);

/* Problems, if there are any, of single values. */
void config_check_name(const struct config_reading *r, const struct yaml_node *map,
	const char *name);
void config_check_source(const struct config_reading *r, const struct source_keys *k);
void config_check_store(const struct config_reading *r, const struct store_keys *k);

/* Of what one file names: sources of its contexts and services, the context to start in. */
void config_check_references(const struct config_reading *r, const struct config_keys *k);

#endif
