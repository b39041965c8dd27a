#include "tests/unit/unit.h"

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

#define SH(script)                       \
	(const char *const[])            \
	{                                \
		"sh", "-c", script, NULL \
	}

static const char *const plain_env[] = {"PATH=/usr/bin:/bin", "GREETING=hello", NULL};

/* Output and exit code of a script that has to start. */
static char *output(int *status, struct child_spec spec, const char *input)
{
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (!spec.env)
		spec.env = plain_env;
	if (child_run(&sb, status, &spec, input, input ? strlen(input) : 0, 1 << 20,
		    20 * NS_PER_S, &e))
		fail_msg("%s", e.what);
	return strbuf_detach(&sb, NULL);
}

static void check(const char *const *argv, const char *input, const char *expected)
{
	int status = -1;
	char *out = output(&status, (struct child_spec){.argv = argv}, input);

	assert_string_equal(out, expected);
	assert_int_equal(status, 0);
	free(out);
}

static void runs_and_collects(void **state)
{
	int status;
	char *out;

	(void)state;
	check(SH("printf '%s' \"$GREETING\""), NULL, "hello");
	check((const char *const[]){"cat", NULL}, "to and fro", "to and fro");
	check((const char *const[]){"printf", "%s|", "a b", "$HOME", "`id`", NULL}, NULL,
		"a b|$HOME|`id`|");
	out = output(&status, (struct child_spec){.argv = SH("cat; exit 3")}, NULL);
	assert_string_equal(out, "");
	assert_int_equal(status, 3);
	free(out);
	free(output(&status, (struct child_spec){.argv = SH("kill -TERM $$")}, NULL));
	assert_int_equal(status, 128 + SIGTERM);
	out = output(&status,
		(struct child_spec){
			.argv = SH("echo out; echo err >&2"), .err = CHILD_OUT},
		NULL);
	assert_string_equal(out, "out\nerr\n");
	free(out);
}

static void much_input_and_output(void **state)
{
	size_t n = 500000;
	char *big = mem_new(n + 1, 1);

	(void)state;
	memset(big, 'x', n);
	check((const char *const[]){"cat", NULL}, big, big);
	check(SH("exec <&-; echo closed"), big, "closed\n");
	free(big);
}

static void environment_is_only_what_is_given(void **state)
{
	int status;
	char *out = output(&status,
		(struct child_spec){.argv = (const char *const[]){"env", NULL}}, NULL);

	(void)state;
	assert_string_equal(out, "PATH=/usr/bin:/bin\nGREETING=hello\n");
	free(out);
}

static void no_environment_when_none_is_given(void **state)
{
	struct child_spec spec = {.argv = (const char *const[]){"env", NULL}};
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;
	int status;

	(void)state;
	assert_int_equal(
		child_run(&sb, &status, &spec, NULL, 0, 4096, 20 * NS_PER_S, &e), 0);
	assert_string_equal(sb.buf, "");
	strbuf_release(&sb);
}

static void descriptors_are_only_those_given(void **state)
{
	static const char list[] = "for f in 3 4 5 6 7 8 9; do"
				   " [ -e /proc/self/fd/$f ] && echo $f; done; true";
	int leaked = dup(STDERR_FILENO), kept = fcntl(STDERR_FILENO, F_DUPFD, 9);
	struct child_spec spec = {
		.argv = SH(list), .err = CHILD_NULL, .keep_fds = &kept, .n_keep_fds = 1};
	int status;
	char *out;

	(void)state;
	if (access("/proc/self/fd", X_OK) || kept != 9)
		skip();
	out = output(&status, spec, NULL);
	assert_string_equal(out, "9\n");
	free(out);
	close(leaked);
	close(kept);
}

static void signals_are_default_and_unblocked(void **state)
{
	sigset_t set, before;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	/* A shell cannot trap what it found ignored, so these end it. */
	check(SH("trap 'echo int; exit 0' INT; kill -INT $$; sleep 10"), NULL, "int\n");
	check(SH("trap 'echo term; exit 0' TERM; kill -TERM $$; sleep 10"), NULL,
		"term\n");
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
}

static void refuse(struct child_spec spec, enum err_code code, const char *what)
{
	struct child c;
	struct err e = ERR_INIT;

	assert_int_equal(child_start(&c, &spec, &e), -1);
	assert_int_equal(e.code, code);
	assert_string_equal(e.what, what);
	err_release(&e);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left behind */
	assert_int_equal(errno, ECHILD);
}

static void failure_to_execute_is_told(void **state)
{
	(void)state;
	refuse((struct child_spec){.argv = (const char *const[]){"no-such-program",
					   NULL}},
		ERR_NOT_FOUND, "there is no program 'no-such-program'");
	refuse((struct child_spec){.argv = (const char *const[]){"/no/such", NULL}},
		ERR_SYSTEM, "cannot start '/no/such': No such file or directory");
	refuse((struct child_spec){.argv = (const char *const[]){"/etc/passwd", NULL},
		       .out = CHILD_PIPE},
		ERR_SYSTEM, "cannot start '/etc/passwd': Permission denied");
	refuse((struct child_spec){.argv = SH("true"), .cwd = "/no/such"}, ERR_SYSTEM,
		"cannot start 'sh' in '/no/such': No such file or directory");
}

static void a_script_without_interpreter_is_no_program(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *name = mem_format("%s/tocsin-child-XXXXXX", tmp ? tmp : "/tmp");
	int fd = mkstemp(name);
	char *what = mem_format("cannot start '%s': Exec format error", name);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "echo no shell\n", 14), 14);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	refuse((struct child_spec){.argv = (const char *const[]){name, NULL}}, ERR_SYSTEM,
		what);
	unlink(name);
	free(name);
	free(what);
}

static void runs_where_it_is_told(void **state)
{
	int status;
	char *out =
		output(&status, (struct child_spec){.argv = SH("pwd"), .cwd = "/"}, NULL);

	(void)state;
	assert_string_equal(out, "/\n");
	free(out);
}

static void ends_what_takes_too_long(void **state)
{
	struct child_spec spec = {
		.argv = SH("echo begun; sleep 100 & sleep 100"), .env = plain_env};
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;
	int status;

	(void)state;
	assert_int_equal(
		child_run(&sb, &status, &spec, NULL, 0, 4096, 50 * NS_PER_MS, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_non_null(strstr(e.what, "did not end within"));
	err_clear(&e);
	strbuf_reset(&sb);
	spec.argv = SH("while :; do echo yes; done");
	assert_int_equal(
		child_run(&sb, &status, &spec, NULL, 0, 1000, 20 * NS_PER_S, &e), -1);
	assert_string_equal(e.what, "'sh' prints more than 1000 bytes");
	assert_int_equal(sb.len, 1000);
	err_release(&e);
	strbuf_release(&sb);
}

static void does_not_wait_for_what_is_left_running(void **state)
{
	int status;
	int64_t before = clock_mono();
	char *out = output(
		&status, (struct child_spec){.argv = SH("sleep 15 & echo $!")}, NULL);

	(void)state;
	assert_true(clock_mono() - before < 10 * NS_PER_S);
	kill((pid_t)strtol(out, NULL, 10), SIGKILL);
	free(out);
}

/* All of fd until its end. */
static char *read_all(int fd)
{
	struct strbuf sb = STRBUF_INIT;
	char buf[512];
	ssize_t n;

	fcntl(fd, F_SETFL, 0);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(&sb, buf, (size_t)n);
	return strbuf_detach(&sb, NULL);
}

static void a_pty_is_the_controlling_terminal(void **state)
{
	struct child_spec spec = {
		.argv = SH("test -t 0 && test -t 2 && stty size && echo x >/dev/tty"),
		.env = plain_env,
		.in = CHILD_PTY,
		.out = CHILD_PTY,
		.err = CHILD_PTY,
		.rows = 30,
		.columns = 100};
	struct child c;
	struct err e = ERR_INIT;
	char *out;
	int status;

	(void)state;
	assert_int_equal(child_start(&c, &spec, &e), 0);
	assert_true(c.in >= 0 && c.in == c.out && c.out == c.err);
	assert_true(fcntl(c.in, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(c.in, F_GETFD) & FD_CLOEXEC);
	out = read_all(c.out);
	assert_string_equal(out, "30 100\r\nx\r\n");
	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	assert_int_equal(status, 0);
	free(out);
	child_close(&c);
	assert_int_equal(c.in, -1);
}

static void errors_may_go_their_own_way(void **state)
{
	struct child_spec spec = {.argv = SH("echo out; echo err >&2; read x; echo $x"),
		.env = plain_env,
		.in = CHILD_PIPE,
		.out = CHILD_PTY,
		.err = CHILD_PIPE};
	struct child c;
	struct err e = ERR_INIT;
	char *out, *err;

	(void)state;
	assert_int_equal(child_start(&c, &spec, &e), 0);
	assert_true(c.in != c.out && c.out != c.err);
	assert_int_equal(write(c.in, "in\n", 3), 3);
	out = read_all(c.out);
	err = read_all(c.err);
	assert_string_equal(out, "out\r\nin\r\n");
	assert_string_equal(err, "err\n");
	assert_int_equal(waitpid(c.pid, NULL, 0), c.pid);
	free(out);
	free(err);
	child_close(&c);
}

static void standard_streams_may_be_closed_here(void **state)
{
	struct child_spec spec = {.argv = SH("cat >&2"),
		.env = plain_env,
		.in = CHILD_FD,
		.out = CHILD_NULL,
		.err = CHILD_PIPE};
	int saved = dup(STDIN_FILENO), fds[2], status;
	struct child c;
	struct err e = ERR_INIT;
	char *out;

	(void)state;
	close(STDIN_FILENO);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fds[0], STDIN_FILENO);
	spec.in_fd = fds[0];
	assert_int_equal(write(fds[1], "zero", 4), 4);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	assert_int_equal(child_start(&c, &spec, &e), 0);
	close(fds[1]);
	out = read_all(c.err);
	assert_string_equal(out, "zero");
	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	free(out);
	child_close(&c);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void signals_reach_the_group(void **state)
{
	struct child_spec spec = {.argv = SH("trap '' HUP; sleep 100 & echo on; wait"),
		.env = plain_env,
		.out = CHILD_PIPE};
	struct child c;
	struct err e = ERR_INIT;
	char *out;
	int status;

	(void)state;
	for (int session = 0; session < 2; session++) {
		spec.session = session;
		assert_int_equal(child_start(&c, &spec, &e), 0);
		assert_int_equal(getpgid(c.pid), c.pid);
		assert_int_equal(getsid(c.pid) == c.pid, session);
		fcntl(c.out, F_SETFL, 0);
		assert_int_equal(read(c.out, (char[3]){0}, 3), 3);
		child_signal(&c, SIGTERM);
		out = read_all(c.out); /* ends only when the sleep has ended too */
		assert_string_equal(out, "");
		assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
		free(out);
		child_close(&c);
	}
}

static void limits_hold(void **state)
{
	int status;
	struct child_spec spec = {.argv = SH("ulimit -v; ulimit -t"),
		.memory_bytes = INT64_C(1) << 30,
		.cpu_s = 7};
	char *out = output(&status, spec, NULL);

	(void)state;
	assert_string_equal(out, "1048576\n7\n");
	free(out);
}

static void detaches(void **state)
{
	struct err e = ERR_INIT;
	int fds[2], result;
	pid_t said[3];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	result = child_detach(&e);
	if (result == 1) {
		pid_t ids[3] = {getpid(), getsid(0), getppid()};
		ssize_t n = write(fds[1], ids, sizeof(ids));

		_exit(n != (ssize_t)sizeof(ids));
	}
	assert_int_equal(result, 0);
	close(fds[1]);
	assert_int_equal(read(fds[0], said, sizeof(said)), sizeof(said));
	assert_true(said[0] != getpid() && said[1] != getsid(0) && said[2] != getpid());
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child of ours */
	close(fds[0]);
}

UNIT_TESTS(cmocka_unit_test(runs_and_collects), cmocka_unit_test(much_input_and_output),
	cmocka_unit_test(environment_is_only_what_is_given),
	cmocka_unit_test(no_environment_when_none_is_given),
	cmocka_unit_test(descriptors_are_only_those_given),
	cmocka_unit_test(signals_are_default_and_unblocked),
	cmocka_unit_test(failure_to_execute_is_told),
	cmocka_unit_test(a_script_without_interpreter_is_no_program),
	cmocka_unit_test(runs_where_it_is_told),
	cmocka_unit_test(ends_what_takes_too_long),
	cmocka_unit_test(does_not_wait_for_what_is_left_running),
	cmocka_unit_test(a_pty_is_the_controlling_terminal),
	cmocka_unit_test(errors_may_go_their_own_way),
	cmocka_unit_test(standard_streams_may_be_closed_here),
	cmocka_unit_test(signals_reach_the_group), cmocka_unit_test(limits_hold),
	cmocka_unit_test(detaches))
