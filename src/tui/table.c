#include "config.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "tui/console_state.h"
#include "tui/pane_state.h"

#define GAP 2
#define MARGIN 1
#define NICE_TO_HAVE 5
#define PRIORITY_MAX 9
#define TEXT_LEAST 14
#define FIGURE_GAUGE 3 /* a gauge of fewer columns says nothing */
#define DIVIDERS_MAX 8
#define DIVIDE_FROM_ROWS 12 /* a small window has room for rows only */

void table_value(
	struct value *out, struct pane *p, const struct column *col, const void *data)
{
	strbuf_init(&out->text);
	out->role = ROLE_TEXT;
	out->column = col;
	out->gauge = (struct gauge){.value = NAN, .tick = NAN, .full = 1};
	col->cell(out, p, data);
}

static int count_columns(const struct pane *p)
{
	int n = 0;

	while (n < COLUMNS_MAX && p->columns[n].name)
		n++;
	return n;
}

static int most(const struct column *col)
{
	return col->max > col->min ? col->max : col->min;
}

void table_measure(struct pane *p)
{
	int n = count_columns(p);

	for (int k = 0; k < n; k++) {
		const struct column *col = &p->columns[k];
		int width = draw_width(_(col->title));
		bool any = !col->if_any || !p->n_visible;

		for (size_t i = 0; i < p->n_visible && (!any || width < most(col)); i++) {
			struct value v;
			int w;

			table_value(&v, p, col, p->visible[i]->data);
			w = draw_width(v.text.buf);
			any |= v.text.len && strcmp(v.text.buf, "-") != 0;
			strbuf_release(&v.text);
			width = w > width ? w : width;
		}
		/* Pictures take what they are given. */
		if ((col->figure || (col->draw && col->grow)) && width <= most(col))
			width = most(col);
		width = width < most(col) ? width : most(col);
		p->widths[k] = !any ? 0 : width > col->min ? width : col->min;
	}
}

/* One column as it will be drawn. */
struct slot {
	const struct column *col;
	int x, width; /* width 0: left out */
};

static int total(const struct slot *slots, int n)
{
	int sum = -GAP;

	for (int k = 0; k < n; k++)
		if (slots[k].width)
			sum += slots[k].width + GAP;
	return sum;
}

/* The widest column of a priority that may still be narrower; NULL: none. */
static struct slot *widest_of(struct slot *slots, int n, int priority, int least)
{
	struct slot *widest = NULL;

	for (int k = 0; k < n; k++) {
		const struct column *col = slots[k].col;
		bool text = col->align == 'l' && !col->draw;

		if (col->priority == priority && slots[k].width > col->min &&
			(!text || slots[k].width > least) &&
			(!widest || slots[k].width > widest->width))
			widest = &slots[k];
	}
	return widest;
}

/* By one; a gauge of which too little is left goes as a whole. */
static void narrow(struct slot *s)
{
	const struct column *col = s->col;

	s->width--;
	if (col->figure && s->width < col->figure + 1 + FIGURE_GAUGE)
		s->width = col->figure > col->min ? col->figure : col->min;
}

/* Narrow what matters least first, until it fits. */
static void shrink_to(struct slot *slots, int n, int room, int least)
{
	for (int priority = PRIORITY_MAX; priority > 0; priority--) {
		struct slot *s;

		while (total(slots, n) > room &&
			(s = widest_of(slots, n, priority, least)))
			narrow(s);
	}
}

/* No text is cut to nothing while another is still whole. */
static void shrink(struct slot *slots, int n, int room)
{
	shrink_to(slots, n, room, TEXT_LEAST);
	shrink_to(slots, n, room, 0);
}

static int least_total(const struct slot *slots, int n)
{
	int sum = -GAP;

	for (int k = 0; k < n; k++)
		if (slots[k].width)
			sum += slots[k].col->min + GAP;
	return sum;
}

/* The column that goes first; -1: none with such a priority. */
static int first_to_go(const struct slot *slots, int n, int priority)
{
	int worst = -1, left = 0;

	for (int k = 0; k < n; k++) {
		left += slots[k].width > 0;
		if (slots[k].width && slots[k].col->priority >= priority &&
			(worst < 0 ||
				slots[k].col->priority >= slots[worst].col->priority))
			worst = k;
	}
	return left > 1 ? worst : -1;
}

/* What is nice to have goes before anything is cut; what matters only when nothing else helps. */
static void drop(struct slot *slots, int n, int room)
{
	int k;

	while (total(slots, n) > room && (k = first_to_go(slots, n, NICE_TO_HAVE)) >= 0)
		slots[k].width = 0;
	while (least_total(slots, n) > room && (k = first_to_go(slots, n, 0)) >= 0)
		slots[k].width = 0;
}

static void grow(struct slot *slots, int n, int room)
{
	int spare = room - total(slots, n), shares = 0;

	for (int k = 0; k < n; k++)
		shares += slots[k].width ? slots[k].col->grow : 0;
	for (int k = 0; k < n && shares > 0 && spare > 0; k++) {
		int more = slots[k].width ? spare * slots[k].col->grow / shares : 0;

		/* A column is never wider than three times its text: eyes must find the row. */
		if (more > 2 * slots[k].width)
			more = 2 * slots[k].width;
		slots[k].width += more;
	}
}

static bool fits(const struct column *col, int cols)
{
	return cols >= col->from_cols && (!col->below_cols || cols < col->below_cols);
}

static void lay_out(struct slot *slots, struct pane *p, int n, int cols)
{
	int room = cols - 2 * MARGIN, x = MARGIN;

	for (int k = 0; k < n; k++)
		slots[k] = (struct slot){
			&p->columns[k], 0, fits(&p->columns[k], cols) ? p->widths[k] : 0};
	drop(slots, n, room);
	shrink(slots, n, room);
	grow(slots, n, room);
	for (int k = 0; k < n; k++) {
		if (!slots[k].width)
			continue;
		slots[k].x = x;
		x += slots[k].width + GAP;
	}
}

static void put(const struct box *b, int y, const struct slot *s, enum role role,
	const char *text)
{
	int width =
		s->col->figure && s->col->figure < s->width ? s->col->figure : s->width;

	if (s->col->align == 'r')
		box_right(b, y, s->x, width, role, text);
	else if (s->col->both_ends)
		box_name(b, y, s->x, width, role, text);
	else
		box_text(b, y, s->x, width, role, text);
}

static void put_value(struct pane *p, const void *data, const struct box *b, int y,
	const struct slot *s, const struct value *v)
{
	int used = s->col->figure + 1, room = s->width - used;

	if (s->col->draw && !b->plain) {
		struct box cell = box_sub(b, y, s->x, 1, s->width);

		s->col->draw(p, data, &cell);
		return;
	}
	put(b, y, s, v->role, v->text.buf);
	if (s->col->figure && room >= FIGURE_GAUGE)
		box_gauge(b, y, s->x + used, room, &v->gauge);
}

static void draw_head(
	struct pane *p, const struct slot *slots, int n, const struct box *b)
{
	for (int k = 0; k < n; k++) {
		if (!slots[k].width)
			continue;
		put(b, 0, &slots[k], p->sort == k ? ROLE_STRONG : ROLE_LABEL,
			_(slots[k].col->title));
		box_hit(b, 0, slots[k].x, 1, slots[k].width, HIT_COLUMN, (size_t)k, NULL);
	}
}

static void draw_row(struct pane *p, const struct slot *slots, int n, const struct box *b,
	int y, size_t i)
{
	bool stale = p->ops->stale && p->ops->stale(p, p->visible[i]->data);

	for (int k = 0; k < n; k++) {
		struct value v;

		if (!slots[k].width)
			continue;
		table_value(&v, p, slots[k].col, p->visible[i]->data);
		if (stale &&
			(v.role == ROLE_TEXT || v.role == ROLE_STRONG ||
				v.role == ROLE_DIM))
			v.role = ROLE_STALE;
		put_value(p, p->visible[i]->data, b, y, &slots[k], &v);
		strbuf_release(&v.text);
	}
	box_hit(b, y, 0, 1, b->cols, HIT_ROW, i, NULL);
}

static void draw_empty(struct pane *p, const struct box *b)
{
	const char *text = _("nothing here");

	if (p->rows.n)
		text = _("nothing matches the filter; / and Enter clear it");
	else if (console_at(p->console) != NONE_INT)
		text = _("nothing of this was known at that time");
	else if (p->ops->empty)
		text = _(p->ops->empty);
	box_text(b, 0, MARGIN, b->cols - MARGIN, ROLE_DIM, text);
	box_cursor(b, 0, 0, false);
}

/* Line i between row and the one before it, drawn or only counted (b NULL). */
static bool divider(struct pane *p, const struct box *b, int y, size_t row, int i)
{
	struct value v = {.role = ROLE_HEADING};
	bool any;

	if (!p->ops->divide || p->sort >= 0 ||
		console_rows(p->console) < DIVIDE_FROM_ROWS)
		return false;
	strbuf_init(&v.text);
	any = p->ops->divide(
		p, row ? p->visible[row - 1]->data : NULL, p->visible[row]->data, i, &v);
	if (any && b)
		box_text(b, y, MARGIN, b->cols - 2 * MARGIN, v.role, v.text.buf);
	strbuf_release(&v.text);
	return any;
}

/* Lines that a row takes with what stands before it. */
static size_t height(struct pane *p, size_t row)
{
	int i = 0;

	while (i < DIVIDERS_MAX && divider(p, NULL, 0, row, i))
		i++;
	return (size_t)i + 1;
}

/* The first row that may be shown when row last is the lowest: as many as fit. */
static size_t first_with(struct pane *p, size_t last, size_t page)
{
	size_t used = height(p, last), first = last;

	while (first > 0 && used + height(p, first - 1) <= page)
		used += height(p, --first);
	return first;
}

static void scroll(struct pane *p, int rows)
{
	size_t page = rows > 0 ? (size_t)rows : 1, first;

	p->page = (int)page;
	if (p->cursor < p->top)
		p->top = p->cursor;
	first = first_with(p, p->cursor, page);
	if (p->top < first)
		p->top = first;
	first = first_with(p, p->n_visible - 1, page);
	if (p->top > first)
		p->top = first;
}

/*
 * What names a row is highlighted, not all of it: a whole row would be sent twice for each step,
 * and figures keep what they say.
 */
static int naming_columns(const struct slot *slots, int n)
{
	int end = 0, seen = 0;

	for (int k = 0; k < n && seen < 2; k++) {
		if (slots[k].width) {
			end = slots[k].x + slots[k].width;
			seen++;
		}
	}
	return end + MARGIN;
}

int table_draw(struct pane *p, const struct box *b, bool focus)
{
	struct slot slots[COLUMNS_MAX];
	bool all_fit = p->n_visible < (size_t)(b->rows > 0 ? b->rows : 0);
	int n = count_columns(p), head = b->rows > 3 || all_fit ? 1 : 0, y = 0;
	struct box body = box_sub(b, head, 0, b->rows - head, b->cols);
	bool foot = p->rows.more && body.rows > 4;

	if (!p->n_visible) {
		draw_empty(p, b);
		return 1;
	}
	lay_out(slots, p, n, b->cols);
	if (head)
		draw_head(p, slots, n, b);
	if (foot) {
		box_textf(&body, body.rows - 1, MARGIN, body.cols, ROLE_DIM,
			_("only the first %zu are shown: a filter narrows them"),
			p->rows.n);
		body.rows--;
	}
	scroll(p, body.rows);
	for (size_t row = p->top; y < body.rows && row < p->n_visible; row++, y++) {
		/* Of a window that is too low for both the row is shown. */
		for (int i = 0; i < DIVIDERS_MAX && y + 1 < body.rows &&
			divider(p, &body, y, row, i);
			i++)
			y++;
		draw_row(p, slots, n, &body, y, row);
		if (row == p->cursor)
			box_select(&body, y, 0, naming_columns(slots, n));
		if (row == p->cursor && focus)
			box_cursor(&body, y, MARGIN, false);
	}
	return head + y;
}
