/*
 * connector.h - a connector's file: how one type of backend is read and acted on
 *
 * A connector is data (doc/connectors.md): requests, paging, jq programs, named actions.  A file
 * in the user's directory overrides a built-in one of the same name.
 */
#ifndef TOCSIN_CONNECTOR_H
#define TOCSIN_CONNECTOR_H

#include "core/arena.h"
#include "core/yaml.h"
#include "model/config.h"
#include "model/record.h"
#include "net/connector_request.h"

#define CONNECTOR_MAX_BYTES ((size_t)512 * 1024)

/* --- reads --- */

/* One request for each item of the answer before. */
struct connector_stage {
	struct jq			items;	/* answer of the stage before -> items */
	const char			*as;
	struct connector_request	request;
	struct connector_page		page;
	int64_t				max;		/* items in one read; more: it is cut */
	int64_t				at_once;	/* requests in flight */
	bool				keep;		/* the answer never changes */
	struct statuses			skip;		/* leave the item out */
};

struct connector_read {
	const char			*name;
	enum record_kind		emits;
	struct connector_request	request;	/* path NULL: stages begin from null */
	struct connector_page		page;
	struct connector_stage		*stages;
	size_t				n_stages;
	struct jq			map;		/* last answer -> records */
	const char			*want;		/* "session": only when asked; NULL: polled */
	const char			*fallback;	/* read to use when this path is not there */
	bool				only_fallback;	/* used as another read's fallback alone */
	bool				partial;	/* what it does not emit has not gone away */
	int64_t				overlap_ns;	/* how far $since lies before the last success */
	int64_t				history_ns;	/* and before now at first contact */
};

/* --- actions --- */

enum param_type { PARAM_NONE, PARAM_TEXT, PARAM_NUMBER, PARAM_CHOICE, PARAM_BOOL };

struct connector_param {
	const char			*name;
	enum param_type			type;
	struct yaml_texts		choices;	/* of text and PARAM_CHOICE */
	struct connector_request	choices_from;	/* or asked for; path NULL: not */
	struct jq			choices_values;	/* its answer -> texts */
	double				min, max;	/* numbers; min > max: no bounds */
	bool				optional;
	const char			*help, *otherwise, *pattern;	/* POSIX extended; or NULL */
	int				line;
};

struct connector_binding {
	const char	*action;	/* NULL: none */
	struct pairs	with;		/* parameters; "$before" and the action's own */
};

struct connector_on {
	enum record_kind	kind;
	struct pairs		with;	/* parameter <- "$field" of the record, or a literal;
					 * `before`: the field that holds before.value */
};

struct connector_lookup {
	const char			*as;
	struct connector_request	request;
	struct jq			keep;	/* answer -> the variable's value */
};

struct connector_refusal {
	struct jq	when;	/* on null; true: refused */
	const char	*because;
};

struct connector_wait {
	struct connector_request	request;	/* path NULL: none */
	struct jq			until;		/* true when it is there */
	int64_t				within_ns, every_ns;
	const char			*says;		/* what that means in the world; or NULL */
};

/* What was started, asked for until it ends. */
struct connector_follow {
	struct connector_request	request;	/* path NULL: none */
	const char			*as;		/* the variable that holds the last answer; or NULL */
	struct connector_lookup		*lookups;	/* `read:`, at each look */
	size_t				n_lookups;
	struct jq			until, fails;	/* true: it ended well, badly */
	struct jq			shows;		/* how it stands, in a line; text NULL: nothing */
	struct connector_lookup		*causes;	/* `reason.read:`, when it ended badly */
	size_t				n_causes;
	struct jq			reason;		/* `reason.says`: in a line; text NULL: nothing */
	struct connector_binding	stop;		/* the action that stops it; NULL: none */
	int64_t				within_ns, every_ns;
	int				line;
};

struct connector_action {
	const char			*name, *title, *effects;
	const char			*risk;		/* change, destroy */
	struct connector_on		*on;
	size_t				n_on;
	struct connector_param		*params;
	size_t				n_params;
	struct connector_lookup		*lookups;	/* `read:` */
	size_t				n_lookups;
	struct connector_refusal	*refusals;
	size_t				n_refusals;
	struct jq			preview;	/* on null: lines that the plan shows; or none */
	struct connector_request	request;
	struct connector_request	copy;		/* path NULL: none; its answer is the body */
	bool				has_dry_run;
	struct pairs			dry_query, dry_headers;	/* added for a rehearsal */
	struct jq			dry_json;	/* an object, merged into the body */
	struct connector_request	before;		/* path NULL: none */
	struct jq			before_value;	/* answer -> current value */
	struct jq			before_missing; /* on an error: true: there is none */
	struct connector_wait		verify, effect;
	struct connector_follow		follow;
	struct connector_binding	undo, undo_missing;	/* by whether there was a value before */
	int				line;
};

/* --- the file --- */

struct connector_option {
	const char	*name, *help;
	const char	*otherwise;	/* default; or NULL */
	bool		required, list;
	struct yaml_texts env;		/* variables of the environment that give it */
	int		line;
};

struct connector {
	struct arena			arena;		/* owned: all below */
	const char			*name, *title, *speaks, *file;
	const char			*verified_on, *verified_version, *verified_by;	/* NULL: documented */
	const char			*url;		/* default base, with {option}; or NULL */
	struct yaml_texts		env_url, env_basic;
	const char			*env_bearer;
	struct connector_option		*options;
	size_t				n_options;
	struct auth_conf		auth;		/* of sources that configure none */
	struct pairs			headers;	/* of every request */
	struct jq			error;		/* error body -> message */
	struct jq			ok;		/* success rule of every 2xx */
	int64_t				rate_requests, rate_per_ns;	/* 0: no limit of its own */
	struct connector_request	probe;
	struct jq			probe_version;	/* text NULL: the text itself */
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
 * Add each option of the connector to values: from `with`, the environment or its default; null
 * else, and arrays for lists.  Fails when a required one is missing, or `with` has another name.
 */
int connector_options(struct json *values, const struct connector *c,
	const struct source_conf *conf, struct err *e);

#endif
