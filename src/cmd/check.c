#include "config.h"

#include <stdlib.h>

#include "cmd/check_connect.h"
#include "cmd/check_coverage.h"
#include "cmd/check_slos.h"
#include "cmd/commands.h"
#include "cmd/say.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/path.h"
#include "net/connector.h"
#include "poll/drifts.h"
#include "poll/reader.h"
#include "runbook/library.h"

/* --- what the configuration names outside of itself --- */

/* An error where a problem is wanted. */
static void add_err(struct problems *p, const struct err *e, int line)
{
	char *what = mem_format("%s%s%s%s", e->what, e->where ? " (" : "",
		e->where ? e->where : "", e->where ? ")" : "");

	problems_add(p, line, line ? 1 : 0, "%s", what);
	if (e->hint)
		problems_hint(p, "%s", e->hint);
	free(what);
}

static void check_types(struct problems *p, const struct config *c)
{
	for (size_t i = 0; i < c->n_sources; i++) {
		const struct source_conf *s = &c->sources[i];
		struct connector found = {0};
		struct err e = ERR_INIT;

		if (reader_for(s->type) != &reader_connector)
			continue;
		problems_in(p, c->files.items[s->system ? 0 : c->files.n - 1]);
		if (connector_load(&found, c, s->type, &e))
			add_err(p, &e, s->line);
		else
			connector_release(&found);
		err_release(&e);
	}
}

static void check_drift_file(struct problems *p, const struct config *c, const char *file)
{
	struct strbuf text = STRBUF_INIT;
	struct arena a = {0};
	struct drift_check check = {0};
	struct err e = ERR_INIT;

	problems_in(p, file);
	if (path_read(&text, file, DRIFT_CHECK_MAX_BYTES, &e)) {
		add_err(p, &e, 0);
	} else if (drift_check_parse(&check, &a, text.buf, text.len, file, p) == 0) {
		if (check.source && !config_source(c, check.source))
			problems_add(p, check.line, 1, _("there is no source '%s'"),
				check.source);
		else if (!drift_source(c, NULL, &check)) {
			problems_add(p, check.line, 1,
				_("no source of this configuration can make this check"));
			problems_hint(p, "%s",
				drift_check_is_files(&check)
					? _("files are read by a source of the type "
					    "'files'")
					: _("a source of the type 'prometheus' or "
					    "'metrics' can"));
		}
	}
	err_release(&e);
	strbuf_release(&text);
	arena_release(&a);
}

static void check_runbooks(
	struct problems *p, const struct config *c, const struct service_conf *s)
{
	for (size_t i = 0; i < s->runbooks.n; i++) {
		struct err e = ERR_INIT;
		char *file = NULL;

		problems_in(p, c->files.items[c->files.n - 1]);
		if (library_find(&file, c, s->runbooks.items[i], &e)) {
			err_prefix(&e, _("service '%s': "), s->name);
			add_err(p, &e, 0);
		}
		err_release(&e);
		free(file);
	}
}

static void check_outside(
	struct problems *p, struct problems *notes, const struct config *c)
{
	check_types(p, c);
	check_slos(p, notes, c);
	for (size_t i = 0; i < c->n_services; i++) {
		for (size_t j = 0; j < c->services[i].drift.n; j++)
			check_drift_file(p, c, c->services[i].drift.items[j]);
		check_runbooks(p, c, &c->services[i]);
	}
}

/* --- what was read, for programs --- */

static void add_problems(struct json *to, const char *key, const struct problems *p)
{
	struct json *list = json_add_array(to, key);

	for (size_t i = 0; i < p->n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "file", p->items[i].file);
		json_add_int(one, "line", p->items[i].line);
		json_add_int(one, "column", p->items[i].column);
		json_add_text(one, "message", p->items[i].message);
		json_add_text(one, "hint", p->items[i].hint);
	}
}

static void add_texts(struct json *to, const char *key, const struct yaml_texts *texts)
{
	struct json *list = json_add_array(to, key);

	for (size_t i = 0; i < texts->n; i++)
		json_add_text(list, NULL, texts->items[i]);
}

static void add_contexts(struct json *to, const struct config *c)
{
	struct json *list = json_add_array(to, "contexts");

	for (size_t i = 0; i < c->n_contexts; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "name", c->contexts[i].name);
		json_add_text(one, "region", c->contexts[i].region);
		json_add_bool(one, "read_only", c->contexts[i].read_only);
		add_texts(one, "sources", &c->contexts[i].sources);
	}
}

static void add_sources(struct json *to, const struct config *c)
{
	struct json *list = json_add_array(to, "sources");

	for (size_t i = 0; i < c->n_sources; i++) {
		const struct source_conf *s = &c->sources[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "name", s->name);
		json_add_text(one, "type", s->type);
		json_add_text(one, "url", s->url);
		add_texts(one, "targets", &s->targets);
		json_add_text(one, "auth", s->auth.kind);
		json_add_real(one, "every_s", (double)s->every_ns / NS_PER_S);
	}
}

static void add_services(struct json *to, const struct config *c)
{
	struct json *list = json_add_array(to, "services");

	for (size_t i = 0; i < c->n_services; i++) {
		const struct service_conf *s = &c->services[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "name", s->name);
		json_add_text(one, "owner", s->owner);
		json_add_bool(one, "guessed", s->guessed);
		add_texts(one, "slos", &s->slos);
		add_texts(one, "runbooks", &s->runbooks);
	}
}

static struct json *check_json(const struct config *c, const struct problems *p,
	const struct problems *notes, const struct connections *asked)
{
	struct json *doc = json_object();

	json_add_text(doc, "schema", "tocsin.check/1");
	json_add_bool(doc, "ok", !p->n);
	add_texts(doc, "files", &c->files);
	add_contexts(doc, c);
	add_sources(doc, c);
	add_services(doc, c);
	add_problems(doc, "problems", p);
	add_problems(doc, "notes", notes);
	if (asked)
		connections_json(doc, asked);
	return doc;
}

/* --- and for people --- */

static void print_contexts(const struct config *c)
{
	const char *const headings[] = {
		_("CONTEXT"),
		_("REGION"),
		_("SOURCES"),
		_("ACTING")
	};
	struct cmd_table *t = cmd_table_new("llrl", headings);

	for (size_t i = 0; i < c->n_contexts; i++) {
		const struct context_conf *ctx = &c->contexts[i];
		char *count = mem_format("%zu", ctx->sources.n);

		cmd_table_cell(t, ctx->name);
		cmd_table_cell(t, ctx->region);
		cmd_table_cell(t, count);
		cmd_table_cell(t, ctx->read_only ? _("read-only") : _("allowed"));
		free(count);
	}
	cmd_table_print(t);
}

static void print_sources(const struct config *c)
{
	const char *const headings[] = {
		_("SOURCE"),
		_("TYPE"),
		_("EVERY"),
		_("LOGIN"),
		_("URL")
	};
	struct cmd_table *t = cmd_table_new("llrll", headings);

	for (size_t i = 0; i < c->n_sources; i++) {
		const struct source_conf *s = &c->sources[i];
		struct strbuf every = STRBUF_INIT;

		duration_format(&every, s->every_ns);
		cmd_table_cell(t, s->name);
		cmd_table_cell(t, s->type);
		cmd_table_cell(t, every.buf);
		cmd_table_cell(t, s->auth.kind);
		cmd_table_cell(t,
			s->url                 ? s->url
				: s->targets.n ? s->targets.items[0]
					       : NULL);
		strbuf_release(&every);
	}
	cmd_table_print(t);
}

static void print_services(const struct config *c)
{
	const char *const headings[] = {
		_("SERVICE"),
		_("OWNER"),
		_("MODEL"),
		_("SLO FILES"),
		_("RUNBOOKS"),
		""
	};
	struct cmd_table *t = cmd_table_new("lllrrl", headings);

	for (size_t i = 0; i < c->n_services; i++) {
		const struct service_conf *s = &c->services[i];
		char *slos = mem_format("%zu", s->slos.n);
		char *runbooks = mem_format("%zu", s->runbooks.n);

		cmd_table_cell(t, s->name);
		cmd_table_cell(t, s->owner);
		cmd_table_cell(t, s->model.name);
		cmd_table_cell(t, slos);
		cmd_table_cell(t, runbooks);
		cmd_table_cell(t, s->guessed ? _("guessed") : "");
		free(slos);
		free(runbooks);
	}
	cmd_table_print(t);
}

static void print_all(const struct config *c)
{
	for (size_t i = 0; i < c->files.n; i++)
		say("%s\n", c->files.items[i]);
	if (!c->files.n) {
		say("%s\n", _("there is no configuration; tocsin init writes one"));
		return;
	}
	say("\n");
	print_contexts(c);
	if (c->n_sources) {
		say("\n");
		print_sources(c);
	}
	if (c->n_services) {
		say("\n");
		print_services(c);
	}
}

/* A configuration that is wrong is put right first: nobody is asked then. */
static int check_answer(struct cmd *c, const struct config *config,
	const struct problems *p, const struct problems *notes)
{
	const struct context_conf *context =
		c->context_name ? config_context(config, c->context_name) : NULL;
	bool ask = cmd_has(c, "connect") && !p->n;
	struct connections asked = {0};
	int code = EXIT_FINE;

	if (ask)
		connections_ask(&asked, config, context);
	if (c->json)
		code = cmd_print_json(check_json(config, p, notes, ask ? &asked : NULL));
	else if (ask)
		connections_print(&asked);
	else if (!p->n)
		print_all(config);
	if (code == EXIT_FINE && asked.failed)
		code = EXIT_STALE;
	connections_release(&asked);
	return code;
}

int cmd_check(struct cmd *c)
{
	struct problems p, notes;
	struct config config = {0};
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	if (c->n_operands)
		return cmd_usage(c, "%s", _("nothing is expected behind 'check'"));
	problems_init(&p, NULL);
	problems_init(&notes, NULL);
	if (!config_load(&config, c->config_file, &p, &e))
		check_outside(&p, &notes, &config);
	else if (!p.n)
		code = cmd_fail(&e);
	if (code == EXIT_FINE && cmd_has(c, "coverage") && !p.n)
		code = check_coverage(c, &config);
	else if (code == EXIT_FINE)
		code = check_answer(c, &config, &p, &notes);
	if (!c->json) {
		cmd_problems(&p);
		cmd_problems(&notes);
	}
	if (code == EXIT_FINE && p.n)
		code = EXIT_FINDING;
	config_release(&config);
	problems_release(&notes);
	problems_release(&p);
	err_release(&e);
	return code;
}
