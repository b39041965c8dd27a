#include "config.h"
#include "runbook/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "record/chain.h"
#include "runbook/destroy.h"
#include "runbook/walk_inside.h"

/* --- opening --- */

static int read_runbook(struct walk *w, const char *file, struct err *e)
{
	struct destroy *patterns = NULL;
	struct problems p;
	int rc;

	problems_init(&p, NULL);
	rc = destroy_load(&patterns, &p, e);
	if (!rc)
		rc = runbook_read(&w->rb, file, patterns, e);
	destroy_free(patterns);
	problems_release(&p);
	return rc;
}

static struct walk *walk_new(
	struct store *st, const struct config *c, const char *config_file)
{
	struct walk *w = mem_new(1, sizeof(*w));

	arena_init(&w->arena);
	arena_init(&w->rows_arena);
	vars_init(&w->vars);
	w->st = st;
	w->config = c;
	w->config_file = config_file ? realpath(config_file, NULL) : NULL;
	if (w->config_file) {
		char *real = (char *)w->config_file;

		w->config_file = arena_strdup(&w->arena, real);
		free(real);
	}
	who_am_i(&w->who, &w->arena);
	return w;
}

static void set_scope(struct walk *w, const char *service, const char *context,
	const char *incident, const struct alert *alert)
{
	w->scope = (struct vars_scope){
		.config = w->config,
		.service = arena_strdup(&w->arena, service),
		.context = arena_strdup(&w->arena, context),
		.incident = arena_strdup(&w->arena, incident),
		.alert = alert,
		.store = w->st,
		.at = AT_NOW,
	};
	w->context = w->config && context ? config_context(w->config, context) : NULL;
}

/* What both ways of opening end with. */
static int fill(struct walk *w, bool dry_run, struct err *e)
{
	if (vars_resolve(&w->vars, &w->rb, &w->scope, &w->rb.problems, e))
		return -1;
	w->scope.alert = NULL; /* borrowed for this only */
	run_init(&w->run, &w->rb, &w->vars);
	w->run.dry_run = dry_run;
	w->run.read_only = w->context && w->context->read_only;
	w->merged = mem_new(w->rb.n_steps + 1, sizeof(*w->merged));
	return 0;
}

int walk_open(struct walk **out, struct store *st, const struct config *c,
	const struct walk_plan *plan, struct err *e)
{
	struct walk *w = walk_new(st, c, plan->config_file);
	char *file = realpath(plan->file, NULL);
	int rc;

	set_scope(w, plan->service, plan->context, plan->incident, plan->alert);
	rc = read_runbook(w, file ? file : plan->file, e);
	free(file);
	if (rc || fill(w, plan->dry_run, e)) {
		walk_free(w);
		return -1;
	}
	*out = w;
	return 0;
}

static int read_journalled_vars(struct walk *w, struct err *e)
{
	struct json *j = NULL;
	int rc;

	if (!w->row.vars)
		return 0;
	rc = json_parse(&j, w->row.vars, strlen(w->row.vars), e);
	if (!rc)
		rc = vars_from_json(&w->vars, j, e);
	json_free(j);
	return rc;
}

static int reopen(struct walk *w, const char *run_id, struct err *e)
{
	if (run_find(&w->row, &w->arena, w->st, run_id, e))
		return -1;
	if (!w->row.file)
		return err_set(e, ERR_NOT_FOUND, _("the run does not say what was run"));
	set_scope(w, w->row.service, w->row.context, NULL, NULL);
	if (read_runbook(w, w->row.file, e))
		return -1;
	if (w->row.sha256 && strcmp(w->row.sha256, w->rb.sha256)) {
		err_set(e, ERR_CONFLICT,
			_("the runbook '%s' was changed since the run began"),
			w->row.file);
		return err_hint(e,
			_("end the run with 'tocsin runbook abandon %s', then begin "
			  "another"),
			w->row.id);
	}
	return fill(w, w->row.dry_run, e) || read_journalled_vars(w, e) ? -1 : 0;
}

int walk_resume(struct walk **out, struct store *st, const struct config *c,
	const char *run_id, const char *config_file, struct err *e)
{
	struct walk *w = walk_new(st, c, config_file);
	bool moved;

	if (reopen(w, run_id, e) || walk_refresh(w, &moved, e)) {
		walk_free(w);
		return -1;
	}
	*out = w;
	return 0;
}

void walk_free(struct walk *w)
{
	if (!w)
		return;
	if (w->pending)
		supervisor_forget(&w->starting);
	run_release(&w->run);
	vars_release(&w->vars);
	runbook_release(&w->rb);
	free(w->merged);
	arena_release(&w->rows_arena);
	arena_release(&w->arena);
	free(w);
}

const struct run *walk_run(const struct walk *w)
{
	return &w->run;
}

const struct runbook *walk_runbook(const struct walk *w)
{
	return &w->rb;
}

struct vars *walk_vars(struct walk *w)
{
	return &w->vars;
}

const struct vars_scope *walk_scope(const struct walk *w)
{
	return &w->scope;
}

const struct run_row *walk_row(const struct walk *w)
{
	return &w->row;
}

const struct step_row *walk_step_row(const struct walk *w, int n)
{
	for (size_t i = 0; i < w->rows.n; i++)
		if (w->rows.items[i].n == n)
			return &w->rows.items[i];
	return NULL;
}

/* --- beginning and ending --- */

int walk_audit(
	struct walk *w, const char *kind, int64_t n, struct json *data, struct err *e)
{
	const struct audit_event ev = {
		.kind = kind,
		.object = w->row.service,
		.run = w->row.id,
		.incident = w->scope.incident,
		.context = w->row.context,
		.step = n,
		.data = data,
	};
	int rc = audit_write(w->st, &w->who, &ev, NULL, e);

	json_free(data);
	return rc;
}

int walk_check_ours(const struct walk *w, struct err *e)
{
	if (!w->row.id)
		return err_set(e, ERR_CONFLICT, _("the run has not begun"));
	if (w->row.ended != NONE_INT)
		return err_set(e, ERR_CONFLICT, _("the run is over"));
	if (w->row.user && w->who.user && strcmp(w->row.user, w->who.user)) {
		err_set(e, ERR_DENIED, _("the run belongs to %s"), w->row.user);
		return err_hint(e,
			_("ask them, or begin a run of your own once theirs has ended"));
	}
	return 0;
}

static struct json *begin_data(struct walk *w)
{
	struct json *d = json_object();

	json_add_text(d, "runbook", w->rb.name);
	json_add_text(d, "file", w->rb.file);
	json_add_text(d, "sha256", w->rb.sha256);
	json_add_text(d, "title", w->rb.title);
	json_add_bool(d, "dry_run", w->run.dry_run);
	json_add(d, "vars", vars_to_json(&w->vars));
	return d;
}

static const char *vars_text(struct walk *w, struct arena *a)
{
	struct json *j = vars_to_json(&w->vars);
	struct strbuf text = STRBUF_INIT;
	const char *out;

	json_canonical(&text, j);
	out = arena_strdup(a, text.buf);
	strbuf_release(&text);
	json_free(j);
	return out;
}

int walk_begin(struct walk *w, struct err *e)
{
	int64_t now = clock_now();
	char *id = id_new(now);
	struct run_row row = {
		.id = arena_strdup(&w->arena, id),
		.runbook = w->rb.name,
		.title = w->rb.title,
		.file = w->rb.file,
		.sha256 = w->rb.sha256,
		.service = w->scope.service,
		.context = w->scope.context,
		.user = w->who.user,
		.started = now,
		.ended = NONE_INT,
		.dry_run = w->run.dry_run,
		.changing = run_changes(&w->rb),
		.vars = vars_text(w, &w->arena),
		.state = "running",
	};

	free(id);
	if (run_create(w->st, &row, e))
		return -1;
	w->row = row;
	return walk_audit(w, "run.started", NONE_INT, begin_data(w), e);
}

static int end_as(struct walk *w, const char *state, const char *reason, struct err *e)
{
	struct json *d = json_object();
	int64_t now = clock_now();

	json_add_text(d, "state", state);
	json_add_text(d, "reason", reason);
	if (walk_audit(w, "run.ended", NONE_INT, d, e) ||
		run_update(w->st, w->row.id, state, now, e))
		return -1;
	w->row.state = state;
	w->row.ended = now;
	return 0;
}

int walk_end(struct walk *w, const char *reason, struct err *e)
{
	if (walk_check_ours(w, e))
		return -1;
	for (size_t i = 0; i < w->run.n; i++)
		if (w->run.steps[i].state == STEP_RUNNING)
			return err_set(e, ERR_CONFLICT, _("step '%s' still runs"),
				w->run.steps[i].step->name);
	if (run_is_over(&w->run))
		return end_as(w, "done", reason, e);
	return end_as(w, run_failed(&w->run) ? "failed" : "abandoned", reason, e);
}

static int check_nothing_lives(struct walk *w, struct err *e)
{
	if (step_list(&w->rows, &w->rows_arena, w->st, w->row.id, e))
		return -1;
	for (size_t i = 0; i < w->rows.n; i++)
		if (supervisor_lives(w->st, w->row.id, (int)w->rows.items[i].n)) {
			err_set(e, ERR_CONFLICT, _("step '%s' still runs"),
				w->rows.items[i].name);
			return err_hint(e, _("stop it first"));
		}
	return 0;
}

int walk_abandon(struct store *st, const char *run_id, const char *reason, struct err *e)
{
	struct walk *w = walk_new(st, NULL, NULL);
	int rc = run_find(&w->row, &w->arena, st, run_id, e);

	if (!rc)
		rc = walk_check_ours(w, e);
	if (!rc)
		rc = check_nothing_lives(w, e);
	if (!rc)
		rc = end_as(w, "abandoned", reason, e);
	walk_free(w);
	return rc;
}

/* --- following --- */

/* Values that a step put out, once for each attempt. */
static int merge_outputs(
	struct walk *w, const struct step_row *row, bool *changed, struct err *e)
{
	const struct step *s = &w->rb.steps[row->n - 1];
	struct json *j = NULL;
	char *origin;
	int rc = 0;

	if (row->state != STEP_OK || !row->after_value || s->kind != KIND_SH ||
		w->merged[row->n] == row->attempt)
		return 0;
	if (json_parse(&j, row->after_value, strlen(row->after_value), e))
		return -1;
	origin = mem_format(_("step '%s'"), s->name);
	json_each (item, j) {
		struct err refused = ERR_INIT;

		/* What a declared variable does not allow stays as it was. */
		if (json_text(item) &&
			vars_put(&w->vars, json_key(item), json_text(item), origin,
				&refused))
			problems_add(&w->rb.problems, s->line, 0, "%s", refused.what);
		err_release(&refused);
	}
	free(origin);
	json_free(j);
	w->merged[row->n] = (int)row->attempt;
	*changed = true;
	return rc;
}

static bool take_rows(struct walk *w)
{
	bool moved = false;

	for (size_t i = 0; i < w->rows.n; i++) {
		const struct step_row *row = &w->rows.items[i];
		struct run_step *s;

		if (row->n < 1 || (size_t)row->n > w->run.n)
			continue;
		s = &w->run.steps[row->n - 1];
		/* A dialog that is open on our screen is in no row. */
		if (s->state == STEP_ASKING && row->state == STEP_TODO)
			continue;
		moved |= s->state != row->state || s->attempt != (int)row->attempt;
		s->state = row->state;
		s->attempt = (int)row->attempt;
	}
	return moved;
}

static int read_rows(struct walk *w, struct err *e)
{
	arena_reset(&w->rows_arena);
	w->rows = (struct step_list){0};
	return step_list(&w->rows, &w->rows_arena, w->st, w->row.id, e);
}

/*
 * A step that runs without a supervisor has lost it.  The lock is looked at between two readings
 * of the row, because a supervisor writes the end first and lets go after.
 */
static int find_lost(struct walk *w, bool *moved, struct err *e)
{
	bool suspicious = false;

	for (size_t i = 0; i < w->rows.n; i++)
		suspicious |= w->rows.items[i].state == STEP_RUNNING &&
			!supervisor_lives(w->st, w->row.id, (int)w->rows.items[i].n);
	if (!suspicious)
		return 0;
	if (read_rows(w, e))
		return -1;
	*moved |= take_rows(w);
	for (size_t i = 0; i < w->run.n; i++) {
		struct err ignored = ERR_INIT;
		int n = (int)i + 1;

		if (w->run.steps[i].state != STEP_RUNNING ||
			supervisor_lives(w->st, w->row.id, n))
			continue;
		*moved = true;
		if (!walk_check_ours(w, &ignored) &&
			walk_put(w, n, STEP_UNKNOWN, NULL,
				_("its supervisor ended before the step did"), e)) {
			err_release(&ignored);
			return -1;
		}
		err_release(&ignored);
		w->run.steps[i].state = STEP_UNKNOWN;
	}
	return 0;
}

static int take_outputs(struct walk *w, struct err *e)
{
	struct err ignored = ERR_INIT;
	bool changed = false, ours = !walk_check_ours(w, &ignored);

	err_release(&ignored);
	for (size_t i = 0; i < w->rows.n; i++)
		if (w->rows.items[i].n >= 1 && (size_t)w->rows.items[i].n <= w->run.n &&
			merge_outputs(w, &w->rows.items[i], &changed, e))
			return -1;
	if (changed && ours)
		return run_vars(w->st, w->row.id, vars_text(w, &w->rows_arena), e);
	return 0;
}

int walk_refresh(struct walk *w, bool *moved, struct err *e)
{
	struct run_row now;

	*moved = false;
	if (!w->row.id)
		return 0;
	if (read_rows(w, e) || run_find(&now, &w->rows_arena, w->st, w->row.id, e))
		return -1;
	*moved = take_rows(w) || now.ended != w->row.ended;
	w->row.ended = now.ended;
	w->row.state = arena_strdup(&w->arena, *moved ? now.state : w->row.state);
	if (find_lost(w, moved, e) || take_outputs(w, e))
		return -1;
	if (run_is_over(&w->run) && w->row.ended == NONE_INT && !w->pending) {
		struct err ignored = ERR_INIT;
		bool ours = !walk_check_ours(w, &ignored);

		err_release(&ignored);
		*moved |= ours;
		return ours ? end_as(w, "done", NULL, e) : 0;
	}
	return 0;
}

int walk_next(struct walk *w, int *n, struct err *e)
{
	for (;;) {
		bool holds = true;

		*n = run_next(&w->run);
		if (!*n || run_when(&holds, &w->run, *n, e))
			return *n ? -1 : 0;
		if (holds)
			return 0;
		if (walk_skip(w, *n, _("its condition does not hold"), e))
			return -1;
	}
}
