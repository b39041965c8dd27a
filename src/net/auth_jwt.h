/* auth_jwt.h - JSON web tokens signed with RS256 (RFC 7515, 7523) */
#ifndef TOCSIN_NET_AUTH_JWT_H
#define TOCSIN_NET_AUTH_JWT_H

#include "core/err.h"
#include "core/json.h"
#include "core/strbuf.h"

/* Append header.claims.signature; key: an RSA private key as PEM; key_id NULL: none. */
int jwt_sign(struct strbuf *out, const struct json *claims, const char *key, const char *key_id,
	struct err *e);

#endif
