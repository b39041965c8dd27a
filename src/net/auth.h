/*
 * auth.h - secrets, read at request time and nowhere else
 *
 * A secret is never stored, logged, put in an error or in another program's arguments.  Memory
 * that held one is wiped.
 */
#ifndef TOCSIN_NET_AUTH_H
#define TOCSIN_NET_AUTH_H

#include "core/clock.h"
#include "core/err.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "model/config.h"

/* A secret's command gets this long, and what it printed is used for this long. */
#define AUTH_CMD_TIMEOUT_NS (10 * NS_PER_S)
#define AUTH_CMD_KEEP_NS (60 * NS_PER_S)
#define AUTH_SECRET_MAX_BYTES ((size_t)64 * 1024)

/* What a request carries. */
struct credential {
	struct strbuf	header;		/* "Authorization: Bearer ..."; empty: none */
	struct strbuf	query_name;	/* of a query parameter; empty: none */
	struct strbuf	query_value;
};

#define CREDENTIAL_INIT {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT}

void credential_release(struct credential *c);	/* wipes */

/*
 * Append the secret without its trailing newline; it may not hold control characters.  Blocks
 * for a command (child_run).  ERR_AUTH or ERR_DENIED name the variable, file or program, never
 * the value.
 */
int secret_read(struct strbuf *out, const struct secret_ref *ref, struct err *e);

/* Release and wipe. */
void secret_release(struct strbuf *secret);

/*
 * Fill out (initialised) by conf; kind NULL gives an empty credential.  Blocks for a command: for
 * supervisors and commands, before they start.
 */
int auth_resolve(struct credential *out, const struct auth_conf *conf, struct err *e);

/* The same on a loop, with what commands printed kept for AUTH_CMD_KEEP_NS. */
struct auth;

struct auth *auth_new(struct loop *l);
void auth_free(struct auth *a);		/* ends commands that still run; no callback follows */

/*
 * fn is called once with a borrowed credential, or with an error and NULL; before auth_get()
 * returns when no command has to run.  Equal commands run once for all who wait.
 */
typedef void auth_fn(void *ctx, const struct credential *c, const struct err *e);
void auth_get(struct auth *a, const struct auth_conf *conf, auth_fn *fn, void *ctx);
void auth_cancel(struct auth *a, void *ctx);	/* whoever waits with ctx waits no more */

/* The backend refused it: do not use what is kept. */
void auth_forget(struct auth *a, const struct auth_conf *conf);

#endif
