/*
 * connector.h - a connector's file: how one type of backend is read and acted on
 *
 * A connector is data (doc/connectors.md): requests, paging, jq programs, named actions.  A file
 * in the user's directory overrides a built-in one of the same name.
 */
#ifndef TOCSIN_CONNECTOR_H
#define TOCSIN_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/yaml.h"
#include "model/config.h"
#include "model/record.h"
#include "net/http.h"

#define CONNECTOR_MAX_BYTES ((size_t)512 * 1024)

/* A literal, or "$name": a variable's value, left out when that is null. */
struct pair {
	const char	*name, *value;
	int		line;
};

struct pairs {
	struct pair	*items;
	size_t		n;
};

struct connector_request {
	enum http_method	method;
	const char		*path;		/* "{name}": a variable as one encoded segment */
	struct pairs		query, headers;
	const char		*json;		/* jq program that makes the body, or NULL */
	int			line;
};

struct connector_read {
	const char			*name;
	enum record_kind		emits;
	struct connector_request	request;
	const char			*want;		/* "session": only when asked; NULL: polled */
	const char			*fallback;	/* read to use when this path is not there */
	bool				only_fallback;	/* used as another read's fallback alone */
	bool				partial;	/* what it does not emit has not gone away */
	const char			*map;		/* jq: answer -> records */
	const char			*cursor;	/* jq: answer -> next cursor or null; or NULL */
	const char			*cursor_query;	/* the parameter that takes it */
	int64_t				max_pages;
	int64_t				overlap_ns;	/* how far $since lies before the last success */
	int64_t				history_ns;	/* and before now at first contact */
};

enum param_type { PARAM_NONE, PARAM_TEXT, PARAM_NUMBER, PARAM_CHOICE };

struct connector_param {
	const char		*name;
	enum param_type		type;
	struct yaml_texts	choices;
	double			min, max;	/* numbers; min > max: no bounds */
	bool			optional;
	const char		*help;
};

struct connector_binding {
	const char	*action;	/* NULL: none */
	struct pairs	with;		/* parameters; "$before" and the action's own */
};

struct connector_action {
	const char			*name, *title, *effects;
	const char			*risk;		/* change, destroy */
	struct connector_param		*params;
	size_t				n_params;
	struct connector_request	request;
	struct connector_request	before;		/* path NULL: none */
	const char			*before_value;	/* jq: answer -> current value */
	const char			*before_missing; /* jq on an error: true: there is none */
	struct connector_request	verify;		/* path NULL: none */
	const char			*verify_until;	/* jq: true when done */
	int64_t				verify_within_ns, verify_every_ns;
	struct connector_binding	undo, undo_missing;	/* by whether there was a value before */
};

struct connector {
	struct arena			arena;		/* owned: all below */
	const char			*name, *title, *speaks, *file;
	const char			*verified_on, *verified_version, *verified_by;	/* NULL: documented */
	struct yaml_texts		env_url, env_basic;
	const char			*env_bearer;
	struct connector_request	probe;
	const char			*probe_version;	/* jq; NULL: the text itself */
	struct connector_read		*reads;
	size_t				n_reads;
	struct connector_action		*actions;
	size_t				n_actions;
};

/* Parse s[0..n-1]; what is wrong goes to p, with line and column; returns -1 then. */
int connector_parse(struct connector *out, const char *file, const char *s, size_t n,
	struct problems *p);
void connector_release(struct connector *c);

/* The file TYPE.yaml: yours, then those of config->connectors, then what ships.  NOT_FOUND. */
int connector_load(struct connector *out, const struct config *config, const char *type,
	struct err *e);

const struct connector_read *connector_read_find(const struct connector *c, const char *name);
const struct connector_action *connector_action_find(const struct connector *c, const char *name);

/*
 * conf with url and auth filled from the variables that the system's own client reads, where the
 * configuration does not give them.  Allocates from a; fails when there is no url.
 */
int connector_source(struct source_conf *out, const struct connector *c,
	const struct source_conf *conf, struct arena *a, struct err *e);

/*
 * The URL of a request: source's base, path with "{name}" replaced by encoded segments, query.
 * values: an object.  A missing value in a path fails; in a query it leaves the pair out.
 */
int connector_url(struct strbuf *out, const struct connector_request *req, const char *base,
	const struct json *values, struct err *e);

/* Names of variables as an array, for map_program: the params and the fixed ones. */
const char *const *connector_read_vars(size_t *n);
const char **action_vars(const struct connector_action *act, size_t *n, struct arena *a);

#endif
