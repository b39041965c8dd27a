#include "config.h"
#include "tui/doc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define GUTTER 2
#define LINES_MAX 100000
#define CHART_GAP 3

struct span {
	int x;
	enum role role;
	const char *text;
};

struct line {
	struct span *spans;
	size_t n, cap;
	const char *pane, *argument; /* a link, or NULL */
	struct grid *picture; /* a row of a chart, or NULL */
	int picture_row;
};

struct field {
	const char *label, *value;
	enum role role;
	const char *pane, *argument;
};

struct doc_cell {
	const char *text;
	enum role role;
};

struct doc {
	struct arena arena;
	int columns;
	struct line *lines;
	size_t n, cap;
	struct line beyond; /* takes what is over LINES_MAX, and is never shown */
	struct field *fields; /* a run that is not laid out yet */
	size_t n_fields, cap_fields;
	const char *align; /* a table being filled, or NULL */
	struct doc_cell *cells;
	size_t n_cells, cap_cells;
	const char **links; /* pane and argument of each row of the table */
	size_t n_links, cap_links;
	struct grid **pictures; /* owned */
	size_t n_pictures, cap_pictures;
	struct strbuf text; /* of the last doc_line_text() */
};

struct doc *doc_new(void)
{
	struct doc *d = mem_new(1, sizeof(*d));

	arena_init(&d->arena);
	strbuf_init(&d->text);
	d->columns = 80 - GUTTER;
	return d;
}

void doc_clear(struct doc *d)
{
	struct arena arena = d->arena;
	struct strbuf text = d->text;
	int columns = d->columns;

	for (size_t i = 0; i < d->n_pictures; i++) {
		grid_release(d->pictures[i]);
		free(d->pictures[i]);
	}
	free(d->pictures);
	memset(d, 0, sizeof(*d));
	arena_reset(&arena);
	d->arena = arena;
	d->text = text;
	d->columns = columns;
}

void doc_free(struct doc *d)
{
	if (!d)
		return;
	doc_clear(d);
	arena_release(&d->arena);
	strbuf_release(&d->text);
	free(d);
}

int doc_columns(const struct doc *d)
{
	return d->columns;
}

void doc_set_columns(struct doc *d, int columns)
{
	d->columns = columns - GUTTER - 1 < 8 ? 8 : columns - GUTTER - 1;
}

/* --- lines --- */

static struct line *add_line(struct doc *d)
{
	if (d->n >= LINES_MAX) {
		memset(&d->beyond, 0, sizeof(d->beyond));
		return &d->beyond;
	}
	return arena_push(&d->arena, d->lines, d->n, d->cap);
}

static void add_span(
	struct doc *d, struct line *l, int x, enum role role, const char *text, size_t n)
{
	struct span *s = arena_push(&d->arena, l->spans, l->n, l->cap);

	s->x = x;
	s->role = role;
	s->text = arena_strndup(&d->arena, text, n);
}

struct wrap {
	struct doc *d;
	int x;
	enum role role;
	bool first; /* the first line goes onto the line that is there */
	struct line *line;
	const char *pane, *argument;
};

static void wrap_line(void *ctx, const char *text, size_t n)
{
	struct wrap *w = ctx;
	struct line *l = w->first && w->line ? w->line : add_line(w->d);

	w->first = false;
	l->pane = w->pane;
	l->argument = w->argument;
	add_span(w->d, l, w->x, w->role, text, n);
}

/* Outside text is made safe before it is measured and broken; one paragraph a line of it. */
static void wrap_text(struct wrap *w, const char *text, size_t n, int columns)
{
	struct strbuf safe = STRBUF_INIT;
	char *at, *end;

	text_safe(&safe, text, n, true);
	for (at = safe.buf; at; at = end ? end + 1 : NULL) {
		end = strchr(at, '\n');
		if (end)
			*end = '\0';
		else if (!*at && at != safe.buf)
			break;
		if (*at)
			text_wrap(at, columns < 1 ? 1 : columns, wrap_line, w);
		else
			wrap_line(w, "", 0);
	}
	strbuf_release(&safe);
}

/* --- runs of fields --- */

#define LABEL_MAX 24

static void flush_fields(struct doc *d)
{
	struct field *fields = d->fields;
	size_t n = d->n_fields;
	int widest = 0;

	d->fields = NULL;
	d->n_fields = d->cap_fields = 0;
	for (size_t i = 0; i < n; i++) {
		int width = draw_width(fields[i].label);

		if (width > widest)
			widest = width > LABEL_MAX ? LABEL_MAX : width;
	}
	if (widest > d->columns / 2)
		widest = d->columns / 2;
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &fields[i];
		struct line *l = add_line(d);
		struct wrap w = {
			.d = d,
			.x = widest ? widest + 2 : 0,
			.role = f->role,
			.first = true,
			.line = l,
			.pane = f->pane,
			.argument = f->argument,
		};

		add_span(d, l, 0, ROLE_LABEL, f->label, strlen(f->label));
		wrap_text(&w, f->value, strlen(f->value), d->columns - w.x);
	}
}

static void flush(struct doc *d)
{
	if (d->n_fields)
		flush_fields(d);
	if (d->align)
		doc_columns_end(d);
}

static void add_field(struct doc *d, const char *label, enum role role, const char *value,
	const char *pane, const char *argument)
{
	struct field *f;

	if (d->align)
		doc_columns_end(d);
	f = arena_push(&d->arena, d->fields, d->n_fields, d->cap_fields);
	f->label = arena_strdup(&d->arena, label ? label : "");
	f->value = arena_strdup(&d->arena, value && *value ? value : "-");
	f->role = value && *value ? role : ROLE_DIM;
	f->pane = arena_strdup(&d->arena, pane);
	f->argument = arena_strdup(&d->arena, argument);
}

void doc_field(struct doc *d, const char *label, enum role role, const char *value)
{
	add_field(d, label, role, value, NULL, NULL);
}

void doc_fieldf(struct doc *d, const char *label, enum role role, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	doc_field(d, label, role, sb.buf);
	strbuf_release(&sb);
}

void doc_link(struct doc *d, const char *label, const char *text, const char *pane,
	const char *argument)
{
	add_field(d, label, ROLE_LINK, text, pane, argument);
}

/* --- text --- */

void doc_text(struct doc *d, enum role role, const char *text)
{
	struct wrap w = {.d = d, .role = role};

	flush(d);
	wrap_text(&w, text ? text : "", text ? strlen(text) : 0, d->columns);
}

void doc_textf(struct doc *d, enum role role, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	doc_text(d, role, sb.buf);
	strbuf_release(&sb);
}

void doc_title(struct doc *d, enum role role, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	doc_text(d, role, sb.buf);
	strbuf_release(&sb);
}

void doc_blank(struct doc *d)
{
	flush(d);
	add_line(d);
}

void doc_heading(struct doc *d, const char *text)
{
	flush(d);
	if (d->n && (d->lines[d->n - 1].n || d->lines[d->n - 1].picture))
		add_line(d);
	doc_text(d, ROLE_HEADING, text);
}

void doc_code(struct doc *d, enum role role, const char *text, size_t n)
{
	struct wrap w = {.d = d, .x = 2, .role = role};

	flush(d);
	wrap_text(&w, text, n, d->columns - 2);
}

/* --- tables --- */

void doc_columns_begin(struct doc *d, const char *align)
{
	flush(d);
	d->align = arena_strdup(&d->arena, align);
	d->cells = NULL;
	d->links = NULL;
	d->n_cells = d->cap_cells = d->n_links = d->cap_links = 0;
}

void doc_cell(struct doc *d, enum role role, const char *text)
{
	struct doc_cell *c;

	if (!d->align || !*d->align)
		bug("a cell outside doc_columns_begin() and doc_columns_end()");
	c = arena_push(&d->arena, d->cells, d->n_cells, d->cap_cells);
	c->role = role;
	c->text = arena_strdup(&d->arena, text ? text : "-");
	if (d->n_cells % strlen(d->align) == 1 || strlen(d->align) == 1) {
		*arena_push(&d->arena, d->links, d->n_links, d->cap_links) = NULL;
		*arena_push(&d->arena, d->links, d->n_links, d->cap_links) = NULL;
	}
}

void doc_cellf(struct doc *d, enum role role, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	doc_cell(d, role, sb.buf);
	strbuf_release(&sb);
}

void doc_row_link(struct doc *d, const char *pane, const char *argument)
{
	if (d->n_links < 2)
		return;
	d->links[d->n_links - 2] = arena_strdup(&d->arena, pane);
	d->links[d->n_links - 1] = arena_strdup(&d->arena, argument);
}

/* Text made safe, cut to columns and, when align is 'r', padded on the left. */
static void add_aligned(struct doc *d, struct line *l, int x, int columns, char align,
	const struct doc_cell *c)
{
	struct strbuf safe = STRBUF_INIT, cut = STRBUF_INIT;
	int width;

	text_safe(&safe, c->text, strlen(c->text), false);
	text_cut(&cut, safe.buf, columns, "~");
	width = text_width(cut.buf);
	add_span(d, l, align == 'r' ? x + columns - width : x, c->role, cut.buf, cut.len);
	strbuf_release(&safe);
	strbuf_release(&cut);
}

void doc_columns_end(struct doc *d)
{
	const char *align = d->align;
	size_t n = align ? strlen(align) : 0;
	int *widths;

	d->align = NULL;
	if (!n)
		return;
	widths = arena_alloc(&d->arena, n, sizeof(*widths));
	for (size_t i = 0; i < d->n_cells; i++) {
		int width = draw_width(d->cells[i].text);

		if (width > widths[i % n])
			widths[i % n] = width;
	}
	for (size_t i = 0; i < d->n_cells; i += n) {
		struct line *l = add_line(d);
		int x = 0;

		for (size_t k = 0; k < n && i + k < d->n_cells && x < d->columns; k++) {
			int room = d->columns - x;
			int columns = k + 1 < n || align[k] == 'r' ? widths[k] : room;

			add_aligned(d, l, x, columns < room ? columns : room, align[k],
				&d->cells[i + k]);
			x += widths[k] + 2;
		}
		l->pane = d->links[i / n * 2];
		l->argument = d->links[i / n * 2 + 1];
	}
}

/* --- charts --- */

static void add_charts(struct doc *d, const struct chart *charts, size_t n, int rows)
{
	struct grid *picture = mem_new(1, sizeof(*picture));
	struct box whole = {.grid = picture, .rows = rows, .cols = d->columns};
	int each = (d->columns - CHART_GAP * ((int)n - 1)) / (int)n;

	flush(d);
	grid_init(picture);
	grid_resize(picture, rows, d->columns);
	for (size_t i = 0; i < n; i++) {
		struct box b =
			box_sub(&whole, 0, (int)i * (each + CHART_GAP), rows, each);

		chart_draw(&charts[i], &b);
	}
	*mem_push(d->pictures, d->n_pictures, d->cap_pictures) = picture;
	for (int y = 0; y < rows; y++) {
		struct line *l = add_line(d);

		l->picture = picture;
		l->picture_row = y;
	}
}

void doc_chart(struct doc *d, const struct chart *chart, int rows)
{
	add_charts(d, chart, 1, rows);
}

void doc_charts(struct doc *d, const struct chart *charts, size_t n, int rows)
{
	size_t most = (size_t)(d->columns / DOC_CHART_COLUMNS);

	most = most < 1 ? 1 : most;
	for (size_t i = 0; i < n; i += most)
		add_charts(d, charts + i, n - i < most ? n - i : most, rows);
}

/* --- the view --- */

int doc_lines(const struct doc *d)
{
	flush((struct doc *)d);
	return (int)d->n;
}

static void draw_line(const struct line *l, const struct box *b, int y)
{
	if (l->picture)
		grid_copy(b->grid, b->y + y, b->x + GUTTER, l->picture, l->picture_row,
			b->cols - GUTTER);
	for (size_t i = 0; i < l->n; i++)
		box_text(b, y, GUTTER + l->spans[i].x, b->cols, l->spans[i].role,
			l->spans[i].text);
}

static int clamp(int v, int low, int high)
{
	return v > high ? high : v < low ? low : v;
}

void doc_draw(struct doc *d, struct doc_view *v, const struct box *b, bool focus)
{
	int n = doc_lines(d);

	v->cursor = n ? clamp(v->cursor, 0, n - 1) : 0;
	v->top = clamp(v->top, v->cursor - b->rows + 1, v->cursor);
	v->top = clamp(v->top, 0, n > b->rows ? n - b->rows : 0);
	for (int y = 0; y < b->rows && v->top + y < n; y++) {
		const struct line *l = &d->lines[v->top + y];
		bool here = focus && v->top + y == v->cursor;

		draw_line(l, b, y);
		box_hit(b, y, 0, 1, b->cols, HIT_ROW, (size_t)(v->top + y), NULL);
		if (here && l->pane)
			box_select(b, y, 0, b->cols);
		else if (here)
			box_text(b, y, 0, 1, ROLE_KEY, ">");
	}
	if (focus)
		box_cursor(b, v->cursor - v->top, 0, false);
}

void doc_move(struct doc *d, struct doc_view *v, int by)
{
	int n = doc_lines(d);

	v->cursor = clamp(v->cursor + by, 0, n ? n - 1 : 0);
}

const char *doc_line_text(const struct doc *d, int line)
{
	struct strbuf *out = &((struct doc *)d)->text;

	strbuf_reset(out);
	if (line < 0 || line >= doc_lines(d))
		return "";
	for (size_t i = 0; i < d->lines[line].n; i++) {
		if (i)
			strbuf_addc(out, ' ');
		strbuf_adds(out, d->lines[line].spans[i].text);
	}
	return out->buf;
}

bool doc_line_link(
	const struct doc *d, int line, const char **pane, const char **argument)
{
	if (line < 0 || line >= doc_lines(d) || !d->lines[line].pane)
		return false;
	*pane = d->lines[line].pane;
	*argument = d->lines[line].argument;
	return true;
}

bool doc_find(const struct doc *d, struct doc_view *v, const char *text, int direction)
{
	int n = doc_lines(d);

	for (int i = 1; i <= n; i++) {
		int line = (v->cursor + direction * i % n + n) % n;

		if (text_has(doc_line_text(d, line), text)) {
			v->cursor = line;
			return true;
		}
	}
	return false;
}
