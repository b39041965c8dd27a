#include "config.h"
#include "tui/panes/slo_page.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "signal/burn.h"
#include "signal/slo_words.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/situation.h"
#include "tui/panes/page_marks.h"
#include "tui/panes/slos.h"
#include "tui/suspect.h"

#define CHART_ROWS 7
#define CHART_ROWS_TALL 12
#define TALL 40
#define CHART_POINTS 400
#define COVERED 0.95 /* of the window; less is partial */

void objective_text(struct strbuf *out, double objective)
{
	struct strbuf digits = STRBUF_INIT;

	strbuf_addf(&digits, "%.4f", objective * 100);
	while (digits.len && digits.buf[digits.len - 1] == '0')
		strbuf_truncate(&digits, digits.len - 1);
	if (digits.len && digits.buf[digits.len - 1] == '.')
		strbuf_truncate(&digits, digits.len - 1);
	strbuf_addf(out, "%s %%", digits.buf);
	strbuf_release(&digits);
}

void exhausted_text(struct strbuf *out, double seconds)
{
	if (isnan(seconds))
		strbuf_addc(out, '-');
	else if (isinf(seconds) || seconds > 365.0 * 86400)
		strbuf_adds(out, _("never"));
	else if (seconds <= 0)
		strbuf_adds(out, _("gone"));
	else
		duration_short(out, (int64_t)(seconds * 1e9));
}

/* What the page of one objective is made with. */
struct slo_look {
	struct pane *p;
	struct console *c;
	const struct slos_row *of;
	const struct slo_row *row;
	const struct slo_state *s;
	struct arena *a;
	struct doc *out;
	struct page_marks marks;
	bool known, burning;
};

/* --- what stands at the top --- */

/* "18 of 21 events a second fail": what a ratio alone hides. */
static void rate_text(struct strbuf *out, const struct slo_state *s)
{
	struct strbuf bad = STRBUF_INIT, all = STRBUF_INIT;

	if (isnan(s->rate))
		return;
	value_count_text(&all, s->rate);
	value_count_text(&bad, s->bad_rate);
	if (isnan(s->bad_rate))
		strbuf_addf(out, _("%s events/s"), all.buf);
	else
		strbuf_addf(out, _("%s bad of %s events/s"), bad.buf, all.buf);
	strbuf_release(&bad);
	strbuf_release(&all);
}

static void add_headline(struct slo_look *pg)
{
	const struct slo_row *row = pg->row;
	enum severity severity = pg->known ? pg->s->severity : SEV_NO_DATA;
	struct strbuf burn = STRBUF_INIT, since = STRBUF_INIT;

	doc_title(pg->out, severity_role(severity), "%c %s  %s/%s",
		console_theme(pg->c)->marks[severity],
		value_word(severity_name(severity)), row->slo.service, row->slo.name);
	burn_text(&burn, slo_burn_now(pg->s));
	if (pg->burning) {
		console_time(pg->c, &since, pg->s->onset);
		doc_textf(pg->out, ROLE_STRONG,
			_("Burns its error budget %s as fast as the objective allows, "
			  "since %s."),
			burn.buf, since.buf);
	} else if (row->slo.description) {
		doc_text(pg->out, ROLE_DIM, row->slo.description);
	}
	if (pg->s->note)
		doc_text(pg->out, ROLE_NO_DATA, pg->s->note);
	strbuf_release(&burn);
	strbuf_release(&since);
}

static void cell_pair(
	struct doc *out, const char *label, enum role role, const char *value)
{
	doc_cell(out, ROLE_LABEL, label);
	doc_cell(out, *value ? role : ROLE_DIM, *value ? value : "-");
}

/* Numerator and denominator: who doubts the percentage can count. */
static void add_counts(struct slo_look *pg, struct strbuf *text)
{
	struct strbuf bad = STRBUF_INIT, all = STRBUF_INIT;

	if (pg->known && !isnan(pg->s->events)) {
		value_count_text(&bad, pg->s->bad);
		value_count_text(&all, pg->s->events);
		if (isnan(pg->s->bad))
			strbuf_addf(text, _("%s events"), all.buf);
		else
			strbuf_addf(text, _("%s bad of %s"), bad.buf, all.buf);
	}
	cell_pair(pg->out, _("counted"), ROLE_TEXT, text->buf);
	strbuf_release(&bad);
	strbuf_release(&all);
}

/* "Nov 01 to Dec 01, 64 % covered": which time the percentage is of, and how well known. */
static void add_period(struct slo_look *pg, struct strbuf *text)
{
	const struct slo_state *s = pg->s;
	bool covered = pg->known && !isnan(s->coverage);

	if (pg->known && pg->row->slo.calendar && s->period_from != NONE_INT) {
		console_day(pg->c, text, s->period_from);
		strbuf_adds(text, _(" to "));
		console_day(pg->c, text, s->period_to);
	} else {
		strbuf_adds(text,
			pg->row->slo.calendar ? _("by the calendar") : _("rolling"));
	}
	if (covered)
		strbuf_addf(text, _(", %.0f %% covered"), s->coverage * 100);
	cell_pair(pg->out, _("window"),
		covered && s->coverage < COVERED ? ROLE_NO_DATA : ROLE_TEXT, text->buf);
}

static void add_projected(struct slo_look *pg, struct strbuf *text)
{
	const struct slo_state *s = pg->s;

	if (!pg->known || isnan(s->projected)) {
		doc_cell(pg->out, ROLE_LABEL, "");
		doc_cell(pg->out, ROLE_LABEL, "");
		return;
	}
	slo_words_projected(text, s->projected);
	/* A rolling window has no end: then it is what a whole one at this rate leaves. */
	cell_pair(pg->out, pg->row->slo.calendar ? _("at its end") : _("a window on"),
		s->projected <= 0 ? ROLE_STRONG : ROLE_TEXT, text->buf);
}

static void add_age(struct slo_look *pg, struct strbuf *text)
{
	struct strbuf age = STRBUF_INIT;
	enum role role =
		console_age(pg->c, &age, pg->s->at, slo_is_stale(pg->c, pg->row));

	if (pg->row->slo.source)
		strbuf_addf(text, _("%s, by %s"), age.buf, pg->row->slo.source);
	else
		strbuf_adds(text, age.buf);
	cell_pair(pg->out, _("evaluated"), role, text->buf);
	strbuf_release(&age);
}

/* Two to a line: what matters next, the chart, shall be on the same screen. */
static void add_figures(struct slo_look *pg)
{
	const struct slo_state *s = pg->s;
	struct strbuf text = STRBUF_INIT, target = STRBUF_INIT, window = STRBUF_INIT;

	doc_blank(pg->out);
	doc_columns_begin(pg->out, "llll");
	if (pg->known && !isnan(s->budget_left))
		strbuf_addf(&text, "%.1f %%", s->budget_left * 100);
	cell_pair(pg->out, _("budget left"),
		s->budget_left <= 0 ? ROLE_ERROR : ROLE_STRONG, text.buf);
	strbuf_reset(&text);
	exhausted_text(&text, pg->known ? s->exhausted_in_s : NAN);
	cell_pair(pg->out, _("gone in"), ROLE_STRONG, text.buf);
	strbuf_reset(&text);
	objective_text(&target, pg->row->slo.objective);
	duration_format(&window, pg->row->slo.window_ns);
	strbuf_addf(&text, _("%s over %s"), target.buf, window.buf);
	cell_pair(pg->out, _("objective"), ROLE_TEXT, text.buf);
	strbuf_reset(&text);
	add_counts(pg, &text);
	strbuf_reset(&text);
	add_period(pg, &text);
	strbuf_reset(&text);
	add_age(pg, &text);
	strbuf_reset(&text);
	if (pg->known)
		rate_text(&text, s);
	cell_pair(pg->out, _("at present"), ROLE_TEXT, text.buf);
	strbuf_reset(&text);
	add_projected(pg, &text);
	doc_columns_end(pg->out);
	strbuf_release(&text);
	strbuf_release(&target);
	strbuf_release(&window);
}

/* --- the charts --- */

static double factor_of(const struct slos_row *row, enum severity severity)
{
	for (size_t i = 0; i < row->n_rules; i++)
		if (row->rules[i].severity == severity)
			return row->rules[i].factor;
	return NAN;
}

/* Where less is known than was asked for, what is known fills the axis. */
static int64_t axis_begin(const struct samples *samples, int64_t from, int64_t to)
{
	int64_t first;

	if (!samples->n)
		return from;
	first = samples->items[0].at - (to - samples->items[0].at) / 20;
	if (first > to - 2 * NS_PER_MIN)
		first = to - 2 * NS_PER_MIN;
	return first > from ? first : from;
}

struct chart chart_of_samples(struct arena *a, const struct samples *samples)
{
	struct chart_point *points = arena_alloc(a, samples->n + 1, sizeof(*points));
	struct chart ch = CHART_INIT;

	for (size_t i = 0; i < samples->n; i++)
		points[i] = (struct chart_point){
			samples->items[i].at, samples->items[i].value};
	ch.points = points;
	ch.n = samples->n;
	return ch;
}

int slo_chart(struct chart *out, struct arena *a, struct console *c,
	const struct slo_row *row, struct err *e)
{
	const struct slo_state *s = &row->state;
	int64_t to = console_now(c), from = to - NS_PER_HOUR;
	struct samples samples = {0};

	*out = (struct chart)CHART_INIT;
	out->unit = "x";
	if (s->at == NONE_INT || !s->n_windows || !console_store(c))
		return 0;
	if (s->onset != NONE_INT && s->onset - 30 * NS_PER_MIN < from)
		from = s->onset - 30 * NS_PER_MIN;
	if (slo_burn_history(&samples, a, console_store(c), row->slo.service,
		    row->slo.name, row->slo.source, s->windows_ns[0], from, to,
		    CHART_POINTS, e))
		return -1;
	*out = chart_of_samples(a, &samples);
	out->unit = "x";
	out->utc = console_utc(c);
	out->from = axis_begin(&samples, from, to);
	out->to = to;
	return 0;
}

/* What is known of a long span may lie in a small part of it: then that is read anew. */
static int budget_history(
	struct slo_look *pg, struct samples *out, int64_t from, int64_t to, struct err *e)
{
	const struct slo *slo = &pg->row->slo;
	int64_t step = (to - from) / CHART_POINTS;

	if (slo_budget_history(out, pg->a, console_store(pg->c), slo->service, slo->name,
		    slo->source, from, to, CHART_POINTS, e))
		return -1;
	if (!out->n || out->items[0].at - step < (from + to) / 2)
		return 0;
	return slo_budget_history(out, pg->a, console_store(pg->c), slo->service,
		slo->name, slo->source, out->items[0].at - step, to, CHART_POINTS, e);
}

/* From the beginning of the window; where it follows the calendar, to its end. */
static int budget_chart(struct slo_look *pg, struct chart *out, struct err *e)
{
	const struct slo_state *s = pg->s;
	const struct slo *slo = &pg->row->slo;
	int64_t now = console_now(pg->c), from = now - slo->window_ns, to = now;
	bool calendar = slo->calendar && s->period_from != NONE_INT;
	struct samples samples = {0};

	if (calendar)
		from = s->period_from;
	if (budget_history(pg, &samples, from, now, e))
		return -1;
	for (size_t i = 0; i < samples.n; i++)
		samples.items[i].value *= 100;
	*out = chart_of_samples(pg->a, &samples);
	out->unit = "%";
	out->top = 100;
	/* Below nothing is overspent: the line is where it ends. */
	out->threshold = 0;
	if (calendar && s->period_to > now && !isnan(s->projected)) {
		to = s->period_to;
		out->guide = true;
		out->guide_from = (struct chart_point){now, s->budget_left * 100};
		out->guide_to = (struct chart_point){to, s->projected * 100};
	}
	out->from = calendar ? from : axis_begin(&samples, from, to);
	out->to = to;
	return 0;
}

static int chart_rows(struct console *c)
{
	return console_plain(c)           ? 2
		: console_rows(c) >= TALL ? CHART_ROWS_TALL
					  : CHART_ROWS;
}

/* "burn in 5m; a page begins at 14.4x (the line), a ticket at 3x" */
static const char *burn_title(struct slo_look *pg, double page, double ticket)
{
	struct strbuf window = STRBUF_INIT;
	const char *text;

	duration_format(&window, pg->s->windows_ns[0]);
	if (isnan(page))
		text = arena_format(pg->a, _("Burn in %s"), window.buf);
	else if (isnan(ticket))
		text = arena_format(
			pg->a, _("Burn in %s; page over %.3gx"), window.buf, page);
	else
		text = arena_format(pg->a, _("Burn in %s; page over %.3gx, ticket %.3gx"),
			window.buf, page, ticket);
	strbuf_release(&window);
	return text;
}

static void add_chart(struct slo_look *pg, const struct chart *charts, size_t n)
{
	if (!n)
		return;
	doc_blank(pg->out);
	doc_charts(pg->out, charts, n, chart_rows(pg->c));
}

static size_t load_burn_chart(struct slo_look *pg, struct chart *out)
{
	struct err e = ERR_INIT;
	double page = factor_of(pg->of, SEV_PAGE), ticket = factor_of(pg->of, SEV_TICKET);
	size_t n = 0;

	if (slo_chart(out, pg->a, pg->c, pg->row, &e)) {
		doc_text(pg->out, ROLE_ERROR, e.what);
	} else if (out->n) {
		out->threshold = page;
		out->second = ticket;
		out->title = burn_title(pg, page, ticket);
		page_marks_put(&pg->marks, out, pg->s->onset);
		n = 1;
	}
	err_release(&e);
	return n;
}

static size_t load_budget_chart(struct slo_look *pg, struct chart *out)
{
	struct strbuf window = STRBUF_INIT;
	struct err e = ERR_INIT;
	size_t n = 0;

	duration_format(&window, pg->row->slo.window_ns);
	if (!console_store(pg->c)) {
		n = 0;
	} else if (budget_chart(pg, out, &e)) {
		doc_text(pg->out, ROLE_ERROR, e.what);
	} else if (out->n) {
		out->title = out->guide
			? arena_format(pg->a,
				  _("Budget left over %s; dots: if it goes on so"),
				  window.buf)
			: arena_format(pg->a, _("Budget left over %s"), window.buf);
		page_marks_put(&pg->marks, out, pg->s->onset);
		n = 1;
	}
	strbuf_release(&window);
	err_release(&e);
	return n;
}

/* Side by side where there is room; else what caused it stands between the two. */
static void add_charts(struct slo_look *pg)
{
	struct chart charts[2];
	size_t n = load_burn_chart(pg, &charts[0]);
	bool wide = doc_columns(pg->out) >= 2 * DOC_CHART_COLUMNS;

	if (!wide) {
		add_chart(pg, charts, n);
		page_marks_legend(&pg->marks, pg->p, pg->out);
		n = 0;
	}
	n += load_budget_chart(pg, &charts[n]);
	add_chart(pg, charts, n);
	if (wide)
		page_marks_legend(&pg->marks, pg->p, pg->out);
}

/* --- in words, and how it is measured --- */

static bool is_told(enum slo_words_part part)
{
	return part != SLO_WORDS_GOAL && part != SLO_WORDS_NONE;
}

static void add_word_line(struct slo_look *pg, const struct slo_words_line *line)
{
	if (line->text)
		doc_text(pg->out,
			line->warns              ? ROLE_NO_DATA
				: line->severity ? severity_role(line->severity)
						 : ROLE_TEXT,
			line->text);
	if (!line->query)
		return;
	if (line->label)
		doc_text(pg->out, ROLE_LABEL, line->label);
	doc_code(pg->out, ROLE_TEXT, line->query, strlen(line->query));
}

/* The same figures as sentences, so that nobody must know the formulas at night. */
static void add_words(struct slo_look *pg)
{
	struct slo_words words = {0};
	enum slo_words_part part = SLO_WORDS_NONE;

	slo_words(&words, pg->a, &pg->row->slo, pg->known ? pg->s : NULL,
		console_now(pg->c), console_utc(pg->c));
	for (size_t i = 0; i < words.n; i++) {
		if (!is_told(words.items[i].part))
			continue;
		if (words.items[i].part != part)
			doc_heading(pg->out, slo_words_title(words.items[i].part));
		part = words.items[i].part;
		add_word_line(pg, &words.items[i]);
	}
}

static void add_definition(struct slo_look *pg)
{
	const struct slo *slo = &pg->row->slo;

	doc_heading(pg->out, _("Where it is from"));
	if (slo->description && pg->burning)
		doc_text(pg->out, ROLE_TEXT, slo->description);
	if (slo->source)
		doc_link(pg->out, _("source"), slo->source, "sources", slo->source);
	doc_field(pg->out, _("format"), ROLE_TEXT, slo->format);
	doc_field(pg->out, _("file"), ROLE_TEXT, slo->file);
	if (slo->sli.grouping)
		doc_field(pg->out, _("grouped by"), ROLE_TEXT, slo->sli.grouping);
}

void slo_page(struct pane *p, const struct slos_row *row, struct doc *out)
{
	struct arena a;
	struct slos *mine = pane_data(p);
	static const char *const changes[] = {"slo"};
	struct library_query q = {
		.service = row->row->slo.service, .changes = changes, .n_changes = 1};
	struct slo_look pg = {
		.p = p,
		.c = pane_console(p),
		.of = row,
		.row = row->row,
		.s = &row->row->state,
		.a = &a,
		.out = out,
		.known = row->row->state.at != NONE_INT,
	};

	arena_init(&a);
	pg.burning = pg.known && pg.s->onset != NONE_INT;
	page_marks_load(&pg.marks, &a, pg.c, row->row->slo.service,
		pg.burning ? pg.s->onset : NONE_INT,
		console_now(pg.c) - row->row->slo.window_ns);
	add_headline(&pg);
	add_figures(&pg);
	add_charts(&pg);
	slo_page_windows(p, row, &a, out);
	slo_page_alerts(p, row, &a, &q, out);
	fitting_add(&mine->fitting, p, &q, out);
	add_words(&pg);
	add_definition(&pg);
	arena_release(&a);
}
