/* connector_show.c - tocsin connector show: one connector whole */
#include "config.h"

#include "cmd/commands.h"
#include "cmd/connector.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"

/* --- for people --- */

static void say_texts(const char *title, const struct yaml_texts *texts)
{
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < texts->n; i++)
		strbuf_addf(&line, "%s%s", i ? ", " : "", texts->items[i]);
	if (line.len)
		say("%s: %s\n", title, line.buf);
	strbuf_release(&line);
}

static void say_head(const struct connector *c)
{
	struct strbuf trust = STRBUF_INIT;

	connector_trust(&trust, c, clock_now());
	say("%s\n", c->title);
	if (c->speaks)
		say(_("speaks: %s\n"), c->speaks);
	say(_("verified: %s%s%s\n"), trust.buf, c->verified_by ? ", " : "",
		c->verified_by ? c->verified_by : "");
	say(_("file: %s\n"), c->file);
	if (c->url)
		say(_("url: %s\n"), c->url);
	say_texts(_("url from the environment"), &c->env_url);
	if (c->auth.kind)
		say(_("credentials: %s\n"), c->auth.kind);
	if (c->env_bearer)
		say(_("token from the environment: %s\n"), c->env_bearer);
	say_texts(_("user and password from the environment"), &c->env_basic);
	strbuf_release(&trust);
}

static void say_options(const struct connector *c)
{
	const char *const headings[] = { _("OPTION"), _("DEFAULT"), _("WHAT"), NULL };
	struct cmd_table *t;

	if (!c->n_options)
		return;
	say("\n");
	t = cmd_table_new("lll", headings);
	for (size_t i = 0; i < c->n_options; i++) {
		const struct connector_option *o = &c->options[i];

		cmd_table_cell(t, o->name);
		cmd_table_cell(t, o->required ? _("required") : o->otherwise);
		cmd_table_cell(t, o->help);
	}
	cmd_table_print(t);
}

/* What is asked, stage by stage. */
static void read_line(struct strbuf *out, const struct connector_read *r)
{
	if (r->request.path)
		connector_request_line(out, &r->request);
	for (size_t i = 0; i < r->n_stages; i++) {
		strbuf_addf(out, _("%seach %s: "), out->len ? "; " : "", r->stages[i].as);
		connector_request_line(out, &r->stages[i].request);
	}
}

static void say_reads(const struct connector *c)
{
	const char *const headings[] = {
		_("READ"),
		_("EMITS"),
		_("WHEN"),
		_("ASKS"),
		NULL
	};
	struct cmd_table *t;

	if (!c->n_reads)
		return;
	say("\n");
	t = cmd_table_new("llll", headings);
	for (size_t i = 0; i < c->n_reads; i++) {
		const struct connector_read *r = &c->reads[i];
		struct strbuf asks = STRBUF_INIT;

		read_line(&asks, r);
		cmd_table_cell(t, r->name);
		cmd_table_cell(t, record_def(r->emits)->name);
		cmd_table_cell(t,
			r->only_fallback  ? _("instead of another")
				: r->want ? _("when asked")
					  : _("polled"));
		cmd_table_cell(t, asks.buf);
		strbuf_release(&asks);
	}
	cmd_table_print(t);
}

static void params_line(struct strbuf *out, const struct connector_action *act)
{
	static const char *const words[] = {
		[PARAM_TEXT] = "text",
		[PARAM_NUMBER] = "number",
		[PARAM_CHOICE] = "text",
		[PARAM_BOOL] = "bool",
	};

	for (size_t i = 0; i < act->n_params; i++) {
		const struct connector_param *p = &act->params[i];

		strbuf_addf(out, "%s%s", i ? ", " : "", p->name);
		if (p->choices.n) {
			for (size_t j = 0; j < p->choices.n; j++)
				strbuf_addf(
					out, "%s%s", j ? "|" : "=", p->choices.items[j]);
			continue;
		}
		if (p->type != PARAM_TEXT)
			strbuf_addf(out, "=%s", words[p->type]);
		if (p->optional || p->otherwise)
			strbuf_addc(out, '?');
	}
}

static void say_wait(const char *word, const struct connector_wait *w)
{
	struct strbuf line = STRBUF_INIT, within = STRBUF_INIT;

	if (!w->request.path)
		return;
	connector_request_line(&line, &w->request);
	duration_human(&within, w->within_ns);
	say(_("    %s within %s: %s%s%s\n"), word, within.buf, line.buf,
		w->says ? ": " : "", w->says ? w->says : "");
	strbuf_release(&line);
	strbuf_release(&within);
}

static void say_follow(const struct connector_follow *f)
{
	struct strbuf line = STRBUF_INIT, within = STRBUF_INIT;

	if (!f->request.path)
		return;
	connector_request_line(&line, &f->request);
	duration_human(&within, f->within_ns);
	say(_("    followed to its end, for %s at the most: %s\n"), within.buf, line.buf);
	if (f->stop.action)
		say(_("    stopped by %s\n"), f->stop.action);
	strbuf_release(&line);
	strbuf_release(&within);
}

static void say_action(const struct connector_action *act)
{
	struct strbuf params = STRBUF_INIT, line = STRBUF_INIT;

	params_line(&params, act);
	connector_request_line(&line, &act->request);
	say("\n%s: %s (%s)\n", act->name, act->title, act->risk);
	say("    %s\n", line.buf);
	if (params.len)
		say(_("    with %s\n"), params.buf);
	for (size_t i = 0; i < act->n_on; i++)
		say(_("    on %s\n"), record_def(act->on[i].kind)->name);
	if (act->before.path) {
		strbuf_reset(&line);
		connector_request_line(&line, &act->before);
		say(_("    before: %s\n"), line.buf);
	}
	say_wait(_("read back"), &act->verify);
	say_follow(&act->follow);
	say_wait(_("effect"), &act->effect);
	if (act->has_dry_run)
		say("%s", _("    the backend can rehearse it\n"));
	if (act->undo.action)
		say(_("    undone by %s\n"), act->undo.action);
	if (act->effects)
		say("    %s\n", act->effects);
	strbuf_release(&params);
	strbuf_release(&line);
}

/* --- for programs --- */

static void options_json(struct json *doc, const struct connector *c)
{
	struct json *list = json_add_array(doc, "options");

	for (size_t i = 0; i < c->n_options; i++) {
		const struct connector_option *o = &c->options[i];
		struct json *j = json_add_object(list, NULL);

		json_add_text(j, "name", o->name);
		json_add_text(j, "help", o->help);
		json_add_text(j, "default", o->otherwise);
		json_add_bool(j, "required", o->required);
		json_add_bool(j, "list", o->list);
	}
}

static void reads_json(struct json *doc, const struct connector *c)
{
	struct json *list = json_add_array(doc, "reads");

	for (size_t i = 0; i < c->n_reads; i++) {
		const struct connector_read *r = &c->reads[i];
		struct json *j = json_add_object(list, NULL);
		struct strbuf asks = STRBUF_INIT;

		read_line(&asks, r);
		json_add_text(j, "name", r->name);
		json_add_text(j, "emits", record_def(r->emits)->name);
		json_add_text(j, "want", r->want);
		json_add_text(j, "fallback", r->fallback);
		json_add_text(j, "asks", asks.buf);
		strbuf_release(&asks);
	}
}

static void action_json(struct json *list, const struct connector_action *act)
{
	struct json *j = json_add_object(list, NULL), *params, *on;
	struct strbuf line = STRBUF_INIT;

	connector_request_line(&line, &act->request);
	json_add_text(j, "name", act->name);
	json_add_text(j, "title", act->title);
	json_add_text(j, "effects", act->effects);
	json_add_text(j, "risk", act->risk);
	json_add_text(j, "request", line.buf);
	json_add_bool(j, "verified", act->verify.request.path != NULL);
	json_add_bool(j, "follows", act->follow.request.path != NULL);
	json_add_bool(j, "effect", act->effect.request.path != NULL);
	json_add_bool(j, "dry_run", act->has_dry_run);
	json_add_text(j, "undo", act->undo.action);
	on = json_add_array(j, "on");
	for (size_t i = 0; i < act->n_on; i++)
		json_add_text(on, NULL, record_def(act->on[i].kind)->name);
	params = json_add_array(j, "params");
	for (size_t i = 0; i < act->n_params; i++) {
		struct json *p = json_add_object(params, NULL);

		json_add_text(p, "name", act->params[i].name);
		json_add_text(p, "help", act->params[i].help);
		json_add_bool(p, "optional",
			act->params[i].optional || act->params[i].otherwise);
	}
	strbuf_release(&line);
}

static int show_json(const struct connector *c)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.connector/1");
	json_add_text(doc, "name", c->name);
	json_add_text(doc, "title", c->title);
	json_add_text(doc, "speaks", c->speaks);
	json_add_text(doc, "file", c->file);
	connector_verified_json(doc, c, clock_now());
	options_json(doc, c);
	reads_json(doc, c);
	list = json_add_array(doc, "actions");
	for (size_t i = 0; i < c->n_actions; i++)
		action_json(list, &c->actions[i]);
	return cmd_print_json(doc);
}

int cmd_connector_show(struct cmd *c)
{
	struct connector connector;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, _("one connector is wanted: its name or its file"));
	code = connector_open(&connector, c, c->operands[0]);
	if (code)
		return code;
	if (c->json) {
		code = show_json(&connector) ? EXIT_INTERNAL : EXIT_FINE;
	} else {
		say_head(&connector);
		say_options(&connector);
		say_reads(&connector);
		for (size_t i = 0; i < connector.n_actions; i++)
			say_action(&connector.actions[i]);
	}
	connector_release(&connector);
	return code;
}
