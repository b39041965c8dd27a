#include "config.h"

#include "signal/drift/sweep.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signal/drift/order.h"

#define CELLS_MAX 65536
#define STRIPES 4 /* sums apart from each other, so that additions do not wait */

/*
 * 95 % of the integrals of |Brownian bridge| along the axis stay under so many times the integral
 * of its standard deviation: 1.49 uniform, 1.35 normal and exponential, 1.2 with heavy tails (by
 * simulation; 1.96 is the bound, reached by two values).
 */
#define NOISE 1.6

enum pass { LOOKING, COUNTING, GATHERING, DONE };

/* inside: the sum of how far each value is into its cell, 0 to 1. */
struct cell {
	double inside;
	size_t count;
};

struct side {
	double least, most, sum, squares;
	size_t n, dropped;
	struct cell *cells; /* owned */
	double *gathered; /* owned */
	size_t n_gathered, cap;
};

struct sweep {
	enum pass pass;
	bool want_d, want_w1;
	struct side sides[SWEEP_SIDES];
	double least, most, scale, width;
	size_t cells;
	unsigned char *marked; /* owned: cells of which the values are sorted */
	double d; /* at the cells' edges */
};

struct sweep *sweep_new(bool want_d, bool want_w1)
{
	struct sweep *s = mem_new(1, sizeof(*s));

	s->want_d = want_d;
	s->want_w1 = want_w1;
	s->pass = LOOKING;
	for (int side = 0; side < SWEEP_SIDES; side++) {
		s->sides[side].least = INFINITY;
		s->sides[side].most = -INFINITY;
	}
	return s;
}

void sweep_free(struct sweep *s)
{
	for (int side = 0; side < SWEEP_SIDES; side++) {
		free(s->sides[side].cells);
		free(s->sides[side].gathered);
	}
	free(s->marked);
	free(s);
}

/* --- pass one: the range and the mean --- */

static void look(struct side *side, const double *values, size_t n)
{
	double least[STRIPES], most[STRIPES], sum[STRIPES] = {0};
	size_t bad = 0;

	for (int k = 0; k < STRIPES; k++) {
		least[k] = side->least;
		most[k] = side->most;
	}
	for (size_t i = 0; i < n;)
		for (int k = 0; k < STRIPES && i < n; k++, i++) {
			double v = values[i];
			bool good = fabs(v) < INFINITY;
			double low = good ? v : INFINITY, high = good ? v : -INFINITY;

			bad += !good;
			sum[k] += good ? v : 0;
			least[k] = low < least[k] ? low : least[k];
			most[k] = high > most[k] ? high : most[k];
		}
	side->n += n - bad;
	side->dropped += bad;
	for (int k = 0; k < STRIPES; k++) {
		side->sum += sum[k];
		side->least = fmin(side->least, least[k]);
		side->most = fmax(side->most, most[k]);
	}
}

static void choose_cells(struct sweep *s)
{
	const struct side *x = &s->sides[0], *y = &s->sides[1];
	size_t values = x->n + y->n;
	double range;

	s->least = fmin(x->least, y->least);
	s->most = fmax(x->most, y->most);
	range = s->most - s->least;
	for (s->cells = 1; s->cells < CELLS_MAX && s->cells < values / 32;)
		s->cells *= 2;
	s->scale = (double)s->cells / range;
	if (s->cells == 1 || !isfinite(s->scale) || !isfinite(range) || s->scale == 0) {
		s->cells = 1;
		s->scale = 0;
	}
	s->width = s->scale > 0 ? 1 / s->scale : range;
	s->marked = mem_new(s->cells, 1);
	for (int side = 0; side < SWEEP_SIDES; side++)
		s->sides[side].cells = mem_new(s->cells, sizeof(struct cell));
}

/* --- pass two: how many values each cell holds, and where in it --- */

static inline size_t cell_of(const struct sweep *s, double v, double *inside)
{
	double at = (v - s->least) * s->scale;
	size_t cell = (size_t)at;

	cell = cell < s->cells ? cell : s->cells - 1;
	*inside = at - (double)cell;
	return cell;
}

static void count(struct sweep *s, struct side *side, const double *values, size_t n)
{
	double mean = side->n ? side->sum / (double)side->n : 0, squares[STRIPES] = {0};
	struct cell *cells = side->cells;

	for (size_t i = 0; i < n; i++) {
		double v = values[i], inside;
		size_t cell;

		if (!(fabs(v) < INFINITY))
			continue;
		cell = cell_of(s, v, &inside);
		cells[cell].count++;
		cells[cell].inside += inside;
		squares[i % STRIPES] += (v - mean) * (v - mean);
	}
	for (int k = 0; k < STRIPES; k++)
		side->squares += squares[k];
}

/* Mark the cells inside of which D may be larger than at the edges, or the sign change. */
static void mark_cells(struct sweep *s)
{
	const struct side *x = &s->sides[0], *y = &s->sides[1];
	double n = (double)x->n, m = (double)y->n;
	size_t of_x = 0, of_y = 0;

	for (size_t c = 0; c < s->cells; c++) {
		of_x += x->cells[c].count;
		of_y += y->cells[c].count;
		s->d = fmax(s->d, fabs((double)of_x / n - (double)of_y / m));
	}
	of_x = of_y = 0;
	for (size_t c = 0; c < s->cells; c++) {
		double g = (double)of_x / n - (double)of_y / m;
		double up = (double)x->cells[c].count / n;
		double down = (double)y->cells[c].count / m;
		bool mixed = up > 0 && down > 0;

		s->marked[c] = s->cells == 1 ||
			(s->want_d && mixed && fmax(g + up, down - g) > s->d) ||
			(s->want_w1 && g < down && -g < up);
		of_x += x->cells[c].count;
		of_y += y->cells[c].count;
	}
}

/* --- pass three: the values of the marked cells --- */

static void gather(struct sweep *s, struct side *side, const double *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double inside;

		if (!(fabs(values[i]) < INFINITY) ||
			!s->marked[cell_of(s, values[i], &inside)])
			continue;
		if (side->n_gathered == side->cap) {
			side->cap = side->cap ? 2 * side->cap : 1024;
			side->gathered = mem_resize(
				side->gathered, side->cap, sizeof(*side->gathered));
		}
		side->gathered[side->n_gathered++] = values[i];
	}
}

void sweep_add(struct sweep *s, enum sweep_side side, const double *values, size_t n)
{
	struct side *to = &s->sides[side];

	if (s->pass == LOOKING)
		look(to, values, n);
	else if (s->pass == COUNTING)
		count(s, to, values, n);
	else if (s->pass == GATHERING)
		gather(s, to, values, n);
}

bool sweep_next(struct sweep *s)
{
	if (s->pass == LOOKING && (!s->sides[0].n || !s->sides[1].n))
		s->pass = DONE;
	else if (s->pass == LOOKING)
		choose_cells(s);
	else if (s->pass == COUNTING)
		mark_cells(s);
	if (s->pass < DONE)
		s->pass++;
	return s->pass < DONE;
}

/* --- the end --- */

/* Where the merge through the gathered values stands. */
struct merge {
	struct order_walk walk;
	size_t of_x, of_y; /* values before this cell */
	long double w1;
	double d, spread; /* spread: integral sqrt(H(1-H)) dx, H of both together */
};

/* The standard deviation of a Brownian bridge at h. */
static double bridge(double h)
{
	return sqrt(fmax(0, h * (1 - h)));
}

/*
 * One marked cell, value by value.  left is its left edge; all is measured from the least value,
 * because far from 0 an edge would be rounded to the values' own grain.
 */
static void merge_cell(struct merge *g, const struct sweep *s, size_t c, double left)
{
	double n = (double)s->sides[0].n, m = (double)s->sides[1].n, before = left;
	size_t i0 = g->walk.i, j0 = g->walk.j;
	struct order_walk part = g->walk;
	struct order_tie tie;

	part.n = i0 + s->sides[0].cells[c].count;
	part.m = j0 + s->sides[1].cells[c].count;
	for (;;) {
		double difference = (double)(g->of_x + part.i - i0) / n -
			(double)(g->of_y + part.j - j0) / m;
		bool more = order_next(&tie, &part);
		double end = c + 1 < s->cells ? left + s->width : s->most - s->least;
		double here = more ? tie.value - s->least : end;
		size_t below = g->of_x + g->of_y + part.i - i0 + part.j - j0;

		g->d = fmax(g->d, fabs(difference));
		if (s->want_w1)
			g->spread += bridge((double)below / (n + m)) * (here - before);
		g->w1 += (long double)fabs(difference) * (here - before);
		if (!more)
			break;
		before = here;
	}
	g->walk.i = part.n;
	g->walk.j = part.m;
}

/* The integral over a cell in which the sign does not change needs no order. */
static double plain_cell(const struct merge *g, const struct sweep *s, size_t c)
{
	double n = (double)s->sides[0].n, m = (double)s->sides[1].n;
	const struct cell *x = &s->sides[0].cells[c], *y = &s->sides[1].cells[c];

	return fabs((double)g->of_x / n - (double)g->of_y / m +
		       ((double)x->count - x->inside) / n -
		       ((double)y->count - y->inside) / m) *
		s->width;
}

static void merge_all(struct sweep_result *r, struct sweep *s)
{
	double n = (double)s->sides[0].n, m = (double)s->sides[1].n;
	struct merge g = {.d = s->d};

	for (int side = 0; side < SWEEP_SIDES; side++)
		order_sort(s->sides[side].gathered, s->sides[side].n_gathered);
	g.walk = (struct order_walk){s->sides[0].gathered, s->sides[1].gathered,
		s->sides[0].n_gathered, s->sides[1].n_gathered, 0, 0};
	for (size_t c = 0; c < s->cells; c++) {
		if (s->marked[c]) {
			merge_cell(&g, s, c, (double)c * s->width);
		} else {
			g.w1 += plain_cell(&g, s, c);
			g.spread +=
				bridge((double)(g.of_x + g.of_y) / (n + m)) * s->width;
		}
		g.of_x += s->sides[0].cells[c].count;
		g.of_y += s->sides[1].cells[c].count;
	}
	r->d = s->want_d ? g.d : NAN;
	r->w1 = s->want_w1 ? (double)g.w1 : NAN;
	r->w1_noise = NOISE * g.spread * sqrt(1 / n + 1 / m);
}

struct sweep_result sweep_finish(struct sweep *s)
{
	struct sweep_result r = {.d = NAN, .w1 = NAN, .std = NAN, .w1_noise = NAN};

	for (int side = 0; side < SWEEP_SIDES; side++) {
		const struct side *of = &s->sides[side];

		r.n[side] = of->n;
		r.dropped[side] = of->dropped;
		r.mean[side] = of->n ? of->sum / (double)of->n : NAN;
		r.least[side] = of->n ? of->least : NAN;
		r.most[side] = of->n ? of->most : NAN;
	}
	if (!r.n[0] || !r.n[1])
		return r;
	r.std = sqrt(s->sides[0].squares / (double)r.n[0]);
	merge_all(&r, s);
	return r;
}

struct sweep_result sweep_samples(struct drift_sample reference,
	struct drift_sample current, bool want_d, bool want_w1)
{
	struct sweep *s = sweep_new(want_d, want_w1);
	struct sweep_result r;

	do {
		sweep_add(s, SWEEP_REFERENCE, reference.values, reference.n);
		sweep_add(s, SWEEP_CURRENT, current.values, current.n);
	} while (sweep_next(s));
	r = sweep_finish(s);
	sweep_free(s);
	return r;
}
