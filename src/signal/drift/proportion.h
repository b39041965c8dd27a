/*
 * proportion.h - two shares of yes: of n and of m
 */
#ifndef TOCSIN_PROPORTION_H
#define TOCSIN_PROPORTION_H

struct proportion {
	double	yes, n;
};

/* Pooled, two-sided; z 0 and p 1 when both are the same constant; NAN without values. */
void proportion_z(double *z, double *p, struct proportion reference, struct proportion current);

/* Fisher's exact test of the 2 x 2 table, two-sided; whole counts.  Also the odds ratio. */
double proportion_fisher(
	double *odds, struct proportion reference, struct proportion current);

/* Wilson's interval at 95 %. */
void proportion_wilson(double *low, double *high, struct proportion p);

/* Newcombe's interval at 95 % of the difference current - reference, from both Wilsons'. */
void proportion_difference(
	double *low, double *high, struct proportion reference, struct proportion current);

#endif
