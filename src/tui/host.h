/*
 * host.h - the console on the engineer's own terminal: loop, tty, signals
 *
 * What the screen tests do without: everything here needs a real terminal.
 */
#ifndef TOCSIN_HOST_H
#define TOCSIN_HOST_H

#include <stdbool.h>

#include "core/err.h"
#include "core/loop.h"
#include "model/config.h"
#include "store/store.h"

struct host_conf {
	struct loop		*loop;		/* borrowed; runs here */
	struct store		*store;		/* borrowed; may be NULL */
	const struct config	*config;
	const char		*config_file;	/* --config's; NULL */
	const char		*context;	/* NULL: the configuration's */
	const char		*theme;		/* NULL: the configuration's, else the terminal's 16 */
	const char		*note;		/* said at first; or NULL */
	const char		*pane, *argument;	/* where to begin; NULL: Overview */
	bool			plain, no_mouse, low_bandwidth;

	/* Another context was chosen: its sources want to be read; or NULL.  -1: why is noted. */
	int			(*switched)(void *ctx, const struct context_conf *to, struct err *e);
	void			*ctx;
};

/* True when there is a terminal that can be drawn on; else the situation is printed as text. */
bool host_possible(void);

/*
 * Run until the person leaves or the terminal is gone; the terminal is as it was.  *signal_number
 * is the one that ended it, or 0.
 */
int host_run(const struct host_conf *conf, int *signal_number, struct err *e);

#endif
