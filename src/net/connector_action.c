/* connector_action.c - the keys of an action */
#include "config.h"
#include "net/connector_keys.h"

#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"

struct before_keys {
	struct request_keys request;
	const struct yaml_node *value, *missing;
};

struct refusal_keys {
	const struct yaml_node *when;
	const char *because;
};

struct wait_keys {
	struct request_keys request;
	const struct yaml_node *until;
	const char *says;
	int64_t within_ns, every_ns;
};

struct copy_keys {
	struct request_keys request;
};

struct dry_keys {
	const struct yaml_node *query, *headers, *json;
};

struct action_keys {
	const char *name, *title, *effects;
	int risk;
	const struct yaml_node *on, *params, *read, *refuse, *preview, *before, *copy,
		*dry_run, *verify, *follow, *effect;
	struct request_keys request;
	struct binding_keys undo, undo_missing;
};

static const char *const risks[] = {"change", "destroy", NULL};

/* clang-format off */
const struct yaml_field connector_before_fields[] = {
	REQUEST_FIELDS(struct before_keys, request),
	RPC_FIELD(struct before_keys, request),
	KEY(struct before_keys, "value", YAML_NODE, value, .flags = YAML_REQUIRED,
		.help = N_("jq: the answer to the current value")),
	KEY(struct before_keys, "missing", YAML_NODE, missing,
		.help = N_("jq on an error's body: true when there is no value yet")),
	{0},
};

const struct yaml_field connector_refusal_fields[] = {
	KEY(struct refusal_keys, "when", YAML_NODE, when, .flags = YAML_REQUIRED,
		.help = N_("jq on null, with all variables: true refuses the action")),
	KEY(struct refusal_keys, "because", YAML_TEXT, because, .flags = YAML_REQUIRED,
		.help = N_("what a person is told then")),
	{0},
};

const struct yaml_field connector_wait_fields[] = {
	REQUEST_FIELDS(struct wait_keys, request),
	RPC_FIELD(struct wait_keys, request),
	KEY(struct wait_keys, "until", YAML_NODE, until, .flags = YAML_REQUIRED,
		.help = N_("jq: true when the change is there")),
	KEY(struct wait_keys, "within", YAML_DURATION, within_ns,
		.help = N_("how long it may take")),
	KEY(struct wait_keys, "every", YAML_DURATION, every_ns,
		.help = N_("how often it is looked at")),
	KEY(struct wait_keys, "says", YAML_TEXT, says,
		.help = N_("what it means in the world")),
	{0},
};

const struct yaml_field connector_copy_fields[] = {
	REQUEST_FIELDS(struct copy_keys, request),
	RPC_FIELD(struct copy_keys, request),
	{0},
};

const struct yaml_field connector_dry_fields[] = {
	KEY(struct dry_keys, "query", YAML_NODE, query,
		.help = N_("a map that is added to the query")),
	KEY(struct dry_keys, "headers", YAML_NODE, headers,
		.help = N_("a map that is added to the headers")),
	KEY(struct dry_keys, "json", YAML_NODE, json,
		.help = N_("jq: an object that is added to the body")),
	{0},
};

const struct yaml_field connector_binding_fields[] = {
	KEY(struct binding_keys, "action", YAML_TEXT, action, .flags = YAML_REQUIRED,
		.help = N_("the action's name")),
	KEY(struct binding_keys, "with", YAML_NODE, with,
		.help = N_("its parameters: $before, $before.field, $parameter or a literal")),
	{0},
};

const struct yaml_field connector_action_fields[] = {
	KEY(struct action_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED,
		.help = N_("what the action is called in runbooks")),
	KEY(struct action_keys, "title", YAML_TEXT, title,
		.help = N_("what it does, for people")),
	KEY(struct action_keys, "effects", YAML_TEXT, effects,
		.help = N_("what a person should know before")),
	KEY(struct action_keys, "risk", YAML_CHOICE, risk, .choices = risks,
		.help = N_("destroy: it is confirmed by typing")),
	KEY(struct action_keys, "on", YAML_NODE, on,
		.help = N_("records that it can start from, and what they give")),
	KEY(struct action_keys, "params", YAML_NODE, params,
		.help = N_("a map of names to types; parameters are variables everywhere")),
	KEY(struct action_keys, "read", YAML_NODE, read,
		.help = N_("what is read before it is planned, as variables")),
	KEY(struct action_keys, "refuse", YAML_NODE, refuse,
		.help = N_("when it is not done, and why")),
	KEY(struct action_keys, "preview", YAML_NODE, preview,
		.help = N_("jq on null: what the plan says besides, one text a line")),
	REQUEST_FIELDS(struct action_keys, request),
	KEY(struct action_keys, "before", YAML_NODE, before,
		.help = N_("reads the current value: it is journalled first")),
	KEY(struct action_keys, "copy", YAML_NODE, copy,
		.help = N_("the request whose answer is the body, untouched")),
	KEY(struct action_keys, "dry_run", YAML_NODE, dry_run,
		.help = N_("what makes the request the backend's own rehearsal")),
	KEY(struct action_keys, "verify", YAML_NODE, verify,
		.help = N_("is read until it agrees: only that says done")),
	KEY(struct action_keys, "follow", YAML_NODE, follow,
		.help = N_("what was started, asked for until it ends")),
	KEY(struct action_keys, "effect", YAML_NODE, effect,
		.help = N_("what shows that the change has its effect")),
	KEY(struct action_keys, "undo", YAML_SUB, undo, .sub = connector_binding_fields,
		.help = N_("the action that takes it back")),
	KEY(struct action_keys, "undo_missing", YAML_SUB, undo_missing, .sub = connector_binding_fields,
		.help = N_("instead of undo when there was no value before")),
	{0},
};
/* clang-format on */

static struct connector_action *current(const struct connector_reading *r)
{
	return &r->out->actions[r->out->n_actions];
}

static void read_before(struct connector_action *act, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct before_keys k = {0};

	if (!node || yaml_read(&k, node, connector_before_fields, r->a, r->p))
		return;
	connector_read_request(&act->before, &k.request, true, r);
	connector_read_jq(&act->before_value, k.value, r);
	connector_read_jq(&act->before_missing, k.missing, r);
}

static void read_wait(struct connector_wait *out, const struct yaml_node *node,
	int64_t within_ns, int64_t every_ns, const struct connector_reading *r)
{
	struct wait_keys k = {.within_ns = within_ns, .every_ns = every_ns};

	if (!node || yaml_read(&k, node, connector_wait_fields, r->a, r->p))
		return;
	connector_read_request(&out->request, &k.request, true, r);
	connector_read_jq(&out->until, k.until, r);
	out->within_ns = k.within_ns;
	out->every_ns = k.every_ns;
	out->says = k.says;
	if (k.every_ns <= 0 || k.within_ns <= 0)
		yaml_problem(r->p, node, "%s", _("within and every are longer than 0"));
}

static void read_refusal(const struct yaml_node *node, const struct connector_reading *r)
{
	struct connector_action *act = current(r);
	struct connector_refusal *out = &act->refusals[act->n_refusals];
	struct refusal_keys k = {0};

	if (yaml_read(&k, node, connector_refusal_fields, r->a, r->p))
		return;
	connector_read_jq(&out->when, k.when, r);
	out->because = k.because;
	act->n_refusals++;
}

static void read_lists(struct connector_action *act, const struct action_keys *k,
	const struct connector_reading *r)
{
	connector_read_lookups(&act->lookups, &act->n_lookups, k->read, r);
	act->refusals =
		arena_alloc(r->a, yaml_count(k->refuse) + 1, sizeof(*act->refusals));
	connector_read_list(k->refuse, read_refusal, r);
}

static const struct connector_param *param_of(
	const struct connector_action *act, const char *name)
{
	for (size_t i = 0; i < act->n_params; i++)
		if (!strcmp(act->params[i].name, name))
			return &act->params[i];
	return NULL;
}

/* `before` is no parameter, but stands there for the value that the record shows. */
static void check_on_names(const struct pairs *with, const struct connector_action *act,
	const struct connector_reading *r)
{
	const char **names = arena_alloc(r->a, act->n_params + 1, sizeof(*names));

	for (size_t i = 0; i < act->n_params; i++)
		names[i] = act->params[i].name;
	for (size_t i = 0; i < with->n; i++)
		if (!param_of(act, with->items[i].name) &&
			strcmp(with->items[i].name, "before") != 0)
			connector_no_such(r, with->items[i].line,
				_("there is no parameter '%s'"), with->items[i].name,
				names, act->n_params);
}

static bool has_field(enum record_kind kind, const char *value)
{
	const struct record_def *def = record_def(kind);

	if (*value != '$')
		return true;
	for (size_t i = 0; i < def->n_fields; i++)
		if (!strcmp(def->fields[i].name, value + 1))
			return true;
	return false;
}

static void read_on(struct connector_action *act, const struct yaml_node *map,
	const struct connector_reading *r)
{
	if (map && yaml_type(map) != YAML_MAP)
		yaml_problem(r->p, map, "%s",
			_("on is a map of kinds of records to parameters"));
	if (!map || yaml_type(map) != YAML_MAP)
		return;
	act->on = arena_alloc(r->a, yaml_count(map) + 1, sizeof(*act->on));
	for (size_t i = 0; i < yaml_count(map); i++) {
		const char *name = yaml_key_text(map, i);
		struct connector_on *on = &act->on[act->n_on];

		on->kind = record_kind_of(name);
		if (on->kind == REC_NONE) {
			yaml_problem(r->p, yaml_key(map, i),
				_("there is no kind of record '%s'"), name);
			continue;
		}
		connector_read_pairs(&on->with, yaml_value(map, i), r);
		check_on_names(&on->with, act, r);
		for (size_t j = 0; j < on->with.n; j++)
			if (!has_field(on->kind, on->with.items[j].value))
				problems_add(r->p, on->with.items[j].line, 1,
					_("a record '%s' has no field '%s'"), name,
					on->with.items[j].value + 1);
		act->n_on++;
	}
}

static void read_copy(struct connector_action *act, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct copy_keys k = {0};

	if (!node || yaml_read(&k, node, connector_copy_fields, r->a, r->p))
		return;
	connector_read_request(&act->copy, &k.request, true, r);
	if (act->request.body)
		yaml_problem(r->p, node, "%s",
			_("copy stands in the place of a body: give one"));
}

static void read_dry_run(struct connector_action *act, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct dry_keys k = {0};

	if (!node || yaml_read(&k, node, connector_dry_fields, r->a, r->p))
		return;
	act->has_dry_run = true;
	connector_read_pairs(&act->dry_query, k.query, r);
	connector_read_headers(&act->dry_headers, k.headers, r);
	connector_read_jq(&act->dry_json, k.json, r);
	if (!k.query && !k.headers && !k.json)
		yaml_problem(r->p, node, "%s",
			_("dry_run adds something: query, headers or json"));
	if (k.json && act->request.body != BODY_JSON)
		yaml_problem(r->p, k.json, "%s",
			_("only to a json body an object can be added"));
}

void connector_read_action(
	const struct yaml_node *node, const struct connector_reading *r)
{
	struct connector_action *act = current(r);
	struct action_keys k = {0};

	if (yaml_read(&k, node, connector_action_fields, r->a, r->p))
		return;
	if (connector_action_find(r->out, k.name))
		yaml_problem(r->p, node, _("there are two actions named '%s'"), k.name);
	act->name = k.name;
	act->title = k.title ? k.title : k.name;
	act->effects = k.effects;
	act->risk = risks[k.risk];
	act->line = yaml_line(node);
	connector_read_params(act, k.params, r);
	read_on(act, k.on, r);
	read_lists(act, &k, r);
	connector_read_jq(&act->preview, k.preview, r);
	connector_read_request(&act->request, &k.request, true, r);
	read_copy(act, k.copy, r);
	read_dry_run(act, k.dry_run, r);
	read_before(act, k.before, r);
	read_wait(&act->verify, k.verify, 30 * NS_PER_S, NS_PER_S, r);
	connector_read_follow(&act->follow, k.follow, r);
	read_wait(&act->effect, k.effect, 60 * NS_PER_S, 2 * NS_PER_S, r);
	act->undo.action = k.undo.action;
	connector_read_pairs(&act->undo.with, k.undo.with, r);
	act->undo_missing.action = k.undo_missing.action;
	connector_read_pairs(&act->undo_missing.with, k.undo_missing.with, r);
	r->out->n_actions++;
}
