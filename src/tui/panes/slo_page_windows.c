#include "config.h"
#include "tui/panes/slos.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "tui/console.h"
#include "tui/panes/slo_page.h"
#include "tui/situation.h"

/* The windows of one objective: what each rests on, and its burn over time. */

#define BAR_COLUMNS 12
#define WITH_BARS 100 /* columns from which bars stand beside the figures */
#define POINTS 160
#define CHART_ROWS 6
#define SPAN_WINDOWS 12 /* so many windows are a chart's axis */
#define SPAN_LEAST (2 * NS_PER_HOUR)
#define SPAN_MOST (7 * NS_PER_DAY)

/* brief: where there is room for what it is held against only. */
static const char *rule_text(struct pane *p, struct arena *a,
	const struct burn_alert *rule, double burn, bool brief)
{
	struct strbuf other = STRBUF_INIT;
	const char *text = "", *word;
	char mark;

	if (!rule)
		return text;
	word = value_word(severity_name(rule->severity));
	mark = burn > rule->factor ? console_theme(pane_console(p))->marks[rule->severity]
				   : ' ';
	duration_format(&other, rule->short_ns);
	if (brief)
		text = arena_format(a, _("%c %s over %.3gx"), mark, word, rule->factor);
	else
		text = arena_format(a, _("%c %s over %.3gx, when %s is too"), mark, word,
			rule->factor, other.buf);
	strbuf_release(&other);
	return text;
}

/* The row that looks at a window as its long one; short ones are named with it. */
static const struct burn_alert *long_rule(const struct slos_row *row, int64_t window)
{
	for (size_t i = 0; i < row->n_rules; i++)
		if (row->rules[i].long_ns == window)
			return &row->rules[i];
	return NULL;
}

/* "3.2 bad of 210 events/s": a ratio alone hides that traffic collapsed. */
static void add_rates(struct doc *out, const struct slo_state *s, size_t i, double ratio)
{
	double seconds = (double)s->windows_ns[i] / (double)NS_PER_S;
	double rate = s->window_events[i] / seconds;
	struct strbuf bad = STRBUF_INIT, all = STRBUF_INIT;

	if (isnan(rate)) {
		doc_cell(out, ROLE_DIM, "");
		doc_cell(out, ROLE_DIM, "");
		return;
	}
	value_count_text(&bad, ratio * rate);
	value_count_text(&all, rate);
	doc_cellf(out, ROLE_TEXT, _("%s of %s/s"), bad.buf, all.buf);
	strbuf_reset(&bad);
	strbuf_reset(&all);
	value_count_text(&bad, ratio * s->window_events[i]);
	value_count_text(&all, s->window_events[i]);
	doc_cellf(out, ROLE_TEXT, _("%s of %s events"), bad.buf, all.buf);
	strbuf_release(&bad);
	strbuf_release(&all);
}

static void add_bar(struct pane *p, const struct slos_row *row, int64_t window,
	double burn, struct doc *out)
{
	const struct burn_alert *rule = slo_rule_of(row->rules, row->n_rules, window);
	struct strbuf bar = STRBUF_INIT;
	bool over = rule && burn > rule->factor;

	if (rule && !isnan(burn) && doc_columns(out) >= WITH_BARS &&
		!console_plain(pane_console(p)))
		bar_text(&bar, BAR_COLUMNS, burn / rule->factor);
	doc_cell(out, over ? ROLE_THRESHOLD : ROLE_CHART, bar.buf);
	strbuf_release(&bar);
}

static void add_window(struct pane *p, const struct slos_row *row, size_t i,
	struct arena *a, struct doc *out)
{
	const struct slo_state *s = &row->row->state;
	struct strbuf window = STRBUF_INIT, burn = STRBUF_INIT;
	double ratio = s->burn[i] * (1 - s->objective);

	duration_format(&window, s->windows_ns[i]);
	burn_text(&burn, s->burn[i]);
	doc_cell(out, ROLE_LABEL, window.buf);
	doc_cell(out, s->burn[i] >= 1 ? ROLE_STRONG : ROLE_TEXT, burn.buf);
	add_bar(p, row, s->windows_ns[i], s->burn[i], out);
	if (isnan(ratio))
		doc_cell(out, ROLE_DIM, _("no data"));
	else
		doc_cellf(out, ROLE_TEXT, "%.3g %%", ratio * 100);
	add_rates(out, s, i, ratio);
	doc_cell(out, ROLE_DIM,
		rule_text(p, a, long_rule(row, s->windows_ns[i]), s->burn[i],
			doc_columns(out) < WITH_BARS));
	strbuf_release(&window);
	strbuf_release(&burn);
}

static void add_table(
	struct pane *p, const struct slos_row *row, struct arena *a, struct doc *out)
{
	doc_heading(out,
		_("Windows: burn, what failed, of how much, what it is held against"));
	doc_columns_begin(out, "rrlrrrl");
	for (size_t i = 0; i < row->row->state.n_windows; i++)
		add_window(p, row, i, a, out);
	doc_columns_end(out);
	if (!row->n_rules)
		doc_text(out, ROLE_DIM, _("Its file turned its alerts off."));
}

static bool load_chart(struct pane *p, const struct slos_row *row, size_t i,
	struct arena *a, struct chart *ch)
{
	struct console *c = pane_console(p);
	const struct slo *slo = &row->row->slo;
	const struct slo_state *s = &row->row->state;
	int64_t window = s->windows_ns[i], span = SPAN_WINDOWS * window;
	const struct burn_alert *rule = slo_rule_of(row->rules, row->n_rules, window);
	struct samples samples = {0};
	struct strbuf name = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	bool any;

	span = span < SPAN_LEAST ? SPAN_LEAST : span > SPAN_MOST ? SPAN_MOST : span;
	if (slo_burn_history(&samples, a, console_store(c), slo->service, slo->name,
		    slo->source, window, console_now(c) - span, console_now(c), POINTS,
		    &ignored))
		samples.n = 0;
	any = samples.n > 0;
	*ch = chart_of_samples(a, &samples);
	ch->unit = "x";
	ch->utc = console_utc(c);
	ch->to = console_now(c);
	ch->from = any && samples.items[0].at > ch->to - span ? samples.items[0].at
							      : ch->to - span;
	if (ch->to - ch->from < 2 * NS_PER_MIN)
		ch->from = ch->to - 2 * NS_PER_MIN;
	duration_format(&name, window);
	ch->title = name.buf[0] && rule
		? arena_format(a, _("%s; %s over %.3gx"), name.buf,
			  value_word(severity_name(rule->severity)), rule->factor)
		: arena_strdup(a, name.buf);
	if (rule)
		ch->threshold = rule->factor;
	if (s->onset != NONE_INT) {
		ch->mark_names[0] = '^';
		ch->marks[ch->n_marks++] = s->onset;
	}
	strbuf_release(&name);
	err_release(&ignored);
	return any;
}

/* Each window that has a column, over as much time as it can be told in. */
static void add_charts(
	struct pane *p, const struct slos_row *row, struct arena *a, struct doc *out)
{
	const struct slos *mine = pane_data(p);
	const struct slo_state *s = &row->row->state;
	struct chart charts[SLOTS];
	size_t n = 0;

	/* The first is on the page already. */
	for (size_t k = 1; k < mine->n; k++)
		for (size_t i = 1; i < s->n_windows; i++)
			if (s->windows_ns[i] == mine->windows[k] &&
				load_chart(p, row, i, a, &charts[n]))
				n++;
	if (!n)
		return;
	doc_heading(out, _("Burn over each longer window, and what it is held against"));
	doc_charts(out, charts, n, console_plain(pane_console(p)) ? 2 : CHART_ROWS);
}

void slo_page_windows(
	struct pane *p, const struct slos_row *row, struct arena *a, struct doc *out)
{
	if (row->row->state.at == NONE_INT) {
		doc_heading(out, _("Windows"));
		doc_text(out, ROLE_NO_DATA, _("It was not evaluated yet."));
		return;
	}
	add_table(p, row, a, out);
	if (console_store(pane_console(p)))
		add_charts(p, row, a, out);
}
