#include "config.h"
#include "tui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/i18n.h"
#include "core/mem.h"

struct tty {
	int fd;
	struct termios before, raw;
	bool shared; /* could not be opened anew: flags are put back at the end */
	int flags;
};

/* What the handler of fatal signals needs; a handler can reach nothing else. */
static struct {
	volatile sig_atomic_t on;
	int fd;
	const char *restore;
	size_t n;
	struct termios before;
} guard;

static const int fatal_signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

bool tty_present(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int open_again(struct tty *t)
{
	char name[256] = "";

	if (ttyname_r(STDOUT_FILENO, name, sizeof(name)) == 0)
		t->fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		t->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd >= 0)
		return 0;
	t->shared = true;
	t->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (t->fd < 0)
		return -1;
	t->flags = fcntl(t->fd, F_GETFL);
	return fcntl(t->fd, F_SETFL, t->flags | O_NONBLOCK);
}

int tty_open(struct tty **out, struct err *e)
{
	struct tty *t = mem_new(1, sizeof(*t));

	t->fd = -1;
	if (open_again(t) || tcgetattr(t->fd, &t->before)) {
		err_errno(e, errno, _("the terminal cannot be opened"));
		if (t->fd >= 0)
			close(t->fd);
		free(t);
		return -1;
	}
	t->raw = t->before;
	cfmakeraw(&t->raw);
	tty_raw(t);
	*out = t;
	return 0;
}

void tty_raw(struct tty *t)
{
	(void)!tcsetattr(t->fd, TCSANOW, &t->raw);
}

void tty_cooked(struct tty *t)
{
	(void)!tcsetattr(t->fd, TCSANOW, &t->before);
}

void tty_close(struct tty *t)
{
	if (!t)
		return;
	if (guard.on) {
		guard.on = 0;
		for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++)
			signal(fatal_signals[i], SIG_DFL);
	}
	tty_cooked(t);
	if (t->shared)
		(void)!fcntl(t->fd, F_SETFL, t->flags);
	close(t->fd);
	free(t);
}

int tty_fd(const struct tty *t)
{
	return t->fd;
}

void tty_size(const struct tty *t, int *rows, int *cols)
{
	struct winsize size;

	*rows = 24;
	*cols = 80;
	if (ioctl(t->fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
		*rows = size.ws_row;
		*cols = size.ws_col;
	}
}

bool tty_is_slow(const struct tty *t)
{
	speed_t speed = cfgetospeed(&t->before);

	return speed != B0 && speed <= B9600;
}

ssize_t tty_write(void *tty, const void *data, size_t n)
{
	struct tty *t = tty;
	ssize_t done;

	do
		done = write(t->fd, data, n);
	while (done < 0 && errno == EINTR);
	if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return done;
}

ssize_t tty_read(struct tty *t, void *buf, size_t n)
{
	ssize_t got;

	do
		got = read(t->fd, buf, n);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return got == 0 ? -1 : got;
}

void tty_drain(struct tty *t)
{
	(void)!tcflush(t->fd, TCIFLUSH);
}

static void put_back(int signal_number)
{
	if (guard.on) {
		guard.on = 0;
		(void)!write(guard.fd, guard.restore, guard.n);
		(void)!tcsetattr(guard.fd, TCSANOW, &guard.before);
	}
	/* The action was reset on entry: this time it kills. */
	raise(signal_number);
}

void tty_guard(struct tty *t, const char *restore, size_t n)
{
	struct sigaction action = {.sa_handler = put_back, .sa_flags = (int)SA_RESETHAND};

	guard.fd = t->fd;
	guard.restore = restore;
	guard.n = n;
	guard.before = t->before;
	guard.on = 1;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++)
		sigaction(fatal_signals[i], &action, NULL);
}
