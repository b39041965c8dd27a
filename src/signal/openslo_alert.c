/* OpenSLO alert policies and conditions: rows of the burn-rate table. */
#include "config.h"

#include "signal/openslo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "signal/burn.h"

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

struct policy_spec {
	const char *description;
	bool no_data, breaching, resolved;
	const struct yaml_node *conditions, *targets;
};

static const struct yaml_field policy_fields[] = {
	KEY(policy_spec, description, "description", YAML_TEXT, 0),
	KEY(policy_spec, no_data, "alertWhenNoData", YAML_BOOL, 0),
	KEY(policy_spec, breaching, "alertWhenBreaching", YAML_BOOL, 0),
	KEY(policy_spec, resolved, "alertWhenResolved", YAML_BOOL, 0),
	KEY(policy_spec, conditions, "conditions", YAML_NODE, YAML_REQUIRED),
	KEY(policy_spec, targets, "notificationTargets", YAML_NODE, 0),
	{0},
};

struct condition_spec {
	const char *description, *severity;
	const struct yaml_node *condition;
};

static const struct yaml_field condition_fields[] = {
	KEY(condition_spec, description, "description", YAML_TEXT, 0),
	KEY(condition_spec, severity, "severity", YAML_TEXT, YAML_REQUIRED),
	KEY(condition_spec, condition, "condition", YAML_NODE, YAML_REQUIRED),
	{0},
};

struct burn_spec {
	const char *kind, *op;
	double threshold;
	const struct yaml_node *lookback, *after;
};

static const struct yaml_field burn_fields[] = {
	KEY(burn_spec, kind, "kind", YAML_TEXT, 0),
	KEY(burn_spec, op, "op", YAML_TEXT, 0),
	KEY(burn_spec, threshold, "threshold", YAML_REAL, YAML_REQUIRED),
	KEY(burn_spec, lookback, "lookbackWindow", YAML_NODE, YAML_REQUIRED),
	KEY(burn_spec, after, "alertAfter", YAML_NODE, 0),
	{0},
};

/*
 * A condition has one window.  How long it has to hold before the alert (alertAfter) stands for the
 * short one, in which it must burn as fast; without it, or with 0m, the one window is both.
 */
static int64_t short_window(
	struct slo_reader *r, const struct burn_spec *b, int64_t long_ns)
{
	int64_t after = b->after && !openslo_is_zero(b->after)
		? openslo_duration(r, b->after)
		: 0;

	return after > 0 && after < long_ns ? after : long_ns;
}

static bool read_condition(
	struct slo_reader *r, struct burn_alert *out, const struct yaml_node *object)
{
	struct object_spec shell = {0};
	struct condition_spec c = {0};
	struct burn_spec b = {.threshold = NAN};
	enum severity severity;

	(void)yaml_read(&shell, object, object_fields, r->arena, r->problems);
	if (!shell.spec)
		return false;
	(void)yaml_read(&c, shell.spec, condition_fields, r->arena, r->problems);
	if (!c.condition)
		return false;
	(void)yaml_read(&b, c.condition, burn_fields, r->arena, r->problems);
	if (b.kind && strcmp(b.kind, "burnrate") != 0) {
		yaml_problem(r->problems, yaml_get(c.condition, "kind"),
			_("conditions of kind '%s' are not supported, only burnrate"),
			b.kind);
		return false;
	}
	if (b.op && (strcmp(b.op, "lt") == 0 || strcmp(b.op, "lte") == 0)) {
		yaml_problem(r->problems, yaml_get(c.condition, "op"),
			_("'%s' fires while the budget burns slowly, which is hardly "
			  "meant"),
			b.op);
		problems_hint(r->problems, _("write 'op: gte'; it is read as that"));
	}
	severity = slo_reader_severity(c.severity);
	*out = (struct burn_alert){
		.severity = severity == SEV_PAGE ? SEV_PAGE : SEV_TICKET,
		.long_ns = b.lookback ? openslo_duration(r, b.lookback) : 0,
		.factor = b.threshold,
	};
	out->short_ns = short_window(r, &b, out->long_ns);
	if (b.threshold <= 0)
		yaml_problem(r->problems, yaml_get(c.condition, "threshold"),
			_("the threshold %g is no burn rate: it is over 0"), b.threshold);
	return out->long_ns > 0 && b.threshold > 0;
}

void openslo_condition_check(struct slo_reader *r, const struct yaml_node *root)
{
	struct burn_alert row;

	(void)read_condition(r, &row, root);
	openslo_metadata_check(r, root);
}

static const struct yaml_node *resolve(struct slo_reader *r, const struct yaml_node *item,
	const char *ref_key, const char *kind)
{
	const struct yaml_node *ref = yaml_get(item, ref_key), *found;
	const char *name = yaml_text(ref);

	if (!ref)
		return item;
	found = name ? openslo_find(r, kind, name, NULL) : NULL;
	if (!found)
		openslo_missing(r, ref, kind, name ? name : "");
	return found;
}

/* What is wrong with a policy by itself. */
static void check_policy(
	struct slo_reader *r, const struct policy_spec *p, const struct yaml_node *spec)
{
	if (p->conditions && yaml_count(p->conditions) != 1)
		yaml_problem(r->problems, p->conditions,
			_("an alert policy has exactly one condition"));
	if (!p->no_data)
		return;
	yaml_problem(r->problems, yaml_get(spec, "alertWhenNoData"),
		_("'alertWhenNoData' is not supported: no data is shown, it pages "
		  "nobody"));
}

static const struct yaml_node *read_policy_spec(
	struct slo_reader *r, struct policy_spec *p, const struct yaml_node *object)
{
	struct object_spec shell = {0};

	(void)yaml_read(&shell, object, object_fields, r->arena, r->problems);
	if (!shell.spec)
		return NULL;
	(void)yaml_read(p, shell.spec, policy_fields, r->arena, r->problems);
	check_policy(r, p, shell.spec);
	return shell.spec;
}

void openslo_policy_check(struct slo_reader *r, const struct yaml_node *root)
{
	struct policy_spec p = {0};
	struct burn_alert row;

	(void)read_policy_spec(r, &p, root);
	for (size_t i = 0; i < yaml_count(p.conditions); i++) {
		const struct yaml_node *item = yaml_item(p.conditions, i);

		/* A reference is looked up here, for those who refer to the policy. */
		if (yaml_get(item, "conditionRef"))
			(void)resolve(r, item, "conditionRef", "AlertCondition");
		else
			(void)read_condition(r, &row, item);
	}
	openslo_metadata_check(r, root);
}

/* own: it stands in the SLO; else what is wrong with it is said where it stands. */
static void read_policy(struct slo_reader *r, struct slo *slo,
	const struct yaml_node *object, bool own, size_t *cap)
{
	struct policy_spec p = {0};
	struct problems seen;
	struct slo_reader quiet = slo_reader_quiet(r, &seen);

	(void)read_policy_spec(own ? r : &quiet, &p, object);
	for (size_t i = 0; p.breaching && i < yaml_count(p.conditions); i++) {
		const struct yaml_node *item = yaml_item(p.conditions, i);
		const struct yaml_node *condition =
			resolve(own ? r : &quiet, item, "conditionRef", "AlertCondition");
		struct slo_reader *as = own && condition == item ? r : &quiet;
		struct burn_alert row;

		if (condition && read_condition(as, &row, condition))
			*arena_push(r->arena, slo->alerting, slo->n_alerting, *cap) = row;
	}
	problems_release(&seen);
}

static int by_severity(const void *a, const void *b)
{
	const struct burn_alert *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	return x->factor > y->factor ? -1 : x->factor < y->factor;
}

static bool has_window(const int64_t *windows, size_t n, int64_t window_ns)
{
	for (size_t i = 0; i < n; i++) {
		if (windows[i] == window_ns)
			return true;
	}
	return false;
}

/* Only so many windows are measured: a row over others could never fire, and would not say so. */
static void drop_unmeasured(
	struct slo_reader *r, struct slo *slo, const struct yaml_node *at)
{
	int64_t windows[SLO_WINDOWS];
	size_t n = burn_windows(windows, slo), kept = 0;

	for (size_t i = 0; i < slo->n_alerting; i++) {
		const struct burn_alert row = slo->alerting[i];

		if (has_window(windows, n, row.short_ns) &&
			has_window(windows, n, row.long_ns))
			slo->alerting[kept++] = row;
	}
	if (kept < slo->n_alerting) {
		yaml_problem(r->problems, at,
			_("its alert policies have more than %d windows: %zu of their "
			  "%zu "
			  "conditions are left out"),
			SLO_WINDOWS, slo->n_alerting - kept, slo->n_alerting);
		problems_hint(r->problems,
			_("let conditions share their windows; the most severe ones are "
			  "read"));
	}
	slo->n_alerting = kept;
}

void openslo_alerts(
	struct slo_reader *r, struct slo *slo, const struct yaml_node *policies)
{
	struct slo own = *slo;
	size_t cap = 0;

	own.alerting = NULL;
	own.n_alerting = 0;
	for (size_t i = 0; yaml_type(policies) == YAML_LIST && i < yaml_count(policies);
		i++) {
		const struct yaml_node *item = yaml_item(policies, i);
		const struct yaml_node *object = yaml_type(item) == YAML_SCALAR
			? openslo_find(r, "AlertPolicy", yaml_text(item), NULL)
			: resolve(r, item, "alertPolicyRef", "AlertPolicy");

		if (object)
			read_policy(r, &own, object, object == item, &cap);
		else if (yaml_type(item) == YAML_SCALAR)
			openslo_missing(r, item, "AlertPolicy", yaml_text(item));
	}
	if (own.n_alerting == 0)
		return;
	qsort(own.alerting, own.n_alerting, sizeof(*own.alerting), by_severity);
	slo->alerting = own.alerting;
	slo->n_alerting = own.n_alerting;
	drop_unmeasured(r, slo, policies);
}
