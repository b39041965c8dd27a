#include "config.h"
#include "tui/console.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "tui/console_state.h"
#include "tui/panes/panes.h"

#define TICK_NS (250 * NS_PER_MS)
#define SLOW_TICKS 8 /* in low bandwidth data is looked at every two seconds */
#define NOTE_NS (6 * NS_PER_S)
#define READ_LIMIT_MS 5

/* --- looking at the store --- */

static void mark(struct console *c, struct pane *p, unsigned touches)
{
	if (!(p->ops->touches & touches))
		return;
	p->dirty = true;
	c->dirty = true;
}

static void mark_all(struct console *c, unsigned touches)
{
	if (touches &
		(1u << TOUCH_SLO | 1u << TOUCH_ALERT | 1u << TOUCH_RECORD |
			1u << TOUCH_SOURCE))
		c->situation_dirty = true;
	for (size_t i = 0; i < PANES_MAX; i++)
		if (c->roots[i])
			mark(c, c->roots[i], touches);
	for (size_t i = 1; i < c->depth; i++)
		mark(c, c->stack[i], touches);
}

static void look_at_store(struct console *c)
{
	int64_t version, counters[TOUCHES];
	struct err ignored = ERR_INIT;
	unsigned touches = 0;

	if (!c->store || c->at != AT_NOW)
		return;
	version = store_version(c->store);
	if (version == c->version && c->counters_known)
		return;
	c->version = version;
	if (store_touched(c->store, counters, &ignored) == 0) {
		for (int k = 0; k < TOUCHES; k++)
			if (!c->counters_known || counters[k] != c->counters[k])
				touches |= 1u << k;
		memcpy(c->counters, counters, sizeof(counters));
		c->counters_known = true;
		mark_all(c, touches);
	}
	err_release(&ignored);
}

/* What of the screen depends on the time alone: it must turn within a second. */
static void look_at_clock(struct console *c)
{
	int64_t now = console_now(c);
	uint64_t freshness = (uint64_t)(now / NS_PER_MIN);

	for (size_t i = 0; i < c->situation.n_sources; i++)
		freshness =
			freshness * 31 + source_is_stale(c->situation.sources[i], now);
	if (freshness != c->freshness) {
		c->freshness = freshness;
		c->situation_dirty = true;
		for (size_t i = 0; i < c->depth; i++)
			pane_page_stale(c->stack[i]);
		mark(c, console_front_pane(c), 1u << TOUCH_SOURCE);
		c->dirty = true;
	}
	if (now / NS_PER_S != c->second) {
		c->second = now / NS_PER_S;
		/* A query that was cut off, on a busy machine, is tried again. */
		if (console_front_pane(c)->error)
			console_front_pane(c)->dirty = true;
		c->dirty = c->dirty || !c->low_bandwidth;
	}
}

static void tick(void *ctx)
{
	struct console *c = ctx;
	bool slow = c->low_bandwidth && (clock_mono() / TICK_NS) % SLOW_TICKS;

	c->tick_timer = loop_after(c->loop, TICK_NS, tick, c);
	if (!slow)
		look_at_store(c);
	look_at_clock(c);
	if (c->note && clock_mono() >= c->note_until_mono) {
		free(c->note);
		c->note = NULL;
		c->dirty = true;
	}
}

static void load_situation(struct console *c)
{
	struct arena swap = c->situation_arena;
	struct err e = ERR_INIT;

	arena_reset(&c->situation_spare);
	if (situation_load(&c->situation, &c->situation_spare, c, &e)) {
		console_fail(c, &e);
	} else {
		c->situation_arena = c->situation_spare;
		c->situation_spare = swap;
		notice_update(c);
	}
	err_release(&e);
	c->dirty = true;
}

static void load(struct console *c)
{
	struct pane *p = console_front_pane(c);
	struct sheet *s = sheet_front(c);

	if (s && s->ops->holds)
		return;
	if (c->situation_dirty) {
		c->situation_dirty = false;
		load_situation(c);
	}
	if (p->dirty) {
		pane_query(p);
		c->dirty = true;
	}
}

/* --- frames --- */

/* From the moment the frame has left, what was typed before it counts no more. */
static void arm(struct console *c)
{
	struct sheet *s = sheet_front(c);

	if (!s || s->armed || !s->frame || term_frames_written(c->term) < s->frame)
		return;
	s->armed = true;
	if (!s->ops->guarded)
		return;
	input_discard(c->input);
	if (c->drain)
		c->drain(c->host);
}

static void draw(struct console *c)
{
	struct box screen = {.grid = &c->grid,
		.hits = &c->hits,
		.rows = c->grid.rows,
		.cols = c->grid.cols,
		.plain = c->plain};
	struct sheet *s = sheet_front(c);
	struct box body;
	int rc;

	if (term_is_pending(c->term))
		return;
	grid_clear(&c->grid);
	c->hits.n = 0;
	body = chrome_draw(c, &screen);
	if (body.rows > 0)
		pane_draw(console_front_pane(c), &body);
	if (s)
		sheet_draw(s, &screen);
	c->dirty = false;
	rc = term_frame(c->term, &c->grid, &c->theme);
	if (rc < 0)
		c->gone = c->quit = true;
	if (s && rc > 0 && !s->frame)
		s->frame = term_frames_made(c->term);
	arm(c);
}

static void before_sleep(void *ctx)
{
	struct console *c = ctx;

	sheets_sweep(c);
	if (c->quit)
		return;
	load(c);
	if (c->dirty)
		draw(c);
}

void console_writable(struct console *c)
{
	if (term_flush(c->term) < 0)
		c->gone = c->quit = true;
	arm(c);
}

void console_resize(struct console *c, int rows, int cols)
{
	grid_resize(&c->grid, rows, cols);
	term_resize(c->term, c->grid.rows, c->grid.cols);
	for (size_t i = 0; i < c->depth; i++)
		pane_page_stale(c->stack[i]);
	console_front_pane(c)->dirty = true;
	c->dirty = true;
}

/* --- keys --- */

void console_apply(struct console *c, struct pane *p, unsigned result)
{
	if ((result & ACT_RELOAD) == ACT_RELOAD)
		p->dirty = true;
	if (result != ACT_IGNORED)
		c->dirty = true;
	if ((result & ACT_CLOSE) == ACT_CLOSE && console_front_pane(c) == p)
		console_close_front(c);
}

static void key_event(struct console *c, const struct event *ev)
{
	struct pane *p = console_front_pane(c);
	const struct action *a = action_of_key(c, p, ev);
	int tab = ev->mods ? -1 : pane_of_key(ev->key);

	if (a)
		console_apply(c, p, action_run(c, p, a));
	else if (tab >= 0)
		console_go(c, pane_table[tab]->name, NULL);
}

static void event(struct console *c, const struct event *ev)
{
	struct sheet *s = sheet_front(c);
	struct pane *p = console_front_pane(c);
	unsigned result = ACT_IGNORED;

	if (s) {
		sheet_event(s, ev);
		return;
	}
	if (p->ops->event && !p->in_detail)
		result = p->ops->event(p, ev);
	if (result != ACT_IGNORED)
		console_apply(c, p, result);
	else if (ev->kind == EVENT_KEY)
		key_event(c, ev);
	else if (ev->kind == EVENT_MOUSE)
		mouse_event(c, ev);
	else if (ev->kind == EVENT_PASTE)
		console_note(c, ROLE_NOTE, _("pasted text does nothing here"));
}

static void events(struct console *c)
{
	struct event ev;

	while (!c->quit && input_take(c->input, &ev)) {
		event(c, &ev);
		sheets_sweep(c);
	}
}

static void escape_due(void *ctx)
{
	struct console *c = ctx;

	c->esc_timer = 0;
	input_timeout(c->input);
	events(c);
}

void console_input(struct console *c, const void *bytes, size_t n)
{
	loop_cancel(c->loop, c->esc_timer);
	c->esc_timer = 0;
	input_push(c->input, bytes, n);
	events(c);
	if (input_waiting(c->input))
		c->esc_timer = loop_after(c->loop, INPUT_ESC_NS, escape_due, c);
}

/* --- making and ending --- */

struct console *console_new(const struct console_conf *conf)
{
	struct console *c = mem_new(1, sizeof(*c));

	c->loop = conf->loop;
	c->store = conf->store;
	c->config = conf->config;
	c->config_file = conf->config_file;
	c->context = config_context(conf->config, conf->context);
	c->term = conf->term;
	c->theme = *conf->theme;
	c->plain = conf->plain;
	c->low_bandwidth = conf->low_bandwidth;
	c->utc = conf->config->ui.clock && !strcmp(conf->config->ui.clock, "utc");
	c->mouse = conf->mouse;
	c->drain = conf->drain;
	c->suspend = conf->suspend;
	c->switched = conf->switched;
	c->host = conf->host;
	c->input = input_new();
	c->at = AT_NOW;
	c->situation_dirty = true;
	c->dirty = true;
	strbuf_init(&c->last_click);
	c->situation.watching = NONE_INT;
	arena_init(&c->situation_arena);
	arena_init(&c->situation_spare);
	grid_init(&c->grid);
	grid_resize(&c->grid, conf->rows, conf->cols);
	term_define_keys(c->term, c->input);
	if (c->store)
		store_read_limit(c->store, READ_LIMIT_MS);
	console_go(c, pane_table[0]->name, NULL);
	if (term_note(c->term))
		console_note(c, ROLE_NOTE, "%s", term_note(c->term));
	loop_before_sleep(c->loop, before_sleep, c);
	c->tick_timer = loop_after(c->loop, TICK_NS, tick, c);
	return c;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	loop_cancel(c->loop, c->tick_timer);
	loop_cancel(c->loop, c->esc_timer);
	for (struct sheet *s = c->sheet; s; s = s->below)
		s->closed = true;
	sheets_sweep(c);
	while (c->depth > 1)
		pane_free(c->stack[--c->depth]);
	for (size_t i = 0; i < PANES_MAX; i++)
		pane_free(c->roots[i]);
	input_free(c->input);
	arena_release(&c->situation_arena);
	arena_release(&c->situation_spare);
	grid_release(&c->grid);
	hits_release(&c->hits);
	strbuf_release(&c->last_click);
	free(c->title);
	free(c->note);
	free(c);
}

bool console_done(const struct console *c)
{
	return c->quit;
}

bool console_idle(const struct console *c)
{
	const struct sheet *s = sheet_front((struct console *)c);
	bool held = s && s->ops->holds;

	return !c->dirty && !term_is_pending(c->term) &&
		(held || (!c->situation_dirty && !c->stack[c->depth - 1]->dirty));
}

void console_quit(struct console *c)
{
	c->quit = true;
	loop_stop(c->loop);
}
