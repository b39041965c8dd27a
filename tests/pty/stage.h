/* stage.h - a configuration and a filled store in a directory of their own, for `tocsin watch` */
#ifndef TOCSIN_STAGE_H
#define TOCSIN_STAGE_H

#include "model/config.h"
#include "store/store.h"
#include "tests/pty/pty.h"

struct stage {
	char		*dir, *config_file;	/* owned */
	struct config	config;
	struct store	*st;			/* to change what the console shows */
};

/* Under $TMPDIR; empty: nothing was ever read.  Runbooks may be put into books/ there. */
void stage_open(struct stage *p, bool empty);
void stage_close(struct stage *p);

/* Another burn rate of one of the objectives (n counts round), evaluated now. */
void stage_burn(struct stage *p, int n, double burn);

/*
 * $TOCSIN_PROGRAM watch, reading no source itself.  conf->argv is not used; words, or NULL, are
 * more of the command line, NULL-terminated.
 */
struct pty *stage_watch(const struct stage *p, const struct pty_conf *conf,
	const char *const *words);

#endif
