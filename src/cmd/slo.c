#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/path.h"
#include "signal/burn.h"
#include "signal/slo_file.h"
#include "store/source.h"

/* --- slo list: what is defined and how it stands --- */

static bool is_stale(const struct source_rows *sources, const char *name, int64_t now)
{
	for (size_t i = 0; name && i < sources->n; i++)
		if (!strcmp(sources->items[i].name, name))
			return source_is_stale(&sources->items[i], now);
	return false;
}

static struct json *list_json(
	const struct slo_rows *rows, const struct source_rows *sources, int64_t now)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.slos/1");
	json_add_time(doc, "at", now);
	list = json_add_array(doc, "slos");
	for (size_t i = 0; i < rows->n; i++) {
		struct json *one = json_add_object(list, NULL);

		element_slo(one, &rows->items[i],
			is_stale(sources, rows->items[i].slo.source, now), now);
		json_add_text(one, "format", rows->items[i].slo.format);
		json_add_text(one, "file", rows->items[i].slo.file);
	}
	return doc;
}

static char *percent(double share)
{
	return isnan(share) ? mem_strdup("-") : mem_format("%.4g%%", share * 100);
}

static void list_print(const struct slo_rows *rows)
{
	const char *const headings[] = {
		"",
		_("SERVICE"),
		_("OBJECTIVE"),
		_("GOAL"),
		_("LEFT"),
		_("WINDOW"),
		_("FORMAT"),
		_("NOTE"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("lllrrrll", headings);

	for (size_t i = 0; i < rows->n; i++) {
		const struct slo *slo = &rows->items[i].slo;
		const struct slo_state *state = &rows->items[i].state;
		char *goal = percent(slo->objective), *left = percent(state->budget_left);
		struct strbuf window = STRBUF_INIT;

		duration_format(&window, slo->window_ns);
		cmd_table_cell(t,
			severity_mark(state->severity == SEV_NONE ? SEV_NO_DATA
								  : state->severity));
		cmd_table_cell(t, slo->service);
		cmd_table_cell(t, slo->name);
		cmd_table_cell(t, goal);
		cmd_table_cell(t, left);
		cmd_table_cell(t, window.buf);
		cmd_table_cell(t, slo->format);
		cmd_table_cell(t, state->note ? state->note : "");
		strbuf_release(&window);
		free(goal);
		free(left);
	}
	cmd_table_print(t);
}

static void keep_context(struct slo_rows *rows, const struct context_conf *context)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const char *source = rows->items[i].slo.source;

		if (!context || !source || context_has_source(context, source))
			rows->items[n++] = rows->items[i];
	}
	rows->n = n;
}

int cmd_slo_list(struct cmd *c)
{
	struct source_rows sources;
	struct slo_rows rows;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	arena_init(&a);
	if (slo_rows(&rows, &a, c->store, AT_NOW, &e) ||
		source_list(&sources, &a, c->store, AT_NOW, &e)) {
		code = cmd_fail(&e);
		goto out;
	}
	keep_context(&rows, c->context);
	for (size_t i = 0; i < rows.n; i++)
		if (rows.items[i].state.severity >= SEV_TICKET)
			code = EXIT_FINDING;
	if (!c->json)
		list_print(&rows);
	else if (cmd_print_json(list_json(&rows, &sources, clock_now())))
		code = EXIT_INTERNAL;
out:
	arena_release(&a);
	return code;
}

/* --- slo show FILE: what a file says --- */

static void add_queries(struct json *to, const struct slo *slo)
{
	int64_t windows[SLO_WINDOWS];
	size_t n = burn_windows(windows, slo);
	struct json *queries = json_add_object(to, "queries");

	for (size_t i = 0; i < n; i++) {
		struct strbuf name = STRBUF_INIT, query = STRBUF_INIT;

		duration_format(&name, windows[i]);
		slo_query(&query, slo, windows[i]);
		json_add_text(queries, name.buf, query.buf);
		strbuf_release(&name);
		strbuf_release(&query);
	}
}

static void add_duration(struct json *to, const char *key, int64_t ns)
{
	struct strbuf text = STRBUF_INIT;

	duration_format(&text, ns);
	json_add_text(to, key, text.buf);
	strbuf_release(&text);
}

static void add_alerting(struct json *to, const struct slo *slo, struct arena *a)
{
	size_t n;
	const struct burn_alert *rows = burn_alerts(slo, a, &n);
	struct json *list = json_add_array(to, "alerting");

	for (size_t i = 0; i < n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "severity", severity_name(rows[i].severity));
		add_duration(one, "short", rows[i].short_ns);
		add_duration(one, "long", rows[i].long_ns);
		json_add_real(one, "factor", rows[i].factor);
	}
}

static void add_slo(struct json *to, const struct slo *slo, struct arena *a)
{
	struct json *sli;

	json_add_text(to, "name", slo->name);
	json_add_text(to, "service", slo->service);
	json_add_text(to, "title", slo->title);
	json_add_real(to, "objective", slo->objective);
	add_duration(to, "window", slo->window_ns);
	json_add_bool(to, "calendar", slo->calendar);
	json_add_text(to, "format", slo->format);
	sli = json_add_object(to, "sli");
	json_add_text(sli, "kind", sli_kind_name(slo->sli.kind));
	json_add_text(sli, "good", slo->sli.good);
	json_add_text(sli, "bad", slo->sli.bad);
	json_add_text(sli, "total", slo->sli.total);
	add_queries(to, slo);
	add_alerting(to, slo, a);
}

static struct json *show_json(
	const struct slo_list *slos, const struct problems *p, struct arena *a)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.slo/1");
	list = json_add_array(doc, "slos");
	for (size_t i = 0; i < slos->n; i++)
		add_slo(json_add_object(list, NULL), &slos->items[i], a);
	list = json_add_array(doc, "problems");
	for (size_t i = 0; i < p->n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_int(one, "line", p->items[i].line);
		json_add_int(one, "column", p->items[i].column);
		json_add_text(one, "message", p->items[i].message);
		json_add_text(one, "hint", p->items[i].hint);
	}
	return doc;
}

static void print_rows(const struct slo *slo, struct arena *a)
{
	size_t n;
	const struct burn_alert *rows = burn_alerts(slo, a, &n);

	for (size_t i = 0; i < n; i++) {
		struct strbuf when = STRBUF_INIT;

		duration_format(&when, rows[i].short_ns);
		strbuf_adds(&when, _(" and "));
		duration_format(&when, rows[i].long_ns);
		say(_("  %-7s when %s both burn over %.4g times\n"),
			severity_name(rows[i].severity), when.buf, rows[i].factor);
		strbuf_release(&when);
	}
}

static void show_print(const struct slo_list *slos, struct arena *a)
{
	for (size_t i = 0; i < slos->n; i++) {
		const struct slo *slo = &slos->items[i];
		struct strbuf window = STRBUF_INIT, query = STRBUF_INIT;
		int64_t windows[SLO_WINDOWS];
		size_t n = burn_windows(windows, slo);

		duration_format(&window, slo->window_ns);
		say(_("%s/%s: %.6g%% over %s (%s)\n"), slo->service, slo->name,
			slo->objective * 100, window.buf, slo->format);
		print_rows(slo, a);
		if (n) {
			slo_query(&query, slo, windows[0]);
			say("  %s\n", query.buf);
		}
		strbuf_release(&window);
		strbuf_release(&query);
	}
}

int cmd_slo_show(struct cmd *c)
{
	struct strbuf text = STRBUF_INIT;
	struct slo_list slos = {0};
	struct problems p;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("name one file"));
	arena_init(&a);
	problems_init(&p, c->operands[0]);
	if (path_read(&text, c->operands[0], SLO_FILE_MAX_BYTES, &e)) {
		code = cmd_fail(&e);
		goto out;
	}
	if (slo_file_parse(&slos, &a, text.buf, text.len, c->operands[0], &p))
		code = EXIT_FINDING;
	if (!c->json) {
		show_print(&slos, &a);
		cmd_problems(&p);
	} else if (cmd_print_json(show_json(&slos, &p, &a))) {
		code = EXIT_INTERNAL;
	}
out:
	problems_release(&p);
	strbuf_release(&text);
	arena_release(&a);
	return code;
}
