#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/loop.h"

/* What the callbacks of a test note. */
struct seen {
	struct loop *l;
	int fds[2];
	unsigned timer, other;
	int calls, hooks;
	unsigned events;
	char order[16];
	int status;
};

static void note(struct seen *s, char c)
{
	size_t n = strlen(s->order);

	if (n + 1 < sizeof(s->order))
		s->order[n] = c;
	s->calls++;
}

static void on_a(void *ctx)
{
	note(ctx, 'a');
}

static void on_b(void *ctx)
{
	note(ctx, 'b');
}

static void on_c(void *ctx)
{
	note(ctx, 'c');
}

static int freeze(void **state)
{
	(void)state;
	clock_freeze(INT64_C(1000000000) * NS_PER_S, 5 * NS_PER_S);
	return 0;
}

static int thaw(void **state)
{
	(void)state;
	clock_real();
	return 0;
}

static void timers_run_in_order(void **state)
{
	struct seen s = {.l = loop_new()};

	(void)state;
	loop_after(s.l, 20 * NS_PER_MS, on_c, &s);
	loop_after(s.l, 10 * NS_PER_MS, on_a, &s);
	loop_after(s.l, 10 * NS_PER_MS, on_b, &s);
	assert_int_equal(loop_turn(s.l, 0), 0);
	clock_advance(10 * NS_PER_MS);
	assert_int_equal(loop_turn(s.l, NS_PER_S), 2);
	assert_string_equal(s.order, "ab");
	clock_advance(9 * NS_PER_MS);
	assert_int_equal(loop_turn(s.l, 0), 0);
	clock_advance(NS_PER_S);
	assert_int_equal(loop_turn(s.l, INT64_MAX), 1);
	assert_string_equal(s.order, "abc");
	loop_free(s.l);
}

static void many_timers(void **state)
{
	struct seen s = {.l = loop_new()};
	unsigned ids[500];

	(void)state;
	for (int i = 0; i < 500; i++)
		ids[i] = loop_after(s.l, (i * 7919 % 500) * NS_PER_MS, on_a, &s);
	for (int i = 0; i < 500; i += 2)
		loop_cancel(s.l, ids[i]);
	loop_cancel(s.l, ids[0]);
	loop_cancel(s.l, 0);
	for (int ms = 0; ms < 500; ms++) {
		/* Those due at ms: i with i * 7919 % 500 == ms, when odd. */
		int expected = 0;

		for (int i = 1; i < 500; i += 2)
			expected += i * 7919 % 500 == ms;
		assert_int_equal(loop_turn(s.l, 0), expected);
		clock_advance(NS_PER_MS);
	}
	assert_int_equal(s.calls, 250);
	loop_free(s.l);
}

static void on_again(void *ctx)
{
	struct seen *s = ctx;

	s->calls++;
	s->timer = loop_after(s->l, 0, on_again, s);
}

static void on_cancels_other(void *ctx)
{
	struct seen *s = ctx;

	s->calls++;
	loop_cancel(s->l, s->other);
	loop_cancel(s->l, s->timer);
}

static void timers_may_start_and_cancel(void **state)
{
	struct seen s = {.l = loop_new()};

	(void)state;
	s.timer = loop_after(s.l, 0, on_again, &s);
	assert_int_equal(loop_turn(s.l, 0), 1); /* and not for ever */
	assert_int_equal(loop_turn(s.l, 0), 1);
	loop_cancel(s.l, s.timer);
	assert_int_equal(loop_turn(s.l, 0), 0);
	s.calls = 0;
	s.timer = loop_after(s.l, 0, on_cancels_other, &s);
	s.other = loop_after(s.l, -5, on_a, &s);
	loop_turn(s.l, 0);
	assert_int_equal(s.calls, 1);
	loop_free(s.l);
}

static void on_readable(void *ctx, int fd, unsigned events)
{
	struct seen *s = ctx;
	char c;

	s->events = events;
	s->calls++;
	if (read(fd, &c, 1) <= 0)
		loop_watch(s->l, fd, 0, NULL, NULL);
}

static void descriptors_are_watched(void **state)
{
	struct seen s = {.l = loop_new()};

	(void)state;
	assert_int_equal(pipe(s.fds), 0);
	loop_watch(s.l, s.fds[0], LOOP_READ, on_readable, &s);
	assert_int_equal(loop_turn(s.l, 0), 0);
	assert_int_equal(write(s.fds[1], "xy", 2), 2);
	assert_int_equal(loop_turn(s.l, NS_PER_S), 1);
	assert_int_equal(s.events, LOOP_READ);
	assert_int_equal(loop_turn(s.l, NS_PER_S), 1);
	assert_int_equal(loop_turn(s.l, 0), 0);
	close(s.fds[1]);
	assert_int_equal(loop_turn(s.l, NS_PER_S), 1);
	assert_int_equal(s.events, LOOP_READ | LOOP_HANGUP);
	assert_int_equal(loop_turn(s.l, 0), 0);
	assert_int_equal(s.calls, 3);
	close(s.fds[0]);
	loop_free(s.l);
}

static void on_writable(void *ctx, int fd, unsigned events)
{
	struct seen *s = ctx;

	(void)fd;
	s->events = events;
	s->calls++;
}

static void a_second_watch_changes(void **state)
{
	struct seen s = {.l = loop_new()};

	(void)state;
	assert_int_equal(pipe(s.fds), 0);
	loop_watch(s.l, s.fds[1], LOOP_WRITE, on_writable, &s);
	assert_int_equal(loop_turn(s.l, 0), 1);
	assert_int_equal(s.events, LOOP_WRITE);
	loop_watch(s.l, s.fds[1], LOOP_READ, on_writable, &s);
	assert_int_equal(loop_turn(s.l, 0), 0);
	close(s.fds[0]);
	loop_watch(s.l, s.fds[1], LOOP_WRITE, on_writable, &s);
	assert_int_equal(loop_turn(s.l, 0), 1);
	assert_int_equal(s.events, LOOP_WRITE | LOOP_HANGUP);
	loop_watch(s.l, s.fds[1], 0, NULL, NULL);
	loop_watch(s.l, s.fds[1], 0, NULL, NULL);
	assert_int_equal(loop_turn(s.l, 0), 0);
	close(s.fds[1]);
	loop_free(s.l);
}

/* Whoever is called first removes both and watches one anew. */
static void on_removes_both(void *ctx, int fd, unsigned events)
{
	struct seen *s = ctx;

	(void)fd;
	(void)events;
	s->calls++;
	loop_watch(s->l, s->fds[0], 0, NULL, NULL);
	loop_watch(s->l, s->fds[1], 0, NULL, NULL);
	loop_watch(s->l, s->fds[1], LOOP_READ, on_writable, s);
}

static void watches_may_go_inside_callbacks(void **state)
{
	struct seen s = {.l = loop_new()};
	int a[2], b[2];

	(void)state;
	assert_int_equal(pipe(a) | pipe(b), 0);
	assert_int_equal(write(a[1], "x", 1) + write(b[1], "x", 1), 2);
	s.fds[0] = a[0];
	s.fds[1] = b[0];
	loop_watch(s.l, a[0], LOOP_READ, on_removes_both, &s);
	loop_watch(s.l, b[0], LOOP_READ, on_removes_both, &s);
	assert_int_equal(loop_turn(s.l, NS_PER_S), 1);
	assert_int_equal(s.calls, 1);
	assert_int_equal(loop_turn(s.l, NS_PER_S), 1);
	assert_int_equal(s.events, LOOP_READ);
	loop_free(s.l);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void many_descriptors(void **state)
{
	struct seen s = {.l = loop_new()};
	int fds[100][2];

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		loop_watch(s.l, fds[i][0], LOOP_READ, on_readable, &s);
	}
	for (int i = 0; i < 100; i += 3)
		assert_int_equal(write(fds[i][1], "x", 1), 1);
	for (int i = 0; i < 100; i += 2)
		loop_watch(s.l, fds[i][0], 0, NULL, NULL);
	assert_int_equal(loop_turn(s.l, NS_PER_S), 17); /* odd multiples of 3 below 100 */
	for (int i = 1; i < 100; i += 2)
		assert_int_equal(write(fds[i][1], "x", 1), 1);
	assert_int_equal(loop_turn(s.l, NS_PER_S), 50);
	loop_free(s.l);
	for (int i = 0; i < 100; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

static void on_signal(void *ctx, int signal_number)
{
	struct seen *s = ctx;

	s->calls++;
	s->events = (unsigned)signal_number;
}

static void signals_come_from_the_loop(void **state)
{
	struct seen s = {.l = loop_new()}, t = {.l = loop_new()};
	struct sigaction sa;

	(void)state;
	loop_signal(s.l, SIGUSR1, on_signal, &s);
	loop_signal(t.l, SIGUSR1, on_signal, &t);
	raise(SIGUSR1);
	raise(SIGUSR1);
	assert_int_equal(s.calls, 0);
	assert_int_equal(loop_turn(s.l, INT64_MAX), 1);
	assert_int_equal(s.events, SIGUSR1);
	assert_int_equal(loop_turn(s.l, 0), 0);
	assert_int_equal(loop_turn(t.l, INT64_MAX), 1); /* each loop hears of it */
	loop_signal(s.l, SIGUSR1, NULL, NULL);
	raise(SIGUSR1);
	assert_int_equal(loop_turn(s.l, 0), 0);
	assert_int_equal(loop_turn(t.l, 0), 1);
	loop_free(t.l);
	sigaction(SIGUSR1, NULL, &sa);
	assert_true(sa.sa_handler == SIG_DFL);
	loop_free(s.l);
}

static void a_full_pipe_loses_no_signal(void **state)
{
	struct seen s = {.l = loop_new()};

	(void)state;
	loop_signal(s.l, SIGUSR1, on_signal, &s);
	loop_signal(s.l, SIGUSR2, on_signal, &s);
	for (int i = 0; i < 70000; i++)
		raise(SIGUSR1);
	raise(SIGUSR2);
	assert_int_equal(loop_turn(s.l, INT64_MAX), 2);
	assert_int_equal(loop_turn(s.l, 0), 0);
	loop_free(s.l);
}

static void on_child(void *ctx, pid_t pid, int status)
{
	struct seen *s = ctx;

	(void)pid;
	s->calls++;
	s->status = status;
	loop_stop(s->l);
}

static pid_t start_child(int code)
{
	pid_t pid = fork();

	if (!pid)
		_exit(code);
	return pid;
}

static void children_are_reaped(void **state)
{
	struct seen s = {.l = loop_new()};
	siginfo_t info;
	pid_t pid = start_child(7);

	(void)state;
	/* Ended before the loop hears of it. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	loop_child(s.l, pid, on_child, &s);
	loop_run(s.l);
	assert_int_equal(s.calls, 1);
	assert_true(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 7);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);

	pid = start_child(3);
	loop_child(s.l, pid, on_child, &s);
	loop_run(s.l);
	assert_int_equal(s.calls, 2);
	assert_int_equal(WEXITSTATUS(s.status), 3);

	pid = start_child(4);
	loop_child(s.l, pid, on_child, &s);
	loop_forget_child(s.l, pid);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	loop_turn(s.l, 0);
	assert_int_equal(s.calls, 2);

	loop_child(s.l, pid, on_child, &s); /* somebody else reaped it */
	loop_run(s.l);
	assert_int_equal(WEXITSTATUS(s.status), 255);
	loop_free(s.l);
}

static void on_hook(void *ctx)
{
	((struct seen *)ctx)->hooks++;
}

static void on_stop(void *ctx)
{
	loop_stop(((struct seen *)ctx)->l);
}

static void hooks_run_each_turn(void **state)
{
	struct seen s = {.l = loop_new()};

	(void)state;
	loop_before_sleep(s.l, on_hook, &s);
	loop_before_sleep(s.l, on_hook, &s);
	loop_turn(s.l, 0);
	assert_int_equal(s.hooks, 2);
	loop_after(s.l, 0, on_stop, &s);
	loop_run(s.l);
	assert_false(loop_stopped(s.l));
	loop_stop(s.l);
	assert_true(loop_stopped(s.l));
	loop_run(s.l); /* stopped before it began: comes back */
	loop_free(s.l);
	loop_free(NULL);
}

static void sleeps_until_the_timer(void **state)
{
	struct seen s = {.l = loop_new()};
	int64_t before;

	(void)state;
	clock_real();
	before = clock_mono();
	loop_after(s.l, 3 * NS_PER_MS, on_stop, &s);
	loop_run(s.l);
	assert_true(clock_mono() - before >= 3 * NS_PER_MS);
	loop_free(s.l);
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, freeze, thaw)

UNIT_TESTS(LOOP_TEST(timers_run_in_order), LOOP_TEST(many_timers),
	LOOP_TEST(timers_may_start_and_cancel), LOOP_TEST(descriptors_are_watched),
	LOOP_TEST(a_second_watch_changes), LOOP_TEST(watches_may_go_inside_callbacks),
	LOOP_TEST(many_descriptors), LOOP_TEST(signals_come_from_the_loop),
	LOOP_TEST(a_full_pipe_loses_no_signal), LOOP_TEST(children_are_reaped),
	LOOP_TEST(hooks_run_each_turn), LOOP_TEST(sleeps_until_the_timer))
