#include "config.h"
#include "tui/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"

#define AXIS_COLUMNS 7

/* The plot of one chart: what is drawn right of the axis and above the times. */
struct plot {
	const struct chart *ch;
	struct box b;
	double top, bottom;
	double *levels; /* owned: one a dot column; NAN: a gap */
	int n; /* dot columns */
};

/* 1, 2 or 5 times a power of ten that is at least v. */
static double nice_above(double v)
{
	double power = pow(10, floor(log10(v)));

	if (v <= power)
		return power;
	if (v <= 2 * power)
		return 2 * power;
	return v <= 5 * power ? 5 * power : 10 * power;
}

static double chart_bottom(const struct chart *ch)
{
	double bottom = ch->bottom;

	for (size_t i = 0; i < ch->n; i++)
		if (isfinite(ch->points[i].value) && ch->points[i].value < bottom)
			bottom = ch->points[i].value;
	return bottom < ch->bottom ? ch->bottom - nice_above(ch->bottom - bottom)
				   : bottom;
}

static double chart_top(const struct chart *ch)
{
	double top = 0;

	for (size_t i = 0; i < ch->n; i++)
		if (isfinite(ch->points[i].value) && ch->points[i].value > top)
			top = ch->points[i].value;
	if (isfinite(ch->threshold) && ch->threshold > top)
		top = ch->threshold;
	if (isfinite(ch->second) && ch->second > top)
		top = ch->second;
	if (isfinite(ch->top) && ch->top >= top)
		return ch->top;
	return top > 0 ? nice_above(top) : 1;
}

/*
 * The highest value in each of n equal parts of the time axis: a spike must not vanish.  A part
 * without a point takes the last value, unless the gap is wider than points usually stand apart.
 */
static double *resample(const struct chart_point *points, size_t n_points, int64_t from,
	int64_t to, int n)
{
	double *out = mem_new((size_t)n, sizeof(*out));
	double last = NAN, step = (double)(to - from) / n;
	double usual = n_points > 1 ? (double)(to - from) / (double)n_points : 0;
	size_t i = 0;
	int64_t last_at = from;

	for (int k = 0; k < n; k++) {
		int64_t end = from + (int64_t)(step * (k + 1));
		double highest = NAN;

		for (; i < n_points && points[i].at <= end; i++) {
			last = points[i].value;
			last_at = points[i].at;
			if (points[i].at >= from && isfinite(last) && !(highest >= last))
				highest = last;
		}
		if (isnan(highest) && i < n_points &&
			(double)(end - last_at) < 3 * usual + step)
			highest = last;
		out[k] = highest;
	}
	return out;
}

static void put_cell(
	const struct plot *p, int y, int x, enum role role, unsigned dots, char ascii)
{
	char braille[4] = {
		(char)0xe2, (char)(0xa0 | (dots >> 6)), (char)(0x80 | (dots & 0x3f)), 0};
	char plain[2] = {ascii, 0};

	box_text(&p->b, y, x, 1, role, text_is_utf8() ? braille : plain);
}

/* Dots of a filled column, from the bottom up: 7 3 2 1 on the left, 8 6 5 4 on the right. */
static const unsigned left_dots[5] = {0, 0x40, 0x44, 0x46, 0x47};
static const unsigned right_dots[5] = {0, 0x80, 0xa0, 0xb0, 0xb8};

/* How many of the four dots of row y (from the top) a value fills. */
static int filled(const struct plot *p, double value, int y)
{
	int dots, below = (p->b.rows - 1 - y) * 4;

	if (!isfinite(value) || value < p->bottom)
		return value > 0 ? 4 : 0;
	dots = (int)((value - p->bottom) / (p->top - p->bottom) * p->b.rows * 4 + 0.5);
	if (value > p->bottom && !dots)
		dots = 1;
	dots -= below;
	return dots < 0 ? 0 : dots > 4 ? 4 : dots;
}

static enum role line_role(const struct plot *p)
{
	return p->ch->calm ? ROLE_STRONG : ROLE_THRESHOLD;
}

/* The row in which a value stands; -1: in none. */
static int row_of(const struct plot *p, double v)
{
	if (!isfinite(v) || v <= p->bottom || v > p->top)
		return -1;
	return p->b.rows - 1 -
		(int)((v - p->bottom) / (p->top - p->bottom) * p->b.rows * 0.9999);
}

static int column_of(const struct plot *p, int64_t at)
{
	double span = (double)(p->ch->to - p->ch->from);

	return span > 0 ? (int)((double)(at - p->ch->from) / span * (p->b.cols - 1) + 0.5)
			: 0;
}

/* The row of the guide in column x; -1: it is not there. */
static int guide_row(const struct plot *p, int x)
{
	const struct chart_point *a = &p->ch->guide_from, *b = &p->ch->guide_to;
	int from, to;

	if (!p->ch->guide)
		return -1;
	from = column_of(p, a->at);
	to = column_of(p, b->at);
	if (x < from || x > to || to <= from)
		return -1;
	return row_of(p, a->value + (b->value - a->value) * (x - from) / (to - from));
}

static void plot_draw(const struct plot *p)
{
	int line = row_of(p, p->ch->threshold), second = row_of(p, p->ch->second);

	for (int y = 0; y < p->b.rows; y++) {
		for (int x = 0; x < p->b.cols; x++) {
			int l = filled(p, p->levels[2 * x], y);
			int r = filled(p, p->levels[2 * x + 1], y);

			if (l || r)
				put_cell(p, y, x, p->ch->role,
					left_dots[l] | right_dots[r],
					l + r > 4           ? '#'
						: l + r > 2 ? ':'
							    : '.');
			else if (y == line)
				put_cell(p, y, x, line_role(p), 0x24, '-');
			else if (y == guide_row(p, x))
				put_cell(p, y, x, ROLE_DIM, 0x02, '.');
			else if (y == second && x % 2 == 0)
				put_cell(p, y, x, ROLE_DIM, 0x24, '-');
		}
	}
}

/* --- axes --- */

static void add_number(struct strbuf *out, double v, const char *unit)
{
	if (fabs(v) >= 100 || v == floor(v))
		strbuf_addf(out, "%.0f", v);
	else
		strbuf_addf(out, fabs(v) >= 10 ? "%.1f" : "%.2g", v);
	strbuf_adds(out, unit);
}

static void label(const struct box *b, int y, double v, const char *unit, enum role role)
{
	struct strbuf text = STRBUF_INIT;

	add_number(&text, v, unit);
	box_right(b, y, 0, AXIS_COLUMNS - 1, role, text.buf);
	strbuf_release(&text);
}

static void draw_labels(const struct plot *p, const struct box *b, int first)
{
	int line = row_of(p, p->ch->threshold), second = row_of(p, p->ch->second);

	label(b, first + p->b.rows - 1, p->bottom, p->ch->unit, ROLE_DIM);
	if (p->b.rows > 1)
		label(b, first, p->top, p->ch->unit, ROLE_DIM);
	if (second > 0 && second < p->b.rows - 1)
		label(b, first + second, p->ch->second, p->ch->unit, ROLE_DIM);
	if (line > 0 && line < p->b.rows - 1)
		label(b, first + line, p->ch->threshold, p->ch->unit, line_role(p));
}

/* A mark must be seen: a time that stands in its way is left out. */
static bool has_mark(const struct plot *p, int from, int to)
{
	for (size_t i = 0; i < p->ch->n_marks; i++) {
		int x = column_of(p, p->ch->marks[i]);

		if (x >= from && x < to)
			return true;
	}
	return false;
}

/* What happened at nearly the same time stands side by side, as far as there is room. */
static void draw_marks(const struct plot *p, const struct box *b, int y)
{
	int taken[CHART_MARKS];
	size_t n = 0;

	for (size_t i = 0; i < p->ch->n_marks && n < CHART_MARKS; i++) {
		char mark[2] = {p->ch->mark_names[i], 0};
		int x = column_of(p, p->ch->marks[i]);

		if (p->ch->marks[i] < p->ch->from || p->ch->marks[i] > p->ch->to)
			continue;
		for (size_t k = 0; k < n;)
			if (taken[k] == x && x < p->b.cols - 1) {
				x++;
				k = 0;
			} else {
				k++;
			}
		taken[n++] = x;
		box_text(b, y, AXIS_COLUMNS + x, 1, ROLE_KEY, mark);
	}
}

static void draw_times(const struct plot *p, const struct box *b, int y)
{
	struct strbuf text = STRBUF_INIT;
	int width;

	time_human(&text, p->ch->from, p->ch->to, p->ch->utc);
	width = draw_width(text.buf);
	if (!has_mark(p, 0, width))
		box_text(b, y, AXIS_COLUMNS, p->b.cols, ROLE_DIM, text.buf);
	strbuf_reset(&text);
	/* What ends later than now says on which day. */
	time_human(&text, p->ch->to, p->ch->guide ? p->ch->from : p->ch->to, p->ch->utc);
	width = draw_width(text.buf);
	if (!has_mark(p, p->b.cols - width, p->b.cols))
		box_right(b, y, AXIS_COLUMNS, p->b.cols, ROLE_DIM, text.buf);
	draw_marks(p, b, y);
	strbuf_release(&text);
}

void chart_spark(const struct box *b, int y, int x, int cols, enum role role,
	const struct chart_point *points, size_t n, int64_t from, int64_t to, double top)
{
	struct chart ch = {
		.points = points,
		.n = n,
		.from = from,
		.to = to,
		.threshold = NAN,
		.second = NAN,
		.top = top,
		.role = role,
	};
	struct plot p = {
		.ch = &ch, .b = box_sub(b, y, x, 1, cols), .top = chart_top(&ch)};

	if (b->plain || p.b.rows < 1 || p.b.cols < 1 || to <= from)
		return;
	p.n = 2 * p.b.cols;
	p.levels = resample(points, n, from, to, p.n);
	plot_draw(&p);
	free(p.levels);
}

void chart_draw(const struct chart *ch, const struct box *b)
{
	int first = ch->title ? 1 : 0;
	struct plot p = {.ch = ch, .top = chart_top(ch), .bottom = chart_bottom(ch)};

	if (ch->title)
		box_text(b, 0, 0, b->cols, ROLE_LABEL, ch->title);
	if (b->plain || b->cols < AXIS_COLUMNS + 4 || b->rows < 3) {
		struct strbuf words = STRBUF_INIT;

		chart_words(&words, ch);
		box_text(
			b, b->rows > first ? first : 0, 0, b->cols, ROLE_TEXT, words.buf);
		strbuf_release(&words);
		return;
	}
	p.b = box_sub(
		b, first, AXIS_COLUMNS, b->rows - first - 1, b->cols - AXIS_COLUMNS);
	p.n = 2 * p.b.cols;
	p.levels = resample(ch->points, ch->n, ch->from, ch->to, p.n);
	plot_draw(&p);
	draw_labels(&p, b, first);
	draw_times(&p, b, b->rows - 1);
	free(p.levels);
}

void chart_words(struct strbuf *out, const struct chart *ch)
{
	const struct chart_point *low = NULL, *high = NULL, *last = NULL;
	struct strbuf now = STRBUF_INIT, most = STRBUF_INIT, least = STRBUF_INIT;
	struct strbuf most_at = STRBUF_INIT, least_at = STRBUF_INIT;

	for (size_t i = 0; i < ch->n; i++) {
		const struct chart_point *point = &ch->points[i];

		if (!isfinite(point->value))
			continue;
		if (!low || point->value < low->value)
			low = point;
		if (!high || point->value > high->value)
			high = point;
		last = point;
	}
	if (!last) {
		strbuf_adds(out, _("no data"));
		return;
	}
	add_number(&now, last->value, ch->unit);
	add_number(&most, high->value, ch->unit);
	add_number(&least, low->value, ch->unit);
	time_human(&most_at, high->at, ch->to, ch->utc);
	time_human(&least_at, low->at, ch->to, ch->utc);
	strbuf_addf(out, _("now %s, highest %s at %s, lowest %s at %s"), now.buf,
		most.buf, most_at.buf, least.buf, least_at.buf);
	strbuf_release(&now);
	strbuf_release(&most);
	strbuf_release(&least);
	strbuf_release(&most_at);
	strbuf_release(&least_at);
}
