/*
 * config.h - the configuration: contexts, sources, services (design, section 4)
 *
 * The system's file is read first, then yours; --config replaces both.  Secrets are references
 * only; net/auth resolves them.
 */
#ifndef TOCSIN_CONFIG_H
#define TOCSIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/yaml.h"
#include "model/auth_conf.h"

struct tls_conf {
	const char	*ca, *cert, *key;
	bool		insecure;	/* refused unless the host is loopback */
};

struct source_conf {
	const char		*name, *type, *url;
	int64_t			every_ns, timeout_ns;
	struct auth_conf	auth;
	const char		*with;		/* the connector's options: a JSON object; NULL: none */
	struct tls_conf		tls;
	const char		**header_names, **header_values;
	size_t			n_headers;
	struct yaml_texts	targets;	/* type metrics: URLs */
	const char		*keep_content;	/* masked, full, none */
	int64_t			max_bytes;	/* of one answer */
	bool			system;		/* from the system's file */
	int			line;
};

struct model_conf { const char *source, *name, *alias; };
struct serving_conf { const char *source, *name; };
struct agents_conf { const char *source, *match_name; };

struct lever_conf {
	const char		*name, *source, *action;
	const char		**with_names, **with_values;
	size_t			n_with;
	int64_t			within_ns;
	const char		*owner;
};

/* What starts a service's training: an action of a source. */
struct retrain_conf {
	const char		*source, *action;	/* source NULL: none */
	const char		**with_names, **with_values;
	size_t			n_with;
};

struct service_conf {
	const char		*name, *owner;
	bool			guessed;	/* written by tocsin init from labels */
	struct model_conf	model;
	struct serving_conf	serving;
	struct agents_conf	agents;
	struct yaml_texts	slos, drift, runbooks;	/* SLO and drift files: absolute */
	struct yaml_texts	uses;	/* names of what it depends on besides: flags, data, ... */
	struct retrain_conf	retrain;
	struct lever_conf	*levers;
	size_t			n_levers;
};

struct context_conf {
	const char		*name, *region;
	bool			read_only;
	bool			system;		/* from the system's file */
	struct yaml_texts	sources;
};

struct ui_conf {
	const char	*theme;			/* NULL: by the terminal */
	const char	*clock;			/* local, utc */
	bool		mouse;
	int		low_bandwidth;		/* -1 auto, 0, 1 */
	bool		plain;
};

struct notify_conf {
	bool			desktop;
	const char		*terminal;	/* auto, on, off */
	const char		*bell;		/* page, ticket, off */
	struct yaml_texts	command;
};

struct config {
	struct arena		arena;		/* owned: all below lives here */
	const char		*context;	/* where to start */
	struct context_conf	*contexts;
	size_t			n_contexts;
	struct source_conf	*sources;
	size_t			n_sources;
	struct service_conf	*services;
	size_t			n_services;
	struct yaml_texts	runbooks;	/* directories, absolute */
	struct yaml_texts	connectors;	/* further directories */
	const char		*store_path;	/* NULL: auto */
	int64_t			store_keep_ns, store_max_bytes;
	const char		*audit_sign;	/* ssh-agent, off */
	struct yaml_texts	audit_ship;
	struct notify_conf	notify;
	struct ui_conf		ui;
	struct yaml_texts	files;		/* what was read */
};

/*
 * Read the configuration; file is --config's or NULL.  No file at all gives an empty one with its
 * defaults; without contexts there is one, "default", with every source.  All problems of all
 * files go to p; -1 then with their number in e, or with the reason why a file cannot be read.
 */
int config_load(struct config *out, const char *file, struct problems *p, struct err *e);

/* The same from a system's file and one of yours, neither of which need be there. */
int config_load_files(struct config *out, const char *system, const char *own, struct problems *p,
	struct err *e);
void config_release(struct config *c);

/* Borrowed; NULL: no such name.  context NULL or "": the one to start in, else the only one. */
const struct context_conf *config_context(const struct config *c, const char *name);
const struct source_conf *config_source(const struct config *c, const char *name);
const struct service_conf *config_service(const struct config *c, const char *name);

/* True when source belongs to the context. */
bool context_has_source(const struct context_conf *ctx, const char *source);

/* The configuration's key table, for the manual and for `check`. */
const struct yaml_field *config_fields(void);

#endif
