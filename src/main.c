#include "config.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "core/i18n.h"
#include "core/text.h"

#define READS (NEEDS_CONFIG | NEEDS_STORE)

/* clang-format off */
static const struct cmd_option alerts_options[] = {
	{"service", 0, N_("NAME"), false, N_("only this service's")},
	{"state", 0, N_("STATE"), false,
		N_("only these: firing, pending, silenced, inhibited, muted, absent, error, no-data")},
	{0},
};

static const struct cmd_option alerts_silence_options[] = {
	{"reason", 0, N_("TEXT"), false, N_("why, for those who find the silence")},
	{"for", 0, N_("DURATION"), false, N_("how long: 30m, 2h, 1d (1h)")},
	{"until", 0, N_("TIME"), false, N_("its end instead, RFC 3339 in UTC")},
	{"by", 0, N_("NAME"), false, N_("who makes it (your login)")},
	{"source", 0, N_("NAME"), false, N_("the Alertmanager, where it does not follow")},
	{"dry-run", 0, NULL, false, N_("show the request, send nothing")},
	{"yes", 0, NULL, false, N_("confirmed beforehand: ask nothing")},
	{0},
};

static const struct cmd_option alerts_extend_options[] = {
	{"for", 0, N_("DURATION"), false, N_("how long from now: 30m, 2h, 1d (1h)")},
	{"until", 0, N_("TIME"), false, N_("its end instead, RFC 3339 in UTC")},
	{"source", 0, N_("NAME"), false, N_("the Alertmanager, where it does not follow")},
	{"dry-run", 0, NULL, false, N_("show the request, send nothing")},
	{"yes", 0, NULL, false, N_("confirmed beforehand: ask nothing")},
	{0},
};

static const struct cmd_option alerts_expire_options[] = {
	{"source", 0, N_("NAME"), false, N_("the Alertmanager, where it does not follow")},
	{"dry-run", 0, NULL, false, N_("show the request, send nothing")},
	{"yes", 0, NULL, false, N_("confirmed beforehand: ask nothing")},
	{0},
};

static const struct cmd_option changes_options[] = {
	{"last", 0, N_("DURATION"), false, N_("only what changed within this long")},
	{"since", 0, N_("DURATION"), false, N_("the same as --last")},
	{"service", 0, N_("NAME"), false, N_("only this service's")},
	{"kind", 0, N_("KIND"), true, N_("only this kind: pointer, serving, flag, definition ...")},
	{"source", 0, N_("NAME"), false, N_("only this source's")},
	{"suspects-of", 0, N_("SLO"), false,
		N_("why it burns: what stands closest to its onset, or that none fits")},
	{"onset", 0, N_("TIME"), false, N_("the same for another moment, RFC 3339")},
	{"limit", 0, N_("N"), false, N_("at most so many (50)")},
	{0},
};

static const struct cmd_option slo_export_options[] = {
	{"format", 0, N_("FORMAT"), false, N_("prometheus, which is the one there is")},
	{"output", 'o', N_("FILE"), false, N_("write there, and not to the terminal")},
	{0},
};

static const struct cmd_option connector_try_options[] = {
	{"read", 0, N_("NAME"), false, N_("the read to try; all that are polled without it")},
	{"action", 0, N_("NAME"), false, N_("plan this action; it is never applied")},
	{"param", 0, N_("NAME=VALUE"), true, N_("a parameter of the action")},
	{"source", 0, N_("NAME"), false, N_("the source of the configuration to ask")},
	{"url", 0, N_("URL"), false, N_("ask this server, which is in no configuration")},
	{"with", 0, N_("NAME=VALUE"), true, N_("an option of the connector")},
	{"object", 0, N_("ID"), false, N_("what a read that is made when asked is asked for")},
	{"limit", 0, N_("N"), false, N_("records and answers to show (10)")},
	{0},
};

static const struct cmd_option query_options[] = {
	{"range", 0, N_("DURATION"), false, N_("draw it over so long, up to now or --at")},
	{"step", 0, N_("DURATION"), false, N_("one point each; by the width without it")},
	{"at", 0, N_("TIME"), false, N_("as of then: RFC 3339, seconds, or how long ago (90m)")},
	{"source", 0, N_("NAME"), false, N_("which Prometheus; the context's first without it")},
	{"plot", 0, NULL, false, N_("draw it: over an hour without --range")},
	{0},
};

static const struct cmd_option drift_compute_options[] = {
	{"reference", 0, N_("FILE"), false, N_("what was: CSV or JSON lines, also gzipped")},
	{"current", 0, N_("FILE"), false, N_("what is")},
	{"method", 0, N_("METHOD"), false,
		N_("psi, ks, wasserstein, jensenshannon ... (auto: by type and size, as Evidently)")},
	{"column", 0, N_("NAME"), true, N_("only this column (all)")},
	{"categorical", 0, N_("NAME"), true, N_("this column's numbers are names")},
	{"threshold", 0, N_("NUMBER"), false, N_("of the value or p-value (the method's own)")},
	{"bins", 0, N_("RULE"), false,
		N_("evidently, reference, doane, sturges, quantiles, equal, values, or a number "
		   "(evidently)")},
	{"zeros", 0, N_("RULE"), false,
		N_("what stands for an empty bin: evidently, half, floor, plain (evidently)")},
	{"base2", 0, NULL, false, N_("Jensen-Shannon to base 2, as NannyML")},
	{"least", 0, N_("N"), false, N_("values a side below which nothing is judged (50)")},
	{"share", 0, N_("SHARE"), false, N_("of drifted columns that is drift of the whole (0.5)")},
	{"plain", 0, NULL, false,
		N_("the threshold alone decides: no noise, no correction for many tests")},
	{"performance", 0, NULL, false, N_("compare predictions with labels, then and now")},
	{"label", 0, N_("COLUMN"), false, N_("with --performance: what was true")},
	{"prediction", 0, N_("COLUMN"), false, N_("with --performance: what was predicted")},
	{0},
};

static const struct cmd_option gate_options[] = {
	{"slo", 0, N_("NAME"), true, N_("this objective must not burn; all: every one of the service")},
	{"alerts", 0, NULL, false, N_("no alert of the service may fire")},
	{"drift", 0, N_("DATASET"), true, N_("this dataset must not have drifted; all: every one")},
	{"version", 0, N_("VERSION"), false,
		N_("serving runs it, or it is the candidate, and there is a way back")},
	{"max-age", 0, N_("DURATION"), false, N_("what is older is stale")},
	{"allow", 0, N_("LIST"), false, N_("no-data, stale: what may be and is still go")},
	{0},
};

static const struct cmd_option init_options[] = {
	{"print", 0, NULL, false, N_("print the configuration and write nothing")},
	{"force", 0, NULL, false, N_("replace the configuration that is there")},
	{0},
};

static const struct cmd_option models_diff_options[] = {
	{"source", 0, N_("NAME"), false, N_("the registry, where several have the model")},
	{0},
};

static const struct cmd_option models_rollback_options[] = {
	{"source", 0, N_("NAME"), false, N_("the registry, as the configuration names it")},
	{"alias", 0, N_("NAME"), false, N_("the alias to move")},
	{"to", 0, N_("VERSION"), false, N_("the version that it shall point at")},
	{"dry-run", 0, NULL, false, N_("show the request, send nothing")},
	{"yes", 0, NULL, false, N_("confirmed beforehand: ask nothing")},
	{0},
};

static const struct cmd_option sessions_list_options[] = {
	{"agent", 0, N_("NAME"), false, N_("only this agent's")},
	{"text", 0, N_("TEXT"), false, N_("only with this in id, agent, user or tags")},
	{"failed", 0, NULL, false, N_("only those with errors")},
	{"limit", 0, N_("N"), false, N_("at most so many (50)")},
	{0},
};

static const struct cmd_option sessions_import_options[] = {
	{"full", 0, NULL, false, N_("keep what looks like a secret as it is")},
	{0},
};

static const struct cmd_option sessions_show_options[] = {
	{"step", 0, N_("N"), false, N_("one step whole, with input and output")},
	{0},
};

static const struct cmd_option watch_options[] = {
	{"theme", 0, N_("NAME"), false, N_("colours: a theme's name, or a file")},
	{"plain", 0, NULL, false, N_("no charts, one row an item: for screen readers")},
	{"no-mouse", 0, NULL, false, N_("leave the mouse to the terminal")},
	{"low-bandwidth", 0, NULL, false, N_("draw less often, for bad lines")},
	{"no-poll", 0, NULL, false, N_("start no collector: show what is in the store")},
	{0},
};

static const struct cmd_option check_options[] = {
	{"connect", 0, NULL, false, N_("ask each source who it is, and what it can do")},
	{"coverage", 0, NULL, false,
		N_("what nobody is prepared for: no owner, objective, runbook, lever, way back")},
	{0},
};

static const struct cmd_option poll_options[] = {
	{"once", 0, NULL, false, N_("one round over every source of the context")},
	{"daemon", 0, NULL, false, N_("around the clock; every context without --context")},
	{"follow", 0, NULL, false, N_("end when no console and no run is left")},
	{0},
};

#ifdef WITH_LAB
static const struct cmd_option demo_options[] = {
	{"seed", 0, N_("N"), false, N_("chooses what goes wrong")},
	{"cause", 0, N_("NAME"), false,
		N_("bad-version, bad-prompt, late-data, nothing-wrong or input-drift")},
	{"scenario", 0, N_("NAME"), false,
		N_("a practice platform that ships, or a file (retail)")},
	{"speed", 0, N_("N"), false, N_("so many seconds of the scenario in one (10)")},
	{"elapsed", 0, N_("DURATION"), false, N_("begin this far into the scenario")},
	{"port", 0, N_("N"), false, N_("of the practice platform (any that is free)")},
	{"text", 0, NULL, false, N_("print the situation and end, also on a terminal")},
	{"plain", 0, NULL, false, N_("no charts, one row an item: for screen readers")},
	{0},
};
#endif

static const struct cmd_option runbook_list_options[] = {
	{"alert", 0, N_("NAME"), false, N_("only those that fit this alert")},
	{"service", 0, N_("NAME"), false, N_("only those that fit this service")},
	{0},
};

static const struct cmd_option runbook_run_options[] = {
	{"var", 0, N_("NAME=VALUE"), true, N_("give a variable its value")},
	{"service", 0, N_("NAME"), false, N_("the service that it is about")},
	{"yes-to", 0, N_("RISK"), false, N_("confirm read or change steps beforehand")},
	{"dry-run", 0, NULL, false, N_("run reads and gates, show the rest")},
	{0},
};

static const struct cmd_option runbook_resume_options[] = {
	{"yes-to", 0, N_("RISK"), false, N_("confirm read or change steps beforehand")},
	{0},
};

static const struct cmd_option runbook_stop_options[] = {
	{"kill", 0, NULL, false, N_("at once, without time to clean up")},
	{0},
};

static const struct cmd_option runbook_undo_options[] = {
	{"step", 0, N_("NAME"), false, N_("only what this step did")},
	{"dry-run", 0, NULL, false, N_("show the requests, send nothing")},
	{"yes", 0, NULL, false, N_("confirmed beforehand: ask nothing")},
	{0},
};

static const struct cmd_option runbook_runs_options[] = {
	{"live", 0, NULL, false, N_("only those that have not ended")},
	{0},
};

static const struct cmd_option drift_accept_options[] = {
	{"feature", 0, N_("NAME"), false, N_("only this one")},
	{"reason", 0, N_("TEXT"), false, N_("why it is right as it is; in the audit log")},
	{0},
};

static const struct cmd_option audit_list_options[] = {
	{"limit", 0, N_("N"), false, N_("at most so many (50)")},
	{0},
};

static const struct cmd_option audit_checkpoint_options[] = {
	{"sign", 0, NULL, false, N_("with a key of the ssh-agent")},
	{0},
};

/*
 * One row a subcommand, in the order of the help.  A row without a verb takes all other verbs.
 */
const struct cmd_row cmd_table[] = {
	{"watch", NULL, cmd_watch, NEEDS_CONFIG | WRITES_STORE, "",
		N_("the console; without a terminal, status"), watch_options},
	{"open", NULL, cmd_open, NEEDS_CONFIG | WRITES_STORE, "ALERT|SESSION|TRACE|URL",
		N_("the console, at what an alert, a session or a link names"), watch_options},
	{"status", NULL, cmd_status, READS, "",
		N_("the situation: what burns, fires, changed"), NULL},
	{"slo", "list", cmd_slo_list, READS, "",
		N_("the objectives and how they stand"), NULL},
	{"slo", "show", cmd_slo_show, 0, "FILE|SERVICE/NAME",
		N_("what an OpenSLO, Sloth or Pyrra file says"), NULL},
	{"slo", "explain", cmd_slo_explain, 0, "FILE|SERVICE/NAME",
		N_("the math of an objective: what it allows, and what fires when"), NULL},
	{"slo", "export", cmd_slo_export, 0, "FILE|SERVICE/NAME [--output FILE]",
		N_("recording and alerting rules for Prometheus"), slo_export_options},
	{"query", NULL, cmd_query, NEEDS_CONFIG, "EXPRESSION [--range DURATION] [--plot]",
		N_("what a Prometheus answers: a table, or a chart over time"), query_options},
	{"drift", "list", cmd_drift_list, READS, "",
		N_("what drift checks found of every feature"), NULL},
	{"drift", "show", cmd_drift_show, READS, "SERVICE[/DATASET[/FEATURE]]",
		N_("the two distributions of each feature, and what the figures rest on"), NULL},
	{"drift", "compute", cmd_drift_compute, 0,
		"--reference FILE --current FILE [--method M] [--column C]",
		N_("two files compared, column by column: training and serving, then and now"),
		drift_compute_options},
	{"drift", "accept", cmd_drift_accept, NEEDS_CONFIG | WRITES_STORE | MUTATES,
		"SERVICE/DATASET [--feature F] --reason TEXT",
		N_("take what is measured now as the new reference"), drift_accept_options},
	{"changes", NULL, cmd_changes, READS, "[--last DURATION] [--suspects-of SLO]",
		N_("what changed: one time line over all sources"), changes_options},
	{"models", "list", cmd_models_list, READS, "",
		N_("models, their aliases, and what serves them"), NULL},
	{"models", "diff", cmd_models_diff, READS, "A B [--source NAME]",
		N_("two versions beside each other, each MODEL@VERSION or MODEL:ALIAS"),
		models_diff_options},
	{"models", "rollback", cmd_models_rollback, NEEDS_CONFIG | WRITES_STORE,
		"NAME [--source S] [--alias A] --to VERSION [--dry-run] [--yes]",
		N_("point an alias, tag or label at another version, and see that it is so"),
		models_rollback_options},
	{"models", "set", cmd_models_rollback, NEEDS_CONFIG | WRITES_STORE,
		"NAME [--source S] [--alias A] --to VERSION [--dry-run] [--yes]",
		N_("the same by another name: to promote a version"), models_rollback_options},
	{"sessions", "list", cmd_sessions_list, READS, "",
		N_("agent sessions, newest first"), sessions_list_options},
	{"sessions", "show", cmd_sessions_show, READS, "ID",
		N_("one session, step by step"), sessions_show_options},
	{"sessions", "import", cmd_sessions_import, NEEDS_CONFIG | WRITES_STORE, "FILE...",
		N_("read trace files: OTLP and others"), sessions_import_options},
	{"alerts", "show", cmd_alerts_show, READS, "ALERT",
		N_("one alert, by its name or its fingerprint, with everything"), NULL},
	{"alerts", "groups", cmd_alerts_groups, READS, "",
		N_("what is told together, to whom"), alerts_options},
	{"alerts", "silences", cmd_alerts_silences, READS, "",
		N_("what nobody is told of, by whom, until when, and how many alerts that is"),
		NULL},
	{"alerts", "silence", cmd_alerts_silence, NEEDS_CONFIG | WRITES_STORE,
		"ALERT|MATCHER... --reason TEXT [--for DURATION|--until TIME] [--dry-run] [--yes]",
		N_("tell nobody of an alert, or of what matchers match, for a while"),
		alerts_silence_options},
	{"alerts", "extend", cmd_alerts_extend, NEEDS_CONFIG | WRITES_STORE,
		"SILENCE... [--for DURATION|--until TIME] [--dry-run] [--yes]",
		N_("move the end of silences, counted from now"), alerts_extend_options},
	{"alerts", "expire", cmd_alerts_expire, NEEDS_CONFIG | WRITES_STORE,
		"SILENCE... [--dry-run] [--yes]", N_("end silences now"),
		alerts_expire_options},
	{"alerts", NULL, cmd_alerts_list, READS, "[list] [--service NAME] [--state STATE]",
		N_("alerts, each once, with those that nobody is told of marked"),
		alerts_options},
	{"gate", NULL, cmd_gate, READS,
		"SERVICE [--slo NAME|all] [--alerts] [--drift DATASET] [--version V]",
		N_("go or no-go for a deployment"), gate_options},
	{"init", NULL, cmd_init, 0, "[--print|--force]",
		N_("look for your systems and write a configuration"), init_options},
	{"runbook", "list", cmd_runbook_list, NEEDS_CONFIG,
		"[--alert NAME] [--service NAME]",
		N_("the runbooks that there are, or that fit"), runbook_list_options},
	{"runbook", "show", cmd_runbook_show, NEEDS_CONFIG, "FILE|NAME",
		N_("a runbook's steps, and what is wrong with it"), NULL},
	{"runbook", "run", cmd_runbook_run, NEEDS_CONFIG | WRITES_STORE,
		"FILE|NAME|- [--var NAME=VALUE] [--yes-to read|change] [--dry-run]",
		N_("walk a runbook, step by step"), runbook_run_options},
	{"runbook", "runs", cmd_runbook_runs, READS, "[--live]",
		N_("runs, newest first"), runbook_runs_options},
	{"runbook", "resume", cmd_runbook_resume, NEEDS_CONFIG | WRITES_STORE, "RUN",
		N_("go on with a run where it is"), runbook_resume_options},
	{"runbook", "stop", cmd_runbook_stop, NEEDS_CONFIG | WRITES_STORE, "RUN [--kill]",
		N_("stop the step of a run that is running"), runbook_stop_options},
	{"runbook", "undo", cmd_runbook_undo, NEEDS_CONFIG | WRITES_STORE,
		"RUN [--step NAME] [--dry-run] [--yes]",
		N_("take back the actions of a run that has ended"), runbook_undo_options},
	{"runbook", "abandon", cmd_runbook_abandon, NEEDS_CONFIG | WRITES_STORE,
		"RUN [REASON]", N_("end a run that nobody walks any more"), NULL},
	{"connector", "list", cmd_connector_list, NEEDS_CONFIG, "",
		N_("the systems that can be read, and how each was checked"), NULL},
	{"connector", "show", cmd_connector_show, NEEDS_CONFIG, "NAME|FILE",
		N_("a connector's options, reads and actions"), NULL},
	{"connector", "check", cmd_connector_check, 0, "FILE",
		N_("all that is wrong with a connector's file"), NULL},
	{"connector", "try", cmd_connector_try, NEEDS_CONFIG,
		"NAME|FILE --read READ|--action ACTION [--source S|--url URL]",
		N_("ask a real server, and show how each answer is understood"),
		connector_try_options},
	{"audit", "list", cmd_audit_list, READS, "[--limit N]",
		N_("who did what, newest first"), audit_list_options},
	{"audit", "verify", cmd_audit_verify, READS, "",
		N_("whether the log is what was written"), NULL},
	{"audit", "export", cmd_audit_export, NEEDS_CONFIG | WRITES_STORE, "",
		N_("the whole log as JSON lines"), NULL},
	{"audit", "checkpoint", cmd_audit_checkpoint, NEEDS_CONFIG | WRITES_STORE, "[--sign]",
		N_("a statement of the log's length and root, signed or not"),
		audit_checkpoint_options},
	{"check", NULL, cmd_check, 0, "[--connect|--coverage]",
		N_("what the configuration says, and all that is wrong with it"), check_options},
	{"poll", NULL, cmd_poll, NEEDS_CONFIG | WRITES_STORE, "[--once|--daemon]",
		N_("read the sources into the store"), poll_options},
#ifdef WITH_LAB
	{"demo", "keep", cmd_demo_keep, HIDDEN, "-- OPTION...",
		N_("own the practice platform of a demo"), NULL},
	{"demo", NULL, cmd_demo, 0, "",
		N_("practise: a platform on this machine on which something goes wrong"),
		demo_options},
#endif
	{"completion", NULL, cmd_completion, 0, "bash|zsh|fish",
		N_("what a shell completes, as its script"), NULL},
	{"exec", NULL, cmd_exec, HIDDEN, "", N_("run one step, by an order on standard input"),
		NULL},
	{"map", NULL, cmd_map, HIDDEN, "", N_("run jq programs from standard input"), NULL},
	{"manual", NULL, cmd_manual, HIDDEN, "SECTION",
		N_("the tables of the manual pages, as mdoc"), NULL},
	{"help", NULL, cmd_help, 0, "[COMMAND]", N_("this help, or a command's"), NULL},
	{"version", NULL, cmd_version, 0, "", N_("the version"), NULL},
	{0},
};
/* clang-format on */

static const struct cmd_row *row_find(const char *name, const char *verb, bool *with_verb)
{
	const struct cmd_row *plain = NULL;

	for (const struct cmd_row *r = cmd_table; r->name; r++) {
		if (strcmp(r->name, name))
			continue;
		if (r->verb && verb && !strcmp(r->verb, verb)) {
			*with_verb = true;
			return r;
		}
		if (!r->verb)
			plain = r;
	}
	return plain;
}

/* Neither a command nor one of its verbs. */
static int unknown(const char *name)
{
	const char *names[64];
	const char *near;
	size_t n = 0;

	for (const struct cmd_row *r = cmd_table; r->name && n < ARRAY_LEN(names); r++) {
		if (!strcmp(r->name, name)) {
			cmd_help_row(r);
			return EXIT_USAGE;
		}
		names[n++] = r->name;
	}
	fprintf(stderr, _("tocsin: there is no command '%s'"), name);
	near = text_nearest(name, names, n);
	if (near)
		fprintf(stderr, _("; did you mean '%s'?"), near);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

static int dispatch(struct cmd *c, int argc, const char **argv)
{
	int code = cmd_parse(c, argc, argv);

	if (code >= 0)
		return code;
	/* One of a command's own takes a value. */
	if (cmd_has(c, "version") && !cmd_value(c, "version"))
		return cmd_version(c);
	if (cmd_has(c, "help"))
		return c->row->run == cmd_help ? cmd_help(c) : cmd_help_row(c->row);
	code = cmd_setup(c);
	return code >= 0 ? code : c->row->run(c);
}

/*
 * Options that work everywhere may stand before the command: they are moved behind it, so that
 * one place parses them.  Returns the words from the command on, for the caller to free.
 */
static const char **words_of(int argc, char **argv, int *n)
{
	const char **words = mem_new((size_t)argc + 2, sizeof(*words));
	int first = 1, count = 0;

	while (first < argc && cmd_is_common(argv[first]))
		first += cmd_takes_value(argv[first]) ? 2 : 1;
	for (int i = first; i < argc; i++)
		words[count++] = argv[i];
	if (!count)
		words[count++] = "watch";
	for (int i = 1; i < first && i < argc; i++)
		words[count++] = argv[i];
	*n = count;
	return words;
}

static int run(const char **words, int n)
{
	struct cmd c = {0};
	const char *name = words[0];
	bool with_verb = false;
	int code, skip;

	if (!strcmp(name, "-V"))
		name = "version";
	c.row = row_find(name, n > 1 ? words[1] : NULL, &with_verb);
	if (!c.row)
		return unknown(name);
	c.verb = c.row->verb;
	skip = with_verb ? 2 : 1;
	code = dispatch(&c, n - skip, words + skip);
	cmd_release(&c);
	return code;
}

int main(int argc, char **argv)
{
	const char **words;
	int n, code;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* numbers go into JSON, SQL and YAML too */
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
	text_locale(!strcmp(nl_langinfo(CODESET), "UTF-8"));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD,
		SIG_DFL); /* ignored by whoever started us, no child could be waited for */
	words = words_of(argc, argv, &n);
	code = run(words, n);
	free(words);
	return code;
}
