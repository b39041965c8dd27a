/* auth_token.h - what token servers answer: tokens, their life, and why there is none */
#ifndef TOCSIN_NET_AUTH_TOKEN_H
#define TOCSIN_NET_AUTH_TOKEN_H

#include "core/json.h"
#include "net/auth_job.h"

#define TOKEN_MAX_BYTES ((size_t)32 * 1024)

/* One line of visible ASCII that is not too long; else ERR_AUTH, without repeating it. */
int token_check(const char *token, const char *host, struct err *e);

/*
 * The life that a value states: seconds as a number or its digits, or a moment in time (RFC 3339).
 * NONE_INT: it says nothing.
 */
int64_t token_life(const struct json *value, int64_t now);

/* The same from the `exp` of a JWT's payload, unverified: the backend is who verifies it. */
int64_t token_jwt_life(const char *token, int64_t now);

/* Keep job->made for a token that is good for life_ns (NONE_INT: until it is refused). */
void token_keep(struct auth_job *job, int64_t life_ns);

/*
 * Parse a 2xx answer as JSON; else ERR_AUTH "the login at HOST ...", with what the server said
 * unless that repeats the secret.
 */
int token_json(struct json **out, const struct auth_job *job, const char *url,
	const struct http_answer *answer, struct err *e);

/* 0 for 2xx; else that error. */
int token_status(const struct auth_job *job, const char *url, const struct http_answer *answer,
	struct err *e);

#endif
