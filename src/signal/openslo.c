/* OpenSLO v1 and v1alpha: SLO objects. */
#include "config.h"

#include "signal/openslo.h"

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
	const char *description, *service, *service_ref, *budgeting, *indicator_ref;
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

static const struct yaml_field v2_slo_fields[] = {
	KEY(slo_spec, description, "description", YAML_TEXT, 0),
	KEY(slo_spec, service_ref, "serviceRef", YAML_TEXT, 0),
	KEY(slo_spec, service, "service", YAML_TEXT, 0),
	KEY(slo_spec, indicator, "sli", YAML_NODE, 0),
	KEY(slo_spec, indicator_ref, "sliRef", YAML_TEXT, 0),
	KEY(slo_spec, window, "timeWindow", YAML_NODE, YAML_REQUIRED),
	KEY(slo_spec, budgeting, "budgetingMethod", YAML_TEXT, YAML_REQUIRED),
	KEY(slo_spec, objectives, "objectives", YAML_NODE, YAML_REQUIRED),
	KEY(slo_spec, policies, "alertPolicies", YAML_NODE, 0),
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

static const struct yaml_field v2_objective_fields[] = {
	KEY(objective_spec, title, "displayName", YAML_TEXT, 0),
	KEY(objective_spec, op, "op", YAML_TEXT, 0),
	KEY(objective_spec, value, "value", YAML_REAL, 0),
	KEY(objective_spec, target, "target", YAML_REAL, 0),
	KEY(objective_spec, target_percent, "targetPercent", YAML_REAL, 0),
	KEY(objective_spec, slice_target, "timeSliceTarget", YAML_REAL, 0),
	KEY(objective_spec, slice_window, "timeSliceWindow", YAML_NODE, 0),
	KEY(objective_spec, indicator, "sli", YAML_NODE, 0),
	KEY(objective_spec, indicator_ref, "sliRef", YAML_TEXT, 0),
	KEY(objective_spec, weight, "compositeWeight", YAML_REAL, 0),
	{0},
};

/* What differs from one version to the next. */
static const struct {
	const struct yaml_field *slo, *objective;
} tables[] = {
	[OPENSLO_V1] = {slo_fields, objective_fields},
	[OPENSLO_ALPHA] = {alpha_slo_fields, alpha_objective_fields},
	[OPENSLO_V2] = {v2_slo_fields, v2_objective_fields},
};

const struct yaml_node *openslo_find(
	const struct slo_reader *r, const char *kind, const char *name, const char **file)
{
	if (file)
		*file = NULL;
	for (size_t i = 0; name && i < r->n_objects; i++) {
		const char *is = yaml_text(yaml_get(r->objects[i], "kind"));
		const char *called =
			yaml_text(yaml_get(yaml_get(r->objects[i], "metadata"), "name"));

		if (is && called && strcmp(is, kind) == 0 && strcmp(called, name) == 0)
			return r->objects[i];
	}
	return name ? slo_objects_find(r->out->others, kind, name, file) : NULL;
}

void openslo_missing(struct slo_reader *r, const struct yaml_node *at, const char *kind,
	const char *name)
{
	if (r->out->others) {
		yaml_problem(r->problems, at,
			_("no file of the service has an object of kind %s named '%s'"),
			kind, name);
		return;
	}
	yaml_problem(r->problems, at, _("this file has no %s named '%s'"), kind, name);
	problems_hint(r->problems,
		_("what another file defines is found when both are in the 'slos' of one "
		  "service"));
}

struct slo_context {
	const struct metadata_spec *metadata;
	const struct slo_spec *spec;
	const struct yaml_node *node; /* the SLO's spec */
	struct openslo_window window;
	enum budgeting budgeting;
	enum openslo_version version;
	size_t n_objectives;
};

static enum budgeting read_budgeting(
	struct slo_reader *r, const char *method, const struct yaml_node *at)
{
	static const char *const methods[] = {
		[BUDGET_EVENTS] = "Occurrences",
		[BUDGET_TIMESLICES] = "Timeslices",
		[BUDGET_RATIO_TIMESLICES] = "RatioTimeslices",
	};
	const char *nearest;

	for (size_t i = 0; method && i < ARRAY_LEN(methods); i++) {
		if (strcmp(method, methods[i]) == 0)
			return (enum budgeting)i;
	}
	if (!method)
		return BUDGET_EVENTS;
	yaml_problem(r->problems, at,
		_("'%s' is no budgeting method: it is read as Occurrences"), method);
	nearest = text_nearest(method, methods, ARRAY_LEN(methods));
	if (nearest)
		problems_hint(r->problems, _("did you mean '%s'?"), nearest);
	else
		problems_hint(r->problems,
			_("one of Occurrences, Timeslices, RatioTimeslices"));
	return BUDGET_EVENTS;
}

static double read_target(struct slo_reader *r, const struct objective_spec *o,
	const struct yaml_node *node)
{
	double target = o->target;
	const struct yaml_node *at = yaml_get(node, "target");

	if (!isnan(target) && !isnan(o->target_percent))
		yaml_problem(r->problems, node,
			_("an objective has 'target' or 'targetPercent', not both"));
	if (isnan(target) && !isnan(o->target_percent))
		return slo_reader_percent(
			r, o->target_percent, yaml_get(node, "targetPercent"));
	if (isnan(target)) {
		yaml_problem(r->problems, node,
			_("the objective needs a 'target' or 'targetPercent'"));
	} else if (!(target > 0) || target > 1) {
		yaml_problem(r->problems, at,
			_("the target %g is not a share over 0 and under 1"), target);
		if (target > 1 && target < 100)
			problems_hint(r->problems,
				_("for per cent write 'targetPercent', or %.10g"),
				target / 100);
		else
			problems_hint(r->problems,
				_("write it as 0.999, or as 'targetPercent: 99.9'"));
	} else if (target == 1) {
		yaml_problem(r->problems, at,
			_("an objective of 100 %% leaves no error budget to measure"));
		problems_hint(r->problems, _("write what may fail too, as in 0.999"));
	} else {
		return round(target * 1e12) / 1e12;
	}
	return NAN;
}

/* A number alone is minutes. */
static int64_t slice_window(struct slo_reader *r, const struct yaml_node *at)
{
	const char *text = yaml_text(at);

	if (text && *text && strspn(text, "0123456789") == strlen(text) &&
		strlen(text) < 5 && strtol(text, NULL, 10) > 0)
		return strtol(text, NULL, 10) * NS_PER_MIN;
	return openslo_duration(r, at);
}

/* What slices need; false: they cannot be counted. */
static bool read_slices(struct slo_reader *r, struct slo *out,
	const struct slo_context *c, const struct objective_spec *o,
	const struct yaml_node *node)
{
	out->budgeting = c->budgeting;
	if (c->budgeting == BUDGET_EVENTS)
		return true;
	if (o->slice_window)
		out->slice_ns = slice_window(r, o->slice_window);
	else if (c->version == OPENSLO_ALPHA)
		out->slice_ns = NS_PER_MIN;
	else
		yaml_problem(r->problems, node,
			_("time slices need a 'timeSliceWindow', as in 1m"));
	out->slice_target = o->slice_target;
	if (c->budgeting == BUDGET_RATIO_TIMESLICES)
		return out->slice_ns > 0;
	if (isnan(o->slice_target))
		return yaml_problem(r->problems, node,
			       _("time slices need a 'timeSliceTarget', as in 0.95")) ==
			0;
	if (!(o->slice_target > 0) || o->slice_target > 1)
		return yaml_problem(r->problems, yaml_get(node, "timeSliceTarget"),
			       _("the target %g of a slice is not a share over 0, 1 at "
				 "most"),
			       o->slice_target) == 0;
	return out->slice_ns > 0;
}

/* The spec of the indicator that an SLO or one of its objectives has or names. */
static const struct yaml_node *find_indicator(struct slo_reader *r,
	const struct yaml_node *inner, const char *ref, const struct yaml_node *at,
	const char **file)
{
	const struct yaml_node *object = inner;

	if (inner && ref) {
		yaml_problem(r->problems, at,
			_("there is either an 'indicator' or an 'indicatorRef', one of "
			  "them"));
		return NULL;
	}
	if (ref)
		object = openslo_find(r, "SLI", ref, file);
	if (ref && !object)
		openslo_missing(r, at, "SLI", ref);
	if (object && !yaml_get(object, "spec"))
		yaml_problem(r->problems, *file ? at : object,
			_("the indicator has no 'spec'"));
	return yaml_get(object, "spec");
}

/* What is wrong with an indicator of another file is said where it is used, without its line. */
static bool read_from(struct slo_reader *r, struct sli *out, const struct yaml_node *spec,
	struct openslo_target *target, enum openslo_version version, const char *file,
	const struct yaml_node *at)
{
	struct problems seen;
	struct slo_reader quiet = slo_reader_quiet(r, &seen);
	bool usable;

	if (!file) {
		problems_release(&seen);
		return openslo_sli(r, out, spec, target, version);
	}
	usable = openslo_sli(&quiet, out, spec, target, version);
	for (size_t i = 0; i < seen.n; i++) {
		yaml_problem(r->problems, at, _("with the SLI of '%s': %s"), file,
			seen.items[i].message);
		if (seen.items[i].hint)
			problems_hint(r->problems, "%s", seen.items[i].hint);
	}
	problems_release(&seen);
	return usable;
}

static bool read_indicator(struct slo_reader *r, struct sli *out,
	const struct slo_context *c, const struct objective_spec *o,
	struct openslo_target *target)
{
	const struct yaml_node *spec, *at = c->node;
	const char *file = NULL;

	if (c->version == OPENSLO_ALPHA)
		return openslo_alpha_sli(r, out, o->ratio,
			o->ratio ? NULL : yaml_get(c->spec->indicator, "thresholdMetric"),
			target);
	if (o->indicator || o->indicator_ref) {
		at = target->node;
		spec = find_indicator(r, o->indicator, o->indicator_ref, at, &file);
	} else if (c->spec->indicator || c->spec->indicator_ref)
		spec = find_indicator(
			r, c->spec->indicator, c->spec->indicator_ref, at, &file);
	else
		return yaml_problem(r->problems, c->node,
			       _("the SLO has neither 'indicator' nor 'indicatorRef'")) ==
			0;
	return spec && read_from(r, out, spec, target, c->version, file, at);
}

static bool own_indicator(const struct slo_context *c, const struct objective_spec *o)
{
	return c->version == OPENSLO_ALPHA ? o->ratio != NULL
					   : o->indicator || o->indicator_ref;
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

static void fill(struct slo *slo, const struct slo_context *c, const struct slo *slices,
	const struct openslo_target *target)
{
	slo->description = c->spec->description;
	slo->calendar = c->window.calendar;
	slo->calendar_unit = c->window.calendar ? c->window.unit : CALENDAR_NONE;
	slo->calendar_count = c->window.calendar ? c->window.count : 0;
	slo->calendar_start = c->window.start;
	slo->time_zone = c->window.zone;
	slo->budgeting = slices->budgeting;
	slo->slice_ns = slices->slice_ns;
	slo->slice_target = slices->slice_target;
	slo->source = target->source;
}

/* Composite SLOs weigh their objectives: nothing that a burn rate could be made of. */
static void check_composite(struct slo_reader *r, const struct slo_context *c,
	const struct objective_spec *o, const struct yaml_node *node)
{
	if (isnan(o->weight))
		return;
	yaml_problem(r->problems, yaml_get(node, "compositeWeight"),
		_("composite SLOs are not supported: each objective of '%s' is read by "
		  "itself"),
		c->metadata->name);
	problems_hint(r->problems, _("the weight is ignored"));
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
	struct openslo_target target = {.value = NAN, .node = node};
	struct problems seen;
	struct slo_reader quiet = slo_reader_quiet(r, &seen);
	/* What the objectives share is complained about once. */
	struct slo_reader *shared = which > 0 ? &quiet : r;
	struct sli sli = {0};
	struct slo slices = {.slice_ns = 0}, *slo = NULL;
	const char *name = c->metadata->name;
	double objective;
	bool readable;

	(void)yaml_read(&o, node, tables[c->version].objective, r->arena, r->problems);
	objective = read_target(r, &o, node);
	check_composite(r, c, &o, node);
	target.op = o.op;
	target.value = o.value;
	readable =
		read_indicator(own_indicator(c, &o) ? r : shared, &sli, c, &o, &target);
	readable = read_slices(r, &slices, c, &o, node) && readable;
	if (c->n_objectives > 1)
		name = arena_format(r->arena, "%s-%zu", name, which);
	if (readable && !isnan(objective))
		slo = slo_reader_add(
			r, node, "openslo", c->spec->service, name, c->window.ns);
	if (slo) {
		fill(slo, c, &slices, &target);
		slo->title = title_of(r, c, &o);
		slo->objective = objective;
		slo->sli = sli;
		slo->labels = slo_reader_labels(r, NULL, c->metadata->labels);
		slo->annotations = slo_reader_labels(r, NULL, c->metadata->annotations);
		openslo_alerts(shared, slo, c->spec->policies);
	}
	problems_release(&seen);
}

static bool has_service(
	struct slo_reader *r, struct slo_spec *spec, const struct yaml_node *node)
{
	if (!spec->service)
		spec->service = spec->service_ref;
	if (!spec->service && !yaml_get(node, "service") && !yaml_get(node, "serviceRef"))
		return false; /* said already, where it is required */
	return slo_reader_has(r, spec->service,
		yaml_get(node, yaml_get(node, "service") ? "service" : "serviceRef"),
		"service");
}

static void read_slo(
	struct slo_reader *r, const struct yaml_node *root, enum openslo_version version)
{
	struct object_spec object = {0};
	struct metadata_spec metadata = {0};
	struct slo_spec spec = {0};
	struct slo_context c = {.metadata = &metadata, .spec = &spec, .version = version};
	const struct yaml_node *list;
	bool usable;

	(void)yaml_read(&object, root, object_fields, r->arena, r->problems);
	if (!object.metadata || !object.spec)
		return;
	(void)yaml_read(
		&metadata, object.metadata, metadata_fields, r->arena, r->problems);
	(void)yaml_read(&spec, object.spec, tables[version].slo, r->arena, r->problems);
	c.budgeting = read_budgeting(
		r, spec.budgeting, yaml_get(object.spec, "budgetingMethod"));
	c.node = object.spec;
	usable = spec.window && openslo_window(r, &c.window, spec.window, version);
	list = spec.objectives;
	if (list && (yaml_type(list) != YAML_LIST || yaml_count(list) == 0))
		yaml_problem(r->problems, list,
			_("'objectives' has to be a list of at least one"));
	usable = has_service(r, &spec, object.spec) && usable;
	if (!yaml_get(object.metadata, "name") ||
		!slo_reader_has(
			r, metadata.name, yaml_get(object.metadata, "name"), "name") ||
		!usable)
		return;
	c.n_objectives = yaml_type(list) == YAML_LIST ? yaml_count(list) : 0;
	for (size_t i = 0; i < c.n_objectives; i++)
		read_objective(r, &c, i, yaml_item(list, i));
}

void openslo_read(struct slo_reader *r, const struct yaml_node *root)
{
	read_slo(r, root, OPENSLO_V1);
}

void openslo_alpha_read(struct slo_reader *r, const struct yaml_node *root)
{
	read_slo(r, root, OPENSLO_ALPHA);
}

void openslo_v2_read(struct slo_reader *r, const struct yaml_node *root)
{
	read_slo(r, root, OPENSLO_V2);
}

/* --- the objects that SLOs refer to --- */

struct source_spec {
	const char *description, *type;
	const struct yaml_node *connection;
};

static const struct yaml_field source_fields[] = {
	KEY(source_spec, description, "description", YAML_TEXT, 0),
	KEY(source_spec, type, "type", YAML_TEXT, YAML_REQUIRED),
	KEY(source_spec, connection, "connectionDetails", YAML_NODE, YAML_REQUIRED),
	{0},
};

struct target_spec {
	const char *description, *target;
};

static const struct yaml_field service_spec_fields[] = {
	KEY(target_spec, description, "description", YAML_TEXT, 0),
	{0},
};

static const struct yaml_field target_fields[] = {
	KEY(target_spec, description, "description", YAML_TEXT, 0),
	KEY(target_spec, target, "target", YAML_TEXT, YAML_REQUIRED),
	{0},
};

void openslo_metadata_check(struct slo_reader *r, const struct yaml_node *root)
{
	const struct yaml_node *node = yaml_get(root, "metadata");
	const char *kind = yaml_text(yaml_get(root, "kind"));
	const char *name = yaml_text(yaml_get(node, "name"));
	struct metadata_spec metadata = {0};

	if (node)
		(void)yaml_read(&metadata, node, metadata_fields, r->arena, r->problems);
	if (!kind || !name || openslo_find(r, kind, name, NULL) == root)
		return;
	yaml_problem(r->problems, yaml_get(node, "name"),
		_("this file has a %s named '%s' already"), kind, name);
	problems_hint(r->problems, _("references find the first one"));
}

/* Its shell, and what stands in its spec when fields says so. */
static void check_object(struct slo_reader *r, const struct yaml_node *root,
	const struct yaml_field *fields)
{
	struct object_spec object = {0};
	union {
		struct source_spec source;
		struct target_spec target;
	} spec = {.source = {0}};

	(void)yaml_read(&object, root, object_fields, r->arena, r->problems);
	if (object.spec && fields)
		(void)yaml_read(&spec, object.spec, fields, r->arena, r->problems);
	openslo_metadata_check(r, root);
}

void openslo_source_check(struct slo_reader *r, const struct yaml_node *root)
{
	check_object(r, root, source_fields);
}

void openslo_target_check(struct slo_reader *r, const struct yaml_node *root)
{
	check_object(r, root, target_fields);
}

void openslo_service_check(struct slo_reader *r, const struct yaml_node *root)
{
	check_object(r, root, service_spec_fields);
}

/* Indicators are read where they are used, with what they are compared with. */
void openslo_sli_check(struct slo_reader *r, const struct yaml_node *root)
{
	check_object(r, root, NULL);
}
