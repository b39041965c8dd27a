/*
 * cost.h - tokens to money, by a price table passed in
 *
 * Money is int64_t pico-dollars (1e-12 USD): a price in USD for a million tokens with six decimals
 * is a whole number of them for one token, so sums are exact.  Unknown is NONE_INT, never 0.
 */
#ifndef TOCSIN_COST_H
#define TOCSIN_COST_H

#include <stdbool.h>
#include <stddef.h>

#include "model/session.h"

#define PUSD_PER_USD INT64_C(1000000000000)

/* USD for a million tokens. */
struct price {
	const char	*model;		/* exact name, or its beginning */
	double		input, output;
	double		cache_read;	/* NAN: as input */
	double		reasoning;	/* NAN: as output, inside which it is counted */
};

struct price_table {
	const struct price	*items;
	size_t			n;
};

/*
 * The row for a model: exact, then without date suffix, then without vendor prefix, then the
 * longest row that the name begins with.  NULL: none.
 */
const struct price *price_find(const struct price_table *t, const char *model);

/*
 * What a span cost: reported when it says so itself, else computed from its tokens.
 * *computed (may be NULL) tells which.  NONE_INT: neither.
 */
int64_t cost_of(const struct span *s, const struct price_table *t, bool *computed);

/* True when both name one model: vendor prefixes and date suffixes do not matter. */
bool model_same(const char *a, const char *b);

int64_t pusd_of(double usd);	/* NAN, out of range: NONE_INT */
double pusd_to_usd(int64_t v);	/* NONE_INT: NAN */

#endif
