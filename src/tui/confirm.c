#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "tui/doc.h"
#include "tui/edit.h"
#include "tui/sheet.h"

/* No letter that moves, looks, quits or means yes: none of these is typed ahead by habit. */
static const char letters[] = "bdfmprtvw";

struct asking {
	struct sheet sheet;
	enum question_kind kind;
	char *title, *name; /* owned */
	struct doc *body; /* owned */
	struct strbuf text; /* the body as given */
	int body_cols;
	struct doc_view view;
	int shown; /* lines of the body */
	struct edit edit;
	char letter;
	bool answered;
	confirm_fn *fn;
	void *ctx;
};

static const char *asking_title(struct sheet *s)
{
	return ((struct asking *)s)->title;
}

static void lay_out(struct asking *a, int cols)
{
	if (a->body_cols == cols)
		return;
	doc_clear(a->body);
	doc_set_columns(a->body, cols);
	doc_text(a->body, ROLE_TEXT, a->text.buf);
	a->body_cols = cols;
}

/* The question's own lines: what to press, or what to type and where. */
static int question_rows(const struct asking *a)
{
	return a->kind == QUESTION_NAME ? 2 : 1;
}

static int asking_rows(struct sheet *s, int cols, int most)
{
	struct asking *a = (struct asking *)s;
	int rows;

	lay_out(a, cols);
	rows = doc_lines(a->body) + question_rows(a) + 2;
	return rows < most ? rows : most;
}

/* A sentence with one %s in it, whose value is drawn as something to press or type. */
static void draw_sentence(
	const struct box *b, int y, const char *sentence, const char *value)
{
	const char *at = strstr(sentence, "%s");
	char *before =
		mem_strndup(sentence, at ? (size_t)(at - sentence) : strlen(sentence));
	int x = 2;

	x += box_text(b, y, x, b->cols - x, ROLE_STRONG, before);
	if (at) {
		x += box_text(b, y, x, b->cols - x, ROLE_KEY, value);
		box_text(b, y, x, b->cols - x, ROLE_STRONG, at + 2);
	}
	free(before);
}

static void draw_question(struct asking *a, const struct box *b, int y)
{
	char key[2] = {a->letter, 0};

	if (a->kind == QUESTION_LETTER) {
		draw_sentence(b, y, _("Press %s to do it, Esc to leave it."), key);
		box_cursor(b, y, 2, true);
		return;
	}
	draw_sentence(b, y, _("To do it, type %s"), a->name);
	box_text(b, y + 1, 2, 1, ROLE_KEY, ">");
	edit_draw(&a->edit, b, y + 1, 4, b->cols - 5, true);
}

/* The question is always in view; a long body scrolls above it. */
static void asking_draw(struct sheet *s, const struct box *b)
{
	struct asking *a = (struct asking *)s;
	int lines, room, own = question_rows(a);
	struct box body;

	lay_out(a, b->cols);
	lines = doc_lines(a->body);
	room = b->rows - own - (b->rows > lines + own);
	a->shown = lines < room ? lines : room > 0 ? room : 0;
	body = box_sub(b, 0, 0, a->shown, b->cols);
	doc_draw(a->body, &a->view, &body, false);
	if (a->view.top + a->shown < lines && a->shown)
		box_right(&body, a->shown - 1, b->cols - 6, 6, ROLE_KEY, _("more"));
	draw_question(a, b, a->shown + (b->rows > a->shown + own));
}

static void scroll(struct asking *a, bool down)
{
	a->view.cursor = down ? a->view.top + a->shown : a->view.top - 1;
	if (a->view.cursor < 0)
		a->view.cursor = 0;
}

static void answer(struct asking *a, bool yes)
{
	if (a->answered)
		return;
	a->answered = true;
	sheet_close(&a->sheet);
	a->fn(a->ctx, a->sheet.console, yes);
}

static void asking_event(struct sheet *s, const struct event *ev)
{
	struct asking *a = (struct asking *)s;

	if (ev->kind == EVENT_PASTE) {
		console_note(
			s->console, ROLE_ERROR, _("a paste cannot confirm: type it"));
		return;
	}
	if (ev->kind != EVENT_KEY)
		return;
	if (ev->key == K_UP || ev->key == K_DOWN) {
		scroll(a, ev->key == K_DOWN);
		return;
	}
	if (a->kind == QUESTION_LETTER) {
		/* A key that came in one piece with others was not read off this dialog. */
		if (ev->key == (unsigned char)a->letter && !ev->mods && ev->alone)
			answer(a, true);
		return;
	}
	if (ev->key == K_ENTER) {
		if (!strcmp(a->edit.text.buf, a->name))
			answer(a, true);
		else
			console_note(
				s->console, ROLE_ERROR, _("that is not %s"), a->name);
		return;
	}
	edit_event(&a->edit, ev);
}

static void asking_cancel(struct sheet *s)
{
	answer((struct asking *)s, false);
}

static void asking_free(struct sheet *s)
{
	struct asking *a = (struct asking *)s;

	if (!a->answered) {
		a->answered = true;
		a->fn(a->ctx, s->console, false);
	}
	doc_free(a->body);
	edit_release(&a->edit);
	strbuf_release(&a->text);
	free(a->title);
	free(a->name);
	free(a);
}

static const struct sheet_ops asking_ops = {
	.title = asking_title,
	.rows = asking_rows,
	.draw = asking_draw,
	.event = asking_event,
	.cancel = asking_cancel,
	.free = asking_free,
	.hints = N_("Esc leaves it undone  Up Down read on"),
	.holds = true,
	.guarded = true,
};

void console_confirm(
	struct console *c, const struct question *ask, confirm_fn *fn, void *ctx)
{
	struct asking *a = mem_new(1, sizeof(*a));

	a->sheet.ops = &asking_ops;
	a->kind = ask->kind;
	a->title = mem_strdup(ask->title.buf);
	a->name = mem_strdup(ask->name.buf);
	a->body = doc_new();
	strbuf_init(&a->text);
	strbuf_add(&a->text, ask->body.buf, ask->body.len);
	edit_init(&a->edit, NULL);
	a->letter = letters[(uint64_t)(clock_mono() / NS_PER_MS) % (sizeof(letters) - 1)];
	a->fn = fn;
	a->ctx = ctx;
	sheet_open(c, &a->sheet);
}
