#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/drift_performance.h"
#include "cmd/say.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/number.h"
#include "core/text.h"
#include "report/drift_tables.h"

#define THRESHOLD_LEAST 1e-12 /* 0 would be everything, also what is the same */
#define CELLS_SHOWN 200 /* more than these are no help to whoever reads the document */

/* --- options --- */

static int unknown_word(const char *option, const char *word, const char *const *names,
	size_t n, struct err *e)
{
	const char *near = text_nearest(word, names, n);

	err_set(e, ERR_INPUT, _("--%s does not know '%s'"), option, word);
	return near ? err_hint(e, _("did you mean '%s'?"), near) : -1;
}

static int find_method(const struct drift_method **out, const char *name, struct err *e)
{
	const char *names[64];
	size_t n = 0;

	*out = NULL;
	if (!name || !strcmp(name, "auto"))
		return 0;
	*out = drift_method(name);
	if (*out)
		return 0;
	for (const struct drift_method *m = drift_methods; m->name && n < 64; m++)
		names[n++] = m->name;
	return unknown_word("method", name, names, n, e);
}

static int read_number(double *out, const struct cmd *c, const char *option, double least,
	double most, struct err *e)
{
	const char *text = cmd_value(c, option);

	if (!text)
		return 0;
	if (number_parse(out, text, strlen(text)) && *out >= least && *out <= most)
		return 0;
	return err_set(e, ERR_INPUT, _("--%s wants a number from %g to %g, not '%s'"),
		option, least, most, text);
}

/* A rule by name, or so many equal bins. */
static int read_bins(struct drift_options *o, const char *text, struct err *e)
{
	const char *names[DRIFT_BIN_RULES];
	double n;

	o->bins = DRIFT_BINS_EVIDENTLY;
	if (!text || drift_bins_find(&o->bins, text))
		return 0;
	if (number_parse(&n, text, strlen(text)) && n >= 2 && n <= 10000) {
		o->bins = DRIFT_BINS_EQUAL;
		o->n_bins = (size_t)n;
		return 0;
	}
	for (int i = 0; i < DRIFT_BIN_RULES; i++)
		names[i] = drift_bins_name((enum drift_bins)i);
	return unknown_word("bins", text, names, DRIFT_BIN_RULES, e);
}

static int read_zeros(struct drift_options *o, const char *text, struct err *e)
{
	const char *names[DRIFT_ZERO_RULES];

	o->zeros = DRIFT_ZEROS_EVIDENTLY;
	if (!text || drift_zeros_find(&o->zeros, text))
		return 0;
	for (int i = 0; i < DRIFT_ZERO_RULES; i++)
		names[i] = drift_zeros_name((enum drift_zeros)i);
	return unknown_word("zeros", text, names, DRIFT_ZERO_RULES, e);
}

/* All values of a repeated option; the caller frees. */
static const char **values_of(const struct cmd *c, const char *option, size_t *n)
{
	const char **out = mem_new(c->n_given + 1, sizeof(*out));

	*n = 0;
	for (size_t i = 0; i < c->n_given; i++)
		if (!strcmp(c->given[i].option->name, option))
			out[(*n)++] = c->given[i].value;
	return out;
}

static int read_job(struct drift_tables_job *job, const struct cmd *c, struct err *e)
{
	double least = 0;

	job->share = DRIFT_SHARE;
	if (find_method(&job->method, cmd_value(c, "method"), e) ||
		read_bins(&job->options, cmd_value(c, "bins"), e) ||
		read_zeros(&job->options, cmd_value(c, "zeros"), e) ||
		read_number(&job->options.threshold, c, "threshold",
			cmd_has(c, "performance") ? 0 : THRESHOLD_LEAST, 1e9, e) ||
		read_number(&job->share, c, "share", 0, 1, e) ||
		read_number(&least, c, "least", 1, 1e9, e))
		return -1;
	job->options.least = (size_t)least;
	job->options.judged_alone = job->uncorrected = cmd_has(c, "plain");
	job->options.base2 = cmd_has(c, "base2");
	job->columns = values_of(c, "column", &job->n_columns);
	job->categorical = values_of(c, "categorical", &job->n_categorical);
	return 0;
}

/* --- as a document --- */

static void add_cells(struct json *to, const struct drift_counts *c)
{
	struct json *added, *lost, *list;

	if (!c->n || c->n > CELLS_SHOWN)
		return;
	to = json_add_object(to, "cells");
	list = json_add_array(to, c->labels ? "labels" : "edges");
	for (size_t i = 0; c->labels && i < c->n; i++)
		json_add_text(list, NULL, c->labels[i]);
	for (size_t i = 0; c->edges && i <= c->n; i++)
		json_add_real(list, NULL, c->edges[i]);
	list = json_add_array(to, "reference");
	for (size_t i = 0; i < c->n; i++)
		json_add_real(list, NULL, c->reference[i]);
	list = json_add_array(to, "current");
	for (size_t i = 0; i < c->n; i++)
		json_add_real(list, NULL, c->current[i]);
	if (!c->labels)
		return;
	added = json_add_array(to, "new");
	lost = json_add_array(to, "lost");
	for (size_t i = 0; i < c->n; i++) {
		if (c->reference[i] == 0 && c->current[i] > 0)
			json_add_text(added, NULL, c->labels[i]);
		if (c->reference[i] > 0 && c->current[i] == 0)
			json_add_text(lost, NULL, c->labels[i]);
	}
}

static void add_column(struct json *list, const struct drift_table_column *c)
{
	const struct drift_result *r = &c->r;
	struct json *one = json_add_object(list, NULL);

	json_add_text(one, "method", r->method);
	json_add_text(one, "column", c->name);
	json_add_text(one, "kind", c->kind);
	json_add_real(one, "value", r->value);
	json_add_real(one, "p_value", r->p_value);
	json_add_real(one, "p_corrected", c->p_corrected);
	json_add_real(one, "threshold", r->threshold);
	json_add_bool(one, "threshold_of_p", r->by_p);
	json_add_real(one, "noise", r->noise);
	json_add_real(one, "effect", r->effect);
	json_add_bool(one, "drifted", r->verdict == DRIFT_DRIFTED);
	json_add_text(one, "verdict", drift_verdict_name(r->verdict));
	json_add_real(one, "n_reference", r->n_reference);
	json_add_real(one, "n_current", r->n_current);
	json_add_int(one, "dropped_reference", (int64_t)r->dropped_reference);
	json_add_int(one, "dropped_current", (int64_t)r->dropped_current);
	json_add_text(one, "binning", r->binning);
	json_add_text(one, "note", r->note);
	add_cells(one, &c->cells);
}

/* Rows of both files: with 0 of them every column is no-data. */
static void add_rows(struct json *doc, const struct drift_tables_job *job)
{
	json_add_int(doc, "rows_reference", (int64_t)job->reference->rows);
	json_add_int(doc, "rows_current", (int64_t)job->current->rows);
}

static struct json *tables_json(
	const struct drift_tables *t, const struct drift_tables_job *job)
{
	struct json *doc = json_object(), *list, *all;

	json_add_text(doc, "schema", "tocsin.drift/1");
	json_add_text(doc, "reference", job->reference->file);
	json_add_text(doc, "current", job->current->file);
	json_add_text(doc, "bins", drift_bins_name(job->options.bins));
	json_add_text(doc, "zeros", drift_zeros_name(job->options.zeros));
	json_add_text(doc, "correction",
		t->tests > 1 && !job->uncorrected ? "benjamini-hochberg" : NULL);
	add_rows(doc, job);
	all = json_add_object(doc, "dataset");
	json_add_int(all, "columns", (int64_t)t->n);
	json_add_int(all, "judged", (int64_t)t->judged);
	json_add_int(all, "drifted", (int64_t)t->drifted);
	json_add_real(all, "share", t->share);
	json_add_real(all, "threshold", job->share);
	json_add_bool(all, "drift", t->dataset);
	list = json_add_array(doc, "results");
	for (size_t i = 0; i < t->n; i++)
		add_column(list, &t->items[i]);
	return doc;
}

/* --- as a table --- */

static void cell_real(struct cmd_table *t, int digits, double value)
{
	char text[48];

	(void)snprintf(text, sizeof(text), "%.*g", digits, value);
	cmd_table_cell(t, isnan(value) ? NULL : text);
}

/* New and lost categories by name: the first few. */
static void say_categories(struct strbuf *out, const struct drift_counts *c)
{
	size_t shown = 0;

	for (size_t i = 0; c->labels && i < c->n; i++) {
		bool added = c->reference[i] == 0 && c->current[i] > 0;
		bool lost = c->reference[i] > 0 && c->current[i] == 0;

		if (!added && !lost)
			continue;
		if (shown++ == 3)
			strbuf_adds(out, ", ...");
		if (shown > 3)
			return;
		if (out->len)
			strbuf_adds(out, ", ");
		strbuf_addf(out, added ? _("new: %s") : _("lost: %s"), c->labels[i]);
	}
}

static void say_column(struct cmd_table *t, const struct drift_table_column *c)
{
	const struct drift_result *r = &c->r;
	struct strbuf text = STRBUF_INIT;

	cmd_table_cell(t, drift_verdict_name(r->verdict));
	cmd_table_cell(t, c->name);
	cmd_table_cell(t, r->method);
	cell_real(t, 6, r->value);
	cell_real(t, 3, r->p_value);
	strbuf_addf(&text, r->by_p ? "p %g" : "%g", r->threshold);
	cmd_table_cell(t, isnan(r->threshold) ? NULL : text.buf);
	cell_real(t, 3, r->noise);
	strbuf_reset(&text);
	strbuf_addf(&text, "%.0f/%.0f", r->n_reference, r->n_current);
	cmd_table_cell(t, text.buf);
	strbuf_reset(&text);
	strbuf_addf(&text, "%zu/%zu", r->dropped_reference, r->dropped_current);
	cmd_table_cell(t, text.buf);
	strbuf_reset(&text);
	strbuf_adds(&text, r->note);
	say_categories(&text, &c->cells);
	if (r->binning && text.len)
		strbuf_adds(&text, "; ");
	strbuf_adds(&text, r->binning);
	cmd_table_cell(t, text.buf);
	strbuf_release(&text);
}

static void say_empty(const struct table_file *t)
{
	if (!t->n_columns)
		say(_("'%s' is empty: it has no columns\n"), t->file);
	else if (!t->rows)
		say(_("'%s' has columns and no rows\n"), t->file);
}

static void tables_print(const struct drift_tables *t, const struct drift_tables_job *job)
{
	const char *const headings[] = {
		_("VERDICT"),
		_("COLUMN"),
		_("METHOD"),
		_("VALUE"),
		_("P"),
		_("LIMIT"),
		_("NOISE"),
		_("VALUES"),
		_("DROPPED"),
		_("NOTE"),
		NULL
	};
	struct cmd_table *table = cmd_table_new("lllrrrrrrl", headings);

	for (size_t i = 0; i < t->n; i++)
		say_column(table, &t->items[i]);
	cmd_table_print(table);
	say_empty(job->reference);
	say_empty(job->current);
	if (t->tests > 1 && !job->uncorrected)
		say(_("p-values of %zu tests corrected by Benjamini and Hochberg\n"),
			t->tests);
	if (t->judged > 1)
		say(t->dataset ? _("the dataset drifted: %zu of %zu columns, %g of them "
				   "are enough\n")
			       : _("the dataset did not drift: %zu of %zu columns; %g of "
				   "them "
				   "would be enough\n"),
			t->drifted, t->judged, job->share);
}

/* --- the command --- */

static int compare(struct cmd *c, struct drift_tables_job *job)
{
	struct drift_tables t;
	struct err e = ERR_INIT;
	struct arena a;
	int code;

	arena_init(&a);
	if (drift_tables_compare(&t, &a, job, &e)) {
		code = cmd_fail(&e);
	} else {
		code = t.drifted ? EXIT_FINDING : t.judged ? EXIT_FINE : EXIT_STALE;
		if (!c->json)
			tables_print(&t, job);
		else if (cmd_print_json(tables_json(&t, job)))
			code = EXIT_INTERNAL;
	}
	arena_release(&a);
	return code;
}

int cmd_drift_compute(struct cmd *c)
{
	const char *reference = cmd_value(c, "reference"),
		   *current = cmd_value(c, "current");
	struct drift_tables_job job = {0};
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands || !reference || !current)
		return cmd_usage(
			c, "%s", _("name two files: --reference FILE --current FILE"));
	if (read_job(&job, c, &e) || table_open(&job.reference, reference, &e) ||
		table_open(&job.current, current, &e)) {
		code = cmd_fail(&e);
	} else if (cmd_has(c, "performance")) {
		code = drift_performance(c, job.reference, job.current);
	} else {
		code = compare(c, &job);
	}
	table_free(job.reference);
	table_free(job.current);
	free(job.columns);
	free(job.categorical);
	return code;
}
