#include "config.h"
#include "tui/panes/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "tui/input.h"
#include "tui/panes/panes.h"

#define LOOK_NS NS_PER_S /* a supervisor that dies says nothing: it is looked for */
#define READ_MS 200
#define FRAME_MS 5

void run_patience(struct pane *p, bool on)
{
	store_read_limit(console_store(pane_console(p)), on ? READ_MS : FRAME_MS);
}

bool run_begun(const struct run_pane *r)
{
	return r->walk && walk_row(r->walk)->id;
}

bool run_live(const struct run_pane *r)
{
	return run_begun(r) && walk_row(r->walk)->ended == NONE_INT;
}

const struct run_step *run_selected(struct pane *p)
{
	struct run_pane *r = pane_data(p);
	const struct row *row = pane_selected(p);

	if (!r->walk || !row)
		return NULL;
	return &walk_run(r->walk)->steps[((const struct run_line *)row->data)->n - 1];
}

/* --- opening --- */

static void run_open(struct pane *p, const char *argument)
{
	struct run_pane *r = pane_data(p);

	r->fd = -1;
	r->id = mem_strdup(argument);
}

static void run_close(struct pane *p)
{
	struct run_pane *r = pane_data(p);

	run_unwatch(p);
	loop_cancel(console_loop(pane_console(p)), r->timer);
	walk_free(r->walk);
	free(r->id);
	free(r->trouble);
}

struct pane *run_push(struct console *c, struct walk *w_take)
{
	struct pane *p = console_push(c, &pane_run, NULL);
	struct run_pane *r = pane_data(p);

	r->walk = w_take;
	console_reload(c, p);
	return p;
}

/* A run that can be named: from the list of live ones, from `tocsin open`. */
static int run_show(struct pane *p, const char *argument)
{
	struct run_pane *r = pane_data(p);

	free(r->id);
	r->id = mem_strdup(argument);
	console_reload(pane_console(p), p);
	return 0;
}

/* --- looking --- */

static void look_again(void *ctx)
{
	struct pane *p = ctx;
	struct run_pane *r = pane_data(p);

	r->timer = 0;
	console_reload(pane_console(p), p);
}

static bool any_runs(const struct run *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->steps[i].state == STEP_RUNNING)
			return true;
	return false;
}

/* The rows are looked at; steps whose condition does not hold are passed over. */
static int look(struct pane *p, struct run_pane *r, struct err *e)
{
	struct console *c = pane_console(p);
	struct err ignored = ERR_INIT;
	bool moved;
	int n;

	if (!r->walk &&
		walk_resume(&r->walk, console_store(c), console_config(c), r->id,
			console_config_file(c), e))
		return -1;
	if (console_at(c) != AT_NOW || !run_begun(r))
		return 0;
	if (walk_refresh(r->walk, &moved, e))
		return -1;
	if (run_live(r) && !console_read_only(c) && walk_next(r->walk, &n, &ignored))
		err_release(&ignored);
	loop_cancel(console_loop(c), r->timer);
	r->timer = 0;
	if (any_runs(walk_run(r->walk)))
		r->timer = loop_after(console_loop(c), LOOK_NS, look_again, p);
	return 0;
}

/* The cursor goes along when it stood on the step that was next or has just ended. */
static void follow(struct pane *p, struct run_pane *r)
{
	int next = run_next(walk_run(r->walk));
	const struct run_step *here = run_selected(p);

	if (next && next != r->next && (!r->next || (here && here->step->n <= next)))
		r->follow = next;
	if (next)
		r->next = next;
}

static int run_query(struct pane *p, struct rows *out, struct err *e)
{
	struct run_pane *r = pane_data(p);
	const struct run *run;
	int rc;

	if (!console_store(pane_console(p)) || (!r->walk && !r->id))
		return 0;
	run_patience(p, true);
	rc = look(p, r, e);
	run_patience(p, false);
	free(r->trouble);
	r->trouble = rc ? err_text(e) : NULL;
	if (rc)
		return -1;
	run = walk_run(r->walk);
	for (size_t i = 0; i < run->n; i++) {
		struct run_line *line;

		/* What only undoes is no step of the way. */
		if (run->steps[i].step->undo_only && run->steps[i].state == STEP_TODO)
			continue;
		line = arena_alloc(out->arena, 1, sizeof(*line));
		line->n = (int)i + 1;
		rows_add(out, line, "%d", line->n);
	}
	follow(p, r);
	return 0;
}

static unsigned run_event(struct pane *p, const struct event *ev)
{
	struct run_pane *r = pane_data(p);

	if (ev->kind == EVENT_KEY) {
		r->key_before = r->key_mono;
		r->key_mono = clock_mono();
	}
	return ACT_IGNORED;
}

static void run_subject(struct pane *p, const void *data, struct subject *out)
{
	struct run_pane *r = pane_data(p);

	(void)data;
	if (r->walk) {
		out->service = walk_scope(r->walk)->service;
		out->copy = run_begun(r) ? walk_row(r->walk)->id
					 : walk_runbook(r->walk)->name;
	}
}

const struct pane_ops pane_run = {
	.name = "run",
	.title = N_("Run"),
	.help = N_("one run of a runbook, step by step"),
	.hidden = true,
	.touches = 1u << TOUCH_RUN | 1u << TOUCH_RECORD,
	.empty = N_("this runbook has no step"),
	.actions = run_actions,
	.size = sizeof(struct run_pane),
	.open = run_open,
	.close = run_close,
	.query = run_query,
	.enter = run_enter,
	.draw = run_draw,
	.detail = run_detail,
	.event = run_event,
	.show = run_show,
	.subject = run_subject,
};
