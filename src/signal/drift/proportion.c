#include "config.h"

#include "signal/drift/proportion.h"

#include <math.h>

#include "signal/drift/special.h"

void proportion_z(
	double *z, double *p, struct proportion reference, struct proportion current)
{
	double pooled = (reference.yes + current.yes) / (reference.n + current.n);

	*z = *p = NAN;
	if (!(reference.n > 0) || !(current.n > 0))
		return;
	*z = 0;
	*p = 1;
	if (pooled == 0 || pooled == 1)
		return;
	*z = (reference.yes / reference.n - current.yes / current.n) /
		sqrt(pooled * (1 - pooled) * (1 / reference.n + 1 / current.n));
	*p = normal_two_sided(*z);
}

double proportion_fisher(
	double *odds, struct proportion reference, struct proportion current)
{
	double n = reference.n, m = current.n, yes = reference.yes + current.yes;
	double low = fmax(0, yes - m), high = fmin(yes, n), sum = 0, p = 0;
	double all = log_choose(n + m, yes), here;

	*odds = reference.yes * (m - current.yes) / ((n - reference.yes) * current.yes);
	if (!(n > 0) || !(m > 0))
		return NAN;
	here = log_choose(n, reference.yes) + log_choose(m, current.yes) - all;
	for (double k = low; k <= high; k++) {
		double log_p = log_choose(n, k) + log_choose(m, yes - k) - all;

		sum += exp(log_p);
		/* Tables as probable as ours count too; logarithms are equal but for rounding. */
		if (log_p <= here + 1e-7)
			p += exp(log_p);
	}
	return fmin(1, p / sum);
}

void proportion_wilson(double *low, double *high, struct proportion p)
{
	double share = p.yes / p.n, z2 = Z_95 * Z_95;
	double middle = (share + z2 / (2 * p.n)) / (1 + z2 / p.n);
	double half = Z_95 * sqrt(share * (1 - share) / p.n + z2 / (4 * p.n * p.n)) /
		(1 + z2 / p.n);

	*low = *high = NAN;
	if (!(p.n > 0) || isnan(p.yes))
		return;
	/* At the ends rounding must not leave a trace of what was not seen. */
	*low = p.yes > 0 ? fmax(0, middle - half) : 0;
	*high = p.yes < p.n ? fmin(1, middle + half) : 1;
}

void proportion_difference(
	double *low, double *high, struct proportion reference, struct proportion current)
{
	double r = reference.yes / reference.n, c = current.yes / current.n;
	double r_low, r_high, c_low, c_high;

	proportion_wilson(&r_low, &r_high, reference);
	proportion_wilson(&c_low, &c_high, current);
	*low = c - r - hypot(c - c_low, r_high - r);
	*high = c - r + hypot(c_high - c, r - r_low);
}
