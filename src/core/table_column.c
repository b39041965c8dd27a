#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/strbuf.h"
#include "core/table_file.h"

struct label {
	char *text; /* owned */
	size_t count;
	UT_hash_handle hh;
};

/* The columns of a pass. */
struct taking {
	struct table_taken *items;
	size_t n;
};

static void take_vector(struct table_vectors *v, const struct table_cell *cell)
{
	if (cell->kind != CELL_VECTOR || !cell->n || (v->width && cell->n != v->width)) {
		v->missing++;
		return;
	}
	v->width = cell->n;
	if (v->n == v->cap) {
		v->cap = v->cap ? 2 * v->cap : 64;
		v->values = mem_resize(v->values, v->cap, v->width * sizeof(double));
	}
	memcpy(v->values + v->n++ * v->width, cell->vector, v->width * sizeof(double));
}

static void take_label(struct table_taken *to, const struct table_cell *cell)
{
	struct label *labels = to->labels, *found;
	const char *text = cell->text;
	size_t n = cell->n;
	char number[40];

	if (cell->kind != CELL_NUMBER && cell->kind != CELL_TEXT) {
		to->categories.missing++;
		return;
	}
	to->categories.values++;
	if (cell->kind == CELL_NUMBER) {
		/* 1 and 1.0 are one. */
		n = (size_t)snprintf(number, sizeof(number), "%.15g", cell->number);
		text = number;
	}
	n = strnlen(text, n);
	HASH_FIND(hh, labels, text, n, found);
	if (!found && HASH_COUNT(labels) == TABLE_CATEGORIES_MAX) {
		to->categories.too_many = true;
		return;
	}
	if (!found) {
		found = mem_new(1, sizeof(*found));
		found->text = mem_strndup(text, n);
		HASH_ADD_KEYPTR(hh, labels, found->text, n, found);
		to->labels = labels;
	}
	found->count++;
}

static int take_row(
	void *data, int64_t line, const struct table_cell *cells, struct err *e)
{
	struct taking *t = data;

	(void)line;
	(void)e;
	for (size_t i = 0; i < t->n; i++) {
		struct table_taken *to = &t->items[i];
		const struct table_cell *cell = &cells[to->column];

		if (to->as == TAKE_NUMBERS)
			to->numbers[to->n++] =
				cell->kind == CELL_NUMBER ? cell->number : NAN;
		else if (to->as == TAKE_VECTORS)
			take_vector(&to->vectors, cell);
		else
			take_label(to, cell);
	}
	return 0;
}

static int by_label(const void *left, const void *right)
{
	const struct table_category *a = left, *b = right;

	return strcmp(a->label, b->label);
}

/* The counted labels, sorted. */
static void list_labels(struct table_taken *to)
{
	struct label *labels = to->labels, *one, *next;
	struct table_categories *out = &to->categories;

	if (to->as != TAKE_CATEGORIES)
		return;
	out->items = mem_new(HASH_COUNT(labels) + 1, sizeof(*out->items));
	HASH_ITER (hh, labels, one, next) {
		out->items[out->n++] = (struct table_category){one->text, one->count};
		HASH_DEL(labels, one);
		free(one);
	}
	to->labels = NULL;
	qsort(out->items, out->n, sizeof(*out->items), by_label);
}

void table_taken_release(struct table_taken *t)
{
	free(t->numbers);
	free(t->vectors.values);
	table_categories_release(&t->categories);
	t->numbers = NULL;
	t->vectors = (struct table_vectors){0};
}

int table_take(struct table_taken *items, size_t n, struct table_file *t, struct err *e)
{
	bool *wanted = mem_new(t->n_columns + 1, sizeof(*wanted));
	struct taking taking = {items, n};
	int code;

	for (size_t i = 0; i < n; i++) {
		wanted[items[i].column] = true;
		if (items[i].as == TAKE_NUMBERS)
			items[i].numbers = mem_resize(NULL, t->rows + 1, sizeof(double));
	}
	code = table_each(t, wanted, take_row, &taking, e);
	for (size_t i = 0; i < n; i++) {
		list_labels(&items[i]);
		if (code)
			table_taken_release(&items[i]);
	}
	free(wanted);
	return code;
}

int table_numbers(
	double **out, size_t *n, struct table_file *t, size_t column, struct err *e)
{
	struct table_taken one = {.column = column, .as = TAKE_NUMBERS};

	if (table_take(&one, 1, t, e))
		return -1;
	*out = one.numbers;
	*n = one.n;
	return 0;
}

int table_vectors(
	struct table_vectors *out, struct table_file *t, size_t column, struct err *e)
{
	struct table_taken one = {.column = column, .as = TAKE_VECTORS};

	if (table_take(&one, 1, t, e))
		return -1;
	*out = one.vectors;
	return 0;
}

int table_categories(
	struct table_categories *out, struct table_file *t, size_t column, struct err *e)
{
	struct table_taken one = {.column = column, .as = TAKE_CATEGORIES};

	if (table_take(&one, 1, t, e))
		return -1;
	*out = one.categories;
	return 0;
}

void table_categories_release(struct table_categories *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->items[i].label);
	free(c->items);
	*c = (struct table_categories){0};
}
