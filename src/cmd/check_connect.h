/* check_connect.h - tocsin check --connect: who answers, and what can be read and done there */
#ifndef TOCSIN_CHECK_CONNECT_H
#define TOCSIN_CHECK_CONNECT_H

#include "core/json.h"
#include "model/config.h"

struct connection;	/* one source's answer, or why there is none */

struct connections {
	struct arena		arena;
	struct connection	*items;
	size_t			n;
	size_t			failed;
};

/* Ask every source of the context (NULL: all), one after another. */
void connections_ask(struct connections *out, const struct config *c,
	const struct context_conf *context);
void connections_release(struct connections *c);
void connections_print(const struct connections *c);
void connections_json(struct json *to, const struct connections *c);

#endif
