/*
 * rate.h - how fast one source may be asked: the connector's own limit, and what the server says
 *
 * Pure: times are arguments (clock_mono, and clock_now for the server's dates).
 */
#ifndef TOCSIN_NET_RATE_H
#define TOCSIN_NET_RATE_H

#include <stdint.h>

#include "net/answer.h"

#define RATE_HOLD_MAX_NS (INT64_C(60) * 1000000000)	/* believed of a server at most */

struct rate {
	int64_t	requests, per_ns;	/* 0: no limit of its own */
	int64_t	free_mono;		/* when the next request is due by our own limit */
	int64_t	hold_mono;		/* the server allows none before; 0: it does not say */
};

/* How long the next request has to wait; 0: it may go, and is counted. */
int64_t rate_take(struct rate *r, int64_t now_mono);

/* Take in what an answer says: "no more until then". */
void rate_seen(struct rate *r, const struct http_answer *a, int64_t now, int64_t now_mono);

/*
 * When the server's count begins anew, from RateLimit-Reset, X-RateLimit-Reset and their spellings:
 * seconds from now, a moment in s or ms, a date.  NONE_INT: it does not say.
 */
int64_t rate_reset_ns(const struct http_answer *a, int64_t now);

/* How long a refusal (429, 503, 403 with nothing left) asks us to wait, by the same; NONE_INT. */
int64_t rate_told_ns(const struct http_answer *a, int64_t now);

#endif
