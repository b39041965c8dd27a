#include "config.h"
#include "tui/host.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "tui/console.h"
#include "tui/term.h"
#include "tui/theme.h"
#include "tui/tty.h"

#define RESIZE_NS (40 * NS_PER_MS) /* a window being dragged sends dozens of sizes */

struct host {
	const struct host_conf *conf;
	struct loop *loop;
	struct tty *tty;
	struct term *term;
	struct console *console;
	unsigned resize_timer;
	int ended_by;
};

static const int ending[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT};

bool host_possible(void)
{
	return tty_present() && !term_is_dumb(getenv("TERM"));
}

/* --- the terminal's side --- */

static void readable(void *ctx, int fd, unsigned events)
{
	struct host *h = ctx;
	char buf[4096];
	ssize_t n = 0;

	(void)fd;
	if (events & LOOP_WRITE)
		console_writable(h->console);
	if (events & (LOOP_READ | LOOP_HANGUP))
		n = tty_read(h->tty, buf, sizeof(buf));
	if (n > 0)
		console_input(h->console, buf, (size_t)n);
	if (n < 0 || ((events & LOOP_HANGUP) && n == 0) || console_done(h->console))
		loop_stop(h->loop);
}

/* Runs behind the console's own hook: what could not be sent waits for room. */
static void before_sleep(void *ctx)
{
	struct host *h = ctx;

	if (console_done(h->console))
		loop_stop(h->loop);
	else
		loop_watch(h->loop, tty_fd(h->tty),
			LOOP_READ |
				(term_is_pending(h->term) ? (unsigned)LOOP_WRITE : 0u),
			readable, h);
}

static void drain(void *ctx)
{
	tty_drain(((struct host *)ctx)->tty);
}

static void switched(void *ctx, const struct context_conf *to)
{
	struct host *h = ctx;
	struct err e = ERR_INIT;

	if (h->conf->switched && h->conf->switched(h->conf->ctx, to, &e))
		console_fail(h->console, &e);
	err_release(&e);
}

/* --- signals --- */

static void resized(void *ctx)
{
	struct host *h = ctx;
	int rows, cols;

	h->resize_timer = 0;
	tty_size(h->tty, &rows, &cols);
	console_resize(h->console, rows, cols);
}

static void on_winch(void *ctx, int signal_number)
{
	struct host *h = ctx;

	(void)signal_number;
	loop_cancel(h->loop, h->resize_timer);
	h->resize_timer = loop_after(h->loop, RESIZE_NS, resized, h);
}

static void suspend(void *ctx)
{
	struct host *h = ctx;

	term_suspend(h->term);
	tty_cooked(h->tty);
	kill(getpid(), SIGSTOP);
}

static void on_stop(void *ctx, int signal_number)
{
	(void)signal_number;
	suspend(ctx);
}

/* Also when it was SIGSTOP that stopped us and we could not put the terminal in order first. */
static void on_continue(void *ctx, int signal_number)
{
	struct host *h = ctx;

	(void)signal_number;
	tty_raw(h->tty);
	term_resume(h->term);
	resized(h);
}

static void on_end(void *ctx, int signal_number)
{
	struct host *h = ctx;

	h->ended_by = signal_number;
	loop_stop(h->loop);
}

static void watch_signals(struct host *h)
{
	loop_signal(h->loop, SIGWINCH, on_winch, h);
	loop_signal(h->loop, SIGTSTP, on_stop, h);
	loop_signal(h->loop, SIGCONT, on_continue, h);
	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		loop_signal(h->loop, ending[i], on_end, h);
}

/* --- opening --- */

static int open_terminal(struct host *h, const struct host_conf *conf, struct err *e)
{
	const char *no_color = getenv("NO_COLOR");
	struct term_conf term = {
		.name = getenv("TERM"),
		.no_color = no_color && *no_color,
		.mouse = conf->config->ui.mouse && !conf->no_mouse,
		.title = true,
		.write = tty_write,
	};

	if (tty_open(&h->tty, e))
		return -1;
	term.ctx = h->tty;
	tty_size(h->tty, &term.rows, &term.cols);
	return term_open(&h->term, &term, e);
}

static void open_theme(struct theme *out, const struct host_conf *conf, char **problem)
{
	const char *name = conf->theme ? conf->theme : conf->config->ui.theme;
	struct problems problems;
	struct err e = ERR_INIT;

	theme_builtin(out);
	problems_init(&problems, NULL);
	if (name && theme_load(out, name, &problems, &e))
		*problem = err_text(&e);
	problems_release(&problems);
	err_release(&e);
}

static void open_console(struct host *h, const struct host_conf *conf)
{
	struct theme theme;
	char *problem = NULL;
	struct console_conf console = {
		.loop = h->loop,
		.store = conf->store,
		.config = conf->config,
		.config_file = conf->config_file,
		.context = conf->context,
		.term = h->term,
		.theme = &theme,
		.plain = conf->plain || conf->config->ui.plain,
		.low_bandwidth = conf->low_bandwidth ||
			conf->config->ui.low_bandwidth == 1 ||
			(conf->config->ui.low_bandwidth < 0 && tty_is_slow(h->tty)),
		.mouse = conf->config->ui.mouse && !conf->no_mouse,
		.drain = drain,
		.suspend = suspend,
		.switched = switched,
		.host = h,
	};

	open_theme(&theme, conf, &problem);
	tty_size(h->tty, &console.rows, &console.cols);
	h->console = console_new(&console);
	if (conf->pane)
		console_go(h->console, conf->pane, conf->argument);
	if (problem)
		console_note(h->console, ROLE_ERROR, "%s", problem);
	else if (conf->note)
		console_note(h->console, ROLE_NOTE, "%s", conf->note);
	free(problem);
}

int host_run(const struct host_conf *conf, int *signal_number, struct err *e)
{
	struct host h = {.conf = conf, .loop = conf->loop};
	size_t n;
	const char *restore;
	int rc = open_terminal(&h, conf, e);

	if (rc == 0) {
		restore = term_restore(h.term, &n);
		tty_guard(h.tty, restore, n);
		watch_signals(&h);
		open_console(&h, conf);
		loop_before_sleep(h.loop, before_sleep, &h);
		loop_run(h.loop);
		loop_watch(h.loop, tty_fd(h.tty), 0, NULL, NULL);
	}
	console_free(h.console);
	term_close(h.term);
	tty_close(h.tty);
	*signal_number = h.ended_by;
	return rc;
}
