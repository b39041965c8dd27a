#include "config.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/demo_keeper.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "core/path.h"
#include "net/http.h"
#include "store/series.h"
#include "store/source.h"
#include "tui/host.h"

#define MEANINGFUL_NS (8 * NS_PER_S) /* of measuring, before it is reported */
#define PATIENCE_NS (40 * NS_PER_S)

/* --- enough data to be reported --- */

struct waiting {
	struct loop *loop;
	const char *store_dir;
	int64_t began, complete; /* 0: not all there yet */
	bool interrupted;
};

/* Every source was read, and every objective has a burn rate in its shortest window. */
static bool is_complete(struct store *st, struct arena *a, struct err *e)
{
	struct source_rows sources;
	struct slo_rows slos;

	if (source_list(&sources, a, st, AT_NOW, e) || slo_rows(&slos, a, st, AT_NOW, e))
		return false;
	for (size_t i = 0; i < sources.n; i++)
		if (sources.items[i].succeeded == NONE_INT)
			return false;
	for (size_t i = 0; i < slos.n; i++)
		if (!slos.items[i].state.n_windows || isnan(slos.items[i].state.burn[0]))
			return false;
	return sources.n && slos.n;
}

static void look(void *ctx)
{
	struct waiting *w = ctx;
	struct store *st = NULL;
	struct arena a;
	struct err e = ERR_INIT;
	int64_t now = clock_mono();

	arena_init(&a);
	if (!w->complete && !store_open(&st, w->store_dir, STORE_READ, &e) &&
		is_complete(st, &a, &e))
		w->complete = now;
	store_free(st);
	arena_release(&a);
	err_release(&e);
	if ((w->complete && now - w->complete >= MEANINGFUL_NS) ||
		now - w->began >= PATIENCE_NS)
		loop_stop(w->loop);
	else
		loop_after(w->loop, NS_PER_S / 2, look, w);
}

static void interrupted(void *ctx, int signal_number)
{
	struct waiting *w = ctx;

	(void)signal_number;
	w->interrupted = true;
	loop_stop(w->loop);
}

/* False: somebody does not want to wait. */
static bool wait_for_data(const char *config_file)
{
	char *dir = path_dir(config_file), *store = path_join(dir, "store");
	struct waiting w = {
		.loop = loop_new(), .store_dir = store, .began = clock_mono()};

	loop_signal(w.loop, SIGINT, interrupted, &w);
	loop_signal(w.loop, SIGTERM, interrupted, &w);
	loop_signal(w.loop, SIGHUP, interrupted, &w);
	look(&w);
	loop_run(w.loop);
	loop_free(w.loop);
	free(store);
	free(dir);
	return !w.interrupted;
}

/* --- the commands that show it --- */

/* As if typed: `tocsin NAME ARGUMENTS`. */
static int run_command(const char *name, const char *const *arguments, int n)
{
	const char **words = mem_new((size_t)n + 1, sizeof(*words));
	struct cmd sub = {0};
	int code = EXIT_INTERNAL;

	memcpy(words, arguments, (size_t)n * sizeof(*words));
	for (const struct cmd_row *r = cmd_table; r->name && !sub.row; r++)
		if (!strcmp(r->name, name))
			sub.row = r;
	if (sub.row) {
		code = cmd_parse(&sub, n, words);
		if (code < 0)
			code = cmd_setup(&sub);
		if (code < 0)
			code = sub.row->run(&sub);
		cmd_release(&sub);
	}
	free(words);
	return code;
}

static int report(const struct demo *d)
{
	const char *const words[] = {"--config", d->config_file};
	int code;

	if (!wait_for_data(d->config_file))
		return 128 + SIGINT;
	code = run_command("status", words, 2);
	/* What burns is what there is to see: no failure of the demo. */
	return code == EXIT_FINDING || code == EXIT_STALE ? EXIT_FINE : code;
}

/* What it was all about, for whoever practised. */
static void tell_cause(const struct demo *d)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	char *url = mem_format("%s/lab/state", d->url);
	struct http_request req = {.url = url, .timeout_ns = 2 * NS_PER_S};
	struct json *j = NULL;
	struct err e = ERR_INIT;

	if (!http_run(&a, &req, &e) && !json_parse(&j, a.body.buf, a.body.len, &e) &&
		json_text(json_get(j, "cause")))
		printf(_("The cause was: %s, at %s.  Others: tocsin demo --seed N\n"),
			json_text(json_get(j, "cause")),
			json_text(json_get(j, "service")));
	json_free(j);
	http_answer_release(&a);
	err_release(&e);
	free(url);
}

static int watch(const struct cmd *c, const struct demo *d)
{
	const char *words[4] = {"--config", d->config_file, "--no-poll"};
	int n = 3, code;

	if (cmd_has(c, "plain"))
		words[n++] = "--plain";
	code = run_command("watch", words, n);
	if (code == EXIT_FINE)
		tell_cause(d);
	return code;
}

/* --- the command --- */

struct lab_args {
	const char *items[16];
	size_t n;
};

static void pass(struct lab_args *to, const struct cmd *c, const char *option,
	const char *otherwise)
{
	static const char *const names[][2] = {{"seed", "--seed"}, {"cause", "--cause"},
		{"speed", "--speed"}, {"port", "--port"}, {"scenario", "--scenario"},
		{"elapsed", "--elapsed"}};
	const char *value = cmd_value(c, option) ? cmd_value(c, option) : otherwise;

	for (size_t i = 0; value && i < ARRAY_LEN(names); i++)
		if (!strcmp(names[i][0], option)) {
			to->items[to->n++] = names[i][1];
			to->items[to->n++] = value;
		}
}

int cmd_demo(struct cmd *c)
{
	bool text = cmd_has(c, "text") || !host_possible();
	bool chosen = cmd_value(c, "seed") || cmd_value(c, "cause");
	struct lab_args args = {0};
	struct demo d;
	struct err e = ERR_INIT;
	char *state;
	int code;

	if (c->n_operands)
		return cmd_usage(c, _("demo takes no '%s'"), c->operands[0]);
	pass(&args, c, "seed", NULL);
	pass(&args, c, "cause", chosen ? NULL : "bad-version");
	pass(&args, c, "scenario", NULL);
	pass(&args, c, "speed", "10");
	pass(&args, c, "port", "0");
	/* On a terminal one watches it happen; a report comes when it has. */
	pass(&args, c, "elapsed", text ? "75s" : NULL);
	if (demo_start(&d, args.items, &e)) {
		code = cmd_fail(&e);
		err_release(&e);
		return code;
	}
	/* What is remembered of real stores must not mix with this one. */
	state = path_dir(d.config_file);
	setenv("XDG_STATE_HOME", state, 1);
	free(state);
	code = text ? report(&d) : watch(c, &d);
	demo_end(&d);
	return code;
}
