#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "report/models.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/panes/panes.h"
#include "tui/runbook_open.h"
#include "tui/suspect.h"

#define MODELS_MAX 500
#define VERSIONS_MAX 12
#define CHANGES_MAX 12

/* --- query --- */

/* How loud a state is; what nobody configured to be served says nothing. */
static enum severity sync_severity(enum sync_state s)
{
	static const enum severity loud[SYNC_STATES] = {
		[SYNC_NONE] = SEV_NONE,
		[SYNC_IN_SYNC] = SEV_OK,
		[SYNC_CANARY] = SEV_OK,
		[SYNC_ROLLING_OUT] = SEV_OK,
		[SYNC_DRIFT] = SEV_TICKET,
		[SYNC_POINTER_MISSING] = SEV_TICKET,
		[SYNC_DANGLING] = SEV_PAGE,
		[SYNC_SERVING_UNKNOWN] = SEV_NO_DATA,
		[SYNC_REGISTRY_UNREACHABLE] = SEV_NO_DATA,
	};

	return loud[s];
}

static int models_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct model_rows found;

	if (!console_store(c) || !console_config(c))
		return 0;
	if (model_rows(&found, out->arena, console_store(c), console_config(c),
		    console_context(c), console_at(c), console_now(c), MODELS_MAX, e))
		return -1;
	for (size_t i = 0; i < found.n; i++) {
		const struct model_row *m = &found.items[i];

		rows_add(out, m, "%s/%s/%s", m->source, m->model,
			m->alias ? m->alias : "");
	}
	out->more = found.more;
	return 0;
}

static void models_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t served = 0, in_sync = 0, wrong = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct model_row *m = rows->items[i].data;

		served += m->sync.state != SYNC_NONE;
		in_sync += m->sync.state == SYNC_IN_SYNC;
		wrong += sync_severity(m->sync.state) >= SEV_TICKET;
	}
	strbuf_addf(out, ngettext("%zu alias", "%zu aliases", rows->n), rows->n);
	strbuf_addf(out, _(", %zu served, %zu in sync"), served, in_sync);
	if (wrong)
		strbuf_addf(out, _(", %zu drifted"), wrong);
}

/* --- columns --- */

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct model_row *m = data;

	if (m->sync.state != SYNC_NONE)
		value_severity(out, p, sync_severity(m->sync.state),
			_(sync_state_title(m->sync.state)));
}

static void cell_model(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct model_row *)data)->model);
	out->role = ROLE_STRONG;
}

static void cell_alias(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct model_row *)data)->alias);
}

static void cell_version(struct value *out, struct pane *p, const void *data)
{
	const struct model_row *m = data;

	(void)p;
	value_text(out, m->pointer ? m->pointer->version : NULL);
}

static void served_text(struct strbuf *out, const struct model_row *m)
{
	for (size_t i = 0; i < m->n_variants; i++) {
		const struct serving *v = &m->variants[i];

		if (isnan(v->traffic) || v->traffic <= 0)
			continue;
		strbuf_addf(
			out, "%s%s", out->len ? ", " : "", v->version ? v->version : "?");
		if (v->traffic < 0.9995)
			strbuf_addf(out, " %.0f%%", v->traffic * 100);
	}
}

static void cell_served(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	served_text(&out->text, data);
}

static void cell_since(struct value *out, struct pane *p, const void *data)
{
	value_since(out, p, ((const struct model_row *)data)->since);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	value_age(out, p, ((const struct model_row *)data)->source);
}

static void cell_service(struct value *out, struct pane *p, const void *data)
{
	const struct model_row *m = data;

	(void)p;
	value_text(out, m->service ? m->service->name : NULL);
	out->role = ROLE_DIM;
}

static int compare_state(const void *a, const void *b)
{
	const struct model_row *x = a, *y = b;
	enum severity s = sync_severity(x->sync.state), t = sync_severity(y->sync.state);

	return (s > t) - (s < t);
}

static int compare_since(const void *a, const void *b)
{
	const struct model_row *x = a, *y = b;

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
	{.name = "since", .title = N_("Moved"), .min = 5, .align = 'r', .priority = 2,
		.cell = cell_since, .compare = compare_since},
	{.name = "age", .title = N_("Age"), .min = 4, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age},
	{.name = "service", .title = N_("Service"), .min = 8, .max = 30, .grow = 1, .align = 'l',
		.priority = 3, .cell = cell_service},
	{0},
};
/* clang-format on */

/* --- detail --- */

static void add_serving(struct pane *p, const struct model_row *m, struct doc *out)
{
	if (!m->n_variants)
		return;
	doc_heading(out, _("Served"));
	doc_columns_begin(out, "llrrl");
	for (size_t i = 0; i < m->n_variants; i++) {
		const struct serving *v = &m->variants[i];
		bool expected = m->pointer && m->pointer->version && v->version &&
			!strcmp(v->version, m->pointer->version);

		doc_cell(out, ROLE_TEXT, v->variant);
		doc_cellf(out, expected ? ROLE_OK : ROLE_TICKET, _("version %s"),
			v->version ? v->version : "?");
		if (isnan(v->traffic))
			doc_cell(out, ROLE_DIM, "-");
		else
			doc_cellf(out, ROLE_TEXT, "%.0f %%", v->traffic * 100);
		if (v->replicas == NONE_INT)
			doc_cell(out, ROLE_DIM, "");
		else
			doc_cellf(out, ROLE_DIM,
				ngettext("%lld replica", "%lld replicas",
					(unsigned long)v->replicas),
				(long long)v->replicas);
		doc_cell(out, v->ready == 0 ? ROLE_TICKET : ROLE_DIM,
			v->ready == NONE_INT ? ""
				: v->ready   ? _("ready")
					     : _("not ready"));
	}
	doc_columns_end(out);
	(void)p;
}

static void add_versions(struct pane *p, const struct model_row *m, struct doc *out)
{
	struct console *c = pane_console(p);
	struct version_rows versions;
	struct err ignored = ERR_INIT;
	struct arena a;

	arena_init(&a);
	if (!version_rows(&versions, &a, console_store(c), m->source, m->model,
		    console_at(c), VERSIONS_MAX, &ignored) &&
		versions.n) {
		doc_heading(out, _("Versions"));
		doc_columns_begin(out, "rlll");
		for (size_t i = 0; i < versions.n; i++) {
			const struct model_version *v = versions.items[i];
			struct strbuf at = STRBUF_INIT, names = STRBUF_INIT;

			for (const char **name = versions.aliases[i]; *name; name++)
				strbuf_addf(&names, "%s%s", names.len ? ", " : "", *name);
			if (v->created != NONE_INT)
				console_time(c, &at, v->created);
			doc_cell(out, ROLE_STRONG, v->version);
			doc_cell(out, ROLE_LINK, names.buf);
			doc_cell(out, ROLE_DIM, at.buf);
			doc_cell(out, ROLE_DIM, v->note ? v->note : v->status);
			strbuf_release(&at);
			strbuf_release(&names);
		}
		doc_columns_end(out);
	}
	err_release(&ignored);
	arena_release(&a);
}

static void add_changes(struct pane *p, const struct model_row *m, struct doc *out)
{
	struct console *c = pane_console(p);
	struct change_list changes;
	struct err ignored = ERR_INIT;
	struct arena a;
	const struct change_query q = {.to = AT_NOW,
		.seen_until = console_at(c),
		.source = m->source,
		.object = m->model,
		.limit = CHANGES_MAX};

	arena_init(&a);
	if (!change_list(&changes, &a, console_store(c), &q, &ignored) && changes.n) {
		doc_heading(out, _("Changes"));
		doc_columns_begin(out, "ll");
		for (size_t i = 0; i < changes.n; i++) {
			struct strbuf at = STRBUF_INIT, what = STRBUF_INIT;

			console_time(c, &at, changes.items[i].at);
			change_text(&what, &changes.items[i]);
			doc_cell(out, ROLE_DIM, at.buf);
			doc_cell(out, ROLE_TEXT, what.buf);
			strbuf_release(&at);
			strbuf_release(&what);
		}
		doc_columns_end(out);
	}
	err_release(&ignored);
	arena_release(&a);
}

static void models_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct model_row *m = data;
	struct console *c = pane_console(p);
	struct strbuf since = STRBUF_INIT, age = STRBUF_INIT;
	enum severity severity = sync_severity(m->sync.state);
	enum role role;

	doc_title(out, severity_role(severity), "%c %s/%s  %s",
		console_theme(c)->marks[severity], m->model, m->alias ? m->alias : "-",
		m->sync.state == SYNC_NONE ? "" : _(sync_state_title(m->sync.state)));
	if (m->sync.note)
		doc_text(out, ROLE_TEXT, m->sync.note);
	doc_blank(out);
	if (m->since != NONE_INT) {
		console_time(c, &since, m->since);
		strbuf_adds(&since, _(", "));
		console_age(c, &since, m->since, false);
		strbuf_adds(&since, _(" ago"));
	}
	role = console_source_age(c, &age, m->source);
	doc_field(out, _("points at"), ROLE_STRONG,
		m->pointer ? m->pointer->version : NULL);
	doc_field(out, _("since"), ROLE_TEXT, since.buf);
	if (m->pointer && m->pointer->previous)
		doc_field(out, _("before that"), ROLE_TEXT, m->pointer->previous);
	doc_field(out, _("service"), ROLE_TEXT, m->service ? m->service->name : NULL);
	doc_link(out, _("source"), m->source, "sources", m->source);
	doc_field(out, _("read"), role, age.buf);
	add_serving(p, m, out);
	add_versions(p, m, out);
	add_changes(p, m, out);
	strbuf_release(&since);
	strbuf_release(&age);
}

static void models_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct model_row *m = data;

	(void)p;
	out->model = m->model;
	out->source = m->source;
	out->service = m->service ? m->service->name : NULL;
	out->copy = m->model;
}

/* --- acting --- */

static unsigned act_roll_back(struct console *c, struct pane *p, const struct action *a)
{
	const struct row *row = pane_selected(p);
	const struct model_row *m = row ? row->data : NULL;

	(void)a;
	if (m && m->service)
		runbook_open_for(c, m->service->name, record_def(REC_POINTER)->name);
	return ACT_REDRAW;
}

/* A runbook takes its model from a service: what no service is configured with has none. */
static unsigned can_roll_back(struct console *c, struct pane *p, const struct action *a)
{
	const struct row *row = pane_selected(p);

	(void)c, (void)a;
	return row && ((const struct model_row *)row->data)->service ? ACT_HANDLED
								     : ACT_IGNORED;
}

/* Opens a run, whose steps are asked for one by one. */
#define BOOK_ACT (ACTION_MUTATES | ACTION_MENU | ACTION_ROW | ACTION_ASKS)

/* clang-format off */
static const struct action models_actions[] = {
	{.name = "roll-back", .letter = 'b', .flags = BOOK_ACT,
		.title = N_("roll back"),
		.help = N_("open the runbook that moves this alias to another version"),
		.run = act_roll_back, .possible = can_roll_back},
	{0},
};
/* clang-format on */

const struct pane_ops pane_models = {
	.name = "models",
	.title = N_("Models"),
	.help = N_("what each alias points at, and what serves it"),
	.key = '4',
	.touches = 1u << TOUCH_RECORD | 1u << TOUCH_SOURCE | 1u << TOUCH_CHANGE,
	.empty = N_("no registry has been read, or it holds no alias"),
	.columns = models_columns,
	.actions = models_actions,
	.query = models_query,
	.summary = models_summary,
	.detail = models_detail,
	.subject = models_subject,
};
