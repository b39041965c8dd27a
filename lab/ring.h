/* ring.h - two counters over time, for the error ratio over any window up to the longest */
#ifndef LAB_RING_H
#define LAB_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring_sample {
	int64_t	at;
	double	total, bad;
};

struct ring {
	struct ring_sample	*items;	/* owned, oldest first from `first` */
	size_t			cap, first, n;
};

void ring_init(struct ring *r, size_t cap);
void ring_release(struct ring *r);

/* Times must rise. */
void ring_add(struct ring *r, int64_t at, double total, double bad);

/* bad / total over (to - window, to]; NAN without traffic or before there is anything. */
double ring_ratio(const struct ring *r, int64_t to, int64_t window_ns);

#endif
