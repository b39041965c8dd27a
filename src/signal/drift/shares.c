#include "config.h"

#include "signal/drift/shares.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "signal/drift/special.h"

double shares_total(const double *counts, size_t n)
{
	double total = 0;

	for (size_t i = 0; i < n; i++)
		total += counts[i];
	return total;
}

/* What Evidently puts in the place of a zero. */
static void fill_as_evidently(double *p, size_t n)
{
	double least = INFINITY;

	for (size_t i = 0; i < n; i++)
		if (p[i] > 0 && p[i] < least)
			least = p[i];
	for (size_t i = 0; i < n; i++)
		if (p[i] == 0)
			p[i] = least <= DRIFT_ADDED ? least / 1e6 : DRIFT_ADDED;
}

static void fill_with_floor(double *p, size_t n)
{
	double total = 0;

	for (size_t i = 0; i < n; i++) {
		p[i] = fmax(p[i], DRIFT_ADDED);
		total += p[i];
	}
	for (size_t i = 0; i < n; i++)
		p[i] /= total;
}

bool shares_of(double *out, const double *counts, size_t n, enum drift_zeros zeros)
{
	double total = shares_total(counts, n), added = 0;

	if (!(total > 0) || isinf(total))
		return false;
	if (zeros == DRIFT_ZEROS_HALF) {
		added = 0.5;
		total += added * (double)n;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (counts[i] + added) / total;
	if (zeros == DRIFT_ZEROS_EVIDENTLY)
		fill_as_evidently(out, n);
	else if (zeros == DRIFT_ZEROS_FLOOR)
		fill_with_floor(out, n);
	return true;
}

/* Both sides as shares: p, and q behind it.  NULL: one has no counts.  The caller frees. */
static double *both(const struct drift_counts *c, enum drift_zeros zeros)
{
	double *p = mem_new(2 * c->n + 1, sizeof(*p));

	if (shares_of(p, c->reference, c->n, zeros) &&
		shares_of(p + c->n, c->current, c->n, zeros))
		return p;
	free(p);
	return NULL;
}

/* The sum over the cells of one term of p and q; NAN without counts. */
static double sum_of(const struct drift_counts *c, enum drift_zeros zeros,
	double (*term)(double p, double q))
{
	double *p = both(c, zeros), sum = 0;

	if (!p)
		return NAN;
	for (size_t i = 0; i < c->n; i++)
		sum += term(p[i], p[c->n + i]);
	free(p);
	return sum;
}

static double psi_term(double p, double q)
{
	return p == q ? 0 : (p - q) * log(p / q);
}

/* p ln(p / q), 0 where p is. */
static double entropy_term(double p, double q)
{
	return p > 0 ? p * log(p / q) : 0;
}

static double js_term(double p, double q)
{
	double m = (p + q) / 2;

	return (entropy_term(p, m) + entropy_term(q, m)) / 2;
}

static double hellinger_term(double p, double q)
{
	return sqrt(p * q);
}

static double distance_term(double p, double q)
{
	return fabs(p - q);
}

double shares_psi(const struct drift_counts *c, enum drift_zeros zeros)
{
	return sum_of(c, zeros, psi_term);
}

double shares_kl(const struct drift_counts *c, enum drift_zeros zeros)
{
	double *p = both(c, zeros), *q, of_p, of_q, sum = 0;

	if (!p)
		return NAN;
	q = p + c->n;
	of_p = shares_total(p, c->n);
	of_q = shares_total(q, c->n);
	for (size_t i = 0; i < c->n; i++)
		sum += entropy_term(p[i] / of_p, q[i] / of_q);
	free(p);
	return sum;
}

double shares_js(const struct drift_counts *c)
{
	double divergence = sum_of(c, DRIFT_ZEROS_PLAIN, js_term);

	return isnan(divergence) ? NAN : fmax(0, divergence);
}

double shares_hellinger(const struct drift_counts *c)
{
	double overlap = sum_of(c, DRIFT_ZEROS_PLAIN, hellinger_term);

	return isnan(overlap) ? NAN : sqrt(fmax(0, 1 - overlap));
}

double shares_tv(const struct drift_counts *c)
{
	return sum_of(c, DRIFT_ZEROS_PLAIN, distance_term) / 2;
}

double shares_linf(const struct drift_counts *c)
{
	double *p = both(c, DRIFT_ZEROS_PLAIN), most = 0;

	if (!p)
		return NAN;
	for (size_t i = 0; i < c->n; i++)
		most = fmax(most, distance_term(p[i], p[c->n + i]));
	free(p);
	return most;
}

/* --- tests --- */

static size_t occupied(const struct drift_counts *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->reference[i] > 0 || c->current[i] > 0;
	return n;
}

/* No counts on a side, or one cell: there is nothing to test. */
static bool untestable(struct shares_test *t, const struct drift_counts *c)
{
	double n = shares_total(c->reference, c->n), m = shares_total(c->current, c->n);

	*t = (struct shares_test){NAN, (double)occupied(c) - 1, NAN, NAN, NAN};
	if (!(n > 0) || !(m > 0))
		return true;
	if (t->dof > 0)
		return false;
	*t = (struct shares_test){0, 0, 1, 0, fmin(n, m)};
	return true;
}

/* What one side of the table adds to the statistic. */
struct table_cell {
	double observed, expected, yates;
	bool likelihood;
};

static double cell_term(const struct table_cell *cell)
{
	double away = fabs(cell->observed - cell->expected);

	if (cell->likelihood)
		return cell->observed > 0
			? 2 * cell->observed * log(cell->observed / cell->expected)
			: 0;
	away -= fmin(cell->yates, away);
	return away * away / cell->expected;
}

/* The 2 x K table of both samples. */
static struct shares_test table_test(
	const struct drift_counts *c, double yates, bool likelihood)
{
	double n = shares_total(c->reference, c->n), m = shares_total(c->current, c->n);
	double chi2 = 0, all = n + m;
	struct shares_test t;

	if (untestable(&t, c))
		return t;
	t.statistic = 0;
	t.least_expected = INFINITY;
	for (size_t i = 0; i < c->n; i++) {
		double column = c->reference[i] + c->current[i];
		struct table_cell sides[2] = {
			{c->reference[i], column * n / all, yates, likelihood},
			{c->current[i], column * m / all, yates, likelihood},
		};

		for (int side = 0; column > 0 && side < 2; side++) {
			struct table_cell plain = {
				sides[side].observed, sides[side].expected, 0, false};

			t.statistic += cell_term(&sides[side]);
			chi2 += cell_term(&plain);
			t.least_expected = fmin(t.least_expected, plain.expected);
		}
	}
	t.statistic = fmax(0, t.statistic);
	t.v = sqrt(chi2 / all);
	t.p = chi2_upper(t.statistic, t.dof);
	return t;
}

struct shares_test shares_chi2(const struct drift_counts *c, bool yates)
{
	return table_test(c, yates && occupied(c) == 2 ? 0.5 : 0, false);
}

struct shares_test shares_g(const struct drift_counts *c)
{
	return table_test(c, 0, true);
}

struct shares_test shares_chi2_one_sample(const struct drift_counts *c)
{
	double n = shares_total(c->reference, c->n), m = shares_total(c->current, c->n);
	struct shares_test t = table_test(c, 0, false);

	if (!(t.dof > 0) || isnan(t.statistic))
		return t;
	t.statistic = 0;
	t.least_expected = INFINITY;
	for (size_t i = 0; i < c->n; i++) {
		double expected = c->reference[i] * m / n,
		       away = c->current[i] - expected;

		if (expected > 0 || c->current[i] > 0) {
			t.statistic += expected > 0 ? away * away / expected : INFINITY;
			t.least_expected = fmin(t.least_expected, expected);
		}
	}
	t.p = chi2_upper(t.statistic, t.dof);
	return t;
}

/* --- what chance gives --- */

/* 1/n + 1/m; NAN without counts. */
static double inverse_sizes(const struct drift_counts *c)
{
	double n = shares_total(c->reference, c->n), m = shares_total(c->current, c->n);

	return n > 0 && m > 0 ? 1 / n + 1 / m : NAN;
}

double shares_noise_psi(const struct drift_counts *c)
{
	double cells = (double)occupied(c);

	return cells < 2 ? 0 : chi2_quantile(0.95, cells - 1) * inverse_sizes(c);
}

/* The variance of p - q in cell i when both come from what they are together. */
static double cell_variance(const struct drift_counts *c, size_t i, double all)
{
	double p = (c->reference[i] + c->current[i]) / all;

	return p * (1 - p) * inverse_sizes(c);
}

/* Half a sum of |normal|; that cells depend on one another only makes it smaller. */
double shares_noise_tv(const struct drift_counts *c)
{
	double all = shares_total(c->reference, c->n) + shares_total(c->current, c->n);
	double mean = 0, variance = 0;

	for (size_t i = 0; i < c->n; i++) {
		double of_cell = cell_variance(c, i, all);

		mean += sqrt(2 / M_PI * of_cell);
		variance += (1 - 2 / M_PI) * of_cell;
	}
	return (mean + 1.645 * sqrt(variance)) / 2;
}

/* The widest cell, at the level that one of so many needs (at most what Bonferroni says). */
double shares_noise_linf(const struct drift_counts *c)
{
	double all = shares_total(c->reference, c->n) + shares_total(c->current, c->n);
	double cells = (double)occupied(c), widest = 0;

	for (size_t i = 0; i < c->n; i++)
		widest = fmax(widest, cell_variance(c, i, all));
	return cells < 2 ? 0 : sqrt(chi2_quantile(1 - 0.05 / cells, 1) * widest);
}
