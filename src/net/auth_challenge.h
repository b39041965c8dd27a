/* auth_challenge.h - WWW-Authenticate: what a server wants (RFC 9110, section 11.6.1) */
#ifndef TOCSIN_NET_AUTH_CHALLENGE_H
#define TOCSIN_NET_AUTH_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/strbuf.h"

#define CHALLENGE_MAX_BYTES ((size_t)16 * 1024)

enum challenge_scheme { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER };

struct challenge {
	enum challenge_scheme	scheme;
	struct strbuf		realm, service, scope, error;	/* owned */
};

#define CHALLENGE_INIT {CHALLENGE_NONE, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT}

void challenge_release(struct challenge *c);

/*
 * Read one header's value, which may hold several challenges; pairs in any order, quoted or not.
 * Bearer wins over Basic; others are passed over.  False: neither is in it.
 */
bool challenge_parse(struct challenge *c, const char *s, size_t n);

#endif
