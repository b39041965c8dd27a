#include "config.h"

#include "net/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/child.h"
#include "core/i18n.h"
#include "net/auth_job.h"

extern char **environ;

void secret_release(struct strbuf *secret)
{
	if (secret->cap)
		mem_wipe(secret->buf, secret->cap);
	strbuf_release(secret);
}

/* Cut the newline that editors and echo leave; refuse what would end a header. */
int secret_check(struct strbuf *secret, size_t from, const char *origin, struct err *e)
{
	while (secret->len > from && strchr("\r\n", secret->buf[secret->len - 1]))
		strbuf_truncate(secret, secret->len - 1);
	if (secret->len == from)
		return err_set(e, ERR_AUTH, _("the secret from %s is empty"), origin);
	for (size_t i = from; i < secret->len; i++) {
		unsigned char c = (unsigned char)secret->buf[i];

		if (c < ' ' || c == 0x7f) {
			err_set(e, ERR_AUTH,
				_("the secret from %s holds a control character"),
				origin);
			return err_hint(e, _("a secret is one line of text"));
		}
	}
	return 0;
}

static int secret_from_env(struct strbuf *out, const char *name, struct err *e)
{
	const char *value = getenv(name);

	if (!value) {
		err_set(e, ERR_AUTH, _("the environment variable %s is not set"), name);
		return err_hint(e, _("the source's secret is read from it"));
	}
	strbuf_adds(out, value);
	return 0;
}

/* Ours or root's, and for nobody else to read; root may give a file to a group on purpose. */
static int secret_file_check(int fd, off_t *bytes, const char *file, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(
			e, errno, _("cannot look at the secret file '%s'"), file);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_DENIED,
			_("the secret file '%s' is no regular file"), file);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, ERR_DENIED,
			_("the secret file '%s' belongs to another user"), file);
	if (st.st_mode & 07 || (st.st_mode & 070 && st.st_uid != 0)) {
		err_set(e, ERR_DENIED,
			_("others can read the secret file '%s' (mode %04o)"), file,
			(unsigned)st.st_mode & 07777);
		return err_hint(e, _("run: chmod 600 '%s'"), file);
	}
	if ((size_t)st.st_size > AUTH_SECRET_MAX_BYTES)
		return err_set(
			e, ERR_LIMIT, _("the secret file '%s' is too large"), file);
	*bytes = st.st_size;
	return 0;
}

static int secret_from_file(struct strbuf *out, const char *file, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	off_t bytes = 0;
	ssize_t n = 0;

	if (fd < 0) {
		err_errno(e, errno, _("cannot open the secret file '%s'"), file);
		if (errno == EACCES)
			e->code = ERR_DENIED;
		return -1;
	}
	if (secret_file_check(fd, &bytes, file, e) < 0) {
		close(fd);
		return -1;
	}
	/* Room for all of it at once: growing would leave copies behind. */
	strbuf_room(out, (size_t)bytes + 1);
	for (off_t got = 0; got < bytes; got += n) {
		n = read(fd, out->buf + out->len, (size_t)(bytes - got));
		if (n <= 0)
			break;
		out->len += (size_t)n;
		out->buf[out->len] = '\0';
	}
	close(fd);
	return n < 0 ? err_errno(e, errno, _("cannot read the secret file '%s'"), file)
		     : 0;
}

int secret_cmd_err(struct err *e, const char *program, int status)
{
	err_set(e, ERR_AUTH,
		_("the command '%s' that prints a secret ended with code %d"), program,
		status);
	return err_hint(e, _("run it by hand to see what it says"));
}

static int secret_from_cmd(
	struct strbuf *out, const struct yaml_texts *cmd, struct err *e)
{
	const char **argv = mem_new(cmd->n + 1, sizeof(*argv));
	struct child_spec spec = {.env = (const char *const *)environ, .err = CHILD_NULL};
	int status = 0;
	int rc;

	memcpy(argv, cmd->items, cmd->n * sizeof(*argv));
	spec.argv = argv;
	strbuf_room(out, AUTH_SECRET_MAX_BYTES);
	rc = child_run(out, &status, &spec, NULL, 0, AUTH_SECRET_MAX_BYTES,
		AUTH_CMD_TIMEOUT_NS, e);
	if (rc == 0 && status != 0)
		rc = secret_cmd_err(e, argv[0], status);
	free(argv);
	return rc;
}

static const char *ref_origin(const struct secret_ref *ref)
{
	return ref->env      ? ref->env
		: ref->file  ? ref->file
		: ref->cmd.n ? ref->cmd.items[0]
			     : "";
}

int secret_read(struct strbuf *out, const struct secret_ref *ref, struct err *e)
{
	size_t from = out->len;
	int rc;

	if (ref->env)
		rc = secret_from_env(out, ref->env, e);
	else if (ref->file)
		rc = secret_from_file(out, ref->file, e);
	else if (ref->cmd.n)
		rc = secret_from_cmd(out, &ref->cmd, e);
	else
		return err_set(e, ERR_AUTH, _("the source's secret is not configured"));
	if (rc == 0)
		rc = secret_check(out, from, ref_origin(ref), e);
	if (rc < 0)
		e->retry =
			RETRY_LATER; /* a person may put the secret there while we run */
	return rc;
}
