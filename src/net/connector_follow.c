/* connector_follow.c - the keys of what is read in a row, and of what is followed to its end */
#include "config.h"
#include "net/connector_keys.h"

#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"

#define FOLLOW_WITHIN_NS (6 * NS_PER_HOUR)
#define FOLLOW_EVERY_NS (5 * NS_PER_S)

struct lookup_keys {
	const char *as;
	struct request_keys request;
	const struct yaml_node *keep;
};

struct reason_keys {
	const struct yaml_node *read, *says;
};

struct follow_keys {
	struct request_keys request;
	const char *as;
	const struct yaml_node *read, *until, *fails, *shows, *reason;
	struct binding_keys stop;
	int64_t within_ns, every_ns;
};

/* clang-format off */
const struct yaml_field connector_lookup_fields[] = {
	KEY(struct lookup_keys, "as", YAML_TEXT, as, .flags = YAML_REQUIRED,
		.help = N_("the variable that holds it")),
	REQUEST_FIELDS(struct lookup_keys, request),
	RPC_FIELD(struct lookup_keys, request),
	KEY(struct lookup_keys, "keep", YAML_NODE, keep,
		.help = N_("jq: what of the answer is kept (all)")),
	{0},
};

const struct yaml_field connector_reason_fields[] = {
	KEY(struct reason_keys, "read", YAML_NODE, read,
		.help = N_("what is read then, as variables; what cannot be read is null")),
	KEY(struct reason_keys, "says", YAML_NODE, says, .flags = YAML_REQUIRED,
		.help = N_("jq on the last answer: why it failed, in a line")),
	{0},
};

const struct yaml_field connector_follow_fields[] = {
	REQUEST_FIELDS(struct follow_keys, request),
	RPC_FIELD(struct follow_keys, request),
	KEY(struct follow_keys, "as", YAML_TEXT, as,
		.help = N_("the variable that holds the answer, for what else is read")),
	KEY(struct follow_keys, "read", YAML_NODE, read,
		.help = N_("what else is read at each look, as variables; null where that fails")),
	KEY(struct follow_keys, "until", YAML_NODE, until, .flags = YAML_REQUIRED,
		.help = N_("jq: true when it ended well")),
	KEY(struct follow_keys, "fails", YAML_NODE, fails, .flags = YAML_REQUIRED,
		.help = N_("jq: true when it ended badly")),
	KEY(struct follow_keys, "shows", YAML_NODE, shows,
		.help = N_("jq: how it stands, in a line")),
	KEY(struct follow_keys, "reason", YAML_NODE, reason,
		.help = N_("why it ended badly")),
	KEY(struct follow_keys, "stop", YAML_SUB, stop, .sub = connector_binding_fields,
		.help = N_("the action that stops it, when whoever waits stops the step")),
	KEY(struct follow_keys, "every", YAML_DURATION, every_ns,
		.help = N_("how often it is looked at (5s)")),
	KEY(struct follow_keys, "within", YAML_DURATION, within_ns,
		.help = N_("how long it is followed (6h)")),
	{0},
};
/* clang-format on */

/* --- what is read in a row --- */

static bool read_lookup(struct connector_lookup *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct lookup_keys k = {0};

	if (yaml_read(&k, node, connector_lookup_fields, r->a, r->p))
		return false;
	out->as = k.as;
	connector_check_variable(k.as, yaml_get(node, "as"), r);
	connector_read_request(&out->request, &k.request, true, r);
	connector_read_jq(&out->keep, k.keep, r);
	return true;
}

void connector_read_lookups(struct connector_lookup **out, size_t *n,
	const struct yaml_node *list, const struct connector_reading *r)
{
	*out = arena_alloc(r->a, yaml_count(list) + 1, sizeof(**out));
	if (list && yaml_type(list) != YAML_LIST)
		yaml_problem(r->p, list, "%s", _("expected a list"));
	for (size_t i = 0; yaml_type(list) == YAML_LIST && i < yaml_count(list); i++)
		*n += read_lookup(&(*out)[*n], yaml_item(list, i), r);
}

/* --- follow --- */

static void read_reason(struct connector_follow *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct reason_keys k = {0};

	if (!node || yaml_read(&k, node, connector_reason_fields, r->a, r->p))
		return;
	connector_read_lookups(&out->causes, &out->n_causes, k.read, r);
	connector_read_jq(&out->reason, k.says, r);
}

void connector_read_follow(struct connector_follow *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct follow_keys k = {
		.within_ns = FOLLOW_WITHIN_NS, .every_ns = FOLLOW_EVERY_NS};

	if (!node || yaml_read(&k, node, connector_follow_fields, r->a, r->p))
		return;
	out->line = yaml_line(node);
	connector_read_request(&out->request, &k.request, true, r);
	out->as = k.as;
	if (k.as)
		connector_check_variable(k.as, yaml_get(node, "as"), r);
	connector_read_lookups(&out->lookups, &out->n_lookups, k.read, r);
	connector_read_jq(&out->until, k.until, r);
	connector_read_jq(&out->fails, k.fails, r);
	connector_read_jq(&out->shows, k.shows, r);
	read_reason(out, k.reason, r);
	out->stop.action = k.stop.action;
	connector_read_pairs(&out->stop.with, k.stop.with, r);
	out->within_ns = k.within_ns;
	out->every_ns = k.every_ns;
	if (k.every_ns <= 0 || k.within_ns <= 0)
		yaml_problem(r->p, node, "%s", _("within and every are longer than 0"));
}
