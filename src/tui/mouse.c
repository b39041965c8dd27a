#include "config.h"

#include <string.h>

#include "core/clock.h"
#include "tui/console_state.h"
#include "tui/panes/panes.h"

#define DOUBLE_CLICK_NS (600 * NS_PER_MS)
#define WHEEL_ROWS 3

/* The first click selects, a second one on the same row looks at it. */
static void click_row(struct console *c, struct pane *p, size_t index)
{
	const struct action *enter = action_of_name(c, p, "enter");
	int64_t now = clock_mono();
	const char *id;
	bool again;

	if (p->in_detail) {
		doc_move(p->doc, &p->doc_view, (int)index - p->doc_view.cursor);
		if (enter)
			console_apply(c, p, action_run(c, p, enter));
		return;
	}
	pane_move_to(p, index);
	id = pane_selected_id(p);
	again = id && !strcmp(c->last_click.buf, id) &&
		now - c->last_click_mono < DOUBLE_CLICK_NS;
	strbuf_reset(&c->last_click);
	strbuf_adds(&c->last_click, id);
	c->last_click_mono = now;
	if (again && enter)
		console_apply(c, p, action_run(c, p, enter));
}

static void click(struct console *c, struct pane *p, const struct hit *hit)
{
	const struct action *a = hit->what;

	switch (hit->kind) {
	case HIT_ROW: click_row(c, p, hit->index); break;
	case HIT_COLUMN: pane_sort(p, (int)hit->index); break;
	case HIT_TAB: console_go(c, pane_table[hit->index]->name, NULL); break;
	case HIT_ACTION: console_apply(c, p, action_run(c, p, a)); break;
	default: break;
	}
}

void mouse_event(struct console *c, const struct event *ev)
{
	struct pane *p = console_front_pane(c);
	const struct hit *hit = hits_at(&c->hits, ev->y, ev->x);

	if (ev->mouse == MOUSE_WHEEL_UP)
		pane_move(p, -WHEEL_ROWS);
	else if (ev->mouse == MOUSE_WHEEL_DOWN)
		pane_move(p, WHEEL_ROWS);
	else if (ev->mouse == MOUSE_PRESS && hit)
		click(c, p, hit);
	c->dirty = true;
}
