#include "config.h"
#include "bench/figure.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void say(
	int bar, const char *name, double value, const char *unit, double budget, bool ok)
{
	printf("{");
	if (bar)
		printf("\"bar\":%d,", bar);
	printf("\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"", name, value, unit);
	if (!isnan(budget))
		printf(",\"budget\":%g,\"ok\":%s", budget, ok ? "true" : "false");
	printf("}\n");
	(void)fflush(stdout);
}

void figure(int bar, const char *name, double value, const char *unit, double budget)
{
	say(bar, name, value, unit, budget, value <= budget);
}

void figure_least(
	int bar, const char *name, double value, const char *unit, double budget)
{
	say(bar, name, value, unit, budget, value >= budget);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double at_share(double *values, size_t n, double share)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[(size_t)(share * (double)(n - 1))];
}
