#include "config.h"
#include "runbook/gate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/yaml.h"

#define DEFAULT_WITHIN_NS (10 * NS_PER_MIN)

static const char *const verdict_names[] = {
	[VERDICT_HOLDS] = "holds",
	[VERDICT_NOT] = "not",
	[VERDICT_NO_DATA] = "no-data",
	[VERDICT_STALE] = "stale",
};

const char *gate_verdict_name(enum gate_verdict v)
{
	return v < ARRAY_LEN(verdict_names) ? verdict_names[v] : NULL;
}

/* --- reading --- */

static const char *const alert_states[] = {"gone", "firing", NULL};

struct gate_yaml {
	const char *slo, *service, *burn, *model, *serving, *alert;
	const char *promql, *drift, *feature, *value, *session;
	int state;
	int64_t window_ns, hold_ns, within_ns;
	double min_events;
};

#define AT(member) .offset = offsetof(struct gate_yaml, member)

/* clang-format off */
static const struct yaml_field gate_fields[] = {
	{.key = "slo", .want = YAML_TEXT, AT(slo),
		.help = N_("the objective that is waited for")},
	{.key = "service", .want = YAML_TEXT, AT(service),
		.help = N_("whose objective; else the run's")},
	{.key = "burn", .want = YAML_TEXT, AT(burn),
		.help = N_("the burn rate wanted: '< 1'")},
	{.key = "window", .want = YAML_DURATION, AT(window_ns),
		.help = N_("over which; else the shortest")},
	{.key = "min_events", .want = YAML_REAL, AT(min_events),
		.min = 0, .max = 1e15, .help = N_("fewer events decide nothing")},
	{.key = "model", .want = YAML_TEXT, AT(model),
		.help = N_("a model or a service")},
	{.key = "serving", .want = YAML_TEXT, AT(serving),
		.help = N_("the version served: '== 12'")},
	{.key = "alert", .want = YAML_TEXT, AT(alert),
		.help = N_("an alert's name")},
	{.key = "state", .want = YAML_CHOICE, AT(state),
		.choices = alert_states, .help = N_("what it shall be: gone, firing")},
	{.key = "for", .want = YAML_DURATION, AT(hold_ns),
		.help = N_("it must hold this long")},
	{.key = "within", .want = YAML_DURATION, AT(within_ns),
		.help = N_("the latest it may pass")},
	{.key = "promql", .want = YAML_TEXT, AT(promql),
		.help = N_("not supported")},
	{.key = "drift", .want = YAML_TEXT, AT(drift),
		.help = N_("the dataset of a drift check")},
	{.key = "feature", .want = YAML_TEXT, AT(feature),
		.help = N_("one of its features; else the dataset as a whole")},
	{.key = "value", .want = YAML_TEXT, AT(value),
		.help = N_("the value wanted: '< 0.2'; else that it is not drifted")},
	{.key = "session", .want = YAML_TEXT, AT(session),
		.help = N_("not supported")},
	{0},
};
/* clang-format on */

static const struct op {
	const char *text;
	enum gate_op op;
} ops[] = {
	{"<=", OP_LE},
	{">=", OP_GE},
	{"==", OP_EQ},
	{"!=", OP_NE},
	{"<", OP_LT},
	{">", OP_GT},
};

/* "< 1": the operator, and what follows it, or NULL. */
static const char *read_op(enum gate_op *out, const char *s)
{
	s += strspn(s, " \t");
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (!strncmp(s, ops[i].text, strlen(ops[i].text))) {
			*out = ops[i].op;
			s += strlen(ops[i].text);
			s += strspn(s, " \t");
			return *s ? s : NULL;
		}
	return NULL;
}

struct reading {
	const struct vars *vars;
	struct arena *a;
	struct problems *p;
};

static const char *expand(const struct reading *r, const char *text)
{
	struct err e = ERR_INIT;
	const char *value = text;

	if (text && r->vars && vars_expand(&value, r->vars, text, &e))
		problems_add(r->p, 1, 0, "%s", e.what);
	err_release(&e);
	return arena_strdup(r->a, value);
}

/* A value that is still to come is no number, and not wrong yet. */
static bool read_number(double *out, const char *text, const struct reading *r)
{
	char *end;

	if (*text == '$' && !r->vars)
		return true;
	errno = 0;
	*out = strtod(text, &end);
	return end != text && !*end && !errno && isfinite(*out);
}

static void read_slo(struct gate *out, const struct gate_yaml *y, const struct reading *r)
{
	const char *rest = y->burn ? read_op(&out->burn_op, y->burn) : NULL;

	out->kind = GATE_SLO;
	out->slo = expand(r, y->slo);
	if (!rest) {
		problems_add(r->p, 1, 0,
			_("the gate on '%s' must say which burn rate is wanted"), y->slo);
		problems_hint(r->p, _("burn: \"< 1\""));
		return;
	}
	if (!read_number(&out->burn, expand(r, rest), r))
		problems_add(r->p, 1, 0, _("'%s' is no burn rate"), y->burn);
}

static void read_model(
	struct gate *out, const struct gate_yaml *y, const struct reading *r)
{
	const char *rest = y->serving ? read_op(&out->version_op, y->serving) : NULL;

	out->kind = GATE_MODEL;
	out->model = expand(r, y->model);
	if (!rest || (out->version_op != OP_EQ && out->version_op != OP_NE)) {
		problems_add(r->p, 1, 0,
			_("the gate on '%s' must say which version is to be served"),
			y->model);
		problems_hint(r->p,
			_("serving: \"== 12\", or serving: \"!= $NAME\", in quotes"));
		return;
	}
	out->version = expand(r, rest);
}

static void read_alert(
	struct gate *out, const struct gate_yaml *y, const struct reading *r)
{
	out->kind = GATE_ALERT;
	out->alert = expand(r, y->alert);
	out->alert_firing = y->state == 1;
}

static void read_drift(
	struct gate *out, const struct gate_yaml *y, const struct reading *r)
{
	const char *rest = y->value ? read_op(&out->value_op, y->value) : NULL;

	out->kind = GATE_DRIFT;
	out->drift = expand(r, y->drift);
	out->feature = y->feature ? expand(r, y->feature) : "*";
	if (y->value && (!rest || !read_number(&out->value, expand(r, rest), r))) {
		problems_add(r->p, 1, 0, _("'%s' is no condition on a value of drift"),
			y->value);
		problems_hint(r->p, _("value: \"< 0.2\""));
	}
}

static void read_conditions(
	struct gate *out, const struct gate_yaml *y, const struct reading *r)
{
	const char *unsupported = y->promql ? "promql" : y->session ? "session" : NULL;

	if (unsupported) {
		problems_add(
			r->p, 1, 0, _("gates on '%s' are not supported"), unsupported);
		problems_hint(r->p,
			_("wait for 'slo', 'model', 'alert' or 'drift', or check it in a "
			  "step with risk=read"));
		return;
	}
	if (!!y->slo + !!y->model + !!y->alert + !!y->drift != 1) {
		problems_add(r->p, 1, 0,
			_("a gate waits for one of 'slo', 'model', 'alert' and 'drift'"));
		return;
	}
	out->service = expand(r, y->service);
	out->window_ns = y->window_ns;
	out->hold_ns = y->hold_ns;
	out->within_ns = y->within_ns;
	out->min_events = y->min_events;
	if (y->slo)
		read_slo(out, y, r);
	else if (y->model)
		read_model(out, y, r);
	else if (y->drift)
		read_drift(out, y, r);
	else
		read_alert(out, y, r);
	if (out->within_ns < out->hold_ns)
		problems_add(r->p, 1, 0,
			_("the gate can never pass: 'within' is shorter than 'for'"));
}

int gate_parse(struct gate *out, const char *s, const struct vars *vars, int line,
	struct arena *a, struct problems *p)
{
	struct gate_yaml y = {.within_ns = DEFAULT_WITHIN_NS};
	struct reading r = {.vars = vars, .a = a, .p = p};
	struct yaml_doc *doc = NULL;
	size_t before = p->n;

	*out = (struct gate){0};
	if (!yaml_parse(&doc, s, strlen(s), p)) {
		if (yaml_type(yaml_root(doc, 0)) != YAML_MAP)
			problems_add(p, 1, 0,
				_("a gate waits for one of 'slo', 'model', 'alert' and "
				  "'drift'"));
		else if (!yaml_read(&y, yaml_root(doc, 0), gate_fields, a, p))
			read_conditions(out, &y, &r);
	}
	yaml_free(doc);
	for (size_t i = before; i < p->n; i++)
		p->items[i].line += line;
	return p->n > before ? -1 : 0;
}

/* --- holding --- */

void gate_hold_init(struct gate_hold *h, int64_t now)
{
	h->began = now;
	h->holds_since = NONE_INT;
}

enum gate_end gate_hold(
	struct gate_hold *h, const struct gate *g, enum gate_verdict v, int64_t now)
{
	if (v != VERDICT_HOLDS)
		h->holds_since = NONE_INT;
	else if (h->holds_since == NONE_INT)
		h->holds_since = now;
	if (h->holds_since != NONE_INT && now - h->holds_since >= g->hold_ns)
		return GATE_PASSED;
	return now - h->began >= g->within_ns ? GATE_TOO_LATE : GATE_WAITS;
}
