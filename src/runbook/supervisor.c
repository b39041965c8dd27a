#include "config.h"
#include "runbook/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/i18n.h"
#include "core/path.h"
#include "runbook/logind.h"
#include "runbook/order.h"
#include "store/journal.h"

extern char **environ;

#define WRITE_TIMEOUT_MS 5000
#define MAX_ANSWER_BYTES ((size_t)64 * 1024)

static void look(struct logind *out)
{
	const struct passwd *pw = getpwuid(geteuid());

	logind_look(out, "", pw ? pw->pw_name : "", geteuid() == 0);
}

char *supervisor_warning(void)
{
	struct logind l;

	look(&l);
	if (!l.kills)
		return NULL;
	if (!l.lingers)
		return mem_strdup(
			_("logging out ends running steps here (KillUserProcesses): run "
			  "'loginctl enable-linger', or stay logged in"));
	if (access("/usr/bin/systemd-run", X_OK) && access("/bin/systemd-run", X_OK))
		return mem_strdup(
			_("logging out ends running steps here (KillUserProcesses), and "
			  "there is no systemd-run to prevent it: stay logged in"));
	return NULL;
}

/* --- starting --- */

static int launch(struct child *out, const char *program, bool scope, struct err *e)
{
	const char *plain[] = {program, "exec", NULL};
	const char *scoped[] = {"systemd-run", "--user", "--scope", "--quiet",
		"--collect", "--", program, "exec", NULL};
	struct child_spec spec = {
		.argv = scope ? scoped : plain,
		.env = (const char *const *)environ,
		.in = CHILD_PIPE,
		.out = CHILD_PIPE,
		.err = CHILD_NULL,
		.session = true,
	};

	return child_start(out, &spec, e);
}

/* The whole order into the pipe, whose reader does nothing else at first. */
static int write_all(int fd, const char *s, size_t n, struct err *e)
{
	while (n) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		ssize_t done = write(fd, s, n);

		if (done > 0) {
			s += done;
			n -= (size_t)done;
			continue;
		}
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return err_errno(
				e, errno, _("cannot hand the step to its supervisor"));
		if (done < 0 && errno == EAGAIN && poll(&p, 1, WRITE_TIMEOUT_MS) == 0)
			return err_set(
				e, ERR_SYSTEM, _("the step's supervisor does not start"));
	}
	return 0;
}

static int give_order(struct child *c, const struct order *o, struct err *e)
{
	struct json *j = order_to_json(o);
	struct strbuf text = STRBUF_INIT;
	int rc;

	json_format(&text, j, false);
	if (text.len > ORDER_MAX_BYTES)
		rc = err_set(
			e, ERR_LIMIT, _("the run's variables are larger than 1 MiB"));
	else
		rc = write_all(c->in, text.buf, text.len, e);
	mem_wipe(text.buf, text.len);
	strbuf_release(&text);
	json_free(j);
	close(c->in);
	c->in = -1;
	return rc;
}

int supervisor_start(struct starting *out, const struct order *o, struct err *e)
{
	struct logind l;
	char *program = path_program();
	int rc;

	*out = (struct starting){.n = o->n, .heard = STRBUF_INIT};
	look(&l);
	rc = launch(&out->child, program, l.kills && l.lingers, e);
	free(program);
	if (rc)
		return -1;
	out->run = mem_strdup(o->run);
	if (give_order(&out->child, o, e)) {
		supervisor_forget(out);
		return -1;
	}
	return 0;
}

/* --- its answer --- */

static int read_answer(const char *s, size_t n, struct err *e)
{
	struct json *j = NULL;
	int rc;

	if (json_parse(&j, s, n, e)) {
		err_set(e, ERR_SYSTEM, _("the step's supervisor ended without a word"));
		return err_hint(
			e, _("nothing was run; see 'tocsin runbook show' and try again"));
	}
	rc = answer_from_json(j, e);
	json_free(j);
	return rc;
}

int supervisor_answer(struct starting *s, struct err *e)
{
	char buf[4096];

	for (;;) {
		ssize_t n = read(s->child.out, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			break;
		if (s->heard.len < MAX_ANSWER_BYTES)
			strbuf_add(&s->heard, buf, (size_t)n);
		if (buf[n - 1] == '\n')
			break;
	}
	return read_answer(s->heard.buf, s->heard.len, e) ? -1 : 1;
}

void supervisor_forget(struct starting *s)
{
	child_close(&s->child);
	/* What we started detaches at once and ends; in its place stays what nobody waits for. */
	if (s->child.pid > 0)
		waitpid(s->child.pid, NULL, s->heard.len ? 0 : WNOHANG);
	strbuf_release(&s->heard);
	free(s->run);
	*s = (struct starting){.child = {.in = -1, .out = -1, .err = -1}};
	strbuf_init(&s->heard);
}

bool supervisor_lives(struct store *st, const char *run, int n)
{
	return step_locked(st, run, n);
}
