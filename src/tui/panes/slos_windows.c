#include "config.h"
#include "tui/panes/slos.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/duration.h"
#include "core/mem.h"
#include "tui/console.h"
#include "tui/situation.h"

/* The burn of each window beside its threshold: which windows, their bars, their marks. */

/* --- which windows have columns --- */

const struct burn_alert *slo_rule_of(
	const struct burn_alert *rules, size_t n, int64_t window_ns)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].long_ns == window_ns)
			return &rules[i];
	for (size_t i = 0; i < n; i++)
		if (rules[i].short_ns == window_ns)
			return &rules[i];
	return NULL;
}

struct window_count {
	int64_t window_ns;
	size_t n;
};

struct window_counts {
	struct window_count items[32];
	size_t n;
};

static void count_window(struct window_counts *w, int64_t window_ns)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->items[i].window_ns == window_ns) {
			w->items[i].n++;
			return;
		}
	if (w->n < ARRAY_LEN(w->items))
		w->items[w->n++] = (struct window_count){window_ns, 1};
}

static int by_count(const void *a, const void *b)
{
	const struct window_count *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return (x->window_ns > y->window_ns) - (x->window_ns < y->window_ns);
}

static int by_length(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The long windows that most objectives have, and the one that moves first. */
void slos_choose_windows(struct slos *mine, const struct rows *rows)
{
	struct window_counts counts = {.n = 0};

	for (size_t i = 0; i < rows->n; i++) {
		const struct slos_row *row = rows->items[i].data;
		int64_t shortest = 0;

		for (size_t k = 0; k < row->n_rules; k++) {
			count_window(&counts, row->rules[k].long_ns);
			if (!shortest || row->rules[k].short_ns < shortest)
				shortest = row->rules[k].short_ns;
		}
		if (shortest)
			count_window(&counts, shortest);
	}
	qsort(counts.items, counts.n, sizeof(counts.items[0]), by_count);
	mine->n = counts.n < SLOTS ? counts.n : SLOTS;
	for (size_t i = 0; i < mine->n; i++)
		mine->windows[i] = counts.items[i].window_ns;
	qsort(mine->windows, mine->n, sizeof(mine->windows[0]), by_length);
}

void slos_name_windows(struct slos *mine)
{
	struct strbuf first = STRBUF_INIT, last = STRBUF_INIT;

	for (size_t i = 0; i < SLOTS; i++) {
		strbuf_reset(&last);
		if (i < mine->n)
			duration_format(&last, mine->windows[i]);
		if (!i)
			strbuf_adds(&first, last.buf);
		snprintf(mine->titles[i], sizeof(mine->titles[i]), "%s",
			i < mine->n ? last.buf : "-");
	}
	if (mine->n)
		snprintf(mine->strip, sizeof(mine->strip), "%s-%s", mine->titles[0],
			mine->titles[mine->n - 1]);
	strbuf_release(&first);
	strbuf_release(&last);
}

void slos_fill_windows(const struct slos *mine, struct slos_row *row)
{
	const struct slo_state *s = &row->row->state;

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &row->slots[i];
		const struct burn_alert *rule;

		*slot = (struct slot){.burn = NAN, .factor = NAN};
		if (i >= mine->n)
			continue;
		slot->window_ns = mine->windows[i];
		rule = slo_rule_of(row->rules, row->n_rules, slot->window_ns);
		if (rule) {
			slot->factor = rule->factor;
			slot->severity = rule->severity;
		}
		for (size_t k = 0; s->at != NONE_INT && k < s->n_windows; k++)
			if (s->windows_ns[k] == slot->window_ns)
				slot->burn = s->burn[k];
	}
}

/* --- how a burn stands to its threshold --- */

bool slot_is_over(const struct slot *s)
{
	return s->burn > s->factor;
}

struct gauge slot_gauge(struct pane *p, const struct slot *s)
{
	return (struct gauge){
		.value = s->burn,
		.full = 1.5 * s->factor,
		.tick = s->factor,
		.over = console_theme(pane_console(p))->marks[s->severity],
		.role = slot_is_over(s) ? ROLE_THRESHOLD : ROLE_CHART,
		.over_role = severity_role(s->severity),
	};
}

void slos_cell_window(struct value *out, struct pane *p, const void *data)
{
	const struct slot *s =
		&((const struct slos_row *)data)->slots[*(const int *)out->column->about];

	if (!s->window_ns)
		return;
	burn_text(&out->text, s->burn);
	if (isnan(s->burn) || isnan(s->factor)) {
		out->role = isnan(s->burn) ? ROLE_DIM : ROLE_TEXT;
		return;
	}
	out->gauge = slot_gauge(p, s);
	if (slot_is_over(s))
		out->role = ROLE_STRONG;
}

/* --- the strip: all windows in one character each, for narrow windows --- */

/* How much of the threshold is reached: a third, two thirds, nearly; then its mark. */
static char strip_mark(struct pane *p, const struct slot *s)
{
	static const char levels[] = ".:=";
	double share;

	if (isnan(s->burn))
		return '?';
	if (isnan(s->factor))
		return '.';
	if (slot_is_over(s))
		return console_theme(pane_console(p))->marks[s->severity];
	share = s->burn / s->factor * 3;
	return levels[share >= 2 ? 2 : share >= 1 ? 1 : 0];
}

void slos_cell_strip(struct value *out, struct pane *p, const void *data)
{
	const struct slos *mine = pane_data(p);
	const struct slos_row *row = data;

	for (size_t i = 0; i < mine->n; i++)
		strbuf_addc(&out->text, strip_mark(p, &row->slots[i]));
}

void slos_draw_strip(struct pane *p, const void *data, const struct box *cell)
{
	const struct slos *mine = pane_data(p);
	const struct slos_row *row = data;

	for (size_t i = 0; i < mine->n; i++) {
		const struct slot *s = &row->slots[i];
		enum role role = isnan(s->burn) ? ROLE_DIM
			: slot_is_over(s)       ? severity_role(s->severity)
			: s->burn >= 1          ? ROLE_TEXT
						: ROLE_CHART;

		box_textf(cell, 0, (int)i, 1, role, "%c", strip_mark(p, s));
	}
}
