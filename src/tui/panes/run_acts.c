#include "config.h"
#include "tui/panes/run.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "runbook/onestep.h"
#include "runbook/supervisor.h"
#include "runbook/undo.h"
#include "tui/runbook_open.h"

/*
 * What a person does with a step.  Every change is asked by a letter or a name; a step that only
 * reads starts on Enter once the run has begun, unless the key may have been typed ahead.
 */

#define HASTY_NS (300 * NS_PER_MS)

/* Remembers what a dialog is about while it is open. */
struct pending {
	struct pane *pane;
	int n;
	bool undo;
	char *how; /* owned */
};

static struct pending *pending_new(struct pane *p, int n, const char *how)
{
	struct pending *w = mem_new(1, sizeof(*w));

	w->pane = p;
	w->n = n;
	w->how = mem_strdup(how);
	return w;
}

static void pending_free(struct pending *w)
{
	free(w->how);
	free(w);
}

/* --- starting: the supervisor's answer comes through the loop --- */

void run_unwatch(struct pane *p)
{
	struct run_pane *r = pane_data(p);

	if (r->fd >= 0)
		loop_watch(console_loop(pane_console(p)), r->fd, 0, NULL, NULL);
	r->fd = -1;
}

static void heard(void *ctx, int fd, unsigned events);

static void watch(struct pane *p)
{
	struct run_pane *r = pane_data(p);

	r->fd = walk_starting_fd(r->walk);
	if (r->fd >= 0)
		loop_watch(console_loop(pane_console(p)), r->fd, LOOP_READ, heard, p);
}

static void heard(void *ctx, int fd, unsigned events)
{
	struct pane *p = ctx;
	struct run_pane *r = pane_data(p);
	struct err e = ERR_INIT;
	int rc;

	(void)fd, (void)events;
	/* It is closed with the answer, and must not be watched then. */
	run_unwatch(p);
	run_patience(p, true);
	rc = walk_starting(r->walk, &e);
	run_patience(p, false);
	if (!rc)
		watch(p);
	else if (rc < 0)
		console_fail(pane_console(p), &e);
	console_reload(pane_console(p), p);
	err_release(&e);
}

static int begin_once(struct run_pane *r, struct err *e)
{
	return run_begun(r) ? 0 : walk_begin(r->walk, e);
}

static void start(struct pane *p, int n, bool undo, const char *how)
{
	struct run_pane *r = pane_data(p);
	struct err e = ERR_INIT;

	run_patience(p, true);
	if (begin_once(r, &e) ||
		(undo ? walk_undo(r->walk, n, how, &e) : walk_start(r->walk, n, how, &e)))
		console_fail(pane_console(p), &e);
	run_patience(p, false);
	watch(p);
	console_reload(pane_console(p), p);
	err_release(&e);
}

/* --- asking --- */

static void confirmed(void *ctx, struct console *c, bool yes)
{
	struct pending *w = ctx;

	if (!yes)
		console_note(c, ROLE_NOTE, _("nothing was done"));
	else if (console_read_only(c))
		console_note(
			c, ROLE_ERROR, _("nothing was done: this context is read-only"));
	else
		start(w->pane, w->n, w->undo, w->how);
	pending_free(w);
}

static void add_warning(struct run_pane *r, struct strbuf *out)
{
	char *warning = r->warned ? NULL : supervisor_warning();

	r->warned = true;
	if (warning)
		strbuf_addf(out, "%s\n\n", warning);
	free(warning);
}

static void ask(struct pane *p, const struct walk_ask *what, struct pending *w)
{
	struct run_pane *r = pane_data(p);
	const struct step *s = &walk_runbook(r->walk)->steps[w->n - 1];
	const char *service = walk_scope(r->walk)->service;
	struct question q = {.kind = what->word ? QUESTION_NAME : QUESTION_LETTER};

	strbuf_init(&q.title);
	strbuf_init(&q.body);
	strbuf_init(&q.name);
	strbuf_addf(&q.title, w->undo ? _("Undo step %d, %s") : _("Start step %d, %s"),
		w->n, s->name);
	if (service)
		strbuf_addf(&q.title, _(", on %s"), service);
	if (walk_run(r->walk)->dry_run)
		strbuf_adds(&q.title, _(" (dry run)"));
	add_warning(r, &q.body);
	strbuf_adds(&q.body, what->preview);
	if (what->word)
		strbuf_adds(&q.name, what->word);
	console_confirm(pane_console(p), &q, confirmed, w);
	strbuf_release(&q.title);
	strbuf_release(&q.body);
	strbuf_release(&q.name);
}

static void ask_start(struct pane *p, int n, bool undo, bool direct)
{
	struct run_pane *r = pane_data(p);
	struct walk_ask what;
	struct err e = ERR_INIT;
	struct pending *w;
	bool plain;

	run_patience(p, true);
	if (walk_ask(&what, r->walk, n, undo, &e)) {
		console_fail(pane_console(p), &e);
		err_release(&e);
		run_patience(p, false);
		return;
	}
	run_patience(p, false);
	plain = what.confirm == CONFIRM_NO;
	if (plain && direct && run_begun(r)) {
		start(p, n, undo, "no");
	} else {
		w = pending_new(p, n, plain ? "key" : confirm_name(what.confirm));
		w->undo = undo;
		ask(p, &what, w);
	}
	walk_ask_release(&what);
}

/* What the step still lacks has been given. */
static void filled(void *ctx, struct console *c, const char *const *values, size_t n)
{
	struct pending *w = ctx;

	(void)c, (void)n;
	if (values)
		ask_start(w->pane, w->n, false, false);
	pending_free(w);
}

static void begin_step(struct pane *p, int n, bool direct)
{
	struct run_pane *r = pane_data(p);
	const struct step *s = &walk_runbook(r->walk)->steps[n - 1];

	if (vars_missing(walk_vars(r->walk), s)) {
		struct pending *w = pending_new(p, n, NULL);

		if (runbook_ask(pane_console(p), r->walk, s, filled, w))
			return;
		pending_free(w);
	}
	ask_start(p, n, false, direct);
}

void run_ask_first(struct pane *p)
{
	struct run_pane *r = pane_data(p);

	if (r->walk && walk_run(r->walk)->n)
		begin_step(p, 1, false);
}

/* --- what is said in words --- */

typedef int say_fn(struct walk *w, int n, const char *text, struct err *e);

struct saying {
	struct pane *pane;
	int n;
	say_fn *fn;
};

static void said(void *ctx, struct console *c, const char *const *values, size_t n)
{
	struct saying *w = ctx;
	struct run_pane *r = pane_data(w->pane);
	struct err e = ERR_INIT;

	(void)n;
	run_patience(w->pane, true);
	if (values && (begin_once(r, &e) || w->fn(r->walk, w->n, values[0], &e)))
		console_fail(c, &e);
	run_patience(w->pane, false);
	console_reload(c, w->pane);
	err_release(&e);
	free(w);
}

static void ask_words(struct pane *p, int n, const char *title,
	const struct form_field *field, say_fn *fn)
{
	struct saying *w = mem_new(1, sizeof(*w));

	*w = (struct saying){p, n, fn};
	console_form(pane_console(p), title, field, 1, said, w);
}

static int tick(struct walk *w, int n, const char *text, struct err *e)
{
	return walk_tick(w, n, *text ? text : NULL, e);
}

static int decide_ok(struct walk *w, int n, const char *text, struct err *e)
{
	return walk_decide(w, n, true, text, e);
}

static int decide_failed(struct walk *w, int n, const char *text, struct err *e)
{
	return walk_decide(w, n, false, text, e);
}

static int end(struct walk *w, int n, const char *text, struct err *e)
{
	(void)n;
	return walk_end(w, text, e);
}

static void ask_tick(struct pane *p, const struct step *s)
{
	const struct form_field note = {
		.name = "note",
		.label = _("note"),
		.help = _("it is done by you: what you saw or did, or nothing; Enter "
			  "ticks it"),
	};

	ask_words(p, s->n, s->title, &note, tick);
}

static void decided(void *ctx, struct console *c, const char *value)
{
	struct pending *w = ctx;
	const struct form_field note = {
		.name = "note",
		.label = _("how you know"),
		.help = _("what you looked at; it goes into the audit log"),
		.required = true,
	};

	(void)c;
	if (value)
		ask_words(w->pane, w->n, _("How do you know?"), &note,
			!strcmp(value, "ok") ? decide_ok : decide_failed);
	pending_free(w);
}

static void ask_decide(struct pane *p, int n)
{
	const struct choice items[] = {
		{'w', _("it was done"), _("what it was to change is changed"), "ok"},
		{'f', _("it was not done"), _("it can be tried again then"), "failed"},
	};

	console_choose(pane_console(p),
		_("Look at what it was to change. How did it end?"), items,
		ARRAY_LEN(items), decided, pending_new(p, n, NULL));
}

/* --- actions --- */

static unsigned act_start(struct console *c, struct pane *p, const struct action *a)
{
	const struct run_step *s = run_selected(p);

	(void)c, (void)a;
	if (s && s->step->kind == KIND_MANUAL)
		ask_tick(p, s->step);
	else if (s)
		begin_step(p, s->step->n, false);
	return ACT_REDRAW;
}

static unsigned act_skip(struct console *c, struct pane *p, const struct action *a)
{
	const struct run_step *s = run_selected(p);
	const struct form_field why = {
		.name = "reason",
		.label = _("reason"),
		.help = _("why it is not done; it goes into the audit log"),
		.required = true,
	};

	(void)c, (void)a;
	if (s)
		ask_words(p, s->step->n, _("Skip this step"), &why, walk_skip);
	return ACT_REDRAW;
}

static unsigned act_retry(struct console *c, struct pane *p, const struct action *a)
{
	const struct run_step *s = run_selected(p);
	struct run_pane *r = pane_data(p);
	struct err e = ERR_INIT;
	int n = s ? s->step->n : 0;
	bool ok;

	(void)a;
	if (!n)
		return ACT_HANDLED;
	run_patience(p, true);
	ok = !walk_retry(r->walk, n, &e);
	run_patience(p, false);
	if (ok)
		begin_step(p, n, false);
	else
		console_fail(c, &e);
	err_release(&e);
	return ACT_RELOAD;
}

static unsigned act_cancel(struct console *c, struct pane *p, const struct action *a)
{
	const struct run_step *s = run_selected(p);
	struct run_pane *r = pane_data(p);
	struct err e = ERR_INIT;

	if (!s)
		return ACT_HANDLED;
	run_patience(p, true);
	if (walk_cancel(r->walk, s->step->n, !strcmp(a->name, "kill-step"), &e))
		console_fail(c, &e);
	else
		console_note(
			c, ROLE_NOTE, _("its supervisor was asked to stop the step"));
	run_patience(p, false);
	err_release(&e);
	return ACT_RELOAD;
}

/* The runbook, opened once more beside this one: a run of its own, in front. */
static struct pane *open_beside(
	struct console *c, const struct run_pane *r, const char *file, bool dry_run)
{
	const struct vars_scope *scope = walk_scope(r->walk);
	const struct walk_plan plan = {
		.file = file,
		.service = scope->service,
		.context = scope->context,
		.config_file = console_config_file(c),
		.dry_run = dry_run,
	};
	struct walk *w = NULL;
	struct err e = ERR_INIT;

	if (walk_open(&w, console_store(c), console_config(c), &plan, &e))
		console_fail(c, &e);
	err_release(&e);
	return w ? run_push(c, w) : NULL;
}

/* What an ended run did is taken back by another, from its journal. */
static void undo_ended(struct console *c, struct pane *p, const struct step *s)
{
	struct run_pane *r = pane_data(p);
	struct strbuf book = STRBUF_INIT;
	struct undo undo;
	struct err e = ERR_INIT;
	struct pane *beside = NULL;
	char *file = NULL;

	run_patience(p, true);
	if (undo_write(&book, &undo, r->walk, console_config(c), s->name, &e) ||
		onestep_keep(&file, &book, &e))
		console_fail(c, &e);
	else
		beside = open_beside(c, r, file, false);
	run_patience(p, false);
	if (beside)
		run_ask_first(beside);
	err_release(&e);
	strbuf_release(&book);
	free(file);
}

static unsigned act_undo(struct console *c, struct pane *p, const struct action *a)
{
	const struct run_step *s = run_selected(p);

	(void)a;
	if (s && run_live(pane_data(p)))
		ask_start(p, s->step->n, true, false);
	else if (s)
		undo_ended(c, p, s->step);
	return ACT_REDRAW;
}

/* Everything that reads is done, what changes is planned with the backend and shown. */
static unsigned act_rehearse(struct console *c, struct pane *p, const struct action *a)
{
	struct run_pane *r = pane_data(p);
	struct pane *beside;

	(void)a;
	run_patience(p, true);
	beside = open_beside(c, r, walk_runbook(r->walk)->file, true);
	run_patience(p, false);
	if (beside)
		start(beside, 1, false, "no");
	return ACT_REDRAW;
}

static unsigned act_decide(struct console *c, struct pane *p, const struct action *a)
{
	const struct run_step *s = run_selected(p);

	(void)c, (void)a;
	if (s)
		ask_decide(p, s->step->n);
	return ACT_REDRAW;
}

static unsigned act_end(struct console *c, struct pane *p, const struct action *a)
{
	const struct form_field why = {
		.name = "reason",
		.label = _("reason"),
		.help = _("why it ends here; what was not done stays undone"),
		.required = true,
	};

	(void)c, (void)a;
	ask_words(p, 0, _("End this run"), &why, end);
	return ACT_REDRAW;
}

/* --- when they are possible --- */

static enum step_state state_of(struct pane *p)
{
	const struct run_step *s = run_selected(p);

	return s ? s->state : STEP_NONE;
}

/* A run that is over takes nothing more; one that has not begun begins with its first step. */
static bool takes_acts(struct pane *p)
{
	struct run_pane *r = pane_data(p);

	return r->walk && (!run_begun(r) || run_live(r));
}

static unsigned can_start(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return takes_acts(p) && state_of(p) == STEP_TODO ? ACT_HANDLED : ACT_IGNORED;
}

static unsigned can_happen(struct pane *p, enum run_event ev)
{
	return takes_acts(p) && run_after(state_of(p), ev) ? ACT_HANDLED : ACT_IGNORED;
}

static unsigned can_skip(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return can_happen(p, EV_SKIP);
}

static unsigned can_retry(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return can_happen(p, EV_RETRY);
}

static unsigned can_cancel(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return takes_acts(p) && state_of(p) == STEP_RUNNING ? ACT_HANDLED : ACT_IGNORED;
}

static unsigned can_undo(struct console *c, struct pane *p, const struct action *a)
{
	const struct run_step *s = run_selected(p);
	struct run_pane *r = pane_data(p);
	int *list;
	size_t n;
	bool found = false;

	(void)c, (void)a;
	if (!s || walk_run(r->walk)->dry_run)
		return ACT_IGNORED;
	if (!takes_acts(p))
		return s->state == STEP_OK && s->step->kind == KIND_ACTION ? ACT_HANDLED
									   : ACT_IGNORED;
	list = mem_new(walk_run(r->walk)->n + 1, sizeof(*list));
	n = run_undoable(walk_run(r->walk), list, walk_run(r->walk)->n);
	for (size_t i = 0; i < n; i++)
		found |= list[i] == s->step->n;
	free(list);
	return found ? ACT_HANDLED : ACT_IGNORED;
}

static unsigned can_rehearse(struct console *c, struct pane *p, const struct action *a)
{
	struct run_pane *r = pane_data(p);
	const struct run *run = r->walk ? walk_run(r->walk) : NULL;

	(void)c, (void)a;
	return run && !run_begun(r) && !run->dry_run && run->n == 1 &&
			run->steps[0].step->kind == KIND_ACTION
		? ACT_HANDLED
		: ACT_IGNORED;
}

static unsigned can_decide(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return takes_acts(p) && state_of(p) == STEP_UNKNOWN ? ACT_HANDLED : ACT_IGNORED;
}

static unsigned can_end(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return run_live(pane_data(p)) ? ACT_HANDLED : ACT_IGNORED;
}

#define RUN_ACT (ACTION_MUTATES | ACTION_MENU | ACTION_ROW)

/* clang-format off */
const struct action run_actions[] = {
	{.name = "start-step", .letter = 's', .flags = RUN_ACT | ACTION_ASKS, .title = N_("start"),
		.help = N_("start this step, after a confirmation; tick it, if it is yours to do"),
		.run = act_start, .possible = can_start},
	{.name = "skip-step", .letter = 'k', .flags = RUN_ACT | ACTION_ASKS, .title = N_("skip"),
		.help = N_("do not do this step, with a reason"),
		.run = act_skip, .possible = can_skip},
	{.name = "retry-step", .letter = 'r', .flags = RUN_ACT | ACTION_ASKS, .title = N_("retry"),
		.help = N_("do this step once more"), .run = act_retry, .possible = can_retry},
	{.name = "cancel-step", .letter = 'c', .flags = RUN_ACT | ACTION_CONFIRMS,
		.title = N_("cancel"), .help = N_("ask the running step to stop"),
		.run = act_cancel, .possible = can_cancel},
	{.name = "kill-step", .letter = 'f', .flags = RUN_ACT | ACTION_CONFIRMS,
		.title = N_("kill"), .help = N_("end the running step by force"),
		.run = act_cancel, .possible = can_cancel},
	{.name = "undo-step", .letter = 'u', .flags = RUN_ACT | ACTION_ASKS, .title = N_("undo"),
		.help = N_("run what takes this step back, after a confirmation"),
		.run = act_undo, .possible = can_undo},
	{.name = "rehearse", .letter = 'p', .flags = RUN_ACT | ACTION_ASKS,
		.title = N_("rehearse"),
		.help = N_("plan it with the backend and show it: a dry run, nothing changes"),
		.run = act_rehearse, .possible = can_rehearse},
	{.name = "decide-step", .letter = 'd', .flags = RUN_ACT | ACTION_ASKS, .title = N_("decide"),
		.help = N_("say how a step ended that nobody saw end"),
		.run = act_decide, .possible = can_decide},
	{.name = "end-run", .letter = 'e', .flags = RUN_ACT | ACTION_ASKS, .title = N_("end the run"),
		.help = N_("end the run here, with a reason"), .run = act_end,
		.possible = can_end},
	{0},
};
/* clang-format on */

/* Enter does what comes next with the step: start, tick, decide; else its page. */
unsigned run_enter(struct pane *p, const void *data)
{
	struct run_pane *r = pane_data(p);
	const struct run_step *s = run_selected(p);
	bool hasty = clock_mono() - r->key_before < HASTY_NS;

	(void)data;
	if (!s)
		return ACT_HANDLED;
	if (console_read_only(pane_console(p)) || !takes_acts(p))
		pane_open_detail(p);
	else if (s->state == STEP_TODO && s->step->kind == KIND_MANUAL)
		ask_tick(p, s->step);
	else if (s->state == STEP_TODO)
		begin_step(p, s->step->n, !hasty);
	else if (s->state == STEP_UNKNOWN)
		ask_decide(p, s->step->n);
	else
		pane_open_detail(p);
	return ACT_REDRAW;
}
