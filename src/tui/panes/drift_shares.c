#include "config.h"
#include "tui/panes/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "core/mem.h"
#include "tui/console.h"

/* The two distributions side by side, bin for bin, and what is on one side only. */

#define BINS_MAX 400
#define SHOWN_MAX 24
#define NAMES_MAX 12
#define BAR_LEAST 10
#define BAR_MOST 40
#define FIGURES 32 /* columns of what stands between and beside the bars */

struct bin {
	const char *label; /* in the arena */
	double reference, current;
	bool is_new, is_lost;
	size_t index;
};

struct bins {
	struct bin items[BINS_MAX];
	size_t n, all;
	bool edges;
};

/* Edge i closes bin i from above; behind the last edge lies one bin more. */
static const char *edge_label(struct arena *a, const struct json *edges, size_t i)
{
	size_t n = json_count(edges), k = 0;
	double below = -INFINITY, above = INFINITY;

	json_each (edge, edges) {
		if (k + 1 == i)
			below = json_real(edge);
		if (k == i)
			above = json_real(edge);
		k++;
	}
	if (i >= n || isinf(above))
		return arena_format(a, _("over %.4g"), below);
	if (isinf(below))
		return arena_format(a, _("to %.4g"), above);
	return arena_format(a, "%.4g - %.4g", below, above);
}

static bool in_list(const struct json *list, const char *name)
{
	json_each (item, list)
		if (json_text(item) && !strcmp(json_text(item), name))
			return true;
	return false;
}

static double share_at(const struct json *list, size_t i)
{
	size_t k = 0;

	json_each (item, list)
		if (k++ == i)
			return json_real(item);
	return NAN;
}

static void label_bin(struct bin *bin, struct arena *a, const struct json *doc,
	const struct json *labels)
{
	size_t k = 0;

	json_each (item, labels)
		if (k++ == bin->index)
			bin->label =
				arena_strdup(a, json_text(item) ? json_text(item) : "-");
	if (!bin->label)
		bin->label = "-";
	bin->is_new = in_list(json_get(doc, "new"), bin->label);
	bin->is_lost = in_list(json_get(doc, "lost"), bin->label);
}

static int by_move(const void *a, const void *b)
{
	const struct bin *x = a, *y = b;
	double s = fabs(x->current - x->reference), t = fabs(y->current - y->reference);

	if (s < t || s > t)
		return s > t ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
	const struct bin *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static void read_bins(struct bins *out, struct arena *a, const struct json *doc)
{
	const struct json *labels = json_get(doc, "labels"),
			  *edges = json_get(doc, "edges");
	const struct json *reference = json_get(doc, "reference"),
			  *current = json_get(doc, "current");

	out->edges = edges != NULL;
	out->all = json_count(reference);
	for (size_t i = 0; i < out->all && i < BINS_MAX; i++) {
		struct bin *bin = &out->items[out->n++];

		*bin = (struct bin){.index = i,
			.reference = share_at(reference, i),
			.current = share_at(current, i)};
		if (edges)
			bin->label = edge_label(a, edges, i);
		else
			label_bin(bin, a, doc, labels);
	}
	/* Of many the ones that moved most; in their own order. */
	if (out->n > SHOWN_MAX) {
		qsort(out->items, out->n, sizeof(out->items[0]), by_move);
		out->n = SHOWN_MAX;
		qsort(out->items, out->n, sizeof(out->items[0]), by_index);
	}
}

static void add_bar(struct doc *out, enum role role, double share, double most, int cols)
{
	struct strbuf bar = STRBUF_INIT;

	if (cols)
		bar_text(&bar, cols, most > 0 ? share / most : 0);
	doc_cell(out, role, bar.buf);
	strbuf_release(&bar);
}

static void add_bin(struct doc *out, const struct bin *bin, double most, int cols)
{
	double move = (bin->current - bin->reference) * 100;
	bool loud = fabs(move) >= 5 || bin->is_new || bin->is_lost;

	doc_cell(out, loud ? ROLE_STRONG : ROLE_TEXT, bin->label);
	doc_cellf(out, ROLE_DIM, "%.1f %%", bin->reference * 100);
	add_bar(out, ROLE_DIM, bin->reference, most, cols);
	doc_cellf(out, ROLE_TEXT, "%.1f %%", bin->current * 100);
	add_bar(out, loud ? ROLE_STRONG : ROLE_CHART, bin->current, most, cols);
	if (bin->is_new)
		doc_cell(out, ROLE_TICKET, _("new"));
	else if (bin->is_lost)
		doc_cell(out, ROLE_TICKET, _("lost"));
	else
		doc_cellf(out, loud ? ROLE_STRONG : ROLE_DIM, "%+.1f", move);
}

static void add_names(struct doc *out, const char *label, const struct json *list)
{
	struct strbuf text = STRBUF_INIT;
	size_t n = 0;

	json_each (item, list) {
		if (n < NAMES_MAX)
			strbuf_addf(&text, "%s%s", n ? _(", ") : "",
				json_text(item) ? json_text(item) : "-");
		n++;
	}
	if (n > NAMES_MAX)
		strbuf_addf(&text, _(" and %zu more"), n - NAMES_MAX);
	if (n)
		doc_field(out, label, ROLE_STRONG, text.buf);
	strbuf_release(&text);
}

static void add_table(struct pane *p, const struct bins *bins, struct doc *out)
{
	double most = 0;
	int widest = 8, cols;

	for (size_t i = 0; i < bins->n; i++) {
		int width = draw_width(bins->items[i].label);

		most = fmax(most, fmax(bins->items[i].reference, bins->items[i].current));
		widest = width > widest ? width : widest;
	}
	cols = (doc_columns(out) - widest - FIGURES) / 2;
	cols = console_plain(pane_console(p)) || cols < BAR_LEAST ? 0
		: cols > BAR_MOST                                 ? BAR_MOST
								  : cols;
	doc_columns_begin(out, "lrlrlr");
	doc_cell(out, ROLE_LABEL, bins->edges ? _("values") : _("category"));
	doc_cell(out, ROLE_LABEL, "");
	doc_cell(out, ROLE_LABEL, _("reference"));
	doc_cell(out, ROLE_LABEL, "");
	doc_cell(out, ROLE_LABEL, _("at present"));
	doc_cell(out, ROLE_LABEL, _("moved"));
	for (size_t i = 0; i < bins->n; i++)
		add_bin(out, &bins->items[i], most, cols);
	doc_columns_end(out);
	if (bins->n < bins->all)
		doc_textf(out, ROLE_DIM, _("These %zu of %zu moved most."), bins->n,
			bins->all);
}

void drift_page_shares(struct pane *p, const struct drift_row *row, struct doc *out)
{
	struct bins *bins = mem_new(1, sizeof(*bins));
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;
	struct arena a;

	arena_init(&a);
	if (row->r->shares &&
		json_parse(&doc, row->r->shares, strlen(row->r->shares), &ignored) == 0)
		read_bins(bins, &a, doc);
	if (bins->n) {
		doc_heading(out, _("The reference and the present, as shares"));
		add_table(p, bins, out);
		add_names(out, _("new"), json_get(doc, "new"));
		add_names(out, _("lost"), json_get(doc, "lost"));
	}
	json_free(doc);
	err_release(&ignored);
	arena_release(&a);
	free(bins);
}
