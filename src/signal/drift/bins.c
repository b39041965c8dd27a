#include "config.h"

#include "signal/drift/bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PART 4096 /* values whose cells are counted without leaving the cache */
#define STRIPES 4 /* counters for each cell, so that equal neighbours do not wait */

/* Keep v among the first distinct values, sorted. */
static void note_distinct(struct bins_range *r, double v)
{
	size_t at = 0;

	while (at < r->n_distinct && r->distinct[at] < v)
		at++;
	if (at < r->n_distinct && r->distinct[at] == v)
		return;
	if (r->n_distinct < BINS_VALUES)
		memmove(&r->distinct[at + 1], &r->distinct[at],
			(r->n_distinct - at) * sizeof(v));
	r->n_distinct++;
	if (r->n_distinct <= BINS_VALUES)
		r->distinct[at] = v;
}

void bins_look_quickly(struct bins_range *r, const double *values, size_t n)
{
	double least[STRIPES], most[STRIPES];
	size_t bad = 0, i;

	for (i = 0; i < n && r->n_distinct <= BINS_VALUES; i++)
		if (isfinite(values[i]))
			note_distinct(r, values[i]);
	for (int s = 0; s < STRIPES; s++) {
		least[s] = r->n ? r->least : INFINITY;
		most[s] = r->n ? r->most : -INFINITY;
	}
	for (i = 0; i + STRIPES <= n; i += STRIPES)
		for (int s = 0; s < STRIPES; s++) {
			double v = values[i + s];
			bool good = fabs(v) < INFINITY;
			double low = good ? v : INFINITY, high = good ? v : -INFINITY;

			bad += !good;
			least[s] = low < least[s] ? low : least[s];
			most[s] = high > most[s] ? high : most[s];
		}
	for (; i < n; i++) {
		bad += !isfinite(values[i]);
		least[0] = isfinite(values[i]) ? fmin(least[0], values[i]) : least[0];
		most[0] = isfinite(values[i]) ? fmax(most[0], values[i]) : most[0];
	}
	r->n += n - bad;
	r->dropped += bad;
	for (int s = 0; r->n && s < STRIPES; s++) {
		r->least = s ? fmin(r->least, least[s]) : least[s];
		r->most = s ? fmax(r->most, most[s]) : most[s];
	}
}

/* The moments of a part, joined with those before (Chan, Golub and LeVeque). */
static void join_moments(
	struct bins_range *r, double before, double n, double mean, double m2, double m3)
{
	double all = before + n, away = mean - r->mean;

	if (!before) {
		r->mean = mean;
		r->m2 = m2;
		r->m3 = m3;
		return;
	}
	r->m3 += m3 + away * away * away * before * n * (before - n) / (all * all) +
		3 * away * (before * m2 - n * r->m2) / all;
	r->m2 += m2 + away * away * before * n / all;
	r->mean += away * n / all;
}

void bins_look(struct bins_range *r, const double *values, size_t n)
{
	for (size_t at = 0; at < n; at += PART) {
		size_t part = n - at < PART ? n - at : PART, good = 0;
		double before = (double)r->n, sum = 0, mean, m2 = 0, m3 = 0;

		bins_look_quickly(r, values + at, part);
		for (size_t i = at; i < at + part; i++)
			if (isfinite(values[i])) {
				sum += values[i];
				good++;
			}
		if (!good)
			continue;
		mean = sum / (double)good;
		for (size_t i = at; i < at + part; i++) {
			double away = values[i] - mean;

			m2 += isfinite(values[i]) ? away * away : 0;
			m3 += isfinite(values[i]) ? away * away * away : 0;
		}
		join_moments(r, before, (double)good, mean, m2, m3);
	}
}

double bins_std(const struct bins_range *r)
{
	return r->n ? sqrt(r->m2 / (double)r->n) : NAN;
}

/* --- edges --- */

void bins_release(struct bins *b)
{
	free(b->edges);
	*b = (struct bins){0};
}

void bins_equal(struct bins *out, double least, double most, size_t n)
{
	double step;

	if (least == most) {
		least -= 0.5;
		most += 0.5;
	}
	n = n < 1 ? 1 : n > BINS_MAX ? BINS_MAX : n;
	*out = (struct bins){
		.edges = mem_new(n + 1, sizeof(double)), .n = n, .equal = true};
	step = most / (double)n - least / (double)n;
	if (isfinite(most - least))
		step = (most - least) / (double)n;
	for (size_t i = 0; i < n; i++)
		out->edges[i] = least + (double)i * step;
	out->edges[n] = most;
}

/* How many cells of `width` cover the range: both divisions in double, as NumPy's. */
static size_t cells_of_width(double range, double width)
{
	double cells = width > 0 ? ceil(range / width) : 1;

	return cells >= 1 && cells < BINS_MAX ? (size_t)cells : cells >= 1 ? BINS_MAX : 1;
}

void bins_sturges(
	struct bins *out, double least, double most, size_t n_values, bool whole)
{
	double range = most - least, width;

	n_values = n_values ? n_values : 1;
	width = range / (log2((double)n_values) + 1);
	if (whole && width > 0 && width < 1)
		width = 1;
	bins_equal(out, least, most, cells_of_width(range, width));
}

void bins_doane(struct bins *out, const struct bins_range *r)
{
	double n = (double)r->n, sigma = bins_std(r), range = r->most - r->least;
	double skew, of_skew, width = 0;

	if (n > 2 && sigma > 0) {
		of_skew = sqrt(6 * (n - 2) / ((n + 1) * (n + 3)));
		skew = fabs(r->m3 / n / (sigma * sigma * sigma));
		width = range / (1 + log2(n) + log2(1 + skew / of_skew));
	}
	bins_equal(out, r->least, r->most, cells_of_width(range, width));
}

void bins_quantiles(struct bins *out, const double *sorted, size_t n_values, size_t n)
{
	size_t kept = 1;

	n = n < 1 ? 1 : n > BINS_MAX ? BINS_MAX : n;
	*out = (struct bins){.edges = mem_new(n + 1, sizeof(double))};
	out->edges[0] = -INFINITY;
	for (size_t i = 1; i < n && n_values; i++) {
		double at = (double)i / (double)n * (double)(n_values - 1);
		size_t below = (size_t)at;
		double low = sorted[below];
		double high = sorted[below + 1 < n_values ? below + 1 : below];
		double edge = low + (high - low) * (at - (double)below);

		if (edge > out->edges[kept - 1])
			out->edges[kept++] = edge;
	}
	out->edges[kept] = INFINITY;
	out->n = kept;
}

void bins_each_value(struct bins *out, const double *sorted, size_t n)
{
	*out = (struct bins){.edges = mem_new(n + 1, sizeof(double)), .each_value = true};
	for (size_t i = 0; i < n; i++)
		if (!out->n || sorted[i] > out->edges[out->n - 1])
			out->edges[out->n++] = sorted[i];
}

/* --- counting --- */

size_t bins_cells(const struct bins *b)
{
	return b->n + b->rest;
}

/* The cell of a finite v by search, or -1: outside. */
static ptrdiff_t cell_by_search(const struct bins *b, double v)
{
	size_t low = 0, high = b->each_value ? b->n : b->n + 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->edges[middle] <= v)
			low = middle + 1;
		else
			high = middle;
	}
	if (b->each_value)
		return low && b->edges[low - 1] == v ? (ptrdiff_t)low - 1 : -1;
	if (low == b->n + 1)
		return v == b->edges[b->n] ? (ptrdiff_t)b->n - 1 : -1;
	return (ptrdiff_t)low - 1;
}

static void count_by_search(
	double *counts, const struct bins *b, const double *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ptrdiff_t cell;

		if (!isfinite(values[i]))
			continue;
		cell = cell_by_search(b, values[i]);
		if (cell < 0 && b->clamp)
			cell = values[i] < b->edges[0] ? 0 : (ptrdiff_t)b->n - 1;
		if (cell >= 0 || b->rest)
			counts[cell >= 0 ? (size_t)cell : b->n]++;
	}
}

/*
 * Equal cells: one multiplication tells the cell or its neighbour, two comparisons which.  What
 * is outside or no number goes to two cells beside, that are looked at afterwards.
 */
static void count_part(uint32_t (*tally)[STRIPES], const struct bins *b, double scale,
	const double *values, size_t n)
{
	const double *edges = b->edges, least = edges[0], most = edges[b->n];
	double last = (double)(b->n - 1);

	for (size_t i = 0; i < n; i++) {
		double v = values[i], at = (v - least) * scale;
		size_t cell;

		if (!(v >= least && v <= most)) {
			tally[!isfinite(v) ? b->n + 2 : v < least ? b->n : b->n + 1][0]++;
			continue;
		}
		at = at < last ? at : last;
		cell = (size_t)at;
		cell -= v < edges[cell];
		cell += cell + 1 < b->n && v >= edges[cell + 1];
		tally[cell][i % STRIPES]++;
	}
}

void bins_count(double *counts, const struct bins *b, const double *values, size_t n)
{
	double range = b->edges[b->n] - b->edges[0], scale = (double)b->n / range;
	uint32_t(*tally)[STRIPES];

	if (!b->equal || b->each_value || !isfinite(scale) || !isfinite(range)) {
		count_by_search(counts, b, values, n);
		return;
	}
	tally = mem_new(b->n + 3, sizeof(*tally));
	for (size_t at = 0; at < n;) {
		size_t part = n - at < UINT32_MAX / 2 ? n - at : UINT32_MAX / 2;

		memset(tally, 0, (b->n + 3) * sizeof(*tally));
		count_part(tally, b, scale, values + at, part);
		for (size_t cell = 0; cell < b->n; cell++)
			for (int s = 0; s < STRIPES; s++)
				counts[cell] += tally[cell][s];
		if (b->clamp) {
			counts[0] += tally[b->n][0];
			counts[b->n - 1] += tally[b->n + 1][0];
		} else if (b->rest) {
			counts[b->n] += (double)tally[b->n][0] + tally[b->n + 1][0];
		}
		at += part;
	}
	free(tally);
}
