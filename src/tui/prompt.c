#include "config.h"

#include <stdlib.h>

#include "core/mem.h"
#include "tui/edit.h"
#include "tui/sheet.h"

struct prompt {
	struct sheet sheet;
	char *label; /* owned */
	struct edit edit;
	prompt_fn *changed, *done;
	void *ctx;
};

static void prompt_draw(struct sheet *s, const struct box *b)
{
	struct prompt *p = (struct prompt *)s;
	int used = box_text(b, 0, 0, b->cols / 2, ROLE_KEY, p->label);

	edit_draw(&p->edit, b, 0, used + 1, b->cols - used - 1, true);
}

static void prompt_event(struct sheet *s, const struct event *ev)
{
	struct prompt *p = (struct prompt *)s;

	if (ev->kind == EVENT_KEY && ev->key == K_ENTER) {
		sheet_close(s);
		p->done(p->ctx, s->console, p->edit.text.buf);
		return;
	}
	/* One backspace too many leaves the prompt, as in vi and less. */
	if (ev->kind == EVENT_KEY && ev->key == K_BACKSPACE && !p->edit.text.len) {
		p->done(p->ctx, s->console, NULL);
		sheet_close(s);
		return;
	}
	if (edit_event(&p->edit, ev) && p->changed)
		p->changed(p->ctx, s->console, p->edit.text.buf);
}

static void prompt_cancel(struct sheet *s)
{
	struct prompt *p = (struct prompt *)s;

	p->done(p->ctx, s->console, NULL);
}

static void prompt_free(struct sheet *s)
{
	struct prompt *p = (struct prompt *)s;

	edit_release(&p->edit);
	free(p->label);
	free(p);
}

static const struct sheet_ops prompt_ops = {
	.draw = prompt_draw,
	.event = prompt_event,
	.cancel = prompt_cancel,
	.free = prompt_free,
};

void prompt_open(struct console *c, const char *label, const char *text,
	prompt_fn *changed, prompt_fn *done, void *ctx)
{
	struct prompt *p = mem_new(1, sizeof(*p));

	p->sheet.ops = &prompt_ops;
	p->label = mem_strdup(label);
	edit_init(&p->edit, text);
	p->changed = changed;
	p->done = done;
	p->ctx = ctx;
	sheet_open(c, &p->sheet);
}
