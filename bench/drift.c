/*
 * drift.c - what comparing millions of values costs, beside SciPy on the same data
 *
 *   drift make FILE N     N values of the reference, N of the current, as doubles
 *   drift run FILE        PSI, JS, KS, Wasserstein: "NAME SECONDS VALUE", the best of three
 *   drift say             both outputs from standard input, ours first: a JSON line a figure
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/figure.h"
#include "core/clock.h"
#include "core/mem.h"
#include "signal/drift/sweep.h"
#include "signal/method.h"

#define ROUNDS 3

static double draw(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)((*x >> 11) + 1) / (double)((UINT64_C(1) << 53) + 1);
}

static double normal(uint64_t *x)
{
	double radius = sqrt(-2 * log(draw(x)));

	return radius * cos(2 * M_PI * draw(x));
}

static int make(const char *file, size_t n)
{
	FILE *f = fopen(file, "wb");
	uint64_t seed = 42;
	bool bad = !f;

	for (size_t i = 0; !bad && i < 2 * n; i++) {
		double v = i < n ? normal(&seed) : 0.02 + 1.01 * normal(&seed);

		bad = fwrite(&v, sizeof(v), 1, f) != 1;
	}
	return (f && fclose(f)) || bad;
}

static double *load(const char *file, size_t *n)
{
	FILE *f = fopen(file, "rb");
	long bytes;
	double *values;

	if (!f || fseek(f, 0, SEEK_END) || (bytes = ftell(f)) <= 0)
		return NULL;
	rewind(f);
	*n = (size_t)bytes / sizeof(*values);
	values = mem_resize(NULL, *n, sizeof(*values));
	*n = fread(values, sizeof(*values), *n, f);
	(void)fclose(f);
	return values;
}

/* As Evidently would; its wasserstein is then taken back from its norm. */
static double compare(const char *name, struct drift_sample x, struct drift_sample y)
{
	static const struct drift_options o = {
		.bins = DRIFT_BINS_EVIDENTLY, .zeros = DRIFT_ZEROS_EVIDENTLY};
	struct arena a;
	double value;

	if (!strcmp(name, "wasserstein"))
		return sweep_samples(x, y, false, true).w1;
	arena_init(&a);
	value = drift_raw(&a, drift_method(name), x, y, &o, NULL).value;
	arena_release(&a);
	return value;
}

static int run(const char *file)
{
	static const char *const names[] = {"psi", "jensenshannon", "ks", "wasserstein"};
	size_t n = 0;
	double *values = load(file, &n);

	for (size_t i = 0; values && i < ARRAY_LEN(names); i++) {
		struct drift_sample x = {values, n / 2}, y = {values + n / 2, n / 2};
		double best = INFINITY, value = NAN;

		for (int round = 0; round < ROUNDS; round++) {
			int64_t began = clock_mono();

			value = compare(names[i], x, y);
			best = fmin(best, (double)(clock_mono() - began) / NS_PER_S);
		}
		printf("%s %.6f %.17g\n", names[i], best, value);
	}
	free(values);
	return values == NULL;
}

struct measured {
	char name[32];
	double seconds, value;
};

static size_t read_measured(struct measured *out, size_t most)
{
	size_t n = 0;

	while (n < most &&
		scanf("%31s %lf %lf", out[n].name, &out[n].seconds, &out[n].value) == 3)
		n++;
	return n;
}

static int say(void)
{
	struct measured all[8];
	size_t n = read_measured(all, ARRAY_LEN(all));
	int bad = n != ARRAY_LEN(all);

	for (size_t i = 0; !bad && i < n / 2; i++) {
		const struct measured *ours = &all[i], *theirs = &all[i + n / 2];
		double away = fabs(ours->value - theirs->value) / fabs(theirs->value);
		char name[64];

		(void)snprintf(name, sizeof(name), "drift_%.24s_10m", ours->name);
		figure(0, name, ours->seconds * 1000, "ms", NO_BUDGET);
		(void)snprintf(
			name, sizeof(name), "drift_%.24s_10m_against_scipy", ours->name);
		figure_least(0, name, theirs->seconds / ours->seconds, "times faster", 4);
		(void)snprintf(name, sizeof(name), "drift_%.24s_10m_differs", ours->name);
		figure(0, name, away, "relative", 1e-9);
		bad |= strcmp(ours->name, theirs->name) != 0;
	}
	return bad;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "make"))
		return make(argv[2], strtoul(argv[3], NULL, 10));
	if (argc == 3 && !strcmp(argv[1], "run"))
		return run(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "say"))
		return say();
	fprintf(stderr, "usage: drift make FILE N | run FILE | say\n");
	return 2;
}
