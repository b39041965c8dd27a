#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "tui/draw.h"

/* No text, at no place, puts anything into a cell that a terminal would act on. */
static void check(const struct grid *g)
{
	for (int y = 0; y < g->rows; y++)
		for (int x = 0; x < g->cols; x++) {
			const struct cell *c = grid_cell(g, y, x);

			for (int i = 0; i < CELL_POINTS && c->points[i]; i++)
				if (text_cp_is_unsafe(c->points[i]) ||
					(!text_is_utf8() && c->points[i] > 0x7e))
					bug("U+%04X is in a cell",
						(unsigned)c->points[i]);
			if (c->width == 2 &&
				(x + 1 == g->cols || grid_cell(g, y, x + 1)->width))
				bug("half a wide character at %d,%d", y, x);
			if (!c->width && (x == 0 || grid_cell(g, y, x - 1)->width != 2))
				bug("the other half at %d,%d", y, x);
		}
}

static void draw(const char *text, size_t n, const uint8_t *place)
{
	struct grid g;
	struct box b = {.grid = &g, .rows = 4, .cols = 1 + place[0] % 40};

	grid_init(&g);
	grid_resize(&g, b.rows, b.cols);
	for (int i = 0; i < 4; i++) {
		int x = place[i] % b.cols;

		grid_put(&g, i, x, b.cols, ROLE_TEXT, text, n);
		grid_put(&g, i, (x + 3) % b.cols, b.cols, ROLE_TEXT, text, n / 2);
		box_text(&b, 3 - i, x / 2, place[3 - i] % 40, ROLE_TEXT, text);
		box_right(&b, i, 0, b.cols, ROLE_TEXT, text);
		check(&g);
	}
	grid_release(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text;
	bool utf8 = text_is_utf8();

	if (n < 4)
		return 0;
	text = mem_strndup((const char *)data + 4, n - 4);
	text_locale(true);
	draw(text, strlen(text), data);
	text_locale(false);
	draw(text, strlen(text), data);
	text_locale(utf8);
	free(text);
	return 0;
}
