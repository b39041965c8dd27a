/*
 * auth_conf.h - how a source authenticates, as configurations and connectors say it
 *
 * Secrets are references only; net/auth resolves them.  Texts live in the reader's arena.
 */
#ifndef TOCSIN_AUTH_CONF_H
#define TOCSIN_AUTH_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/yaml.h"

/* Exactly one member is set; none: there is no secret. */
struct secret_ref {
	const char		*env;
	const char		*file;	/* absolute */
	struct yaml_texts	cmd;
};

/* A connector's rule: how user and password become a token. */
struct login_conf {
	const char	*method;	/* GET, POST, PUT */
	const char	*path;		/* below the source's url */
	const char	*json;		/* a JSON document, whose texts "$user", "$password" are replaced */
	const char	**form_names, **form_values;
	size_t		n_form;
	const char	*token;		/* ".data.access_token"; ".": the answer is the token */
	const char	*expires;	/* ".expires_in", "jwt", or seconds; NULL: on 401 */
	const char	*header, *prefix;
};

struct oauth2_conf {
	const char	*token_url, *client_id, *scope, *audience;
	bool		in_body;	/* the secret; else Basic */
};

struct sigv4_conf {
	const char		*region, *service, *profile, *access_key;
	struct secret_ref	access_key_secret, session_token;
};

struct gcp_conf {
	const char	*file, *scope;
	bool		metadata;
};

struct kube_conf {
	const char	*file, *context;
	bool		in_cluster;
	const char	*server;	/* where connector_auth() found it; NULL: the source has a url */
};

struct auth_conf {
	const char		*kind;		/* NULL none; a name of the table of kinds */
	const char		*user;		/* when literal */
	const char		*name;		/* header's or query parameter's */
	struct secret_ref	secret, user_secret;
	struct login_conf	login;
	struct oauth2_conf	oauth2;
	struct sigv4_conf	sigv4;
	struct gcp_conf		gcp;
	struct kube_conf	kube;
};

bool secret_ref_is_set(const struct secret_ref *ref);

/* The `auth:` of a source; paths are relative to dir.  node NULL is none.  -1: problems in p. */
int auth_conf_read(struct auth_conf *out, const struct yaml_node *node, const char *dir,
	struct arena *a, struct problems *p);

/* The `auth:` of a connector, for its sources that configure none; it holds no secrets. */
int auth_conf_read_default(struct auth_conf *out, const struct yaml_node *node, struct arena *a,
	struct problems *p);

/*
 * Complete a source's auth by its connector's: all of it when the source has none, else what the
 * same kind leaves open.  A text "$name" of the connector's is the option of that name.
 */
void auth_conf_merge(struct auth_conf *out, const struct auth_conf *by_default,
	const struct json *options, struct arena *a);

/* A header's name as RFC 9110 has it. */
bool auth_is_token(const char *name);

#endif
