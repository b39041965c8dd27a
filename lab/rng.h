/* rng.h - numbers that look random and are the same for the same seed */
#ifndef LAB_RNG_H
#define LAB_RNG_H

#include <stdint.h>

struct rng {
	uint64_t	state;
};

/* A well mixed number from any other: for what must not depend on what was drawn before. */
uint64_t rng_mix(uint64_t x);

uint64_t rng_next(struct rng *r);
double rng_unit(struct rng *r);					/* 0 <= x < 1 */
int64_t rng_between(struct rng *r, int64_t low, int64_t high);	/* both included */

#endif
