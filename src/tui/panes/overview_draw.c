#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "tui/console.h"
#include "tui/panes/overview.h"

#define TWO_COLUMNS 140
#define LEAD 11 /* mark and word, or the time of a change */
#define LINES_MAX 400
#define CHART_LEAST 7
#define SOURCE_FROM_COLS 100
#define CHART_MOST 16

static const char *const section_titles[SECTIONS] = {
	[SECTION_OBJECTIVES] = N_("Objectives"),
	[SECTION_ALERTS] = N_("Alerts"),
	[SECTION_CHANGES] = N_("Changes"),
	[SECTION_DRIFT] = N_("Drift"),
	[SECTION_SESSIONS] = N_("Sessions"),
	[SECTION_SOURCES] = N_("Sources"),
};

/* One line of a column: a heading, an item, or nothing. */
struct flow_line {
	enum section section; /* a heading; NONE: not */
	const struct item *item;
	size_t row;
};

struct flow {
	struct flow_line lines[LINES_MAX];
	int n;
};

/* Columns from the right edge; 0: left out. */
struct layout {
	int age, left, budget, bar, figure;
	int name[SECTIONS];
};

/* --- what stands where --- */

static void flow_add(struct flow *f, struct flow_line line)
{
	if (f->n < LINES_MAX)
		f->lines[f->n++] = line;
}

/* As many blank lines between sections as there is room for. */
static void flow_sections(
	struct flow *f, struct pane *p, enum section from, enum section to, int room)
{
	const struct row **rows;
	size_t n = pane_visible(p, &rows);
	int spare = room - (int)(to - from) - 1;

	for (size_t i = 0; i < n; i++) {
		enum section s = ((const struct item *)rows[i]->data)->section;

		spare -= s >= from && s <= to;
	}
	for (enum section s = from; s <= to; s++) {
		if (!((struct overview *)pane_data(p))->summary[s])
			continue;
		if (f->n && spare-- > 0)
			flow_add(f, (struct flow_line){0});
		flow_add(f, (struct flow_line){.section = s});
		for (size_t i = 0; i < n; i++) {
			const struct item *item = rows[i]->data;

			if (item->section == s)
				flow_add(f, (struct flow_line){.item = item, .row = i});
		}
	}
}

static int widest(int width, const char *text, int most)
{
	int w = text ? draw_width(text) : 0;

	w = w > most ? most : w;
	return w > width ? w : width;
}

/* Sections of which the figure is a time: since when. */
static bool has_since(enum section s)
{
	return s == SECTION_ALERTS || s == SECTION_DRIFT;
}

static struct layout lay_out(const struct flow *f, int cols)
{
	struct layout l = {.age = 4, .left = 4, .figure = 4};
	int room;

	for (int i = 0; i < f->n; i++) {
		const struct item *item = f->lines[i].item;

		if (!item)
			continue;
		l.age = widest(l.age, item->age, 12);
		l.name[item->section] =
			widest(l.name[item->section], item->name, cols / 2);
		if (item->section == SECTION_OBJECTIVES) {
			l.figure = widest(l.figure, item->figure, 8);
			l.left = widest(l.left, item->left, 7);
			l.budget = 5;
		} else if (has_since(item->section)) {
			l.figure = widest(l.figure, item->figure, 8);
		}
	}
	room = cols - LEAD - l.age - 2 - l.name[SECTION_OBJECTIVES] - l.figure - 4;
	if (room < l.left + l.budget + 6)
		l.left = 0;
	if (room < l.left + l.budget + 4)
		l.budget = 0;
	room -= l.left + l.budget + 6;
	if (room >= 8 && l.budget)
		l.bar = room > 20 ? 20 : room;
	return l;
}

/* --- drawing --- */

static int put_right(
	const struct box *b, int y, int end, int width, enum role role, const char *text)
{
	if (!width)
		return end;
	if (text && *text)
		box_right(b, y, end - width, width, role, text);
	return end - width - 2;
}

static void draw_objective(const struct item *item, const struct layout *l,
	const struct box *b, int y, int end)
{
	char budget[16] = "-";
	bool stale = item->age_role == ROLE_STALE, bad = item->severity >= SEV_TICKET;
	enum role text = stale ? ROLE_STALE : ROLE_TEXT;
	enum role figure = stale ? ROLE_STALE : bad ? ROLE_STRONG : ROLE_TEXT;

	if (!isnan(item->budget))
		snprintf(budget, sizeof(budget), "%.0f %%", item->budget * 100);
	end = put_right(b, y, end, l->left, text, item->left);
	end = put_right(
		b, y, end, l->budget, item->budget <= 0 ? ROLE_ERROR : text, budget);
	if (l->bar && !isnan(item->budget))
		box_bar(b, y, end - l->bar, l->bar, bad ? ROLE_THRESHOLD : ROLE_CHART,
			item->budget);
	end -= l->bar ? l->bar + 2 : 0;
	end = put_right(b, y, end, l->figure, figure, item->figure);
	box_text(b, y, LEAD, end - LEAD, ROLE_STRONG,
		draw_width(item->name) > end - LEAD ? item->brief : item->name);
}

static void draw_other(const struct item *item, const struct layout *l,
	const struct box *b, int y, int end)
{
	int x = LEAD, name = l->name[item->section];

	if (has_since(item->section))
		end = put_right(b, y, end, l->figure, ROLE_TEXT, item->figure);
	name = name < end - LEAD ? name : end - LEAD;
	box_text(b, y, x, name, ROLE_STRONG, item->name);
	x += name + 2;
	if (item->note && end - x > 4)
		box_text(b, y, x, end - x, item->note_role, item->note);
}

static void draw_item(struct pane *p, const struct item *item, const struct layout *l,
	const struct box *b, int y)
{
	const struct theme *theme = console_theme(pane_console(p));
	int end = b->cols - 1;

	if (item->section == SECTION_CHANGES)
		box_textf(b, y, 1, LEAD - 1, ROLE_DIM, "%s", item->figure);
	else
		box_textf(b, y, 1, LEAD - 2,
			item->mark ? item->mark_role : severity_role(item->severity),
			"%c %s", item->mark ? item->mark : theme->marks[item->severity],
			item->word);
	if (item->section != SECTION_CHANGES)
		end = put_right(b, y, end, l->age, item->age_role, item->age);
	else if (item->age && b->cols >= SOURCE_FROM_COLS)
		end = put_right(b, y, end, draw_width(item->age), ROLE_DIM, item->age);
	if (item->section == SECTION_OBJECTIVES)
		draw_objective(item, l, b, y, end);
	else
		draw_other(item, l, b, y, end);
}

/* What the figures below are; returns where the labels begin. */
static int draw_labels(enum section s, const struct layout *l, const struct box *b, int y)
{
	int end = b->cols - 1;

	if ((s != SECTION_OBJECTIVES && !has_since(s)) || !l->name[s])
		return end;
	end = put_right(b, y, end, l->age, ROLE_LABEL, _("age"));
	if (has_since(s))
		/* TRANSLATORS: over times: how long the alert has been firing */
		return put_right(b, y, end, l->figure, ROLE_LABEL, _("for"));
	/* TRANSLATORS: over times: when the error budget will be used up, at this rate */
	end = put_right(b, y, end, l->left, ROLE_LABEL, _("gone"));
	/* TRANSLATORS: over percentages: what is left of the error budget */
	end = put_right(b, y, end, l->budget, ROLE_LABEL, _("left"));
	end -= l->bar ? l->bar + 2 : 0;
	return put_right(b, y, end, l->figure, ROLE_LABEL, _("burn"));
}

static void draw_heading(struct pane *p, enum section s, const struct layout *l,
	const struct box *b, int y)
{
	struct overview *o = pane_data(p);
	int x = 1, end = draw_labels(s, l, b, y);

	x += box_text(b, y, x, b->cols - x, ROLE_HEADING, _(section_titles[s])) + 2;
	if (x < LEAD + 2)
		x = LEAD + 2;
	box_text(b, y, x, end - x, ROLE_DIM, o->summary[s]);
}

/* As in a table: what names the item, not all of it. */
static int naming_columns(const struct item *item, const struct layout *l, int cols)
{
	int end = LEAD + l->name[item->section] + 1;

	return end < cols ? end : cols;
}

/* Draws from line top on; returns the line with the cursor, or -1. */
static int draw_flow(
	struct pane *p, const struct flow *f, const struct box *b, int top, bool focus)
{
	struct layout l = lay_out(f, b->cols);
	int found = -1;

	for (int i = 0; i < f->n; i++) {
		const struct flow_line *line = &f->lines[i];
		bool here = line->item && line->row == pane_cursor(p);
		int y = i - top;

		if (here)
			found = i;
		if (y < 0 || y >= b->rows)
			continue;
		if (line->section)
			draw_heading(p, line->section, &l, b, y);
		if (!line->item)
			continue;
		draw_item(p, line->item, &l, b, y);
		box_hit(b, y, 0, 1, b->cols, HIT_ROW, line->row, NULL);
		if (here)
			box_select(b, y, 0, naming_columns(line->item, &l, b->cols));
		if (here && focus)
			box_cursor(b, y, 1, false);
	}
	return found;
}

static int line_of_cursor(struct pane *p, const struct flow *f)
{
	for (int i = 0; i < f->n; i++)
		if (f->lines[i].item && f->lines[i].row == pane_cursor(p))
			return i;
	return -1;
}

static int scroll_to(struct pane *p, const struct flow *f, int rows)
{
	struct overview *o = pane_data(p);
	int line = line_of_cursor(p, f);

	if (line >= 0 && o->top > line)
		o->top = line;
	/* The heading of the first row is worth seeing with it. */
	if (line == 1)
		o->top = 0;
	if (line >= o->top + rows)
		o->top = line - rows + 1;
	if (o->top > f->n - rows)
		o->top = f->n > rows ? f->n - rows : 0;
	return o->top;
}

static int draw_headline(struct pane *p, const struct box *b)
{
	struct overview *o = pane_data(p);
	const struct theme *theme = console_theme(pane_console(p));
	size_t most = b->rows >= 16 ? o->n_headline : b->rows >= 8 ? 1 : 0;
	int y = 0;

	for (size_t i = 0; i < o->n_headline && i < most; i++, y++) {
		if (i == 0) {
			int x = 1;

			x += box_textf(b, y, x, b->cols - 2, severity_role(o->severity),
				"%c %s", theme->marks[o->severity], o->alarm);
			box_text(b, y, x + 2, b->cols - x - 2, ROLE_STRONG,
				o->headline[i]);
		} else
			box_text(b, y, 3, b->cols - 4,
				i + 1 == o->n_headline ? ROLE_DIM : ROLE_TEXT,
				o->headline[i]);
	}
	return y && b->rows >= 16 ? y + 1 : y;
}

/* What is left below the sections shows the worst objectives over time. */
static void draw_charts(struct pane *p, const struct box *b, int used)
{
	struct overview *o = pane_data(p);
	int rows = b->rows - used - 1, n = (int)o->n_charts, each;

	if (n > rows / CHART_LEAST)
		n = rows / CHART_LEAST;
	if (n < 1 || b->plain)
		return;
	each = rows / n > CHART_MOST ? CHART_MOST : rows / n;
	for (int i = 0; i < n; i++) {
		struct box area =
			box_sub(b, used + 1 + i * each, 1, each - (n > 1), b->cols - 2);

		chart_draw(&o->charts[i], &area);
	}
}

static void draw_two(struct pane *p, struct flow *left, const struct box *b, bool focus)
{
	struct flow *right = left + 1;
	struct box l = box_sub(b, 0, 0, b->rows, b->cols / 2 - 2);
	struct box r = box_sub(b, 0, b->cols / 2 + 1, b->rows, b->cols - b->cols / 2 - 1);
	int line;

	flow_sections(left, p, SECTION_OBJECTIVES, SECTION_ALERTS, l.rows);
	flow_sections(right, p, SECTION_CHANGES, SECTION_SOURCES, r.rows);
	line = line_of_cursor(p, left);
	draw_flow(p, left, &l, line >= l.rows ? line - l.rows + 1 : 0, focus);
	line = line_of_cursor(p, right);
	draw_flow(p, right, &r, line >= r.rows ? line - r.rows + 1 : 0, focus);
	draw_charts(p, b, left->n > right->n ? left->n : right->n);
}

void overview_draw(struct pane *p, const struct box *whole, bool focus)
{
	struct flow *flows = mem_new(2, sizeof(*flows));
	int used = draw_headline(p, whole);
	struct box b = box_sub(whole, used, 0, whole->rows - used, whole->cols);

	if (whole->cols >= TWO_COLUMNS && !whole->plain) {
		draw_two(p, flows, &b, focus);
	} else {
		flow_sections(flows, p, SECTION_OBJECTIVES, SECTION_SOURCES, b.rows);
		draw_flow(p, flows, &b, scroll_to(p, flows, b.rows), focus);
		draw_charts(p, &b, flows->n);
	}
	if (whole->grid->cursor_y < 0)
		box_cursor(whole, 0, 0, false);
	free(flows);
}
