#include "config.h"

#include "signal/drift/special.h"

#include <float.h>
#include <math.h>

#define TERMS_MAX 1000000

double normal_two_sided(double z)
{
	return erfc(fabs(z) / M_SQRT2);
}

double normal_upper(double z)
{
	return 0.5 * erfc(z / M_SQRT2);
}

/* ln |gamma(x)| without the global that lgamma() writes. */
static double log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

double log_choose(double n, double k)
{
	return log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1);
}

/* --- chi-square: the regularised upper incomplete gamma function --- */

/* The series for the lower function, quick below a + 1. */
static double gamma_lower_series(double a, double x)
{
	double term = 1 / a, sum = term;

	for (int i = 1; i < TERMS_MAX && term > sum * DBL_EPSILON / 4; i++) {
		term *= x / (a + i);
		sum += term;
	}
	return sum * exp(-x + a * log(x) - log_gamma(a));
}

/* Lentz's continued fraction for the upper one. */
static double gamma_upper_fraction(double a, double x)
{
	const double tiny = DBL_MIN / DBL_EPSILON;
	double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;

	for (int i = 1; i < TERMS_MAX; i++) {
		double an = -i * (i - a), delta;

		b += 2;
		d = an * d + b;
		d = fabs(d) < tiny ? tiny : d;
		c = b + an / c;
		c = fabs(c) < tiny ? tiny : c;
		d = 1 / d;
		delta = d * c;
		h *= delta;
		if (fabs(delta - 1) < DBL_EPSILON)
			break;
	}
	return h * exp(-x + a * log(x) - log_gamma(a));
}

double chi2_upper(double x, double dof)
{
	double a = dof / 2;

	if (isnan(x) || !(dof > 0))
		return NAN;
	if (x <= 0)
		return 1;
	if (isinf(x))
		return 0;
	x /= 2;
	return x < a + 1 ? 1 - gamma_lower_series(a, x) : gamma_upper_fraction(a, x);
}

double chi2_quantile(double level, double dof)
{
	double low = 0, high = dof + 10;

	while (1 - chi2_upper(high, dof) < level)
		high *= 2;
	for (int i = 0; i < 200 && high - low > high * DBL_EPSILON; i++) {
		double middle = (low + high) / 2;

		if (chi2_upper(middle, dof) > 1 - level)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* --- Student's t: the regularised incomplete beta function --- */

static double beta_fraction(double a, double b, double x)
{
	const double tiny = DBL_MIN / DBL_EPSILON;
	double c = 1, d = 1 - (a + b) * x / (a + 1), h;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	h = d;
	for (int m = 1; m < TERMS_MAX; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double delta;

		d = 1 + even * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + even / c;
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + odd / c;
		c = fabs(c) < tiny ? tiny : c;
		delta = d * c;
		h *= delta;
		if (fabs(delta - 1) < DBL_EPSILON)
			break;
	}
	return h;
}

/* y is 1 - x, given apart so that it keeps its digits. */
static double beta_regularised(double a, double b, double x, double y)
{
	double front;

	if (x <= 0 || y <= 0)
		return x <= 0 ? 0 : 1;
	front = exp(
		log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(y));
	return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
					 : 1 - front * beta_fraction(b, a, y) / b;
}

double student_two_sided(double t, double dof)
{
	double square = t * t;

	if (isnan(t) || !(dof > 0))
		return NAN;
	if (isinf(t))
		return 0;
	return beta_regularised(
		dof / 2, 0.5, dof / (dof + square), square / (dof + square));
}

/* --- Cramer-von Mises --- */

/* K_{1/4}(u) e^u by the trapezoid rule, which converges faster than any power here. */
static double bessel_k_quarter(double u)
{
	const double step = 0.05;
	double sum = 0.5;

	for (int i = 1;; i++) {
		double s = i * step, fall = u * (cosh(s) - 1);

		if (fall > 750)
			break;
		sum += exp(-fall) * cosh(s / 4);
	}
	return sum * step;
}

double cramer_von_mises_lower(double x)
{
	double sum = 0;

	if (isnan(x))
		return NAN;
	if (x < 0.003)
		return 0;
	for (int k = 0; k < 200; k++) {
		double u = (4.0 * k + 1) * (4.0 * k + 1) / (16 * x), term;

		term = exp(log_gamma(k + 0.5) - log_gamma(k + 1.0) - 2 * u) *
			sqrt(4.0 * k + 1) * bessel_k_quarter(u);
		sum += term;
		if (term < sum * DBL_EPSILON / 4)
			break;
	}
	return fmin(1, sum / (pow(M_PI, 1.5) * sqrt(x)));
}
