/* Two sides made comparable, compared, and put into words. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/strbuf.h"
#include "signal/drift_side.h"
#include "signal/performance.h"

#define METHOD "jensenshannon" /* Evidently's for large data, and the same at any size */
#define PAIR '\x1f'

static void plain(struct drift_comparison *out, const struct drift_feature *f)
{
	const char *name = f && f->method ? f->method : METHOD;
	const struct drift_method *m = drift_method(name);

	*out = (struct drift_comparison){.result = {
						 .method = m->name,
						 .value = NAN,
						 .p_value = NAN,
						 .threshold = m->threshold,
						 .noise = NAN,
						 .effect = NAN,
						 .lower = NAN,
						 .upper = NAN,
					 }};
	if (f && !isnan(f->threshold))
		out->result.threshold = f->threshold;
}

/* --- shares, as the report has them --- */

static double sum_of(const double *items, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += items[i];
	return sum;
}

static void add_side(
	struct json *doc, const char *name, const double *counts, size_t n, double total)
{
	struct json *list = json_add_array(doc, name);

	for (size_t i = 0; i < n; i++)
		json_add_real(list, NULL, total > 0 ? counts[i] / total : 0);
}

static void add_only(struct json *doc, const char *name, const struct drift_counts *c,
	const double *here, const double *there)
{
	struct json *list = json_add_array(doc, name);

	for (size_t i = 0; i < c->n; i++)
		if (here[i] > 0 && !(there[i] > 0))
			json_add_text(list, NULL, c->labels[i]);
}

const char *drift_shares(struct arena *a, const struct drift_counts *c)
{
	struct json *doc = json_object(), *list;
	double n = sum_of(c->reference, c->n), m = sum_of(c->current, c->n);
	struct strbuf text = STRBUF_INIT;
	const char *out;

	list = json_add_array(doc, c->labels ? "labels" : "edges");
	for (size_t i = 0; c->labels && i < c->n; i++)
		json_add_text(list, NULL, c->labels[i]);
	for (size_t i = 1; c->edges && i < c->n; i++)
		json_add_real(list, NULL, c->edges[i]);
	add_side(doc, "reference", c->reference, c->n, n);
	add_side(doc, "current", c->current, c->n, m);
	if (c->labels) {
		add_only(doc, "new", c, c->current, c->reference);
		add_only(doc, "lost", c, c->reference, c->current);
	}
	json_canonical(&text, doc);
	out = arena_strdup(a, text.buf);
	strbuf_release(&text);
	json_free(doc);
	return out;
}

/* --- histograms --- */

static void cumulate(
	struct drift_histogram *out, struct arena *a, const struct drift_side *s)
{
	double *le = arena_alloc(a, s->n + 1, sizeof(*le));
	double *sums = arena_alloc(a, s->n + 1, sizeof(*sums));
	double sum = 0;

	for (size_t i = 0; i < s->n; i++) {
		sum += s->counts[i];
		le[i] = i + 1 < s->n ? s->edges[i] : INFINITY;
		sums[i] = sum;
	}
	*out = (struct drift_histogram){le, sums, s->n};
}

static void compare_bins(struct drift_comparison *out, struct arena *a,
	const struct drift_method *m, const struct drift_options *o,
	const struct drift_side *reference, const struct drift_side *current)
{
	struct drift_histogram x, y;
	struct drift_counts cells = {0};

	cumulate(&x, a, reference);
	cumulate(&y, a, current);
	out->result = drift_histograms(a, m, &x, &y, o, &cells);
	if (cells.n)
		out->shares = drift_shares(a, &cells);
}

/* --- categories --- */

static size_t list_of(
	struct drift_category **out, struct arena *a, const struct drift_side *s)
{
	*out = arena_alloc(a, s->n + 1, sizeof(**out));
	for (size_t i = 0; i < s->n; i++)
		(*out)[i] = (struct drift_category){s->labels[i], s->counts[i]};
	return s->n;
}

static void compare_categories(struct drift_comparison *out, struct arena *a,
	const struct drift_method *m, const struct drift_options *o,
	const struct drift_side *reference, const struct drift_side *current)
{
	struct drift_category *x, *y;
	struct drift_counts cells = {0};
	size_t n = list_of(&x, a, reference), k = list_of(&y, a, current);

	drift_categories(&cells, a, x, n, y, k);
	out->result = drift_counted(a, m, &cells, o);
	out->shares = drift_shares(a, &cells);
}

static bool not_comparable(struct drift_comparison *out, struct arena *a,
	const struct drift_side *reference, const struct drift_side *current)
{
	struct drift_result *r = &out->result;

	r->n_reference = reference->total;
	r->n_current = current->total;
	if (reference->note || current->note) {
		r->verdict = DRIFT_NOT_COMPARABLE;
		r->note = reference->note ? reference->note : current->note;
	} else if (!(reference->total > 0) || !(current->total > 0)) {
		r->verdict = DRIFT_NO_DATA;
		r->note = arena_strdup(a,
			reference->total > 0 ? _("nothing was counted in the window")
				: current->total > 0
				? _("nothing was counted in the reference's window")
				: _("nothing was counted in either window"));
	} else if (!reference->labels != !current->labels) {
		r->verdict = DRIFT_NOT_COMPARABLE;
		r->note = arena_strdup(
			a, _("one side has bins, and the other has categories"));
	} else {
		return false;
	}
	return true;
}

void drift_hold_back(
	struct drift_comparison *out, struct arena *a, const struct drift_side *current)
{
	if (!current->partial || out->result.verdict != DRIFT_DRIFTED)
		return;
	out->result.verdict = DRIFT_WATCH;
	out->result.note = arena_strdup(
		a, _("less than half of the window has been watched so far"));
}

void drift_side_compare(struct drift_comparison *out, struct arena *a,
	const struct drift_feature *f, const struct drift_side *reference,
	const struct drift_side *current, int64_t min)
{
	struct drift_options o = {.least = min > 0 ? (size_t)min : 0};
	const struct drift_method *m;

	plain(out, f);
	m = drift_method(out->result.method);
	if (f && !isnan(f->threshold))
		o.threshold = f->threshold;
	if (not_comparable(out, a, reference, current))
		return;
	if (reference->labels)
		compare_categories(out, a, m, &o, reference, current);
	else
		compare_bins(out, a, m, &o, reference, current);
	drift_hold_back(out, a, current);
}

/* --- performance --- */

static void cells_of(
	struct performance_cells *out, struct arena *a, const struct drift_side *s)
{
	struct performance_cell *items = arena_alloc(a, s->n + 1, sizeof(*items));

	for (size_t i = 0; i < s->n; i++) {
		const char *cut = strchr(s->labels[i], PAIR);
		size_t n = cut ? (size_t)(cut - s->labels[i]) : strlen(s->labels[i]);

		items[i] = (struct performance_cell){arena_strndup(a, s->labels[i], n),
			cut ? cut + 1 : "", s->counts[i]};
	}
	*out = (struct performance_cells){items, s->n};
}

void drift_side_performance(struct drift_comparison *out, struct arena *a,
	const struct drift_feature *f, const struct drift_side *reference,
	const struct drift_side *current, int64_t min)
{
	const struct performance *m = performance_find(f->metric);
	struct drift_result *r = &out->result;
	struct performance_cells x, y;
	struct performance_result p;

	plain(out, NULL);
	r->method = m->name;
	r->threshold = isnan(f->threshold) ? m->threshold : f->threshold;
	if (not_comparable(out, a, reference, current))
		return;
	cells_of(&x, a, reference);
	cells_of(&y, a, current);
	p = performance_of_cells(a, m, &x, &y, f->threshold, (double)min);
	r->value = p.value;
	r->noise = p.noise;
	r->verdict = p.verdict;
	drift_hold_back(out, a, current);
	if (!isnan(p.value) && r->verdict != DRIFT_WATCH)
		r->note = arena_format(
			a, _("%s was %.4g, and is %.4g"), _(m->title), p.before, p.now);
}
