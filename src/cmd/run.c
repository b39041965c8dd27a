/* run.c - tocsin runbook run, resume, abandon: a run walked from the command line */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/run_ask.h"
#include "cmd/run_session.h"
#include "core/clock.h"
#include "core/i18n.h"
#include "core/text.h"
#include "runbook/library.h"
#include "runbook/onestep.h"
#include "store/source.h"

#define MAX_ADHOC_BYTES ((size_t)64 * 1024)

/* --- the runbook --- */

/* A script from stdin becomes a runbook of one step: the same preview, journal and audit. */
static int write_adhoc(char **file, struct err *e)
{
	struct strbuf script = STRBUF_INIT, book = STRBUF_INIT;
	char buf[4096];
	size_t n;
	int rc;

	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0 &&
		script.len <= MAX_ADHOC_BYTES)
		strbuf_add(&script, buf, n);
	onestep_title(&book, "Ad hoc");
	onestep_script(&book, script.buf);
	if (script.len > MAX_ADHOC_BYTES)
		rc = err_set(e, ERR_LIMIT, _("the script is longer than 64 KiB"));
	else
		rc = onestep_keep(file, &book, e);
	strbuf_release(&script);
	strbuf_release(&book);
	return rc;
}

static int find_runbook(char **file, struct cmd *c, struct err *e)
{
	if (!strcmp(c->operands[0], "-"))
		return write_adhoc(file, e);
	return library_find(file, &c->config, c->operands[0], e);
}

/* --- the service and the variables --- */

/* The value of --var NAME=..., or NULL. */
static const char *var_option(const struct cmd *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = c->n_given; i-- > 0;)
		if (!strcmp(c->given[i].option->name, "var") &&
			!strncmp(c->given[i].value, name, n) &&
			c->given[i].value[n] == '=')
			return c->given[i].value + n + 1;
	return NULL;
}

static bool has_runbook(const struct service_conf *s, const char *name)
{
	for (size_t i = 0; i < s->runbooks.n; i++)
		if (!strcmp(s->runbooks.items[i], name))
			return true;
	return false;
}

/* As told; else the only one there is, or the only one that has this runbook. */
static const char *choose_service(const struct cmd *c)
{
	const char *given = cmd_value(c, "service"), *only = NULL;
	size_t n = 0;

	if (!given)
		given = var_option(c, "SERVICE");
	if (given)
		return given;
	if (c->config.n_services == 1)
		return c->config.services[0].name;
	for (size_t i = 0; i < c->config.n_services; i++)
		if (has_runbook(&c->config.services[i], c->operands[0])) {
			only = c->config.services[i].name;
			n++;
		}
	return n == 1 ? only : NULL;
}

static int set_given_vars(struct run_session *s, struct err *e)
{
	const struct cmd *c = s->cmd;

	for (size_t i = 0; i < c->n_given; i++) {
		const char *value = c->given[i].value, *equals;
		char *name;
		int rc;

		if (strcmp(c->given[i].option->name, "var"))
			continue;
		equals = strchr(value, '=');
		if (!equals)
			return err_set(e, ERR_INPUT,
				_("--var wants NAME=VALUE, not '%s'"), value);
		name = mem_strndup(value, (size_t)(equals - value));
		rc = strcmp(name, "SERVICE") || vars_find(walk_vars(s->walk), name)
			? vars_set(walk_vars(s->walk), name, equals + 1, "--var", e)
			: 0;
		free(name);
		if (rc)
			return -1;
	}
	return 0;
}

/* What is asked although it has a value was not given on the command line. */
static bool is_asked(const struct run_session *s, const struct var *v)
{
	if (!v->decl || var_option(s->cmd, v->name))
		return false;
	return v->decl->ask || (!v->value && !v->decl->optional);
}

static int ask_var(struct run_session *s, const struct var *v, struct err *e)
{
	struct arena a;
	struct yaml_texts choices;
	char *line = NULL, *value;
	int rc;

	arena_init(&a);
	rc = vars_choices(
		&choices, &a, walk_vars(s->walk), v->decl, walk_scope(s->walk), e);
	while (!rc) {
		terminal_say(s->terminal, "%s\n", v->decl->ask ? v->decl->ask : v->name);
		for (size_t i = 0; i < choices.n && i < 10; i++)
			terminal_say(s->terminal, "  %s\n", choices.items[i]);
		line = terminal_ask(s->terminal, v->secret, "%s%s%s%s: ", v->name,
			v->value && !v->secret ? " [" : "",
			v->value && !v->secret ? v->value : "",
			v->value && !v->secret ? "]" : "");
		if (!line) {
			rc = err_set(
				e, ERR_DENIED, _("no value for %s was given"), v->name);
			break;
		}
		value = line;
		if (!*value && v->value)
			break;
		if (!vars_set(walk_vars(s->walk), v->name, value, "asked", e))
			break;
		terminal_say(s->terminal, "%s%s%s\n", e->what, e->hint ? ". " : "",
			e->hint ? e->hint : "");
		err_clear(e);
		mem_wipe(line, strlen(line));
		free(line);
		line = NULL;
	}
	if (line)
		mem_wipe(line, strlen(line));
	free(line);
	arena_release(&a);
	return rc;
}

/* A value that no earlier step puts out must be there before the first one runs. */
static const char *missing_input(struct run_session *s)
{
	const struct runbook *rb = walk_runbook(s->walk);
	const struct var *v = vars_missing(walk_vars(s->walk), NULL);

	if (v)
		return v->name;
	for (size_t i = 0; i < rb->n_steps; i++) {
		v = vars_missing(walk_vars(s->walk), &rb->steps[i]);
		if (!v || rb->steps[i].broken)
			continue;
		for (size_t k = 0; v && k < i; k++)
			for (size_t o = 0; v && o < rb->steps[k].outputs.n; o++)
				if (!strcmp(rb->steps[k].outputs.items[o], v->name))
					v = NULL;
		if (v)
			return v->name;
	}
	return NULL;
}

static int ask_missing_inputs(struct run_session *s, struct err *e)
{
	const char *name;

	while (s->terminal && (name = missing_input(s))) {
		char *line = terminal_ask(s->terminal, false, "%s: ", name);
		int rc;

		if (!line)
			return err_set(
				e, ERR_DENIED, _("no value for %s was given"), name);
		rc = vars_set(walk_vars(s->walk), name, line, "asked", e);
		free(line);
		if (rc)
			return -1;
	}
	return 0;
}

static int fill_vars(struct run_session *s, struct err *e)
{
	const struct vars *v = walk_vars(s->walk);
	const char *name;

	if (set_given_vars(s, e))
		return -1;
	for (size_t i = 0; s->terminal && i < v->n; i++)
		if (is_asked(s, &v->items[i]) && ask_var(s, &v->items[i], e))
			return -1;
	if (ask_missing_inputs(s, e))
		return -1;
	name = missing_input(s);
	if (!name || s->dry_run)
		return 0;
	err_set(e, ERR_INPUT, _("the runbook needs a value for %s"), name);
	if (walk_scope(s->walk)->service)
		return err_hint(e, _("give it with --var %s=VALUE"), name);
	return err_hint(e,
		_("give it with --var %s=VALUE, or name the service with --service"),
		name);
}

/* --- the commands --- */

static int read_yes_to(struct run_session *s)
{
	const char *text = cmd_value(s->cmd, "yes-to");

	s->yes_to = RISK_NONE;
	if (!text)
		return 0;
	s->yes_to = !strcmp(text, "read") ? RISK_READ
		: !strcmp(text, "change") ? RISK_CHANGE
					  : RISK_NONE;
	if (s->yes_to)
		return 0;
	return cmd_usage(s->cmd, _("--yes-to takes read or change, not '%s'"), text);
}

static int open_walk(
	struct run_session *s, const char *file, const char *service, struct err *e)
{
	const struct walk_plan plan = {
		.file = file,
		.service = service,
		.context = s->cmd->context ? s->cmd->context->name : NULL,
		.config_file = s->cmd->config_file,
		.dry_run = s->dry_run,
	};

	if (walk_open(&s->walk, s->cmd->store, &s->cmd->config, &plan, e))
		return -1;
	if (walk_run(s->walk)->read_only && !s->dry_run &&
		run_changes(walk_runbook(s->walk))) {
		err_set(e, ERR_DENIED,
			_("the runbook changes something, and the context '%s' is "
			  "read-only"),
			plan.context);
		return err_hint(e, _("see what it would do with --dry-run"));
	}
	return 0;
}

static int begin(struct run_session *s, struct err *e)
{
	char *file = NULL;
	int rc = find_runbook(&file, s->cmd, e);

	if (!rc)
		rc = open_walk(s, file, choose_service(s->cmd), e);
	free(file);
	if (rc || fill_vars(s, e))
		return -1;
	return walk_begin(s->walk, e);
}

static void warn_of_logout(void)
{
	char *warning = supervisor_warning();

	if (warning)
		fprintf(stderr, "tocsin: %s\n", warning);
	free(warning);
}

static int finish(struct run_session *s, int code, struct err *e)
{
	if (code < 0)
		code = cmd_fail(e);
	err_release(e);
	walk_free(s->walk);
	terminal_close(s->terminal);
	return code;
}

static int walk_it(struct run_session *s, struct err *e)
{
	warn_of_logout();
	/* While a run is walked somebody is here, and whoever collects must go on. */
	if (store_present(s->cmd->store, e))
		return -1;
	return run_session_walk(s, e);
}

int cmd_runbook_run(struct cmd *c)
{
	struct run_session s = {.cmd = c, .dry_run = cmd_has(c, "dry-run")};
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(
			c, _("one runbook is wanted, or - for a script on stdin"));
	code = read_yes_to(&s);
	if (code)
		return code;
	s.terminal = c->json ? NULL : terminal_open(!strcmp(c->operands[0], "-"));
	code = begin(&s, &e) ? -1 : walk_it(&s, &e);
	return finish(&s, code, &e);
}

int run_book(
	struct cmd *c, const struct strbuf *book, const char *service, enum risk yes_to)
{
	struct run_session s = {
		.cmd = c, .dry_run = cmd_has(c, "dry-run"), .yes_to = yes_to};
	struct err e = ERR_INIT;
	char *file = NULL;
	int code;

	s.terminal = c->json ? NULL : terminal_open(false);
	code = onestep_keep(&file, book, &e) || open_walk(&s, file, service, &e) ||
			walk_begin(s.walk, &e)
		? -1
		: walk_it(&s, &e);
	free(file);
	return finish(&s, code, &e);
}

int cmd_runbook_resume(struct cmd *c)
{
	struct run_session s = {.cmd = c};
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(
			c, _("one run is wanted; tocsin runbook runs --live names them"));
	code = read_yes_to(&s);
	if (code)
		return code;
	s.terminal = c->json ? NULL : terminal_open(false);
	code = walk_resume(
		&s.walk, c->store, &c->config, c->operands[0], c->config_file, &e);
	if (!code)
		s.dry_run = walk_run(s.walk)->dry_run;
	if (!code && walk_row(s.walk)->ended == NONE_INT)
		code = walk_it(&s, &e);
	else if (!code)
		code = run_session_report(&s);
	return finish(&s, code, &e);
}

int cmd_runbook_stop(struct cmd *c)
{
	struct run_session s = {.cmd = c};
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(
			c, _("one run is wanted; tocsin runbook runs --live names them"));
	code = walk_resume(
		&s.walk, c->store, &c->config, c->operands[0], c->config_file, &e);
	if (!code)
		code = run_session_stop(&s, cmd_has(c, "kill"), &e);
	return finish(&s, code, &e);
}

int cmd_runbook_abandon(struct cmd *c)
{
	struct run_session s = {.cmd = c};
	const char *reason = c->n_operands > 1 ? c->operands[1] : NULL;
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands < 1 || c->n_operands > 2)
		return cmd_usage(c, _("one run is wanted, and perhaps a reason"));
	code = run_session_abandon(&s, c->operands[0], reason, &e);
	return finish(&s, code, &e);
}
