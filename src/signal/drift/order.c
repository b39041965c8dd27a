#include "config.h"

#include "signal/drift/order.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS 11
#define DIGITS 6 /* that many of them cover 64 bits */
#define DIGIT_VALUES (1u << DIGIT_BITS)
#define FEW 256 /* fewer values are sorted by comparison */

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

/* Bits that order as the numbers do. */
static uint64_t key_of(double v)
{
	uint64_t bits;

	v += 0.0;
	memcpy(&bits, &v, sizeof(bits));
	return bits ^ (-(bits >> 63) | UINT64_C(1) << 63);
}

static double value_of(uint64_t key)
{
	uint64_t bits = key ^ (((key >> 63) - 1) | UINT64_C(1) << 63);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static size_t digit_of(uint64_t key, int digit)
{
	return key >> (digit * DIGIT_BITS) & (DIGIT_VALUES - 1);
}

/* Sort from into to by one digit; begins[d] is where its values d begin. */
static void sort_digit(
	uint64_t *to, const uint64_t *from, size_t n, int digit, size_t *begins)
{
	for (size_t i = 0; i < n; i++)
		to[begins[digit_of(from[i], digit)]++] = from[i];
}

/* False: all have the same. */
static bool counts_to_begins(size_t *counts, size_t n)
{
	size_t sum = 0;

	for (size_t d = 0; d < DIGIT_VALUES; d++) {
		size_t count = counts[d];

		if (count == n)
			return false;
		counts[d] = sum;
		sum += count;
	}
	return true;
}

void order_sort(double *values, size_t n)
{
	uint64_t *keys, *spare;
	size_t(*counts)[DIGIT_VALUES];

	if (!n)
		return;
	if (n < FEW) {
		for (size_t i = 0; i < n; i++)
			values[i] += 0.0;
		qsort(values, n, sizeof(*values), by_value);
		return;
	}
	keys = mem_resize(NULL, n, sizeof(*keys));
	spare = mem_resize(NULL, n, sizeof(*spare));
	counts = mem_new(DIGITS, sizeof(*counts));
	for (size_t i = 0; i < n; i++) {
		keys[i] = key_of(values[i]);
		for (int d = 0; d < DIGITS; d++)
			counts[d][digit_of(keys[i], d)]++;
	}
	for (int d = 0; d < DIGITS; d++)
		if (counts_to_begins(counts[d], n)) {
			uint64_t *sorted = spare;

			sort_digit(sorted, keys, n, d, counts[d]);
			spare = keys;
			keys = sorted;
		}
	for (size_t i = 0; i < n; i++)
		values[i] = value_of(keys[i]);
	free(keys);
	free(spare);
	free(counts);
}

double *order_copy(size_t *n, size_t *dropped, struct drift_sample s)
{
	double *out = mem_resize(NULL, s.n + 1, sizeof(*out));
	size_t kept = 0;

	for (size_t i = 0; i < s.n; i++)
		if (isfinite(s.values[i]))
			out[kept++] = s.values[i];
	order_sort(out, kept);
	*n = kept;
	*dropped = s.n - kept;
	return out;
}

bool order_next(struct order_tie *out, struct order_walk *w)
{
	size_t i = w->i, j = w->j;
	double z;

	if (i == w->n && j == w->m)
		return false;
	z = j == w->m || (i < w->n && w->x[i] < w->y[j]) ? w->x[i] : w->y[j];
	while (i < w->n && w->x[i] == z)
		i++;
	while (j < w->m && w->y[j] == z)
		j++;
	*out = (struct order_tie){z, i - w->i, j - w->j};
	w->i = i;
	w->j = j;
	return true;
}
