#include "config.h"

#include "signal/drift/binning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "signal/drift/order.h"

#define DECILES 10

bool binning_by_value(const struct drift_method *m)
{
	return (m->inputs & DRIFT_COUNTS) && m->by_p && strcmp(m->name, "ks");
}

/* Evidently takes the distinct values alone to find the bins of this one. */
static bool of_distinct(const struct drift_method *m, enum drift_bins rule)
{
	return rule == DRIFT_BINS_EVIDENTLY && !strcmp(m->name, "hellinger");
}

static bool few_distinct(const struct bins_range *r)
{
	return r->n_distinct <= BINS_VALUES;
}

static const char *say_each(struct arena *a, const struct bins *b)
{
	return arena_format(a, _("each of %zu values"), b->n);
}

bool binning_of_ranges(struct bins *out, const char **rule, struct arena *a,
	const struct drift_method *m, const struct drift_options *o,
	const struct bins_range *reference, const struct bins_range *current)
{
	double least = fmin(reference->least, current->least);
	double most = fmax(reference->most, current->most);
	enum drift_bins kind = o->bins;

	if (binning_by_value(m) || of_distinct(m, kind) || kind == DRIFT_BINS_QUANTILES ||
		kind == DRIFT_BINS_VALUES ||
		(kind == DRIFT_BINS_EVIDENTLY && few_distinct(reference)))
		return false;
	if (kind == DRIFT_BINS_EVIDENTLY) {
		bins_sturges(out, least, most, reference->n + current->n, o->whole);
		*rule = arena_format(
			a, _("%zu bins by Sturges over both, as Evidently"), out->n);
	} else if (kind == DRIFT_BINS_EQUAL) {
		bins_equal(out, least, most, o->n_bins ? o->n_bins : DECILES);
		*rule = arena_format(a, _("%zu equal bins over both"), out->n);
	} else if (kind == DRIFT_BINS_STURGES) {
		bins_sturges(
			out, reference->least, reference->most, reference->n, o->whole);
		out->clamp = true;
		*rule = arena_format(a,
			_("%zu bins by Sturges over the reference, the outer ones open"),
			out->n);
	} else if (kind == DRIFT_BINS_REFERENCE && few_distinct(reference)) {
		bins_each_value(out, reference->distinct, reference->n_distinct);
		out->rest = true;
		*rule = arena_format(a,
			_("each of the reference's %zu values, one for new ones"),
			out->n);
	} else {
		bins_doane(out, reference);
		out->rest = true;
		*rule = arena_format(a,
			_("%zu bins by Doane over the reference, one for what is "
			  "outside"),
			out->n);
	}
	return true;
}

/* The distinct values of both, sorted; their number in *n.  The caller frees. */
static double *distinct_of(size_t *n, struct drift_sample x, struct drift_sample y)
{
	struct order_walk w = {x.values, y.values, x.n, y.n, 0, 0};
	double *out = mem_resize(NULL, x.n + y.n + 1, sizeof(*out));
	struct order_tie tie;

	for (*n = 0; order_next(&tie, &w);)
		out[(*n)++] = tie.value;
	return out;
}

void binning_of_values(struct bins *out, const char **rule, struct arena *a,
	const struct drift_method *m, const struct drift_options *o,
	struct drift_sample reference, struct drift_sample current)
{
	size_t n;
	double *distinct;

	if (o->bins == DRIFT_BINS_QUANTILES && !binning_by_value(m)) {
		bins_quantiles(out, reference.values, reference.n,
			o->n_bins ? o->n_bins : DECILES);
		*rule = arena_format(
			a, _("%zu bins of equal shares of the reference"), out->n);
		return;
	}
	distinct = distinct_of(&n, reference, current);
	if (of_distinct(m, o->bins) && n) {
		bins_sturges(out, distinct[0], distinct[n - 1], n, o->whole);
		*rule = arena_format(a,
			_("%zu bins by Sturges over the distinct values, as Evidently"),
			out->n);
	} else {
		bins_each_value(out, distinct, n);
		*rule = say_each(a, out);
	}
	free(distinct);
}
