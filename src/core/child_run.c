#include "config.h"
#include "core/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"

#define CHUNK_BYTES ((size_t)4096)

struct run {
	struct child child;
	const char *name;
	struct strbuf *out;
	size_t got, max_bytes;
	const char *input;
	size_t input_left;
	int64_t deadline;
	bool ended;
	int status;
};

/* A child lives in the real time, also when a test has frozen ours. */
static int64_t real_mono(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void feed(struct run *r)
{
	ssize_t n = write(r->child.in, r->input, r->input_left);

	if (n > 0) {
		r->input += n;
		r->input_left -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		r->input_left = 0; /* it does not want the rest */
	}
	if (!r->input_left)
		close_end(&r->child.in);
}

/* One read, straight into the caller's buffer: it may be a secret.  1: there may be more. */
static int collect(struct run *r, struct err *e)
{
	size_t want =
		r->max_bytes - r->got < CHUNK_BYTES ? r->max_bytes - r->got : CHUNK_BYTES;
	char probe;
	ssize_t n;

	strbuf_room(r->out, want);
	n = want ? read(r->child.out, r->out->buf + r->out->len, want)
		 : read(r->child.out, &probe, 1);
	if (n > 0 && !want)
		return err_set(e, ERR_LIMIT, _("'%s' prints more than %zu bytes"),
			r->name, r->max_bytes);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		close_end(&r->child.out);
		return 0;
	}
	r->out->len += (size_t)n;
	r->out->buf[r->out->len] = '\0';
	r->got += (size_t)n;
	return 1;
}

static void look(struct run *r)
{
	int status = 0;
	pid_t pid = waitpid(r->child.pid, &status, WNOHANG);

	if (!pid || (pid < 0 && errno == EINTR))
		return;
	r->ended = true;
	r->status = pid < 0           ? 255
		: WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				      : WEXITSTATUS(status);
}

static int late(struct run *r, int64_t timeout_ns, struct err *e)
{
	struct strbuf limit = STRBUF_INIT;

	duration_human(&limit, timeout_ns);
	err_set(e, ERR_LIMIT, _("'%s' did not end within %s"), r->name, limit.buf);
	strbuf_release(&limit);
	return err_retry(e, RETRY_LATER);
}

/* Until it has ended and what it left in the pipe is read. */
static int follow(struct run *r, int64_t timeout_ns, struct err *e)
{
	int pause_ms = 1;
	int more;

	while (!r->ended) {
		struct pollfd fds[] = {
			{.fd = r->child.out, .events = POLLIN},
			{.fd = r->child.in, .events = POLLOUT},
		};
		int64_t left = r->deadline - real_mono();

		if (left <= 0)
			return late(r, timeout_ns, e);
		if (left / NS_PER_MS < pause_ms)
			pause_ms = (int)(left / NS_PER_MS) + 1;
		/* An end does not wake poll: look again soon, then less often. */
		if (poll(fds, 2, pause_ms) > 0)
			pause_ms = 1;
		else if (pause_ms < 32)
			pause_ms *= 2;
		if (fds[1].revents)
			feed(r);
		if (fds[0].revents && collect(r, e) < 0)
			return -1;
		look(r);
	}
	do
		more = r->child.out < 0 ? 0 : collect(r, e);
	while (more > 0);
	return more;
}

int child_run(struct strbuf *out, int *status, const struct child_spec *spec,
	const void *stdin_data, size_t stdin_bytes, size_t max_bytes, int64_t timeout_ns,
	struct err *e)
{
	struct child_spec own = *spec;
	struct run r = {
		.name = spec->argv[0],
		.out = out,
		.max_bytes = max_bytes,
		.input = stdin_data,
		.input_left = stdin_data ? stdin_bytes : 0,
		.deadline = real_mono() + timeout_ns,
	};
	struct sigaction before, ignore = {.sa_handler = SIG_IGN};
	int failed;

	if (own.err == CHILD_PIPE || own.err == CHILD_PTY)
		bug("child_run() collects one stream");
	own.in = r.input_left ? CHILD_PIPE : CHILD_NULL;
	own.out = CHILD_PIPE;
	if (child_start(&r.child, &own, e))
		return -1;
	sigaction(SIGPIPE, &ignore, &before); /* it may not want its input */
	failed = follow(&r, timeout_ns, e);
	sigaction(SIGPIPE, &before, NULL);
	if (!r.ended) {
		child_signal(&r.child, SIGKILL);
		while (waitpid(r.child.pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	child_close(&r.child);
	*status = r.status;
	return failed;
}
