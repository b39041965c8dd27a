/* walk_step.c - what a person does with one step of a run */
#include "config.h"
#include "runbook/walk.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/i18n.h"
#include "core/text.h"
#include "runbook/act.h"
#include "runbook/walk_inside.h"

static struct run_step *step_at(struct walk *w, int n, struct err *e)
{
	if (n >= 1 && (size_t)n <= w->run.n)
		return &w->run.steps[n - 1];
	err_set(e, ERR_NOT_FOUND, _("the runbook has no step %d"), n);
	return NULL;
}

/* --- rows --- */

static struct step_row row_of(const struct walk *w, int n)
{
	const struct step_row *old = walk_step_row(w, n);
	const struct step *s = &w->rb.steps[n - 1];

	if (old)
		return *old;
	return (struct step_row){
		.run = w->row.id,
		.n = n,
		.name = s->name,
		.kind = step_kind_name(s->kind),
		.phase = phase_name(s->phase),
		.risk = risk_name(s->risk),
		.attempt = w->run.steps[n - 1].attempt,
		.started = NONE_INT,
		.ended = NONE_INT,
		.exit_code = NONE_INT,
		.pid = NONE_INT,
	};
}

static const char *audit_kind(enum step_state state)
{
	static const char *const kinds[STEP_STATES] = {
		[STEP_TODO] = "step.again",
		[STEP_OK] = "step.done",
		[STEP_FAILED] = "step.failed",
		[STEP_SKIPPED] = "step.skipped",
		[STEP_UNKNOWN] = "step.unknown",
	};

	return kinds[state] ? kinds[state] : "step.state";
}

int walk_put(struct walk *w, int n, enum step_state state, const char *how,
	const char *note, struct err *e)
{
	struct step_row row = row_of(w, n);
	struct json *d = json_object();

	row.state = state;
	row.note = note;
	if (how)
		row.how = how;
	if (state == STEP_OK || state == STEP_SKIPPED)
		row.ended = clock_now();
	if (state == STEP_OK && row.started == NONE_INT)
		row.started = row.ended;
	if (state == STEP_OK)
		row.attempt = row.attempt > 0 ? row.attempt : 1;
	json_add_text(d, "name", row.name);
	json_add_text(d, "step_kind", row.kind);
	json_add_text(d, "how", how);
	json_add_text(d, "note", note);
	if (walk_audit(w, audit_kind(state), n, d, e) || step_put(w->st, &row, e))
		return -1;
	w->run.steps[n - 1].state = state;
	w->run.steps[n - 1].attempt = (int)row.attempt;
	return 0;
}

/* --- what is shown before it runs --- */

static void show_values(struct strbuf *out, const struct walk *w, const struct step *s)
{
	for (size_t i = 0; i < w->vars.n; i++) {
		const struct var *v = &w->vars.items[i];

		if (!strstr(s->script ? s->script : s->source, v->name))
			continue;
		strbuf_addf(out, "  %s = %s", v->name,
			!v->value           ? "?"
				: v->secret ? "****"
					    : v->value);
		if (v->origin)
			strbuf_addf(out, "  (%s)", v->origin);
		strbuf_addc(out, '\n');
	}
}

static bool names_secret(const struct walk *w, const struct step *s)
{
	for (size_t i = 0; i < w->vars.n; i++)
		if (w->vars.items[i].secret && strstr(s->source, w->vars.items[i].name))
			return true;
	return false;
}

/* The request with its values; false: not to be shown, or not known: the fence stands. */
static bool show_action(struct strbuf *out, const struct walk *w, const struct step *s)
{
	struct arena a;
	struct problems p;
	struct err ignored = ERR_INIT;
	struct strbuf text = STRBUF_INIT;
	struct act act;
	bool ok;

	if (names_secret(w, s))
		return false;
	arena_init(&a);
	problems_init(&p, NULL);
	ok = !act_parse(&act, s->source, &w->vars, s->line, &a, &p) &&
		!act_request(&text, &act, w->config, &ignored);
	if (ok) {
		strbuf_addf(out, "%s: %s\n", act.source, act.action);
		if (act_current(out, &act, w->st))
			strbuf_addc(out, '\n');
		strbuf_add(out, text.buf, text.len);
	}
	act_release(&act);
	strbuf_release(&text);
	err_release(&ignored);
	problems_release(&p);
	arena_release(&a);
	return ok;
}

/* A step without words of its own is called by its first line, which is shown anyway. */
static bool is_first_line(const struct step *s)
{
	size_t n = strlen(s->title);

	if (s->kind == KIND_MANUAL || !s->source)
		return false;
	if (n > 3 && !strcmp(s->title + n - 3, "..."))
		n -= 3;
	return !strncmp(s->source, s->title, n);
}

static char *preview(const struct walk *w, const struct step *s)
{
	struct strbuf text = STRBUF_INIT, safe = STRBUF_INIT;

	strbuf_addf(&text, "%d. %s  [%s, %s%s%s]\n", s->n, s->name,
		step_kind_name(s->kind), risk_name(s->risk), s->phase ? ", " : "",
		s->phase ? phase_name(s->phase) : "");
	if (s->kind == KIND_MANUAL && s->source && *s->source)
		strbuf_addf(&text, "%s\n", s->source);
	else if (strcmp(s->title, s->name) && !is_first_line(s))
		strbuf_addf(&text, "%s\n", s->title);
	if (w->row.service || w->scope.service)
		strbuf_addf(&text, _("service %s"), w->scope.service);
	if (w->scope.context)
		strbuf_addf(&text, _("%scontext %s"), w->scope.service ? ", " : "",
			w->scope.context);
	if (text.len && text.buf[text.len - 1] != '\n')
		strbuf_addc(&text, '\n');
	if (s->kind == KIND_ACTION && show_action(&text, w, s)) {
		text_safe(&safe, text.buf, text.len, true);
		strbuf_release(&text);
		return strbuf_detach(&safe, NULL);
	}
	if (s->kind != KIND_MANUAL) {
		strbuf_addc(&text, '\n');
		strbuf_adds(&text, s->script ? s->script : s->source);
		if (text.buf[text.len - 1] != '\n')
			strbuf_addc(&text, '\n');
	}
	show_values(&text, w, s);
	text_safe(&safe, text.buf, text.len, true);
	strbuf_release(&text);
	return strbuf_detach(&safe, NULL);
}

/* A letter that nobody has in the fingers: it is another one each time. */
static char any_letter(void)
{
	static const char letters[] = "bcdfghkmprstvwz";
	uint8_t random;

	random_bytes(&random, 1);
	return letters[random % (sizeof(letters) - 1)];
}

/* The step that runs when n is undone: another, or the action itself. */
static const struct step *undo_step(struct walk *w, int n, struct err *e)
{
	const struct step *s = &w->rb.steps[n - 1];

	if (s->undo)
		return runbook_step(&w->rb, s->undo);
	if (s->kind == KIND_ACTION)
		return s;
	err_set(e, ERR_NOT_FOUND, _("step '%s' says no step that undoes it"), s->name);
	return NULL;
}

static int check_undo(struct walk *w, int n, const struct step **with, struct err *e)
{
	struct run_step *rs = step_at(w, n, e);
	const struct step *s;

	if (!rs || !(s = undo_step(w, n, e)))
		return -1;
	*with = s;
	if (!run_after(rs->state, EV_UNDO) || rs->state == STEP_RUNNING)
		return err_set(e, ERR_CONFLICT,
			_("step '%s' is %s; there is nothing to undo"), rs->step->name,
			step_state_name(rs->state));
	if (!run_after(w->run.steps[s->n - 1].state, EV_START_UNDO))
		return err_set(e, ERR_CONFLICT, _("step '%s' still runs"), s->name);
	if (s->broken)
		return err_set(
			e, ERR_INPUT, _("step '%s' cannot run: %s"), s->name, s->broken);
	if (w->run.read_only || w->run.dry_run)
		return err_set(e, ERR_DENIED,
			w->run.dry_run ? _("this is a dry run: nothing was done, and "
					   "nothing is undone")
				       : _("this context is read-only"));
	return 0;
}

int walk_ask(struct walk_ask *out, struct walk *w, int n, bool undo, struct err *e)
{
	struct run_step *rs = step_at(w, n, e);
	const struct step *s;

	*out = (struct walk_ask){0};
	if (!rs)
		return -1;
	s = rs->step;
	if (undo ? check_undo(w, n, &s, e) : run_can_start(&w->run, n, e))
		return -1;
	/* A dry run changes nothing, so that nobody has to agree. */
	out->confirm = w->run.dry_run ? CONFIRM_NO : step_confirm(s);
	if (out->confirm == CONFIRM_KEY)
		out->letter = any_letter();
	if (out->confirm == CONFIRM_TYPE)
		out->word = mem_strdup(w->scope.service ? w->scope.service : w->rb.name);
	out->preview = preview(w, s);
	return 0;
}

char *walk_preview(struct walk *w, int n)
{
	if (n < 1 || (size_t)n > w->run.n)
		return mem_strdup("");
	return preview(w, &w->rb.steps[n - 1]);
}

void walk_ask_release(struct walk_ask *a)
{
	free(a->word);
	free(a->preview);
	*a = (struct walk_ask){0};
}

/* --- starting --- */

static void fill_values(const struct walk *w, struct json *values, struct json *secrets)
{
	for (size_t i = 0; i < w->vars.n; i++) {
		const struct var *v = &w->vars.items[i];

		if (!v->value)
			continue;
		json_add_text(values, v->name, v->value);
		if (v->secret)
			json_add_text(secrets, NULL, v->name);
	}
}

static int start(struct walk *w, const struct step *s, const char *how,
	const char *undo_of, struct err *e)
{
	struct json *values = json_object(), *secrets = json_array();
	const struct order o = {
		.run = w->row.id,
		.n = s->n,
		.attempt = w->run.steps[s->n - 1].attempt + 1,
		.file = w->rb.file,
		.sha256 = w->rb.sha256,
		.store_dir = store_dir(w->st),
		.config_file = w->config_file,
		.context = w->scope.context,
		.service = w->scope.service,
		.incident = w->scope.incident,
		.how = how,
		.who = w->who.login ? w->who.login : w->who.user,
		.undo_of = undo_of,
		.dry_run = w->run.dry_run,
		.vars = values,
		.secrets = secrets,
	};
	int rc;

	fill_values(w, values, secrets);
	rc = supervisor_start(&w->starting, &o, e);
	w->pending = !rc;
	json_free(values);
	json_free(secrets);
	return rc;
}

static int check_free(struct walk *w, struct err *e)
{
	if (walk_check_ours(w, e))
		return -1;
	if (w->pending)
		return err_set(e, ERR_CONFLICT, _("another step is just being started"));
	return 0;
}

int walk_start(struct walk *w, int n, const char *how, struct err *e)
{
	struct run_step *rs = step_at(w, n, e);

	if (!rs || check_free(w, e) || run_can_start(&w->run, n, e))
		return -1;
	if (rs->step->kind == KIND_MANUAL)
		return err_set(
			e, ERR_INPUT, _("step '%s' is done by a person"), rs->step->name);
	return start(w, rs->step, how, NULL, e);
}

int walk_undo(struct walk *w, int n, const char *how, struct err *e)
{
	const struct step *s;

	if (check_free(w, e) || check_undo(w, n, &s, e))
		return -1;
	return start(w, s, how, w->rb.steps[n - 1].name, e);
}

int walk_starting(struct walk *w, struct err *e)
{
	bool moved;
	int rc;

	if (!w->pending)
		return 1;
	rc = supervisor_answer(&w->starting, e);
	if (!rc)
		return 0;
	supervisor_forget(&w->starting);
	w->pending = false;
	if (rc < 0)
		return -1;
	return walk_refresh(w, &moved, e) ? -1 : 1;
}

int walk_starting_fd(const struct walk *w)
{
	return w->pending ? w->starting.child.out : -1;
}

/* --- what people say --- */

static int say(struct walk *w, int n, enum run_event ev, const char *how,
	const char *note, struct err *e)
{
	struct run_step *rs = step_at(w, n, e);
	enum step_state next;

	if (!rs || walk_check_ours(w, e))
		return -1;
	next = run_after(rs->state, ev);
	if (!next)
		return err_set(e, ERR_CONFLICT,
			_("step '%s' is %s; that cannot be done now"), rs->step->name,
			step_state_name(rs->state));
	return walk_put(w, n, next, how, note, e);
}

int walk_tick(struct walk *w, int n, const char *note, struct err *e)
{
	struct run_step *rs = step_at(w, n, e);

	if (!rs || walk_check_ours(w, e))
		return -1;
	if (rs->step->kind != KIND_MANUAL)
		return err_set(
			e, ERR_INPUT, _("step '%s' is run, not ticked"), rs->step->name);
	if (run_can_start(&w->run, n, e))
		return -1;
	return walk_put(w, n, STEP_OK, "ticked", note, e);
}

int walk_skip(struct walk *w, int n, const char *reason, struct err *e)
{
	if (!reason || !*reason)
		return err_set(e, ERR_INPUT, _("say why the step is skipped"));
	return say(w, n, EV_SKIP, NULL, reason, e);
}

int walk_retry(struct walk *w, int n, struct err *e)
{
	return say(w, n, EV_RETRY, NULL, NULL, e);
}

int walk_decide(struct walk *w, int n, bool ok, const char *note, struct err *e)
{
	return say(w, n, ok ? EV_DECIDE_OK : EV_DECIDE_FAILED, "decided", note, e);
}

int walk_cancel(struct walk *w, int n, bool kill, struct err *e)
{
	struct run_step *rs = step_at(w, n, e);
	struct json *d;

	if (!rs || walk_check_ours(w, e))
		return -1;
	if (rs->state != STEP_RUNNING)
		return err_set(
			e, ERR_CONFLICT, _("step '%s' does not run"), rs->step->name);
	d = json_object();
	json_add_text(d, "name", rs->step->name);
	json_add_text(d, "what", kill ? "kill" : "cancel");
	if (walk_audit(w, "step.stop-asked", n, d, e))
		return -1;
	return step_request(w->st, w->row.id, n, kill ? "kill" : "cancel", w->who.user,
		clock_now(), e);
}
