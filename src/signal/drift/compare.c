#include "config.h"

#include "signal/drift/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "signal/drift/histogram.h"
#include "signal/drift/ks.h"
#include "signal/drift/proportion.h"
#include "signal/drift/shares.h"

#define KS_95 1.3581015157406195 /* 95 % of Kolmogorov's limit stay under this */
#define KS_BINNED 0.1 /* the threshold for D where p is a hint only */
#define STD_LEAST 0.001 /* Evidently divides by no less */

static const struct drift_options defaults;

struct drift_result drift_result_new(
	const struct drift_method *m, const struct drift_options *o)
{
	return (struct drift_result){
		.method = m->name,
		.value = NAN,
		.p_value = NAN,
		.threshold = o && o->threshold ? o->threshold : m->threshold,
		.by_p = m->by_p,
		.noise = NAN,
		.effect = NAN,
		.lower = NAN,
		.upper = NAN,
	};
}

struct drift_result drift_refuse(struct drift_result r, const char *note)
{
	r.verdict = DRIFT_NOT_COMPARABLE;
	r.note = note;
	return r;
}

bool drift_too_few(struct drift_result *r, struct arena *a, const struct drift_options *o)
{
	double least = o && o->least ? (double)o->least : DRIFT_LEAST;

	if (!(r->n_reference > 0) || !(r->n_current > 0)) {
		r->verdict = DRIFT_NO_DATA;
		r->note = r->n_current > 0 ? _("the reference has no values")
			: r->n_reference > 0 ? _("there are no values now")
					     : _("neither side has values");
					     return true;
	}
	if (r->n_reference >= least && r->n_current >= least)
		return false;
	r->verdict = DRIFT_TOO_FEW;
	r->note = arena_format(a,
		_("%.0f values in the reference and %.0f now; %.0f on each side are "
		  "needed"),
		r->n_reference, r->n_current, least);
	return true;
}

/* --- raw numbers, swept --- */

struct drift_result drift_swept(struct arena *a, const struct drift_method *m,
	const struct sweep_result *s, const struct drift_options *o)
{
	struct drift_result r = drift_result_new(m, o);
	double std = fmax(s->std, STD_LEAST);

	r.n_reference = (double)s->n[SWEEP_REFERENCE];
	r.n_current = (double)s->n[SWEEP_CURRENT];
	r.dropped_reference = s->dropped[SWEEP_REFERENCE];
	r.dropped_current = s->dropped[SWEEP_CURRENT];
	if (drift_too_few(&r, a, o))
		return r;
	if (m->by_p) {
		r.value = r.effect = s->d;
		r.p_value = ks_p(s->d, r.n_reference, r.n_current);
		r.noise = KS_95 / sqrt(ks_size(r.n_reference, r.n_current));
	} else {
		r.value = s->w1 / std;
		r.noise = s->w1_noise / std;
		if (s->std < STD_LEAST)
			r.note = _("the reference hardly varies: divided by 0.001");
	}
	drift_judge(&r, a, m, o);
	return r;
}

/* --- counts --- */

/* What one way to compare counts puts into the result. */
struct counted {
	const char *method;
	void (*measure)(struct drift_result *r, const struct drift_counts *c,
		const struct drift_options *o);
};

static void measure_psi(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	r->value = shares_psi(c, o->zeros);
	r->noise = shares_noise_psi(c);
	if (r->value >= r->threshold && r->value > 2 * shares_psi(c, DRIFT_ZEROS_HALF))
		r->note = _("cells that are empty on one side make most of it");
}

static void measure_kl(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	r->value = shares_kl(c, o->zeros);
	r->noise = shares_noise_psi(c) / 2;
}

/* Both are a root of about an eighth of PSI where the difference is small. */
static double noise_of_root(const struct drift_counts *c)
{
	return sqrt(shares_noise_psi(c) / 8);
}

static void measure_js(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	double unit = o->base2 ? sqrt(M_LN2) : 1;

	r->value = sqrt(shares_js(c)) / unit;
	r->noise = noise_of_root(c) / unit;
}

static void measure_hellinger(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	(void)o;
	r->value = shares_hellinger(c);
	r->noise = noise_of_root(c);
}

static void measure_tvd(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	(void)o;
	r->value = shares_tv(c);
	r->noise = shares_noise_tv(c);
}

static void measure_linf(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	(void)o;
	r->value = shares_linf(c);
	r->noise = shares_noise_linf(c);
}

static void take_test(struct drift_result *r, struct shares_test t)
{
	r->value = t.statistic;
	r->p_value = t.p;
	r->effect = t.v;
	if (isinf(t.statistic))
		r->note = _("values that the reference never had");
	else if (t.least_expected < 5)
		r->note = _("cells that expect fewer than 5 values make p a rough one");
}

static void measure_chisquare(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	(void)o;
	take_test(r, shares_chi2_one_sample(c));
}

static void measure_chi2(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	(void)o;
	take_test(r, shares_chi2(c, true));
}

static void measure_g(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	(void)o;
	take_test(r, shares_g(c));
}

/* The share of the first occupied cell on both sides; false: there are more than two. */
static bool proportions(
	struct proportion *x, struct proportion *y, const struct drift_counts *c)
{
	size_t n = 0;

	*x = (struct proportion){0, shares_total(c->reference, c->n)};
	*y = (struct proportion){0, shares_total(c->current, c->n)};
	for (size_t i = 0; i < c->n; i++) {
		if (c->reference[i] <= 0 && c->current[i] <= 0)
			continue;
		if (!n++) {
			x->yes = c->reference[i];
			y->yes = c->current[i];
		}
	}
	return n <= 2;
}

static void measure_proportions(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	struct proportion x, y;

	(void)o;
	if (!proportions(&x, &y, c)) {
		*r = drift_refuse(*r,
			_("it compares two values, and there are more; try chisquare"));
		return;
	}
	if (!strcmp(r->method, "z"))
		proportion_z(&r->value, &r->p_value, x, y);
	else
		r->p_value = proportion_fisher(&r->value, x, y);
	r->effect = fabs(x.yes / x.n - y.yes / y.n);
}

static void measure_edges(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o);

static const struct counted counted[] = {
	{"psi", measure_psi},
	{"kl_div", measure_kl},
	{"jensenshannon", measure_js},
	{"hellinger", measure_hellinger},
	{"tvd", measure_tvd},
	{"linf", measure_linf},
	{"chisquare", measure_chisquare},
	{"chi2_contingency", measure_chi2},
	{"g_test", measure_g},
	{"z", measure_proportions},
	{"fisher_exact", measure_proportions},
	{"ks", measure_edges},
	{"wasserstein", measure_edges},
};

struct drift_result drift_counted(struct arena *a, const struct drift_method *m,
	const struct drift_counts *c, const struct drift_options *o)
{
	struct drift_result r = drift_result_new(m, o);

	o = o ? o : &defaults;
	r.n_reference = shares_total(c->reference, c->n);
	r.n_current = shares_total(c->current, c->n);
	if (drift_too_few(&r, a, o))
		return r;
	for (size_t i = 0; i < ARRAY_LEN(counted); i++)
		if (!strcmp(counted[i].method, m->name)) {
			counted[i].measure(&r, c, o);
			drift_judge(&r, a, m, o);
			return r;
		}
	return drift_refuse(r, _("this method compares no counts"));
}

/* --- counts between edges: histograms --- */

/* Cumulative counts of both sides; the last edge stands for +Inf. */
static struct histogram_pair pair_of(const struct drift_counts *c, double **owned)
{
	double *le = mem_new(3 * (c->n + 1), sizeof(*le)), *x = le + c->n + 1;
	double *y = x + c->n + 1;
	bool open = isinf(c->edges[c->n]);
	size_t n = c->n + !open;

	*owned = le;
	for (size_t i = 0; i < n; i++) {
		double last_x = i ? x[i - 1] : 0, last_y = i ? y[i - 1] : 0;

		le[i] = i < c->n ? c->edges[i + 1] : INFINITY;
		x[i] = last_x + (i < c->n ? c->reference[i] : 0);
		y[i] = last_y + (i < c->n ? c->current[i] : 0);
	}
	return (struct histogram_pair){le, x, y, n};
}

static void take_distance(struct drift_result *r, const struct histogram_distance *d,
	const struct drift_options *o)
{
	double std = fmax(d->std, STD_LEAST);

	if (r->by_p) {
		r->by_p = false;
		/* The method's own threshold is one of p. */
		r->threshold = o && o->threshold > 0 ? o->threshold : KS_BINNED;
		r->value = r->effect = r->lower = d->ks_lower;
		r->upper = d->ks_upper;
		r->p_value = ks_p_limit(d->ks_lower, r->n_reference, r->n_current);
		r->noise = KS_95 / sqrt(ks_size(r->n_reference, r->n_current));
		r->note = _("from bins: at least this much; its p is a hint");
		return;
	}
	r->value = d->w1 / std;
	r->lower = fmax(0, d->w1 - d->w1_error) / std;
	r->upper = (d->w1 + d->w1_error) / std;
	r->noise = KS_95 / sqrt(ks_size(r->n_reference, r->n_current));
	r->note = d->tail_reference > 0 || d->tail_current > 0
		? _("from bins; what lies beyond the last bound is not part of it")
		: _("from bins");
}

static void measure_edges(struct drift_result *r, const struct drift_counts *c,
	const struct drift_options *o)
{
	struct histogram_distance d;
	struct histogram_pair pair;
	double *owned;

	(void)o;
	if (!c->edges || !c->n) {
		*r = drift_refuse(*r, _("this method compares numbers, not categories"));
		return;
	}
	pair = pair_of(c, &owned);
	if (pair.n < 2)
		*r = drift_refuse(*r, _("one bin says nothing of a shape"));
	else if ((d = histogram_distance(&pair), true))
		take_distance(r, &d, o);
	free(owned);
}

static struct drift_result measure_pair(struct arena *a, const struct drift_method *m,
	const struct histogram_pair *pair, const struct drift_counts *cells,
	const struct drift_options *o)
{
	struct drift_result r;
	struct drift_counts occupied;
	struct histogram_distance d;

	if (strcmp(m->name, "ks") && strcmp(m->name, "wasserstein")) {
		histogram_occupied(&occupied, a, cells);
		return drift_counted(a, m, &occupied, o);
	}
	r = drift_result_new(m, o);
	r.n_reference = pair->reference[pair->n - 1];
	r.n_current = pair->current[pair->n - 1];
	if (drift_too_few(&r, a, o))
		return r;
	d = histogram_distance(pair);
	take_distance(&r, &d, o);
	drift_judge(&r, a, m, o);
	return r;
}

struct drift_result drift_histograms(struct arena *a, const struct drift_method *m,
	const struct drift_histogram *reference, const struct drift_histogram *current,
	const struct drift_options *o, struct drift_counts *cells)
{
	struct drift_result r = drift_result_new(m, o);
	struct drift_histogram x, y;
	struct histogram_pair pair;
	struct drift_counts own = {0};
	bool forced = false, forced_too = false;

	cells = cells ? cells : &own;
	*cells = (struct drift_counts){0};
	o = o ? o : &defaults;
	if (!(m->inputs & DRIFT_COUNTS))
		return drift_refuse(r, _("this method compares no histograms"));
	if (!reference->n || !current->n) {
		(void)drift_too_few(&r, a, o);
		return r;
	}
	if (!histogram_clean(&x, &forced, a, reference) ||
		!histogram_clean(&y, &forced_too, a, current))
		return drift_refuse(
			r, _("a histogram has no +Inf bucket, or no numbers"));
	if (!histogram_align(&pair, a, &x, &y))
		return drift_refuse(r, _("the histograms share fewer than 4 bounds"));
	histogram_counts(cells, a, &pair);
	r = measure_pair(a, m, &pair, cells, o);
	r.binning = arena_format(a, _("%zu buckets of the histogram"), pair.n);
	if ((forced || forced_too) && !r.note)
		r.note = _("cumulative counts that fell were levelled");
	return r;
}

/* --- categories --- */

static int by_label(const void *left, const void *right)
{
	const struct drift_category *a = left, *b = right;

	return strcmp(a->label, b->label);
}

static struct drift_category *sorted_copy(
	struct arena *a, const struct drift_category *items, size_t n)
{
	struct drift_category *out = arena_alloc(a, n + 1, sizeof(*out));

	memcpy(out, items, n * sizeof(*out));
	qsort(out, n, sizeof(*out), by_label);
	return out;
}

void drift_categories(struct drift_counts *out, struct arena *a,
	const struct drift_category *reference, size_t n_reference,
	const struct drift_category *current, size_t n_current)
{
	struct drift_category *x = sorted_copy(a, reference, n_reference);
	struct drift_category *y = sorted_copy(a, current, n_current);
	size_t most = n_reference + n_current + 1, n = 0;
	const char **labels = arena_alloc(a, most, sizeof(*labels));
	double *in_x = arena_alloc(a, most, sizeof(*in_x));
	double *in_y = arena_alloc(a, most, sizeof(*in_y));

	for (size_t i = 0, j = 0; i < n_reference || j < n_current; n++) {
		int order = i == n_reference ? 1
			: j == n_current     ? -1
					     : strcmp(x[i].label, y[j].label);

		labels[n] = order <= 0 ? x[i].label : y[j].label;
		for (; i < n_reference && !strcmp(x[i].label, labels[n]); i++)
			in_x[n] += x[i].count;
		for (; j < n_current && !strcmp(y[j].label, labels[n]); j++)
			in_y[n] += y[j].count;
	}
	*out = (struct drift_counts){
		.labels = labels, .reference = in_x, .current = in_y, .n = n};
}
