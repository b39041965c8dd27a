/* Sloth's prometheus/v1 and its Kubernetes form: the same fields, in snake and in camel case. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "signal/slo_read.h"

#define PERIOD (30 * NS_PER_DAY)

enum spelling { SNAKE, CAMEL, SPELLINGS };

struct sloth_alert {
	bool disable;
	const struct yaml_node *labels, *annotations;
};

struct sloth_alerting {
	const char *name;
	const struct yaml_node *labels, *annotations;
	const struct yaml_node *page, *ticket;
};

struct sloth_sli {
	const struct yaml_node *events, *raw, *plugin;
};

struct sloth_queries {
	const char *error, *total, *ratio;
};

struct sloth_slo {
	const char *name, *description;
	double objective;
	const struct yaml_node *labels, *plugins, *sli, *alerting;
};

struct sloth_spec {
	const char *version, *service;
	const struct yaml_node *labels, *plugins, *slos;
};

static const struct yaml_field alert_fields[] = {
	KEY(sloth_alert, disable, "disable", YAML_BOOL, 0),
	KEY(sloth_alert, labels, "labels", YAML_NODE, 0),
	KEY(sloth_alert, annotations, "annotations", YAML_NODE, 0),
	{0},
};

/* The page's and the ticket's are read by alert_fields. */
static const struct yaml_field alerting_fields[SPELLINGS][6] = {
	[SNAKE] =
		{
			KEY(sloth_alerting, name, "name", YAML_TEXT, 0),
			KEY(sloth_alerting, labels, "labels", YAML_NODE, 0),
			KEY(sloth_alerting, annotations, "annotations", YAML_NODE, 0),
			KEY(sloth_alerting, page, "page_alert", YAML_NODE, 0),
			KEY(sloth_alerting, ticket, "ticket_alert", YAML_NODE, 0),
		},
	[CAMEL] =
		{
			KEY(sloth_alerting, name, "name", YAML_TEXT, 0),
			KEY(sloth_alerting, labels, "labels", YAML_NODE, 0),
			KEY(sloth_alerting, annotations, "annotations", YAML_NODE, 0),
			KEY(sloth_alerting, page, "pageAlert", YAML_NODE, 0),
			KEY(sloth_alerting, ticket, "ticketAlert", YAML_NODE, 0),
		},
};

static const struct yaml_field sli_fields[] = {
	KEY(sloth_sli, events, "events", YAML_NODE, 0),
	KEY(sloth_sli, raw, "raw", YAML_NODE, 0),
	KEY(sloth_sli, plugin, "plugin", YAML_NODE, 0),
	{0},
};

static const struct yaml_field events_fields[SPELLINGS][3] = {
	[SNAKE] =
		{
			KEY(sloth_queries, error, "error_query", YAML_TEXT,
				YAML_REQUIRED),
			KEY(sloth_queries, total, "total_query", YAML_TEXT,
				YAML_REQUIRED),
		},
	[CAMEL] =
		{
			KEY(sloth_queries, error, "errorQuery", YAML_TEXT, YAML_REQUIRED),
			KEY(sloth_queries, total, "totalQuery", YAML_TEXT, YAML_REQUIRED),
		},
};

static const struct yaml_field raw_fields[SPELLINGS][2] = {
	[SNAKE] =
		{
			KEY(sloth_queries, ratio, "error_ratio_query", YAML_TEXT,
				YAML_REQUIRED),
		},
	[CAMEL] =
		{
			KEY(sloth_queries, ratio, "errorRatioQuery", YAML_TEXT,
				YAML_REQUIRED),
		},
};

static const struct yaml_field slo_fields[] = {
	KEY(sloth_slo, name, "name", YAML_TEXT, YAML_REQUIRED),
	KEY(sloth_slo, description, "description", YAML_TEXT, 0),
	KEY(sloth_slo, objective, "objective", YAML_REAL, YAML_REQUIRED),
	KEY(sloth_slo, labels, "labels", YAML_NODE, 0),
	KEY(sloth_slo, plugins, "plugins", YAML_NODE, 0),
	KEY(sloth_slo, sli, "sli", YAML_NODE, YAML_REQUIRED),
	KEY(sloth_slo, alerting, "alerting", YAML_NODE, 0),
	{0},
};

static const struct yaml_field file_fields[] = {
	KEY(sloth_spec, version, "version", YAML_TEXT, 0),
	KEY(sloth_spec, service, "service", YAML_TEXT, YAML_REQUIRED),
	KEY(sloth_spec, labels, "labels", YAML_NODE, 0),
	KEY(sloth_spec, plugins, "slo_plugins", YAML_NODE, 0),
	KEY(sloth_spec, slos, "slos", YAML_NODE, YAML_REQUIRED),
	{0},
};

static const struct yaml_field spec_fields[] = {
	KEY(sloth_spec, service, "service", YAML_TEXT, YAML_REQUIRED),
	KEY(sloth_spec, labels, "labels", YAML_NODE, 0),
	KEY(sloth_spec, plugins, "sloPlugins", YAML_NODE, 0),
	KEY(sloth_spec, slos, "slos", YAML_NODE, YAML_REQUIRED),
	{0},
};

static void check_placeholder(struct slo_reader *r, const char *query,
	const struct yaml_node *map, const char *key)
{
	struct strbuf filled = STRBUF_INIT;

	if (query && slo_template(&filled, query, NS_PER_MIN) == 0) {
		yaml_problem(r->problems, yaml_get(map, key),
			_("'%s' has no {{.window}}, so that every window would be the "
			  "same"),
			key);
	}
	strbuf_release(&filled);
}

static const struct yaml_field *queries_table(
	const struct sloth_sli *sli, enum spelling as)
{
	return sli->events ? events_fields[as] : raw_fields[as];
}

static bool read_sli(struct slo_reader *r, struct sli *out, const struct yaml_node *node,
	enum spelling as)
{
	struct sloth_sli sli = {0};
	struct sloth_queries q = {0};
	const struct yaml_field *fields;
	const struct yaml_node *map;

	(void)yaml_read(&sli, node, sli_fields, r->arena, r->problems);
	if (sli.plugin) {
		const char *id = yaml_text(yaml_get(sli.plugin, "id"));

		yaml_problem(r->problems, sli.plugin,
			_("the indicator of Sloth's plugin '%s' is not supported"),
			id ? id : "?");
		problems_hint(r->problems,
			_("write the queries that the plugin makes as 'events'"));
		return false;
	}
	if (!sli.events == !sli.raw) {
		yaml_problem(r->problems, node,
			_("an indicator has either 'events' or 'raw', one of them"));
		return false;
	}
	map = sli.events ? sli.events : sli.raw;
	fields = queries_table(&sli, as);
	(void)yaml_read(&q, map, fields, r->arena, r->problems);
	if (sli.events ? !q.error || !q.total : !q.ratio)
		return false;
	check_placeholder(r, sli.events ? q.error : q.ratio, map, fields[0].key);
	if (sli.events)
		check_placeholder(r, q.total, map, fields[1].key);
	*out = (struct sli){
		.kind = sli.events ? SLI_RATIO : SLI_RAW,
		.bad = q.error,
		.total = q.total,
		.raw = q.ratio,
	};
	return true;
}

/* One alert's own texts over those of both. */
static bool read_alert(struct slo_reader *r, struct slo_alert_texts *out,
	const struct sloth_alerting *both, const struct yaml_node *node)
{
	struct sloth_alert alert = {0};

	if (node)
		(void)yaml_read(&alert, node, alert_fields, r->arena, r->problems);
	*out = (struct slo_alert_texts){
		.labels = slo_reader_labels(r, both->labels, alert.labels),
		.annotations = slo_reader_labels(r, both->annotations, alert.annotations),
	};
	return alert.disable;
}

static void read_alerting(struct slo_reader *r, struct slo *slo,
	const struct yaml_node *node, const struct yaml_node *slo_node, enum spelling as)
{
	struct sloth_alerting alerting = {0};
	bool no_page, no_ticket;
	size_t kept = 0;

	if (node)
		(void)yaml_read(
			&alerting, node, alerting_fields[as], r->arena, r->problems);
	no_page = read_alert(r, &slo->page, &alerting, alerting.page);
	no_ticket = read_alert(r, &slo->ticket, &alerting, alerting.ticket);
	if (!(alerting.name && *alerting.name) && !(no_page && no_ticket))
		yaml_problem(r->problems, node ? node : slo_node,
			_("'alerting' needs a 'name', unless both of its alerts are "
			  "disabled"));
	slo->alert_name = alerting.name && *alerting.name ? alerting.name : NULL;
	slo->annotations = slo_reader_labels(r, NULL, alerting.annotations);
	for (size_t i = 0; i < slo->n_alerting; i++) {
		bool page = slo->alerting[i].severity == SEV_PAGE;

		if (page ? !no_page : !no_ticket)
			slo->alerting[kept++] = slo->alerting[i];
	}
	slo->n_alerting = kept;
}

/* The rows of the alert windows that the file brought along. */
static void take_windows(struct slo_reader *r, struct slo *slo)
{
	const struct sloth_windows *w = r->out->windows;

	if (!w)
		return;
	slo->alerting = arena_alloc(r->arena, w->n, sizeof(*slo->alerting));
	memcpy(slo->alerting, w->rows, w->n * sizeof(*slo->alerting));
	slo->n_alerting = w->n;
}

/* Named one by one, so that people know what is missing. */
static void refuse_plugins(struct slo_reader *r, const struct yaml_node *plugins)
{
	const struct yaml_node *chain = yaml_get(plugins, "chain");

	if (!plugins)
		return;
	for (size_t i = 0; i < yaml_count(chain); i++) {
		const struct yaml_node *item = yaml_item(chain, i);
		const char *id = yaml_text(yaml_get(item, "id"));

		yaml_problem(r->problems, item,
			_("Sloth's SLO plugin '%s' is not supported"), id ? id : "?");
		problems_hint(r->problems,
			_("the SLO is read as if the plugin were not there"));
	}
	if (yaml_count(chain) == 0)
		yaml_problem(
			r->problems, plugins, _("Sloth's SLO plugins are not supported"));
}

static void read_slo(struct slo_reader *r, const struct yaml_node *node,
	const struct sloth_spec *spec, enum spelling as)
{
	struct sloth_slo s = {.objective = NAN};
	struct sli sli = {0};
	struct slo *slo;
	double objective;

	(void)yaml_read(&s, node, slo_fields, r->arena, r->problems);
	refuse_plugins(r, s.plugins);
	objective = slo_reader_percent(r, s.objective, yaml_get(node, "objective"));
	if (s.name && !slo_reader_has(r, s.name, yaml_get(node, "name"), "name"))
		return;
	if (!s.sli || !read_sli(r, &sli, s.sli, as) || isnan(objective) || !s.name)
		return;
	slo = slo_reader_add(r, node, as == CAMEL ? "sloth-k8s" : "sloth", spec->service,
		s.name, r->out->windows ? r->out->windows->period_ns : PERIOD);
	if (!slo)
		return;
	take_windows(r, slo);
	slo->description = s.description;
	slo->objective = objective;
	slo->sli = sli;
	slo->labels = slo_reader_labels(r, spec->labels, s.labels);
	read_alerting(r, slo, s.alerting, node, as);
}

static void read_spec(struct slo_reader *r, const struct yaml_node *root,
	const struct yaml_field *fields, enum spelling as)
{
	struct sloth_spec spec = {0};

	(void)yaml_read(&spec, root, fields, r->arena, r->problems);
	refuse_plugins(r, spec.plugins);
	if (!yaml_get(root, "service") ||
		!slo_reader_has(r, spec.service, yaml_get(root, "service"), "service"))
		return;
	if (spec.slos && yaml_type(spec.slos) != YAML_LIST) {
		yaml_problem(r->problems, spec.slos, _("'slos' has to be a list"));
		return;
	}
	if (spec.slos && yaml_count(spec.slos) == 0)
		yaml_problem(r->problems, spec.slos, _("'slos' is empty"));
	for (size_t i = 0; i < yaml_count(spec.slos); i++)
		read_slo(r, yaml_item(spec.slos, i), &spec, as);
}

void sloth_read(struct slo_reader *r, const struct yaml_node *root)
{
	read_spec(r, root, file_fields, SNAKE);
}

struct sloth_object {
	const struct yaml_node *version, *kind, *metadata, *spec, *status;
};

static const struct yaml_field object_fields[] = {
	KEY(sloth_object, version, "apiVersion", YAML_NODE, 0),
	KEY(sloth_object, kind, "kind", YAML_NODE, 0),
	KEY(sloth_object, metadata, "metadata", YAML_NODE, 0),
	KEY(sloth_object, spec, "spec", YAML_NODE, YAML_REQUIRED),
	KEY(sloth_object, status, "status", YAML_NODE, 0),
	{0},
};

void sloth_k8s_read(struct slo_reader *r, const struct yaml_node *root)
{
	struct sloth_object object = {0};

	(void)yaml_read(&object, root, object_fields, r->arena, r->problems);
	if (object.spec)
		read_spec(r, object.spec, spec_fields, CAMEL);
}
