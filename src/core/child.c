#include "config.h"
#include "core/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/i18n.h"

enum { IN, OUT, ERR, STREAMS };

/* What one start prepares before it forks: the child may only call what is async-signal-safe. */
struct start {
	const struct child_spec *spec;
	char *program; /* owned: argv[0] found in PATH */
	char *slave; /* owned: the name of the pty's other side, or NULL */
	int master;
	int theirs[STREAMS]; /* the child's descriptors, -1: the pty */
	int ours[STREAMS]; /* -1: none */
	bool made[STREAMS]; /* theirs was opened here */
	int report[2]; /* closes at exec, or tells why not */
};

/* --- finding the program --- */

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

static char *find_program(const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return mem_strdup(name);
	for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
		size_t n = strcspn(at, ":");
		char *full = mem_format("%.*s/%s", (int)n, at, name);

		if (n && is_program(full))
			return full;
		free(full);
		at += n + (at[n] == ':');
	}
	return NULL;
}

/* --- descriptors --- */

static int set_cloexec(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int make_pipe(int fds[2])
{
#ifdef __linux__
	return pipe2(fds, O_CLOEXEC);
#else
	return pipe(fds) || set_cloexec(fds[0]) || set_cloexec(fds[1]) ? -1 : 0;
#endif
}

static void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int open_pipe(struct start *s, int stream)
{
	int fds[2];
	int theirs = stream == IN ? 0 : 1;

	if (make_pipe(fds))
		return -1;
	s->theirs[stream] = fds[theirs];
	s->made[stream] = true;
	s->ours[stream] = fds[!theirs];
	set_nonblocking(fds[!theirs]);
	return 0;
}

static int open_pty(struct start *s)
{
	struct winsize size = {
		.ws_row = (unsigned short)(s->spec->rows ? s->spec->rows : 24),
		.ws_col = (unsigned short)(s->spec->columns ? s->spec->columns : 80),
	};
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	const char *name;

	if (fd < 0)
		return -1;
	set_cloexec(fd);
	s->master = fd;
	name = grantpt(fd) || unlockpt(fd) ? NULL : ptsname(fd);
	if (!name)
		return -1;
	s->slave = mem_strdup(name);
	set_nonblocking(fd);
	return ioctl(fd, TIOCSWINSZ, &size);
}

static int use_pty(struct start *s, int stream)
{
	int failed = s->slave ? 0 : open_pty(s);

	s->ours[stream] = s->master;
	return failed;
}

static int open_stream(struct start *s, int stream, enum child_io io, int given)
{
	switch (io) {
	case CHILD_NULL:
		s->theirs[stream] = open("/dev/null", O_RDWR | O_CLOEXEC);
		s->made[stream] = true;
		return s->theirs[stream] < 0 ? -1 : 0;
	case CHILD_PIPE: return open_pipe(s, stream);
	case CHILD_PTY: return use_pty(s, stream);
	case CHILD_FD: s->theirs[stream] = given; return 0;
	case CHILD_OUT: s->theirs[stream] = s->theirs[OUT]; return 0;
	}
	bug("stream %d has no kind", stream);
}

static int prepare(struct start *s, struct err *e)
{
	const struct child_spec *spec = s->spec;
	const char *name = spec->argv[0];

	s->program = find_program(name);
	if (!s->program) {
		err_set(e, ERR_NOT_FOUND, _("there is no program '%s'"), name);
		return err_hint(e, "%s", _("install it, or give its whole path"));
	}
	if (open_stream(s, IN, spec->in, spec->in_fd) ||
		open_stream(s, OUT, spec->out, spec->out_fd) ||
		open_stream(s, ERR, spec->err, spec->err_fd) || make_pipe(s->report)) {
		err_errno(e, errno, _("cannot prepare to start '%s'"), name);
		return err_retry(e, RETRY_LATER);
	}
	return 0;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void release(struct start *s)
{
	for (int i = 0; i < STREAMS; i++)
		if (s->made[i])
			close_if(s->theirs[i]);
	close_if(s->report[0]);
	close_if(s->report[1]);
	free(s->program);
	free(s->slave);
}

/* --- in the child: nothing here allocates or takes a lock --- */

_Noreturn static void give_up(int report)
{
	int number = errno;
	ssize_t ignored = write(report, &number, sizeof(number));

	(void)ignored;
	_exit(127);
}

static void reset_signals(bool ignored_too)
{
	struct sigaction sa, fresh = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* Refused for KILL, STOP and libc's own. */
	for (int n = 1; n < 65; n++)
		if (!sigaction(n, NULL, &sa) && (ignored_too || sa.sa_handler != SIG_IGN))
			sigaction(n, &fresh, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Mark everything from 3 up to close at exec; the marks of those to be kept are taken off after. */
static void mark_all_cloexec(void)
{
	struct rlimit limit;
	int last = 1 << 16;

#if defined(HAVE_CLOSE_RANGE) && defined(CLOSE_RANGE_CLOEXEC)
	if (!close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
		return;
#endif
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < 1 << 20)
		last = (int)limit.rlim_cur;
	for (int fd = 3; fd < last; fd++)
		set_cloexec(fd);
}

static int set_limit(int resource, int64_t value)
{
	struct rlimit limit = {(rlim_t)value, (rlim_t)value};

	return value > 0 ? setrlimit(resource, &limit) : 0;
}

/* All sources go above the standard streams first, so that none is overwritten before its turn. */
static int arrange_streams(int streams[STREAMS])
{
	for (int i = 0; i < STREAMS; i++)
		if ((streams[i] = fcntl(streams[i], F_DUPFD_CLOEXEC, 3)) < 0)
			return -1;
	for (int i = 0; i < STREAMS; i++)
		if (dup2(streams[i], i) < 0)
			return -1;
	return 0;
}

static int arrange_terminal(const struct start *s, int streams[STREAMS])
{
	int fd;

	if (!s->slave)
		return 0;
	fd = open(s->slave, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0)
		return -1;
	for (int i = 0; i < STREAMS; i++)
		if (streams[i] < 0)
			streams[i] = fd;
	return 0;
}

static int arrange(struct start *s)
{
	const struct child_spec *spec = s->spec;
	bool session = spec->session || s->slave;

	if (session ? setsid() < 0 : setpgid(0, 0))
		return -1;
	if (arrange_terminal(s, s->theirs))
		return -1;
	if (arrange_streams(s->theirs))
		return -1;
	mark_all_cloexec();
	for (size_t i = 0; i < spec->n_keep_fds; i++)
		if (spec->keep_fds[i] > ERR && fcntl(spec->keep_fds[i], F_SETFD, 0))
			return -1;
	if (spec->cwd && chdir(spec->cwd))
		return -1;
	return set_limit(RLIMIT_AS, spec->memory_bytes) ||
		set_limit(RLIMIT_CPU, spec->cpu_s);
}

_Noreturn static void run_child(struct start *s)
{
	static char *const no_env[] = {NULL};
	const struct child_spec *spec = s->spec;
	int report = fcntl(s->report[1], F_DUPFD_CLOEXEC, 3);

	if (report < 0)
		give_up(s->report[1]);
	reset_signals(true);
	if (!arrange(s))
		execve(s->program, (char *const *)spec->argv,
			spec->env ? (char *const *)spec->env : no_env);
	give_up(report);
}

/* --- in the parent --- */

static pid_t fork_quietly(void)
{
	sigset_t all, before;
	pid_t pid;

	/* No handler of ours may run in the child, where it would write to our loop's pipe. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid)
		sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int wait_for(pid_t pid, int *status)
{
	int result;

	do
		result = waitpid(pid, status, 0);
	while (result < 0 && errno == EINTR);
	return result;
}

/* The child's word on exec: nothing when it went well. */
static int exec_result(struct start *s, pid_t pid, struct err *e)
{
	const struct child_spec *spec = s->spec;
	int number = 0;
	ssize_t n;

	close(s->report[1]);
	s->report[1] = -1;
	do
		n = read(s->report[0], &number, sizeof(number));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(number))
		return 0;
	wait_for(pid, NULL);
	if (spec->cwd && access(spec->cwd, X_OK))
		return err_errno(e, number, _("cannot start '%s' in '%s'"), spec->argv[0],
			spec->cwd);
	return err_errno(e, number, _("cannot start '%s'"), spec->argv[0]);
}

int child_start(struct child *out, const struct child_spec *spec, struct err *e)
{
	struct start s = {
		.spec = spec,
		.theirs = {-1, -1, -1},
		.ours = {-1, -1, -1},
		.master = -1,
		.report = {-1, -1},
	};
	struct child c;
	pid_t pid = -1;
	int failed = prepare(&s, e);

	if (!failed) {
		pid = fork_quietly();
		if (!pid)
			run_child(&s);
		failed = pid < 0
			? err_errno(e, errno, _("cannot start '%s'"), spec->argv[0])
			: exec_result(&s, pid, e);
	}
	c = (struct child){pid, s.ours[IN], s.ours[OUT], s.ours[ERR]};
	if (failed)
		child_close(&c);
	else
		*out = c;
	release(&s);
	return failed;
}

void child_close(struct child *c)
{
	close_if(c->in);
	if (c->out != c->in)
		close_if(c->out);
	if (c->err != c->in && c->err != c->out)
		close_if(c->err);
	c->in = c->out = c->err = -1;
}

void child_signal(const struct child *c, int signal_number)
{
	if (c->pid > 0 && kill(-c->pid, signal_number))
		kill(c->pid, signal_number);
}

int child_detach(struct err *e)
{
	pid_t pid = fork_quietly();
	int status = 0;

	if (pid < 0)
		return err_errno(e, errno, "%s", _("cannot detach"));
	if (pid) {
		wait_for(pid, &status);
		if (status)
			return err_set(e, ERR_SYSTEM, "%s", _("cannot detach"));
		return 0;
	}
	setsid();
	pid = fork();
	if (pid)
		_exit(pid < 0 ? 1 : 0);
	reset_signals(false);
	return 1;
}
