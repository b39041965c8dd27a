#include "config.h"
#include "cmd/commands.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/child.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "core/path.h"
#include "store/source.h"
#include "tui/host.h"

static void collector_ended(void *ctx, pid_t pid, int status)
{
	(void)ctx, (void)pid, (void)status;
}

/*
 * A collector of our own, unless others read every source already: it finds out itself, lives on
 * without us while other consoles do, and ends with the last one.
 */
static int start_collector(const struct cmd *c, const struct context_conf *context,
	struct loop *loop, struct err *e)
{
	char *self = path_program();
	const char *argv[10] = {self, "poll", "--follow"};
	const struct child_spec spec = {
		.argv = argv,
		.env = (const char *const *)environ,
		.session = true,
	};
	struct child child;
	size_t n = 3;
	int rc;

	if (c->config_file) {
		argv[n++] = "--config";
		argv[n++] = c->config_file;
	}
	if (context) {
		argv[n++] = "--context";
		argv[n++] = context->name;
	}
	rc = child_start(&child, &spec, e);
	free(self);
	if (rc)
		return err_prefix(e, _("no collector could be started: "));
	child_close(&child);
	loop_child(loop, child.pid, collector_ended, NULL);
	return 0;
}

struct watching {
	const struct cmd *cmd;
	struct loop *loop;
};

static int read_context(void *ctx, const struct context_conf *to, struct err *e)
{
	const struct watching *w = ctx;

	if (cmd_has(w->cmd, "no-poll") || !w->cmd->config.n_sources)
		return 0;
	return start_collector(w->cmd, to, w->loop, e);
}

/* Ended by a signal, we say so to whoever waits for us. */
static int exit_by(int signal_number)
{
	if (signal_number) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	return EXIT_FINE;
}

int cmd_watch_at(struct cmd *c, const char *pane, const char *argument)
{
	struct watching w = {c, NULL};
	struct err e = ERR_INIT, trouble = ERR_INIT;
	struct host_conf conf = {
		.store = c->store,
		.config = &c->config,
		.config_file = c->config_file,
		.context = c->context ? c->context->name : NULL,
		.theme = cmd_value(c, "theme"),
		.pane = pane,
		.argument = argument,
		.plain = cmd_has(c, "plain"),
		.no_mouse = cmd_has(c, "no-mouse"),
		.low_bandwidth = cmd_has(c, "low-bandwidth"),
		.switched = read_context,
		.ctx = &w,
	};
	char *note = NULL;
	int signal_number = 0, code = EXIT_FINE;

	if (!host_possible())
		return cmd_status(c);
	w.loop = loop_new();
	if (store_present(c->store, &trouble) || read_context(&w, c->context, &trouble))
		note = err_text(&trouble);
	conf.loop = w.loop;
	conf.note = note;
	if (host_run(&conf, &signal_number, &e))
		code = cmd_fail(&e);
	loop_free(w.loop);
	free(note);
	err_release(&e);
	err_release(&trouble);
	return code ? code : exit_by(signal_number);
}

int cmd_watch(struct cmd *c)
{
	return cmd_watch_at(c, NULL, NULL);
}
