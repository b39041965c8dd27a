#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "model/pipeline.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/panes/panes.h"
#include "tui/panes/runbooks_page.h"
#include "tui/runbook_open.h"
#include "tui/situation.h"
#include "tui/suspect.h"

#define RUNS_MAX 50
#define OLD_RUN_NS NS_PER_DAY
#define CHANGES_NS NS_PER_HOUR /* a change is news for so long */
#define CHANGES_MAX 50
#define DRIFTS_MAX 2000
#define TEXTS_MAX 16

/*
 * Live runs first, then what fits what is burning, firing or changed now, then the library, then
 * runs that ended in the last day.
 */

struct runbooks_pane {
	struct library *library; /* owned; NULL: could not be read */
	struct arena arena; /* of the subject */
	struct subject
		subject; /* what R was pressed on; all NULL: nothing in particular */
};

/* --- what is the matter, by service --- */

struct trouble {
	const char *service;
	const char *text; /* what burns, fires or changed, in words */
	enum severity severity;
	const char *alerts[TEXTS_MAX], *changes[TEXTS_MAX];
	size_t n_alerts, n_changes;
	const char *url;
};

struct troubles {
	struct trouble *items;
	size_t n, cap;
	struct arena *a;
	const char *only; /* service; NULL: all */
};

static struct trouble *trouble_of(struct troubles *t, const char *service)
{
	struct trouble *one;

	if (!service || (t->only && strcmp(t->only, service)))
		return NULL;
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->items[i].service, service))
			return &t->items[i];
	one = arena_push(t->a, t->items, t->n, t->cap);
	*one = (struct trouble){.service = service};
	return one;
}

static void worsen(struct trouble *one, enum severity s, const char *text)
{
	if (!one->text || s > one->severity)
		one->text = text;
	if (s > one->severity)
		one->severity = s;
}

static void add_once(const char **to, size_t *n, const char *text)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(to[i], text))
			return;
	if (*n < TEXTS_MAX)
		to[(*n)++] = text;
}

static void add_burns(struct troubles *t, const struct situation *s)
{
	for (size_t i = 0; i < s->n_slos; i++) {
		const struct slo_row *row = s->slos[i];
		struct strbuf burn = STRBUF_INIT;
		struct trouble *one;

		if (row->state.severity < SEV_TICKET ||
			!(one = trouble_of(t, row->slo.service)))
			continue;
		add_once(one->changes, &one->n_changes, "slo");
		burn_text(&burn, slo_burn_now(&row->state));
		worsen(one, row->state.severity,
			arena_format(t->a, _("%s burns %s"), row->slo.name, burn.buf));
		strbuf_release(&burn);
	}
}

static void add_alerts(struct troubles *t, const struct situation *s)
{
	for (size_t i = 0; i < s->n_alerts; i++) {
		const struct alert *alert = s->alerts[i].alert;
		struct trouble *one;

		if (s->alerts[i].severity == SEV_NONE || !alert->name ||
			!(one = trouble_of(t, alert->service)))
			continue;
		add_once(one->alerts, &one->n_alerts, alert->name);
		worsen(one, s->alerts[i].severity,
			arena_format(t->a, _("%s fires"), alert->name));
		if (!one->url)
			one->url = alert->runbook_url;
	}
}

/* Drift pages nobody: it is context, and its runbooks stand behind those of what burns. */
static int add_drifts(struct troubles *t, struct console *c, struct err *e)
{
	const char *kind = record_def(REC_DRIFT_REPORT)->name;
	struct observed_list list = {0};

	if (observed_at(&list, t->a, console_store(c), REC_DRIFT_REPORT, NULL, NULL,
		    console_at(c), DRIFTS_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct drift_report *r = list.items[i].record;
		struct trouble *one = r->drifted == 1 ? trouble_of(t, r->service) : NULL;

		if (!one)
			continue;
		add_once(one->changes, &one->n_changes, kind);
		worsen(one, SEV_NONE, arena_format(t->a, _("%s drifts"), r->dataset));
	}
	return 0;
}

static bool begins(const char *text, const char *prefix)
{
	return text && prefix && !strncmp(text, prefix, strlen(prefix));
}

/* Whose change it is: the model's or the serving's that the service is configured with. */
static const char *service_of(const struct config *config, const struct change *ch)
{
	for (size_t i = 0; i < config->n_services; i++) {
		const struct service_conf *s = &config->services[i];
		const char *source =
			ch->kind == REC_SERVING ? s->serving.source : s->model.source;
		const char *name =
			ch->kind == REC_SERVING ? s->serving.name : s->model.name;

		if (source && !strcmp(source, ch->source) && begins(ch->object, name))
			return s->name;
	}
	return NULL;
}

static int add_changes(struct troubles *t, struct console *c, struct err *e)
{
	const struct change_query q = {
		.from = console_now(c) - CHANGES_NS,
		.to = AT_NOW,
		.seen_until = console_at(c),
		.kinds = KIND_BIT(REC_POINTER) | KIND_BIT(REC_SERVING),
		.limit = CHANGES_MAX,
	};
	struct change_list list = {0};

	if (change_list(&list, t->a, console_store(c), &q, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct change *ch = &list.items[i];
		struct trouble *one = trouble_of(t, service_of(console_config(c), ch));
		struct strbuf text = STRBUF_INIT;

		if (!one)
			continue;
		add_once(one->changes, &one->n_changes, record_def(ch->kind)->name);
		change_text(&text, ch);
		worsen(one, SEV_NONE, arena_strdup(t->a, text.buf));
		strbuf_release(&text);
	}
	return 0;
}

/* What R was pressed on is the matter, whether or not anything is wrong with it. */
static void add_subject(struct troubles *t, const struct subject *s)
{
	struct trouble *one = trouble_of(t, s->service ? s->service : "");

	if (!one)
		return;
	if (s->alert)
		add_once(one->alerts, &one->n_alerts, s->alert);
	if (s->url)
		one->url = s->url;
	if (s->model)
		add_once(one->changes, &one->n_changes, record_def(REC_POINTER)->name);
}

static int by_severity(const void *a, const void *b)
{
	const struct trouble *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	return strcmp(x->service, y->service);
}

static int find_troubles(struct troubles *t, struct pane *p, struct err *e)
{
	struct runbooks_pane *b = pane_data(p);
	struct situation *s = arena_alloc(t->a, 1, sizeof(*s));

	t->only = b->subject.service;
	if (situation_load(s, t->a, pane_console(p), e))
		return -1;
	if (b->subject.service || b->subject.alert || b->subject.model)
		add_subject(t, &b->subject);
	add_burns(t, s);
	add_alerts(t, s);
	if (add_drifts(t, pane_console(p), e) || add_changes(t, pane_console(p), e))
		return -1;
	if (t->n)
		qsort(t->items, t->n, sizeof(*t->items), by_severity);
	return 0;
}

/* --- rows --- */

static void add_row(struct rows *out, const struct book_row *row, const char *what,
	const char *service)
{
	struct book_row *copy = arena_alloc(out->arena, 1, sizeof(*copy));

	*copy = *row;
	if (service && *service)
		rows_add(out, copy, "%s for %s", what, service);
	else
		rows_add(out, copy, "%s", what);
}

/* Steps that are done or need not be done, of those that have a row. */
static void count_steps(struct book_row *row, struct store *st, struct arena *a)
{
	struct step_list steps = {0};
	struct err ignored = ERR_INIT;

	if (!step_list(&steps, a, st, row->run->id, &ignored))
		for (size_t i = 0; i < steps.n; i++)
			row->done += steps.items[i].state == STEP_OK ||
				steps.items[i].state == STEP_SKIPPED;
	err_release(&ignored);
}

static int add_runs(
	struct rows *out, struct console *c, const struct run_list *runs, bool live)
{
	for (size_t i = 0; i < runs->n; i++) {
		const struct run_row *run = &runs->items[i];
		struct book_row row = {
			.kind = live ? BOOK_RUN : BOOK_OLD_RUN, .run = run};

		if ((run->ended == NONE_INT) != live ||
			(!live && run->ended < console_now(c) - OLD_RUN_NS))
			continue;
		row.service = run->service;
		if (live)
			count_steps(&row, console_store(c), out->arena);
		add_row(out, &row, run->id, NULL);
	}
	return 0;
}

/* In a runbook's list of alerts or under a service's: one that fires is handed to the run. */
static const char *alert_of(const struct trouble *t, const struct library_entry *entry)
{
	for (size_t i = 0; i < t->n_alerts; i++)
		for (size_t k = 0; k < entry->alerts.n; k++)
			if (!strcmp(t->alerts[i], entry->alerts.items[k]))
				return t->alerts[i];
	return t->n_alerts ? t->alerts[0] : NULL;
}

static void add_suggested(struct rows *out, struct pane *p, const struct trouble *t)
{
	struct runbooks_pane *b = pane_data(p);
	const struct library_query q = {
		.service = *t->service ? t->service : NULL,
		.alerts = t->alerts,
		.n_alerts = t->n_alerts,
		.runbook_url = t->url,
		.changes = t->changes,
		.n_changes = t->n_changes,
	};
	struct library_match *matches = NULL;
	size_t n = library_matching(
		&matches, out->arena, b->library, console_config(pane_console(p)), &q);

	for (size_t i = 0; i < n; i++) {
		struct book_row row = {
			.kind = BOOK_SUGGESTED,
			.entry = matches[i].entry,
			.service = q.service,
			.alert = alert_of(t, matches[i].entry),
			.severity = t->severity,
			.reason = t->text ? arena_format(out->arena, _("%s; %s"), t->text,
						    matches[i].reason)
					  : matches[i].reason,
		};

		add_row(out, &row, row.entry->name, row.service);
	}
}

static int runbooks_query(struct pane *p, struct rows *out, struct err *e)
{
	struct runbooks_pane *b = pane_data(p);
	struct console *c = pane_console(p);
	struct troubles t = {.a = out->arena};
	struct run_list runs = {0};

	if (console_store(c) &&
		(run_list(&runs, out->arena, console_store(c), false, console_at(c),
			 RUNS_MAX, e) ||
			find_troubles(&t, p, e)))
		return -1;
	add_runs(out, c, &runs, true);
	for (size_t i = 0; b->library && i < t.n; i++)
		add_suggested(out, p, &t.items[i]);
	for (size_t i = 0; b->library && i < library_count(b->library); i++) {
		const struct book_row row = {
			.kind = BOOK_ENTRY, .entry = library_at(b->library, i)};

		add_row(out, &row, row.entry->name, NULL);
	}
	add_runs(out, c, &runs, false);
	return 0;
}

static void runbooks_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	struct runbooks_pane *b = pane_data(p);
	size_t n[BOOK_OLD_RUN + 1] = {0};

	for (size_t i = 0; i < rows->n; i++)
		n[((const struct book_row *)rows->items[i].data)->kind]++;
	strbuf_addf(out, ngettext("%zu runbook", "%zu runbooks", n[BOOK_ENTRY]),
		n[BOOK_ENTRY]);
	if (n[BOOK_RUN])
		strbuf_addf(out,
			ngettext(", %zu run under way", ", %zu runs under way",
				n[BOOK_RUN]),
			n[BOOK_RUN]);
	if (b->subject.service)
		strbuf_addf(out, _(", for %s"), b->subject.service);
	else if (b->subject.alert)
		strbuf_addf(out, _(", for %s"), b->subject.alert);
}

/* --- columns --- */

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct book_row *row = data;

	if (row->kind == BOOK_RUN) {
		strbuf_adds(&out->text, _("> under way"));
		out->role = ROLE_STRONG;
	} else if (row->kind == BOOK_SUGGESTED) {
		value_severity(out, p, row->severity, _("fits now"));
	} else if (row->kind == BOOK_OLD_RUN) {
		value_text(out, value_word(row->run->state));
		out->role = ROLE_DIM;
	} else if (row->entry->error || row->entry->problems) {
		strbuf_adds(&out->text, _("problems"));
		out->role = ROLE_TICKET;
	}
}

static void cell_name(struct value *out, struct pane *p, const void *data)
{
	const struct book_row *row = data;

	(void)p;
	value_text(out, row->entry ? row->entry->name : row->run->runbook);
	out->role = row->kind == BOOK_OLD_RUN ? ROLE_DIM : ROLE_STRONG;
}

static void cell_service(struct value *out, struct pane *p, const void *data)
{
	const struct book_row *row = data;

	(void)p;
	if (row->service)
		value_text(out, row->service);
}

static void cell_steps(struct value *out, struct pane *p, const void *data)
{
	const struct book_row *row = data;

	(void)p;
	if (row->entry)
		strbuf_addf(&out->text, "%zu", row->entry->steps);
	else if (row->kind == BOOK_RUN)
		strbuf_addf(&out->text, _("%zu done"), row->done);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	const struct book_row *row = data;

	if (row->run)
		value_since(out, p,
			row->run->ended != NONE_INT ? row->run->ended
						    : row->run->started);
}

static void cell_about(struct value *out, struct pane *p, const void *data)
{
	const struct book_row *row = data;

	(void)p;
	if (row->run)
		strbuf_addf(&out->text, _("%s, by %s"),
			row->run->title ? row->run->title : "",
			row->run->user ? row->run->user : "?");
	else
		value_text(out,
			row->entry->error     ? row->entry->error
				: row->reason ? row->reason
					      : row->entry->title);
	if (row->kind != BOOK_SUGGESTED)
		out->role = ROLE_DIM;
}

/* clang-format off */
static const struct column runbooks_columns[] = {
	{.name = "state", .title = N_("State"), .min = 10, .max = 12, .align = 'l', .priority = 1,
		.cell = cell_state},
	{.name = "runbook", .title = N_("Runbook"), .min = 14, .max = 32, .align = 'l',
		.priority = 1, .cell = cell_name},
	{.name = "service", .title = N_("Service"), .min = 8, .max = 24, .align = 'l',
		.priority = 2, .cell = cell_service},
	{.name = "steps", .title = N_("Steps"), .min = 5, .max = 8, .align = 'r', .priority = 6,
		.cell = cell_steps},
	{.name = "age", .title = N_("Age"), .min = 4, .align = 'r', .priority = 5,
		.cell = cell_age},
	{.name = "about", .title = N_("Why, or what"), .min = 16, .max = 120, .grow = 1,
		.align = 'l', .priority = 2, .cell = cell_about},
	{0},
};
/* clang-format on */

/* --- acting --- */

static unsigned open_row(struct pane *p, bool dry_run)
{
	const struct row *selected = pane_selected(p);
	const struct book_row *row = selected ? selected->data : NULL;
	struct runbooks_pane *b = pane_data(p);
	struct console *c = pane_console(p);

	if (!row)
		return ACT_HANDLED;
	if (row->run)
		console_go(c, "run", row->run->id);
	else if (row->entry->error)
		pane_open_detail(p);
	else
		runbook_open(c, row->entry->file,
			row->service ? row->service : b->subject.service,
			row->alert ? row->alert : b->subject.alert, dry_run);
	return ACT_REDRAW;
}

static unsigned runbooks_enter(struct pane *p, const void *data)
{
	const struct book_row *row = data;

	if (!row->run && console_read_only(pane_console(p))) {
		pane_open_detail(p);
		return ACT_REDRAW;
	}
	return open_row(p, false);
}

static unsigned act_open(struct console *c, struct pane *p, const struct action *a)
{
	(void)c;
	return open_row(p, !strcmp(a->name, "dry-run"));
}

static unsigned act_view(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	pane_open_detail(p);
	return ACT_REDRAW;
}

static void read_library(struct pane *p)
{
	struct runbooks_pane *b = pane_data(p);
	struct err e = ERR_INIT;

	library_free(b->library);
	b->library = NULL;
	if (library_load(&b->library, console_config(pane_console(p)), &e))
		console_fail(pane_console(p), &e);
	err_release(&e);
}

static unsigned act_read_again(struct console *c, struct pane *p, const struct action *a)
{
	(void)c, (void)a;
	read_library(p);
	return ACT_RELOAD;
}

/* Opens a run, whose steps are asked for one by one. */
#define BOOK_ACT (ACTION_MUTATES | ACTION_MENU | ACTION_ROW | ACTION_ASKS)

/* clang-format off */
static const struct action runbooks_actions[] = {
	{.name = "view-runbook", .keys = "v", .where = SCOPE_LIST, .flags = ACTION_ROW | ACTION_BAR,
		.title = N_("view"), .help = N_("what the runbook says: steps, risks, variables"),
		.run = act_view},
	{.name = "open-run", .letter = 'o', .flags = BOOK_ACT,
		.title = N_("open a run"),
		.help = N_("walk this runbook; nothing runs before you confirm a step"),
		.run = act_open},
	{.name = "dry-run", .letter = 'd', .flags = BOOK_ACT,
		.title = N_("dry run"),
		.help = N_("walk it: what reads and waits runs, the rest is shown"),
		.run = act_open},
	{.name = "read-runbooks", .keys = "r", .where = SCOPE_LIST, .title = N_("read again"),
		.help = N_("read the runbooks from disk again"), .run = act_read_again},
	{0},
};
/* clang-format on */

/* --- the pane --- */

static void runbooks_open(struct pane *p, const char *argument)
{
	struct runbooks_pane *b = pane_data(p);

	(void)argument;
	arena_init(&b->arena);
	read_library(p);
}

static void runbooks_close(struct pane *p)
{
	struct runbooks_pane *b = pane_data(p);

	library_free(b->library);
	arena_release(&b->arena);
}

/* "NAME": that runbook's page; "key value" lines: what R was pressed on. */
static int runbooks_show(struct pane *p, const char *argument)
{
	struct runbooks_pane *b = pane_data(p);

	if (!strchr(argument, '\n')) {
		if (pane_select(p, argument)) {
			pane_open_detail(p);
			return 0;
		}
		console_note(pane_console(p), ROLE_ERROR, _("there is no runbook '%s'"),
			argument);
		return -1;
	}
	subject_parse(&b->subject, argument, &b->arena);
	console_reload(pane_console(p), p);
	return 0;
}

static void runbooks_detail(struct pane *p, const void *data, struct doc *out)
{
	runbooks_page(p, data, out);
}

static void runbooks_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct book_row *row = data;

	(void)p;
	out->service = row->service;
	out->alert = row->alert;
	out->copy = row->entry ? row->entry->name : row->run->id;
}

const struct pane_ops pane_runbooks = {
	.name = "runbooks",
	.title = N_("Runbooks"),
	.help = N_("what to do: runbooks that fit, all of them, and runs"),
	.key = '8',
	.touches = 1u << TOUCH_RUN | 1u << TOUCH_SLO | 1u << TOUCH_ALERT |
		1u << TOUCH_CHANGE | 1u << TOUCH_RECORD,
	.empty = N_("there is no runbook; 'runbooks:' in the configuration says where "
		    "yours are"),
	.columns = runbooks_columns,
	.actions = runbooks_actions,
	.size = sizeof(struct runbooks_pane),
	.open = runbooks_open,
	.close = runbooks_close,
	.query = runbooks_query,
	.summary = runbooks_summary,
	.detail = runbooks_detail,
	.enter = runbooks_enter,
	.show = runbooks_show,
	.subject = runbooks_subject,
};
