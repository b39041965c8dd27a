/* Sloth's AlertWindows: the period of the objectives, and which rows alert on it. */
#include "config.h"

#include <math.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "signal/burn.h"
#include "signal/slo_read.h"

struct object_spec {
	const struct yaml_node *version, *kind, *metadata, *spec;
};

static const struct yaml_field object_fields[] = {
	KEY(object_spec, version, "apiVersion", YAML_NODE, 0),
	KEY(object_spec, kind, "kind", YAML_NODE, 0),
	KEY(object_spec, metadata, "metadata", YAML_NODE, 0),
	KEY(object_spec, spec, "spec", YAML_NODE, YAML_REQUIRED),
	{0},
};

struct windows_spec {
	const struct yaml_node *period, *page, *ticket;
};

static const struct yaml_field windows_fields[] = {
	KEY(windows_spec, period, "sloPeriod", YAML_NODE, YAML_REQUIRED),
	KEY(windows_spec, page, "page", YAML_NODE, YAML_REQUIRED),
	KEY(windows_spec, ticket, "ticket", YAML_NODE, YAML_REQUIRED),
	{0},
};

struct pair_spec {
	const struct yaml_node *quick, *slow;
};

static const struct yaml_field pair_fields[] = {
	KEY(pair_spec, quick, "quick", YAML_NODE, YAML_REQUIRED),
	KEY(pair_spec, slow, "slow", YAML_NODE, YAML_REQUIRED),
	{0},
};

struct row_spec {
	double percent;
	const struct yaml_node *brief, *lasting;
};

static const struct yaml_field row_fields[] = {
	KEY(row_spec, percent, "errorBudgetPercent", YAML_REAL, YAML_REQUIRED),
	KEY(row_spec, brief, "shortWindow", YAML_NODE, YAML_REQUIRED),
	KEY(row_spec, lasting, "longWindow", YAML_NODE, YAML_REQUIRED),
	{0},
};

/* ns; 0 and a problem when it is no duration over 0. */
static int64_t read_duration(struct slo_reader *r, const struct yaml_node *at)
{
	const char *text = yaml_text(at);
	struct err e = ERR_INIT;
	int64_t ns = 0;

	if (!at)
		return 0;
	if (!text || duration_parse(&ns, text, &e) < 0 || ns <= 0) {
		yaml_problem(r->problems, at, _("'%s' is not a duration over 0"),
			text ? text : "");
		problems_hint(r->problems, _("write it as 5m, 6h or 30d"));
		ns = 0;
	}
	err_release(&e);
	return ns;
}

static bool read_row(struct slo_reader *r, struct burn_alert *out, int64_t period_ns,
	enum severity severity, const struct yaml_node *node)
{
	struct row_spec row = {.percent = NAN};

	if (!node)
		return false;
	(void)yaml_read(&row, node, row_fields, r->arena, r->problems);
	*out = (struct burn_alert){
		.severity = severity,
		.short_ns = read_duration(r, row.brief),
		.long_ns = read_duration(r, row.lasting),
	};
	if (isnan(row.percent) || out->short_ns == 0 || out->long_ns == 0)
		return false;
	if (!(row.percent > 0) || row.percent > 100)
		return yaml_problem(r->problems, yaml_get(node, "errorBudgetPercent"),
			       _("%g is no percentage of the budget: over 0, 100 at "
				 "most"),
			       row.percent) == 0;
	if (out->short_ns > out->long_ns || out->long_ns > period_ns)
		return yaml_problem(r->problems, node,
			       _("the short window is no longer than the long one, and "
				 "that no longer than the period")) == 0;
	out->factor = burn_factor(row.percent / 100, period_ns, out->long_ns);
	return true;
}

void sloth_windows_read(struct slo_reader *r, const struct yaml_node *root)
{
	static const enum severity severities[] = {SEV_PAGE, SEV_TICKET};
	struct object_spec object = {0};
	struct windows_spec w = {0};
	struct sloth_windows *out = arena_alloc(r->arena, 1, sizeof(*out));

	(void)yaml_read(&object, root, object_fields, r->arena, r->problems);
	if (!object.spec)
		return;
	(void)yaml_read(&w, object.spec, windows_fields, r->arena, r->problems);
	out->period_ns = read_duration(r, w.period);
	for (size_t i = 0; i < ARRAY_LEN(severities) && out->period_ns; i++) {
		const struct yaml_node *node = i ? w.ticket : w.page;
		struct pair_spec pair = {0};

		if (!node)
			continue;
		(void)yaml_read(&pair, node, pair_fields, r->arena, r->problems);
		out->n += read_row(
			r, &out->rows[out->n], out->period_ns, severities[i], pair.quick);
		out->n += read_row(
			r, &out->rows[out->n], out->period_ns, severities[i], pair.slow);
	}
	if (out->n)
		r->out->windows = out;
}
