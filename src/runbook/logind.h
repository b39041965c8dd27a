/*
 * logind.h - whether logging out kills what still runs
 *
 * systemd-logind with KillUserProcesses=yes ends every process of a session.  A scope of the
 * user's own manager survives that, where lingering keeps the manager alive.
 */
#ifndef TOCSIN_LOGIND_H
#define TOCSIN_LOGIND_H

#include <stdbool.h>

struct logind {
	bool	present;	/* systemd-logind runs here */
	bool	kills;		/* it ends this user's processes */
	bool	lingers;	/* the user's manager stays */
};

/* root: "" in life, a folder in tests.  user and is_root: whose processes. */
void logind_look(struct logind *out, const char *root, const char *user, bool is_root);

#endif
