#include "config.h"
#include "tui/panes/inventory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/mem.h"
#include "runbook/offer.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/offer_open.h"
#include "tui/panes/panes.h"

#define RECORDS_MAX 1000

static const struct inventory_kind kinds[] = {
	{"serving", REC_SERVING},
	{"flags", REC_FLAG},
	{"budgets", REC_BUDGET},
	{"definitions", REC_DEFINITION},
	{"jobs", REC_JOB_RUN},
	{"freshness", REC_FRESHNESS},
	{"pages", REC_PAGE},
	{"oncall", REC_ONCALL},
	{"versions", REC_MODEL_VERSION},
	{"prompts", REC_PROMPT_VERSION},
};

/* --- how it stands: what a field's value amounts to --- */

/* clang-format off */
static const struct {
	enum record_kind kind;
	const char *field, *value;
	enum severity severity;
	const char *word;	/* N_(); NULL: the value itself */
} judgements[] = {
	{REC_SERVING, "ready", "0", SEV_TICKET, N_("not ready")},
	{REC_SERVING, "ready", "1", SEV_OK, N_("ready")},
	{REC_JOB_RUN, "state", "failed", SEV_TICKET, NULL},
	{REC_JOB_RUN, "state", "ok", SEV_OK, NULL},
	{REC_FRESHNESS, "state", "late", SEV_TICKET, NULL},
	{REC_FRESHNESS, "state", "stale", SEV_TICKET, NULL},
	{REC_FRESHNESS, "state", "failed", SEV_TICKET, NULL},
	{REC_FRESHNESS, "state", "ok", SEV_OK, NULL},
	{REC_FRESHNESS, "state", "fresh", SEV_OK, NULL},
	{REC_BUDGET, "state", "blocked", SEV_TICKET, NULL},
	{REC_BUDGET, "state", "active", SEV_OK, NULL},
	{REC_PAGE, "state", "triggered", SEV_PAGE, NULL},
	{REC_PAGE, "state", "acknowledged", SEV_TICKET, NULL},
};
/* clang-format on */

static const struct field *field_of(const struct record_def *def, const char *name)
{
	for (size_t i = 0; i < def->n_fields; i++)
		if (!strcmp(def->fields[i].name, name))
			return &def->fields[i];
	return NULL;
}

static const void *member(const struct field *f, const void *record)
{
	return (const char *)record + f->offset;
}

static const char *text_of(const struct field *f, const void *record)
{
	return *(const char *const *)member(f, record);
}

static int64_t int_of(const struct field *f, const void *record)
{
	return *(const int64_t *)member(f, record);
}

/* The field that says how such a record stands; NULL: it has none. */
static const struct field *state_field(const struct record_def *def)
{
	for (size_t i = 0; i < ARRAY_LEN(judgements); i++)
		if (judgements[i].kind == def->kind)
			return field_of(def, judgements[i].field);
	return NULL;
}

static void judge(struct inventory_row *row, const struct record_def *def)
{
	const struct field *f = state_field(def);
	const char *value;

	if (!f)
		return;
	if (f->type == FIELD_BOOL)
		value = int_of(f, row->record) == NONE_INT ? NULL
			: int_of(f, row->record)           ? "1"
							   : "0";
	else
		value = text_of(f, row->record);
	row->severity = value ? SEV_NONE : SEV_NO_DATA;
	row->word = value ? value_word(value) : _("unknown");
	for (size_t i = 0; value && i < ARRAY_LEN(judgements); i++)
		if (judgements[i].kind == def->kind &&
			!strcmp(judgements[i].value, value)) {
			row->severity = judgements[i].severity;
			if (judgements[i].word)
				row->word = _(judgements[i].word);
		}
}

/* --- query --- */

static int by_urgency(const void *a, const void *b)
{
	const struct inventory_row *x = ((const struct row *)a)->data;
	const struct inventory_row *y = ((const struct row *)b)->data;
	bool loud = x->severity >= SEV_TICKET, other = y->severity >= SEV_TICKET;
	int order;

	if (loud != other)
		return loud ? -1 : 1;
	if (x->since != y->since)
		return x->since > y->since ? -1 : 1;
	order = strcmp(x->source, y->source);
	return order ? order : strcmp(x->key, y->key);
}

static int inventory_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	const struct inventory *mine = pane_data(p);
	struct observed_list list = {0};

	if (!console_store(c))
		return 0;
	if (observed_at(&list, out->arena, console_store(c), mine->what->kind, NULL, NULL,
		    console_at(c), RECORDS_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		struct inventory_row *row;
		struct strbuf key = STRBUF_INIT;
		const char *source = text_of(&mine->def->fields[0], list.items[i].record);

		if (!console_has_source(c, source))
			continue;
		row = arena_alloc(out->arena, 1, sizeof(*row));
		row->record = list.items[i].record;
		row->source = source;
		row->since = list.items[i].since;
		record_key(&key, row->record, mine->what->kind);
		row->key = arena_strdup(out->arena, key.buf);
		strbuf_release(&key);
		judge(row, mine->def);
		rows_add(out, row, "%s/%s", row->source, row->key);
	}
	out->more = list.more;
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_urgency);
	return 0;
}

static void inventory_summary(struct pane *p, struct strbuf *out)
{
	const struct inventory *mine = pane_data(p);
	const struct rows *rows = pane_rows(p);
	size_t loud = 0;

	for (size_t i = 0; i < rows->n; i++)
		loud += ((const struct inventory_row *)rows->items[i].data)->severity >=
			SEV_TICKET;
	/* TRANSLATORS: a kind of record and how many there are: "flag: 12" */
	strbuf_addf(out, _("%s: %zu"), _(mine->def->title), rows->n);
	if (loud)
		strbuf_addf(out, _(", %zu to look at"), loud);
}

/* --- values --- */

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static void int_text(struct strbuf *out, const struct field *f, int64_t v)
{
	if (v != NONE_INT && ends_with(f->name, "_ns"))
		duration_human(out, v);
	else if (v != NONE_INT)
		strbuf_addf(out, "%lld", (long long)v);
}

static void real_text(struct strbuf *out, const struct field *f, double v)
{
	if (isnan(v))
		return;
	if (!strcmp(f->name, "traffic"))
		strbuf_addf(out, "%.0f %%", v * 100);
	else if (ends_with(f->name, "_usd"))
		strbuf_addf(out, "%.2f $", v);
	else
		strbuf_addf(out, "%.4g", v);
}

/* In a list how long ago, or in how long; on a page the moment too. */
static void time_text(struct strbuf *out, struct pane *p, int64_t at, bool on_page)
{
	int64_t age = at == NONE_INT ? 0 : console_now(pane_console(p)) - at;

	if (at == NONE_INT)
		return;
	if (on_page && age >= 0) {
		console_moment(pane_console(p), out, at);
	} else if (age < 0) {
		struct strbuf span = STRBUF_INIT;

		duration_short(&span, -age);
		strbuf_addf(out, _("in %s"), span.buf);
		strbuf_release(&span);
	} else {
		duration_short(out, age);
	}
}

void field_text(struct strbuf *out, struct pane *p, const struct field *f,
	const void *record, bool on_page)
{
	switch (f->type) {
	case FIELD_INT: int_text(out, f, int_of(f, record)); break;
	case FIELD_REAL: real_text(out, f, *(const double *)member(f, record)); break;
	case FIELD_TIME: time_text(out, p, int_of(f, record), on_page); break;
	case FIELD_BOOL:
		if (int_of(f, record) != NONE_INT)
			strbuf_adds(out, int_of(f, record) ? _("yes") : _("no"));
		break;
	default: strbuf_adds(out, text_of(f, record)); break;
	}
}

/* --- columns --- */

static void cell_field(struct value *out, struct pane *p, const void *data)
{
	const struct inventory_row *row = data;
	const struct field *f = out->column->about;

	field_text(&out->text, p, f, row->record, false);
	if (!out->text.len)
		value_text(out, NULL);
	else if (f->flags & FIELD_KEY)
		out->role = ROLE_STRONG;
	else if (!(f->flags & FIELD_STATE))
		out->role = ROLE_DIM;
}

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct inventory_row *row = data;

	value_severity(out, p, row->severity, row->word ? row->word : "-");
}

static void cell_since(struct value *out, struct pane *p, const void *data)
{
	value_since(out, p, ((const struct inventory_row *)data)->since);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	value_age(out, p, ((const struct inventory_row *)data)->source);
}

static void cell_source(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct inventory_row *)data)->source);
	out->role = ROLE_DIM;
}

static int compare_state(const void *a, const void *b)
{
	const struct inventory_row *x = a, *y = b;

	return (x->severity > y->severity) - (x->severity < y->severity);
}

static int compare_since(const void *a, const void *b)
{
	const struct inventory_row *x = a, *y = b;

	return (x->since > y->since) - (x->since < y->since);
}

/* clang-format off */
static const struct column first_column = {.name = "state", .title = N_("State"), .min = 8,
	.max = 14, .align = 'l', .priority = 1, .cell = cell_state, .compare = compare_state,
	.downwards = true};
static const struct column last_columns[] = {
	{.name = "since", .title = N_("Since"), .min = 5, .align = 'r', .priority = 2,
		.cell = cell_since, .compare = compare_since},
	{.name = "age", .title = N_("Age"), .min = 4, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age},
	{.name = "source", .title = N_("Source"), .min = 6, .max = 16, .align = 'l', .priority = 6,
		.cell = cell_source},
};
/* clang-format on */

static int class_of(const struct field *f)
{
	return f->flags & FIELD_KEY ? 0 : f->flags & FIELD_STATE ? 1 : 2;
}

static void add_column(struct inventory *mine, size_t *n, const struct field *f)
{
	static const int priorities[] = {1, 3, 6};
	bool number =
		f->type == FIELD_INT || f->type == FIELD_REAL || f->type == FIELD_TIME;
	int class = class_of(f), least;
	const char *title = field_title(f);

	least = f->flags & FIELD_PATH ? 10 : draw_width(_(title));
	mine->columns[*n] = (struct column){.name = f->name,
		.title = title,
		.min = least < 4 ? 4 : least,
		.max = class ? 24 : 40,
		.grow = f->flags & FIELD_PATH ? 1 : 0,
		.align = number ? 'r' : 'l',
		.priority = priorities[class],
		.cell = cell_field,
		.if_any = class != 0,
		.both_ends = !number && class < 2,
		.about = f};
	(*n)++;
}

static const struct inventory_kind *kind_of_pane(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

/* How it stands, what it is called, what matters of it, the rest, and its age. */
static const struct column *inventory_columns(struct pane *p)
{
	struct inventory *mine = pane_data(p);
	const struct field *state;
	size_t n = 0, most;

	mine->what = kind_of_pane(pane_ops(p)->name);
	if (!mine->what)
		bug("a pane of records without a kind");
	mine->def = record_def(mine->what->kind);
	state = state_field(mine->def);
	most = mine->def->n_fields + ARRAY_LEN(last_columns) + 2;
	mine->columns = mem_new(most, sizeof(*mine->columns));
	if (state)
		mine->columns[n++] = first_column;
	for (int class = 0; class < 3; class ++)
		for (size_t i = 1; i < mine->def->n_fields; i++) {
			const struct field *f = &mine->def->fields[i];

			if (class_of(f) == class && f != state && f->type != FIELD_JSON)
				add_column(mine, &n, f);
		}
	for (size_t i = 0; i < ARRAY_LEN(last_columns); i++)
		mine->columns[n++] = last_columns[i];
	return mine->columns;
}

static void inventory_close(struct pane *p)
{
	struct inventory *mine = pane_data(p);

	free(mine->columns);
}

/* --- what it is about, and what can be done --- */

static bool inventory_stale(struct pane *p, const void *data)
{
	return console_stale(
		pane_console(p), ((const struct inventory_row *)data)->source);
}

static void inventory_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct inventory *mine = pane_data(p);
	const struct inventory_row *row = data;
	const struct field *url = field_of(mine->def, "url");
	const struct config *config = console_config(pane_console(p));

	out->source = row->source;
	out->copy = row->key;
	if (url)
		out->url = text_of(url, row->record);
	if (config)
		out->service = offer_service(config, mine->what->kind, row->record);
}

static unsigned act_offer(struct console *c, struct pane *p, const struct action *a)
{
	const struct inventory *mine = pane_data(p);
	const struct row *row = pane_selected(p);
	const struct inventory_row *mine_row = row ? row->data : NULL;
	struct offer_about about = {.kind = mine->what->kind};
	char *title;

	(void)a;
	if (!mine_row)
		return ACT_IGNORED;
	title = mem_format("%s %s", _(mine->def->title), mine_row->key);
	about.record = mine_row->record;
	about.title = title;
	offer_open_for(c, &about);
	free(title);
	return ACT_REDRAW;
}

/* clang-format off */
static const struct action inventory_actions[] = {
	{.name = "act-by-connector", .letter = 'a',
		.flags = ACTION_MUTATES | ACTION_MENU | ACTION_ROW | ACTION_ASKS,
		.title = N_("change"),
		.help = N_("what the connector of its source can do with it; asks first"),
		.run = act_offer},
	{0},
};
/* clang-format on */

#define INVENTORY(id, pane_name, shown, words, nothing)                                 \
	const struct pane_ops id = {                                                    \
		.name = pane_name,                                                      \
		.title = shown,                                                         \
		.help = words,                                                          \
		.touches = 1u << TOUCH_RECORD | 1u << TOUCH_SOURCE | 1u << TOUCH_ALERT, \
		.empty = nothing,                                                       \
		.actions = inventory_actions,                                           \
		.size = sizeof(struct inventory),                                       \
		.columns_of = inventory_columns,                                        \
		.close = inventory_close,                                               \
		.query = inventory_query,                                               \
		.summary = inventory_summary,                                           \
		.stale = inventory_stale,                                               \
		.detail = inventory_detail,                                             \
		.subject = inventory_subject,                                           \
	}

/* clang-format off */
INVENTORY(pane_serving, "serving", N_("Serving"),
	N_("what takes traffic: every variant of every service that was read"),
	N_("no source that was read says what it serves; :sources shows what each reads"));
INVENTORY(pane_flags, "flags", N_("Flags"), N_("feature flags and their values"),
	N_("no source that was read has feature flags"));
INVENTORY(pane_budgets, "budgets", N_("Budgets"),
	N_("what keys and teams may spend at a gateway, and what is blocked"),
	N_("no source that was read has budgets; an LLM gateway has"));
INVENTORY(pane_definitions, "definitions", N_("Definitions"),
	N_("agents' graphs, tools' schemas, features, data, configuration, deployments"),
	N_("no source that was read tells of graphs, schemas, configuration or deployments"));
INVENTORY(pane_jobs, "jobs", N_("Jobs"), N_("runs of pipelines"),
	N_("no source that was read has runs of pipelines"));
INVENTORY(pane_freshness, "freshness", N_("Freshness"), N_("how old data sets are"),
	N_("no source that was read says how old data sets are"));
INVENTORY(pane_pages, "pages", N_("Pages"), N_("what woke whom, and who has it"),
	N_("no source that was read pages anybody"));
INVENTORY(pane_oncall, "oncall", N_("On call"), N_("who is called, and who after them"),
	N_("no source that was read says who is on call"));
INVENTORY(pane_versions, "versions", N_("Versions"), N_("every version of every model"),
	N_("no registry has been read, or it holds no version"));
INVENTORY(pane_prompts, "prompts", N_("Prompts"), N_("every version of every prompt"),
	N_("no source that was read keeps prompts"));
/* clang-format on */
