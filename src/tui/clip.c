#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/child.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "core/text.h"
#include "tui/console_state.h"

#define CLIP_MAX 32768 /* what a pipe takes at once, so that nothing waits */

static void said(struct console *c, const char *text)
{
	struct strbuf cut = STRBUF_INIT;

	text_cut(&cut, text, 40, "~");
	console_note(c, ROLE_NOTE,
		_("copied: %s   (no luck? Shift and drag selects by hand)"), cut.buf);
	strbuf_release(&cut);
}

static void tmux_done(void *ctx, pid_t pid, int status)
{
	(void)ctx, (void)pid, (void)status;
}

/* tmux drops OSC 52 by default; its own buffer reaches the outer terminal. */
static bool copy_by_tmux(struct console *c, const char *text)
{
	static const char *const argv[] = {"tmux", "load-buffer", "-w", "-", NULL};
	const char *tmux = getenv("TMUX"), *path = getenv("PATH");
	char *socket = mem_format("TMUX=%s", tmux ? tmux : "");
	char *search = mem_format("PATH=%s", path ? path : "/usr/bin:/bin");
	const char *env[] = {socket, search, NULL};
	const struct child_spec spec = {
		.argv = argv,
		.env = env,
		.in = CHILD_PIPE,
		.out = CHILD_NULL,
		.err = CHILD_NULL,
		.session = true,
	};
	struct err ignored = ERR_INIT;
	struct child child;
	size_t n = strlen(text);
	bool ok = tmux && *tmux && child_start(&child, &spec, &ignored) == 0;

	if (ok) {
		ok = write(child.in, text, n > CLIP_MAX ? CLIP_MAX : n) > 0;
		child_close(&child);
		loop_child(c->loop, child.pid, tmux_done, NULL);
	}
	err_release(&ignored);
	free(socket);
	free(search);
	return ok;
}

void console_copy(struct console *c, const char *text)
{
	struct strbuf safe = STRBUF_INIT;

	/* What is pasted into a shell must not hold what the shell or a terminal acts on. */
	text_safe(&safe, text, strlen(text), false);
	if (!copy_by_tmux(c, safe.buf))
		term_copy(c->term, safe.buf);
	said(c, safe.buf);
	strbuf_release(&safe);
}
