#include "config.h"
#include "tui/pane.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "core/text.h"
#include "tui/console_state.h"
#include "tui/pane_state.h"

#define PREVIEW_ROWS 34 /* from here on the detail is shown below the list */

void rows_add(struct rows *rows, const void *data, const char *id_fmt, ...)
{
	struct row *row = arena_push(rows->arena, rows->items, rows->n, rows->cap);
	struct strbuf id = STRBUF_INIT;
	va_list ap;

	va_start(ap, id_fmt);
	strbuf_vaddf(&id, id_fmt, ap);
	va_end(ap);
	row->data = data;
	row->id = arena_strndup(rows->arena, id.buf, id.len);
	strbuf_release(&id);
}

struct pane *pane_new(struct console *c, const struct pane_ops *ops, const char *argument)
{
	struct pane *p = mem_new(1, sizeof(*p));

	p->ops = ops;
	p->console = c;
	p->data = mem_new(1, ops->size ? ops->size : 1);
	arena_init(&p->arena);
	arena_init(&p->spare);
	p->dirty = true;
	p->sort = -1;
	p->page = 1;
	p->columns = ops->columns_of ? ops->columns_of(p) : ops->columns;
	if (ops->open)
		ops->open(p, argument);
	return p;
}

void pane_free(struct pane *p)
{
	if (!p)
		return;
	if (p->ops->close)
		p->ops->close(p);
	doc_free(p->doc);
	arena_release(&p->arena);
	arena_release(&p->spare);
	free(p->visible);
	free(p->filter);
	free(p->cursor_id);
	free(p->doc_id);
	free(p->error);
	free(p->data);
	free(p);
}

/* --- rows --- */

static void set_text(char **to, const char *text)
{
	char *copy = mem_strdup(text);

	free(*to);
	*to = copy;
}

/* Each word must be somewhere in the row; "!word" must not. */
static bool words_match(const char *text, const char *filter)
{
	struct strbuf word = STRBUF_INIT;
	bool match = true;

	while (*filter && match) {
		size_t n = strcspn(filter, " ");
		bool inverse = filter[0] == '!' && n > 1;

		strbuf_reset(&word);
		strbuf_add(&word, filter + inverse, n - inverse);
		if (word.len)
			match = text_has(text, word.buf) != inverse;
		filter += n;
		filter += strspn(filter, " ");
	}
	strbuf_release(&word);
	return match;
}

static bool row_matches(struct pane *p, const struct row *row)
{
	struct strbuf all = STRBUF_INIT;
	bool match;

	if (!p->filter || !*p->filter)
		return true;
	if (!p->ops->id_is_mute)
		strbuf_adds(&all, row->id);
	for (const struct column *col = p->columns; col && col->name; col++) {
		struct value v;

		table_value(&v, p, col, row->data);
		strbuf_addc(&all, '\n');
		strbuf_add(&all, v.text.buf, v.text.len);
		strbuf_release(&v.text);
	}
	match = words_match(all.buf, p->filter);
	strbuf_release(&all);
	return match;
}

/* What the sort needs for one row; ties keep the query's order. */
struct sortable {
	const struct row *row;
	char *text; /* owned, where the column has no compare() */
	size_t index;
	const struct column *column;
	bool downwards;
};

static int by_column(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	int order = x->column->compare ? x->column->compare(x->row->data, y->row->data)
				       : strcoll(x->text, y->text);

	if (order)
		return x->downwards ? -order : order;
	return x->index < y->index ? -1 : 1;
}

static void sort_visible(struct pane *p)
{
	const struct column *col = &p->columns[p->sort];
	struct sortable *items = mem_new(p->n_visible + 1, sizeof(*items));

	for (size_t i = 0; i < p->n_visible; i++) {
		items[i] = (struct sortable){p->visible[i], NULL, i, col, p->downwards};
		if (!col->compare) {
			struct value v;

			table_value(&v, p, col, p->visible[i]->data);
			items[i].text = strbuf_detach(&v.text, NULL);
		}
	}
	qsort(items, p->n_visible, sizeof(*items), by_column);
	for (size_t i = 0; i < p->n_visible; i++) {
		p->visible[i] = items[i].row;
		free(items[i].text);
	}
	free(items);
}

/* The cursor goes where its object went; where that is gone it keeps its place in the list. */
static void find_cursor(struct pane *p)
{
	if (!p->cursor_id && p->rows.start)
		set_text(&p->cursor_id, p->rows.start);
	for (size_t i = 0; p->cursor_id && i < p->n_visible; i++) {
		if (!strcmp(p->visible[i]->id, p->cursor_id)) {
			p->cursor = i;
			return;
		}
	}
	if (p->cursor >= p->n_visible)
		p->cursor = p->n_visible ? p->n_visible - 1 : 0;
	if (!p->in_detail)
		set_text(&p->cursor_id, p->n_visible ? p->visible[p->cursor]->id : NULL);
}

void pane_arrange(struct pane *p)
{
	p->n_visible = 0;
	for (size_t i = 0; i < p->rows.n; i++)
		if (row_matches(p, &p->rows.items[i]))
			*mem_push(p->visible, p->n_visible, p->cap_visible) =
				&p->rows.items[i];
	if (p->sort >= 0 && p->columns && p->n_visible)
		sort_visible(p);
	find_cursor(p);
	if (p->columns)
		table_measure(p);
	pane_page_stale(p);
	console_redraw(p->console);
}

void pane_query(struct pane *p)
{
	struct rows rows = {.arena = &p->spare};
	struct err e = ERR_INIT;
	struct arena swap;

	p->dirty = false;
	if (!p->ops->query)
		return;
	arena_reset(&p->spare);
	free(p->error);
	p->error = NULL;
	if (p->ops->query(p, &rows, &e)) {
		p->error = err_text(&e);
		err_release(&e);
		console_redraw(p->console);
		return;
	}
	swap = p->arena;
	p->arena = p->spare;
	p->spare = swap;
	p->rows = rows;
	p->rows.arena = &p->arena;
	pane_arrange(p);
}

void pane_move_to(struct pane *p, size_t index)
{
	if (!p->n_visible)
		return;
	p->cursor = index < p->n_visible ? index : p->n_visible - 1;
	set_text(&p->cursor_id, p->visible[p->cursor]->id);
	pane_page_stale(p);
	console_redraw(p->console);
}

void pane_move(struct pane *p, long by)
{
	if (p->in_detail) {
		if (p->doc)
			doc_move(p->doc, &p->doc_view, (int)by);
		console_redraw(p->console);
		return;
	}
	if (by < 0 && (size_t)-by > p->cursor)
		pane_move_to(p, 0);
	else
		pane_move_to(p, (size_t)((long)p->cursor + by));
}

void pane_sort(struct pane *p, int column)
{
	if (column >= 0 && column == p->sort)
		p->downwards = !p->downwards;
	else if (column >= 0)
		p->downwards = p->columns[column].downwards;
	p->sort = column;
	pane_arrange(p);
}

/* --- the detail --- */

void pane_page_stale(struct pane *p)
{
	p->doc_cols = 0;
}

struct doc *pane_page(struct pane *p, int cols)
{
	const struct row *row = pane_selected(p);
	bool same = row && p->doc_id && !strcmp(row->id, p->doc_id);

	if (!p->ops->detail)
		return NULL;
	p->doc_gone = p->in_detail && !row;
	if (!row)
		return p->in_detail ? p->doc : NULL;
	if (same && p->doc && p->doc_cols == cols)
		return p->doc;
	if (!p->doc)
		p->doc = doc_new();
	doc_clear(p->doc);
	doc_set_columns(p->doc, cols);
	p->ops->detail(p, row->data, p->doc);
	p->doc_cols = cols;
	if (!same)
		p->doc_view = (struct doc_view){0, 0};
	set_text(&p->doc_id, row->id);
	return p->doc;
}

void pane_open_detail(struct pane *p)
{
	if (!pane_selected(p) || !p->ops->detail)
		return;
	p->in_detail = true;
	p->doc_view = (struct doc_view){0, 0};
	console_redraw(p->console);
}

void pane_close_detail(struct pane *p)
{
	p->in_detail = false;
	find_cursor(p);
	console_redraw(p->console);
}

/* --- drawing --- */

/* What narrows or turns the list comes first: it must not be cut off. */
static void summary_text(struct pane *p, struct strbuf *out)
{
	if (p->filter && *p->filter)
		strbuf_addf(out, _("%zu of %zu by filter: %s   "), p->n_visible,
			p->rows.n, p->filter);
	if (p->sort >= 0)
		strbuf_addf(out, p->downwards ? _("by %s, downwards   ") : _("by %s   "),
			_(p->columns[p->sort].title));
	if (p->ops->summary)
		p->ops->summary(p, out);
}

static int draw_summary(struct pane *p, const struct box *b)
{
	struct strbuf text = STRBUF_INIT;
	int used = 0;

	summary_text(p, &text);
	if (text.len && b->rows > 6)
		used = box_text(b, 0, 1, b->cols - 1, ROLE_STRONG, text.buf) > 0;
	strbuf_release(&text);
	if (p->error && b->rows > 1)
		box_text(b, used++, 1, b->cols - 1, ROLE_ERROR, p->error);
	return used;
}

static void draw_list(struct pane *p, const struct box *b)
{
	int used = draw_summary(p, b);
	struct box list = box_sub(b, used, 0, b->rows - used, b->cols), page;
	struct doc *doc = NULL;
	int rows, head = 0;

	if (p->ops->head) {
		head = p->ops->head(p, &list);
		used += head;
		list = box_sub(b, used, 0, b->rows - used, b->cols);
	}
	rows = list.rows;

	if (b->rows - head >= PREVIEW_ROWS && p->ops->detail && pane_selected(p)) {
		rows = (int)p->n_visible + 2 < b->rows / 2 ? (int)p->n_visible + 2
							   : b->rows / 2;
		doc = pane_page(p, b->cols);
		list = box_sub(b, used, 0, rows, b->cols);
	}
	if (doc) {
		struct doc_view view = {0, 0};

		page = box_sub(b, used + rows + 1, 0, b->rows - used - rows - 1, b->cols);
		doc_draw(doc, &view, &page, false);
	}
	table_draw(p, &list, true);
}

static void draw_detail(struct pane *p, const struct box *b)
{
	struct doc *doc = pane_page(p, b->cols);
	struct box page = *b;

	if (p->doc_gone) {
		box_text(b, 0, 0, b->cols, ROLE_STALE,
			_("this is no longer reported; below is what was known last"));
		page = box_sub(b, 1, 0, b->rows - 1, b->cols);
	}
	p->page = page.rows > 1 ? page.rows - 1 : 1;
	if (doc)
		doc_draw(doc, &p->doc_view, &page, true);
}

void pane_draw(struct pane *p, const struct box *b)
{
	if (p->in_detail)
		draw_detail(p, b);
	else if (p->ops->draw)
		p->ops->draw(p, b, true);
	else
		draw_list(p, b);
}

/* --- what a pane asks about itself --- */

void *pane_data(struct pane *p)
{
	return p->data;
}

struct console *pane_console(struct pane *p)
{
	return p->console;
}

const struct pane_ops *pane_ops(const struct pane *p)
{
	return p->ops;
}

const struct rows *pane_rows(const struct pane *p)
{
	return &p->rows;
}

const struct row *pane_selected(struct pane *p)
{
	const struct row *row = p->cursor < p->n_visible ? p->visible[p->cursor] : NULL;

	/* While a page is open another object must not slip under it. */
	if (row && p->in_detail && p->cursor_id && strcmp(row->id, p->cursor_id))
		return NULL;
	return row;
}

const char *pane_selected_id(struct pane *p)
{
	const struct row *row = pane_selected(p);

	return row ? row->id : NULL;
}

bool pane_select(struct pane *p, const char *id)
{
	if (p->dirty)
		pane_query(p);
	for (size_t i = 0; i < p->n_visible; i++) {
		if (!strcmp(p->visible[i]->id, id)) {
			pane_move_to(p, i);
			return true;
		}
	}
	return false;
}

bool pane_in_detail(const struct pane *p)
{
	return p->in_detail;
}

void pane_filter(struct pane *p, const char *text)
{
	if (text && !*text)
		text = NULL;
	set_text(&p->filter, text);
	pane_arrange(p);
}

struct arena *pane_arena(struct pane *p)
{
	return &p->arena;
}

size_t pane_cursor(struct pane *p)
{
	return p->cursor;
}

size_t pane_visible(struct pane *p, const struct row ***out)
{
	*out = p->visible;
	return p->n_visible;
}
