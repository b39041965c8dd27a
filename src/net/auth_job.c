#include "config.h"

#include "net/auth_job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/i18n.h"

/* The loop reaps what was killed, whenever the kernel lets go of it. */
static void job_reaped(void *ctx, pid_t pid, int status)
{
	(void)ctx;
	(void)pid;
	(void)status;
}

static void job_stop(struct auth_job *job)
{
	struct loop *l = job->auth->loop;

	loop_cancel(l, job->timer);
	job->timer = 0;
	if (job->child.out >= 0)
		loop_watch(l, job->child.out, 0, NULL, NULL);
	child_close(&job->child);
	job->child.in = job->child.out = job->child.err = -1;
	job->request = 0;
	job->running = false;
}

static void job_kill(struct auth_job *job)
{
	if (!job->running)
		return;
	if (job->request) {
		http_cancel(job->auth->http, job->request);
	} else {
		loop_forget_child(job->auth->loop, job->child.pid);
		loop_child(job->auth->loop, job->child.pid, job_reaped, NULL);
		child_signal(&job->child, SIGKILL);
	}
	job_stop(job);
}

static void job_free(struct auth_job *job)
{
	job_kill(job);
	secret_release(&job->out);
	secret_release(&job->told);
	credential_release(&job->made);
	arena_release(&job->arena);
	err_release(&job->failed);
	free(job->program);
	free(job->key);
	free(job);
}

void auth_jobs_free(struct auth *a)
{
	while (a->jobs) {
		struct auth_job *job = a->jobs;

		a->jobs = job->next;
		job_free(job);
	}
}

/* Forget what came of it; the job itself stays, with the time of its last refusal. */
static void job_clear(struct auth_job *job)
{
	secret_release(&job->out);
	credential_release(&job->made);
	err_clear(&job->failed);
	job->fresh_until = job->expires_at = job->failed_until = 0;
	job->stamp = 0;
}

/* --- those who wait --- */

/* The job is over: whoever waited for it goes on, or fails with it. */
static void job_wake(struct auth_job *job, const struct err *e)
{
	struct auth *a = job->auth;
	struct auth_waiter **p = &a->waiters;

	while (*p) {
		struct auth_waiter *w = *p;

		if (w->job != job) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		w->job = NULL;
		if (e)
			w->fn(w->ctx, NULL, e);
		if (e || auth_waiter_try(a, w))
			free(w);
		p = &a->waiters; /* the callback may have changed the list */
	}
}

static const struct auth_ask *job_ask(const struct auth_job *job)
{
	for (const struct auth_waiter *w = job->auth->waiters; w; w = w->next) {
		if (w->job == job)
			return w->ask;
	}
	return NULL;
}

static bool job_is_needed(const struct auth_job *job)
{
	return job_ask(job) != NULL;
}

void auth_jobs_orphans(struct auth *a)
{
	for (struct auth_job *job = a->jobs; job; job = job->next) {
		if (job->running && !job_is_needed(job))
			job_kill(job);
	}
}

/* What is kept is used while it is good, whatever the login server says now. */
static void job_fail(struct auth_job *job, struct err *e)
{
	int64_t now = clock_mono();
	struct err lent = ERR_INIT;

	job_kill(job);
	e->retry = RETRY_LATER;
	if (job->stamp && job->expires_at > now) {
		job->fresh_until = now + AUTH_FAILED_NS;
		job_wake(job, NULL);
	} else {
		job_clear(job);
		err_copy(&job->failed, e);
		job->failed_until = now + AUTH_FAILED_NS;
		err_copy(&lent, e);
		job_wake(job, &lent);
	}
	err_release(&lent);
	err_release(e);
}

static void job_finish(struct auth_job *job, const struct http_answer *answer)
{
	struct err e = ERR_INIT;
	const struct auth_ask *ask = job_ask(job);
	int rc;

	if (!ask)
		return;
	err_clear(&job->failed);
	job->failed_until = 0;
	rc = job->done(job, ask, answer, &e);
	secret_release(&job->told);
	if (rc < 0)
		job_fail(job, &e);
	else
		job_wake(job, NULL);
}

void auth_job_made(struct auth_job *job, int64_t fresh_ns, int64_t good_ns)
{
	int64_t now = clock_mono();

	job->fresh_until = now + fresh_ns;
	job->expires_at = now + good_ns;
	if (!++job->auth->last_stamp)
		job->auth->last_stamp = 1;
	job->stamp = job->made.stamp = job->auth->last_stamp;
}

/* --- commands --- */

enum pipe_state { PIPE_OPEN, PIPE_ENDED, PIPE_TOO_MUCH };

static enum pipe_state job_read(struct auth_job *job)
{
	char *at;
	ssize_t n;

	for (;;) {
		if (job->out.len >= AUTH_SECRET_MAX_BYTES)
			return PIPE_TOO_MUCH;
		at = job->out.buf + job->out.len;
		n = read(job->child.out, at, AUTH_SECRET_MAX_BYTES - job->out.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return PIPE_OPEN;
		if (n == 0)
			return PIPE_ENDED;
		job->out.len += (size_t)n;
		job->out.buf[job->out.len] = '\0';
	}
}

static void job_overflows(struct auth_job *job)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_LIMIT, _("the command '%s' printed too much for a secret"),
		job->program);
	job_fail(job, &e);
}

static void job_readable(void *ctx, int fd, unsigned events)
{
	struct auth_job *job = ctx;
	enum pipe_state now = job_read(job);

	(void)events;
	if (now == PIPE_TOO_MUCH)
		job_overflows(job);
	else if (now == PIPE_ENDED)
		loop_watch(job->auth->loop, fd, 0, NULL,
			NULL); /* its end is still to come */
}

static void job_ended(void *ctx, pid_t pid, int status)
{
	struct auth_job *job = ctx;
	struct err e = ERR_INIT;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	bool fits = job_read(job) != PIPE_TOO_MUCH;

	(void)pid;
	job_stop(job);
	if (!fits) {
		job_overflows(job);
	} else if (code) {
		secret_cmd_err(&e, job->program, code);
		job_fail(job, &e);
	} else {
		job_finish(job, NULL);
	}
}

static void job_late(void *ctx)
{
	struct auth_job *job = ctx;
	struct err e = ERR_INIT;

	job->timer = 0;
	err_set(&e, ERR_AUTH, _("the command '%s' that prints a secret took over %d s"),
		job->program, (int)(AUTH_CMD_TIMEOUT_NS / NS_PER_S));
	job_fail(job, &e);
}

static void job_begin(
	struct auth_job *job, struct auth_try *t, const char *program, auth_done_fn *done)
{
	job->done = done;
	free(job->program);
	job->program = mem_strdup(program);
	job->child = (struct child){.in = -1, .out = -1, .err = -1};
	job->running = true;
	t->waiter->job = job;
}

/* A line or two, which a pipe takes at once; filled before a reader can go away. */
static int input_pipe(int *fd, const char *input, struct err *e)
{
	int ends[2];
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(e, errno, _("cannot make a pipe"));
	n = write(ends[1], input, strlen(input));
	close(ends[1]);
	*fd = ends[0];
	if (n == (ssize_t)strlen(input))
		return 0;
	close(ends[0]);
	return err_set(e, ERR_LIMIT, _("the command's input is too long"));
}

int auth_job_command(struct auth_job *job, struct auth_try *t, const char *const *argv,
	const char *const *env, const char *input, auth_done_fn *done, struct err *e)
{
	struct child_spec spec = {
		.argv = argv,
		.env = env,
		.in = input ? CHILD_FD : CHILD_NULL,
		.out = CHILD_PIPE,
		.err = CHILD_NULL,
	};
	struct loop *l = job->auth->loop;
	struct child child;

	int rc;

	if (input && input_pipe(&spec.in_fd, input, e) < 0)
		return -1;
	secret_release(&job->out);
	strbuf_room(&job->out, AUTH_SECRET_MAX_BYTES + 1);
	rc = child_start(&child, &spec, e);
	if (input)
		close(spec.in_fd);
	if (rc < 0)
		return err_retry(e, RETRY_LATER);
	job_begin(job, t, argv[0], done);
	job->child = child;
	job->timer = loop_after(l, AUTH_CMD_TIMEOUT_NS, job_late, job);
	loop_watch(l, child.out, LOOP_READ, job_readable, job);
	loop_child(l, child.pid, job_ended, job);
	return AUTH_WAITS;
}

/* --- requests --- */

static void job_answered(void *ctx, struct http_answer *answer, const struct err *e)
{
	struct auth_job *job = ctx;
	struct err mine = ERR_INIT;

	job_stop(job);
	if (e && (!answer->status || answer->status / 100 == 2)) {
		err_copy(&mine, e);
		err_prefix(&mine, _("no token for the source '%s': "), job->conf.name);
		job_fail(job, &mine);
		return;
	}
	job_finish(job, answer);
	mem_wipe(answer->body.buf, answer->body.cap);
}

/* What the token request takes over from the source that asks; the source may go away. */
static void job_source(struct auth_job *job, const struct source_conf *from)
{
	struct arena *a = &job->arena;

	arena_reset(a);
	job->conf = (struct source_conf){
		.name = arena_strdup(a, from->name),
		.timeout_ns = from->timeout_ns,
		.max_bytes = 4 * (int64_t)AUTH_SECRET_MAX_BYTES,
		.tls = {arena_strdup(a, from->tls.ca), arena_strdup(a, from->tls.cert),
			arena_strdup(a, from->tls.key), from->tls.insecure},
	};
}

int auth_job_request(struct auth_job *job, struct auth_try *t,
	const struct http_request *req, const char *secret, auth_done_fn *done,
	struct err *e)
{
	struct http_request mine = *req;
	struct credential none;

	(void)e;
	credential_init(&none);
	job_source(job, t->ask->source);
	job_begin(job, t, NULL, done);
	secret_release(&job->told);
	if (secret) {
		strbuf_room(&job->told, strlen(secret) + 1);
		strbuf_adds(&job->told, secret);
	}
	mine.source = &job->conf;
	if (!mine.credential)
		mine.credential = &none;
	job->request = http_start(job->auth->http, &mine, job_answered, job);
	return AUTH_WAITS;
}

/* --- finding and dropping --- */

static struct auth_job *job_find(struct auth *a, const char *key)
{
	for (struct auth_job *job = a->jobs; job; job = job->next) {
		if (!strcmp(job->key, key))
			return job;
	}
	return NULL;
}

static struct auth_job *job_new(struct auth *a, const char *key)
{
	struct auth_job *job = mem_new(1, sizeof(*job));

	job->auth = a;
	job->key = mem_strdup(key);
	job->child = (struct child){.in = -1, .out = -1, .err = -1};
	job->refused_mono = INT64_MIN / 2;
	strbuf_init(&job->out);
	strbuf_init(&job->told);
	credential_init(&job->made);
	job->next = a->jobs;
	a->jobs = job;
	return job;
}

int auth_job_for(
	struct auth_job **out, struct auth_try *t, const char *key, struct err *e)
{
	struct auth_job *job = job_find(t->auth, key);
	int64_t now = clock_mono();

	if (!job)
		job = job_new(t->auth, key);
	*out = job;
	if (job->running) {
		t->waiter->job = job;
		return AUTH_WAITS;
	}
	if (job->failed.what && now < job->failed_until)
		return err_copy(e, &job->failed);
	if (job->stamp && now < job->fresh_until)
		return AUTH_DONE;
	return AUTH_START;
}

bool auth_jobs_refuse(struct auth *a, unsigned stamp)
{
	int64_t now = clock_mono();

	if (!stamp)
		return false;
	for (struct auth_job *job = a->jobs; job; job = job->next) {
		if (job->stamp != stamp)
			continue;
		if (now - job->refused_mono < AUTH_REFUSED_NS)
			return false;
		job->refused_mono = now;
		if (!job->running)
			job_clear(job);
		return true;
	}
	return true; /* it was renewed since */
}

/* --- the secrets of a source --- */

static char *cmd_key(const struct yaml_texts *cmd)
{
	struct strbuf key = STRBUF_INIT;

	strbuf_adds(&key, "command");
	for (size_t i = 0; i < cmd->n; i++) {
		strbuf_addc(&key, '\x1f');
		strbuf_adds(&key, cmd->items[i]);
	}
	return strbuf_detach(&key, NULL);
}

static int secret_printed(struct auth_job *job, const struct auth_ask *ask,
	const struct http_answer *answer, struct err *e)
{
	(void)ask;
	(void)answer;
	if (secret_check(&job->out, 0, job->program, e) < 0)
		return -1;
	auth_job_made(job, AUTH_CMD_KEEP_NS, AUTH_CMD_KEEP_NS);
	return 0;
}

static int secret_start(struct auth_job *job, struct auth_try *t,
	const struct yaml_texts *cmd, struct err *e)
{
	extern char **environ;
	const char **argv = mem_new(cmd->n + 1, sizeof(*argv));
	int rc;

	memcpy(argv, cmd->items, cmd->n * sizeof(*argv));
	rc = auth_job_command(
		job, t, argv, (const char *const *)environ, NULL, secret_printed, e);
	free(argv);
	return rc;
}

int auth_secret(struct auth_try *t, struct strbuf *out, const struct secret_ref *ref,
	struct err *e)
{
	struct auth_job *job;
	char *key;
	int rc;

	if (!secret_ref_is_set(ref))
		return AUTH_DONE;
	if (!ref->cmd.n)
		return secret_read(out, ref, e);
	key = cmd_key(&ref->cmd);
	rc = auth_job_for(&job, t, key, e);
	free(key);
	if (rc == AUTH_START)
		rc = secret_start(job, t, &ref->cmd, e);
	if (rc == AUTH_DONE) {
		strbuf_room(out, job->out.len + 1);
		strbuf_add(out, job->out.buf, job->out.len);
	}
	return rc;
}

int auth_user(struct auth_try *t, const char **out, struct strbuf *scratch, struct err *e)
{
	const struct auth_conf *conf = &t->ask->source->auth;
	int rc = conf->user ? AUTH_DONE : auth_secret(t, scratch, &conf->user_secret, e);

	*out = conf->user ? conf->user : scratch->len ? scratch->buf : NULL;
	return rc;
}

bool auth_secret_refuse(struct auth *a, const struct secret_ref *ref)
{
	char *key = ref->cmd.n ? cmd_key(&ref->cmd) : NULL;
	struct auth_job *job = key ? job_find(a, key) : NULL;

	free(key);
	return job && !job->running && job->stamp && auth_jobs_refuse(a, job->stamp);
}
