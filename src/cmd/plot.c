#include "config.h"

#include "cmd/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"

enum {
	AXIS_COLUMNS = 9, /* the numbers on the left, and the line beside them */
	LEAST_COLUMNS = 24,
	LEAST_ROWS = 5,
	DOTS_ACROSS = 2, /* of one braille character */
	DOTS_DOWN = 4,
	GAP_STEPS = 3,
};

#define HUGE_NUMBER 1e150

struct canvas {
	const struct plot *p;
	int columns, rows; /* of the area inside the axes */
	double low, high; /* what the axis spans */
	unsigned char *dots; /* owned: braille, one byte a cell */
	char *letters; /* owned: 0 is empty, '*' is several series */
};

/* --- the scale --- */

/* 1, 2 or 5 times a power of ten that is at least v. */
static double nice_above(double v)
{
	double power = pow(10, floor(log10(v)));
	static const double steps[] = {1, 2, 5, 10};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(steps) && steps[i] * power < v * (1 - 1e-12))
		i++;
	return steps[i] * power;
}

static void scale_find(struct canvas *c)
{
	double low = INFINITY, high = -INFINITY, step;

	for (size_t i = 0; i < c->p->n; i++) {
		const struct samples *s = &c->p->series[i].samples;

		for (size_t k = 0; k < s->n; k++) {
			/* What no scale can hold stands at its edge. */
			if (!(fabs(s->items[k].value) < HUGE_NUMBER))
				continue;
			low = fmin(low, s->items[k].value);
			high = fmax(high, s->items[k].value);
		}
	}
	if (!(low <= high))
		low = high = 0;
	/* From zero, unless what moves would be a line at the top. */
	if (low > 0 && low < 0.7 * high)
		low = 0;
	if (high < 0 && high > 0.7 * low)
		high = 0;
	/* What differs by rounding alone is one value. */
	if (high - low <= 1e-9 * fmax(fabs(low), fabs(high))) {
		high = low > 0 ? high : low + 1;
		low = fmin(low, 0);
	}
	step = nice_above((high - low) / 4);
	c->low = floor(low / step + 1e-9) * step;
	c->high = ceil(high / step - 1e-9) * step;
	if (!(c->high > c->low))
		c->high = c->low + step;
}

/* --- lines --- */

static void dot(struct canvas *c, int x, int y, char letter)
{
	static const unsigned char bits[DOTS_DOWN][DOTS_ACROSS] = {
		{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	int column = x / DOTS_ACROSS, row = y / DOTS_DOWN;
	size_t at = (size_t)row * (size_t)c->columns + (size_t)column;

	if (x < 0 || y < 0 || column >= c->columns || row >= c->rows)
		return;
	c->dots[at] |= bits[y % DOTS_DOWN][x % DOTS_ACROSS];
	c->letters[at] = c->letters[at] && c->letters[at] != letter ? '*' : letter;
}

static int x_of(const struct canvas *c, int64_t at)
{
	double span = (double)(c->p->to - c->p->from);

	if (span <= 0)
		return 0;
	return (int)lround(
		(double)(at - c->p->from) / span * (c->columns * DOTS_ACROSS - 1));
}

static int y_of(const struct canvas *c, double value)
{
	double share = (value - c->low) / (c->high - c->low);

	/* What is infinite stands at the edge: it is said in the legend. */
	share = fmin(fmax(share, 0), 1);
	return (int)lround((1 - share) * (c->rows * DOTS_DOWN - 1));
}

/* From one point to the next; a long way down is a line, not two dots. */
static void line(struct canvas *c, int x0, int y0, int x1, int y1, char letter)
{
	int dx = abs(x1 - x0), dy = abs(y1 - y0), most = dx > dy ? dx : dy;

	for (int i = 0; i <= most; i++)
		dot(c, x0 + (most ? (x1 - x0) * i / most : 0),
			y0 + (most ? (y1 - y0) * i / most : 0), letter);
}

static void series_draw(struct canvas *c, const struct samples *s, char letter)
{
	const struct sample *before = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct sample *now = &s->items[i];
		int x, y;

		if (isnan(now->value)) {
			before = NULL;
			continue;
		}
		x = x_of(c, now->at);
		y = y_of(c, now->value);
		if (before && now->at - before->at > GAP_STEPS * c->p->step_ns)
			before = NULL;
		line(c, before ? x_of(c, before->at) : x,
			before ? y_of(c, before->value) : y, x, y, letter);
		before = now;
	}
}

/* --- text --- */

void plot_number(struct strbuf *out, double v, const char *unit)
{
	static const char sizes[] = "kMGTPE";
	int size = -1;
	double shown = v;

	while (isfinite(v) && fabs(shown) >= (size < 0 ? 1e4 : 1e3) &&
		size < (int)sizeof(sizes) - 2) {
		shown /= 1000;
		size++;
	}
	if (isnan(v))
		strbuf_adds(out, "NaN");
	else if (isinf(v))
		strbuf_adds(out, v > 0 ? "+Inf" : "-Inf");
	else
		strbuf_addf(out, "%.4g", shown + 0.0); /* no -0 */
	if (size >= 0)
		strbuf_addc(out, sizes[size]);
	if (isfinite(v))
		strbuf_adds(out, unit);
}

static void add_padded(struct strbuf *out, const char *text, int columns)
{
	for (int i = text_width(text); i < columns; i++)
		strbuf_addc(out, ' ');
	strbuf_adds(out, text);
}

static void add_cell(struct strbuf *out, const struct canvas *c, size_t at)
{
	if (c->p->n > 1) {
		strbuf_addc(out, c->letters[at] ? c->letters[at] : ' ');
	} else if (!c->dots[at]) {
		strbuf_addc(out, ' ');
	} else if (text_is_utf8()) {
		text_encode(out, 0x2800u + c->dots[at]);
	} else {
		strbuf_addc(out, '*');
	}
}

static void trim(struct strbuf *out)
{
	while (out->len && out->buf[out->len - 1] == ' ')
		strbuf_truncate(out, out->len - 1);
	strbuf_addc(out, '\n');
}

static void rows_write(struct strbuf *out, const struct canvas *c)
{
	int last = c->rows - 1;

	for (int y = 0; y < c->rows; y++) {
		struct strbuf text = STRBUF_INIT;
		bool labelled = y == 0 || y == last || (last > 6 && y == last / 2);

		if (labelled)
			plot_number(&text,
				c->high - (c->high - c->low) * y / (last ? last : 1),
				c->p->unit);
		add_padded(out, text.buf, AXIS_COLUMNS - 2);
		strbuf_adds(out, labelled ? " +" : " |");
		for (int x = 0; x < c->columns; x++)
			add_cell(out, c, (size_t)y * (size_t)c->columns + (size_t)x);
		trim(out);
		strbuf_release(&text);
	}
}

static void times_write(struct strbuf *out, const struct canvas *c)
{
	struct strbuf from = STRBUF_INIT, to = STRBUF_INIT, middle = STRBUF_INIT;
	int64_t half = c->p->from + (c->p->to - c->p->from) / 2;
	int left, room;

	add_padded(out, "", AXIS_COLUMNS);
	for (int x = 0; x < c->columns; x++)
		strbuf_addc(out,
			x == 0 || x == c->columns / 2 || x == c->columns - 1 ? '+' : '-');
	strbuf_addc(out, '\n');
	time_human(&from, c->p->from, c->p->to, false);
	time_human(&middle, half, c->p->to, false);
	time_human(&to, c->p->to, c->p->to, false);
	left = AXIS_COLUMNS + text_width(from.buf);
	add_padded(out, "", AXIS_COLUMNS);
	strbuf_adds(out, from.buf);
	room = AXIS_COLUMNS + c->columns / 2 - text_width(middle.buf) / 2 - left;
	if (room > 0) {
		add_padded(out, "", room);
		strbuf_adds(out, middle.buf);
		left += room + text_width(middle.buf);
	}
	add_padded(out, to.buf, AXIS_COLUMNS + c->columns - left);
	trim(out);
	strbuf_release(&from);
	strbuf_release(&to);
	strbuf_release(&middle);
}

/* What comes from outside is made safe, and cut where the line ends. */
static void name_write(struct strbuf *out, const char *name, int columns)
{
	struct strbuf safe = STRBUF_INIT, plain = STRBUF_INIT;

	text_safe(&safe, name, strlen(name), false);
	if (text_is_utf8())
		strbuf_add(&plain, safe.buf, safe.len);
	else
		text_ascii(&plain, safe.buf);
	text_cut(out, plain.buf, columns, "~");
	strbuf_release(&safe);
	strbuf_release(&plain);
}

struct extent {
	double last, low, high; /* NAN: no data */
};

static struct extent extent_of(const struct samples *s)
{
	struct extent x = {NAN, NAN, NAN};

	for (size_t i = 0; i < s->n; i++) {
		double v = s->items[i].value;

		if (isnan(v))
			continue;
		x.last = v;
		x.low = fmin(x.low, v);
		x.high = fmax(x.high, v);
	}
	return x;
}

static void legend_write(struct strbuf *out, const struct plot *p, size_t i)
{
	struct extent x = extent_of(&p->series[i].samples);
	struct strbuf last = STRBUF_INIT, low = STRBUF_INIT, high = STRBUF_INIT;

	strbuf_addf(out, "%c  ", p->n > 1 ? (int)('a' + (int)i) : ' ');
	if (isnan(x.last)) {
		strbuf_addf(out, "%s  ", _("no data"));
	} else {
		plot_number(&last, x.last, p->unit);
		plot_number(&low, x.low, p->unit);
		plot_number(&high, x.high, p->unit);
		strbuf_addf(out, _("last %s, lowest %s, highest %s"), last.buf, low.buf,
			high.buf);
		strbuf_adds(out, "  ");
	}
	strbuf_release(&last);
	strbuf_release(&low);
	strbuf_release(&high);
}

static void legends_write(struct strbuf *out, const struct plot *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct strbuf text = STRBUF_INIT;
		int room;

		legend_write(&text, p, i);
		room = p->columns - text_width(text.buf);
		name_write(&text, p->series[i].name, room > 10 ? room : 10);
		trim(&text);
		strbuf_add(out, text.buf, text.len);
		strbuf_release(&text);
	}
}

void plot_draw(struct strbuf *out, const struct plot *p)
{
	int columns = p->columns < LEAST_COLUMNS ? LEAST_COLUMNS : p->columns;
	int rows = p->rows < LEAST_ROWS ? LEAST_ROWS : p->rows;
	struct canvas c = {.p = p, .columns = columns - AXIS_COLUMNS, .rows = rows - 2};
	struct strbuf title = STRBUF_INIT;
	size_t cells = (size_t)c.columns * (size_t)c.rows;

	c.dots = mem_new(cells, 1);
	c.letters = mem_new(cells, 1);
	if (p->title) {
		name_write(&title, p->title, columns);
		strbuf_addf(out, "%s\n", title.buf);
		strbuf_release(&title);
	}
	scale_find(&c);
	for (size_t i = 0; i < p->n; i++)
		series_draw(&c, &p->series[i].samples, (char)('a' + (int)i));
	rows_write(out, &c);
	times_write(out, &c);
	legends_write(out, p);
	free(c.dots);
	free(c.letters);
}
