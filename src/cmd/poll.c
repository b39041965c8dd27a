#include "config.h"

#include <signal.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/say.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "poll/poll.h"
#include "store/source.h"

enum { MODE_OPTIONS = 3 };

static const struct {
	const char *option;
	enum poll_mode mode;
} modes[MODE_OPTIONS] = {
	{"once", POLL_ONCE},
	{"daemon", POLL_DAEMON},
	{"follow", POLL_FOLLOW},
};

/* Without an option: until it is interrupted, for one context. */
static int mode_of(const struct cmd *c, enum poll_mode *mode)
{
	int given = 0;

	*mode = POLL_DAEMON;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (!cmd_has(c, modes[i].option))
			continue;
		*mode = modes[i].mode;
		given++;
	}
	return given > 1 ? cmd_usage(c, _("--once and --daemon exclude each other")) : -1;
}

static void row_print(struct cmd_table *t, const struct source_row *row)
{
	struct strbuf sb = STRBUF_INIT;

	cmd_table_cell(t, row->name);
	cmd_table_cell(t, row->type);
	cmd_table_cell(t, source_state_name(row->state));
	strbuf_addf(&sb, "%lld", row->records == NONE_INT ? 0 : (long long)row->records);
	cmd_table_cell(t, sb.buf);
	strbuf_reset(&sb);
	if (row->latency_ns != NONE_INT)
		duration_short(&sb, row->latency_ns);
	cmd_table_cell(t, sb.len ? sb.buf : NULL);
	cmd_table_cell(t, row->error ? row->error : row->version);
	strbuf_release(&sb);
}

static int rows_print(struct cmd *c, struct err *e)
{
	const char *const headings[] = {
		_("SOURCE"),
		_("TYPE"),
		_("STATE"),
		_("RECORDS"),
		_("TOOK"),
		_("SAYS"),
		NULL
	};
	struct cmd_table *t;
	struct source_rows rows;
	struct arena a;

	arena_init(&a);
	if (source_list(&rows, &a, c->store, AT_NOW, e) < 0) {
		arena_release(&a);
		return -1;
	}
	t = cmd_table_new("lllrrl", headings);
	for (size_t i = 0; i < rows.n; i++) {
		if (!c->context || context_has_source(c->context, rows.items[i].name))
			row_print(t, &rows.items[i]);
	}
	cmd_table_print(t);
	arena_release(&a);
	return 0;
}

int cmd_poll(struct cmd *c)
{
	struct poll_result res;
	struct err e = ERR_INIT;
	enum poll_mode mode;
	int code = mode_of(c, &mode);

	if (code >= 0)
		return code;
	/* The daemon reads for everyone; else one context is meant. */
	if (mode == POLL_DAEMON && !c->context_name)
		c->context = NULL;
	if (mode == POLL_FOLLOW)
		signal(SIGHUP,
			SIG_IGN); /* its console may hang up: others may still look */
	code = EXIT_FINE;
	if (poll_run(&res, &c->config, c->context, c->store, mode, &e) < 0 ||
		(mode == POLL_ONCE && rows_print(c, &e) < 0))
		code = cmd_fail(&e);
	else if (!res.sources)
		say("%s\n", _("there are no sources to poll"));
	else if (mode == POLL_ONCE && res.failed)
		code = EXIT_STALE;
	err_release(&e);
	return code;
}
