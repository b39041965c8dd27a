#include "config.h"
#include "cmd/run_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/strbuf.h"
#include "core/text.h"

#define MAX_LINE 8192

struct terminal {
	int fd;
};

struct terminal *terminal_open(bool stdin_is_text)
{
	struct terminal *t;
	int fd;

	if ((!stdin_is_text && !isatty(STDIN_FILENO)) ||
		(!isatty(STDOUT_FILENO) && !isatty(STDERR_FILENO)))
		return NULL;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	t = mem_new(1, sizeof(*t));
	t->fd = fd;
	return t;
}

void terminal_close(struct terminal *t)
{
	if (!t)
		return;
	close(t->fd);
	free(t);
}

static void write_all(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t done = write(fd, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		s += done;
		n -= (size_t)done;
	}
}

static void say_args(struct terminal *t, const char *fmt, va_list ap) PRINTF(2, 0);

static void say_args(struct terminal *t, const char *fmt, va_list ap)
{
	struct strbuf raw = STRBUF_INIT, safe = STRBUF_INIT, out = STRBUF_INIT;

	strbuf_vaddf(&raw, fmt, ap);
	text_safe(&safe, raw.buf, raw.len, true);
	if (text_is_utf8())
		strbuf_add(&out, safe.buf, safe.len);
	else
		text_ascii(&out, safe.buf);
	write_all(t->fd, out.buf, out.len);
	strbuf_release(&raw);
	strbuf_release(&safe);
	strbuf_release(&out);
}

void terminal_say(struct terminal *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_args(t, fmt, ap);
	va_end(ap);
}

static char *read_line(int fd)
{
	struct strbuf line = STRBUF_INIT;
	char c;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n <= 0 || line.len > MAX_LINE) {
			mem_wipe(line.buf, line.len);
			strbuf_release(&line);
			return NULL;
		}
		if (c == '\n')
			return strbuf_detach(&line, NULL);
		strbuf_addc(&line, c);
	}
}

char *terminal_ask(struct terminal *t, bool hidden, const char *fmt, ...)
{
	struct termios before, now;
	bool changed = false;
	char *line;
	va_list ap;

	va_start(ap, fmt);
	say_args(t, fmt, ap);
	va_end(ap);
	/* Typed before the question stood there: not an answer to it. */
	tcdrain(t->fd);
	tcflush(t->fd, TCIFLUSH);
	if (hidden && !tcgetattr(t->fd, &before)) {
		now = before;
		now.c_lflag &= ~(tcflag_t)ECHO;
		changed = !tcsetattr(t->fd, TCSAFLUSH, &now);
	}
	line = read_line(t->fd);
	if (changed) {
		tcsetattr(t->fd, TCSAFLUSH, &before);
		write_all(t->fd, "\n", 1);
	}
	return line;
}
