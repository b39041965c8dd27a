#include "config.h"

#include "cmd/drift_performance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "cmd/say.h"
#include "core/i18n.h"
#include "core/number.h"
#include "core/strbuf.h"
#include "signal/performance.h"

#define CLASSES_MAX 20 /* so many whole numbers are classes, more are measurements */

/* How often a prediction met a label. */
struct met {
	char *key; /* owned: prediction, NUL, label */
	size_t prediction_n;
	double count;
	UT_hash_handle hh;
};

struct counting {
	size_t label, prediction;
	struct met *met;
	struct strbuf key;
};

/* The pair of columns in both files. */
struct columns {
	size_t label[2], prediction[2];
};

static int find_column(
	size_t *out, const struct table_file *t, const char *name, struct err *e)
{
	ptrdiff_t at = table_column_find(t, name);

	if (at < 0) {
		err_set(e, ERR_INPUT, _("there is no column '%s'"), name);
		return err_where(e, "%s", t->file);
	}
	*out = (size_t)at;
	return 0;
}

static void add_text(struct strbuf *out, const struct table_cell *cell)
{
	if (cell->kind == CELL_NUMBER)
		strbuf_addf(out, "%.15g", cell->number);
	else
		strbuf_add(out, cell->text, strnlen(cell->text, cell->n));
}

static bool has_value(const struct table_cell *cell)
{
	return cell->kind == CELL_NUMBER || cell->kind == CELL_TEXT;
}

static int count_row(
	void *data, int64_t line, const struct table_cell *cells, struct err *e)
{
	struct counting *c = data;
	struct met *found;
	size_t n;

	(void)line;
	(void)e;
	if (!has_value(&cells[c->label]) || !has_value(&cells[c->prediction]))
		return 0;
	strbuf_reset(&c->key);
	add_text(&c->key, &cells[c->prediction]);
	n = c->key.len;
	strbuf_addc(&c->key, '\0');
	add_text(&c->key, &cells[c->label]);
	HASH_FIND(hh, c->met, c->key.buf, c->key.len, found);
	if (!found) {
		if (HASH_COUNT(c->met) >= TABLE_CATEGORIES_MAX)
			return err_set(e, ERR_LIMIT,
				_("there are more than %d pairs of label and prediction"),
				TABLE_CATEGORIES_MAX);
		found = mem_new(1, sizeof(*found));
		found->key = mem_new(c->key.len + 1, 1);
		memcpy(found->key, c->key.buf, c->key.len + 1);
		found->prediction_n = n;
		HASH_ADD_KEYPTR(hh, c->met, found->key, c->key.len, found);
	}
	found->count++;
	return 0;
}

/* The pairs of one file, in the arena. */
static int count_cells(struct performance_cells *out, struct arena *a,
	struct table_file *t, size_t label, size_t prediction, struct err *e)
{
	struct counting c = {
		.label = label, .prediction = prediction, .key = STRBUF_INIT};
	bool *wanted = mem_new(t->n_columns + 1, sizeof(*wanted));
	struct performance_cell *items;
	struct met *one, *next;
	int code;

	wanted[label] = wanted[prediction] = true;
	code = table_each(t, wanted, count_row, &c, e);
	items = arena_alloc(a, HASH_COUNT(c.met) + 1, sizeof(*items));
	*out = (struct performance_cells){items, 0};
	HASH_ITER (hh, c.met, one, next) {
		items[out->n++] = (struct performance_cell){arena_strdup(a, one->key),
			arena_strdup(a, one->key + one->prediction_n + 1), one->count};
		HASH_DEL(c.met, one);
		free(one->key);
		free(one);
	}
	strbuf_release(&c.key);
	free(wanted);
	return code;
}

/* Numbers of which there are many, or which are not whole, are measured, not classified. */
static bool are_classes(const struct table_file *t, size_t label, struct err *e)
{
	const struct table_column *c = &t->columns[label];
	struct table_categories kinds;
	bool few;

	if (c->kind != TABLE_NUMBERS || !c->whole)
		return c->kind != TABLE_NUMBERS;
	if (table_categories(&kinds, (struct table_file *)t, label, e))
		return true;
	few = !kinds.too_many && kinds.n <= CLASSES_MAX;
	table_categories_release(&kinds);
	return few;
}

static int read_numbers(struct table_taken pair[2], struct table_file *t, size_t label,
	size_t prediction, struct err *e)
{
	pair[0] = (struct table_taken){.column = prediction, .as = TAKE_NUMBERS};
	pair[1] = (struct table_taken){.column = label, .as = TAKE_NUMBERS};
	return table_take(pair, 2, t, e);
}

/* --- measuring --- */

struct measured {
	const struct performance *measure;
	struct performance_result r;
};

/* Scores beside labels, or names beside numbers, would be wrong always, before as now. */
static int check_classes(const struct performance_cells *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->n; k++)
			if (!strcmp(c->items[i].prediction, c->items[k].label))
				return 0;
	if (!c->n)
		return 0;
	err_set(e, ERR_INPUT, _("no prediction is ever a label: '%s' is one, and '%s'"),
		c->items[0].prediction, c->items[0].label);
	return err_hint(e, _("--prediction wants classes; of scores make classes first"));
}

static size_t measure_classes(struct measured *out, struct arena *a,
	struct table_file *files[2], const struct columns *c, double threshold,
	struct err *e)
{
	struct performance_cells cells[2];
	size_t n = 0;

	for (int side = 0; side < 2; side++)
		if (count_cells(&cells[side], a, files[side], c->label[side],
			    c->prediction[side], e))
			return 0;
	if (check_classes(&cells[0], e))
		return 0;
	for (const struct performance *m = performances; m->name; m++)
		if (!m->numeric)
			out[n++] = (struct measured){m,
				performance_of_cells(a, m, &cells[0], &cells[1],
					threshold, DRIFT_LEAST)};
	return n;
}

static size_t measure_numbers(struct measured *out, struct table_file *files[2],
	const struct columns *c, double threshold, struct err *e)
{
	struct table_taken taken[2][2];
	struct performance_pairs pairs[2];
	size_t n = 0;

	if (read_numbers(taken[0], files[0], c->label[0], c->prediction[0], e))
		return 0;
	if (read_numbers(taken[1], files[1], c->label[1], c->prediction[1], e)) {
		table_taken_release(&taken[0][0]);
		table_taken_release(&taken[0][1]);
		return 0;
	}
	for (int side = 0; side < 2; side++)
		pairs[side] = (struct performance_pairs){
			taken[side][0].numbers, taken[side][1].numbers, taken[side][0].n};
	for (const struct performance *m = performances; m->name; m++)
		if (m->numeric)
			out[n++] = (struct measured){m,
				performance_of_pairs(
					m, &pairs[0], &pairs[1], threshold, DRIFT_LEAST)};
	for (int i = 0; i < 4; i++)
		table_taken_release(&taken[i / 2][i % 2]);
	return n;
}

/* --- telling --- */

static struct json *measured_json(const struct measured *items, size_t n,
	struct table_file *files[2], const char *column)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.drift/1");
	json_add_text(doc, "reference", files[0]->file);
	json_add_text(doc, "current", files[1]->file);
	list = json_add_array(doc, "results");
	for (size_t i = 0; i < n; i++) {
		const struct performance_result *r = &items[i].r;
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "method", items[i].measure->name);
		json_add_text(one, "column", column);
		json_add_text(one, "kind", "performance");
		json_add_real(one, "before", r->before);
		json_add_real(one, "now", r->now);
		json_add_real(one, "value", r->value);
		json_add_null(one, "p_value");
		json_add_real(one, "threshold", r->threshold);
		json_add_real(one, "noise", r->noise);
		json_add_bool(one, "drifted", r->verdict == DRIFT_DRIFTED);
		json_add_text(one, "verdict", drift_verdict_name(r->verdict));
		json_add_real(one, "n_reference", r->n_reference);
		json_add_real(one, "n_current", r->n_current);
	}
	return doc;
}

static void cell_real(struct cmd_table *t, double value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), isnan(value) ? "-" : "%.4g", value);
	cmd_table_cell(t, text);
}

static void measured_print(const struct measured *items, size_t n)
{
	const char *const headings[] = {
		_("VERDICT"),
		_("MEASURE"),
		_("BEFORE"),
		_("NOW"),
		_("CHANGE"),
		_("LIMIT"),
		_("NOISE"),
		_("VALUES"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("llrrrrrr", headings);

	for (size_t i = 0; i < n; i++) {
		const struct performance_result *r = &items[i].r;
		char sizes[64];

		(void)snprintf(
			sizes, sizeof(sizes), "%.0f/%.0f", r->n_reference, r->n_current);
		cmd_table_cell(t, drift_verdict_name(r->verdict));
		cmd_table_cell(t, _(items[i].measure->title));
		cell_real(t, r->before);
		cell_real(t, r->now);
		cell_real(t, r->value);
		cell_real(t, r->threshold);
		cell_real(t, r->noise);
		cmd_table_cell(t, sizes);
	}
	cmd_table_print(t);
}

static int tell(struct cmd *c, const struct measured *items, size_t n,
	struct table_file *files[2], const char *column)
{
	int code = EXIT_STALE;

	for (size_t i = 0; i < n; i++) {
		enum drift_verdict v = items[i].r.verdict;

		if (v == DRIFT_DRIFTED)
			code = EXIT_FINDING;
		else if (code == EXIT_STALE && (v == DRIFT_OK || v == DRIFT_NOISE))
			code = EXIT_FINE;
	}
	if (!c->json)
		measured_print(items, n);
	else if (cmd_print_json(measured_json(items, n, files, column)))
		code = EXIT_INTERNAL;
	return code;
}

int drift_performance(
	struct cmd *c, struct table_file *reference, struct table_file *current)
{
	const char *label = cmd_value(c, "label"),
		   *prediction = cmd_value(c, "prediction");
	const char *threshold = cmd_value(c, "threshold");
	struct table_file *files[2] = {reference, current};
	struct measured items[16];
	struct columns columns;
	struct err e = ERR_INIT;
	struct arena a;
	double limit = NAN;
	size_t n = 0;
	int code = 0;

	if (!label || !prediction)
		return cmd_usage(c, "%s",
			_("name two columns: --label COLUMN --prediction COLUMN"));
	if (threshold)
		(void)number_parse(&limit, threshold, strlen(threshold));
	for (int side = 0; !code && side < 2; side++)
		if (find_column(&columns.label[side], files[side], label, &e) ||
			find_column(
				&columns.prediction[side], files[side], prediction, &e))
			code = -1;
	arena_init(&a);
	if (!code)
		n = are_classes(reference, columns.label[0], &e)
			? measure_classes(items, &a, files, &columns, limit, &e)
			: measure_numbers(items, files, &columns, limit, &e);
	code = e.what ? cmd_fail(&e) : tell(c, items, n, files, prediction);
	arena_release(&a);
	return code;
}
