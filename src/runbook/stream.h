/*
 * stream.h - a step's output on its way to the store
 *
 * Secrets come out, the first and the last megabyte stay, everything is counted.  Reading never
 * waits for the store, so that a step that floods is not held up by us.
 */
#ifndef TOCSIN_STREAM_H
#define TOCSIN_STREAM_H

#include "runbook/mask.h"
#include "store/journal.h"

#define STREAM_KEPT_BYTES ((size_t)1 << 20)	/* at each end, as the store keeps */

struct stream {
	struct store	*st;		/* borrowed */
	const char	*run;		/* borrowed */
	int64_t		n;
	struct mask	*mask;		/* borrowed */
	bool		discard;	/* of a secret step: counted, not kept */
	int64_t		bytes;		/* put in, after masking */
	struct strbuf	head, tail;	/* not yet in the store */
	int64_t		tail_at;	/* where tail stands in the whole */
};

void stream_init(struct stream *s, struct store *st, const char *run, int64_t n,
	struct mask *mask);
void stream_release(struct stream *s);
void stream_add(struct stream *s, const void *data, size_t n);

/* A line of ours between the step's own. */
void stream_say(struct stream *s, const char *fmt, ...) PRINTF(2, 3);

/* Write what came since the last time; end: also what was held back for masking. */
int stream_flush(struct stream *s, bool end, struct err *e);

#endif
