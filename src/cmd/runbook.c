/* runbook.c - tocsin runbook list, show, runs: what there is; runbook run is run.c's */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "runbook/library.h"
#include "store/journal.h"

#define RUNS_MAX 200

/* --- list --- */

static void add_texts(struct json *to, const char *key, const struct yaml_texts *t)
{
	struct json *list = json_add_array(to, key);

	for (size_t i = 0; i < t->n; i++)
		json_add_text(list, NULL, t->items[i]);
}

static void entry_json(
	struct json *list, const struct library_entry *entry, const char *reason)
{
	struct json *j = json_add_object(list, NULL);

	json_add_text(j, "name", entry->name);
	json_add_text(j, "title", entry->title);
	json_add_text(j, "summary", entry->summary);
	json_add_text(j, "file", entry->file);
	json_add_bool(j, "built_in", entry->built_in);
	json_add_int(j, "steps", (int64_t)entry->steps);
	json_add_int(j, "problems", (int64_t)entry->problems);
	add_texts(j, "alerts", &entry->alerts);
	add_texts(j, "changes", &entry->changes);
	json_add_text(j, "error", entry->error);
	if (reason)
		json_add_text(j, "reason", reason);
}

static void entry_row(
	struct cmd_table *t, const struct library_entry *entry, const char *reason)
{
	char *steps = mem_format("%zu", entry->steps);

	cmd_table_cell(t, entry->name);
	cmd_table_cell(t, entry->error ? "!" : steps);
	cmd_table_cell(t, entry->error ? entry->error : entry->title);
	cmd_table_cell(t,
		reason                    ? reason
			: entry->built_in ? _("built in")
					  : entry->file);
	free(steps);
}

/* Everything, or with --alert and --service what fits them, best first. */
static size_t select_entries(struct library_match **out, struct arena *a, struct cmd *c,
	const struct library *l)
{
	const char *alert = cmd_value(c, "alert");
	const struct library_query q = {.service = cmd_value(c, "service"),
		.alerts = &alert,
		.n_alerts = alert != NULL};
	size_t n = library_count(l);

	if (q.service || alert)
		return library_matching(out, a, l, &c->config, &q);
	*out = arena_alloc(a, n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i].entry = library_at(l, i);
	return n;
}

int cmd_runbook_list(struct cmd *c)
{
	const char *const headings[] = {
		_("RUNBOOK"),
		_("STEPS"),
		_("TITLE"),
		_("WHERE"),
		NULL
	};
	struct library *l = NULL;
	struct library_match *match = NULL;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;
	size_t n;

	if (library_load(&l, &c->config, &e))
		return cmd_fail(&e);
	arena_init(&a);
	n = select_entries(&match, &a, c, l);
	if (c->json) {
		struct json *doc = json_object(), *list;

		json_add_text(doc, "schema", "tocsin.runbooks/1");
		list = json_add_array(doc, "runbooks");
		for (size_t i = 0; i < n; i++)
			entry_json(list, match[i].entry, match[i].reason);
		code = cmd_print_json(doc);
	} else {
		struct cmd_table *t = cmd_table_new("lrll", headings);

		for (size_t i = 0; i < n; i++)
			entry_row(t, match[i].entry, match[i].reason);
		cmd_table_print(t);
	}
	arena_release(&a);
	library_free(l);
	return code;
}

/* --- show --- */

static void say_vars(const struct runbook *rb)
{
	if (rb->n_vars)
		say("\n%s\n", _("Variables"));
	for (size_t i = 0; i < rb->n_vars; i++) {
		const struct var_decl *d = &rb->vars[i];

		say("  %s", d->name);
		if (d->from)
			say(_(", from %s"), d->from);
		if (d->ask)
			say(_(", asked: %s"), d->ask);
		if (d->value && !d->secret)
			say(_(", else %s"), d->value);
		if (d->secret)
			say("%s", _(", secret"));
		say("\n");
	}
}

static void say_steps(const struct runbook *rb)
{
	const char *const headings[] = {
		_("N"),
		_("PHASE"),
		_("KIND"),
		_("RISK"),
		_("CONFIRM"),
		_("STEP"),
		_("TITLE"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("rllllll", headings);

	for (size_t i = 0; i < rb->n_steps; i++) {
		const struct step *s = &rb->steps[i];
		char *n = mem_format("%d", s->n);

		cmd_table_cell(t, n);
		cmd_table_cell(t, phase_name(s->phase));
		cmd_table_cell(t,
			*s->lang && s->kind == KIND_SH ? s->lang
						       : step_kind_name(s->kind));
		cmd_table_cell(t, risk_name(s->risk));
		cmd_table_cell(t, confirm_name(step_confirm(s)));
		cmd_table_cell(t, s->name);
		cmd_table_cell(t, s->broken ? s->broken : s->title);
		free(n);
	}
	cmd_table_print(t);
}

static void say_runbook(const struct runbook *rb)
{
	say("%s\n", *rb->title ? rb->title : rb->name);
	if (rb->summary)
		say("%s\n", rb->summary);
	say_vars(rb);
	if (rb->n_steps)
		say("\n");
	say_steps(rb);
	say("\n%s  sha256:%.16s\n", rb->file ? rb->file : rb->name, rb->sha256);
}

static int read_one(struct runbook *rb, struct cmd *c, const char *name, struct err *e)
{
	struct destroy *patterns = NULL;
	struct problems p;
	char *file = NULL;
	int rc;

	problems_init(&p, NULL);
	rc = library_find(&file, &c->config, name, e);
	if (!rc)
		rc = destroy_load(&patterns, &p, e);
	if (!rc)
		rc = runbook_read(rb, file, patterns, e);
	cmd_problems(&p);
	problems_release(&p);
	destroy_free(patterns);
	free(file);
	return rc;
}

int cmd_runbook_show(struct cmd *c)
{
	struct runbook rb;
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, _("one runbook is wanted"));
	if (read_one(&rb, c, c->operands[0], &e)) {
		code = cmd_fail(&e);
		err_release(&e);
		return code;
	}
	code = rb.problems.n ? EXIT_FINDING : EXIT_FINE;
	if (c->json) {
		if (cmd_print_json(runbook_to_json(&rb)))
			code = EXIT_INTERNAL;
	} else {
		say_runbook(&rb);
		cmd_problems(&rb.problems);
	}
	runbook_release(&rb);
	return code;
}

/* --- runs --- */

static void run_json(struct json *list, const struct run_row *r)
{
	struct json *j = json_add_object(list, NULL);

	json_add_text(j, "id", r->id);
	json_add_text(j, "runbook", r->runbook);
	json_add_text(j, "title", r->title);
	json_add_text(j, "service", r->service);
	json_add_text(j, "context", r->context);
	json_add_text(j, "user", r->user);
	json_add_text(j, "state", r->state);
	json_add_bool(j, "dry_run", r->dry_run);
	json_add_time(j, "started", r->started);
	json_add_time(j, "ended", r->ended);
}

static void run_line(struct cmd_table *t, const struct run_row *r)
{
	struct strbuf at = STRBUF_INIT;

	time_human(&at, r->started, clock_now(), false);
	cmd_table_cell(t, r->id);
	cmd_table_cell(t, at.buf);
	cmd_table_cell(t, r->state);
	cmd_table_cell(t, r->user);
	cmd_table_cell(t, r->service);
	cmd_table_cell(t, r->runbook);
	strbuf_release(&at);
}

int cmd_runbook_runs(struct cmd *c)
{
	const char *const headings[] = {
		_("RUN"),
		_("STARTED"),
		_("STATE"),
		_("WHO"),
		_("SERVICE"),
		_("RUNBOOK"),
		NULL
	};
	struct run_list runs;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	arena_init(&a);
	if (run_list(&runs, &a, c->store, cmd_has(c, "live"), AT_NOW, RUNS_MAX, &e)) {
		code = cmd_fail(&e);
	} else if (c->json) {
		struct json *doc = json_object(), *list;

		json_add_text(doc, "schema", "tocsin.runs/1");
		list = json_add_array(doc, "runs");
		for (size_t i = 0; i < runs.n; i++)
			run_json(list, &runs.items[i]);
		code = cmd_print_json(doc);
	} else {
		struct cmd_table *t = cmd_table_new("llllll", headings);

		for (size_t i = 0; i < runs.n; i++)
			run_line(t, &runs.items[i]);
		cmd_table_print(t);
	}
	err_release(&e);
	arena_release(&a);
	return code;
}
