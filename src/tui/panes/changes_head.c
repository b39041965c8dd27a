#include "config.h"
#include "tui/panes/changes.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"
#include "tui/console.h"
#include "tui/situation.h"
#include "tui/suspect.h"

/*
 * What stands over and between the rows of the Changes pane: the suspects of the worst burn with
 * their reasons, an axis of time where there is room, the days, and where burns began.
 */

#define WIDE 120
#define HEAD_FROM_ROWS 7
#define REASONS_FROM_ROWS 15
#define AXIS_FROM_ROWS 30
#define LIKELIEST_ROWS 4
#define AXIS_NS NS_PER_DAY
#define AXIS_SPAN_MIN (10 * NS_PER_MIN)

/* --- suspects --- */

struct lines {
	const struct box *b;
	int y, end, x;
	enum role role;
	bool cut;
};

static void put_line(void *ctx, const char *line, size_t n)
{
	struct lines *to = ctx;

	if (to->y < to->end)
		box_textf(to->b, to->y++, to->x, to->b->cols - to->x - 1, to->role,
			"%.*s", (int)n, line);
	else
		to->cut = true;
}

/* In words, on at most `most` lines; returns the line after it. */
static int draw_reason(
	const struct box *b, int y, int x, int most, enum role role, const char *reason)
{
	struct lines to = {
		.b = b,
		.y = y,
		.x = x,
		.role = role,
		.end = y + most < b->rows ? y + most : b->rows,
	};
	struct strbuf safe = STRBUF_INIT;

	if (most == 1 && y < b->rows) {
		box_text(b, y, x, b->cols - x - 1, role, reason);
		return y + 1;
	}

	text_safe(&safe, reason, strlen(reason), false);
	text_wrap(safe.buf, b->cols - x - 1, put_line, &to);
	if (to.cut && to.y > y)
		box_text(b, to.y - 1, b->cols - 1, 1, role, "~");
	strbuf_release(&safe);
	return to.y;
}

static int draw_heading(struct pane *p, const struct box *b, const struct onset *o)
{
	struct console *c = pane_console(p);
	struct strbuf since = STRBUF_INIT, burn = STRBUF_INIT;

	console_time(c, &since, o->at);
	burn_text(&burn, o->burn);
	box_textf(b, 0, 1, b->cols - 2, severity_role(o->severity),
		_("%c %s burns %s since %s; suspects:"),
		console_theme(c)->marks[o->severity], o->slo, burn.buf, since.buf);
	strbuf_release(&since);
	strbuf_release(&burn);
	return 1;
}

/* How much is to be thought of it, in a word. */
static const char *rank_word(const struct suspects *s, size_t i)
{
	/* TRANSLATORS: a change that is suspected: the likeliest of those that fit */
	return i >= s->n_fits ? _("hardly") : i ? _("maybe") : _("likely");
}

static int draw_suspect(
	const struct box *b, int y, const struct suspects *s, size_t i, int most)
{
	bool likely = i == 0 && s->n_fits;
	enum role role = likely ? ROLE_STRONG : i < s->n_fits ? ROLE_TEXT : ROLE_DIM;
	int x = 4, word = b->cols >= 60 ? 8 : 0;

	if (y >= b->rows)
		return y;
	box_textf(b, y, 1, 1, likely ? ROLE_TICKET : ROLE_KEY, "%c", (int)('a' + i));
	if (word)
		box_text(b, y, x, word - 1, likely ? ROLE_TICKET : ROLE_DIM,
			rank_word(s, i));
	return draw_reason(b, y, x + word, most, role, s->items[i].reason);
}

/* What fits nobody must be told as plainly as what does. */
static int draw_none(const struct box *b, int y, const struct suspects *s)
{
	struct strbuf text = STRBUF_INIT;

	if (s->n_fits || !s->none)
		return y;
	strbuf_addf(&text, _("None fits: %s"), s->none);
	y = draw_reason(
		b, y, 1, b->rows >= REASONS_FROM_ROWS ? 2 : 1, ROLE_NO_DATA, text.buf);
	strbuf_release(&text);
	return y;
}

static int draw_suspects(struct pane *p, const struct box *b)
{
	const struct changes *mine = pane_data(p);
	const struct suspects *s = &mine->suspects;
	bool likely = s->n_fits, tall = b->rows >= AXIS_FROM_ROWS,
	     small = b->rows < REASONS_FROM_ROWS;
	size_t most = tall ? SUSPECTS_MAX : small ? 1 : 3;
	int y;

	if (!mine->n_onsets || b->rows < HEAD_FROM_ROWS)
		return 0;
	y = draw_none(b, draw_heading(p, b, &mine->onsets[0]), s);
	for (size_t i = 0; i < s->n && i < most; i++)
		if (!small || s->n_fits)
			y = draw_suspect(b, y, s, i,
				small                  ? 1
					: likely && !i ? LIKELIEST_ROWS
					: tall         ? 2
						       : 1);
	return small ? y : y + 1;
}

/* --- the axis: how much moved when, as one line of digits --- */

struct axis {
	int64_t from, to;
	int x, cols;
};

static int axis_x(const struct axis *ax, int64_t at)
{
	if (at < ax->from || at > ax->to)
		return -1;
	return ax->x +
		(int)((double)(at - ax->from) / (double)(ax->to - ax->from) *
			(ax->cols - 1));
}

static struct axis axis_of(struct pane *p, const struct box *b)
{
	const struct rows *rows = pane_rows(p);
	int64_t now = console_now(pane_console(p));
	struct axis ax = {now, now, 1, b->cols - 2};

	for (size_t i = 0; i < rows->n; i++) {
		int64_t at = ((const struct change_row *)rows->items[i].data)->change->at;

		if (at >= now - AXIS_NS && at < ax.from)
			ax.from = at;
	}
	if (ax.to - ax.from < AXIS_SPAN_MIN)
		ax.from = ax.to - AXIS_SPAN_MIN;
	return ax;
}

static void draw_counts(struct pane *p, const struct box *b, const struct axis *ax)
{
	const struct rows *rows = pane_rows(p);
	int *counts = mem_new((size_t)b->cols + 1, sizeof(*counts));
	char *letters = mem_new((size_t)b->cols + 1, 1);

	for (size_t i = 0; i < rows->n; i++) {
		const struct change_row *row = rows->items[i].data;
		int x = axis_x(ax, row->change->at);

		if (x < 0)
			continue;
		counts[x]++;
		if (row->letter && (!letters[x] || row->letter < letters[x]))
			letters[x] = row->letter;
	}
	for (int x = ax->x; x < ax->x + ax->cols; x++) {
		if (letters[x])
			box_textf(b, 0, x, 1, letters[x] == 'a' ? ROLE_TICKET : ROLE_KEY,
				"%c", letters[x]);
		else if (counts[x])
			box_textf(b, 0, x, 1, ROLE_CHART, "%c",
				counts[x] > 9 ? '+' : '0' + counts[x]);
		else
			box_text(b, 0, x, 1, ROLE_DIM, ".");
	}
	free(counts);
	free(letters);
}

static void draw_labels(struct pane *p, const struct box *b, const struct axis *ax)
{
	const struct changes *mine = pane_data(p);
	struct strbuf text = STRBUF_INIT;
	bool late = false;
	int used, x;

	console_time(pane_console(p), &text, ax->from);
	used = ax->x + box_text(b, 1, ax->x, b->cols, ROLE_DIM, text.buf) + 1;
	for (size_t i = mine->n_onsets; i-- > 0;) {
		x = axis_x(ax, mine->onsets[i].at);
		if (x < 0)
			continue;
		late |= x > ax->x + ax->cols - 8;
		strbuf_reset(&text);
		strbuf_addc(&text, '^');
		/* Where the label would run into another the mark alone stands. */
		if (!i && x > used && x + 8 < ax->x + ax->cols - 4)
			strbuf_adds(&text, _(" burns"));
		box_text(b, 1, x, ax->x + ax->cols - x,
			severity_role(mine->onsets[i].severity), text.buf);
	}
	if (!late)
		box_right(b, 1, ax->x, ax->cols, ROLE_DIM, _("now"));
	strbuf_release(&text);
}

static int draw_axis(struct pane *p, const struct box *b)
{
	struct axis ax;

	if (b->plain || b->rows < HEAD_FROM_ROWS || b->cols < WIDE || !pane_rows(p)->n)
		return 0;
	ax = axis_of(p, b);
	draw_counts(p, b, &ax);
	draw_labels(p, b, &ax);
	return 3;
}

int changes_head(struct pane *p, const struct box *b)
{
	int used = draw_suspects(p, b);
	struct box rest = box_sub(b, used, 0, b->rows - used, b->cols);

	return used + (b->rows >= AXIS_FROM_ROWS ? draw_axis(p, &rest) : 0);
}

/* --- lines between rows --- */

static int64_t time_of(const void *data)
{
	return ((const struct change_row *)data)->change->at;
}

/* The rows run from new to old: what begins between two of them stands there. */
static bool begins_between(const struct onset *o, const void *above, const void *below)
{
	return o->at >= time_of(below) && (!above || o->at < time_of(above));
}

static bool new_day(
	struct pane *p, const void *above, const void *below, struct value *out)
{
	struct console *c = pane_console(p);
	struct strbuf ignored = STRBUF_INIT;
	int before = console_day(c, &ignored, above ? time_of(above) : console_now(c));
	int after = console_day(c, &out->text, time_of(below));

	strbuf_release(&ignored);
	if (before == after)
		strbuf_reset(&out->text);
	return before != after;
}

static void onset_text(struct pane *p, const struct onset *o, struct value *out)
{
	struct console *c = pane_console(p);
	struct strbuf when = STRBUF_INIT;

	console_time(c, &when, o->at);
	strbuf_addf(&out->text, _("%c  %s  %s began to burn"),
		console_theme(c)->marks[o->severity], when.buf, o->slo);
	out->role = severity_role(o->severity);
	strbuf_release(&when);
}

bool changes_divide(
	struct pane *p, const void *above, const void *below, int i, struct value *out)
{
	const struct changes *mine = pane_data(p);

	for (size_t k = 0; k < mine->n_onsets; k++)
		if (begins_between(&mine->onsets[k], above, below) && i-- == 0) {
			onset_text(p, &mine->onsets[k], out);
			return true;
		}
	return i == 0 && new_day(p, above, below, out);
}
