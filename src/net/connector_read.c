/* connector_read.c - the keys of a read and of its stages */
#include "config.h"
#include "net/connector_keys.h"

#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"

#define STAGE_ITEMS_MAX 500
#define STAGE_AT_ONCE 4

struct stage_keys {
	const struct yaml_node *items, *page, *skip;
	const char *as;
	struct request_keys request;
	int64_t max, at_once;
	bool keep;
};

struct read_keys {
	const char *name, *emits, *want, *fallback;
	const struct yaml_node *map, *page, *each;
	bool only_fallback, partial;
	struct request_keys request;
	int64_t overlap_ns, history_ns;
};

/* clang-format off */
const struct yaml_field connector_stage_fields[] = {
	KEY(struct stage_keys, "items", YAML_NODE, items, .flags = YAML_REQUIRED,
		.help = N_("jq: the answer before to the items, one an output")),
	KEY(struct stage_keys, "as", YAML_TEXT, as, .flags = YAML_REQUIRED,
		.help = N_("the variable that holds the item")),
	REQUEST_FIELDS(struct stage_keys, request),
	RPC_FIELD(struct stage_keys, request),
	KEY(struct stage_keys, "page", YAML_NODE, page,
		.help = N_("how the next page is asked for, inside the stage")),
	KEY(struct stage_keys, "max", YAML_INT, max, .min = 1, .max = 1000000,
		.help = N_("items at the most in one read (500)")),
	KEY(struct stage_keys, "at_once", YAML_INT, at_once, .min = 1, .max = 16,
		.help = N_("requests in flight at the most (4)")),
	KEY(struct stage_keys, "keep", YAML_BOOL, keep,
		.help = N_("the same request is always answered the same: ask once")),
	KEY(struct stage_keys, "skip", YAML_NODE, skip,
		.help = N_("statuses that leave the item out")),
	{0},
};

const struct yaml_field connector_read_fields[] = {
	KEY(struct read_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED,
		.help = N_("what the read is called in messages")),
	KEY(struct read_keys, "emits", YAML_TEXT, emits, .flags = YAML_REQUIRED,
		.help = N_("the kind of record")),
	REQUEST_FIELDS(struct read_keys, request),
	RPC_FIELD(struct read_keys, request),
	KEY(struct read_keys, "page", YAML_NODE, page,
		.help = N_("how the next page is asked for")),
	KEY(struct read_keys, "each", YAML_NODE, each,
		.help = N_("further requests, one for each item of the answer before")),
	KEY(struct read_keys, "map", YAML_NODE, map, .flags = YAML_REQUIRED,
		.help = N_("jq: the answer to records, one an output")),
	KEY(struct read_keys, "want", YAML_TEXT, want,
		.help = N_("read only when a console asks for this: session, trace")),
	KEY(struct read_keys, "fallback", YAML_TEXT, fallback,
		.help = N_("the read to use when this path is not there")),
	KEY(struct read_keys, "only_fallback", YAML_BOOL, only_fallback,
		.help = N_("read in another's place alone")),
	KEY(struct read_keys, "partial", YAML_BOOL, partial,
		.help = N_("sees only what moved: what is missing has not gone away")),
	KEY(struct read_keys, "overlap", YAML_DURATION, overlap_ns,
		.help = N_("how far $since lies before the last success")),
	KEY(struct read_keys, "history", YAML_DURATION, history_ns,
		.help = N_("how far $since lies back at first contact")),
	{0},
};
/* clang-format on */

static void read_stage(struct connector_read *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct connector_stage *s = &out->stages[out->n_stages];
	struct stage_keys k = {.max = STAGE_ITEMS_MAX, .at_once = STAGE_AT_ONCE};

	if (yaml_read(&k, node, connector_stage_fields, r->a, r->p))
		return;
	connector_read_jq(&s->items, k.items, r);
	connector_check_variable(k.as, yaml_get(node, "as"), r);
	for (size_t i = 0; i < out->n_stages; i++)
		if (!strcmp(out->stages[i].as, k.as))
			yaml_problem(r->p, yaml_get(node, "as"),
				_("there are two variables named '%s'"), k.as);
	s->as = k.as;
	connector_read_request(&s->request, &k.request, true, r);
	connector_read_page(&s->page, k.page, r);
	connector_read_statuses(&s->skip, k.skip, r);
	s->max = k.max;
	s->at_once = k.at_once;
	s->keep = k.keep;
	out->n_stages++;
}

void connector_read_stages(struct connector_read *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	bool list = yaml_type(node) == YAML_LIST;
	size_t n = list ? yaml_count(node) : 1;

	if (!node)
		return;
	out->stages = arena_alloc(r->a, n + 1, sizeof(*out->stages));
	for (size_t i = 0; i < n; i++)
		read_stage(out, list ? yaml_item(node, i) : node, r);
}

static void check_kind(struct connector_read *out, const char *word,
	const struct yaml_node *at, const struct connector_reading *r)
{
	const char *names[REC_KINDS];
	size_t n = 0;

	out->emits = record_kind_of(word);
	if (out->emits != REC_NONE)
		return;
	for (int kind = REC_NONE + 1; kind < REC_KINDS; kind++)
		names[n++] = record_def((enum record_kind)kind)->name;
	connector_no_such(
		r, yaml_line(at), _("there is no kind of record '%s'"), word, names, n);
}

void connector_read_read(const struct yaml_node *node, const struct connector_reading *r)
{
	struct connector *c = r->out;
	struct connector_read *out = &c->reads[c->n_reads];
	struct read_keys k = {
		.overlap_ns = 2 * NS_PER_MIN, .history_ns = 6 * NS_PER_HOUR};

	if (yaml_read(&k, node, connector_read_fields, r->a, r->p))
		return;
	if (connector_read_find(c, k.name))
		yaml_problem(r->p, node, _("there are two reads named '%s'"), k.name);
	out->name = k.name;
	check_kind(out, k.emits, yaml_get(node, "emits"), r);
	connector_read_request(&out->request, &k.request, !k.each, r);
	connector_read_page(&out->page, k.page, r);
	if (k.page && !out->request.path)
		yaml_problem(r->p, k.page, "%s",
			_("page goes with a request, and this read begins with none"));
	connector_read_stages(out, k.each, r);
	connector_read_jq(&out->map, k.map, r);
	out->want = k.want;
	out->fallback = k.fallback;
	out->only_fallback = k.only_fallback;
	out->partial = k.partial;
	out->overlap_ns = k.overlap_ns;
	out->history_ns = k.history_ns;
	c->n_reads++;
}
