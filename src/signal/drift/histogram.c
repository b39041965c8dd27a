#include "config.h"

#include "signal/drift/histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- one side --- */

struct bucket {
	double le, count;
};

static int by_le(const void *left, const void *right)
{
	const struct bucket *a = left, *b = right;

	return a->le < b->le ? -1 : a->le > b->le;
}

/* Differences that rounding makes are levelled silently, real decreases are told. */
static bool level(double *cumulative, size_t n)
{
	double before = cumulative[0];
	bool forced = false;

	for (size_t i = 1; i < n; i++) {
		double here = cumulative[i], sum = fabs(before) + fabs(here);
		bool noise =
			before != 0 && here != 0 && fabs(before - here) / sum < 1e-12;

		if (noise || here < before) {
			forced |= !noise;
			cumulative[i] = before;
		}
		before = cumulative[i];
	}
	return forced;
}

bool histogram_clean(struct drift_histogram *out, bool *forced, struct arena *a,
	const struct drift_histogram *h)
{
	struct bucket *buckets = arena_alloc(a, h->n + 1, sizeof(*buckets));
	double *le = arena_alloc(a, h->n + 1, sizeof(*le));
	double *cumulative = arena_alloc(a, h->n + 1, sizeof(*cumulative));
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++) {
		if (isnan(h->le[i]) || isnan(h->cumulative[i]))
			return false;
		buckets[i] = (struct bucket){h->le[i], h->cumulative[i]};
	}
	qsort(buckets, h->n, sizeof(*buckets), by_le);
	for (size_t i = 0; i < h->n; i++) {
		if (n && le[n - 1] == buckets[i].le) {
			cumulative[n - 1] += buckets[i].count;
			continue;
		}
		le[n] = buckets[i].le;
		cumulative[n++] = buckets[i].count;
	}
	if (!n || le[n - 1] != INFINITY)
		return false;
	*forced = level(cumulative, n);
	*out = (struct drift_histogram){le, cumulative, n};
	return true;
}

double histogram_quantile(double q, const struct drift_histogram *h)
{
	const double *le = h->le, *c = h->cumulative;
	double rank, low = 0, before = 0;
	size_t b = 0;

	if (isnan(q))
		return NAN;
	if (q < 0 || q > 1)
		return q < 0 ? -INFINITY : INFINITY;
	if (h->n < 2 || c[h->n - 1] == 0)
		return NAN;
	rank = q * c[h->n - 1];
	while (b + 1 < h->n && c[b] < rank)
		b++;
	if (b + 1 == h->n)
		return le[h->n - 2];
	if (b == 0 && le[0] <= 0)
		return le[0];
	if (b > 0) {
		low = le[b - 1];
		before = c[b - 1];
	}
	return c[b] == before ? NAN
			      : low + (le[b] - low) * ((rank - before) / (c[b] - before));
}

/* --- both sides --- */

/*
 * The cumulative count at le, *at the first bucket that ends there or later.  NAN: le lies inside a
 * bucket that holds values, and what is below it is unknown.
 */
static double cumulative_at(const struct drift_histogram *h, size_t *at, double le)
{
	double before;

	while (h->le[*at] < le)
		++*at;
	if (h->le[*at] == le)
		return h->cumulative[*at];
	before = *at ? h->cumulative[*at - 1] : 0;
	return h->cumulative[*at] == before ? before : NAN;
}

bool histogram_align(struct histogram_pair *out, struct arena *a,
	const struct drift_histogram *reference, const struct drift_histogram *current)
{
	size_t most = reference->n + current->n, n = 0, i = 0, j = 0;
	double *le = arena_alloc(a, most, sizeof(*le));
	double *x = arena_alloc(a, most, sizeof(*x));
	double *y = arena_alloc(a, most, sizeof(*y));
	bool same = reference->n == current->n;

	for (double edge = -INFINITY; edge < INFINITY;) {
		size_t k = i, l = j;

		while (reference->le[k] <= edge && reference->le[k] < INFINITY)
			k++;
		while (current->le[l] <= edge && current->le[l] < INFINITY)
			l++;
		edge = fmin(reference->le[k], current->le[l]);
		same &= reference->le[k] == current->le[l];
		le[n] = edge;
		x[n] = cumulative_at(reference, &i, edge);
		y[n] = cumulative_at(current, &j, edge);
		n += !isnan(x[n]) && !isnan(y[n]);
	}
	*out = (struct histogram_pair){le, x, y, n};
	/* The same edges on both sides are comparable however few. */
	return n > 1 && (same || n > HISTOGRAM_EDGES);
}

void histogram_counts(
	struct drift_counts *out, struct arena *a, const struct histogram_pair *p)
{
	double *edges = arena_alloc(a, p->n + 1, sizeof(*edges));
	double *x = arena_alloc(a, p->n, sizeof(*x)),
	       *y = arena_alloc(a, p->n, sizeof(*y));

	edges[0] = p->le[0] > 0 ? 0 : -INFINITY;
	for (size_t i = 0; i < p->n; i++) {
		edges[i + 1] = p->le[i];
		x[i] = p->reference[i] - (i ? p->reference[i - 1] : 0);
		y[i] = p->current[i] - (i ? p->current[i - 1] : 0);
	}
	*out = (struct drift_counts){
		.edges = edges, .reference = x, .current = y, .n = p->n};
}

void histogram_occupied(
	struct drift_counts *out, struct arena *a, const struct drift_counts *c)
{
	double *x = arena_alloc(a, c->n, sizeof(*x)),
	       *y = arena_alloc(a, c->n, sizeof(*y));
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->reference[i] > 0 || c->current[i] > 0) {
			x[n] = c->reference[i];
			y[n++] = c->current[i];
		}
	*out = (struct drift_counts){.reference = x, .current = y, .n = n};
}

/* From the middles of the finite buckets. */
static double reference_std(const struct histogram_pair *p)
{
	double total = p->reference[p->n - 2], mean = 0, squares = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i + 1 < p->n; i++) {
			double low = i ? p->le[i - 1] : fmin(0, p->le[0]);
			double middle = (low + p->le[i]) / 2;
			double count = p->reference[i] - (i ? p->reference[i - 1] : 0);

			if (pass == 0)
				mean += middle * count / total;
			else
				squares += (middle - mean) * (middle - mean) * count;
		}
	return total > 0 ? sqrt(squares / total) : NAN;
}

/* The area between two straight lines whose difference goes from g0 to g1. */
static double area(double width, double g0, double g1)
{
	double sum = fabs(g0) + fabs(g1);

	if (g0 * g1 >= 0 || sum == 0)
		return width * sum / 2;
	return width * (g0 * g0 + g1 * g1) / (2 * sum);
}

struct histogram_distance histogram_distance(const struct histogram_pair *p)
{
	struct histogram_distance d = {0};
	double n = p->reference[p->n - 1], m = p->current[p->n - 1], f0 = 0, g0 = 0;
	double low = fmin(0, p->le[0]);

	if (!(n > 0) || !(m > 0))
		return (struct histogram_distance){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	for (size_t i = 0; i < p->n; i++) {
		double f = p->reference[i] / n, g = p->current[i] / m;
		double width = p->le[i] - low;

		d.ks_lower = fmax(d.ks_lower, fabs(f - g));
		if (f > f0 || g > g0)
			d.ks_upper = fmax(d.ks_upper, fmax(f - g0, g - f0));
		if (i + 1 < p->n) {
			d.w1 += area(width, f0 - g0, f - g);
			d.w1_error += width * ((f - f0) + (g - g0)) / 2;
			low = p->le[i];
			f0 = f;
			g0 = g;
		}
	}
	d.ks_upper = fmax(d.ks_upper, d.ks_lower);
	d.tail_reference = 1 - f0;
	d.tail_current = 1 - g0;
	d.std = reference_std(p);
	return d;
}

/* --- native histograms --- */

double native_base(int schema)
{
	return exp2(exp2(-schema));
}

int native_index(double value, int schema)
{
	return (int)ceil(log2(value) * exp2(schema) - 1e-12);
}

double native_upper(int index, int schema)
{
	return exp2(index * exp2(-schema));
}

int native_coarser(int index)
{
	return (index + (index > 0)) / 2;
}

double native_error(int schema)
{
	double base = native_base(schema);

	return (base - 1) / (base + 1);
}

static int by_upper(const void *left, const void *right)
{
	const struct native_bucket *a = left, *b = right;

	return a->upper < b->upper ? -1 : a->upper > b->upper;
}

/* Every upper bound, and the lower ones where nothing ends: a cell of none lies between. */
void histogram_native(struct drift_histogram *out, struct arena *a,
	const struct native_bucket *buckets, size_t n)
{
	struct native_bucket *sorted = arena_alloc(a, n + 1, sizeof(*sorted));
	double *le = arena_alloc(a, 2 * n + 1, sizeof(*le)), sum = 0;
	double *cumulative = arena_alloc(a, 2 * n + 1, sizeof(*cumulative));
	size_t kept = 0;

	memcpy(sorted, buckets, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_upper);
	for (size_t i = 0; i < n; i++) {
		if (isfinite(sorted[i].lower) &&
			(!kept || le[kept - 1] < sorted[i].lower)) {
			le[kept] = sorted[i].lower;
			cumulative[kept++] = sum;
		}
		sum += sorted[i].count;
		if (kept && le[kept - 1] == sorted[i].upper) {
			cumulative[kept - 1] = sum;
			continue;
		}
		le[kept] = sorted[i].upper;
		cumulative[kept++] = sum;
	}
	if (!kept || le[kept - 1] != INFINITY) {
		le[kept] = INFINITY;
		cumulative[kept++] = sum;
	}
	*out = (struct drift_histogram){le, cumulative, kept};
}
