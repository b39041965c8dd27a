/* models_rollback.c - tocsin models rollback: a name moved by a run of one step */
#include "config.h"

#include <string.h>

#include "cmd/commands.h"
#include "cmd/run_session.h"
#include "cmd/say.h"
#include "core/i18n.h"
#include "model/registry.h"
#include "net/action.h"
#include "runbook/offer.h"

/* So many parameters have to be given, and the first of them. */
static size_t count_missing(const struct offer *o, const struct offer_param **first)
{
	size_t n = 0;

	*first = offer_missing(o);
	for (size_t i = 0; i < o->n_params; i++)
		n += !o->params[i].value && !o->params[i].optional &&
			!o->params[i].otherwise;
	return n;
}

/* The action that moves a name: all it has to be told besides is the version. */
static struct offer *mover_of(struct offers *all, const struct offer_param **version)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].undoable && count_missing(&all->items[i], version) == 1)
			return &all->items[i];
	return NULL;
}

static int no_mover(const struct pointer *pointer, struct err *e)
{
	err_set(e, ERR_NOT_FOUND,
		_("the source '%s' has no action that moves an alias or a tag"),
		pointer->source);
	return err_hint(e, "%s",
		_("its connector offers one with on: {pointer: ...}; see tocsin "
		  "connector "
		  "show"));
}

static struct offer *find(struct offers *all, struct arena *a, const struct cmd *c,
	const struct pointer *pointer, struct err *e)
{
	const struct offer_param *version = NULL;
	struct offer *o;

	if (offers_find(all, a, &c->config, REC_POINTER, pointer, NULL, e))
		return NULL;
	o = mover_of(all, &version);
	if (!o)
		no_mover(pointer, e);
	else if (offer_set(o, a, version->name, cmd_value(c, "to"), e))
		o = NULL;
	return o;
}

/*
 * What is there now is read before anybody is asked, and what runs is refused when it is that no
 * more.  A dry run is planned by its supervisor; in a read-only context nothing will be done.
 */
static int plan(struct offer *o, struct arena *a, const struct cmd *c, struct err *e)
{
	struct json *params = offer_params(o);
	const struct action_call call = {
		.source = o->source, .action = o->action, .params = params};
	struct action_plan *p = NULL;
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (!cmd_has(c, "dry-run") && !(c->context && c->context->read_only))
		rc = action_plan(&p, &c->config, &call, e);
	if (!rc && p) {
		o->expect = arena_strdup(a, action_before(p));
		action_show(&text, p);
		if (!c->json && !cmd_has(c, "yes"))
			say("%s: %s\n%s\n", o->source, action_title(p), text.buf);
	}
	action_plan_free(p);
	strbuf_release(&text);
	json_free(params);
	return rc;
}

/* "$NAME" would stand for a variable, of which there is none here. */
static bool is_plain(const char *text)
{
	return text && *text && *text != '$' && !strchr(text, '\n');
}

/* What is not said follows from the service that is configured with the model. */
static void complete(struct pointer *p, const struct cmd *c)
{
	for (size_t i = 0; i < c->config.n_services; i++) {
		const struct model_conf *m = &c->config.services[i].model;

		if (!m->name || strcmp(m->name, p->model) != 0 ||
			(p->source && m->source && strcmp(m->source, p->source) != 0))
			continue;
		p->source = p->source ? p->source : m->source;
		p->name = p->name ? p->name : m->alias;
		return;
	}
}

static int check(const struct cmd *c, const struct pointer *p)
{
	if (!is_plain(p->model))
		return cmd_usage(c, _("'%s' is no name of a model"), p->model);
	if (!is_plain(p->source))
		return cmd_usage(c, _("--%s is wanted, with a value"), "source");
	if (!is_plain(p->name))
		return cmd_usage(c, _("--%s is wanted, with a value"), "alias");
	if (!is_plain(cmd_value(c, "to")))
		return cmd_usage(c, _("--%s is wanted, with a value"), "to");
	return 0;
}

static int roll_back(struct cmd *c, const struct pointer *pointer, struct arena *a)
{
	struct strbuf book = STRBUF_INIT;
	struct offers all;
	struct err e = ERR_INIT;
	struct offer *o = find(&all, a, c, pointer, &e);
	int code;

	if (!o || plan(o, a, c, &e) || offer_write(&book, o, &e))
		code = cmd_fail(&e);
	else
		code = run_book(c, &book, offer_service(&c->config, REC_POINTER, pointer),
			cmd_has(c, "yes") ? RISK_CHANGE : RISK_NONE);
	strbuf_release(&book);
	return code;
}

int cmd_models_rollback(struct cmd *c)
{
	struct pointer *pointer;
	struct arena a;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, _("one model is wanted"));
	arena_init(&a);
	pointer = record_new(&a, REC_POINTER);
	pointer->source = cmd_value(c, "source");
	pointer->model = c->operands[0];
	pointer->name = cmd_value(c, "alias");
	complete(pointer, c);
	code = check(c, pointer);
	if (!code)
		code = roll_back(c, pointer, &a);
	arena_release(&a);
	return code;
}
