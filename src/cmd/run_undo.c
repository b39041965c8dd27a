/* run_undo.c - tocsin runbook undo: what an ended run did, taken back by a run of its own */
#include "config.h"

#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/run_session.h"
#include "core/i18n.h"
#include "runbook/undo.h"

/* The runbook that takes it back, and the service that it is about (in a). */
static int write_book(struct strbuf *book, const char **service, struct arena *a,
	struct cmd *c, struct err *e)
{
	struct walk *w = NULL;
	struct undo undo = {0};
	int rc = walk_resume(&w, c->store, &c->config, c->operands[0], c->config_file, e);

	if (rc)
		return -1;
	rc = undo_write(book, &undo, w, &c->config, cmd_value(c, "step"), e);
	*service = arena_strdup(a, walk_row(w)->service);
	if (!rc && undo.left)
		fprintf(stderr,
			_("tocsin: what step '%s' did was done by a script, and stays\n"),
			undo.left);
	walk_free(w);
	return rc;
}

int cmd_runbook_undo(struct cmd *c)
{
	struct strbuf book = STRBUF_INIT;
	const char *service = NULL;
	struct arena a;
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(
			c, _("one run is wanted; tocsin runbook runs names them"));
	arena_init(&a);
	if (write_book(&book, &service, &a, c, &e))
		code = cmd_fail(&e);
	else
		code = run_book(
			c, &book, service, cmd_has(c, "yes") ? RISK_CHANGE : RISK_NONE);
	arena_release(&a);
	strbuf_release(&book);
	return code;
}
