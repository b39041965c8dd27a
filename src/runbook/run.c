#include "config.h"
#include "runbook/run.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"

#define FROM(state) (1u << (state))

/* What may happen in which states, and what state follows. */
/* clang-format off */
static const struct transition {
	unsigned	from;
	enum step_state	to;
} transitions[RUN_EVENTS] = {
	[EV_ASK]		= {FROM(STEP_TODO), STEP_ASKING},
	[EV_TAKE_BACK]		= {FROM(STEP_ASKING), STEP_TODO},
	[EV_START]		= {FROM(STEP_TODO) | FROM(STEP_ASKING), STEP_RUNNING},
	[EV_START_UNDO]		= {FROM(STEP_TODO) | FROM(STEP_ASKING) | FROM(STEP_OK) |
				   FROM(STEP_FAILED) | FROM(STEP_TIMED_OUT) |
				   FROM(STEP_CANCELLED) | FROM(STEP_SKIPPED) |
				   FROM(STEP_UNDONE), STEP_RUNNING},
	[EV_OK]			= {FROM(STEP_RUNNING), STEP_OK},
	[EV_FAIL]		= {FROM(STEP_RUNNING), STEP_FAILED},
	[EV_TIME_OUT]		= {FROM(STEP_RUNNING), STEP_TIMED_OUT},
	[EV_CANCEL]		= {FROM(STEP_RUNNING), STEP_CANCELLED},
	[EV_LOSE]		= {FROM(STEP_RUNNING), STEP_UNKNOWN},
	[EV_SKIP]		= {FROM(STEP_TODO) | FROM(STEP_ASKING) | FROM(STEP_FAILED) |
				   FROM(STEP_TIMED_OUT) | FROM(STEP_CANCELLED), STEP_SKIPPED},
	[EV_RETRY]		= {FROM(STEP_FAILED) | FROM(STEP_TIMED_OUT) |
				   FROM(STEP_CANCELLED) | FROM(STEP_SKIPPED), STEP_TODO},
	[EV_UNDO]		= {FROM(STEP_OK) | FROM(STEP_FAILED) | FROM(STEP_TIMED_OUT) |
				   FROM(STEP_CANCELLED) | FROM(STEP_RUNNING), STEP_UNDONE},
	[EV_DECIDE_OK]		= {FROM(STEP_UNKNOWN), STEP_OK},
	[EV_DECIDE_FAILED]	= {FROM(STEP_UNKNOWN), STEP_FAILED},
};
/* clang-format on */

void run_init(struct run *r, const struct runbook *rb, const struct vars *vars)
{
	*r = (struct run){.rb = rb, .vars = vars, .n = rb->n_steps};
	r->steps = mem_new(rb->n_steps + 1, sizeof(*r->steps));
	for (size_t i = 0; i < r->n; i++) {
		r->steps[i].step = &rb->steps[i];
		r->steps[i].state = STEP_TODO;
	}
}

void run_release(struct run *r)
{
	free(r->steps);
	*r = (struct run){0};
}

enum step_state run_after(enum step_state s, enum run_event ev)
{
	if (ev <= EV_NONE || ev >= RUN_EVENTS || s <= STEP_NONE || s >= STEP_STATES)
		return STEP_NONE;
	return transitions[ev].from & FROM(s) ? transitions[ev].to : STEP_NONE;
}

static struct run_step *step_at(const struct run *r, int n, struct err *e)
{
	if (n >= 1 && (size_t)n <= r->n)
		return &r->steps[n - 1];
	err_set(e, ERR_NOT_FOUND, _("the runbook has no step %d"), n);
	return NULL;
}

int run_apply(struct run *r, int n, enum run_event ev, struct err *e)
{
	struct run_step *s = step_at(r, n, e);
	enum step_state next;

	if (!s)
		return -1;
	next = run_after(s->state, ev);
	if (!next)
		return err_set(e, ERR_CONFLICT,
			_("step '%s' is %s; that cannot be done now"), s->step->name,
			step_state_name(s->state));
	if (ev == EV_START || ev == EV_START_UNDO)
		s->attempt++;
	s->state = next;
	return 0;
}

static enum step_state state_of(const struct run *r, const char *name)
{
	const struct step *s = runbook_step(r->rb, name);

	return s ? r->steps[s->n - 1].state : STEP_NONE;
}

/* --- may it start --- */

static int check_rights(const struct run *r, const struct step *s, struct err *e)
{
	if (r->dry_run && !run_dry_runs(s))
		return err_set(e, ERR_DENIED,
			_("this is a dry run: step '%s' is shown and not run"), s->name);
	if (r->read_only && !r->dry_run && step_changes(s)) {
		err_set(e, ERR_DENIED,
			_("step '%s' changes something, and this context is "
			  "read-only"),
			s->name);
		return err_hint(e,
			_("choose another context, or see read_only in the "
			  "configuration"));
	}
	if (s->approve > 0) {
		err_set(e, ERR_DENIED,
			_("step '%s' needs the signatures of %d other people, and "
			  "signatures "
			  "cannot be collected yet"),
			s->name, s->approve);
		return err_hint(e,
			_("do it by hand together with them, then skip the step with "
			  "a note"));
	}
	return 0;
}

static int check_others(const struct run *r, const struct step *s, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct run_step *other = &r->steps[i];

		if (other->step == s)
			continue;
		if (other->state == STEP_RUNNING && !other->step->background)
			return err_set(e, ERR_CONFLICT, _("step '%s' still runs"),
				other->step->name);
		if (other->state != STEP_UNKNOWN || !step_changes(s))
			continue;
		err_set(e, ERR_CONFLICT, _("it is not known how step '%s' ended"),
			other->step->name);
		return err_hint(e,
			_("look at what it was to change, then say whether it was done"));
	}
	return 0;
}

int run_can_start(const struct run *r, int n, struct err *e)
{
	const struct run_step *rs = step_at(r, n, e);
	const struct step *s;
	const struct var *missing;

	if (!rs)
		return -1;
	s = rs->step;
	if (!run_after(rs->state, EV_START))
		return err_set(e, ERR_CONFLICT, _("step '%s' is %s"), s->name,
			step_state_name(rs->state));
	if (s->broken) {
		err_set(e, ERR_INPUT, _("step '%s' cannot run: %s"), s->name, s->broken);
		return err_where(
			e, "%s:%d", r->rb->file ? r->rb->file : r->rb->name, s->line);
	}
	if (check_rights(r, s, e) || check_others(r, s, e))
		return -1;
	if (s->before && state_of(r, s->before) != STEP_OK && !r->dry_run)
		return err_set(e, ERR_CONFLICT,
			_("step '%s' must be done before step '%s'"), s->before, s->name);
	missing = vars_missing(r->vars, s);
	if (!missing)
		return 0;
	err_set(e, ERR_INPUT, _("step '%s' needs a value for %s"), s->name,
		missing->name);
	return err_hint(e, _("give it with --var %s=VALUE"), missing->name);
}

bool run_dry_runs(const struct step *s)
{
	if (s->kind == KIND_GATE || s->kind == KIND_ACTION)
		return true;
	return s->kind == KIND_SH && s->risk == RISK_READ && s->risk_given;
}

/* --- where it stands --- */

static bool is_bad(enum step_state s)
{
	return s == STEP_FAILED || s == STEP_TIMED_OUT || s == STEP_CANCELLED ||
		s == STEP_UNKNOWN;
}

static bool is_open(const struct run_step *s)
{
	return (s->state == STEP_TODO || s->state == STEP_ASKING) && !s->step->undo_only;
}

int run_next(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_bad(r->steps[i].state) ||
			(r->steps[i].state == STEP_RUNNING &&
				!r->steps[i].step->background))
			return 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct run_step *s = &r->steps[i];
		const struct step *before;

		if (!is_open(s))
			continue;
		before = runbook_step(r->rb, s->step->before);
		if (before && r->steps[before->n - 1].state == STEP_TODO)
			return before->n;
		return s->step->n;
	}
	return 0;
}

bool run_is_over(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_open(&r->steps[i]) || r->steps[i].state == STEP_RUNNING ||
			is_bad(r->steps[i].state))
			return false;
	return true;
}

bool run_failed(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_bad(r->steps[i].state))
			return true;
	return false;
}

bool run_changes(const struct runbook *rb)
{
	for (size_t i = 0; i < rb->n_steps; i++)
		if (step_changes(&rb->steps[i]))
			return true;
	return false;
}

size_t run_undoable(const struct run *r, int *out, size_t max)
{
	size_t n = 0;

	for (size_t i = r->n; i-- > 0 && n < max;) {
		const struct run_step *s = &r->steps[i];

		if ((s->step->undo || s->step->kind == KIND_ACTION) &&
			step_changes(s->step) && s->attempt > 0 &&
			run_after(s->state, EV_UNDO) && s->state != STEP_RUNNING)
			out[n++] = s->step->n;
	}
	return n;
}

/* --- when --- */

struct condition {
	char name[80];
	char value[80];
	bool negated, compares;
};

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static bool condition_parse(struct condition *out, const char *s)
{
	size_t n = 0;

	*out = (struct condition){0};
	s += strspn(s, " ");
	if (*s == '!') {
		out->negated = true;
		s += 1 + strspn(s + 1, " ");
	}
	while (is_name_char(s[n]) && n + 1 < sizeof(out->name))
		n++;
	memcpy(out->name, s, n);
	s += n;
	s += strspn(s, " ");
	if (!n || !*s)
		return n > 0;
	if (out->negated || (strncmp(s, "==", 2) && strncmp(s, "!=", 2)))
		return false;
	out->compares = true;
	out->negated = *s == '!';
	s += 2 + strspn(s + 2, " ");
	n = strcspn(s, " ");
	if (n >= sizeof(out->value) || s[n + strspn(s + n, " ")])
		return false;
	memcpy(out->value, s, n);
	return true;
}

bool run_when_valid(const char *when)
{
	struct condition c;

	return condition_parse(&c, when);
}

int run_when(bool *out, const struct run *r, int n, struct err *e)
{
	const struct run_step *s = step_at(r, n, e);
	struct condition c;
	const char *value;

	if (!s)
		return -1;
	*out = true;
	if (!s->step->when)
		return 0;
	if (!condition_parse(&c, s->step->when))
		return err_set(e, ERR_INPUT,
			_("step '%s' has a condition that cannot be read: %s"),
			s->step->name, s->step->when);
	if (!strncmp(c.name, "step.", 5))
		value = step_state_name(state_of(r, c.name + 5));
	else
		value = vars_value(r->vars, c.name);
	if (c.compares)
		*out = (value && !strcmp(value, c.value)) != c.negated;
	else
		*out = (value && *value) != c.negated;
	return 0;
}
