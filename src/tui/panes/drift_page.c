#include "config.h"
#include "tui/panes/drift.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "store/drift.h"
#include "tui/console.h"
#include "tui/panes/page_marks.h"
#include "tui/panes/slo_page.h"

/* One feature, or one dataset: how far it is off, since when, what changed, what to do. */

#define CHART_ROWS 7
#define CHART_ROWS_TALL 12
#define TALL 40
#define POINTS 400
#define SPAN_LEAST (6 * NS_PER_HOUR)
#define FEATURES_MAX 20

struct drift_look {
	struct pane *p;
	struct console *c;
	const struct drift_row *row;
	const struct drift_report *r;
	struct arena *a;
	struct doc *out;
	struct page_marks marks;
	const char *service;
};

/* --- what is the case, in words --- */

static const char *number(struct drift_look *lk, double v)
{
	return isnan(v) ? "-" : arena_format(lk->a, "%.3g", v);
}

/* "psi 0.31 is over its threshold 0.2" */
static void say_value(struct drift_look *lk, struct strbuf *text)
{
	const struct drift_report *r = lk->r;
	const char *name = r->method ? r->method : _("the value");
	bool by_p = lk->row->method && lk->row->method->by_p && !isnan(r->p_value);
	double strength = drift_strength(r, lk->row->method);
	const char *value = number(lk, by_p ? r->p_value : r->value);
	const char *limit = number(lk, r->threshold);

	if (isnan(strength))
		return;
	if (by_p)
		strbuf_addf(text,
			strength >= 1 ? _("The p-value of %s, %s, is below %s.")
				      : _("The p-value of %s, %s, is not below %s."),
			name, value, limit);
	else
		strbuf_addf(text,
			strength >= 1 ? _("The %s of %s is over its threshold, %s.")
				      : _("The %s of %s is below its threshold, %s."),
			name, value, limit);
}

static void say_noise(struct drift_look *lk, struct strbuf *text)
{
	const struct drift_report *r = lk->r;

	if (isnan(r->noise) || isnan(r->value))
		return;
	strbuf_addc(text, ' ');
	strbuf_addf(text,
		r->value > r->noise
			? _("Chance alone stays below %s at these sizes 19 times of 20.")
			: _("But chance alone reaches %s at these sizes: that is noise."),
		number(lk, r->noise));
}

static void say_lasting(struct drift_look *lk, struct strbuf *text)
{
	struct strbuf since = STRBUF_INIT;

	if (lk->row->verdict == DRIFT_WATCH && lk->r->persisted)
		strbuf_addf(text, _(" It is so in %s windows: not for long enough yet."),
			lk->r->persisted);
	else if (drift_is_drifted(lk->row) && lk->r->persisted)
		strbuf_addf(text, _(" It is so in %s windows."), lk->r->persisted);
	if (drift_is_drifted(lk->row) && lk->r->since != NONE_INT) {
		console_time(lk->c, &since, lk->r->since);
		strbuf_addf(text, _(" First drifted %s."), since.buf);
	}
	strbuf_release(&since);
}

static void say_dataset(struct drift_look *lk, struct strbuf *text)
{
	const struct drift_row *row = lk->row;

	strbuf_addf(text,
		ngettext("%zu of %zu feature drifted, ", "%zu of %zu features drifted, ",
			row->n),
		row->n_drifted, row->n);
	strbuf_addf(text, _("a share of %.0f %%; the dataset drifts from %.0f %% on."),
		isnan(lk->r->value)
			? 100.0 * (double)row->n_drifted / (double)(row->n ? row->n : 1)
			: lk->r->value * 100,
		(isnan(lk->r->threshold) ? DRIFT_SHARE : lk->r->threshold) * 100);
}

static void add_headline(struct drift_look *lk)
{
	struct strbuf text = STRBUF_INIT, dataset = STRBUF_INIT;
	const struct drift_report *r = lk->r;

	drift_word(&text, lk->c, lk->row);
	drift_dataset_text(&dataset, r);
	if (lk->row->dataset)
		doc_title(lk->out, drift_role(lk->row), "%s  %s", text.buf, dataset.buf);
	else
		doc_title(lk->out, drift_role(lk->row), _("%s  %s of %s"), text.buf,
			r->feature ? r->feature : "-", dataset.buf);
	strbuf_release(&dataset);
	strbuf_reset(&text);
	if (lk->row->dataset) {
		say_dataset(lk, &text);
	} else {
		say_value(lk, &text);
		say_noise(lk, &text);
	}
	say_lasting(lk, &text);
	if (text.len)
		doc_text(lk->out, drift_is_drifted(lk->row) ? ROLE_STRONG : ROLE_TEXT,
			text.buf);
	if (r->note && !lk->row->dataset)
		doc_text(lk->out, ROLE_NO_DATA, r->note);
	strbuf_release(&text);
}

/* --- what was compared --- */

static void cell_pair(
	struct doc *out, const char *label, enum role role, const char *value)
{
	doc_cell(out, ROLE_LABEL, label);
	doc_cell(out, value && *value ? role : ROLE_DIM, value && *value ? value : "-");
}

/* Moments of RFC 3339 as the console's clock says them; all else stays. */
static const char *clocked(struct drift_look *lk, const char *text)
{
	struct strbuf out = STRBUF_INIT;
	struct err none = ERR_INIT;
	const char *kept, *s = text;
	int64_t at;

	while (s && *s) {
		size_t word = strcspn(s, " ,;"), gap = strspn(s + word, " ,;");
		const char *token = arena_strndup(lk->a, s, word);

		if (word > 10 && token[10] == 'T' && time_parse(&at, token, &none) == 0)
			console_time(lk->c, &out, at);
		else
			strbuf_adds(&out, token);
		strbuf_add(&out, s + word, gap);
		s += word + gap;
	}
	kept = text ? arena_strdup(lk->a, out.buf) : NULL;
	err_release(&none);
	strbuf_release(&out);
	return kept;
}

static const char *side(struct drift_look *lk, const char *what, double n)
{
	struct strbuf size = STRBUF_INIT;
	const char *text = what = clocked(lk, what);

	if (!isnan(n)) {
		value_count_text(&size, n);
		text = what ? arena_format(lk->a, _("%s, %s values"), what, size.buf)
			    : arena_format(lk->a, _("%s values"), size.buf);
	}
	strbuf_release(&size);
	return text;
}

static void add_figures(struct drift_look *lk)
{
	const struct drift_report *r = lk->r;
	struct strbuf age = STRBUF_INIT;
	enum role role = r->computed == NONE_INT
		? console_source_age(lk->c, &age, r->source)
		: console_age(lk->c, &age, r->computed, console_stale(lk->c, r->source));

	doc_blank(lk->out);
	doc_columns_begin(lk->out, "llll");
	cell_pair(lk->out, _("value"), ROLE_STRONG, number(lk, r->value));
	cell_pair(lk->out, _("reference"), ROLE_TEXT,
		side(lk, r->reference, r->n_reference));
	cell_pair(lk->out, _("threshold"), ROLE_TEXT, number(lk, r->threshold));
	cell_pair(lk->out, _("at present"), ROLE_TEXT, side(lk, r->window, r->n_current));
	cell_pair(lk->out, _("noise limit"), ROLE_TEXT, number(lk, r->noise));
	cell_pair(lk->out, _("computed"), role,
		arena_format(lk->a, _("%s, by %s"), age.buf, r->source));
	doc_columns_end(lk->out);
	strbuf_release(&age);
}

/* --- over time --- */

static int load_chart(struct drift_look *lk, struct chart *out, struct err *e)
{
	const struct drift_report *r = lk->r;
	int64_t to = console_now(lk->c), from = to - NS_PER_DAY;
	struct samples samples = {0};

	if (r->since != NONE_INT && r->since - SPAN_LEAST < from)
		from = r->since - SPAN_LEAST;
	if (drift_history(&samples, lk->a, console_store(lk->c), r->source, r->service,
		    r->dataset, r->feature, from, to, POINTS, e))
		return -1;
	*out = chart_of_samples(lk->a, &samples);
	out->from = samples.n && samples.items[0].at > from
		? samples.items[0].at - (to - samples.items[0].at) / 20
		: from;
	if (to - out->from < 2 * NS_PER_MIN)
		out->from = to - 2 * NS_PER_MIN;
	out->to = to;
	return 0;
}

static void add_chart(struct drift_look *lk)
{
	const struct drift_report *r = lk->r;
	bool by_p = lk->row->method && lk->row->method->by_p;
	struct err e = ERR_INIT;
	struct chart ch;

	if (!console_store(lk->c))
		return;
	if (load_chart(lk, &ch, &e)) {
		doc_text(lk->out, ROLE_ERROR, e.what);
	} else if (ch.n) {
		/* The threshold of a p-value is not on the axis of the statistic. */
		ch.threshold = by_p ? NAN : r->threshold;
		ch.second = r->noise;
		ch.calm = true;
		ch.title = lk->row->dataset
			? _("Share of features that drifted, and where the dataset does")
			: by_p || isnan(r->noise)
			? arena_format(lk->a, _("%s over time, and its limit"),
				  r->method ? r->method : _("value"))
			: arena_format(lk->a,
				  _("%s over time; threshold %.3g, noise up to %.3g"),
				  r->method ? r->method : _("value"), r->threshold,
				  r->noise);
			page_marks_put(&lk->marks, &ch,
				drift_is_drifted(lk->row) ? r->since : NONE_INT);
			doc_blank(lk->out);
			doc_charts(lk->out, &ch, 1,
				console_plain(lk->c)                  ? 2
					: console_rows(lk->c) >= TALL ? CHART_ROWS_TALL
								      : CHART_ROWS);
	}
	err_release(&e);
}

/* --- the features of a dataset --- */

static void add_features(struct drift_look *lk)
{
	const struct rows *rows = pane_rows(lk->p);
	size_t n = 0;

	doc_heading(lk->out, _("Its features, the worst first"));
	doc_columns_begin(lk->out, "llrrr");
	for (size_t i = 0; i < rows->n && n < FEATURES_MAX; i++) {
		const struct drift_row *row = rows->items[i].data;
		struct strbuf word = STRBUF_INIT, value = STRBUF_INIT,
			      since = STRBUF_INIT;

		if (row->dataset || strcmp(row->group, lk->row->group) != 0)
			continue;
		n++;
		drift_word(&word, lk->c, row);
		drift_value_text(&value, row);
		if (row->r->since != NONE_INT)
			console_time(lk->c, &since, row->r->since);
		doc_cell(lk->out, drift_role(row), word.buf);
		doc_cell(lk->out, ROLE_STRONG, row->r->feature);
		doc_cellf(lk->out, ROLE_TEXT, "%s %s",
			row->r->method ? row->r->method : "", value.buf);
		doc_cell(lk->out, ROLE_DIM, row->r->persisted ? row->r->persisted : "");
		doc_cell(lk->out, ROLE_TEXT, since.buf);
		doc_row_link(lk->out, "drift", rows->items[i].id);
		strbuf_release(&word);
		strbuf_release(&value);
		strbuf_release(&since);
	}
	doc_columns_end(lk->out);
	if (n < lk->row->n)
		doc_textf(lk->out, ROLE_DIM, _("and %zu more"), lk->row->n - n);
}

/* --- how it is measured --- */

static void add_method(struct drift_look *lk)
{
	const struct drift_report *r = lk->r;
	const struct drift_method *m = lk->row->method;

	doc_heading(lk->out, _("How it is measured"));
	if (m) {
		doc_field(lk->out, _("method"), ROLE_TEXT,
			arena_format(lk->a, "%s (%s)", _(m->title), m->name));
		doc_field(lk->out, _("measures"), ROLE_TEXT, _(m->measures));
	} else {
		doc_field(lk->out, _("method"), ROLE_TEXT, r->method);
	}
	if (r->binning)
		doc_field(lk->out, _("bins"), ROLE_TEXT, r->binning);
	if (!isnan(r->p_value))
		doc_fieldf(lk->out, _("p-value"), ROLE_TEXT,
			_("%.3g: how often chance alone would give as much"), r->p_value);
	if (r->kind)
		doc_field(lk->out, _("kind"), ROLE_TEXT, r->kind);
	doc_text(lk->out, ROLE_DIM,
		drift_is_context(r)
			? _("Drift is what is over its threshold, over what chance "
			    "gives, "
			    "and lasts. It says that the data moved, not that users "
			    "suffer: it pages nobody.")
			: _("Drift is what is over its threshold, over what chance "
			    "gives, "
			    "and lasts. Of predictions and performance it is a ticket."));
}

static void add_origin(struct drift_look *lk)
{
	const struct drift_report *r = lk->r;

	doc_heading(lk->out, _("Where it is from"));
	if (lk->service)
		doc_field(lk->out, _("service"), ROLE_TEXT, lk->service);
	doc_link(lk->out, _("source"), r->source, "sources", r->source);
	if (r->url)
		doc_field(lk->out, _("report"), ROLE_LINK, r->url);
}

void drift_page(struct pane *p, const void *data, struct doc *out)
{
	static const char *const changes[] = {"drift_report"};
	struct drift_pane *mine = pane_data(p);
	const struct drift_row *row = data;
	struct subject subject = {0};
	struct library_query q = {.changes = changes, .n_changes = 1};
	struct arena a;
	struct drift_look lk = {.p = p,
		.c = pane_console(p),
		.row = row,
		.r = row->r,
		.a = &a,
		.out = out};

	arena_init(&a);
	pane_ops(p)->subject(p, data, &subject);
	lk.service = q.service = subject.service;
	page_marks_load(&lk.marks, &a, lk.c, lk.service,
		drift_is_drifted(row) ? row->r->since : NONE_INT,
		console_now(lk.c) - NS_PER_DAY);
	add_headline(&lk);
	add_figures(&lk);
	add_chart(&lk);
	page_marks_legend(&lk.marks, p, out);
	if (row->dataset)
		add_features(&lk);
	else
		drift_page_shares(p, row, out);
	fitting_add(&mine->fitting, p, &q, out);
	if (!row->dataset)
		add_method(&lk);
	add_origin(&lk);
	arena_release(&a);
}
