#include "config.h"

#include "report/drift_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/text.h"
#include "signal/drift/bins.h"
#include "signal/drift/compare.h"

#define BATCH_VALUES ((size_t)16 << 20)
#define NAMES_SHARE \
	0.5 /* more distinct texts than this share of the values: names, or prose */
#define NAMES_LEAST 100

/* One column of both files on its way. */
struct pending {
	struct drift_table_column *out;
	ptrdiff_t of[2]; /* its place in each file; -1: not there */
	enum table_kind kind;
	bool ready; /* its result is known */
};

static struct table_file *side_of(const struct drift_tables_job *job, int side)
{
	return side ? job->current : job->reference;
}

static void refuse(
	struct pending *p, const struct drift_tables_job *job, const char *note)
{
	const struct drift_method *m = job->method ? job->method : drift_method("psi");

	p->out->r = drift_refuse(drift_result_new(m, &job->options), note);
	p->out->r.method = job->method ? m->name : NULL;
	p->out->r.threshold = job->method ? p->out->r.threshold : NAN;
	p->ready = true;
}

static bool is_listed(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* --- what a column is --- */

static void refuse_odd(
	struct pending *p, struct arena *a, const struct drift_tables_job *job, int side)
{
	const struct table_file *t = side_of(job, side);
	const struct table_column *c = &t->columns[p->of[side]];

	refuse(p, job,
		arena_format(a, _("'%s' is no number (%s:%lld)"), c->odd ? c->odd : "",
			t->file, (long long)c->odd_line));
}

/* The kind that both sides can be read as; refused with words where there is none. */
static void find_kind(
	struct pending *p, struct arena *a, const struct drift_tables_job *job)
{
	enum table_kind kinds[2];

	for (int side = 0; side < 2; side++) {
		if (p->of[side] < 0) {
			refuse(p, job,
				side ? _("the column is only in the reference")
				     : _("the column is only in the current file"));
			return;
		}
		kinds[side] = side_of(job, side)->columns[p->of[side]].kind;
	}
	if (is_listed(job->categorical, job->n_categorical, p->out->name))
		for (int side = 0; side < 2; side++)
			if (kinds[side] == TABLE_NUMBERS || kinds[side] == TABLE_ODD)
				kinds[side] = TABLE_TEXTS;
	for (int side = 0; side < 2; side++) {
		if (kinds[side] == TABLE_ODD ||
			(kinds[side] == TABLE_TEXTS && kinds[!side] == TABLE_NUMBERS)) {
			refuse_odd(p, a, job, side);
			return;
		}
		if (kinds[side] == TABLE_OTHER) {
			refuse(p, job,
				_("the column holds lists of other things than numbers"));
			return;
		}
	}
	p->kind = kinds[0] == TABLE_EMPTY ? kinds[1] : kinds[0];
	if (kinds[0] != kinds[1] && kinds[0] != TABLE_EMPTY && kinds[1] != TABLE_EMPTY)
		refuse(p, job, _("the two files hold different things in it"));
	else if (p->kind == TABLE_EMPTY)
		p->kind = TABLE_NUMBERS;
	p->out->kind = p->kind == TABLE_NUMBERS ? "numbers"
		: p->kind == TABLE_TEXTS        ? "categories"
						: "vectors";
}

/* --- numbers --- */

/* Distinct values of both together, as far as that matters: over 20 of one side are many. */
static size_t distinct_of(const struct bins_range *x, const struct bins_range *y)
{
	size_t n = x->n_distinct;

	if (x->n_distinct > BINS_VALUES || y->n_distinct > BINS_VALUES)
		return BINS_VALUES + 1;
	for (size_t i = 0; i < y->n_distinct; i++) {
		bool known = false;

		for (size_t k = 0; k < x->n_distinct; k++)
			known |= x->distinct[k] == y->distinct[i];
		n += !known;
	}
	return n;
}

static bool both_whole(const struct drift_tables_job *job, const struct pending *p)
{
	for (int side = 0; side < 2; side++) {
		const struct table_column *c = &side_of(job, side)->columns[p->of[side]];

		/* With something missing a column of integers is one of floats, to pandas. */
		if (!c->whole || c->missing)
			return false;
	}
	return true;
}

static void compare_numbers(struct pending *p, struct arena *a,
	const struct drift_tables_job *job, const struct table_taken *x,
	const struct table_taken *y)
{
	struct drift_options o = job->options;
	const struct drift_method *m = job->method;

	o.whole = both_whole(job, p);
	if (!m) {
		struct bins_range of_x = {0}, of_y = {0};

		bins_look_quickly(&of_x, x->numbers, x->n);
		bins_look_quickly(&of_y, y->numbers, y->n);
		m = drift_choose(true, of_x.n, distinct_of(&of_x, &of_y));
	}
	p->out->r = drift_raw(a, m, (struct drift_sample){x->numbers, x->n},
		(struct drift_sample){y->numbers, y->n}, &o, &p->out->cells);
}

/* --- categories --- */

static struct drift_category *categories_of(
	struct arena *a, const struct table_categories *c)
{
	struct drift_category *out = arena_alloc(a, c->n + 1, sizeof(*out));

	for (size_t i = 0; i < c->n; i++)
		out[i] = (struct drift_category){
			arena_strdup(a, c->items[i].label), (double)c->items[i].count};
	return out;
}

/* Names and prose have no shares to compare. */
static bool are_names(const struct table_categories *c)
{
	return c->too_many ||
		(c->values >= NAMES_LEAST &&
			(double)c->n > NAMES_SHARE * (double)c->values);
}

static void compare_categories(struct pending *p, struct arena *a,
	const struct drift_tables_job *job, const struct table_taken *x,
	const struct table_taken *y)
{
	const struct table_categories *of_x = &x->categories, *of_y = &y->categories;
	const struct drift_method *m = job->method;
	struct drift_counts *c = &p->out->cells;

	if (are_names(of_x) || are_names(of_y)) {
		refuse(p, job,
			_("nearly every value is another: names or prose, no "
			  "categories"));
		return;
	}
	drift_categories(
		c, a, categories_of(a, of_x), of_x->n, categories_of(a, of_y), of_y->n);
	m = m ? m : drift_choose(false, of_x->values, c->n);
	p->out->r = drift_counted(a, m, c, &job->options);
	p->out->r.dropped_reference = of_x->missing;
	p->out->r.dropped_current = of_y->missing;
	if (!p->out->r.binning)
		p->out->r.binning = arena_format(a, _("each of %zu categories"), c->n);
}

static void compare_vectors(struct pending *p, struct arena *a,
	const struct drift_tables_job *job, const struct table_taken *x,
	const struct table_taken *y)
{
	const struct drift_method *m = job->method ? job->method : drift_method("mmd");
	struct drift_vectors of_x = {x->vectors.values, x->vectors.n, x->vectors.width};
	struct drift_vectors of_y = {y->vectors.values, y->vectors.n, y->vectors.width};

	p->out->r = drift_vectors_compare(a, m, &of_x, &of_y, &job->options);
	p->out->r.dropped_reference += x->vectors.missing;
	p->out->r.dropped_current += y->vectors.missing;
}

/* --- batches --- */

static void compare(struct pending *p, struct arena *a,
	const struct drift_tables_job *job, const struct table_taken *x,
	const struct table_taken *y)
{
	if (p->kind == TABLE_NUMBERS)
		compare_numbers(p, a, job, x, y);
	else if (p->kind == TABLE_TEXTS)
		compare_categories(p, a, job, x, y);
	else
		compare_vectors(p, a, job, x, y);
	p->ready = true;
}

static int read_side(struct table_taken *items, const struct pending *batch, size_t n,
	struct table_file *t, int side, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		items[i].column = (size_t)batch[i].of[side];
		items[i].as = batch[i].kind == TABLE_NUMBERS ? TAKE_NUMBERS
			: batch[i].kind == TABLE_TEXTS       ? TAKE_CATEGORIES
							     : TAKE_VECTORS;
	}
	return table_take(items, n, t, e);
}

/* Both files once, for so many columns. */
static int compare_batch(struct pending *batch, size_t n, struct arena *a,
	const struct drift_tables_job *job, struct err *e)
{
	struct table_taken *x = mem_new(2 * n, sizeof(*x)), *y = x + n;
	int code = read_side(x, batch, n, job->reference, 0, e);

	if (!code && read_side(y, batch, n, job->current, 1, e)) {
		for (size_t i = 0; i < n; i++)
			table_taken_release(&x[i]);
		code = -1;
	}
	for (size_t i = 0; !code && i < n; i++) {
		compare(&batch[i], a, job, &x[i], &y[i]);
		table_taken_release(&x[i]);
		table_taken_release(&y[i]);
	}
	free(x);
	return code;
}

static int compare_all(struct pending *items, size_t n, struct arena *a,
	const struct drift_tables_job *job, struct err *e)
{
	size_t most = job->batch ? job->batch : BATCH_VALUES, taken = 0, values = 0;
	size_t rows = job->reference->rows + job->current->rows + 1;
	struct pending *batch = mem_new(n + 1, sizeof(*batch));
	int code = 0;

	for (size_t i = 0; !code && i < n; i++) {
		struct pending *p = &items[i];

		if (p->ready)
			continue;
		if (rows > most && p->kind == TABLE_NUMBERS &&
			drift_table_streams(job->method, &job->options)) {
			code = drift_table_stream(
				p->out, a, job, (size_t)p->of[0], (size_t)p->of[1], e);
			continue;
		}
		batch[taken++] = *p;
		values += p->kind == TABLE_NUMBERS ? rows : 1000;
		if (values < most)
			continue;
		code = compare_batch(batch, taken, a, job, e);
		taken = values = 0;
	}
	if (!code && taken)
		code = compare_batch(batch, taken, a, job, e);
	free(batch);
	return code;
}

/* --- all columns --- */

static void add_column(struct pending *p, struct drift_tables *out, const char *name,
	struct arena *a, const struct drift_tables_job *job)
{
	p->out = &out->items[out->n++];
	p->out->name = arena_strdup(a, name);
	p->out->p_corrected = NAN;
	for (int side = 0; side < 2; side++)
		p->of[side] = table_column_find(side_of(job, side), name);
}

static int unknown_column(
	const struct drift_tables_job *job, const char *name, struct err *e)
{
	size_t n = job->reference->n_columns;
	const char **names = mem_new(n + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < n; i++)
		names[i] = job->reference->columns[i].name;
	near = text_nearest(name, names, n);
	err_set(e, ERR_INPUT, _("there is no column '%s'"), name);
	if (near)
		err_hint(e, _("did you mean '%s'?"), near);
	err_where(e, "%s", job->reference->file);
	free(names);
	return -1;
}

static int list_columns(struct pending **pending, struct drift_tables *out,
	struct arena *a, const struct drift_tables_job *job, struct err *e)
{
	size_t most = job->n_columns
		? job->n_columns
		: job->reference->n_columns + job->current->n_columns;
	struct pending *p = mem_new(most + 1, sizeof(*p));

	*pending = p;
	out->items = arena_alloc(a, most + 1, sizeof(*out->items));
	for (size_t i = 0; i < job->n_columns; i++) {
		add_column(&p[out->n], out, job->columns[i], a, job);
		if (p[out->n - 1].of[0] < 0 && p[out->n - 1].of[1] < 0)
			return unknown_column(job, job->columns[i], e);
	}
	for (int side = 0; side < 2 && !job->n_columns; side++) {
		const struct table_file *t = side_of(job, side);

		for (size_t i = 0; i < t->n_columns; i++)
			if (!side ||
				table_column_find(job->reference, t->columns[i].name) < 0)
				add_column(&p[out->n], out, t->columns[i].name, a, job);
	}
	return 0;
}

/* Many tests find something somewhere: p-values are corrected for their number. */
static void correct(struct drift_tables *t, struct arena *a)
{
	double *p = arena_alloc(a, t->n + 1, sizeof(*p));
	double *corrected = arena_alloc(a, t->n + 1, sizeof(*corrected));

	for (size_t i = 0; i < t->n; i++) {
		p[i] = t->items[i].r.by_p ? t->items[i].r.p_value : NAN;
		t->tests += !isnan(p[i]);
	}
	if (t->tests < 2)
		return;
	(void)multiple_bh(NULL, corrected, p, t->n, 0.05);
	for (size_t i = 0; i < t->n; i++) {
		struct drift_result *r = &t->items[i].r;

		t->items[i].p_corrected = corrected[i];
		if (r->verdict != DRIFT_DRIFTED || isnan(p[i]) ||
			drift_beyond(drift_method(r->method), r->value, corrected[i],
				r->threshold))
			continue;
		r->verdict = DRIFT_NOISE;
		r->note =
			arena_format(a, _("p %.3g is %.3g when %zu tests are considered"),
				r->p_value, corrected[i], t->tests);
	}
}

static void count_up(struct drift_tables *t, const struct drift_tables_job *job)
{
	for (size_t i = 0; i < t->n; i++) {
		enum drift_verdict v = t->items[i].r.verdict;

		t->judged += v == DRIFT_OK || v == DRIFT_NOISE || v == DRIFT_DRIFTED;
		t->drifted += v == DRIFT_DRIFTED;
	}
	t->dataset = drift_dataset(&t->share, t->drifted, t->judged, job->share);
}

int drift_tables_compare(struct drift_tables *out, struct arena *a,
	const struct drift_tables_job *job, struct err *e)
{
	struct pending *pending = NULL;
	int code;

	*out = (struct drift_tables){0};
	code = list_columns(&pending, out, a, job, e);
	for (size_t i = 0; !code && i < out->n; i++)
		find_kind(&pending[i], a, job);
	if (!code)
		code = compare_all(pending, out->n, a, job, e);
	free(pending);
	if (code)
		return code;
	if (!job->uncorrected)
		correct(out, a);
	count_up(out, job);
	return 0;
}
