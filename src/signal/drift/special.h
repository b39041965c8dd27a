/*
 * special.h - the distributions that tests of drift need, with full precision in their tails
 */
#ifndef TOCSIN_SPECIAL_H
#define TOCSIN_SPECIAL_H

#define Z_95 1.959963984540054	/* two-sided 95 % of the normal distribution */

/* P(|Z| >= |z|), P(Z >= z) */
double normal_two_sided(double z);
double normal_upper(double z);

/* P(X >= x) of chi-square; NAN when dof <= 0. */
double chi2_upper(double x, double dof);
/* The x with P(X <= x) = level. */
double chi2_quantile(double level, double dof);

/* P(|T| >= |t|) of Student's t. */
double student_two_sided(double t, double dof);

/* P(X <= x) of the limit of the Cramer-von Mises statistic. */
double cramer_von_mises_lower(double x);

/* ln of the binomial coefficient. */
double log_choose(double n, double k);

#endif
