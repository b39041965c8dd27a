#include "config.h"
#include "cmd/demo_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/demo_files.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/path.h"
#include "net/http.h"
#include "store/journal.h"

#define READY_NS (15 * NS_PER_S)
#define STOP_NS (5 * NS_PER_S)
#define MAX_LINE 65536

/* One line of what a child says, without its newline. */
static int read_line(struct strbuf *out, int fd, int64_t timeout_ns, struct err *e)
{
	int64_t until = clock_mono() + timeout_ns;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = until - clock_mono();
		char c;
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)(left / NS_PER_MS) + 1) == 0)
			return err_set(e, ERR_NET, "%s", _("it does not answer"));
		n = read(fd, &c, 1);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0 || out->len > MAX_LINE)
			return err_set(e, ERR_SYSTEM, "%s", _("it ended at once"));
		if (c == '\n')
			return 0;
		strbuf_addc(out, c);
	}
}

static int read_json(struct json **out, int fd, int64_t timeout_ns, struct err *e)
{
	struct strbuf line = STRBUF_INIT;
	int r = read_line(&line, fd, timeout_ns, e);

	if (!r)
		r = json_parse(out, line.buf, line.len, e);
	strbuf_release(&line);
	return r;
}

/* --- the keeper's own process --- */

struct keeper {
	struct loop *loop;
	char *dir, *config_file, *store_dir; /* owned */
	struct child lab, collector;
	bool lab_lives, collector_lives;
	int lab_status; /* as of waitpid, when it has ended */
	struct json *ready; /* owned: what the lab said */
};

static void lab_ended(void *ctx, pid_t pid, int status)
{
	struct keeper *k = ctx;

	(void)pid;
	k->lab_status = status;
	k->lab_lives = false;
}

static void collector_ended(void *ctx, pid_t pid, int status)
{
	struct keeper *k = ctx;

	(void)pid;
	(void)status;
	k->collector_lives = false;
}

static void wait_for(struct keeper *k, const bool *lives, int64_t most_ns)
{
	int64_t until = clock_mono() + most_ns;

	while (*lives && clock_mono() < until)
		loop_turn(k->loop, 50 * NS_PER_MS);
}

/* Beside our own program, else where auxiliary programs are installed. */
static char *lab_program(struct err *e)
{
	char *self = path_program(), *dir = path_dir(self);
	char *candidates[] = {
		path_join(dir, "tocsin-lab"), path_join(PKGLIBEXECDIR, "tocsin-lab")};
	char *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		if (!found && !access(candidates[i], X_OK))
			found = candidates[i];
		else
			free(candidates[i]);
	}
	if (!found) {
		err_set(e, ERR_NOT_FOUND, _("tocsin-lab is not beside %s"), self);
		err_hint(e, "%s", _("it is left out of builds with --disable-lab"));
	}
	free(self);
	free(dir);
	return found;
}

/* Why it did not start: its own words are better than ours. */
static void explain_lab(struct keeper *k, const char *log, struct err *e)
{
	struct strbuf said = STRBUF_INIT;
	struct err unread = ERR_INIT;

	wait_for(k, &k->lab_lives, NS_PER_S);
	if (!path_read(&said, log, MAX_LINE, &unread) && said.len)
		err_set(e,
			!k->lab_lives && WIFEXITED(k->lab_status) &&
					WEXITSTATUS(k->lab_status) == EXIT_USAGE
				? ERR_INPUT
				: ERR_SYSTEM,
			"%.*s", (int)strcspn(said.buf, "\n"), said.buf);
	else
		err_prefix(e, "%s", _("tocsin-lab does not start: "));
	err_release(&unread);
	strbuf_release(&said);
}

static int start_lab(struct keeper *k, const char *const *args, size_t n, struct err *e)
{
	char *program = lab_program(e), *log = path_join(k->dir, "lab.log");
	const char **argv = mem_new(n + 3, sizeof(*argv));
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), r = -1;
	struct child_spec spec = {.argv = argv,
		.env = (const char *const *)environ,
		.in = CHILD_PIPE,
		.out = CHILD_PIPE,
		.err = CHILD_FD,
		.err_fd = fd};

	if (program && fd < 0)
		err_errno(e, errno, _("cannot write %s"), log);
	if (program && fd >= 0) {
		argv[0] = program;
		argv[1] = "--until-eof";
		for (size_t i = 0; i < n; i++)
			argv[i + 2] = args[i];
		r = child_start(&k->lab, &spec, e);
	}
	if (!r) {
		k->lab_lives = true;
		loop_child(k->loop, k->lab.pid, lab_ended, k);
		r = read_json(&k->ready, k->lab.out, READY_NS, e);
	}
	if (r && k->lab.pid)
		explain_lab(k, log, e);
	if (fd >= 0)
		close(fd);
	free(argv);
	free(program);
	free(log);
	return r;
}

static int fetch_catalog(struct json **out, const char *url, struct err *e)
{
	struct http_answer a = HTTP_ANSWER_INIT;
	char *full = mem_format("%s/lab/catalog", url);
	struct http_request req = {.url = full, .timeout_ns = READY_NS};
	int r = http_run(&a, &req, e);

	if (!r)
		r = json_parse(out, a.body.buf, a.body.len, e);
	http_answer_release(&a);
	free(full);
	return r;
}

static int start_collector(struct keeper *k, struct err *e)
{
	char *self = path_program(), *log = path_join(k->dir, "collector.log");
	const char *argv[] = {self, "poll", "--daemon", "--config", k->config_file, NULL};
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), r = -1;
	struct child_spec spec = {.argv = argv,
		.env = (const char *const *)environ,
		.out = CHILD_FD,
		.out_fd = fd,
		.err = CHILD_FD,
		.err_fd = fd};

	if (fd < 0)
		err_errno(e, errno, _("cannot write %s"), log);
	else
		r = child_start(&k->collector, &spec, e);
	if (!r) {
		k->collector_lives = true;
		loop_child(k->loop, k->collector.pid, collector_ended, k);
	}
	if (fd >= 0)
		close(fd);
	free(self);
	free(log);
	return r;
}

static int keeper_start(
	struct keeper *k, const char *const *args, size_t n, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct json *catalog = NULL;
	int r;

	k->dir = mem_format("%s/tocsin-demo-XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
	if (!mkdtemp(k->dir)) {
		err_errno(e, errno, _("cannot make the directory %s"), k->dir);
		free(k->dir);
		k->dir = NULL;
		return -1;
	}
	k->config_file = path_join(k->dir, "config.yaml");
	k->store_dir = path_join(k->dir, "store");
	r = start_lab(k, args, n, e);
	if (!r)
		r = fetch_catalog(&catalog, json_text(json_get(k->ready, "url")), e);
	if (!r)
		r = demo_files_write(k->dir, k->ready, catalog, e);
	if (!r)
		r = start_collector(k, e);
	json_free(catalog);
	return r;
}

/* The one line to the command that started us. */
static void answer(const struct keeper *k, const struct err *e)
{
	struct json *j = json_object();
	struct strbuf line = STRBUF_INIT;
	ssize_t n;

	if (e) {
		json_add_text(j, "error", e->what);
		json_add_text(j, "hint", e->hint);
		json_add_bool(j, "usage", e->code == ERR_INPUT);
	} else {
		json_add_text(j, "config", k->config_file);
		json_add_text(j, "url", json_text(json_get(k->ready, "url")));
	}
	json_format(&line, j, false);
	strbuf_addc(&line, '\n');
	n = write(STDOUT_FILENO, line.buf, line.len);
	if (n < 0)
		log_debug("%s: %s", __func__, strerror(errno));
	strbuf_release(&line);
	json_free(j);
}

/* Steps that still run would wait for a platform that is gone. */
static void cancel_runs(const struct keeper *k)
{
	struct store *st = NULL;
	struct run_list runs;
	struct step_list steps;
	struct arena a;
	struct err e = ERR_INIT;

	arena_init(&a);
	if (!store_open(&st, k->store_dir, STORE_WRITE, &e) &&
		!run_list(&runs, &a, st, true, AT_NOW, 20, &e))
		for (size_t i = 0; i < runs.n; i++) {
			if (step_list(&steps, &a, st, runs.items[i].id, &e))
				continue;
			for (size_t s = 0; s < steps.n; s++)
				if (steps.items[s].state == STEP_RUNNING ||
					steps.items[s].state == STEP_ASKING)
					(void)step_request(st, runs.items[i].id,
						steps.items[s].n, "kill", "demo",
						clock_now(), &e);
		}
	store_free(st);
	arena_release(&a);
	err_release(&e);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	if (remove(path))
		log_debug("%s: %s: %s", __func__, path, strerror(errno));
	return 0;
}

static void take_away(struct keeper *k)
{
	if (k->collector_lives) {
		cancel_runs(k);
		child_signal(&k->collector, SIGTERM);
		wait_for(k, &k->collector_lives, STOP_NS);
		if (k->collector_lives)
			child_signal(&k->collector, SIGKILL);
		child_close(&k->collector);
	}
	if (k->lab_lives) {
		child_close(&k->lab); /* its standard input ends */
		wait_for(k, &k->lab_lives, STOP_NS);
		if (k->lab_lives)
			child_signal(&k->lab, SIGKILL);
	}
	if (k->dir)
		nftw(k->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	json_free(k->ready);
	free(k->config_file);
	free(k->store_dir);
	free(k->dir);
}

static void on_stdin(void *ctx, int fd, unsigned events)
{
	char buf[64];
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		loop_stop(ctx);
}

static void on_signal(void *ctx, int signal_number)
{
	(void)signal_number;
	loop_stop(ctx);
}

int cmd_demo_keep(struct cmd *c)
{
	static const int ending[] = {SIGTERM, SIGINT, SIGHUP};
	struct keeper k = {.loop = loop_new()};
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		loop_signal(k.loop, ending[i], on_signal, k.loop);
	if (keeper_start(&k, c->operands, c->n_operands, &e)) {
		answer(&k, &e);
	} else {
		answer(&k, NULL);
		loop_watch(
			k.loop, STDIN_FILENO, LOOP_READ | LOOP_HANGUP, on_stdin, k.loop);
		loop_run(k.loop);
	}
	take_away(&k);
	loop_free(k.loop);
	err_release(&e);
	return EXIT_FINE;
}

/* --- from the command's side --- */

int demo_start(struct demo *out, const char *const *lab_args, struct err *e)
{
	char *self = path_program();
	const char **argv;
	struct json *j = NULL;
	size_t n = 0;
	int r;

	*out = (struct demo){0};
	while (lab_args[n])
		n++;
	argv = mem_new(n + 5, sizeof(*argv));
	argv[0] = self;
	argv[1] = "demo";
	argv[2] = "keep";
	argv[3] = "--";
	memcpy(argv + 4, lab_args, n * sizeof(*argv));
	r = child_start(&out->keeper,
		&(struct child_spec){.argv = argv,
			.env = (const char *const *)environ,
			.in = CHILD_PIPE,
			.out = CHILD_PIPE,
			.session = true},
		e);
	if (!r && read_json(&j, out->keeper.out, 2 * READY_NS, e))
		r = err_prefix(e, "%s", _("the demo does not start: "));
	if (!r && json_text(json_get(j, "error"))) {
		r = err_set(e,
			json_bool(json_get(j, "usage"), false) ? ERR_INPUT : ERR_SYSTEM,
			"%s", json_text(json_get(j, "error")));
		if (json_text(json_get(j, "hint")))
			err_hint(e, "%s", json_text(json_get(j, "hint")));
	}
	if (!r) {
		out->config_file = mem_strdup(json_text(json_get(j, "config")));
		out->url = mem_strdup(json_text(json_get(j, "url")));
	}
	json_free(j);
	free(argv);
	free(self);
	if (r)
		demo_end(out);
	return r;
}

void demo_end(struct demo *d)
{
	struct strbuf rest = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (d->keeper.pid > 0) {
		if (d->keeper.in >= 0)
			close(d->keeper.in);
		d->keeper.in = -1;
		/* Its output ends when it does. */
		(void)read_line(&rest, d->keeper.out, 3 * STOP_NS, &e);
		child_close(&d->keeper);
		(void)waitpid(d->keeper.pid, NULL, WNOHANG);
	}
	strbuf_release(&rest);
	err_release(&e);
	free(d->config_file);
	free(d->url);
	*d = (struct demo){0};
}
