/* config_keys.h - the configuration file as its key tables fill it, before it is checked */
#ifndef TOCSIN_CONFIG_KEYS_H
#define TOCSIN_CONFIG_KEYS_H

#include "model/config.h"

struct source_keys {
	const char		*name, *type, *url;
	int64_t			every_ns, timeout_ns, max_bytes;
	const struct yaml_node	*auth, *headers;
	struct tls_conf		tls;
	struct yaml_texts	targets;
	int			keep_content;	/* index into config_keep_words */
	const struct yaml_node	*node;		/* of the whole, for problems */
};

struct match_keys { const char *name; };

struct agents_keys {
	const char		*source;
	struct match_keys	match;
};

struct lever_keys {
	const char		*name, *source, *action, *owner;
	const struct yaml_node	*with, *effect;
	int64_t			within_ns;
};

struct service_keys {
	const char		*name, *owner;
	bool			guessed;
	struct model_conf	model;
	struct serving_conf	serving;
	struct agents_keys	agents;
	struct yaml_texts	slos, drift, runbooks;
	struct yaml_subs	levers;		/* struct lever_keys */
};

struct context_keys {
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
	const char	*path;
	int64_t		keep_ns, max_bytes;
};

struct audit_keys {
	int			sign;
	struct yaml_texts	ship;
};

struct config_keys {
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

/* auth: from its node; what is wrong goes to p. */
void config_read_auth(struct auth_conf *out, const struct yaml_node *node, const char *dir,
	struct arena *a, struct problems *p);

/* A map of names to scalars as two arrays. */
size_t config_read_map(const char ***names, const char ***values, const struct yaml_node *map,
	struct arena *a, struct problems *p);

#endif
