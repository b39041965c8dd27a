/*
 * drift_accept.h - a person takes what is measured now as the new reference of a drift check
 *
 * The current window's counts, as they were last told, are pinned, and the audit log says who did
 * it and why.  The collector compares with them from its next evaluation on.
 */
#ifndef TOCSIN_DRIFT_ACCEPT_H
#define TOCSIN_DRIFT_ACCEPT_H

#include "core/strbuf.h"
#include "model/config.h"
#include "store/store.h"

struct drift_acceptance {
	const char	*service, *dataset;
	const char	*feature;	/* NULL: all that have something to pin */
	const char	*reason;	/* not empty */
};

/*
 * *n: how many features were pinned.  ERR_DENIED in a read-only context; ERR_NOT_FOUND where
 * nothing of that name is measured; ERR_INPUT where its reference is not ours to set (Evidently).
 */
int drift_accept(size_t *n, struct store *st, const struct config *c,
	const struct context_conf *context, const struct drift_acceptance *what, struct err *e);

/* Append the runbook of this one step, for onestep_keep(): `tocsin drift accept`, quoted. */
void drift_accept_book(struct strbuf *book, const struct drift_acceptance *what);

#endif
