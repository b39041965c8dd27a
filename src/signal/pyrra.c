/* Pyrra's ServiceLevelObjective, pyrra.dev/v1alpha1. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "signal/pyrra.h"
#include "signal/selector.h"
#include "signal/slo_read.h"

struct object_spec {
	const struct yaml_node *version, *kind, *metadata, *spec, *status;
};

static const struct yaml_field object_fields[] = {
	KEY(object_spec, version, "apiVersion", YAML_NODE, 0),
	KEY(object_spec, kind, "kind", YAML_NODE, 0),
	KEY(object_spec, metadata, "metadata", YAML_NODE, YAML_REQUIRED),
	KEY(object_spec, spec, "spec", YAML_NODE, YAML_REQUIRED),
	KEY(object_spec, status, "status", YAML_NODE, 0),
	{0},
};

struct slo_spec {
	const char *target, *window, *description, *partial;
	bool performance;
	const struct yaml_node *indicator, *alerting, *output;
};

static const struct yaml_field slo_fields[] = {
	KEY(slo_spec, target, "target", YAML_TEXT, YAML_REQUIRED),
	KEY(slo_spec, window, "window", YAML_TEXT, YAML_REQUIRED),
	KEY(slo_spec, description, "description", YAML_TEXT, 0),
	KEY(slo_spec, indicator, "indicator", YAML_NODE, YAML_REQUIRED),
	KEY(slo_spec, alerting, "alerting", YAML_NODE, 0),
	/* What Pyrra's own rules look like: nothing that an objective means. */
	KEY(slo_spec, performance, "performanceOverAccuracy", YAML_BOOL, 0),
	KEY(slo_spec, partial, "partial_response_strategy", YAML_TEXT, 0),
	KEY(slo_spec, output, "ruleOutput", YAML_NODE, 0),
	{0},
};

struct alerting_spec {
	bool disabled, burnrates, absent;
	const char *name, *absent_name;
	const struct yaml_node *severities;
};

static const struct yaml_field alerting_fields[] = {
	KEY(alerting_spec, disabled, "disabled", YAML_BOOL, 0),
	KEY(alerting_spec, burnrates, "burnrates", YAML_BOOL, 0),
	KEY(alerting_spec, absent, "absent", YAML_BOOL, 0),
	KEY(alerting_spec, name, "name", YAML_TEXT, 0),
	KEY(alerting_spec, absent_name, "absentName", YAML_TEXT, 0),
	KEY(alerting_spec, severities, "severities", YAML_NODE, 0),
	{0},
};

struct severities_spec {
	const char *absent, *tiers[4];
};

static const struct yaml_field severities_fields[] = {
	KEY(severities_spec, absent, "absent", YAML_TEXT, 0),
	KEY(severities_spec, tiers[0], "fastBurn", YAML_TEXT, 0),
	KEY(severities_spec, tiers[1], "mediumBurn", YAML_TEXT, 0),
	KEY(severities_spec, tiers[2], "slowBurn", YAML_TEXT, 0),
	KEY(severities_spec, tiers[3], "longTermBurn", YAML_TEXT, 0),
	{0},
};

struct indicator_spec {
	const struct yaml_node *ratio, *latency, *native, *gauge;
};

static const struct yaml_field indicator_fields[] = {
	KEY(indicator_spec, ratio, "ratio", YAML_NODE, 0),
	KEY(indicator_spec, latency, "latency", YAML_NODE, 0),
	KEY(indicator_spec, native, "latencyNative", YAML_NODE, 0),
	KEY(indicator_spec, gauge, "bool_gauge", YAML_NODE, 0),
	{0},
};

/* Of all four indicators, each with the keys that are its own. */
struct measure_spec {
	const struct yaml_node *errors, *success, *total;
	const char *metric, *latency;
	struct yaml_texts grouping;
};

#define GROUPING KEY(measure_spec, grouping, "grouping", YAML_TEXTS, 0)
#define TOTAL KEY(measure_spec, total, "total", YAML_NODE, YAML_REQUIRED)

static const struct yaml_field ratio_fields[] = {
	KEY(measure_spec, errors, "errors", YAML_NODE, YAML_REQUIRED),
	TOTAL,
	GROUPING,
	{0},
};

static const struct yaml_field latency_fields[] = {
	KEY(measure_spec, success, "success", YAML_NODE, YAML_REQUIRED),
	TOTAL,
	GROUPING,
	{0},
};

static const struct yaml_field native_fields[] = {
	KEY(measure_spec, latency, "latency", YAML_TEXT, YAML_REQUIRED),
	TOTAL,
	GROUPING,
	{0},
};

static const struct yaml_field gauge_fields[] = {
	KEY(measure_spec, metric, "metric", YAML_TEXT, YAML_REQUIRED),
	GROUPING,
	{0},
};

struct metric_spec {
	const char *metric;
};

static const struct yaml_field metric_fields[] = {
	KEY(metric_spec, metric, "metric", YAML_TEXT, YAML_REQUIRED),
	{0},
};

/*
 * The rows that it makes of a window: shares of it, and the rate.  Its rules also wait ("for")
 * before they fire; here a row says when the budget burns, at once.
 */
static const struct {
	enum severity severity;
	int64_t long_part, short_part;
	double factor;
} tiers[] = {
	{SEV_PAGE, 672, 8064, 14},
	{SEV_PAGE, 112, 1344, 7},
	{SEV_TICKET, 28, 336, 2},
	{SEV_TICKET, 7, 112, 1},
};

static int64_t part_of(int64_t window_ns, int64_t part)
{
	int64_t minutes = llround((double)window_ns / (double)part / (double)NS_PER_MIN);

	return (minutes > 0 ? minutes : 1) * NS_PER_MIN;
}

struct burn_alert *pyrra_alerts(struct arena *a, int64_t window_ns, size_t *n)
{
	struct burn_alert *rows = arena_alloc(a, ARRAY_LEN(tiers), sizeof(*rows));

	*n = ARRAY_LEN(tiers);
	for (size_t i = 0; i < *n; i++)
		rows[i] = (struct burn_alert){
			.severity = tiers[i].severity,
			.long_ns = part_of(window_ns, tiers[i].long_part),
			.short_ns = part_of(window_ns, tiers[i].short_part),
			.factor = tiers[i].factor,
		};
	return rows;
}

/* --- the indicators --- */

/* The selector of a {metric: ...}; false and a problem when it is none. */
static bool read_selector(struct slo_reader *r, struct selector *out, const char *text,
	const struct yaml_node *at)
{
	if (!text)
		return false;
	if (selector_parse(out, r->arena, text) && *out->metric)
		return true;
	yaml_problem(r->problems, at,
		_("'%s' is no plain metric with labels, which is all that Pyrra takes"),
		text);
	return false;
}

static bool read_metric(
	struct slo_reader *r, struct selector *out, const struct yaml_node *node)
{
	struct metric_spec m = {0};

	if (!node)
		return false;
	(void)yaml_read(&m, node, metric_fields, r->arena, r->problems);
	return read_selector(r, out, m.metric, yaml_get(node, "metric"));
}

static const char *selector_text(struct slo_reader *r, const struct selector *s)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	selector_add(&text, s);
	result = arena_strdup(r->arena, text.buf);
	strbuf_release(&text);
	return result;
}

static const char *grouping_of(struct slo_reader *r, const struct measure_spec *m)
{
	struct strbuf text = STRBUF_INIT;
	const char *result = NULL;

	for (size_t i = 0; i < m->grouping.n; i++)
		strbuf_addf(&text, "%s%s", i ? "," : "", m->grouping.items[i]);
	if (text.len)
		result = arena_strdup(r->arena, text.buf);
	strbuf_release(&text);
	return result;
}

/* "sum", or "sum by (handler)". */
static const char *sum_of(struct slo_reader *r, const char *grouping)
{
	return grouping ? arena_format(r->arena, "sum by (%s) ", grouping) : "sum";
}

struct reading {
	struct slo_reader *r;
	struct sli *out;
	struct selector *total; /* which labels it has tells whose it is */
	const struct yaml_node *node;
};

static bool read_ratio(struct reading *g, const struct measure_spec *m)
{
	struct selector errors;

	if (!read_metric(g->r, &errors, m->errors) ||
		!read_metric(g->r, g->total, m->total))
		return false;
	g->out->kind = SLI_RATIO;
	g->out->selector = true;
	g->out->bad = selector_text(g->r, &errors);
	g->out->total = selector_text(g->r, g->total);
	return true;
}

static bool read_latency(struct reading *g, const struct measure_spec *m)
{
	struct selector success;

	if (!read_metric(g->r, &success, m->success) ||
		!read_metric(g->r, g->total, m->total))
		return false;
	if (!selector_le_both(&success, g->r->arena)) {
		yaml_problem(g->r->problems, yaml_get(m->success, "metric"),
			_("'%s' names no bucket"), success.metric);
		problems_hint(g->r->problems, _("add the label le, as in le=\"0.5\""));
		return false;
	}
	g->out->kind = SLI_RATIO;
	g->out->selector = true;
	g->out->good = selector_text(g->r, &success);
	g->out->total = selector_text(g->r, g->total);
	return true;
}

static bool read_native(struct reading *g, const struct measure_spec *m)
{
	const char *sum = sum_of(g->r, g->out->grouping), *rate;
	struct err e = ERR_INIT;
	int64_t latency = 0;

	if (!read_metric(g->r, g->total, m->total) || !m->latency)
		return false;
	if (duration_parse(&latency, m->latency, &e) < 0 || latency <= 0) {
		yaml_problem(g->r->problems, yaml_get(g->node, "latency"),
			_("the latency '%s' is not a positive duration"), m->latency);
		problems_hint(g->r->problems, _("write it as 250ms or 1s"));
		err_release(&e);
		return false;
	}
	rate = arena_format(g->r->arena, "%s(rate(%s[{{.window}}]))", sum,
		selector_text(g->r, g->total));
	g->out->kind = SLI_RATIO;
	g->out->good = arena_format(g->r->arena,
		"histogram_fraction(0, %.15g, %s) * histogram_count(%s)",
		(double)latency / (double)NS_PER_S, rate, rate);
	g->out->total = arena_format(g->r->arena, "histogram_count(%s)", rate);
	return true;
}

static bool read_gauge(struct reading *g, const struct measure_spec *m)
{
	const char *sum = sum_of(g->r, g->out->grouping), *metric;

	if (!read_selector(g->r, g->total, m->metric, yaml_get(g->node, "metric")))
		return false;
	metric = selector_text(g->r, g->total);
	g->out->kind = SLI_RATIO;
	g->out->good = arena_format(
		g->r->arena, "%s(sum_over_time(%s[{{.window}}]))", sum, metric);
	g->out->total = arena_format(
		g->r->arena, "%s(count_over_time(%s[{{.window}}]))", sum, metric);
	return true;
}

static bool read_indicator(struct slo_reader *r, struct sli *out, struct selector *total,
	const struct yaml_node *node)
{
	struct indicator_spec i = {0};
	struct measure_spec m = {0};
	static const struct {
		const struct yaml_field *fields;
		bool (*read)(struct reading *g, const struct measure_spec *m);
	} kinds[] = {
		{ratio_fields, read_ratio},
		{latency_fields, read_latency},
		{native_fields, read_native},
		{gauge_fields, read_gauge},
	};
	const struct yaml_node *nodes[ARRAY_LEN(kinds)];
	size_t which = 0, n = 0;
	struct reading g = {r, out, total, NULL};

	(void)yaml_read(&i, node, indicator_fields, r->arena, r->problems);
	nodes[0] = i.ratio;
	nodes[1] = i.latency;
	nodes[2] = i.native;
	nodes[3] = i.gauge;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		n += nodes[k] != NULL;
		which = nodes[k] ? k : which;
	}
	if (n != 1)
		return yaml_problem(r->problems, node,
			       _("an indicator is one of 'ratio', 'latency', "
				 "'latencyNative' and 'bool_gauge'")) == 0;
	g.node = nodes[which];
	(void)yaml_read(&m, g.node, kinds[which].fields, r->arena, r->problems);
	*out = (struct sli){.grouping = grouping_of(r, &m)};
	return kinds[which].read(&g, &m);
}

/* --- the rest --- */

static double read_target(
	struct slo_reader *r, const char *text, const struct yaml_node *at)
{
	char *end = NULL;
	double target = text ? strtod(text, &end) : NAN;

	if (!text)
		return NAN;
	if (end == text || *end) {
		yaml_problem(r->problems, at, _("the target '%s' is not a number"), text);
		return NAN;
	}
	return slo_reader_percent(r, target, at);
}

static int64_t read_window(
	struct slo_reader *r, const char *text, const struct yaml_node *at)
{
	struct err e = ERR_INIT;
	int64_t window = 0;

	if (!text)
		return 0;
	if (duration_parse(&window, text, &e) < 0 || window < NS_PER_HOUR) {
		yaml_problem(r->problems, at,
			_("the window '%s' is not a duration of an hour or more"), text);
		problems_hint(r->problems, _("write it as 7d, 2w or 4w"));
		err_release(&e);
		return 0;
	}
	return window;
}

static void read_severities(
	struct slo_reader *r, struct slo *slo, const struct yaml_node *node)
{
	struct severities_spec s = {0};

	if (node)
		(void)yaml_read(&s, node, severities_fields, r->arena, r->problems);
	for (size_t i = 0; i < ARRAY_LEN(s.tiers) && i < slo->n_alerting; i++) {
		enum severity severity = slo_reader_severity(s.tiers[i]);

		/* A word of their own says nothing of who is woken up. */
		if (severity != SEV_NONE)
			slo->alerting[i].severity = severity;
	}
}

static void read_alerting(
	struct slo_reader *r, struct slo *slo, const struct yaml_node *node)
{
	struct alerting_spec a = {.burnrates = true, .absent = true};

	slo->alerting = pyrra_alerts(r->arena, slo->window_ns, &slo->n_alerting);
	if (node)
		(void)yaml_read(&a, node, alerting_fields, r->arena, r->problems);
	slo->alert_name = a.name ? a.name : "ErrorBudgetBurn";
	read_severities(r, slo, a.severities);
	if (a.disabled || !a.burnrates)
		slo->n_alerting = 0;
}

/* The labels that its rules get: pyrra.dev/team becomes team. */
static struct json *rule_labels(const struct yaml_node *labels)
{
	static const char prefix[] = "pyrra.dev/";
	struct json *out = json_object();

	for (size_t i = 0; yaml_type(labels) == YAML_MAP && i < yaml_count(labels); i++) {
		const char *key = yaml_text(yaml_key(labels, i));

		if (key && strncmp(key, prefix, sizeof(prefix) - 1) == 0)
			json_set(out, key + sizeof(prefix) - 1,
				yaml_to_json(yaml_value(labels, i)));
	}
	return out;
}

const char *pyrra_service(struct arena *a, const struct json *labels,
	const struct selector *total, const char *name)
{
	static const char *const keys[] = {"service", "job"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = json_text(json_get(labels, keys[i]));

		if (text && *text)
			return arena_strdup(a, text);
		text = total ? selector_equal(total, a, keys[i]) : NULL;
		if (text && *text)
			return text;
	}
	return name;
}

static void fill(struct slo_reader *r, struct slo *slo, const struct slo_spec *s,
	const struct json *labels)
{
	struct strbuf text = STRBUF_INIT;

	slo->description = s->description && *s->description ? s->description : NULL;
	json_canonical(&text, labels);
	slo->labels = arena_strdup(r->arena, text.buf);
	strbuf_release(&text);
	read_alerting(r, slo, s->alerting);
}

void pyrra_read(struct slo_reader *r, const struct yaml_node *root)
{
	struct object_spec object = {0};
	struct slo_spec s = {0};
	struct sli sli = {0};
	struct selector total = {0};
	struct slo *slo = NULL;
	struct json *labels;
	const char *name;
	double target;
	int64_t window;
	bool readable;

	(void)yaml_read(&object, root, object_fields, r->arena, r->problems);
	if (!object.metadata || !object.spec)
		return;
	name = arena_strdup(r->arena, yaml_text(yaml_get(object.metadata, "name")));
	if (!slo_reader_has(r, name, object.metadata, "name"))
		return;
	(void)yaml_read(&s, object.spec, slo_fields, r->arena, r->problems);
	target = read_target(r, s.target, yaml_get(object.spec, "target"));
	window = read_window(r, s.window, yaml_get(object.spec, "window"));
	readable = s.indicator && read_indicator(r, &sli, &total, s.indicator);
	labels = rule_labels(yaml_get(object.metadata, "labels"));
	if (readable && !isnan(target) && window > 0)
		slo = slo_reader_add(r, root, "pyrra",
			pyrra_service(r->arena, labels, &total, name), name, window);
	if (slo) {
		slo->objective = target;
		slo->sli = sli;
		fill(r, slo, &s, labels);
	}
	json_free(labels);
}
