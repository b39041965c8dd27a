#include "config.h"
#include "runbook/step_tty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/i18n.h"
#include "core/path.h"
#include "core/strbuf.h"
#include "runbook/step_wire.h"

#define REPLAY_BYTES ((size_t)8 * 1024) /* what who attaches late is shown */
#define QUEUE_MAX_BYTES \
	((size_t)1 << 20) /* to a client that does not read: then it is dropped */

struct step_tty {
	char *path; /* owned */
	int listening, client, pty; /* -1: none */
	struct loop *loop; /* borrowed */
	struct strbuf recent; /* the last of the output */
	struct strbuf to_client, to_pty, from_client;
};

int step_wire_address(struct sockaddr_un *out, const char *run, int n, struct err *e)
{
	char *name = mem_format("run/%s-%d.sock", run, n), *path = path_state(name);
	int rc = 0;

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(out->sun_path))
		rc = err_set(e, ERR_LIMIT,
			_("the name of the socket '%s' is too long; use a shorter "
			  "XDG_STATE_HOME"),
			path);
	else
		memcpy(out->sun_path, path, strlen(path) + 1);
	free(name);
	free(path);
	return rc;
}

struct step_tty *step_tty_new(const char *run, int n, struct err *e)
{
	struct sockaddr_un address;
	struct step_tty *t;
	int fd;

	if (step_wire_address(&address, run, n, e))
		return NULL;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The step's lock is ours: whatever has this name is left from an attempt before. */
	unlink(address.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
		chmod(address.sun_path, 0600) || listen(fd, 4)) {
		err_errno(e, errno, _("cannot make the socket '%s'"), address.sun_path);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	t = mem_new(1, sizeof(*t));
	*t = (struct step_tty){.path = mem_strdup(address.sun_path),
		.listening = fd,
		.client = -1,
		.pty = -1,
		.recent = STRBUF_INIT,
		.to_client = STRBUF_INIT,
		.to_pty = STRBUF_INIT,
		.from_client = STRBUF_INIT};
	return t;
}

void step_tty_free(struct step_tty *t)
{
	if (!t)
		return;
	if (t->client >= 0)
		close(t->client);
	close(t->listening);
	unlink(t->path);
	free(t->path);
	mem_wipe(t->to_pty.buf, t->to_pty.len);
	mem_wipe(t->from_client.buf, t->from_client.len);
	strbuf_release(&t->recent);
	strbuf_release(&t->to_client);
	strbuf_release(&t->to_pty);
	strbuf_release(&t->from_client);
	free(t);
}

static void drop_client(struct step_tty *t)
{
	if (t->client < 0)
		return;
	loop_watch(t->loop, t->client, 0, NULL, NULL);
	close(t->client);
	t->client = -1;
	strbuf_reset(&t->to_client);
	strbuf_reset(&t->from_client);
}

/* As much as fits now; false: the other side is gone. */
static bool write_some(int fd, struct strbuf *from)
{
	while (from->len) {
		ssize_t n = write(fd, from->buf, from->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		strbuf_remove(from, 0, (size_t)n);
	}
	return true;
}

/* --- what is typed --- */

static void apply(struct step_tty *t, enum wire_type type, const char *data, size_t n)
{
	struct winsize size = {0};

	if (type == WIRE_DATA) {
		strbuf_add(&t->to_pty, data, n);
	} else if (type == WIRE_SIZE && n == 4) {
		size.ws_row = (unsigned short)((unsigned char)data[0] << 8 |
			(unsigned char)data[1]);
		size.ws_col = (unsigned short)((unsigned char)data[2] << 8 |
			(unsigned char)data[3]);
		ioctl(t->pty, TIOCSWINSZ, &size);
	}
}

static void read_messages(struct step_tty *t)
{
	struct strbuf *in = &t->from_client;

	while (in->len >= 2 && in->len >= 2 + (size_t)(unsigned char)in->buf[1]) {
		size_t n = (unsigned char)in->buf[1];

		apply(t, (enum wire_type)in->buf[0], in->buf + 2, n);
		strbuf_remove(in, 0, 2 + n);
	}
	write_some(t->pty, &t->to_pty);
}

static void on_client(void *ctx, int fd, unsigned events)
{
	struct step_tty *t = ctx;
	char buf[4096];
	ssize_t n;

	if (events & LOOP_WRITE) {
		if (!write_some(fd, &t->to_client)) {
			drop_client(t);
			return;
		}
		if (!t->to_client.len)
			loop_watch(t->loop, fd, LOOP_READ, on_client, t);
	}
	if (!(events & (LOOP_READ | LOOP_HANGUP)))
		return;
	n = read(fd, buf, sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(t);
		return;
	}
	strbuf_add(&t->from_client, buf, (size_t)n);
	mem_wipe(buf, sizeof(buf));
	read_messages(t);
}

/* --- who may --- */

static bool is_ours(int fd)
{
#ifdef SO_PEERCRED
	struct ucred peer;
	socklen_t n = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) &&
		peer.uid == geteuid();
#else
	uid_t uid;
	gid_t gid;

	return !getpeereid(fd, &uid, &gid) && uid == geteuid();
#endif
}

static void on_connect(void *ctx, int listening, unsigned events)
{
	struct step_tty *t = ctx;
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (!is_ours(fd)) {
		close(fd);
		return;
	}
	drop_client(t); /* the latest has it: the one before is a lost connection */
	t->client = fd;
	strbuf_add(&t->to_client, t->recent.buf, t->recent.len);
	loop_watch(t->loop, fd, LOOP_READ | LOOP_WRITE, on_client, t);
}

void step_tty_serve(struct step_tty *t, struct loop *l, int pty)
{
	t->loop = l;
	t->pty = pty;
	loop_watch(l, t->listening, LOOP_READ, on_connect, t);
}

void step_tty_show(struct step_tty *t, const void *data, size_t n)
{
	strbuf_add(&t->recent, data, n);
	if (t->recent.len > 2 * REPLAY_BYTES)
		strbuf_remove(&t->recent, 0, t->recent.len - REPLAY_BYTES);
	if (t->client < 0)
		return;
	strbuf_add(&t->to_client, data, n);
	if (t->to_client.len > QUEUE_MAX_BYTES || !write_some(t->client, &t->to_client))
		drop_client(t);
	else if (t->to_client.len)
		loop_watch(t->loop, t->client, LOOP_READ | LOOP_WRITE, on_client, t);
}
