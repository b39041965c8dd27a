/*
 * derive.h - which changes follow from two observations of one object (private to store/)
 *
 * Pure but for the rows it hands to its caller one by one.
 */
#ifndef TOCSIN_STORE_DERIVE_H
#define TOCSIN_STORE_DERIVE_H

#include "core/arena.h"
#include "model/change.h"
#include "model/config.h"

/* Called with each change, which it borrows; returns -1 to end. */
typedef int derive_fn(void *ctx, const struct change *c, struct err *e);

/* How the two were seen. */
struct derive_how {
	int64_t			seen;		/* when we saw the second */
	int64_t			last;		/* when we saw the first; NONE_INT unknown */
	bool			gap;		/* nobody watched between the two */
	bool			first_contact;
	bool			baseline;	/* the source is another one: nothing compares */
	const struct config	*config;	/* NULL: services are not known */
};

/*
 * before NULL: it appeared; after NULL: it is gone.  At first contact what it says of its own
 * past, which is nothing where it has no times.  Texts are made in a.
 */
int derive_changes(derive_fn *fn, void *ctx, struct arena *a, const struct record_def *def,
	const void *before, const void *after, const struct derive_how *how, struct err *e);

/* Since when it has been so, by its own word; seen where it has no time that fits. */
int64_t derive_since(enum record_kind kind, const void *record, int64_t seen);

#endif
