#include "config.h"
#include "core/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"

#define SIGNALS 65
#define LOOPS_MAX 8
#define ENDED_UNSEEN (255 << 8) /* as waitpid() says exit code 255 */

struct watch {
	loop_fd_fn *fn; /* NULL: removed, the place is freed at the end of the turn */
	void *ctx;
	unsigned events;
};

struct timer {
	int64_t due; /* clock_mono */
	unsigned id;
	loop_timer_fn *fn;
	void *ctx;
};

struct signal_watch {
	loop_signal_fn *fn;
	void *ctx;
	unsigned seen; /* of counts[] */
};

struct child_watch {
	pid_t pid; /* 0: removed */
	loop_child_fn *fn;
	void *ctx;
};

struct hook {
	loop_hook_fn *fn;
	void *ctx;
};

struct loop {
	struct watch *watches; /* parallel to fds */
	struct pollfd *fds;
	size_t n_watches, cap_watches, cap_fds;
	int *places; /* by descriptor: index into watches, or -1 */
	size_t n_places;
	struct timer *timers; /* a heap, earliest first */
	size_t n_timers, cap_timers;
	unsigned last_timer;
	struct signal_watch signals[SIGNALS];
	struct child_watch *children;
	size_t n_children, cap_children;
	bool look_at_children; /* one may have ended before it was registered */
	struct hook *hooks;
	size_t n_hooks, cap_hooks;
	int pipe[2];
	bool stopped;
};

/* --- signals: handlers count and wake every loop of the process --- */

static volatile sig_atomic_t counts[SIGNALS];
static volatile sig_atomic_t wake_fds[LOOPS_MAX]; /* 0: free; else the descriptor + 1 */
static struct sigaction former[SIGNALS];
static unsigned users[SIGNALS];

static void on_signal(int signal_number)
{
	int saved = errno;

	counts[signal_number] = (int)((unsigned)counts[signal_number] + 1);
	for (int i = 0; i < LOOPS_MAX; i++)
		if (wake_fds[i] && write(wake_fds[i] - 1, "", 1) < 0)
			continue; /* full: that loop wakes anyway */
	errno = saved;
}

static void catch_signal(int signal_number)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (users[signal_number]++)
		return;
	sigfillset(&sa.sa_mask);
	if (sigaction(signal_number, &sa, &former[signal_number]))
		bug("signal %d cannot be caught", signal_number);
}

static void release_signal(int signal_number)
{
	if (!--users[signal_number])
		sigaction(signal_number, &former[signal_number], NULL);
}

void loop_signal(struct loop *l, int signal_number, loop_signal_fn *fn, void *ctx)
{
	struct signal_watch *s;

	if (signal_number <= 0 || signal_number >= SIGNALS)
		bug("there is no signal %d", signal_number);
	s = &l->signals[signal_number];
	if (fn && !s->fn) {
		s->seen = (unsigned)counts[signal_number];
		catch_signal(signal_number);
	}
	if (!fn && s->fn)
		release_signal(signal_number);
	s->fn = fn;
	s->ctx = ctx;
}

static int run_signals(struct loop *l)
{
	int ran = 0;

	for (int n = 1; n < SIGNALS; n++) {
		struct signal_watch *s = &l->signals[n];

		if (!s->fn || s->seen == (unsigned)counts[n])
			continue;
		s->seen = (unsigned)counts[n];
		s->fn(s->ctx, n);
		ran++;
	}
	return ran;
}

static void drain(void *ctx, int fd, unsigned events)
{
	char bytes[256];

	(void)ctx;
	(void)events;
	while (read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		;
}

/* --- life --- */

static void open_pipe(int fds[2])
{
	if (pipe(fds))
		bug("no pipe for the loop: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
}

static void take_wake_place(int fd)
{
	for (int i = 0; i < LOOPS_MAX; i++)
		if (!wake_fds[i]) {
			wake_fds[i] = fd + 1;
			return;
		}
	bug("more than %d loops", LOOPS_MAX);
}

struct loop *loop_new(void)
{
	struct loop *l = mem_new(1, sizeof(*l));

	open_pipe(l->pipe);
	take_wake_place(l->pipe[1]);
	loop_watch(l, l->pipe[0], LOOP_READ, drain, NULL);
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	for (int n = 1; n < SIGNALS; n++)
		loop_signal(l, n, NULL, NULL);
	for (int i = 0; i < LOOPS_MAX; i++)
		if (wake_fds[i] == l->pipe[1] + 1)
			wake_fds[i] = 0;
	close(l->pipe[0]);
	close(l->pipe[1]);
	free(l->watches);
	free(l->fds);
	free(l->places);
	free(l->timers);
	free(l->children);
	free(l->hooks);
	free(l);
}

/* --- descriptors --- */

static short poll_events(unsigned events)
{
	return (short)((events & LOOP_READ ? POLLIN : 0) |
		(events & LOOP_WRITE ? POLLOUT : 0));
}

static int place_of(const struct loop *l, int fd)
{
	return (size_t)fd < l->n_places ? l->places[fd] : -1;
}

static void set_place(struct loop *l, int fd, int place)
{
	size_t n = l->n_places;

	if ((size_t)fd >= n) {
		n = ((size_t)fd + 64) & ~(size_t)63;
		l->places = mem_resize(l->places, n, sizeof(*l->places));
		while (l->n_places < n)
			l->places[l->n_places++] = -1;
	}
	l->places[fd] = place;
}

void loop_watch(struct loop *l, int fd, unsigned events, loop_fd_fn *fn, void *ctx)
{
	int place;
	struct watch *w;

	if (fd < 0)
		bug("descriptor %d cannot be watched", fd);
	place = place_of(l, fd);
	if (place < 0) {
		if (!events)
			return;
		place = (int)l->n_watches;
		mem_grow((void **)&l->fds, l->n_watches, &l->cap_fds, sizeof(*l->fds));
		(void)mem_push(l->watches, l->n_watches, l->cap_watches);
		set_place(l, fd, place);
	}
	w = &l->watches[place];
	*w = (struct watch){events ? fn : NULL, ctx, events};
	l->fds[place].fd = events ? fd : -1;
	l->fds[place].events = poll_events(events);
	if (events)
		return;
	set_place(l, fd, -1);
	l->fds[place].revents = 0;
}

static void forget_removed_watches(struct loop *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n_watches; i++) {
		if (!l->watches[i].fn)
			continue;
		if (kept != i) {
			l->watches[kept] = l->watches[i];
			l->fds[kept] = l->fds[i];
			l->places[l->fds[kept].fd] = (int)kept;
		}
		kept++;
	}
	l->n_watches = kept;
}

/* What poll said, as far as it is still watched: an earlier callback may have changed that. */
static unsigned happened(const struct watch *w, short revents)
{
	unsigned events = 0;

	if (revents & POLLIN)
		events |= LOOP_READ;
	if (revents & POLLOUT)
		events |= LOOP_WRITE;
	if (revents & (POLLHUP | POLLERR | POLLNVAL))
		events |= LOOP_HANGUP | LOOP_READ | LOOP_WRITE;
	return events & (w->events | LOOP_HANGUP);
}

static int run_watches(struct loop *l)
{
	size_t n = l->n_watches; /* those added by callbacks were not polled */
	int ran = 0;

	for (size_t i = 0; i < n; i++) {
		const struct watch w = l->watches[i];
		unsigned events = w.fn ? happened(&w, l->fds[i].revents) : 0;

		if (!events)
			continue;
		w.fn(w.ctx, l->fds[i].fd, events);
		ran += w.fn != drain;
	}
	forget_removed_watches(l);
	return ran;
}

/* --- timers --- */

static bool before(const struct timer *a, const struct timer *b)
{
	return a->due != b->due ? a->due < b->due : (int)(a->id - b->id) < 0;
}

static void swap(struct timer *a, struct timer *b)
{
	struct timer t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct timer *heap, size_t i)
{
	for (; i && before(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&heap[i], &heap[(i - 1) / 2]);
}

static void sift_down(struct timer *heap, size_t n, size_t i)
{
	for (size_t least = i;; i = least) {
		for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < n && before(&heap[child], &heap[least]))
				least = child;
		if (least == i)
			return;
		swap(&heap[i], &heap[least]);
	}
}

static bool timer_is_live(const struct loop *l, unsigned id)
{
	for (size_t i = 0; i < l->n_timers; i++)
		if (l->timers[i].id == id)
			return true;
	return false;
}

static unsigned next_timer_id(struct loop *l)
{
	bool wrapped = l->last_timer > UINT_MAX / 2;

	do
		l->last_timer++;
	while (!l->last_timer || (wrapped && timer_is_live(l, l->last_timer)));
	return l->last_timer;
}

unsigned loop_after(struct loop *l, int64_t delay_ns, loop_timer_fn *fn, void *ctx)
{
	int64_t now = clock_mono();
	struct timer t = {0, next_timer_id(l), fn, ctx};

	if (delay_ns < 0)
		delay_ns = 0;
	t.due = delay_ns > INT64_MAX - now ? INT64_MAX : now + delay_ns;
	*mem_push(l->timers, l->n_timers, l->cap_timers) = t;
	sift_up(l->timers, l->n_timers - 1);
	return t.id;
}

static void remove_timer(struct loop *l, size_t i)
{
	l->timers[i] = l->timers[--l->n_timers];
	if (i == l->n_timers)
		return;
	sift_up(l->timers, i);
	sift_down(l->timers, l->n_timers, i);
}

void loop_cancel(struct loop *l, unsigned timer)
{
	for (size_t i = 0; timer && i < l->n_timers; i++)
		if (l->timers[i].id == timer) {
			remove_timer(l, i);
			return;
		}
}

/* Those that were there when we began: a timer that starts itself again does not keep us here. */
static int run_timers(struct loop *l)
{
	unsigned last = l->last_timer;
	int64_t now = clock_mono();
	int ran = 0;

	while (l->n_timers && l->timers[0].due <= now &&
		(int)(l->timers[0].id - last) <= 0) {
		struct timer t = l->timers[0];

		remove_timer(l, 0);
		t.fn(t.ctx);
		ran++;
	}
	return ran;
}

/* --- children --- */

static void on_sigchld(void *ctx, int signal_number)
{
	struct loop *l = ctx;

	(void)signal_number;
	l->look_at_children = true;
}

void loop_child(struct loop *l, pid_t pid, loop_child_fn *fn, void *ctx)
{
	struct child_watch *c;

	if (!l->signals[SIGCHLD].fn)
		loop_signal(l, SIGCHLD, on_sigchld, l);
	loop_forget_child(l, pid);
	c = mem_push(l->children, l->n_children, l->cap_children);
	*c = (struct child_watch){pid, fn, ctx};
	l->look_at_children = true;
}

void loop_forget_child(struct loop *l, pid_t pid)
{
	for (size_t i = 0; i < l->n_children; i++)
		if (l->children[i].pid == pid)
			l->children[i].pid = 0;
}

static int run_children(struct loop *l)
{
	size_t kept = 0, n = l->n_children;
	int ran = 0;

	if (!l->look_at_children)
		return 0;
	l->look_at_children = false;
	for (size_t i = 0; i < n; i++) {
		struct child_watch c = l->children[i];
		int status = 0;
		pid_t pid = c.pid ? waitpid(c.pid, &status, WNOHANG) : 0;

		if (!pid || (pid < 0 && errno == EINTR))
			continue;
		/* Gone without our knowledge (ECHILD): it has ended, nobody knows how. */
		l->children[i].pid = 0;
		c.fn(c.ctx, c.pid, pid < 0 ? ENDED_UNSEEN : status);
		ran++;
	}
	for (size_t i = 0; i < l->n_children; i++)
		if (l->children[i].pid)
			l->children[kept++] = l->children[i];
	l->n_children = kept;
	return ran;
}

/* --- turns --- */

void loop_before_sleep(struct loop *l, loop_hook_fn *fn, void *ctx)
{
	*mem_push(l->hooks, l->n_hooks, l->cap_hooks) = (struct hook){fn, ctx};
}

static int poll_ms(const struct loop *l, int64_t wait_ns)
{
	if (l->n_timers) {
		int64_t left = l->timers[0].due - clock_mono();

		if (left < wait_ns)
			wait_ns = left;
	}
	if (wait_ns <= 0 || l->stopped || l->look_at_children)
		return 0;
	/* Upwards: to wake too early would be to turn without a reason. */
	if (wait_ns / NS_PER_MS >= INT_MAX)
		return INT_MAX;
	return (int)((wait_ns + NS_PER_MS - 1) / NS_PER_MS);
}

int loop_turn(struct loop *l, int64_t wait_ns)
{
	int ran = 0;

	for (size_t i = 0; i < l->n_hooks; i++)
		l->hooks[i].fn(l->hooks[i].ctx);
	if (poll(l->fds, (nfds_t)l->n_watches, poll_ms(l, wait_ns)) > 0)
		ran += run_watches(l);
	else
		forget_removed_watches(l);
	ran += run_signals(l);
	ran += run_children(l);
	ran += run_timers(l);
	return ran;
}

void loop_run(struct loop *l)
{
	while (!l->stopped)
		loop_turn(l, INT64_MAX);
	l->stopped = false;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

bool loop_stopped(const struct loop *l)
{
	return l->stopped;
}
