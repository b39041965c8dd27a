#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "report/drift_tables.h"
#include "signal/drift/binning.h"
#include "signal/drift/compare.h"
#include "signal/drift/sweep.h"

#define PART 4096

/* Values of one column on their way to whoever counts them. */
struct flow {
	size_t column, n, missing;
	double values[PART];
	void (*give)(struct flow *f);
	void *to;
	enum sweep_side side;
	double *counts;
};

static void give_all(struct flow *f)
{
	if (f->n)
		f->give(f);
	f->n = 0;
}

static int take(void *data, int64_t line, const struct table_cell *cells, struct err *e)
{
	struct flow *f = data;
	const struct table_cell *cell = &cells[f->column];

	(void)line;
	(void)e;
	f->values[f->n++] = cell->kind == CELL_NUMBER ? cell->number : NAN;
	if (f->n == PART)
		give_all(f);
	return 0;
}

static int pass_over(struct flow *f, struct table_file *t, struct err *e)
{
	bool *wanted = mem_new(t->n_columns + 1, sizeof(*wanted));
	int code;

	wanted[f->column] = true;
	code = table_each(t, wanted, take, f, e);
	give_all(f);
	free(wanted);
	return code;
}

static void to_range(struct flow *f)
{
	bins_look(f->to, f->values, f->n);
}

static void to_bins(struct flow *f)
{
	bins_count(f->counts, f->to, f->values, f->n);
}

static void to_sweep(struct flow *f)
{
	sweep_add(f->to, f->side, f->values, f->n);
}

/* ks and wasserstein: three passes. */
static int stream_sweep(struct drift_table_column *out, struct arena *a,
	const struct drift_method *m, const struct drift_tables_job *job, struct flow *f,
	const size_t of[2], struct err *e)
{
	struct sweep *s = sweep_new(m->by_p, !m->by_p);
	struct sweep_result r;
	int code = 0;

	f->to = s;
	f->give = to_sweep;
	do
		for (int side = 0; !code && side < SWEEP_SIDES; side++) {
			f->side = side;
			f->column = of[side];
			code = pass_over(f, side ? job->current : job->reference, e);
		}
	while (!code && sweep_next(s));
	if (!code) {
		r = sweep_finish(s);
		out->r = drift_swept(a, m, &r, &job->options);
	}
	sweep_free(s);
	return code;
}

/* Cells that the ranges told. */
static int stream_counts(struct drift_table_column *out, struct arena *a,
	const struct drift_method *m, const struct drift_tables_job *job, struct flow *f,
	const size_t of[2], struct bins *b, struct err *e)
{
	size_t n = bins_cells(b);
	double *counts[2] = {arena_alloc(a, n + 1, sizeof(double)),
		arena_alloc(a, n + 1, sizeof(double))};

	f->to = b;
	f->give = to_bins;
	for (int side = 0; side < SWEEP_SIDES; side++) {
		f->counts = counts[side];
		f->column = of[side];
		if (pass_over(f, side ? job->current : job->reference, e))
			return -1;
	}
	out->cells = (struct drift_counts){.reference = counts[0],
		.current = counts[1],
		.n = b->rest && counts[1][b->n] == 0 ? b->n : n};
	out->r = drift_counted(a, m, &out->cells, &job->options);
	return 0;
}

static int hold_in_memory(struct drift_table_column *out, struct arena *a,
	const struct drift_method *m, const struct drift_tables_job *job,
	const size_t of[2], struct err *e)
{
	double *x, *y;
	size_t n, k;

	if (table_numbers(&x, &n, job->reference, of[0], e))
		return -1;
	if (table_numbers(&y, &k, job->current, of[1], e)) {
		free(x);
		return -1;
	}
	out->r = drift_raw(a, m, (struct drift_sample){x, n}, (struct drift_sample){y, k},
		&job->options, &out->cells);
	free(x);
	free(y);
	return 0;
}

static bool is_swept(const struct drift_method *m)
{
	return !strcmp(m->name, "ks") || !strcmp(m->name, "wasserstein");
}

bool drift_table_streams(const struct drift_method *m, const struct drift_options *o)
{
	/* So many rows: Evidently's choice is wasserstein, or few values. */
	if (!m || is_swept(m))
		return true;
	return (m->inputs & DRIFT_COUNTS) && !binning_by_value(m) &&
		o->bins != DRIFT_BINS_QUANTILES && o->bins != DRIFT_BINS_VALUES &&
		!(o->bins == DRIFT_BINS_EVIDENTLY && !strcmp(m->name, "hellinger"));
}

int drift_table_stream(struct drift_table_column *out, struct arena *a,
	const struct drift_tables_job *job, size_t of_reference, size_t of_current,
	struct err *e)
{
	const size_t of[2] = {of_reference, of_current};
	struct flow *f = mem_new(1, sizeof(*f));
	struct bins_range *ranges = mem_new(2, sizeof(*ranges));
	const struct drift_method *m = job->method;
	const char *rule = NULL;
	struct bins b = {0};
	int code = 0;

	f->give = to_range;
	for (int side = 0; !code && side < 2 && !(m && is_swept(m)); side++) {
		f->to = &ranges[side];
		f->column = of[side];
		code = pass_over(f, side ? job->current : job->reference, e);
	}
	if (!m)
		m = drift_choose(true, ranges[0].n,
			ranges[0].n_distinct > ranges[1].n_distinct
				? ranges[0].n_distinct
				: ranges[1].n_distinct);
	if (!code && is_swept(m))
		code = stream_sweep(out, a, m, job, f, of, e);
	else if (!code && ranges[0].n && ranges[1].n &&
		binning_of_ranges(
			&b, &rule, a, m, &job->options, &ranges[0], &ranges[1])) {
		code = stream_counts(out, a, m, job, f, of, &b, e);
		out->r.dropped_reference = ranges[0].dropped;
		out->r.dropped_current = ranges[1].dropped;
	} else if (!code) {
		code = hold_in_memory(out, a, m, job, of, e);
		rule = out->r.binning;
	}
	out->r.binning = is_swept(m) ? NULL : rule;
	bins_release(&b);
	free(f);
	free(ranges);
	return code;
}
