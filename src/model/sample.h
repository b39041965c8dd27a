/* sample.h - numbers over time */
#ifndef TOCSIN_SAMPLE_H
#define TOCSIN_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct sample {
	int64_t	at;
	double	value;
};

/* Sorted by time. */
struct samples {
	struct sample	*items;
	size_t		n;
};

#endif
