/* backoff.h - when a source is asked again */
#ifndef TOCSIN_POLL_BACKOFF_H
#define TOCSIN_POLL_BACKOFF_H

#include <stdint.h>

#include "core/err.h"

struct backoff {
	int64_t		every_ns;
	unsigned	failures;	/* in a row; 0: the last round went well */
	enum err_retry	retry;		/* of the last failure */
	int64_t		retry_after_ns;	/* what the server asked for; NONE_INT: nothing */
};

/*
 * From the beginning of one round to that of the next.  Well: `every`, 5 % more or less.
 * Failed: 1, 2, 4, 8, at most 10 times `every`, at most 5 minutes more than it; at once the most
 * when asking again is of no use (RETRY_NEVER); a second once, then as above, for RETRY_NOW.
 * Never sooner than the server asks.  random is uniform over all values.
 */
int64_t backoff_delay(const struct backoff *b, uint32_t random);

/* A moment in [0, spread) for what would otherwise happen all at once. */
int64_t backoff_spread(int64_t spread_ns, uint32_t random);

#endif
