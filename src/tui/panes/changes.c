#include "config.h"
#include "tui/panes/changes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "store/observe.h"
#include "store/series.h"
#include "tui/console.h"
#include "tui/panes/panes.h"
#include "tui/situation.h"
#include "tui/suspect.h"

#define CHANGES_MAX 500
#define NARROWED_MAX 2000 /* read, where most are then left out */

/* --- query --- */

static int find_onsets(
	struct changes *out, struct arena *a, struct console *c, struct err *e)
{
	struct slo_rows list = {0};

	if (slo_rows(&list, a, console_store(c), console_at(c), e))
		return -1;
	for (size_t i = 0; i < list.n && out->n_onsets < ONSETS_MAX; i++) {
		const struct slo_row *row = &list.items[i];

		if (row->state.at == NONE_INT || row->state.onset == NONE_INT ||
			row->state.severity < SEV_TICKET ||
			(row->slo.source && !console_has_source(c, row->slo.source)))
			continue;
		out->onsets[out->n_onsets++] = (struct onset){
			.at = row->state.onset,
			.slo = arena_format(a, "%s/%s", row->slo.service, row->slo.name),
			.service = row->slo.service,
			.burn = slo_burn_now(&row->state),
			.severity = row->state.severity,
		};
	}
	return 0;
}

static char letter_of(const struct suspects *s, const struct change *ch)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].change->id == ch->id)
			return (char)('a' + i);
	return 0;
}

static void add_row(
	struct rows *out, const struct changes *found, const struct change *ch)
{
	struct change_row *row = arena_alloc(out->arena, 1, sizeof(*row));
	struct strbuf id = STRBUF_INIT;

	row->change = ch;
	row->letter = letter_of(&found->suspects, ch);
	change_address(&id, ch);
	rows_add(out, row, "%s", id.buf);
	if (row->letter == 'a')
		out->start = out->items[out->n - 1].id;
	strbuf_release(&id);
}

static bool wanted(struct console *c, const struct narrow *n, const struct change *ch)
{
	return console_has_source(c, ch->source) &&
		(!n->service || (ch->service && !strcmp(ch->service, n->service)));
}

static int add_rows(
	struct rows *out, const struct changes *found, struct console *c, struct err *e)
{
	const struct narrow *n = &found->narrow;
	int64_t span = narrow_span(n);
	struct change_query q = {
		.from = span == NONE_INT ? 0 : console_now(c) - span,
		.to = AT_NOW,
		.seen_until = console_at(c),
		.kinds = narrow_kinds(n),
		.limit = n->service ? NARROWED_MAX : CHANGES_MAX,
	};
	struct change_list list;

	if (change_list(&list, out->arena, console_store(c), &q, e))
		return -1;
	for (size_t i = 0; i < list.n && out->n < CHANGES_MAX; i++)
		if (wanted(c, n, &list.items[i]))
			add_row(out, found, &list.items[i]);
	out->more = list.more;
	return 0;
}

static bool has_row(const struct rows *rows, const char *id)
{
	for (size_t i = 0; i < rows->n; i++)
		if (!strcmp(rows->items[i].id, id))
			return true;
	return false;
}

/* One that a link leads to, older than all that are listed. */
static int add_shown(
	struct rows *out, const struct changes *found, struct console *c, struct err *e)
{
	struct change_query q = {.seen_until = console_at(c), .limit = NARROWED_MAX};
	struct change_list list;
	long long id, at;

	if (!found->shown || has_row(out, found->shown) ||
		sscanf(found->shown, "%lld@%lld", &id, &at) != 2)
		return 0;
	q.from = q.to = at;
	if (change_list(&list, out->arena, console_store(c), &q, e))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (list.items[i].id == id)
			add_row(out, found, &list.items[i]);
	return 0;
}

static int changes_query(struct pane *p, struct rows *out, struct err *e)
{
	struct changes *mine = pane_data(p), found = *mine;
	struct console *c = pane_console(p);

	if (!console_store(c))
		return 0;
	found.n_onsets = 0;
	found.suspects = (struct suspects){0};
	if (find_onsets(&found, out->arena, c, e) ||
		(found.n_onsets &&
			suspects_load(&found.suspects, out->arena, c,
				found.onsets[0].service, found.onsets[0].at, SUSPECTS_MAX,
				e)) ||
		add_rows(out, &found, c, e) || add_shown(out, &found, c, e))
		return -1;
	*mine = found;
	return 0;
}

static void narrow_text(struct strbuf *out, const struct narrow *n)
{
	const struct record_def *def =
		record_def(n->kind ? record_kind_of(n->kind) : REC_NONE);

	if (n->kind)
		strbuf_addf(out, "%s%s", out->len ? ", " : "",
			def ? _(def->title) : _("everything"));
	if (n->service)
		strbuf_addf(out, "%s%s", out->len ? ", " : "", n->service);
	if (n->span)
		strbuf_addf(out, _("%slast %s"), out->len ? ", " : "", n->span);
}

static void changes_summary(struct pane *p, struct strbuf *out)
{
	const struct changes *mine = pane_data(p);
	const struct rows *rows = pane_rows(p);
	struct strbuf only = STRBUF_INIT;
	size_t history = 0, gap = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct change_row *row = rows->items[i].data;

		history += row->change->from_history;
		gap += row->change->gap;
	}
	narrow_text(&only, &mine->narrow);
	if (only.len)
		strbuf_addf(out, _("only %s (f): "), only.buf);
	strbuf_addf(out, ngettext("%zu change", "%zu changes", rows->n), rows->n);
	if (history)
		strbuf_addf(out, _(", %zu from history"), history);
	if (gap)
		strbuf_addf(out, _(", %zu while nobody watched"), gap);
	strbuf_release(&only);
}

/* --- columns --- */

static const struct change *change_of(const void *data)
{
	return ((const struct change_row *)data)->change;
}

static void cell_letter(struct value *out, struct pane *p, const void *data)
{
	char letter = ((const struct change_row *)data)->letter;

	(void)p;
	if (letter)
		strbuf_addc(&out->text, letter);
	out->role = letter == 'a' ? ROLE_TICKET : ROLE_KEY;
}

/* "~" before what is no better known than between two looks. */
static void cell_time(struct value *out, struct pane *p, const void *data)
{
	const struct change *ch = change_of(data);

	if (ch->gap)
		strbuf_addc(&out->text, '~');
	value_time(out, p, ch->at);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	value_since(out, p, change_of(data)->at);
	out->role = ROLE_DIM;
}

/* A word each: the object says the rest. */
static void cell_kind(struct value *out, struct pane *p, const void *data)
{
	static const char *const words[REC_KINDS] = {
		[REC_MODEL_VERSION] = N_("model"),
		[REC_PROMPT_VERSION] = N_("prompt"),
		[REC_JOB_RUN] = N_("job"),
		[REC_FRESHNESS] = N_("data"),
		[REC_DRIFT_REPORT] = N_("drift"),
	};
	enum record_kind kind = change_of(data)->kind;

	(void)p;
	value_text(out, words[kind] ? _(words[kind]) : _(record_def(kind)->title));
}

static void cell_service(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, change_of(data)->service);
}

static void cell_object(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, change_of(data)->object);
	out->role = ROLE_STRONG;
}

static void cell_moved(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	change_moved(&out->text, change_of(data));
}

/* Of the traffic that it took; most kinds of change take none by themselves. */
static void cell_share(struct value *out, struct pane *p, const void *data)
{
	double weight = change_of(data)->weight;

	(void)p;
	if (!isnan(weight))
		value_percent(out, weight, 0);
}

static void cell_actor(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, change_of(data)->actor);
}

static void cell_source(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, change_of(data)->source);
	out->role = ROLE_DIM;
}

static void cell_note(struct value *out, struct pane *p, const void *data)
{
	const struct change *ch = change_of(data);

	out->role = ROLE_DIM;
	if (ch->gap)
		change_between(&out->text, p, ch);
	else if (ch->from_history)
		strbuf_adds(&out->text, _("from history"));
}

static int compare_time(const void *a, const void *b)
{
	const struct change *x = change_of(a), *y = change_of(b);

	return (x->at > y->at) - (x->at < y->at);
}

/* clang-format off */
static const struct column changes_columns[] = {
	{.name = "suspect", .title = N_("#"), .min = 1, .align = 'l', .priority = 1,
		.cell = cell_letter},
	{.name = "time", .title = N_("Time"), .min = 8, .max = 13, .align = 'l', .priority = 1,
		.cell = cell_time, .compare = compare_time, .downwards = true},
	{.name = "ago", .title = N_("Ago"), .min = 4, .max = 5, .align = 'r', .priority = 5,
		.cell = cell_age, .compare = compare_time, .downwards = true},
	{.name = "kind", .title = N_("Kind"), .min = 7, .max = 12, .align = 'l', .priority = 3,
		.cell = cell_kind},
	{.name = "object", .title = N_("Object"), .min = 14, .max = 48, .grow = 1, .align = 'l',
		.priority = 1, .both_ends = true, .cell = cell_object},
	{.name = "change", .title = N_("Change"), .min = 12, .max = 48, .align = 'l',
		.priority = 1, .cell = cell_moved},
	{.name = "share", .title = N_("Traffic"), .min = 7, .align = 'r', .priority = 5,
		.cell = cell_share, .if_any = true},
	{.name = "service", .title = N_("Service"), .min = 8, .max = 24, .align = 'l',
		.priority = 5, .cell = cell_service, .if_any = true},
	{.name = "note", .title = N_("Note"), .min = 4, .max = 30, .align = 'l', .priority = 6,
		.cell = cell_note, .if_any = true},
	{.name = "who", .title = N_("Who"), .min = 3, .max = 20, .align = 'l', .priority = 7,
		.cell = cell_actor, .if_any = true},
	{.name = "source", .title = N_("Source"), .min = 6, .max = 16, .align = 'l', .priority = 8,
		.cell = cell_source},
	{0},
};
/* clang-format on */

/* --- what it is about --- */

static void changes_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct change *ch = change_of(data);

	(void)p;
	out->service = ch->service;
	out->source = ch->source;
	out->copy = ch->object;
}

static bool changes_stale(struct pane *p, const void *data)
{
	return console_stale(pane_console(p), change_of(data)->source);
}

/* --- getting about --- */

/* A link leads here: the list is as wide as it must be to hold it. */
static int changes_show(struct pane *p, const char *argument)
{
	struct changes *mine = pane_data(p);

	free(mine->shown);
	mine->shown = mem_strdup(argument);
	console_reload(pane_console(p), p);
	if (!pane_select(p, argument)) {
		console_note(pane_console(p), ROLE_ERROR,
			_("this change is no longer in the store"));
		return -1;
	}
	pane_open_detail(p);
	return 0;
}

/* The letter that the cursor stands on goes on to the next. */
static unsigned to_suspect(struct pane *p, size_t by)
{
	const struct changes *mine = pane_data(p);
	const struct row *row = pane_selected(p);
	char here = row ? ((const struct change_row *)row->data)->letter : 0;
	size_t n = mine->suspects.n, next = here ? (size_t)(here - 'a') + by : n + by - 1;
	struct strbuf id = STRBUF_INIT;

	if (!n) {
		console_note(pane_console(p), ROLE_NOTE,
			_("nothing burns, so nothing is suspected"));
		return ACT_REDRAW;
	}
	change_address(&id, mine->suspects.items[next % n].change);
	if (!pane_select(p, id.buf))
		console_go(pane_console(p), "changes", id.buf);
	strbuf_release(&id);
	return ACT_REDRAW;
}

static unsigned act_next_suspect(
	struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return to_suspect(p, 1);
}

static unsigned act_previous_suspect(
	struct console *c, struct pane *p, const struct action *a)
{
	const struct changes *mine = pane_data(p);

	(void)c, (void)a;
	return to_suspect(p, mine->suspects.n ? mine->suspects.n - 1 : 0);
}

static unsigned has_suspects(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	return ((const struct changes *)pane_data(p))->suspects.n ? ACT_HANDLED
								  : ACT_IGNORED;
}

static void changes_close(struct pane *p)
{
	struct changes *mine = pane_data(p);

	narrow_release(&mine->narrow);
	free(mine->shown);
}

/* clang-format off */
static const struct action changes_actions[] = {
	{.name = "next-suspect", .keys = "<Tab>", .where = SCOPE_LIST, .flags = ACTION_BAR,
		.title = N_("suspects"),
		.help = N_("to the next change that is suspected, the likeliest first"),
		.run = act_next_suspect, .possible = has_suspects},
	{.name = "previous-suspect", .keys = "<S-Tab>", .where = SCOPE_LIST,
		.flags = ACTION_QUIET, .title = N_("previous suspect"),
		.help = N_("to the suspected change before"),
		.run = act_previous_suspect, .possible = has_suspects},
	{.name = "show-only", .keys = "f", .where = SCOPE_LIST, .flags = ACTION_BAR,
		.title = N_("only"), .help = N_("show one kind, service or span of time only"),
		.run = act_narrow},
	{0},
};
/* clang-format on */

const struct pane_ops pane_changes = {
	.name = "changes",
	.title = N_("Changes"),
	.help = N_("what moved, in one line of time over all sources"),
	.key = '3',
	.touches = 1u << TOUCH_CHANGE | 1u << TOUCH_SLO | 1u << TOUCH_SOURCE,
	.empty = N_(
		"no change was seen yet; what moves from now on appears here by itself"),
	.id_is_mute = true,
	.columns = changes_columns,
	.actions = changes_actions,
	.size = sizeof(struct changes),
	.close = changes_close,
	.query = changes_query,
	.summary = changes_summary,
	.head = changes_head,
	.divide = changes_divide,
	.stale = changes_stale,
	.detail = changes_detail,
	.subject = changes_subject,
	.show = changes_show,
};
