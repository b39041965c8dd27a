#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "store/sessions.h"
#include "tui/console.h"
#include "tui/panes/panes.h"

#define SESSIONS_MAX 500

/* --- query --- */

static int sessions_query(struct pane *p, struct rows *out, struct err *e)
{
	struct console *c = pane_console(p);
	struct session_list list = {0};
	const struct session_query q = {
		.to = console_now(c), .limit = SESSIONS_MAX, .after = {.at = AT_NOW}};

	if (!console_store(c))
		return 0;
	if (session_list(&list, out->arena, console_store(c), &q, e))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		rows_add(out, &list.items[i], "%s/%s", list.items[i].source,
			list.items[i].id);
	out->more = list.more;
	return 0;
}

static void sessions_summary(struct pane *p, struct strbuf *out)
{
	const struct rows *rows = pane_rows(p);
	size_t failed = 0;
	double cost = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct session *s = rows->items[i].data;

		failed += s->errors != NONE_INT && s->errors > 0;
		cost += isnan(s->cost_usd) ? 0 : s->cost_usd;
	}
	strbuf_addf(out, ngettext("%zu session", "%zu sessions", rows->n), rows->n);
	strbuf_addf(out, _(", %zu with errors, %.2f USD"), failed, cost);
}

/* --- columns --- */

static void cell_state(struct value *out, struct pane *p, const void *data)
{
	const struct session *s = data;

	if (s->errors == NONE_INT)
		/* TRANSLATORS: a session that has not ended */
		value_severity(out, p, SEV_NO_DATA, _("open"));
	else if (s->errors > 0)
		value_severity(out, p, SEV_TICKET, _("error"));
	else
		value_severity(out, p, SEV_OK, _("ok"));
}

static void cell_agent(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct session *)data)->agent);
	out->role = ROLE_STRONG;
}

static void cell_started(struct value *out, struct pane *p, const void *data)
{
	value_time(out, p, ((const struct session *)data)->started);
}

static void cell_age(struct value *out, struct pane *p, const void *data)
{
	value_since(out, p, ((const struct session *)data)->started);
}

static int64_t length(const struct session *s)
{
	return s->started == NONE_INT || s->ended == NONE_INT ? NONE_INT
							      : s->ended - s->started;
}

static void cell_took(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	duration_short(&out->text, length(data));
}

static void put_count(struct value *out, int64_t n)
{
	if (n == NONE_INT)
		value_text(out, NULL);
	else
		strbuf_addf(&out->text, "%lld", (long long)n);
}

static void cell_errors(struct value *out, struct pane *p, const void *data)
{
	const struct session *s = data;

	(void)p;
	put_count(out, s->errors);
	if (s->errors > 0)
		out->role = ROLE_TICKET;
}

static void cell_spans(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	put_count(out, ((const struct session *)data)->spans);
}

static int64_t tokens(const struct session *s)
{
	if (s->input_tokens == NONE_INT && s->output_tokens == NONE_INT)
		return NONE_INT;
	return (s->input_tokens == NONE_INT ? 0 : s->input_tokens) +
		(s->output_tokens == NONE_INT ? 0 : s->output_tokens);
}

static void cell_tokens(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	put_count(out, tokens(data));
}

static void cell_cost(struct value *out, struct pane *p, const void *data)
{
	const struct session *s = data;

	(void)p;
	if (isnan(s->cost_usd))
		value_text(out, NULL);
	else
		strbuf_addf(&out->text, "%.4f", s->cost_usd);
}

static void cell_user(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct session *)data)->user);
}

static void cell_id(struct value *out, struct pane *p, const void *data)
{
	(void)p;
	value_text(out, ((const struct session *)data)->id);
	out->role = ROLE_DIM;
}

#define COMPARE(name, expression)                     \
	static int name(const void *a, const void *b) \
	{                                             \
		const struct session *s = a;          \
		double x = (double)(expression), y;   \
		s = b;                                \
		y = (double)(expression);             \
		return (x > y) - (x < y);             \
	}

COMPARE(by_errors, s->errors)
COMPARE(by_started, s->started)
COMPARE(by_length, length(s))
COMPARE(by_tokens, tokens(s))
COMPARE(by_cost, isnan(s->cost_usd) ? -1 : s->cost_usd)
COMPARE(by_spans, s->spans)

/* clang-format off */
static const struct column sessions_columns[] = {
	{.name = "state", .title = N_("State"), .min = 7, .max = 9, .align = 'l', .priority = 1,
		.cell = cell_state, .compare = by_errors, .downwards = true},
	{.name = "agent", .title = N_("Agent"), .min = 12, .max = 32, .align = 'l', .priority = 1,
		.cell = cell_agent},
	{.name = "started", .title = N_("Started"), .min = 8, .max = 12, .align = 'r', .priority = 3,
		.cell = cell_started, .compare = by_started, .downwards = true},
	{.name = "ago", .title = N_("Ago"), .min = 4, .align = 'r', .priority = 1,
		.cell = cell_age, .compare = by_started, .downwards = true},
	{.name = "took", .title = N_("Took"), .min = 5, .align = 'r', .priority = 2,
		.cell = cell_took, .compare = by_length, .downwards = true},
	{.name = "spans", .title = N_("Steps"), .min = 5, .align = 'r', .priority = 3,
		.cell = cell_spans, .compare = by_spans, .downwards = true},
	{.name = "errors", .title = N_("Errors"), .min = 6, .align = 'r', .priority = 2,
		.cell = cell_errors, .compare = by_errors, .downwards = true},
	{.name = "tokens", .title = N_("Tokens"), .min = 6, .align = 'r', .priority = 3,
		.cell = cell_tokens, .compare = by_tokens, .downwards = true},
	{.name = "cost", .title = N_("USD"), .min = 7, .align = 'r', .priority = 2,
		.cell = cell_cost, .compare = by_cost, .downwards = true},
	{.name = "user", .title = N_("User"), .min = 6, .max = 20, .align = 'l', .priority = 5,
		.cell = cell_user},
	{.name = "session", .title = N_("Session"), .min = 8, .max = 40, .grow = 1, .align = 'l',
		.priority = 4, .cell = cell_id},
	{0},
};
/* clang-format on */

/* --- in, out --- */

static unsigned sessions_enter(struct pane *p, const void *data)
{
	const struct session *s = data;
	char *argument = mem_format("%s/%s", s->source, s->id);

	console_push(pane_console(p), &pane_replay, argument);
	free(argument);
	return ACT_REDRAW;
}

static void sessions_subject(struct pane *p, const void *data, struct subject *out)
{
	const struct session *s = data;

	(void)p;
	out->session = s->id;
	out->source = s->source;
	out->copy = s->id;
}

/* A session by its id, or by its beginning: straight into its replay. */
static int sessions_show(struct pane *p, const char *argument)
{
	struct console *c = pane_console(p);
	struct session found;
	struct err e = ERR_INIT;
	struct arena a;
	int result = -1;

	arena_init(&a);
	if (!console_store(c) ||
		session_find(&found, &a, console_store(c), argument, &e)) {
		if (e.code)
			console_fail(c, &e);
	} else {
		result = 0;
		sessions_enter(p, &found);
	}
	err_release(&e);
	arena_release(&a);
	return result;
}

const struct pane_ops pane_sessions = {
	.name = "sessions",
	.title = N_("Sessions"),
	.help = N_("agent sessions, newest first"),
	.key = '5',
	.touches = 1u << TOUCH_SESSION | 1u << TOUCH_SOURCE,
	.empty = N_("no agent session was read yet"),
	.columns = sessions_columns,
	.query = sessions_query,
	.summary = sessions_summary,
	.subject = sessions_subject,
	.enter = sessions_enter,
	.show = sessions_show,
};
