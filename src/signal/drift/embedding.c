#include "config.h"

#include "signal/drift/embedding.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signal/drift/order.h"
#include "signal/drift/special.h"

#define ROUNDS 300 /* of gradient descent */
#define Z_ONE_SIDED 1.6448536269514722

static const double *row_of(const struct drift_vectors *v, size_t i)
{
	return v->values + i * v->width;
}

/* --- centroids --- */

/* The mean of each component, and the sum of their variances. */
static double *mean_of(double *spread, const struct drift_vectors *v)
{
	double *mean = mem_new(v->width + 1, sizeof(*mean));

	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->width; k++)
			mean[k] += row_of(v, i)[k];
	for (size_t k = 0; k < v->width; k++)
		mean[k] /= (double)v->n;
	*spread = 0;
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->width; k++) {
			double away = row_of(v, i)[k] - mean[k];

			*spread += away * away / (double)v->n;
		}
	return mean;
}

struct centroids embedding_centroids(
	const struct drift_vectors *reference, const struct drift_vectors *current)
{
	double of_x, of_y, xy = 0, xx = 0, yy = 0;
	double *x = mean_of(&of_x, reference), *y = mean_of(&of_y, current);
	struct centroids c = {0};

	for (size_t k = 0; k < reference->width; k++) {
		double away = fabs(x[k] - y[k]);

		c.euclid += away * away;
		c.cityblock += away;
		c.chebyshev = fmax(c.chebyshev, away);
		xy += x[k] * y[k];
		xx += x[k] * x[k];
		yy += y[k] * y[k];
	}
	c.euclid = sqrt(c.euclid);
	c.cosine = 1 - xy / sqrt(xx * yy);
	/* One direction that holds all the variance is the widest case. */
	c.noise = Z_95 * sqrt(of_x / (double)reference->n + of_y / (double)current->n);
	free(x);
	free(y);
	return c;
}

/* --- maximum mean discrepancy --- */

static double square_distance(const double *a, const double *b, size_t width)
{
	double sum = 0;

	for (size_t k = 0; k < width; k++)
		sum += (a[k] - b[k]) * (a[k] - b[k]);
	return sum;
}

double mmd_gamma_across(const struct drift_vectors *x, const struct drift_vectors *y)
{
	size_t n = x->n * y->n;
	double *distances = mem_resize(NULL, n + 1, sizeof(*distances)), median;

	for (size_t i = 0; i < x->n; i++)
		for (size_t j = 0; j < y->n; j++)
			distances[i * y->n + j] = sqrt(
				square_distance(row_of(x, i), row_of(y, j), x->width));
	order_sort(distances, n);
	median = n % 2 ? distances[n / 2] : (distances[n / 2 - 1] + distances[n / 2]) / 2;
	free(distances);
	return 1 / (median * median);
}

static const double *pooled_row(
	const struct drift_vectors *x, const struct drift_vectors *y, size_t i)
{
	return i < x->n ? row_of(x, i) : row_of(y, i - x->n);
}

double mmd_gamma_pooled(const struct drift_vectors *x, const struct drift_vectors *y)
{
	size_t n = x->n + y->n, pairs = 0;
	double *squares = mem_resize(NULL, n * n, sizeof(*squares)), median;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			squares[pairs++] = square_distance(
				pooled_row(x, y, i), pooled_row(x, y, j), x->width);
	order_sort(squares, pairs);
	median = squares[n + (n * n - n) / 2 - 1];
	free(squares);
	return 1 / median;
}

/* The kernel between all rows of both, reference first.  The caller frees. */
static double *kernel_of(
	const struct drift_vectors *x, const struct drift_vectors *y, double gamma)
{
	size_t n = x->n + y->n;
	double *k = mem_resize(NULL, n * n, sizeof(*k));

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++)
			k[i * n + j] = k[j * n + i] = exp(-gamma *
				square_distance(pooled_row(x, y, i), pooled_row(x, y, j),
					x->width));
	return k;
}

/* Sums over the kernel: within the first n of the order, within the others, across. */
static void kernel_sums(
	double sums[3], const double *kernel, const size_t *order, size_t n, size_t all)
{
	memset(sums, 0, 3 * sizeof(*sums));
	for (size_t i = 0; i < all; i++) {
		const double *row = kernel + (order ? order[i] : i) * all;

		for (size_t j = 0; j < all; j++) {
			int which = (i >= n) != (j >= n) ? 2 : i >= n;

			if (i != j)
				sums[which] += row[order ? order[j] : j];
		}
	}
	sums[2] /= 2;
}

static double unbiased_of(const double sums[3], double n, double m)
{
	return sums[0] / (n * (n - 1)) + sums[1] / (m * (m - 1)) - 2 * sums[2] / (n * m);
}

void mmd(double *unbiased, double *biased, const struct drift_vectors *x,
	const struct drift_vectors *y, double gamma)
{
	double *kernel = kernel_of(x, y, gamma), sums[3];
	double n = (double)x->n, m = (double)y->n;

	kernel_sums(sums, kernel, NULL, x->n, x->n + y->n);
	*unbiased = unbiased_of(sums, n, m);
	*biased =
		(sums[0] + n) / (n * n) + (sums[1] + m) / (m * m) - 2 * sums[2] / (n * m);
	free(kernel);
}

/* The same numbers every time. */
static size_t draw(uint64_t *state, size_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)((*state >> 33) % below);
}

static void shuffle(size_t *order, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = draw(state, i), held = order[i - 1];

		order[i - 1] = order[j];
		order[j] = held;
	}
}

double mmd_p(const struct drift_vectors *x, const struct drift_vectors *y, double gamma,
	size_t shuffles, double *noise)
{
	size_t all = x->n + y->n, *order = mem_new(all + 1, sizeof(*order)), larger = 0;
	double *kernel = kernel_of(x, y, gamma), sums[3], seen;
	double *values = mem_new(shuffles + 1, sizeof(*values));
	uint64_t state = 1;

	kernel_sums(sums, kernel, NULL, x->n, all);
	seen = unbiased_of(sums, (double)x->n, (double)y->n);
	for (size_t i = 0; i < all; i++)
		order[i] = i;
	for (size_t s = 0; s < shuffles; s++) {
		shuffle(order, all, &state);
		kernel_sums(sums, kernel, order, x->n, all);
		values[s] = unbiased_of(sums, (double)x->n, (double)y->n);
		larger += values[s] >= seen;
	}
	order_sort(values, shuffles);
	*noise = shuffles ? values[(shuffles * 95 + 99) / 100 - 1] : NAN;
	free(values);
	free(kernel);
	free(order);
	return ((double)larger + 1) / ((double)shuffles + 1);
}

/* --- the domain classifier --- */

struct scored {
	double score;
	unsigned char label;
};

static int by_score(const void *left, const void *right)
{
	const struct scored *a = left, *b = right;

	return a->score < b->score ? -1 : a->score > b->score;
}

double roc_auc(const double *scores, const unsigned char *labels, size_t n)
{
	struct scored *s = mem_new(n + 1, sizeof(*s));
	double ranks = 0, yes = 0, no;

	for (size_t i = 0; i < n; i++)
		s[i] = (struct scored){scores[i], labels[i]};
	qsort(s, n, sizeof(*s), by_score);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && s[end].score == s[i].score; end++)
			;
		for (size_t k = i; k < end; k++)
			ranks += s[k].label ? (double)(i + 1 + end) / 2 : 0;
	}
	for (size_t i = 0; i < n; i++)
		yes += labels[i] != 0;
	no = (double)n - yes;
	free(s);
	return (ranks - yes * (yes + 1) / 2) / (yes * no);
}

/* Half of all rows to learn from, the others to be tried on. */
struct lesson {
	const struct drift_vectors *x, *y;
	size_t *order, all; /* owned */
	double *mean, *scale, *weights; /* owned; width, width, width + 1 */
};

/* The score of one row: how much it looks like the current side. */
static double score_of(const struct lesson *l, size_t row)
{
	const double *v = pooled_row(l->x, l->y, row);
	double sum = l->weights[l->x->width];

	for (size_t k = 0; k < l->x->width; k++)
		sum += l->weights[k] * (v[k] - l->mean[k]) * l->scale[k];
	return sum;
}

static void standardise(struct lesson *l, size_t n)
{
	for (size_t k = 0; k < l->x->width; k++) {
		double squares = 0;

		for (size_t i = 0; i < n; i++)
			l->mean[k] += pooled_row(l->x, l->y, l->order[i])[k] / (double)n;
		for (size_t i = 0; i < n; i++) {
			double away = pooled_row(l->x, l->y, l->order[i])[k] - l->mean[k];

			squares += away * away / (double)n;
		}
		l->scale[k] = squares > 0 ? 1 / sqrt(squares) : 0;
	}
}

/* Logistic regression on the first n of the order, with a little ridge. */
static void learn(struct lesson *l, size_t n)
{
	size_t width = l->x->width;
	double *step = mem_new(width + 1, sizeof(*step)), rate = 4 / ((double)width + 4);

	for (int round = 0; round < ROUNDS; round++) {
		for (size_t k = 0; k < width; k++)
			step[k] = -0.001 * l->weights[k];
		step[width] = 0;
		for (size_t i = 0; i < n; i++) {
			size_t row = l->order[i];
			const double *v = pooled_row(l->x, l->y, row);
			double away = (row >= l->x->n) - 1 / (1 + exp(-score_of(l, row)));

			away /= (double)n;
			for (size_t k = 0; k < width; k++)
				step[k] += away * (v[k] - l->mean[k]) * l->scale[k];
			step[width] += away;
		}
		for (size_t k = 0; k <= width; k++)
			l->weights[k] += rate * step[k];
	}
	free(step);
}

double domain_auc(
	double *noise, const struct drift_vectors *x, const struct drift_vectors *y)
{
	size_t all = x->n + y->n, half = all / 2, tried = all - half;
	struct lesson l = {x, y, mem_new(all, sizeof(size_t)), all,
		mem_new(x->width, sizeof(double)), mem_new(x->width, sizeof(double)),
		mem_new(x->width + 1, sizeof(double))};
	double *scores = mem_new(tried, sizeof(*scores)), yes = 0, no, auc;
	unsigned char *labels = mem_new(tried, 1);
	uint64_t state = 7;

	for (size_t i = 0; i < all; i++)
		l.order[i] = i;
	shuffle(l.order, all, &state);
	standardise(&l, half);
	learn(&l, half);
	for (size_t i = 0; i < tried; i++) {
		scores[i] = score_of(&l, l.order[half + i]);
		labels[i] = l.order[half + i] >= x->n;
		yes += labels[i];
	}
	no = (double)tried - yes;
	auc = roc_auc(scores, labels, tried);
	*noise = 0.5 + Z_ONE_SIDED * sqrt(((double)tried + 1) / (12 * yes * no));
	free(l.order);
	free(l.mean);
	free(l.scale);
	free(l.weights);
	free(scores);
	free(labels);
	return auc;
}
