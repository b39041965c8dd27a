/*
 * auth.h - secrets and what is made of them, read at request time and nowhere else
 *
 * A secret is never stored, logged, put in an error or in another program's arguments.  Memory
 * that held one is wiped.  Tokens are kept in memory only.
 */
#ifndef TOCSIN_NET_AUTH_H
#define TOCSIN_NET_AUTH_H

#include <stdbool.h>

#include "core/clock.h"
#include "core/err.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "model/config.h"
#include "net/answer.h"

/* A secret's command gets this long, and what it printed is used for this long. */
#define AUTH_CMD_TIMEOUT_NS (10 * NS_PER_S)
#define AUTH_CMD_KEEP_NS (60 * NS_PER_S)
#define AUTH_SECRET_MAX_BYTES ((size_t)64 * 1024)

enum credential_part {
	CREDENTIAL_HEADERS,		/* "Authorization: Bearer x\0X-Other: y\0" */
	CREDENTIAL_QUERY_NAME, CREDENTIAL_QUERY_VALUE,
	CREDENTIAL_REGION, CREDENTIAL_SERVICE,		/* a SigV4 signature is wanted, by: */
	CREDENTIAL_ACCESS_KEY, CREDENTIAL_SECRET_KEY, CREDENTIAL_SESSION,
	CREDENTIAL_CA, CREDENTIAL_CERT, CREDENTIAL_KEY,	/* PEM, instead of the source's files */
	CREDENTIAL_TLS_NAME,		/* the name to verify instead of the URL's */
	CREDENTIAL_PROXY,
	CREDENTIAL_PARTS,
};

/* What a request carries.  Parts that are empty are not there. */
struct credential {
	struct strbuf	part[CREDENTIAL_PARTS];
	bool		insecure;	/* of a kubeconfig; the rule of tls.insecure holds */
	unsigned	stamp;		/* of the token in it; 0: there is none */
};

void credential_init(struct credential *c);
void credential_release(struct credential *c);	/* wipes */
void credential_copy(struct credential *to, const struct credential *from);
const char *credential_text(const struct credential *c, enum credential_part part);
void credential_set(struct credential *c, enum credential_part part, const char *s, size_t n);

/* Append the header "name: prefix value". */
void credential_header(struct credential *c, const char *name, const char *prefix,
	const char *value);

/* "Authorization: Basic ..."; user NULL: the secret is "user:password" already. */
int credential_basic(struct credential *c, const char *user, const char *secret, struct err *e);

/*
 * Append the secret without its trailing newline; it may not hold control characters.  Blocks
 * for a command (child_run).  ERR_AUTH or ERR_DENIED name the variable, file or program, never
 * the value.
 */
int secret_read(struct strbuf *out, const struct secret_ref *ref, struct err *e);

/* Release and wipe. */
void secret_release(struct strbuf *secret);

/* --- on a loop --- */

struct auth;
struct http;

/* What a credential is for; borrowed until fn was called or auth_cancel(). */
struct auth_ask {
	const struct source_conf	*source;
	const char			*url;		/* whole */
	bool				write;		/* neither GET nor HEAD */
	bool				challenged, repeated;	/* for auth_again() */
};

/* h sends the requests that ask for tokens. */
struct auth *auth_new(struct loop *l, struct http *h);
void auth_free(struct auth *a);		/* ends commands that still run; no callback follows */

/*
 * fn is called once with a borrowed credential, or with an error and NULL; before auth_get()
 * returns when nothing has to be waited for.  Equal commands and logins run once for all who wait.
 */
typedef void auth_fn(void *ctx, const struct credential *c, const struct err *e);
void auth_get(struct auth *a, const struct auth_ask *ask, auth_fn *fn, void *ctx);
void auth_cancel(struct auth *a, void *ctx);	/* whoever waits with ctx waits no more */

/*
 * The backend answered 401 to a request with this credential.  True: what was kept has been
 * dropped, or the answer says what is wanted, and the request shall be sent once more.
 */
bool auth_again(struct auth *a, struct auth_ask *ask, const struct credential *used,
	const struct http_answer *answer);

/*
 * Fill out (initialised) with what a GET of the source's url would carry, on a loop of its own:
 * for supervisors and commands, to know before they start that it can be had.
 */
int auth_resolve(struct credential *out, const struct source_conf *source, struct err *e);

#endif
