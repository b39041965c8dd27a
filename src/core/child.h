/*
 * child.h - starting programs; the only place that forks and executes
 *
 * No shell is involved.  Children get no descriptor but those given, default signals, and only
 * the environment given.
 */
#ifndef TOCSIN_CHILD_H
#define TOCSIN_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/strbuf.h"

enum child_io {
	CHILD_NULL,	/* /dev/null */
	CHILD_PIPE,	/* a pipe; our end is in struct child, non-blocking, close-on-exec */
	CHILD_PTY,	/* all that say so: one new pty, which becomes the controlling terminal */
	CHILD_FD,	/* the descriptor given */
	CHILD_OUT,	/* err only: where out goes */
};

struct child_spec {
	const char *const	*argv;	/* NULL-terminated; argv[0] is looked up in PATH */
	const char *const	*env;	/* NULL-terminated NAME=value; NULL: empty environment */
	const char		*cwd;	/* NULL: ours */
	enum child_io		in, out, err;
	int			in_fd, out_fd, err_fd;	/* for CHILD_FD */
	const int		*keep_fds;	/* further descriptors the child keeps */
	size_t			n_keep_fds;
	bool			session;	/* own session (setsid); else own process group */
	int			rows, columns;	/* of the pty */
	int64_t			memory_bytes;	/* RLIMIT_AS, 0: none */
	int64_t			cpu_s;		/* RLIMIT_CPU, 0: none */
};

struct child {
	pid_t	pid;
	int	in, out, err;	/* our ends, -1: none; equal for streams on one pty */
};

/*
 * Fails here, with the reason, when the program cannot be executed.  When all others have closed
 * a pty, reading it gives EIO, which is its end of file.
 */
int child_start(struct child *out, const struct child_spec *spec, struct err *e);

/* Close our ends; the process goes on. */
void child_close(struct child *c);

/* Signal the child's whole group; before it was reaped. */
void child_signal(const struct child *c, int signal_number);

/*
 * Run to the end and append its output, for short commands (secrets, agents): at most max_bytes
 * and timeout_ns (ERR_LIMIT; the child is killed).  stdin_data NULL: /dev/null.  The spec's in and
 * out are not read; its err may not be a pipe or pty.  *status is the exit code, or 128 + the
 * signal.  What the child leaves running may keep its output open: that is not waited for.
 */
int child_run(struct strbuf *out, int *status, const struct child_spec *spec,
	const void *stdin_data, size_t stdin_bytes, size_t max_bytes, int64_t timeout_ns,
	struct err *e);

/*
 * Detach: the parent returns with 0; with 1 a process that init adopts, in its own session, with
 * the same descriptors (close or redirect them).  -1 on failure.  A loop does not survive it:
 * detach first.
 */
int child_detach(struct err *e);

#endif
