/* runner_sh.c - steps that an interpreter runs: scripts of all languages */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/loop.h"
#include "core/path.h"
#include "runbook/job.h"
#include "runbook/outputs.h"
#include "runbook/script.h"
#include "runbook/step_env.h"
#include "runbook/step_tty.h"

#define TERM_PATIENCE_NS (5 * NS_PER_S) /* between SIGTERM and SIGKILL */
#define DRAIN_NS (2 * NS_PER_S) /* for output that descendants still hold */
#define MAX_DEPTH 32 /* of processes */
#define MAX_STDOUT_BYTES ((size_t)64 * 1024) /* of a step whose name is a variable */

enum stop { STOP_NONE, STOP_TIMEOUT, STOP_REQUEST };

struct shell_run {
	struct job *job;
	struct loop *loop;
	struct child child;
	struct step_tty *tty; /* of an interactive step; else NULL */
	char *output_file; /* owned: $TOCSIN_OUTPUT */
	struct strbuf captured; /* stdout, when the step's name is a variable */
	bool capture;
	enum stop stop;
	int status; /* as of waitpid */
	bool ended, killed;
	int open; /* descriptors that may still bring output */
	unsigned kill_timer;
};

/* --- stopping --- */

/*
 * All that descends from the step, also what left its session with setsid(); what lost its parent
 * became our child (subreaper).  Children first: a shell that dies must not start the next one.
 */
static void signal_below(long pid, int number, int depth)
{
	char name[64];
	long child;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%ld/task/%ld/children", pid, pid);
	f = depth > 0 ? fopen(name, "re") : NULL;
	if (!f)
		return;
	while (fscanf(f, "%ld", &child) == 1)
		if (child > 1) {
			signal_below(child, number, depth - 1);
			kill((pid_t)child, number);
		}
	fclose(f);
}

static void signal_all(struct shell_run *r, int number)
{
	signal_below((long)getpid(), number, MAX_DEPTH);
	if (!r->ended)
		child_signal(&r->child, number);
}

static void on_kill(void *ctx)
{
	struct shell_run *r = ctx;

	r->kill_timer = 0;
	r->killed = true;
	signal_all(r, SIGKILL);
}

static void stop(struct shell_run *r, enum stop why, bool at_once)
{
	if (r->ended)
		return;
	if (!r->stop) {
		r->stop = why;
		signal_all(r, SIGTERM);
		r->kill_timer = loop_after(r->loop, TERM_PATIENCE_NS, on_kill, r);
	}
	if (at_once && !r->killed) {
		loop_cancel(r->loop, r->kill_timer);
		on_kill(r);
	}
}

static void on_timeout(void *ctx)
{
	stop(ctx, STOP_TIMEOUT, false);
}

static void on_terminate(void *ctx, int signal_number)
{
	struct shell_run *r = ctx;

	(void)signal_number;
	r->job->terminated = true;
	stop(r, STOP_REQUEST, false);
}

/* --- output --- */

static void finish_if_done(struct shell_run *r)
{
	if (r->ended && r->open <= 0)
		loop_stop(r->loop);
}

static void on_output(void *ctx, int fd, unsigned events)
{
	struct shell_run *r = ctx;
	char buf[65536];
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* a pty says EIO when its other side is closed */
		loop_watch(r->loop, fd, 0, NULL, NULL);
		r->open--;
		finish_if_done(r);
		return;
	}
	stream_add(&r->job->out, buf, (size_t)n);
	if (r->tty)
		step_tty_show(r->tty, buf, (size_t)n);
	if (r->capture && fd == r->child.out && r->captured.len < MAX_STDOUT_BYTES)
		strbuf_add(&r->captured, buf, (size_t)n);
}

static void on_tick(void *ctx)
{
	struct shell_run *r = ctx;
	struct err e = ERR_INIT;
	const char *what = job_request(r->job);

	if (what)
		stop(r, STOP_REQUEST, !strcmp(what, "kill"));
	if (stream_flush(&r->job->out, false, &e))
		err_release(&e); /* once more at the next tick */
	loop_after(r->loop, JOB_TICK_NS, on_tick, r);
}

static void on_drained(void *ctx)
{
	struct shell_run *r = ctx;

	stream_say(&r->job->out, _("-- what it started still runs and holds its output"));
	loop_stop(r->loop);
}

static void on_exit_of(void *ctx, pid_t pid, int status)
{
	struct shell_run *r = ctx;

	(void)pid;
	r->status = status;
	r->ended = true;
	if (r->stop)
		signal_all(r, SIGKILL);
	loop_after(r->loop, DRAIN_NS, on_drained, r);
	finish_if_done(r);
}

/* --- starting --- */

/* A file of its own in a folder that is only ours. */
static int make_output_file(struct shell_run *r, struct err *e)
{
	char *dir = path_state("run"), *name;
	int rc = path_make_dir(dir, 0700, e);

	if (!rc) {
		name = mem_format("%s-%d.out", r->job->order.run, r->job->order.n);
		r->output_file = path_join(dir, name);
		free(name);
		rc = path_write(r->output_file, "", 0, 0600, e);
	}
	free(dir);
	return rc;
}

static void set_own(struct step_env *env, struct shell_run *r)
{
	const struct order *o = &r->job->order;
	struct strbuf key = STRBUF_INIT, hex = STRBUF_INIT;
	struct digest d;

	/* The same for every attempt, so that an API can tell a repetition. */
	strbuf_addf(&key, "%s/%d", o->run, o->n);
	d = digest_of(key.buf, key.len);
	digest_hex(&hex, &d);
	step_env_set(env, "TOCSIN_RUN", o->run);
	step_env_set(env, "TOCSIN_STEP", r->job->step->name);
	step_env_set(env, "TOCSIN_SERVICE", o->service ? o->service : "");
	step_env_set(env, "TOCSIN_INCIDENT", o->incident ? o->incident : "");
	step_env_set(env, "TOCSIN_CONTEXT", o->context ? o->context : "");
	step_env_set(env, "TOCSIN_CONFIG", o->config_file ? o->config_file : "");
	step_env_set(env, "TOCSIN_PROGRAM", r->job->program);
	step_env_set(env, "TOCSIN_IDEMPOTENCY_KEY", hex.buf);
	step_env_set(env, "TOCSIN_OUTPUT", r->output_file);
	strbuf_release(&key);
	strbuf_release(&hex);
}

static void fill_env(struct step_env *env, struct shell_run *r)
{
	const struct step *s = r->job->step;

	step_env_init(env, &r->job->arena);
	step_env_inherit(env, s->interactive, s->needs != NULL);
	step_env_vars(env, &r->job->vars);
	set_own(env, r);
}

/* The step's own, else the runbook's, each relative to what is around it; NULL: where we are. */
static char *working_folder(const struct job *j)
{
	char *base = path_dir(j->rb.file), *book = NULL, *out = NULL;

	if (j->rb.cwd)
		book = path_expand(j->rb.cwd, base);
	if (j->step->cwd)
		out = path_expand(j->step->cwd, book ? book : base);
	else if (book)
		out = mem_strdup(book);
	else
		out = mem_strdup(base);
	free(base);
	free(book);
	return out;
}

static int start_child(struct shell_run *r, struct err *e)
{
	const struct step *s = r->job->step;
	const char *argv[SCRIPT_MAX_ARGV];
	struct step_env env;
	char *cwd = working_folder(r->job);
	enum child_io io = s->interactive ? CHILD_PTY : CHILD_PIPE;
	struct child_spec spec = {
		.argv = argv,
		.cwd = cwd,
		.in = s->interactive ? CHILD_PTY : CHILD_NULL,
		.out = io,
		.err = s->interactive ? CHILD_PTY
			: r->capture  ? CHILD_PIPE
				      : CHILD_OUT,
		.session = true,
		.rows = 24,
		.columns = 80,
	};
	int rc = -1;

	fill_env(&env, r);
	spec.env = env.items;
	for (int second = 0; rc && second <= 1; second++) {
		if (!script_argv(argv, s, second, &r->job->arena))
			continue;
		err_clear(e);
		rc = child_start(&r->child, &spec, e);
	}
	free(cwd);
	return rc;
}

static bool names_variable(const struct step *s)
{
	return s->outputs.n && !strcmp(s->outputs.items[0], s->name);
}

static int open_run(struct shell_run *r, struct err *e)
{
	const struct step *s = r->job->step;

	r->capture = names_variable(s) && !s->interactive;
	if (make_output_file(r, e))
		return -1;
	if (s->interactive && !(r->tty = step_tty_new(r->job->order.run, s->n, e)))
		return -1;
	return start_child(r, e);
}

static void follow(struct shell_run *r)
{
	r->loop = loop_new();
	loop_signal(r->loop, SIGTERM, on_terminate, r);
	loop_child(r->loop, r->child.pid, on_exit_of, r);
	loop_watch(r->loop, r->child.out, LOOP_READ, on_output, r);
	r->open = 1;
	if (r->child.err >= 0 && r->child.err != r->child.out) {
		loop_watch(r->loop, r->child.err, LOOP_READ, on_output, r);
		r->open++;
	}
	if (r->tty)
		step_tty_serve(r->tty, r->loop, r->child.in);
	loop_after(r->loop, JOB_TICK_NS, on_tick, r);
	loop_after(r->loop, step_timeout(r->job->step), on_timeout, r);
	loop_run(r->loop);
	loop_free(r->loop);
}

/* --- what came of it --- */

static bool is_ok(const struct step *s, int64_t code)
{
	for (size_t i = 0; i < s->n_ok; i++)
		if (s->ok[i] == code)
			return true;
	return false;
}

static void add_captured(struct shell_run *r)
{
	struct strbuf *c = &r->captured;

	while (c->len && c->buf[c->len - 1] == '\n')
		strbuf_truncate(c, c->len - 1);
	if (r->capture && !memchr(c->buf, 0, c->len))
		json_add_text(r->job->outputs, r->job->step->name, c->buf);
}

/* What a step put out counts only when it ended well. */
static void read_outputs(struct shell_run *r)
{
	struct job *j = r->job;
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (j->step->secret)
		return;
	j->outputs = json_object();
	add_captured(r);
	if (path_read(&text, r->output_file, OUTPUTS_MAX_BYTES, &e) ||
		outputs_parse(j->outputs, text.buf, text.len, &e))
		job_fail(j, &e);
	if (j->state != STEP_OK || !json_count(j->outputs)) {
		json_free(j->outputs);
		j->outputs = NULL;
	}
	err_release(&e);
	strbuf_release(&text);
}

static void judge(struct shell_run *r)
{
	struct job *j = r->job;
	bool signalled = WIFSIGNALED(r->status);

	j->exit_code = signalled ? 128 + WTERMSIG(r->status) : WEXITSTATUS(r->status);
	if (r->stop == STOP_TIMEOUT)
		job_end(j, STEP_TIMED_OUT, _("it did not end in time and was stopped"));
	else if (r->stop == STOP_REQUEST)
		job_end(j, STEP_CANCELLED, _("it was stopped"));
	else if (signalled)
		job_end(j, STEP_FAILED, _("it was killed by signal %d (%s)"),
			WTERMSIG(r->status), strsignal(WTERMSIG(r->status)));
	else if (!is_ok(j->step, j->exit_code))
		job_end(j, STEP_FAILED, _("it ended with exit code %lld"),
			(long long)j->exit_code);
	else
		job_end(j, STEP_OK, NULL);
	if (j->state == STEP_OK)
		read_outputs(r);
}

static void release(struct shell_run *r)
{
	child_close(&r->child);
	step_tty_free(r->tty);
	if (r->output_file)
		unlink(r->output_file);
	free(r->output_file);
	strbuf_release(&r->captured);
}

static void run(struct job *j)
{
	struct shell_run r = {.job = j,
		.child = {.in = -1, .out = -1, .err = -1},
		.captured = STRBUF_INIT};
	struct err e = ERR_INIT;

	if (open_run(&r, &e)) {
		job_fail(j, &e);
	} else {
		follow(&r);
		judge(&r);
	}
	release(&r);
	err_release(&e);
}

const struct runner runner_sh = {.kind = KIND_SH, .run = run};
