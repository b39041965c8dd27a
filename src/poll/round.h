/* round.h - one round of one source, from the collector's side (readers use reader.h) */
#ifndef TOCSIN_POLL_ROUND_H
#define TOCSIN_POLL_ROUND_H

#include "poll/reader.h"

/* How it ended; borrowed for the call. */
struct round_outcome {
	const struct round	*round;
	const struct err	*e;	/* NULL: well, or partly */
	int64_t			began_mono, latency_ns, bytes;
	int64_t			retry_after_ns;	/* NONE_INT: no server asked for it */
};

typedef void round_done_fn(void *ctx, const struct round_outcome *o);

/*
 * Begin a round with what `given` holds (arena and results apart).  done is called once, perhaps
 * before this returns, and not after round_abort().
 */
struct round *round_start(const struct round *given, const struct reader *reader,
	round_done_fn *done, void *ctx);

/* End it without a word: what was asked for is cancelled. */
void round_abort(struct round *r);

#endif
