#include "config.h"
#include "tui/panes/drift.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "runbook/offer.h"
#include "store/drift.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/panes/panes.h"

#define REPORTS_MAX 6000
#define LEGEND_FROM_ROWS 12
#define WIDE 140
#define NAMES_COMPARED_MAX 64
#define NARROW_NAME 20 /* leaves room for the picture beside it */

/* --- how it stands --- */

/* clang-format off */
static const struct {
	char		mark;
	const char	*word;		/* N_() */
	enum role	role;
	int		rank;		/* in the list: the greatest first */
} verdicts[DRIFT_VERDICTS] = {
	[DRIFT_NONE] = {'?', N_("unknown"), ROLE_NO_DATA, 2},
	/* TRANSLATORS: a distribution is as it was */
	[DRIFT_OK] = {'.', N_("as before"), ROLE_OK, 0},
	/* TRANSLATORS: a distribution differs by no more than chance gives */
	[DRIFT_NOISE] = {'.', N_("noise"), ROLE_TEXT, 1},
	/* TRANSLATORS: a distribution differs, but not for long enough to be drift */
	[DRIFT_WATCH] = {'-', N_("watch"), ROLE_STRONG, 4},
	[DRIFT_DRIFTED] = {'~', N_("drifted"), ROLE_STRONG, 6},
	[DRIFT_TOO_FEW] = {'?', N_("too few"), ROLE_NO_DATA, 2},
	[DRIFT_NO_DATA] = {'?', N_("no data"), ROLE_NO_DATA, 3},
	[DRIFT_NOT_COMPARABLE] = {'?', N_("differs"), ROLE_NO_DATA, 3},
};
/* clang-format on */

bool drift_is_drifted(const struct drift_row *row)
{
	return row->verdict == DRIFT_DRIFTED;
}

bool drift_is_context(const struct drift_report *r)
{
	return !r->kind ||
		(strcmp(r->kind, "prediction") != 0 &&
			strcmp(r->kind, "performance") != 0);
}

/* A dataset that is called fine while features of it drifted. */
static bool in_part(const struct drift_row *row)
{
	return row->dataset && row->n_drifted && row->verdict == DRIFT_OK;
}

enum role drift_role(const struct drift_row *row)
{
	if (in_part(row))
		return ROLE_STRONG;
	return drift_is_drifted(row) && !drift_is_context(row->r)
		? ROLE_TICKET
		: verdicts[row->verdict].role;
}

void drift_word(struct strbuf *out, struct console *c, const struct drift_row *row)
{
	char mark = verdicts[row->verdict].mark;
	const char *word = _(verdicts[row->verdict].word);

	if (drift_is_drifted(row) && !drift_is_context(row->r))
		mark = console_theme(c)->marks[SEV_TICKET];
	if (in_part(row)) {
		mark = verdicts[DRIFT_DRIFTED].mark;
		/* TRANSLATORS: of a dataset: some features drifted, too few for all of it */
		word = _("in part");
	}
	strbuf_addf(out, "%c %s", mark, word);
}

double drift_strength(const struct drift_report *r, const struct drift_method *m)
{
	if (m && m->by_p) {
		double p = r->p_value < 1e-300 ? 1e-300 : r->p_value;

		if (isnan(r->p_value) || !(r->threshold > 0) || r->threshold >= 1)
			return NAN;
		return log(p) / log(r->threshold);
	}
	if (isnan(r->value) || !(r->threshold > 0))
		return NAN;
	return r->value / r->threshold;
}

/* Datasets of several services often have one name. */
void drift_dataset_text(struct strbuf *out, const struct drift_report *r)
{
	const char *dataset = r->dataset ? r->dataset : "-";

	if (r->service && !strstr(dataset, r->service))
		strbuf_addf(out, "%s/", r->service);
	strbuf_adds(out, dataset);
}

/* As many digits as tell something; what is next to nothing is said so. */
static void add_number(struct strbuf *out, double v)
{
	if (v > 0 && v < 0.001)
		strbuf_adds(out, "<.001");
	else
		strbuf_addf(out,
			fabs(v) >= 1000         ? "%.0f"
				: fabs(v) < 0.1 ? "%.2g"
						: "%.3g",
			v);
}

void drift_value_text(struct strbuf *out, const struct drift_row *row)
{
	const struct drift_report *r = row->r;

	if (row->dataset && row->n)
		strbuf_addf(out, _("%zu of %zu"), row->n_drifted, row->n);
	else if (row->method && row->method->by_p && !isnan(r->p_value))
		strbuf_addf(out, r->p_value < 0.0001 ? "p<.0001" : "p %.2g", r->p_value);
	else if (isnan(r->value))
		strbuf_addc(out, '-');
	else
		add_number(out, r->value);
}

/* --- query --- */

/* A record of before there were verdicts says only whether it drifted. */
static enum drift_verdict verdict_of(const struct drift_report *r)
{
	if (r->verdict)
		return drift_verdict_find(r->verdict);
	return r->drifted == NONE_INT ? DRIFT_NONE
		: r->drifted          ? DRIFT_DRIFTED
				      : DRIFT_OK;
}

/* What users may notice stands before what moved upstream of them. */
static int rank_of(const struct drift_row *row)
{
	return verdicts[row->verdict].rank +
		(drift_is_drifted(row) && !drift_is_context(row->r));
}

struct group {
	const char *name;
	struct drift_row *head; /* NULL: nothing stands for the dataset */
	int rank;
	size_t n, n_drifted;
};

struct groups {
	struct group *items;
	size_t n, cap;
};

static struct group *group_of(struct groups *g, struct arena *a, const char *name)
{
	struct group *one;

	for (size_t i = g->n; i-- > 0;)
		if (!strcmp(g->items[i].name, name))
			return &g->items[i];
	one = arena_push(a, g->items, g->n, g->cap);
	*one = (struct group){.name = name, .rank = -1};
	return one;
}

static void add_row(struct rows *out, struct groups *g, const struct observed *o)
{
	const struct drift_report *r = o->record;
	struct drift_row *row = arena_alloc(out->arena, 1, sizeof(*row));
	struct strbuf key = STRBUF_INIT;
	struct group *group;

	row->r = r;
	row->method = r->method ? drift_method(r->method) : NULL;
	row->verdict = verdict_of(r);
	row->seen = o->since;
	row->dataset = r->feature && !strcmp(r->feature, DRIFT_DATASET);
	row->group = arena_format(out->arena, "%s/%s/%s", r->source,
		r->service ? r->service : "", r->dataset ? r->dataset : "");
	row->heat = arena_alloc(out->arena, 1, sizeof(*row->heat));
	group = group_of(g, out->arena, row->group);
	if (row->dataset)
		group->head = row;
	else
		group->n++;
	group->n_drifted += !row->dataset && drift_is_drifted(row);
	if (rank_of(row) > group->rank)
		group->rank = rank_of(row);
	record_key(&key, r, REC_DRIFT_REPORT);
	rows_add(out, row, "%s/%s", r->source, key.buf);
	strbuf_release(&key);
}

struct sortable {
	struct row row;
	const struct group *group;
	double strength;
};

/* Datasets by their worst feature; in one the row for all of it, then the worst features. */
static int worst_first(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	const struct drift_row *r = x->row.data, *s = y->row.data;
	int order;

	if (x->group != y->group) {
		if (x->group->rank != y->group->rank)
			return x->group->rank > y->group->rank ? -1 : 1;
		order = strcmp(x->group->name, y->group->name);
		return order;
	}
	if (r->dataset != s->dataset)
		return r->dataset ? -1 : 1;
	if (rank_of(r) != rank_of(s))
		return rank_of(r) > rank_of(s) ? -1 : 1;
	if (x->strength < y->strength || x->strength > y->strength)
		return x->strength > y->strength ? -1 : 1;
	return strcmp(x->row.id, y->row.id);
}

static void sort_rows(struct rows *out, struct groups *g)
{
	struct sortable *items = mem_new(out->n + 1, sizeof(*items));

	for (size_t i = 0; i < out->n; i++) {
		const struct drift_row *row = out->items[i].data;
		double strength = drift_strength(row->r, row->method);

		items[i] = (struct sortable){
			.row = out->items[i],
			.group = group_of(g, out->arena, row->group),
			.strength = isnan(strength) ? -1 : strength,
		};
	}
	qsort(items, out->n, sizeof(*items), worst_first);
	for (size_t i = 0; i < out->n; i++)
		out->items[i] = items[i].row;
	free(items);
}

/* Of very many the names are not compared: then each is told with its service. */
static bool shares_name(const struct groups *g, const struct drift_row *head)
{
	const char *name = head->r->dataset ? head->r->dataset : "";

	if (g->n > NAMES_COMPARED_MAX)
		return true;
	for (size_t i = 0; i < g->n; i++) {
		const struct drift_row *other = g->items[i].head;

		if (other && other != head && other->r->dataset &&
			!strcmp(other->r->dataset, name))
			return true;
	}
	return false;
}

int drift_rows_load(struct rows *out, struct console *c, struct err *e)
{
	struct observed_list list = {0};
	struct groups g = {0};

	if (observed_at(&list, out->arena, console_store(c), REC_DRIFT_REPORT, NULL, NULL,
		    console_at(c), REPORTS_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct drift_report *r = list.items[i].record;

		if (console_has_source(c, r->source))
			add_row(out, &g, &list.items[i]);
	}
	for (size_t i = 0; i < g.n; i++)
		if (g.items[i].head) {
			g.items[i].head->n = g.items[i].n;
			g.items[i].head->n_drifted = g.items[i].n_drifted;
			g.items[i].head->shares_name = shares_name(&g, g.items[i].head);
		}
	if (out->n)
		sort_rows(out, &g);
	out->more = list.more;
	return 0;
}

static int drift_query(struct pane *p, struct rows *out, struct err *e)
{
	if (!console_store(pane_console(p)))
		return 0;
	drift_fit_span(pane_console(p), pane_data(p));
	return drift_rows_load(out, pane_console(p), e);
}

static void drift_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t n = 0, drifted = 0, watched = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct drift_row *row = rows->items[i].data;

		n += !row->dataset;
		drifted += !row->dataset && drift_is_drifted(row);
		watched += !row->dataset && row->verdict == DRIFT_WATCH;
	}
	strbuf_addf(out, ngettext("%zu feature", "%zu features", n), n);
	strbuf_addf(out, _(": %zu drifted, %zu to watch"), drifted, watched);
}

/* --- columns --- */

static const struct drift_report *report_of(const void *data)
{
	return ((const struct drift_row *)data)->r;
}

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	drift_word(&out->text, pane_console(p), data);
	out->role = drift_role(data);
}

static void cell_feature(struct value *out, struct pane *p, const void *data)
{
	const struct drift_row *row = data;

	(void)p;
	if (row->dataset && row->shares_name)
		drift_dataset_text(&out->text, row->r);
	else if (row->dataset)
		value_text(out, row->r->dataset);
	else
		strbuf_addf(&out->text, "  %s", row->r->feature ? row->r->feature : "-");
	out->role = row->dataset ? ROLE_HEADING : ROLE_STRONG;
}

static void cell_value(struct value *out, struct pane *p, const void *data)
{
	const struct drift_row *row = data;
	double strength = drift_strength(row->r, row->method);

	(void)p;
	drift_value_text(&out->text, row);
	if (isnan(strength))
		return;
	out->gauge = (struct gauge){
		.value = strength,
		.full = 1.5,
		.tick = 1,
		.over = row->verdict == DRIFT_NOISE ? '|' : '#',
		.role = ROLE_CHART,
		.over_role = drift_is_drifted(row) ? ROLE_TICKET : ROLE_STRONG,
	};
}

static void cell_text(struct value *out, struct pane *p, const void *data)
{
	const struct field *f = out->column->about;

	(void)p;
	value_text(
		out, *(const char *const *)((const char *)report_of(data) + f->offset));
	out->role = ROLE_DIM;
}

static void cell_real(struct value *out, struct pane *p, const void *data)
{
	const struct field *f = out->column->about;
	double v = *(const double *)((const char *)report_of(data) + f->offset);

	(void)p;
	if (!isnan(v))
		add_number(&out->text, v);
	out->role = ROLE_DIM;
}

/* How much each side has: "10k/5.2k". */
static void cell_sizes(struct value *out, struct pane *p, const void *data)
{
	const struct drift_report *r = report_of(data);

	(void)p;
	if (isnan(r->n_reference) || isnan(r->n_current))
		return;
	value_count_text(&out->text, r->n_reference);
	strbuf_addc(&out->text, '/');
	value_count_text(&out->text, r->n_current);
	out->role = ROLE_DIM;
}

static void cell_persisted(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	strbuf_adds(&out->text, report_of(data)->persisted);
}

static void cell_since(struct value *out, struct pane *p, const void *data)
{
	value_since(out, p, report_of(data)->since);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	const struct drift_report *r = report_of(data);
	struct console *c = pane_console(p);

	if (r->computed == NONE_INT)
		value_age(out, p, r->source);
	else
		out->role = console_age(
			c, &out->text, r->computed, console_stale(c, r->source));
}

static int compare_state(const void *a, const void *b)
{
	const struct drift_row *x = a, *y = b;

	return rank_of(x) - rank_of(y);
}

static int compare_value(const void *a, const void *b)
{
	const struct drift_row *x = a, *y = b;
	double s = drift_strength(x->r, x->method), t = drift_strength(y->r, y->method);

	s = isnan(s) ? -1 : s;
	t = isnan(t) ? -1 : t;
	return (s > t) - (s < t);
}

static int compare_since(const void *a, const void *b)
{
	const struct drift_report *x = report_of(a), *y = report_of(b);

	return (x->since > y->since) - (x->since < y->since);
}

/* clang-format off */
static const struct field field_service = {.name = "service",
	.offset = offsetof(struct drift_report, service)};
static const struct field field_method = {.name = "method",
	.offset = offsetof(struct drift_report, method)};
static const struct field field_kind = {.name = "kind",
	.offset = offsetof(struct drift_report, kind)};
static const struct field field_threshold = {.name = "threshold",
	.offset = offsetof(struct drift_report, threshold)};
static const struct field field_noise = {.name = "noise",
	.offset = offsetof(struct drift_report, noise)};

static const struct column drift_columns[] = {
	{.name = "state", .title = N_("State"), .min = 7, .max = 11, .align = 'l', .priority = 1,
		.cell = cell_state, .compare = compare_state, .downwards = true},
	{.name = "feature", .title = N_("Feature"), .min = 12, .max = 40, .align = 'l',
		.priority = 1, .both_ends = true, .cell = cell_feature},
	{.name = "service", .title = N_("Service"), .min = 8, .max = 24, .align = 'l',
		.priority = 7, .both_ends = true, .cell = cell_text, .about = &field_service,
		.from_cols = WIDE},
	/* TRANSLATORS: what is measured, beside its threshold */
	{.name = "value", .title = N_("Value"), .min = 7, .max = 14, .figure = 7, .align = 'r',
		.priority = 2, .cell = cell_value, .compare = compare_value, .downwards = true},
	{.name = "threshold", .title = N_("Limit"), .min = 5, .max = 6, .align = 'r',
		.priority = 6, .cell = cell_real, .about = &field_threshold, .if_any = true,
		.from_cols = WIDE},
	/* TRANSLATORS: over figures: what chance alone stays under */
	{.name = "noise", .title = N_("Noise"), .min = 5, .max = 6, .align = 'r',
		.priority = 6, .cell = cell_real, .about = &field_noise, .if_any = true,
		.from_cols = WIDE},
	{.name = "heat", .min = 16, .max = 40, .grow = 1, .align = 'l', .priority = 4,
		.cell = drift_heat_cell, .draw = drift_heat_draw},
	/* TRANSLATORS: over "3 of 4": in how many of the last windows it was above its threshold */
	{.name = "lasting", .title = N_("Lasting"), .min = 7, .max = 8, .align = 'r',
		.priority = 5, .cell = cell_persisted, .if_any = true},
	{.name = "since", .title = N_("Since"), .min = 5, .max = 5, .align = 'r', .priority = 2,
		.cell = cell_since, .compare = compare_since, .downwards = true},
	{.name = "age", .title = N_("Age"), .min = 3, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age},
	{.name = "method", .title = N_("Method"), .min = 6, .max = 16, .align = 'l',
		.priority = 6, .cell = cell_text, .about = &field_method, .from_cols = WIDE},
	{.name = "kind", .title = N_("Kind"), .min = 4, .max = 11, .align = 'l', .priority = 7,
		.cell = cell_text, .about = &field_kind, .from_cols = WIDE},
	/* TRANSLATORS: over "10k/5k": how many values the reference and the present have */
	{.name = "sizes", .title = N_("Sizes"), .min = 6, .max = 12, .align = 'r', .priority = 8,
		.cell = cell_sizes, .if_any = true, .from_cols = WIDE},
	{0},
};
/* clang-format on */

static const struct column *drift_columns_of(struct pane *p)
{
	struct drift_pane *mine = pane_data(p);

	memcpy(mine->columns, drift_columns, sizeof(drift_columns));
	drift_heat_title(mine);
	for (size_t i = 0; mine->columns[i].name; i++) {
		struct column *col = &mine->columns[i];

		if (!col->title)
			col->title = mine->heat_title;
		if (col->cell == cell_feature && console_cols(pane_console(p)) < WIDE)
			col->max = NARROW_NAME;
	}
	return mine->columns;
}

/* --- what stands over the rows --- */

static int drift_head(struct pane *p, const struct box *b)
{
	if (b->rows < LEGEND_FROM_ROWS || b->plain || !pane_rows(p)->n)
		return 0;
	box_text(b, 0, 1, b->cols - 2, ROLE_DIM,
		b->cols >= WIDE
			? _("over time: thirds of the threshold . : =, over it #; drift "
			    "is over threshold and noise, and lasts; data drift is "
			    "context "
			    "and pages nobody")
			: _("over time: . : = thirds of the threshold, # over it; data "
			    "drift pages nobody"));
	return 1;
}

/* --- what it is about --- */

static void drift_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct drift_report *r = report_of(data);
	const struct config *config = console_config(pane_console(p));

	out->service = r->service;
	if (!out->service && config)
		out->service = offer_service(config, REC_DRIFT_REPORT, r);
	out->source = r->source;
	out->url = r->url;
	out->copy = ((const struct drift_row *)data)->dataset ? r->dataset : r->feature;
}

static bool drift_stale(struct pane *p, const void *data)
{
	return console_stale(pane_console(p), report_of(data)->source);
}

static void drift_close(struct pane *p)
{
	struct drift_pane *mine = pane_data(p);

	fitting_release(&mine->fitting);
}

/* clang-format off */
static const struct action drift_actions[] = {
	{.name = "heat-span", .keys = "z", .where = SCOPE_LIST, .flags = ACTION_BAR,
		.title = N_("span"), .help = N_("show more time in the heat map, then less"),
		.run = drift_next_span},
	{.name = "train-again", .letter = 't',
		.flags = ACTION_MUTATES | ACTION_MENU | ACTION_ROW | ACTION_ASKS,
		.title = N_("train again"),
		.help = N_("start the pipeline that its check names, and follow it; asks first"),
		.run = drift_retrain, .possible = drift_has_service},
	{.name = "accept-as-reference", .letter = 'a',
		.flags = ACTION_MUTATES | ACTION_MENU | ACTION_ROW | ACTION_ASKS,
		.title = N_("accept"),
		.help = N_("take what is measured now as the new reference; asks first"),
		.run = drift_accept_as_reference, .possible = drift_has_service},
	{0},
};
/* clang-format on */

const struct pane_ops pane_drift = {
	.name = "drift",
	.title = N_("Drift"),
	.help = N_("what moved in data and predictions, against threshold and noise"),
	.key = '7',
	.touches = 1u << TOUCH_RECORD | 1u << TOUCH_SOURCE | 1u << TOUCH_CHANGE,
	.empty = N_("no drift check is known: services name files under drift: in the "
		    "configuration"),
	.actions = drift_actions,
	.size = sizeof(struct drift_pane),
	.columns_of = drift_columns_of,
	.close = drift_close,
	.query = drift_query,
	.summary = drift_summary,
	.head = drift_head,
	.stale = drift_stale,
	.detail = drift_page,
	.subject = drift_subject,
};
