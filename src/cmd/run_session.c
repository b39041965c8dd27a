#include "config.h"
#include "cmd/run_session.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"
#include "runbook/step_tty.h"

#define POLL_MS 100
#define START_TRIES \
	600 /* of POLL_MS: a supervisor may read a backend before it answers */
#define CHUNK_BYTES ((size_t)64 * 1024)
#define AGAIN_NS (5 * NS_PER_S) /* a second Ctrl-C within this stops the step */
#define TAIL_BYTES 4096

enum outcome { OUTCOME_NONE, GO_ON, LEAVE, END };

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static void wait_a_moment(void)
{
	struct pollfd none;

	(void)poll(&none, 0, POLL_MS);
}

/* --- words --- */

static void tell(const struct run_session *s, const char *fmt, ...) PRINTF(2, 3);

static void tell(const struct run_session *s, const char *fmt, ...)
{
	struct strbuf raw = STRBUF_INIT, safe = STRBUF_INIT, out = STRBUF_INIT;
	FILE *to = s->cmd->json ? stderr : stdout;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&raw, fmt, ap);
	va_end(ap);
	text_safe(&safe, raw.buf, raw.len, true);
	if (text_is_utf8())
		strbuf_add(&out, safe.buf, safe.len);
	else
		text_ascii(&out, safe.buf);
	fwrite(out.buf, 1, out.len, to);
	fflush(to);
	strbuf_release(&raw);
	strbuf_release(&safe);
	strbuf_release(&out);
}

static const struct run_step *step_of(const struct run_session *s, int n)
{
	return &walk_run(s->walk)->steps[n - 1];
}

static void tell_begin(const struct run_session *s, int n)
{
	const struct step *st = step_of(s, n)->step;

	tell(s, "[%d/%zu] %s (%s%s%s)\n", n, walk_run(s->walk)->n, st->name,
		risk_name(st->risk), st->phase ? ", " : "",
		st->phase ? phase_name(st->phase) : "");
}

static void tell_end(const struct run_session *s, int n)
{
	const struct step_row *row = walk_step_row(s->walk, n);
	struct strbuf took = STRBUF_INIT;

	if (row && row->ended != NONE_INT && row->started != NONE_INT)
		duration_human(&took, row->ended - row->started);
	tell(s, "  -> %s%s%s%s%s\n", step_state_name(step_of(s, n)->state),
		took.len ? _(" after ") : "", took.buf, row && row->error ? ": " : "",
		row && row->error ? row->error : "");
	strbuf_release(&took);
}

static void tell_error(const struct run_session *s, const struct err *e)
{
	tell(s, "  %s\n", e->what);
	if (e->hint)
		tell(s, "  %s\n", e->hint);
}

/* --- following a step --- */

struct following {
	int n;
	int64_t at; /* of its output, shown up to here */
	struct strbuf line; /* not yet whole */
	int64_t warned; /* the first Ctrl-C */
};

static void show_lines(const struct run_session *s, struct following *f, bool end)
{
	size_t n = f->line.len;

	while (!end && n && f->line.buf[n - 1] != '\n')
		n--;
	if (!n)
		return;
	if (end && f->line.buf[n - 1] != '\n')
		strbuf_addc(&f->line, '\n');
	tell(s, "%.*s", (int)(end ? f->line.len : n), f->line.buf);
	strbuf_remove(&f->line, 0, end ? f->line.len : n);
}

static int show_output(
	const struct run_session *s, struct following *f, bool end, struct err *e)
{
	struct strbuf chunk = STRBUF_INIT;
	int64_t at;
	int rc;

	do {
		strbuf_reset(&chunk);
		rc = step_output(&chunk, &at, s->cmd->store, walk_row(s->walk)->id, f->n,
			f->at, CHUNK_BYTES, e);
		if (rc || !chunk.len)
			break;
		if (at > f->at)
			strbuf_addf(&f->line, _("\n[%lld bytes left out]\n"),
				(long long)(at - f->at));
		strbuf_add(&f->line, chunk.buf, chunk.len);
		f->at = at + (int64_t)chunk.len;
		show_lines(s, f, false);
	} while (!rc && chunk.len);
	if (!rc)
		show_lines(s, f, end);
	strbuf_release(&chunk);
	return rc;
}

static int mind_interrupt(struct run_session *s, struct following *f, struct err *e)
{
	int64_t now = clock_mono();

	if (!interrupted)
		return 0;
	interrupted = 0;
	if (f->warned && now - f->warned < AGAIN_NS) {
		tell(s, _("  stopping the step\n"));
		return walk_cancel(s->walk, f->n, false, e);
	}
	f->warned = now;
	tell(s,
		_("  The step goes on. Press Ctrl-C again to stop it, or leave it to "
		  "itself: "
		  "tocsin runbook resume %s\n"),
		walk_row(s->walk)->id);
	return 0;
}

static int follow(struct run_session *s, int n, struct err *e)
{
	struct following f = {.n = n, .line = STRBUF_INIT};
	const struct step *st = step_of(s, n)->step;
	bool moved;
	int rc = 0;

	if (st->interactive && s->terminal) {
		rc = step_tty_attach(walk_row(s->walk)->id, n, e);
		if (rc > 0)
			s->left = true;
		rc = rc < 0 ? -1 : 0;
		f.at = INT64_MAX / 2; /* it was all seen */
	}
	while (!rc && !s->left && !(rc = walk_refresh(s->walk, &moved, e))) {
		if (step_of(s, n)->state != STEP_RUNNING)
			break;
		rc = show_output(s, &f, false, e) || mind_interrupt(s, &f, e) ? -1 : 0;
		wait_a_moment();
	}
	if (!rc && !s->left)
		rc = show_output(s, &f, true, e);
	if (!rc && !s->left)
		tell_end(s, n);
	strbuf_release(&f.line);
	return rc;
}

/* 0 when the supervisor has the step. */
static int await_start(struct run_session *s, struct err *e)
{
	for (int i = 0; i < START_TRIES; i++) {
		struct pollfd fd = {.fd = walk_starting_fd(s->walk), .events = POLLIN};
		int rc;

		(void)poll(&fd, 1, POLL_MS);
		rc = walk_starting(s->walk, e);
		if (rc)
			return rc > 0 ? 0 : -1;
	}
	return err_set(e, ERR_SYSTEM, _("the step's supervisor does not start"));
}

/* --- asking --- */

static enum outcome skip(struct run_session *s, int n, const char *reason, struct err *e)
{
	while (*reason == ' ')
		reason++;
	if (!walk_skip(s->walk, n, reason, e))
		return GO_ON;
	tell_error(s, e);
	err_clear(e);
	return OUTCOME_NONE;
}

/* What may be said to every question; OUTCOME_NONE: none of it. */
static enum outcome common_answer(
	struct run_session *s, int n, const char *line, struct err *e)
{
	if (!strcmp(line, "q"))
		return LEAVE;
	if (!strcmp(line, "e"))
		return END;
	if (line[0] == 's' && (line[1] == ' ' || !line[1]))
		return skip(s, n, line + 1, e);
	return OUTCOME_NONE;
}

static bool says_yes(const struct walk_ask *ask, const char *line)
{
	if (ask->confirm == CONFIRM_TYPE)
		return !strcmp(line, ask->word);
	return line[0] == ask->letter && !line[1];
}

/* GO_ON with *how NULL: skipped. */
static enum outcome ask_person(struct run_session *s, int n, const struct walk_ask *ask,
	const char **how, struct err *e)
{
	terminal_say(s->terminal, "\n%s\n", ask->preview);
	for (;;) {
		char *line;
		enum outcome o;
		bool yes;

		if (ask->confirm == CONFIRM_TYPE)
			line = terminal_ask(s->terminal, false,
				_("Type '%s' to run it; s REASON skips, q leaves: "),
				ask->word);
		else
			line = terminal_ask(s->terminal, false,
				_("Press %c and Enter to run it; s REASON skips, q "
				  "leaves: "),
				ask->letter);
		if (!line)
			return LEAVE;
		yes = says_yes(ask, line);
		o = yes ? GO_ON : common_answer(s, n, line, e);
		free(line);
		if (yes)
			*how = confirm_name(ask->confirm);
		if (o)
			return o;
	}
}

static enum outcome confirm(struct run_session *s, int n, const struct walk_ask *ask,
	const char **how, struct err *e)
{
	const struct step *st = step_of(s, n)->step;

	if (ask->confirm == CONFIRM_NO) {
		*how = "no";
		return GO_ON;
	}
	if (st->risk <= s->yes_to) {
		*how = s->yes_to == RISK_CHANGE ? "yes-to change" : "yes-to read";
		return GO_ON;
	}
	if (s->terminal)
		return ask_person(s, n, ask, how, e);
	err_set(e, ERR_DENIED,
		_("step '%s' wants to be confirmed, and nobody is there to ask"),
		st->name);
	err_hint(e,
		st->risk == RISK_DESTROY
			? _("destructive steps are confirmed at a terminal only")
			: _("--yes-to change confirms it beforehand"));
	return OUTCOME_NONE;
}

static enum outcome ask_manual(struct run_session *s, int n, struct err *e)
{
	for (;;) {
		char *line = terminal_ask(s->terminal, false,
			_("  %s\n  Note and Enter when it is done; s REASON skips, q "
			  "leaves: "),
			step_of(s, n)->step->title);
		enum outcome o;

		if (!line)
			return LEAVE;
		o = common_answer(s, n, line, e);
		if (!o && !walk_tick(s->walk, n, line, e))
			o = GO_ON;
		free(line);
		if (o)
			return o;
		if (e->code) {
			tell_error(s, e);
			err_clear(e);
		}
	}
}

/* --- steps --- */

/* True when nothing but things for people is left behind step n. */
static bool only_manual_left(const struct run_session *s, int n)
{
	const struct run *r = walk_run(s->walk);

	for (size_t i = (size_t)n; i < r->n; i++)
		if (r->steps[i].step->kind != KIND_MANUAL &&
			r->steps[i].step->kind != KIND_POSTMORTEM &&
			!r->steps[i].step->undo_only &&
			(r->steps[i].state == STEP_TODO ||
				r->steps[i].state == STEP_ASKING))
			return false;
	return true;
}

static enum outcome manual_step(struct run_session *s, int n, struct err *e)
{
	const struct step *st = step_of(s, n)->step;

	tell_begin(s, n);
	if (s->terminal)
		return ask_manual(s, n, e);
	if (only_manual_left(s, n) || s->dry_run) {
		tell(s, _("  left to do by a person: %s\n"), st->source);
		s->n_left_over++;
		return walk_skip(s->walk, n,
			       _("nobody was there; left to do by a person"), e)
			? OUTCOME_NONE
			: GO_ON;
	}
	err_set(e, ERR_DENIED,
		_("step '%s' is to be done by a person, and nobody is there"), st->name);
	err_hint(e, _("run it from a terminal"));
	return OUTCOME_NONE;
}

static enum outcome show_only(struct run_session *s, int n, struct err *e)
{
	char *preview = walk_preview(s->walk, n);

	tell_begin(s, n);
	tell(s, "%s\n", preview);
	free(preview);
	return walk_skip(s->walk, n, _("dry run: shown, not run"), e) ? OUTCOME_NONE
								      : GO_ON;
}

static enum outcome run_step(struct run_session *s, int n, struct err *e)
{
	struct walk_ask ask;
	const char *how = NULL;
	enum outcome o;

	if (walk_ask(&ask, s->walk, n, false, e))
		return OUTCOME_NONE;
	tell_begin(s, n);
	o = confirm(s, n, &ask, &how, e);
	walk_ask_release(&ask);
	if (o != GO_ON || !how)
		return o;
	if (walk_start(s->walk, n, how, e) || await_start(s, e))
		return OUTCOME_NONE;
	if (step_of(s, n)->step->background)
		return GO_ON;
	if (follow(s, n, e))
		return OUTCOME_NONE;
	return s->left ? LEAVE : GO_ON;
}

/* What an earlier step would have put out is not there when that was only shown. */
static bool lacks_value(const struct run_session *s, const struct step *st)
{
	return st->kind == KIND_ACTION && vars_missing(walk_vars(s->walk), st);
}

static enum outcome do_step(struct run_session *s, int n, struct err *e)
{
	const struct step *st = step_of(s, n)->step;

	if (st->kind == KIND_MANUAL)
		return manual_step(s, n, e);
	if (s->dry_run && (!run_dry_runs(st) || lacks_value(s, st)))
		return show_only(s, n, e);
	return run_step(s, n, e);
}

/* --- when it went wrong --- */

/* The first step that failed, or whose end nobody knows; 0: none. */
static int failed_step(const struct run_session *s)
{
	const struct run *r = walk_run(s->walk);

	for (size_t i = 0; i < r->n; i++)
		if (r->steps[i].state == STEP_FAILED ||
			r->steps[i].state == STEP_TIMED_OUT ||
			r->steps[i].state == STEP_CANCELLED ||
			r->steps[i].state == STEP_UNKNOWN)
			return (int)i + 1;
	return 0;
}

static enum outcome undo(struct run_session *s, struct err *e)
{
	int undoable[1];
	struct walk_ask ask;
	const char *how = NULL;
	const struct step *undone;
	enum outcome o;
	int with;

	if (!run_undoable(walk_run(s->walk), undoable, 1)) {
		err_set(e, ERR_NOT_FOUND,
			_("nothing that was done says how it is undone"));
		return OUTCOME_NONE;
	}
	if (walk_ask(&ask, s->walk, undoable[0], true, e))
		return OUTCOME_NONE;
	undone = step_of(s, undoable[0])->step;
	with = undone->undo ? runbook_step(walk_runbook(s->walk), undone->undo)->n
			    : undone->n;
	tell(s, _("undo of %s\n"), undone->name);
	o = confirm(s, with, &ask, &how, e);
	walk_ask_release(&ask);
	if (o != GO_ON || !how)
		return o;
	if (walk_undo(s->walk, undoable[0], how, e) || await_start(s, e) ||
		follow(s, with, e))
		return OUTCOME_NONE;
	return GO_ON;
}

static enum outcome decide(struct run_session *s, int n, const char *line, struct err *e)
{
	bool done = !strncmp(line, "done", 4);

	if (!done && strncmp(line, "not", 3))
		return OUTCOME_NONE;
	line += done ? 4 : 3;
	line += strspn(line, " ");
	return walk_decide(s->walk, n, done, line, e) ? OUTCOME_NONE : GO_ON;
}

static enum outcome answer_failure(
	struct run_session *s, int n, const char *line, struct err *e)
{
	enum outcome o = common_answer(s, n, line, e);

	if (o)
		return o;
	if (step_of(s, n)->state == STEP_UNKNOWN)
		return decide(s, n, line, e);
	if (!strcmp(line, "r"))
		return walk_retry(s->walk, n, e) ? OUTCOME_NONE : GO_ON;
	if (!strcmp(line, "u"))
		return undo(s, e);
	return OUTCOME_NONE;
}

static char *failure_question(struct run_session *s, int n)
{
	const char *name = step_of(s, n)->step->name;

	if (step_of(s, n)->state == STEP_UNKNOWN)
		return terminal_ask(s->terminal, false,
			_("Nobody knows how '%s' ended. 'done NOTE' or 'not NOTE' says "
			  "what you "
			  "found; e ends the run, q leaves: "),
			name);
	return terminal_ask(s->terminal, false,
		_("'%s' did not go well. r tries again, s REASON skips, u undoes the "
		  "last change, "
		  "e ends the run, q leaves: "),
		name);
}

static enum outcome ask_after_failure(struct run_session *s, int n, struct err *e)
{
	for (;;) {
		char *line = failure_question(s, n);
		enum outcome o;

		if (!line)
			return LEAVE;
		o = answer_failure(s, n, line, e);
		free(line);
		if (o)
			return o;
		if (e->code) {
			tell_error(s, e);
			err_clear(e);
		}
	}
}

/* --- the whole --- */

static int running_step(const struct run_session *s)
{
	const struct run *r = walk_run(s->walk);

	for (size_t i = 0; i < r->n; i++)
		if (r->steps[i].state == STEP_RUNNING)
			return (int)i + 1;
	return 0;
}

/* A step could not even start: a person may skip it, else the run ends here. */
static enum outcome could_not(struct run_session *s, int n, struct err *e)
{
	enum outcome o = OUTCOME_NONE;

	if (!s->terminal || !n)
		return OUTCOME_NONE;
	tell_error(s, e);
	err_clear(e);
	while (!o) {
		char *line = terminal_ask(s->terminal, false,
			_("r tries again, s REASON skips, e ends the run, q leaves: "));

		if (!line)
			return LEAVE;
		o = !strcmp(line, "r") ? GO_ON : common_answer(s, n, line, e);
		free(line);
	}
	return o;
}

static enum outcome one_turn(struct run_session *s, struct err *e)
{
	enum outcome o;
	bool moved;
	int n;

	if (walk_refresh(s->walk, &moved, e) || walk_next(s->walk, &n, e))
		return OUTCOME_NONE;
	if (walk_row(s->walk)->ended != NONE_INT)
		return END;
	if (!n && (n = running_step(s))) {
		if (follow(s, n, e))
			return OUTCOME_NONE;
		return s->left ? LEAVE : GO_ON;
	}
	if (!n && (n = failed_step(s)))
		return s->terminal ? ask_after_failure(s, n, e) : END;
	if (!n)
		return END;
	o = do_step(s, n, e);
	return o ? o : could_not(s, n, e);
}

static void watch_interrupts(struct sigaction *before)
{
	struct sigaction sa = {.sa_handler = on_interrupt};

	sigaction(SIGINT, &sa, before);
}

/* Without a person what cannot go on ends; but what nobody knows must be settled by one. */
static int end_run(struct run_session *s, const char *reason, struct err *e)
{
	if (walk_row(s->walk)->ended != NONE_INT || running_step(s))
		return 0;
	if (failed_step(s) && step_of(s, failed_step(s))->state == STEP_UNKNOWN &&
		!s->terminal)
		return 0;
	return walk_end(s->walk, reason, e);
}

int run_session_walk(struct run_session *s, struct err *e)
{
	struct sigaction before;
	struct err ignored = ERR_INIT;
	enum outcome o;

	watch_interrupts(&before);
	do
		o = one_turn(s, e);
	while (o == GO_ON);
	sigaction(SIGINT, &before, NULL);
	if (o == LEAVE) {
		s->left = true;
		tell(s, _("The run stays where it is: tocsin runbook resume %s\n"),
			walk_row(s->walk)->id);
		return run_session_report(s);
	}
	if (end_run(s, o ? NULL : e->what, o ? e : &ignored)) {
		err_release(&ignored);
		return -1;
	}
	if (!o && s->cmd->json)
		(void)run_session_report(s);
	return o ? run_session_report(s) : -1;
}

static void add_step(struct run_session *s, struct json *list, const struct run_step *rs)
{
	const struct step_row *row = walk_step_row(s->walk, rs->step->n);
	struct json *j = json_add_object(list, NULL);
	struct strbuf tail = STRBUF_INIT;
	struct err e = ERR_INIT;
	int64_t from;

	json_add_int(j, "n", rs->step->n);
	json_add_text(j, "name", rs->step->name);
	json_add_text(j, "kind", step_kind_name(rs->step->kind));
	json_add_text(j, "phase", phase_name(rs->step->phase));
	json_add_text(j, "state", step_state_name(rs->state));
	json_add_int(j, "attempt", rs->attempt);
	if (!row)
		return;
	json_add_time(j, "started", row->started);
	json_add_time(j, "ended", row->ended);
	json_add_int(j, "exit_code", row->exit_code);
	json_add_text(j, "error", row->error);
	json_add_text(j, "note", row->note);
	from = row->output_bytes > TAIL_BYTES ? row->output_bytes - TAIL_BYTES : 0;
	if (!step_output(&tail, NULL, s->cmd->store, walk_row(s->walk)->id, rs->step->n,
		    from, TAIL_BYTES, &e)) {
		struct strbuf safe = STRBUF_INIT;

		text_safe(&safe, tail.buf, tail.len, true);
		json_add_text(j, "output_tail", safe.buf);
		strbuf_release(&safe);
	}
	err_release(&e);
	strbuf_release(&tail);
}

static int report_json(struct run_session *s)
{
	const struct run_row *row = walk_row(s->walk);
	const struct run *r = walk_run(s->walk);
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.run/1");
	json_add_text(doc, "id", row->id);
	json_add_text(doc, "runbook", row->runbook);
	json_add_text(doc, "sha256", row->sha256);
	json_add_text(doc, "service", row->service);
	json_add_text(doc, "state", row->state);
	json_add_bool(doc, "dry_run", row->dry_run);
	json_add_time(doc, "started", row->started);
	json_add_time(doc, "ended", row->ended);
	list = json_add_array(doc, "steps");
	for (size_t i = 0; i < r->n; i++)
		add_step(s, list, &r->steps[i]);
	return cmd_print_json(doc);
}

int run_session_report(struct run_session *s)
{
	const struct run_row *row = walk_row(s->walk);
	struct err e = ERR_INIT;
	bool moved, done;

	if (walk_refresh(s->walk, &moved, &e))
		err_release(&e);
	done = row->ended != NONE_INT && !strcmp(row->state, "done");
	if (s->cmd->json && report_json(s))
		return EXIT_INTERNAL;
	if (!s->cmd->json && row->ended != NONE_INT)
		tell(s, _("The run %s ended: %s\n"), row->id, row->state);
	if (!s->cmd->json && s->n_left_over)
		tell(s, _("%zu things are left to do by a person\n"), s->n_left_over);
	return done || s->left ? EXIT_FINE : EXIT_FINDING;
}

int run_session_stop(struct run_session *s, bool kill, struct err *e)
{
	int n = running_step(s);

	if (!n)
		return err_set(e, ERR_CONFLICT, _("no step of the run is running"));
	for (; n && (size_t)n <= walk_run(s->walk)->n; n++)
		if (step_of(s, n)->state == STEP_RUNNING &&
			walk_cancel(s->walk, n, kill, e))
			return -1;
	n = running_step(s);
	return follow(s, n, e) ? -1 : EXIT_FINE;
}

int run_session_abandon(
	struct run_session *s, const char *id, const char *reason, struct err *e)
{
	if (walk_abandon(s->cmd->store, id, reason, e))
		return -1;
	tell(s, _("The run %s is abandoned; what it did stays done\n"), id);
	return EXIT_FINE;
}
