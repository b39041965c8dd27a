#include "config.h"

#include "signal/drift/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "signal/drift/binning.h"
#include "signal/drift/embedding.h"
#include "signal/drift/order.h"

static const struct drift_options defaults;

/* --- numbers by their order --- */

static struct order_test cramer(struct order_walk w)
{
	return cramer_von_mises(w);
}

static struct order_test anderson(struct order_walk w)
{
	return anderson_darling(w, NULL);
}

static struct order_test means(struct order_walk w)
{
	return t_test(
		(struct drift_sample){w.x, w.n}, (struct drift_sample){w.y, w.m}, true);
}

static const struct {
	const char *method;
	struct order_test (*test)(struct order_walk w);
} tests[] = {
	{"anderson", anderson},
	{"cramer_von_mises", cramer},
	{"mannw", mann_whitney},
	{"t_test", means},
};

static double largest_difference(struct order_walk w)
{
	struct order_tie tie;
	double d = 0;

	while (order_next(&tie, &w))
		d = fmax(d, fabs((double)w.i / (double)w.n - (double)w.j / (double)w.m));
	return d;
}

/* Cohen's d, from t. */
static double standard_difference(double t, double n, double m)
{
	return fabs(t) * sqrt(1 / n + 1 / m);
}

static void measure_order(struct drift_result *r, struct order_walk w)
{
	double n = (double)w.n, m = (double)w.m;

	if (!strcmp(r->method, "ed")) {
		r->value = energy_distance(&r->noise, w);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(tests); i++)
		if (!strcmp(tests[i].method, r->method)) {
			struct order_test t = tests[i].test(w);

			r->value = t.statistic;
			r->p_value = t.p;
		}
	if (!strcmp(r->method, "mannw"))
		r->effect = fabs(r->value / (n * m) - 0.5);
	else if (!strcmp(r->method, "t_test"))
		r->effect = standard_difference(r->value, n, m);
	else
		r->effect = largest_difference(w);
}

static struct drift_result compare_order(struct arena *a, const struct drift_method *m,
	struct drift_sample reference, struct drift_sample current,
	const struct drift_options *o)
{
	struct drift_result r = drift_result_new(m, o);
	struct order_walk w = {0};
	double *x = order_copy(&w.n, &r.dropped_reference, reference);
	double *y = order_copy(&w.m, &r.dropped_current, current);

	w.x = x;
	w.y = y;
	r.n_reference = (double)w.n;
	r.n_current = (double)w.m;
	if (!drift_too_few(&r, a, o)) {
		measure_order(&r, w);
		drift_judge(&r, a, m, o);
	}
	free(x);
	free(y);
	return r;
}

/* --- numbers in bins --- */

/* The last cell, for what the reference never had, goes where it is empty. */
static size_t used_cells(const struct bins *b, const double *current)
{
	return b->rest && current[b->n] == 0 ? b->n : bins_cells(b);
}

static void count_both(struct drift_counts *out, struct arena *a, const struct bins *b,
	struct drift_sample reference, struct drift_sample current)
{
	size_t n = bins_cells(b);
	double *x = arena_alloc(a, n + 1, sizeof(*x)),
	       *y = arena_alloc(a, n + 1, sizeof(*y));
	double *edges = arena_alloc(a, n + 2, sizeof(*edges));

	bins_count(x, b, reference.values, reference.n);
	bins_count(y, b, current.values, current.n);
	*out = (struct drift_counts){.reference = x, .current = y, .n = used_cells(b, y)};
	if (b->each_value || b->rest)
		return;
	memcpy(edges, b->edges, (b->n + 1) * sizeof(*edges));
	out->edges = edges;
}

/* Numbers that are cells of their own, as labels. */
static void label_values(struct drift_counts *c, struct arena *a, const struct bins *b)
{
	const char **labels = arena_alloc(a, c->n + 1, sizeof(*labels));

	for (size_t i = 0; i < c->n; i++)
		labels[i] = i < b->n ? arena_format(a, "%.15g", b->edges[i])
				     : arena_strdup(a, _("other"));
	c->labels = labels;
}

/* The edges of bins with one cell more for what is outside, in words. */
static void label_ranges(struct drift_counts *c, struct arena *a, const struct bins *b)
{
	const char **labels = arena_alloc(a, c->n + 1, sizeof(*labels));

	for (size_t i = 0; i < c->n; i++)
		labels[i] = i < b->n
			? arena_format(a, "%.6g..%.6g", b->edges[i], b->edges[i + 1])
			: arena_strdup(a, _("outside"));
	c->labels = labels;
}

static struct drift_result compare_bins(struct arena *a, const struct drift_method *m,
	struct drift_sample reference, struct drift_sample current,
	const struct drift_options *o, struct drift_counts *cells)
{
	struct bins_range x = {0}, y = {0};
	struct drift_result r = drift_result_new(m, o);
	const char *rule = NULL;
	struct bins b;

	bins_look(&x, reference.values, reference.n);
	bins_look_quickly(&y, current.values, current.n);
	r.n_reference = (double)x.n;
	r.n_current = (double)y.n;
	r.dropped_reference = x.dropped;
	r.dropped_current = y.dropped;
	if (drift_too_few(&r, a, o))
		return r;
	if (!binning_of_ranges(&b, &rule, a, m, o, &x, &y)) {
		size_t n, k, dropped;
		double *sorted = order_copy(&n, &dropped, reference);
		double *other = order_copy(&k, &dropped, current);

		binning_of_values(&b, &rule, a, m, o, (struct drift_sample){sorted, n},
			(struct drift_sample){other, k});
		free(sorted);
		free(other);
	}
	count_both(cells, a, &b, reference, current);
	if (b.each_value)
		label_values(cells, a, &b);
	else if (b.rest)
		label_ranges(cells, a, &b);
	bins_release(&b);
	r = drift_counted(a, m, cells, o);
	r.dropped_reference = x.dropped;
	r.dropped_current = y.dropped;
	r.binning = rule;
	return r;
}

struct drift_result drift_raw(struct arena *a, const struct drift_method *m,
	struct drift_sample reference, struct drift_sample current,
	const struct drift_options *o, struct drift_counts *cells)
{
	struct drift_counts own = {0};

	cells = cells ? cells : &own;
	*cells = (struct drift_counts){0};
	o = o ? o : &defaults;
	if (!(m->inputs & DRIFT_RAW))
		return drift_refuse(
			drift_result_new(m, o), _("this method compares no numbers"));
	if (!strcmp(m->name, "ks") || !strcmp(m->name, "wasserstein")) {
		struct sweep_result s =
			sweep_samples(reference, current, m->by_p, !m->by_p);

		return drift_swept(a, m, &s, o);
	}
	if (m->inputs & DRIFT_COUNTS)
		return compare_bins(a, m, reference, current, o, cells);
	return compare_order(a, m, reference, current, o);
}

/* --- vectors --- */

/* Rows with a number that is none are left out. */
static struct drift_vectors finite_rows(
	struct arena *a, size_t *dropped, const struct drift_vectors *v)
{
	double *kept = arena_alloc(a, v->n * v->width + 1, sizeof(*kept));
	struct drift_vectors out = {kept, 0, v->width};

	for (size_t i = 0; i < v->n; i++) {
		const double *row = v->values + i * v->width;
		bool good = true;

		for (size_t k = 0; k < v->width; k++)
			good &= isfinite(row[k]) != 0;
		if (good)
			memcpy(kept + out.n++ * v->width, row, v->width * sizeof(*row));
	}
	*dropped = v->n - out.n;
	return out;
}

/* At most so many rows, evenly taken. */
static struct drift_vectors thin_out(
	struct arena *a, const struct drift_vectors *v, size_t most)
{
	double *kept;

	if (v->n <= most)
		return *v;
	kept = arena_alloc(a, most * v->width, sizeof(*kept));
	for (size_t i = 0; i < most; i++)
		memcpy(kept + i * v->width, v->values + i * v->n / most * v->width,
			v->width * sizeof(*kept));
	return (struct drift_vectors){kept, most, v->width};
}

/* The share of components that drifted by the normed Wasserstein distance. */
static double component_share(struct arena *a, const struct drift_vectors *x,
	const struct drift_vectors *y, const struct drift_options *o)
{
	const struct drift_method *m = drift_method("wasserstein");
	struct drift_options each = {.least = o->least, .judged_alone = o->judged_alone};
	double *of_x = mem_new(x->n, sizeof(*of_x)), *of_y = mem_new(y->n, sizeof(*of_y));
	size_t drifted = 0;

	for (size_t k = 0; k < x->width; k++) {
		struct drift_result r;

		for (size_t i = 0; i < x->n; i++)
			of_x[i] = x->values[i * x->width + k];
		for (size_t i = 0; i < y->n; i++)
			of_y[i] = y->values[i * y->width + k];
		r = drift_raw(a, m, (struct drift_sample){of_x, x->n},
			(struct drift_sample){of_y, y->n}, &each, NULL);
		drifted += r.verdict == DRIFT_DRIFTED;
	}
	free(of_x);
	free(of_y);
	return (double)drifted / (double)x->width;
}

#define SHUFFLES 100

static void measure_mmd(struct drift_result *r, struct arena *a,
	const struct drift_vectors *reference, const struct drift_vectors *current)
{
	struct drift_vectors x = thin_out(a, reference, MMD_ROWS);
	struct drift_vectors y = thin_out(a, current, MMD_ROWS);
	double gamma = mmd_gamma_across(&x, &y), unbiased, biased;

	if (!isfinite(gamma)) {
		r->value = 0;
		return;
	}
	mmd(&unbiased, &biased, &x, &y, gamma);
	r->value = fmax(0, unbiased);
	r->p_value = mmd_p(&x, &y, gamma, SHUFFLES, &r->noise);
	if (x.n < reference->n || y.n < current->n)
		r->note = arena_format(
			a, _("of %zu and %zu vectors, evenly taken"), x.n, y.n);
}

static void measure_vectors(struct drift_result *r, struct arena *a,
	const struct drift_vectors *x, const struct drift_vectors *y,
	const struct drift_options *o)
{
	struct centroids c;

	if (!strcmp(r->method, "mmd")) {
		measure_mmd(r, a, x, y);
	} else if (!strcmp(r->method, "domain_classifier")) {
		r->value = domain_auc(&r->noise, x, y);
	} else if (!strcmp(r->method, "components")) {
		r->value = component_share(a, x, y, o);
	} else {
		c = embedding_centroids(x, y);
		r->value = !strcmp(r->method, "centroid_cosine") ? c.cosine : c.euclid;
		if (!strcmp(r->method, "centroid_euclid"))
			r->noise = c.noise;
	}
}

struct drift_result drift_vectors_compare(struct arena *a, const struct drift_method *m,
	const struct drift_vectors *reference, const struct drift_vectors *current,
	const struct drift_options *o)
{
	struct drift_result r = drift_result_new(m, o);
	struct drift_vectors x, y;

	o = o ? o : &defaults;
	if (!(m->inputs & DRIFT_VECTORS))
		return drift_refuse(r, _("this method compares no vectors"));
	if (reference->n && current->n && reference->width != current->width)
		return drift_refuse(r,
			arena_format(a,
				_("vectors of %zu numbers cannot be compared with %zu"),
				reference->width, current->width));
	x = finite_rows(a, &r.dropped_reference, reference);
	y = finite_rows(a, &r.dropped_current, current);
	r.n_reference = (double)x.n;
	r.n_current = (double)y.n;
	if (drift_too_few(&r, a, o))
		return r;
	measure_vectors(&r, a, &x, &y, o);
	drift_judge(&r, a, m, o);
	return r;
}
