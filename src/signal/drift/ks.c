#include "config.h"

#include "signal/drift/ks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "signal/drift/special.h"

#define SMALL 140.0 /* up to here one sample's law is computed exactly */
#define DURBIN 100000.0 /* up to here too, where the statistic is small */
#define SUMMED 2000.0 /* up to here Smirnov's sum is taken term by term */
#define POINTS 8192.0 /* beyond: at so many points */

/* --- two samples --- */

/*
 * c(i,j): the share of the paths to (i,j) that ever left the band |i/n - j/m| <= q.  A weighted
 * mean of two neighbours, never a difference, so that no digit is lost.
 */
double ks_p_exact(double d, size_t n, size_t m)
{
	double steps = (double)n * (double)m, limit = floor(d * steps - 1e-7) + 0.5;
	double *c = mem_new(m + 1, sizeof(*c)), p;

	for (size_t j = 0; j <= m; j++)
		c[j] = (double)(j * n) > limit ? 1 : 0;
	for (size_t i = 1; i <= n; i++) {
		double at = (double)i * (double)m;
		double low = ceil((at - limit) / (double)n), high;
		size_t from = low > 0 ? (size_t)low : 0, to;

		high = floor((at + limit) / (double)n);
		to = high < (double)m ? (size_t)high : m;
		if (from > 0 && from <= m)
			c[from - 1] = 1;
		for (size_t j = from; j <= to; j++) {
			double whole = (double)(i + j);

			c[j] = j == 0 ? c[0]
				      : (c[j] * (double)i + c[j - 1] * (double)j) / whole;
		}
		for (size_t j = to + 1; j <= m && c[j] != 1; j++)
			c[j] = 1;
	}
	p = c[m];
	free(c);
	return fmin(1, p);
}

double ks_size(double n, double m)
{
	return n * m / (n + m);
}

double ks_p_limit(double d, double n, double m)
{
	return kolmogorov_upper(sqrt(ks_size(n, m)) * d);
}

double ks_p_stephens(double d, double n, double m)
{
	double root = sqrt(ks_size(n, m));

	return kolmogorov_upper((root + 0.12 + 0.11 / root) * d);
}

double ks_p(double d, double n, double m)
{
	if (!(n >= 1) || !(m >= 1) || isnan(d))
		return NAN;
	if (fmax(n, m) <= KS_EXACT_MAX && n == floor(n) && m == floor(m))
		return ks_p_exact(d, (size_t)n, (size_t)m);
	return ks_p_one_sample(d, nearbyint(ks_size(n, m)));
}

/* --- one sample --- */

/* ln of Smirnov's term at j: C(n,j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j), by Stirling. */
static double smirnov_smooth(double n, double d, double j)
{
	double u = j / n, left = n - j;

	return j * log1p(d / u) + left * log1p(-d / (1 - u)) - log(u + d) -
		0.5 * log(2 * M_PI * n * u * (1 - u)) + (1 / n - 1 / j - 1 / left) / 12 -
		(1 / (n * n * n) - 1 / (j * j * j) - 1 / (left * left * left)) / 360;
}

static double smirnov_term(double n, double d, double j)
{
	double rest = 1 - d - j / n;

	if (rest <= 0)
		return 0;
	return exp(log_choose(n, j) + (j - 1) * log(d + j / n) + (n - j) * log(rest));
}

/*
 * P(D+ >= d).  With many values the terms are a smooth function of j that falls off at both ends
 * faster than any power, and so a sum over equally spaced points is as good as one over all.
 */
static double smirnov_upper(double n, double d)
{
	double end = floor(n * (1 - d)), step = fmax(1, floor(end / POINTS)), sum = 0;

	if (n <= SUMMED) {
		for (double j = 0; j <= end; j++)
			sum += smirnov_term(n, d, j);
		return d * sum;
	}
	for (double j = step; j < end && j < n * (1 - d); j += step)
		sum += exp(smirnov_smooth(n, d, j));
	return d * sum * step;
}

/* out = x * y, k rows and columns. */
static void multiply(double *out, const double *x, const double *y, size_t k)
{
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j < k; j++) {
			double sum = 0;

			for (size_t l = 0; l < k; l++)
				sum += x[i * k + l] * y[l * k + j];
			out[i * k + j] = sum;
		}
}

static void fill_durbin(double *h, size_t k, double beyond)
{
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j < k; j++)
			h[i * k + j] = i + 1 >= j ? 1 : 0;
	for (size_t i = 0; i < k; i++) {
		h[i * k] -= pow(beyond, (double)(i + 1));
		h[(k - 1) * k + i] -= pow(beyond, (double)(k - i));
	}
	h[(k - 1) * k] += 2 * beyond > 1 ? pow(2 * beyond - 1, (double)k) : 0;
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j <= i + 1 && j < k; j++)
			for (size_t g = 1; g <= i + 1 - j; g++)
				h[i * k + j] /= (double)g;
}

/* Divide by the middle, so that no power overflows; its logarithm. */
static double level_out(double *h, size_t k)
{
	double middle = h[(k / 2) * k + k / 2];

	if (!(middle > 0))
		return 0;
	for (size_t i = 0; i < k * k; i++)
		h[i] /= middle;
	return log(middle);
}

/* P(D < d) by the n-th power of Durbin's matrix (Marsaglia, Tsang, Wang). */
static double durbin_lower(double d, double n)
{
	size_t half = (size_t)(n * d) + 1, k = 2 * half - 1;
	double *h = mem_new(4 * k * k, sizeof(*h)), *result = h + k * k;
	double *scratch = result + k * k, *spare = scratch + k * k;
	double log_h = 0, log_result = 0, p;

	fill_durbin(h, k, (double)half - n * d);
	for (size_t i = 0; i < k; i++)
		result[i * k + i] = 1;
	for (size_t power = (size_t)n; power; power /= 2) {
		if (power % 2) {
			multiply(scratch, result, h, k);
			memcpy(result, scratch, k * k * sizeof(*h));
			log_result += log_h + level_out(result, k);
		}
		multiply(spare, h, h, k);
		memcpy(h, spare, k * k * sizeof(*h));
		log_h = 2 * log_h + level_out(h, k);
	}
	for (double i = 1; i <= n; i++)
		log_result += log(i / n);
	p = result[(half - 1) * k + half - 1] * exp(log_result);
	free(h);
	return p;
}

/*
 * P(D < d) by the expansion of Pelz and Good in powers of 1/sqrt(n), z = d sqrt(n), each of its
 * four parts a theta function.
 */
static double pelz_good_lower(double d, double n)
{
	const double pi2 = M_PI * M_PI, pi4 = pi2 * pi2;
	double z = sqrt(n) * d, z2 = z * z, z4 = z2 * z2, z6 = z4 * z2;
	double part[4] = {0}, extra[2] = {0}, root = sqrt(2 * M_PI), sum = 0;
	const double scale[4] = {z, 6 * z4, 72 * z6 * z, 6480 * z6 * z4};

	if (pi2 / (8 * z2) > 700)
		return 0;
	for (int k = (int)ceil(16 * z / M_PI); k > 0; k--) {
		double odd = 2.0 * k - 1, m2 = odd * odd, m4 = m2 * m2, m6 = m4 * m2;
		double q = exp(-pi2 * m2 / (8 * z2)), k2 = (double)k * k;
		double even = exp(-pi2 * k2 / (2 * z2));

		part[0] += q;
		part[1] += q * (pi2 / 4 * m2 - z2);
		part[2] += q *
			(6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * m2 +
				pi4 * (1 - 2 * z2) / 16 * m4);
		part[3] += q *
			(-30 * z6 - 90 * z6 * z2 + pi2 * (135 * z4 - 96 * z6) / 4 * m2 +
				pi4 * (212 * z4 - 60 * z2) / 16 * m4 +
				pi4 * pi2 * (5 - 30 * z2) / 64 * m6);
		extra[0] += k2 * even;
		extra[1] += (3 * z2 - pi2 * k2) * k2 * even;
	}
	for (int i = 0; i < 4; i++)
		part[i] *= root / scale[i];
	part[2] -= extra[0] * pi2 * root / (36 * z2 * z);
	part[3] += extra[1] * pi2 * root / (216 * z6);
	for (int i = 0; i < 4; i++)
		sum += part[i] / pow(n, i / 2.0);
	return sum;
}

double ks_p_one_sample(double d, double n)
{
	double steps = n * d, square = steps * d, p;

	if (isnan(d) || !(n >= 1))
		return NAN;
	if (steps <= 0.5 || d >= 1)
		return steps <= 0.5 ? 1 : 0;
	if (steps >= n - 1)
		p = 2 * pow(1 - d, n);
	else if (d >= 0.5 || square >= (n <= SMALL ? 4 : 2.2))
		p = square >= 370 ? 0 : 2 * smirnov_upper(n, d);
	else if (n <= SMALL || (n <= DURBIN && n * pow(d, 1.5) <= 1.4))
		p = 1 - durbin_lower(d, n);
	else
		p = 1 - pelz_good_lower(d, n);
	return fmin(1, fmax(0, p));
}

double kolmogorov_upper(double lambda)
{
	double sum = 0;

	if (!(lambda > 0))
		return isnan(lambda) ? NAN : 1;
	if (lambda < 1.18) {
		double q = exp(-M_PI * M_PI / (8 * lambda * lambda));

		for (int k = 1; k < 12; k++)
			sum += pow(q, (2 * k - 1) * (2 * k - 1));
		return 1 - sqrt(2 * M_PI) / lambda * sum;
	}
	for (int k = 10; k > 0; k--)
		sum += (k % 2 ? 2 : -2) * exp(-2 * lambda * lambda * k * k);
	return sum;
}
