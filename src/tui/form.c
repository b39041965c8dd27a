#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "tui/edit.h"
#include "tui/sheet.h"

/* One field while it is being filled in. */
struct form_line {
	char *label, *help, *note; /* owned; help and note may be NULL */
	bool required, fixed;
	struct edit edit;
	char **choices; /* owned; n_choices 0: typed */
	char **titles; /* owned */
	size_t n_choices, choice;
};

struct form {
	struct sheet sheet;
	char *title; /* owned */
	struct form_line *lines; /* owned */
	size_t n, here;
	int label_cols;
	bool answered;
	form_fn *fn;
	void *ctx;
};

static const char *form_title(struct sheet *s)
{
	return ((struct form *)s)->title;
}

static int form_rows(struct sheet *s, int cols, int most)
{
	int rows = (int)((struct form *)s)->n + 2;

	(void)cols;
	return rows < most ? rows : most;
}

static void draw_choice(
	const struct form_line *l, const struct box *b, int y, int x, bool here)
{
	int used = x, before = x;
	size_t first = 0;

	/* Where the line is too short for all, the chosen one is the first that is seen. */
	for (size_t i = 0; i <= l->choice; i++)
		before += draw_width(l->titles[i]) + 2;
	if (before > b->cols)
		first = l->choice;
	for (size_t i = first; i < l->n_choices; i++) {
		enum role role = i == l->choice ? ROLE_TAB_HERE : ROLE_DIM;

		if (here && i == l->choice)
			box_cursor(b, y, used, true);
		used += box_text(b, y, used, b->cols - used, role, l->titles[i]) + 2;
	}
}

static void draw_fixed(const struct form_line *l, const struct box *b, int y, int x)
{
	x += box_text(b, y, x, b->cols - x, ROLE_TEXT, l->edit.text.buf) + 2;
	if (l->note && x < b->cols)
		box_textf(b, y, x, b->cols - x, ROLE_DIM, _("from %s"), l->note);
}

static void form_draw(struct sheet *s, const struct box *b)
{
	struct form *f = (struct form *)s;
	const char *help = f->lines[f->here].help;
	int room = b->rows - 2, top = (int)f->here >= room ? (int)f->here - room + 1 : 0;

	for (int y = 0; y < room && top + y < (int)f->n; y++) {
		const struct form_line *l = &f->lines[top + y];
		bool here = (size_t)(top + y) == f->here;
		int x = f->label_cols + 4;

		box_text(b, y, 0, 1, ROLE_KEY, here ? ">" : " ");
		box_text(b, y, 2, f->label_cols, here ? ROLE_STRONG : ROLE_LABEL,
			l->label);
		box_hit(b, y, 0, 1, b->cols, HIT_ITEM, (size_t)(top + y), NULL);
		if (l->fixed)
			draw_fixed(l, b, y, x);
		else if (l->n_choices)
			draw_choice(l, b, y, x, here);
		else
			edit_draw(&l->edit, b, y, x, b->cols - x - 1, here);
	}
	if (help && room + 1 < b->rows)
		box_text(b, room + 1, 2, b->cols - 2, ROLE_DIM, help);
}

static const char *line_value(const struct form_line *l)
{
	return l->n_choices ? l->choices[l->choice] : l->edit.text.buf;
}

static void submit(struct form *f)
{
	const char **values;

	for (size_t i = 0; i < f->n; i++) {
		if (f->lines[i].required && !f->lines[i].fixed &&
			!*line_value(&f->lines[i])) {
			f->here = i;
			console_note(f->sheet.console, ROLE_ERROR, _("%s is needed"),
				f->lines[i].label);
			return;
		}
	}
	values = mem_new(f->n + 1, sizeof(*values));
	for (size_t i = 0; i < f->n; i++)
		values[i] = line_value(&f->lines[i]);
	f->answered = true;
	sheet_close(&f->sheet);
	f->fn(f->ctx, f->sheet.console, values, f->n);
	free(values);
}

static bool choice_event(struct form_line *l, uint32_t key)
{
	if (!l->n_choices)
		return false;
	if (key == K_RIGHT || key == ' ')
		l->choice = (l->choice + 1) % l->n_choices;
	else if (key == K_LEFT)
		l->choice = (l->choice + l->n_choices - 1) % l->n_choices;
	return true;
}

/* The next line that is asked, that way round; at least one is. */
static size_t next_line(const struct form *f, size_t here, size_t by)
{
	do
		here = (here + by) % f->n;
	while (f->lines[here].fixed);
	return here;
}

static bool is_last(const struct form *f)
{
	return next_line(f, f->here, 1) <= f->here;
}

static void form_event(struct sheet *s, const struct event *ev)
{
	struct form *f = (struct form *)s;
	struct form_line *l = &f->lines[f->here];

	if (ev->kind == EVENT_KEY && ev->key == K_ENTER) {
		if (is_last(f))
			submit(f);
		else
			f->here = next_line(f, f->here, 1);
	} else if (ev->kind == EVENT_KEY && (ev->key == K_TAB || ev->key == K_DOWN)) {
		f->here = next_line(f, f->here, 1);
	} else if (ev->kind == EVENT_KEY && (ev->key == K_BACKTAB || ev->key == K_UP)) {
		f->here = next_line(f, f->here, f->n - 1);
	} else if (ev->kind != EVENT_KEY || !choice_event(l, ev->key)) {
		edit_event(&l->edit, ev);
	}
}

static void form_cancel(struct sheet *s)
{
	struct form *f = (struct form *)s;

	f->answered = true;
	f->fn(f->ctx, s->console, NULL, 0);
}

static void form_free(struct sheet *s)
{
	struct form *f = (struct form *)s;

	if (!f->answered)
		f->fn(f->ctx, s->console, NULL, 0);
	for (size_t i = 0; i < f->n; i++) {
		struct form_line *l = &f->lines[i];

		for (size_t k = 0; k < l->n_choices; k++) {
			free(l->choices[k]);
			free(l->titles[k]);
		}
		free(l->choices);
		free(l->titles);
		free(l->label);
		free(l->help);
		free(l->note);
		edit_release(&l->edit);
	}
	free(f->lines);
	free(f->title);
	free(f);
}

static const struct sheet_ops form_ops = {
	.title = form_title,
	.rows = form_rows,
	.draw = form_draw,
	.event = form_event,
	.cancel = form_cancel,
	.free = form_free,
	.hints =
		N_("Enter next, at the end go on  Tab move  Left Right choose  Esc back"),
	.holds = true,
};

static void line_init(struct form_line *l, const struct form_field *field)
{
	l->label = mem_strdup(field->label);
	l->help = mem_strdup(field->help);
	l->note = mem_strdup(field->note);
	l->required = field->required;
	l->fixed = field->fixed;
	edit_init(&l->edit, field->value);
	l->edit.secret = field->secret;
	l->n_choices = field->n_choices;
	l->choices = mem_new(field->n_choices + 1, sizeof(*l->choices));
	l->titles = mem_new(field->n_choices + 1, sizeof(*l->titles));
	for (size_t i = 0; i < field->n_choices; i++) {
		l->choices[i] = mem_strdup(field->choices[i].value);
		l->titles[i] = mem_strdup(field->choices[i].title);
		if (field->value && !strcmp(field->value, field->choices[i].value))
			l->choice = i;
	}
}

void console_form(struct console *c, const char *title, const struct form_field *fields,
	size_t n, form_fn *fn, void *ctx)
{
	struct form *f = mem_new(1, sizeof(*f));

	size_t asked = 0;

	for (size_t i = 0; i < n; i++)
		asked += !fields[i].fixed;
	if (!asked)
		bug("a form that asks nothing");
	f->sheet.ops = &form_ops;
	f->title = mem_strdup(title);
	f->lines = mem_new(n, sizeof(*f->lines));
	f->n = n;
	for (size_t i = 0; i < n; i++) {
		int width = draw_width(fields[i].label);

		line_init(&f->lines[i], &fields[i]);
		f->label_cols = width > f->label_cols ? width : f->label_cols;
	}
	f->here = next_line(f, n - 1, 1);
	if (f->label_cols > 28)
		f->label_cols = 28;
	f->fn = fn;
	f->ctx = ctx;
	sheet_open(c, &f->sheet);
}
