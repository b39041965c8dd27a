/*
 * demo_keeper.h - the process behind `tocsin demo` that owns what must not be left behind
 *
 * It starts tocsin-lab and a collector in a directory of its own, says where on its standard
 * output, and takes everything away when its standard input ends: when the command ends, however
 * it ends.
 */
#ifndef TOCSIN_DEMO_KEEPER_H
#define TOCSIN_DEMO_KEEPER_H

#include "core/child.h"
#include "core/err.h"
#include "core/json.h"

struct demo {
	struct child	keeper;
	char		*config_file, *url;	/* owned */
};

/* Start a keeper and wait until the platform answers.  lab_args: for tocsin-lab, NULL-ended. */
int demo_start(struct demo *out, const char *const *lab_args, struct err *e);

/* Everything is taken away when this returns, or soon after. */
void demo_end(struct demo *d);

#endif
