#include "config.h"

#include "signal/drift/stream.h"

#include <math.h>
#include <string.h>

#define WARM 30 /* values (and errors) before anything is said */

/* --- Page-Hinkley --- */

void page_hinkley_init(struct page_hinkley *p, double lambda)
{
	*p = (struct page_hinkley){
		.delta = 0.005, .lambda = lambda, .alpha = 0.9999, .least = WARM};
}

enum stream_found page_hinkley_add(struct page_hinkley *p, double value)
{
	struct page_hinkley anew = {.delta = p->delta,
		.lambda = p->lambda,
		.alpha = p->alpha,
		.least = p->least};
	double away;
	enum stream_found found;

	if (!p->n++) {
		p->least_up = INFINITY;
		p->most_down = -1;
	}
	p->mean += (value - p->mean) / (double)p->n;
	away = value - p->mean;
	p->up = p->alpha * p->up + away - p->delta;
	p->down = p->alpha * p->down + away + p->delta;
	p->least_up = fmin(p->least_up, p->up);
	p->most_down = fmax(p->most_down, p->down);
	if (p->n < p->least)
		return STREAM_NOTHING;
	found = p->up - p->least_up > p->lambda      ? STREAM_RISE
		: p->most_down - p->down > p->lambda ? STREAM_FALL
						     : STREAM_NOTHING;
	if (found)
		*p = anew;
	return found;
}

/* --- DDM and EDDM --- */

void ddm_init(struct ddm *d)
{
	*d = (struct ddm){.least_p = INFINITY, .least_s = INFINITY};
}

enum stream_found ddm_add(struct ddm *d, bool error)
{
	double p, s;

	d->n++;
	d->errors += error;
	p = d->errors / (double)d->n;
	s = sqrt(p * (1 - p) / (double)d->n);
	if (d->n <= WARM)
		return STREAM_NOTHING;
	if (p + s <= d->least_p + d->least_s) {
		d->least_p = p;
		d->least_s = s;
	}
	if (p + s > d->least_p + 3 * d->least_s) {
		ddm_init(d);
		return STREAM_DRIFT;
	}
	return p + s > d->least_p + 2 * d->least_s ? STREAM_WARNING : STREAM_NOTHING;
}

void eddm_init(struct eddm *d, double warning, double drift)
{
	*d = (struct eddm){.warning = warning, .drift = drift, .best = -1};
}

enum stream_found eddm_add(struct eddm *d, bool error)
{
	enum stream_found found = STREAM_NOTHING;
	double apart, away, level;

	d->n++;
	if (!error)
		return found;
	apart = (double)(d->n - d->last);
	away = apart - d->mean;
	d->errors++;
	d->mean += away / (double)d->errors;
	d->squares += away * (apart - d->mean);
	d->last = d->n;
	if (d->n <= WARM)
		return found;
	level = d->mean +
		2 * (d->errors > 1 ? sqrt(d->squares / (double)(d->errors - 1)) : 0);
	if (level > d->best)
		d->best = level;
	else if (d->errors > WARM && level / d->best < d->drift)
		found = STREAM_DRIFT;
	else if (d->errors > WARM && level / d->best < d->warning)
		found = STREAM_WARNING;
	if (found == STREAM_DRIFT)
		eddm_init(d, d->warning, d->drift);
	return found;
}

/* --- ADWIN --- */

#define ADWIN_EVERY 32 /* values between two looks */
#define ADWIN_LEAST 5 /* values on each side of a cut */
#define ADWIN_GRACE 10

void adwin_init(struct adwin *a, double delta)
{
	*a = (struct adwin){.delta = delta, .n_rows = 1};
}

static void drop_first(struct adwin_row *row, size_t n)
{
	row->n -= n;
	memmove(row->total, row->total + n, row->n * sizeof(*row->total));
	memmove(row->variance, row->variance + n, row->n * sizeof(*row->variance));
}

/* Two buckets of a full row become one of the next. */
static void merge_rows(struct adwin *a)
{
	for (size_t r = 0; r + 1 < ADWIN_ROWS; r++) {
		struct adwin_row *row = &a->rows[r], *next = row + 1;
		double n = ldexp(1, (int)r), apart;

		if (row->n <= ADWIN_BUCKETS)
			return;
		if (r + 1 == a->n_rows)
			a->n_rows++;
		apart = row->total[0] / n - row->total[1] / n;
		next->total[next->n] = row->total[0] + row->total[1];
		next->variance[next->n++] =
			row->variance[0] + row->variance[1] + n * apart * apart / 2;
		drop_first(row, 2);
	}
}

/* Whether the first n0 values, that sum to u0, differ from the rest. */
static bool differs(const struct adwin *a, double n0, double u0)
{
	double width = (double)a->width, n1 = width - n0;
	double level = log(2 * log(width) / a->delta);
	double sizes = 1 / (n0 - ADWIN_LEAST + 1) + 1 / (n1 - ADWIN_LEAST + 1);
	double limit = sqrt(2 * sizes * (a->variance / width) * level) +
		2.0 / 3.0 * level * sizes;

	return fabs(u0 / n0 - (a->total - u0) / n1) > limit;
}

static bool finds_cut(const struct adwin *a)
{
	double n0 = 0, u0 = 0, width = (double)a->width;

	for (size_t r = a->n_rows; r-- > 0;)
		for (size_t k = 0; k + 1 < a->rows[r].n; k++) {
			n0 += ldexp(1, (int)r);
			u0 += a->rows[r].total[k];
			if (width - n0 >= ADWIN_LEAST && n0 >= ADWIN_LEAST &&
				differs(a, n0, u0))
				return true;
		}
	return false;
}

static void drop_oldest(struct adwin *a)
{
	struct adwin_row *row = &a->rows[a->n_rows - 1];
	double n = ldexp(1, (int)(a->n_rows - 1)), width, apart;

	a->width -= (size_t)n;
	width = (double)a->width;
	a->total -= row->total[0];
	apart = row->total[0] / n - a->total / width;
	a->variance -= row->variance[0] + n * width * apart * apart / (n + width);
	drop_first(row, 1);
	if (!row->n && a->n_rows > 1)
		a->n_rows--;
}

bool adwin_add(struct adwin *a, double value)
{
	struct adwin_row *first = &a->rows[0];
	bool cut = false;

	first->total[first->n] = value;
	first->variance[first->n++] = 0;
	a->width++;
	if (a->width > 1) {
		double n = (double)a->width, away = value - a->total / (n - 1);

		a->variance += (n - 1) * away * away / n;
	}
	a->total += value;
	merge_rows(a);
	a->seen++;
	if (a->seen % ADWIN_EVERY || a->width <= ADWIN_GRACE)
		return false;
	while (a->width > 1 && finds_cut(a)) {
		drop_oldest(a);
		cut = true;
	}
	return cut;
}
