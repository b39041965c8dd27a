#include "config.h"
#include "runbook/undo.h"

#include <string.h>

#include "core/i18n.h"
#include "net/action.h"
#include "net/connector.h"
#include "runbook/act.h"
#include "runbook/onestep.h"

static enum risk risk_of(const struct config *c, const char *source, const char *action)
{
	const struct source_conf *conf = config_source(c, source);
	const struct connector_action *act;
	struct connector connector;
	struct err ignored = ERR_INIT;
	enum risk risk = RISK_CHANGE;

	if (conf && !connector_load(&connector, c, conf->type, &ignored)) {
		act = connector_action_find(&connector, action);
		if (act && act->risk && !strcmp(act->risk, "destroy"))
			risk = RISK_DESTROY;
		connector_release(&connector);
	}
	err_release(&ignored);
	return risk;
}

static int write_one(struct strbuf *book, size_t n, const struct act *act,
	const struct step_row *row, const struct config *c, struct err *e)
{
	const struct action_call done = {.source = act->source,
		.action = act->action,
		.params = act->params,
		.expect = row->after_value};
	struct action_undo undo;
	struct onestep o;
	int rc;

	if (action_undo_find(&undo, c, &done, row->before_value, e)) {
		action_undo_release(&undo);
		return err_prefix(e, _("step '%s': "), row->name);
	}
	o = (struct onestep){.source = act->source,
		.action = undo.action,
		.params = undo.params,
		.expect = undo.expect,
		.risk = risk_of(c, act->source, undo.action)};
	rc = onestep_action(book, &o, n, e);
	action_undo_release(&undo);
	return rc;
}

/* The action as it was asked for, with the run's values. */
static int undo_step(struct strbuf *book, size_t n, struct walk *w, const struct step *s,
	const struct config *c, struct err *e)
{
	struct arena a;
	struct act act;
	struct problems p;
	int rc;

	arena_init(&a);
	problems_init(&p, walk_runbook(w)->file);
	rc = act_parse(&act, s->source, walk_vars(w), s->line, &a, &p);
	if (rc)
		problems_err(&p, e);
	else
		rc = write_one(book, n, &act, walk_step_row(w, s->n), c, e);
	act_release(&act);
	problems_release(&p);
	arena_release(&a);
	return rc;
}

/* It failed, and left another value than it found: its effect was not seen, or not yet. */
static bool left_a_change(const struct step_row *row)
{
	return row->state == STEP_FAILED && row->before_value && row->after_value &&
		strcmp(row->before_value, row->after_value) != 0;
}

static bool was_done(const struct walk *w, const struct step *s, const char *wanted)
{
	const struct step_row *row = walk_step_row(w, s->n);

	if (!row || (wanted && strcmp(wanted, s->name) != 0))
		return false;
	return step_changes(s) &&
		(row->state == STEP_OK || row->state == STEP_UNKNOWN ||
			left_a_change(row));
}

static int check_run(struct walk *w, const char *step, struct err *e)
{
	const struct run_row *row = walk_row(w);

	if (row->dry_run)
		return err_set(
			e, ERR_CONFLICT, _("the run was a dry run: nothing was done"));
	if (step && !runbook_step(walk_runbook(w), step))
		return err_set(e, ERR_NOT_FOUND, _("the run has no step '%s'"), step);
	if (row->ended != NONE_INT)
		return 0;
	err_set(e, ERR_CONFLICT, _("the run has not ended"));
	return err_hint(e,
		_("undo its steps in it, with 'tocsin runbook resume %s', or end it"),
		row->id);
}

int undo_write(struct strbuf *book, struct undo *out, struct walk *w,
	const struct config *c, const char *step, struct err *e)
{
	const struct run *r = walk_run(w);

	*out = (struct undo){0};
	if (check_run(w, step, e))
		return -1;
	strbuf_addf(book, "# Undo of %s\n\n", walk_row(w)->id);
	for (size_t i = r->n; i-- > 0;) {
		const struct step *s = r->steps[i].step;

		if (!was_done(w, s, step))
			continue;
		if (s->kind != KIND_ACTION)
			out->left = s->name;
		else if (undo_step(book, ++out->steps, w, s, c, e))
			return -1;
	}
	if (out->steps)
		return 0;
	err_set(e, ERR_NOT_FOUND, _("the run did nothing that can be taken back"));
	return out->left ? err_hint(e,
				   _("what step '%s' did was done by a script: its "
				     "runbook says how that is undone"),
				   out->left)
			 : -1;
}
