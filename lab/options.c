#include "config.h"
#include "lab/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "core/text.h"

typedef int read_fn(struct options *o, const char *value, struct err *e);

static int read_whole(long long *out, const char *s, long long low, long long high,
	const char *what, struct err *e)
{
	char *end;

	errno = 0;
	*out = strtoll(s, &end, 10);
	if (end == s || *end || errno || *out < low || *out > high)
		return err_set(e, ERR_INPUT,
			_("%s is a number from %lld to %lld, not '%s'"), what, low, high,
			s);
	return 0;
}

static int read_scenario(struct options *o, const char *v, struct err *e)
{
	(void)e;
	o->scenario = v;
	return 0;
}

static int read_cause(struct options *o, const char *v, struct err *e)
{
	(void)e;
	o->cause = v;
	return 0;
}

static int read_seed(struct options *o, const char *v, struct err *e)
{
	long long n;

	if (read_whole(&n, v, 0, INT64_MAX, "--seed", e))
		return -1;
	o->seed = (uint64_t)n;
	return 0;
}

static int read_speed(struct options *o, const char *v, struct err *e)
{
	char *end;

	o->speed = strtod(v, &end);
	if (end == v || *end || !(o->speed >= 0.1 && o->speed <= 1000))
		return err_set(e, ERR_INPUT,
			_("--speed is a number from 0.1 to 1000, not '%s'"), v);
	return 0;
}

static int read_port(struct options *o, const char *v, struct err *e)
{
	long long n;

	if (read_whole(&n, v, 0, 65535, "--port", e))
		return -1;
	o->port = (uint16_t)n;
	return 0;
}

static int read_history(struct options *o, const char *v, struct err *e)
{
	return duration_parse(&o->history_ns, v, e);
}

static int read_elapsed(struct options *o, const char *v, struct err *e)
{
	return duration_parse(&o->elapsed_ns, v, e);
}

static int read_langfuse(struct options *o, const char *v, struct err *e)
{
	static const struct {
		const char *name;
		int bits;
	} ways[] = {{"1", 1}, {"2", 2}, {"both", 3}};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (!strcmp(ways[i].name, v)) {
			o->langfuse = ways[i].bits;
			return 0;
		}
	return err_set(e, ERR_INPUT, _("--langfuse is 1, 2 or both, not '%s'"), v);
}

static int read_fault(struct options *o, const char *v, struct err *e)
{
	(void)e;
	*mem_push(o->faults, o->n_faults, o->cap_faults) = v;
	return 0;
}

static int read_manual(struct options *o, const char *v, struct err *e)
{
	(void)v;
	(void)e;
	o->manual = true;
	return 0;
}

static int read_now(struct options *o, const char *v, struct err *e)
{
	return time_parse(&o->now, v, e);
}

static int read_until_eof(struct options *o, const char *v, struct err *e)
{
	(void)v;
	(void)e;
	o->until_eof = true;
	return 0;
}

static int read_ready_fd(struct options *o, const char *v, struct err *e)
{
	long long n;

	if (read_whole(&n, v, 0, 1023, "--ready-fd", e))
		return -1;
	o->ready_fd = (int)n;
	return 0;
}

static int read_help(struct options *o, const char *v, struct err *e)
{
	(void)v;
	(void)e;
	o->help = true;
	return 0;
}

static int read_version(struct options *o, const char *v, struct err *e)
{
	(void)v;
	(void)e;
	o->version = true;
	return 0;
}

/* clang-format off */
static const struct row {
	const char *name, *argument;
	read_fn *read;
	const char *help;
} rows[] = {
	{"scenario", N_("NAME"), read_scenario, N_("a scenario that ships, or a file (retail)")},
	{"seed", "N", read_seed, N_("chooses the cause, and the noise (1)")},
	{"cause", N_("NAME"), read_cause, N_("bad-version, bad-prompt, late-data, nothing-wrong, input-drift")},
	{"speed", "N", read_speed, N_("so many seconds of the scenario in one (1)")},
	{"port", "N", read_port, N_("of 127.0.0.1; 0 takes any that is free (0)")},
	{"history", N_("DURATION"), read_history, N_("what the counters counted before (30d)")},
	{"elapsed", N_("DURATION"), read_elapsed, N_("begin this far into the scenario (0)")},
	{"langfuse", "1|2|both", read_langfuse, N_("generations of its API (both)")},
	{"fault", N_("SPEC"), read_fault,
		N_("KIND[=VALUE][@PATH][*TIMES], see below; repeats")},
	{"manual-time", NULL, read_manual, N_("time goes by POST /lab/advance only")},
	{"now", N_("TIME"), read_now, N_("with --manual-time: the moment to begin at")},
	{"until-eof", NULL, read_until_eof, N_("end when standard input ends")},
	{"ready-fd", "N", read_ready_fd, N_("where the line of URLs goes when it is ready (1)")},
	{"help", NULL, read_help, N_("show this")},
	{"version", NULL, read_version, N_("show the version")},
};
/* clang-format on */

static const struct row *row_find(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].name) == n && !strncmp(rows[i].name, name, n))
			return &rows[i];
	return NULL;
}

static int unknown(const char *word, struct err *e)
{
	const char *names[ARRAY_LEN(rows)], *near;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		names[i] = rows[i].name;
	near = text_nearest(word + strspn(word, "-"), names, ARRAY_LEN(rows));
	err_set(e, ERR_INPUT, _("there is no option '%s'"), word);
	if (near)
		err_hint(e, _("did you mean --%s?"), near);
	return -1;
}

int options_parse(struct options *o, int argc, const char *const *argv, struct err *e)
{
	*o = (struct options){.scenario = "retail",
		.seed = 1,
		.speed = 1,
		.history_ns = 30 * NS_PER_DAY,
		.langfuse = 3,
		.ready_fd = 1};
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *name = word + 2;
		const char *equals = strchr(word, '=');
		const struct row *row;
		const char *value = equals ? equals + 1 : NULL;

		if (strncmp(word, "--", 2) != 0)
			return unknown(word, e);
		row = row_find(name, equals ? (size_t)(equals - name) : strlen(name));
		if (!row)
			return unknown(word, e);
		if (row->argument && !value)
			value = i + 1 < argc ? argv[++i] : NULL;
		if (!row->argument != !value)
			return err_set(e, ERR_INPUT,
				value ? _("option --%s takes no value")
				      : _("option --%s needs a value"),
				row->name);
		if (row->read(o, value, e))
			return -1;
	}
	if (o->now && !o->manual)
		return err_set(e, ERR_INPUT, _("--now goes with --manual-time only"));
	return 0;
}

void options_release(struct options *o)
{
	free(o->faults);
	o->faults = NULL;
}

void options_help(void)
{
	puts(_("usage: tocsin-lab [OPTION]...\n\n"
	       "A practice platform on 127.0.0.1 that behaves like real ones: metrics, "
	       "an MLflow\n"
	       "registry, Langfuse sessions, an Alertmanager, a serving layer.\n"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *left = mem_format("--%s %s", rows[i].name,
			rows[i].argument ? _(rows[i].argument) : "");

		printf("  %-22s %s\n", left, _(rows[i].help));
		free(left);
	}
	puts(_("\nFaults: slow=2s, hang, 500, truncate, wrong-json, huge=64MB, reset; on "
	       "the\n"
	       "paths that begin with PATH, so many TIMES or until taken away at "
	       "/lab/fault."));
	puts(_("\nLAB_TOKEN in the environment makes the registry ask for that bearer "
	       "token;\n"
	       "LAB_PUBLIC_KEY and LAB_SECRET_KEY are Langfuse's keys (pk-lf-lab, "
	       "sk-lf-lab)."));
}
