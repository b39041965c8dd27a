#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "core/text.h"
#include "tui/edit.h"
#include "tui/sheet.h"

#define PICKER_ROWS 14

struct picker {
	struct sheet sheet;
	struct arena arena;
	char *title; /* owned */
	bool typing, letters; /* any item has a letter */
	struct edit edit;
	struct pick_item *items; /* in the arena */
	size_t n, cap;
	size_t *shown; /* in the arena: indices of what matches, best first */
	int *scores;
	size_t n_shown;
	size_t cursor;
	int top;
	int title_cols, keys_cols;
	struct box drawn;
	pick_fn *fn;
	void *ctx;
};

/* --- what matches --- */

static int item_score(const struct pick_item *item, const char *typed)
{
	int score = text_fuzzy(typed, item->title);

	if (score >= 0)
		return 1000 + score;
	return item->help && text_has(item->help, typed) ? 0 : -1;
}

static void match(struct picker *p)
{
	const char *typed = p->edit.text.buf;

	p->n_shown = 0;
	for (size_t i = 0; i < p->n; i++) {
		int score = *typed ? item_score(&p->items[i], typed) : 0;
		size_t at = p->n_shown;

		if (score < 0)
			continue;
		/* Insertion keeps the order of the table among equals. */
		for (; at > 0 && p->scores[at - 1] < score; at--) {
			p->scores[at] = p->scores[at - 1];
			p->shown[at] = p->shown[at - 1];
		}
		p->scores[at] = score;
		p->shown[at] = i;
		p->n_shown++;
	}
	p->cursor = 0;
	p->top = 0;
}

/* --- drawing --- */

static const char *picker_title(struct sheet *s)
{
	return ((struct picker *)s)->title;
}

static int picker_rows(struct sheet *s, int cols, int most)
{
	struct picker *p = (struct picker *)s;
	int rows = (int)p->n + (p->typing ? 1 : 0), limit = PICKER_ROWS;

	(void)cols;
	if (most / 2 > limit)
		limit = most / 2;
	return rows < limit ? rows : limit;
}

static void draw_item(const struct picker *p, const struct box *b, int y, size_t shown)
{
	const struct pick_item *item = &p->items[p->shown[shown]];
	int x = 1;

	if (item->letter && !p->typing)
		box_textf(b, y, x, 1, ROLE_KEY, "%c", item->letter);
	if (p->letters && !p->typing)
		x += 3;
	box_text(b, y, x, p->title_cols, ROLE_STRONG, item->title);
	x += p->title_cols + 2;
	if (p->keys_cols) {
		box_text(b, y, x, p->keys_cols, ROLE_KEY, item->keys);
		x += p->keys_cols + 2;
	}
	box_text(b, y, x, b->cols - x, ROLE_TEXT, item->help);
	box_hit(b, y, 0, 1, b->cols, HIT_ITEM, shown, NULL);
}

static void picker_draw(struct sheet *s, const struct box *whole)
{
	struct picker *p = (struct picker *)s;
	struct box b = *whole;

	if (p->typing) {
		box_text(&b, 0, 1, 1, ROLE_KEY, ">");
		b = box_sub(&b, 1, 0, b.rows - 1, b.cols);
	}
	if (p->top > (int)p->cursor)
		p->top = (int)p->cursor;
	if (p->top < (int)p->cursor - b.rows + 1)
		p->top = (int)p->cursor - b.rows + 1;
	if (p->top < 0)
		p->top = 0;
	if (!p->n_shown)
		box_text(&b, 0, 1, b.cols, ROLE_DIM, _("nothing matches"));
	for (int y = 0; y < b.rows && (size_t)(p->top + y) < p->n_shown; y++) {
		draw_item(p, &b, y, (size_t)(p->top + y));
		if ((size_t)(p->top + y) == p->cursor)
			box_select(&b, y, 0, b.cols);
	}
	if (p->typing)
		edit_draw(&p->edit, whole, 0, 3, whole->cols - 4, true);
	else
		box_cursor(&b, (int)p->cursor - p->top, 0, false);
	p->drawn = b;
}

/* --- keys --- */

static void picked(struct picker *p, const struct pick_item *item)
{
	sheet_close(&p->sheet);
	p->fn(p->ctx, p->sheet.console, item, p->edit.text.buf);
}

static void move(struct picker *p, int by)
{
	long to = (long)p->cursor + by;

	if (to > (long)p->n_shown - 1)
		to = (long)p->n_shown - 1;
	p->cursor = to < 0 ? 0 : (size_t)to;
}

static int movement(const struct picker *p, uint32_t key)
{
	int page = p->drawn.rows > 1 ? p->drawn.rows - 1 : 1;

	switch (key) {
	case K_UP:
	case K_CTRL('p'): return -1;
	case K_DOWN:
	case K_CTRL('n'): return 1;
	case K_PAGE_UP: return -page;
	case K_PAGE_DOWN: return page;
	case 'k': return p->typing ? 0 : -1;
	case 'j': return p->typing ? 0 : 1;
	default: return 0;
	}
}

static bool picker_letter(struct picker *p, uint32_t key)
{
	for (size_t i = 0; i < p->n && !p->typing; i++) {
		if (p->items[i].letter && key == (unsigned char)p->items[i].letter) {
			picked(p, &p->items[i]);
			return true;
		}
	}
	return false;
}

static void picker_mouse(struct picker *p, const struct event *ev)
{
	int y = ev->y - p->drawn.y;

	if (ev->mouse == MOUSE_WHEEL_UP || ev->mouse == MOUSE_WHEEL_DOWN)
		move(p, ev->mouse == MOUSE_WHEEL_UP ? -1 : 1);
	else if (ev->mouse == MOUSE_PRESS && y >= 0 && y < p->drawn.rows &&
		(size_t)(p->top + y) < p->n_shown)
		picked(p, &p->items[p->shown[p->top + y]]);
}

static void picker_event(struct sheet *s, const struct event *ev)
{
	struct picker *p = (struct picker *)s;
	int by;

	if (ev->kind == EVENT_MOUSE) {
		picker_mouse(p, ev);
		return;
	}
	if (ev->kind == EVENT_KEY && ev->key == K_ENTER) {
		if (p->n_shown || p->typing)
			picked(p, p->n_shown ? &p->items[p->shown[p->cursor]] : NULL);
		return;
	}
	/* A letter of the menu wins over a movement with the same letter. */
	if (ev->kind == EVENT_KEY && !ev->mods && picker_letter(p, ev->key))
		return;
	by = ev->kind == EVENT_KEY ? movement(p, ev->key) : 0;
	if (by)
		move(p, by);
	else if (p->typing && edit_event(&p->edit, ev))
		match(p);
}

static void picker_cancel(struct sheet *s)
{
	struct picker *p = (struct picker *)s;

	p->fn(p->ctx, s->console, NULL, "");
}

static void picker_free(struct sheet *s)
{
	struct picker *p = (struct picker *)s;

	edit_release(&p->edit);
	arena_release(&p->arena);
	free(p->title);
	free(p);
}

static const struct sheet_ops picker_typing_ops = {
	.title = picker_title,
	.rows = picker_rows,
	.draw = picker_draw,
	.event = picker_event,
	.cancel = picker_cancel,
	.free = picker_free,
	.hints = N_("Enter choose  Up Down move  Esc back"),
	.holds = true,
};

static const struct sheet_ops picker_ops = {
	.title = picker_title,
	.rows = picker_rows,
	.draw = picker_draw,
	.event = picker_event,
	.cancel = picker_cancel,
	.free = picker_free,
	.hints = N_("Enter or letter choose  j k move  Esc back"),
	.holds = true,
};

struct picker *picker_new(
	struct console *c, const char *title, bool typing, pick_fn *fn, void *ctx)
{
	struct picker *p = mem_new(1, sizeof(*p));

	p->sheet.ops = typing ? &picker_typing_ops : &picker_ops;
	p->sheet.console = c;
	arena_init(&p->arena);
	p->title = mem_strdup(title);
	p->typing = typing;
	edit_init(&p->edit, NULL);
	p->fn = fn;
	p->ctx = ctx;
	return p;
}

void picker_add(struct picker *p, const struct pick_item *item)
{
	struct pick_item *mine = arena_push(&p->arena, p->items, p->n, p->cap);
	int title, keys;

	*mine = *item;
	mine->title = arena_strdup(&p->arena, item->title);
	mine->keys = arena_strdup(&p->arena, item->keys);
	mine->help = arena_strdup(&p->arena, item->help);
	title = draw_width(mine->title);
	keys = mine->keys ? draw_width(mine->keys) : 0;
	if (title > p->title_cols)
		p->title_cols = title > 36 ? 36 : title;
	p->letters |= item->letter != 0;
	if (keys > p->keys_cols)
		p->keys_cols = keys > 16 ? 16 : keys;
}

void picker_open(struct picker *p)
{
	p->shown = arena_alloc(&p->arena, p->n + 1, sizeof(*p->shown));
	p->scores = arena_alloc(&p->arena, p->n + 1, sizeof(*p->scores));
	match(p);
	sheet_open(p->sheet.console, &p->sheet);
}
