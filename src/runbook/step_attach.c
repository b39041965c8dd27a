/* step_attach.c - the terminal's side of an interactive step */
#include "config.h"
#include "runbook/step_tty.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "runbook/step_wire.h"

#define LEAVE_KEY 0x1c /* Ctrl-\ */
#define CONNECT_TRIES 40 /* of 50 ms: the supervisor may be a moment behind */

static volatile sig_atomic_t resized;

static void on_winch(int number)
{
	(void)number;
	resized = 1;
}

static int connect_to(const char *run, int n, struct err *e)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(e, errno, _("cannot make a socket"));
	if (step_wire_address(&address, run, n, e)) {
		close(fd);
		return -1;
	}
	for (int i = 0; i < CONNECT_TRIES; i++) {
		struct pollfd none;

		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		(void)poll(&none, 0, 50);
	}
	err_errno(e, errno, _("the step's terminal cannot be reached"));
	close(fd);
	return -1;
}

static int send_message(int fd, enum wire_type type, const void *data, size_t n)
{
	unsigned char message[2 + WIRE_MAX_DATA];

	message[0] = (unsigned char)type;
	message[1] = (unsigned char)n;
	memcpy(message + 2, data, n);
	n = send(fd, message, n + 2, MSG_NOSIGNAL) == (ssize_t)n + 2 ? 0 : 1;
	mem_wipe(message, sizeof(message));
	return n ? -1 : 0;
}

static void send_size(int fd)
{
	struct winsize size = {0};
	unsigned char data[4];

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return;
	data[0] = (unsigned char)(size.ws_row >> 8);
	data[1] = (unsigned char)size.ws_row;
	data[2] = (unsigned char)(size.ws_col >> 8);
	data[3] = (unsigned char)size.ws_col;
	send_message(fd, WIRE_SIZE, data, sizeof(data));
}

/* 1: the person leaves; 0: go on; -1: the step is gone. */
static int relay_typed(int fd)
{
	char buf[WIRE_MAX_DATA];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
	int rc;

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0 || memchr(buf, LEAVE_KEY, (size_t)n))
		return 1;
	rc = send_message(fd, WIRE_DATA, buf, (size_t)n);
	mem_wipe(buf, sizeof(buf));
	return rc;
}

static int relay_shown(int fd)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	for (ssize_t at = 0, done; at < n; at += done) {
		done = write(STDOUT_FILENO, buf + at, (size_t)(n - at));
		if (done <= 0)
			return -1;
	}
	return n > 0 || (n < 0 && errno == EINTR) ? 0 : -1;
}

static int relay(int fd)
{
	struct pollfd fds[2] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	int rc = 0;

	while (!rc) {
		if (resized) {
			resized = 0;
			send_size(fd);
		}
		if (poll(fds, 2, -1) < 0)
			continue; /* a signal */
		if (fds[1].revents)
			rc = relay_shown(fd);
		if (!rc && fds[0].revents)
			rc = relay_typed(fd);
	}
	return rc > 0 ? 1 : 0;
}

int step_tty_attach(const char *run, int n, struct err *e)
{
	struct sigaction winch = {.sa_handler = on_winch}, before;
	struct termios saved, raw;
	bool terminal = !tcgetattr(STDIN_FILENO, &saved);
	int fd = connect_to(run, n, e), rc;

	if (fd < 0)
		return -1;
	if (terminal) {
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	sigaction(SIGWINCH, &winch, &before);
	send_size(fd);
	rc = relay(fd);
	sigaction(SIGWINCH, &before, NULL);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	close(fd);
	return rc;
}
