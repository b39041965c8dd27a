#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/strbuf.h"
#include "core/table_file.h"

/* One column of a pass, and where its cells go. */
struct taking {
	size_t column, n;
	double *numbers;
	struct table_vectors *vectors;
	struct label *labels;
	struct table_categories *categories;
};

static int pass_over(
	struct taking *t, struct table_file *file, table_row_fn *row, struct err *e)
{
	bool *wanted = mem_new(file->n_columns + 1, sizeof(*wanted));
	int code;

	wanted[t->column] = true;
	code = table_each(file, wanted, row, t, e);
	free(wanted);
	return code;
}

static int take_number(
	void *data, int64_t line, const struct table_cell *cells, struct err *e)
{
	struct taking *t = data;
	const struct table_cell *cell = &cells[t->column];

	(void)line;
	(void)e;
	t->numbers[t->n++] = cell->kind == CELL_NUMBER ? cell->number : NAN;
	return 0;
}

int table_numbers(
	double **out, size_t *n, struct table_file *t, size_t column, struct err *e)
{
	struct taking taking = {.column = column};

	taking.numbers = mem_resize(NULL, t->rows + 1, sizeof(double));
	if (pass_over(&taking, t, take_number, e)) {
		free(taking.numbers);
		return -1;
	}
	*out = taking.numbers;
	*n = taking.n;
	return 0;
}

static int take_vector(
	void *data, int64_t line, const struct table_cell *cells, struct err *e)
{
	struct taking *t = data;
	struct table_vectors *v = t->vectors;
	const struct table_cell *cell = &cells[t->column];

	(void)line;
	(void)e;
	if (cell->kind != CELL_VECTOR || !cell->n || (v->width && cell->n != v->width)) {
		v->missing++;
		return 0;
	}
	v->width = cell->n;
	if (v->n == v->cap) {
		v->cap = v->cap ? 2 * v->cap : 64;
		v->values = mem_resize(v->values, v->cap, v->width * sizeof(double));
	}
	memcpy(v->values + v->n++ * v->width, cell->vector, v->width * sizeof(double));
	return 0;
}

int table_vectors(
	struct table_vectors *out, struct table_file *t, size_t column, struct err *e)
{
	struct taking taking = {.column = column, .vectors = out};

	*out = (struct table_vectors){0};
	if (!pass_over(&taking, t, take_vector, e))
		return 0;
	free(out->values);
	*out = (struct table_vectors){0};
	return -1;
}

/* --- categories --- */

struct label {
	char *text; /* owned */
	size_t count;
	UT_hash_handle hh;
};

static int take_label(
	void *data, int64_t line, const struct table_cell *cells, struct err *e)
{
	struct taking *t = data;
	const struct table_cell *cell = &cells[t->column];
	const char *text = cell->text;
	size_t n = cell->n;
	struct label *found;
	char number[40];

	(void)line;
	(void)e;
	if (cell->kind != CELL_NUMBER && cell->kind != CELL_TEXT) {
		t->categories->missing++;
		return 0;
	}
	t->categories->values++;
	if (!text) {
		n = (size_t)snprintf(number, sizeof(number), "%.15g", cell->number);
		text = number;
	}
	n = strnlen(text, n);
	HASH_FIND(hh, t->labels, text, n, found);
	if (!found && HASH_COUNT(t->labels) == TABLE_CATEGORIES_MAX) {
		t->categories->too_many = true;
		return 0;
	}
	if (!found) {
		found = mem_new(1, sizeof(*found));
		found->text = mem_strndup(text, n);
		HASH_ADD_KEYPTR(hh, t->labels, found->text, n, found);
	}
	found->count++;
	return 0;
}

static int by_label(const void *left, const void *right)
{
	const struct table_category *a = left, *b = right;

	return strcmp(a->label, b->label);
}

int table_categories(
	struct table_categories *out, struct table_file *t, size_t column, struct err *e)
{
	struct taking taking = {.column = column, .categories = out};
	struct label *one, *next;
	int code;

	*out = (struct table_categories){0};
	code = pass_over(&taking, t, take_label, e);
	out->items = mem_new(HASH_COUNT(taking.labels) + 1, sizeof(*out->items));
	HASH_ITER (hh, taking.labels, one, next) {
		out->items[out->n++] = (struct table_category){one->text, one->count};
		HASH_DEL(taking.labels, one);
		free(one);
	}
	qsort(out->items, out->n, sizeof(*out->items), by_label);
	if (code)
		table_categories_release(out);
	return code;
}

void table_categories_release(struct table_categories *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->items[i].label);
	free(c->items);
	*c = (struct table_categories){0};
}
