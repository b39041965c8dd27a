#include "config.h"

#include "signal/drift/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "signal/drift/special.h"

/* --- Anderson-Darling --- */

/* The standard deviation of the statistic for two samples (Scholz and Stephens, k = 2). */
static double anderson_sigma(double n, double m)
{
	double all = n + m, H = 1 / n + 1 / m, h = 0, g = 0, behind = 0, a, b, c, d;

	for (double i = 1; i < all; i++)
		h += 1 / i;
	/* The inner sum over j > i, from the end. */
	for (double i = all - 2; i >= 1; i--) {
		behind += 1 / (i + 1);
		g += behind / (all - i);
	}
	a = (4 * g - 6) + (10 - 6 * g) * H;
	b = (2 * g - 4) * 4 + 8 * h * 2 + (2 * g - 14 * h - 4) * H - 8 * h + 4 * g - 6;
	c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * H + 4 * h;
	d = (2 * h + 6) * 4 - 4 * h * 2;
	return sqrt((a * all * all * all + b * all * all + c * all + d) /
		((all - 1) * (all - 2) * (all - 3)));
}

static const double anderson_levels[ANDERSON_LEVELS] = {
	0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001};

/* ln p = c0 + c1 x + c2 x^2 through the critical values by least squares, at t. */
static double anderson_p(const double *critical, double t)
{
	double s[5] = {0}, r[3] = {0}, det, c0, c1, c2, p;

	for (int i = 0; i < ANDERSON_LEVELS; i++) {
		double power = 1, y = log(anderson_levels[i]);

		for (int k = 0; k < 5; k++, power *= critical[i]) {
			s[k] += power;
			if (k < 3)
				r[k] += power * y;
		}
	}
	det = s[0] * (s[2] * s[4] - s[3] * s[3]) - s[1] * (s[1] * s[4] - s[3] * s[2]) +
		s[2] * (s[1] * s[3] - s[2] * s[2]);
	c0 = r[0] * (s[2] * s[4] - s[3] * s[3]) - s[1] * (r[1] * s[4] - s[3] * r[2]) +
		s[2] * (r[1] * s[3] - s[2] * r[2]);
	c1 = s[0] * (r[1] * s[4] - r[2] * s[3]) - r[0] * (s[1] * s[4] - s[3] * s[2]) +
		s[2] * (s[1] * r[2] - r[1] * s[2]);
	c2 = s[0] * (s[2] * r[2] - s[3] * r[1]) - s[1] * (s[1] * r[2] - r[1] * s[2]) +
		r[0] * (s[1] * s[3] - s[2] * s[2]);
	p = exp((c0 + c1 * t + c2 * t * t) / det);
	if (t < critical[0])
		return anderson_levels[0];
	return t > critical[ANDERSON_LEVELS - 1] ? anderson_levels[ANDERSON_LEVELS - 1]
						 : p;
}

/* b0 + b1 / sqrt(k - 1) + b2 / (k - 1), k = 2. */
static void anderson_critical(double *out)
{
	static const double b0[] = {0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085};
	static const double b1[] = {-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615};
	static const double b2[] = {
		-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154};

	for (int i = 0; i < ANDERSON_LEVELS; i++)
		out[i] = b0[i] + b1[i] + b2[i];
}

struct order_test anderson_darling(struct order_walk w, double critical[ANDERSON_LEVELS])
{
	double n = (double)w.n, m = (double)w.m, all = n + m;
	double of_x = 0, of_y = 0, below = 0, below_x = 0, below_y = 0, t;
	double own[ANDERSON_LEVELS];
	struct order_tie tie;

	critical = critical ? critical : own;
	anderson_critical(critical);
	while (order_next(&tie, &w)) {
		double x = (double)tie.reference, y = (double)tie.current, l = x + y;
		double b = below + l / 2, weight = b * (all - b) - all * l / 4;
		double from_x = all * (below_x + x / 2) - n * b;
		double from_y = all * (below_y + y / 2) - m * b;

		if (weight > 0) {
			of_x += l / all * from_x * from_x / weight;
			of_y += l / all * from_y * from_y / weight;
		}
		below += l;
		below_x += x;
		below_y += y;
	}
	t = ((all - 1) / all * (of_x / n + of_y / m) - 1) / anderson_sigma(n, m);
	return (struct order_test){t, anderson_p(critical, t)};
}

/* --- Cramer-von Mises --- */

/* T, and the sum U that the exact law wants. */
static double cramer_statistic(double *u, struct order_walk w)
{
	double n = (double)w.n, m = (double)w.m, all = n + m, below = 0, i = 0, j = 0;
	double of_x = 0, of_y = 0;
	struct order_tie tie;

	while (order_next(&tie, &w)) {
		double here = (double)(tie.reference + tie.current);
		double rank = below + (here + 1) / 2;

		for (size_t k = 0; k < tie.reference; k++, i++)
			of_x += (rank - i - 1) * (rank - i - 1);
		for (size_t k = 0; k < tie.current; k++, j++)
			of_y += (rank - j - 1) * (rank - j - 1);
		below += here;
	}
	*u = n * of_x + m * of_y;
	return *u / (n * m * all) - (4 * n * m - 1) / (6 * all);
}

struct order_test cramer_von_mises_limit(struct order_walk w)
{
	double n = (double)w.n, m = (double)w.m, all = n + m, u;
	double statistic = cramer_statistic(&u, w), expected = (1 + 1 / all) / 6;
	double variance = (all + 1) *
		(4 * n * m * all - 3 * (n * n + m * m) - 2 * n * m) /
		(45 * all * all * 4 * n * m);
	double t = 1.0 / 6 + (statistic - expected) / sqrt(45 * variance);

	return (struct order_test){statistic, 1 - cramer_von_mises_lower(t)};
}

/* How many ways lead to each value of zeta; ascending. */
struct ways {
	struct way {
		double zeta, ways;
	} * items;
	size_t n;
};

/* out = both, equal values joined, and `step` added to each. */
static struct ways join_ways(const struct ways *a, const struct ways *b, double step)
{
	struct ways out = {mem_new(a->n + b->n + 1, sizeof(*out.items)), 0};
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		bool first =
			j == b->n || (i < a->n && a->items[i].zeta <= b->items[j].zeta);
		struct way next = first ? a->items[i++] : b->items[j++];

		next.zeta += step;
		if (out.n && out.items[out.n - 1].zeta == next.zeta)
			out.items[out.n - 1].ways += next.ways;
		else
			out.items[out.n++] = next;
	}
	return out;
}

static size_t common_divisor(size_t a, size_t b)
{
	return b ? common_divisor(b, a % b) : a;
}

/* The share of all orders of n and m values whose zeta is as large or larger (Xiao et al.). */
static double cramer_exact(double u, size_t n, size_t m)
{
	size_t lcm = n / common_divisor(n, m) * m;
	double a = (double)(lcm / n), b = (double)(lcm / m), nm = (double)(n * m);
	double zeta = floor((double)(lcm * lcm) * (double)(n + m) *
		(6 * u - nm * (4 * nm - 1)) / (6 * nm * nm));
	struct ways *rows = mem_new(n + 1, sizeof(*rows)), none = {NULL, 0};
	double beyond = 0;

	for (size_t j = 0; j <= m; j++)
		for (size_t i = 0; i <= n; i++) {
			double away = a * (double)i - b * (double)j;
			struct ways next;

			if (i == 0 && j == 0) {
				rows[0] =
					(struct ways){mem_new(1, sizeof(struct way)), 1};
				rows[0].items[0].ways = 1;
				continue;
			}
			next = join_ways(i ? &rows[i - 1] : &none, &rows[i], away * away);
			free(rows[i].items);
			rows[i] = next;
		}
	for (size_t k = 0; k < rows[n].n; k++)
		if (rows[n].items[k].zeta >= zeta)
			beyond += rows[n].items[k].ways;
	for (size_t i = 0; i <= n; i++)
		free(rows[i].items);
	free(rows);
	return beyond / exp(log_choose((double)(n + m), (double)n));
}

struct order_test cramer_von_mises(struct order_walk w)
{
	struct order_test t;
	double u;

	if (w.n > 20 || w.m > 20)
		return cramer_von_mises_limit(w);
	t.statistic = cramer_statistic(&u, w);
	t.p = cramer_exact(u, w.n, w.m);
	return t;
}

/* --- Mann-Whitney, energy, t --- */

/*
 * A sum of squared normals keeps under so many times its mean: 2.7 uniform, normal, exponential,
 * 2.3 with heavy tails (by simulation; 3.84 is the bound, reached by two values).
 */
#define ENERGY_NOISE 3.0

struct order_test mann_whitney(struct order_walk w)
{
	double n = (double)w.n, m = (double)w.m, all = n + m, ranks = 0, ties = 0,
	       below = 0;
	double u, mean = n * m / 2, sigma, away;
	struct order_tie tie;

	while (order_next(&tie, &w)) {
		double here = (double)(tie.reference + tie.current);

		ranks += (double)tie.reference * (below + (here + 1) / 2);
		ties += here * here * here - here;
		below += here;
	}
	u = ranks - n * (n + 1) / 2;
	sigma = sqrt(n * m / 12 * (all + 1 - ties / (all * (all - 1))));
	away = fmax(u, n * m - u) - mean - 0.5;
	return (struct order_test){
		u, sigma > 0 ? fmin(1, 2 * normal_upper(away / sigma)) : 1};
}

double energy_distance(double *noise, struct order_walk w)
{
	double n = (double)w.n, m = (double)w.m, before = NAN, f = 0, g = 0;
	long double sum = 0, spread = 0;
	struct order_tie tie;

	while (order_next(&tie, &w)) {
		double width = tie.value - before, h = (n * f + m * g) / (n + m);

		if (!isnan(before)) {
			sum += (f - g) * (f - g) * width;
			spread += h * (1 - h) * width;
		}
		before = tie.value;
		f = (double)w.i / n;
		g = (double)w.j / m;
	}
	*noise = sqrt(2 * ENERGY_NOISE * (double)spread * (1 / n + 1 / m));
	return sqrt(2 * (double)sum);
}

static void mean_and_squares(double *mean, double *squares, struct drift_sample s)
{
	double sum = 0;

	for (size_t i = 0; i < s.n; i++)
		sum += s.values[i];
	*mean = sum / (double)s.n;
	*squares = 0;
	for (size_t i = 0; i < s.n; i++)
		*squares += (s.values[i] - *mean) * (s.values[i] - *mean);
}

struct order_test t_test(struct drift_sample x, struct drift_sample y, bool pooled)
{
	double n = (double)x.n, m = (double)y.n, of_x, of_y, sx, sy, error, dof, t;

	mean_and_squares(&of_x, &sx, x);
	mean_and_squares(&of_y, &sy, y);
	if (pooled) {
		dof = n + m - 2;
		error = (sx + sy) / dof * (1 / n + 1 / m);
	} else {
		double vx = sx / (n - 1) / n, vy = sy / (m - 1) / m;

		error = vx + vy;
		dof = error * error / (vx * vx / (n - 1) + vy * vy / (m - 1));
	}
	t = of_x == of_y && error == 0 ? 0 : (of_x - of_y) / sqrt(error);
	if (isnan(dof))
		dof = n + m - 2;
	return (struct order_test){t, student_two_sided(t, dof)};
}

/* --- Wasserstein with weights --- */

struct weighted {
	double value, weight; /* of the reference > 0, of the current < 0 */
};

static int by_weighted_value(const void *left, const void *right)
{
	const struct weighted *a = left, *b = right;

	return a->value < b->value ? -1 : a->value > b->value;
}

double wasserstein_weighted(const double *x, const double *x_weights, size_t n,
	const double *y, const double *y_weights, size_t m)
{
	struct weighted *all = mem_new(n + m + 1, sizeof(*all));
	double of_x = 0, of_y = 0, difference = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		of_x += x_weights[i];
	for (size_t j = 0; j < m; j++)
		of_y += y_weights[j];
	for (size_t i = 0; i < n; i++)
		all[i] = (struct weighted){x[i], x_weights[i] / of_x};
	for (size_t j = 0; j < m; j++)
		all[n + j] = (struct weighted){y[j], -y_weights[j] / of_y};
	qsort(all, n + m, sizeof(*all), by_weighted_value);
	for (size_t i = 0; i + 1 < n + m; i++) {
		difference += all[i].weight;
		sum += fabs(difference) * (all[i + 1].value - all[i].value);
	}
	free(all);
	return of_x > 0 && of_y > 0 ? sum : NAN;
}
