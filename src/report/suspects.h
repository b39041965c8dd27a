/* suspects.h - the changes that stand closest to the onset of an objective's burn */
#ifndef TOCSIN_REPORT_SUSPECTS_H
#define TOCSIN_REPORT_SUSPECTS_H

#include "model/config.h"
#include "signal/correlate.h"
#include "store/store.h"

/*
 * Ranked; none without an onset (NONE_INT).  at: time travel, AT_NOW otherwise.  Looks at changes
 * from a day before the onset to an hour after it.
 */
int suspects_of(struct suspects *out, struct arena *a, struct store *st, const struct config *c,
	const char *service, int64_t onset, int64_t at, size_t limit, struct err *e);

#endif
