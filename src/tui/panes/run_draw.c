#include "config.h"
#include "tui/panes/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/json.h"

#define TAIL_BYTES (16 * 1024) /* of a step's output, below the list */
#define PAGE_BYTES (256 * 1024) /* on its page */
#define WIDE 140

/* clang-format off */
static const struct {
	const char *mark;	/* ASCII: no state is said by colour alone */
	const char *word;	/* N_() */
	enum role role;
} looks[STEP_STATES] = {
	[STEP_NONE] = {"[ ]", "", ROLE_DIM},
	[STEP_TODO] = {"[ ]", N_("to do"), ROLE_DIM},
	[STEP_ASKING] = {"[ ]", N_("asking"), ROLE_DIM},
	[STEP_RUNNING] = {"[~]", N_("running"), ROLE_STRONG},
	[STEP_OK] = {"[x]", N_("done"), ROLE_OK},
	[STEP_FAILED] = {"[!]", N_("failed"), ROLE_PAGE},
	[STEP_TIMED_OUT] = {"[!]", N_("timed out"), ROLE_PAGE},
	[STEP_CANCELLED] = {"[!]", N_("cancelled"), ROLE_TICKET},
	[STEP_UNKNOWN] = {"[?]", N_("unknown"), ROLE_PAGE},
	[STEP_SKIPPED] = {"[-]", N_("skipped"), ROLE_DIM},
	[STEP_UNDONE] = {"[<]", N_("undone"), ROLE_TICKET},
};
/* clang-format on */

static const char *word_of(enum step_state s)
{
	return *looks[s].word ? _(looks[s].word) : "";
}

/* --- the head --- */

static const char *run_word(const struct run_pane *r)
{
	const struct run_row *row = walk_row(r->walk);
	static const struct {
		const char *state, *word;
	} words[] = {
		{"running", N_("under way")},
		{"done", N_("done")},
		{"failed", N_("ended, failed")},
		{"abandoned", N_("ended, abandoned")},
	};

	if (!row->id)
		return _("not begun");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (row->state && !strcmp(row->state, words[i].state))
			return _(words[i].word);
	return row->state ? row->state : "";
}

static void add_values(struct strbuf *out, const struct vars *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		const struct var *v = &vars->items[i];

		if (v->value)
			strbuf_addf(
				out, "  %s=%s", v->name, v->secret ? "****" : v->value);
	}
}

static int draw_head(struct pane *p, struct run_pane *r, const struct box *b)
{
	const struct run_row *row = walk_row(r->walk);
	const struct vars_scope *scope = walk_scope(r->walk);
	struct console *c = pane_console(p);
	struct strbuf line = STRBUF_INIT, state = STRBUF_INIT;
	int used;

	strbuf_adds(&state, run_word(r));
	if (walk_run(r->walk)->dry_run)
		strbuf_adds(&state, _(", dry run"));
	if (row->id) {
		strbuf_adds(&state, _(", "));
		console_age(c, &state, row->ended != NONE_INT ? row->ended : row->started,
			false);
	}
	used = draw_width(state.buf) + 2;
	box_text(b, 0, 1, b->cols - used - 2, ROLE_STRONG, walk_runbook(r->walk)->title);
	box_right(b, 0, b->cols - used - 1, used, run_live(r) ? ROLE_STRONG : ROLE_DIM,
		state.buf);
	strbuf_addf(&line, "%s", scope->service ? scope->service : _("no service"));
	if (row->id && row->user)
		strbuf_addf(&line, _("  by %s"), row->user);
	add_values(&line, walk_vars(r->walk));
	box_text(b, 1, 1, b->cols - 2, ROLE_DIM, line.buf);
	strbuf_release(&line);
	strbuf_release(&state);
	return 2;
}

/* --- the list --- */

/* How long it took or has been running, and how long ago it ended. */
static void step_times(struct console *c, const struct step_row *row, struct strbuf *took,
	struct strbuf *ago)
{
	if (!row || row->started == NONE_INT)
		return;
	if (row->ended == NONE_INT) {
		duration_short(took, console_now(c) - row->started);
		return;
	}
	duration_short(took, row->ended - row->started);
	console_age(c, ago, row->ended, false);
}

static void draw_step(struct pane *p, struct run_pane *r, const struct box *b, int y,
	const struct run_step *s, bool new_phase)
{
	const struct step_row *row = walk_step_row(r->walk, s->step->n);
	bool next = s->step->n == run_next(walk_run(r->walk));
	struct strbuf took = STRBUF_INIT, ago = STRBUF_INIT, name = STRBUF_INIT;
	enum role role = looks[s->state].role;
	int x = 1, right = b->cols - 1;

	step_times(pane_console(p), row, &took, &ago);
	if (new_phase && s->step->phase && b->cols >= 60)
		box_text(b, y, x, 10, ROLE_HEADING, _(phase_title(s->step->phase)));
	x += b->cols >= 60 ? 11 : 0;
	box_text(b, y, x, 3, role, next ? "[>]" : looks[s->state].mark);
	x += 4;
	right -= 6;
	box_right(b, y, right, 5, ROLE_DIM, ago.buf);
	right -= 7;
	box_right(b, y, right, 6, ROLE_DIM, took.buf);
	right -= 11;
	box_text(b, y, right, 10, next ? ROLE_STRONG : role,
		next ? _("next") : word_of(s->state));
	if (b->cols >= 70) {
		right -= 15;
		box_textf(b, y, right, 14,
			s->step->risk == RISK_DESTROY ? ROLE_TICKET : ROLE_DIM, "%s %s",
			step_kind_name(s->step->kind), risk_name(s->step->risk));
	}
	strbuf_addf(&name, "%d %s", s->step->n, s->step->name);
	if (right - x > 40 && strcmp(s->step->title, s->step->name))
		strbuf_addf(&name, "  %s", s->step->title);
	if (right - x - 1 > 0)
		box_text(b, y, x, right - x - 1,
			next || s->state != STEP_TODO ? ROLE_TEXT : ROLE_DIM, name.buf);
	strbuf_release(&took);
	strbuf_release(&ago);
	strbuf_release(&name);
}

static void draw_list(struct pane *p, struct run_pane *r, const struct box *b)
{
	const struct run *run = walk_run(r->walk);
	const struct row **rows;
	size_t n = pane_visible(p, &rows), cursor = pane_cursor(p), top = 0,
	       height = (size_t)b->rows;
	enum phase before = PHASE_NONE;

	if (n > height)
		top = cursor > height / 2 ? cursor - height / 2 : 0;
	if (n > height && top > n - height)
		top = n - height;
	for (size_t i = top; i < n && i - top < height; i++) {
		const struct run_step *s =
			&run->steps[((const struct run_line *)rows[i]->data)->n - 1];
		int y = (int)(i - top);

		draw_step(p, r, b, y, s, i == top || s->step->phase != before);
		before = s->step->phase;
		box_hit(b, y, 0, 1, b->cols, HIT_ROW, i, NULL);
		if (i == cursor) {
			box_select(b, y, 0, b->cols);
			box_cursor(b, y, 1, true);
		}
	}
}

/* --- the step under the cursor --- */

static void add_problem(
	struct pane *p, struct run_pane *r, const struct run_step *s, struct doc *out)
{
	struct err e = ERR_INIT;

	if (s->state == STEP_TODO && (!run_begun(r) || run_live(r)) &&
		run_can_start(walk_run(r->walk), s->step->n, &e) &&
		e.code != ERR_CONFLICT) {
		char *text = err_text(&e);

		doc_text(out, ROLE_TICKET, text);
		free(text);
	}
	err_release(&e);
	(void)p;
}

static void add_state(struct pane *p, const struct step_row *row,
	const struct run_step *s, struct doc *out)
{
	struct strbuf took = STRBUF_INIT, ago = STRBUF_INIT, line = STRBUF_INIT;

	if (!row)
		return;
	step_times(pane_console(p), row, &took, &ago);
	strbuf_adds(&line, word_of(s->state));
	if (took.len && row->ended == NONE_INT)
		strbuf_addf(&line, _(" for %s"), took.buf);
	else if (took.len && s->step->kind == KIND_MANUAL)
		strbuf_addf(&line, _(" %s ago"), ago.buf);
	else if (took.len)
		strbuf_addf(&line, _(" %s ago, took %s"), ago.buf, took.buf);
	if (row->exit_code != NONE_INT)
		strbuf_addf(&line, _(", exit code %lld"), (long long)row->exit_code);
	if (row->attempt > 1)
		strbuf_addf(&line, _(", attempt %lld"), (long long)row->attempt);
	if (row->how && strcmp(row->how, "no") && s->step->kind != KIND_MANUAL)
		strbuf_addf(&line, _(", confirmed by %s"), row->how);
	doc_text(out, looks[s->state].role, line.buf);
	if (row->error)
		doc_text(out, ROLE_ERROR, row->error);
	if (row->note)
		doc_text(out, ROLE_NOTE, row->note);
	if (row->before_value)
		doc_field(out, _("before"), ROLE_REMOVED, row->before_value);
	if (row->after_value)
		doc_field(out, _("after"), ROLE_ADDED, row->after_value);
	if (s->state == STEP_OK && step_changes(s->step) &&
		(s->step->undo || s->step->kind == KIND_ACTION))
		doc_text(out, ROLE_DIM, _("x and then u take it back"));
	strbuf_release(&took);
	strbuf_release(&ago);
	strbuf_release(&line);
}

static void add_output(struct pane *p, const struct run_pane *r,
	const struct step_row *row, size_t most, struct doc *out)
{
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	int64_t from, at = 0;

	if (!row || !row->output_bytes)
		return;
	from = row->output_bytes > (int64_t)most ? row->output_bytes - (int64_t)most : 0;
	doc_heading(out, _("Output"));
	run_patience(p, true);
	if (step_output(&text, &at, console_store(pane_console(p)), walk_row(r->walk)->id,
		    row->n, from, most, &e)) {
		doc_text(out, ROLE_ERROR, e.what);
	} else {
		if (at > 0)
			doc_textf(out, ROLE_DIM,
				_("(the first %lld bytes are not shown)"), (long long)at);
		doc_code(out, ROLE_TEXT, text.buf, text.len);
	}
	run_patience(p, false);
	err_release(&e);
	strbuf_release(&text);
}

static void add_preview(
	const struct run_pane *r, const struct run_step *s, struct doc *out)
{
	char *text = walk_preview(r->walk, s->step->n);

	doc_code(out, ROLE_TEXT, text, strlen(text));
	free(text);
}

static void draw_selected(struct pane *p, struct run_pane *r, const struct box *b)
{
	const struct run_step *s = run_selected(p);
	const struct step_row *row = s ? walk_step_row(r->walk, s->step->n) : NULL;
	struct doc *d = doc_new();
	struct doc_view view = {0};

	doc_set_columns(d, b->cols);
	if (s && row) {
		add_state(p, row, s, d);
		add_output(p, r, row, TAIL_BYTES, d);
	}
	if (s && (!row || !row->output_bytes)) {
		add_problem(p, r, s, d);
		add_preview(r, s, d);
	}
	/* Of what runs or has run the end is looked at, of what is to come the beginning. */
	if (row && row->output_bytes && doc_lines(d) > b->rows)
		view.top = view.cursor = doc_lines(d) - b->rows;
	doc_draw(d, &view, b, false);
	doc_free(d);
}

static void select_followed(struct pane *p, struct run_pane *r)
{
	char id[16];

	if (!r->follow)
		return;
	snprintf(id, sizeof(id), "%d", r->follow);
	r->follow = 0;
	pane_select(p, id);
}

void run_draw(struct pane *p, const struct box *b, bool focus)
{
	struct run_pane *r = pane_data(p);
	struct box list, below;
	int head, rows;
	const struct row **ignored;

	(void)focus;
	if (!r->walk) {
		box_text(b, 0, 1, b->cols - 2, ROLE_ERROR,
			r->trouble ? r->trouble : _("no run is open here"));
		return;
	}
	select_followed(p, r);
	head = b->rows > 6 ? draw_head(p, r, b) : 0;
	rows = (int)pane_visible(p, &ignored);
	if (b->cols >= WIDE && b->rows > 12) {
		list = box_sub(b, head + 1, 0, b->rows - head - 1, b->cols / 2);
		below = box_sub(b, head + 1, b->cols / 2 + 1, b->rows - head - 1,
			b->cols - b->cols / 2 - 2);
	} else {
		if (b->rows > 10 && rows > (b->rows - head) / 2)
			rows = (b->rows - head) / 2;
		if (rows > b->rows - head)
			rows = b->rows - head;
		list = box_sub(b, head, 0, rows, b->cols);
		below = box_sub(
			b, head + rows + 1, 1, b->rows - head - rows - 1, b->cols - 2);
	}
	draw_list(p, r, &list);
	if (below.rows > 0)
		draw_selected(p, r, &below);
}

/* --- the page of a step --- */

static void add_facts(const struct run_step *s, struct doc *out)
{
	doc_field(out, _("step"), ROLE_STRONG, s->step->name);
	doc_field(out, _("phase"), ROLE_TEXT,
		s->step->phase ? _(phase_title(s->step->phase)) : NULL);
	doc_field(out, _("kind"), ROLE_TEXT, step_kind_name(s->step->kind));
	doc_field(out, _("risk"), s->step->risk == RISK_DESTROY ? ROLE_TICKET : ROLE_TEXT,
		risk_name(s->step->risk));
	doc_field(out, _("confirmed by"), ROLE_TEXT, confirm_name(step_confirm(s->step)));
	if (s->step->undo)
		doc_field(out, _("undone by"), ROLE_TEXT, s->step->undo);
	if (s->step->before)
		doc_field(out, _("only after"), ROLE_TEXT, s->step->before);
}

static void add_vars(const struct vars *vars, struct doc *out)
{
	if (!vars->n)
		return;
	doc_heading(out, _("Values"));
	doc_columns_begin(out, "lll");
	for (size_t i = 0; i < vars->n; i++) {
		const struct var *v = &vars->items[i];

		doc_cell(out, ROLE_LABEL, v->name);
		doc_cell(out, ROLE_TEXT, !v->value ? "-" : v->secret ? "****" : v->value);
		if (v->origin)
			doc_cellf(out, ROLE_DIM, _("from %s"), v->origin);
		else
			doc_cell(out, ROLE_DIM, "");
	}
	doc_columns_end(out);
}

void run_detail(struct pane *p, const void *data, struct doc *out)
{
	struct run_pane *r = pane_data(p);
	const struct run_step *s = run_selected(p);
	const struct step_row *row;

	(void)data;
	if (!s)
		return;
	row = walk_step_row(r->walk, s->step->n);
	doc_title(out, looks[s->state].role, "%s %d. %s", looks[s->state].mark,
		s->step->n, s->step->title);
	add_problem(p, r, s, out);
	add_state(p, row, s, out);
	doc_blank(out);
	add_facts(s, out);
	doc_heading(out, _("What runs"));
	add_preview(r, s, out);
	add_vars(walk_vars(r->walk), out);
	add_output(p, r, row, PAGE_BYTES, out);
}
