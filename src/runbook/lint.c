#include "config.h"
#include "runbook/lint.h"

#include <string.h>

#include "core/i18n.h"
#include "runbook/act.h"
#include "runbook/gate.h"
#include "runbook/origin.h"
#include "runbook/run.h"
#include "runbook/script.h"

struct lint {
	struct runbook *rb;
	const struct destroy *patterns;
};

/* Says it, and keeps the step from starting. */
static void breaks(struct lint *l, struct step *s, const char *why)
{
	problems_add(&l->rb->problems, s->line, 0, "%s", why);
	if (!s->broken)
		s->broken = why;
}

/* --- one check a function --- */

static void check_risk(struct lint *l, struct step *s)
{
	const char *pattern =
		s->kind == KIND_SH ? destroy_match(l->patterns, s->script) : NULL;

	if (s->kind == KIND_GATE || s->kind == KIND_MANUAL ||
		s->kind == KIND_POSTMORTEM) {
		s->risk = RISK_READ;
	} else if (s->kind == KIND_ACTION && s->risk <= RISK_CHANGE) {
		if (s->risk == RISK_READ)
			problems_add(&l->rb->problems, s->line, 0,
				_("an action always changes something: risk=read is "
				  "ignored"));
		s->risk = RISK_CHANGE;
	} else if (!s->risk_given) {
		s->risk = pattern ? RISK_DESTROY : RISK_CHANGE;
	} else if (pattern && s->risk < RISK_DESTROY) {
		problems_add(&l->rb->problems, s->line, 0,
			_("step '%s' says risk=%s, and its text looks destructive"),
			s->name, risk_name(s->risk));
		problems_hint(&l->rb->problems, _("write risk=destroy if it is"));
	}
}

static void check_reference(
	struct lint *l, struct step *s, const char *name, const char *attr)
{
	if (!name)
		return;
	if (!strcmp(name, s->name))
		breaks(l, s,
			arena_format(
				&l->rb->arena, _("'%s' names the step itself"), attr));
	else if (!runbook_step(l->rb, name))
		breaks(l, s,
			arena_format(&l->rb->arena,
				_("'%s' names a step that is not there: '%s'"), attr,
				name));
}

/* A chain of `before` that comes back to where it began could never start. */
static void check_circle(struct lint *l, struct step *s)
{
	const struct step *at = runbook_step(l->rb, s->before);

	for (size_t i = 0; at && i <= l->rb->n_steps; i++) {
		if (at == s) {
			breaks(l, s,
				_("the steps named by 'before' wait for each other"));
			return;
		}
		at = runbook_step(l->rb, at->before);
	}
}

static void check_references(struct lint *l, struct step *s)
{
	check_reference(l, s, s->undo, "undo");
	check_reference(l, s, s->before, "before");
	check_circle(l, s);
}

static void check_retries(struct lint *l, struct step *s)
{
	if (s->retries <= 0 || step_retries(s) > 0)
		return;
	problems_add(&l->rb->problems, s->line, 0,
		_("retries are ignored: step '%s' changes something and is not marked "
		  "idempotent"),
		s->name);
}

static void check_when(struct lint *l, struct step *s)
{
	if (s->when && !run_when_valid(s->when))
		breaks(l, s,
			arena_format(&l->rb->arena,
				_("the condition cannot be read: when=%s"), s->when));
}

static void check_approvals(struct lint *l, struct step *s)
{
	if (s->approve > 0)
		problems_add(&l->rb->problems, s->line, 0,
			_("approvals cannot be collected yet: step '%s' will be refused"),
			s->name);
}

static void check_interpreter(struct lint *l, struct step *s)
{
	const char *argv[SCRIPT_MAX_ARGV];

	if (s->kind == KIND_SH && s->interpreter &&
		!script_argv(argv, s, false, &l->rb->arena))
		breaks(l, s,
			arena_format(&l->rb->arena, _("there is no interpreter '%s'"),
				s->interpreter));
}

static void check_needs(struct lint *l, struct step *s)
{
	if (s->needs && strcmp(s->needs, "ssh-agent"))
		breaks(l, s,
			arena_format(&l->rb->arena,
				_("'needs' knows 'ssh-agent' only, not '%s'"), s->needs));
}

static void check_action(struct lint *l, struct step *s)
{
	struct act act;

	if (s->kind != KIND_ACTION)
		return;
	if (act_parse(&act, s->source, NULL, s->line, &l->rb->arena, &l->rb->problems))
		s->broken = s->broken ? s->broken : _("what it asks for cannot be read");
	else
		act_release(&act);
}

static void check_gate(struct lint *l, struct step *s)
{
	struct gate gate;

	if (s->kind == KIND_GATE &&
		gate_parse(
			&gate, s->source, NULL, s->line, &l->rb->arena, &l->rb->problems))
		s->broken = s->broken ? s->broken : _("its condition cannot be read");
}

typedef void check_fn(struct lint *l, struct step *s);

static check_fn *const checks[] = {
	check_risk,
	check_references,
	check_retries,
	check_when,
	check_approvals,
	check_interpreter,
	check_needs,
	check_action,
	check_gate,
};

static void check_var(struct lint *l, const struct var_decl *d)
{
	struct problems *p = &l->rb->problems;

	if (d->from && !origin_known(d->from)) {
		problems_add(p, d->line, 0, _("'%s' is nothing that a value comes from"),
			d->from);
		if (origin_nearest(d->from))
			problems_hint(
				p, _("did you mean '%s'?"), origin_nearest(d->from));
	}
	if (d->choices_from && !origin_choices_known(d->choices_from)) {
		problems_add(p, d->line, 0, _("there are no choices called '%s'"),
			d->choices_from);
		if (origin_choices_nearest(d->choices_from))
			problems_hint(p, _("did you mean '%s'?"),
				origin_choices_nearest(d->choices_from));
	}
}

void runbook_lint(struct runbook *rb, const struct destroy *patterns)
{
	struct lint l = {.rb = rb, .patterns = patterns};

	for (size_t i = 0; i < rb->n_vars; i++)
		check_var(&l, &rb->vars[i]);
	for (size_t i = 0; i < rb->n_steps; i++)
		for (size_t k = 0; k < ARRAY_LEN(checks); k++)
			checks[k](&l, &rb->steps[i]);
}
