#include "config.h"

#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "tui/console_state.h"
#include "tui/panes/panes.h"

#define TABS_FROM_ROWS 12
#define BAR_FROM_ROWS 7
#define COUNTS_BELOW_ROWS 7
#define COUNTS_BELOW_COLS 32

/* --- the top line --- */

/* brief: without the service, where the figure would be cut off. */
static void worst_text(struct console *c, struct strbuf *out, bool brief)
{
	const struct situation *s = &c->situation;
	const struct slo_row *row = s->n_slos ? s->slos[0] : NULL;
	enum severity worst = situation_worst(s);

	strbuf_addf(out, "%c ", c->theme.marks[worst]);
	if (row && row->state.severity >= SEV_TICKET) {
		if (!brief)
			strbuf_addf(out, "%s/", row->slo.service);
		strbuf_addf(out, "%s ", row->slo.name);
		burn_text(out, slo_burn_now(&row->state));
		if (slo_is_stale(c, row))
			strbuf_addf(out, " (%s)", _("stale"));
	} else if (worst >= SEV_TICKET) {
		strbuf_addf(out,
			ngettext("%zu alert fires", "%zu alerts fire", s->firing),
			s->firing);
	} else if (worst == SEV_OK) {
		strbuf_adds(out, _("all is well"));
	} else {
		strbuf_adds(out, _("nothing is known yet"));
	}
}

static int put_right(
	const struct box *b, int end, int least, enum role role, const char *text)
{
	int width = draw_width(text);

	if (end - width < least)
		return end;
	box_text(b, 0, end - width, width, role, text);
	return end - width - 2;
}

static int draw_right(struct console *c, const struct box *b, enum role role, int least)
{
	struct strbuf text = STRBUF_INIT;
	int end = b->cols - 1;

	time_human(&text, clock_now(), clock_now(), c->utc);
	if (c->low_bandwidth && text.len > 3)
		strbuf_truncate(&text, text.len - 3);
	end = put_right(b, end, least, role, text.buf);
	strbuf_reset(&text);
	if (c->situation.watching != NONE_INT) {
		int64_t watched = console_now(c) - c->situation.watching;
		struct strbuf span = STRBUF_INIT;

		if (watched < NS_PER_MIN)
			strbuf_adds(&span, "<1m");
		else
			duration_short(&span, watched - watched % NS_PER_MIN);
		strbuf_addf(&text, _("watching %s"), span.buf);
		strbuf_release(&span);
		end = put_right(b, end, least, role, text.buf);
	}
	strbuf_release(&text);
	return end;
}

static int draw_context(struct console *c, const struct box *b)
{
	const char *name = c->context ? c->context->name : _("no context");
	int used;

	if (b->cols < 12)
		return grid_put(b->grid, b->y, b->x, b->x + b->cols, ROLE_CONTEXT, name,
			strlen(name));
	used = box_text(b, 0, 0, 1, ROLE_CONTEXT, " ");
	used += box_text(b, 0, used, b->cols - 2, ROLE_CONTEXT, name);
	used += box_text(b, 0, used, 1, ROLE_CONTEXT, " ");
	if (c->context && c->context->read_only)
		used += box_text(b, 0, used + 1, b->cols, ROLE_NOTE, _("read-only")) + 1;
	return used + 1;
}

static void draw_past(struct console *c, const struct box *b, int x)
{
	struct strbuf when = STRBUF_INIT, age = STRBUF_INIT;

	console_time(c, &when, c->at);
	duration_short(&age, clock_now() - c->at);
	box_textf(b, 0, x, b->cols - x, ROLE_PAST,
		_("AS IT WAS %s, %s ago; Esc: back to now"), when.buf, age.buf);
	strbuf_release(&when);
	strbuf_release(&age);
}

static void draw_top(struct console *c, const struct box *b)
{
	struct strbuf worst = STRBUF_INIT;
	enum role bar = c->at == AT_NOW ? ROLE_BAR : ROLE_PAST;
	enum severity severity = situation_worst(&c->situation);
	int x, end;

	box_fill(b, 0, 0, 1, b->cols, bar);
	x = draw_context(c, b);
	if (c->at != AT_NOW) {
		draw_past(c, b, x);
		return;
	}
	worst_text(c, &worst, false);
	end = draw_right(c, b, bar, x + 24);
	if (draw_width(worst.buf) > end - x) {
		strbuf_reset(&worst);
		worst_text(c, &worst, true);
	}
	box_text(b, 0, x, end - x, severity_role(severity), worst.buf);
	strbuf_release(&worst);
}

/* --- the names of the panes --- */

/* Columns that the tabs take with the names of the first `named` of them. */
static int tabs_width(struct console *c, int named, int gap)
{
	int width = 1 - gap;

	for (int i = 0; pane_table[i]; i++) {
		bool here = pane_table[i] == console_front_pane(c)->ops;

		if (!pane_table[i]->key && !here)
			continue;
		width += (pane_table[i]->key != 0) + gap;
		if (named-- > 0 || here)
			width += (pane_table[i]->key != 0) +
				draw_width(_(pane_table[i]->title));
	}
	return width;
}

static int tabs_count(struct console *c)
{
	int n = 0;

	for (int i = 0; pane_table[i]; i++)
		n += pane_table[i]->key || pane_table[i] == console_front_pane(c)->ops;
	return n;
}

static void draw_tabs(struct console *c, const struct box *b)
{
	const struct pane_ops *here = console_front_pane(c)->ops;
	int named = tabs_count(c), gap = tabs_width(c, named, 2) <= b->cols ? 2 : 1,
	    x = 1;

	while (named > 0 && tabs_width(c, named, gap) > b->cols)
		named--;
	for (int i = 0; pane_table[i]; i++) {
		const struct pane_ops *ops = pane_table[i];
		enum role role = ops == here ? ROLE_TAB_HERE : ROLE_TAB;
		int begin = x;

		if (!ops->key && ops != here)
			continue;
		if (ops->key)
			x += box_textf(b, 0, x, 2, role, "%c", ops->key);
		if (named-- > 0 || ops == here)
			x += box_text(b, 0, x + (ops->key != 0), b->cols, role,
				     _(ops->title)) +
				(ops->key != 0);
		box_hit(b, 0, begin, 1, x - begin, HIT_TAB, (size_t)i, NULL);
		x += gap;
	}
}

int pane_of_key(uint32_t key)
{
	for (int i = 0; pane_table[i]; i++)
		if (pane_table[i]->key && key == (uint32_t)pane_table[i]->key)
			return i;
	return -1;
}

/* --- the bottom line --- */

struct bar {
	const struct box *b;
	int x, end;
	bool always; /* this round: only what always stands there */
	int reserved; /* columns that those take */
};

static int bar_width(const struct action *a, struct strbuf *key)
{
	size_t n = strcspn(a->keys, " ");
	unsigned mods;
	uint32_t first = key_parse(a->keys, n, &mods);

	key_text(key, first, mods);
	return draw_width(key->buf) + 1 + draw_width(_(a->title));
}

static bool bar_reserve(void *ctx, const struct action *a)
{
	struct bar *bar = ctx;
	struct strbuf key = STRBUF_INIT;

	if (a->keys && (a->flags & ACTION_ALWAYS))
		bar->reserved += bar_width(a, &key) + 2;
	strbuf_release(&key);
	return false;
}

static bool bar_add(void *ctx, const struct action *a)
{
	struct bar *bar = ctx;
	struct strbuf key = STRBUF_INIT;
	int width;

	if (!(a->flags & ACTION_BAR) || !a->keys ||
		((a->flags & ACTION_ALWAYS) != 0) != bar->always)
		return false;
	width = bar_width(a, &key);
	if (bar->x + width <= bar->end) {
		int x = bar->x;

		x += box_text(bar->b, 0, x, bar->b->cols, ROLE_KEY, key.buf) + 1;
		box_text(bar->b, 0, x, bar->b->cols, ROLE_DIM, _(a->title));
		box_hit(bar->b, 0, bar->x, 1, width, HIT_ACTION, 0, a);
		bar->x += width + 2;
	}
	strbuf_release(&key);
	return false;
}

/* from: what stands left of it already. */
static void draw_hints(struct console *c, const struct box *b, int from)
{
	struct bar bar = {.b = b, .x = from};
	struct pane *p = console_front_pane(c);

	action_each(c, p, false, bar_reserve, &bar);
	bar.end = b->cols - bar.reserved;
	action_each(c, p, false, bar_add, &bar);
	bar.end = b->cols;
	bar.always = true;
	action_each(c, p, false, bar_add, &bar);
}

static void draw_bar(struct console *c, const struct box *b)
{
	struct sheet *s = sheet_front(c);

	if (c->note) {
		int used = box_text(b, 0, 1, b->cols - 2, c->note_role, c->note);

		/* A short note leaves room for the keys. */
		if (!s)
			draw_hints(c, b, used + 4);
	} else if (s && s->ops->hints) {
		box_text(b, 0, 1, b->cols - 2, ROLE_DIM, _(s->ops->hints));
	} else if (!s) {
		draw_hints(c, b, 1);
	}
}

/* --- very small windows: counts first --- */

static int draw_counts(struct console *c, const struct box *b)
{
	const struct situation *s = &c->situation;
	int y = 1, most = b->rows - 2;

	if (y < most)
		box_textf(b, y++, 0, b->cols,
			severity_role(s->slos_by[SEV_PAGE] ? SEV_PAGE : SEV_OK),
			_("%c%zu page %c%zu ticket"), c->theme.marks[SEV_PAGE],
			s->slos_by[SEV_PAGE], c->theme.marks[SEV_TICKET],
			s->slos_by[SEV_TICKET]);
	if (y < most)
		box_textf(b, y++, 0, b->cols, s->stale_sources ? ROLE_STALE : ROLE_TEXT,
			_("%zu firing %zu stale"), s->firing, s->stale_sources);
	return y;
}

struct box chrome_draw(struct console *c, const struct box *screen)
{
	struct box top = box_sub(screen, 0, 0, 1, screen->cols);
	struct box tabs = box_sub(screen, 1, 0, 1, screen->cols);
	struct box bottom = box_sub(screen, screen->rows - 1, 0, 1, screen->cols);
	bool with_bar = screen->rows >= BAR_FROM_ROWS || (screen->rows > 1 && c->note);
	int first = 1;

	draw_top(c, &top);
	if (screen->rows < COUNTS_BELOW_ROWS || screen->cols < COUNTS_BELOW_COLS) {
		first = draw_counts(c, screen);
	} else if (screen->rows >= TABS_FROM_ROWS) {
		draw_tabs(c, &tabs);
		first = screen->rows >= 20 ? 3 : 2;
	}
	if (with_bar)
		draw_bar(c, &bottom);
	return box_sub(screen, first, 0, screen->rows - first - with_bar, screen->cols);
}
