/* OpenSLO indicators: ratios of counters, raw ratios, thresholds; v1 and v1alpha. */
#include "config.h"

#include "signal/openslo.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/i18n.h"

struct sli_spec {
	const char *description;
	const struct yaml_node *ratio, *threshold;
};

static const struct yaml_field sli_fields[] = {
	KEY(sli_spec, description, "description", YAML_TEXT, 0),
	KEY(sli_spec, ratio, "ratioMetric", YAML_NODE, 0),
	KEY(sli_spec, threshold, "thresholdMetric", YAML_NODE, 0),
	{0},
};

struct ratio_spec {
	bool counter, incremental;
	const char *raw_type;
	const struct yaml_node *good, *bad, *total, *raw, *incorrect;
};

static const struct yaml_field ratio_fields[] = {
	KEY(ratio_spec, counter, "counter", YAML_BOOL, 0),
	KEY(ratio_spec, raw_type, "rawType", YAML_TEXT, 0),
	KEY(ratio_spec, good, "good", YAML_NODE, 0),
	KEY(ratio_spec, bad, "bad", YAML_NODE, 0),
	KEY(ratio_spec, total, "total", YAML_NODE, 0),
	KEY(ratio_spec, raw, "raw", YAML_NODE, 0),
	{0},
};

static const struct yaml_field alpha_ratio_fields[] = {
	KEY(ratio_spec, counter, "counter", YAML_BOOL, 0),
	KEY(ratio_spec, incremental, "incremental", YAML_BOOL, 0),
	KEY(ratio_spec, good, "good", YAML_NODE, 0),
	KEY(ratio_spec, bad, "bad", YAML_NODE, 0),
	KEY(ratio_spec, incorrect, "incorrect", YAML_NODE, 0),
	KEY(ratio_spec, total, "total", YAML_NODE, 0),
	{0},
};

struct metric_spec {
	const struct yaml_node *source;
};

static const struct yaml_field metric_fields[] = {
	KEY(metric_spec, source, "metricSource", YAML_NODE, YAML_REQUIRED),
	{0},
};

/* v1, v2: a data source's reference or type, and a free map; v1alpha: three texts. */
struct source_spec {
	const char *ref, *type, *query_type, *query;
	const struct yaml_node *spec, *inner;
};

static const struct yaml_field v2_source_fields[] = {
	KEY(source_spec, ref, "dataSourceRef", YAML_TEXT, 0),
	KEY(source_spec, inner, "dataSourceSpec", YAML_NODE, 0),
	KEY(source_spec, spec, "spec", YAML_NODE, YAML_REQUIRED),
	{0},
};

static const struct yaml_field source_fields[] = {
	KEY(source_spec, ref, "metricSourceRef", YAML_TEXT, 0),
	KEY(source_spec, type, "type", YAML_TEXT, 0),
	KEY(source_spec, spec, "spec", YAML_NODE, YAML_REQUIRED),
	{0},
};

static const struct yaml_field alpha_source_fields[] = {
	KEY(source_spec, type, "source", YAML_TEXT, YAML_REQUIRED),
	KEY(source_spec, query_type, "queryType", YAML_TEXT, 0),
	KEY(source_spec, query, "query", YAML_TEXT, YAML_REQUIRED),
	KEY(source_spec, spec, "metadata", YAML_NODE, 0),
	{0},
};

/* One query as the file has it. */
struct metric {
	const char *query; /* NULL: there is none */
	bool foreign;
	const struct yaml_node *at;
	const struct yaml_node *traces; /* its spec, when it is over traces */
	const char *source; /* the data source that it names; NULL */
};

/* What answers PromQL. */
static bool speaks_promql(const char *type)
{
	static const char *const types[] = {
		"prometheus",
		"thanos",
		"mimir",
		"cortex",
		"victoriametrics",
		"amp",
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcasecmp(type, types[i]) == 0)
			return true;
	}
	return false;
}

static const char *type_of(const struct slo_reader *r, const struct source_spec *s)
{
	const struct yaml_node *source;
	const char *type;

	if (s->type)
		return s->type;
	if (s->inner && yaml_text(yaml_get(s->inner, "type")))
		return yaml_text(yaml_get(s->inner, "type"));
	source = s->ref ? openslo_find(r, "DataSource", s->ref, NULL) : NULL;
	type = yaml_text(yaml_get(yaml_get(source, "spec"), "type"));
	/* A source that no file defines: nothing says that it is not Prometheus. */
	return type ? type : "prometheus";
}

static const char *query_in(struct slo_reader *r, const struct yaml_node *spec)
{
	static const char *const keys[] = {"query", "promql", "expr"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = yaml_text(yaml_get(spec, keys[i]));

		if (text && *text)
			return arena_strdup(r->arena, text);
	}
	return NULL;
}

/* What a foreign source is asked, to be shown. */
static const char *spec_text(struct slo_reader *r, const struct yaml_node *spec)
{
	struct json *j = yaml_to_json(spec);
	struct strbuf text = STRBUF_INIT;
	const char *result;

	json_canonical(&text, j);
	result = arena_strdup(r->arena, text.buf);
	strbuf_release(&text);
	json_free(j);
	return result;
}

static bool read_source(struct slo_reader *r, struct source_spec *out,
	const struct yaml_node **at, const struct yaml_node *node,
	enum openslo_version version)
{
	static const struct yaml_field *const fields[] = {
		[OPENSLO_V1] = source_fields,
		[OPENSLO_ALPHA] = alpha_source_fields,
		[OPENSLO_V2] = v2_source_fields,
	};
	struct metric_spec metric = {.source = node};

	if (version == OPENSLO_V1) {
		metric.source = NULL;
		(void)yaml_read(&metric, node, metric_fields, r->arena, r->problems);
	}
	*at = metric.source;
	if (!metric.source)
		return false;
	(void)yaml_read(out, metric.source, fields[version], r->arena, r->problems);
	return true;
}

static struct metric read_metric(
	struct slo_reader *r, const struct yaml_node *node, enum openslo_version version)
{
	struct source_spec source = {0};
	struct metric out = {.at = node};
	const struct yaml_node *at;
	const char *type;

	if (!node || !read_source(r, &source, &at, node, version))
		return out;
	type = type_of(r, &source);
	out.source = source.ref;
	if (strcasecmp(type, "tocsin") == 0) {
		out.traces = source.spec;
		return out;
	}
	out.foreign = !speaks_promql(type);
	out.query = version == OPENSLO_ALPHA ? source.query : query_in(r, source.spec);
	if (out.foreign) {
		if (!out.query && source.spec)
			out.query = spec_text(r, source.spec);
		yaml_problem(r->problems, at,
			_("a metric source of type '%s' cannot be asked, only "
			  "Prometheus"),
			type);
		problems_hint(r->problems,
			_("type: Prometheus with PromQL, or tocsin for traces"));
	} else if (!out.query && source.spec) {
		yaml_problem(r->problems, source.spec,
			_("the metric source has no 'query' or 'promql'"));
	}
	return out;
}

/* The query fit for any window; NULL and a problem when it cannot be made so. */
static const char *windowed(
	struct slo_reader *r, const struct metric *m, bool counter, bool *selector)
{
	const char *query;

	*selector = false;
	if (!m->query || m->foreign)
		return m->query;
	query = promql_windowed(r->arena, m->query, counter, selector);
	if (!query)
		yaml_problem(r->problems, m->at,
			_("the query has neither {{.window}} nor a range like [5m], so "
			  "that every window would be the same"));
	return query;
}

/* Selectors stay selectors only when all parts of the ratio are. */
static const char *as_template(struct slo_reader *r, const char *query, bool selector)
{
	if (!query || !selector)
		return query;
	return arena_format(r->arena, "sum(rate(%s[{{.window}}]))", query);
}

/* All parts of an indicator have to be answered by one source. */
static void note_source(
	struct slo_reader *r, struct openslo_target *target, const struct metric *m)
{
	if (!m->source || m->foreign)
		return;
	if (target->source && strcmp(target->source, m->source) != 0)
		yaml_problem(r->problems, m->at,
			_("its parts are of two sources, '%s' and '%s': the first one is "
			  "asked for all"),
			target->source, m->source);
	else
		target->source = m->source;
}

/* A foreign part: its query, to be shown, without saying the problem again. */
static struct metric read_foreign(
	struct slo_reader *r, const struct yaml_node *node, enum openslo_version version)
{
	struct problems seen;
	struct slo_reader quiet = slo_reader_quiet(r, &seen);
	struct metric m = read_metric(&quiet, node, version);

	m.foreign = true;
	problems_release(&seen);
	return m;
}

struct building {
	struct slo_reader *r;
	struct sli *out;
	struct openslo_target *target;
	enum openslo_version version;
};

static bool build_ratio(
	const struct building *b, const struct ratio_spec *spec, bool counter)
{
	const struct yaml_node *nodes[3] = {
		spec->good, spec->bad ? spec->bad : spec->incorrect, spec->total};
	const char *queries[3];
	bool selectors[3], all = true;
	struct sli *out = b->out;

	*out = (struct sli){.kind = SLI_RATIO};
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		struct metric m = out->foreign && nodes[i]
			? read_foreign(b->r, nodes[i], b->version)
			: read_metric(b->r, nodes[i], b->version);

		out->foreign = out->foreign || m.foreign;
		note_source(b->r, b->target, &m);
		queries[i] = windowed(b->r, &m, counter, &selectors[i]);
		if (nodes[i] && !queries[i] && !m.foreign)
			return false;
		all = all && (!queries[i] || selectors[i]);
	}
	out->selector = all && !out->foreign;
	out->good = all ? queries[0] : as_template(b->r, queries[0], selectors[0]);
	out->bad = all ? queries[1] : as_template(b->r, queries[1], selectors[1]);
	out->total = all ? queries[2] : as_template(b->r, queries[2], selectors[2]);
	return true;
}

static bool check_ratio(
	struct slo_reader *r, const struct ratio_spec *spec, const struct yaml_node *node)
{
	bool bad = spec->bad || spec->incorrect;

	if (spec->good && bad)
		return yaml_problem(r->problems, node,
			       _("a ratio has 'good' or 'bad', not both")) == 0;
	if (!spec->good && !bad)
		return yaml_problem(r->problems, node,
			       _("a ratio needs 'good' or 'bad', and 'total'")) == 0;
	if (!spec->total)
		return yaml_problem(r->problems, node, _("the ratio has no 'total'")) ==
			0;
	return true;
}

static bool build_raw(const struct building *b, const struct ratio_spec *spec,
	const struct yaml_node *node)
{
	struct metric m = read_metric(b->r, spec->raw, b->version);
	bool selector = false,
	     success = spec->raw_type && strcmp(spec->raw_type, "success") == 0;
	const char *query;

	if (!success && !(spec->raw_type && strcmp(spec->raw_type, "failure") == 0))
		return yaml_problem(b->r->problems, node,
			       _("a raw ratio needs 'rawType: success' or 'rawType: "
				 "failure'")) == 0;
	if (m.query && promql_is_selector(m.query) && !m.foreign)
		query = arena_format(
			b->r->arena, "avg(avg_over_time(%s[{{.window}}]))", m.query);
	else
		query = windowed(b->r, &m, false, &selector);
	if (!query)
		return false;
	note_source(b->r, b->target, &m);
	*b->out = (struct sli){.kind = SLI_RAW, .foreign = m.foreign, .raw = query};
	if (success && !m.foreign)
		b->out->raw = arena_format(b->r->arena, "1 - (%s)", query);
	return true;
}

static const char *promql_op(const char *op)
{
	static const struct {
		const char *name, *promql;
	} ops[] = {{"lt", "<"}, {"lte", "<="}, {"gt", ">"}, {"gte", ">="}};

	for (size_t i = 0; op && i < ARRAY_LEN(ops); i++) {
		if (strcmp(op, ops[i].name) == 0)
			return ops[i].promql;
	}
	return NULL;
}

static bool build_threshold(const struct building *b, const struct yaml_node *node)
{
	struct metric m = read_metric(b->r, node, b->version);
	const struct openslo_target *target = b->target;
	const char *op = promql_op(target->op);

	if (!op)
		return yaml_problem(b->r->problems, target->node,
			       _("a threshold objective needs 'op', one of lt, lte, gt, "
				 "gte")) == 0;
	if (isnan(target->value))
		return yaml_problem(b->r->problems, target->node,
			       _("a threshold objective needs a 'value' to compare "
				 "with")) == 0;
	if (!m.query)
		return false;
	note_source(b->r, b->target, &m);
	*b->out = (struct sli){
		.kind = SLI_THRESHOLD, .foreign = m.foreign, .total = m.query};
	if (!m.foreign)
		b->out->raw = arena_format(b->r->arena,
			/* A minute without traffic, 0 / 0, is neither good nor bad. */
			"1 - avg_over_time((((%s) > -Inf) %s bool "
			"%.15g)[{{.window}}:1m])",
			m.query, op, target->value);
	return true;
}

/* The spec of the part that is over traces, and whether it counts what is bad. */
static const struct yaml_node *traces_in(struct slo_reader *r, bool *bad,
	const struct sli_spec *sli, const struct ratio_spec *ratio,
	enum openslo_version version)
{
	const bool failure = ratio->raw_type && strcmp(ratio->raw_type, "failure") == 0;
	const struct {
		const struct yaml_node *node;
		bool bad;
	} parts[] = {
		{sli->threshold, false},
		{ratio->bad, true},
		{ratio->good, false},
		{ratio->raw, failure},
	};
	struct problems seen;
	struct slo_reader quiet = slo_reader_quiet(r, &seen);
	const struct yaml_node *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(parts) && !found; i++) {
		found = read_metric(&quiet, parts[i].node, version).traces;
		*bad = parts[i].bad;
	}
	problems_release(&seen);
	return found;
}

bool openslo_sli(struct slo_reader *r, struct sli *out, const struct yaml_node *spec,
	struct openslo_target *target, enum openslo_version version)
{
	const struct building b = {r, out, target, version};
	struct sli_spec sli = {0};
	struct ratio_spec ratio = {.counter = true};
	const struct yaml_node *traces;
	bool bad = false;

	(void)yaml_read(&sli, spec, sli_fields, r->arena, r->problems);
	if (!sli.ratio == !sli.threshold)
		return yaml_problem(r->problems, spec,
			       _("an indicator has either 'ratioMetric' or "
				 "'thresholdMetric', one of them")) == 0;
	if (sli.ratio)
		(void)yaml_read(&ratio, sli.ratio, ratio_fields, r->arena, r->problems);
	traces = traces_in(r, &bad, &sli, &ratio, version);
	if (traces)
		return openslo_traces(r, out, traces, target, bad);
	if (sli.threshold)
		return build_threshold(&b, sli.threshold);
	if (ratio.raw)
		return build_raw(&b, &ratio, sli.ratio);
	return check_ratio(r, &ratio, sli.ratio) &&
		build_ratio(&b, &ratio, ratio.counter);
}

bool openslo_alpha_sli(struct slo_reader *r, struct sli *out,
	const struct yaml_node *ratio, const struct yaml_node *threshold,
	struct openslo_target *target)
{
	const struct building b = {r, out, target, OPENSLO_ALPHA};
	struct ratio_spec spec = {.counter = true, .incremental = true};

	if (!ratio == !threshold)
		return yaml_problem(r->problems, target->node,
			       _("an objective needs 'ratioMetrics', or the SLO an "
				 "'indicator' with 'thresholdMetric'")) == 0;
	if (threshold)
		return build_threshold(&b, threshold);
	(void)yaml_read(&spec, ratio, alpha_ratio_fields, r->arena, r->problems);
	return check_ratio(r, &spec, ratio) &&
		build_ratio(&b, &spec, spec.counter && spec.incremental);
}
