#include "config.h"

#include "net/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/child.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/i18n.h"

extern char **environ;

/* A command of a secret: running, or with its output while that is fresh. */
struct secret_job {
	struct secret_job *next;
	struct auth *auth;
	char **argv; /* owned */
	size_t argc;
	struct child child;
	bool running;
	bool waking, dropped; /* freed once those who waited were told */
	unsigned timer;
	struct strbuf out;
	int64_t fresh_until; /* clock_mono */
};

struct auth_waiter {
	struct auth_waiter *next;
	const struct auth_conf *conf;
	const struct secret_job *job;
	auth_fn *fn;
	void *ctx;
};

struct auth {
	struct loop *loop;
	struct secret_job *jobs;
	struct auth_waiter *waiters;
};

void secret_release(struct strbuf *secret)
{
	if (secret->cap)
		mem_wipe(secret->buf, secret->cap);
	strbuf_release(secret);
}

void credential_release(struct credential *c)
{
	secret_release(&c->header);
	secret_release(&c->query_value);
	strbuf_release(&c->query_name);
}

static bool ref_is_set(const struct secret_ref *ref)
{
	return ref->env || ref->file || ref->cmd.n;
}

/* Cut the newline that editors and echo leave; refuse what would end a header. */
static int secret_check(
	struct strbuf *secret, size_t from, const char *origin, struct err *e)
{
	while (secret->len > from && strchr("\r\n", secret->buf[secret->len - 1]))
		strbuf_truncate(secret, secret->len - 1);
	if (secret->len == from)
		return err_set(e, ERR_AUTH, _("the secret from %s is empty"), origin);
	for (size_t i = from; i < secret->len; i++) {
		unsigned char c = (unsigned char)secret->buf[i];

		if (c < ' ' || c == 0x7f) {
			err_set(e, ERR_AUTH,
				_("the secret from %s holds a control character"),
				origin);
			return err_hint(e, _("a secret is one line of text"));
		}
	}
	return 0;
}

static int secret_from_env(struct strbuf *out, const char *name, struct err *e)
{
	const char *value = getenv(name);

	if (!value) {
		err_set(e, ERR_AUTH, _("the environment variable %s is not set"), name);
		return err_hint(e, _("the source's secret is read from it"));
	}
	strbuf_adds(out, value);
	return 0;
}

/* Ours or root's, and for nobody else to read; root may give a file to a group on purpose. */
static int secret_file_check(int fd, off_t *bytes, const char *file, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(
			e, errno, _("cannot look at the secret file '%s'"), file);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_DENIED,
			_("the secret file '%s' is no regular file"), file);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, ERR_DENIED,
			_("the secret file '%s' belongs to another user"), file);
	if (st.st_mode & 07 || (st.st_mode & 070 && st.st_uid != 0)) {
		err_set(e, ERR_DENIED,
			_("others can read the secret file '%s' (mode %04o)"), file,
			(unsigned)st.st_mode & 07777);
		return err_hint(e, _("run: chmod 600 '%s'"), file);
	}
	if ((size_t)st.st_size > AUTH_SECRET_MAX_BYTES)
		return err_set(
			e, ERR_LIMIT, _("the secret file '%s' is too large"), file);
	*bytes = st.st_size;
	return 0;
}

static int secret_from_file(struct strbuf *out, const char *file, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	off_t bytes = 0;
	ssize_t n = 0;

	if (fd < 0) {
		err_errno(e, errno, _("cannot open the secret file '%s'"), file);
		if (errno == EACCES)
			e->code = ERR_DENIED;
		return -1;
	}
	if (secret_file_check(fd, &bytes, file, e) < 0) {
		close(fd);
		return -1;
	}
	/* Room for all of it at once: growing would leave copies behind. */
	strbuf_room(out, (size_t)bytes + 1);
	for (off_t got = 0; got < bytes; got += n) {
		n = read(fd, out->buf + out->len, (size_t)(bytes - got));
		if (n <= 0)
			break;
		out->len += (size_t)n;
		out->buf[out->len] = '\0';
	}
	close(fd);
	return n < 0 ? err_errno(e, errno, _("cannot read the secret file '%s'"), file)
		     : 0;
}

static struct child_spec secret_cmd_spec(const char *const *argv)
{
	return (struct child_spec){
		.argv = argv,
		.env = (const char *const *)environ,
		.in = CHILD_NULL,
		.out = CHILD_PIPE,
		.err = CHILD_NULL,
	};
}

static int secret_cmd_err(struct err *e, const char *program, int status)
{
	err_set(e, ERR_AUTH,
		_("the command '%s' that prints a secret ended with code %d"), program,
		status);
	return err_hint(e, _("run it by hand to see what it says"));
}

static char **argv_copy(const struct yaml_texts *cmd)
{
	char **argv = mem_new(cmd->n + 1, sizeof(*argv));

	for (size_t i = 0; i < cmd->n; i++)
		argv[i] = mem_strdup(cmd->items[i]);
	return argv;
}

static void argv_free(char **argv)
{
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static int secret_from_cmd(
	struct strbuf *out, const struct yaml_texts *cmd, struct err *e)
{
	char **argv = argv_copy(cmd);
	struct child_spec spec = secret_cmd_spec((const char *const *)argv);
	int status = 0;
	int rc;

	strbuf_room(out, AUTH_SECRET_MAX_BYTES);
	rc = child_run(out, &status, &spec, NULL, 0, AUTH_SECRET_MAX_BYTES,
		AUTH_CMD_TIMEOUT_NS, e);
	if (rc == 0 && status != 0)
		rc = secret_cmd_err(e, argv[0], status);
	argv_free(argv);
	return rc;
}

static const char *ref_origin(const struct secret_ref *ref)
{
	return ref->env      ? ref->env
		: ref->file  ? ref->file
		: ref->cmd.n ? ref->cmd.items[0]
			     : "";
}

int secret_read(struct strbuf *out, const struct secret_ref *ref, struct err *e)
{
	size_t from = out->len;
	int rc;

	if (ref->env)
		rc = secret_from_env(out, ref->env, e);
	else if (ref->file)
		rc = secret_from_file(out, ref->file, e);
	else if (ref->cmd.n)
		rc = secret_from_cmd(out, &ref->cmd, e);
	else
		return err_set(e, ERR_AUTH, _("the source's secret is not configured"));
	if (rc == 0)
		rc = secret_check(out, from, ref_origin(ref), e);
	if (rc < 0)
		e->retry =
			RETRY_LATER; /* a person may put the secret there while we run */
	return rc;
}

/* --- from secrets to what a request carries --- */

enum { SECRET_WAITS = 1 };

/* 0, -1, or SECRET_WAITS: a command has to end first. */
typedef int secret_get_fn(
	void *ctx, struct strbuf *out, const struct secret_ref *ref, struct err *e);

static int secret_get_now(
	void *ctx, struct strbuf *out, const struct secret_ref *ref, struct err *e)
{
	(void)ctx;
	return secret_read(out, ref, e);
}

static int bearer_build(struct credential *c, const struct auth_conf *conf,
	struct strbuf *user, struct strbuf *secret, struct err *e)
{
	(void)conf;
	(void)user;
	(void)e;
	strbuf_room(&c->header, secret->len + 32);
	strbuf_adds(&c->header, "Authorization: Bearer ");
	strbuf_add(&c->header, secret->buf, secret->len);
	return 0;
}

static int basic_build(struct credential *c, const struct auth_conf *conf,
	struct strbuf *user, struct strbuf *secret, struct err *e)
{
	struct strbuf pair = STRBUF_INIT;
	const char *name = conf->user ? conf->user : user->len ? user->buf : NULL;

	if (name && strchr(name, ':'))
		return err_set(e, ERR_AUTH,
			_("a user name for basic authentication holds a colon"));
	strbuf_room(&pair, (name ? strlen(name) : 0) + secret->len + 2);
	if (name) {
		strbuf_adds(&pair, name);
		strbuf_addc(&pair, ':');
	}
	strbuf_add(&pair, secret->buf, secret->len);
	strbuf_room(&c->header, pair.len * 2 + 32);
	strbuf_adds(&c->header, "Authorization: Basic ");
	base64_encode(&c->header, pair.buf, pair.len);
	secret_release(&pair);
	return 0;
}

static int header_build(struct credential *c, const struct auth_conf *conf,
	struct strbuf *user, struct strbuf *secret, struct err *e)
{
	(void)user;
	if (!conf->name || !*conf->name)
		return err_set(e, ERR_INPUT,
			_("the header that carries the secret has no name"));
	strbuf_room(&c->header, strlen(conf->name) + secret->len + 3);
	strbuf_addf(&c->header, "%s: ", conf->name);
	strbuf_add(&c->header, secret->buf, secret->len);
	return 0;
}

static int query_build(struct credential *c, const struct auth_conf *conf,
	struct strbuf *user, struct strbuf *secret, struct err *e)
{
	(void)user;
	if (!conf->name || !*conf->name)
		return err_set(e, ERR_INPUT,
			_("the parameter that carries the secret has no name"));
	strbuf_adds(&c->query_name, conf->name);
	strbuf_room(&c->query_value, secret->len + 1);
	strbuf_add(&c->query_value, secret->buf, secret->len);
	return 0;
}

static const struct {
	const char *kind;
	int (*build)(struct credential *c, const struct auth_conf *conf,
		struct strbuf *user, struct strbuf *secret, struct err *e);
} auth_kinds[] = {
	{"bearer", bearer_build},
	{"basic", basic_build},
	{"header", header_build},
	{"query", query_build},
};

static int credential_build(struct credential *out, const struct auth_conf *conf,
	secret_get_fn *get, void *ctx, struct err *e)
{
	struct strbuf user = STRBUF_INIT, secret = STRBUF_INIT;
	int rc = 0;
	size_t i;

	if (!conf->kind)
		return 0;
	for (i = 0; i < ARRAY_LEN(auth_kinds); i++) {
		if (!strcmp(auth_kinds[i].kind, conf->kind))
			break;
	}
	if (i == ARRAY_LEN(auth_kinds))
		return err_set(e, ERR_INPUT, _("there is no kind of authentication '%s'"),
			conf->kind);
	if (ref_is_set(&conf->user_secret))
		rc = get(ctx, &user, &conf->user_secret, e);
	if (rc == 0)
		rc = get(ctx, &secret, &conf->secret, e);
	if (rc == 0)
		rc = auth_kinds[i].build(out, conf, &user, &secret, e);
	secret_release(&user);
	secret_release(&secret);
	return rc;
}

int auth_resolve(struct credential *out, const struct auth_conf *conf, struct err *e)
{
	return credential_build(out, conf, secret_get_now, NULL, e);
}

/* --- on a loop --- */

struct auth *auth_new(struct loop *l)
{
	struct auth *a = mem_new(1, sizeof(*a));

	a->loop = l;
	return a;
}

/* The loop reaps what was killed, whenever the kernel lets go of it. */
static void job_reaped(void *ctx, pid_t pid, int status)
{
	(void)ctx;
	(void)pid;
	(void)status;
}

static void job_stop(struct secret_job *job)
{
	struct loop *l = job->auth->loop;

	loop_cancel(l, job->timer);
	job->timer = 0;
	if (job->child.out >= 0)
		loop_watch(l, job->child.out, 0, NULL, NULL);
	child_close(&job->child);
	job->child.out = -1;
	job->running = false;
}

static void job_kill(struct secret_job *job)
{
	if (!job->running)
		return;
	loop_forget_child(job->auth->loop, job->child.pid);
	loop_child(job->auth->loop, job->child.pid, job_reaped, NULL);
	child_signal(&job->child, SIGKILL);
	job_stop(job);
}

static void job_free(struct secret_job *job)
{
	job_kill(job);
	secret_release(&job->out);
	argv_free(job->argv);
	free(job);
}

void auth_free(struct auth *a)
{
	struct secret_job *next_job;
	struct auth_waiter *next;

	if (!a)
		return;
	for (struct secret_job *job = a->jobs; job; job = next_job) {
		next_job = job->next;
		job_free(job);
	}
	for (struct auth_waiter *w = a->waiters; w; w = next) {
		next = w->next;
		free(w);
	}
	free(a);
}

/* Out of the list, so that nobody finds it again. */
static void job_drop(struct secret_job *job)
{
	for (struct secret_job **p = &job->auth->jobs; *p; p = &(*p)->next) {
		if (*p == job) {
			*p = job->next;
			break;
		}
	}
	if (job->waking)
		job->dropped = true;
	else
		job_free(job);
}

static bool job_is_of(const struct secret_job *job, const struct yaml_texts *cmd)
{
	if (job->argc != cmd->n)
		return false;
	for (size_t i = 0; i < cmd->n; i++) {
		if (strcmp(job->argv[i], cmd->items[i]))
			return false;
	}
	return true;
}

static struct secret_job *job_find(struct auth *a, const struct yaml_texts *cmd)
{
	for (struct secret_job *job = a->jobs; job; job = job->next) {
		if (job_is_of(job, cmd))
			return job;
	}
	return NULL;
}

static bool waiter_try(struct auth *a, struct auth_waiter *w);

/* The job is over: whoever waited for it goes on, or fails with it. */
static void job_wake(struct secret_job *job, const struct err *e)
{
	struct auth *a = job->auth;
	struct auth_waiter **p = &a->waiters;

	job->waking = true;
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
		if (e || waiter_try(a, w))
			free(w);
		p = &a->waiters; /* the callback may have changed the list */
	}
	job->waking = false;
	if (job->dropped)
		job_free(job);
}

static void job_fail(struct secret_job *job, struct err *e)
{
	e->retry = RETRY_LATER;
	job_kill(job);
	job->waking = true;
	job_drop(job);
	job_wake(job, e);
	err_release(e);
}

enum pipe_state { PIPE_OPEN, PIPE_ENDED, PIPE_TOO_MUCH };

static enum pipe_state job_read(struct secret_job *job)
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

static void job_overflows(struct secret_job *job)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_LIMIT, _("the command '%s' printed too much for a secret"),
		job->argv[0]);
	job_fail(job, &e);
}

static void job_readable(void *ctx, int fd, unsigned events)
{
	struct secret_job *job = ctx;
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
	struct secret_job *job = ctx;
	struct err e = ERR_INIT;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	bool fits = job_read(job) != PIPE_TOO_MUCH;

	(void)pid;
	job_stop(job);
	if (!fits) {
		job_overflows(job);
		return;
	}
	if (code ? secret_cmd_err(&e, job->argv[0], code)
		 : secret_check(&job->out, 0, job->argv[0], &e)) {
		job_fail(job, &e);
		return;
	}
	job->fresh_until = clock_mono() + AUTH_CMD_KEEP_NS;
	job_wake(job, NULL);
}

static void job_late(void *ctx)
{
	struct secret_job *job = ctx;
	struct err e = ERR_INIT;

	job->timer = 0;
	err_set(&e, ERR_AUTH, _("the command '%s' that prints a secret took over %d s"),
		job->argv[0], (int)(AUTH_CMD_TIMEOUT_NS / NS_PER_S));
	job_fail(job, &e);
}

static struct secret_job *job_start(
	struct auth *a, const struct yaml_texts *cmd, struct err *e)
{
	struct secret_job *job = mem_new(1, sizeof(*job));
	struct child_spec spec;

	job->auth = a;
	job->argv = argv_copy(cmd);
	job->argc = cmd->n;
	strbuf_init(&job->out);
	strbuf_room(&job->out, AUTH_SECRET_MAX_BYTES + 1);
	spec = secret_cmd_spec((const char *const *)job->argv);
	if (child_start(&job->child, &spec, e) < 0) {
		e->retry = RETRY_LATER;
		job_free(job);
		return NULL;
	}
	job->running = true;
	job->next = a->jobs;
	a->jobs = job;
	job->timer = loop_after(a->loop, AUTH_CMD_TIMEOUT_NS, job_late, job);
	loop_watch(a->loop, job->child.out, LOOP_READ, job_readable, job);
	loop_child(a->loop, job->child.pid, job_ended, job);
	return job;
}

/* ctx is the waiter's try: what it has to wait for is left in it. */
struct secret_try {
	struct auth *auth;
	struct auth_waiter *waiter;
};

static int secret_get_soon(
	void *ctx, struct strbuf *out, const struct secret_ref *ref, struct err *e)
{
	struct secret_try *t = ctx;
	struct secret_job *job;

	if (!ref->cmd.n)
		return secret_read(out, ref, e);
	job = job_find(t->auth, &ref->cmd);
	if (job && !job->running && clock_mono() >= job->fresh_until) {
		job_drop(job);
		job = NULL;
	}
	if (!job)
		job = job_start(t->auth, &ref->cmd, e);
	if (!job)
		return -1;
	if (job->running) {
		t->waiter->job = job;
		return SECRET_WAITS;
	}
	strbuf_room(out, job->out.len + 1);
	strbuf_add(out, job->out.buf, job->out.len);
	return 0;
}

/* True when fn was called; else the waiter stands in the list. */
static bool waiter_try(struct auth *a, struct auth_waiter *w)
{
	struct credential c = CREDENTIAL_INIT;
	struct secret_try t = {a, w};
	struct err e = ERR_INIT;
	int rc = credential_build(&c, w->conf, secret_get_soon, &t, &e);

	if (rc == SECRET_WAITS) {
		w->next = a->waiters;
		a->waiters = w;
	} else {
		w->fn(w->ctx, rc < 0 ? NULL : &c, rc < 0 ? &e : NULL);
	}
	credential_release(&c);
	err_release(&e);
	return rc != SECRET_WAITS;
}

void auth_get(struct auth *a, const struct auth_conf *conf, auth_fn *fn, void *ctx)
{
	struct auth_waiter *w = mem_new(1, sizeof(*w));

	w->conf = conf;
	w->fn = fn;
	w->ctx = ctx;
	if (waiter_try(a, w))
		free(w);
}

void auth_cancel(struct auth *a, void *ctx)
{
	struct auth_waiter **p = &a->waiters;

	while (*p) {
		struct auth_waiter *w = *p;

		if (w->ctx == ctx) {
			*p = w->next;
			free(w);
		} else {
			p = &w->next;
		}
	}
}

static void ref_forget(struct auth *a, const struct secret_ref *ref)
{
	struct secret_job *job = ref->cmd.n ? job_find(a, &ref->cmd) : NULL;

	if (job && !job->running)
		job_drop(job);
}

void auth_forget(struct auth *a, const struct auth_conf *conf)
{
	ref_forget(a, &conf->user_secret);
	ref_forget(a, &conf->secret);
}
