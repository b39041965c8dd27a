#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "runbook/card.h"
#include "store/source.h"
#include "tui/console.h"
#include "tui/panes/panes.h"

/* What was asked of the collector last. */
struct sources {
	int64_t want; /* 0: nothing */
	enum want_state state;
	int64_t asked;
	char source[64];
	char *error; /* owned, or NULL */
};

/* --- query --- */

static void look_at_want(struct pane *p, struct arena *a)
{
	struct sources *mine = pane_data(p);
	struct err ignored = ERR_INIT;
	struct want w;

	if (mine->want &&
		want_find(&w, a, console_store(pane_console(p)), mine->want, &ignored) ==
			0) {
		mine->state = w.state;
		free(mine->error);
		mine->error = mem_strdup(w.error);
	}
	err_release(&ignored);
}

static int sources_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct source_rows list = {0};

	if (!console_store(c))
		return 0;
	if (source_list(&list, out->arena, console_store(c), console_at(c), e))
		return -1;
	look_at_want(p, out->arena);
	for (size_t i = 0; i < list.n; i++)
		if (console_has_source(c, list.items[i].name))
			rows_add(out, &list.items[i], "%s", list.items[i].name);
	return 0;
}

static bool is_stale(struct pane *p, const struct source_row *s)
{
	return source_is_stale(s, console_now(pane_console(p)));
}

/* "asked mlflow <1m ago": until the answer is there, or why there is none. */
static void want_text(struct pane *p, struct strbuf *out)
{
	const struct sources *mine = pane_data(p);
	struct strbuf age = STRBUF_INIT;

	if (!mine->want || console_at(pane_console(p)) != AT_NOW)
		return;
	strbuf_adds(out, _("; "));
	console_age(pane_console(p), &age, mine->asked, false);
	if (mine->state == WANT_DONE)
		strbuf_addf(out, _("%s was read"), mine->source);
	else if (mine->state == WANT_FAILED)
		strbuf_addf(out, "%s: %s", mine->source,
			mine->error ? mine->error : _("could not be read"));
	else
		strbuf_addf(out, _("asked for %s, %s ago"), mine->source, age.buf);
	strbuf_release(&age);
}

static void sources_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t stale = 0, failing = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct source_row *s = rows->items[i].data;

		stale += is_stale(p, s);
		failing += s->failing_since != NONE_INT;
	}
	strbuf_addf(out, ngettext("%zu source", "%zu sources", rows->n), rows->n);
	strbuf_addf(out, _(", %zu stale, %zu failing"), stale, failing);
	want_text(p, out);
}

/* --- columns --- */

static enum severity severity_of_source(struct pane *p, const struct source_row *s)
{
	if (s->state == SRC_FAILING || s->state == SRC_AUTH)
		return SEV_TICKET;
	if (s->state == SRC_PARTIAL || s->state == SRC_NEVER || is_stale(p, s))
		return SEV_NO_DATA;
	return SEV_OK;
}

/* As source_state_name() has them, for people. */
static const char *const state_words[SRC_STATES] = {
	[SRC_NONE] = N_("unknown"),
	[SRC_NEVER] = N_("not yet"),
	[SRC_OK] = N_("ok"),
	[SRC_PARTIAL] = N_("partial"),
	[SRC_FAILING] = N_("failing"),
	[SRC_AUTH] = N_("refused"),
};

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct source_row *s = data;

	value_severity(out, p, severity_of_source(p, s),
		s->state == SRC_OK && is_stale(p, s) ? _("silent")
						     : _(state_words[s->state]));
}

static void cell_name(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct source_row *)data)->name);
	out->role = ROLE_STRONG;
}

static void cell_type(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct source_row *)data)->type);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	const struct source_row *s = data;

	out->role =
		console_age(pane_console(p), &out->text, s->succeeded, is_stale(p, s));
}

static void cell_every(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	duration_short(&out->text, ((const struct source_row *)data)->every_ns);
}

static void cell_latency(struct value *out, struct pane *p, const void *data)
{
	int64_t latency = ((const struct source_row *)data)->latency_ns;

	(void)p;
	if (latency == NONE_INT)
		value_text(out, NULL);
	else
		strbuf_addf(&out->text, _("%lld ms"), (long long)(latency / NS_PER_MS));
}

static void count_text(struct strbuf *out, int64_t n)
{
	if (n == NONE_INT)
		strbuf_addc(out, '-');
	else if (n < 10000)
		strbuf_addf(out, "%lld", (long long)n);
	else if (n < 10000000)
		strbuf_addf(out, "%.1fk", (double)n / 1e3);
	else
		strbuf_addf(out, "%.1fM", (double)n / 1e6);
}

static void cell_records(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	count_text(&out->text, ((const struct source_row *)data)->records);
}

static void cell_bytes(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	count_text(&out->text, ((const struct source_row *)data)->bytes);
}

static void cell_failures(struct value *out, struct pane *p, const void *data)
{
	const struct source_row *s = data;

	(void)p;
	count_text(&out->text, s->failures);
	strbuf_addc(&out->text, '/');
	count_text(&out->text, s->polls);
	out->role = ROLE_DIM;
}

static void cell_error(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	strbuf_adds(&out->text, ((const struct source_row *)data)->error);
	out->role = ROLE_ERROR;
}

static int compare_age(const void *a, const void *b)
{
	const struct source_row *x = a, *y = b;

	return (x->succeeded > y->succeeded) - (x->succeeded < y->succeeded);
}

static int compare_latency(const void *a, const void *b)
{
	const struct source_row *x = a, *y = b;

	return (x->latency_ns > y->latency_ns) - (x->latency_ns < y->latency_ns);
}

/* clang-format off */
static const struct column sources_columns[] = {
	{.name = "state", .title = N_("State"), .min = 6, .max = 10, .align = 'l', .priority = 1,
		.cell = cell_state},
	{.name = "source", .title = N_("Source"), .min = 8, .max = 24, .align = 'l', .priority = 1,
		.cell = cell_name},
	{.name = "type", .title = N_("Type"), .min = 6, .max = 14, .align = 'l', .priority = 3,
		.cell = cell_type},
	{.name = "age", .title = N_("Age"), .min = 4, .max = 11, .align = 'r', .priority = 2,
		.cell = cell_age, .compare = compare_age},
	{.name = "every", .title = N_("Every"), .min = 5, .align = 'r', .priority = 5,
		.cell = cell_every},
	{.name = "latency", .title = N_("Latency"), .min = 7, .align = 'r', .priority = 4,
		.cell = cell_latency, .compare = compare_latency, .downwards = true},
	{.name = "records", .title = N_("Records"), .min = 7, .align = 'r', .priority = 6,
		.cell = cell_records},
	{.name = "bytes", .title = N_("Bytes"), .min = 6, .align = 'r', .priority = 8,
		.cell = cell_bytes},
	{.name = "failures", .title = N_("Failed"), .min = 6, .max = 12, .align = 'r',
		.priority = 7, .cell = cell_failures},
	{.name = "error", .title = N_("Error"), .min = 12, .max = 80, .grow = 1, .align = 'l',
		.priority = 3, .cell = cell_error},
	{0},
};
/* clang-format on */

/* --- detail --- */

static void add_times(struct pane *p, const struct source_row *s, struct doc *out)
{
	struct console *c = pane_console(p);
	struct strbuf text = STRBUF_INIT;
	enum role role = console_age(c, &text, s->succeeded, is_stale(p, s));

	doc_field(out, _("last answer"), role, text.buf);
	strbuf_reset(&text);
	duration_human(&text, s->every_ns);
	doc_fieldf(out, _("read every"), ROLE_TEXT, "%s", text.buf);
	if (s->failing_since != NONE_INT) {
		strbuf_reset(&text);
		console_moment(c, &text, s->failing_since);
		doc_field(out, _("failing since"), ROLE_ERROR, text.buf);
	}
	if (s->next_poll != NONE_INT && console_at(c) == AT_NOW) {
		strbuf_reset(&text);
		console_time(c, &text, s->next_poll);
		doc_field(out, _("next reading"), ROLE_TEXT, text.buf);
	}
	strbuf_release(&text);
}

/* How far the connector can be trusted, and what it is for. */
static void add_verified(struct pane *p, const struct card *card, struct doc *out)
{
	struct strbuf age = STRBUF_INIT;

	if (card->tried == NONE_INT) {
		doc_field(out, _("checked"), ROLE_NO_DATA,
			_("by its documents alone, never against a real one"));
		return;
	}
	duration_short(&age, console_now(pane_console(p)) - card->tried);
	doc_fieldf(out, _("checked"), card->aged ? ROLE_NO_DATA : ROLE_TEXT,
		card->aged ? _("against version %s, %s ago: too long to rely on")
			   : _("against version %s, %s ago"),
		card->version ? card->version : "?", age.buf);
	if (card->by)
		doc_field(out, _("by"), ROLE_DIM, card->by);
	strbuf_release(&age);
}

static void add_card(struct pane *p, const struct source_row *s, struct doc *out)
{
	struct console *c = pane_console(p);
	struct err ignored = ERR_INIT;
	struct card card;
	struct arena a;

	arena_init(&a);
	if (console_config(c) &&
		!card_load(&card, &a, console_config(c), s->type, console_now(c),
			&ignored)) {
		doc_heading(out, _("Its connector"));
		if (card.speaks)
			doc_field(out, _("speaks"), ROLE_TEXT, card.speaks);
		add_verified(p, &card, out);
		doc_columns_begin(out, "lll");
		for (size_t i = 0; i < card.n_reads; i++) {
			doc_cell(out, ROLE_LABEL, i ? "" : _("reads"));
			doc_cell(out, ROLE_TEXT,
				_(record_def(card.reads[i].emits)->title));
			doc_cell(out, ROLE_DIM, card.reads[i].name);
		}
		for (size_t i = 0; i < card.n_actions; i++) {
			const struct card_action *act = &card.actions[i];

			doc_cell(out, ROLE_LABEL, i ? "" : _("can do"));
			doc_cell(out, ROLE_TEXT, act->title ? act->title : act->name);
			doc_cell(out, ROLE_DIM,
				act->undoable ? _("can be undone")
					      : _("no undo of its own"));
		}
		doc_columns_end(out);
	}
	err_release(&ignored);
	arena_release(&a);
}

static void sources_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct source_row *s = data;
	enum severity severity = severity_of_source(p, s);
	struct strbuf n = STRBUF_INIT;

	doc_title(out, severity_role(severity), "%c %s  %s",
		console_theme(pane_console(p))->marks[severity], _(state_words[s->state]),
		s->name);
	if (s->error && s->state == SRC_PARTIAL)
		doc_textf(out, ROLE_NO_DATA,
			_("Not all was read, and nothing is taken for gone: %s"),
			s->error);
	else if (s->error)
		doc_text(out, ROLE_ERROR, s->error);
	if (s->error && s->hint)
		doc_textf(out, ROLE_TEXT, _("What to do: %s"), s->hint);
	doc_blank(out);
	doc_field(out, _("type"), ROLE_TEXT, s->type);
	doc_field(out, _("address"), ROLE_TEXT, s->url);
	doc_field(out, _("says it is"), ROLE_TEXT, s->version);
	add_times(p, s, out);
	if (s->latency_ns != NONE_INT)
		doc_fieldf(out, _("latency"), ROLE_TEXT, _("%lld ms"),
			(long long)(s->latency_ns / NS_PER_MS));
	count_text(&n, s->records);
	doc_field(out, _("records"), ROLE_TEXT, n.buf);
	strbuf_reset(&n);
	count_text(&n, s->bytes);
	doc_field(out, _("bytes"), ROLE_TEXT, n.buf);
	doc_fieldf(out, _("failed"), s->failures ? ROLE_STRONG : ROLE_TEXT,
		_("%lld of %lld readings"), (long long)s->failures, (long long)s->polls);
	if (s->holder_pid != NONE_INT && s->holder_pid > 0)
		doc_fieldf(out, _("read by"), ROLE_TEXT, _("process %lld of %s"),
			(long long)s->holder_pid, s->holder_user ? s->holder_user : "?");
	add_card(p, s, out);
	strbuf_release(&n);
}

static void sources_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct source_row *s = data;

	(void)p;
	out->source = s->name;
	out->url = s->url;
	out->copy = s->url;
}

/* --- actions --- */

static unsigned act_refresh(struct console *c, struct pane *p, const struct action *a)
{
	struct sources *mine = pane_data(p);
	int64_t id;

	(void)a;
	if (console_want(c, pane_selected_id(p), "refresh", NULL, &id) == 0) {
		mine->want = id;
		mine->state = WANT_ASKED;
		mine->asked = console_now(c);
		snprintf(mine->source, sizeof(mine->source), "%s", pane_selected_id(p));
	}
	return ACT_REDRAW;
}

static unsigned can_refresh(struct console *c, struct pane *p, const struct action *a)
{
	(void)p, (void)a;
	return console_at(c) == AT_NOW ? ACT_HANDLED : ACT_IGNORED;
}

static const struct action sources_actions[] = {
	{
		.name = "refresh-source",
		.keys = "r",
		.flags = ACTION_ROW | ACTION_BAR,
		.title = N_("read now"),
		.help = N_("ask the collector to read this source now"),
		.run = act_refresh,
		.possible = can_refresh,
	},
	{0},
};

static bool sources_stale(struct pane *p, const void *data)
{
	return is_stale(p, data);
}

static void sources_close(struct pane *p)
{
	free(((struct sources *)pane_data(p))->error);
}

const struct pane_ops pane_sources = {
	.name = "sources",
	.title = N_("Sources"),
	.help = N_("the backends that are read, and how they answer"),
	.touches = 1u << TOUCH_SOURCE | 1u << TOUCH_WANT,
	.empty = N_("no source is configured: tocsin init writes a first configuration"),
	.columns = sources_columns,
	.actions = sources_actions,
	.size = sizeof(struct sources),
	.close = sources_close,
	.query = sources_query,
	.summary = sources_summary,
	.stale = sources_stale,
	.detail = sources_detail,
	.subject = sources_subject,
};
