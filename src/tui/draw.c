#include "config.h"
#include "tui/draw.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/strbuf.h"
#include "core/text.h"

#define BRAILLE_FULL "\xe2\xa3\xbf"
#define BRAILLE_HALF "\xe2\xa1\x87"
#define BRAILLE_TRACK "\xe2\xa0\x84"

struct box box_sub(const struct box *b, int y, int x, int rows, int cols)
{
	struct box sub = *b;

	y = y < 0 ? 0 : y > b->rows ? b->rows : y;
	x = x < 0 ? 0 : x > b->cols ? b->cols : x;
	sub.y = b->y + y;
	sub.x = b->x + x;
	sub.rows = rows < 0 ? 0 : rows > b->rows - y ? b->rows - y : rows;
	sub.cols = cols < 0 ? 0 : cols > b->cols - x ? b->cols - x : cols;
	return sub;
}

static bool is_plain(const char *s, size_t *len)
{
	size_t n = 0;

	for (; s[n]; n++)
		if ((unsigned char)s[n] < 0x20 || (unsigned char)s[n] > 0x7e)
			return false;
	*len = n;
	return true;
}

int draw_width(const char *s)
{
	struct strbuf safe = STRBUF_INIT;
	size_t len;
	int width;

	if (is_plain(s, &len))
		return (int)len;
	text_safe(&safe, s, strlen(s), false);
	width = text_width(safe.buf);
	strbuf_release(&safe);
	return width;
}

/* Columns from x that b has, at most cols. */
static int room(const struct box *b, int y, int x, int cols)
{
	if (y < 0 || y >= b->rows || x < 0 || x >= b->cols)
		return 0;
	return cols < b->cols - x ? cols : b->cols - x;
}

int box_text(const struct box *b, int y, int x, int cols, enum role role, const char *s)
{
	struct strbuf safe = STRBUF_INIT, cut = STRBUF_INIT;
	size_t len;
	int used;

	cols = room(b, y, x, cols);
	if (cols <= 0 || !s)
		return 0;
	if (is_plain(s, &len) && len <= (size_t)cols)
		return grid_put(
			b->grid, b->y + y, b->x + x, b->x + x + cols, role, s, len);
	text_safe(&safe, s, strlen(s), false);
	text_cut(&cut, safe.buf, cols, "~");
	used = grid_put(
		b->grid, b->y + y, b->x + x, b->x + x + cols, role, cut.buf, cut.len);
	strbuf_release(&safe);
	strbuf_release(&cut);
	return used;
}

int box_name(const struct box *b, int y, int x, int cols, enum role role, const char *s)
{
	struct strbuf safe = STRBUF_INIT, cut = STRBUF_INIT;
	int used;

	cols = room(b, y, x, cols);
	if (cols <= 0 || !s)
		return 0;
	text_safe(&safe, s, strlen(s), false);
	text_cut_middle(&cut, safe.buf, cols, "~");
	used = grid_put(
		b->grid, b->y + y, b->x + x, b->x + x + cols, role, cut.buf, cut.len);
	strbuf_release(&safe);
	strbuf_release(&cut);
	return used;
}

int box_textf(
	const struct box *b, int y, int x, int cols, enum role role, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;
	int used;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	used = box_text(b, y, x, cols, role, sb.buf);
	strbuf_release(&sb);
	return used;
}

void box_right(const struct box *b, int y, int x, int cols, enum role role, const char *s)
{
	int width = draw_width(s);

	box_text(b, y, width < cols ? x + cols - width : x, cols, role, s);
}

void box_fill(const struct box *b, int y, int x, int rows, int cols, enum role role)
{
	for (int i = y; i < y + rows; i++)
		grid_fill(b->grid, b->y + i, b->x + x, room(b, i, x, cols), role);
}

void box_clear(const struct box *b)
{
	box_fill(b, 0, 0, b->rows, b->cols, ROLE_TEXT);
}

void box_select(const struct box *b, int y, int x, int cols)
{
	grid_select(b->grid, b->y + y, b->x + x, room(b, y, x, cols));
}

void box_cursor(const struct box *b, int y, int x, bool visible)
{
	if (y < 0 || y >= b->rows || x < 0 || b->cols < 1)
		return;
	b->grid->cursor_y = b->y + y;
	b->grid->cursor_x = b->x + (x < b->cols ? x : b->cols - 1);
	b->grid->cursor_visible = visible;
}

void box_bar(const struct box *b, int y, int x, int cols, enum role role, double share)
{
	bool utf8 = text_is_utf8();
	int halves;

	cols = room(b, y, x, cols);
	if (b->plain || isnan(share) || cols < 1)
		return;
	share = share < 0 ? 0 : share > 1 ? 1 : share;
	halves = (int)(share * 2 * cols + 0.5);
	if (share > 0 && !halves)
		halves = 1;
	for (int i = 0; i < cols; i++, halves -= 2) {
		if (halves >= 2)
			box_text(b, y, x + i, 1, role, utf8 ? BRAILLE_FULL : "#");
		else if (halves == 1)
			box_text(b, y, x + i, 1, role, utf8 ? BRAILLE_HALF : "#");
		else
			box_text(b, y, x + i, 1, ROLE_DIM, utf8 ? BRAILLE_TRACK : "-");
	}
}

/* Column of the tick in cols; never the last, so that what is beyond it has room. */
static int tick_column(const struct gauge *g, int cols)
{
	int at;

	if (isnan(g->tick) || !(g->full > 0) || g->tick > g->full)
		return -1;
	at = (int)(g->tick / g->full * cols + 0.5);
	return at > cols - 2 ? cols - 2 : at;
}

void box_gauge(const struct box *b, int y, int x, int cols, const struct gauge *g)
{
	bool utf8 = text_is_utf8(), over = !isnan(g->tick) && g->value >= g->tick;
	char mark[2] = {over && g->over ? g->over : '|', 0};
	int halves, tick;

	cols = room(b, y, x, cols);
	if (b->plain || isnan(g->value) || cols < 2)
		return;
	tick = tick_column(g, cols);
	halves = (int)(fmin(fmax(g->value / g->full, 0), 1) * 2 * cols + 0.5);
	if (g->value > 0 && !halves)
		halves = 1;
	/* Rounding must not say more than is the case. */
	if (tick >= 0 && over && halves < 2 * (tick + 1))
		halves = 2 * (tick + 1);
	if (tick >= 0 && !over && halves > 2 * tick)
		halves = 2 * tick;
	for (int i = 0; i < cols; i++, halves -= 2) {
		enum role role = over && i > tick ? g->over_role : g->role;

		if (i == tick)
			box_text(b, y, x + i, 1, over ? g->over_role : ROLE_DIM, mark);
		else if (halves >= 1)
			box_text(b, y, x + i, 1, role,
				!utf8                 ? "#"
					: halves >= 2 ? BRAILLE_FULL
						      : BRAILLE_HALF);
		else
			box_text(b, y, x + i, 1, ROLE_DIM, utf8 ? BRAILLE_TRACK : "-");
	}
}

void bar_text(struct strbuf *out, int cols, double share)
{
	bool utf8 = text_is_utf8();
	int halves = isnan(share) ? 0 : (int)(fmin(fmax(share, 0), 1) * 2 * cols + 0.5);

	if (share > 0 && !halves)
		halves = 1;
	for (int i = 0; i < cols; i++, halves -= 2)
		strbuf_adds(out,
			halves < 1            ? " "
				: !utf8       ? "#"
				: halves >= 2 ? BRAILLE_FULL
					      : BRAILLE_HALF);
}

void hits_release(struct hits *h)
{
	free(h->items);
	memset(h, 0, sizeof(*h));
}

void box_hit(const struct box *b, int y, int x, int rows, int cols, enum hit_kind kind,
	size_t index, const void *what)
{
	struct hit *h;

	if (!b->hits || room(b, y, x, cols) <= 0)
		return;
	h = mem_push(b->hits->items, b->hits->n, b->hits->cap);
	*h = (struct hit){
		.kind = kind,
		.y = b->y + y,
		.x = b->x + x,
		.rows = rows < b->rows - y ? rows : b->rows - y,
		.cols = room(b, y, x, cols),
		.index = index,
		.what = what,
	};
}

const struct hit *hits_at(const struct hits *h, int y, int x)
{
	for (size_t i = h->n; i-- > 0;) {
		const struct hit *hit = &h->items[i];

		if (y >= hit->y && y < hit->y + hit->rows && x >= hit->x &&
			x < hit->x + hit->cols)
			return hit;
	}
	return NULL;
}
