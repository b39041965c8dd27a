/* figure.h - what a benchmark says: one JSON line for each figure, and whether it is in budget */
#ifndef TOCSIN_FIGURE_H
#define TOCSIN_FIGURE_H

#include <math.h>
#include <stddef.h>

#define NO_BUDGET NAN

/* bar: a number that other figures of the same promise share, or 0.  At most the budget is fine. */
void figure(int bar, const char *name, double value, const char *unit, double budget);
/* At least the budget is fine. */
void figure_least(int bar, const char *name, double value, const char *unit, double budget);

/* Sorts the values: 0.5 is the median. */
double at_share(double *values, size_t n, double share);

#endif
