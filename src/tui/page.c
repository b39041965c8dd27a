#include "config.h"

#include <stdlib.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "tui/doc.h"
#include "tui/sheet.h"

/* A document over the screen: a link, a note, a text to read. */
struct page_sheet {
	struct sheet sheet;
	char *title; /* owned */
	struct doc *doc; /* owned */
	struct doc_view view;
	int rows;
};

static const char *page_title(struct sheet *s)
{
	return ((struct page_sheet *)s)->title;
}

static int page_rows(struct sheet *s, int cols, int most)
{
	int lines = doc_lines(((struct page_sheet *)s)->doc);

	(void)cols;
	return lines < most ? lines : most;
}

static void page_draw(struct sheet *s, const struct box *b)
{
	struct page_sheet *p = (struct page_sheet *)s;

	p->rows = b->rows;
	doc_draw(p->doc, &p->view, b, true);
}

static void page_event(struct sheet *s, const struct event *ev)
{
	struct page_sheet *p = (struct page_sheet *)s;

	if (ev->kind == EVENT_MOUSE && ev->mouse == MOUSE_WHEEL_UP)
		doc_move(p->doc, &p->view, -3);
	else if (ev->kind == EVENT_MOUSE && ev->mouse == MOUSE_WHEEL_DOWN)
		doc_move(p->doc, &p->view, 3);
	if (ev->kind != EVENT_KEY)
		return;
	if (ev->key == 'j' || ev->key == K_DOWN)
		doc_move(p->doc, &p->view, 1);
	else if (ev->key == 'k' || ev->key == K_UP)
		doc_move(p->doc, &p->view, -1);
	else if (ev->key == K_PAGE_DOWN || ev->key == ' ')
		doc_move(p->doc, &p->view, p->rows);
	else if (ev->key == K_PAGE_UP)
		doc_move(p->doc, &p->view, -p->rows);
	else if (ev->key == 'y')
		console_copy(s->console, doc_line_text(p->doc, p->view.cursor));
	else if (ev->key == 'q' || ev->key == K_ENTER)
		sheet_close(s);
}

static void page_free(struct sheet *s)
{
	struct page_sheet *p = (struct page_sheet *)s;

	doc_free(p->doc);
	free(p->title);
	free(p);
}

static const struct sheet_ops page_ops = {
	.title = page_title,
	.rows = page_rows,
	.draw = page_draw,
	.event = page_event,
	.free = page_free,
	.hints = N_("j k move  y copy the line  Esc back"),
};

void console_page(struct console *c, const char *title, struct doc *doc)
{
	struct page_sheet *p = mem_new(1, sizeof(*p));

	p->sheet.ops = &page_ops;
	p->title = mem_strdup(title);
	p->doc = doc;
	sheet_open(c, &p->sheet);
}
