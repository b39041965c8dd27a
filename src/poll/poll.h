/*
 * poll.h - the collector: reads the sources of one context into the store
 *
 * One thread, one loop.  One collector for each source, whoever started it (store/source.h).
 */
#ifndef TOCSIN_POLL_POLL_H
#define TOCSIN_POLL_POLL_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"
#include "model/config.h"
#include "poll/reader.h"
#include "store/store.h"

enum poll_mode {
	POLL_NONE,
	POLL_ONCE,	/* one round over every source, then end */
	POLL_DAEMON,	/* around the clock, until SIGTERM */
	POLL_FOLLOW,	/* started by a console: ends when nobody is left */
};

struct poll_result {
	size_t	sources, failed, partial;
	size_t	held;		/* read by another collector */
};

/*
 * Run to the end.  context NULL: every source of the configuration.  Fails only when nothing
 * could be polled at all (the store); a source's failure is a row of its own.
 */
int poll_run(struct poll_result *out, const struct config *config,
	const struct context_conf *context, struct store *st, enum poll_mode mode, struct err *e);

/* Ask one source who it is: blocks for at most its timeout. */
int poll_probe(struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e);

#endif
