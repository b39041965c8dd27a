#include "config.h"
#include "lab/meter.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"

const double meter_bounds[METER_BUCKETS] = {
	0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60};

#define SIGMA 0.5

void meter_release(struct meter *m)
{
	free(m->cells);
	*m = (struct meter){0};
}

void meter_requests(struct meter *m, int64_t version, int code, double n)
{
	struct meter_cell *cell = NULL;

	for (size_t i = 0; i < m->n && !cell; i++)
		if (m->cells[i].version == version && m->cells[i].code == code)
			cell = &m->cells[i];
	if (!cell) {
		cell = mem_push(m->cells, m->n, m->cap);
		cell->version = version;
		cell->code = code;
	}
	cell->count += n;
	m->total += n;
	if (code >= 500)
		m->bad += n;
}

/* Share of a log-normal distribution at or below x. */
static double below(double x, double median)
{
	return 0.5 * erfc(-log(x / median) / (SIGMA * M_SQRT2));
}

void histogram_add(struct histogram *h, double n, double median_s)
{
	double before = 0;

	for (size_t i = 0; i < METER_BUCKETS; i++) {
		double share = below(meter_bounds[i], median_s);

		h->in[i] += n * (share - before);
		before = share;
	}
	h->in[METER_BUCKETS] += n * (1 - before);
	h->sum_s += n * median_s * exp(SIGMA * SIGMA / 2);
}

double histogram_below(const struct histogram *h, size_t i)
{
	double sum = 0;

	for (size_t k = 0; k <= i && k <= METER_BUCKETS; k++)
		sum += h->in[k];
	/* Sums of shares end just below a whole number now and then. */
	return floor(sum + 1e-6);
}
