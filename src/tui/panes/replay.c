#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/loop.h"
#include "store/sessions.h"
#include "store/source.h"
#include "trace/replay.h"
#include "trace/story.h"
#include "tui/console.h"
#include "tui/panes/panes.h"

/*
 * One agent session, step by step: the list of steps above, the step under the cursor below.  The
 * cursor of the list is the replay's: playing moves it, moving it scrubs.
 */

#define SPANS_MAX 20000
#define READ_MS 100 /* a session is read at once, when it is opened */

struct replay_pane {
	char *source, *id; /* owned */
	struct arena arena; /* of the session */
	struct session session;
	struct tree tree;
	struct replay replay;
	bool found, more, asked;
	size_t n; /* spans when the tree was built */
	unsigned timer; /* while playing */
	int64_t ticked; /* clock_mono of the last tick */
	struct arena whole_arena;
	struct span whole; /* the step under the cursor, with input and output */
	size_t whole_step; /* of it; SIZE_MAX: none */
};

struct step {
	size_t step; /* index into tree.order */
};

/* --- opening --- */

static void replay_open(struct pane *p, const char *argument)
{
	struct replay_pane *r = pane_data(p);
	const char *slash = argument ? strchr(argument, '/') : NULL;

	arena_init(&r->arena);
	arena_init(&r->whole_arena);
	r->whole_step = SIZE_MAX;
	if (!slash)
		return;
	r->source = mem_strndup(argument, (size_t)(slash - argument));
	r->id = mem_strdup(slash + 1);
}

static void replay_close(struct pane *p)
{
	struct replay_pane *r = pane_data(p);

	loop_cancel(console_loop(pane_console(p)), r->timer);
	arena_release(&r->arena);
	arena_release(&r->whole_arena);
	free(r->source);
	free(r->id);
}

/* Its messages may not have been read yet: the poll brings the outline, this the rest. */
static void ask_for_content(struct pane *p, struct replay_pane *r)
{
	struct console *c = pane_console(p);

	if (r->asked || !console_source(c, r->source) || console_at(c) != AT_NOW)
		return;
	r->asked = true;
	console_want(c, r->source, "session", r->id, NULL);
}

static int load(struct pane *p, struct replay_pane *r, struct err *e)
{
	struct store *st = console_store(pane_console(p));
	struct span_list spans = {0};
	size_t step = r->found ? r->replay.step : 0;
	double speed = r->found ? r->replay.speed : 1;
	bool playing = r->found && r->replay.playing;
	int result;

	arena_reset(&r->arena);
	r->found = false;
	r->whole_step = SIZE_MAX;
	store_read_limit(st, READ_MS);
	result = session_find(&r->session, &r->arena, st, r->id, e);
	if (!result)
		result = span_list(&spans, &r->arena, st, r->source, r->id, SPANS_MAX, e);
	store_read_limit(st, 5);
	if (result)
		return -1;
	tree_build(&r->tree, &r->arena, spans.items, spans.n, NULL);
	replay_init(&r->replay, &r->tree, NULL);
	replay_to(&r->replay, step);
	replay_speed(&r->replay, speed);
	replay_play(&r->replay, playing);
	r->more = spans.more;
	r->found = true;
	ask_for_content(p, r);
	return 0;
}

static int replay_query(struct pane *p, struct rows *out, struct err *e)
{
	struct replay_pane *r = pane_data(p);

	if (!r->id || !console_store(pane_console(p)))
		return 0;
	if (load(p, r, e))
		return -1;
	for (size_t i = 0; i < r->tree.n; i++) {
		struct step *s = arena_alloc(out->arena, 1, sizeof(*s));

		s->step = i;
		rows_add(out, s, "%zu", i);
	}
	out->more = r->more;
	return 0;
}

/* --- the step under the cursor --- */

static const struct node *node_at(const struct replay_pane *r, size_t step)
{
	return &r->tree.nodes[r->tree.order[step]];
}

/* Follow the list's cursor; read the step whole when it is another one. */
static const struct span *present(struct pane *p, struct replay_pane *r)
{
	const struct row *row = pane_selected(p);
	const struct span *brief;
	struct err ignored = ERR_INIT;

	if (!r->found || !row || !r->tree.n)
		return NULL;
	replay_to(&r->replay, ((const struct step *)row->data)->step);
	if (r->whole_step == r->replay.step)
		return &r->whole;
	brief = tree_span(&r->tree, replay_node(&r->replay));
	arena_reset(&r->whole_arena);
	if (span_find(&r->whole, &r->whole_arena, console_store(pane_console(p)),
		    r->source, brief->trace, brief->id, &ignored))
		r->whole = *brief;
	err_release(&ignored);
	r->whole_step = r->replay.step;
	return &r->whole;
}

static void select_step(struct pane *p, size_t step)
{
	char id[24];

	snprintf(id, sizeof(id), "%zu", step);
	pane_select(p, id);
}

/* --- playing --- */

static void play_on(void *ctx);

static void plan_tick(struct pane *p, struct replay_pane *r)
{
	int64_t due = replay_due(&r->replay);

	loop_cancel(console_loop(pane_console(p)), r->timer);
	r->timer = 0;
	if (due != INT64_MAX)
		r->timer = loop_after(console_loop(pane_console(p)), due, play_on, p);
}

static void play_on(void *ctx)
{
	struct pane *p = ctx;
	struct replay_pane *r = pane_data(p);
	int64_t now = clock_mono();

	r->timer = 0;
	if (replay_tick(&r->replay, now - r->ticked))
		select_step(p, r->replay.step);
	r->ticked = now;
	plan_tick(p, r);
	console_redraw(pane_console(p));
}

static unsigned act_play(struct console *c, struct pane *p, const struct action *a)
{
	struct replay_pane *r = pane_data(p);

	(void)c;
	(void)a;
	if (!present(p, r))
		return ACT_HANDLED;
	replay_play(&r->replay, !r->replay.playing);
	r->ticked = clock_mono();
	plan_tick(p, r);
	return ACT_REDRAW;
}

static unsigned change_speed(struct pane *p, double factor)
{
	struct replay_pane *r = pane_data(p);

	replay_speed(&r->replay, r->replay.speed * factor);
	plan_tick(p, r);
	return ACT_REDRAW;
}

static unsigned act_faster(struct console *c, struct pane *p, const struct action *a)
{
	(void)c;
	(void)a;
	return change_speed(p, 2);
}

static unsigned act_slower(struct console *c, struct pane *p, const struct action *a)
{
	(void)c;
	(void)a;
	return change_speed(p, 0.5);
}

/* --- jumping --- */

struct jump {
	const char *name;
	enum replay_seek what;
	int direction;
};

static const struct jump jumps[] = {
	{"next-error", SEEK_ERROR, 1},
	{"previous-error", SEEK_ERROR, -1},
	{"next-tool", SEEK_TOOL, 1},
	{"next-call", SEEK_LLM, 1},
	{"next-handoff", SEEK_HANDOFF, 1},
};

static unsigned act_jump(struct console *c, struct pane *p, const struct action *a)
{
	struct replay_pane *r = pane_data(p);

	if (!present(p, r))
		return ACT_HANDLED;
	for (size_t i = 0; i < ARRAY_LEN(jumps); i++) {
		if (strcmp(jumps[i].name, a->name))
			continue;
		if (replay_jump(&r->replay, jumps[i].what, jumps[i].direction))
			select_step(p, r->replay.step);
		else
			console_note(c, ROLE_NOTE, "%s", _("there is none further on"));
	}
	return ACT_REDRAW;
}

static unsigned act_next(struct console *c, struct pane *p, const struct action *a)
{
	struct replay_pane *r = pane_data(p);

	(void)c;
	if (present(p, r) &&
		replay_step(&r->replay, strcmp(a->name, "step-back") ? 1 : -1))
		select_step(p, r->replay.step);
	return ACT_REDRAW;
}

/* clang-format off */
static const struct action replay_actions[] = {
	{.name = "play", .keys = "<Space>", .flags = ACTION_BAR, .title = N_("play"),
		.help = N_("play or pause; waits are cut to two seconds"), .run = act_play},
	{.name = "step-on", .keys = "n", .flags = ACTION_BAR, .title = N_("step"),
		.help = N_("one step on, also from a step's page"), .run = act_next},
	{.name = "step-back", .keys = "N", .title = N_("step back"),
		.help = N_("one step back"), .run = act_next},
	{.name = "faster", .keys = "+ =", .title = N_("faster"),
		.help = N_("play twice as fast, up to 50 times"), .run = act_faster},
	{.name = "slower", .keys = "-", .title = N_("slower"),
		.help = N_("play half as fast"), .run = act_slower},
	{.name = "next-error", .keys = "e", .flags = ACTION_BAR, .title = N_("error"),
		.help = N_("to the next step that failed"), .run = act_jump},
	{.name = "previous-error", .keys = "E", .title = N_("error before"),
		.help = N_("to the step before that failed"), .run = act_jump},
	{.name = "next-tool", .keys = "t", .flags = ACTION_BAR, .title = N_("tool"),
		.help = N_("to the next tool call"), .run = act_jump},
	{.name = "next-call", .keys = "m", .title = N_("model call"),
		.help = N_("to the next call of a model"), .run = act_jump},
	{.name = "next-handoff", .keys = "a", .title = N_("handoff"),
		.help = N_("to the next handoff to another agent"), .run = act_jump},
	{0},
};
/* clang-format on */

/* --- drawing --- */

static void add_money(struct strbuf *out, int64_t pusd)
{
	if (pusd != NONE_INT && pusd > 0)
		strbuf_addf(out, "  %.4f USD", pusd_to_usd(pusd));
}

static void add_tokens(struct strbuf *out, int64_t input, int64_t output)
{
	if (input != NONE_INT || output != NONE_INT)
		strbuf_addf(out, _("  %lld in, %lld out"),
			(long long)(input == NONE_INT ? 0 : input),
			(long long)(output == NONE_INT ? 0 : output));
}

/* Agent and state of playing; totals up to the step under the cursor. */
static int draw_head(struct replay_pane *r, const struct box *b)
{
	struct strbuf text = STRBUF_INIT;

	box_text(b, 0, 1, b->cols - 2, ROLE_STRONG,
		r->session.agent ? r->session.agent : r->id);
	strbuf_addf(&text, r->replay.playing ? _("playing %gx") : _("paused %gx"),
		r->replay.speed);
	box_right(b, 0, b->cols / 2, b->cols - b->cols / 2 - 1,
		r->replay.playing ? ROLE_OK : ROLE_DIM, text.buf);
	strbuf_reset(&text);
	strbuf_addf(&text, _("step %zu of %zu  "), r->replay.step + 1, r->tree.n);
	duration_human(&text, replay_elapsed(&r->replay));
	add_tokens(&text, r->replay.so_far.input, r->replay.so_far.output);
	add_money(&text, r->replay.so_far.cost_pusd);
	if (r->replay.errors)
		strbuf_addf(&text,
			ngettext("  %zu error", "  %zu errors", r->replay.errors),
			r->replay.errors);
	box_text(b, 1, 1, b->cols - 2, r->replay.errors ? ROLE_TICKET : ROLE_DIM,
		text.buf);
	strbuf_release(&text);
	return 2;
}

static void draw_step(
	struct pane *p, struct replay_pane *r, const struct box *b, int y, size_t step)
{
	const struct node *node = node_at(r, step);
	const struct span *span = tree_span(&r->tree, r->tree.order[step]);
	bool failed = node->flags & NODE_ERROR;
	int indent = (int)node->depth - 1, x = 12;
	struct strbuf at = STRBUF_INIT, line = STRBUF_INIT, took = STRBUF_INIT;

	(void)p;
	if (span->started != NONE_INT && r->tree.started != NONE_INT)
		duration_short(&at, span->started - r->tree.started);
	if (span->started != NONE_INT && span->ended != NONE_INT)
		duration_short(&took, span->ended - span->started);
	story_line(&line, &r->tree, r->tree.order[step]);
	box_text(b, y, 1, 1, failed ? ROLE_TICKET : ROLE_OK, failed ? "+" : " ");
	box_right(b, y, 2, 8, ROLE_DIM, at.buf);
	indent = indent > 8 ? 8 : indent;
	box_text(b, y, x + indent, b->cols - x - indent - 8,
		failed ? ROLE_TICKET : ROLE_TEXT, line.buf);
	box_right(b, y, b->cols - 7, 6, ROLE_DIM, took.buf);
	strbuf_release(&at);
	strbuf_release(&line);
	strbuf_release(&took);
}

/* The list scrolls so that the cursor keeps two lines of what comes before it. */
static void draw_list(struct pane *p, struct replay_pane *r, const struct box *b)
{
	const struct row **rows;
	size_t n = pane_visible(p, &rows), cursor = pane_cursor(p), top;

	top = cursor > (size_t)b->rows / 2 ? cursor - (size_t)b->rows / 2 : 0;
	if (n > (size_t)b->rows && top > n - (size_t)b->rows)
		top = n - (size_t)b->rows;
	if (n <= (size_t)b->rows)
		top = 0;
	for (int y = 0; y < b->rows && top + (size_t)y < n; y++) {
		const struct step *s = rows[top + (size_t)y]->data;

		draw_step(p, r, b, y, s->step);
		box_hit(b, y, 0, 1, b->cols, HIT_ROW, top + (size_t)y, NULL);
		if (top + (size_t)y == cursor) {
			box_select(b, y, 0, b->cols);
			box_cursor(b, y, 1, true);
		}
	}
}

/* What was recorded, what was not, and what is empty are three things. */
static const char *content(const char *text)
{
	return !text ? _("(not recorded)") : *text ? text : _("(empty)");
}

static int draw_text(
	const struct box *b, int y, const char *label, const char *text, int rows)
{
	struct doc *d = doc_new();
	struct doc_view view = {0};
	struct box inner;

	if (rows < 2) {
		doc_free(d);
		return y;
	}
	box_text(b, y, 1, b->cols - 2, ROLE_LABEL, label);
	inner = box_sub(b, y + 1, 1, rows - 1, b->cols - 2);
	doc_set_columns(d, inner.cols);
	doc_code(d, ROLE_TEXT, text, strnlen(text, 16384));
	if (doc_lines(d) < rows - 1)
		rows = doc_lines(d) + 1;
	inner.rows = rows - 1;
	doc_draw(d, &view, &inner, false);
	doc_free(d);
	return y + rows;
}

static void draw_present(struct pane *p, struct replay_pane *r, const struct box *b)
{
	const struct span *s = present(p, r);
	struct strbuf head = STRBUF_INIT;
	int y = 1;

	if (!s)
		return;
	strbuf_addf(&head, "%s", s->name ? s->name : "-");
	if (s->model)
		strbuf_addf(&head, "  %s", s->model);
	add_tokens(&head, s->input_tokens, s->output_tokens);
	add_money(&head, pusd_of(s->cost_usd));
	if (s->started != NONE_INT && s->ended != NONE_INT) {
		strbuf_adds(&head, "  ");
		duration_human(&head, s->ended - s->started);
	}
	box_text(b, 0, 1, b->cols - 2, ROLE_HEADING, head.buf);
	strbuf_release(&head);
	if (s->error)
		y = draw_text(b, y, _("error"), s->error, 3);
	y = draw_text(b, y, _("input"), content(s->input), (b->rows - y + 1) / 2);
	draw_text(b, y, _("output"), content(s->output), b->rows - y);
}

static void replay_draw(struct pane *p, const struct box *b, bool focus)
{
	struct replay_pane *r = pane_data(p);
	struct box list, below;
	int head, rows;

	(void)focus;
	if (!r->found || !present(p, r)) {
		box_text(b, 0, 1, b->cols - 2, ROLE_DIM,
			_("this session has no step yet"));
		return;
	}
	head = b->rows > 6 ? draw_head(r, b) : 0;
	if (b->cols >= 140 && b->rows > 12) {
		list = box_sub(b, head + 1, 0, b->rows - head - 1, b->cols / 2);
		below = box_sub(b, head + 1, b->cols / 2, b->rows - head - 1,
			b->cols - b->cols / 2);
	} else {
		rows = b->rows > 12 ? (b->rows - head) / 2 : b->rows - head;
		list = box_sub(b, head, 0, rows, b->cols);
		below = box_sub(b, head + rows, 0, b->rows - head - rows, b->cols);
	}
	draw_list(p, r, &list);
	if (below.rows > 2)
		draw_present(p, r, &below);
}

/* --- Enter: the step whole --- */

static void add_content(struct doc *out, const char *heading, const char *text)
{
	struct json *j = NULL;
	struct strbuf pretty = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	doc_heading(out, heading);
	if (text && *text && (*text == '{' || *text == '[') &&
		!json_parse(&j, text, strlen(text), &ignored)) {
		json_format(&pretty, j, true);
		doc_code(out, ROLE_TEXT, pretty.buf, pretty.len);
	} else if (text && *text) {
		doc_code(out, ROLE_TEXT, text, strlen(text));
	} else {
		doc_text(out, ROLE_DIM, content(text));
	}
	json_free(j);
	strbuf_release(&pretty);
	err_release(&ignored);
}

static void add_facts(struct pane *p, const struct span *s, struct doc *out)
{
	struct console *c = pane_console(p);
	struct strbuf at = STRBUF_INIT, took = STRBUF_INIT, tokens = STRBUF_INIT;

	if (s->started != NONE_INT)
		console_time(c, &at, s->started);
	if (s->started != NONE_INT && s->ended != NONE_INT)
		duration_human(&took, s->ended - s->started);
	else
		strbuf_adds(&took, _("not ended"));
	add_tokens(&tokens, s->input_tokens, s->output_tokens);
	doc_field(out, _("kind"), ROLE_TEXT, s->kind);
	doc_field(out, _("started"), ROLE_TEXT, at.buf);
	doc_field(out, _("took"), ROLE_TEXT, took.buf);
	doc_field(out, _("agent"), ROLE_TEXT, s->agent);
	doc_field(out, _("model"), ROLE_TEXT, s->model);
	doc_field(out, _("tool"), ROLE_TEXT, s->tool);
	doc_field(out, _("tokens"), ROLE_TEXT, tokens.len > 2 ? tokens.buf + 2 : NULL);
	if (isnan(s->cost_usd))
		doc_field(out, _("cost"), ROLE_TEXT, NULL);
	else
		doc_fieldf(out, _("cost"), ROLE_TEXT, "%.6f USD", s->cost_usd);
	if (s->first_token_ns != NONE_INT)
		doc_fieldf(out, _("first token"), ROLE_TEXT, _("%.0f ms"),
			(double)s->first_token_ns / NS_PER_MS);
	strbuf_release(&at);
	strbuf_release(&took);
	strbuf_release(&tokens);
}

static void replay_detail(struct pane *p, const void *data, struct doc *out)
{
	struct replay_pane *r = pane_data(p);
	const struct span *s = present(p, r);
	struct strbuf line = STRBUF_INIT;
	bool failed;

	(void)data;
	if (!s)
		return;
	failed = node_at(r, r->replay.step)->flags & NODE_ERROR;
	story_line(&line, &r->tree, replay_node(&r->replay));
	doc_title(out, failed ? ROLE_TICKET : ROLE_STRONG, _("step %zu of %zu: %s"),
		r->replay.step + 1, r->tree.n, line.buf);
	strbuf_release(&line);
	doc_blank(out);
	add_facts(p, s, out);
	if (s->error)
		add_content(out, _("Error"), s->error);
	add_content(out, _("Input"), s->input);
	add_content(out, _("Output"), s->output);
	if (s->attributes && strcmp(s->attributes, "{}"))
		add_content(out, _("Attributes"), s->attributes);
}

static void replay_subject(struct pane *p, const void *data, struct subject *out)
{
	struct replay_pane *r = pane_data(p);

	(void)data;
	out->session = r->id;
	out->source = r->source;
	out->copy = r->id;
}

const struct pane_ops pane_replay = {
	.name = "replay",
	.title = N_("Replay"),
	.help = N_("an agent's session, step by step"),
	.hidden = true,
	.touches = 1u << TOUCH_SESSION,
	.empty = N_("this session has no step yet"),
	.actions = replay_actions,
	.size = sizeof(struct replay_pane),
	.open = replay_open,
	.close = replay_close,
	.query = replay_query,
	.draw = replay_draw,
	.detail = replay_detail,
	.subject = replay_subject,
};
