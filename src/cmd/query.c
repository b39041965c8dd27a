#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/plot.h"
#include "cmd/query_json.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"
#include "poll/prom_client.h"

#define RANGE_NS NS_PER_HOUR

enum {
	COLUMNS_DEFAULT = 80,
	COLUMNS_MOST = 200,
	ROWS_DEFAULT = 21, /* an odd number inside: the middle is one of them */
	SHOWN_SERIES = 10,
	POINTS_A_COLUMN = 2,
	ROWS_TABLE = 1000, /* of an instant query; the rest is for --json */
};

/* --- what is asked, and whom --- */

static const struct source_conf *first_prometheus(const struct cmd *c)
{
	for (size_t i = 0; i < c->config.n_sources; i++) {
		const struct source_conf *s = &c->config.sources[i];

		if (!strcmp(s->type, "prometheus") &&
			(!c->context || context_has_source(c->context, s->name)))
			return s;
	}
	return NULL;
}

static int take_source(struct query *q, const struct cmd *c, struct err *e)
{
	const char *name = cmd_value(c, "source");

	q->source = name ? config_source(&c->config, name) : first_prometheus(c);
	if (!q->source && name)
		return err_set(e, ERR_NOT_FOUND, _("there is no source '%s'"), name);
	if (!q->source) {
		err_set(e, ERR_NOT_FOUND, _("no source of this context is a Prometheus"));
		return err_hint(e,
			_("add one to the configuration: {name: prom, type: prometheus, "
			  "url: ...}"));
	}
	if (strcmp(q->source->type, "prometheus") != 0)
		return err_set(e, ERR_INPUT,
			_("the source '%s' is no Prometheus but '%s'"), q->source->name,
			q->source->type);
	return 0;
}

/* RFC 3339, seconds since the epoch, or how long ago. */
static int take_moment(int64_t *out, const char *text, int64_t now, struct err *e)
{
	struct err ignored = ERR_INIT;
	char *end;
	double seconds = strtod(text, &end);
	int64_t ago;
	int rc = -1;

	if (end != text && !*end && seconds >= 1e9)
		rc = time_parse_number(out, seconds, text, &ignored);
	else if (!duration_parse(&ago, text, &ignored)) {
		*out = now - ago;
		rc = 0;
	} else {
		err_clear(&ignored);
		rc = time_parse(out, text, &ignored);
	}
	err_release(&ignored);
	if (!rc && *out != NONE_INT)
		return 0;
	err_set(e, ERR_INPUT, _("'%s' is no moment"), text);
	return err_hint(e,
		_("write 2026-11-21T08:53:09Z, seconds since 1970, or how long ago: "
		  "90m"));
}

static int take_duration(
	int64_t *out, const struct cmd *c, const char *option, struct err *e)
{
	const char *text = cmd_value(c, option);

	if (!text)
		return 0;
	if (duration_parse(out, text, e))
		return -1;
	if (*out > 0)
		return 0;
	return err_set(e, ERR_INPUT, _("--%s has to be longer than nothing"), option);
}

static int take_times(struct query *q, const struct cmd *c, struct err *e)
{
	const char *at = cmd_value(c, "at");
	int64_t length = 0, step = 0;

	q->at = q->now;
	if ((at && take_moment(&q->at, at, q->now, e)) ||
		take_duration(&length, c, "range", e) ||
		take_duration(&step, c, "step", e))
		return -1;
	if (step && !length && !cmd_has(c, "plot"))
		return err_set(e, ERR_INPUT, _("--step is for --range and --plot"));
	q->ranged = length || cmd_has(c, "plot");
	if (!q->ranged)
		return 0;
	length = length ? length : RANGE_NS;
	if (!step)
		step = length / (POINTS_A_COLUMN * q->columns);
	q->range = prom_range(q->at - length, q->at, step);
	if (cmd_value(c, "step") && q->range.step_ns > step)
		fprintf(stderr, "%s\n",
			_("the step is wider than asked for: a second at least, and at "
			  "most 10,000 points"));
	return 0;
}

static int terminal_columns(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	long n = 0;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		n = size.ws_col;
	else if (columns)
		n = strtol(columns, NULL, 10);
	return n < 1 ? COLUMNS_DEFAULT : n > COLUMNS_MOST ? COLUMNS_MOST : (int)n;
}

/* --- what the server objects to --- */

/* "1:10: parse error ..." somewhere in the words: line and column. */
static bool position_find(const char *words, int *line, int *column)
{
	const char *error = strstr(words, ": parse error");
	const char *s = error;

	while (s && s > words && (s[-1] == ':' || (s[-1] >= '0' && s[-1] <= '9')))
		s--;
	return s && sscanf(s, "%9d:%9d", line, column) == 2 && *line > 0 && *column > 0;
}

static void tell(const char *text)
{
	struct strbuf plain = STRBUF_INIT;

	if (text_is_utf8())
		strbuf_adds(&plain, text);
	else
		text_ascii(&plain, text);
	fprintf(stderr, "  %s\n", plain.buf);
	strbuf_release(&plain);
}

/* The line of the expression, and a caret below the place.  The server counts bytes. */
static void caret_show(const char *expression, const char *words)
{
	struct strbuf shown = STRBUF_INIT, before = STRBUF_INIT;
	int line, column, width;
	size_t n;

	if (!position_find(words, &line, &column))
		return;
	while (--line > 0 && strchr(expression, '\n'))
		expression = strchr(expression, '\n') + 1;
	n = strcspn(expression, "\n");
	text_safe(&shown, expression, n, false);
	text_safe(&before, expression, (size_t)(column - 1) < n ? (size_t)column - 1 : n,
		false);
	width = text_width(before.buf);
	tell(shown.buf);
	strbuf_reset(&before);
	for (int i = 0; i < width; i++)
		strbuf_addc(&before, ' ');
	strbuf_addc(&before, '^');
	tell(before.buf);
	strbuf_release(&shown);
	strbuf_release(&before);
}

static int query_fail(const struct query *q, struct err *e)
{
	char *words = mem_strdup(e->what);
	int code;

	/* What the server refuses to read is ours to mend. */
	if (e->code == ERR_BACKEND && e->retry == RETRY_NEVER)
		e->code = ERR_INPUT;
	code = cmd_fail(e);
	if (words)
		caret_show(q->expression, words);
	free(words);
	return code;
}

static void remarks_tell(const struct json *list, const char *label)
{
	json_each (one, list) {
		struct strbuf safe = STRBUF_INIT, plain = STRBUF_INIT;
		const char *text = json_text(one);

		if (text)
			text_safe(&safe, text, strlen(text), false);
		text_ascii(&plain, safe.buf);
		fprintf(stderr, "%s: %s\n", label, text_is_utf8() ? safe.buf : plain.buf);
		strbuf_release(&safe);
		strbuf_release(&plain);
	}
}

static void remarks(const struct query *q)
{
	if (q->clock)
		fprintf(stderr, _("warning: %s; asked by its own\n"), q->clock);
	remarks_tell(json_get(q->answer.document, "warnings"), _("warning"));
	remarks_tell(json_get(q->answer.document, "infos"), _("note"));
	if (q->answer.partial && !json_get(q->answer.document, "warnings"))
		fprintf(stderr, _("warning: %s\n"), q->answer.partial);
}

/* --- for people --- */

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_height(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->height != y->height)
		return x->height < y->height ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* The highest value there is; -INFINITY: none. */
static double height_of(const struct samples *s)
{
	double high = -INFINITY;

	for (size_t i = 0; i < s->n; i++)
		high = fmax(high, s->items[i].value);
	return high;
}

/* among: what all series share stands in the title. */
static struct named *names(struct query *q, const struct prom_answer *among)
{
	struct named *out = arena_alloc(&q->arena, q->answer.n + 1, sizeof(*out));

	for (size_t i = 0; i < q->answer.n; i++) {
		struct strbuf name = STRBUF_INIT;

		query_series_name(&name, q->answer.items[i].labels, among, false);
		out[i] = (struct named){&q->answer.items[i],
			arena_strdup(&q->arena, name.buf),
			height_of(&q->answer.items[i].samples)};
		strbuf_release(&name);
	}
	return out;
}

static void add_histogram(struct strbuf *out, const struct prom_histogram *h)
{
	strbuf_addf(out, _("%.6g observations"), h->count);
	if (h->count > 0) {
		strbuf_adds(out, ", ");
		strbuf_addf(out, _("mean %.6g"), h->sum / h->count);
	}
}

static void add_value(struct strbuf *out, const struct prom_series *s)
{
	if (s->samples.n)
		query_number(out, s->samples.items[s->samples.n - 1].value);
	else if (s->n_histograms)
		add_histogram(out, &s->histograms[s->n_histograms - 1]);
}

static void print_table(struct query *q)
{
	const char *const headings[] = { _("VALUE"), _("SERIES"), NULL };
	struct cmd_table *t;
	struct named *rows = names(q, NULL);
	size_t n = q->answer.n < ROWS_TABLE ? q->answer.n : ROWS_TABLE;

	if (!q->answer.n) {
		say("%s\n", _("no data"));
		return;
	}
	qsort(rows, q->answer.n, sizeof(*rows), by_name);
	t = cmd_table_new("rl", headings);
	for (size_t i = 0; i < n; i++) {
		struct strbuf value = STRBUF_INIT;

		add_value(&value, rows[i].series);
		cmd_table_cell(t, value.buf);
		cmd_table_cell(t, *rows[i].name ? rows[i].name : NULL);
		strbuf_release(&value);
	}
	cmd_table_print(t);
	if (n < q->answer.n)
		say(_("and %zu more: --json has them all\n"), q->answer.n - n);
}

/* A native histogram over time is drawn by the mean of what it observed. */
static void means_take(struct query *q)
{
	for (size_t i = 0; i < q->answer.n; i++) {
		struct prom_series *s = &q->answer.items[i];
		struct sample *to;

		if (s->samples.n || !s->n_histograms)
			continue;
		to = arena_alloc(&q->arena, s->n_histograms, sizeof(*to));
		for (size_t k = 0; k < s->n_histograms; k++)
			to[k] = (struct sample){s->histograms[k].at,
				s->histograms[k].sum / s->histograms[k].count};
		s->samples = (struct samples){to, s->n_histograms};
	}
}

static void print_plot(struct query *q)
{
	struct plot_series series[SHOWN_SERIES];
	struct plot p = {
		.series = series,
		.from = q->range.from,
		.to = q->range.to,
		.step_ns = q->range.step_ns,
		.unit = query_unit(q->expression),
		.columns = q->columns,
		.rows = ROWS_DEFAULT,
	};
	struct strbuf out = STRBUF_INIT, title = STRBUF_INIT;
	struct named *rows;

	if (!q->answer.n) {
		say("%s\n", _("no data"));
		return;
	}
	means_take(q);
	query_series_name(&title, q->answer.items[0].labels, &q->answer, true);
	p.title = title.len ? title.buf : q->expression;
	rows = names(q, &q->answer);
	qsort(rows, q->answer.n, sizeof(*rows), by_height);
	p.n = q->answer.n < SHOWN_SERIES ? q->answer.n : SHOWN_SERIES;
	qsort(rows, p.n, sizeof(*rows), by_name);
	for (size_t i = 0; i < p.n; i++)
		series[i] = (struct plot_series){rows[i].series->samples, rows[i].name};
	plot_draw(&out, &p);
	(void)fwrite(out.buf, 1, out.len, stdout);
	if (p.n < q->answer.n)
		say(_("and %zu more, none of them higher: narrow the expression\n"),
			q->answer.n - p.n);
	strbuf_release(&out);
	strbuf_release(&title);
}

/* --- the whole --- */

static int ask(struct query *q, struct err *e)
{
	struct prom_client *client = prom_client_new(q->source, e);
	int rc;

	if (!client)
		return -1;
	rc = q->ranged ? prom_client_range(&q->answer, &q->arena, client, q->expression,
				 &q->range, e)
		       : prom_client_instant(
				 &q->answer, &q->arena, client, q->expression, q->at, e);
	q->clock = prom_clock_words(prom_client_server(client), &q->arena);
	q->ahead_ns = prom_client_server(client)->ahead_ns;
	prom_client_free(client);
	return rc;
}

static int show(struct query *q, const struct cmd *c)
{
	if (c->json)
		return cmd_print_json(query_json(q)) ? EXIT_INTERNAL : EXIT_FINE;
	remarks(q);
	if (q->ranged)
		print_plot(q);
	else
		print_table(q);
	return EXIT_FINE;
}

int cmd_query(struct cmd *c)
{
	struct query q = {.now = clock_now(), .columns = terminal_columns()};
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, _("one expression is wanted, in quotes"));
	q.expression = c->operands[0];
	arena_init(&q.arena);
	if (take_source(&q, c, &e) || take_times(&q, c, &e))
		code = cmd_fail(&e);
	else if (ask(&q, &e))
		code = query_fail(&q, &e);
	else
		code = show(&q, c);
	prom_release(&q.answer);
	arena_release(&q.arena);
	return code;
}
