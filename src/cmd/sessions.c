#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/path.h"
#include "model/registry.h"
#include "store/sessions.h"
#include "trace/findings.h"
#include "trace/redact.h"
#include "trace/replay.h"
#include "trace/story.h"
#include "trace/trace_file.h"

#define SPANS_MAX 1000000
#define LIST_DEFAULT 50
#define BATCH 500

/* --- one session as the document says it --- */

static void add_kinds(struct json *to, const struct tree *t)
{
	struct json *kinds = json_add_object(to, "kinds");

	for (int k = SPAN_NONE + 1; k < SPAN_KINDS; k++)
		if (t->kinds[k])
			json_add_int(kinds, span_kind_name((enum span_kind)k),
				(int64_t)t->kinds[k]);
}

static void add_findings(struct json *to, const struct tree *t, struct arena *a)
{
	struct findings found = {0};
	struct json *list = json_add_array(to, "findings");

	findings_of(&found, a, t, 100);
	for (size_t i = 0; i < found.n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "kind", found.items[i].kind);
		json_add_text(one, "severity", found.items[i].severity);
		json_add_text(one, "span", found.items[i].span);
		json_add_text(one, "detail", found.items[i].detail);
	}
}

/* tocsin.session/1; *format is the file's, or NULL. */
static void add_session(struct json *to, const struct session *s, const struct tree *t,
	const char *format, struct arena *a)
{
	struct json *tokens;

	json_add_text(to, "id", s->id);
	json_add_text(to, "source", s->source);
	json_add_text(to, "format", format ? format : s->format);
	json_add_text(to, "agent", s->agent);
	json_add_text(to, "user", s->user);
	json_add_time(to, "started", t->started);
	json_add_time(to, "ended", t->ended);
	if (t->started == NONE_INT || t->ended == NONE_INT)
		json_add_null(to, "duration_ms");
	else
		json_add_real(
			to, "duration_ms", (double)(t->ended - t->started) / NS_PER_MS);
	json_add_int(to, "traces", (int64_t)t->traces);
	json_add_int(to, "spans", (int64_t)(t->n - t->repeats));
	json_add_int(to, "roots", (int64_t)t->roots);
	json_add_int(to, "orphans", (int64_t)t->orphans);
	json_add_int(to, "max_depth", (int64_t)t->max_depth);
	json_add_int(to, "errors", (int64_t)t->errors);
	add_kinds(to, t);
	tokens = json_add_object(to, "tokens");
	json_add_int(tokens, "input", t->total.input);
	json_add_int(tokens, "output", t->total.output);
	json_add_real(to, "cost_usd", pusd_to_usd(t->total.cost_pusd));
	add_findings(to, t, a);
	json_add_time(to, "as_of", t->ended);
	json_add_bool(to, "stale", false);
}

/* --- import --- */

static int put_all(struct store *st, const struct trace_file *f, struct err *e)
{
	for (size_t i = 0; i < f->n;) {
		if (store_begin(st, e))
			return -1;
		for (size_t stop = i + BATCH; i < f->n && i < stop; i++)
			if (span_put(st, &f->spans[i], e)) {
				store_rollback(st);
				return -1;
			}
		if (store_commit(st, e))
			return -1;
	}
	for (size_t i = 0; i < f->n_sessions; i++)
		if (session_put(st, &f->sessions[i], e))
			return -1;
	return 0;
}

static void add_file(struct json *list, const struct trace_file *f, struct arena *a)
{
	for (size_t i = 0; i < f->n_sessions; i++) {
		struct tree t;
		size_t n;
		struct span *spans = trace_session_spans(f, a, f->sessions[i].id, &n);

		tree_build(&t, a, spans, n, NULL);
		add_session(
			json_add_object(list, NULL), &f->sessions[i], &t, f->format, a);
	}
}

static int import_one(struct cmd *c, const char *name, struct json *list)
{
	struct strbuf text = STRBUF_INIT;
	struct trace_file f = {0};
	struct problems p;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	arena_init(&a);
	problems_init(&p, name);
	if (path_read(&text, name, TRACE_FILE_MAX_BYTES, &e) ||
		trace_file_parse(&f, &a, text.buf, text.len, "files", &p, &e)) {
		if (!e.where)
			err_where(&e, "%s", name);
		code = cmd_fail(&e);
	} else {
		for (size_t i = 0; i < f.n_sessions; i++)
			f.sessions[i].format = f.format;
		for (size_t i = 0; i < f.n && !cmd_has(c, "full"); i++)
			redact_span(&f.spans[i], &a, KEEP_MASKED);
		if (put_all(c->store, &f, &e))
			code = cmd_fail(&e);
		else if (c->json)
			add_file(list, &f, &a);
		else
			say(ngettext("%s: %s, %zu spans in %zu session\n",
				    "%s: %s, %zu spans in %zu sessions\n", f.n_sessions),
				name, f.format, f.n, f.n_sessions);
	}
	if (p.n) {
		cmd_problems(&p);
		code = code == EXIT_FINE ? EXIT_FINDING : code;
	}
	problems_release(&p);
	strbuf_release(&text);
	arena_release(&a);
	return code;
}

int cmd_sessions_import(struct cmd *c)
{
	struct json *doc = json_object(), *list;
	int code = EXIT_FINE;

	json_add_text(doc, "schema", "tocsin.session/1");
	list = json_add_array(doc, "sessions");
	if (!c->n_operands)
		code = cmd_usage(c, "%s", _("name at least one file"));
	for (size_t i = 0; i < c->n_operands; i++) {
		int one = import_one(c, c->operands[i], list);

		code = one > code ? one : code;
	}
	if (c->json && c->n_operands)
		return cmd_print_json(doc) ? EXIT_INTERNAL : code;
	json_free(doc);
	return code;
}

/* --- list --- */

static struct json *list_json(const struct session_list *found)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.sessions/1");
	list = json_add_array(doc, "sessions");
	for (size_t i = 0; i < found->n; i++) {
		struct json *one = record_to_json(&found->items[i], REC_SESSION);

		json_add_time(one, "as_of", found->items[i].ended);
		json_add_bool(one, "stale", false);
		json_add(list, NULL, one);
	}
	json_add_bool(doc, "more", found->more);
	return doc;
}

static void list_print(const struct session_list *found)
{
	const char *const headings[] = {
		_("STARTED"),
		_("AGENT"),
		_("TOOK"),
		_("SPANS"),
		_("ERRORS"),
		_("TOKENS"),
		_("USD"),
		_("SESSION"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("llrrrrrl", headings);
	int64_t now = clock_now();

	for (size_t i = 0; i < found->n; i++) {
		const struct session *s = &found->items[i];
		struct strbuf at = STRBUF_INIT, took = STRBUF_INIT;
		char numbers[4][32] = {"-", "-", "-", "-"};

		if (s->started != NONE_INT)
			time_human(&at, s->started, now, false);
		if (s->started != NONE_INT && s->ended != NONE_INT)
			duration_short(&took, s->ended - s->started);
		if (s->spans != NONE_INT)
			snprintf(numbers[0], sizeof(numbers[0]), "%lld",
				(long long)s->spans);
		if (s->errors != NONE_INT)
			snprintf(numbers[1], sizeof(numbers[1]), "%lld",
				(long long)s->errors);
		if (s->input_tokens != NONE_INT && s->output_tokens != NONE_INT)
			snprintf(numbers[2], sizeof(numbers[2]), "%lld",
				(long long)(s->input_tokens + s->output_tokens));
		if (!isnan(s->cost_usd))
			snprintf(numbers[3], sizeof(numbers[3]), "%.4f", s->cost_usd);
		cmd_table_cell(t, at.len ? at.buf : NULL);
		cmd_table_cell(t, s->agent);
		cmd_table_cell(t, took.len ? took.buf : NULL);
		for (size_t j = 0; j < ARRAY_LEN(numbers); j++)
			cmd_table_cell(t, numbers[j]);
		cmd_table_cell(t, s->id);
		strbuf_release(&at);
		strbuf_release(&took);
	}
	cmd_table_print(t);
}

int cmd_sessions_list(struct cmd *c)
{
	struct session_query q = {
		.agent = cmd_value(c, "agent"),
		.text = cmd_value(c, "text"),
		.failed_only = cmd_has(c, "failed"),
		.to = AT_NOW,
		.limit = LIST_DEFAULT,
		.after = {.at = AT_NOW},
	};
	const char *limit = cmd_value(c, "limit");
	struct session_list found;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	if (limit) {
		char *end;
		unsigned long n = strtoul(limit, &end, 10);

		if (*end || !n || n > 100000)
			return cmd_usage(c,
				_("--limit takes a number from 1 to 100000, not '%s'"),
				limit);
		q.limit = n;
	}
	arena_init(&a);
	if (session_list(&found, &a, c->store, &q, &e))
		code = cmd_fail(&e);
	else if (!c->json)
		list_print(&found);
	else if (cmd_print_json(list_json(&found)))
		code = EXIT_INTERNAL;
	arena_release(&a);
	return code;
}

/* --- show --- */

static void print_text(const char *label, const char *text)
{
	if (text)
		say("%s\n%s\n\n", label, text);
}

static int print_step(struct cmd *c, const struct session *s, const struct tree *t,
	size_t step, struct arena *a, struct err *e)
{
	const struct span *brief = tree_span(t, t->order[step]);
	struct strbuf line = STRBUF_INIT;
	struct span whole;

	if (span_find(&whole, a, c->store, s->source, brief->trace, brief->id, e))
		return -1;
	story_line(&line, t, t->order[step]);
	say(_("step %zu of %zu: %s\n\n"), step + 1, t->n, line.buf);
	strbuf_release(&line);
	print_text(_("input"), whole.input ? whole.input : _("(not recorded)"));
	print_text(_("output"), whole.output ? whole.output : _("(not recorded)"));
	print_text(_("error"), whole.error);
	return 0;
}

static void print_story(const struct session *s, const struct tree *t)
{
	say(_("%s  %s\n"), s->id, s->agent ? s->agent : "");
	for (size_t i = 0; i < t->n; i++) {
		size_t node = t->order[i];
		const struct span *span = tree_span(t, node);
		struct strbuf line = STRBUF_INIT, at = STRBUF_INIT;

		if (span->started != NONE_INT && t->started != NONE_INT)
			duration_short(&at, span->started - t->started);
		story_line(&line, t, node);
		say("%4zu %6s %s %*s%s\n", i + 1, at.buf,
			t->nodes[node].flags & NODE_ERROR ? "!" : " ",
			(int)(t->nodes[node].depth - 1) * 2, "", line.buf);
		strbuf_release(&line);
		strbuf_release(&at);
	}
}

static int show_json(const struct session *s, const struct tree *t, struct arena *a)
{
	struct json *doc = json_object();

	json_add_text(doc, "schema", "tocsin.session/1");
	add_session(json_add_object(json_add_array(doc, "sessions"), NULL), s, t,
		s->format, a);
	return cmd_print_json(doc);
}

int cmd_sessions_show(struct cmd *c)
{
	const char *step = cmd_value(c, "step");
	struct session s;
	struct span_list spans;
	struct tree t;
	struct arena a;
	struct err e = ERR_INIT;
	unsigned long n = step ? strtoul(step, NULL, 10) : 0;
	int code = EXIT_FINE;

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("name one session"));
	arena_init(&a);
	if (session_find(&s, &a, c->store, c->operands[0], &e) ||
		span_list(&spans, &a, c->store, s.source, s.id, SPANS_MAX, &e)) {
		code = cmd_fail(&e);
		goto out;
	}
	tree_build(&t, &a, spans.items, spans.n, NULL);
	if (step && (!n || n > t.n))
		code = cmd_usage(c, _("there are steps 1 to %zu"), t.n);
	else if (c->json)
		code = show_json(&s, &t, &a) ? EXIT_INTERNAL : EXIT_FINE;
	else if (step)
		code = print_step(c, &s, &t, n - 1, &a, &e) ? cmd_fail(&e) : EXIT_FINE;
	else
		print_story(&s, &t);
	if (code == EXIT_FINE && t.errors)
		code = EXIT_FINDING;
out:
	arena_release(&a);
	return code;
}
