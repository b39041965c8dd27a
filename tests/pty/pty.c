#include "config.h"
#include "tests/pty/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include "core/clock.h"
#include "core/text.h"

#define MODES_MAX 2100
#define LATE_MAX 512
#define SLOW_SLICE_MS 20

/* Something under way on a line with a delay. */
struct late {
	int64_t at;
	size_t n;
};

/* One direction: bytes, and how many of them arrive when. */
struct line {
	struct strbuf bytes;
	struct late parts[LATE_MAX];
	size_t n;
};

struct pty {
	pid_t pid;
	int fd, slave; /* slave is kept open, so that termios can be looked at */
	bool ended;
	int status;
	struct termios before;
	VTerm *vt;
	VTermScreen *vs;
	int rows, cols;
	long bytes_per_s;
	int64_t delay_ns, read_until;
	struct line in, out;
	struct strbuf sent;
	int pieces;
	int64_t first_ns, last_ns;
	/* A little reader of private modes: CSI ? number ; number h */
	enum { OUTSIDE, AT_ESCAPE, IN_CSI } state;
	char csi[32];
	size_t n_csi;
	bool modes[MODES_MAX];
};

/* --- starting --- */

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void open_pty(struct pty *p)
{
	struct winsize size = {
		.ws_row = (unsigned short)p->rows, .ws_col = (unsigned short)p->cols};

	p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->fd < 0 || grantpt(p->fd) || unlockpt(p->fd))
		give_up("pty");
	p->slave = open(ptsname(p->fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->slave < 0 || tcgetattr(p->slave, &p->before) ||
		ioctl(p->fd, TIOCSWINSZ, &size))
		give_up("pty");
	if (fcntl(p->fd, F_SETFL, O_NONBLOCK))
		give_up("pty");
}

static void set_environment(const char *const *env)
{
	static const char *const keep[] = {"PATH", "TOCSIN_DATADIR", "TMPDIR",
		"ASAN_OPTIONS", "UBSAN_OPTIONS", "TERMINFO", "TERMINFO_DIRS"};
	char *kept[sizeof(keep) / sizeof(keep[0])];
	const char *value;

	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		kept[i] = (value = getenv(keep[i])) ? strdup(value) : NULL;
	clearenv();
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		if (kept[i])
			setenv(keep[i], kept[i], 1);
	setenv("HOME", "/nonexistent", 1);
	setenv("TZ", "UTC", 1);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	for (; env && *env; env++) {
		char *copy = strdup(*env), *equals = strchr(copy, '=');

		*equals = '\0';
		setenv(copy, equals + 1, 1);
		free(copy);
	}
}

static void become(const struct pty *p, const struct pty_conf *conf)
{
	sigset_t none;

	setsid();
	if (!conf->foreign && ioctl(p->slave, TIOCSCTTY, 0))
		give_up("TIOCSCTTY");
	for (int i = 0; i < 3; i++)
		dup2(p->slave, i);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < 32; i++)
		signal(i, SIG_DFL);
	set_environment(conf->env);
	execv(conf->argv[0], (char *const *)(uintptr_t)conf->argv);
	_exit(127);
}

struct pty *pty_start(const struct pty_conf *conf)
{
	struct pty *p = mem_new(1, sizeof(*p));

	p->rows = conf->rows ? conf->rows : 24;
	p->cols = conf->cols ? conf->cols : 80;
	p->bytes_per_s = conf->bytes_per_s;
	p->delay_ns = conf->delay_ns;
	strbuf_init(&p->sent);
	strbuf_init(&p->in.bytes);
	strbuf_init(&p->out.bytes);
	p->modes[25] = true;
	open_pty(p);
	p->vt = vterm_new(p->rows, p->cols);
	vterm_set_utf8(p->vt, 1);
	p->vs = vterm_obtain_screen(p->vt);
	vterm_screen_enable_altscreen(p->vs, 1);
	vterm_screen_reset(p->vs, 1);
	p->read_until = clock_mono();
	p->pid = fork();
	if (p->pid < 0)
		give_up("fork");
	if (!p->pid)
		become(p, conf);
	return p;
}

void pty_free(struct pty *p)
{
	if (!p)
		return;
	if (!p->ended) {
		kill(p->pid, SIGKILL);
		kill(p->pid, SIGCONT);
		waitpid(p->pid, NULL, 0);
	}
	if (p->fd >= 0)
		close(p->fd);
	if (p->slave >= 0)
		close(p->slave);
	vterm_free(p->vt);
	strbuf_release(&p->sent);
	strbuf_release(&p->in.bytes);
	strbuf_release(&p->out.bytes);
	free(p);
}

/* --- the line --- */

static void line_add(struct line *l, const char *bytes, size_t n, int64_t at)
{
	if (l->n == LATE_MAX) {
		l->parts[l->n - 1].n += n;
		l->parts[l->n - 1].at = at;
	} else {
		l->parts[l->n++] = (struct late){at, n};
	}
	strbuf_add(&l->bytes, bytes, n);
}

/* How many bytes have arrived; they are at the front. */
static size_t line_arrived(struct line *l, int64_t now)
{
	size_t bytes = 0, parts = 0;

	while (parts < l->n && l->parts[parts].at <= now)
		bytes += l->parts[parts++].n;
	memmove(l->parts, l->parts + parts, (l->n - parts) * sizeof(l->parts[0]));
	l->n -= parts;
	return bytes;
}

static void write_all(const struct pty *p, const char *bytes, size_t n)
{
	while (n && p->fd >= 0) {
		ssize_t done = write(p->fd, bytes, n);

		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
}

static void set_modes(struct pty *p, bool on)
{
	char *at = p->csi + 1;

	while (*at) {
		long mode = strtol(at, &at, 10);

		if (mode > 0 && mode < MODES_MAX)
			p->modes[mode] = on;
		if (*at)
			at++;
	}
}

static void look_for_modes(struct pty *p, char c)
{
	if (c == '\033') {
		p->state = AT_ESCAPE;
	} else if (p->state == AT_ESCAPE) {
		p->state = c == '[' ? IN_CSI : OUTSIDE;
		p->n_csi = 0;
	} else if (p->state == IN_CSI && c >= '0' && c <= '?') {
		if (p->n_csi < sizeof(p->csi) - 1)
			p->csi[p->n_csi++] = c;
		p->csi[p->n_csi] = '\0';
	} else if (p->state == IN_CSI) {
		if ((c == 'h' || c == 'l') && p->n_csi && p->csi[0] == '?')
			set_modes(p, c == 'h');
		p->state = OUTSIDE;
	}
}

static void show(struct pty *p, const char *bytes, size_t n)
{
	vterm_input_write(p->vt, bytes, n);
	for (size_t i = 0; i < n; i++)
		look_for_modes(p, bytes[i]);
}

static void deliver(struct pty *p)
{
	int64_t now = clock_mono();
	size_t n = line_arrived(&p->in, now);

	if (n) {
		write_all(p, p->in.bytes.buf, n);
		strbuf_remove(&p->in.bytes, 0, n);
	}
	n = line_arrived(&p->out, now);
	if (n) {
		show(p, p->out.bytes.buf, n);
		strbuf_remove(&p->out.bytes, 0, n);
	}
}

static int64_t next_delivery(const struct pty *p)
{
	int64_t at = INT64_MAX;

	if (p->in.n && p->in.parts[0].at < at)
		at = p->in.parts[0].at;
	if (p->out.n && p->out.parts[0].at < at)
		at = p->out.parts[0].at;
	return at;
}

/* A slow line: what may be read now, so that the rate is kept over time. */
static size_t allowance(struct pty *p, size_t most)
{
	int64_t now = clock_mono(), slice = SLOW_SLICE_MS * NS_PER_MS;
	size_t n = (size_t)((double)p->bytes_per_s * SLOW_SLICE_MS / 1000.0);

	if (!p->bytes_per_s)
		return most;
	if (now < p->read_until)
		return 0;
	p->read_until = (now - p->read_until > slice ? now : p->read_until) + slice;
	n = n ? n : 1;
	return n < most ? n : most;
}

static void took(struct pty *p, const char *bytes, size_t n)
{
	p->last_ns = clock_mono();
	if (!p->first_ns)
		p->first_ns = p->last_ns;
	strbuf_add(&p->sent, bytes, n);
	p->pieces++;
	if (p->delay_ns)
		line_add(&p->out, bytes, n, p->last_ns + p->delay_ns);
	else
		show(p, bytes, n);
}

/* One wait and one read at most; what is due is delivered. */
static long step(struct pty *p, int64_t until)
{
	struct pollfd fd = {.fd = p->fd, .events = POLLIN};
	int64_t now = clock_mono(), due = next_delivery(p);
	char buf[65536];
	size_t most = allowance(p, sizeof(buf));
	ssize_t n = -1;
	int wait;

	if (!most) {
		fd.events = 0;
		due = p->read_until < due ? p->read_until : due;
	}
	due = due < until ? due : until;
	wait = due <= now ? 0 : (int)((due - now + NS_PER_MS - 1) / NS_PER_MS);
	if (p->fd < 0 || poll(&fd, p->fd < 0 ? 0 : 1, wait) < 0)
		return -1;
	if (most && (fd.revents & (POLLIN | POLLHUP))) {
		n = read(p->fd, buf, most);
		if (n > 0)
			took(p, buf, (size_t)n);
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
	}
	deliver(p);
	return n > 0 ? (long)n : 0;
}

void pty_send(struct pty *p, const char *bytes)
{
	if (p->delay_ns)
		line_add(&p->in, bytes, strlen(bytes), clock_mono() + p->delay_ns);
	else
		write_all(p, bytes, strlen(bytes));
}

void pty_resize(struct pty *p, int rows, int cols)
{
	struct winsize size = {
		.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	p->rows = rows;
	p->cols = cols;
	vterm_set_size(p->vt, rows, cols);
	(void)!ioctl(p->fd, TIOCSWINSZ, &size);
}

void pty_signal(struct pty *p, int signal_number)
{
	if (!p->ended)
		kill(p->pid, signal_number);
}

void pty_hang_up(struct pty *p)
{
	close(p->slave);
	close(p->fd);
	p->slave = p->fd = -1;
}

/* --- waiting --- */

long pty_read(struct pty *p, int timeout_ms)
{
	int64_t until = clock_mono() + timeout_ms * NS_PER_MS;
	long sum = 0;

	do {
		long n = step(p, until);

		if (n < 0)
			return sum ? sum : -1;
		sum += n;
	} while (clock_mono() < until);
	return sum;
}

bool pty_settle(struct pty *p, int quiet_ms)
{
	int64_t deadline = clock_mono() + PTY_PATIENCE_MS * NS_PER_MS;

	while (clock_mono() < deadline)
		if (pty_read(p, quiet_ms) <= 0 && !p->in.n && !p->out.n)
			return true;
	return false;
}

static bool ended(struct pty *p)
{
	if (!p->ended)
		p->ended = waitpid(p->pid, &p->status, WNOHANG) == p->pid;
	return p->ended;
}

bool pty_wait(struct pty *p, const char *text)
{
	int64_t deadline = clock_mono() + PTY_PATIENCE_MS * NS_PER_MS;

	while (!pty_has(p, text))
		if (clock_mono() >= deadline || ended(p) ||
			step(p, clock_mono() + 100 * NS_PER_MS) < 0)
			return pty_has(p, text);
	return true;
}

bool pty_wait_end(struct pty *p, int timeout_ms, int *status)
{
	int64_t deadline = clock_mono() + timeout_ms * NS_PER_MS;

	while (!ended(p) && clock_mono() < deadline)
		(void)step(p, clock_mono() + 2 * NS_PER_MS);
	*status = p->status;
	/* What it sent last is still in the line. */
	while (p->ended && step(p, 0) > 0)
		;
	return p->ended;
}

bool pty_wait_stopped(struct pty *p)
{
	int64_t deadline = clock_mono() + PTY_PATIENCE_MS * NS_PER_MS;
	int status;

	while (clock_mono() < deadline) {
		if (waitpid(p->pid, &status, WNOHANG | WUNTRACED) == p->pid) {
			p->ended = !WIFSTOPPED(status);
			p->status = status;
			while (step(p, 0) > 0)
				;
			return WIFSTOPPED(status);
		}
		(void)step(p, clock_mono() + 2 * NS_PER_MS);
	}
	return false;
}

/* --- looking --- */

static VTermScreenCell cell_at(struct pty *p, int y, int x)
{
	VTermScreenCell cell;

	vterm_screen_get_cell(p->vs, (VTermPos){.row = y, .col = x}, &cell);
	return cell;
}

static void row_text(struct pty *p, int y, struct strbuf *out)
{
	size_t begin = out->len;

	for (int x = 0; x < p->cols; x++) {
		VTermScreenCell cell = cell_at(p, y, x);

		if (cell.chars[0] == (uint32_t)-1)
			continue;
		if (!cell.chars[0])
			strbuf_addc(out, ' ');
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
			text_encode(out, cell.chars[i]);
	}
	while (out->len > begin && out->buf[out->len - 1] == ' ')
		strbuf_truncate(out, out->len - 1);
}

void pty_text(struct pty *p, struct strbuf *out)
{
	for (int y = 0; y < p->rows; y++) {
		row_text(p, y, out);
		strbuf_addc(out, '\n');
	}
}

bool pty_has(struct pty *p, const char *text)
{
	struct strbuf all = STRBUF_INIT;
	bool found;

	pty_text(p, &all);
	found = strstr(all.buf, text) != NULL;
	strbuf_release(&all);
	return found;
}

size_t pty_printed(struct pty *p)
{
	size_t n = 0;

	for (int y = 0; y < p->rows; y++)
		for (int x = 0; x < p->cols; x++) {
			uint32_t c = cell_at(p, y, x).chars[0];

			n += c && c != ' ' && c != (uint32_t)-1;
		}
	return n;
}

void pty_cursor(struct pty *p, int *y, int *x)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vterm_obtain_state(p->vt), &pos);
	*y = pos.row;
	*x = pos.col;
}

bool pty_reverse_at(struct pty *p, int y, int x)
{
	return cell_at(p, y, x).attrs.reverse;
}

void pty_termios(struct pty *p, struct termios *out)
{
	if (tcgetattr(p->slave, out))
		give_up("tcgetattr");
}

bool pty_is_cooked(struct pty *p)
{
	struct termios now;

	pty_termios(p, &now);
	return now.c_iflag == p->before.c_iflag && now.c_oflag == p->before.c_oflag &&
		now.c_lflag == p->before.c_lflag && now.c_cflag == p->before.c_cflag;
}

void pty_modes(const struct pty *p, struct strbuf *out)
{
	for (int i = 0; i < MODES_MAX; i++)
		/* 7 wraps lines, 12 blinks: a terminal's own affair, like the cursor's being there. */
		if (i != 7 && i != 12 && p->modes[i] != (i == 25))
			strbuf_addf(out, "%s%d", out->len ? " " : "", i);
}

const struct strbuf *pty_sent(const struct pty *p)
{
	return &p->sent;
}

int pty_pieces(const struct pty *p)
{
	return p->pieces;
}

int64_t pty_first_ns(const struct pty *p)
{
	return p->first_ns;
}

int64_t pty_last_ns(const struct pty *p)
{
	return p->last_ns;
}

void pty_clear(struct pty *p)
{
	strbuf_reset(&p->sent);
	p->pieces = 0;
	p->first_ns = p->last_ns = 0;
}

int64_t pty_proc(const struct pty *p, const char *file, const char *name)
{
	char *path = mem_format("/proc/%d/%s", (int)p->pid, file);
	FILE *f = fopen(path, "re");
	char line[512];
	int64_t value = -1;
	size_t n = strlen(name);

	free(path);
	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n))
			value = strtoll(line + n, NULL, 10);
	if (f)
		fclose(f);
	return value;
}
