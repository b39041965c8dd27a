#include "config.h"
#include "tui/panes/drift.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"
#include "store/drift.h"
#include "tui/console.h"

/*
 * Features by time: each column of a row is the largest value of its part of the span, as a share
 * of its limit.  Only what is on the screen is read.
 */

static const int64_t spans[] = {15 * NS_PER_MIN, NS_PER_HOUR, 6 * NS_PER_HOUR, NS_PER_DAY,
	7 * NS_PER_DAY, 30 * NS_PER_DAY};

#define FITTED_MAX 2 /* the longest that is taken unasked: 6h */

void drift_heat_title(struct drift_pane *mine)
{
	struct strbuf span = STRBUF_INIT;

	duration_format(&span, spans[mine->span]);
	/* TRANSLATORS: over a picture of values over time: "last 6h" */
	snprintf(mine->heat_title, sizeof(mine->heat_title), _("last %s"), span.buf);
	strbuf_release(&span);
}

void drift_fit_span(struct console *c, struct drift_pane *mine)
{
	struct err ignored = ERR_INIT;
	int64_t oldest = NONE_INT;

	if (mine->span_chosen)
		return;
	mine->span = FITTED_MAX;
	if (console_store(c) && drift_oldest(&oldest, console_store(c), &ignored) == 0 &&
		oldest != NONE_INT) {
		mine->span = 0;
		while (mine->span < FITTED_MAX &&
			console_now(c) - oldest > spans[mine->span])
			mine->span++;
	}
	drift_heat_title(mine);
	err_release(&ignored);
}

unsigned drift_next_span(struct console *c, struct pane *p, const struct action *a)
{
	struct drift_pane *mine = pane_data(p);

	(void)c, (void)a;
	mine->span = (mine->span + 1) % ARRAY_LEN(spans);
	mine->span_chosen = true;
	drift_heat_title(mine);
	return ACT_RELOAD;
}

/* What 1 is: the threshold, or, of tests by p-value, what chance alone stays under. */
static double limit_of(const struct drift_row *row)
{
	const struct drift_report *r = row->r;

	if (row->method && row->method->by_p)
		return r->noise > 0 ? r->noise : row->method->least_effect;
	return r->threshold;
}

/* A part without a value has the one before, unless that is too long ago. */
static void fill(struct drift_heat *h, const struct samples *s, int64_t from, int64_t to,
	double limit)
{
	double step = (double)(to - from) / h->cols, usual = step;
	size_t i = 0;
	double last = NAN;
	int64_t last_at = from;

	if (s->n > 1)
		usual = (double)(s->items[s->n - 1].at - s->items[0].at) /
			(double)(s->n - 1);
	for (int k = 0; k < h->cols; k++) {
		int64_t end = k + 1 < h->cols ? from + (int64_t)(step * (k + 1)) : to;
		double highest = NAN;

		for (; i < s->n && s->items[i].at <= end; i++) {
			last = s->items[i].value / limit;
			last_at = s->items[i].at;
			if (last_at >= from && !(highest >= last))
				highest = last;
		}
		if (isnan(highest) && (double)(end - last_at) < 2 * usual + step)
			highest = last;
		h->levels[k] = highest;
	}
}

static const struct drift_heat *heat_of(
	struct pane *p, const struct drift_row *row, int cols)
{
	const struct drift_pane *mine = pane_data(p);
	struct console *c = pane_console(p);
	const struct drift_report *r = row->r;
	struct drift_heat *h = row->heat;
	int64_t to = console_now(c), from = to - spans[mine->span];
	struct samples samples = {0};
	struct err ignored = ERR_INIT;

	if (h->cols == cols)
		return h;
	h->levels = arena_alloc(pane_arena(p), (size_t)cols, sizeof(*h->levels));
	h->cols = cols;
	if (console_store(c) &&
		drift_history(&samples, pane_arena(p), console_store(c), r->source,
			r->service, r->dataset, r->feature, from, to, (size_t)cols,
			&ignored))
		samples.n = 0;
	fill(h, &samples, from, to, limit_of(row));
	err_release(&ignored);
	return h;
}

/* The same characters everywhere, so that a legend serves all; colour only adds to them. */
static char level_mark(double level)
{
	static const char marks[] = ".:=";

	if (isnan(level))
		return ' ';
	if (level >= 1)
		return '#';
	return marks[level >= 2.0 / 3 ? 2 : level >= 1.0 / 3 ? 1 : 0];
}

void drift_heat_draw(struct pane *p, const void *data, const struct box *cell)
{
	const struct drift_row *row = data;
	const struct drift_heat *h;
	bool loud = row->verdict == DRIFT_DRIFTED || row->verdict == DRIFT_WATCH;

	if (cell->cols < 1)
		return;
	h = heat_of(p, row, cell->cols);
	for (int i = 0; i < cell->cols; i++) {
		double level = h->levels[i];
		enum role role = level >= 1 ? loud ? ROLE_TICKET : ROLE_STRONG
			: level >= 1.0 / 3  ? ROLE_CHART
					    : ROLE_DIM;

		if (!isnan(level))
			box_textf(cell, 0, i, 1, role, "%c", level_mark(level));
	}
}

/* In plain, and for filters, the picture says nothing: the rest of the row does. */
void drift_heat_cell(struct value *out, struct pane *p, const void *data)
{
	const struct drift_row *row = data;

	(void)p;
	if (row->r->computed != NONE_INT || row->r->value >= 0)
		strbuf_addc(&out->text, ' ');
}
