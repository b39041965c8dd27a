#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/child.h"
#include "core/clock.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "core/path.h"
#include "tui/console_state.h"

#define RING_NS (30 * NS_PER_S)

/* How many things there are that somebody should be told of. */
static size_t worthy(const struct console *c)
{
	const struct situation *s = &c->situation;
	const char *bell = c->config->notify.bell ? c->config->notify.bell : "page";

	if (!strcmp(bell, "off"))
		return 0;
	if (!strcmp(bell, "ticket"))
		return s->firing + s->slos_by[SEV_PAGE] + s->slos_by[SEV_TICKET];
	return s->firing_pages + s->slos_by[SEV_PAGE];
}

static void ended(void *ctx, pid_t pid, int status)
{
	(void)ctx, (void)pid, (void)status;
}

/* Somebody else tells it on; no shell is involved, and we do not wait. */
static void start(struct console *c, const char *const *argv)
{
	const struct child_spec spec = {
		.argv = argv, .env = (const char *const *)environ, .session = true};
	struct child child;
	struct err ignored = ERR_INIT;

	if (!child_start(&child, &spec, &ignored)) {
		child_close(&child);
		loop_child(c->loop, child.pid, ended, NULL);
	}
	err_release(&ignored);
}

/* Beside this program when it was not installed, else where it was installed to. */
static char *notifier(void)
{
	char *self = path_program(), *dir = path_dir(self);
	char *file = path_join(dir, "tocsin-notify");

	if (access(file, X_OK)) {
		free(file);
		file = path_join(PKGLIBEXECDIR, "tocsin-notify");
	}
	free(self);
	free(dir);
	return file;
}

static void tell_desktop(struct console *c, const char *text)
{
	const char *argv[] = {NULL, "Tocsin", text, NULL};
	char *file;

	if (!c->config->notify.desktop || !getenv("DBUS_SESSION_BUS_ADDRESS"))
		return;
	file = notifier();
	argv[0] = file;
	if (!access(file, X_OK))
		start(c, argv);
	free(file);
}

/* notify.command, with the words as its last argument. */
static void tell_command(struct console *c, const char *text)
{
	const struct yaml_texts *command = &c->config->notify.command;
	const char **argv;

	if (!command->n)
		return;
	argv = mem_new(command->n + 2, sizeof(*argv));
	for (size_t i = 0; i < command->n; i++)
		argv[i] = command->items[i];
	argv[command->n] = text;
	start(c, argv);
	free(argv);
}

/* In words as well: a screen reader hears one line, and who looks elsewhere gets a notice. */
static void say_worst(struct console *c)
{
	const struct situation *s = &c->situation;
	const struct slo_row *row = s->slos_by[SEV_PAGE] ? s->slos[0] : NULL;
	struct strbuf text = STRBUF_INIT, burn = STRBUF_INIT;

	if (row) {
		burn_text(&burn, slo_burn_now(&row->state));
		strbuf_addf(&text, _("%s/%s burns %s"), row->slo.service, row->slo.name,
			burn.buf);
		strbuf_release(&burn);
	} else if (s->firing_pages) {
		strbuf_addf(&text, _("%s fires"), s->alerts[0].alert->name);
	}
	if (text.len && c->noticed)
		console_note(c, ROLE_PAGE, "%s", text.buf);
	if (text.len &&
		!(c->config->notify.terminal &&
			!strcmp(c->config->notify.terminal, "off")))
		term_notify(c->term, text.buf);
	if (text.len) {
		tell_desktop(c, text.buf);
		tell_command(c, text.buf);
	}
	c->noticed = true;
	strbuf_release(&text);
}

/* The bell rings once when something new is worth it, and at most once in thirty seconds. */
void notice_update(struct console *c)
{
	size_t pages = worthy(c);
	const char *name = c->context ? c->context->name : "";
	char *title = pages ? mem_format("(%zu!) Tocsin %s", pages, name)
			    : mem_format("Tocsin %s", name);
	int64_t now = clock_mono();

	if (c->at == AT_NOW && pages > c->pages_seen &&
		(!c->rang_mono || now - c->rang_mono >= RING_NS)) {
		term_bell(c->term);
		c->rang_mono = now;
		say_worst(c);
	}
	if (c->at == AT_NOW)
		c->pages_seen = pages;
	if (!c->title || strcmp(c->title, title)) {
		term_set_title(c->term, title);
		free(c->title);
		c->title = title;
		return;
	}
	free(title);
}
