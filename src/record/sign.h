/* sign.h - SSH signatures by the agent, made and checked by ssh-keygen */
#ifndef TOCSIN_SIGN_H
#define TOCSIN_SIGN_H

#include <stddef.h>

#include "core/err.h"
#include "core/strbuf.h"

/* The agent's first key that signs: armoured SSHSIG appended to out, its fingerprint to key. */
int sign_agent(struct strbuf *out, struct strbuf *key, const char *name_space, const void *data,
	size_t n, struct err *e);

/* Checks that the signature is over data; its key's fingerprint is appended to key. */
int sign_check(struct strbuf *key, const char *armoured, size_t n_armoured, const char *name_space,
	const void *data, size_t n, struct err *e);

#endif
