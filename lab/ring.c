#include "config.h"
#include "lab/ring.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"

void ring_init(struct ring *r, size_t cap)
{
	*r = (struct ring){.items = mem_new(cap, sizeof(*r->items)), .cap = cap};
}

void ring_release(struct ring *r)
{
	free(r->items);
	*r = (struct ring){0};
}

void ring_add(struct ring *r, int64_t at, double total, double bad)
{
	if (r->n == r->cap) {
		r->first = (r->first + 1) % r->cap;
		r->n--;
	}
	r->items[(r->first + r->n++) % r->cap] = (struct ring_sample){at, total, bad};
}

static const struct ring_sample *sample(const struct ring *r, size_t i)
{
	return &r->items[(r->first + i) % r->cap];
}

/* The counters as of `at`: between two samples in proportion to time. */
static struct ring_sample as_of(const struct ring *r, int64_t at)
{
	size_t low = 0, high = r->n;
	const struct ring_sample *a, *b;
	double share;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (sample(r, middle)->at <= at)
			low = middle;
		else
			high = middle;
	}
	a = sample(r, low);
	if (at <= a->at || low + 1 == r->n)
		return *a;
	b = sample(r, low + 1);
	share = (double)(at - a->at) / (double)(b->at - a->at);
	return (struct ring_sample){at, a->total + share * (b->total - a->total),
		a->bad + share * (b->bad - a->bad)};
}

double ring_ratio(const struct ring *r, int64_t to, int64_t window_ns)
{
	struct ring_sample a, b;

	if (!r->n)
		return NAN;
	a = as_of(r, to - window_ns);
	b = as_of(r, to);
	return b.total > a.total ? (b.bad - a.bad) / (b.total - a.total) : NAN;
}
