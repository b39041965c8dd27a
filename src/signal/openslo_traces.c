/* Indicators over the traces that Tocsin itself holds: a metric source of type tocsin. */
#include "config.h"

#include "signal/openslo.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"
#include "core/text.h"

struct trace_spec {
	const char *measure, *name, *agent, *op;
	double limit;
};

static const struct yaml_field trace_fields[] = {
	KEY(trace_spec, measure, "measure", YAML_TEXT, YAML_REQUIRED),
	KEY(trace_spec, name, "name", YAML_TEXT, 0),
	KEY(trace_spec, agent, "agent", YAML_TEXT, 0),
	KEY(trace_spec, op, "op", YAML_TEXT, 0),
	KEY(trace_spec, limit, "limit", YAML_REAL, 0),
	{0},
};

/* Events first: each is bad or not; then values, which are compared with a limit. */
static const char *const measures[] = {
	"session-failed",
	"tool-error",
	"guardrail-block",
	"refusal",
	"score",
	"cost",
	"duration",
	"first-token",
};

enum { EVENTS = 4 };

static bool unknown_measure(
	struct slo_reader *r, const char *measure, const struct yaml_node *at)
{
	const char *near = text_nearest(measure, measures, ARRAY_LEN(measures));

	yaml_problem(r->problems, at, _("'%s' is no measure of traces"), measure);
	if (near)
		problems_hint(r->problems, _("did you mean '%s'?"), near);
	else
		problems_hint(r->problems,
			_("one of session-failed, tool-error, guardrail-block, refusal, "
			  "score, cost, duration, first-token"));
	return false;
}

static bool is_op(const char *op)
{
	static const char *const ops[] = {"lt", "lte", "gt", "gte"};

	for (size_t i = 0; op && i < ARRAY_LEN(ops); i++) {
		if (strcmp(op, ops[i]) == 0)
			return true;
	}
	return false;
}

static bool check_value(struct slo_reader *r, const struct trace_spec *t,
	const struct yaml_node *spec, bool bad)
{
	if (!is_op(t->op) || isnan(t->limit)) {
		yaml_problem(r->problems, spec,
			_("'%s' needs an 'op', one of lt, lte, gt, gte, and a 'limit'"),
			t->measure);
		problems_hint(r->problems,
			_("it is good when the value compares so, as in score gte 0.7"));
		return false;
	}
	if (bad)
		return yaml_problem(r->problems, spec,
			       _("'%s' with its limit says what is good, and stands "
				 "under 'bad'"),
			       t->measure) == 0;
	return true;
}

bool openslo_traces(struct slo_reader *r, struct sli *out, const struct yaml_node *spec,
	const struct openslo_target *target, bool bad)
{
	struct trace_spec t = {.limit = NAN};
	size_t which = 0;

	(void)yaml_read(&t, spec, trace_fields, r->arena, r->problems);
	if (!t.measure)
		return false;
	while (which < ARRAY_LEN(measures) && strcmp(measures[which], t.measure) != 0)
		which++;
	if (which == ARRAY_LEN(measures))
		return unknown_measure(r, t.measure, yaml_get(spec, "measure"));
	if (which >= EVENTS) {
		t.op = t.op ? t.op : target->op;
		t.limit = isnan(t.limit) ? target->value : t.limit;
		if (!check_value(r, &t, spec, bad))
			return false;
	} else if (t.op || !isnan(t.limit)) {
		return yaml_problem(r->problems, spec,
			       _("'%s' is bad or not: it has no 'op' and no 'limit'"),
			       t.measure) == 0;
	} else if (!bad) {
		yaml_problem(r->problems, spec,
			_("'%s' is what is bad, and stands where good events are meant"),
			t.measure);
		problems_hint(r->problems, _("put it under 'bad'"));
		return false;
	} else {
		t.limit = NAN;
	}
	*out = (struct sli){
		.kind = SLI_TRACES,
		.traces = {measures[which], t.name, t.agent, t.op, t.limit},
	};
	return true;
}
