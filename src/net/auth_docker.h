/* auth_docker.h - the registries' credentials that docker and podman keep */
#ifndef TOCSIN_NET_AUTH_DOCKER_H
#define TOCSIN_NET_AUTH_DOCKER_H

#include "core/err.h"
#include "core/strbuf.h"

#define DOCKER_FILE_MAX_BYTES ((size_t)4 * 1024 * 1024)

/* What is known of one registry; wipe with docker_login_release(). */
struct docker_login {
	struct strbuf	user, secret;
	struct strbuf	identity;	/* a refresh token, instead of a password */
	struct strbuf	helper;		/* docker-credential-NAME, to be asked with server */
	struct strbuf	server;
};

#define DOCKER_LOGIN_INIT {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT}

void docker_login_release(struct docker_login *l);

/*
 * What s[0..n-1], a config.json or auth.json, knows of host ("ghcr.io", "localhost:5000"): keys
 * may also be URLs, or of podman "host/repository".  All stays empty when that is nothing.
 */
int docker_login_parse(struct docker_login *out, const char *s, size_t n, const char *host,
	struct err *e);

/*
 * The same from the first file that knows the host: $REGISTRY_AUTH_FILE,
 * $XDG_RUNTIME_DIR/containers/auth.json, $DOCKER_CONFIG/config.json, ~/.docker/config.json,
 * ~/.config/containers/auth.json.
 */
int docker_login_find(struct docker_login *out, const char *host, struct err *e);

/* What a helper printed: {"Username":..., "Secret":...}; the user <token> means identity. */
int docker_helper_parse(struct docker_login *out, const char *s, size_t n, struct err *e);

#endif
