#include "config.h"

#include "signal/performance.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"

#define Z95 1.6448536269514722 /* of a normal distribution, one side */

const struct performance performances[] = {
	{"accuracy", N_("Accuracy"), false, 0.05},
	{"balanced_accuracy", N_("Balanced accuracy"), false, 0.05},
	{"precision", N_("Precision of the classes"), false, 0.05},
	{"recall", N_("Recall of the classes"), false, 0.05},
	{"f1", N_("F1 of the classes"), false, 0.05},
	{"mae", N_("Mean absolute error"), true, 0.1},
	{"rmse", N_("Root mean square error"), true, 0.1},
	{0},
};

const struct performance *performance_find(const char *name)
{
	for (size_t i = 0; performances[i].name; i++)
		if (!strcmp(performances[i].name, name))
			return &performances[i];
	return NULL;
}

/* --- classes --- */

struct class
{
	const char *name;
	double hits, predicted, labelled;
};

struct classes {
	struct class *items;
	size_t n, cap;
	double total, hits;
};

static struct class *class_for(struct classes *c, struct arena *a, const char *name)
{
	struct class *new;

	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->items[i].name, name))
			return &c->items[i];
	new = arena_push(a, c->items, c->n, c->cap);
	new->name = name;
	return new;
}

static void classes_of(
	struct classes *out, struct arena *a, const struct performance_cells *cells)
{
	*out = (struct classes){0};
	for (size_t i = 0; i < cells->n; i++) {
		const struct performance_cell *cell = &cells->items[i];

		if (!(cell->count > 0))
			continue;
		out->total += cell->count;
		class_for(out, a, cell->prediction)->predicted += cell->count;
		class_for(out, a, cell->label)->labelled += cell->count;
		if (!strcmp(cell->prediction, cell->label)) {
			out->hits += cell->count;
			class_for(out, a, cell->label)->hits += cell->count;
		}
	}
}

static double share(double part, double of)
{
	return of > 0 ? part / of : 0;
}

/* One class's figure; *known: the class counts; *of: how many the share rests on. */
static double class_figure(
	double *of, bool *known, const struct class *k, const char *name)
{
	*of = k->labelled;
	*known = true;
	if (!strcmp(name, "f1"))
		return share(2 * k->hits, k->predicted + k->labelled);
	if (!strcmp(name, "precision")) {
		*of = k->predicted;
		return share(k->hits, k->predicted);
	}
	*known = k->labelled > 0 || !strcmp(name, "recall");
	return share(k->hits, k->labelled);
}

/* The mean over the classes that there are, and its variance: that of f1 is of the recalls. */
static double mean_of_classes(double *variance, const struct classes *c, const char *name)
{
	double sum = 0, n = 0;

	*variance = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct class *k = &c->items[i];
		double of, figure, p;
		bool known;

		figure = class_figure(&of, &known, k, name);
		if (!known)
			continue;
		p = share(k->hits, of);
		sum += figure;
		*variance += share(p * (1 - p), of);
		n++;
	}
	*variance = n > 0 ? *variance / (n * n) : NAN;
	return n > 0 ? sum / n : NAN;
}

static double measure(
	double *variance, const struct performance *m, const struct classes *c)
{
	double p = c->total > 0 ? c->hits / c->total : NAN;

	if (strcmp(m->name, "accuracy") != 0)
		return mean_of_classes(variance, c, m->name);
	*variance = p * (1 - p) / c->total;
	return p;
}

/* The same for all measures: what the numbers mean. */
static void judge(struct performance_result *r, double least)
{
	if (r->n_reference <= 0 || r->n_current <= 0)
		r->verdict = DRIFT_NO_DATA;
	else if (r->n_reference < least || r->n_current < least)
		r->verdict = DRIFT_TOO_FEW;
	else if (isnan(r->value))
		r->verdict = DRIFT_NOT_COMPARABLE;
	else if (r->value < r->threshold)
		r->verdict = DRIFT_OK;
	else
		r->verdict = r->value > r->noise ? DRIFT_DRIFTED : DRIFT_NOISE;
	if (r->verdict == DRIFT_NO_DATA || r->verdict == DRIFT_TOO_FEW)
		r->value = r->noise = NAN;
}

struct performance_result performance_of_cells(struct arena *a,
	const struct performance *m, const struct performance_cells *reference,
	const struct performance_cells *current, double threshold, double least)
{
	struct performance_result r = {
		.threshold = isnan(threshold) ? m->threshold : threshold};
	struct classes before, now;
	double v_before, v_now;

	classes_of(&before, a, reference);
	classes_of(&now, a, current);
	r.n_reference = before.total;
	r.n_current = now.total;
	r.before = measure(&v_before, m, &before);
	r.now = measure(&v_now, m, &now);
	r.value = r.before - r.now;
	if (!strcmp(m->name, "accuracy")) {
		double p = (before.hits + now.hits) / (before.total + now.total);

		v_before = p * (1 - p) / before.total;
		v_now = p * (1 - p) / now.total;
	}
	r.noise = Z95 * sqrt(v_before + v_now);
	judge(&r, least);
	return r;
}

/* --- numbers --- */

/* The mean of |e| or e^2, the variance of that mean, and how many there were. */
static double mean_error(
	double *variance, double *n, const struct performance_pairs *p, bool square)
{
	double mean = 0, spread = 0, count = 0;

	for (size_t i = 0; i < p->n; i++) {
		double e = fabs(p->prediction[i] - p->label[i]), d;

		if (!isfinite(e))
			continue;
		e = square ? e * e : e;
		count++;
		d = e - mean;
		mean += d / count;
		spread += d * (e - mean);
	}
	*n = count;
	*variance = count > 1 ? spread / (count - 1) / count : NAN;
	return count > 0 ? mean : NAN;
}

static double error_of(double *variance, double *n, const struct performance *m,
	const struct performance_pairs *p)
{
	bool square = !strcmp(m->name, "rmse");
	double mean = mean_error(variance, n, p, square);

	if (!square)
		return mean;
	/* Of a root the spread is that of the square over twice the root. */
	*variance = mean > 0 ? *variance / (4 * mean) : 0;
	return sqrt(mean);
}

struct performance_result performance_of_pairs(const struct performance *m,
	const struct performance_pairs *reference,
	const struct performance_pairs *current, double threshold, double least)
{
	struct performance_result r = {
		.threshold = isnan(threshold) ? m->threshold : threshold};
	double v_before, v_now;

	r.before = error_of(&v_before, &r.n_reference, m, reference);
	r.now = error_of(&v_now, &r.n_current, m, current);
	r.value = r.before > 0 ? r.now / r.before - 1 : r.now > 0 ? INFINITY : 0;
	r.noise = r.before > 0 ? Z95 * sqrt(v_before + v_now) / r.before : 0;
	judge(&r, least);
	return r;
}
