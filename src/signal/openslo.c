/* OpenSLO v1 and v1alpha: SLO objects. */
#include "config.h"

#include "signal/openslo.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/text.h"

struct object_spec {
	const struct yaml_node *version, *kind, *metadata, *spec;
};

static const struct yaml_field object_fields[] = {
	KEY(object_spec, version, "apiVersion", YAML_NODE, 0),
	KEY(object_spec, kind, "kind", YAML_NODE, 0),
	KEY(object_spec, metadata, "metadata", YAML_NODE, YAML_REQUIRED),
	KEY(object_spec, spec, "spec", YAML_NODE, YAML_REQUIRED),
	{0},
};

struct metadata_spec {
	const char *name, *title;
	const struct yaml_node *labels, *annotations;
};

static const struct yaml_field metadata_fields[] = {
	KEY(metadata_spec, name, "name", YAML_TEXT, YAML_REQUIRED),
	KEY(metadata_spec, title, "displayName", YAML_TEXT, 0),
	KEY(metadata_spec, labels, "labels", YAML_NODE, 0),
	KEY(metadata_spec, annotations, "annotations", YAML_NODE, 0),
	{0},
};

struct slo_spec {
	const char *description, *service, *budgeting, *indicator_ref;
	const struct yaml_node *indicator, *window, *objectives, *policies;
};

static const struct yaml_field slo_fields[] = {
	KEY(slo_spec, description, "description", YAML_TEXT, 0),
	KEY(slo_spec, service, "service", YAML_TEXT, YAML_REQUIRED),
	KEY(slo_spec, indicator, "indicator", YAML_NODE, 0),
	KEY(slo_spec, indicator_ref, "indicatorRef", YAML_TEXT, 0),
	KEY(slo_spec, window, "timeWindow", YAML_NODE, YAML_REQUIRED),
	KEY(slo_spec, budgeting, "budgetingMethod", YAML_TEXT, YAML_REQUIRED),
	KEY(slo_spec, objectives, "objectives", YAML_NODE, YAML_REQUIRED),
	KEY(slo_spec, policies, "alertPolicies", YAML_NODE, 0),
	{0},
};

static const struct yaml_field alpha_slo_fields[] = {
	KEY(slo_spec, description, "description", YAML_TEXT, 0),
	KEY(slo_spec, service, "service", YAML_TEXT, YAML_REQUIRED),
	KEY(slo_spec, indicator, "indicator", YAML_NODE, 0),
	KEY(slo_spec, window, "timeWindows", YAML_NODE, YAML_REQUIRED),
	KEY(slo_spec, budgeting, "budgetingMethod", YAML_TEXT, YAML_REQUIRED),
	KEY(slo_spec, objectives, "objectives", YAML_NODE, YAML_REQUIRED),
	KEY(slo_spec, policies, "alertPolicies", YAML_NODE, 0),
	{0},
};

struct window_spec {
	bool rolling;
	const char *unit;
	int64_t count;
	const struct yaml_node *duration, *calendar;
};

static const struct yaml_field window_fields[] = {
	KEY(window_spec, duration, "duration", YAML_NODE, YAML_REQUIRED),
	KEY(window_spec, rolling, "isRolling", YAML_BOOL, 0),
	KEY(window_spec, calendar, "calendar", YAML_NODE, 0),
	{0},
};

static const struct yaml_field alpha_window_fields[] = {
	KEY(window_spec, unit, "unit", YAML_TEXT, YAML_REQUIRED),
	KEY(window_spec, count, "count", YAML_INT, YAML_REQUIRED),
	KEY(window_spec, rolling, "isRolling", YAML_BOOL, 0),
	KEY(window_spec, calendar, "calendar", YAML_NODE, 0),
	{0},
};

struct objective_spec {
	const char *title, *op, *indicator_ref;
	double value, target, target_percent, slice_target, weight;
	const struct yaml_node *slice_window, *indicator, *ratio;
};

static const struct yaml_field objective_fields[] = {
	KEY(objective_spec, title, "displayName", YAML_TEXT, 0),
	KEY(objective_spec, op, "op", YAML_TEXT, 0),
	KEY(objective_spec, value, "value", YAML_REAL, 0),
	KEY(objective_spec, target, "target", YAML_REAL, 0),
	KEY(objective_spec, target_percent, "targetPercent", YAML_REAL, 0),
	KEY(objective_spec, slice_target, "timeSliceTarget", YAML_REAL, 0),
	KEY(objective_spec, slice_window, "timeSliceWindow", YAML_NODE, 0),
	KEY(objective_spec, indicator, "indicator", YAML_NODE, 0),
	KEY(objective_spec, indicator_ref, "indicatorRef", YAML_TEXT, 0),
	KEY(objective_spec, weight, "compositeWeight", YAML_REAL, 0),
	{0},
};

static const struct yaml_field alpha_objective_fields[] = {
	KEY(objective_spec, title, "displayName", YAML_TEXT, 0),
	KEY(objective_spec, op, "op", YAML_TEXT, 0),
	KEY(objective_spec, value, "value", YAML_REAL, 0),
	KEY(objective_spec, target, "target", YAML_REAL, 0),
	KEY(objective_spec, slice_target, "timeSliceTarget", YAML_REAL, 0),
	KEY(objective_spec, ratio, "ratioMetrics", YAML_NODE, 0),
	{0},
};

/* The durations of the specification; a month has 30 days in a rolling window. */
static const struct {
	char unit;
	const char *name;
	int64_t ns;
} units[] = {
	{'m', "Minute", NS_PER_MIN},
	{'h', "Hour", NS_PER_HOUR},
	{'d', "Day", NS_PER_DAY},
	{'w', "Week", 7 * NS_PER_DAY},
	{'M', "Month", 30 * NS_PER_DAY},
	{'Q', "Quarter", 90 * NS_PER_DAY},
	{'Y', "Year", 365 * NS_PER_DAY},
};

static int64_t times(int64_t count, int64_t ns)
{
	return count > 0 && count < 100000 && count <= INT64_MAX / ns ? count * ns : 0;
}

int64_t openslo_duration(struct slo_reader *r, const struct yaml_node *at)
{
	const char *text = yaml_text(at);
	char *end = NULL;
	int64_t count = 0, result = 0;

	if (text && isdigit((unsigned char)*text))
		count = strtoll(text, &end, 10);
	for (size_t i = 0; end && *end && end[1] == '\0' && i < ARRAY_LEN(units); i++) {
		if (*end == units[i].unit)
			result = times(count, units[i].ns);
	}
	if (result == 0)
		yaml_problem(r->problems, at,
			_("'%s' is no duration: a number and one of m, h, d, w, M, Q, Y"),
			text ? text : "");
	return result;
}

const struct yaml_node *openslo_find(
	const struct slo_reader *r, const char *kind, const char *name)
{
	for (size_t i = 0; name && i < r->n_objects; i++) {
		const char *is = yaml_text(yaml_get(r->objects[i], "kind"));
		const char *called =
			yaml_text(yaml_get(yaml_get(r->objects[i], "metadata"), "name"));

		if (is && called && strcmp(is, kind) == 0 && strcmp(called, name) == 0)
			return r->objects[i];
	}
	return NULL;
}

static int64_t alpha_window(
	struct slo_reader *r, const struct window_spec *w, const struct yaml_node *node)
{
	int64_t result = 0;

	for (size_t i = 0; w->unit && i < ARRAY_LEN(units); i++) {
		if (strcmp(w->unit, units[i].name) == 0)
			result = times(w->count, units[i].ns);
	}
	if (result == 0 && w->unit)
		yaml_problem(r->problems, node,
			_("a time window is a positive count of Minute, Hour, Day, Week, "
			  "Month, "
			  "Quarter or Year"));
	return result;
}

/* The window's length; 0 when it cannot be read. */
static int64_t read_window(
	struct slo_reader *r, bool *calendar, const struct yaml_node *list, bool alpha)
{
	const struct yaml_node *node = yaml_item(list, 0);
	struct window_spec w = {.rolling = true, .count = 0};
	int64_t length;

	if (yaml_type(list) != YAML_LIST || yaml_count(list) != 1) {
		yaml_problem(
			r->problems, list, _("there has to be exactly one time window"));
		return 0;
	}
	w.rolling = !yaml_get(node, "calendar");
	(void)yaml_read(&w, node, alpha ? alpha_window_fields : window_fields, r->arena,
		r->problems);
	if (alpha)
		length = alpha_window(r, &w, node);
	else
		length = w.duration ? openslo_duration(r, w.duration) : 0;
	*calendar = !w.rolling;
	if (*calendar)
		yaml_problem(r->problems, node,
			_("calendar windows are not supported: it is read as a rolling "
			  "one"));
	if (length > 0 && length < NS_PER_HOUR) {
		yaml_problem(r->problems, node,
			_("a time window under an hour is too short for an error "
			  "budget"));
		problems_hint(r->problems, _("'m' is minutes, 'M' is months"));
	}
	return length;
}

static void check_budgeting(
	struct slo_reader *r, const char *method, const struct yaml_node *at)
{
	static const char *const methods[] = {
		"Occurrences", "Timeslices", "RatioTimeslices"};
	const char *nearest;

	if (!method || strcmp(method, methods[0]) == 0)
		return;
	if (strcmp(method, methods[1]) == 0 || strcmp(method, methods[2]) == 0) {
		yaml_problem(r->problems, at,
			_("the budgeting method '%s' is not supported: it is read as "
			  "Occurrences, "
			  "which counts events instead of time"),
			method);
		return;
	}
	yaml_problem(r->problems, at, _("'%s' is no budgeting method"), method);
	nearest = text_nearest(method, methods, ARRAY_LEN(methods));
	if (nearest)
		problems_hint(r->problems, _("did you mean '%s'?"), nearest);
}

static double read_target(struct slo_reader *r, const struct objective_spec *o,
	const struct yaml_node *node)
{
	double target = o->target;

	if (isnan(target) && !isnan(o->target_percent))
		target = o->target_percent / 100;
	else if (!isnan(target) && !isnan(o->target_percent))
		yaml_problem(r->problems, node,
			_("an objective has 'target' or 'targetPercent', not both"));
	if (isnan(target)) {
		yaml_problem(r->problems, node,
			_("the objective needs a 'target' or 'targetPercent'"));
	} else if (!(target > 0) || target > 1) {
		yaml_problem(r->problems, node,
			_("the target %g is not a share over 0 and under 1"), target);
		if (target > 1 && target < 100)
			problems_hint(
				r->problems, _("for per cent write 'targetPercent'"));
	} else if (target == 1) {
		yaml_problem(r->problems, node,
			_("an objective of 100 %% leaves no error budget to measure"));
	} else {
		return round(target * 1e12) / 1e12;
	}
	return NAN;
}

/* The spec of the indicator that an SLO or one of its objectives has or names. */
static const struct yaml_node *find_indicator(struct slo_reader *r,
	const struct yaml_node *inner, const char *ref, const struct yaml_node *at)
{
	const struct yaml_node *object = inner;

	if (inner && ref) {
		yaml_problem(r->problems, at,
			_("there is either an 'indicator' or an 'indicatorRef', one of "
			  "them"));
		return NULL;
	}
	if (ref)
		object = openslo_find(r, "SLI", ref);
	if (ref && !object)
		yaml_problem(
			r->problems, at, _("this file has no %s named '%s'"), "SLI", ref);
	if (object && !yaml_get(object, "spec"))
		yaml_problem(r->problems, object, _("the indicator has no 'spec'"));
	return yaml_get(object, "spec");
}

struct slo_context {
	const struct metadata_spec *metadata;
	const struct slo_spec *spec;
	const struct yaml_node *node; /* the SLO's spec */
	int64_t window_ns;
	bool calendar, alpha;
	size_t n_objectives;
};

static bool read_indicator(struct slo_reader *r, struct sli *out,
	const struct slo_context *c, const struct objective_spec *o,
	const struct yaml_node *node)
{
	struct openslo_target target = {o->op, o->value, node};
	const struct yaml_node *spec;

	if (c->alpha)
		return openslo_alpha_sli(r, out, o->ratio,
			o->ratio ? NULL : yaml_get(c->spec->indicator, "thresholdMetric"),
			&target);
	if (o->indicator || o->indicator_ref)
		spec = find_indicator(r, o->indicator, o->indicator_ref, node);
	else if (c->spec->indicator || c->spec->indicator_ref)
		spec = find_indicator(
			r, c->spec->indicator, c->spec->indicator_ref, c->node);
	else
		return yaml_problem(r->problems, c->node,
			       _("the SLO has neither 'indicator' nor 'indicatorRef'")) ==
			0;
	return spec && openslo_sli(r, out, spec, &target);
}

static bool own_indicator(const struct slo_context *c, const struct objective_spec *o)
{
	return c->alpha ? o->ratio != NULL : o->indicator || o->indicator_ref;
}

static const char *title_of(
	struct slo_reader *r, const struct slo_context *c, const struct objective_spec *o)
{
	if (c->n_objectives < 2 || !o->title)
		return c->metadata->title;
	if (!c->metadata->title)
		return o->title;
	return arena_format(r->arena, "%s: %s", c->metadata->title, o->title);
}

static void read_objective(struct slo_reader *r, const struct slo_context *c,
	size_t which, const struct yaml_node *node)
{
	struct objective_spec o = {
		.value = NAN,
		.target = NAN,
		.target_percent = NAN,
		.slice_target = NAN,
		.weight = NAN,
	};
	struct problems seen;
	struct slo_reader quiet = slo_reader_quiet(r, &seen);
	/* What the objectives share is complained about once. */
	struct slo_reader *shared = which > 0 ? &quiet : r;
	struct sli sli = {0};
	const char *name = c->metadata->name;
	struct slo *slo = NULL;
	double target;
	bool readable;

	(void)yaml_read(&o, node, c->alpha ? alpha_objective_fields : objective_fields,
		r->arena, r->problems);
	target = read_target(r, &o, node);
	if (!isnan(o.weight))
		yaml_problem(r->problems, yaml_get(node, "compositeWeight"),
			_("composite SLOs are not supported: each objective is read by "
			  "itself"));
	readable = read_indicator(own_indicator(c, &o) ? r : shared, &sli, c, &o, node);
	if (c->n_objectives > 1)
		name = arena_format(r->arena, "%s-%zu", name, which);
	if (readable && !isnan(target))
		slo = slo_reader_add(
			r, node, "openslo", c->spec->service, name, c->window_ns);
	if (slo) {
		slo->title = title_of(r, c, &o);
		slo->description = c->spec->description;
		slo->objective = target;
		slo->calendar = c->calendar;
		slo->sli = sli;
		slo->labels = slo_reader_labels(r, NULL, c->metadata->labels);
		openslo_alerts(shared, slo, c->spec->policies);
	}
	problems_release(&seen);
}

static void read_slo(struct slo_reader *r, const struct yaml_node *root, bool alpha)
{
	struct object_spec object = {0};
	struct metadata_spec metadata = {0};
	struct slo_spec spec = {0};
	struct slo_context c = {.metadata = &metadata, .spec = &spec, .alpha = alpha};
	const struct yaml_node *list;

	(void)yaml_read(&object, root, object_fields, r->arena, r->problems);
	if (!object.metadata || !object.spec)
		return;
	(void)yaml_read(
		&metadata, object.metadata, metadata_fields, r->arena, r->problems);
	(void)yaml_read(&spec, object.spec, alpha ? alpha_slo_fields : slo_fields,
		r->arena, r->problems);
	check_budgeting(r, spec.budgeting, yaml_get(object.spec, "budgetingMethod"));
	c.node = object.spec;
	c.window_ns = spec.window ? read_window(r, &c.calendar, spec.window, alpha) : 0;
	list = spec.objectives;
	if (list && (yaml_type(list) != YAML_LIST || yaml_count(list) == 0))
		yaml_problem(r->problems, list,
			_("'objectives' has to be a list of at least one"));
	if (!yaml_get(object.metadata, "name") || !yaml_get(object.spec, "service") ||
		!slo_reader_has(r, metadata.name, object.metadata, "name") ||
		!slo_reader_has(r, spec.service, object.spec, "service") ||
		c.window_ns == 0)
		return;
	c.n_objectives = yaml_type(list) == YAML_LIST ? yaml_count(list) : 0;
	for (size_t i = 0; i < c.n_objectives; i++)
		read_objective(r, &c, i, yaml_item(list, i));
}

void openslo_read(struct slo_reader *r, const struct yaml_node *root)
{
	read_slo(r, root, false);
}

void openslo_alpha_read(struct slo_reader *r, const struct yaml_node *root)
{
	read_slo(r, root, true);
}
