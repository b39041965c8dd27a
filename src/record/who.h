/* who.h - who acts, as far as this machine can tell: a claim, unless a signature stands by it */
#ifndef TOCSIN_WHO_H
#define TOCSIN_WHO_H

#include <stdint.h>

#include "core/arena.h"
#include "core/json.h"

struct who {
	int64_t		uid, login_uid, session;	/* NONE_INT unknown; login_uid survives su */
	const char	*user;		/* by uid */
	const char	*login;		/* by login_uid; NULL: the same or unknown */
	const char	*ssh_from;	/* address and port, from SSH_CLIENT; or NULL */
	const char	*key;		/* SHA256:… of the SSH key that logged in; or NULL */
	const char	*tty, *host;
};

/* Of this process; texts are in a. */
void who_am_i(struct who *out, struct arena *a);
struct json *who_to_json(const struct who *w);

/* "alice", or "alice (from 10.1.2.3)": for people. */
const char *who_text(const struct who *w, struct arena *a);

#endif
