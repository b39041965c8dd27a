#include "config.h"
#include "tui/panes/models.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/mem.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/panes/panes.h"

#define MODELS_MAX 500
#define PROMPTS_MAX 2000
#define HISTORY_MAX 4
#define MOVES_MAX 1000

enum severity sync_severity(enum sync_state s)
{
	static const enum severity loud[SYNC_STATES] = {
		[SYNC_NONE] = SEV_NONE,
		[SYNC_IN_SYNC] = SEV_OK,
		[SYNC_CANARY] = SEV_NONE,
		[SYNC_ROLLING_OUT] = SEV_NONE,
		[SYNC_DRIFT] = SEV_TICKET,
		[SYNC_POINTER_MISSING] = SEV_TICKET,
		[SYNC_DANGLING] = SEV_PAGE,
		[SYNC_SERVING_UNKNOWN] = SEV_NO_DATA,
		[SYNC_REGISTRY_UNREACHABLE] = SEV_NO_DATA,
	};

	return loud[s];
}

/* --- query --- */

static bool has_prompt(
	const struct observed_list *prompts, const char *source, const char *name)
{
	for (size_t i = 0; i < prompts->n; i++) {
		const struct prompt_version *v = prompts->items[i].record;

		if (!strcmp(v->source, source) && !strcmp(v->prompt, name))
			return true;
	}
	return false;
}

/* The source says when, or we saw it: then the time is its move's, else our first look's. */
static bool was_moved(const struct name_row *row, const struct change_list *moves)
{
	struct strbuf key = STRBUF_INIT;
	bool moved = row->pointer && row->pointer->changed != NONE_INT;

	if (row->pointer)
		record_key(&key, row->pointer, REC_POINTER);
	for (size_t i = 0; !moved && i < moves->n; i++) {
		const struct change *ch = &moves->items[i];

		moved = (ch->seen == row->since || ch->at == row->since) &&
			!strcmp(ch->source, row->source) && !strcmp(ch->object, key.buf);
	}
	strbuf_release(&key);
	return moved;
}

static void add_name(
	struct rows *out, const struct name_row *name, const struct change_list *moves)
{
	struct name_row *row = arena_alloc(out->arena, 1, sizeof(*row));

	*row = *name;
	row->moved = name->label_of || was_moved(name, moves);
	if (row->pointer && row->pointer->changed != NONE_INT)
		row->since = row->pointer->changed;
	rows_add(out, row, "%s/%s/%s", row->source, row->model,
		row->alias ? row->alias : "");
}

/* Pointers of models, or of what the registry keeps as prompts. */
static void add_pointers(struct rows *out, const struct model_rows *found,
	const struct observed_list *prompts, const struct change_list *moves,
	bool of_prompts)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct model_row *m = &found->items[i];
		struct name_row row = {
			.prompt = has_prompt(prompts, m->source, m->model),
			.source = m->source,
			.model = m->model,
			.alias = m->alias,
			.version = m->pointer ? m->pointer->version : NULL,
			.since = m->since,
			.pointer = m->pointer,
			.served = m,
			.stale = m->stale,
		};

		if (m->pointer && !row.version)
			row.version = m->pointer->digest;
		if (row.prompt == of_prompts)
			add_name(out, &row, moves);
	}
}

static bool has_row(
	const struct rows *rows, const struct prompt_version *v, const char *label)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct name_row *row = rows->items[i].data;

		if (row->alias && !strcmp(row->alias, label) &&
			!strcmp(row->source, v->source) && !strcmp(row->model, v->prompt))
			return true;
	}
	return false;
}

/* Labels that stand in versions only. */
static void add_labels(struct rows *out, struct console *c, const struct observed *o)
{
	const struct prompt_version *v = o->record;
	struct err ignored = ERR_INIT;
	struct json *labels = NULL;

	if (v->labels && !json_parse(&labels, v->labels, strlen(v->labels), &ignored))
		json_each (label, labels) {
			struct name_row row = {
				.prompt = true,
				.source = v->source,
				.model = v->prompt,
				.alias = arena_strdup(out->arena, json_text(label)),
				.version = v->version,
				.since = o->since,
				.label_of = v,
				.stale = console_stale(c, v->source),
			};

			if (row.alias && !has_row(out, v, row.alias))
				add_name(out, &row, &(const struct change_list){0});
		}
	json_free(labels);
	err_release(&ignored);
}

static int models_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct observed_list prompts = {0};
	struct change_list moves;
	const struct change_query q = {.to = AT_NOW,
		.seen_until = console_at(c),
		.kinds = KIND_BIT(REC_POINTER),
		.limit = MOVES_MAX};
	struct model_rows found;

	if (!console_store(c) || !console_config(c))
		return 0;
	if (model_rows(&found, out->arena, console_store(c), console_config(c),
		    console_context(c), console_at(c), console_now(c), MODELS_MAX, e) ||
		observed_at(&prompts, out->arena, console_store(c), REC_PROMPT_VERSION,
			NULL, NULL, console_at(c), PROMPTS_MAX, e) ||
		change_list(&moves, out->arena, console_store(c), &q, e))
		return -1;
	add_pointers(out, &found, &prompts, &moves, false);
	add_pointers(out, &found, &prompts, &moves, true);
	for (size_t i = 0; i < prompts.n; i++)
		if (console_has_source(c,
			    ((const struct prompt_version *)prompts.items[i].record)
				    ->source))
			add_labels(out, c, &prompts.items[i]);
	out->more = found.more || prompts.more;
	return 0;
}

static void models_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t prompts = 0, served = 0, in_sync = 0, wrong = 0, unknown = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct name_row *row = rows->items[i].data;
		enum sync_state s = row->served ? row->served->sync.state : SYNC_NONE;

		prompts += row->prompt;
		served += s != SYNC_NONE;
		in_sync += s == SYNC_IN_SYNC;
		wrong += sync_severity(s) >= SEV_TICKET;
		unknown += sync_severity(s) == SEV_NO_DATA;
	}
	strbuf_addf(out, ngettext("%zu alias", "%zu aliases", rows->n - prompts),
		rows->n - prompts);
	strbuf_addf(out, _(", %zu served, %zu in sync"), served, in_sync);
	if (wrong)
		strbuf_addf(out, _(", %zu drifted"), wrong);
	if (unknown)
		strbuf_addf(out, _(", %zu unknown"), unknown);
	if (prompts)
		strbuf_addf(out,
			ngettext("; %zu label of prompts", "; %zu labels of prompts",
				prompts),
			prompts);
}

static bool models_divide(
	struct pane *p, const void *above, const void *below, int i, struct value *out)
{
	const struct name_row *a = above, *b = below;

	(void)p;
	if (i || !b->prompt || (a && a->prompt))
		return false;
	strbuf_adds(&out->text, _("Prompts"));
	return true;
}

/* --- where it was before --- */

const char *name_previous(
	int64_t *until, struct arena *a, struct pane *p, const struct name_row *row)
{
	struct console *c = pane_console(p);
	struct observed_list list = {0};
	struct strbuf key = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	const char *before = NULL;

	*until = row->since;
	if (!row->pointer || !console_store(c))
		return NULL;
	record_key(&key, row->pointer, REC_POINTER);
	if (!observed_history(&list, a, console_store(c), REC_POINTER, row->source,
		    key.buf, HISTORY_MAX, &ignored))
		for (size_t i = 0; i < list.n && !before; i++) {
			const struct pointer *old = list.items[i].record;

			if (old->version && list.items[i].since < console_now(c) &&
				row->version && strcmp(old->version, row->version)) {
				before = old->version;
				*until = list.items[i].until;
			}
		}
	if (!before)
		before = row->pointer->previous;
	strbuf_release(&key);
	err_release(&ignored);
	return before;
}

/* --- columns --- */

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct name_row *row = data;
	enum sync_state s = row->served ? row->served->sync.state : SYNC_NONE;

	if (s != SYNC_NONE)
		value_severity(out, p, sync_severity(s), _(sync_state_title(s)));
}

static void cell_model(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct name_row *)data)->model);
	out->role = ROLE_STRONG;
}

static void cell_alias(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct name_row *)data)->alias);
}

static void cell_version(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct name_row *)data)->version);
}

static void cell_served(struct value *out, struct pane *p, const void *data)
{
	const struct model_row *m = ((const struct name_row *)data)->served;

	(void)p;
	for (size_t i = 0; m && i < m->n_variants; i++) {
		const struct serving *v = &m->variants[i];

		if (isnan(v->traffic) || v->traffic <= 0)
			continue;
		strbuf_addf(&out->text, "%s%s", out->text.len ? ", " : "",
			v->version ? v->version : "?");
		if (v->traffic < 0.9995)
			strbuf_addf(&out->text, " %.0f%%", v->traffic * 100);
	}
}

static void cell_since(struct value *out, struct pane *p, const void *data)
{
	const struct name_row *row = data;

	/* Found so when it was read first: longer ago than that, and who knows how long. */
	if (row->since != NONE_INT && !row->moved) {
		if (console_now(pane_console(p)) - row->since < NS_PER_MIN) {
			value_text(out, NULL);
			return;
		}
		strbuf_addc(&out->text, '>');
	}
	value_since(out, p, row->since);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	value_age(out, p, ((const struct name_row *)data)->source);
}

static void cell_service(struct value *out, struct pane *p, const void *data)
{
	const struct model_row *m = ((const struct name_row *)data)->served;

	(void)p;
	value_text(out, m && m->service ? m->service->name : NULL);
	out->role = ROLE_DIM;
}

static void cell_author(struct value *out, struct pane *p, const void *data)
{
	const struct name_row *row = data;

	(void)p;
	value_text(out,
		row->pointer            ? row->pointer->author
			: row->label_of ? row->label_of->author
					: NULL);
	out->role = ROLE_DIM;
}

static void cell_source(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct name_row *)data)->source);
	out->role = ROLE_DIM;
}

static enum severity severity_of_row(const void *data)
{
	const struct model_row *m = ((const struct name_row *)data)->served;

	return m ? sync_severity(m->sync.state) : SEV_NONE;
}

static int compare_state(const void *a, const void *b)
{
	enum severity s = severity_of_row(a), t = severity_of(b);

	return (s > t) - (s < t);
}

static int compare_since(const void *a, const void *b)
{
	const struct name_row *x = a, *y = b;

	return (x->since > y->since) - (x->since < y->since);
}

/* clang-format off */
static const struct column models_columns[] = {
	{.name = "state", .title = N_("State"), .min = 9, .max = 22, .align = 'l', .priority = 1,
		.cell = cell_state, .compare = compare_state, .downwards = true},
	{.name = "model", .title = N_("Model"), .min = 12, .max = 40, .align = 'l', .priority = 1,
		.cell = cell_model},
	{.name = "alias", .title = N_("Alias"), .min = 10, .max = 24, .align = 'l', .priority = 1,
		.cell = cell_alias},
	{.name = "version", .title = N_("Version"), .min = 7, .max = 16, .align = 'r', .priority = 1,
		.cell = cell_version},
	{.name = "served", .title = N_("Served"), .min = 6, .max = 24, .align = 'l', .priority = 2,
		.cell = cell_served},
	{.name = "since", .title = N_("Moved"), .min = 5, .max = 6, .align = 'r', .priority = 2,
		.cell = cell_since, .compare = compare_since},
	{.name = "age", .title = N_("Age"), .min = 4, .max = 11, .align = 'r', .priority = 1,
		.cell = cell_age},
	{.name = "service", .title = N_("Service"), .min = 8, .max = 30, .grow = 1, .align = 'l',
		.priority = 5, .cell = cell_service},
	{.name = "author", .title = N_("Who"), .min = 4, .max = 20, .align = 'l',
		.priority = 6, .cell = cell_author, .if_any = true},
	{.name = "source", .title = N_("Source"), .min = 6, .max = 16, .align = 'l',
		.priority = 7, .cell = cell_source},
	{0},
};
/* clang-format on */

/* --- what it is about --- */

static void models_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct name_row *row = data;

	(void)p;
	out->model = row->model;
	out->source = row->source;
	out->service =
		row->served && row->served->service ? row->served->service->name : NULL;
	out->copy = row->model;
}

static bool models_stale(struct pane *p, const void *data)
{
	(void)p;
	return ((const struct name_row *)data)->stale;
}

/*
 * "SOURCE/MODEL/ALIAS" as it stands, or SOURCE and the key of a pointer or of a version: then to
 * the first name of that model.
 */
static int models_show(struct pane *p, const char *argument)
{
	const struct rows *rows;
	const char *found = NULL;

	if (!pane_select(p, argument)) {
		rows = pane_rows(p);
		for (size_t i = 0; i < rows->n && !found; i++) {
			const struct name_row *row = rows->items[i].data;
			size_t n = strlen(row->source), m = strlen(row->model);

			if (!strncmp(argument, row->source, n) && argument[n] == '/' &&
				!strncmp(argument + n + 1, row->model, m) &&
				(argument[n + 1 + m] == '/' || !argument[n + 1 + m]))
				found = rows->items[i].id;
		}
		if (!found || !pane_select(p, found)) {
			console_note(pane_console(p), ROLE_ERROR,
				_("no alias or label of '%s' is known"), argument);
			return -1;
		}
	}
	pane_open_detail(p);
	return 0;
}

const struct pane_ops pane_models = {
	.name = "models",
	.title = N_("Models"),
	.help = N_("what each alias of a model and label of a prompt points at, and what "
		   "serves it"),
	.key = '4',
	.touches = 1u << TOUCH_RECORD | 1u << TOUCH_SOURCE | 1u << TOUCH_CHANGE,
	.empty = N_("no registry has been read, or it holds no alias"),
	.columns = models_columns,
	.actions = models_actions,
	.query = models_query,
	.summary = models_summary,
	.divide = models_divide,
	.stale = models_stale,
	.detail = models_detail,
	.subject = models_subject,
	.show = models_show,
};
