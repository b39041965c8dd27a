#include "config.h"

#include "poll/drift_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "core/table_file.h"
#include "signal/performance.h"

#define DISTINCT_MOST 21 /* what the choice of a method asks for is less */

/* Both files of a check, open. */
struct pair {
	struct table_file *reference, *current;
	struct arena *arena;
	const struct drift_check *check;
};

static struct drift_options options_of(
	const struct pair *p, const struct drift_feature *f)
{
	static const struct {
		const char *name;
		enum drift_bins bins;
	} names[] = {
		{"reference", DRIFT_BINS_REFERENCE},
		{"evidently", DRIFT_BINS_EVIDENTLY},
		{"doane", DRIFT_BINS_DOANE},
		{"sturges", DRIFT_BINS_STURGES},
		{"quantiles", DRIFT_BINS_QUANTILES},
		{"equal", DRIFT_BINS_EQUAL},
		{"values", DRIFT_BINS_VALUES},
	};
	struct drift_options o = {
		.least = (size_t)p->check->min, .n_bins = (size_t)f->bins};

	if (!isnan(f->threshold))
		o.threshold = f->threshold;
	for (size_t i = 0; f->binning && i < ARRAY_LEN(names); i++)
		if (!strcmp(names[i].name, f->binning))
			o.bins = names[i].bins;
	return o;
}

static void none(
	struct drift_comparison *out, enum drift_verdict verdict, const char *note)
{
	*out = (struct drift_comparison){.result = {
						 .method = "psi",
						 .value = NAN,
						 .p_value = NAN,
						 .threshold = NAN,
						 .noise = NAN,
						 .effect = NAN,
						 .lower = NAN,
						 .upper = NAN,
						 .n_reference = NAN,
						 .n_current = NAN,
						 .verdict = verdict,
						 .note = note,
					 }};
}

/* --- numbers --- */

static size_t distinct_add(double *seen, size_t n, const double *values, size_t count)
{
	for (size_t i = 0; i < count && n < DISTINCT_MOST; i++) {
		size_t k = 0;

		if (!isfinite(values[i]))
			continue;
		while (k < n && seen[k] != values[i])
			k++;
		if (k == n)
			seen[n++] = values[i];
	}
	return n;
}

static size_t finite_of(const struct drift_sample *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += isfinite(s->values[i]) != 0;
	return n;
}

static const struct drift_method *method_of(const struct drift_feature *f,
	const struct drift_sample *x, const struct drift_sample *y)
{
	double seen[DISTINCT_MOST];
	size_t n;

	if (f->method)
		return drift_method(f->method);
	n = distinct_add(seen, 0, x->values, x->n);
	n = distinct_add(seen, n, y->values, y->n);
	return drift_choose(true, finite_of(x), n);
}

/*
 * Both shapes for the eye, and for whoever accepts what is: bins over the reference that
 * are counted as a pinned reference will be.
 */
static const char *shapes(struct arena *a, struct drift_sample x, struct drift_sample y)
{
	const struct drift_options o = {.least = 1, .bins = DRIFT_BINS_STURGES};
	struct drift_counts cells = {0};
	struct drift_side before, now;

	(void)drift_raw(a, drift_method("psi"), x, y, &o, &cells);
	if (cells.n < 2 || !cells.edges)
		return NULL;
	drift_side_values(&before, a, cells.edges + 1, cells.n - 1, x.values, x.n);
	drift_side_values(&now, a, cells.edges + 1, cells.n - 1, y.values, y.n);
	cells.reference = before.counts;
	cells.current = now.counts;
	return drift_shares(a, &cells);
}

static double share(size_t part, size_t of)
{
	return of ? (double)part / (double)of : 0;
}

/* More is missing than used to be: of itself no drift, and worth a word. */
static void missing_note(struct drift_comparison *out, struct arena *a, size_t missing_x,
	size_t n_x, size_t missing_y, size_t n_y)
{
	double before = share(missing_x, n_x), now = share(missing_y, n_y);

	if (fabs(before - now) < 0.005)
		return;
	out->result.note = arena_format(a, _("%s%smissing were %.3g%%, are %.3g%%"),
		out->result.note ? out->result.note : "", out->result.note ? "; " : "",
		before * 100, now * 100);
}

static int compare_numbers(struct drift_comparison *out, const struct pair *p,
	const struct drift_feature *f, size_t x_at, size_t y_at, struct err *e)
{
	struct drift_options o = options_of(p, f);
	double *x = NULL, *y = NULL;
	size_t n = 0, m = 0;
	int rc = -1;

	if (table_numbers(&x, &n, p->reference, x_at, e) == 0 &&
		table_numbers(&y, &m, p->current, y_at, e) == 0) {
		struct drift_sample r = {x, n}, s = {y, m};

		out->result = drift_raw(p->arena, method_of(f, &r, &s), r, s, &o, NULL);
		out->shares = shapes(p->arena, r, s);
		missing_note(out, p->arena, n - finite_of(&r), n, m - finite_of(&s), m);
		rc = 0;
	}
	free(x);
	free(y);
	return rc;
}

/* --- names --- */

static struct drift_category *list_of(struct arena *a, const struct table_categories *c)
{
	struct drift_category *items = arena_alloc(a, c->n + 1, sizeof(*items));

	for (size_t i = 0; i < c->n; i++)
		items[i] = (struct drift_category){
			arena_strdup(a, c->items[i].label), (double)c->items[i].count};
	return items;
}

static void compare_lists(struct drift_comparison *out, const struct pair *p,
	const struct drift_feature *f, const struct table_categories *x,
	const struct table_categories *y)
{
	struct drift_options o = options_of(p, f);
	struct drift_counts cells = {0};
	const struct drift_method *m;

	if (x->too_many || y->too_many) {
		none(out, DRIFT_NOT_COMPARABLE,
			_("so many names are no category, but names of things"));
		return;
	}
	drift_categories(
		&cells, p->arena, list_of(p->arena, x), x->n, list_of(p->arena, y), y->n);
	m = f->method ? drift_method(f->method) : drift_choose(false, x->values, cells.n);
	out->result = drift_counted(p->arena, m, &cells, &o);
	out->shares = cells.n ? drift_shares(p->arena, &cells) : NULL;
	missing_note(out, p->arena, x->missing, x->missing + x->values, y->missing,
		y->missing + y->values);
}

static int compare_names(struct drift_comparison *out, const struct pair *p,
	const struct drift_feature *f, size_t x_at, size_t y_at, struct err *e)
{
	struct table_categories x = {0}, y = {0};
	int rc = -1;

	if (table_categories(&x, p->reference, x_at, e) == 0 &&
		table_categories(&y, p->current, y_at, e) == 0) {
		compare_lists(out, p, f, &x, &y);
		rc = 0;
	}
	table_categories_release(&x);
	table_categories_release(&y);
	return rc;
}

/* --- vectors --- */

static int compare_vectors(struct drift_comparison *out, const struct pair *p,
	const struct drift_feature *f, size_t x_at, size_t y_at, struct err *e)
{
	const struct drift_method *m =
		drift_method(f->method ? f->method : "centroid_euclid");
	struct drift_options o = options_of(p, f);
	struct table_vectors x = {0}, y = {0};
	int rc = -1;

	if (table_vectors(&x, p->reference, x_at, e) == 0 &&
		table_vectors(&y, p->current, y_at, e) == 0) {
		struct drift_vectors r = {x.values, x.n, x.width};
		struct drift_vectors s = {y.values, y.n, y.width};

		out->result = drift_vectors_compare(p->arena, m, &r, &s, &o);
		rc = 0;
	}
	free(x.values);
	free(y.values);
	return rc;
}

/* --- performance --- */

struct matching {
	struct arena *arena;
	size_t prediction, label;
	bool numeric;
	struct performance_cell *cells;
	size_t n_cells, cap_cells;
	double *predictions, *labels; /* owned */
	size_t n, cap;
	struct strbuf prediction_text, label_text; /* of the row */
};

static int match_numbers(
	struct matching *k, const struct table_cell *p, const struct table_cell *l)
{
	if (p->kind != CELL_NUMBER || l->kind != CELL_NUMBER)
		return 0;
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 1024;
		k->predictions = mem_resize(k->predictions, k->cap, sizeof(double));
		k->labels = mem_resize(k->labels, k->cap, sizeof(double));
	}
	k->predictions[k->n] = p->number;
	k->labels[k->n++] = l->number;
	return 0;
}

/* A class by its name, as it counts: 1 and 1.0 are one, and JSON's numbers have no text. */
static const char *class_of(struct strbuf *out, const struct table_cell *cell)
{
	strbuf_reset(out);
	if (cell->kind == CELL_NUMBER)
		strbuf_addf(out, "%.15g", cell->number);
	else
		strbuf_add(out, cell->text, strnlen(cell->text, cell->n));
	return out->buf;
}

static bool is_class(const struct table_cell *cell)
{
	return cell->kind == CELL_NUMBER || cell->kind == CELL_TEXT;
}

static int match_row(
	void *data, int64_t line, const struct table_cell *cells, struct err *e)
{
	struct matching *k = data;
	const struct table_cell *p = &cells[k->prediction], *l = &cells[k->label];
	const char *prediction, *label;

	(void)line;
	if (k->numeric)
		return match_numbers(k, p, l);
	if (!is_class(p) || !is_class(l))
		return 0;
	prediction = class_of(&k->prediction_text, p);
	label = class_of(&k->label_text, l);
	for (size_t i = 0; i < k->n_cells; i++)
		if (!strcmp(k->cells[i].prediction, prediction) &&
			!strcmp(k->cells[i].label, label)) {
			k->cells[i].count++;
			return 0;
		}
	if (k->n_cells == TABLE_CATEGORIES_MAX)
		return err_set(e, ERR_LIMIT,
			_("there are more than %d pairs of label and prediction"),
			TABLE_CATEGORIES_MAX);
	*arena_push(k->arena, k->cells, k->n_cells, k->cap_cells) =
		(struct performance_cell){arena_strdup(k->arena, prediction),
			arena_strdup(k->arena, label), 1};
	return 0;
}

static int match(struct matching *k, struct table_file *t, const struct drift_feature *f,
	struct err *e)
{
	ptrdiff_t p = table_column_find(t, f->column), l = table_column_find(t, f->label);
	bool *wanted;
	int rc;

	if (p < 0 || l < 0)
		return err_set(e, ERR_NOT_FOUND, _("'%s' has no column '%s'"), t->file,
			p < 0 ? f->column : f->label);
	k->prediction = (size_t)p;
	k->label = (size_t)l;
	wanted = mem_new(t->n_columns, sizeof(*wanted));
	wanted[p] = wanted[l] = true;
	rc = table_each(t, wanted, match_row, k, e);
	free(wanted);
	return rc;
}

static int compare_performance(struct drift_comparison *out, const struct pair *p,
	const struct drift_feature *f, struct err *e)
{
	const struct performance *m = performance_find(f->metric);
	struct matching x = {.arena = p->arena,
		.numeric = m->numeric,
		.prediction_text = STRBUF_INIT,
		.label_text = STRBUF_INIT};
	struct matching y = x;
	struct performance_result r;
	int rc = -1;

	if (match(&x, p->reference, f, e) == 0 && match(&y, p->current, f, e) == 0) {
		struct performance_cells xc = {x.cells, x.n_cells},
					 yc = {y.cells, y.n_cells};
		struct performance_pairs xp = {x.predictions, x.labels, x.n};
		struct performance_pairs yp = {y.predictions, y.labels, y.n};
		double least = (double)p->check->min;

		r = m->numeric ? performance_of_pairs(m, &xp, &yp, f->threshold, least)
			       : performance_of_cells(
					 p->arena, m, &xc, &yc, f->threshold, least);
		none(out, r.verdict, NULL);
		out->result.method = m->name;
		out->result.value = r.value;
		out->result.noise = r.noise;
		out->result.threshold = r.threshold;
		out->result.n_reference = r.n_reference;
		out->result.n_current = r.n_current;
		if (!isnan(r.value))
			out->result.note =
				arena_format(p->arena, _("%s was %.4g, and is %.4g"),
					_(m->title), r.before, r.now);
		rc = 0;
	}
	free(x.predictions);
	free(x.labels);
	free(y.predictions);
	free(y.labels);
	strbuf_release(&x.prediction_text);
	strbuf_release(&x.label_text);
	strbuf_release(&y.prediction_text);
	strbuf_release(&y.label_text);
	return rc;
}

/* --- one feature --- */

typedef int compare_fn(struct drift_comparison *out, const struct pair *p,
	const struct drift_feature *f, size_t x_at, size_t y_at, struct err *e);

static compare_fn *way_of(const struct drift_feature *f, const struct table_column *x,
	const struct table_column *y)
{
	bool vectors = x->kind == TABLE_VECTORS || y->kind == TABLE_VECTORS;
	bool names = x->kind == TABLE_TEXTS || y->kind == TABLE_TEXTS;

	if (vectors)
		return compare_vectors;
	return names || f->categorical ? compare_names : compare_numbers;
}

static int compare(struct drift_comparison *out, const struct pair *p,
	const struct drift_feature *f, struct err *e)
{
	ptrdiff_t x, y;

	if (f->kind == DRIFT_PERFORMANCE)
		return compare_performance(out, p, f, e);
	x = table_column_find(p->reference, f->expr);
	y = table_column_find(p->current, f->expr);
	if (x < 0 || y < 0)
		return err_set(e, ERR_NOT_FOUND, _("'%s' has no column '%s'"),
			x < 0 ? p->reference->file : p->current->file, f->expr);
	return way_of(f, &p->reference->columns[x], &p->current->columns[y])(
		out, p, f, (size_t)x, (size_t)y, e);
}

/* Against what a person accepted: counts, in the bins that they have. */
static int compare_pinned(struct drift_comparison *out, const struct pair *p,
	const struct drift_feature *f, const struct drift_side *pinned, struct err *e)
{
	ptrdiff_t at = table_column_find(p->current, f->expr);
	struct drift_side side = {0};
	struct table_categories names = {0};
	double *values = NULL;
	size_t n = 0;
	int rc;

	if (at < 0)
		return err_set(e, ERR_NOT_FOUND, _("'%s' has no column '%s'"),
			p->current->file, f->expr);
	if (pinned->labels) {
		rc = table_categories(&names, p->current, (size_t)at, e);
		if (rc == 0)
			drift_side_categories(
				&side, p->arena, list_of(p->arena, &names), names.n);
	} else {
		rc = table_numbers(&values, &n, p->current, (size_t)at, e);
		if (rc == 0)
			drift_side_values(
				&side, p->arena, pinned->edges, pinned->n - 1, values, n);
	}
	if (rc == 0) {
		struct drift_feature counted = *f;

		if (f->method && !(drift_method(f->method)->inputs & DRIFT_COUNTS))
			counted.method = NULL;
		drift_side_compare(out, p->arena, &counted, pinned, &side, p->check->min);
	}
	table_categories_release(&names);
	free(values);
	return rc;
}

/* --- the check --- */

static int open_one(struct table_file **out, const char *file, struct err *e)
{
	struct stat st;

	if (stat(file, &st) == 0 && st.st_size > DRIFT_FILE_MAX_BYTES) {
		err_set(e, ERR_LIMIT, _("'%s' is larger than %d MiB"), file,
			(int)(DRIFT_FILE_MAX_BYTES >> 20));
		return err_hint(
			e, "%s", _("tocsin drift compute reads files of any size"));
	}
	return table_open(out, file, e);
}

static int evaluate(struct drift_entry *entry, const struct round *r, struct pair *p,
	int64_t at, struct err *e)
{
	const struct drift_check *c = &entry->check;
	struct drift_comparison *all = arena_alloc(r->arena, c->n + 1, sizeof(*all));
	struct drift_references refs;

	if (drift_references(&refs, entry, r, r->now, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		struct err own = ERR_INIT;
		int rc;

		none(&all[i], DRIFT_NO_DATA, NULL);
		if (refs.known[i])
			drift_past_forget(&entry->past[i], refs.sides[i].accepted);
		rc = refs.known[i] ? compare_pinned(&all[i], p, &c->features[i],
					     &refs.sides[i], &own)
				   : compare(&all[i], p, &c->features[i], &own);
		if (rc < 0)
			none(&all[i], DRIFT_NOT_COMPARABLE,
				arena_strdup(r->arena, own.what));
		err_release(&own);
	}
	return drift_entry_compared(
		entry, r, at, all, c->reference_file, c->current_file, e);
}

/* Nothing to do when both files, and what was accepted, are what they were. */
static bool is_known(struct drift_entry *entry, const struct round *r, int64_t *changed)
{
	const struct drift_check *c = &entry->check;
	struct strbuf stamp = STRBUF_INIT;
	struct drift_pins pins = {0};
	struct err e = ERR_INIT;
	int64_t ignored;
	bool known;

	if (c->reference_file)
		(void)drift_file_stamp(&stamp, c->reference_file, &ignored);
	*changed = r->now;
	(void)drift_file_stamp(&stamp, c->current_file, changed);
	if (drift_pins(&pins, r->arena, r->store, r->conf->name, entry->service,
		    c->dataset, &e) == 0)
		for (size_t i = 0; i < pins.n; i++)
			strbuf_addf(&stamp, "%lld\n", (long long)pins.items[i].pinned);
	err_release(&e);
	known = entry->told && entry->seen && !strcmp(entry->seen, stamp.buf);
	free(entry->seen);
	entry->seen = strbuf_detach(&stamp, NULL);
	return known;
}

int drift_files_evaluate(struct drift_entry *entry, const struct round *r, struct err *e)
{
	const struct drift_check *c = &entry->check;
	struct pair p = {.arena = r->arena, .check = c};
	struct err own = ERR_INIT;
	int64_t changed;
	int rc;

	if (is_known(entry, r, &changed))
		return 0;
	if (drift_entry_load(entry, r, e) < 0)
		return -1;
	if (open_one(&p.reference,
		    c->reference_file ? c->reference_file : c->current_file, &own) < 0 ||
		open_one(&p.current, c->current_file, &own) < 0)
		rc = drift_entry_fail(entry, r, arena_strdup(r->arena, own.what), e);
	else
		rc = evaluate(entry, r, &p, changed > r->now ? r->now : changed, e);
	table_free(p.reference);
	table_free(p.current);
	err_release(&own);
	return rc;
}
