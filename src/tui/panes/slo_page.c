#include "config.h"
#include "tui/panes/slo_page.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "signal/burn.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/situation.h"
#include "tui/suspect.h"

#define CHART_ROWS 8
#define CHART_ROWS_TALL 12
#define TALL 40
#define CHART_POINTS 400
#define SUSPECTS 5

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

/* --- what stands at the top --- */

static void add_headline(struct pane *p, const struct slo_row *row, struct doc *out)
{
	const struct slo_state *s = &row->state;
	struct console *c = pane_console(p);
	struct strbuf burn = STRBUF_INIT, since = STRBUF_INIT;

	doc_title(out, severity_role(s->severity), "%c %s  %s/%s",
		console_theme(c)->marks[s->severity],
		value_word(severity_name(s->severity)), row->slo.service, row->slo.name);
	if (row->slo.description)
		doc_text(out, ROLE_DIM, row->slo.description);
	burn_text(&burn, slo_burn_now(s));
	if (s->onset != NONE_INT) {
		console_time(c, &since, s->onset);
		doc_textf(out, ROLE_STRONG,
			_("Burns its error budget %s as fast as the objective allows, "
			  "since %s."),
			burn.buf, since.buf);
	}
	strbuf_release(&burn);
	strbuf_release(&since);
}

static void cell_pair(
	struct doc *out, const char *label, enum role role, const char *value)
{
	doc_cell(out, ROLE_LABEL, label);
	doc_cell(out, *value ? role : ROLE_DIM, *value ? value : "-");
}

/* Two to a line: what matters next, the chart, shall be on the same screen. */
static void add_figures(struct pane *p, const struct slo_row *row, struct doc *out)
{
	const struct slo_state *s = &row->state;
	struct strbuf text = STRBUF_INIT, target = STRBUF_INIT, age = STRBUF_INIT;
	enum role role;

	doc_blank(out);
	doc_columns_begin(out, "llll");
	objective_text(&target, row->slo.objective);
	duration_format(&age, row->slo.window_ns);
	strbuf_addf(&text, _("%s over %s"), target.buf, age.buf);
	cell_pair(out, _("objective"), ROLE_TEXT, text.buf);
	strbuf_reset(&text);
	strbuf_reset(&age);
	if (!isnan(s->budget_left))
		strbuf_addf(&text, "%.1f %%", s->budget_left * 100);
	cell_pair(out, _("budget left"), s->budget_left <= 0 ? ROLE_ERROR : ROLE_STRONG,
		text.buf);
	strbuf_reset(&text);
	role = console_age(
		pane_console(p), &age, s->at, slo_is_stale(pane_console(p), row));
	if (row->slo.source)
		strbuf_addf(&text, _("%s, by %s"), age.buf, row->slo.source);
	else
		strbuf_adds(&text, age.buf);
	cell_pair(out, _("evaluated"), role, text.buf);
	strbuf_reset(&text);
	exhausted_text(&text, s->exhausted_in_s);
	cell_pair(out, _("gone in"), ROLE_TEXT, text.buf);
	doc_columns_end(out);
	if (s->note)
		doc_field(out, _("note"), ROLE_NO_DATA, s->note);
	strbuf_release(&target);
	strbuf_release(&age);
	strbuf_release(&text);
}

/* --- the chart --- */

static double page_factor(const struct burn_alert *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].severity == SEV_PAGE)
			return rules[i].factor;
	return NAN;
}

static void add_marks(
	struct chart *ch, const struct slo_state *s, const struct suspects *suspects)
{
	for (size_t i = 0;
		suspects && i < suspects->n && ch->n_marks + 1 < ARRAY_LEN(ch->marks);
		i++) {
		ch->mark_names[ch->n_marks] = (char)('a' + i);
		ch->marks[ch->n_marks++] = suspects->items[i].change->at;
	}
	if (s->onset != NONE_INT) {
		ch->mark_names[ch->n_marks] = '^';
		ch->marks[ch->n_marks++] = s->onset;
	}
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

int slo_chart(struct chart *out, struct arena *a, struct console *c,
	const struct slo_row *row, struct err *e)
{
	const struct slo_state *s = &row->state;
	int64_t to = console_now(c), from = to - NS_PER_HOUR;
	struct samples samples = {0};
	struct chart_point *points;

	*out = (struct chart){
		.unit = "x", .threshold = NAN, .top = NAN, .role = ROLE_CHART};
	if (s->at == NONE_INT || !s->n_windows || !console_store(c))
		return 0;
	if (s->onset != NONE_INT && s->onset - 30 * NS_PER_MIN < from)
		from = s->onset - 30 * NS_PER_MIN;
	if (slo_burn_history(&samples, a, console_store(c), row->slo.service,
		    row->slo.name, row->slo.source, s->windows_ns[0], from, to,
		    CHART_POINTS, e))
		return -1;
	points = arena_alloc(a, samples.n + 1, sizeof(*points));
	for (size_t i = 0; i < samples.n; i++)
		points[i] =
			(struct chart_point){samples.items[i].at, samples.items[i].value};
	out->points = points;
	out->n = samples.n;
	out->from = axis_begin(&samples, from, to);
	out->to = to;
	return 0;
}

static void add_chart(struct pane *p, const struct slo_row *row,
	const struct suspects *suspects, double threshold, struct arena *a,
	struct doc *out)
{
	struct console *c = pane_console(p);
	struct err e = ERR_INIT;
	struct chart ch;

	if (slo_chart(&ch, a, c, row, &e)) {
		doc_text(out, ROLE_ERROR, e.what);
	} else if (ch.n) {
		ch.threshold = threshold;
		add_marks(&ch, &row->state, suspects);
		doc_heading(
			out, _("Burn in the shortest window, and where a page begins"));
		doc_chart(out, &ch,
			console_plain(c)                  ? 1
				: console_rows(c) >= TALL ? CHART_ROWS_TALL
							  : CHART_ROWS);
	}
	err_release(&e);
}

/* --- windows and rules --- */

static const char *rule_text(
	struct arena *a, const struct burn_alert *rules, size_t n, int64_t window)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].long_ns == window)
			return arena_format(a, _("over %.3gx: %s"), rules[i].factor,
				value_word(severity_name(rules[i].severity)));
	return "";
}

static void add_windows(struct pane *p, const struct slo_row *row,
	const struct burn_alert *rules, size_t n_rules, struct arena *a, struct doc *out)
{
	const struct slo_state *s = &row->state;

	(void)p;
	doc_heading(out, _("Windows"));
	doc_columns_begin(out, "rrrl");
	for (size_t i = 0; i < s->n_windows; i++) {
		struct strbuf window = STRBUF_INIT, burn = STRBUF_INIT;
		double ratio = s->burn[i] * (1 - s->objective);

		duration_format(&window, s->windows_ns[i]);
		burn_text(&burn, s->burn[i]);
		doc_cell(out, ROLE_LABEL, window.buf);
		doc_cell(out, s->burn[i] >= 1 ? ROLE_STRONG : ROLE_TEXT, burn.buf);
		if (isnan(ratio))
			doc_cell(out, ROLE_DIM, _("no data"));
		else
			doc_cellf(out, ROLE_TEXT, _("%.3g %% failed"), ratio * 100);
		doc_cell(out, ROLE_DIM, rule_text(a, rules, n_rules, s->windows_ns[i]));
		strbuf_release(&window);
		strbuf_release(&burn);
	}
	doc_columns_end(out);
}

/* The same figures as a sentence, so that nobody must know the formula at night. */
static void add_words(const struct slo_row *row, struct doc *out)
{
	const struct slo_state *s = &row->state;
	double burn = slo_burn_now(s);
	struct strbuf target = STRBUF_INIT, period = STRBUF_INIT, left = STRBUF_INIT;

	if (isnan(burn) || !isfinite(burn))
		return;
	objective_text(&target, s->objective);
	duration_format(&period, s->window_ns);
	doc_heading(out, _("In words"));
	doc_textf(out, ROLE_TEXT,
		_("%s means that %.3g %% of the events may fail. In the last hour %.3g "
		  "%% did: "
		  "%.3g / %.3g = %.3g times as many."),
		target.buf, (1 - s->objective) * 100, burn * (1 - s->objective) * 100,
		burn * (1 - s->objective) * 100, (1 - s->objective) * 100, burn);
	if (burn > 0 && s->budget_left > 0) {
		exhausted_text(&left, s->exhausted_in_s);
		doc_textf(out, ROLE_TEXT,
			_("At this rate a whole budget of %s lasts %.3g hours; what is "
			  "left lasts %s."),
			period.buf, (double)s->window_ns / 3.6e12 / burn, left.buf);
	}
	strbuf_release(&target);
	strbuf_release(&period);
	strbuf_release(&left);
}

/* --- causes --- */

static void add_suspects(struct pane *p, const struct suspects *suspects, struct doc *out)
{
	doc_heading(out, _("Changes near the onset, likeliest first"));
	if (!suspects->n && suspects->none) {
		doc_textf(out, ROLE_NO_DATA, _("None fits: %s"), suspects->none);
		return;
	}
	if (!suspects->n) {
		doc_text(out, ROLE_DIM,
			_("none was seen; what happened before the console watched may "
			  "be missing"));
		return;
	}
	doc_columns_begin(out, "llll");
	for (size_t i = 0; i < suspects->n; i++) {
		const struct suspect *s = &suspects->items[i];
		struct strbuf when = STRBUF_INIT, text = STRBUF_INIT,
			      before = STRBUF_INIT, address = STRBUF_INIT;

		change_address(&address, s->change);
		console_time(pane_console(p), &when, s->change->at);
		change_text(&text, s->change);
		before_text(&before, s->before_ns);
		doc_cellf(out, ROLE_KEY, "%c", (int)('a' + i));
		doc_cell(out, ROLE_DIM, when.buf);
		doc_cell(out, i ? ROLE_TEXT : ROLE_STRONG, text.buf);
		doc_cell(out, ROLE_TEXT, before.buf);
		doc_row_link(out, "changes", address.buf);
		strbuf_release(&address);
		strbuf_release(&when);
		strbuf_release(&text);
		strbuf_release(&before);
	}
	doc_columns_end(out);
	doc_textf(out, ROLE_DIM, _("a: %s"), suspects->items[0].reason);
	if (suspects->none)
		doc_textf(out, ROLE_NO_DATA, _("None fits: %s"), suspects->none);
}

/* --- how it is measured --- */

static void add_code(struct doc *out, const char *label, const char *query)
{
	if (!query)
		return;
	doc_text(out, ROLE_LABEL, label);
	doc_code(out, ROLE_TEXT, query, strlen(query));
}

static void add_definition(const struct slo *slo, struct doc *out)
{
	doc_heading(out, _("How it is measured"));
	if (slo->source)
		doc_link(out, _("source"), slo->source, "sources", slo->source);
	doc_field(out, _("format"), ROLE_TEXT, slo->format);
	doc_field(out, _("file"), ROLE_TEXT, slo->file);
	add_code(out, _("good events"), slo->sli.good);
	add_code(out, _("bad events"), slo->sli.bad);
	add_code(out, _("all events"), slo->sli.total);
	add_code(out, _("error ratio"), slo->sli.raw);
	add_code(out, _("recorded error ratio"), slo->sli.recorded);
}

void slo_page(struct pane *p, const struct slo_row *row, struct doc *out)
{
	struct arena a;
	size_t n_rules = 0;
	const struct burn_alert *rules;
	struct suspects suspects = {0};
	struct err e = ERR_INIT;
	bool burning = row->state.at != NONE_INT && row->state.onset != NONE_INT;

	arena_init(&a);
	rules = burn_alerts(&row->slo, &a, &n_rules);
	if (burning &&
		suspects_load(&suspects, &a, pane_console(p), row->slo.service,
			row->state.onset, SUSPECTS, &e))
		doc_text(out, ROLE_ERROR, e.what);
	add_headline(p, row, out);
	add_figures(p, row, out);
	add_chart(p, row, &suspects, page_factor(rules, n_rules), &a, out);
	if (burning)
		add_suspects(p, &suspects, out);
	add_windows(p, row, rules, n_rules, &a, out);
	add_words(row, out);
	add_definition(&row->slo, out);
	err_release(&e);
	arena_release(&a);
}
