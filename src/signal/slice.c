#include "config.h"

#include "signal/slice.h"

#include <math.h>

int64_t slice_begin(int64_t edge, int64_t slice_ns)
{
	int64_t begin = edge / slice_ns * slice_ns;

	return begin < edge ? begin + slice_ns : begin;
}

/* The slice that ends at or after `at`, and begins before it: of (begin, end]. */
static int64_t slice_of(int64_t at, int64_t from, int64_t slice_ns)
{
	int64_t off = at - from;

	return off > 0 ? (off - 1) / slice_ns : (off - slice_ns) / slice_ns;
}

static void add(double *sums, size_t n, int64_t which, double value)
{
	if (which < 0 || (uint64_t)which >= n)
		return;
	sums[which] = (isnan(sums[which]) ? 0 : sums[which]) + value;
}

/* The share of a step that lies in the slice. */
static double share_in(const struct sample *before, const struct sample *after,
	int64_t begin, int64_t end)
{
	int64_t from = before->at > begin ? before->at : begin;
	int64_t to = after->at < end ? after->at : end;

	return to > from ? (double)(to - from) / (double)(after->at - before->at) : 0;
}

void slice_add(double *sums, size_t n, const struct samples *s, int64_t from,
	int64_t slice_ns, double weight)
{
	const struct sample *before = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct sample *after = &s->items[i];
		int64_t first, last;
		double step;

		if (!isfinite(after->value) || (before && after->at <= before->at))
			continue;
		if (!before) {
			before = after;
			continue;
		}
		step = after->value < before->value ? after->value
						    : after->value - before->value;
		first = slice_of(before->at, from, slice_ns);
		last = slice_of(after->at, from, slice_ns);
		/* Those between hold no sample: what was counted there is not known. */
		add(sums, n, last,
			weight * step *
				share_in(before, after, from + last * slice_ns,
					from + (last + 1) * slice_ns));
		if (first != last)
			add(sums, n, first,
				weight * step *
					share_in(before, after, from + first * slice_ns,
						from + (first + 1) * slice_ns));
		before = after;
	}
}

struct burn_window slice_measure(const struct slo *slo, const double *bad,
	const double *total, size_t n, int64_t window_ns)
{
	struct burn_window w = burn_given(window_ns, NAN);

	w.total = w.bad = 0;
	for (size_t i = 0; i < n; i++) {
		double ratio;

		if (!(total[i] > 0))
			continue;
		ratio = isnan(bad[i]) ? 0 : fmin(1, fmax(0, bad[i] / total[i]));
		w.total++;
		if (slo->budgeting == BUDGET_RATIO_TIMESLICES)
			w.bad += ratio;
		else
			w.bad += 1 - ratio < slo->slice_target;
	}
	if (w.total > 0)
		w.ratio = w.bad / w.total;
	else
		w.total = w.bad = NAN;
	w.coverage = n ? (isnan(w.total) ? 0 : w.total / (double)n) : NAN;
	return w;
}
