#include "config.h"
#include "tui/sheet.h"

#include "core/mem.h"
#include "tui/console_state.h"

void sheet_open(struct console *c, struct sheet *s)
{
	s->console = c;
	s->below = c->sheet;
	c->sheet = s;
	console_redraw(c);
}

void sheet_close(struct sheet *s)
{
	s->closed = true;
	console_redraw(s->console);
}

/* Closed sheets are freed here and not earlier: their own functions may still be running. */
void sheets_sweep(struct console *c)
{
	struct sheet **at = &c->sheet;

	while (*at) {
		struct sheet *s = *at;

		if (!s->closed) {
			at = &s->below;
			continue;
		}
		*at = s->below;
		s->ops->free(s);
	}
}

struct sheet *sheet_front(struct console *c)
{
	struct sheet *s = c->sheet;

	while (s && s->closed)
		s = s->below;
	return s;
}

void sheet_event(struct sheet *s, const struct event *ev)
{
	if (s->ops->guarded && !s->armed)
		return;
	if (ev->kind == EVENT_KEY && (ev->key == K_ESC || ev->key == K_CTRL('c'))) {
		if (s->ops->cancel)
			s->ops->cancel(s);
		sheet_close(s);
		return;
	}
	s->ops->event(s, ev);
	console_redraw(s->console);
}

/* The sheet's part of the screen; rows 0 when it is one line. */
static struct box sheet_box(struct sheet *s, const struct box *screen)
{
	int most = screen->rows - 3, rows;

	if (!s->ops->title)
		return box_sub(screen, screen->rows - 1, 0, 1, screen->cols);
	if (most < 1)
		most = 1;
	rows = s->ops->rows(s, screen->cols, most);
	if (rows > most)
		rows = most;
	/* In a small window it takes everything below the top line. */
	if (screen->rows < 12 || screen->plain)
		rows = most;
	return box_sub(screen, screen->rows - 2 - rows, 0, rows + 1, screen->cols);
}

void sheet_draw(struct sheet *s, const struct box *screen)
{
	struct box b = sheet_box(s, screen);

	box_clear(&b);
	if (s->ops->title) {
		box_fill(&b, 0, 0, 1, b.cols, ROLE_SHEET);
		box_text(&b, 0, 1, b.cols - 2, ROLE_SHEET, s->ops->title(s));
		b = box_sub(&b, 1, 0, b.rows - 1, b.cols);
	}
	s->ops->draw(s, &b);
}
