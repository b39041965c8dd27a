#include "config.h"
#include "tui/grid.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"

#define MAX_SIDE 1000

void grid_init(struct grid *g)
{
	memset(g, 0, sizeof(*g));
	g->cursor_y = g->cursor_x = -1;
}

void grid_release(struct grid *g)
{
	free(g->cells);
	grid_init(g);
}

void grid_clear(struct grid *g)
{
	for (size_t i = 0; i < (size_t)g->rows * (size_t)g->cols; i++)
		g->cells[i] = (struct cell){.points = {' '}, .width = 1};
	g->cursor_y = g->cursor_x = -1;
	g->cursor_visible = false;
}

void grid_resize(struct grid *g, int rows, int cols)
{
	g->rows = rows < 1 ? 1 : rows > MAX_SIDE ? MAX_SIDE : rows;
	g->cols = cols < 1 ? 1 : cols > MAX_SIDE ? MAX_SIDE : cols;
	g->cells = mem_resize(
		g->cells, (size_t)g->rows * (size_t)g->cols, sizeof(*g->cells));
	grid_clear(g);
}

static struct cell *cell_at(struct grid *g, int y, int x)
{
	return &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
}

const struct cell *grid_cell(const struct grid *g, int y, int x)
{
	if (y < 0 || x < 0 || y >= g->rows || x >= g->cols)
		bug("cell %d,%d of a grid of %d,%d", y, x, g->rows, g->cols);
	return &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
}

static void cell_blank(struct cell *c)
{
	memset(c->points, 0, sizeof(c->points));
	c->points[0] = ' ';
	c->width = 1;
}

/* A wide character that loses one half becomes blank. */
static void cell_prepare(struct grid *g, int y, int x)
{
	struct cell *c = cell_at(g, y, x);

	if (c->width == 0 && x > 0)
		cell_blank(c - 1);
	if (c->width == 2 && x + 1 < g->cols)
		cell_blank(c + 1);
	cell_blank(c);
	c->selected = 0;
}

static void cell_set(
	struct grid *g, int y, int x, uint32_t point, int width, enum role role)
{
	struct cell *c = cell_at(g, y, x);

	cell_prepare(g, y, x);
	c->points[0] = point;
	c->width = (uint8_t)width;
	c->role = (uint8_t)role;
	if (width == 2) {
		cell_prepare(g, y, x + 1);
		c[1].points[0] = 0;
		c[1].width = 0;
		c[1].role = (uint8_t)role;
	}
}

static void cell_combine(struct grid *g, int y, int x, uint32_t point)
{
	struct cell *c = cell_at(g, y, x);

	for (int i = 1; i < CELL_POINTS; i++) {
		if (!c->points[i]) {
			c->points[i] = point;
			return;
		}
	}
}

/* Safe text into cells. */
static int put_safe(
	struct grid *g, int y, int x, int end, enum role role, const char *s, size_t n)
{
	int begin = x, last = -1;

	for (size_t i = 0, used; i < n; i += used) {
		uint32_t point = text_decode(s + i, n - i, &used);
		int width = text_cp_width(point);

		if (width == 0 && last >= 0)
			cell_combine(g, y, last, point);
		if (width <= 0)
			continue;
		if (x + width > end)
			break;
		cell_set(g, y, x, point, width, role);
		last = x;
		x += width;
	}
	return x - begin;
}

/* Most text is plain ASCII: it needs no copy. */
static bool is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] > 0x7e)
			return false;
	return true;
}

int grid_put(
	struct grid *g, int y, int x, int end, enum role role, const char *s, size_t n)
{
	struct strbuf safe = STRBUF_INIT, ascii = STRBUF_INIT;
	int used;

	if (end > g->cols)
		end = g->cols;
	if (y < 0 || y >= g->rows || x < 0 || x >= end)
		return 0;
	if (is_plain(s, n))
		return put_safe(g, y, x, end, role, s, n);
	text_safe(&safe, s, n, false);
	if (!text_is_utf8())
		text_ascii(&ascii, safe.buf);
	used = text_is_utf8() ? put_safe(g, y, x, end, role, safe.buf, safe.len)
			      : put_safe(g, y, x, end, role, ascii.buf, ascii.len);
	strbuf_release(&safe);
	strbuf_release(&ascii);
	return used;
}

void grid_fill(struct grid *g, int y, int x, int cols, enum role role)
{
	if (y < 0 || y >= g->rows)
		return;
	for (int i = x < 0 ? 0 : x; i < x + cols && i < g->cols; i++)
		cell_set(g, y, i, ' ', 1, role);
}

void grid_select(struct grid *g, int y, int x, int cols)
{
	if (y < 0 || y >= g->rows)
		return;
	for (int i = x < 0 ? 0 : x; i < x + cols && i < g->cols; i++)
		cell_at(g, y, i)->selected = 1;
}

void grid_copy(
	struct grid *g, int y, int x, const struct grid *from, int from_y, int cols)
{
	if (y < 0 || y >= g->rows || x < 0 || from_y < 0 || from_y >= from->rows)
		return;
	for (int i = 0; i < cols && i < from->cols && x + i < g->cols; i++) {
		const struct cell *c = grid_cell(from, from_y, i);

		if (c->width == 2 && x + i + 1 == g->cols)
			break;
		cell_prepare(g, y, x + i);
		*cell_at(g, y, x + i) = *c;
	}
}
